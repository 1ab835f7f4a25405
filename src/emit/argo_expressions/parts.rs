//! The parts of a state, each as a tier.
use super::ast::{Ast, Root, Type, and, binary, call, field, not, or, text, when};
use super::choice::{self, Verdict, lazily};
use super::guard::Guard;
use super::json::Json;
use super::jsonata;
use super::scope::Scope;
use super::template;
use super::tier::{Names, Output, Tier, finish, limit};
use crate::ir::machine::{FailText, Number, PathField, QueryLanguage, State, StateKind, Template, TemplateValue};
use crate::simulate::path::{Path, PlainStep, ReferencePath};
use crate::simulate::program::literal;
use crate::simulate::template::Expression;
use crate::simulate::value::{Number as JsonNumber, Value};

pub(super) fn raw() -> Json {
    Json::Root(Root::Document)
}

pub(super) fn is_paths(state: &State) -> bool {
    state.query_language == QueryLanguage::JsonPath
}

/// `InputPath`, `OutputPath`.
pub(super) fn path_use(path: Option<&PathField>, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    match path {
        None => Some(scope.input.clone()),
        Some(PathField::Null(_)) => Some(Json::Constant(Value::object([] as [(&str, Value); 0]))),
        Some(PathField::Path(path)) if path.value == "$" => Some(scope.input.clone()),
        Some(PathField::Path(path)) => scope.find(&Path::parse(&path.value).ok()?, guard),
    }
}

/// A template of either language.
pub(super) fn fill(state: &State, template: &Template, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    match state.query_language {
        QueryLanguage::JsonPath => template::fill(template, scope, guard),
        QueryLanguage::Jsonata => jsonata::fill(template, scope, guard),
    }
}

pub(super) fn fill_or(state: &State, template: Option<&Template>, default: &Json, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    template.map_or_else(|| Some(default.clone()), |template| fill(state, template, scope, guard))
}

/// The document with a value at a place.
fn write(path: Option<&PathField>, value: Json, guard: &mut Guard) -> Option<Json> {
    match path {
        None => Some(value),
        Some(PathField::Null(_)) => Some(raw()),
        Some(PathField::Path(path)) => {
            let reference = ReferencePath::parse(&path.value).ok()?;
            if reference.is_whole() {
                return Some(value);
            }
            let names = reference.path().plain_steps()?;
            let names: Vec<&str> =
                names.iter().map(|step| if let PlainStep::Name(name) = step { Some(*name) } else { None }).collect::<Option<_>>()?;
            if let [name] = names.as_slice()
                && value.is_text()
            {
                guard.need_type(&raw(), Type::Map)?;
                return Some(Json::With(Root::Document, (*name).to_owned(), Box::new(value)));
            }
            put(&Ast::Parsed(Root::Document), &Ast::Fresh(Root::Document), &names, value.value()?, guard).map(Json::Value)
        }
    }
}

/// `shared` is read, `own` is changed.
fn put(shared: &Ast, own: &Ast, names: &[&str], value: Ast, guard: &mut Guard) -> Option<Ast> {
    let [name, rest @ ..] = names else { return Some(value) };
    guard.need_type(&Json::Value(shared.clone()), Type::Map)?;
    if rest.is_empty() {
        return Some(call("sprig.set", [own.clone(), text(*name), value]));
    }
    // An object that is missing on the way is made.
    let made = rest.iter().rev().fold(value.clone(), |value, name| Ast::Map(vec![((*name).to_owned(), value)]));
    let mut inner = Guard::default();
    let below = put(&field(shared.clone(), *name), &field(own.clone(), *name), rest, value, &mut inner)?;
    let there = binary("in", text(*name), shared.clone());
    guard.need(or(not(there.clone()), inner.ast()));
    Some(call("sprig.set", [own.clone(), text(*name), when(there, below, made)]))
}

/// All variables after an assignment.
fn assigned(state: &State, assign: &Template, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    let TemplateValue::Map(entries) = &assign.value else { return None };
    guard.need_type(&Json::Root(Root::Variables), Type::Map)?;
    let mut all = Ast::Fresh(Root::Variables);
    for (name, value) in entries {
        all = call("sprig.set", [all, text(&*name.value), fill(state, value, scope, guard)?.value()?]);
    }
    Some(Json::Value(all))
}

fn with_variables<'o>(
    state: &State,
    assign: Option<&Template>,
    scope: &Scope<'_>,
    guard: &mut Guard,
    mut outputs: Vec<(&'o str, Option<Output>)>,
) -> Vec<(&'o str, Option<Output>)> {
    if let Some(assign) = assign {
        outputs.push(("variables", assigned(state, assign, scope, guard).map(Output::Json)));
    }
    outputs
}

/// Pass and Succeed: `output` and, with Assign, `variables`.
#[must_use]
pub fn pass(state: &State, names: &Names<'_>) -> Tier {
    let mut guard = Guard::default();
    let scope = Scope::of(&state.name.value, raw(), names);
    let outputs = pass_outputs(state, &scope, &mut guard);
    outputs.map_or(Tier::Pod, |outputs| finish(names, guard, outputs))
}

fn pass_outputs(state: &State, scope: &Scope<'_>, guard: &mut Guard) -> Option<Vec<(&'static str, Option<Output>)>> {
    if !is_paths(state) {
        let output = fill_or(state, state.data.output.as_ref(), &scope.input, scope, guard)?;
        return Some(with_variables(state, state.data.assign.as_ref(), scope, guard, vec![("output", Some(Output::Payload(output)))]));
    }
    let input = path_use(state.data.input_path.as_ref(), scope, guard)?;
    let scope = scope.with_input(input.clone());
    let result = match &state.kind {
        StateKind::Pass { result: Some(result) } => Json::Constant(literal(result)),
        StateKind::Pass { result: None } => fill_or(state, state.data.parameters.as_ref(), &input, &scope, guard)?,
        _ => input,
    };
    let place = if matches!(state.kind, StateKind::Pass { .. }) { state.data.result_path.as_ref() } else { None };
    leave(state, &scope, result, place, guard)
}

/// What leaves a state of the path language that has a result.
fn leave(
    state: &State,
    scope: &Scope<'_>,
    result: Json,
    place: Option<&PathField>,
    guard: &mut Guard,
) -> Option<Vec<(&'static str, Option<Output>)>> {
    let result_scope = scope.with_input(result.clone());
    let combined = write(place, result, guard)?;
    let output = path_use(state.data.output_path.as_ref(), &scope.with_input(combined), guard)?;
    guard.need(output.splice());
    Some(with_variables(state, state.data.assign.as_ref(), &result_scope, guard, vec![("output", Some(Output::Payload(output)))]))
}

/// Task, Parallel: `arguments`. (Parallel's are held to the limit on payloads, too, which only makes the pod run sooner.)
#[must_use]
pub fn arguments(state: &State, names: &Names<'_>) -> Tier {
    let mut guard = Guard::default();
    let arguments = arguments_json(state, names, &mut guard);
    finish(names, guard, vec![("arguments", arguments.map(Output::Payload))])
}

fn arguments_json(state: &State, names: &Names<'_>, guard: &mut Guard) -> Option<Json> {
    let scope = Scope { token: state.waits_for_token(), ..Scope::of(&state.name.value, raw(), names) };
    if !is_paths(state) {
        return fill_or(state, state.data.arguments.as_ref(), &scope.input, &scope, guard);
    }
    let input = path_use(state.data.input_path.as_ref(), &scope, guard)?;
    fill_or(state, state.data.parameters.as_ref(), &input, &scope.with_input(input.clone()), guard)
}

/// Task, Parallel, Map, Wait: `output` and, with Assign, `variables`, of the result (a Wait's is its input).
#[must_use]
pub fn result(state: &State, names: &Names<'_>) -> Tier {
    let mut guard = Guard::default();
    let outputs = result_outputs(state, names, &mut guard);
    outputs.map_or(Tier::Pod, |outputs| finish(names, guard, outputs))
}

fn result_outputs(state: &State, names: &Names<'_>, guard: &mut Guard) -> Option<Vec<(&'static str, Option<Output>)>> {
    let scope = Scope::of(&state.name.value, raw(), names);
    let produces = matches!(state.kind, StateKind::Task(_) | StateKind::Parallel { .. } | StateKind::Map(_));
    if !produces {
        return pass_outputs(state, &scope, guard);
    }
    let result = Json::Root(Root::Result);
    if !is_paths(state) {
        let scope = Scope { result: Some(result.clone()), ..scope };
        let output = fill_or(state, state.data.output.as_ref(), &result, &scope, guard)?;
        return Some(with_variables(state, state.data.assign.as_ref(), &scope, guard, vec![("output", Some(Output::Payload(output)))]));
    }
    // The input is read before the task runs; here it counts no more.
    let selected = fill_or(state, state.data.result_selector.as_ref(), &result, &scope.with_input(result.clone()), guard)?;
    leave(state, &scope, selected, state.data.result_path.as_ref(), guard)
}

/// A Catch: `output` and, with Assign, `variables`.
#[must_use]
pub fn caught(state: &State, index: usize, names: &Names<'_>) -> Tier {
    let mut guard = Guard::default();
    let outputs = caught_outputs(state, index, names, &mut guard);
    outputs.map_or(Tier::Pod, |outputs| finish(names, guard, outputs))
}

fn caught_outputs(state: &State, index: usize, names: &Names<'_>, guard: &mut Guard) -> Option<Vec<(&'static str, Option<Output>)>> {
    let catcher = state.catch.get(index)?;
    let error = Json::Root(Root::Error);
    let scope = Scope { error: Some(error.clone()), ..Scope::of(&state.name.value, raw(), names) };
    let (output, scope) = if is_paths(state) {
        let output = write(catcher.result_path.as_ref(), error.clone(), guard)?;
        guard.need(output.splice());
        (output, scope.with_input(error))
    } else {
        (fill_or(state, catcher.output.as_ref(), &error, &scope, guard)?, scope)
    };
    Some(with_variables(state, catcher.assign.as_ref(), &scope, guard, vec![("output", Some(Output::Json(output)))]))
}

/// One way out of a Choice.
struct Way {
    next: String,
    /// When the rule can be asked, and whether it holds.
    verdict: Verdict,
    output: Json,
    variables: Json,
}

/// Choice: `next` (the index of the rule that holds, or `default`); `output` where some way changes it, `variables` where some way assigns.
/// Where no rule holds and there is no Default, the guard is false.
#[must_use]
pub fn choose(state: &State, names: &Names<'_>) -> Tier {
    choose_tier(state, names).unwrap_or(Tier::Pod)
}

fn choose_tier(state: &State, names: &Names<'_>) -> Option<Tier> {
    let StateKind::Choice { rules, default } = &state.kind else { return None };
    let mut before = Guard::default();
    let mut scope = Scope::of(&state.name.value, raw(), names);
    if is_paths(state) {
        scope.input = path_use(state.data.input_path.as_ref(), &scope, &mut before)?;
    }
    let way = |next: String, verdict: Verdict, output: Option<&Template>, assign: Option<&Template>| {
        let mut guard = Guard::default();
        let output = fill_or(state, output, &scope.input, &scope, &mut guard)?;
        let variables = match assign {
            Some(assign) => assigned(state, assign, &scope, &mut guard)?,
            None => Json::Root(Root::Variables),
        };
        let output =
            if is_paths(state) { path_use(state.data.output_path.as_ref(), &scope.with_input(output), &mut guard)? } else { output };
        guard.need(limit(&output)?);
        Some((Way { next, verdict, output, variables }, guard.ast()))
    };
    let mut ways = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let verdict = match &rule.condition {
            crate::ir::machine::Condition::Jsonata(text) => jsonata::condition(&text.value, &scope)?,
            condition => choice::condition(condition, &scope)?,
        };
        ways.push(way(index.to_string(), verdict, rule.output.as_ref(), rule.assign.as_ref())?);
    }
    let always = |holds| Verdict { guard: Ast::Bool(true), holds: Ast::Bool(holds) };
    let last = match default {
        Some(_) => way("default".into(), always(true), state.data.output.as_ref(), state.data.assign.as_ref())?,
        None => (
            Way { next: "none".into(), verdict: always(false), output: scope.input.clone(), variables: Json::Root(Root::Variables) },
            Ast::Bool(false),
        ),
    };
    ways.push(last);
    let changes = ways.iter().any(|(way, _)| way.output != raw());
    let assigns = ways.iter().any(|(way, _)| way.variables != Json::Root(Root::Variables));
    // From the last way to the first.
    let (mut guard, mut next, mut output, mut variables) = (Ast::Bool(true), None, None, None);
    for (way, own) in ways.into_iter().rev() {
        let holds = way.verdict.holds;
        let pick = |value: Ast, rest: Option<Ast>| Some(rest.map_or(value.clone(), |rest| when(holds.clone(), value, rest)));
        guard = if next.is_none() {
            own
        } else {
            // Where the rule holds its own part counts, else that of those behind it.
            let rest = if own == guard { own } else { when_guard(holds.clone(), own, guard) };
            and(way.verdict.guard, rest)
        };
        next = pick(text(way.next), next);
        if changes {
            output = pick(way.output.text()?, output);
        }
        if assigns {
            variables = pick(way.variables.text()?, variables);
        }
    }
    before.need(guard);
    let mut outputs = vec![("next", next.map(Output::Verdict))];
    if changes {
        outputs.push(("output", output.map(Output::Texts)));
    }
    if assigns {
        outputs.push(("variables", variables.map(Output::Texts)));
    }
    Some(finish(names, before, outputs))
}

/// A guard that depends on an answer.
fn when_guard(holds: Ast, then: Ast, otherwise: Ast) -> Ast {
    match (then, otherwise) {
        (Ast::Bool(true), otherwise) => lazily(holds, otherwise),
        (Ast::Bool(false), otherwise) => and(not(holds), otherwise),
        (then, Ast::Bool(true)) => lazily(not(holds), then),
        (then, Ast::Bool(false)) => and(holds, then),
        (then, otherwise) => when(holds, then, otherwise),
    }
}

pub(super) fn number_json(number: &Number, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    match number {
        Number::Literal(text) => Some(Json::Constant(Value::Number(JsonNumber::of_text(&text.value)))),
        Number::Path(path) => scalar_path(&path.value, scope, guard),
        Number::Jsonata(text) => jsonata::expression(&text.value, scope, guard),
    }
}

/// A `…Path` field, which unlike a template's takes nothing for null.
fn scalar_path(path: &str, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    match Expression::parse(path).ok()? {
        Expression::Path(path) => scope.find(&path, guard),
        call @ Expression::Call(_) => template::expression(&call, scope, guard),
    }
}

/// Fail: `error` and `cause`, those that the state has.
#[must_use]
pub fn fail(state: &State, names: &Names<'_>) -> Tier {
    let StateKind::Fail(fail) = &state.kind else { return Tier::Pod };
    let mut guard = Guard::default();
    let scope = Scope::of(&state.name.value, raw(), names);
    let mut outputs = Vec::new();
    for (name, of) in [("error", &fail.error), ("cause", &fail.cause)] {
        if let Some(of) = of {
            outputs.push((name, fail_text(of, &scope, &mut guard).map(Output::Text)));
        }
    }
    finish(names, guard, outputs)
}

fn fail_text(of: &FailText, scope: &Scope<'_>, guard: &mut Guard) -> Option<Ast> {
    let value = match of {
        FailText::Literal(text) => return Some(super::ast::text(&*text.value)),
        FailText::Path(path) => scalar_path(&path.value, scope, guard)?,
        FailText::Jsonata(text) => jsonata::expression(&text.value, scope, guard)?,
    };
    guard.need_type(&value, Type::Text)?;
    value.value()
}
