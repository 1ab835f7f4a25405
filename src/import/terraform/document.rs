//! Documents inside a module: the JSON of a definition or of classifications, as text or as `jsonencode({…})`.
//!
//! The text of such a document is put together from pieces (a heredoc's literal, an interpolation, a template file), and
//! each byte of it keeps the place where it was written, so that a message about the document points there.
use super::eval::{Evaluator, Scope};
use super::operators;
use crate::ir::value::{Val, Value};
use crate::source::hcl::{Part, Step, Tree, TreeKind};
use crate::source::node::{Entry, Kind, Node};
use crate::source::sink::Sink;
use crate::source::span::{FileId, Origins, Span};

/// What an attribute that wants a document holds.
pub enum Written {
    /// `file("x")`: the path relative to SRC.
    File { path: String, origins: Origins },
    /// Text with the places it comes from; the path of the template file, if it is one.
    Text { text: MappedText, template: Option<String>, origins: Origins },
    /// `jsonencode(…)`, or a value that is not text.
    Value(Val),
    /// It is not known what it holds.
    Unknown { why: String, origins: Origins },
}

/// References to follow before giving up on a circle of locals.
const MAX_HOPS: u32 = 32;

impl<'i, 'a> Evaluator<'i, 'a> {
    /// Reads an attribute that holds a document.
    pub fn written(&self, node: &'a Node) -> Written {
        self.hop(node, Origins::none(), 0)
    }

    fn hop(&self, node: &'a Node, mut origins: Origins, hops: u32) -> Written {
        node.mark_read();
        origins.add(node.span);
        match &node.kind {
            Kind::String(text) => {
                let mut mapped = MappedText::default();
                mapped.literal(text, node.span, self.raw(node.span).map(|raw| (raw, delimiter(raw))));
                Written::Text { text: mapped, template: None, origins }
            }
            Kind::Expr(expr) if hops < MAX_HOPS => self.hop_tree(node, expr.tree(), origins, hops),
            _ => Written::Value(self.node(node).shaped_by(&origins)),
        }
    }

    fn hop_tree(&self, node: &'a Node, tree: &'a Tree, origins: Origins, hops: u32) -> Written {
        match &tree.kind {
            TreeKind::Template(parts) => match parts.as_slice() {
                [Part::Value(only)] => self.hop_tree(node, only, origins, hops),
                parts => self.pieces(parts, None, None, origins),
            },
            TreeKind::Path(head, steps) => {
                let (TreeKind::Name(head), [Step::Attribute(name)]) = (&head.kind, steps.as_slice()) else {
                    return self.other(node, origins);
                };
                let next = match &**head {
                    "local" => self.index.locals.get(&**name).map(|e| &e.value),
                    "var" => self.index.variables.get(&**name).and_then(|v| v.value),
                    _ => None,
                };
                match next {
                    Some(next) => self.hop(next, origins, hops + 1),
                    None => self.other(node, origins),
                }
            }
            TreeKind::Call { name, arguments, .. } => match (&**name, arguments.as_slice()) {
                ("file", [path]) => {
                    let path = self.tree(path, None);
                    let origins = origins.with(&path.all_origins());
                    match self.file_path(&path, tree.span) {
                        Ok(path) => Written::File { path, origins },
                        Err(why) => Written::Unknown { why, origins },
                    }
                }
                ("templatefile", [path, variables]) => {
                    let path = self.tree(path, None);
                    let variables = self.tree(variables, None);
                    let origins = origins.with(&path.all_origins()).with(&variables.all_origins());
                    let found =
                        self.file_path(&path, tree.span).and_then(|path| self.template_parts(&path).map(|(parts, _)| (path, parts)));
                    match found {
                        Ok((path, parts)) => {
                            let entries: Vec<(&str, &Val)> =
                                variables.map().unwrap_or(&[]).iter().map(|(k, v)| (k.value.as_str(), v)).collect();
                            self.pieces(&parts, Some(&Scope { entries: &entries, outer: None }), Some(path), origins)
                        }
                        Err(why) => Written::Unknown { why, origins },
                    }
                }
                ("jsonencode", [value]) => Written::Value(self.tree(value, None).shaped_by(&origins)),
                _ => self.other(node, origins),
            },
            _ => self.other(node, origins),
        }
    }

    fn other(&self, node: &'a Node, origins: Origins) -> Written {
        let value = self.node(node);
        let origins = origins.with(&value.all_origins());
        match (&value.value, value.literal()) {
            (Value::Text(_), Some(text)) => {
                let mut mapped = MappedText::default();
                mapped.opaque(&text, node.span);
                Written::Text { text: mapped, template: None, origins }
            }
            _ if operators::known(&value) => Written::Value(value.shaped_by(&origins)),
            _ => Written::Unknown { why: format!("it depends on {}", operators::unknowns(&value)), origins },
        }
    }

    fn pieces(&self, parts: &[Part], scope: Option<&Scope<'_>>, template: Option<String>, mut origins: Origins) -> Written {
        let raw = template.as_deref().and_then(|path| self.context.text(path));
        let mut mapped = MappedText::default();
        let whole = self.walk(parts, scope, &mut |piece| {
            let text = piece.value.display();
            if let Some(span) = piece.literal {
                let source = match raw {
                    Some((id, text)) if id == span.file => text.get(span.start as usize..span.end as usize),
                    _ => self.raw(span),
                };
                mapped.literal(&text, span, source.map(|source| (source, 0)));
            } else {
                origins.extend(&piece.value.all_origins());
                if let Some(span) = piece.value.origins.first() {
                    mapped.opaque(&text, span);
                }
            }
            mapped.text.len() <= super::eval::MAX_TEXT
        });
        if whole {
            Written::Text { text: mapped, template, origins }
        } else {
            Written::Unknown { why: "its text is too long".into(), origins }
        }
    }

    /// The source text of a span in a file of the module.
    pub fn raw(&self, span: Span) -> Option<&'i str> {
        let path = self.index.paths.iter().find(|(id, _)| *id == span.file).map(|(_, path)| *path)?;
        self.context.text(path).and_then(|(_, text)| text.get(span.start as usize..span.end as usize))
    }
}

/// Where the text of a whole literal starts: after its quote, or after the first line of a heredoc.
fn delimiter(raw: &str) -> usize {
    if raw.starts_with("<<") { raw.find('\n').map_or(0, |at| at + 1) } else { usize::from(raw.starts_with('"')) }
}

/// A text and where each part of it was written.
#[derive(Default, Debug)]
pub struct MappedText {
    pub text: String,
    runs: Vec<Run>,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    at: usize,
    span: Span,
    /// Byte for byte as in the source; otherwise all of the run stands for all of the span.
    exact: bool,
}

impl MappedText {
    /// Appends a text that stands for a whole span.
    fn opaque(&mut self, text: &str, span: Span) {
        if !text.is_empty() {
            self.runs.push(Run { at: self.text.len(), span, exact: false });
            self.text.push_str(text);
        }
    }

    /// Appends decoded text, found again in its source: what the source has more (indentation, escapes) is skipped. `raw` is the
    /// source at `span`, and where in it the text starts.
    fn literal(&mut self, text: &str, span: Span, raw: Option<(&str, usize)>) {
        let Some((raw, mut at)) = raw else { return self.opaque(text, span) };
        let mut expected = usize::MAX;
        for c in text.chars() {
            let mut buffer = [0; 4];
            let encoded = c.encode_utf8(&mut buffer);
            let rest = raw.get(at..).unwrap_or("");
            let (skip, length) =
                if rest.starts_with(c) && !(matches!(c, '$' | '%') && rest[1..].starts_with(c) && rest[2..].starts_with('{')) {
                    (0, encoded.len())
                } else if let Some(escape) = rest.strip_prefix('\\') {
                    let digits = match escape.chars().next() {
                        Some('u') => 5,
                        Some('U') => 9,
                        Some(other) => other.len_utf8(),
                        None => 0,
                    };
                    (usize::MAX, 1 + digits)
                } else if matches!(c, '$' | '%') && rest.len() > 1 && rest.starts_with(c) {
                    (1, 1)
                } else {
                    match rest.find(c) {
                        Some(found) if rest[..found].chars().all(char::is_whitespace) => (found, encoded.len()),
                        _ => (usize::MAX, 0),
                    }
                };
            let start = if skip == usize::MAX { at } else { at + skip };
            let exact = skip != usize::MAX;
            if !exact || start != expected {
                let end = if exact { span.end as usize } else { span.start as usize + start + length.max(1) };
                self.runs.push(Run { at: self.text.len(), span: Span::new(span.file, span.start as usize + start, end), exact });
            }
            self.text.push(c);
            at = start + length;
            expected = if exact { at } else { usize::MAX };
        }
    }

    /// The source range of a range of the text.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Option<Span> {
        let run = |offset: usize| self.runs.partition_point(|run| run.at <= offset).checked_sub(1).and_then(|i| self.runs.get(i));
        let place =
            |run: &Run, offset: usize| if run.exact { run.span.start as usize + (offset - run.at) } else { run.span.start as usize };
        let first = run(start)?;
        let last = run(end.max(start + 1) - 1)?;
        let from = place(first, start);
        let to = if end <= start {
            from
        } else if last.exact {
            place(last, end - 1) + 1
        } else {
            last.span.end as usize
        };
        Some(if first.span.file == last.span.file && to >= from { Span::new(first.span.file, from, to) } else { first.span })
    }

    /// Parses the text as JSON; every span of the document and of the diagnostics is the place in the source.
    pub fn document(&self, around: Span, sink: &mut Sink) -> Option<Node> {
        let inner = FileId(u32::MAX);
        let place = |span: Span| {
            if span.file == inner { self.span(span.start as usize, span.end as usize).unwrap_or(around) } else { span }
        };
        let mut said = Sink::default();
        let node = crate::source::json::parse(&self.text, inner, &mut said);
        for mut diagnostic in said.diagnostics {
            diagnostic.span = diagnostic.span.map(place);
            for (span, _) in &mut diagnostic.related {
                *span = place(*span);
            }
            sink.report(diagnostic);
        }
        node.map(|node| moved(node, &place))
    }
}

/// The node with every span put through `place`.
fn moved(node: Node, place: &dyn Fn(Span) -> Span) -> Node {
    let kind = match node.kind {
        Kind::Array(items) => Kind::Array(items.into_iter().map(|item| moved(item, place)).collect()),
        Kind::Object(entries) => Kind::Object(
            entries.into_iter().map(|e| Entry { key: e.key, key_span: place(e.key_span), value: moved(e.value, place) }).collect(),
        ),
        other => other,
    };
    Node::new(place(node.span), kind)
}

/// A document made of an evaluated value, as `jsonencode` would write it. Symbols stand as `${name}` in texts.
pub fn value_document(val: &Val, around: Span) -> Node {
    let own = |origins: &Origins| {
        let inside: Vec<Span> = origins.iter().filter(|s| around.contains(*s) && *s != around).collect();
        inside.iter().min_by_key(|s| s.len()).copied().or_else(|| origins.iter().find(|s| !s.contains(around))).unwrap_or(around)
    };
    let kind = match &val.value {
        Value::Null => Kind::Null,
        Value::Bool(value) => Kind::Bool(*value),
        Value::Number(text) => Kind::Number(text.as_str().into()),
        Value::Text(_) => Kind::String(val.display().into()),
        Value::Symbol(symbol) => Kind::String(format!("${{{}}}", symbol.name).into()),
        Value::Unknown(unknown) => Kind::String(format!("${{{}}}", unknown.expression).into()),
        Value::List(items) => Kind::Array(items.iter().map(|item| value_document(item, around)).collect()),
        Value::Map(entries) => Kind::Object(
            entries
                .iter()
                .map(|(key, value)| Entry {
                    key: key.value.as_str().into(),
                    key_span: own(&key.origins),
                    value: value_document(value, around),
                })
                .collect(),
        ),
    };
    Node::new(own(&val.origins), kind)
}

/// The value of a plain document.
pub fn node_value(node: &Node) -> Val {
    let value = match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(text) => Value::Number(text.to_string()),
        Kind::String(text) => return Val::text(&**text, node.span),
        Kind::Array(items) => Value::List(items.iter().map(node_value).collect()),
        Kind::Object(entries) => Value::Map(
            entries.iter().map(|e| (crate::source::span::Sourced::new(e.key.to_string(), e.key_span), node_value(&e.value))).collect(),
        ),
        Kind::Expr(expr) => return Val::unknown(expr.text(), "it is an expression", node.span),
    };
    let empty = match &value {
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        _ => true,
    };
    node.mark_read();
    Val::new(value, if empty { node.origins() } else { Origins::none() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_the_places_it_comes_from() {
        let raw = "\"a\\\"b ${x}\"";
        let mut mapped = MappedText::default();
        mapped.literal("a\"b ", Span::new(FileId(0), 10, 17), Some((&raw[1..6], 0)));
        mapped.opaque("VALUE", Span::new(FileId(1), 3, 9));
        assert_eq!(mapped.text, "a\"b VALUE");
        assert_eq!(mapped.span(0, 1), Some(Span::new(FileId(0), 10, 11)));
        assert_eq!(mapped.span(1, 2), Some(Span::new(FileId(0), 11, 13)));
        assert_eq!(mapped.span(2, 3), Some(Span::new(FileId(0), 13, 14)));
        assert_eq!(mapped.span(5, 7), Some(Span::new(FileId(1), 3, 9)));
    }

    /// A piece of a template may start with a quote, which is a part of the text.
    #[test]
    fn a_quote_after_an_interpolation_is_text() {
        let raw = "{\"a\": \"${x}\", \"b\": true}";
        let (mut mapped, file) = (MappedText::default(), FileId(0));
        mapped.literal("{\"a\": \"", Span::new(file, 0, 7), Some((&raw[..7], 0)));
        mapped.opaque("VALUE", Span::new(FileId(1), 3, 9));
        mapped.literal("\", \"b\": true}", Span::new(file, 11, raw.len()), Some((&raw[11..], 0)));
        for (word, source) in [("\"VALUE\"", "\"${x}\""), ("true", "true"), ("\"b\"", "\"b\"")] {
            let at = mapped.text.find(word).unwrap();
            let span = mapped.span(at, at + word.len()).unwrap();
            assert_eq!(&raw[span.start as usize..span.end as usize], source);
        }
    }

    #[test]
    fn an_indented_heredoc_is_mapped_line_by_line() {
        let raw = "<<-EOT\n    {\n      \"a\": 1\n    }\n  EOT";
        let mut mapped = MappedText::default();
        mapped.literal("{\n  \"a\": 1\n}\n", Span::new(FileId(0), 0, raw.len()), Some((raw, delimiter(raw))));
        for word in ["\"a\"", "1", "}"] {
            let at = mapped.text.find(word).unwrap();
            let span = mapped.span(at, at + word.len()).unwrap();
            assert_eq!(&raw[span.start as usize..span.end as usize], word);
        }
    }
}
