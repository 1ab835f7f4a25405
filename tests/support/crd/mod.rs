//! A structural validator of Kubernetes manifests that refuses unknown fields, as `kubectl --validate=strict` does.
//!
//! Schema libraries take an unknown field for a fine one, so a misspelt field would pass them. This one knows the
//! keywords of structural schemas ("Extend the Kubernetes API with `CustomResourceDefinitions`", kubernetes.io, looked up
//! November 2026) and nothing else.
pub mod manifest;
pub mod overlay;
pub mod schema;

pub use manifest::{documents, loose_ends, resource_manifests};
pub use schema::Schemas;
