//! What the runtime pod does: one part of one state, exactly as Step Functions would.
//!
//! The request is a JSON object, made of texts by the workflow:
//! `{"part", "name", "state", "document", "variables"?, "result"?, "error"?, "catcher"?, "token"?, "found"?, "items"?, "outcomes"?,
//! "retries"?, "machine"?, "execution"?}`.
use super::engine::{Failure, limited, shallow};
use super::error::EvalError;
use super::jsonata::Entropy;
use super::map_results::{Child, MapRun};
use super::parts::{self, Chosen, Moved};
use super::program::{Kind, Reader, State};
use super::reader::{Found, Reading};
use super::scope::{Scope, Variables};
use super::value::{Object, Value};
use super::{clock::Millis, map_results, map_settings, reader, timestamp};
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
    let mut context = context(&state, request, now);
    if let Some(token) = request.get("token") {
        context = parts::with_entry(&context, "Task", Value::object([("Token", token.clone())]));
    }
    let random = Entropy::of_seed(seed);
    let scope =
        Scope { input: &document, context: &context, variables: &variables, result: None, error_output: None, random: &random, now };
    let fail = |error: EvalError| {
        let alone = error.speaks_for_itself() || matches!(&*error.name, "States.DataLimitExceeded" | reader::FAILED | map_results::FAILED);
        let lead = if alone {
            String::new()
        } else {
            format!("An error occurred while executing the state '{name}' (entered at the event id #0). ")
        };
        let cause = lead + &error.cause;
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
        "reader" => reading(&state, &scope)
            .and_then(|value| limited(name, value))
            .map(|value| Evaluated { output: Some(safe(&value)), ..Evaluated::default() }),
        "items" => items(&state, &scope, request.get("found")),
        "written" => written(&state, &scope, request),
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

/// Where the reader of a Map reads.
fn reading(state: &State, scope: &Scope<'_>) -> Result<Value, EvalError> {
    let Kind::Map(map) = &state.kind else { return Err(EvalError::runtime("not a Map")) };
    let Some(reader) = &map.reader else { return Err(EvalError::runtime("not a Map that reads")) };
    let effective = parts::input(state, scope)?;
    let scope = scope.with_input(&effective);
    map_settings::Settings::of(map, &scope)?;
    Ok(parts::reading(reader, &scope)?.0)
}

/// What a reader found, as a workflow tells it: a file's text, objects as they were listed, or keys and texts.
fn found(reader: &Reader, given: &Value) -> Option<Found> {
    Some(match Reading::of(&reader.resource, reader.config.transformation.as_deref()) {
        Reading::File => Found::File(given.as_str()?.to_owned()),
        Reading::Listing => Found::Listing(given.as_array()?.to_vec()),
        Reading::Files => {
            let text = |file: &Value, name: &str| file.get(name).and_then(Value::as_str).map(str::to_owned);
            Found::Files(given.as_array()?.iter().map(|file| Some((text(file, "Key")?, text(file, "Body")?))).collect::<Option<_>>()?)
        }
    })
}

/// The inputs of a Map's iterations, as an array of JSON texts: taken out again, each is what it was. `given`: what the Map's reader found.
fn items(state: &State, scope: &Scope<'_>, given: Option<&Value>) -> Result<Evaluated, EvalError> {
    let Kind::Map(map) = &state.kind else { return Err(EvalError::runtime("not a Map")) };
    let array = if map.reader.is_none() { Some(parts::own_items(state, map, scope)?) } else { None };
    let effective = parts::input(state, scope)?;
    let inner = scope.with_input(&effective);
    let settings = map_settings::Settings::of(map, &inner)?;
    let items = match (&map.reader, array) {
        (Some(reader), _) => {
            let (arguments, most) = parts::reading(reader, &inner)?;
            let found = given.and_then(|given| found(reader, given)).ok_or_else(|| EvalError::new(reader::FAILED, "nothing was read"))?;
            let mut items = reader::found_items(&reader.config, &arguments, found)?;
            items.truncate(most.unwrap_or(usize::MAX));
            items
        }
        (None, array) => array.unwrap_or_default(),
    };
    let count = settings.tolerated_count.map_or(Value::Null, Value::int);
    let percentage = settings.tolerated_percentage.map_or(Value::Null, |p| Value::Number(super::value::Number::Double(p)));
    let tolerated = Value::object([("Count", count), ("Percentage", percentage)]);
    let mut inputs: Vec<Value> = parts::iterations(state, map, items, scope)?.into_iter().map(|(_, input)| input).collect();
    if let Some(batcher) = &map.batcher {
        inputs = parts::batches(batcher, inputs, &inner)?;
    }
    let texts = inputs.iter().map(|input| Value::string(safe(input))).collect();
    // A Map assigns nothing before its items have run: the file is free for what is tolerated.
    Ok(Evaluated { output: Some(safe(&Value::array(texts))), variables: Some(safe(&tolerated)), next: None })
}

/// The results that a workflow may pass on, in bytes: they go through an object of Kubernetes, which holds 1 MiB, and stay in the workflow's status.
const MOST_RESULTS: usize = 524_288;

/// What a Map with a `ResultWriter` leaves, and the files that are to be put on S3: `{"Bucket", …, "Files"}`. Each outcome is a JSON text behind `=`, of a failure behind `-`.
fn written(state: &State, scope: &Scope<'_>, request: &Value) -> Result<Evaluated, EvalError> {
    const ACCOUNT: &str = "local:111111111111";
    let Kind::Map(map) = &state.kind else { return Err(EvalError::runtime("not a Map")) };
    let effective = parts::input(state, scope)?;
    let arguments = map.writer.as_ref().map(|writer| scope.with_input(&effective).payload(writer)).transpose()?;
    let machine = request.get("machine").and_then(Value::as_str).unwrap_or_default();
    let machine = format!("{machine}/{}", map.label.as_ref().map_or_else(|| scope.random.uuid(), ToString::to_string));
    let texts = |name: &str| request.get(name).and_then(Value::as_array).unwrap_or_default();
    let lost = || EvalError::runtime("the results of the items were lost");
    let parsed = |text: &str| Value::parse(text).map_err(|_| lost());
    let mut outcomes = Vec::new();
    for (input, outcome) in texts("items").iter().zip(texts("outcomes")) {
        let input = parsed(input.as_str().ok_or_else(lost)?)?;
        let (succeeded, value) = match outcome.as_str().and_then(|text| text.split_at_checked(1)) {
            Some(("=", text)) => (true, parsed(text)?),
            Some(("-", text)) => (false, parsed(text)?),
            _ => return Err(lost()),
        };
        let said = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let result =
            if succeeded { Ok(value) } else { Err(Failure::new(said("Error").unwrap_or_default(), said("Cause").map(str::to_owned))) };
        let child = Child { account: ACCOUNT, machine: &machine, name: scope.random.uuid(), began: scope.now, ended: scope.now };
        outcomes.push(map_results::outcome(map, child, &input, result));
    }
    let Some(arguments) = arguments else {
        let results = outcomes.into_iter().map(|outcome| outcome.value).collect();
        let output = map_results::transformed(results, map.transformation.as_deref());
        return Ok(Evaluated { output: Some(safe(&output)), ..Evaluated::default() });
    };
    let id = scope.random.uuid();
    let run = MapRun { arn: format!("arn:aws:states:{ACCOUNT}:mapRun:{machine}:{id}"), id };
    let output = run.details(&arguments);
    let files = Value::array(run.files(map, &arguments, outcomes));
    let place = ["Bucket", "ExpectedBucketOwner"].into_iter().filter_map(|name| Some((name, arguments.get(name)?.clone())));
    let put = Value::object(place.chain([("Files", files)]));
    if put.json_len() > MOST_RESULTS {
        let cause = format!("emr2k8s: the results have more than {MOST_RESULTS} bytes as JSON text, which is what a workflow can pass on");
        return Err(EvalError::new(map_results::FAILED, cause));
    }
    Ok(Evaluated { output: Some(safe(&output)), variables: Some(safe(&put)), next: None })
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
fn context(state: &State, request: &Value, now: Millis) -> Value {
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
        ("State", parts::state_context(state, &timestamp::format(now), retries)),
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
