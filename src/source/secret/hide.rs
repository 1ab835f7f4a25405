//! Every secret literal of a run, and texts without them.
use super::{MASK, Text, inside};
use crate::source::span::{Origins, Span};
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::BTreeMap;
use std::ops::Range;

/// Shortest literal that is looked for in other texts than its own.
const SHORTEST: usize = 4;

/// The secret literals of a run, looked for in one pass over a text.
///
/// A literal that could stand for something else (`password: spark`) is looked for as a whole word in what is said to
/// people, and in the output only on lines that its own place in the sources shaped: elsewhere it is no secret.
#[derive(Clone, Default, Debug)]
pub struct Secrets {
    strong: Option<AhoCorasick>,
    weak: Option<AhoCorasick>,
    /// For each weak literal: where it stands as a secret.
    places: Vec<Vec<Span>>,
    /// Where any literal stands as a secret, sorted.
    all: Vec<Span>,
}

impl Secrets {
    /// From literals and where each stands.
    #[must_use]
    pub fn new(found: impl IntoIterator<Item = (String, Span)>) -> Self {
        let mut strong: Vec<String> = Vec::new();
        let mut weak: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        let mut all = Vec::new();
        for (literal, span) in found {
            all.push(span);
            // A private key is told by any of its lines.
            for line in literal.split(['\n', '\r']).flat_map(|line| line.split("\\n")).map(str::trim) {
                if line.len() < SHORTEST || line.starts_with("-----BEGIN") || line.starts_with("-----END") {
                    continue;
                }
                if is_strong(line) {
                    strong.extend(spellings(line));
                } else {
                    for spelling in spellings(line) {
                        weak.entry(spelling).or_default().push(span);
                    }
                }
            }
        }
        all.sort_unstable();
        all.dedup();
        strong.sort();
        strong.dedup();
        let (words, places): (Vec<String>, Vec<Vec<Span>>) = weak.into_iter().unzip();
        Self { strong: automaton(&strong), weak: automaton(&words), places, all }
    }

    /// Of one text by itself.
    #[must_use]
    pub fn of_text(text: &str, span: Span) -> Self {
        Self::new(inside(text, Text::Code).into_iter().map(|found| (text[found.range].to_owned(), span)))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.strong.is_none() && self.weak.is_none()
    }

    /// Byte ranges of secrets in a text for people: sorted, not overlapping.
    #[must_use]
    pub fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        self.search(text, |_| true)
    }

    /// A text for people without secrets; `None` when it has none.
    #[must_use]
    pub fn mask(&self, text: &str) -> Option<String> {
        replace(text, &self.ranges(text))
    }

    /// A line of the output without secrets; `None` when it has none.
    #[must_use]
    pub fn mask_line(&self, text: &str, origins: &Origins) -> Option<String> {
        let from_there = |places: &[Span]| places.iter().any(|place| origins.iter().any(|o| o.contains(*place) || place.contains(o)));
        replace(text, &self.search(text, |word| self.places.get(word).is_some_and(|places| from_there(places))))
    }

    /// Of the places that shaped a line, the first that holds a secret; the first of all when none does.
    #[must_use]
    pub fn place(&self, origins: &Origins) -> Option<Span> {
        let holds = |origin: &Span| {
            let from = self.all.partition_point(|place| (place.file, place.start) < (origin.file, origin.start));
            self.all.get(from).is_some_and(|place| origin.contains(*place))
        };
        origins.iter().find(holds).or_else(|| origins.first())
    }

    /// Masks in place.
    pub fn clean(&self, text: &mut String) {
        if let Some(clean) = self.mask(text) {
            *text = clean;
        }
    }

    fn search(&self, text: &str, counts: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
        let mut out: Vec<Range<usize>> = Vec::new();
        if let Some(strong) = &self.strong {
            out.extend(strong.find_iter(text).map(|found| found.range()));
        }
        if let Some(weak) = &self.weak {
            let is_letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
            let bytes = text.as_bytes();
            let whole = |range: &Range<usize>| {
                !is_letter(range.start.checked_sub(1).and_then(|i| bytes.get(i))) && !is_letter(bytes.get(range.end))
            };
            let found = weak.find_iter(text).filter(|found| whole(&found.range()) && counts(found.pattern().as_usize()));
            out.extend(found.map(|found| found.range()));
            out.sort_by_key(|range| (range.start, range.end));
            out.dedup_by(|next, kept| {
                let overlap = next.start < kept.end;
                if overlap {
                    kept.end = kept.end.max(next.end);
                }
                overlap
            });
        }
        out
    }
}

/// Whether a literal can hardly stand for anything but itself.
fn is_strong(literal: &str) -> bool {
    let word = literal.bytes().all(|b| b.is_ascii_alphabetic()) || literal.bytes().all(|b| b.is_ascii_digit());
    // Words of a sentence are no secret by themselves.
    if word || (literal.contains(' ') && !literal.bytes().any(|b| b.is_ascii_digit())) { literal.len() >= 16 } else { literal.len() >= 7 }
}

/// A literal as it is, as JSON and YAML escape it, and as YAML's and the shell's single quotes do.
fn spellings(literal: &str) -> Vec<String> {
    let mut out = vec![literal.to_owned()];
    if let Ok(json) = serde_json::to_string(literal) {
        out.push(json[1..json.len() - 1].to_owned());
    }
    if literal.contains('\'') {
        out.push(literal.replace('\'', "''"));
        out.push(literal.replace('\'', r"'\''"));
    }
    out.dedup();
    out
}

fn automaton(words: &[String]) -> Option<AhoCorasick> {
    if words.is_empty() {
        return None;
    }
    AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(words).ok()
}

fn replace(text: &str, ranges: &[Range<usize>]) -> Option<String> {
    if ranges.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for range in ranges {
        out.push_str(&text[end..range.start]);
        out.push_str(MASK);
        end = range.end;
    }
    out.push_str(&text[end..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::span::FileId;

    fn at(start: usize) -> Span {
        Span::new(FileId(0), start, start + 5)
    }

    #[test]
    fn a_literal_is_taken_out_in_every_spelling() {
        let secrets = Secrets::new([("it's-\"a\"-secret".to_owned(), at(0)), ("hunter22x".to_owned(), at(0))]);
        assert_eq!(secrets.mask(r#"a: "it's-\"a\"-secret""#).unwrap(), "a: \"<secret>\"");
        assert_eq!(secrets.mask("a: 'it''s-\"a\"-secret'").unwrap(), "a: '<secret>'");
        assert_eq!(secrets.mask("xhunter22xhunter22x").unwrap(), "x<secret><secret>");
        assert_eq!(secrets.mask("nothing"), None);
    }

    #[test]
    fn a_common_word_is_a_secret_only_where_it_stands_for_one() {
        let secrets = Secrets::new([("spark".to_owned(), at(10))]);
        assert_eq!(secrets.mask_line("kind: spark", &Origins::none()), None);
        assert_eq!(
            secrets.mask_line("cause: spark, SparkApplication sparks", &Origins::one(at(10))).unwrap(),
            "cause: <secret>, SparkApplication sparks"
        );
    }

    #[test]
    fn lines_of_a_private_key_are_secrets() {
        let secrets = Secrets::new([("-----BEGIN PRIVATE KEY-----\nMIIEabc123\n-----END PRIVATE KEY-----".to_owned(), at(0))]);
        assert_eq!(secrets.mask("x MIIEabc123").unwrap(), "x <secret>");
        assert_eq!(secrets.mask("-----BEGIN PRIVATE KEY-----"), None);
    }
}
