//! WorkflowTemplate and CronWorkflow (argoproj.io/v1alpha1).
//!
//! Steps, not DAG: a sequence reads like the state machine, and a failed step ends it. A step that may fail is continued
//! past, and what handles the failure is guarded by its status.
use super::expression;
use super::spark_operator::{self, Context};
use super::yaml::{Node, Writer};
use crate::ir::plan::{Block, Function, Image, OnFailure, Payload, Pipeline, Schedule, SparkRelease, Stmt, StmtKind};
use crate::pass::naming::Names;
use crate::source::rules::argo::{ARG101, ARG102, ARG103, ARG104, ARG105, ARG106, ARG107, ARG108, ARG109, ARG110, ARG111, ARG112};
use crate::source::span::{Origins, Sourced};
use std::collections::BTreeMap;

/// The image that calls AWS: its own command line.
pub const AWS_CLI_IMAGE: &str = "amazon/aws-cli:2.31.0";

/// Settings of the target that the plan does not hold.
pub struct Settings<'a> {
    pub images: &'a [Image],
    /// Image name → reference with registry and tag.
    pub reference: &'a dyn Fn(&str) -> String,
    pub scheduler: Option<&'a str>,
}

/// The WorkflowTemplate of a pipeline.
#[must_use]
pub fn workflow_template(pipeline: &Pipeline, settings: &Settings<'_>) -> Node {
    let w = Writer(&ARG101);
    let name = &pipeline.name.value;
    let mut emitter = Emitter::new(pipeline);
    // A payload in a file is one job under the file's name: the job is the entrypoint itself.
    let lone = matches!(pipeline.body.as_slice(), [Stmt { name: only, kind: StmtKind::Run { on_failure: OnFailure::Raise, .. }, .. }] if only == name);
    let entry = if lone { emitter.template_of(name) } else { emitter.name_entry() };
    let mut templates = Vec::new();
    if !lone {
        let steps = emitter.steps(&pipeline.body);
        templates.push(w.map().field("name", w.text(entry.clone()).from(&pipeline.name.origins)).field("steps", steps).build());
    }
    templates.append(&mut emitter.templates);
    for job in &pipeline.jobs {
        templates.push(job_template(pipeline, job, &emitter.template_of(&job.name.value), false, settings));
    }
    for function in &pipeline.calls {
        templates.push(call_template(function, &emitter.template_of(&call_key(&function.name))));
    }
    if emitter.fails {
        templates.push(fail_template(&emitter));
    }
    if emitter.fails || emitter.idles {
        templates.push(nothing_template(&emitter.nothing));
    }
    document(pipeline, entry, pipeline.reads_input, templates)
}

/// The WorkflowTemplate around its templates; `takes_input`: whether it has the parameter `input`.
pub(super) fn document(pipeline: &Pipeline, entry: String, takes_input: bool, templates: Vec<Node>) -> Node {
    let w = Writer(&ARG101);
    let name = &pipeline.name.value;
    let metadata = w.map().field("name", w.text(name.clone()).from(&pipeline.name.origins)).optional(
        "annotations",
        pipeline.description.as_ref().map(|text| w.map().field("workflows.argoproj.io/description", w.sourced(text)).build()),
    );
    let mut spec = w.map().text("entrypoint", entry).text("serviceAccountName", name);
    if let Some(timeout) = &pipeline.timeout_seconds
        && let Ok(seconds) = timeout.value.parse::<i64>()
    {
        spec = spec.field("activeDeadlineSeconds", Writer(&ARG112).int(seconds).from(&timeout.origins));
    }
    if takes_input {
        let input = Writer(&ARG102);
        let parameter = input
            .map()
            .field("name", input.text("input").comment("JSON text, as start-execution took it"))
            .field("value", input.text("{}"))
            .build();
        spec = spec.field("arguments", input.map().field("parameters", input.list(vec![parameter])).build());
    }
    w.map()
        .text("apiVersion", "argoproj.io/v1alpha1")
        .text("kind", "WorkflowTemplate")
        .field("metadata", metadata.build())
        .field("spec", spec.field("templates", w.list(templates).spaced()).build())
        .build()
}

struct Emitter<'a> {
    pipeline: &'a Pipeline,
    /// Templates of blocks that need one of their own.
    templates: Vec<Node>,
    /// Names of templates. Those of jobs and functions come first: they are the source's own.
    names: Names,
    /// Job or function → its template.
    of: BTreeMap<String, String>,
    /// Names of the steps of each template that is being written, innermost last.
    steps: Vec<Names>,
    fail: String,
    nothing: String,
    fails: bool,
    idles: bool,
}

impl<'a> Emitter<'a> {
    fn new(pipeline: &'a Pipeline) -> Self {
        let mut names = Names::default();
        let mut of = BTreeMap::new();
        for job in &pipeline.jobs {
            of.insert(job.name.value.clone(), names.unique(&job.name.value));
        }
        for function in &pipeline.calls {
            of.insert(call_key(&function.name), names.unique(&function.name));
        }
        let fail = names.unique("fail");
        let nothing = names.unique("nothing");
        Self { pipeline, templates: Vec::new(), names, of, steps: Vec::new(), fail, nothing, fails: false, idles: false }
    }

    /// The template of a job, or of a function by its [`call_key`].
    fn template_of(&self, key: &str) -> String {
        self.of.get(key).cloned().unwrap_or_else(|| key.to_owned())
    }

    /// The entrypoint has the pipeline's name, or `main` where a job or a function has it.
    fn name_entry(&mut self) -> String {
        let name = &self.pipeline.name.value;
        if self.names.is_taken(name) { self.names.unique("main") } else { self.names.unique(name) }
    }

    /// The `steps` of a block: one group a statement. An empty block is one step that never runs.
    fn steps(&mut self, block: &Block) -> Node {
        let w = Writer(&ARG103);
        let mut groups = Vec::new();
        self.steps.push(Names::default());
        for stmt in block {
            self.statement(stmt, None, &mut groups);
        }
        self.steps.pop();
        if groups.is_empty() {
            self.idles = true;
            let never = w.map().text("name", "nothing").text("template", &self.nothing).text("when", "false").build();
            groups.push(w.list(vec![never]));
        }
        w.list(groups)
    }

    /// A step's name, unique in its template: two jobs may share what handles their failure.
    fn step_name(&mut self, wanted: &str) -> String {
        self.steps.last_mut().map_or_else(|| wanted.to_owned(), |names| names.unique(wanted))
    }

    /// Adds the groups of a statement; `when` guards each of them.
    fn statement(&mut self, stmt: &Stmt, when: Option<&str>, groups: &mut Vec<Node>) {
        let w = Writer(&ARG103);
        let on_failure = match &stmt.kind {
            StmtKind::Run { on_failure, .. } | StmtKind::Call { on_failure, .. } => on_failure,
            _ => &OnFailure::Raise,
        };
        let name = if matches!(stmt.kind, StmtKind::Fork { .. }) { stmt.name.clone() } else { self.step_name(&stmt.name) };
        match &stmt.kind {
            StmtKind::Fork { branches } => {
                let p = Writer(&ARG109);
                let mut group = Vec::new();
                for (i, branch) in branches.iter().enumerate() {
                    match branch.as_slice() {
                        [only] if simple(only) => {
                            let name = self.step_name(&only.name);
                            let mut step = self.step(only, &name, when, false);
                            if let super::yaml::Yaml::Map(fields) = &mut step.yaml
                                && let Some(name) = fields.first_mut()
                            {
                                name.value.origins.extend(&stmt.origins);
                            }
                            group.push(step);
                        }
                        _ => {
                            let name = self.template(&format!("{}-{}", stmt.name, i + 1), branch);
                            let step = self.step_name(&name);
                            let step = p.map().field("name", p.text(step).from(&stmt.origins)).text("template", &name);
                            group.push(guarded(step, when, p).build());
                        }
                    }
                }
                if !group.is_empty() {
                    groups.push(p.list(group));
                }
            }
            _ => {
                let may_fail = !matches!(on_failure, OnFailure::Raise);
                let step = self.step(stmt, &name, when, may_fail);
                groups.push(w.list(vec![step]));
            }
        }
        let failed = format!("{{{{steps.{name}.status}}}} != Succeeded");
        match on_failure {
            OnFailure::Raise => {}
            OnFailure::Handle { block, .. } => self.guarded_block(&format!("{}-failed", stmt.name), block, &failed, groups),
            OnFailure::Split { success, failure } => {
                let succeeded = format!("{{{{steps.{name}.status}}}} == Succeeded");
                self.guarded_block(&format!("{}-failed", stmt.name), failure, &failed, groups);
                self.guarded_block(&format!("{}-succeeded", stmt.name), success, &succeeded, groups);
            }
        }
    }

    /// A block under a condition: its steps here when each is one step, else a template of its own.
    fn guarded_block(&mut self, name: &str, block: &Block, when: &str, groups: &mut Vec<Node>) {
        if block.is_empty() {
            return;
        }
        if block.iter().all(simple) {
            for stmt in block {
                self.statement(stmt, Some(when), groups);
            }
            return;
        }
        let w = Writer(&ARG104);
        let name = self.template(name, block);
        let step = self.step_name(&name);
        groups.push(w.list(vec![w.map().text("name", step).text("template", &name).text("when", when).build()]));
    }

    fn template(&mut self, name: &str, block: &Block) -> String {
        let w = Writer(&ARG101);
        let name = self.names.unique(&crate::pass::naming::shorten(name, 63, name));
        let steps = self.steps(block);
        self.templates.push(w.map().text("name", &name).field("steps", steps).build());
        name
    }

    fn step(&mut self, stmt: &Stmt, name: &str, when: Option<&str>, may_fail: bool) -> Node {
        let w = Writer(&ARG103);
        let name = w.text(name).from(&stmt.origins);
        let name = match &stmt.comment {
            Some(comment) => name.from(&comment.origins).comment(comment.value.clone()),
            None => name,
        };
        let map = w.map().field("name", name);
        let (template, parameters) = match &stmt.kind {
            StmtKind::Run { job, .. } => {
                let job_of = self.pipeline.jobs.iter().find(|j| j.name.value == *job);
                let inputs = job_of.map(|job| spark_operator::inputs(job, expression::INPUT)).unwrap_or_default();
                let parameters = inputs.into_iter().map(|(name, value)| (name, w.text(format!("{{{{={value}}}}}")))).collect();
                (self.template_of(job), parameters)
            }
            StmtKind::Call { function, payload, .. } => {
                (self.template_of(&call_key(function)), vec![("payload".to_owned(), payload_node(payload))])
            }
            StmtKind::Wait { .. } => {
                let name = self.wait(stmt);
                (name, Vec::new())
            }
            StmtKind::Raise { error, cause } => {
                let r = Writer(&ARG107);
                self.fails = true;
                let mut origins = Origins::none();
                let mut message = String::new();
                for part in [error, cause].into_iter().flatten() {
                    if !message.is_empty() {
                        message.push_str(": ");
                    }
                    message.push_str(&part.value);
                    origins.extend(&part.origins);
                }
                (self.fail.clone(), vec![("message".to_owned(), r.text(tagless(&message)).from(&origins))])
            }
            StmtKind::Refused { why } => {
                self.fails = true;
                let r = Writer(&ARG110);
                (self.fail.clone(), vec![("message".to_owned(), r.text(format!("emr2k8s: {}", tagless(why))))])
            }
            StmtKind::Fork { .. } => {
                self.idles = true;
                (self.nothing.clone(), Vec::new())
            }
        };
        let mut map = map.text("template", template);
        if !parameters.is_empty() {
            let list = parameters.into_iter().map(|(name, value)| w.map().text("name", name).field("value", value).build()).collect();
            map = map.field("arguments", w.map().field("parameters", w.list(list)).build());
        }
        let mut map = guarded(map, when, Writer(&ARG104));
        if may_fail {
            let f = Writer(&ARG104);
            map = map.field("continueOn", f.flow(f.map().field("failed", f.bool(true)).field("error", f.bool(true)).build()));
        }
        map.build()
    }

    fn wait(&mut self, stmt: &Stmt) -> String {
        let StmtKind::Wait { seconds } = &stmt.kind else { return String::new() };
        let w = Writer(&ARG108);
        let name = self.names.unique(&stmt.name);
        let suspend = w.map().field("duration", w.text(format!("{}s", seconds.value)).from(&seconds.origins)).build();
        self.templates.push(w.map().text("name", &name).field("suspend", suspend).build());
        name
    }
}

fn guarded(map: super::yaml::MapBuilder, when: Option<&str>, w: Writer) -> super::yaml::MapBuilder {
    match when {
        Some(when) => map.field("when", w.text(when)),
        None => map,
    }
}

/// Whether a statement is one step and nothing behind it.
fn simple(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Run { on_failure, .. } | StmtKind::Call { on_failure, .. } => matches!(on_failure, OnFailure::Raise),
        StmtKind::Fork { .. } => false,
        _ => true,
    }
}

/// What a call sends. Arguments of steps are strict about values: a missing field fails the run, as it does on AWS.
fn payload_node(payload: &Payload) -> Node {
    let w = Writer(&ARG106);
    match payload {
        Payload::Literal(json) => w.text(tagless_json(&json.value).replace('$', "\\u0024")).from(&json.origins),
        Payload::Input(path) => w.text(expression::payload(&path.value)).from(&path.origins).comment("JSON text, safe from {{ }} and $( )"),
    }
}

/// A JSON text in which nothing looks like a tag of Argo's: a second brace is written as an escape.
fn tagless_json(text: &str) -> String {
    apart(text, "\\u007b")
}

/// Words in which nothing looks like a tag: a space stands before a second brace.
fn tagless(text: &str) -> String {
    apart(text, " {")
}

/// A text in which `second` stands for every brace that follows one.
fn apart(text: &str, second: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_brace = false;
    for c in text.chars() {
        if c == '{' && after_brace {
            out.push_str(second);
        } else {
            out.push(c);
        }
        after_brace = c == '{';
    }
    out
}

/// The template that runs a Spark job to its end; `repeated`: a run may start it more than once.
#[must_use]
pub fn job_template(pipeline: &Pipeline, job: &crate::ir::job::SparkJob, template: &str, repeated: bool, settings: &Settings<'_>) -> Node {
    let w = Writer(&ARG105);
    let account = format!("{}-spark", pipeline.name.value);
    let none = Image {
        name: job.image.clone(),
        spark: SparkRelease::default(),
        files: Vec::new(),
        from_release: None,
        python: false,
        origins: Origins::none(),
    };
    let image = settings.images.iter().find(|i| i.name == job.image).unwrap_or(&none);
    let reference = (settings.reference)(&job.image);
    let context = Context {
        pipeline: &pipeline.name.value,
        common_prefix: pipeline
            .jobs
            .iter()
            .all(|j| j.name.value.strip_prefix(&pipeline.name.value).is_some_and(|rest| rest.starts_with('-'))),
        service_account: &account,
        image_reference: &reference,
        image,
        scheduler: settings.scheduler,
        repeated,
    };
    let inputs = spark_operator::inputs(job, expression::INPUT);
    let map = w.map().field("name", w.text(template).from(&job.name.origins));
    let map = if inputs.is_empty() {
        map
    } else {
        let list = inputs.iter().map(|(name, _)| w.flow(w.map().text("name", name).build())).collect();
        map.field("inputs", w.map().field("parameters", w.list(list)).build())
    };
    let mut resource = w.map().text("action", "create");
    // What nobody waits for outlives the workflow.
    if job.watched {
        resource = resource
            .field("setOwnerReference", w.bool(true))
            .text("successCondition", "status.applicationState.state == COMPLETED")
            .text("failureCondition", "status.applicationState.state == FAILED");
    }
    let resource = resource.field("manifest", w.block(spark_operator::application(job, &context))).build();
    map.field("resource", resource).build()
}

/// `aws lambda invoke` exits with 0 when the function itself fails, and names the failure in the metadata that it prints
/// (AWS CLI Command Reference, `lambda invoke`, `FunctionError`). A function may run for 15 minutes (AWS Lambda quotas);
/// the command line stops reading after 60 seconds, and calls again, unless told otherwise.
const CALL_SCRIPT: &str =
    "error=$(aws lambda invoke --function-name \"$FUNCTION\" --payload \"$PAYLOAD\" --cli-binary-format raw-in-base64-out \\
  --cli-read-timeout 900 --query FunctionError --output text /tmp/answer)
cat /tmp/answer
test \"$error\" = None
";

fn call_template(function: &Function, template: &str) -> Node {
    let w = Writer(&ARG106);
    let name = w.text(template).from(&function.target.origins);
    let name = match &function.remark {
        Some(remark) => name.comment(remark.clone()),
        None => name,
    };
    let env = |name: &str, value: Node| w.flow(w.map().text("name", name).field("value", value).build());
    let script = w
        .map()
        .text("image", AWS_CLI_IMAGE)
        .field("command", w.flow(w.list(vec![w.text("sh")])))
        .field(
            "env",
            w.list(vec![
                env("FUNCTION", w.text(function.target.value.clone())).from(&function.target.origins),
                env("PAYLOAD", w.text("{{inputs.parameters.payload}}")),
            ]),
        )
        .text("source", CALL_SCRIPT)
        .build();
    let mut map = w
        .map()
        .field("name", name)
        .field("inputs", w.map().field("parameters", w.list(vec![w.flow(w.map().text("name", "payload").build())])).build());
    if let Some(timeout) = &function.timeout_seconds {
        map = map.field("activeDeadlineSeconds", w.int(i64::try_from(timeout.value).unwrap_or(i64::MAX)).from(&timeout.origins));
    }
    if let Some(retry) = &function.retry {
        let mut backoff =
            w.map().field("duration", w.text(format!("{}s", retry.interval_seconds.value)).from(&retry.interval_seconds.origins));
        if let Some(factor) = &retry.factor {
            backoff = backoff.field("factor", w.int(factor.value).from(&factor.origins));
        }
        if let Some(most) = &retry.max_seconds {
            backoff = backoff.field("cap", w.text(format!("{}s", most.value)).from(&most.origins));
        }
        let strategy = w
            .map()
            .field("limit", w.int(retry.limit.value).from(&retry.limit.origins))
            .text("retryPolicy", "Always")
            .field("backoff", backoff.build())
            .build();
        map = map.field("retryStrategy", strategy);
    }
    map.field("script", script).build()
}

/// Functions and jobs may have the same name; a function is kept under a key that no label equals.
/// The template of a task's call: takes the request as JSON text, gives `result` and `error`. What cannot be called fails and says so.
#[must_use]
pub fn task_call(name: &str, state: &crate::ir::machine::State) -> Node {
    use crate::ir::machine::StateKind;
    let w = Writer(&ARG106);
    let StateKind::Task(task) = &state.kind else { return w.map().build() };
    let resource = task.resource.as_ref().map(crate::ir::value::Val::display).unwrap_or_default();
    let origins = task.resource.as_ref().map(|resource| resource.origins.clone()).unwrap_or_default();
    let polls = task.polls.as_deref().map(|polls| (polls, state.retry.as_slice()));
    let mut node = match call_of(&resource).and_then(|call| super::calls::container(&call, name, &origins, polls)) {
        Ok(node) => node,
        Err(fate) => return refused_call(name, &fate.message, &origins),
    };
    deadline(&mut node, state);
    if let (Some(value), super::yaml::Yaml::Map(fields)) = (super::control::retry::strategy(state), &mut node.yaml) {
        fields.insert(1, super::yaml::Field { key: "retryStrategy".into(), value });
    }
    node
}

/// What the template of a task's call is called where several states make it.
#[must_use]
pub fn purpose_of(state: &crate::ir::machine::State) -> String {
    let crate::ir::machine::StateKind::Task(task) = &state.kind else { return "call".to_owned() };
    let resource = task.resource.as_ref().map(crate::ir::value::Val::display).unwrap_or_default();
    call_of(&resource).map_or_else(|_| "call".to_owned(), |call| super::calls::purpose(&call))
}

/// The function that a Task names by its ARN: an argument of its call.
#[must_use]
pub fn function_of(state: &crate::ir::machine::State) -> Option<Sourced<String>> {
    let crate::ir::machine::StateKind::Task(task) = &state.kind else { return None };
    let resource = task.resource.as_ref()?;
    match call_of(&resource.display()).ok()?.target {
        crate::facts::calls::Target::Function(name) => Some(Sourced::new(tagless(&name), resource.origins.clone())),
        _ => None,
    }
}

/// Adds a Task's `TimeoutSeconds` to its template.
pub fn deadline(node: &mut Node, state: &crate::ir::machine::State) {
    use crate::ir::machine::{Number, StateKind};
    let StateKind::Task(task) = &state.kind else { return };
    if let Some(Number::Literal(seconds)) = &task.timeout_seconds
        && let Ok(number) = seconds.value.parse::<i64>()
        && let super::yaml::Yaml::Map(fields) = &mut node.yaml
    {
        let value = Writer(&ARG112).int(number).from(&seconds.origins);
        fields.insert(1, super::yaml::Field { key: "activeDeadlineSeconds".into(), value });
    }
}

/// What a resource calls: an ARN, or a function by its name ([`crate::pass::carried::FUNCTION`]).
///
/// # Errors
/// What to say where it is not understood.
pub fn call_of(resource: &str) -> Result<crate::facts::calls::CallResource, super::calls::Fate> {
    use crate::facts::calls::{CallResource, Pattern, Target};
    match resource.strip_prefix(crate::pass::carried::FUNCTION) {
        Some(name) => Ok(CallResource { target: Target::Function(name.to_owned()), pattern: Pattern::RequestResponse }),
        None => CallResource::parse(resource).map_err(|why| super::calls::unknown(resource, &why)),
    }
}

/// Stands in place of a call that cannot be made: ends the run, whatever is around it.
fn refused_call(name: &str, why: &str, origins: &Origins) -> Node {
    let w = Writer(&ARG110);
    let input = w.flow(w.map().text("name", "input").build());
    let message = format!("emr2k8s: {}", tagless(why));
    let raise = format!("sprig.fail({})", expression::literal(&message));
    let raise = w.map().text("name", "result").field("valueFrom", w.map().text("expression", raise).build()).build();
    w.map()
        .field("name", w.text(name).from(origins))
        .field("inputs", w.map().field("parameters", w.list(vec![input])).build())
        .field("steps", w.list(vec![w.flow(w.list(Vec::new()))]))
        .field("outputs", w.map().field("parameters", w.list(vec![raise])).build())
        .build()
}

fn call_key(function: &str) -> String {
    format!("{function}()")
}

fn fail_template(emitter: &Emitter<'_>) -> Node {
    let w = Writer(&ARG107);
    let step = w.map().text("name", "never").text("template", &emitter.nothing).text("when", "false").build();
    let never = w.flow(w.list(vec![w.flow(w.list(vec![w.flow(step)]))]));
    let output = w
        .map()
        .text("name", "raise")
        .field("valueFrom", w.map().text("expression", "sprig.fail(inputs.parameters.message)").build())
        .build();
    w.map()
        .field("name", w.text(&emitter.fail).comment("ends the run as failed with this message, without a pod"))
        .field("inputs", w.map().field("parameters", w.list(vec![w.flow(w.map().text("name", "message").build())])).build())
        .field("steps", never)
        .field("outputs", w.map().field("parameters", w.list(vec![output])).build())
        .build()
}

fn nothing_template(name: &str) -> Node {
    let w = Writer(&ARG107);
    w.map().text("name", name).field("suspend", w.flow(w.map().build())).build()
}

/// The CronWorkflow of a schedule.
#[must_use]
pub fn cron_workflow(pipeline: &Pipeline, schedule: &Schedule) -> Node {
    let w = Writer(&ARG111);
    let mut workflow = w.map().field("workflowTemplateRef", w.map().text("name", &pipeline.name.value).build());
    if let (Some(input), true) = (&schedule.input, pipeline.reads_input) {
        let parameter = w.map().text("name", "input").field("value", w.text(tagless_json(&input.value)).from(&input.origins)).build();
        workflow = workflow.field("arguments", w.map().field("parameters", w.list(vec![parameter])).build());
    }
    let mut spec = w
        .map()
        .field("schedules", w.list(vec![w.text(schedule.cron.value.clone()).from(&schedule.cron.origins)]))
        .text("timezone", "Etc/UTC")
        .text("concurrencyPolicy", "Allow");
    if let Some(suspended) = &schedule.suspended
        && suspended.value
    {
        spec = spec.field("suspend", w.bool(true).from(&suspended.origins));
    }
    w.map()
        .text("apiVersion", "argoproj.io/v1alpha1")
        .text("kind", "CronWorkflow")
        .field("metadata", w.map().field("name", w.text(schedule.name.value.clone()).from(&schedule.name.origins)).build())
        .field("spec", spec.field("workflowSpec", workflow.build()).build())
        .build()
}

#[cfg(test)]
mod tests {
    use super::{tagless, tagless_json};

    #[test]
    fn no_tag_is_left() {
        for text in ["{{x}}", "{{{workflow.name}}}", "[etl] bad {{x}}", "{{{{"] {
            assert!(!tagless(text).contains("{{") && !tagless_json(text).contains("{{"), "{text}");
        }
        assert_eq!(tagless("[a] {{x}}"), "[a] { {x}}");
        assert_eq!(tagless_json(r#"{"a":"{{x"}"#), r#"{"a":"{\u007bx"}"#);
    }
}
