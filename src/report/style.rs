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

/// A text from a file or a name, on one line, with nothing in it that a terminal obeys.
#[must_use]
pub fn plain(text: &str) -> String {
    if text.contains(is_unsafe) {
        text.chars()
            .map(|c| {
                if c == '\t' {
                    ' '
                } else if is_unsafe(c) {
                    '\u{fffd}'
                } else {
                    c
                }
            })
            .collect()
    } else {
        text.to_owned()
    }
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
