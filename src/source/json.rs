//! JSON text (RFC 8259) to nodes.
//!
//! An own parser, because three things matter here that the crates do not give together: exact byte spans of keys
//! and values, messages that name the usual slips (a trailing comma, a comment, single quotes, a template's
//! placeholder), and strictness (no raw control character, no lone surrogate). It recurses, and counts its depth
//! before it does: more than [`MAX_DEPTH`] levels are an error, so the stack is bounded whatever the text.
#![expect(clippy::disallowed_types, reason = "keys are looked up, never listed")]
use super::load::{MAX_BYTES, MAX_DEPTH};
use super::node::{Entry, Kind, Node};
use super::rules::source::{SRC002, SRC003, SRC004};
use super::sink::{Diagnostic, Sink};
use super::span::{FileId, Span};
use std::collections::HashMap;

/// Parses a whole file. `None` after a diagnostic was reported.
///
/// Spans are byte ranges of `text`; those of strings and keys include their quotes. Numbers keep their text.
/// Duplicate keys are kept and reported (SRC003).
pub fn parse(text: &str, file: FileId, sink: &mut Sink) -> Option<Node> {
    if !within_size(text, file, sink) {
        return None;
    }
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, depth: 0, file, sink };
    match parser.document() {
        Ok(node) => Some(node),
        Err(diagnostic) => {
            sink.report(*diagnostic);
            None
        }
    }
}

/// Whether the text is within [`MAX_BYTES`]; reports SRC004 otherwise.
pub(super) fn within_size(text: &str, file: FileId, sink: &mut Sink) -> bool {
    let fits = text.len() <= MAX_BYTES;
    if !fits {
        let message = format!("the document has {} bytes, more than the limit of {MAX_BYTES}", text.len());
        sink.report(Diagnostic::error(&SRC004, Span::new(file, 0, 0), message).help("split it, or leave it out with `exclude`"));
    }
    fits
}

/// The diagnostic for a value at `span` that is nested deeper than [`MAX_DEPTH`].
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(&SRC004, span, format!("nested deeper than {MAX_DEPTH} levels"))
        .help("split the document, or leave it out with `exclude`")
}

/// Reports each key of an object that was there before, in the order of the text.
pub(super) fn report_duplicates(entries: &[Entry], sink: &mut Sink) {
    /// Below this many keys a look back is cheaper than a map.
    const FEW: usize = 12;
    let mut report = |key: &str, second: Span, first: Span| {
        let message = format!("duplicate key `{}`", shown(key));
        sink.report(
            Diagnostic::warning(&SRC003, second, message)
                .related(first, "first given here")
                .help("remove one of them: the last one counts"),
        );
    };
    if entries.len() <= FEW {
        for (i, entry) in entries.iter().enumerate() {
            if let Some(first) = entries.iter().take(i).find(|e| e.key == entry.key) {
                report(&entry.key, entry.key_span, first.key_span);
            }
        }
        return;
    }
    let mut first: HashMap<&str, Span> = HashMap::with_capacity(entries.len());
    for entry in entries {
        match first.get(&*entry.key) {
            Some(span) => report(&entry.key, entry.key_span, *span),
            None => {
                first.insert(&entry.key, entry.key_span);
            }
        }
    }
}

/// A text for a message: on one line, not too long.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut out: String = text.chars().take(LONGEST).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}

/// Boxed, for it is large and seldom made.
type Parsed<T> = Result<T, Box<Diagnostic>>;

struct Parser<'a, 's> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    file: FileId,
    sink: &'s mut Sink,
}

impl Parser<'_, '_> {
    fn document(&mut self) -> Parsed<Node> {
        self.space()?;
        if self.at == self.bytes.len() {
            return Err(self
                .error(0, self.at.min(1), "the document is empty", "write a JSON value, or leave the file out with `exclude`")
                .into());
        }
        let node = self.value()?;
        let end = self.at;
        self.space()?;
        match self.peek() {
            None => Ok(node),
            Some(b',') => Err(self.error_here("a comma after the end of the document", "remove it").into()),
            Some(_) => {
                let help = "a JSON file holds one value: remove what follows, or put the values into an array";
                Err(Box::new(
                    self.error_here("text after the end of the document", help)
                        .related(self.span(end.saturating_sub(1), end), "the document ends here"),
                ))
            }
        }
    }

    fn value(&mut self) -> Parsed<Node> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => return self.nested(Self::object),
            Some(b'[') => return self.nested(Self::array),
            Some(b'"') => Kind::String(self.string()?),
            Some(b'-' | b'+' | b'.' | b'0'..=b'9') => self.number()?,
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$') => self.word()?,
            _ => return Err(self.unexpected("a value").into()),
        };
        Ok(Node::new(self.span(start, self.at), kind))
    }

    fn nested(&mut self, parse: fn(&mut Self) -> Parsed<Kind>) -> Parsed<Node> {
        let start = self.at;
        if self.depth == MAX_DEPTH {
            return Err(Box::new(too_deep(self.span(start, start + 1))));
        }
        self.depth += 1;
        self.at += 1;
        let kind = parse(self)?;
        self.depth -= 1;
        Ok(Node::new(self.span(start, self.at), kind))
    }

    /// The rest of an object, after its `{`.
    fn object(&mut self) -> Parsed<Kind> {
        let open = self.at - 1;
        let mut entries = Vec::new();
        self.space()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Kind::Object(entries));
        }
        loop {
            let start = self.at;
            let key = match self.peek() {
                Some(b'"') => self.string()?,
                None => return Err(self.unclosed(open, "object").into()),
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9') => {
                    let end = self.word_end();
                    let message = format!("key `{}` without quotes", shown(&self.text[start..end]));
                    return Err(self.error(start, end, message, "put the key into double quotes").into());
                }
                Some(_) => return Err(self.unexpected("a key in double quotes").into()),
            };
            let key_span = self.span(start, self.at);
            self.space()?;
            match self.peek() {
                Some(b':') => self.at += 1,
                Some(b'=') => {
                    return Err(self.error_here(format!("`=` after key `{}`", shown(&key)), "write a colon between key and value").into());
                }
                _ => {
                    let end = key_span.end as usize;
                    let message = format!("missing colon after key `{}`", shown(&key));
                    return Err(self.error(end.saturating_sub(1), end, message, "write a colon between key and value").into());
                }
            }
            self.space()?;
            if let Some(closer @ (b'}' | b',')) = self.peek() {
                let message = format!("key `{}` has no value: found `{}`", shown(&key), closer as char);
                return Err(self.error_here(message, "write a value, or remove the key").into());
            }
            if self.peek().is_none() {
                return Err(self.unclosed(open, "object").into());
            }
            let value = self.value()?;
            entries.push(Entry { key, key_span, value });
            if self.next_or_close(open, b'}', "object")? {
                report_duplicates(&entries, self.sink);
                return Ok(Kind::Object(entries));
            }
        }
    }

    /// The rest of an array, after its `[`.
    fn array(&mut self) -> Parsed<Kind> {
        let open = self.at - 1;
        let mut items = Vec::new();
        self.space()?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Kind::Array(items));
        }
        loop {
            if self.peek().is_none() {
                return Err(self.unclosed(open, "array").into());
            }
            items.push(self.value()?);
            if self.next_or_close(open, b']', "array")? {
                return Ok(Kind::Array(items));
            }
        }
    }

    /// After a value: takes a comma (`false`) or the closing bracket (`true`).
    fn next_or_close(&mut self, open: usize, close: u8, what: &str) -> Parsed<bool> {
        let end = self.at;
        self.space()?;
        match self.peek() {
            Some(b',') => {
                let comma = self.at;
                self.at += 1;
                self.space()?;
                match self.peek() {
                    Some(next) if next == close => {
                        let message = format!("trailing comma before `{}`", close as char);
                        Err(self.error(comma, comma + 1, message, "remove the comma: JSON allows none after the last value").into())
                    }
                    Some(b',') => Err(self.error_here("two commas in a row", "remove one, or write the value between them").into()),
                    _ => Ok(false),
                }
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            None => Err(self.unclosed(open, what).into()),
            Some(other @ (b'}' | b']')) => {
                let message = format!("`{}` where `{}` should close the {what}", other as char, close as char);
                let opened = self.span(open, open + 1);
                Err(Box::new(
                    self.error_here(message, "close what was opened last first").related(opened, format!("the {what} is opened here")),
                ))
            }
            Some(b':') => Err(self.error_here("a colon after a value", format!("write a comma or `{}`", close as char)).into()),
            Some(b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                let next = if what == "object" { "key" } else { "value" };
                let message = format!("missing comma before the next {next}");
                let here = self.span(self.at, self.at + 1);
                let error = self.error(end.saturating_sub(1), end, message, "write a comma after this value");
                Err(Box::new(error.related(here, format!("the next {next}"))))
            }
            Some(_) => Err(self.unexpected(&format!("a comma or `{}`", close as char)).into()),
        }
    }

    /// A string with its quotes; the decoded text.
    fn string(&mut self) -> Parsed<Box<str>> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let from = self.at;
            while self.bytes.get(self.at).is_some_and(|b| !matches!(b, b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            let plain = &self.text[from..self.at];
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    if out.is_empty() {
                        return Ok(plain.into());
                    }
                    out.push_str(plain);
                    return Ok(out.into());
                }
                Some(b'\\') => {
                    out.push_str(plain);
                    out.push(self.escape(start)?);
                }
                Some(b'\n' | b'\r') => {
                    let help = "close it with `\"`; a line break inside a string is written `\\n`";
                    return Err(self.error(start, self.at, "the string is not closed on its line", help).into());
                }
                Some(control) => {
                    let message = format!("raw control character U+{control:04X} in a string");
                    let help = if control == b'\t' { "write it `\\t`".to_owned() } else { format!("write it `\\u{control:04x}`") };
                    return Err(self.error_here(message, help).into());
                }
                None => return Err(self.error(start, self.at, "the string is never closed", "close it with `\"`").into()),
            }
        }
    }

    /// One escape, at its backslash. A surrogate pair is one.
    fn escape(&mut self, string: usize) -> Parsed<char> {
        let start = self.at;
        match decode_escape(&self.bytes[start..]) {
            Ok((c, length)) => {
                self.at += length;
                Ok(c)
            }
            Err(BadEscape::Cut) => Err(self.error(string, self.bytes.len(), "the string is never closed", "close it with `\"`").into()),
            Err(BadEscape::Surrogate) => {
                let help = "write both halves of the pair, or the character itself";
                Err(self.error(start, start + 6, "half of a surrogate pair stands alone", help).into())
            }
            Err(BadEscape::Hex) => {
                Err(self.error(start, start + 2, "`\\u` without four hexadecimal digits", "write `\\\\` for a backslash").into())
            }
            Err(BadEscape::Unknown) => {
                let after = self.text[start + 1..].chars().next().unwrap_or(' ');
                let message = format!("unknown escape `\\{}`", shown(&after.to_string()));
                Err(self.error(start, start + 1 + after.len_utf8(), message, "write `\\\\` for a backslash").into())
            }
        }
    }

    fn number(&mut self) -> Parsed<Kind> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_')) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        if is_number(text) {
            return Ok(Kind::Number(text.into()));
        }
        let help = if text.starts_with('+') {
            "remove the `+`"
        } else if text.len() > 1 && text.trim_start_matches('-').starts_with('0') {
            "write it in decimal without leading zeros, or as a string in double quotes"
        } else {
            "write digits, at most one `.` with digits on both sides, and an exponent; or a string in double quotes"
        };
        Err(self.error(start, self.at, format!("`{}` is not a JSON number", shown(text)), help).into())
    }

    fn word(&mut self) -> Parsed<Kind> {
        let start = self.at;
        let end = self.word_end();
        let text = &self.text[start..end];
        if self.text[start..].starts_with("${") {
            let end = self.text[start..].find('}').map_or(end, |i| start + i + 1);
            let message = format!("template placeholder `{}` outside a string", shown(&self.text[start..end]));
            let help = "migrate the file that the template's tool writes, or the tool's own sources";
            return Err(self.error(start, end, message, help).into());
        }
        let kind = match text {
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "null" => Kind::Null,
            _ => {
                let help = match text.to_ascii_lowercase().as_str() {
                    "true" => "did you mean `true`?",
                    "false" => "did you mean `false`?",
                    "null" | "none" | "nil" | "undefined" => "did you mean `null`?",
                    "nan" | "inf" | "infinity" => "JSON has no such number: write a string in double quotes",
                    _ => "put a string into double quotes",
                };
                return Err(self.error(start, end, format!("`{}` is not a JSON value", shown(text)), help).into());
            }
        };
        self.at = end;
        Ok(kind)
    }

    fn word_end(&self) -> usize {
        let rest = &self.bytes[self.at..];
        self.at + rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'-' | b'.')).count().max(1)
    }

    /// Skips white space.
    fn space(&mut self) -> Parsed<()> {
        while self.peek().is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        let rest = &self.text[self.at..];
        if rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with('#') {
            let length = if rest.starts_with("/*") { rest.find("*/").map(|i| i + 2) } else { rest.find(['\n', '\r']) };
            return Err(self
                .error(self.at, self.at + length.unwrap_or(rest.len()), "a comment, which JSON does not have", "remove it")
                .into());
        }
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn error(&self, start: usize, end: usize, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        let end = end.min(self.bytes.len());
        Diagnostic::error(&SRC002, self.span(start.min(end), end), message).help(help)
    }

    /// An error at the character where the parser stands.
    fn error_here(&self, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        let length = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        self.error(self.at, self.at + length, message, help)
    }

    fn unclosed(&self, open: usize, what: &str) -> Diagnostic {
        let end = self.bytes.len();
        let close = if what == "object" { '}' } else { ']' };
        let error =
            self.error(open, open + 1, format!("the {what} that is opened here is never closed"), format!("write `{close}` where it ends"));
        error.related(self.span(end, end), "the text ends here")
    }

    fn unexpected(&self, wanted: &str) -> Diagnostic {
        let Some(found) = self.text[self.at..].chars().next() else {
            return self.error(
                self.at.saturating_sub(1),
                self.at,
                format!("the text ends where {wanted} should be"),
                "complete the document",
            );
        };
        match found {
            '\'' => self.error_here("single quotes around a string", "use double quotes"),
            '“' | '”' | '„' | '‘' | '’' => self.error_here(format!("typographic quote `{found}`"), "use straight double quotes"),
            '`' => self.error_here("a backtick", "use double quotes around strings"),
            '\u{feff}' => self.error_here("a byte order mark inside the text", "remove it"),
            '\u{a0}' => self.error_here("a no-break space", "replace it with a space"),
            _ => self.error_here(format!("`{}` where {wanted} should be", shown(&found.to_string())), "mend the text here"),
        }
    }
}

/// Why an escape cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BadEscape {
    /// The text ends inside it.
    Cut,
    Surrogate,
    Hex,
    Unknown,
}

/// The character of the escape at the start of `bytes` (a backslash) and the number of bytes it takes. A surrogate
/// pair is one escape of twelve bytes.
pub(super) fn decode_escape(bytes: &[u8]) -> Result<(char, usize), BadEscape> {
    let c = match bytes.get(1).ok_or(BadEscape::Cut)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let first = hex4(bytes.get(2..)).ok_or(BadEscape::Hex)?;
            if let Some(c) = char::from_u32(first) {
                return Ok((c, 6));
            }
            let second = if bytes.get(6..8) == Some(b"\\u") { hex4(bytes.get(8..)) } else { None };
            return match second {
                Some(second @ 0xdc00..=0xdfff) if first < 0xdc00 => {
                    let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    char::from_u32(code).map(|c| (c, 12)).ok_or(BadEscape::Surrogate)
                }
                _ => Err(BadEscape::Surrogate),
            };
        }
        _ => return Err(BadEscape::Unknown),
    };
    Ok((c, 2))
}

/// The value of the first four bytes, all hexadecimal digits.
fn hex4(bytes: Option<&[u8]>) -> Option<u32> {
    bytes?.get(..4)?.iter().try_fold(0, |sum, b| Some(sum * 16 + char::from(*b).to_digit(16)?))
}

/// Whether the text is a number by the grammar of JSON.
#[must_use]
pub fn is_number(text: &str) -> bool {
    fn digits(text: &str) -> &str {
        text.trim_start_matches(|c: char| c.is_ascii_digit())
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let mut rest = digits(unsigned);
    let whole = unsigned.len() - rest.len();
    if whole == 0 || (whole > 1 && unsigned.starts_with('0')) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = digits(fraction);
        if rest.len() == fraction.len() {
            return false;
        }
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        rest = digits(exponent);
        return rest.is_empty() && !exponent.is_empty();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Node {
        let mut sink = Sink::default();
        let node = parse(text, FileId(0), &mut sink);
        assert!(sink.diagnostics.is_empty(), "{:?}", sink.diagnostics);
        node.expect("parses")
    }

    fn fails(text: &str) -> Diagnostic {
        let mut sink = Sink::default();
        assert!(parse(text, FileId(0), &mut sink).is_none(), "{text} parses");
        assert_eq!(sink.diagnostics.len(), 1, "{text}");
        sink.diagnostics.remove(0)
    }

    fn slice(text: &str, span: Span) -> &str {
        &text[span.start as usize..span.end as usize]
    }

    #[test]
    fn spans_are_the_text_of_each_value_and_key() {
        let text = "\r\n { \"ä\\n\" : [ 1.50e+3, \"x\\\"y\" , true,null ,{}],\"b\":{\"c\":\"\"} } ";
        let root = read(text);
        assert_eq!(slice(text, root.span), text.trim());
        let entry = root.entry("ä\n").expect("key");
        assert_eq!(slice(text, entry.key_span), "\"ä\\n\"");
        let written: Vec<&str> = entry.value.array().expect("array").iter().map(|n| slice(text, n.span)).collect();
        assert_eq!(written, ["1.50e+3", "\"x\\\"y\"", "true", "null", "{}"]);
        assert_eq!(entry.value.array().and_then(|a| a[0].number()), Some("1.50e+3"));
        assert_eq!(entry.value.array().and_then(|a| a[1].str()), Some("x\"y"));
        assert_eq!(root.path(&["b", "c"]).map(|n| slice(text, n.span)), Some("\"\""));
    }

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(read(r#""\b\f\n\r\t\/\\\"\u00e4\ud83d\ude00z""#).str(), Some("\u{8}\u{c}\n\r\t/\\\"ä😀z"));
        assert_eq!(read(r#""\n""#).str(), Some("\n"));
    }

    #[test]
    fn duplicates_are_kept_and_reported_at_the_second() {
        for more in ["", r#","1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"10":0,"11":0,"12":0"#] {
            let text = format!("{{\"a\":1,\"b\":2,\"a\":3{more}}}");
            let mut sink = Sink::default();
            let node = parse(&text, FileId(0), &mut sink).expect("parses");
            assert_eq!(node.get("a").and_then(Node::number), Some("3"));
            assert_eq!(sink.diagnostics.len(), 1);
            let diagnostic = &sink.diagnostics[0];
            assert_eq!((diagnostic.rule.code, diagnostic.span), ("SRC003", Some(Span::new(FileId(0), 13, 16))));
            assert_eq!(diagnostic.related[0].0, Span::new(FileId(0), 1, 4));
        }
    }

    #[test]
    fn slips_are_named_where_they_are() {
        for (text, at, message) in [
            ("{\"a\": 1,\n}", ",", "trailing comma before `}`"),
            ("[1, ]", ",", "trailing comma before `]`"),
            ("{'a': 1}", "'", "single quotes around a string"),
            ("[1, // one\n2]", "// one", "a comment, which JSON does not have"),
            ("[/* x */]", "/* x */", "a comment, which JSON does not have"),
            ("# x\n1", "# x", "a comment, which JSON does not have"),
            ("{\"a\": 1\n \"b\": 2}", "1", "missing comma before the next key"),
            ("[\"x\" \"y\"]", "\"", "missing comma before the next value"),
            ("{\"a\" 1}", "\"", "missing colon after key `a`"),
            ("{\"a\": }", "}", "key `a` has no value: found `}`"),
            ("{a: 1}", "a", "key `a` without quotes"),
            ("[\"abc\n\"]", "\"abc", "the string is not closed on its line"),
            ("[\"abc", "\"abc", "the string is never closed"),
            ("[\"abc\\", "\"abc\\", "the string is never closed"),
            ("{\"a\": [1", "[", "the array that is opened here is never closed"),
            ("{\"a\": 1", "{", "the object that is opened here is never closed"),
            ("{\"a\":", "{", "the object that is opened here is never closed"),
            ("{\"a\": 1]", "]", "`]` where `}` should close the object"),
            ("[01]", "01", "`01` is not a JSON number"),
            ("[+1]", "+1", "`+1` is not a JSON number"),
            ("[1.]", "1.", "`1.` is not a JSON number"),
            ("[True]", "True", "`True` is not a JSON value"),
            ("[${n}]", "${n}", "template placeholder `${n}` outside a string"),
            ("[\"\t\"]", "\t", "raw control character U+0009 in a string"),
            ("[\"\0\"]", "\0", "raw control character U+0000 in a string"),
            (r#"["\ud83d"]"#, r"\ud83d", "half of a surrogate pair stands alone"),
            (r#"["\ude00\ud83d"]"#, r"\ude00", "half of a surrogate pair stands alone"),
            (r#"["\uzz"]"#, r"\u", "`\\u` without four hexadecimal digits"),
            (r#"["\é"]"#, r"\é", "unknown escape `\\é`"),
            ("1 2", "2", "text after the end of the document"),
            ("[1,,2]", ",", "two commas in a row"),
            ("“a”", "“", "typographic quote `“`"),
            ("  ", " ", "the document is empty"),
            ("", "", "the document is empty"),
        ] {
            let diagnostic = fails(text);
            assert_eq!(diagnostic.message, message, "{text}");
            assert_eq!(slice(text, diagnostic.span.expect("span")), at, "{text}");
            assert_eq!(diagnostic.rule.code, "SRC002");
            assert!(diagnostic.help.is_some());
        }
    }

    #[test]
    fn depth_is_limited_without_overflow() {
        let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        read(&nest(MAX_DEPTH));
        assert_eq!(fails(&nest(MAX_DEPTH + 1)).rule.code, "SRC004");
        assert_eq!(fails(&"[".repeat(100_000)).rule.code, "SRC004");
        assert_eq!(fails(&"{\"a\":".repeat(100_000)).rule.code, "SRC004");
    }

    #[test]
    fn size_is_limited() {
        assert_eq!(fails(&" ".repeat(MAX_BYTES + 1)).rule.code, "SRC004");
    }

    #[test]
    fn numbers_follow_the_grammar() {
        for good in ["0", "-0", "10", "1.5", "1e9", "1E-9", "-0.0e+1", "123456789012345678901234567890"] {
            assert!(is_number(good), "{good}");
        }
        for bad in ["", "-", "00", "01", ".5", "1.", "1e", "1e+", "0x1", "1_0", "--1", "1.2.3"] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,60}|[\\[\\]{}\",:\\\\u0d8e1 \\n'/#$ä-]{0,60}") {
            let mut sink = Sink::default();
            let node = parse(&text, FileId(0), &mut sink);
            prop_assert_eq!(node.is_none(), sink.diagnostics.iter().any(|d| d.rule.code != "SRC003"));
            for diagnostic in &sink.diagnostics {
                let span = diagnostic.span.expect("every diagnostic has a place");
                prop_assert!(text.get(span.start as usize..span.end as usize).is_some());
            }
            prop_assert_eq!(node.is_some(), serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
    }
}
