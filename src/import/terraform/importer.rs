//! What the import of every kind of resource shares: taking attributes, and leaving the others with a reason.
use super::eval::{Evaluator, one_line};
use super::index::{Index, Resource};
use super::module::Module;
use super::operators;
use super::table::{self, Attribute, Row};
use crate::ir::estate::Found;
use crate::ir::value::{Val, Value};
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::terraform::{TF102, TF103, TF104, TF105, TF108, TF111};
use crate::source::sink::{Diagnostic, Disposition, Sink};
use crate::source::span::Span;
use std::collections::{BTreeMap, BTreeSet};

pub struct Importer<'a, 'i> {
    pub eval: &'i Evaluator<'i, 'a>,
    pub index: &'i Index<'a>,
    pub sink: &'i mut Sink,
    pub module: Module<'a>,
    /// Load balancers and DNS records that lead to an EMR cluster, with its address.
    pub exposed: BTreeMap<String, String>,
    /// Event targets by the address of their rule, as places in the index.
    pub targets: BTreeMap<String, Vec<usize>>,
    /// Variables without a value about which a question was asked.
    pub asked: BTreeSet<String>,
}

impl<'a> Importer<'a, '_> {
    /// Marks everything inside a span with a fate and its reason.
    pub fn mark(&mut self, span: Span, fate: Disposition, why: impl Into<String>) {
        match fate {
            Disposition::Ignored => self.sink.ignore(span, &TF103, why),
            _ => self.sink.unsupported(span, &TF104, why),
        }
    }

    /// The value of an attribute that is translated.
    pub fn take(&mut self, entry: &'a Entry) -> Val {
        let value = self.eval.node(&entry.value);
        self.check(&entry.key, &entry.value, &value);
        value
    }

    /// Reports what of a value could not be evaluated.
    pub fn check(&mut self, key: &str, node: &Node, value: &Val) {
        if let Some((expression, why)) = unknown(value) {
            let message = format!("`{key}` is not known: `{expression}`: {why}");
            self.sink.report(
                Diagnostic::warning(&TF111, node.span, message)
                    .help("write the value literally, or give the variables that it depends on values in `terraform.tfvars`"),
            );
        }
    }

    /// The blocks or objects under a key: repeated blocks, or a list of objects, or one object.
    pub fn blocks(&mut self, entry: &'a Entry) -> Vec<&'a Node> {
        match &entry.value.kind {
            Kind::Object(_) => vec![&entry.value],
            Kind::Array(items) if items.iter().all(|i| matches!(i.kind, Kind::Object(_))) => items.iter().collect(),
            _ => {
                let message = format!("`{}` is an expression, not a block, and is not translated", entry.key);
                self.sink.report(Diagnostic::refused(&TF108, entry.value.span, message).help("write it as a block"));
                self.sink.unsupported(entry.value.span, &TF108, "the block is made by an expression");
                Vec::new()
            }
        }
    }

    /// An attribute that is not taken: a mark from the table, or a complaint that nobody knows it.
    pub fn leave(&mut self, resource: &Resource<'a>, rows: &[Attribute], prefix: &str, entry: &'a Entry) {
        let path = if prefix.is_empty() { entry.key.to_string() } else { format!("{prefix}.{}", entry.key) };
        let span = entry.value.span;
        if prefix.is_empty() && matches!(&*entry.key, "count" | "for_each") {
            // Seen by `single` before.
            return self.sink.ignore(span, &TF105, "it comes to one instance, which is translated");
        }
        if let Some((_, fate, why)) = table::META.iter().find(|(name, ..)| prefix.is_empty() && *name == &*entry.key) {
            return match fate {
                Disposition::Ignored => self.sink.ignore(span, &TF105, *why),
                _ => self.mark(span, *fate, *why),
            };
        }
        if &*entry.key == "dynamic" {
            let message = format!("a `dynamic` block of {} is not translated", resource.address);
            self.sink.report(Diagnostic::refused(&TF108, span, message).help("write the blocks out that it makes"));
            return self.sink.unsupported(span, &TF108, "the blocks that a `dynamic` block makes are not translated");
        }
        match table::row(rows, &path) {
            Row::Fate(fate, why) => self.mark(span, fate, why),
            Row::Below => match &entry.value.kind {
                Kind::Object(entries) if !entries.is_empty() => entries.iter().for_each(|e| self.leave(resource, rows, &path, e)),
                Kind::Object(_) => self.mark(span, Disposition::Ignored, "an empty block says nothing"),
                _ => self.mark(span, Disposition::Unsupported, "the block is made by an expression"),
            },
            Row::None => {
                let known = rows.iter().map(|(name, ..)| name.strip_prefix(prefix).unwrap_or(name).trim_start_matches('.'));
                let near = known
                    .map(|name| (strsim::damerau_levenshtein(name, &entry.key), name))
                    .min()
                    .filter(|(distance, name)| *distance <= 2 && *distance < name.len() / 2);
                let message = format!("`{path}` is no attribute of {} that this version knows", resource.kind);
                let diagnostic = Diagnostic::warning(&TF102, entry.key_span, message);
                self.sink.report(match near {
                    Some((_, name)) => diagnostic.help(format!("did you mean `{name}`?")),
                    None => diagnostic.help("carry it over by hand if it matters"),
                });
                self.sink.unsupported(span, &TF102, format!("this version does not know the attribute `{path}` of {}", resource.kind));
            }
        }
    }

    /// Notes a resource that is not translated, and marks all of it.
    pub fn refuse(&mut self, resource: &Resource<'a>, fate: Disposition, why: &str) {
        self.mark(resource.body.span, fate, why);
        self.find(resource, why);
    }

    pub fn find(&mut self, resource: &Resource<'a>, why: &str) {
        let found = Found { kind: resource.kind.into(), name: resource.address.clone(), span: resource.span, why: why.into() };
        self.module.found.push(found);
    }

    /// Whether a resource that is translated comes to one instance. Otherwise it is reported and marked here.
    pub fn single(&mut self, resource: &Resource<'a>) -> bool {
        let Some(entry) = ["count", "for_each"].iter().find_map(|key| resource.body.entry(key)) else { return true };
        let value = self.eval.node(&entry.value);
        let instances = match (&*entry.key, &value.value) {
            ("count", _) if operators::known(&value) => {
                operators::number(&value).or_else(|| operators::truth(&value).map(|t| f64::from(u8::from(t))))
            }
            ("for_each", Value::List(items)) if items.is_empty() => Some(0.0),
            ("for_each", Value::Map(entries)) if entries.is_empty() => Some(0.0),
            _ => None,
        };
        match instances {
            Some(1.0) => {
                self.module.also.extend(&value.all_origins());
                true
            }
            Some(0.0) => {
                let why = format!("`{}` is {}: no such resource is made", entry.key, one_line(&value.display()));
                self.sink.ignore(resource.body.span, &TF108, why.clone());
                self.find(resource, &why);
                false
            }
            _ => {
                let message = format!("{} exists `{}` times, and is not translated", resource.address, entry.key);
                let shown = one_line(&value.display());
                self.sink.report(
                    Diagnostic::refused(&TF108, entry.value.span, message)
                        .help(format!("write the instances out as resources of their own; `{}` is {shown}", entry.key)),
                );
                self.sink.unsupported(resource.body.span, &TF108, format!("resources with `{}` are not translated", entry.key));
                self.find(resource, &format!("`{}` makes other than one instance", entry.key));
                false
            }
        }
    }

    pub fn resources(&mut self) {
        let index = self.index;
        for resource in &index.resources {
            if resource.data {
                self.data(resource);
                continue;
            }
            match resource.kind {
                "aws_emr_cluster" => self.cluster(resource),
                // These are read with the cluster, and with the rule, that they belong to.
                "aws_emr_instance_group" | "aws_emr_instance_fleet" | "aws_cloudwatch_event_target" => {}
                "aws_sfn_state_machine" => self.machine(resource),
                "aws_lambda_function" => self.function(resource),
                "aws_cloudwatch_event_rule" => self.rule(resource),
                "aws_scheduler_schedule" => self.schedule(resource),
                kind if table::exposes(kind) => self.exposure(resource),
                kind => {
                    let (fate, why) = table::resource(kind);
                    self.refuse(resource, fate, why);
                }
            }
        }
        for (at, resource) in index.resources.iter().enumerate() {
            match resource.kind {
                _ if resource.data => {}
                "aws_emr_instance_group" => self.group(resource),
                "aws_emr_instance_fleet" => self.fleet(resource),
                "aws_cloudwatch_event_target" => self.loose_target(resource, at),
                _ => {}
            }
        }
    }

    fn data(&mut self, resource: &Resource<'a>) {
        let (fate, why) = match resource.kind {
            "aws_iam_policy_document" => table::resource("aws_iam_"),
            "archive_file" => table::resource("archive_"),
            _ => (Disposition::Unsupported, "looked up in the account when Terraform runs, so it is not known here"),
        };
        self.mark(resource.body.span, fate, why);
    }

    /// A load balancer or a DNS record: ignored when it gives EMR's web pages an address.
    fn exposure(&mut self, resource: &Resource<'a>) {
        match self.exposed.get(&resource.address).cloned() {
            Some(cluster) => {
                let why = format!("exposes the web pages of EMR's own machines ({cluster}), which do not exist on Kubernetes");
                self.refuse(resource, Disposition::Ignored, &why);
            }
            None => {
                let why = "a load balancer or DNS record that nothing in this module ties to an EMR cluster";
                self.refuse(resource, Disposition::Unsupported, why);
            }
        }
    }
}

/// The first thing in a value that could not be evaluated.
pub fn unknown(val: &Val) -> Option<(String, String)> {
    match &val.value {
        Value::Unknown(unknown) => Some((unknown.expression.clone(), unknown.why.clone())),
        Value::List(items) => items.iter().find_map(unknown),
        Value::Map(entries) => entries.iter().find_map(|(_, v)| unknown(v)),
        _ => None,
    }
}

/// Entries of a block, none for anything else.
pub fn entries(node: &Node) -> &[Entry] {
    node.object().unwrap_or(&[])
}
