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

fn field<'a>(node: &'a Node, key: &str) -> &'a Node {
    let fields = match &node.yaml {
        Yaml::Map(fields) => fields,
        Yaml::Flow(inner) => match &**inner {
            Yaml::Map(fields) => fields,
            other => panic!("no map: {other:?}"),
        },
        other => panic!("no map: {other:?}"),
    };
    &fields.iter().find(|f| f.key == key).unwrap_or_else(|| panic!("no {key}")).value
}

fn text(node: &Node) -> &str {
    let Yaml::Text(text) = &node.yaml else { panic!("no text: {:?}", node.yaml) };
    text
}

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
    let variables = match &script.yaml {
        Yaml::Map(fields) => fields.iter().find(|field| field.key == "env").map(|field| &field.value.yaml),
        _ => None,
    };
    if let Some(Yaml::List(variables)) = variables {
        for variable in variables {
            let Yaml::Flow(map) = &variable.yaml else { panic!("no map") };
            let Yaml::Map(fields) = &**map else { panic!("no map") };
            let (name, value) = (text(&fields[0].value), text(&fields[1].value));
            match name {
                "REQUEST" => {}
                "FUNCTION" => writeln!(head, "export FUNCTION='{function}'").unwrap(),
                _ => writeln!(head, "export {name}='{value}'").unwrap(),
            }
        }
    }
    fs::write(Path::new(folder).join(name), format!("{head}{}", text(field(script, "source")))).unwrap();
}
