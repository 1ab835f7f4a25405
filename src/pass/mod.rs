//! Floor 2: passes from the estate to the plan, one subject a file.
//!
//! [`link`] resolves names; [`flow`] reads a machine's graph as nodes with outcomes, recognising in [`idiom`] the
//! submit-wait-poll-choose of a Spark job; [`data`] follows the state document; [`structure`] turns the graph into
//! blocks; [`sizing`] gives jobs their resources; [`plan`] joins them into pipelines. [`secret`] keeps credentials out.
pub mod carried;
pub mod cluster;
pub mod control;
pub mod data;
pub mod emr_cluster;
pub mod emr_job;
pub mod flow;
pub mod functions;
pub mod handlers;
pub mod idiom;
pub mod images;
pub mod job;
pub mod link;
pub mod liveness;
pub mod naming;
pub mod near;
pub mod nested;
pub mod path;
pub mod placeholders;
pub mod plan;
pub mod poll;
pub mod secret;
pub mod settings;
pub mod sizing;
pub mod spark;
pub mod structure;
pub mod triggers;
