//! Rules of a Choice state that can never match: cheap cases, in time that grows with the rules and not with their square.
//!
//! Conditions are compared by a text that is equal for equal conditions. A rule is lost where an earlier one is the same, is an
//! `Or` that holds it, is a condition of its own `And`, or is a wider bound on the same number; and where its own `And` asks one
//! variable for two values.
use crate::ir::machine::{ChoiceRule, Condition, Operand, State, StateKind};
use crate::source::rules::lint::ASL240;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Sourced, Span};
use std::collections::BTreeMap;

pub(super) fn state(state: &State, sink: &mut Sink) {
    let StateKind::Choice { rules, .. } = &state.kind else { return };
    let mut earlier = Earlier::default();
    for rule in rules {
        if let Some((message, related)) = lost(&rule.condition, &earlier) {
            let report = Diagnostic::warning(&ASL240, head(rule), message);
            let report = if let Some(first) = related { report.related(first, "this one matches first") } else { report };
            sink.report(report.help("correct the rule, or remove it"));
        }
        earlier.add(&rule.condition, head(rule));
    }
}

fn head(rule: &ChoiceRule) -> Span {
    Span { end: rule.span.end.min(rule.span.start.saturating_add(1)), ..rule.span }
}

/// What earlier rules match.
#[derive(Default)]
struct Earlier {
    /// Conditions that alone make an earlier rule match.
    conditions: BTreeMap<String, Span>,
    /// Of a variable and a direction, the widest bound.
    bounds: BTreeMap<(String, bool), (Bound, Span)>,
}

/// `NumericGreaterThan` and its like: the number, and whether it is part of the range.
#[derive(Clone, Copy)]
struct Bound {
    value: f64,
    inclusive: bool,
}

impl Bound {
    /// Whether every number within `other` is within this; `upwards` as the operator has it.
    fn holds(self, other: Bound, upwards: bool) -> bool {
        let (mine, theirs) = if upwards { (self.value, other.value) } else { (-self.value, -other.value) };
        theirs > mine || (theirs.total_cmp(&mine).is_eq() && (self.inclusive || !other.inclusive))
    }
}

impl Earlier {
    fn add(&mut self, condition: &Condition, at: Span) {
        match condition {
            // Each of them alone is enough.
            Condition::Or(inner, _) => {
                for condition in inner {
                    self.add(condition, at);
                }
            }
            Condition::Invalid(_) => return,
            Condition::Compare { .. } => {
                if let Some((variable, upwards, bound)) = bound(condition) {
                    let entry = self.bounds.entry((variable, upwards)).or_insert((bound, at));
                    if bound.holds(entry.0, upwards) {
                        *entry = (bound, at);
                    }
                }
            }
            Condition::And(..) | Condition::Not(..) | Condition::Jsonata(_) => {}
        }
        if let Some(key) = key(condition) {
            self.conditions.entry(key).or_insert(at);
        }
    }

    fn matches(&self, condition: &Condition) -> Option<Span> {
        if let Some(at) = key(condition).and_then(|key| self.conditions.get(&key)) {
            return Some(*at);
        }
        if let Some((variable, upwards, bound)) = bound(condition) {
            return self.bounds.get(&(variable, upwards)).filter(|(wide, _)| wide.holds(bound, upwards)).map(|(_, at)| *at);
        }
        match condition {
            Condition::And(inner, _) => inner.iter().find_map(|condition| self.matches(condition)),
            Condition::Or(inner, _) => {
                let all: Option<Vec<Span>> = inner.iter().map(|condition| self.matches(condition)).collect();
                all.and_then(|spans| spans.first().copied())
            }
            _ => None,
        }
    }
}

/// Why a rule never matches, with the rule that matches before.
fn lost(condition: &Condition, earlier: &Earlier) -> Option<(String, Option<Span>)> {
    if let Some(at) = earlier.matches(condition) {
        return Some(("this rule never matches: an earlier one matches whenever it would".to_owned(), Some(at)));
    }
    let Condition::And(inner, _) = condition else { return None };
    let mut asked: BTreeMap<(&str, &str), &Operand> = BTreeMap::new();
    for condition in inner {
        let Condition::Compare { variable, operator, operand } = condition else { continue };
        let exact =
            matches!(operator.value.as_str(), "StringEquals" | "NumericEquals" | "BooleanEquals") || operator.value.starts_with("Is");
        if !exact || matches!(operand, Operand::Path(_)) || operand_text(operand).is_none_or(|text| super::completed_later(&text)) {
            continue;
        }
        let other = *asked.entry((&variable.value, &operator.value)).or_insert(operand);
        if operand_text(other) != operand_text(operand) {
            let message = format!("this rule never matches: `{}` cannot have two values at once", variable.value);
            return Some((message, None));
        }
    }
    None
}

fn operand_text(operand: &Operand) -> Option<String> {
    match operand {
        Operand::Text(text) => Some(format!("t{}", text.value)),
        Operand::Number(number) => number.value.parse::<f64>().ok().map(|number| format!("n{number}")),
        Operand::Bool(value) => Some(format!("b{}", value.value)),
        Operand::Path(path) => Some(format!("p{}", path.value)),
    }
}

/// A text that is equal for equal conditions.
fn key(condition: &Condition) -> Option<String> {
    let list = |inner: &[Condition], name: &str| {
        let keys: Option<Vec<String>> = inner.iter().map(key).collect();
        keys.map(|mut keys| {
            keys.sort();
            format!("{name}({})", keys.join("\u{1f}"))
        })
    };
    match condition {
        Condition::And(inner, _) => list(inner, "and"),
        Condition::Or(inner, _) => list(inner, "or"),
        Condition::Not(inner, _) => key(inner).map(|inner| format!("not({inner})")),
        Condition::Compare { variable, operator, operand } => {
            Some(format!("{}\u{1e}{}\u{1e}{}", variable.value, operator.value, operand_text(operand)?))
        }
        Condition::Jsonata(Sourced { value, .. }) => Some(format!("%{value}")),
        Condition::Invalid(_) => None,
    }
}

/// The variable, the direction (upwards: greater) and the bound of a comparison of numbers.
fn bound(condition: &Condition) -> Option<(String, bool, Bound)> {
    let Condition::Compare { variable, operator, operand: Operand::Number(number) } = condition else { return None };
    let (upwards, inclusive) = match operator.value.as_str() {
        "NumericGreaterThan" => (true, false),
        "NumericGreaterThanEquals" => (true, true),
        "NumericLessThan" => (false, false),
        "NumericLessThanEquals" => (false, true),
        _ => return None,
    };
    Some((variable.value.clone(), upwards, Bound { value: number.value.parse().ok()?, inclusive }))
}
