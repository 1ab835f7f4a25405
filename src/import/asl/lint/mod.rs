//! What a linter says of a whole machine: what AWS refuses at `CreateStateMachine` beyond single fields, and what it accepts and users
//! regret.
//!
//! The checks run over the machine IR, after the reader: one file, one subject. An error is what AWS refuses, a warning or a
//! note is what a user would want to know. A text that a deployment completes (`${Name}`) is never judged.
//!
//! - [`graph`]: targets, reachability, ends, names of states; [`loops`]: polls without an end.
//! - [`states`]: names and sizes; [`tasks`]: resources, parameters, callbacks; [`handlers`]: Retry and Catch.
//! - [`choice`]: rules that never match; [`map`]: the parts of a distributed Map.
//! - [`uses`]: every expression of a state with its place, for [`paths`] (JSONPath and intrinsic functions), [`jsonata`] and
//!   [`variables`]; [`language`]: expressions of the other language.
mod choice;
mod graph;
mod handlers;
mod jsonata;
mod language;
mod loops;
mod map;
mod paths;
mod states;
mod tasks;
mod uses;
mod variables;

use crate::ir::machine::{Graph, Machine, State, StateKind};
use crate::source::sink::Sink;

/// Every check.
pub(super) fn machine(machine: &Machine, sink: &mut Sink) {
    graph::machine(machine, sink);
    loops::machine(machine, sink);
    states::machine(machine, sink);
    tasks::machine(machine, sink);
    let raised = handlers::raised(&machine.graph);
    each_state(&machine.graph, &mut |state| {
        handlers::state(state, &raised, sink);
        choice::state(state, sink);
        map::state(state, sink);
        paths::state(state, sink);
        jsonata::state(state, sink);
        language::state(state, sink);
    });
    map::labels(machine, sink);
    variables::machine(machine, sink);
}

/// What the type and the name of the machine forbid; for when a deployment has said them ([`Machine::machine_type`], [`Machine::name`]).
pub fn deployed(machine: &Machine, sink: &mut Sink) {
    states::machine_name(&machine.name, sink);
    if machine.machine_type.as_ref().is_some_and(|kind| kind.value.eq_ignore_ascii_case("EXPRESS")) {
        tasks::express(&machine.graph, "an express state machine", sink);
    }
}

/// The graphs inside a state.
fn inner(state: &State) -> Vec<&Graph> {
    match &state.kind {
        StateKind::Parallel { branches } => branches.iter().collect(),
        StateKind::Map(map) => map.processor.iter().collect(),
        _ => Vec::new(),
    }
}

/// Every state of a graph and of the graphs inside it, in the order of the source. As deep as the source nests, which its readers bound.
fn each_state<'m>(graph: &'m Graph, visit: &mut dyn FnMut(&'m State)) {
    for state in &graph.states {
        visit(state);
        for graph in inner(state) {
            each_state(graph, visit);
        }
    }
}

/// Whether a deployment, or a tool before it, completes this text.
fn completed_later(text: &str) -> bool {
    super::reader::has_placeholder(text) || text.contains("#{") || text.contains("{{") || text.contains("<%")
}
