//! Expressions that are not literals, as owned trees with spans.
use super::super::span::{FileId, Span};
use super::mend::Mended;
use hcl_edit::Span as _;
use hcl_edit::expr::{BinaryOperator, Expression, ObjectKey, TraversalOperator, UnaryOperator};
use hcl_edit::template::{Directive, Element, Strip, Template};
use std::cell::RefCell;
use std::ops::Range;

/// An HCL expression that is not a literal.
#[derive(Debug)]
pub struct Expr {
    text: Box<str>,
    tree: Tree,
}

impl Expr {
    /// The expression as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }
}

/// A node of an expression.
#[derive(Debug, Clone)]
pub struct Tree {
    pub span: Span,
    pub kind: TreeKind,
}

#[derive(Debug, Clone)]
pub enum TreeKind {
    Null,
    Bool(bool),
    /// As written.
    Number(Box<str>),
    Text(Box<str>),
    List(Vec<Tree>),
    /// Keys are expressions; a bare word is a `Text`.
    Object(Vec<(Tree, Tree)>),
    Template(Vec<Part>),
    /// A bare name: the head of a reference, or a variable of a `for`.
    Name(Box<str>),
    /// Attributes and indices applied to a head.
    Path(Box<Tree>, Vec<Step>),
    Call {
        /// With its namespace, `provider::x::f`.
        name: Box<str>,
        arguments: Vec<Tree>,
        /// The last argument is `list...`.
        expand: bool,
    },
    If(Box<[Tree; 3]>),
    Not(Box<Tree>),
    Negate(Box<Tree>),
    Binary(Box<Tree>, Binary, Box<Tree>),
    For {
        key: Option<Box<str>>,
        value: Box<str>,
        over: Box<Tree>,
        /// Set in a `for` that makes an object.
        key_result: Option<Box<Tree>>,
        result: Box<Tree>,
        condition: Option<Box<Tree>>,
        /// `…` after the value: equal keys collect their values in lists.
        grouping: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
}

#[derive(Debug, Clone)]
pub enum Step {
    Attribute(Box<str>),
    Index(Tree),
    /// `[*]` or `.*`
    Splat,
}

/// A part of a string template.
#[derive(Debug, Clone)]
pub enum Part {
    /// Decoded text and where it stands.
    Text(Box<str>, Span),
    Value(Tree),
    /// `%{ if … }`
    If {
        condition: Tree,
        then: Vec<Part>,
        otherwise: Vec<Part>,
    },
    /// `%{ for … }`
    For {
        key: Option<Box<str>>,
        value: Box<str>,
        over: Tree,
        body: Vec<Part>,
    },
}

/// Parses the text of a template file, as `templatefile` does. The error is the message and the byte offset.
///
/// # Errors
/// The text is not a well-formed template.
pub fn template(text: &str, file: FileId) -> Result<Vec<Part>, (String, usize)> {
    let parsed = hcl_edit::parser::parse_template(text).map_err(|e| (e.message().replace('\n', "; "), e.location().offset()))?;
    let mended = Mended::new(text);
    let converter = Converter::new(text, file, &mended);
    Ok(converter.parts(&parsed, Span::new(file, 0, text.len())))
}

/// The text of a template that has neither interpolation nor directive.
pub(super) fn literal(template: &Template) -> Option<String> {
    template
        .iter()
        .map(|element| match element {
            Element::Literal(text) => Some(text.value().as_str()),
            _ => None,
        })
        .collect()
}

/// Turns the parser's types into ours.
pub(super) struct Converter<'t> {
    /// The source, to which all spans lead.
    pub text: &'t str,
    pub file: FileId,
    /// What was parsed.
    pub mended: &'t Mended<'t>,
    /// Values of objects that a later equal key replaces.
    pub replaced: RefCell<Vec<Replaced>>,
}

/// A key of an object that was there before.
pub(super) struct Replaced {
    pub key: Box<str>,
    /// The later key.
    pub again: Span,
    /// The earlier value, where it is a value of its own for the ledger.
    pub value: Option<Span>,
}

impl<'t> Converter<'t> {
    pub fn new(text: &'t str, file: FileId, mended: &'t Mended<'t>) -> Self {
        Self { text, file, mended, replaced: RefCell::default() }
    }

    pub fn replace(&self, key: &str, again: Span, value: Option<Span>) {
        self.replaced.borrow_mut().push(Replaced { key: key.into(), again, value });
    }

    pub fn span(&self, range: Option<Range<usize>>, or: Span) -> Span {
        range.map_or(or, |range| Span::new(self.file, self.mended.original(range.start), self.mended.original(range.end)))
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    pub fn number(&self, span: Span) -> Box<str> {
        self.slice(span).chars().filter(|c| !c.is_whitespace()).collect()
    }

    /// Where a key stands; the parser keeps the span of a bare word on the key, not on the word.
    pub fn key_span(&self, range: Option<Range<usize>>, key: &ObjectKey, around: Span) -> Span {
        self.span(range.or_else(|| key.span()), around)
    }

    pub fn expr(&self, expression: &Expression, span: Span) -> Expr {
        Expr { text: self.slice(span).into(), tree: self.tree(expression, span) }
    }

    fn boxed(&self, expression: &Expression, around: Span) -> Box<Tree> {
        Box::new(self.tree(expression, around))
    }

    fn tree(&self, expression: &Expression, around: Span) -> Tree {
        let span = self.span(expression.span(), around);
        let kind = match expression {
            Expression::Null(_) => TreeKind::Null,
            Expression::Bool(value) => TreeKind::Bool(*value.value()),
            Expression::Number(_) => TreeKind::Number(self.number(span)),
            Expression::String(value) => TreeKind::Text(value.value().as_str().into()),
            Expression::Array(array) => TreeKind::List(array.iter().map(|item| self.tree(item, span)).collect()),
            Expression::Object(object) => {
                let mut entries: Vec<(Tree, Tree)> = Vec::with_capacity(object.len());
                for (key, value) in object {
                    let mut key = match key {
                        ObjectKey::Ident(ident) => {
                            Tree { span: self.key_span(ident.span(), key, span), kind: TreeKind::Text(ident.as_str().into()) }
                        }
                        ObjectKey::Expression(expression) => self.tree(expression, span),
                    };
                    if let TreeKind::Text(text) = &mut key.kind {
                        *text = self.mended.key(text).into();
                        if entries.iter().any(|(known, _)| matches!(&known.kind, TreeKind::Text(known) if known == text)) {
                            self.replace(text, key.span, None);
                        }
                    }
                    entries.push((key, self.tree(value.expr(), span)));
                }
                TreeKind::Object(entries)
            }
            Expression::StringTemplate(template) => TreeKind::Template(self.parts(template, span)),
            Expression::HeredocTemplate(heredoc) => {
                let mut parts = self.parts(&heredoc.template, span);
                match heredoc.indent().filter(|n| *n > 0) {
                    // The parser takes the indentation of the outer text only.
                    Some(indent) if !parts.iter_mut().all(|part| dedent_inner(part, indent)) => TreeKind::Call {
                        name: "<<- whose directives are indented less than its text".into(),
                        arguments: Vec::new(),
                        expand: false,
                    },
                    _ => TreeKind::Template(parts),
                }
            }
            Expression::Parenthesis(inner) => return Tree { span, ..self.tree(inner.inner(), span) },
            Expression::Variable(name) => TreeKind::Name(name.as_str().into()),
            Expression::Conditional(c) => {
                TreeKind::If(Box::new([self.tree(&c.cond_expr, span), self.tree(&c.true_expr, span), self.tree(&c.false_expr, span)]))
            }
            Expression::FuncCall(call) => {
                let mut name = String::new();
                for part in &call.name.namespace {
                    name.push_str(part.as_str());
                    name.push_str("::");
                }
                name.push_str(call.name.name.as_str());
                TreeKind::Call {
                    name: name.into(),
                    arguments: call.args.iter().map(|a| self.tree(a, span)).collect(),
                    expand: call.args.expand_final(),
                }
            }
            Expression::Traversal(traversal) => TreeKind::Path(
                self.boxed(&traversal.expr, span),
                traversal
                    .operators
                    .iter()
                    .map(|operator| match operator.value() {
                        TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => Step::Splat,
                        TraversalOperator::GetAttr(name) => Step::Attribute(name.as_str().into()),
                        TraversalOperator::Index(index) => Step::Index(self.tree(index, span)),
                        TraversalOperator::LegacyIndex(index) => {
                            Step::Index(Tree { span, kind: TreeKind::Number(index.value().to_string().into()) })
                        }
                    })
                    .collect(),
            ),
            Expression::UnaryOp(op) => match op.operator.value() {
                UnaryOperator::Neg => TreeKind::Negate(self.boxed(&op.expr, span)),
                UnaryOperator::Not => TreeKind::Not(self.boxed(&op.expr, span)),
            },
            Expression::BinaryOp(op) => {
                TreeKind::Binary(self.boxed(&op.lhs_expr, span), binary(*op.operator.value()), self.boxed(&op.rhs_expr, span))
            }
            Expression::ForExpr(f) => TreeKind::For {
                key: f.intro.key_var.as_ref().map(|k| k.as_str().into()),
                value: f.intro.value_var.as_str().into(),
                over: self.boxed(&f.intro.collection_expr, span),
                key_result: f.key_expr.as_ref().map(|k| self.boxed(k, span)),
                result: self.boxed(&f.value_expr, span),
                condition: f.cond.as_ref().map(|c| self.boxed(&c.expr, span)),
                grouping: f.grouping,
            },
        };
        Tree { span, kind }
    }

    fn parts(&self, template: &Template, around: Span) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::with_capacity(template.len());
        let mut strip_next = false;
        for element in template {
            match element {
                Element::Literal(text) => {
                    let value = if strip_next { text.value().trim_start() } else { text.value() };
                    parts.push(Part::Text(value.into(), self.span(text.span(), around)));
                    strip_next = false;
                }
                Element::Interpolation(interpolation) => {
                    strip_end(&mut parts, interpolation.strip);
                    strip_next = strips(interpolation.strip).1;
                    let span = self.span(interpolation.span(), around);
                    parts.push(Part::Value(self.tree(&interpolation.expr, span)));
                }
                Element::Directive(directive) => {
                    let span = self.span(directive.span(), around);
                    match &**directive {
                        Directive::If(d) => {
                            strip_end(&mut parts, d.if_expr.strip);
                            let middle = d.else_expr.as_ref().map_or(d.endif_expr.strip, |e| e.strip);
                            let then = self.inner(&d.if_expr.template, span, d.if_expr.strip, middle);
                            let otherwise =
                                d.else_expr.as_ref().map_or_else(Vec::new, |e| self.inner(&e.template, span, e.strip, d.endif_expr.strip));
                            parts.push(Part::If { condition: self.tree(&d.if_expr.cond_expr, span), then, otherwise });
                            strip_next = strips(d.endif_expr.strip).1;
                        }
                        Directive::For(d) => {
                            strip_end(&mut parts, d.for_expr.strip);
                            parts.push(Part::For {
                                key: d.for_expr.key_var.as_ref().map(|k| k.as_str().into()),
                                value: d.for_expr.value_var.as_str().into(),
                                over: self.tree(&d.for_expr.collection_expr, span),
                                body: self.inner(&d.for_expr.template, span, d.for_expr.strip, d.endfor_expr.strip),
                            });
                            strip_next = strips(d.endfor_expr.strip).1;
                        }
                    }
                }
            }
        }
        parts
    }

    /// The template between two markers, with what `~` on their inner sides strips.
    fn inner(&self, template: &Template, around: Span, open: Strip, close: Strip) -> Vec<Part> {
        let mut parts = self.parts(template, around);
        if strips(open).1
            && let Some(Part::Text(text, _)) = parts.first_mut()
        {
            *text = text.trim_start().into();
        }
        strip_end(&mut parts, close);
        parts
    }
}

/// Whether a marker strips the white space before and after it.
fn strips(strip: Strip) -> (bool, bool) {
    match strip {
        Strip::None => (false, false),
        Strip::Start => (true, false),
        Strip::End => (false, true),
        Strip::Both => (true, true),
    }
}

fn strip_end(parts: &mut [Part], strip: Strip) {
    if strips(strip).0
        && let Some(Part::Text(text, _)) = parts.last_mut()
    {
        *text = text.trim_end().into();
    }
}

/// Takes the indentation of a `<<-` heredoc from the texts inside its directives; `false` when one has less of it.
fn dedent_inner(part: &mut Part, indent: usize) -> bool {
    let inner: Vec<&mut Part> = match part {
        Part::If { then, otherwise, .. } => then.iter_mut().chain(otherwise).collect(),
        Part::For { body, .. } => body.iter_mut().collect(),
        Part::Text(..) | Part::Value(_) => return true,
    };
    inner.into_iter().all(|part| match part {
        Part::Text(text, _) => {
            let mut out = String::with_capacity(text.len());
            for (at, line) in text.split('\n').enumerate() {
                if at == 0 {
                    out.push_str(line);
                    continue;
                }
                out.push('\n');
                let blank = line.chars().take_while(|c| c.is_whitespace()).count();
                if !line.is_empty() && blank < indent {
                    return false;
                }
                out.extend(line.chars().skip(indent));
            }
            *text = out.into();
            true
        }
        other => dedent_inner(other, indent),
    })
}

/// Every reference in the parts of a template.
fn part_references(parts: &[Part], out: &mut Vec<Vec<String>>) {
    for part in parts {
        match part {
            Part::Text(..) => {}
            Part::Value(tree) => tree.references(out),
            Part::If { condition, then, otherwise } => {
                condition.references(out);
                part_references(then, out);
                part_references(otherwise, out);
            }
            Part::For { over, body, .. } => {
                over.references(out);
                part_references(body, out);
            }
        }
    }
}

fn binary(operator: BinaryOperator) -> Binary {
    match operator {
        BinaryOperator::Eq => Binary::Equal,
        BinaryOperator::NotEq => Binary::NotEqual,
        BinaryOperator::LessEq => Binary::LessOrEqual,
        BinaryOperator::GreaterEq => Binary::GreaterOrEqual,
        BinaryOperator::Less => Binary::Less,
        BinaryOperator::Greater => Binary::Greater,
        BinaryOperator::Plus => Binary::Plus,
        BinaryOperator::Minus => Binary::Minus,
        BinaryOperator::Mul => Binary::Times,
        BinaryOperator::Div => Binary::Divide,
        BinaryOperator::Mod => Binary::Modulo,
        BinaryOperator::And => Binary::And,
        BinaryOperator::Or => Binary::Or,
    }
}

impl Tree {
    /// Every reference below: its names from the head (`["var", "x"]`), without indices.
    pub fn references(&self, out: &mut Vec<Vec<String>>) {
        match &self.kind {
            TreeKind::Null | TreeKind::Bool(_) | TreeKind::Number(_) | TreeKind::Text(_) => {}
            TreeKind::Name(name) => out.push(vec![name.to_string()]),
            TreeKind::List(items) => items.iter().for_each(|t| t.references(out)),
            TreeKind::Object(entries) => {
                for (key, value) in entries {
                    key.references(out);
                    value.references(out);
                }
            }
            TreeKind::Template(parts) => part_references(parts, out),
            TreeKind::Path(head, steps) => {
                if let TreeKind::Name(name) = &head.kind {
                    let mut names = vec![name.to_string()];
                    let mut counts = true;
                    for step in steps {
                        match step {
                            Step::Attribute(name) if counts => names.push(name.to_string()),
                            Step::Index(Tree { kind: TreeKind::Text(name), .. }) if counts => names.push(name.to_string()),
                            _ => counts = names.len() > 1 && counts,
                        }
                    }
                    out.push(names);
                } else {
                    head.references(out);
                }
                for step in steps {
                    if let Step::Index(tree) = step {
                        tree.references(out);
                    }
                }
            }
            TreeKind::Call { arguments, .. } => arguments.iter().for_each(|t| t.references(out)),
            TreeKind::If(parts) => parts.iter().for_each(|t| t.references(out)),
            TreeKind::Not(inner) | TreeKind::Negate(inner) => inner.references(out),
            TreeKind::Binary(left, _, right) => {
                left.references(out);
                right.references(out);
            }
            TreeKind::For { over, key_result, result, condition, .. } => {
                over.references(out);
                for tree in [key_result.as_deref(), Some(result.as_ref()), condition.as_deref()].into_iter().flatten() {
                    tree.references(out);
                }
            }
        }
    }
}
