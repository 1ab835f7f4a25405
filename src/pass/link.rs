//! Link: names in one source resolved to definitions in another, each with its evidence.
//!
//! Several repositories can lie in one SRC, so a name is looked up near the place that says it: of several definitions
//! with one name, the one that shares the longest folder path with the place wins.
use super::near::Near;
use crate::ir::estate::Estate;
use crate::ir::function::Function;
use crate::ir::machine::{Graph, Machine, State, StateKind, Template, TemplateValue};
use crate::ir::value::Val;
use crate::source::files::Files;
use crate::source::span::{Origins, Sourced, Span};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Functions by the path of the file that defines them and their name in it.
    by_file: BTreeMap<(&'e str, &'e str), usize>,
    /// Terraform's functions by the module's folder and their name in it: a module's addresses mean nothing elsewhere.
    by_address: BTreeMap<(&'e str, &'e str), usize>,
    estate: &'e Estate,
}

impl<'e> Functions<'e> {
    #[must_use]
    pub fn new(estate: &'e Estate, files: &'e Files) -> Self {
        let mut functions = Self {
            by_name: Near::default(),
            by_logical: Near::default(),
            by_service: BTreeMap::new(),
            by_file: BTreeMap::new(),
            by_address: BTreeMap::new(),
            estate,
        };
        for (index, function) in estate.functions.iter().enumerate() {
            let file = files.get(function.span.file);
            let path = &file.path;
            if let Some(name) = &function.name {
                functions.by_name.insert(&name.value, path, index);
            }
            let logical = &function.logical.value;
            functions.by_logical.insert(logical, path, index);
            functions.by_file.entry((path, logical)).or_insert(index);
            if is_terraform(path) {
                functions.by_address.entry((file.folder(), logical)).or_insert(index);
            } else {
                functions.by_logical.insert(&resource_id(logical), path, index);
            }
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
        let shown = resource.display();
        if let Some(found) = self.referred(&shown, &resource.origins, false, place) {
            return found;
        }
        // An integration in a partition that only the deployment knows: `arn:${AWS::Partition}:states:::sns:publish`.
        if let Some((_, service)) = shown.split_once(":states:::").filter(|(head, _)| head.starts_with("arn:")) {
            return self.service(service, resource, state, place);
        }
        // An ARN with symbols in it: `arn:aws:lambda:${region}:${account}:function:name`.
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
        match text.split_once(":states:::") {
            Some((head, service)) if head.starts_with("arn:aws") => self.service(service, resource, state, place),
            _ => Target::Other(Sourced::new(text.to_owned(), resource.origins.clone())),
        }
    }

    /// A service integration; the one that calls a function names it in its parameters.
    fn service(&self, service: &str, resource: &Val, state: &State, place: &str) -> Target {
        if (service == "lambda:invoke" || service == "lambda:invoke.sync")
            && let Some(name) = invoked_function(state)
        {
            let full = Sourced::new(name.value.clone(), name.origins.clone().with(&resource.origins));
            if let Some(found) = self.referred(&full.value, &full.origins, true, place) {
                return found;
            }
            let short = function_name(&name.value).unwrap_or(&name.value);
            // The colon of a symbol (`${AWS::Region}`) parts no qualifier off.
            let short = if short.contains("${") { short } else { short.split(':').next().unwrap_or(short) }.to_owned();
            // A name with a qualifier (`name:PROD`) is called as it is written, like an ARN.
            let arn = (full.value != short && !full.value.contains("${")).then(|| full.clone());
            return self.function(Sourced::new(short, full.origins), arn, true, place);
        }
        Target::Service(Sourced::new(service.to_owned(), resource.origins.clone()))
    }

    /// The function that a text refers to, when the text is one reference: `${FunctionArn}`, `${name.Arn}`,
    /// `${aws_lambda_function.name.arn}`, each perhaps with a qualifier after it (`${…}:PROD`).
    fn referred(&self, text: &str, origins: &Origins, envelope: bool, place: &str) -> Option<Target> {
        let (symbol, rest) = text.strip_prefix("${")?.split_once('}')?;
        let qualifier = match rest {
            "" | ":$LATEST" => None,
            _ => Some(rest.strip_prefix(':').filter(|q| !q.is_empty() && !q.contains([':', '$']))?),
        };
        let (index, written) = self.reference(symbol.trim(), place)?;
        let function = &self.estate.functions[index];
        let name = function.name.as_ref().map_or(written, |name| name.value.as_str());
        // Without the deployed name nothing can be called by its qualifier either.
        let arn = qualifier.filter(|_| function.name.is_some()).map(|q| Sourced::new(format!("{name}:{q}"), origins.clone()));
        Some(Target::Function { index, name: Sourced::new(name.to_owned(), origins.clone()), arn, envelope })
    }

    /// What a reference names, and its name for it without the attribute.
    fn reference<'s>(&self, symbol: &'s str, place: &str) -> Option<(usize, &'s str)> {
        // Attributes of `aws_lambda_function` that lead to the function (Terraform's AWS provider, "Attribute Reference",
        // looked up November 2026).
        if let Some(rest) = symbol.strip_prefix("aws_lambda_function.") {
            let (name, attribute) = rest.split_once('.')?;
            let known = matches!(attribute, "arn" | "qualified_arn" | "invoke_arn" | "qualified_invoke_arn" | "function_name" | "id");
            // `[0]` of a function with `count = 1`, which is the one instance that was taken.
            let name = name.strip_suffix("[0]").unwrap_or(name);
            let folder = place.rsplit_once('/').map_or("", |(folder, _)| folder);
            return known.then(|| self.by_address.get(&(folder, name)).map(|index| (*index, name))).flatten();
        }
        let names = [symbol, symbol.strip_suffix(".Arn").unwrap_or(symbol), symbol.strip_suffix("Arn").unwrap_or(symbol)];
        let here = names.into_iter().find_map(|name| self.by_file.get(&(place, name)).map(|index| (*index, name)));
        here.or_else(|| names.into_iter().find_map(|name| self.find_logical(name, place).map(|index| (index, name))))
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
    let rest = arn.strip_prefix("arn:").filter(|rest| rest.starts_with("aws") || rest.starts_with("${"))?;
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

fn is_terraform(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension == "tf")
}

/// The id of a function of the Serverless Framework in the `CloudFormation` stack: the key with a capital first letter, `-` as
/// `Dash` and `_` as `Underscore`, and `LambdaFunction` after it (Serverless Framework, "AWS - Resources", "AWS `CloudFormation`
/// Resource Reference", looked up November 2026).
fn resource_id(key: &str) -> String {
    let mut id = String::with_capacity(key.len() + 16);
    for (at, c) in key.chars().enumerate() {
        match c {
            '-' => id.push_str("Dash"),
            '_' => id.push_str("Underscore"),
            c if at == 0 => id.extend(c.to_uppercase()),
            c => id.push(c),
        }
    }
    id.push_str("LambdaFunction");
    id
}

/// What the Task states of a machine call. A state is known by its place and its name: states that an expression of Terraform gives have one
/// place, the expression's.
#[derive(Clone, Debug, Default)]
pub struct Targets(BTreeMap<(Span, String), Target>);

impl Targets {
    /// What a state calls; `None`: it is no Task.
    #[must_use]
    pub fn get(&self, state: &State) -> Option<&Target> {
        self.0.get(&(state.span, state.name.value.clone()))
    }

    pub fn insert(&mut self, state: &State, target: Target) {
        self.0.insert((state.span, state.name.value.clone()), target);
    }

    /// All of them.
    pub fn values(&self) -> impl Iterator<Item = &Target> {
        self.0.values()
    }
}

/// What each Task state of a machine calls.
#[must_use]
pub fn targets(machine: &Machine, functions: &Functions<'_>) -> Targets {
    let mut out = Targets::default();
    let mut graphs: Vec<&Graph> = vec![&machine.graph];
    while let Some(graph) = graphs.pop() {
        for state in &graph.states {
            match &state.kind {
                StateKind::Task(_) => {
                    out.insert(state, functions.target(state, machine.place()));
                }
                StateKind::Parallel { branches } => graphs.extend(branches),
                StateKind::Map(map) => graphs.extend(map.processor.iter()),
                _ => {}
            }
        }
    }
    out
}

/// The functions (by index) that targets call, whatever becomes of the states.
#[must_use]
pub fn called(targets: &Targets) -> BTreeSet<usize> {
    let index = |target: &Target| match target {
        Target::Function { index, .. } => Some(*index),
        _ => None,
    };
    targets.values().filter_map(index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_ids_of_the_framework() {
        for (key, id) in [
            ("fb", "FbLambdaFunction"),
            ("get-livy_state", "GetDashlivyUnderscorestateLambdaFunction"),
            ("-x", "DashxLambdaFunction"),
            ("éclair", "ÉclairLambdaFunction"),
            ("", "LambdaFunction"),
        ] {
            assert_eq!(resource_id(key), id);
        }
    }

    #[test]
    fn names_in_arns() {
        assert_eq!(function_name("arn:aws:lambda:eu-west-1:323361102328:function:devfest-parquet-data"), Some("devfest-parquet-data"));
        assert_eq!(function_name("arn:aws:lambda:eu-west-1:1:function:f:PROD"), Some("f"));
        assert_eq!(function_name("arn:aws:lambda:${r}:${a}:function:f"), Some("f"));
        assert_eq!(function_name("arn:aws:states:::lambda:invoke"), None);
    }
}
