//! Retry and Catch, where a plan knows one failure only.
use super::flow::{Edge, Flat};
use crate::ir::machine::{Retrier, StateKind};
use crate::ir::plan::Retry;
use crate::source::rules::plan;
use crate::source::sink::Sink;
use crate::source::span::{Origins, Sourced};

/// Where a Catch that takes every error leads.
///
/// # Errors
/// Why, where it tells errors apart.
pub fn catch_all(flat: &Flat<'_>, sink: &mut Sink) -> Result<Option<Edge>, String> {
    let state = flat.state;
    let Some(catcher) = state.catch.first() else { return Ok(None) };
    let edge = flat.edges.get(1).cloned();
    let timeout = matches!(&state.kind, StateKind::Task(task) if task.timeout_seconds.is_some());
    let all = catcher.error_equals.iter().any(|e| e.value == "States.ALL");
    if state.catch.len() > 1 || !takes_all(&catcher.error_equals) || (timeout && !all) {
        return Err(format!("the Catch of `{}` tells errors apart, which this version does not translate", state.name.value));
    }
    sink.absorb(catcher.span, &plan::PLN116, "the error output is read by nothing");
    Ok(edge.map(|edge| Edge { to: edge.to, via: edge.via.with(&all_origins(&catcher.error_equals)) }))
}

/// The errors that retriers name, as a message lists them.
#[must_use]
pub fn error_names(retriers: &[Retrier]) -> String {
    retriers.iter().flat_map(|r| &r.error_equals).map(|e| e.value.as_str()).collect::<Vec<_>>().join(", ")
}

/// Whether a list of errors holds the one that every failed task has.
#[must_use]
pub fn takes_all(errors: &[Sourced<String>]) -> bool {
    errors.iter().any(|e| matches!(e.value.as_str(), "States.ALL" | "States.TaskFailed"))
}

#[must_use]
pub fn all_origins(texts: &[Sourced<String>]) -> Origins {
    texts.iter().flat_map(|t| t.origins.iter().collect::<Vec<_>>()).collect()
}

/// Several retriers as one: the sum of their attempts, the first one's pauses. ASL's defaults: one second, three
/// attempts, rate 2 (Amazon States Language, "Retrying after error").
#[must_use]
pub fn merged(retriers: &[Retrier]) -> Option<Retry> {
    let first = retriers.first()?;
    let mut limit = Sourced::new(0_u32, Origins::none());
    for retrier in retriers {
        let attempts = retrier.max_attempts.as_ref().and_then(|m| m.value.parse::<u32>().ok()).unwrap_or(3);
        limit.value = limit.value.saturating_add(attempts);
        limit.origins.extend(&all_origins(&retrier.error_equals));
        if let Some(attempts) = &retrier.max_attempts {
            limit.origins.extend(&attempts.origins);
        }
    }
    let interval = first
        .interval_seconds
        .as_ref()
        .map_or_else(|| Sourced::new(1, Origins::none()), |i| Sourced::new(i.value.parse().unwrap_or(1), i.origins.clone()));
    let factor = match &first.backoff_rate {
        None => Some(Sourced::new(2, Origins::none())),
        Some(rate) => rate.value.parse::<f64>().ok().filter(|r| (1.0..=1000.0).contains(r)).map(|r| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked above")]
            let whole = r.ceil() as u32;
            Sourced::new(whole, rate.origins.clone())
        }),
    };
    let max_seconds = first.max_delay_seconds.as_ref().and_then(|m| m.value.parse().ok().map(|v| Sourced::new(v, m.origins.clone())));
    Some(Retry { limit, interval_seconds: interval, factor, max_seconds })
}
