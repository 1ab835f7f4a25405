//! Lambda handlers in Python: what they do, found by evaluating them symbolically for one environment.
//!
//! A handler that submits a Spark job is a program whose output is a payload. Reading it as text finds literals;
//! running it would need AWS. This module does neither: it *evaluates* the handler over values that know where they
//! come from ([`Val`](crate::ir::value::Val)), with the function's environment known, the event a symbol and every call
//! to another system recorded instead of made. What comes out is a list of calls with their arguments as far as they
//! are known, and `classify` names the action behind them.
//!
//! - `module` parses a file once, bounds its nesting, and lists its literals for the ledger.
//! - `state` holds what a run knows: variables, lists and dictionaries (by identity, as Python has them), calls.
//!   In `merge`, two states are *merged* where a condition is not known (what differs becomes unknown, and says why), and *compared*
//!   where it is known: only values that the other branch would have made different are shaped by the condition.
//! - `statement`, `function`, `expression`, `operator`, `external`, `remote`, `method`, `text` and `number` are the language.
//! - `classify` turns calls into a [`Behaviour`](crate::ir::function::Behaviour).
//!
//! Nothing is guessed: an expression outside of the language is [`Unknown`](crate::ir::value::Unknown) with its line, a list
//! that an unknown function may have changed is spoiled, and steps and depth are bounded, so every source ends.
mod classify;
mod expression;
mod external;
mod flow;
mod function;
mod merge;
mod method;
mod module;
mod number;
mod operator;
mod remote;
mod state;
mod statement;
mod text;

#[cfg(test)]
mod tests;

pub use classify::{evaluate, mark_unvisited, not_known, not_recognised, unvisited};
pub use module::{Modules, PythonModule, parse};
