//! Placeholders of a definition that a deployment completes, `${Topic}`, and the user's answers for them.
//!
//! CloudFormation, SAM, Terraform and the Serverless Framework put values into the text of a definition, wherever a placeholder stands. An answer of
//! `emr2k8s.yaml` does the same; a placeholder without one is never sent as it stands.
use crate::import::asl::placeholders;
use crate::ir::machine::{ChoiceRule, Condition, Data, FailText, Graph, Machine, Map, Operand, State, StateKind, Template, TemplateValue};
use crate::ir::value::{self, Segment, Symbol, Val, Value};
use crate::source::rules::cloudformation::{CFN104, CFN105};
use crate::source::sink::Sink;
use crate::source::span::{Origins, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Puts answers in place of the machines' placeholders; `{stage}` in an answer is the stage.
pub fn fill(machines: &mut [Machine], answers: &BTreeMap<String, String>, stage: &str) {
    if answers.is_empty() {
        return;
    }
    let answer = |(name, answer): (&String, &String)| (name.clone(), (answer.replace("{stage}", stage), Origins::none()));
    let mut filler = Filler { answers: answers.iter().map(answer).collect(), used: BTreeSet::new(), shaped: Vec::new() };
    for machine in machines {
        filler.graph(&mut machine.graph);
    }
}

/// Puts in place of placeholders what the template says that deploys each machine, as far as it is known; answers of the user come first. Gives
/// where such a value stands, and what shaped it.
pub fn complete(machines: &mut [Machine], sink: &mut Sink) -> Vec<(Span, Origins)> {
    let mut shaped = Vec::new();
    for machine in machines.iter_mut().filter(|machine| !machine.substitutions.is_empty()) {
        let left: BTreeSet<String> = super::carried::states(&machine.graph).into_iter().flat_map(names).collect();
        let known = machine.substitutions.iter().filter_map(|one| {
            let text = one.known.clone()?;
            Some((one.name.value.clone(), (text, one.value.all_origins())))
        });
        let mut filler = Filler { answers: known.collect(), used: BTreeSet::new(), shaped: Vec::new() };
        filler.graph(&mut machine.graph);
        for one in machine.substitutions.iter().filter(|one| !one.inherent) {
            for span in one.value.all_origins().iter() {
                if filler.used.contains(&one.name.value) {
                    sink.absorb(span, &CFN104, "stands in the definition in place of its placeholder");
                } else if left.contains(&one.name.value) {
                    sink.unsupported(span, &CFN104, "only the deployment knows it");
                } else {
                    sink.ignore(span, &CFN105, "nothing is left in the definition that reads it");
                }
            }
        }
        shaped.append(&mut filler.shaped);
    }
    shaped
}

/// The names of a state's placeholders, in what it calls too.
fn names(state: &State) -> Vec<String> {
    let mut names: Vec<String> = open(state).into_iter().map(|open| open.name).collect();
    if let StateKind::Task(task) = &state.kind
        && let Some(Val { value: Value::Text(segments), .. }) = &task.resource
    {
        names.extend(segments.iter().filter_map(|segment| match segment {
            Segment::Symbol(symbol) => Some(symbol.name.clone()),
            Segment::Literal(_) => None,
        }));
    }
    if let Some(name) = state.sent().and_then(|sent| super::link::member(sent, "FunctionName"))
        && let TemplateValue::Text(text) = &name.value
    {
        names.extend(placeholders(text).into_iter().filter_map(|(_, name)| name));
    }
    names
}

/// What stands for placeholders: a text, and what shaped it.
struct Filler {
    answers: BTreeMap<String, (String, Origins)>,
    /// Names that were met.
    used: BTreeSet<String>,
    /// Where a value was completed, and with what.
    shaped: Vec<(Span, Origins)>,
}

impl Filler {
    fn text(&mut self, text: &mut String, at: Option<Span>) {
        if !text.contains("${") {
            return;
        }
        let mut out = String::with_capacity(text.len());
        for (literal, name) in placeholders(text) {
            out.push_str(&literal);
            if let Some(name) = name {
                match self.answers.get(&name) {
                    Some((answer, origins)) => {
                        out.push_str(answer);
                        if let Some(at) = at.filter(|_| !origins.is_empty()) {
                            self.shaped.push((at, origins.clone()));
                        }
                        self.used.insert(name);
                    }
                    None => out.push_str(&format!("${{{name}}}")),
                }
            }
        }
        *text = out;
    }

    /// Nesting is bounded by the source layer's limit on depth, here and below.
    fn graph(&mut self, graph: &mut Graph) {
        graph.states.iter_mut().for_each(|state| self.state(state));
    }

    fn state(&mut self, state: &mut State) {
        let Data { parameters, result_selector, arguments, output, assign, .. } = &mut state.data;
        for template in [parameters, result_selector, arguments, output, assign].into_iter().flatten() {
            self.template(template);
        }
        for catcher in &mut state.catch {
            [&mut catcher.output, &mut catcher.assign].into_iter().flatten().for_each(|template| self.template(template));
        }
        match &mut state.kind {
            StateKind::Task(task) => {
                if let Some(resource) = &mut task.resource {
                    self.resource(resource);
                }
            }
            StateKind::Pass { result: Some(result) } => self.template(result),
            StateKind::Choice { rules, .. } => rules.iter_mut().for_each(|rule| self.rule(rule)),
            StateKind::Fail(fail) => {
                for text in [&mut fail.error, &mut fail.cause].into_iter().flatten() {
                    let (FailText::Literal(text) | FailText::Path(text) | FailText::Jsonata(text)) = text;
                    let at = text.span();
                    self.text(&mut text.value, at);
                }
            }
            StateKind::Parallel { branches } => branches.iter_mut().for_each(|branch| self.graph(branch)),
            StateKind::Map(map) => {
                let Map { items, item_selector, item_reader, item_batcher, result_writer, .. } = &mut **map;
                for template in [items, item_selector, item_reader, item_batcher, result_writer].into_iter().flatten() {
                    self.template(template);
                }
                map.processor.iter_mut().for_each(|processor| self.graph(processor));
            }
            _ => {}
        }
    }

    fn rule(&mut self, rule: &mut ChoiceRule) {
        [&mut rule.output, &mut rule.assign].into_iter().flatten().for_each(|template| self.template(template));
        self.condition(&mut rule.condition);
    }

    fn condition(&mut self, condition: &mut Condition) {
        match condition {
            Condition::And(inner, _) | Condition::Or(inner, _) => inner.iter_mut().for_each(|inner| self.condition(inner)),
            Condition::Not(inner, _) => self.condition(inner),
            Condition::Compare { operand: Operand::Text(text), .. } | Condition::Jsonata(text) => {
                let at = text.span();
                self.text(&mut text.value, at);
            }
            _ => {}
        }
    }

    fn template(&mut self, template: &mut Template) {
        match &mut template.value {
            TemplateValue::Number(text)
            | TemplateValue::Text(text)
            | TemplateValue::PathExpression(text)
            | TemplateValue::Jsonata(text) => {
                self.text(text, Some(template.span));
            }
            TemplateValue::List(items) => items.iter_mut().for_each(|item| self.template(item)),
            TemplateValue::Map(entries) => entries.iter_mut().for_each(|(_, value)| self.template(value)),
            TemplateValue::Null | TemplateValue::Bool(_) => {}
        }
    }

    fn resource(&mut self, resource: &mut Val) {
        let Value::Text(segments) = &mut resource.value else { return };
        let mut out = Vec::with_capacity(segments.len());
        for segment in std::mem::take(segments) {
            let answer = match &segment {
                Segment::Symbol(symbol) => self.answers.get(&symbol.name).map(|answer| (symbol.clone(), answer)),
                Segment::Literal(_) => None,
            };
            let Some((symbol, (answer, origins))) = answer else {
                value::push(&mut out, segment);
                continue;
            };
            resource.origins.extend(origins);
            // An answer may name something of the deployment in turn.
            for (literal, name) in placeholders(answer) {
                if !literal.is_empty() {
                    value::push(&mut out, Segment::Literal(literal));
                }
                out.extend(name.map(|name| Segment::Symbol(Symbol { name, ..symbol.clone() })));
            }
            self.used.insert(symbol.name);
        }
        *segments = out;
    }
}

/// A text of a state, other than what it calls, that a deployment completes.
#[derive(Clone, Debug)]
pub struct Open {
    pub span: Span,
    pub text: String,
    /// The placeholder's name.
    pub name: String,
}

/// All of a state's, each placeholder once; not those of the graphs inside it.
#[must_use]
pub fn open(state: &State) -> Vec<Open> {
    let mut found = Finder { open: Vec::new() };
    let data = &state.data;
    for template in [&data.parameters, &data.arguments, &data.result_selector, &data.output, &data.assign].into_iter().flatten() {
        found.template(template);
    }
    for catcher in &state.catch {
        catcher.output.iter().chain(&catcher.assign).for_each(|template| found.template(template));
    }
    match &state.kind {
        StateKind::Pass { result: Some(result) } => found.template(result),
        StateKind::Choice { rules, .. } => {
            for rule in rules {
                rule.output.iter().chain(&rule.assign).for_each(|template| found.template(template));
                found.condition(&rule.condition);
            }
        }
        StateKind::Fail(fail) => {
            for text in [&fail.error, &fail.cause].into_iter().flatten() {
                let (FailText::Literal(text) | FailText::Path(text) | FailText::Jsonata(text)) = text;
                found.text(&text.value, text.span().unwrap_or(state.span));
            }
        }
        StateKind::Map(map) => {
            let Map { items, item_selector, item_reader, item_batcher, result_writer, .. } = &**map;
            for template in [items, item_selector, item_reader, item_batcher, result_writer].into_iter().flatten() {
                found.template(template);
            }
        }
        _ => {}
    }
    found.open
}

struct Finder {
    open: Vec<Open>,
}

impl Finder {
    fn text(&mut self, text: &str, span: Span) {
        for (_, name) in placeholders(text) {
            let Some(name) = name.filter(|name| !self.open.iter().any(|known| known.name == *name)) else { continue };
            self.open.push(Open { span, text: text.to_owned(), name });
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::And(inner, _) | Condition::Or(inner, _) => inner.iter().for_each(|inner| self.condition(inner)),
            Condition::Not(inner, _) => self.condition(inner),
            Condition::Compare { operand: Operand::Text(text), .. } => {
                if let Some(span) = text.span() {
                    self.text(&text.value, span);
                }
            }
            _ => {}
        }
    }

    fn template(&mut self, template: &Template) {
        match &template.value {
            // In JSONata a text may hold `${` of its own.
            TemplateValue::Text(text) | TemplateValue::Number(text) | TemplateValue::PathExpression(text) => self.text(text, template.span),
            TemplateValue::List(items) => items.iter().for_each(|item| self.template(item)),
            TemplateValue::Map(entries) => {
                entries.iter().filter(|(key, _)| key.value != "FunctionName").for_each(|(_, value)| self.template(value));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::asl::of_text;

    fn machine(parameters: &str) -> Machine {
        let text = format!(
            r#"{{"StartAt":"A","States":{{"A":{{"Type":"Task","Resource":"arn:aws:states:::sns:publish","Parameters":{parameters},"End":true}}}}}}"#
        );
        of_text(&text).expect("a machine")
    }

    #[test]
    fn answers_stand_in_place_of_placeholders() {
        let mut machine = machine(r#"{"TopicArn":"arn:${Topic}-${Other}","Message.$":"States.Format('{} ${Topic}', $.a)"}"#);
        let answers = BTreeMap::from([("Topic".to_owned(), "t-{stage}".to_owned())]);
        fill(std::slice::from_mut(&mut machine), &answers, "prod");
        let state = &machine.graph.states[0];
        let template = state.data.parameters.as_ref().expect("parameters");
        assert_eq!(template.expressions()[0].0, "States.Format('{} t-prod', $.a)");
        let left: Vec<(String, String)> = open(state).into_iter().map(|open| (open.text, open.name)).collect();
        assert_eq!(left, [("arn:t-prod-${Other}".to_owned(), "Other".to_owned())]);
    }

    #[test]
    fn what_is_no_placeholder_stays() {
        let machine = machine(r#"{"Message":"$${x} ${open"}"#);
        assert!(open(&machine.graph.states[0]).is_empty());
    }
}
