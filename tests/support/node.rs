//! Looks into a node that an emitter made.
use emr2k8s::emit::yaml::Node;

pub fn field<'a>(node: &'a Node, key: &str) -> &'a Node {
    node.get(key).unwrap_or_else(|| panic!("no {key}: {node:?}"))
}

pub fn text(node: &Node) -> &str {
    node.as_text().unwrap_or_else(|| panic!("no text: {node:?}"))
}
