//! Machines that carry data: what the flow of jobs has no statement for.
//!
//! A machine that only chains jobs and calls is planned without data ([`super::plan`]). Where that would leave a piece untranslated, the
//! whole machine is structured and its states keep their data flow as ASL means it; the states of a Spark job are one Task ([`super::spark`]).
use super::control::{Unstructured, structure};
use super::link::{Target, Targets};
use super::liveness;
use super::nested;
use super::placeholders;
use super::plan::{Surroundings, missing_function};
use super::spark;
use crate::config::Config;
use crate::ir::control::{Block, Body, Control, Kind, is_ours, nested_of};
use crate::ir::estate::Estate;
use crate::ir::function::Action;
use crate::ir::job::SparkJob;
use crate::ir::machine::{Data, Graph, Machine, Map, Number, State, StateKind, Task, Template, TemplateValue};
use crate::ir::plan::{self, OnFailure, StmtKind};
use crate::ir::value::Val;
use crate::simulate::{program, reader};
use crate::source::rules::plan::{PLN113, PLN119, PLN128, PLN129, PLN130, PLN131, PLN133, PLN134, PLN135, PLN136, PLN140};
use crate::source::sink::{Diagnostic, Severity, Sink, Verdict};
use crate::source::span::{Origins, Sourced};
use std::collections::BTreeSet;

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
fn is_spark(state: &State, targets: &Targets, estate: &Estate) -> bool {
    match targets.get(state) {
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

/// Marks a resource that is a function's name and not its ARN.
pub const FUNCTION: &str = "function:";

/// A graph in which every task names what it calls as the call needs it. `None`: one of them is not known.
/// `answered`: places whose text `emr2k8s.yaml` replaces.
fn resolved(graph: &Graph, targets: &Targets, estate: &Estate, config: &Config, answered: &mut Origins) -> Option<Graph> {
    let mut graph = graph.clone();
    for state in &mut graph.states {
        if sends_itself(state) && !placeholders::open(state).is_empty() {
            return None;
        }
        let ours = is_ours(state);
        let target = targets.get(state).cloned();
        match &mut state.kind {
            StateKind::Parallel { branches } => {
                for branch in branches {
                    *branch = resolved(branch, targets, estate, config, answered)?;
                }
            }
            StateKind::Map(map) => {
                if let Some(processor) = &mut map.processor {
                    *processor = resolved(processor, targets, estate, config, answered)?;
                }
            }
            StateKind::Task(_) if ours => {}
            StateKind::Task(task) => match target.as_ref()? {
                Target::Function { index, name, arn, envelope } => {
                    let deployed = estate.functions[*index].name.as_ref();
                    let answer = config.functions.get(&name.value).and_then(|answer| answer.call.clone());
                    let name = &answered_name(name, answer.is_some(), answered);
                    let called = answer.unwrap_or_else(|| arn.as_ref().or(deployed).unwrap_or(name).value.clone());
                    name_function(task, &mut state.data, &called, name, *envelope);
                }
                Target::MissingFunction { name, arn, envelope } => {
                    let answer = config.functions.get(&name.value).and_then(|answer| answer.call.clone());
                    let name = &answered_name(name, answer.is_some(), answered);
                    let called = answer.unwrap_or_else(|| arn.as_ref().unwrap_or(name).value.clone());
                    name_function(task, &mut state.data, &called, name, *envelope);
                }
                Target::Service(service) => {
                    task.resource = Some(Val::text(format!("arn:aws:states:::{}", service.value), service.origins.clone()));
                }
                Target::Other(_) | Target::None => {
                    // A recording or a draft: what stands there is refused by name.
                    let literal = task.resource.as_ref().and_then(Val::literal);
                    if literal.is_none_or(|text| text.contains("${")) {
                        return None;
                    }
                }
            },
            _ => {}
        }
    }
    Some(graph)
}

/// A function's name, without its places where an answer stands in for it.
fn answered_name(name: &Sourced<String>, is: bool, answered: &mut Origins) -> Sourced<String> {
    if !is {
        return name.clone();
    }
    answered.extend(&name.origins);
    Sourced::new(name.value.clone(), Origins::none())
}

/// Puts a function's deployed name where the call takes it from: the resource, or `FunctionName` of what is sent.
fn name_function(task: &mut Task, data: &mut Data, called: &str, name: &Sourced<String>, envelope: bool) {
    if !envelope {
        let text = if called.starts_with("arn:") { called.to_owned() } else { format!("{FUNCTION}{called}") };
        task.resource = Some(Val::text(text, name.origins.clone()));
        return;
    }
    let template = if data.parameters.is_some() { &mut data.parameters } else { &mut data.arguments };
    if let Some(Template { value: TemplateValue::Map(entries), .. }) = template {
        for (key, value) in entries {
            if key.value == "FunctionName"
                && let TemplateValue::Text(text) = &mut value.value
            {
                called.clone_into(text);
            }
        }
    }
}

/// Says what the workflow does otherwise than Step Functions.
fn changes(all: &[&State], sink: &mut Sink) {
    for state in all {
        let name = &state.name.value;
        for retrier in &state.retry {
            if retrier.jitter_strategy.as_ref().is_some_and(|jitter| jitter.value == "FULL") {
                let message = format!("a retry of `{name}` waits a random part of its delay → all of it");
                sink.report(Diagnostic::changed(&PLN134, retrier.span, message));
            }
        }
        let handled = !state.catch.is_empty() || !state.retry.is_empty();
        let at = state.name.span().unwrap_or(state.span);
        match &state.kind {
            StateKind::Parallel { .. } if handled => {
                let message = format!("when a branch of `{name}` fails, Step Functions stops the others → they run to their end");
                sink.report(Diagnostic::changed(&PLN135, at, message));
            }
            StateKind::Map(map) => {
                on_s3(name, map, sink);
                let one_by_one = matches!(&map.max_concurrency, Some(Number::Literal(most)) if most.value == "1");
                if handled && !one_by_one {
                    let message = format!("when an item of `{name}` fails, Step Functions stops the others → they run to their end");
                    sink.report(Diagnostic::changed(&PLN135, at, message));
                }
                let tolerates =
                    |number: &Option<Number>| number.as_ref().is_some_and(|n| !matches!(n, Number::Literal(text) if text.value == "0"));
                // Where results are written, or records, failures are among them.
                let written = is_distributed(map) && map.result_writer.as_ref().is_some_and(program::changes_results);
                if !written && (tolerates(&map.tolerated_failure_count) || tolerates(&map.tolerated_failure_percentage)) {
                    let message =
                        format!("an item of `{name}` that fails and is tolerated leaves a record in the results → it leaves nothing");
                    sink.report(Diagnostic::changed(&PLN136, at, message));
                }
                if matches!(map.max_concurrency, Some(Number::Path(_) | Number::Jsonata(_))) {
                    let message = format!("`{name}` runs as many items at once as the data says → all of them");
                    sink.report(
                        Diagnostic::changed(&PLN136, at, message).help("Argo's `parallelism` is a number of the template: write it there"),
                    );
                }
            }
            StateKind::Task(task) => {
                if task.heartbeat_seconds.is_some() {
                    let message = format!("`{name}` fails when its worker sends no heartbeat → nobody asks for one");
                    sink.report(Diagnostic::changed(&PLN136, at, message));
                }
                if matches!(task.timeout_seconds, Some(Number::Path(_) | Number::Jsonata(_))) {
                    let message = format!("`{name}` fails after as many seconds as the data says → it has no deadline");
                    sink.report(Diagnostic::changed(&PLN136, at, message).help("write a number as `TimeoutSeconds`"));
                }
                if let Some(credentials) = &task.credentials {
                    let message = format!("`{name}` is called under a role of its own → under the pod's role");
                    sink.report(Diagnostic::changed(&PLN136, credentials.span, message).help("allow the pod's role what that role may do"));
                }
            }
            _ => {}
        }
    }
}

fn is_distributed(map: &Map) -> bool {
    map.mode.as_ref().is_some_and(|mode| mode.value == "DISTRIBUTED")
}

/// Says what a Map reads from S3 and writes there.
fn on_s3(name: &str, map: &Map, sink: &mut Sink) {
    if let Some(reader) = &map.item_reader {
        let report = match reader::unread(&program::reader_config(reader), program::reader_resource(reader)) {
            Some(why) => Diagnostic::refused(&PLN131, reader.span, format!("`{name}` cannot read its items: {why}"))
                .help("read the items in a Task before the Map, or write them as CSV, JSON or JSON Lines"),
            None => Diagnostic::changed(
                &PLN131,
                reader.span,
                format!("Step Functions reads the items of `{name}`, however many → a container reads them, up to 128 KiB"),
            )
            .help("it fails beyond that; the pod's role needs what the state machine's role may do on S3"),
        };
        sink.report(report);
    }
    if let (Some(writer), true) = (&map.result_writer, is_distributed(map)) {
        let records = program::writer_config(writer, "Transformation").map_or(program::place(writer).is_some(), |t| t == "NONE");
        let mut changes = Vec::new();
        if program::place(writer).is_some() {
            changes.push("a container writes them, up to 512 KiB, and none where the Map fails");
        }
        if records {
            changes.push("their records hold made-up ARNs, and the time when they were written");
        }
        if !changes.is_empty() {
            let message = format!("Step Functions writes the results of `{name}` → {}", changes.join("; "));
            sink.report(
                Diagnostic::changed(&PLN131, writer.span, message).help("the pod's role needs what the state machine's role may do on S3"),
            );
        }
    }
}

/// Asks about functions that the sources do not define, or whose handlers were not understood.
fn ask(all: &[&State], targets: &Targets, around: &Surroundings<'_>, sink: &mut Sink) {
    let config = around.config;
    let mut ordered = all.to_vec();
    ordered.sort_by_key(|state| (state.span.file, state.span.start));
    for state in ordered {
        match targets.get(state) {
            _ if is_ours(state) => {}
            Some(Target::MissingFunction { name, .. }) if !around.config.functions.contains_key(&name.value) => {
                sink.report(missing_function(around.functions, state, name));
            }
            Some(Target::Function { index, name, arn, .. }) => {
                let definition = &around.estate.functions[*index];
                for question in super::plan::questions(definition, state, name, arn.is_some(), config) {
                    sink.report(question);
                }
            }
            _ => {}
        }
    }
}

/// A machine planned with its data.
#[derive(Debug)]
pub struct Carried {
    pub control: Control,
    pub jobs: Vec<SparkJob>,
    /// Functions of the estate (by index) whose work a SparkApplication does now, and those that are still called.
    pub replaced: BTreeSet<usize>,
    pub called: BTreeSet<usize>,
}

/// Whether what a state is given goes anywhere as it is written: a Spark job takes what it needs out of it.
fn sends_itself(state: &State) -> bool {
    !is_ours(state) || nested_of(state).is_some()
}

/// Says what is not put into the document.
fn unread_data(unread: &[liveness::Unread], sink: &mut Sink) {
    for one in unread {
        sink.absorb_all(&one.origins, &PLN140, "nothing that runs afterwards reads it");
    }
    let Some((first, others)) = unread.split_first() else { return };
    let message = match others.len() {
        0 => format!("nothing reads what `{}` leaves here: it is not kept", first.state),
        more => format!(
            "nothing reads what `{}` leaves here, nor what {more} more {} leave: it is not kept",
            first.state,
            if more == 1 { "place" } else { "places" }
        ),
    };
    let report = Diagnostic::equivalent(&PLN140, first.span, message);
    sink.report(others.iter().fold(report, |report, other| report.related(other.span, format!("nor what `{}` leaves", other.state))));
}

/// What to ask of a placeholder that nobody answered.
#[must_use]
pub fn unanswered(state: &State, open: &placeholders::Open) -> Diagnostic {
    let placeholders::Open { span, text, name } = open;
    let message = format!("`{}` holds `{text}`, which a deployment completes, and the sources do not say with what", state.name.value);
    let help = format!("say under `placeholders` in emr2k8s.yaml what `{name}` is; until then the machine is not translated with its data");
    let question = Diagnostic::question(&PLN133, *span, message).help(help);
    // A key with dots would be read as several.
    if name.contains('.') { question } else { question.answer(format!("placeholders.{name}")) }
}

/// The machine with its data, where that is the way to plan it.
pub fn control(machine: &Machine, targets: &Targets, around: &Surroundings<'_>, sink: &mut Sink) -> Option<Carried> {
    let (estate, config) = (around.estate, around.config);
    let output = around.output;
    let mut said = Sink::default();
    let spark::Rewritten { mut graph, jobs, replaced } = match spark::rewrite(&machine.graph, targets, around, output, &mut said) {
        Ok(rewritten) => rewritten,
        Err(mismatches) => {
            let told = |one: &Diagnostic| one.verdict == Some(Verdict::Refused) || one.severity == Severity::Question;
            sink.diagnostics.extend(said.diagnostics.into_iter().filter(told));
            for mismatch in mismatches {
                sink.report(
                    Diagnostic::refused(&PLN119, mismatch.span, mismatch.why).help(
                        "mend the machine so that this job is understood: it is then translated with its data; till then nothing that needs the data is",
                    ),
                );
            }
            return None;
        }
    };
    nested::rewrite(&mut graph, targets, estate, machine);
    let unread = liveness::rewrite(&mut graph, output, &jobs);
    let all = states(&graph);
    if all.iter().any(|state| matches!(state.kind, StateKind::Task(_)) && !is_ours(state) && is_spark(state, targets, estate)) {
        return None;
    }
    if machine.machine_type.as_ref().is_some_and(|kind| kind.value == "EXPRESS") {
        return None;
    }
    for state in &all {
        for open in placeholders::open(state).into_iter().filter(|_| sends_itself(state)) {
            sink.report(unanswered(state, &open));
        }
    }
    let mut answered = Origins::none();
    let mut graph = resolved(&graph, targets, estate, config, &mut answered)?;
    super::poll::rewrite(&mut graph, targets, estate, &mut said);
    let structured = match structure(&graph) {
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
    sink.append(said);
    ask(&all, targets, around, sink);
    changes(&all, sink);
    sink.absorb_all(&answered, &PLN113, "emr2k8s.yaml names the function that is called");
    sink.absorb(machine.span, &PLN128, "the machine's states and transitions are the workflow's steps");
    unread_data(&unread, sink);
    let variables = all.iter().any(|state| assigns(state));
    let irreducible = dispatches(&structured.body);
    let hides_functions = all.iter().any(|state| assigned(state).iter().any(|name| FUNCTIONS.contains(&name.as_str())));
    let called = all.iter().filter(|state| !is_ours(state)).filter_map(|state| match targets.get(state) {
        Some(Target::Function { index, .. }) => Some(*index),
        _ => None,
    });
    let called = called.collect();
    let control = Control { machine: machine.name.value.clone(), body: structured.body, variables, hides_functions, irreducible, output };
    Some(Carried { control, jobs, replaced, called })
}

/// Functions of JSONata that expressions are translated by (docs.jsonata.org, "Function Library", and the Developer Guide's additions, November 2026).
pub const FUNCTIONS: &[&str] = &[
    "string",
    "length",
    "substring",
    "substringBefore",
    "substringAfter",
    "uppercase",
    "lowercase",
    "trim",
    "pad",
    "contains",
    "split",
    "join",
    "match",
    "replace",
    "number",
    "abs",
    "floor",
    "ceil",
    "round",
    "power",
    "sqrt",
    "random",
    "sum",
    "max",
    "min",
    "average",
    "boolean",
    "not",
    "exists",
    "count",
    "append",
    "sort",
    "reverse",
    "shuffle",
    "distinct",
    "zip",
    "keys",
    "lookup",
    "spread",
    "merge",
    "sift",
    "each",
    "error",
    "assert",
    "type",
    "now",
    "millis",
    "fromMillis",
    "toMillis",
    "map",
    "filter",
    "single",
    "reduce",
    "partition",
    "range",
    "hash",
    "uuid",
    "parse",
];

/// Names of the variables that a state assigns.
fn assigned(state: &State) -> Vec<String> {
    let rules = match &state.kind {
        StateKind::Choice { rules, .. } => rules.as_slice(),
        _ => &[],
    };
    let all = state.data.assign.iter().chain(state.catch.iter().flat_map(|c| &c.assign)).chain(rules.iter().flat_map(|r| &r.assign));
    all.filter_map(|template| match &template.value {
        TemplateValue::Map(entries) => Some(entries.iter().map(|(key, _)| key.value.clone())),
        _ => None,
    })
    .flatten()
    .collect()
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
