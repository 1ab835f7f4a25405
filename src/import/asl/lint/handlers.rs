//! Retry and Catch: names that do not exist, handlers that are never used, errors that are never seen.
use crate::import::asl::fields;
use crate::ir::machine::{Fail, FailText, Graph, Number, Retrier, State, StateKind};
use crate::source::rules::lint::{ASL230, ASL231, ASL232, ASL233, ASL234};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Sourced, Span};
use std::collections::{BTreeMap, BTreeSet};

const ANY: &str = "States.ALL";
const FAILED: &str = "States.TaskFailed";
const TIMEOUT: &str = "States.Timeout";
const HEARTBEAT: &str = "States.HeartbeatTimeout";
/// An expression that failed, which `States.TaskFailed` does not match (measured on AWS: iwamot/sfnx, `docs/design.md`, "Errors").
const QUERY: &str = "States.QueryEvaluationError";
const RUNTIME: &str = "States.Runtime";

/// The errors of the service ("Handling errors in Step Functions workflows", "Error names").
const NAMES: [&str; 17] = [
    ANY,
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    HEARTBEAT,
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    QUERY,
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    RUNTIME,
    FAILED,
    TIMEOUT,
];

/// `States.Http.StatusCode.404` and so on.
const HTTP: &str = "States.Http.StatusCode.";

/// Errors that no task has.
const NOT_OF_A_TASK: [&str; 5] = [
    "States.BranchFailed",
    "States.ExceedToleratedFailureThreshold",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ResultWriterFailed",
];

/// The errors that Fail states of a machine raise: an author may well give them a name of the service's kind.
pub(super) fn raised(graph: &Graph) -> BTreeSet<&str> {
    let mut out = BTreeSet::new();
    super::each_state(graph, &mut |state| {
        if let StateKind::Fail(Fail { error: Some(FailText::Literal(name)), .. }) = &state.kind {
            out.insert(name.value.as_str());
        }
    });
    out
}

/// `raised`: the errors that Fail states of the machine raise.
pub(super) fn state(state: &State, raised: &BTreeSet<&str>, sink: &mut Sink) {
    let retriers: Vec<(&[Sourced<String>], Span)> = state.retry.iter().map(|r| (r.error_equals.as_slice(), r.span)).collect();
    let catchers: Vec<(&[Sourced<String>], Span)> = state.catch.iter().map(|c| (c.error_equals.as_slice(), c.span)).collect();
    for (handlers, what) in [(retriers, "retrier"), (catchers, "catcher")] {
        for name in handlers.iter().flat_map(|(names, _)| names.iter()) {
            check_name(name, what, state, raised, sink);
        }
        never_used(&handlers, what, sink);
    }
    for retrier in &state.retry {
        intervals(retrier, sink);
    }
    timeout(state, sink);
}

fn check_name(name: &Sourced<String>, what: &str, state: &State, raised: &BTreeSet<&str>, sink: &mut Sink) {
    let text = name.value.as_str();
    let known = NAMES.contains(&text) || text.starts_with(HTTP) || raised.contains(text) || super::completed_later(text);
    if text.starts_with("States.") && !known {
        let report = Diagnostic::warning(&ASL230, name.span(), format!("no error has the name `{text}`, so this {what} never matches it"));
        sink.report(match fields::nearest(text, NAMES) {
            Some(near) => report.help(format!("did you mean `{near}`?")),
            None => report.help("name an error of the service, or one that the task raises"),
        });
    }
    if text == RUNTIME {
        let message = format!("no {what} ever sees `{RUNTIME}`: it always ends the run");
        sink.report(Diagnostic::warning(&ASL232, name.span(), message).help("remove it, and correct what raises it"));
    }
    if matches!(state.kind, StateKind::Task(_)) && NOT_OF_A_TASK.contains(&text) {
        let message = format!("a task never fails with `{text}`, so this {what} never matches it");
        sink.report(Diagnostic::warning(&ASL232, name.span(), message).help("remove it, or move it to the state that raises it"));
    }
}

/// Handlers all of whose errors an earlier one handles. What stands after `States.ALL` is an error of its own (ASL128).
fn never_used(handlers: &[(&[Sourced<String>], Span)], what: &str, sink: &mut Sink) {
    let mut earlier: BTreeMap<&str, Option<Span>> = BTreeMap::new();
    for (names, span) in handlers {
        if earlier.contains_key(ANY) {
            return;
        }
        let wide = earlier.get(FAILED).copied();
        let by = |name: &str| {
            let failed = wide.filter(|_| !matches!(name, ANY | TIMEOUT | HEARTBEAT | RUNTIME | "States.DataLimitExceeded" | QUERY));
            earlier.get(name).copied().or(failed)
        };
        let handled: Vec<Option<Option<Span>>> = names.iter().map(|name| by(&name.value)).collect();
        if let (false, Some(Some(first))) = (handled.is_empty() || handled.contains(&None), handled.first()) {
            let at = names.first().and_then(Sourced::span).unwrap_or(*span);
            let report = Diagnostic::warning(&ASL231, at, format!("this {what} is never used: an earlier one matches all its errors"));
            sink.report(report.related(*first, "matched here").help(format!("move the {what} before the wider one, or remove it")));
        }
        for name in *names {
            earlier.entry(&name.value).or_insert(name.span());
        }
    }
}

fn intervals(retrier: &Retrier, sink: &mut Sink) {
    let value = |text: &Option<Sourced<String>>| text.as_ref().and_then(|text| text.value.parse::<f64>().ok());
    if let (Some(interval), Some(limit)) = (value(&retrier.interval_seconds), value(&retrier.max_delay_seconds))
        && limit < interval
    {
        let at = retrier.max_delay_seconds.as_ref().and_then(Sourced::span);
        let message = format!("`MaxDelaySeconds` is {limit}, but the first wait, `IntervalSeconds`, is already {interval}");
        let report =
            Diagnostic::warning(&ASL234, at, message).related(retrier.interval_seconds.as_ref().and_then(Sourced::span), "the first wait");
        sink.report(report.help("raise `MaxDelaySeconds`, or lower `IntervalSeconds`"));
    }
}

/// A task with a timeout whose catchers name `States.TaskFailed` and nothing that matches a timeout.
fn timeout(state: &State, sink: &mut Sink) {
    let StateKind::Task(task) = &state.kind else { return };
    let Some(limit) = task.timeout_seconds.as_ref().or(task.heartbeat_seconds.as_ref()) else { return };
    let names = || state.catch.iter().flat_map(|catcher| catcher.error_equals.iter());
    let Some(failed) = names().find(|name| name.value == FAILED) else { return };
    if names().any(|name| matches!(name.value.as_str(), ANY | TIMEOUT | HEARTBEAT)) {
        return;
    }
    let (Number::Literal(limit) | Number::Path(limit) | Number::Jsonata(limit)) = limit;
    let message = format!("`{FAILED}` does not match `{TIMEOUT}`: the run fails when state `{}` times out", state.name.value);
    let report = Diagnostic::warning(&ASL233, failed.span(), message).related(limit.span(), "the timeout");
    sink.report(report.help(format!("add `{TIMEOUT}`, or catch `{ANY}`")));
}
