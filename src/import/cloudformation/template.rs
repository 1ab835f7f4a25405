//! A template's sections, by name.
use crate::source::node::{Entry, Kind, Node};
use crate::source::span::Span;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// One resource of a template.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resource<'a> {
    pub entry: &'a Entry,
    /// `AWS::Serverless::Function`.
    pub kind: &'a str,
    pub properties: Option<&'a Node>,
}

impl Resource<'_> {
    pub fn name(&self) -> &str {
        &self.entry.key
    }

    pub fn is_function(&self) -> bool {
        matches!(self.kind, "AWS::Serverless::Function" | "AWS::Lambda::Function")
    }

    pub fn is_machine(&self) -> bool {
        matches!(self.kind, "AWS::Serverless::StateMachine" | "AWS::StepFunctions::StateMachine")
    }
}

/// A template, indexed.
#[derive(Debug)]
pub(super) struct Template<'a> {
    pub root: &'a Node,
    pub resources: BTreeMap<&'a str, Resource<'a>>,
    parameters: BTreeMap<&'a str, &'a Node>,
    /// Parameters whose default was taken, with the places that took it.
    pub taken: RefCell<BTreeMap<String, Span>>,
    /// Places of values that were looked at to evaluate others.
    pub read: RefCell<BTreeSet<Span>>,
}

impl<'a> Template<'a> {
    pub fn new(root: &'a Node) -> Self {
        let section = |name: &str| match root.get(name).map(|section| &section.kind) {
            Some(Kind::Object(entries)) => entries.as_slice(),
            _ => &[],
        };
        let resources = section("Resources").iter().filter_map(|entry| {
            let Kind::String(kind) = &entry.value.get("Type")?.kind else { return None };
            Some((&*entry.key, Resource { entry, kind, properties: entry.value.get("Properties") }))
        });
        Self {
            root,
            resources: resources.collect(),
            parameters: section("Parameters").iter().map(|entry| (&*entry.key, &entry.value)).collect(),
            taken: RefCell::default(),
            read: RefCell::default(),
        }
    }

    /// A parameter's definition.
    pub fn parameter(&self, name: &str) -> Option<&'a Node> {
        self.parameters.get(name).copied()
    }

    /// A value of `Mappings`.
    pub fn mapped(&self, map: &str, first: &str, second: &str) -> Option<&'a Node> {
        self.root.path(&["Mappings", map, first, second])
    }
}
