//! What holds between states: targets exist, every state is reached, a run can end, names are unique.
use crate::import::asl::fields;
use crate::import::asl::reader::has_placeholder;
use crate::ir::machine::{Graph, Machine, Next, State, StateKind};
use crate::source::rules::asl::{ASL111, ASL112, ASL119, ASL120};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Sourced, Span};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound::{Excluded, Included, Unbounded};

/// Checks every graph of the machine.
pub(super) fn machine(machine: &Machine, sink: &mut Sink) {
    let mut names = BTreeMap::new();
    let mut compared = MOST_COMPARED;
    collect(&machine.graph, &mut names, sink);
    graph(&machine.graph, "the state machine", &names, &mut compared, sink);
}

/// Every name of the machine with its first place; reports the others (`DUPLICATE_STATE_NAME`, cfn-lint#3616; the scope is the
/// whole machine: the specification, "States").
fn collect<'m>(of: &'m Graph, names: &mut BTreeMap<&'m str, Option<Span>>, sink: &mut Sink) {
    for state in &of.states {
        match names.get(state.name.value.as_str()) {
            Some(first) => sink.report(
                Diagnostic::error(&ASL120, state.name.span(), format!("two states have the name `{}`", state.name.value))
                    .related(*first, "the other one")
                    .help("rename one of them: names are unique in the whole state machine"),
            ),
            None => {
                names.insert(&state.name.value, state.name.span());
            }
        }
        for (_, inner) in inner_graphs(state) {
            collect(inner, names, sink);
        }
    }
}

/// The graphs inside a state, with what a message calls them.
fn inner_graphs(state: &State) -> Vec<(String, &Graph)> {
    let name = &state.name.value;
    match &state.kind {
        StateKind::Parallel { branches } => {
            branches.iter().enumerate().map(|(at, branch)| (format!("branch {} of state `{name}`", at + 1), branch)).collect()
        }
        StateKind::Map(map) => map.processor.iter().map(|graph| (format!("the processor of state `{name}`"), graph)).collect(),
        _ => Vec::new(),
    }
}

/// Every state that `state` can lead to, by the name that the source uses.
pub(super) fn targets(state: &State) -> Vec<&Sourced<String>> {
    let mut out = Vec::new();
    if let Some(Next::State(name)) = &state.next {
        out.push(name);
    }
    if let StateKind::Choice { rules, default } = &state.kind {
        out.extend(rules.iter().filter_map(|rule| rule.next.as_ref()));
        out.extend(default);
    }
    out.extend(state.catch.iter().filter_map(|catcher| catcher.next.as_ref()));
    out
}

pub(super) fn ends(state: &State) -> bool {
    matches!(state.next, Some(Next::End(_))) || matches!(state.kind, StateKind::Succeed | StateKind::Fail(_))
}

/// So many pairs of names are compared in one machine in search of what was meant. Where hardly a name is right, to compare each with all others would take
/// the square of the machine's size; then only its neighbours in the order of names are looked at.
const MOST_COMPARED: usize = 100_000;
const NEIGHBOURS: usize = 8;

fn graph(of: &Graph, what: &str, names: &BTreeMap<&str, Option<Span>>, compared: &mut usize, sink: &mut Sink) {
    let index: BTreeMap<&str, usize> = of.states.iter().enumerate().map(|(at, state)| (state.name.value.as_str(), at)).collect();
    // Whether something that leads on is unknown: then nothing is said of what cannot be reached or cannot end.
    let mut open = false;
    let mut edges = Vec::with_capacity(of.states.len());
    for state in &of.states {
        let mut leads_to = Vec::new();
        for target in targets(state) {
            match resolve(target, &index, what, names, compared, sink) {
                Some(at) => leads_to.push(at),
                None => open |= has_placeholder(&target.value),
            }
        }
        edges.push(leads_to);
    }
    let start = of.start_at.as_ref().and_then(|start| {
        open |= has_placeholder(&start.value);
        resolve(start, &index, what, names, compared, sink)
    });
    if !open && let Some(start) = start {
        reach(of, what, start, &edges, sink);
    }
    for state in &of.states {
        for (what, inner) in inner_graphs(state) {
            graph(inner, &what, names, compared, sink);
        }
    }
}

/// The state of this name in the graph; reports where there is none.
fn resolve(
    target: &Sourced<String>,
    index: &BTreeMap<&str, usize>,
    what: &str,
    names: &BTreeMap<&str, Option<Span>>,
    compared: &mut usize,
    sink: &mut Sink,
) -> Option<usize> {
    let name = target.value.as_str();
    if let Some(at) = index.get(name) {
        return Some(*at);
    }
    if has_placeholder(name) {
        return None;
    }
    let mut report = Diagnostic::error(&ASL111, target.span(), format!("there is no state `{name}` in {what}"));
    report = if let Some(elsewhere) = names.get(name) {
        report.related(*elsewhere, "it is here").help("a transition cannot enter or leave a branch or an item processor")
    } else if let Some(near) = nearest(name, index, compared) {
        report.help(format!("did you mean `{near}`?"))
    } else {
        report.help("correct the name, or add the state")
    };
    sink.report(report);
    None
}

/// The state that was probably meant; `compared`: how many more may be.
fn nearest<'m>(name: &str, index: &BTreeMap<&'m str, usize>, compared: &mut usize) -> Option<&'m str> {
    if let Some(left) = compared.checked_sub(index.len()) {
        *compared = left;
        return fields::nearest(name, index.keys().copied());
    }
    let before = index.range::<str, _>((Unbounded, Excluded(name))).rev().take(NEIGHBOURS);
    let after = index.range::<str, _>((Included(name), Unbounded)).take(NEIGHBOURS);
    fields::nearest(name, before.chain(after).map(|(name, _)| *name))
}

/// Reports what cannot be reached, and what cannot end.
fn reach(of: &Graph, what: &str, start: usize, edges: &[Vec<usize>], sink: &mut Sink) {
    let count = of.states.len();
    let reached = flood(count, &[start], edges);
    // A transition that is missing or wrong is reported where it is; it may well be the way out.
    let broken = |(at, state): (usize, &State)| {
        edges.get(at).is_none_or(|leads_to| leads_to.len() < targets(state).len())
            || (state.next.is_none() && !matches!(state.kind, StateKind::Choice { .. } | StateKind::Succeed | StateKind::Fail(_)))
    };
    let exits: Vec<usize> =
        of.states.iter().enumerate().filter(|(at, state)| ends(state) || broken((*at, state))).map(|(at, _)| at).collect();
    if exits.is_empty() {
        // MISSING_END_STATE, floci#2735.
        let report = Diagnostic::error(&ASL119, of.start_at.as_ref().and_then(Sourced::span), format!("no state of {what} ends it"));
        sink.report(report.help("add `End: true` to the last state, or a Succeed or Fail state"));
        return;
    }
    for (state, reached) in of.states.iter().zip(&reached) {
        if !reached {
            let report = Diagnostic::error(&ASL112, state.name.span(), format!("nothing leads to state `{}`", state.name.value));
            sink.report(report.help("add a transition to it, or remove it"));
        }
    }
    let mut back = vec![Vec::new(); count];
    for (from, leads_to) in edges.iter().enumerate() {
        for to in leads_to {
            if let Some(sources) = back.get_mut(*to) {
                sources.push(from);
            }
        }
    }
    let can_end = flood(count, &exits, &back);
    let mut stuck = of
        .states
        .iter()
        .enumerate()
        .filter(|(at, _)| reached.get(*at).copied().unwrap_or_default() && !can_end.get(*at).copied().unwrap_or_default());
    if let Some((_, first)) = stuck.next() {
        let mut report =
            Diagnostic::warning(&ASL119, first.name.span(), format!("a run that gets to state `{}` never ends", first.name.value));
        for (_, state) in stuck {
            report = report.related(state.name.span(), "nor from here");
        }
        sink.report(report.help("add a way out, such as a rule for the case that it never succeeds"));
    }
}

/// Which of `count` nodes are reached from `from`.
fn flood(count: usize, from: &[usize], edges: &[Vec<usize>]) -> Vec<bool> {
    let mut seen = vec![false; count];
    let mut queue: VecDeque<usize> = from.iter().copied().collect();
    while let Some(at) = queue.pop_front() {
        if let Some(seen) = seen.get_mut(at).filter(|seen| !**seen) {
            *seen = true;
            queue.extend(edges.get(at).into_iter().flatten());
        }
    }
    seen
}
