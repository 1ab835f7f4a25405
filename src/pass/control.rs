//! Structuring: a graph of states becomes nested blocks ([`crate::ir::control`]), whatever the graph.
//!
//! The method is that of dominators: a state is written where its immediate dominator is, a state that several ways reach
//! stands behind a scope that those ways leave, a state that is jumped back to opens a loop (N. Ramsey, "Beyond
//! Relooper", ICFP 2022, has the same idea for another target). Two things are done for the reader of the result: what a loop exits to stands
//! behind the loop and not inside it, unless it can only end in a failure; and jumps to where control goes anyway are left out,
//! so that a Choice whose ways meet again is a list of arms and what follows.
//!
//! A loop with several ways in has no such form. Its entries become the arms of a dispatch inside a loop of its own, and the caller says so.
use crate::ir::control::{Block, Body, Kind, Label, Leaf, Stmt};
use crate::ir::machine::{Graph, Next, State, StateKind};
use crate::source::span::{Sourced, Span};
use petgraph::algo::dominators;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A structured machine, and what had to be done to get it.
#[derive(Debug, Default)]
pub struct Structured {
    pub body: Body,
    /// The entries of irreducible loops, as written in the source.
    pub irreducible: Vec<Vec<Span>>,
}

/// Why a graph has no structure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unstructured {
    /// A transition leads nowhere; the importer reported it.
    Incomplete(Span),
    /// Choices and handlers nest deeper than [`MOST_NESTED`].
    TooDeep(Span),
}

/// Blocks inside blocks. Argo ends a workflow whose templates call each other about 100 levels deep, so more could not run.
pub const MOST_NESTED: usize = 90;

/// Blocks inside blocks, with those of branches and items: beyond what could run, with room for blocks that need no template.
const MOST_TOGETHER: usize = 2 * MOST_NESTED;

/// Structures a graph and the graphs inside its states.
///
/// # Errors
/// See [`Unstructured`].
pub fn structure(graph: &Graph) -> Result<Structured, Unstructured> {
    let mut irreducible = Vec::new();
    let body = body(graph, &mut irreducible)?;
    // Each graph by itself may be flat enough and all of them together not, and whoever walks down a machine has one stack.
    if nested_in_all(&body.block) > MOST_TOGETHER {
        return Err(Unstructured::TooDeep(graph.span));
    }
    Ok(Structured { body, irreducible })
}

/// Where control goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum To {
    Node(usize),
    End,
}

/// A node of the graph: a state, or what irreducible loops are made of.
enum Node<'g> {
    State { state: &'g State, inner: Vec<Body>, ways: Vec<To> },
    Dispatch { region: Label, ways: Vec<To> },
    Request { region: Label, arm: usize, way: To },
}

impl Node<'_> {
    fn ways(&self) -> &[To] {
        match self {
            Node::State { ways, .. } | Node::Dispatch { ways, .. } => ways,
            Node::Request { way, .. } => std::slice::from_ref(way),
        }
    }

    fn redirect(&mut self, from: usize, to: usize) {
        if let Node::State { ways, .. } = self {
            ways.iter_mut().filter(|way| **way == To::Node(from)).for_each(|way| *way = To::Node(to));
        }
    }

    fn span(&self) -> Option<Span> {
        match self {
            Node::State { state, .. } => Some(state.span),
            _ => None,
        }
    }
}

fn body(graph: &Graph, irreducible: &mut Vec<Vec<Span>>) -> Result<Body, Unstructured> {
    let names: BTreeMap<&str, usize> = graph.states.iter().enumerate().map(|(index, state)| (state.name.value.as_str(), index)).collect();
    let find = |name: Option<&Sourced<String>>, at: Span| {
        let found = name.and_then(|name| names.get(name.value.as_str()).copied());
        found.map(To::Node).ok_or_else(|| Unstructured::Incomplete(name.and_then(|name| name.origins.first()).unwrap_or(at)))
    };
    let start = find(graph.start_at.as_ref(), graph.span)?;
    let mut nodes = Vec::with_capacity(graph.states.len());
    for state in &graph.states {
        let mut ways = Vec::new();
        match &state.kind {
            StateKind::Choice { rules, default } => {
                for rule in rules {
                    ways.push(find(rule.next.as_ref(), rule.span)?);
                }
                if default.is_some() {
                    ways.push(find(default.as_ref(), state.span)?);
                }
            }
            StateKind::Fail(_) => {}
            StateKind::Succeed => ways.push(To::End),
            _ => ways.push(match &state.next {
                Some(Next::State(name)) => find(Some(name), state.span)?,
                Some(Next::End(_)) => To::End,
                None => return Err(Unstructured::Incomplete(state.span)),
            }),
        }
        for catcher in &state.catch {
            ways.push(find(catcher.next.as_ref(), catcher.span)?);
        }
        let inner: Result<Vec<Body>, Unstructured> = match &state.kind {
            StateKind::Parallel { branches } => branches.iter().map(|branch| body(branch, irreducible)).collect(),
            StateKind::Map(map) => map.processor.iter().map(|processor| body(processor, irreducible)).collect(),
            _ => Ok(Vec::new()),
        };
        nodes.push(Node::State { state, inner: inner?, ways });
    }
    let To::Node(start) = start else { return Err(Unstructured::Incomplete(graph.span)) };
    let start = make_reducible(&mut nodes, start, irreducible).map_err(|at| Unstructured::TooDeep(at.unwrap_or(graph.span)))?;
    let shape = Shape::new(&nodes, start).map_err(|at| Unstructured::TooDeep(at.unwrap_or(graph.span)))?;
    // Arms as they read best; where that is too deep, with the longest of each Choice behind it.
    let mut too_deep = None;
    for flat in [false, true] {
        let mut builder = Builder { nodes: &nodes, shape: &shape, flat, depth: 0, too_deep: None, span: graph.span };
        let mut block = builder.tree(start);
        too_deep = builder.too_deep;
        if too_deep.is_none() {
            tidy(&mut block, &[Jump::Return]);
            if nested(&block) <= MOST_NESTED {
                return Ok(Body { block });
            }
        }
    }
    Err(Unstructured::TooDeep(too_deep.unwrap_or(graph.span)))
}

/// How many levels of blocks there are.
fn nested(block: &[Stmt]) -> usize {
    1 + block.iter().flat_map(|stmt| stmt.kind.blocks()).map(|inner| nested(inner)).max().unwrap_or_default()
}

/// The same with what is inside of states, level by level.
fn nested_in_all(block: &[Stmt]) -> usize {
    let of_leaf = |leaf: &Leaf| leaf.inner.iter().map(|body| nested_in_all(&body.block)).max().unwrap_or_default();
    let of = |stmt: &Stmt| {
        let below = stmt.kind.blocks().into_iter().map(|inner| nested_in_all(inner)).max().unwrap_or_default();
        below.max(stmt.kind.leaf().map_or(0, of_leaf))
    };
    1 + block.iter().map(of).max().unwrap_or_default()
}

/// Gives every loop one way in. Returns where control starts.
///
/// # Errors
/// Loops that lie in each other deeper than [`MOST_NESTED`]: a state of the innermost.
fn make_reducible(nodes: &mut Vec<Node<'_>>, start: usize, irreducible: &mut Vec<Vec<Span>>) -> Result<usize, Option<Span>> {
    let mut start = start;
    let reached = reached(nodes, start);
    let mut before = vec![Vec::new(); nodes.len()];
    for from in &reached {
        for way in nodes[*from].ways() {
            if let To::Node(to) = way {
                before[*to].push(*from);
            }
        }
    }
    // Loops inside loops: work on the nodes of one loop without the way into it.
    let mut work: Vec<(Vec<usize>, usize)> = vec![(reached.into_iter().collect(), 0)];
    while let Some((members, depth)) = work.pop() {
        if depth > MOST_NESTED {
            return Err(members.first().and_then(|member| nodes[*member].span()));
        }
        let mut graph = DiGraph::<usize, ()>::new();
        let index: BTreeMap<usize, NodeIndex> = members.iter().map(|member| (*member, graph.add_node(*member))).collect();
        for member in &members {
            for way in nodes[*member].ways() {
                if let To::Node(to) = way
                    && let Some(to) = index.get(to)
                {
                    graph.add_edge(index[member], *to, ());
                }
            }
        }
        // Not Tarjan's method: the crate's recurses, and a chain of states is as long as its author likes.
        for component in kosaraju_scc(&graph) {
            if component.len() == 1 {
                continue;
            }
            let component: BTreeSet<usize> = component.into_iter().map(|node| graph[node]).collect();
            let enters = |entry: &usize| *entry == start || before[*entry].iter().any(|from| !component.contains(from));
            let entries: Vec<usize> = component.iter().copied().filter(enters).collect();
            match entries.as_slice() {
                [header] => work.push((component.into_iter().filter(|member| member != header).collect(), depth + 1)),
                _ => {
                    irreducible.push(entries.iter().filter_map(|entry| nodes[*entry].span()).collect());
                    let region = nodes.len();
                    nodes.push(Node::Dispatch { region, ways: entries.iter().copied().map(To::Node).collect() });
                    for (arm, entry) in entries.into_iter().enumerate() {
                        // Those who come from outside ask by a request of their own: the one inside is part of the loop, and would be
                        // another way into it.
                        let outside = nodes.len();
                        nodes.extend([(); 2].map(|()| Node::Request { region, arm, way: To::Node(region) }));
                        for from in std::mem::take(&mut before[entry]) {
                            nodes[from].redirect(entry, outside + usize::from(component.contains(&from)));
                        }
                        if start == entry {
                            start = outside;
                        }
                    }
                    // No way inside leads to an entry any more, so none of them is in a loop further in.
                    work.push((component.into_iter().collect(), depth + 1));
                }
            }
        }
    }
    Ok(start)
}

fn reached(nodes: &[Node<'_>], start: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut work = vec![start];
    while let Some(at) = work.pop() {
        if seen.insert(at) {
            work.extend(nodes[at].ways().iter().filter_map(|way| match way {
                To::Node(to) => Some(*to),
                To::End => None,
            }));
        }
    }
    seen
}

/// What structuring needs to know of a graph.
struct Shape {
    /// Reverse postorder.
    order: Vec<usize>,
    /// Whether a node opens a loop.
    header: Vec<bool>,
    /// Nodes that stand behind a scope around the node (its loop included), in reverse postorder.
    behind: Vec<Vec<usize>>,
    /// Nodes that stand behind a scope inside the node's loop.
    within: Vec<Vec<usize>>,
    /// Whether control reaches a node by leaving a scope.
    placed: Vec<bool>,
    /// How many nodes a node dominates.
    weight: Vec<usize>,
}

impl Shape {
    /// # Errors
    /// Loops that lie in each other deeper than [`MOST_NESTED`]: a state of the innermost.
    fn new(nodes: &[Node<'_>], start: usize) -> Result<Self, Option<Span>> {
        let count = nodes.len();
        let mut graph = DiGraph::<(), ()>::with_capacity(count, count);
        let ids: Vec<NodeIndex> = nodes.iter().map(|_| graph.add_node(())).collect();
        for (index, node) in nodes.iter().enumerate() {
            for way in node.ways() {
                if let To::Node(to) = way {
                    graph.add_edge(ids[index], ids[*to], ());
                }
            }
        }
        let postorder = postorder(nodes, start);
        let mut order = vec![usize::MAX; count];
        for (position, node) in postorder.iter().rev().enumerate() {
            order[*node] = position;
        }
        let dominators = dominators::simple_fast(&graph, ids[start]);
        let idom = |node: usize| dominators.immediate_dominator(ids[node]).map(NodeIndex::index);
        let mut header = vec![false; count];
        let mut forward = vec![0_usize; count];
        let mut before = vec![Vec::new(); count];
        for node in postorder.iter().copied() {
            for way in nodes[node].ways() {
                if let To::Node(to) = way {
                    before[*to].push(node);
                    if order[*to] <= order[node] {
                        header[*to] = true;
                    } else {
                        forward[*to] += 1;
                    }
                }
            }
        }
        let loops = loops(&header, &order, &before).map_err(|node| nodes[node].span())?;
        let ends = ends(nodes, &before, &postorder);
        let mut shape = Self {
            order: order.clone(),
            header,
            behind: vec![Vec::new(); count],
            within: vec![Vec::new(); count],
            placed: vec![false; count],
            weight: vec![1; count],
        };
        for node in postorder.iter().copied() {
            let Some(parent) = idom(node) else { continue };
            shape.weight[parent] += shape.weight[node];
            // The outermost loop that the parent is in and this node is not: what the loop exits to.
            let left = loops.around[parent].iter().copied().find(|header| !loops.around[node].contains(header));
            match left {
                Some(outer) if ends[node] || forward[node] > 1 => {
                    shape.behind[outer].push(node);
                    shape.placed[node] = true;
                }
                _ if forward[node] > 1 => {
                    shape.within[parent].push(node);
                    shape.placed[node] = true;
                }
                _ => {}
            }
        }
        for list in shape.behind.iter_mut().chain(&mut shape.within) {
            list.sort_by_key(|node| order[*node]);
            list.dedup();
        }
        Ok(shape)
    }
}

/// Nodes in the order in which a depth-first walk leaves them.
fn postorder(nodes: &[Node<'_>], start: usize) -> Vec<usize> {
    let mut seen = vec![false; nodes.len()];
    let mut out = Vec::new();
    let mut work = vec![(start, 0)];
    seen[start] = true;
    while let Some((at, way)) = work.pop() {
        // The last way first: what the source says first then comes first in the reverse.
        let ways = nodes[at].ways();
        let Some(next) = ways.len().checked_sub(way + 1).map(|index| ways[index]) else {
            out.push(at);
            continue;
        };
        work.push((at, way + 1));
        if let To::Node(to) = next
            && !std::mem::replace(&mut seen[to], true)
        {
            work.push((to, 0));
        }
    }
    out
}

/// Natural loops.
struct Loops {
    /// For each node the headers of the loops that it is in, the outermost first.
    around: Vec<Vec<usize>>,
}

/// # Errors
/// A node that is in more than [`MOST_NESTED`] loops.
fn loops(header: &[bool], order: &[usize], before: &[Vec<usize>]) -> Result<Loops, usize> {
    let mut around: Vec<Vec<(usize, usize)>> = vec![Vec::new(); header.len()];
    for (node, _) in header.iter().enumerate().filter(|(_, is)| **is) {
        let mut all = BTreeSet::from([node]);
        let mut work: Vec<usize> = before[node].iter().copied().filter(|from| order[*from] >= order[node]).collect();
        while let Some(at) = work.pop() {
            if all.insert(at) {
                work.extend(before[at].iter().copied());
            }
        }
        for member in &all {
            around[*member].push((all.len(), node));
            if around[*member].len() > MOST_NESTED {
                return Err(*member);
            }
        }
    }
    let outermost_first = |mut loops: Vec<(usize, usize)>| {
        loops.sort_unstable_by(|a, b| b.cmp(a));
        loops.into_iter().map(|(_, header)| header).collect()
    };
    Ok(Loops { around: around.into_iter().map(outermost_first).collect() })
}

/// Whether the execution can end well from a node.
fn ends(nodes: &[Node<'_>], before: &[Vec<usize>], reached: &[usize]) -> Vec<bool> {
    let mut ends = vec![false; nodes.len()];
    let mut work: Vec<usize> = reached.iter().copied().filter(|node| nodes[*node].ways().contains(&To::End)).collect();
    while let Some(at) = work.pop() {
        if !std::mem::replace(&mut ends[at], true) {
            work.extend(before[at].iter().copied());
        }
    }
    ends
}

struct Builder<'a, 'g> {
    nodes: &'a [Node<'g>],
    shape: &'a Shape,
    /// Whether what the heaviest way of a Choice leads to stands behind the Choice.
    flat: bool,
    depth: usize,
    /// Where it became too deep.
    too_deep: Option<Span>,
    /// The graph, for what is no state.
    span: Span,
}

/// Levels before tidying, which leaves out most scopes. It bounds the stack.
const MOST_BUILT: usize = 3 * MOST_NESTED;

impl Builder<'_, '_> {
    /// A node, and all that comes after it here. Walks along, and goes down only into arms, handlers, loops and scopes.
    fn tree(&mut self, node: usize) -> Block {
        let mut block = Block::new();
        self.depth += 1;
        let shape = self.shape;
        let mut next = Some(node);
        while let Some(node) = next {
            // Inside out: the node, what stands behind it within its loop, the loop, what stands behind that. What comes
            // last is walked on to.
            let around_loop = &shape.behind[node];
            let scopes = around_loop.len() + shape.within[node].len();
            if self.depth + scopes > MOST_BUILT {
                self.too_deep.get_or_insert(self.nodes[node].span().unwrap_or(self.span));
                break;
            }
            self.depth += scopes;
            if shape.header[node] {
                let body = self.within(node);
                next = self.behind(vec![Kind::Loop { label: node, body }.into()], around_loop, &mut block);
            } else {
                let list: Vec<usize> = shape.within[node].iter().chain(around_loop).copied().collect();
                let mut own = Block::new();
                let on = self.node(node, &mut own);
                if list.is_empty() {
                    block.append(&mut own);
                    next = self.follow(node, on, &mut block);
                } else {
                    self.finish(node, on, &mut own);
                    next = self.behind(own, &list, &mut block);
                }
            }
            self.depth -= scopes;
        }
        self.depth -= 1;
        block
    }

    /// The body of a node's loop.
    fn within(&mut self, node: usize) -> Block {
        let mut own = Block::new();
        let on = self.node(node, &mut own);
        self.depth += 1;
        self.finish(node, on, &mut own);
        let mut body = Block::new();
        if let Some(last) = self.behind(own, &self.shape.within[node], &mut body) {
            body.extend(self.tree(last));
        }
        self.depth -= 1;
        body
    }

    /// A block with scopes around it, the first node of the list behind the innermost; gives the last, to be walked on to.
    fn behind(&mut self, block: Block, list: &[usize], out: &mut Block) -> Option<usize> {
        let Some((last, others)) = list.split_last() else {
            out.extend(block);
            return None;
        };
        let mut block = block;
        for node in others {
            let mut outer: Block = vec![Kind::Scope { label: *node, body: block }.into()];
            outer.extend(self.tree(*node));
            block = outer;
        }
        out.push(Kind::Scope { label: *last, body: block }.into());
        Some(*last)
    }

    /// A node by itself; gives where it goes then, unless that is inside of it.
    fn node(&mut self, node: usize, out: &mut Block) -> Option<To> {
        let nodes = self.nodes;
        match &nodes[node] {
            Node::State { state, inner, ways } => {
                let leaf = Leaf { state: Arc::new((*state).clone()), inner: inner.clone() };
                match &state.kind {
                    StateKind::Choice { default, .. } => {
                        let (mut arms, on) = self.arms(node, ways);
                        let default = if default.is_some() { arms.pop() } else { None };
                        out.push(Kind::Choose { state: leaf, arms, default }.into());
                        on
                    }
                    StateKind::Fail(_) => {
                        out.push(Kind::State(leaf).into());
                        None
                    }
                    _ => {
                        let (next, catchers) = ways.split_first()?;
                        // A handler goes where it goes; what follows runs on success, or when tidying shows that it is the same.
                        let handlers: Vec<Block> = catchers.iter().map(|way| self.way(node, *way)).collect();
                        out.push(if handlers.is_empty() { Kind::State(leaf) } else { Kind::Try { state: leaf, handlers } }.into());
                        Some(*next)
                    }
                }
            }
            Node::Dispatch { region, ways } => {
                let (arms, on) = self.arms(node, ways);
                out.push(Kind::Dispatch { region: *region, arms }.into());
                on
            }
            Node::Request { region, arm, way } => {
                out.push(Kind::Request { region: *region, arm: *arm }.into());
                Some(*way)
            }
        }
    }

    /// A block for each way. Each ends by a jump or a failure, so what one of them leads to can as well stand behind all of them: that way is
    /// given back, and its block is empty.
    fn arms(&mut self, node: usize, ways: &[To]) -> (Vec<Block>, Option<To>) {
        let shape = self.shape;
        let heaviest = ways.iter().filter_map(|way| match way {
            To::Node(to) if self.flat && shape.order[*to] > shape.order[node] && !shape.placed[*to] => Some(*to),
            _ => None,
        });
        let on = heaviest.max_by_key(|to| shape.weight[*to]).map(To::Node);
        (ways.iter().map(|way| if Some(*way) == on { Block::new() } else { self.way(node, *way) }).collect(), on)
    }

    /// A jump, or the node to walk on to.
    fn follow(&mut self, from: usize, on: Option<To>, out: &mut Block) -> Option<usize> {
        match on? {
            To::End => out.push(Kind::Return.into()),
            To::Node(to) if self.shape.order[to] <= self.shape.order[from] => out.push(Kind::Repeat(to).into()),
            To::Node(to) if self.shape.placed[to] => out.push(Kind::Leave(to).into()),
            To::Node(to) => return Some(to),
        }
        None
    }

    fn finish(&mut self, from: usize, on: Option<To>, out: &mut Block) {
        if let Some(next) = self.follow(from, on, out) {
            out.extend(self.tree(next));
        }
    }

    fn way(&mut self, from: usize, way: To) -> Block {
        let mut block = Block::new();
        self.finish(from, Some(way), &mut block);
        block
    }
}

/// Where control goes when it comes to the end of a block: what each of these jumps means there.
type Follows = [Jump];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Jump {
    Leave(Label),
    Return,
}

/// Leaves out jumps to where control goes anyway, and scopes that nothing leaves. `follows` are the jumps that mean the
/// same as the end of this block.
fn tidy(block: &mut Block, follows: &Follows) {
    while let Some(last) = block.last() {
        let jump = match last.kind {
            Kind::Return => Jump::Return,
            Kind::Leave(label) => Jump::Leave(label),
            _ => break,
        };
        if !follows.contains(&jump) {
            break;
        }
        block.pop();
    }
    let mut statements = std::mem::take(block).into_iter().peekable();
    while let Some(mut stmt) = statements.next() {
        let here: Vec<Jump> = match statements.peek().map(|next| &next.kind) {
            None => follows.to_vec(),
            Some(Kind::Return) => vec![Jump::Return],
            Some(Kind::Leave(label)) => vec![Jump::Leave(*label)],
            Some(_) => Vec::new(),
        };
        match &mut stmt.kind {
            Kind::Choose { arms, default, .. } => arms.iter_mut().chain(default).for_each(|arm| tidy(arm, &here)),
            Kind::Try { handlers, .. } => handlers.iter_mut().for_each(|handler| tidy(handler, &here)),
            Kind::Dispatch { arms, .. } => arms.iter_mut().for_each(|arm| tidy(arm, &here)),
            Kind::Scope { label, body } => {
                let mut inner = here;
                inner.push(Jump::Leave(*label));
                tidy(body, &inner);
            }
            Kind::Loop { body, .. } => tidy(body, &here),
            _ => {}
        }
        match stmt.kind {
            Kind::Scope { label, body } if !leaves(&body, label) => block.extend(body),
            kind => block.push(kind.into()),
        }
    }
}

fn leaves(block: &[Stmt], label: Label) -> bool {
    block
        .iter()
        .any(|stmt| matches!(stmt.kind, Kind::Leave(to) if to == label) || stmt.kind.blocks().into_iter().any(|inner| leaves(inner, label)))
}
