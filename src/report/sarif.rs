//! SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), as code scanning reads it.
use super::diagnostics::Prefix;
use super::model::{DiagnosticEntry, FileEntry};
use crate::output::hash;
use crate::source::rules;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The log of a run: diagnostics, then files out of sync. `out` is the output folder as a path of the repository.
#[must_use]
pub fn render(diagnostics: &[DiagnosticEntry], files: &[FileEntry], prefix: &Prefix, out: &str) -> Value {
    let stale: Vec<(String, &str)> = files
        .iter()
        .filter_map(|file| file.difference.map(|d| (format!("{}/{}", out.trim_end_matches('/'), file.path), d.advice())))
        .collect();
    let mut codes: BTreeSet<&str> = diagnostics.iter().map(|entry| entry.code).collect();
    if !stale.is_empty() {
        codes.insert("OUT005");
    }
    let index: BTreeMap<&str, usize> = codes.iter().enumerate().map(|(i, code)| (*code, i)).collect();
    let mut seen = BTreeMap::new();
    let mut results: Vec<Value> = diagnostics.iter().map(|entry| result(entry, &index, prefix, &mut seen)).collect();
    for (path, difference) in &stale {
        results.push(json!({
            "ruleId": "OUT005",
            "ruleIndex": index.get("OUT005"),
            "level": "error",
            "message": {"text": format!("the file {difference}")},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(path)}}}],
            "partialFingerprints": {"emr2k8s/v1": fingerprint(&mut seen, "OUT005", path, difference)},
        }));
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "emr2k8s",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: &str) -> Value {
    let Some(rule) = rules::find(code) else { return json!({"id": code}) };
    let first = first_paragraph(rule.doc);
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.name.replace('-', " ")},
        "fullDescription": {"text": first},
        "help": {"text": rule.doc.trim(), "markdown": rule.doc.trim()},
    })
}

/// The first paragraph of a rule's page, on one line.
#[must_use]
pub fn first_paragraph(doc: &str) -> String {
    let paragraph = doc.trim().split("\n\n").next().unwrap_or("");
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn result(entry: &DiagnosticEntry, index: &BTreeMap<&str, usize>, prefix: &Prefix, seen: &mut BTreeMap<String, u32>) -> Value {
    let level = match entry.severity {
        "error" => "error",
        "note" => "note",
        _ => "warning",
    };
    let mut text = entry.message.clone();
    if let Some(help) = &entry.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    let mut out = Map::new();
    out.insert("ruleId".into(), json!(entry.code));
    out.insert("ruleIndex".into(), json!(index.get(entry.code)));
    out.insert("level".into(), json!(level));
    out.insert("message".into(), json!({"text": text}));
    if let Some(file) = &entry.file {
        let mut physical = Map::new();
        physical.insert("artifactLocation".into(), json!({"uri": uri(&prefix.show(file))}));
        if let (Some(line), Some(column)) = (entry.line, entry.column) {
            let mut region = json!({"startLine": line, "startColumn": column});
            if let (Some(end_line), Some(end_column)) = (entry.end_line, entry.end_column) {
                region["endLine"] = json!(end_line);
                region["endColumn"] = json!(end_column);
            }
            physical.insert("region".into(), region);
        }
        out.insert("locations".into(), json!([{"physicalLocation": physical}]));
    }
    if !entry.related.is_empty() {
        let related: Vec<Value> = entry
            .related
            .iter()
            .enumerate()
            .map(|(id, place)| {
                json!({
                    "id": id,
                    "message": {"text": place.message},
                    "physicalLocation": {
                        "artifactLocation": {"uri": uri(&prefix.show(&place.file))},
                        "region": {"startLine": place.line, "startColumn": place.column},
                    },
                })
            })
            .collect();
        out.insert("relatedLocations".into(), json!(related));
    }
    let file = entry.file.as_deref().unwrap_or("");
    out.insert("partialFingerprints".into(), json!({"emr2k8s/v1": fingerprint(seen, entry.code, file, &entry.message)}));
    out.insert("properties".into(), json!({"severity": entry.severity, "verdict": entry.verdict, "answer": entry.answer}));
    Value::Object(out)
}

/// Names a result across runs: its line may move, its rule, file and words do not. Equal ones are counted.
fn fingerprint(seen: &mut BTreeMap<String, u32>, code: &str, file: &str, message: &str) -> String {
    let key = format!("{code}\0{file}\0{message}");
    let nth = seen.entry(key.clone()).or_insert(0);
    *nth += 1;
    hash(format!("{key}\0{nth}").as_bytes())
}

/// A path as a relative URI reference (RFC 3986): all but unreserved characters and `/` are escaped.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    if path.starts_with('/') { format!("file://{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::plan::{Difference, Status};
    use crate::source::files::{Files, SourceFile};
    use crate::source::rules::source::SRC003;
    use crate::source::sink::Diagnostic;
    use crate::source::span::Span;

    #[test]
    fn the_log_has_the_shape_that_code_scanning_asks_for() {
        let mut files = Files::default();
        let id = files.add(SourceFile::new("a b.json", "ab\ncd"));
        let one = Diagnostic::refused(&SRC003, Span::new(id, 3, 5), "twice").help("once").related(Span::new(id, 0, 1), "first");
        let entries: Vec<_> = [&one, &one].iter().map(|d| DiagnosticEntry::new(d, &files)).collect();
        let file = FileEntry { path: "x".into(), status: Status::Updated, difference: Some(Difference::Edited), diff: None };
        let log = render(&entries, &[file], &Prefix::default(), "out");
        let run = &log["runs"][0];
        assert_eq!(log["version"], "2.1.0");
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        for result in results {
            let rule = &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(rule["help"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        }
        let place = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b.json");
        assert_eq!(place["region"], json!({"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 3}));
        assert_eq!(results[0]["level"], "warning");
        assert_eq!(results[0]["relatedLocations"][0]["message"]["text"], "first");
        assert_ne!(results[0]["partialFingerprints"], results[1]["partialFingerprints"]);
        assert_eq!(results[2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "out/x");
    }
}
