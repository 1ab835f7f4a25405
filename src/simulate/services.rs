//! What is outside a state machine: the services that its tasks call.
use super::clock::Millis;
use super::value::Value;
use std::sync::Arc;

/// One call of a task.
#[derive(Clone, Debug)]
pub struct Call<'c> {
    /// The state's name.
    pub state: &'c str,
    /// The task's resource as the definition has it.
    pub resource: &'c str,
    /// What is sent.
    pub input: &'c Value,
    /// How often the state has been retried: 0 for the first call.
    pub retries: u32,
    /// When the call is made.
    pub now: Millis,
}

/// How a task fails: ASL's Error and Cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub error: Option<Arc<str>>,
    pub cause: Option<String>,
}

/// What a service answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A result or a fault, so long after the call.
    After(Millis, Result<Value, Fault>),
    /// There is no such thing to call: the execution ends with `States.Runtime` and this cause.
    Unknown(String),
}

/// The services of a run.
pub trait Services {
    fn call(&mut self, call: &Call<'_>) -> Answer;

    /// The text of a file on S3, for a Map's `ItemReader`. `None`: there is none.
    fn object(&mut self, bucket: &str, key: &str) -> Option<String> {
        let _ = (bucket, key);
        None
    }

    /// Keys and texts of the files in a bucket whose keys begin with `prefix`, in the order of their keys.
    fn objects(&mut self, bucket: &str, prefix: &str) -> Vec<(String, String)> {
        let _ = (bucket, prefix);
        Vec::new()
    }
}
