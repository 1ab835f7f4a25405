//! `AWS::Serverless::StateMachine` and `AWS::StepFunctions::StateMachine`.
use super::event;
use super::import::{Imported, entries, leave};
use super::template::{Resource, Template};
use super::value::call;
use crate::import::asl::placeholders;
use crate::ir::machine::Substitution;
use crate::ir::value::{Val, Value};
use crate::source::embedded::parse_json_in;
use crate::source::files::{SourceFile, join};
use crate::source::node::{Kind, Node};
use crate::source::rules::cloudformation::{CFN103, CFN104, CFN107};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced, Span};
use std::collections::BTreeSet;

/// A machine that a template deploys.
#[derive(Debug)]
pub struct MachineDef<'a> {
    /// The key in the template.
    pub logical: Sourced<String>,
    /// The deployed name, where it is written out.
    pub name: Option<Sourced<String>>,
    /// STANDARD or EXPRESS.
    pub machine_type: Option<Sourced<String>>,
    pub definition: Definition<'a>,
    pub substitutions: Vec<Substitution>,
    pub span: Span,
}

/// Where a definition is.
#[derive(Debug)]
pub enum Definition<'a> {
    /// A file of the sources.
    File(Sourced<String>),
    /// In the template: an object, or a text that was parsed in its place.
    Inline(&'a Node),
    /// A text that functions put together, with the places that it is made of.
    Built(Box<Node>, Origins),
    /// Reported.
    Missing,
}

/// Properties that configure Step Functions (AWS CloudFormation User Guide, `AWS::StepFunctions::StateMachine`; AWS SAM Developer Guide,
/// `AWS::Serverless::StateMachine`, November 2026).
const SETTINGS: &[&str] = &[
    "Role",
    "RoleArn",
    "RolePath",
    "Policies",
    "PermissionsBoundary",
    "Tags",
    "PropagateTags",
    "Logging",
    "LoggingConfiguration",
    "Tracing",
    "TracingConfiguration",
    "EncryptionConfiguration",
    "AutoPublishAlias",
    "DeploymentPreference",
    "UseAliasAsEventTarget",
];

pub(super) fn read<'a>(
    template: &Template<'a>,
    resource: &Resource<'a>,
    file: &SourceFile,
    others: &mut Vec<&'a Node>,
    out: &mut Imported<'a>,
    sink: &mut Sink,
) {
    let logical = Sourced::new(resource.name().to_owned(), resource.entry.key_span);
    let mut machine = MachineDef {
        logical,
        name: None,
        machine_type: None,
        definition: Definition::Missing,
        substitutions: Vec::new(),
        span: resource.entry.value.span,
    };
    let mut events = None;
    let mut defined = None;
    for entry in resource.properties.map(entries).unwrap_or_default() {
        match &*entry.key {
            "Name" | "StateMachineName" => {
                let value = template.value(&entry.value);
                machine.name = value.sourced();
                if machine.name.is_none() {
                    leave(&entry.value, sink, &CFN104, "only the deployment knows the name; the pipeline has the resource's");
                }
            }
            "Type" | "StateMachineType" => machine.machine_type = template.value(&entry.value).sourced(),
            "Definition" | "DefinitionUri" | "DefinitionString" | "DefinitionS3Location" => defined = Some(entry),
            "DefinitionSubstitutions" => {
                for one in entries(&entry.value) {
                    let value = template.value(&one.value);
                    let name = Sourced::new(one.key.to_string(), one.key_span);
                    machine.substitutions.push(Substitution { known: known(template, &value), name, value, inherent: false });
                }
            }
            "Events" => events = Some(&entry.value),
            key if SETTINGS.contains(&key) => {
                sink.ignore(entry.value.span, &CFN103, "configures Step Functions itself, which does not run any more");
            }
            key => {
                let message = format!("`{key}` is no property of a state machine that emr2k8s knows");
                sink.report(Diagnostic::warning(&CFN103, entry.key_span, message).help("mend its name, or translate by hand what it does"));
                sink.unsupported(entry.value.span, &CFN103, "not a known property of a state machine");
            }
        }
    }
    let mut names: BTreeSet<String> = BTreeSet::new();
    if let Some(entry) = defined {
        machine.definition = definition(template, &entry.value, file, &mut names, sink);
        others.push(&entry.value);
    }
    if matches!(machine.definition, Definition::Missing) {
        let at = defined.map_or(resource.entry.key_span, |entry| entry.value.span);
        let message = format!("the definition of the state machine `{}` is not among the sources, or cannot be read", resource.name());
        sink.report(Diagnostic::refused(&CFN107, at, message).help("name a file beside the template, or write the definition in place"));
        for span in
            machine.name.iter().flat_map(|name| name.origins.iter()).chain(machine.machine_type.iter().flat_map(|t| t.origins.iter()))
        {
            sink.unsupported(span, &CFN107, "belongs to a state machine whose definition cannot be read");
        }
        for substitution in &machine.substitutions {
            for span in substitution.value.all_origins().iter() {
                sink.unsupported(span, &CFN107, "belongs to a state machine whose definition cannot be read");
            }
        }
        if let Some(entry) = defined {
            leave(&entry.value, sink, &CFN107, "the definition cannot be read");
        }
        return;
    }
    for name in names.into_iter().filter(|name| !machine.substitutions.iter().any(|known| known.name.value == *name)).collect::<Vec<_>>() {
        let value = template.named(&name, machine.span);
        let value = Val { origins: value.origins.iter().filter(|span| *span != machine.span).collect(), ..value };
        let place = Sourced::new(name, Origins::none());
        machine.substitutions.push(Substitution { known: known(template, &value), name: place, value, inherent: true });
    }
    if let Some(events) = events {
        event::of_machine(template, events, machine.name.as_ref().unwrap_or(&machine.logical), out, sink);
    }
    out.machines.push(machine);
}

/// The text that a value puts into a definition, where the template tells: a literal, or a reference that leads to one of its functions or machines.
fn known(template: &Template<'_>, value: &Val) -> Option<String> {
    if let Some(text) = value.literal() {
        return Some(text);
    }
    if !matches!(value.value, Value::Text(_) | Value::Symbol(_)) {
        return None;
    }
    let text = value.display();
    let first = text.strip_prefix("${").and_then(|rest| rest.split_once('}')).map_or("", |(name, _)| name);
    let first = first.strip_suffix(".Arn").or_else(|| first.strip_suffix(".Name")).unwrap_or(first);
    let leads = template.resources.get(first).is_some_and(|resource| resource.is_function() || resource.is_machine());
    // What is called is told by the rest of the ARN.
    let calls = text.starts_with("arn:") && (text.contains(":states:::") || text.contains(":function:"));
    (leads || calls).then_some(text)
}

fn definition<'a>(
    template: &Template<'a>,
    node: &'a Node,
    file: &SourceFile,
    names: &mut BTreeSet<String>,
    sink: &mut Sink,
) -> Definition<'a> {
    match call(node) {
        None => match &node.kind {
            Kind::Object(_) if node.get("States").is_some() => {
                symbols(node, names);
                Definition::Inline(node)
            }
            Kind::String(text) if text.trim_start().starts_with('{') => text_in(node, file, names, sink),
            Kind::String(path) => {
                node.mark_read();
                match join(file.folder(), path) {
                    Some(path) => Definition::File(Sourced::new(path, node.span)),
                    None => Definition::Missing,
                }
            }
            _ => Definition::Missing,
        },
        Some(("Sub", argument)) => match &argument.kind {
            Kind::String(_) => text_in(argument, file, names, sink),
            _ => built(template, node, names, sink),
        },
        Some(("Join", _)) => built(template, node, names, sink),
        Some(_) => Definition::Missing,
    }
}

/// A text with JSON in it, which `Fn::Sub` may complete.
fn text_in<'a>(node: &'a Node, file: &SourceFile, names: &mut BTreeSet<String>, sink: &mut Sink) -> Definition<'a> {
    let Kind::String(text) = &node.kind else { return Definition::Missing };
    names.extend(placeholders(text).into_iter().filter_map(|(_, name)| name));
    match parse_json_in(node, file, sink) {
        Some(document) => Definition::Inline(node.embed(document)),
        None => Definition::Missing,
    }
}

/// A text that `Fn::Join`, or `Fn::Sub` with names of its own, puts together. All of it stands at the function's place.
fn built<'a>(template: &Template<'a>, node: &'a Node, names: &mut BTreeSet<String>, sink: &mut Sink) -> Definition<'a> {
    let value = template.value(node);
    let Value::Text(_) = &value.value else { return Definition::Missing };
    let text = value.display();
    names.extend(placeholders(&text).into_iter().filter_map(|(_, name)| name));
    let mut inner = Sink::default();
    let document = crate::source::json::parse(&text, node.span.file, &mut inner);
    for mut diagnostic in inner.diagnostics {
        diagnostic.span = Some(node.span);
        diagnostic.related.clear();
        sink.report(diagnostic);
    }
    match document {
        Some(mut document) => {
            all_at(&mut document, node.span);
            Definition::Built(Box::new(document), value.all_origins())
        }
        None => Definition::Missing,
    }
}

/// Nesting is bounded by the parser's limit on depth, here and below.
fn all_at(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.kind {
        Kind::Array(items) => items.iter_mut().for_each(|item| all_at(item, span)),
        Kind::Object(entries) => entries.iter_mut().for_each(|entry| {
            entry.key_span = span;
            all_at(&mut entry.value, span);
        }),
        _ => {}
    }
}

/// The names that functions inside a definition refer to, as the importer of states writes them.
fn symbols(node: &Node, names: &mut BTreeSet<String>) {
    match (call(node), &node.kind) {
        (Some(("Ref", argument)), _) => {
            if let Kind::String(name) = &argument.kind {
                names.insert(name.to_string());
            }
        }
        (Some(("Sub", argument)), _) => {
            if let Kind::String(text) = &argument.kind {
                names.extend(placeholders(text).into_iter().filter_map(|(_, name)| name));
            }
        }
        (_, Kind::Array(items)) => items.iter().for_each(|item| symbols(item, names)),
        (_, Kind::Object(entries)) => entries.iter().for_each(|entry| symbols(&entry.value, names)),
        _ => {}
    }
}
