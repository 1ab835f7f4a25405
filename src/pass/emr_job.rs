//! Spark jobs that AWS's own services run: a step of an EMR cluster, a job run of EMR Serverless or of EMR on EKS.
use super::idiom::{Mismatch, Question, Submission, Words};
use super::link::member;
use super::path::Access;
use crate::import::asl::known;
use crate::import::emr::spark_submit;
use crate::ir::job::Batch;
use crate::ir::machine::{State, Template, TemplateValue};
use crate::ir::value::{Symbol, SymbolKind, Val, Value};
use crate::simulate::intrinsic::{ArgumentView, Call, CallView};
use crate::source::secret;
use crate::source::span::{Origins, Span};

/// States of a step (Amazon EMR API Reference, `StepStatus`).
const STEP: Words = Words {
    noun: "step",
    yarn: true,
    running: &["PENDING", "CANCEL_PENDING", "RUNNING"],
    works: "RUNNING",
    success: "COMPLETED",
    failed: &["CANCELLED", "FAILED", "INTERRUPTED"],
};
/// States of a job run (Amazon EMR Serverless API Reference, `JobRun`).
const SERVERLESS: Words = Words {
    noun: "job run",
    yarn: false,
    running: &["SUBMITTED", "PENDING", "SCHEDULED", "RUNNING", "CANCELLING", "QUEUED"],
    works: "RUNNING",
    success: "SUCCESS",
    failed: &["FAILED", "CANCELLED"],
};
/// States of a job run (Amazon EMR on EKS API Reference, `JobRun`).
const CONTAINERS: Words = Words {
    noun: "job run",
    yarn: false,
    running: &["PENDING", "SUBMITTED", "RUNNING", "CANCEL_PENDING"],
    works: "RUNNING",
    success: "COMPLETED",
    failed: &["FAILED", "CANCELLED"],
};

/// How a service is told which job to run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Request {
    /// `Step`, or the only one of `Steps`: a jar and its arguments.
    Step(&'static str),
    /// `JobDriver` with the member of that name: an application, its arguments, spark-submit's options as a text.
    Driver(&'static str),
}

struct Service {
    submits: &'static [&'static str],
    request: Request,
    id: &'static [&'static str],
    asks: &'static str,
    asked_for: &'static str,
    status: &'static [&'static str],
    words: &'static Words,
}

/// The members that hold what (API references of Amazon EMR, EMR Serverless and EMR on EKS; AWS Step Functions Developer Guide, "Create and
/// manage Amazon EMR clusters", "EMR Serverless", "Amazon EMR on EKS", November 2026).
const SERVICES: &[Service] = &[
    Service {
        submits: &["elasticmapreduce:addStep"],
        request: Request::Step("Step"),
        id: &["StepId"],
        asks: "aws-sdk:emr:describeStep",
        asked_for: "StepId",
        status: &["Step", "Status", "State"],
        words: &STEP,
    },
    Service {
        submits: &["aws-sdk:emr:addJobFlowSteps"],
        request: Request::Step("Steps"),
        id: &["StepIds", "0"],
        asks: "aws-sdk:emr:describeStep",
        asked_for: "StepId",
        status: &["Step", "Status", "State"],
        words: &STEP,
    },
    Service {
        submits: &["emr-serverless:startJobRun", "aws-sdk:emrserverless:startJobRun"],
        request: Request::Driver("SparkSubmit"),
        id: &["JobRunId"],
        asks: "aws-sdk:emrserverless:getJobRun",
        asked_for: "JobRunId",
        status: &["JobRun", "State"],
        words: &SERVERLESS,
    },
    Service {
        submits: &["emr-containers:startJobRun", "aws-sdk:emrcontainers:startJobRun"],
        request: Request::Driver("SparkSubmitJobDriver"),
        id: &["Id"],
        asks: "aws-sdk:emrcontainers:describeJobRun",
        asked_for: "Id",
        status: &["JobRun", "State"],
        words: &CONTAINERS,
    },
];

fn fields(names: &[&str]) -> Access {
    Access::Fields(names.iter().map(|name| (*name).to_owned()).collect())
}

/// What a state asks that calls this service.
#[must_use]
pub fn question(service: &str) -> Option<Question> {
    let found = SERVICES.iter().find(|known| known.asks == service)?;
    Some(Question { function: None, words: found.words, id: Some(fields(&[found.asked_for])), status: Some(fields(found.status)) })
}

/// The job that a state submits by calling a service; `None`: it submits none.
#[must_use]
pub fn submission(state: &State, service: &str) -> Option<Result<Submission, Mismatch>> {
    let (name, waits) = service.strip_suffix(".sync").map_or((service, false), |name| (name, true));
    let found = SERVICES.iter().find(|known| known.submits.contains(&name))?;
    let words = found.words;
    let at = state.name.span().unwrap_or(state.span);
    let batch = match found.request {
        Request::Step(member) => step(state, member),
        Request::Driver(member) => driver(state, member),
    };
    Some(match batch {
        Ok(mut batch) => {
            batch.span = Some(at);
            let remarks = remarks(state);
            Ok(Submission { batch, function: None, words, id: Some(fields(found.id)), waits, remarks })
        }
        Err((why, span)) => Err(Mismatch { why: format!("the {} of `{}` {why}", words.noun, state.name.value), span: span.unwrap_or(at) }),
    })
}

/// Members of a request that say where a job runs, or nothing about it.
const PLACES: &[&str] = &[
    "ClusterId",
    "JobFlowId",
    "ApplicationId",
    "VirtualClusterId",
    "ReleaseLabel",
    "Step",
    "Steps",
    "JobDriver",
    "Name",
    "ClientToken",
    "Tags",
];

/// What a request says besides the job.
fn remarks(state: &State) -> Vec<(String, Span)> {
    let name = &state.name.value;
    let mut remarks = Vec::new();
    let Some(Template { value: TemplateValue::Map(entries), .. }) = state.sent() else { return remarks };
    for (key, value) in entries.iter().filter(|(key, _)| !PLACES.contains(&key.value.as_str())) {
        match key.value.as_str() {
            "ExecutionRoleArn" => remarks.push((
                format!("`{name}` runs under a role of its own → under the ServiceAccount's, `spark.role` in emr2k8s.yaml"),
                value.span,
            )),
            "ConfigurationOverrides" => {
                let blocks = inside(value, &["ApplicationConfiguration"]);
                let listed = blocks.and_then(|blocks| if let TemplateValue::List(items) = &blocks.value { Some(items) } else { None });
                for block in listed.into_iter().flatten().filter(|block| !is_defaults(block)) {
                    let what = member(block, "Classification").map(|name| known(name).display()).unwrap_or_default();
                    remarks.push((format!("`{name}` sets the classification `{what}` → it is not set"), block.span));
                }
                if let Some(logs) = inside(value, &["MonitoringConfiguration"]) {
                    remarks.push((format!("`{name}` says where its logs go → they go where the cluster's logging sends them"), logs.span));
                }
            }
            other => remarks.push((format!("`{other}` in the request of `{name}` → nothing sets it"), value.span)),
        }
    }
    remarks
}

fn is_defaults(block: &Template) -> bool {
    member(block, "Classification").is_some_and(|name| known(name).literal().as_deref() == Some("spark-defaults"))
}

type Found = Result<Batch, (String, Option<Span>)>;

/// A member of a template, and its place as a path of what is sent.
fn inside<'t>(template: &'t Template, names: &[&str]) -> Option<&'t Template> {
    names.iter().try_fold(template, |at, name| match (&at.value, name.parse::<usize>()) {
        (TemplateValue::List(items), Ok(index)) => items.get(index),
        _ => member(at, name),
    })
}

/// A step: `command-runner.jar` with `spark-submit` and its words.
fn step(state: &State, name: &str) -> Found {
    let sent = state.sent().ok_or_else(|| ("is not written in the state".to_owned(), None))?;
    let mut path = vec![name];
    if name == "Steps" {
        match inside(sent, &["Steps"]).map(|steps| &steps.value) {
            Some(TemplateValue::List(steps)) if steps.len() == 1 => path.push("0"),
            Some(TemplateValue::List(steps)) => return Err((format!("is one of {} that are added at once", steps.len()), None)),
            _ => return Err(("is known only when the machine runs".to_owned(), None)),
        }
    }
    path.push("HadoopJarStep");
    let jar_step = inside(sent, &path).ok_or_else(|| ("has no HadoopJarStep that is written out".to_owned(), Some(sent.span)))?;
    let jar = member(jar_step, "Jar").map(known);
    match jar.as_ref().and_then(Val::literal) {
        Some(jar) if jar.rsplit('/').next() == Some("command-runner.jar") => {}
        Some(jar) => return Err((format!("runs `{jar}`, which is not spark-submit by command-runner.jar"), Some(jar_step.span))),
        None => return Err(("does not say which jar it runs".to_owned(), Some(jar_step.span))),
    }
    for key in ["MainClass", "Properties"] {
        let given = member(jar_step, key).filter(|value| !matches!(&value.value, TemplateValue::List(items) if items.is_empty()));
        if let Some(value) = given {
            return Err((
                format!("has `{key}` beside its arguments, which spark-submit by command-runner.jar does not take"),
                Some(value.span),
            ));
        }
    }
    let arguments = member(jar_step, "Args").ok_or_else(|| ("has no Args".to_owned(), Some(jar_step.span)))?;
    path.push("Args");
    let words = list(arguments, &fields(&path)).map_err(|why| (why, Some(arguments.span)))?;
    let Some((program, rest)) = words.split_first() else { return Err(("has no Args".to_owned(), Some(arguments.span))) };
    let submits = program.literal().is_some_and(|text| text == "spark-submit" || text.ends_with("/spark-submit"));
    if !submits {
        return Err((format!("runs `{}`, which is not spark-submit", program.display()), program.origins.first()));
    }
    let mut batch = spark_submit::batch(rest).map_err(|(why, at)| (why, at.first().or(Some(arguments.span))))?;
    // Which program runs decides that there is a job at all.
    batch.decided_by = program.origins.clone().with(&jar.map(|jar| jar.origins).unwrap_or_default());
    Ok(batch)
}

/// A job driver: the application, its arguments, and options as one text.
fn driver(state: &State, name: &str) -> Found {
    let sent = state.sent().ok_or_else(|| ("is not written in the state".to_owned(), None))?;
    let path = ["JobDriver", name];
    let driver = inside(sent, &path).ok_or_else(|| (format!("has no JobDriver.{name} that is written out"), Some(sent.span)))?;
    let mut words = Vec::new();
    if let Some(options) = member(driver, "SparkSubmitParameters") {
        let value = known(options);
        let text = value.literal().ok_or_else(|| ("has options that are known only when it runs".to_owned(), Some(options.span)))?;
        let split = shell_words::split(&text).map_err(|_| ("has options with an open quote".to_owned(), Some(options.span)))?;
        words.extend(split.into_iter().map(|word| Val::text(word, value.origins.clone())));
    }
    let entry = member(driver, "EntryPoint").ok_or_else(|| ("has no EntryPoint".to_owned(), Some(driver.span)))?;
    words.push(item(entry, &fields(&[path[0], path[1], "EntryPoint"])));
    if let Some(arguments) = member(driver, "EntryPointArguments") {
        let place = fields(&[path[0], path[1], "EntryPointArguments"]);
        words.extend(list(arguments, &place).map_err(|why| (why, Some(arguments.span)))?);
    }
    let mut batch = spark_submit::batch(&words).map_err(|(why, at)| (why, at.first().or(Some(driver.span))))?;
    overrides(sent, &mut batch)?;
    Ok(batch)
}

/// `ConfigurationOverrides.ApplicationConfiguration`: properties of `spark-defaults` beside those of the options, which win.
fn overrides(sent: &Template, batch: &mut Batch) -> Result<(), (String, Option<Span>)> {
    let Some(list) = inside(sent, &["ConfigurationOverrides", "ApplicationConfiguration"]) else { return Ok(()) };
    let data = || (("has configuration that is known only when it runs").to_owned(), Some(list.span));
    let TemplateValue::List(items) = &list.value else { return Err(data()) };
    let mut properties = Vec::new();
    for block in items.iter().filter(|block| is_defaults(block)) {
        let Some(TemplateValue::Map(entries)) = member(block, "Properties").map(|properties| &properties.value) else { return Err(data()) };
        for (key, value) in entries.iter().filter(|(key, _)| !batch.conf.iter().any(|(own, _)| own.value == key.value)) {
            properties.push((key.clone(), known(value)));
        }
    }
    batch.conf.splice(0..0, properties);
    Ok(())
}

/// The words of a list: written out, or built by `States.Array`. What is data is the part of what is sent at that place.
fn list(template: &Template, place: &Access) -> Result<Vec<Val>, String> {
    match &template.value {
        TemplateValue::List(items) => {
            Ok(items.iter().enumerate().map(|(index, word)| item(word, &place.join(&fields(&[&index.to_string()])))).collect())
        }
        TemplateValue::PathExpression(text) => {
            let unknown = || "has arguments whose number is known only when it runs".to_owned();
            let call = Call::parse(text).map_err(|_| unknown())?;
            if call.view().name() != "Array" {
                return Err(unknown());
            }
            let mut words: Vec<Val> = Vec::new();
            for (index, argument) in call.view().arguments().into_iter().enumerate() {
                words.push(match argument {
                    ArgumentView::Text { value, .. } | ArgumentView::Literal(value) => {
                        let text = value.as_str().map_or_else(|| value.to_json(), str::to_owned);
                        known(&Template { value: TemplateValue::Text(text), span: template.span })
                    }
                    ArgumentView::Path(_) => data(&place.join(&fields(&[&index.to_string()])), template.span),
                    ArgumentView::Call(inner) => {
                        let before = words.last().and_then(Val::literal).unwrap_or_default();
                        if holds_secret(&before, inner) {
                            return Err("builds a secret into an argument: let the job read it from a Secret".to_owned());
                        }
                        data(&place.join(&fields(&[&index.to_string()])), template.span)
                    }
                });
            }
            Ok(words)
        }
        _ => Err("has arguments that are known only when it runs".to_owned()),
    }
}

/// Whether a text that is built holds a literal that is a secret under the option before it.
fn holds_secret(option: &str, call: CallView<'_>) -> bool {
    call.arguments().into_iter().any(|argument| match argument {
        ArgumentView::Text { value, .. } => {
            let text = value.as_str().unwrap_or_default().replace("{}", "");
            text.len() > 2 && secret::reason(option.trim_start_matches('-'), &text).is_some()
        }
        ArgumentView::Call(inner) => holds_secret(option, inner),
        _ => false,
    })
}

fn item(template: &Template, place: &Access) -> Val {
    match &template.value {
        TemplateValue::PathExpression(_) | TemplateValue::Jsonata(_) => data(place, template.span),
        _ => known(template),
    }
}

/// A part of what is sent, known only when it runs.
fn data(place: &Access, span: Span) -> Val {
    let name = place.to_path().unwrap_or_else(|| "$".to_owned());
    Val::new(Value::Symbol(Symbol { kind: SymbolKind::Event, name, span }), Origins::one(span))
}
