//! Schedules that start a state machine or a function: `aws_cloudwatch_event_rule` with its targets, `aws_scheduler_schedule`.
use super::importer::{Importer, entries};
use super::index::{Index, Resource};
use super::table::{EVENT_RULE, EVENT_TARGET, SCHEDULE};
use crate::ir::trigger::{Target, Trigger, TriggerKind};
use crate::ir::value::{Segment, Symbol, SymbolKind, Val, Value};
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::terraform::{TF103, TF115};
use crate::source::sink::{Diagnostic, Disposition};
use crate::source::span::Origins;
use std::collections::BTreeMap;

impl<'a> Importer<'a, '_> {
    pub fn rule(&mut self, resource: &Resource<'a>) {
        let index = self.index;
        let targets: Vec<&Resource<'a>> =
            self.targets.get(&resource.address).into_iter().flatten().filter_map(|at| index.resources.get(*at)).collect();
        let expression = resource.body.entry("schedule_expression");
        let starts: Vec<_> = targets.iter().filter(|t| t.body.entry("arn").is_some_and(|e| self.startable(&e.value))).copied().collect();
        let Some(expression) = expression.filter(|_| !starts.is_empty()) else {
            let why = if expression.is_none() {
                "events other than schedules are later work"
            } else {
                "none of its targets is a state machine or a function of this module"
            };
            self.refuse(resource, Disposition::Unsupported, why);
            for target in targets {
                self.refuse(target, Disposition::Unsupported, why);
            }
            return;
        };
        if !self.single(resource) {
            for target in targets {
                self.refuse(target, Disposition::Unsupported, "its rule does not exist once");
            }
            return;
        }
        let schedule = self.take(expression);
        let mut enabled = None;
        for entry in entries(resource.body) {
            match &*entry.key {
                "schedule_expression" => {}
                "is_enabled" | "state" => enabled = Some(self.enabled(entry)),
                _ => self.leave(resource, EVENT_RULE, "", entry),
            }
        }
        for target in targets {
            if !starts.iter().any(|t| std::ptr::eq(*t, target)) {
                self.refuse(target, Disposition::Unsupported, "it is neither a state machine nor a function of this module");
                continue;
            }
            if !self.single(target) {
                continue;
            }
            let mut trigger = Trigger {
                kind: TriggerKind::Schedule(schedule.clone()),
                target: Target::Machine(Val::new(Value::Null, Origins::none())),
                input: None,
                enabled: enabled.clone(),
                span: target.span,
                origins: schedule.all_origins(),
            };
            for entry in entries(target.body) {
                match &*entry.key {
                    "rule" => {
                        entry.value.mark_read();
                        self.sink.absorb(entry.value.span, &TF103, "ties the target to its rule, with which it becomes one trigger");
                    }
                    "arn" => trigger.target = self.target(&entry.value),
                    "input" => trigger.input = Some(self.take(entry)),
                    _ => self.leave(target, EVENT_TARGET, "", entry),
                }
            }
            self.module.triggers.push(trigger);
        }
    }

    /// A target whose rule is not in this module.
    pub fn loose_target(&mut self, resource: &Resource<'a>, at: usize) {
        if !self.targets.values().any(|owned| owned.contains(&at)) {
            let message = format!("{} belongs to a rule that is not in this module", resource.address);
            self.sink.report(
                Diagnostic::refused(&TF115, resource.name_span, message)
                    .help("declare the rule in the same module, and name it with a reference"),
            );
            self.refuse(resource, Disposition::Unsupported, "its rule is not in this module");
        }
    }

    pub fn schedule(&mut self, resource: &Resource<'a>) {
        let target = resource.body.get("target");
        let arn = target.and_then(|t| t.entry("arn"));
        let expression = resource.body.entry("schedule_expression");
        let (Some(arn), Some(expression)) = (arn.filter(|e| self.startable(&e.value)), expression) else {
            return self.refuse(resource, Disposition::Unsupported, "its target is neither a state machine nor a function of this module");
        };
        if !self.single(resource) {
            return;
        }
        let schedule = self.take(expression);
        let mut trigger = Trigger {
            origins: schedule.all_origins(),
            kind: TriggerKind::Schedule(schedule),
            target: self.target(&arn.value),
            input: None,
            enabled: None,
            span: resource.span,
        };
        for entry in entries(resource.body) {
            match &*entry.key {
                "schedule_expression" => {}
                "state" => trigger.enabled = Some(self.enabled(entry)),
                "target" => {
                    for inner in entries(&entry.value) {
                        match &*inner.key {
                            "arn" => {}
                            "input" => trigger.input = Some(self.take(inner)),
                            _ => self.leave(resource, SCHEDULE, "target", inner),
                        }
                    }
                }
                _ => self.leave(resource, SCHEDULE, "", entry),
            }
        }
        self.module.triggers.push(trigger);
    }

    /// `is_enabled` as it is; `state` (`ENABLED`, `DISABLED`) as the boolean it means.
    fn enabled(&mut self, entry: &'a Entry) -> Val {
        let value = self.take(entry);
        match value.literal().as_deref() {
            Some("ENABLED" | "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") => Val::new(Value::Bool(true), value.all_origins()),
            Some("DISABLED") => Val::new(Value::Bool(false), value.all_origins()),
            _ => value,
        }
    }

    /// Whether an ARN is of a state machine or a function.
    fn startable(&self, node: &'a Node) -> bool {
        let references = super::close::references(node);
        if references.iter().any(|r| r.len() >= 2 && matches!(r[0].as_str(), "aws_sfn_state_machine" | "aws_lambda_function")) {
            return true;
        }
        self.eval.node(node).literal().is_some_and(|arn| arn.contains(":states:") || arn.contains(":lambda:"))
    }

    /// What an ARN names: a machine by its name where this module deploys it, a function by its name in the module.
    fn target(&mut self, node: &'a Node) -> Target {
        let value = self.eval.node(node);
        let index = self.index;
        let reference = super::close::references(node)
            .into_iter()
            .find(|r| r.len() >= 2 && matches!(r[0].as_str(), "aws_sfn_state_machine" | "aws_lambda_function"));
        let Some(reference) = reference else {
            let function = value.literal().is_some_and(|arn| arn.contains(":lambda:"));
            return if function { Target::Function(value) } else { Target::Machine(value) };
        };
        let origins = value.all_origins();
        let resource = index.resource(&format!("{}.{}", reference[0], reference[1]));
        match (reference[0].as_str(), resource) {
            ("aws_lambda_function", Some(function)) => Target::Function(Val::text(function.name, origins)),
            (_, Some(machine)) => {
                let name = match machine.body.get("name") {
                    Some(name) => self.eval.node(name).shaped_by(&origins),
                    None => Val::text(machine.name, origins),
                };
                Target::Machine(name)
            }
            (kind, None) => {
                let name = reference.join(".");
                let symbol = Symbol { kind: SymbolKind::Reference, name, span: node.span };
                let val = Val::new(Value::Text(vec![Segment::Symbol(symbol)]), origins);
                if kind == "aws_lambda_function" { Target::Function(val) } else { Target::Machine(val) }
            }
        }
    }
}

/// Event targets by the address of the rule that they name, by reference or by its literal name.
pub fn targets(index: &Index<'_>) -> BTreeMap<String, Vec<usize>> {
    const RULE: &str = "aws_cloudwatch_event_rule";
    let rules = index.resources.iter().filter(|r| r.kind == RULE && !r.data);
    let literal: BTreeMap<&str, &str> = rules
        .filter_map(|r| match &r.body.get("name")?.kind {
            Kind::String(name) => Some((&**name, r.address.as_str())),
            _ => None,
        })
        .collect();
    let mut out: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, target) in index.resources.iter().enumerate().filter(|(_, r)| r.kind == "aws_cloudwatch_event_target" && !r.data) {
        let Some(node) = target.body.get("rule") else { continue };
        let referred =
            super::close::references(node).into_iter().find(|r| r.len() >= 2 && r[0] == RULE).map(|r| format!("{RULE}.{}", r[1]));
        let named = match &node.kind {
            Kind::String(name) => literal.get(&**name).map(|address| (*address).to_owned()),
            _ => None,
        };
        if let Some(address) = referred.or(named).filter(|address| index.resource(address).is_some()) {
            out.entry(address).or_default().push(at);
        }
    }
    out
}
