//! The bracket around jobs on EMR: states that create, change and end the cluster that the jobs run on.
//!
//! On Kubernetes there is no cluster to begin and end, so these states do nothing, on any way: a Catch that leads to the end of the cluster leads to what
//! comes after it. That holds where nobody but such states and the jobs themselves reads what they leave in the document.
use super::data::result_place;
use super::flow::Flow;
use super::idiom::Mismatch;
use super::link::{Target, Targets, member};
use super::path::Access;
use crate::ir::machine::{QueryLanguage, State, StateKind, Template, TemplateValue};
use crate::source::span::Span;

/// Calls that begin, change or end what jobs run on (AWS Step Functions Developer Guide, "Create and manage Amazon EMR clusters" and "EMR Serverless"; names of the
/// SDK's actions from Amazon EMR's API reference, November 2026), and the member of their result that names it.
const CALLS: &[(&str, Option<&str>)] = &[
    ("elasticmapreduce:createCluster", Some("ClusterId")),
    ("elasticmapreduce:terminateCluster", None),
    ("elasticmapreduce:setClusterTerminationProtection", None),
    ("elasticmapreduce:modifyInstanceFleetByName", None),
    ("elasticmapreduce:modifyInstanceGroupByName", None),
    ("aws-sdk:emr:runJobFlow", Some("JobFlowId")),
    ("aws-sdk:emr:terminateJobFlows", None),
    ("aws-sdk:emr:setTerminationProtection", None),
    ("aws-sdk:emr:putAutoTerminationPolicy", None),
    ("aws-sdk:emr:putManagedScalingPolicy", None),
    ("aws-sdk:emr:addTags", None),
    ("emr-serverless:createApplication", Some("ApplicationId")),
    ("emr-serverless:startApplication", None),
    ("emr-serverless:stopApplication", None),
    ("emr-serverless:deleteApplication", None),
    ("aws-sdk:emrserverless:createApplication", Some("ApplicationId")),
    ("aws-sdk:emrserverless:startApplication", None),
    ("aws-sdk:emrserverless:stopApplication", None),
    ("aws-sdk:emrserverless:deleteApplication", None),
];

/// What stands for the name of a cluster where somebody reads it.
pub const NAME: &str = "kubernetes";

fn call(state: &State, targets: &Targets) -> Option<&'static (&'static str, Option<&'static str>)> {
    let Some(Target::Service(service)) = targets.get(state) else { return None };
    let name = service.value.strip_suffix(".sync").unwrap_or(&service.value);
    CALLS.iter().find(|(known, _)| *known == name)
}

/// Whether a state is about the cluster, whatever becomes of it.
#[must_use]
pub fn is(state: &State, targets: &Targets) -> bool {
    call(state, targets).is_some()
}

/// What the state's call gives in place of the cluster's name, as JSON text.
#[must_use]
pub fn result(state: &State, targets: &Targets) -> Option<String> {
    let (_, name) = call(state, targets)?;
    Some(match name {
        Some("ClusterId") => format!(r#"{{"Cluster":{{"Id":"{NAME}"}},"ClusterArn":"{NAME}","ClusterId":"{NAME}"}}"#),
        Some(name) => format!(r#"{{"{name}":"{NAME}"}}"#),
        None => "{}".to_owned(),
    })
}

/// Whether a state does nothing on Kubernetes. `None`: it is about no cluster.
#[must_use]
pub fn at(flow: &Flow<'_>, index: usize, targets: &Targets) -> Option<Result<(), Mismatch>> {
    let state = flow.states[index].state;
    call(state, targets)?;
    if let Some(mismatch) = not_alone(state) {
        return Some(Err(mismatch));
    }
    Some(match reader(flow, state, targets) {
        None => Ok(()),
        Some((who, span)) => {
            let why = format!("`{who}` reads what `{}` says of its cluster, and there is none on Kubernetes", state.name.value);
            Err(Mismatch { why, span })
        }
    })
}

/// Takes the ways out of a flow that a failure of a cluster's call would go: nothing calls it.
pub fn never_fails(flow: &mut Flow<'_>, targets: &Targets) {
    for index in 0..flow.states.len() {
        if at(flow, index, targets).is_some_and(|found| found.is_ok()) {
            flow.states[index].edges.truncate(1);
        }
    }
}

/// A cluster that is created with its work.
#[must_use]
pub fn not_alone(state: &State) -> Option<Mismatch> {
    let sent = state.data.parameters.as_ref().or(state.data.arguments.as_ref())?;
    let steps = member(sent, "Steps")?;
    if matches!(&steps.value, TemplateValue::List(items) if items.is_empty()) {
        return None;
    }
    let why = format!("`{}` creates a cluster with steps of its own, which this version does not translate", state.name.value);
    Some(Mismatch { why, span: steps.span })
}

/// Who reads what the state leaves in the document, and is neither a job nor about the cluster.
#[must_use]
pub fn reader(flow: &Flow<'_>, state: &State, targets: &Targets) -> Option<(String, Span)> {
    // In JSONata the result goes where `Output` and `Assign` put it.
    if state.data.output.is_some() {
        return None;
    }
    let place = result_place(state)?;
    for flat in &flow.states {
        let other = flat.state;
        if std::ptr::eq(other, state) || runs_on_emr(other, targets) {
            continue;
        }
        for (read, span) in &flat.effects.reads {
            let inside = *read != Access::whole() && read.overlaps(&place);
            // A whole document that the result has replaced.
            let all = *read == Access::whole() && other.query_language == QueryLanguage::Jsonata;
            if (inside || all) && !inner_readers_only(other, targets) {
                return Some((other.name.value.clone(), *span));
            }
        }
    }
    None
}

/// Whether all that reads inside a Parallel runs on EMR.
fn inner_readers_only(state: &State, targets: &Targets) -> bool {
    let StateKind::Parallel { branches } = &state.kind else { return false };
    state.data.parameters.is_none()
        && state.data.arguments.is_none()
        && branches
            .iter()
            .flat_map(|branch| &branch.states)
            .all(|inner| runs_on_emr(inner, targets) || inner_readers_only(inner, targets) || !has_expressions(inner))
}

fn has_expressions(state: &State) -> bool {
    let data = &state.data;
    let templates = [&data.parameters, &data.arguments, &data.result_selector, &data.output, &data.assign];
    let task = matches!(state.kind, StateKind::Task(_) | StateKind::Choice { .. } | StateKind::Map(_) | StateKind::Parallel { .. });
    task || templates.into_iter().flatten().any(|template: &Template| !template.expressions().is_empty())
}

/// Whether a state's call goes to EMR in one of its forms.
#[must_use]
pub fn runs_on_emr(state: &State, targets: &Targets) -> bool {
    matches!(targets.get(state), Some(Target::Service(service))
        if ["elasticmapreduce:", "aws-sdk:emr:", "emr-serverless:", "aws-sdk:emrserverless:", "emr-containers:", "aws-sdk:emrcontainers:"]
            .iter().any(|prefix| service.value.starts_with(prefix)))
}
