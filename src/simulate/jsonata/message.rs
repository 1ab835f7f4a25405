//! The sentences of jsonata-js.
use super::engine::{Failure, ParseError};
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::EvaluatorError;
use jsonata_core::value::JValue;

/// What AWS says where an expression needs too much memory.
pub const MEMORY: &str = "Expression evaluation memory limit exceeded: Check for excessive memory usage";
/// What AWS says where evaluation nests too deep.
pub const STACK: &str = "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.";
/// What AWS says where an expression takes too long.
pub const TIME: &str = "Expression evaluation timeout: Check for infinite loop";

fn split(message: &str) -> Option<(&str, &str)> {
    let (code, rest) = message.split_once(": ")?;
    let mut letters = code.chars();
    (code.len() == 5 && letters.next().is_some_and(|c| c.is_ascii_uppercase()) && letters.all(|c| c.is_ascii_digit()))
        .then_some((code, rest))
}

pub fn of_parser(message: &str, _text: &str) -> ParseError {
    match split(message) {
        Some((code, rest)) => ParseError { code: Some(code.into()), message: rest.into(), offset: None },
        None => ParseError { code: None, message: message.into(), offset: None },
    }
}

pub fn of_engine(error: &EvaluatorError, _ast: &AstNode, _run: &mut dyn FnMut(&AstNode) -> Result<JValue, EvaluatorError>) -> Failure {
    match split(error.message()) {
        Some(("U9001" | "D2015", _)) => Failure::Plain(MEMORY.into()),
        Some(("D1011" | "U1001" | "U1002", _)) => Failure::Plain(STACK.into()),
        Some(("D1012" | "U1003", _)) => Failure::Plain(TIME.into()),
        Some((code, rest)) => Failure::Coded { code: code.into(), message: rest.into() },
        None => Failure::Plain(error.message().into()),
    }
}
