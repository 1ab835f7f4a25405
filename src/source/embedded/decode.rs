//! The notations of a string, decoded with a map: JSON; YAML plain, quoted and block scalars; HCL quoted strings and
//! heredocs.
//!
//! These functions read tokens that a parser accepted before, so they need not judge: what they do not understand is
//! `None`, and what they misunderstand does not give the text that the parser gave.
use super::OffsetMap;
use crate::source::json::decode_escape;

/// How often a JSON string may stand inside a JSON string for its spans to be exact.
const LEVELS: usize = 3;

/// A decoded text, and where its bytes stand in the file.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Decoded {
    pub text: String,
    pub map: OffsetMap,
}

impl Decoded {
    /// Appends text that stands as it is at `outer`.
    fn plain(&mut self, text: &str, outer: usize) {
        self.text.push_str(text);
        self.map.push(text.len(), outer, text.len());
    }

    /// Appends a character that `outer_len` bytes at `outer` stand for.
    fn one(&mut self, c: char, outer: usize, outer_len: usize) {
        self.text.push(c);
        self.map.push(c.len_utf8(), outer, outer_len);
    }

    fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
        self.map.truncate(length);
    }

    /// Whether this is the wanted text, but for white space at its end that the token's range may lack; adds that.
    fn matches(mut self, wanted: &str, end: usize) -> Option<Self> {
        let rest = wanted.strip_prefix(self.text.as_str()).or_else(|| {
            // A range may also hold a line end that the text does not have.
            self.truncate(self.text.trim_end().len());
            wanted.strip_prefix(self.text.as_str())
        })?;
        if !rest.bytes().all(|b| b.is_ascii_whitespace()) {
            return None;
        }
        for c in rest.chars() {
            self.one(c, end, 0);
        }
        Some(self)
    }
}

/// Decodes the token that begins at `base` of the file, in whichever notation gives `wanted`.
pub(super) fn token(token: &str, base: usize, wanted: &str) -> Option<Decoded> {
    nested(token, base, wanted, LEVELS)
}

fn nested(token: &str, base: usize, wanted: &str, levels: usize) -> Option<Decoded> {
    if let Some(decoded) = direct(token, base, wanted) {
        return Some(decoded);
    }
    if levels == 0 || !token.contains('\\') {
        return None;
    }
    // The token stands inside a JSON string itself.
    let outer = json_body(token, base)?;
    let inner = nested(&outer.text, 0, wanted, levels - 1)?;
    let mut both = Decoded::default();
    for (at, c) in inner.text.char_indices() {
        let (start, end) = (inner.map.start(at), inner.map.end(at + c.len_utf8()));
        let start_outer = outer.map.start(start);
        let end_outer = if start == end { start_outer } else { outer.map.end(end) };
        both.one(c, start_outer, end_outer.saturating_sub(start_outer));
    }
    Some(both)
}

fn direct(token: &str, base: usize, wanted: &str) -> Option<Decoded> {
    let same = |decoded: Option<Decoded>| decoded.filter(|d| d.text == wanted);
    let found = match token.as_bytes().first()? {
        b'"' => same(json_string(token, base))
            .or_else(|| same(yaml_quoted(token, base)))
            .or_else(|| same(hcl_quoted(token, base, true)))
            .or_else(|| same(hcl_quoted(token, base, false))),
        b'\'' => same(yaml_quoted(token, base)),
        b'|' | b'>' => yaml_block(token, base, wanted),
        b'<' if token.starts_with("<<") => heredoc(token, base, wanted),
        _ => None,
    };
    found.or_else(|| same(Some(yaml_plain(token, base))))
}

fn unquoted(token: &str, quote: char) -> Option<&str> {
    token.strip_prefix(quote)?.strip_suffix(quote)
}

/// A JSON string with its quotes.
pub(super) fn json_string(token: &str, base: usize) -> Option<Decoded> {
    json_body(unquoted(token, '"')?, base + 1)
}

/// What stands between the quotes of a JSON string.
fn json_body(body: &str, base: usize) -> Option<Decoded> {
    let mut out = Decoded::default();
    let mut at = 0;
    while at < body.len() {
        let rest = body.get(at..)?;
        if rest.starts_with('\\') {
            let (c, length) = decode_escape(rest.as_bytes()).ok()?;
            out.one(c, base + at, length);
            at += length;
        } else {
            let length = rest.find('\\').unwrap_or(rest.len());
            out.plain(rest.get(..length)?, base + at);
            at += length;
        }
    }
    Some(out)
}

/// A YAML plain scalar, perhaps over several lines (YAML 1.2.2 § 7.3.3).
pub(super) fn yaml_plain(token: &str, base: usize) -> Decoded {
    flow(token, base, |_| None)
}

/// A YAML scalar in single or double quotes (YAML 1.2.2 § 7.3.1, § 7.3.2).
pub(super) fn yaml_quoted(token: &str, base: usize) -> Option<Decoded> {
    if let Some(body) = unquoted(token, '\'') {
        return Some(flow(body, base + 1, |rest| rest.starts_with("''").then_some((Some('\''), 2))));
    }
    let body = unquoted(token, '"')?;
    Some(flow(body, base + 1, |rest| if rest.starts_with('\\') { yaml_escape(rest) } else { None }))
}

/// The character of a YAML escape and its length in bytes; no character for an escaped line break, whose length
/// includes the white space after it.
fn yaml_escape(rest: &str) -> Option<(Option<char>, usize)> {
    let c = match rest.as_bytes().get(1)? {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'v' => '\u{b}',
        b'e' => '\u{1b}',
        b' ' => ' ',
        b'\t' => '\t',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        b'x' => return hex(rest, 2),
        b'U' => return hex(rest, 8),
        b'\r' | b'\n' => {
            let after = rest.strip_prefix("\\\r\n").or_else(|| rest.get(2..))?;
            return Some((None, rest.len() - after.trim_start_matches([' ', '\t']).len()));
        }
        _ => return decode_escape(rest.as_bytes()).ok().map(|(c, length)| (Some(c), length)),
    };
    Some((Some(c), 2))
}

fn hex(rest: &str, digits: usize) -> Option<(Option<char>, usize)> {
    let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
    Some((Some(char::from_u32(code)?), 2 + digits))
}

/// The length of the line break at the start.
fn line_break(text: &str) -> Option<usize> {
    if text.starts_with("\r\n") { Some(2) } else { text.starts_with(['\n', '\r']).then_some(1) }
}

/// Folds the lines of a flow scalar; `escape` reads an escape where one begins.
fn flow(body: &str, base: usize, escape: impl Fn(&str) -> Option<(Option<char>, usize)>) -> Decoded {
    let mut out = Decoded::default();
    // White space before this length was escaped, and is not trimmed at a line's end.
    let mut keep = 0;
    let mut at = 0;
    while let Some(c) = body.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = &body[at..];
        if let Some((c, length)) = escape(rest) {
            if let Some(c) = c {
                out.one(c, base + at, length);
                keep = out.text.len();
                at += length;
            } else {
                at += length;
                keep = out.text.len();
                while let Some(length) = line_break(&body[at..]) {
                    out.one('\n', base + at, length);
                    at += length + body[at + length..].len() - body[at + length..].trim_start_matches([' ', '\t']).len();
                }
            }
            continue;
        }
        if line_break(rest).is_none() {
            out.plain(&rest[..c.len_utf8()], base + at);
            at += c.len_utf8();
            continue;
        }
        let trimmed = out.text.trim_end_matches([' ', '\t']).len().max(keep);
        let from = at - (out.text.len() - trimmed);
        out.truncate(trimmed);
        let mut breaks = 0;
        while let Some(length) = line_break(&body[at..]) {
            breaks += 1;
            at += length;
            at += body[at..].len() - body[at..].trim_start_matches([' ', '\t']).len();
        }
        separator(&mut out, if breaks == 1 { None } else { Some(breaks - 1) }, base + from, base + at);
        keep = out.text.len();
    }
    out
}

/// Appends a space, or so many line breaks, that the range `from..to` stands for.
fn separator(out: &mut Decoded, breaks: Option<usize>, from: usize, to: usize) {
    match breaks {
        None => out.one(' ', from, to - from),
        Some(count) => {
            for i in 0..count {
                if i == 0 {
                    out.one('\n', from, to - from);
                } else {
                    out.one('\n', to, 0);
                }
            }
        }
    }
}

/// A line: where it begins, its text, and the length of its line break.
type Line<'a> = (usize, &'a str, usize);

fn lines(text: &str, base: usize) -> Vec<Line<'_>> {
    let mut at = base;
    text.split_inclusive('\n')
        .map(|line| {
            let start = at;
            at += line.len();
            let content = line.strip_suffix('\n').map_or(line, |l| l.strip_suffix('\r').unwrap_or(l));
            (start, content, line.len() - content.len())
        })
        .collect()
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// A YAML block scalar from its `|` or `>` (YAML 1.2.2 § 8.1).
pub(super) fn yaml_block(token: &str, base: usize, wanted: &str) -> Option<Decoded> {
    const DEEPEST: usize = 64;
    let header_len = token.find('\n').map_or(token.len(), |i| i + 1);
    let header = token.get(..header_len)?;
    let folded = header.starts_with('>');
    let lines = lines(token.get(header_len..)?, base + header_len);
    let end = base + token.len();
    let explicit = header.split('#').next().is_some_and(|h| h.contains(|c: char| c.is_ascii_digit()));
    let auto = lines.iter().map(|(_, l, _)| *l).find(|l| !l.trim_start_matches(' ').is_empty());
    let auto = auto.map_or(0, |l| l.len() - l.trim_start_matches(' ').len());
    let mut candidates = if explicit { 1..=DEEPEST } else { auto..=auto };
    candidates.find_map(|indent| if folded { fold(&lines, indent) } else { literal(&lines, indent) }.matches(wanted, end))
}

/// The content of a block scalar's line: where it begins, and its text.
fn content<'a>(line: &Line<'a>, indent: usize) -> (usize, &'a str) {
    let (start, text, _) = *line;
    let strip = indent.min(text.len() - text.trim_start_matches(' ').len());
    (start + strip, text.get(strip..).unwrap_or(""))
}

fn literal(lines: &[Line<'_>], indent: usize) -> Decoded {
    let mut out = Decoded::default();
    for line in lines {
        let (at, text) = content(line, indent);
        out.plain(text, at);
        if line.2 > 0 {
            out.one('\n', at + text.len(), line.2);
        }
    }
    out
}

fn fold(lines: &[Line<'_>], indent: usize) -> Decoded {
    let mut out = Decoded::default();
    let mut blanks = 0;
    // Where the last line with content ended, and whether it was indented more than the block.
    let mut previous: Option<(usize, bool)> = None;
    for line in lines {
        let (at, text) = content(line, indent);
        if text.is_empty() {
            blanks += 1;
            continue;
        }
        let more = text.starts_with([' ', '\t']);
        let breaks = match previous {
            None => Some(blanks),
            Some((_, before)) if before || more => Some(blanks + 1),
            Some(_) => (blanks > 0).then_some(blanks),
        };
        let from = previous.map_or(at, |(end, _)| end);
        separator(&mut out, breaks, from, at);
        out.plain(text, at);
        previous = Some((at + text.len(), more));
        blanks = 0;
    }
    out
}

/// An HCL string with its quotes (HCL native syntax, "Quoted Templates"). `templates`: whether `$${` stands for `${`.
pub(super) fn hcl_quoted(token: &str, base: usize, templates: bool) -> Option<Decoded> {
    let body = unquoted(token, '"')?;
    let mut out = Decoded::default();
    hcl_text(&mut out, body, base + 1, true, templates)?;
    Some(out)
}

fn hcl_text(out: &mut Decoded, body: &str, base: usize, backslashes: bool, templates: bool) -> Option<()> {
    let mut at = 0;
    while let Some(c) = body.get(at..)?.chars().next() {
        let rest = &body[at..];
        if templates && (rest.starts_with("$${") || rest.starts_with("%%{")) {
            out.one(c, base + at, 2);
            out.plain("{", base + at + 2);
            at += 3;
        } else if backslashes && c == '\\' {
            let (c, length) = match rest.as_bytes().get(1)? {
                b'U' => hex(rest, 8).and_then(|(c, length)| Some((c?, length)))?,
                _ => decode_escape(rest.as_bytes()).ok()?,
            };
            out.one(c, base + at, length);
            at += length;
        } else {
            out.plain(&rest[..c.len_utf8()], base + at);
            at += c.len_utf8();
        }
    }
    Some(())
}

/// An HCL heredoc from its `<<` (HCL native syntax, "Heredoc Templates"): `<<-` takes the smallest indentation away.
pub(super) fn heredoc(token: &str, base: usize, wanted: &str) -> Option<Decoded> {
    let header_len = token.find('\n')? + 1;
    let header = token.get(..header_len)?.trim_end();
    let delimiter = header.trim_start_matches('<').trim_start_matches('-').trim();
    let mut lines = lines(token.get(header_len..)?, base + header_len);
    let mut indents = vec![0];
    if let Some(at) = lines.iter().rposition(|(_, text, _)| text.trim() == delimiter) {
        indents.extend(lines.get(at).map(|(_, text, _)| indentation(text)));
        lines.truncate(at);
    }
    indents.extend(lines.iter().map(|(_, text, _)| indentation(text)).min());
    indents.extend(lines.iter().filter(|(_, text, _)| !text.trim().is_empty()).map(|(_, text, _)| indentation(text)).min());
    indents.sort_unstable();
    indents.dedup();
    let end = lines.last().map_or(base + header_len, |(start, text, line_end)| start + text.len() + line_end);
    indents.iter().flat_map(|indent| [(*indent, true), (*indent, false)]).find_map(|(indent, templates)| {
        let mut out = Decoded::default();
        for (start, text, line_end) in &lines {
            let strip = indent.min(indentation(text));
            hcl_text(&mut out, text.get(strip..)?, start + strip, false, templates)?;
            match line_end {
                0 => {}
                2 if wanted.contains("\r\n") => out.plain("\r\n", start + text.len()),
                length => out.one('\n', start + text.len(), *length),
            }
        }
        out.matches(wanted, end)
    })
}
