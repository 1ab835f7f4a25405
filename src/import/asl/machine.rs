//! The whole definition and the graphs in it.
use super::fields;
use super::lint;
use super::reader::{Fields, Reader};
use crate::ir::machine::{Graph, Machine, QueryLanguage};
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::asl::{ASL104, ASL105, ASL107, ASL110, ASL118, ASL120, ASL134};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{FileId, Sourced, Span};
use std::collections::BTreeMap;

/// Whether a document is a state machine: an object with `States` and `StartAt`, and with a state that has a `Type` of the
/// language (or with no states at all), so that another tool's workflow is not taken for one. Where `StartAt` is missing, an
/// object whose `States` all have a `Type`, so that the mistake is reported. Reads nothing.
#[must_use]
pub fn looks_like(node: &Node) -> bool {
    let Some(states) = node.get("States") else { return false };
    let Kind::Object(entries) = &states.kind else { return node.get("StartAt").is_some() };
    if node.get("StartAt").is_some() {
        return entries.is_empty() || entries.iter().any(|entry| has_type(&entry.value));
    }
    !entries.is_empty() && entries.iter().all(|entry| entry.value.get("Type").is_some())
}

/// Whether a state has a `Type`, and anything else that another tool would not write: a `Type` of the language, or fields of
/// it beside a misspelt one.
fn has_type(state: &Node) -> bool {
    const FIELDS: [&str; 6] = ["Next", "End", "Resource", "Choices", "Branches", "Default"];
    state.get("Type").is_some() || FIELDS.iter().any(|field| state.get(field).is_some())
}

/// Reads a state machine. `path` is the file's, relative to SRC; `name` is the one it is deployed under, or the file's stem.
/// Problems go to `sink`; the machine is as complete as the text allows.
pub fn import(node: &Node, file: FileId, path: &str, name: &str, sink: &mut Sink) -> Machine {
    let start = Span { file, start: node.span.start, end: node.span.start };
    let mut machine = Machine {
        name: Sourced::new(name.to_owned(), start),
        file: path.to_owned(),
        comment: None,
        version: None,
        timeout_seconds: None,
        query_language: QueryLanguage::JsonPath,
        query_language_span: None,
        graph: Graph { start_at: None, states: Vec::new(), comment: None, span: node.span },
        machine_type: None,
        deployed_by: None,
        substitutions: Vec::new(),
        span: node.span,
    };
    let mut reader = Reader { sink, machine_language: QueryLanguage::JsonPath };
    let head = Span { end: node.span.end.min(node.span.start.saturating_add(1)), ..node.span };
    let Some(mut fields) = reader.fields(node, head, "the state machine") else { return machine };
    fields::screen_names(&mut reader, &mut fields, fields::ROOT, "a state machine");
    if let Some(entry) = fields.take("QueryLanguage") {
        machine.query_language_span = Some(entry.value.span);
        machine.query_language = reader.query_language(entry).unwrap_or_default();
        reader.machine_language = machine.query_language;
    }
    machine.comment = fields.take("Comment").and_then(|e| reader.comment(e));
    machine.version = fields.take("Version").and_then(|e| reader.text(e));
    machine.timeout_seconds = fields.take("TimeoutSeconds").and_then(|e| reader.integer(e, 1, fields::MAX_SECONDS));
    machine.graph = reader.graph(&mut fields, node.span);
    fields.finish(&mut reader);
    lint::machine(&machine, sink);
    machine
}

impl Reader<'_> {
    /// `QueryLanguage` of a machine or a state; `None` where its value is not one.
    pub(super) fn query_language(&mut self, entry: &Entry) -> Option<QueryLanguage> {
        let text = self.text(entry)?;
        match text.value.as_str() {
            "JSONPath" => Some(QueryLanguage::JsonPath),
            "JSONata" => Some(QueryLanguage::Jsonata),
            other => {
                let mut report = Diagnostic::error(&ASL104, entry.value.span, format!("`{other}` is no query language"));
                report = match fields::nearest(other, ["JSONPath", "JSONata"]) {
                    Some(near) => report.help(format!("did you mean `{near}`?")),
                    None => report.help("write `JSONPath` or `JSONata`"),
                };
                self.sink.report(report);
                None
            }
        }
    }

    /// `StartAt` and `States` of a machine, a branch or an item processor.
    pub(super) fn graph(&mut self, fields: &mut Fields<'_>, span: Span) -> Graph {
        let mut graph = Graph { start_at: None, states: Vec::new(), comment: None, span };
        match fields.take("StartAt") {
            Some(entry) => graph.start_at = self.text(entry),
            None => self.sink.report(
                Diagnostic::error(&ASL110, fields.at, format!("{} has no `StartAt`", fields.what))
                    .help("add `StartAt` with the name of the first state"),
            ),
        }
        let Some(entry) = fields.take("States") else {
            self.sink.report(
                Diagnostic::error(&ASL107, fields.at, format!("{} has no `States`", fields.what))
                    .help("add `States` with at least one state"),
            );
            return graph;
        };
        let Some(entries) = entry.value.object() else {
            self.drop_wrong_type(&entry.value, "States", "an object");
            return graph;
        };
        if entries.is_empty() {
            let message = format!("`States` of {} is empty", fields.what);
            self.sink.report(Diagnostic::error(&ASL118, entry.value.span, message).help("add at least one state"));
            self.sink.ignore(entry.value.span, &ASL118, "there are no states in it");
        }
        let last: BTreeMap<&str, &Entry> = entries.iter().map(|entry| (&*entry.key, entry)).collect();
        for entry in entries {
            if let Some(later) = last.get(&*entry.key).filter(|last| last.key_span != entry.key_span) {
                self.sink.report(
                    Diagnostic::error(&ASL120, later.key_span, format!("state `{}` is defined twice", entry.key))
                        .related(entry.key_span, "this one is replaced")
                        .help("rename one of them"),
                );
                self.sink.ignore(entry.value.span, &ASL134, format!("a later state `{}` replaces it", entry.key));
                continue;
            }
            let misplaced = fields::ROOT.iter().any(|(name, _)| *name == &*entry.key);
            if misplaced && !matches!(entry.value.kind, Kind::Object(_)) {
                let message = format!("`{}` stands among the states, but is none", entry.key);
                let help = format!("move `{}` out of `States`", entry.key);
                self.drop_value(&entry.value, Diagnostic::error(&ASL105, entry.key_span, message).help(help));
                continue;
            }
            graph.states.push(self.state(entry));
        }
        graph
    }

    /// A branch or an item processor that is an object of its own.
    pub(super) fn inner_graph(&mut self, node: &Node, at: Span, what: &str) -> Option<Graph> {
        let mut fields = self.fields(node, at, what)?;
        self.refuse_inner_language(&mut fields);
        fields::screen_names(self, &mut fields, fields::BRANCH, what);
        let comment = fields.take("Comment").and_then(|e| self.comment(e));
        let mut graph = self.graph(&mut fields, node.span);
        graph.comment = comment;
        fields.finish(self);
        Some(graph)
    }

    /// A branch or processor that names a query language: AWS refuses it (floci#2968), and it would have no effect.
    pub(super) fn refuse_inner_language(&mut self, fields: &mut Fields<'_>) {
        if let Some(entry) = fields.take("QueryLanguage") {
            let message = format!("{} cannot have a `QueryLanguage` of its own", fields.what);
            let help = "set it on the state machine, or on each state inside";
            self.drop_value(&entry.value, Diagnostic::error(&ASL104, entry.key_span, message).help(help));
        }
    }
}
