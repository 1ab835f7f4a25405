//! Goes over a template: resources of which something is taken, and the account of all else.
use super::event;
use super::function;
use super::machine::{self, MachineDef};
use super::template::{Resource, Template};
use crate::ir::estate::Found;
use crate::ir::function::Function;
use crate::ir::trigger::Trigger;
use crate::source::files::SourceFile;
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::Rule;
use crate::source::rules::cloudformation::{CFN101, CFN102, CFN103, CFN106};
use crate::source::rules::source::SRC005;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Span;

/// What a template adds to the estate.
#[derive(Debug, Default)]
pub struct Imported<'a> {
    pub machines: Vec<MachineDef<'a>>,
    pub functions: Vec<Function>,
    pub triggers: Vec<Trigger>,
    pub found: Vec<Found>,
}

/// Whether a template has something that is read: a state machine, or a function under a name that a machine elsewhere may call.
#[must_use]
pub fn wanted(root: &Node) -> bool {
    let template = Template::new(root);
    template.resources.values().any(|resource| {
        let named = || resource.properties.and_then(|properties| properties.get("FunctionName")).is_some();
        resource.is_machine() || (resource.is_function() && named())
    })
}

/// Reads a template.
pub fn import<'a>(root: &'a Node, file: &SourceFile, sink: &mut Sink) -> Imported<'a> {
    let template = Template::new(root);
    let mut out = Imported::default();
    // Definitions account for themselves, state by state.
    let mut definitions: Vec<&Node> = Vec::new();
    for entry in entries(root) {
        if &*entry.key == "Resources" {
            resources(&template, &entry.value, file, &mut definitions, &mut out, sink);
        } else {
            let why = match &*entry.key {
                "Parameters" => "a parameter of the stack that nothing of its machines and functions reads",
                "Outputs" => "what the stack tells about itself; nothing of the output is named for it",
                "Globals" => "settings of functions that stay in AWS as they are",
                "Mappings" | "Conditions" | "Rules" => "shapes other resources of the stack",
                _ => "tells CloudFormation how to work, and describes the stack",
            };
            sink.ignore(entry.value.span, &CFN103, why);
        }
    }
    for (name, place) in template.taken.borrow().iter() {
        let default = template.parameter(name).and_then(|parameter| parameter.get("Default"));
        let shown = default.and_then(Node::scalar_text).unwrap_or_default();
        sink.report(
            Diagnostic::note(&CFN102, *place, format!("the default `{shown}` of the parameter `{name}` was taken"))
                .related(default.map(|default| default.span), "it stands here")
                .help("if the stack is deployed with another value, write it here as the default"),
        );
    }
    for span in template.read.borrow().iter() {
        sink.absorb(*span, &CFN102, "shapes a value of a machine or a function");
    }
    out
}

fn resources<'a>(
    template: &Template<'a>,
    section: &'a Node,
    file: &SourceFile,
    definitions: &mut Vec<&'a Node>,
    out: &mut Imported<'a>,
    sink: &mut Sink,
) {
    for entry in entries(section) {
        let Some(resource) = template.resources.get(&*entry.key).filter(|resource| std::ptr::eq(resource.entry, entry)) else {
            leave(&entry.value, sink, &CFN101, "it has no Type, or a later resource has its name");
            continue;
        };
        if resource.is_machine() {
            around(resource, sink);
            machine::read(template, resource, file, definitions, out, sink);
        } else if resource.is_function() {
            function::read(template, resource, file, out);
        } else if !event::of_rule(template, resource, out, sink) {
            other(resource, out, sink);
        }
    }
}

/// Attributes of a machine's resource beside its properties.
fn around(resource: &Resource<'_>, sink: &mut Sink) {
    for entry in entries(&resource.entry.value) {
        match &*entry.key {
            "Properties" => {}
            "Condition" => {
                let condition = entry.value.scalar_text().unwrap_or_default();
                let message = format!("`{}` is deployed where the condition `{condition}` holds → always", resource.name());
                sink.report(
                    Diagnostic::changed(&CFN106, entry.value.span, message).help("leave the pipeline out of the stages that lack it"),
                );
                sink.unsupported(entry.value.span, &CFN106, "conditions of resources are not evaluated");
            }
            _ => sink.ignore(entry.value.span, &CFN103, "tells CloudFormation what to deploy, and when"),
        }
    }
}

/// Kinds that say something about Spark or about machines.
const MATTER: &[&str] = &[
    "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::StateMachine",
    "AWS::EMR::Cluster",
    "AWS::EMR::Step",
    "AWS::EMRServerless::Application",
    "AWS::EMRContainers::VirtualCluster",
    "AWS::EMR::InstanceGroupConfig",
    "AWS::EMR::InstanceFleetConfig",
];

fn other(resource: &Resource<'_>, out: &mut Imported<'_>, sink: &mut Sink) {
    let kind = resource.kind;
    unread(resource.entry, "carry over by hand what it says of Spark", sink);
    let why = format!("{kind} is not translated: keep it in a stack of its own, or create its equivalent");
    leave(&resource.entry.value, sink, &CFN101, &why);
    out.found.push(Found { kind: kind.to_owned(), name: resource.name().to_owned(), span: resource.entry.value.span, why });
}

/// Says of a resource that matters that it is not read.
fn unread(entry: &Entry, help: &str, sink: &mut Sink) {
    let Some(Node { kind: Kind::String(kind), span, .. }) = entry.value.get("Type") else { return };
    if MATTER.contains(&&**kind) {
        let message = format!("`{}` is a {kind} in a CloudFormation template, which this version does not read", entry.key);
        sink.report(Diagnostic::refused(&SRC005, *span, message).help(help));
    }
}

/// A template of which nothing is read ([`wanted`]): says which of its resources matter here.
pub fn left(root: &Node, file: &SourceFile, sink: &mut Sink) -> Found {
    if let Some(Node { kind: Kind::Object(resources), .. }) = root.get("Resources") {
        let help = "migrate the definition file that it names, or what the template becomes when it is deployed";
        for entry in resources {
            unread(entry, help, sink);
        }
    }
    Found {
        kind: "CloudFormation template".to_owned(),
        name: file.path.clone(),
        span: Span::new(root.span.file, 0, 0),
        why: "this version has no CloudFormation importer".to_owned(),
    }
}

/// Marks a value that is not translated, all of it.
pub(super) fn leave(node: &Node, sink: &mut Sink, rule: &'static Rule, why: &str) {
    let span: Span = node.span;
    sink.unsupported(span, rule, why);
}

/// The entries of an object; none of all else.
pub(super) fn entries(node: &Node) -> &[Entry] {
    match &node.kind {
        Kind::Object(entries) => {
            node.mark_read();
            entries
        }
        _ => &[],
    }
}
