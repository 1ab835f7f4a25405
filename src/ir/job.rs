//! Spark jobs: a Livy batch as written, and a job as the plan runs it.
use super::quantity::{Cores, MiB};
use super::value::Val;
use crate::source::span::{Sourced, Span};

/// The payload of Livy's `POST /batches`, every documented field, as written (Apache Livy, REST API page).
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub file: Option<Val>,
    pub proxy_user: Option<Val>,
    pub class_name: Option<Val>,
    pub args: Option<Val>,
    pub jars: Option<Val>,
    pub py_files: Option<Val>,
    pub files: Option<Val>,
    pub driver_memory: Option<Val>,
    pub driver_cores: Option<Val>,
    pub executor_memory: Option<Val>,
    pub executor_cores: Option<Val>,
    pub num_executors: Option<Val>,
    pub archives: Option<Val>,
    pub queue: Option<Val>,
    pub name: Option<Val>,
    pub conf: Vec<(Sourced<String>, Val)>,
    pub span: Option<Span>,
    /// What says that there is a job at all: the program that is run.
    pub decided_by: crate::source::span::Origins,
}

/// What language the application is in, as the Spark Operator names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    Scala,
    Java,
    Python,
    R,
}

/// A Spark job with everything known, in Spark's units: what an emitter writes.
#[derive(Clone, Debug)]
pub struct SparkJob {
    /// A DNS label, unique in its pipeline.
    pub name: Sourced<String>,
    pub language: Language,
    /// The source's location of the application file (`s3://…/x.jar`).
    pub file: Sourced<String>,
    pub main_class: Option<Sourced<String>>,
    pub arguments: Vec<Sourced<Vec<Piece>>>,
    pub jars: Vec<Sourced<String>>,
    pub py_files: Vec<Sourced<String>>,
    pub files: Vec<Sourced<String>>,
    pub archives: Vec<Sourced<String>>,
    pub queue: Option<Sourced<String>>,
    pub proxy_user: Option<Sourced<String>>,
    pub driver: Resources,
    pub executor: Resources,
    pub instances: Option<Sourced<u32>>,
    /// Executors come and go with the load: the least and the most, where they are set.
    pub dynamic_allocation: Option<DynamicAllocation>,
    pub spark_conf: Vec<(Sourced<String>, Sourced<String>)>,
    pub hadoop_conf: Vec<(Sourced<String>, Sourced<String>)>,
    /// Submissions after a failed one, and seconds between them.
    pub submission_retries: Option<Sourced<u32>>,
    pub submission_retry_seconds: Option<Sourced<u32>>,
    /// Whether those retries hold for a job that ran and failed, too.
    pub runs_again: bool,
    /// Whether the workflow waits for its end.
    pub watched: bool,
    /// Secrets that arguments or configuration refer to by environment variable.
    pub secrets: Vec<SecretRef>,
    /// Key of the image in the plan.
    pub image: String,
    /// What said which Spark the job ran on.
    pub release: crate::source::span::Origins,
    pub span: Option<Span>,
}

/// A part of an argument: a text, or a field of the execution's input (a path in ASL's notation).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    Literal(String),
    Input(String),
    /// An environment variable of the driver, which Kubernetes puts in: how a secret comes into an argument.
    Variable(String),
}

/// Cores and memory of a driver or an executor.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    pub cores: Option<Sourced<Cores>>,
    /// The JVM heap.
    pub memory: Option<Sourced<MiB>>,
    /// Memory beside the heap, where a configuration sets it.
    pub overhead: Option<Sourced<MiB>>,
}

/// Dynamic allocation of executors.
#[derive(Clone, Debug, Default)]
pub struct DynamicAllocation {
    pub initial: Option<Sourced<u32>>,
    pub minimum: Option<Sourced<u32>>,
    pub maximum: Option<Sourced<u32>>,
    pub origins: crate::source::span::Origins,
}

/// A secret that a person has to put into the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretRef {
    /// The environment variable of driver and executors.
    pub variable: String,
    /// Key in the pipeline's Secret.
    pub key: String,
    /// Where the literal stands.
    pub origin: Sourced<()>,
}
