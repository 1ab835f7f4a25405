//! Spark jobs as steps of a machine that carries data.
use super::block::{Cursor, Mode};
use super::template::{Step, Template};
use super::{Emitter, text};
use crate::emit::{argo_workflows, spark_operator};
use crate::ir::control::{Body, Kind, Leaf, Stmt, job_of};
use std::collections::BTreeSet;

/// Jobs that a run may start more than once: those inside a loop or a Map.
#[must_use]
pub fn repeated(body: &Body) -> BTreeSet<String> {
    fn walk(block: &[Stmt], again: bool, found: &mut BTreeSet<String>) {
        for stmt in block {
            let again = again || matches!(stmt.kind, Kind::Loop { .. } | Kind::Dispatch { .. });
            if let Some(leaf) = stmt.kind.leaf() {
                if again {
                    found.extend(job_of(&leaf.state));
                }
                let items = matches!(leaf.state.kind, crate::ir::machine::StateKind::Map(_));
                let retried = !leaf.state.retry.is_empty();
                leaf.inner.iter().for_each(|body| walk(&body.block, again || items || retried, found));
            }
            stmt.kind.blocks().into_iter().for_each(|block| walk(block, again, found));
        }
    }
    let mut found = BTreeSet::new();
    walk(&body.block, false, &mut found);
    found
}

impl Emitter<'_> {
    /// A state that runs a Spark job to its end. It leaves nothing in the document: an empty object where its result would be all of it.
    pub(super) fn spark(&mut self, leaf: &Leaf, job: &str, base: &str, cursor: &mut Cursor, mode: Mode) {
        let before = cursor.document.clone();
        let Some(job) = self.pipeline.jobs.iter().find(|known| known.name.value == job) else { return };
        let takes_input = !spark_operator::inputs(job, "").is_empty();
        let input = if takes_input { self.arguments(leaf, base, cursor, mode) } else { String::new() };
        let name = self.names.unique(base);
        let repeated = self.repeated.contains(&job.name.value);
        let mut node = argo_workflows::job_template(self.pipeline, job, &name, repeated, self.settings.jobs);
        argo_workflows::deadline(&mut node, &leaf.state);
        self.add(Template::ready(&name, node));
        let step_name = cursor.names.unique(base);
        let step = Step { parameters: spark_operator::inputs(job, &input), ..Step::of(leaf, &step_name, &name) };
        self.call(leaf, step, cursor, mode);
        self.settle(leaf, base, text::literal("{}"), &before, cursor, mode);
    }
}
