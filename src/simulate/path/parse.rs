//! From text to steps.
use super::filter;
use super::function::{Argument, Function};
use super::{Root, Step, Steps};
use crate::simulate::value::Value;
use std::sync::Arc;

/// Filters and arguments of functions hold paths that hold filters …
const DEEPEST: usize = 32;

/// Reads a whole path.
pub(super) fn path(text: &str) -> Result<(Root, Vec<Step>), String> {
    let text = text.trim();
    let rest =
        text.strip_prefix('$').ok_or_else(|| format!("a path starts with `$`, not with `{}`", text.chars().next().unwrap_or(' ')))?;
    if let Some(rest) = rest.strip_prefix('$') {
        return Ok((Root::Context, whole(rest)?));
    }
    if rest.is_empty() || rest.starts_with(['.', '[']) {
        return Ok((Root::Input, whole(rest)?));
    }
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    if !name.chars().all(|c| c.is_alphanumeric() || c == '_') || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("`${name}` is not the name of a variable"));
    }
    Ok((Root::Variable(name.into()), whole(rest)?))
}

fn whole(text: &str) -> Result<Vec<Step>, String> {
    let mut cursor = Cursor::new(text);
    let steps = steps(&mut cursor, 0, false)?;
    match cursor.peek() {
        None => Ok(steps),
        Some(c) => Err(format!("`{c}` is not expected here")),
    }
}

/// A place in a text.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    pub(super) fn expect(&mut self, prefix: &str) -> Result<(), String> {
        if self.eat(prefix) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(found) => format!("`{prefix}` is expected, not `{found}`"),
            None => format!("`{prefix}` is missing at the end"),
        })
    }

    pub(super) fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    pub(super) fn place(&self) -> usize {
        self.at
    }

    pub(super) fn back_to(&mut self, place: usize) {
        self.at = place;
    }

    /// What stands here as long as `wanted` holds.
    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }
}

/// The steps behind a root. `inside`: within a filter or among arguments, where an operator, a comma or a bracket ends the path.
pub(super) fn steps(cursor: &mut Cursor<'_>, depth: usize, inside: bool) -> Result<Vec<Step>, String> {
    if depth > DEEPEST {
        return Err("it is nested too deeply".into());
    }
    let mut steps = Vec::new();
    let mut after_bracket = false;
    loop {
        if cursor.eat("..") {
            steps.push(Step::Scan);
            after_bracket = cursor.peek() == Some('[');
            match cursor.peek() {
                None | Some('.') => return Err("a path must not end with `..`, and no third `.` may follow".into()),
                Some('[') => bracket(cursor, &mut steps, depth)?,
                Some(_) => name(cursor, &mut steps, depth, inside)?,
            }
        } else if cursor.eat(".") {
            after_bracket = cursor.peek() == Some('[');
            match cursor.peek() {
                None => return Err("a path must not end with `.`".into()),
                Some('[') => bracket(cursor, &mut steps, depth)?,
                Some(_) => name(cursor, &mut steps, depth, inside)?,
            }
        } else if cursor.peek() == Some('[') {
            bracket(cursor, &mut steps, depth)?;
            after_bracket = true;
        } else if after_bracket && cursor.peek().is_some_and(|c| !ends_name(c, inside)) {
            // Behind a bracket the library needs no dot.
            name(cursor, &mut steps, depth, inside)?;
            after_bracket = false;
        } else {
            return Ok(steps);
        }
    }
}

/// `&` and `|` do not end a name for the library: `@.a||@.b` is one path.
fn ends_name(c: char, inside: bool) -> bool {
    matches!(c, '.' | '[' | '(' | ' ') || inside && matches!(c, ')' | ',' | '=' | '!' | '<' | '>' | '~' | ']')
}

/// Behind a dot: a name, `*`, or a function.
fn name(cursor: &mut Cursor<'_>, steps: &mut Vec<Step>, depth: usize, inside: bool) -> Result<(), String> {
    if cursor.eat("*") {
        steps.push(Step::Wildcard);
        return Ok(());
    }
    let text = cursor.take_while(|c| !ends_name(c, inside));
    if text.is_empty() {
        return Err("a name is missing behind `.`".into());
    }
    match cursor.peek() {
        Some('(') => {
            let function = Function::named(text).ok_or_else(|| format!("there is no function `{text}()` in paths"))?;
            cursor.expect("(")?;
            let arguments = arguments(cursor, depth + 1)?;
            steps.push(Step::Call(function, arguments));
            Ok(())
        }
        Some(' ') if !inside => Err(format!("a name with a blank is written in brackets: `['{text} …']`")),
        _ => {
            steps.push(Step::Names(vec![text.into()]));
            Ok(())
        }
    }
}

fn arguments(cursor: &mut Cursor<'_>, depth: usize) -> Result<Vec<Argument>, String> {
    let mut arguments = Vec::new();
    cursor.spaces();
    if cursor.eat(")") {
        return Ok(arguments);
    }
    loop {
        cursor.spaces();
        arguments.push(match cursor.peek() {
            Some(root @ ('$' | '@')) => {
                cursor.next();
                Argument::Path { from_document: root == '$', steps: Steps::new(steps(cursor, depth, true)?) }
            }
            Some(_) => Argument::Literal(literal(cursor)?),
            None => return Err("`)` is missing at the end".into()),
        });
        cursor.spaces();
        if cursor.eat(")") {
            return Ok(arguments);
        }
        cursor.expect(",")?;
    }
}

/// A literal: a text in single or double quotes, a number, true, false, null, or JSON.
pub(super) fn literal(cursor: &mut Cursor<'_>) -> Result<Value, String> {
    match cursor.peek() {
        Some(quote @ ('\'' | '"')) => quoted(cursor, quote).map(|text| Value::string(unescape(text))),
        Some('[' | '{') => json(cursor),
        _ => {
            let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
            if word.is_empty() {
                return Err("a value is missing".into());
            }
            Value::parse(word).map_err(|_| format!("`{word}` is not a value"))
        }
    }
}

/// JSON, in which texts may stand in single quotes.
fn json(cursor: &mut Cursor<'_>) -> Result<Value, String> {
    let mut text = String::new();
    let mut depth = 0_usize;
    loop {
        match cursor.peek() {
            Some(quote @ ('\'' | '"')) => {
                let inner = unescape(quoted(cursor, quote)?);
                text.push_str(&Value::string(inner).to_json());
                continue;
            }
            Some(c @ ('[' | '{')) => {
                depth += 1;
                text.push(c);
            }
            Some(c @ (']' | '}')) => {
                depth -= 1;
                text.push(c);
            }
            Some(c) => text.push(c),
            None => return Err("a bracket is not closed".into()),
        }
        cursor.next();
        if depth == 0 {
            return Value::parse(&text).map_err(|_| format!("`{text}` is not JSON"));
        }
    }
}

/// The inside of quotes, escapes untouched.
fn quoted<'t>(cursor: &mut Cursor<'t>, quote: char) -> Result<&'t str, String> {
    cursor.next();
    let text = cursor.rest();
    let start = cursor.place();
    loop {
        match cursor.next() {
            Some('\\') => {
                cursor.next();
            }
            Some(c) if c == quote => return Ok(&text[..cursor.place() - start - quote.len_utf8()]),
            Some(_) => {}
            None => return Err(format!("`{quote}` is not closed")),
        }
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// `[…]`.
fn bracket(cursor: &mut Cursor<'_>, steps: &mut Vec<Step>, depth: usize) -> Result<(), String> {
    cursor.expect("[")?;
    cursor.spaces();
    let step = match cursor.peek() {
        Some('\'' | '"') => Step::Names(names(cursor)?),
        Some('*') => {
            cursor.next();
            Step::Wildcard
        }
        Some('?') => {
            cursor.next();
            cursor.spaces();
            cursor.expect("(")?;
            let filter = filter::parse(cursor, depth + 1)?;
            cursor.spaces();
            cursor.expect(")")?;
            Step::Filter(Box::new(filter))
        }
        Some('(') => {
            let text = cursor.take_while(|c| c != ']');
            let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            let back = text.strip_prefix("(@.length-").and_then(|text| text.strip_suffix(')')).and_then(|back| back.parse::<i64>().ok());
            Step::Indexes(vec![-back.filter(|back| *back > 0).ok_or("the only expression for an index is `(@.length-1)`")?])
        }
        _ => numbers(cursor)?,
    };
    cursor.spaces();
    cursor.expect("]")?;
    steps.push(step);
    Ok(())
}

/// `'a','b'`. AWS takes a name as it is written, backslashes included.
fn names(cursor: &mut Cursor<'_>) -> Result<Vec<Arc<str>>, String> {
    let mut names = Vec::new();
    loop {
        cursor.spaces();
        let Some(quote @ ('\'' | '"')) = cursor.peek() else { return Err("a name in quotes is missing".into()) };
        names.push(quoted(cursor, quote)?.into());
        cursor.spaces();
        if !cursor.eat(",") {
            return Ok(names);
        }
    }
}

/// `0`, `0,1`, `1:`, `:2`, `1:2`.
fn numbers(cursor: &mut Cursor<'_>) -> Result<Step, String> {
    let text = cursor.take_while(|c| c.is_ascii_digit() || matches!(c, '-' | ',' | ':' | ' '));
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| format!("`{}` is not an index", text.trim()));
    if let Some((from, to)) = text.split_once(':') {
        // A step (`1:5:2`) is read over.
        let to = to.split(':').next().unwrap_or_default();
        let bound = |text: &str| if text.trim().is_empty() { Ok(None) } else { number(text).map(Some) };
        let (from, to) = (bound(from)?, bound(to)?);
        if from.is_none() && to.is_none() {
            return Err("`[:]` names nothing".into());
        }
        return Ok(Step::Slice(from, to));
    }
    Ok(Step::Indexes(text.split(',').map(number).collect::<Result<_, _>>()?))
}
