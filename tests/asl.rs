//! The page docs/asl.md: each construct of the Amazon States Language, what it becomes, and what changes.
//!
//! Nothing on the page but the words of "becomes" is written by hand. Each row is a probe, a small machine with that construct in it, which is compiled
//! by the whole compiler: the verdict and its rule are those of the diagnostics, the tier is read from the workflow. `tests/asl/probes.yaml` holds the
//! probes; those of operators and service integrations are made from the compiler's own tables. `EMR2K8S_UPDATE=1 cargo test --test asl` writes the page.
mod support;

use emr2k8s::compile::Compilation;
use emr2k8s::config::Config;
use emr2k8s::facts::calls;
use emr2k8s::import::asl;
use emr2k8s::simulate::choice::Comparison;
use emr2k8s::simulate::intrinsic;
use emr2k8s::source::sink::{Severity, Verdict};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

type Object = Map<String, Value>;

/// A part of the page.
struct Section {
    title: String,
    text: String,
    rows: Vec<Row>,
}

/// A construct and its probe.
struct Row {
    construct: String,
    becomes: String,
    machine: Value,
    /// Whether it is about something else than the call that its Task makes.
    beside_a_call: bool,
    /// Whether there is no such row where Step Functions refuses the probe: the integration does not have the pattern.
    optional: bool,
    /// The key whose lines in the workflow show the rule, where no diagnostic names one.
    field: String,
}

fn object(value: &Value) -> Object {
    value.as_object().cloned().unwrap_or_default()
}

/// A machine of one state under test, and of those that it leads to.
fn machine(kind: &str, fields: &Object, around: &Object) -> Value {
    let mut state = Object::new();
    state.insert("Type".into(), json!(kind));
    state.extend(fields.clone());
    if !matches!(kind, "Choice" | "Succeed" | "Fail") && !state.contains_key("Next") {
        state.insert("End".into(), json!(true));
    }
    let mut states = Object::new();
    states.insert("Probe".into(), Value::Object(state));
    states.insert("After".into(), json!({"Type": "Succeed"}));
    let names: BTreeSet<String> = targets(&states["Probe"]);
    states.retain(|name, _| name == "Probe" || names.contains(name));
    let mut machine = json!({"StartAt": "Probe", "States": states});
    for (key, value) in around {
        machine[key] = value.clone();
    }
    machine
}

/// The states that a state leads to.
fn targets(state: &Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut work = vec![state];
    while let Some(at) = work.pop() {
        match at {
            Value::Object(map) => {
                out.extend(["Next", "Default"].iter().filter_map(|key| map.get(*key)?.as_str().map(str::to_owned)));
                work.extend(map.values());
            }
            Value::Array(items) => work.extend(items),
            _ => {}
        }
    }
    out
}

fn merged(base: &Object, more: &Object) -> Object {
    let mut all = base.clone();
    for (key, value) in more {
        // A field that the probe takes away.
        if value.is_null() && !["ResultPath", "InputPath", "OutputPath"].contains(&key.as_str()) {
            all.remove(key);
        } else {
            all.insert(key.clone(), value.clone());
        }
    }
    all
}

/// The sections of the file of probes.
fn written() -> Vec<Section> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/asl/probes.yaml");
    let text = fs::read_to_string(path).expect("the probes");
    let sections: Vec<Value> = serde_yaml_ng::from_str(&text).expect("the probes are YAML");
    sections.iter().map(section).collect()
}

fn section(section: &Value) -> Section {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let kind = text(section, "kind");
    let base = object(&section["base"]);
    let around = object(&section["around"]);
    let rows = section["rows"].as_array().expect("rows").iter().map(|row| {
        let construct = text(row, "construct");
        let field = construct.split('`').nth(1).unwrap_or(&construct).to_owned();
        let state = |fields: &Object| match section["in"].as_str() {
            // The fields are those of an object inside the state.
            Some(key) => {
                let inner = merged(&object(&section["base"][key]), fields);
                let mut all = base.clone();
                all.insert(key.to_owned(), Value::Object(inner));
                all
            }
            None => merged(&base, fields),
        };
        let probe = match (&row["machine"], &row["expression"]) {
            (Value::Object(whole), _) => Value::Object(whole.clone()),
            (_, Value::String(expression)) => machine("Pass", &calls(expression), &around),
            _ => machine(&kind, &state(&object(&row["state"])), &merged(&around, &object(&row["around"]))),
        };
        let beside_a_call = base.contains_key("Resource") && row["whole"] != true;
        Row { construct, becomes: text(row, "becomes"), machine: probe, beside_a_call, optional: false, field }
    });
    Section { title: text(section, "title"), text: text(section, "text"), rows: rows.collect() }
}

/// A Pass that computes an expression: of JSONata, or an intrinsic function.
fn calls(expression: &str) -> Object {
    if expression.starts_with("States.") {
        return object(&json!({"Parameters": {"out.$": expression}}));
    }
    object(&json!({"QueryLanguage": "JSONata", "Output": {"out": format!("{{% {expression} %}}")}}))
}

/// Operators of Choice rules, as the interpreter knows them.
fn operators() -> Section {
    let mut names: Vec<(String, Value)> = Vec::new();
    for (of, literal) in
        [("String", json!("x")), ("Numeric", json!(1)), ("Timestamp", json!("2026-11-24T00:00:00Z")), ("Boolean", json!(true))]
    {
        for order in ["Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"] {
            names.push((format!("{of}{order}"), literal.clone()));
            names.push((format!("{of}{order}Path"), json!("$.b")));
        }
    }
    names.push(("StringMatches".into(), json!("log-*.txt")));
    names.extend(["IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"].map(|name| (name.to_owned(), json!(true))));
    names.retain(|(name, _)| Comparison::of_operator(name).is_some());
    let rows = names.into_iter().map(|(name, operand)| {
        let rule = json!({"Variable": "$.a", name.clone(): operand, "Next": "After"});
        let fields = object(&json!({"Choices": [rule], "Default": "After"}));
        Row {
            construct: format!("`{name}`"),
            becomes: "a comparison of the choice's step".into(),
            machine: machine("Choice", &fields, &Object::new()),
            beside_a_call: false,
            optional: false,
            field: name,
        }
    });
    Section { title: "Operators of Choice rules".into(), text: String::new(), rows: rows.collect() }
}

/// What Step Functions demands of a call before it takes a definition.
const DEMANDED: &[&str] = &[
    "ApiEndpoint",
    "Entries",
    "FunctionName",
    "Item",
    "Key",
    "Message",
    "MessageBody",
    "Method",
    "QueueUrl",
    "StateMachineArn",
    "TableName",
];

/// Service integrations, as the table of calls has them, in every pattern that they have.
fn integrations() -> Section {
    let mut rows = Vec::new();
    for integration in calls::integrations() {
        for pattern in ["", ".sync", ".sync:2", ".waitForTaskToken"] {
            // What one or another of them demands.
            let mut parameters: Object = DEMANDED.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
            if pattern == ".waitForTaskToken" {
                parameters.insert("Token.$".into(), json!("$$.Task.Token"));
            }
            let resource = format!("arn:aws:states:::{}{pattern}", integration.resource);
            if calls::CallResource::parse(&resource).is_err() {
                continue;
            }
            let becomes = match (integration.impossible, pattern) {
                (Some(_), _) => "a step that fails and says why".to_owned(),
                (None, "") => format!("a container that calls `{}`", integration.command),
                (None, ".waitForTaskToken") => "a container that makes the call with a token, and a step that waits for it".to_owned(),
                (None, _) => format!("a container that calls `{}` and polls until the job has ended", integration.command),
            };
            rows.push(Row {
                construct: format!("`{}{pattern}`", integration.resource),
                becomes,
                machine: machine("Task", &object(&json!({"Resource": resource, "Parameters": parameters})), &Object::new()),
                beside_a_call: false,
                optional: !pattern.is_empty(),
                field: "Resource".into(),
            });
        }
    }
    Section { title: "Optimized service integrations".into(), text: String::new(), rows }
}

/// How a state is computed, from its workflow.
fn tier(compilation: &Compilation) -> &'static str {
    let templates: Vec<Value> = compilation
        .tree
        .files
        .iter()
        .filter(|(path, _)| path.ends_with("/workflow-template.yaml"))
        .filter_map(|(_, file)| serde_yaml_ng::from_str::<Value>(&file.text()).ok())
        .flat_map(|manifest| manifest["spec"]["templates"].as_array().cloned().unwrap_or_default())
        .collect();
    let steps = || {
        let groups = templates.iter().flat_map(|template| template["steps"].as_array().into_iter().flatten());
        groups.flat_map(|group| group.as_array().into_iter().flatten()).filter(|step| step["template"] == "evaluate")
    };
    if steps().any(|step| step["when"].is_null()) {
        "pod"
    } else if steps().next().is_some() {
        "guard"
    } else if templates.iter().any(|template| template.get("container").is_some() || template.get("script").is_some()) {
        "call"
    } else if templates.is_empty() {
        "–"
    } else {
        "none"
    }
}

fn compiled(machine: &Value) -> Compilation {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("probe.asl.json"), machine.to_string()).expect("written");
    support::compiled_at(folder.path(), Config { output: Some("always".into()), ..Config::default() })
}

/// The rules of the lines that a key of the probe came to, or of the mark that says why it came to none.
fn rules_of(compilation: &Compilation, field: &str) -> BTreeSet<String> {
    let under = |pointer: &str| pointer.split('/').any(|part| part.trim_end_matches(".$") == field);
    let mut rules = BTreeSet::new();
    for value in compilation.ledger.iter().filter(|value| under(&value.pointer)) {
        for (path, line) in value.outputs.iter().filter(|(path, _)| path.ends_with("/workflow-template.yaml")) {
            let file = compilation.tree.files.iter().find(|(known, _)| *known == path).map(|(_, file)| file);
            let line = file.and_then(|file| file.lines.get(*line as usize - 1));
            rules.extend(line.map(|(_, origin)| origin.rule.code.to_owned()));
        }
        if value.outputs.is_empty() && !value.rule.is_empty() {
            rules.insert(value.rule.clone());
        }
    }
    rules
}

/// The row of the page; or what is wrong with the probe.
fn line(row: &Row) -> Result<String, String> {
    let compilation = compiled(&row.machine);
    let errors: Vec<&str> = compilation.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| d.message.as_str()).collect();
    if !errors.is_empty() && row.optional {
        return Ok(String::new());
    }
    if !errors.is_empty() {
        return Err(format!("{}: {errors:?}\n{}", row.construct, row.machine));
    }
    // Without what is said of whole machines: that nothing starts it, that an address is not known.
    let said = compilation.diagnostics.iter().filter(|d| d.span.is_some());
    let said = said.filter(|d| !(row.beside_a_call && d.rule.code.starts_with("CAL")));
    let found: BTreeSet<(&str, Verdict)> = said.filter_map(|d| Some((d.rule.code, d.verdict?))).collect();
    let worst = found.iter().map(|(_, verdict)| *verdict).max();
    let verdict = worst.map_or("exact", |verdict| match verdict {
        Verdict::Exact => "exact",
        Verdict::Equivalent => "equivalent",
        Verdict::Changed => "changed",
        Verdict::Refused => "refused",
    });
    let mut rules: BTreeSet<String> = found.iter().map(|(code, _)| (*code).to_owned()).collect();
    if rules.is_empty() {
        rules = rules_of(&compilation, &row.field);
    }
    let tier = if verdict == "refused" { "–" } else { tier(&compilation) };
    let rules: Vec<String> = rules.iter().map(|code| format!("[{code}](rules.md#{code})")).collect();
    let becomes = match (verdict, tier) {
        ("refused", _) => "a step that fails and says why".to_owned(),
        (_, "pod") => row.becomes.replacen("an expression", "the runtime's pod", 1),
        _ => row.becomes.clone(),
    };
    Ok(format!("| {} | {becomes} | {tier} | {verdict} | {} |\n", row.construct.replace('|', "\\|"), rules.join(" ")))
}

const HEAD: &str = "\
<!-- Made by tests/asl.rs from tests/asl/probes.yaml: edit there. -->
# The Amazon States Language, construct by construct

Each row is a small machine with that construct in it, compiled by this version with `output: always`: verdict, rule and tier are what came out.

- *Tier*: how it is computed. `none`: by no pod. `guard`: by an expression of Argo's, exact where its guard holds; where the data is unusual, by the runtime's pod. `pod`: by the runtime's \
pod, always. `call`: by no pod but the one that makes the call.
- *Verdict*: `exact`: nothing to say. `equivalent`: another mechanism, the same observable result. `changed`: the rule says what differs. `refused`: the rule says why; what stands in its place \
fails when it runs. What is said of a call is said once, under *Tasks by resource*, and not at each field of a Task.
- *Rule*: what decided, or what wrote the line; `emr2k8s explain CODE`.

Machines that drive Spark (EMR steps, Livy batches) are not planned in this way: their states become jobs ([how](architecture.md#two-kinds-of-plan)).
";

fn page() -> String {
    let mut sections = written();
    let at = |sections: &[Section], title: &str| sections.iter().position(|s| s.title == title).map_or(sections.len(), |at| at + 1);
    sections.insert(at(&sections, "Choice"), operators());
    sections.insert(at(&sections, "Tasks by resource"), integrations());
    let mut out = HEAD.to_owned();
    let mut wrong = Vec::new();
    for section in &sections {
        let _ = write!(out, "\n## {}\n\n", section.title);
        if !section.text.is_empty() {
            let _ = write!(out, "{}\n\n", section.text);
        }
        out.push_str("| construct | becomes | tier | verdict | rule |\n|---|---|---|---|---|\n");
        for row in &section.rows {
            match line(row) {
                Ok(line) => out.push_str(&line),
                Err(why) => wrong.push(why),
            }
        }
    }
    assert!(wrong.is_empty(), "probes that are no machines:\n{}", wrong.join("\n"));
    out
}

#[test]
fn the_page_of_constructs_is_what_the_compiler_does() {
    let expected = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/asl.md");
    let current = fs::read_to_string(&path).unwrap_or_default();
    if current == expected {
        return;
    }
    if std::env::var_os("EMR2K8S_UPDATE").is_some_and(|value| !value.is_empty() && value != "0") {
        fs::write(&path, expected).expect("written");
        return;
    }
    let line = current.lines().zip(expected.lines()).take_while(|(a, b)| a == b).count() + 1;
    panic!("docs/asl.md is not what the compiler does, from line {line} on: `EMR2K8S_UPDATE=1 cargo test --test asl` writes it");
}

/// No field and no function of the language is without its row.
#[test]
fn every_construct_has_a_probe() {
    let sections = written();
    let mut rows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for section in &sections {
        let of_row = section.rows.iter().flat_map(|row| row.construct.split('`').skip(1).step_by(2));
        rows.entry(section.title.as_str()).or_default().extend(of_row);
    }
    let has = |title: &str, name: &str| rows.get(title).is_some_and(|rows| rows.contains(name));
    let mut missing = Vec::new();
    for (title, fields) in asl::fields() {
        // What all states have stands once.
        let anywhere = |field: &str| [title, &format!("{title}, distributed"), "Every state"].iter().any(|title| has(title, field));
        missing.extend(fields.into_iter().filter(|field| !anywhere(field)).map(|field| format!("{title}: {field}")));
    }
    missing.extend(intrinsic::names().filter(|name| !has("Intrinsic functions", &format!("States.{name}"))).map(str::to_owned));
    let functions = emr2k8s::pass::carried::FUNCTIONS.iter();
    missing.extend(functions.filter(|name| !has("Functions of JSONata", &format!("${name}"))).map(|name| format!("${name}")));
    assert_eq!(missing, Vec::<String>::new(), "give each a row in tests/asl/probes.yaml");
}
