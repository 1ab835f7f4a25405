//! Real definitions. They stand beside the repository (`../shared`, or where `EMR2K8S_SHARED` says); without them these tests pass over
//! nothing, so they say how many they saw.
use super::{FILE, lost, said};
use crate::import::asl::{import, looks_like};
use crate::source::node::Node;
use crate::source::sink::Sink;
use crate::source::{json, yaml};
use std::path::{Path, PathBuf};

fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("EMR2K8S_SHARED").map_or(beside, PathBuf::from);
    root.join("asl-conformance").is_dir().then_some(root)
}

/// The definitions of the corpus that have errors, each looked at by hand: `QueryLanguage` among the states, and
/// what is no definition but a description of one.
const WRONG: [&str; 2] =
    ["shared-fallback-state-jsonata/statemachine/statemachine.asl.json", "parallelized-embedding-pipeline/example-workflow.json"];

fn check(node: &Node, place: &str, sound: bool) -> Vec<String> {
    let mut sink = Sink::default();
    let machine = import(node, FILE, place, "m", &mut sink);
    let mut problems: Vec<String> = lost(node, &machine, &sink).into_iter().map(|value| format!("{place}: lost {value}")).collect();
    let unread = node.scalars().into_iter().filter(|s| !s.read && !sink.marks.iter().any(|mark| mark.span.contains(s.span)));
    problems.extend(unread.map(|scalar| format!("{place}: not read {}", scalar.pointer)));
    for line in said(&sink).into_iter().filter(|line| line.contains(" error: ")) {
        if sound {
            problems.push(format!("{place}: {line}"));
        }
    }
    if !sound && !said(&sink).iter().any(|line| line.contains(" error: ")) {
        problems.push(format!("{place}: its error is not found"));
    }
    problems
}

/// AWS ran each of these definitions: nothing is lost, and no error is said of one.
#[test]
#[expect(clippy::disallowed_methods, reason = "sorted below")]
fn definitions_that_aws_ran_are_read_whole_and_without_errors() {
    let Some(root) = shared() else { return };
    let mut problems = Vec::new();
    let mut count = 0;
    for folder in ["cases", "task-cases"] {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(root.join("asl-conformance").join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let node = json::parse(&text, FILE, &mut Sink::default()).unwrap();
            let definition = node.get("definition").unwrap();
            assert!(looks_like(definition));
            problems.extend(check(definition, &file.display().to_string(), true));
            count += 1;
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count > 200, "{count}");
}

/// Nothing is lost of any definition in the corpus, and no error is said of what its authors deploy.
#[test]
fn definitions_of_public_repositories_are_read_whole() {
    let Some(root) = shared() else { return };
    let index = std::fs::read_to_string(root.join("corpus/INDEX.tsv")).unwrap();
    let mut problems = Vec::new();
    let mut count = 0;
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [repository, _, path, kind, ..] = columns.as_slice() else { continue };
        if !kind.starts_with("asl-") {
            continue;
        }
        let text = std::fs::read_to_string(root.join("corpus").join(repository.replace('/', "+")).join(path)).unwrap();
        let mut sink = Sink::default();
        let nodes = if *kind == "asl-json" {
            json::parse(&text, FILE, &mut sink).into_iter().collect()
        } else {
            yaml::parse(&text, FILE, &mut sink)
        };
        if nodes.is_empty() {
            // A template with unquoted placeholders is no JSON; the source layer has said so.
            println!("{path}: {}", said(&sink).join("; "));
        }
        for node in &nodes {
            problems.extend(check(node, path, !WRONG.contains(path)));
            count += 1;
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count > 150, "{count}");
}
