//! Floor 2: back ends. Each writes one kind of file from the plan, and knows nothing of any source.
pub mod argo_cd;
pub mod argo_expressions;
pub mod argo_workflows;
pub mod calls;
pub mod control;
pub mod docker;
pub mod expression;
pub mod kustomize;
pub mod rbac;
pub mod readme;
pub mod repository;
pub mod spark_operator;
pub mod split;
pub mod stages;
pub mod tree;
pub mod yaml;
