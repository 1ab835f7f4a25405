//! How long a Wait waits, and what is no time.
use super::ast::{Ast, Type, and, binary, call, is, not, or, text};
use super::choice;
use super::fail::{Failures, QUERY, RUNTIME, integer_that, no_integer, shown};
use super::guard::Guard;
use super::json::Json;
use super::parts::{is_paths, number_json, path_use, raw};
use super::scope::Scope;
use super::tier::{Names, Output, Tier, finish_or_fail};
use crate::ir::machine::{Number, State, StateKind, WaitFor};
use crate::simulate::timestamp;
use crate::simulate::value::Value;

/// The longest wait in seconds (Developer Guide, "Wait workflow state", November 2026).
const LONGEST: i64 = 99_999_999;

/// Wait: `seconds`, as digits; for a timestamp they are counted from when the expression is evaluated, with three digits behind the point, none below zero.
#[must_use]
pub fn wait(state: &State, names: &Names<'_>) -> Tier {
    let mut guard = Guard::default();
    let mut failures = Failures::of(&state.name.value);
    let seconds = wait_seconds(state, names, &mut guard, &mut failures);
    finish_or_fail(names, guard, vec![("seconds", seconds.map(Output::Text))], failures)
}

fn wait_seconds(state: &State, names: &Names<'_>, guard: &mut Guard, failures: &mut Failures<'_>) -> Option<Ast> {
    let StateKind::Wait(wait) = &state.kind else { return None };
    let mut scope = Scope::of(&state.name.value, raw(), names);
    if is_paths(state) {
        scope.input = path_use(state.data.input_path.as_ref(), &scope, guard)?;
    }
    match wait {
        WaitFor::Seconds(number) => {
            let value = number_json(number, &scope, guard)?;
            if let Json::Constant(value) = &value {
                let seconds = value.as_number()?.as_i64().filter(|seconds| (0..=LONGEST).contains(seconds))?;
                return Some(text(seconds.to_string()));
            }
            no_seconds(number, &value.value()?, guard, failures);
            guard.need_type(&value, Type::Number)?;
            let value = value.value()?;
            guard.need(binary(">=", value.clone(), Ast::Int(0)));
            guard.need(binary("<=", value.clone(), Ast::Int(LONGEST)));
            guard.need_whole(&value)?;
            Some(call("toJson", [value]))
        }
        WaitFor::Timestamp(number) => {
            let value = match number {
                Number::Literal(text) => Json::string(&text.value),
                other => number_json(other, &scope, guard)?,
            };
            let time = if let Json::Constant(Value::String(of)) = &value {
                let nanos = timestamp::parse(of)?;
                text(timestamp::format_millis(u64::try_from(nanos / 1_000_000).ok()?))
            } else {
                no_time(number, &value.value()?, guard, failures);
                guard.need_type(&value, Type::Text)?;
                let value = value.value()?;
                guard.need(choice::is_time(&value));
                value
            };
            // A wait that is too long is an error; the last hour before is left to the pod, whose clock is another.
            let until = call("date", [time]);
            let left = Ast::Method(Box::new(binary("-", until, call("now", []))), "Milliseconds");
            guard.need(binary("<", left.clone(), Ast::Int((LONGEST - 3600) * 1000)));
            Some(call("toJson", [binary("/", call("max", [Ast::Int(0), left]), Ast::Int(1000))]))
        }
        WaitFor::Missing => None,
    }
}

/// Seconds that no Wait takes.
fn no_seconds(number: &Number, value: &Ast, guard: &Guard, failures: &mut Failures<'_>) {
    let below = integer_that(value, binary("<", value.clone(), Ast::Int(0)));
    let json = call("toJson", [value.clone()]);
    match number {
        Number::Path(path) => {
            let sentence = text(format!("The SecondsPath parameter references a negative value: {} == ", path.value));
            failures.add(guard, below, RUNTIME, [sentence, json]);
            let (can, value_shown) = shown(value);
            let sentence = text(format!("The SecondsPath parameter cannot be parsed as a long value: {} == ", path.value));
            failures.add(guard, and(can, no_integer(value)), RUNTIME, [sentence, value_shown]);
        }
        Number::Jsonata(_) => {
            failures.add(guard, below, QUERY, [text("The Seconds field cannot be negative: "), json.clone()]);
            let fraction = and(is(value.clone(), Type::Number), no_integer(value));
            failures.add(guard, fraction, QUERY, [text("The Seconds field cannot be parsed as a long value: "), json]);
        }
        Number::Literal(_) => {}
    }
    // What an expression of JSONata gives is held to no limit.
    if !matches!(number, Number::Jsonata(_)) {
        let beyond = integer_that(value, binary(">", value.clone(), Ast::Int(LONGEST)));
        failures.add(guard, beyond, RUNTIME, [text("Wait state delay is too long.")]);
    }
}

/// A timestamp that is none.
fn no_time(number: &Number, value: &Ast, guard: &Guard, failures: &mut Failures<'_>) {
    let is_text = is(value.clone(), Type::Text);
    match number {
        Number::Path(path) => {
            let (can, shown) = shown(value);
            let unlike = or(not(is_text), choice::is_unlike_time(value));
            let sentence = format!(
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {} == ",
                path.value
            );
            failures.add(guard, and(can, unlike), RUNTIME, [text(sentence), shown]);
        }
        Number::Jsonata(_) => {
            let sentence = "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ";
            failures.add(guard, and(is_text, choice::is_unlike_time(value)), QUERY, [text(sentence), value.clone()]);
        }
        Number::Literal(_) => {}
    }
}
