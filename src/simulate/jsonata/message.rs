//! The sentences of jsonata-js, which AWS shows, made from the engine's, which are its own.
//!
//! The engine's codes are jsonata-js's. What it leaves out of its sentences (the function's name, the values compared) is found again by evaluating the parts of the failed
//! expression: the innermost part that fails with the same sentence is the one it speaks of. That costs time only where something failed.
use super::convert::{self, Exact};
use super::engine::{Failure, ParseError};
use jsonata_core::ast::{AstNode, BinaryOp, Stage};
use jsonata_core::evaluator::EvaluatorError;
use jsonata_core::value::{JValue, with_stack};

/// What AWS says where an expression needs too much memory.
pub const MEMORY: &str = "Expression evaluation memory limit exceeded: Check for excessive memory usage";
/// What AWS says where evaluation nests too deep.
pub const STACK: &str = "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.";
/// What AWS says where an expression takes too long.
pub const TIME: &str = "Expression evaluation timeout: Check for infinite loop";

/// Sentences without anything to fill in.
const FIXED: [(&str, &str); 34] = [
    ("D1004", "Regular expression matches zero length string"),
    ("D3001", "Attempting to invoke string function on Infinity or NaN"),
    ("D3010", "Second argument of replace function cannot be an empty string"),
    ("D3011", "Fourth argument of replace function must evaluate to a positive number"),
    ("D3012", "Attempted to replace a matched string with a non-string value"),
    ("D3020", "Third argument of split function must evaluate to a positive number"),
    ("D3040", "Third argument of match function must evaluate to a positive number"),
    ("D3080", "The picture string must only contain a maximum of two sub-pictures"),
    ("D3081", "The sub-picture must not contain more than one instance of the 'decimal-separator' character"),
    ("D3082", "The sub-picture must not contain more than one instance of the 'percent' character"),
    ("D3083", "The sub-picture must not contain more than one instance of the 'per-mille' character"),
    ("D3084", "The sub-picture must not contain both a 'percent' and a 'per-mille' character"),
    (
        "D3085",
        "The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit character' or a member of the 'decimal digit family'",
    ),
    (
        "D3086",
        "The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character",
    ),
    ("D3087", "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character"),
    ("D3088", "The sub-picture must not contain a 'grouping-separator' at the end of the integer part"),
    ("D3089", "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character"),
    (
        "D3090",
        "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'",
    ),
    (
        "D3091",
        "The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'",
    ),
    (
        "D3092",
        "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'",
    ),
    (
        "D3093",
        "The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'",
    ),
    ("D3131", "In a decimal digit pattern, all digits must be from the same decimal group"),
    ("D3134", "The timezone integer format specifier cannot have more than four digits"),
    ("D3135", "No matching closing bracket ']' in date/time picture string"),
    ("D3136", "The date/time picture string is missing specifiers required to parse the timestamp"),
    ("D3138", "The $single() function expected exactly 1 matching result.  Instead it matched more."),
    ("D3139", "The $single() function expected exactly 1 matching result.  Instead it matched 0."),
    ("S0106", "Comment has no closing tag"),
    ("T1006", "Attempted to invoke a non-function"),
    ("T1008", "Attempted to partially apply a non-function"),
    ("T2003", "The left side of the range operator (..) must evaluate to an integer"),
    ("T2004", "The right side of the range operator (..) must evaluate to an integer"),
    ("T2006", "The right side of the function application operator ~> must be a function"),
    ("T2008", "The expressions within an order-by clause must evaluate to numeric or string values"),
];

fn fixed(code: &str) -> Option<&'static str> {
    FIXED.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

/// A code and what follows it, wherever in the message the code stands.
fn split(message: &str) -> Option<(&str, &str)> {
    if message.contains("Invalid regex") {
        return None;
    }
    let mut rest = message;
    loop {
        let (code, after) = rest.split_once(": ")?;
        let mut letters = code.chars();
        if code.len() == 5
            && letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
            && letters.all(|digit| digit.is_ascii_digit())
        {
            return Some((code, after));
        }
        rest = after;
    }
}

fn quoted(text: &str) -> String {
    crate::simulate::value::Value::string(text).to_json()
}

/// A token of the parser as it stands in the text.
fn token(name: &str) -> String {
    let symbol = match name {
        "Plus" => "+",
        "Minus" => "-",
        "Star" => "*",
        "StarStar" => "**",
        "Slash" => "/",
        "Percent" => "%",
        "Equal" => "=",
        "NotEqual" => "!=",
        "LessThan" => "<",
        "LessThanOrEqual" => "<=",
        "GreaterThan" => ">",
        "GreaterThanOrEqual" => ">=",
        "Ampersand" => "&",
        "Dot" => ".",
        "DotDot" => "..",
        "Comma" => ",",
        "Semicolon" => ";",
        "Colon" => ":",
        "ColonEqual" => ":=",
        "Question" => "?",
        "QuestionQuestion" => "??",
        "QuestionColon" => "?:",
        "LeftParen" => "(",
        "RightParen" => ")",
        "LeftBracket" => "[",
        "RightBracket" => "]",
        "LeftBrace" => "{",
        "RightBrace" => "}",
        "Caret" => "^",
        "Pipe" => "|",
        "At" => "@",
        "Hash" => "#",
        "TildeArrow" | "ChainPipe" | "Tilde" => "~>",
        "And" => "and",
        "Or" => "or",
        "In" => "in",
        "Eof" => "(end)",
        // `Identifier("a")`, `Number(1.0)`: what is inside.
        other => match other.split_once('(').and_then(|(_, inside)| inside.strip_suffix(')')) {
            Some(inside) if inside.starts_with('"') => return inside.to_string(),
            Some(inside) => return inside.strip_suffix(".0").unwrap_or(inside).to_string(),
            None => other,
        },
    };
    quoted(symbol)
}

/// What jsonata-js would say of a text that does not parse.
#[must_use]
pub fn of_parser(message: &str, text: &str) -> ParseError {
    let Some((code, rest)) = split(message) else {
        return if message == "Unclosed comment" {
            ParseError { code: Some("S0106".into()), message: "Comment has no closing tag".into(), offset: None }
        } else {
            ParseError { code: None, message: message.into(), offset: None }
        };
    };
    let coded = |code: &str, message: String, offset: Option<usize>| ParseError { code: Some(code.into()), message, offset };
    match code {
        "S0101" if text.matches('"').count().is_multiple_of(2) && text.matches('\'').count().is_multiple_of(2) && text.contains('/') => {
            coded("S0302", "No terminating / in regular expression".into(), Some(text.len()))
        }
        "S0101" | "S0105" | "S0207" => coded(code, rest.into(), Some(text.len())),
        "S0102" => {
            coded(code, format!("Number out of range: {}", quoted(rest.trim_start_matches("Number out of range: "))), text.find(rest))
        }
        "S0103" => {
            let character = rest.rsplit('\\').next().unwrap_or_default();
            coded(code, format!("Unsupported escape sequence: \\{}", quoted(character)), text.find(&format!("\\{character}")))
        }
        "S0201" => coded(code, format!("Syntax error: {}", token(rest.trim_start_matches("Syntax error: "))), None),
        "S0202" => {
            let (expected, found) = rest.trim_start_matches("Expected ").split_once(", got ").unwrap_or((rest, ""));
            coded(code, format!("Expected {}, got {}", token(expected), token(found)), None)
        }
        "S0203" => {
            let expected = rest.trim_start_matches("Expected ").trim_end_matches(" before end of expression");
            coded(code, format!("Expected {} before end of expression", token(expected)), Some(text.len()))
        }
        "S0204" => coded(code, format!("Unknown operator: {}", token(rest.trim_start_matches("Unknown operator: "))), None),
        "S0208" => coded(code, "Parameter 1 of function definition must be a variable name (start with $)".into(), None),
        "S0211" => {
            let symbol = rest.trim_start_matches("The symbol ").trim_end_matches(" cannot be used as a unary operator");
            coded(code, format!("The symbol {} cannot be used as a unary operator", token(symbol)), None)
        }
        "S0214" if rest.contains('@') || rest.contains('#') => {
            let symbol = if rest.contains('@') { "@" } else { "#" };
            coded(code, format!("The right side of {} must be a variable name (start with $)", quoted(symbol)), text.find(symbol))
        }
        "S0401" => coded(code, "Type parameters can only be applied to functions and arrays".into(), None),
        "S0402" => coded(code, "Choice groups containing parameterized types are not supported".into(), None),
        _ => coded(code, fixed(code).map_or_else(|| rest.to_string(), str::to_string), None),
    }
}

/// What evaluates a part of the failed expression.
pub type Run<'a> = dyn FnMut(&AstNode) -> Result<JValue, EvaluatorError> + 'a;

/// What AWS would say of an evaluation that failed.
pub fn of_engine(error: &EvaluatorError, ast: &AstNode, run: &mut Run<'_>) -> Failure {
    let Some((code, rest)) = split(error.message()) else {
        let message = error.message();
        return Failure::Plain(if message.contains("Invalid regex") {
            format!("invalid regular expression: {}", message.lines().last().unwrap_or_default().trim_start_matches("error: "))
        } else {
            message.into()
        });
    };
    match code {
        "U9001" | "D2015" => return Failure::Plain(MEMORY.into()),
        "D1011" | "U1001" | "U1002" => return Failure::Plain(STACK.into()),
        "D1012" | "U1003" => return Failure::Plain(TIME.into()),
        _ => {}
    }
    let message = fixed(code).map_or_else(|| filled(code, rest, error.message(), ast, run), str::to_string);
    Failure::Coded { code: code.into(), message }
}

fn filled(code: &str, rest: &str, whole: &str, ast: &AstNode, run: &mut Run<'_>) -> String {
    match code {
        // Our own functions name themselves.
        "T0410" if rest.contains(" of function \"") => rest.to_string(),
        "T0412" if rest.ends_with(" of undefined") => rest.to_string(),
        "T0410" | "T0411" | "T0412" => {
            let place = Place::find(ast, whole, run);
            let function = place.function().map_or_else(|| "undefined".to_string(), |name| quoted(&name));
            let index = argument(rest);
            match code {
                "T0410" => format!("Argument {index} of function {function} does not match function signature"),
                "T0411" => format!("Context value is not a compatible type with argument {index} of function {function}"),
                _ => {
                    let item = if rest.ends_with("String") {
                        "strings"
                    } else if rest.ends_with("Object") {
                        "objects"
                    } else {
                        "numbers"
                    };
                    format!("Argument {index} of function {function} must be an array of {}", quoted(item))
                }
            }
        }
        "T2001" | "T2002" => {
            let operator = rest.split_once(" of the ").and_then(|(_, after)| after.split_once(" operator"));
            let side = if code == "T2001" { "left" } else { "right" };
            operator.map_or_else(
                || rest.to_string(),
                |(operator, _)| format!("The {side} side of the {} operator must evaluate to a number", quoted(operator.trim_matches('"'))),
            )
        }
        "T2009" | "T2010" => {
            let place = Place::find(ast, whole, run);
            let AstNode::Binary { op, lhs, rhs } = place.node else {
                // Inside a path or a function: the operator of the first comparison there.
                return match comparison(place.node) {
                    Some(op) if code == "T2010" => {
                        format!("The expressions either side of operator {} must evaluate to numeric or string values", quoted(symbol(op)))
                    }
                    _ => rest.to_string(),
                };
            };
            let operator = quoted(symbol(*op));
            if code == "T2010" {
                return format!("The expressions either side of operator {operator} must evaluate to numeric or string values");
            }
            format!(
                "The values {} and {} either side of operator {operator} must be of the same data type",
                place.value(lhs, run),
                place.value(rhs, run)
            )
        }
        "D1002" => {
            let place = Place::find(ast, whole, run);
            let AstNode::Unary { operand, .. } = place.node else { return rest.to_string() };
            format!("Cannot negate a non-numeric value: {}", place.value(operand, run))
        }
        "D1009" => {
            rest.split_once(": ").map_or_else(|| rest.to_string(), |(lead, key)| format!("{lead}: {}", quoted(key.trim_matches('"'))))
        }
        "D2014" => {
            let place = Place::find(ast, whole, run);
            let size = match place.node {
                AstNode::Binary { lhs, rhs, .. } => {
                    place.number(lhs, run).zip(place.number(rhs, run)).map(|(first, last)| last - first + 1.0)
                }
                AstNode::Array(items) => match items.as_slice() {
                    [AstNode::Binary { op: BinaryOp::Range, lhs, rhs }] => {
                        place.number(lhs, run).zip(place.number(rhs, run)).map(|(first, last)| last - first + 1.0)
                    }
                    _ => None,
                },
                _ => None,
            };
            let size = size.map_or_else(String::new, |size| format!(" {size}"));
            format!("The size of the sequence allocated by the range operator (..) must not exceed 1e6.  Attempted to allocate{size}.")
        }
        "D3030" => {
            let place = Place::find(ast, whole, run);
            let value = match place.node {
                AstNode::Function { args, .. } if args.len() == 1 => place.value(&args[0], run),
                _ => quoted(rest.split('\'').nth(1).unwrap_or_default()),
            };
            format!("Unable to cast value to a number: {value}")
        }
        "D3100" => {
            let given = rest.rsplit("got ").next().unwrap_or_default();
            format!("The radix of the formatBase function must be between 2 and 36.  It was given {given}")
        }
        "D1001" => "Number out of range: null".into(),
        "D3130" => {
            format!("Formatting or parsing an integer as a sequence starting with {} is not supported by this implementation", quoted(rest))
        }
        "D3132" => format!("Unknown component specifier {} in date/time picture string", quoted(rest)),
        "D3133" => {
            format!("The 'name' modifier can only be applied to months and days in the date/time picture string, not {}", quoted(rest))
        }
        _ => rest.to_string(),
    }
}

/// Which argument the engine means.
fn argument(rest: &str) -> usize {
    if let Some(count) = rest.strip_prefix("Argument count mismatch: expected ") {
        let mut numbers = count.split(", got ").filter_map(|text| text.parse::<usize>().ok());
        let (expected, got) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        return expected.min(got) + 1;
    }
    let after = rest.split_once("rgument ").map_or("", |(_, after)| after);
    after.split(|letter: char| !letter.is_ascii_digit()).next().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::LessThan => "<",
        BinaryOp::LessThanOrEqual => "<=",
        BinaryOp::GreaterThan => ">",
        BinaryOp::GreaterThanOrEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
        _ => "?",
    }
}

/// The innermost part that fails as the whole does, with the assignments before it.
struct Place<'a> {
    node: &'a AstNode,
    before: Vec<AstNode>,
}

/// How many parts are tried.
const TRIES: usize = 200;

impl<'a> Place<'a> {
    fn find(ast: &'a AstNode, message: &str, run: &mut Run<'_>) -> Self {
        let mut place = Place { node: ast, before: Vec::new() };
        let mut tries = 0;
        'down: loop {
            let sequence = matches!(place.node, AstNode::Block(_));
            for part in parts(place.node) {
                tries += 1;
                if tries > TRIES {
                    return place;
                }
                if run(&place.within(part)).is_err_and(|error| error.message() == message) {
                    place.node = part;
                    continue 'down;
                }
                if sequence {
                    place.before.push(part.clone());
                }
            }
            return place;
        }
    }

    /// A part, evaluated where it stands.
    fn within(&self, part: &AstNode) -> AstNode {
        if self.before.is_empty() {
            return part.clone();
        }
        let mut items = self.before.clone();
        items.push(part.clone());
        AstNode::Block(items)
    }

    /// A part's value as JSON.
    fn value(&self, part: &AstNode, run: &mut Run<'_>) -> String {
        match run(&self.within(part)) {
            Ok(value) => match convert::of_engine(&value, &Exact::default()) {
                Ok(Some(value)) => value.to_json(),
                _ => "undefined".into(),
            },
            Err(_) => "undefined".into(),
        }
    }

    fn number(&self, part: &AstNode, run: &mut Run<'_>) -> Option<f64> {
        run(&self.within(part)).ok()?.as_f64()
    }

    /// The function that is called here, or the first one inside.
    fn function(&self) -> Option<String> {
        match self.node {
            AstNode::Binary { op: BinaryOp::ChainPipe, rhs, .. } => called(rhs),
            node => called(node),
        }
    }
}

/// The parts of a node that are evaluated with the same context item, in the order of evaluation.
fn parts(node: &AstNode) -> Vec<&AstNode> {
    match node {
        AstNode::Binary { op: BinaryOp::ColonEqual, rhs, .. } => vec![rhs],
        AstNode::Binary { op: BinaryOp::ChainPipe, lhs, .. } => vec![lhs],
        AstNode::Binary { lhs, rhs, .. } => vec![lhs, rhs],
        AstNode::Unary { operand, .. } => vec![operand],
        AstNode::Function { args, .. } | AstNode::Call { args, .. } | AstNode::Array(args) | AstNode::Block(args) => args.iter().collect(),
        AstNode::Object(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
        AstNode::Conditional { condition, then_branch, else_branch } => {
            let mut parts = vec![&**condition, then_branch];
            parts.extend(else_branch.as_deref());
            parts
        }
        AstNode::Path { steps } => steps.first().map(|step| &step.node).into_iter().collect(),
        AstNode::ObjectTransform { input, .. } | AstNode::Sort { input, .. } => vec![input],
        _ => Vec::new(),
    }
}

/// The operator of the first comparison in a node.
fn comparison(node: &AstNode) -> Option<BinaryOp> {
    with_stack(|| match node {
        AstNode::Binary {
            op: op @ (BinaryOp::LessThan | BinaryOp::LessThanOrEqual | BinaryOp::GreaterThan | BinaryOp::GreaterThanOrEqual),
            ..
        } => Some(*op),
        AstNode::Lambda { body: inner, .. } | AstNode::FunctionApplication(inner) => comparison(inner),
        AstNode::Path { steps } => steps.iter().find_map(|step| {
            let filters = step.stages.iter().filter_map(|stage| match stage {
                Stage::Filter(filter) => Some(&**filter),
                _ => None,
            });
            std::iter::once(&step.node).chain(filters).find_map(comparison)
        }),
        other => parts(other).into_iter().find_map(comparison),
    })
}

/// The first call of a function by name in a node.
fn called(node: &AstNode) -> Option<String> {
    with_stack(|| match node {
        AstNode::Function { name, args, .. } => match name.as_str() {
            // The function given to these is what fails, where one is written out.
            "map" | "filter" | "reduce" | "each" | "sift" | "single" | "sort" => args.iter().find_map(|arg| match arg {
                AstNode::Lambda { body, .. } => called(body),
                AstNode::Variable(name) => Some(name.clone()).filter(|_| args.first().is_none_or(|first| !std::ptr::eq(first, arg))),
                _ => None,
            }),
            _ => Some(name.clone()),
        }
        .or_else(|| Some(name.clone())),
        AstNode::Variable(name) => Some(name.clone()),
        AstNode::Lambda { body, .. } => called(body),
        AstNode::FunctionApplication(inner) => called(inner),
        AstNode::Path { steps } => {
            steps.iter().filter(|step| !matches!(step.node, AstNode::Variable(_))).find_map(|step| called(&step.node))
        }
        AstNode::Call { .. } => None,
        other => parts(other).into_iter().filter(|part| !matches!(part, AstNode::Variable(_))).find_map(called),
    })
}
