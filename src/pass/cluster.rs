//! Clusters: which one a pipeline's jobs ran on, what it gives to them, and what of it has no counterpart.
use super::near::{Near, Nearest};
use super::sizing::ClusterSettings;
use crate::import::emr::settings;
use crate::ir::cluster::{Classification, Cluster};
use crate::ir::estate::Estate;
use crate::ir::value::Val;
use crate::source::files::Files;
use crate::source::rules::plan::{CLU101, CLU102, CLU103, CLU104, CLU105, LNK101, LNK109, SIZ111};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced, Span};
use std::collections::BTreeMap;

/// The settings of every cluster, in the estate's order, and of every configuration file that no cluster took.
#[derive(Debug, Default)]
pub struct Clusters {
    settings: Vec<ClusterSettings>,
    /// Where each is defined.
    paths: Vec<String>,
    /// By what they run: Livy, or anything.
    livy: Near,
    any: Near,
    /// Those that a state of a machine creates: for that machine's jobs alone.
    created: Vec<usize>,
}

/// What clusters refer to, by the last part of its path.
struct Beside {
    configurations: Near,
    scripts: Near,
}

/// The one name under which things are entered that have no name of their own.
const ANY: &str = "";

/// Reads every cluster once: marks what does not go on, keeps what its jobs get.
#[must_use]
pub fn read(estate: &Estate, files: &Files, sink: &mut Sink) -> Clusters {
    let mut clusters = Clusters::default();
    let mut beside = Beside { configurations: Near::default(), scripts: Near::default() };
    for (index, file) in estate.configurations.iter().enumerate() {
        beside.configurations.insert(ANY, &file.path, index);
    }
    for (index, found) in estate.found.iter().enumerate().filter(|(_, f)| f.kind.contains("script")) {
        let path = &files.get(found.span.file).path;
        beside.scripts.insert(path.rsplit('/').next().unwrap_or(path), path, index);
    }
    let mut used = vec![false; estate.configurations.len()];
    let paths: BTreeMap<&str, usize> = estate.configurations.iter().enumerate().map(|(i, c)| (c.path.as_str(), i)).collect();
    for cluster in &estate.clusters {
        let path = &files.get(cluster.span.file).path;
        let mut classifications = cluster.classifications.clone();
        if let Some(index) = configuration(cluster, estate, &beside, &paths, path, sink) {
            used[index] = true;
            classifications.extend(estate.configurations[index].classifications.iter().cloned());
        }
        let mut found = cluster_settings(&classifications, sink);
        found.cluster = cluster.name.as_ref().and_then(Val::literal).unwrap_or_else(|| cluster.reference.clone());
        found.release = cluster.release_label.as_ref().and_then(Val::sourced);
        if let Some(release) = cluster.release_label.as_ref().filter(|_| found.release.is_none()) {
            for span in release.all_origins().iter() {
                sink.unsupported(span, &CLU101, "the sources do not tell the cluster's release, which decides the version of Spark");
            }
        }
        let livy = cluster.applications.iter().any(|a| a.literal().is_some_and(|a| a.eq_ignore_ascii_case("livy")));
        account(cluster, path, estate, &beside, sink);
        let created = estate.machines.iter().any(|machine| machine.span.contains(cluster.span));
        clusters.add(found, path, cluster.span, livy, created);
    }
    for (index, file) in estate.configurations.iter().enumerate() {
        if !used[index] {
            let mut found = cluster_settings(&file.classifications, sink);
            found.cluster.clone_from(&file.path);
            clusters.add(found, &file.path, file.span, false, false);
        }
    }
    clusters
}

impl Clusters {
    fn add(&mut self, mut settings: ClusterSettings, path: &str, span: Span, livy: bool, created: bool) {
        let index = self.settings.len();
        settings.defined = Some(span);
        if created {
            self.created.push(index);
        } else {
            if livy {
                self.livy.insert(ANY, path, index);
            }
            self.any.insert(ANY, path, index);
        }
        self.settings.push(settings);
        self.paths.push(path.to_owned());
    }

    /// The settings for jobs of a pipeline that `place` defines: of the clusters that run Livy, or of all when none says so,
    /// the nearest. `machine`: the definition whose own clusters come first.
    pub fn for_jobs(&self, place: &str, span: Option<Span>, machine: Option<Span>, sink: &mut Sink) -> ClusterSettings {
        let own = |index: &&usize| self.settings[**index].defined.is_some_and(|at| machine.is_some_and(|machine| machine.contains(at)));
        let mut created = self.created.iter().filter(own);
        if let Some(first) = created.next() {
            let settings = &self.settings[*first];
            if let Some(other) = created.next() {
                let message =
                    format!("the machine creates several clusters: the settings of `{}` are taken for all of its jobs", settings.cluster);
                sink.report(Diagnostic::question(&LNK101, span, message).related(self.settings[*other].defined, "another cluster"));
            }
            return settings.clone();
        }
        let Some(found) = self.livy.find(ANY, place).or_else(|| self.any.find(ANY, place)) else {
            sink.report(
                Diagnostic::question(&LNK101, span, "the sources hold no EMR cluster: its release and its Spark defaults are not known")
                    .help("migrate from a folder that holds the cluster's definition too, or check the versions and the settings of the output"),
            );
            return ClusterSettings::default();
        };
        let settings = &self.settings[found.index];
        if found.equals > 1 {
            let message = format!(
                "{} clusters could run these jobs: `{}` ({}) is taken, the first of the nearest",
                found.equals, settings.cluster, self.paths[found.index]
            );
            sink.report(Diagnostic::question(&LNK101, span, message).related(settings.defined, "this cluster"));
        }
        settings.clone()
    }

    /// Settings that no job took: nothing of the sources runs on their cluster.
    pub fn mark_unused(&self, sink: &mut Sink) {
        for settings in &self.settings {
            for (_, value) in settings.spark_conf.iter().chain(&settings.hadoop_conf) {
                for span in value.origins.iter() {
                    sink.ignore(span, &SIZ111, "a setting for jobs of this cluster, and the sources show no job that takes it");
                }
            }
            let others = [
                &settings.minimum_allocation.as_ref().map(|m| m.origins.clone()),
                &settings.dynamic_allocation.as_ref().map(|d| d.origins.clone()),
            ];
            for span in others.into_iter().flatten().flat_map(|o| o.iter().collect::<Vec<_>>()) {
                sink.ignore(span, &SIZ111, "a setting for jobs of this cluster, and the sources show no job that takes it");
            }
            for queue in &settings.queues {
                for span in queue.origins.iter() {
                    sink.ignore(span, &SIZ111, "a queue that no job of the sources names");
                }
            }
            for span in settings.release.iter().flat_map(|r| r.origins.iter().collect::<Vec<_>>()) {
                sink.ignore(span, &SIZ111, "the release of a cluster on which the sources show no job");
            }
        }
    }
}

/// The configuration file of a cluster: the one it names, or, when the sources do not say its name, the only one beside it.
fn configuration(
    cluster: &Cluster,
    estate: &Estate,
    beside: &Beside,
    paths: &BTreeMap<&str, usize>,
    path: &str,
    sink: &mut Sink,
) -> Option<usize> {
    let named = cluster.configurations_file.as_ref()?;
    if let Some(text) = named.literal() {
        let folder = path.rsplit_once('/').map_or("", |(f, _)| f);
        let wanted = crate::source::files::join(folder, text.trim_start_matches("./")).unwrap_or_else(|| text.clone());
        let found = paths.get(wanted.as_str()).copied();
        match found {
            Some(_) => sink.absorb_all(&named.origins, &LNK109, "names the configuration file, whose settings are used"),
            None => {
                for span in named.origins.iter() {
                    sink.unsupported(span, &LNK109, "names a configuration file that was not found, or holds no classifications");
                }
                sink.report(
                    Diagnostic::warning(
                        &LNK109,
                        named.origins.first(),
                        format!("the configuration file `{text}` is not among the sources, so what it sets is not known"),
                    )
                    .help("migrate from a folder that holds it too"),
                );
            }
        }
        return found;
    }
    // The importer asked for the variable's value; what lies beside the cluster is what it deploys, and the question stays.
    let Some(Nearest { index: only, equals: 1 }) = beside.configurations.beside(ANY, path) else {
        for span in named.origins.iter() {
            sink.unsupported(span, &LNK109, "names a configuration file that the sources do not tell");
        }
        return None;
    };
    sink.absorb_all(&named.origins, &LNK109, "names the configuration file; the one beside the cluster is used");
    let file = &estate.configurations[only];
    sink.report(
        Diagnostic::note(
            &LNK109,
            named.origins.first().or(Some(cluster.span)),
            format!(
                "which configuration file `{}` uses is not written in the sources; `{}` lies beside it and is used",
                cluster.reference, file.path
            ),
        )
        .related(file.span, "this file"),
    );
    Some(only)
}

fn cluster_settings(list: &[Classification], sink: &mut Sink) -> ClusterSettings {
    let found = settings(list, sink);
    let text = |list: Vec<(Sourced<String>, Val)>, sink: &mut Sink| -> Vec<(Sourced<String>, Sourced<String>)> {
        list.into_iter()
            .filter_map(|(key, value)| match value.sourced() {
                Some(value) => Some((key, value)),
                None => {
                    let message = format!(
                        "the cluster sets `{}` to `{}`, which is not known from the sources → jobs run without it",
                        key.value,
                        value.display()
                    );
                    sink.report(Diagnostic::changed(&SIZ111, value.all_origins().first().or(key.span()), message));
                    for span in value.all_origins().iter() {
                        sink.unsupported(span, &SIZ111, "its value is not known from the sources");
                    }
                    None
                }
            })
            .collect()
    };
    let mut spark_conf = text(found.spark_conf, sink);
    let hadoop_conf = text(found.hadoop_conf, sink);
    let property =
        |name: &str| list.iter().flat_map(|c| &c.properties).find(|(key, _)| key.value == name).and_then(|(_, value)| value.sourced());
    let dynamic_allocation =
        property("spark.dynamicAllocation.enabled").and_then(|value| match value.value.to_ascii_lowercase().as_str() {
            "true" => Some(Sourced::new(true, value.origins)),
            "false" => Some(Sourced::new(false, value.origins)),
            other => {
                let message = format!("`spark.dynamicAllocation.enabled` is `{other}`, which Spark refuses; it is left out");
                sink.report(Diagnostic::warning(&SIZ111, value.span(), message).help("write `true` or `false`"));
                None
            }
        });
    // A job says by its own fields whether its executors come and go.
    spark_conf.retain(|(key, value)| key.value != "spark.dynamicAllocation.enabled" || value.value.eq_ignore_ascii_case("true"));
    for queue in &found.queues {
        for part in
            [&queue.capacity, &queue.maximum_capacity, &queue.submit_acl, &queue.state, &queue.default_node_label].into_iter().flatten()
        {
            for span in part.origins.iter() {
                sink.unsupported(
                    span,
                    &CLU105,
                    "shares of YARN's queues are not translated by this version: YuniKorn's queues have quotas of their own",
                );
            }
        }
    }
    if let Some(value) = &found.max_attempts {
        sink.absorb_all(&value.all_origins(), &SIZ111, "the job itself never runs twice; a submission is retried where the state says so");
    }
    if let Some(value) = &found.default_queue {
        for span in value.all_origins().iter() {
            sink.unsupported(span, &CLU105, "the default queue of jobs that name none");
        }
    }
    ClusterSettings {
        cluster: String::new(),
        defined: None,
        max_attempts: found.max_attempts.as_ref().and_then(Val::sourced),
        release: None,
        spark_conf,
        hadoop_conf,
        queues: found.queues.iter().filter(|q| q.path != "root").map(|q| Sourced::new(q.path.clone(), q.name.origins.clone())).collect(),
        minimum_allocation: property("yarn.scheduler.minimum-allocation-mb")
            .and_then(|v| v.value.parse().ok().map(|n| Sourced::new(n, v.origins))),
        dynamic_allocation,
    }
}

/// What of a cluster has no counterpart, or none yet.
fn account(cluster: &Cluster, path: &str, estate: &Estate, beside: &Beside, sink: &mut Sink) {
    let ignore = |value: &Option<Val>, why: &str, sink: &mut Sink| {
        for span in value.iter().flat_map(|v| v.all_origins().iter().collect::<Vec<_>>()) {
            sink.ignore(span, &CLU101, why);
        }
    };
    ignore(&cluster.name, "the name of a cluster that no longer exists; pipelines are named after their state machines", sink);
    ignore(&cluster.log_uri, "EMR's own logs; pods write to standard output, which the cluster's logging collects", sink);
    for application in &cluster.applications {
        sink.absorb_all(
            &application.all_origins(),
            &CLU101,
            "Spark is in the image; what EMR ran beside it is replaced by the operator and Argo",
        );
    }
    let mut groups = Vec::new();
    let mut origins = Origins::none();
    for group in &cluster.groups {
        let types: Vec<String> = group.instance_types.iter().map(Val::display).collect();
        let count = group.count.as_ref().map_or_else(String::new, |c| format!("{} × ", c.display()));
        let spot = if group.bid_price.as_ref().is_some_and(|price| price.literal().is_none_or(|text| !text.trim().is_empty())) {
            ", spot"
        } else {
            ""
        };
        groups.push(format!("{:?} {count}{}{spot}", group.role, types.join("|")).to_lowercase());
        for value in group.name.iter().chain(&group.instance_types).chain(&group.count).chain(&group.bid_price) {
            origins.extend(&value.all_origins());
        }
    }
    for span in origins.iter() {
        sink.unsupported(span, &CLU102, "node pools are not translated by this version");
    }
    if !groups.is_empty() {
        sink.report(
            Diagnostic::changed(
                &CLU102,
                cluster.span,
                format!("`{}` ran on {} → on whatever nodes the cluster has", cluster.reference, groups.join(", ")),
            )
            .help("give the Kubernetes cluster nodes of at least this size, spot where it was spot"),
        );
    }
    for action in &cluster.bootstrap_actions {
        let address = action.path.as_ref().map_or_else(|| "(no path)".to_owned(), Val::display);
        let mut spans = Origins::none();
        for value in action.name.iter().chain(&action.path).chain(&action.args) {
            spans.extend(&value.all_origins());
        }
        for span in spans.iter() {
            sink.unsupported(span, &CLU103, "bootstrap actions are not translated by this version");
        }
        let at = action.path.as_ref().and_then(|p| p.origins.first()).unwrap_or(action.span);
        let mut diagnostic = Diagnostic::refused(&CLU103, at, format!("the bootstrap action `{address}` is not translated"))
            .help("what it installs for Spark jobs belongs into their Dockerfile; what it does for EMR is needless");
        if let Some(script) = script_named(&address, estate, beside, path) {
            diagnostic = diagnostic.related(script, "a script of this name was found, and not read");
        }
        sink.report(diagnostic);
    }
    for step in &cluster.steps {
        let mut spans = Origins::none();
        for value in step.name.iter().chain(&step.action_on_failure).chain(&step.jar).chain(&step.main_class).chain(&step.args) {
            spans.extend(&value.all_origins());
        }
        for span in spans.iter() {
            sink.unsupported(span, &CLU104, "steps of a cluster are not translated by this version");
        }
        let name = step.name.as_ref().map_or_else(|| "(no name)".to_owned(), Val::display);
        let words: String = step.args.iter().map(Val::display).collect::<Vec<_>>().join(" ");
        let mut diagnostic = Diagnostic::refused(
            &CLU104,
            step.name.as_ref().and_then(|n| n.origins.first()).unwrap_or(step.span),
            format!("the step `{name}` of the cluster is not translated"),
        )
        .help("a Spark step becomes a pipeline by hand; what it sets up for EMR itself is needless");
        if let Some(script) = words.split([' ', ';']).find_map(|w| script_named(w, estate, beside, path)) {
            diagnostic = diagnostic.related(script, "it runs a script of this name, which was found and not read");
        }
        sink.report(diagnostic);
    }
}

/// A script that was found under the last part of an `s3://` address.
fn script_named(address: &str, estate: &Estate, beside: &Beside, place: &str) -> Option<Span> {
    let name = address.rsplit('/').next().filter(|n| n.contains('.'))?;
    beside.scripts.find(name, place).map(|found| estate.found[found.index].span)
}
