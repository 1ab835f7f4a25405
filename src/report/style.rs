//! Colours of text for people. Always written; the command line strips them where they do not belong.

pub const BOLD: &str = "\u{1b}[1m";
pub const RED: &str = "\u{1b}[31m";
pub const GREEN: &str = "\u{1b}[32m";
pub const YELLOW: &str = "\u{1b}[33m";
pub const CYAN: &str = "\u{1b}[36m";
pub const DIM: &str = "\u{1b}[2m";
pub const RESET: &str = "\u{1b}[0m";

/// A text in a colour.
#[must_use]
pub fn paint(style: &str, text: &str) -> String {
    format!("{style}{text}{RESET}")
}

/// Whether a character would change a terminal's state or hide what follows: controls, and the marks that reorder text.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A text from a file or a name, on one line, with nothing in it that a terminal obeys: marks that hide or reorder text are
/// shown as `\u{202e}`, controls as `�`.
#[must_use]
pub fn plain(text: &str) -> String {
    if text.contains(is_unsafe) {
        let mut out = String::with_capacity(text.len() + 16);
        for c in text.chars() {
            match c {
                '\t' | '\n' => out.push(' '),
                c if c.is_control() => out.push('\u{fffd}'),
                c if is_unsafe(c) => out.extend(c.escape_unicode()),
                c => out.push(c),
            }
        }
        out
    } else {
        text.to_owned()
    }
}

/// Several lines, with nothing in them that a terminal obeys: line feeds and tabs stay.
#[must_use]
pub fn plain_lines(text: &str) -> String {
    text.split('\n').map(|line| line.split('\t').map(plain).collect::<Vec<_>>().join("\t")).collect::<Vec<_>>().join("\n")
}

/// The unified diff with colours.
#[must_use]
pub fn diff(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        let style = match body.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => BOLD,
            [b'@', b'@', ..] => CYAN,
            [b'-', ..] => RED,
            [b'+', ..] => GREEN,
            _ => "",
        };
        if style.is_empty() {
            out.push_str(line);
        } else {
            out.push_str(style);
            out.push_str(body);
            out.push_str(RESET);
            out.push_str(end);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_reorder_text_are_shown() {
        assert_eq!(plain("a\u{202e}b\u{2066}c\nd\u{1b}[31m"), "a\\u{202e}b\\u{2066}c d\u{fffd}[31m");
        assert_eq!(plain_lines("+a\tb\u{202e}\n+c\r\n"), "+a\tb\\u{202e}\n+c\u{fffd}\n");
        for c in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
            assert!(!plain(&format!("x{c}")).contains(c));
        }
    }
}
