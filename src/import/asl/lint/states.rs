//! Names and sizes.
use super::each_state;
use crate::ir::machine::Machine;
use crate::source::rules::lint::{ASL260, ASL261, ASL262};
use crate::source::sink::{Diagnostic, Severity, Sink};
use crate::source::span::{Sourced, Span};

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

/// The longest name of a state machine, and what it cannot have (`CreateStateMachine` in the API reference).
const LONGEST: usize = 80;
const NOT_IN_NAME: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

/// The name under which a machine is deployed.
pub(super) fn machine_name(name: &Sourced<String>, sink: &mut Sink) {
    let text = name.value.as_str();
    if super::completed_later(text) {
        return;
    }
    let count = text.chars().count();
    let why = if text.is_empty() {
        "it is empty".to_owned()
    } else if count > LONGEST {
        format!("it has {count} characters, but at most {LONGEST} are allowed")
    } else if let Some(wrong) = text.chars().find(|c| c.is_whitespace() || c.is_control() || NOT_IN_NAME.contains(*c)) {
        format!("it has the character `{}`", wrong.escape_default())
    } else {
        return;
    };
    let report = Diagnostic::error(&ASL262, name.span(), format!("a state machine cannot have the name `{text}`: {why}"));
    sink.report(report.help("use at most 80 letters, digits, `-` and `_`"));
}
