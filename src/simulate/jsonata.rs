//! JSONata as Step Functions evaluates it.
//!
//! Step Functions runs jsonata-js 2.0.6 on Java (AWS documentation, "Transforming data with JSONata in Step Functions", looked up November 2026) with a few changes:
//! no context item (`$`, `$$` and bare names mean nothing), `$eval` is gone, `$partition`, `$range`, `$hash`, `$random(seed)`, `$uuid` and `$parse` are added,
//! and what an expression may use up is bounded. The language itself is the crate `jsonata-core`; what is here is the difference:
//!
//! - [`engine`]: an [`Expression`] is parsed once and evaluated many times against an [`Env`]. A plain path (`$states.input.a.b`), which is what most expressions are,
//!   does not reach the engine at all.
//! - [`convert`]: our values to the engine's and back. JavaScript has one kind of number, so `1.0` comes back as `1`.
//! - [`functions`]: AWS's own functions, and virtual time and a reproducible source of chance in place of the machine's.
//! - [`message`]: the sentences of jsonata-js, which AWS puts into the cause of an execution, made from the engine's.
//! - [`reads`]: which variables and which parts of `$states` an expression can read.
//! - [`template`]: JSON with expressions inside, and the fields of a state that want one type.
//!
//! # Bounds
//! Whatever the text, evaluation ends with a value or an error: nesting of the text is bounded by the parser (1,000), of the evaluation by
//! [`engine::MAX_DEPTH`], of sequences by [`engine::MAX_SEQUENCE`], of texts by [`functions::MAX_TEXT`], time by [`engine::MAX_MILLISECONDS`]; regular expressions
//! run in linear time, at the price of look-around and back references, which [`Expression::unsupported`] names before anything runs.
pub mod convert;
pub mod engine;
pub mod functions;
pub mod message;
pub mod reads;
pub mod template;
#[cfg(test)]
mod tests;

/// The syntax tree that the parser makes, for passes that translate expressions.
pub use jsonata_core::ast;

pub use engine::{Env, Expression, Failure, ParseError, Variables};
pub use functions::Entropy;
pub use reads::Reads;
pub use template::{CompiledTemplate, Expected};
