//! How a run, and each state of it, ends.
use crate::simulate::clock::Millis;
use crate::simulate::program::State;
use crate::simulate::value::Value;
use std::sync::Arc;

/// The error of a task that was not heard of for too long.
const HEARTBEAT: &str = "States.HeartbeatTimeout";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    Succeeded,
    Failed,
    /// The machine's own `TimeoutSeconds` is over.
    TimedOut,
}

impl Status {
    /// As `DescribeExecution` writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Succeeded => "SUCCEEDED",
            Status::Failed => "FAILED",
            Status::TimedOut => "TIMED_OUT",
        }
    }
}

/// ASL's Error and Cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub error: Option<Arc<str>>,
    pub cause: Option<String>,
    /// A time-out for want of a heartbeat: `States.HeartbeatTimeout` matches too.
    pub heartbeat: bool,
    /// Nothing catches it: `States.Runtime` of the interpreter itself, not of a task.
    pub fatal: bool,
}

impl Failure {
    #[must_use]
    pub fn new(error: &str, cause: Option<String>) -> Self {
        Self { error: Some(error.into()), cause, heartbeat: false, fatal: error == "States.Runtime" }
    }

    /// What a Catch finds.
    #[must_use]
    pub fn output(&self) -> Value {
        Value::object([
            ("Error", Value::string(self.error.as_deref().unwrap_or_default())),
            ("Cause", Value::string(self.cause.as_deref().unwrap_or_default())),
        ])
    }

    /// Whether an `ErrorEquals` names it. Recorded by AWS: `States.ALL` takes `States.DataLimitExceeded` of a task, and nothing takes
    /// `States.Runtime`, not even its own name. `States.TaskFailed` takes all but `States.Timeout` (Developer Guide, "Handling errors", November 2026)
    /// and, as measured on AWS (iwamot/sfnx, `docs/design.md`, "Errors"), `States.QueryEvaluationError`. `States.Timeout` is a heartbeat's error too.
    #[must_use]
    pub fn is_one_of(&self, names: &[Arc<str>]) -> bool {
        if self.fatal {
            return false;
        }
        let error = self.error.as_deref().unwrap_or_default();
        names.iter().any(|name| match &**name {
            "States.ALL" => true,
            "States.TaskFailed" => !matches!(error, "States.Timeout" | HEARTBEAT | "States.QueryEvaluationError"),
            "States.Timeout" => matches!(error, "States.Timeout" | HEARTBEAT),
            HEARTBEAT => self.heartbeat || error == HEARTBEAT,
            name => name == error,
        })
    }
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub status: Status,
    pub result: Result<Value, Failure>,
    /// States entered.
    pub states: u64,
    /// Virtual time at the end.
    pub finished: Millis,
    /// In the order in which they were entered; empty without a trace.
    pub steps: Vec<Step>,
}

/// One visit of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub state: Arc<str>,
    pub kind: &'static str,
    /// How many Parallels and Maps it is inside of.
    pub depth: usize,
    pub event: u64,
    pub entered: Millis,
    pub input: Value,
    /// `None`: given up, because something beside it failed.
    pub end: Option<StepEnd>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StepEnd {
    pub left: Millis,
    pub retries: u32,
    pub result: Result<Value, Failure>,
}

impl Step {
    pub(super) fn entered(state: &State, input: &Value, event: u64, now: Millis, depth: usize) -> Self {
        Self { state: Arc::clone(&state.name), kind: state.kind.name(), depth, event, entered: now, input: input.clone(), end: None }
    }

    pub(super) fn left(&mut self, result: &Result<&Value, &Failure>, now: Millis, retries: u32) {
        let result = result.map(Value::clone).map_err(Failure::clone);
        self.end = Some(StepEnd { left: now, retries, result });
    }
}
