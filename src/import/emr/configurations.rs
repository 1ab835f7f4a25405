//! Lists of classifications.
use super::node::{is_empty, malformed, report_unknown};
use crate::facts;
use crate::ir::cluster::Classification;
use crate::ir::estate::ConfigurationFile;
use crate::ir::value::Val;
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::emr::{EMR101, EMR102, EMR103, EMR104, EMR106, EMR111, EMR112};
use crate::source::secret;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Sourced;

/// The members of a classification; templates of AWS call the properties `ConfigurationProperties`.
const MEMBERS: [&str; 4] = ["Classification", "Properties", "ConfigurationProperties", "Configurations"];

/// Whether a document is a list of classifications, or `{"Configurations": […]}` and nothing else. Reads nothing.
#[must_use]
pub fn looks_like_configurations(node: &Node) -> bool {
    match &node.kind {
        Kind::Array(items) => {
            !items.is_empty()
                && items.iter().all(|item| {
                    matches!(&item.kind, Kind::Object(entries) if entries.iter().any(|e| is_member(&e.key, "Classification") && matches!(e.value.kind, Kind::String(_)))
                        && (known(entries) || entries.iter().any(|e| MEMBERS[1..].iter().any(|m| is_member(&e.key, m)))))
                })
        }
        Kind::Object(entries) => {
            matches!(entries.as_slice(), [only] if is_member(&only.key, "Configurations") && matches!(only.value.kind, Kind::Array(_)) && looks_like_configurations(&only.value))
        }
        _ => false,
    }
}

/// Whether the classification is one of EMR's: then a slip in the other members does not make it something else.
fn known(entries: &[Entry]) -> bool {
    entries.iter().any(|e| {
        is_member(&e.key, "Classification") && matches!(&e.value.kind, Kind::String(name) if facts::classification(name).is_some())
    })
}

/// Reads a file of classifications.
pub fn import_configurations(node: &Node, path: &str, sink: &mut Sink) -> ConfigurationFile {
    let list = match &node.kind {
        Kind::Object(_) => node.object().and_then(|entries| entries.first()).map_or(node, |entry| &entry.value),
        _ => node,
    };
    ConfigurationFile { path: path.to_owned(), classifications: import_classifications(list, sink), span: node.span }
}

/// Reads a list of classifications, wherever it stands.
pub fn import_classifications(node: &Node, sink: &mut Sink) -> Vec<Classification> {
    classifications(node, None, sink)
}

fn is_member(key: &str, member: &str) -> bool {
    // The AWS console and some tools write the first letter small.
    key.eq_ignore_ascii_case(member)
}

fn classifications(node: &Node, parent: Option<&str>, sink: &mut Sink) -> Vec<Classification> {
    let Some(items) = node.array() else {
        if !is_empty(node) {
            malformed(node, "a list of classifications", sink);
        }
        return Vec::new();
    };
    let mut out: Vec<Classification> = Vec::new();
    for item in items {
        let Some(found) = classification(item, parent, sink) else { continue };
        if let Some(first) = out.iter().find(|c| c.name.value == found.name.value) {
            sink.report(
                Diagnostic::warning(&EMR103, found.name.span(), format!("classification `{}` stands twice", found.name.value))
                    .related(first.name.span(), "first given here")
                    .help("join them: of equal properties the later one is taken"),
            );
        }
        out.push(found);
    }
    out
}

fn classification(item: &Node, parent: Option<&str>, sink: &mut Sink) -> Option<Classification> {
    let Some(entries) = item.object() else {
        malformed(item, "a classification", sink);
        return None;
    };
    // Of equal keys the last counts, as in every JSON reader.
    let member = |name: &str| entries.iter().rev().find(|e| is_member(&e.key, name));
    let name = member("Classification").and_then(|e| e.value.sourced_str());
    let Some(name) = name else {
        item.mark_tree_read();
        sink.report(
            Diagnostic::warning(&EMR106, item.span, "a configuration without the name of its classification")
                .help("add `Classification`: the AWS CLI refuses it without"),
        );
        sink.unsupported(item.span, &EMR106, "no classification is named");
        return None;
    };
    check_name(&name, parent, sink);
    let mut out = Classification { name, properties: Vec::new(), nested: Vec::new(), span: item.span };
    for entry in entries {
        let Some(known) = MEMBERS.iter().find(|m| is_member(&entry.key, m)) else {
            report_unknown(entry, facts::near(&entry.key, MEMBERS), sink);
            continue;
        };
        if member(known).is_some_and(|last| last.value.span != entry.value.span) {
            entry.value.mark_tree_read();
            sink.ignore(entry.value.span, &EMR111, format!("a later `{known}` takes its place"));
            continue;
        }
        if is_empty(&entry.value) {
            entry.value.mark_tree_read();
            sink.ignore(entry.value.span, &EMR111, "empty: it says nothing");
            continue;
        }
        match *known {
            "Properties" | "ConfigurationProperties" => properties(&entry.value, &mut out, sink),
            "Configurations" => {
                let parent = out.name.value.clone();
                out.nested.extend(classifications(&entry.value, Some(&parent), sink));
            }
            _ => {}
        }
    }
    Some(out)
}

fn check_name(name: &Sourced<String>, parent: Option<&str>, sink: &mut Sink) {
    if let Some(parent) = parent {
        // Only environments have something inside: `export`.
        if name.value != "export" {
            let message = format!("`{}` stands inside `{parent}`, where EMR takes `export` only", name.value);
            sink.report(Diagnostic::warning(&EMR101, name.span(), message).help("move it to the outer list"));
        }
        return;
    }
    if facts::classification(&name.value).is_none() {
        let diagnostic = Diagnostic::warning(&EMR101, name.span(), format!("EMR has no classification `{}`", name.value));
        sink.report(diagnostic.help(match facts::near_classification(&name.value) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "see \"Configuration classifications\" of your release in the Amazon EMR Release Guide".to_owned(),
        }));
    }
}

fn properties(node: &Node, out: &mut Classification, sink: &mut Sink) {
    let Some(entries) = node.object() else {
        return malformed(node, "an object of properties", sink);
    };
    for (at, entry) in entries.iter().enumerate() {
        if entries[at + 1..].iter().any(|later| later.key == entry.key) {
            entry.value.mark_tree_read();
            sink.ignore(entry.value.span, &EMR111, format!("a later `{}` takes its place", entry.key));
            continue;
        }
        let Some(value) = property_value(entry, sink) else { continue };
        if let Some(why) = value.literal().as_deref().and_then(|text| secret::reason(&entry.key, text)) {
            sink.report(
                Diagnostic::warning(&EMR104, entry.value.span, format!("`{}` of `{}` is a secret: {why}", entry.key, out.name.value))
                    .help("put it into a secret store, and change it"),
            );
        }
        out.properties.push((Sourced::new(entry.key.to_string(), entry.key_span), value));
    }
}

fn property_value(entry: &Entry, sink: &mut Sink) -> Option<Val> {
    let value = &entry.value;
    if let Some(text) = value.str() {
        return Some(Val::text(text, value.span));
    }
    let message = format!("the value of `{}` is {}, and EMR takes texts only", entry.key, value.describe());
    sink.report(Diagnostic::warning(&EMR102, value.span, message).help("put it in quotes"));
    match value.kind {
        Kind::Number(_) | Kind::Bool(_) => value.scalar_text().map(|text| Val::text(text, value.span)),
        _ => {
            value.mark_tree_read();
            sink.unsupported(value.span, &EMR112, "EMR takes texts only as values of properties");
            None
        }
    }
}
