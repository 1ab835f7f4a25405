//! From the calls that a handler makes to what it is for.
//!
//! Addresses are those of the Apache Livy documentation, page "REST API" (`POST /batches`, `GET /batches/{batchId}`,
//! `GET /batches/{batchId}/state`); operations those of the Boto3 documentation (EMR, Step Functions, SNS, SES); webhook
//! hosts those of Slack's "Sending messages using incoming webhooks" and Microsoft's "Create an Incoming Webhook" (all
//! looked up November 2026).
use super::flow::{Evaluator, Note};
use super::module::{Modules, PythonModule};
use super::state::{Effect, EffectKind, Item};
use crate::import::livy;
use crate::ir::function::{Action, Behaviour, Function};
use crate::ir::value::{Segment, Symbol, SymbolKind, Unknown, Val, Value};
use crate::source::files::{Files, join};
use crate::source::node::Scalar;
use crate::source::rules::lambda as rules;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced, Span};
use ruff_text_size::TextRange;
use std::collections::BTreeSet;

/// What a handler does in this function's environment. `handler` is `folder/file.function`, relative to the function's
/// folder; `modules` finds files by their path relative to SRC. `None` when `handler` names no function at all.
pub fn evaluate(handler: &str, function: &Function, modules: &dyn Modules, sink: &mut Sink) -> Option<Behaviour> {
    let at = function.handler.as_ref().and_then(Sourced::span).unwrap_or(function.span);
    if let Some(runtime) = function.runtime.as_ref().filter(|r| !r.value.starts_with("python")) {
        let message = format!("the handler of `{}` runs on `{}`, and only Python is evaluated", function.logical.value, runtime.value);
        sink.report(
            Diagnostic::question(&rules::LAM102, runtime.span().unwrap_or(at), message)
                .help("say in `emr2k8s.yaml` what replaces the function")
                .answer(format!("functions.{}", function.logical.value)),
        );
        return Some(nothing(format!("its handler runs on `{}`, which is not evaluated", runtime.value), at));
    }
    let (path, name) = handler.rsplit_once('.').filter(|(path, name)| !path.is_empty() && !name.is_empty())?;
    let candidates = [path.to_owned(), path.replace('.', "/")];
    let file = candidates.iter().filter_map(|p| join(&function.folder, &format!("{p}.py"))).find(|p| modules.get(p).is_some());
    let Some(file) = file else {
        let wanted = join(&function.folder, &format!("{path}.py")).unwrap_or_else(|| format!("{path}.py"));
        sink.report(
            Diagnostic::warning(
                &rules::LAM101,
                at,
                format!("the handler `{handler}` means the file `{wanted}`, which is not among the sources or cannot be read"),
            )
            .help("mend `handler`, add the file, or mend what is said of it"),
        );
        return Some(nothing(format!("the file `{wanted}` of its handler was not found or could not be read"), at));
    };
    let mut run = Evaluator::new(modules, &function.environment, &function.folder);
    run.load(&file);
    let Some(Item::Function(number)) = run.state.globals.get(&file).and_then(|scope| scope.get(name)).cloned() else {
        return Some(no_function(&run, &file, name, at, sink));
    };
    let span = run.functions.get(number).map_or(at, |f| f.span);
    let returned = run_handler(&mut run, &file, number);
    let returns = run.state.val(&returned);
    Some(classify(&run, returns, span, function, sink))
}

fn nothing(why: String, span: Span) -> Behaviour {
    let returns = Val::unknown("the handler", why.clone(), span);
    Behaviour { action: Action::Unknown { why }, evidence: Vec::new(), plumbing: Vec::new(), returns, visited: Vec::new(), span }
}

fn no_function(run: &Evaluator<'_>, file: &str, name: &str, at: Span, sink: &mut Sink) -> Behaviour {
    let near = run
        .state
        .globals
        .get(file)
        .into_iter()
        .flatten()
        .filter(|(_, item)| matches!(item, Item::Function(_)))
        .map(|(known, _)| (strsim::damerau_levenshtein(known, name), known))
        .filter(|(distance, _)| *distance <= 3)
        .min();
    let help = near.map_or_else(|| "mend `handler`".to_owned(), |(_, known)| format!("did you mean `{known}`?"));
    sink.report(Diagnostic::warning(&rules::LAM101, at, format!("`{file}` has no function `{name}`")).help(help));
    nothing(format!("`{file}` has no function `{name}`"), at)
}

/// Calls the handler with the event and the context.
fn run_handler(run: &mut Evaluator<'_>, file: &str, number: usize) -> Item {
    let frame = super::state::Frame { module: file.to_owned(), top: true, ..super::state::Frame::default() };
    run.state.frames.push(frame);
    let mut given = Vec::new();
    if let Some(callable) = run.functions.get(number) {
        let span = callable.span;
        let symbol =
            |kind, name: &str| Item::Scalar(Val::new(Value::Symbol(Symbol { kind, name: name.to_owned(), span }), Origins::none()));
        let takes = callable.parameters.map_or(0, |p| if p.vararg.is_some() { 2 } else { p.posonlyargs.len() + p.args.len() });
        given = vec![symbol(SymbolKind::Event, "$"), symbol(SymbolKind::Reference, "context")];
        given.truncate(takes);
    }
    let arguments = super::expression::Arguments { positional: given, ..super::expression::Arguments::default() };
    run.invoke(number, &arguments, TextRange::default())
}

/// An action, the values that it carries on, and what showed it.
struct Found {
    action: Action,
    used: Origins,
    evidence: Vec<(Span, String)>,
}

impl Found {
    fn unknown(why: String) -> Self {
        Self { action: Action::Unknown { why }, used: Origins::none(), evidence: Vec::new() }
    }
}

fn classify(run: &Evaluator<'_>, returns: Val, span: Span, function: &Function, sink: &mut Sink) -> Behaviour {
    let effects = &run.state.effects;
    let uncertain = effects.iter().find_map(|effect| effect.conditional.as_ref().map(|why| (effect, why)));
    let mut found = match (effects.as_slice(), uncertain) {
        ([], _) => Found::unknown(no_call(run, &returns)),
        (_, Some((effect, why))) => {
            Found::unknown(format!("whether it {} is not known: `{}`, {}", describe(effect), why.expression, why.why))
        }
        ([effect], None) => one(effect, run, &returns, sink),
        (all, None) => {
            let mut notified: Vec<Found> = all.iter().map(|effect| one(effect, run, &returns, &mut Sink::default())).collect();
            if notified.iter().all(|found| matches!(found.action, Action::Notify { .. })) {
                for found in &mut notified {
                    mark_message(found, sink);
                }
                let evidence = notified.iter().flat_map(|f| f.evidence.clone()).collect();
                let used = notified.iter().fold(Origins::none(), |all, f| all.with(&f.used));
                let mut channels: Vec<String> = Vec::new();
                for found in notified {
                    if let Action::Notify { channel } = found.action
                        && !channels.contains(&channel)
                    {
                        channels.push(channel);
                    }
                }
                Found { action: Action::Notify { channel: channels.join(", ") }, used, evidence }
            } else {
                let calls: Vec<String> = all.iter().map(describe).collect();
                Found::unknown(format!("it makes several calls: it {}", calls.join("; it ")))
            }
        }
    };
    if effects.len() == 1 {
        mark_message(&found, sink);
    }
    for effect in effects {
        if matches!(found.action, Action::Unknown { .. }) {
            found.evidence.push((effect.span, format!("it {}", describe(effect))));
        }
    }
    let visited: Vec<Span> = run.visited.iter().copied().collect();
    let mut plumbing = Vec::new();
    if !matches!(found.action, Action::Unknown { .. }) {
        let used: BTreeSet<Span> = found.used.iter().collect();
        plumbing = visited.iter().copied().filter(|span| !used.contains(span)).collect();
        unread(run, function, sink);
        remarks(run, function, &mut found.evidence, sink);
    }
    Behaviour { action: found.action, evidence: found.evidence, plumbing, returns, visited, span }
}

fn no_call(run: &Evaluator<'_>, returns: &Val) -> String {
    let unknown = run.notes.iter().find_map(|note| if let Note::Call { what, .. } = note { Some(what) } else { None });
    match (unknown, &returns.value) {
        (Some(what), _) => format!("it makes no call that is recognised; of `{what}` nothing is known"),
        (None, Value::Unknown(unknown)) => {
            format!("it makes no call that is recognised, and returns `{}`: {}", unknown.expression, unknown.why)
        }
        _ => "it makes no call to another system".to_owned(),
    }
}

/// A message's text is not translated, and says so.
fn mark_message(found: &Found, sink: &mut Sink) {
    if matches!(found.action, Action::Notify { .. }) {
        for span in found.used.iter() {
            sink.unsupported(span, &rules::LAM110, "the message's text and address are not translated");
        }
    }
}

/// Environment variables that the handler never asks for.
fn unread(run: &Evaluator<'_>, function: &Function, sink: &mut Sink) {
    for (key, val) in &function.environment {
        if !run.read.contains(&key.value) {
            for span in val.all_origins().iter() {
                sink.ignore(span, &rules::LAM109, format!("the handler never reads `{}`", key.value));
            }
        }
    }
}

fn remarks(run: &Evaluator<'_>, function: &Function, evidence: &mut Vec<(Span, String)>, sink: &mut Sink) {
    let name = &function.logical.value;
    let mut seen = BTreeSet::new();
    for note in &run.notes {
        let (span, diagnostic) = match note {
            Note::Guard { span, condition } => {
                evidence.push((*span, "it refuses some events here".to_owned()));
                let message = format!("the handler of `{name}` checks `{condition}` before its call, and the replacement does not");
                (*span, Diagnostic::changed(&rules::LAM107, *span, message).help("check in the workflow, or let the job fail"))
            }
            Note::Handler { span, what } => {
                evidence.push((*span, format!("on failure it {what}")));
                let message = format!("when its call fails, the handler of `{name}` {what}; the replacement fails");
                (*span, Diagnostic::changed(&rules::LAM106, *span, message).help("handle the failure in the workflow"))
            }
            Note::Call { span, what } => {
                let message = format!("the handler of `{name}` also calls `{what}`, of which nothing is known; the replacement does not");
                (*span, Diagnostic::changed(&rules::LAM111, *span, message).help("make sure that nothing needs that call"))
            }
        };
        if seen.insert((span, diagnostic.rule.code)) {
            sink.report(diagnostic);
        }
    }
}

fn describe(effect: &Effect) -> String {
    match &effect.kind {
        EffectKind::Http { method, url, .. } => format!("makes a {} request to `{}`", method.display(), url.display()),
        EffectKind::Aws { service, operation, .. } => format!("calls `{}.{operation}`", service.display()),
        EffectKind::Chat { channel, .. } => format!("sends a message to {channel}"),
    }
}

fn one(effect: &Effect, run: &Evaluator<'_>, returns: &Val, sink: &mut Sink) -> Found {
    match &effect.kind {
        EffectKind::Http { method, url, body } => http(effect.span, method, url, body.as_ref(), run, returns, sink),
        EffectKind::Aws { service, operation, arguments } => aws(effect.span, service, operation, arguments),
        EffectKind::Chat { channel, arguments } => Found {
            action: Action::Notify { channel: channel.clone() },
            used: arguments.all_origins(),
            evidence: vec![(effect.span, format!("sends a message to {channel}"))],
        },
    }
}

fn http(at: Span, method: &Val, url: &Val, body: Option<&Val>, run: &Evaluator<'_>, returns: &Val, sink: &mut Sink) -> Found {
    let verb = method.literal().unwrap_or_default().to_ascii_uppercase();
    if let Some(channel) = chat(url, body) {
        let used = body.map(Val::all_origins).unwrap_or_default().with(&url.origins);
        let evidence = vec![(at, format!("posts to a {channel}"))];
        return Found { action: Action::Notify { channel: channel.to_owned() }, used, evidence };
    }
    match verb.as_str() {
        "POST" => submit(at, url, body, run, returns, sink),
        "GET" => read_state(at, url, returns),
        _ => Found::unknown(format!("it makes a {verb} request to `{}`", url.display())),
    }
}

/// The segments of an address.
fn address(url: &Val) -> Vec<Segment> {
    match &url.value {
        Value::Text(segments) => segments.clone(),
        Value::Symbol(symbol) => vec![Segment::Symbol(symbol.clone())],
        _ => Vec::new(),
    }
}

/// Which chat an address belongs to, if any.
fn chat(url: &Val, body: Option<&Val>) -> Option<&'static str> {
    let segments = address(url);
    for segment in &segments {
        let text = match segment {
            Segment::Literal(text) => text.to_ascii_lowercase(),
            Segment::Symbol(symbol) => symbol.name.to_ascii_lowercase(),
        };
        let literal = matches!(segment, Segment::Literal(_));
        if literal && (text.contains("hooks.slack.com/") || text.contains("slack.com/api/chat.")) || !literal && text.contains("slack") {
            return Some("Slack webhook");
        }
        if literal && (text.contains(".webhook.office.com/") || text.contains("outlook.office.com/webhook"))
            || !literal && text.contains("teams")
        {
            return Some("Microsoft Teams webhook");
        }
        let message = body.is_some_and(|body| body.get("text").is_some() || body.get("content").is_some());
        if !literal && text.contains("webhook") && message {
            return Some("chat webhook");
        }
    }
    None
}

fn submit(at: Span, url: &Val, body: Option<&Val>, run: &Evaluator<'_>, returns: &Val, sink: &mut Sink) -> Found {
    let segments = address(url);
    let (known, query) = match segments.last() {
        Some(Segment::Literal(text)) => {
            let (path, query) = text.split_once('?').unwrap_or((text, ""));
            (path.trim_end_matches('/').ends_with("/batches"), query.to_owned())
        }
        _ => (false, String::new()),
    };
    let Some(body) = body.map(parsed) else {
        return Found::unknown(format!("it posts to `{}` without a body", url.display()));
    };
    let whole_symbol = matches!(segments.as_slice(), [Segment::Symbol(_)]);
    let batch_like = livy::value_looks_like(&body);
    let taken = known || whole_symbol && batch_like;
    if !taken {
        return Found::unknown(format!("it posts to `{}`, which is not Livy's `/batches`", url.display()));
    }
    if let Value::Unknown(unknown) = &body.value {
        return Found::unknown(format!("it posts a batch whose payload is not known: `{}`, {}", unknown.expression, unknown.why));
    }
    if body.get("file").is_none() {
        return Found::unknown(format!("it posts to `{}` a payload without `file`", url.display()));
    }
    let mut shaping = body.all_origins().with(&run.state.control);
    let mut batch = livy::from_val(&body, sink);
    batch.span = Some(at);
    if let Some(file) = &mut batch.file {
        file.origins.extend(&run.state.control);
    }
    let mut evidence = vec![(
        at,
        if known { "posts to an address that ends in /batches" } else { "posts a payload with the fields of a Livy batch" }.to_owned(),
    )];
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("doAs", user)) if !user.is_empty() && batch.proxy_user.is_none() => {
                batch.proxy_user = Some(Val::text(user, url.origins.clone()));
                shaping.extend(&url.origins);
            }
            _ => sink.report(
                Diagnostic::warning(
                    &crate::source::rules::job::JOB101,
                    at,
                    format!("the parameter `{pair}` of the address is not translated"),
                )
                .help("remove it, or put what it means into the payload"),
            ),
        }
    }
    if matches!(&returns.value, Value::Symbol(symbol) if symbol.kind == SymbolKind::Response && symbol.name == "response.id") {
        evidence.push((at, "returns the batch's `id`".to_owned()));
    }
    Found { action: Action::SubmitBatch { batch: Box::new(batch), endpoint: url.clone() }, used: shaping, evidence }
}

/// A body that is a JSON text, read.
fn parsed(body: &Val) -> Val {
    let json = if matches!(body.value, Value::Text(_)) { body.literal() } else { None };
    match json.and_then(|text| serde_json::from_str(&text).ok()) {
        Some(json) => super::external::json_val(&json, &body.origins),
        None => body.clone(),
    }
}

fn read_state(at: Span, url: &Val, returns: &Val) -> Found {
    let Some((endpoint, id)) = batch_of(url) else {
        return Found::unknown(format!("it reads `{}`, which is not a batch of Livy", url.display()));
    };
    if !holds_state(returns) {
        let (what, why) = match &returns.value {
            Value::Unknown(unknown) => (unknown.expression.clone(), format!(": {}", unknown.why)),
            _ => (returns.display(), String::new()),
        };
        return Found::unknown(format!("it reads a batch of Livy, but what it returns (`{what}`) is not the batch's state{why}"));
    }
    let evidence = vec![(at, "gets an address below /batches".to_owned()), (at, "returns the `state` of the response".to_owned())];
    let used = Origins::none();
    Found { action: Action::ReadBatchState { endpoint, id }, used, evidence }
}

/// Takes `…/batches/{id}` or `…/batches/{id}/state` apart.
fn batch_of(url: &Val) -> Option<(Val, Val)> {
    let mut segments = address(url);
    if let Some(Segment::Literal(last)) = segments.last_mut() {
        let short = last.trim_end_matches('/');
        *last = short.strip_suffix("/state").unwrap_or(short).to_owned();
    }
    segments.retain(|s| !matches!(s, Segment::Literal(text) if text.is_empty()));
    let at = segments.iter().rposition(|s| matches!(s, Segment::Literal(text) if text.contains("/batches/")));
    let (endpoint, rest): (Vec<Segment>, Vec<Segment>) = match at {
        Some(at) => {
            let Segment::Literal(text) = segments.get(at)? else { return None };
            let cut = text.rfind("/batches/")? + "/batches".len();
            let (base, rest) = text.split_at_checked(cut)?;
            let rest = rest.trim_start_matches('/').to_owned();
            let mut endpoint: Vec<Segment> = segments.iter().take(at).cloned().collect();
            endpoint.push(Segment::Literal(base.to_owned()));
            let rest = std::iter::once(Segment::Literal(rest)).chain(segments.iter().skip(at + 1).cloned());
            (endpoint, rest.filter(|s| !matches!(s, Segment::Literal(text) if text.is_empty())).collect())
        }
        None => match segments.as_slice() {
            // The whole endpoint is one variable that the sources do not set.
            [
                base @ Segment::Symbol(Symbol { kind: SymbolKind::Env | SymbolKind::Reference, .. }),
                Segment::Literal(slash),
                id @ Segment::Symbol(_),
            ] if slash == "/" => (vec![base.clone()], vec![id.clone()]),
            _ => return None,
        },
    };
    let id = match rest.as_slice() {
        [Segment::Symbol(symbol)] => Val::new(Value::Symbol(symbol.clone()), url.origins.clone()),
        [Segment::Literal(text)] if !text.contains(['/', '?']) => Val::text(text.clone(), url.origins.clone()),
        _ => return None,
    };
    Some((Val::new(Value::Text(endpoint), url.origins.clone()), id))
}

/// Whether a value is, or has in it, the state that a response reports.
fn holds_state(val: &Val) -> bool {
    let state = |symbol: &Symbol| symbol.kind == SymbolKind::Response && (symbol.name == "response.state" || symbol.name == "response");
    match &val.value {
        Value::Symbol(symbol) => state(symbol),
        Value::Text(segments) => matches!(segments.as_slice(), [Segment::Symbol(symbol)] if state(symbol)),
        Value::List(items) => items.iter().any(holds_state),
        Value::Map(entries) => entries.iter().any(|(_, v)| holds_state(v)),
        _ => false,
    }
}

fn aws(at: Span, service: &Val, operation: &str, arguments: &Val) -> Found {
    let name = service.literal().unwrap_or_default();
    let argument = |key: &str| arguments.get(key).cloned();
    let missing = |key: &str| Found::unknown(format!("it calls `{name}.{operation}` without `{key}`"));
    let evidence = vec![(at, format!("calls `{name}.{operation}`"))];
    match (name.as_str(), operation) {
        ("emr", "add_job_flow_steps") => {
            let Some(steps) = argument("Steps") else { return missing("Steps") };
            let Some(cluster) = argument("JobFlowId") else { return missing("JobFlowId") };
            let used = steps.all_origins().with(&cluster.all_origins());
            Found { action: Action::AddSteps { cluster, steps }, used, evidence }
        }
        ("emr", "run_job_flow") => {
            let Some(steps) = argument("Steps") else { return missing("Steps") };
            Found { used: arguments.all_origins(), action: Action::AddSteps { cluster: arguments.clone(), steps }, evidence }
        }
        ("stepfunctions", "start_execution" | "start_sync_execution") => {
            let Some(machine) = argument("stateMachineArn") else { return missing("stateMachineArn") };
            let input = argument("input").unwrap_or_else(|| Val::new(Value::Map(Vec::new()), Origins::none()));
            let input = parsed(&input);
            let used = machine.all_origins().with(&input.all_origins());
            Found { action: Action::StartExecution { machine, input }, used, evidence }
        }
        ("sns", "publish" | "publish_batch") => {
            Found { action: Action::Notify { channel: "Amazon SNS".to_owned() }, used: arguments.all_origins(), evidence }
        }
        ("ses" | "sesv2", "send_email" | "send_raw_email" | "send_templated_email") => {
            Found { action: Action::Notify { channel: "mail (Amazon SES)".to_owned() }, used: arguments.all_origins(), evidence }
        }
        _ => Found::unknown(format!("it calls `{name}.{operation}`, which is not translated")),
    }
}

/// The question that a value of a job asks when it is not known: `field` is what the user calls it (`numExecutors`).
#[must_use]
pub fn not_known(function: &str, field: &str, unknown: &Unknown, files: &Files) -> Diagnostic {
    let place = files.place(unknown.span);
    let message = format!("`{field}` of the job of `{function}` is not known: `{}` ({place}): {}", unknown.expression, unknown.why);
    Diagnostic::question(&rules::LAM103, unknown.span, message)
        .help(format!("answer `{field}` in `emr2k8s.yaml`, or write the value into the handler or its environment"))
        .answer(format!("jobs.{function}.{field}"))
}

/// The question that a function asks when its action is not known; `None` when it is.
#[must_use]
pub fn not_recognised(function: &Function, behaviour: &Behaviour) -> Option<Diagnostic> {
    let Action::Unknown { why } = &behaviour.action else { return None };
    let name = &function.logical.value;
    let message = format!("what `{name}` does is not recognised: {why}");
    let mut diagnostic = Diagnostic::question(&rules::LAM104, behaviour.span, message)
        .help("say in `emr2k8s.yaml` what replaces the function")
        .answer(format!("functions.{name}"));
    for (span, words) in &behaviour.evidence {
        diagnostic = diagnostic.related(*span, words.clone());
    }
    Some(diagnostic)
}

/// Literals of a module that none of these evaluations came by: they stand in branches that are never taken
/// ([`LAM108`](rules::LAM108)).
#[must_use]
pub fn unvisited(module: &PythonModule, behaviours: &[&Behaviour]) -> Vec<Scalar> {
    let visited: BTreeSet<Span> = behaviours.iter().flat_map(|b| b.visited.iter().copied()).collect();
    module.scalars().into_iter().filter(|scalar| !visited.contains(&scalar.span)).collect()
}

/// Accounts for the literals of a module that no recognised action came by. `behaviours` are those of every function whose
/// handler is in the module or imports it. While all of them are recognised, what is left stands in branches that are
/// never taken; when one is not, the literals belong to something that is not translated.
pub fn mark_unvisited(module: &PythonModule, behaviours: &[&Behaviour], sink: &mut Sink) {
    let known = |b: &&&Behaviour| !matches!(b.action, Action::Unknown { .. });
    let recognised: Vec<&Behaviour> = behaviours.iter().filter(known).copied().collect();
    let why = behaviours.iter().find_map(|b| if let Action::Unknown { why } = &b.action { Some(why) } else { None });
    for scalar in unvisited(module, &recognised) {
        match why {
            None => sink.ignore(scalar.span, &rules::LAM108, "no environment comes by this branch"),
            Some(why) => sink.unsupported(scalar.span, &rules::LAM104, format!("the handler is not translated: {why}")),
        }
    }
}
