//! Which stages a file speaks of: evaluation with a marker in the place of the stage.
//!
//! Wherever the marker is used as a key, the map there is indexed by the stage, so its keys are stages. A key that the
//! same variable also names literally (`${self:custom.x.${opt:stage}, self:custom.x.default}`) is a fallback, not a stage.
use super::model::Context;
use super::resolve::Resolver;
use super::syntax::{self, Piece, Source};
use crate::source::files;
use crate::source::node::{Kind, Node};
use crate::source::sink::Sink;
use crate::source::span::{Sourced, Span};
use std::collections::BTreeSet;

/// Stands for the stage: no file can hold it.
pub(super) const MARKER: &str = "\u{0}stage\u{0}";

/// A map that is indexed by the stage.
#[derive(Debug, Clone)]
pub(super) struct Indexed {
    /// Of each key: the stage it names, the key's place, the value's place.
    pub stages: Vec<(String, Span, Span)>,
    map: Span,
    by: Span,
}

#[derive(Debug, Default)]
pub(super) struct Probe {
    pub indexed: Vec<Indexed>,
    /// Keys named literally: the scalar that does, the map, the key.
    literal: BTreeSet<(Span, Span, String)>,
    /// Stages that files are named for.
    pub files: Vec<Sourced<String>>,
}

impl Probe {
    /// A step into a map, for the variable at a place. True when the key holds the stage. `deeper`: the address goes on below it,
    /// so that a plain value beside the stages' maps (`REGION: us-east-1`) is none of theirs.
    pub fn enter(&mut self, at: Span, map: &Node, key: &str, deeper: bool) -> bool {
        let Kind::Object(entries) = &map.kind else { return false };
        let Some((before, after)) = key.split_once(MARKER) else {
            self.literal.insert((at, map.span, key.to_owned()));
            return false;
        };
        let stages = entries
            .iter()
            .filter(|entry| !deeper || holds_more(&entry.value))
            .filter_map(|entry| {
                let stage = entry.key.strip_prefix(before)?.strip_suffix(after).filter(|stage| !stage.is_empty())?;
                Some((stage.to_owned(), entry.key_span, entry.value.span))
            })
            .collect();
        self.indexed.push(Indexed { stages, map: map.span, by: at });
        true
    }

    /// `file(…)` with the stage in its path.
    pub fn file(&mut self, path: &str, folder: &str, paths: &[&str], at: Span) {
        let Some(joined) = files::join(folder, path) else { return };
        let Some((before, after)) = joined.split_once(MARKER) else { return };
        for known in paths {
            if let Some(stage) = known.strip_prefix(before).and_then(|rest| rest.strip_suffix(after))
                && !stage.is_empty()
                && !stage.contains(['/', '.'])
            {
                self.files.push(Sourced::new(stage.to_owned(), at));
            }
        }
    }

    /// The maps indexed by the stage, without the keys that are fallbacks.
    pub fn finish(self) -> (Vec<Indexed>, Vec<Sourced<String>>) {
        let Probe { mut indexed, literal, files, .. } = self;
        for map in &mut indexed {
            map.stages.retain(|(stage, _, _)| !literal.contains(&(map.by, map.map, stage.clone())));
        }
        (indexed, files)
    }
}

/// Whether an address can go on below a value: a map, a list, or a variable that may be one.
fn holds_more(value: &Node) -> bool {
    match &value.kind {
        Kind::Object(_) | Kind::Array(_) => true,
        Kind::String(text) => syntax::has_variable(text),
        _ => false,
    }
}

/// The maps of a document that are indexed by the stage.
pub(super) fn indexed(document: &Node, path: &str, context: &dyn Context) -> (Vec<Indexed>, Vec<Sourced<String>>) {
    let mut sink = Sink::default();
    let mut resolver = Resolver::new(document, path, MARKER, context, &mut sink);
    resolver.probe = Some(Probe::default());
    let mut texts = Vec::new();
    collect(document, &mut texts);
    for node in texts {
        resolver.resolve(node);
    }
    resolver.probe.take().map(Probe::finish).unwrap_or_default()
}

fn collect<'a>(node: &'a Node, out: &mut Vec<&'a Node>) {
    match &node.kind {
        Kind::String(text) if syntax::has_variable(text) => out.push(node),
        Kind::Array(items) => items.iter().for_each(|item| collect(item, out)),
        Kind::Object(entries) => entries.iter().for_each(|entry| collect(&entry.value, out)),
        _ => {}
    }
}

/// The stages a file speaks of, in order of appearance: the defaults of `${opt:stage, 'x'}`, a literal `provider.stage`,
/// the keys of every map that is indexed by the stage, the stages of `params`, the list `custom.stages`, and the files
/// named for a stage. Empty when it speaks of none: the framework deploys [`DEFAULT_STAGE`](super::DEFAULT_STAGE) then.
pub fn stages(node: &Node, path: &str, context: &dyn Context) -> Vec<Sourced<String>> {
    let mut found: Vec<Sourced<String>> = Vec::new();
    let (indexed, files) = indexed(node, path, context);
    found.extend(indexed.into_iter().flat_map(|map| map.stages).map(|(stage, key, _)| Sourced::new(stage, key)));
    found.extend(files);

    if let Some(stage) = node.path(&["provider", "stage"])
        && let Kind::String(text) = &stage.kind
        && !syntax::has_variable(text)
        && !text.is_empty()
    {
        found.push(Sourced::new(text.to_string(), stage.span));
    }
    let mut texts = Vec::new();
    collect(node, &mut texts);
    let mut sink = Sink::default();
    let mut resolver = Resolver::new(node, path, MARKER, context, &mut sink);
    for text in texts {
        defaults(&mut resolver, text, &mut found);
    }
    for key in ["params", "stages"] {
        if let Some(Kind::Object(entries)) = node.get(key).map(|n| &n.kind) {
            let named = entries.iter().filter(|e| &*e.key != "default");
            found.extend(named.map(|e| Sourced::new(e.key.to_string(), e.key_span)));
        }
    }
    if let Some(Kind::Array(items)) = node.path(&["custom", "stages"]).map(|n| &n.kind) {
        for item in items {
            if let Kind::String(text) = &item.kind
                && !syntax::has_variable(text)
            {
                found.push(Sourced::new(text.to_string(), item.span));
            }
        }
    }

    found.sort_by_key(Sourced::span);
    let mut out: Vec<Sourced<String>> = Vec::new();
    for stage in found {
        match out.iter_mut().find(|known| known.value == stage.value) {
            Some(known) => known.origins.extend(&stage.origins),
            None => out.push(stage),
        }
    }
    out
}

/// The literal that a variable takes when no stage is given on the command line.
fn defaults<'a>(resolver: &mut Resolver<'a, '_>, node: &'a Node, found: &mut Vec<Sourced<String>>) {
    let Kind::String(text) = &node.kind else { return };
    let mut open: Vec<Piece> = syntax::parse(text).pieces;
    while let Some(piece) = open.pop() {
        let Piece::Variable(variable) = piece else { continue };
        let mut after_stage = false;
        for source in &variable.sources {
            match &source[..] {
                [Piece::Literal(text)] => match syntax::source(text) {
                    Source::Named { name: "opt", argument: None, address: "stage" } => after_stage = true,
                    // Its own value is looked at where it stands.
                    Source::Named { name: "self", argument: None, address: "provider.stage" }
                        if resolver.document.path(&["provider", "stage"]).is_some() =>
                    {
                        break;
                    }
                    Source::Named { name: "self", argument: None, address } if after_stage => {
                        let keys: Vec<&str> = address.split('.').collect();
                        let document = resolver.document;
                        if let Some(target) = document.path(&keys) {
                            let value = resolver.value(target);
                            if let Some(stage) = value.literal().filter(|s| !s.contains(MARKER) && !s.is_empty()) {
                                let mut origins = value.origins;
                                origins.add(node.span);
                                found.push(Sourced::new(stage, origins));
                            }
                            break;
                        }
                    }
                    Source::Text(stage) if after_stage && !stage.is_empty() => {
                        found.push(Sourced::new(stage.to_owned(), node.span));
                        break;
                    }
                    _ => {}
                },
                pieces => open.extend(pieces.iter().cloned()),
            }
        }
    }
}
