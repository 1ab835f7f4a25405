//! The YAML writer: ordered fields, comments, and an origin for every line.
//!
//! Plain scalars are written only where every YAML 1.1 and 1.2 reader takes them for the same text; all else is double
//! quoted. Multi-line texts become literal blocks. A manifest inside a manifest ([`Yaml::Block`]) keeps the origins of
//! its own lines.
use super::tree::{LineOrigin, OutFile};
use crate::source::rules::Rule;
use crate::source::span::{Origins, Sourced};

/// A YAML value to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Yaml {
    /// A text: quoted where it has to be.
    Text(String),
    Int(i64),
    Bool(bool),
    /// Written as it is, without quotes: a template tag that stands for a number or a JSON text.
    Raw(String),
    /// A text with a template tag in it, which is meant as one. In [`Yaml::Text`] inside a block nothing is.
    Tagged(String),
    List(Vec<Item>),
    Map(Vec<Field>),
    /// A list or map on one line: `[a, b]`, `{a: b}`. Only for short ones.
    Flow(Box<Yaml>),
    /// A literal block that holds a YAML document of its own.
    Block(Box<Yaml>),
}

impl Yaml {
    fn join(&mut self, other: &Yaml) {
        match (self, other) {
            (Yaml::Map(fields), Yaml::Map(others)) => {
                fields.iter_mut().zip(others).for_each(|(field, other)| field.value.join(&other.value));
            }
            (Yaml::List(items), Yaml::List(others)) => items.iter_mut().zip(others).for_each(|(item, other)| item.join(other)),
            (Yaml::Flow(inner), Yaml::Flow(other)) | (Yaml::Block(inner), Yaml::Block(other)) => inner.join(other),
            _ => {}
        }
    }

    fn json_bytes(&self) -> usize {
        match self {
            Yaml::Text(text) | Yaml::Raw(text) | Yaml::Tagged(text) => json_text(text),
            Yaml::Int(value) => value.to_string().len(),
            Yaml::Bool(_) => 4,
            Yaml::List(items) => 1 + items.len().max(1) + items.iter().map(Node::json_bytes).sum::<usize>(),
            Yaml::Map(fields) => {
                1 + fields.len().max(1) + fields.iter().map(|field| field.key.len() + 3 + field.value.json_bytes()).sum::<usize>()
            }
            Yaml::Flow(inner) => inner.json_bytes(),
            Yaml::Block(document) => {
                let rule = &crate::source::rules::emit::EMI001;
                json_text(&write(&[], rule, &[Node::new(rule, (**document).clone())]).text())
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            // A line feed at the end of a block may count for none.
            Yaml::Text(text) | Yaml::Raw(text) | Yaml::Tagged(text) => text.trim_end_matches('\n').len(),
            Yaml::Int(_) | Yaml::Bool(_) => 1,
            Yaml::List(items) => items.iter().map(Node::bytes).sum(),
            Yaml::Map(fields) => fields.iter().map(|field| field.key.len() + field.value.bytes()).sum(),
            Yaml::Flow(inner) | Yaml::Block(inner) => inner.bytes(),
        }
    }
}

/// The length of a text in JSON: Go's encoder escapes what HTML would read as markup (Go, package encoding/json, `Marshal`).
fn json_text(text: &str) -> usize {
    let escaped = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => 6,
        c => c.len_utf8(),
    };
    2 + text.chars().map(escaped).sum::<usize>()
}

/// A key and a value of a map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    pub key: String,
    pub value: Node,
}

/// An item of a list.
pub type Item = Node;

/// A value, what shaped it, the rule that wrote it, and a comment on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    pub yaml: Yaml,
    pub origins: Origins,
    pub rule: &'static Rule,
    /// Stands behind a scalar, or above a list or map: one line.
    pub comment: Option<String>,
    /// Of a list: a blank line stands between its items.
    pub spaced: bool,
}

impl Node {
    #[must_use]
    pub fn new(rule: &'static Rule, yaml: Yaml) -> Self {
        Self { yaml, origins: Origins::none(), rule, comment: None, spaced: false }
    }

    #[must_use]
    pub fn from(mut self, origins: &Origins) -> Self {
        self.origins.extend(origins);
        self
    }

    /// The value under a key of a map.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        let yaml = if let Yaml::Flow(inner) = &self.yaml { inner } else { &self.yaml };
        let Yaml::Map(fields) = yaml else { return None };
        fields.iter().find(|field| field.key == key).map(|field| &field.value)
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.yaml {
            Yaml::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The length of its JSON as Go writes it, which Kubernetes stores.
    #[must_use]
    pub fn json_bytes(&self) -> usize {
        self.yaml.json_bytes()
    }

    /// Gives a template that is a map its name, its first field.
    pub fn rename(&mut self, to: &str) {
        if let Yaml::Map(fields) = &mut self.yaml
            && let Some(Field { value: Node { yaml: Yaml::Text(name), .. }, .. }) = fields.first_mut()
        {
            to.clone_into(name);
        }
    }

    /// Adds the origins of another node of the same shape to this one's, part by part.
    pub fn join(&mut self, other: &Node) {
        self.origins.extend(&other.origins);
        self.yaml.join(&other.yaml);
    }

    /// The length of its text, at least: of keys and scalars alone.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.yaml.bytes()
    }

    /// A list with a blank line between its items: long ones read better so.
    #[must_use]
    pub fn spaced(mut self) -> Self {
        self.spaced = true;
        self
    }

    #[must_use]
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }
}

/// Builds nodes of one rule, so that emitters read like the manifest they write.
#[derive(Clone, Copy)]
pub struct Writer(pub &'static Rule);

impl Writer {
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Node {
        Node::new(self.0, Yaml::Text(text.into()))
    }

    /// A text from the source.
    #[must_use]
    pub fn sourced(self, text: &Sourced<String>) -> Node {
        self.text(text.value.clone()).from(&text.origins)
    }

    #[must_use]
    pub fn int(self, value: impl Into<i64>) -> Node {
        Node::new(self.0, Yaml::Int(value.into()))
    }

    #[must_use]
    pub fn bool(self, value: bool) -> Node {
        Node::new(self.0, Yaml::Bool(value))
    }

    #[must_use]
    pub fn list(self, items: Vec<Node>) -> Node {
        Node::new(self.0, Yaml::List(items))
    }

    #[must_use]
    pub fn flow(self, value: Node) -> Node {
        Node { yaml: Yaml::Flow(Box::new(value.yaml)), ..value }
    }

    #[must_use]
    pub fn block(self, document: Node) -> Node {
        Node::new(self.0, Yaml::Block(Box::new(document.yaml)))
    }

    #[must_use]
    pub fn map(self) -> MapBuilder {
        MapBuilder { rule: self.0, fields: Vec::new() }
    }
}

/// Collects the fields of a map in order.
pub struct MapBuilder {
    rule: &'static Rule,
    fields: Vec<Field>,
}

impl MapBuilder {
    #[must_use]
    pub fn field(mut self, key: impl Into<String>, value: Node) -> Self {
        self.fields.push(Field { key: key.into(), value });
        self
    }

    /// A text that only the rule wrote.
    #[must_use]
    pub fn text(self, key: &str, value: impl Into<String>) -> Self {
        let rule = self.rule;
        self.field(key, Node::new(rule, Yaml::Text(value.into())))
    }

    #[must_use]
    pub fn optional(self, key: &str, value: Option<Node>) -> Self {
        match value {
            Some(value) => self.field(key, value),
            None => self,
        }
    }

    #[must_use]
    pub fn build(self) -> Node {
        Node::new(self.rule, Yaml::Map(self.fields))
    }
}

/// Writes documents, separated by `---`, below a comment at the head.
#[must_use]
pub fn write(head: &[String], rule: &'static Rule, documents: &[Node]) -> OutFile {
    let mut out = Out { lines: Vec::new(), in_block: false };
    for line in head {
        out.line(format!("# {}", one_line(line)).trim_end().to_owned(), rule, &Origins::none());
    }
    for (i, document) in documents.iter().enumerate() {
        if i > 0 {
            out.line("---".to_owned(), rule, &Origins::none());
        }
        out.value(document, 0);
    }
    OutFile { lines: out.lines }
}

struct Out {
    lines: Vec<(String, LineOrigin)>,
    /// Inside a manifest in a manifest, where Argo takes `{{` for the start of a tag.
    in_block: bool,
}

impl Out {
    fn line(&mut self, text: String, rule: &'static Rule, origins: &Origins) {
        self.lines.push((text, LineOrigin { rule, origins: origins.clone() }));
    }

    /// A value on lines of its own, indented.
    fn value(&mut self, node: &Node, indent: usize) {
        match &node.yaml {
            Yaml::Map(fields) if !fields.is_empty() => {
                for field in fields {
                    self.field(field, indent, None);
                }
            }
            Yaml::List(items) if !items.is_empty() => {
                for (i, item) in items.iter().enumerate() {
                    if node.spaced && i > 0 {
                        self.line(String::new(), node.rule, &Origins::none());
                    }
                    self.item(item, indent, None);
                }
            }
            _ => {
                let text = self.inline(&node.yaml);
                self.line(format!("{}{text}", pad(indent)), node.rule, &node.origins);
            }
        }
    }

    /// `key: value`; `lead` is what stands before the key on its first line (a list's dash).
    fn field(&mut self, field: &Field, indent: usize, lead: Option<&str>) {
        let node = &field.value;
        let start = lead.map_or_else(|| pad(indent), str::to_owned);
        let key = self.scalar(&field.key);
        match &node.yaml {
            Yaml::Map(fields) if !fields.is_empty() => {
                self.line(with_comment(format!("{start}{key}:"), node), node.rule, &node.origins);
                self.value(node, indent + 2);
            }
            Yaml::List(items) if !items.is_empty() => {
                self.line(with_comment(format!("{start}{key}:"), node), node.rule, &node.origins);
                self.value(node, indent + 2);
            }
            Yaml::Block(document) => {
                self.line(format!("{start}{key}: |"), node.rule, &node.origins);
                let outer = std::mem::replace(&mut self.in_block, true);
                self.value(
                    &Node { yaml: (**document).clone(), origins: Origins::none(), rule: node.rule, comment: None, spaced: false },
                    indent + 2,
                );
                self.in_block = outer;
            }
            Yaml::Text(text) if is_block(text) && !(self.in_block && text.contains("{{")) => {
                let keep = if text.ends_with('\n') { "|" } else { "|-" };
                self.line(format!("{start}{key}: {keep}"), node.rule, &node.origins);
                for line in text.trim_end_matches('\n').split('\n') {
                    let line = if line.is_empty() { String::new() } else { format!("{}{line}", pad(indent + 2)) };
                    self.line(line, node.rule, &node.origins);
                }
            }
            other => {
                let text = format!("{start}{key}: {}", self.inline(other));
                self.line(with_comment(text, node), node.rule, &node.origins);
            }
        }
    }

    fn item(&mut self, item: &Node, indent: usize, lead: Option<&str>) {
        let start = format!("{}- ", lead.map_or_else(|| pad(indent), str::to_owned));
        match &item.yaml {
            Yaml::Map(fields) if !fields.is_empty() => {
                for (i, field) in fields.iter().enumerate() {
                    self.field(field, indent + 2, (i == 0).then_some(start.as_str()));
                }
            }
            Yaml::List(items) if !items.is_empty() => {
                for (i, inner) in items.iter().enumerate() {
                    self.item(inner, indent + 2, (i == 0).then_some(start.as_str()));
                }
            }
            other => {
                let text = format!("{start}{}", self.inline(other));
                self.line(with_comment(text, item), item.rule, &item.origins);
            }
        }
    }
}

fn with_comment(text: String, node: &Node) -> String {
    match &node.comment {
        Some(comment) => format!("{text} # {}", one_line(comment)),
        None => text,
    }
}

fn pad(indent: usize) -> String {
    " ".repeat(indent)
}

/// Whether a text is written as a literal block: several lines, none that a reader could misread (a leading space or tab
/// on the first line changes the indentation that is found; control characters cannot be written; trailing blank lines
/// would need an indicator).
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && !text.ends_with("\n\n")
        && !text.chars().any(|c| c != '\n' && (c.is_control() || is_odd(c)))
        && text.lines().all(|line| !line.ends_with([' ', '\t']))
}

impl Out {
    /// A value on one line.
    fn inline(&self, yaml: &Yaml) -> String {
        match yaml {
            Yaml::Text(text) => self.scalar(text),
            Yaml::Tagged(text) => quote(text),
            Yaml::Raw(text) => text.clone(),
            Yaml::Int(value) => value.to_string(),
            Yaml::Bool(value) => value.to_string(),
            Yaml::Flow(inner) => self.flow(inner),
            Yaml::List(_) | Yaml::Map(_) => self.flow(yaml),
            // A block needs lines of its own: `field` writes it; anywhere else its text is quoted.
            Yaml::Block(document) => {
                let node = Node::new(&crate::source::rules::emit::EMI001, (**document).clone());
                quote(&write(&[], &crate::source::rules::emit::EMI001, &[node]).text())
            }
        }
    }

    fn flow(&self, yaml: &Yaml) -> String {
        match yaml {
            Yaml::List(items) => format!("[{}]", items.iter().map(|i| self.flow(&i.yaml)).collect::<Vec<_>>().join(", ")),
            Yaml::Map(fields) => {
                let fields = fields.iter().map(|f| format!("{}: {}", self.flow_scalar(&f.key), self.flow(&f.value.yaml)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
            Yaml::Text(text) => self.flow_scalar(text),
            other => self.inline(other),
        }
    }

    fn flow_scalar(&self, text: &str) -> String {
        if text.contains([',', '[', ']', '{', '}', '?']) { self.untagged(text) } else { self.scalar(text) }
    }

    fn scalar(&self, text: &str) -> String {
        if is_plain(text) { text.to_owned() } else { self.untagged(text) }
    }

    /// A quoted text; in a block, a second brace is written as an escape that only YAML reads.
    fn untagged(&self, text: &str) -> String {
        if self.in_block && text.contains("{{") { double_quoted(text).replace("{{", "{\\u007b") } else { quote(text) }
    }
}

/// A text as it may stand in a comment: one line, nothing that changes how the line is shown.
#[must_use]
pub fn one_line(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() || is_odd(c) || is_bidi(c) { ' ' } else { c }).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that YAML readers take for line ends or refuse.
fn is_odd(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Characters that turn the direction of what follows: a text could be read as another one (Unicode, "Bidirectional Algorithm").
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text as a plain scalar where that is safe for every reader, else double quoted.
#[must_use]
pub fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quote(text) }
}

/// Letters first, then characters without meaning in YAML; no word that YAML 1.1 takes for something else (`on`, `no`,
/// `y`, `null`, `.inf`, `1e3`, sexagesimals and dates start with a digit and are quoted unless they hold a letter that
/// makes them words).
fn is_plain(text: &str) -> bool {
    const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity", "~", "none"];
    let Some(first) = text.chars().next() else { return false };
    if !(first.is_ascii_alphabetic()
        || first == '/'
        || first == '_'
        || text.starts_with("../")
        || (first.is_ascii_digit() && is_word_with_digit_first(text)))
    {
        return false;
    }
    if WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        return false;
    }
    let safe = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(
                c,
                '-' | '_'
                    | '.'
                    | '/'
                    | ' '
                    | ':'
                    | '='
                    | '+'
                    | '('
                    | ')'
                    | '$'
                    | '@'
                    | ','
                    | ';'
                    | '*'
                    | '?'
                    | '<'
                    | '>'
                    | '&'
                    | '!'
                    | '\''
                    | '|'
                    | '~'
                    | '^'
            )
    };
    text.chars().all(safe) && !text.contains(": ") && !text.contains(" #") && !text.ends_with([':', ' '])
}

/// A text that starts with a digit and is no number, date or time for any reader: like `3.5.7` or `7d-x`.
fn is_word_with_digit_first(text: &str) -> bool {
    let dots = text.matches('.').count();
    let numeric = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if numeric {
        return dots >= 2 && text.split('.').all(|p| !p.is_empty());
    }
    // Exponents, hexadecimals, octals, underscores, sexagesimals and dates hold only these besides digits.
    text.chars().any(|c| c.is_ascii_alphabetic() && !matches!(c.to_ascii_lowercase(), 'a'..='f' | 'x' | 'o' | 't' | 'z'))
}

/// Double quotes, or single ones where that spares escapes.
fn quote(text: &str) -> String {
    let escapes = text.contains(['"', '\\']);
    if escapes && !text.contains('\'') && text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return format!("'{text}'");
    }
    double_quoted(text)
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_bidi(c)
                || (c as u32) < 0x20
                || matches!(c as u32, 0x7f..=0xa0 | 0x2028 | 0x2029 | 0xfeff)
                || (0xfffe..=0xffff).contains(&(c as u32)) =>
            {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
