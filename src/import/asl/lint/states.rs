//! Names and sizes.
use super::each_state;
use crate::ir::machine::Machine;
use crate::source::rules::lint::{ASL260, ASL261};
use crate::source::sink::{Diagnostic, Severity, Sink};
use crate::source::span::Span;

/// The largest definition, in bytes ("Step Functions service quotas": 1 MB).
const LARGEST: u32 = 1_048_576;

pub(super) fn machine(machine: &Machine, sink: &mut Sink) {
    let size = machine.span.len();
    if size > LARGEST {
        let at = Span { end: machine.span.start.saturating_add(1).min(machine.span.end), ..machine.span };
        let message = format!("the definition has {size} bytes, but Step Functions takes at most {LARGEST}");
        // Of another format, what is deployed is another text.
        let severity = if machine.file.ends_with(".json") { Severity::Error } else { Severity::Warning };
        let report = Diagnostic::new(&ASL260, severity, Some(at), message);
        sink.report(report.help("move parts of it into state machines of their own"));
    }
    each_state(&machine.graph, &mut |state| {
        if state.name.value.is_empty() {
            let report = Diagnostic::error(&ASL261, state.name.span(), "a state has an empty name");
            sink.report(report.help("give it a name of 1 to 80 characters"));
        }
    });
}
