//! The Amazon States Language: a definition, JSON or YAML, into [`Machine`](crate::ir::machine::Machine).
//!
//! The reader takes every field of every kind of state, in both query languages. Its shape follows one thought: *a field that nobody
//! took must show*. An object is read through [`Fields`](reader::Fields), which hands out each field once; before a kind of state is
//! read, [`mod@fields`] screens what it must not have, and what is left at the end is an unknown field. So each scalar of a
//! definition ends in the IR with its span ([`Machine::spans`](crate::ir::machine::Machine::spans)), in a mark of the [`Sink`](crate::source::sink::Sink), or under a diagnostic, and a test holds it
//! over every real definition at hand.
//!
//! - [`mod@fields`]: which field belongs to which kind of state and language, as tables.
//! - [`reader`]: objects, texts, numbers, paths; wrong types are reported, scalars kept.
//! - [`template`]: payload templates; `${Name}` placeholders and CloudFormation's short functions.
//! - [`state`], [`choice`], [`map`], [`handlers`]: one subject of the language each.
//! - [`lint`]: what holds for the whole machine: targets, reachability, ends, expressions, variables, and what users regret.
//!
//! An error is what AWS refuses at `CreateStateMachine`; a warning is what it accepts and users regret. All are collected, and
//! the machine that comes out is as complete as the text allows.
mod choice;
mod clusters;
mod fields;
mod handlers;
mod lint;
mod machine;
mod map;
mod reader;
mod state;
mod template;
#[cfg(test)]
mod tests;

pub use clusters::clusters;
pub use fields::all as fields;
pub use lint::deployed;
pub use machine::{import, looks_like};
pub use template::{known, placeholders, referred};

/// A machine from JSON text of ours, whatever a linter would say of it.
///
/// # Errors
/// The text is not JSON.
pub fn of_text(text: &str) -> Result<crate::ir::machine::Machine, String> {
    let mut sink = crate::source::sink::Sink::default();
    let id = crate::source::span::FileId(0);
    let node = crate::source::json::parse(text, id, &mut sink).ok_or_else(|| "the definition is not JSON".to_owned())?;
    Ok(import(&node, id, "request", "request", &mut sink))
}
