//! Payload templates, and texts that a deployment completes.
//!
//! `${Name}` (`DefinitionSubstitutions` of SAM, `templatefile` of Terraform, variables of the Serverless Framework) stays in texts as it
//! is written; a `Resource` becomes segments. `!Ref X`, `!GetAtt X.Y`, `!Sub` and HCL expressions, which stand in definitions
//! that are written inside a template, are the same thing in other words, and become `${X}`, `${X.Y}` and so on.
use super::reader::{self, Reader};
use crate::ir::machine::{QueryLanguage, Template, TemplateValue};
use crate::ir::value::{Segment, Symbol, SymbolKind, Val, Value};
use crate::source::node::{Kind, Node};
use crate::source::rules::asl::{ASL108, ASL109, ASL135};
use crate::source::sink::Diagnostic;
use crate::source::span::{Origins, Sourced, Span};

/// How the expressions of a template are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// There are none: `Result` of a Pass state.
    Literal,
    /// Keys that end in `.$`.
    JsonPath,
    /// Texts in `{% … %}`.
    Jsonata,
}

impl From<QueryLanguage> for Mode {
    fn from(language: QueryLanguage) -> Self {
        match language {
            QueryLanguage::JsonPath => Mode::JsonPath,
            QueryLanguage::Jsonata => Mode::Jsonata,
        }
    }
}

/// `{"Fn::X": …}`: a function of CloudFormation, in an object of its own. `{"Ref": …}` may be data and is left alone.
fn is_function_object(node: &Node) -> bool {
    matches!(&node.kind, Kind::Object(entries) if matches!(entries.as_slice(), [entry] if entry.key.starts_with("Fn::")))
}

/// A tag that says no more than the type of its value.
fn plain_tag(tag: &str) -> bool {
    tag.starts_with("!!") || tag.starts_with("tag:yaml.org") || tag == "!"
}

/// The text of a value that is symbolic by its form: a CloudFormation function (as a tag or, for scalars, as an object of one
/// field) or an HCL expression. Its origins are all scalars inside; it reads them.
pub(super) fn symbolic(node: &Node) -> Option<Sourced<String>> {
    let text = match (node.tag.as_deref(), &node.kind) {
        (_, Kind::Expr(expr)) => format!("${{{}}}", expr.text()),
        (Some(tag), Kind::String(text)) => function(tag.strip_prefix('!')?, std::slice::from_ref(&&**text))?,
        (Some("!GetAtt"), Kind::Array(items)) => function("GetAtt", &strings(items)?)?,
        (None, Kind::Object(entries)) => {
            let [entry] = entries.as_slice() else { return None };
            let name = entry.key.strip_prefix("Fn::").unwrap_or(&entry.key);
            match &entry.value.kind {
                Kind::String(text) => function(name, std::slice::from_ref(&&**text))?,
                Kind::Array(items) if name == "GetAtt" => function(name, &strings(items)?)?,
                _ => return None,
            }
        }
        _ => return None,
    };
    node.mark_tree_read();
    Some(Sourced::new(text, node.scalars().iter().map(|scalar| scalar.span).collect::<Origins>()))
}

fn strings(items: &[Node]) -> Option<Vec<&str>> {
    items.iter().map(|item| if let Kind::String(text) = &item.kind { Some(&**text) } else { None }).collect()
}

/// `Ref X` is `${X}`, `GetAtt X Y` is `${X.Y}`, `Sub` is its text.
fn function(name: &str, arguments: &[&str]) -> Option<String> {
    match (name, arguments) {
        ("Ref", [target]) => Some(format!("${{{target}}}")),
        ("GetAtt", [..]) if !arguments.is_empty() => Some(format!("${{{}}}", arguments.join("."))),
        ("Sub", [text]) => Some((*text).to_owned()),
        _ => None,
    }
}

/// The pieces of a text with `${…}` placeholders. Braces nest; `$${` and an unclosed one are plain text.
pub(super) fn segments(text: &str, span: Span) -> Vec<Segment> {
    let mut out = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, found) = rest.split_at(at);
        literal.push_str(before);
        let Some(length) = closing(found).filter(|_| !literal.ends_with('$')) else {
            literal.push_str("${");
            rest = &found[2..];
            continue;
        };
        if !literal.is_empty() {
            out.push(Segment::Literal(std::mem::take(&mut literal)));
        }
        out.push(Segment::Symbol(Symbol { kind: SymbolKind::Reference, name: found[2..length].trim().to_owned(), span }));
        rest = &found[length + 1..];
    }
    literal.push_str(rest);
    if !literal.is_empty() || out.is_empty() {
        out.push(Segment::Literal(literal));
    }
    out
}

/// A template that reads nothing, as a value; expressions in it are not known.
#[must_use]
pub fn known(template: &Template) -> Val {
    let value = match &template.value {
        TemplateValue::Null => Value::Null,
        TemplateValue::Bool(value) => Value::Bool(*value),
        TemplateValue::Number(text) => Value::Number(text.clone()),
        TemplateValue::Text(text) => Value::Text(segments(text, template.span)),
        TemplateValue::PathExpression(text) | TemplateValue::Jsonata(text) => {
            return Val::unknown(text, "it is data of the execution, known only when it runs", template.span);
        }
        TemplateValue::List(items) => Value::List(items.iter().map(known).collect()),
        TemplateValue::Map(entries) => Value::Map(entries.iter().map(|(key, value)| (key.clone(), known(value))).collect()),
    };
    Val::new(value, template.span)
}

/// A text as pieces, each with the name of the placeholder behind it; the last piece has none.
#[must_use]
pub fn placeholders(text: &str) -> Vec<(String, Option<String>)> {
    let mut out = vec![(String::new(), None)];
    for segment in segments(text, Span::new(crate::source::span::FileId(0), 0, 0)) {
        match segment {
            Segment::Literal(literal) => {
                if let Some((last, None)) = out.last_mut() {
                    last.push_str(&literal);
                }
            }
            Segment::Symbol(symbol) => {
                if let Some((_, name)) = out.last_mut() {
                    *name = Some(symbol.name);
                }
                out.push((String::new(), None));
            }
        }
    }
    out
}

/// The resource of its own template that a text refers to and says nothing else: `Name` of `${Name}` and of `${Name.Arn}`.
#[must_use]
pub fn referred(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    Some(name.strip_suffix(".Arn").unwrap_or(name))
}

/// Where the brace closes that opens at the start of `text` (`${`).
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at),
            '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

impl Reader<'_> {
    /// A text as segments: the `Resource` of a task.
    pub(super) fn value(&mut self, node: &Node, name: &str) -> Option<Val> {
        if symbolic(node).is_none() && self.warn_function(node) {
            node.mark_tree_read();
            let origins: Origins = node.scalars().iter().map(|scalar| scalar.span).collect();
            let value = Val::unknown("a CloudFormation function", format!("`{name}` is computed when the template is deployed"), node.span);
            return Some(value.shaped_by(&origins));
        }
        let text = self.text_of(node, name)?;
        Some(Val { value: Value::Text(segments(&text.value, node.span)), origins: text.origins })
    }

    /// Whether this is a CloudFormation function that [`symbolic`] does not read; reports it.
    pub(super) fn warn_function(&mut self, node: &Node) -> bool {
        let tagged = node.tag.as_deref().is_some_and(|tag| !plain_tag(tag));
        let named = is_function_object(node);
        if tagged || named {
            let message = "this CloudFormation function is not evaluated";
            let help = "put its value into the definition, or pass it with `DefinitionSubstitutions`";
            self.sink.report(Diagnostic::warning(&ASL135, node.span, message).help(help));
        }
        tagged || named
    }

    /// A payload template.
    pub(super) fn template(&mut self, node: &Node, mode: Mode) -> Template {
        let tagged = node.tag.is_some() || matches!(node.kind, Kind::Expr(_)) || is_function_object(node);
        if tagged && let Some(text) = symbolic(node) {
            // A template has one place; the other parts of a `!GetAtt [X, Y]` are shown as absorbed by it.
            let span = text.origins.first().unwrap_or(node.span);
            for inner in text.origins.iter().filter(|inner| *inner != span) {
                self.sink.absorb(inner, &ASL135, "it is part of a reference");
            }
            return Template { value: self.template_text(&text.value, mode, span), span };
        }
        if tagged && self.warn_function(node) {
            self.sink.unsupported(node.span, &ASL135, "the function is not evaluated");
        }
        let value = match &node.kind {
            Kind::Null => {
                node.mark_read();
                TemplateValue::Null
            }
            Kind::Bool(value) => {
                node.mark_read();
                TemplateValue::Bool(*value)
            }
            Kind::Number(text) => {
                node.mark_read();
                TemplateValue::Number(text.to_string())
            }
            Kind::String(text) => {
                node.mark_read();
                self.template_text(text, mode, node.span)
            }
            Kind::Array(items) => {
                node.mark_read();
                TemplateValue::List(items.iter().map(|item| self.template(item, mode)).collect())
            }
            Kind::Object(_) => self.template_map(node, mode),
            Kind::Expr(expr) => {
                node.mark_read();
                TemplateValue::Text(format!("${{{}}}", expr.text()))
            }
        };
        Template { value, span: node.span }
    }

    fn template_text(&mut self, text: &str, mode: Mode, span: Span) -> TemplateValue {
        if mode == Mode::Jsonata {
            if let Some(expression) = reader::jsonata(text) {
                return TemplateValue::Jsonata(expression.to_owned());
            }
            self.check_half_expression(text, span);
        }
        TemplateValue::Text(text.to_owned())
    }

    fn template_map(&mut self, node: &Node, mode: Mode) -> TemplateValue {
        let entries = node.object().unwrap_or_default();
        let mut out = Vec::with_capacity(entries.len());
        for entry in self.last_of_equal(entries) {
            let expression = entry.key.strip_suffix(".$").filter(|_| mode == Mode::JsonPath);
            if let Some(other) = expression.and_then(|name| node.entry(name)) {
                let report = Diagnostic::error(&ASL109, entry.key_span, format!("`{}` and `{}` give the same field", other.key, entry.key));
                self.sink.report(report.related(other.key_span, "the other one").help("remove one of them"));
            }
            let Some(name) = expression else {
                out.push((Sourced::new(entry.key.to_string(), entry.key_span), self.template(&entry.value, mode)));
                continue;
            };
            let text = symbolic(&entry.value).or_else(|| entry.value.sourced_str());
            let Some(text) = text else {
                let message = format!("`{}` is {}, but a key that ends in `.$` needs a path", entry.key, entry.value.describe());
                let help = format!("rename the key to `{name}` to pass the value as it is");
                self.sink.report(Diagnostic::error(&ASL108, entry.value.span, message).help(help));
                out.push((Sourced::new(entry.key.to_string(), entry.key_span), self.template(&entry.value, mode)));
                continue;
            };
            self.check_path(&entry.key, &text.value, entry.value.span);
            let span = text.origins.first().unwrap_or(entry.value.span);
            for inner in text.origins.iter().filter(|inner| *inner != span) {
                self.sink.absorb(inner, &ASL135, "it is part of a reference");
            }
            out.push((Sourced::new(name.to_owned(), entry.key_span), Template { value: TemplateValue::PathExpression(text.value), span }));
        }
        TemplateValue::Map(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::span::FileId;

    fn shown(text: &str) -> Vec<String> {
        segments(text, Span::new(FileId(0), 0, 1))
            .into_iter()
            .map(|segment| match segment {
                Segment::Literal(text) => text,
                Segment::Symbol(symbol) => format!("<{}>", symbol.name),
            })
            .collect()
    }

    #[test]
    fn placeholders_become_symbols() {
        assert_eq!(shown("${Arn}"), ["<Arn>"]);
        assert_eq!(shown("arn:${AWS::Partition}:x/${B}"), ["arn:", "<AWS::Partition>", ":x/", "<B>"]);
        assert_eq!(shown("${a.${b}}-c"), ["<a.${b}>", "-c"]);
    }

    #[test]
    fn what_is_no_placeholder_stays_text() {
        assert_eq!(shown(""), [""]);
        assert_eq!(shown("${open"), ["${open"]);
        assert_eq!(shown("$${x}"), ["$${x}"]);
        assert_eq!(shown("}${"), ["}${"]);
        assert_eq!(shown("ä${é}"), ["ä", "<é>"]);
    }
}
