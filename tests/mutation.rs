//! Promise 1, measured: every scalar of every claimed file of the fixtures is changed, one at a time and in two or three
//! ways, and each change must show.
//!
//! What must show depends on what the ledger says of the value before the change.
//! - `emitted`: the change must show in an output file other than the README and the lock, or in a diagnostic. A value that
//!   can change without that did not reach the output: the ledger claims too much.
//! - `absorbed`, `ignored`, `unsupported`: the change may pass without a trace, since the reason says why; but when an output
//!   file changes with the value, no diagnostic does, and the ledger still says the same, the reason is false.
//!   What passed without a trace is counted by reason in a snapshot, so that a person can judge the reasons.
//! - `unexplained`: never.
//!
//! The keys of JSON, YAML and HCL are changed too: one below which something is emitted must show in the same way.
//!
//! Nothing else counts as showing; above all not the ledger repeating the value's own text. A survivor fails the test unless
//! [`EXCUSED`] says why it may live.
mod support;

use emr2k8s::compile::{Compilation, LedgerValue, Options, compile};
use emr2k8s::config::Config;
use emr2k8s::source::node::{Kind, Node};
use emr2k8s::source::sink::{Disposition, Sink};
use emr2k8s::source::span::{FileId, Span};
use emr2k8s::source::{hcl, json, yaml};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Survivors that may live: a text that the survivor's line has in it, and why.
const EXCUSED: &[(&str, &str)] = &[
    (" = \"<secret>\": emitted", "a secret's own text must show nowhere; that there is one shows as a reference to a Secret"),
    ("[key Nightly", "a logical id of a schedule, to which nothing in its template refers"),
    ("[key SweepRule", "a logical id of a schedule, to which nothing in its template refers"),
];

/// One change of one value.
struct Mutation {
    file: String,
    /// Bytes of the file that are replaced.
    range: Range<usize>,
    by: String,
    /// Index in the ledger of the unchanged sources; of a key the first emitted value below it.
    value: usize,
    key: bool,
}

/// How a change that should have shown did not.
struct Survivor {
    line: String,
    why: &'static str,
}

#[derive(Default)]
struct Outcome {
    survivors: Vec<Survivor>,
    /// Values that passed without a trace, by disposition and reason.
    silent: BTreeMap<String, BTreeSet<usize>>,
    mutations: usize,
}

/// The part of a compilation that is compared.
struct Seen {
    tree: String,
    readme: String,
    diagnostics: Vec<String>,
}

impl Seen {
    fn new(compilation: &Compilation) -> Self {
        let mut tree = String::new();
        let mut readme = String::new();
        for (path, file) in &compilation.tree.files {
            let out = if path == "README.md" { &mut readme } else { &mut tree };
            let _ = writeln!(out, "──────── {path}\n{}", file.text());
        }
        let diagnostics = compilation
            .diagnostics
            .iter()
            .map(|d| {
                let place = d.span.map(|span| compilation.files.place(span)).unwrap_or_default();
                format!("{place} {} {:?} {:?} {} {:?} {:?}", d.rule.code, d.severity, d.verdict, d.message, d.help, d.answer)
            })
            .collect();
        Self { tree, readme, diagnostics }
    }
}

/// The changes of a value, by the text that stands in the file.
fn changes(text: &str) -> Vec<(Range<usize>, String)> {
    let whole = 0..text.len();
    let two = |a: String, b: String| vec![(whole.clone(), a), (whole.clone(), b)];
    match text {
        "true" => return two("false".into(), "\"maybe\"".into()),
        "false" => return two("true".into(), "\"maybe\"".into()),
        "True" => return two("False".into(), "\"maybe\"".into()),
        "False" => return two("True".into(), "\"maybe\"".into()),
        "null" | "None" => return two("17".into(), "\"nil\"".into()),
        "[]" => return two("[\"x\"]".into(), "[7]".into()),
        "{}" => return two("{\"x\": \"y\"}".into(), "{\"z\": 7}".into()),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>() {
        return two((number + 1).to_string(), (number * 10 + 3).to_string());
    }
    if let Ok(number) = text.parse::<f64>() {
        return two((number + 1.0).to_string(), (number * 10.0 + 0.5).to_string());
    }
    let inner = inside(text);
    let content = &text[inner.clone()];
    let appended = (inner.end..inner.end, "q".to_owned());
    let mut out = vec![appended, other(content, inner.start)];
    out.extend(middle(content, inner.start));
    out
}

/// The third change of a long text: the character in its middle is another. It is where an address names its account.
fn middle(content: &str, start: usize) -> Option<(Range<usize>, String)> {
    let bytes = content.as_bytes();
    let half = bytes.len() / 2;
    let plain = |at: &usize| bytes[*at].is_ascii_alphanumeric() && bytes[*at - 1] != b'\\';
    let at = (half.max(1)..bytes.len()).find(plain).filter(|_| bytes.len() >= 8)?;
    let by = match bytes[at] {
        b'9' => '8',
        digit if digit.is_ascii_digit() => char::from(digit + 1),
        b'q' => 'z',
        _ => 'q',
    };
    Some((start + at..start + at + 1, by.to_string()))
}

/// The bytes between the quotes, when there are any.
fn inside(text: &str) -> Range<usize> {
    let prefix = text.find(['"', '\'']).filter(|at| *at <= 2 && text[..*at].chars().all(|c| "rRbBfFuU".contains(c))).unwrap_or(0);
    for quote in ["\"\"\"", "'''", "\"", "'"] {
        let rest = &text[prefix..];
        if rest.starts_with(quote) && rest.len() >= 2 * quote.len() && rest.ends_with(quote) {
            return prefix + quote.len()..text.len() - quote.len();
        }
    }
    // A block scalar or heredoc ends before its last line break.
    0..text.trim_end().len()
}

/// The second change of a text: a number in it grows, a truth turns, else its first letter is another.
fn other(content: &str, start: usize) -> (Range<usize>, String) {
    let whole = start..start + content.len();
    match content {
        "true" => return (whole, "false".into()),
        "false" => return (whole, "true".into()),
        "" => return (whole, "zz".into()),
        _ => {}
    }
    if let Ok(number) = content.parse::<i64>() {
        return (whole, (number + 1).to_string());
    }
    let digits = content.find(|c: char| !c.is_ascii_digit()).unwrap_or(content.len());
    if let Ok(number) = content[..digits].parse::<i64>() {
        return (start..start + digits, (number + 1).to_string());
    }
    // Letters behind a backslash, or in `${`, are syntax.
    let bytes = content.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if byte.is_ascii_alphabetic() && (at == 0 || bytes[at - 1] != b'\\') {
            let by = if byte.is_ascii_uppercase() {
                if *byte == b'Q' { 'Z' } else { 'Q' }
            } else if *byte == b'q' {
                'z'
            } else {
                'q'
            };
            return (start + at..start + at + 1, by.to_string());
        }
    }
    (start + content.len()..start + content.len(), "7".into())
}

fn mutations(base: &Compilation, raw: &BTreeMap<String, String>) -> Vec<Mutation> {
    let mut out = Vec::new();
    for (value, entry) in base.ledger.iter().enumerate() {
        let file = &base.files.get(entry.span.file).path;
        let text = &raw[file];
        // A byte order mark stands before the text that spans count in.
        let shift = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let range = entry.span.start as usize + shift..entry.span.end as usize + shift;
        for (part, by) in changes(&text[range.clone()]) {
            out.push(Mutation { file: file.clone(), range: range.start + part.start..range.start + part.end, by, value, key: false });
        }
    }
    for id in &base.claimed {
        let file = base.files.get(*id);
        let text = &raw[&file.path];
        let shift = if text.starts_with('\u{feff}') { 3 } else { 0 };
        for (key, below) in keys(&file.path, &file.text, *id) {
            let emitted = |v: &LedgerValue| below.contains(v.span) && v.disposition == Disposition::Emitted;
            let Some(value) = base.ledger.iter().position(emitted) else { continue };
            let end = inside(&file.text[key.start as usize..key.end as usize]).end + key.start as usize + shift;
            out.push(Mutation { file: file.path.clone(), range: end..end, by: "q".to_owned(), value, key: true });
        }
    }
    out
}

/// Whether the keys below a path are addresses that only the sources' own references use. A reference that a change breaks
/// is found by changing the reference.
fn is_address(path: &[&str]) -> bool {
    matches!(path, ["resource" | "data", _] | ["functions"] | ["stepFunctions", "stateMachines"])
}

/// Every key of a document that is not an address, and the span of what stands below it.
fn keys(path: &str, text: &str, file: FileId) -> Vec<(Span, Span)> {
    let mut sink = Sink::default();
    let nodes: Vec<Node> = match path.rsplit('.').next() {
        Some("json") => json::parse(text, file, &mut sink).into_iter().collect(),
        Some("yml" | "yaml") => yaml::parse(text, file, &mut sink),
        Some("tf" | "tfvars") => hcl::parse(text, file, &mut sink).into_iter().collect(),
        _ => Vec::new(),
    };
    let mut out = Vec::new();
    let mut rest: Vec<(&Node, Vec<&str>)> = nodes.iter().map(|node| (node, Vec::new())).collect();
    while let Some((node, path)) = rest.pop() {
        match &node.kind {
            Kind::Array(items) => rest.extend(items.iter().map(|item| (item, path.clone()))),
            Kind::Object(entries) => {
                for entry in entries {
                    if !is_address(&path) {
                        out.push((entry.key_span, entry.value.span));
                    }
                    rest.push((&entry.value, path.iter().copied().chain([&*entry.key]).collect()));
                }
            }
            _ => {}
        }
    }
    // A key that an alias or a block repeats stands once in the text.
    out.sort_unstable();
    out.dedup_by_key(|(key, _)| *key);
    out
}

fn judge(base: &Compilation, seen: &Seen, mutation: &Mutation, after: &Compilation) -> (Option<&'static str>, bool) {
    let value = &base.ledger[mutation.value];
    let now = Seen::new(after);
    let tree = seen.tree != now.tree;
    let said = seen.diagnostics != now.diagnostics;
    let end = (value.span.end as usize + mutation.by.len()).saturating_sub(mutation.range.len());
    let dispositions: Vec<Disposition> = after
        .ledger
        .iter()
        .filter(|v| after.files.get(v.span.file).path == mutation.file && v.span.start >= value.span.start && v.span.end as usize <= end)
        .map(|v| v.disposition)
        .collect();
    let same = dispositions.iter().all(|d| *d == value.disposition);
    let silent = !tree && !said && same && seen.readme == now.readme;
    if mutation.key {
        return ((!tree && !said).then_some("the key can change, and no output file and no diagnostic changes with it"), false);
    }
    let why = match value.disposition {
        Disposition::Emitted if !tree && !said => Some("said to be emitted, but no output file and no diagnostic changes with it"),
        Disposition::Ignored | Disposition::Unsupported if tree && !said && same => {
            Some("said not to reach the output, but an output file changes with it")
        }
        Disposition::Absorbed if tree && !said && same => Some("said to be made needless, but an output file changes with it"),
        Disposition::Unexplained => Some("unexplained"),
        _ => None,
    };
    (why, silent)
}

/// All changes of a fixture, on all cores; each worker has a copy of the sources.
fn mutate(fixture: &str) -> Outcome {
    let source = support::source(fixture);
    let config = support::config(fixture);
    let base = support::compiled(fixture);
    let seen = Seen::new(&base);
    let raw: BTreeMap<String, String> =
        support::files(&source).into_iter().filter_map(|(path, bytes)| Some((path, String::from_utf8(bytes).ok()?))).collect();
    let mutations = mutations(&base, &raw);
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<(usize, Option<&'static str>, bool)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let temp = tempfile::tempdir().unwrap();
                support::copy(&source, temp.path());
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutation) = mutations.get(index) else { break };
                    let result = compiled_with(temp.path(), &config, &raw[&mutation.file], mutation);
                    let (why, silent) =
                        result.as_ref().map_or((Some("the compiler panics"), false), |after| judge(&base, &seen, mutation, after));
                    found.lock().unwrap().push((index, why, silent));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_unstable();
    let mut outcome = Outcome { mutations: mutations.len(), ..Outcome::default() };
    for (index, why, silent) in found {
        let mutation = &mutations[index];
        let value = &base.ledger[mutation.value];
        if let Some(why) = why {
            let old = &raw[&mutation.file][mutation.range.clone()];
            let change = if mutation.key {
                let start = raw[&mutation.file][..mutation.range.end].rfind(|c: char| c == '"' || c.is_whitespace()).map_or(0, |at| at + 1);
                format!("key {} + q", &raw[&mutation.file][start..mutation.range.end])
            } else {
                format!("{:?} → {:?}", cut(old), cut(&mutation.by))
            };
            outcome.survivors.push(Survivor { line: format!("{fixture}/{} [{change}]", support::ledger_line(&base, value)), why });
        }
        if silent && value.disposition != Disposition::Emitted {
            let key = format!("{} {} {}", support::name(value.disposition), value.rule, value.note);
            outcome.silent.entry(key).or_default().insert(mutation.value);
        }
    }
    outcome
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

fn compiled_with(folder: &Path, config: &Config, text: &str, mutation: &Mutation) -> Option<Compilation> {
    let path: PathBuf = folder.join(&mutation.file);
    let mut changed = text.to_owned();
    changed.replace_range(mutation.range.clone(), &mutation.by);
    fs::write(&path, changed).unwrap();
    let options = Options { source: folder.to_owned(), config: config.clone(), ..Options::default() };
    let result = std::panic::catch_unwind(|| compile(&options).unwrap());
    fs::write(&path, text).unwrap();
    result.ok()
}

#[test]
fn every_change_of_a_value_shows() {
    let mut survivors = Vec::new();
    let mut silent: BTreeMap<String, usize> = BTreeMap::new();
    let mut table = String::new();
    for fixture in support::FIXTURES {
        let outcome = mutate(fixture);
        assert!(outcome.mutations > 0, "{fixture}: nothing to change");
        let _ = writeln!(table, "{fixture}: {} changes, {} survivors", outcome.mutations, outcome.survivors.len());
        survivors.extend(outcome.survivors);
        for (reason, values) in outcome.silent {
            *silent.entry(reason).or_default() += values.len();
        }
    }
    let mut text = format!("{table}\nsurvivors:\n");
    let mut unexcused = 0;
    for survivor in &survivors {
        let excuse = EXCUSED.iter().find(|(part, _)| survivor.line.contains(part)).map(|(_, why)| *why);
        unexcused += usize::from(excuse.is_none());
        let _ = writeln!(text, "{}\n    {}{}", survivor.line, survivor.why, excuse.map(|e| format!("; excused: {e}")).unwrap_or_default());
    }
    let _ = writeln!(text, "\nvalues that may change without a trace, by the reason that the ledger gives:");
    for (reason, count) in &silent {
        let _ = writeln!(text, "{count:4} {reason}");
    }
    for (part, _) in EXCUSED {
        assert!(survivors.iter().any(|s| s.line.contains(part)), "an excuse that nothing needs: {part}");
    }
    snapshot!("mutation", text.trim_end());
    assert_eq!(unexcused, 0, "changes that show nowhere: see snapshots/mutation.snap");
}

/// A file that ends too early, or misses a part in its middle, ends no run.
#[test]
fn cut_files_do_not_panic() {
    const CUTS: usize = 12;
    let mut panics = Vec::new();
    for fixture in support::FIXTURES {
        let temp = tempfile::tempdir().unwrap();
        let source = support::source(fixture);
        support::copy(&source, temp.path());
        for (path, bytes) in support::files(&source) {
            let target = temp.path().join(&path);
            for cut in 1..CUTS {
                let at = bytes.len() * cut / CUTS;
                let part = bytes.len() / (2 * CUTS);
                for changed in [bytes[..at].to_vec(), [&bytes[..at], &bytes[at + part..]].concat()] {
                    fs::write(&target, changed).unwrap();
                    let options = Options { source: temp.path().to_owned(), config: support::config(fixture), ..Options::default() };
                    if std::panic::catch_unwind(|| compile(&options).map(|_| ())).is_err() {
                        panics.push(format!("{fixture}/{path} cut at byte {at}"));
                    }
                }
            }
            fs::write(&target, bytes).unwrap();
        }
    }
    assert!(panics.is_empty(), "{}", panics.join("\n"));
}

#[test]
fn changes_keep_the_syntax() {
    let apply = |text: &str| -> Vec<String> {
        changes(text)
            .into_iter()
            .map(|(range, by)| {
                let mut out = text.to_owned();
                out.replace_range(range, &by);
                out
            })
            .collect()
    };
    assert_eq!(apply("7"), ["8", "73"]);
    assert_eq!(apply("1.5"), ["2.5", "15.5"]);
    assert_eq!(apply("\"1g\""), ["\"1gq\"", "\"2g\""]);
    assert_eq!(apply("'false'"), ["'falseq'", "'true'"]);
    assert_eq!(apply("\"\\n\""), ["\"\\nq\"", "\"\\n7\""]);
    assert_eq!(apply("f\"a{b}\""), ["f\"a{b}q\"", "f\"q{b}\""]);
    assert_eq!(apply("\"\""), ["\"q\"", "\"zz\""]);
    assert_eq!(apply("queue\n"), ["queueq\n", "zueue\n"]);
    assert_eq!(apply("\"aaaa1234\""), ["\"aaaa1234q\"", "\"qaaa1234\"", "\"aaaa2234\""]);
}
