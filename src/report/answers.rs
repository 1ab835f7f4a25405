//! A new `emr2k8s.yaml`: every open question as a key that only needs its `#` removed.
use super::schema::{Subject, render as schema};
use super::style::plain;
use crate::emit::yaml::scalar;
use crate::source::files::Files;
use crate::source::sink::{Diagnostic, Severity};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The schema's file beside the answers; its leading dot keeps it from being taken for a source.
pub const SCHEMA_FILE: &str = ".emr2k8s.schema.json";

/// Widest line of a comment.
const WIDTH: usize = 100;

/// A key, the keys below it, and the questions that it answers.
#[derive(Default)]
struct Key<'a> {
    below: BTreeMap<&'a str, Key<'a>>,
    questions: Vec<&'a Diagnostic>,
}

/// The text of the file, and how many questions are in it.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], files: &Files) -> (String, usize) {
    let schema: Value = serde_json::from_str(&schema(Subject::Config)).unwrap_or_default();
    let questions: Vec<&Diagnostic> = diagnostics.iter().filter(|d| d.severity == Severity::Question).collect();
    let mut root = Key::default();
    let mut unanswerable = Vec::new();
    for question in &questions {
        match question.answer.as_deref().filter(|answer| !answer.is_empty()) {
            Some(answer) => {
                let key = answer.split('.').fold(&mut root, |key, part| key.below.entry(part).or_default());
                key.questions.push(question);
            }
            None => unanswerable.push(*question),
        }
    }
    let mut out = format!("# yaml-language-server: $schema={SCHEMA_FILE}\n");
    out.push_str("# Your answers for emr2k8s. To answer a question, remove the `#` before its key and write the value.\n");
    out.push_str("# `emr2k8s schema config` prints every key there is.\n");
    if questions.is_empty() {
        out.push_str("\n# There are no open questions.\n");
    }
    for (name, key) in &root.below {
        out.push('\n');
        write_key(name, key, "", Some(&schema), &schema, files, &mut out);
    }
    if !unanswerable.is_empty() {
        out.push_str("\n# Questions that no key answers:\n");
        for question in unanswerable {
            write_question(question, "", files, &mut out);
        }
    }
    (out, questions.len())
}

/// Recursion is as deep as a dotted key is long, which the code that asks the question bounds.
fn write_key(name: &str, key: &Key<'_>, indent: &str, above: Option<&Value>, schema: &Value, files: &Files, out: &mut String) {
    let about = above.and_then(|above| property(above, name, schema));
    if let Some(words) = about.and_then(|about| about.get("description")).and_then(Value::as_str) {
        comment(words, indent, out);
    }
    for question in &key.questions {
        write_question(question, indent, files, out);
    }
    let deeper = format!("{indent}  ");
    let target = about.map(|about| resolve(about, schema));
    if key.below.is_empty() {
        // The answer to a question may be a choice of keys below it.
        match target.and_then(|target| target.get("properties")).and_then(Value::as_object) {
            Some(choices) => {
                let _ = writeln!(out, "{indent}{}:", scalar(name));
                for choice in choices.keys() {
                    write_key(choice, &Key::default(), &deeper, target, schema, files, out);
                }
            }
            None => {
                let _ = writeln!(out, "{indent}#{}:", scalar(name));
            }
        }
        return;
    }
    let _ = writeln!(out, "{indent}{}:", scalar(name));
    for (name, key) in &key.below {
        write_key(name, key, &deeper, target, schema, files, out);
    }
}

fn write_question(question: &Diagnostic, indent: &str, files: &Files, out: &mut String) {
    let place = question.span.map(|span| format!(" ({})", files.place(span))).unwrap_or_default();
    comment(&format!("{}: {}{place}", question.rule.code, question.message), indent, out);
    // A help that only repeats the key says nothing here.
    let repeated = question.answer.as_ref().map(|answer| format!("answer `{answer}` in emr2k8s.yaml"));
    if let Some(help) = question.help.as_ref().filter(|help| repeated.as_ref() != Some(help)) {
        comment(help, indent, out);
    }
}

fn comment(text: &str, indent: &str, out: &mut String) {
    let mut line = String::new();
    for word in plain(text).split_whitespace() {
        if !line.is_empty() && line.chars().count() + word.chars().count() + 1 > WIDTH {
            let _ = writeln!(out, "{indent}# {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{indent}# {line}");
}

/// The schema of a key of a map, or of any key of a map with free keys.
fn property<'a>(map: &'a Value, name: &str, schema: &'a Value) -> Option<&'a Value> {
    let map = resolve(map, schema);
    map.get("properties").and_then(|all| all.get(name)).or_else(|| map.get("additionalProperties")).filter(|found| found.is_object())
}

/// Follows `$ref`, also inside `anyOf`.
fn resolve<'a>(value: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = value.get("$ref").or_else(|| value.get("anyOf")?.get(0)?.get("$ref")).and_then(Value::as_str);
    let name = reference.and_then(|text| text.strip_prefix("#/definitions/"));
    name.and_then(|name| schema.get("definitions")?.get(name)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::files::SourceFile;
    use crate::source::rules::source::SRC005;
    use crate::source::span::Span;

    #[test]
    fn questions_become_keys_to_uncomment() {
        let mut files = Files::default();
        let id = files.add(SourceFile::new("a.json", "one\ntwo"));
        let ask = |answer: &str, message: &str| {
            let question = Diagnostic::question(&SRC005, Span::new(id, 4, 7), message);
            if answer.is_empty() { question } else { question.answer(answer) }
        };
        let found = [
            ask("images.registry", "where are images pushed to?").help("default: none"),
            ask("functions.send-mail", "what replaces `send-mail`?").help("answer `functions.send-mail` in emr2k8s.yaml"),
            ask("namespaces", "which namespace?\nthis one?"),
            ask("", "what now?"),
            Diagnostic::note(&SRC005, None, "no question"),
        ];
        let (text, count) = render(&found, &files);
        assert_eq!(count, 4);
        insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!("report_answers", text);
        });
        // As written it is a file without answers; with every `#` before a key removed it is one without mistakes.
        let temp = tempfile::tempdir().unwrap();
        let check = |text: &str| {
            std::fs::write(temp.path().join("emr2k8s.yaml"), text).unwrap();
            let answers = crate::config::load(temp.path(), None);
            assert!(answers.diagnostics.is_empty(), "{:?}\n{text}", answers.diagnostics);
            answers.config
        };
        let _ = check(&text);
        let answered: String = text
            .lines()
            .map(|line| {
                let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
                match rest.strip_prefix('#') {
                    Some(key) if !key.starts_with(' ') => format!("{indent}{key} x\n"),
                    _ => format!("{line}\n"),
                }
            })
            .collect();
        let config = check(&answered);
        assert_eq!(config.images.registry.as_deref(), Some("x"));
        assert_eq!(config.functions["send-mail"].call.as_deref(), Some("x"));
    }
}
