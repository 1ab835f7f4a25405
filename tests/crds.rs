//! Every manifest of the output against the schema of its kind, unknown fields refused, and read by a YAML reader that is not ours.
//!
//! The sources are those of `fixtures/*/source`, and the shared corpus where it is present (`EMR2K8S_SHARED`, or `shared` beside
//! the repository). `tests/cluster/run.sh` asks a real API server the same.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends with its first wrong assumption, and says what it tested"
)]
#[path = "support/crd/mod.rs"]
mod crd;

use crd::overlay;
use crd::{Schemas, documents, loose_ends, resource_manifests};
use emr2k8s::compile::{Options, compile};
use emr2k8s::config;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The subfolders of a folder, in order; none when it is not there.
#[expect(clippy::disallowed_methods, reason = "sorted below")]
fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> =
        fs::read_dir(parent).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).filter(|p| p.is_dir()).collect();
    out.sort();
    out
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn corpus() -> PathBuf {
    std::env::var_os("EMR2K8S_SHARED").map_or_else(|| repository().join("../shared"), PathBuf::from).join("corpus")
}

/// The output for a source, as texts by path. Answers of a fixture stand beside its `source`.
fn output(source: &Path) -> BTreeMap<String, String> {
    let beside = source.with_file_name("emr2k8s.yaml");
    let answers = config::load(source, beside.is_file().then_some(beside.as_path()));
    let options = Options { source: source.to_owned(), stage: None, config: answers.config, out: None };
    let compilation = compile(&options).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
    compilation.tree.files.iter().map(|(path, file)| (path.clone(), file.text())).collect()
}

/// What is wrong with the manifests of an output, and how many were judged.
fn judge(schemas: &Schemas, files: &BTreeMap<String, String>) -> (usize, Vec<String>) {
    let mut count = 0;
    let mut problems = Vec::new();
    let mut one = |place: &str, manifest: &Value| {
        count += 1;
        problems.extend(schemas.problems(manifest).into_iter().map(|p| format!("{place}: {p}")));
        problems.extend(loose_ends(manifest).into_iter().map(|p| format!("{place}: {p}")));
        match resource_manifests(manifest) {
            Ok(inner) => {
                for (index, (template, manifest)) in inner.iter().enumerate() {
                    let name = &manifest["metadata"]["name"];
                    // The second job of one name would find the first one's SparkApplication there.
                    if !name.is_null() && inner[..index].iter().any(|(_, earlier)| earlier["metadata"]["name"] == *name) {
                        problems.push(format!("{place}: template {template}: {name} is the name of another template's object"));
                    }
                    // Spark 3.5 makes its executors' names of it: `spark.kubernetes.executor.podNamePrefix`, 47 characters at most.
                    if name.as_str().unwrap_or_default().len() > 47 {
                        problems.push(format!("{place}: template {template}: {name} is too long for Spark"));
                    }
                    count += 1;
                    problems.extend(schemas.problems(manifest).into_iter().map(|p| format!("{place}: template {template}: {p}")));
                }
            }
            Err(error) => problems.push(format!("{place}: {error}")),
        }
    };
    let mut unreadable = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".yaml") || path.ends_with(".yml")) {
        match documents(text) {
            Ok(list) => list.iter().for_each(|manifest| one(path, manifest)),
            Err(error) => unreadable.push(format!("{path}: {error}")),
        }
    }
    for path in files.keys().filter(|path| path.contains("/overlays/") && path.ends_with("/kustomization.yaml")) {
        let folder = path.trim_end_matches("/kustomization.yaml");
        match overlay::build(files, folder) {
            Ok(objects) => objects.iter().for_each(|object| one(&format!("{folder} as built"), object)),
            Err(error) => unreadable.push(error),
        }
    }
    problems.extend(unreadable);
    (count, problems)
}

fn assert_fine(sources: &[PathBuf], at_least: usize) {
    let schemas = Schemas::load();
    let mut total = 0;
    let mut all = Vec::new();
    for source in sources {
        let (count, problems) = judge(&schemas, &output(source));
        total += count;
        let name = source.strip_prefix(repository()).unwrap_or(source).display();
        all.extend(problems.into_iter().map(|p| format!("{name}: {p}")));
    }
    assert!(all.is_empty(), "{} problems in {total} manifests:\n{}", all.len(), all.join("\n"));
    assert!(total >= at_least, "only {total} manifests in the output of {} sources", sources.len());
    eprintln!("{total} manifests of {} sources", sources.len());
}

#[test]
fn fixtures_pass_their_schemas() {
    let sources: Vec<PathBuf> = folders(&repository().join("fixtures")).iter().map(|f| f.join("source")).filter(|f| f.is_dir()).collect();
    assert!(!sources.is_empty(), "no fixtures");
    assert_fine(&sources, 2 * sources.len());
}

#[test]
fn corpus_passes_its_schemas() {
    if corpus().is_dir() {
        // Each repository as a whole, and each folder of it as somebody would point at it.
        let mut sources = Vec::new();
        let mut open = folders(&corpus());
        while let Some(folder) = open.pop() {
            open.extend(folders(&folder));
            sources.push(folder);
        }
        sources.sort();
        assert_fine(&sources, 100);
    }
}

/// The workflow of the tests below, changed by `change`.
fn problems_of(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut workflow = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": {"name": "daily"},
        "spec": {
            "entrypoint": "main",
            "templates": [{"name": "main", "container": {
                "image": "x", "command": ["true"], "imagePullPolicy": "Always",
                "env": [{"name": "A", "value": "1"}],
                "ports": [{"containerPort": 80}],
            }}],
        },
    });
    change(&mut workflow);
    Schemas::load().problems(&workflow)
}

fn container(workflow: &mut Value) -> &mut Value {
    &mut workflow["spec"]["templates"][0]["container"]
}

#[test]
fn a_good_manifest_is_taken() {
    assert_eq!(problems_of(|_| {}), Vec::<String>::new());
}

#[test]
fn unknown_fields_are_refused() {
    assert_eq!(problems_of(|w| w["spec"]["entryPoint"] = "main".into()), ["spec.entryPoint: unknown field"]);
    assert_eq!(problems_of(|w| w["extra"] = 1.into()), ["extra: unknown field"]);
    assert_eq!(problems_of(|w| w["metadata"]["label"] = json!({})), ["metadata.label: unknown field"]);
    assert_eq!(problems_of(|w| container(w)["env"][0]["from"] = "x".into()), ["spec.templates[0].container.env[0].from: unknown field"]);
}

#[test]
fn wrong_types_are_refused() {
    assert_eq!(problems_of(|w| container(w)["command"] = "true".into()), ["spec.templates[0].container.command: \"true\" is no array"]);
    assert_eq!(problems_of(|w| container(w)["env"][0]["value"] = 1.into()), ["spec.templates[0].container.env[0].value: 1 is no string"]);
    assert_eq!(
        problems_of(|w| container(w)["ports"][0]["containerPort"] = "80".into()),
        ["spec.templates[0].container.ports[0].containerPort: \"80\" is no integer"]
    );
    assert_eq!(
        problems_of(|w| container(w)["ports"][0]["containerPort"] = json!(80.0)),
        ["spec.templates[0].container.ports[0].containerPort: 80.0 is no integer"]
    );
    assert_eq!(problems_of(|w| w["spec"]["suspend"] = "no".into()), ["spec.suspend: \"no\" is no boolean"]);
    assert_eq!(problems_of(|w| w["spec"]["suspend"] = Value::Null), ["spec.suspend: null"]);
    assert_eq!(problems_of(|w| w["spec"]["templates"] = json!({})), ["spec.templates: {} is no array"]);
}

#[test]
fn integers_beyond_their_size_are_refused() {
    let problems = problems_of(|w| container(w)["ports"][0]["containerPort"] = 3_000_000_000_u64.into());
    assert_eq!(problems, ["spec.templates[0].container.ports[0].containerPort: 3000000000 is not in -2147483648..2147483647"]);
}

#[test]
fn missing_fields_are_refused() {
    assert_eq!(problems_of(|w| drop(container(w).as_object_mut().unwrap().remove("image"))), Vec::<String>::new());
    assert_eq!(
        problems_of(|w| drop(container(w)["env"][0].as_object_mut().unwrap().remove("name"))),
        ["spec.templates[0].container.env[0]: `name` is missing"]
    );
    assert_eq!(problems_of(|w| drop(w.as_object_mut().unwrap().remove("spec"))), ["(whole): `spec` is missing"]);
    assert_eq!(problems_of(|w| w["metadata"] = json!({})), ["metadata: neither name nor generateName"]);
    let schemas = Schemas::load();
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "x"}});
    assert_eq!(schemas.problems(&binding), ["(whole): `roleRef` is missing"]);
}

#[test]
fn values_outside_an_enumeration_a_pattern_or_bounds_are_refused() {
    let schemas = Schemas::load();
    let spark = |change: fn(&mut Value)| {
        let mut manifest = json!({
            "apiVersion": "sparkoperator.k8s.io/v1beta2",
            "kind": "SparkApplication",
            "metadata": {"name": "x"},
            "spec": {"type": "Scala", "mode": "cluster", "sparkVersion": "3.5.7", "mainApplicationFile": "local:///a.jar", "driver": {}, "executor": {"instances": 1}},
        });
        change(&mut manifest);
        schemas.problems(&manifest)
    };
    assert_eq!(spark(|_| {}), Vec::<String>::new());
    assert_eq!(spark(|m| m["spec"]["type"] = "Cobol".into()), [r#"spec.type: "Cobol" is none of ["Java","Python","Scala","R"]"#]);
    assert_eq!(spark(|m| m["spec"]["executor"]["instances"] = 0.into()), ["spec.executor.instances: 0 is not in 1..2147483647"]);
    assert_eq!(spark(|m| m["metadata"]["labels"] = json!({"a": "b c"})).len(), 1);
    assert_eq!(spark(|m| m["metadata"]["name"] = "Job".into()).len(), 1);
    assert_eq!(problems_of(|w| w["spec"]["podDisruptionBudget"] = json!({"minAvailable": true})).len(), 1);
    assert_eq!(problems_of(|w| w["spec"]["podDisruptionBudget"] = json!({"minAvailable": "50%"})), Vec::<String>::new());
    assert_eq!(problems_of(|w| w["spec"]["ttlStrategy"] = json!({"secondsAfterSuccess": 1.5})).len(), 1);
}

#[test]
fn items_of_one_key_are_refused_twice() {
    let problems = problems_of(|w| {
        container(w)["ports"] = json!([{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "TCP"}]);
    });
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn unknown_kinds_are_refused() {
    let problems = Schemas::load().problems(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}));
    assert_eq!(problems, ["v1/Pod: no schema for this kind"]);
}

#[test]
fn the_manifest_inside_a_template_is_judged() {
    let manifest = "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nmetadata:\n  name: \"{{workflow.name}}-x\"\n\
                    spec:\n  type: Scala\n  mode: cluster\n  sparkVersion: 3.5.7\n  mainApplicationFile: x\n  driver: {}\n  executor:\n    instances: {{=asInt(x)}}\n    core: 1\n";
    let mut files = BTreeMap::new();
    let workflow = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate", "metadata": {"name": "daily"},
        "spec": {"entrypoint": "job", "templates": [{"name": "job", "resource": {"action": "create", "manifest": manifest}}]},
    });
    files.insert("a.yaml".to_owned(), workflow.to_string());
    let (count, problems) = judge(&Schemas::load(), &files);
    assert_eq!(count, 2);
    assert_eq!(problems, ["a.yaml: template job: spec.executor.core: unknown field"]);
}

#[test]
fn templates_that_do_not_fit_together_are_refused() {
    let workflow = json!({"spec": {"entrypoint": "mian", "templates": [
        {"name": "main", "steps": [[{"name": "a", "template": "job"}], [{"name": "a", "template": "jbo"}]]},
        {"name": "job", "suspend": {}},
        {"name": "job", "suspend": {}},
    ]}});
    let expected = [
        "two templates are named job",
        "no template is named \"jbo\"",
        "no template is named \"mian\"",
        "two steps of \"main\" are named \"a\"",
    ];
    assert_eq!(loose_ends(&workflow), expected);
}

#[test]
fn a_patch_of_an_overlay_is_judged_where_it_lands() {
    let base = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n";
    let overlay = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: prod\nresources: [../../base]\npatches:\n\
                   - target: {kind: WorkflowTemplate, name: daily}\n  patch: |\n    - op: replace\n      path: /spec/suspend\n      value: VALUE\n";
    let workflow = "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: daily}\nspec: {suspend: false}\n";
    let judged = |overlay: String| {
        let files = [
            ("p/base/kustomization.yaml", base.to_owned()),
            ("p/base/a.yaml", workflow.to_owned()),
            ("p/overlays/prod/kustomization.yaml", overlay),
        ];
        judge(&Schemas::load(), &files.map(|(path, text)| (path.to_owned(), text)).into()).1
    };
    assert_eq!(judged(overlay.replace("VALUE", "true")), Vec::<String>::new());
    assert_eq!(judged(overlay.replace("VALUE", "3")), ["p/overlays/prod as built: spec.suspend: 3 is no boolean"]);
    assert_eq!(judged(overlay.replace("/suspend", "/nothing")), ["p/overlays/prod/kustomization.yaml: nothing at /spec/nothing"]);
    assert_eq!(
        judged(overlay.replace("../../base", "../../bass")),
        ["p/overlays/prod/../bass/kustomization.yaml: not there".replace("overlays/prod/../", "")]
    );
}

#[test]
fn the_reader_refuses_what_a_manifest_must_not_hold() {
    for text in ["a: 1\na: 2\n", "1: a\n", "a: !x b\n", "a: .nan\n", "a: [\n", "a:\n\t- b\n"] {
        assert!(documents(text).is_err(), "{text:?} was read");
    }
    assert_eq!(documents("a: 1\n---\nb: on\n").unwrap(), [json!({"a": 1}), json!({"b": "on"})]);
}
