//! The estate as found, in the shape that `inspect --format json` prints; the other formats are made from it.
use crate::compile::Compilation;
use crate::ir::cluster::{Cluster, Role};
use crate::ir::estate::Estate;
use crate::ir::function::{Action, Function};
use crate::ir::job::Batch;
use crate::ir::machine::{Graph, Machine, Next, QueryLanguage, State, StateKind};
use crate::ir::trigger::{Target, Trigger, TriggerKind};
use crate::ir::value::Val;
use crate::source::files::Files;
use crate::source::secret::{self, Secrets};
use crate::source::span::Span;
use schemars::JsonSchema;
use serde::Serialize;

/// What `inspect` prints with `--format json`.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct InspectReport {
    /// In order; each with what was found for it.
    pub stages: Vec<StageEntry>,
    /// What refers to what.
    pub links: Vec<LinkEntry>,
}

/// The estate of one stage.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct StageEntry {
    pub name: String,
    pub machines: Vec<MachineEntry>,
    pub jobs: Vec<JobEntry>,
    pub clusters: Vec<ClusterEntry>,
    pub functions: Vec<FunctionEntry>,
    pub triggers: Vec<TriggerEntry>,
    /// Seen, and not translated.
    pub found: Vec<FoundEntry>,
}

/// A state machine.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MachineEntry {
    pub name: String,
    /// Relative to SRC.
    pub file: String,
    pub line: u32,
    pub comment: Option<String>,
    #[schemars(extend("enum" = ["JSONPath", "JSONata"]))]
    pub query_language: &'static str,
    pub start_at: Option<String>,
    pub states: Vec<StateEntry>,
}

/// A state, also of a branch or an iteration.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StateEntry {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// The state around it and the number of the branch, `Parallel/0`; null at the top.
    pub within: Option<String>,
    /// What a Task calls.
    pub resource: Option<String>,
    /// Where control may go, in the order of the source, without repetition.
    pub next: Vec<String>,
    pub line: u32,
}

/// A Spark job, wherever it is submitted from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobEntry {
    pub name: Option<String>,
    /// What submits it: a function, a cluster or a file.
    pub from: String,
    /// The application's file.
    pub application: Option<String>,
    pub class_name: Option<String>,
    pub arguments: Vec<String>,
    pub queue: Option<String>,
    /// Relative to SRC.
    pub file: Option<String>,
    pub line: Option<u32>,
}

/// An EMR cluster.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClusterEntry {
    pub name: Option<String>,
    /// How the source refers to it.
    pub reference: String,
    pub release: Option<String>,
    pub applications: Vec<String>,
    pub groups: Vec<GroupEntry>,
    pub file: String,
    pub line: u32,
}

/// Instances of a cluster.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupEntry {
    #[schemars(extend("enum" = ["master", "core", "task"]))]
    pub role: &'static str,
    pub instance_types: Vec<String>,
    pub count: Option<String>,
    pub spot: bool,
}

/// A Lambda function.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FunctionEntry {
    /// The key in the deployment file.
    pub name: String,
    /// The deployed name.
    pub deployed: Option<String>,
    pub runtime: Option<String>,
    pub handler: Option<String>,
    /// What the handler does, in words.
    pub action: Option<String>,
    pub file: String,
    pub line: u32,
}

/// What starts a machine or function.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TriggerEntry {
    #[schemars(extend("enum" = ["schedule", "http", "event", "command"]))]
    pub kind: &'static str,
    /// The schedule, method and path, event source or script.
    pub detail: String,
    pub target: String,
    pub file: String,
    pub line: u32,
}

/// Something that was seen and is not translated.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FoundEntry {
    pub kind: String,
    pub name: String,
    pub why: String,
    pub file: String,
    pub line: u32,
}

/// A link, with its evidence.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LinkEntry {
    /// `state`, `function`, `handler`, `batch`, `cluster`, `queue` or `trigger`.
    pub kind: String,
    pub from: String,
    pub to: String,
    /// Whether what it names is not there.
    pub broken: bool,
    pub file: String,
    pub line: u32,
}

impl InspectReport {
    #[must_use]
    pub fn new(compilation: &Compilation) -> Self {
        let files = &compilation.files;
        let stages = compilation.stages.iter().map(|(name, estate)| stage(name, estate, files)).collect();
        let links = compilation
            .links
            .iter()
            .map(|link| {
                let (file, line) = place(link.evidence, files);
                LinkEntry { kind: link.kind.to_owned(), from: link.from.clone(), to: link.to.clone(), broken: link.broken, file, line }
            })
            .collect();
        let mut report = Self { stages, links };
        report.hide(&files.secrets);
        report
    }

    /// Takes secrets out of every text that the sources wrote.
    fn hide(&mut self, secrets: &Secrets) {
        if secrets.is_empty() {
            return;
        }
        let one = |text: &mut String| secrets.clean(text);
        let maybe = |text: &mut Option<String>| text.iter_mut().for_each(one);
        let all = |list: &mut Vec<String>| list.iter_mut().for_each(one);
        for stage in &mut self.stages {
            for machine in &mut stage.machines {
                one(&mut machine.name);
                maybe(&mut machine.comment);
                maybe(&mut machine.start_at);
                for state in &mut machine.states {
                    one(&mut state.name);
                    maybe(&mut state.within);
                    maybe(&mut state.resource);
                    all(&mut state.next);
                }
            }
            for job in &mut stage.jobs {
                for text in [&mut job.name, &mut job.application, &mut job.class_name, &mut job.queue] {
                    maybe(text);
                }
                one(&mut job.from);
                all(&mut job.arguments);
            }
            for cluster in &mut stage.clusters {
                maybe(&mut cluster.name);
                one(&mut cluster.reference);
                maybe(&mut cluster.release);
                all(&mut cluster.applications);
                for group in &mut cluster.groups {
                    all(&mut group.instance_types);
                    maybe(&mut group.count);
                }
            }
            for function in &mut stage.functions {
                one(&mut function.name);
                for text in [&mut function.deployed, &mut function.runtime, &mut function.handler, &mut function.action] {
                    maybe(text);
                }
            }
            for trigger in &mut stage.triggers {
                one(&mut trigger.detail);
                one(&mut trigger.target);
            }
            for found in &mut stage.found {
                one(&mut found.name);
                one(&mut found.why);
            }
        }
        for link in &mut self.links {
            one(&mut link.from);
            one(&mut link.to);
        }
    }
}

fn stage(name: &str, estate: &Estate, files: &Files) -> StageEntry {
    let mut jobs = Vec::new();
    for function in &estate.functions {
        if let Some(Action::SubmitBatch { batch, .. }) = function.behaviour.as_ref().map(|b| &b.action) {
            jobs.push(job(&format!("function {}", function.logical.value), batch, files));
        }
    }
    for (path, batch) in &estate.batches {
        jobs.push(job(&format!("file {path}"), batch, files));
    }
    for cluster in &estate.clusters {
        for step in &cluster.steps {
            let (file, line) = place(step.span, files);
            jobs.push(JobEntry {
                name: step.name.as_ref().map(|v| shown("name", v)),
                from: format!("cluster {}", cluster.reference),
                application: step.jar.as_ref().map(|v| shown("jar", v)),
                class_name: step.main_class.as_ref().map(|v| shown("class", v)),
                arguments: arguments(&step.args),
                queue: None,
                file: Some(file),
                line: Some(line),
            });
        }
    }
    StageEntry {
        name: name.to_owned(),
        machines: estate.machines.iter().map(|m| machine(m, files)).collect(),
        jobs,
        clusters: estate.clusters.iter().map(|c| cluster(c, files)).collect(),
        functions: estate.functions.iter().map(|f| function(f, files)).collect(),
        triggers: estate.triggers.iter().map(|t| trigger(t, files)).collect(),
        found: estate
            .found
            .iter()
            .map(|found| {
                let (file, line) = place(found.span, files);
                FoundEntry { kind: found.kind.clone(), name: found.name.clone(), why: found.why.clone(), file, line }
            })
            .collect(),
    }
}

fn place(span: Span, files: &Files) -> (String, u32) {
    let file = files.get(span.file);
    (file.path.clone(), file.position(span.start).0)
}

/// A value as a person reads it, without secrets.
fn shown(key: &str, value: &Val) -> String {
    secret::masked(key, &value.display())
}

/// Arguments; what follows `--password` is no argument to show.
fn arguments(args: &[Val]) -> Vec<String> {
    let mut key = String::new();
    let mut out = Vec::with_capacity(args.len());
    for arg in args {
        let text = arg.display();
        out.push(secret::masked(&key, &text));
        key = if text.starts_with('-') && !text.contains('=') { text } else { String::new() };
    }
    out
}

fn machine(machine: &Machine, files: &Files) -> MachineEntry {
    let mut states = Vec::new();
    collect_states(&machine.graph, None, files, &mut states);
    MachineEntry {
        name: machine.name.value.clone(),
        file: machine.file.clone(),
        line: place(machine.span, files).1,
        comment: machine.comment.as_ref().map(|c| c.value.clone()),
        query_language: match machine.query_language {
            QueryLanguage::JsonPath => "JSONPath",
            QueryLanguage::Jsonata => "JSONata",
        },
        start_at: machine.graph.start_at.as_ref().map(|s| s.value.clone()),
        states,
    }
}

/// Recursion is bounded: the source layer bounds the nesting of documents.
fn collect_states(graph: &Graph, within: Option<&str>, files: &Files, out: &mut Vec<StateEntry>) {
    for state in &graph.states {
        out.push(StateEntry {
            name: state.name.value.clone(),
            kind: state.kind.name().to_owned(),
            within: within.map(str::to_owned),
            resource: match &state.kind {
                StateKind::Task(task) => task.resource.as_ref().map(|v| shown("Resource", v)),
                _ => None,
            },
            next: targets(state),
            line: place(state.span, files).1,
        });
        let inner = |i: usize| match within {
            Some(outer) => format!("{outer}/{}/{i}", state.name.value),
            None => format!("{}/{i}", state.name.value),
        };
        match &state.kind {
            StateKind::Parallel { branches } => {
                for (i, branch) in branches.iter().enumerate() {
                    collect_states(branch, Some(&inner(i)), files, out);
                }
            }
            StateKind::Map(map) => {
                if let Some(processor) = &map.processor {
                    collect_states(processor, Some(&inner(0)), files, out);
                }
            }
            _ => {}
        }
    }
}

fn targets(state: &State) -> Vec<String> {
    let mut found: Vec<&str> = Vec::new();
    if let Some(Next::State(name)) = &state.next {
        found.push(&name.value);
    }
    if let StateKind::Choice { rules, default } = &state.kind {
        found.extend(rules.iter().filter_map(|rule| rule.next.as_ref()).chain(default).map(|name| name.value.as_str()));
    }
    found.extend(state.catch.iter().filter_map(|c| c.next.as_ref()).map(|name| name.value.as_str()));
    let mut out: Vec<String> = Vec::new();
    for name in found {
        if !out.iter().any(|known| known == name) {
            out.push(name.to_owned());
        }
    }
    out
}

fn job(from: &str, batch: &Batch, files: &Files) -> JobEntry {
    let at = batch.span.map(|span| place(span, files));
    let args = match &batch.args {
        Some(args) => args.list().map_or_else(|| vec![shown("args", args)], arguments),
        None => Vec::new(),
    };
    JobEntry {
        name: batch.name.as_ref().map(|v| shown("name", v)),
        from: from.to_owned(),
        application: batch.file.as_ref().map(|v| shown("file", v)),
        class_name: batch.class_name.as_ref().map(|v| shown("className", v)),
        arguments: args,
        queue: batch.queue.as_ref().map(|v| shown("queue", v)),
        file: at.as_ref().map(|(file, _)| file.clone()),
        line: at.map(|(_, line)| line),
    }
}

fn cluster(cluster: &Cluster, files: &Files) -> ClusterEntry {
    let (file, line) = place(cluster.span, files);
    ClusterEntry {
        name: cluster.name.as_ref().map(|v| shown("name", v)),
        reference: cluster.reference.clone(),
        release: cluster.release_label.as_ref().map(|v| shown("release", v)),
        applications: cluster.applications.iter().map(|v| shown("application", v)).collect(),
        groups: cluster
            .groups
            .iter()
            .map(|group| GroupEntry {
                role: match group.role {
                    Role::Master => "master",
                    Role::Core => "core",
                    Role::Task => "task",
                },
                instance_types: group.instance_types.iter().map(|v| shown("type", v)).collect(),
                count: group.count.as_ref().map(|v| shown("count", v)),
                spot: group.bid_price.as_ref().is_some_and(|price| price.literal().is_none_or(|text| !text.trim().is_empty())),
            })
            .collect(),
        file,
        line,
    }
}

fn function(function: &Function, files: &Files) -> FunctionEntry {
    let (file, line) = place(function.span, files);
    let text = |value: &Option<crate::source::span::Sourced<String>>| value.as_ref().map(|v| v.value.clone());
    FunctionEntry {
        name: function.logical.value.clone(),
        deployed: text(&function.name),
        runtime: text(&function.runtime),
        handler: text(&function.handler),
        action: function.behaviour.as_ref().map(|b| action(&b.action)),
        file,
        line,
    }
}

fn action(action: &Action) -> String {
    match action {
        Action::SubmitBatch { endpoint, .. } => format!("submits a Livy batch to {}", shown("endpoint", endpoint)),
        Action::ReadBatchState { endpoint, .. } => format!("reads the state of a Livy batch from {}", shown("endpoint", endpoint)),
        Action::AddSteps { cluster, .. } => format!("adds steps to the cluster {}", shown("cluster", cluster)),
        Action::StartExecution { machine, .. } => format!("starts the state machine {}", shown("machine", machine)),
        Action::Notify { channel } => format!("notifies people by {channel}"),
        Action::Unknown { why } => format!("unknown: {why}"),
    }
}

fn trigger(trigger: &Trigger, files: &Files) -> TriggerEntry {
    let (file, line) = place(trigger.span, files);
    let (kind, detail) = match &trigger.kind {
        TriggerKind::Schedule(schedule) => ("schedule", shown("schedule", schedule)),
        TriggerKind::Http { method, path } => ("http", format!("{} {}", shown("method", method), shown("path", path))),
        TriggerKind::Event(name) => ("event", name.clone()),
        TriggerKind::Command { script } => ("command", script.clone()),
    };
    let target = match &trigger.target {
        Target::Machine(name) => format!("machine {}", shown("machine", name)),
        Target::Function(name) => format!("function {}", shown("function", name)),
    };
    TriggerEntry { kind, detail, target, file, line }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::compile::Link;
    use crate::import::asl;
    use crate::ir::value::Value;
    use crate::source::files::SourceFile;
    use crate::source::json;
    use crate::source::sink::Sink;

    const MACHINE: &str = r#"{"StartAt": "A", "States": {
"A": {"Type": "Task", "Resource": "arn:aws:lambda:x", "Next": "P", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "P"}]},
"P": {"Type": "Parallel", "End": true, "Branches": [
{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}]}
}}"#;

    /// An estate with a machine, a batch in a file, and a link.
    pub(in super::super) fn sample() -> Compilation {
        let mut compilation = Compilation::default();
        let id = compilation.files.add(SourceFile::new("m.json", MACHINE));
        let mut sink = Sink::default();
        let node = json::parse(MACHINE, id, &mut sink).expect("JSON");
        let machine = asl::import(&node, id, "m.json", "nightly \"run\"", &mut sink);
        let at = Span::new(id, 50, 53);
        let args = ["--password", "hunter2", "db.password=hunter2", "plain"].map(|a| Val::text(a, at)).to_vec();
        let batch = Batch {
            file: Some(Val::text("s3://a/x.jar", at)),
            args: Some(Val::new(Value::List(args), at)),
            span: Some(at),
            ..Batch::default()
        };
        let estate = Estate { machines: vec![machine], batches: vec![("m.json".into(), batch)], ..Estate::default() };
        compilation.stages.push(("dev".into(), estate));
        compilation.links.push(Link {
            kind: "state",
            from: "machine nightly \"run\"".into(),
            to: "function x".into(),
            evidence: at,
            broken: true,
        });
        compilation
    }

    #[test]
    fn states_of_branches_and_their_targets_are_listed_and_secrets_are_not() {
        let report = InspectReport::new(&sample());
        let states: Vec<_> =
            report.stages[0].machines[0].states.iter().map(|s| (s.name.as_str(), s.within.as_deref(), s.next.clone())).collect();
        assert_eq!(states, [("A", None, vec!["P".to_owned()]), ("P", None, vec![]), ("B", Some("P/0"), vec![])]);
        assert_eq!(report.stages[0].jobs[0].arguments, ["--password", "<secret>", "db.password=<secret>", "plain"]);
        assert_eq!((report.links[0].line, report.links[0].broken), (2, true));
    }
}
