//! The notation of variables: `${source:address, fallback, 'literal'}`, nested at will.
//!
//! Only what the framework itself takes for a variable is one: a source name followed by `:` or `(`. `${AWS::Region}` is a
//! pseudo parameter of `CloudFormation`, `${Bucket}` and `${Bucket.Arn}` belong to `Fn::Sub` and stay as they are, and
//! `\${` writes the two characters. Source: "Serverless Variables", Serverless Framework documentation, November 2026.

use std::collections::BTreeMap;

/// How deeply variables may be nested in one text.
const MAX_NESTING: usize = 32;

/// A text with variables.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Template {
    pub pieces: Vec<Piece>,
    /// What is wrong with the notation: the rest of the text is a literal then.
    pub problem: Option<&'static str>,
}

#[derive(Debug, PartialEq, Eq, Clone)]
pub(super) enum Piece {
    Literal(String),
    Variable(Variable),
    /// `AWS::Region`.
    Pseudo(String),
}

/// `${…}`: the first of its sources that has a value.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(super) struct Variable {
    /// As written, with `${` and `}`.
    pub text: String,
    /// Each source's text, still with the variables nested in it.
    pub sources: Vec<Vec<Piece>>,
}

/// Whether a text may hold variables.
pub(super) fn has_variable(text: &str) -> bool {
    text.contains("${")
}

pub(super) fn parse(text: &str) -> Template {
    let mut template = Template::default();
    template.pieces = pieces(text, 0, &mut template.problem);
    template
}

fn pieces(text: &str, depth: usize, problem: &mut Option<&'static str>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut literal = String::new();
    let ends = closings(text);
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        let inner = &from[2..];
        let inner_start = text.len() - inner.len();
        if let Some(before) = before.strip_suffix('\\') {
            literal.push_str(before);
            literal.push_str("${");
            rest = inner;
            continue;
        }
        literal.push_str(before);
        let Some(end) = ends.get(&inner_start).map(|end| end - inner_start) else {
            if looks_like_source(inner) {
                *problem = Some("is not closed with `}`");
            }
            literal.push_str(from);
            rest = "";
            break;
        };
        let body = inner[..end].trim();
        let found = if body.starts_with("AWS::") {
            Some(Piece::Pseudo(body.to_owned()))
        } else if !looks_like_source(body) {
            None
        } else if depth >= MAX_NESTING {
            *problem = Some("is nested too deeply");
            None
        } else {
            let sources = split(body).into_iter().map(|part| pieces(part.trim(), depth + 1, problem)).collect();
            Some(Piece::Variable(Variable { text: from[..end + 3].to_owned(), sources }))
        };
        if let Some(piece) = found {
            if !literal.is_empty() {
                out.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            out.push(piece);
            rest = &inner[end + 1..];
        } else {
            // Of `Fn::Sub`: the framework leaves it, but looks for variables inside.
            literal.push_str("${");
            rest = inner;
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        out.push(Piece::Literal(literal));
    }
    out
}

/// For each `${` that is closed: the offset after it, and that of its `}`.
fn closings(text: &str) -> BTreeMap<usize, usize> {
    let mut open = Vec::new();
    let mut closed = BTreeMap::new();
    let mut previous = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if previous == b'$' => open.push(at + 1),
            b'}' => {
                if let Some(start) = open.pop() {
                    closed.insert(start, at);
                }
            }
            _ => {}
        }
        previous = byte;
    }
    closed
}

/// Whether the inside of `${…}` begins with a source: a name and `:` (not `::`) or `(`, or a nested variable.
fn looks_like_source(body: &str) -> bool {
    let body = body.trim_start();
    if body.starts_with("${") {
        return true;
    }
    let name = body.len() - body.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).len();
    let starts = body.starts_with(|c: char| c.is_ascii_alphabetic());
    let after = &body[name..];
    starts && (after.starts_with('(') || (after.starts_with(':') && !after.starts_with("::")))
}

/// Splits the sources at commas outside quotes, parentheses and nested variables.
fn split(body: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut braces, mut parentheses) = (0, 0_usize, 0_usize);
    let mut quote: Option<u8> = None;
    let bytes = body.as_bytes();
    for (at, byte) in body.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte && braces == 0 => quote = None,
            (None, b'\'' | b'"') if braces == 0 => quote = Some(byte),
            (_, b'{') if at > 0 && bytes.get(at - 1) == Some(&b'$') => braces += 1,
            (_, b'}') => braces = braces.saturating_sub(1),
            (None, b'(') => parentheses += 1,
            (None, b')') => parentheses = parentheses.saturating_sub(1),
            (None, b',') if braces == 0 && parentheses == 0 => {
                parts.push(&body[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&body[start..]);
    parts
}

/// What one source says, once the variables inside it have values.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source<'t> {
    /// `name(argument):address`; each part may be missing.
    Named {
        name: &'t str,
        argument: Option<&'t str>,
        address: &'t str,
    },
    Number(&'t str),
    Bool(bool),
    Null,
    /// A quoted text.
    Text(&'t str),
    Unreadable,
}

/// Reads a source without variables in it.
pub(super) fn source(text: &str) -> Source<'_> {
    let text = text.trim();
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)) {
            return Source::Text(inner);
        }
    }
    match text {
        "true" => return Source::Bool(true),
        "false" => return Source::Bool(false),
        "null" => return Source::Null,
        _ => {}
    }
    if !text.is_empty() && text.parse::<f64>().is_ok_and(f64::is_finite) && text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Source::Number(text);
    }
    if !looks_like_source(text) {
        return Source::Unreadable;
    }
    let name_end = text.find(['(', ':']).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    let (argument, rest) = match rest.strip_prefix('(') {
        None => (None, rest),
        Some(inner) => match inner.split_once(')') {
            None => return Source::Unreadable,
            Some((argument, rest)) => (Some(argument.trim()), rest),
        },
    };
    let address = match rest.strip_prefix(':') {
        Some(address) => address.trim(),
        None if rest.trim().is_empty() => "",
        None => return Source::Unreadable,
    };
    Source::Named { name, argument, address }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Piece {
        Piece::Literal(text.into())
    }

    fn variable(text: &str, sources: Vec<Vec<Piece>>) -> Piece {
        Piece::Variable(Variable { text: text.into(), sources })
    }

    #[test]
    fn pieces_of_a_text() {
        assert_eq!(parse("a-${self:x}-b").pieces, vec![literal("a-"), variable("${self:x}", vec![vec![literal("self:x")]]), literal("-b")]);
        assert_eq!(
            parse("${opt:stage,'a,b'}").pieces,
            vec![variable("${opt:stage,'a,b'}", vec![vec![literal("opt:stage")], vec![literal("'a,b'")]])]
        );
        let nested = variable("${self:y, 'z'}", vec![vec![literal("self:y")], vec![literal("'z'")]]);
        assert_eq!(
            parse("${self:x.${self:y, 'z'}.w}").pieces,
            vec![variable("${self:x.${self:y, 'z'}.w}", vec![vec![literal("self:x."), nested, literal(".w")]])]
        );
    }

    #[test]
    fn what_is_no_variable() {
        for text in ["${Bucket}", "${Bucket.Arn}", "$${x}", "${}", "${a b}", "$", "{x}", "${Foo::Bar}"] {
            assert_eq!(parse(text), Template { pieces: vec![literal(text)], problem: None }, "{text}");
        }
        assert_eq!(parse(r"\${self:x}").pieces, vec![literal("${self:x}")]);
        assert_eq!(parse("${AWS::Region}").pieces, vec![Piece::Pseudo("AWS::Region".into())]);
        assert!(parse("${self:x").problem.is_some());
        assert!(parse("${Bucket").problem.is_none());
        // A variable inside a text of `Fn::Sub`.
        assert_eq!(parse("${Fn${self:x}}").pieces.len(), 3);
    }

    #[test]
    fn nesting_is_bounded() {
        let text = format!("{}x{}", "${self:".repeat(5000), "}".repeat(5000));
        assert_eq!(parse(&text).problem, Some("is nested too deeply"));
    }

    #[test]
    fn sources() {
        let named = |name, argument, address| Source::Named { name, argument, address };
        assert_eq!(source("self:custom.a"), named("self", None, "custom.a"));
        assert_eq!(source("self:"), named("self", None, ""));
        assert_eq!(source("file(./a.yml)"), named("file", Some("./a.yml"), ""));
        assert_eq!(source("file( a.yml ):b.c"), named("file", Some("a.yml"), "b.c"));
        assert_eq!(source("ssm(eu-west-1):/a/b~true"), named("ssm", Some("eu-west-1"), "/a/b~true"));
        assert_eq!(source("cf.us-west-2:stack.Out"), named("cf.us-west-2", None, "stack.Out"));
        assert_eq!(source("-1.5"), Source::Number("-1.5"));
        assert_eq!(source("''"), Source::Text(""));
        for text in ["dev", "", "file(./a.yml", "'", "inf"] {
            assert_eq!(source(text), Source::Unreadable, "{text}");
        }
    }
}
