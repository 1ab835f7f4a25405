//! What one state does with data, piece by piece: pure functions from what expressions see to values.
//!
//! The engine strings them together; the runtime pod (`emr2k8s eval`) runs one of them; the Argo expressions that stand in for them are
//! held to them. A scope's input is always the state's raw input.
use super::error::EvalError;
use super::jsonata::{self, Expected};
use super::path::Path;
use super::program::{Batcher, Condition, Kind, Map, Operand, Reader, Scalar, State};
use super::reader::Item;
use super::scope::Scope;
use super::value::Value;
use super::{choice, wait};
use crate::ir::machine::QueryLanguage;
use std::sync::Arc;

/// What leaves a state: its output, and the variables that it assigns.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    pub output: Value,
    pub assigned: Option<Value>,
}

/// Where a Choice goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chosen {
    /// The rule of that index.
    Rule(usize),
    Default,
}

fn by_path(state: &State) -> bool {
    state.language == QueryLanguage::JsonPath
}

/// `$` after `InputPath`.
///
/// # Errors
/// A path that leads nowhere.
pub fn input(state: &State, scope: &Scope<'_>) -> Result<Value, EvalError> {
    if by_path(state) { scope.path(&state.input_path) } else { Ok(scope.input.clone()) }
}

/// What a Task sends, or what a Parallel gives to its branches: `Parameters`, `Arguments`.
///
/// # Errors
/// An expression that fails.
pub fn arguments(state: &State, scope: &Scope<'_>) -> Result<Value, EvalError> {
    let input = input(state, scope)?;
    scope.with_input(&input).payload_or(state.arguments.as_ref(), &input)
}

/// A Pass or a Succeed.
///
/// # Errors
/// An expression that fails.
pub fn passed(state: &State, scope: &Scope<'_>) -> Result<Moved, EvalError> {
    let input = input(state, scope)?;
    let result = match &state.kind {
        Kind::Pass { result: Some(result) } => result.clone(),
        Kind::Pass { result: None } if by_path(state) => scope.with_input(&input).payload_or(state.arguments.as_ref(), &input)?,
        _ => input,
    };
    settled(state, scope, result)
}

/// What leaves a state that has a result: `ResultSelector`, `ResultPath` and `OutputPath`, or `Output`; `Assign`.
///
/// # Errors
/// An expression that fails, a result that fits nowhere.
pub fn settled(state: &State, scope: &Scope<'_>, result: Value) -> Result<Moved, EvalError> {
    let produces = matches!(state.kind, Kind::Task(_) | Kind::Parallel(_) | Kind::Map(_));
    if !by_path(state) {
        let scope = Scope { result: produces.then_some(&result), ..*scope };
        let assigned = state.assign.as_ref().map(|assign| scope.payload(assign)).transpose()?;
        return Ok(Moved { output: scope.payload_or(state.output.as_ref(), &result)?, assigned });
    }
    let result = match &state.result_selector {
        Some(selector) if produces => scope.with_input(&result).payload(selector)?,
        _ => result,
    };
    let assigned = state.assign.as_ref().map(|assign| scope.with_input(&result).payload(assign)).transpose()?;
    let combined = match &state.kind {
        // Neither has a ResultPath.
        Kind::Succeed | Kind::Wait(_) => result,
        _ => match &state.result_path {
            None => scope.input.clone(),
            Some(path) => path.write(scope.input, result)?,
        },
    };
    let output = scope.with_input(&combined).path(&state.output_path)?;
    Ok(Moved { output, assigned })
}

/// A Choice.
///
/// # Errors
/// A condition that fails; no rule that holds and no Default.
pub fn chosen(state: &State, scope: &Scope<'_>) -> Result<(Chosen, Moved), EvalError> {
    let Kind::Choice { rules, default } = &state.kind else { return Err(EvalError::runtime("not a Choice")) };
    let input = input(state, scope)?;
    let scope = scope.with_input(&input);
    let mut taken = None;
    for (index, rule) in rules.iter().enumerate() {
        if holds(&rule.condition, &scope)? {
            taken = Some((Chosen::Rule(index), rule.output.as_ref(), rule.assign.as_ref()));
            break;
        }
    }
    let otherwise = default.is_some().then_some((Chosen::Default, state.output.as_ref(), state.assign.as_ref()));
    let Some((chosen, output, assign)) = taken.or(otherwise) else {
        return Err(EvalError::runtime("Failed to transition out of the state. The state does not point to a next state."));
    };
    let assigned = assign.map(|assign| scope.payload(assign)).transpose()?;
    let output = scope.payload_or(output, &input)?;
    let output = if by_path(state) { scope.with_input(&output).path(&state.output_path)? } else { output };
    Ok((chosen, Moved { output, assigned }))
}

fn holds(condition: &Condition, scope: &Scope<'_>) -> Result<bool, EvalError> {
    match condition {
        Condition::And(all) => {
            for condition in all {
                if !holds(condition, scope)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Condition::Or(any) => {
            for condition in any {
                if holds(condition, scope)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Condition::Not(condition) => Ok(!holds(condition, scope)?),
        Condition::Jsonata { expression, field } => Ok(scope.jsonata(expression, field, Expected::Boolean)? == Value::Bool(true)),
        Condition::Compare { variable, comparison, operand } => {
            let find = |path: &Path| {
                scope.with_paths(|env| path.find(env)).map_err(|_| {
                    EvalError::runtime(format!(
                        "Invalid path '{}': The choice state's condition path references an invalid value.",
                        path.text()
                    ))
                })
            };
            let operand = |scope: &Scope<'_>| match operand {
                Operand::Literal(value) => Ok(value.clone()),
                Operand::Path(path) => {
                    let _ = scope;
                    find(path)
                }
            };
            let found = find(variable);
            if *comparison == choice::Comparison::IsPresent {
                return Ok(comparison.holds(found.ok().as_ref(), &operand(scope)?));
            }
            let found = found?;
            Ok(comparison.holds(Some(&found), &operand(scope)?))
        }
    }
}

/// How long a Wait waits, in milliseconds.
///
/// # Errors
/// A value that is no time.
pub fn waited(state: &State, scope: &Scope<'_>) -> Result<super::clock::Millis, EvalError> {
    let Kind::Wait(wait) = &state.kind else { return Err(EvalError::runtime("not a Wait")) };
    let input = input(state, scope)?;
    wait::duration(wait, &scope.with_input(&input), scope.now)
}

/// Error and Cause of a Fail.
///
/// # Errors
/// A field that is no text.
pub fn raised(state: &State, scope: &Scope<'_>) -> Result<[Option<String>; 2], EvalError> {
    let Kind::Fail { error, cause } = &state.kind else { return Err(EvalError::runtime("not a Fail")) };
    let text = |scalar: Option<&Scalar>, field: &str| -> Result<Option<String>, EvalError> {
        let Some(scalar) = scalar else { return Ok(None) };
        let named = wait::named(scalar, field);
        match scope.scalar(scalar, &named, Expected::String)? {
            Value::String(text) => Ok(Some(text.to_string())),
            other => Err(wait::wrong_type(scalar, &named, "string", &other)),
        }
    };
    Ok([text(error.as_ref(), "Error")?, text(cause.as_ref(), "Cause")?])
}

/// What leaves a state whose error the catcher of that index takes.
///
/// # Errors
/// An expression that fails, a `ResultPath` that does not fit.
pub fn caught(state: &State, catcher: usize, scope: &Scope<'_>, error_output: &Value) -> Result<Moved, EvalError> {
    let Some(catcher) = state.catch.get(catcher) else { return Err(EvalError::runtime("there is no such catcher")) };
    let scope = Scope { error_output: Some(error_output), ..*scope };
    if !by_path(state) {
        let assigned = catcher.assign.as_ref().map(|assign| scope.payload(assign)).transpose()?;
        return Ok(Moved { output: scope.payload_or(catcher.output.as_ref(), error_output)?, assigned });
    }
    let assigned = catcher.assign.as_ref().map(|assign| scope.with_input(error_output).payload(assign)).transpose()?;
    let output = match &catcher.result_path {
        None => scope.input.clone(),
        Some(path) => path.write(scope.input, error_output.clone())?,
    };
    Ok(Moved { output, assigned })
}

/// The items of a Map without a reader: those of an array. `Items` of a distributed Map may be an object, whose entries are the items
/// (measured on AWS: iwamot/sfnx, `docs/design.md`, "States").
///
/// # Errors
/// Something that is no array.
pub fn own_items(state: &State, map: &Map, scope: &Scope<'_>) -> Result<Vec<Item>, EvalError> {
    let input = input(state, scope)?;
    let scope = scope.with_input(&input);
    let items_of = |value: &Value| value.as_array().map(|items| Item::of_state_data(items.to_vec()));
    if !by_path(state) {
        let value = match &map.items {
            Some(items) => {
                let entries = map.distributed && map.batcher.is_none();
                scope.payload_typed(items, if entries { Expected::ArrayOrObject } else { Expected::Array })?
            }
            None => scope.input.clone(),
        };
        return match &value {
            Value::Object(object) if map.items.is_some() && map.distributed && map.batcher.is_none() => Ok(Item::of_entries(object)),
            value => items_of(value).ok_or_else(|| jsonata::template::map_input(value)),
        };
    }
    let value = match &map.items_path {
        Some(path) => scope.with_paths(|env| path.read(env))?,
        None => scope.input.clone(),
    };
    let path = map.items_path.as_ref().map_or("$", |path| path.path().text());
    items_of(&value).ok_or_else(|| EvalError::runtime(format!("Reference path \"{path}\" must point to array.")))
}

/// Where the reader of a Map reads, and how many items at most. `scope`'s input is the effective one.
///
/// # Errors
/// An expression that fails; `States.ItemReaderFailed` for a number below zero.
pub fn reading(reader: &Reader, scope: &Scope<'_>) -> Result<(Value, Option<usize>), EvalError> {
    let most = reader.max_items.as_ref().map(|scalar| wait::integer(scalar, "MaxItems", scope)).transpose()?;
    let arguments = scope.payload_or(reader.arguments.as_ref(), scope.input)?;
    if most.is_some_and(|most| most < 0) {
        return Err(EvalError::new(super::reader::FAILED, "field MaxItems must be positive"));
    }
    // Recorded: 0 means all.
    Ok((arguments, most.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0)))
}

/// The inputs of a Map's iterations in batches. `scope`'s input is the effective one.
///
/// # Errors
/// A limit that is no number above zero, a `BatchInput` that fails.
pub fn batches(batcher: &Batcher, inputs: Vec<Value>, scope: &Scope<'_>) -> Result<Vec<Value>, EvalError> {
    let limit = |scalar: Option<&Scalar>, field: &str| -> Result<usize, EvalError> {
        let Some(scalar) = scalar else { return Ok(usize::MAX) };
        Ok(usize::try_from(wait::positive(scalar, field, scope)?).unwrap_or(usize::MAX))
    };
    let most_items = limit(batcher.max_items.as_ref(), "MaxItemsPerBatch")?;
    let most_bytes = limit(batcher.max_bytes.as_ref(), "MaxInputBytesPerBatch")?;
    let batch_input = batcher.batch_input.as_ref().map(|payload| scope.payload(payload)).transpose()?;
    let mut batches: Vec<Vec<Value>> = Vec::new();
    let mut bytes = 0;
    for input in inputs {
        let size = input.json_len();
        match batches.last_mut() {
            Some(batch) if batch.len() < most_items && bytes + size <= most_bytes => {
                batch.push(input);
                bytes += size;
            }
            _ => {
                batches.push(vec![input]);
                bytes = size;
            }
        }
    }
    let batch = |items: Vec<Value>| {
        let given = batch_input.clone().map(|batch_input| ("BatchInput", batch_input));
        Value::object(given.into_iter().chain([("Items", Value::array(items))]))
    };
    Ok(batches.into_iter().map(batch).collect())
}

/// What the iterations of a Map get: `$$.Map.Item` and the input of each.
///
/// # Errors
/// An `ItemSelector` that fails.
pub fn iterations(state: &State, map: &Map, items: Vec<Item>, scope: &Scope<'_>) -> Result<Vec<(Value, Value)>, EvalError> {
    let input = input(state, scope)?;
    let scope = scope.with_input(&input);
    let mut inputs = Vec::with_capacity(items.len());
    for (index, found) in items.into_iter().enumerate() {
        let key = found.key.clone().map(|key| ("Key", Value::String(key)));
        let item = Value::object(
            [("Index", Value::int(i64::try_from(index).unwrap_or(i64::MAX)))]
                .into_iter()
                .chain(key)
                .chain([("Value", found.value.clone()), ("Source", Value::String(Arc::clone(&found.source)))]),
        );
        let input = match &map.selector {
            Some(selector) => {
                let context = with_entry(scope.context, "Map", Value::object([("Item", item.clone())]));
                scope.with_context(&context).payload(selector)?
            }
            None => found.input(),
        };
        inputs.push((item, input));
    }
    Ok(inputs)
}

/// `$$.State`. `RetryCount` is there in the states that can retry, and in no other (measured on AWS: iwamot/sfnx, `docs/design.md`, "States").
#[must_use]
pub fn state_context(state: &State, entered_at: &str, retries: i64) -> Value {
    let retried = matches!(state.kind, Kind::Task(_) | Kind::Parallel(_) | Kind::Map(_));
    let known = [("Name", Value::String(Arc::clone(&state.name))), ("EnteredTime", Value::string(entered_at))];
    Value::object(known.into_iter().chain(retried.then(|| ("RetryCount", Value::int(retries)))))
}

/// An object with one entry more (`Task`, `Map` of a context).
#[must_use]
pub fn with_entry(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.as_object().cloned().unwrap_or_default();
    object.insert(name.into(), value);
    object.into()
}
