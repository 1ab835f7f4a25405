//! Placeholders of a definition that a deployment completes, `${Topic}`, and the user's answers for them.
//!
//! CloudFormation, SAM, Terraform and the Serverless Framework put values into the text of a definition, wherever a placeholder stands. An answer of
//! `emr2k8s.yaml` does the same; a placeholder without one is never sent as it stands.
use crate::import::asl::placeholders;
use crate::ir::machine::{ChoiceRule, Condition, Data, FailText, Graph, Machine, Map, Operand, State, StateKind, Template, TemplateValue};
use crate::ir::value::{Segment, Val, Value};
use crate::source::span::Span;
use std::collections::BTreeMap;

/// Puts answers in place of the machines' placeholders; `{stage}` in an answer is the stage.
pub fn fill(machines: &mut [Machine], answers: &BTreeMap<String, String>, stage: &str) {
    if answers.is_empty() {
        return;
    }
    let answers = answers.iter().map(|(name, answer)| (name.clone(), answer.replace("{stage}", stage))).collect();
    let filler = Filler { answers };
    for machine in machines {
        filler.graph(&mut machine.graph);
    }
}

struct Filler {
    answers: BTreeMap<String, String>,
}

impl Filler {
    fn text(&self, text: &mut String) {
        if !text.contains("${") {
            return;
        }
        let mut out = String::with_capacity(text.len());
        for (literal, name) in placeholders(text) {
            out.push_str(&literal);
            if let Some(name) = name {
                match self.answers.get(&name) {
                    Some(answer) => out.push_str(answer),
                    None => out.push_str(&format!("${{{name}}}")),
                }
            }
        }
        *text = out;
    }

    /// Nesting is bounded by the source layer's limit on depth, here and below.
    fn graph(&self, graph: &mut Graph) {
        graph.states.iter_mut().for_each(|state| self.state(state));
    }

    fn state(&self, state: &mut State) {
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
                    self.text(&mut text.value);
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

    fn rule(&self, rule: &mut ChoiceRule) {
        [&mut rule.output, &mut rule.assign].into_iter().flatten().for_each(|template| self.template(template));
        self.condition(&mut rule.condition);
    }

    fn condition(&self, condition: &mut Condition) {
        match condition {
            Condition::And(inner, _) | Condition::Or(inner, _) => inner.iter_mut().for_each(|inner| self.condition(inner)),
            Condition::Not(inner, _) => self.condition(inner),
            Condition::Compare { operand: Operand::Text(text), .. } | Condition::Jsonata(text) => self.text(&mut text.value),
            _ => {}
        }
    }

    fn template(&self, template: &mut Template) {
        match &mut template.value {
            TemplateValue::Number(text)
            | TemplateValue::Text(text)
            | TemplateValue::PathExpression(text)
            | TemplateValue::Jsonata(text) => {
                self.text(text);
            }
            TemplateValue::List(items) => items.iter_mut().for_each(|item| self.template(item)),
            TemplateValue::Map(entries) => entries.iter_mut().for_each(|(_, value)| self.template(value)),
            TemplateValue::Null | TemplateValue::Bool(_) => {}
        }
    }

    fn resource(&self, resource: &mut Val) {
        let Value::Text(segments) = &mut resource.value else { return };
        for segment in segments {
            if let Segment::Symbol(symbol) = segment
                && let Some(answer) = self.answers.get(&symbol.name)
            {
                *segment = Segment::Literal(answer.clone());
            }
        }
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
