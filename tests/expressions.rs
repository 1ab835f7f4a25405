//! Every translation into Argo's expressions against the interpreter, on Argo's own expression engine.
//!
//! Random states, a part of a state at a time, meet random documents: ordinary ones, and ones with numbers, texts and shapes that Java and Go read
//! differently. The interpreter says what the part gives; Argo's code (`tests/cluster/argo/cmd/evaluate-expressions`, named by `$EXPRESSIONS`)
//! says whether the guard holds and what the outputs are. Where the guard holds, both must be the same, and where the interpreter fails,
//! the guard must not hold. Without `$EXPRESSIONS` only what is folded at compile time is compared.
#[path = "expressions/random.rs"]
mod random;
#[path = "expressions/states.rs"]
mod states;

use emr2k8s::compile::{self, Options};
use emr2k8s::config::Config;
use emr2k8s::emit::argo_expressions::{self, Fast, Names, Tier};
use emr2k8s::ir::machine::Machine;
use emr2k8s::simulate::engine::Failure;
use emr2k8s::simulate::program::Program;
use emr2k8s::simulate::services::{Answer, Call, Fault, Services};
use emr2k8s::simulate::value::Value;
use emr2k8s::simulate::{definition, engine, eval};
use random::Random;
use serde_json::json;
use states::{PARTS, Part, VARIABLES};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Machines of each part, and documents that each one meets.
const MACHINES: usize = 280;
const ORDINARY: usize = 5;
const NASTY: usize = 4;

const NAMES: Names<'static> = Names {
    document: "inputs.parameters.state",
    variables: "inputs.parameters.variables",
    result: "inputs.parameters.result",
    error: "inputs.parameters.error",
    input: "inputs.parameters.input",
    machine: "",
    retries: None,
};

/// The machine around a state: what comes before gives it variables and a document, what comes behind shows what it left.
fn machine(random: &mut Random, part: Part) -> String {
    let (fields, rules) = states::state(random, part);
    let assign: Vec<String> = VARIABLES.iter().map(|name| format!(r#""{name}.$": "$.v.{name}""#)).collect();
    let shown: Vec<String> = VARIABLES.iter().map(|name| format!(r#""{name}.$": "${name}""#)).collect();
    let probe = |name: &str, next: &str| {
        format!(
            r#""{name}": {{"Type": "Pass", "Parameters": {{"next": "{next}", "output.$": "States.Array($)", "v": {{{}}}}}, "End": true}}"#,
            shown.join(", ")
        )
    };
    let mut states = vec![format!(r#""A": {{"Type": "Pass", "Assign": {{{}}}, "OutputPath": "$.d", "Next": "S"}}"#, assign.join(", "))];
    let ends = fields.contains(r#""Type": "Succeed""#) || fields.contains(r#""Type": "Fail""#) || part == Part::Choose;
    states.push(format!(r#""S": {{{fields}{}}}"#, if ends { "" } else { r#", "Next": "Z""# }));
    if part == Part::Choose {
        states.extend((0..rules).map(|index| probe(&format!("T{index}"), &index.to_string())));
        states.push(probe("D", "default"));
    } else {
        states.push(probe("Z", ""));
    }
    format!(r#"{{"StartAt": "A", "States": {{{}}}}}"#, states.join(", "))
}

/// What tasks give, and what they were sent.
struct Service {
    answer: Result<Value, Fault>,
    sent: Option<Value>,
}

impl Services for Service {
    fn call(&mut self, call: &Call<'_>) -> Answer {
        self.sent = Some(call.input.clone());
        Answer::After(0, self.answer.clone())
    }
}

/// One evaluation: a state, what it finds, and what the interpreter makes of it.
struct Case {
    machine: usize,
    part: Part,
    ordinary: bool,
    scope: BTreeMap<&'static str, String>,
    /// By output; `None`: the interpreter fails.
    expected: Option<BTreeMap<&'static str, String>>,
    /// How it fails.
    failure: Option<Failure>,
}

fn is_json(output: &str) -> bool {
    matches!(output, "output" | "variables" | "arguments" | "items" | "tolerated")
}

/// JSON without the order of keys.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut fields: Vec<(&str, &Value)> = object.iter().map(|(key, value)| (&**key, value)).collect();
            fields.sort_by_key(|(key, _)| *key);
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{}:{}", Value::string(*key).to_json(), canonical(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_json(),
    }
}

fn canonical_text(text: &str) -> String {
    Value::parse(text).map_or_else(|error| format!("no JSON: {error}: {text}"), |value| canonical(&value))
}

/// How many items of a Map may fail, by the runtime of the pod. Like the expression it counts in no particular kind of number.
fn tolerated(machine: &Machine, document: &str, variables: &str, input: &str) -> Option<String> {
    let definition = definition::write(machine.graph.state("S")?);
    let request = Value::object([
        ("part", Value::string("items")),
        ("name", Value::string("S")),
        ("state", definition),
        ("document", Value::parse(document).ok()?),
        ("variables", Value::parse(variables).ok()?),
        ("execution", Value::object([("Input", Value::parse(input).ok()?), ("Name", Value::string("execution"))])),
    ]);
    let evaluated = eval::evaluate(&request, 0, 0).ok()?;
    Some(canonical_text(&evaluated.variables?).replace(".0}", "}"))
}

fn case(random: &mut Random, index: usize, part: Part, machine: &Machine, program: &Program, ordinary: bool) -> Option<Case> {
    let (document, variables) = if ordinary {
        (random.ordinary(), states::variables(random, false))
    } else {
        let nasty_variables = random.one_in(3);
        (if random.one_in(4) { random.ordinary() } else { random.nasty() }, states::variables(random, nasty_variables))
    };
    let result = if ordinary || random.one_in(3) { random.ordinary() } else { random.nasty() };
    let fault = if ordinary {
        ("Lambda.Busy".to_owned(), "it is busy".to_owned())
    } else {
        let text = |random: &mut Random| {
            Value::parse(&random.string()).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        };
        (text(random), text(random))
    };
    let input = format!(r#"{{"d":{document},"v":{variables}}}"#);
    let answer = match part {
        Part::Caught => Err(Fault { error: Some(fault.0.as_str().into()), cause: Some(fault.1.clone()) }),
        _ => Ok(Value::parse(&result).ok()?),
    };
    let mut service = Service { answer, sent: None };
    let options = engine::Options::default();
    let outcome = engine::run(program, Value::parse(&input).ok()?, &mut service, &options);
    let mut expected = BTreeMap::new();
    let probe = outcome.result.as_ref().ok();
    if let Some(probe) = probe {
        match probe.get("v").filter(|_| probe.get("next").is_some()) {
            Some(variables) => {
                let output = canonical(probe.get("output").and_then(Value::as_array).and_then(<[Value]>::first).expect("one output"));
                expected.insert(if part == Part::Items { "items" } else { "output" }, output);
                expected.insert("variables", canonical(variables));
                expected.insert("next", probe.get("next").and_then(Value::as_str).unwrap_or_default().to_owned());
            }
            None => {
                expected.insert("output", canonical(probe));
            }
        }
        if part == Part::Items
            && let Some(tolerated) = tolerated(machine, &document, &variables, &input)
        {
            expected.insert("tolerated", tolerated);
        }
        expected.insert("seconds", ((outcome.finished - options.start) / 1000).to_string());
    }
    let expected = match part {
        Part::Arguments => service.sent.map(|sent| BTreeMap::from([("arguments", canonical(&sent))])),
        Part::Fail => outcome
            .result
            .as_ref()
            .err()
            .filter(|failure| !failure.fatal && failure.error.as_deref() != Some("States.QueryEvaluationError"))
            .map(|failure| {
                BTreeMap::from([
                    ("error", failure.error.as_deref().unwrap_or_default().to_owned()),
                    ("cause", failure.cause.clone().unwrap_or_default()),
                ])
            }),
        _ => probe.map(|_| expected),
    };
    let known = outcome.result.as_ref().err().cloned();
    // What comes from outside has no tags in it.
    let escaped = |text: &str| argo_expressions::escaped(text);
    let failure = Value::object([("Error", Value::string(fault.0)), ("Cause", Value::string(fault.1))]).to_json();
    let scope = BTreeMap::from([
        (NAMES.document, escaped(&document)),
        (NAMES.variables, escaped(&variables)),
        (NAMES.result, escaped(&result)),
        (NAMES.error, escaped(&failure)),
        (NAMES.input, escaped(&input)),
        ("workflow.name", "execution".to_owned()),
    ]);
    Some(Case { machine: index, part, ordinary, scope, expected, failure: known })
}

fn tier(part: Part, machine: &Machine) -> Tier {
    let state = machine.graph.state("S").expect("a state");
    let names = Names { machine: &machine.name.value, ..NAMES };
    match part {
        Part::Pass => argo_expressions::pass(state, &names),
        Part::Choose => argo_expressions::choose(state, &names),
        Part::Arguments => argo_expressions::arguments(state, &names),
        Part::Result | Part::Waited => argo_expressions::result(state, &names),
        Part::Wait => argo_expressions::wait(state, &names),
        Part::Items => argo_expressions::items(state, &names),
        Part::Fail => argo_expressions::fail(state, &names),
        Part::Caught => argo_expressions::caught(state, 0, &names),
    }
}

#[derive(serde::Deserialize, Debug)]
struct Evaluated {
    guard: bool,
    #[serde(default)]
    outputs: BTreeMap<String, String>,
    #[serde(default)]
    error: String,
}

/// Argo's answers, one for each question.
fn ask(program: &str, questions: &[serde_json::Value]) -> Vec<Evaluated> {
    let mut file = tempfile::tempfile().expect("a file");
    for question in questions {
        writeln!(file, "{question}").expect("written");
    }
    std::io::Seek::rewind(&mut file).expect("rewound");
    let output =
        Command::new(program).stdin(Stdio::from(file)).stderr(Stdio::inherit()).output().expect("the program that $EXPRESSIONS names");
    assert!(output.status.success(), "{program} failed");
    String::from_utf8(output.stdout).expect("text").lines().map(|line| serde_json::from_str(line).expect("an answer")).collect()
}

#[derive(Default)]
struct Count {
    folded: usize,
    expression: usize,
    pod: usize,
    ordinary: usize,
    ordinary_fast: usize,
    fast: usize,
    cases: usize,
}

#[test]
fn translations_give_what_the_interpreter_gives() {
    let mut random = Random::new(std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(4));
    let folder = tempfile::tempdir().expect("a folder");
    let mut parts = Vec::new();
    for part in PARTS {
        for _ in 0..MACHINES {
            let name = format!("m{:05}", parts.len());
            let text = machine(&mut random, part);
            fs::write(folder.path().join(format!("{name}.asl.json")), &text).expect("written");
            parts.push((part, text));
        }
    }
    let options = Options { source: folder.path().to_owned(), stage: None, config: Config::default(), out: None };
    let imported = compile::import(&options).expect("importable");
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut questions = Vec::new();
    let mut asked: Vec<(Case, Fast)> = Vec::new();
    let (mut failing_questions, mut failing) = (Vec::new(), Vec::new());
    let mut failures = 0;
    let mut problems = Vec::new();
    let mut refused = 0;
    for machine in &imported.estate.machines {
        let index: usize = machine
            .file
            .trim_start_matches(|c: char| !c.is_ascii_digit())
            .split('.')
            .next()
            .and_then(|digits| digits.parse().ok())
            .expect("a number");
        let (part, text) = &parts[index];
        let Ok(program) = Program::compile(machine) else {
            refused += 1;
            continue;
        };
        let tier = tier(*part, machine);
        let language = if text.contains("JSONata") { "JSONata" } else { "JSONPath" };
        let count = counts.entry(format!("{part:?} {language}")).or_default();
        match &tier {
            Tier::Folded(_) => count.folded += 1,
            Tier::Expression(_) => count.expression += 1,
            Tier::Pod => {
                count.pod += 1;
                if std::env::var_os("PODS").is_some() {
                    eprintln!("pod: {part:?} {text}");
                }
            }
        }
        for round in 0..ORDINARY + NASTY {
            let Some(case) = case(&mut random, index, *part, machine, &program, round < ORDINARY) else { continue };
            match &tier {
                Tier::Folded(outputs) => {
                    for (name, output) in outputs {
                        let output = if is_json(name) { canonical_text(output) } else { output.clone() };
                        let expected = case.expected.as_ref().and_then(|expected| expected.get(name));
                        if expected != Some(&output) {
                            problems.push(format!("{text}\n    folded {name}: {output}\n    expected {expected:?}\n    {:?}", case.scope));
                        }
                    }
                }
                Tier::Expression(fast) => {
                    let outputs: BTreeMap<_, _> = fast.outputs.iter().cloned().collect();
                    questions.push(json!({"scope": &case.scope, "guard": &fast.guard, "outputs": outputs}));
                    if let Some(failure) = &fast.failure {
                        let outputs = BTreeMap::from([("failure", &failure.output)]);
                        failing_questions.push(json!({"scope": &case.scope, "guard": &failure.when, "outputs": outputs}));
                        failing.push((questions.len() - 1, failure.clone()));
                    }
                    asked.push((case, fast.clone()));
                }
                Tier::Pod => {}
            }
        }
    }
    let total = asked.len();
    match std::env::var("EXPRESSIONS") {
        Err(_) => eprintln!("$EXPRESSIONS does not name Argo's evaluator: {total} cases were not compared"),
        Ok(program) => {
            for ((at, failure), answer) in failing.iter().zip(ask(&program, &failing_questions)) {
                let (case, _) = &asked[*at];
                if !answer.guard && answer.error.is_empty() {
                    continue;
                }
                failures += 1;
                let said = answer.outputs.get("failure").and_then(|text| Value::parse(text).ok());
                let of = |name: &str| said.as_ref().and_then(|said| said.get(name)).and_then(Value::as_str).map(str::to_owned);
                let expected = case.failure.as_ref().map(|failure| {
                    let cause = failure.cause.clone().unwrap_or_default();
                    let (head, tail) = cause.split_once("event id #").unwrap_or((&cause, ""));
                    let tail = tail.trim_start_matches(|c: char| c.is_ascii_digit());
                    (failure.error.as_deref().map(str::to_owned), Some(format!("{head}event id #0{tail}")))
                });
                if expected != Some((of("Error"), of("Cause"))) {
                    let (_, text) = &parts[case.machine];
                    problems.push(format!("{text}\n    {answer:?}\n    expected {expected:?}\n    {failure:?}\n    {:?}", case.scope));
                }
            }
            for ((case, fast), answer) in asked.iter().zip(ask(&program, &questions)) {
                let (_, text) = &parts[case.machine];
                let language = if text.contains("JSONata") { "JSONata" } else { "JSONPath" };
                let count = counts.entry(format!("{:?} {language}", case.part)).or_default();
                count.cases += 1;
                count.fast += usize::from(answer.guard);
                if case.ordinary && case.expected.is_some() {
                    count.ordinary += 1;
                    count.ordinary_fast += usize::from(answer.guard);
                    if !answer.guard && std::env::var_os("SLOW").is_some() {
                        eprintln!("slow: {text}\n    guard {}\n    {}", fast.guard, case.scope[NAMES.document]);
                    }
                }
                let mut differences = Vec::new();
                if !answer.error.is_empty() {
                    differences.push(answer.error.clone());
                }
                for (name, output) in &answer.outputs {
                    // Counted from now, which is another time for the interpreter.
                    if name == "seconds" && text.contains(r#""Timestamp"#) {
                        continue;
                    }
                    let output = if is_json(name) { canonical_text(output) } else { output.clone() };
                    let expected = case.expected.as_ref().and_then(|expected| expected.get(name.as_str()));
                    if expected != Some(&output) {
                        differences.push(format!("{name}: {output}\n    expected {expected:?}"));
                    }
                }
                if !differences.is_empty() {
                    let state =
                        text.split(r#""S": "#).nth(1).and_then(|rest| rest.split(r#""Parameters": {"next""#).next()).unwrap_or(text);
                    let difference = differences.join("\n    ");
                    let scope = &case.scope;
                    let shown =
                        [NAMES.document, NAMES.variables, NAMES.result].map(|name| format!("{name} = {}", scope[name])).join("\n    ");
                    problems.push(format!("{state}\n    {difference}\n    guard {}\n    {:?}\n    {shown}", fast.guard, fast.outputs));
                }
            }
        }
    }
    println!("part: machines folded, by expression, by pod; cases; guard holds; of ordinary ones");
    for (name, count) in &counts {
        let percent = (count.ordinary_fast * 100).checked_div(count.ordinary).unwrap_or(100);
        println!("{name}: {} {} {}; {}; {}; {percent} %", count.folded, count.expression, count.pod, count.cases, count.fast);
    }
    println!("{refused} machines were not such, {total} cases, {failures} failures that were known");
    let mut last = "";
    let mut fresh: Vec<&String> = Vec::new();
    for problem in &problems {
        let state = problem.lines().next().unwrap_or_default();
        if state != last {
            fresh.push(problem);
        }
        last = state;
    }
    for problem in fresh.iter().take(12) {
        println!("{problem}\n");
    }
    assert!(problems.is_empty(), "{} of {total} cases differ", problems.len());
    let (ordinary, fast) = counts.values().fold((0, 0), |(a, b), count| (a + count.ordinary, b + count.ordinary_fast));
    assert!(fast * 10 >= ordinary * 8, "of {ordinary} ordinary cases only {fast} need no pod");
}
