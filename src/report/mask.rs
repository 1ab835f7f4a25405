//! Finds secrets in a line of source text, so that no report shows one.
//!
//! What a literal means is known to importers only; here there is a line, in JSON, YAML, HCL, Python or a shell script,
//! whole or broken. So literals are found as these languages have them in common: quoted (also with escaped quotes, for
//! JSON inside a string), or bare behind `key: ` and `key = `. Each is judged with the name it stands under, by
//! [`secret::reason`]. Two idioms name a value on another line: `name`/`value` pairs and `--password` followed by its
//! argument; the lines before and after are looked at for these. To mask too much is harmless, to mask too little is not.
use crate::source::secret::{self, Text};
use std::ops::Range;

/// Lines before and after that may name a value.
const AROUND: usize = 5;
/// Longest such line that is looked at.
const AROUND_BYTES: usize = 2_000;
/// Lines that a private key may take.
const KEY_LINES: usize = 100;
/// Longest bare value that is judged.
const BARE_BYTES: usize = 160;
/// Deepest quotes within quotes.
const QUOTE_DEPTH: usize = 4;

/// Byte ranges of a line that hold secrets: sorted, not overlapping. `before` are the lines above, the nearest first;
/// `after` those below.
pub fn secrets<'a>(before: impl Iterator<Item = &'a str>, line: &str, after: impl Iterator<Item = &'a str>) -> Vec<Range<usize>> {
    let before: Vec<&str> = before.take(KEY_LINES).collect();
    if is_key_body(&before, line) {
        let start = line.len() - line.trim_start().len();
        return std::iter::once(start..line.trim_end().len().max(start)).collect();
    }
    let short = |line: &&str| line.len() <= AROUND_BYTES;
    let mut context = Scan::default();
    for line in before.iter().copied().take(AROUND).filter(short).collect::<Vec<_>>().into_iter().rev() {
        context.ranges.clear();
        context.line(line);
    }
    let mut below = Scan::default();
    for line in after.take(AROUND).filter(short) {
        if below.name.is_none() {
            below.line(line);
        }
    }
    let mut scan = Scan { name: context.name, key: context.flag.clone(), name_below: below.name, ..Scan::default() };
    scan.line(line);
    scan.ranges.extend(secret::inside(line, Text::Code).into_iter().map(|found| found.range));
    merge(scan.ranges)
}

/// A line with its secrets masked.
pub fn masked<'a>(before: impl Iterator<Item = &'a str>, line: &str, after: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::with_capacity(line.len());
    let mut end = 0;
    for range in secrets(before, line, after) {
        out.push_str(&line[end..range.start]);
        out.push_str(secret::MASK);
        end = range.end;
    }
    out.push_str(&line[end..]);
    out
}

/// Sorted, and overlapping ones joined.
pub(super) fn merge(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// Whether the line is inside a private key in PEM form that began above.
fn is_key_body(before: &[&str], line: &str) -> bool {
    let body = line.trim().trim_matches(['"', '\'', ',', '+', '\\']);
    let base64 = body.len() >= 8 && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    base64
        && before
            .iter()
            .find(|line| line.contains("-----"))
            .is_some_and(|line| line.contains("-----BEGIN ") && line.contains("PRIVATE KEY"))
}

/// The state of a scan from literal to literal.
#[derive(Default)]
struct Scan {
    ranges: Vec<Range<usize>>,
    /// The name that the next literal stands under.
    key: Option<String>,
    /// The last literal, which becomes the key when a separator follows.
    last: Option<String>,
    /// The value of a `name` or `key` field near by: the name of a `value` field.
    name: Option<String>,
    name_below: Option<String>,
    /// The last literal of the line when it is a flag: `--password`.
    flag: Option<String>,
}

impl Scan {
    fn line(&mut self, line: &str) {
        self.region(line, 0..line.len(), 0);
        // A flag waits for its argument on the next line; a key does not.
        self.flag = self.last.take().filter(|last| last.starts_with('-'));
    }

    fn region(&mut self, line: &str, region: Range<usize>, depth: usize) {
        let bytes = line.as_bytes();
        let mut at = region.start;
        while at < region.end {
            let slashes = bytes[at..region.end].iter().take_while(|b| **b == b'\\').count();
            let quote_at = at + slashes;
            match bytes.get(quote_at).copied().filter(|_| quote_at < region.end) {
                Some(quote @ (b'"' | b'\'' | b'`')) => {
                    let inner_start = quote_at + 1;
                    let (inner_end, after) = closing(bytes, inner_start, region.end, quote, slashes);
                    self.literal(line, inner_start..inner_end, depth);
                    at = after;
                }
                _ if slashes > 0 => at = quote_at,
                Some(b':' | b'=') => {
                    at = self.separator(line, at, region.end, depth);
                }
                Some(b) if is_bare(b) => {
                    let end = at + bytes[at..region.end].iter().take_while(|b| is_bare(**b)).count();
                    // `key:` keeps its colon out, `s3://x` keeps it in.
                    let end = if end > at + 1 && bytes[end - 1] == b':' { end - 1 } else { end };
                    self.literal(line, at..end, QUOTE_DEPTH);
                    at = end;
                }
                _ => at += 1,
            }
        }
    }

    /// `key: value` and `key = value`; a bare value reaches to the end, a comment or a comma.
    fn separator(&mut self, line: &str, at: usize, end: usize, depth: usize) -> usize {
        let bytes = line.as_bytes();
        let mut value = at;
        while value < end && matches!(bytes[value], b':' | b'=' | b'>' | b' ' | b'\t') {
            value += 1;
        }
        if let Some(last) = self.last.take() {
            self.key = Some(last);
        }
        let Some(first) = bytes.get(value).copied().filter(|_| value < end) else { return end };
        if !is_bare(first) {
            return value;
        }
        // `a=b c` of a shell or a list of settings ends at the space, `a: b c` does not.
        let tight = bytes[at] == b'=' && value == at + 1;
        let full = bare_end(&line[value..end], tight);
        // A line may be megabytes of `a: b: c`: only so much is judged at once, and what is judged a secret is masked whole.
        let mut judged = full.min(BARE_BYTES);
        while !line.is_char_boundary(value + judged) {
            judged -= 1;
        }
        let text = line[value..value + judged].trim_end();
        let range = value..value + text.len();
        let key = self.key.clone();
        // Bare words with a separator of their own (`a=b`) are keys again: look inside when the whole is no secret.
        let before = self.ranges.len();
        self.literal(line, range.clone(), QUOTE_DEPTH);
        if self.ranges.len() > before && judged < full {
            let whole = bare_end_in_full(&line[value..end], tight);
            self.ranges.push(value..value + whole);
            return value + whole;
        }
        if self.ranges.len() == before && depth < QUOTE_DEPTH && text.contains(['=', ' ', ':']) {
            let first_word = value + text.find(['=', ' ']).unwrap_or(text.len());
            self.key = key;
            self.last = None;
            self.literal(line, value..first_word, QUOTE_DEPTH);
            return first_word.max(at + 1);
        }
        range.end.max(at + 1)
    }

    fn literal(&mut self, line: &str, range: Range<usize>, depth: usize) {
        let text = &line[range.clone()];
        let mut key = self.key.take().unwrap_or_default();
        if key.is_empty()
            && let Some(flag) = self.last.take().filter(|last| last.starts_with('-'))
        {
            key = flag;
        }
        let plain = key.to_ascii_lowercase();
        let names = [Some(key.as_str()), self.name.as_deref(), self.name_below.as_deref()];
        let is_value = matches!(plain.as_str(), "value" | "default" | "defaultvalue" | "parametervalue" | "stringvalue");
        let found: Vec<Range<usize>> = names
            .iter()
            .take(if is_value { 3 } else { 1 })
            .flatten()
            .flat_map(|name| secret::find(name, text))
            .map(|found| range.start + found.range.start..range.start + found.range.end)
            .collect();
        if !found.is_empty() {
            self.ranges.extend(found);
        } else if depth < QUOTE_DEPTH && (text.contains([':', '=', '"', '\'']) || text.contains("--")) {
            let outer = (self.last.take(), self.key.take());
            self.region(line, range, depth + 1);
            (self.last, self.key) = outer;
        }
        if matches!(plain.as_str(), "name" | "key" | "variable" | "parameterkey" | "parametername") {
            self.name = Some(text.to_owned());
        }
        self.last = Some(text.to_owned());
    }
}

/// Where a literal ends, and where what is behind it begins: at the same quote behind no more backslashes, else at the end.
fn closing(bytes: &[u8], start: usize, end: usize, quote: u8, slashes: usize) -> (usize, usize) {
    let mut at = start;
    while at < end {
        let found = bytes[at..end].iter().take_while(|b| **b == b'\\').count();
        if at + found < end && bytes[at + found] == quote && found <= slashes {
            return (at, at + found + 1);
        }
        at += found + 1;
    }
    (end, end)
}

/// Where a bare value ends, or a byte beyond what is judged.
fn bare_end(rest: &str, tight: bool) -> usize {
    let mut window = rest.len().min(BARE_BYTES + 1);
    while !rest.is_char_boundary(window) {
        window += 1;
    }
    bare_end_in_full(&rest[..window], tight)
}

fn bare_end_in_full(rest: &str, tight: bool) -> usize {
    let rest = &rest[..rest.find([',', '}', ']', ')', '"', '\'', '\\']).unwrap_or(rest.len())];
    let rest = if tight { &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())] } else { rest };
    rest.find(" #").unwrap_or(rest.len())
}

fn is_bare(b: u8) -> bool {
    !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b',' | b';' | b'{' | b'}' | b'[' | b']' | b'(' | b')' | b'=' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::iter::empty;

    fn alone(line: &str) -> String {
        masked(empty(), line, empty())
    }

    #[test]
    fn a_literal_under_a_telling_name_is_masked_in_every_language() {
        for (line, expected) in [
            (r#"  "password": "hunter2","#, r#"  "password": "<secret>","#),
            ("db_password: hunter2 # why", "db_password: <secret> # why"),
            ("db_password: correct horse", "db_password: <secret>"),
            (r#"db_password = "hunter2""#, r#"db_password = "<secret>""#),
            (r#"os.environ["DB_PASSWORD"] = 'hunter2'"#, r#"os.environ["DB_PASSWORD"] = '<secret>'"#),
            ("export DB_PASSWORD=hunter2", "export DB_PASSWORD=<secret>"),
            (r#"Input: "{\"password\": \"hunter2\", \"x\": 1}""#, r#"Input: "{\"password\": \"<secret>\", \"x\": 1}""#),
            (r#""args": ["--password", "hunter2"]"#, r#""args": ["--password", "<secret>"]"#),
            ("run --password hunter2 --x 1", "run --password <secret> --x 1"),
            (r#"command: "run --conf spark.db.password=hunter2 x""#, r#"command: "run --conf spark.db.password=<secret> x""#),
            (r#"{ name = "DB_PASSWORD", value = "hunter2" }"#, r#"{ name = "DB_PASSWORD", value = "<secret>" }"#),
            (r#""url": "jdbc:postgresql://u:hunter2@h/db""#, r#""url": "jdbc:postgresql://u:<secret>@h/db""#),
            ("url: jdbc:mysql://h/db?user=a&password=hunter2", "url: jdbc:mysql://h/db?user=a&password=<secret>"),
            ("x = AKIAIOSFODNN7EXAMPLE", "x = <secret>"),
            ("AKIAIOSFODNN7EXAMPLE", "<secret>"),
        ] {
            assert_eq!(alone(line), expected, "{line}");
        }
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        for line in [
            r#""Resource": "arn:aws:lambda:eu-west-1:123456789012:function:x""#,
            "password: ${env:PW}",
            r#""executorMemory": "4g", "name": "count""#,
            "  - s3://bucket/path/x.jar",
            "",
            "\"unclosed: x",
            "ä: ö \\",
        ] {
            assert_eq!(alone(line), line);
        }
    }

    #[test]
    #[expect(clippy::disallowed_types, reason = "the test is about time")]
    fn long_lines_take_no_time_and_long_secrets_are_masked_whole() {
        let started = std::time::Instant::now();
        for part in ["\"a\":1,", "a: b: ", "x=y ", "'", "\\", "\\\"", "\"a\": \"b\", "] {
            let line = part.repeat(20_000);
            assert_eq!(alone(&line), line, "{part}");
        }
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
        assert_eq!(alone(&format!("password: {}", "s".repeat(5_000))), "password: <secret>");
        assert_eq!(alone(&format!("password={} x", "é".repeat(5_000))), "password=<secret> x");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(line in r#"[-ab=: "'\\\\#,{}éа€\t]{0,60}"#, other in r#"(.|name: |"--password",){0,8}"#) {
            let out = masked([other.as_str()].into_iter(), &line, [other.as_str()].into_iter());
            let _ = alone(&other);
            proptest::prop_assert!(out == line || out.contains(secret::MASK));
        }

        #[test]
        fn a_quoted_password_never_shows(before in r"[-ab=: ,{}é]{0,20}", word in "[A-Za-z0-9é]{8,20}", after in ".{0,20}") {
            let line = format!(r#"{before},"db_password": "{word}",{after}"#);
            proptest::prop_assume!(!before.contains(&word) && !after.contains(&word));
            proptest::prop_assert!(!alone(&line).contains(&word), "{}", alone(&line));
        }
    }

    #[test]
    fn a_name_on_another_line_counts() {
        let value = r#"  "Value": "hunter2""#;
        assert_eq!(masked([r#"  "Key": "DB_PASSWORD","#].into_iter(), value, empty()), r#"  "Value": "<secret>""#);
        assert_eq!(masked(empty(), r#"  "Value": "hunter2","#, [r#"  "Key": "DB_PASSWORD""#].into_iter()), r#"  "Value": "<secret>","#);
        assert_eq!(masked([r#"  "--password","#].into_iter(), r#"  "hunter2""#, empty()), r#"  "<secret>""#);
        assert_eq!(masked([r#"  "Key": "QUEUE","#].into_iter(), value, empty()), value);
    }

    #[test]
    fn the_body_of_a_private_key_is_masked() {
        let above = ["MIIEvQIBADANBgkqhkiG9w0B", "-----BEGIN PRIVATE KEY-----", "key: |"];
        assert_eq!(masked(above.into_iter(), "  AQEFAASCBKcwggSjAgEAAoIB", empty()), "  <secret>");
        assert_eq!(masked(["-----END PRIVATE KEY-----"].into_iter(), "AQEFAASCBKcw", empty()), "AQEFAASCBKcw");
    }
}
