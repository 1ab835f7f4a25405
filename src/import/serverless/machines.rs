//! `stepFunctions`: the state machines of the plugin serverless-step-functions.
use super::events;
use super::fields::MACHINE;
use super::model::{DefinitionSource, Service, StateMachineDef};
use super::rebuild::{Rebuilt, rebuild};
use super::resolve::{Resolved, Resolver, shape};
use super::structure::Field;
use crate::ir::estate::Found;
use crate::ir::trigger::Target;
use crate::ir::value::{Val, Value};
use crate::source::node::{Kind, Node};
use crate::source::rules::serverless::{SLS112, SLS119, SLS120};
use crate::source::sink::{Diagnostic, Disposition};
use crate::source::span::{Origins, Sourced, Span};

/// Reads the section into the service.
pub(super) fn read<'a>(resolver: &mut Resolver<'a, '_>, section: &Field<'a>, service: &mut Service<'a>) {
    for mut field in resolver.fields(section.node, "`stepFunctions`").unwrap_or_default() {
        field.outer.extend(&section.outer);
        match field.key.value.as_str() {
            "stateMachines" => {
                for mut entry in resolver.fields(field.node, "`stateMachines`").unwrap_or_default() {
                    entry.outer.extend(&field.outer);
                    if let Some(machine) = one(resolver, &entry) {
                        service.machines.push(machine);
                    }
                }
            }
            "activities" => {
                for (item, outer) in resolver.items(field.node, &field.outer) {
                    let value = shape(resolver.value(item), &outer);
                    let why = "whatever works on the activity must be called by a task of the workflow";
                    resolver.mark_value(&value, Some(item.span), Disposition::Unsupported, &SLS112, why);
                    service.found.push(Found {
                        kind: "Step Functions activity".into(),
                        name: value.display(),
                        span: item.span,
                        why: why.into(),
                    });
                }
            }
            "validate" | "noOutput" => {
                resolver.mark(&field, Disposition::Ignored, &SLS119, "it configures the plugin");
            }
            _ => resolver.unknown(&field, &mut ["stateMachines", "activities", "validate", "noOutput"].into_iter(), "`stepFunctions`"),
        }
    }
}

fn one<'a>(resolver: &mut Resolver<'a, '_>, entry: &Field<'a>) -> Option<StateMachineDef<'a>> {
    let what = format!("the state machine `{}`", entry.key.value);
    let parts = resolver.fields(entry.node, &what)?;
    let logical = Sourced::new(entry.key.value.clone(), entry.key.origins.clone().with(&entry.outer));
    let target = Target::Machine(Val::text(logical.value.clone(), logical.origins.clone()));
    let mut machine = empty(logical, entry.node.span);
    let mut plumbing: Vec<Span> = Vec::new();
    let mut defined = false;
    for mut part in parts {
        part.outer.extend(&entry.outer);
        if !resolver.by_table(&part, MACHINE, "a state machine", &SLS119, &mut plumbing) {
            continue;
        }
        match part.key.value.as_str() {
            "id" => machine.id = Some(resolver.mark(&part, Disposition::Ignored, &SLS119, "it names the resource in CloudFormation")),
            "name" => machine.name = Some(resolver.field(&part)),
            "type" => machine.machine_type = Some(resolver.field(&part)),
            "events" => machine.triggers.extend(events::triggers(resolver, &part, &target)),
            _ => {
                defined = true;
                define(resolver, &part, &what, &mut machine);
            }
        }
    }
    if !defined {
        let diagnostic = Diagnostic::warning(&SLS120, entry.key.span(), format!("{what} has no `definition`"));
        resolver.report(diagnostic.help("add its definition, in place or as `${file(machine.asl.json)}`"));
    }
    Some(machine)
}

pub(super) fn empty<'a>(logical: Sourced<String>, span: Span) -> StateMachineDef<'a> {
    StateMachineDef {
        logical,
        id: None,
        name: None,
        machine_type: None,
        definition: DefinitionSource::Missing,
        resolved: None,
        shaped: Vec::new(),
        triggers: Vec::new(),
        span,
    }
}

/// Finds a definition, and resolves the variables in it.
pub(super) fn define<'a>(resolver: &mut Resolver<'a, '_>, part: &Field<'a>, what: &str, machine: &mut StateMachineDef<'a>) {
    match resolver.resolve(part.node) {
        Resolved::Node(node, origins) => {
            let origins = origins.with(&part.outer);
            match &node.kind {
                Kind::Object(_) => {
                    let mut rebuilt = Rebuilt::default();
                    let tree = rebuild(resolver, node, &origins, &mut rebuilt);
                    machine.shaped = rebuilt.shaped;
                    machine.resolved = rebuilt.changed.then_some(tree);
                    machine.definition = place(resolver, node, origins);
                }
                Kind::String(_) => {
                    let value = resolver.value(part.node);
                    machine.definition = DefinitionSource::Text(shape(value, &part.outer));
                }
                _ => {
                    let value = shape(resolver.value(node), &origins);
                    undefined(resolver, &value, part.node.span, &format!("the definition of {what} is {}", node.describe()));
                }
            }
        }
        Resolved::Value(value) if matches!(value.value, Value::Text(_)) => {
            machine.definition = DefinitionSource::Text(shape(value, &part.outer));
        }
        Resolved::Value(value) => {
            let why = if let Value::Unknown(unknown) = &value.value { unknown.why.clone() } else { value.display() };
            undefined(resolver, &value, part.node.span, &format!("the definition of {what} is not known: {why}"));
        }
    }
}

fn undefined(resolver: &mut Resolver<'_, '_>, value: &Val, span: Span, message: &str) {
    resolver.mark_value(value, Some(span), Disposition::Unsupported, &SLS120, "this definition was not found");
    resolver.report(Diagnostic::refused(&SLS120, span, message).help("add the file to the sources, or write the definition in place"));
}

fn place<'a>(resolver: &Resolver<'a, '_>, node: &'a Node, reference: Origins) -> DefinitionSource<'a> {
    match resolver.documents.get(&node.span.file) {
        Some(path) if node.span.file != resolver.document.span.file => {
            let whole = resolver.context.document(path).is_some_and(|root| std::ptr::eq(root, node));
            DefinitionSource::File { path: path.clone(), node, whole, reference }
        }
        _ => DefinitionSource::Inline(node),
    }
}
