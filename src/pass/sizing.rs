//! Sizing: from a Livy batch and the settings of its cluster to a Spark job in Kubernetes' terms.
use super::path::Access;
use crate::emit::expression::holds_tag;
use crate::import::emr::spark_settings;
use crate::ir::job::{Batch, DynamicAllocation, Language, Piece, Resources, SparkJob};
use crate::ir::quantity::{Cores, MiB};
use crate::ir::value::{Segment, Symbol, SymbolKind, Val, Value};
use crate::source::rules::{Rule, plan};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced, Span};

/// What a cluster gives to its jobs.
#[derive(Clone, Debug, Default)]
pub struct ClusterSettings {
    /// How reports name the cluster, and where it is defined.
    pub cluster: String,
    pub defined: Option<Span>,
    pub release: Option<Sourced<String>>,
    pub spark_conf: Vec<(Sourced<String>, Sourced<String>)>,
    pub hadoop_conf: Vec<(Sourced<String>, Sourced<String>)>,
    /// Full names of YARN queues, with dots.
    pub queues: Vec<Sourced<String>>,
    /// `yarn.scheduler.minimum-allocation-mb`, where it is set.
    pub minimum_allocation: Option<Sourced<u64>>,
    /// `spark.yarn.maxAppAttempts`, where it is set.
    pub max_attempts: Option<Sourced<String>>,
    /// `spark.dynamicAllocation.enabled`, where it is set.
    pub dynamic_allocation: Option<Sourced<bool>>,
}

/// YARN's rounding on EMR where nothing sets it: 32 MiB (Amazon EMR Release Guide, "Task configuration": the value of
/// `yarn.scheduler.minimum-allocation-mb` in every row).
const EMR_MINIMUM_ALLOCATION: u64 = 32;
/// Spark's defaults (Spark 3.5, "Configuration"): `spark.driver.memory`, `spark.executor.memory`, the overhead's factor and floor.
const DEFAULT_MEMORY: MiB = MiB(1024);
const OVERHEAD_FLOOR: u64 = 384;
/// `spark.executor.instances` (Spark 3.5, "Running on YARN" and "Running on Kubernetes").
const DEFAULT_INSTANCES: u32 = 2;

/// Memory beside the heap, on YARN and on the pod: 10 %, at least 384 MiB. Spark on Kubernetes takes 40 % for Python and R unless told
/// otherwise; the emitter tells it otherwise, so that a job keeps its size.
#[must_use]
pub fn overhead(heap: MiB) -> MiB {
    MiB((heap.0 / 10).max(OVERHEAD_FLOOR))
}

/// What a job needs to know about where it stands.
pub struct Place<'a> {
    /// DNS label.
    pub name: Sourced<String>,
    pub settings: &'a ClusterSettings,
    /// Maps a part of the submitting function's event to a path of the execution's input, or says why that cannot be.
    pub input: &'a dyn Fn(&Access) -> Result<String, String>,
    /// The submission, for messages.
    pub span: Option<Span>,
    /// Whether YARN ran the job: its rounding and its second attempts.
    pub yarn: bool,
}

/// Sizes a batch.
///
/// # Errors
/// Why it cannot be emitted; everything is reported.
pub fn job(batch: &Batch, place: &Place<'_>, sink: &mut Sink) -> Result<SparkJob, String> {
    let mut reader = Reader { place, sink, failed: None };
    let file = reader.text("file", batch.file.as_ref());
    let main_class = reader.text("className", batch.class_name.as_ref());
    let arguments = reader.arguments(batch.args.as_ref());
    let jars = reader.texts("jars", batch.jars.as_ref());
    let py_files = reader.texts("pyFiles", batch.py_files.as_ref());
    let files = reader.texts("files", batch.files.as_ref());
    let archives = reader.texts("archives", batch.archives.as_ref());
    let proxy_user = reader.text("proxyUser", batch.proxy_user.as_ref());
    let driver_memory = reader.memory("driverMemory", batch.driver_memory.as_ref());
    let executor_memory = reader.memory("executorMemory", batch.executor_memory.as_ref());
    let driver_cores = reader.number("driverCores", batch.driver_cores.as_ref());
    let executor_cores = reader.number("executorCores", batch.executor_cores.as_ref());
    let instances = reader.number("numExecutors", batch.num_executors.as_ref());
    let settings = spark_settings(&batch.conf, reader.sink);
    let mut conf = Vec::new();
    for (prefix, list) in [("", &settings.spark_conf), ("spark.hadoop.", &settings.hadoop_conf)] {
        for (key, value) in list {
            if let Some(text) = reader.text(&key.value, Some(value)) {
                conf.push((Sourced::new(format!("{prefix}{}", key.value), key.origins.clone()), text));
            }
        }
    }
    if let Some(value) = &settings.max_attempts {
        reader.sink.absorb_all(
            &value.all_origins(),
            &plan::SIZ111,
            "the job itself never runs twice; a submission is retried where the state says so",
        );
    }
    let default_queue = settings.default_queue;
    match (&batch.queue, &default_queue) {
        (Some(empty), _) if empty.literal().is_some_and(|q| q.is_empty()) => {
            reader.sink.absorb_all(&empty.origins, &plan::SIZ105, "no queue is named, so the scheduler's own default holds");
        }
        (Some(_), Some(other)) => {
            reader.sink.absorb_all(&other.all_origins(), &plan::SIZ105, "the payload's own `queue` takes its place");
        }
        _ => {}
    }
    let queue = reader.text("queue", batch.queue.as_ref().or(default_queue.as_ref())).filter(|q| !q.value.is_empty());
    if let Some(name) = &batch.name {
        reader.sink.absorb_all(&name.all_origins(), &plan::SIZ109, "Livy's session name; the SparkApplication is named after its state");
    }
    let Some(file) = file else {
        let why = reader.failed.unwrap_or_else(|| "the batch names no application file".to_owned());
        return Err(why);
    };
    if let Some(why) = reader.failed {
        return Err(why);
    }
    let language = match file.value.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).as_deref() {
        Some("py" | "zip" | "egg") => Language::Python,
        Some("r") => Language::R,
        _ => Language::Scala,
    };
    let mut job = SparkJob {
        name: Sourced::new(place.name.value.clone(), place.name.origins.clone().with(&batch.decided_by)),
        language,
        file,
        main_class,
        arguments,
        jars,
        py_files,
        files,
        archives,
        queue: queue.map(|q| full_queue_name(q, place.settings)),
        proxy_user,
        driver: Resources { cores: driver_cores.map(|n| n.map(Cores)), memory: driver_memory, overhead: None },
        executor: Resources { cores: executor_cores.map(|n| n.map(Cores)), memory: executor_memory, overhead: None },
        instances,
        dynamic_allocation: None,
        spark_conf: Vec::new(),
        hadoop_conf: Vec::new(),
        submission_retries: None,
        submission_retry_seconds: None,
        runs_again: false,
        watched: true,
        secrets: Vec::new(),
        image: String::new(),
        release: place.settings.release.as_ref().map(|r| r.origins.clone()).unwrap_or_default(),
        span: batch.span.or(place.span),
    };
    super::settings::apply(&mut job, conf, place.settings, sink);
    if place.yarn {
        second_attempt(batch, place, sink);
    }
    missing_queue(&job, place, sink);
    if let Some((text, span)) = evaluated(&job) {
        let message = format!("`{}` passes `{text}`, which Argo would evaluate as a tag of its own", place.name.value);
        sink.report(
            Diagnostic::refused(&plan::PLN127, span.or(place.span), message.clone())
                .help("write the text so that no `{{` stands before a name that Argo knows"),
        );
        return Err(message);
    }
    let enabled = dynamic_allocation(batch).or_else(|| place.settings.dynamic_allocation.clone());
    executors(&mut job, enabled.as_ref(), place, sink);
    defaults(&mut job, place, sink);
    if place.yarn {
        compare_memory(&job, place, sink);
        compare_cores(&job, place, sink);
    }
    Ok(job)
}

/// A text of the job that the target would evaluate.
fn evaluated(job: &SparkJob) -> Option<(String, Option<Span>)> {
    let arguments = job.arguments.iter().flat_map(|a| {
        a.value.iter().filter_map(move |piece| if let Piece::Literal(text) = piece { Some((text.as_str(), a.span())) } else { None })
    });
    let lists = job.jars.iter().chain(&job.py_files).chain(&job.files).chain(&job.archives);
    let texts = lists.chain(job.main_class.iter()).chain(job.queue.iter()).chain(job.proxy_user.iter()).chain([&job.file]);
    let properties = job.spark_conf.iter().chain(&job.hadoop_conf).flat_map(|(key, value)| [key, value]);
    arguments
        .chain(texts.chain(properties).map(|text| (text.value.as_str(), text.span())))
        .find(|(text, _)| holds_tag(text))
        .map(|(text, span)| (text.to_owned(), span))
}

/// `main` is `root.main`, as YuniKorn writes it (YARN: leaf names are unique below `root`).
fn full_queue_name(queue: Sourced<String>, settings: &ClusterSettings) -> Sourced<String> {
    let leaf = queue.value.rsplit('.').next().unwrap_or("").to_owned();
    let exact = settings.queues.iter().find(|k| k.value == queue.value);
    if let Some(known) = exact.or_else(|| settings.queues.iter().find(|k| k.value.rsplit('.').next() == Some(leaf.as_str()))) {
        return Sourced::new(known.value.clone(), queue.origins.with(&known.origins));
    }
    if queue.value.starts_with("root.") || queue.value == "root" { queue } else { queue.map(|q| format!("root.{q}")) }
}

/// YARN starts a failed application once more unless it is told otherwise (Hadoop, yarn-default.xml,
/// `yarn.resourcemanager.am.max-attempts`: 2).
fn second_attempt(batch: &Batch, place: &Place<'_>, sink: &mut Sink) {
    let own = batch.conf.iter().rev().find(|(key, _)| key.value == "spark.yarn.maxAppAttempts").and_then(|(_, value)| value.sourced());
    let attempts = own.as_ref().or(place.settings.max_attempts.as_ref());
    if attempts.is_some_and(|a| a.value.trim() == "1") {
        return;
    }
    let times = attempts.map_or("2", |a| a.value.as_str());
    sink.report(
        Diagnostic::changed(
            &plan::SIZ114,
            attempts.and_then(Sourced::span).or(place.span),
            format!("`{}`, YARN starts a failed application up to {times} times → it runs once", place.name.value),
        )
        .help("where a second attempt is wanted, set `onFailureRetries` in the output's restartPolicy"),
    );
}

/// A queue that the cluster's own configuration does not have.
fn missing_queue(job: &SparkJob, place: &Place<'_>, sink: &mut Sink) {
    let Some(queue) = &job.queue else { return };
    let known = &place.settings.queues;
    if known.is_empty() || known.iter().any(|k| k.value == queue.value) {
        return;
    }
    let names: Vec<&str> = known.iter().map(|k| k.value.as_str()).collect();
    sink.report(
        Diagnostic::question(
            &plan::SIZ105,
            queue.span().or(place.span),
            format!(
                "`{}` names the queue `{}`, which the cluster's configuration does not have; it has {}",
                place.name.value,
                queue.value,
                names.join(", ")
            ),
        )
        .related(known.first().and_then(Sourced::span), "the cluster's queues")
        .help("mend the name, or define the queue in the target's scheduler"),
    );
}

/// What the batch's own properties say of dynamic allocation.
fn dynamic_allocation(batch: &Batch) -> Option<Sourced<bool>> {
    let (_, value) = batch.conf.iter().rev().find(|(key, _)| key.value == "spark.dynamicAllocation.enabled")?;
    let text = value.sourced()?;
    Some(Sourced::new(text.value.eq_ignore_ascii_case("true"), text.origins))
}

/// How many executors: the payload's number, or dynamic allocation as EMR has it, or Spark's default.
///
/// `enabled`: what the batch, or else the cluster, says of dynamic allocation.
fn executors(job: &mut SparkJob, enabled: Option<&Sourced<bool>>, place: &Place<'_>, sink: &mut Sink) {
    if enabled.is_some_and(|e| !e.value) {
        for span in job.dynamic_allocation.take().iter().flat_map(|limits| limits.origins.iter().collect::<Vec<_>>()) {
            sink.ignore(span, &plan::SIZ104, "a limit of dynamic allocation, which is off");
        }
    } else if job.dynamic_allocation.is_some() {
        return;
    }
    match (&job.instances, enabled) {
        (Some(_), Some(off)) if !off.value => {
            sink.absorb_all(&off.origins, &plan::SIZ104, "off, which is what Spark on Kubernetes does by itself");
        }
        (Some(instances), _) => {
            sink.report(Diagnostic::changed(
                &plan::SIZ104,
                instances.span().or(place.span),
                format!(
                    "`{}`, {} executors to begin with, more or fewer by EMR's dynamic allocation → {} executors",
                    place.name.value, instances.value, instances.value
                ),
            ));
        }
        (None, Some(off)) if !off.value => {
            job.instances = Some(Sourced::new(DEFAULT_INSTANCES, off.origins.clone()));
        }
        (None, _) => {
            job.dynamic_allocation = Some(DynamicAllocation { origins: place.name.origins.clone(), ..DynamicAllocation::default() });
            sink.report(
                Diagnostic::changed(
                    &plan::SIZ104,
                    place.span,
                    format!("`{}` sets no number of executors: EMR's dynamic allocation with the shuffle service → dynamic allocation with shuffle tracking", place.name.value),
                )
                .help("set `numExecutors` in the payload for a fixed number"),
            );
        }
    }
}

/// Sizes that the payload leaves to EMR.
fn defaults(job: &mut SparkJob, place: &Place<'_>, sink: &mut Sink) {
    let mut missing = Vec::new();
    for (what, memory) in [("driver memory", &job.driver.memory), ("executor memory", &job.executor.memory)] {
        if memory.is_none() {
            missing.push(what);
        }
    }
    if job.executor.cores.is_none() {
        missing.push("executor cores");
    }
    if !missing.is_empty() {
        sink.report(
            Diagnostic::changed(
                &plan::SIZ103,
                place.span,
                format!(
                    "`{}` does not set {}: EMR's default{} → Spark's default (1 core, 1 GiB)",
                    place.name.value,
                    missing.join(", "),
                    if place.yarn { " for the instance type" } else { "" }
                ),
            )
            .help("set them where the job is submitted, or in the output after looking at what the jobs used"),
        );
    }
    let none = Origins::none();
    job.driver.cores.get_or_insert_with(|| Sourced::new(Cores(1), none.clone()));
    job.driver.memory.get_or_insert_with(|| Sourced::new(DEFAULT_MEMORY, none.clone()));
    job.executor.cores.get_or_insert_with(|| Sourced::new(Cores(1), none.clone()));
    job.executor.memory.get_or_insert_with(|| Sourced::new(DEFAULT_MEMORY, none.clone()));
}

fn compare_memory(job: &SparkJob, place: &Place<'_>, sink: &mut Sink) {
    let minimum = place.settings.minimum_allocation.as_ref();
    let unit = minimum.map_or(EMR_MINIMUM_ALLOCATION, |m| m.value).max(1);
    let mut sides = Vec::new();
    for (who, resources) in [("driver", &job.driver), ("executor", &job.executor)] {
        let Some(heap) = &resources.memory else { continue };
        let beside = resources.overhead.as_ref().map_or_else(|| overhead(heap.value), |o| o.value);
        let container = MiB((heap.value.0 + beside.0).div_ceil(unit) * unit);
        if container.0 != heap.value.0 + beside.0 {
            sides.push(format!("{who}: YARN container {container} → pod {} + {beside}", thousands(heap.value)));
        }
    }
    if let Some(minimum) = minimum {
        sink.absorb_all(&minimum.origins, &plan::SIZ101, "YARN's rounding unit; pods are not rounded");
    }
    if sides.is_empty() {
        return;
    }
    let mut diagnostic = Diagnostic::changed(&plan::SIZ101, place.span, format!("`{}`, {}", place.name.value, sides.join("; ")))
        .help("heap and overhead are the same; set `memoryOverhead` where a job lived on the rounding");
    if let Some(span) = minimum.and_then(Sourced::span) {
        diagnostic = diagnostic.related(span, "YARN rounds up to a multiple of this");
    }
    sink.report(diagnostic);
}

fn thousands(size: MiB) -> String {
    size.to_string().trim_end_matches(" MiB").to_owned()
}

fn compare_cores(job: &SparkJob, place: &Place<'_>, sink: &mut Sink) {
    let (Some(driver), Some(executor)) = (&job.driver.cores, &job.executor.cores) else { return };
    sink.report(Diagnostic::changed(
        &plan::SIZ102,
        place.span,
        format!(
            "`{}`, YARN scheduled by memory only → pods request cores: driver {}, executor {}",
            place.name.value, driver.value.0, executor.value.0
        ),
    ));
}

struct Reader<'a, 'p> {
    place: &'a Place<'p>,
    sink: &'a mut Sink,
    failed: Option<String>,
}

impl Reader<'_, '_> {
    fn fail(&mut self, rule: &'static Rule, span: Option<Span>, message: String, help: &str) {
        self.failed.get_or_insert_with(|| message.clone());
        let mut diagnostic = Diagnostic::refused(rule, span.or(self.place.span), message).help(help);
        if let (Some(place), true) = (self.place.span, span.is_some()) {
            diagnostic = diagnostic.related(place, "the job that needs it");
        }
        self.sink.report(diagnostic);
    }

    fn unknown(&mut self, field: &str, value: &Val) {
        let (span, shown, why) = match first_unknown(value) {
            Some(Value::Unknown(unknown)) => (Some(unknown.span), unknown.expression.clone(), unknown.why.clone()),
            Some(Value::Symbol(symbol)) => (Some(symbol.span), symbol.name.clone(), symbol_reason(&symbol).to_owned()),
            _ => (value.origins.first(), value.display(), "it is not a plain value".to_owned()),
        };
        self.fail(
            &plan::SIZ108,
            span,
            format!("`{field}` of `{}` cannot be known: `{shown}`: {why}", self.place.name.value),
            "give it a value that the sources can tell, or write the field by hand",
        );
    }

    /// A field that must be a text.
    fn text(&mut self, field: &str, value: Option<&Val>) -> Option<Sourced<String>> {
        let value = value?;
        if matches!(value.value, Value::Null) {
            return None;
        }
        let known = value.sourced();
        if known.is_none() {
            self.unknown(field, value);
        }
        known
    }

    fn texts(&mut self, field: &str, value: Option<&Val>) -> Vec<Sourced<String>> {
        let Some(value) = value else { return Vec::new() };
        match &value.value {
            Value::Null => Vec::new(),
            Value::List(items) => items
                .iter()
                .filter_map(|item| self.text(field, Some(item)).map(|t| Sourced::new(t.value, t.origins.with(&value.origins))))
                .collect(),
            Value::Text(_) => self.text(field, Some(value)).into_iter().collect(),
            _ => {
                self.unknown(field, value);
                Vec::new()
            }
        }
    }

    fn arguments(&mut self, value: Option<&Val>) -> Vec<Sourced<Vec<Piece>>> {
        let Some(value) = value else { return Vec::new() };
        let Some(items) = value.list() else {
            if !matches!(value.value, Value::Null) {
                self.unknown("args", value);
            }
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in items {
            let origins = item.origins.clone().with(&value.origins);
            if let Some(text) = item.literal() {
                out.push(Sourced::new(vec![Piece::Literal(text)], origins));
                continue;
            }
            let symbols: Vec<Segment> = match &item.value {
                Value::Text(segments) => segments.clone(),
                Value::Symbol(symbol) => vec![Segment::Symbol(symbol.clone())],
                _ => {
                    self.unknown("args", item);
                    continue;
                }
            };
            let mut pieces = Vec::new();
            for segment in symbols {
                match segment {
                    Segment::Literal(text) => pieces.push(Piece::Literal(text)),
                    Segment::Symbol(symbol) if symbol.kind == SymbolKind::Event => {
                        match (self.place.input)(&super::path::parse(&symbol.name)) {
                            Ok(path) => pieces.push(Piece::Input(path)),
                            Err(why) => {
                                let message = format!(
                                    "an argument of `{}` comes from the function's input `{}`: {why}",
                                    self.place.name.value, symbol.name
                                );
                                self.fail(&plan::PLN112, Some(symbol.span), message, "pass the value in the execution's input");
                            }
                        }
                    }
                    Segment::Symbol(_) => self.unknown("args", item),
                }
            }
            out.push(Sourced::new(pieces, origins));
        }
        out
    }

    fn memory(&mut self, field: &str, value: Option<&Val>) -> Option<Sourced<MiB>> {
        let text = self.text(field, value)?;
        match MiB::from_jvm(&text.value) {
            Some(size) => Some(Sourced::new(size, text.origins)),
            None => {
                let message = format!("`{field}` of `{}` is `{}`, which is no size that Spark reads", self.place.name.value, text.value);
                self.fail(&plan::SIZ112, text.origins.first(), message, "write it like `512m` or `4g`");
                None
            }
        }
    }

    fn number(&mut self, field: &str, value: Option<&Val>) -> Option<Sourced<u32>> {
        let text = self.text(field, value)?;
        match text.value.trim().parse::<u32>() {
            Ok(number) if number > 0 => Some(Sourced::new(number, text.origins)),
            _ => {
                let message = format!("`{field}` of `{}` is `{}`, which is no positive whole number", self.place.name.value, text.value);
                self.fail(&plan::SIZ112, text.origins.first(), message, "write a whole number, such as `2`");
                None
            }
        }
    }
}

fn first_unknown(value: &Val) -> Option<Value> {
    match &value.value {
        Value::Unknown(_) | Value::Symbol(_) => Some(value.value.clone()),
        Value::Text(segments) => segments.iter().find_map(|s| match s {
            Segment::Symbol(symbol) => Some(Value::Symbol(symbol.clone())),
            Segment::Literal(_) => None,
        }),
        Value::List(items) => items.iter().find_map(first_unknown),
        Value::Map(entries) => entries.iter().find_map(|(_, v)| first_unknown(v)),
        _ => None,
    }
}

fn symbol_reason(symbol: &Symbol) -> &'static str {
    match symbol.kind {
        SymbolKind::Event => "it comes with each execution, and this field must be known before",
        SymbolKind::Env => "the environment variable is set nowhere in the sources",
        SymbolKind::Reference => "only the deployment knows it",
        SymbolKind::Response => "another system answers it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overheads() {
        assert_eq!(overhead(MiB(1024)), MiB(384));
        assert_eq!(overhead(MiB(10_240)), MiB(1024));
    }

    #[test]
    fn queues_have_full_names() {
        let origins = Origins::none();
        let settings =
            ClusterSettings { queues: vec![Sourced::new("root.etl.main".into(), origins.clone())], ..ClusterSettings::default() };
        assert_eq!(full_queue_name(Sourced::new("main".into(), origins.clone()), &settings).value, "root.etl.main");
        assert_eq!(full_queue_name(Sourced::new("other".into(), origins.clone()), &settings).value, "root.other");
        assert_eq!(full_queue_name(Sourced::new("root.x".into(), origins), &settings).value, "root.x");
    }
}
