//! Texts: concatenation that keeps symbols, `str.format`, `%`, and JSON as Python writes it.
use crate::ir::value::{Segment, Unknown, Val, Value};
use crate::source::span::Origins;
use std::fmt::Write as _;

/// Python's `str()` of a scalar, as segments. `Err` with what is not known.
pub(super) fn segments(val: &Val) -> Result<Vec<Segment>, Option<Unknown>> {
    let literal = |text: &str| Ok(vec![Segment::Literal(text.to_owned())]);
    match &val.value {
        Value::Null => literal("None"),
        Value::Bool(true) => literal("True"),
        Value::Bool(false) => literal("False"),
        Value::Number(text) => literal(text),
        Value::Text(segments) => Ok(segments.clone()),
        Value::Symbol(symbol) => Ok(vec![Segment::Symbol(symbol.clone())]),
        Value::Unknown(unknown) => Err(Some(unknown.clone())),
        Value::List(_) | Value::Map(_) => Err(None),
    }
}

/// Texts one after the other: neighbouring literals become one. `Err` with the first part that is not known.
pub(super) fn concat<'v>(parts: impl IntoIterator<Item = &'v Val>, origins: &Origins) -> Result<Val, (Option<Unknown>, Origins)> {
    let mut out: Vec<Segment> = Vec::new();
    let mut all = origins.clone();
    let mut lost: Option<Option<Unknown>> = None;
    for part in parts {
        all.extend(&part.all_origins());
        match segments(part) {
            Ok(segments) => {
                for segment in segments {
                    match (out.last_mut(), segment) {
                        (Some(Segment::Literal(text)), Segment::Literal(more)) => text.push_str(&more),
                        (_, segment) => out.push(segment),
                    }
                }
            }
            Err(why) => lost = lost.or(Some(why)),
        }
    }
    if let Some(why) = lost {
        return Err((why, all));
    }
    if out.is_empty() {
        out.push(Segment::Literal(String::new()));
    }
    Ok(Val::new(Value::Text(out), all))
}

/// Bytes of the known parts of a text.
pub(super) fn length(val: &Val) -> usize {
    match &val.value {
        Value::Text(segments) => segments.iter().map(|s| if let Segment::Literal(text) = s { text.len() } else { 1 }).sum(),
        _ => 0,
    }
}

/// A piece of a format text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    Literal(String),
    /// Name or number (empty: the next), and the format specification.
    Field(String, String),
}

/// The pieces of a text for `str.format`; `None` for what is not evaluated (attributes, conversions, nesting) or wrong.
pub(super) fn format_pieces(text: &str) -> Option<Vec<Piece>> {
    let (mut pieces, mut literal) = (Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' if chars.next_if_eq(&'{').is_some() => literal.push('{'),
            '}' if chars.next_if_eq(&'}').is_some() => literal.push('}'),
            '{' => {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                let mut field = String::new();
                loop {
                    match chars.next()? {
                        '}' => break,
                        '{' => return None,
                        c => field.push(c),
                    }
                }
                let (name, spec) = field.split_once(':').unwrap_or((&field, ""));
                if name.contains(['.', '[', '!']) {
                    return None;
                }
                pieces.push(Piece::Field(name.to_owned(), spec.to_owned()));
            }
            '}' => return None,
            c => literal.push(c),
        }
    }
    pieces.push(Piece::Literal(literal));
    Some(pieces)
}

/// The pieces of a text for `%`: fields are `s` and `d`, numbered or named.
pub(super) fn percent_pieces(text: &str) -> Option<Vec<Piece>> {
    let (mut pieces, mut literal) = (Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            literal.push(c);
            continue;
        }
        let mut name = String::new();
        if chars.next_if_eq(&'(').is_some() {
            loop {
                match chars.next()? {
                    ')' => break,
                    c => name.push(c),
                }
            }
        }
        match chars.next()? {
            '%' if name.is_empty() => literal.push('%'),
            kind @ ('s' | 'd' | 'i') => {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                pieces.push(Piece::Field(name, if kind == 's' { String::new() } else { "d".to_owned() }));
            }
            _ => return None,
        }
    }
    pieces.push(Piece::Literal(literal));
    Some(pieces)
}

/// A value under a format specification: none, `s`, `d`, and zero-padded integers (`02d`). `None` for all else.
pub(super) fn formatted(val: &Val, spec: &str) -> Option<Val> {
    if spec.is_empty() || spec == "s" && matches!(val.value, Value::Text(_)) {
        return Some(val.clone());
    }
    let Value::Number(text) = &val.value else { return None };
    let int: i128 = text.parse().ok()?;
    if spec == "d" {
        return Some(val.clone());
    }
    let width: usize = spec.strip_prefix('0')?.strip_suffix('d').unwrap_or(spec).parse().ok()?;
    if width > 64 || int < 0 {
        return None;
    }
    Some(Val::text(format!("{int:0>width$}"), val.origins.clone()))
}

/// The JSON text that Python's `json.dumps` writes; `None` when a part of the value is not known.
pub(super) fn json(val: &Val) -> Option<String> {
    let mut out = String::new();
    write_json(val, &mut out)?;
    Some(out)
}

fn write_json(val: &Val, out: &mut String) -> Option<()> {
    match &val.value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(text) => out.push_str(text),
        Value::Text(_) => write_string(&val.literal()?, out),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_json(item, out)?;
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_string(&key.value, out);
                out.push_str(": ");
                write_json(value, out)?;
            }
            out.push('}');
        }
        Value::Symbol(_) | Value::Unknown(_) => return None,
    }
    Some(())
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::span::Sourced;
    use proptest::prelude::*;

    #[test]
    fn format_texts_are_taken_apart() {
        let field = |name: &str, spec: &str| Piece::Field(name.into(), spec.into());
        let literal = |text: &str| Piece::Literal(text.into());
        assert_eq!(format_pieces("{a}/{{x}}{}"), Some(vec![literal(""), field("a", ""), literal("/{x}"), field("", ""), literal("")]));
        assert_eq!(format_pieces("{0:02d}"), Some(vec![literal(""), field("0", "02d"), literal("")]));
        for wrong in ["{", "}", "{a.b}", "{a!r}", "{a:{b}}", "{a[0]}"] {
            assert_eq!(format_pieces(wrong), None, "{wrong}");
        }
        assert_eq!(percent_pieces("%s-%(b)d%%"), Some(vec![literal(""), field("", ""), literal("-"), field("b", "d"), literal("%")]));
        assert_eq!(percent_pieces("%5.2f"), None);
        assert_eq!(percent_pieces("100%"), None);
    }

    #[test]
    fn json_is_written_as_python_writes_it() {
        let origins = Origins::none();
        let map = Val::new(
            Value::Map(vec![
                (Sourced::new("a\"".to_owned(), Origins::none()), Val::text("é\n😀", origins.clone())),
                (
                    Sourced::new("b".to_owned(), Origins::none()),
                    Val::new(Value::List(vec![Val::new(Value::Null, origins.clone())]), origins),
                ),
            ]),
            Origins::none(),
        );
        assert_eq!(json(&map).as_deref(), Some("{\"a\\\"\": \"\\u00e9\\n\\ud83d\\ude00\", \"b\": [null]}"));
    }

    proptest! {
        #[test]
        fn no_format_text_panics(text in ".{0,40}") {
            let _ = format_pieces(&text);
            let _ = percent_pieces(&text);
            let _ = formatted(&Val::new(Value::Number("7".into()), Origins::none()), &text);
        }
    }
}
