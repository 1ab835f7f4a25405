//! HCL text (`.tf`, `.tfvars`) to nodes.
//!
//! A block becomes an entry: `resource "aws_emr_cluster" "x" { … }` is the key `resource` whose value is an object
//! `{aws_emr_cluster: {x: {…}}}`. Blocks may repeat, and then the entries repeat too; that is not a duplicate key. Literals
//! become plain kinds; a list or an object literal becomes an array or an object even where some of its items are not
//! literal; everything else is one [`Expr`], with the whole expression as an owned tree.
//!
//! The parser (hcl-edit) bounds its own recursion: 64 nested levels and 128 chained operators, below the limit of the
//! source layer. What exceeds them is reported as SRC004, never a stack overflow.
mod expr;
mod mend;

pub use expr::{Binary, Expr, Part, Step, Tree, TreeKind, template};

use super::node::{Entry, Kind, Node};
use super::rules::source::{SRC002, SRC003, SRC004};
use super::sink::{Diagnostic, Sink};
use super::span::{FileId, Span};
use expr::Converter;
use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Block, BlockLabel, Body, Structure};
use mend::Mended;

/// Bytes beyond which a document is not read (rule SRC004).
const MAX_BYTES: usize = 64 << 20;

/// Parses a whole file. `None` after a diagnostic was reported.
pub fn parse(text: &str, file: FileId, sink: &mut Sink) -> Option<Node> {
    if text.len() > MAX_BYTES {
        sink.report(Diagnostic::error(&SRC004, Span::new(file, 0, 0), "the file is larger than 64 MiB"));
        return None;
    }
    let mut mended = Mended::new(text);
    loop {
        let error = match hcl_edit::parser::parse_body(mended.text()) {
            Ok(body) => {
                let converter = Converter::new(text, file, &mended);
                let node = Node::new(Span::new(file, 0, text.len()), Kind::Object(converter.body(&body)));
                report_replaced(converter.replaced.take(), sink);
                return Some(node);
            }
            Err(error) => error,
        };
        let at = error.location().offset();
        if !(error.message().contains("redefined object key") && mended.rename(at)) {
            report(error.message(), mended.original(at), text, file, sink);
            return None;
        }
    }
}

/// Says which values of object expressions do not count: of equal keys Terraform takes the last (Terraform language, "Types and
/// Values", "Maps/Objects"; a block, on the other hand, must not set an attribute twice).
fn report_replaced(mut replaced: Vec<expr::Replaced>, sink: &mut Sink) {
    replaced.sort_by_key(|r| r.again);
    replaced.dedup_by_key(|r| r.again);
    for expr::Replaced { key, again, value } in replaced {
        sink.report(
            Diagnostic::warning(&SRC003, again, format!("`{key}` is set twice in one object, and the last value counts"))
                .help("remove the one that does not count")
                .related(value, "this value does not count"),
        );
        if let Some(value) = value {
            sink.ignore(value, &SRC003, format!("a later `{key}` of the same object replaces it"));
        }
    }
}

/// Reports what the parser says, with a span of one character where it says it.
fn report(message: &str, at: usize, text: &str, file: FileId, sink: &mut Sink) {
    let mut start = at.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    let span = Span::new(file, start, start + length);
    let message = message.replace('\n', "; ");
    sink.report(if message.contains("redefined") {
        let word: String = text[start..].chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '"' | '.')).collect();
        let whole = Span::new(file, start, start + word.len().max(length));
        if message.contains("object key") {
            Diagnostic::error(&SRC003, whole, format!("`{word}` is set twice in one object, which this version cannot read"))
                .help("remove the one that does not count, which is the first")
        } else {
            Diagnostic::error(&SRC003, whole, format!("`{word}` is set twice in one block"))
                .help("Terraform refuses it too: remove one of them")
        }
    } else if message.contains("nested levels") || message.contains("chained binary operators") {
        Diagnostic::error(&SRC004, span, format!("the expression is too deep to be read: {message}"))
            .help("give parts of it names with `locals`")
    } else {
        Diagnostic::error(&SRC002, span, format!("not well-formed HCL: {message}"))
            .help("`terraform fmt` and `terraform validate` point at the same place")
    });
}

impl Converter<'_> {
    fn body(&self, body: &Body) -> Vec<Entry> {
        body.iter()
            .map(|structure| match structure {
                Structure::Attribute(attribute) => Entry {
                    key: attribute.key.as_str().into(),
                    key_span: self.span(attribute.key.span(), Span::new(self.file, 0, 0)),
                    value: self.node(&attribute.value, self.span(attribute.span(), Span::new(self.file, 0, 0))),
                },
                Structure::Block(block) => self.block(block),
            })
            .collect()
    }

    fn block(&self, block: &Block) -> Entry {
        let whole = self.span(block.span(), Span::new(self.file, 0, 0));
        let key_span = self.span(block.ident.span(), whole);
        let labels: Vec<(&str, Span)> = block
            .labels
            .iter()
            .map(|label| match label {
                BlockLabel::Ident(ident) => (ident.as_str(), self.span(ident.span(), whole)),
                BlockLabel::String(string) => (string.value().as_str(), self.span(string.span(), whole)),
            })
            .collect();
        let after = labels.last().map_or(key_span.end, |(_, span)| span.end) as usize;
        let brace = self.text.get(after..whole.end as usize).and_then(|rest| rest.find('{')).map_or(after, |at| after + at);
        let mut value = Node::new(Span::new(self.file, brace, whole.end as usize), Kind::Object(self.body(&block.body)));
        for (label, span) in labels.into_iter().rev() {
            let outer = Span::new(self.file, span.start as usize, whole.end as usize);
            value = Node::new(outer, Kind::Object(vec![Entry { key: label.into(), key_span: span, value }]));
        }
        Entry { key: block.ident.as_str().into(), key_span, value }
    }

    /// `around` is the span of what holds the expression, for the few that have none of their own.
    fn node(&self, expression: &Expression, around: Span) -> Node {
        let span = self.span(expression.span(), around);
        let kind = match expression {
            Expression::Null(_) => Kind::Null,
            Expression::Bool(value) => Kind::Bool(*value.value()),
            Expression::Number(_) => Kind::Number(self.number(span)),
            Expression::String(value) => Kind::String(value.value().as_str().into()),
            Expression::Array(array) => Kind::Array(array.iter().map(|item| self.node(item, span)).collect()),
            Expression::Object(object) => {
                let mut entries = Vec::with_capacity(object.len());
                for (key, value) in object {
                    let (text, key_span) = match key {
                        ObjectKey::Ident(ident) => (ident.as_str(), ident.span()),
                        ObjectKey::Expression(Expression::String(string)) => (string.value().as_str(), string.span()),
                        ObjectKey::Expression(_) => return Node::new(span, Kind::Expr(Box::new(self.expr(expression, span)))),
                    };
                    let text = self.mended.key(text);
                    let key_span = self.key_span(key_span, key, span);
                    if let Some(before) = entries.iter().rev().find(|e: &&Entry| &*e.key == text) {
                        self.replace(text, key_span, Some(before.value.span));
                    }
                    entries.push(Entry { key: text.into(), key_span, value: self.node(value.expr(), span) });
                }
                Kind::Object(entries)
            }
            Expression::Parenthesis(inner) => {
                let inner = self.node(inner.inner(), span);
                match inner.kind {
                    Kind::Expr(_) => Kind::Expr(Box::new(self.expr(expression, span))),
                    kind => kind,
                }
            }
            Expression::HeredocTemplate(heredoc) => match expr::literal(&heredoc.template) {
                Some(text) => Kind::String(text.into()),
                None => Kind::Expr(Box::new(self.expr(expression, span))),
            },
            Expression::StringTemplate(template) => match expr::literal(template) {
                Some(text) => Kind::String(text.into()),
                None => Kind::Expr(Box::new(self.expr(expression, span))),
            },
            _ => Kind::Expr(Box::new(self.expr(expression, span))),
        };
        Node::new(span, kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sink::Severity;
    use proptest::prelude::*;

    const FILE: FileId = FileId(3);

    fn read(text: &str) -> Node {
        let mut sink = Sink::default();
        parse(text, FILE, &mut sink).unwrap_or_else(|| panic!("{:?}", sink.diagnostics))
    }

    fn refused(text: &str) -> Diagnostic {
        let mut sink = Sink::default();
        assert!(parse(text, FILE, &mut sink).is_none());
        sink.diagnostics.remove(0)
    }

    fn slice(text: &str, span: Span) -> &str {
        &text[span.start as usize..span.end as usize]
    }

    /// Terraform takes the last of equal keys of an object expression, so it is no error here either.
    #[test]
    fn a_key_twice_in_an_object_is_a_warning_and_the_last_counts() {
        let text =
            "a = {\n x = 1\n \"x\" = 2\n x = 3\n y = { \"q r\" = var.v, \"q r\" = [4] }\n}\nb = f({ k = 5, k = 6 })\nc = \"after\"\n";
        let mut sink = Sink::default();
        let node = parse(text, FILE, &mut sink).unwrap();
        let a = node.get("a").unwrap();
        assert_eq!(a.get("x").unwrap().number(), Some("3"));
        let keys: Vec<(&str, &str)> = a.object().unwrap().iter().map(|e| (&*e.key, slice(text, e.key_span))).collect();
        assert_eq!(keys, [("x", "x"), ("x", "\"x\""), ("x", "x"), ("y", "y")]);
        assert_eq!(slice(text, a.path(&["y", "q r"]).unwrap().span), "[4]");
        assert!(matches!(&node.get("b").unwrap().kind, Kind::Expr(e) if e.text() == "f({ k = 5, k = 6 })"));
        let c = node.get("c").unwrap();
        assert_eq!((c.str(), slice(text, c.span)), (Some("after"), "\"after\""));

        let said: Vec<(&str, &str)> = sink.diagnostics.iter().map(|d| (d.message.as_str(), slice(text, d.span.unwrap()))).collect();
        assert!(sink.diagnostics.iter().all(|d| d.rule.code == "SRC003" && d.severity == Severity::Warning));
        assert_eq!(
            said,
            [
                ("`x` is set twice in one object, and the last value counts", "\"x\""),
                ("`x` is set twice in one object, and the last value counts", "x"),
                ("`q r` is set twice in one object, and the last value counts", "\"q r\""),
                ("`k` is set twice in one object, and the last value counts", "k"),
            ]
        );
        let marked: Vec<&str> = sink.marks.iter().map(|m| slice(text, m.span)).collect();
        assert_eq!(marked, ["1", "2", "var.v"]);
    }

    /// A place that the parser tells after a mended key is a place in the source.
    #[test]
    fn an_error_after_an_object_with_a_key_twice_stands_where_it_is() {
        let text = "a = {\n x = 1\n x = 2\n}\nb = 1\nb = 2\n";
        let diagnostic = refused(text);
        assert_eq!(diagnostic.message, "`b` is set twice in one block");
        assert_eq!(diagnostic.span.unwrap().start as usize, text.rfind('b').unwrap());
    }

    #[test]
    fn blocks_nest_by_their_labels_and_repeat() {
        let text = "resource \"a_b\" \"x\" {\n  n = 1\n  step {\n    s = \"ü\"\n  }\n  step {\n    s = \"q\"\n  }\n}\nlocals {}\n";
        let node = read(text);
        let body = node.path(&["resource", "a_b", "x"]).unwrap();
        assert!(slice(text, body.span).starts_with("{\n  n") && slice(text, body.span).ends_with('}'));
        let steps: Vec<_> = body.object().unwrap().iter().filter(|e| &*e.key == "step").collect();
        assert_eq!(steps.len(), 2);
        let s = steps[0].value.get("s").unwrap();
        assert_eq!(s.str(), Some("ü"));
        assert_eq!(slice(text, s.span), "\"ü\"");
        assert_eq!(slice(text, node.entry("resource").unwrap().key_span), "resource");
        assert_eq!(slice(text, node.get("resource").unwrap().entry("a_b").unwrap().key_span), "\"a_b\"");
        assert_eq!(slice(text, node.get("locals").unwrap().span), "{}");
    }

    #[test]
    fn literals_are_plain_and_the_rest_is_an_expression() {
        let text = "a = [1, -2.50, true, null, \"x\\ty\", var.z]\nb = { k = \"v\", \"q\" : 2, (var.w) = 3 }\nc = { k = \"v\", \"q\" = var.r }\nd = (\"p\")\ne = <<-EOT\n    one\n      two\n  EOT\nf = \"${var.x}-y\"\ng = \"$${kept}\"\n";
        let node = read(text);
        let a = node.get("a").unwrap().array().unwrap();
        assert_eq!(a[1].number(), Some("-2.50"));
        assert_eq!(a[2].bool(), Some(true));
        assert!(a[3].is_null());
        assert_eq!(a[4].str(), Some("x\ty"));
        assert_eq!(slice(text, a[4].span), "\"x\\ty\"");
        assert!(matches!(&a[5].kind, Kind::Expr(e) if e.text() == "var.z"));
        assert!(matches!(node.get("b").unwrap().kind, Kind::Expr(_)), "a computed key");
        let c = node.get("c").unwrap();
        assert_eq!(slice(text, c.entry("k").unwrap().key_span), "k");
        assert_eq!(slice(text, c.entry("q").unwrap().key_span), "\"q\"");
        assert_eq!(node.get("d").unwrap().str(), Some("p"));
        assert_eq!(node.get("e").unwrap().str(), Some("one\n  two\n"));
        assert!(matches!(&node.get("f").unwrap().kind, Kind::Expr(e) if e.text() == "\"${var.x}-y\""));
        assert_eq!(node.get("g").unwrap().str(), Some("${kept}"));
    }

    #[test]
    fn a_syntax_error_is_reported_where_it_is() {
        let error = refused("a = 1\nb = \n");
        assert_eq!(error.rule.code, "SRC002");
        assert_eq!(error.span.unwrap().start, 10);
        assert_eq!(refused("a = 1\na = 2\n").rule.code, "SRC003");
        assert!(refused("a = 1\na = 2\n").message.contains("in one block"));
        assert_eq!(refused("a = \"\\q\"").rule.code, "SRC002");
    }

    #[test]
    fn depth_is_bounded() {
        for (open, close) in [
            ("[", "]"),
            ("(", ")"),
            ("{a=", "}"),
            ("\"${", "}\""),
            ("f(", ")"),
            ("!", ""),
            ("-", ""),
            ("[for x in ", ":x]"),
            ("true?1:", ""),
        ] {
            for depth in [200, 20_000] {
                let text = format!("a = {}1{}\n", open.repeat(depth), close.repeat(depth));
                assert_eq!(refused(&text).rule.code, "SRC004", "{open} {depth}");
            }
            let text = format!("a = {}1{}\n", open.repeat(30), close.repeat(30));
            read(&text);
        }
        assert_eq!(refused(&format!("{}{}", "b {\n".repeat(5_000), "}\n".repeat(5_000))).rule.code, "SRC004");
        assert_eq!(refused(&format!("a = 1{}\n", "+1".repeat(10_000))).rule.code, "SRC004");
        let long = format!("a = x{}\n", ".y".repeat(10_000));
        read(&long);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_reported(text in "\\PC{0,80}") {
            let mut sink = Sink::default();
            let node = parse(&text, FILE, &mut sink);
            prop_assert_eq!(node.is_none(), !sink.diagnostics.is_empty());
        }

        #[test]
        fn text_like_hcl_is_read_with_spans_inside_the_file(text in "([a-z]{1,2}( |=|\n|\\{|\\}|\"|\\$\\{|\\(|\\[|,|\\]|\\)|<<E\n|E\n|\\?|:|\\.|\\*|%\\{|~|é|\\\\n|1|-){0,3}){0,14}") {
            let mut sink = Sink::default();
            if let Some(node) = parse(&text, FILE, &mut sink) {
                for scalar in node.scalars() {
                    prop_assert!(text.get(scalar.span.start as usize..scalar.span.end as usize).is_some());
                }
            } else {
                prop_assert!(!sink.diagnostics.is_empty());
            }
        }
    }
}
