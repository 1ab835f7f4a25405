//! Accounting: marks for values that configure, and for whatever nothing of the stage read.
use super::fields::{CUSTOM, Table, Use, find};
use super::probe;
use super::resolve::{Resolver, near_miss};
use super::structure::Field;
use crate::ir::value::Val;
use crate::source::node::Node;
use crate::source::rules::Rule;
use crate::source::rules::serverless::{SLS107, SLS108, SLS109, SLS111, SLS115};
use crate::source::sink::{Diagnostic, Disposition, Mark};
use crate::source::span::Span;

impl<'a> Resolver<'a, '_> {
    /// Marks a value wherever it comes from: its own place, and those that its variables lead to.
    pub fn mark(&mut self, field: &Field<'a>, disposition: Disposition, rule: &'static Rule, note: &str) -> Val {
        let value = self.field(field);
        self.mark_value(&value, Some(field.node.span), disposition, rule, note);
        value
    }

    pub fn mark_value(&mut self, value: &Val, span: Option<Span>, disposition: Disposition, rule: &'static Rule, note: &str) {
        let all = value.all_origins();
        let mark = |span: Span, note: String| Mark { span, disposition, rule, note };
        let marks: Vec<Mark> = match span {
            Some(place) => std::iter::once(mark(place, note.to_owned()))
                .chain(all.iter().filter(|o| !place.contains(*o)).map(|o| mark(o, format!("what reads it is not taken over: {note}"))))
                .collect(),
            None => all.iter().map(|o| mark(o, note.to_owned())).collect(),
        };
        self.sink.marks.extend(marks);
    }

    /// Reports and marks a key that is in no table.
    pub fn unknown(&mut self, field: &Field<'a>, known: &mut dyn Iterator<Item = &'static str>, place: &str) {
        let help = near_miss(&field.key.value, known);
        let message = format!("`{}` is not a key of {place} that emr2k8s knows", field.key.value);
        let help = help.unwrap_or_else(|| "if a plugin reads it, translate by hand what the plugin does with it".into());
        self.report(Diagnostic::warning(&SLS109, field.key.span(), message).help(help));
        self.sink.unsupported(field.node.span, &SLS109, format!("not a key of {place}"));
    }

    /// Handles a key by its table: `true` when it is one that the caller reads. What configures Lambda goes to `plumbing`.
    pub fn by_table(&mut self, field: &Field<'a>, table: Table, place: &str, rule: &'static Rule, plumbing: &mut Vec<Span>) -> bool {
        match find(table, &field.key.value) {
            Some(Use::Read) => return true,
            Some(Use::Lambda) => plumbing.extend(self.field(field).all_origins().iter()),
            Some(Use::Ignored(why)) => {
                self.mark(field, Disposition::Ignored, rule, why);
            }
            Some(Use::Gateway) => {
                self.mark(field, Disposition::Unsupported, &SLS115, "it configures API Gateway");
            }
            Some(Use::Unsupported(why)) => {
                self.mark(field, Disposition::Unsupported, rule, why);
            }
            None => self.unknown(field, &mut table.iter().map(|(name, _)| *name), place),
        }
        false
    }

    /// Marks every scalar of the file, and of the files it took values from, that nothing visited: it belongs to
    /// another stage, or nothing reads it.
    pub fn rest(&mut self, path: &str) {
        let document = self.document;
        let (indexed, _) = probe::indexed(document, path, self.context);
        let other_stages: Vec<(Span, String)> = indexed
            .iter()
            .flat_map(|map| &map.stages)
            .filter(|(stage, _, _)| *stage != self.stage)
            .map(|(stage, _, value)| (*value, stage.clone()))
            .collect();
        let mut documents: Vec<&Node> = vec![document];
        let context = self.context;
        let others = self.documents.values().filter_map(|path| context.document(path));
        documents.extend(others.filter(|other| !std::ptr::eq(*other, document)));
        let marked = disjoint(self.sink.marks.iter().map(|mark| mark.span).collect());
        for node in documents {
            for scalar in node.scalars() {
                if self.visited.contains(&scalar.span) || covered(&marked, scalar.span) {
                    continue;
                }
                let plugin = scalar.pointer.strip_prefix("/custom/").filter(|_| std::ptr::eq(node, document)).and_then(|below| {
                    let key = below.split('/').next().unwrap_or(below);
                    CUSTOM.iter().find(|(name, _)| *name == key)
                });
                if let Some((_, why)) = plugin {
                    self.sink.ignore(scalar.span, &SLS111, *why);
                    continue;
                }
                match other_stages.iter().find(|(span, _)| span.contains(scalar.span)) {
                    Some((_, stage)) => self.sink.ignore(scalar.span, &SLS107, format!("belongs to stage `{stage}`")),
                    None => self.sink.ignore(scalar.span, &SLS108, "no function or state machine of this stage reads it"),
                }
            }
        }
    }
}

/// Sorts ranges and joins those that overlap.
fn disjoint(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if last.file == span.file && span.start <= last.end => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

fn covered(disjoint: &[Span], inner: Span) -> bool {
    let after = disjoint.partition_point(|span| (span.file, span.start) <= (inner.file, inner.start));
    after.checked_sub(1).and_then(|at| disjoint.get(at)).is_some_and(|span| span.contains(inner))
}
