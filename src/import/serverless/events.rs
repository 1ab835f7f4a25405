//! What starts functions and state machines: the entries of `events`.
use super::resolve::{Resolved, Resolver, shape};
use super::structure::Field;
use crate::ir::trigger::{Target, Trigger, TriggerKind};
use crate::ir::value::{Segment, Val, Value};
use crate::source::node::{Kind, Node};
use crate::source::rules::serverless::{SLS114, SLS115, SLS116, SLS117, SLS122};
use crate::source::sink::{Diagnostic, Disposition};
use crate::source::span::{Origins, Span};

const SCHEDULE_KEYS: [&str; 11] =
    ["rate", "enabled", "input", "inputPath", "inputTransformer", "name", "description", "method", "timezone", "groupName", "roleArn"];

/// The triggers of an `events` list.
pub(super) fn triggers<'a>(resolver: &mut Resolver<'a, '_>, field: &Field<'a>, target: &Target) -> Vec<Trigger> {
    let mut out = Vec::new();
    for (item, outer) in resolver.items(field.node, &field.outer) {
        match resolver.resolve(item) {
            Resolved::Node(node, origins) => {
                let origins = origins.with(&outer);
                match &node.kind {
                    Kind::Object(entries) if !entries.is_empty() => {
                        for mut event in resolver.fields(node, "an event").unwrap_or_default() {
                            event.outer.extend(&origins);
                            one(resolver, &event, target, &mut out);
                        }
                    }
                    Kind::String(_) => {
                        let value = shape(resolver.value(node), &origins);
                        out.push(event(value.display(), node.span, value.all_origins(), target));
                    }
                    Kind::Null | Kind::Object(_) | Kind::Array(_) => {
                        let value = shape(resolver.value(node), &origins);
                        match value.list() {
                            Some([_, ..]) => resolver.wrong(&value, item.span, "an event", "an object"),
                            _ => resolver.empty(node, &origins),
                        }
                    }
                    _ => {
                        let value = shape(resolver.value(node), &origins);
                        resolver.wrong(&value, item.span, "an event", "an object");
                    }
                }
            }
            Resolved::Value(value) => {
                let value = shape(value, &outer);
                out.push(event(value.display(), item.span, value.all_origins(), target));
            }
        }
    }
    out
}

fn event(name: String, span: Span, origins: Origins, target: &Target) -> Trigger {
    Trigger { kind: TriggerKind::Event(name), target: target.clone(), input: None, enabled: None, span, origins }
}

fn one<'a>(resolver: &mut Resolver<'a, '_>, field: &Field<'a>, target: &Target, out: &mut Vec<Trigger>) {
    match field.key.value.as_str() {
        "schedule" => schedule(resolver, field, "rate", target, out),
        "http" | "httpApi" => http(resolver, field, target, out),
        "eventBridge" if has_schedule(resolver, field.node) => schedule(resolver, field, "schedule", target, out),
        name => other(resolver, name, field, target, out),
    }
}

fn has_schedule<'a>(resolver: &mut Resolver<'a, '_>, node: &'a Node) -> bool {
    matches!(resolver.resolve(node), Resolved::Node(found, _) if found.get("schedule").is_some())
}

/// `schedule: rate(…)`, or an object whose `key` holds one or several.
fn schedule<'a>(resolver: &mut Resolver<'a, '_>, field: &Field<'a>, key: &str, target: &Target, out: &mut Vec<Trigger>) {
    let object = matches!(resolver.resolve(field.node), Resolved::Node(node, _) if matches!(&node.kind, Kind::Object(e) if !e.is_empty()));
    if !object {
        let rate = resolver.field(field);
        let rates = match rate.value {
            Value::List(rates) => rates,
            _ => vec![rate],
        };
        for rate in rates {
            let origins = rate.all_origins();
            let kind = TriggerKind::Schedule(rate);
            out.push(Trigger { kind, target: target.clone(), input: None, enabled: None, span: field.node.span, origins });
        }
        return;
    }
    let mut rates: Vec<Val> = Vec::new();
    let (mut input, mut enabled) = (None, None);
    for mut part in resolver.fields(field.node, "a schedule").unwrap_or_default() {
        part.outer.extend(&field.outer);
        match part.key.value.as_str() {
            name if name == key => {
                for (item, outer) in resolver.items(part.node, &part.outer) {
                    rates.push(shape(resolver.value(item), &outer));
                }
            }
            "input" => input = Some(resolver.field(&part)),
            "enabled" => enabled = Some(resolver.field(&part)),
            "timezone" => {
                let zone = resolver.mark(&part, Disposition::Unsupported, &SLS116, "a time zone of a schedule is not translated");
                let message = format!("AWS: the schedule is read in `{}` → it will be read as UTC", zone.display());
                resolver.report(Diagnostic::changed(&SLS116, part.node.span, message).help("set `timezone` on the CronWorkflow"));
            }
            "name" | "description" | "method" | "groupName" | "roleArn" | "eventBus" => {
                resolver.mark(&part, Disposition::Ignored, &SLS122, "it names or configures the EventBridge rule");
            }
            "inputPath" | "inputTransformer" => refuse_input(resolver, &part),
            _ => resolver.unknown(&part, &mut SCHEDULE_KEYS.into_iter(), "a schedule"),
        }
    }
    if rates.is_empty() {
        resolver.report(
            Diagnostic::warning(&SLS117, field.node.span, format!("this schedule has no `{key}`"))
                .help(format!("add `{key}: rate(1 day)`")),
        );
    }
    for rate in rates {
        let mut origins = rate.all_origins().with(&field.outer);
        for value in [&input, &enabled].into_iter().flatten() {
            origins.extend(&value.all_origins());
        }
        let kind = TriggerKind::Schedule(rate);
        out.push(Trigger { kind, target: target.clone(), input: input.clone(), enabled: enabled.clone(), span: field.node.span, origins });
    }
}

fn refuse_input<'a>(resolver: &mut Resolver<'a, '_>, part: &Field<'a>) {
    resolver.mark(part, Disposition::Unsupported, &SLS114, "a part of the event cannot be passed on");
    let message = format!("`{}` passes a part of the AWS event on, and there is no such event on Kubernetes", part.key.value);
    resolver.report(Diagnostic::refused(&SLS114, part.node.span, message).help("give the event a constant `input`"));
}

/// `http: GET path`, or an object with `method` and `path`.
fn http<'a>(resolver: &mut Resolver<'a, '_>, field: &Field<'a>, target: &Target, out: &mut Vec<Trigger>) {
    let object = matches!(resolver.resolve(field.node), Resolved::Node(node, _) if matches!(&node.kind, Kind::Object(e) if !e.is_empty()));
    let (mut method, mut path) = (None, None);
    if object {
        for mut part in resolver.fields(field.node, "an HTTP event").unwrap_or_default() {
            part.outer.extend(&field.outer);
            match part.key.value.as_str() {
                "method" => method = Some(resolver.field(&part)),
                "path" => path = Some(resolver.field(&part)),
                _ => {
                    resolver.mark(&part, Disposition::Unsupported, &SLS115, "it configures API Gateway");
                }
            }
        }
    } else {
        let value = resolver.field(field);
        (method, path) = split(&value);
    }
    let any = || Val::text("*", field.outer.clone().with(&Origins::one(field.key.span().unwrap_or(field.node.span))));
    let method = method.unwrap_or_else(any);
    let path = path.unwrap_or_else(any);
    let origins = method.all_origins().with(&path.all_origins()).with(&field.outer);
    let kind = TriggerKind::Http { method, path };
    out.push(Trigger { kind, target: target.clone(), input: None, enabled: None, span: field.node.span, origins });
}

/// Splits `GET /path` at its first blank; symbols may follow.
fn split(value: &Val) -> (Option<Val>, Option<Val>) {
    if let Value::Text(segments) = &value.value
        && let Some(Segment::Literal(first)) = segments.first()
    {
        if let Some((method, rest)) = first.trim_start().split_once(char::is_whitespace) {
            let mut path = vec![Segment::Literal(rest.trim_start().to_owned())];
            path.extend(segments[1..].iter().cloned());
            path.retain(|segment| !matches!(segment, Segment::Literal(text) if text.is_empty()));
            return (Some(Val::text(method, value.origins.clone())), Some(Val::new(Value::Text(path), value.origins.clone())));
        }
        if first.trim() == "*" && segments.len() == 1 {
            return (Some(value.clone()), Some(value.clone()));
        }
    }
    (None, Some(value.clone()))
}

/// Any other source of events.
fn other<'a>(resolver: &mut Resolver<'a, '_>, name: &str, field: &Field<'a>, target: &Target, out: &mut Vec<Trigger>) {
    let object = matches!(resolver.resolve(field.node), Resolved::Node(node, _) if matches!(&node.kind, Kind::Object(e) if !e.is_empty()));
    if !object {
        let value = resolver.field(field);
        out.push(event(name.to_owned(), field.node.span, value.all_origins(), target));
        return;
    }
    let mut trigger = event(name.to_owned(), field.node.span, field.outer.clone(), target);
    for mut part in resolver.fields(field.node, "an event").unwrap_or_default() {
        part.outer.extend(&field.outer);
        match part.key.value.as_str() {
            "inputPath" | "inputTransformer" => {
                refuse_input(resolver, &part);
                continue;
            }
            "description" => {
                resolver.mark(&part, Disposition::Ignored, &SLS122, "it describes the event to people");
                continue;
            }
            _ => {}
        }
        let value = resolver.field(&part);
        trigger.origins.extend(&value.all_origins());
        match part.key.value.as_str() {
            "input" => trigger.input = Some(value),
            "enabled" => trigger.enabled = Some(value),
            _ => {}
        }
    }
    out.push(trigger);
}
