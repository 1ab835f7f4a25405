//! The parts of a distributed Map.
use super::{completed_later, each_state};
use crate::import::asl::fields;
use crate::ir::machine::{Machine, Map, State, StateKind, Template, TemplateValue};
use crate::source::rules::Rule;
use crate::source::rules::lint::{ASL250, ASL251, ASL252, ASL253, ASL254};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Sourced, Span};
use std::collections::BTreeMap;

/// `MaxItems`, and the bytes of a batch (the pages of `ItemReader` and `ItemBatcher`).
const MOST_ITEMS: f64 = 100_000_000.0;
const MOST_BYTES: f64 = 262_144.0;
/// The longest `Label` ("Map state in Distributed mode").
const LABEL: usize = 40;
const NOT_IN_LABEL: &str = "?*<>{}[]:;,\\|^~$#%&`\"/";

pub(super) fn state(state: &State, sink: &mut Sink) {
    let StateKind::Map(map) = &state.kind else { return };
    let distributed = map.mode.as_ref().is_some_and(|mode| mode.value == "DISTRIBUTED");
    config(state, map, distributed, sink);
    if !distributed {
        return; // that its parts have no effect is said when they are read (ASL131)
    }
    if let Some(label) = &map.label {
        check_label(label, sink);
    }
    if let Some(reader) = &map.item_reader {
        item_reader(reader, sink);
    }
    if let Some(batcher) = &map.item_batcher {
        item_batcher(batcher, sink);
    }
    if let Some(writer) = &map.result_writer {
        result_writer(writer, sink);
    }
}

/// Labels that two distributed Maps of a machine have.
pub(super) fn labels(machine: &Machine, sink: &mut Sink) {
    let mut known: BTreeMap<&str, Option<Span>> = BTreeMap::new();
    each_state(&machine.graph, &mut |state| {
        let StateKind::Map(map) = &state.kind else { return };
        let Some(label) = map.label.as_ref().filter(|label| !completed_later(&label.value)) else { return };
        if let Some(first) = known.get(label.value.as_str()) {
            let message = format!("another Map has the `Label` `{}` too: Step Functions refuses it", label.value);
            sink.report(Diagnostic::error(&ASL251, label.span(), message).related(*first, "it is there").help("give each Map its own"));
        } else {
            known.insert(&label.value, label.span());
        }
    });
}

fn config(state: &State, map: &Map, distributed: bool, sink: &mut Sink) {
    match (&map.mode, &map.execution_type) {
        (Some(mode), None) if distributed => {
            let message = format!("the distributed Map `{}` does not say its `ExecutionType`: Step Functions refuses it", state.name.value);
            sink.report(
                Diagnostic::error(&ASL250, mode.span(), message).help("add `ExecutionType: STANDARD` (or `EXPRESS`) to `ProcessorConfig`"),
            );
        }
        (mode, Some(kind)) if !distributed && mode.as_ref().is_none_or(|mode| mode.value == "INLINE") => {
            let report = Diagnostic::warning(&ASL250, kind.span(), "`ExecutionType` has no effect in an inline Map");
            sink.report(report.help("set `Mode: DISTRIBUTED`, or remove it"));
        }
        _ => {}
    }
}

fn check_label(label: &Sourced<String>, sink: &mut Sink) {
    let text = label.value.as_str();
    if completed_later(text) {
        return;
    }
    let count = text.chars().count();
    let message = if text.is_empty() {
        "`Label` is empty: Step Functions refuses it".to_owned()
    } else if count > LABEL {
        format!("`Label` has {count} characters, but at most {LABEL} are allowed")
    } else if let Some(wrong) = text.chars().find(|c| c.is_whitespace() || c.is_control() || NOT_IN_LABEL.contains(*c)) {
        format!("`Label` cannot have the character `{}`: Step Functions refuses it", wrong.escape_default())
    } else {
        return;
    };
    sink.report(Diagnostic::error(&ASL251, label.span(), message).help("use at most 40 letters, digits, `-` and `_`"));
}

/// A part of a Map, read by name.
struct Part<'t> {
    entries: &'t [(Sourced<String>, Template)],
    /// Where what is missing is reported.
    at: Span,
    rule: &'static Rule,
}

impl<'t> Part<'t> {
    fn new(template: &'t Template, rule: &'static Rule) -> Option<Self> {
        let TemplateValue::Map(entries) = &template.value else { return None };
        let span = template.span;
        Some(Self { entries, at: Span { end: span.end.min(span.start.saturating_add(1)), ..span }, rule })
    }

    fn get(&self, name: &str) -> Option<&'t Template> {
        self.entries.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    /// The text of a field, where it is plain.
    fn text(&self, name: &str) -> Option<(&'t str, Span)> {
        let value = self.get(name)?;
        match &value.value {
            TemplateValue::Text(text) if !completed_later(text) => Some((text, value.span)),
            _ => None,
        }
    }

    fn error(&self, at: Span, message: String, help: &str, sink: &mut Sink) {
        sink.report(Diagnostic::error(self.rule, at, message).help(help));
    }

    /// One of a closed set; AWS adds to it now and then, so a warning.
    fn one_of(&self, name: &str, allowed: &[&str], sink: &mut Sink) {
        let Some((text, span)) = self.text(name) else { return };
        if !allowed.contains(&text) {
            let report = Diagnostic::warning(self.rule, span, format!("`{name}` cannot be `{text}`"));
            sink.report(match fields::nearest(text, allowed.iter().copied()) {
                Some(near) => report.help(format!("did you mean `{near}`?")),
                None => report.help(format!("it is one of {}", allowed.join(", "))),
            });
        }
    }

    fn number(&self, name: &str, most: f64, sink: &mut Sink) {
        let Some(value) = self.get(name) else { return };
        let fits = match &value.value {
            TemplateValue::Number(text) => text.parse::<f64>().is_ok_and(|number| number.fract() == 0.0 && (1.0..=most).contains(&number)),
            TemplateValue::Text(text) => completed_later(text),
            TemplateValue::Jsonata(_) | TemplateValue::PathExpression(_) => true,
            _ => false,
        };
        if !fits {
            self.error(value.span, format!("`{name}` must be a whole number from 1 to {most}"), "correct the number", sink);
        }
    }

    fn not_both(&self, name: &str, sink: &mut Sink) {
        let path = format!("{name}Path");
        if let (Some(_), Some(second)) = (self.get(name), self.get(&path)) {
            self.error(second.span, format!("`{name}` and `{path}` say the same thing twice"), "remove one of them", sink);
        }
    }
}

fn item_reader(template: &Template, sink: &mut Sink) {
    let Some(part) = Part::new(template, &ASL252) else { return };
    if part.get("Resource").is_none() {
        part.error(
            part.at,
            "`ItemReader` has no `Resource`: Step Functions refuses it".to_owned(),
            "add `arn:aws:states:::s3:getObject`",
            sink,
        );
    }
    let resource = part.text("Resource");
    if let Some((text, span)) = resource
        && !text.ends_with(":s3:getObject")
        && !text.ends_with(":s3:listObjectsV2")
    {
        let report = Diagnostic::warning(&ASL252, span, format!("`{text}` reads no items"));
        sink.report(report.help("use `arn:aws:states:::s3:getObject` or `arn:aws:states:::s3:listObjectsV2`"));
    }
    let Some(config) = part.get("ReaderConfig").and_then(|config| Part::new(config, &ASL252)) else { return };
    config.one_of("InputType", &["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"], sink);
    config.one_of("CSVHeaderLocation", &["FIRST_ROW", "GIVEN"], sink);
    config.one_of("CSVDelimiter", &["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"], sink);
    config.one_of("Transformation", &["NONE", "LOAD_AND_FLATTEN"], sink);
    config.one_of("ManifestType", &["ATHENA_DATA", "S3_INVENTORY"], sink);
    config.number("MaxItems", MOST_ITEMS, sink);
    config.not_both("MaxItems", sink);
    if let Some(("GIVEN", span)) = config.text("CSVHeaderLocation")
        && config.get("CSVHeaders").is_none()
    {
        let message = "`CSVHeaderLocation` is GIVEN, but `CSVHeaders` gives no headers".to_owned();
        config.error(span, message, "add `CSVHeaders`, or write FIRST_ROW", sink);
    }
}

fn item_batcher(template: &Template, sink: &mut Sink) {
    let Some(part) = Part::new(template, &ASL253) else { return };
    let sizes = ["MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"];
    if !sizes.iter().any(|name| part.get(name).is_some()) {
        let message = "`ItemBatcher` does not say how large a batch is: Step Functions refuses it".to_owned();
        part.error(part.at, message, "add `MaxItemsPerBatch` or `MaxInputBytesPerBatch`", sink);
    }
    part.number("MaxItemsPerBatch", MOST_ITEMS, sink);
    part.number("MaxInputBytesPerBatch", MOST_BYTES, sink);
    part.not_both("MaxItemsPerBatch", sink);
    part.not_both("MaxInputBytesPerBatch", sink);
}

fn result_writer(template: &Template, sink: &mut Sink) {
    let Some(part) = Part::new(template, &ASL254) else { return };
    if part.get("Resource").is_none() && part.get("WriterConfig").is_none() {
        let message = "`ResultWriter` has neither `Resource` nor `WriterConfig`".to_owned();
        part.error(part.at, message, "add `Resource: arn:aws:states:::s3:putObject` with `Bucket` and `Prefix`", sink);
    }
    if let Some((text, span)) = part.text("Resource")
        && !text.ends_with(":s3:putObject")
    {
        let report = Diagnostic::warning(&ASL254, span, format!("`{text}` writes no results"));
        sink.report(report.help("use `arn:aws:states:::s3:putObject`"));
    }
    let Some(config) = part.get("WriterConfig").and_then(|config| Part::new(config, &ASL254)) else { return };
    config.one_of("Transformation", &["NONE", "COMPACT", "FLATTEN"], sink);
    config.one_of("OutputType", &["JSON", "JSONL"], sink);
}
