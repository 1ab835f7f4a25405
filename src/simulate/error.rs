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

    /// Whether AWS shows the cause without the lead-in that names the state, as reports of failed executions have it
    /// (cdklabs/construct-hub#459, and an article on Qiita, "Step Functions で States.ReferencePathConflict が起きたときの対処").
    #[must_use]
    pub fn speaks_for_itself(&self) -> bool {
        &*self.name == super::path::CONFLICT
    }

    /// `States.QueryEvaluationError`: a JSONata expression that fails or gives a value of the wrong type.
    pub fn query(cause: impl Into<String>) -> Self {
        Self::new("States.QueryEvaluationError", cause)
    }
}
