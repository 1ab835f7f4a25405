//! Link: names in one source resolved to definitions in another, each with its evidence.
//!
//! Several repositories can lie in one SRC, so a name is looked up near the place that says it: of several definitions
//! with one name, the one that shares the longest folder path with the place wins.
use super::near::Near;
use crate::ir::estate::Estate;
use crate::ir::function::Function;
use crate::ir::machine::{Graph, Machine, State, StateKind, Template, TemplateValue};
use crate::ir::value::{Segment, SymbolKind, Val, Value};
use crate::source::files::Files;
use crate::source::span::{Sourced, Span};
use std::collections::BTreeMap;

/// What a Task state's resource is.
#[derive(Clone, Debug)]
pub enum Target {
    /// A Lambda function that the sources define: its index in the estate, and the ARN under which it is called, where that is
    /// written out: account, region and qualifier are part of the call.
    Function { index: usize, name: Sourced<String>, arn: Option<Sourced<String>>, envelope: bool },
    /// A Lambda function that they do not.
    MissingFunction { name: Sourced<String>, arn: Option<Sourced<String>>, envelope: bool },
    /// An AWS service integration: `elasticmapreduce:addStep.sync`.
    Service(Sourced<String>),
    /// An activity, or a resource that only a deployment knows.
    Other(Sourced<String>),
    /// No resource at all; the importer reported it.
    None,
}

/// Looks up functions by name.
pub struct Functions<'e> {
    by_name: Near,
    by_logical: Near,
    by_service: BTreeMap<&'e str, Vec<usize>>,
    estate: &'e Estate,
}

impl<'e> Functions<'e> {
    #[must_use]
    pub fn new(estate: &'e Estate, files: &'e Files) -> Self {
        let mut functions = Self { by_name: Near::default(), by_logical: Near::default(), by_service: BTreeMap::new(), estate };
        for (index, function) in estate.functions.iter().enumerate() {
            let path = &files.get(function.span.file).path;
            if let Some(name) = &function.name {
                functions.by_name.insert(&name.value, path, index);
            }
            functions.by_logical.insert(&function.logical.value, path, index);
            if let Some(service) = &function.service {
                functions.by_service.entry(&service.value).or_default().push(index);
            }
        }
        functions
    }

    /// The definition of a deployed name nearest to `place`.
    #[must_use]
    pub fn find(&self, name: &str, place: &str) -> Option<usize> {
        self.by_name.find(name, place).map(|found| found.index)
    }

    /// The definition with this key in a deployment file.
    #[must_use]
    pub fn find_logical(&self, name: &str, place: &str) -> Option<usize> {
        self.by_logical.find(name, place).map(|found| found.index)
    }

    #[must_use]
    pub fn get(&self, index: usize) -> &'e Function {
        &self.estate.functions[index]
    }

    /// A defined name like this one, for a suggestion.
    #[must_use]
    pub fn near_miss(&self, name: &str) -> Option<&str> {
        self.by_name
            .names()
            .filter(|known| *known != name)
            .map(|known| (strsim::damerau_levenshtein(known, name), known))
            .filter(|(distance, _)| *distance <= 1 + name.len() / 8)
            .min()
            .map(|(_, known)| known)
    }

    /// A function of a service that has this name: what a caller may have meant.
    #[must_use]
    pub fn of_service(&self, name: &str) -> Option<&'e Function> {
        self.by_service.get(name)?.first().map(|index| &self.estate.functions[*index])
    }

    /// What the resource of a Task state is. `place` is the path of the machine's file.
    #[must_use]
    pub fn target(&self, state: &State, place: &str) -> Target {
        let StateKind::Task(task) = &state.kind else { return Target::None };
        let Some(resource) = &task.resource else { return Target::None };
        if let Some(text) = resource.literal() {
            return self.literal_target(&text, resource, state, place);
        }
        // `${FunctionArn}` and the like: a deployment's name for a function.
        if let Some(symbol) = only_symbol(resource) {
            for candidate in [symbol.as_str(), symbol.strip_suffix("Arn").unwrap_or(&symbol)] {
                if let Some(index) = self.find_logical(candidate, place) {
                    let name = Sourced::new(candidate.to_owned(), resource.origins.clone());
                    return Target::Function { index, name, arn: None, envelope: false };
                }
            }
        }
        // An ARN with symbols in it: `arn:aws:lambda:${region}:${account}:function:name`.
        let shown = resource.display();
        if let Some(name) = function_name(&shown).filter(|name| !name.contains("${")) {
            return self.function(Sourced::new(name.to_owned(), resource.origins.clone()), None, false, place);
        }
        Target::Other(Sourced::new(shown, resource.origins.clone()))
    }

    fn literal_target(&self, text: &str, resource: &Val, state: &State, place: &str) -> Target {
        if let Some(name) = function_name(text) {
            let arn = Sourced::new(text.to_owned(), resource.origins.clone());
            return self.function(Sourced::new(name.to_owned(), resource.origins.clone()), Some(arn), false, place);
        }
        if let Some(service) = text.strip_prefix("arn:aws:states:::") {
            if (service == "lambda:invoke" || service == "lambda:invoke.sync")
                && let Some(name) = invoked_function(state)
            {
                let full = Sourced::new(name.value.clone(), name.origins.clone().with(&resource.origins));
                let short = function_name(&name.value).unwrap_or(&name.value);
                let short = short.split(':').next().unwrap_or(short).to_owned();
                // A name with a qualifier (`name:PROD`) is called as it is written, like an ARN.
                let arn = (full.value != short).then(|| full.clone());
                return self.function(Sourced::new(short, full.origins), arn, true, place);
            }
            return Target::Service(Sourced::new(service.to_owned(), resource.origins.clone()));
        }
        Target::Other(Sourced::new(text.to_owned(), resource.origins.clone()))
    }

    fn function(&self, name: Sourced<String>, arn: Option<Sourced<String>>, envelope: bool, place: &str) -> Target {
        match self.find(&name.value, place) {
            Some(index) => Target::Function { index, name, arn, envelope },
            None => Target::MissingFunction { name, arn, envelope },
        }
    }
}

/// `arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]` → name (AWS Lambda, "Resources and conditions").
fn function_name(arn: &str) -> Option<&str> {
    let rest = arn.strip_prefix("arn:aws")?;
    let (_, rest) = rest.split_once(":lambda:")?;
    let (_, rest) = rest.split_once(":function:")?;
    // A symbol may hold colons: `${self:custom.name}`.
    if rest.starts_with("${") {
        return None;
    }
    Some(rest.split(':').next().unwrap_or(rest))
}

fn invoked_function(state: &State) -> Option<Sourced<String>> {
    for template in [&state.data.parameters, &state.data.arguments].into_iter().flatten() {
        if let Some(Template { value: TemplateValue::Text(text), span }) = member(template, "FunctionName") {
            return Some(Sourced::new(text.clone(), *span));
        }
    }
    None
}

/// A field of a template that is a map.
#[must_use]
pub fn member<'t>(template: &'t Template, key: &str) -> Option<&'t Template> {
    match &template.value {
        TemplateValue::Map(entries) => entries.iter().rev().find(|(k, _)| k.value == key).map(|(_, v)| v),
        _ => None,
    }
}

fn only_symbol(value: &Val) -> Option<String> {
    match &value.value {
        Value::Symbol(symbol) if symbol.kind == SymbolKind::Reference => Some(symbol.name.clone()),
        Value::Text(segments) => match segments.as_slice() {
            [Segment::Symbol(symbol)] if symbol.kind == SymbolKind::Reference => Some(symbol.name.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Every Task state of a machine with what it calls, in the order of the source.
#[must_use]
pub fn targets(machine: &Machine, functions: &Functions<'_>) -> BTreeMap<Span, Target> {
    let mut out = BTreeMap::new();
    let mut graphs: Vec<&Graph> = vec![&machine.graph];
    while let Some(graph) = graphs.pop() {
        for state in &graph.states {
            match &state.kind {
                StateKind::Task(_) => {
                    out.insert(state.span, functions.target(state, &machine.file));
                }
                StateKind::Parallel { branches } => graphs.extend(branches),
                StateKind::Map(map) => graphs.extend(map.processor.iter()),
                _ => {}
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_arns() {
        assert_eq!(function_name("arn:aws:lambda:eu-west-1:323361102328:function:devfest-parquet-data"), Some("devfest-parquet-data"));
        assert_eq!(function_name("arn:aws:lambda:eu-west-1:1:function:f:PROD"), Some("f"));
        assert_eq!(function_name("arn:aws:lambda:${r}:${a}:function:f"), Some("f"));
        assert_eq!(function_name("arn:aws:states:::lambda:invoke"), None);
    }
}
