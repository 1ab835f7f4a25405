//! The one spanned tree over JSON, YAML and HCL.
//!
//! A node knows where it stands, and whether anybody read it: importers take values through the methods here, and
//! what they never took shows in the ledger as unread.
use super::span::{Origins, Sourced, Span};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// One value of a source document.
#[derive(Debug)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
    /// A YAML tag as written (`!Ref`), where there is one.
    pub tag: Option<Box<str>>,
    read: AtomicBool,
    /// The document inside this string (ASL in a heredoc, in a JSON string), its spans mapped to the outer file.
    embedded: OnceLock<Box<Node>>,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    Null,
    Bool(bool),
    /// The number as written.
    Number(Box<str>),
    /// The decoded text.
    String(Box<str>),
    Array(Vec<Node>),
    Object(Vec<Entry>),
    /// An HCL expression that is not a literal: its source text is the span's; HCL only.
    Expr(Box<super::hcl::Expr>),
}

/// A key and its value. Duplicate keys are all kept, in order.
#[derive(Debug)]
pub struct Entry {
    pub key: Box<str>,
    pub key_span: Span,
    pub value: Node,
}

/// A scalar for the ledger.
#[derive(Debug, Clone)]
pub struct Scalar {
    pub span: Span,
    /// RFC 6901 pointer from the document's root.
    pub pointer: String,
    /// The decoded value as text.
    pub value: String,
    /// Whether an importer took it.
    pub read: bool,
}

impl Node {
    #[must_use]
    pub fn new(span: Span, kind: Kind) -> Self {
        Self { span, kind, tag: None, read: AtomicBool::new(false), embedded: OnceLock::new() }
    }

    #[must_use]
    pub fn with_tag(mut self, tag: Option<&str>) -> Self {
        self.tag = tag.map(Into::into);
        self
    }

    /// Notes that an importer took this value.
    pub fn mark_read(&self) {
        self.read.store(true, Ordering::Relaxed);
    }

    #[must_use]
    pub fn is_read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    /// Notes that this node and all below were taken.
    pub fn mark_tree_read(&self) {
        self.mark_read();
        match &self.kind {
            Kind::Array(items) => items.iter().for_each(Node::mark_tree_read),
            Kind::Object(entries) => entries.iter().for_each(|e| e.value.mark_tree_read()),
            _ => {}
        }
    }

    /// Puts the document that this string holds in its place, for the ledger.
    pub fn embed(&self, document: Node) -> &Node {
        self.mark_read();
        self.embedded.get_or_init(|| Box::new(document))
    }

    #[must_use]
    pub fn embedded(&self) -> Option<&Node> {
        self.embedded.get().map(AsRef::as_ref)
    }

    /// The text of a string; reads it. `None` for all else.
    pub fn str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => {
                self.mark_read();
                Some(text)
            }
            _ => None,
        }
    }

    /// The text of a string with its origin; reads it.
    pub fn sourced_str(&self) -> Option<Sourced<String>> {
        self.str().map(|s| Sourced::new(s.to_owned(), self.span))
    }

    /// The text of any scalar as the user wrote it (numbers, booleans and null too); reads it.
    pub fn scalar_text(&self) -> Option<&str> {
        let text: &str = match &self.kind {
            Kind::String(text) | Kind::Number(text) => text,
            Kind::Bool(true) => "true",
            Kind::Bool(false) => "false",
            Kind::Null => "null",
            _ => return None,
        };
        self.mark_read();
        Some(text)
    }

    pub fn bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => {
                self.mark_read();
                Some(value)
            }
            _ => None,
        }
    }

    /// The text of a number; reads it.
    pub fn number(&self) -> Option<&str> {
        match &self.kind {
            Kind::Number(text) => {
                self.mark_read();
                Some(text)
            }
            _ => None,
        }
    }

    /// A whole number, in decimal or as YAML's `0x1f` and `0o17`; reads it. `None` when it does not fit or is not whole.
    pub fn integer(&self) -> Option<i64> {
        let text = self.number()?;
        if let Some(digits) = text.strip_prefix("0x") {
            return i64::from_str_radix(digits, 16).ok();
        }
        if let Some(digits) = text.strip_prefix("0o") {
            return i64::from_str_radix(digits, 8).ok();
        }
        text.parse().ok()
    }

    /// A decimal number as a float; reads it. `None` when it is not a number or not finite.
    pub fn float(&self) -> Option<f64> {
        let text = self.number()?;
        text.parse::<f64>().ok().filter(|value| value.is_finite())
    }

    pub fn is_null(&self) -> bool {
        let null = matches!(self.kind, Kind::Null);
        if null {
            self.mark_read();
        }
        null
    }

    pub fn array(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Array(items) => {
                self.mark_read();
                Some(items)
            }
            _ => None,
        }
    }

    pub fn object(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Object(entries) => {
                self.mark_read();
                Some(entries)
            }
            _ => None,
        }
    }

    /// The value of a key; of duplicates the last, as every JSON reader takes it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.value)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Object(entries) => entries.iter().rev().find(|e| &*e.key == key),
            _ => None,
        }
    }

    /// A value deep inside, by keys.
    pub fn path(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    #[must_use]
    pub fn origins(&self) -> Origins {
        Origins::one(self.span)
    }

    /// What a message calls this node: "a string", "an object" …
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "an object",
            Kind::Expr(_) => "an expression",
        }
    }

    /// Every scalar below, in the order of the text. An empty array or object counts as a scalar, `[]` or `{}`.
    #[must_use]
    pub fn scalars(&self) -> Vec<Scalar> {
        let mut out = Vec::new();
        self.collect(&mut String::new(), &mut out);
        out
    }

    fn collect(&self, pointer: &mut String, out: &mut Vec<Scalar>) {
        if let Some(inner) = self.embedded() {
            return inner.collect(pointer, out);
        }
        let value = match &self.kind {
            Kind::Array(items) if !items.is_empty() => {
                for (i, item) in items.iter().enumerate() {
                    let length = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&i.to_string());
                    item.collect(pointer, out);
                    pointer.truncate(length);
                }
                return;
            }
            Kind::Object(entries) if !entries.is_empty() => {
                for entry in entries {
                    let length = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&entry.key.replace('~', "~0").replace('/', "~1"));
                    entry.value.collect(pointer, out);
                    pointer.truncate(length);
                }
                return;
            }
            Kind::Array(_) => "[]".to_owned(),
            Kind::Object(_) => "{}".to_owned(),
            Kind::Null => "null".to_owned(),
            Kind::Bool(value) => value.to_string(),
            Kind::Number(text) | Kind::String(text) => text.to_string(),
            Kind::Expr(expr) => expr.text().to_owned(),
        };
        out.push(Scalar { span: self.span, pointer: pointer.clone(), value, read: self.is_read() });
    }
}
