//! The bracket around jobs on EMR: states that create, change and end the cluster that the jobs run on.
//!
//! On Kubernetes there is no cluster to begin and end, so these states do nothing, on any way: a Catch that leads to the end of the cluster leads to what
//! comes after it. That holds where nobody but such states and the jobs themselves reads what they leave in the document.
use super::data::result_place;
use super::emr_job;
use super::flow::Flow;
use super::idiom::Mismatch;
use super::link::{Target, Targets, member};
use super::path::Access;
use crate::ir::machine::{QueryLanguage, State, StateKind, Template, TemplateValue};
use crate::source::rules::plan::PLN138;
use crate::source::sink::Diagnostic;
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
    ("emr-containers:createVirtualCluster", Some("Id")),
    ("emr-containers:deleteVirtualCluster", None),
    ("aws-sdk:emrcontainers:createVirtualCluster", Some("Id")),
    ("aws-sdk:emrcontainers:deleteVirtualCluster", None),
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
    if let Some(mismatch) = not_alone(state, targets) {
        return Some(Err(mismatch));
    }
    Some(match readers(flow, index, targets).into_iter().next() {
        None => Ok(()),
        Some((who, _, span)) => {
            let why = format!("`{who}` takes what `{}` says of its cluster, and there is none on Kubernetes", state.name.value);
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

/// A cluster that is created with its work, or as the data says.
#[must_use]
pub fn not_alone(state: &State, targets: &Targets) -> Option<Mismatch> {
    let creates = call(state, targets).is_some_and(|(_, name)| name.is_some());
    let at = state.name.span().unwrap_or(state.span);
    let Some(sent) = state.sent().filter(|sent| matches!(sent.value, TemplateValue::Map(_))) else {
        let why = format!("`{}` creates a cluster by a request that is known only when it runs, steps and all", state.name.value);
        return creates.then_some(Mismatch { why, span: at });
    };
    let steps = member(sent, "Steps")?;
    if matches!(&steps.value, TemplateValue::List(items) if items.is_empty()) {
        return None;
    }
    let why = format!("`{}` creates a cluster with steps of its own, which this version does not translate", state.name.value);
    Some(Mismatch { why, span: steps.span })
}

/// What a state about the cluster did that nothing does now.
#[must_use]
pub fn remarks(flow: &Flow<'_>, index: usize, targets: &Targets) -> Vec<Diagnostic> {
    let state = flow.states[index].state;
    let Some((_, name)) = call(state, targets) else { return Vec::new() };
    let shown = &state.name.value;
    let mut remarks = Vec::new();
    let mut say = |at: Option<Span>, message: String| remarks.push(Diagnostic::changed(&PLN138, at.or(state.name.span()), message));
    for catcher in &state.catch {
        if let Some(next) = &catcher.next {
            say(Some(catcher.span), format!("when `{shown}` failed, `{}` ran → `{shown}` does nothing and cannot fail", next.value));
        }
    }
    let Some(sent) = state.sent() else { return remarks };
    if name.is_none() {
        let id = ["ClusterId", "JobFlowIds", "JobFlowId", "ApplicationId", "Id"].into_iter().find_map(|key| member(sent, key));
        if let Some(id) = id.filter(|id| !created_here(flow, id, targets)) {
            say(Some(id.span), format!("`{shown}` is about a cluster that this machine does not create → nobody does it"));
        }
        return remarks;
    }
    for key in ["ReleaseLabel", "Configurations", "RuntimeConfiguration", "BootstrapActions"] {
        if let Some(value) = member(sent, key).filter(|value| !value.expressions().is_empty()) {
            say(
                Some(value.span),
                format!("`{shown}` takes `{key}` from data, which is known only when it runs → what jobs have without it"),
            );
        }
    }
    for (key, what) in [
        ("ImageConfiguration", "an image of its own → the image that is built for the jobs"),
        ("JobFlowRole", "the role of its instances → the role of the jobs' ServiceAccount, `spark.role` in emr2k8s.yaml"),
    ] {
        if let Some(value) = member(sent, key) {
            say(Some(value.span), format!("`{shown}` names {what}"));
        }
    }
    remarks
}

/// Whether the name of a cluster comes from a state of this graph that creates one; also where that cannot be told.
fn created_here(flow: &Flow<'_>, id: &Template, targets: &Targets) -> bool {
    let created = |path: &str| {
        let read = super::path::reads(path);
        flow.states.iter().any(|flat| {
            call(flat.state, targets).is_some_and(|(_, name)| name.is_some())
                && result_place(flat.state).is_some_and(|place| read.overlaps(&place))
        })
    };
    let creates = flow.states.iter().any(|flat| call(flat.state, targets).is_some_and(|(_, name)| name.is_some()));
    match &id.value {
        TemplateValue::PathExpression(path) if path.starts_with("$.") || path.starts_with("$[") => created(path),
        TemplateValue::Text(_) => false,
        _ => creates,
    }
}

/// Who takes what the state leaves in the document, and is neither about the cluster nor a job that only names it: the state, the part, the place.
#[must_use]
pub fn readers(flow: &Flow<'_>, index: usize, targets: &Targets) -> Vec<(String, Access, Span)> {
    let state = flow.states[index].state;
    // In JSONata the result goes where `Output` and `Assign` put it.
    if state.data.output.is_some() {
        return Vec::new();
    }
    let Some(place) = result_place(state) else { return Vec::new() };
    let after = flow.after_success(index, &place);
    let takes =
        |(other, read, span): (&State, Access, Span)| (!names_only(other, &place, targets)).then(|| (other.name.value.clone(), read, span));
    after.readers.into_iter().filter_map(takes).collect()
}

/// Whether a state takes a cluster's name for nothing but to say where something runs, all that is inside it too.
fn names_only(state: &State, place: &Access, targets: &Targets) -> bool {
    if call(state, targets).is_some() {
        return true;
    }
    if let Some(Target::Service(service)) = targets.get(state) {
        if emr_job::question(&service.value).is_some() {
            return true;
        }
        if emr_job::submission(state, &service.value).is_some() {
            // What the job itself is given may be the name, too.
            let jobs = ["Step", "Steps", "JobDriver"].into_iter().filter_map(|key| member(state.sent()?, key));
            let base = super::data::input_base(state).unwrap_or_else(Access::whole);
            let mut reads = jobs.flat_map(|job| super::data::template_reads(job, &base));
            let mentions = state.query_language == QueryLanguage::Jsonata;
            return !mentions && !reads.any(|(read, _)| read.overlaps(place));
        }
    }
    let StateKind::Parallel { branches } = &state.kind else { return false };
    state.data.parameters.is_none()
        && state.data.arguments.is_none()
        && state.data.input_path.is_none()
        && branches.iter().flat_map(|branch| &branch.states).all(|inner| names_only(inner, place, targets) || !reads(inner))
}

/// Whether a state may read the document at all.
fn reads(state: &State) -> bool {
    let data = &state.data;
    let templates = [&data.parameters, &data.arguments, &data.result_selector, &data.output, &data.assign];
    let task = matches!(state.kind, StateKind::Task(_) | StateKind::Choice { .. } | StateKind::Map(_) | StateKind::Parallel { .. });
    task || templates.into_iter().flatten().any(|template: &Template| !template.expressions().is_empty())
}

/// A part of the call's answer that somebody takes and that nothing stands for.
#[must_use]
pub fn lacks(state: &State, taken: &[(String, Access, Span)], targets: &Targets) -> Option<Mismatch> {
    let (_, name) = call(state, targets)?;
    let known: Vec<Vec<&str>> = match name {
        Some("ClusterId") => vec![vec!["ClusterId"], vec!["ClusterArn"], vec!["Cluster"], vec!["Cluster", "Id"]],
        Some(name) => vec![vec![*name]],
        None => Vec::new(),
    };
    let is_known =
        |fields: &[String]| fields.is_empty() || known.iter().any(|known| known.iter().copied().eq(fields.iter().map(String::as_str)));
    let refuse = |what: &str, span: Span| Mismatch {
        why: format!("`{}` gives `{what}` of its cluster to somebody who takes it, and there is none on Kubernetes", state.name.value),
        span,
    };
    let data = &state.data;
    if let Some(selector) = &data.result_selector {
        for (text, span) in selector.expressions() {
            let Access::Fields(fields) = super::path::parse(text) else { return Some(refuse(text, span)) };
            if !is_known(&fields) {
                return Some(refuse(text, span));
            }
        }
        return None;
    }
    for (text, span) in [&data.output, &data.assign].into_iter().flatten().flat_map(Template::expressions) {
        for (at, name) in text.match_indices("$states.result") {
            let path = format!("${}", &text[at + name.len()..]);
            let end = path.find(|c: char| !(c.is_alphanumeric() || matches!(c, '$' | '.' | '_'))).unwrap_or(path.len());
            let Access::Fields(fields) = super::path::parse(&path[..end]) else { return Some(refuse(text, span)) };
            if !is_known(&fields) {
                return Some(refuse(&path[..end], span));
            }
        }
    }
    let place = result_place(state)?;
    taken.iter().find_map(|(_, read, span)| match (read, &place) {
        (Access::Fields(read), Access::Fields(place)) if read.len() > place.len() && !is_known(&read[place.len()..]) => {
            Some(refuse(&read[place.len()..].join("."), *span))
        }
        _ => None,
    })
}
