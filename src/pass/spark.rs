//! Spark in a machine that carries data: the states that run one job become one Task, which names the job.
//!
//! The proof is that of [`super::idiom`]: what is absorbed has no other effect, and nobody reads by its path what it left in the document. So
//! the Task leaves the document as it is; where the submission's result took the document's place, an empty object does.
use super::data::{self, result_place};
use super::flow::{Dest, Edge, Flow};
use super::idiom::{self, Idiom, Mismatch};
use super::job;
use super::link::Target;
use super::naming::{Names, label};
use super::path::Access;
use super::plan::Surroundings;
use super::sizing::Place;
use crate::ir::control::JOB;
use crate::ir::job::SparkJob;
use crate::ir::machine::{Catcher, Graph, Next, PathField, QueryLanguage, State, StateKind, Task};
use crate::ir::value::Val;
use crate::source::rules::plan::{PLN101, PLN137};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A machine's graph with its jobs as Tasks.
#[derive(Debug)]
pub struct Rewritten {
    pub graph: Graph,
    pub jobs: Vec<SparkJob>,
    /// Functions of the estate (by index) whose work a SparkApplication does now.
    pub replaced: BTreeSet<usize>,
}

/// What is read of a document where it leaves a graph.
#[derive(Clone, Copy)]
struct Readers {
    /// Somebody takes it as a whole.
    whole: bool,
    /// Somebody reads parts of it.
    parts: bool,
}

/// Puts a Task in place of each job. `output`: whether the execution's output is wanted.
///
/// # Errors
/// A job that is not understood, or `None` for one that is and cannot be: the refusal in the sink says why, and nothing else that was reported holds.
pub fn rewrite(
    graph: &Graph,
    targets: &BTreeMap<Span, Target>,
    around: &Surroundings<'_>,
    output: bool,
    sink: &mut Sink,
) -> Result<Rewritten, Option<Mismatch>> {
    let mut rewriter = Rewriter { targets, around, names: Names::default(), jobs: Vec::new(), replaced: BTreeSet::new(), sink };
    let graph = rewriter.graph(graph, Readers { whole: output, parts: false })?;
    Ok(Rewritten { graph, jobs: rewriter.jobs, replaced: rewriter.replaced })
}

struct Rewriter<'a> {
    targets: &'a BTreeMap<Span, Target>,
    around: &'a Surroundings<'a>,
    names: Names,
    jobs: Vec<SparkJob>,
    replaced: BTreeSet<usize>,
    sink: &'a mut Sink,
}

impl Rewriter<'_> {
    /// Nesting is bounded by the source layer's limit on depth.
    fn graph(&mut self, graph: &Graph, readers: Readers) -> Result<Graph, Option<Mismatch>> {
        let flow = Flow::separate(graph, self.targets, self.around.estate);
        let predecessors = flow.predecessors();
        let mut absorbed: BTreeSet<usize> = BTreeSet::new();
        let mut tasks: BTreeMap<usize, State> = BTreeMap::new();
        for index in 0..flow.states.len() {
            let Some(found) = idiom::at(&flow, index, self.targets, self.around.estate, &predecessors) else { continue };
            let idiom = found?;
            let task = self.job(&flow, index, &idiom, readers)?;
            tasks.insert(index, task);
            absorbed.extend(&idiom.absorbed);
        }
        let mut out = Graph { states: Vec::with_capacity(graph.states.len()), ..graph.clone() };
        for (index, state) in graph.states.iter().enumerate() {
            if absorbed.contains(&index) {
                continue;
            }
            if let Some(task) = tasks.remove(&index) {
                out.states.push(task);
                continue;
            }
            let mut state = state.clone();
            let below = below(&flow, &state, readers);
            match &mut state.kind {
                StateKind::Parallel { branches } => {
                    for branch in branches {
                        *branch = self.graph(branch, below)?;
                    }
                }
                StateKind::Map(map) => {
                    if let Some(processor) = &mut map.processor {
                        *processor = self.graph(processor, below)?;
                    }
                }
                _ => {}
            }
            out.states.push(state);
        }
        Ok(out)
    }

    /// The Task of one job.
    fn job(&mut self, flow: &Flow<'_>, index: usize, idiom: &Idiom<'_>, readers: Readers) -> Result<State, Option<Mismatch>> {
        let flat = &flow.states[index];
        let state = flat.state;
        let inside: Vec<&State> = std::iter::once(index).chain(idiom.absorbed.iter().copied()).map(|i| flow.states[i].state).collect();
        let mismatch = |state: &State, why: String| Some(Mismatch { why, span: state.name.span().unwrap_or(state.span) });
        if let Some(other) = inside.iter().find(|state| !moves_nothing_else(state)) {
            return Err(mismatch(
                other,
                format!("`{}` belongs to a Spark job and moves data besides, which this version does not read", other.name.value),
            ));
        }
        let drops = inside.iter().any(|state| matches!(state.kind, StateKind::Task(_)) && result_place(state).is_some());
        if drops && !self.nobody_looks_inside(flow, state, idiom, readers) {
            let why = format!(
                "an expression takes apart a document that holds the batch's id or state of `{}`, which a Spark job on Kubernetes does not have",
                state.name.value
            );
            return Err(mismatch(state, why));
        }
        let failure = job::submission_failure(flat, idiom, self.sink).map_err(|why| mismatch(state, why))?;
        let name = self.names.unique(&label(&state.name.value, 63));
        let envelope = matches!(self.targets.get(&state.span), Some(Target::Function { envelope: true, .. }));
        let input = |event: &Access| {
            let base = if envelope { Access::Fields(vec!["Payload".to_owned()]) } else { Access::whole() };
            base.join(event).to_path().ok_or_else(|| "reads a part of its input that no path names".to_owned())
        };
        let place = Place {
            name: Sourced::new(name.clone(), state.name.origins.clone()),
            settings: self.around.settings,
            input: &input,
            span: state.name.span().or(Some(state.span)),
        };
        let job = job::sized(state, idiom, &place, self.sink).map_err(|_| None)?;
        job::report(flow, state, idiom, failure.is_some(), self.sink);
        self.jobs.push(job);
        for inside in &idiom.absorbed {
            let note = "part of submit, wait, poll and choose: the operator watches the job";
            self.sink.absorb(flow.states[*inside].state.span, &PLN101, note);
        }
        self.replaced.extend(&idiom.functions);

        let mut task = state.clone();
        // The function's name led to the batch and stands nowhere in the output.
        let resource = Some(Val::text(format!("{JOB}{name}"), Origins::none()));
        task.kind = StateKind::Task(Box::new(Task { resource, timeout_seconds: None, heartbeat_seconds: None, credentials: None }));
        task.retry.clear();
        task.data.result_selector = None;
        task.data.output_path = None;
        // An empty object stands where the submission's result was the whole document.
        task.data.result_path = (result_place(state) != Some(Access::whole())).then_some(PathField::Null(state.span));
        task.next = next(flow, &idiom.success);
        task.catch = match failure {
            None => Vec::new(),
            Some(edge) => catcher(flow, state, &edge).into_iter().collect(),
        };
        Ok(task)
    }

    /// Whether nobody can miss what the job's states left in the document; who takes all of it is told.
    fn nobody_looks_inside(&mut self, flow: &Flow<'_>, state: &State, idiom: &Idiom<'_>, readers: Readers) -> bool {
        if readers.parts {
            return false;
        }
        let mut exits = vec![idiom.success.to];
        exits.extend(idiom.failure.iter().map(|edge| edge.to));
        let after = flow.reachable(&exits);
        let mut taker = None;
        for (index, flat) in flow.states.iter().enumerate() {
            if !after[index] || idiom.absorbed.contains(&index) || index == idiom.submit {
                continue;
            }
            if let Some((_, at)) = flat.effects.reads.iter().find(|(read, _)| *read == Access::whole()) {
                // An expression of JSONata may read any part.
                if flat.state.query_language == QueryLanguage::Jsonata {
                    return false;
                }
                taker.get_or_insert((flat.state.name.value.clone(), *at));
            }
        }
        let at = state.name.span().unwrap_or(state.span);
        let who = match taker {
            Some((who, at)) => Some((format!("`{who}` takes"), Some(at))),
            None => readers.whole.then(|| ("the output holds".to_owned(), None)),
        };
        if let Some((who, related)) = who {
            let mut report = Diagnostic::changed(
                &PLN137,
                at,
                format!("{who} the whole document, with the batch's id and state of `{}` → without them", state.name.value),
            );
            if let Some(related) = related {
                report = report.related(related, "here");
            }
            self.sink.report(report.help("where somebody needs them, look at the SparkApplication instead"));
        }
        true
    }
}

/// Who reads what leaves the graphs inside a state.
fn below(flow: &Flow<'_>, state: &State, readers: Readers) -> Readers {
    if state.query_language == QueryLanguage::Jsonata || state.data.result_selector.is_some() {
        return Readers { whole: true, parts: true };
    }
    let Some(place) = result_place(state) else { return Readers { whole: false, parts: false } };
    let mut below = readers;
    for (read, _) in flow.states.iter().flat_map(|flat| &flat.effects.reads) {
        match (read, &place) {
            (Access::Fields(read), Access::Fields(place)) if read.len() > place.len() && read.starts_with(place) => below.parts = true,
            (Access::Fields(read), Access::Fields(place)) if place.starts_with(read) => below.whole = true,
            (Access::Opaque, _) => below.parts = true,
            _ => {}
        }
    }
    // What JSONata takes whole it may take apart.
    below.parts |= below.whole && flow.states.iter().any(|flat| flat.state.query_language == QueryLanguage::Jsonata);
    below
}

/// Whether a state of a job leaves the document alone but for its result.
fn moves_nothing_else(state: &State) -> bool {
    let passes = matches!(state.kind, StateKind::Wait(_) | StateKind::Choice { .. });
    let rules = match &state.kind {
        StateKind::Choice { rules, .. } => rules.iter().any(|rule| rule.assign.is_some() || rule.output.is_some()),
        _ => false,
    };
    state.query_language == QueryLanguage::JsonPath
        && state.data.assign.is_none()
        && !rules
        && !(passes && data::input_base(state) != Some(Access::whole()))
}

fn next(flow: &Flow<'_>, edge: &Edge) -> Option<Next> {
    match edge.to {
        Dest::State(index) => Some(Next::State(Sourced::new(flow.states[index].state.name.value.clone(), edge.via.clone()))),
        Dest::Exit => edge.via.first().map(Next::End),
        Dest::Nowhere => None,
    }
}

/// A failed job, as the submission's own Catch has it, or without a trace in the document.
fn catcher(flow: &Flow<'_>, state: &State, edge: &Edge) -> Option<Catcher> {
    let Dest::State(to) = edge.to else { return None };
    let name = &flow.states[to].state.name.value;
    let own = state.catch.first();
    Some(Catcher {
        error_equals: vec![Sourced::new("States.ALL".to_owned(), edge.via.clone())],
        next: Some(Sourced::new(name.clone(), edge.via.clone())),
        result_path: own.map_or(Some(PathField::Null(state.span)), |catcher| catcher.result_path.clone()),
        output: None,
        assign: None,
        comment: own.and_then(|catcher| catcher.comment.clone()),
        span: own.map_or(state.span, |catcher| catcher.span),
    })
}
