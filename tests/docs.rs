//! Documentation that is made from the program, and excerpts of files in the documentation, cannot go stale: they are
//! compared here. `EMR2K8S_UPDATE=1 cargo test --test docs` writes them anew.
//!
//! An excerpt is a code block behind a comment that says where it is from:
//!
//! ```text
//! <!-- excerpt: fixtures/x/machine.json from `"Load": {` to `},` -->
//! <!-- excerpt: output pipelines/x/base/y.yaml from `- name: load` to `memory: 1g` -->
//! ```
//!
//! What a command prints stands behind `<!-- prints: emr2k8s … -->`, run in the project's folder.
//!
//! `from` and `to` are whole lines but for their indentation: the first that is so, and the first from there on. A file
//! that begins with `output` is one that the README's first command writes.
use emr2k8s::source::rules;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What the README's first command migrates.
const EXAMPLE: &str = "fixtures/film-library/source";

/// The page that holds the rules of a prefix: its heading, in the order of the document.
const GROUPS: &[(&str, &str)] = &[
    ("SRC", "Source files"),
    ("CFG", "The answers, `emr2k8s.yaml`"),
    ("OUT", "The output folder"),
    ("ASL", "Amazon States Language"),
    ("JOB", "Livy batches"),
    ("LAM", "Lambda handlers"),
    ("SLS", "Serverless Framework"),
    ("CFN", "CloudFormation and SAM"),
    ("TF", "Terraform"),
    ("EMR", "EMR configurations"),
    ("DOC", "Schedules"),
    ("LNK", "Links between sources"),
    ("CLU", "Clusters"),
    ("PLN", "From a state machine to a pipeline"),
    ("SIZ", "Sizing of jobs"),
    ("SEC", "Secrets"),
    ("EMI", "Manifests"),
    ("ARG", "Workflows"),
    ("CAL", "Calls of AWS services"),
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares a document with what it should be; with `EMR2K8S_UPDATE` writes it.
fn hold(path: &str, expected: &str) {
    let full = Path::new(ROOT).join(path);
    let current = fs::read_to_string(&full).unwrap_or_default();
    if current == expected {
        return;
    }
    if std::env::var_os("EMR2K8S_UPDATE").is_some_and(|value| !value.is_empty() && value != "0") {
        fs::write(&full, expected).unwrap();
        return;
    }
    let line = current.lines().zip(expected.lines()).take_while(|(a, b)| a == b).count() + 1;
    panic!("{path} is not what the program says, from line {line} on: `EMR2K8S_UPDATE=1 cargo test --test docs` writes it");
}

#[test]
fn the_page_of_rules_is_what_the_program_explains() {
    let rules = rules::all();
    let mut text = String::from(
        "<!-- Made by tests/docs.rs from src/source/rules/: edit there. -->\n# Rules\n\n\
         Every diagnostic, every mark in the ledger and every line of the output names one of these. `emr2k8s explain CODE` prints the same text.\n\n",
    );
    let prefix = |code: &str| code.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    for (group, title) in GROUPS {
        let of_group: Vec<_> = rules.iter().filter(|rule| prefix(rule.code) == *group).collect();
        if of_group.is_empty() {
            continue;
        }
        let anchor = title.to_lowercase().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>();
        let _ = writeln!(text, "- [{title}](#{}): {} rules, `{group}…`", anchor.replace(' ', "-"), of_group.len());
    }
    for (group, title) in GROUPS {
        let of_group: Vec<_> = rules.iter().filter(|rule| prefix(rule.code) == *group).collect();
        if of_group.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {title}\n");
        for rule in of_group {
            let _ = write!(text, "\n<a id=\"{}\"></a>\n### {} `{}`\n\n{}\n", rule.code, rule.code, rule.name, rule.doc.trim());
        }
    }
    let homeless: Vec<&str> =
        rules.iter().map(|rule| rule.code).filter(|code| !GROUPS.iter().any(|(group, _)| prefix(code) == *group)).collect();
    assert_eq!(homeless, Vec::<&str>::new(), "give their prefix a heading in GROUPS");
    hold("docs/rules.md", &text);
}

/// Every Markdown file of the project.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned(), "CHANGELOG.md".to_owned()];
    let walk = ignore::WalkBuilder::new(Path::new(ROOT).join("docs")).sort_by_file_path(Ord::cmp).build();
    for entry in walk.map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "md") {
            pages.push(entry.path().strip_prefix(ROOT).unwrap().to_str().unwrap().replace('\\', "/"));
        }
    }
    pages
}

/// What the README's first command writes.
fn output() -> BTreeMap<String, String> {
    let options = emr2k8s::compile::Options { source: Path::new(ROOT).join(EXAMPLE), ..Default::default() };
    let compilation = emr2k8s::compile::compile(&options).unwrap();
    compilation.tree.files.iter().map(|(path, file)| (path.clone(), file.text())).collect()
}

/// What a command writes to stdout; it must end with 0.
fn printed(command: &str) -> String {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_emr2k8s")).args(command.split(' ')).current_dir(ROOT).output().unwrap();
    assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn excerpts_are_what_the_files_say() {
    let output = output();
    let mut count = 0;
    for page in pages() {
        let text = read(&page);
        let mut expected = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            expected.push_str(line);
            expected.push('\n');
            if let Some(command) = line.trim().strip_prefix("<!-- prints: emr2k8s ").and_then(|rest| rest.strip_suffix(" -->")) {
                let fence =
                    lines.next().filter(|line| line.starts_with("```")).unwrap_or_else(|| panic!("{page}: no block behind `{command}`"));
                assert!(lines.by_ref().any(|line| line == "```"), "{page}: the block of `{command}` has no end");
                expected.push_str(&format!("{fence}\n{}```\n", printed(command)));
                continue;
            }
            let Some(what) = line.trim().strip_prefix("<!-- excerpt: ").and_then(|rest| rest.strip_suffix(" -->")) else { continue };
            count += 1;
            let parts: Vec<&str> = what.split('`').collect();
            let [file, first, " to ", last, ""] = parts.as_slice() else { panic!("{page}: `{what}` does not say from where to where") };
            let file = file.strip_suffix(" from ").unwrap_or_else(|| panic!("{page}: `{what}` does not say from where"));
            let content = match file.strip_prefix("output ") {
                Some(path) => output.get(path).unwrap_or_else(|| panic!("{page}: the example writes no {path}")).clone(),
                None => read(file),
            };
            let content: Vec<&str> = content.lines().collect();
            let first =
                content.iter().position(|line| line.trim() == *first).unwrap_or_else(|| panic!("{page}: {file} has no line `{first}`"));
            let length = content[first..]
                .iter()
                .position(|line| line.trim() == *last)
                .unwrap_or_else(|| panic!("{page}: {file} has no line `{last}`"));
            // Up to the fence, and over what the block holds now.
            for line in lines.by_ref() {
                expected.push_str(line);
                expected.push('\n');
                if line.starts_with("```") {
                    break;
                }
            }
            assert!(lines.by_ref().any(|line| line == "```"), "{page}: the block of `{what}` has no end");
            let block = &content[first..=first + length];
            let indent =
                block.iter().filter(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
            for line in block {
                expected.push_str(line.get(indent..).unwrap_or_default());
                expected.push('\n');
            }
            expected.push_str("```\n");
        }
        hold(&page, &expected);
    }
    assert!(count >= 2, "the README shows input and output");
}

#[test]
fn the_readme_lists_every_command_and_every_exit_code() {
    let readme = read("README.md");
    let reference = read("docs/reference/commands.md");
    for command in emr2k8s::cli::command().get_subcommands() {
        let name = command.get_name();
        assert!(readme.contains(&format!("| `{name}")), "README.md says nothing of `{name}`");
        let section = reference
            .split(&format!("\n## {name}\n"))
            .nth(1)
            .unwrap_or_else(|| panic!("docs/reference/commands.md has no section `{name}`"));
        let section = section.split("\n## ").next().unwrap_or_default();
        for argument in command.get_arguments().filter_map(clap::Arg::get_long).filter(|long| !["help", "version"].contains(long)) {
            assert!(section.contains(&format!("`--{argument}")), "the section `{name}` says nothing of --{argument}");
        }
    }
    for code in 0..4 {
        assert!(
            readme.contains(&format!("| {code} | ")) && reference.contains(&format!("| {code} | ")),
            "exit code {code} is not explained"
        );
    }
}

/// `emr2k8s.yaml`'s keys, from the schema. `NAME` stands for a name of the user's.
fn keys(schema: &serde_json::Value, node: &serde_json::Value, prefix: &str, out: &mut Vec<String>) {
    let node = node.get("$ref").and_then(|r| r.as_str()).and_then(|r| schema.pointer(r.trim_start_matches('#'))).unwrap_or(node);
    for (key, value) in node["properties"].as_object().into_iter().flatten() {
        let name = format!("{prefix}{key}");
        keys(schema, value, &format!("{name}."), out);
        out.push(name);
    }
    keys_of_any(schema, node, prefix, out);
    if let Some(value) = node.get("additionalProperties").filter(|value| value.is_object()) {
        keys(schema, value, &format!("{prefix}NAME."), out);
    }
}

fn keys_of_any(schema: &serde_json::Value, node: &serde_json::Value, prefix: &str, out: &mut Vec<String>) {
    for alternative in node["anyOf"].as_array().into_iter().flatten() {
        keys(schema, alternative, prefix, out);
    }
}

#[test]
fn the_reference_of_answers_names_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&read("docs/schemas/config.schema.json")).unwrap();
    let mut found = Vec::new();
    keys(&schema, &schema, "", &mut found);
    for sample in ["images.registry", "functions.NAME.call"] {
        assert!(found.iter().any(|key| key == sample), "the schema was not read: {found:?}");
    }
    let page = read("docs/reference/answers.md");
    let missing: Vec<_> = found.iter().filter(|key| !page.contains(&format!("| `{key}` |"))).collect();
    assert!(missing.is_empty(), "docs/reference/answers.md says nothing of {missing:?}");
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = read("Cargo.toml");
    let page = read("docs/dependencies.md");
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let (true, Some((name, _))) = (inside, line.split_once('=')) {
            assert!(page.contains(&format!("`{}`", name.trim())), "docs/dependencies.md says nothing of {}", name.trim());
        }
    }
}

/// Links between the pages lead somewhere, headings included.
#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = read(&page);
        let folder = Path::new(&page).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with("mailto:") || target.contains(char::is_whitespace) {
                continue;
            }
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let full: PathBuf = if path.is_empty() { Path::new(ROOT).join(&page) } else { Path::new(ROOT).join(&folder).join(path) };
            let there = full.exists()
                && (heading.is_empty() || fs::read_to_string(&full).is_ok_and(|text| headings(&text).iter().any(|known| known == heading)));
            if !there {
                broken.push(format!("{page}: {target}"));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

/// The anchors of a page, as Git hosts make them from headings, and those that it sets itself.
fn headings(text: &str) -> Vec<String> {
    let mut out: Vec<String> = text.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
    for line in text.lines().filter(|line| line.starts_with('#')) {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let slug: String = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect();
        out.push(slug.replace(' ', "-"));
    }
    out
}
