//! The corpus: real files of other people, each alone and all of them as one estate.
//!
//! It lies beside the project (`../shared/corpus`, or where `EMR2K8S_SHARED` says that `shared` is) and is not part of it;
//! without it these tests say so and pass. No file may end in a panic, and no value without an explanation.
mod support;

use emr2k8s::compile::Compilation;
use emr2k8s::config::Config;
use emr2k8s::report::inspect::InspectReport;
use emr2k8s::report::{inspect_dot, inspect_text};
use emr2k8s::source::sink::{Disposition, Severity, Verdict};
use std::fmt::Write as _;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{panic, thread};

/// Files that the corpus has.
const FILES: usize = 322;

/// One compilation, and what it must hold whatever the source.
fn compiled(source: &std::path::Path) -> Compilation {
    let compilation = support::compiled_at(source, Config::default());
    let report = InspectReport::new(&compilation);
    assert!(!inspect_text::render(&report).is_empty());
    assert!(inspect_dot::render(&report).starts_with("digraph"));
    let _ = support::diagnostics(&compilation);
    compilation
}

/// What was found in a source.
fn found(compilation: &Compilation) -> String {
    let Some((_, estate)) = compilation.stages.first() else { return "-".to_owned() };
    let counts = [
        ("machine", estate.machines.len()),
        ("batch", estate.batches.len()),
        ("cluster", estate.clusters.len()),
        ("configuration", estate.configurations.len()),
        ("function", estate.functions.len()),
        ("trigger", estate.triggers.len()),
        ("found only", estate.found.len()),
    ];
    let words: Vec<String> = counts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

fn row(compilation: &Compilation) -> String {
    let mut jobs = 0;
    for (path, file) in &compilation.tree.files {
        if path.ends_with("workflow-template.yaml") {
            jobs += file.lines.iter().filter(|(line, _)| line.trim() == "kind: SparkApplication").count();
        }
    }
    format!(
        "{} | {} jobs | {} equivalent, {} changed, {} refused | {} errors, {} questions | {} | {}",
        found(compilation),
        jobs,
        support::verdicts(compilation, Verdict::Equivalent),
        support::verdicts(compilation, Verdict::Changed),
        support::verdicts(compilation, Verdict::Refused),
        support::severities(compilation, Severity::Error),
        support::severities(compilation, Severity::Question),
        support::counts(compilation),
        if compilation.claimed.is_empty() { "not claimed" } else { "claimed" },
    )
}

/// What the corpus itself says that a file is.
fn kind<'i>(index: &'i str, path: &str) -> &'i str {
    let columns = |line: &'i str| -> Option<[&'i str; 5]> { line.split('\t').collect::<Vec<_>>().try_into().ok() };
    index
        .lines()
        .filter_map(columns)
        .find(|[repo, _, file, ..]| path.split_once('/').is_some_and(|(folder, rest)| folder == repo.replace('/', "+") && rest == *file))
        .map_or("not in the index", |[_, _, _, kind, _]| kind)
}

#[test]
fn every_file_alone() {
    let Some(corpus) = support::corpus() else { return };
    let mut paths: Vec<String> = support::files(&corpus).into_iter().map(|(path, _)| path).filter(|path| path != "INDEX.tsv").collect();
    paths.sort();
    assert_eq!(paths.len(), FILES);
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<(usize, String, Vec<String>)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = paths.get(index) else { break };
                    let source = corpus.join(path);
                    let entry = match panic::catch_unwind(|| compiled(&source)) {
                        Ok(compilation) => {
                            let lost = support::with_disposition(&compilation, Disposition::Unexplained);
                            (index, row(&compilation), lost.into_iter().map(|line| format!("{path}: {line}")).collect())
                        }
                        Err(_) => (index, "PANIC".to_owned(), vec![format!("{path}: the compiler panics")]),
                    };
                    rows.lock().unwrap().push(entry);
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_unstable();
    let index = fs::read_to_string(corpus.join("INDEX.tsv")).unwrap();
    let mut table = String::new();
    let mut problems = Vec::new();
    for (at, row, lost) in rows {
        let _ = writeln!(table, "{} ({})\n    {row}", paths[at], kind(&index, &paths[at]));
        problems.extend(lost);
    }
    snapshot!("corpus", table.trim_end());
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn all_files_as_one_estate() {
    let Some(corpus) = support::corpus() else { return };
    let compilation = compiled(&corpus);
    snapshot!("corpus_whole", row(&compilation));
    let lost = support::with_disposition(&compilation, Disposition::Unexplained);
    assert!(lost.is_empty(), "{} values are unexplained:\n{}", lost.len(), lost.join("\n"));
    let mut names: Vec<&str> =
        compilation.tree.files.keys().filter_map(|path| path.strip_prefix("pipelines/")?.split('/').next()).collect();
    names.dedup();
    let machines: usize = compilation.stages.first().map_or(0, |(_, estate)| estate.machines.len() + estate.batches.len());
    assert_eq!(names.len(), machines, "every machine and every batch is a pipeline of its own");
}
