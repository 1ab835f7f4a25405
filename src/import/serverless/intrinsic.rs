//! The functions of `CloudFormation` as they occur in values: `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, long and short.
//!
//! They become symbols that the linker resolves: `Ref X` is named `X`, `Fn::GetAtt [X, Arn]` is named `X.Arn`. Source:
//! "Intrinsic function reference", AWS `CloudFormation` User Guide, November 2026.
use super::resolve::{Resolver, reference, shape};
use super::syntax::{self, Piece};
use crate::ir::value::{self, Segment, Val, Value};
use crate::source::node::{Kind, Node};

/// Functions in their short form; the long one is `Fn::` and the name, but for `Ref`.
const FUNCTIONS: [&str; 12] =
    ["Ref", "GetAtt", "Sub", "Join", "ImportValue", "Select", "Split", "If", "FindInMap", "Base64", "GetAZs", "Transform"];

/// Whether a node has the tag of a function: its text is the function's own then.
pub(super) fn is_tag(node: &Node) -> bool {
    function(node).is_some_and(|(_, long)| long.is_none())
}

/// The function and, in the long form, its argument.
fn function(node: &Node) -> Option<(&'static str, Option<&Node>)> {
    if let Some(tag) = node.tag.as_deref() {
        let name = tag.strip_prefix('!')?;
        return FUNCTIONS.iter().find(|f| **f == name).map(|f| (*f, None));
    }
    let Kind::Object(entries) = &node.kind else { return None };
    let [entry] = &entries[..] else { return None };
    let name = if &*entry.key == "Ref" { "Ref" } else { entry.key.strip_prefix("Fn::")? };
    FUNCTIONS.iter().find(|f| **f == name).map(|f| (*f, Some(&entry.value)))
}

/// The value of a function, `None` for all else.
pub(super) fn value<'a>(resolver: &mut Resolver<'a, '_>, node: &'a Node) -> Option<Val> {
    let (name, long) = function(node)?;
    node.mark_read();
    let value = match (name, long) {
        ("Sub", _) => sub(resolver, long.unwrap_or(node)),
        ("Join", _) => join(resolver, long.unwrap_or(node)),
        (_, Some(argument)) => {
            let argument = resolver.value(argument);
            symbol(name, &argument, node)
        }
        (_, None) => {
            let argument = tagged(resolver, node);
            symbol(name, &argument, node)
        }
    };
    Some(value)
}

/// What stands under a tag, without it.
fn tagged<'a>(resolver: &mut Resolver<'a, '_>, node: &'a Node) -> Val {
    match &node.kind {
        Kind::Array(items) if !items.is_empty() => {
            Val::new(Value::List(items.iter().map(|i| resolver.value(i)).collect()), crate::source::span::Origins::none())
        }
        _ => {
            resolver.touch(node);
            let text = node.scalar_text().unwrap_or_default();
            Val::text(text, node.span)
        }
    }
}

fn symbol(function: &str, argument: &Val, node: &Node) -> Val {
    let words = match &argument.value {
        Value::List(items) => items.iter().map(Val::display).collect::<Vec<_>>().join("."),
        _ => argument.display(),
    };
    let name = match function {
        "Ref" | "GetAtt" => words,
        other => format!("Fn::{other} {words}"),
    };
    Val::new(Value::Symbol(reference(&name, node.span)), argument.all_origins())
}

/// `Fn::Sub`: a text, or a text and values for names in it.
fn sub<'a>(resolver: &mut Resolver<'a, '_>, node: &'a Node) -> Val {
    let (text, names) = match &node.kind {
        Kind::Array(items) => match &items[..] {
            [text, names] => (text, Some(resolver.value(names))),
            _ => return tagged(resolver, node),
        },
        _ => (node, None),
    };
    let Kind::String(raw) = &text.kind else { return tagged(resolver, text) };
    resolver.touch(text);
    // The framework's variables first, as it does; then CloudFormation's names.
    let mut value = if syntax::has_variable(raw) { resolver.text_of(raw, text) } else { Val::text(raw.to_string(), text.span) };
    if let Value::Text(segments) = value.value {
        let mut out: Vec<Segment> = Vec::new();
        for segment in segments {
            match segment {
                Segment::Literal(literal) => names_in(&literal, names.as_ref(), text, &mut out),
                symbol @ Segment::Symbol(_) => out.push(symbol),
            }
        }
        value.value = Value::Text(out);
    }
    names.map_or(value.clone(), |names| shape(value, &names.all_origins()))
}

/// Splits `${Name}` off a text.
fn names_in(text: &str, names: Option<&Val>, at: &Node, out: &mut Vec<Segment>) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}') else { break };
        if !before.is_empty() {
            out.push(Segment::Literal(before.to_owned()));
        }
        match name.strip_prefix('!') {
            Some(literal) => out.push(Segment::Literal(format!("${{{literal}}}"))),
            None => match names.and_then(|names| names.get(name.trim())).map(|value| &value.value) {
                Some(Value::Text(segments)) => out.extend(segments.iter().cloned()),
                Some(Value::Symbol(symbol)) => out.push(Segment::Symbol(symbol.clone())),
                _ => out.push(Segment::Symbol(reference(name.trim(), at.span))),
            },
        }
        rest = tail;
    }
    if !rest.is_empty() {
        out.push(Segment::Literal(rest.to_owned()));
    }
}

/// `Fn::Join: [delimiter, [parts]]`.
fn join<'a>(resolver: &mut Resolver<'a, '_>, node: &'a Node) -> Val {
    let argument = tagged_or_value(resolver, node);
    let origins = argument.all_origins();
    let parts = match argument.list() {
        Some([delimiter, parts]) => delimiter.literal().zip(parts.list()),
        _ => None,
    };
    let Some((delimiter, parts)) = parts else { return symbol("Join", &argument, node) };
    let mut out: Vec<Segment> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 && !delimiter.is_empty() {
            value::push(&mut out, Segment::Literal(delimiter.clone()));
        }
        match &part.value {
            Value::Text(segments) => segments.iter().for_each(|segment| value::push(&mut out, segment.clone())),
            Value::Symbol(symbol) => value::push(&mut out, Segment::Symbol(symbol.clone())),
            Value::Number(text) => value::push(&mut out, Segment::Literal(text.clone())),
            _ => return symbol("Join", &argument, node),
        }
    }
    Val::new(Value::Text(out), origins)
}

fn tagged_or_value<'a>(resolver: &mut Resolver<'a, '_>, node: &'a Node) -> Val {
    if is_tag(node) { tagged(resolver, node) } else { resolver.value(node) }
}

/// Whether a text has variables of the framework, not only names of `Fn::Sub`.
pub(super) fn has_framework_variable(text: &str) -> bool {
    syntax::has_variable(text) && syntax::parse(text).pieces.iter().any(|piece| !matches!(piece, Piece::Literal(_)))
}
