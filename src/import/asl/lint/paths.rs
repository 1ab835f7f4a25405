//! JSONPath and the intrinsic functions: what cannot be read, and what stands in the wrong place.
//!
//! [`path_syntax`] is lenient where the dialect of AWS is not documented: it refuses what no reader of JSONPath could take.
use super::completed_later;
use super::uses::{self, Kind, Use};
use crate::import::asl::fields;
use crate::ir::machine::{Condition, FailText, Operand, QueryLanguage, State, StateKind, Template, TemplateValue};
use crate::source::rules::lint::{ASL201, ASL202, ASL203, ASL204, ASL205, ASL206};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Span;

/// The intrinsic functions and the least and the largest number of their arguments ("Intrinsic functions for JSONPath states").
const FUNCTIONS: [(&str, usize, usize); 18] = [
    ("Array", 0, usize::MAX),
    ("ArrayContains", 2, 2),
    ("ArrayGetItem", 2, 2),
    ("ArrayLength", 1, 1),
    ("ArrayPartition", 2, 2),
    ("ArrayRange", 3, 3),
    ("ArrayUnique", 1, 1),
    ("Base64Decode", 1, 1),
    ("Base64Encode", 1, 1),
    ("Format", 1, usize::MAX),
    ("Hash", 2, 2),
    ("JsonMerge", 3, 3),
    ("JsonToString", 1, 1),
    ("MathAdd", 2, 2),
    ("MathRandom", 2, 3),
    ("StringSplit", 2, 2),
    ("StringToJson", 1, 1),
    ("UUID", 0, 0),
];

/// How deep calls may stand in each other before a reader gives up ("a maximum of 10 nested intrinsic functions").
const DEEPEST: usize = 10;

pub(super) fn state(state: &State, sink: &mut Sink) {
    if state.query_language != QueryLanguage::JsonPath {
        return;
    }
    for found in uses::of(state) {
        check(&found, sink);
    }
    plain_texts(state, sink);
}

fn check(found: &Use<'_>, sink: &mut Sink) {
    let text = found.text;
    if completed_later(text) {
        return;
    }
    if text.starts_with("States.") {
        function(found, sink);
        return;
    }
    if !text.starts_with('$') {
        return; // the reader has said so (ASL108)
    }
    if let Err(why) = path_syntax(text) {
        let report = Diagnostic::error(&ASL201, found.span, format!("`{text}` in `{}` is no path: {why}", found.field));
        sink.report(report.help("correct the path; a field with special characters is written `['its name']`"));
    } else if found.kind == Kind::Reference
        && let Err(why) = reference(text)
    {
        let report = Diagnostic::error(&ASL202, found.span, format!("`{}` cannot be `{text}`: {why}", found.field));
        sink.report(report.help("write one place of the input, such as `$.result`"));
    }
}

fn function(found: &Use<'_>, sink: &mut Sink) {
    if !matches!(found.kind, Kind::Template | Kind::PathOrFunction) {
        let report = Diagnostic::error(&ASL205, found.span, format!("`{}` takes a path, but no function", found.field));
        sink.report(report.help("compute the value in a Pass state before, and write its path here"));
        return;
    }
    match intrinsic(found.text) {
        Ok(call) => {
            for problem in call.problems {
                let report = Diagnostic::warning(&ASL204, found.span, problem);
                sink.report(report.help("the state fails with States.IntrinsicFailure"));
            }
        }
        Err((why, help)) => {
            let report = Diagnostic::error(&ASL203, found.span, format!("`{}` cannot be read: {why}", shortened(found.text)));
            sink.report(report.help(help));
        }
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { format!("{}…", text.chars().take(59).collect::<String>()) }
}

/// Whether a text can be read as JSONPath; if not, why.
pub(super) fn path_syntax(text: &str) -> Result<(), String> {
    let text = text.trim_end(); // accepted, and seen in machines that run
    let mut rest = text.strip_prefix('$').ok_or("it does not start with `$`")?;
    rest = rest.strip_prefix('$').unwrap_or_else(|| variable_of(text).map_or(rest, |name| &rest[name.len()..]));
    while let Some(first) = rest.chars().next() {
        match first {
            '.' => {
                let deep = rest.starts_with("..");
                rest = &rest[if deep { 2 } else { 1 }..];
                if rest.starts_with('[') {
                    continue;
                }
                let length = rest.find(['.', '[', ' ', '\t', '\n', '(', ')', ',', '\'', '"', ']']).unwrap_or(rest.len());
                if length == 0 {
                    return Err(if rest.is_empty() {
                        "it ends with a dot".to_owned()
                    } else {
                        format!("there is no name before `{rest}`")
                    });
                }
                rest = &rest[length..];
                if rest.starts_with('(') {
                    let closed = rest.find(')').ok_or("a `(` is not closed")?;
                    rest = &rest[closed + 1..];
                }
            }
            '[' => rest = &rest[bracket(rest)?..],
            ' ' | '\t' | '\n' => return Err("it has a space; write `['a name']`".to_owned()),
            other => return Err(format!("`{other}` stands where `.` or `[` should")),
        }
    }
    Ok(())
}

/// The characters of a text that stand in no quotes. A backslash in quotes escapes.
struct Unquoted<'t> {
    chars: std::str::CharIndices<'t>,
    quote: Option<char>,
}

impl<'t> Unquoted<'t> {
    fn new(text: &'t str) -> Self {
        Self { chars: text.char_indices(), quote: None }
    }
}

impl Iterator for Unquoted<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<(usize, char)> {
        loop {
            let (at, c) = self.chars.next()?;
            match self.quote {
                None if matches!(c, '\'' | '"') => self.quote = Some(c),
                None => return Some((at, c)),
                Some(_) if c == '\\' => {
                    self.chars.next();
                }
                Some(open) if c == open => self.quote = None,
                Some(_) => {}
            }
        }
    }
}

/// The length of a bracket with what is inside it.
fn bracket(text: &str) -> Result<usize, String> {
    let mut depth = 0_usize;
    let mut plain = Unquoted::new(text);
    for (at, c) in plain.by_ref() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => {
                depth = depth.checked_sub(1).ok_or("a bracket closes that is not open")?;
                if depth == 0 {
                    return index(text.get(1..at).unwrap_or_default().trim()).map(|()| at + 1);
                }
            }
            _ => {}
        }
    }
    Err(if plain.quote.is_some() { "a quote is not closed" } else { "a `[` is not closed" }.to_owned())
}

/// What is between brackets: names in quotes, indices, a slice, `*` or a filter.
fn index(inside: &str) -> Result<(), String> {
    let quoted = inside.starts_with(['\'', '"']);
    if quoted || inside == "*" || inside.starts_with(['?', '(', '@', '$']) {
        return Ok(());
    }
    if inside.is_empty() {
        return Err("there is nothing between the brackets".to_owned());
    }
    if inside.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | ',' | ' ')) {
        return Ok(());
    }
    Err(format!("`[{inside}]` is no index; a name needs quotes: `['{inside}']`"))
}

/// The name of the variable that a path starts with: `$name`.
pub(super) fn variable_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('$')?;
    let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let name = rest.get(..length)?;
    name.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(name)
}

/// Whether a path names one place of the input.
fn reference(path: &str) -> Result<(), &'static str> {
    if path.starts_with("$$") {
        return Err("the context object cannot be written");
    }
    if variable_of(path).is_some() {
        return Err("a variable is assigned with `Assign`");
    }
    let mut previous = ' ';
    let mut in_brackets = false;
    for (_, c) in Unquoted::new(path) {
        match c {
            '.' if previous == '.' => return Err("`..` names many places"),
            '*' if matches!(previous, '.' | '[') => return Err("`*` names many places"),
            '?' | '@' | '(' => return Err("a filter names many places"),
            ':' | ',' if in_brackets => return Err("a slice or list names many places"),
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ => {}
        }
        previous = c;
    }
    Ok(())
}

/// A call that can be read.
#[derive(Default, Debug)]
pub(super) struct Call<'t> {
    /// The paths among its arguments, and among those of calls inside it.
    pub(super) paths: Vec<&'t str>,
    /// What makes it fail whenever it runs.
    problems: Vec<String>,
}

/// Reads a call of an intrinsic function; if it cannot be read, why, and what to do.
pub(super) fn intrinsic(text: &str) -> Result<Call<'_>, (String, String)> {
    let mut reader = Calls { text, at: 0, call: Call::default() };
    reader.call(1)?;
    reader.spaces();
    if reader.at < text.len() {
        return Err(wrong(format!("`{}` follows the call", shortened(&text[reader.at..]))));
    }
    Ok(reader.call)
}

fn wrong(why: String) -> (String, String) {
    (why, "an argument is a text in single quotes, a number, true, false, null, a path or another call".to_owned())
}

struct Calls<'t> {
    text: &'t str,
    at: usize,
    call: Call<'t>,
}

impl<'t> Calls<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, sign: char) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    fn call(&mut self, depth: usize) -> Result<(), (String, String)> {
        if depth > DEEPEST {
            return Err((format!("more than {DEEPEST} calls stand in each other"), "compute a part in a state before".to_owned()));
        }
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len());
        let whole = &rest[..length];
        let name = whole.strip_prefix("States.").unwrap_or_default();
        let Some((_, least, most)) = FUNCTIONS.iter().find(|(function, ..)| *function == name).copied() else {
            let help = fields::nearest(name, FUNCTIONS.iter().map(|(function, ..)| *function)).map_or_else(
                || format!("the functions are {}", FUNCTIONS.map(|(function, ..)| function).join(", ")),
                |near| format!("did you mean `States.{near}`?"),
            );
            return Err((format!("there is no function `{whole}`"), help));
        };
        self.at += length;
        self.spaces();
        if !self.eat('(') {
            return Err(wrong(format!("`(` is missing after `{whole}`")));
        }
        let mut count = 0;
        let mut format = None;
        self.spaces();
        if !self.eat(')') {
            loop {
                self.spaces();
                let text = self.argument(depth)?;
                if name == "Format" && count == 0 {
                    format = text;
                }
                count += 1;
                self.spaces();
                if self.eat(')') {
                    break;
                }
                if !self.eat(',') {
                    return Err(wrong(if self.rest().is_empty() {
                        "its `)` is missing".to_owned()
                    } else {
                        format!("`,` or `)` is missing before `{}`", shortened(self.rest()))
                    }));
                }
            }
        }
        if count < least || count > most {
            let takes = if least == most {
                least.to_string()
            } else if most == usize::MAX {
                format!("at least {least}")
            } else {
                format!("{least} or {most}")
            };
            self.call.problems.push(format!("`States.{name}` takes {takes} arguments, but is given {count}"));
        } else if let Some(holes) = format
            && holes != count - 1
        {
            self.call.problems.push(format!("`States.Format` has {holes} `{{}}` in its text, but is given {} values", count - 1));
        }
        Ok(())
    }

    /// One argument. Of a text: how many `{}` it has.
    fn argument(&mut self, depth: usize) -> Result<Option<usize>, (String, String)> {
        let rest = self.rest();
        if rest.starts_with('\'') {
            return self.text().map(Some);
        }
        if rest.starts_with("States.") {
            return self.call(depth + 1).map(|()| None);
        }
        let length = argument_length(rest);
        let word = rest[..length].trim_end();
        self.at += length;
        if word.starts_with('$') {
            path_syntax(word).map_err(|why| wrong(format!("`{word}` is no path: {why}")))?;
            self.call.paths.push(word);
        } else if !matches!(word, "true" | "false" | "null") && word.parse::<f64>().is_err() {
            let why = if word.is_empty() { "an argument is missing".to_owned() } else { format!("`{}` is no argument", shortened(word)) };
            return Err(wrong(why));
        }
        Ok(None)
    }

    fn text(&mut self) -> Result<usize, (String, String)> {
        let mut holes = 0;
        let mut escaped = false;
        let mut previous = ' ';
        for (at, c) in self.rest().char_indices().skip(1) {
            if escaped {
                if !matches!(c, '\'' | '{' | '}' | '\\') {
                    let help = "only ', {, } and \\ can follow a backslash in a text".to_owned();
                    return Err((format!("`\\{c}` is no escape"), help));
                }
                escaped = false;
                previous = ' ';
                continue;
            }
            match c {
                '\\' => escaped = true,
                '\'' => {
                    self.at += at + 1;
                    return Ok(holes);
                }
                '}' if previous == '{' => holes += 1,
                _ => {}
            }
            previous = c;
        }
        Err(wrong("a text is not closed".to_owned()))
    }
}

/// Up to the comma or bracket that ends an argument.
fn argument_length(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in Unquoted::new(text) {
        match c {
            '(' | '[' => depth += 1,
            ',' | ')' if depth == 0 => return at,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// What a reader would take for a path or a function.
pub(super) fn looks_like_path(text: &str) -> bool {
    let field = |text: &str| text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let path = text.strip_prefix("$$.").or_else(|| text.strip_prefix("$.")).is_some_and(field) || text.starts_with("$['");
    let call = text.strip_prefix("States.").and_then(|rest| rest.split_once('('));
    (path && path_syntax(text).is_ok()) || call.is_some_and(|(name, _)| FUNCTIONS.iter().any(|(function, ..)| *function == name))
}

/// Paths where only a text can stand (`NO_DOLLAR`, `NO_PATH`, `PASS_RESULT_IS_STATIC`).
fn plain_texts(state: &State, sink: &mut Sink) {
    let data = &state.data;
    for template in [&data.parameters, &data.result_selector, &data.assign].into_iter().flatten() {
        in_template(template, None, &mut |text, key, span| {
            let key = key.map_or_else(String::new, |key| format!("`{key}` holds "));
            report(
                format!("{key}`{text}`, which is passed on as a text"),
                span,
                "let the key end in `.$` to pass what the path selects",
                sink,
            );
        });
    }
    match &state.kind {
        StateKind::Pass { result: Some(result) } => in_template(result, None, &mut |text, _, span| {
            report(
                format!("`{text}` in `Result` is a text: `Result` evaluates nothing"),
                span,
                "use `Parameters`, with a key that ends in `.$`",
                sink,
            );
        }),
        StateKind::Map(map) => {
            if let Some(selector) = &map.item_selector {
                in_template(selector, None, &mut |text, _, span| {
                    report(format!("`{text}` is passed on as a text"), span, "let the key end in `.$` to pass what the path selects", sink);
                });
            }
        }
        StateKind::Fail(fail) => {
            for (name, text) in [("Error", &fail.error), ("Cause", &fail.cause)] {
                if let Some(FailText::Literal(text)) = text
                    && looks_like_path(&text.value)
                    && let Some(span) = text.span()
                {
                    report(format!("`{name}` is the text `{}` itself", text.value), span, &format!("use `{name}Path`"), sink);
                }
            }
        }
        StateKind::Choice { rules, .. } => {
            for rule in rules {
                compared(&rule.condition, sink);
            }
        }
        _ => {}
    }
}

fn compared(condition: &Condition, sink: &mut Sink) {
    match condition {
        Condition::And(inner, _) | Condition::Or(inner, _) => inner.iter().for_each(|condition| compared(condition, sink)),
        Condition::Not(inner, _) => compared(inner, sink),
        Condition::Compare { operator, operand: Operand::Text(text), .. } if looks_like_path(&text.value) => {
            if let Some(span) = text.span() {
                let message = format!("`{}` compares with the text `{}` itself", operator.value, text.value);
                report(message, span, &format!("use `{}Path`", operator.value), sink);
            }
        }
        _ => {}
    }
}

fn report(message: String, span: Span, help: &str, sink: &mut Sink) {
    sink.report(Diagnostic::warning(&ASL206, span, message).help(help));
}

fn in_template(template: &Template, key: Option<&str>, found: &mut dyn FnMut(&str, Option<&str>, Span)) {
    match &template.value {
        TemplateValue::Text(text) if looks_like_path(text) => found(text, key, template.span),
        TemplateValue::List(items) => items.iter().for_each(|item| in_template(item, None, found)),
        TemplateValue::Map(entries) => entries.iter().for_each(|(key, value)| in_template(value, Some(&key.value), found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        for path in [
            "$",
            "$$",
            "$.a",
            "$$.Execution.Id",
            "$x",
            "$order.items[0]",
            "$.a-b.c",
            "$['a b'].c",
            "$[\"a\"]",
            "$.a[0][1]",
            "$.a[*].b",
            "$..b",
            "$.a[?(@.year < 1999)].name",
            "$.[?(@.year < 1999)].name",
            "$.a[0:2]",
            "$.a[-1]",
            "$.a[0,1]",
            "$.a.length()",
            "$['Test\\\"\"Name\"']",
            "$.ä",
            "$.a['x]y']",
            "$.a.*",
            "$$.Execution.Name ",
            "$$['Execution']",
            "$.a[(@.length-1)]",
        ] {
            assert_eq!(path_syntax(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_told() {
        for path in [
            "",
            "a",
            "$.",
            "$.a.",
            "$.a b",
            "$.a[",
            "$.a[0",
            "$.a['x]",
            "$.a[]",
            "$.a[b]",
            "$a b",
            "$-",
            "$.a]",
            "$.a..",
            "$)",
            "$.a[0]b",
            "$.a['x\\']",
        ] {
            assert!(path_syntax(path).is_err(), "{path}");
        }
    }

    #[test]
    fn one_place_is_told_from_many() {
        for path in ["$", "$.a.b", "$['a:b']", "$.a[0]", "$['a']['b*']", "$.a:b"] {
            assert_eq!(reference(path), Ok(()), "{path}");
        }
        for path in ["$$.a", "$x.a", "$..a", "$.*", "$.a[*]", "$.a[0:2]", "$.a[0,1]", "$.a[?(@.b)]"] {
            assert!(reference(path).is_err(), "{path}");
        }
    }

    #[test]
    fn calls_are_read() {
        for (text, paths) in [
            ("States.UUID()", 0),
            ("States.Array( )", 0),
            ("States.Format('a {} it\\'s \\{\\} \\\\', $.a)", 1),
            ("States.Array(1, -2.5, true, null, 'x', $x.y, States.MathAdd($.a['b,c)'], 1))", 2),
            ("States.StringSplit('Hello\nWorld', '\n')", 0),
            ("States.Array($.a[?(@.b == 'x,y')])", 1),
        ] {
            let call = intrinsic(text).unwrap_or_else(|why| panic!("{text}: {why:?}"));
            assert_eq!((call.paths.len(), call.problems.len()), (paths, 0), "{text} {call:?}");
        }
    }

    #[test]
    fn what_is_no_call_is_told() {
        for text in [
            "States.Fromat('{}', $.a)",
            "States.Format",
            "States.Format(",
            "States.Format('a'",
            "States.Format('a' $.b)",
            "States.Format('a', )",
            "States.Format(\"a\", $.b)",
            "States.UUID() x",
            "States.StringToJson('\\\"a\\\"')",
            "States.Array(a)",
            "States.Array($.)",
            "States.",
        ] {
            assert!(intrinsic(text).is_err(), "{text}");
        }
        let deep = format!("{}1{}", "States.Array(".repeat(11), ")".repeat(11));
        assert!(intrinsic(&deep).is_err());
        let deep = format!("{}1{}", "States.Array(".repeat(10), ")".repeat(10));
        assert!(intrinsic(&deep).is_ok());
    }

    #[test]
    fn wrong_counts_are_problems() {
        for text in [
            "States.UUID(1)",
            "States.Hash('a')",
            "States.Format('{} {}', $.a)",
            "States.Format('x', 1)",
            "States.Array(States.MathAdd(1))",
        ] {
            assert_eq!(intrinsic(text).unwrap().problems.len(), 1, "{text}");
        }
    }
}
