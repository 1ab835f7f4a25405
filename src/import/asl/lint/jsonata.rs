//! JSONata: what no reader of it can take, and what Step Functions restricts.
//!
//! This is no parser: [`tokens`] splits an expression, and [`jsonata_syntax`] refuses what is wrong in any reading of it (what is not
//! closed, an operator without its right side, two values side by side). The interpreter has a whole parser.
use super::completed_later;
use super::uses::{self, Kind, Use};
use crate::import::asl::fields;
use crate::ir::machine::{QueryLanguage, State};
use crate::source::rules::lint::{ASL210, ASL211, ASL212};
use crate::source::sink::{Diagnostic, Sink};

/// The fields of `$states` ("Transforming data with JSONata").
const STATES: [&str; 4] = ["input", "result", "errorOutput", "context"];

pub(super) fn state(state: &State, sink: &mut Sink) {
    if state.query_language != QueryLanguage::Jsonata {
        return;
    }
    for found in uses::of(state).into_iter().filter(|found| found.kind == Kind::Jsonata && !completed_later(found.text)) {
        if let Err(why) = jsonata_syntax(found.text) {
            let report = Diagnostic::error(&ASL210, found.span, format!("the expression in `{}` cannot be read: {why}", found.field));
            sink.report(report.help("correct the expression; Step Functions refuses it"));
            continue;
        }
        if let Ok(tokens) = tokens(found.text) {
            reserved(&found, &tokens, sink);
        }
    }
}

/// Fields of `$states` that are not there, and `$eval`.
fn reserved(found: &Use<'_>, tokens: &[Token<'_>], sink: &mut Sink) {
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Variable("eval") if tokens.get(at + 1) == Some(&Token::Sign("(")) => {
                let report = Diagnostic::warning(&ASL212, found.span, "there is no function `$eval` in Step Functions");
                sink.report(report.help("use `$parse` to read JSON from a text"));
            }
            Token::Variable("states") => {
                let (Some(Token::Sign(".")), Some(Token::Name(name))) = (tokens.get(at + 1), tokens.get(at + 2)) else { continue };
                let missing = (*name == "result" && !found.result) || (*name == "errorOutput" && !found.error);
                if missing {
                    let (place, of) = if *name == "result" {
                        ("`Output` and `Assign`", "Task, Parallel and Map states")
                    } else {
                        ("`Output` and `Assign`", "a catcher")
                    };
                    let report = Diagnostic::error(&ASL211, found.span, format!("there is no `$states.{name}` in `{}` here", found.field));
                    sink.report(report.help(format!("it exists in {place} of {of} only")));
                } else if !STATES.contains(name) {
                    let report =
                        Diagnostic::error(&ASL211, found.span, format!("`$states` has no field `{name}`: Step Functions refuses it"));
                    sink.report(match fields::nearest(name, STATES) {
                        Some(near) => report.help(format!("did you mean `{near}`?")),
                        None => report.help(format!("it has {}; a field of the input is `$states.input.{name}`", STATES.join(", "))),
                    });
                }
            }
            _ => {}
        }
    }
}

/// A piece of an expression. Comments and spaces are left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token<'t> {
    /// A text, a number or a regular expression.
    Literal,
    /// `$name`, without the dollar sign; empty for `$` and `$` for `$$`.
    Variable(&'t str),
    /// A bare name, or one in backquotes.
    Name(&'t str),
    Sign(&'t str),
}

impl Token<'_> {
    /// Whether it ends a value. `and`, `or` and `in` are operators or names.
    fn ends_value(&self) -> bool {
        match self {
            Token::Literal | Token::Variable(_) => true,
            Token::Name(name) => !matches!(*name, "and" | "or" | "in"),
            Token::Sign(sign) => matches!(*sign, ")" | "]" | "}"),
        }
    }

    fn starts_value(&self) -> bool {
        !matches!(self, Token::Sign(_)) && self.ends_value()
    }
}

const DOUBLE: [&str; 8] = ["..", ":=", "!=", ">=", "<=", "**", "~>", "?:"];
const SINGLE: &str = ".[]{}(),@#;:?+-*/%|=<>^&!~";

/// The pieces of an expression.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut out: Vec<Token<'_>> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.trim_start();
            continue;
        }
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").ok_or("a comment is not closed")?.1;
            continue;
        }
        let (token, length) = match first {
            '"' | '\'' => (Token::Literal, closing(rest, first).ok_or("a text is not closed")?),
            '`' => {
                let length = rest.get(1..).and_then(|inside| inside.find('`')).ok_or("a backquote is not closed")?;
                (Token::Name(&rest[1..=length]), length + 2)
            }
            '/' if !out.last().is_some_and(Token::ends_value) => {
                let length = regex(rest).ok_or("a regular expression is not closed")?;
                let flags = rest[length..].find(|c| c != 'i' && c != 'm').unwrap_or(rest.len() - length);
                (Token::Literal, length + flags)
            }
            '0'..='9' => (Token::Literal, number(rest)),
            _ if SINGLE.contains(first) => {
                let double = DOUBLE.iter().find(|double| rest.starts_with(**double));
                let length = double.map_or(first.len_utf8(), |double| double.len());
                (Token::Sign(&rest[..length]), length)
            }
            _ => {
                let length =
                    rest.find(|c: char| c.is_whitespace() || SINGLE.contains(c) || matches!(c, '"' | '\'' | '`')).unwrap_or(rest.len());
                let name = &rest[..length];
                (name.strip_prefix('$').map_or(Token::Name(name), Token::Variable), length)
            }
        };
        out.push(token);
        rest = &rest[length..];
    }
    Ok(out)
}

/// The length of a text in quotes.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of a regular expression: up to a slash outside of brackets.
fn regex(text: &str) -> Option<usize> {
    let mut escaped = false;
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn number(text: &str) -> usize {
    let digits = |from: usize| from + text[from..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - from);
    let mut end = digits(0);
    if text[end..].starts_with('.') && text[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        if text[end + 1 + sign..].starts_with(|c: char| c.is_ascii_digit()) {
            end = digits(end + 1 + sign);
        }
    }
    end
}

/// Whether an expression can be read; if not, why.
pub(super) fn jsonata_syntax(text: &str) -> Result<(), String> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err("it is empty".to_owned());
    }
    let tokens = without_signatures(&tokens)?;
    let mut open: Vec<&str> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let previous = at.checked_sub(1).and_then(|at| tokens.get(at));
        match token {
            Token::Sign(sign @ ("(" | "[" | "{")) => open.push(sign),
            Token::Sign(sign @ (")" | "]" | "}")) => {
                let expected = match open.pop() {
                    Some("(") => ")",
                    Some("[") => "]",
                    Some(_) => "}",
                    None => return Err(format!("`{sign}` closes nothing")),
                };
                if *sign != expected {
                    return Err(format!("`{sign}` stands where `{expected}` should"));
                }
                if let Some(Token::Sign(operator)) = previous.filter(|token| needs_right(token)) {
                    return Err(format!("there is nothing between `{operator}` and `{sign}`"));
                }
            }
            _ if token.starts_value() && previous.is_some_and(Token::ends_value) => {
                return Err(format!("two values stand side by side, before {}", shown(token)));
            }
            _ => {}
        }
    }
    if let Some(unclosed) = open.pop() {
        return Err(format!("`{unclosed}` is not closed"));
    }
    match tokens.last() {
        Some(Token::Sign(operator)) if needs_right(&Token::Sign(operator)) => Err(format!("there is nothing after `{operator}`")),
        _ => Ok(()),
    }
}

fn shown(token: &Token<'_>) -> String {
    match token {
        Token::Literal => "a literal".to_owned(),
        Token::Variable(name) => format!("`${name}`"),
        Token::Name(text) | Token::Sign(text) => format!("`{text}`"),
    }
}

/// Operators that cannot stand before a closing bracket or at the end. `*`, `**` and `%` are values too, `?` a missing argument.
fn needs_right(token: &Token<'_>) -> bool {
    matches!(
        token,
        Token::Sign("." | "," | ":" | "+" | "-" | "/" | "&" | "=" | "!=" | "<" | ">" | "<=" | ">=" | ":=" | "~>" | ".." | "?:" | "@" | "#")
    )
}

/// Leaves out the signatures of functions, `function($x)<n:n>{…}`, whose signs are no operators.
fn without_signatures<'t>(tokens: &[Token<'t>]) -> Result<Vec<Token<'t>>, String> {
    let mut out: Vec<Token<'t>> = Vec::with_capacity(tokens.len());
    // For each open `(`: whether it holds the parameters of a function.
    let mut open: Vec<bool> = Vec::new();
    let mut parameters_closed = false;
    let mut skip = 0_usize;
    for token in tokens {
        if skip > 0 {
            match token {
                Token::Sign("<") => skip += 1,
                Token::Sign(">") => skip -= 1,
                _ => {}
            }
            continue;
        }
        if parameters_closed && *token == Token::Sign("<") {
            skip = 1;
            parameters_closed = false;
            continue;
        }
        parameters_closed = false;
        match token {
            Token::Sign("(") => open.push(matches!(out.last(), Some(Token::Name("function" | "λ")))),
            Token::Sign(")") => parameters_closed = open.pop().unwrap_or_default(),
            _ => {}
        }
        out.push(*token);
    }
    if skip > 0 { Err("the signature of a function is not closed".to_owned()) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read() {
        for text in [
            "$states.input.a",
            "1",
            "'a' & \"b\"",
            "$",
            "$$",
            "$maxItems := 2",
            "($a := 1; $b := 2; $a + $b)",
            "($a := 1;)",
            "[1..5]",
            "a.b[0].c",
            "a[b='x'].*",
            "function($x, $y) { $x + $y }",
            "function($x)<n:n>{ $x }",
            "λ($x)<s<n>:n> { $x }",
            "$map(a, function($v, $i) { $v.b })",
            "$f(?, 2)",
            "a ? b : c",
            "a ?: b",
            "$match(a, /x(\\/|y)[/]+/i)",
            "a / b / c",
            "(a) / 2",
            "/* a comment ' */ 1",
            "`a b`.c",
            "a^(>b, <c)",
            "a@$x.b#$i[$x=1]",
            "$a ~> $b() ~> $c",
            "a and b or c in d",
            "and",
            "and and and",
            "a.and",
            "-1",
            "[-1, - 2]",
            "{\"a\": 1, 'b': [true, null]}",
            "a{b: $sum(c)}",
            "payload ~> |Account|{'x': 1}, ['y']|",
            "**.a",
            "a.%.b",
            "*",
            "a * b",
            "a % b",
            "1.5e-3 + 2E5",
            "\"\\\"\"",
            "$not(a)",
            "a in [1, 2]",
            "$x[0]",
            "$states.context.Execution.Id",
            "é.ü",
            "{}",
            "[]",
            "()",
            "$count(a) > 0 and a[0] != 'x'",
            "a.(b; c)",
            "$string($x) ~> /a/",
        ] {
            assert_eq!(jsonata_syntax(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_told() {
        for text in [
            "",
            "/* only */",
            "'a",
            "\"a",
            "(1",
            "1)",
            "[1)",
            "{'a': 1",
            "$a $b",
            "a b",
            "1 2",
            "'a' 'b'",
            "$a +",
            "(1 +)",
            "[1,]",
            "a.",
            "$x :=",
            "`a",
            "/* a",
            "/a",
            "f() $x",
            "{'a':}",
            "function($x)<n",
            "a & ",
            "$x = ",
        ] {
            assert!(jsonata_syntax(text).is_err(), "{text}");
        }
    }
}
