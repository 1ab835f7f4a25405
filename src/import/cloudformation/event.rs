//! What starts machines and functions: `Events` of SAM, rules and schedules of EventBridge.
use super::import::{Imported, entries, leave};
use super::template::{Resource, Template};
use crate::import::asl::referred;
use crate::ir::trigger::{Target, Trigger, TriggerKind};
use crate::ir::value::{Val, Value};
use crate::source::node::{Kind, Node};
use crate::source::rules::cloudformation::{CFN101, CFN103, CFN108};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced};

/// The events of a state machine.
pub(super) fn of_machine<'a>(
    template: &Template<'a>,
    events: &'a Node,
    machine: &Sourced<String>,
    out: &mut Imported<'a>,
    sink: &mut Sink,
) {
    let target = Target::Machine(Val::text(machine.value.clone(), machine.origins.clone()));
    for event in entries(events) {
        for trigger in of_event(template, &event.value, &target) {
            account(&event.value, &trigger, sink);
            out.triggers.push(trigger);
        }
    }
}

/// The events of a function, which stay with it unless it starts a machine.
pub(super) fn of_function<'a>(template: &Template<'a>, events: &'a Node, function: &Sourced<String>, out: &mut Imported<'a>) {
    let target = Target::Function(Val::text(function.value.clone(), function.origins.clone()));
    for event in entries(events) {
        for mut trigger in of_event(template, &event.value, &target) {
            trigger.origins.extend(&event.value.scalars().iter().map(|scalar| scalar.span).collect());
            out.triggers.push(trigger);
        }
    }
}

/// The kinds of SAM (AWS SAM Developer Guide, `EventSource` of functions and of state machines, November 2026).
fn of_event<'a>(template: &Template<'a>, event: &'a Node, target: &Target) -> Vec<Trigger> {
    let kind = event.get("Type").map(|kind| template.value(kind)).and_then(|kind| kind.literal()).unwrap_or_default();
    let property = |name: &str| event.path(&["Properties", name]).map(|node| template.value(node));
    let trigger = |kind: TriggerKind, input: Option<Val>, enabled: Option<Val>| Trigger {
        kind,
        target: target.clone(),
        input,
        enabled,
        span: event.span,
        origins: Origins::none(),
    };
    let enabled = || property("Enabled").or_else(|| property("State").map(state));
    let schedule = || property("Schedule").or_else(|| property("ScheduleExpression"));
    vec![match kind.as_str() {
        "Schedule" | "ScheduleV2" if schedule().is_some() => {
            trigger(TriggerKind::Schedule(schedule().unwrap_or_else(|| Val::text("", event.span))), property("Input"), enabled())
        }
        "Api" | "HttpApi" => {
            let any = || Val::text("*", event.span);
            let (method, path) = (property("Method").unwrap_or_else(any), property("Path").unwrap_or_else(any));
            trigger(TriggerKind::Http { method, path }, None, None)
        }
        other => trigger(TriggerKind::Event(other.to_owned()), None, None),
    }]
}

/// `ENABLED` and `DISABLED`, as a flag.
fn state(value: Val) -> Val {
    match value.literal().as_deref() {
        Some("ENABLED") => Val::new(Value::Bool(true), value.origins),
        Some("DISABLED") => Val::new(Value::Bool(false), value.origins),
        _ => value,
    }
}

/// Marks what a trigger of a machine does not hold.
fn account(event: &Node, trigger: &Trigger, sink: &mut Sink) {
    if !matches!(trigger.kind, TriggerKind::Schedule(_)) {
        leave(event, sink, &CFN108, "this version translates schedules only");
        return;
    }
    if let Some(kind) = event.get("Type") {
        sink.ignore(kind.span, &CFN103, "says that it is a schedule, which the CronWorkflow is");
    }
    for entry in event.get("Properties").map(entries).unwrap_or_default() {
        match &*entry.key {
            "Schedule" | "ScheduleExpression" | "Input" | "Enabled" | "State" => {}
            "Name" | "Description" | "RoleArn" | "PermissionsBoundary" | "GroupName" | "OmitName" => {
                sink.ignore(entry.value.span, &CFN103, "it names or configures the EventBridge rule");
            }
            key => {
                let message = format!("`{key}` of this schedule is not translated → the schedule runs without it");
                sink.report(
                    Diagnostic::changed(&CFN108, entry.key_span, message).help("set it on the CronWorkflow by hand where it has one"),
                );
                sink.unsupported(entry.value.span, &CFN108, "not translated");
            }
        }
    }
}

/// `AWS::Events::Rule` and `AWS::Scheduler::Schedule`: whether it starts a machine of the template.
pub(super) fn of_rule<'a>(template: &Template<'a>, resource: &Resource<'a>, out: &mut Imported<'a>, sink: &mut Sink) -> bool {
    let Some(properties) = resource.properties else { return false };
    let target_node = match resource.kind {
        "AWS::Events::Rule" => match properties.get("Targets").map(|targets| &targets.kind) {
            Some(Kind::Array(targets)) if targets.len() == 1 => &targets[0],
            _ => return false,
        },
        "AWS::Scheduler::Schedule" => match properties.get("Target") {
            Some(target) => target,
            None => return false,
        },
        _ => return false,
    };
    let Some(arn) = target_node.get("Arn") else { return false };
    let named = template.value(arn).display();
    let logical = referred(&named).unwrap_or_default();
    let Some(machine) = template.resources.get(logical).filter(|found| found.is_machine()) else { return false };
    let name = machine.properties.and_then(|properties| properties.get("Name").or_else(|| properties.get("StateMachineName")));
    let name = name.and_then(|name| template.value(name).literal()).unwrap_or_else(|| logical.to_owned());
    let mut target = Val::text(name, arn.span);
    target.origins.extend(&arn.scalars().iter().map(|scalar| scalar.span).collect());
    let pattern = properties.get("EventPattern");
    let kind = match properties.get("ScheduleExpression") {
        Some(expression) => TriggerKind::Schedule(template.value(expression)),
        None => TriggerKind::Event(if pattern.is_some() { "EventBridge rule".to_owned() } else { resource.kind.to_owned() }),
    };
    let input = target_node.get("Input").map(|input| template.value(input));
    let enabled = properties.get("State").map(|value| state(template.value(value)));
    let scheduled = matches!(kind, TriggerKind::Schedule(_));
    sink.ignore(resource.entry.value.span, &CFN103, "it names or configures the EventBridge rule");
    if let Some(pattern) = pattern {
        sink.unsupported(pattern.span, &CFN108, "this version translates schedules only");
    }
    for (key, value) in ["InputPath", "InputTransformer", "RetryPolicy", "DeadLetterConfig"]
        .into_iter()
        .filter_map(|key| Some((key, target_node.get(key)?)))
    {
        let message =
            format!("`{key}` of the target of `{}` is not translated → the schedule starts the workflow without it", resource.name());
        sink.report(Diagnostic::changed(&CFN108, value.span, message));
        sink.unsupported(value.span, &CFN108, "not translated");
    }
    for (key, value) in ["ScheduleExpressionTimezone", "StartDate", "EndDate", "FlexibleTimeWindow"]
        .into_iter()
        .filter_map(|key| Some((key, properties.get(key)?)))
    {
        if value.get("Mode").and_then(Node::scalar_text) == Some("OFF") {
            continue;
        }
        sink.report(Diagnostic::changed(
            &CFN108,
            value.span,
            format!("`{key}` of `{}` is not translated → the schedule runs without it", resource.name()),
        ));
        sink.unsupported(value.span, &CFN108, "not translated");
    }
    if !scheduled {
        for value in input.iter().chain(&enabled) {
            for span in value.all_origins().iter() {
                sink.unsupported(span, &CFN101, "this version translates schedules only");
            }
        }
    }
    out.triggers.push(Trigger {
        kind,
        target: Target::Machine(target),
        input: input.filter(|_| scheduled),
        enabled: enabled.filter(|_| scheduled),
        span: resource.entry.value.span,
        origins: Origins::none(),
    });
    true
}
