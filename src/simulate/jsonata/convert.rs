//! Values between the interpreter and the engine.
use crate::simulate::value::{MOST_LEVELS, Number, Object, Value, whole};
use jsonata_core::value::{JValue, with_stack};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// How many items a result may have, counted as they are written out. The engine shares what is equal, so a small expression can
/// mean a tree that no memory holds.
pub const MAX_ITEMS: usize = 1_000_000;

/// How deep a result may nest.
pub const MAX_NESTING: usize = MOST_LEVELS;

/// Integers that a double cannot hold, by the bits of the nearest one: they come back as they went in. `None` where two of them meet.
/// Clones share what they know.
#[derive(Clone, Default)]
pub struct Exact(Option<Rc<RefCell<Known>>>);

type Known = BTreeMap<u64, Option<Number>>;

impl Exact {
    /// Remembers; the default does not.
    #[must_use]
    pub fn remembering() -> Self {
        Self(Some(Rc::default()))
    }

    fn note(&self, number: &Number, bits: u64) {
        let Some(known) = &self.0 else { return };
        known
            .borrow_mut()
            .entry(bits)
            .and_modify(|known| {
                if known.as_ref().is_some_and(|known| known.text() != number.text()) {
                    *known = None;
                }
            })
            .or_insert_with(|| Some(number.clone()));
    }

    fn known(&self, bits: u64) -> Option<Number> {
        self.0.as_ref()?.borrow().get(&bits).cloned().flatten()
    }
}

/// What cannot be a result.
#[derive(Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A function or a regular expression.
    Function,
    /// More than memory should hold.
    TooLarge,
}

/// A value for the engine.
#[must_use]
pub fn to_engine(value: &Value, exact: &Exact) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(value) => JValue::Bool(*value),
        Value::Number(number) => {
            let double = number.as_f64();
            if !matches!(number, Number::Double(_)) && double.abs() >= 9_007_199_254_740_992.0 {
                exact.note(number, double.to_bits());
            }
            JValue::Number(double)
        }
        Value::String(text) => JValue::string(&**text),
        Value::Array(items) => with_stack(|| JValue::array(items.iter().map(|item| to_engine(item, exact)).collect())),
        Value::Object(object) => {
            with_stack(|| JValue::object(object.iter().map(|(key, value)| (key.to_string(), to_engine(value, exact))).collect()))
        }
    }
}

/// An object for the engine, with only what `paths` name: each a path of fields; an empty one means all. Whatever is no object on the way comes whole.
#[must_use]
pub fn to_engine_at(value: &Value, paths: &[&[String]], exact: &Exact) -> JValue {
    let Value::Object(object) = value else { return to_engine(value, exact) };
    if paths.iter().any(|path| path.is_empty()) {
        return to_engine(value, exact);
    }
    with_stack(|| {
        let wanted = |key: &str| {
            paths.iter().filter(|path| path.first().is_some_and(|first| first == key)).map(|path| &path[1..]).collect::<Vec<_>>()
        };
        let entries = object.iter().filter_map(|(key, value)| {
            let below = wanted(key);
            (!below.is_empty()).then(|| (key.to_string(), to_engine_at(value, &below, exact)))
        });
        JValue::object(entries.collect())
    })
}

/// A result of the engine; `None` is undefined.
///
/// # Errors
/// A function, or a tree that is too large.
pub fn of_engine(value: &JValue, exact: &Exact) -> Result<Option<Value>, Unfit> {
    of_engine_bounded(value, exact, &mut 0, 0)
}

fn of_engine_bounded(value: &JValue, exact: &Exact, items: &mut usize, depth: usize) -> Result<Option<Value>, Unfit> {
    *items += 1;
    if *items > MAX_ITEMS || depth > MAX_NESTING {
        return Err(Unfit::TooLarge);
    }
    Ok(Some(match value {
        JValue::Null => Value::Null,
        JValue::Bool(value) => Value::Bool(*value),
        JValue::Number(double) => number(*double, exact),
        JValue::String(text) => Value::string(&**text),
        JValue::Array(array) => with_stack(|| {
            let mut values = Vec::with_capacity(array.len());
            for item in array {
                // What is undefined inside an array is null in JSON.
                values.push(of_engine_bounded(item, exact, items, depth + 1)?.unwrap_or(Value::Null));
            }
            Ok(Value::array(values))
        })?,
        JValue::Object(object) => with_stack(|| {
            let mut values = Object::with_capacity(object.len());
            for (key, value) in object.iter() {
                if let Some(value) = of_engine_bounded(value, exact, items, depth + 1)? {
                    values.insert(Arc::from(key.as_str()), value);
                }
            }
            Ok(values.into())
        })?,
        JValue::Undefined => return Ok(None),
        JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => return Err(Unfit::Function),
    }))
}

/// A JavaScript number as Java takes it: an integer where it is one that fits 64 bits; what is not finite is a text.
fn number(double: f64, exact: &Exact) -> Value {
    if let Some(number) = exact.known(double.to_bits()) {
        return Value::Number(number);
    }
    match whole(double) {
        Some(int) => Value::int(int),
        None if double.is_finite() => Value::Number(Number::Double(double)),
        None => Value::string(crate::simulate::value::java_double(double)),
    }
}

/// A value that passed through JavaScript untouched: its numbers are JavaScript's.
#[must_use]
pub fn through_javascript(value: Value) -> Value {
    if value.has_whole_double() { rewrite(&value) } else { value }
}

fn rewrite(value: &Value) -> Value {
    match value {
        Value::Number(Number::Double(double)) => whole(*double).map_or_else(|| value.clone(), Value::int),
        Value::Array(items) => with_stack(|| Value::array(items.iter().map(rewrite).collect())),
        Value::Object(object) => with_stack(|| Value::object(object.iter().map(|(key, value)| (key.clone(), rewrite(value))))),
        other => other.clone(),
    }
}
