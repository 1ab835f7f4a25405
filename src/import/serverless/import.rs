//! The order in which a file is read.
use super::fields::{PLUGINS, PROVIDER, TOP};
use super::functions;
use super::machines;
use super::model::{Context, Service};
use super::resolve::{Resolved, Resolver, near_miss, shape};
use super::resources;
use super::structure::Field;
use crate::ir::value::Val;
use crate::source::node::{Kind, Node};
use crate::source::rules::serverless::{SLS105, SLS110, SLS111, SLS113, SLS117, SLS121};
use crate::source::sink::{Diagnostic, Disposition, Sink};
use crate::source::span::{Origins, Sourced, Span};

/// What `provider` says for all functions.
#[derive(Default)]
pub(super) struct Provider {
    pub stage: Option<Val>,
    pub runtime: Option<Val>,
    pub environment: Vec<(Sourced<String>, Val)>,
    /// Places of the settings of Lambda.
    pub plumbing: Vec<Span>,
}

/// Whether a document is a Serverless Framework file: an object with `service` and `provider`, and one of the
/// framework's own sections or settings.
#[must_use]
pub fn looks_like(node: &Node) -> bool {
    let provider = match node.get("provider").map(|provider| &provider.kind) {
        Some(Kind::Object(entries)) => entries.iter().any(|entry| &*entry.key == "name" || &*entry.key == "runtime"),
        Some(Kind::String(_)) => true,
        _ => false,
    };
    let service = matches!(node.get("service").map(|s| &s.kind), Some(Kind::String(_) | Kind::Object(_)));
    provider && service
}

/// Reads a file for one stage. `path` is the file's, relative to SRC.
pub fn import<'a>(document: &'a Node, path: &str, stage: &str, context: &'a dyn Context, sink: &mut Sink) -> Service<'a> {
    // The marks of this file alone say what is accounted for.
    let mut own = Sink::default();
    let mut resolver = Resolver::new(document, path, stage, context, &mut own);
    let service = read(&mut resolver, path);
    sink.append(own);
    service
}

fn read<'a>(resolver: &mut Resolver<'a, '_>, path: &str) -> Service<'a> {
    let mut service = Service::default();
    let Some(fields) = resolver.fields(resolver.document, "the file") else { return service };
    let (mut lambda, mut later) = (Vec::new(), Vec::new());
    let mut provider = Provider::default();

    for field in fields {
        match field.key.value.as_str() {
            "service" => service.name = service_name(resolver, &field, &mut lambda),
            "provider" => {
                let read = read_provider(resolver, &field);
                let Some(read) = read else { return other_provider(resolver, service) };
                provider = read;
            }
            "custom" | "params" | "stages" => {}
            _ => later.push(field),
        }
    }
    let mut function_fields = Vec::new();
    for field in later {
        if !resolver.by_table(&field, TOP, "a Serverless Framework file", &SLS110, &mut lambda) {
            continue;
        }
        match field.key.value.as_str() {
            "functions" => function_fields = resolver.fields(field.node, "`functions`").unwrap_or_default(),
            "stepFunctions" => machines::read(resolver, &field, &mut service),
            "resources" => resources::read(resolver, &field, &mut service, &mut lambda),
            _ => plugins(resolver, &field),
        }
    }
    provider.plumbing.extend(lambda);
    functions::read(resolver, function_fields, &provider, &mut service);
    if service.functions.is_empty() {
        let spans = provider.plumbing.iter().copied();
        let values =
            [provider.stage.as_ref(), provider.runtime.as_ref()].into_iter().flatten().chain(provider.environment.iter().map(|(_, v)| v));
        let spans: Origins = spans.chain(values.flat_map(|value| value.all_origins().iter().collect::<Vec<_>>())).collect();
        for span in spans.iter() {
            resolver.sink.ignore(span, &SLS121, "it configures Lambda functions, and this service has none");
        }
    }
    if service.functions.is_empty()
        && let Some(name) = &service.name
    {
        for span in name.origins.iter() {
            resolver.sink.ignore(span, &SLS110, "it names the stack, and nothing of the output is named for it");
        }
    }
    resolver.rest(path);
    service.documents = resolver.documents.values().cloned().collect();
    service
}

/// `service: name`, or `service: {name, awsKmsKeyArn}` of version 1.
fn service_name<'a>(resolver: &mut Resolver<'a, '_>, field: &Field<'a>, lambda: &mut Vec<Span>) -> Option<Sourced<String>> {
    let mut name = None;
    let object = matches!(resolver.resolve(field.node), Resolved::Node(node, _) if matches!(node.kind, Kind::Object(_)));
    if object {
        for mut part in resolver.fields(field.node, "`service`").unwrap_or_default() {
            part.outer.extend(&field.outer);
            match part.key.value.as_str() {
                "name" => name = Some(resolver.field(&part)),
                "awsKmsKeyArn" => lambda.extend(resolver.field(&part).all_origins().iter()),
                _ => resolver.unknown(&part, &mut ["name", "awsKmsKeyArn"].into_iter(), "`service`"),
            }
        }
    } else {
        name = Some(resolver.field(field));
    }
    let known = name.as_ref().and_then(Val::sourced);
    if known.is_none() {
        if let Some(value) = &name {
            resolver.mark_value(value, Some(field.node.span), Disposition::Unsupported, &SLS117, "the service's name is not known");
        }
        resolver.report(
            Diagnostic::warning(&SLS117, field.node.span, "the name of the service is not known")
                .help("write it out: functions without a name of their own are named for it"),
        );
    }
    known
}

/// `None` for another cloud.
fn read_provider<'a>(resolver: &mut Resolver<'a, '_>, field: &Field<'a>) -> Option<Provider> {
    let mut provider = Provider::default();
    let object = matches!(resolver.resolve(field.node), Resolved::Node(node, _) if matches!(node.kind, Kind::Object(_)));
    if !object {
        let value = resolver.field(field);
        return cloud(resolver, &value).then_some(provider);
    }
    let fields = resolver.fields(field.node, "`provider`").unwrap_or_default();
    if let Some(name) = fields.iter().find(|part| part.key.value == "name") {
        let value = resolver.value(name.node);
        if !cloud(resolver, &shape(value, &field.outer)) {
            return None;
        }
    }
    let mut plumbing = Vec::new();
    for mut part in fields {
        part.outer.extend(&field.outer);
        if !resolver.by_table(&part, PROVIDER, "`provider`", &SLS110, &mut plumbing) {
            continue;
        }
        match part.key.value.as_str() {
            "stage" => provider.stage = Some(resolver.field(&part)),
            "runtime" => provider.runtime = Some(resolver.field(&part)),
            "environment" => provider.environment = functions::environment(resolver, &part, "`provider`"),
            "variableSyntax" => variable_syntax(resolver, &part),
            _ => {}
        }
    }
    provider.plumbing = plumbing;
    Some(provider)
}

/// Whether the provider is AWS. Marks its name.
fn cloud(resolver: &mut Resolver<'_, '_>, name: &Val) -> bool {
    let aws = name.literal().is_none_or(|name| name == "aws");
    if aws {
        resolver.mark_value(name, None, Disposition::Ignored, &SLS110, "the provider is AWS, which the output leaves");
        return true;
    }
    let message = format!("the service is deployed to `{}`, not to AWS", name.display());
    resolver.report(Diagnostic::refused(&SLS113, name.origins.first(), message).help("leave the file out with `exclude`"));
    false
}

fn other_provider<'a>(resolver: &mut Resolver<'a, '_>, service: Service<'a>) -> Service<'a> {
    let span = resolver.document.span;
    resolver.sink.unsupported(span, &SLS113, "the service is deployed to another cloud than AWS");
    Service { name: service.name, ..Service::default() }
}

/// The notation of variables, where the file sets its own.
fn variable_syntax<'a>(resolver: &mut Resolver<'a, '_>, part: &Field<'a>) {
    // Its own variables are not for evaluation.
    resolver.touch(part.node);
    let text = part.node.scalar_text().unwrap_or_default();
    let dollar = text.trim_start_matches('\\');
    // `\${(…)}` narrows the default notation; `\${{(…)}}` is another one.
    let narrows = dollar.strip_prefix('$').map(|rest| rest.trim_start_matches(['\\', '{'])).is_some()
        && !dollar.contains("{{")
        && !dollar.contains("{\\{");
    if narrows {
        resolver.sink.ignore(part.node.span, &SLS105, "it narrows the default notation of variables, which is read");
        return;
    }
    resolver.sink.unsupported(part.node.span, &SLS105, "variables in this notation are not read");
    resolver.report(
        Diagnostic::warning(&SLS105, part.node.span, "variables are written in a notation of the file's own, which is not read")
            .help("write them as `${source:address}`"),
    );
}

/// `plugins`: a list, or an object with `modules`.
fn plugins<'a>(resolver: &mut Resolver<'a, '_>, field: &Field<'a>) {
    let object = matches!(resolver.resolve(field.node), Resolved::Node(node, _) if matches!(&node.kind, Kind::Object(e) if !e.is_empty()));
    let mut lists = vec![(field.node, field.outer.clone())];
    if object {
        lists.clear();
        for mut part in resolver.fields(field.node, "`plugins`").unwrap_or_default() {
            part.outer.extend(&field.outer);
            if part.key.value == "modules" {
                lists.push((part.node, part.outer));
            } else {
                resolver.mark(&part, Disposition::Ignored, &SLS110, "it says where plugins are installed");
            }
        }
    }
    for (list, outer) in lists {
        for (item, outer) in resolver.items(list, &outer) {
            let value = shape(resolver.value(item), &outer);
            let name = value.display();
            if let Some((_, why)) = PLUGINS.iter().find(|(known, _)| *known == name) {
                resolver.mark_value(&value, Some(item.span), Disposition::Ignored, &SLS111, why);
                continue;
            }
            resolver.mark_value(&value, Some(item.span), Disposition::Unsupported, &SLS111, "what this plugin does is not known");
            let help = near_miss(&name, PLUGINS.iter().map(|(known, _)| *known));
            let help = help.unwrap_or_else(|| "look what it adds to the service, and translate that by hand".into());
            resolver.report(Diagnostic::note(&SLS111, item.span, format!("what the plugin `{name}` does is not known")).help(help));
        }
    }
}
