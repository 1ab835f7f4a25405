//! Amazon EMR: clusters and configurations, as JSON.
//!
//! Three kinds of files are read: a list of classifications (`--configurations file://…`), the request of `RunJobFlow`
//! (`aws emr create-cluster --cli-input-json`), and what `aws emr describe-cluster` prints. Each member of EMR's API
//! and each property has a row in a table of [`crate::facts`] that says what becomes of it; this module takes into
//! the IR what the tables say is taken, and marks the rest with their reasons. [`settings()`] turns classifications into
//! the Spark and Hadoop properties that jobs on Kubernetes carry, and the capacity scheduler's properties into queues.
mod cluster;
mod configurations;
mod node;
mod queues;
mod settings;
pub mod spark_submit;
#[cfg(test)]
mod tests;

pub use cluster::{import_cluster, looks_like_cluster};
pub use configurations::{import_classifications, import_configurations, looks_like_configurations};
pub use queues::YarnQueue;
pub use settings::{Settings, settings, spark_settings};
