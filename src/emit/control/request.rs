//! The runtime pod and what it is asked.
use super::text;
use crate::emit::yaml::{Node, Writer};
use crate::source::rules::argo::ARG113;

/// The template of the pod: takes a request, gives what it is asked for.
pub fn evaluate(name: &str, image: &str) -> Node {
    let w = Writer(&ARG113);
    let artifact = w.map().text("name", "request").text("path", "/tmp/request.json").build();
    let container = w
        .map()
        .text("image", image)
        .field("command", w.flow(w.list(vec![w.text("emr2k8s")])))
        .field("args", w.flow(w.list(vec![w.text("eval")])))
        .field(
            "resources",
            w.map()
                .field("requests", w.flow(w.map().text("cpu", "50m").text("memory", "32Mi").build()))
                .field("limits", w.flow(w.map().text("memory", "256Mi").build()))
                .build(),
        )
        .build();
    let outputs = ["output", "variables", "next", "error"].map(|output| {
        let from = w.map().text("path", format!("/tmp/emr2k8s/{output}")).text("default", "").build();
        w.map().text("name", output).field("valueFrom", from).build()
    });
    w.map()
        .text("name", name)
        .field("inputs", w.map().field("artifacts", w.list(vec![artifact])).build())
        .field("container", container)
        .field("outputs", w.map().field("parameters", w.list(outputs.to_vec())).build())
        .build()
}

/// The request for one part of a state: JSON around the data, which is JSON text itself.
///
/// The pod gets it in an environment variable, where a kubelet takes `$$` for `$` and `$(…)` for a variable; JSON may write a dollar as an escape.
pub fn request(part: &str, name: &str, definition: &str, data: &[(&str, String)], machine: &str) -> String {
    let name = crate::simulate::eval::safe(&crate::simulate::value::Value::string(name));
    let escaped = |text: &str| text.replace("$$", "\\u0024$").replace("$(", "\\u0024(");
    let mut out = format!(r#"{{"part":"{part}","name":{},"state":{}"#, escaped(&name), escaped(definition));
    for (key, expression) in data {
        let value = if *key == "catcher" { expression.clone() } else { text::tag(&without_dollars(expression)) };
        out.push_str(&format!(r#","{key}":{value}"#));
    }
    if definition.contains("$$") || definition.contains("context") || part == "written" {
        let input = text::tag(&without_dollars(&text::safe_json("workflow.parameters.input")));
        let machine = escaped(&crate::simulate::eval::safe(&crate::simulate::value::Value::string(machine)));
        out.push_str(&format!(
            r#","machine":{machine},"execution":{{"Input":{input},"Name":"{{{{workflow.name}}}}","StartTime":"{{{{workflow.creationTimestamp.RFC3339}}}}"}}"#
        ));
    }
    out.push('}');
    out
}

/// JSON text as an artifact's content.
pub fn content(json: &str) -> String {
    text::tag(&without_dollars(json))
}

fn without_dollars(expression: &str) -> String {
    format!(r#"sprig.replace("$", "\\u0024", {expression})"#)
}
