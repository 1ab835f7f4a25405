//! Where control goes in structured blocks, followed without running anything: for every state and every way out of it the state that comes
//! next. Compared with the graph it was made from, this holds for all runs at once.
use emr2k8s::ir::control::{Block, Body, Kind, Label, Leaf};
use emr2k8s::ir::machine::{Graph, Next, State, StateKind};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Every state's ways, success first, then catchers; of a Choice its rules, then Default. `None`: the end.
type Ways = BTreeMap<String, Vec<Option<String>>>;

/// What the blocks do otherwise than the graph, inner graphs included; and how many states were compared.
pub fn difference(graph: &Graph, body: &Body) -> Result<usize, String> {
    let blocks = Blocks::of(body)?;
    let states: BTreeMap<&str, &State> = graph.states.iter().map(|state| (state.name.value.as_str(), state)).collect();
    let mut expected = Ways::new();
    let mut inner = 0;
    let mut work: Vec<&str> = graph.start_at.iter().map(|start| start.value.as_str()).collect();
    while let Some(name) = work.pop() {
        if expected.contains_key(name) {
            continue;
        }
        let state = states.get(name).ok_or_else(|| format!("`{name}` is not in the graph"))?;
        let ways = ways(state);
        work.extend(
            ways.iter().filter_map(|way| way.as_ref().and_then(|way| states.get(way.as_str()))).map(|state| state.name.value.as_str()),
        );
        expected.insert(name.to_owned(), ways);
        let leaf = blocks.leaves.get(name).ok_or_else(|| format!("`{name}` is lost"))?;
        let graphs: Vec<&Graph> = match &state.kind {
            StateKind::Parallel { branches } => branches.iter().collect(),
            StateKind::Map(map) => map.processor.iter().collect(),
            _ => Vec::new(),
        };
        if graphs.len() != leaf.inner.len() {
            return Err(format!("`{name}` has {} graphs and {} bodies", graphs.len(), leaf.inner.len()));
        }
        for (graph, body) in graphs.into_iter().zip(&leaf.inner) {
            inner += difference(graph, body)?;
        }
    }
    if blocks.start.as_deref() != graph.start_at.as_ref().map(|start| start.value.as_str()) {
        return Err(format!("starts at {:?}", blocks.start));
    }
    if let Some((name, ways)) = expected.iter().find(|(name, ways)| blocks.ways.get(*name) != Some(ways)) {
        return Err(format!("`{name}` goes to {:?}, and should to {ways:?}", blocks.ways.get(name)));
    }
    if blocks.ways.len() > expected.len() {
        return Err("there are states that nothing leads to".into());
    }
    Ok(expected.len() + inner)
}

fn ways(state: &State) -> Vec<Option<String>> {
    let mut ways: Vec<Option<String>> = match (&state.kind, &state.next) {
        (StateKind::Choice { rules, default }, _) => {
            rules.iter().map(|rule| rule.next.as_ref()).chain([default.as_ref()]).flatten().map(|n| Some(n.value.clone())).collect()
        }
        (StateKind::Fail(_), _) => Vec::new(),
        (_, Some(Next::State(next))) => vec![Some(next.value.clone())],
        _ => vec![None],
    };
    ways.extend(state.catch.iter().filter_map(|catcher| catcher.next.as_ref()).map(|next| Some(next.value.clone())));
    ways
}

struct Blocks<'b> {
    start: Option<String>,
    ways: Ways,
    leaves: BTreeMap<&'b str, &'b Leaf>,
}

/// What is around a statement.
enum Around<'b> {
    Body,
    Inside { block: &'b Block, index: usize, around: Rc<Around<'b>> },
}

impl<'b> Blocks<'b> {
    fn of(body: &'b Body) -> Result<Self, String> {
        let mut blocks = Self { start: None, ways: Ways::new(), leaves: BTreeMap::new() };
        let outermost = Rc::new(Around::Body);
        blocks.start = next(&body.block, 0, &outermost)?;
        let mut labels = BTreeSet::new();
        blocks.block(&body.block, &outermost, &mut labels)?;
        Ok(blocks)
    }

    fn block(&mut self, block: &'b Block, around: &Rc<Around<'b>>, labels: &mut BTreeSet<(Label, bool)>) -> Result<(), String> {
        for (index, stmt) in block.iter().enumerate() {
            let inside = Rc::new(Around::Inside { block, index, around: Rc::clone(around) });
            let mut ways = Vec::new();
            match &stmt.kind {
                Kind::State(leaf) if matches!(leaf.state.kind, StateKind::Fail(_)) => {}
                Kind::State(_) => ways.push(next(block, index + 1, around)?),
                Kind::Choose { arms, default, .. } => {
                    for arm in arms.iter().chain(default) {
                        ways.push(next(arm, 0, &inside)?);
                    }
                }
                Kind::Try { handlers, .. } => {
                    ways.push(next(block, index + 1, around)?);
                    for handler in handlers {
                        ways.push(next(handler, 0, &inside)?);
                    }
                }
                Kind::Scope { label, .. } | Kind::Loop { label, .. }
                    if !labels.insert((*label, matches!(stmt.kind, Kind::Loop { .. }))) =>
                {
                    return Err(format!("the label {label} is there twice"));
                }
                _ => {}
            }
            if let Some(leaf) = stmt.kind.leaf() {
                let name = leaf.state.name.value.as_str();
                if self.leaves.insert(name, leaf).is_some() {
                    return Err(format!("`{name}` is there twice"));
                }
                self.ways.insert(name.to_owned(), ways);
            }
            for inner in stmt.kind.blocks() {
                self.block(inner, &inside, labels)?;
            }
        }
        Ok(())
    }
}

/// The state that comes next where control is before a statement.
fn next<'b>(block: &'b Block, index: usize, around: &Rc<Around<'b>>) -> Result<Option<String>, String> {
    let (mut block, mut index, mut around) = (block, index, Rc::clone(around));
    let mut requests = BTreeMap::new();
    for _ in 0..100_000 {
        let Some(stmt) = block.get(index) else {
            match &*Rc::clone(&around) {
                Around::Body => return Ok(None),
                Around::Inside { block: outer, index: at, around: outside } => (block, index, around) = (outer, at + 1, Rc::clone(outside)),
            }
            continue;
        };
        let into = |body: &'b Block| (body, 0, Rc::new(Around::Inside { block, index, around: Rc::clone(&around) }));
        match &stmt.kind {
            Kind::State(leaf) | Kind::Choose { state: leaf, .. } | Kind::Try { state: leaf, .. } => {
                return Ok(Some(leaf.state.name.value.clone()));
            }
            Kind::Scope { body, .. } | Kind::Loop { body, .. } => (block, index, around) = into(body),
            Kind::Return => return Ok(None),
            Kind::Request { region, arm } => {
                requests.insert(*region, *arm);
                index += 1;
            }
            Kind::Dispatch { region, arms } => {
                let arm = requests.get(region).ok_or_else(|| format!("nothing was asked for in region {region}"))?;
                (block, index, around) = into(&arms[*arm]);
            }
            Kind::Leave(to) | Kind::Repeat(to) => {
                let repeats = matches!(stmt.kind, Kind::Repeat(_));
                loop {
                    let Around::Inside { block: outer, index: at, around: outside } = &*Rc::clone(&around) else {
                        return Err(format!("there is nothing of the label {to} around a jump"));
                    };
                    match &outer[*at].kind {
                        Kind::Loop { label, body } if repeats && label == to => {
                            (block, index) = (body, 0);
                            break;
                        }
                        Kind::Scope { label, .. } if !repeats && label == to => {
                            (block, index, around) = (outer, at + 1, Rc::clone(outside));
                            break;
                        }
                        _ => around = Rc::clone(outside),
                    }
                }
            }
        }
    }
    Err("jumps without end".into())
}
