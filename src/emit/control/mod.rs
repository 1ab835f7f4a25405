//! Machines that carry data, as Argo templates.
//!
//! A block ([`crate::ir::control`]) is a list of steps. What flows through it is carried as parameters: the state document and,
//! where the machine has them, variables, both as JSON text; each step that changes one gives it as an output and the next takes it from there.
//!
//! Jumps are labels. A template that may be left in more ways than by coming to its end has the output `next`: empty, or
//! the label of what comes instead, or `error`; what stands behind it runs when `next` is empty. Inside a state with Retry or Catch a
//! failure is such a label, with the output `error`; elsewhere it is a failure of the workflow.
//!
//! What a state computes is an expression where one is exact ([`tier`]), and the runtime pod for all else.
mod block;
mod job;
mod leaf;
mod map;
pub mod nested;
mod request;
pub mod retry;
mod template;
pub mod text;
pub mod tier;
mod token;

use super::split::MOST_BYTES;
use super::yaml::Node;
use crate::ir::control::Control;
use crate::ir::plan::Pipeline;
use crate::pass::naming::Names;
use template::{Step, Template};

/// Settings of the target.
pub struct Settings<'a> {
    /// Reference of the runtime's image.
    pub runtime_image: &'a str,
    /// Makes the template of a task's call: name, resource, seconds after which it fails.
    pub call: &'a dyn Fn(&str, &crate::ir::machine::State) -> Node,
    /// Where the Workflow of another machine is made, by the machine's index in the estate.
    pub nested: &'a dyn Fn(usize) -> Option<nested::Place>,
    /// What templates of Spark jobs need.
    pub jobs: &'a super::argo_workflows::Settings<'a>,
}

/// A WorkflowTemplate of all templates, before [`super::split`], and what is known of it.
pub struct Emitted {
    pub document: Node,
    /// Templates that call templates, the deepest way.
    pub depth: usize,
    /// States that the runtime pod evaluates: always, or where a guard does not hold.
    pub runtime: Vec<Evaluation>,
}

/// A state that the runtime pod evaluates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evaluation {
    pub state: crate::source::span::Sourced<String>,
    pub always: bool,
}

/// The WorkflowTemplate of a machine that carries data, unless it is so large that no cluster could hold it: that is found before all of it is made; of its text
/// only a little less than all is counted here.
#[must_use]
pub fn bounded(pipeline: &Pipeline, control: &Control, settings: &Settings<'_>) -> Option<Emitted> {
    let mut emitter = Emitter::new(pipeline, control, settings, true);
    let main = emitter.main();
    (emitter.bytes + main.bytes() <= MOST_BYTES).then(|| emitter.emitted(main))
}

/// The WorkflowTemplate of a machine that carries data.
#[must_use]
pub fn workflow_template(pipeline: &Pipeline, control: &Control, settings: &Settings<'_>) -> Emitted {
    let mut emitter = Emitter::new(pipeline, control, settings, false);
    let main = emitter.main();
    emitter.emitted(main)
}

/// The template that ends the run.
const FAIL: &str = "fail";
/// The runtime pod.
const EVALUATE: &str = "evaluate";

#[derive(Default)]
struct Uses {
    fail: bool,
    runtime: bool,
    evaluations: Vec<Evaluation>,
}

struct Emitter<'e> {
    pipeline: &'e Pipeline,
    control: &'e Control,
    /// Jobs that a run may start more than once.
    repeated: std::collections::BTreeSet<String>,
    /// Of templates.
    names: Names,
    templates: Vec<Template>,
    /// Where in `templates` the one of that text is; see [`Emitter::share`].
    same: std::collections::BTreeMap<String, usize>,
    /// Of their text, at least.
    bytes: usize,
    /// Whether what is too large need not be finished.
    bounded: bool,
    labels: Names,
    label_names: std::collections::BTreeMap<(&'static str, crate::ir::control::Label), String>,
    /// Header or target state of a label, where it is known.
    states: std::collections::BTreeMap<crate::ir::control::Label, String>,
    uses: Uses,
    settings: &'e Settings<'e>,
}

impl<'e> Emitter<'e> {
    fn new(pipeline: &'e Pipeline, control: &'e Control, settings: &'e Settings<'e>, bounded: bool) -> Self {
        Self {
            pipeline,
            repeated: job::repeated(&control.body),
            control,
            names: Names::default(),
            templates: Vec::new(),
            same: std::collections::BTreeMap::new(),
            bytes: 0,
            bounded,
            labels: Names::default(),
            label_names: std::collections::BTreeMap::new(),
            states: std::collections::BTreeMap::new(),
            uses: Uses::default(),
            settings,
        }
    }
}

impl Emitter<'_> {
    /// The entrypoint's template; makes all others.
    fn main(&mut self) -> Template {
        for taken in [FAIL, EVALUATE] {
            self.names.unique(taken);
        }
        let entry = self.names.unique(&self.pipeline.name.value);
        self.entry(&entry)
    }

    fn emitted(mut self, main: Template) -> Emitted {
        let entry = main.name.clone();
        self.templates.insert(0, main);
        self.name_shared();
        let depth = template::depth(&self.templates, &entry);
        let mut runtime = std::mem::take(&mut self.uses.evaluations);
        runtime.sort_by(|a, b| (a.state.span().map(|s| s.start), !a.always).cmp(&(b.state.span().map(|s| s.start), !b.always)));
        runtime.dedup_by(|later, first| later.state.value == first.state.value);
        let mut templates: Vec<Node> = self.templates.iter().map(Template::node).collect();
        templates.append(&mut self.shared());
        let document = super::argo_workflows::document(self.pipeline, entry, true, templates);
        Emitted { document, depth, runtime }
    }

    fn add(&mut self, template: Template) {
        self.bytes += template.bytes();
        self.templates.push(template);
    }

    /// Adds a template, or takes the one that is the same but for its name. `purpose`: what it does, which is its name where several states use it. Gives
    /// the name that steps call it by until [`Emitter::name_shared`].
    fn share(&mut self, wanted: &str, purpose: &str, mut template: Template) -> String {
        let text = template.nameless();
        if let Some(known) = self.same.get(&text).and_then(|index| self.templates.get_mut(*index)) {
            known.join(&template);
            known.shared = Some(purpose.to_owned());
            return known.name.clone();
        }
        let name = self.names.unique(wanted);
        template.rename(name.clone());
        self.same.insert(text, self.templates.len());
        self.add(template);
        name
    }

    /// Gives templates that several states use the names of what they do, and puts them behind those of the states.
    fn name_shared(&mut self) {
        let mut names = std::collections::BTreeMap::new();
        for template in &mut self.templates {
            if let Some(purpose) = &template.shared {
                let name = self.names.unique(purpose);
                names.insert(template.name.clone(), name.clone());
                template.rename(name);
            }
        }
        self.templates.sort_by_key(|template| template.shared.is_some());
        for step in self.templates.iter_mut().flat_map(|template| &mut template.groups).flatten() {
            for called in std::iter::once(&mut step.template).chain(&mut step.also) {
                if let Some(name) = names.get(called.as_str()) {
                    name.clone_into(called);
                }
            }
        }
    }

    /// Whether there is more already than a cluster holds: then nothing that is still written will be used.
    fn too_large(&self) -> bool {
        self.bounded && self.bytes > MOST_BYTES
    }

    fn entry(&mut self, name: &str) -> Template {
        self.name_labels();
        let mut template = Template::new(name);
        let input = text::safe_json("workflow.parameters.input");
        let mut cursor = block::Cursor::entry(input.clone(), self.control);
        let body = self.control.body.block.clone();
        let before = (self.templates.len(), self.bytes, self.names.clone(), self.labels.clone(), self.label_names.clone());
        self.block(&body, &mut cursor, block::Mode { soft: false });
        let output = cursor.document_at_end();
        if self.control.output && output.contains("workflow.") {
            // The workflow's parameters cannot be relied on in an output's expression: they go through a template of their own.
            self.templates.truncate(before.0);
            self.same.retain(|_, index| *index < before.0);
            (self.bytes, self.names, self.labels, self.label_names) = (before.1, before.2, before.3, before.4);
            let states = self.body_template("states", &self.control.body.clone(), block::Mode { soft: false }, true);
            let mut parameters = vec![("state".to_owned(), input)];
            parameters.extend(block::Cursor::entry(String::new(), self.control).carried().into_iter().skip(1));
            template.groups.push(vec![Step { parameters, ..Step::new("states", &states) }]);
            template.outputs.push(("output".into(), "steps.states.outputs.parameters.state".into()));
            template.exports = true;
            return template;
        }
        if self.control.output {
            template.outputs.push(("output".into(), output));
            template.exports = true;
        }
        template.take(cursor);
        template
    }

    /// Templates that others share.
    fn shared(&self) -> Vec<Node> {
        let mut all = Vec::new();
        if self.uses.fail {
            all.push(template::fail(FAIL));
        }
        if self.uses.runtime {
            all.push(request::evaluate(EVALUATE, self.settings.runtime_image));
        }
        all
    }

    /// A step that ends the run with a failure, which is a JSON text.
    fn fail_step(&mut self, name: String, failure: String, when: Option<String>) -> Step {
        self.uses.fail = true;
        Step { when, parameters: vec![("failure".into(), failure)], ..Step::new(name, FAIL) }
    }
}
