//! Objects with a key twice, which Terraform takes and the parser does not.
//!
//! The second of two equal keys gets a mark after its name, so that the text can be parsed; the places that the parser then tells
//! are places in the mended text, and are led back to those in the source.
use std::borrow::Cow;

/// Follows the name of a key that was there before; with a number, so that each is another one.
const MARK: &str = "_emr2k8s_again_";
const DIGITS: usize = 3;
const LENGTH: usize = MARK.len() + DIGITS;
/// Keys that are mended in one file. Each costs a parse of the file.
const MOST: usize = 100;

/// A text with marks in it.
pub(super) struct Mended<'t> {
    text: Cow<'t, str>,
    /// Where marks are in the mended text, in rising order.
    marks: Vec<usize>,
}

impl<'t> Mended<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text: Cow::Borrowed(text), marks: Vec::new() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Marks the key that starts at an offset of the mended text. `false` when there is none that can be marked.
    pub fn rename(&mut self, at: usize) -> bool {
        if self.marks.len() == MOST || (self.marks.is_empty() && self.text.contains(MARK)) {
            return false;
        }
        let Some(end) = self.text.get(at..).and_then(name_end).map(|length| at + length) else { return false };
        let mark = format!("{MARK}{:0DIGITS$}", self.marks.len());
        self.text.to_mut().insert_str(end, &mark);
        let later = self.marks.partition_point(|known| *known < end);
        self.marks.iter_mut().skip(later).for_each(|known| *known += LENGTH);
        self.marks.insert(later, end);
        true
    }

    /// The place in the source of a place in the mended text.
    pub fn original(&self, at: usize) -> usize {
        let before = self.marks.iter().take_while(|mark| **mark < at);
        at - before.map(|mark| LENGTH.min(at - mark)).sum::<usize>()
    }

    /// A key without its mark.
    pub fn key<'k>(&self, key: &'k str) -> &'k str {
        match key.find(MARK) {
            Some(at) if !self.marks.is_empty() => &key[..at],
            _ => key,
        }
    }
}

/// How far the name goes with which a text starts: a word, or a quoted text up to its closing quote.
fn name_end(text: &str) -> Option<usize> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(text.len());
        return text.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(end);
    };
    let mut escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            '"' if !escaped => return Some(at + 1),
            '\n' => return None,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_led_back() {
        let mut mended = Mended::new("{a=1,a=2,\"b\"=3}");
        assert!(mended.rename(9) && mended.rename(5));
        assert!(!mended.rename(0), "no name starts here");
        let text = mended.text().to_owned();
        for (at, word) in [(5, "a"), (7, "2"), (9, "\"b"), (13, "3")] {
            let found = text.match_indices(word).map(|(found, _)| mended.original(found)).collect::<Vec<_>>();
            assert!(found.contains(&at), "{word}: {found:?} in {text}");
        }
        assert_eq!(mended.original(text.len()), 15);
        assert_eq!(mended.key("b_emr2k8s_again_000"), "b");
    }

    #[test]
    fn a_text_that_has_the_mark_is_left_alone() {
        assert!(!Mended::new("a_emr2k8s_again_000").rename(0));
    }
}
