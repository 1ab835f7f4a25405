//! `aws_emr_cluster`, `aws_emr_instance_group` and `aws_emr_instance_fleet`.
use super::document::{Written, node_value, value_document};
use super::importer::{Importer, entries};
use super::index::Resource;
use super::table::{self, EMR_CLUSTER, EMR_FLEET, EMR_GROUP};
use crate::ir::cluster::{BootstrapAction, Classification, Cluster, InstanceGroup, Role, Step};
use crate::ir::value::{Val, Value};
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::terraform::{TF103, TF114, TF115, TF116};
use crate::source::sink::{Diagnostic, Disposition};
use crate::source::span::{Sourced, Span};

impl<'a> Importer<'a, '_> {
    pub fn cluster(&mut self, resource: &Resource<'a>) {
        if !self.single(resource) {
            return;
        }
        let mut cluster = Cluster {
            name: None,
            reference: resource.address.clone(),
            release_label: None,
            applications: Vec::new(),
            classifications: Vec::new(),
            configurations_file: None,
            groups: Vec::new(),
            bootstrap_actions: Vec::new(),
            steps: Vec::new(),
            log_uri: None,
            span: resource.span,
        };
        let mut old_core: Option<InstanceGroup> = None;
        for entry in entries(resource.body) {
            match &*entry.key {
                "name" => cluster.name = Some(self.take(entry)),
                "release_label" => cluster.release_label = Some(self.take(entry)),
                "log_uri" => cluster.log_uri = Some(self.take(entry)),
                "applications" => cluster.applications = self.take_list(entry),
                "configurations" | "configurations_json" => self.configurations(resource, entry, &mut cluster),
                "master_instance_group" => self.groups(resource, entry, Some(Role::Master), &mut cluster),
                "core_instance_group" => self.groups(resource, entry, Some(Role::Core), &mut cluster),
                "instance_group" => self.groups(resource, entry, None, &mut cluster),
                "master_instance_fleet" => self.fleets(resource, entry, Role::Master, &mut cluster),
                "core_instance_fleet" => self.fleets(resource, entry, Role::Core, &mut cluster),
                "master_instance_type" => {
                    let group = InstanceGroup { instance_types: vec![self.take(entry)], ..empty_group(Role::Master, entry.value.span) };
                    cluster.groups.push(group);
                }
                "core_instance_type" => {
                    let value = self.take(entry);
                    old_core.get_or_insert_with(|| empty_group(Role::Core, entry.value.span)).instance_types.push(value);
                }
                "core_instance_count" => {
                    let value = self.take(entry);
                    old_core.get_or_insert_with(|| empty_group(Role::Core, entry.value.span)).count = Some(value);
                }
                "bootstrap_action" => self.bootstrap(resource, entry, &mut cluster),
                "step" => self.steps(resource, entry, &mut cluster),
                _ => self.leave(resource, EMR_CLUSTER, "", entry),
            }
        }
        cluster.groups.extend(old_core);
        self.module.clusters.push(cluster);
    }

    /// A list as its items; a list that is not known as a whole is one item.
    pub fn take_list(&mut self, entry: &'a Entry) -> Vec<Val> {
        let value = self.take(entry);
        match value.value {
            Value::List(items) if items.is_empty() => {
                self.module.also.extend(&value.origins);
                Vec::new()
            }
            Value::List(items) => items.into_iter().map(|v| v.shaped_by(&value.origins)).collect(),
            Value::Null => {
                self.module.also.extend(&value.origins);
                Vec::new()
            }
            _ => vec![value],
        }
    }

    fn groups(&mut self, resource: &Resource<'a>, entry: &'a Entry, role: Option<Role>, cluster: &mut Cluster) {
        for block in self.blocks(entry) {
            let mut group = empty_group(role.unwrap_or(Role::Task), block.span);
            for inner in entries(block) {
                match &*inner.key {
                    "instance_type" => group.instance_types.push(self.take(inner)),
                    "instance_count" => group.count = Some(self.take(inner)),
                    "bid_price" => group.bid_price = Some(self.take(inner)),
                    "name" => group.name = Some(self.take(inner)),
                    "instance_role" if role.is_none() => {
                        let value = self.take(inner);
                        group.role = match value.literal().as_deref() {
                            Some("MASTER") => Role::Master,
                            Some("CORE") => Role::Core,
                            _ => Role::Task,
                        };
                        self.module.also.extend(&value.all_origins());
                    }
                    _ => self.leave(resource, EMR_CLUSTER, &entry.key, inner),
                }
            }
            cluster.groups.push(group);
        }
    }

    /// A fleet has several instance types, each with a weight; the weights are not in the IR.
    fn fleets(&mut self, resource: &Resource<'a>, entry: &'a Entry, role: Role, cluster: &mut Cluster) {
        for block in self.blocks(entry) {
            let group = self.fleet_body(resource, block, role, EMR_CLUSTER, &entry.key);
            cluster.groups.push(group);
        }
    }

    fn fleet_body(
        &mut self,
        resource: &Resource<'a>,
        body: &'a Node,
        role: Role,
        rows: &[table::Attribute],
        prefix: &str,
    ) -> InstanceGroup {
        let mut group = empty_group(role, body.span);
        for inner in entries(body) {
            match &*inner.key {
                "name" => group.name = Some(self.take(inner)),
                "cluster_id" if prefix.is_empty() => {}
                "instance_type_configs" => {
                    for config in self.blocks(inner) {
                        for attribute in entries(config) {
                            match &*attribute.key {
                                "instance_type" => group.instance_types.push(self.take(attribute)),
                                "bid_price" | "bid_price_as_percentage_of_on_demand_price" if group.bid_price.is_none() => {
                                    group.bid_price = Some(self.take(attribute));
                                }
                                _ => self.mark(attribute.value.span, Disposition::Unsupported, FLEET_DETAIL),
                            }
                        }
                    }
                }
                "target_on_demand_capacity" | "target_spot_capacity" if group.count.is_none() && is_positive(&inner.value) => {
                    group.count = Some(self.take(inner));
                }
                "target_on_demand_capacity" | "target_spot_capacity" | "launch_specifications" => {
                    self.mark(inner.value.span, Disposition::Unsupported, FLEET_DETAIL);
                }
                _ => self.leave(resource, rows, prefix, inner),
            }
        }
        group
    }

    fn bootstrap(&mut self, resource: &Resource<'a>, entry: &'a Entry, cluster: &mut Cluster) {
        for block in self.blocks(entry) {
            let mut action = BootstrapAction { name: None, path: None, args: Vec::new(), span: block.span };
            for inner in entries(block) {
                match &*inner.key {
                    "name" => action.name = Some(self.take(inner)),
                    "path" => action.path = Some(self.take(inner)),
                    "args" => action.args = self.take_list(inner),
                    _ => self.leave(resource, EMR_CLUSTER, "bootstrap_action", inner),
                }
            }
            cluster.bootstrap_actions.push(action);
        }
    }

    fn steps(&mut self, resource: &Resource<'a>, entry: &'a Entry, cluster: &mut Cluster) {
        for block in self.blocks(entry) {
            let mut step = Step { name: None, action_on_failure: None, jar: None, main_class: None, args: Vec::new(), span: block.span };
            for inner in entries(block) {
                match &*inner.key {
                    "name" => step.name = Some(self.take(inner)),
                    "action_on_failure" => step.action_on_failure = Some(self.take(inner)),
                    "hadoop_jar_step" => {
                        for jar in self.blocks(inner) {
                            for attribute in entries(jar) {
                                match &*attribute.key {
                                    "jar" => step.jar = Some(self.take(attribute)),
                                    "main_class" => step.main_class = Some(self.take(attribute)),
                                    "args" => step.args = self.take_list(attribute),
                                    _ => self.leave(resource, EMR_CLUSTER, "step.hadoop_jar_step", attribute),
                                }
                            }
                        }
                    }
                    _ => self.leave(resource, EMR_CLUSTER, "step", inner),
                }
            }
            cluster.steps.push(step);
        }
    }

    fn configurations(&mut self, resource: &Resource<'a>, entry: &'a Entry, cluster: &mut Cluster) {
        let node = &entry.value;
        match self.eval.written(node) {
            Written::File { path, origins } => {
                let written = self.relative(&path);
                cluster.configurations_file = Some(Val::text(written, origins));
            }
            // A name of a file or an address rather than a document, as provider 1.x took it.
            Written::Text { text, origins, .. } if !text.text.trim_start().starts_with(['[', '{']) && !text.text.trim().is_empty() => {
                cluster.configurations_file = Some(Val::text(text.text, origins));
            }
            Written::Text { text, origins, .. } => match text.document(node.span, self.sink) {
                Some(document) => {
                    let value = node_value(&document);
                    document.mark_tree_read();
                    let inner: Vec<Span> = document.scalars().iter().map(|s| s.span).collect();
                    node.embed(document);
                    self.classify(&value, node, cluster);
                    let beside = origins.iter().filter(|o| !inner.iter().any(|i| o.contains(*i)));
                    self.module.also.extend(&beside.collect());
                }
                None => self.lost_configurations(resource, node, "it is not well-formed JSON"),
            },
            Written::Value(value) => {
                self.check(&entry.key, node, &value);
                let document = value_document(&value, node.span);
                document.mark_tree_read();
                node.embed(document);
                self.classify(&value, node, cluster);
                self.module.also.extend(&value.all_origins());
            }
            Written::Unknown { why, origins } => {
                let mut unknown = Val::unknown(self.eval.text(node.span), why.clone(), node.span);
                unknown.origins.extend(&origins);
                cluster.configurations_file = Some(unknown);
                self.lost_configurations(resource, node, &why);
            }
        }
    }

    /// A path relative to the module's folder, where it lies below it.
    fn relative(&self, path: &str) -> String {
        let folder = self.index.folder;
        if folder.is_empty() {
            return path.to_owned();
        }
        path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).map_or_else(
            || {
                let up = "../".repeat(folder.split('/').count());
                format!("{up}{path}")
            },
            str::to_owned,
        )
    }

    fn lost_configurations(&mut self, resource: &Resource<'a>, node: &'a Node, why: &str) {
        let beside: Vec<String> = self
            .eval
            .context
            .paths(self.index.folder)
            .into_iter()
            .filter(|path| path.ends_with(".json"))
            .filter(|path| self.eval.context.text(path).is_some_and(|(_, text)| text.contains("\"Classification\"")))
            .map(|path| format!("`{}`", self.relative(&path)))
            .collect();
        let variable = match &node.kind {
            Kind::Expr(expr) => {
                let mut references = Vec::new();
                expr.tree().references(&mut references);
                references.into_iter().find(|r| r.len() == 2 && r[0] == "var").map(|r| r[1].clone())
            }
            _ => None,
        };
        self.asked.extend(variable.clone());
        let message = format!("the configurations of {} are not known: {why}", resource.address);
        let help = match (beside.as_slice(), variable) {
            ([], None) => "write them into `configurations_json`, or name a file below the folder that is migrated".to_owned(),
            ([], Some(variable)) => format!("say in `terraform.tfvars` which file it is: {variable} = \"…\""),
            (files, None) => format!("{} beside the module holds classifications; name it here if it is the one", files.join(" or ")),
            (files, Some(variable)) => format!(
                "{} beside the module holds classifications; if it is the one, write {variable} = {} into `terraform.tfvars`",
                files.join(" or "),
                files.first().map_or_else(String::new, |f| f.replace('`', "\""))
            ),
        };
        self.sink.report(Diagnostic::question(&TF114, node.span, message).help(help));
    }

    fn classify(&mut self, value: &Val, node: &Node, cluster: &mut Cluster) {
        match value.list().map(|items| items.iter().map(|i| classification(i, node.span)).collect::<Option<Vec<_>>>()) {
            Some(Some(list)) => {
                self.sink.report(Diagnostic::equivalent(&TF116, node.span, "the classifications are taken from the module's own text"));
                cluster.classifications.extend(list);
            }
            _ => {
                let message = "the configurations are not a list of classifications";
                self.sink.report(
                    Diagnostic::warning(&TF114, node.span, message)
                        .help("each item has a `Classification`, and may have `Properties` and `Configurations`"),
                );
                self.sink.unsupported(node.span, &TF114, message);
            }
        }
    }

    /// An instance group that is a resource of its own: a task group of the cluster that it names.
    pub fn group(&mut self, resource: &Resource<'a>) {
        if !self.single(resource) {
            return;
        }
        let Some(at) = self.owner(resource) else { return };
        let mut group = empty_group(Role::Task, resource.span);
        for entry in entries(resource.body) {
            match &*entry.key {
                "cluster_id" => {}
                "instance_type" => group.instance_types.push(self.take(entry)),
                "instance_count" => group.count = Some(self.take(entry)),
                "bid_price" => group.bid_price = Some(self.take(entry)),
                "name" => group.name = Some(self.take(entry)),
                _ => self.leave(resource, EMR_GROUP, "", entry),
            }
        }
        if let Some(cluster) = self.module.clusters.get_mut(at) {
            cluster.groups.push(group);
        }
    }

    pub fn fleet(&mut self, resource: &Resource<'a>) {
        if !self.single(resource) {
            return;
        }
        let Some(at) = self.owner(resource) else { return };
        let group = self.fleet_body(resource, resource.body, Role::Task, EMR_FLEET, "");
        if let Some(cluster) = self.module.clusters.get_mut(at) {
            cluster.groups.push(group);
        }
    }

    /// The cluster that `cluster_id` names, by its place in the module. Otherwise the resource is refused here.
    fn owner(&mut self, resource: &Resource<'a>) -> Option<usize> {
        let entry = resource.body.entry("cluster_id");
        let name = entry.map(|e| super::close::references(&e.value)).and_then(|references| {
            references.into_iter().find(|r| r.len() >= 2 && r[0] == "aws_emr_cluster").map(|r| format!("{}.{}", r[0], r[1]))
        });
        let found = name.and_then(|name| self.module.clusters.iter().position(|c| c.reference == name));
        match (found, entry) {
            (Some(at), Some(entry)) => {
                entry.value.mark_read();
                self.sink.absorb(entry.value.span, &TF103, "ties the group to its cluster, of which it is now a part");
                Some(at)
            }
            _ => {
                let span = entry.map_or(resource.name_span, |e| e.value.span);
                let message = format!("{} belongs to a cluster that this module does not translate", resource.address);
                self.sink.report(Diagnostic::refused(&TF115, span, message).help("declare the cluster in the same module"));
                self.refuse(resource, Disposition::Unsupported, "its cluster is not in this module");
                None
            }
        }
    }
}

const FLEET_DETAIL: &str =
    "weights, capacities and ways of buying a fleet's machines are not translated; the nodes' autoscaler has its own settings";

fn is_positive(node: &Node) -> bool {
    !matches!(&node.kind, Kind::Number(text) if &**text == "0")
}

fn empty_group(role: Role, span: Span) -> InstanceGroup {
    InstanceGroup { role, name: None, instance_types: Vec::new(), count: None, bid_price: None, span }
}

/// A classification as EMR's API writes it (`Classification`, `Properties`, `Configurations`), or with small initials.
fn classification(value: &Val, around: Span) -> Option<Classification> {
    let get = |name: &str| value.get(name).or_else(|| value.get(&name.to_ascii_lowercase()));
    value.map()?;
    let name = get("Classification")?.sourced()?;
    let properties = match get("Properties") {
        Some(properties) => properties.map()?.to_vec(),
        None => Vec::new(),
    };
    let nested = match get("Configurations") {
        Some(list) => list.list()?.iter().map(|item| classification(item, around)).collect::<Option<Vec<_>>>()?,
        None => Vec::new(),
    };
    let span = name.span().unwrap_or(around);
    let name = Sourced { origins: name.origins, value: name.value };
    Some(Classification { name, properties, nested, span })
}
