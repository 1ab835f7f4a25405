//! The shapes of the JSON formats. Scripts rely on them: keys may be added, none removed.
use crate::compile::{Compilation, LedgerValue};
use crate::output::check::{Check, SourceChange};
use crate::output::plan::{Change, Difference, Plan, Status};
use crate::source::files::Files;
use crate::source::sink::{Diagnostic, Disposition, Severity, Verdict};
use crate::source::span::Span;
use schemars::JsonSchema;
use serde::Serialize;

/// What `migrate`, `diff` and `check` print with `--format json`.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// Files of the output folder, in the order of their paths.
    pub files: Vec<FileEntry>,
    /// What was found in the sources, in the order of files and lines.
    pub diagnostics: Vec<DiagnosticEntry>,
    pub summary: Summary,
    /// Sources that changed since the folder was written; `check` only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceChange>,
}

/// A file of the output folder.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FileEntry {
    /// Relative to the output folder, with `/`.
    pub path: String,
    /// What `migrate` does, or would do, with it.
    pub status: Status,
    /// How the file on disk differs from what it should be; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// What would be written, as a unified diff; `diff` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// A diagnostic.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosticEntry {
    /// Code of the rule, for `emr2k8s explain CODE`.
    pub code: &'static str,
    /// Name of the rule.
    pub name: &'static str,
    #[schemars(extend("enum" = ["error", "warning", "question", "note"]))]
    pub severity: &'static str,
    /// What the translation is worth; null when the diagnostic is not about one.
    #[schemars(extend("enum" = ["exact", "equivalent", "changed", "refused", null]))]
    pub verdict: Option<&'static str>,
    pub message: String,
    /// Relative to SRC, with `/`; null when it is about no file.
    pub file: Option<String>,
    /// One-based.
    pub line: Option<u32>,
    /// One-based, in characters.
    pub column: Option<u32>,
    pub end_line: Option<u32>,
    /// The first column behind it.
    pub end_column: Option<u32>,
    /// What to do next.
    pub help: Option<String>,
    /// The dotted key of `emr2k8s.yaml` that answers a question.
    pub answer: Option<String>,
    /// Other places that belong to it.
    pub related: Vec<RelatedEntry>,
}

/// Another place that belongs to a diagnostic.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct RelatedEntry {
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub message: String,
}

/// Counts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub files: FileCounts,
    pub verdicts: VerdictCounts,
    pub severities: SeverityCounts,
    pub ledger: LedgerCounts,
    /// Whether anything was written.
    pub written: bool,
    /// Whether the folder is what `migrate` would write.
    pub in_sync: bool,
    /// Why nothing was written although there was something to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Files of the output folder by status.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct FileCounts {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub removed: usize,
    pub kept: usize,
    pub conflict: usize,
}

/// Diagnostics by verdict. What no diagnostic speaks of is exact or equivalent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct VerdictCounts {
    pub exact: usize,
    pub equivalent: usize,
    pub changed: usize,
    pub refused: usize,
}

/// Diagnostics by severity.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct SeverityCounts {
    pub error: usize,
    pub warning: usize,
    pub question: usize,
    pub note: usize,
}

/// Source values by what became of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct LedgerCounts {
    pub emitted: usize,
    pub absorbed: usize,
    pub ignored: usize,
    pub unsupported: usize,
    pub unexplained: usize,
}

/// What `ledger` prints with `--format json`.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct LedgerReport {
    /// Every value of every file that an importer claimed, in the order of files and text.
    pub values: Vec<LedgerEntry>,
    pub summary: LedgerCounts,
}

/// A source value.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    /// Relative to SRC, with `/`.
    pub file: String,
    /// One-based.
    pub line: u32,
    /// One-based, in characters.
    pub column: u32,
    /// RFC 6901 pointer from the root of its document.
    pub pointer: String,
    /// As text; a secret is masked.
    pub value: String,
    #[schemars(extend("enum" = ["emitted", "absorbed", "ignored", "unsupported", "unexplained"]))]
    pub disposition: &'static str,
    /// Code of the rule that decided; empty for emitted and unexplained values.
    pub rule: String,
    /// Why, in a few words.
    pub note: String,
    /// Where it went.
    pub outputs: Vec<OutputPlace>,
}

/// A line of the output.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OutputPlace {
    /// Relative to the output folder, with `/`.
    pub file: String,
    /// One-based.
    pub line: u32,
}

/// The name of a severity in every format.
#[must_use]
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Question => "question",
        Severity::Note => "note",
    }
}

/// The name of a disposition in every format.
#[must_use]
pub fn disposition_name(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Emitted => "emitted",
        Disposition::Absorbed => "absorbed",
        Disposition::Ignored => "ignored",
        Disposition::Unsupported => "unsupported",
        Disposition::Unexplained => "unexplained",
    }
}

impl DiagnosticEntry {
    /// A diagnostic with its places resolved.
    #[must_use]
    pub fn new(diagnostic: &Diagnostic, files: &Files) -> Self {
        let start = diagnostic.span.map(|span| files.get(span.file).position(span.start));
        let end = diagnostic.span.map(|span| files.get(span.file).position(span.end));
        Self {
            code: diagnostic.rule.code,
            name: diagnostic.rule.name,
            severity: severity_name(diagnostic.severity),
            verdict: diagnostic.verdict.map(Verdict::name),
            message: diagnostic.message.clone(),
            file: diagnostic.span.map(|span| files.get(span.file).path.clone()),
            line: start.map(|p| p.0),
            column: start.map(|p| p.1),
            end_line: end.map(|p| p.0),
            end_column: end.map(|p| p.1),
            help: diagnostic.help.clone(),
            answer: diagnostic.answer.clone(),
            related: diagnostic.related.iter().map(|(span, message)| RelatedEntry::new(*span, message, files)).collect(),
        }
    }
}

impl RelatedEntry {
    fn new(span: Span, message: &str, files: &Files) -> Self {
        let file = files.get(span.file);
        let (line, column) = file.position(span.start);
        Self { file: file.path.clone(), line, column, message: message.to_owned() }
    }
}

impl FileEntry {
    #[must_use]
    pub fn new(change: &Change) -> Self {
        Self { path: change.path.clone(), status: change.status, difference: change.difference, diff: None }
    }
}

impl RunReport {
    /// The report of a run; `diagnostics` are all that were reported, also those about the output folder.
    #[must_use]
    pub fn new(compilation: &Compilation, diagnostics: &[Diagnostic], plan: Option<&Plan>, check: Option<&Check>) -> Self {
        let mut report = Self::of_diagnostics(diagnostics, &compilation.files);
        report.summary.ledger = LedgerCounts::of(&compilation.ledger);
        if let Some(plan) = plan {
            report.files = plan.changes.iter().map(FileEntry::new).collect();
            report.summary.files = FileCounts::of(plan);
            report.summary.in_sync = plan.is_in_sync();
        }
        if let Some(check) = check {
            report.sources.clone_from(&check.sources);
            report.summary.in_sync = check.in_sync;
        }
        report
    }

    /// A report of diagnostics alone: the run ended before there was a plan.
    #[must_use]
    pub fn of_diagnostics(diagnostics: &[Diagnostic], files: &Files) -> Self {
        let mut summary = Summary::default();
        for diagnostic in diagnostics {
            summary.severities.add(diagnostic.severity);
            if let Some(verdict) = diagnostic.verdict {
                summary.verdicts.add(verdict);
            }
        }
        let diagnostics = diagnostics.iter().map(|d| DiagnosticEntry::new(d, files)).collect();
        Self { files: Vec::new(), diagnostics, summary, sources: Vec::new() }
    }
}

impl FileCounts {
    fn of(plan: &Plan) -> Self {
        Self {
            created: plan.count(Status::Created),
            updated: plan.count(Status::Updated),
            unchanged: plan.count(Status::Unchanged),
            removed: plan.count(Status::Removed),
            kept: plan.count(Status::Kept),
            conflict: plan.count(Status::Conflict),
        }
    }
}

impl VerdictCounts {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Exact => self.exact += 1,
            Verdict::Equivalent => self.equivalent += 1,
            Verdict::Changed => self.changed += 1,
            Verdict::Refused => self.refused += 1,
        }
    }
}

impl SeverityCounts {
    fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.error += 1,
            Severity::Warning => self.warning += 1,
            Severity::Question => self.question += 1,
            Severity::Note => self.note += 1,
        }
    }
}

impl LedgerCounts {
    #[must_use]
    pub fn of(values: &[LedgerValue]) -> Self {
        let mut out = Self::default();
        for value in values {
            match value.disposition {
                Disposition::Emitted => out.emitted += 1,
                Disposition::Absorbed => out.absorbed += 1,
                Disposition::Ignored => out.ignored += 1,
                Disposition::Unsupported => out.unsupported += 1,
                Disposition::Unexplained => out.unexplained += 1,
            }
        }
        out
    }

    /// Each disposition with its count.
    #[must_use]
    pub fn each(&self) -> [(&'static str, usize); 5] {
        [
            ("emitted", self.emitted),
            ("absorbed", self.absorbed),
            ("ignored", self.ignored),
            ("unsupported", self.unsupported),
            ("unexplained", self.unexplained),
        ]
    }
}

impl LedgerReport {
    /// The values with one of these dispositions; all when none is named. The summary counts all values.
    #[must_use]
    pub fn new(compilation: &Compilation, only: &[Disposition]) -> Self {
        let chosen = compilation.ledger.iter().filter(|v| only.is_empty() || only.contains(&v.disposition));
        let values = chosen.map(|value| LedgerEntry::new(value, &compilation.files)).collect();
        Self { values, summary: LedgerCounts::of(&compilation.ledger) }
    }
}

impl LedgerEntry {
    fn new(value: &LedgerValue, files: &Files) -> Self {
        let file = files.get(value.span.file);
        let (line, column) = file.position(value.span.start);
        Self {
            file: file.path.clone(),
            line,
            column,
            pointer: value.pointer.clone(),
            value: value.value.clone(),
            disposition: disposition_name(value.disposition),
            rule: value.rule.clone(),
            note: value.note.clone(),
            outputs: value.outputs.iter().map(|(file, line)| OutputPlace { file: file.clone(), line: *line }).collect(),
        }
    }
}

/// JSON for people and machines: indented, with a line feed at the end.
#[must_use]
pub fn to_json(value: &impl Serialize) -> String {
    // These shapes hold strings and numbers only, which always serialise; should that ever change, an object says so.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"defect\": \"{error}\"}}"));
    text.push('\n');
    shown(text)
}

/// The same JSON with the controls that it may hold as they are (U+007F to U+009F, inside strings only) as escapes: what strips colours from
/// the output takes them for a terminal's and drops them.
fn shown(json: String) -> String {
    let obeyed = |c: char| ('\u{7f}'..='\u{9f}').contains(&c);
    if !json.contains(obeyed) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if obeyed(c) { out.push_str(&format!("\\u{:04x}", u32::from(c))) } else { out.push(c) }
    }
    out
}
