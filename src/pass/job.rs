//! A recognised Spark job: its size, its retries, where its failure leads, and what is said of it.
use super::flow::{Edge, Flat, Flow};
use super::handlers::{catch_all, error_names, merged, takes_all};
use super::idiom::Idiom;
use super::sizing::{self, Place};
use crate::ir::job::SparkJob;
use crate::ir::machine::{State, StateKind};
use crate::ir::plan::Retry;
use crate::source::rules::plan;
use crate::source::sink::{Diagnostic, Sink};

/// The job that a batch is on Kubernetes, under the name of its place.
///
/// # Errors
/// Why there is none; everything is reported.
pub fn sized(state: &State, idiom: &Idiom<'_>, place: &Place<'_>, sink: &mut Sink) -> Result<SparkJob, String> {
    let mut job = sizing::job(&idiom.batch, place, sink)?;
    super::secret::keep_out(&mut job, sink)?;
    job.watched = idiom.watched;
    if idiom.polling.is_some() || !idiom.watched {
        submission_retry(state, &mut job, sink);
    } else {
        job_retry(state, &mut job, sink);
    }
    Ok(job)
}

/// That a call is made under the execution's own role.
///
/// # Errors
/// That it is not, as a message.
pub fn no_own_role(state: &State) -> Result<(), String> {
    match &state.kind {
        StateKind::Task(task) if task.credentials.is_some() => {
            Err(format!("`{}` takes on another role with Credentials, which this version does not translate", state.name.value))
        }
        _ => Ok(()),
    }
}

/// Where a failed job leads, the submission's own Catch taken into account.
///
/// # Errors
/// Why, where the two are handled otherwise.
pub fn submission_failure(flat: &Flat<'_>, idiom: &Idiom<'_>, sink: &mut Sink) -> Result<Option<Edge>, String> {
    let state = flat.state;
    no_own_role(state)?;
    let caught = catch_all(flat, sink)?;
    if idiom.polling.is_none() {
        return Ok(caught);
    }
    match (&idiom.failure, caught) {
        (None, None) => Ok(None),
        (Some(failure), None) => {
            sink.report(
                Diagnostic::changed(
                    &plan::PLN104,
                    state.name.span().unwrap_or(state.span),
                    format!(
                        "`{}`: a submission that fails for good ended the execution at once → it is a failed job, and what follows one runs first",
                        state.name.value
                    ),
                )
                .related(failure.via.first(), "this is where a failed job goes"),
            );
            Ok(Some(failure.clone()))
        }
        (None, Some(_)) => {
            Err(format!("`{}` handles a failed submission and no failed job, and on Kubernetes they are one", state.name.value))
        }
        (Some(failure), Some(caught)) if failure.to == caught.to => {
            Ok(Some(Edge { to: failure.to, via: failure.via.clone().with(&caught.via) }))
        }
        (Some(_), Some(_)) => {
            Err(format!("`{}` handles a failed submission otherwise than a failed job, and on Kubernetes they are one", state.name.value))
        }
    }
}

/// Retries of the submission.
fn submission_retry(state: &State, job: &mut SparkJob, sink: &mut Sink) {
    let Some(retry) = merged(&state.retry) else { return };
    if retry.limit.value == 0 {
        return;
    }
    if !state.retry.iter().all(|r| takes_all(&r.error_equals)) {
        sink.report(Diagnostic::changed(
            &plan::PLN115,
            state.retry[0].span,
            format!("`{}`: the submission is retried on {} → on every failed submission", state.name.value, error_names(&state.retry)),
        ));
    }
    again(state, "submission retried", retry, job, sink);
}

/// Retries of a job that its state waits for: the operator starts it again.
fn job_retry(state: &State, job: &mut SparkJob, sink: &mut Sink) {
    for retrier in &state.retry {
        if let Some(jitter) = retrier.jitter_strategy.as_ref().filter(|jitter| jitter.value == "FULL") {
            let message = format!("a retry of `{}` waits a random part of its delay → all of it", state.name.value);
            sink.report(Diagnostic::changed(&plan::PLN134, jitter.span(), message));
        }
    }
    // A job that failed is `States.TaskFailed`; the first retrier that takes it decides. Others are for calls that nobody makes any more.
    let taking = state.retry.iter().find(|retrier| takes_all(&retrier.error_equals));
    let Some(retry) = taking.and_then(|retrier| merged(std::slice::from_ref(retrier))).filter(|retry| retry.limit.value > 0) else {
        return;
    };
    job.runs_again = true;
    again(state, "run again", retry, job, sink);
}

/// Gives a job its retries, whose pauses the operator lets grow in its own way.
fn again(state: &State, what: &str, retry: Retry, job: &mut SparkJob, sink: &mut Sink) {
    if retry.limit.value > 1 && retry.factor.as_ref().is_none_or(|f| f.value > 1) {
        sink.report(Diagnostic::changed(
            &plan::PLN115,
            state.retry[0].span,
            format!(
                "`{}`: {what} {} times with growing pauses → {} times, the pause growing by {} s each time",
                state.name.value, retry.limit.value, retry.limit.value, retry.interval_seconds.value
            ),
        ));
    }
    job.submission_retries = Some(retry.limit);
    job.submission_retry_seconds = Some(retry.interval_seconds);
}

/// Says what the watched job does otherwise than the polling loop.
pub fn report(flow: &Flow<'_>, state: &State, idiom: &Idiom<'_>, handled: bool, sink: &mut Sink) {
    let name = &state.name.value;
    let at = state.name.span().unwrap_or(state.span);
    for (remark, at) in &idiom.remarks {
        sink.report(Diagnostic::changed(&plan::PLN139, *at, remark.clone()));
    }
    if !idiom.watched {
        let message = if idiom.cut_short {
            format!("nobody waits for the job of `{name}`, and the end of its cluster stopped it where it still ran → it runs to its end")
        } else {
            format!(
                "nobody waits for the job of `{name}` → nobody waits for its SparkApplication, which runs on when the workflow has ended"
            )
        };
        sink.report(if idiom.cut_short {
            Diagnostic::changed(&plan::PLN142, at, message)
        } else {
            Diagnostic::equivalent(&plan::PLN142, at, message)
        });
    }
    let Some(polling) = &idiom.polling else { return };
    let poll = flow.states[polling.poll].state;
    let every = polling.wait_seconds.as_ref().map_or_else(String::new, |s| format!(" every {s} s"));
    sink.report(
        Diagnostic::equivalent(
            &plan::PLN107,
            at,
            format!("`{name}`: the {}'s state is polled{every} → the operator's watch, every 5 s", polling.noun),
        )
        .related(poll.name.span(), "the poll"),
    );
    let goes = if handled { "goes where a failed job goes" } else { "the run fails" };
    if !polling.polls_for_ever.is_empty() {
        sink.report(
            Diagnostic::changed(
                &plan::PLN102,
                polling.default_span.or(polling.choice.name.span()),
                format!(
                    "`{}`: after `{}` the source polls for ever → {goes}",
                    polling.choice.name.value,
                    polling.polls_for_ever.join("`, `")
                ),
            )
            .related(polling.choice.name.span(), "no rule of this Choice names it"),
        );
    }
    if !polling.unmatched.is_empty() {
        sink.report(Diagnostic::changed(
            &plan::PLN102,
            polling.choice.name.span(),
            format!(
                "`{}`: `{}` matches no rule and the execution fails with States.NoChoiceMatched → {goes}",
                polling.choice.name.value,
                polling.unmatched.join("`, `")
            ),
        ));
    }
    if !polling.leaves_early.is_empty() {
        sink.report(Diagnostic::changed(
            &plan::PLN103,
            polling.choice.name.span(),
            format!(
                "`{}`: the source leaves the loop when the batch is `{}`, which is not final → the job is watched to its end",
                polling.choice.name.value,
                polling.leaves_early.join("`, `")
            ),
        ));
    }
}
