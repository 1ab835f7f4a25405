//! What the tests over whole estates share: the fixtures, compiling them in process, and telling what came of it.
//!
//! A fixture is a folder of `fixtures/` with the sources in `source/` and, where it has answers, `emr2k8s.yaml` beside them.
#![allow(dead_code, reason = "each test binary uses its own part")]
use emr2k8s::compile::{Compilation, LedgerValue, Options, compile};
use emr2k8s::config::{self, Config};
use emr2k8s::report::diagnostics::{Prefix, render};
use emr2k8s::report::model::LedgerCounts;
use emr2k8s::source::sink::{Diagnostic, Disposition, Severity, Verdict};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Every fixture, in the order of the names; a test holds that none is missing.
pub const FIXTURES: &[&str] = &[
    "broken",
    "control-flow",
    "embedded",
    "emr-json",
    "emr-steps",
    "film-library",
    "jobs-and-data",
    "nested",
    "plain-livy",
    "refusals",
    "sam",
    "secrets",
    "two-stages",
];

/// The shared data, which lies beside the project and is not part of it: `../shared`, or where `EMR2K8S_SHARED` says.
pub fn shared() -> PathBuf {
    std::env::var_os("EMR2K8S_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}

/// The corpus of real files, where there is one; else says that nothing is tested.
pub fn corpus() -> Option<PathBuf> {
    let corpus = shared().join("corpus");
    if corpus.join("INDEX.tsv").exists() {
        return Some(corpus);
    }
    eprintln!("no corpus at {}: nothing is tested", corpus.display());
    None
}

/// The folder that holds the fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The sources of a fixture.
pub fn source(fixture: &str) -> PathBuf {
    fixtures().join(fixture).join("source")
}

/// The answers of a fixture, when it has any.
pub fn answers(fixture: &str) -> Option<PathBuf> {
    Some(fixtures().join(fixture).join(config::FILE)).filter(|path| path.exists())
}

/// The answers of a fixture as the compiler takes them.
pub fn config(fixture: &str) -> Config {
    let Some(path) = answers(fixture) else { return Config::default() };
    let answers = config::load(&source(fixture), Some(&path));
    assert!(answers.diagnostics.is_empty(), "the answers of {fixture} are wrong");
    answers.config
}

/// Compiles a fixture.
pub fn compiled(fixture: &str) -> Compilation {
    compiled_at(&source(fixture), config(fixture))
}

/// Compiles a folder or a file.
pub fn compiled_at(source: &Path, config: Config) -> Compilation {
    let options = Options { source: source.to_owned(), config, ..Options::default() };
    compile(&options).unwrap_or_else(|error| panic!("{}: {error}", source.display()))
}

/// Every output file with its path before it.
pub fn tree(compilation: &Compilation) -> String {
    let mut out = String::new();
    for (path, file) in &compilation.tree.files {
        let _ = writeln!(out, "──────── {path}\n{}", file.text());
    }
    out
}

/// Diagnostics as the text format shows them, without colours.
pub fn diagnostics(compilation: &Compilation) -> String {
    let all: Vec<&Diagnostic> = compilation.diagnostics.iter().collect();
    plain(&render(&all, &compilation.files, &Prefix::default()))
}

/// How many values have each disposition.
pub fn counts(compilation: &Compilation) -> String {
    let counts = LedgerCounts::of(&compilation.ledger);
    counts.each().iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

/// Every value of the ledger, a line each: place, pointer, value, disposition, rule, reason, first output.
pub fn ledger(compilation: &Compilation) -> String {
    let mut out = String::new();
    for value in &compilation.ledger {
        let _ = writeln!(out, "{}", ledger_line(compilation, value));
    }
    out
}

/// One value of the ledger as a line.
pub fn ledger_line(compilation: &Compilation, value: &LedgerValue) -> String {
    let place = compilation.files.place(value.span);
    let mut line = format!("{place} {} = {:?}: {}", value.pointer, value.value, name(value.disposition));
    if !value.rule.is_empty() {
        let _ = write!(line, " {}: {}", value.rule, value.note);
    }
    if let Some((path, number)) = value.outputs.first() {
        let _ = write!(line, " → {path}:{number}");
    }
    line
}

/// The values of a disposition, as lines.
pub fn with_disposition(compilation: &Compilation, disposition: Disposition) -> Vec<String> {
    compilation.ledger.iter().filter(|v| v.disposition == disposition).map(|v| ledger_line(compilation, v)).collect()
}

/// A disposition as the user reads it.
pub fn name(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Emitted => "emitted",
        Disposition::Absorbed => "absorbed",
        Disposition::Ignored => "ignored",
        Disposition::Unsupported => "unsupported",
        Disposition::Unexplained => "UNEXPLAINED",
    }
}

/// How many diagnostics have a verdict.
pub fn verdicts(compilation: &Compilation, verdict: Verdict) -> usize {
    compilation.diagnostics.iter().filter(|d| d.verdict == Some(verdict)).count()
}

/// How many diagnostics have a severity.
pub fn severities(compilation: &Compilation, severity: Severity) -> usize {
    compilation.diagnostics.iter().filter(|d| d.severity == severity).count()
}

/// Text without terminal escapes.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            for end in chars.by_ref() {
                if end.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::write(&target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// Every file below a folder: its path with `/`, and its bytes.
pub fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    fn walk(root: &Path, at: &Path, out: &mut Vec<(String, Vec<u8>)>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, out);
            } else {
                let relative = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                out.push((relative, fs::read(&path).unwrap()));
            }
        }
    }
    let mut out = Vec::new();
    walk(root, root, &mut out);
    out.sort();
    out
}

/// Asserts a snapshot of `snapshots/`.
#[macro_export]
macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        insta::with_settings!({
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!($name, $text) })
    };
}
