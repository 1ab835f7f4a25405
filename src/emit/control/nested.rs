//! Machines of the estate that a state starts: a Workflow from the other pipeline's WorkflowTemplate.
use super::block::{Cursor, Mode, leaf_origins};
use super::template::{Step, Template};
use super::{Emitter, text};
use crate::emit::{argo_workflows, calls};
use crate::facts::calls::Pattern;
use crate::ir::control::{Leaf, Nested, Starts};

/// Where the Workflow of another machine is made.
#[derive(Clone, Debug)]
pub struct Place {
    /// The WorkflowTemplate's name.
    pub template: String,
    /// Its namespace, where that is not the pipeline's own.
    pub namespace: Option<String>,
}

impl Emitter<'_> {
    /// A state that starts another machine. Its step ends well whatever becomes of the Workflow, whose phase is looked at.
    pub(super) fn nested(&mut self, leaf: &Leaf, nested: Nested, base: &str, cursor: &mut Cursor, mode: Mode) {
        let before = cursor.document.clone();
        let Some(place) = (self.settings.nested)(nested.machine) else { return };
        let sent = self.arguments(leaf, base, cursor, mode);
        let pattern = match nested.starts {
            Starts::GoesOn => Pattern::RequestResponse,
            Starts::Waits => Pattern::Sync,
            Starts::WaitsForJson => Pattern::Sync2,
        };
        let mut node = calls::nested(&place.template, place.namespace.as_deref(), pattern, "", &leaf_origins(leaf));
        argo_workflows::deadline(&mut node, &leaf.state);
        let purpose = format!("start-{}", place.template);
        let name = self.share(base, &crate::pass::naming::shorten(&purpose, 60, &purpose), Template::ready("", node));
        let step_name = cursor.names.unique(base);
        // The input alone, out of `{"Input":…}`; a text is JSON already.
        let input = format!(
            "let sent = {sent}; let input = sent == \"{{}}\" ? \"{{}}\" : sprig.trimSuffix(\"}}\", sprig.trimPrefix(\"{{\\\"Input\\\":\", sent)); \
             input startsWith \"\\\"\" ? fromJSON(input) : input"
        );
        cursor.push(Step { parameters: vec![("input".into(), input)], goes_on: mode.soft, ..Step::of(leaf, &step_name, &name) });
        let waits = nested.starts != Starts::GoesOn;
        let phase = format!("({} ?? \"Succeeded\")", text::output(&step_name, "phase"));
        let failure = format!("toJson({{\"Error\": \"States.TaskFailed\", \"Cause\": {} ?? \"\"}})", text::output(&step_name, "message"));
        if mode.soft {
            // Nil where it did not run.
            let ended = if waits { format!("{phase} == \"Succeeded\" ? \"\" : \"error\"") } else { "\"\"".to_owned() };
            let next = text::ended(&step_name, &format!("({ended})"));
            let call = self.call_error(leaf, &step_name);
            let error = if waits { format!("({phase} != \"Succeeded\" ? {} : {call})", text::safe_json(&failure)) } else { call };
            cursor.may_exit(next, Some(error));
        } else if waits {
            let fails = cursor.names.unique(&format!("{base}-failed"));
            let step = self.fail_step(fails, text::safe_json(&failure), Some(format!("{phase} != \"Succeeded\"")));
            cursor.push(step);
        }
        let of = |parameter: &str| format!("({} ?? \"\")", text::output(&step_name, parameter));
        let (run, output) = (of("name"), of("output"));
        let template = text::literal(&format!("\"{}\"", place.template));
        let result = match nested.starts {
            Starts::GoesOn => format!("\"{{\\\"ExecutionArn\\\":\" + toJson({run}) + \"}}\""),
            _ => {
                let output = match nested.starts {
                    Starts::Waits => format!("toJson({output})"),
                    _ => format!("({output} == \"\" ? \"null\" : {output})"),
                };
                format!(
                    "\"{{\\\"ExecutionArn\\\":\" + toJson({run}) + \",\\\"Name\\\":\" + toJson({run}) + \",\\\"Output\\\":\" + {output} + \
                     \",\\\"StateMachineArn\\\":\" + {template} + \",\\\"Status\\\":\\\"SUCCEEDED\\\"}}\""
                )
            }
        };
        self.settle(leaf, base, text::safe_json(&result), &before, cursor, mode);
    }
}
