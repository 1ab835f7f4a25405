//! Payload templates of states that use `JSONPath`: read once, filled often.
use super::error::EvalError;
use super::intrinsic::Call;
use super::path::{Env, Missing, Path};
use super::value::{Number, Object, Value};
use crate::ir::machine::{Template, TemplateValue};
use std::sync::Arc;

/// What a field `key.$` (or `ErrorPath`, `CausePath`) may hold: a path or a call of an intrinsic function.
#[derive(Clone, Debug)]
pub enum Expression {
    Path(Path),
    Call(Call),
}

impl Expression {
    /// Reads a path or a call.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim_start().starts_with('$') { Path::parse(text).map(Expression::Path) } else { Call::parse(text).map(Expression::Call) }
    }

    /// The value, for a field that messages name (`key.$`, `ErrorPath`).
    ///
    /// # Errors
    /// `States.Runtime`, see [`Path::evaluate_field`] and [`Call::evaluate`].
    pub fn evaluate(&self, field: &str, env: &Env<'_>) -> Result<Value, EvalError> {
        match self {
            Expression::Path(path) => path.evaluate_field(field, env),
            Expression::Call(call) => call.evaluate(env),
        }
    }
}

/// A template, ready to be filled.
#[derive(Clone, Debug)]
pub struct CompiledTemplate(Part);

#[derive(Clone, Debug)]
enum Part {
    /// Nothing in it is an expression.
    Constant(Value),
    Expression {
        /// As written, `.$` included.
        field: Arc<str>,
        expression: Expression,
    },
    List(Vec<Part>),
    Map(Vec<(Arc<str>, Part)>),
}

impl CompiledTemplate {
    /// Reads every expression of a template.
    ///
    /// # Errors
    /// The first expression that cannot be read, and what is wrong with it.
    pub fn compile(template: &Template) -> Result<Self, String> {
        Ok(Self(part("", template)?))
    }

    /// A template without expressions: `Result` of a Pass state.
    #[must_use]
    pub fn constant(value: Value) -> Self {
        Self(Part::Constant(value))
    }

    /// The template with every expression replaced by its value.
    ///
    /// # Errors
    /// `States.Runtime`: an expression that gives nothing. The message names its field.
    pub fn evaluate(&self, env: &Env<'_>) -> Result<Value, EvalError> {
        self.0.evaluate(env)
    }
}

fn part(key: &str, template: &Template) -> Result<Part, String> {
    Ok(match &template.value {
        TemplateValue::Null => Part::Constant(Value::Null),
        TemplateValue::Bool(value) => Part::Constant(Value::Bool(*value)),
        TemplateValue::Number(text) => Part::Constant(Value::Number(Number::of_text(text))),
        TemplateValue::Text(text) | TemplateValue::Jsonata(text) => Part::Constant(Value::string(text.as_str())),
        TemplateValue::PathExpression(text) => Part::Expression {
            field: format!("{key}.$").into(),
            expression: Expression::parse(text).map_err(|problem| format!("`{text}`: {problem}"))?,
        },
        TemplateValue::List(items) => {
            let parts = items.iter().map(|item| part("", item)).collect::<Result<Vec<_>, _>>()?;
            let constants: Option<Vec<Value>> = parts.iter().map(Part::constant).collect();
            constants.map_or(Part::List(parts), |values| Part::Constant(Value::array(values)))
        }
        TemplateValue::Map(entries) => {
            let parts = entries
                .iter()
                .map(|(key, value)| Ok((Arc::from(key.value.as_str()), part(&key.value, value)?)))
                .collect::<Result<Vec<(Arc<str>, _)>, String>>()?;
            let constants: Option<Object> = parts.iter().map(|(key, part)| Some((key.clone(), part.constant()?))).collect();
            constants.map_or(Part::Map(parts), |object| Part::Constant(object.into()))
        }
    })
}

impl Part {
    fn constant(&self) -> Option<Value> {
        match self {
            Part::Constant(value) => Some(value.clone()),
            _ => None,
        }
    }

    fn evaluate(&self, env: &Env<'_>) -> Result<Value, EvalError> {
        Ok(match self {
            Part::Constant(value) => value.clone(),
            Part::Expression { field, expression } => return fill(field, expression, env),
            Part::List(items) => Value::array(items.iter().map(|item| item.evaluate(env)).collect::<Result<_, _>>()?),
            Part::Map(entries) => {
                let mut object = Object::with_capacity(entries.len());
                for (key, part) in entries {
                    object.insert(key.clone(), part.evaluate(env)?);
                }
                object.into()
            }
        })
    }
}

fn fill(field: &str, expression: &Expression, env: &Env<'_>) -> Result<Value, EvalError> {
    let Expression::Path(path) = expression else { return expression.evaluate(field, env) };
    // Here even `$` fails when the input is null.
    if let Some(error) = path.null_input(env) {
        return Err(error);
    }
    match path.find(env) {
        // An element beyond the end of an array is null here, and here only.
        Err(Missing::OutOfRange(_)) => Ok(Value::Null),
        found => found.map_err(|missing| path.field_error(field, &missing, env)),
    }
}

#[cfg(test)]
mod tests;
