//! Tests of the whole reader: nothing is lost, each rule speaks, real definitions pass.
mod closure;
mod corpus;
mod lint;
mod rules;

use super::import;
use crate::ir::machine::Machine;
use crate::source::json;
use crate::source::node::Node;
use crate::source::sink::{Severity, Sink};
use crate::source::span::FileId;

const FILE: FileId = FileId(0);

/// A definition, read.
struct Read {
    node: Node,
    machine: Machine,
    sink: Sink,
}

/// Reads JSON. Problems of the JSON itself fail the test, but for duplicate keys.
fn read(text: &str) -> Read {
    let mut syntax = Sink::default();
    let node = json::parse(text, FILE, &mut syntax).unwrap_or_else(|| panic!("not JSON: {:?}\n{text}", syntax.diagnostics));
    let mut sink = Sink::default();
    let machine = import(&node, FILE, "m.asl.json", "m", &mut sink);
    Read { node, machine, sink }
}

impl Read {
    /// Every scalar that is neither in the machine nor in a mark. That it is reported does not count: the ledger asks for its end.
    fn lost(&self) -> Vec<String> {
        lost(&self.node, &self.machine, &self.sink)
    }

    /// `CODE severity: message` of every diagnostic.
    fn said(&self) -> Vec<String> {
        said(&self.sink)
    }

    fn said_errors(&self) -> Vec<String> {
        self.said().into_iter().filter(|line| line.contains(" error: ")).collect()
    }
}

fn lost(node: &Node, machine: &Machine, sink: &Sink) -> Vec<String> {
    let held: std::collections::BTreeSet<_> = machine.spans().iter().collect();
    node.scalars()
        .into_iter()
        .filter(|scalar| {
            let marked = sink.marks.iter().any(|mark| mark.span.contains(scalar.span));
            !(held.contains(&scalar.span) || marked)
        })
        .map(|scalar| format!("{} = {}", scalar.pointer, scalar.value))
        .collect()
}

fn said(sink: &Sink) -> Vec<String> {
    let severity = |severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Question => "question",
        Severity::Note => "note",
    };
    sink.diagnostics.iter().map(|report| format!("{} {}: {}", report.rule.code, severity(report.severity), report.message)).collect()
}
