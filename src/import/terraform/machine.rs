//! `aws_sfn_state_machine`.
use super::document::{Written, value_document};
use super::importer::{Importer, entries};
use super::index::Resource;
use super::module::InlineMachine;
use super::table::STATE_MACHINE;
use crate::ir::estate::Deployment;
use crate::ir::value::Val;
use crate::source::node::{Kind, Node};
use crate::source::rules::terraform::{TF113, TF116};
use crate::source::sink::{Diagnostic, Disposition};
use crate::source::span::{Origins, Sourced};

impl<'a> Importer<'a, '_> {
    pub fn machine(&mut self, resource: &Resource<'a>) {
        if !self.single(resource) {
            return;
        }
        let mut name = None;
        let mut definition = None;
        for entry in entries(resource.body) {
            match &*entry.key {
                "name" => name = Some(self.take(entry)),
                "definition" => definition = Some(&entry.value),
                "type" => self.machine_type(resource, &entry.value),
                _ => self.leave(resource, STATE_MACHINE, "", entry),
            }
        }
        // Without a name Terraform makes one up; the resource's own is the nearest that the user wrote.
        let name = name.unwrap_or_else(|| Val::text(resource.name, resource.name_span));
        match definition {
            Some(node) => self.definition(resource, name, node),
            None => {
                self.undefined(resource, &name, "it has no `definition`");
                self.module.also.extend(&name.all_origins());
            }
        }
    }

    fn machine_type(&mut self, resource: &Resource<'a>, node: &'a Node) {
        let value = self.eval.node(node);
        self.module.also.extend(&value.all_origins().iter().filter(|s| *s != node.span).collect::<Origins>());
        if value.literal().as_deref() == Some("STANDARD") {
            self.mark(node.span, Disposition::Ignored, "the usual kind of state machine, which a workflow is too");
        } else {
            let why = "the express kind (at most five minutes, may run twice) is not told apart: the workflow runs once";
            self.mark(node.span, Disposition::Unsupported, why);
            self.sink.report(Diagnostic::equivalent(
                &TF116,
                node.span,
                format!("{} is translated as a standard state machine", resource.address),
            ));
        }
    }

    fn definition(&mut self, resource: &Resource<'a>, name: Val, node: &'a Node) {
        match self.eval.written(node) {
            Written::File { path, origins } => {
                let definition_file = Some(Sourced::new(path, origins));
                self.module.deployments.push(Deployment {
                    name,
                    definition_file,
                    machine_type: None,
                    deployed_by: None,
                    substitutions: Vec::new(),
                    span: resource.span,
                });
            }
            Written::Text { text, origins, .. } if text.text.trim().is_empty() => self.empty_definition(resource, &name, node, &origins),
            Written::Text { text, template, origins } => match text.document(node.span, self.sink) {
                Some(document) => self.inline(resource, name, node, document, template, &origins),
                None => {
                    self.module.also.extend(&name.all_origins().with(&origins));
                    self.undefined(resource, &name, "it is not well-formed JSON");
                }
            },
            Written::Value(value) if value.map().is_some() => {
                self.check("definition", node, &value);
                let document = value_document(&value, node.span);
                self.inline(resource, name, node, document, None, &value.all_origins());
            }
            Written::Value(value) => {
                self.module.also.extend(&name.all_origins().with(&value.all_origins()));
                self.undefined(resource, &name, "it is not a JSON object");
            }
            Written::Unknown { why, origins } => {
                self.module.also.extend(&name.all_origins().with(&origins));
                self.undefined(resource, &name, &why);
            }
        }
    }

    fn inline(&mut self, resource: &Resource<'a>, name: Val, node: &'a Node, document: Node, template: Option<String>, origins: &Origins) {
        let inner: Vec<_> = document.scalars().iter().map(|s| s.span).collect();
        // A template file is claimed by the machine that it makes; the text of the module itself is claimed value by value.
        let origins = origins.iter().filter(|o| !inner.iter().any(|i| o.contains(*i) && o != i)).collect();
        let document = node.embed(document);
        let message = format!("the definition of {} is taken from the module's own text", resource.address);
        self.sink.report(Diagnostic::equivalent(&TF116, node.span, message));
        self.module.inline_machines.push(InlineMachine { name, resource: resource.name, document, template, origins, span: resource.span });
    }

    /// An empty text: a variable whose default stands for "not given". Its value is a question.
    fn empty_definition(&mut self, resource: &Resource<'a>, name: &Val, node: &'a Node, origins: &Origins) {
        self.module.also.extend(&name.all_origins().with(&origins.iter().filter(|span| *span != node.span).collect()));
        let index = self.index;
        let variable =
            index.variables.iter().find(|(_, variable)| variable.value.is_some_and(|value| origins.iter().any(|span| span == value.span)));
        let message = format!("the definition of the state machine `{}` is an empty text", name.display());
        self.sink.report(match variable {
            Some((name, variable)) => Diagnostic::question(&TF113, variable.name_span, message)
                .related(node.span, format!("it is `var.{name}`"))
                .help(format!("write {name} = … into `terraform.tfvars` beside the module, or migrate the module that passes it")),
            None => Diagnostic::question(&TF113, node.span, message).help("write the definition, or name its file with `file(\"…\")`"),
        });
        self.find(resource, "its definition is an empty text");
        self.sink.unsupported(node.span, &TF113, "the definition is an empty text");
    }

    fn undefined(&mut self, resource: &Resource<'a>, name: &Val, why: &str) {
        let span = resource.body.get("definition").map_or(resource.name_span, |n| n.span);
        let message = format!("the definition of the state machine `{}` is not known: {why}", name.display());
        self.sink.report(
            Diagnostic::refused(&TF113, span, message).help("save it as a JSON file beside the module and name it with `file(\"…\")`"),
        );
        self.find(resource, &format!("its definition is not known: {why}"));
        if let Some(node) = resource.body.get("definition") {
            let what = if matches!(node.kind, Kind::Expr(_)) { "the expression cannot be evaluated" } else { "the text cannot be read" };
            self.sink.unsupported(node.span, &TF113, format!("{what}: {why}"));
        }
    }
}
