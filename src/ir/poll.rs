//! A call that is made again and again until its result says that something has ended.
//!
//! Call, Choice and Wait of the source are one Task here: what the Choice says of going round once more, and what the next request takes from the last result. The
//! Choice behind it still decides where the machine goes on.
use super::machine::Operand;
use crate::source::span::{Origins, Sourced};

/// How a Task polls.
#[derive(Clone, Debug)]
pub struct Polls {
    /// In the order of the Choice: whether the call is made again where this holds. A value that is not there is an error, which ends the polling.
    pub rules: Vec<(Test, bool)>,
    /// Where none holds.
    pub otherwise: bool,
    /// Seconds between two calls, as written; summed up when the source waits several times.
    pub pauses: Vec<Sourced<String>>,
    /// What the next request takes from the last result.
    pub updates: Vec<Update>,
    /// The values of the source that say all this.
    pub origins: Origins,
}

impl Polls {
    /// Seconds between two calls.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        seconds(&self.pauses)
    }
}

/// What pauses are together, in seconds.
#[must_use]
pub fn seconds(pauses: &[Sourced<String>]) -> u64 {
    pauses.iter().filter_map(|pause| pause.value.parse::<u64>().ok()).fold(0, u64::saturating_add)
}

/// A condition on a call's result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    /// An operator of ASL's Choice; `at`: fields from the result down, all of which must be there, unless the operator is `IsPresent`.
    Compare {
        at: Vec<String>,
        operator: String,
        operand: Operand,
    },
    /// JSONata's `=`: of a field of an array that of each element is meant, and where nothing is there it does not hold.
    Equal {
        at: Vec<String>,
        operand: Operand,
    },
}

/// A part of the request that comes from the last result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Update {
    /// Where in the request; empty: all of it.
    pub to: Vec<String>,
    /// Where in the result; empty: all of it.
    pub from: Vec<String>,
}
