//! YAML text to nodes.
//!
//! The events of granit-parser become nodes without recursion; the open collections stand on a stack of at most
//! [`MAX_DEPTH`] frames. Three things are done on the way:
//! - *Aliases* are replaced by copies of what they name. A copy keeps the spans of the anchored text, for that is
//!   where a person would edit the value; so several nodes may have one span, and the ledger joins them by span.
//!   What aliases may add is bounded, so a "billion laughs" file is an error and not an exhausted machine.
//! - *Merge keys* (`<<`) are expanded in place: own keys win, then earlier mappings of a list.
//! - *Plain scalars* are resolved as the serverless tools (js-yaml) and the core schema of YAML 1.2.2 (§ 10.3.2) do:
//!   `yes`, `on` and dates stay strings. `.inf` and `.nan` stay strings too, for nothing downstream has such
//!   numbers. A scalar with a tag of its own (`!Ref 1`) is a string.
#![expect(clippy::disallowed_types, reason = "keys and anchors are looked up, never listed")]
use super::json::{report_duplicates, shown, too_deep, within_size};
use super::load::{MAX_BYTES, MAX_DEPTH};
use super::node::{Entry, Kind, Node};
use super::rules::source::{SRC002, SRC003, SRC004, SRC006};
use super::sink::{Diagnostic, Sink};
use super::span::{FileId, Span};
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle, Tag};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many nodes the copies made for anchors and aliases of one file may have together.
const MAX_COPIED_NODES: usize = 1 << 20;

/// Longest implicit key in characters. The specification says 1024; one-line JSON inside YAML has longer ones.
const LONGEST_KEY: usize = 1 << 16;

/// Parses a whole file: one node a document; documents without any text are left out. Empty after an error was
/// reported.
///
/// Spans are byte ranges of `text`: of a quoted scalar with its quotes, of a block scalar from its `|` or `>` to its
/// last line, of a collection without its tag and anchor.
pub fn parse(text: &str, file: FileId, sink: &mut Sink) -> Vec<Node> {
    if !within_size(text, file, sink) {
        return Vec::new();
    }
    let mut patched = text.to_owned();
    let mut dashes = BTreeSet::new();
    // Reading again is quadratic in the number of lone dashes: bound the bytes read.
    let attempts = 16 + MAX_BYTES * 2 / text.len().max(1);
    loop {
        let mut inner = Sink::default();
        let failure = match (Builder::new(text, file, &dashes, &mut inner)).read(&patched) {
            Ok(documents) => {
                sink.append(inner);
                return documents;
            }
            Err(failure) => failure,
        };
        // granit-parser refuses a lone dash in a flow sequence, `!Split [-, x]`, which CloudFormation reads.
        let lone = failure.lone_dash.filter(|at| {
            dashes.len() < attempts
                && patched.as_bytes().get(*at) == Some(&b'-')
                && matches!(patched.as_bytes().get(*at + 1), Some(b',' | b']' | b'}'))
        });
        let Some(at) = lone else {
            sink.append(inner);
            sink.report(*failure.diagnostic);
            return Vec::new();
        };
        patched.replace_range(at..=at, "x");
        dashes.insert(at);
    }
}

/// Why a text is not read.
struct Failure {
    diagnostic: Box<Diagnostic>,
    /// Where a dash stands that the parser does not take for a scalar.
    lone_dash: Option<usize>,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostic: Box::new(diagnostic), lone_dash: None }
    }
}

/// What a copy of a node costs.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
    height: usize,
}

/// A node and what its parent needs to know of it.
struct Done {
    node: Node,
    /// Where its text ends; for an alias the end of `*name`.
    end: usize,
    size: Size,
}

/// An open collection.
struct Frame {
    start: usize,
    end: usize,
    tag: Option<Box<str>>,
    anchor: usize,
    size: Size,
    items: Items,
}

enum Items {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, key: Option<Key>, merges: Vec<Merge> },
}

struct Key {
    text: Box<str>,
    span: Span,
    merge: bool,
}

/// The value of a `<<` that stands before entry number `at`.
struct Merge {
    at: usize,
    key: Span,
    value: Node,
}

struct Builder<'a> {
    /// The text as the user wrote it.
    text: &'a str,
    file: FileId,
    dashes: &'a BTreeSet<usize>,
    sink: &'a mut Sink,
    frames: Vec<Frame>,
    documents: Vec<Node>,
    anchors: HashMap<usize, (Node, Size)>,
    /// Whether the text may have aliases; without, anchored nodes are not kept.
    aliases: bool,
    copied: Size,
    /// Where the last scalar, alias or bracket ended.
    last_end: usize,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, file: FileId, dashes: &'a BTreeSet<usize>, sink: &'a mut Sink) -> Self {
        let aliases = text.contains('*');
        let (frames, documents) = (Vec::new(), Vec::new());
        Self { text, file, dashes, sink, frames, documents, anchors: HashMap::new(), aliases, copied: Size::default(), last_end: 0 }
    }

    /// `patched` is the text with each lone dash replaced by a letter.
    fn read(mut self, patched: &str) -> Result<Vec<Node>, Failure> {
        let options = granit_parser::options! {
            emit_comments: false,
            simple_key_max_lookahead: LONGEST_KEY,
        };
        for item in Parser::new_from_str_with_options(patched, options) {
            let (event, span) = item.map_err(|error| self.failure(&error))?;
            let range = span.byte_range().unwrap_or(self.last_end..self.last_end);
            let tag_text = |tag: Option<&Tag>| {
                tag.map(|tag| span.tag_span().and_then(|s| s.slice(self.text)).map_or_else(|| tag.original(), str::to_owned))
            };
            match event {
                Event::Scalar(value, style, anchor, tag) => {
                    let tag_text = tag_text(tag.as_deref());
                    self.scalar(&value, style, (range.start, range.end), tag.as_deref(), tag_text.as_deref(), anchor)?;
                }
                Event::SequenceStart(_, anchor, tag) => {
                    let tag = tag_text(tag.as_deref());
                    self.open(range.start, range.end, tag, anchor, Items::Sequence(Vec::new()))?;
                }
                Event::MappingStart(style, anchor, tag) => {
                    let tag = tag_text(tag.as_deref());
                    let items = Items::Mapping { entries: Vec::new(), key: None, merges: Vec::new() };
                    self.open(range.start, if style == StructureStyle::Flow { range.end } else { range.start }, tag, anchor, items)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(range.start, range.end)?,
                Event::Alias(anchor) => self.alias(anchor, range.start, range.end)?,
                Event::DocumentEnd => self.anchors.clear(),
                _ => {}
            }
        }
        Ok(self.documents)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        (mut start, mut end): (usize, usize),
        tag: Option<&Tag>,
        tag_text: Option<&str>,
        anchor: usize,
    ) -> Result<(), Failure> {
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            (start, end) = self.block(start, end);
        }
        let lone_dash = self.dashes.contains(&start);
        let empty = style == ScalarStyle::Plain && start == end;
        let kind = match tag {
            _ if lone_dash => Kind::String("-".into()),
            None if empty => Kind::Null,
            None if style == ScalarStyle::Plain => resolve(value),
            Some(tag) if ["int", "float", "bool", "null"].iter().any(|core| tag.is_yaml_core_schema_tag(core)) => resolve(value),
            _ => Kind::String(value.into()),
        };
        let merge = style == ScalarStyle::Plain && value == "<<" && (tag.is_none() || tag_text == Some("!!merge"));
        let node = Node::new(self.span(start, end), kind).with_tag(tag_text);
        let size = Size { nodes: 1, bytes: value.len(), height: 0 };
        self.last_end = self.last_end.max(end);
        self.finish(Done { node, end, size }, anchor, merge)
    }

    /// The range of a block scalar from its indicator to its last character that is not white space.
    fn block(&self, start: usize, end: usize) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        let mut at = self.last_end.min(start);
        let mut blank = true;
        while at < start {
            match bytes.get(at) {
                Some(b'|' | b'>') if blank => break,
                Some(b'#') if blank => {
                    while at < start && bytes.get(at) != Some(&b'\n') {
                        at += 1;
                    }
                    continue;
                }
                Some(byte) => blank = byte.is_ascii_whitespace(),
                None => {}
            }
            at += 1;
        }
        let trimmed = self.text.get(at..end).map_or(end, |s| at + s.trim_end_matches([' ', '\t', '\r', '\n']).len());
        (at, trimmed.max(at))
    }

    fn open(&mut self, start: usize, end: usize, tag: Option<String>, anchor: usize, items: Items) -> Result<(), Failure> {
        if let Some(Frame { items: Items::Mapping { key: None, .. }, .. }) = self.frames.last() {
            let braces = self.text.get(start..).is_some_and(|rest| rest.starts_with("{{") || (start > 0 && rest.starts_with('{')));
            let help = if braces {
                "if this is a template, migrate what its tool writes; else put the key into quotes"
            } else {
                "use a string as the key"
            };
            let end = if end > start { end } else { start + 1 };
            return Err(Diagnostic::error(&SRC002, self.span(start, end), "a key that is a collection").help(help).into());
        }
        if self.frames.len() >= MAX_DEPTH {
            return Err(too_deep(self.span(start, end.max(start + 1))).into());
        }
        self.last_end = self.last_end.max(end);
        let size = Size { nodes: 1, bytes: 0, height: 1 };
        self.frames.push(Frame { start, end, tag: tag.map(Into::into), anchor, size, items });
        Ok(())
    }

    /// Ends the innermost collection. The end of a flow collection is its bracket (`start < end`); that of a block
    /// collection is where its last child ends, for the event stands at the next token.
    fn close(&mut self, start: usize, end: usize) -> Result<(), Failure> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        if start < end {
            self.last_end = self.last_end.max(end);
        }
        let end = if start < end { end } else { frame.end };
        let kind = match frame.items {
            Items::Sequence(items) => Kind::Array(items),
            Items::Mapping { entries, merges, .. } => {
                report_duplicates(&entries, self.sink);
                Kind::Object(if merges.is_empty() { entries } else { self.merge(entries, merges) })
            }
        };
        let node = Node::new(self.span(frame.start, end), kind).with_tag(frame.tag.as_deref());
        self.finish(Done { node, end, size: frame.size }, frame.anchor, false)
    }

    /// Puts the entries of each `<<` in its place, without those that own keys or earlier mappings give.
    fn merge(&mut self, own: Vec<Entry>, merges: Vec<Merge>) -> Vec<Entry> {
        let own_keys: HashMap<Box<str>, Span> = own.iter().map(|e| (e.key.clone(), e.key_span)).collect();
        let mut merged_keys: HashSet<Box<str>> = HashSet::new();
        let mut out = Vec::with_capacity(own.len());
        let mut own = own.into_iter();
        let mut taken = 0;
        for merge in merges {
            out.extend(own.by_ref().take(merge.at - taken));
            taken = merge.at;
            let mappings = match merge.value {
                Node { kind: Kind::Array(items), .. } if items.iter().all(|i| matches!(i.kind, Kind::Object(_))) => items,
                node @ Node { kind: Kind::Object(_), .. } => vec![node],
                other => {
                    let message = format!("`<<` merges a mapping or a list of mappings, and this is {}", other.describe());
                    self.sink.report(
                        Diagnostic::error(&SRC002, other.span, message)
                            .related(merge.key, "merged here")
                            .help("name a mapping, or quote the key"),
                    );
                    out.push(Entry { key: "<<".into(), key_span: merge.key, value: other });
                    continue;
                }
            };
            for mapping in mappings {
                let Kind::Object(entries) = mapping.kind else { continue };
                for entry in entries {
                    if let Some(own) = own_keys.get(&entry.key) {
                        // Of an anchored mapping the other value lives on at the anchor; this one is lost.
                        if entry.key_span.start > merge.key.start {
                            let message = format!("key `{}` inside `<<` never counts", shown(&entry.key));
                            self.sink.report(
                                Diagnostic::warning(&SRC003, entry.key_span, message)
                                    .related(*own, "this one wins")
                                    .help("remove one of them"),
                            );
                        }
                    } else if merged_keys.insert(entry.key.clone()) {
                        out.push(entry);
                    }
                }
            }
        }
        out.extend(own);
        out
    }

    fn alias(&mut self, anchor: usize, start: usize, end: usize) -> Result<(), Failure> {
        let span = self.span(start, end);
        let name = shown(self.text.get(start..end).unwrap_or("*"));
        let Some((_, size)) = self.anchors.get(&anchor) else {
            let message = format!("alias `{name}` stands inside the node that it names");
            return Err(Diagnostic::error(&SRC002, span, message).help("a value cannot contain itself: write it out").into());
        };
        let size = *size;
        if self.frames.len() + size.height > MAX_DEPTH {
            return Err(too_deep(span).into());
        }
        self.charge(size, span)?;
        self.last_end = self.last_end.max(end);
        match self.anchors.get(&anchor) {
            Some((node, _)) => self.finish(Done { node: copy(node), end, size }, 0, false),
            None => Ok(()),
        }
    }

    /// Counts a copy that is to be made.
    fn charge(&mut self, size: Size, span: Span) -> Result<(), Failure> {
        self.copied.nodes = self.copied.nodes.saturating_add(size.nodes);
        self.copied.bytes = self.copied.bytes.saturating_add(size.bytes);
        if self.copied.nodes > MAX_COPIED_NODES || self.copied.bytes > MAX_BYTES {
            let message = format!("aliases expand to more than {MAX_COPIED_NODES} values or {MAX_BYTES} bytes");
            return Err(Diagnostic::error(&SRC004, span, message)
                .help("write the values out, or leave the file out with `exclude`")
                .into());
        }
        Ok(())
    }

    /// Puts a complete node into its parent.
    fn finish(&mut self, done: Done, anchor: usize, merge: bool) -> Result<(), Failure> {
        let Done { node, end, size } = done;
        if anchor != 0 && self.aliases {
            self.charge(size, node.span)?;
            self.anchors.insert(anchor, (copy(&node), size));
        }
        let Some(frame) = self.frames.last_mut() else {
            if !(matches!(node.kind, Kind::Null) && node.span.is_empty()) {
                self.documents.push(node);
            }
            return Ok(());
        };
        frame.end = frame.end.max(end);
        frame.size.nodes = frame.size.nodes.saturating_add(size.nodes);
        frame.size.bytes = frame.size.bytes.saturating_add(size.bytes);
        frame.size.height = frame.size.height.max(size.height + 1);
        match &mut frame.items {
            Items::Sequence(items) => items.push(node),
            Items::Mapping { entries, key, merges } => match key.take() {
                Some(Key { span, merge: true, .. }) => merges.push(Merge { at: entries.len(), key: span, value: node }),
                Some(Key { text, span, .. }) => entries.push(Entry { key: text, key_span: span, value: node }),
                None => {
                    let Some(text) = node.scalar_text() else {
                        return Err(Diagnostic::error(&SRC002, node.span, "a key that is a collection")
                            .help("use a string as the key")
                            .into());
                    };
                    *key = Some(Key { text: text.into(), span: node.span, merge });
                }
            },
        }
        Ok(())
    }

    /// The diagnostic for what the parser says, in the user's words.
    fn failure(&self, error: &ScanError) -> Failure {
        let at = error.marker().byte_offset().unwrap_or(self.last_end).min(self.text.len());
        let at = (0..=at).rev().find(|i| self.text.is_char_boundary(*i)).unwrap_or(0);
        let here = self.span(at, at + self.text[at..].chars().next().map_or(0, char::len_utf8));
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            return too_deep(here).into();
        }
        if let Some(tab) = self.tab(at, error.kind()) {
            let diagnostic = Diagnostic::error(&SRC006, self.span(tab, tab + 1), "a tab in the indentation, which YAML forbids");
            return diagnostic.help("replace the tabs at the start of lines with spaces").into();
        }
        let (message, help) = self.words(error, at);
        let lone_dash = (*error.kind() == ErrorKind::PlainScalarStartsWithDashFlowIndicator).then_some(at);
        Failure { diagnostic: Box::new(Diagnostic::error(&SRC002, here, message).help(help)), lone_dash }
    }

    /// The tab that an error is about: in the indentation of its line, or of the lines that follow where the parser
    /// says that it met one.
    fn tab(&self, at: usize, kind: &ErrorKind) -> Option<usize> {
        let told = matches!(
            kind,
            ErrorKind::TabNotAllowed
                | ErrorKind::TabInBlockIndentation
                | ErrorKind::TabInIndentation
                | ErrorKind::TabInPlainScalar
                | ErrorKind::TabAtBlockScalarStart
        );
        let mut start = self.text[..at].rfind('\n').map_or(0, |i| i + 1);
        for line in self.text[start..].split_inclusive('\n').take(if told { usize::MAX } else { 1 }) {
            let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
            if let Some(tab) = line[..indentation].find('\t') {
                return Some(start + tab);
            }
            start += line.len();
        }
        None
    }

    fn words(&self, error: &ScanError, at: usize) -> (String, &'static str) {
        const TEMPLATE: &str = "if this is a template, migrate what its tool writes; else put the value into quotes";
        let rest = &self.text[at..];
        let line = rest.lines().next().unwrap_or("");
        if line.starts_with("{%") || line.starts_with("%}") || line.contains("{{") {
            return (format!("not YAML: {}", error.info()), TEMPLATE);
        }
        if line.starts_with('!') {
            let tag = line.split(' ').next().unwrap_or("!");
            return (format!("a second tag, `{}`, on one value", shown(tag)), "write the inner function in its long form: `{Ref: X}`");
        }
        match error.kind() {
            ErrorKind::UnknownAnchor => {
                let name = rest.split([' ', '\t', '\r', '\n', ',', ']', '}']).next().unwrap_or("*");
                (format!("alias `{}` names no anchor before it", shown(name)), "if it is text that begins with `*`, put it into quotes")
            }
            ErrorKind::UnexpectedCharacter { character } => {
                (format!("a value cannot begin with `{}`", shown(&character.to_string())), "put the value into quotes")
            }
            ErrorKind::UnclosedQuotedScalar => {
                ("the string that is opened here is never closed".to_owned(), "close it with the same quote")
            }
            ErrorKind::UnclosedFlowCollection { open } => {
                (format!("the `{open}` is never closed"), "close it, or put the text into quotes")
            }
            ErrorKind::UnknownQuotedScalarEscape => (
                "a string in double quotes has an escape that YAML does not know".to_owned(),
                "write `\\\\` for a backslash, or use single quotes",
            ),
            ErrorKind::MappingValueNotAllowed => (
                "a `:` where no key can be".to_owned(),
                "put a value that has `: ` in it into quotes, and check that this line is indented like its neighbours",
            ),
            ErrorKind::SimpleKeyExpected => (
                format!("`{}` is neither `key: value` nor part of the value before", shown(line)),
                "write a colon and a space after the key",
            ),
            ErrorKind::ExpectedBlockMappingKey => {
                ("a key was expected here".to_owned(), "check that this line is indented like its neighbours")
            }
            ErrorKind::ExpectedBlockSequenceEntry => {
                ("an item that begins with `- ` was expected here".to_owned(), "check that this line is indented like its neighbours")
            }
            ErrorKind::BlockSequenceEntryNotAllowed => ("a `- ` where no list can begin".to_owned(), "begin the list on a line of its own"),
            ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::InvalidColonPlacement => {
                ("a `,` or the closing bracket was expected here".to_owned(), "close the bracket that was opened before, or add the comma")
            }
            _ => (format!("not YAML: {}", error.info()), "mend the text here"),
        }
    }
}

/// A copy that nobody read. The recursion is bounded: no node is deeper than [`MAX_DEPTH`].
fn copy(node: &Node) -> Node {
    let kind = match &node.kind {
        // YAML has no expressions.
        Kind::Null | Kind::Expr(_) => Kind::Null,
        Kind::Bool(value) => Kind::Bool(*value),
        Kind::Number(text) => Kind::Number(text.clone()),
        Kind::String(text) => Kind::String(text.clone()),
        Kind::Array(items) => Kind::Array(items.iter().map(copy).collect()),
        Kind::Object(entries) => {
            Kind::Object(entries.iter().map(|e| Entry { key: e.key.clone(), key_span: e.key_span, value: copy(&e.value) }).collect())
        }
    };
    Node::new(node.span, kind).with_tag(node.tag.as_deref())
}

/// The value of a plain scalar by the core schema.
#[must_use]
pub fn resolve(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ if is_number(text) => Kind::Number(text.into()),
        _ => Kind::String(text.into()),
    }
}

/// Whether a plain scalar is an int or a finite float.
fn is_number(text: &str) -> bool {
    fn all(text: &str, radix: u32) -> bool {
        !text.is_empty() && text.chars().all(|c| c.is_digit(radix))
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, 8);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let exponent_good = exponent.is_none_or(|e| all(e.strip_prefix(['-', '+']).unwrap_or(e), 10));
    let mantissa_good = match mantissa.split_once('.') {
        None => all(mantissa, 10),
        Some(("", fraction)) => all(fraction, 10),
        Some((whole, fraction)) => all(whole, 10) && (fraction.is_empty() || all(fraction, 10)),
    };
    exponent_good && mantissa_good
}

#[cfg(test)]
mod tests;
