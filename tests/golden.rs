//! Every fixture through the whole compiler: what it says, what became of the values, and every file that it writes.
//!
//! A snapshot is read before it is accepted: each line of it is a claim about the source.
mod support;

use emr2k8s::source::sink::Disposition;
use std::fmt::Write as _;

fn golden(fixture: &str) {
    let compilation = support::compiled(fixture);
    let mut text = String::new();
    let _ = writeln!(text, "════════ diagnostics\n\n{}", support::diagnostics(&compilation));
    let _ = writeln!(text, "════════ ledger: {}\n\n{}", support::counts(&compilation), support::ledger(&compilation));
    let _ = writeln!(text, "════════ output\n\n{}", support::tree(&compilation));
    snapshot!(format!("golden_{fixture}"), text.trim_end());
}

macro_rules! goldens {
    ($($test:ident $fixture:literal),* $(,)?) => {
        $(#[test] fn $test() { golden($fixture); })*
        const TESTED: &[&str] = &[$($fixture),*];
    };
}

goldens! {
    broken "broken",
    control_flow "control-flow",
    embedded "embedded",
    emr_json "emr-json",
    emr_steps "emr-steps",
    film_library "film-library",
    jobs_and_data "jobs-and-data",
    nested "nested",
    plain_livy "plain-livy",
    refusals "refusals",
    sam "sam",
    secrets "secrets",
    two_stages "two-stages",
}

#[test]
fn every_fixture_is_tested() {
    // `plan` holds the cases of tests/plan.rs.
    let folders = std::fs::read_dir(support::fixtures()).unwrap().map(|e| e.unwrap().path()).filter(|path| path.join("source").is_dir());
    let mut found: Vec<String> = folders.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    found.sort();
    assert_eq!(found, support::FIXTURES);
    assert_eq!(TESTED, support::FIXTURES);
}

/// Promise 1: nothing that an importer claims is lost without a word.
#[test]
fn no_value_is_unexplained() {
    let mut lost = Vec::new();
    for fixture in support::FIXTURES {
        let compilation = support::compiled(fixture);
        assert!(!compilation.ledger.is_empty(), "{fixture}: nothing was claimed");
        lost.extend(support::with_disposition(&compilation, Disposition::Unexplained).into_iter().map(|line| format!("{fixture}/{line}")));
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// A reason must say something; a mark without one hides a value.
#[test]
fn every_mark_has_a_reason() {
    for fixture in support::FIXTURES {
        for value in support::compiled(fixture).ledger {
            if !matches!(value.disposition, Disposition::Emitted | Disposition::Unexplained) {
                assert!(!value.rule.is_empty() && value.note.len() > 3, "{fixture}: {value:?}");
            }
        }
    }
}

/// Promise 7, by the values that the fixture holds: none is in the output, a message, the ledger or the lock.
#[test]
fn secrets_are_nowhere() {
    const SECRETS: &[&str] = &[
        "pelican-brief",
        "open-sesame-41",
        "AKIAQWERTYUIOPASDFGH",
        "hooks.slack.com/services/T00000000",
        "ghp_0123456789",
        "wJalrXUtnFEMIK7MDENG",
        "tortoise-shell",
        "slow-and-steady-9",
        "marmalade-sky-77",
        "tangerine-trees-12",
        "kaleidoscope-eyes",
        "AKIAZXCVBNMLKJHGFDSA",
        "b1anketOfLeaves",
        "bm90IGEgcmVhbCBrZXk",
        "cellophane-flowers",
        "newspaper-taxis",
        "plasticine-porters-5",
        "looking-glass-ties",
    ];
    // Also in every format of every command.
    let run = |args: &[&str]| {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_emr2k8s")).args(args).current_dir(support::source("secrets")).output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().to_str().unwrap();
    let mut said: Vec<(String, String)> = Vec::new();
    let commands: &[(&str, &[&str])] = &[
        ("inspect", &["text", "json", "dot"]),
        ("ledger", &["text", "json"]),
        ("diff", &["text", "json"]),
        ("check", &["text", "json", "github", "sarif"]),
    ];
    for (command, formats) in commands {
        for format in *formats {
            let mut args = vec![*command, ".", "--format", format];
            if matches!(*command, "diff" | "check") {
                args.extend(["--out", out]);
            }
            let text = run(&args);
            assert!(text.len() > 100, "{command} --format {format} says {text}");
            said.push((format!("{command} --format {format}"), text));
        }
    }
    let sources: String =
        support::files(&support::source("secrets")).into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect();
    let compilation = support::compiled("secrets");
    let lock = emr2k8s::output::lock::Lock::of(&compilation, emr2k8s::output::lock::LockOptions::default()).render();
    said.extend([
        ("output".to_owned(), support::tree(&compilation)),
        ("diagnostics".to_owned(), support::diagnostics(&compilation)),
        ("ledger".to_owned(), support::ledger(&compilation)),
        ("lock".to_owned(), lock),
    ]);
    let mut told = Vec::new();
    for secret in SECRETS {
        assert!(sources.contains(secret), "{secret} is not in the fixture");
        for (place, text) in &said {
            if let Some(line) = text.lines().find(|line| line.contains(secret)) {
                told.push(format!("{secret} in {place}: {}", line.trim().chars().take(160).collect::<String>()));
            }
        }
    }
    assert!(told.is_empty(), "{} secrets told:\n{}", told.len(), told.join("\n"));
}

/// `films` in the stage `eu-dev` and `films-eu` in the stage `dev` are two deployments; machines of one file whose names
/// share a variable are two pipelines.
#[test]
fn deployments_do_not_share_a_name() {
    let temp = tempfile::tempdir().unwrap();
    let machine = |label: &str, name: &str, seconds: u32| {
        format!(
            "resource \"aws_sfn_state_machine\" \"{label}\" {{\n  name       = \"{name}\"\n  definition = jsonencode({{ StartAt = \"W\", States = {{ W = {{ Type = \"Wait\", Seconds = {seconds}, End = true }} }} }})\n}}\n\n"
        )
    };
    let text = [
        "variable \"prefix\" {\n  default = \"films\"\n}\n\n".to_owned(),
        machine("a", "${var.prefix}", 5),
        machine("b", "${var.prefix}-eu", 6),
    ]
    .concat();
    std::fs::write(temp.path().join("main.tf"), text).unwrap();
    let config = emr2k8s::config::Config { stages: vec!["dev".to_owned(), "eu-dev".to_owned()], ..Default::default() };
    let compilation = support::compiled_at(temp.path(), config);
    let namespaces: std::collections::BTreeSet<String> = compilation
        .tree
        .files
        .iter()
        .filter(|(path, _)| path.starts_with("apps/"))
        .flat_map(|(_, file)| file.lines.iter().map(|(line, _)| line.trim().to_owned()).collect::<Vec<_>>())
        .filter(|line| line.starts_with("path: pipelines/"))
        .collect();
    assert_eq!(namespaces.len(), 4, "two pipelines in two stages: {namespaces:?}");
    let waits: Vec<&str> = ["duration: 5s", "duration: 6s"].into_iter().filter(|wait| support::tree(&compilation).contains(wait)).collect();
    assert_eq!(waits.len(), 2, "each machine has a pipeline of its own");
}

/// What one output file names in another is there: images, kustomize resources, the folders of Argo CD's Applications, the
/// templates of a workflow.
#[test]
fn references_inside_the_output_hold() {
    let mut broken = Vec::new();
    for fixture in support::FIXTURES {
        let compilation = support::compiled(fixture);
        let files = &compilation.tree.files;
        let config = support::config(fixture);
        let registry = config.images.registry.as_deref().unwrap_or("registry.invalid");
        for (path, file) in files {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let lines: Vec<&str> = file.lines.iter().map(|(line, _)| line.trim()).collect();
            for line in lines.iter().filter(|_| path.ends_with(".yaml")) {
                if let Some((_, rest)) = line.split_once(&format!("{registry}/")) {
                    let image = rest.split(':').next().unwrap_or("");
                    // The runtime's image is built from this project itself.
                    if image != "emr2k8s" && !files.contains_key(&format!("images/{image}/Dockerfile")) {
                        broken.push(format!("{fixture}: {path} names the image {image}, which no Dockerfile makes"));
                    }
                }
                if let Some(target) = line.strip_prefix("path: pipelines/")
                    && !files.contains_key(&format!("pipelines/{target}/kustomization.yaml"))
                {
                    broken.push(format!("{fixture}: {path} names pipelines/{target}"));
                }
                if let Some(template) = line.strip_prefix("template: ")
                    && !template.contains("{{=")
                    && !lines.contains(&format!("- name: {template}").as_str())
                    && !lines.iter().any(|l| l.starts_with(&format!("- name: {template} #")))
                {
                    broken.push(format!("{fixture}: {path} names the template {template}"));
                }
            }
            if path.ends_with("/kustomization.yaml") {
                let resources = lines.iter().skip_while(|line| **line != "resources:").skip(1).map_while(|line| line.strip_prefix("- "));
                for resource in resources.map(|r| r.trim_matches('"')) {
                    let target = emr2k8s::source::files::join(folder, resource).unwrap_or_default();
                    if !files.contains_key(&target) && !files.contains_key(&format!("{target}/kustomization.yaml")) {
                        broken.push(format!("{fixture}: {path} names {resource}"));
                    }
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// What differs between stages stands in the overlay of its stage, and in no other's.
#[test]
fn what_differs_lands_in_overlays() {
    let compilation = support::compiled("two-stages");
    let text = |stage: &str| compilation.tree.files[&format!("pipelines/parcel-returns/overlays/{stage}/kustomization.yaml")].text();
    let (dev, prod) = (text("dev"), text("prod"));
    for (of_dev, of_prod) in [
        ("s3://parcels-dev/parcels/", "s3://parcels-prod/parcels/"),
        ("value: 1g", "value: 6g"),
        ("value: \"1\"", "value: \"12\""),
        ("the returns of test", "the returns of main"),
        ("\"depot\":\"test\"", "\"depot\":\"main\""),
        ("routes-2.py", "routes-1.py"),
    ] {
        assert!(dev.contains(of_dev) && !dev.contains(of_prod), "{of_dev}\n{dev}");
        assert!(prod.contains(of_prod) && !prod.contains(of_dev), "{of_prod}\n{prod}");
    }
}
