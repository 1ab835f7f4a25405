//! Annotations that GitHub Actions shows beside the changed lines ("Workflow commands for GitHub Actions", GitHub Docs).
//!
//! `%`, carriage return and line feed are escaped in messages; in properties `:` and `,` too (`toolkit`, `command.ts`).
use super::diagnostics::Prefix;
use super::model::{DiagnosticEntry, FileEntry};
use std::fmt::Write as _;

/// One line for each diagnostic, then one for each file out of sync. `out` is the output folder as a path of the repository.
#[must_use]
pub fn render(diagnostics: &[DiagnosticEntry], files: &[FileEntry], prefix: &Prefix, out: &str) -> String {
    let mut text = String::new();
    for entry in diagnostics {
        let command = match entry.severity {
            "error" => "error",
            "note" => "notice",
            _ => "warning",
        };
        let mut properties = Vec::new();
        if let Some(file) = &entry.file {
            properties.push(format!("file={}", property(&prefix.show(file))));
        }
        if let (Some(line), Some(column)) = (entry.line, entry.column) {
            properties.push(format!("line={line},col={column}"));
            // GitHub takes an end column only on the same line.
            if entry.end_line == Some(line)
                && let Some(end) = entry.end_column.filter(|end| *end > column)
            {
                properties.push(format!("endLine={line},endColumn={}", end - 1));
            } else if let Some(end) = entry.end_line.filter(|end| *end > line) {
                properties.push(format!("endLine={end}"));
            }
        }
        properties.push(format!("title={}", property(&format!("{} {}", entry.code, entry.name))));
        let mut message = entry.message.clone();
        if let Some(help) = &entry.help {
            let _ = write!(message, "\nhelp: {help}");
        }
        if let Some(answer) = &entry.answer {
            let _ = write!(message, "\nanswer: `{answer}` in emr2k8s.yaml");
        }
        let _ = writeln!(text, "::{command} {}::{}", properties.join(","), data(&message));
    }
    for file in files {
        let Some(difference) = file.difference else { continue };
        let path = format!("{}/{}", out.trim_end_matches('/'), file.path);
        let message = format!("{path} {}", difference.advice());
        let _ = writeln!(text, "::error file={},title={}::{}", property(&path), property("OUT005 not-in-sync"), data(&message));
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::plan::{Difference, Status};
    use crate::source::files::{Files, SourceFile};
    use crate::source::rules::source::SRC003;
    use crate::source::sink::Diagnostic;
    use crate::source::span::Span;
    use std::path::Path;

    #[test]
    fn nothing_in_a_message_or_path_ends_the_command() {
        let mut files = Files::default();
        let id = files.add(SourceFile::new("a,b:c.json", "ab\ncd"));
        let diagnostic = Diagnostic::error(&SRC003, Span::new(id, 3, 5), "100 %\r\n::error::x").help("h");
        let question = Diagnostic::question(&SRC003, None, "which?").answer("a.b");
        let entries: Vec<_> = [&diagnostic, &question].iter().map(|d| DiagnosticEntry::new(d, &files)).collect();
        let file = FileEntry { path: "x".into(), status: Status::Updated, difference: Some(Difference::Outdated), diff: None };
        insta::assert_snapshot!(render(&entries, &[file], &Prefix::new(Path::new("/nowhere/aws/f")), "out/"), @r"
        ::error file=/nowhere/aws/a%2Cb%3Ac.json,line=2,col=1,endLine=2,endColumn=2,title=SRC003 duplicate-key::100 %25%0D%0A::error::x%0Ahelp: h
        ::warning title=SRC003 duplicate-key::which?%0Aanswer: `a.b` in emr2k8s.yaml
        ::error file=out/x,title=OUT005 not-in-sync::out/x is not what the sources say now: run `emr2k8s migrate`
        ");
    }
}
