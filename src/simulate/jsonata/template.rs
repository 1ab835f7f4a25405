//! JSON with expressions in it, and fields that want a type.
use super::engine::{Env, Expression, ParseError};
use crate::ir::machine::{Template, TemplateValue};
use crate::simulate::error::EvalError;
use crate::simulate::value::{Number, Object, Value};
use crate::source::span::Span;
use std::sync::Arc;

/// A template whose expressions are parsed.
#[derive(Clone, Debug)]
pub struct CompiledTemplate(Node);

#[derive(Clone, Debug)]
enum Node {
    Constant(Value),
    Expression(Box<Expression>),
    List(Vec<Node>),
    Map(Vec<(Arc<str>, Node)>),
}

impl CompiledTemplate {
    /// Parses every expression in a template.
    ///
    /// # Errors
    /// Those that do not parse, each with the place of its text.
    pub fn compile(template: &Template) -> Result<Self, Vec<(Span, ParseError)>> {
        let mut errors = Vec::new();
        let node = compile(template, &mut errors);
        if errors.is_empty() { Ok(Self(node)) } else { Err(errors) }
    }

    /// The value. `field` is the state's field as AWS names it: `Output`, `Choices[1]/Assign`; keys and places within it are added in messages (`Output/a[0]`).
    ///
    /// # Errors
    /// AWS's sentence about the first expression that fails or is undefined.
    pub fn evaluate(&self, env: &Env<'_>, field: &str) -> Result<Value, EvalError> {
        evaluate(&self.0, env, field)
    }

    /// The value, which must be of a type.
    ///
    /// # Errors
    /// As [`Self::evaluate`], and for a value of another type.
    pub fn evaluate_typed(&self, env: &Env<'_>, field: &str, expected: Expected) -> Result<Value, EvalError> {
        match &self.0 {
            Node::Expression(expression) => expression.evaluate_typed(env, field, expected),
            node => evaluate(node, env, field),
        }
    }

    /// The value of a template without expressions.
    #[must_use]
    pub fn constant(&self) -> Option<&Value> {
        match &self.0 {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The expression, where the whole template is one.
    #[must_use]
    pub fn expression(&self) -> Option<&Expression> {
        match &self.0 {
            Node::Expression(expression) => Some(expression),
            _ => None,
        }
    }

    /// Every expression, in the order of the text, each with the way to it (`""`, `"/a[0]"`).
    #[must_use]
    pub fn expressions(&self) -> Vec<(String, &Expression)> {
        fn collect<'a>(node: &'a Node, way: &str, found: &mut Vec<(String, &'a Expression)>) {
            match node {
                Node::Constant(_) => {}
                Node::Expression(expression) => found.push((way.to_string(), expression)),
                Node::List(items) => items.iter().enumerate().for_each(|(index, item)| collect(item, &format!("{way}[{index}]"), found)),
                Node::Map(entries) => entries.iter().for_each(|(key, item)| collect(item, &format!("{way}/{key}"), found)),
            }
        }
        let mut found = Vec::new();
        collect(&self.0, "", &mut found);
        found
    }
}

fn compile(template: &Template, errors: &mut Vec<(Span, ParseError)>) -> Node {
    match &template.value {
        TemplateValue::Null => Node::Constant(Value::Null),
        TemplateValue::Bool(value) => Node::Constant(Value::Bool(*value)),
        TemplateValue::Number(text) => Node::Constant(Value::Number(Number::of_text(text))),
        // A text of the other language has no meaning here and stays what it is.
        TemplateValue::Text(text) | TemplateValue::PathExpression(text) => Node::Constant(Value::string(text.as_str())),
        TemplateValue::Jsonata(text) => match Expression::parse(text) {
            Ok(expression) => Node::Expression(Box::new(expression)),
            Err(error) => {
                errors.push((template.span, error));
                Node::Constant(Value::Null)
            }
        },
        TemplateValue::List(items) => {
            let nodes: Vec<Node> = items.iter().map(|item| compile(item, errors)).collect();
            match nodes.iter().map(Node::constant).collect::<Option<Vec<_>>>() {
                Some(values) => Node::Constant(Value::array(values)),
                None => Node::List(nodes),
            }
        }
        TemplateValue::Map(entries) => {
            let nodes: Vec<(Arc<str>, Node)> =
                entries.iter().map(|(key, item)| (Arc::from(key.value.as_str()), compile(item, errors))).collect();
            match nodes.iter().map(|(key, node)| Some((key.clone(), node.constant()?))).collect::<Option<Object>>() {
                Some(values) => Node::Constant(values.into()),
                None => Node::Map(nodes),
            }
        }
    }
}

impl Node {
    fn constant(&self) -> Option<Value> {
        match self {
            Node::Constant(value) => Some(value.clone()),
            _ => None,
        }
    }
}

fn evaluate(node: &Node, env: &Env<'_>, field: &str) -> Result<Value, EvalError> {
    Ok(match node {
        Node::Constant(value) => value.clone(),
        Node::Expression(expression) => expression.evaluate_field(env, field)?,
        Node::List(items) => {
            let values = items.iter().enumerate().map(|(index, item)| evaluate(item, env, &format!("{field}[{index}]")));
            Value::array(values.collect::<Result<_, _>>()?)
        }
        Node::Map(entries) => {
            let values = entries.iter().map(|(key, item)| Ok((key.clone(), evaluate(item, env, &format!("{field}/{key}"))?)));
            values.collect::<Result<Object, EvalError>>()?.into()
        }
    })
}

/// The type that a field wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// `Items`.
    Array,
    /// `Items` of a distributed Map.
    ArrayOrObject,
    /// `Condition`.
    Boolean,
    /// `Seconds`, `TimeoutSeconds`, `MaxConcurrency` …
    Number,
    Object,
    /// `Timestamp`, `Error`, `Cause` …
    String,
}

impl Expected {
    fn name(self) -> &'static str {
        match self {
            Expected::Array | Expected::ArrayOrObject => "array",
            Expected::Boolean => "boolean",
            Expected::Number => "number",
            Expected::Object => "object",
            Expected::String => "string",
        }
    }
}

/// The type of a value, as AWS names it.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl Expression {
    /// The value for a field that wants a type.
    ///
    /// # Errors
    /// AWS's sentence: the expression failed, is undefined, or gives another type.
    pub fn evaluate_typed(&self, env: &Env<'_>, field: &str, expected: Expected) -> Result<Value, EvalError> {
        let value = self.evaluate_field(env, field)?;
        if type_name(&value) == expected.name() || expected == Expected::ArrayOrObject && matches!(value, Value::Object(_)) {
            return Ok(value);
        }
        Err(EvalError::query(format!(
            "{} returned an unexpected result type. Expected '{}', but was '{}' for value: {}",
            self.lead(field),
            expected.name(),
            type_name(&value),
            value.to_json()
        )))
    }

    /// As [`Self::evaluate_typed`], for `Condition`.
    ///
    /// # Errors
    /// As there.
    pub fn evaluate_condition(&self, env: &Env<'_>, field: &str) -> Result<bool, EvalError> {
        Ok(self.evaluate_typed(env, field, Expected::Boolean)? == Value::Bool(true))
    }
}

/// What AWS says where a Map without `Items` gets something else than an array.
#[must_use]
pub fn map_input(value: &Value) -> EvalError {
    EvalError::query(format!("Map state input must be an array but was: {}", value.to_json()))
}

/// What AWS says of a `Timestamp` that is none.
#[must_use]
pub fn timestamp(text: &str) -> EvalError {
    EvalError::query(format!("The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}"))
}
