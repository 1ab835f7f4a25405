//! Machines that carry data: what the flow of jobs has no statement for.
//!
//! A machine that only chains jobs and calls is planned without data ([`super::plan`]). Where that would leave a piece untranslated, and
//! no piece of it is Spark, the whole machine is structured and its states keep their data flow as ASL means it.
use super::control::{Unstructured, structure};
use super::link::Target;
use crate::ir::control::{Block, Body, Control, Kind};
use crate::ir::estate::Estate;
use crate::ir::function::Action;
use crate::ir::machine::{Graph, Machine, State, StateKind};
use crate::ir::plan::{self, OnFailure, StmtKind};
use crate::source::rules::plan::{PLN128, PLN129, PLN130, PLN131};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Span;
use std::collections::BTreeMap;

/// Whether a block has a piece that is not translated.
#[must_use]
pub fn has_refusal(block: &plan::Block) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Refused { .. } => true,
        StmtKind::Fork { branches } => branches.iter().any(has_refusal),
        StmtKind::Run { on_failure, .. } | StmtKind::Call { on_failure, .. } => match on_failure {
            OnFailure::Raise => false,
            OnFailure::Handle { block, .. } => has_refusal(block),
            OnFailure::Split { success, failure } => has_refusal(success) || has_refusal(failure),
        },
        _ => false,
    })
}

/// Every state of a machine, those of inner graphs too.
#[must_use]
pub fn states(graph: &Graph) -> Vec<&State> {
    let mut all = Vec::new();
    let mut work = vec![graph];
    while let Some(graph) = work.pop() {
        for state in &graph.states {
            all.push(state);
            match &state.kind {
                StateKind::Parallel { branches } => work.extend(branches),
                StateKind::Map(map) => work.extend(&map.processor),
                _ => {}
            }
        }
    }
    all
}

/// Whether a state has to do with Spark: it drives EMR, or Livy.
fn is_spark(state: &State, targets: &BTreeMap<Span, Target>, estate: &Estate) -> bool {
    match targets.get(&state.span) {
        Some(Target::Function { index, .. }) => matches!(
            estate.functions[*index].behaviour.as_ref().map(|b| &b.action),
            Some(Action::SubmitBatch { .. } | Action::ReadBatchState { .. } | Action::AddSteps { .. })
        ),
        Some(Target::Service(name)) => {
            ["elasticmapreduce", "emr-containers", "emr-serverless", "aws-sdk:emr"].iter().any(|service| name.value.contains(service))
        }
        _ => false,
    }
}

/// The machine with its data, where that is the way to plan it. `Err`: it is, and it cannot be done; the reason was said.
pub fn control(machine: &Machine, targets: &BTreeMap<Span, Target>, estate: &Estate, output: bool, sink: &mut Sink) -> Option<Control> {
    let all = states(&machine.graph);
    if all.iter().any(|state| is_spark(state, targets, estate)) {
        return None;
    }
    if machine.machine_type.as_ref().is_some_and(|kind| kind.value == "EXPRESS") {
        return None;
    }
    let structured = match structure(&machine.graph) {
        Ok(structured) => structured,
        Err(Unstructured::Incomplete(_)) => return None,
        Err(Unstructured::TooDeep(span)) => {
            sink.report(
                Diagnostic::refused(&PLN129, span, format!("Choices and handlers nest deeper than {} here", super::control::MOST_NESTED))
                    .help("split the machine: Argo ends a workflow whose templates call each other about 100 levels deep"),
            );
            return None;
        }
    };
    for entries in &structured.irreducible {
        if let Some(first) = entries.first() {
            let mut report = Diagnostic::equivalent(
                &PLN130,
                *first,
                "this loop can be entered at several states: a dispatch step goes to the one that is next",
            );
            for entry in entries.iter().skip(1) {
                report = report.related(*entry, "and here");
            }
            sink.report(report);
        }
    }
    for state in &all {
        let StateKind::Map(map) = &state.kind else { continue };
        for (field, template) in
            [("ItemReader", &map.item_reader), ("ItemBatcher", &map.item_batcher), ("ResultWriter", &map.result_writer)]
        {
            if let Some(template) = template {
                let message =
                    format!("`{field}` of `{}` reads or writes S3 in a way that a workflow cannot take over yet", state.name.value);
                let help = "read the items in a Task before the Map, or leave the machine where it is";
                sink.report(Diagnostic::refused(&PLN131, template.span, message).help(help));
            }
        }
    }
    sink.absorb(machine.span, &PLN128, "the machine's states and transitions are the workflow's steps");
    let variables = all.iter().any(|state| assigns(state));
    let irreducible = dispatches(&structured.body);
    Some(Control { machine: machine.name.value.clone(), body: structured.body, variables, irreducible, output })
}

fn assigns(state: &State) -> bool {
    state.data.assign.is_some()
        || state.catch.iter().any(|catcher| catcher.assign.is_some())
        || matches!(&state.kind, StateKind::Choice { rules, .. } if rules.iter().any(|rule| rule.assign.is_some()))
}

fn dispatches(body: &Body) -> bool {
    fn block(statements: &Block) -> bool {
        statements.iter().any(|stmt| {
            matches!(stmt.kind, Kind::Dispatch { .. })
                || stmt.kind.blocks().into_iter().any(block)
                || stmt.kind.leaf().is_some_and(|leaf| leaf.inner.iter().any(dispatches))
        })
    }
    block(&body.block)
}
