//! What the runtime pod does: one part of one state, exactly as Step Functions would.
//!
//! The request is a JSON object, made of texts by the workflow:
//! `{"part", "name", "state", "document", "variables"?, "result"?, "error"?, "catcher"?, "retries"?, "machine"?, "execution"?}`.
use super::engine::{Failure, limited, shallow};
use super::error::EvalError;
use super::jsonata::Entropy;
use super::parts::{self, Chosen, Moved};
use super::program::{Kind, State};
use super::scope::{Scope, Variables};
use super::value::{Object, Value};
use super::{clock::Millis, map_settings, timestamp};
use std::sync::Arc;

/// What a request gives, by the name of the output parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluated {
    pub output: Option<String>,
    pub variables: Option<String>,
    pub next: Option<String>,
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq)]
pub enum Unevaluated {
    /// As ASL means it.
    Failed(Failure),
    /// The request itself is wrong.
    Bad(String),
}

impl From<String> for Unevaluated {
    fn from(message: String) -> Self {
        Unevaluated::Bad(message)
    }
}

/// Evaluates a request. `now`: the time of the machine; `seed`: chance.
///
/// # Errors
/// See [`Unevaluated`].
pub fn evaluate(request: &Value, now: Millis, seed: u64) -> Result<Evaluated, Unevaluated> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let part = text("part").ok_or_else(|| "the request has no part".to_owned())?;
    let name = text("name").unwrap_or("State");
    let definition = request.get("state").ok_or_else(|| "the request has no state".to_owned())?;
    let state = read(name, definition)?;
    let document = request.get("document").cloned().unwrap_or_default();
    let variables: Variables = match request.get("variables") {
        Some(Value::Object(object)) => Arc::new(Object::clone(object)),
        _ => Variables::default(),
    };
    let context = context(name, request, now);
    let random = Entropy::of_seed(seed);
    let scope =
        Scope { input: &document, context: &context, variables: &variables, result: None, error_output: None, random: &random, now };
    let fail = |error: EvalError| {
        let cause = if &*error.name == "States.DataLimitExceeded" {
            error.cause
        } else {
            format!("An error occurred while executing the state '{name}' (entered at the event id #0). {}", error.cause)
        };
        Unevaluated::Failed(Failure::new(&error.name, Some(cause)))
    };
    let moved = |moved: Moved| -> Result<Evaluated, EvalError> {
        let moved = shallow(moved)?;
        let output = limited(name, moved.output)?;
        let variables = moved.assigned.map(|assigned| merged(&variables, &assigned));
        Ok(Evaluated { output: Some(safe(&output)), variables, next: None })
    };
    let result = match part {
        "pass" => parts::passed(&state, &scope).and_then(moved),
        "choose" => parts::chosen(&state, &scope).and_then(|(chosen, left)| {
            let next = match chosen {
                Chosen::Rule(index) => index.to_string(),
                Chosen::Default => "default".to_owned(),
            };
            Ok(Evaluated { next: Some(next), ..moved(left)? })
        }),
        "arguments" => parts::arguments(&state, &scope)
            .and_then(|value| limited(name, value))
            .map(|value| Evaluated { output: Some(safe(&value)), ..Evaluated::default() }),
        "result" => {
            let result = request.get("result").cloned().unwrap_or_default();
            parts::settled(&state, &scope, result).and_then(moved)
        }
        "waited" => parts::input(&state, &scope).and_then(|input| parts::settled(&state, &scope, input)).and_then(moved),
        "wait" => parts::waited(&state, &scope).map(|millis| {
            let seconds = format!("{}.{:03}s", millis / 1000, millis % 1000);
            Evaluated { output: Some(seconds), ..Evaluated::default() }
        }),
        "fail" => parts::raised(&state, &scope).map(|[error, cause]| {
            let failure =
                Value::object([("Error", Value::string(error.unwrap_or_default())), ("Cause", Value::string(cause.unwrap_or_default()))]);
            Evaluated { output: Some(safe(&failure)), ..Evaluated::default() }
        }),
        "items" => items(&state, &scope),
        "caught" => {
            let catcher = request.get("catcher").and_then(Value::as_number).and_then(super::value::Number::as_i64);
            let catcher = catcher.and_then(|index| usize::try_from(index).ok()).unwrap_or_default();
            let error = request.get("error").cloned().unwrap_or_default();
            parts::caught(&state, catcher, &scope, &error).and_then(moved)
        }
        other => return Err(Unevaluated::Bad(format!("`{other}` is not a part of a state"))),
    };
    result.map_err(fail)
}

/// The inputs of a Map's iterations, as an array of JSON texts: taken out again, each is what it was.
fn items(state: &State, scope: &Scope<'_>) -> Result<Evaluated, EvalError> {
    let Kind::Map(map) = &state.kind else { return Err(EvalError::runtime("not a Map")) };
    let items = super::reader::Item::of_state_data(parts::array(state, map, scope)?);
    let effective = parts::input(state, scope)?;
    let settings = map_settings::Settings::of(map, &scope.with_input(&effective))?;
    let count = settings.tolerated_count.map_or(Value::Null, Value::int);
    let percentage = settings.tolerated_percentage.map_or(Value::Null, |p| Value::Number(super::value::Number::Double(p)));
    let tolerated = Value::object([("Count", count), ("Percentage", percentage)]);
    let inputs = parts::iterations(state, map, items, scope)?;
    let texts = inputs.into_iter().map(|(_, input)| Value::string(safe(&input))).collect();
    // A Map assigns nothing before its items have run: the file is free for what is tolerated.
    Ok(Evaluated { output: Some(safe(&Value::array(texts))), variables: Some(safe(&tolerated)), next: None })
}

/// One state, away from its machine.
fn read(name: &str, definition: &Value) -> Result<State, String> {
    let mut states = Object::new();
    states.insert(name.into(), with_rest(definition));
    let machine = Value::object([("StartAt", Value::string(name)), ("States", states.into())]);
    let machine = crate::import::asl::of_text(&machine.to_json())?;
    let state = machine.graph.states.first().ok_or("there is no state in the request")?;
    State::compile(state).map_err(|errors| errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; "))
}

/// What the language wants of a state and what does not matter here.
fn with_rest(definition: &Value) -> Value {
    let mut object = definition.as_object().cloned().unwrap_or_default();
    match object.get("Type").and_then(Value::as_str) {
        Some("Map") => {
            let processor = r#"{"StartAt":"Item","States":{"Item":{"Type":"Succeed"}}}"#;
            object.insert("ItemProcessor".into(), Value::parse(processor).unwrap_or_default());
            object.insert("End".into(), Value::Bool(true));
        }
        Some("Parallel") => {
            let branches = r#"[{"StartAt":"Branch","States":{"Branch":{"Type":"Succeed"}}}]"#;
            object.insert("Branches".into(), Value::parse(branches).unwrap_or_default());
            object.insert("End".into(), Value::Bool(true));
        }
        Some("Task") => {
            object.insert("Resource".into(), Value::string("arn:aws:states:::lambda:invoke"));
            object.insert("End".into(), Value::Bool(true));
        }
        Some("Choice" | "Fail" | "Succeed") | None => {}
        Some(_) => {
            object.insert("End".into(), Value::Bool(true));
        }
    }
    object.into()
}

/// The context object. There is no account and no region, but ids keep the form of ARNs.
fn context(state: &str, request: &Value, now: Millis) -> Value {
    let machine = request.get("machine").and_then(Value::as_str).unwrap_or_default();
    let given = request.get("execution");
    let of = |name: &str| given.and_then(|execution| execution.get(name)).cloned().unwrap_or_default();
    let name = of("Name");
    let execution = name.as_str().unwrap_or_default();
    let retries = request.get("retries").and_then(Value::as_array).unwrap_or_default();
    let retries: i64 = retries.iter().filter_map(|count| count.as_number().and_then(super::value::Number::as_i64)).sum();
    Value::object([
        (
            "Execution",
            Value::object([
                ("Id", Value::string(format!("arn:aws:states:local:111111111111:execution:{machine}:{execution}"))),
                ("Input", of("Input")),
                ("Name", name.clone()),
                ("RoleArn", Value::string("arn:aws:iam::111111111111:role/workflow")),
                ("StartTime", of("StartTime")),
            ]),
        ),
        (
            "StateMachine",
            Value::object([
                ("Id", Value::string(format!("arn:aws:states:local:111111111111:stateMachine:{machine}"))),
                ("Name", Value::string(machine)),
            ]),
        ),
        (
            "State",
            Value::object([
                ("Name", Value::string(state)),
                ("EnteredTime", Value::string(timestamp::format(now))),
                ("RetryCount", Value::int(retries)),
            ]),
        ),
    ])
}

fn merged(variables: &Variables, assigned: &Value) -> String {
    let mut all = (**variables).clone();
    if let Value::Object(assigned) = assigned {
        for (name, value) in assigned.iter() {
            all.insert(Arc::clone(name), value.clone());
        }
    }
    safe(&all.into())
}

/// JSON text in which nothing looks like a tag of Argo's: two braces stand together only inside texts, where the second may be written as
/// an escape.
#[must_use]
pub fn safe(value: &Value) -> String {
    value.to_json().replace("{{", "{\\u007b")
}
