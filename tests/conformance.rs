//! The machine interpreter against outcomes that AWS Step Functions recorded (`../shared/asl-conformance`).
//!
//! The recordings replace names, ids and times by tokens: `<…>`, `date`, `timestamp`, `uuid`. A token in what AWS answered stands for any text; a
//! time that a machine waits for must be a real one, so where AWS took it the run gets a real one too. What `ItemReader` read lay on
//! S3 and is not in the recordings; `tests/conformance/objects.json` holds files that give what AWS read from them.
mod support;

use emr2k8s::compile::{self, Options};
use emr2k8s::config::Config;
use emr2k8s::simulate::engine::{self, Failure, Outcome};
use emr2k8s::simulate::program::Program;
use emr2k8s::simulate::script::{Script, matches};
use emr2k8s::simulate::value::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Recorded machines without and with tasks.
const CASES: usize = 181;
const TASK_CASES: usize = 82;

const A_TIME: &str = "2016-03-14T01:59:00Z";

fn folder(name: &str) -> Option<PathBuf> {
    let folder = support::shared().join("asl-conformance").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("no recordings at {}: nothing is tested", folder.display());
    None
}

/// Recordings show a payload that is an object as JSON and any other as its JSON text.
fn payload(value: Option<&Value>) -> Value {
    match value {
        Some(Value::String(text)) => Value::parse(text).unwrap_or_else(|_| Value::String(text.clone())),
        Some(value) => value.clone(),
        None => Value::Null,
    }
}

fn is_time_token(text: &str) -> bool {
    matches!(text, "date" | "timestamp" | "<timestamp>")
}

/// Tokens that the recordings write without brackets.
fn is_token(text: &str) -> bool {
    matches!(text, "snf_role_arn" | "a_task_token" | "generated-uuid" | "RandomNumberGenerated")
}

/// Texts replaced, wherever they stand.
fn replaced(value: &Value, with: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => with(text).map_or_else(|| value.clone(), Value::string),
        Value::Array(items) => Value::array(items.iter().map(|item| replaced(item, with)).collect()),
        Value::Object(object) => Value::object(object.iter().map(|(key, value)| (key.clone(), replaced(value, with)))),
        _ => value.clone(),
    }
}

struct Case {
    name: String,
    value: Value,
}

fn cases(folder: &Path) -> Vec<Case> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| Case {
            name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
            value: Value::parse(&fs::read_to_string(&path).expect("a file")).expect("JSON"),
        })
        .collect()
}

/// What a run gave, and how it differs from the recording; `None` when it does not.
fn difference(case: &Case) -> Option<String> {
    let get = |name: &str| case.value.get(name);
    let status = get("status").and_then(Value::as_str).expect("a status");
    let recorded_time = status == "SUCCEEDED";
    let timed = |value: &Value| {
        if !recorded_time {
            return value.clone();
        }
        replaced(value, &|text| is_time_token(text).then(|| A_TIME.to_owned()))
    };
    let tokens = |value: &Value| replaced(value, &|text| matches!(text, "uuid" | "datetime").then(|| "<any>".to_owned()));
    let definition = get("definition").expect("a definition");
    let scratch = tempfile::tempdir().expect("a folder");
    let file = scratch.path().join("case.asl.json");
    fs::write(&file, definition.to_json()).expect("written");
    let options = Options { source: file, stage: None, config: Config::default(), out: None };
    let imported = compile::import(&options).expect("importable");
    let Some(machine) = imported.estate.machines.first() else { return Some("no machine was found".into()) };
    let program = match Program::compile(machine) {
        Ok(program) => program,
        Err(errors) => return Some(format!("does not compile: {errors:?}")),
    };
    let mut script = match get("tasks") {
        Some(tasks) => Script::read(&normal_tasks(tasks)).expect("a script"),
        None => Script::default(),
    };
    for (bucket, key, text) in objects(&case.name) {
        script.add_object(&bucket, &key, text);
    }
    let input = timed(&payload(get("input")));
    let options = engine::Options { trace: true, ..engine::Options::default() };
    let outcome = engine::run(&program, input.clone(), &mut script, &options);
    if outcome.status.name() != status {
        return Some(format!("{status} expected, {}", said(&outcome)));
    }
    if let Some(other) = script.differences.iter().find(|d| !like(&d.expected, &d.sent)) {
        return Some(format!("sent something else: {other:?}"));
    }
    match &outcome.result {
        Ok(output) => {
            let expected = tokens(&payload(get("output")));
            (!like(&expected, output)).then(|| format!("expected {}\n    got {}", expected.to_json(), output.to_json()))
        }
        Err(failure) => failure_difference(case, failure, &input),
    }
}

/// As [`matches`]; a time token stands for any time.
fn like(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(token), Value::String(_) | Value::Number(_)) if is_time_token(token) || is_token(token) => true,
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual.iter()).all(|(e, a)| like(e, a))
        }
        (Value::Object(expected), Value::Object(actual)) => {
            expected.len() == actual.len() && expected.iter().all(|(key, e)| actual.get(key).is_some_and(|a| like(e, a)))
        }
        // JSON in a text: the recording was read and written again, its blanks are not AWS's.
        (Value::String(e), Value::String(a)) if e.starts_with('{') && e != a => match (Value::parse(e), Value::parse(a)) {
            (Ok(e), Ok(a)) => like(&e, &a),
            _ => matches(expected, actual),
        },
        _ => matches(expected, actual),
    }
}

fn failure_difference(case: &Case, failure: &Failure, input: &Value) -> Option<String> {
    let error = case.value.get("error").and_then(Value::as_str);
    if failure.error.as_deref() != error {
        return Some(format!("error {error:?} expected, got {failure:?}"));
    }
    // A cause that is JSON text is recorded as JSON.
    let expected = case.value.get("cause").cloned().unwrap_or_default();
    let actual = match (&expected, &failure.cause) {
        (_, None) => Value::Null,
        (Value::Object(_), Some(text)) => Value::parse(text).unwrap_or_default(),
        (_, Some(text)) => Value::string(text.as_str()),
    };
    let holds_token = std::cell::Cell::new(false);
    let _ = replaced(input, &|text| {
        holds_token.set(holds_token.get() || is_time_token(text));
        None
    });
    // An id or a time, which the recording does not hold.
    let unknowable = holds_token.get() || expected.as_str().is_some_and(|text| text.contains("activity_arn"));
    (!unknowable && !matches(&expected, &actual)).then(|| format!("cause {}\n    got {}", expected.to_json(), actual.to_json()))
}

fn said(outcome: &Outcome) -> String {
    match &outcome.result {
        Ok(output) => format!("succeeded with {}", output.to_json()),
        Err(failure) => format!("failed: {:?}: {:?}", failure.error, failure.cause),
    }
}

/// A script in which outputs are payloads again.
fn normal_tasks(tasks: &Value) -> Value {
    let attempt = |entry: &Value| {
        let fields = entry.as_object().expect("an attempt").iter().map(|(key, value)| {
            let value = match &**key {
                "output" | "input" => payload(Some(value)),
                _ => value.clone(),
            };
            (key.clone(), value)
        });
        Value::object(fields)
    };
    let states = tasks.as_object().expect("states").iter();
    Value::object(
        states.map(|(state, entries)| (state.clone(), Value::array(entries.as_array().expect("attempts").iter().map(attempt).collect()))),
    )
}

/// Files on S3 for a case: bucket, key, text.
fn objects(case: &str) -> Vec<(String, String, String)> {
    let all = Value::parse(include_str!("conformance/objects.json")).expect("JSON");
    let Some(objects) = all.get(case).and_then(Value::as_object) else { return Vec::new() };
    objects
        .iter()
        .map(|(place, text)| {
            let (bucket, key) = place.split_once('/').expect("bucket/key");
            (bucket.to_owned(), key.to_owned(), text.as_str().expect("a text").to_owned())
        })
        .collect()
}

fn hold(folder_name: &str, expected: usize) {
    let Some(folder) = folder(folder_name) else { return };
    let cases = cases(&folder);
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            difference(case)
                .map(|d| format!("{} ({})\n    {d}", case.name, case.value.get("id").and_then(Value::as_str).unwrap_or_default()))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(cases.len(), expected, "recordings were added or lost");
    eprintln!("{} of {expected} equal", cases.len());
}

#[test]
fn machines_without_tasks_end_as_aws_recorded() {
    hold("cases", CASES);
}

#[test]
fn machines_with_tasks_send_and_end_as_aws_recorded() {
    hold("task-cases", TASK_CASES);
}
