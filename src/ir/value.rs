//! Values that may hold symbols: what a configuration says before everything is known.
//!
//! A [`Val`] is a value and the source ranges that shaped it. A text is a list of segments, literal or symbol, so
//! `"{base}/x"` with a known base folds to one literal and one with an unknown base keeps its shape. Nothing here
//! guesses: what cannot be known is [`Value::Unknown`] and says why.
use crate::source::span::{Origins, Sourced, Span};

/// A value with its origins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Val {
    pub value: Value,
    pub origins: Origins,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    /// A number as it would be written.
    Number(String),
    Text(Vec<Segment>),
    List(Vec<Val>),
    /// In the order of the source; a later equal key replaces an earlier one when it is built.
    Map(Vec<(Sourced<String>, Val)>),
    /// A symbol whose type is not known, alone: the event, a field of it, a reference.
    Symbol(Symbol),
    Unknown(Unknown),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Segment {
    Literal(String),
    Symbol(Symbol),
}

/// Adds to a text. Literals that meet become one.
pub fn push(text: &mut Vec<Segment>, next: Segment) {
    match (text.last_mut(), next) {
        (Some(Segment::Literal(last)), Segment::Literal(next)) => last.push_str(&next),
        (_, next) => text.push(next),
    }
}

/// Something whose value is known only later, or elsewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    pub kind: SymbolKind,
    /// For `Event`: a path below the event in ASL's notation (`$`, `$.jobId`). For `Env`: the variable. For `Reference`:
    /// as the source writes it (`aws_emr_cluster.x.id`, `ssm:/path`).
    pub name: String,
    pub span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SymbolKind {
    /// The function's input, or a field of it.
    Event,
    /// An environment variable that the sources do not set.
    Env,
    /// A thing that another system knows: a deployed resource, a parameter store, a variable without a value.
    Reference,
    /// The result of a call to another system (the id of a Livy batch, a field of a response).
    Response,
}

/// What could not be evaluated, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unknown {
    /// The expression, as the source writes it, shortened to a line.
    pub expression: String,
    /// Why it is not known, a lowercase fragment: "the variable `x` has no value".
    pub why: String,
    pub span: Span,
}

impl Val {
    pub fn new(value: Value, origins: impl Into<Origins>) -> Self {
        Self { value, origins: origins.into() }
    }

    pub fn text(text: impl Into<String>, origins: impl Into<Origins>) -> Self {
        Self::new(Value::Text(vec![Segment::Literal(text.into())]), origins)
    }

    pub fn unknown(expression: impl Into<String>, why: impl Into<String>, span: Span) -> Self {
        Self::new(Value::Unknown(Unknown { expression: expression.into(), why: why.into(), span }), span)
    }

    /// The text of a scalar that is wholly known: texts, numbers, booleans.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        match &self.value {
            Value::Text(segments) => {
                let mut out = String::new();
                for segment in segments {
                    match segment {
                        Segment::Literal(text) => out.push_str(text),
                        Segment::Symbol(_) => return None,
                    }
                }
                Some(out)
            }
            Value::Number(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The known text with its origins.
    #[must_use]
    pub fn sourced(&self) -> Option<Sourced<String>> {
        self.literal().map(|text| Sourced::new(text, self.origins.clone()))
    }

    #[must_use]
    pub fn list(&self) -> Option<&[Val]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    #[must_use]
    pub fn map(&self) -> Option<&[(Sourced<String>, Val)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Val> {
        self.map()?.iter().rev().find(|(k, _)| k.value == key).map(|(_, v)| v)
    }

    /// Adds origins to this value, not to what is inside it.
    #[must_use]
    pub fn shaped_by(mut self, origins: &Origins) -> Self {
        self.origins.extend(origins);
        self
    }

    /// The origins of this value and of everything inside it.
    #[must_use]
    pub fn all_origins(&self) -> Origins {
        let mut all = self.origins.clone();
        match &self.value {
            Value::List(items) => items.iter().for_each(|v| all.extend(&v.all_origins())),
            Value::Map(entries) => {
                for (key, value) in entries {
                    all.extend(&key.origins);
                    all.extend(&value.all_origins());
                }
            }
            _ => {}
        }
        all
    }

    /// The value as a person would read it: literal texts as they are, symbols as `${name}`, the unknown as its expression.
    #[must_use]
    pub fn display(&self) -> String {
        match &self.value {
            Value::Null => "null".into(),
            Value::Bool(value) => value.to_string(),
            Value::Number(text) => text.clone(),
            Value::Text(segments) => segments
                .iter()
                .map(|s| match s {
                    Segment::Literal(text) => text.clone(),
                    Segment::Symbol(symbol) => format!("${{{}}}", symbol.name),
                })
                .collect(),
            Value::List(items) => format!("[{}]", items.iter().map(Val::display).collect::<Vec<_>>().join(", ")),
            Value::Map(entries) => {
                format!("{{{}}}", entries.iter().map(|(k, v)| format!("{}: {}", k.value, v.display())).collect::<Vec<_>>().join(", "))
            }
            Value::Symbol(symbol) => format!("${{{}}}", symbol.name),
            Value::Unknown(unknown) => unknown.expression.clone(),
        }
    }
}
