//! `AWS::Serverless::Function` and `AWS::Lambda::Function`.
use super::event;
use super::import::{Imported, entries};
use super::template::{Resource, Template};
use crate::ir::function::Function;
use crate::ir::value::Val;
use crate::source::files::{SourceFile, join};
use crate::source::node::Node;
use crate::source::span::{Sourced, Span};
use std::collections::BTreeSet;

pub(super) fn read<'a>(template: &Template<'a>, resource: &Resource<'a>, file: &SourceFile, out: &mut Imported<'a>) {
    let logical = Sourced::new(resource.name().to_owned(), resource.entry.key_span);
    let globals = template.root.path(&["Globals", "Function"]).filter(|_| resource.kind == "AWS::Serverless::Function");
    let property = |name: &str| resource.properties.and_then(|properties| properties.get(name));
    let either = |name: &str| property(name).or_else(|| globals.and_then(|globals| globals.get(name)));
    let mut plumbing: Vec<Span> = Vec::new();
    let mut text = |node: Option<&'a Node>| {
        let value = template.value(node?);
        plumbing.extend(value.all_origins().iter());
        value.sourced()
    };
    let name = text(property("FunctionName"));
    let runtime = text(either("Runtime"));
    let handler = text(either("Handler"));
    let code = text(either("CodeUri").or_else(|| property("Code")));
    // `aws cloudformation package` and `sam build` take a path beside the template; anything else lies elsewhere.
    let folder = code.and_then(|code| join(file.folder(), &code.value));
    let mut environment: Vec<(Sourced<String>, Val)> = Vec::new();
    for source in [globals, resource.properties].into_iter().flatten() {
        for entry in source.path(&["Environment", "Variables"]).map(entries).unwrap_or_default() {
            environment.retain(|(key, _)| key.value != *entry.key);
            environment.push((Sourced::new(entry.key.to_string(), entry.key_span), template.value(&entry.value)));
        }
    }
    let values: BTreeSet<Span> = environment.iter().flat_map(|(_, value)| value.all_origins().iter().collect::<Vec<_>>()).collect();
    let events = property("Events");
    for scalar in resource.entry.value.scalars() {
        let elsewhere = values.contains(&scalar.span) || events.is_some_and(|events| events.span.contains(scalar.span));
        if !elsewhere {
            plumbing.push(scalar.span);
        }
    }
    plumbing.sort_unstable();
    plumbing.dedup();
    if let Some(events) = events {
        event::of_function(template, events, &logical, out);
    }
    out.functions.push(Function {
        name,
        service: None,
        runtime,
        handler: handler.filter(|_| folder.is_some()),
        folder: folder.unwrap_or_default(),
        environment,
        span: resource.entry.value.span,
        plumbing,
        behaviour: None,
        logical,
    });
}
