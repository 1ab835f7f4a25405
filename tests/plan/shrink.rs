//! Makes a failing case small: leaves out what can be left out while both interpreters still differ.
use serde_json::{Map, Value, json};

#[derive(Clone, Debug)]
pub struct Case {
    pub machine: Value,
    pub input: Value,
    pub script: Value,
}

/// Tries at most so many smaller cases.
const TRIES: usize = 5_000;

pub fn shrink(mut case: Case, fails: &dyn Fn(&Case) -> bool) -> Case {
    let mut tries = 0;
    loop {
        let Some(smaller) = candidates(&case).into_iter().find(|candidate| {
            tries += 1;
            tries <= TRIES && size(candidate) < size(&case) && fails(candidate)
        }) else {
            return case;
        };
        case = smaller;
    }
}

fn size(case: &Case) -> usize {
    [&case.machine, &case.input, &case.script].into_iter().map(|value| value.to_string().len()).sum()
}

fn candidates(case: &Case) -> Vec<Case> {
    let mut all: Vec<Case> = machines(&case.machine).into_iter().map(|machine| Case { machine, ..case.clone() }).collect();
    all.extend(values(&case.script).into_iter().map(|script| Case { script, ..case.clone() }));
    all.extend(values(&case.input).into_iter().map(|input| Case { input, ..case.clone() }));
    all
}

/// Where the graphs are.
fn graphs(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if object.get("States").is_some_and(Value::is_object) {
                out.push(at.to_owned());
            }
            object.iter().for_each(|(key, value)| graphs(value, &format!("{at}/{key}"), out));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| graphs(value, &format!("{at}/{index}"), out)),
        _ => {}
    }
}

fn machines(machine: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    let mut places = Vec::new();
    graphs(machine, "", &mut places);
    for place in places {
        let changed = |change: &dyn Fn(&mut Map<String, Value>)| {
            let mut machine = machine.clone();
            change(machine.pointer_mut(&place).expect("a graph").as_object_mut().expect("an object"));
            machine
        };
        let graph = machine.pointer(&place).expect("a graph");
        let names: Vec<&String> = graph["States"].as_object().expect("states").keys().collect();
        // A state less: whoever went there goes where it went, or ends.
        for name in &names {
            let mut targets = Vec::new();
            successors(&graph["States"][name.as_str()], &mut targets);
            targets.retain(|target| target != *name);
            targets.dedup();
            for target in targets.iter().map(|t| Some(t.as_str())).chain([None]) {
                out.push(changed(&|graph| {
                    graph["States"].as_object_mut().expect("states").shift_remove(name.as_str());
                    redirect(graph, name, target);
                }));
            }
        }
        for name in &names {
            let state = graph["States"][name.as_str()].as_object().expect("a state");
            let state_changed = |change: &dyn Fn(&mut Map<String, Value>)| {
                changed(&|graph| change(graph["States"][name.as_str()].as_object_mut().expect("a state")))
            };
            if state.get("Type") != Some(&json!("Pass")) && (state.contains_key("Next") || state.contains_key("End")) {
                out.push(state_changed(&|state| {
                    state.retain(|key, _| key == "Next" || key == "End");
                    state.insert("Type".into(), json!("Pass"));
                }));
            }
            for field in state
                .keys()
                .filter(|key| !["Type", "Next", "End", "Choices", "Branches", "ItemProcessor", "Resource"].contains(&key.as_str()))
            {
                out.push(state_changed(&|state| {
                    state.shift_remove(field.as_str());
                }));
            }
            if state.contains_key("Next") {
                out.push(state_changed(&|state| {
                    state.shift_remove("Next");
                    state.insert("End".into(), json!(true));
                }));
            }
            for field in ["Choices", "Catch", "Retry", "Branches"] {
                let Some(items) = state.get(field).and_then(Value::as_array) else { continue };
                for index in 0..items.len() {
                    if items.len() > 1 || field == "Catch" || field == "Retry" {
                        out.push(state_changed(&|state| {
                            state[field].as_array_mut().expect("a list").remove(index);
                        }));
                    }
                    let fields: Vec<&String> = items[index].as_object().into_iter().flatten().map(|(key, _)| key).collect();
                    for key in fields.into_iter().filter(|key| ["Assign", "Output", "ResultPath"].contains(&key.as_str())) {
                        out.push(state_changed(&|state| {
                            state[field][index].as_object_mut().expect("an object").shift_remove(key.as_str());
                        }));
                    }
                }
            }
        }
    }
    for field in ["TimeoutSeconds", "QueryLanguage"] {
        if machine.get(field).is_some() {
            let mut machine = machine.clone();
            machine.as_object_mut().expect("an object").shift_remove(field);
            out.push(machine);
        }
    }
    out
}

fn successors(state: &Value, out: &mut Vec<String>) {
    let name = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    out.extend(name(state, "Next"));
    out.extend(name(state, "Default"));
    for field in ["Choices", "Catch"] {
        out.extend(state.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(|item| name(item, "Next")));
    }
}

/// Ways to a state that is gone lead elsewhere. Where there is no elsewhere, they are gone too.
fn redirect(graph: &mut Map<String, Value>, from: &str, to: Option<&str>) {
    let is = |value: Option<&Value>| value.and_then(Value::as_str) == Some(from);
    if is(graph.get("StartAt")) {
        graph.insert("StartAt".into(), json!(to));
    }
    for (_, state) in graph["States"].as_object_mut().expect("states") {
        let state = state.as_object_mut().expect("a state");
        for field in ["Choices", "Catch"] {
            let Some(items) = state.get_mut(field).and_then(Value::as_array_mut) else { continue };
            match to {
                Some(to) => items.iter_mut().filter(|item| is(item.get("Next"))).for_each(|item| item["Next"] = json!(to)),
                None => items.retain(|item| !is(item.get("Next"))),
            }
        }
        if is(state.get("Default")) {
            match to {
                Some(to) => state.insert("Default".into(), json!(to)),
                None => state.shift_remove("Default"),
            };
        }
        if is(state.get("Next")) {
            match to {
                Some(to) => state.insert("Next".into(), json!(to)),
                None => {
                    state.shift_remove("Next");
                    state.insert("End".into(), json!(true))
                }
            };
        }
    }
}

/// Parts left out of a value.
fn values(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(object) => {
            let mut out = Vec::new();
            for key in object.keys() {
                let mut smaller = object.clone();
                smaller.shift_remove(key);
                out.push(Value::Object(smaller));
                for inner in values(&object[key]) {
                    let mut smaller = object.clone();
                    smaller.insert(key.clone(), inner);
                    out.push(Value::Object(smaller));
                }
            }
            out
        }
        Value::Array(items) => {
            let mut out = Vec::new();
            for index in 0..items.len() {
                let mut smaller = items.clone();
                smaller.remove(index);
                out.push(Value::Array(smaller));
                for inner in values(&items[index]) {
                    let mut smaller = items.clone();
                    smaller[index] = inner;
                    out.push(Value::Array(smaller));
                }
            }
            out
        }
        Value::Number(number) if number.as_u64() != Some(0) => vec![json!(0)],
        Value::String(text) if !text.is_empty() => vec![json!("")],
        _ => Vec::new(),
    }
}
