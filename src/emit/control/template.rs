//! Templates and steps before they are YAML.
use super::block::leaf_origins;
use super::text;
use crate::emit::yaml::{Node, Writer};
use crate::ir::control::Leaf;
use crate::source::rules::argo::{ARG101, ARG103, ARG104, ARG107};
use crate::source::span::{Origins, Sourced};
use std::collections::BTreeMap;

/// A Steps template, or one of another kind that is a node already.
#[derive(Clone)]
pub struct Template {
    pub name: String,
    pub inputs: Vec<String>,
    pub groups: Vec<Vec<Step>>,
    /// Names and expressions.
    pub outputs: Vec<(String, String)>,
    pub parallelism: Option<i64>,
    pub fail_fast: bool,
    /// Whether its outputs are the workflow's too.
    pub exports: bool,
    /// Of another kind: all of it.
    pub whole: Option<Node>,
    /// What it is called when several states use it.
    pub shared: Option<String>,
    pub origins: Origins,
    pub comment: Option<Sourced<String>>,
}

/// A step: a call of a template.
#[derive(Clone)]
pub struct Step {
    pub name: String,
    /// A name, or an expression in braces.
    pub template: String,
    /// Other templates that an expression may name.
    pub also: Vec<String>,
    /// Names and expressions.
    pub parameters: Vec<(String, String)>,
    /// Names, and texts that the source says.
    pub texts: Vec<(String, Sourced<String>)>,
    /// The artifact for the runtime pod.
    pub request: Option<String>,
    /// An expression.
    pub when: Option<String>,
    /// How often, with `{{item}}` from 0: an expression of a text.
    pub count: Option<String>,
    /// Whether the run goes on when it fails.
    pub goes_on: bool,
    pub origins: Origins,
    pub comment: Option<Sourced<String>>,
}

impl Template {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            inputs: Vec::new(),
            groups: Vec::new(),
            outputs: Vec::new(),
            parallelism: None,
            fail_fast: false,
            exports: false,
            whole: None,
            shared: None,
            origins: Origins::none(),
            comment: None,
        }
    }

    /// One of another kind.
    pub fn ready(name: &str, node: Node) -> Self {
        Self { whole: Some(node), ..Self::new(name) }
    }

    /// Gives it another name.
    pub fn rename(&mut self, name: String) {
        if let Some(whole) = &mut self.whole {
            whole.rename(&name);
        }
        self.name = name;
    }

    /// Its text without its name: templates of one text do the same.
    pub fn nameless(&self) -> String {
        let mut node = self.node();
        node.rename("");
        crate::emit::yaml::write(&[], &ARG101, &[node]).text()
    }

    /// Takes over where the parts of another one come from that has the same text.
    pub fn join(&mut self, other: &Template) {
        self.origins.extend(&other.origins);
        if let (Some(whole), Some(other)) = (&mut self.whole, &other.whole) {
            whole.join(other);
        }
    }

    /// The steps that were written, and where what is none of them comes from.
    pub fn take(&mut self, cursor: super::block::Cursor) {
        self.groups = cursor.groups;
        self.origins.extend(&cursor.origins);
    }

    pub fn node(&self) -> Node {
        if let Some(whole) = &self.whole {
            return whole.clone();
        }
        let w = Writer(&ARG101);
        let mut name = w.text(&self.name).from(&self.origins);
        if let Some(comment) = &self.comment {
            name = name.from(&comment.origins).comment(comment.value.clone());
        }
        let mut map = w.map().field("name", name);
        if !self.inputs.is_empty() {
            let inputs = self.inputs.iter().map(|input| w.flow(w.map().text("name", input).build())).collect();
            map = map.field("inputs", w.map().field("parameters", w.list(inputs)).build());
        }
        if let Some(parallelism) = self.parallelism {
            map = map.field("parallelism", w.int(parallelism).from(&self.origins));
        }
        if self.fail_fast {
            map = map.field("failFast", w.bool(true));
        }
        let steps = if self.groups.is_empty() {
            // One group without steps: the template only computes.
            w.list(vec![w.flow(w.list(Vec::new()))])
        } else {
            w.list(self.groups.iter().map(|group| Writer(&ARG103).list(group.iter().map(Step::node).collect())).collect())
        };
        map = map.field("steps", steps);
        if !self.outputs.is_empty() {
            let outputs = self.outputs.iter().map(|(name, expression)| {
                let value = w.map().field("expression", w.text(expression.clone()).from(&self.origins)).build();
                let exported = self.exports.then(|| w.text(name));
                w.map().text("name", name).field("valueFrom", value).optional("globalName", exported).build()
            });
            map = map.field("outputs", w.map().field("parameters", w.list(outputs.collect())).build());
        }
        map.build()
    }

    /// The length of its text, at least: of names, expressions and requests alone.
    pub fn bytes(&self) -> usize {
        let steps = self.groups.iter().flatten().map(Step::bytes).sum::<usize>();
        let outputs = self.outputs.iter().map(|(name, expression)| name.len() + expression.len()).sum::<usize>();
        steps + outputs + self.whole.as_ref().map_or(0, Node::bytes)
    }

    /// Templates that it calls.
    fn calls(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flatten().flat_map(|step| std::iter::once(&step.template).chain(&step.also)).map(String::as_str)
    }
}

impl Step {
    pub fn new(name: impl Into<String>, template: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            template: template.into(),
            also: Vec::new(),
            parameters: Vec::new(),
            texts: Vec::new(),
            request: None,
            when: None,
            count: None,
            goes_on: false,
            origins: Origins::none(),
            comment: None,
        }
    }

    fn bytes(&self) -> usize {
        let parameters = self.parameters.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let texts = [&self.request, &self.when, &self.count].into_iter().flatten().map(String::len).sum::<usize>();
        let more = self.texts.iter().map(|(name, value)| name.len() + value.value.len()).sum::<usize>();
        self.name.len() + self.template.len() + parameters + more + texts
    }

    /// The step that stands for a state.
    pub fn of(leaf: &Leaf, name: impl Into<String>, template: impl Into<String>) -> Self {
        Self { origins: leaf_origins(leaf), comment: leaf.state.comment.clone(), ..Self::new(name, template) }
    }

    fn node(&self) -> Node {
        let w = Writer(&ARG103);
        let mut name = w.text(&self.name).from(&self.origins);
        if let Some(comment) = &self.comment {
            name = name.from(&comment.origins).comment(comment.value.clone());
        }
        let mut map = w.map().field("name", name).text("template", &self.template);
        let mut arguments = w.map();
        let parameters = self.parameters.iter().map(|(name, value)| w.map().text("name", name).text("value", text::tag(value)).build());
        let texts = self.texts.iter().map(|(name, value)| w.map().text("name", name).field("value", w.sourced(value)).build());
        let parameters: Vec<Node> = texts.chain(parameters).collect();
        let any = !parameters.is_empty() || self.request.is_some();
        if !parameters.is_empty() {
            arguments = arguments.field("parameters", w.list(parameters));
        }
        if let Some(request) = &self.request {
            let raw = w.map().field("data", w.text(request).from(&self.origins)).build();
            let artifact = w.map().text("name", "request").field("raw", raw).build();
            arguments = arguments.field("artifacts", w.list(vec![artifact]));
        }
        if any {
            map = map.field("arguments", arguments.build());
        }
        if let Some(when) = &self.when {
            map = map.field("when", Writer(&ARG104).text(text::tag(when)));
        }
        if let Some(count) = &self.count {
            map = map.field("withSequence", w.map().text("count", text::tag(count)).build());
        }
        if self.goes_on {
            let f = Writer(&ARG104);
            map = map.field("continueOn", f.flow(f.map().field("failed", f.bool(true)).field("error", f.bool(true)).build()));
        }
        map.build()
    }
}

/// Ends the run: the message is `Error: Cause`.
pub fn fail(name: &str) -> Node {
    let w = Writer(&ARG107);
    let input = w.flow(w.map().text("name", "failure").build());
    let raise = r#"sprig.fail(join(filter([fromJSON(inputs.parameters.failure).Error, fromJSON(inputs.parameters.failure).Cause], # != ""), ": "))"#;
    let raise = w.map().text("name", "raise").field("valueFrom", w.map().text("expression", raise).build()).build();
    w.map()
        .text("name", name)
        .field("inputs", w.map().field("parameters", w.list(vec![input])).build())
        .field("steps", w.list(vec![w.flow(w.list(Vec::new()))]))
        .field("outputs", w.map().field("parameters", w.list(vec![raise])).build())
        .build()
}

/// How deep templates call each other from one on; a call of itself counts once for each level of a loop.
pub fn depth(templates: &[Template], from: &str) -> usize {
    let by_name: BTreeMap<&str, &Template> = templates.iter().map(|template| (template.name.as_str(), template)).collect();
    fn walk<'t>(by_name: &BTreeMap<&'t str, &'t Template>, known: &mut BTreeMap<&'t str, usize>, at: &'t str) -> usize {
        if let Some(depth) = known.get(at) {
            return *depth;
        }
        let Some(template) = by_name.get(at) else { return 1 };
        // A template on the way calls itself: a loop, whose levels are added below.
        known.insert(at, 0);
        let looping = template.calls().any(|name| name == at);
        let below = template.calls().filter(|name| *name != at).map(|name| walk(by_name, known, name)).max().unwrap_or(0);
        let depth = below + if looping { super::block::LEVELS + 1 } else { 1 };
        known.insert(at, depth);
        depth
    }
    walk(&by_name, &mut BTreeMap::new(), from)
}
