//! Calls of libraries and builtins, by dotted name.
//!
//! What a name means is that library's documentation (looked up November 2026): Python's standard library (`os`, `json`,
//! `copy`) and Boto3; HTTP and chats are in `remote`. A name that is in neither is not evaluated.
use super::expression::Arguments;
use super::flow::{Evaluator, Note};
use super::number::Num;
use super::state::{Content, Item, LONGEST, Object};
use crate::ir::value::{Segment, Symbol, SymbolKind, Val, Value};
use crate::source::span::{Origins, Sourced};
use ruff_text_size::TextRange;
use std::rc::Rc;

const BUILTINS: &[&str] = &[
    "int",
    "float",
    "str",
    "bool",
    "len",
    "dict",
    "list",
    "tuple",
    "set",
    "range",
    "enumerate",
    "zip",
    "print",
    "isinstance",
    "sorted",
    "reversed",
    "min",
    "max",
    "sum",
    "abs",
    "repr",
    "any",
    "all",
    "map",
    "filter",
    "type",
    "open",
    "getattr",
    "hasattr",
    "round",
    "format",
    "bytes",
    "staticmethod",
    "classmethod",
    "property",
    "object",
    "Exception",
    "ValueError",
    "KeyError",
    "RuntimeError",
    "TypeError",
    "ConnectionError",
    "TimeoutError",
    "OSError",
    "IOError",
    "NotImplementedError",
    "AssertionError",
    "BaseException",
    "Warning",
];

pub(super) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name)
}

/// Whether Lambda itself sets a variable (AWS Lambda Developer Guide, "Defined runtime environment variables").
pub(super) fn set_by_aws(name: &str) -> bool {
    name.starts_with("AWS_")
        || matches!(
            name,
            "_HANDLER"
                | "_X_AMZN_TRACE_ID"
                | "LAMBDA_TASK_ROOT"
                | "LAMBDA_RUNTIME_DIR"
                | "LANG"
                | "PATH"
                | "TZ"
                | "LD_LIBRARY_PATH"
                | "PYTHONPATH"
        )
}

/// One name for what has several.
pub(super) fn canonical(path: &str) -> String {
    for (prefix, name) in [
        ("botocore.vendored.requests", "requests"),
        ("pip._vendor.requests", "requests"),
        ("requests.api", "requests"),
        ("requests.sessions", "requests"),
        ("urllib2", "urllib.request"),
        ("httplib", "http.client"),
        ("urllib3.poolmanager", "urllib3"),
        ("simplejson", "json"),
        ("ujson", "json"),
        ("boto3.session", "boto3"),
        ("slack", "slack_sdk"),
    ] {
        if let Some(rest) = path.strip_prefix(prefix)
            && (rest.is_empty() || rest.starts_with('.'))
        {
            return format!("{name}{rest}");
        }
    }
    path.to_owned()
}

impl Evaluator<'_> {
    pub(super) fn external(&mut self, path: &str, arguments: &Arguments, at: TextRange) -> Item {
        if let Some(why) = &arguments.lost
            && !path.starts_with("builtins.print")
        {
            let why = why.why.clone();
            return self.give_up(arguments, at, &why);
        }
        let first = arguments.positional.first().cloned();
        match path {
            "os.getenv" | "os.environ.get" => {
                let Some(key) = arguments.get(0, "key").cloned() else { return self.give_up(arguments, at, "no variable is named") };
                let key = self.state.val(&key);
                self.env(&key, arguments.get(1, "default").cloned().or(Some(Item::none(Origins::none()))), false, at)
            }
            "os.environ.copy" => Item::Path("os.environ".to_owned()),
            "os.path.join" => self.join_path(arguments, at),
            "json.dumps" => match first {
                Some(item) => {
                    let val = self.state.val(&item);
                    let origins = item.origins();
                    Item::Object(Rc::new(Object::Json(val)), origins)
                }
                None => self.give_up(arguments, at, "nothing is given to `json.dumps`"),
            },
            "json.loads" | "json.load" => self.json_loads(first.as_ref(), arguments, at),
            "copy.copy" | "copy.deepcopy" => match first {
                Some(item @ (Item::List(..) | Item::Dict(..))) => {
                    let val = self.state.val(&item);
                    self.state.item(val)
                }
                Some(item) => item,
                None => self.give_up(arguments, at, "nothing is copied"),
            },
            "boto3.Session" | "boto3" => Item::Path("boto3".to_owned()),
            "boto3.client" | "boto3.resource" => {
                let service = first.or_else(|| arguments.named("service_name").cloned());
                let service = service.map_or_else(|| Val::text("", Origins::none()), |s| self.state.val(&s));
                Item::Object(Rc::new(Object::Client(service)), Origins::none())
            }
            _ => match self.remote(path, arguments, at) {
                Some(item) => item,
                None => self.harmless(path, arguments, at),
            },
        }
    }

    /// Calls that change nothing a job depends on, and builtins.
    fn harmless(&mut self, path: &str, arguments: &Arguments, at: TextRange) -> Item {
        if let Some(name) = path.strip_prefix("builtins.") {
            return self.builtin(name, arguments, at);
        }
        let root = path.split('.').next().unwrap_or(path);
        match root {
            // A logger's methods and its makers alike; what they return is used for nothing else.
            "logging" | "aws_lambda_powertools" | "structlog" | "loguru" | "aws_xray_sdk" | "sentry_sdk" => Item::Path(root.to_owned()),
            "pymsteams" | "warnings" => Item::none(Origins::none()),
            "time" if path == "time.sleep" => Item::none(Origins::none()),
            "datetime" | "time" | "uuid" | "random" | "secrets" | "socket" => {
                let item = self.unknown(at, format!("`{path}` differs from run to run"));
                let origins: Vec<Origins> = arguments.all().map(|i| self.state.val(i).all_origins()).collect();
                origins.iter().fold(item, Item::shaped_by)
            }
            _ => {
                if root != "os" || path == "os.system" {
                    self.unevaluated(at, path);
                }
                self.give_up(arguments, at, &format!("`{path}` is not evaluated"))
            }
        }
    }

    /// Notes a call of which nothing is known: it may have an effect that the replacement lacks.
    pub(super) fn unevaluated(&mut self, at: TextRange, what: &str) {
        if self.quiet == 0 {
            self.notes.push(Note::Call { span: self.span(at), what: what.to_owned() });
        }
    }

    /// An environment variable. `default`: what stands for one that is not set; `None`: Python raises.
    pub(super) fn env(&mut self, key: &Val, default: Option<Item>, raises: bool, at: TextRange) -> Item {
        let Some(name) = key.literal() else {
            return self.unknown_of(at, &[key], "which environment variable this is, is not known");
        };
        if self.quiet == 0 {
            self.read.insert(name.clone());
        }
        if let Some((_, val)) = self.environment.iter().rev().find(|(set, _)| set.value == name) {
            self.visit_all(&val.all_origins());
            // The environment holds texts, whatever a deployment file's type was.
            let val = match &val.value {
                Value::Number(_) | Value::Bool(_) => Val::text(val.literal().unwrap_or_default(), val.origins.clone()),
                Value::Symbol(symbol) => Val::new(Value::Text(vec![Segment::Symbol(symbol.clone())]), val.origins.clone()),
                Value::Null => Val::text("", val.origins.clone()),
                Value::List(_) | Value::Map(_) => {
                    return self.unknown_of(at, &[val], "an environment variable is a text, and this is a structure");
                }
                Value::Text(_) | Value::Unknown(_) => val.clone(),
            };
            return Item::Scalar(val.shaped_by(&key.origins));
        }
        match default {
            Some(default) if !raises && !set_by_aws(&name) => default.shaped_by(&key.origins),
            _ => {
                let symbol = Symbol { kind: SymbolKind::Env, name, span: self.span(at) };
                Item::Scalar(Val::new(Value::Text(vec![Segment::Symbol(symbol)]), key.origins.clone()))
            }
        }
    }

    fn join_path(&mut self, arguments: &Arguments, at: TextRange) -> Item {
        let mut parts: Vec<Val> = Vec::new();
        for item in &arguments.positional {
            let val = self.state.val(item);
            let known = val.literal();
            if known.as_deref().is_none_or(|text| text.starts_with('/')) && !parts.is_empty() {
                return self.give_up(arguments, at, "which parts `os.path.join` keeps is not known");
            }
            let slash = parts.last().is_some_and(|last| last.literal().is_none_or(|text| !text.is_empty() && !text.ends_with('/')));
            if slash {
                parts.push(Val::text("/", Origins::none()));
            }
            parts.push(val);
        }
        let parts: Vec<&Val> = parts.iter().collect();
        self.concat(&parts, &Origins::none(), at)
    }

    fn json_loads(&mut self, item: Option<&Item>, arguments: &Arguments, at: TextRange) -> Item {
        let Some(item) = item else { return self.give_up(arguments, at, "nothing is given to `json.loads`") };
        if let Item::Object(object, origins) = item {
            match &**object {
                Object::Json(val) => {
                    let val = val.clone();
                    return self.state.item(val);
                }
                Object::ReplyText(call) | Object::Reply(call) => {
                    let symbol = self.state.reply(*call, "");
                    return Item::Scalar(Val::new(Value::Symbol(symbol), origins.clone()));
                }
                _ => {}
            }
        }
        let val = self.state.val(item);
        let parsed = val.literal().filter(|_| matches!(val.value, Value::Text(_))).and_then(|text| serde_json::from_str(&text).ok());
        match parsed {
            Some(json) => {
                let val = json_val(&json, &val.origins);
                self.state.item(val)
            }
            None => self.unknown_of(at, &[&val], "the JSON text is not known"),
        }
    }

    /// The named arguments as a map; those by place under their number.
    pub(super) fn map_of(&self, arguments: &Arguments) -> Val {
        let mut entries: Vec<(Sourced<String>, Val)> = Vec::new();
        for (i, item) in arguments.positional.iter().enumerate() {
            entries.push((Sourced::new(i.to_string(), Origins::none()), self.body(item)));
        }
        for (name, item) in &arguments.named {
            entries.push((Sourced::new(name.clone(), Origins::none()), self.body(item)));
        }
        Val::new(Value::Map(entries), Origins::none())
    }

    fn builtin(&mut self, name: &str, arguments: &Arguments, at: TextRange) -> Item {
        let first = arguments.positional.first().cloned();
        let val = first.as_ref().map(|item| self.state.val(item));
        match (name, first, val) {
            ("print", ..) => Item::none(Origins::none()),
            ("str", None, _) => Item::Scalar(Val::text("", Origins::none())),
            ("str", Some(Item::Object(object, origins)), _) if matches!(&*object, Object::ReplyText(_) | Object::Json(_)) => {
                Item::Object(object, origins)
            }
            ("str", Some(_), Some(val)) => self.concat(&[&val], &Origins::none(), at),
            ("int" | "float", Some(_), Some(val)) => self.number(name, &val, at),
            ("bool", Some(item), Some(val)) => match self.truth(&item) {
                Some(truth) => Item::Scalar(Val::new(Value::Bool(truth), val.all_origins())),
                None => self.unknown_of(at, &[&val], "this is known only when it runs"),
            },
            ("len", Some(item), Some(val)) => {
                let length = match (&item, &val.value) {
                    (Item::List(..), _) => self.state.items(&item).map(|items| items.len()),
                    (Item::Dict(..), _) => self.state.entries(&item).map(<[_]>::len),
                    (_, Value::Text(_)) => val.literal().map(|text| text.chars().count()),
                    _ => None,
                };
                match length {
                    Some(length) => Item::Scalar(Val::new(Value::Number(length.to_string()), val.all_origins())),
                    None => self.unknown_of(at, &[&val], "this length is known only when it runs"),
                }
            }
            ("dict", first, _) => {
                let out = self.state.dict(Vec::new(), Origins::none());
                match first {
                    Some(more @ Item::Dict(..)) => self.update(&out, &more, at),
                    Some(Item::Path(path)) if path == "os.environ" => return Item::Path(path),
                    Some(_) => return self.give_up(arguments, at, "`dict()` of this is not evaluated"),
                    None => {}
                }
                for (key, item) in &arguments.named {
                    self.state.put(&out, Sourced::new(key.clone(), item.origins()), item.clone());
                }
                out
            }
            ("list" | "tuple" | "set", None, _) => self.state.list(Vec::new(), Origins::none()),
            ("list" | "tuple" | "set" | "sorted" | "reversed" | "enumerate", Some(item), Some(val)) => match self.iterate(&item) {
                Some(items) => self.arranged(name, items, &item, at),
                None => self.unknown_of(at, &[&val], "the items are not known"),
            },
            ("range", Some(_), _) => {
                let bounds: Option<Vec<i64>> = arguments.positional.iter().map(|i| self.state.val(i).literal()?.parse().ok()).collect();
                let span = match bounds.as_deref() {
                    Some([end]) => Some((0, *end)),
                    Some([start, end]) => Some((*start, *end)),
                    _ => None,
                };
                match span {
                    Some((start, end)) if end.saturating_sub(start) <= 500 => {
                        let origins: Origins = arguments.all().flat_map(|i| i.origins().iter().collect::<Vec<_>>()).collect();
                        let items = (start..end).map(|i| Item::Scalar(Val::new(Value::Number(i.to_string()), origins.clone()))).collect();
                        self.state.list(items, origins)
                    }
                    _ => self.give_up(arguments, at, "this range is not followed"),
                }
            }
            ("zip", Some(a), _) => {
                let b = arguments.positional.get(1).cloned();
                let (a, b) = (self.iterate(&a), b.and_then(|b| self.iterate(&b)));
                match (a, b) {
                    (Some(a), Some(b)) if arguments.positional.len() == 2 => {
                        let pairs = a.into_iter().zip(b).map(|(a, b)| self.state.list(vec![a, b], Origins::none())).collect();
                        self.state.list(pairs, Origins::none())
                    }
                    _ => self.give_up(arguments, at, "`zip()` of this is not evaluated"),
                }
            }
            ("min" | "max", Some(_), _) if arguments.positional.len() > 1 => {
                let vals: Vec<Val> = arguments.positional.iter().map(|i| self.state.val(i)).collect();
                let numbers: Option<Vec<Num>> =
                    vals.iter().map(|v| if let Value::Number(t) = &v.value { Num::read(t) } else { None }).collect();
                let origins: Origins = vals.iter().flat_map(|v| v.all_origins().iter().collect::<Vec<_>>()).collect();
                let chosen = numbers.and_then(|numbers| {
                    numbers.into_iter().reduce(|a, b| if (b.order(a) == Some(std::cmp::Ordering::Less)) == (name == "min") { b } else { a })
                });
                match chosen {
                    Some(number) => Item::Scalar(Val::new(Value::Number(number.text()), origins)),
                    None => self.give_up(arguments, at, "this is known only when it runs"),
                }
            }
            // These look and do not touch.
            (
                "isinstance" | "type" | "repr" | "getattr" | "hasattr" | "any" | "all" | "sum" | "abs" | "round" | "format" | "bytes"
                | "open",
                _,
                _,
            ) => {
                let vals: Vec<Val> = arguments.all().map(|i| self.state.val(i)).collect();
                let vals: Vec<&Val> = vals.iter().collect();
                self.unknown_of(at, &vals, &format!("`{name}()` is not evaluated"))
            }
            _ => self.give_up(arguments, at, &format!("`{name}()` is not evaluated")),
        }
    }

    fn arranged(&mut self, name: &str, mut items: Vec<Item>, whole: &Item, at: TextRange) -> Item {
        let origins = whole.origins();
        match name {
            "enumerate" => {
                items = items
                    .into_iter()
                    .enumerate()
                    .map(|(i, item)| {
                        let number = Item::Scalar(Val::new(Value::Number(i.to_string()), Origins::none()));
                        self.state.list(vec![number, item], Origins::none())
                    })
                    .collect();
            }
            "reversed" => items.reverse(),
            "sorted" | "set" => {
                let texts: Option<Vec<String>> = items
                    .iter()
                    .map(|item| match self.state.val(item) {
                        val if matches!(val.value, Value::Text(_)) => val.literal(),
                        _ => None,
                    })
                    .collect();
                let Some(texts) = texts else {
                    let val = self.state.val(whole);
                    return self.unknown_of(at, &[&val], &format!("`{name}()` of this is not evaluated"));
                };
                let mut pairs: Vec<(String, Item)> = texts.into_iter().zip(items).collect();
                pairs.sort_by(|a, b| a.0.cmp(&b.0));
                if name == "set" {
                    pairs.dedup_by(|a, b| a.0 == b.0);
                }
                items = pairs.into_iter().map(|(_, item)| item).collect();
            }
            _ => {}
        }
        self.state.list(items, origins)
    }

    fn number(&mut self, name: &str, val: &Val, at: TextRange) -> Item {
        self.risks += u32::from(val.literal().is_none());
        match &val.value {
            // A symbol that is converted keeps its name; the number is known when it runs.
            Value::Symbol(_) => return Item::Scalar(val.clone()),
            Value::Text(segments) => {
                if let [Segment::Symbol(symbol)] = segments.as_slice() {
                    return Item::Scalar(Val::new(Value::Symbol(symbol.clone()), val.origins.clone()));
                }
            }
            _ => {}
        }
        let number = match &val.value {
            Value::Bool(value) => Some(Num::Int(i128::from(*value))),
            Value::Number(text) => Num::read(text),
            Value::Text(_) => val.literal().and_then(|text| {
                let text = text.trim().to_owned();
                let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'));
                match Num::read(text.strip_prefix('+').unwrap_or(&text)) {
                    Some(Num::Float(_)) if name == "int" => None,
                    number => number.filter(|_| plain),
                }
            }),
            _ => None,
        };
        let number = match (number, name) {
            (Some(Num::Int(int)), "float") => Some(Num::Float(Num::Int(int).float())),
            #[expect(clippy::cast_possible_truncation, reason = "guarded by the size")]
            (Some(Num::Float(float)), "int") => (float.abs() < 1e15).then_some(Num::Int(float.trunc() as i128)),
            (number, _) => number,
        };
        if let Some(number) = number {
            Item::Scalar(Val::new(Value::Number(number.text()), val.origins.clone()))
        } else {
            let why = match val.literal() {
                Some(text) => format!("`{name}()` cannot read `{text}`"),
                None => format!("`{name}()` of something that is not known"),
            };
            self.unknown_of(at, &[val], &why)
        }
    }

    /// Puts items at the end of a list.
    pub(super) fn extend(&mut self, list: &Item, more: Vec<Item>, at: TextRange) {
        self.state.spend(more.len());
        let why = self.why(at, "the list becomes too long");
        let fits = match self.list_mut(list) {
            Some(items) if items.len() + more.len() <= LONGEST => {
                items.extend(more);
                true
            }
            _ => false,
        };
        if !fits {
            self.state.spoil(list, &why);
        }
    }

    /// What a list holds, to be changed.
    pub(super) fn list_mut(&mut self, item: &Item) -> Option<&mut Vec<Item>> {
        match self.state.content(item) {
            Some(Content::List(items)) => Some(items),
            _ => None,
        }
    }
}

pub(super) fn json_val(json: &serde_json::Value, origins: &Origins) -> Val {
    let value = match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => Value::Number(number.to_string()),
        serde_json::Value::String(text) => return Val::text(text.clone(), origins.clone()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(|v| json_val(v, origins)).collect()),
        serde_json::Value::Object(entries) => {
            Value::Map(entries.iter().map(|(k, v)| (Sourced::new(k.clone(), origins.clone()), json_val(v, origins))).collect())
        }
    };
    Val::new(value, origins.clone())
}
