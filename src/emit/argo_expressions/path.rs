//! Paths: names, indexes and one `[*]`.
//!
//! A name is looked up in an object, an index in an array; anything else on the way, or nothing there, is what the States Language has an error (or,
//! in a payload template, null) for, and the guard leaves it to the pod.
use super::ast::{Ast, Type, all, and, at, binary, call, each, field, is, text};
use super::guard::Guard;
use super::json::Json;
use crate::simulate::path::PlainStep;
use crate::simulate::value::Value;

/// What a path finds from a value. `None`: nothing, or no one knows.
pub(super) fn find(from: &Json, steps: &[PlainStep<'_>], guard: &mut Guard) -> Option<Json> {
    let [step, rest @ ..] = steps else { return Some(from.clone()) };
    let next = match (from, step) {
        (Json::Constant(value), PlainStep::Name(name)) => Json::Constant(value.get(name)?.clone()),
        (Json::Constant(value), PlainStep::Index(index)) => Json::Constant(element(value, *index)?),
        (Json::Object(entries), PlainStep::Name(name)) => entries.iter().find(|(key, _)| key == name)?.1.clone(),
        (Json::Partial(entries), PlainStep::Name(name)) => entries.iter().find(|(key, _)| key == name)?.1.clone(),
        (Json::List(items), PlainStep::Index(index)) => items.get(usize::try_from(*index).ok()?)?.clone(),
        (Json::With(_, name, value), PlainStep::Name(wanted)) if name.as_str() == *wanted => (**value).clone(),
        (Json::With(root, ..), PlainStep::Name(_)) => return find(&Json::Root(*root), steps, guard),
        (Json::Root(root), _) => return find(&Json::Value(Ast::Parsed(*root)), steps, guard),
        (Json::Value(ast), PlainStep::Name(name)) => {
            guard.need_type(from, Type::Map)?;
            guard.need_field(ast, name);
            Json::Value(field(ast.clone(), *name))
        }
        (Json::Value(ast), PlainStep::Index(index)) => {
            guard.need_type(from, Type::List)?;
            guard.need(long_enough(ast.clone(), *index));
            Json::Value(at(ast.clone(), Ast::Int(*index)))
        }
        (Json::Value(ast), PlainStep::Every) => {
            guard.need_type(from, Type::List)?;
            return every(ast.clone(), rest).map(Json::Value);
        }
        _ => return None,
    };
    find(&next, rest, guard)
}

fn element(value: &Value, index: i64) -> Option<Value> {
    let items = value.as_array()?;
    let index = if index < 0 { i64::try_from(items.len()).ok()?.checked_add(index)? } else { index };
    items.get(usize::try_from(index).ok()?).cloned()
}

fn long_enough(list: Ast, index: i64) -> Ast {
    let length = call("len", [list]);
    if index < 0 { binary(">=", length, Ast::Int(-index)) } else { binary(">", length, Ast::Int(index)) }
}

/// Behind `[*]` what does not fit is left out.
fn every(list: Ast, steps: &[PlainStep<'_>]) -> Option<Ast> {
    steps.iter().try_fold(list, |list, step| {
        let (fits, part) = match step {
            PlainStep::Name(name) => {
                (and(is(Ast::Element, Type::Map), binary("in", text(*name), Ast::Element)), field(Ast::Element, *name))
            }
            PlainStep::Index(index) => {
                (and(is(Ast::Element, Type::List), long_enough(Ast::Element, *index)), at(Ast::Element, Ast::Int(*index)))
            }
            PlainStep::Every => return None,
        };
        Some(each("map", each("filter", list, fits), part))
    })
}

/// Whether a path of names and indexes leads anywhere: true or false for every input.
pub(super) fn present(from: &Json, steps: &[PlainStep<'_>]) -> Option<Ast> {
    if steps.contains(&PlainStep::Every) {
        return None;
    }
    if let Json::Constant(_) = from {
        return Some(Ast::Bool(find(from, steps, &mut Guard::default()).is_some()));
    }
    let mut guard = Guard::default();
    find(from, steps, &mut guard)?;
    Some(all(guard.conditions().iter().cloned()))
}
