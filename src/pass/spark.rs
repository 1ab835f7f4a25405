//! Spark in a machine that carries data: the states that run one job become one Task, which names the job.
//!
//! The proof is that of [`super::idiom`]: what is absorbed has no other effect, and nobody reads by its path what it left in the document. So
//! the Task leaves the document as it is; where the submission's result took the document's place, an empty object does.
use super::data::{self, keeps_output, mentions_result, result_place};
use super::emr_cluster;
use super::flow::{Dest, Edge, Flow};
use super::idiom::{self, Idiom, Mismatch};
use super::job;
use super::link::{Target, Targets};
use super::naming::{Names, label};
use super::path::Access;
use super::plan::Surroundings;
use super::sizing::Place;
use crate::ir::control::{CONSTANT, JOB};
use crate::ir::job::{Piece, SparkJob};
use crate::ir::machine::{Catcher, Graph, Next, Number, PathField, QueryLanguage, State, StateKind, Task, Template, TemplateValue};
use crate::ir::value::Val;
use crate::simulate::intrinsic::{ArgumentView, Call};
use crate::source::rules::plan::{PLN101, PLN137, PLN138};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced};
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
/// Jobs that are not understood. For those that are and cannot be, the refusals in the sink say why; nothing else that was reported holds.
pub fn rewrite(
    graph: &Graph,
    targets: &Targets,
    around: &Surroundings<'_>,
    output: bool,
    sink: &mut Sink,
) -> Result<Rewritten, Vec<Mismatch>> {
    let mut rewriter =
        Rewriter { targets, around, names: Names::default(), jobs: Vec::new(), replaced: BTreeSet::new(), mismatches: Vec::new(), sink };
    let graph = rewriter.graph(graph, Readers { whole: output, parts: false });
    if !rewriter.mismatches.is_empty() {
        return Err(rewriter.mismatches.into_iter().flatten().collect());
    }
    Ok(Rewritten { graph, jobs: rewriter.jobs, replaced: rewriter.replaced })
}

struct Rewriter<'a> {
    targets: &'a Targets,
    around: &'a Surroundings<'a>,
    names: Names,
    jobs: Vec<SparkJob>,
    replaced: BTreeSet<usize>,
    /// Jobs that are not understood; `None` where the sink says why.
    mismatches: Vec<Option<Mismatch>>,
    sink: &'a mut Sink,
}

impl Rewriter<'_> {
    /// Nesting is bounded by the source layer's limit on depth.
    fn graph(&mut self, graph: &Graph, readers: Readers) -> Graph {
        let flow = Flow::separate(graph, self.targets, self.around.estate);
        let predecessors = flow.predecessors();
        let mut absorbed: BTreeSet<usize> = BTreeSet::new();
        let mut tasks: BTreeMap<usize, State> = BTreeMap::new();
        for index in 0..flow.states.len() {
            if self.around.submits && emr_cluster::is(flow.states[index].state, self.targets) {
                match self.cluster(&flow, index, readers) {
                    Ok(state) => {
                        tasks.insert(index, state);
                    }
                    Err(mismatch) => self.mismatches.push(mismatch),
                }
                continue;
            }
            let Some(found) = idiom::at(&flow, index, self.targets, self.around.estate, &predecessors) else { continue };
            let made = found.map_err(Some).and_then(|idiom| Ok((self.job(&flow, index, &idiom, readers)?, idiom)));
            match made {
                Ok((task, idiom)) => {
                    tasks.insert(index, task);
                    absorbed.extend(&idiom.absorbed);
                }
                // The others are looked at too, so that all is said at once.
                Err(mismatch) => self.mismatches.push(mismatch),
            }
        }
        let mut out = Graph {
            start_at: graph.start_at.clone(),
            states: Vec::with_capacity(graph.states.len()),
            comment: graph.comment.clone(),
            span: graph.span,
        };
        for (index, state) in graph.states.iter().enumerate() {
            if absorbed.contains(&index) {
                continue;
            }
            if let Some(task) = tasks.remove(&index) {
                out.states.push(task);
                continue;
            }
            let mut state = state.clone();
            let below = match &state.kind {
                StateKind::Parallel { .. } | StateKind::Map(_) => below(&flow, index, readers),
                _ => readers,
            };
            match &mut state.kind {
                StateKind::Parallel { branches } => {
                    for branch in branches {
                        *branch = self.graph(branch, below);
                    }
                }
                StateKind::Map(map) => {
                    if let Some(processor) = &mut map.processor {
                        *processor = self.graph(processor, below);
                    }
                }
                _ => {}
            }
            out.states.push(state);
        }
        out
    }

    /// What stands in place of a call about the jobs' cluster: nothing, or where somebody reads the cluster's name, a name.
    fn cluster(&mut self, flow: &Flow<'_>, index: usize, readers: Readers) -> Result<State, Option<Mismatch>> {
        let state = flow.states[index].state;
        if let Some(mismatch) = emr_cluster::not_alone(state, self.targets) {
            return Err(Some(mismatch));
        }
        let jsonata = state.query_language == QueryLanguage::Jsonata;
        let taken = emr_cluster::readers(flow, index, self.targets);
        let to_end = result_place(state).is_some_and(|place| flow.after_success(index, &place).to_end);
        let looked_at = !taken.is_empty()
            || (to_end && (readers.parts || readers.whole))
            || state.data.assign.is_some()
            || (jsonata && state.data.output.is_some())
            || keeps_output(state);
        let result = emr_cluster::result(state, self.targets).filter(|_| looked_at).unwrap_or_else(|| "{}".to_owned());
        if looked_at && let Some(mismatch) = emr_cluster::lacks(state, &taken, self.targets) {
            return Err(Some(mismatch));
        }
        for remark in emr_cluster::remarks(flow, index, self.targets) {
            self.sink.report(remark);
        }
        let gives =
            state.data.output.iter().chain(&state.data.assign).flat_map(Template::expressions).any(|(text, _)| mentions_result(text));
        if result.len() > 2 && (gives || !jsonata || state.data.output.is_none()) {
            let (who, at) = match taken.into_iter().next() {
                Some((who, _, at)) => (format!("`{who}` takes"), at),
                None => ("somebody may take".to_owned(), state.name.span().unwrap_or(state.span)),
            };
            let message =
                format!("{who} what `{}` says of its cluster → the name `{}`, because there is none", state.name.value, emr_cluster::NAME);
            self.sink.report(Diagnostic::changed(&PLN138, at, message).related(state.name.span(), "this state"));
        }
        self.sink.absorb(state.span, &PLN138, "the life of an EMR cluster, which jobs on Kubernetes do not need");
        let mut out = state.clone();
        out.retry.clear();
        out.catch.clear();
        let data = &mut out.data;
        data.parameters = None;
        data.arguments = None;
        data.input_path = None;
        if !looked_at && !jsonata && result_place(state).is_none_or(|place| place != Access::whole()) {
            data.result_selector = None;
            data.result_path = None;
            out.kind = StateKind::Pass { result: None };
            return Ok(out);
        }
        if !looked_at {
            // Nobody takes what a selector would take out of an empty answer.
            data.result_selector = None;
        }
        let resource = Some(Val::text(format!("{CONSTANT}{result}"), Origins::none()));
        out.kind = StateKind::Task(Box::new(Task::of(resource)));
        Ok(out)
    }

    /// The Task of one job.
    fn job(&mut self, flow: &Flow<'_>, index: usize, idiom: &Idiom<'_>, readers: Readers) -> Result<State, Option<Mismatch>> {
        let flat = &flow.states[index];
        let state = flat.state;
        let inside: Vec<&State> = std::iter::once(index).chain(idiom.absorbed.iter().copied()).map(|i| flow.states[i].state).collect();
        let mismatch = |state: &State, why: String| Some(Mismatch { why, span: state.name.span().unwrap_or(state.span) });
        let waits = idiom.polling.is_none();
        if let Some(other) = inside.iter().find(|state| !(moves_nothing_else(state) || (waits && takes_no_result(state)))) {
            let why = format!("`{}` belongs to a Spark job and moves data besides, which this version does not read", other.name.value);
            return Err(mismatch(other, why));
        }
        let places =
            |state: &&State| matches!(state.kind, StateKind::Task(_)) && state.data.output.is_none() && result_place(state).is_some();
        let left: Vec<&State> = inside.iter().copied().filter(|state| places(state)).collect();
        if !self.nobody_looks_inside(flow, &left, idiom, readers) {
            let why = format!(
                "an expression takes apart a document that holds what the job of `{}` left there, which a Spark job on Kubernetes does not have",
                state.name.value
            );
            return Err(mismatch(state, why));
        }
        if keeps_output(state)
            && (!waits || state.data.output_path.as_ref().is_some_and(|path| selects(path, result_place(state).as_ref())))
        {
            let why = format!("`{}` takes the document's part that its job leaves, and on Kubernetes it leaves none", state.name.value);
            return Err(mismatch(state, why));
        }
        let StateKind::Task(call) = &state.kind else { return Err(None) };
        job::no_own_role(state).map_err(|why| mismatch(state, why))?;
        let failure = if waits { None } else { job::submission_failure(flat, idiom, self.sink).map_err(|why| mismatch(state, why))? };
        let name = self.names.unique(&label(&state.name.value, 63));
        let envelope = matches!(self.targets.get(state), Some(Target::Function { envelope: true, .. }));
        let input = |event: &Access| {
            let base = if envelope { Access::Fields(vec!["Payload".to_owned()]) } else { Access::whole() };
            base.join(event).to_path().ok_or_else(|| "reads a part of its input that no path names".to_owned())
        };
        let place = Place {
            name: Sourced::new(name.clone(), state.name.origins.clone()),
            settings: self.around.settings,
            input: &input,
            span: state.name.span().or(Some(state.span)),
            yarn: idiom.yarn,
        };
        let Ok(job) = job::sized(state, idiom, &place, self.sink) else {
            for open in &super::placeholders::open(state) {
                self.sink.report(super::carried::unanswered(state, open));
            }
            return Err(None);
        };
        job::report(flow, state, idiom, failure.is_some(), self.sink);
        let mut task = state.clone();
        if matches!(self.targets.get(state), Some(Target::Service(_))) {
            let used = used(&job);
            let places: Vec<&[String]> = used.iter().map(Vec::as_slice).collect();
            for sent in [&mut task.data.parameters, &mut task.data.arguments].into_iter().flatten() {
                *sent = pruned(sent, &places);
            }
        }
        self.jobs.push(job);
        for inside in &idiom.absorbed {
            let note = "part of submit, wait, poll and choose: the operator watches the job";
            self.sink.absorb(flow.states[*inside].state.span, &PLN101, note);
        }
        self.replaced.extend(&idiom.functions);

        // The function's name led to the batch and stands nowhere in the output.
        let resource = Some(Val::text(format!("{JOB}{name}"), Origins::none()));
        // Of a job that nobody waits for it is the call's, which takes no time.
        let timeout_seconds = call.timeout_seconds.clone().filter(|_| waits && idiom.watched);
        if let Some(Number::Literal(seconds)) = &timeout_seconds {
            let message = format!(
                "`{}`: after {} s the job is cancelled → the workflow stops waiting for it, and it runs on",
                state.name.value, seconds.value
            );
            self.sink.report(Diagnostic::changed(&PLN137, seconds.span(), message));
        }
        task.kind = StateKind::Task(Box::new(Task { timeout_seconds, ..Task::of(resource) }));
        task.retry.clear();
        task.data.result_selector = None;
        if state.query_language == QueryLanguage::JsonPath {
            // An empty object stands where the job's result was the whole document.
            task.data.result_path = (result_place(state) != Some(Access::whole())).then_some(PathField::Null(state.span));
        }
        if !waits {
            task.next = next(flow, &idiom.success);
            if let Some(own) = state.catch.first().filter(|own| !matches!(own.result_path, Some(PathField::Null(_)))) {
                let message = format!(
                    "`{}`: a submission that failed for good left its error in the document, a job that failed did not → neither does",
                    state.name.value
                );
                self.sink.report(Diagnostic::changed(&PLN137, own.span, message));
            }
            task.catch = failure.and_then(|edge| catcher(flow, state, &edge)).into_iter().collect();
        }
        Ok(task)
    }

    /// Whether nobody can miss what the job's states left in the document; who takes all of it is told.
    fn nobody_looks_inside(&mut self, flow: &Flow<'_>, left: &[&State], idiom: &Idiom<'_>, readers: Readers) -> bool {
        let mut exits = vec![idiom.success.to];
        exits.extend(idiom.failure.iter().map(|edge| edge.to));
        let mut taker = None;
        let mut to_end = false;
        for place in left.iter().filter_map(|state| result_place(state)) {
            let after = flow.after(&exits, idiom.submit, &place);
            to_end |= after.to_end;
            for (reader, _, at) in after.readers.into_iter().filter(|(reader, ..)| !emr_cluster::is(reader, self.targets)) {
                // An expression of JSONata may read any part.
                if reader.query_language == QueryLanguage::Jsonata {
                    return false;
                }
                taker.get_or_insert((reader.name.value.clone(), at));
            }
        }
        if to_end && readers.parts {
            return false;
        }
        let state = flow.states[idiom.submit].state;
        let who = match taker {
            Some((who, at)) => Some((format!("`{who}` takes"), Some(at))),
            None => (to_end && readers.whole).then(|| ("the output holds".to_owned(), None)),
        };
        if let Some((who, related)) = who {
            let message = format!("{who} the whole document, with what the job of `{}` left there → without it", state.name.value);
            let mut report = Diagnostic::changed(&PLN137, state.name.span().unwrap_or(state.span), message);
            if let Some(related) = related {
                report = report.related(related, "here");
            }
            self.sink.report(report.help("where somebody needs them, look at the SparkApplication instead"));
        }
        true
    }
}

/// Who reads what leaves the graphs inside a state.
fn below(flow: &Flow<'_>, index: usize, readers: Readers) -> Readers {
    let state = flow.states[index].state;
    let selects = !matches!(&state.data.output_path, None | Some(PathField::Null(_))) && keeps_output(state);
    if state.query_language == QueryLanguage::Jsonata || state.data.result_selector.is_some() || state.data.assign.is_some() || selects {
        return Readers { whole: true, parts: true };
    }
    let mut below = Readers { whole: false, parts: false };
    let Some(place) = result_place(state) else { return below };
    let after = flow.after_success(index, &place);
    for (reader, read, _) in &after.readers {
        let deeper = match (read, &place) {
            (Access::Fields(read), Access::Fields(place)) => read.len() > place.len(),
            _ => true,
        };
        below.parts |= deeper || reader.query_language == QueryLanguage::Jsonata;
        below.whole = true;
    }
    if after.to_end {
        below.whole |= readers.whole;
        below.parts |= readers.parts;
    }
    below
}

/// Whether an `OutputPath` takes what stands at a place.
fn selects(path: &PathField, place: Option<&Access>) -> bool {
    match path {
        PathField::Null(_) => false,
        PathField::Path(path) => place.is_some_and(|place| super::path::reads(&path.value).overlaps(place)),
    }
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

/// Whether a state in JSONata takes nothing from its result.
fn takes_no_result(state: &State) -> bool {
    let data = &state.data;
    state.query_language == QueryLanguage::Jsonata
        && [&data.output, &data.assign].into_iter().flatten().flat_map(Template::expressions).all(|(text, _)| !mentions_result(text))
}

/// Places in what is sent that a job's arguments come from.
fn used(job: &SparkJob) -> Vec<Vec<String>> {
    let pieces = job.arguments.iter().flat_map(|argument| &argument.value);
    pieces
        .filter_map(|piece| match piece {
            Piece::Input(path) => match super::path::parse(path) {
                Access::Fields(fields) => Some(fields),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// What is sent, with nothing in it but what is used: words of a job that are known stand in its manifest, and one of them may be a secret. Nesting is bounded by the
/// source layer's limit on depth.
fn pruned(template: &Template, places: &[&[String]]) -> Template {
    let below = |key: &str| -> Vec<&[String]> {
        let inside = places.iter().filter_map(|place| place.split_first());
        inside.filter(|(first, _)| *first == key).map(|(_, rest)| rest).collect()
    };
    let null = || Template { value: TemplateValue::Null, span: template.span };
    let value = match &template.value {
        _ if places.iter().any(|place| place.is_empty()) => return template.clone(),
        TemplateValue::Map(entries) => {
            let kept = entries.iter().map(|(key, value)| (key, value, below(&key.value))).filter(|(.., places)| !places.is_empty());
            TemplateValue::Map(kept.map(|(key, value, places)| (key.clone(), pruned(value, &places))).collect())
        }
        TemplateValue::List(items) => {
            let item = |(index, item): (usize, &Template)| {
                let places = below(&index.to_string());
                if places.is_empty() { null() } else { pruned(item, &places) }
            };
            TemplateValue::List(items.iter().enumerate().map(item).collect())
        }
        TemplateValue::PathExpression(text) => match Call::parse(text) {
            Ok(call) if call.view().name() == "Array" => {
                let arguments = call.view().arguments();
                let item = |(index, argument): (usize, &ArgumentView<'_>)| match argument {
                    _ if below(&index.to_string()).is_empty() => Some(null()),
                    ArgumentView::Path(path) => {
                        Some(Template { value: TemplateValue::PathExpression(path.text().to_owned()), span: template.span })
                    }
                    _ => None,
                };
                // A call inside the call has no text of its own.
                match arguments.iter().enumerate().map(item).collect::<Option<Vec<_>>>() {
                    Some(items) => TemplateValue::List(items),
                    None => return template.clone(),
                }
            }
            _ => return template.clone(),
        },
        _ => return template.clone(),
    };
    Template { value, span: template.span }
}

fn next(flow: &Flow<'_>, edge: &Edge) -> Option<Next> {
    match edge.to {
        Dest::State(index) => Some(Next::State(Sourced::new(flow.states[index].state.name.value.clone(), edge.via.clone()))),
        Dest::Exit => edge.via.first().map(Next::End),
        Dest::Nowhere => None,
    }
}

/// Where a failed job goes, without a trace in the document, as the Choice sent it there.
fn catcher(flow: &Flow<'_>, state: &State, edge: &Edge) -> Option<Catcher> {
    let Dest::State(to) = edge.to else { return None };
    let name = &flow.states[to].state.name.value;
    let own = state.catch.first();
    Some(Catcher {
        error_equals: vec![Sourced::new("States.ALL".to_owned(), edge.via.clone())],
        next: Some(Sourced::new(name.clone(), edge.via.clone())),
        result_path: Some(PathField::Null(state.span)),
        output: None,
        assign: None,
        comment: own.and_then(|catcher| catcher.comment.clone()),
        span: own.map_or(state.span, |catcher| catcher.span),
    })
}
