//! What a state computes, as expressions of Argo's.
//!
//! Argo's expression language knows JSON only as Go does: numbers are doubles, objects forget the order of their keys, a missing name is nil or an
//! error. The States Language is Java's. So nothing is translated as such; a translation is a pair of a *guard* and the outputs, with
//! the obligation that wherever the guard is true, the interpreter succeeds on that input and gives exactly these outputs. Elsewhere the
//! interpreter itself runs, in a pod:
//!
//! ```yaml
//! when: '{{=not (GUARD)}}'          # of the step that runs the pod
//! expression: 'steps.eval.status == "Skipped" ? FAST : steps.eval.outputs.parameters.output'
//! ```
//!
//! - [`ast`]: expressions as trees, and their text; [`plain`]: which JSON texts both read alike; [`json`], [`guard`]: values and conditions while they are made;
//! - [`path`], [`template`], [`intrinsic`], [`choice`], [`jsonata`]: the translations, each as far as it is exact;
//! - [`mod@fail`]: failures that are certain, which need no pod either;
//! - [`parts`]: the parts of a state (what [`crate::ir::machine::State`] says of input, arguments, result …), each a [`Tier`]; [`mod@items`] and [`mod@wait`] for Map and Wait.
//!
//! `tests/expressions.rs` holds every translation to the interpreter, on Argo's own expression engine.
//!
//! Of the context object a workflow knows the execution's input, name and start, the machine's name, the state's name and how often it was tried
//! again, within `ItemSelector` the item, and what stands for a task's token.
mod ast;
mod choice;
mod fail;
mod guard;
mod intrinsic;
mod items;
mod json;
mod jsonata;
mod parts;
mod path;
mod plain;
mod scope;
mod template;
mod tier;
mod wait;

pub use items::items;
pub use parts::{arguments, caught, choose, fail, pass, result};
pub use tier::{Failure, Fast, Names, Tier, escaped, escaping};
pub use wait::wait;
