//! Paths as Step Functions reads them.
//!
//! Step Functions evaluates `JSONPath` with Jayway's library, so its dialect is AWS's: `$.x-y` is a name, an indefinite path (wildcard, deep scan,
//! filter, slice, union) gives an array, a definite one gives the value or fails. A path starts at the state's data (`$`), the context object
//! (`$$`) or a variable (`$name`).
use super::error::EvalError;
use super::value::Value;
use std::sync::Arc;

mod evaluate;
mod filter;
mod function;
mod parse;
mod reference;
mod view;

pub use reference::{CONFLICT, ReferencePath};
pub use view::PlainStep;

/// Where a path starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Root {
    /// `$`: the data of the state.
    Input,
    /// `$$`: the context object.
    Context,
    /// `$name`.
    Variable(Arc<str>),
}

/// What paths and functions can see.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// What `$` is.
    pub input: &'a Value,
    /// What `$$` is.
    pub context: &'a Value,
    /// What `$name` is; `None`: no such variable.
    pub variables: &'a dyn Fn(&str) -> Option<Value>,
    /// 64 random bits a call, for `States.MathRandom` and `States.UUID`.
    pub random: &'a dyn Fn() -> u64,
}

impl std::fmt::Debug for Env<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Env").field("input", self.input).field("context", self.context).finish_non_exhaustive()
    }
}

/// A path, read once to be evaluated often.
#[derive(Clone, Debug)]
pub struct Path {
    pub root: Root,
    text: Arc<str>,
    steps: Steps,
}

/// Why a path gave nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Nothing is there; Jayway's sentence.
    NotFound(String),
    /// Nothing is there because an array is shorter; Jayway's sentence.
    OutOfRange(String),
    /// An index of what is no array; Jayway's sentence.
    NoArray(String),
    /// A filter of what is neither an object nor an array; Jayway's sentence.
    NoFilter(String),
    /// A function that has no value here; Jayway's sentence.
    NoFunction(String),
}

impl Missing {
    #[must_use]
    pub fn sentence(&self) -> &str {
        match self {
            Missing::NotFound(text)
            | Missing::OutOfRange(text)
            | Missing::NoArray(text)
            | Missing::NoFilter(text)
            | Missing::NoFunction(text) => text,
        }
    }
}

/// The steps of a path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    steps: Vec<Step>,
    /// For each step, whether all before it are definite; one longer than `steps`: the last entry speaks for the whole path.
    definite: Vec<bool>,
}

#[derive(Clone, Debug)]
enum Step {
    /// `.a`, `['a']`, `['a','b']`.
    Names(Vec<Arc<str>>),
    /// `[0]`, `[-1]`, `[0,1]`.
    Indexes(Vec<i64>),
    /// `[1:]`, `[:2]`, `[1:2]`.
    Slice(Option<i64>, Option<i64>),
    /// `.*`, `[*]`.
    Wildcard,
    /// `..`.
    Scan,
    /// `[?(…)]`.
    Filter(Box<filter::Filter>),
    /// `.length()`.
    Call(function::Function, Vec<function::Argument>),
}

impl Steps {
    fn new(steps: Vec<Step>) -> Self {
        let mut definite = vec![true];
        let mut all = true;
        for (at, step) in steps.iter().enumerate() {
            all &= match step {
                // Several names at the end are gathered into one object.
                Step::Names(names) => names.len() == 1 || at + 1 == steps.len(),
                Step::Indexes(indexes) => indexes.len() == 1,
                Step::Call(..) => true,
                Step::Slice(..) | Step::Wildcard | Step::Scan | Step::Filter(_) => false,
            };
            definite.push(all);
        }
        Self { steps, definite }
    }

    fn is_definite(&self) -> bool {
        self.definite.last().copied().unwrap_or(true)
    }
}

/// The normal form that Jayway's messages show: `$['a'][0]`.
fn display(steps: &[Step]) -> String {
    format!("${}", fragments(steps))
}

fn fragments(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Names(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
                out.push_str(&format!("[{}]", names.join(",")));
            }
            Step::Indexes(_) | Step::Slice(..) => out.push_str(&array_step(step)),
            Step::Wildcard => out.push_str("[*]"),
            Step::Scan => out.push_str(".."),
            Step::Filter(_) => out.push_str("[?]"),
            Step::Call(function, _) => out.push_str(&format!(".{}()", function.name())),
        }
    }
    out
}

fn array_step(step: &Step) -> String {
    match step {
        Step::Indexes(indexes) => {
            let indexes: Vec<String> = indexes.iter().map(ToString::to_string).collect();
            format!("[{}]", indexes.join(","))
        }
        Step::Slice(from, to) => {
            let text = |bound: &Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
            format!("[{}:{}]", text(from), text(to))
        }
        _ => String::new(),
    }
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (root, steps) = parse::path(text)?;
        Ok(Self { root, text: text.into(), steps: Steps::new(steps) })
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it can name one place only.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        self.steps.is_definite()
    }

    /// The value, or why there is none.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn find(&self, env: &Env<'_>) -> Result<Value, Missing> {
        match &self.root {
            Root::Input => self.steps.find(env.input, env.input),
            Root::Context => self.steps.find(env.context, env.context),
            Root::Variable(name) => match (env.variables)(name) {
                Some(value) => self.steps.find(&value, &value),
                None => Err(Missing::NotFound(format!("No results for path: {}", self.text))),
            },
        }
    }

    /// The value for a field of a state that holds a path: `InputPath`, `OutputPath`, `TimeoutSecondsPath`.
    ///
    /// # Errors
    /// `States.Runtime`, `Invalid path '…' : …`.
    pub fn evaluate(&self, env: &Env<'_>) -> Result<Value, EvalError> {
        self.find(env).map_err(|missing| {
            self.null_input(env).unwrap_or_else(|| EvalError::runtime(format!("Invalid path '{}' : {}", self.text, missing.sentence())))
        })
    }

    /// The value for a field that a message names: `key.$` of a payload template, `ErrorPath`, `CausePath`.
    ///
    /// # Errors
    /// `States.Runtime`, `The JSONPath '…' specified for the field '…' could not be found in the input '…'`.
    pub fn evaluate_field(&self, field: &str, env: &Env<'_>) -> Result<Value, EvalError> {
        self.find(env).map_err(|missing| self.field_error(field, &missing, env))
    }

    /// What AWS says of every path into an input that is null.
    pub(crate) fn null_input(&self, env: &Env<'_>) -> Option<EvalError> {
        (self.root == Root::Input && *env.input == Value::Null)
            .then(|| EvalError::runtime("Unable to apply Path transformation to null or empty input."))
    }

    pub(crate) fn field_error(&self, field: &str, missing: &Missing, env: &Env<'_>) -> EvalError {
        if let Some(error) = self.null_input(env) {
            return error;
        }
        match missing {
            Missing::NotFound(_) | Missing::OutOfRange(_) => EvalError::runtime(format!(
                "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{}'",
                self.text,
                env.input.to_json()
            )),
            other => EvalError::runtime(format!("Invalid path '{}' : {}", self.text, other.sentence())),
        }
    }
}

#[cfg(test)]
mod tests;
