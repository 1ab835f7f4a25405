//! Expressions: parsed once, evaluated many times.
use super::convert::{self, Exact, Unfit};
use super::functions::{self, Entropy, Provider};
use super::message;
use super::reads::{self, Reads};
use crate::simulate::error::EvalError;
use crate::simulate::value::{Object, Value};
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::functions::string::build_regex;
use jsonata_core::parser;
use jsonata_core::value::JValue;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How deep evaluation may nest before AWS speaks of a stack overflow: `1+1+…` with 100 terms passes, with 200 it does not.
pub const MAX_DEPTH: usize = 100;

/// The longest sequence: on AWS `[1..873782]` passes, one more is past its memory limit.
pub const MAX_SEQUENCE: usize = 873_782;

/// How long one expression may take. Nothing that AWS accepts comes near.
pub const MAX_MILLISECONDS: u64 = 5_000;

/// Our own code for what is past the memory limit.
pub(super) const MEMORY: &str = "U9001";

/// What cannot be read as an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// jsonata-js's code, where there is one: `S0202`.
    pub code: Option<String>,
    /// jsonata-js's sentence, which AWS puts behind `INVALID_JSONATA_EXPRESSION: `.
    pub message: String,
    /// Where in the text, in bytes, where the parser says so.
    pub offset: Option<usize>,
}

/// Why an evaluation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An error of the language: its code and sentence.
    Coded { code: String, message: String },
    /// A bound was reached, or the engine said something without a code.
    Plain(String),
    /// The result is a function.
    Unsupported,
}

/// Where an expression finds variables: by name, without `$`.
pub trait Variables {
    fn get(&self, name: &str) -> Option<Value>;
}

impl Variables for Object {
    fn get(&self, name: &str) -> Option<Value> {
        Object::get(self, name).cloned()
    }
}

impl<F: Fn(&str) -> Option<Value>> Variables for F {
    fn get(&self, name: &str) -> Option<Value> {
        self(name)
    }
}

/// What an expression is evaluated in.
#[derive(Clone)]
pub struct Env<'a> {
    /// `$states`: an object with `input`, `context`, `result`, `errorOutput`, as far as they are bound where the expression stands.
    pub states: &'a Value,
    pub variables: &'a dyn Variables,
    /// The time, in milliseconds since 1970, for `$now` and `$millis`.
    pub now: i64,
    pub entropy: Entropy,
}

/// A JSONata expression.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    ast: AstNode,
    /// The tree with guards, where that differs.
    guarded: Option<AstNode>,
    path: Option<Path>,
    reads: Reads,
    /// Names to look up: variables, and functions that a variable could hide.
    names: BTreeSet<String>,
    /// Functions it names.
    functions: Arc<BTreeSet<String>>,
}

/// `$name.field.field`.
#[derive(Clone, Debug)]
struct Path {
    variable: String,
    fields: Vec<String>,
}

impl Expression {
    /// Reads the text between `{%` and `%}`.
    ///
    /// # Errors
    /// What jsonata-js 2.0.6 would say of the text.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        let ast = match catch_unwind(|| parser::parse(text)) {
            Ok(Ok(ast)) => ast,
            Ok(Err(error)) => return Err(message::of_parser(&error.to_string(), text)),
            Err(_) => return Err(ParseError { code: None, message: "the parser gave up on this expression".into(), offset: None }),
        };
        let reads = Reads::of(&ast);
        if let Some(operator) = reads.newer.first() {
            // Not in 2.0.6: there a `?` wants an expression after it.
            let symbol = &operator[1..];
            return Err(ParseError {
                code: Some("S0211".into()),
                message: format!("The symbol \"{symbol}\" cannot be used as a unary operator"),
                offset: text.find(operator),
            });
        }
        if reads.misassigned {
            let message = "The left side of := must be a variable name (start with $)".into();
            return Err(ParseError { code: Some("S0212".into()), message, offset: text.find(":=") });
        }
        let guards = reads.lambda || functions::ALWAYS_GUARDED.iter().any(|name| reads.functions.contains(*name));
        let guarded = guards.then(|| functions::guard(ast.clone(), reads.lambda));
        let names = reads.variables.union(&reads.functions).cloned().collect();
        Ok(Self { text: text.to_string(), path: path(&ast), guarded, ast, functions: Arc::new(reads.functions.clone()), reads, names })
    }

    /// The text, without spaces around it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it can read.
    #[must_use]
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    #[must_use]
    pub fn ast(&self) -> &AstNode {
        &self.ast
    }

    /// The variable and the fields below it, where the expression is such a path and nothing else: `$states.input.a` gives `states` and `[input, a]`.
    #[must_use]
    pub fn as_path(&self) -> Option<(&str, &[String])> {
        self.path.as_ref().map(|path| (path.variable.as_str(), path.fields.as_slice()))
    }

    /// What jsonata-js could do with this expression and the engine here cannot; said before anything runs.
    #[must_use]
    pub fn unsupported(&self) -> Option<String> {
        self.reads.patterns.iter().find_map(|(pattern, flags)| {
            let error = build_regex(pattern, flags).err()?.to_string();
            let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
            Some(format!("the regular expression /{pattern}/{flags} cannot be evaluated: {reason}"))
        })
    }

    /// The value, or `None` where the expression is undefined.
    ///
    /// # Errors
    /// What fails in it.
    pub fn evaluate(&self, env: &Env<'_>) -> Result<Option<Value>, Failure> {
        if let Some(path) = &self.path
            && let Some(result) = path.follow(env)
        {
            return Ok(result.map(convert::through_javascript));
        }
        // Where nothing is computed, a number in the result is one that came in.
        let exact = if self.reads.arithmetic { Exact::default() } else { Exact::remembering() };
        let result = self.run(self.guarded.as_ref().unwrap_or(&self.ast), env, &exact);
        match result {
            Ok(value) => match convert::of_engine(&value, &exact) {
                Ok(value) => Ok(value),
                Err(Unfit::Function) => Err(Failure::Unsupported),
                Err(Unfit::TooLarge) => Err(Failure::Plain(message::MEMORY.into())),
            },
            Err(error) => Err(message::of_engine(&error, &self.ast, &mut |node| self.run(node, env, &exact))),
        }
    }

    /// Evaluates a tree in the environment of this expression. Never panics.
    fn run(&self, ast: &AstNode, env: &Env<'_>, exact: &Exact) -> Result<JValue, EvaluatorError> {
        let run = || {
            let mut context = Context::new();
            if !self.reads.states.is_empty() {
                let paths: Vec<&[String]> = self.reads.states.iter().map(Vec::as_slice).collect();
                context.bind("states".into(), convert::to_engine_at(env.states, &paths, exact));
            }
            for name in &self.names {
                if let Some(value) = env.variables.get(name) {
                    context.bind(name.clone(), convert::to_engine(&value, exact));
                }
            }
            let options = EvaluatorOptions {
                timeout_ms: Some(MAX_MILLISECONDS),
                max_stack_depth: Some(MAX_DEPTH),
                max_sequence_length: Some(MAX_SEQUENCE),
                ..EvaluatorOptions::default()
            };
            let mut evaluator = Evaluator::with_options(context, options);
            if !self.functions.is_empty() || self.guarded.is_some() {
                let provider = Provider {
                    names: self.functions.clone(),
                    guards: self.guarded.is_some(),
                    entropy: env.entropy.clone(),
                    now: env.now,
                    exact: exact.clone(),
                };
                provider.register(&mut evaluator)?;
            }
            evaluator.evaluate(ast, &JValue::Undefined)
        };
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(EvaluatorError::EvaluationError("the evaluation gave up".into())))
    }

    /// The value for a field of a state, which must have one.
    ///
    /// # Errors
    /// AWS's sentence about the expression and the field.
    pub fn evaluate_field(&self, env: &Env<'_>, field: &str) -> Result<Value, EvalError> {
        match self.evaluate(env) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(EvalError::query(format!("{} returned nothing (undefined).", self.lead(field)))),
            Err(failure) => Err(self.failed(field, &failure)),
        }
    }

    /// "The JSONata expression 'x' specified for the field 'Output'".
    pub(super) fn lead(&self, field: &str) -> String {
        format!("The JSONata expression '{}' specified for the field '{field}'", self.text)
    }

    fn failed(&self, field: &str, failure: &Failure) -> EvalError {
        let lead = self.lead(field);
        EvalError::query(match failure {
            Failure::Coded { code, message } => format!("{lead} threw an error during evaluation. {code}: {message}"),
            Failure::Plain(message) => format!("{lead} threw an error during evaluation: {message}"),
            Failure::Unsupported => format!("{lead} returned an unsupported result type."),
        })
    }
}

fn path(ast: &AstNode) -> Option<Path> {
    let plain_variable = |name: &str| (!name.is_empty() && name != "$").then(|| name.to_string());
    match ast {
        AstNode::Variable(name) => Some(Path { variable: plain_variable(name)?, fields: Vec::new() }),
        AstNode::Path { steps } => {
            let (first, rest) = steps.split_first()?;
            let AstNode::Variable(name) = &first.node else { return None };
            let fields = rest.iter().map(|step| match &step.node {
                AstNode::Name(name) if reads::plain(step) => Some(name.clone()),
                _ => None,
            });
            (reads::plain(first)).then_some(())?;
            Some(Path { variable: plain_variable(name)?, fields: fields.collect::<Option<_>>()? })
        }
        _ => None,
    }
}

impl Path {
    /// The value at the path; `None` where there is an array on the way, which JSONata maps over, or a name that may be a function's.
    #[expect(clippy::option_option, reason = "whether this way leads to an answer, and whether the answer is a value")]
    fn follow(&self, env: &Env<'_>) -> Option<Option<Value>> {
        let root = if self.variable == "states" { Some(env.states.clone()) } else { env.variables.get(&self.variable) };
        let Some(root) = root else {
            // A function by its name, or nothing: the engine knows.
            return None;
        };
        let mut value = &root;
        for field in &self.fields {
            match value {
                Value::Object(object) => match object.get(field.as_str()) {
                    Some(below) => value = below,
                    None => return Some(None),
                },
                Value::Array(_) => return None,
                _ => return Some(None),
            }
        }
        Some(Some(value.clone()))
    }
}
