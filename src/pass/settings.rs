//! Settings of a cluster and of a batch's `conf`, put where Kubernetes has them: fields of the job, `sparkConf`, `hadoopConf`.
use super::sizing::ClusterSettings;
use crate::ir::job::{DynamicAllocation, SparkJob};
use crate::ir::quantity::{Cores, MiB};
use crate::source::rules::plan;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced};

type Property = (Sourced<String>, Sourced<String>);

/// Applies the batch's properties, and below them the cluster's, to a job whose payload fields are set: those win, as
/// they do in Livy.
pub fn apply(job: &mut SparkJob, batch: Vec<Property>, cluster: &ClusterSettings, sink: &mut Sink) {
    let mut properties = batch;
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
            sink.report(Diagnostic::warning(
                &plan::SIZ112,
                value.span(),
                format!("`{}` is `{}`, which Spark cannot read", key.value, value.value),
            ));
        }
    }
}
