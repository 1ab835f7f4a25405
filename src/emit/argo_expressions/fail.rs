//! Failures that are certain: what the interpreter says of values that a part cannot take.
//!
//! A part may come with failures besides its guard: conditions under which it fails, each with the very Error and Cause. Where neither the guard
//! nor one of them holds, the pod decides.
use super::ast::{Ast, Type, all, and, binary, call, concat, is, not, or, text};
use super::guard::Guard;
use super::intrinsic::{is_scalar, text_of};

pub(super) const RUNTIME: &str = "States.Runtime";
pub(super) const QUERY: &str = "States.QueryEvaluationError";

/// A failure of the States Language.
pub(super) struct Failing {
    /// When; true or false for every input.
    pub when: Ast,
    pub error: &'static str,
    /// A text.
    pub cause: Ast,
}

/// The failures of one part of a state, the first that holds counts.
pub(super) struct Failures<'s> {
    state: &'s str,
    all: Vec<Failing>,
}

impl<'s> Failures<'s> {
    pub(super) fn of(state: &'s str) -> Self {
        Self { state, all: Vec::new() }
    }

    /// Adds one that holds where `guard` does and `condition` too.
    pub(super) fn add(&mut self, guard: &Guard, condition: Ast, error: &'static str, cause: impl IntoIterator<Item = Ast>) {
        let when = and(all(guard.conditions().iter().cloned()), condition);
        if when == Ast::Bool(false) {
            return;
        }
        // The number of the event is not known; Argo has none.
        let lead = text(format!("An error occurred while executing the state '{}' (entered at the event id #0). ", self.state));
        let cause = concat(std::iter::once(lead).chain(cause));
        self.all.push(Failing { when, error, cause });
    }

    pub(super) fn into_all(self) -> Vec<Failing> {
        self.all
    }
}

/// A value as AWS puts it into a message, and when that can be said: texts bare, other scalars as JSON, and what is empty.
pub(super) fn shown(value: &Ast) -> (Ast, Ast) {
    let empty = binary("==", call("len", [value.clone()]), Ast::Int(0));
    (or(is_scalar(value), empty), text_of(value.clone()))
}

/// Whether a number has a fraction, or is none.
pub(super) fn no_integer(value: &Ast) -> Ast {
    or(not(is(value.clone(), Type::Number)), binary("!=", call("floor", [value.clone()]), value.clone()))
}

/// Whether a value is an integer for which something holds.
pub(super) fn integer_that(value: &Ast, holds: Ast) -> Ast {
    all([is(value.clone(), Type::Number), binary("==", call("floor", [value.clone()]), value.clone()), holds])
}
