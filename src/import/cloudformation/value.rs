//! Intrinsic functions: what they give as far as the template tells, a symbol where only the deployment knows.
//!
//! `Ref X` that is not known is the symbol `X`, `Fn::GetAtt [X, Arn]` the symbol `X.Arn`, another function the symbol `Fn::Name …`.
use super::template::Template;
use crate::ir::value::{self, Segment, Symbol, SymbolKind, Val, Value};
use crate::source::node::{Kind, Node};
use crate::source::span::{Origins, Sourced, Span};

/// Functions (AWS CloudFormation User Guide, "Intrinsic function reference", November 2026), without `Fn::`.
const FUNCTIONS: &[&str] = &[
    "Ref",
    "GetAtt",
    "Sub",
    "Join",
    "Select",
    "Split",
    "FindInMap",
    "If",
    "ImportValue",
    "Base64",
    "GetAZs",
    "Transform",
    "Cidr",
    "Length",
    "ToJsonString",
];

/// Kinds whose `Ref` is the resource's own name, and the property that names them (the same guide, "Resource and property types": "Ref" of
/// each, November 2026).
const NAMED: &[(&str, &str)] = &[
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::Serverless::Function", "FunctionName"),
    ("AWS::DynamoDB::Table", "TableName"),
    ("AWS::Serverless::SimpleTable", "TableName"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::Glue::Job", "Name"),
    ("AWS::Glue::Crawler", "Name"),
    ("AWS::ECS::Cluster", "ClusterName"),
    ("AWS::Kinesis::Stream", "Name"),
    ("AWS::Events::EventBus", "Name"),
    ("AWS::SSM::Parameter", "Name"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::Athena::WorkGroup", "Name"),
    ("AWS::CodeBuild::Project", "Name"),
];

/// References may lead to references; no template of a person goes deeper.
const MOST_DEEP: usize = 32;

/// A function and what it is given: under a tag, the node itself.
pub(super) fn call(node: &Node) -> Option<(&str, &Node)> {
    if let Some(tag) = node.tag.as_deref() {
        let name = tag.strip_prefix('!')?;
        return FUNCTIONS.contains(&name).then_some((name, node));
    }
    let Kind::Object(entries) = &node.kind else { return None };
    let [entry] = &entries[..] else { return None };
    let name = if &*entry.key == "Ref" { "Ref" } else { entry.key.strip_prefix("Fn::")? };
    FUNCTIONS.contains(&name).then_some((name, &entry.value))
}

impl<'a> Template<'a> {
    /// A node as a value.
    pub fn value(&self, node: &'a Node) -> Val {
        self.at(node, 0)
    }

    fn at(&self, node: &'a Node, depth: usize) -> Val {
        if depth > MOST_DEEP {
            return symbol("…", node.span, Origins::one(node.span));
        }
        match call(node) {
            Some((name, argument)) => self.function(name, argument, node, depth),
            None => self.plain(node, depth),
        }
    }

    fn plain(&self, node: &'a Node, depth: usize) -> Val {
        node.mark_read();
        let value = match &node.kind {
            Kind::Array(items) if !items.is_empty() => {
                return Val::new(Value::List(items.iter().map(|item| self.at(item, depth + 1)).collect()), Origins::none());
            }
            Kind::Object(entries) if !entries.is_empty() => {
                let entry = |entry: &'a crate::source::node::Entry| {
                    (Sourced::new(entry.key.to_string(), entry.key_span), self.at(&entry.value, depth + 1))
                };
                return Val::new(Value::Map(entries.iter().map(entry).collect()), Origins::none());
            }
            Kind::Array(_) => Value::List(Vec::new()),
            Kind::Object(_) => Value::Map(Vec::new()),
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(text) => Value::Number(text.to_string()),
            Kind::String(text) => return Val::text(text.to_string(), node.span),
            Kind::Expr(_) => return Val::unknown("an expression", "it is an expression", node.span),
        };
        Val::new(value, node.span)
    }

    fn function(&self, name: &str, argument: &'a Node, node: &'a Node, depth: usize) -> Val {
        node.mark_read();
        argument.mark_read();
        match (name, &argument.kind) {
            ("Ref", Kind::String(target)) => self.referred(target.trim(), argument.span, depth),
            ("GetAtt", Kind::String(target)) => symbol(target.trim(), argument.span, Origins::one(argument.span)),
            ("Sub", Kind::String(text)) => self.substituted(text, &[], argument.span, depth),
            ("Sub", Kind::Array(items)) => {
                let [text, names] = &items[..] else { return self.other(name, argument, depth) };
                let Kind::String(pattern) = &text.kind else { return self.other(name, argument, depth) };
                text.mark_read();
                let names = self.plain(names, depth + 1);
                let value = self.substituted(pattern, names.map().unwrap_or_default(), text.span, depth);
                value.shaped_by(&names.all_origins())
            }
            ("Join", Kind::Array(items)) => {
                let [delimiter, parts] = &items[..] else { return self.other(name, argument, depth) };
                let (delimiter, parts) = (self.at(delimiter, depth + 1), self.at(parts, depth + 1));
                let origins = delimiter.all_origins().with(&parts.all_origins());
                let mut text = Text::default();
                let Some((between, parts)) = delimiter.literal().zip(parts.list()) else { return self.other(name, argument, depth) };
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        text.literal(&between);
                    }
                    if !text.value(part) {
                        return self.other(name, argument, depth);
                    }
                }
                Val::new(Value::Text(text.0), origins)
            }
            ("Select", Kind::Array(items)) => {
                let [index, list] = &items[..] else { return self.other(name, argument, depth) };
                let (index, list) = (self.at(index, depth + 1), self.at(list, depth + 1));
                let picked = index.literal().and_then(|text| text.parse::<usize>().ok()).and_then(|at| list.list()?.get(at).cloned());
                match picked {
                    Some(value) => value.shaped_by(&index.all_origins().with(&list.all_origins())),
                    None => self.other(name, argument, depth),
                }
            }
            ("FindInMap", Kind::Array(items)) => {
                let keys: Vec<Val> = items.iter().map(|item| self.at(item, depth + 1)).collect();
                let names: Option<Vec<String>> = keys.iter().map(Val::literal).collect();
                let found = match names.as_deref() {
                    Some([map, first, second]) => self.mapped(map, first, second),
                    _ => None,
                };
                let Some(found) = found else { return self.other(name, argument, depth) };
                let value = self.at(found, depth + 1);
                keys.iter().fold(value, |value, key| value.shaped_by(&key.all_origins()))
            }
            ("GetAtt", Kind::Array(items)) => {
                let words: Vec<String> = items.iter().map(|item| self.at(item, depth + 1).display()).collect();
                let origins = items.iter().map(|item| item.span).collect();
                symbol(&words.join("."), argument.span, origins)
            }
            _ => self.other(name, argument, depth),
        }
    }

    /// A function that gives what only the deployment knows.
    fn other(&self, name: &str, argument: &'a Node, depth: usize) -> Val {
        let given = self.plain(argument, depth + 1);
        let words = match &given.value {
            Value::List(items) => items.iter().map(Val::display).collect::<Vec<_>>().join(" "),
            _ => given.display(),
        };
        symbol(&format!("Fn::{name} {words}"), argument.span, given.all_origins())
    }

    /// What `Ref` gives.
    fn referred(&self, name: &str, at: Span, depth: usize) -> Val {
        let here = Origins::one(at);
        if name == "AWS::NoValue" {
            return Val::new(Value::Null, here);
        }
        if let Some(parameter) = self.parameter(name) {
            return self.default_of(name, parameter, at).unwrap_or_else(|| symbol(name, at, here));
        }
        let named = self.resources.get(name).and_then(|resource| {
            let (_, property) = NAMED.iter().find(|(kind, _)| *kind == resource.kind)?;
            let value = self.at(resource.properties?.get(property)?, depth + 1);
            value.literal().map(|_| value)
        });
        named.map_or_else(|| symbol(name, at, here.clone()), |value| value.shaped_by(&here))
    }

    /// The default of a parameter, which a deployment takes where it is given nothing. `NoEcho` hides a secret, and a parameter of Systems Manager has its
    /// key as the default and not its value.
    fn default_of(&self, name: &str, parameter: &'a Node, at: Span) -> Option<Val> {
        let is = |key: &str, word: &str| {
            parameter.get(key).and_then(Node::scalar_text).is_some_and(|text| text.to_lowercase().starts_with(word))
        };
        if is("NoEcho", "true") || is("Type", "aws::ssm::") {
            return None;
        }
        let default = parameter.get("Default")?;
        let text = default.scalar_text()?;
        // An empty default stands for "not given".
        if text.is_empty() {
            return None;
        }
        self.taken.borrow_mut().entry(name.to_owned()).or_insert(at);
        self.read.borrow_mut().insert(default.span);
        Some(Val::text(text, [at, default.span].into_iter().collect::<Origins>()))
    }

    /// What the name between the braces of `Fn::Sub` gives.
    pub fn named(&self, name: &str, at: Span) -> Val {
        self.in_braces(name, at, 0)
    }

    fn in_braces(&self, name: &str, at: Span, depth: usize) -> Val {
        if name.contains('.') { symbol(name, at, Origins::one(at)) } else { self.referred(name, at, depth + 1) }
    }

    fn substituted(&self, pattern: &str, names: &[(Sourced<String>, Val)], at: Span, depth: usize) -> Val {
        let mut text = Text::default();
        let mut origins = Origins::one(at);
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, tail)) = after.split_once('}') else { break };
            text.literal(before);
            rest = tail;
            if let Some(literal) = name.strip_prefix('!') {
                text.literal(&format!("${{{literal}}}"));
                continue;
            }
            let name = name.trim();
            let own = names.iter().find(|(key, _)| key.value == name).map(|(_, value)| value.clone());
            let value = own.unwrap_or_else(|| self.in_braces(name, at, depth));
            origins.extend(&value.all_origins());
            if !text.value(&value) {
                text.0.push(Segment::Symbol(reference(name, at)));
            }
        }
        text.literal(rest);
        Val::new(Value::Text(text.0), origins)
    }
}

/// A text that grows.
#[derive(Default)]
struct Text(Vec<Segment>);

impl Text {
    fn literal(&mut self, text: &str) {
        if !text.is_empty() {
            value::push(&mut self.0, Segment::Literal(text.to_owned()));
        }
    }

    /// Whether the value can be a part of a text.
    fn value(&mut self, value: &Val) -> bool {
        match &value.value {
            Value::Text(segments) => {
                for segment in segments {
                    match segment {
                        Segment::Literal(text) => self.literal(text),
                        Segment::Symbol(_) => self.0.push(segment.clone()),
                    }
                }
            }
            Value::Symbol(symbol) => self.0.push(Segment::Symbol(symbol.clone())),
            Value::Number(text) => self.literal(text),
            Value::Bool(value) => self.literal(if *value { "true" } else { "false" }),
            _ => return false,
        }
        true
    }
}

fn reference(name: &str, span: Span) -> Symbol {
    Symbol { kind: SymbolKind::Reference, name: name.to_owned(), span }
}

fn symbol(name: &str, at: Span, origins: Origins) -> Val {
    Val::new(Value::Symbol(reference(name, at)), origins)
}
