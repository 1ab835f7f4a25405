//! The Serverless Framework, versions 1 to 3: `serverless.yml` for one stage.
//!
//! A file speaks of several stages at once, through variables; [`stages`] says of which, and [`import()`] reads the file
//! for one of them. Variables are evaluated by `resolve` and `lookup`, in the notation that `syntax` reads; what is not known here
//! (another stack's output, a parameter store, an environment variable) stays a symbol. Functions and state machines
//! become IR values whose origins are all places that shaped them; everything else of the file is either absorbed with
//! the Lambda functions that it configures, or marked with its reason by `account`, down to the last scalar.
//!
//! A literal `provider.stage` is read as the stage compiled: whoever deploys another stage of such a file edits it.
mod account;
mod events;
mod fields;
mod functions;
mod import;
mod intrinsic;
mod lookup;
mod machines;
mod model;
mod probe;
mod rebuild;
mod resolve;
mod resources;
mod structure;
mod syntax;
#[cfg(test)]
mod tests;

pub use import::{import, looks_like};
pub use model::{Context, DEFAULT_STAGE, DefinitionSource, Service, StateMachineDef};
pub use probe::stages;
