//! What expressions see, and how the fields of a state are evaluated.
use super::error::EvalError;
use super::clock::Millis;
use super::jsonata::{self, Expected};
use super::path;
use super::program::{PathUse, Payload, Scalar};
use super::jsonata::Entropy;
use super::value::{Object, Value};
use std::sync::Arc;

/// Variables by name; a copy shares the values.
pub type Variables = Arc<Object>;

/// The data around one evaluation.
pub struct Scope<'s> {
    /// `$` and `$states.input`.
    pub input: &'s Value,
    /// `$$` and `$states.context`.
    pub context: &'s Value,
    pub variables: &'s Variables,
    /// `$states.result`.
    pub result: Option<&'s Value>,
    /// `$states.errorOutput`.
    pub error_output: Option<&'s Value>,
    pub random: &'s Entropy,
    /// Virtual time.
    pub now: Millis,
}

impl<'s> Scope<'s> {
    /// The same surroundings for another `$`.
    #[must_use]
    pub fn with_input(&self, input: &'s Value) -> Self {
        Self { input, ..*self }
    }

    #[must_use]
    pub fn with_context(&self, context: &'s Value) -> Self {
        Self { context, ..*self }
    }

    /// Evaluates paths and intrinsic calls in this scope.
    pub(super) fn with_paths<T>(&self, use_env: impl FnOnce(&path::Env<'_>) -> T) -> T {
        let variables = |name: &str| self.variables.get(name).cloned();
        let random = || self.random.bits();
        use_env(&path::Env { input: self.input, context: self.context, variables: &variables, random: &random })
    }

    fn with_jsonata<T>(&self, use_env: impl FnOnce(&jsonata::Env<'_>) -> T) -> T {
        let states = self.states();
        let variables: &Object = self.variables;
        use_env(&jsonata::Env {
            states: &states,
            variables,
            now: i64::try_from(self.now).unwrap_or(i64::MAX),
            entropy: self.random.clone(),
        })
    }

    fn states(&self) -> Value {
        let optional = [("result", self.result), ("errorOutput", self.error_output)];
        Value::object(
            [("input", self.input.clone())]
                .into_iter()
                .chain(optional.into_iter().filter_map(|(name, value)| value.map(|value| (name, value.clone()))))
                .chain([("context", self.context.clone())]),
        )
    }

    /// A payload template's value.
    ///
    /// # Errors
    /// What AWS says of an expression that fails.
    pub fn payload(&self, payload: &Payload) -> Result<Value, EvalError> {
        match payload {
            Payload::Path(template) => self.with_paths(|env| template.evaluate(env)),
            Payload::Jsonata { template, field } => self.with_jsonata(|env| template.evaluate(env, field)),
        }
    }

    /// A payload's value, or `default` where the field is not written.
    ///
    /// # Errors
    /// As [`Scope::payload`].
    pub fn payload_or(&self, payload: Option<&Payload>, default: &Value) -> Result<Value, EvalError> {
        payload.map_or_else(|| Ok(default.clone()), |payload| self.payload(payload))
    }

    /// A payload's value, which in JSONata must be of a type.
    ///
    /// # Errors
    /// As [`Scope::payload`]; a JSONata expression of another type.
    pub fn payload_typed(&self, payload: &Payload, expected: Expected) -> Result<Value, EvalError> {
        match payload {
            Payload::Path(_) => self.payload(payload),
            Payload::Jsonata { template, field } => self.with_jsonata(|env| template.evaluate_typed(env, field, expected)),
        }
    }

    /// A JSONata expression of a field that wants a type.
    ///
    /// # Errors
    /// As AWS words it, for the field of that name.
    pub fn jsonata(&self, expression: &jsonata::Expression, field: &str, expected: Expected) -> Result<Value, EvalError> {
        self.with_jsonata(|env| expression.evaluate_typed(env, field, expected))
    }

    /// A scalar field's value; only JSONata's is held to the type.
    ///
    /// # Errors
    /// A path that leads nowhere, an expression that fails.
    pub fn scalar(&self, scalar: &Scalar, field: &str, expected: Expected) -> Result<Value, EvalError> {
        match scalar {
            Scalar::Literal(value) => Ok(value.clone()),
            Scalar::Path { expression, .. } => self.with_paths(|env| expression.evaluate(field, env)),
            Scalar::Jsonata(expression) => self.jsonata(expression, field, expected),
        }
    }

    /// `InputPath` or `OutputPath` on this scope's input.
    ///
    /// # Errors
    /// A path that leads nowhere.
    pub fn path(&self, path: &PathUse) -> Result<Value, EvalError> {
        match path {
            PathUse::Whole => Ok(self.input.clone()),
            PathUse::Nothing => Ok(Value::object([] as [(&str, Value); 0])),
            PathUse::Path(path) => self.with_paths(|env| path.evaluate(env)),
        }
    }
}
