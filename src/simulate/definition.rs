//! A state written back as ASL: what the runtime pod is given.
//!
//! Only what a single state means is written: transitions, graphs inside and retries are the workflow's business.
use super::program::literal;
use super::value::{Number, Value};
use crate::ir::machine::{self, Condition, FailText, Operand, PathField, QueryLanguage, State, StateKind, Template, WaitFor};
use std::sync::Arc;

type Fields = Vec<(Arc<str>, Value)>;

/// The definition of one state, for [`crate::simulate::eval`].
#[must_use]
pub fn write(state: &State) -> Value {
    let mut fields: Fields = Vec::new();
    put(&mut fields, "Type", Value::string(state.kind.name()));
    if state.query_language == QueryLanguage::Jsonata {
        put(&mut fields, "QueryLanguage", Value::string("JSONata"));
    }
    match &state.kind {
        StateKind::Pass { result: Some(result) } => put(&mut fields, "Result", literal(result)),
        StateKind::Choice { rules, default } => {
            let rules = rules.iter().map(|rule| {
                let mut entry: Fields = Vec::new();
                condition(&rule.condition, &mut entry);
                template(&mut entry, "Output", rule.output.as_ref());
                template(&mut entry, "Assign", rule.assign.as_ref());
                put(&mut entry, "Next", Value::string("Next"));
                Value::object(entry)
            });
            put(&mut fields, "Choices", Value::array(rules.collect()));
            if default.is_some() {
                put(&mut fields, "Default", Value::string("Next"));
            }
        }
        StateKind::Wait(WaitFor::Seconds(number)) => put_number(&mut fields, "Seconds", number),
        StateKind::Wait(WaitFor::Timestamp(machine::Number::Literal(text))) => {
            put(&mut fields, "Timestamp", Value::string(text.value.as_str()));
        }
        StateKind::Wait(WaitFor::Timestamp(number)) => put_number(&mut fields, "Timestamp", number),
        StateKind::Fail(fail) => {
            for (name, text) in [("Error", &fail.error), ("Cause", &fail.cause)] {
                match text {
                    None => {}
                    Some(FailText::Literal(text)) => put(&mut fields, name, Value::string(text.value.as_str())),
                    Some(FailText::Path(text)) => put(&mut fields, &format!("{name}Path"), Value::string(text.value.as_str())),
                    Some(FailText::Jsonata(text)) => put(&mut fields, name, jsonata(&text.value)),
                }
            }
        }
        StateKind::Map(map) => {
            path(&mut fields, "ItemsPath", map.items_path.as_ref());
            template(&mut fields, "Items", map.items.as_ref());
            template(&mut fields, "ItemSelector", map.item_selector.as_ref());
            for (name, number) in [
                ("MaxConcurrency", &map.max_concurrency),
                ("ToleratedFailureCount", &map.tolerated_failure_count),
                ("ToleratedFailurePercentage", &map.tolerated_failure_percentage),
            ] {
                if let Some(number) = number {
                    put_number(&mut fields, name, number);
                }
            }
            template(&mut fields, "ItemReader", map.item_reader.as_ref());
            template(&mut fields, "ItemBatcher", map.item_batcher.as_ref());
            template(&mut fields, "ResultWriter", map.result_writer.as_ref());
            if let (Some(label), Some(_)) = (&map.label, &map.result_writer) {
                put(&mut fields, "Label", Value::string(label.value.as_str()));
            }
        }
        StateKind::Task(task) => {
            if let Some(number) = &task.timeout_seconds {
                put_number(&mut fields, "TimeoutSeconds", number);
            }
        }
        _ => {}
    }
    let data = &state.data;
    path(&mut fields, "InputPath", data.input_path.as_ref());
    template(&mut fields, "Parameters", data.parameters.as_ref());
    template(&mut fields, "Arguments", data.arguments.as_ref());
    template(&mut fields, "ResultSelector", data.result_selector.as_ref());
    path(&mut fields, "ResultPath", data.result_path.as_ref());
    path(&mut fields, "OutputPath", data.output_path.as_ref());
    template(&mut fields, "Output", data.output.as_ref());
    template(&mut fields, "Assign", data.assign.as_ref());
    if !state.catch.is_empty() {
        let catchers = state.catch.iter().map(|catcher| {
            let mut entry: Fields = Vec::new();
            put(&mut entry, "ErrorEquals", Value::array(vec![Value::string("States.ALL")]));
            path(&mut entry, "ResultPath", catcher.result_path.as_ref());
            template(&mut entry, "Output", catcher.output.as_ref());
            template(&mut entry, "Assign", catcher.assign.as_ref());
            put(&mut entry, "Next", Value::string("Next"));
            Value::object(entry)
        });
        put(&mut fields, "Catch", Value::array(catchers.collect()));
    }
    Value::object(fields)
}

fn put(fields: &mut Fields, name: &str, value: Value) {
    fields.push((name.into(), value));
}

fn put_number(fields: &mut Fields, name: &str, number: &machine::Number) {
    match number {
        machine::Number::Literal(text) => put(fields, name, Value::Number(Number::of_text(&text.value))),
        machine::Number::Path(text) => put(fields, &format!("{name}Path"), Value::string(text.value.as_str())),
        machine::Number::Jsonata(text) => put(fields, name, jsonata(&text.value)),
    }
}

fn jsonata(text: &str) -> Value {
    Value::string(format!("{{%{text}%}}"))
}

fn path(fields: &mut Fields, name: &str, field: Option<&PathField>) {
    match field {
        None => {}
        Some(PathField::Null(_)) => put(fields, name, Value::Null),
        Some(PathField::Path(text)) => put(fields, name, Value::string(text.value.as_str())),
    }
}

fn template(fields: &mut Fields, name: &str, template: Option<&Template>) {
    if let Some(template) = template {
        put(fields, name, literal(template));
    }
}

fn condition(condition: &Condition, fields: &mut Fields) {
    let nested = |condition: &Condition| {
        let mut fields: Fields = Vec::new();
        self::condition(condition, &mut fields);
        Value::object(fields)
    };
    match condition {
        Condition::And(all, _) => put(fields, "And", Value::array(all.iter().map(nested).collect())),
        Condition::Or(any, _) => put(fields, "Or", Value::array(any.iter().map(nested).collect())),
        Condition::Not(not, _) => put(fields, "Not", nested(not)),
        Condition::Jsonata(text) => put(fields, "Condition", jsonata(&text.value)),
        Condition::Compare { variable, operator, operand } => {
            put(fields, "Variable", Value::string(variable.value.as_str()));
            let operand = match operand {
                Operand::Text(text) | Operand::Path(text) => Value::string(text.value.as_str()),
                Operand::Number(text) => Value::Number(Number::of_text(&text.value)),
                Operand::Bool(value) => Value::Bool(value.value),
            };
            put(fields, &operator.value, operand);
        }
        Condition::Invalid(_) => {}
    }
}
