//! Settings of a cluster and of a batch's `conf`, put where Kubernetes has them: fields of the job, `sparkConf`, `hadoopConf`.
use super::sizing::ClusterSettings;
use crate::facts::properties::{Action, Scope, property};
use crate::ir::job::{DynamicAllocation, SparkJob};
use crate::ir::quantity::{Cores, MiB};
use crate::source::rules::plan;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced};

type Property = (Sourced<String>, Sourced<String>);

/// Applies the batch's properties, and below them the cluster's, to a job whose payload fields are set: those win, as
/// they do in Livy.
pub fn apply(job: &mut SparkJob, batch: Vec<Property>, cluster: &ClusterSettings, sink: &mut Sink) {
    let mut properties: Vec<Property> = Vec::new();
    for (key, value) in batch {
        dispose(job, key, value, &mut properties, sink);
    }
    for (key, value) in &cluster.spark_conf {
        if properties.iter().any(|(k, _)| k.value == key.value) {
            sink.absorb_all(&value.origins, &plan::SIZ111, "the batch's own value takes its place");
        } else {
            properties.push((key.clone(), value.clone()));
        }
    }
    for (key, value) in properties {
        if let Some(name) = key.value.strip_prefix("spark.hadoop.") {
            job.hadoop_conf.push((Sourced::new(name.to_owned(), key.origins), value));
        } else if !field(job, &key, &value, sink) {
            job.spark_conf.push((key, value));
        }
    }
    for (key, value) in &cluster.hadoop_conf {
        if !job.hadoop_conf.iter().any(|(k, _)| k.value == key.value) {
            job.hadoop_conf.push((key.clone(), value.clone()));
        }
    }
    job.spark_conf.sort_by(|a, b| a.0.value.cmp(&b.0.value));
    job.hadoop_conf.sort_by(|a, b| a.0.value.cmp(&b.0.value));
}

/// What becomes of one property of a batch.
fn dispose(job: &SparkJob, key: Sourced<String>, value: Sourced<String>, out: &mut Vec<Property>, sink: &mut Sink) {
    let Some(disposition) = property(Scope::Spark, &key.value, Some(&value.value)) else {
        out.push((key, value));
        return;
    };
    if let (Some(verdict), false) = (disposition.verdict, disposition.reason.is_empty()) {
        let mut diagnostic = Diagnostic::note(&plan::SIZ111, value.span(), format!("`{}` of `{}`: {}", key.value, job.name.value, disposition.reason));
        diagnostic.verdict = Some(verdict);
        sink.report(diagnostic);
    }
    let note = if disposition.reason.is_empty() { "the SparkApplication says it in a field of its own" } else { disposition.reason };
    match disposition.action {
        Action::Keep | Action::Field(_) => out.push((key, value)),
        Action::Rename(name) => out.push((Sourced::new(name, key.origins), value)),
        Action::Set { name, value: set } => {
            let origins = key.origins.with(&value.origins);
            out.push((Sourced::new(name.to_owned(), origins.clone()), Sourced::new(set.to_owned(), origins)));
        }
        Action::JavaOptions => {
            let kept = java_options(&key, &value, sink);
            if !kept.value.is_empty() {
                out.push((key, kept));
            }
        }
        Action::Queue(_) | Action::Attempts | Action::Absorb => sink.absorb_all(&value.origins, &plan::SIZ111, note),
        Action::Ignore => value.origins.iter().for_each(|span| sink.ignore(span, &plan::SIZ111, note)),
        Action::Unsupported | Action::Refuse => {
            value.origins.iter().for_each(|span| sink.unsupported(span, &plan::SIZ111, note));
            if disposition.verdict.is_none() {
                sink.report(Diagnostic::changed(&plan::SIZ111, value.span(), format!("`{}` of `{}` is not carried over: {note}", key.value, job.name.value)));
            }
        }
    }
}

/// Options of the Java virtual machine without those that Java 17 refuses to start with.
fn java_options(key: &Sourced<String>, value: &Sourced<String>, sink: &mut Sink) -> Sourced<String> {
    let mut kept = Vec::new();
    for word in value.value.split_whitespace() {
        match crate::facts::java_flags::removed_in_java_17(word) {
            Some(why) => sink.report(
                Diagnostic::changed(&plan::SIZ111, value.span(), format!("`{word}` of `{}` → left out: {why}", key.value))
                    .help("the image runs Java 17"),
            ),
            None => kept.push(word),
        }
    }
    Sourced::new(kept.join(" "), value.origins.clone())
}

/// Puts a property that is a field of the SparkApplication into the job. The payload's own field wins.
fn field(job: &mut SparkJob, key: &Sourced<String>, value: &Sourced<String>, sink: &mut Sink) -> bool {
    let origins = value.origins.clone();
    let mut size = |slot: &mut Option<Sourced<MiB>>| set(slot, MiB::from_jvm(&value.value), key, value, sink);
    match key.value.as_str() {
        "spark.driver.memory" => size(&mut job.driver.memory),
        "spark.executor.memory" => size(&mut job.executor.memory),
        "spark.driver.memoryOverhead" => size(&mut job.driver.overhead),
        "spark.executor.memoryOverhead" => size(&mut job.executor.overhead),
        "spark.driver.cores" => set(&mut job.driver.cores, number(value).map(Cores), key, value, sink),
        "spark.executor.cores" => set(&mut job.executor.cores, number(value).map(Cores), key, value, sink),
        "spark.executor.instances" => set(&mut job.instances, number(value), key, value, sink),
        "spark.dynamicAllocation.enabled" => {
            if value.value.eq_ignore_ascii_case("true") {
                allocation(job, &origins);
            }
        }
        "spark.dynamicAllocation.initialExecutors" => set(&mut allocation(job, &origins).initial, number(value), key, value, sink),
        "spark.dynamicAllocation.minExecutors" => set(&mut allocation(job, &origins).minimum, number(value), key, value, sink),
        "spark.dynamicAllocation.maxExecutors" => set(&mut allocation(job, &origins).maximum, number(value), key, value, sink),
        _ => return false,
    }
    true
}

fn allocation<'j>(job: &'j mut SparkJob, origins: &Origins) -> &'j mut DynamicAllocation {
    let allocation = job.dynamic_allocation.get_or_insert_with(DynamicAllocation::default);
    allocation.origins.extend(origins);
    allocation
}

fn number(value: &Sourced<String>) -> Option<u32> {
    value.value.trim().parse().ok()
}

fn set<T>(slot: &mut Option<Sourced<T>>, parsed: Option<T>, key: &Sourced<String>, value: &Sourced<String>, sink: &mut Sink) {
    match parsed {
        Some(_) if slot.is_some() => sink.absorb_all(&value.origins, &plan::SIZ111, "the batch's own field takes its place"),
        Some(parsed) => *slot = Some(Sourced::new(parsed, value.origins.clone().with(&key.origins))),
        None => {
            value.origins.iter().for_each(|span| sink.unsupported(span, &plan::SIZ112, "not a value that Spark reads"));
            sink.report(Diagnostic::warning(&plan::SIZ112, value.span(), format!("`{}` is `{}`, which Spark cannot read", key.value, value.value)));
        }
    }
}
