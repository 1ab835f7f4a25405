//! Documents inside strings: an ASL definition in a YAML block scalar, in a JSON string, in an HCL heredoc.
//!
//! The decoded text of the string is parsed as a document of its own; then every span, of nodes and of diagnostics,
//! is carried back to the outer file through an [`OffsetMap`], escape by escape and line by line. The map is made by
//! decoding the outer token once more and is used only when that gives the very text that the outer parser gave; a
//! notation that is not understood here so costs precision (everything points at the whole string), never truth.
mod decode;

use super::files::SourceFile;
use super::node::{Kind, Node};
use super::rules::source::SRC002;
use super::sink::{Diagnostic, Sink};
use super::span::Span;
use super::{json, yaml};
pub use decode::Decoded;

/// Where each byte of a decoded text stands in the outer file.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct OffsetMap {
    /// Adjoining in the inner text, rising in the outer one.
    pieces: Vec<Piece>,
}

/// `inner_len` bytes of the decoded text that `outer_len` bytes of the file stand for. Where both are equal they are
/// the same bytes; else it is one escape, one fold or a character that the notation adds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Piece {
    inner: usize,
    inner_len: usize,
    outer: usize,
    outer_len: usize,
}

impl Piece {
    fn is_linear(self) -> bool {
        self.inner_len == self.outer_len
    }
}

impl OffsetMap {
    /// The map for the text of a string node. Everything maps to the whole span where the notation is not known.
    #[must_use]
    pub fn of(outer: &Node, file: &SourceFile) -> Self {
        let (start, end) = (outer.span.start as usize, outer.span.end as usize);
        let Kind::String(text) = &outer.kind else { return Self::default() };
        file.text.get(start..end).and_then(|token| decode::token(token, start, text)).map_or_else(
            || {
                // One piece that is not linear, whatever the lengths: no offset inside it means anything.
                let mut map = Self::default();
                map.pieces.push(Piece { inner: 0, inner_len: usize::MAX, outer: start, outer_len: end - start });
                map
            },
            |decoded| decoded.map,
        )
    }

    fn inner_len(&self) -> usize {
        self.pieces.last().map_or(0, |piece| piece.inner.saturating_add(piece.inner_len))
    }

    fn push(&mut self, inner_len: usize, outer: usize, outer_len: usize) {
        let inner = self.inner_len();
        let piece = Piece { inner, inner_len, outer, outer_len };
        match self.pieces.last_mut() {
            Some(last) if last.is_linear() && piece.is_linear() && last.outer + last.outer_len == outer => {
                last.inner_len += inner_len;
                last.outer_len += outer_len;
            }
            _ if inner_len == 0 => {}
            _ => self.pieces.push(piece),
        }
    }

    /// Forgets what lies behind the first `inner_len` bytes of the decoded text.
    fn truncate(&mut self, inner_len: usize) {
        while let Some(last) = self.pieces.last_mut() {
            if last.inner >= inner_len {
                self.pieces.pop();
                continue;
            }
            let cut = (last.inner + last.inner_len).saturating_sub(inner_len);
            if last.is_linear() {
                last.outer_len -= cut;
            }
            last.inner_len -= cut;
            return;
        }
    }

    fn piece(&self, inner: usize) -> Option<Piece> {
        let after = self.pieces.partition_point(|piece| piece.inner <= inner);
        self.pieces.get(after.checked_sub(1)?).copied()
    }

    /// Where in the file the character at `inner` begins. An offset at the end of the text gives the end.
    #[must_use]
    pub fn start(&self, inner: usize) -> usize {
        match self.piece(inner) {
            Some(piece) if inner - piece.inner >= piece.inner_len => piece.outer + piece.outer_len,
            Some(piece) if piece.is_linear() => piece.outer + inner - piece.inner,
            Some(piece) => piece.outer,
            None => 0,
        }
    }

    /// Where in the file the character before `inner` ends.
    #[must_use]
    pub fn end(&self, inner: usize) -> usize {
        let Some(before) = inner.checked_sub(1) else { return self.start(0) };
        match self.piece(before) {
            Some(piece) if piece.is_linear() => piece.outer + (inner - piece.inner).min(piece.outer_len),
            Some(piece) => piece.outer + piece.outer_len,
            None => 0,
        }
    }

    /// A span of the decoded text as a span of the file, never outside `outer`.
    #[must_use]
    pub fn span(&self, inner: Span, outer: Span) -> Span {
        let bounds = (outer.start as usize, outer.end as usize);
        let start = self.start(inner.start as usize).clamp(bounds.0, bounds.1);
        let coarse = self.pieces.first().is_some_and(|piece| piece.inner_len == usize::MAX);
        let end = if inner.is_empty() && !coarse { start } else { self.end(inner.end as usize).clamp(start, bounds.1) };
        Span::new(outer.file, start, if coarse { bounds.1 } else { end })
    }
}

/// Parses the text of a string as a JSON document; its spans are those of the outer file. Reads the string.
///
/// `None` when `outer` is not a string, or after a diagnostic was reported. The caller puts the result in its place
/// with [`Node::embed`].
pub fn parse_json_in(outer: &Node, file: &SourceFile, sink: &mut Sink) -> Option<Node> {
    let text = outer.str()?;
    let mut inner = Sink::default();
    let node = json::parse(text, outer.span.file, &mut inner);
    relocate(outer, file, inner, node, sink)
}

/// Parses the text of a string as one YAML document; its spans are those of the outer file. Reads the string.
///
/// `None` when `outer` is not a string, when the text has no document, or after a diagnostic was reported.
pub fn parse_yaml_in(outer: &Node, file: &SourceFile, sink: &mut Sink) -> Option<Node> {
    let text = outer.str()?;
    let mut inner = Sink::default();
    let mut documents = yaml::parse(text, outer.span.file, &mut inner).into_iter();
    let first = documents.next();
    if let Some(second) = documents.next() {
        let message = "a second YAML document inside a string that should hold one";
        inner.report(Diagnostic::error(&SRC002, second.span, message).help("remove it, or give it a string of its own"));
        relocate(outer, file, inner, None, sink);
        return None;
    }
    relocate(outer, file, inner, first, sink)
}

/// Carries what was found in the text of `outer` to the outer file.
fn relocate(outer: &Node, file: &SourceFile, inner: Sink, node: Option<Node>, sink: &mut Sink) -> Option<Node> {
    if node.is_none() && inner.diagnostics.is_empty() {
        return None;
    }
    let map = OffsetMap::of(outer, file);
    let place = |span: Span| map.span(span, outer.span);
    for mut diagnostic in inner.diagnostics {
        diagnostic.span = diagnostic.span.map(place);
        for (span, _) in &mut diagnostic.related {
            *span = place(*span);
        }
        sink.report(diagnostic);
    }
    node.map(|mut node| {
        relocate_node(&mut node, &place);
        node
    })
}

/// The recursion is bounded: no parser makes nodes deeper than [`super::load::MAX_DEPTH`].
fn relocate_node(node: &mut Node, place: &impl Fn(Span) -> Span) {
    node.span = place(node.span);
    match &mut node.kind {
        Kind::Array(items) => items.iter_mut().for_each(|item| relocate_node(item, place)),
        Kind::Object(entries) => {
            for entry in entries {
                entry.key_span = place(entry.key_span);
                relocate_node(&mut entry.value, place);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
