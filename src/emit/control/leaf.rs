//! States: what each becomes.
use super::block::{Cursor, Mode, Otherwise, gate_step, leaf_origins};
use super::map::tolerates_by_data;
use super::template::{Step, Template};
use super::tier::{self, Around, Tier};
use super::{EVALUATE, Emitter, request, text};
use crate::emit::argo_expressions::Failure;
use crate::emit::argo_workflows;
use crate::emit::yaml::Writer;
use crate::ir::control::Leaf;
use crate::ir::machine::{FailText, Number, QueryLanguage, State, StateKind, WaitFor};
use crate::pass::naming::label;
use crate::simulate::definition;
use crate::simulate::eval::safe;
use crate::simulate::value::Value;
use crate::source::rules::argo::ARG108;
use crate::source::span::Sourced;

/// A part of a state that the runtime can evaluate.
pub struct Part<'l> {
    pub(super) name: &'static str,
    pub(super) leaf: &'l Leaf,
    pub(super) tier: Tier,
    /// Expressions besides what is carried, by their name in the request.
    pub(super) extra: Vec<(&'static str, String)>,
    /// Whether it may assign variables.
    pub(super) assigns: bool,
}

impl<'l> Part<'l> {
    pub fn of(name: &'static str, leaf: &'l Leaf, tier: Tier) -> Self {
        Self { name, leaf, tier, extra: Vec::new(), assigns: false }
    }
}

/// A choice that was made.
pub struct Chosen {
    /// Expression of the label.
    pub next: String,
    pub error: Option<String>,
}

fn assigns(state: &State) -> bool {
    state.data.assign.is_some()
        || match &state.kind {
            StateKind::Choice { rules, .. } => rules.iter().any(|rule| rule.assign.is_some()),
            _ => false,
        }
}

impl Emitter<'_> {
    pub(super) fn around(&self, cursor: &Cursor) -> Around<'_> {
        Around { machine: &self.control.machine, retries: cursor.retries }
    }

    /// A node that computes a part of a state. Gives its step; nil outputs mean that it did not run.
    pub(super) fn compute(&mut self, part: &Part<'_>, wanted: &str, cursor: &mut Cursor, mode: Mode) -> String {
        let step = self.compute_step(part, wanted, cursor, mode, &[]);
        if mode.soft {
            cursor.may_exit(text::output(&step, "next"), Some(text::output(&step, "error")));
        }
        step
    }

    /// `labels`: of a Choice, by the index of the rule, Default last.
    fn compute_step(&mut self, part: &Part<'_>, wanted: &str, cursor: &mut Cursor, mode: Mode, labels: &[(String, String)]) -> String {
        let name = self.names.unique(&crate::pass::naming::shorten(wanted, 60, wanted));
        let state = &part.leaf.state;
        // A translation takes a function for what it is, whatever a variable is called.
        let only_pod = self.control.hides_functions && state.query_language == QueryLanguage::Jsonata;
        let tier = if only_pod { &Tier::Pod } else { &part.tier };
        let mut template = Template::new(&name);
        template.origins = leaf_origins(part.leaf);
        // What goes in: the document, variables where there are any, and what the part needs besides.
        let mut data = vec![("document", "inputs.parameters.state".to_owned())];
        template.inputs.push("state".into());
        let mut parameters = vec![("state".to_owned(), cursor.document.clone())];
        if let Some(variables) = &cursor.variables {
            template.inputs.push("variables".into());
            parameters.push(("variables".into(), variables.clone()));
            data.push(("variables", "inputs.parameters.variables".into()));
        }
        for (key, expression) in &part.extra {
            if *key == "catcher" {
                // A number of ours.
                data.push((key, expression.clone()));
                continue;
            }
            template.inputs.push((*key).to_owned());
            parameters.push(((*key).to_owned(), expression.clone()));
            // All but a token are JSON already.
            let json = if *key == "token" { "toJson(inputs.parameters.token)".to_owned() } else { format!("inputs.parameters.{key}") };
            data.push((key, json));
        }
        let definition = safe(&definition::write(state));
        let uses_input = matches!(tier, Tier::Expression { guard, outputs, .. } if guard.contains(tier::EXECUTION_INPUT)
            || outputs.iter().any(|(_, text)| text.contains(tier::EXECUTION_INPUT)));
        if uses_input {
            template.inputs.push("input".into());
            parameters.push(("input".into(), text::safe_json("workflow.parameters.input")));
        }
        if cursor.retries && super::retry::asks_for_retries(&definition) {
            template.inputs.push("retries".into());
            parameters.push(("retries".into(), "inputs.parameters.retries".into()));
            data.push(("retries", "inputs.parameters.retries".into()));
        }
        let mut evaluate = Step::new("evaluate", EVALUATE);
        evaluate.request = Some(request::request(part.name, &state.name.value, &definition, &data, &self.control.machine));
        evaluate.origins = leaf_origins(part.leaf);
        evaluate.goes_on = mode.soft;
        let from_pod = |parameter: &str| format!("steps.evaluate.outputs.parameters.{parameter}");
        let failed = "(steps.evaluate.status != \"Succeeded\" and steps.evaluate.status != \"Skipped\")";
        // An expression that holds for every input needs no pod.
        let total = matches!(tier, Tier::Expression { guard, .. } if guard == "true");
        let mut output = from_pod("output");
        let mut variables = from_pod("variables");
        let mut next = from_pod("next");
        // A failure that is known is none of the pod's.
        let mut known = None;
        if let Tier::Expression { guard, outputs, failure } = tier {
            evaluate.when = Some(format!("not ({guard})"));
            if let Some(failure) = failure {
                evaluate.when = Some(format!("not ({guard}) and not ({})", failure.when));
                known = Some(failure);
            }
            let with = |name: &str, pod: &str| match outputs.iter().find(|(key, _)| key == name) {
                Some((_, fast)) if total => fast.clone(),
                None if total => "\"\"".to_owned(),
                Some((_, fast)) => format!("steps.evaluate.status == \"Skipped\" ? {fast} : {pod}"),
                None => pod.to_owned(),
            };
            output = with("output", &output);
            variables = with("variables", &variables);
            next = with("next", &next);
        }
        if !total {
            self.uses.runtime = true;
            let always = *tier == Tier::Pod;
            self.uses.evaluations.push(super::Evaluation { state: state.name.clone(), always });
            let mut group = vec![evaluate];
            if let Some(Failure { when, output }) = known.filter(|_| !mode.soft) {
                group.push(self.fail_step("fail".into(), format!("({when}) ? {output} : \"\""), Some(when.clone())));
            }
            template.groups.push(group);
        }
        let pod_failed = failed;
        let failed = match known {
            Some(Failure { when, .. }) => format!("({failed} or ({when}))"),
            None => failed.to_owned(),
        };
        let unless_failed =
            |value: String, otherwise: &str| if mode.soft && !total { format!("{failed} ? {otherwise} : ({value})") } else { value };
        let changes = part.name != "choose" || choice_changes(state);
        if changes {
            template.outputs.push(("output".into(), unless_failed(output, "\"\"")));
        }
        if part.name == "items" && tolerates_by_data(state) {
            template.outputs.push(("tolerated".into(), unless_failed(variables.clone(), "\"{}\"")));
        }
        if part.name == "written" {
            template.outputs.push(("files".into(), unless_failed(variables.clone(), "\"\"")));
        }
        if part.assigns && cursor.variables.is_some() {
            // Empty: nothing was assigned.
            let kept = format!("(({variables}) == \"\" ? inputs.parameters.variables : ({variables}))");
            template.outputs.push(("variables".into(), unless_failed(kept, "inputs.parameters.variables")));
        }
        if part.name == "choose" {
            let map: Vec<String> = labels.iter().map(|(from, to)| format!("{}: {}", text::literal(from), text::literal(to))).collect();
            let next = format!("{{{}}}[{next}]", map.join(", "));
            template.outputs.push(("next".into(), unless_failed(next, "\"error\"")));
        } else if mode.soft {
            let next = if total { "\"\"".to_owned() } else { format!("{failed} ? \"error\" : \"\"") };
            template.outputs.push(("next".into(), next));
        }
        if mode.soft && total {
            template.outputs.push(("error".into(), "\"\"".into()));
        } else if mode.soft {
            let error = "steps.evaluate.outputs?.parameters?.error ?? \"\"";
            let lost = r#""{\"Error\":\"States.TaskFailed\",\"Cause\":\"the pod of the runtime was lost\"}""#;
            let from_pod = format!("{pod_failed} ? (({error}) == \"\" ? {lost} : {error}) : \"\"");
            let error = match known {
                Some(Failure { when, output }) => format!("({when}) ? {output} : ({from_pod})"),
                None => from_pod,
            };
            template.outputs.push(("error".into(), error));
        }
        self.add(template);
        let step_name = cursor.names.unique(&name);
        let step = Step { parameters, ..Step::of(part.leaf, &step_name, &name) };
        cursor.push(step);
        step_name
    }

    #[expect(clippy::too_many_arguments, reason = "a choice and where its ways lead")]
    pub(super) fn choice_node(
        &mut self,
        leaf: &Leaf,
        name: &str,
        labels: &[String],
        rules: usize,
        has_default: bool,
        cursor: &mut Cursor,
        mode: Mode,
    ) -> Chosen {
        let keys = (0..rules).map(|index| index.to_string()).chain(has_default.then(|| "default".to_owned()));
        let labels: Vec<(String, String)> = keys.zip(labels.iter().cloned()).collect();
        let part = Part { assigns: assigns(&leaf.state), ..Part::of("choose", leaf, tier::choose(&leaf.state, self.around(cursor))) };
        let step = self.compute_step(&part, name, cursor, mode, &labels);
        if choice_changes(&leaf.state) {
            cursor.document = format!("({} ?? \"\")", text::output(&step, "output"));
        }
        if part.assigns && cursor.variables.is_some() {
            cursor.variables = Some(format!("({} ?? \"\")", text::output(&step, "variables")));
        }
        Chosen { next: text::output(&step, "next"), error: mode.soft.then(|| text::output(&step, "error")) }
    }

    /// What becomes of the document: nothing, a text known now, or a node.
    fn moved(&mut self, part: Part<'_>, wanted: &str, cursor: &mut Cursor, mode: Mode) {
        match &part.tier {
            Tier::Same => {}
            Tier::Folded(json) => {
                cursor.document = text::literal(json);
                cursor.origins.extend(&leaf_origins(part.leaf));
            }
            _ => {
                let step = self.compute(&part, wanted, cursor, mode);
                cursor.document = format!("({} ?? \"\")", text::output(&step, "output"));
                if part.assigns && cursor.variables.is_some() {
                    cursor.variables = Some(format!("({} ?? \"\")", text::output(&step, "variables")));
                }
            }
        }
    }

    /// A state that goes on to what follows. In a soft mode it may end the block with an error.
    pub(super) fn leaf(&mut self, leaf: &Leaf, cursor: &mut Cursor, mode: Mode) {
        if !leaf.state.retry.is_empty() && !super::retry::is_simple(&leaf.state) {
            self.retried(leaf, cursor, mode);
            return;
        }
        self.attempt(leaf, cursor, mode);
    }

    fn attempt(&mut self, leaf: &Leaf, cursor: &mut Cursor, mode: Mode) {
        let state = &leaf.state;
        let base = label(&state.name.value, 50);
        let assigns = assigns(state);
        match &state.kind {
            StateKind::Wait(wait) => {
                self.wait(leaf, wait, &base, cursor, mode);
                let part = Part { assigns, ..Part::of("waited", leaf, tier::waited(state, self.around(cursor))) };
                self.moved(part, &format!("{base}-output"), cursor, mode);
            }
            StateKind::Task(_) if state.waits_for_token() => self.task_with_token(leaf, &base, cursor, mode),
            StateKind::Task(_) => {
                if let Some(job) = crate::ir::control::job_of(state) {
                    self.spark(leaf, &job, &base, cursor, mode);
                    return;
                }
                if let Some(nested) = crate::ir::control::nested_of(state) {
                    self.nested(leaf, nested, &base, cursor, mode);
                    return;
                }
                if let Some(json) = crate::ir::control::constant_of(state) {
                    let before = cursor.document.clone();
                    self.settle(leaf, &base, text::literal(&json), &before, cursor, mode);
                    return;
                }
                let before = cursor.document.clone();
                let arguments = self.arguments(leaf, &base, cursor, mode);
                let template = self.call_template(leaf, &base);
                let step_name = cursor.names.unique(&base);
                self.call(leaf, call_step(leaf, &step_name, &template, arguments), cursor, mode);
                let result = text::safe_json(&format!("({} ?? \"null\")", text::output(&step_name, "result")));
                self.settle(leaf, &base, result, &before, cursor, mode);
            }
            StateKind::Parallel { .. } => {
                let before = cursor.document.clone();
                let arguments = self.arguments(leaf, &base, cursor, mode);
                let gives = !tier::keeps_document(state);
                let mut group = Vec::new();
                let mut ran = Vec::new();
                for (index, body) in leaf.inner.iter().enumerate() {
                    let template = self.body_template(&format!("{base}-{}", index + 1), body, mode, gives);
                    let step_name = cursor.names.unique(&template);
                    let mut parameters = cursor.carried();
                    if let Some((_, state)) = parameters.first_mut() {
                        state.clone_from(&arguments);
                    }
                    let mut step = Step { parameters, ..Step::new(&step_name, &template) };
                    step.origins = leaf_origins(leaf);
                    group.push(gate_step(step, cursor.gate.as_ref()));
                    ran.push(step_name);
                }
                cursor.groups.push(group);
                if mode.soft {
                    let errors: Vec<String> = ran.iter().map(|step| text::output(step, "error")).collect();
                    let error = format!("(find([{}], (# ?? \"\") != \"\") ?? \"\")", errors.join(", "));
                    let ran_at_all = errors.first().cloned().unwrap_or_else(|| "\"\"".into());
                    cursor.may_exit(text::failed(&ran_at_all, &error), Some(error));
                }
                let results: Vec<String> = ran.iter().map(|step| format!("({} ?? \"null\")", text::output(step, "state"))).collect();
                let result = format!("(\"[\" + {} + \"]\")", results.join(" + \",\" + "));
                self.settle(leaf, &base, result, &before, cursor, mode);
            }
            StateKind::Map(_) => self.map(leaf, &base, cursor, mode),
            _ => {
                let part = Part { assigns, ..Part::of("pass", leaf, tier::pass(state, self.around(cursor))) };
                self.moved(part, &base, cursor, mode);
            }
        }
    }

    /// Adds the step of a call. In a soft mode its failure ends the block.
    pub(super) fn call(&mut self, leaf: &Leaf, step: Step, cursor: &mut Cursor, mode: Mode) {
        let name = step.name.clone();
        cursor.push(Step { goes_on: mode.soft, ..step });
        if mode.soft {
            let error = self.call_error(leaf, &name);
            cursor.may_exit(text::failed_as_error(&name), Some(error));
        }
    }

    /// What a Task sends or a Parallel gives: an expression.
    pub(super) fn arguments(&mut self, leaf: &Leaf, base: &str, cursor: &mut Cursor, mode: Mode) -> String {
        let part = Part::of("arguments", leaf, tier::arguments(&leaf.state, self.around(cursor)));
        self.text_of(&part, &format!("{base}-input"), cursor, mode)
    }

    /// What a part gives that leaves the document alone: the document itself, a text known now, or what a node gives. An expression.
    pub(super) fn text_of(&mut self, part: &Part<'_>, wanted: &str, cursor: &mut Cursor, mode: Mode) -> String {
        match &part.tier {
            Tier::Same => cursor.document.clone(),
            Tier::Folded(json) => text::literal(json),
            _ => {
                let step = self.compute(part, wanted, cursor, mode);
                format!("({} ?? \"\")", text::output(&step, "output"))
            }
        }
    }

    /// What leaves a state with a result, which is an expression of JSON text. `before` is the document that came in.
    pub(super) fn settle(&mut self, leaf: &Leaf, base: &str, result: String, before: &str, cursor: &mut Cursor, mode: Mode) {
        let state = &leaf.state;
        if tier::keeps_document(state) {
            before.clone_into(&mut cursor.document);
            return;
        }
        match tier::result(state, self.around(cursor)) {
            Tier::Same => cursor.document = result,
            tier => {
                before.clone_into(&mut cursor.document);
                let part = Part { extra: vec![("result", result)], assigns: assigns(state), ..Part::of("result", leaf, tier) };
                self.moved(part, &format!("{base}-output"), cursor, mode);
            }
        }
    }

    /// What a catcher leaves; the template has the input `error`.
    pub(super) fn caught(&mut self, leaf: &Leaf, index: usize, cursor: &mut Cursor, mode: Mode) {
        let Some(catcher) = leaf.state.catch.get(index) else { return };
        let tier = tier::caught(&leaf.state, index, catcher, self.around(cursor));
        if tier == Tier::ErrorOutput {
            cursor.document = "inputs.parameters.error".into();
            return;
        }
        let extra = vec![("error", "inputs.parameters.error".to_owned()), ("catcher", index.to_string())];
        let part = Part { extra, assigns: catcher.assign.is_some(), ..Part::of("caught", leaf, tier) };
        self.moved(part, &format!("{}-caught-error", label(&leaf.state.name.value, 44)), cursor, mode);
    }

    /// A state with catchers: its errors as values, and which catcher takes them.
    pub(super) fn try_template(&mut self, base: &str, leaf: &Leaf) -> String {
        let name = self.names.unique(&crate::pass::naming::shorten(&format!("{base}-try"), 60, base));
        let mut template = Template::new(&name);
        template.origins = leaf_origins(leaf);
        let mut cursor = Cursor::inner(self.control);
        template.inputs = cursor.carried_names();
        self.leaf(leaf, &mut cursor, Mode { soft: true });
        let mut outputs = cursor.outputs(true, true);
        let error = outputs.iter().find(|(name, _)| name == "error").map_or_else(|| "\"\"".to_owned(), |(_, error)| error.clone());
        let mut next = String::new();
        for (index, catcher) in leaf.state.catch.iter().enumerate() {
            next.push_str(&format!("{} ? \"caught-{index}\" : ", matches(&catcher.error_equals, "error")));
        }
        let next = format!(
            "let failure = ({error}); let error = failure == \"\" ? \"\" : fromJSON(failure).Error; failure == \"\" ? \"\" : {next}\"error\""
        );
        for (name, expression) in &mut outputs {
            if name == "next" {
                next.clone_into(expression);
            }
        }
        template.outputs = outputs;
        template.take(cursor);
        self.add(template);
        name
    }

    /// Attempts until one succeeds or no retrier is left: a loop that counts.
    fn retried(&mut self, leaf: &Leaf, cursor: &mut Cursor, mode: Mode) {
        let base = label(&leaf.state.name.value, 44);
        // One attempt: the state, then whether there is another and when.
        let turn = self.names.unique(&format!("{base}-attempt"));
        let mut template = Template::new(&turn);
        let mut inner = Cursor::inner(self.control);
        inner.retries = true;
        let carried: Vec<String> = inner.carried_names();
        template.inputs = carried.iter().cloned().chain(["retries".to_owned()]).collect();
        self.attempt(leaf, &mut inner, Mode { soft: true });
        let outputs = inner.outputs(true, true);
        let of = |name: &str| outputs.iter().find(|(key, _)| key == name).map_or_else(|| "\"\"".to_owned(), |(_, value)| value.clone());
        let decide = self.decide_template(leaf, &base);
        let decide_step = inner.names.unique("decide");
        let mut step = Step::new(&decide_step, &decide);
        step.parameters = vec![("retries".into(), "inputs.parameters.retries".into()), ("error".into(), of("error"))];
        template.groups = inner.groups;
        template.groups.push(vec![step]);
        let pause = self.pause_template();
        let pause_step = inner.names.unique("backoff");
        let mut step = Step::new(&pause_step, &pause);
        step.parameters = vec![("duration".into(), format!("{} ?? \"0s\"", text::output(&decide_step, "delay")))];
        step.when = Some(format!("{} == \"again\"", text::output(&decide_step, "next")));
        template.groups.push(vec![step]);
        template.outputs = outputs
            .iter()
            .filter(|(name, _)| name != "next" && name != "state" && name != "variables" && name != "goto")
            .cloned()
            .collect();
        // The document is taken on only by the attempt that succeeds.
        for name in &carried {
            let value = of(name);
            template
                .outputs
                .push((name.clone(), format!("{} == \"\" ? {value} : inputs.parameters.{name}", text::output(&decide_step, "next"))));
        }
        template.outputs.push(("next".into(), text::output(&decide_step, "next")));
        template.outputs.push(("retries".into(), text::output(&decide_step, "retries")));
        self.add(template);
        let more = [("retries".to_owned(), text::literal(&format!("[{}]", vec!["0"; leaf.state.retry.len()].join(","))))];
        let step = self.turns(&turn, &format!("{base}-retry"), "again", &more, cursor);
        let next = text::output(&step, "next");
        let failure = text::output(&step, "error");
        if mode.soft {
            cursor.may_exit(next, Some(failure));
        } else {
            let name = cursor.names.unique(&format!("{base}-failed"));
            let fail = self.fail_step(name, format!("{failure} ?? \"\""), Some(format!("({next} ?? \"\") != \"\"")));
            cursor.push(fail);
        }
        cursor.take_from(&[step], Otherwise::Never);
    }

    /// Which retrier takes an error, whether it has attempts left, how long to wait.
    fn decide_template(&mut self, leaf: &Leaf, base: &str) -> String {
        let retriers = &leaf.state.retry;
        let mut template = Template::new("");
        template.inputs = vec!["retries".into(), "error".into()];
        let mut index = String::new();
        for (at, retrier) in retriers.iter().enumerate() {
            index.push_str(&format!("{} ? {at} : ", matches(&retrier.error_equals, "name")));
        }
        let head = format!(
            "let failure = inputs.parameters.error; let name = failure == \"\" ? \"\" : fromJSON(failure).Error; let taken = fromJSON(inputs.parameters.retries); \
             let retrier = failure == \"\" ? -1 : {index}-1; "
        );
        let number = |text: &Option<Sourced<String>>, default: &str| text.as_ref().map_or_else(|| default.to_owned(), |t| t.value.clone());
        let most: Vec<String> = retriers.iter().map(|r| number(&r.max_attempts, "3")).collect();
        let delays: Vec<String> = retriers
            .iter()
            .enumerate()
            .map(|(at, r)| {
                let delay = format!("{} * {} ** taken[{at}]", number(&r.interval_seconds, "1"), number(&r.backoff_rate, "2"));
                match &r.max_delay_seconds {
                    Some(cap) => format!("min({delay}, {})", cap.value),
                    None => delay,
                }
            })
            .collect();
        let again = format!("retrier >= 0 and taken[retrier] < [{}][retrier]", most.join(", "));
        template.outputs = vec![
            ("next".into(), format!("{head}failure == \"\" ? \"\" : {again} ? \"again\" : \"error\"")),
            ("delay".into(), format!("{head}{again} ? string([{}][retrier]) + \"s\" : \"0s\"", delays.join(", "))),
            (
                "retries".into(),
                format!(
                    "{head}\"[\" + join(map(0..{}, string(int(taken[#]) + (# == retrier ? 1 : 0))), \",\") + \"]\"",
                    retriers.len() - 1
                ),
            ),
        ];
        self.share(&format!("{base}-retry-decision"), "retry-decision", template)
    }

    /// A suspension for a time that is known when it begins.
    fn pause_template(&mut self) -> String {
        const NAME: &str = "pause";
        if !self.templates.iter().any(|template| template.name == NAME) {
            self.names.unique(NAME);
            let w = Writer(&ARG108);
            let input = w.flow(w.map().text("name", "duration").build());
            let node = w
                .map()
                .text("name", NAME)
                .field("inputs", w.map().field("parameters", w.list(vec![input])).build())
                .field("suspend", w.map().text("duration", "{{inputs.parameters.duration}}").build())
                .build();
            self.add(Template::ready(NAME, node));
        }
        NAME.to_owned()
    }

    fn wait(&mut self, leaf: &Leaf, wait: &WaitFor, base: &str, cursor: &mut Cursor, mode: Mode) {
        if let WaitFor::Seconds(Number::Literal(seconds)) = wait {
            let w = Writer(&ARG108);
            let suspend = w.map().field("duration", w.text(format!("{}s", seconds.value)).from(&seconds.origins)).build();
            let node = w.map().field("name", w.text("").from(&leaf_origins(leaf))).field("suspend", suspend).build();
            let name = self.share(base, &format!("wait-{}s", seconds.value), Template::ready("", node));
            let step_name = cursor.names.unique(base);
            cursor.push(Step::of(leaf, &step_name, &name));
            return;
        }
        let part = Part::of("wait", leaf, tier::wait(&leaf.state, self.around(cursor)));
        let computed = self.compute(&part, &format!("{base}-duration"), cursor, mode);
        let pause = self.pause_template();
        let step_name = cursor.names.unique(base);
        let mut step = Step::new(&step_name, &pause);
        step.parameters = vec![("duration".into(), format!("{} ?? \"0s\"", text::output(&computed, "output")))];
        step.origins = leaf_origins(leaf);
        cursor.push(step);
    }

    /// The template that makes a task's call.
    pub(super) fn call_template(&mut self, leaf: &Leaf, base: &str) -> String {
        let node = (self.settings.call)("", &leaf.state);
        self.share(base, &argo_workflows::purpose_of(&leaf.state), Template::ready("", node))
    }

    /// The error of a call that failed: its own words, or what its end tells.
    pub(super) fn call_error(&mut self, leaf: &Leaf, step: &str) -> String {
        let StateKind::Task(task) = &leaf.state.kind else { return "\"\"".into() };
        let timeout = match &task.timeout_seconds {
            Some(Number::Literal(seconds)) => Some(seconds.value.clone()),
            _ => None,
        };
        let name = match timeout {
            Some(seconds) => format!(
                "(date(steps[\"{step}\"].finishedAt) - date(steps[\"{step}\"].startedAt) >= duration(\"{seconds}s\") ? \"States.Timeout\" : \"States.TaskFailed\")"
            ),
            None => "\"States.TaskFailed\"".to_owned(),
        };
        let own = text::safe_json(&format!("({} ?? \"\")", text::output(step, "error")));
        format!("({own} != \"\" ? {own} : toJson({{\"Error\": {name}, \"Cause\": \"\"}}))")
    }

    /// The failure of a Fail state that says all itself, as JSON text.
    pub(super) fn constant_failure(&self, leaf: &Leaf) -> Option<String> {
        let StateKind::Fail(fail) = &leaf.state.kind else { return None };
        let text = |text: &Option<FailText>| match text {
            None => Some(String::new()),
            Some(FailText::Literal(text)) => Some(text.value.clone()),
            Some(_) => None,
        };
        let failure = Value::object([("Error", Value::string(text(&fail.error)?)), ("Cause", Value::string(text(&fail.cause)?))]);
        Some(text::literal(&safe(&failure)))
    }
}

/// The step of a call.
pub(super) fn call_step(leaf: &Leaf, name: &str, template: &str, request: String) -> Step {
    let texts = argo_workflows::function_of(&leaf.state).map(|function| ("function".to_owned(), function));
    Step { parameters: vec![("input".into(), request)], texts: texts.into_iter().collect(), ..Step::of(leaf, name, template) }
}

/// Whether an Argo expression's `name` is one of these errors.
fn matches(names: &[Sourced<String>], name: &str) -> String {
    let mut any: Vec<String> = names
        .iter()
        .filter_map(|wanted| match wanted.value.as_str() {
            "States.ALL" => Some(format!("{name} != \"States.Runtime\"")),
            "States.TaskFailed" => {
                let others = ["Runtime", "Timeout", "QueryEvaluationError"].map(|other| format!("{name} != \"States.{other}\""));
                Some(format!("({})", others.join(" and ")))
            }
            // Nothing catches it.
            "States.Runtime" => None,
            other => Some(format!("{name} == {}", text::literal(other))),
        })
        .collect();
    match any.len() {
        0 => "false".into(),
        1 => any.remove(0),
        _ => format!("({})", any.join(" or ")),
    }
}

/// Whether a Choice changes the document.
fn choice_changes(state: &State) -> bool {
    let data = &state.data;
    let rules = match &state.kind {
        StateKind::Choice { rules, .. } => rules.iter().any(|rule| rule.output.is_some()),
        _ => false,
    };
    let by_path = state.query_language == QueryLanguage::JsonPath;
    rules || data.output.is_some() || (by_path && !(tier::whole(data.input_path.as_ref()) && tier::whole(data.output_path.as_ref())))
}
