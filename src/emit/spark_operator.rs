//! SparkApplication (sparkoperator.k8s.io/v1beta2), as the manifest of an Argo `resource` template.
use super::expression;
use super::yaml::{MapBuilder, Node, Writer, Yaml};
use crate::ir::job::{Language, Piece, Resources, SparkJob};
use crate::ir::plan::Image;
use crate::source::rules::emit::{EMI101, EMI102};
use crate::source::span::Sourced;

/// Longest name of a SparkApplication: Spark makes its executors' names of it, and refuses a prefix of more than 47
/// characters (Spark 3.5, `spark.kubernetes.executor.podNamePrefix`).
pub const LONGEST_NAME: usize = 47;
/// What a run's name adds to the pipeline's: Argo's `-` and the time in seconds, and `-2` … `-99` of a pipeline's further schedules.
pub const RUN_SUFFIX: usize = 11 + 3;
/// What `generateName` adds: `-` and five characters (Kubernetes API conventions, "Generated values").
const GENERATED: usize = 6;
/// Folder of the application in the image.
pub const APPLICATION_FOLDER: &str = "/opt/spark/app";

/// What the manifest needs to know besides the job.
pub struct Context<'a> {
    /// The pipeline's name: the prefix that job names drop, and the name of its Secret.
    pub pipeline: &'a str,
    /// Whether every job's name begins with the pipeline's.
    pub common_prefix: bool,
    /// Service account of the driver.
    pub service_account: &'a str,
    /// Image with its registry and tag.
    pub image_reference: &'a str,
    pub image: &'a Image,
    /// `yunikorn`, `volcano` or nothing.
    pub scheduler: Option<&'a str>,
    /// Whether a run may start the job more than once, so that each start needs a name of its own.
    pub repeated: bool,
}

const W: Writer = Writer(&EMI101);

/// The manifest of one job. Names of the inputs that it takes, with their paths, are those of [`inputs`].
#[must_use]
pub fn application(job: &SparkJob, context: &Context<'_>) -> Node {
    W.map()
        .text("apiVersion", "sparkoperator.k8s.io/v1beta2")
        .text("kind", "SparkApplication")
        .field(
            "metadata",
            W.map()
                .field(
                    if context.repeated { "generateName" } else { "name" },
                    if context.repeated {
                        W.text(format!("{}-{}-", context.pipeline, suffix(job, context)))
                    } else {
                        Node::new(&EMI101, Yaml::Tagged(format!("{{{{workflow.name}}}}-{}", suffix(job, context))))
                    }
                    .from(&job.name.origins),
                )
                .build(),
        )
        .field("spec", spec(job, context))
        .build()
}

/// What a job's name adds to the workflow's: its own name, without the pipeline's where all of its jobs begin with it.
fn suffix(job: &SparkJob, context: &Context<'_>) -> String {
    let name = &job.name.value;
    let pipeline = context.pipeline;
    let short =
        if context.common_prefix { name.strip_prefix(pipeline).and_then(|rest| rest.strip_prefix('-')).unwrap_or(name) } else { name };
    // A generated name begins with the pipeline's, not the run's, which may be longer.
    let rest = if context.repeated { GENERATED } else { RUN_SUFFIX };
    let room = LONGEST_NAME.saturating_sub(pipeline.len() + rest + 1);
    crate::pass::naming::shorten(short, room.max(6), name)
}

fn spec(job: &SparkJob, context: &Context<'_>) -> Node {
    let (kind, python) = match job.language {
        Language::Scala => ("Scala", None),
        Language::Java => ("Java", None),
        Language::Python => ("Python", Some("3")),
        Language::R => ("R", None),
    };
    let mut map = W
        .map()
        .field("type", W.text(kind).from(&job.file.origins))
        .optional("pythonVersion", python.map(|v| W.text(v)))
        .text("mode", "cluster")
        .field("image", W.text(context.image_reference).from(&job.file.origins))
        .field("sparkVersion", W.text(context.image.spark.spark.clone()).from(&job.release))
        .optional("mainClass", job.main_class.as_ref().map(|class| W.sourced(class)))
        .field("mainApplicationFile", W.text(application_file(job)).from(&job.file.origins));
    let inputs = named_inputs(job, expression::INPUT);
    if !job.arguments.is_empty() {
        map = map.field(
            "arguments",
            W.list(job.arguments.iter().enumerate().map(|(i, argument)| argument_node(i, argument, &inputs)).collect()),
        );
    }
    map = map.field("restartPolicy", restart_policy(job));
    if let Some(deps) = dependencies(job) {
        map = map.field("deps", deps);
    }
    map = map.optional("proxyUser", job.proxy_user.as_ref().map(|user| W.sourced(user)));
    map = queue(job, context, map);
    if !job.spark_conf.is_empty() {
        map = map.field("sparkConf", properties(&job.spark_conf));
    }
    map = map.field("hadoopConf", hadoop_conf(job));
    if matches!(job.language, Language::Python | Language::R) {
        // What YARN gave beside the heap; the operator's own default for these languages is 0.4.
        map = map.text("memoryOverheadFactor", "0.1");
    }
    if let Some(allocation) = &job.dynamic_allocation {
        let number = |n: &Option<Sourced<u32>>| n.as_ref().map(|n| W.int(n.value).from(&n.origins));
        map = map.field(
            "dynamicAllocation",
            W.map()
                .field("enabled", W.bool(true).from(&allocation.origins))
                .optional("initialExecutors", number(&allocation.initial))
                .optional("minExecutors", number(&allocation.minimum))
                .optional("maxExecutors", number(&allocation.maximum))
                .build(),
        );
    }
    map.field("driver", pod(&job.driver, None, job, context, Some(context.service_account)))
        .field("executor", pod(&job.executor, job.instances.as_ref(), job, context, None))
        .build()
}

/// `local:///opt/spark/app/<file>` when the file is baked in; as it is when the source says a place in the image.
fn application_file(job: &SparkJob) -> String {
    if job.file.value.starts_with("local:") {
        return job.file.value.clone();
    }
    format!("local://{APPLICATION_FOLDER}/{}", file_name(&job.file.value))
}

/// The last part of a path or address, made of characters that a Dockerfile and a shell take as they are.
#[must_use]
pub fn file_name(path: &str) -> String {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let clean: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+') { c } else { '_' }).collect();
    if clean.trim_matches('.').is_empty() { "application".to_owned() } else { clean }
}

/// Parameters that a job's template takes: one for each argument that holds a part of its input, and the
/// expression that gives it, a JSON text; `of`: the input's own expression.
#[must_use]
pub fn inputs(job: &SparkJob, of: &str) -> Vec<(String, String)> {
    named_inputs(job, of).into_iter().map(|(_, name, expression)| (name, expression)).collect()
}

/// The same with the argument's index.
fn named_inputs(job: &SparkJob, of: &str) -> Vec<(usize, String, String)> {
    let mut names = crate::pass::naming::Names::default();
    let mut out = Vec::new();
    for (index, argument) in job.arguments.iter().enumerate() {
        let Some(path) = argument.value.iter().find_map(|p| if let Piece::Input(path) = p { Some(path) } else { None }) else { continue };
        let last = path.rsplit(['.', '[', ']', '\'']).find(|part| !part.is_empty() && *part != "$").unwrap_or("input");
        // A place in a list says less than the option before it.
        let option = index.checked_sub(1).and_then(|before| match job.arguments[before].value.as_slice() {
            [Piece::Literal(text)] => text.strip_prefix("--").filter(|option| !option.is_empty()),
            _ => None,
        });
        let place = last.bytes().all(|byte| byte.is_ascii_digit());
        let numbered = format!("argument-{}", index + 1);
        let last = if place { option.unwrap_or(&numbered) } else { last };
        let name = names.unique(&crate::pass::naming::label(last, 40));
        let parts: Vec<expression::Part> = argument
            .value
            .iter()
            .enumerate()
            .map(|(i, piece)| match piece {
                Piece::Literal(text) => expression::Part::Literal(unexpanded(text, i + 1 == argument.value.len())),
                Piece::Variable(variable) => expression::Part::Literal(format!("$({variable})")),
                Piece::Input(path) => expression::Part::Input(path.clone()),
            })
            .collect();
        out.push((index, name, expression::argument(&parts, of)));
    }
    out
}

/// A text that Kubernetes leaves as it is: in a container's arguments it expands `$(NAME)` and takes `$$` for `$`
/// (Kubernetes API, Container, `args`).
///
/// `last`: whether the argument ends with this text, so that nothing can follow its last `$`.
fn unexpanded(text: &str, last: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let run = rest[at..].chars().take_while(|c| *c == '$').count();
        let after = &rest[at + run..];
        let read = run > 1 || after.starts_with('(') || (after.is_empty() && !last);
        out.push_str(&"$".repeat(if read { run * 2 } else { run }));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn argument_node(index: usize, argument: &Sourced<Vec<Piece>>, inputs: &[(usize, String, String)]) -> Node {
    if let Some((_, name, _)) = inputs.iter().find(|(i, ..)| *i == index) {
        // The parameter is JSON text, which is YAML too.
        return Node::new(&EMI101, Yaml::Raw(format!("{{{{inputs.parameters.{name}}}}}"))).from(&argument.origins);
    }
    let text: String = argument
        .value
        .iter()
        .enumerate()
        .map(|(i, piece)| match piece {
            Piece::Literal(text) => unexpanded(text, i + 1 == argument.value.len()),
            Piece::Variable(variable) => format!("$({variable})"),
            Piece::Input(_) => String::new(),
        })
        .collect();
    W.text(text).from(&argument.origins)
}

/// The job itself never runs twice; a submission may, where the source retries it.
fn restart_policy(job: &SparkJob) -> Node {
    let (Some(retries), Some(seconds)) = (&job.submission_retries, &job.submission_retry_seconds) else {
        return W.map().text("type", "Never").build();
    };
    if job.runs_again {
        return W
            .map()
            .text("type", "OnFailure")
            .field("onFailureRetries", W.int(retries.value).from(&retries.origins))
            .field("onFailureRetryInterval", W.int(seconds.value).from(&seconds.origins))
            .field("onSubmissionFailureRetries", W.int(retries.value).from(&retries.origins))
            .field("onSubmissionFailureRetryInterval", W.int(seconds.value).from(&seconds.origins))
            .build();
    }
    W.map()
        .field("type", W.text("OnFailure").comment("retries the submission only; the job itself never runs twice"))
        .field("onFailureRetries", W.int(0))
        .field("onSubmissionFailureRetries", W.int(retries.value).from(&retries.origins))
        .field("onSubmissionFailureRetryInterval", W.int(seconds.value).from(&seconds.origins))
        .build()
}

fn dependencies(job: &SparkJob) -> Option<Node> {
    let lists = [("jars", &job.jars), ("files", &job.files), ("pyFiles", &job.py_files), ("archives", &job.archives)];
    if lists.iter().all(|(_, list)| list.is_empty()) {
        return None;
    }
    let mut map = W.map();
    for (key, list) in lists {
        if !list.is_empty() {
            map = map.field(key, W.list(list.iter().map(|item| W.sourced(item)).collect()));
        }
    }
    Some(map.build())
}

fn queue(job: &SparkJob, context: &Context<'_>, map: MapBuilder) -> MapBuilder {
    match (&job.queue, context.scheduler) {
        (Some(queue), Some(scheduler)) => {
            let name = if scheduler == "volcano" { queue.value.rsplit('.').next().unwrap_or("").to_owned() } else { queue.value.clone() };
            map.field("batchScheduler", W.text(scheduler).from(&queue.origins))
                .field("batchSchedulerOptions", W.map().field("queue", W.text(name).from(&queue.origins)).build())
        }
        _ => map,
    }
}

fn properties(list: &[(Sourced<String>, Sourced<String>)]) -> Node {
    let mut map = W.map();
    for (key, value) in list {
        map = map.field(key.value.clone(), W.sourced(value).from(&key.origins));
    }
    map.build()
}

/// S3A behind `s3://`, and what the cluster and the batch set.
fn hadoop_conf(job: &SparkJob) -> Node {
    let s3 = Writer(&EMI102);
    let mut map = s3.map();
    for (key, value) in [
        ("fs.s3.impl", "org.apache.hadoop.fs.s3a.S3AFileSystem"),
        ("fs.s3a.aws.credentials.provider", "com.amazonaws.auth.DefaultAWSCredentialsProviderChain"),
    ] {
        if !job.hadoop_conf.iter().any(|(k, _)| k.value == key) {
            map = map.field(key, s3.text(value));
        }
    }
    for (key, value) in &job.hadoop_conf {
        map = map.field(key.value.clone(), W.sourced(value).from(&key.origins));
    }
    map.build()
}

fn pod(resources: &Resources, instances: Option<&Sourced<u32>>, job: &SparkJob, context: &Context<'_>, account: Option<&str>) -> Node {
    let mut map = W.map();
    if let Some(instances) = instances {
        map = map.field("instances", W.int(instances.value).from(&instances.origins));
    }
    if let Some(cores) = &resources.cores {
        map = map.field("cores", W.int(cores.value.0).from(&cores.origins));
    }
    if let Some(memory) = &resources.memory {
        map = map.field("memory", W.text(memory.value.to_jvm()).from(&memory.origins));
    }
    if let Some(overhead) = &resources.overhead {
        map = map.field("memoryOverhead", W.text(overhead.value.to_jvm()).from(&overhead.origins));
    }
    if let Some(account) = account {
        map = map.text("serviceAccount", account);
    }
    if !job.secrets.is_empty() {
        let mut refs = W.map();
        for secret in &job.secrets {
            let reference = W
                .map()
                .text("name", format!("{}-secrets", context.pipeline))
                .field("key", W.text(secret.key.clone()).from(&secret.origin.origins))
                .build();
            refs = refs.field(secret.variable.clone(), W.flow(reference));
        }
        map = map.field("envSecretKeyRefs", refs.build());
    }
    map.build()
}
