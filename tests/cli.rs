//! The command line from outside: exit code, stdout and stderr, as scripts and people meet them.
//!
//! Snapshots lie in `snapshots/`. A run happens in a folder of its own; nothing in a snapshot depends on the machine.
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn emr2k8s(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_emr2k8s"))
        .args(args)
        .current_dir(folder)
        .env_remove("RUST_BACKTRACE")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("COLUMNS")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

fn show(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    format!(
        "exit code: {}\n----- stdout -----\n{}\n----- stderr -----\n{}",
        output.status.code().expect("no signal"),
        text(&output.stdout),
        text(&output.stderr)
    )
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal")
}

fn sources() -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("aws")).unwrap();
    fs::write(temp.path().join("aws/notes.txt"), "nothing to see\n").unwrap();
    temp
}

macro_rules! snapshot {
    ($name:literal, $output:expr) => {
        insta::with_settings!({
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!(concat!("cli_", $name), show(&$output)) })
    };
}

#[test]
fn help_names_commands_and_exit_codes() {
    let temp = sources();
    snapshot!("help", emr2k8s(temp.path(), &["--help"]));
    snapshot!("help_migrate", emr2k8s(temp.path(), &["migrate", "--help"]));
    snapshot!("help_check", emr2k8s(temp.path(), &["check", "--help"]));
    snapshot!("help_simulate", emr2k8s(temp.path(), &["simulate", "--help"]));
    assert_eq!(code(&emr2k8s(temp.path(), &["--version"])), 0);
}

#[test]
fn usage_errors_are_for_the_user_to_mend() {
    let temp = sources();
    for args in [&[][..], &["migrat"], &["migrate", "aws"], &["migrate", "aws", "--out", "o", "--format", "xml"], &["simulate", "x"]] {
        let output = emr2k8s(temp.path(), args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn sources_that_are_not_there() {
    let temp = sources();
    snapshot!("no_sources", emr2k8s(temp.path(), &["inspect", "awz"]));
}

#[test]
fn an_output_folder_that_is_not_ours() {
    let temp = sources();
    fs::create_dir(temp.path().join("k8s")).unwrap();
    for i in 0..12 {
        fs::write(temp.path().join(format!("k8s/file-{i:02}")), "mine").unwrap();
    }
    snapshot!("foreign_folder", emr2k8s(temp.path(), &["migrate", "aws", "--out", "k8s"]));
    snapshot!("foreign_folder_json", emr2k8s(temp.path(), &["migrate", "aws", "--out", "k8s", "--format", "json"]));
    snapshot!("out_holds_sources", emr2k8s(temp.path(), &["diff", "aws", "--out", "."]));
    assert!(!temp.path().join("k8s/emr2k8s.lock").exists());
}

#[test]
fn a_lock_that_is_none() {
    let temp = sources();
    fs::create_dir(temp.path().join("k8s")).unwrap();
    fs::write(temp.path().join("k8s/emr2k8s.lock"), "<<<<<<< ours\n{}\n").unwrap();
    fs::write(temp.path().join("k8s/x"), "x").unwrap();
    snapshot!("broken_lock", emr2k8s(temp.path(), &["check", "aws", "--out", "k8s"]));
    assert_eq!(fs::read_to_string(temp.path().join("k8s/x")).unwrap(), "x");
}

#[test]
fn slips_in_the_answers() {
    let temp = sources();
    fs::write(temp.path().join("aws/emr2k8s.yaml"), "images:\n  registri: x\nspark: {scheduler: yunicorn}\n").unwrap();
    snapshot!("bad_answers", emr2k8s(temp.path(), &["inspect", "aws"]));
    snapshot!("bad_answers_json", emr2k8s(temp.path(), &["migrate", "aws", "--out", "k8s", "--format", "json"]));
    assert!(!temp.path().join("k8s").exists());
    let output = emr2k8s(temp.path(), &["inspect", "aws", "--config", "none.yaml"]);
    snapshot!("no_answers", output);
}

#[test]
fn a_code_is_explained() {
    let temp = sources();
    snapshot!("explain_code", emr2k8s(temp.path(), &["explain", "out001"]));
    snapshot!("explain_unknown", emr2k8s(temp.path(), &["explain", "OUT01"]));
    snapshot!("explain_no_lock", emr2k8s(temp.path(), &["explain", "aws/notes.txt:1"]));
    snapshot!("explain_no_line", emr2k8s(temp.path(), &["explain", "aws/notes.txt"]));
}

/// A folder as a run would have left it, with its lock.
fn generated(temp: &TempDir) {
    use emr2k8s::output::lock::{Lock, LockedFile, Place, Run};
    let out = temp.path().join("k8s");
    fs::create_dir(&out).unwrap();
    let text = "kind: X\n\nmemory: 4g\n";
    let source = "{\n  \"memory\": \"4g\",\n  \"password\": \"hunter2\"\n}\n";
    fs::write(out.join("x.yaml"), text).unwrap();
    fs::write(temp.path().join("aws/job.json"), source).unwrap();
    let place = |start, end| Place { path: "job.json".into(), start, end };
    let run = |count, rule: &str, origins| Run { count, rule: rule.into(), origins };
    let runs = vec![run(2, "EMI001", vec![]), run(1, "EMI001", vec![place(1, 4), place(2, 2)])];
    let mut lock = Lock { version: "0.1.0".into(), ..Lock::default() };
    lock.sources.insert("job.json".into(), emr2k8s::output::hash(source.as_bytes()));
    lock.files.insert("x.yaml".into(), LockedFile { hash: emr2k8s::output::hash(text.as_bytes()), runs });
    fs::write(out.join("emr2k8s.lock"), lock.render()).unwrap();
}

#[test]
fn a_line_is_explained() {
    let temp = sources();
    generated(&temp);
    snapshot!("explain_line", emr2k8s(temp.path(), &["explain", "k8s/x.yaml:3"]));
    snapshot!("explain_blank_line", emr2k8s(temp.path(), &["explain", "k8s/x.yaml:2:1"]));
    snapshot!("explain_out_of_range", emr2k8s(temp.path(), &["explain", "k8s/x.yaml:4"]));
    snapshot!("explain_lock_line", emr2k8s(temp.path(), &["explain", "k8s/emr2k8s.lock:16"]));
    let lines = fs::read_to_string(temp.path().join("k8s/emr2k8s.lock")).unwrap().lines().count();
    for line in 1..=lines {
        assert_eq!(code(&emr2k8s(temp.path(), &["explain", &format!("k8s/emr2k8s.lock:{line}")])), 0, "line {line}");
    }
    fs::write(temp.path().join("k8s/x.yaml"), "kind: X\n\nmemory: 5g\nmine: 1\n").unwrap();
    fs::remove_file(temp.path().join("aws/job.json")).unwrap();
    snapshot!("explain_edited", emr2k8s(temp.path(), &["explain", "k8s/x.yaml:3"]));
    snapshot!("explain_added", emr2k8s(temp.path(), &["explain", "k8s/x.yaml:4"]));
}

#[test]
fn answers_are_written_once() {
    let temp = sources();
    assert_eq!(code(&emr2k8s(temp.path(), &["init", "aws", "--quiet"])), 0);
    let text = fs::read_to_string(temp.path().join("aws/emr2k8s.yaml")).unwrap();
    assert!(text.starts_with("# yaml-language-server: $schema=.emr2k8s.schema.json\n"), "{text}");
    assert!(temp.path().join("aws/.emr2k8s.schema.json").is_file());
    assert_eq!(code(&emr2k8s(temp.path(), &["inspect", "aws"])), 0, "what init writes is read without complaint");
    snapshot!("init_again", emr2k8s(temp.path(), &["init", "aws"]));
    assert_eq!(fs::read_to_string(temp.path().join("aws/emr2k8s.yaml")).unwrap(), text);
}

#[test]
fn schemas_pages_and_completions_are_data() {
    let temp = sources();
    for subject in ["config", "migrate", "ledger", "inspect", "simulate"] {
        let output = emr2k8s(temp.path(), &["schema", subject]);
        let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(schema["properties"].is_object(), "{subject}");
    }
    let page = emr2k8s(temp.path(), &["man"]);
    assert!(String::from_utf8_lossy(&page.stdout).contains(".TH emr2k8s"));
    assert_eq!(code(&emr2k8s(temp.path(), &["man", "--out", "man"])), 0);
    assert!(temp.path().join("man/emr2k8s-migrate.1").is_file());
    for shell in ["bash", "zsh", "fish"] {
        let output = emr2k8s(temp.path(), &["completions", shell]);
        assert!(code(&output) == 0 && output.stdout.len() > 1_000, "{shell}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_defect() {
    let temp = sources();
    let mut child = Command::new(env!("CARGO_BIN_EXE_emr2k8s"))
        .args(["completions", "bash"])
        .current_dir(temp.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(show(&output), "exit code: 0\n----- stdout -----\n\n----- stderr -----\n");
}

#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    let temp = sources();
    let escapes = |args: &[&str]| {
        let output = emr2k8s(temp.path(), args);
        (output.stdout.contains(&0x1b), output.stderr.contains(&0x1b))
    };
    assert_eq!(escapes(&["explain", "OUT001"]), (false, false));
    assert_eq!(escapes(&["explain", "OUT001", "--color", "always"]), (true, false));
    assert_eq!(escapes(&["--color", "always", "inspect", "nowhere"]), (false, true));
    assert_eq!(escapes(&["--color", "never", "inspect", "nowhere"]), (false, false));
}

/// A small estate: one machine, with a value that reaches the output.
fn estate(seconds: u32) -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("aws")).unwrap();
    set_seconds(temp.path(), seconds);
    temp
}

fn set_seconds(folder: &Path, seconds: u32) {
    let text = format!(
        r#"{{"StartAt": "Pause", "States": {{"Pause": {{"Type": "Wait", "Seconds": {seconds}, "Next": "Stop"}},
  "Stop": {{"Type": "Fail", "Error": "Stopped", "Cause": "for the test"}}}}}}
"#
    );
    fs::write(folder.join("aws/nightly.json"), text).unwrap();
}

/// Every file below a folder, with its bytes.
fn picture(root: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut out = std::collections::BTreeMap::new();
    let mut stack = vec![root.to_owned()];
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            out.insert(path.strip_prefix(root).unwrap().display().to_string(), fs::read(&path).unwrap());
        }
    }
    out
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", show(output)))
}

fn statuses(report: &serde_json::Value, status: &str) -> Vec<String> {
    let files = report["files"].as_array().unwrap().iter();
    files.filter(|file| file["status"] == status).map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

const MIGRATE: &[&str] = &["migrate", "aws", "--out", "k8s", "--format", "json"];
const CHECK: &[&str] = &["check", "aws", "--out", "k8s", "--format", "json"];

/// The output file that holds the number of seconds.
fn holder(folder: &Path, seconds: u32) -> String {
    let found = picture(&folder.join("k8s"))
        .into_iter()
        .find(|(path, bytes)| path.starts_with("pipelines/") && String::from_utf8_lossy(bytes).contains(&seconds.to_string()));
    found.expect("a manifest holds the seconds").0
}

#[test]
fn a_run_is_repeated_without_a_trace_anywhere() {
    let temp = estate(4321);
    let first = json(&emr2k8s(temp.path(), MIGRATE));
    assert!(!statuses(&first, "created").is_empty());
    assert_eq!(first["summary"]["written"], true);
    let before = picture(&temp.path().join("k8s"));
    let second = json(&emr2k8s(temp.path(), MIGRATE));
    assert_eq!(statuses(&second, "unchanged").len(), before.len() - 1, "all but the lock");
    assert_eq!(picture(&temp.path().join("k8s")), before);
    // From another folder, with absolute paths: the same bytes.
    let (source, out) = (temp.path().join("aws"), temp.path().join("elsewhere/k8s"));
    let args = ["migrate", source.to_str().unwrap(), "--out", out.to_str().unwrap(), "-q"];
    assert_eq!(code(&emr2k8s(Path::new("/"), &args)), 0);
    assert_eq!(picture(&out), before);
    assert_eq!(code(&emr2k8s(temp.path(), CHECK)), 0);
    assert_eq!(code(&emr2k8s(temp.path(), &["diff", "aws", "--out", "k8s"])), 0);
}

#[test]
fn edits_survive_and_are_told() {
    let temp = estate(4321);
    emr2k8s(temp.path(), MIGRATE);
    let file = holder(temp.path(), 4321);
    let path = temp.path().join("k8s").join(&file);
    let edited = fs::read_to_string(&path).unwrap() + "# mine\n";
    fs::write(&path, &edited).unwrap();
    assert_eq!(statuses(&json(&emr2k8s(temp.path(), MIGRATE)), "kept"), [file.as_str()]);
    let check = emr2k8s(temp.path(), CHECK);
    assert_eq!((code(&check), json(&check)["files"].as_array().unwrap().iter().filter(|f| f["difference"] == "edited").count()), (1, 1));
    set_seconds(temp.path(), 1234);
    for _ in 0..2 {
        let output = emr2k8s(temp.path(), MIGRATE);
        let report = json(&output);
        assert_eq!((code(&output), statuses(&report, "conflict")), (0, vec![file.clone()]));
        assert!(report["diagnostics"].as_array().unwrap().iter().any(|d| d["code"] == "OUT002"));
        assert_eq!(fs::read_to_string(&path).unwrap(), edited);
    }
    let explained = emr2k8s(temp.path(), &["explain", &format!("k8s/{file}:1")]);
    assert!(String::from_utf8_lossy(&explained.stdout).contains("edited by hand"));
}

#[test]
fn a_diff_is_what_migrate_does() {
    let temp = estate(4321);
    emr2k8s(temp.path(), MIGRATE);
    set_seconds(temp.path(), 1234);
    let file = holder(temp.path(), 4321);
    let before = picture(&temp.path().join("k8s"));
    let diff = emr2k8s(temp.path(), &["diff", "aws", "--out", "k8s", "-q"]);
    assert_eq!(code(&diff), 1);
    let text = String::from_utf8(diff.stdout).unwrap();
    assert!(text.contains(&format!("--- a/{file}\n+++ b/{file}\n")), "{text}");
    assert_eq!(picture(&temp.path().join("k8s")), before, "a diff writes nothing");
    let check = json(&emr2k8s(temp.path(), CHECK));
    assert_eq!(check["sources"][0]["path"], "nightly.json");
    assert_eq!(picture(&temp.path().join("k8s")), before, "a check writes nothing");
    let old = String::from_utf8(before[&file].clone()).unwrap();
    let patch = text.split("--- a/").find(|part| part.starts_with(&file)).map(|part| format!("--- a/{part}")).unwrap();
    let patched = diffy::apply(&old, &diffy::Patch::from_str(&patch).unwrap()).unwrap();
    emr2k8s(temp.path(), MIGRATE);
    assert_eq!(fs::read_to_string(temp.path().join("k8s").join(&file)).unwrap(), patched);
}

#[test]
fn a_source_that_breaks_leaves_the_folder_alone() {
    let temp = estate(4321);
    emr2k8s(temp.path(), MIGRATE);
    let before = picture(&temp.path().join("k8s"));
    for broken in
        [&b"{\"StartAt\": "[..], b"\xff\xfe\xfd {", b"{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\" \"End\": true}}}"]
    {
        fs::write(temp.path().join("aws/nightly.json"), broken).unwrap();
        let output = emr2k8s(temp.path(), MIGRATE);
        assert_eq!(code(&output), 2, "{}", show(&output));
        assert_eq!(json(&output)["summary"]["written"], false);
        assert_eq!(picture(&temp.path().join("k8s")), before, "{}", show(&output));
        assert_eq!(code(&emr2k8s(temp.path(), CHECK)), 2);
    }
}

#[test]
fn a_denied_verdict_writes_nothing_and_says_so() {
    let temp = estate(4321);
    fs::write(temp.path().join("aws/job.json"), r#"{"file": "s3://b/a.jar", "className": "A", "queue": "q"}"#).unwrap();
    let args = ["migrate", "aws", "--out", "k8s", "--deny", "changed"];
    let output = emr2k8s(temp.path(), &args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(code(&output), 1, "{said}");
    assert!(said.contains("nothing was written: ") && said.contains("files that would be: ") && !said.contains("files: "), "{said}");
    assert!(output.stdout.is_empty() && !temp.path().join("k8s").exists());
    let report = json(&emr2k8s(temp.path(), &[&args[..], &["--format", "json"]].concat()));
    assert_eq!((&report["summary"]["written"], report["summary"]["reason"].is_string()), (&serde_json::Value::Bool(false), true));
    let diff = emr2k8s(temp.path(), &["diff", "aws", "--out", "k8s"]);
    assert!(String::from_utf8_lossy(&diff.stderr).contains("files that would be: "), "a diff writes nothing");
}

#[test]
fn an_edited_file_is_named_by_a_diff_and_counted_by_a_check() {
    let temp = estate(4321);
    emr2k8s(temp.path(), MIGRATE);
    let file = holder(temp.path(), 4321);
    let path = temp.path().join("k8s").join(&file);
    fs::write(&path, fs::read_to_string(&path).unwrap() + "# mine\n").unwrap();
    let diff = emr2k8s(temp.path(), &["diff", "aws", "--out", "k8s"]);
    assert_eq!((code(&diff), diff.stdout.len()), (0, 0));
    assert!(String::from_utf8_lossy(&diff.stderr).contains(&format!("kept, edited by hand: {file}")), "{}", show(&diff));
    let check = emr2k8s(temp.path(), &["check", "aws", "--out", "k8s"]);
    assert_eq!(code(&check), 1);
    assert!(String::from_utf8_lossy(&check.stdout).contains(&format!("edited   {file}")), "{}", show(&check));
}

#[cfg(unix)]
#[test]
fn an_output_folder_behind_a_link_to_nothing() {
    let temp = estate(4321);
    std::os::unix::fs::symlink("nowhere", temp.path().join("k8s")).unwrap();
    let output = emr2k8s(temp.path(), &["migrate", "aws", "--out", "k8s", "-q"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(code(&output), 2, "{said}");
    assert!(said.contains("`k8s` is a symbolic link to `nowhere`") && said.contains("help: make the folder"), "{said}");
}

#[test]
fn files_that_are_nobodys_business_are_no_errors() {
    let temp = estate(4321);
    let write = |name: &str, bytes: &[u8]| fs::write(temp.path().join("aws").join(name), bytes).unwrap();
    write("README.rst", b"service: x: y\n   - [\n\"service\"\n");
    write("objects.inv", b"# Sphinx\n\x8f\xff");
    write("notes.txt", b"caf\xe9");
    write("legacy.py", b"# caf\xe9\n");
    write("ingress.yaml", b"{{- if .on }}\nspec:\n  service: {{ .x }}\n{{- end }}\n");
    write("tls.json", br#"{"StartAt": "S", "States": {"S": {"Plugin": "x", "IsEnd": true}}}"#);
    write("submit.py", b"import requests\n\nrequests.post(host + '/batches', json={})\n");
    let output = emr2k8s(temp.path(), MIGRATE);
    assert_eq!(code(&output), 0, "{}", show(&output));
    let inspected = emr2k8s(temp.path(), &["inspect", "aws"]);
    let said = String::from_utf8_lossy(&inspected.stdout).into_owned();
    assert!(said.contains("submit.py") && said.contains("posts to Livy's `/batches`; no deployment file names it as a handler"), "{said}");
    assert!(said.contains("ingress.yaml") && said.contains("a template of another tool"), "{said}");
    assert!(!said.contains("README.rst") && !said.contains("legacy.py"), "{said}");
}

#[test]
fn a_handler_that_is_named_is_not_listed_as_a_stray_file() {
    let temp = estate(4321);
    let write = |name: &str, text: &str| fs::write(temp.path().join("aws").join(name), text).unwrap();
    write("serverless.yml", "service: x\nprovider:\n  name: aws\n  runtime: python3.8\nfunctions:\n  run:\n    handler: submit.go\n");
    write("submit.py", "import requests\n\ndef go(event, context):\n    return requests.post('http://h/batches', json={'file': 'a.py'})\n");
    let inspected = emr2k8s(temp.path(), &["inspect", "aws"]);
    assert!(!String::from_utf8_lossy(&inspected.stdout).contains("no deployment file names it"), "{}", show(&inspected));
}

#[test]
fn names_that_differ_in_their_marks_alone_are_numbered() {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("aws")).unwrap();
    for name in ["Step Function (1)", "step-function-1", "step_function_1", "Größe"] {
        let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Fail"}}}"#;
        fs::write(temp.path().join("aws").join(format!("{name}.json")), text).unwrap();
    }
    let report = json(&emr2k8s(temp.path(), MIGRATE));
    let mut names: Vec<String> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|f| f["path"].as_str())
        .filter_map(|path| path.strip_prefix("pipelines/")?.split('/').next().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    assert_eq!(names, ["grosse", "step-function-1", "step-function-1-2", "step-function-1-3"]);
}

#[test]
fn a_payload_that_livy_would_not_take_becomes_no_job() {
    for payload in [
        r#"{"file": "s3://b/a.py", "args": "x y"}"#,
        r#"{"file": "s3://b/a.py", "executorCores": 1.5}"#,
        r#"{"file": "s3://b/a.py", "numExecutors": -1}"#,
        r#"{"file": "s3://b/a.py", "conf": ["x"]}"#,
        r#"{"file": "s3://b/a.py", "conf": {"spark.x": ["x"]}}"#,
        r#"{"file": "", "queue": "q"}"#,
        r#"{"file": "s3://b/jars/", "queue": "q"}"#,
    ] {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("aws")).unwrap();
        fs::write(temp.path().join("aws/job.json"), payload).unwrap();
        let output = emr2k8s(temp.path(), MIGRATE);
        assert_eq!(code(&output), 2, "{payload}: {}", show(&output));
        assert_ne!(json(&output)["summary"]["verdicts"]["refused"], 0, "{payload}");
        for (path, bytes) in picture(&temp.path().join("k8s")) {
            assert!(!String::from_utf8_lossy(&bytes).contains("kind: SparkApplication") || path.ends_with(".lock"), "{payload}: {path}");
        }
    }
}

#[test]
fn every_line_of_every_file_is_explained() {
    let temp = estate(4321);
    emr2k8s(temp.path(), MIGRATE);
    let file = holder(temp.path(), 4321);
    let text = fs::read_to_string(temp.path().join("k8s").join(&file)).unwrap();
    let line = 1 + text.lines().position(|line| line.contains("4321")).unwrap();
    let explained = emr2k8s(temp.path(), &["explain", &format!("k8s/{file}:{line}")]);
    assert!(String::from_utf8_lossy(&explained.stdout).contains("aws/nightly.json:1"), "{}", show(&explained));
    for (path, bytes) in picture(&temp.path().join("k8s")) {
        let count = String::from_utf8(bytes).unwrap().lines().count();
        for line in [1, count / 2 + 1, count] {
            let output = emr2k8s(temp.path(), &["explain", &format!("k8s/{path}:{line}")]);
            assert_eq!(code(&output), 0, "{path}:{line}: {}", show(&output));
        }
        assert_eq!(code(&emr2k8s(temp.path(), &["explain", &format!("k8s/{path}:{}", count + 1)])), 2);
    }
}

#[test]
fn formats_of_check_are_well_formed() {
    let temp = estate(4321);
    let output = emr2k8s(temp.path(), &["check", "aws", "--out", "k8s", "--format", "sarif"]);
    assert_eq!((code(&output), json(&output)["version"].as_str().unwrap()), (1, "2.1.0"));
    let output = emr2k8s(temp.path(), &["check", "aws", "--out", "k8s", "--format", "github"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().all(|line| line.starts_with("::")) && text.contains("OUT005"), "{text}");
    for format in ["text", "json", "dot"] {
        assert_eq!(code(&emr2k8s(temp.path(), &["inspect", "aws", "--format", format])), 0, "{format}");
    }
    let ledger = json(&emr2k8s(temp.path(), &["ledger", "aws", "--format", "json", "--only", "emitted"]));
    let values = ledger["values"].as_array().unwrap();
    assert!(values.iter().any(|v| v["value"] == "4321" && v["line"] == 1 && v["outputs"][0]["file"].is_string()), "{ledger}");
}

const CHAIN: &str = r#"{"StartAt": "Submit", "States": {
  "Submit": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:submit", "Parameters": {"day.$": "$.day"}, "ResultPath": "$.job",
    "Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 30}], "Next": "Pause"},
  "Pause": {"Type": "Wait", "Seconds": 86400, "Next": "Good?"},
  "Good?": {"Type": "Choice", "Choices": [{"Variable": "$.job.ok", "BooleanEquals": true, "Next": "End"}], "Default": "Stop"},
  "End": {"Type": "Succeed"},
  "Stop": {"Type": "Fail", "Error": "NotGood", "Cause": "the job says so"}}}
"#;

/// A folder with a machine and files for it.
fn simulation(files: &[(&str, &str)]) -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    for (name, text) in [("chain.asl.json", CHAIN), ("input.json", r#"{"day": 1}"#)].iter().chain(files) {
        let path = temp.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    temp
}

const SIMULATE: &[&str] = &["simulate", "chain.asl.json", "--input", "input.json", "--tasks", "tasks.json"];

#[test]
fn a_simulation_prints_its_outcome_and_ends_with_0() {
    let good = r#"{"Submit": [{"error": "Busy", "cause": "try again"}, {"input": {"day": 1}, "output": {"ok": true}}]}"#;
    let temp = simulation(&[("tasks.json", good)]);
    snapshot!("simulate", emr2k8s(temp.path(), SIMULATE));
    snapshot!("simulate_trace", emr2k8s(temp.path(), &[SIMULATE, &["--trace", "--start", "2026-11-24T10:00:00Z"]].concat()));
    let temp = simulation(&[("tasks.json", r#"{"Submit": [{"output": {"ok": false}}]}"#)]);
    let output = emr2k8s(temp.path(), SIMULATE);
    assert_eq!((code(&output), &json(&output)["error"]), (0, &serde_json::json!("NotGood")));
    // Without a script the first task has no result, which is an outcome too.
    let output = emr2k8s(temp.path(), &["simulate", "chain.asl.json", "--input", "input.json"]);
    assert_eq!((code(&output), &json(&output)["error"]), (0, &serde_json::json!("States.Runtime")));
}

#[test]
fn a_call_that_differs_from_the_script_is_1() {
    let temp = simulation(&[("tasks.json", r#"{"Submit": [{"input": {"day": 2}, "output": {"ok": true}}]}"#)]);
    snapshot!("simulate_differs", emr2k8s(temp.path(), SIMULATE));
}

#[test]
fn names_in_a_script_that_are_no_tasks_are_told() {
    let tasks = r#"{"Sumbit": [{"output": 1}], "Pause": [{"output": 1}], "Elsewhere": [],
        "Submit": [{"output": {"ok": true}}, {"output": 2}, {"output": 3}]}"#;
    let temp = simulation(&[("tasks.json", tasks)]);
    snapshot!("simulate_strangers", emr2k8s(temp.path(), SIMULATE));
    assert!(emr2k8s(temp.path(), &[SIMULATE, &["-q"]].concat()).stderr.is_empty());
}

#[test]
fn files_that_are_no_json_are_pointed_at() {
    let temp = simulation(&[
        ("tasks.json", "{\"Submit\": [\n  {\"output\": 1},\n  {\"output\": }\n]}\n"),
        ("list.json", "{\"Submit\": {\"output\": 1}}"),
        ("slip.json", "{\"Submit\": [{\"ouput\": 1}]}"),
        ("empty.json", " \n"),
        ("infinite.json", "[1, {\"a\": 1e400}]"),
    ]);
    fs::write(temp.path().join("latin1.json"), b"{\n  \"day\": \"f\xfcnf\"}").unwrap();
    fs::write(temp.path().join("bom.json"), "\u{feff}{\"day\": 1}").unwrap();
    snapshot!("simulate_broken_tasks", emr2k8s(temp.path(), SIMULATE));
    for (option, file, said) in [
        ("--tasks", "list.json", "error: `list.json`: `Submit` is not a list of attempts\n"),
        ("--tasks", "slip.json", "error: `slip.json`: attempt 1 of `Submit`: has neither an `output` nor an `error`, but `ouput`\n"),
        ("--input", "empty.json", "error: `empty.json` is empty\nhelp: an execution without input has the input `{}`\n"),
        ("--input", "latin1.json", "error: latin1.json:2:12: not UTF-8\n"),
        ("--input", "infinite.json", "error: `infinite.json` holds a number that is too large for a double\n"),
        ("--input", "none.json", "error: `none.json` cannot be read: no such file or directory\n"),
        ("--start", "today", "error: `today` is not a timestamp\nhelp: write it as 2026-11-24T00:00:00Z\n"),
    ] {
        let output = emr2k8s(temp.path(), &["simulate", "chain.asl.json", option, file]);
        assert_eq!((code(&output), String::from_utf8_lossy(&output.stderr).as_ref()), (2, said), "{file}");
        assert!(output.stdout.is_empty(), "{file}");
    }
    assert_eq!(code(&emr2k8s(temp.path(), &["simulate", "chain.asl.json", "--input", "bom.json"])), 0);
    for (bytes, exit) in [(262_144, 0), (262_145, 2)] {
        fs::write(temp.path().join("large.json"), format!("\"{}\"", "x".repeat(bytes - 2))).unwrap();
        assert_eq!(code(&emr2k8s(temp.path(), &["simulate", "chain.asl.json", "--input", "large.json"])), exit, "{bytes}");
    }
}

/// A terminal obeys these, and what strips colours drops them: they are data all the same, in values and in keys.
#[test]
fn a_simulation_keeps_every_control_character() {
    let temp = tempfile::tempdir().unwrap();
    let machine = r#"{"StartAt": "All", "States": {"All": {"Type": "Succeed"}}}"#;
    fs::write(temp.path().join("all.asl.json"), machine).unwrap();
    let controls: String = (1..=0x9f).filter_map(char::from_u32).collect();
    let input = serde_json::json!({"text": controls, "key \u{7f}\u{9b}31m": "\u{7f}"});
    fs::write(temp.path().join("input.json"), input.to_string()).unwrap();
    for color in ["never", "always", "auto"] {
        let output = emr2k8s(temp.path(), &["simulate", "all.asl.json", "--input", "input.json", "--color", color]);
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(said["output"], input, "--color {color}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains(|c: char| c.is_control() && c != '\n'), "--color {color}");
    }
}

#[test]
fn the_machine_to_simulate_is_chosen_and_must_be_one() {
    let temp = simulation(&[("other.asl.json", CHAIN)]);
    snapshot!("simulate_several", emr2k8s(temp.path(), &["simulate", "."]));
    snapshot!("simulate_near_miss", emr2k8s(temp.path(), &["simulate", ".", "--machine", "chian"]));
    assert_eq!(code(&emr2k8s(temp.path(), &["simulate", ".", "--machine", "other"])), 0);
    fs::write(temp.path().join("bad.asl.json"), r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#).unwrap();
    let output = emr2k8s(temp.path(), &["simulate", "bad.asl.json"]);
    assert_eq!((code(&output), output.stdout.is_empty()), (2, true));
    let output = emr2k8s(temp.path(), &["simulate", ".", "--machine", "other"]);
    assert_eq!((code(&output), output.stderr.is_empty()), (0, true), "a broken neighbour does not matter: {}", show(&output));
    fs::write(temp.path().join("none.json"), r#"{"a": 1}"#).unwrap();
    assert_eq!(code(&emr2k8s(temp.path(), &["simulate", "none.json"])), 2);
}

#[test]
fn a_map_reads_files_of_a_folder() {
    let machine = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true,
      "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": "films", "Key.$": "$.key"}},
      "ItemSelector": {"title.$": "$$.Map.Item.Value.title", "from.$": "$$.Map.Item.Source"},
      "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}}}"#;
    let temp = simulation(&[
        ("map.asl.json", machine),
        ("s3/films/in/a.csv", "title,year\nMetropolis,1927\n"),
        ("key.json", r#"{"key": "in/a.csv"}"#),
    ]);
    let output = emr2k8s(temp.path(), &["simulate", "map.asl.json", "--objects", "s3", "--input", "key.json"]);
    assert_eq!(json(&output)["output"], serde_json::json!([{"title": "Metropolis", "from": "S3://films/in/a.csv"}]), "{}", show(&output));
    let output = emr2k8s(temp.path(), &["simulate", "map.asl.json", "--input", "key.json"]);
    assert_eq!((code(&output), &json(&output)["error"]), (0, &serde_json::json!("States.ItemReaderFailed")));
    assert_eq!(code(&emr2k8s(temp.path(), &["simulate", "map.asl.json", "--objects", "nowhere", "--input", "key.json"])), 2);
}
