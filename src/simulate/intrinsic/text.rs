//! Functions of texts and JSON. `None`: the arguments do not fit.
use crate::simulate::value::{Object, Value};

/// The template with a text for each `{}`. `\{`, `\}`, `\'` and `\\` mean the character.
pub(super) fn format(template: &str, texts: &mut dyn Iterator<Item = String>) -> Result<String, String> {
    const COUNT: &str = "Invalid arguments in States.Format: number of arguments do not match the occurrences of {}.";
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if matches!(chars.peek(), Some('{' | '}' | '\'' | '\\')) => out.extend(chars.next()),
            '{' if chars.peek() == Some(&'}') => {
                chars.next();
                out.push_str(&texts.next().ok_or(COUNT)?);
            }
            '{' => return Err("Invalid template in States.Format: matching '}' not found for '{'.".into()),
            '}' => return Err("Invalid template in States.Format: matching '{' not found for '}'.".into()),
            other => out.push(other),
        }
    }
    if texts.next().is_some() { Err(COUNT.into()) } else { Ok(out) }
}

/// Shallow: a key of the right object replaces the left one's. AWS refuses only `true` for the third argument.
pub(super) fn merge(left: &Value, right: &Value, deep: &Value) -> Option<Value> {
    let (Value::Object(left), Value::Object(right)) = (left, right) else { return None };
    if *deep == Value::Bool(true) {
        return None;
    }
    let mut merged = Object::clone(left);
    for (key, value) in right.iter() {
        merged.insert(key.clone(), value.clone());
    }
    Some(merged.into())
}

/// The JSON of a text; of a blank text, null.
pub(super) fn to_json(text: &Value) -> Option<Value> {
    let text = text.as_str()?;
    if text.trim().is_empty() {
        return Some(Value::Null);
    }
    Value::parse(text).ok()
}

/// Every character of `delimiters` splits; empty parts are left out.
pub(super) fn split(text: &Value, delimiters: &Value) -> Option<Value> {
    let (text, delimiters) = (text.as_str()?, delimiters.as_str()?);
    Some(Value::array(text.split(|c| delimiters.contains(c)).filter(|part| !part.is_empty()).map(Value::from).collect()))
}
