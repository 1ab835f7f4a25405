//! Our own cases of machines with tasks (`tests/cluster/task-cases`): what they say is what the interpreter does. The cluster's check runs the
//! migrated machines against the same files (`tests/cluster/conformance.py`), and so holds controller and interpreter equal.
//! After a change that is meant, `tests/cluster/task_cases.py target/debug/emr2k8s` writes the outcomes.
use emr2k8s::compile::{self, Options};
use emr2k8s::config::Config;
use emr2k8s::simulate::engine;
use emr2k8s::simulate::program::Program;
use emr2k8s::simulate::script::Script;
use emr2k8s::simulate::value::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// At least so many, so that none is lost unseen.
const CASES: usize = 174;

/// As the recordings show a payload: an object as JSON, any other as its JSON text.
fn payload(value: &Value) -> Value {
    value.as_str().and_then(|text| Value::parse(text).ok()).unwrap_or_else(|| value.clone())
}

/// Equal, numbers written alike. Objects are equal in any order of their keys.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => a.to_json() == b.to_json(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}

/// The script that asks for no particular input, so that each attempt is reported as sent.
fn script(tasks: &Value) -> Result<Script, String> {
    let attempt = |entry: &Value| {
        let fields = entry.as_object().into_iter().flat_map(|object| object.iter()).map(|(key, value)| {
            let value = match &**key {
                "output" => payload(value),
                "input" => Value::string("no call sends this"),
                _ => value.clone(),
            };
            (key.clone(), value)
        });
        Value::object(fields)
    };
    let states = tasks.as_object().ok_or("`tasks` is no object")?;
    let normal = states.iter().map(|(state, entries)| {
        (state.clone(), Value::array(entries.as_array().into_iter().flat_map(|list| list.iter()).map(attempt).collect()))
    });
    Script::read(&Value::object(normal))
}

fn difference(case: &Value) -> Result<(), String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = scratch.path().join("case.asl.json");
    fs::write(&file, case.get("definition").ok_or("no definition")?.to_json()).map_err(|error| error.to_string())?;
    let options = Options { source: file, stage: None, config: Config::default(), out: None };
    let imported = compile::import(&options).map_err(|error| format!("{error:?}"))?;
    let machine = imported.estate.machines.first().ok_or("no machine was found")?;
    let program = Program::compile(machine).map_err(|errors| format!("does not compile: {errors:?}"))?;
    let none = Value::object([] as [(&str, Value); 0]);
    let tasks = case.get("tasks").unwrap_or(&none);
    let mut script = script(tasks)?;
    for (place, text) in case.get("objects").and_then(Value::as_object).into_iter().flat_map(|object| object.iter()) {
        let (bucket, key) = place.split_once('/').ok_or("an object has the name `bucket/key`")?;
        script.add_object(bucket, key, text.as_str().unwrap_or_default());
    }
    let input = payload(case.get("input").unwrap_or(&none));
    let outcome = engine::run(&program, input, &mut script, &engine::Options::default());
    let text = |name: &str| case.get(name).and_then(Value::as_str);
    if text("status") != Some(outcome.status.name()) {
        return Err(format!("{:?} expected, got {:?}", text("status"), outcome.result));
    }
    match &outcome.result {
        Ok(output) => {
            let expected = payload(case.get("output").ok_or("no output")?);
            if !same(&expected, output) {
                return Err(format!("output {} expected, got {}", expected.to_json(), output.to_json()));
            }
        }
        Err(failure) => {
            let got = (failure.error.as_deref(), failure.cause.as_deref());
            if (text("error"), text("cause")) != got {
                return Err(format!("{:?} expected, got {got:?}", (text("error"), text("cause"))));
            }
        }
    }
    let sent: BTreeMap<(&str, usize), &Value> = script.differences.iter().map(|d| ((&*d.state, d.attempt), &d.sent)).collect();
    let mut said = 0;
    for (state, entries) in tasks.as_object().into_iter().flat_map(|object| object.iter()) {
        for (index, entry) in entries.as_array().into_iter().flat_map(|list| list.iter()).enumerate() {
            said += 1;
            let expected = payload(entry.get("input").ok_or_else(|| format!("attempt {} of `{state}` has no input", index + 1))?);
            let Some(sent) = sent.get(&(&**state, index + 1)) else {
                return Err(format!("attempt {} of `{state}` is never asked for", index + 1));
            };
            if !same(&expected, sent) {
                return Err(format!("attempt {} of `{state}`: {} expected, sent {}", index + 1, expected.to_json(), sent.to_json()));
            }
        }
    }
    if said != sent.len() {
        return Err(format!("{} calls, {said} attempts", sent.len()));
    }
    Ok(())
}

#[test]
fn own_task_cases_are_what_the_interpreter_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/task-cases");
    let mut paths: Vec<_> = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let wrong: Vec<String> = paths
        .iter()
        .filter_map(|path| {
            let case = Value::parse(&fs::read_to_string(path).expect("a file")).expect("JSON");
            let name = path.file_stem().expect("a name").to_string_lossy();
            difference(&case).err().map(|error| format!("{name}: {error}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
    assert!(paths.len() >= CASES, "{} of {CASES} cases are there", paths.len());
}
