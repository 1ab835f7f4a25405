//! Shell text into commands and words, each with its byte range ("POSIX.1-2017, Shell Command Language", token recognition
//! and quoting).

/// A simple command.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub words: Vec<Word>,
    pub start: usize,
    pub end: usize,
    /// Whether it begins its line at the margin.
    pub at_margin: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word {
    pub parts: Vec<Part>,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Literal(String),
    /// `$X`, `${X}`.
    Variable(String),
    /// Any other expansion, as written.
    Expansion(String),
}

impl Word {
    /// The text of a word without expansions, when it is of one piece.
    pub(super) fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The text of a word without expansions.
    pub(super) fn literal(&self) -> Option<String> {
        self.parts.iter().map(|part| if let Part::Literal(text) = part { Some(text.as_str()) } else { None }).collect()
    }

    /// What follows `prefix` in this word.
    pub(super) fn after(&self, prefix: &str) -> Option<Word> {
        let Some(Part::Literal(first)) = self.parts.first() else { return None };
        let rest = first.strip_prefix(prefix)?;
        let mut parts = vec![Part::Literal(rest.to_owned())];
        parts.retain(|part| !matches!(part, Part::Literal(text) if text.is_empty()));
        parts.extend(self.parts.iter().skip(1).cloned());
        Some(Word { parts, ..self.clone() })
    }

    /// `NAME=value`: the name and the value.
    pub(super) fn assigns(&self) -> Option<(&str, Word)> {
        let Some(Part::Literal(first)) = self.parts.first() else { return None };
        let (name, _) = first.split_once('=')?;
        let valid = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
        if name.is_empty() || !valid {
            return None;
        }
        Some((name, self.after(&first[..=name.len()])?))
    }
}

/// The simple commands of a script, in order. Words of control structures (`if`, `do`) stand as words before their
/// command.
pub(super) fn commands(text: &str) -> Vec<Command> {
    Reader { text, at: 0, heredocs: Vec::new() }.run()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Ends of here-documents that begin at the next line, and whether tabs before them are stripped.
    heredocs: Vec<(String, bool)>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn run(mut self) -> Vec<Command> {
        let mut out = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let finish = |words: &mut Vec<Word>, out: &mut Vec<Command>, text: &str| {
            if let (Some(first), Some(last)) = (words.first(), words.last()) {
                let (start, end) = (first.start, last.end);
                let at_margin = start == 0 || text.as_bytes().get(start - 1) == Some(&b'\n');
                out.push(Command { words: std::mem::take(words), start, end, at_margin });
            }
        };
        while let Some(c) = self.peek() {
            if self.rest().starts_with("\\\n") {
                self.at += 2;
            } else if self.rest().starts_with("\\\r\n") {
                self.at += 3;
            } else if c == '\n' {
                self.at += 1;
                finish(&mut words, &mut out, self.text);
                self.skip_heredocs();
            } else if c.is_whitespace() {
                self.bump();
            } else if c == '#' {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if matches!(c, ';' | '&' | '|' | '(' | ')') {
                self.bump();
                finish(&mut words, &mut out, self.text);
            } else if matches!(c, '<' | '>') {
                self.redirection();
            } else {
                let before = self.at;
                let word = self.word();
                if self.at == before {
                    self.bump();
                }
                words.push(word);
            }
        }
        finish(&mut words, &mut out, self.text);
        out
    }

    /// Skips `>file`, `2>&1`, `<<END` and their targets.
    fn redirection(&mut self) {
        let here = self.rest().starts_with("<<") && !self.rest().starts_with("<<<");
        while matches!(self.peek(), Some('<' | '>' | '&')) {
            self.bump();
        }
        let dash = here && self.peek() == Some('-');
        if dash {
            self.bump();
        }
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.bump();
        }
        let before = self.at;
        let word = self.word();
        if here && self.at > before {
            self.heredocs.push((word.literal().unwrap_or_default(), dash));
        }
    }

    fn skip_heredocs(&mut self) {
        for (end, dash) in std::mem::take(&mut self.heredocs) {
            while self.at < self.text.len() {
                let length = self.rest().find('\n').map_or(self.rest().len(), |i| i + 1);
                let line = self.rest().get(..length).unwrap_or("").trim_end_matches(['\n', '\r']).to_owned();
                self.at += length;
                if (if dash { line.trim_start_matches('\t') } else { &line }) == end {
                    break;
                }
            }
        }
    }

    fn word(&mut self) -> Word {
        let start = self.at;
        let mut parts: Vec<Part> = Vec::new();
        let mut literal = String::new();
        let mut quoted = false;
        while let Some(c) = self.peek() {
            match c {
                '\'' => {
                    quoted = true;
                    self.bump();
                    while let Some(c) = self.bump() {
                        if c == '\'' {
                            break;
                        }
                        literal.push(c);
                    }
                }
                '"' => {
                    quoted = true;
                    self.bump();
                    self.double_quoted(&mut parts, &mut literal);
                }
                '\\' => {
                    self.bump();
                    match self.bump() {
                        Some('\n') | None => {}
                        Some(c) => literal.push(c),
                    }
                }
                '$' | '`' => self.expansion(&mut parts, &mut literal),
                c if c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>') => break,
                c => {
                    self.bump();
                    literal.push(c);
                }
            }
        }
        if !literal.is_empty() || quoted && parts.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Word { parts, start, end: self.at }
    }

    fn double_quoted(&mut self, parts: &mut Vec<Part>, literal: &mut String) {
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.bump();
                    return;
                }
                '\\' => {
                    self.bump();
                    match self.bump() {
                        Some('\n') | None => {}
                        Some(c @ ('"' | '\\' | '$' | '`')) => literal.push(c),
                        Some(c) => {
                            literal.push('\\');
                            literal.push(c);
                        }
                    }
                }
                '$' | '`' => self.expansion(parts, literal),
                c => {
                    self.bump();
                    literal.push(c);
                }
            }
        }
    }

    /// At `$` or a backquote.
    fn expansion(&mut self, parts: &mut Vec<Part>, literal: &mut String) {
        let start = self.at;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if self.bump() == Some('`') {
            while let Some(c) = self.bump() {
                match c {
                    '`' => break,
                    '\\' => {
                        self.bump();
                    }
                    _ => {}
                }
            }
            return push(parts, literal, Part::Expansion(self.text.get(start..self.at).unwrap_or("").to_owned()));
        }
        match self.peek() {
            Some(open @ ('{' | '(')) => {
                let close = if open == '{' { '}' } else { ')' };
                let mut depth = 0_u32;
                let mut quote = None;
                while let Some(c) = self.bump() {
                    match (quote, c) {
                        (_, '\\') if quote != Some('\'') => {
                            self.bump();
                        }
                        (Some(q), c) => quote = Some(q).filter(|q| *q != c),
                        (None, '\'' | '"') => quote = Some(c),
                        (None, c) if c == open => depth += 1,
                        (None, c) if c == close => {
                            depth -= 1;
                            if depth == 0 {
                                break;
                            }
                        }
                        _ => {}
                    }
                }
                let whole = self.text.get(start..self.at).unwrap_or("").to_owned();
                let inner = whole.strip_prefix("${").and_then(|w| w.strip_suffix('}'));
                let part = match inner {
                    Some(name) if !name.is_empty() && name.chars().all(is_name) => Part::Variable(name.to_owned()),
                    _ => Part::Expansion(whole),
                };
                push(parts, literal, part);
            }
            Some(c) if is_name(c) => {
                let name: String = self.rest().chars().take_while(|c| is_name(*c)).collect();
                self.at += name.len();
                push(parts, literal, Part::Variable(name));
            }
            Some(c @ ('@' | '*' | '#' | '?' | '!' | '$' | '-')) => {
                self.bump();
                push(parts, literal, Part::Expansion(format!("${c}")));
            }
            _ => literal.push('$'),
        }
    }
}

/// Puts a part after the literal text before it.
fn push(parts: &mut Vec<Part>, literal: &mut String, part: Part) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal)));
    }
    parts.push(part);
}
