//! Clusters that a machine creates itself: the request, as far as it is written out.
use super::template::known;
use crate::ir::cluster::{BootstrapAction, Classification, Cluster, InstanceGroup, Role, Step};
use crate::ir::machine::{Graph, Machine, State, StateKind};
use crate::ir::value::{Val, Value};
use crate::source::span::Span;

/// The clusters that the states of a machine create, in no order that matters.
#[must_use]
pub fn clusters(machine: &Machine) -> Vec<Cluster> {
    let mut found = Vec::new();
    let mut work: Vec<&Graph> = vec![&machine.graph];
    while let Some(graph) = work.pop() {
        for state in &graph.states {
            match &state.kind {
                StateKind::Parallel { branches } => work.extend(branches),
                StateKind::Map(map) => work.extend(&map.processor),
                StateKind::Task(task) => {
                    let resource = task.resource.as_ref().map(Val::display).unwrap_or_default();
                    let service = resource.split_once(":states:::").map_or("", |(_, service)| service);
                    if CREATE.contains(&service.strip_suffix(".sync").unwrap_or(service)) {
                        found.extend(cluster(state));
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// Calls whose request says what jobs run on: a cluster, an application of EMR Serverless, a job run on EKS with its release.
const CREATE: &[&str] = &[
    "elasticmapreduce:createCluster",
    "aws-sdk:emr:runJobFlow",
    "emr-serverless:createApplication",
    "aws-sdk:emrserverless:createApplication",
    "emr-containers:startJobRun",
    "aws-sdk:emrcontainers:startJobRun",
];

fn cluster(state: &State) -> Option<Cluster> {
    let template = state.data.parameters.as_ref().or(state.data.arguments.as_ref())?;
    let request = known(template);
    let instances = request.get("Instances");
    let mut groups = Vec::new();
    for item in items(instances, "InstanceGroups") {
        groups.extend(group(item, template.span));
    }
    for item in items(instances, "InstanceFleets") {
        groups.extend(fleet(item, template.span));
    }
    Some(Cluster {
        name: request.get("Name").cloned(),
        reference: state.name.value.clone(),
        release_label: request.get("ReleaseLabel").map(release),
        applications: items(Some(&request), "Applications").iter().filter_map(|item| item.get("Name").cloned()).collect(),
        classifications: items(Some(&request), "Configurations")
            .iter()
            .chain(items(Some(&request), "RuntimeConfiguration"))
            .filter_map(|item| classification(item, template.span))
            .collect(),
        configurations_file: None,
        groups,
        bootstrap_actions: items(Some(&request), "BootstrapActions").iter().map(|item| bootstrap(item, template.span)).collect(),
        steps: items(Some(&request), "Steps").iter().map(|item| step(item, template.span)).collect(),
        log_uri: request.get("LogUri").cloned(),
        span: state.span,
    })
}

/// EMR on EKS adds a date to a release, or `latest` (Amazon EMR on EKS Development Guide, "Amazon EMR on EKS releases", November 2026).
fn release(label: &Val) -> Val {
    let Some(text) = label.literal() else { return label.clone() };
    let plain = text.rsplit_once('-').filter(|(head, tail)| {
        head.starts_with("emr-") && (*tail == "latest" || (tail.len() == 8 && tail.bytes().all(|b| b.is_ascii_digit())))
    });
    plain.map_or_else(|| label.clone(), |(head, _)| Val::text(head, label.origins.clone()))
}

fn items<'v>(of: Option<&'v Val>, name: &str) -> &'v [Val] {
    of.and_then(|of| of.get(name)).and_then(Val::list).unwrap_or_default()
}

fn place(value: &Val, otherwise: Span) -> Span {
    value.origins.first().unwrap_or(otherwise)
}

/// Nesting is bounded by the source layer's limit on depth.
fn classification(item: &Val, at: Span) -> Option<Classification> {
    Some(Classification {
        name: item.get("Classification")?.sourced()?,
        properties: item.get("Properties").and_then(Val::map).unwrap_or_default().to_vec(),
        nested: items(Some(item), "Configurations").iter().filter_map(|inner| classification(inner, at)).collect(),
        span: place(item, at),
    })
}

fn role(value: Option<&Val>) -> Option<Role> {
    match value?.literal()?.as_str() {
        "MASTER" => Some(Role::Master),
        "CORE" => Some(Role::Core),
        "TASK" => Some(Role::Task),
        _ => None,
    }
}

fn group(item: &Val, at: Span) -> Option<InstanceGroup> {
    let spot = item.get("Market").is_some_and(|market| market.literal().as_deref() == Some("SPOT"));
    Some(InstanceGroup {
        role: role(item.get("InstanceRole"))?,
        name: item.get("Name").cloned(),
        instance_types: item.get("InstanceType").cloned().into_iter().collect(),
        count: item.get("InstanceCount").cloned(),
        bid_price: item.get("BidPrice").or_else(|| item.get("Market").filter(|_| spot)).cloned(),
        span: place(item, at),
    })
}

fn fleet(item: &Val, at: Span) -> Option<InstanceGroup> {
    let spot = item.get("TargetSpotCapacity").filter(|count| count.literal().is_none_or(|text| text != "0"));
    Some(InstanceGroup {
        role: role(item.get("InstanceFleetType"))?,
        name: item.get("Name").cloned(),
        instance_types: items(Some(item), "InstanceTypeConfigs").iter().filter_map(|one| one.get("InstanceType").cloned()).collect(),
        count: spot.or_else(|| item.get("TargetOnDemandCapacity")).cloned(),
        bid_price: spot.cloned(),
        span: place(item, at),
    })
}

fn bootstrap(item: &Val, at: Span) -> BootstrapAction {
    let script = item.get("ScriptBootstrapAction");
    BootstrapAction {
        name: item.get("Name").cloned(),
        path: script.and_then(|script| script.get("Path")).cloned(),
        args: items(script, "Args").to_vec(),
        span: place(item, at),
    }
}

fn step(item: &Val, at: Span) -> Step {
    let jar = item.get("HadoopJarStep");
    let args = match jar.and_then(|jar| jar.get("Args")) {
        Some(Val { value: Value::List(items), .. }) => items.clone(),
        other => other.cloned().into_iter().collect(),
    };
    Step {
        name: item.get("Name").cloned(),
        action_on_failure: item.get("ActionOnFailure").cloned(),
        jar: jar.and_then(|jar| jar.get("Jar")).cloned(),
        main_class: jar.and_then(|jar| jar.get("MainClass")).cloned(),
        args,
        span: place(item, at),
    }
}
