//! Task results and faults from a script, attempt by attempt.
//!
//! The form: `{"<state>": [{"input"?, "output"} | {"input"?, "error", "cause"}, …]}`. The n-th call of a state takes the n-th entry. `input` is what
//! the call must have sent: in a text of it `<…>` stands for any text, since recordings replace names and ids by such
//! tokens. `seconds` is how long the attempt takes (0 when it is left out), so that time-outs can be played.
use super::clock::Millis;
use super::services::{Answer, Call, Fault, Services};
use super::value::Value;
use std::collections::BTreeMap;

/// Scripted results by state, and the files on S3 that readers find.
#[derive(Clone, Debug, Default)]
pub struct Script {
    entries: BTreeMap<String, Vec<Entry>>,
    taken: BTreeMap<String, usize>,
    /// Text of `bucket/key`.
    objects: BTreeMap<String, String>,
    /// Calls that sent something else than their entry says.
    pub differences: Vec<Difference>,
}

#[derive(Clone, Debug)]
struct Entry {
    input: Option<Value>,
    after: Millis,
    result: Result<Value, Fault>,
}

/// A call that sent something else than the script expects.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub state: String,
    /// Counted from 1.
    pub attempt: usize,
    pub expected: Value,
    pub sent: Value,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// What does not have the form, with state and attempt.
    pub fn read(value: &Value) -> Result<Self, String> {
        let states = value.as_object().ok_or("a script is an object: {\"<state>\": [{\"output\": …} | {\"error\": …, \"cause\": …}, …]}")?;
        let mut script = Self::default();
        for (state, entries) in states {
            let entries = entries.as_array().ok_or_else(|| format!("`{state}` is not a list of attempts"))?;
            let read = entries.iter().enumerate().map(|(index, entry)| {
                Entry::read(entry).map_err(|error| format!("attempt {} of `{state}`: {error}", index + 1))
            });
            script.entries.insert(state.to_string(), read.collect::<Result<_, _>>()?);
        }
        Ok(script)
    }

    /// Adds a file that an `ItemReader` may read.
    pub fn add_object(&mut self, bucket: &str, key: &str, text: impl Into<String>) {
        self.objects.insert(format!("{bucket}/{key}"), text.into());
    }
}

impl Entry {
    fn read(entry: &Value) -> Result<Self, String> {
        let object = entry.as_object().ok_or("not an object")?;
        let after = match object.get("seconds") {
            None => 0,
            Some(value) => match value.as_number().map(super::value::Number::as_f64) {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be small and positive")]
                Some(seconds) if (0.0..=1e9).contains(&seconds) => (seconds * 1000.0) as Millis,
                _ => return Err("`seconds` is not a number of seconds".into()),
            },
        };
        let result = match (object.get("output"), object.get("error")) {
            (Some(_), Some(_)) => return Err("has both an output and an error".into()),
            (Some(output), None) => Ok(output.clone()),
            (None, Some(Value::String(error))) => {
                let cause = match object.get("cause") {
                    None | Some(Value::Null) => None,
                    Some(Value::String(text)) => Some(text.to_string()),
                    // Recordings show a cause that is JSON text as JSON.
                    Some(other) => Some(other.to_json()),
                };
                Err(Fault { error: Some(error.clone()), cause })
            }
            (None, Some(_)) => return Err("`error` is not a text".into()),
            (None, None) => return Err("has neither an output nor an error".into()),
        };
        Ok(Self { input: object.get("input").cloned(), after, result })
    }
}

impl Services for Script {
    fn call(&mut self, call: &Call<'_>) -> Answer {
        let taken = self.taken.entry(call.state.to_string()).or_default();
        *taken += 1;
        let attempt = *taken;
        let Some(entry) = self.entries.get(call.state).and_then(|entries| entries.get(attempt - 1)) else {
            return Answer::Unknown(format!("The script has no result for attempt {attempt} of the task '{}'.", call.state));
        };
        if let Some(expected) = &entry.input
            && !matches(expected, call.input)
        {
            self.differences.push(Difference {
                state: call.state.into(),
                attempt,
                expected: expected.clone(),
                sent: call.input.clone(),
            });
        }
        Answer::After(entry.after, entry.result.clone())
    }

    fn object(&mut self, bucket: &str, key: &str) -> Option<String> {
        self.objects.get(&format!("{bucket}/{key}")).cloned()
    }
}

/// Whether a value is what a recording says, where `<…>` in a text stands for any text.
#[must_use]
pub fn matches(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(expected), Value::String(actual)) => text_matches(expected, actual),
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual.iter()).all(|(e, a)| matches(e, a))
        }
        (Value::Object(expected), Value::Object(actual)) => {
            expected.len() == actual.len() && expected.iter().all(|(key, e)| actual.get(key).is_some_and(|a| matches(e, a)))
        }
        _ => expected == actual,
    }
}

/// The length of the token that a text begins with: `<`, letters, digits, `_-:` and tokens, `>`.
fn token_end(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '<' => depth += 1,
            '>' => {
                depth -= 1;
                if depth == 0 {
                    return (at > 1).then_some(at + 1);
                }
            }
            other if other.is_ascii_alphanumeric() || "_-:".contains(other) => {}
            _ => return None,
        }
    }
    None
}

fn text_matches(expected: &str, actual: &str) -> bool {
    if expected == actual {
        return true;
    }
    let mut literals = vec![String::new()];
    let mut rest = expected;
    while let Some(start) = rest.find('<') {
        match token_end(&rest[start..]) {
            Some(length) => {
                if let Some(last) = literals.last_mut() {
                    last.push_str(&rest[..start]);
                }
                literals.push(String::new());
                rest = &rest[start + length..];
            }
            None => {
                if let Some(last) = literals.last_mut() {
                    last.push_str(&rest[..=start]);
                }
                rest = &rest[start + 1..];
            }
        }
    }
    if let Some(last) = literals.last_mut() {
        last.push_str(rest);
    }
    let (Some(first), Some(last)) = (literals.first(), literals.last()) else { return false };
    if literals.len() == 1 || actual.len() < first.len() + last.len() || !actual.starts_with(first) || !actual.ends_with(last) {
        return false;
    }
    let mut middle = &actual[first.len()..actual.len() - last.len()];
    literals[1..literals.len() - 1].iter().all(|literal| match middle.find(literal.as_str()) {
        Some(at) => {
            middle = &middle[at + literal.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_recordings_stand_for_any_text() {
        for (expected, actual, equal) in [
            ("arn:<partition>:sns:<region>:1:<resource:1>", "arn:aws:sns:eu-west-1:1:topic", true),
            ("arn:<partition>:sns:<region>:1:<resource:1>", "arn:aws:sqs:eu-west-1:1:topic", false),
            ("<uuid:1>", "", true),
            ("a < b > c", "a < b > c", true),
            ("a < b > c", "a x c", false),
            ("x<a>y", "xy", true),
            ("x<a>x", "x", false),
            ("<<token>:1>", "any", true),
            ("<>", "any", false),
        ] {
            assert_eq!(text_matches(expected, actual), equal, "{expected} {actual}");
        }
    }

    #[test]
    fn a_script_of_another_form_is_refused_with_its_place() {
        for (text, error) in [
            ("[]", "a script is an object"),
            (r#"{"a": {}}"#, "`a` is not a list"),
            (r#"{"a": [{"output": 1}, {}]}"#, "attempt 2 of `a`: has neither"),
            (r#"{"a": [{"output": 1, "error": "E"}]}"#, "attempt 1 of `a`: has both"),
            (r#"{"a": [{"output": 1, "seconds": -1}]}"#, "`seconds` is not"),
        ] {
            let said = Script::read(&Value::parse(text).expect("JSON")).expect_err("refused");
            assert!(said.contains(error), "{said}");
        }
    }
}
