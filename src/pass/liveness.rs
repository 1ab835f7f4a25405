//! Liveness of the state document by path: what nobody reads is not put there.
//!
//! Backwards over the graph to a fixed point ([`live`]): what is read of the document where each state begins. A result that is put where nobody reads it is thrown away, as
//! `ResultPath: null` does; a Pass that only does that does nothing; results of branches and items that nobody reads are not looked at in the graphs inside either.
//! Nothing is read at the end of a run whose output has no reader in the estate.
//!
//! Exact is that only where what is left out could not fail. So forwards, before it ([`known`]): where the document is an object, and which fields it has, on every way. A
//! `ResultPath` fails on what is no object, a selector on a path that leads nowhere; those that may, stay. What fails may quote the document in its cause
//! ([`reads`]), and then it reads all of it.
//!
//! One failure is lost: a document of more than 256 KiB ends an execution with `States.DataLimitExceeded`, and without what nobody reads it may have less. What a call
//! gives is still held to the limit, by the call itself.
mod known;
mod live;
mod reads;
mod summary;

use crate::ir::job::SparkJob;
use crate::ir::machine::{Graph, Next, PathField, QueryLanguage, State, StateKind};
use crate::simulate::engine::Way;
use crate::source::span::{Origins, Sourced, Span};
use known::Known;
use live::Live;
use std::collections::{BTreeMap, BTreeSet};
use summary::{Around, Facts, Goes, Summary};

/// Something that is not put into the document any more.
#[derive(Clone, Debug)]
pub struct Unread {
    /// The state that made it.
    pub state: String,
    pub span: Span,
    /// The texts of the source that say so.
    pub origins: Origins,
}

/// Takes out of a graph what nobody reads. `output`: whether somebody reads what the run leaves. Gives what was taken out, in the order of the graph.
pub fn rewrite(graph: &mut Graph, output: bool, jobs: &[SparkJob]) -> Vec<Unread> {
    let context = summary::context();
    let original = graph.clone();
    let Some(mut node) = Node::new(&original, Facts::default(), &context, jobs) else { return Vec::new() };
    node.solve();
    let mut unread = Vec::new();
    node.rewrite(graph, output, &mut unread);
    unread
}

/// A way out of a state; `None`: the graph ends there.
type Edge = (Way, Option<usize>);

/// A graph with what is known of it.
struct Node<'g> {
    graph: &'g Graph,
    start: usize,
    edges: Vec<Vec<Edge>>,
    /// Of the states that can be reached.
    summaries: Vec<Option<Summary>>,
    /// The graphs inside each state.
    inner: Vec<Vec<Node<'g>>>,
    /// What is read where each state begins: where nobody reads what the graph leaves, and where somebody does.
    before: [Vec<Live>; 2],
}

/// What becomes of a state.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that is left out or not")]
struct Decision {
    /// Read of the document where the result has been put into it.
    combined: Live,
    /// Whether the result is thrown away.
    drops_result: bool,
    drops_output_path: bool,
    /// `Output` of JSONata.
    drops_output: bool,
    /// By the index of the rule.
    drops_rules: Vec<bool>,
    /// By the index of the catcher.
    drops_caught: Vec<bool>,
    /// Whether somebody reads what the graphs inside leave.
    takes_inner: bool,
}

fn names(graph: &Graph) -> Option<BTreeMap<&str, usize>> {
    let names: BTreeMap<&str, usize> = graph.states.iter().enumerate().map(|(index, state)| (state.name.value.as_str(), index)).collect();
    // Which of two states of one name is meant is not for us to say.
    (names.len() == graph.states.len()).then_some(names)
}

fn edges(state: &State, names: &BTreeMap<&str, usize>) -> Vec<Edge> {
    let to = |name: Option<&str>| name.and_then(|name| names.get(name).copied());
    let mut edges: Vec<Edge> = match &state.kind {
        StateKind::Choice { rules, default } => {
            let rules = rules.iter().enumerate();
            let rules = rules.map(|(index, rule)| (Way::Rule(index), to(rule.next.as_ref().map(|name| name.value.as_str()))));
            rules.chain(default.iter().map(|name| (Way::Default, to(Some(&name.value))))).collect()
        }
        StateKind::Fail(_) => Vec::new(),
        _ => match &state.next {
            Some(Next::State(name)) => vec![(Way::On, to(Some(&name.value)))],
            _ => vec![(Way::On, None)],
        },
    };
    let caught = state.catch.iter().enumerate();
    edges.extend(caught.map(|(index, catcher)| (Way::Caught(index), to(catcher.next.as_ref().map(|name| name.value.as_str())))));
    edges
}

impl<'g> Node<'g> {
    /// Goes forwards. Nesting is bounded by the source layer's limit on depth.
    fn new(graph: &'g Graph, entry: Facts, context: &Known, jobs: &[SparkJob]) -> Option<Self> {
        let names = names(graph)?;
        let start = *names.get(graph.start_at.as_ref()?.value.as_str())?;
        let edges: Vec<Vec<Edge>> = graph.states.iter().map(|state| edges(state, &names)).collect();
        let around = Around { context, jobs };
        let mut facts: Vec<Option<Facts>> = vec![None; graph.states.len()];
        let mut summaries: Vec<Option<Summary>> = graph.states.iter().map(|_| None).collect();
        facts[start] = Some(entry);
        let mut work = BTreeSet::from([start]);
        while let Some(at) = work.pop_first() {
            let (Some(entry), state) = (&facts[at], &graph.states[at]) else { continue };
            let summary = Summary::of(state, entry, &around);
            for (way, to) in &edges[at] {
                let Some(to) = *to else { continue };
                let next = summary.after(state, *way, &around);
                let next = facts[to].as_ref().map_or_else(|| next.clone(), |known| known.common(&next));
                if facts[to].as_ref() != Some(&next) {
                    facts[to] = Some(next);
                    work.insert(to);
                }
            }
            summaries[at] = Some(summary);
        }
        let mut inner = Vec::with_capacity(graph.states.len());
        for (state, summary) in graph.states.iter().zip(&summaries) {
            let Some(summary) = summary else {
                inner.push(Vec::new());
                continue;
            };
            let context = summary::inner_context(state, context);
            let graphs: Vec<&Graph> = match &state.kind {
                StateKind::Parallel { branches } => branches.iter().collect(),
                StateKind::Map(map) => map.processor.iter().collect(),
                _ => Vec::new(),
            };
            let node = |graph: &'g Graph| Node::new(graph, summary.inner.clone(), &context, jobs);
            inner.push(graphs.into_iter().map(node).collect::<Option<Vec<_>>>()?);
        }
        Some(Self { graph, start, edges, summaries, inner, before: [Vec::new(), Vec::new()] })
    }

    /// Goes backwards, the graphs inside first.
    fn solve(&mut self) {
        self.inner.iter_mut().flatten().for_each(Node::solve);
        let mut preceding: Vec<Vec<usize>> = vec![Vec::new(); self.graph.states.len()];
        for (at, edges) in self.edges.iter().enumerate() {
            for to in edges.iter().filter_map(|(_, to)| *to) {
                preceding[to].push(at);
            }
        }
        for taken in [false, true] {
            let mut before = vec![Live::nothing(); self.graph.states.len()];
            let mut work: BTreeSet<usize> = (0..self.graph.states.len()).collect();
            while let Some(at) = work.pop_last() {
                let live = self.of_state(at, &before, taken);
                if before[at].add(&live) {
                    work.extend(&preceding[at]);
                }
            }
            self.before[usize::from(taken)] = before;
        }
    }

    /// What is read of what the graph is given.
    fn given(&self, taken: bool) -> Live {
        self.before[usize::from(taken)].get(self.start).cloned().unwrap_or_default()
    }

    /// What is read where a way leads.
    fn after(&self, at: usize, way: Way, before: &[Live], taken: bool) -> Live {
        let edge = self.edges[at].iter().find(|(known, _)| *known == way);
        match edge {
            Some((_, Some(to))) => before[*to].clone(),
            Some((_, None)) if taken => Live::all(),
            _ => Live::nothing(),
        }
    }

    /// What is read where a state has done its own, whichever way it goes on, but for its catchers and for rules with an output of their own.
    fn on(&self, at: usize, before: &[Live], taken: bool) -> Live {
        let state = &self.graph.states[at];
        let StateKind::Choice { rules, .. } = &state.kind else { return self.after(at, Way::On, before, taken) };
        let mut live = if state.data.output.is_none() { self.after(at, Way::Default, before, taken) } else { Live::nothing() };
        for (index, rule) in rules.iter().enumerate() {
            if rule.output.is_none() {
                live.add(&self.after(at, Way::Rule(index), before, taken));
            }
        }
        live
    }

    fn decide(&self, at: usize, summary: &Summary, before: &[Live], taken: bool) -> Decision {
        let state = &self.graph.states[at];
        let data = &state.data;
        let by_paths = state.query_language == QueryLanguage::JsonPath;
        let is_choice = matches!(state.kind, StateKind::Choice { .. });
        let on = self.on(at, before, taken);
        let own_output = if is_choice { self.after(at, Way::Default, before, taken) } else { on.clone() };
        let drops_output_path = by_paths && on.is_nothing() && !summary.output.fails && data.output_path.is_some();
        let combined = if drops_output_path { Live::nothing() } else { summary.output.live(&on) };
        let drops_output = !by_paths && data.output.is_some() && own_output.is_nothing() && !summary.making_fails;
        let dead = summary.goes.is_dead(&combined) && summary.fits && data.assign.is_none() && by_paths;
        let drops_result = dead
            && match &state.kind {
                StateKind::Pass { .. } => !summary.making_fails,
                StateKind::Task(_) | StateKind::Parallel { .. } | StateKind::Map(_) => summary.selects_well,
                _ => false,
            };
        let caught = state.catch.iter().enumerate();
        let drops_caught = caught.map(|(index, catcher)| {
            let after = self.after(at, Way::Caught(index), before, taken);
            if by_paths {
                let goes = Goes::of(catcher.result_path.as_ref());
                catcher.assign.is_none() && matches!(goes, Goes::Field(_)) && goes.is_dead(&after) && goes.fits(summary.given())
            } else {
                catcher.output.is_some() && after.is_nothing() && !summary.catchers[index].1.fails
            }
        });
        let drops_rules = summary.rules.iter().enumerate().map(|(index, output)| {
            output.as_ref().is_some_and(|output| self.after(at, Way::Rule(index), before, taken).is_nothing() && !output.fails)
        });
        Decision {
            takes_inner: takes_inner(state, &combined, summary, drops_result, drops_output),
            drops_result,
            drops_output_path,
            drops_output,
            drops_rules: drops_rules.collect(),
            drops_caught: drops_caught.collect(),
            combined,
        }
    }

    /// What is read where a state begins.
    fn of_state(&self, at: usize, before: &[Live], taken: bool) -> Live {
        // Nobody comes here.
        let Some(summary) = &self.summaries[at] else { return Live::nothing() };
        let state = &self.graph.states[at];
        let by_paths = state.query_language == QueryLanguage::JsonPath;
        let decision = self.decide(at, summary, before, taken);
        let mut live = summary.always.clone();
        if matches!(state.kind, StateKind::Parallel { .. }) && state.sent().is_none() {
            let mut given = Live::nothing();
            for inner in &self.inner[at] {
                given.add(&inner.given(decision.takes_inner));
            }
            live.add(&summary.input.live(&given));
        }
        if by_paths && decision.drops_result {
            live.add(&decision.combined);
        } else if by_paths {
            live.add(&summary.goes.before(&decision.combined, if summary::produces(state) { &summary.shown } else { summary.given() }));
            live.add(&summary.making);
            if !summary::produces(state) && summary::passes_input(state) {
                live.add(&summary.input.live(&summary.goes.of_result(&decision.combined)));
            }
        } else {
            if state.data.output.is_some() && !decision.drops_output {
                live.add(&summary.making);
            }
            // What has no output of its own passes its input on.
            if !summary::produces(state) && (state.data.output.is_none() || matches!(state.kind, StateKind::Choice { .. })) {
                live.add(&decision.combined);
            }
            for (output, _) in summary.rules.iter().zip(&decision.drops_rules).filter(|(_, dropped)| !**dropped) {
                if let Some(output) = output {
                    live.add(&output.live);
                }
            }
        }
        for (index, (catcher, dropped)) in state.catch.iter().zip(&decision.drops_caught).enumerate() {
            let after = self.after(at, Way::Caught(index), before, taken);
            let (assigned, output) = &summary.catchers[index];
            live.add(assigned);
            let read = match (by_paths, dropped) {
                (true, true) => after,
                (true, false) => Goes::of(catcher.result_path.as_ref()).before(&after, summary.given()),
                (false, true) => Live::nothing(),
                (false, false) => output.live.clone(),
            };
            live.add(&read);
        }
        live
    }

    /// Takes out of the graph, which is this node's, what nobody reads.
    fn rewrite(&self, graph: &mut Graph, taken: bool, unread: &mut Vec<Unread>) {
        let before = &self.before[usize::from(taken)];
        for (at, state) in graph.states.iter_mut().enumerate() {
            let Some(summary) = &self.summaries[at] else { continue };
            let decision = self.decide(at, summary, before, taken);
            let mut origins = Origins::none();
            if decision.drops_result {
                throw_away(state, &mut origins);
            }
            if decision.drops_output_path {
                path_origins(state.data.output_path.take().as_ref(), &mut origins);
            }
            if decision.drops_output
                && let Some(output) = state.data.output.take()
            {
                origins.extend(&output.spans());
            }
            if let StateKind::Choice { rules, .. } = &mut state.kind {
                for (rule, _) in rules.iter_mut().zip(&decision.drops_rules).filter(|(_, dropped)| **dropped) {
                    if let Some(output) = rule.output.take() {
                        origins.extend(&output.spans());
                    }
                }
            }
            for (catcher, _) in state.catch.iter_mut().zip(&decision.drops_caught).filter(|(_, dropped)| **dropped) {
                if let Some(output) = catcher.output.take() {
                    origins.extend(&output.spans());
                }
                if state.query_language == QueryLanguage::JsonPath {
                    path_origins(catcher.result_path.as_ref(), &mut origins);
                    // A place that the workflow has anyway: what is thrown away is not in it.
                    catcher.result_path = Some(PathField::Null(catcher.next.as_ref().and_then(Sourced::span).unwrap_or(catcher.span)));
                }
            }
            if let Some(span) = origins.first() {
                unread.push(Unread { state: state.name.value.clone(), span, origins });
            }
            let graphs: Vec<&mut Graph> = match &mut state.kind {
                StateKind::Parallel { branches } => branches.iter_mut().collect(),
                StateKind::Map(map) => map.processor.iter_mut().collect(),
                _ => Vec::new(),
            };
            for (graph, node) in graphs.into_iter().zip(&self.inner[at]) {
                node.rewrite(graph, decision.takes_inner, unread);
            }
        }
    }
}

/// Whether somebody reads what the graphs inside a state leave.
fn takes_inner(state: &State, combined: &Live, summary: &Summary, drops_result: bool, drops_output: bool) -> bool {
    let written = matches!(&state.kind, StateKind::Map(map) if map.result_writer.is_some());
    if written || state.data.result_selector.is_some() && !drops_result {
        return true;
    }
    if state.query_language == QueryLanguage::JsonPath {
        return state.data.assign.is_some() || !summary.goes.of_result(combined).is_nothing();
    }
    let named = summary.assign_takes_result || (summary.output_takes_result && !drops_output);
    named || (!combined.is_nothing() && (state.data.output.is_none() || drops_output))
}

fn path_origins(path: Option<&PathField>, origins: &mut Origins) {
    match path {
        Some(PathField::Path(path)) => origins.extend(&path.origins),
        Some(PathField::Null(span)) => origins.extend(&Origins::one(*span)),
        None => {}
    }
}

/// Leaves the document as it was.
fn throw_away(state: &mut State, origins: &mut Origins) {
    let span = state.name.span().unwrap_or(state.span);
    let data = &mut state.data;
    if let StateKind::Pass { result } = &mut state.kind {
        if matches!(data.result_path, Some(PathField::Null(_))) && data.parameters.is_none() && data.input_path.is_none() {
            return;
        }
        for template in [result, &mut data.parameters] {
            if let Some(template) = template.take() {
                origins.extend(&template.spans());
            }
        }
        for path in [&mut data.input_path, &mut data.result_path] {
            path_origins(path.take().as_ref(), origins);
        }
        return;
    }
    if let Some(selector) = data.result_selector.take() {
        origins.extend(&selector.spans());
    }
    if let Some(PathField::Path(path)) = &data.result_path
        && Goes::of(data.result_path.as_ref()) != Goes::Whole
    {
        origins.extend(&path.origins);
        data.result_path = Some(PathField::Null(span));
    }
}
