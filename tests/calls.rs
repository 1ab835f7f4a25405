//! Writes the scripts of calls for `tests/calls.sh`, which runs them against a server that plays AWS.
//!
//! Ignored in the everyday run: `tests/calls.sh` sets `EMR2K8S_CALLS_OUT`.
use emr2k8s::emit::calls;
use emr2k8s::emit::yaml::{Node, Yaml};
use emr2k8s::facts::calls::CallResource;
use emr2k8s::simulate::reader::Reading;
use emr2k8s::source::span::Origins;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[path = "support/node.rs"]
mod node;
use node::{field, text};

#[test]
#[ignore = "tests/calls.sh runs it"]
fn write_scripts() {
    let folder = std::env::var("EMR2K8S_CALLS_OUT").expect("EMR2K8S_CALLS_OUT");
    let list = std::env::var("EMR2K8S_CALLS").expect("EMR2K8S_CALLS");
    for line in list.split_ascii_whitespace() {
        let (name, resource) = line.split_once('=').expect("name=resource");
        let call = CallResource::parse(resource).unwrap_or_else(|why| panic!("{resource}: {why:?}"));
        let template = calls::container(&call, name, &Origins::none(), None).unwrap_or_else(|fate| panic!("{resource}: {fate:?}"));
        write(&folder, name, &template, resource);
    }
    for (name, reading, most) in [
        ("items-file", Reading::File, None),
        ("items-list", Reading::Listing, None),
        ("items-list-2", Reading::Listing, Some(2)),
        ("items-files", Reading::Files, None),
    ] {
        write(&folder, name, &calls::s3::reader(name, reading, most, &Origins::none()), "");
    }
    write(&folder, "results", &calls::s3::writer("results", &Origins::none()), "");
}

/// A template's script as a file, with its variables but for the request; `function`: the one that it calls, where it is a parameter.
fn write(folder: &str, name: &str, template: &Node, function: &str) {
    let script = field(template, "script");
    let mut head = String::new();
    if let Some(Yaml::List(variables)) = script.get("env").map(|variables| &variables.yaml) {
        for variable in variables {
            let (name, value) = (text(field(variable, "name")), text(field(variable, "value")));
            match name {
                "REQUEST" => {}
                "FUNCTION" => writeln!(head, "export FUNCTION='{function}'").unwrap(),
                _ => writeln!(head, "export {name}='{value}'").unwrap(),
            }
        }
    }
    fs::write(Path::new(folder).join(name), format!("{head}{}", text(field(script, "source")))).unwrap();
}
