//! Kustomizations: the base of a pipeline and one overlay for each stage.
use super::stages::Patch;
use super::yaml::{self, Node, Writer};
use crate::source::rules::emit::EMI104;

const W: Writer = Writer(&EMI104);

/// The base: its files, in order.
#[must_use]
pub fn base(resources: &[String]) -> Node {
    kustomization().field("resources", W.list(resources.iter().map(|r| W.text(r)).collect())).build()
}

/// An overlay: where the stage runs, and what differs there. `patches`: kind and name of the patched object, and its patches.
#[must_use]
pub fn overlay(pipeline: &str, stage: &str, namespace: &str, resources: &[String], patches: &[(String, String, Vec<Patch>)]) -> Node {
    let pairs = W.flow(W.map().text("app.kubernetes.io/part-of", pipeline).text("environment", stage).build());
    let labels = W.map().field("pairs", pairs).field("includeSelectors", W.bool(false)).build();
    let mut map = kustomization()
        .text("namespace", namespace)
        .field("resources", W.list(resources.iter().map(|r| W.text(r)).collect()))
        .field("labels", W.list(vec![labels]));
    let patches: Vec<Node> =
        patches.iter().filter(|(_, _, list)| !list.is_empty()).map(|(kind, name, list)| patch(kind, name, list)).collect();
    if !patches.is_empty() {
        map = map.field("patches", W.list(patches));
    }
    map.build()
}

fn patch(kind: &str, name: &str, list: &[Patch]) -> Node {
    let operations = list
        .iter()
        .map(|patch| {
            let rule = Writer(patch.value.rule);
            rule.map().text("op", "replace").text("path", patch.path.clone()).field("value", patch.value.clone()).build()
        })
        .collect();
    W.map()
        .field("target", W.flow(W.map().text("kind", kind).text("name", name).build()))
        .field("patch", W.block(W.list(operations)))
        .build()
}

fn kustomization() -> yaml::MapBuilder {
    W.map().text("apiVersion", "kustomize.config.k8s.io/v1beta1").text("kind", "Kustomization")
}
