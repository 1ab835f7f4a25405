//! JSON as Step Functions computes with it.
//!
//! Step Functions runs on Java and Jackson: a number with a fraction or an exponent is a double, any other an integer of any size, and the difference
//! shows (`1.0` stays `1.0`, `States.Format` writes `1.0E10`). Objects keep the order of their keys. Clones are cheap: every state
//! may keep the whole document. So is the size of its text, which each state is asked for: a list or an object knows it from the day it is made.
use indexmap::IndexMap;
use std::fmt::Write as _;
use std::ops::Deref;
use std::sync::Arc;

/// The most lists and objects inside each other that a run goes on with: what Jackson reads by default (`StreamReadConstraints`, 1,000 since
/// 2.15). It bounds the stack of whatever walks through a value.
pub const MOST_LEVELS: usize = 1_000;

/// An object: in the order of the text; of two equal keys the later value counts, at the place of the first.
pub type Object = IndexMap<Arc<str>, Value>;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    String(Arc<str>),
    Array(Arc<Measured<Vec<Value>>>),
    Object(Arc<Measured<Object>>),
}

/// A list or an object with what is known of all that is in it. Nothing changes in place, so it stays true.
#[derive(Debug)]
pub struct Measured<T> {
    inside: T,
    facts: Facts,
}

impl<T> Deref for Measured<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inside
    }
}

impl<T: PartialEq> PartialEq for Measured<T> {
    fn eq(&self, other: &Self) -> bool {
        self.inside == other.inside
    }
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    /// Of its compact JSON text.
    bytes: usize,
    /// Levels of lists and objects.
    levels: usize,
    /// Whether a double in it is an integer that fits 64 bits.
    whole_double: bool,
    /// Whether a number in it is beyond all doubles.
    infinite: bool,
}

impl Facts {
    /// A list or an object around its members: brackets, commas, and whatever else `punctuation` counts.
    fn around(members: impl Iterator<Item = Facts>, count: usize, punctuation: usize) -> Self {
        let empty = Self { bytes: 1 + count.max(1) + punctuation, ..Self::default() };
        let all = members.fold(empty, |sum, one| Self {
            bytes: sum.bytes + one.bytes,
            levels: sum.levels.max(one.levels),
            whole_double: sum.whole_double || one.whole_double,
            infinite: sum.infinite || one.infinite,
        });
        Self { levels: all.levels + 1, ..all }
    }
}

impl From<Vec<Value>> for Value {
    fn from(inside: Vec<Value>) -> Self {
        let facts = Facts::around(inside.iter().map(Value::facts), inside.len(), 0);
        Value::Array(Arc::new(Measured { inside, facts }))
    }
}

impl From<Object> for Value {
    fn from(inside: Object) -> Self {
        let keys = inside.keys().map(|key| string_len(key) + 1).sum();
        let facts = Facts::around(inside.values().map(Value::facts), inside.len(), keys);
        Value::Object(Arc::new(Measured { inside, facts }))
    }
}

/// A number as Java would hold it.
#[derive(Clone, Debug)]
pub enum Number {
    Int(i64),
    /// An integer beyond 64 bits: its digits, with sign.
    Big(Arc<str>),
    Double(f64),
}

impl Number {
    /// The number of a JSON literal.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        if let Ok(int) = text.parse() {
            return Number::Int(int);
        }
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Number::Big(text.into());
        }
        Number::Double(text.parse().unwrap_or(f64::NAN))
    }

    /// The nearest double.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
            Number::Int(int) => *int as f64,
            Number::Big(text) => text.parse().unwrap_or(f64::NAN),
            Number::Double(double) => *double,
        }
    }

    /// The integer, where it is written as one and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Number::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// The length of [`Number::text`].
    fn len(&self) -> usize {
        match self {
            Number::Int(int) => {
                let digits = int.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
                digits + usize::from(*int < 0)
            }
            Number::Big(text) => text.len(),
            Number::Double(double) => java_double(*double).len(),
        }
    }

    /// As JSON text, the way Jackson writes it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Number::Int(int) => int.to_string(),
            Number::Big(text) => text.to_string(),
            Number::Double(double) => java_double(*double),
        }
    }
}

/// Equal as numbers: `1` and `1.0` are. (As JSON texts they differ; see [`Number::text`].)
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a == b,
            (Number::Big(a), Number::Big(b)) => a == b,
            _ => self.as_f64() == other.as_f64(),
        }
    }
}

/// The integer that a double is, where it fits 64 bits.
#[must_use]
pub fn whole(double: f64) -> Option<i64> {
    // 2^63 as a double; every whole double below it fits.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (double.fract() == 0.0 && (-LIMIT..LIMIT).contains(&double)).then_some(double as i64)
}

/// A double as `Double.toString` writes it (Java SE API, `java.lang.Double#toString`): plain between 10^-3 and 10^7, else with an exponent
/// (`1.0E10`), always with a fraction.
#[must_use]
pub fn java_double(double: f64) -> String {
    if double.is_nan() {
        return "NaN".into();
    }
    if double.is_infinite() {
        return if double > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let size = double.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{double:?}");
    }
    if size.to_bits() == 1 {
        // Java asks for two digits at least, of which these are the nearest.
        return if double > 0.0 { "4.9E-324".into() } else { "-4.9E-324".into() };
    }
    // Rust's `{:e}` has the shortest digits that read back as the same double, as Java's since 19.
    let text = format!("{double:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => text,
    }
}

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotJson {
    /// A lowercase fragment without the place.
    pub message: String,
    /// Counted from 1, as `column` is.
    pub line: usize,
    pub column: usize,
}

impl Value {
    /// Reads a JSON text.
    ///
    /// # Errors
    /// What is wrong with the text, with line and column.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str::<serde_json::Value>(text).map(Value::from).map_err(|error| error.to_string())
    }

    /// Parses JSON text.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn parse_at(text: &str) -> Result<Self, NotJson> {
        serde_json::from_str::<serde_json::Value>(text).map(Value::from).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let said = error.to_string();
            let message = said.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&said).to_owned();
            NotJson { message, line, column: column.max(1) }
        })
    }

    #[must_use]
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Value::String(text.into())
    }

    #[must_use]
    pub fn array(items: Vec<Value>) -> Self {
        items.into()
    }

    #[must_use]
    pub fn object(entries: impl IntoIterator<Item = (impl Into<Arc<str>>, Value)>) -> Self {
        entries.into_iter().map(|(key, value)| (key.into(), value)).collect::<Object>().into()
    }

    #[must_use]
    pub fn int(int: i64) -> Self {
        Value::Number(Number::Int(int))
    }

    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// What is known of it, without looking into lists and objects.
    fn facts(&self) -> Facts {
        let bytes = match self {
            Value::Null => 4,
            Value::Bool(value) => 5 - usize::from(*value),
            Value::Number(number) => number.len(),
            Value::String(text) => string_len(text),
            Value::Array(items) => return items.facts,
            Value::Object(object) => return object.facts,
        };
        let double = match self {
            Value::Number(Number::Double(double)) => Some(*double),
            _ => None,
        };
        Facts {
            bytes,
            levels: 0,
            whole_double: double.is_some_and(|double| whole(double).is_some()),
            infinite: double.is_some_and(|double| !double.is_finite()),
        }
    }

    /// Whether a number in it is beyond all doubles (`1e400`), which JSON cannot say again.
    #[must_use]
    pub fn has_infinite(&self) -> bool {
        self.facts().infinite
    }

    /// Whether a double in it is an integer that fits 64 bits (`1.0`).
    #[must_use]
    pub fn has_whole_double(&self) -> bool {
        self.facts().whole_double
    }

    /// Lists and objects inside each other.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.facts().levels
    }

    /// A field of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }

    /// Compact JSON text, in the order of the keys.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    /// The length of [`Value::to_json`] in bytes.
    #[must_use]
    pub fn json_len(&self) -> usize {
        self.facts().bytes
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => out.push_str(&number.text()),
            Value::String(text) => write_string(text, out),
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Value::Object(object) => {
                out.push('{');
                for (index, (key, value)) in object.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(key, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

fn string_len(text: &str) -> usize {
    // Without branches, so that the bytes of a long text are looked at many at a time.
    let escapes = text.bytes().map(|byte| {
        let short = matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12);
        usize::from(short) + 5 * usize::from(byte < 32 && !short)
    });
    2 + text.len() + escapes.sum::<usize>()
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04X}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => Value::Number(Number::of_text(number.as_str())),
            serde_json::Value::String(text) => Value::String(text.into()),
            serde_json::Value::Array(items) => Value::array(items.into_iter().map(Value::from).collect()),
            serde_json::Value::Object(object) => Value::object(object.into_iter().map(|(key, value)| (key, Value::from(value)))),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::string(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_javas_texts() {
        for (text, java) in [
            ("1", "1"),
            ("1.0", "1.0"),
            ("-0.5", "-0.5"),
            ("1e10", "1.0E10"),
            ("1.5e-4", "1.5E-4"),
            ("0.001", "0.001"),
            ("9999999.0", "9999999.0"),
            ("10000000.0", "1.0E7"),
            ("9007199254740993", "9007199254740993"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            assert_eq!(Value::parse(text).expect("JSON").to_json(), java);
        }
    }

    #[test]
    fn objects_keep_their_order_and_the_later_value() {
        let value = Value::parse(r#"{"b":1,"a":{"z":[1,"\u0001\""],"y":null},"b":2}"#).expect("JSON");
        assert_eq!(value.to_json(), r#"{"b":2,"a":{"z":[1,"\u0001\""],"y":null}}"#);
        for text in ["[]", "{}", "[1]", "[1,2.5]", r#"{"a":"\n\u0002é","b":[true,false,null]}"#] {
            let value = Value::parse(text).expect("JSON");
            assert_eq!(value.json_len(), value.to_json().len(), "{text}");
        }
    }

    #[test]
    fn what_is_known_of_a_value_is_what_its_text_says() {
        for (text, levels, whole_double, infinite) in [
            ("0", 0, false, false),
            ("-1.5", 0, false, false),
            ("1.0", 0, true, false),
            ("[]", 1, false, false),
            (r#"{"a": [1, -10, {"b": -9223372036854775808}], "c": 99999999999999999999}"#, 3, false, false),
            (r#"{"\u0001\u007f": [[2.0]]}"#, 3, true, false),
            (r#"["x", [{"a": 1e400}]]"#, 3, false, true),
            ("[1e-7, 1e10, 1e300]", 1, true, false),
        ] {
            let value = Value::parse(text).expect("JSON");
            let known = (value.levels(), value.has_whole_double(), value.has_infinite());
            assert_eq!(known, (levels, whole_double, infinite), "{text}");
            assert_eq!(value.json_len(), value.to_json().len(), "{text}");
        }
    }
}
