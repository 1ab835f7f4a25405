//! Wait, and the checks of scalar fields.
use crate::simulate::clock::Millis;
use crate::simulate::error::EvalError;
use crate::simulate::jsonata::{self, Expected};
use crate::simulate::program::{Scalar, Wait};
use crate::simulate::scope::Scope;
use crate::simulate::timestamp;
use crate::simulate::value::{Number, Value};

/// The longest wait in seconds (Developer Guide, "Wait workflow state", November 2026).
const LONGEST: i64 = 99_999_999;

/// How long a Wait waits.
pub(crate) fn duration(wait: &Wait, scope: &Scope<'_>, now: Millis) -> Result<Millis, EvalError> {
    let seconds = match wait {
        Wait::Seconds(scalar) => seconds(scalar, scope)?,
        Wait::Timestamp(scalar) => {
            let nanos = until(scalar, scope)? - i128::from(now) * 1_000_000;
            let millis = Millis::try_from(nanos.max(0) / 1_000_000).unwrap_or(Millis::MAX);
            if millis / 1000 > LONGEST.unsigned_abs() {
                return Err(EvalError::runtime("Wait state delay is too long."));
            }
            return Ok(millis);
        }
    };
    // What an expression gives is not held to the limit (measured on AWS: iwamot/sfnx, `docs/design.md`, "States").
    if seconds > LONGEST && !matches!(wait, Wait::Seconds(Scalar::Jsonata(_))) {
        return Err(EvalError::runtime("Wait state delay is too long."));
    }
    Ok(seconds.unsigned_abs().saturating_mul(1000))
}

fn seconds(scalar: &Scalar, scope: &Scope<'_>) -> Result<i64, EvalError> {
    let value = match scalar {
        Scalar::Path { text, .. } => scope
            .scalar(scalar, "SecondsPath", Expected::Number)
            .map_err(|_| EvalError::runtime(format!("The SecondsPath parameter does not reference an input value: {text}")))?,
        _ => scope.scalar(scalar, "Seconds", Expected::Number)?,
    };
    let whole = value.as_number().and_then(Number::as_i64);
    match (scalar, whole) {
        (_, Some(seconds)) if seconds >= 0 => Ok(seconds),
        (Scalar::Path { text, .. }, Some(seconds)) => {
            Err(EvalError::runtime(format!("The SecondsPath parameter references a negative value: {text} == {seconds}")))
        }
        (Scalar::Path { text, .. }, None) => {
            Err(EvalError::runtime(format!("The SecondsPath parameter cannot be parsed as a long value: {text} == {}", shown(&value))))
        }
        (Scalar::Jsonata(_), Some(seconds)) => Err(EvalError::query(format!("The Seconds field cannot be negative: {seconds}"))),
        (Scalar::Jsonata(_), None) => {
            Err(EvalError::query(format!("The Seconds field cannot be parsed as a long value: {}", shown(&value))))
        }
        (Scalar::Literal(_), _) => Err(EvalError::runtime("Seconds is not a positive integer")),
    }
}

fn until(scalar: &Scalar, scope: &Scope<'_>) -> Result<i128, EvalError> {
    match scalar {
        Scalar::Path { text, .. } => {
            let value = scope
                .scalar(scalar, "TimestampPath", Expected::String)
                .map_err(|_| EvalError::runtime(format!("The TimestampPath parameter does not reference an input value: {text}")))?;
            value.as_str().and_then(timestamp::parse_any_case).ok_or_else(|| {
                EvalError::runtime(format!(
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {text} == {}",
                    shown(&value)
                ))
            })
        }
        _ => {
            let value = scope.scalar(scalar, "Timestamp", Expected::String)?;
            let text = value.as_str().unwrap_or_default();
            timestamp::parse_any_case(text).ok_or_else(|| jsonata::template::timestamp(text))
        }
    }
}

/// The error of a `…Path` field whose value has the wrong type. JSONata's own is made where it is evaluated.
pub(crate) fn wrong_type(scalar: &Scalar, field: &str, expected: &str, value: &Value) -> EvalError {
    match scalar {
        Scalar::Path { text, .. } => {
            EvalError::runtime(format!("The {field} field refers to value \"{}\" which is not a valid {expected}: {text}", shown(value)))
        }
        Scalar::Jsonata(_) => EvalError::query(format!("The {field} field is not a valid {expected}: {}", shown(value))),
        Scalar::Literal(_) => EvalError::runtime(format!("{field} is not a valid {expected}")),
    }
}

/// A value as AWS puts it into a message: texts bare, all else as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_json(), str::to_owned)
}

/// A whole number that a field of any form gives.
pub(crate) fn integer(scalar: &Scalar, field: &str, scope: &Scope<'_>) -> Result<i64, EvalError> {
    let value = field_value(scalar, field, scope)?;
    value.as_number().and_then(Number::as_i64).ok_or_else(|| wrong_type(scalar, &named(scalar, field), "integer", &value))
}

/// A whole number above 0 that a field of any form gives. The language wants one; AWS's words for another are not known.
pub(crate) fn positive(scalar: &Scalar, field: &str, scope: &Scope<'_>) -> Result<u64, EvalError> {
    let value = integer(scalar, field, scope)?;
    u64::try_from(value)
        .ok()
        .filter(|value| *value > 0)
        .ok_or_else(|| wrong_type(scalar, &named(scalar, field), "positive integer", &Value::int(value)))
}

/// A number that a field of any form gives.
pub(crate) fn float(scalar: &Scalar, field: &str, scope: &Scope<'_>) -> Result<f64, EvalError> {
    let value = field_value(scalar, field, scope)?;
    value.as_number().map(Number::as_f64).ok_or_else(|| wrong_type(scalar, &named(scalar, field), "float", &value))
}

pub(crate) fn named(scalar: &Scalar, field: &str) -> String {
    if matches!(scalar, Scalar::Path { .. }) { format!("{field}Path") } else { field.to_owned() }
}

fn field_value(scalar: &Scalar, field: &str, scope: &Scope<'_>) -> Result<Value, EvalError> {
    scope.scalar(scalar, &named(scalar, field), Expected::Number)
}
