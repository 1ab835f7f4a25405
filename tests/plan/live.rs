//! A machine without what nobody reads does what it did: the same calls with the same inputs at the same times, and the same end.
//!
//! The machine that `pass::liveness` makes of it is run by the same interpreter. What is not compared is what it may change: the inputs of states that call nothing, and
//! the output of a run where nobody takes it.
use super::case::{Called, Recorder, import};
use super::random::Random;
use super::{generate, number};
use emr2k8s::pass::liveness;
use emr2k8s::simulate::engine::{self, Failure, Options, Outcome, Status};
use emr2k8s::simulate::program::Program;
use emr2k8s::simulate::value::Value;
use rayon::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

/// 120,000 runs.
const MACHINES: u64 = 6_000;
const RUNS: usize = 10;

/// When a state was left, after how many retries, and how it failed.
type Left = (u64, u32, Option<Failure>);

/// What of a run can be seen from outside.
#[derive(PartialEq, Debug)]
struct Seen {
    status: Status,
    /// `None`: nobody takes the output.
    result: Result<Option<Value>, Failure>,
    calls: Vec<Called>,
    /// State, event, when it was entered, and its end.
    way: Vec<(String, u64, u64, Option<Left>)>,
    finished: u64,
}

impl Seen {
    fn say(&self) -> String {
        let result = match &self.result {
            Ok(output) => output.as_ref().map_or_else(|| "well".to_owned(), Value::to_json),
            Err(failure) => format!("{failure:?}"),
        };
        let calls: Vec<String> = self.calls.iter().map(|call| format!("{} {}", call.state, call.input.to_json())).collect();
        let way: Vec<String> = self.way.iter().map(|(state, event, .., end)| format!("{state} {event} {end:?}")).collect();
        format!("{result}\n  calls {}\n  way {}", calls.join("; "), way.join("; "))
    }
}

fn seen(outcome: Outcome, calls: Vec<Called>, output: bool) -> Seen {
    let way = outcome.steps.into_iter().map(|step| {
        let end = step.end.map(|end| (end.left, end.retries, end.result.err()));
        (step.state.to_string(), step.event, step.entered, end)
    });
    let result = outcome.result.map(|value| output.then_some(value));
    Seen { status: outcome.status, result, calls, way: way.collect(), finished: outcome.finished }
}

pub struct Case {
    pub before: Program,
    pub after: Program,
    pub output: bool,
    /// Things that nobody reads.
    pub unread: usize,
    rewritten: String,
}

impl Case {
    pub fn of(text: &str, output: bool) -> Result<Self, String> {
        let (mut machine, _) = import(text)?;
        let before = Program::compile(&machine).map_err(|errors| format!("{errors:?}"))?;
        let unread = liveness::rewrite(&mut machine.graph, output, &[]);
        let after = Program::compile(&machine).map_err(|errors| format!("after: {errors:?}"))?;
        let rewritten = unread.iter().map(|unread| unread.state.clone()).collect::<Vec<_>>().join(", ");
        Ok(Self { before, after, output, unread: unread.len(), rewritten })
    }

    /// What differs.
    pub fn difference(&self, input: &Value, script: &Value) -> Option<String> {
        let options = Options { trace: true, event_limit: 100, ..Options::default() };
        let run = |program: &Program| {
            let mut services = Recorder::new(script);
            let outcome = engine::run(program, input.clone(), &mut services, &options);
            seen(outcome, services.calls, self.output)
        };
        let (before, after) = (run(&self.before), run(&self.after));
        (before != after).then(|| format!("without what {} leave:\n{}\n{}", self.rewritten, before.say(), after.say()))
    }
}

/// States that make liveness work: results that are read, overwritten or never read, on documents of which something is known.
fn machine(random: &mut Random) -> serde_json::Value {
    let jsonata = random.percent(20);
    let mut names = 0;
    let mut machine = graph(random, &mut names, 0, jsonata);
    if jsonata {
        machine["QueryLanguage"] = json!("JSONata");
    }
    machine
}

const FIELDS: [&str; 5] = ["a", "b", "c", "d", "e"];

fn field(random: &mut Random) -> String {
    let one = *random.pick(&FIELDS);
    if random.percent(25) { format!("{one}.{}", random.pick(&FIELDS)) } else { one.to_owned() }
}

fn graph(random: &mut Random, names: &mut usize, depth: usize, jsonata: bool) -> serde_json::Value {
    let size = random.between(2, if depth == 0 { 9 } else { 3 });
    let own: Vec<String> = (0..size)
        .map(|_| {
            *names += 1;
            format!("S{names}")
        })
        .collect();
    let mut states = serde_json::Map::new();
    for (at, name) in own.iter().enumerate() {
        let later = |random: &mut Random| {
            let from = if random.percent(12) { 0 } else { (at + 1).min(size - 1) };
            own[random.between(from, size - 1)].clone()
        };
        let state = state(random, names, depth, jsonata, at + 1 == size, at == 0, later);
        states.insert(name.clone(), state);
    }
    json!({"StartAt": own[0], "States": states})
}

fn template(random: &mut Random, quiet: bool) -> serde_json::Value {
    let mut fields = serde_json::Map::new();
    for name in FIELDS {
        match random.below(5) {
            0 => drop(fields.insert(name.to_owned(), json!({"a": 1, "b": {"c": name}}))),
            1 => drop(fields.insert(name.to_owned(), json!(name))),
            2 if !quiet => drop(fields.insert(format!("{name}.$"), json!(format!("$.{}", field(random))))),
            3 if !quiet => {
                let call = match random.below(4) {
                    0 => "$$.State.Name".to_owned(),
                    1 => format!("States.Format('{{}}', $.{})", field(random)),
                    2 => "$".to_owned(),
                    _ => "$$.Execution.Input".to_owned(),
                };
                fields.insert(format!("{name}.$"), json!(call));
            }
            _ => {}
        }
    }
    fields.into()
}

fn result_path(random: &mut Random) -> serde_json::Value {
    match random.below(12) {
        0 => json!(null),
        1 => json!("$"),
        2 => json!("$.a[0]"),
        _ => json!(format!("$.{}", field(random))),
    }
}

fn state(
    random: &mut Random,
    names: &mut usize,
    depth: usize,
    jsonata: bool,
    last: bool,
    first: bool,
    later: impl Fn(&mut Random) -> String,
) -> serde_json::Value {
    let own = jsonata || random.percent(10);
    let kind = if first && random.percent(60) {
        "Pass"
    } else if last {
        *random.pick(&["Pass", "Task", "Task", "Succeed", "Fail"])
    } else {
        *random.pick(&[
            "Pass",
            "Pass",
            "Task",
            "Task",
            "Task",
            "Task",
            "Choice",
            "Wait",
            if depth < 2 { "Parallel" } else { "Task" },
            if depth < 2 { "Map" } else { "Task" },
        ])
    };
    let mut state = json!({"Type": kind});
    if own && !jsonata {
        state["QueryLanguage"] = json!("JSONata");
    }
    let expression = |random: &mut Random| {
        let one = field(random);
        match random.below(7) {
            0 => "{% $states.input %}".to_owned(),
            1 => format!("{{% $exists($states.input.{one}) %}}"),
            2 => format!("{{% $string($states.input.{one}) & 'x' %}}"),
            _ => format!("{{% $states.input.{one} ? $states.input.{one} : 'none' %}}"),
        }
    };
    let objects = |random: &mut Random| {
        let (one, other) = (expression(random), expression(random));
        match random.below(4) {
            0 => json!("{% $states.input %}"),
            1 => json!({"a": 1, "b": {"a": 2}}),
            2 => json!({"a": one, "b": other, "c": {"d": 1}}),
            _ => json!(one),
        }
    };
    if !own && random.percent(8) {
        state["InputPath"] = random.pick(&[json!("$.a"), json!("$.b"), json!(null), json!("$.a.b")]).clone();
    }
    if !own && kind != "Fail" && random.percent(8) {
        state["OutputPath"] = random.pick(&[json!("$.a"), json!("$.b"), json!(null), json!("$.c")]).clone();
    }
    if !matches!(kind, "Fail" | "Choice" | "Task") && random.percent(5) {
        state["Assign"] = if own { json!({"v": expression(random)}) } else { json!({"v.$": format!("$.{}", field(random))}) };
    }
    match kind {
        "Pass" if !own => {
            match random.below(5) {
                0 => state["Result"] = template(random, true),
                1 => state["Result"] = json!("text"),
                2 | 3 => state["Parameters"] = template(random, first),
                _ => {}
            }
            if !first && random.percent(70) {
                state["ResultPath"] = result_path(random);
            }
        }
        "Task" => {
            state["Resource"] = json!("arn:aws:states:::lambda:invoke");
            if own {
                if random.percent(80) {
                    state["Arguments"] = json!({"x": expression(random)});
                }
                if random.percent(70) {
                    state["Output"] = if random.percent(50) { objects(random) } else { json!("{% $states.result %}") };
                }
            } else {
                if random.percent(80) {
                    let quiet = random.percent(40);
                    state["Parameters"] = template(random, quiet);
                }
                if random.percent(80) {
                    state["ResultPath"] = result_path(random);
                }
                if random.percent(15) {
                    state["ResultSelector"] =
                        random.pick(&[json!({"a": 1}), json!({"a.$": "$.a"}), json!({"n.$": "$$.State.Name"})]).clone();
                }
            }
        }
        "Choice" => {
            let rule = if own {
                let mut rule = json!({"Condition": format!("{{% $exists($states.input.{}) %}}", field(random)), "Next": later(random)});
                if random.percent(30) {
                    rule["Output"] = objects(random);
                }
                rule
            } else {
                let path = format!("$.{}", field(random));
                match random.below(3) {
                    0 => json!({"Variable": path, "IsPresent": true, "Next": later(random)}),
                    1 => {
                        json!({"And": [{"Variable": path, "IsPresent": true}, {"Variable": path, "IsString": true}], "Next": later(random)})
                    }
                    _ => json!({"Variable": path, "StringEquals": "a", "Next": later(random)}),
                }
            };
            state["Choices"] = json!([rule]);
            state["Default"] = json!(later(random));
            return state;
        }
        "Wait" => {
            if random.percent(20) && !own {
                state["SecondsPath"] = json!(format!("$.{}", field(random)));
            } else {
                state["Seconds"] = json!(1);
            }
        }
        "Fail" => {
            if random.percent(50) {
                state["Error"] = json!("E");
            } else if own {
                state["Cause"] = json!(expression(random));
            } else {
                state["CausePath"] = json!(format!("$.{}", field(random)));
            }
            return state;
        }
        "Succeed" => {
            if own && random.percent(50) {
                state["Output"] = objects(random);
            }
            return state;
        }
        "Parallel" => {
            let branches: Vec<_> = (0..random.between(1, 2)).map(|_| graph(random, names, depth + 1, jsonata)).collect();
            state["Branches"] = json!(branches);
            if !own && random.percent(40) {
                let quiet = random.percent(70);
                state["Parameters"] = template(random, quiet);
            }
        }
        "Map" => {
            state["ItemProcessor"] = graph(random, names, depth + 1, jsonata);
            if own {
                state["Items"] = json!([1, {"a": {"b": 1}}]);
            } else {
                state["ItemsPath"] = json!(format!("$.{}", random.pick(&["xs", "xs", "a"])));
                if random.percent(40) {
                    state["ItemSelector"] = json!({"a.$": "$$.Map.Item.Value", "b.$": "$$.Map.Item.Index", "c": {"a": 1}});
                }
            }
        }
        _ => {}
    }
    if matches!(kind, "Parallel" | "Map") && !own {
        if random.percent(75) {
            state["ResultPath"] = result_path(random);
        }
        if random.percent(15) {
            state["ResultSelector"] = json!({"n.$": "States.ArrayLength($)"});
        }
    }
    if matches!(kind, "Parallel" | "Map" | "Pass") && own && random.percent(50) {
        state["Output"] = objects(random);
    }
    if matches!(kind, "Task" | "Parallel" | "Map") {
        if random.percent(25) {
            state["Retry"] = json!([{"ErrorEquals": ["E", "States.ReferencePathConflict"], "MaxAttempts": 1}]);
        }
        if random.percent(35) {
            let mut catcher = json!({"ErrorEquals": ["States.ALL"], "Next": later(random)});
            if own {
                if random.percent(60) {
                    catcher["Output"] = match random.below(3) {
                        0 => json!("{% $states.input %}"),
                        1 => json!({"a": 1}),
                        _ => json!({"a": "{% $states.errorOutput.Error %}", "b": "{% $states.input %}"}),
                    };
                }
            } else if random.percent(85) {
                catcher["ResultPath"] = result_path(random);
            }
            state["Catch"] = json!([catcher]);
        }
    }
    if last || random.percent(5) {
        state["End"] = json!(true);
    } else {
        state["Next"] = json!(later(random));
    }
    state
}

fn input(random: &mut Random) -> serde_json::Value {
    if random.percent(5) {
        return random.pick(&[json!(null), json!("text"), json!([{"a": 1}, {"a": 2}]), json!({})]).clone();
    }
    let mut out = json!({"xs": [{"a": 1, "b": {"a": 2}}, 2]});
    for name in FIELDS {
        match random.below(4) {
            0 => out[name] = json!({"a": "a", "b": {"a": 1}, "c": 2}),
            1 => out[name] = json!("a"),
            2 => out[name] = json!({"a": {"b": 2}, "d": [1], "e": {}}),
            _ => {}
        }
    }
    out
}

fn tasks(machine: &serde_json::Value, found: &mut Vec<String>) {
    let Some(object) = machine.as_object() else { return };
    if let Some(states) = object.get("States").and_then(|states| states.as_object()) {
        found.extend(states.iter().filter(|(_, state)| state["Type"] == "Task").map(|(name, _)| name.clone()));
        for state in states.values() {
            for branch in state["Branches"].as_array().into_iter().flatten() {
                tasks(branch, found);
            }
            tasks(&state["ItemProcessor"], found);
        }
    }
}

fn script(random: &mut Random, machine: &serde_json::Value) -> serde_json::Value {
    let mut all = Vec::new();
    tasks(machine, &mut all);
    let mut script = serde_json::Map::new();
    for task in all {
        let attempts: Vec<_> = (0..random.between(1, 3))
            .map(|_| {
                if random.percent(20) {
                    json!({"error": "E", "cause": format!("c{}", random.below(9))})
                } else {
                    json!({"output": input(random)})
                }
            })
            .collect();
        script.insert(task, attempts.into());
    }
    script.into()
}

fn one(seed: u64) -> (BTreeMap<&'static str, u64>, Vec<String>) {
    let mut random = Random::of_seed(seed ^ 0x11fe);
    let mut counted: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut said = Vec::new();
    // Half of them are those of the plans.
    let generated = if seed.is_multiple_of(2) {
        machine(&mut random)
    } else {
        generate::machine(&mut random, generate::SHAPES[usize::try_from(seed / 2 % 4).expect("fits")]).machine
    };
    for output in [false, true] {
        let case = match Case::of(&generated.to_string(), output) {
            Ok(case) => case,
            Err(problem) => return (counted, vec![format!("seed {seed}: {problem}\n{generated}")]),
        };
        *counted.entry("machines").or_default() += 1;
        *counted.entry(if output { "unread, output taken" } else { "unread" }).or_default() += case.unread as u64;
        *counted.entry("machines with what nobody reads").or_default() += u64::from(case.unread > 0);
        for _ in 0..RUNS {
            let (input, script) = if seed.is_multiple_of(2) {
                (input(&mut random), script(&mut random, &generated))
            } else {
                let mut all = Vec::new();
                tasks(&generated, &mut all);
                (generate::input(&mut random), generate::script(&mut random, &all))
            };
            *counted.entry("runs").or_default() += 1;
            *counted.entry("runs without what nobody reads").or_default() += u64::from(case.unread > 0);
            if let Some(difference) = case.difference(&input.clone().into(), &script.clone().into()) {
                let difference: String = difference.chars().take(9000).collect();
                said.push(format!("seed {seed}, output {output}: {generated}\ninput {input}\nscript {script}\n{difference}"));
                return (counted, said);
            }
        }
    }
    (counted, said)
}

#[test]
fn machines_do_the_same_without_what_nobody_reads() {
    let (first, count) = (number("EMR2K8S_PLAN_SEED", 0), number("EMR2K8S_PLAN_MACHINES", MACHINES));
    let pool = rayon::ThreadPoolBuilder::new().stack_size(32 << 20).build().expect("threads");
    let (counted, said) = pool.install(|| {
        (first..first + count).into_par_iter().map(one).reduce(Default::default, |(mut counted, mut said), (more, others)| {
            for (what, count) in more {
                *counted.entry(what).or_default() += count;
            }
            said.extend(others);
            (counted, said)
        })
    });
    for (what, count) in &counted {
        eprintln!("{count:>9} {what}");
    }
    assert!(
        said.is_empty(),
        "{} of {count} machines differ:\n{}",
        said.len(),
        said.iter().take(2).cloned().collect::<Vec<_>>().join("\n\n")
    );
    let of = |what: &str| counted.get(what).copied().unwrap_or_default();
    assert!(count < MACHINES || of("runs without what nobody reads") * 5 > of("runs"), "most machines have nothing that nobody reads");
}
