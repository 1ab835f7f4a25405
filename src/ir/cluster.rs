//! An EMR cluster as configured: release, applications, classifications, instance groups, bootstrap actions, steps.
use super::value::Val;
use crate::source::span::{Sourced, Span};

#[derive(Clone, Debug)]
pub struct Cluster {
    /// The EMR cluster's name, where one is written.
    pub name: Option<Val>,
    /// The name under which the source refers to it (`aws_emr_cluster.emr_cluster`, a file's stem).
    pub reference: String,
    /// `emr-5.13.0`.
    pub release_label: Option<Val>,
    pub applications: Vec<Val>,
    pub classifications: Vec<Classification>,
    /// Where `configurations` points when it is not inline: a path as written.
    pub configurations_file: Option<Val>,
    pub groups: Vec<InstanceGroup>,
    pub bootstrap_actions: Vec<BootstrapAction>,
    pub steps: Vec<Step>,
    pub log_uri: Option<Val>,
    pub span: Span,
}

/// A block of EMR's configuration (Amazon EMR Release Guide, "Configure applications").
#[derive(Clone, Debug)]
pub struct Classification {
    pub name: Sourced<String>,
    pub properties: Vec<(Sourced<String>, Val)>,
    pub nested: Vec<Classification>,
    pub span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Master,
    Core,
    Task,
}

#[derive(Clone, Debug)]
pub struct InstanceGroup {
    pub role: Role,
    pub name: Option<Val>,
    /// One for a group; several, by weight, for a fleet.
    pub instance_types: Vec<Val>,
    pub count: Option<Val>,
    /// Spot when set, in USD an hour, or a percentage of on-demand.
    pub bid_price: Option<Val>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct BootstrapAction {
    pub name: Option<Val>,
    pub path: Option<Val>,
    pub args: Vec<Val>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub name: Option<Val>,
    /// `CONTINUE`, `CANCEL_AND_WAIT`, `TERMINATE_CLUSTER`, `TERMINATE_JOB_FLOW`.
    pub action_on_failure: Option<Val>,
    pub jar: Option<Val>,
    pub main_class: Option<Val>,
    pub args: Vec<Val>,
    pub span: Span,
}
