//! How fast a machine is simulated, and how the time of structuring grows: `cargo bench --bench simulate`.
//!
//! The counter of the runs is states entered; the aim is 10,000 a second. `structure` and `import` are of graphs of 100 to 10,000 states; the aim is that
//! ten times the states take ten times as long.
use divan::{Bencher, counter::ItemsCount};
use emr2k8s::import::asl;
use emr2k8s::ir::machine::Machine;
use emr2k8s::pass::control::structure;
use emr2k8s::simulate::engine::{self, Options};
use emr2k8s::simulate::plan::Plan;
use emr2k8s::simulate::program::Program;
use emr2k8s::simulate::script::Script;
use emr2k8s::simulate::value::Value;
use emr2k8s::source::json;
use emr2k8s::source::sink::Sink;
use emr2k8s::source::span::FileId;

fn main() {
    divan::main();
}

fn machine(text: &str) -> Machine {
    let mut sink = Sink::default();
    let node = json::parse(text, FileId(0), &mut sink).expect("JSON");
    asl::import(&node, FileId(0), "machine.asl.json", "machine", &mut sink)
}

/// Adds to a counter and compares it, 1,000 times.
const PATH_LOOP: &str = r#"{"StartAt": "Add", "States": {
    "Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)", "job.$": "$.job"}, "Next": "Enough?"},
    "Enough?": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThanEquals": 1000, "Next": "Done"}], "Default": "Add"},
    "Done": {"Type": "Succeed"}}}"#;
const JSONATA_LOOP: &str = r#"{"StartAt": "Add", "QueryLanguage": "JSONata", "States": {
    "Add": {"Type": "Pass", "Output": {"n": "{% $states.input.n + 1 %}", "job": "{% $states.input.job %}"}, "Next": "Enough?"},
    "Enough?": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.n >= 1000 %}", "Next": "Done"}], "Default": "Add"},
    "Done": {"Type": "Succeed"}}}"#;
/// Two states for each of 1,000 items.
const MAP: &str = r#"{"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 10,
    "ItemSelector": {"item.$": "$$.Map.Item.Value", "job.$": "$.job"},
    "ItemProcessor": {"StartAt": "Wait", "States": {
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Shape"},
        "Shape": {"Type": "Pass", "Parameters": {"text.$": "States.Format('item {}', $.item)"}, "End": true}}}, "End": true}}}"#;
/// A poll with a task that fails now and then: submit, wait, ask, choose.
const POLL: &str = r#"{"StartAt": "Wait", "States": {
    "Wait": {"Type": "Wait", "Seconds": 60, "Next": "Ask"},
    "Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "status", "Payload.$": "$.job"},
        "ResultSelector": {"state.$": "$.Payload.state"}, "ResultPath": "$.status",
        "Retry": [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 2}], "Next": "Done?"},
    "Done?": {"Type": "Choice", "Choices": [{"Variable": "$.status.state", "StringEquals": "success", "Next": "Done"}], "Default": "Wait"},
    "Done": {"Type": "Succeed"}}}"#;

fn input() -> Value {
    let items = (0..1_000).map(Value::int).collect();
    Value::object([
        ("n", Value::int(0)),
        ("items", Value::array(items)),
        ("job", Value::parse(r#"{"name": "load", "files": ["s3://lake/a", "s3://lake/b"], "cores": 4, "memory": "8g"}"#).expect("JSON")),
    ])
}

fn script() -> Script {
    let running =
        r#"{"output": {"Payload": {"state": "running"}}}, {"error": "Lambda.TooManyRequestsException", "cause": "rate"}, "#.repeat(500);
    let text = format!(r#"{{"Ask": [{running}{{"output": {{"Payload": {{"state": "success"}}}}}}]}}"#);
    Script::read(&Value::parse(&text).expect("JSON")).expect("a script")
}

fn text(name: &str) -> &'static str {
    match name {
        "JSONPath loop" => PATH_LOOP,
        "JSONata loop" => JSONATA_LOOP,
        "Map of 1,000 items" => MAP,
        _ => POLL,
    }
}

#[divan::bench(args = ["JSONPath loop", "JSONata loop", "Map of 1,000 items", "poll with retries"])]
fn machine_run(bencher: Bencher<'_, '_>, name: &str) {
    let program = Program::compile(&machine(text(name))).expect("a program");
    let run = |mut script: Script| engine::run(&program, input(), &mut script, &Options::default());
    let outcome = run(script());
    assert!(outcome.result.is_ok(), "{:?}", outcome.result);
    bencher.counter(ItemsCount::new(outcome.states)).with_inputs(script).bench_values(run);
}

#[divan::bench(args = ["JSONPath loop", "poll with retries"])]
fn plan_run(bencher: Bencher<'_, '_>, name: &str) {
    let structured = structure(&machine(text(name)).graph).expect("structured");
    let plan = Plan::compile("machine", None, &structured.body).expect("a plan");
    let run = |mut script: Script| plan.run(input(), &mut script, &Options::default());
    let states = run(script()).states;
    bencher.counter(ItemsCount::new(states)).with_inputs(script).bench_values(run);
}

/// Jobs one after the other, each with a poll and a handler that all share.
fn large(states: usize) -> String {
    let count = states / 5;
    let job = |i: usize| {
        let next = if i + 1 < count { format!("Submit {}", i + 1) } else { "Done".to_owned() };
        format!(
            r#""Submit {i}": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": "$.id", "Next": "Wait {i}", "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Note {i}"}}]}},
            "Wait {i}": {{"Type": "Wait", "Seconds": 60, "Next": "Ask {i}"}},
            "Ask {i}": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": "$.status", "Next": "Done? {i}", "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Failed"}}]}},
            "Done? {i}": {{"Type": "Choice", "Choices": [{{"Variable": "$.status", "StringEquals": "running", "Next": "Wait {i}"}}, {{"Variable": "$.status", "StringEquals": "dead", "Next": "Note {i}"}}], "Default": "{next}"}},
            "Note {i}": {{"Type": "Pass", "Next": "{next}"}}"#
        )
    };
    let jobs: Vec<String> = (0..count).map(job).collect();
    format!(r#"{{"StartAt": "Submit 0", "States": {{{},"Failed": {{"Type": "Fail"}}, "Done": {{"Type": "Succeed"}}}}}}"#, jobs.join(","))
}

const STATES: &[usize] = &[100, 1_000, 10_000];

#[divan::bench(args = STATES, sample_count = 20, sample_size = 1)]
fn structured(bencher: Bencher<'_, '_>, states: usize) {
    let machine = machine(&large(states));
    bencher.counter(ItemsCount::new(states)).bench(|| structure(&machine.graph).expect("structured"));
}

#[divan::bench(args = STATES, sample_count = 20, sample_size = 1)]
fn import(bencher: Bencher<'_, '_>, states: usize) {
    let text = large(states);
    bencher.counter(ItemsCount::new(states)).bench(|| machine(&text));
}
