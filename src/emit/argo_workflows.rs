//! WorkflowTemplate and CronWorkflow (argoproj.io/v1alpha1).
//!
//! Steps, not DAG: a sequence reads like the state machine, and a failed step ends it. A step that may fail is continued
//! past, and what handles the failure is guarded by its status.
use super::spark_operator::{self, Context};
use super::yaml::{Node, Writer};
use crate::ir::plan::{Block, Function, Image, OnFailure, Payload, Pipeline, Schedule, Stmt, StmtKind};
use crate::pass::naming::Names;
use crate::source::rules::argo::{ARG101, ARG102, ARG103, ARG104, ARG105, ARG106, ARG107, ARG108, ARG109, ARG110, ARG111, ARG112};
use crate::source::span::Origins;

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
    let mut emitter = Emitter { pipeline, templates: Vec::new(), names: Names::default(), raises: Origins::none(), fails: false };
    emitter.names.unique(name);
    for fixed in ["fail", "nothing"] {
        emitter.names.unique(fixed);
    }
    let entry = emitter.steps(&pipeline.body);
    let mut templates = vec![w.map().field("name", w.text(name.clone()).from(&pipeline.name.origins)).field("steps", entry).build()];
    templates.append(&mut emitter.templates);
    for job in &pipeline.jobs {
        templates.push(job_template(pipeline, job, settings));
    }
    for function in &pipeline.calls {
        templates.push(call_template(function));
    }
    if emitter.fails {
        templates.extend(fail_templates(&emitter.raises));
    } else if pipeline.body.is_empty() {
        templates.push(nothing_template());
    }
    let metadata = w.map().field("name", w.text(name.clone()).from(&pipeline.name.origins)).optional(
        "annotations",
        pipeline.description.as_ref().map(|text| w.map().field("workflows.argoproj.io/description", w.sourced(text)).build()),
    );
    let mut spec = w.map().text("entrypoint", name).text("serviceAccountName", name);
    if let Some(timeout) = &pipeline.timeout_seconds
        && let Ok(seconds) = timeout.value.parse::<i64>()
    {
        spec = spec.field("activeDeadlineSeconds", Writer(&ARG112).int(seconds).from(&timeout.origins));
    }
    if pipeline.reads_input {
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
    names: Names,
    /// What the raises say, for the origin of the template that they share.
    raises: Origins,
    fails: bool,
}

impl Emitter<'_> {
    /// The `steps` of a block: one group a statement. An empty block is one step that never runs.
    fn steps(&mut self, block: &Block) -> Node {
        let w = Writer(&ARG103);
        let mut groups = Vec::new();
        for stmt in block {
            self.statement(stmt, None, &mut groups);
        }
        if groups.is_empty() {
            let never = w.map().text("name", "nothing").text("template", "nothing").text("when", "false").build();
            groups.push(w.list(vec![never]));
        }
        w.list(groups)
    }

    /// Adds the groups of a statement; `when` guards each of them.
    fn statement(&mut self, stmt: &Stmt, when: Option<&str>, groups: &mut Vec<Node>) {
        let w = Writer(&ARG103);
        let on_failure = match &stmt.kind {
            StmtKind::Run { on_failure, .. } | StmtKind::Call { on_failure, .. } => on_failure,
            _ => &OnFailure::Raise,
        };
        match &stmt.kind {
            StmtKind::Fork { branches } => {
                let p = Writer(&ARG109);
                let mut group = Vec::new();
                for (i, branch) in branches.iter().enumerate() {
                    match branch.as_slice() {
                        [only] if simple(only) => {
                            let mut step = self.step(only, when, false);
                            if let super::yaml::Yaml::Map(fields) = &mut step.yaml
                                && let Some(name) = fields.first_mut()
                            {
                                name.value.origins.extend(&stmt.origins);
                            }
                            group.push(step);
                        }
                        _ => {
                            let name = self.template(&format!("{}-{}", stmt.name, i + 1), branch);
                            let step = p.map().field("name", p.text(&name).from(&stmt.origins)).text("template", &name);
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
                let step = self.step(stmt, when, may_fail);
                groups.push(w.list(vec![step]));
            }
        }
        let failed = format!("{{{{steps.{}.status}}}} != Succeeded", stmt.name);
        match on_failure {
            OnFailure::Raise => {}
            OnFailure::Handle { block, .. } => self.guarded_block(&format!("{}-failed", stmt.name), block, &failed, groups),
            OnFailure::Split { success, failure } => {
                let succeeded = format!("{{{{steps.{}.status}}}} == Succeeded", stmt.name);
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
        groups.push(w.list(vec![w.map().text("name", &name).text("template", &name).text("when", when).build()]));
    }

    fn template(&mut self, name: &str, block: &Block) -> String {
        let w = Writer(&ARG101);
        let name = self.names.unique(&crate::pass::naming::shorten(name, 63, name));
        let steps = self.steps(block);
        self.templates.push(w.map().text("name", &name).field("steps", steps).build());
        name
    }

    fn step(&mut self, stmt: &Stmt, when: Option<&str>, may_fail: bool) -> Node {
        let w = Writer(&ARG103);
        let name = w.text(stmt.name.clone()).from(&stmt.origins);
        let name = match &stmt.comment {
            Some(comment) => name.from(&comment.origins).comment(one_line(&comment.value)),
            None => name,
        };
        let map = w.map().field("name", name);
        let (template, parameters) = match &stmt.kind {
            StmtKind::Run { job, .. } => {
                let inputs = self.pipeline.jobs.iter().find(|j| j.name.value == *job).map(spark_operator::inputs).unwrap_or_default();
                let parameters = inputs
                    .into_iter()
                    .map(|(name, path)| (name, w.text(format!("{{{{=jsonpath(workflow.parameters.input, {})}}}}", quoted(&path)))))
                    .collect();
                (job.clone(), parameters)
            }
            StmtKind::Call { function, payload, .. } => (function.clone(), vec![("payload".to_owned(), payload_node(payload))]),
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
                (String::from("fail"), vec![("message".to_owned(), r.text(message).from(&origins))])
            }
            StmtKind::Refused { why } => {
                self.fails = true;
                let r = Writer(&ARG110);
                ("fail".to_owned(), vec![("message".to_owned(), r.text(format!("emr2k8s: {}", tagless(why))))])
            }
            StmtKind::Fork { .. } => ("nothing".to_owned(), Vec::new()),
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
        Payload::Literal(json) => w.text(tagless(&json.value)).from(&json.origins),
        Payload::Input(path) if path.value == "$" => w.text("{{=workflow.parameters.input}}").from(&path.origins),
        Payload::Input(path) => {
            w.text(format!("{{{{=toJson(jsonpath(workflow.parameters.input, {}))}}}}", quoted(&path.value))).from(&path.origins)
        }
    }
}

/// A path as a text of Argo's expression language.
fn quoted(path: &str) -> String {
    if path.contains('\'') { format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"")) } else { format!("'{path}'") }
}

/// A text in which nothing looks like a tag of Argo's: in JSON `{` may be written `\u007b`; in words a space is no harm.
fn tagless(text: &str) -> String {
    if text.starts_with(['{', '[', '"']) { text.replace("{{", "{\\u007b") } else { text.replace("{{", "{ {") }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn job_template(pipeline: &Pipeline, job: &crate::ir::job::SparkJob, settings: &Settings<'_>) -> Node {
    let w = Writer(&ARG105);
    let account = format!("{}-spark", pipeline.name.value);
    let none = Image {
        name: job.image.clone(),
        spark: crate::ir::plan::SparkRelease {
            spark: String::new(),
            scala: String::new(),
            java: String::new(),
            hadoop: String::new(),
            aws_sdk: String::new(),
            image: String::new(),
        },
        files: Vec::new(),
        from_release: None,
        python: false,
        origins: Origins::none(),
    };
    let image = settings.images.iter().find(|i| i.name == job.image).unwrap_or(&none);
    let reference = (settings.reference)(&job.image);
    let context = Context {
        pipeline: &pipeline.name.value,
        service_account: &account,
        image_reference: &reference,
        image,
        scheduler: settings.scheduler,
    };
    let inputs = spark_operator::inputs(job);
    let map = w.map().field("name", w.text(job.name.value.clone()).from(&job.name.origins));
    let map = if inputs.is_empty() {
        map
    } else {
        let list = inputs.iter().map(|(name, _)| w.flow(w.map().text("name", name).build())).collect();
        map.field("inputs", w.map().field("parameters", w.list(list)).build())
    };
    let resource = w
        .map()
        .text("action", "create")
        .field("setOwnerReference", w.bool(true))
        .text("successCondition", "status.applicationState.state == COMPLETED")
        .text("failureCondition", "status.applicationState.state == FAILED")
        .field("manifest", w.block(spark_operator::application(job, &context)))
        .build();
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

fn call_template(function: &Function) -> Node {
    let w = Writer(&ARG106);
    let name = w.text(function.name.clone()).from(&function.target.origins);
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

fn fail_templates(raises: &Origins) -> Vec<Node> {
    let w = Writer(&ARG107);
    let never =
        w.flow(w.list(vec![
            w.flow(w.list(vec![w.flow(w.map().text("name", "never").text("template", "nothing").text("when", "false").build())])),
        ]));
    let output = w
        .map()
        .text("name", "raise")
        .field("valueFrom", w.map().text("expression", "sprig.fail(inputs.parameters.message)").build())
        .build();
    let fail = w
        .map()
        .field("name", w.text("fail").from(raises).comment("ends the run as failed with this message, without a pod"))
        .field("inputs", w.map().field("parameters", w.list(vec![w.flow(w.map().text("name", "message").build())])).build())
        .field("steps", never)
        .field("outputs", w.map().field("parameters", w.list(vec![output])).build())
        .build();
    vec![fail, nothing_template()]
}

fn nothing_template() -> Node {
    let w = Writer(&ARG107);
    w.map().text("name", "nothing").field("suspend", w.flow(w.map().build())).build()
}

/// The CronWorkflow of a schedule.
#[must_use]
pub fn cron_workflow(pipeline: &Pipeline, schedule: &Schedule) -> Node {
    let w = Writer(&ARG111);
    let mut workflow = w.map().field("workflowTemplateRef", w.map().text("name", &pipeline.name.value).build());
    if let (Some(input), true) = (&schedule.input, pipeline.reads_input) {
        let parameter = w.map().text("name", "input").field("value", w.text(tagless(&input.value)).from(&input.origins)).build();
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
