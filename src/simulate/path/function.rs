//! The functions that a path may end with.
use super::{Missing, Steps, evaluate};
use crate::simulate::value::{Number, Value};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Function {
    Length,
    Min,
    Max,
    Avg,
    Sum,
    Stddev,
    Keys,
    Concat,
    Append,
    First,
    Last,
    Index,
}

/// What stands in the parentheses.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    Literal(Value),
    Path { from_document: bool, steps: Steps },
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "length" | "size" => Function::Length,
            "min" => Function::Min,
            "max" => Function::Max,
            "avg" => Function::Avg,
            "sum" => Function::Sum,
            "stddev" => Function::Stddev,
            "keys" => Function::Keys,
            "concat" => Function::Concat,
            "append" => Function::Append,
            "first" => Function::First,
            "last" => Function::Last,
            "index" => Function::Index,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Function::Length => "length",
            Function::Min => "min",
            Function::Max => "max",
            Function::Avg => "avg",
            Function::Sum => "sum",
            Function::Stddev => "stddev",
            Function::Keys => "keys",
            Function::Concat => "concat",
            Function::Append => "append",
            Function::First => "first",
            Function::Last => "last",
            Function::Index => "index",
        }
    }

    /// The function of `model`; `start` is what `@` is among the arguments, `document` what `$` is.
    pub(super) fn apply(self, model: &Value, arguments: &[Argument], start: &Value, document: &Value) -> Result<Value, Missing> {
        let arguments = arguments.iter().map(|argument| argument.value(start, document)).collect::<Result<Vec<_>, _>>()?;
        self.of(model, arguments)
    }

    /// Behind a deep scan a function is that of the whole document, with what the scan finds as its first argument.
    pub(super) fn of_scan(self, model: &Value, found: Value, arguments: &[Argument], document: &Value) -> Result<Value, Missing> {
        let rest = arguments.iter().map(|argument| argument.value(model, document));
        self.of(model, std::iter::once(Ok(found)).chain(rest).collect::<Result<Vec<_>, _>>()?)
    }

    fn of(self, model: &Value, arguments: Vec<Value>) -> Result<Value, Missing> {
        match self {
            Function::Length => Ok(match arguments.first().unwrap_or(model) {
                Value::Array(items) => length(items.len()),
                Value::Object(object) => length(object.len()),
                _ => Value::Null,
            }),
            Function::Keys => Ok(match model {
                Value::Object(object) => Value::array(object.keys().map(|key| Value::String(key.clone())).collect()),
                _ => Value::Null,
            }),
            Function::Min | Function::Max | Function::Avg | Function::Sum | Function::Stddev => self.aggregate(model, &arguments),
            Function::Concat => {
                let mut text = String::new();
                for item in model.as_array().unwrap_or_default() {
                    text.push_str(item.as_str().unwrap_or_default());
                }
                for argument in &arguments {
                    match argument {
                        Value::Array(items) => items.iter().for_each(|item| text.push_str(&crate::simulate::intrinsic::java_text(item))),
                        Value::Null => {}
                        other => text.push_str(&crate::simulate::intrinsic::java_text(other)),
                    }
                }
                Ok(Value::string(text))
            }
            Function::Append => Ok(match model {
                Value::Array(items) => Value::array(items.iter().cloned().chain(arguments).collect()),
                other => other.clone(),
            }),
            Function::First => sequence(model, 0),
            Function::Last => sequence(model, -1),
            Function::Index => sequence(model, arguments.first().and_then(Value::as_number).and_then(Number::as_i64).unwrap_or(0)),
        }
    }

    fn aggregate(self, model: &Value, arguments: &[Value]) -> Result<Value, Missing> {
        let mut numbers: Vec<f64> = Vec::new();
        let mut collect = |value: &Value| match value {
            Value::Array(items) => numbers.extend(items.iter().filter_map(Value::as_number).map(Number::as_f64)),
            Value::Number(number) => numbers.push(number.as_f64()),
            _ => {}
        };
        if matches!(model, Value::Array(_)) {
            collect(model);
        }
        arguments.iter().for_each(collect);
        if numbers.is_empty() {
            return Err(Missing::NoFunction("Aggregation function attempted to calculate value using empty array".into()));
        }
        #[expect(clippy::cast_precision_loss, reason = "arrays of more than 2^52 numbers do not exist")]
        let count = numbers.len() as f64;
        let sum = || numbers.iter().sum::<f64>();
        Ok(Value::Number(Number::Double(match self {
            Function::Sum => sum(),
            Function::Avg => sum() / count,
            Function::Min => numbers.iter().copied().fold(f64::MAX, |least, number| if number < least { number } else { least }),
            // Java's smallest positive double is where the library starts to look for the largest.
            Function::Max => numbers.iter().copied().fold(f64::from_bits(1), |most, number| if most < number { number } else { most }),
            _ => {
                let squares: f64 = numbers.iter().map(|number| number * number).sum();
                (squares / count - sum() * sum() / count / count).sqrt()
            }
        })))
    }
}

fn length(length: usize) -> Value {
    Value::int(i64::try_from(length).unwrap_or(i64::MAX))
}

fn sequence(model: &Value, index: i64) -> Result<Value, Missing> {
    let Value::Array(items) = model else {
        return Err(Missing::NoFunction("Aggregation function attempted to calculate value using empty array".into()));
    };
    // The library counts from the end only as far as the second element.
    let index_from_start = if index < 0 { i64::try_from(items.len()).unwrap_or(0) + index } else { index };
    evaluate::element(items, index_from_start)
        .filter(|_| index >= 0 || index_from_start > 0)
        .cloned()
        .ok_or_else(|| Missing::NoFunction(format!("Target index:{index} larger than object count:{}", items.len())))
}

impl Argument {
    fn value(&self, start: &Value, document: &Value) -> Result<Value, Missing> {
        match self {
            Argument::Literal(value) => Ok(value.clone()),
            Argument::Path { from_document, steps } => steps.find(if *from_document { document } else { start }, document),
        }
    }
}
