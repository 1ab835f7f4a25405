//! What became of the estate's functions: replaced by a SparkApplication, still called, or called by nobody.
use super::plan::Outcome;
use crate::config::Config;
use crate::import::lambda::not_recognised;
use crate::ir::estate::Estate;
use crate::ir::function::{Action, Function};
use crate::source::rules::Rule;
use crate::source::rules::plan::{LNK102, LNK112, PLN113, PLN124};
use crate::source::sink::{Diagnostic, Disposition, Mark, Severity, Sink};
use crate::source::span::Span;
use std::collections::BTreeSet;

/// Marks every function's values by what became of it. `linked`: the functions that any state of any machine names, translated
/// or not.
pub fn account(estate: &Estate, outcome: &Outcome, linked: &BTreeSet<usize>, config: &Config, sink: &mut Sink) {
    for (index, function) in estate.functions.iter().enumerate() {
        let (disposition, rule, note): (Disposition, &'static Rule, &str) = if outcome.called.contains(&index) {
            (Disposition::Ignored, &PLN113, "the function stays in AWS as it is, and is called there")
        } else if outcome.replaced.contains(&index) {
            (Disposition::Absorbed, &PLN124, "configures or writes a call to Livy, whose place the SparkApplication takes")
        } else if linked.contains(&index) {
            report(function, &LNK112, "only pieces that are not translated call", sink);
            let name = function.name.as_ref().unwrap_or(&function.logical);
            // A handler that was not understood may be why the piece was not.
            if let Some(question) = function.behaviour.as_ref().and_then(|b| not_recognised(function, b))
                && !config.functions.contains_key(&name.value)
            {
                sink.report(question.answer(format!("functions.{}", name.value)));
            }
            (Disposition::Ignored, &LNK112, "only pieces that are not translated call this function; it stays as it is")
        } else {
            report(function, &LNK102, "no state machine of the sources calls", sink);
            (Disposition::Ignored, &LNK102, "no state machine of the sources calls this function; it stays as it is")
        };
        let matters = outcome.called.contains(&index) || outcome.replaced.contains(&index) || linked.contains(&index);
        for remark in estate.function_remarks.get(index).into_iter().flatten() {
            let mut remark = remark.clone();
            // What a function does that nothing here calls is nobody's question.
            let name = function.name.as_ref().unwrap_or(&function.logical);
            if remark.answer.as_ref().is_some_and(|key| key.starts_with("functions.")) {
                if config.functions.contains_key(&name.value) {
                    continue;
                }
                remark.answer = Some(format!("functions.{}", name.value));
            }
            if !matters && remark.severity == Severity::Question {
                remark.severity = Severity::Note;
                remark.answer = None;
                remark.help = None;
            }
            sink.report(remark);
        }
        for span in spans(function) {
            sink.marks.push(Mark { span, disposition, rule, note: note.to_owned() });
        }
    }
}

/// Says that nothing of the output calls a function; `who` does or does not.
fn report(function: &Function, rule: &'static Rule, who: &str, sink: &mut Sink) {
    let name = function.name.as_ref().unwrap_or(&function.logical);
    let place = name.span().unwrap_or(function.span);
    let drives_spark = matches!(
        function.behaviour.as_ref().map(|b| &b.action),
        Some(Action::SubmitBatch { .. } | Action::ReadBatchState { .. } | Action::AddSteps { .. } | Action::StartExecution { .. })
    );
    sink.report(if drives_spark {
        let message = format!("{who} the function `{}`, which drives Spark", name.value);
        Diagnostic::refused(rule, place, message).help(if rule.code == LNK112.code {
            "what became of those pieces is said where they stand; the function itself is not translated alone"
        } else {
            "if something else calls it, migrate that too; the function itself is not translated alone"
        })
    } else {
        Diagnostic::note(rule, place, format!("{who} the function `{}`; it stays as it is", name.value))
    });
}

/// Every source value that only the function is made of.
fn spans(function: &Function) -> Vec<Span> {
    let mut out = function.plumbing.clone();
    for text in
        [Some(&function.logical), function.name.as_ref(), function.service.as_ref(), function.runtime.as_ref(), function.handler.as_ref()]
    {
        out.extend(text.iter().flat_map(|t| t.origins.iter()));
    }
    for (key, value) in &function.environment {
        out.extend(key.origins.iter());
        out.extend(value.all_origins().iter());
    }
    if let Some(behaviour) = &function.behaviour {
        out.extend(&behaviour.plumbing);
        out.extend(&behaviour.visited);
    }
    out
}
