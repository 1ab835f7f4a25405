//! A Retry that Argo's own `retryStrategy` says exactly: one retrier on a call whose result is taken as it is.
//!
//! Step Functions retries the whole state, so a result that cannot be processed makes the call again; Argo retries the container alone. The two
//! are the same where nothing is computed from the result. Several retriers, fractions and jitter are a loop that counts (`retried` in [`super::leaf`]).
use super::tier;
use crate::emit::yaml::{Node, Writer};
use crate::ir::machine::{Retrier, State, StateKind};
use crate::simulate::{definition, eval::safe};
use crate::source::rules::argo::ARG114;
use crate::source::span::Sourced;

/// Whether the container that makes the call many times retries each by itself.
fn polls(state: &State) -> bool {
    matches!(&state.kind, StateKind::Task(task) if task.polls.is_some())
}

/// Whether [`strategy`] says all of a state's Retry, or the call's container does.
#[must_use]
pub fn is_simple(state: &State) -> bool {
    if polls(state) {
        return true;
    }
    let [retrier] = state.retry.as_slice() else { return false };
    let whole = |number: &Option<Sourced<String>>| number.as_ref().is_none_or(|n| n.value.trim_end_matches(".0").parse::<u32>().is_ok());
    matches!(state.kind, StateKind::Task(_))
        && crate::ir::control::nested_of(state).is_none()
        // The call and the answer are two steps.
        && !state.waits_for_token()
        && (tier::keeps_document(state) || tier::leaves_result(state))
        && whole(&retrier.interval_seconds)
        && whole(&retrier.backoff_rate)
        && whole(&retrier.max_delay_seconds)
        && whole(&retrier.max_attempts)
        && retrier.waits_exactly()
        && !asks_for_retries(&safe(&definition::write(state)))
}

/// Whether a state may look at how often it was tried again: by name, or with all of the context object.
#[must_use]
pub fn asks_for_retries(definition: &str) -> bool {
    const OTHERS: &[&str] = &[".State.Name", ".State.EnteredTime", ".StateMachine", ".Execution", ".Task", ".Map"];
    let other = |rest: &str, of: &[&str]| of.iter().any(|part| rest.starts_with(part));
    let after =
        |name: &str, rest: &dyn Fn(&str) -> bool| definition.match_indices(name).any(|(at, name)| rest(&definition[at + name.len()..]));
    definition.contains("RetryCount")
        || after("$$", &|rest| !other(rest, OTHERS))
        || after("$states", &|rest| match rest.strip_prefix(".context") {
            Some(rest) => !other(rest, OTHERS),
            None => !other(rest, &[".input", ".result", ".errorOutput"]),
        })
}

/// The `retryStrategy` of a call; `None` where there is none, or where it is a loop of its own.
#[must_use]
pub fn strategy(state: &State) -> Option<Node> {
    if !is_simple(state) || polls(state) {
        return None;
    }
    let retrier = state.retry.first()?;
    let w = Writer(&ARG114);
    let number = |number: &Option<Sourced<String>>, default: i64| {
        let value = number.as_ref().and_then(|n| n.value.trim_end_matches(".0").parse().ok()).unwrap_or(default);
        (value, number.as_ref().map(|n| n.origins.clone()).unwrap_or_default())
    };
    let (limit, limit_origins) = number(&retrier.max_attempts, 3);
    let (interval, interval_origins) = number(&retrier.interval_seconds, 1);
    let (factor, factor_origins) = number(&retrier.backoff_rate, 2);
    let mut backoff = w
        .map()
        .field("duration", w.text(format!("{interval}s")).from(&interval_origins))
        .field("factor", w.int(factor).from(&factor_origins));
    if let Some(cap) = &retrier.max_delay_seconds {
        backoff = backoff.field("cap", w.text(format!("{}s", cap.value.trim_end_matches(".0"))).from(&cap.origins));
    }
    let mut map = w.map().field("limit", w.int(limit).from(&limit_origins)).text("retryPolicy", "Always");
    let mut which = w.text(expression(retrier));
    for error in &retrier.error_equals {
        which = which.from(&error.origins);
    }
    map = map.field("expression", which);
    Some(map.field("backoff", backoff.build()).build())
}

/// Which failures are retried: the message of a failed container ends in `Error: Cause`, and a deadline has words of its own (run on the controller).
fn expression(retrier: &Retrier) -> String {
    const DEADLINE: &str = r#"lastRetry.message contains "longer than the specified deadline""#;
    let mut any = Vec::new();
    for error in &retrier.error_equals {
        match error.value.as_str() {
            "States.ALL" => return not_runtime(),
            "States.TaskFailed" => any.push(format!("({} and not ({DEADLINE}))", not_runtime())),
            "States.Timeout" | "States.HeartbeatTimeout" => {
                any.push(DEADLINE.to_owned());
                any.push(named("States\\.Timeout"));
            }
            "States.Runtime" => {}
            other => any.push(named(&escaped(other))),
        }
    }
    if any.is_empty() { "false".to_owned() } else { any.join(" or ") }
}

/// Nothing retries `States.Runtime`.
fn not_runtime() -> String {
    format!("not ({})", named("States\\.Runtime"))
}

fn named(pattern: &str) -> String {
    format!("lastRetry.message matches `^main: [^(]*\\(exit code [0-9]+\\): {pattern}(: |$)`")
}

/// A text as a pattern of itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_punctuation() && character != '_' && character != '`' {
            out.push('\\');
        }
        // No literal holds a back quote.
        out.push(if character == '`' { '.' } else { character });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::asl::of_text;

    fn strategy_of(retry: &str, rest: &str) -> Option<String> {
        let text = format!(
            r#"{{"StartAt":"A","States":{{"A":{{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Retry":{retry}{rest},"End":true}}}}}}"#
        );
        let machine = of_text(&text).expect("a machine");
        let node = strategy(&machine.graph.states[0])?;
        Some(crate::emit::yaml::write(&[], &ARG114, &[node]).text())
    }

    #[test]
    fn one_retrier_is_argos_own() {
        let yaml =
            strategy_of(r#"[{"ErrorEquals":["My.Error"],"MaxAttempts":2,"BackoffRate":2.0,"MaxDelaySeconds":9}]"#, "").expect("a strategy");
        assert!(
            yaml.contains("limit: 2") && yaml.contains("factor: 2") && yaml.contains("cap: 9s") && yaml.contains("duration: 1s"),
            "{yaml}"
        );
        assert!(yaml.contains(r"My\.Error(: |$)"), "{yaml}");
    }

    #[test]
    fn what_is_not_the_same_is_a_loop() {
        let one = r#"[{"ErrorEquals":["States.ALL"]}]"#;
        assert!(strategy_of(one, "").is_some());
        assert!(strategy_of(one, r#","ResultPath":null"#).is_some());
        for (retry, rest) in [
            (one, r#","ResultSelector":{"a.$":"$.b"}"#),
            (one, r#","Parameters":{"n.$":"$$.State.RetryCount"}"#),
            (r#"[{"ErrorEquals":["A"]},{"ErrorEquals":["B"]}]"#, ""),
            (r#"[{"ErrorEquals":["A"],"BackoffRate":1.5}]"#, ""),
            (r#"[{"ErrorEquals":["A"],"JitterStrategy":"FULL"}]"#, ""),
        ] {
            assert_eq!(strategy_of(retry, rest), None, "{retry} {rest}");
        }
    }
}
