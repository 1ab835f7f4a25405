//! What a module gives.
use crate::ir::cluster::{Classification, Cluster, InstanceGroup};
use crate::ir::estate::{Deployment, Found};
use crate::ir::function::Function;
use crate::ir::trigger::{Target, Trigger, TriggerKind};
use crate::ir::value::Val;
use crate::source::node::Node;
use crate::source::span::{Origins, Sourced, Span};

/// Everything that one module declares, for one stage.
#[derive(Debug, Default)]
pub struct Module<'a> {
    pub clusters: Vec<Cluster>,
    /// State machines whose definition is a file.
    pub deployments: Vec<Deployment>,
    /// State machines whose definition is written in the module, or made from a template.
    pub inline_machines: Vec<InlineMachine<'a>>,
    pub functions: Vec<Function>,
    pub triggers: Vec<Trigger>,
    pub found: Vec<Found>,
    /// Source ranges that shaped a value above and have no place in its type (the references that tie a group to its
    /// cluster are not among them: they are absorbed).
    pub also: Origins,
}

/// A state machine whose definition is part of the module.
#[derive(Debug)]
pub struct InlineMachine<'a> {
    pub name: Val,
    /// The resource's name, for a machine whose own is not known.
    pub resource: &'a str,
    /// The definition, its spans in the file where each part is written; it is embedded in the attribute's node.
    pub document: &'a Node,
    /// The template file it is made from, relative to SRC: it need not be read for itself.
    pub template: Option<String>,
    /// Everything that shaped the definition.
    pub origins: Origins,
    /// The resource.
    pub span: Span,
}

impl Module<'_> {
    /// Every source range that shaped a value of the module.
    #[must_use]
    pub fn origins(&self) -> Origins {
        let mut all: Vec<Span> = self.also.iter().collect();
        let mut add = |origins: &Origins| all.extend(origins.iter());
        let some = |val: &Option<Val>| val.as_ref().map(Val::all_origins).unwrap_or_default();
        let list = |vals: &[Val]| vals.iter().flat_map(|v| v.all_origins().iter().collect::<Vec<_>>()).collect::<Origins>();
        for cluster in &self.clusters {
            for val in [&cluster.name, &cluster.release_label, &cluster.configurations_file, &cluster.log_uri] {
                add(&some(val));
            }
            add(&list(&cluster.applications));
            cluster.groups.iter().for_each(|g| add(&group_origins(g)));
            for action in &cluster.bootstrap_actions {
                add(&some(&action.name));
                add(&some(&action.path));
                add(&list(&action.args));
            }
            for step in &cluster.steps {
                for val in [&step.name, &step.action_on_failure, &step.jar, &step.main_class] {
                    add(&some(val));
                }
                add(&list(&step.args));
            }
            for origins in classification_origins(&cluster.classifications) {
                add(&origins);
            }
        }
        for deployment in &self.deployments {
            add(&deployment.name.all_origins());
            add(&deployment.definition_file.as_ref().map(|f| f.origins.clone()).unwrap_or_default());
        }
        for machine in &self.inline_machines {
            add(&machine.name.all_origins());
            add(&machine.origins);
            add(&machine.document.scalars().iter().map(|s| s.span).collect());
        }
        for function in &self.functions {
            for text in [Some(&function.logical), function.name.as_ref(), function.runtime.as_ref(), function.handler.as_ref()] {
                add(&text.map(|t| t.origins.clone()).unwrap_or_default());
            }
            for (key, value) in &function.environment {
                add(&key.origins);
                add(&value.all_origins());
            }
            add(&function.plumbing.iter().copied().collect());
        }
        for trigger in &self.triggers {
            add(&trigger.origins);
            add(&some(&trigger.input));
            add(&some(&trigger.enabled));
            match &trigger.target {
                Target::Machine(val) | Target::Function(val) => add(&val.all_origins()),
            }
            if let TriggerKind::Schedule(val) = &trigger.kind {
                add(&val.all_origins());
            }
        }
        all.into_iter().collect()
    }
}

fn group_origins(group: &InstanceGroup) -> Origins {
    let mut all = Origins::none();
    for val in [&group.name, &group.count, &group.bid_price].into_iter().flatten().chain(&group.instance_types) {
        all.extend(&val.all_origins());
    }
    all
}

fn classification_origins(classifications: &[Classification]) -> Vec<Origins> {
    let mut out = Vec::new();
    let mut stack: Vec<&Classification> = classifications.iter().collect();
    while let Some(next) = stack.pop() {
        out.push(next.name.origins.clone());
        for (key, value) in &next.properties {
            let Sourced { origins, .. } = key;
            out.push(origins.clone().with(&value.all_origins()));
        }
        stack.extend(&next.nested);
    }
    out
}
