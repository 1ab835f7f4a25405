//! Argo's expressions over the execution's input.
//!
//! What an expression gives is put into a text that Argo reads again, so a value that holds `{{…}}` would be evaluated: an
//! injection (run on the controller, see `tests/cluster`). And Kubernetes expands `$(NAME)` in environment values and arguments.
//! JSON may write any character as an escape, so payloads are passed as JSON texts in which neither stands.

/// The execution's input, as JSON text.
pub const INPUT: &str = "workflow.parameters.input";

/// A part of a JSON text: a path in ASL's notation.
fn part(of: &str, path: &str) -> String {
    if path == "$" { format!("fromJson({of})") } else { format!("jsonpath({of}, {})", literal(path)) }
}

/// The tag that gives a part of the input as JSON text, harmless to Argo and Kubernetes.
#[must_use]
pub fn payload(path: &str) -> String {
    let json = if path == "$" { INPUT.to_owned() } else { format!("sprig.toRawJson({})", part(INPUT, path)) };
    format!(r#"{{{{=sprig.replace("$", "\\u0024", sprig.replace("{{" + "{{", "{{\\u007b", {json}))}}}}"#)
}

/// One part of an argument. A literal is written so that Kubernetes leaves it, or expands what is meant.
pub enum Part {
    Literal(String),
    Input(String),
}

/// The expression that gives an argument as JSON text; `of`: the JSON text that its parts are taken from. Two braces cannot be carried into a
/// manifest, which Argo reads twice: the step fails and says so.
#[must_use]
pub fn argument(parts: &[Part], of: &str) -> String {
    if of.contains(['"', ' ']) {
        return format!("let event = {of}; {}", argument(parts, "event"));
    }
    let text = parts
        .iter()
        .map(|part| match part {
            Part::Literal(text) => literal(text),
            Part::Input(path) => format!(r#"sprig.replace("$", "$$", {})"#, text_of(of, path)),
        })
        .collect::<Vec<_>>()
        .join(" + ");
    format!(
        r#"({text}) contains ("{{" + "{{") ? sprig.fail("an argument from the input holds two braces, which Argo would evaluate") : toJson({text})"#
    )
}

/// Whether a text holds a tag that Argo knows, and so evaluates wherever it stands in a template (Argo Workflows, "Workflow
/// Variables").
#[must_use]
pub fn holds_tag(text: &str) -> bool {
    const KNOWN: &[&str] = &[
        "=",
        "inputs.",
        "steps.",
        "tasks.",
        "outputs.",
        "workflow.",
        "pod.",
        "node.",
        "item",
        "retries",
        "lastRetry.",
        "cronworkflow.",
        "loop.",
    ];
    text.split("{{").skip(1).any(|rest| KNOWN.iter().any(|known| rest.trim_start().starts_with(known)))
}

/// An expression that gives a value as a text: a text as it is, anything else as JSON writes it.
fn text_of(of: &str, path: &str) -> String {
    let value = part(of, path);
    format!(r#"(type({value}) == "string" ? {value} : toJson({value}))"#)
}

/// A text literal, in which no two braces stand together: the first `}}` would end the tag.
#[must_use]
pub fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    let mut last = ' ';
    for c in text.chars() {
        if matches!(c, '{' | '}') && last == c {
            out.push_str("\" + \"");
        }
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
        last = c;
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tag_itself_has_two_braces() {
        for text in ["{{x}}", "}}}}", "a'b\\", "{{{"] {
            for tag in [
                format!("{{{{={}}}}}", argument(&[Part::Literal(text.to_owned()), Part::Input("$.a".to_owned())], INPUT)),
                payload("$.a['x']"),
                payload("$"),
            ] {
                let inner = tag.strip_prefix("{{=").and_then(|t| t.strip_suffix("}}")).expect("a tag");
                assert!(!inner.contains("{{") && !inner.contains("}}"), "{tag}");
            }
        }
        assert_eq!(literal("a\"b"), "\"a\\\"b\"");
        assert_eq!(
            payload("$.message"),
            r#"{{=sprig.replace("$", "\\u0024", sprig.replace("{" + "{", "{\\u007b", sprig.toRawJson(jsonpath(workflow.parameters.input, "$.message"))))}}"#
        );
    }
}
