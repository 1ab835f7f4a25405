//! `resources`: what `CloudFormation` creates beside the functions. Listed, not translated, but for state machines.
use super::fields::{LAMBDA_RESOURCES, MACHINE_RESOURCE, RESOURCE_SECTIONS};
use super::machines;
use super::model::Service;
use super::resolve::Resolver;
use super::structure::Field;
use crate::ir::estate::Found;
use crate::ir::value::Val;
use crate::source::rules::serverless::{SLS112, SLS119};
use crate::source::sink::Disposition;
use crate::source::span::{Sourced, Span};

/// Reads the section into the service; what only serves Lambda functions goes to their plumbing.
pub(super) fn read<'a>(resolver: &mut Resolver<'a, '_>, section: &Field<'a>, service: &mut Service<'a>, plumbing: &mut Vec<Span>) {
    for mut field in resolver.fields(section.node, "`resources`").unwrap_or_default() {
        field.outer.extend(&section.outer);
        let key = field.key.value.as_str();
        if key == "Resources" {
            for mut resource in resolver.fields(field.node, "`Resources`").unwrap_or_default() {
                resource.outer.extend(&field.outer);
                one(resolver, &resource, service, plumbing);
            }
        } else if let Some((_, why)) = RESOURCE_SECTIONS.iter().find(|(name, _)| *name == key) {
            resolver.mark(&field, Disposition::Unsupported, &SLS112, why);
        } else {
            let mut known = RESOURCE_SECTIONS.iter().map(|(name, _)| *name).chain(["Resources"]);
            resolver.unknown(&field, &mut known, "`resources`");
        }
    }
}

fn one<'a>(resolver: &mut Resolver<'a, '_>, resource: &Field<'a>, service: &mut Service<'a>, plumbing: &mut Vec<Span>) {
    let what = format!("the resource `{}`", resource.key.value);
    let Some(parts) = resolver.fields(resource.node, &what) else { return };
    let kind = parts.iter().find(|part| part.key.value == "Type").map(|part| resolver.value(part.node));
    let kind = kind.as_ref().and_then(Val::literal);
    match kind.as_deref() {
        Some("AWS::StepFunctions::StateMachine") => state_machine(resolver, resource, parts, service, &what),
        Some(name) if LAMBDA_RESOURCES.contains(&name) => plumbing.extend(resolver.field(resource).all_origins().iter()),
        name => {
            let kind = name.unwrap_or("CloudFormation resource").to_owned();
            let why = format!("{kind} is not translated: keep it in a stack of its own, or create its equivalent");
            resolver.mark(resource, Disposition::Unsupported, &SLS112, &why);
            service.found.push(Found { kind, name: resource.key.value.clone(), span: resource.node.span, why });
        }
    }
}

fn state_machine<'a>(resolver: &mut Resolver<'a, '_>, resource: &Field<'a>, parts: Vec<Field<'a>>, service: &mut Service<'a>, what: &str) {
    let logical = Sourced::new(resource.key.value.clone(), resource.key.origins.clone().with(&resource.outer));
    let mut machine = machines::empty(logical.clone(), resource.node.span);
    machine.id = Some(Val::text(logical.value, logical.origins));
    for mut part in parts {
        part.outer.extend(&resource.outer);
        if part.key.value != "Properties" {
            // `Type` itself, `DependsOn`, policies about deletion: of the stack.
            resolver.mark(&part, Disposition::Ignored, &SLS119, "it configures the deployment through CloudFormation");
            continue;
        }
        let mut plumbing = Vec::new();
        for mut property in resolver.fields(part.node, what).unwrap_or_default() {
            property.outer.extend(&part.outer);
            if !resolver.by_table(&property, MACHINE_RESOURCE, "a state machine", &SLS119, &mut plumbing) {
                continue;
            }
            match property.key.value.as_str() {
                "StateMachineName" => machine.name = Some(resolver.field(&property)),
                "StateMachineType" => machine.machine_type = Some(resolver.field(&property)),
                "Definition" => machines::define(resolver, &property, what, &mut machine),
                _ => {
                    let value = resolver.field(&property);
                    machine.definition = super::model::DefinitionSource::Text(value);
                }
            }
        }
    }
    service.machines.push(machine);
}
