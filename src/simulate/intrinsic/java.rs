//! How Java prints and hashes values, where that shows.
use crate::simulate::value::{Number, Value};

/// As Java's `String.valueOf` prints what a path found: texts without quotes, `{a=1, b=[1, null]}`.
#[must_use]
pub fn java_text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.text()),
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (index, (key, value)) in object.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(key);
                out.push('=');
                write(value, out);
            }
            out.push('}');
        }
    }
}

/// `hashCode` of the class that holds such a value (Java SE API: `String`, `Boolean`, `Integer`, `Long`, `Double`, `List`, `Map`).
pub(super) fn hash(value: &Value) -> i32 {
    match value {
        // Nobody looks at the order of numbers beyond 64 bits.
        Value::Null | Value::Number(Number::Big(_)) => 0,
        Value::Bool(value) => {
            if *value {
                1231
            } else {
                1237
            }
        }
        Value::Number(Number::Int(int)) => i32::try_from(*int).unwrap_or_else(|_| fold(int.cast_unsigned())),
        Value::Number(Number::Double(double)) => fold(double.to_bits()),
        Value::String(text) => text_hash(text),
        Value::Array(items) => items.iter().fold(1_i32, |sum, item| sum.wrapping_mul(31).wrapping_add(hash(item))),
        Value::Object(object) => object.iter().fold(0_i32, |sum, (key, value)| sum.wrapping_add(text_hash(key) ^ hash(value))),
    }
}

fn text_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |sum, unit| sum.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

fn fold(bits: u64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half of the two halves combined is Java's definition")]
    let half = (bits ^ (bits >> 32)) as u32;
    half.cast_signed()
}

/// Java's `equals`: unlike in JSON, `1` and `1.0` differ.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(Number::Double(a)), Value::Number(Number::Double(b))) => a.to_bits() == b.to_bits(),
        (Value::Number(a), Value::Number(b)) => std::mem::discriminant(a) == std::mem::discriminant(b) && a == b,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}
