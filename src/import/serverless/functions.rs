//! `functions`: Lambda functions with their environment, and what configures them as such.
use super::events;
use super::fields::FUNCTION;
use super::import::Provider;
use super::model::Service;
use super::resolve::{Resolved, Resolver};
use super::structure::Field;
use crate::ir::function::Function;
use crate::ir::trigger::{Target, Trigger, TriggerKind};
use crate::ir::value::{Val, Value};
use crate::source::node::Kind;
use crate::source::rules::serverless::{SLS117, SLS118, SLS119, SLS123, SLS125};
use crate::source::sink::{Diagnostic, Disposition};
use crate::source::span::{Sourced, Span};

/// Reads every function into the service.
pub(super) fn read<'a>(resolver: &mut Resolver<'a, '_>, fields: Vec<Field<'a>>, provider: &Provider, service: &mut Service<'a>) {
    for field in fields {
        let known = service.functions.iter().position(|f| f.logical.value == field.key.value);
        if let Some(at) = known {
            let earlier = service.functions.remove(at);
            forget(resolver, &earlier, &mut service.triggers);
        }
        if let Some((function, triggers)) = one(resolver, &field, provider, service.name.as_ref()) {
            service.functions.push(function);
            service.triggers.extend(triggers);
        }
    }
}

/// Marks all of a function that a later one of the same key replaces, and drops what starts it.
fn forget(resolver: &mut Resolver<'_, '_>, function: &Function, triggers: &mut Vec<Trigger>) {
    let mut spans: Vec<Span> = function.plumbing.clone();
    spans.push(function.span);
    spans.extend(function.environment.iter().flat_map(|(_, value)| value.all_origins().iter().collect::<Vec<_>>()));
    triggers.retain(|trigger| {
        let stays = !matches!(&trigger.target, Target::Function(name) if name.literal().as_ref() == Some(&function.logical.value));
        if !stays {
            spans.extend(trigger.origins.iter());
        }
        stays
    });
    for span in spans {
        resolver.sink.ignore(span, &SLS118, format!("a later `{}` replaces it", function.logical.value));
    }
}

fn one<'a>(
    resolver: &mut Resolver<'a, '_>,
    field: &Field<'a>,
    provider: &Provider,
    service: Option<&Sourced<String>>,
) -> Option<(Function, Vec<Trigger>)> {
    let what = format!("the function `{}`", field.key.value);
    let parts = resolver.fields(field.node, &what)?;
    let span = match resolver.resolve(field.node) {
        Resolved::Node(node, _) => node.span,
        Resolved::Value(_) => field.node.span,
    };
    let logical = Sourced::new(field.key.value.clone(), field.key.origins.clone().with(&field.outer));
    let target = Target::Function(Val::text(logical.value.clone(), logical.origins.clone()));
    let mut triggers = Vec::new();
    let mut plumbing = Vec::new();
    let mut image = false;
    let (mut name, mut handler, mut runtime, mut own) = (None, None, None, Vec::new());
    for mut part in parts {
        part.outer.extend(&field.outer);
        if !resolver.by_table(&part, FUNCTION, "a function", &SLS119, &mut plumbing) {
            continue;
        }
        match part.key.value.as_str() {
            "name" => name = Some(resolver.field(&part)),
            "handler" => handler = Some(resolver.field(&part)),
            "runtime" => runtime = Some(resolver.field(&part)),
            "environment" => own.extend(environment(resolver, &part, &what)),
            "events" => triggers.extend(events::triggers(resolver, &part, &target)),
            "url" => {
                let value = resolver.field(&part);
                let kind = TriggerKind::Event("url".into());
                let origins = value.all_origins();
                triggers.push(Trigger { kind, target: target.clone(), input: None, enabled: None, span: part.node.span, origins });
            }
            "destinations" => {
                resolver.mark(&part, Disposition::Unsupported, &SLS123, "where the outcome of a function goes is not translated");
                let message = format!("{what} sends its outcome to another place, which is not translated");
                resolver
                    .report(Diagnostic::refused(&SLS123, part.node.span, message).help("decide what receives the outcome on Kubernetes"));
            }
            _ => {
                image = true;
                plumbing.extend(resolver.field(&part).all_origins().iter());
                let message = format!("{what} is a container image, so what it does is not known");
                resolver.report(Diagnostic::warning(&SLS125, part.node.span, message).help("say in `emr2k8s.yaml` what replaces it"));
            }
        }
    }
    if handler.is_none() && !image {
        let message = format!("{what} has no `handler`, so what it does is not known");
        resolver.report(Diagnostic::warning(&SLS117, field.key.span(), message).help("add `handler: file.function`"));
    }
    let name = match name {
        Some(value) => value,
        None => default_name(&logical, provider, service, &resolver.stage, span),
    };
    for value in [Some(&name), handler.as_ref(), runtime.as_ref(), provider.runtime.as_ref(), provider.stage.as_ref()].into_iter().flatten()
    {
        plumbing.extend(value.all_origins().iter());
    }
    plumbing.extend(provider.plumbing.iter().copied());
    let environment = overlay(resolver, provider, own, &logical.value, &mut plumbing);
    plumbing.sort_unstable();
    plumbing.dedup();
    let function = Function {
        name: name.sourced(),
        service: service.cloned(),
        runtime: runtime.as_ref().or(provider.runtime.as_ref()).and_then(Val::sourced),
        handler: handler.as_ref().and_then(Val::sourced),
        folder: resolver.folder.clone(),
        environment,
        span,
        plumbing,
        behaviour: None,
        logical,
    };
    Some((function, triggers))
}

/// `<service>-<stage>-<key>`, the framework's own.
fn default_name(key: &Sourced<String>, provider: &Provider, service: Option<&Sourced<String>>, stage: &str, span: Span) -> Val {
    let Some(service) = service else {
        return Val::unknown(format!("<service>-{stage}-{}", key.value), "the service has no name", span);
    };
    let mut origins = service.origins.clone().with(&key.origins);
    if let Some(declared) = &provider.stage {
        origins.extend(&declared.origins);
    }
    Val::text(format!("{}-{stage}-{}", service.value, key.value), origins)
}

/// The entries of an `environment`.
pub(super) fn environment<'a>(resolver: &mut Resolver<'a, '_>, field: &Field<'a>, what: &str) -> Vec<(Sourced<String>, Val)> {
    let entries = resolver.fields(field.node, &format!("the environment of {what}"));
    let mut out: Vec<(Sourced<String>, Val)> = Vec::new();
    for mut entry in entries.unwrap_or_default() {
        entry.outer.extend(&field.outer);
        if matches!(&entry.node.kind, Kind::Object(e) if e.is_empty()) {
            let value = resolver.field(&entry);
            resolver.wrong(&value, entry.node.span, &format!("the environment variable `{}`", entry.key.value), "a text");
            continue;
        }
        let value = resolver.field(&entry);
        if matches!(value.value, Value::List(_) | Value::Map(_)) {
            let message = format!("the environment variable `{}` is {}, not a text", entry.key.value, kind(&value));
            resolver.report(Diagnostic::warning(&SLS117, entry.node.span, message).help("the framework takes texts and numbers alone"));
        }
        if let Some(at) = out.iter().position(|(key, _)| key.value == entry.key.value) {
            let (_, earlier) = out.remove(at);
            resolver.mark_value(&earlier, None, Disposition::Ignored, &SLS118, "a later value of the same variable replaces it");
        }
        out.push((entry.key, value));
    }
    out
}

fn kind(value: &Val) -> &'static str {
    match value.value {
        Value::List(_) => "a list",
        _ => "an object",
    }
}

/// The provider's environment under the function's own. A null takes a variable away.
fn overlay(
    resolver: &mut Resolver<'_, '_>,
    provider: &Provider,
    own: Vec<(Sourced<String>, Val)>,
    function: &str,
    plumbing: &mut Vec<Span>,
) -> Vec<(Sourced<String>, Val)> {
    let mut out = Vec::new();
    for (key, value) in &provider.environment {
        if own.iter().any(|(mine, _)| mine.value == key.value) {
            let note = format!("the function `{function}` sets its own `{}`", key.value);
            resolver.mark_value(value, None, Disposition::Ignored, &SLS118, &note);
        } else {
            out.push((key.clone(), value.clone()));
        }
    }
    out.extend(own);
    out.retain(|(_, value)| {
        let null = matches!(value.value, Value::Null);
        if null {
            plumbing.extend(value.all_origins().iter());
        }
        !null
    });
    out
}
