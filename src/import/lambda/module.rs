//! One Python file: parsed once, bounded in depth, its literals listed.
use crate::source::files::SourceFile;
use crate::source::node::Scalar;
use crate::source::rules::source as rules;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{FileId, Span};
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::source_order::{self, SourceOrderVisitor};
use ruff_python_ast::{BytesLiteral, Expr, InterpolatedStringElement, ModModule, Stmt, StringLiteral};
use ruff_python_parser::{Mode, lexer, parse_module};
use ruff_text_size::{Ranged, TextRange};

/// How deep expressions may nest, operators of a chain counted: the tree is walked and freed by recursion.
const NESTING: usize = 256;
/// How deep blocks may nest; `CPython` itself stops at 100 indentations.
const BLOCKS: usize = 100;

/// A Python file and its tree.
#[derive(Debug)]
pub struct PythonModule {
    file: FileId,
    source: SourceFile,
    tree: ModModule,
}

/// Finds modules by their path relative to SRC.
pub trait Modules {
    fn get(&self, path: &str) -> Option<&PythonModule>;
}

/// Parses a file. `None` after a diagnostic was reported.
pub fn parse(text: &str, file: FileId, sink: &mut Sink) -> Option<PythonModule> {
    if too_deep(text) {
        let message = format!("the file nests expressions deeper than {NESTING} or blocks deeper than {BLOCKS}, or leaves a bracket open");
        sink.report(
            Diagnostic::error(&rules::SRC004, Span::new(file, 0, 0), message)
                .help("close the bracket, or split the expression; if the file is generated, leave it out with `exclude`"),
        );
        return None;
    }
    match parse_module(text) {
        Ok(parsed) => Some(PythonModule { file, source: SourceFile::new("", text), tree: parsed.into_syntax() }),
        Err(error) => {
            let span = Span::new(file, error.location.start().to_usize(), error.location.end().to_usize());
            let reason = error.error.to_string();
            let mut letters = reason.chars();
            let reason: String = letters.next().map(|c| c.to_lowercase().chain(letters).collect()).unwrap_or_default();
            sink.report(
                Diagnostic::error(&rules::SRC002, span, format!("this is not Python 3: {reason}"))
                    .help("mend the file; a handler in Python 2 has to be converted first"),
            );
            None
        }
    }
}

/// Whether the tree of this text may be too deep to be walked by recursion. Counts more than there is, never less.
fn too_deep(text: &str) -> bool {
    let mut lexer = lexer::lex(text, Mode::Module);
    // Links of the chain in each open bracket, outermost first.
    let mut chains = vec![0_usize];
    let (mut total, mut blocks) = (0_usize, 0_usize);
    loop {
        let kind = lexer.next_token();
        match kind {
            TokenKind::EndOfFile => break,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace | TokenKind::FStringStart | TokenKind::TStringStart => {
                if let Some(last) = chains.last_mut() {
                    *last += 1;
                }
                total += 1;
                chains.push(0);
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace | TokenKind::FStringEnd | TokenKind::TStringEnd => {
                if chains.len() > 1 {
                    total -= chains.pop().unwrap_or(0);
                }
            }
            TokenKind::Comma | TokenKind::Newline | TokenKind::Semi => {
                if let Some(last) = chains.last_mut() {
                    total -= *last;
                    *last = 0;
                }
            }
            TokenKind::Indent => blocks += 1,
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            TokenKind::Name
            | TokenKind::String
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle => {}
            _ => {
                if let Some(last) = chains.last_mut() {
                    *last += 1;
                }
                total += 1;
            }
        }
        if total > NESTING || blocks > BLOCKS || chains.len() > NESTING {
            return true;
        }
    }
    indentation(text) > BLOCKS
}

/// Deepest stack of growing indentations, whatever the lines are: the parser recovers from an open bracket by reading
/// blocks where the lexer alone sees none.
fn indentation(text: &str) -> usize {
    let (mut stack, mut deepest): (Vec<usize>, usize) = (Vec::new(), 0);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let width = line.len() - line.trim_start_matches([' ', '\t', '\x0c']).len();
        while stack.last().is_some_and(|top| *top >= width) {
            stack.pop();
        }
        if width > 0 {
            stack.push(width);
        }
        deepest = deepest.max(stack.len());
    }
    deepest
}

impl PythonModule {
    #[must_use]
    pub fn file(&self) -> FileId {
        self.file
    }

    pub(super) fn body(&self) -> &[Stmt] {
        &self.tree.body
    }

    pub(super) fn span(&self, range: TextRange) -> Span {
        Span::new(self.file, range.start().to_usize(), range.end().to_usize())
    }

    /// One-based line of an offset.
    pub(super) fn line(&self, range: TextRange) -> u32 {
        self.source.position(range.start().to_u32()).0
    }

    /// The source of a range, on one line and at most 80 characters.
    pub(super) fn excerpt(&self, range: TextRange) -> String {
        let text = self.source.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or("");
        let mut out = String::new();
        for (i, c) in text.split_whitespace().collect::<Vec<_>>().join(" ").chars().enumerate() {
            if i == 80 {
                out.push('…');
                break;
            }
            out.push(c);
        }
        out
    }

    /// Every literal outside of docstrings and annotations, in the order of the text: strings (each part of an implicit
    /// concatenation, each literal piece of an f-string), numbers, `True`, `False`, `None`. The pointer names the
    /// enclosing functions, and line and column: `/lambda_handler/12:27`. None of them counts as read.
    #[must_use]
    pub fn scalars(&self) -> Vec<Scalar> {
        let mut collector = Collector { module: self, path: String::new(), out: Vec::new() };
        for stmt in self.body() {
            collector.visit_stmt(stmt);
        }
        collector.out
    }
}

struct Collector<'a> {
    module: &'a PythonModule,
    path: String,
    out: Vec<Scalar>,
}

impl Collector<'_> {
    fn push(&mut self, range: TextRange, value: String) {
        let (line, column) = self.module.source.position(range.start().to_u32());
        let pointer = format!("{}/{line}:{column}", self.path);
        self.out.push(Scalar { span: self.module.span(range), pointer, value, read: false });
    }

    fn inside(&mut self, name: &str, walk: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(name);
        walk(self);
        self.path.truncate(length);
    }
}

impl<'a> SourceOrderVisitor<'a> for Collector<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Expr(expr) if matches!(&*expr.value, Expr::StringLiteral(_)) => {}
            Stmt::FunctionDef(def) => self.inside(def.name.as_str(), |c| source_order::walk_stmt(c, stmt)),
            Stmt::ClassDef(def) => self.inside(def.name.as_str(), |c| source_order::walk_stmt(c, stmt)),
            _ => source_order::walk_stmt(self, stmt),
        }
    }

    fn visit_annotation(&mut self, _expr: &'a Expr) {}

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::NumberLiteral(number) => {
                let text = self.module.excerpt(number.range);
                self.push(number.range, text);
            }
            Expr::BooleanLiteral(literal) => self.push(literal.range, if literal.value { "True" } else { "False" }.to_owned()),
            Expr::NoneLiteral(literal) => self.push(literal.range, "None".to_owned()),
            _ => source_order::walk_expr(self, expr),
        }
    }

    fn visit_string_literal(&mut self, literal: &'a StringLiteral) {
        self.push(literal.range, literal.value.to_string());
    }

    fn visit_bytes_literal(&mut self, literal: &'a BytesLiteral) {
        self.push(literal.range, String::from_utf8_lossy(&literal.value).into_owned());
    }

    fn visit_interpolated_string_element(&mut self, element: &'a InterpolatedStringElement) {
        if let InterpolatedStringElement::Literal(literal) = element {
            self.push(literal.range(), literal.value.to_string());
        }
        source_order::walk_interpolated_string_element(self, element);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn module(text: &str) -> PythonModule {
        parse(text, FileId(0), &mut Sink::default()).expect("valid Python")
    }

    #[test]
    fn literals_are_listed_without_docstrings_and_annotations() {
        let module =
            module("'''doc'''\nA: 'note' = 'a' 'b'\ndef f(x: \"int\" = 3):\n    \"doc\"\n    return g(f'{x}/y', True, -1.5, None)\n");
        let found: Vec<(String, String)> = module.scalars().into_iter().map(|s| (s.pointer, s.value)).collect();
        let expected = [
            ("/2:13", "a"),
            ("/2:17", "b"),
            ("/f/3:18", "3"),
            ("/f/5:19", "/y"),
            ("/f/5:24", "True"),
            ("/f/5:31", "1.5"),
            ("/f/5:36", "None"),
        ];
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn broken_files_are_reported_and_hostile_ones_do_no_harm() {
        let steps: String = (0..2000).fold(String::new(), |all, i| all + &" ".repeat(i) + "if 1:\n");
        for (text, code) in [
            ("def f(:\n".to_owned(), "SRC002"),
            ("print 'x'\n".to_owned(), "SRC002"),
            ("[".repeat(100_000), "SRC004"),
            (format!("x = {}1\n", "-".repeat(100_000)), "SRC004"),
            (format!("x = {}1\n", "not ".repeat(100_000)), "SRC004"),
            (format!("x = 1{}\n", " + 1".repeat(100_000)), "SRC004"),
            (format!("x = y{}\n", ".a".repeat(100_000)), "SRC004"),
            (format!("x = y{}\n", "()".repeat(100_000)), "SRC004"),
            (format!("x = {}1\n", "lambda: ".repeat(100_000)), "SRC004"),
            (format!("x = {}2\n", "1 if 0 else ".repeat(100_000)), "SRC004"),
            (format!("x = {}", "f'{".repeat(10_000)), "SRC004"),
            (steps.clone(), "SRC004"),
            (
                format!(
                    "(
{steps}"
                ),
                "SRC004",
            ),
        ] {
            let mut sink = Sink::default();
            assert!(parse(&text, FileId(0), &mut sink).is_none());
            assert_eq!(sink.diagnostics.iter().map(|d| d.rule.code).collect::<Vec<_>>(), [code], "{}", &text[..text.len().min(40)]);
        }
        // As deep as is allowed.
        let deep = format!("x = {}1{}\n", "[".repeat(100), "]".repeat(100));
        assert_eq!(module(&deep).scalars().len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn arbitrary_text_never_panics(text in "(?s).{0,200}") {
            if let Some(module) = parse(&text, FileId(0), &mut Sink::default()) {
                let _ = module.scalars();
            }
        }
    }
}
