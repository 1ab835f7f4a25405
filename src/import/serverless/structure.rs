//! Objects and lists as the readers of sections walk them, through whatever references stand in their place.
use super::resolve::{Resolved, Resolver, line};
use crate::ir::value::{Val, Value};
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::serverless::{SLS117, SLS118, SLS126};
use crate::source::sink::{Diagnostic, Disposition};
use crate::source::span::{Origins, Sourced, Span};
use std::collections::BTreeMap;

/// A key and its value below a node that was followed.
pub(super) struct Field<'a> {
    pub key: Sourced<String>,
    pub node: &'a Node,
    /// Places of the references that led here.
    pub outer: Origins,
}

impl<'a> Resolver<'a, '_> {
    /// The fields of an object, through references and through lists of objects (`functions: [${file(a.yml)}, …]`). `None`
    /// when it is none, which is reported unless it is null.
    pub fn fields(&mut self, node: &'a Node, what: &str) -> Option<Vec<Field<'a>>> {
        let (found, outer) = match self.resolve(node) {
            Resolved::Node(found, outer) => (found, outer),
            Resolved::Value(value) => {
                if matches!(value.value, Value::Null) {
                    self.mark_value(&value, Some(node.span), Disposition::Ignored, &SLS126, "it is null");
                } else {
                    self.wrong(&value, node.span, what, "an object");
                }
                return None;
            }
        };
        found.mark_read();
        match &found.kind {
            Kind::Object(entries) if !entries.is_empty() => Some(self.unique(entries, &outer)),
            Kind::Array(items) if !items.is_empty() => {
                let mut all = Vec::new();
                for item in items {
                    if !self.enter(item.span) {
                        break;
                    }
                    let fields = self.fields(item, what);
                    self.leave();
                    for mut field in fields.into_iter().flatten() {
                        field.outer.extend(&outer);
                        all.push(field);
                    }
                }
                Some(all)
            }
            Kind::Array(_) | Kind::Object(_) | Kind::Null => {
                self.empty(found, &outer);
                (!matches!(found.kind, Kind::Null)).then(Vec::new)
            }
            _ => {
                let value = self.value(node);
                self.wrong(&value, node.span, what, "an object");
                None
            }
        }
    }

    /// Marks what holds nothing, and the references that led to it.
    pub fn empty(&mut self, node: &Node, outer: &Origins) {
        self.touch(node);
        for span in outer.clone().with(&Origins::one(node.span)).iter() {
            self.sink.ignore(span, &SLS126, "it is empty");
        }
    }

    pub(super) fn unique(&mut self, entries: &'a [Entry], outer: &Origins) -> Vec<Field<'a>> {
        let last: BTreeMap<&str, usize> = entries.iter().enumerate().map(|(index, entry)| (&*entry.key, index)).collect();
        let mut out = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            if last.get(&*entry.key) != Some(&index) {
                let note = format!("a later `{}` replaces it", entry.key);
                self.sink.ignore(entry.value.span, &SLS118, note);
                continue;
            }
            out.push(Field { key: Sourced::new(entry.key.to_string(), entry.key_span), node: &entry.value, outer: outer.clone() });
        }
        out
    }

    /// The items of a list, through references; a lone value is a list of one. Null is none.
    pub fn items(&mut self, node: &'a Node, outer: &Origins) -> Vec<(&'a Node, Origins)> {
        match self.resolve(node) {
            Resolved::Node(found, origins) => {
                let origins = origins.with(outer);
                match &found.kind {
                    Kind::Array(items) if !items.is_empty() => {
                        found.mark_read();
                        items.iter().map(|item| (item, origins.clone())).collect()
                    }
                    Kind::Null | Kind::Array(_) => {
                        self.empty(found, &origins);
                        Vec::new()
                    }
                    _ => vec![(found, origins)],
                }
            }
            Resolved::Value(value) if matches!(value.value, Value::Null) => {
                self.mark_value(&value, Some(node.span), Disposition::Ignored, &SLS126, "it is null");
                Vec::new()
            }
            Resolved::Value(_) => vec![(node, outer.clone())],
        }
    }

    /// Reports and marks a value of another type than its place takes.
    pub fn wrong(&mut self, value: &Val, span: Span, what: &str, wanted: &str) {
        let found = match &value.value {
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "an object".to_owned(),
            _ => format!("`{}`", line(&value.display())),
        };
        self.mark_value(value, Some(span), Disposition::Unsupported, &SLS117, &format!("{what} is not {wanted}"));
        // The unknown was reported where it became so.
        if !matches!(value.value, Value::Unknown(_)) {
            self.report(Diagnostic::warning(&SLS117, span, format!("{what} is {found}, not {wanted}")).help(format!("write {wanted}")));
        }
    }
}
