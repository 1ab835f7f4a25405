//! `aws_lambda_function`.
use super::importer::{Importer, entries};
use super::index::Resource;
use super::table::{LAMBDA, LAMBDA_PLUMBING};
use crate::ir::function::Function;
use crate::source::node::Entry;
use crate::source::rules::terraform::TF111;
use crate::source::sink::Diagnostic;
use crate::source::span::{Origins, Sourced};

impl<'a> Importer<'a, '_> {
    pub fn function(&mut self, resource: &Resource<'a>) {
        if !self.single(resource) {
            return;
        }
        let mut function = Function {
            logical: Sourced::new(resource.name.to_owned(), resource.name_span),
            name: None,
            service: None,
            runtime: None,
            handler: None,
            folder: self.index.folder.to_owned(),
            environment: Vec::new(),
            span: resource.span,
            plumbing: Vec::new(),
            behaviour: None,
        };
        for entry in entries(resource.body) {
            match &*entry.key {
                "function_name" => function.name = self.known(entry),
                "runtime" => function.runtime = self.known(entry),
                "handler" => function.handler = self.known(entry),
                "environment" => {
                    for block in self.blocks(entry) {
                        for inner in entries(block) {
                            if &*inner.key == "variables" {
                                self.variables(inner, &mut function);
                            } else {
                                self.leave(resource, LAMBDA, "environment", inner);
                            }
                        }
                    }
                }
                key if LAMBDA_PLUMBING.contains(&key) => {
                    if key == "filename"
                        && let Some(folder) = self.packed(entry)
                    {
                        function.folder = folder;
                    }
                    entry.value.mark_tree_read();
                    function.plumbing.extend(entry.value.scalars().into_iter().map(|s| s.span));
                }
                _ => self.leave(resource, LAMBDA, "", entry),
            }
        }
        self.module.functions.push(function);
    }

    /// A text that must be known as a whole; one with symbols keeps its origins and is reported.
    fn known(&mut self, entry: &'a Entry) -> Option<Sourced<String>> {
        let value = self.take(entry);
        let known = value.sourced();
        if known.is_none() {
            self.module.also.extend(&value.all_origins());
            if super::importer::unknown(&value).is_none() {
                let message = format!("`{}` is known only in part: {}", entry.key, value.display());
                self.sink.report(
                    Diagnostic::warning(&TF111, entry.value.span, message)
                        .help("give the variables that it depends on values in `terraform.tfvars`"),
                );
            }
        }
        known
    }

    fn variables(&mut self, entry: &'a Entry, function: &mut Function) {
        let value = self.take(entry);
        match value.map() {
            Some(entries) => function.environment.extend(entries.iter().cloned()),
            None => self.module.also.extend(&value.all_origins()),
        }
        self.module.also.extend(&value.origins);
    }

    /// The folder that a `data "archive_file"` packs, when `filename` is its output.
    fn packed(&mut self, entry: &'a Entry) -> Option<String> {
        let reference =
            super::close::references(&entry.value).into_iter().find(|r| r.len() >= 3 && r[0] == "data" && r[1] == "archive_file")?;
        let index = self.index;
        let archive = index.resource(&format!("data.archive_file.{}", reference[2]))?;
        let (node, is_file) = match (archive.body.get("source_dir"), archive.body.get("source_file")) {
            (Some(node), _) => (node, false),
            (None, Some(node)) => (node, true),
            _ => return None,
        };
        let value = self.eval.node(node);
        let path = self.index.resolve(&value.literal()?)?;
        self.module.also.extend(&value.all_origins().iter().collect::<Origins>());
        Some(if is_file { path.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned()) } else { path })
    }
}
