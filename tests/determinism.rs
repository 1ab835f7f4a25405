//! Promise 5: the same sources give the same bytes, whatever the run, the number of threads and the place of the sources.
mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// What `migrate` writes, and what it says; `threads` as rayon takes them, `0` for all.
fn migrate(fixture: &str, source: &Path, out: &Path, threads: usize) -> (Vec<(String, Vec<u8>)>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emr2k8s"));
    command.current_dir(source).args(["migrate", ".", "--format", "json", "--out"]).arg(out);
    if let Some(answers) = support::answers(fixture) {
        command.arg("--config").arg(answers);
    }
    if threads > 0 {
        command.env("RAYON_NUM_THREADS", threads.to_string());
    }
    let output = command.stdin(Stdio::null()).output().unwrap();
    let code = output.status.code().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(matches!(code, 0 | 2), "{fixture}: exit code {code}\n{}", String::from_utf8_lossy(&output.stderr));
    let files = support::files(out);
    assert!(files.iter().any(|(path, _)| path == "emr2k8s.lock"), "{fixture}: nothing was written\n{text}");
    (files, text)
}

fn assert_same(fixture: &str, what: &str, one: &[(String, Vec<u8>)], other: &[(String, Vec<u8>)]) {
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
    assert_eq!(names(one), names(other), "{fixture}: {what}");
    for ((path, a), (_, b)) in one.iter().zip(other) {
        assert!(a == b, "{fixture}: {what}: {path} differs:\n{}\n--- and ---\n{}", String::from_utf8_lossy(a), String::from_utf8_lossy(b));
    }
}

#[test]
fn threads_and_places_leave_no_trace() {
    for fixture in support::FIXTURES {
        let temp = tempfile::tempdir().unwrap();
        let source = support::source(fixture);
        let (first, said) = migrate(fixture, &source, &temp.path().join("first"), 0);
        let (single, said_single) = migrate(fixture, &source, &temp.path().join("single"), 1);
        assert_same(fixture, "one thread", &first, &single);
        assert_eq!(said, said_single, "{fixture}: one thread");
        let elsewhere = temp.path().join("a/longer place/with spaces");
        support::copy(&source, &elsewhere);
        let (moved, said_moved) = migrate(fixture, &elsewhere, &temp.path().join("moved"), 0);
        assert_same(fixture, "another folder", &first, &moved);
        assert_eq!(said, said_moved, "{fixture}: another folder");
        let places = [source.to_str().unwrap(), elsewhere.to_str().unwrap(), temp.path().to_str().unwrap()];
        for (path, bytes) in first.iter().chain(&moved) {
            let text = std::str::from_utf8(bytes).unwrap();
            for place in places {
                assert!(!text.contains(place), "{fixture}: {path} names {place}");
            }
            assert!(!text.contains('\r'), "{fixture}: {path} has a carriage return");
            assert!(text.ends_with('\n'), "{fixture}: {path} does not end in a line feed");
        }
    }
}

/// Also within a process, where hash seeds and caches could differ from run to run.
#[test]
fn a_second_compilation_is_the_first() {
    for fixture in support::FIXTURES {
        let (one, other) = (support::compiled(fixture), support::compiled(fixture));
        assert_eq!(support::tree(&one), support::tree(&other), "{fixture}");
        assert_eq!(support::diagnostics(&one), support::diagnostics(&other), "{fixture}");
        assert_eq!(support::ledger(&one), support::ledger(&other), "{fixture}");
        assert_eq!(one.links, other.links, "{fixture}");
    }
}

/// The order in which a file system lists a folder is not the order of the output.
#[test]
fn the_order_of_creation_leaves_no_trace() {
    let temp = tempfile::tempdir().unwrap();
    let mut files = support::files(&support::source("film-library"));
    let mut trees = Vec::new();
    for turn in 0..2 {
        let folder = temp.path().join(turn.to_string());
        for (path, bytes) in &files {
            let target = folder.join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, bytes).unwrap();
        }
        files.reverse();
        trees.push(support::tree(&support::compiled_at(&folder, support::config("film-library"))));
    }
    assert_eq!(trees[0], trees[1]);
}

/// A second run over its own output changes nothing, and `check` agrees.
#[test]
fn a_second_run_writes_the_same_bytes() {
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("out");
    let source = support::source("film-library");
    let (first, _) = migrate("film-library", &source, &out, 0);
    let (second, said) = migrate("film-library", &source, &out, 0);
    assert_same("film-library", "a second run", &first, &second);
    assert!(!said.contains("\"created\": 1"), "{said}");
    let answers = support::answers("film-library").unwrap();
    let check = Command::new(env!("CARGO_BIN_EXE_emr2k8s"))
        .current_dir(&source)
        .args(["check", ".", "--out"])
        .arg(&out)
        .arg("--config")
        .arg(answers)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", String::from_utf8_lossy(&check.stdout));
}
