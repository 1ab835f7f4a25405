//! Where the value of a variable's source is looked up: the file itself, the command line, other files.
use super::probe::MARKER;
use super::resolve::{Missing, Outcome, Resolved, Resolver, line, near_miss, reference};
use super::syntax::{self, Source};
use crate::ir::value::{Symbol, SymbolKind, Val, Value};
use crate::source::files;
use crate::source::node::{Kind, Node};
use crate::source::rules::Rule;
use crate::source::rules::serverless::{SLS101, SLS103, SLS104, SLS106};
use crate::source::sink::Diagnostic;
use crate::source::span::{Origins, Span};

/// Sources that are evaluated here.
const SOURCES: [&str; 7] = ["self", "opt", "env", "file", "sls", "param", "strToBool"];
/// Sources whose values other systems know: of the framework, and of plugins that many services use.
const ELSEWHERE: [&str; 15] = [
    "cf",
    "construct",
    "ssm",
    "s3",
    "aws",
    "git",
    "secretsManager",
    "vault",
    "terraform",
    "tfstate",
    "output",
    "outputs",
    "doppler",
    "http",
    "https",
];

impl<'a> Resolver<'a, '_> {
    /// A source whose text is known.
    pub(super) fn named(&mut self, text: &str, at: &'a Node, more: bool) -> Outcome<'a> {
        let value = |value: Value| Ok(Resolved::Value(Val::new(value, at.span)));
        let (name, argument, address) = match syntax::source(text) {
            Source::Text(text) => return Ok(Resolved::Value(Val::text(text, at.span))),
            Source::Number(number) => return value(Value::Number(number.to_owned())),
            Source::Bool(bool) => return value(Value::Bool(bool)),
            Source::Null if more => return missing(&SLS101, "", None),
            Source::Null => return value(Value::Null),
            Source::Unreadable => {
                return missing(
                    &SLS103,
                    format!("`{}` is not a source of a variable", line(text)),
                    Some(format!("write `'{}'` for a text", line(text))),
                );
            }
            Source::Named { name, argument, address } => (name, argument, address),
        };
        let symbol = |kind, name: &str| Some(Val::new(Value::Symbol(Symbol { kind, name: name.to_owned(), span: at.span }), at.span));
        match (name, argument) {
            ("self", None) => self.own(address, at),
            ("opt", None) if address == "stage" => Ok(Resolved::Value(self.stage_value(at.span))),
            ("sls", None) if address == "stage" => {
                let mut value = self.stage_value(at.span);
                if let Some(node) = self.document.path(&["provider", "stage"]) {
                    let declared = self.value(node);
                    value = value.shaped_by(&declared.all_origins());
                }
                Ok(Resolved::Value(value))
            }
            ("opt", None) => Err(Box::new(Missing {
                rule: &SLS104,
                message: format!("the command-line option `{address}` has no default here"),
                help: Some(format!("write `${{opt:{address}, 'value'}}`")),
                otherwise: symbol(SymbolKind::Reference, text),
                origins: Origins::none(),
            })),
            ("env", None) => Err(Box::new(Missing {
                rule: &SLS106,
                message: text.to_owned(),
                help: None,
                otherwise: symbol(SymbolKind::Env, address),
                origins: Origins::none(),
            })),
            ("param", None) => self.parameter(address),
            ("file", Some(path)) => self.file(path, address, at),
            ("strToBool", Some(text)) => match text.trim_matches(['\'', '"']).to_ascii_lowercase().as_str() {
                "true" | "1" => value(Value::Bool(true)),
                "false" | "0" => value(Value::Bool(false)),
                _ => missing(&SLS103, format!("`strToBool({text})` is neither true nor false"), None),
            },
            // What other systems know: stacks, parameter stores, buckets, git, plugins' own sources.
            _ => {
                let base = name.split('.').next().unwrap_or(name);
                if self.probe.is_none() && !ELSEWHERE.contains(&base) {
                    let message = format!("`{base}` is not a source of variables that the framework has");
                    let help = near_miss(base, SOURCES.into_iter().chain(ELSEWHERE));
                    let help = help.unwrap_or_else(|| format!("write `\\${{{}}}` when it is no variable", line(text)));
                    self.report(Diagnostic::warning(&SLS103, at.span, message).help(help));
                }
                Ok(Resolved::Value(Val::new(Value::Symbol(reference(text, at.span)), at.span)))
            }
        }
    }

    fn stage_value(&mut self, span: Span) -> Val {
        Val::text(if self.probe.is_some() { MARKER } else { &self.stage }, span)
    }

    /// `${self:…}`.
    fn own(&mut self, address: &str, at: &'a Node) -> Outcome<'a> {
        let keys: Vec<&str> = address.split('.').filter(|key| !key.is_empty()).collect();
        let document = self.document;
        match keys[..] {
            ["service"] if document.get("service").is_some_and(|s| matches!(s.kind, Kind::Object(_))) => {
                return self.walk(document, &["service", "name"], "self");
            }
            ["provider", "stage"] => {
                let mut value = self.stage_value(at.span);
                match document.path(&keys) {
                    // Written down: whoever deploys another stage of such a file edits it.
                    Some(node) if node.str().is_some_and(|text| !syntax::has_variable(text)) => {
                        self.touch(node);
                        value.origins.add(node.span);
                        return Ok(Resolved::Value(value));
                    }
                    Some(_) => {}
                    None => return unsaid(value),
                }
            }
            ["provider", "region"] if document.path(&keys).is_none() => return unsaid(Val::text("us-east-1", at.span)),
            _ => {}
        }
        self.walk(document, &keys, "self")
    }

    /// `${param:…}`: of the stage, or of all.
    fn parameter(&mut self, name: &str) -> Outcome<'a> {
        let document = self.document;
        let stage = if self.probe.is_some() { MARKER.to_owned() } else { self.stage.clone() };
        let places = [
            ["params", &stage, name].to_vec(),
            ["stages", &stage, "params", name].to_vec(),
            ["params", "default", name].to_vec(),
            ["stages", "default", "params", name].to_vec(),
        ];
        let mut found = None;
        for keys in places {
            let outcome = self.walk(document, &keys, "param").ok();
            found = found.or(outcome);
            // Stages are told from the fallback by seeing both.
            if found.is_some() && self.probe.is_none() {
                break;
            }
        }
        if let Some(found) = found {
            return Ok(found);
        }
        missing(&SLS101, format!("the parameter `{name}` has no value for stage `{}`", self.stage), Some("add it under `params`".into()))
    }

    /// `${file(path):address}`.
    fn file(&mut self, path: &str, address: &str, at: &'a Node) -> Outcome<'a> {
        if let Some(probe) = &mut self.probe {
            probe.file(path, &self.folder, &self.context.paths(), at.span);
        }
        let Some(found) = files::join(&self.folder, path.trim_start_matches("~/")) else {
            return missing(&SLS101, format!("the file `{path}` is outside the sources"), Some("add its folder to the sources".into()));
        };
        let extension = found.rsplit_once('.').map_or("", |(_, e)| e);
        if matches!(extension, "js" | "cjs" | "mjs" | "ts") {
            let value = Val::unknown(format!("file({path})"), format!("`{path}` is a program, which emr2k8s does not run"), at.span);
            return Ok(Resolved::Value(value));
        }
        let context = self.context;
        let Some(document) = context.document(&found) else {
            let near = near_miss(&found, context.paths().into_iter());
            let near = near.or_else(|| Some("add the file to the sources, or give the variable a default".into()));
            return missing(&SLS101, format!("the file `{found}` was not found, or is not YAML or JSON"), near);
        };
        self.documents.insert(document.span.file, found);
        let keys: Vec<&str> = address.split('.').filter(|key| !key.is_empty()).collect();
        self.walk(document, &keys, path)
    }

    /// Goes down from a node by keys, through whatever variables are on the way.
    fn walk(&mut self, root: &'a Node, keys: &[&str], what: &str) -> Outcome<'a> {
        let mut current = Resolved::Node(root, Origins::none());
        for (index, key) in keys.iter().enumerate() {
            let resolved = self.follow(current);
            let place = if index == 0 { what.to_owned() } else { keys[..index].join(".") };
            let (node, origins) = match resolved {
                Resolved::Node(node, origins) => (node, origins),
                Resolved::Value(value) => match &value.value {
                    Value::Map(_) | Value::List(_) => match part(&value, key) {
                        Some(inner) => {
                            current = Resolved::Value(inner.clone());
                            continue;
                        }
                        None => return missing(&SLS101, format!("`{place}` has no `{key}`"), None),
                    },
                    Value::Unknown(unknown) => {
                        let why = unknown.why.clone();
                        let span = unknown.span;
                        return Ok(Resolved::Value(Val::unknown(keys.join("."), why, span).shaped_by(&value.origins)));
                    }
                    Value::Symbol(symbol) => {
                        let name = format!("{}.{}", symbol.name, keys[index..].join("."));
                        let symbol = Symbol { kind: symbol.kind, name, span: symbol.span };
                        return Ok(Resolved::Value(Val::new(Value::Symbol(symbol), value.origins)));
                    }
                    _ => return missing(&SLS101, format!("`{place}` is a value, so it has no `{key}`"), None),
                },
            };
            let child = match &node.kind {
                Kind::Object(entries) => {
                    let at = self.chain.last().copied().unwrap_or(node.span);
                    if let Some(probe) = &mut self.probe
                        && probe.enter(at, node, key, index + 1 < keys.len())
                    {
                        return Ok(Resolved::Value(Val::unknown(keys.join("."), "it depends on the stage", node.span)));
                    }
                    node.get(key).ok_or_else(|| near_miss(key, entries.iter().map(|e| &*e.key)))
                }
                Kind::Array(items) => key.parse::<usize>().ok().and_then(|at| items.get(at)).ok_or(None),
                _ => Err(None),
            };
            match child {
                Ok(child) => current = Resolved::Node(child, origins),
                Err(help) => {
                    let message = match &node.kind {
                        Kind::Object(_) if **key == *self.stage => format!("`{place}` has no value for stage `{key}`"),
                        Kind::Object(_) | Kind::Array(_) | Kind::Null => format!("`{place}` has no `{key}`"),
                        _ => format!("`{place}` is {}, so it has no `{key}`", node.describe()),
                    };
                    let mut gone = Box::new(Missing { rule: &SLS101, message, help, otherwise: None, origins });
                    if gone.help.is_none() {
                        gone.help = Some(format!("define `{}`, or give the variable a default", keys.join(".")));
                    }
                    return Err(gone);
                }
            }
        }
        Ok(self.follow(current))
    }

    fn follow(&mut self, current: Resolved<'a>) -> Resolved<'a> {
        match current {
            Resolved::Node(node, origins) => self.resolve(node).shaped(&origins),
            value @ Resolved::Value(_) => value,
        }
    }
}

pub(super) fn missing<'a>(rule: &'static Rule, message: impl Into<String>, help: Option<String>) -> Outcome<'a> {
    Err(Box::new(Missing { rule, message: message.into(), help, otherwise: None, origins: Origins::none() }))
}

fn unsaid<'a>(value: Val) -> Outcome<'a> {
    Err(Box::new(Missing { rule: &SLS101, message: String::new(), help: None, otherwise: Some(value), origins: Origins::none() }))
}

fn part<'v>(value: &'v Val, key: &str) -> Option<&'v Val> {
    match &value.value {
        Value::List(items) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
        _ => value.get(key),
    }
}
