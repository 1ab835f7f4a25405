//! Floor 0: what the user wrote, and where.
//!
//! Files become one spanned [`Node`](node::Node) tree, whatever their format (JSON, YAML, HCL). Everything above
//! this floor points back into it with a [`Span`](span::Span), so a diagnostic, a ledger line and `explain` can
//! all name a file, a line and a column. Diagnostics and the marks of the ledger are collected in a
//! [`Sink`](sink::Sink); each diagnostic cites a [`Rule`](rules::Rule) whose documentation stands beside its code.
pub mod embedded;
pub mod files;
pub mod hcl;
pub mod json;
pub mod load;
pub mod node;
pub mod rules;
pub mod secret;
pub mod sink;
pub mod span;
pub mod yaml;
