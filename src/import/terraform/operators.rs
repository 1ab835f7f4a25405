//! Terraform's operators over values that may hold symbols.
use crate::ir::value::{self, Segment, Symbol, SymbolKind, Val, Value};
use crate::source::hcl::Binary;
use crate::source::span::{Origins, Sourced};

/// Sets a key, in the place of an equal one.
pub fn put(map: &mut Vec<(Sourced<String>, Val)>, key: Sourced<String>, value: Val) {
    match map.iter_mut().find(|(k, _)| k.value == key.value) {
        Some(entry) => *entry = (key, value),
        None => map.push((key, value)),
    }
}

/// Whether the whole value is known.
pub fn known(val: &Val) -> bool {
    match &val.value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::Text(_) => val.literal().is_some(),
        Value::List(items) => items.iter().all(known),
        Value::Map(entries) => entries.iter().all(|(_, v)| known(v)),
        Value::Symbol(_) | Value::Unknown(_) => false,
    }
}

/// What of a value is not known, in words.
pub fn unknowns(val: &Val) -> String {
    fn first(val: &Val) -> Option<String> {
        match &val.value {
            Value::Symbol(symbol) => Some(symbol_why(symbol)),
            Value::Text(segments) => segments.iter().find_map(|s| match s {
                Segment::Symbol(symbol) => Some(symbol_why(symbol)),
                Segment::Literal(_) => None,
            }),
            Value::List(items) => items.iter().find_map(first),
            Value::Map(entries) => entries.iter().find_map(|(_, v)| first(v)),
            Value::Unknown(unknown) => Some(format!("`{}`: {}", unknown.expression, unknown.why)),
            _ => None,
        }
    }
    first(val).unwrap_or_else(|| format!("a value of another type than is needed, {}", super::eval::one_line(&val.display())))
}

fn symbol_why(symbol: &Symbol) -> String {
    if symbol.name.starts_with("var.") {
        format!("`{}`, which has no value", symbol.name)
    } else {
        format!("`{}`, which only the deployment knows", symbol.name)
    }
}

pub fn truth(val: &Val) -> Option<bool> {
    match val.literal()?.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

pub fn number(val: &Val) -> Option<f64> {
    match &val.value {
        Value::Number(_) | Value::Text(_) => val.literal()?.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

/// A number without a needless fraction.
pub fn show(number: f64) -> String {
    number.to_string()
}

pub fn index(val: &Val) -> Option<i64> {
    number(val).filter(|n| n.fract() == 0.0 && n.abs() < 1e15).and_then(|n| format!("{n:.0}").parse().ok())
}

/// Keys and values of a collection, as `for` sees them.
pub fn pairs(val: &Val) -> Option<Vec<(Val, Val)>> {
    match &val.value {
        Value::List(items) => {
            Some(items.iter().enumerate().map(|(i, v)| (Val::new(Value::Number(i.to_string()), Origins::none()), v.clone())).collect())
        }
        Value::Map(entries) => Some(entries.iter().map(|(k, v)| (Val::text(k.value.clone(), k.origins.clone()), v.clone())).collect()),
        _ => None,
    }
}

/// Appends a value to a text; what has no text becomes a symbol named for it.
pub fn push(out: &mut Val, piece: &Val, length: &mut usize) {
    out.origins.extend(&piece.all_origins());
    let Value::Text(segments) = &mut out.value else { return };
    let mut add = |segment: Segment| value::push(segments, segment);
    match &piece.value {
        Value::Text(inner) => inner.iter().for_each(|s| {
            if let Segment::Literal(text) = s {
                *length += text.len();
            }
            add(s.clone());
        }),
        Value::Symbol(symbol) => add(Segment::Symbol(symbol.clone())),
        Value::Unknown(unknown) => {
            add(Segment::Symbol(Symbol { kind: SymbolKind::Reference, name: unknown.expression.clone(), span: unknown.span }));
        }
        Value::Bool(_) | Value::Number(_) => {
            let text = piece.literal().unwrap_or_default();
            *length += text.len();
            add(Segment::Literal(text));
        }
        Value::Null | Value::List(_) | Value::Map(_) => {
            let text = piece.display();
            *length += text.len();
            add(Segment::Literal(text));
        }
    }
}

/// The element of a list, the value of a key, or a longer symbol.
pub fn pick(val: &Val, key: &Val) -> Result<Val, String> {
    let shape = val.origins.clone().with(&key.origins);
    match &val.value {
        Value::Map(entries) => {
            let name = key.literal().ok_or_else(|| unknowns(key))?;
            let found = entries.iter().rev().find(|(k, _)| k.value == name);
            found
                .map(|(k, v)| v.clone().shaped_by(&shape).shaped_by(&k.origins))
                .ok_or_else(|| format!("there is no `{name}` in {}", super::eval::one_line(&val.display())))
        }
        Value::List(items) => {
            let at = index(key).ok_or_else(|| unknowns(key))?;
            usize::try_from(at)
                .ok()
                .and_then(|at| items.get(at))
                .map(|v| v.clone().shaped_by(&shape))
                .ok_or_else(|| format!("there is no element {at} in a list of {}", items.len()))
        }
        Value::Symbol(symbol) => {
            let name = match &key.value {
                Value::Text(_) => format!("{}.{}", symbol.name, key.display()),
                _ => format!("{}[{}]", symbol.name, key.display()),
            };
            Ok(Val::new(Value::Symbol(Symbol { name, ..symbol.clone() }), shape))
        }
        Value::Unknown(unknown) => Err(unknown.why.clone()),
        _ => Err("it is no list and no map".to_owned()),
    }
}

/// The result of an operator, when both sides are known and fit it.
pub fn binary(left: &Val, operator: Binary, right: &Val) -> Option<Value> {
    let flag = |value: bool| Some(Value::Bool(value));
    match operator {
        Binary::And | Binary::Or => {
            let decisive = operator == Binary::Or;
            match (truth(left), truth(right)) {
                (Some(a), _) if a == decisive => flag(decisive),
                (_, Some(b)) if b == decisive => flag(decisive),
                (Some(_), Some(_)) => flag(!decisive),
                _ => None,
            }
        }
        Binary::Equal | Binary::NotEqual => {
            if !known(left) || !known(right) {
                return None;
            }
            let equal = match (&left.value, &right.value) {
                (Value::Number(_), Value::Number(_)) => number(left) == number(right),
                _ => kind(left) == kind(right) && left.display() == right.display(),
            };
            flag(equal == (operator == Binary::Equal))
        }
        _ => {
            let (a, b) = (number(left)?, number(right)?);
            match operator {
                Binary::Less => flag(a < b),
                Binary::LessOrEqual => flag(a <= b),
                Binary::Greater => flag(a > b),
                Binary::GreaterOrEqual => flag(a >= b),
                Binary::Plus => finite(a + b),
                Binary::Minus => finite(a - b),
                Binary::Times => finite(a * b),
                Binary::Divide => finite(a / b),
                _ => finite(a % b),
            }
        }
    }
}

/// Beyond 2^53 a sum of doubles is not the sum that Terraform computes, so it is not known.
fn finite(number: f64) -> Option<Value> {
    (number.is_finite() && number.abs() < 9_007_199_254_740_992.0).then(|| Value::Number(show(number)))
}

fn kind(val: &Val) -> u8 {
    match val.value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::Text(_) => 3,
        Value::List(_) => 4,
        Value::Map(_) => 5,
        Value::Symbol(_) => 6,
        Value::Unknown(_) => 7,
    }
}
