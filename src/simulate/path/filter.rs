//! Filters: `[?(@.price < 10 && @.isbn)]`.
use super::parse::{Cursor, literal, steps};
use super::{Missing, Steps};
use crate::simulate::intrinsic::java_text;
use crate::simulate::value::{Number, Value};
use regex::Regex;
use std::cmp::Ordering;

#[derive(Clone, Debug)]
pub(super) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Place),
    Compare(Side, Operator, Side),
}

/// A path within a filter.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// It starts with `$`, not with `@`.
    from_document: bool,
    steps: Steps,
}

#[derive(Clone, Debug)]
pub(super) enum Side {
    Place(Place),
    Literal(Value),
    Pattern(Regex),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Eq,
    Ne,
    /// `===`: equal, and of the same type.
    Same,
    NotSame,
    Lt,
    Le,
    Gt,
    Ge,
    Matches,
    In,
    NotIn,
    Contains,
    All,
    Size,
    Empty,
    SubsetOf,
    AnyOf,
    NoneOf,
}

/// Longer ones first where one starts another.
const OPERATORS: [(&str, Operator); 18] = [
    ("===", Operator::Same),
    ("!==", Operator::NotSame),
    ("==", Operator::Eq),
    ("!=", Operator::Ne),
    ("<=", Operator::Le),
    (">=", Operator::Ge),
    ("<", Operator::Lt),
    (">", Operator::Gt),
    ("=~", Operator::Matches),
    ("in", Operator::In),
    ("nin", Operator::NotIn),
    ("contains", Operator::Contains),
    ("all", Operator::All),
    ("size", Operator::Size),
    ("empty", Operator::Empty),
    ("subsetof", Operator::SubsetOf),
    ("anyof", Operator::AnyOf),
    ("noneof", Operator::NoneOf),
];

/// Reads a filter, up to the bracket that closes it.
pub(super) fn parse(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, String> {
    let mut alternatives = vec![conjunction(cursor, depth)?];
    loop {
        cursor.spaces();
        if !cursor.eat("||") {
            return Ok(if alternatives.len() == 1 { alternatives.remove(0) } else { Filter::Or(alternatives) });
        }
        alternatives.push(conjunction(cursor, depth)?);
    }
}

fn conjunction(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, String> {
    let mut parts = vec![term(cursor, depth)?];
    loop {
        cursor.spaces();
        if !cursor.eat("&&") {
            return Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::And(parts) });
        }
        parts.push(term(cursor, depth)?);
    }
}

fn term(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, String> {
    if depth > 32 {
        return Err("it is nested too deeply".into());
    }
    cursor.spaces();
    let negated = cursor.eat("!");
    if negated {
        cursor.spaces();
        if !matches!(cursor.peek(), Some('@' | '$')) {
            return Ok(Filter::Not(Box::new(term(cursor, depth + 1)?)));
        }
    }
    if cursor.eat("(") {
        let inner = parse(cursor, depth + 1)?;
        cursor.spaces();
        cursor.expect(")")?;
        return Ok(inner);
    }
    let left = side(cursor, depth)?;
    cursor.spaces();
    let before = cursor.place();
    if let Some(operator) = operator(cursor) {
        cursor.spaces();
        // `!@.a == 1` is `@.a == 1` for the library.
        return Ok(Filter::Compare(left, operator, side(cursor, depth)?));
    }
    cursor.back_to(before);
    match left {
        Side::Place(place) if negated => Ok(Filter::Not(Box::new(Filter::Exists(place)))),
        Side::Place(place) => Ok(Filter::Exists(place)),
        _ => Err("a comparison is missing".into()),
    }
}

fn operator(cursor: &mut Cursor<'_>) -> Option<Operator> {
    let sign = cursor.take_while(|c| matches!(c, '=' | '!' | '<' | '>' | '~'));
    let word = if sign.is_empty() { cursor.take_while(|c| c.is_ascii_alphabetic()) } else { sign };
    OPERATORS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, operator)| *operator)
}

fn side(cursor: &mut Cursor<'_>, depth: usize) -> Result<Side, String> {
    match cursor.peek() {
        Some(root @ ('@' | '$')) => {
            cursor.next();
            Ok(Side::Place(Place { from_document: root == '$', steps: Steps::new(steps(cursor, depth, true)?) }))
        }
        Some('/') => pattern(cursor).map(Side::Pattern),
        Some(c) if c.is_ascii_alphabetic() || c == '_' => Ok(Side::Literal(bare(cursor))),
        _ => literal(cursor).map(Side::Literal),
    }
}

/// A word without quotes: `true`, `false`, `null`, else a text. Machines that AWS publishes compare with such words (`[?(@.code==es)]`, in
/// parallel-translate and textract-analyze-expense-tf of aws-samples/step-functions-workflows-collection), so they are not refused.
fn bare(cursor: &mut Cursor<'_>) -> Value {
    let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    match word {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        text => Value::string(text),
    }
}

/// `/…/i`: a regular expression that the whole text must match.
fn pattern(cursor: &mut Cursor<'_>) -> Result<Regex, String> {
    cursor.expect("/")?;
    let mut text = String::new();
    loop {
        match cursor.next() {
            Some('\\') if cursor.peek() == Some('/') => {
                cursor.next();
                text.push('/');
            }
            Some('\\') => {
                text.push('\\');
                text.extend(cursor.next());
            }
            Some('/') => break,
            Some(c) => text.push(c),
            None => return Err("`/` is not closed".into()),
        }
    }
    let flags = cursor.take_while(|c| matches!(c, 'i' | 'm' | 's' | 'x' | 'u' | 'd' | 'U'));
    let flags: String = flags.chars().filter(|c| matches!(c, 'i' | 'm' | 's' | 'x')).collect();
    let flags = if flags.is_empty() { flags } else { format!("(?{flags})") };
    Regex::new(&format!("^{flags}(?:{text})$")).map_err(|_| format!("`/{text}/` is not a regular expression"))
}

/// Why a filter is neither true nor false.
enum Trouble {
    /// An operator has a side that it cannot work with; then nothing passes the whole filter.
    Side,
    /// The evaluation ends.
    End(Missing),
}

impl Filter {
    pub(super) fn accepts(&self, item: &Value, document: &Value) -> Result<bool, Missing> {
        match self.test(item, document) {
            Ok(accepts) => Ok(accepts),
            Err(Trouble::Side) => Ok(false),
            Err(Trouble::End(missing)) => Err(missing),
        }
    }

    fn test(&self, item: &Value, document: &Value) -> Result<bool, Trouble> {
        Ok(match self {
            Filter::Or(parts) => {
                for part in parts {
                    if part.test(item, document)? {
                        return Ok(true);
                    }
                }
                false
            }
            Filter::And(parts) => {
                for part in parts {
                    if !part.test(item, document)? {
                        return Ok(false);
                    }
                }
                true
            }
            Filter::Not(inner) => !inner.test(item, document)?,
            Filter::Exists(place) => place.steps.exists(if place.from_document { document } else { item }, document),
            Filter::Compare(left, operator, right) => {
                if let (side, Side::Pattern(pattern)) | (Side::Pattern(pattern), side) = (left, right) {
                    return Ok(*operator == Operator::Matches && side.value(item, document)?.is_some_and(|value| matches(pattern, &value)));
                }
                return compare(left.value(item, document)?.as_ref(), *operator, right.value(item, document)?.as_ref());
            }
        })
    }
}

impl Side {
    /// `None`: nothing is there.
    fn value(&self, item: &Value, document: &Value) -> Result<Option<Value>, Trouble> {
        match self {
            Side::Literal(value) => Ok(Some(value.clone())),
            Side::Place(place) => match place.steps.find(if place.from_document { document } else { item }, document) {
                Ok(value) => Ok(Some(value)),
                Err(missing @ Missing::NoFunction(_)) => Err(Trouble::End(missing)),
                Err(Missing::NoFilter(_)) => Err(Trouble::Side),
                Err(_) => Ok(None),
            },
            Side::Pattern(_) => Ok(None),
        }
    }
}

fn matches(pattern: &Regex, value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| matches(pattern, item)),
        Value::Null => false,
        other => pattern.is_match(&java_text(other)),
    }
}

fn compare(left: Option<&Value>, operator: Operator, right: Option<&Value>) -> Result<bool, Trouble> {
    let eq = || left.zip(right).is_some_and(|(left, right)| equal(left, right));
    let same = || eq() && left.map(std::mem::discriminant) == right.map(std::mem::discriminant);
    let order = || left.zip(right).and_then(|(left, right)| order(left, right));
    Ok(match operator {
        Operator::Eq => eq(),
        Operator::Ne => !eq(),
        Operator::Same => same(),
        Operator::NotSame => !same(),
        Operator::Lt => order() == Some(Ordering::Less),
        Operator::Le => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
        Operator::Gt => order() == Some(Ordering::Greater),
        Operator::Ge => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
        Operator::Matches => false,
        Operator::In => is_in(left, right)?,
        Operator::NotIn => !is_in(left, right)?,
        Operator::Contains => match (left, right) {
            (Some(Value::String(text)), Some(Value::String(part))) => text.contains(&**part),
            (Some(Value::Array(_)), right) => is_in(right, left)?,
            _ => false,
        },
        // The library has it only for filters that are built in Java.
        Operator::All => return Err(Trouble::Side),
        Operator::Size => {
            let size = match left {
                Some(Value::Array(items)) => items.len(),
                Some(Value::String(text)) => text.encode_utf16().count(),
                _ => return Ok(false),
            };
            right.and_then(Value::as_number).and_then(Number::as_i64).is_some_and(|wanted| usize::try_from(wanted) == Ok(size))
        }
        Operator::Empty => {
            let empty = match left {
                Some(Value::Array(items)) => items.is_empty(),
                // An object is more than the library can bear here.
                Some(Value::Object(_)) => {
                    let problem = "class java.util.LinkedHashMap cannot be cast to class java.util.Collection";
                    return Err(Trouble::End(Missing::NoFunction(problem.into())));
                }
                Some(Value::String(text)) => text.is_empty(),
                _ => return Ok(false),
            };
            matches!(right, Some(Value::Bool(wanted)) if *wanted == empty)
        }
        Operator::SubsetOf | Operator::AnyOf | Operator::NoneOf => {
            let Some(all) = list(right)? else { return Ok(false) };
            let Some(items) = list(left)? else { return Ok(false) };
            let is_there = |item: &Value| all.iter().any(|other| equal(other, item));
            match operator {
                Operator::SubsetOf => items.iter().all(is_there),
                Operator::AnyOf => items.iter().any(is_there),
                _ => !items.iter().any(is_there),
            }
        }
    })
}

fn is_in(item: Option<&Value>, all: Option<&Value>) -> Result<bool, Trouble> {
    let Some(all) = list(all)? else { return Ok(false) };
    Ok(item.is_some_and(|item| all.iter().any(|other| equal(other, item))))
}

/// A side as a list: `None` for an object. The library takes no lists of lists or objects.
fn list(side: Option<&Value>) -> Result<Option<&[Value]>, Trouble> {
    match side {
        Some(Value::Array(items)) if items.iter().any(|item| matches!(item, Value::Array(_) | Value::Object(_))) => {
            Err(Trouble::End(Missing::NoFunction("Could not determine value type".into())))
        }
        Some(Value::Array(items)) => Ok(Some(items)),
        Some(Value::Object(_)) => Ok(None),
        _ => Err(Trouble::Side),
    }
}

/// A text and a number are equal when the one reads as the other.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(number), Value::String(text)) => Number::of_text(text) == *number,
        (Value::String(text), Value::Number(number)) => **text == number.text(),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(Number::Int(a)), Value::Number(Number::Int(b))) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        (Value::String(a), Value::String(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
        _ => None,
    }
}
