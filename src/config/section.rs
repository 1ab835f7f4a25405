//! Reads a map of answers key by key, and reports every key that nobody asked for and every value of another type.
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::output::{CFG001, CFG002};
use crate::source::sink::{Diagnostic, Sink};
use std::collections::BTreeMap;

/// A map of `emr2k8s.yaml`, or an absent one.
pub(super) struct Section<'node, 'sink> {
    entries: &'node [Entry],
    /// Dotted, for messages; empty at the top.
    path: String,
    known: Vec<&'static str>,
    sink: &'sink mut Sink,
}

impl<'node, 'sink> Section<'node, 'sink> {
    /// Reads a map with `read`, then reports the keys that it did not ask for.
    pub(super) fn open<T>(
        node: Option<&'node Node>,
        path: String,
        sink: &'sink mut Sink,
        read: impl FnOnce(&mut Section<'node, '_>) -> T,
    ) -> T {
        let entries: &[Entry] = match node.map(|node| (node, &node.kind)) {
            None | Some((_, Kind::Null)) => &[],
            Some((_, Kind::Object(entries))) => entries,
            Some((node, _)) => {
                let what = if path.is_empty() { "the file".to_owned() } else { format!("`{path}`") };
                let message = format!("{what} takes keys and values, and is {}", node.describe());
                sink.report(Diagnostic::error(&CFG002, node.span, message).help("write `key: value` lines, indented below it"));
                &[]
            }
        };
        let mut section = Section { entries, path, known: Vec::new(), sink };
        let out = read(&mut section);
        section.close();
        out
    }

    /// A text; a number is taken as it is written (`tag: 3.5`).
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let node = self.take(key)?;
        let path = self.name(key);
        text_of(node, &path, self.sink)
    }

    /// A text that has to pass a check, which gives the reason against it.
    pub(super) fn checked(&mut self, key: &'static str, check: fn(&str) -> Result<(), String>) -> Option<String> {
        let node = self.take(key)?;
        let path = self.name(key);
        checked_text(node, &path, check, self.sink)
    }

    /// A map from the user's own names to texts that have to pass a check.
    pub(super) fn checked_map(&mut self, key: &'static str, check: fn(&str) -> Result<(), String>) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        for (name, path, node) in self.entries_of(key) {
            if let Some(text) = checked_text(node, &path, check, self.sink) {
                out.insert(name, text);
            }
        }
        out
    }

    /// One of a few words.
    pub(super) fn choice(&mut self, key: &'static str, choices: &[&str]) -> Option<String> {
        let node = self.take(key)?;
        let path = self.name(key);
        let text = text_of(node, &path, self.sink)?;
        if choices.contains(&text.as_str()) {
            return Some(text);
        }
        let list = choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", ");
        let message = format!("`{path}` takes one of {list}, and is `{text}`");
        let diagnostic = Diagnostic::error(&CFG002, node.span, message);
        self.sink.report(match nearest(&text, choices.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
        None
    }

    /// A list of texts; a text alone is a list of one.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<String> {
        let Some(node) = self.take(key) else { return Vec::new() };
        let path = self.name(key);
        match &node.kind {
            Kind::Array(items) => {
                node.mark_read();
                items.iter().enumerate().filter_map(|(i, item)| text_of(item, &format!("{path}[{i}]"), self.sink)).collect()
            }
            Kind::String(_) | Kind::Number(_) => text_of(node, &path, self.sink).into_iter().collect(),
            _ => {
                let message = format!("`{path}` takes a list of texts, and is {}", node.describe());
                self.sink.report(Diagnostic::error(&CFG002, node.span, message).help(format!("write `{key}: [one, two]`")));
                Vec::new()
            }
        }
    }

    /// A map from the user's own names to texts.
    pub(super) fn map(&mut self, key: &'static str) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        for (name, path, node) in self.entries_of(key) {
            if let Some(text) = text_of(node, &path, self.sink) {
                out.insert(name, text);
            }
        }
        out
    }

    /// A map of known keys.
    pub(super) fn section<T>(&mut self, key: &'static str, read: fn(&mut Section<'_, '_>) -> T) -> T {
        let node = self.take(key);
        let path = self.name(key);
        Section::open(node, path, self.sink, read)
    }

    /// A map from the user's own names to maps of known keys. A name with nothing below it is no answer.
    pub(super) fn sections<T>(&mut self, key: &'static str, read: fn(&mut Section<'_, '_>) -> T) -> BTreeMap<String, T> {
        let mut out = BTreeMap::new();
        for (name, path, node) in self.entries_of(key).into_iter().filter(|(_, _, node)| !node.is_null()) {
            out.insert(name, Section::open(Some(node), path, self.sink, read));
        }
        out
    }

    fn entries_of(&mut self, key: &'static str) -> Vec<(String, String, &'node Node)> {
        let Some(node) = self.take(key) else { return Vec::new() };
        let path = self.name(key);
        match &node.kind {
            Kind::Object(entries) => {
                node.mark_read();
                entries.iter().map(|e| (e.key.to_string(), format!("{path}.{}", e.key), &e.value)).collect()
            }
            _ => {
                let message = format!("`{path}` takes names and values, and is {}", node.describe());
                self.sink.report(Diagnostic::error(&CFG002, node.span, message).help("write `name: value` lines, indented below it"));
                Vec::new()
            }
        }
    }

    /// The value of a key; of duplicates the last. `key:` without a value is as if it were not there.
    fn take(&mut self, key: &'static str) -> Option<&'node Node> {
        self.known.push(key);
        let node = self.entries.iter().rev().find(|entry| &*entry.key == key).map(|entry| &entry.value)?;
        (!node.is_null()).then_some(node)
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn close(self) {
        for entry in self.entries.iter().filter(|entry| !self.known.contains(&&*entry.key)) {
            let place = if self.path.is_empty() { String::new() } else { format!(" below `{}`", self.path) };
            let message = format!("there is no key `{}`{place}", entry.key);
            let help = match nearest(&entry.key, self.known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys: {}", self.known.join(", ")),
            };
            self.sink.report(Diagnostic::error(&CFG001, entry.key_span, message).help(help));
        }
    }
}

fn text_of(node: &Node, path: &str, sink: &mut Sink) -> Option<String> {
    if let Some(text) = node.str().or_else(|| node.number()) {
        return Some(text.to_owned());
    }
    let help = match node.kind {
        Kind::Bool(_) | Kind::Null => "put the word in quotes if it is meant as a text",
        _ => "write a text",
    };
    sink.report(Diagnostic::error(&CFG002, node.span, format!("`{path}` takes a text, and is {}", node.describe())).help(help));
    None
}

fn checked_text(node: &Node, path: &str, check: fn(&str) -> Result<(), String>, sink: &mut Sink) -> Option<String> {
    let text = text_of(node, path, sink)?;
    let Err(why) = check(&text) else { return Some(text) };
    sink.report(Diagnostic::error(&CFG002, node.span, format!("`{path}` cannot be `{text}`")).help(why));
    None
}

/// The nearest of some words, if it is near: at most a third of the letters differ.
fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    words
        .map(|known| (strsim::damerau_levenshtein(&word.to_lowercase(), known), known))
        .filter(|(distance, known)| *distance * 3 <= known.chars().count().max(3))
        .min()
        .map(|(_, known)| known)
}
