//! How the time of a whole compilation grows with the states of one machine: `cargo bench --bench machine`.
//!
//! From the file on disk to the lines of the output and the ledger, for machines of 100, 1,000 and 10,000 states in several shapes; the aim is that ten
//! times the states take ten times as long. Most of the large ones are more than a Kubernetes object holds and are refused, which must not cost more
//! than translating them. `phases` prints where the time goes.
use divan::{Bencher, counter::ItemsCount};
use emr2k8s::compile::{Compilation, Options, compile};
use emr2k8s::config::Config;
use serde_json::{Map, Value, json};
use std::fs;

fn main() {
    phases();
    divan::main();
}

const STATES: &[usize] = &[100, 1_000, 10_000];
const SHAPES: &[&str] = &["Passes", "chain of calls", "Choice diamonds", "polls", "checks", "nested loops", "jobs"];

/// A state that goes on to the next, or ends.
fn state(fields: Value, next: Option<String>) -> Value {
    let mut state = fields;
    match next {
        Some(next) => state["Next"] = json!(next),
        None => state["End"] = json!(true),
    }
    state
}

fn call(name: &str) -> Value {
    json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": name, "Payload.$": "$"}, "ResultPath": "$.r"})
}

fn choice(index: usize, then: String, otherwise: String) -> Value {
    json!({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": index, "Next": then}], "Default": otherwise})
}

/// A machine of about that many states.
fn definition(shape: &str, count: usize) -> Value {
    let mut states = Map::new();
    let mut add = |name: String, state: Value| {
        states.insert(name, state);
    };
    let on = |prefix: &str, at: usize, of: usize| (at + 1 < of).then(|| format!("{prefix}{}", at + 1));
    let start = match shape {
        "Passes" => {
            (0..count).for_each(|i| add(format!("S{i}"), state(json!({"Type": "Pass"}), on("S", i, count))));
            "S0"
        }
        "chain of calls" => {
            for i in 0..count {
                let fields = if i % 2 == 0 { call("f") } else { json!({"Type": "Pass", "Parameters": {"n.$": "$.n", "i": i}}) };
                add(format!("S{i}"), state(fields, on("S", i, count)));
            }
            "S0"
        }
        "Choice diamonds" => {
            let diamonds = count / 4;
            for i in 0..diamonds {
                add(format!("C{i}"), choice(i, format!("L{i}"), format!("R{i}")));
                for (name, path) in [("L", "$.a"), ("R", "$.b")] {
                    add(format!("{name}{i}"), json!({"Type": "Pass", "Result": i, "ResultPath": path, "Next": format!("J{i}")}));
                }
                add(format!("J{i}"), state(json!({"Type": "Pass"}), on("C", i, diamonds)));
            }
            "C0"
        }
        "polls" => {
            let polls = count / 3;
            for i in 0..polls {
                add(format!("W{i}"), json!({"Type": "Wait", "Seconds": 5, "Next": format!("A{i}")}));
                add(format!("A{i}"), state(call("status"), Some(format!("D{i}"))));
                add(format!("D{i}"), choice(i, format!("W{i}"), on("W", i, polls).unwrap_or_else(|| "End".into())));
            }
            add("End".into(), json!({"Type": "Succeed"}));
            "W0"
        }
        // All that fail go to one state.
        "checks" => {
            let checks = count / 2;
            for i in 0..checks {
                add(format!("C{i}"), choice(i, on("C", i, checks).unwrap_or_else(|| "End".into()), format!("F{i}")));
                add(format!("F{i}"), json!({"Type": "Pass", "Result": i, "Next": "End"}));
            }
            add("End".into(), json!({"Type": "Succeed"}));
            "C0"
        }
        "nested loops" => {
            for i in 0..count {
                add(format!("C{i}"), choice(i, format!("C{}", i.saturating_sub(1)), on("C", i, count).unwrap_or_else(|| "End".into())));
            }
            add("End".into(), json!({"Type": "Succeed"}));
            "C0"
        }
        // Functions that the sources do not define, each with a handler of its failure.
        _ => {
            let jobs = count / 2;
            for i in 0..jobs {
                let task = json!({"Type": "Task", "Resource": format!("arn:aws:lambda:eu-west-1:123456789012:function:job-{i}"), "ResultPath": null,
                    "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": format!("N{i}")}]});
                add(format!("T{i}"), state(task, on("T", i, jobs)));
                let note = json!({"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:note", "ResultPath": null});
                add(format!("N{i}"), state(note, on("T", i, jobs)));
            }
            "T0"
        }
    };
    json!({"StartAt": start, "States": states})
}

/// Compiles a machine that lies in a folder of its own.
fn compiled(folder: &tempfile::TempDir) -> Compilation {
    let config = Config { output: Some("always".into()), ..Config::default() };
    compile(&Options { source: folder.path().to_owned(), config, ..Options::default() }).expect("a folder that can be read")
}

fn folder(shape: &str, count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text = serde_json::to_string_pretty(&definition(shape, count)).expect("JSON");
    fs::write(folder.path().join("machine.asl.json"), text).expect("written");
    folder
}

#[divan::bench(args = STATES, consts = [0, 1, 2, 3, 4, 5, 6], sample_count = 5, sample_size = 1)]
fn machine<const SHAPE: usize>(bencher: Bencher<'_, '_>, states: usize) {
    let folder = folder(SHAPES[SHAPE], states);
    bencher.counter(ItemsCount::new(states)).bench(|| compiled(&folder));
}

/// Where the time goes, of the fastest of three.
fn phases() {
    for (index, shape) in SHAPES.iter().enumerate() {
        for states in STATES {
            let folder = folder(shape, *states);
            let total = |c: &Compilation| c.phases.iter().map(|(_, time)| *time).sum::<std::time::Duration>();
            let fastest = (0..3).map(|_| compiled(&folder)).min_by_key(total).expect("three runs");
            let parts: Vec<String> =
                fastest.phases.iter().map(|(name, time)| format!("{name} {:.1} ms", time.as_secs_f64() * 1000.0)).collect();
            println!("{index} {shape}, {states} states: {}", parts.join(", "));
        }
    }
}
