//! What `simulate` prints.
use crate::simulate::engine::{Failure, Outcome, Step};
use crate::simulate::script::Difference;
use crate::simulate::timestamp;
use crate::simulate::value::Value;
use schemars::JsonSchema;
use serde::Serialize;

/// The outcome of a simulated execution.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SimulateReport {
    /// As DescribeExecution names it.
    #[schemars(extend("enum" = ["SUCCEEDED", "FAILED", "TIMED_OUT"]))]
    pub status: &'static str,
    #[serde(flatten)]
    pub end: End,
    /// Calls that sent something else than the script's `input`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceEntry>,
    /// With --trace: every visit of a state, in the order in which they were entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Vec<TraceEntry>>,
}

/// An output, or an error and its cause.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum End {
    Output { output: serde_json::Value },
    Failure { error: Option<String>, cause: Option<String> },
    /// Given up because something beside it failed.
    Abandoned {},
}

/// A call that sent something else than the script expects.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DifferenceEntry {
    pub state: String,
    /// Counted from 1.
    pub attempt: usize,
    pub expected: serde_json::Value,
    pub sent: serde_json::Value,
}

/// One visit of a state.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TraceEntry {
    pub state: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// How many Parallels and Maps it is inside of.
    pub depth: usize,
    /// The number of the event that entered it.
    pub event: u64,
    /// Virtual time.
    pub entered: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub retries: u32,
    pub input: serde_json::Value,
    #[serde(flatten)]
    pub end: End,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl SimulateReport {
    #[must_use]
    pub fn new(outcome: &Outcome, differences: &[Difference], trace: bool) -> Self {
        let differences = differences.iter().map(|d| DifferenceEntry {
            state: d.state.clone(),
            attempt: d.attempt,
            expected: json(&d.expected),
            sent: json(&d.sent),
        });
        Self {
            status: outcome.status.name(),
            end: End::of(&outcome.result),
            differences: differences.collect(),
            trace: trace.then(|| outcome.steps.iter().map(TraceEntry::of).collect()),
        }
    }
}

impl End {
    fn of(result: &Result<Value, Failure>) -> Self {
        match result {
            Ok(output) => End::Output { output: json(output) },
            Err(failure) => End::Failure { error: failure.error.as_deref().map(str::to_owned), cause: failure.cause.clone() },
        }
    }
}

impl TraceEntry {
    fn of(step: &Step) -> Self {
        Self {
            state: step.state.to_string(),
            kind: step.kind,
            depth: step.depth,
            event: step.event,
            entered: timestamp::format(step.entered),
            left: step.end.as_ref().map(|end| timestamp::format(end.left)),
            retries: step.end.as_ref().map_or(0, |end| end.retries),
            input: json(&step.input),
            end: step.end.as_ref().map_or(End::Abandoned {}, |end| End::of(&end.result)),
        }
    }
}

/// The same value for serde; numbers keep their texts.
#[must_use]
pub fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => serde_json::Value::Bool(*value),
        Value::Number(number) => number.text().parse().map_or(serde_json::Value::Null, serde_json::Value::Number),
        Value::String(text) => serde_json::Value::String(text.to_string()),
        Value::Array(items) => serde_json::Value::Array(items.iter().map(json).collect()),
        Value::Object(object) => serde_json::Value::Object(object.iter().map(|(key, value)| (key.to_string(), json(value))).collect()),
    }
}
