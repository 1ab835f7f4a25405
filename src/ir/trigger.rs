//! What starts a machine.
use super::value::Val;
use crate::source::span::{Origins, Span};

#[derive(Clone, Debug)]
pub struct Trigger {
    pub kind: TriggerKind,
    /// What it starts, as the source names it: a machine's name or ARN, or a function's logical name.
    pub target: Target,
    /// The execution's input, where the trigger gives one.
    pub input: Option<Val>,
    pub enabled: Option<Val>,
    pub span: Span,
    pub origins: Origins,
}

#[derive(Clone, Debug)]
pub enum Target {
    Machine(Val),
    Function(Val),
}

#[derive(Clone, Debug)]
pub enum TriggerKind {
    /// `cron(…)` or `rate(…)`, as AWS writes it.
    Schedule(Val),
    Http {
        method: Val,
        path: Val,
    },
    /// Any other event source: its name as the source writes it.
    Event(String),
    /// A command in a script: `aws stepfunctions start-execution …`.
    Command {
        script: String,
    },
}
