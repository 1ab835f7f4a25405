//! Secrets inside a text: behind `key=`, in JSON in a string, behind a flag, behind the word "password".
//!
//! The text may be an argument, a command, a description, a whole script or module, in any language: what these have in
//! common is that a name stands before its value, with a separator and quotes between.
use super::name::{self, Class};
use super::{Found, NAMED};
use std::ops::Range;

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Text {
    /// Words: an argument, a sentence, a shell script.
    Words,
    /// A program, where a bare word is a variable and only a quoted one a literal.
    Code,
}

/// Longest name, longest bare value.
const NAME: usize = 96;
const VALUE: usize = 512;
/// Longest way from a name to its value: `"] = f"`.
const BETWEEN: usize = 16;

pub(super) fn find(text: &str, kind: Text, out: &mut Vec<Found>) {
    pairs(text, kind, out);
    flags(text, kind, out);
    if kind == Text::Code {
        pair_of_auth(text, out);
    }
    sentences(text, out);
}

fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'$')
}

/// A value that begins at `at`: its bytes, and whether it is quoted.
fn value(text: &str, at: usize) -> Option<(Range<usize>, bool)> {
    let bytes = text.as_bytes();
    let slashes = bytes[at..].iter().take(8).take_while(|b| **b == b'\\').count();
    let mut quote_at = at + slashes;
    // Python's prefixes of strings.
    if slashes == 0 && matches!(bytes.get(at), Some(b'f' | b'r' | b'b' | b'u')) && matches!(bytes.get(at + 1), Some(b'"' | b'\'')) {
        quote_at += 1;
    }
    if let Some(quote @ (b'"' | b'\'' | b'`')) = bytes.get(quote_at).copied() {
        let start = quote_at + 1;
        let mut end = start;
        while end < bytes.len() && bytes[end] != b'\n' {
            let found = bytes[end..].iter().take_while(|b| **b == b'\\').count();
            if bytes.get(end + found) == Some(&quote) && found <= slashes {
                break;
            }
            end += found + usize::from(bytes.get(end + found).is_some());
        }
        return (start < end && text.is_char_boundary(end)).then_some((start..end, true));
    }
    let length = bytes[at..]
        .iter()
        .take(VALUE)
        .take_while(|b| !b.is_ascii_whitespace() && !matches!(b, b'&' | b';' | b',' | b'"' | b'\'' | b'`' | b')' | b'}' | b']' | b'\\'))
        .count();
    let mut end = at + length;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (at < end).then_some((at..end, false))
}

/// `key=value`, `key: value`, `"key": "value"`, `os.environ["KEY"] = "value"`.
fn pairs(text: &str, kind: Text, out: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    for at in (0..bytes.len()).filter(|i| matches!(bytes[*i], b'=' | b':')) {
        // The name before it.
        let mut end = at;
        let mut quoted = false;
        while end > 0 && at - end < BETWEEN && matches!(bytes[end - 1], b' ' | b'\t' | b'"' | b'\'' | b'\\' | b']' | b')') {
            quoted |= bytes[end - 1] == b'"' || bytes[end - 1] == b'\'';
            end -= 1;
        }
        let start = end - bytes[..end].iter().rev().take(NAME).take_while(|b| is_name(**b)).count();
        let key = &text[start..end];
        let Some(class) = name::class(key.trim_start_matches('-')) else { continue };
        // The value behind it.
        let mut from = at + 1;
        while from < bytes.len() && from - at < BETWEEN && matches!(bytes[from], b'=' | b'>' | b' ' | b'\t') {
            from += 1;
        }
        let spaced = from > at + 1;
        let Some((range, is_quoted)) = value(text, from) else { continue };
        let word = &text[range.clone()];
        if !is_quoted {
            // `host-token:8080`, `arn:…:secret:x` and the like are no pairs.
            if bytes[at] == b':' && !spaced && !quoted && (class != Class::Any || inside_name(text, start)) {
                continue;
            }
            // A call or a subscript is code.
            if word.contains(['(', '['])
                || (kind == Text::Code && (spaced || end < at || (is_identifier(word) && !name::looks_random(word))))
            {
                continue;
            }
        }
        if name::fits(class, word) {
            out.push(Found { range, why: NAMED });
        }
    }
}

/// Whether the name at `start` is a later part of an ARN, an address or a reference.
fn inside_name(text: &str, start: usize) -> bool {
    let from =
        text.as_bytes()[..start].iter().rev().take(NAME).take_while(|b| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'')).count();
    let before = &text.as_bytes()[start - from..start];
    before.starts_with(b"arn:")
        || before.ends_with(b"//")
        || before.ends_with(b":")
        || before.starts_with(b"{{")
        || before.starts_with(b"${")
}

fn is_identifier(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
}

/// `--password value`, `"--password", "value"`, `-p value`, `-u user:value`.
fn flags(text: &str, kind: Text, out: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    for (start, _) in text.match_indices('-') {
        let before = start.checked_sub(1).map(|i| bytes[i]);
        if !before.is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'[' | b'(' | b',' | b'`')) {
            continue;
        }
        let length = bytes[start..].iter().take(NAME).take_while(|b| is_name(**b)).count();
        let flag = &text[start..start + length];
        let is_user = matches!(flag, "-u" | "--user");
        let class = name::class(if flag == "-p" { flag } else { flag.trim_start_matches('-') });
        if class.is_none() && !is_user {
            continue;
        }
        let mut from = start + length;
        let mut opened = None;
        while from < bytes.len() && from - start - length < 4 * BETWEEN {
            match bytes[from] {
                b'"' | b'\'' | b'`' => {
                    // The first closes the flag's own quotes; the next one opens the value's.
                    opened = Some(from);
                    from += 1;
                }
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b'\\' => from += 1,
                _ => break,
            }
        }
        if from == start + length {
            continue;
        }
        let quoted = opened.is_some_and(|at| at + 1 == from);
        let found = match opened.filter(|_| quoted) {
            Some(at) => value(text, at - bytes[..at].iter().rev().take_while(|b| **b == b'\\').count()),
            None => value(text, from),
        };
        let Some((range, _)) = found else { continue };
        let word = &text[range.clone()];
        if word.starts_with('-') || (kind == Text::Code && !quoted && is_identifier(word) && !name::looks_random(word)) {
            continue;
        }
        if is_user {
            if let Some((user, password)) = word.split_once(':')
                && !user.is_empty()
                && name::fits(Class::Any, password)
                && !password.starts_with("//")
                && !password.bytes().all(|b| b.is_ascii_digit())
            {
                out.push(Found { range: range.end - password.len()..range.end, why: "it is the password of a user" });
            }
        } else if class.is_some_and(|class| name::fits(class, word)) {
            out.push(Found { range, why: NAMED });
        }
    }
}

/// `auth=("user", "password")`, as Python's `requests` takes it.
fn pair_of_auth(text: &str, out: &mut Vec<Found>) {
    for start in ["auth=(", "auth = (", "BasicAuth("] {
        for (at, _) in text.match_indices(start) {
            let open = at + start.len();
            let mut end = text.len().min(open + VALUE);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let inner = &text[open..end];
            let inner = &inner[..inner.find([')', '\n']).unwrap_or(inner.len())];
            let Some(comma) = inner.find(',') else { continue };
            let second = inner[comma + 1..].len() - inner[comma + 1..].trim_start().len();
            if let Some((range, true)) = value(text, open + comma + 1 + second)
                && name::fits(Class::Any, &text[range.clone()])
            {
                out.push(Found { range, why: "it is the password of a user" });
            }
        }
    }
}

/// A word that looks like a secret within four words behind one that says so: `the password is …`.
fn sentences(text: &str, out: &mut Vec<Found>) {
    let mut left = 0_u32;
    let edge = |c: char| matches!(c, ',' | '.' | ':' | ';' | '(' | ')' | '"' | '\'' | '`' | '!' | '?' | '\\' | '[' | ']' | '{' | '}');
    let mut at = 0;
    for raw in text.split(char::is_whitespace) {
        let start = at + raw.len() - raw.trim_start_matches(edge).len();
        let word = raw.trim_matches(edge);
        at += raw.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
        if word.is_empty() {
            continue;
        }
        if left > 0 && name::looks_random(word) && !word.contains('=') && !name::is_reference(word) {
            out.push(Found { range: start..start + word.len(), why: "the words before it say that it is a secret" });
        }
        let noun = word.len() <= NAME && matches!(name::class(word), Some(Class::Any | Class::Word));
        left = if noun { 4 } else { left.saturating_sub(1) };
    }
}
