//! The Choice state: rules, conditions and the comparison operators.
use super::fields;
use super::handlers::head;
use super::reader::{self, Fields, Reader};
use crate::ir::machine::{ChoiceRule, Condition, Operand, QueryLanguage, StateKind};
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::asl::{ASL103, ASL105, ASL121, ASL122, ASL123, ASL124, ASL132};
use crate::source::sink::Diagnostic;
use crate::source::span::{Sourced, Span};

/// What stands on the right side of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Right {
    /// A text.
    Text,
    /// A text in which `*` stands for any characters.
    Pattern,
    Number,
    Bool,
    /// A text with a point in time (RFC 3339).
    Timestamp,
    /// A path to the other value.
    Path,
}

/// The comparison operators ("Choice workflow state", the list of operators): the right side, and whether there is a `…Path` form.
const OPERATORS: [(&str, Right, bool); 23] = [
    ("BooleanEquals", Right::Bool, true),
    ("IsBoolean", Right::Bool, false),
    ("IsNull", Right::Bool, false),
    ("IsNumeric", Right::Bool, false),
    ("IsPresent", Right::Bool, false),
    ("IsString", Right::Bool, false),
    ("IsTimestamp", Right::Bool, false),
    ("NumericEquals", Right::Number, true),
    ("NumericGreaterThan", Right::Number, true),
    ("NumericGreaterThanEquals", Right::Number, true),
    ("NumericLessThan", Right::Number, true),
    ("NumericLessThanEquals", Right::Number, true),
    ("StringEquals", Right::Text, true),
    ("StringGreaterThan", Right::Text, true),
    ("StringGreaterThanEquals", Right::Text, true),
    ("StringLessThan", Right::Text, true),
    ("StringLessThanEquals", Right::Text, true),
    ("StringMatches", Right::Pattern, false),
    ("TimestampEquals", Right::Timestamp, true),
    ("TimestampGreaterThan", Right::Timestamp, true),
    ("TimestampGreaterThanEquals", Right::Timestamp, true),
    ("TimestampLessThan", Right::Timestamp, true),
    ("TimestampLessThanEquals", Right::Timestamp, true),
];

/// The right side of an operator; `None` for what is no operator.
fn operator(name: &str) -> Option<Right> {
    let row = |name: &str| OPERATORS.iter().find(|(operator, ..)| *operator == name);
    if let Some((_, right, _)) = row(name) {
        return Some(*right);
    }
    row(name.strip_suffix("Path")?).filter(|(.., path)| *path).map(|_| Right::Path)
}

/// Fields of a rule besides the operators; those after `Comment` at the top of a rule only.
const RULE: [&str; 8] = ["And", "Or", "Not", "Variable", "Comment", "Next", "Assign", "Output"];
const NESTED: usize = 5;

/// Why a rule (or a condition in one) cannot have a field.
fn refusal(entry: &Entry, what: &str, language: QueryLanguage, allowed: usize) -> Option<Diagnostic> {
    let key = &*entry.key;
    let path_only = operator(key).is_some() || matches!(key, "And" | "Or" | "Not" | "Variable");
    let ata_only = matches!(key, "Condition" | "Output");
    if path_only && language == QueryLanguage::Jsonata {
        let message = format!("`{key}` belongs to JSONPath, but the state of {what} uses JSONata");
        return Some(Diagnostic::error(&ASL103, entry.key_span, message).help("write the comparison as `Condition`"));
    }
    if ata_only && language == QueryLanguage::JsonPath {
        let message = format!("`{key}` belongs to JSONata, but the state of {what} uses JSONPath");
        return Some(Diagnostic::error(&ASL103, entry.key_span, message).help("set `QueryLanguage` of the state to `JSONata`"));
    }
    if path_only || (key == "Condition" && allowed == RULE.len()) || RULE.iter().take(allowed).any(|name| *name == key) {
        return None;
    }
    if RULE.contains(&key) {
        let message = format!("`{key}` has no place inside a condition");
        return Some(Diagnostic::error(&ASL123, entry.key_span, message).help("only the rule itself has it"));
    }
    let known = RULE.iter().copied().chain(OPERATORS.iter().map(|(name, ..)| *name)).chain(["Condition"]);
    Some(fields::unknown(key, what, known).at(entry.key_span))
}

impl Reader<'_> {
    /// `Choices` and `Default`.
    pub(super) fn choice(&mut self, of: &mut Fields<'_>, language: QueryLanguage) -> StateKind {
        let mut rules = Vec::new();
        match of.take("Choices") {
            None => {
                let report = Diagnostic::error(&ASL122, of.at, format!("{} has no `Choices`", of.what));
                self.sink.report(report.help("add `Choices` with at least one rule"));
            }
            Some(entry) => {
                if matches!(&entry.value.kind, Kind::Array(items) if items.is_empty()) {
                    let report = Diagnostic::error(&ASL122, entry.value.span, format!("`Choices` of {} is empty", of.what));
                    self.drop_value(&entry.value, report.help("add at least one rule"));
                }
                for (at, node) in self.list(entry).iter().enumerate() {
                    let what = format!("rule {} of {}", at + 1, of.what);
                    rules.extend(self.rule(node, &what, language));
                }
            }
        }
        let default = of.take("Default").and_then(|e| self.text(e));
        if default.is_none() {
            let message = format!("{} has no `Default`: a run that matches no rule fails with States.NoChoiceMatched", of.what);
            self.sink.report(
                Diagnostic::warning(&ASL121, of.at, message).help("add `Default`, if only to a Fail state that says what happened"),
            );
        }
        StateKind::Choice { rules, default }
    }

    fn rule(&mut self, node: &Node, what: &str, language: QueryLanguage) -> Option<ChoiceRule> {
        let mut of = self.fields(node, head(node.span), what)?;
        self.screen_rule(&mut of, language, RULE.len());
        let next = of.take("Next").and_then(|e| self.text(e));
        if next.is_none() {
            let report = Diagnostic::error(&ASL123, of.at, format!("{what} has no `Next`"));
            self.sink.report(report.help("add `Next` with the state to go to"));
        }
        let assign = of.take("Assign").map(|e| self.template(&e.value, language.into()));
        let output = of.take("Output").map(|e| self.template(&e.value, language.into()));
        let comment = of.take("Comment").and_then(|e| self.comment(e));
        let condition = match language {
            QueryLanguage::JsonPath => self.condition(&mut of, node.span),
            QueryLanguage::Jsonata => self.jsonata_condition(&mut of, node.span),
        };
        of.finish(self);
        Some(ChoiceRule { condition, next, assign, output, comment, span: node.span })
    }

    /// Takes out what a rule (or, with [`NESTED`], a condition in one) must not have.
    fn screen_rule(&mut self, of: &mut Fields<'_>, language: QueryLanguage, allowed: usize) {
        let what = of.what.clone();
        let mut reports = Vec::new();
        let refused = of.screen(|entry| {
            let report = refusal(entry, &what, language, allowed);
            let keep = report.is_none();
            reports.extend(report);
            keep
        });
        for (entry, report) in refused.into_iter().zip(reports) {
            self.drop_value(&entry.value, report);
        }
    }

    fn jsonata_condition(&mut self, of: &mut Fields<'_>, span: Span) -> Condition {
        let Some(entry) = of.take("Condition") else {
            let report = Diagnostic::error(&ASL124, of.at, format!("{} has no `Condition`", of.what));
            self.sink.report(report.help("add `Condition` with a JSONata expression"));
            return Condition::Invalid(span);
        };
        let node = &entry.value;
        let text = match (node.bool(), node.str()) {
            // A literal true or false is allowed, and is the same expression.
            (Some(value), _) => Some(value.to_string()),
            (None, Some(text)) => reader::jsonata(text).map(str::to_owned),
            (None, None) => None,
        };
        if let Some(text) = text {
            return Condition::Jsonata(Sourced::new(text, node.span));
        }
        if node.str().is_some() {
            let report = Diagnostic::error(&ASL105, node.span, "`Condition` is a plain text, but must be a JSONata expression");
            self.drop_value(node, report.help("start it with `{%` and end it with `%}`"));
        } else {
            self.drop_wrong_type(node, "Condition", "a JSONata expression");
        }
        Condition::Invalid(node.span)
    }

    /// `And`, `Or`, `Not` or a comparison.
    fn condition(&mut self, of: &mut Fields<'_>, span: Span) -> Condition {
        let Some(entry) = self.one_of(of, &["And", "Or", "Not", "Variable"]) else {
            self.not_a_comparison(of, "no `Variable`, `And`, `Or` or `Not`");
            return Condition::Invalid(span);
        };
        let condition = match &*entry.key {
            "And" => Condition::And(self.conditions(entry), span),
            "Or" => Condition::Or(self.conditions(entry), span),
            "Not" => {
                let inner = self.nested(&entry.value, &format!("`Not` of {}", of.what));
                inner.map_or(Condition::Invalid(span), |inner| Condition::Not(Box::new(inner), span))
            }
            _ => return self.comparison(entry, of, span),
        };
        // An operator without a variable compares nothing.
        for stray in of.remaining().into_iter().filter(|entry| operator(&entry.key).is_some()) {
            let message = format!("`{}` beside `{}` compares nothing", stray.key, entry.key);
            of.remove(&stray.key);
            self.drop_value(&stray.value, Diagnostic::error(&ASL124, stray.key_span, message).help("remove it"));
        }
        condition
    }

    fn conditions(&mut self, entry: &Entry) -> Vec<Condition> {
        if matches!(&entry.value.kind, Kind::Array(items) if items.is_empty()) {
            let report = Diagnostic::error(&ASL124, entry.value.span, format!("`{}` is empty", entry.key));
            self.drop_value(&entry.value, report.help("add at least one condition"));
        }
        let items = self.list(entry);
        items.iter().filter_map(|node| self.nested(node, &format!("a condition in `{}`", entry.key))).collect()
    }

    fn nested(&mut self, node: &Node, what: &str) -> Option<Condition> {
        let mut of = self.fields(node, head(node.span), what)?;
        self.screen_rule(&mut of, QueryLanguage::JsonPath, NESTED);
        if let Some(comment) = of.take("Comment")
            && self.comment(comment).is_some()
        {
            self.sink.ignore(comment.value.span, &ASL132, "the comment of a condition inside a rule changes nothing");
        }
        let condition = self.condition(&mut of, node.span);
        of.finish(self);
        Some(condition)
    }

    fn comparison(&mut self, variable: &Entry, of: &mut Fields<'_>, span: Span) -> Condition {
        let operators: Vec<&str> = of.remaining().iter().map(|entry| &*entry.key).filter(|key| operator(key).is_some()).collect();
        let variable_text = self.path_text(variable);
        let Some(entry) = self.one_of(of, &operators) else {
            if variable_text.is_some() {
                self.sink.unsupported(variable.value.span, &ASL124, "it is compared with nothing");
            }
            self.not_a_comparison(of, "a `Variable` but no comparison operator");
            return Condition::Invalid(span);
        };
        let operand = operator(&entry.key).and_then(|right| self.operand(entry, right));
        match (variable_text, operand) {
            (Some(variable), Some(operand)) => {
                Condition::Compare { variable, operator: Sourced::new(entry.key.to_string(), entry.key_span), operand }
            }
            (left, right) => {
                // The half that cannot be read is reported and marked already.
                if left.is_some() {
                    self.sink.unsupported(variable.value.span, &ASL124, "what it is compared with cannot be read");
                }
                if right.is_some() {
                    self.sink.unsupported(entry.value.span, &ASL124, "what is compared with it cannot be read");
                }
                Condition::Invalid(span)
            }
        }
    }

    fn operand(&mut self, entry: &Entry, right: Right) -> Option<Operand> {
        match right {
            Right::Text | Right::Pattern => self.text(entry).map(Operand::Text),
            Right::Timestamp => {
                let text = self.text(entry)?;
                self.check_timestamp(entry, &text.value);
                Some(Operand::Text(text))
            }
            Right::Number => self.number_text(entry).map(Operand::Number),
            Right::Path => self.path_text(entry).map(Operand::Path),
            Right::Bool => {
                if let Some(value) = entry.value.bool() {
                    return Some(Operand::Bool(Sourced::new(value, entry.value.span)));
                }
                let placeholder = entry.value.str().is_some_and(reader::has_placeholder);
                if !placeholder {
                    self.wrong_type(&entry.value, &entry.key, "true or false");
                }
                entry.value.scalar_text().map(|text| Operand::Text(Sourced::new(text.to_owned(), entry.value.span)))
            }
        }
    }

    fn not_a_comparison(&mut self, of: &mut Fields<'_>, has: &str) {
        let report = Diagnostic::error(&ASL124, of.at, format!("{} compares nothing: it has {has}", of.what));
        self.sink.report(report.help("a comparison is a `Variable` with one operator, such as `StringEquals`"));
        for stray in of.remaining().into_iter().filter(|entry| operator(&entry.key).is_some()) {
            of.remove(&stray.key);
            stray.value.mark_tree_read();
            self.sink.unsupported(stray.value.span, &ASL124, "there is no `Variable` to compare it with");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_known_with_their_path_forms() {
        assert_eq!(operator("StringEquals"), Some(Right::Text));
        assert_eq!(operator("NumericLessThanEqualsPath"), Some(Right::Path));
        assert_eq!(operator("BooleanEqualsPath"), Some(Right::Path));
        for name in ["StringMatchesPath", "IsPresentPath", "Path", "Equals", "stringEquals"] {
            assert_eq!(operator(name), None, "{name}");
        }
    }

    #[test]
    fn operators_are_listed_once_and_sorted() {
        assert!(OPERATORS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
