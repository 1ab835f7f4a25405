//! Objects, texts, numbers and paths: what every part of the reader takes values with.
//!
//! Each helper marks what it takes as read, reports a value of the wrong type, and keeps a scalar nevertheless, so that the
//! IR has it and the ledger can say where it went. A list or an object in place of a scalar is dropped, and marked so.
use super::fields::{self, Unplaced};
use super::template;
use crate::ir::machine::{Number, PathField, QueryLanguage};
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::asl::{ASL101, ASL105, ASL106, ASL107, ASL108, ASL134, ASL136, ASL137};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Sourced, Span};
use std::collections::BTreeSet;

/// Reads one definition.
pub(super) struct Reader<'s> {
    pub(super) sink: &'s mut Sink,
    /// The language of the whole machine, which a state has unless it names one.
    pub(super) machine_language: QueryLanguage,
}

/// The fields of an object, each handed out once.
pub(super) struct Fields<'n> {
    entries: Vec<&'n Entry>,
    /// What messages call the object: "state `A`".
    pub(super) what: String,
    /// Where a message about something missing points.
    pub(super) at: Span,
}

impl<'n> Fields<'n> {
    /// The field of this name; it is gone from here afterwards.
    pub(super) fn take(&mut self, name: &str) -> Option<&'n Entry> {
        let at = self.entries.iter().position(|entry| &*entry.key == name)?;
        Some(self.entries.remove(at))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| &*entry.key == name)
    }

    /// What nobody took yet, in the order of the source.
    pub(super) fn remaining(&self) -> Vec<&'n Entry> {
        self.entries.clone()
    }

    /// Keeps what `keep` says and returns the rest, in the order of the source.
    pub(super) fn screen(&mut self, mut keep: impl FnMut(&Entry) -> bool) -> Vec<&'n Entry> {
        let (kept, out) = std::mem::take(&mut self.entries).into_iter().partition(|entry| keep(entry));
        self.entries = kept;
        out
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.entries.retain(|entry| &*entry.key != name);
    }

    /// Reports and marks what is left: no reader took it.
    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        for entry in &self.entries {
            let report: Unplaced = fields::unknown(&entry.key, &self.what, []);
            reader.drop_value(&entry.value, report.at(entry.key_span));
        }
    }
}

fn wrong_type(node: &Node, name: &str, expected: &str) -> Diagnostic {
    Diagnostic::error(&ASL105, node.span, format!("`{name}` is {}, but must be {expected}", node.describe()))
        .help(format!("write {expected}"))
}

/// A text in `{% … %}`: its inside, trimmed.
pub(super) fn jsonata(text: &str) -> Option<&str> {
    text.strip_prefix("{%")?.strip_suffix("%}").map(str::trim)
}

/// Whether a deployment completes this text: it holds a `${…}`.
pub(super) fn has_placeholder(text: &str) -> bool {
    text.find("${").is_some_and(|at| text[at..].contains('}'))
}

/// Whether a text is a timestamp of RFC 3339 with capital `T` and `Z` (the specification, "Timestamps"). The days of a month are
/// not counted.
fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    let Some(at) = time.find(['Z', '+', '-']) else { return false };
    let (clock, zone) = time.split_at(at);
    let zone = zone == "Z" || zone.get(1..).is_some_and(|zone| numbers(zone, ':', &[(0, 23, 2), (0, 59, 2)]));
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let fraction = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    zone && fraction
        && numbers(date, '-', &[(0, 9999, 4), (1, 12, 2), (1, 31, 2)])
        && numbers(clock, ':', &[(0, 23, 2), (0, 59, 2), (0, 60, 2)])
}

/// Whether a text is numbers of these least and largest values and widths, with a separator between them.
fn numbers(text: &str, separator: char, parts: &[(u16, u16, usize)]) -> bool {
    text.split(separator).count() == parts.len()
        && text.split(separator).zip(parts).all(|(part, (low, high, width))| {
            part.len() == *width
                && part.bytes().all(|b| b.is_ascii_digit())
                && part.parse::<u16>().is_ok_and(|value| (*low..=*high).contains(&value))
        })
}

impl Reader<'_> {
    /// The fields of an object; reports and marks anything else. Of equal keys the last counts.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, at: Span, what: &str) -> Option<Fields<'n>> {
        let Some(entries) = node.object() else {
            let message = format!("{what} is {}, but must be an object", node.describe());
            self.drop_value(node, Diagnostic::error(&ASL105, node.span, message).help("write it as an object"));
            return None;
        };
        if entries.is_empty() {
            self.sink.unsupported(node.span, &ASL107, format!("{what} is empty"));
        }
        Some(Fields { entries: self.last_of_equal(entries), what: what.to_owned(), at })
    }

    /// The entries without those that a later equal key replaces, which are marked.
    pub(super) fn last_of_equal<'n>(&mut self, entries: &'n [Entry]) -> Vec<&'n Entry> {
        let mut seen = BTreeSet::new();
        let mut kept = Vec::with_capacity(entries.len());
        let mut replaced = Vec::new();
        for entry in entries.iter().rev() {
            if seen.insert(&*entry.key) { kept.push(entry) } else { replaced.push(entry) }
        }
        kept.reverse();
        for entry in replaced.into_iter().rev() {
            self.sink.ignore(entry.value.span, &ASL134, format!("a later `{}` replaces it", entry.key));
        }
        kept
    }

    /// Reports, and marks the value as not translated.
    pub(super) fn drop_value(&mut self, node: &Node, report: Diagnostic) {
        let rule = report.rule;
        self.sink.unsupported(node.span, rule, report.message.clone());
        self.sink.report(report);
    }

    /// Reports that `name` is not `expected` ("a number"). A scalar is for the caller to keep; a list or an object is marked as not
    /// translated.
    pub(super) fn wrong_type(&mut self, node: &Node, name: &str, expected: &str) {
        if matches!(node.kind, Kind::Array(_) | Kind::Object(_)) {
            self.drop_wrong_type(node, name, expected);
        } else {
            self.sink.report(wrong_type(node, name, expected));
        }
    }

    /// As [`Self::wrong_type`], of a value that cannot be kept whatever it is.
    pub(super) fn drop_wrong_type(&mut self, node: &Node, name: &str, expected: &str) {
        node.mark_tree_read();
        self.drop_value(node, wrong_type(node, name, expected));
    }

    /// A text. Another scalar is reported and kept as it is written.
    pub(super) fn text(&mut self, entry: &Entry) -> Option<Sourced<String>> {
        self.text_of(&entry.value, &entry.key)
    }

    /// The text of a `Comment`. An empty one (null, as YAML has it) changes nothing.
    pub(super) fn comment(&mut self, entry: &Entry) -> Option<Sourced<String>> {
        if !entry.value.is_null() {
            return self.text(entry);
        }
        let report = Diagnostic::warning(&ASL105, entry.value.span, "`Comment` is null, but must be a string");
        self.sink.report(report.help("write a text, or leave the field out"));
        self.sink.ignore(entry.value.span, &ASL105, "an empty comment");
        None
    }

    pub(super) fn text_of(&mut self, node: &Node, name: &str) -> Option<Sourced<String>> {
        if let Some(text) = template::symbolic(node) {
            return Some(text);
        }
        self.warn_function(node);
        if let Some(text) = node.sourced_str() {
            return Some(text);
        }
        self.wrong_type(node, name, "a string");
        node.scalar_text().map(|text| Sourced::new(text.to_owned(), node.span))
    }

    /// A number as written. A placeholder in its stead is fine, another scalar is reported and kept.
    pub(super) fn number_text(&mut self, entry: &Entry) -> Option<Sourced<String>> {
        let node = &entry.value;
        if let Some(text) = node.number() {
            return Some(Sourced::new(text.to_owned(), node.span));
        }
        if let Some(text) = template::symbolic(node) {
            return Some(text);
        }
        if node.str().is_some_and(has_placeholder) {
            return node.sourced_str();
        }
        self.wrong_type(node, &entry.key, "a number");
        node.scalar_text().map(|text| Sourced::new(text.to_owned(), node.span))
    }

    /// A whole number between `low` and `high`.
    pub(super) fn integer(&mut self, entry: &Entry, low: u64, high: u64) -> Option<Sourced<String>> {
        let text = self.number_text(entry)?;
        self.check_integer(entry, &text.value, low, high);
        Some(text)
    }

    fn check_integer(&mut self, entry: &Entry, text: &str, low: u64, high: u64) {
        let whole = match text.parse::<i128>() {
            Ok(value) => Some(value),
            // `60.0` and `6e1` are whole numbers of JSON too.
            Err(_) => text.parse::<f64>().ok().filter(|v| v.fract() == 0.0 && v.abs() < 1e15).and_then(|v| format!("{v:.0}").parse().ok()),
        };
        match whole {
            Some(value) if (i128::from(low)..=i128::from(high)).contains(&value) => {}
            None if entry.value.number().is_none() => {} // a placeholder, or reported already
            _ => {
                let message = format!("`{}` is {text}, but must be a whole number between {low} and {high}", entry.key);
                self.sink.report(Diagnostic::error(&ASL106, entry.value.span, message));
            }
        }
    }

    /// A number that may be JSONata in a state of that language.
    pub(super) fn number(&mut self, entry: &Entry, language: QueryLanguage, low: u64, high: u64) -> Option<Number> {
        if language == QueryLanguage::Jsonata
            && let Some(text) = entry.value.str()
            && let Some(expression) = jsonata(text)
        {
            return Some(Number::Jsonata(Sourced::new(expression.to_owned(), entry.value.span)));
        }
        self.integer(entry, low, high).map(Number::Literal)
    }

    /// A text that may be JSONata in a state of that language: the text, and whether it is an expression.
    pub(super) fn text_or_jsonata(&mut self, entry: &Entry, language: QueryLanguage) -> Option<(Sourced<String>, bool)> {
        let text = self.text(entry)?;
        if language == QueryLanguage::Jsonata {
            if let Some(expression) = jsonata(&text.value) {
                let expression = expression.to_owned();
                return Some((text.map(|_| expression), true));
            }
            self.check_half_expression(&text.value, entry.value.span);
        }
        Some((text, false))
    }

    /// Reports a text that is half an expression, or one with spaces around it, which AWS takes for a text (localstack's tests record it).
    pub(super) fn check_half_expression(&mut self, text: &str, span: Span) {
        let trimmed = text.trim();
        let help = "start it with `{%` and end it with `%}`, without spaces outside";
        if text.starts_with("{%") != text.ends_with("%}") {
            self.sink.report(Diagnostic::error(&ASL136, span, "the text is half a JSONata expression").help(help));
        } else if trimmed.starts_with("{%") && trimmed.ends_with("%}") {
            let message = "the text has spaces around a JSONata expression, so it is not evaluated";
            self.sink.report(Diagnostic::warning(&ASL136, span, message).help(help));
        }
    }

    /// A path; null where the field may discard.
    pub(super) fn path(&mut self, entry: &Entry, nullable: bool) -> Option<PathField> {
        if entry.value.is_null() {
            if !nullable {
                self.wrong_type(&entry.value, &entry.key, "a path");
            }
            return Some(PathField::Null(entry.value.span));
        }
        self.path_text(entry).map(PathField::Path)
    }

    /// A text that is a path, or a function where the language takes one.
    pub(super) fn path_text(&mut self, entry: &Entry) -> Option<Sourced<String>> {
        let text = self.text(entry)?;
        self.check_path(&entry.key, &text.value, entry.value.span);
        Some(text)
    }

    /// Reports a text that is no point in time.
    pub(super) fn check_timestamp(&mut self, entry: &Entry, text: &str) {
        if entry.value.str().is_some() && !is_timestamp(text) && !has_placeholder(text) {
            let message = format!("`{}` is no timestamp", entry.key);
            self.sink.report(Diagnostic::error(&ASL137, entry.value.span, message).help("write it as `2030-01-31T12:00:00Z`"));
        }
    }

    pub(super) fn check_path(&mut self, name: &str, text: &str, span: Span) {
        if !text.starts_with('$') && !text.starts_with("States.") {
            let message = format!("`{name}` is no path: it does not start with `$`");
            let help = match name.strip_suffix(".$") {
                Some(plain) => format!("write `$.…`, or rename the key to `{plain}` to pass the text as it is"),
                None => "write a path such as `$.result`".to_owned(),
            };
            self.sink.report(Diagnostic::error(&ASL108, span, message).help(help));
        }
    }

    /// The items of a list; anything else is reported and marked.
    pub(super) fn list<'n>(&mut self, entry: &'n Entry) -> &'n [Node] {
        entry.value.array().unwrap_or_else(|| {
            self.drop_wrong_type(&entry.value, &entry.key, "a list");
            &[]
        })
    }

    /// Of several fields that say one thing, keeps the first that is there and drops the others.
    pub(super) fn one_of<'n>(&mut self, fields: &mut Fields<'n>, names: &[&str]) -> Option<&'n Entry> {
        let order: Vec<&Entry> = fields.remaining().into_iter().filter(|entry| names.contains(&&*entry.key)).collect();
        let (first, others) = order.split_first()?;
        for other in others {
            let message = format!("{} has both `{}` and `{}`", fields.what, first.key, other.key);
            let report = Diagnostic::error(&crate::source::rules::asl::ASL109, other.key_span, message)
                .related(first.key_span, "this one is read")
                .help("remove one of them");
            fields.remove(&other.key);
            self.drop_value(&other.value, report);
        }
        fields.take(&first.key)
    }

    /// Reports the fields of a part that its table does not know; the part itself is kept whole, as a template.
    pub(super) fn warn_unknown(&mut self, node: &Node, what: &str, known: &[&'static str]) {
        let Kind::Object(entries) = &node.kind else { return };
        for entry in entries {
            if !known.contains(&&*entry.key) {
                let mut report = fields::unknown(&entry.key, what, known.iter().copied()).at(entry.key_span);
                // AWS adds fields here more often than elsewhere: this table may be the older one.
                report.severity = crate::source::sink::Severity::Warning;
                debug_assert_eq!(report.rule, &ASL101);
                self.sink.report(report);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps() {
        for text in ["2030-01-31T12:00:00Z", "2016-03-14T01:59:00.123Z", "2016-03-14T01:59:00-08:00", "2016-03-14T01:59:60+00:00"] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "",
            "T",
            "tomorrow",
            "2030-01-31",
            "2030-01-31T12:00:00",
            "2030-13-31T12:00:00Z",
            "2030-01-31T12:00Z",
            "2030-01-31t12:00:00z",
            "2030-1-31T12:00:00Z",
            "2030-01-31T12:00:00.Z",
            "2030-01-31T12:00:00+1",
            "é-T+é",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
