//! Terraform modules (`.tf`, `.tfvars`) to clusters, deployments, functions and triggers.
//!
//! A module is the `.tf` files of one folder, its `terraform.tfvars` and `*.auto.tfvars`, and `<stage>.tfvars` for the stage
//! that is compiled. The import has three parts. First the blocks are sorted by what they declare ([`index`]). Then each
//! resource that has a meaning for the estate is read attribute by attribute: an attribute with a place in the IR is
//! evaluated ([`eval`]), and one without gets the fate and the reason that the tables give ([`table`]). Last, the
//! ledger is closed ([`close`]): whatever no translated value took gets the fate of what reads it, so that a variable
//! that only feeds a load balancer shares the load balancer's reason.
mod close;
mod cluster;
mod document;
mod eval;
mod functions;
mod importer;
mod index;
mod lambda;
mod machine;
mod module;
mod operators;
mod table;
#[cfg(test)]
mod tests;
mod trigger;

pub use document::MappedText;
pub use index::Context;
pub use module::{InlineMachine, Module};

use crate::source::node::Node;
use crate::source::sink::Sink;
use crate::source::span::FileId;
use eval::Evaluator;
use importer::Importer;
use index::Index;
use std::collections::BTreeSet;

/// Imports the module in `folder`: `files` are its `.tf` and `.tfvars` files with their paths relative to SRC.
///
/// Every scalar of the files ends in an origin of the returned module or inside a mark of the sink.
pub fn import<'a>(
    folder: &'a str,
    files: &[(FileId, &'a str, &'a Node)],
    stage: &str,
    context: &dyn Context,
    sink: &mut Sink,
) -> Module<'a> {
    let index = Index::new(folder, files, stage);
    let eval = Evaluator::new(&index, context);
    let mut importer = Importer {
        eval: &eval,
        index: &index,
        sink,
        module: Module::default(),
        targets: trigger::targets(&index),
        exposed: close::exposures(&index),
        asked: BTreeSet::new(),
    };
    importer.resources();
    let sources: Vec<&Node> = files.iter().map(|(_, _, node)| *node).collect();
    importer.close(&sources, stage);
    importer.module
}
