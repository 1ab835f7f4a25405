//! CloudFormation and SAM templates: what they say of state machines, of the Lambda functions that these call, and of what starts them.
//!
//! Everything else of a stack is listed and stays where it is. A template completes the definitions that it deploys: `DefinitionSubstitutions`,
//! `Fn::Sub` around a `DefinitionString`, functions inside a `Definition`. What the template itself knows (a literal, the default of a parameter, the name
//! of a resource) stands for a placeholder; a function or a machine of the template is found by its logical name; an ARN or a name that
//! CloudFormation makes up stays a question.
//!
//! - `template` indexes parameters, mappings and resources.
//! - `value` evaluates intrinsic functions.
//! - `machine`, `function` and `event` read resources of one kind each; `import` goes over the template and accounts for the rest.
//!
//! Source: AWS CloudFormation User Guide, "Template anatomy" and "Intrinsic function reference"; AWS SAM Developer Guide, "AWS SAM template anatomy",
//! November 2026.
mod event;
mod function;
mod import;
mod machine;
mod template;
#[cfg(test)]
mod tests;
mod value;

pub use import::{Imported, import, left, wanted};
pub use machine::{Definition, MachineDef};
