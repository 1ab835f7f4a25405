//! Structuring: from a graph of steps to blocks.
//!
//! Where a step has two outcomes, its immediate post-dominator says where they meet again; outcomes that can only end in a
//! raise do not count, so a failure that alerts and ends the run stays beside the main line. Loops that no idiom took
//! are refused: this version has no block for them.
use super::flow::{Dest, Edge};
use crate::ir::plan::{Block, OnFailure, Stmt, StmtKind};
use crate::source::span::{Origins, Sourced};
use petgraph::algo::dominators::{self, Dominators};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// A step of the graph: what runs, and where control goes then.
#[derive(Clone, Debug)]
pub struct Step {
    pub kind: StepKind,
    /// A DNS label from the state's name.
    pub name: String,
    pub comment: Option<Sourced<String>>,
    pub origins: Origins,
}

#[derive(Clone, Debug)]
pub enum StepKind {
    /// Nothing runs.
    Skip(Edge),
    /// One statement and one way on.
    Plain(StmtKind, Edge),
    /// A statement that ends the run.
    Last(StmtKind),
    /// A job or a call whose failure is handled.
    Fallible { kind: StmtKind, next: Edge, failure: Edge },
}

impl StepKind {
    fn edges(&self) -> Vec<&Edge> {
        match self {
            StepKind::Skip(next) | StepKind::Plain(_, next) => vec![next],
            StepKind::Last(_) => Vec::new(),
            StepKind::Fallible { next, failure, .. } => vec![next, failure],
        }
    }
}

/// More statements than this are not written: shared tails are repeated in each branch, which must not explode.
const MOST_STATEMENTS: usize = 2_000;
/// Handlers inside handlers are templates inside templates.
const MOST_NESTED: usize = 64;

/// Turns steps into a block. `loops` is called for each step that a loop makes untranslatable, and gives the statement
/// that stands in its place; `cut` collects why anything else is not written, and where.
pub fn block(
    steps: &mut [Option<Step>],
    start: &Edge,
    cut: &mut Vec<(String, Origins)>,
    refuse_loop: &mut dyn FnMut(usize, &[usize]) -> StmtKind,
) -> Block {
    cut_loops(steps, start, refuse_loop);
    let graph = Graph::new(steps);
    let mut builder = Builder { steps, graph: &graph, written: 0, cut };
    let mut out = Block::new();
    builder.follow(start.clone(), Dest::Exit, &mut out, 0);
    out
}

/// Replaces the first step of every loop by what refuses it.
fn cut_loops(steps: &mut [Option<Step>], start: &Edge, refuse_loop: &mut dyn FnMut(usize, &[usize]) -> StmtKind) {
    loop {
        let mut graph = DiGraph::<(), ()>::with_capacity(steps.len(), steps.len());
        let nodes: Vec<NodeIndex> = steps.iter().map(|_| graph.add_node(())).collect();
        for (index, step) in steps.iter().enumerate() {
            for edge in step.iter().flat_map(|s| s.kind.edges()) {
                if let Dest::State(to) = edge.to {
                    graph.add_edge(nodes[index], nodes[to], ());
                }
            }
        }
        let looping = |component: &Vec<NodeIndex>| component.len() > 1 || component.first().is_some_and(|n| graph.contains_edge(*n, *n));
        // Not Tarjan's method: the crate's recurses, and a chain of states is as long as its author likes.
        let components: Vec<Vec<NodeIndex>> = kosaraju_scc(&graph).into_iter().filter(looping).collect();
        let mut of = vec![None; steps.len()];
        for (number, component) in components.iter().enumerate() {
            for node in component {
                of[node.index()] = Some(number);
            }
        }
        // The header is the member that a run reaches first.
        let mut first = vec![None; components.len()];
        for index in order_from(steps, start) {
            if let Some(number) = of[index] {
                first[number].get_or_insert(index);
            }
        }
        let members = components.into_iter().map(|component| component.iter().map(|node| node.index()).collect::<Vec<_>>());
        let cut: Vec<(usize, Vec<usize>)> = first.into_iter().zip(members).filter_map(|(first, members)| Some((first?, members))).collect();
        if cut.is_empty() {
            return;
        }
        for (first, mut members) in cut {
            members.sort_unstable();
            let kind = refuse_loop(first, &members);
            if let Some(step) = &mut steps[first] {
                step.kind = StepKind::Last(kind);
            }
        }
    }
}

/// Steps in the order in which a breadth-first walk reaches them.
fn order_from(steps: &[Option<Step>], start: &Edge) -> Vec<usize> {
    let mut order = Vec::new();
    let mut seen = vec![false; steps.len()];
    let mut work = std::collections::VecDeque::from([start.to]);
    while let Some(dest) = work.pop_front() {
        if let Dest::State(index) = dest
            && !std::mem::replace(&mut seen[index], true)
        {
            order.push(index);
            work.extend(steps[index].iter().flat_map(|s| s.kind.edges()).map(|e| e.to));
        }
    }
    order
}

/// Steps that a run can reach, for the ledger: what is not reached says so.
#[must_use]
pub fn reached(steps: &[Option<Step>], start: &Edge) -> Vec<bool> {
    let mut reached = vec![false; steps.len()];
    for index in order_from(steps, start) {
        reached[index] = true;
    }
    reached
}

struct Graph {
    /// Post-dominators, over the reversed graph from the exit.
    post: Dominators<NodeIndex>,
    exit: NodeIndex,
    nodes: Vec<NodeIndex>,
    /// Whether a step can reach the exit.
    ends: Vec<bool>,
}

impl Graph {
    fn new(steps: &[Option<Step>]) -> Self {
        let mut reversed = DiGraph::<(), ()>::with_capacity(steps.len() + 1, steps.len());
        let nodes: Vec<NodeIndex> = steps.iter().map(|_| reversed.add_node(())).collect();
        let exit = reversed.add_node(());
        for (index, step) in steps.iter().enumerate() {
            for edge in step.iter().flat_map(|s| s.kind.edges()) {
                match edge.to {
                    Dest::State(to) => {
                        reversed.add_edge(nodes[to], nodes[index], ());
                    }
                    Dest::Exit => {
                        reversed.add_edge(exit, nodes[index], ());
                    }
                    Dest::Nowhere => {}
                }
            }
        }
        let post = dominators::simple_fast(&reversed, exit);
        let ends = nodes.iter().map(|n| post.immediate_dominator(*n).is_some()).collect();
        Self { post, exit, nodes, ends }
    }

    fn ends(&self, dest: Dest) -> bool {
        match dest {
            Dest::State(index) => self.ends[index],
            Dest::Exit => true,
            Dest::Nowhere => false,
        }
    }

    fn join(&self, index: usize) -> Dest {
        match self.post.immediate_dominator(self.nodes[index]) {
            Some(node) if node != self.exit => Dest::State(node.index()),
            _ => Dest::Exit,
        }
    }
}

struct Builder<'a> {
    steps: &'a [Option<Step>],
    graph: &'a Graph,
    written: usize,
    cut: &'a mut Vec<(String, Origins)>,
}

impl Builder<'_> {
    /// Writes what runs from `edge` until `stop`.
    fn follow(&mut self, edge: Edge, stop: Dest, out: &mut Block, depth: usize) {
        let mut edge = edge;
        let mut via = Origins::none();
        loop {
            via.extend(&edge.via);
            let index = match edge.to {
                dest if dest == stop => break,
                Dest::State(index) => index,
                Dest::Exit => break,
                Dest::Nowhere => {
                    self.cut.push(("a transition leads to a state that is not defined".to_owned(), via.clone()));
                    out.push(Stmt {
                        name: "undefined-transition".into(),
                        kind: StmtKind::Refused { why: "the source leads to a state that is not defined".into() },
                        comment: None,
                        origins: via.clone(),
                    });
                    return;
                }
            };
            let Some(step) = &self.steps[index] else { break };
            self.written += usize::from(!matches!(step.kind, StepKind::Skip(_)));
            if self.written > MOST_STATEMENTS || depth > MOST_NESTED {
                let why = if depth > MOST_NESTED {
                    format!("from `{}` on, handlers of failures nest deeper than {MOST_NESTED}", step.name)
                } else {
                    format!("from `{}` on, more than {MOST_STATEMENTS} steps would be written, shared ones in each branch", step.name)
                };
                self.cut.push((why.clone(), step.origins.clone().with(&via)));
                out.push(Stmt { name: step.name.clone(), kind: StmtKind::Refused { why }, comment: None, origins: via.clone() });
                return;
            }
            let statement = |kind: StmtKind, via: &Origins| Stmt {
                name: step.name.clone(),
                kind,
                comment: step.comment.clone(),
                origins: step.origins.clone().with(via),
            };
            match &step.kind {
                StepKind::Skip(next) => {
                    edge = next.clone();
                    continue;
                }
                StepKind::Plain(kind, next) => {
                    out.push(statement(kind.clone(), &via));
                    edge = next.clone();
                }
                StepKind::Last(kind) => {
                    out.push(statement(kind.clone(), &via));
                    return;
                }
                StepKind::Fallible { kind, next, failure } => {
                    let (good, bad) = (self.graph.ends(next.to), self.graph.ends(failure.to));
                    let join = if good && bad { self.graph.join(index) } else { Dest::Exit };
                    let mut handler = Block::new();
                    if !bad {
                        self.follow(failure.clone(), Dest::Exit, &mut handler, depth + 1);
                        out.push(statement(with_failure(kind, OnFailure::Handle { block: handler, falls_through: false }), &via));
                        edge = next.clone();
                    } else if good && self.same(next.to, join) {
                        self.follow(failure.clone(), join, &mut handler, depth + 1);
                        out.push(statement(with_failure(kind, OnFailure::Handle { block: handler, falls_through: true }), &via));
                        edge = next.clone();
                    } else {
                        let mut success = Block::new();
                        self.follow(next.clone(), join, &mut success, depth + 1);
                        self.follow(failure.clone(), join, &mut handler, depth + 1);
                        out.push(statement(with_failure(kind, OnFailure::Split { success, failure: handler }), &via));
                        edge = Edge { to: join, via: Origins::none() };
                    }
                }
            }
            via = Origins::none();
        }
        // What says that the block ends here belongs to its last statement.
        if let Some(last) = out.last_mut() {
            last.origins.extend(&via);
        }
    }

    /// Whether a transition leads to `join` without anything to run on the way.
    fn same(&self, dest: Dest, join: Dest) -> bool {
        let mut dest = dest;
        for _ in 0..=self.steps.len() {
            if dest == join {
                return true;
            }
            match dest {
                Dest::State(index) => match &self.steps[index] {
                    Some(Step { kind: StepKind::Skip(next), .. }) => dest = next.to,
                    _ => return false,
                },
                _ => return false,
            }
        }
        false
    }
}

fn with_failure(kind: &StmtKind, on_failure: OnFailure) -> StmtKind {
    match kind {
        StmtKind::Run { job, .. } => StmtKind::Run { job: job.clone(), on_failure },
        StmtKind::Call { function, payload, .. } => StmtKind::Call { function: function.clone(), payload: payload.clone(), on_failure },
        other => other.clone(),
    }
}

#[cfg(test)]
#[expect(clippy::unnecessary_wraps, reason = "steps are optional where they are used")]
mod tests {
    use super::*;

    fn edge(to: Dest) -> Edge {
        Edge { to, via: Origins::none() }
    }

    fn wait(name: &str, to: Dest) -> Option<Step> {
        let kind = StmtKind::Refused { why: String::new() };
        Some(Step { kind: StepKind::Plain(kind, edge(to)), name: name.into(), comment: None, origins: Origins::none() })
    }

    fn job(name: &str, next: Dest, failure: Dest) -> Option<Step> {
        let kind = StmtKind::Run { job: name.into(), on_failure: OnFailure::Raise };
        Some(Step {
            kind: StepKind::Fallible { kind, next: edge(next), failure: edge(failure) },
            name: name.into(),
            comment: None,
            origins: Origins::none(),
        })
    }

    fn raise(name: &str) -> Option<Step> {
        let kind = StmtKind::Raise { error: None, cause: None };
        Some(Step { kind: StepKind::Last(kind), name: name.into(), comment: None, origins: Origins::none() })
    }

    /// `a(b,!c;d)`: a runs; on failure c (`!` when it does not come back), on success of a split b.
    fn show(block: &Block) -> String {
        block
            .iter()
            .map(|s| match &s.kind {
                StmtKind::Run { on_failure: OnFailure::Handle { block, falls_through }, .. } => {
                    format!("{}({}{})", s.name, if *falls_through { "" } else { "!" }, show(block))
                }
                StmtKind::Run { on_failure: OnFailure::Split { success, failure }, .. } => {
                    format!("{}[{}|{}]", s.name, show(success), show(failure))
                }
                _ => s.name.clone(),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn structured(mut steps: Vec<Option<Step>>) -> String {
        let mut loops = Vec::new();
        let block = block(&mut steps, &edge(Dest::State(0)), &mut Vec::new(), &mut |first, members| {
            loops.push((first, members.to_vec()));
            StmtKind::Refused { why: "loop".into() }
        });
        format!("{}{}", show(&block), if loops.is_empty() { String::new() } else { format!(" loops {loops:?}") })
    }

    #[test]
    fn a_failure_that_raises_stays_beside_the_main_line() {
        let steps = vec![job("a", Dest::State(3), Dest::State(1)), wait("alert", Dest::State(2)), raise("failed"), wait("b", Dest::Exit)];
        assert_eq!(structured(steps), "a(!alert failed) b");
    }

    #[test]
    fn a_failure_that_comes_back_falls_through() {
        let steps = vec![job("a", Dest::State(2), Dest::State(1)), wait("alert", Dest::State(2)), wait("b", Dest::Exit)];
        assert_eq!(structured(steps), "a(alert) b");
    }

    #[test]
    fn outcomes_that_both_do_something_split_and_meet() {
        let steps = vec![
            job("a", Dest::State(1), Dest::State(2)),
            wait("good", Dest::State(3)),
            wait("bad", Dest::State(3)),
            wait("both", Dest::Exit),
        ];
        assert_eq!(structured(steps), "a[good|bad] both");
    }

    #[test]
    fn a_failure_that_ends_well_splits_to_the_end() {
        let steps = vec![job("a", Dest::State(1), Dest::Exit), wait("b", Dest::Exit)];
        assert_eq!(structured(steps), "a[b|]");
    }

    #[test]
    fn loops_are_refused_at_their_first_state() {
        let steps = vec![wait("a", Dest::State(1)), wait("b", Dest::State(2)), wait("c", Dest::State(1))];
        assert_eq!(structured(steps), "a b loops [(1, [1, 2])]");
    }

    #[test]
    fn shared_tails_do_not_explode() {
        let mut steps = Vec::new();
        for i in 0..40 {
            // Both outcomes do something and then go to different next rungs of a ladder.
            steps.push(job("j", Dest::State((i + 1).min(40)), Dest::State((i + 2).min(41))));
        }
        steps.push(wait("x", Dest::Exit));
        steps.push(wait("y", Dest::Exit));
        let text = structured(steps);
        assert!(text.len() < 200_000, "{}", text.len());
    }
}
