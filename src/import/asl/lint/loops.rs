//! Polls without an end: loops that wait, and leave only when one thing happens.
//!
//! AWS accepts them, and such a run goes on until it times out after a year or has 25,000 events. A loop is left alone if anything
//! limits it: a `TimeoutSeconds` of the machine, a comparison of numbers or times (a counter), a `Default` that leads out, a Choice
//! state without `Default`, a second rule that leads out (for the case that it fails), or one with several conditions.
use super::graph;
use super::inner;
use crate::ir::machine::{Condition, Graph, Machine, State, StateKind};
use crate::source::rules::lint::ASL241;
use crate::source::sink::{Diagnostic, Sink};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn machine(machine: &Machine, sink: &mut Sink) {
    if machine.timeout_seconds.is_none() {
        of_graph(&machine.graph, sink);
    }
}

fn of_graph(of: &Graph, sink: &mut Sink) {
    let index: BTreeMap<&str, usize> = of.states.iter().enumerate().map(|(at, state)| (state.name.value.as_str(), at)).collect();
    let mut edges: DiGraph<(), ()> = DiGraph::with_capacity(of.states.len(), of.states.len());
    for _ in &of.states {
        edges.add_node(());
    }
    for (from, state) in of.states.iter().enumerate() {
        for target in graph::targets(state) {
            if let Some(to) = index.get(target.value.as_str()) {
                edges.add_edge(NodeIndex::new(from), NodeIndex::new(*to), ());
            }
        }
    }
    let mut found: Vec<usize> = Vec::new();
    for component in kosaraju_scc(&edges) {
        let members: BTreeSet<usize> = component.iter().map(|node| node.index()).collect();
        let states: Vec<&State> = members.iter().filter_map(|at| of.states.get(*at)).collect();
        let names: BTreeSet<&str> = states.iter().map(|state| state.name.value.as_str()).collect();
        if states.len() > 1 && unlimited(&states, &names) {
            found.extend(members.iter().find(|at| of.states.get(**at).is_some_and(leaves(&names))));
        }
    }
    found.sort_unstable();
    for state in found.into_iter().filter_map(|at| of.states.get(at)) {
        let message = format!("the loop around state `{}` ends only when one thing happens, and nothing limits it", state.name.value);
        let report = Diagnostic::warning(&ASL241, state.name.span(), message);
        sink.report(report.help("add a rule for failure, a counter, or a `TimeoutSeconds` of the state machine"));
    }
    for state in &of.states {
        for graph in inner(state) {
            of_graph(graph, sink);
        }
    }
}

/// Whether something leads out of the loop from a state.
fn leaves<'n>(names: &'n BTreeSet<&'n str>) -> impl Fn(&State) -> bool + 'n {
    |state| graph::targets(state).into_iter().any(|target| !names.contains(target.value.as_str()))
}

fn unlimited(states: &[&State], names: &BTreeSet<&str>) -> bool {
    if !states.iter().any(|state| matches!(state.kind, StateKind::Wait(_))) {
        return false;
    }
    let mut ways_out = 0;
    for state in states {
        let StateKind::Choice { rules, default } = &state.kind else {
            if graph::ends(state) || state.next.is_none() {
                return false;
            }
            if let Some(crate::ir::machine::Next::State(next)) = &state.next
                && !names.contains(next.value.as_str())
            {
                // A retry by hand: a task that goes back when it fails.
                ways_out += 1;
            }
            continue;
        };
        if default.as_ref().is_none_or(|default| !names.contains(default.value.as_str())) {
            return false;
        }
        for rule in rules {
            if limits(&rule.condition) {
                return false;
            }
            if rule.next.as_ref().is_none_or(|next| !names.contains(next.value.as_str())) {
                ways_out += 1;
            }
        }
    }
    ways_out == 1
}

/// Whether a condition looks like a limit, or like more than one thing that happens.
fn limits(condition: &Condition) -> bool {
    match condition {
        Condition::And(inner, _) => inner.iter().any(limits),
        Condition::Or(inner, _) => inner.len() > 1 || inner.iter().any(limits),
        Condition::Not(..) | Condition::Invalid(_) => true,
        Condition::Compare { operator, .. } => operator.value.starts_with("Numeric") || operator.value.starts_with("Timestamp"),
        Condition::Jsonata(text) => {
            ["<", ">", "!=", " or ", " in ", "$not", "$count", "$millis", "$now"].iter().any(|sign| text.value.contains(sign))
        }
    }
}
