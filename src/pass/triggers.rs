//! Triggers: schedules become CronWorkflows; what else starts a machine is said.
use super::link::Functions;
use super::naming::{Names, label};
use super::near::Near;
use crate::config::Config;
use crate::ir::estate::Estate;
use crate::ir::function::Action;
use crate::ir::machine::Machine;
use crate::ir::plan::{Pipeline, Schedule};
use crate::ir::schedule::{self, CronResult};
use crate::ir::trigger::{Target, Trigger, TriggerKind};
use crate::ir::value::{SymbolKind, Val, Value};
use crate::source::files::Files;
use crate::source::rules::plan::{DOC101, DOC102, LNK104, LNK105, LNK106, LNK108};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced};
use std::collections::BTreeSet;

/// Every machine's triggers, and the functions that did nothing but start one.
#[derive(Debug, Default)]
pub struct Links {
    /// In the estate's order of machines.
    pub of_machine: Vec<Vec<Trigger>>,
    /// Functions (by index) whose work a schedule does now.
    pub replaced: BTreeSet<usize>,
}

/// Links every trigger to a machine, directly or through a function that starts it.
#[must_use]
pub fn link(estate: &Estate, files: &Files, functions: &Functions<'_>, sink: &mut Sink) -> Links {
    let mut machines = Near::default();
    for (index, machine) in estate.machines.iter().enumerate() {
        machines.insert(&machine.name.value, &machine.file, index);
    }
    let mut links = Links { of_machine: vec![Vec::new(); estate.machines.len()], replaced: BTreeSet::new() };
    for trigger in &estate.triggers {
        let (trigger, function) = match &trigger.target {
            Target::Machine(_) => (trigger.clone(), None),
            Target::Function(name) => match through_function(trigger, &name.display(), functions, files) {
                Some((started, function)) => {
                    sink.absorb_all(
                        &name.all_origins(),
                        &LNK108,
                        "names a function that only starts the machine, and whose place the trigger takes",
                    );
                    (started, Some(function))
                }
                None => {
                    for span in trigger_origins(trigger).iter() {
                        sink.ignore(span, &LNK108, "starts a function, which stays in AWS with what starts it");
                    }
                    continue;
                }
            },
        };
        let (Target::Machine(target) | Target::Function(target)) = &trigger.target;
        let target = target.display();
        if let Some(machine) = find(&machines, files, &target, &trigger) {
            links.replaced.extend(function);
            links.of_machine[machine].push(trigger);
        } else {
            for span in trigger_origins(&trigger).iter() {
                sink.unsupported(span, &LNK106, "starts something that the sources do not define");
            }
            sink.report(
                Diagnostic::warning(&LNK106, trigger.span, format!("this starts `{target}`, which the sources do not define"))
                    .help("migrate from a folder that holds its definition too, or check the name"),
            );
        }
    }
    links
}

/// A trigger of a function that does nothing but start an execution is a trigger of the machine. The input is what the
/// function passes; when that is the function's own event, it is the trigger's.
fn through_function(trigger: &Trigger, name: &str, functions: &Functions<'_>, files: &Files) -> Option<(Trigger, usize)> {
    let place = &files.get(trigger.span.file).path;
    let index = functions.find_logical(name, place).or_else(|| functions.find(name, place))?;
    let function = functions.get(index);
    let Action::StartExecution { machine, input } = &function.behaviour.as_ref()?.action else { return None };
    let whole_event = matches!(&input.value, Value::Symbol(symbol) if symbol.kind == SymbolKind::Event && symbol.name == "$");
    let mut started = trigger.clone();
    started.target = Target::Machine(machine.clone());
    match &input.value {
        Value::Null => {}
        _ if whole_event => {}
        _ => started.input = Some(input.clone()),
    }
    Some((started, index))
}

/// The machine of a name or ARN (`arn:aws:states:<region>:<account>:stateMachine:<name>`, AWS Step Functions, "ARNs"), nearest to
/// the trigger.
fn find(machines: &Near, files: &Files, target: &str, trigger: &Trigger) -> Option<usize> {
    let name = target.rsplit(":stateMachine:").next().unwrap_or(target).trim();
    machines.find(name, &files.get(trigger.span.file).path).map(|found| found.index)
}

fn trigger_origins(trigger: &Trigger) -> Origins {
    let mut all = trigger.origins.clone();
    for value in trigger.input.iter().chain(&trigger.enabled) {
        all.extend(&value.all_origins());
    }
    match &trigger.target {
        Target::Machine(value) | Target::Function(value) => all.extend(&value.all_origins()),
    }
    match &trigger.kind {
        TriggerKind::Schedule(value) => all.extend(&value.all_origins()),
        TriggerKind::Http { method, path } => {
            all.extend(&method.all_origins());
            all.extend(&path.all_origins());
        }
        _ => {}
    }
    all
}

/// Gives a pipeline its schedules, and says what else starts it.
pub fn schedule(pipeline: &mut Pipeline, machine: &Machine, triggers: &[Trigger], config: &Config, names: &mut Names, sink: &mut Sink) {
    let answer = config.schedules.get(&pipeline.name.value);
    let mut commands = 0;
    for trigger in triggers {
        match &trigger.kind {
            TriggerKind::Schedule(expression) => {
                if let Some(schedule) = cron(pipeline, trigger, expression, names, sink) {
                    pipeline.schedules.push(schedule);
                }
            }
            TriggerKind::Command { script } => {
                commands += 1;
                if answer.is_none() {
                    let input = trigger.input.as_ref().map_or_else(String::new, |i| format!(" with the input {}", i.display()));
                    sink.report(
                        Diagnostic::question(
                            &LNK105,
                            trigger.span,
                            format!(
                                "a command in `{script}` starts `{}`{input}; nothing boots for a run on Kubernetes",
                                machine.name.value
                            ),
                        )
                        .help("give the pipeline a schedule, or submit it where the command stood")
                        .answer(format!("schedules.{}", pipeline.name.value)),
                    );
                }
            }
            TriggerKind::Http { .. } | TriggerKind::Event(_) => {
                let what = match &trigger.kind {
                    TriggerKind::Http { method, path } => format!("an HTTP request ({} {})", method.display(), path.display()),
                    TriggerKind::Event(name) => format!("an event ({name})"),
                    _ => String::new(),
                };
                for span in trigger_origins(trigger).iter() {
                    sink.unsupported(span, &LNK108, "this version translates schedules only");
                }
                sink.report(
                    Diagnostic::refused(
                        &LNK108,
                        trigger.span,
                        format!("`{}` is started by {what}, which is not translated", machine.name.value),
                    )
                    .help("submit the WorkflowTemplate from what receives it, or add an Argo Events sensor by hand"),
                );
            }
        }
    }
    if let Some(answer) = answer {
        let name = names.unique(&label(&pipeline.name.value, 52));
        pipeline.schedules.push(Schedule {
            name: Sourced::new(name, Origins::none()),
            cron: Sourced::new(answer.clone(), Origins::none()),
            input: triggers.iter().find_map(json_input),
            suspended: None,
            origins: Origins::none(),
        });
    } else if triggers.is_empty() && commands == 0 {
        sink.report(
            Diagnostic::question(
                &LNK104,
                machine.name.span().unwrap_or(machine.span),
                format!("nothing in the sources starts `{}` on its own", machine.name.value),
            )
            .help("give it a schedule, or submit it by hand")
            .answer(format!("schedules.{}", pipeline.name.value)),
        );
    }
}

fn cron(pipeline: &Pipeline, trigger: &Trigger, expression: &Val, names: &mut Names, sink: &mut Sink) -> Option<Schedule> {
    let Some(text) = expression.sourced() else {
        refuse(trigger, format!("the schedule `{}` is not known from the sources", expression.display()), "give it a value", sink);
        return None;
    };
    let parsed = match schedule::parse(&text.value) {
        Ok(parsed) => parsed,
        Err(error) => {
            refuse(trigger, error.message, &error.help.unwrap_or_default(), sink);
            return None;
        }
    };
    let cron = match schedule::to_cron(&parsed) {
        CronResult::Exact(cron) => cron,
        CronResult::Changed { cron, why } => {
            sink.report(Diagnostic::changed(&DOC101, text.span().or(Some(trigger.span)), format!("`{}`: {why}", text.value)));
            cron
        }
        CronResult::Refused { why, help } => {
            refuse(trigger, format!("`{}` {why}", text.value), &help, sink);
            return None;
        }
    };
    let name = names.unique(&label(&pipeline.name.value, 52));
    let suspended = trigger.enabled.as_ref().map(|enabled| match (&enabled.value, enabled.literal().as_deref()) {
        (Value::Bool(now), _) => Sourced::new(!now, enabled.origins.clone()),
        (_, Some(text)) if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("ENABLED") => {
            Sourced::new(false, enabled.origins.clone())
        }
        (_, Some(text)) if text.eq_ignore_ascii_case("false") || text.eq_ignore_ascii_case("DISABLED") => {
            Sourced::new(true, enabled.origins.clone())
        }
        _ => {
            let shown = enabled.display();
            sink.report(
                Diagnostic::changed(
                    &DOC101,
                    enabled.origins.first().or(Some(trigger.span)),
                    format!("whether the schedule is enabled is `{shown}`, which is not known → it is suspended"),
                )
                .help("remove `suspend` from the CronWorkflow when it may run"),
            );
            Sourced::new(true, enabled.origins.clone())
        }
    });
    if let Some(on) = suspended.as_ref().filter(|s| !s.value) {
        sink.absorb_all(&on.origins, &DOC101, "enabled, which is the default");
    }
    let input = json_input(trigger);
    if let (Some(unknown), None, true) = (&trigger.input, &input, pipeline.reads_input) {
        refuse(
            trigger,
            format!("the schedule passes `{}`, which is not known from the sources, and the pipeline reads its input", unknown.display()),
            "give the input as plain JSON",
            sink,
        );
        return None;
    }
    if trigger.input.is_none() && pipeline.reads_input {
        sink.report(
            Diagnostic::changed(
                &DOC101,
                trigger.span,
                format!(
                    "the schedule of `{}` gives no input: EventBridge passes its own event → `{{}}`, and the pipeline reads its input",
                    pipeline.name.value
                ),
            )
            .help("give the schedule an input"),
        );
    }
    if let (Some(input), false) = (&input, pipeline.reads_input) {
        for span in input.origins.iter() {
            sink.ignore(span, &DOC101, "nothing in the pipeline reads the input");
        }
    }
    let (Target::Machine(target) | Target::Function(target)) = &trigger.target;
    sink.absorb_all(&target.all_origins(), &DOC101, "says which machine the schedule starts");
    let told = trigger.input.iter().chain(&trigger.enabled).fold(Origins::none(), |all, value| all.with(&value.all_origins()));
    for span in trigger.origins.iter().filter(|span| !told.iter().any(|inner| *span == inner)) {
        sink.absorb(span, &DOC101, "describes the schedule on AWS");
    }
    Some(Schedule {
        name: Sourced::new(name, pipeline.name.origins.clone()),
        cron: Sourced::new(cron.to_string(), text.origins),
        input,
        suspended,
        origins: trigger.origins.clone(),
    })
}

fn refuse(trigger: &Trigger, why: String, help: &str, sink: &mut Sink) {
    for span in trigger_origins(trigger).iter() {
        sink.unsupported(span, &DOC102, "the schedule is not translated");
    }
    sink.report(Diagnostic::refused(&DOC102, trigger.span, why).help(help.to_owned()));
}

/// The input of an execution as JSON text.
fn json_input(trigger: &Trigger) -> Option<Sourced<String>> {
    let input = trigger.input.as_ref()?;
    let json = to_json(input)?;
    // A text that is JSON already is the input itself.
    let text = match json {
        serde_json::Value::String(text) if serde_json::from_str::<serde_json::Value>(&text).is_ok() => text,
        other => other.to_string(),
    };
    Some(Sourced::new(text, input.all_origins()))
}

fn to_json(value: &Val) -> Option<serde_json::Value> {
    Some(match &value.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => serde_json::Value::Bool(*value),
        Value::Number(text) => serde_json::from_str(text).ok()?,
        Value::Text(_) => serde_json::Value::String(value.literal()?),
        Value::List(items) => serde_json::Value::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Value::Map(entries) => {
            let mut map = serde_json::Map::new();
            for (key, value) in entries {
                map.insert(key.value.clone(), to_json(value)?);
            }
            serde_json::Value::Object(map)
        }
        Value::Symbol(_) | Value::Unknown(_) => return None,
    })
}
