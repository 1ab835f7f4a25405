//! Taking values out of nodes, and the marks for what is not taken.
use crate::facts::emr_api::{Fate, member, near_member};
use crate::ir::value::{Val, Value};
use crate::source::node::{Kind, Node};
use crate::source::rules::emr::{EMR105, EMR106, EMR120, EMR121, EMR122};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Sourced;

/// Gives every member of the object its fate; those to be taken are left to the caller.
///
/// Of equal keys all but the last are marked: no reader takes them.
pub(super) fn fates(node: &Node, shape: &str, sink: &mut Sink) {
    let Some(entries) = node.object() else {
        return malformed(node, "an object", sink);
    };
    for (at, entry) in entries.iter().enumerate() {
        let value = &entry.value;
        if entries[at + 1..].iter().any(|later| later.key == entry.key) {
            value.mark_tree_read();
            sink.ignore(value.span, &EMR121, format!("a later `{}` takes its place", entry.key));
            continue;
        }
        let Some(fate) = member(shape, &entry.key) else {
            unknown_member(node, shape, entry, sink);
            continue;
        };
        if is_empty(value) {
            value.mark_tree_read();
            sink.ignore(value.span, &EMR121, "empty: it says nothing");
            continue;
        }
        match fate {
            Fate::Take => {}
            Fate::Into(inner) => fates(value, inner, sink),
            Fate::Absorb(why) => {
                value.mark_tree_read();
                sink.absorb(value.span, &EMR120, why);
            }
            Fate::Ignore(why) => {
                value.mark_tree_read();
                sink.ignore(value.span, &EMR121, why);
            }
            Fate::Unsupported(why) => {
                value.mark_tree_read();
                sink.unsupported(value.span, &EMR122, why);
                sink.report(Diagnostic::changed(&EMR122, entry.key_span, format!("`{}` is not translated: {why}", entry.key)));
            }
        }
    }
}

fn unknown_member(node: &Node, shape: &str, entry: &crate::source::node::Entry, sink: &mut Sink) {
    let near = near_member(shape, &entry.key).filter(|known| node.get(known).is_none());
    report_unknown(entry, near, sink);
}

/// Reports a key that the API does not have, and marks what stands under it.
pub(super) fn report_unknown(entry: &crate::source::node::Entry, near: Option<&str>, sink: &mut Sink) {
    let mut diagnostic = Diagnostic::warning(&EMR105, entry.key_span, format!("EMR's API has no `{}` here", entry.key));
    diagnostic = diagnostic.help(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "remove it: the AWS CLI refuses it".to_owned(),
    });
    sink.report(diagnostic);
    entry.value.mark_tree_read();
    sink.unsupported(entry.value.span, &EMR105, "EMR's API has no such member");
}

/// Whether a value says nothing: null, `[]`, `{}`.
pub(super) fn is_empty(node: &Node) -> bool {
    match &node.kind {
        Kind::Null => true,
        Kind::Array(items) => items.is_empty(),
        Kind::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// Reports a value of the wrong kind, and marks it.
pub(super) fn malformed(node: &Node, wanted: &str, sink: &mut Sink) {
    node.mark_tree_read();
    sink.report(
        Diagnostic::warning(&EMR106, node.span, format!("{} stands where EMR takes {wanted}", node.describe()))
            .help("correct it: the AWS CLI refuses it"),
    );
    sink.unsupported(node.span, &EMR106, format!("not {wanted}"));
}

/// The scalar under a key. Absent and null are `None`; a list or an object is reported.
pub(super) fn scalar(node: &Node, key: &str, sink: &mut Sink) -> Option<Val> {
    let value = node.get(key)?;
    match &value.kind {
        // `fates` has marked it.
        Kind::Null => None,
        Kind::String(_) => value.str().map(|text| Val::text(text, value.span)),
        Kind::Number(_) => value.number().map(|text| Val::new(Value::Number(text.to_owned()), value.span)),
        Kind::Bool(_) => value.bool().map(|b| Val::new(Value::Bool(b), value.span)),
        Kind::Array(_) | Kind::Object(_) | Kind::Expr(_) => {
            if !is_empty(value) {
                malformed(value, "a single value", sink);
            }
            None
        }
    }
}

/// The list under a key: empty where it is absent or null; anything else is reported.
pub(super) fn list<'a>(node: &'a Node, key: &str, sink: &mut Sink) -> &'a [Node] {
    let Some(value) = node.get(key) else { return &[] };
    if let Some(items) = value.array() {
        return items;
    }
    if !is_empty(value) {
        malformed(value, "a list", sink);
    }
    &[]
}

/// The objects of the list under a key; anything else in it is reported.
pub(super) fn objects<'a>(node: &'a Node, key: &str, sink: &mut Sink) -> Vec<&'a Node> {
    let mut out = Vec::new();
    for item in list(node, key, sink) {
        if matches!(&item.kind, Kind::Object(entries) if !entries.is_empty()) {
            out.push(item);
        } else {
            malformed(item, "an object", sink);
        }
    }
    out
}

/// The texts of the list under a key.
pub(super) fn texts(node: &Node, key: &str, sink: &mut Sink) -> Vec<Val> {
    list(node, key, sink)
        .iter()
        .filter_map(|item| {
            let text = item.scalar_text().map(|text| Val::text(text, item.span));
            if text.is_none() {
                malformed(item, "a text", sink);
            }
            text
        })
        .collect()
}

/// A scalar with its text.
pub(super) fn sourced(node: &Node, key: &str, sink: &mut Sink) -> Option<Sourced<String>> {
    scalar(node, key, sink).and_then(|val| val.sourced())
}
