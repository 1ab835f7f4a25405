//! Retriers and catchers.
use super::fields;
use super::reader::Reader;
use crate::ir::machine::{Catcher, QueryLanguage, Retrier};
use crate::source::node::{Entry, Kind};
use crate::source::rules::asl::{ASL106, ASL107, ASL128, ASL133};
use crate::source::sink::Diagnostic;
use crate::source::span::{Sourced, Span};

/// The name that matches every error.
const ANY: &str = "States.ALL";

impl Reader<'_> {
    /// `Retry`.
    pub(super) fn retriers(&mut self, entry: &Entry, state: &str) -> Vec<Retrier> {
        let mut out = Vec::new();
        for (at, node) in self.list(entry).iter().enumerate() {
            let what = format!("retrier {} of {state}", at + 1);
            let Some(mut of) = self.fields(node, head(node.span), &what) else { continue };
            fields::screen_names(self, &mut of, fields::RETRIER, &what);
            let error_equals = self.error_equals(of.take("ErrorEquals"), head(node.span), &what);
            let interval_seconds = of.take("IntervalSeconds").and_then(|e| self.integer(e, 1, fields::MAX_SECONDS));
            let max_attempts = of.take("MaxAttempts").and_then(|e| self.integer(e, 0, fields::MAX_SECONDS));
            let backoff_rate = of.take("BackoffRate").and_then(|e| self.backoff_rate(e));
            let max_delay_seconds = of.take("MaxDelaySeconds").and_then(|e| self.integer(e, 1, fields::MAX_DELAY));
            let jitter_strategy = of.take("JitterStrategy").and_then(|e| self.one_of_texts(e, &["FULL", "NONE"]));
            let comment = of.take("Comment").and_then(|e| self.comment(e));
            of.finish(self);
            out.push(Retrier {
                error_equals,
                interval_seconds,
                max_attempts,
                backoff_rate,
                max_delay_seconds,
                jitter_strategy,
                comment,
                span: node.span,
            });
        }
        self.empty_handlers(entry);
        self.any_is_last(out.iter().map(|retrier| (retrier.error_equals.as_slice(), head(retrier.span))).collect(), "retrier");
        out
    }

    /// `Catch`.
    pub(super) fn catchers(&mut self, entry: &Entry, state: &str, language: QueryLanguage) -> Vec<Catcher> {
        let mut out = Vec::new();
        for (at, node) in self.list(entry).iter().enumerate() {
            let what = format!("catcher {} of {state}", at + 1);
            let Some(mut of) = self.fields(node, head(node.span), &what) else { continue };
            fields::screen_names_in(self, &mut of, fields::CATCHER, &what, language);
            let error_equals = self.error_equals(of.take("ErrorEquals"), head(node.span), &what);
            let next = of.take("Next").and_then(|e| self.text(e));
            if next.is_none() {
                let report = Diagnostic::error(&ASL107, head(node.span), format!("{what} has no `Next`"));
                self.sink.report(report.help("add `Next` with the state that handles the error"));
            }
            let result_path = of.take("ResultPath").and_then(|e| self.path(e, true));
            let output = of.take("Output").map(|e| self.template(&e.value, language.into()));
            let assign = of.take("Assign").map(|e| self.template(&e.value, language.into()));
            let comment = of.take("Comment").and_then(|e| self.comment(e));
            of.finish(self);
            out.push(Catcher { error_equals, next, result_path, output, assign, comment, span: node.span });
        }
        self.empty_handlers(entry);
        self.any_is_last(out.iter().map(|catcher| (catcher.error_equals.as_slice(), head(catcher.span))).collect(), "catcher");
        out
    }

    fn empty_handlers(&mut self, entry: &Entry) {
        if matches!(&entry.value.kind, Kind::Array(items) if items.is_empty()) {
            self.sink.ignore(entry.value.span, &ASL133, format!("an empty `{}` has no effect", entry.key));
        }
    }

    fn error_equals(&mut self, entry: Option<&Entry>, at: Span, what: &str) -> Vec<Sourced<String>> {
        let Some(entry) = entry else {
            let report = Diagnostic::error(&ASL107, at, format!("{what} has no `ErrorEquals`"));
            self.sink.report(report.help("add `ErrorEquals` with the names of the errors, or `[\"States.ALL\"]`"));
            return Vec::new();
        };
        let items = self.list(entry);
        if matches!(&entry.value.kind, Kind::Array(items) if items.is_empty()) {
            let report = Diagnostic::error(&ASL107, entry.value.span, format!("`ErrorEquals` of {what} is empty, so it matches no error"));
            self.drop_value(&entry.value, report.help("name an error, or `States.ALL` for all"));
        }
        items.iter().filter_map(|item| self.text_of(item, "ErrorEquals")).collect()
    }

    fn backoff_rate(&mut self, entry: &Entry) -> Option<Sourced<String>> {
        let text = self.number_text(entry)?;
        if entry.value.number().is_some() && text.value.parse::<f64>().is_ok_and(|rate| rate < 1.0) {
            let message = format!("`BackoffRate` is {}, but must be at least 1", text.value);
            self.sink.report(Diagnostic::error(&ASL106, entry.value.span, message).help("1 keeps the interval, 2 doubles it"));
        }
        Some(text)
    }

    /// A text of a closed set.
    pub(super) fn one_of_texts(&mut self, entry: &Entry, allowed: &[&'static str]) -> Option<Sourced<String>> {
        let text = self.text(entry)?;
        if !allowed.contains(&text.value.as_str()) && !super::reader::has_placeholder(&text.value) {
            let report = Diagnostic::error(&ASL106, entry.value.span, format!("`{}` cannot be `{}`", entry.key, text.value));
            self.sink.report(match fields::nearest(&text.value, allowed.iter().copied()) {
                Some(near) => report.help(format!("did you mean `{near}`?")),
                None => report.help(format!("it is one of {}", allowed.join(", "))),
            });
        }
        Some(text)
    }

    /// `States.ALL` must be alone and last ("States.ALL must appear alone and at end of list", aws-cdk#10530).
    fn any_is_last(&mut self, lists: Vec<(&[Sourced<String>], Span)>, what: &str) {
        let mut any: Option<Span> = None;
        for (names, at) in lists {
            if let Some(any) = any {
                let report = Diagnostic::error(&ASL128, at, format!("this {what} is never used: `{ANY}` before it matches every error"));
                self.sink.report(report.related(any, "matches every error").help(format!("move the {what} with `{ANY}` to the end")));
            }
            let Some(found) = names.iter().find(|name| name.value == ANY) else { continue };
            let span = found.span().unwrap_or(at);
            any = any.or(Some(span));
            if names.len() > 1 {
                let report = Diagnostic::error(&ASL128, span, format!("`{ANY}` is not alone: it matches the other errors too"));
                self.sink.report(report.help(format!("remove the other names, or give them a {what} of their own before this one")));
            }
        }
    }
}

/// The first character of an object: where a message about something that is not there points.
pub(super) fn head(span: Span) -> Span {
    Span { end: span.end.min(span.start.saturating_add(1)), ..span }
}
