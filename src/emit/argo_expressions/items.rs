//! What a Map runs through, how many items may fail, and what is no Map's.
use super::ast::{Ast, Root, Type, all, and, at, binary, call, each, is, not, or, text};
use super::fail::{Failures, QUERY, RUNTIME, integer_that, no_integer, shown};
use super::guard::Guard;
use super::intrinsic::json_text;
use super::json::Json;
use super::parts::{fill, fill_or, is_paths, number_json, path_use, raw};
use super::plain::plain;
use super::scope::Scope;
use super::tier::{Names, Output, Tier, finish_or_fail};
use crate::ir::machine::{Map, Number, PathField, State, StateKind, Template};
use crate::simulate::path::Path;
use crate::simulate::value::Value;

/// Map: `items`, the inputs of the iterations; `tolerated`, `{"Count", "Percentage"}` of failures, each null where the Map does not say.
#[must_use]
pub fn items(state: &State, names: &Names<'_>) -> Tier {
    let mut guard = Guard::default();
    let mut failures = Failures::of(&state.name.value);
    let items = items_json(state, names, &mut guard, &mut failures);
    let tolerated = tolerated(state, names, &mut guard, &mut failures);
    finish_or_fail(names, guard, vec![("items", items.map(Output::Json)), ("tolerated", tolerated.map(Output::Json))], failures)
}

/// How many items may fail. Asks whether all numbers of a Map are such as it takes.
fn tolerated(state: &State, names: &Names<'_>, guard: &mut Guard, failures: &mut Failures<'_>) -> Option<Json> {
    let StateKind::Map(map) = &state.kind else { return None };
    let mut scope = Scope::of(&state.name.value, raw(), names);
    if is_paths(state) {
        scope.input = path_use(state.data.input_path.as_ref(), &scope, guard)?;
    }
    let mut number = |name: &str, number: Option<&Number>, whole: bool, most: Option<i32>| -> Option<Json> {
        let Some(number) = number else { return Some(Json::Constant(Value::Null)) };
        let json = number_json(number, &scope, guard)?;
        if let Json::Constant(value) = &json {
            let number = value.as_number()?;
            let fits = number.as_f64() >= 0.0 && most.is_none_or(|most| number.as_f64() <= f64::from(most));
            return (fits && (!whole || number.as_i64().is_some())).then_some(json);
        }
        let value = json.value()?;
        if let Number::Path(path) = number {
            let (can, value_shown) = shown(&value);
            let (unfit, kind) = if whole { (no_integer(&value), "integer") } else { (not(is(value.clone(), Type::Number)), "float") };
            let sentence = [
                text(format!("The {name}Path field refers to value \"")),
                value_shown,
                text(format!("\" which is not a valid {kind}: {}", path.value)),
            ];
            failures.add(guard, and(can, unfit), RUNTIME, sentence);
        }
        let below = binary("<", value.clone(), Ast::Int(0));
        match most {
            Some(most) => {
                let outside = or(below, binary(">", value.clone(), Ast::Int(most.into())));
                let sentence = format!("{name} must be between 0 and {most}.");
                failures.add(guard, and(is(value.clone(), Type::Number), outside), RUNTIME, [text(sentence)]);
            }
            None => failures.add(guard, integer_that(&value, below), RUNTIME, [text(format!("{name} cannot be negative."))]),
        }
        guard.need_type(&json, Type::Number)?;
        for root in Root::ALL.into_iter().filter(|root| value.parses(*root)) {
            guard.need(plain(root));
        }
        guard.need(binary(">=", value.clone(), Ast::Int(0)));
        if let Some(most) = most {
            guard.need(binary("<=", value.clone(), Ast::Int(most.into())));
        }
        if whole {
            guard.need_whole(&value)?;
        }
        Some(json)
    };
    number("MaxConcurrency", map.max_concurrency.as_ref(), true, None)?;
    let count = number("ToleratedFailureCount", map.tolerated_failure_count.as_ref(), true, None)?;
    let percentage = number("ToleratedFailurePercentage", map.tolerated_failure_percentage.as_ref(), false, Some(100))?;
    Some(Json::object(vec![("Count".into(), count), ("Percentage".into(), percentage)]))
}

fn items_json(state: &State, names: &Names<'_>, guard: &mut Guard, failures: &mut Failures<'_>) -> Option<Json> {
    let StateKind::Map(map) = &state.kind else { return None };
    if map.item_reader.is_some() || map.item_batcher.is_some() {
        return None;
    }
    let mut scope = Scope::of(&state.name.value, raw(), names);
    let list = if is_paths(state) {
        scope.input = path_use(state.data.input_path.as_ref(), &scope, guard)?;
        match &map.items_path {
            Some(PathField::Path(path)) => scope.find(&Path::parse(&path.value).ok()?, guard)?,
            _ => scope.input.clone(),
        }
    } else {
        fill_or(state, map.items.as_ref(), &scope.input, &scope, guard)?
    };
    if let Some(known) = list.known_type()
        && known != Type::List
    {
        return None;
    }
    no_array(state, map, &list, guard, failures);
    let Some(selector) = &map.item_selector else {
        guard.need_type(&list, Type::List)?;
        return Some(list);
    };
    // A list that is known is written out item by item.
    if let Some(known) = known_items(&list) {
        let inputs = known.into_iter().enumerate().map(|(index, item)| {
            let index = Json::Constant(Value::int(i64::try_from(index).ok()?));
            fill(state, selector, &Scope { item: Some((index, item)), ..scope.clone() }, guard)
        });
        return Some(Json::list(inputs.collect::<Option<_>>()?));
    }
    guard.need_type(&list, Type::List)?;
    let list = list.value()?;
    let numbered = uses_index(selector);
    // Argo has no index of an element: where one is wanted, indexes are what is run through.
    let (over, index, value) = if numbered {
        let last = binary("-", call("len", [list.clone()]), Ast::Int(1));
        (binary("..", Ast::Int(0), last), Ast::Element, at(list, Ast::Element))
    } else {
        (list, Ast::Nil, Ast::Element)
    };
    let mut of_each = Guard::default();
    let index = if numbered { Json::Value(call("int", [index])) } else { Json::Partial(Vec::new()) };
    let input = fill(state, selector, &Scope { item: Some((index, Json::Value(value))), ..scope }, &mut of_each)?;
    // What is asked of the document alone is asked once.
    let (once, each_one): (Vec<Ast>, Vec<Ast>) = of_each.conditions().iter().cloned().partition(|condition| !condition.has_element());
    for condition in once {
        // An empty list asks nothing; then the pod may run in vain.
        guard.need(condition);
    }
    let condition = all(each_one);
    if condition != Ast::Bool(true) {
        guard.need(each("all", over.clone(), condition));
    }
    Some(Json::Value(each("map", over, input.value()?)))
}

/// Something else than an array.
fn no_array(state: &State, map: &Map, list: &Json, guard: &Guard, failures: &mut Failures<'_>) {
    let Some(value) = list.value() else { return };
    let unfit = not(is(value, Type::List));
    if is_paths(state) {
        let path = match &map.items_path {
            Some(PathField::Path(path)) => &path.value,
            _ => "$",
        };
        failures.add(guard, unfit, RUNTIME, [text(format!("Reference path \"{path}\" must point to array."))]);
    } else if map.items.is_none() {
        let mut can = Guard::default();
        if let Some(shown) = json_text(list, &mut can).and_then(|shown| shown.value()) {
            failures.add(guard, and(unfit, can.ast()), QUERY, [text("Map state input must be an array but was: "), shown]);
        }
    }
}

/// Whether a selector may look at the number of an item.
fn uses_index(selector: &Template) -> bool {
    let whole = |text: &str| ["Map.Item", "Map"].iter().any(|end| text.trim_end_matches(|c: char| !c.is_alphanumeric()).ends_with(end));
    selector.expressions().iter().any(|(text, _)| text.contains("Index") || whole(text))
}

fn known_items(list: &Json) -> Option<Vec<Json>> {
    match list {
        Json::Constant(value) => Some(value.as_array()?.iter().cloned().map(Json::Constant).collect()),
        Json::List(items) => Some(items.clone()),
        _ => None,
    }
}
