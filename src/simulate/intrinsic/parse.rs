//! From text to calls.
use super::{Argument, FUNCTIONS, Inner};
use crate::simulate::path::Path;
use crate::simulate::value::{Number, Value};

/// "You can nest up to 10 intrinsic functions within a field" (AWS Step Functions Developer Guide, "Intrinsic functions for `JSONPath` states").
const DEEPEST: usize = 10;

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

pub(super) fn call(text: &str) -> Result<Inner, String> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.spaces();
    let call = cursor.call(1)?;
    cursor.spaces();
    match cursor.peek() {
        None => Ok(call),
        Some(c) => Err(format!("`{c}` is not expected behind the call")),
    }
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn word(&mut self) -> String {
        let end =
            self.rest().find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-'))).unwrap_or(self.rest().len());
        let word = self.rest()[..end].to_owned();
        self.at += end;
        word
    }

    fn call(&mut self, depth: usize) -> Result<Inner, String> {
        if depth > DEEPEST {
            return Err(format!("more than {DEEPEST} functions are nested"));
        }
        let word = self.word();
        let Some((_, function, least, most)) = FUNCTIONS.into_iter().find(|(name, ..)| word.strip_prefix("States.") == Some(name)) else {
            return Err(format!("there is no function `{word}`"));
        };
        self.spaces();
        if !self.eat('(') {
            return Err(format!("`(` is missing behind `{word}`"));
        }
        let mut arguments = Vec::new();
        self.spaces();
        if !self.eat(')') {
            loop {
                self.spaces();
                arguments.push(self.argument(depth)?);
                self.spaces();
                if self.eat(')') {
                    break;
                }
                if !self.eat(',') {
                    return Err(format!("`,` or `)` is missing in the arguments of `{word}`"));
                }
            }
        }
        if arguments.len() < least || arguments.len() > most {
            let wanted = match (least, most) {
                (least, most) if least == most => least.to_string(),
                (least, usize::MAX) => format!("{least} or more"),
                (least, most) => format!("{least} to {most}"),
            };
            return Err(format!("`{word}` takes {wanted} arguments, not {}", arguments.len()));
        }
        Ok(Inner { function, arguments })
    }

    fn argument(&mut self, depth: usize) -> Result<Argument, String> {
        match self.peek() {
            Some('\'') => self.text_argument(),
            Some('$') => {
                let text = self.path()?;
                Path::parse(&text).map(Argument::Path).map_err(|problem| format!("`{text}`: {problem}"))
            }
            Some('S') => self.call(depth + 1).map(Argument::Call),
            Some(_) => {
                let word = self.word();
                Ok(Argument::Literal(match word.as_str() {
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    "null" => Value::Null,
                    number if number.starts_with(|c: char| c.is_ascii_digit() || c == '-') && number.parse::<f64>().is_ok() => {
                        Value::Number(Number::of_text(number))
                    }
                    "" => return Err("an argument is missing".into()),
                    other => return Err(format!("`{other}` is neither a text in single quotes nor a number, a path or a call")),
                }))
            }
            None => Err("`)` is missing at the end".into()),
        }
    }

    /// A path ends at the comma or parenthesis that is not its own.
    fn path(&mut self) -> Result<String, String> {
        let start = self.at;
        let mut open = 0_usize;
        while let Some(c) = self.peek() {
            match c {
                '\'' | '"' if open > 0 => {
                    self.next();
                    loop {
                        match self.next() {
                            Some('\\') => {
                                self.next();
                            }
                            Some(end) if end == c => break,
                            Some(_) => {}
                            None => return Err(format!("`{c}` is not closed")),
                        }
                    }
                    continue;
                }
                '[' | '(' => open += 1,
                ',' | ')' if open == 0 => break,
                ']' | ')' => open = open.saturating_sub(1),
                _ => {}
            }
            self.next();
        }
        Ok(self.text.get(start..self.at).unwrap_or_default().trim_end().to_owned())
    }

    /// In single quotes, with the escapes `\'`, `\\`, `\{` and `\}`; AWS refuses any other.
    fn text_argument(&mut self) -> Result<Argument, String> {
        self.next();
        let start = self.at;
        let mut value = String::new();
        loop {
            match self.next() {
                Some('\'') => break,
                Some('\\') => match self.next() {
                    Some(c @ ('\'' | '\\' | '{' | '}')) => value.push(c),
                    Some(c) => return Err(format!("`\\{c}` is no escape: only `\\'`, `\\\\`, `\\{{` and `\\}}` are")),
                    None => return Err("`'` is not closed".into()),
                },
                Some(c) => value.push(c),
                None => return Err("`'` is not closed".into()),
            }
        }
        let written = self.text.get(start..self.at - 1).unwrap_or_default().into();
        Ok(Argument::Text { value: Value::string(value), written })
    }
}
