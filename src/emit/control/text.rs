//! Argo's expressions as texts.
//!
//! Data is JSON text in which no two braces stand together where Argo could take them for a tag: every text that comes from outside goes
//! through [`safe_json`] once. Tags hold only what cannot fail; all else stands in `valueFrom.expression`.
pub use super::super::expression::literal;

/// A tag around an expression, or a parameter's value.
#[must_use]
pub fn tag(expression: &str) -> String {
    format!("{{{{={}}}}}", apart(expression))
}

/// An expression in which no two closing braces stand together: the first pair would end the tag.
fn apart(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut last = ' ';
    for character in expression.chars() {
        if character == '}' && last == '}' {
            out.push(' ');
        }
        out.push(character);
        last = character;
    }
    out
}

/// JSON text without two opening braces in a row.
#[must_use]
pub fn safe_json(expression: &str) -> String {
    format!(r#"sprig.replace("{{" + "{{", "{{\\u007b", {expression})"#)
}

/// An output parameter of a step, nil where the step did not run.
#[must_use]
pub fn output(step: &str, parameter: &str) -> String {
    format!("steps[\"{step}\"].outputs?.parameters?.{parameter}")
}

/// The first of these that is not nil.
#[must_use]
pub fn first(expressions: &[String]) -> String {
    match expressions {
        [one] => one.clone(),
        all => all
            .iter()
            .map(|e| if e.contains('?') && e.contains(" : ") { format!("({e})") } else { e.clone() })
            .collect::<Vec<_>>()
            .join(" ?? "),
    }
}

/// The label of a step that ends in a phase: nil where it did not run.
#[must_use]
pub fn failed_as_error(step: &str) -> String {
    ended(step, "\"\"")
}

/// The same of one whose success has a label that is computed.
#[must_use]
pub fn ended(step: &str, succeeded: &str) -> String {
    format!("{{\"Succeeded\": {succeeded}, \"Failed\": \"error\", \"Error\": \"error\"}}[steps[\"{step}\"].status]")
}

/// Where what gives an error stands: empty for none, nil where it did not run, by `ran`. (Between nil and a text the engine takes the type of the text, and
/// fails on nil: what is nil stands there itself.)
#[must_use]
pub fn failed(ran: &str, error: &str) -> String {
    format!("({ran} == nil ? {ran} : {error} != \"\" ? \"error\" : \"\")")
}
