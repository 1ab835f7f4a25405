//! A machine's graph, flattened: every state with where it leads, one-branch Parallels opened, names resolved.
use super::data::{Effects, effects};
use super::link::Targets;
use super::path::Access;
use crate::ir::estate::Estate;
use crate::ir::machine::{Graph, Next, State, StateKind};
use crate::source::span::{Origins, Sourced, Span};
use std::collections::BTreeMap;

/// Where control goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Dest {
    State(usize),
    /// The run ends well.
    Exit,
    /// A state that is not defined, or a missing transition; the importer reported it.
    Nowhere,
}

/// A transition and the source values that say it.
#[derive(Clone, Debug)]
pub struct Edge {
    pub to: Dest,
    pub via: Origins,
}

/// One state of the flattened graph.
#[derive(Debug)]
pub struct Flat<'m> {
    pub state: &'m State,
    /// Transitions in the order of the source: `Next`/`End`, or a Choice's rules and then its Default, then catchers.
    pub edges: Vec<Edge>,
    pub effects: Effects,
    pub role: Role,
}

/// What a flattened state stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The state itself.
    Plain,
    /// The way into a Parallel with one branch, whose branch stands in its place.
    Opening,
    /// The end of such a branch, where the Parallel puts its result.
    Closing,
}

/// Who reads a part of the document, and whether it is still there where the graph ends.
#[derive(Debug)]
pub struct After<'m> {
    /// Each with the part that it reads, which may be more than the part in question.
    pub readers: Vec<(&'m State, Access, Span)>,
    pub to_end: bool,
}

/// A flattened machine (or branch of a Parallel with several).
#[derive(Debug)]
pub struct Flow<'m> {
    pub states: Vec<Flat<'m>>,
    pub start: Edge,
}

impl<'m> Flow<'m> {
    #[must_use]
    pub fn new(graph: &'m Graph, targets: &Targets, estate: &Estate) -> Self {
        Self::of(graph, targets, estate, true)
    }

    /// The graph as it is: a Parallel with one branch stays one state, and a state's index is that in the graph.
    #[must_use]
    pub fn separate(graph: &'m Graph, targets: &Targets, estate: &Estate) -> Self {
        Self::of(graph, targets, estate, false)
    }

    fn of(graph: &'m Graph, targets: &Targets, estate: &Estate, flatten: bool) -> Self {
        let mut flow = Flow { states: Vec::new(), start: Edge { to: Dest::Nowhere, via: Origins::none() } };
        let end = Edge { to: Dest::Exit, via: Origins::none() };
        flow.start = flow.open(graph, &end, targets, estate, flatten);
        flow
    }

    /// Adds the states of a graph; `after` is where its end leads. Returns the way in. Nesting is bounded by the source
    /// layer's limit on depth.
    fn open(&mut self, graph: &'m Graph, after: &Edge, targets: &Targets, estate: &Estate, flatten: bool) -> Edge {
        let first = self.states.len();
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        for state in &graph.states {
            names.entry(&state.name.value).or_insert(self.states.len());
            let (role, effects) =
                if flatten && opens(state) { (Role::Opening, Effects::default()) } else { (Role::Plain, effects(state, targets, estate)) };
            self.states.push(Flat { state, edges: Vec::new(), effects, role });
        }
        let resolve = |target: &Option<Sourced<String>>| match target {
            Some(name) => Edge { to: names.get(name.value.as_str()).map_or(Dest::Nowhere, |i| Dest::State(*i)), via: name.origins.clone() },
            None => Edge { to: Dest::Nowhere, via: Origins::none() },
        };
        for (offset, state) in graph.states.iter().enumerate() {
            let mut edges = Vec::new();
            match &state.kind {
                StateKind::Choice { rules, default } => {
                    edges.extend(rules.iter().map(|rule| resolve(&rule.next)));
                    if default.is_some() {
                        edges.push(resolve(default));
                    }
                }
                StateKind::Succeed => edges.push(after.clone()),
                StateKind::Fail(_) => {}
                _ => edges.push(match &state.next {
                    Some(Next::State(name)) => resolve(&Some(name.clone())),
                    Some(Next::End(span)) => Edge { to: after.to, via: after.via.clone().with(&Origins::one(*span)) },
                    None => Edge { to: Dest::Nowhere, via: Origins::none() },
                }),
            }
            edges.extend(state.catch.iter().map(|catcher| resolve(&catcher.next)));
            if self.states[first + offset].role == Role::Opening
                && let StateKind::Parallel { branches } = &state.kind
                && let Some(branch) = branches.first()
            {
                let next = edges.first().cloned().unwrap_or(Edge { to: Dest::Nowhere, via: Origins::none() });
                let closing = self.states.len();
                self.states.push(Flat {
                    state,
                    edges: vec![next],
                    effects: {
                        let Effects { writes, success, .. } = effects(state, targets, estate);
                        Effects { reads: Vec::new(), writes, success }
                    },
                    role: Role::Closing,
                });
                let end = Edge { to: Dest::State(closing), via: Origins::none() };
                edges = vec![self.open(branch, &end, targets, estate, flatten)];
            }
            self.states[first + offset].edges = edges;
        }
        resolve(&graph.start_at)
    }

    /// Follows the ways in and out of opened Parallels to the state that control really reaches, collecting what it passes.
    #[must_use]
    pub fn through(&self, edge: &Edge) -> Edge {
        let mut edge = edge.clone();
        for _ in 0..=self.states.len() {
            match edge.to {
                Dest::State(index) if self.states[index].role != Role::Plain => {
                    let Some(inner) = self.states[index].edges.first() else { break };
                    edge = Edge { to: inner.to, via: edge.via.with(&inner.via) };
                }
                _ => break,
            }
        }
        edge
    }

    /// Which states can come before each state: `before[b]` holds every `a` with a path from `a` to `b`.
    #[must_use]
    pub fn predecessors(&self) -> Vec<Vec<usize>> {
        let mut before = vec![Vec::new(); self.states.len()];
        for (index, flat) in self.states.iter().enumerate() {
            for edge in &flat.edges {
                if let Dest::State(to) = edge.to {
                    before[to].push(index);
                }
            }
        }
        before
    }

    /// Every state from which `index` can be reached, itself only when a loop leads back to it.
    #[must_use]
    pub fn ancestors(&self, index: usize, predecessors: &[Vec<usize>]) -> Vec<usize> {
        let mut seen = vec![false; self.states.len()];
        let mut work = vec![index];
        while let Some(at) = work.pop() {
            for before in &predecessors[at] {
                if !seen[*before] {
                    seen[*before] = true;
                    work.push(*before);
                }
            }
        }
        (0..seen.len()).filter(|i| seen[*i]).collect()
    }

    /// What becomes of a part of the document that `of` left there, from these places on, until something else takes its place.
    #[must_use]
    pub fn after(&self, from: &[Dest], of: usize, place: &Access) -> After<'m> {
        let replaces = |write: &Access| match (write, place) {
            (Access::Fields(write), Access::Fields(place)) => place.starts_with(write),
            _ => false,
        };
        let mut after = After { readers: Vec::new(), to_end: false };
        let mut seen = vec![false; self.states.len()];
        let mut work: Vec<Dest> = from.to_vec();
        while let Some(dest) = work.pop() {
            let Dest::State(index) = dest else {
                after.to_end |= dest == Dest::Exit;
                continue;
            };
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            let flat = &self.states[index];
            let reads = flat.effects.reads.iter().filter(|(read, _)| read.overlaps(place));
            after.readers.extend(reads.map(|(read, span)| (flat.state, read.clone(), *span)));
            if index == of {
                continue;
            }
            let catches = if flat.role == Role::Plain { flat.state.catch.len() } else { 0 };
            let (success, caught) = flat.edges.split_at(flat.edges.len().saturating_sub(catches));
            if !flat.effects.success.iter().any(replaces) {
                work.extend(success.iter().map(|edge| edge.to));
            }
            for (edge, catcher) in caught.iter().zip(&flat.state.catch) {
                if !super::data::caught_place(catcher, flat.state).is_some_and(|write| replaces(&write)) {
                    work.push(edge.to);
                }
            }
        }
        after
    }

    /// What becomes of a part of the document that a state left there when it succeeded.
    #[must_use]
    pub fn after_success(&self, of: usize, place: &Access) -> After<'m> {
        let next: Vec<Dest> = self.states[of].edges.first().map(|edge| edge.to).into_iter().collect();
        self.after(&next, of, place)
    }

    /// The first state from these on that reads inside a part of the document which `of` left there, until something else takes its place.
    #[must_use]
    pub fn reader_after(&self, from: &[Dest], of: usize, place: &Access) -> Option<(&'m State, Span)> {
        let after = self.after(from, of, place);
        after.readers.into_iter().find(|(_, read, _)| *read != Access::whole()).map(|(state, _, span)| (state, span))
    }

    /// Every state that can be reached from these.
    #[must_use]
    pub fn reachable(&self, from: &[Dest]) -> Vec<bool> {
        let mut seen = vec![false; self.states.len()];
        let mut work: Vec<Dest> = from.to_vec();
        while let Some(dest) = work.pop() {
            if let Dest::State(index) = dest
                && !std::mem::replace(&mut seen[index], true)
            {
                work.extend(self.states[index].edges.iter().map(|e| e.to));
            }
        }
        seen
    }
}

/// A Parallel with one branch runs that branch and nothing beside it. It is opened when nothing else hangs on it: no
/// Retry, no Catch, and the branch gets the whole document.
fn opens(state: &State) -> bool {
    let StateKind::Parallel { branches } = &state.kind else { return false };
    branches.len() == 1
        && state.retry.is_empty()
        && state.catch.is_empty()
        && state.data.input_path.is_none()
        && state.data.parameters.is_none()
        && state.data.arguments.is_none()
        && state.data.assign.is_none()
}
