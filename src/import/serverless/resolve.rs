//! Evaluation of variables over the file, the stage and the other documents.
//!
//! [`Resolver::resolve`] follows a text that is one variable to the node it names, so maps and lists keep their type and
//! their places; [`Resolver::value`] makes a [`Val`] of a whole subtree. Every value carries the places of *all* scalars
//! that shaped it: the one that refers, those it went through, the last. What is visited is remembered, so that the rest
//! of the file can be accounted for afterwards.
//!
//! A chain of references, and nesting of values through them, is bounded, and so is the number of steps of a whole
//! import: hostile files end in a diagnostic.
use super::lookup::missing;
use super::model::Context;

use super::probe::Probe;
use super::structure::Field;
use super::syntax::{self, Piece, Variable};
use crate::ir::value::{self, Segment, Symbol, SymbolKind, Unknown, Val, Value};
use crate::source::node::{Kind, Node};
use crate::source::rules::Rule;
use crate::source::rules::serverless::{SLS101, SLS102, SLS103, SLS106, SLS117};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{FileId, Origins, Sourced, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Levels of nesting, through values and references together.
const MAX_DEPTH: usize = 140;
/// References that lead to one another.
const MAX_CHAIN: usize = 32;
/// Steps of one import: far more than a real file takes.
const MAX_STEPS: usize = 200_000;
/// Bytes of one text.
const MAX_TEXT: usize = 1 << 20;

/// A node that was found, or a value that is no node.
#[derive(Debug, Clone)]
pub(super) enum Resolved<'a> {
    /// With the places of the references that led here.
    Node(&'a Node, Origins),
    Value(Val),
}

impl Resolved<'_> {
    pub fn shaped(self, more: &Origins) -> Self {
        match self {
            Resolved::Node(node, origins) => Resolved::Node(node, origins.with(more)),
            Resolved::Value(value) => Resolved::Value(shape(value, more)),
        }
    }
}

/// Adds origins to a value and to all inside it: what led to the whole led to each part.
pub(super) fn shape(mut value: Val, more: &Origins) -> Val {
    if more.is_empty() {
        return value;
    }
    value.origins.extend(more);
    value.value = match value.value {
        Value::List(items) => Value::List(items.into_iter().map(|item| shape(item, more)).collect()),
        Value::Map(entries) => Value::Map(entries.into_iter().map(|(key, item)| (key, shape(item, more))).collect()),
        other => other,
    };
    value
}

/// A source that has no value.
pub(super) struct Missing {
    pub rule: &'static Rule,
    pub message: String,
    pub help: Option<String>,
    /// What the variable is when no later source has a value.
    pub otherwise: Option<Val>,
    /// Places that took part.
    pub origins: Origins,
}

pub(super) type Outcome<'a> = Result<Resolved<'a>, Box<Missing>>;

pub(super) struct Resolver<'a, 's> {
    pub document: &'a Node,
    pub folder: String,
    pub stage: String,
    pub context: &'a dyn Context,
    pub sink: &'s mut Sink,
    /// Scalars that took part in a value.
    pub visited: BTreeSet<Span>,
    /// Paths of the other documents that were read.
    pub documents: BTreeMap<FileId, String>,
    /// Present while stages are looked for.
    pub probe: Option<Probe>,
    pub(super) chain: Vec<Span>,
    expanding: Vec<Span>,
    depth: usize,
    steps: usize,
    said: BTreeSet<(Span, &'static str, String)>,
}

impl<'a, 's> Resolver<'a, 's> {
    pub fn new(document: &'a Node, path: &str, stage: &str, context: &'a dyn Context, sink: &'s mut Sink) -> Self {
        Self {
            document,
            folder: path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned()),
            stage: stage.to_owned(),
            context,
            sink,
            visited: BTreeSet::new(),
            documents: BTreeMap::new(),
            probe: None,
            chain: Vec::new(),
            expanding: Vec::new(),
            depth: 0,
            steps: 0,
            said: BTreeSet::new(),
        }
    }

    /// Reports once for a place.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        let known = diagnostic.span.is_some_and(|span| !self.said.insert((span, diagnostic.rule.code, diagnostic.message.clone())));
        if !known {
            self.sink.report(diagnostic);
        }
    }

    pub fn touch(&mut self, node: &Node) {
        node.mark_read();
        self.visited.insert(node.span);
    }

    /// Whether one more step may be taken; reports at `span` when not.
    fn step(&mut self, span: Span) -> bool {
        self.steps += 1;
        let why = if self.depth > MAX_DEPTH || self.chain.len() > MAX_CHAIN {
            "nests too deeply through its variables"
        } else if self.steps > MAX_STEPS {
            "takes too many steps to resolve"
        } else {
            return true;
        };
        self.report(Diagnostic::error(&SLS102, span, format!("this value {why}")).help("look for a variable that contains itself"));
        false
    }

    /// Begins one level of a walk over a tree; `false` when it may go no deeper. [`Self::leave`] ends it.
    pub fn enter(&mut self, span: Span) -> bool {
        self.depth += 1;
        if self.step(span) {
            return true;
        }
        self.depth -= 1;
        false
    }

    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Follows a text as [`Self::resolve`] does, also under the tag of `Fn::Sub`.
    pub fn resolve_tagged(&mut self, node: &'a Node) -> Resolved<'a> {
        match &node.kind {
            Kind::String(text) if super::intrinsic::is_tag(node) => {
                self.touch(node);
                Resolved::Value(self.text_of(text, node))
            }
            _ => self.resolve(node),
        }
    }

    /// Follows a text that is one variable, and joins a text that has some. All else is itself.
    pub fn resolve(&mut self, node: &'a Node) -> Resolved<'a> {
        let Kind::String(text) = &node.kind else { return Resolved::Node(node, Origins::none()) };
        if !syntax::has_variable(text) || super::intrinsic::is_tag(node) {
            return Resolved::Node(node, Origins::none());
        }
        self.touch(node);
        if self.chain.contains(&node.span) {
            let others: Vec<Span> = self.chain.iter().copied().filter(|span| *span != node.span).collect();
            let mut diagnostic = Diagnostic::error(&SLS102, node.span, format!("the variable `{text}` refers to itself"));
            for span in others {
                diagnostic = diagnostic.related(span, "through this one");
            }
            self.report(diagnostic.help("break the circle at one of these places"));
            return Resolved::Value(Val::unknown(line(text), "the variable refers to itself", node.span));
        }
        self.depth += 1;
        if !self.step(node.span) {
            self.depth -= 1;
            return Resolved::Value(Val::unknown(line(text), "it is too large to resolve", node.span));
        }
        self.chain.push(node.span);
        let template = syntax::parse(text);
        if let Some(problem) = template.problem {
            self.report(Diagnostic::warning(&SLS103, node.span, format!("a variable in `{}` {problem}", line(text))));
        }
        let resolved = match &template.pieces[..] {
            [Piece::Variable(variable)] => {
                let outcome = self.variable(variable, node);
                self.settle(outcome, &variable.text, node)
            }
            pieces => Resolved::Value(self.join(pieces, text, node)),
        };
        self.chain.pop();
        self.depth -= 1;
        resolved.shaped(&Origins::one(node.span))
    }

    /// What a variable is, once it is known whether any source has a value.
    fn settle(&mut self, outcome: Outcome<'a>, text: &str, at: &Node) -> Resolved<'a> {
        match outcome {
            Ok(resolved) => resolved,
            Err(gone) => {
                let gone = *gone;
                if self.probe.is_none() && !gone.message.is_empty() {
                    let mut diagnostic = Diagnostic::warning(gone.rule, at.span, gone.message.clone());
                    diagnostic.help = gone.help;
                    self.report(diagnostic);
                }
                let value = gone.otherwise.unwrap_or_else(|| Val::unknown(line(text), gone.message, at.span));
                Resolved::Value(shape(value, &gone.origins))
            }
        }
    }

    /// A text of several pieces.
    fn join(&mut self, pieces: &[Piece], text: &str, at: &'a Node) -> Val {
        let mut origins = Origins::one(at.span);
        let mut segments: Vec<Segment> = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => push(&mut segments, literal),
                Piece::Pseudo(name) => segments.push(Segment::Symbol(reference(name, at.span))),
                Piece::Variable(variable) => {
                    let outcome = self.variable(variable, at);
                    let resolved = self.settle(outcome, &variable.text, at);
                    let value = self.settled_value(resolved);
                    origins.extend(&value.origins);
                    match value.value {
                        Value::Text(inner) => inner.into_iter().for_each(|segment| match segment {
                            Segment::Literal(literal) => push(&mut segments, &literal),
                            symbol @ Segment::Symbol(_) => segments.push(symbol),
                        }),
                        Value::Number(literal) => push(&mut segments, &literal),
                        Value::Bool(literal) => push(&mut segments, if literal { "true" } else { "false" }),
                        Value::Null => push(&mut segments, "null"),
                        Value::Symbol(symbol) => segments.push(Segment::Symbol(symbol)),
                        Value::Unknown(Unknown { why, .. }) => return Val::unknown(line(text), why, at.span).shaped_by(&origins),
                        Value::List(_) | Value::Map(_) => {
                            let message = format!("`{}` is a list or an object, and cannot be a part of a text", variable.text);
                            self.report(Diagnostic::warning(&SLS117, at.span, message.clone()).help("refer to one of the values in it"));
                            return Val::unknown(line(text), message, at.span).shaped_by(&origins);
                        }
                    }
                }
            }
            let length: usize = segments.iter().map(|s| if let Segment::Literal(text) = s { text.len() } else { 0 }).sum();
            if length > MAX_TEXT {
                self.report(Diagnostic::error(&SLS102, at.span, "this text grows beyond a mebibyte through its variables"));
                return Val::unknown(line(text), "the text grows beyond every bound", at.span).shaped_by(&origins);
            }
        }
        Val::new(Value::Text(segments), origins)
    }

    /// A text of `Fn::Sub`, which is never a reference as a whole.
    pub fn text_of(&mut self, text: &str, at: &'a Node) -> Val {
        let template = syntax::parse(text);
        self.join(&template.pieces, text, at)
    }

    /// The first source of a variable that has a value.
    fn variable(&mut self, variable: &Variable, at: &'a Node) -> Outcome<'a> {
        self.depth += 1;
        let outcome = if self.step(at.span) {
            self.first_of(variable, at)
        } else {
            Ok(Resolved::Value(Val::unknown(line(&variable.text), "it is too large to resolve", at.span)))
        };
        self.depth -= 1;
        outcome
    }

    fn first_of(&mut self, variable: &Variable, at: &'a Node) -> Outcome<'a> {
        if self.probe.is_some() {
            // Whichever is taken: a later source may show what an earlier one is indexed by.
            let all: Vec<Outcome<'a>> = variable.sources.iter().map(|pieces| self.source(pieces, at, true)).collect();
            return all.into_iter().find(Result::is_ok).unwrap_or_else(|| missing(&SLS101, "", None));
        }
        let mut origins = Origins::none();
        let mut first: Option<Box<Missing>> = None;
        for (index, pieces) in variable.sources.iter().enumerate() {
            let more = index + 1 < variable.sources.len();
            match self.source(pieces, at, more) {
                Ok(Resolved::Node(node, outer)) if more && matches!(node.kind, Kind::Null) => {
                    self.touch(node);
                    origins.extend(&outer);
                    origins.add(node.span);
                }
                Ok(found) => {
                    if let Some(gone) = first.filter(|gone| gone.rule.code == SLS106.code) {
                        let taken = match &found {
                            Resolved::Value(value) => value.display(),
                            Resolved::Node(node, _) => node.scalar_text().unwrap_or(node.describe()).to_owned(),
                        };
                        let message = format!("the default `{}` of `{}` was taken", line(&taken), gone.message);
                        self.report(
                            Diagnostic::note(&SLS106, at.span, message)
                                .help("if the variable is set where this is deployed, write its value here"),
                        );
                    }
                    return Ok(found.shaped(&origins));
                }
                Err(gone) => {
                    origins.extend(&gone.origins);
                    if first.as_ref().is_none_or(|known| known.otherwise.is_none() && gone.otherwise.is_some()) {
                        first = Some(gone);
                    }
                }
            }
        }
        let mut gone = first.unwrap_or_else(|| {
            Box::new(Missing {
                rule: &SLS103,
                message: format!("`{}` names no source", variable.text),
                help: None,
                otherwise: None,
                origins: Origins::none(),
            })
        });
        if gone.rule.code == SLS106.code {
            gone.message = String::new();
        }
        gone.origins.extend(&origins);
        Err(gone)
    }

    fn source(&mut self, pieces: &[Piece], at: &'a Node, more: bool) -> Outcome<'a> {
        if let [Piece::Variable(inner)] = pieces {
            return self.variable(inner, at);
        }
        // A quoted text with variables in it is a text like any other.
        if let [Piece::Literal(first), .., Piece::Literal(last)] = pieces
            && let Some(quote) = first.chars().next().filter(|c| matches!(c, '\'' | '"'))
            && last.ends_with(quote)
        {
            let mut inner = pieces.to_vec();
            if let Some(Piece::Literal(text)) = inner.first_mut() {
                text.remove(0);
            }
            if let Some(Piece::Literal(text)) = inner.last_mut() {
                text.pop();
            }
            return Ok(Resolved::Value(self.join(&inner, "a default", at)));
        }
        let value = self.join(pieces, "a source of a variable", at);
        let Some(text) = value.literal() else {
            let why = match value.value {
                Value::Unknown(unknown) => unknown.why,
                _ => format!("its address depends on `{}`, which only the deployment knows", value.display()),
            };
            return Ok(Resolved::Value(Val::unknown(line(&value_text(pieces)), why, at.span).shaped_by(&value.origins)));
        };
        let mut nested = value.origins;
        let outcome = self.named(&text, at, more);
        match outcome {
            Ok(found) => Ok(found.shaped(&nested)),
            Err(mut gone) => {
                nested.extend(&gone.origins);
                gone.origins = nested;
                Err(gone)
            }
        }
    }

    fn settled_value(&mut self, resolved: Resolved<'a>) -> Val {
        match resolved {
            Resolved::Value(value) => value,
            Resolved::Node(node, origins) => shape(self.plain(node), &origins),
        }
    }

    /// A whole subtree as a value.
    pub fn value(&mut self, node: &'a Node) -> Val {
        let refers = matches!(&node.kind, Kind::String(text) if syntax::has_variable(text));
        if refers && self.expanding.contains(&node.span) {
            self.report(Diagnostic::error(&SLS102, node.span, "this variable contains itself").help("break the circle"));
            return Val::unknown(node.scalar_text().map(line).unwrap_or_default(), "the variable contains itself", node.span);
        }
        if refers {
            self.expanding.push(node.span);
        }
        let resolved = self.resolve(node);
        let value = self.settled_value(resolved);
        if refers {
            self.expanding.pop();
        }
        value
    }

    /// A field's value, with the references that led to the field.
    pub fn field(&mut self, field: &Field<'a>) -> Val {
        let value = self.value(field.node);
        shape(value, &field.outer)
    }

    /// A node that is no variable itself.
    fn plain(&mut self, node: &'a Node) -> Val {
        self.depth += 1;
        if !self.step(node.span) {
            self.depth -= 1;
            return Val::unknown(node.describe(), "it is too large to resolve", node.span);
        }
        let value = if let Some(value) = super::intrinsic::value(self, node) { value } else { self.literal(node) };
        self.depth -= 1;
        value
    }

    fn literal(&mut self, node: &'a Node) -> Val {
        let scalar = |value| Val::new(value, node.span);
        match &node.kind {
            Kind::Array(items) if !items.is_empty() => {
                node.mark_read();
                let items = items.iter().map(|item| self.value(item)).collect();
                Val::new(Value::List(items), Origins::none())
            }
            Kind::Object(entries) if !entries.is_empty() => {
                node.mark_read();
                let mut out: Vec<(Sourced<String>, Val)> = Vec::new();
                for field in self.unique(entries, &Origins::none()) {
                    let value = self.value(field.node);
                    out.push((field.key, value));
                }
                Val::new(Value::Map(out), Origins::none())
            }
            kind => {
                self.touch(node);
                scalar(match kind {
                    Kind::Null => Value::Null,
                    Kind::Bool(value) => Value::Bool(*value),
                    Kind::Number(text) => Value::Number(text.to_string()),
                    Kind::String(text) => Value::Text(vec![Segment::Literal(text.to_string())]),
                    Kind::Array(_) => Value::List(Vec::new()),
                    Kind::Object(_) => Value::Map(Vec::new()),
                    Kind::Expr(_) => return Val::unknown("an expression", "it is an expression", node.span),
                })
            }
        }
    }
}

fn push(segments: &mut Vec<Segment>, text: &str) {
    value::push(segments, Segment::Literal(text.to_owned()));
}

pub(super) fn reference(name: &str, span: Span) -> Symbol {
    Symbol { kind: SymbolKind::Reference, name: name.to_owned(), span }
}

fn value_text(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Variable(variable) => variable.text.clone(),
            Piece::Pseudo(name) => format!("${{{name}}}"),
        })
        .collect()
}

/// The first line, shortened.
pub(super) fn line(text: &str) -> String {
    let first = text.lines().next().unwrap_or("");
    let mut short: String = first.chars().take(100).collect();
    if short.len() < text.trim_end().len() {
        short.push('…');
    }
    short
}

/// "did you mean", where one name is close.
pub(super) fn near_miss<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    let limit = (name.chars().count() / 3).clamp(1, 3);
    names
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= limit && *known != name)
        .min()
        .map(|(_, known)| format!("did you mean `{known}`?"))
}
