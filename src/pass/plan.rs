//! From a machine to a pipeline: every state becomes a statement, a part of an idiom, or a refusal that says so.
use super::data::{input_base, invoke_payload, traced};
use super::emr_cluster;
use super::flow::{Dest, Edge, Flat, Flow, Role};
use super::handlers::{catch_all, error_names, merged, takes_all};
use super::idiom::{self, Idiom};
use super::job;
use super::link::{Functions, Target, Targets, member};
use super::naming::{Names, label};
use super::path::Access;
use super::sizing::{self, ClusterSettings};
use super::structure::{self, Step, StepKind};
use crate::config::Config;
use crate::ir::estate::Estate;
use crate::ir::job::SparkJob;
use crate::ir::machine::{FailText, Graph, Machine, Number, PathField, QueryLanguage, State, StateKind, Template, TemplateValue, WaitFor};
use crate::ir::plan::{Block, Function, OnFailure, Payload, Pipeline, Retry, StmtKind};
use crate::source::rules::{Rule, plan};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced, Span};
use std::collections::{BTreeMap, BTreeSet};

/// What a machine's planning needs from its surroundings.
pub struct Surroundings<'a> {
    pub estate: &'a Estate,
    pub functions: &'a Functions<'a>,
    pub config: &'a Config,
    pub settings: &'a ClusterSettings,
    /// Whether the execution's output is wanted.
    pub output: bool,
    /// Whether any state of the machine submits a job that is understood.
    pub submits: bool,
}

/// What came of a machine besides the pipeline itself.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Functions of the estate (by index) whose work a SparkApplication does now.
    pub replaced: BTreeSet<usize>,
    /// Functions that are still called.
    pub called: BTreeSet<usize>,
    /// States that were refused and are translated where the whole machine is translated with its data, each with what was said.
    pub later: Vec<(Sourced<String>, String)>,
    /// Which job or call each of them belongs to.
    owners: Vec<(Owner, usize)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Owner {
    Job(String),
    Call(String),
}

impl Outcome {
    /// An outcome that is not this pass's.
    #[must_use]
    pub fn of(replaced: BTreeSet<usize>, called: BTreeSet<usize>) -> Self {
        Self { replaced, called, later: Vec::new(), owners: Vec::new() }
    }

    /// Forgets what nothing runs.
    fn keep(&mut self, used: &Used) {
        for (owner, function) in &self.owners {
            match owner {
                Owner::Job(name) if used.jobs.contains(name) => self.replaced.insert(*function),
                Owner::Call(name) if used.calls.contains(name) => self.called.insert(*function),
                _ => false,
            };
        }
    }
}

/// Jobs and calls that a block runs.
#[derive(Default)]
struct Used {
    jobs: BTreeSet<String>,
    calls: BTreeSet<String>,
    reads_input: bool,
}

impl Used {
    fn block(&mut self, block: &Block) {
        for stmt in block {
            let on_failure = match &stmt.kind {
                StmtKind::Run { job, on_failure } => {
                    self.jobs.insert(job.clone());
                    on_failure
                }
                StmtKind::Call { function, payload, on_failure } => {
                    self.calls.insert(function.clone());
                    self.reads_input |= matches!(payload, Payload::Input(_));
                    on_failure
                }
                StmtKind::Fork { branches } => {
                    for branch in branches {
                        self.block(branch);
                    }
                    continue;
                }
                _ => continue,
            };
            match on_failure {
                OnFailure::Raise => {}
                OnFailure::Handle { block, .. } => self.block(block),
                OnFailure::Split { success, failure } => {
                    self.block(success);
                    self.block(failure);
                }
            }
        }
    }
}

/// Plans one machine. The pipeline's name is the machine's as a label; the caller makes it unique.
pub fn pipeline(machine: &Machine, targets: &Targets, around: &Surroundings<'_>, sink: &mut Sink) -> (Pipeline, Outcome) {
    let mut planner = Planner {
        targets,
        around,
        names: Names::default(),
        jobs: Vec::new(),
        calls: Vec::new(),
        call_of: BTreeMap::new(),
        call_names: Names::default(),
        outcome: Outcome::default(),
        sink,
    };
    let body = planner.graph_block(&machine.graph, &[]);
    let Planner { mut jobs, mut calls, mut outcome, .. } = planner;
    // What a loop has cut off is planned and never runs.
    let mut used = Used::default();
    used.block(&body);
    jobs.retain(|job| used.jobs.contains(&job.name.value));
    calls.retain(|call| used.calls.contains(&call.name));
    outcome.keep(&used);
    let from_input = |job: &SparkJob| job.arguments.iter().any(|a| a.value.iter().any(|p| matches!(p, crate::ir::job::Piece::Input(_))));
    let reads_input = used.reads_input || jobs.iter().any(from_input);
    let pipeline = Pipeline {
        name: Sourced::new(label(&machine.name.value, 52), machine.name.origins.clone()),
        description: machine.comment.clone(),
        file: machine.file.clone(),
        definition: machine.span,
        body,
        control: None,
        jobs,
        calls,
        reads_input,
        schedules: Vec::new(),
        images: Vec::new(),
        timeout_seconds: machine.timeout_seconds.clone(),
        origins: machine.name.origins.clone(),
    };
    if let Some(span) = machine.query_language_span {
        sink.absorb(span, &plan::PLN122, "the language of expressions, of which none is left");
    }
    if let Some(version) = &machine.version {
        sink.absorb_all(&version.origins, &plan::PLN122, "the version of the Amazon States Language");
    }
    (pipeline, outcome)
}

/// What to ask of a function that is called and defined nowhere.
#[must_use]
pub fn missing_function(functions: &Functions<'_>, state: &State, name: &Sourced<String>) -> Diagnostic {
    let diagnostic = Diagnostic::question(
        &plan::LNK103,
        name.span(),
        format!("`{}` calls the function `{}`, which the sources do not define; the call is kept", state.name.value, name.value),
    )
    .answer(format!("functions.{}", name.value));
    if let Some(function) = functions.of_service(&name.value) {
        let known = function.name.as_ref().unwrap_or(&function.logical);
        return diagnostic.related(function.span, format!("the service `{}` defines `{}`", name.value, known.value)).help(format!(
            "a service has this name and its function is `{}`: mend the name in the state, or say what replaces it",
            known.value
        ));
    }
    diagnostic.help(match functions.near_miss(&name.value) {
        Some(near) => format!("did you mean `{near}`? or say under `functions` in emr2k8s.yaml what replaces it"),
        None => "the pod's AWS role must allow lambda:InvokeFunction on it, or say under `functions` in emr2k8s.yaml what replaces it"
            .to_owned(),
    })
}

/// What to ask of a function that a state calls and nobody answered for. `named`: the state itself says under which name.
#[must_use]
pub fn questions(
    definition: &crate::ir::function::Function,
    state: &State,
    name: &Sourced<String>,
    named: bool,
    config: &Config,
) -> Vec<Diagnostic> {
    if config.functions.contains_key(&name.value) {
        return Vec::new();
    }
    let key = format!("functions.{}", name.value);
    if definition.name.is_none() && !named {
        let message = format!(
            "`{}` calls the function `{}`, whose deployed name the sources do not tell; the call is kept under this one",
            state.name.value, name.value
        );
        let question = Diagnostic::question(&plan::LNK113, name.span(), message).related(definition.logical.span(), "it is defined here");
        return vec![question.help("give it a name in the template, or say with `call` in emr2k8s.yaml which name it has").answer(key)];
    }
    let question = definition.behaviour.as_ref().and_then(|b| crate::import::lambda::not_recognised(definition, b));
    question.map(|question| question.answer(key)).into_iter().collect()
}

/// What makes two calls the same template: what is called, how it is tried again, how long it may take.
type Shape = (String, Option<(u32, u32, Option<u32>, Option<u32>)>, Option<u64>);

fn shape(function: &Function) -> Shape {
    let retry = function.retry.as_ref().map(|retry| {
        let (factor, most) = (retry.factor.as_ref().map(|x| x.value), retry.max_seconds.as_ref().map(|x| x.value));
        (retry.limit.value, retry.interval_seconds.value, factor, most)
    });
    (function.target.value.clone(), retry, function.timeout_seconds.as_ref().map(|t| t.value))
}

struct Planner<'a> {
    targets: &'a Targets,
    around: &'a Surroundings<'a>,
    names: Names,
    jobs: Vec<SparkJob>,
    calls: Vec<Function>,
    /// Where in `calls` the one of that shape is.
    call_of: BTreeMap<Shape, usize>,
    call_names: Names,
    outcome: Outcome,
    sink: &'a mut Sink,
}

impl<'m> Planner<'_> {
    /// The statements of a graph. `inherited`: what was written into the document before it starts.
    fn graph_block(&mut self, graph: &'m Graph, inherited: &[Access]) -> Block {
        let mut flow = Flow::new(graph, self.targets, self.around.estate);
        if self.around.submits {
            emr_cluster::never_fails(&mut flow, self.targets);
        }
        let predecessors = flow.predecessors();
        let mut steps: Vec<Option<Step>> = (0..flow.states.len()).map(|_| None).collect();
        let mut absorbed: BTreeSet<usize> = BTreeSet::new();
        let mut work = vec![flow.start.to];
        while let Some(dest) = work.pop() {
            let Dest::State(index) = dest else { continue };
            if steps[index].is_some() {
                continue;
            }
            let here = Here { flow: &flow, predecessors: &predecessors, inherited };
            let (step, inside) = self.step(&here, index);
            absorbed.extend(inside);
            let mut next: Vec<Dest> = match &step.kind {
                StepKind::Skip(edge) | StepKind::Plain(_, edge) => vec![edge.to],
                StepKind::Last(_) => Vec::new(),
                StepKind::Fallible { next, failure, .. } => vec![failure.to, next.to],
            };
            work.append(&mut next);
            steps[index] = Some(step);
        }
        let mut loops: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut cut: Vec<(String, Origins)> = Vec::new();
        let block = structure::block(&mut steps, &flow.start, &mut cut, &mut |first, members| {
            loops.push((first, members.to_vec()));
            StmtKind::Refused { why: loop_reason(&flow, first, members) }
        });
        for (why, at) in cut {
            self.sink.report(
                Diagnostic::refused(&plan::PLN110, at.first().or(Some(graph.span)), why)
                    .help("define what it leads to, split the machine, or write this part by hand"),
            );
        }
        for (first, members) in loops {
            let state = flow.states[first].state;
            self.sink.report(
                Diagnostic::refused(&plan::PLN111, state.name.span().unwrap_or(state.span), loop_reason(&flow, first, &members))
                    .help("replace the step by hand, or leave the machine where it is"),
            );
            self.sink.unsupported(state.span, &plan::PLN111, "part of a loop that is not translated");
        }
        self.mark_unreached(&flow, &steps, &absorbed);
        if block.is_empty() {
            self.sink.absorb_all(&flow.start.via, &plan::PLN105, "nothing in this graph runs anything");
        }
        if let Some(comment) = &graph.comment {
            comment
                .origins
                .iter()
                .for_each(|span| self.sink.ignore(span, &plan::PLN126, "a comment on a branch, which is no step of its own"));
        }
        block
    }

    /// States for which nothing is emitted because no step leads to them.
    fn mark_unreached(&mut self, flow: &Flow<'m>, steps: &[Option<Step>], absorbed: &BTreeSet<usize>) {
        let reached = structure::reached(steps, &flow.start);
        let possible = flow.reachable(&[flow.start.to]);
        for (index, flat) in flow.states.iter().enumerate() {
            if reached[index] || absorbed.contains(&index) || flat.role == Role::Closing {
                continue;
            }
            if possible[index] {
                self.sink.unsupported(flat.state.span, &plan::PLN117, "only reached through a piece that is not translated");
            } else {
                self.sink.ignore(flat.state.span, &plan::PLN120, "no run reaches it");
            }
        }
    }

    /// What one state becomes, and the states that it absorbs.
    fn step(&mut self, here: &Here<'_, 'm>, index: usize) -> (Step, Vec<usize>) {
        let flat = &here.flow.states[index];
        let state = flat.state;
        match flat.role {
            Role::Opening => {
                self.absorb_own_fields(state, &plan::PLN106, "a Parallel with one branch is that branch");
                return (self.quiet(state, StepKind::Skip(flat.first_edge())), Vec::new());
            }
            Role::Closing => return (self.quiet(state, StepKind::Skip(flat.first_edge())), Vec::new()),
            Role::Plain => {}
        }
        if let Some(found) = idiom::at(here.flow, index, self.targets, self.around.estate, here.predecessors) {
            return match found {
                Ok(idiom) => self.job(here, index, idiom),
                Err(mismatch) => {
                    let step = self.refuse(flat, &plan::PLN119, mismatch.why, Some(mismatch.span));
                    (step, Vec::new())
                }
            };
        }
        if let Some(found) = emr_cluster::at(here.flow, index, self.targets).filter(|_| self.around.submits) {
            return match found {
                Ok(()) => {
                    for remark in emr_cluster::remarks(here.flow, index, self.targets) {
                        self.sink.report(remark);
                    }
                    self.absorb_state(state, &plan::PLN138, "the life of an EMR cluster, which jobs on Kubernetes do not need");
                    (self.quiet(state, StepKind::Skip(flat.first_edge())), Vec::new())
                }
                Err(mismatch) => (self.refuse(flat, &plan::PLN110, mismatch.why, Some(mismatch.span)), Vec::new()),
            };
        }
        (self.plain_step(here, index), Vec::new())
    }

    fn plain_step(&mut self, here: &Here<'_, 'm>, index: usize) -> Step {
        let flat = &here.flow.states[index];
        let state = flat.state;
        match &state.kind {
            StateKind::Pass { .. } => {
                self.absorb_state(state, &plan::PLN105, "moves no data that anything reads");
                self.quiet(state, StepKind::Skip(flat.first_edge()))
            }
            StateKind::Succeed => {
                self.absorb_state(state, &plan::PLN121, "the end of the workflow");
                self.quiet(state, StepKind::Skip(flat.first_edge()))
            }
            StateKind::Wait(wait) => self.wait(flat, wait),
            StateKind::Fail(fail) => self.fail(flat, fail),
            StateKind::Task(_) => self.task(here, index),
            StateKind::Parallel { branches } => self.fork(here, index, branches),
            StateKind::Choice { .. } => {
                let why = format!("the Choice `{}` decides on data, which this version does not translate", state.name.value);
                self.later(flat, &plan::PLN110, why, None)
            }
            StateKind::Map(_) => {
                let why = format!("the Map state `{}` is not translated by this version", state.name.value);
                self.later(flat, &plan::PLN110, why, None)
            }
            StateKind::Unknown(_) => {
                let why = format!("the state `{}` has no type that the Amazon States Language knows", state.name.value);
                self.refuse(flat, &plan::PLN110, why, None)
            }
        }
    }

    fn wait(&mut self, flat: &Flat<'m>, wait: &WaitFor) -> Step {
        let state = flat.state;
        match wait {
            WaitFor::Seconds(Number::Literal(seconds))
                if state.query_language == QueryLanguage::JsonPath || !seconds.value.contains("{%") =>
            {
                match seconds.value.parse::<u64>() {
                    Ok(number) => {
                        self.absorb_data(state);
                        let kind = StmtKind::Wait { seconds: Sourced::new(number, seconds.origins.clone()) };
                        self.loud(state, StepKind::Plain(kind, flat.first_edge()))
                    }
                    Err(_) => self.refuse(
                        flat,
                        &plan::PLN110,
                        format!("`{}` waits `{}` seconds, which is no whole number", state.name.value, seconds.value),
                        seconds.span(),
                    ),
                }
            }
            _ => {
                let why = format!("`{}` waits for a time that comes from data, which this version does not translate", state.name.value);
                self.later(flat, &plan::PLN110, why, None)
            }
        }
    }

    fn fail(&mut self, flat: &Flat<'m>, fail: &crate::ir::machine::Fail) -> Step {
        let state = flat.state;
        if let Some(open) = super::placeholders::open(state).first() {
            self.sink.report(super::carried::unanswered(state, open));
            let why = format!("`{}` says `{}`, which a deployment completes", state.name.value, open.text);
            return self.later(flat, &plan::PLN133, why, Some(open.span));
        }
        let mut texts = Vec::new();
        for text in [&fail.error, &fail.cause] {
            match text {
                None => texts.push(None),
                Some(FailText::Literal(text)) => texts.push(Some(text.clone())),
                Some(FailText::Path(text) | FailText::Jsonata(text)) => {
                    let why = format!("`{}` takes its error from data, which this version does not translate", state.name.value);
                    return self.later(flat, &plan::PLN112, why, text.span());
                }
            }
        }
        for text in texts.iter().flatten().filter(|t: &&Sourced<String>| t.value.contains("{{")) {
            self.sink.report(Diagnostic::changed(
                &plan::PLN127,
                text.span(),
                format!("`{}`: `{{{{` in its error → `{{ {{`, because Argo would evaluate it", state.name.value),
            ));
        }
        self.absorb_data(state);
        let cause = texts.pop().flatten();
        let error = texts.pop().flatten();
        self.loud(state, StepKind::Last(StmtKind::Raise { error, cause }))
    }

    fn fork(&mut self, here: &Here<'_, 'm>, index: usize, branches: &'m [Graph]) -> Step {
        let flat = &here.flow.states[index];
        let state = flat.state;
        let plain = state.retry.is_empty()
            && state.catch.is_empty()
            && state.data.input_path.is_none()
            && state.data.parameters.is_none()
            && state.data.arguments.is_none()
            && state.data.assign.is_none();
        if !plain {
            let why = format!(
                "the Parallel `{}` has a Retry, a Catch or an input of its own, which this version does not translate",
                state.name.value
            );
            return self.later(flat, &plan::PLN110, why, None);
        }
        let written = here.written_before(index);
        let name = self.names.unique(&label(&state.name.value, 63));
        let mut blocks = Vec::new();
        for branch in branches {
            let block = self.graph_block(branch, &written);
            if !block.is_empty() {
                blocks.push(block);
            }
        }
        self.absorb_own_fields(state, &plan::PLN116, "the branches' results are read by nothing");
        if branches.len() > 1 {
            self.sink.report(Diagnostic::changed(
                &plan::PLN118,
                state.name.span().unwrap_or(state.span),
                format!("`{}`: a failed branch stops the others → the others run to their end, then the run fails", state.name.value),
            ));
        }
        let origins = state.kind_span.map(Origins::one).unwrap_or_default();
        if blocks.is_empty() {
            self.absorb_own_fields(state, &plan::PLN105, "no branch runs anything");
            return self.quiet(state, StepKind::Skip(flat.first_edge()));
        }
        Step {
            kind: StepKind::Plain(StmtKind::Fork { branches: blocks }, flat.first_edge()),
            name,
            comment: state.comment.clone(),
            origins,
        }
    }

    fn task(&mut self, here: &Here<'_, 'm>, index: usize) -> Step {
        let flat = &here.flow.states[index];
        let state = flat.state;
        let target = self.targets.get(state).cloned().unwrap_or(Target::None);
        let open = super::placeholders::open(state);
        for open in &open {
            self.sink.report(super::carried::unanswered(state, open));
        }
        if let Some(open) = open.first() {
            let why = format!("`{}` sends `{}`, which a deployment completes", state.name.value, open.text);
            return self.later(flat, &plan::PLN133, why, Some(open.span));
        }
        let mut known = None;
        let (name, called, envelope) = match &target {
            Target::Function { index: function, name, arn, envelope } => {
                use crate::ir::function::Action;
                let definition = &self.around.estate.functions[*function];
                match definition.behaviour.as_ref().map(|b| &b.action) {
                    Some(Action::ReadBatchState { .. }) => {
                        let why = format!("`{}` reads a Livy batch's state outside of a polling loop", state.name.value);
                        return self.refuse(flat, &plan::PLN119, why, None);
                    }
                    Some(Action::AddSteps { .. }) => {
                        let why = format!("`{}` adds EMR steps, which this version does not translate", state.name.value);
                        return self.refuse(flat, &plan::PLN110, why, None);
                    }
                    _ => {}
                }
                for question in questions(definition, state, name, arn.is_some(), self.around.config) {
                    self.sink.report(question);
                }
                let deployed = definition.name.as_ref().map(|n| Sourced::new(n.value.clone(), n.origins.clone().with(&name.origins)));
                known = Some(*function);
                let called = arn.clone().or(deployed).unwrap_or_else(|| name.clone());
                (name.clone(), called, *envelope)
            }
            Target::MissingFunction { name, arn, envelope } => {
                if !self.around.config.functions.contains_key(&name.value) {
                    self.sink.report(missing_function(self.around.functions, state, name));
                }
                (name.clone(), arn.clone().unwrap_or_else(|| name.clone()), *envelope)
            }
            Target::Service(service) => {
                let why = format!(
                    "`{}` calls `{}`, which is done only where the whole machine is translated with its data",
                    state.name.value, service.value
                );
                return self.later(flat, &plan::PLN110, why, service.span());
            }
            Target::Other(resource) => {
                let why = format!("`{}` calls `{}`, and the sources do not say what that is", state.name.value, resource.value);
                return self.refuse(flat, &plan::PLN110, why, resource.span());
            }
            Target::None => {
                let why = format!("`{}` has no Resource", state.name.value);
                return self.refuse(flat, &plan::PLN110, why, None);
            }
        };
        let payload = match self.payload(here, index, envelope) {
            Ok(payload) => payload,
            Err((why, span)) => return self.later(flat, &plan::PLN112, why, Some(span)),
        };
        let failure = match catch_all(flat, self.sink) {
            Ok(failure) => failure,
            Err(why) => return self.refuse(flat, &plan::PLN110, why, None),
        };
        let timeout = match self.call_timeout(state) {
            Ok(timeout) => timeout,
            Err(why) => return self.refuse(flat, &plan::PLN110, why, None),
        };
        self.absorb_call_fields(state, envelope);
        let retry = self.call_retry(state);
        let defined = matches!(target, Target::Function { .. });
        let function = self.call_template(&name, called, retry, timeout, defined, state);
        self.outcome.owners.extend(known.map(|index| (Owner::Call(function.clone()), index)));
        let kind = StmtKind::Call { function, payload, on_failure: OnFailure::Raise };
        let next = flat.first_edge();
        self.loud(
            state,
            match failure {
                Some(failure) => StepKind::Fallible { kind, next, failure },
                None => StepKind::Plain(kind, next),
            },
        )
    }

    /// What a call sends, or why it cannot be told.
    fn payload(&mut self, here: &Here<'_, 'm>, index: usize, envelope: bool) -> Result<Payload, (String, Span)> {
        let state = here.flow.states[index].state;
        let name = &state.name.value;
        let at = state.name.span().unwrap_or(state.span);
        if state.query_language == QueryLanguage::Jsonata {
            let template = state.data.arguments.as_ref();
            let template = if envelope { template.and_then(|t| member(t, "Payload")) } else { template };
            return match template {
                Some(template) if template.expressions().is_empty() => Ok(Payload::Literal(literal_json(template))),
                Some(template) => {
                    Err((format!("`{name}` computes its payload with JSONata, which this version does not translate"), template.span))
                }
                None if envelope => Ok(Payload::Literal(Sourced::new("{}".to_owned(), Origins::none()))),
                None => self.input_at(here, index, &Access::whole(), &Origins::none(), at),
            };
        }
        let template = if envelope { invoke_payload(state) } else { state.data.parameters.as_ref() };
        if let Some(template) = template.filter(|t| t.expressions().is_empty()) {
            return Ok(Payload::Literal(literal_json(template)));
        }
        let Some(base) = input_base(state) else {
            return match template {
                None => Ok(Payload::Literal(Sourced::new("{}".to_owned(), path_origins(state.data.input_path.as_ref())))),
                Some(template) => Err((format!("`{name}` builds its payload from an input that it discards"), template.span)),
            };
        };
        match template {
            None if envelope => Ok(Payload::Literal(Sourced::new("{}".to_owned(), Origins::none()))),
            None => self.input_at(here, index, &base, &path_origins(state.data.input_path.as_ref()), at),
            Some(Template { value: TemplateValue::PathExpression(path), span }) if path.starts_with('$') => {
                self.input_at(here, index, &base.join(&super::path::parse(path)), &Origins::one(*span), *span)
            }
            Some(template) => {
                let at = template.expressions().first().map_or(template.span, |(_, span)| *span);
                Err((format!("`{name}` builds its payload from data, which this version does not translate"), at))
            }
        }
    }

    /// A part of the document that is still a part of the execution's input.
    fn input_at(&self, here: &Here<'_, 'm>, index: usize, path: &Access, origins: &Origins, at: Span) -> Result<Payload, (String, Span)> {
        let name = &here.flow.states[index].state.name.value;
        match here.still_input(index, path) {
            Ok(path) => Ok(Payload::Input(Sourced::new(path, origins.clone()))),
            Err(why) => Err((format!("`{name}` {why}"), at)),
        }
    }

    fn call_timeout(&mut self, state: &State) -> Result<Option<Sourced<u64>>, String> {
        let StateKind::Task(task) = &state.kind else { return Ok(None) };
        job::no_own_role(state)?;
        if let Some(heartbeat) = &task.heartbeat_seconds {
            let (Number::Literal(text) | Number::Path(text) | Number::Jsonata(text)) = heartbeat;
            for span in text.origins.iter() {
                self.sink.ignore(span, &plan::PLN113, "a function that is called and answers sends no heartbeats");
            }
        }
        match &task.timeout_seconds {
            None => Ok(None),
            Some(Number::Literal(text)) => match text.value.parse() {
                Ok(seconds) => Ok(Some(Sourced::new(seconds, text.origins.clone()))),
                Err(_) => Err(format!("`{}` times out after `{}` seconds, which is no whole number", state.name.value, text.value)),
            },
            Some(_) => Err(format!("the timeout of `{}` comes from data, which this version does not translate", state.name.value)),
        }
    }

    /// Retries of a call.
    fn call_retry(&mut self, state: &State) -> Option<Retry> {
        let retrier = merged(&state.retry)?;
        if retrier.limit.value == 0 {
            state
                .retry
                .iter()
                .for_each(|r| self.sink.absorb(r.span, &plan::PLN115, "no attempt after the first, which is what happens without it"));
            return None;
        }
        for other in state.retry.iter().skip(1) {
            for text in [&other.interval_seconds, &other.backoff_rate, &other.max_delay_seconds].into_iter().flatten() {
                text.origins
                    .iter()
                    .for_each(|span| self.sink.unsupported(span, &plan::PLN115, "one pause holds for all retries: the first Retry's"));
            }
        }
        if let Some(rate) = state.retry[0].backoff_rate.as_ref().filter(|r| r.value.parse::<f64>().is_ok_and(|n| n.fract() != 0.0))
            && let Some(factor) = &retrier.factor
        {
            self.sink.report(Diagnostic::changed(
                &plan::PLN115,
                rate.span(),
                format!(
                    "`{}`: pauses grow by {} → by {}, because Argo takes whole factors only",
                    state.name.value, rate.value, factor.value
                ),
            ));
        }
        if !state.retry.iter().all(|r| takes_all(&r.error_equals)) || state.retry.len() > 1 {
            self.sink.report(Diagnostic::changed(
                &plan::PLN115,
                state.retry[0].span,
                format!("`{}` is retried on {} → on every failure", state.name.value, error_names(&state.retry)),
            ));
        }
        for retrier in &state.retry {
            if let Some(jitter) = &retrier.jitter_strategy {
                for span in jitter.origins.iter() {
                    self.sink.unsupported(span, &plan::PLN115, "Argo has no jitter between retries");
                }
            }
        }
        Some(retrier)
    }

    fn call_template(
        &mut self,
        name: &Sourced<String>,
        called: Sourced<String>,
        retry: Option<Retry>,
        timeout: Option<Sourced<u64>>,
        defined: bool,
        state: &State,
    ) -> String {
        let answer = self.around.config.functions.get(&name.value).and_then(|a| a.call.clone());
        let mut new = Function {
            name: String::new(),
            target: match answer {
                Some(answer) => Sourced::new(answer, called.origins.clone()),
                None => called,
            },
            remark: (!defined).then(|| "called by the sources and defined nowhere in them".to_owned()),
            retry,
            timeout_seconds: timeout,
            span: state.span,
        };
        let shape = shape(&new);
        if let Some(known) = self.call_of.get(&shape).and_then(|index| self.calls.get_mut(*index)) {
            known.target.origins.extend(&new.target.origins);
            if let (Some(old), Some(retry)) = (&mut known.retry, new.retry) {
                old.limit.origins.extend(&retry.limit.origins);
                old.interval_seconds.origins.extend(&retry.interval_seconds.origins);
                for (old, new) in [(&mut old.factor, retry.factor), (&mut old.max_seconds, retry.max_seconds)] {
                    if let (Some(old), Some(new)) = (old, new) {
                        old.origins.extend(&new.origins);
                    }
                }
            }
            if let (Some(old), Some(timeout)) = (&mut known.timeout_seconds, &new.timeout_seconds) {
                old.origins.extend(&timeout.origins);
            }
            return known.name.clone();
        }
        self.sink.report(
            Diagnostic::equivalent(
                &plan::PLN113,
                name.span(),
                format!("the function `{}` stays in AWS and is called from a pod", name.value),
            )
            .help("the ServiceAccount's AWS role must allow lambda:InvokeFunction on it"),
        );
        new.name = self.call_names.unique(&label(&name.value, 60));
        let name = new.name.clone();
        self.call_of.insert(shape, self.calls.len());
        self.calls.push(new);
        name
    }

    /// A recognised Spark job.
    fn job(&mut self, here: &Here<'_, 'm>, index: usize, idiom: Idiom<'m>) -> (Step, Vec<usize>) {
        let flat = &here.flow.states[index];
        let state = flat.state;
        if idiom.polling.is_none() && matches!(&state.kind, StateKind::Task(task) if task.timeout_seconds.is_some()) {
            let why = format!("`{}` has a deadline, which is kept only where the machine keeps its data", state.name.value);
            return (self.later(flat, &plan::PLN110, why, None), Vec::new());
        }
        let failure = match job::submission_failure(flat, &idiom, self.sink) {
            Ok(failure) => failure,
            Err(why) => return (self.refuse(flat, &plan::PLN119, why, None), Vec::new()),
        };
        let name = self.names.unique(&label(&state.name.value, 63));
        let envelope = matches!(self.targets.get(state), Some(Target::Function { envelope: true, .. }));
        let place = sizing::Place {
            name: Sourced::new(name.clone(), state.name.origins.clone()),
            settings: self.around.settings,
            input: &|event: &Access| here.event_input(index, event, envelope),
            span: state.name.span().or(Some(state.span)),
            yarn: idiom.yarn,
        };
        let job = match job::sized(state, &idiom, &place, self.sink) {
            Ok(job) => job,
            Err(why) => {
                // Everything was reported where it stands; what a deployment completes is asked for.
                for open in &super::placeholders::open(state) {
                    self.sink.report(super::carried::unanswered(state, open));
                }
                for inside in &idiom.absorbed {
                    self.sink.unsupported(here.flow.states[*inside].state.span, &plan::PLN119, "belongs to a job that is not translated");
                }
                self.sink.unsupported(state.span, &plan::PLN119, "belongs to a job that is not translated");
                let kind = StepKind::Last(StmtKind::Refused { why: format!("`{}` is not translated: {why}", state.name.value) });
                let origins = state.kind_span.map(Origins::one).unwrap_or_default();
                return (Step { kind, name, comment: state.comment.clone(), origins }, idiom.absorbed);
            }
        };
        job::report(here.flow, state, &idiom, failure.is_some(), self.sink);
        let owner = || Owner::Job(name.clone());
        self.outcome.owners.extend(idiom.functions.iter().map(|function| (owner(), *function)));
        for inside in &idiom.absorbed {
            self.absorb_state(
                here.flow.states[*inside].state,
                &plan::PLN101,
                "part of submit, wait, poll and choose: the operator watches the job",
            );
        }
        self.absorb_state(state, &plan::PLN101, "the submission: the SparkApplication itself");
        self.jobs.push(job);
        let kind = StmtKind::Run { job: name.clone(), on_failure: OnFailure::Raise };
        let origins = state.kind_span.map(Origins::one).unwrap_or_default();
        let next = idiom.success;
        let kind = match failure {
            Some(failure) => StepKind::Fallible { kind, next, failure },
            None => StepKind::Plain(kind, next),
        };
        (Step { kind, name, comment: state.comment.clone(), origins }, idiom.absorbed)
    }

    /// Refuses a state that is translated where the whole machine is translated with its data.
    fn later(&mut self, flat: &Flat<'m>, rule: &'static Rule, why: String, at: Option<Span>) -> Step {
        self.outcome.later.push((flat.state.name.clone(), why.clone()));
        self.refuse(flat, rule, why, at)
    }

    fn refuse(&mut self, flat: &Flat<'m>, rule: &'static Rule, why: String, at: Option<Span>) -> Step {
        let state = flat.state;
        let span = at.or(state.name.span()).unwrap_or(state.span);
        self.sink.report(
            Diagnostic::refused(rule, span, why.clone())
                .help("a step that fails stands in its place: replace it by hand, or leave the machine where it is"),
        );
        self.sink.unsupported(state.span, rule, why.clone());
        self.loud(state, StepKind::Last(StmtKind::Refused { why }))
    }

    /// A step that shows: it takes the state's name.
    fn loud(&mut self, state: &State, kind: StepKind) -> Step {
        if let Some(span) = state.query_language_span {
            self.sink.absorb(span, &plan::PLN122, "the language of expressions, of which none is left");
        }
        let retriers = state.retry.iter().filter_map(|r| r.comment.as_ref());
        for comment in retriers.chain(state.catch.iter().filter_map(|c| c.comment.as_ref())) {
            comment
                .origins
                .iter()
                .for_each(|span| self.sink.ignore(span, &plan::PLN126, "a comment on a Retry or a Catch, which is no step of its own"));
        }
        let name = self.names.unique(&label(&state.name.value, 63));
        let mut origins = state.kind_span.map(Origins::one).unwrap_or_default();
        if let StateKind::Task(task) = &state.kind
            && let Some(resource) = &task.resource
            && !matches!(kind, StepKind::Last(_))
        {
            origins.extend(&resource.origins);
        }
        Step { kind, name, comment: state.comment.clone(), origins }
    }

    /// A step that does not.
    fn quiet(&self, state: &State, kind: StepKind) -> Step {
        Step { kind, name: label(&state.name.value, 63), comment: None, origins: Origins::none() }
    }

    /// Everything of a state that is not emitted was made needless.
    fn absorb_state(&mut self, state: &State, rule: &'static Rule, note: &str) {
        self.sink.absorb(state.span, rule, note);
    }

    /// The fields of a Parallel itself, without its branches.
    fn absorb_own_fields(&mut self, state: &State, rule: &'static Rule, note: &str) {
        for span in state.own_spans().iter() {
            self.sink.absorb(span, rule, note);
        }
    }

    /// Fields that move data past a state whose result nothing reads.
    fn absorb_data(&mut self, state: &State) {
        for span in state.data_spans().iter() {
            self.sink.absorb(span, &plan::PLN116, "nothing reads what it moves");
        }
    }

    fn absorb_call_fields(&mut self, state: &State, envelope: bool) {
        self.absorb_data(state);
        if state.data.parameters.is_some() {
            self.sink.absorb_all(
                &path_origins(state.data.input_path.as_ref()),
                &plan::PLN116,
                "says what the payload's own paths are relative to",
            );
        }
        let Some(Template { value: TemplateValue::Map(entries), .. }) = state.sent().filter(|_| envelope) else { return };
        for (key, value) in entries {
            match key.value.as_str() {
                "FunctionName" | "Payload" => {}
                "InvocationType" if matches!(&value.value, TemplateValue::Text(t) if t == "RequestResponse") => {
                    self.sink.absorb(value.span, &plan::PLN113, "the call waits for its answer, which is the default");
                }
                other => {
                    let why = format!("`{other}` of the invocation is not carried over");
                    self.sink.report(
                        Diagnostic::changed(&plan::PLN113, value.span, why.clone()).help("add it to the call in the output by hand"),
                    );
                    self.sink.unsupported(value.span, &plan::PLN113, why);
                }
            }
        }
    }
}

/// A state's surroundings in its graph.
struct Here<'a, 'm> {
    flow: &'a Flow<'m>,
    predecessors: &'a [Vec<usize>],
    inherited: &'a [Access],
}

impl Here<'_, '_> {
    /// Everything that may have been written into the document before a state runs.
    fn written_before(&self, index: usize) -> Vec<Access> {
        let mut written = self.inherited.to_vec();
        for before in self.flow.ancestors(index, self.predecessors) {
            written.extend(self.flow.states[before].effects.writes.iter().cloned());
        }
        written
    }

    /// The path in the execution's input of a part of the document, when no state before has written there.
    fn still_input(&self, index: usize, path: &Access) -> Result<String, String> {
        let Some(text) = path.to_path() else {
            return Err("reads a part of the document that is not known before the run".to_owned());
        };
        for before in self.flow.ancestors(index, self.predecessors) {
            if self.flow.states[before].effects.writes.iter().any(|write| write.overlaps(path)) {
                let writer = &self.flow.states[before].state.name.value;
                return Err(format!("reads `{text}`, which `{writer}` writes, and this version passes on only the execution's input"));
            }
        }
        if self.inherited.iter().any(|write| write.overlaps(path)) {
            return Err(format!("reads `{text}`, which a state before it writes, and this version passes on only the execution's input"));
        }
        Ok(text)
    }

    /// A part of what a state sends, as a path of the execution's input. `envelope`: it is below `Payload`.
    fn event_input(&self, index: usize, event: &Access, envelope: bool) -> Result<String, String> {
        let state = self.flow.states[index].state;
        let built = || "the state builds it from data, which is done with the data only".to_owned();
        if state.query_language == QueryLanguage::Jsonata {
            return Err(built());
        }
        let base = input_base(state).ok_or_else(|| "the state discards its input".to_owned())?;
        let template = if envelope { Some(invoke_payload(state).ok_or_else(built)?) } else { state.data.parameters.as_ref() };
        let place = match (template, event) {
            (None, _) => base.join(event),
            (Some(template), Access::Fields(fields)) => traced(template, &base, fields).ok_or_else(built)?,
            _ => return Err(built()),
        };
        self.still_input(index, &place)
    }
}

impl Flat<'_> {
    fn first_edge(&self) -> Edge {
        self.edges.first().cloned().unwrap_or(Edge { to: Dest::Nowhere, via: Origins::none() })
    }
}

fn loop_reason(flow: &Flow<'_>, first: usize, members: &[usize]) -> String {
    let names: Vec<String> = members.iter().take(4).map(|i| format!("`{}`", flow.states[*i].state.name.value)).collect();
    let more = if members.len() > 4 { " …" } else { "" };
    format!("`{}` begins a loop ({}{more}) that this version does not translate", flow.states[first].state.name.value, names.join(" → "))
}

fn path_origins(path: Option<&PathField>) -> Origins {
    match path {
        Some(PathField::Path(path)) => path.origins.clone(),
        Some(PathField::Null(span)) => Origins::one(*span),
        None => Origins::none(),
    }
}

/// A template without expressions, as compact JSON text.
fn literal_json(template: &Template) -> Sourced<String> {
    let mut out = String::new();
    let mut origins = Origins::none();
    write_json(template, &mut out, &mut origins);
    Sourced::new(out, origins)
}

fn write_json(template: &Template, out: &mut String, origins: &mut Origins) {
    let text = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    match &template.value {
        TemplateValue::List(items) if !items.is_empty() => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_json(item, out, origins);
            }
            out.push(']');
        }
        TemplateValue::Map(entries) if !entries.is_empty() => {
            out.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&text(&key.value));
                out.push(':');
                write_json(value, out, origins);
            }
            out.push('}');
        }
        other => {
            origins.add(template.span);
            match other {
                TemplateValue::Null => out.push_str("null"),
                TemplateValue::Bool(value) => out.push_str(&value.to_string()),
                TemplateValue::Number(number) => out.push_str(&json_number(number)),
                TemplateValue::List(_) => out.push_str("[]"),
                TemplateValue::Map(_) => out.push_str("{}"),
                TemplateValue::Text(value) | TemplateValue::PathExpression(value) | TemplateValue::Jsonata(value) => {
                    out.push_str(&text(value));
                }
            }
        }
    }
}

/// A number as JSON writes it: YAML also knows `0x1F`, `0o17`, `+1`, `.5` and `1.`.
fn json_number(text: &str) -> String {
    if serde_json::from_str::<serde_json::Number>(text).is_ok() {
        return text.to_owned();
    }
    let plain = text.strip_prefix('+').unwrap_or(text);
    let whole = plain
        .strip_prefix("0x")
        .map(|digits| i64::from_str_radix(digits, 16))
        .or_else(|| plain.strip_prefix("0o").map(|digits| i64::from_str_radix(digits, 8)))
        .unwrap_or_else(|| plain.parse());
    if let Ok(whole) = whole {
        return whole.to_string();
    }
    match plain.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
        Some(number) => number.to_string(),
        None => serde_json::Value::String(text.to_owned()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::json_number;

    #[test]
    fn numbers_of_yaml_become_numbers_of_json() {
        for (text, json) in [
            ("5", "5"),
            ("1.50", "1.50"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("+1", "1"),
            (".5", "0.5"),
            ("1.", "1.0"),
            ("010", "10"),
            (".inf", "\".inf\""),
        ] {
            assert_eq!(json_number(text), json, "{text}");
        }
    }
}
