//! How a state fails.
use std::sync::Arc;

/// Why an expression could not be evaluated: ASL's error name and the text that AWS puts behind "An error occurred while executing the
/// state 'X' (entered at the event id #N). ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// `States.Runtime`, `States.QueryEvaluationError`, `States.ParameterPathFailure` …
    pub name: Arc<str>,
    /// A sentence, without the lead-in that names the state.
    pub cause: String,
}

impl EvalError {
    pub fn new(name: impl Into<Arc<str>>, cause: impl Into<String>) -> Self {
        Self { name: name.into(), cause: cause.into() }
    }

    /// `States.Runtime`: a path that does not fit the data, a value of the wrong type.
    pub fn runtime(cause: impl Into<String>) -> Self {
        Self::new("States.Runtime", cause)
    }

    /// `States.QueryEvaluationError`: a JSONata expression that fails or gives a value of the wrong type.
    pub fn query(cause: impl Into<String>) -> Self {
        Self::new("States.QueryEvaluationError", cause)
    }
}
