//! A source line fit to be shown: secrets masked, cropped around a span, controls replaced.
use super::mask;
use super::style::is_unsafe;
use crate::source::files::{Files, SourceFile};
use crate::source::secret::{self, Secrets};
use crate::source::span::{FileId, Span};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Longest line, in characters, that is shown whole. Step Functions' `DescribeStateMachine` returns definitions of many
/// kilobytes on one line.
const WHOLE: usize = 180;
/// Characters shown before a span in a cropped line, and at most after its start.
const BEFORE: usize = 40;
const AFTER: usize = 110;
/// Largest file, in bytes, that is looked through for secrets when no run knows them.
const LOOKED_THROUGH: usize = 1 << 20;

/// A line, and where the span is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt {
    /// One-based line and column (in characters) of the span in the file.
    pub line: u32,
    pub column: u32,
    pub text: String,
    /// Byte range of the span in `text`.
    pub span: Range<usize>,
}

/// Secrets of a line, once somebody has looked for them.
type Found = OnceLock<Vec<Range<usize>>>;

/// Makes excerpts of the files of a run, on several threads at once; remembers the secrets of lines, because many diagnostics point at the same long line.
pub struct Excerpts<'a> {
    files: &'a Files,
    secrets: Mutex<BTreeMap<(FileId, u32), Arc<Found>>>,
}

impl<'a> Excerpts<'a> {
    #[must_use]
    pub fn new(files: &'a Files) -> Self {
        Self { files, secrets: Mutex::default() }
    }

    /// The first line of a span.
    pub fn of(&self, span: Span) -> Excerpt {
        let file = self.files.get(span.file);
        let (line, column) = file.position(span.start);
        let (start, end) = file.line_range(line).unwrap_or((0, 0));
        let text = file.text.get(start..end).unwrap_or("");
        let hidden = &self.files.secrets;
        let known = Arc::clone(self.secrets.lock().unwrap_or_else(PoisonError::into_inner).entry((span.file, line)).or_default());
        let secrets = known.get_or_init(|| line_secrets(file, line, text, hidden));
        let from = (span.start as usize).saturating_sub(start).min(text.len());
        let to = (span.end as usize).saturating_sub(start).clamp(from, text.len());
        let (text, span) = crop(text, secrets, floor(text, from)..floor(text, to));
        Excerpt { line, column, text, span }
    }
}

/// A whole line of a text, masked and cropped from its start.
#[must_use]
pub fn line(file: &SourceFile, line: u32) -> Option<String> {
    let (start, end) = file.line_range(line)?;
    let text = file.text.get(start..end)?;
    let from = text.len() - text.trim_start().len();
    // Without a run, the file itself says which literals are secrets.
    let whole = if file.text.len() <= LOOKED_THROUGH { file.text.as_ref() } else { text };
    let hidden = Secrets::of_text(whole, Span::new(FileId(0), 0, 0));
    Some(crop(text, &line_secrets(file, line, text, &hidden), from..from).0)
}

fn line_secrets(file: &SourceFile, line: u32, text: &str, hidden: &Secrets) -> Vec<Range<usize>> {
    let at = |line: u32| file.line_range(line).and_then(|(start, end)| file.text.get(start..end));
    let before = (1..line).rev().map_while(at);
    let after = (line.saturating_add(1)..).map_while(at);
    let mut out = mask::secrets(before, text, after);
    out.extend(hidden.ranges(text));
    mask::merge(out)
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Cuts a window around `span` out of the line, with the secrets masked.
fn crop(text: &str, secrets: &[Range<usize>], span: Range<usize>) -> (String, Range<usize>) {
    let whole = text.len() <= WHOLE || text.chars().take(WHOLE + 1).count() <= WHOLE;
    let (start, end) = if whole {
        (0, text.len())
    } else {
        let start = text[..span.start].char_indices().rev().nth(BEFORE - 1).map_or(0, |(i, _)| i);
        let end = text[span.start..].char_indices().nth(AFTER).map_or(text.len(), |(i, _)| span.start + i);
        (start, end)
    };
    let mut out = String::new();
    if start > 0 {
        out.push('…');
    }
    let (mut from, mut to) = (None, None);
    let mut at = start;
    while at < end {
        if let Some(secret) = secrets.iter().find(|range| range.contains(&at)) {
            if span.start < secret.end && span.start >= at {
                from = Some(out.len());
            }
            out.push_str(secret::MASK);
            if span.end > at && span.end <= secret.end {
                to = Some(out.len());
            }
            at = secret.end.max(at + 1);
            continue;
        }
        if at >= span.start {
            from.get_or_insert(out.len());
        }
        if at >= span.end {
            to.get_or_insert(out.len());
        }
        let Some(c) = text[at..].chars().next() else { break };
        out.push(if c == '\t' {
            ' '
        } else if is_unsafe(c) {
            '\u{fffd}'
        } else {
            c
        });
        at += c.len_utf8();
    }
    let from = from.unwrap_or(out.len());
    let to = to.unwrap_or(out.len()).max(from);
    if end < text.len() {
        out.push('…');
    }
    (out, from..to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, part: &str) -> (String, String) {
        let mut files = Files::default();
        let id = files.add(SourceFile::new("a", text));
        let start = text.find(part).unwrap();
        let found = Excerpts::new(&files).of(Span::new(id, start, start + part.len()));
        (found.text[found.span.clone()].to_owned(), found.text)
    }

    #[test]
    fn a_short_line_is_shown_whole_and_the_span_points_at_its_text() {
        assert_eq!(excerpt("a\n\tbé c\r\nd", "é c"), ("é c".into(), " bé c".into()));
        assert_eq!(excerpt("a {\n b\n}", "{\n b\n}"), ("{".into(), "a {".into()));
    }

    #[test]
    fn a_long_line_is_cropped_around_the_span() {
        let line = format!("{}\"needle\"{}", "é".repeat(50_000), "x".repeat(50_000));
        let (span, text) = excerpt(&line, "needle");
        assert_eq!(span, "needle");
        assert!(text.chars().count() <= 160 && text.starts_with('…') && text.ends_with('…'), "{text}");
        let (span, text) = excerpt(&format!("{}end", "x".repeat(500)), "end");
        assert_eq!(span, "end");
        assert!(!text.ends_with('…'));
    }

    #[test]
    fn secrets_do_not_show_even_where_the_span_is() {
        let (span, text) = excerpt(r#"{"password": "hunter2", "x": 1}"#, "hunter2");
        assert_eq!((span.as_str(), text.as_str()), ("<secret>", r#"{"password": "<secret>", "x": 1}"#));
        let (span, text) = excerpt(r#"{"password": "hunter2", "x": 1}"#, r#""x""#);
        assert_eq!((span.as_str(), text.as_str()), (r#""x""#, r#"{"password": "<secret>", "x": 1}"#));
        let (_, text) = excerpt(r#"{"password": "hunter2", "x": 1}"#, r#""hunter2""#);
        assert!(!text.contains("hunter"));
        let long = format!("{{\"password\": \"{}needle\"}}", "s".repeat(9_000));
        assert_eq!(excerpt(&long, "needle").0, "<secret>");
    }

    proptest::proptest! {
        #[test]
        fn any_span_of_any_text_is_shown(text in r#"(.|\n|"password": "x"|[aé]{60}){0,40}"#, start in 0u32..4_000, length in 0u32..400) {
            let mut files = Files::default();
            let id = files.add(SourceFile::new("a", text));
            let found = Excerpts::new(&files).of(Span { file: id, start, end: start + length });
            proptest::prop_assert!(found.text.get(found.span.clone()).is_some());
            // A mask is longer than the shortest secret: seven characters for each `"password": "x"` of fifteen.
            proptest::prop_assert!(found.text.chars().count() <= WHOLE + WHOLE / 2 + 40);
        }
    }

    #[test]
    fn a_terminal_is_not_given_orders() {
        assert_eq!(excerpt("a\u{1b}[31mred\u{202e}", "red").1, "a\u{fffd}[31mred\u{fffd}");
    }
}
