//! The plan of one stage: every machine and every lone batch as a pipeline.
use super::Link;
use crate::config::Config;
use crate::emit::repository::Planned;
use crate::emit::split::{self, MOST_BYTES};
use crate::emit::yaml::Node;
use crate::emit::{self, calls};
use crate::ir::control::{is_ours, nested_of};
use crate::ir::estate::Estate;
use crate::ir::function::Action;
use crate::ir::job::{Batch, SparkJob};
use crate::ir::machine::Machine;
use crate::ir::plan::{OnFailure, Pipeline, Plan, Queue, Stmt, StmtKind};
use crate::ir::value::Val;
use crate::pass::carried;
use crate::pass::cluster::{self, Clusters};
use crate::pass::idiom;
use crate::pass::images::Images;
use crate::pass::link::{self, Functions, Target, Targets};
use crate::pass::naming::{Names, label, shorten};
use crate::pass::nested;
use crate::pass::plan::{Outcome, Surroundings, pipeline};
use crate::pass::sizing::{self, ClusterSettings};
use crate::pass::{functions, secret, triggers};
use crate::source::files::Files;
use crate::source::rules::call::CAL105;
use crate::source::rules::plan::{PLN129, PLN132, PLN143};
use crate::source::sink::{Diagnostic, Severity, Sink, Verdict};
use crate::source::span::{Origins, Sourced, Span};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Longest name of a pipeline with Spark jobs: a SparkApplication's name is the run's and the job's, and has 47 characters
/// (see [`crate::emit::spark_operator::LONGEST_NAME`]).
const LONGEST_WITH_JOBS: usize = 24;

/// Names that pipelines have, the same in every stage.
#[derive(Default, Debug)]
pub struct PipelineNames {
    by_definition: BTreeMap<(Span, String, usize), String>,
    names: Names,
}

/// One machine, planned.
struct OnePlanned {
    pipeline: Pipeline,
    outcome: Outcome,
    /// The same machine with its data, which is better, if it can be a workflow.
    with_data: Option<WithData>,
    /// What is to be said if it cannot.
    without_data: Sink,
    /// Functions that its states name, translated or not.
    called: BTreeSet<usize>,
    settings: ClusterSettings,
    links: Vec<Link>,
    sink: Sink,
}

/// A machine planned with its data.
struct WithData {
    pipeline: Pipeline,
    outcome: Outcome,
    links: Vec<Link>,
}

impl OnePlanned {
    /// Whether it runs Spark jobs, whichever way it is planned.
    fn has_jobs(&self) -> bool {
        !self.with_data.as_ref().map_or(&self.pipeline, |with| &with.pipeline).jobs.is_empty()
    }
}

/// Plans every machine of a stage.
pub fn plan(
    files: &Files,
    estate: &Estate,
    config: &Config,
    stage: &str,
    names: &mut PipelineNames,
    sink: &mut Sink,
) -> (Planned, Vec<Link>) {
    let functions = Functions::new(estate, files);
    let clusters = cluster::read(estate, files, sink);
    let triggers::Links { of_machine, replaced } = triggers::link(estate, files, &functions, sink);
    let outputs = nested::outputs_taken(estate, &|machine| link::targets(machine, &functions));
    let mut planned: Vec<OnePlanned> = estate
        .machines
        .par_iter()
        .enumerate()
        .map(|(index, machine)| {
            let output = outputs.contains(&index) || config.output.as_deref() == Some("always");
            machine_pipeline(machine, estate, &functions, &clusters, config, output)
        })
        .collect();
    let lone: Vec<OnePlanned> = estate.batches.par_iter().filter_map(|(path, batch)| batch_pipeline(path, batch, &clusters)).collect();
    let machines = planned.len();
    planned.extend(lone);

    name(&mut planned, stage, config, names);
    let started: Vec<String> = planned.iter().map(|one| one.pipeline.name.value.clone()).collect();
    let workflows: BTreeMap<String, Node> = planned
        .par_iter_mut()
        .filter_map(|one| {
            let caller = one.pipeline.name.value.clone();
            let place = |machine: usize| Some(emit::repository::place(config, stage, &caller, started.get(machine)?));
            Some((caller.clone(), one.decide(config, &place)?))
        })
        .collect();
    let mut plan = Plan { stage: stage.to_owned(), ..Plan::default() };
    let mut outcome = Outcome::of(replaced, BTreeSet::new());
    let mut linked = BTreeSet::new();
    let mut links = Vec::new();
    let mut images = Images::default();
    let mut crons = Names::default();
    for (index, mut one) in planned.into_iter().enumerate() {
        sink.append(one.sink);
        outcome.called.extend(&one.outcome.called);
        outcome.replaced.extend(&one.outcome.replaced);
        linked.extend(&one.called);
        links.append(&mut one.links);
        for job in &mut one.pipeline.jobs {
            images.assign(job, one.settings.release.as_ref(), sink);
            if !one.pipeline.images.contains(&job.image) {
                one.pipeline.images.push(job.image.clone());
            }
            if let Some(queue) = &job.queue {
                job_queue(&mut plan, queue);
            }
        }
        if index < machines {
            triggers::schedule(&mut one.pipeline, &estate.machines[index], &of_machine[index], config, &mut crons, sink);
            for trigger in &of_machine[index] {
                links.push(Link {
                    kind: "trigger",
                    from: trigger_name(trigger),
                    to: one.pipeline.name.value.clone(),
                    evidence: trigger.span,
                    broken: false,
                });
            }
        }
        plan.pipelines.push(one.pipeline);
    }
    plan.images = images.list;
    functions::account(estate, &outcome, &linked, config, sink);
    clusters.mark_unused(sink);
    for machine in &estate.machines {
        if let Some(kind) = &machine.machine_type {
            for span in kind.origins.iter() {
                sink.ignore(span, &crate::source::rules::plan::PLN122, "configures Step Functions itself");
            }
        }
        for span in machine.name.origins.iter() {
            sink.absorb(span, &crate::source::rules::plan::PLN122, "a part of the machine's name");
        }
    }
    (Planned { plan, workflows }, links)
}

fn trigger_name(trigger: &crate::ir::trigger::Trigger) -> String {
    use crate::ir::trigger::TriggerKind;
    match &trigger.kind {
        TriggerKind::Schedule(value) => value.display(),
        TriggerKind::Http { method, path } => format!("{} {}", method.display(), path.display()),
        TriggerKind::Event(name) => name.clone(),
        TriggerKind::Command { script } => script.clone(),
    }
}

fn job_queue(plan: &mut Plan, queue: &Sourced<String>) {
    match plan.queues.iter_mut().find(|q| q.name.value == queue.value) {
        Some(known) => known.name.origins.extend(&queue.origins),
        None => plan.queues.push(Queue { name: queue.clone() }),
    }
}

fn machine_pipeline(
    machine: &Machine,
    estate: &Estate,
    functions: &Functions<'_>,
    clusters: &Clusters,
    config: &Config,
    output: bool,
) -> OnePlanned {
    let mut sink = Sink::default();
    let targets = link::targets(machine, functions);
    let submits = carried::states(&machine.graph).into_iter().any(|state| idiom::submits(state, &targets, estate));
    let settings = if submits {
        clusters.for_jobs(&machine.file, machine.name.span(), Some(machine.span), &mut sink)
    } else {
        ClusterSettings::default()
    };
    let around = Surroundings { estate, functions, config, settings: &settings, output, submits };
    let mut attempt = Sink::default();
    let (pipeline, outcome) = pipeline(machine, &targets, &around, &mut attempt);
    // A machine of which a piece would be missing is planned with its data.
    let wanted = output || carried::has_refusal(&pipeline.body);
    let carried = if wanted { carried::control(machine, &targets, &around, &mut sink) } else { None };
    let with_data = carried.map(|carried| {
        let pipeline = Pipeline { jobs: carried.jobs, control: Some(carried.control), ..pipeline.without_flow() };
        let links = links(machine, &targets, estate, &pipeline, &settings);
        WithData { pipeline, outcome: Outcome::of(carried.replaced, carried.called), links }
    });
    let links = links(machine, &targets, estate, &pipeline, &settings);
    let called = link::called(&targets);
    OnePlanned { pipeline, outcome, with_data, without_data: attempt, called, settings, links, sink }
}

impl OnePlanned {
    /// Decides between the plan with data and the one without. Gives the workflow of the former, unless it still lacks its images. The pipeline has its
    /// name.
    fn decide(&mut self, config: &Config, place: &dyn Fn(usize) -> Option<emit::control::nested::Place>) -> Option<Node> {
        let without_data = std::mem::take(&mut self.without_data);
        let with_data = self.with_data.take().and_then(|mut with| {
            with.pipeline.name.clone_from(&self.pipeline.name);
            Some((fitting(&with.pipeline, config, place, &mut self.sink)?, with))
        });
        let Some((workflow, with)) = with_data else {
            // Both ways may have failed at the same place.
            let said: BTreeSet<(Option<Span>, &str)> =
                without_data.diagnostics.iter().map(|one| (one.span, one.message.as_str())).collect();
            self.sink.diagnostics.retain(|one| !said.contains(&(one.span, one.message.as_str())));
            self.sink.append(without_data);
            self.only_the_cause();
            // Its jobs have no images yet.
            let settings = emit::argo_workflows::Settings { images: &[], reference: &str::to_owned, scheduler: None };
            if let Some(bytes) = split::too_large(&emit::argo_workflows::workflow_template(&self.pipeline, &settings)) {
                self.sink.report(too_large(self.pipeline.definition, &bytes.to_string()));
            }
            return None;
        };
        if let Some(control) = &with.pipeline.control {
            calls_in_place(&control.body, place, &mut self.sink);
        }
        let whole = with.pipeline.jobs.is_empty();
        (self.pipeline, self.outcome, self.links) = (with.pipeline, with.outcome, with.links);
        whole.then_some(workflow)
    }

    /// Of a machine that something keeps from being translated with its data, says that alone, and once which states wait for it.
    fn only_the_cause(&mut self) {
        let later: BTreeSet<&str> = self.outcome.later.iter().map(|(_, why)| why.as_str()).collect();
        let waits = |one: &Diagnostic| one.verdict == Some(Verdict::Refused) && later.contains(one.message.as_str());
        let is_cause = |one: &Diagnostic| {
            let of_the_machine = ["PLN", "SIZ", "SEC"].iter().any(|group| one.rule.code.starts_with(group));
            of_the_machine && !waits(one) && (one.verdict == Some(Verdict::Refused) || one.severity == Severity::Question)
        };
        let Some(cause) = self.sink.diagnostics.iter().find(|one| is_cause(one)).and_then(|one| one.span) else { return };
        let all = self.sink.diagnostics.len();
        self.sink.diagnostics.retain(|one| !waits(one));
        if self.sink.diagnostics.len() == all {
            return;
        }
        let mut seen = BTreeSet::new();
        let names = self.outcome.later.iter().map(|(name, _)| name.value.as_str()).filter(|name| seen.insert(*name));
        let mut names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        let more = names.len().saturating_sub(MOST_NAMED);
        names.truncate(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let at = self.outcome.later.first().and_then(|(name, _)| name.span()).or(Some(self.pipeline.definition));
        let message = format!("{}{more}: translated only with the machine's data, which something else prevents", names.join(", "));
        self.sink.report(
            Diagnostic::refused(&PLN143, at, message)
                .related(cause, "this comes first")
                .help("a step that fails stands in the place of each; mend what is said of the machine first"),
        );
    }
}

/// States that one message names.
const MOST_NAMED: usize = 5;

/// The workflow of a machine that carries data, if it can be, and what it needs: said here, because the target decides it. Its jobs have no images yet.
fn fitting(
    pipeline: &Pipeline,
    config: &Config,
    place: &dyn Fn(usize) -> Option<emit::control::nested::Place>,
    sink: &mut Sink,
) -> Option<Node> {
    let control = pipeline.control.as_ref()?;
    let jobs = emit::argo_workflows::Settings { images: &[], reference: &str::to_owned, scheduler: None };
    let image = emit::repository::reference(config, "emr2k8s");
    let settings = emit::control::Settings { runtime_image: &image, call: &emit::argo_workflows::task_call, nested: place, jobs: &jobs };
    let emitted = emit::control::bounded(pipeline, control, &settings);
    let at = Some(pipeline.definition);
    let Some(emitted) = emitted else {
        sink.report(too_large(pipeline.definition, &format!("more than {MOST_BYTES}")));
        return None;
    };
    if emitted.depth > MOST_DEPTH {
        let message =
            format!("the workflow's templates would call each other {} levels deep, and Argo ends one at {MOST_DEPTH}", emitted.depth);
        sink.report(Diagnostic::refused(&PLN129, at, message).help("split the machine"));
        return None;
    }
    if let Some(bytes) = split::too_large(&emitted.document) {
        sink.report(too_large(pipeline.definition, &bytes.to_string()));
        return None;
    }
    let named = |always: bool| {
        let names: Vec<String> = emitted.runtime.iter().filter(|e| e.always == always).map(|e| format!("`{}`", e.state.value)).collect();
        names.join(", ")
    };
    let place = emitted.runtime.first().and_then(|e| e.state.span()).or(at);
    if config.runtime.as_deref() == Some("never") && !emitted.runtime.is_empty() {
        let names = [named(true), named(false)].into_iter().filter(|names| !names.is_empty()).collect::<Vec<_>>().join(", ");
        sink.report(
            Diagnostic::refused(
                &PLN132,
                place,
                format!("no expression of Argo's says for every input what {names} computes, and `runtime: never` forbids the pod"),
            )
            .help("allow the runtime's pod, or replace these states"),
        );
        return None;
    }
    for (names, when) in [
        (named(true), "is evaluated by the runtime's pod"),
        (named(false), "is evaluated by an expression, and by the runtime's pod where the data is unusual"),
    ] {
        if !names.is_empty() {
            sink.report(
                Diagnostic::equivalent(&PLN132, place, format!("what {names} computes {when}"))
                    .help("build the runtime's image from the Dockerfile of emr2k8s"),
            );
        }
    }
    Some(emitted.document)
}

fn too_large(definition: Span, bytes: &str) -> Diagnostic {
    let message = format!("the workflow would have {bytes} bytes when all of it has run, and a Kubernetes object has at most {MOST_BYTES}");
    Diagnostic::refused(&PLN129, Some(definition), message).help("split the machine")
}

/// Argo ends a workflow at a depth of 99 calls (run on the controller).
const MOST_DEPTH: usize = 98;

/// Says what becomes of each call of a machine that carries data.
fn calls_in_place(body: &crate::ir::control::Body, place: &dyn Fn(usize) -> Option<emit::control::nested::Place>, sink: &mut Sink) {
    for leaf in body.leaves() {
        if let Some(place) = nested_of(&leaf.state).and_then(|nested| place(nested.machine)) {
            let message = format!("`{}` starts another machine → a Workflow of the pipeline `{}`", leaf.state.name.value, place.template);
            sink.report(Diagnostic::equivalent(&CAL105, leaf.state.name.span(), message));
            continue;
        }
        let crate::ir::machine::StateKind::Task(task) = &leaf.state.kind else { continue };
        let Some(resource) = task.resource.as_ref().filter(|_| !is_ours(&leaf.state)) else { continue };
        let fate = match emit::argo_workflows::call_of(&resource.display()) {
            Ok(call) => calls::container(&call, "call", &Origins::none(), None).map_or_else(|fate| fate, |_| calls::fate(&call)),
            Err(fate) => fate,
        };
        let mut report = Diagnostic::new(fate.rule, Severity::Warning, resource.origins.first().or(Some(leaf.state.span)), fate.message);
        report.verdict = Some(fate.verdict);
        if fate.verdict != Verdict::Refused {
            report.severity = Severity::Note;
        }
        if let Some(help) = fate.help {
            report = report.help(help);
        }
        sink.report(report);
    }
}

/// State → function → handler → batch → cluster → queue, each with its evidence.
fn links(machine: &Machine, targets: &Targets, estate: &Estate, pipeline: &Pipeline, settings: &ClusterSettings) -> Vec<Link> {
    let mut links = Vec::new();
    let mut graphs = vec![&machine.graph];
    while let Some(graph) = graphs.pop() {
        for state in &graph.states {
            match &state.kind {
                crate::ir::machine::StateKind::Parallel { branches } => graphs.extend(branches),
                crate::ir::machine::StateKind::Map(map) => graphs.extend(map.processor.iter()),
                _ => {}
            }
            let from = format!("{}/{}", machine.name.value, state.name.value);
            match targets.get(state) {
                Some(Target::Function { index, name, .. }) => {
                    let evidence = name.span().unwrap_or(state.span);
                    links.push(Link { kind: "function", from, to: name.value.clone(), evidence, broken: false });
                    let function = &estate.functions[*index];
                    if let Some(handler) = &function.handler {
                        let broken = function.behaviour.is_none();
                        let evidence = handler.span().unwrap_or(function.span);
                        links.push(Link { kind: "handler", from: name.value.clone(), to: handler.value.clone(), evidence, broken });
                    }
                    if let Some(behaviour) = &function.behaviour {
                        let does = match &behaviour.action {
                            Action::SubmitBatch { batch, .. } => {
                                format!(
                                    "submits {}",
                                    batch.class_name.as_ref().or(batch.file.as_ref()).map_or_else(|| "a batch".to_owned(), Val::display)
                                )
                            }
                            Action::ReadBatchState { .. } => "reads a batch's state".to_owned(),
                            Action::AddSteps { .. } => "adds EMR steps".to_owned(),
                            Action::StartExecution { machine, .. } => format!("starts {}", machine.display()),
                            Action::Notify { channel } => format!("notifies by {channel}"),
                            Action::Unknown { .. } => continue,
                        };
                        let evidence = behaviour.evidence.first().map_or(behaviour.span, |(span, _)| *span);
                        links.push(Link { kind: "batch", from: name.value.clone(), to: does, evidence, broken: false });
                    }
                }
                Some(Target::MissingFunction { name, .. }) => {
                    links.push(Link {
                        kind: "function",
                        from,
                        to: name.value.clone(),
                        evidence: name.span().unwrap_or(state.span),
                        broken: true,
                    });
                }
                Some(Target::Service(name)) => {
                    let evidence = name.span().unwrap_or(state.span);
                    links.push(Link { kind: "service", from, to: name.value.clone(), evidence, broken: false });
                }
                Some(Target::Other(name)) => {
                    let evidence = name.span().unwrap_or(state.span);
                    links.push(Link { kind: "resource", from, to: name.value.clone(), evidence, broken: true });
                }
                _ => {}
            }
        }
    }
    for job in &pipeline.jobs {
        let from = format!("{}/{}", machine.name.value, job.name.value);
        if let Some(evidence) = settings.defined {
            links.push(Link { kind: "cluster", from: from.clone(), to: settings.cluster.clone(), evidence, broken: false });
        }
        if let Some(queue) = &job.queue {
            links.push(Link {
                kind: "queue",
                from,
                to: queue.value.clone(),
                evidence: queue.span().unwrap_or(machine.span),
                broken: false,
            });
        }
    }
    links
}

/// A payload in a file of its own: a pipeline of one job, named after the file.
fn batch_pipeline(path: &str, batch: &Batch, clusters: &Clusters) -> Option<OnePlanned> {
    let mut sink = Sink::default();
    let stem = path.rsplit('/').next().and_then(|f| f.split('.').next()).unwrap_or("batch");
    let name = label(stem, 52);
    let span = batch.span?;
    let settings = clusters.for_jobs(path, Some(span), None, &mut sink);
    let place = sizing::Place {
        name: Sourced::new(name.clone(), Origins::none()),
        settings: &settings,
        input: &|_| Err("a payload in a file has no input".to_owned()),
        span: Some(span),
        yarn: true,
    };
    let sized: Result<SparkJob, String> = sizing::job(batch, &place, &mut sink).and_then(|mut job| {
        secret::keep_out(&mut job, &mut sink)?;
        Ok(job)
    });
    let (kind, jobs) = match sized {
        Ok(job) => (StmtKind::Run { job: name.clone(), on_failure: OnFailure::Raise }, vec![job]),
        Err(why) => {
            sink.unsupported(span, &crate::source::rules::plan::PLN119, why.clone());
            (StmtKind::Refused { why }, Vec::new())
        }
    };
    let pipeline = Pipeline {
        name: Sourced::new(name.clone(), Origins::none()),
        description: None,
        file: path.to_owned(),
        definition: span,
        body: vec![Stmt { name, kind, comment: None, origins: Origins::none() }],
        control: None,
        jobs,
        calls: Vec::new(),
        reads_input: false,
        schedules: Vec::new(),
        images: Vec::new(),
        timeout_seconds: None,
        origins: Origins::one(span),
    };
    Some(OnePlanned {
        pipeline,
        outcome: Outcome::default(),
        with_data: None,
        without_data: Sink::default(),
        called: BTreeSet::new(),
        settings,
        links: Vec::new(),
        sink,
    })
}

/// Gives every pipeline a name of its own. Pipelines of one name are told apart by the folders in which their paths differ; where
/// that says nothing new (`step-function-1.json` and `step_function_1.json`), by their number.
fn name(planned: &mut [OnePlanned], stage: &str, config: &Config, names: &mut PipelineNames) {
    let wanted: Vec<String> = planned
        .iter()
        .map(|one| {
            let source = &one.pipeline.name.value;
            let chosen = config.names.get(source).cloned().unwrap_or_else(|| without_stage(source, stage));
            let limit = if one.has_jobs() { LONGEST_WITH_JOBS } else { 48 };
            shorten(&label(&chosen, 63), limit, &chosen)
        })
        .collect();
    let mut count: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, name) in wanted.iter().enumerate() {
        count.entry(name).or_default().push(index);
    }
    let mut unique = wanted.clone();
    for (name, members) in count.iter().filter(|(_, m)| m.len() > 1) {
        let paths: Vec<Vec<&str>> = members.iter().map(|i| planned[*i].pipeline.file.split('/').collect()).collect();
        let depth = (0..paths.iter().map(Vec::len).min().unwrap_or(0)).find(|d| paths.iter().any(|p| p[*d] != paths[0][*d]));
        for (member, path) in members.iter().zip(&paths) {
            if let Some(part) = depth.and_then(|d| path.get(d)) {
                let limit = if planned[*member].has_jobs() { LONGEST_WITH_JOBS } else { 48 };
                let part = label(part.split('.').next().unwrap_or(part), 63);
                // `etl-eu/main.json` and `etl-us/main.json`, both `etl`: the folder says all.
                let full = if format!("-{part}-").contains(&format!("-{name}-")) { part } else { label(&format!("{part}-{name}"), 63) };
                unique[*member] = shorten(&full, limit, &planned[*member].pipeline.file);
            }
        }
    }
    // A definition that is deployed several times under one name is several pipelines, told apart by their order.
    let mut seen: BTreeMap<(Span, String), usize> = BTreeMap::new();
    for ((one, name), wanted) in planned.iter_mut().zip(unique).zip(wanted) {
        let ordinal = seen.entry((one.pipeline.definition, wanted.clone())).or_default();
        let key = (one.pipeline.definition, wanted, *ordinal);
        *ordinal += 1;
        let given = match names.by_definition.get(&key) {
            Some(known) => known.clone(),
            None => {
                let given = names.names.unique(&name);
                names.by_definition.insert(key, given.clone());
                given
            }
        };
        one.pipeline.name.value = given;
    }
}

/// A name that ends in the stage's own is the same pipeline in every stage.
fn without_stage(name: &str, stage: &str) -> String {
    let stage = label(stage, 63);
    name.strip_suffix(&format!("-{stage}"))
        .or_else(|| name.strip_prefix(&format!("{stage}-")))
        .filter(|n| !n.is_empty())
        .unwrap_or(name)
        .to_owned()
}
