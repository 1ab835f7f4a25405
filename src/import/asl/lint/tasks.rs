//! Task states: what they call, the parameters that the service demands, callbacks.
use super::{completed_later, each_state, inner};
use crate::import::asl::fields;
use crate::ir::machine::{Graph, Machine, State, StateKind, Task, Template, TemplateValue};
use crate::source::rules::lint::{ASL220, ASL221, ASL222, ASL223, ASL224, ASL225};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Span;

/// An integration that Step Functions has made easy ("Integrating optimized services"): its actions, each with the parameters that it
/// demands, and the ways to wait that it offers. Only services whose whole list of actions is short and settled.
struct Service {
    name: &'static str,
    actions: &'static [(&'static str, &'static [&'static str])],
    waits: &'static [&'static str],
}

const TOKEN: &str = "waitForTaskToken";

const SERVICES: [Service; 8] = [
    Service { name: "lambda", actions: &[("invoke", &["FunctionName"])], waits: &[TOKEN] },
    Service {
        name: "dynamodb",
        actions: &[
            ("getItem", &["TableName", "Key"]),
            ("putItem", &["TableName", "Item"]),
            ("updateItem", &["TableName", "Key"]),
            ("deleteItem", &["TableName", "Key"]),
        ],
        waits: &[],
    },
    Service { name: "sns", actions: &[("publish", &["Message"])], waits: &[TOKEN] },
    Service { name: "sqs", actions: &[("sendMessage", &["QueueUrl", "MessageBody"])], waits: &[TOKEN] },
    Service { name: "events", actions: &[("putEvents", &["Entries"])], waits: &[TOKEN] },
    Service { name: "states", actions: &[("startExecution", &["StateMachineArn"])], waits: &["sync", "sync:2", TOKEN] },
    Service { name: "apigateway", actions: &[("invoke", &["ApiEndpoint", "Method"])], waits: &[TOKEN] },
    Service { name: "http", actions: &[("invoke", &["ApiEndpoint", "Method"])], waits: &[] },
];

/// The ways to wait ("Discover service integration patterns in Step Functions").
const WAITS: [&str; 3] = ["sync", "sync:2", TOKEN];

/// The errors of Lambda itself ("Best practices for Step Functions", "Handle transient Lambda service exceptions").
const LAMBDA_ERRORS: [&str; 5] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
];

/// What follows `states:::` in a resource.
struct Integration<'t> {
    sdk: bool,
    service: &'t str,
    action: &'t str,
    wait: Option<&'t str>,
}

/// The integration that a resource names, as far as it is known.
fn integration(resource: &str) -> Option<Integration<'_>> {
    let (_, tail) = resource.split_once(":states:::")?;
    let (sdk, tail) = tail.strip_prefix("aws-sdk:").map_or((false, tail), |tail| (true, tail));
    let (service, rest) = tail.split_once(':')?;
    let (action, wait) = rest.split_once('.').map_or((rest, None), |(action, wait)| (action, Some(wait)));
    (!completed_later(tail)).then_some(Integration { sdk, service, action, wait })
}

/// The resource of a task as one text, with `${…}` for what is not known, and its place.
fn resource(task: &Task) -> Option<(String, Option<Span>)> {
    let resource = task.resource.as_ref()?;
    if matches!(resource.value, crate::ir::value::Value::Unknown(_)) {
        return None;
    }
    Some((resource.display(), resource.origins.first()))
}

fn is_activity(resource: &str) -> bool {
    resource.contains(":states:") && resource.contains(":activity:")
}

pub(super) fn machine(machine: &Machine, sink: &mut Sink) {
    let mut lambdas = Vec::new();
    each_state(&machine.graph, &mut |state| match &state.kind {
        StateKind::Task(task) => {
            if let Some((text, span)) = resource(task) {
                check_resource(state, task, &text, span, sink);
                if is_lambda(&text) && !state.retry.is_empty() && !retries_lambda(state) {
                    lambdas.push((state, span));
                }
            }
            credentials(task, sink);
        }
        StateKind::Map(map) if map.execution_type.as_ref().is_some_and(|kind| kind.value == "EXPRESS") => {
            if let Some(graph) = &map.processor {
                express(graph, &format!("the item processor of state `{}`, which is an express workflow,", state.name.value), sink);
            }
        }
        _ => {}
    });
    if let Some(((first, span), others)) = lambdas.split_first() {
        let message = if others.is_empty() {
            format!("state `{}` retries, but not the errors of Lambda itself", first.name.value)
        } else {
            format!("{} states retry, but not the errors of Lambda itself: `{}` is the first", lambdas.len(), first.name.value)
        };
        let report = Diagnostic::note(&ASL225, *span, message);
        sink.report(report.help(format!("retry {} too", LAMBDA_ERRORS.join(", "))));
    }
}

fn is_lambda(resource: &str) -> bool {
    (resource.contains(":lambda:") && resource.contains(":function:")) || resource.contains(":states:::lambda:invoke")
}

fn retries_lambda(state: &State) -> bool {
    state
        .retry
        .iter()
        .flat_map(|retrier| retrier.error_equals.iter())
        .any(|name| matches!(name.value.as_str(), "States.ALL" | "States.TaskFailed") || name.value.starts_with("Lambda."))
}

fn check_resource(state: &State, task: &Task, text: &str, span: Option<Span>, sink: &mut Sink) {
    if text.starts_with("{%") {
        let report = Diagnostic::error(&ASL220, span, "`Resource` cannot be an expression: Step Functions refuses it");
        sink.report(report.help("write the ARN; what varies goes into `Arguments`"));
        return;
    }
    if !text.starts_with("arn:") && !completed_later(text) {
        let report = Diagnostic::warning(&ASL220, span, format!("`{text}` is no ARN: Step Functions refuses it"));
        sink.report(report.help("write the ARN, unless a tool replaces the text when it deploys"));
        return;
    }
    let called = integration(text);
    if let Some(called) = &called {
        check_integration(called, text, span, sink);
        if let Some(service) = SERVICES.iter().find(|service| !called.sdk && service.name == called.service)
            && let Some((_, demanded)) = service.actions.iter().find(|(action, _)| *action == called.action)
        {
            parameters(state, demanded, sink);
        }
    }
    let waits_for_token = text.ends_with(".waitForTaskToken");
    if (waits_for_token || is_activity(text)) && task.timeout_seconds.is_none() && task.heartbeat_seconds.is_none() {
        let whom = if waits_for_token { "a callback" } else { "an activity worker" };
        let message = format!("state `{}` waits for {whom} without a limit: up to a year", state.name.value);
        let report = Diagnostic::warning(&ASL223, span, message);
        sink.report(report.help("add `TimeoutSeconds`, or `HeartbeatSeconds` where heartbeats are sent"));
    }
    if waits_for_token && !passes_token(state) {
        let message = format!("state `{}` waits for a callback, but does not pass the token that answers it", state.name.value);
        let report = Diagnostic::warning(&ASL224, span, message);
        sink.report(report.help("pass `$$.Task.Token`, or `$states.context.Task.Token` in JSONata, to whoever answers"));
    }
}

fn check_integration(called: &Integration<'_>, text: &str, span: Option<Span>, sink: &mut Sink) {
    let service = SERVICES.iter().find(|service| !called.sdk && service.name == called.service);
    let refusal = if let Some(service) = service
        && !service.actions.iter().any(|(action, _)| *action == called.action)
    {
        let actions: Vec<&str> = service.actions.iter().map(|(action, _)| *action).collect();
        let near = fields::nearest(called.action, actions.iter().copied());
        let help = near.map_or_else(
            || format!("it has {}; others go through `aws-sdk:{}:…`", actions.join(", "), called.service),
            |near| format!("did you mean `{near}`?"),
        );
        Some((format!("the integration of `{}` has no action `{}`: Step Functions refuses it", called.service, called.action), help))
    } else if let Some(wait) = called.wait {
        let offered = service.map_or(&WAITS[..], |service| service.waits);
        let offered = if called.sdk { &[TOKEN][..] } else { offered };
        (!offered.contains(&wait)).then(|| {
            let help = fields::nearest(wait, offered.iter().copied()).map_or_else(
                || if offered.is_empty() { format!("remove `.{wait}`") } else { format!("it offers .{}", offered.join(", .")) },
                |near| format!("did you mean `.{near}`?"),
            );
            (format!("`{text}` cannot wait with `.{wait}`: Step Functions refuses it"), help)
        })
    } else {
        None
    };
    if let Some((message, help)) = refusal {
        sink.report(Diagnostic::error(&ASL220, span, message).help(help));
    }
}

/// The fields of a payload template, where it is an object.
fn entries(template: Option<&Template>) -> Option<(Vec<&str>, Span)> {
    let template = template?;
    let TemplateValue::Map(entries) = &template.value else { return None };
    Some((entries.iter().map(|(key, _)| key.value.as_str()).collect(), template.span))
}

fn parameters(state: &State, demanded: &[&str], sink: &mut Sink) {
    let Some((given, span)) = entries(state.data.parameters.as_ref().or(state.data.arguments.as_ref())) else { return };
    let at = Span { end: span.end.min(span.start.saturating_add(1)), ..span };
    for name in demanded.iter().filter(|name| !given.contains(name)) {
        let message = format!("the call of state `{}` lacks `{name}`: Step Functions refuses it", state.name.value);
        let report = Diagnostic::error(&ASL221, at, message);
        sink.report(match fields::nearest(name, given.iter().copied()) {
            Some(near) => report.help(format!("did you mean `{name}` where you wrote `{near}`?")),
            None => report.help(format!("add `{name}`")),
        });
    }
}

/// `Credentials` needs `RoleArn` (a refusal of AWS that localstack's tests record).
fn credentials(task: &Task, sink: &mut Sink) {
    let Some((given, span)) = entries(task.credentials.as_ref()) else { return };
    if !given.contains(&"RoleArn") {
        let at = Span { end: span.end.min(span.start.saturating_add(1)), ..span };
        let report = Diagnostic::error(&ASL221, at, "`Credentials` lacks `RoleArn`: Step Functions refuses it");
        sink.report(report.help("add `RoleArn` with the role to assume"));
    }
}

/// Whether the token, or the context that holds it, is passed on.
fn passes_token(state: &State) -> bool {
    let templates = [&state.data.parameters, &state.data.arguments];
    let mut expressions = templates.into_iter().flatten().flat_map(Template::expressions);
    expressions.any(|(text, _)| {
        text.contains("Task.Token")
            || text.contains("['Task']")
            || text.contains("$states.context")
            || matches!(text, "$$" | "$$.Task" | "$states")
    })
}

/// Reports what an express workflow cannot do, in a graph and the graphs inside it.
pub(super) fn express(graph: &Graph, what: &str, sink: &mut Sink) {
    for state in &graph.states {
        if let StateKind::Task(task) = &state.kind
            && let Some((text, span)) = resource(task)
        {
            let refused = if is_activity(&text) {
                Some("an activity".to_owned())
            } else {
                WAITS.iter().find(|wait| text.ends_with(&format!(".{wait}"))).map(|wait| format!("`.{wait}`"))
            };
            if let Some(refused) = refused {
                let message = format!("{what} cannot use {refused}: Step Functions refuses it");
                sink.report(
                    Diagnostic::error(&ASL222, span, message).help("make it a standard workflow, or call the service without waiting"),
                );
            }
        }
        if let StateKind::Map(map) = &state.kind
            && let Some(mode) = map.mode.as_ref().filter(|mode| mode.value == "DISTRIBUTED")
        {
            let message = format!("{what} cannot have a distributed Map: Step Functions refuses it");
            sink.report(Diagnostic::error(&ASL222, mode.span(), message).help("make it a standard workflow, or the Map an inline one"));
        }
        for graph in inner(state) {
            express(graph, what, sink);
        }
    }
}
