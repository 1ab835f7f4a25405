//! What the importer gives back.
use crate::ir::estate::Found;
use crate::ir::function::Function;
use crate::ir::trigger::Trigger;
use crate::ir::value::Val;
use crate::source::node::Node;
use crate::source::span::{Origins, Sourced, Span};
use std::collections::BTreeMap;

/// The stage that the framework deploys when nothing names another (`sls` variable source and `--stage`, Serverless
/// Framework documentation, November 2026).
pub const DEFAULT_STAGE: &str = "dev";

/// The other documents of a run, for `${file(…)}`.
pub trait Context {
    /// The first document of the file at a path relative to SRC.
    fn document(&self, path: &str) -> Option<&Node>;

    /// The paths of all documents, sorted: to find the stages that `${file(./config.${opt:stage}.yml)}` has files for.
    fn paths(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// No other document.
impl Context for () {
    fn document(&self, _: &str) -> Option<&Node> {
        None
    }
}

impl Context for BTreeMap<String, Node> {
    fn document(&self, path: &str) -> Option<&Node> {
        self.get(path)
    }

    fn paths(&self) -> Vec<&str> {
        self.keys().map(String::as_str).collect()
    }
}

/// A service for one stage.
#[derive(Debug, Default)]
pub struct Service<'a> {
    /// `None` when the file gives no name that can be known; that is reported.
    pub name: Option<Sourced<String>>,
    pub functions: Vec<Function>,
    /// What starts functions. Their target is the function's key.
    pub triggers: Vec<Trigger>,
    pub machines: Vec<StateMachineDef<'a>>,
    pub found: Vec<Found>,
    /// Paths of the files that `${file(…)}` took values from: they belong to this service.
    pub documents: Vec<String>,
}

/// A state machine of the step functions plugin, or of the `resources` section.
#[derive(Debug)]
pub struct StateMachineDef<'a> {
    /// The key in the file.
    pub logical: Sourced<String>,
    /// The `id` of the `CloudFormation` resource, where the file sets it.
    pub id: Option<Val>,
    /// The deployed name; `None` when `CloudFormation` makes one up.
    pub name: Option<Val>,
    /// STANDARD or EXPRESS, where the file says so.
    pub machine_type: Option<Val>,
    pub definition: DefinitionSource<'a>,
    /// The definition with every variable of the framework resolved, each value at the place where it was found. `None`
    /// when the definition has no variables: read the node of `definition` itself then.
    pub resolved: Option<Node>,
    /// For the values of `resolved` that variables shaped: where the value stands, and all places that shaped it.
    pub shaped: Vec<(Span, Origins)>,
    /// What starts it. Their target is the machine's key.
    pub triggers: Vec<Trigger>,
    /// The whole entry.
    pub span: Span,
}

impl StateMachineDef<'_> {
    /// The tree to read the states from: resolved where there were variables.
    #[must_use]
    pub fn tree(&self) -> Option<&Node> {
        self.resolved.as_ref().or(match &self.definition {
            DefinitionSource::Inline(node) | DefinitionSource::File { node, .. } => Some(node),
            DefinitionSource::Text(_) | DefinitionSource::Missing => None,
        })
    }
}

/// Where a definition is.
#[derive(Debug)]
pub enum DefinitionSource<'a> {
    /// An object in the file itself.
    Inline(&'a Node),
    /// `${file(machine.asl.json)}`: `whole` when it is all of that file, so that the file's own import is the same machine.
    File { path: String, node: &'a Node, whole: bool, reference: Origins },
    /// A text that holds JSON.
    Text(Val),
    /// Reported.
    Missing,
}
