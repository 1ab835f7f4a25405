//! A definition with its variables resolved, as a tree of its own: the importer of states reads nodes, not values.
use super::intrinsic::has_framework_variable;
use super::resolve::{Resolved, Resolver};
use crate::ir::value::{Val, Value};
use crate::source::node::{Entry, Kind, Node};
use crate::source::span::{Origins, Span};

/// What a rebuilt tree's values were shaped by.
#[derive(Default)]
pub(super) struct Rebuilt {
    /// Whether any variable was resolved.
    pub changed: bool,
    pub shaped: Vec<(Span, Origins)>,
}

/// Copies a tree, each text with variables replaced by its value. Values keep the place where they were found.
pub(super) fn rebuild<'a>(resolver: &mut Resolver<'a, '_>, node: &'a Node, outer: &Origins, out: &mut Rebuilt) -> Node {
    if !resolver.enter(node.span) {
        return Node::new(node.span, Kind::Null);
    }
    let copy = match &node.kind {
        Kind::String(text) if has_framework_variable(text) => {
            out.changed = true;
            match resolver.resolve_tagged(node) {
                Resolved::Node(found, origins) => {
                    resolver.visited.insert(node.span);
                    rebuild(resolver, found, &origins.with(outer), out)
                }
                Resolved::Value(value) => from_value(&value, node.span, outer, out).with_tag(node.tag.as_deref()),
            }
        }
        Kind::Array(items) if !items.is_empty() => {
            let items = items.iter().map(|item| rebuild(resolver, item, outer, out)).collect();
            Node::new(node.span, Kind::Array(items)).with_tag(node.tag.as_deref())
        }
        Kind::Object(entries) if !entries.is_empty() => {
            let entries = entries
                .iter()
                .map(|e| Entry { key: e.key.clone(), key_span: e.key_span, value: rebuild(resolver, &e.value, outer, out) })
                .collect();
            Node::new(node.span, Kind::Object(entries)).with_tag(node.tag.as_deref())
        }
        kind => {
            resolver.visited.insert(node.span);
            if !outer.is_empty() {
                out.shaped.push((node.span, outer.clone().with(&Origins::one(node.span))));
            }
            let kind = match kind {
                Kind::Null | Kind::Expr(_) => Kind::Null,
                Kind::Bool(value) => Kind::Bool(*value),
                Kind::Number(text) => Kind::Number(text.clone()),
                Kind::String(text) => Kind::String(text.clone()),
                Kind::Array(_) => Kind::Array(Vec::new()),
                Kind::Object(_) => Kind::Object(Vec::new()),
            };
            Node::new(node.span, kind).with_tag(node.tag.as_deref())
        }
    };
    resolver.leave();
    copy
}

/// A value as a node, all of it at one place.
fn from_value(value: &Val, span: Span, outer: &Origins, out: &mut Rebuilt) -> Node {
    let kind = match &value.value {
        Value::Null => Kind::Null,
        Value::Bool(value) => Kind::Bool(*value),
        Value::Number(text) => Kind::Number(text.as_str().into()),
        Value::List(items) if !items.is_empty() => Kind::Array(items.iter().map(|item| from_value(item, span, outer, out)).collect()),
        Value::Map(entries) if !entries.is_empty() => Kind::Object(
            entries
                .iter()
                .map(|(key, value)| Entry {
                    key: key.value.as_str().into(),
                    key_span: key.span().unwrap_or(span),
                    value: from_value(value, span, outer, out),
                })
                .collect(),
        ),
        Value::List(_) => Kind::Array(Vec::new()),
        Value::Map(_) => Kind::Object(Vec::new()),
        // Symbols stay in the text as `${name}`, the unknown as its expression.
        Value::Text(_) | Value::Symbol(_) | Value::Unknown(_) => Kind::String(value.display().into()),
    };
    out.shaped.push((span, value.origins.clone().with(outer)));
    Node::new(span, kind)
}
