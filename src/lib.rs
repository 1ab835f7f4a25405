//! emr2k8s: a compiler that moves Spark estates from AWS EMR to Kubernetes.
pub mod cli;
pub mod compile;
pub mod config;
pub mod emit;
pub mod facts;
pub mod import;
pub mod ir;
pub mod pass;
pub mod output;
pub mod report;
pub mod source;
