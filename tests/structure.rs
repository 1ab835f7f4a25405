//! Structuring of graphs that are large, odd or real: each keeps every way (`plan/flow.rs`), none overflows the stack, time grows with
//! the states.
#[path = "plan/flow.rs"]
mod flow;
#[path = "plan/random.rs"]
mod random;
mod support;

use emr2k8s::compile::{self, Options};
use emr2k8s::config::Config;
use emr2k8s::import::asl;
use emr2k8s::ir::control::{Block, Kind};
use emr2k8s::ir::machine::{Graph, Machine};
use emr2k8s::pass::control::{MOST_NESTED, Unstructured, structure};
use emr2k8s::source::json;
use emr2k8s::source::sink::{Severity, Sink};
use emr2k8s::source::span::FileId;
use random::Random;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where each state goes: nowhere (the end), on, or by a Choice to one of several.
fn machine(ways: &[Vec<usize>]) -> Machine {
    let states: Vec<String> = ways
        .iter()
        .enumerate()
        .map(|(index, ways)| {
            let state = match ways.as_slice() {
                [] => r#"{"Type": "Pass", "End": true}"#.to_owned(),
                [next] => format!(r#"{{"Type": "Pass", "Next": "S{next}"}}"#),
                [rules @ .., default] => {
                    let rule = |to: &usize| format!(r#"{{"Variable": "$.n", "NumericEquals": {to}, "Next": "S{to}"}}"#);
                    let rules: Vec<String> = rules.iter().map(rule).collect();
                    format!(r#"{{"Type": "Choice", "Choices": [{}], "Default": "S{default}"}}"#, rules.join(","))
                }
            };
            format!(r#""S{index}": {state}"#)
        })
        .collect();
    let text = format!(r#"{{"StartAt": "S0", "States": {{{}}}}}"#, states.join(",\n"));
    let mut sink = Sink::default();
    let node = json::parse(&text, FileId(0), &mut sink).expect("JSON");
    asl::import(&node, FileId(0), "machine.asl.json", "machine", &mut sink)
}

/// Blocks in blocks, without those of graphs inside states.
fn depth(block: &Block) -> usize {
    1 + block.iter().flat_map(|stmt| stmt.kind.blocks()).map(depth).max().unwrap_or_default()
}

/// How long this thread has worked, where the system says so: other work on the machine does not count.
fn worked() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Structures it, and holds the result to the graph: how deep it is, how many irreducible loops it had, how long it took. `None`: too deep.
fn structured(graph: &Graph) -> (Duration, Option<(usize, usize)>) {
    let (start, start_worked) = (Instant::now(), worked());
    let result = structure(graph);
    let time = worked().zip(start_worked).map_or_else(|| start.elapsed(), |(end, start)| end.saturating_sub(start));
    let result = match result {
        Ok(structured) => {
            flow::difference(graph, &structured.body).unwrap_or_else(|said| panic!("{said}\n{graph:#?}"));
            let depth = depth(&structured.body.block);
            assert!(depth <= MOST_NESTED, "{depth} levels are more than may be");
            Some((depth, structured.irreducible.len()))
        }
        Err(Unstructured::TooDeep(_)) => None,
        Err(other) => panic!("{other:?}"),
    };
    (time, result)
}

#[test]
fn any_graph_keeps_its_ways() {
    const GRAPHS: u64 = 4_000;
    let seen: Vec<Option<(usize, usize)>> = (0..GRAPHS)
        .into_par_iter()
        .map(|seed| {
            let mut random = Random::of_seed(seed);
            let size = *random.pick(&[3, 4, 5, 6, 8, 12, 20, 40]);
            let back = *random.pick(&[5, 20, 50]);
            let near = *random.pick(&[2, 4, 40]);
            let ways: Vec<Vec<usize>> = (0..size)
                .map(|at| {
                    let count = if at == size - 1 { 0 } else { *random.pick(&[0, 1, 1, 1, 1, 2, 2, 2, 3, 4]) };
                    let count = if at == 0 { count.max(1) } else { count };
                    let way = |random: &mut Random| {
                        if random.percent(back) { random.below(size) } else { random.between(at + 1, (at + near).min(size - 1)) }
                    };
                    (0..count).map(|_| way(&mut random)).collect()
                })
                .collect();
            structured(&machine(&ways).graph).1
        })
        .collect();
    let too_deep = seen.iter().filter(|seen| seen.is_none()).count();
    let irreducible = seen.iter().flatten().filter(|(_, irreducible)| *irreducible > 0).count();
    let deepest = seen.iter().flatten().map(|(depth, _)| *depth).max().unwrap_or_default();
    eprintln!("{too_deep} of {GRAPHS} too deep, {irreducible} irreducible, the deepest has {deepest} levels");
    assert!(too_deep < 20, "{too_deep}");
    assert!(irreducible > 300, "{irreducible}");
    assert!(deepest > 20, "{deepest}");
}

/// Graphs that grow: name, the ways for about that many states, whether they may be too deep.
type Grown = (&'static str, fn(usize) -> Vec<Vec<usize>>, bool);

const GROWN: [Grown; 10] = [
    ("chain", |n| (0..n).map(|i| if i + 1 < n { vec![i + 1] } else { vec![] }).collect(), false),
    // Each Choice goes to one of two, which meet at the next.
    (
        "ladder of Choices",
        |n| {
            let n = n / 3;
            let mut ways: Vec<Vec<usize>> = (0..n).flat_map(|i| [vec![3 * i + 1, 3 * i + 2], vec![3 * i + 3], vec![3 * i + 3]]).collect();
            ways.push(vec![]);
            ways
        },
        false,
    ),
    (
        "loops one after the other",
        |n| {
            let n = n / 2;
            let mut ways: Vec<Vec<usize>> = (0..n).flat_map(|i| [vec![2 * i + 1], vec![2 * i, 2 * i + 2]]).collect();
            ways.push(vec![]);
            ways
        },
        false,
    ),
    (
        "irreducible loops one after the other",
        |n| {
            let n = n / 3;
            let mut ways: Vec<Vec<usize>> =
                (0..n).flat_map(|i| [vec![3 * i + 1, 3 * i + 2], vec![3 * i + 2], vec![3 * i + 1, 3 * i + 3]]).collect();
            ways.push(vec![]);
            ways
        },
        false,
    ),
    // A Choice of many rules, all of which meet.
    (
        "wide Choice",
        |n| {
            let mut ways = vec![(1..n).collect::<Vec<_>>()];
            ways.extend((1..n).map(|_| vec![n]));
            ways.push(vec![]);
            ways
        },
        false,
    ),
    // Each target has two ways in, so each stands behind a scope.
    (
        "wide Choice whose rules share targets",
        |n| {
            let mut ways = vec![(1..n).chain(1..n).collect::<Vec<_>>()];
            ways.extend((1..n).map(|_| vec![n]));
            ways.push(vec![]);
            ways
        },
        true,
    ),
    // Checks in a row that all give up at the same state.
    ("guards", |n| (0..=n).map(|i| if i + 1 < n { vec![n, i + 1] } else { vec![] }).collect(), true),
    // Loops inside each other, each one state further in.
    ("nested loops", |n| (0..n).map(|i| if i + 1 < n { vec![i.saturating_sub(1), i + 1] } else { vec![] }).collect(), true),
    // One loop with ways back from everywhere.
    ("many ways back", |n| (0..n).map(|i| if i + 1 < n { vec![0, i + 1] } else { vec![] }).collect(), true),
    // Everything may go everywhere near.
    ("knot", |n| (0..n).map(|i| if i + 1 < n { vec![(i + 7) % n, (i * 31 + 5) % n, i + 1] } else { vec![] }).collect(), true),
];

/// In a thread of the usual size, so that an overflow is seen where it would be.
fn timed(ways: Vec<Vec<usize>>) -> (Duration, Option<(usize, usize)>) {
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || structured(&machine(&ways).graph))
        .expect("a thread")
        .join()
        .expect("no panic")
}

#[test]
fn large_machines_are_structured_in_time_and_stack() {
    for (name, ways, may_be_deep) in GROWN {
        // The least of a few tries: other work on the machine only adds.
        let (mut small, mut large) = (Duration::MAX, Duration::MAX);
        for _ in 0..5 {
            small = small.min(timed(ways(2_500)).0);
            let (time, result) = timed(ways(10_000));
            large = large.min(time);
            assert!(may_be_deep || result.is_some(), "{name} is refused");
            // Four times is linear; sixteen times would be quadratic.
            if large < small * 8 + Duration::from_millis(100) {
                break;
            }
        }
        eprintln!("{name}: {small:?} for 2,500 states, {large:?} for 10,000");
        assert!(large < small * 8 + Duration::from_millis(100), "{name}: {small:?} for 2,500 states, {large:?} for 10,000");
    }
}

/// Statements that tell how far a body is from a list of steps.
fn statements(block: &Block, counted: &mut BTreeMap<&'static str, usize>) {
    for stmt in block {
        let name = match &stmt.kind {
            Kind::Scope { .. } => "Scope",
            Kind::Loop { .. } => "Loop",
            Kind::Dispatch { .. } => "Dispatch",
            _ => "other",
        };
        *counted.entry(name).or_default() += 1;
        stmt.kind.blocks().into_iter().for_each(|block| statements(block, counted));
        stmt.kind.leaf().into_iter().flat_map(|leaf| &leaf.inner).for_each(|body| statements(&body.block, counted));
    }
}

#[test]
fn real_machines_are_structured() {
    let Some(corpus) = support::corpus() else { return };
    let imported = |source: &Path| {
        let options = Options { source: source.to_owned(), stage: None, config: Config::default(), out: None };
        compile::import(&options).expect("importable")
    };
    let paths: Vec<String> = support::files(&corpus).into_iter().map(|(path, _)| path).filter(|path| path != "INDEX.tsv").collect();
    let found: Vec<(String, usize, usize, BTreeMap<&'static str, usize>)> = paths
        .par_iter()
        .flat_map_iter(|path| {
            let imported = imported(&corpus.join(path));
            let broken = imported.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
            imported
                .estate
                .machines
                .iter()
                .filter_map(|machine| match structure(&machine.graph) {
                    Ok(structured) => {
                        flow::difference(&machine.graph, &structured.body).unwrap_or_else(|said| panic!("{path}: {said}"));
                        let mut counted = BTreeMap::new();
                        statements(&structured.body.block, &mut counted);
                        Some((path.clone(), machine.graph.states.len(), depth(&structured.body.block), counted))
                    }
                    Err(why) => {
                        assert!(
                            broken && why != Unstructured::TooDeep(machine.span),
                            "{path}: `{}` is not structured: {why:?}",
                            machine.name.value
                        );
                        eprintln!("{path}: broken");
                        None
                    }
                })
                .collect::<Vec<_>>()
        })
        .collect();
    for what in ["Scope", "Loop", "Dispatch"] {
        let having: Vec<&str> = found.iter().filter(|(.., counted)| counted.contains_key(what)).map(|(path, ..)| path.as_str()).collect();
        eprintln!("{} of {} machines have a {what}", having.len(), found.len());
    }
    let mut depths: Vec<(usize, usize, &str)> = found.iter().map(|(path, states, depth, _)| (*depth, *states, path.as_str())).collect();
    depths.sort_unstable();
    for (depth, states, path) in depths.iter().rev().take(5) {
        eprintln!("{depth} levels for {states} states: {path}");
    }
    assert!(found.len() > 100, "only {} machines", found.len());
    assert!(depths.last().is_some_and(|(depth, ..)| *depth <= 30), "{:?}", depths.last());
}
