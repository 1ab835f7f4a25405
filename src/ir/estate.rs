//! The estate: everything the importers found, before and after linking.
use super::cluster::{Classification, Cluster};
use super::function::Function;
use super::job::Batch;
use super::machine::Machine;
use super::trigger::Trigger;
use super::value::Val;
use crate::source::sink::Diagnostic;
use crate::source::span::{Origins, Sourced, Span};

/// Everything found, for one stage.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    pub machines: Vec<Machine>,
    /// Deployments of machines: a name for a definition file.
    pub deployments: Vec<Deployment>,
    pub functions: Vec<Function>,
    /// What the evaluation of each function's handler had to say, in the order of `functions`: how much it weighs depends on who
    /// calls the function.
    pub function_remarks: Vec<Vec<Diagnostic>>,
    pub clusters: Vec<Cluster>,
    /// Classification files that stand alone.
    pub configurations: Vec<ConfigurationFile>,
    /// Livy payloads that stand alone in a file.
    pub batches: Vec<(String, Batch)>,
    pub triggers: Vec<Trigger>,
    pub found: Vec<Found>,
    /// Values of definitions that a deployment completed: where such a value stands, and what shaped it besides.
    pub shaped: Vec<(Span, Origins)>,
}

/// A resource that deploys a state machine from a definition elsewhere (`aws_sfn_state_machine`).
#[derive(Clone, Debug)]
pub struct Deployment {
    pub name: Val,
    /// Path of the definition's file relative to SRC, when the definition is a file that was found.
    pub definition_file: Option<Sourced<String>>,
    /// STANDARD or EXPRESS, where the deployment says so.
    pub machine_type: Option<Sourced<String>>,
    /// The template that deploys it, by its path, and its logical name there.
    pub deployed_by: Option<(String, String)>,
    /// What the deployment puts in place of placeholders.
    pub substitutions: Vec<super::machine::Substitution>,
    pub span: Span,
}

/// A JSON file of EMR classifications.
#[derive(Clone, Debug)]
pub struct ConfigurationFile {
    pub path: String,
    pub classifications: Vec<Classification>,
    pub span: Span,
}

/// Something that was seen and is not translated.
#[derive(Clone, Debug)]
pub struct Found {
    /// "shell script", "`aws_alb`", "CloudFormation template" …
    pub kind: String,
    /// Its name, or the file's.
    pub name: String,
    pub span: Span,
    /// What was not read, and why.
    pub why: String,
}
