//! Conditions of Choice rules.
//!
//! The rules are asked one after the other, and what a rule asks counts only if none before it holds: so does its share of the guard.
use super::ast::{Ast, Type, and, binary, call, is, not, or, text, when};
use super::guard::Guard;
use super::json::{Json, constant};
use super::path::present;
use super::scope::Scope;
use crate::ir::machine::{Condition, Operand};
use crate::simulate::choice::{Comparison, Of, Wanted};
use crate::simulate::path::Path;
use crate::simulate::timestamp;
use crate::simulate::value::{Number, Value};

/// A question: when it can be answered, and the answer.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub guard: Ast,
    pub holds: Ast,
}

/// A UTC time to the second or the millisecond; no 29 February, which not every year has.
const TIME: &str = r"^[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3})?Z$";
/// What every timestamp looks like, and more.
const LIKE_TIME: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}";
/// Characters that Java puts before others that come first by their numbers.
const BEYOND: &str = r"[\x{E000}-\x{10FFFF}]";

/// Whether a condition of the path language holds.
pub(super) fn condition(condition: &Condition, scope: &Scope<'_>) -> Option<Verdict> {
    match condition {
        Condition::And(all, _) => {
            let all = all.iter().map(|inner| self::condition(inner, scope)).collect::<Option<Vec<_>>>()?;
            Some(all.into_iter().rev().fold(Verdict { guard: Ast::Bool(true), holds: Ast::Bool(true) }, |rest, first| Verdict {
                guard: and(first.guard, lazily(not(first.holds.clone()), rest.guard)),
                holds: and(first.holds, rest.holds),
            }))
        }
        Condition::Or(any, _) => {
            let any = any.iter().map(|inner| self::condition(inner, scope)).collect::<Option<Vec<_>>>()?;
            Some(any.into_iter().rev().fold(Verdict { guard: Ast::Bool(true), holds: Ast::Bool(false) }, |rest, first| Verdict {
                guard: and(first.guard, lazily(first.holds.clone(), rest.guard)),
                holds: or(first.holds, rest.holds),
            }))
        }
        Condition::Not(inner, _) => {
            let inner = self::condition(inner, scope)?;
            Some(Verdict { guard: inner.guard, holds: not(inner.holds) })
        }
        Condition::Compare { variable, operator, operand } => {
            let comparison = Comparison::of_operator(&operator.value)?;
            let variable = Path::parse(&variable.value).ok()?;
            let mut guard = Guard::default();
            if comparison == Comparison::IsPresent {
                let Operand::Bool(expected) = operand else { return None };
                let (from, steps) = scope.start(&variable)?;
                let there = present(&from, &steps)?;
                return Some(Verdict { guard: Ast::Bool(true), holds: if expected.value { there } else { not(there) } });
            }
            let left = scope.find(&variable, &mut guard)?;
            let right = match operand {
                Operand::Text(text) => Json::string(&text.value),
                Operand::Number(text) => Json::Constant(Value::Number(Number::of_text(&text.value))),
                Operand::Bool(value) => Json::Constant(Value::Bool(value.value)),
                Operand::Path(path) => scope.find(&Path::parse(&path.value).ok()?, &mut guard)?,
            };
            let holds = compare(comparison, &left, &right, &mut guard)?;
            Some(Verdict { guard: guard.ast(), holds })
        }
        Condition::Jsonata(_) | Condition::Invalid(_) => None,
    }
}

/// Whether a text is a time of the usual form.
pub(super) fn is_time(value: &Ast) -> Ast {
    binary("matches", value.clone(), Ast::Regex(TIME))
}

/// Whether a text is like no time at all.
pub(super) fn is_unlike_time(value: &Ast) -> Ast {
    not(binary("matches", value.clone(), Ast::Regex(LIKE_TIME)))
}

/// A guard that counts only where something is not so already.
pub(super) fn lazily(already: Ast, guard: Ast) -> Ast {
    if guard == Ast::Bool(true) { guard } else { or(already, guard) }
}

fn compare(comparison: Comparison, left: &Json, right: &Json, guard: &mut Guard) -> Option<Ast> {
    if let (Json::Constant(left), Json::Constant(right)) = (left, right) {
        return Some(Ast::Bool(comparison.holds(Some(left), right)));
    }
    let expected = match right {
        Json::Constant(Value::Bool(expected)) => Some(*expected),
        _ => None,
    };
    let kind = |value: Ast, wanted: Type| expected.map(|expected| if expected { is(value, wanted) } else { not(is(value, wanted)) });
    match comparison {
        Comparison::Order(of, wanted) => order(of, wanted, left, right, guard),
        Comparison::StringMatches => {
            let Json::Constant(Value::String(pattern)) = right else { return None };
            let value = left.value()?;
            Some(and(is(value.clone(), Type::Text), binary("matches", value, text(pattern_of(pattern)))))
        }
        Comparison::IsNull => kind(left.value()?, Type::Null),
        Comparison::IsNumeric => kind(left.value()?, Type::Number),
        Comparison::IsString => kind(left.value()?, Type::Text),
        Comparison::IsBoolean => kind(left.value()?, Type::Bool),
        Comparison::IsTimestamp => {
            let expected = expected?;
            let value = left.value()?;
            let string = is(value.clone(), Type::Text);
            let time = binary("matches", value.clone(), Ast::Regex(TIME));
            // Whatever looks like another time is for the interpreter.
            let unlike = not(binary("matches", value, Ast::Regex(LIKE_TIME)));
            guard.need(or(not(string.clone()), or(unlike, time.clone())));
            let is_time = and(string, time);
            Some(if expected { is_time } else { not(is_time) })
        }
        Comparison::IsPresent => None,
    }
}

/// A value for a comparison: an expression, or a literal of any size.
fn side(json: &Json) -> Option<Ast> {
    match json {
        Json::Constant(Value::Number(Number::Double(double))) if double.abs() < 1e15 && double.abs() > 1e-15 => {
            Some(if *double < 0.0 { binary("-", Ast::Int(0), Ast::Decimal(digits(-double))) } else { Ast::Decimal(digits(*double)) })
        }
        Json::Constant(Value::Number(Number::Double(double))) if *double == 0.0 => Some(Ast::Int(0)),
        Json::Constant(value) => constant(value),
        other => other.value(),
    }
}

/// Without an exponent, with a point.
fn digits(double: f64) -> String {
    let digits = double.to_string();
    if digits.contains('.') { digits } else { digits + ".0" }
}

fn order(of: Of, wanted: Wanted, left: &Json, right: &Json, guard: &mut Guard) -> Option<Ast> {
    let wanted_type = match of {
        Of::String | Of::Timestamp => Type::Text,
        Of::Numeric => Type::Number,
        Of::Boolean => Type::Bool,
    };
    let operator = match wanted {
        Wanted::Equals => "==",
        Wanted::LessThan => "<",
        Wanted::GreaterThan => ">",
        Wanted::LessThanEquals => "<=",
        Wanted::GreaterThanEquals => ">=",
    };
    let (a, b) = (side(left)?, side(right)?);
    let (a_fits, b_fits) = (is(a.clone(), wanted_type), is(b.clone(), wanted_type));
    let typed = and(a_fits.clone(), b_fits.clone());
    if typed == Ast::Bool(false) {
        return Some(typed);
    }
    match of {
        // Equal to something of the type is of the type.
        _ if wanted == Wanted::Equals && of != Of::Timestamp => {
            let known = if b_fits == Ast::Bool(true) { Ast::Bool(true) } else { a_fits };
            Some(and(known, binary("==", a, b)))
        }
        Of::String => {
            // Java compares UTF-16 units: alike, unless both sides have characters beyond the surrogates.
            let below = |json: &Json| matches!(json, Json::Constant(Value::String(text)) if text.chars().all(|c| c < '\u{e000}'));
            if !below(left) && !below(right) {
                let other = if matches!(right, Json::Constant(_)) { a.clone() } else { b.clone() };
                guard.need(or(not(is(other.clone(), Type::Text)), not(binary("matches", other, Ast::Regex(BEYOND)))));
            }
            Some(and(typed, binary(operator, a, b)))
        }
        Of::Timestamp => {
            let mut millis = |json: &Json, value: Ast| -> Option<Ast> {
                if let Json::Constant(Value::String(of)) = json {
                    let nanos = timestamp::parse(of)?;
                    let millis = u64::try_from(nanos / 1_000_000).ok().filter(|_| nanos % 1_000_000 == 0)?;
                    return Some(text(timestamp::format_millis(millis)));
                }
                let is_time = binary("matches", value.clone(), Ast::Regex(TIME));
                let string = is(value.clone(), Type::Text);
                // A text that is like no time compares to nothing; a time of another form is for the interpreter.
                guard.need(and(string, is_time));
                let short = binary("==", call("len", [value.clone()]), Ast::Int(20));
                Some(when(short, binary("+", Ast::Slice(Box::new(value.clone()), None, Some(19)), text(".000Z")), value))
            };
            let (a, b) = (millis(left, a)?, millis(right, b)?);
            Some(binary(operator, a, b))
        }
        Of::Numeric | Of::Boolean => Some(and(typed, binary(operator, a, b))),
    }
}

/// A pattern of `StringMatches` as a regular expression.
fn pattern_of(pattern: &str) -> String {
    let mut out = String::from("(?s)^");
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => out.push_str(".*"),
            '\\' => out.push_str(&regex::escape(&characters.next().unwrap_or('\\').to_string())),
            other => out.push_str(&regex::escape(&other.to_string())),
        }
    }
    out.push('$');
    out
}
