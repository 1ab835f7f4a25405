//! Clusters: the request of `RunJobFlow`, and what `describe-cluster` prints.
use super::configurations::import_classifications;
use super::node::{fates, is_empty, list, malformed, objects, report_unknown, scalar, sourced, texts};
use crate::facts;
use crate::ir::cluster::{BootstrapAction, Cluster, InstanceGroup, Role, Step};
use crate::ir::value::{Val, Value};
use crate::source::node::{Kind, Node};
use crate::source::rules::emr::{EMR104, EMR106, EMR107, EMR121};
use crate::source::secret;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Origins;

/// Whether a document is a `RunJobFlow` request or the output of `describe-cluster`. Reads nothing.
#[must_use]
pub fn looks_like_cluster(node: &Node) -> bool {
    let object = |node: Option<&Node>| matches!(node.map(|n| &n.kind), Some(Kind::Object(_)));
    let text = |node: Option<&Node>| matches!(node.map(|n| &n.kind), Some(Kind::String(_)));
    let array = |node: Option<&Node>| matches!(node.map(|n| &n.kind), Some(Kind::Array(_)));
    if let Some(cluster) = node.get("Cluster") {
        return object(Some(cluster))
            && (text(cluster.get("ReleaseLabel")) || object(cluster.get("Ec2InstanceAttributes")))
            && (text(cluster.get("Id")) || text(cluster.get("Name")));
    }
    object(node.get("Instances"))
        && (text(node.get("ReleaseLabel"))
            || text(node.get("AmiVersion"))
            || text(node.get("JobFlowRole"))
            || array(node.get("Applications")))
}

/// Reads a cluster. `path` is the file's; its stem is how the estate refers to the cluster.
pub fn import_cluster(node: &Node, path: &str, sink: &mut Sink) -> Cluster {
    let described = node.get("Cluster").filter(|inner| matches!(inner.kind, Kind::Object(_)));
    if described.is_some() {
        for entry in node.object().unwrap_or_default() {
            if &*entry.key != "Cluster" {
                report_unknown(entry, None, sink);
            } else if described.is_some_and(|last| last.span != entry.value.span) {
                sink.ignore(entry.value.span, &EMR121, "a later `Cluster` takes its place");
            }
        }
    }
    let body = described.unwrap_or(node);
    fates(body, if described.is_some() { "Cluster" } else { "RunJobFlow" }, sink);
    secrets(body, sink);
    let release_label = scalar(body, "ReleaseLabel", sink);
    check_release(release_label.as_ref(), sink);
    let mut out = Cluster {
        name: scalar(body, "Name", sink),
        reference: stem(path).to_owned(),
        release_label,
        applications: applications(body, sink),
        classifications: match body.get("Configurations") {
            Some(list) if !is_empty(list) => import_classifications(list, sink),
            _ => Vec::new(),
        },
        configurations_file: None,
        groups: Vec::new(),
        bootstrap_actions: objects(body, "BootstrapActions", sink).into_iter().map(|item| bootstrap_action(item, sink)).collect(),
        steps: objects(body, "Steps", sink).into_iter().map(|item| step(item, sink)).collect(),
        log_uri: scalar(body, "LogUri", sink),
        span: node.span,
    };
    let holder = if described.is_some() { Some(body) } else { body.get("Instances").filter(|n| matches!(n.kind, Kind::Object(_))) };
    if let Some(holder) = holder {
        for item in objects(holder, "InstanceGroups", sink) {
            out.groups.extend(group(item, sink));
        }
        for item in objects(holder, "InstanceFleets", sink) {
            out.groups.extend(fleet(item, sink));
        }
        out.groups.extend(short_form(holder, sink));
    }
    out
}

/// The file's name without folders and its last extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

fn secrets(body: &Node, sink: &mut Sink) {
    let Some(attributes) = body.get("KerberosAttributes") else { return };
    for entry in attributes.object().unwrap_or_default() {
        if let Some(why) = entry.value.str().and_then(|text| secret::reason(&entry.key, text)) {
            sink.report(
                Diagnostic::warning(&EMR104, entry.value.span, format!("`{}` is a secret: {why}", entry.key))
                    .help("put it into a secret store, and change it"),
            );
        }
    }
}

fn check_release(label: Option<&Val>, sink: &mut Sink) {
    let Some(label) = label.and_then(Val::sourced) else { return };
    if facts::emr_release(&label.value).is_some() {
        return;
    }
    let diagnostic = Diagnostic::warning(&EMR107, label.span(), format!("EMR release `{}` is not known", label.value));
    sink.report(diagnostic.help(match facts::near_release(&label.value) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "correct the label".to_owned(),
    }));
}

fn applications(body: &Node, sink: &mut Sink) -> Vec<Val> {
    let mut out = Vec::new();
    for item in list(body, "Applications", sink) {
        match &item.kind {
            // The shorthand of some tools.
            Kind::String(_) => out.extend(item.str().map(|name| Val::text(name, item.span))),
            Kind::Object(_) => {
                fates(item, "Application", sink);
                out.extend(scalar(item, "Name", sink));
            }
            _ => malformed(item, "an application", sink),
        }
    }
    out
}

fn bootstrap_action(item: &Node, sink: &mut Sink) -> BootstrapAction {
    fates(item, "BootstrapAction", sink);
    // RunJobFlow has path and arguments one level deeper than ListBootstrapActions.
    let script = item.get("ScriptBootstrapAction").filter(|n| matches!(n.kind, Kind::Object(_)));
    match (script, item.get("ScriptBootstrapAction")) {
        (Some(script), _) => fates(script, "ScriptBootstrapAction", sink),
        (None, Some(other)) if !is_empty(other) => malformed(other, "an object", sink),
        _ => {}
    }
    let mut args = script.map(|script| texts(script, "Args", sink)).unwrap_or_default();
    args.extend(texts(item, "Args", sink));
    BootstrapAction {
        name: scalar(item, "Name", sink),
        path: script.and_then(|script| scalar(script, "Path", sink)).or_else(|| scalar(item, "ScriptPath", sink)),
        args,
        span: item.span,
    }
}

fn step(item: &Node, sink: &mut Sink) -> Step {
    fates(item, "Step", sink);
    let mut out = Step {
        name: scalar(item, "Name", sink),
        action_on_failure: scalar(item, "ActionOnFailure", sink),
        jar: None,
        main_class: None,
        args: Vec::new(),
        span: item.span,
    };
    for key in ["HadoopJarStep", "Config"] {
        let Some(config) = item.get(key) else { continue };
        if !matches!(config.kind, Kind::Object(_)) {
            if !is_empty(config) {
                malformed(config, "an object", sink);
            }
            continue;
        }
        fates(config, "HadoopJarStep", sink);
        out.jar = scalar(config, "Jar", sink).or(out.jar);
        out.main_class = scalar(config, "MainClass", sink).or(out.main_class);
        out.args.extend(texts(config, "Args", sink));
    }
    out
}

/// The role under one of two keys; reports and marks what is none.
fn role(item: &Node, keys: [&str; 2], sink: &mut Sink) -> Option<(Role, Origins)> {
    let Some(text) = keys.into_iter().find_map(|key| sourced(item, key, sink)) else {
        sink.report(
            Diagnostic::warning(&EMR106, item.span, "instances without a role").help(format!("add `{}`: MASTER, CORE or TASK", keys[0])),
        );
        return None;
    };
    let role = match text.value.to_ascii_uppercase().as_str() {
        "MASTER" => Role::Master,
        "CORE" => Role::Core,
        "TASK" => Role::Task,
        _ => {
            sink.report(
                Diagnostic::warning(&EMR106, text.span(), format!("`{}` is no role of instances", text.value)).help("MASTER, CORE or TASK"),
            );
            return None;
        }
    };
    Some((role, text.origins))
}

fn group(item: &Node, sink: &mut Sink) -> Option<InstanceGroup> {
    let Some((role, origins)) = role(item, ["InstanceRole", "InstanceGroupType"], sink) else {
        item.mark_tree_read();
        sink.unsupported(item.span, &EMR106, "instances without a role that EMR knows");
        return None;
    };
    fates(item, "InstanceGroup", sink);
    let market = sourced(item, "Market", sink);
    let spot = market.as_ref().is_some_and(|m| m.value.eq_ignore_ascii_case("SPOT"));
    let mut bid_price = scalar(item, "BidPrice", sink);
    if spot && bid_price.is_none() {
        // "If not specified, defaults to the On-Demand price" (API reference, InstanceGroupConfig, BidPrice).
        bid_price = Some(Val::text("100%", Origins::none()));
    }
    if let (Some(bid), Some(market)) = (bid_price.take(), &market) {
        bid_price = spot.then(|| bid.clone().shaped_by(&market.origins));
        if !spot {
            sink.absorb_all(&bid.origins, &EMR121, "EMR takes no bid for instances that are not on the spot market");
        }
    } else if let Some(bid) = scalar(item, "BidPrice", sink) {
        bid_price = Some(bid);
    }
    if let Some(market) = market.filter(|_| !spot) {
        sink.absorb_all(&market.origins, &EMR121, "on demand is what instances are without it");
    }
    let count = scalar(item, "InstanceCount", sink).or_else(|| scalar(item, "RequestedInstanceCount", sink));
    Some(InstanceGroup {
        role,
        name: scalar(item, "Name", sink),
        // The role has no value of its own in the IR; its origin goes with the types.
        instance_types: scalar(item, "InstanceType", sink).into_iter().map(|t| t.shaped_by(&origins)).collect(),
        count,
        bid_price,
        span: item.span,
    })
}

/// A fleet is a group of its on-demand capacity, and one of its spot capacity.
fn fleet(item: &Node, sink: &mut Sink) -> Vec<InstanceGroup> {
    let Some((role, origins)) = role(item, ["InstanceFleetType", "InstanceGroupType"], sink) else {
        item.mark_tree_read();
        sink.unsupported(item.span, &EMR106, "instances without a role that EMR knows");
        return Vec::new();
    };
    fates(item, "InstanceFleet", sink);
    let mut types = Vec::new();
    let mut bid: Option<Val> = None;
    let mut weighted: Option<Origins> = None;
    let mut weights = Origins::none();
    for key in ["InstanceTypeConfigs", "InstanceTypeSpecifications"] {
        for config in objects(item, key, sink) {
            fates(config, "InstanceType", sink);
            types.extend(scalar(config, "InstanceType", sink).map(|t| t.shaped_by(&origins)));
            if let Some(weight) = scalar(config, "WeightedCapacity", sink) {
                weights.extend(&weight.origins);
                if weight.literal().as_deref() != Some("1") {
                    weighted.get_or_insert_with(Origins::none).extend(&weight.origins);
                }
            }
            let percent = scalar(config, "BidPriceAsPercentageOfOnDemandPrice", sink)
                .map(|p| Val::text(format!("{}%", p.display().trim_end_matches(".0")), p.origins.clone()));
            for price in [scalar(config, "BidPrice", sink), percent].into_iter().flatten() {
                bid = Some(match bid {
                    Some(first) => first.shaped_by(&price.origins),
                    None => price,
                });
            }
        }
    }
    let name = scalar(item, "Name", sink);
    let mut out = Vec::new();
    let mut used_bid = false;
    for (key, spot) in [("TargetOnDemandCapacity", false), ("TargetSpotCapacity", true)] {
        let Some(capacity) = scalar(item, key, sink) else { continue };
        if capacity.literal().as_deref() == Some("0") {
            sink.absorb_all(&capacity.origins, &EMR121, "zero is what a fleet has without it");
            continue;
        }
        let count = match &weighted {
            Some(weights) => {
                let text = format!("{} of capacity", capacity.display());
                let unknown = Val::unknown(text, "the fleet counts its capacity in weights of instance types", item.span);
                Val { origins: capacity.origins.clone().with(weights), ..unknown }
            }
            None => capacity.shaped_by(&weights),
        };
        let bid_price = spot.then(|| bid.clone().unwrap_or_else(|| Val::text("100%", count.origins.clone())));
        used_bid |= spot;
        out.push(InstanceGroup { role, name: name.clone(), instance_types: types.clone(), count: Some(count), bid_price, span: item.span });
    }
    if let Some(bid) = bid.filter(|_| !used_bid) {
        sink.absorb_all(&bid.origins, &EMR121, "the fleet has no spot capacity to bid for");
    }
    if out.is_empty() {
        sink.absorb_all(&weights, &EMR121, "the fleet has no capacity");
        out.push(InstanceGroup { role, name, instance_types: types, count: None, bid_price: None, span: item.span });
    }
    out
}

/// `MasterInstanceType`, `SlaveInstanceType` and `InstanceCount`, which counts the master.
fn short_form(holder: &Node, sink: &mut Sink) -> Vec<InstanceGroup> {
    let master = scalar(holder, "MasterInstanceType", sink);
    let core = scalar(holder, "SlaveInstanceType", sink);
    let count = scalar(holder, "InstanceCount", sink);
    let group = |role, kind: Val, count| InstanceGroup {
        role,
        name: None,
        span: kind.origins.first().unwrap_or(holder.span),
        instance_types: vec![kind],
        count,
        bid_price: None,
    };
    let one = |origins: Origins| Val::new(Value::Number("1".to_owned()), origins);
    let mut out = Vec::new();
    if let Some(kind) = master {
        let origins = kind.origins.clone();
        out.push(group(Role::Master, kind, Some(one(origins))));
    }
    if let Some(kind) = core {
        let cores = count.map(|count| {
            let origins = count.origins.clone();
            if let Some(all) = count.literal().and_then(|text| text.parse::<u32>().ok()) {
                return Val::new(Value::Number(all.saturating_sub(1).to_string()), origins);
            }
            let span = origins.first().unwrap_or(holder.span);
            Val { origins, ..Val::unknown(count.display(), "not a whole number", span) }
        });
        out.push(group(Role::Core, kind, cores));
    } else if let Some(count) = count {
        // A cluster of its master only, or groups that say the count themselves.
        sink.absorb_all(&count.origins, &EMR121, "the groups say how many instances there are");
    }
    out
}
