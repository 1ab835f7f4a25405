//! Methods: of texts, lists, dictionaries, symbols, responses and clients.
use super::expression::Arguments;
use super::flow::Evaluator;
use super::state::{EffectKind, Item, Object};
use super::text;
use crate::ir::value::{Segment, Symbol, SymbolKind, Val, Value};
use crate::source::span::{Origins, Sourced};
use ruff_text_size::TextRange;
use std::rc::Rc;

impl Evaluator<'_> {
    pub(super) fn method(&mut self, receiver: &Item, name: &str, arguments: &Arguments, at: TextRange) -> Item {
        if let Some(why) = &arguments.lost {
            let why = why.why.clone();
            let spoiling = self.why(at, why.clone());
            self.state.spoil(receiver, &spoiling);
            return self.give_up(arguments, at, &why);
        }
        match receiver {
            Item::Dict(..) => self.dict_method(receiver, name, arguments, at),
            Item::List(..) => self.list_method(receiver, name, arguments, at),
            Item::Object(object, origins) => {
                let (object, origins) = (Rc::clone(object), origins.clone());
                self.object_method(&object, &origins, name, arguments, at)
            }
            Item::Scalar(val) => match &val.value {
                Value::Text(_) => {
                    let val = val.clone();
                    self.text_method(&val, name, arguments, at)
                }
                Value::Symbol(symbol) => {
                    let (val, symbol) = (val.clone(), symbol.clone());
                    self.symbol_method(&val, &symbol, name, arguments, at)
                }
                _ => {
                    let val = val.clone();
                    self.spoil_all(arguments, at, "it was passed to a function that is not known");
                    let more: Vec<Val> = arguments.all().map(|i| self.state.val(i)).collect();
                    let operands: Vec<&Val> = std::iter::once(&val).chain(&more).collect();
                    self.unknown_of(at, &operands, &format!("`.{name}()` of something that is not known"))
                }
            },
            Item::Path(path) => {
                let path = super::external::canonical(&format!("{path}.{name}"));
                self.external(&path, arguments, at)
            }
            Item::Function(_) | Item::Module(_) | Item::Method(..) => self.give_up(arguments, at, &format!("`.{name}()` is not evaluated")),
        }
    }

    fn dict_method(&mut self, dict: &Item, name: &str, arguments: &Arguments, at: TextRange) -> Item {
        let none = || Item::none(Origins::none());
        let whole = self.state.val(dict);
        let own = dict.origins();
        match name {
            "get" | "pop" | "setdefault" => {
                let Some(key) = arguments.positional.first().map(|k| self.state.val(k)) else {
                    return self.give_up(arguments, at, "no key is named");
                };
                let default = arguments.get(1, "default").cloned().unwrap_or_else(none);
                let found = if let (Some(entries), Some(name)) = (self.state.entries(dict), key.literal()) {
                    entries.iter().find(|(k, _)| k.value == name).map(|(_, item)| item.clone())
                } else {
                    if name != "get" {
                        let why = self.why(at, "which key is changed is not known");
                        self.state.spoil(dict, &why);
                    }
                    return self.unknown_of(at, &[&whole, &key], "which key is read is not known");
                };
                let text = key.literal().unwrap_or_default();
                if name == "pop" {
                    self.state.remove(dict, &key);
                }
                let item = found.clone().unwrap_or(default).shaped_by(&key.origins).shaped_by(&own);
                if name == "setdefault" && found.is_none() {
                    self.state.put(dict, Sourced::new(text, key.origins.clone()), item.clone());
                }
                item
            }
            "update" => {
                if let Some(more) = arguments.positional.first().cloned() {
                    self.update(dict, &more, at);
                }
                for (key, item) in arguments.named.clone() {
                    self.state.put(dict, Sourced::new(key, item.origins()), item);
                }
                none()
            }
            "items" | "keys" | "values" => {
                let Some(entries) = self.state.entries(dict).map(<[_]>::to_vec) else {
                    return self.unknown_of(at, &[&whole], "what the dictionary holds is not known");
                };
                let mut items = Vec::new();
                for (key, item) in entries {
                    let key = Item::Scalar(Val::text(key.value, key.origins));
                    items.push(match name {
                        "items" => self.state.list(vec![key, item], Origins::none()),
                        "keys" => key,
                        _ => item,
                    });
                }
                self.state.list(items, own)
            }
            "copy" => {
                let entries = self.state.entries(dict).map(<[_]>::to_vec);
                match entries {
                    Some(entries) => self.state.dict(entries, own),
                    None => self.unknown_of(at, &[&whole], "what the dictionary holds is not known"),
                }
            }
            _ => {
                let why = self.why(at, format!("`.{name}()` of a dictionary is not evaluated"));
                self.state.spoil(dict, &why);
                self.give_up(arguments, at, &why.why)
            }
        }
    }

    fn list_method(&mut self, list: &Item, name: &str, arguments: &Arguments, at: TextRange) -> Item {
        let none = Item::none(Origins::none());
        match (name, arguments.positional.first().cloned()) {
            ("append", Some(item)) => {
                self.extend(list, vec![item], at);
                none
            }
            ("extend", Some(more)) => {
                if let Some(items) = self.iterate(&more) {
                    self.extend(list, items, at);
                } else {
                    let val = self.state.val(&more);
                    let unknown = self.unknown_of(at, &[&val], "what is put into the list here is not known");
                    let unknown = self.state.val(&unknown);
                    if let Some(why) = super::flow::first_unknown(&unknown) {
                        self.state.spoil(list, &why);
                    }
                }
                none
            }
            ("insert", Some(index)) if arguments.positional.len() == 2 => {
                let index = self.state.val(&index).literal().and_then(|text| text.parse::<usize>().ok());
                let item = arguments.positional.get(1).cloned();
                if let (Some(index), Some(item), Some(items)) = (index, item, self.list_mut(list)) {
                    items.insert(index.min(items.len()), item);
                } else {
                    let why = self.why(at, "where this is inserted is not known");
                    self.state.spoil(list, &why);
                }
                none
            }
            ("copy", None) => match self.state.items(list) {
                Some(items) => self.state.list(items, list.origins()),
                None => list.clone(),
            },
            _ => {
                let why = self.why(at, format!("`.{name}()` of a list is not evaluated"));
                self.state.spoil(list, &why);
                self.give_up(arguments, at, &why.why)
            }
        }
    }

    fn text_method(&mut self, val: &Val, name: &str, arguments: &Arguments, at: TextRange) -> Item {
        let vals: Vec<Val> = arguments.positional.iter().map(|i| self.state.val(i)).collect();
        let named: Vec<(Sourced<String>, Item)> =
            arguments.named.iter().map(|(key, item)| (Sourced::new(key.clone(), item.origins()), item.clone())).collect();
        let mut origins = val.origins.clone();
        for val in &vals {
            origins.extend(&val.all_origins());
        }
        match name {
            "encode" | "decode" => return Item::Scalar(val.clone()),
            "format" => {
                let pieces = val.literal().and_then(|literal| text::format_pieces(&literal));
                return self.fill(val, pieces, &arguments.positional, &named, at);
            }
            "join" => {
                let items = arguments.positional.first().cloned().and_then(|item| self.iterate(&item));
                if let Some(items) = items {
                    let mut parts = Vec::new();
                    for (i, item) in items.iter().enumerate() {
                        if i > 0 {
                            parts.push(val.clone());
                        }
                        parts.push(self.state.val(item));
                    }
                    let parts: Vec<&Val> = parts.iter().collect();
                    return self.concat(&parts, &origins, at);
                }
            }
            _ => {}
        }
        let texts: Option<Vec<String>> = vals.iter().map(Val::literal).collect();
        let (Some(text), Some(texts)) = (val.literal(), texts) else {
            // A known beginning or end is enough for some questions.
            if let (Value::Text(segments), Some(wanted)) = (&val.value, vals.first().and_then(Val::literal)) {
                let edge = match name {
                    "startswith" => segments.first(),
                    "endswith" => segments.last(),
                    _ => None,
                };
                if let Some(Segment::Literal(edge)) = edge {
                    let holds = if name == "startswith" { edge.starts_with(&wanted) } else { edge.ends_with(&wanted) };
                    if holds || edge.len() >= wanted.len() {
                        return Item::Scalar(Val::new(Value::Bool(holds), origins));
                    }
                }
            }
            let operands: Vec<&Val> = std::iter::once(val).chain(&vals).collect();
            return self.unknown_of(at, &operands, &format!("`.{name}()` of a text that is not wholly known"));
        };
        let arguments_known: Vec<&str> = texts.iter().map(String::as_str).collect();
        let result = match (name, arguments_known.as_slice()) {
            ("lower", []) => text.to_lowercase(),
            ("upper", []) => text.to_uppercase(),
            ("strip", []) => text.trim().to_owned(),
            ("lstrip", []) => text.trim_start().to_owned(),
            ("rstrip", []) => text.trim_end().to_owned(),
            ("strip", [set]) => text.trim_matches(|c| set.contains(c)).to_owned(),
            ("lstrip", [set]) => text.trim_start_matches(|c| set.contains(c)).to_owned(),
            ("rstrip", [set]) => text.trim_end_matches(|c| set.contains(c)).to_owned(),
            ("replace", [from, to]) if !from.is_empty() => text.replace(from, to),
            ("startswith", [prefix]) => return Item::Scalar(Val::new(Value::Bool(text.starts_with(prefix)), origins)),
            ("endswith", [suffix]) => return Item::Scalar(Val::new(Value::Bool(text.ends_with(suffix)), origins)),
            ("isdigit" | "isnumeric", []) => {
                let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
                return Item::Scalar(Val::new(Value::Bool(digits), origins));
            }
            ("split", []) => {
                let items = text.split_whitespace().map(|part| Item::Scalar(Val::text(part, origins.clone()))).collect();
                return self.state.list(items, origins);
            }
            ("split", [separator]) if !separator.is_empty() => {
                let items = text.split(separator).map(|part| Item::Scalar(Val::text(part, origins.clone()))).collect();
                return self.state.list(items, origins);
            }
            _ => {
                let operands: Vec<&Val> = std::iter::once(val).chain(&vals).collect();
                return self.unknown_of(at, &operands, &format!("`.{name}()` of a text is not evaluated"));
            }
        };
        Item::Scalar(Val::text(result, origins))
    }

    fn symbol_method(&mut self, val: &Val, symbol: &Symbol, name: &str, arguments: &Arguments, at: TextRange) -> Item {
        let key = arguments.positional.first().map(|k| self.state.val(k));
        match (name, key) {
            ("get", Some(key)) => {
                let Some(text) = key.literal() else { return self.unknown_of(at, &[val, &key], "which field is read is not known") };
                let default = arguments.get(1, "default").map(|d| self.state.val(d));
                let origins = val.origins.clone().with(&key.origins);
                if let Some(default) = default
                    && default.value != Value::Null
                    && symbol.kind != SymbolKind::Response
                {
                    let why = format!("it is `{}` when the input has no `{text}`, which is known only when it runs", default.display());
                    return self.unknown(at, why).shaped_by(&origins).shaped_by(&default.all_origins());
                }
                let number = matches!(key.value, Value::Number(_));
                Item::Scalar(Val::new(Value::Symbol(self.below(symbol, &text, number, at)), origins))
            }
            ("encode" | "decode", _) => Item::Scalar(val.clone()),
            _ => {
                let vals: Vec<Val> = arguments.all().map(|i| self.state.val(i)).collect();
                let operands: Vec<&Val> = std::iter::once(val).chain(&vals).collect();
                self.unknown_of(at, &operands, "this is known only when it runs")
            }
        }
    }

    fn object_method(&mut self, object: &Object, origins: &Origins, name: &str, arguments: &Arguments, at: TextRange) -> Item {
        match (object, name) {
            (Object::Reply(call), "json") => {
                let symbol = self.state.reply(*call, "");
                Item::Scalar(Val::new(Value::Symbol(symbol), origins.clone()))
            }
            (Object::Reply(call), "read") => Item::Object(Rc::new(Object::ReplyText(*call)), origins.clone()),
            (Object::Reply(call), "get") => {
                let symbol = self.state.reply(*call, "");
                let val = Val::new(Value::Symbol(symbol.clone()), origins.clone());
                self.symbol_method(&val, &symbol, "get", arguments, at)
            }
            (Object::Reply(call), "getcode") => {
                let symbol = self.state.reply(*call, "#status");
                Item::Scalar(Val::new(Value::Symbol(symbol), origins.clone()))
            }
            (Object::Reply(_) | Object::Connection(_), "raise_for_status" | "close" | "connect" | "set_debuglevel") => {
                Item::none(Origins::none())
            }
            (Object::Reply(_), "info" | "getheader" | "getheaders" | "geturl") => self.unknown(at, "it is part of a response"),
            (Object::ReplyText(_), "decode" | "encode" | "strip") | (Object::Json(_), "encode" | "decode") => {
                Item::Object(Rc::new(object.clone()), origins.clone())
            }
            (Object::Connection(base), "request") => {
                let verb = arguments.get(0, "method").map_or_else(|| Val::text("GET", Origins::none()), |m| self.state.val(m));
                let path = arguments.get(1, "url").map_or_else(|| Val::text("/", Origins::none()), |u| self.state.val(u));
                let body = arguments.get(2, "body").cloned().map(|b| self.body(&b)).filter(|b| b.value != Value::Null);
                let url = self.concat(&[base, &path], &Origins::none(), at);
                self.http(verb, Some(url), body, at);
                Item::none(Origins::none())
            }
            (Object::Connection(_), "getresponse") => match self.state.effects.len().checked_sub(1) {
                Some(call) => Item::Object(Rc::new(Object::Reply(call)), Origins::none()),
                None => self.unknown(at, "no request was made"),
            },
            (Object::Request { .. }, "add_header") => Item::none(Origins::none()),
            (Object::Client(service), _) => self.client(&service.clone(), name, arguments, at),
            (Object::Json(_) | Object::ReplyText(_), _) => {
                let whole = self.state.val(&Item::Object(Rc::new(object.clone()), origins.clone()));
                if matches!(whole.value, Value::Text(_)) {
                    self.text_method(&whole, name, arguments, at)
                } else {
                    self.unknown_of(at, &[&whole], &format!("`.{name}()` of this is not evaluated"))
                }
            }
            _ => self.give_up(arguments, at, &format!("`.{name}()` is not evaluated")),
        }
    }

    /// An operation of boto3. Those that only read become references; the others are calls.
    fn client(&mut self, service: &Val, operation: &str, arguments: &Arguments, at: TextRange) -> Item {
        let name = service.literal().unwrap_or_else(|| "aws".to_owned());
        let reads = ["get_", "list_", "describe_", "head_", "generate_"].iter().any(|prefix| operation.starts_with(prefix))
            || matches!(operation, "scan" | "query" | "batch_get_item");
        if reads {
            let vals: Vec<Val> = arguments.all().map(|i| self.state.val(i)).collect();
            let origins: Origins = vals.iter().flat_map(|v| v.all_origins().iter().collect::<Vec<_>>()).collect();
            let key = match (name.as_str(), operation) {
                ("ssm", "get_parameter") => arguments.named("Name"),
                ("secretsmanager", "get_secret_value") => arguments.named("SecretId"),
                _ => None,
            };
            let key = key.and_then(|k| self.state.val(k).literal());
            let symbol = match key {
                Some(key) => format!("{name}:{key}"),
                None => format!("{name}.{operation}"),
            };
            let symbol = Symbol { kind: SymbolKind::Reference, name: symbol, span: self.span(at) };
            return Item::Scalar(Val::new(Value::Symbol(symbol), origins));
        }
        if matches!(operation, "close" | "exceptions" | "meta") {
            return Item::none(Origins::none());
        }
        if matches!(operation, "Topic" | "Queue" | "Table" | "Bucket" | "StateMachine" | "get_waiter" | "get_paginator") {
            let arguments = self.map_of(arguments);
            let _ = arguments;
            return Item::Object(Rc::new(Object::Client(service.clone())), Origins::none());
        }
        let arguments = self.map_of(arguments);
        self.effect(EffectKind::Aws { service: service.clone(), operation: operation.to_owned(), arguments }, at)
    }
}
