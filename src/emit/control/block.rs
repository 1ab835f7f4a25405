//! Blocks: statements one after the other, jumps as labels.
use super::leaf::Part;
use super::template::{Step, Template};
use super::{Emitter, text};
use crate::ir::control::{Block, Body, Control, Kind, Label, Leaf, Stmt};
use crate::ir::machine::StateKind;
use crate::pass::naming::{Names, label};
use crate::source::span::Origins;

/// A loop calls itself so many levels deep, [`TURNS`] times on each: 8^5 = 32,768 turns. Step Functions ends an execution after 25,000 events, and a turn
/// has two at least.
pub const LEVELS: usize = 4;
const TURNS: usize = 8;

/// How failures are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mode {
    /// As the label `error`: something around handles them.
    pub soft: bool,
}

/// Where a template is being written: its steps so far, and where the data is.
pub struct Cursor {
    pub groups: Vec<Vec<Step>>,
    pub names: Names,
    /// Expression of the document's JSON text.
    pub document: String,
    /// Of the variables', where there are any.
    pub variables: Option<String>,
    /// Of what the dispatch of an irreducible region is asked for.
    pub goto: Option<String>,
    /// Whether the template has the input `retries`.
    pub retries: bool,
    /// The condition under which the next statement runs.
    pub gate: Option<String>,
    /// Statements so far that may end the block early.
    exits: Vec<Exit>,
    /// How the block ends when it comes to its end.
    end: End,
    /// States that are no step, but an output of the template.
    pub origins: Origins,
}

/// Document, variables, what dispatches are asked for: expressions.
type Data = (String, Option<String>, Option<String>);

/// What is carried on where none of the steps in question ran.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Otherwise {
    /// What was carried before.
    Before,
    /// One of them runs whenever this is asked for: an expression that names what was before as well would grow with every statement.
    Never,
}

/// A statement that may end the block: expressions, nil where it did not run.
struct Exit {
    next: String,
    document: String,
    variables: Option<String>,
    goto: Option<String>,
    error: Option<String>,
}

enum End {
    Through,
    /// A jump to that label.
    Jump(String),
    /// A failure: an expression of its JSON text.
    Failure(String),
}

impl Cursor {
    pub fn entry(document: String, control: &Control) -> Self {
        Self {
            groups: Vec::new(),
            names: Names::default(),
            document,
            variables: control.variables.then(|| "\"{}\"".to_owned()),
            goto: control.irreducible.then(|| "\"\"".to_owned()),
            retries: false,
            gate: None,
            exits: Vec::new(),
            end: End::Through,
            origins: Origins::none(),
        }
    }

    /// In a template that is given what is carried.
    pub fn inner(control: &Control) -> Self {
        Self {
            document: "inputs.parameters.state".into(),
            variables: control.variables.then(|| "inputs.parameters.variables".to_owned()),
            goto: control.irreducible.then(|| "inputs.parameters.goto".to_owned()),
            ..Self::entry(String::new(), control)
        }
    }

    /// What a call of a block is given.
    pub fn carried(&self) -> Vec<(String, String)> {
        let optional = [("variables", &self.variables), ("goto", &self.goto)];
        std::iter::once(("state".to_owned(), self.document.clone()))
            .chain(optional.into_iter().filter_map(|(name, value)| value.clone().map(|value| (name.to_owned(), value))))
            .collect()
    }

    /// The names of what is carried.
    pub fn carried_names(&self) -> Vec<String> {
        self.carried().into_iter().map(|(name, _)| name).collect()
    }

    /// Adds a step in a group of its own.
    pub fn push(&mut self, step: Step) {
        let step = gate_step(step, self.gate.as_ref());
        self.groups.push(vec![step]);
    }

    /// After a statement that may end the block: what comes next runs only if `next` is empty.
    pub fn may_exit(&mut self, next: String, error: Option<String>) {
        self.gate = Some(format!("({next}) == \"\""));
        self.exits.push(Exit { next, document: self.document.clone(), variables: self.variables.clone(), goto: self.goto.clone(), error });
    }

    /// What is carried, to be set again.
    fn data(&self) -> Data {
        (self.document.clone(), self.variables.clone(), self.goto.clone())
    }

    fn set_data(&mut self, data: Data) {
        (self.document, self.variables, self.goto) = data;
    }

    /// Takes what is carried from whichever of these steps ran.
    pub fn take_from(&mut self, ran: &[String], otherwise: Otherwise) {
        if ran.is_empty() {
            return;
        }
        let chain = |parameter: &str, before: &String| {
            let mut all: Vec<String> = ran.iter().map(|step| text::output(step, parameter)).collect();
            all.push(match otherwise {
                Otherwise::Before => before.clone(),
                Otherwise::Never => "\"\"".to_owned(),
            });
            format!("({})", text::first(&all))
        };
        self.document = chain("state", &self.document);
        self.variables = self.variables.as_ref().map(|before| chain("variables", before));
        self.goto = self.goto.as_ref().map(|before| chain("goto", before));
    }

    /// Whether the block can end in any other way than by coming to its end.
    pub fn exits(&self) -> bool {
        !self.exits.is_empty() || !matches!(self.end, End::Through)
    }

    /// The document where the block ends, whichever way.
    pub fn document_at_end(&self) -> String {
        self.at_end(&self.document, |exit| Some(&exit.document)).unwrap_or_else(|| self.document.clone())
    }

    /// An expression that is `last` when the block came to its end, and else that of the statement that ended it.
    fn at_end<'c>(&'c self, last: &str, of: impl Fn(&'c Exit) -> Option<&'c String>) -> Option<String> {
        let Some((latest, _)) = self.exits.split_last() else { return Some(last.to_owned()) };
        let mut out = format!("({}) == \"\" ? {last}", latest.next);
        for exit in self.exits.iter().rev() {
            let value = of(exit)?;
            out.push_str(&format!(" : ({}) != nil ? {value}", exit.next));
        }
        Some(format!("({out} : \"\")"))
    }

    /// The outputs of a block's template; `soft`: its errors are values.
    pub fn outputs(&self, with_next: bool, soft: bool) -> Vec<(String, String)> {
        let mut out = vec![("state".to_owned(), self.document_at_end())];
        for (name, last, of) in [
            ("variables", &self.variables, (|exit: &Exit| exit.variables.as_ref()) as fn(&Exit) -> Option<&String>),
            ("goto", &self.goto, |exit: &Exit| exit.goto.as_ref()),
        ] {
            if let Some(last) = last {
                out.push((name.to_owned(), self.at_end(last, of).unwrap_or_else(|| last.clone())));
            }
        }
        if with_next || self.exits() {
            let last = match &self.end {
                End::Through => "\"\"".to_owned(),
                End::Jump(label) => text::literal(label),
                End::Failure(_) => "\"error\"".to_owned(),
            };
            let next = match self.exits.last() {
                None => last,
                Some(latest) => {
                    let chain: Vec<String> = self.exits.iter().rev().map(|exit| exit.next.clone()).collect();
                    format!("({}) == \"\" ? {last} : {}", latest.next, text::first(&chain))
                }
            };
            out.push(("next".to_owned(), next));
        }
        if soft {
            let last = match &self.end {
                End::Failure(failure) => failure.clone(),
                _ => "\"\"".to_owned(),
            };
            let errors: Vec<(&str, &String)> =
                self.exits.iter().rev().filter_map(|exit| exit.error.as_ref().map(|e| (exit.next.as_str(), e))).collect();
            let mut error = String::new();
            for (next, value) in errors {
                error.push_str(&format!("({next}) == \"error\" ? {value} : "));
            }
            out.push(("error".to_owned(), format!("{error}{last}")));
        }
        out
    }
}

impl Emitter<'_> {
    /// Labels get the names of the states that they stand for.
    pub(super) fn name_labels(&mut self) {
        self.states = labels_of(&self.control.body.block);
    }

    fn state_of(&self, of: Label) -> String {
        self.states.get(&of).map_or_else(|| format!("region-{of}"), |state| label(state, 40))
    }

    fn jump_label(&mut self, kind: &'static str, of: Label) -> String {
        let key = (kind, of);
        if let Some(known) = self.label_names.get(&key) {
            return known.clone();
        }
        let name = self.labels.unique(&format!("{kind}-{}", self.state_of(of)));
        self.label_names.insert(key, name.clone());
        name
    }

    /// Emits a block into a template that is being written.
    pub(super) fn block(&mut self, block: &[Stmt], cursor: &mut Cursor, mode: Mode) {
        for stmt in block {
            if self.too_large() {
                return;
            }
            match &stmt.kind {
                Kind::State(leaf) => {
                    if matches!(leaf.state.kind, StateKind::Fail(_)) {
                        self.raise(leaf, cursor, mode);
                        return;
                    }
                    self.leaf(leaf, cursor, mode);
                }
                Kind::Choose { state, arms, default } => self.choose(state, arms, default.as_ref(), cursor, mode),
                Kind::Try { state, handlers } => self.tried(state, handlers, cursor, mode),
                Kind::Scope { label, body } => self.scope(*label, body, cursor, mode),
                Kind::Loop { label, body } => self.repeat(*label, body, cursor, mode),
                Kind::Leave(label) => {
                    let label = self.jump_label("to", *label);
                    cursor.end = End::Jump(label);
                    return;
                }
                Kind::Repeat(label) => {
                    let label = self.jump_label("again", *label);
                    cursor.end = End::Jump(label);
                    return;
                }
                Kind::Return => {
                    cursor.end = End::Jump("end".into());
                    return;
                }
                Kind::Request { region, arm } => cursor.goto = Some(text::literal(&format!("{region}-{arm}"))),
                Kind::Dispatch { region, arms } => self.dispatch(*region, arms, cursor, mode),
            }
        }
    }

    /// A template for a block, with what is carried as inputs and outputs. Gives its name.
    fn block_template(&mut self, name: &str, block: &[Stmt], mode: Mode, with_next: bool) -> String {
        let name = self.names.unique(&crate::pass::naming::shorten(name, 60, name));
        let mut template = Template::new(&name);
        let mut cursor = Cursor::inner(self.control);
        template.inputs = cursor.carried_names();
        self.block(block, &mut cursor, mode);
        template.outputs = cursor.outputs(with_next || mode.soft, mode.soft);
        template.take(cursor);
        self.add(template);
        name
    }

    /// A template for the body of a branch or an iteration: however it ends, that is the end. `gives`: whether somebody takes its document.
    pub(super) fn body_template(&mut self, name: &str, body: &Body, mode: Mode, gives: bool) -> String {
        let name = self.names.unique(&crate::pass::naming::shorten(name, 60, name));
        let mut template = Template::new(&name);
        let mut cursor = Cursor::inner(self.control);
        template.inputs = cursor.carried_names();
        let outer = std::mem::take(&mut self.states);
        let labels = std::mem::take(&mut self.label_names);
        let whole = std::mem::take(&mut self.labels);
        self.states = labels_of(&body.block);
        self.block(&body.block, &mut cursor, mode);
        (self.states, self.label_names, self.labels) = (outer, labels, whole);
        template.outputs = cursor.outputs(false, mode.soft);
        template.outputs.retain(|(name, _)| (gives && name == "state") || name == "error");
        template.take(cursor);
        self.add(template);
        name
    }

    fn choose(&mut self, leaf: &Leaf, arms: &[Block], default: Option<&Block>, cursor: &mut Cursor, mode: Mode) {
        let name = cursor.names.unique(&label(&leaf.state.name.value, 50));
        let blocks: Vec<&Block> = arms.iter().chain(default).collect();
        // What each arm is: a label of its own where it has steps, else where it jumps to.
        let mut targets: Vec<(String, Option<&Block>)> = Vec::new();
        let mut own = Names::default();
        for block in &blocks {
            let target = match block.as_slice() {
                [] => (String::new(), None),
                [Stmt { kind: Kind::Leave(to) }] => (self.jump_label("to", *to), None),
                [Stmt { kind: Kind::Repeat(to) }] => (self.jump_label("again", *to), None),
                [Stmt { kind: Kind::Return }] => ("end".to_owned(), None),
                statements => (own.unique(&format!("do-{}", label(&first_state(statements), 40))), Some(*block)),
            };
            targets.push(target);
        }
        let labels: Vec<String> = targets.iter().map(|(label, _)| label.clone()).collect();
        let chosen = self.choice_node(leaf, &name, &labels, arms.len(), default.is_some(), cursor, mode);
        let any_jump = targets.iter().any(|(label, block)| block.is_none() && !label.is_empty());
        let jumps = mode.soft || any_jump || blocks.iter().any(|block| leaves(block));
        let mut group = Vec::new();
        let mut ran: Vec<String> = Vec::new();
        let mut through: Vec<String> = Vec::new();
        for (target, block) in targets.iter().filter_map(|(label, block)| block.map(|block| (label, block))) {
            let when = format!("{} == {}", chosen.next, text::literal(target));
            let gate = cursor.gate.clone();
            // A failure alone needs no template of its own.
            if let ([Stmt { kind: Kind::State(fail) }], false) = (block.as_slice(), mode.soft)
                && matches!(fail.state.kind, StateKind::Fail(_))
                && let Some(failure) = self.constant_failure(fail)
            {
                let step_name = cursor.names.unique(&label(&fail.state.name.value, 50));
                let mut step = self.fail_step(step_name, failure, Some(when));
                step.origins = leaf_origins(fail);
                group.push(gate_step(step, gate.as_ref()));
                continue;
            }
            let template = self.block_template(&format!("{name}-{}", target.trim_start_matches("do-")), block, mode, jumps);
            let step_name = cursor.names.unique(&template);
            let mut step = Step { parameters: cursor.carried(), when: Some(when), ..Step::new(&step_name, &template) };
            step.origins = leaf_origins(leaf);
            group.push(gate_step(step, gate.as_ref()));
            if comes_to_its_end(block) {
                through.push(step_name.clone());
            }
            ran.push(step_name);
        }
        if !group.is_empty() {
            cursor.groups.push(group);
        }
        if jumps {
            // Where it ends here, by a jump that is an arm's own or by one that is the arm.
            let here = cursor.data();
            cursor.take_from(&ran, if any_jump { Otherwise::Before } else { Otherwise::Never });
            let mut nexts: Vec<String> = ran.iter().map(|step| text::output(step, "next")).collect();
            nexts.push(chosen.next.clone());
            let error = mode.soft.then(|| {
                let mut errors: Vec<String> = ran.iter().map(|step| text::output(step, "error")).collect();
                errors.push(chosen.error.clone().unwrap_or_else(|| "\"\"".into()));
                text::first(&errors)
            });
            cursor.may_exit(text::first(&nexts), error);
            cursor.set_data(here);
        }
        // Where it goes on: from an arm that comes to its end, or past all of them.
        let past = targets.iter().any(|(label, block)| block.is_none() && label.is_empty());
        cursor.take_from(&through, if past || through.is_empty() { Otherwise::Before } else { Otherwise::Never });
    }

    fn tried(&mut self, leaf: &Leaf, handlers: &[Block], cursor: &mut Cursor, mode: Mode) {
        let base = label(&leaf.state.name.value, 50);
        // The state itself, its errors as values and told apart by the catchers.
        let template = self.try_template(&base, leaf);
        let step_name = cursor.names.unique(&base);
        let step = Step { parameters: cursor.carried(), ..Step::of(leaf, &step_name, &template) };
        let before = cursor.carried();
        cursor.push(step);
        let next = text::output(&step_name, "next");
        let failure = text::output(&step_name, "error");
        cursor.take_from(std::slice::from_ref(&step_name), Otherwise::Never);
        let jumps = mode.soft || handlers.iter().any(|handler| leaves(handler)) || handlers.iter().any(|handler| ends_in_jump(handler));
        let mut group = Vec::new();
        let mut ran = Vec::new();
        for (index, handler) in handlers.iter().enumerate() {
            let when = format!("{next} == \"caught-{index}\"");
            let name = format!("{base}-caught{}", if handlers.len() == 1 { String::new() } else { format!("-{}", index + 1) });
            let template = self.handler_template(&name, leaf, index, handler, mode, jumps);
            let handler_step = cursor.names.unique(&template);
            let mut parameters = before.clone();
            parameters.push(("error".into(), format!("{failure} ?? \"\"")));
            let mut step = Step { parameters, when: Some(when), ..Step::new(&handler_step, &template) };
            step.origins = leaf.state.catch.get(index).map(|catcher| Origins::one(catcher.span)).unwrap_or_default();
            group.push(gate_step(step, cursor.gate.as_ref()));
            ran.push(handler_step);
        }
        if !mode.soft {
            let fail_name = cursor.names.unique(&format!("{base}-failed"));
            let step = self.fail_step(fail_name, format!("{failure} ?? \"\""), Some(format!("{next} == \"error\"")));
            group.push(gate_step(step, cursor.gate.as_ref()));
        }
        cursor.groups.push(group);
        cursor.take_from(&ran, Otherwise::Before);
        if jumps {
            let mut nexts: Vec<String> = ran.iter().map(|step| text::output(step, "next")).collect();
            nexts.push(next);
            let error = mode.soft.then(|| {
                let mut errors: Vec<String> = ran.iter().map(|step| text::output(step, "error")).collect();
                errors.push(failure);
                text::first(&errors)
            });
            cursor.may_exit(text::first(&nexts), error);
        }
    }

    fn handler_template(&mut self, name: &str, leaf: &Leaf, index: usize, handler: &[Stmt], mode: Mode, with_next: bool) -> String {
        let name = self.names.unique(&crate::pass::naming::shorten(name, 60, name));
        let mut template = Template::new(&name);
        let mut cursor = Cursor::inner(self.control);
        template.inputs = cursor.carried_names();
        template.inputs.push("error".to_owned());
        self.caught(leaf, index, &mut cursor, mode);
        self.block(handler, &mut cursor, mode);
        template.outputs = cursor.outputs(with_next || mode.soft, mode.soft);
        template.take(cursor);
        self.add(template);
        name
    }

    fn scope(&mut self, of: Label, body: &Block, cursor: &mut Cursor, mode: Mode) {
        let exit = self.jump_label("to", of);
        let template = self.block_template(&format!("before-{}", self.state_of(of)), body, mode, true);
        let step_name = cursor.names.unique(&template);
        cursor.push(Step { parameters: cursor.carried(), ..Step::new(&step_name, &template) });
        cursor.take_from(std::slice::from_ref(&step_name), Otherwise::Never);
        let next = text::output(&step_name, "next");
        // Leaving the scope is coming here.
        let next = format!("({next} == {} ? \"\" : {next})", text::literal(&exit));
        if mode.soft || escapes(body, of) {
            let error = mode.soft.then(|| text::output(&step_name, "error"));
            cursor.may_exit(next, error);
        }
    }

    /// A loop: a template that calls itself, [`TURNS`] times a level, as long as the body says `again`.
    fn repeat(&mut self, of: Label, body: &Block, cursor: &mut Cursor, mode: Mode) {
        let again = self.jump_label("again", of);
        let state = self.state_of(of);
        let turn = self.block_template(&format!("{state}-turn"), body, mode, true);
        let step_name = self.turns(&turn, &format!("{state}-loop"), &again, &[], cursor);
        cursor.take_from(std::slice::from_ref(&step_name), Otherwise::Never);
        let next = text::output(&step_name, "next");
        let limit = crate::simulate::engine::EVENT_LIMIT;
        let failure =
            format!(r#"{{"Error":"States.Runtime","Cause":"The execution reached the maximum number of history events ({limit})."}}"#);
        let too_long = cursor.names.unique(&format!("{state}-too-long"));
        let step = self.fail_step(too_long, text::literal(&failure), Some(format!("{next} == {}", text::literal(&again))));
        cursor.push(step);
        if mode.soft || escapes(body, of) {
            let error = mode.soft.then(|| text::output(&step_name, "error"));
            cursor.may_exit(next, error);
        }
    }

    /// Calls a template again and again, as long as its `next` is `again`: a template that calls itself, [`TURNS`] times a level. `more`: inputs and
    /// outputs of the template besides what is carried, with their first values. Gives the step; `soft` templates have `error`.
    pub(super) fn turns(&mut self, turn: &str, wanted: &str, again: &str, more: &[(String, String)], cursor: &mut Cursor) -> String {
        let name = self.names.unique(wanted);
        let mut template = Template::new(&name);
        let mut carried = Cursor::inner(self.control).carried_names();
        carried.extend(more.iter().map(|(name, _)| name.clone()));
        template.inputs = std::iter::once("level".to_owned()).chain(carried.iter().cloned()).collect();
        let call = format!("{{{{=inputs.parameters.level == \"0\" ? {} : {}}}}}", text::literal(turn), text::literal(&name));
        let steps: Vec<String> = (1..=TURNS).map(|turn| format!("turn-{turn}")).collect();
        for (index, step_name) in steps.iter().enumerate() {
            let mut step = Step::new(step_name, &call);
            step.also = vec![turn.to_owned(), name.clone()];
            step.parameters.push(("level".into(), "string(max(int(inputs.parameters.level) - 1, 0))".into()));
            for parameter in &carried {
                let value = match index.checked_sub(1) {
                    None => format!("inputs.parameters.{parameter}"),
                    Some(before) => format!("{} ?? \"\"", text::output(&steps[before], parameter)),
                };
                step.parameters.push((parameter.clone(), value));
            }
            if let Some(before) = index.checked_sub(1) {
                step.when = Some(format!("{} == {}", text::output(&steps[before], "next"), text::literal(again)));
            }
            template.groups.push(vec![step]);
        }
        let last = |parameter: &str| {
            let all: Vec<String> = steps.iter().rev().map(|step| text::output(step, parameter)).collect();
            text::first(&all)
        };
        template.outputs = carried.iter().map(|parameter| (parameter.clone(), last(parameter))).collect();
        template.outputs.push(("next".into(), last("next")));
        if self.gives(turn, "error") {
            template.outputs.push(("error".into(), last("error")));
        }
        self.add(template);
        let step_name = cursor.names.unique(&name);
        let mut parameters = vec![("level".to_owned(), format!("\"{LEVELS}\""))];
        parameters.extend(cursor.carried());
        parameters.extend(more.iter().cloned());
        cursor.push(Step { parameters, ..Step::new(&step_name, &name) });
        step_name
    }

    /// Whether a template that was just made has an output.
    fn gives(&self, template: &str, output: &str) -> bool {
        self.templates.iter().rev().find(|t| t.name == template).is_some_and(|t| t.outputs.iter().any(|(name, _)| name == output))
    }

    fn dispatch(&mut self, region: Label, arms: &[Block], cursor: &mut Cursor, mode: Mode) {
        let goto = cursor.goto.clone().unwrap_or_else(|| "\"\"".into());
        let mut group = Vec::new();
        let mut ran = Vec::new();
        for (index, arm) in arms.iter().enumerate() {
            let template = self.block_template(&format!("region-{}", label(&first_state(arm), 40)), arm, mode, true);
            let step_name = cursor.names.unique(&template);
            let when = format!("{goto} == \"{region}-{index}\"");
            let step = Step { parameters: cursor.carried(), when: Some(when), ..Step::new(&step_name, &template) };
            group.push(gate_step(step, cursor.gate.as_ref()));
            ran.push(step_name);
        }
        cursor.groups.push(group);
        // Whoever comes here asked for one of them.
        cursor.take_from(&ran, Otherwise::Never);
        let nexts: Vec<String> = ran.iter().map(|step| text::output(step, "next")).collect();
        let error = mode.soft.then(|| text::first(&ran.iter().map(|step| text::output(step, "error")).collect::<Vec<_>>()));
        cursor.may_exit(text::first(&nexts), error);
    }

    /// A Fail state: ends the run, or the block where something handles it.
    fn raise(&mut self, leaf: &Leaf, cursor: &mut Cursor, mode: Mode) {
        let base = label(&leaf.state.name.value, 50);
        let (failure, wanted) = match self.constant_failure(leaf) {
            Some(failure) => (failure, base),
            None => {
                let tier = super::tier::fail(&leaf.state, self.around(cursor));
                let step = self.compute(&Part::of("fail", leaf, tier), &base, cursor, mode);
                (format!("({} ?? \"\")", text::output(&step, "output")), format!("{base}-raise"))
            }
        };
        if mode.soft {
            cursor.end = End::Failure(failure);
            cursor.origins.extend(&leaf_origins(leaf));
            return;
        }
        let name = cursor.names.unique(&wanted);
        let mut step = self.fail_step(name, failure, None);
        step.origins = leaf_origins(leaf);
        step.comment.clone_from(&leaf.state.comment);
        cursor.push(step);
    }
}

pub fn gate_step(mut step: Step, gate: Option<&String>) -> Step {
    step.when = match (step.when.take(), gate) {
        (Some(own), Some(gate)) => Some(format!("{gate} and {own}")),
        (own, gate) => own.or_else(|| gate.cloned()),
    };
    step
}

/// All places of the source that a state consists of, without the graphs inside it.
pub fn leaf_origins(leaf: &Leaf) -> Origins {
    leaf.state.own_spans()
}

/// The name of the state that a block begins with.
pub fn first_state(block: &[Stmt]) -> String {
    block
        .iter()
        .find_map(|stmt| match stmt.kind.leaf() {
            Some(leaf) => Some(leaf.state.name.value.clone()),
            None => stmt.kind.blocks().into_iter().map(|block| first_state(block)).find(|name| !name.is_empty()),
        })
        .unwrap_or_default()
}

fn labels_of(block: &Block) -> std::collections::BTreeMap<Label, String> {
    fn walk(block: &Block, states: &mut std::collections::BTreeMap<Label, String>) {
        for (index, stmt) in block.iter().enumerate() {
            match &stmt.kind {
                Kind::Loop { label, body } => {
                    states.entry(*label).or_insert_with(|| first_state(body));
                }
                Kind::Scope { label, .. } => {
                    states.entry(*label).or_insert_with(|| first_state(&block[index + 1..]));
                }
                _ => {}
            }
            for inner in stmt.kind.blocks() {
                walk(inner, states);
            }
        }
    }
    let mut states = std::collections::BTreeMap::new();
    walk(block, &mut states);
    states
}

/// Whether a block can come to its end; in doubt it can.
fn comes_to_its_end(block: &[Stmt]) -> bool {
    match block.last().map(|stmt| &stmt.kind) {
        Some(Kind::Leave(_) | Kind::Repeat(_) | Kind::Return) => false,
        Some(Kind::State(leaf)) => !matches!(leaf.state.kind, StateKind::Fail(_)),
        Some(Kind::Choose { arms, default, .. }) => arms.iter().chain(default).any(|arm| comes_to_its_end(arm)),
        _ => true,
    }
}

/// Whether control can leave a block by a jump out of it.
fn leaves(block: &[Stmt]) -> bool {
    jumps(block, &mut Vec::new(), true)
}

/// Whether a jump leaves a scope or loop for somewhere else than its own label.
fn escapes(block: &[Stmt], own: Label) -> bool {
    jumps(block, &mut vec![own], false)
}

/// Whether a block has a return or a jump to a label that is not `inside`; `dispatches`: a dispatch counts as such a jump, whatever its arms do.
fn jumps(block: &[Stmt], inside: &mut Vec<Label>, dispatches: bool) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        Kind::Leave(to) | Kind::Repeat(to) => !inside.contains(to),
        Kind::Return => true,
        Kind::Dispatch { .. } if dispatches => true,
        Kind::Scope { label, body } | Kind::Loop { label, body } => {
            inside.push(*label);
            let out = jumps(body, inside, dispatches);
            inside.pop();
            out
        }
        other => other.blocks().into_iter().any(|inner| jumps(inner, inside, dispatches)),
    })
}

fn ends_in_jump(block: &[Stmt]) -> bool {
    matches!(block.last().map(|stmt| &stmt.kind), Some(Kind::Leave(_) | Kind::Repeat(_) | Kind::Return))
}
