//! Intrinsic functions: `States.Format('{}', $.name)`.
//!
//! A call is read once and evaluated often. Where AWS's service differs from its documentation (it truncates where rounding is documented, and
//! compares by text in `ArrayContains`), this does what the service does.
use super::error::EvalError;
use super::path::{Env, Missing, Path};
use super::value::{Number, Value};
use std::sync::Arc;

mod array;
mod encode;
mod java;
mod math;
mod parse;
mod text;
mod view;

pub use java::java_text;
pub use view::{ArgumentView, CallView};

/// A call with its arguments.
#[derive(Clone, Debug)]
pub struct Call {
    /// The whole expression as written, which messages repeat.
    text: Arc<str>,
    call: Inner,
}

#[derive(Clone, Debug)]
struct Inner {
    function: Function,
    arguments: Vec<Argument>,
}

#[derive(Clone, Debug)]
enum Argument {
    /// A text in quotes: what it means, and as it was written between the quotes, where `\{` differs from `{`.
    Text {
        value: Value,
        written: Arc<str>,
    },
    Literal(Value),
    Path(Path),
    Call(Inner),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Function {
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    StringToJson,
    JsonToString,
    MathRandom,
    MathAdd,
    StringSplit,
    Uuid,
    Format,
}

/// The functions by name, with the least and the greatest number of arguments.
const FUNCTIONS: [(&str, Function, usize, usize); 18] = [
    ("Array", Function::Array, 0, usize::MAX),
    ("ArrayPartition", Function::ArrayPartition, 2, 2),
    ("ArrayContains", Function::ArrayContains, 2, 2),
    ("ArrayRange", Function::ArrayRange, 3, 3),
    ("ArrayGetItem", Function::ArrayGetItem, 2, 2),
    ("ArrayLength", Function::ArrayLength, 1, 1),
    ("ArrayUnique", Function::ArrayUnique, 1, 1),
    ("Base64Encode", Function::Base64Encode, 1, 1),
    ("Base64Decode", Function::Base64Decode, 1, 1),
    ("Hash", Function::Hash, 2, 2),
    ("JsonMerge", Function::JsonMerge, 3, 3),
    ("StringToJson", Function::StringToJson, 1, 1),
    ("JsonToString", Function::JsonToString, 1, 1),
    ("MathRandom", Function::MathRandom, 2, 3),
    ("MathAdd", Function::MathAdd, 2, 2),
    ("StringSplit", Function::StringSplit, 2, 2),
    ("UUID", Function::Uuid, 0, 0),
    ("Format", Function::Format, 1, usize::MAX),
];

/// Names of all functions, without `States.`.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.into_iter().map(|(name, ..)| name)
}

impl Function {
    fn row(self) -> (&'static str, Self, usize, usize) {
        FUNCTIONS.into_iter().find(|(_, function, ..)| *function == self).unwrap_or(("", self, 0, 0))
    }
}

/// Arguments that do not fit; the sentence says more where AWS's does.
struct Unfit(String);

impl Function {
    fn unfit(self) -> Unfit {
        Unfit(format!("Invalid arguments in States.{}", self.row().0))
    }
}

impl Call {
    /// Reads a call: `States.Name(…)`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.into(), call: parse::call(text)? })
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The paths among the arguments, nested ones too.
    #[must_use]
    pub fn paths(&self) -> Vec<&Path> {
        fn collect<'c>(call: &'c Inner, paths: &mut Vec<&'c Path>) {
            for argument in &call.arguments {
                match argument {
                    Argument::Path(path) => paths.push(path),
                    Argument::Call(inner) => collect(inner, paths),
                    Argument::Text { .. } | Argument::Literal(_) => {}
                }
            }
        }
        let mut paths = Vec::new();
        collect(&self.call, &mut paths);
        paths
    }

    /// The value.
    ///
    /// # Errors
    /// `States.Runtime`, `The function '…' had the following error: …`: arguments that do not fit, paths that find nothing.
    pub fn evaluate(&self, env: &Env<'_>) -> Result<Value, EvalError> {
        self.call
            .evaluate(env)
            .map_err(|Unfit(sentence)| EvalError::runtime(format!("The function '{}' had the following error: {sentence}", self.text)))
    }
}

impl Inner {
    fn evaluate(&self, env: &Env<'_>) -> Result<Value, Unfit> {
        let values = self.arguments.iter().map(|argument| argument.evaluate(env)).collect::<Result<Vec<_>, _>>()?;
        let function = self.function;
        let done = match (function, values.as_slice()) {
            (Function::Array, _) => Some(Value::array(values)),
            (Function::ArrayPartition, [array, size]) => array::partition(array, size),
            (Function::ArrayContains, [array, wanted]) => array::contains(array, wanted),
            (Function::ArrayRange, [from, to, step]) => array::range(from, to, step),
            (Function::ArrayGetItem, [array, index]) => array::item(array, index),
            (Function::ArrayLength, [array]) => array.as_array().map(|items| Value::int(i64::try_from(items.len()).unwrap_or(i64::MAX))),
            (Function::ArrayUnique, [array]) => array::unique(array),
            (Function::Base64Encode, [text]) => encode::base64(text),
            (Function::Base64Decode, [text]) => encode::from_base64(text),
            (Function::Hash, [data, algorithm]) => encode::hash(data, algorithm),
            (Function::JsonMerge, [left, right, deep]) => text::merge(left, right, deep),
            (Function::StringToJson, [text]) => text::to_json(text),
            (Function::JsonToString, [value]) => Some(Value::string(value.to_json())),
            (Function::MathRandom, [from, to]) => math::random(from, to, None, env),
            (Function::MathRandom, [from, to, seed]) => math::random(from, to, Some(seed), env),
            (Function::MathAdd, [a, b]) => math::add(a, b),
            (Function::StringSplit, [text, delimiters]) => text::split(text, delimiters),
            (Function::Uuid, []) => Some(math::uuid(env)),
            (Function::Format, [template, rest @ ..]) => return self.format(template, rest),
            _ => None,
        };
        done.ok_or_else(|| function.unfit())
    }

    fn format(&self, template: &Value, values: &[Value]) -> Result<Value, Unfit> {
        let template = match (self.arguments.first(), template) {
            (Some(Argument::Text { written, .. }), _) => written,
            (_, Value::String(text)) => text,
            _ => return Err(self.function.unfit()),
        };
        let mut texts = self.arguments.iter().skip(1).zip(values).map(|(argument, value)| match argument {
            // What was read from JSON stays JSON for AWS, and prints as such.
            Argument::Call(Inner { function: Function::StringToJson, .. }) => value.to_json(),
            _ => java_text(value),
        });
        text::format(template, &mut texts).map(Value::string).map_err(Unfit)
    }
}

impl Argument {
    fn evaluate(&self, env: &Env<'_>) -> Result<Value, Unfit> {
        match self {
            Argument::Text { value, .. } | Argument::Literal(value) => Ok(value.clone()),
            Argument::Call(call) => call.evaluate(env),
            Argument::Path(path) => path.find(env).map_err(|missing| match missing {
                Missing::NotFound(_) | Missing::OutOfRange(_) => Unfit(format!(
                    "The JsonPath argument for the field '{}' could not be found in the input '{}'",
                    path.text(),
                    env.input.to_json()
                )),
                other => Unfit(other.sentence().to_owned()),
            }),
        }
    }
}

/// The integer of a number, cut off behind the point as Java's `intValue` does; `None` beyond 32 bits, and for what is no number.
fn int(value: &Value) -> Option<i64> {
    let number = value.as_number()?;
    let int = match number {
        Number::Int(int) => *int,
        Number::Big(_) => return None,
        #[expect(clippy::cast_possible_truncation, reason = "that is what Java does; beyond 64 bits it saturates, there as here")]
        Number::Double(double) => *double as i64,
    };
    i32::try_from(int).ok().map(i64::from)
}

#[cfg(test)]
mod tests;
