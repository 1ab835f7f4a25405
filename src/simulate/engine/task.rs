//! Task: a call of something outside.
use super::{Failure, Run, Visit, wait};
use crate::simulate::clock::Millis;
use crate::simulate::error::EvalError;
use crate::simulate::program::{Scalar, Task};
use crate::simulate::scope::Scope;
use crate::simulate::services::{Answer, Call};
use crate::simulate::value::Value;

/// How long a task may take when it does not say (Amazon States Language, "Task State", TimeoutSeconds; `.waitForTaskToken` and activities: as the service).
const DEFAULT_TIMEOUT: Millis = 99_999_999_000;

impl Run<'_> {
    pub(super) async fn task(&self, visit: &Visit<'_>, task: &Task, scope: &Scope<'_>) -> Result<Value, Failure> {
        let lift = |error: EvalError| visit.failure(error);
        let seconds = |scalar: Option<&Scalar>, field: &str| -> Result<Option<Millis>, Failure> {
            let Some(scalar) = scalar else { return Ok(None) };
            let seconds = wait::integer(scalar, field, scope).map_err(lift)?;
            Ok(Some(u64::try_from(seconds).unwrap_or_default().saturating_mul(1000)))
        };
        let timeout = seconds(task.timeout.as_ref(), "TimeoutSeconds")?;
        let heartbeat = seconds(task.heartbeat.as_ref(), "HeartbeatSeconds")?;
        self.events.set(self.events.get() + 1);
        let with_token;
        let scope = if task.resource.wait_for_token {
            let token = Value::object([("Token", Value::string(format!("task-token-{}", self.events.get())))]);
            with_token = Self::context_with(&visit.context, "Task", token);
            &scope.with_context(&with_token)
        } else {
            scope
        };
        let input = Self::payload_json(visit.state.arguments.as_ref(), scope, scope.input, visit)?;
        let input = self.limited(visit, input)?;
        let call = Call { state: &visit.state.name, resource: &task.resource.text, input: &input, retries: visit.retries, now: self.clock.now() };
        let answer = self.services.borrow_mut().call(&call);
        let (after, result) = match answer {
            Answer::After(after, result) => (after, result),
            Answer::Unknown(cause) => return Err(lift(EvalError::runtime(cause))),
        };
        // Scheduled, started, perhaps submitted; then how it ended.
        visit.frame.history.add(if task.resource.submitted { 3 } else { 2 });
        let timeout = timeout.unwrap_or(DEFAULT_TIMEOUT);
        let limit = heartbeat.map_or(timeout, |heartbeat| heartbeat.min(timeout));
        if after > limit {
            self.clock.sleep(limit).await;
            visit.frame.history.add(1);
            return Err(Failure { heartbeat: limit < timeout, ..Failure::new("States.Timeout", None) });
        }
        self.clock.sleep(after).await;
        visit.frame.history.add(1);
        let label = if task.resource.is_integration() { &task.resource.label } else { &task.resource.text };
        self.limited_as(label, result.map_err(Self::fault)?)
    }
}
