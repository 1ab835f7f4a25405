//! Floor 2: front ends. Each reads one format into [`crate::ir`], and knows nothing of any target.
pub mod asl;
pub mod cloudformation;
pub mod emr;
pub mod lambda;
pub mod livy;
pub mod script;
pub mod serverless;
pub mod terraform;
