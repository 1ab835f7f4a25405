//! JSON values that are known in part: what a state's fields make, before it is an expression.
use super::ast::{Ast, Root, Type, all, binary, call, concat, not, text, when};
use super::plain::{is_plain, plain};
use crate::simulate::value::{Number, Value};

/// How a JSON value comes to be.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Json {
    Constant(Value),
    /// A whole text that the template has.
    Root(Root),
    Object(Vec<(String, Json)>),
    List(Vec<Json>),
    /// An object of which not all is known: the context object. Only parts of it can be had.
    Partial(Vec<(&'static str, Json)>),
    /// An object that a template has, with one more field, or with another value of one; what comes in is a text by itself.
    With(Root, String, Box<Json>),
    /// An expression that gives the value.
    Value(Ast),
}

impl Json {
    pub(super) fn string(of: &str) -> Self {
        Json::Constant(Value::string(of))
    }

    /// Folds what is known after all.
    pub(super) fn object(entries: Vec<(String, Json)>) -> Self {
        let mut unique: Vec<(String, Json)> = Vec::new();
        for (key, value) in entries {
            match unique.iter_mut().find(|(known, _)| *known == key) {
                Some((_, old)) => *old = value,
                None => unique.push((key, value)),
            }
        }
        let constants: Option<Vec<(String, Value)>> =
            unique.iter().map(|(key, value)| value.constant().map(|value| (key.clone(), value))).collect();
        match constants {
            Some(constants) => Json::Constant(Value::object(constants)),
            None => Json::Object(unique),
        }
    }

    pub(super) fn list(items: Vec<Json>) -> Self {
        match items.iter().map(Json::constant).collect() {
            Some(constants) => Json::Constant(Value::array(constants)),
            None => Json::List(items),
        }
    }

    pub(super) fn constant(&self) -> Option<Value> {
        match self {
            Json::Constant(value) => Some(value.clone()),
            Json::Value(Ast::Text(text)) => Some(Value::string(text.as_str())),
            Json::Value(Ast::Int(int)) => Some(Value::int(*int)),
            Json::Value(Ast::Bool(value)) => Some(Value::Bool(*value)),
            Json::Value(Ast::Nil) => Some(Value::Null),
            _ => None,
        }
    }

    pub(super) fn known_type(&self) -> Option<Type> {
        match self {
            Json::Constant(value) => Some(type_of(value)),
            Json::Object(_) | Json::Partial(_) | Json::With(..) => Some(Type::Map),
            Json::List(_) => Some(Type::List),
            Json::Root(_) => None,
            Json::Value(ast) => ast.known_type(),
        }
    }

    /// The expression that gives the value; `None` where Argo would write a number of it differently.
    pub(super) fn value(&self) -> Option<Ast> {
        Some(match self {
            Json::Constant(value) => constant(value)?,
            Json::Root(root) => Ast::Parsed(*root),
            Json::Object(entries) => {
                Ast::Map(entries.iter().map(|(key, value)| Some((key.clone(), value.value()?))).collect::<Option<_>>()?)
            }
            Json::List(items) => Ast::List(items.iter().map(Json::value).collect::<Option<_>>()?),
            Json::Partial(_) => return None,
            Json::With(root, name, value) => call("sprig.set", [Ast::Fresh(*root), text(name.as_str()), value.value()?]),
            Json::Value(ast) => ast.clone(),
        })
    }

    /// Whether it is made of texts that need no reading.
    pub(super) fn is_text(&self) -> bool {
        match self {
            Json::Constant(value) => constant(value).is_none(),
            Json::Root(_) | Json::With(..) => true,
            Json::Object(entries) => entries.iter().any(|(_, value)| value.is_text()),
            Json::List(items) => items.iter().any(Json::is_text),
            Json::Partial(_) | Json::Value(_) => false,
        }
    }

    /// The expression that gives the value's JSON text. Two braces may stand in a row in it.
    pub(super) fn text(&self) -> Option<Ast> {
        Some(match self {
            Json::Constant(value) => text(value.to_json()),
            Json::Root(root) => Ast::Source(*root),
            Json::Object(entries) if self.is_text() => {
                let mut parts = Vec::new();
                for (index, (key, value)) in entries.iter().enumerate() {
                    let before = if index == 0 { "{" } else { "," };
                    parts.push(text(format!("{before}{}:", Value::string(key.as_str()).to_json())));
                    parts.push(value.text()?);
                }
                parts.push(text("}"));
                concat(parts)
            }
            Json::List(items) if self.is_text() => {
                let mut parts = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    parts.push(text(if index == 0 { "[" } else { "," }));
                    parts.push(item.text()?);
                }
                parts.push(text("]"));
                concat(parts)
            }
            Json::With(root, name, value) => {
                let spliced = spliced(*root, name, value.text()?);
                match self.value() {
                    Some(set) => Ast::Spliced(Box::new(has(*root, name)), Box::new(call("toJson", [set])), Box::new(spliced)),
                    None => spliced,
                }
            }
            _ => call("toJson", [self.value()?]),
        })
    }

    /// What must hold for the text of [`Json::With`]: a new field is put behind the others, whose text stays as it is; a field that is
    /// there has the object written anew.
    pub(super) fn splice(&self) -> Ast {
        let Json::With(root, name, _) = self else { return Ast::Bool(true) };
        let there = has(*root, name);
        match self.value() {
            Some(set) => {
                let roots = Root::ALL.into_iter().filter(|root| set.parses(*root));
                when(there, all(roots.map(plain)), Ast::Bool(true))
            }
            None => not(there),
        }
    }

    /// How many times longer than all roots together its text can be, and the length of what is constant.
    pub(super) fn size(&self) -> (usize, usize) {
        let sum = |all: &mut dyn Iterator<Item = (usize, usize)>| all.fold((0, 2), |(a, b), (c, d)| (a + c, b + d));
        match self {
            Json::Constant(value) => (0, value.json_len()),
            Json::Root(_) => (1, 0),
            Json::Object(entries) => sum(&mut entries.iter().map(|(key, value)| (value.size().0, value.size().1 + 2 * key.len() + 4))),
            Json::List(items) => sum(&mut items.iter().map(|item| (item.size().0, item.size().1 + 1))),
            Json::Partial(_) => (0, 0),
            Json::With(_, name, value) => (value.size().0 + 1, value.size().1 + 2 * name.len() + 4),
            Json::Value(ast) => (ast.growth(), ast.constants()),
        }
    }
}

fn has(root: Root, name: &str) -> Ast {
    binary("in", text(name), Ast::Parsed(root))
}

/// The text of an object, with a field behind its others.
fn spliced(root: Root, name: &str, value: Ast) -> Ast {
    let open = Ast::Slice(Box::new(call("trim", [Ast::Source(root)])), None, Some(-1));
    let comma = when(binary("==", call("len", [Ast::Parsed(root)]), Ast::Int(0)), text(""), text(","));
    concat([open, comma, text(format!("{}:", Value::string(name).to_json())), value, text("}")])
}

pub(super) fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Number(_) => Type::Number,
        Value::String(_) => Type::Text,
        Value::Array(_) => Type::List,
        Value::Object(_) => Type::Map,
    }
}

/// A value as a literal of Argo's; `None` where it would write a number of it differently.
pub(super) fn constant(value: &Value) -> Option<Ast> {
    Some(match value {
        Value::Null => Ast::Nil,
        Value::Bool(value) => Ast::Bool(*value),
        Value::Number(number) if !is_plain(number) => return None,
        Value::Number(Number::Int(int)) => Ast::Int(*int),
        Value::Number(number) => Ast::Decimal(number.text()),
        Value::String(of) => text(&**of),
        Value::Array(items) => Ast::List(items.iter().map(constant).collect::<Option<_>>()?),
        Value::Object(object) => {
            Ast::Map(object.iter().map(|(key, value)| Some((key.to_string(), constant(value)?))).collect::<Option<_>>()?)
        }
    })
}
