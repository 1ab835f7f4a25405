//! The part of JSONata that Argo can compute alike.
//!
//! What JSONata does with arrays on the way of a path, with what is undefined and with values of the wrong type is left to the pod: the guard asks for
//! objects, presence and types. What is calculated with are integers of at most 15 digits, in and out. Nothing is translated that makes a text of
//! an object, sorts, or draws on the time.
//!
//! A variable that has a function's name hides it from an expression; the caller makes sure that a machine has none.
use super::ast::{Ast, RANGE, Root, Type, all, and, binary, call, concat, each, field, is, not, or, text, when};
use super::choice::{Verdict, lazily};
use super::guard::Guard;
use super::intrinsic::{count, cut, integer, is_scalar, merged, scalar_text};
use super::json::Json;
use super::path::find;
use super::plain::{LARGEST, is_plain, plain, plain_text};
use super::scope::Scope;
use crate::ir::machine::{Template, TemplateValue};
use crate::simulate::jsonata::Expression;
use crate::simulate::jsonata::ast::{AstNode, BinaryOp, PathStep, Stage, UnaryOp};
use crate::simulate::jsonata::reads;
use crate::simulate::path::PlainStep;
use crate::simulate::program::literal;
use crate::simulate::value::{Number, Value};

/// A template's value.
pub(super) fn fill(template: &Template, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    Some(match &template.value {
        TemplateValue::Jsonata(text) => expression(text, scope, guard)?,
        TemplateValue::List(items) => Json::list(items.iter().map(|item| fill(item, scope, guard)).collect::<Option<_>>()?),
        TemplateValue::Map(entries) => {
            Json::object(entries.iter().map(|(key, value)| Some((key.value.clone(), fill(value, scope, guard)?))).collect::<Option<_>>()?)
        }
        // Without meaning in this language.
        TemplateValue::PathExpression(text) => Json::string(text),
        TemplateValue::Null | TemplateValue::Bool(_) | TemplateValue::Number(_) | TemplateValue::Text(_) => {
            Json::Constant(literal(template))
        }
    })
}

/// An expression's value.
pub(super) fn expression(text: &str, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    let expression = Expression::parse(text).ok()?;
    if !expression.reads().top_level.is_empty() {
        return None;
    }
    let json = lower(expression.ast(), scope, guard)?;
    // A text may be taken as it is only if JavaScript would write it so.
    if let Json::Partial(_) = json {
        return None;
    }
    Some(json)
}

/// Whether a condition holds.
pub(super) fn condition(text: &str, scope: &Scope<'_>) -> Option<Verdict> {
    let mut guard = Guard::default();
    let json = expression(text, scope, &mut guard)?;
    guard.need_type(&json, Type::Bool)?;
    let holds = json.value()?;
    Some(Verdict { guard: guard.ast(), holds })
}

fn number(double: f64) -> Option<Json> {
    #[expect(clippy::cast_precision_loss, reason = "15 digits fit")]
    let small = double.abs() <= LARGEST as f64;
    if !small {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    let number = if double.fract() == 0.0 { Number::Int(double as i64) } else { Number::Double(double) };
    // Of other fractions JavaScript's texts are not Java's.
    is_plain(&number).then_some(Json::Constant(Value::Number(number)))
}

fn lower(node: &AstNode, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    match node {
        AstNode::String(text) => Some(Json::string(text)),
        AstNode::Number(double) => number(*double),
        AstNode::Boolean(value) => Some(Json::Constant(Value::Bool(*value))),
        AstNode::Null => Some(Json::Constant(Value::Null)),
        AstNode::Variable(_) | AstNode::Path { .. } => {
            let (from, steps) = path(node, scope, guard)?;
            walk(&from, &steps, guard)
        }
        AstNode::Block(inner) => match inner.as_slice() {
            [one] => lower(one, scope, guard),
            _ => None,
        },
        AstNode::Unary { op: UnaryOp::Negate, operand } => match lower(operand, scope, guard)? {
            Json::Constant(Value::Number(Number::Int(int))) => Some(Json::Constant(Value::int(int.checked_neg()?))),
            other => {
                guard.need_type(&other, Type::Number)?;
                Some(Json::Value(binary("-", Ast::Int(0), other.value()?)))
            }
        },
        AstNode::Array(items) => {
            let mut values = Vec::new();
            for item in items {
                let value = lower(item, scope, guard)?;
                // An array becomes part of the one around it, unless it is written there.
                if !matches!(item, AstNode::Array(_)) {
                    need_no_list(&value, guard)?;
                }
                values.push(value);
            }
            Some(Json::list(values))
        }
        AstNode::Object(entries) => {
            let mut values: Vec<(String, Json)> = Vec::new();
            for (key, value) in entries {
                let AstNode::String(key) = key else { return None };
                if values.iter().any(|(known, _)| known == key) {
                    return None;
                }
                values.push((key.clone(), lower(value, scope, guard)?));
            }
            Some(Json::object(values))
        }
        AstNode::Conditional { condition, then_branch, else_branch } => {
            let holds = lower(condition, scope, guard)?;
            guard.need_type(&holds, Type::Bool)?;
            let holds = holds.value()?;
            let (mut then_guard, mut else_guard) = (Guard::default(), Guard::default());
            let then = lower(then_branch, scope, &mut then_guard)?;
            let otherwise = lower(else_branch.as_deref()?, scope, &mut else_guard)?;
            guard.need(lazily(not(holds.clone()), then_guard.ast()));
            guard.need(lazily(holds.clone(), else_guard.ast()));
            // With nil on one side Argo takes the other's type for the whole's.
            if then.known_type() != otherwise.known_type()
                && [&then, &otherwise].iter().any(|branch| branch.known_type() == Some(Type::Null))
            {
                return None;
            }
            Some(Json::Value(when(holds, then.value()?, otherwise.value()?)))
        }
        AstNode::Binary { op, lhs, rhs } => operation(*op, lhs, rhs, scope, guard),
        AstNode::Function { name, args, is_builtin: true } => function(name, args, scope, guard),
        _ => None,
    }
}

fn need_no_list(value: &Json, guard: &mut Guard) -> Option<()> {
    match value.known_type() {
        Some(Type::List) => None,
        Some(_) => Some(()),
        None => {
            guard.need(not(is(value.value()?, Type::List)));
            Some(())
        }
    }
}

/// One step of a path: into an object, or to an element.
enum Step<'n> {
    Name(&'n str),
    Index(i64),
}

/// Where a path starts, and its steps.
fn path<'n>(node: &'n AstNode, scope: &Scope<'_>, guard: &mut Guard) -> Option<(Json, Vec<Step<'n>>)> {
    let steps: &[PathStep] = match node {
        AstNode::Path { steps } => steps,
        AstNode::Variable(_) => &[],
        _ => return None,
    };
    let (start, rest) = match (node, steps.split_first()) {
        (AstNode::Variable(name), _) => (name, steps),
        (_, Some((PathStep { node: AstNode::Variable(name), .. }, rest))) => (name, rest),
        _ => return None,
    };
    let mut taken = Vec::new();
    if let Some(first) = steps.first() {
        stages(first, &mut taken)?;
    }
    let mut rest = rest;
    let from = if start == "states" {
        if !taken.is_empty() {
            return None;
        }
        let (of, below) = rest.split_first()?;
        let AstNode::Name(name) = &of.node else { return None };
        stages(of, &mut taken)?;
        rest = below;
        match name.as_str() {
            "input" => scope.input.clone(),
            "result" => scope.result.clone()?,
            "errorOutput" => scope.error.clone()?,
            "context" => scope.context(),
            _ => return None,
        }
    } else {
        if start.is_empty() || start == "$" {
            return None;
        }
        find(&Json::Root(Root::Variables), &[PlainStep::Name(start)], guard)?
    };
    for root in Root::ALL {
        if from == Json::Root(root) || matches!(&from, Json::Value(ast) if ast.parses(root)) {
            guard.need(plain(root));
        }
    }
    for step in rest {
        let AstNode::Name(name) = &step.node else { return None };
        taken.push(Step::Name(name));
        stages(step, &mut taken)?;
    }
    Some((from, taken))
}

/// What stands in brackets behind a step.
fn stages(step: &PathStep, taken: &mut Vec<Step<'_>>) -> Option<()> {
    let bare = PathStep { stages: Vec::new(), ..step.clone() };
    if !reads::plain(&bare) {
        return None;
    }
    for stage in &step.stages {
        let Stage::Filter(filter) = stage else { return None };
        let index = match &**filter {
            AstNode::Number(double) => *double,
            AstNode::Unary { op: UnaryOp::Negate, operand } => match &**operand {
                AstNode::Number(double) => -double,
                _ => return None,
            },
            _ => return None,
        };
        if index.fract() != 0.0 || index.abs() > 1e6 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
        taken.push(Step::Index(index as i64));
    }
    Some(())
}

fn walk(from: &Json, steps: &[Step<'_>], guard: &mut Guard) -> Option<Json> {
    let mut value = from.clone();
    for step in steps {
        value = match step {
            Step::Name(name) => find(&value, &[PlainStep::Name(name)], guard)?,
            Step::Index(index) => {
                let element = find(&value, &[PlainStep::Index(*index)], guard)?;
                need_no_list(&element, guard)?;
                element
            }
        };
    }
    match &value {
        Json::Partial(_) => None,
        Json::Root(root) => {
            guard.need(plain(*root));
            Some(value)
        }
        _ => {
            // The context's input, found below a partial object.
            for root in Root::ALL {
                if matches!(&value, Json::Value(ast) if ast.parses(root)) {
                    guard.need(plain(root));
                }
            }
            Some(value)
        }
    }
}

/// A path of names that may lead nowhere: when that can be said, whether it leads somewhere, and the value if so.
fn soft(node: &AstNode, scope: &Scope<'_>, guard: &mut Guard) -> Option<(Ast, Ast)> {
    let mut inner = Guard::default();
    let (from, steps) = path(node, scope, &mut inner)?;
    // Of a variable that may not be there nothing is said: machines set them before.
    guard.extend(inner);
    let Json::Root(root) = from else { return None };
    let mut value = Ast::Parsed(root);
    let mut levels = Vec::new();
    for step in &steps {
        let Step::Name(name) = step else { return None };
        levels.push((value.clone(), *name));
        value = field(value, *name);
    }
    if levels.is_empty() {
        return None;
    }
    // An array on the way is mapped over.
    let no_list = levels
        .iter()
        .rev()
        .fold(Ast::Bool(true), |below, (of, _)| and(not(is(of.clone(), Type::List)), lazily(not(is(of.clone(), Type::Map)), below)));
    guard.need(no_list);
    let there = all(levels.iter().enumerate().map(|(index, (of, name))| {
        if index + 1 == levels.len() {
            and(is(of.clone(), Type::Map), binary("in", text(*name), of.clone()))
        } else {
            is(of.clone(), Type::Map)
        }
    }));
    Some((there, value))
}

fn is_plain_scalar(json: &Json) -> bool {
    matches!(json, Json::Constant(Value::Bool(_) | Value::Number(_) | Value::String(_)))
}

fn operation(op: BinaryOp, lhs: &AstNode, rhs: &AstNode, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    match op {
        BinaryOp::Equal | BinaryOp::NotEqual => equality(op, lhs, rhs, scope, guard),
        BinaryOp::LessThan | BinaryOp::LessThanOrEqual | BinaryOp::GreaterThan | BinaryOp::GreaterThanOrEqual => {
            let (left, right) = (lower(lhs, scope, guard)?, lower(rhs, scope, guard)?);
            let operator = match op {
                BinaryOp::LessThan => "<",
                BinaryOp::LessThanOrEqual => "<=",
                BinaryOp::GreaterThan => ">",
                _ => ">=",
            };
            match (left.known_type(), right.known_type()) {
                (Some(Type::Number), _) | (_, Some(Type::Number)) => {
                    guard.need_type(&left, Type::Number)?;
                    guard.need_type(&right, Type::Number)?;
                }
                (Some(Type::Text), _) | (_, Some(Type::Text)) => {
                    guard.need_type(&left, Type::Text)?;
                    guard.need_type(&right, Type::Text)?;
                    let low = |json: &Json| matches!(json, Json::Constant(Value::String(text)) if text.chars().all(|c| c < '\u{e000}'));
                    if !low(&left) && !low(&right) {
                        return None;
                    }
                }
                _ => {
                    guard.need_type(&left, Type::Number)?;
                    guard.need_type(&right, Type::Number)?;
                }
            }
            Some(Json::Value(binary(operator, side(&left)?, side(&right)?)))
        }
        BinaryOp::And | BinaryOp::Or => {
            let left = lower(lhs, scope, guard)?;
            guard.need_type(&left, Type::Bool)?;
            let left = left.value()?;
            let mut inner = Guard::default();
            let right = lower(rhs, scope, &mut inner)?;
            inner.need_type(&right, Type::Bool)?;
            let right = right.value()?;
            if op == BinaryOp::And {
                guard.need(lazily(not(left.clone()), inner.ast()));
                Some(Json::Value(and(left, right)))
            } else {
                guard.need(lazily(left.clone(), inner.ast()));
                Some(Json::Value(or(left, right)))
            }
        }
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply => {
            let (left, right) = (lower(lhs, scope, guard)?, lower(rhs, scope, guard)?);
            guard.need_type(&left, Type::Number)?;
            guard.need_type(&right, Type::Number)?;
            let operator = match op {
                BinaryOp::Add => "+",
                BinaryOp::Subtract => "-",
                _ => "*",
            };
            let (left, right) = (left.value()?, right.value()?);
            guard.need_whole(&left)?;
            guard.need_whole(&right)?;
            let result = binary(operator, left, right);
            guard.need(binary("<=", call("abs", [result.clone()]), Ast::Int(LARGEST)));
            // Argo keeps the sign of a zero, JSON of JavaScript's does not.
            let result = if op == BinaryOp::Multiply { binary("+", result, Ast::Int(0)) } else { result };
            Some(Json::Value(result))
        }
        BinaryOp::Concatenate => {
            let (left, right) = (lower(lhs, scope, guard)?, lower(rhs, scope, guard)?);
            Some(Json::Value(concat([string(&left, guard)?, string(&right, guard)?])))
        }
        BinaryOp::In => {
            let AstNode::Array(items) = rhs else { return None };
            let left = lower(lhs, scope, guard)?;
            let items: Vec<Json> = items.iter().map(|item| lower(item, scope, guard)).collect::<Option<_>>()?;
            if !items.iter().all(is_plain_scalar) {
                return None;
            }
            let left = left.value()?;
            guard.need(is_scalar(&left));
            // A list of texts is a set to Argo, in which only a text may be looked up.
            let fits =
                if items.iter().all(|item| item.known_type() == Some(Type::Text)) { is(left.clone(), Type::Text) } else { Ast::Bool(true) };
            let found = binary("in", left, Ast::List(items.iter().map(Json::value).collect::<Option<_>>()?));
            Some(Json::Value(and(fits, found)))
        }
        _ => None,
    }
}

/// A value for a comparison.
fn side(json: &Json) -> Option<Ast> {
    match json {
        Json::Constant(Value::Number(Number::Double(double))) if *double > 1e-9 => Some(Ast::Decimal(double.to_string())),
        other => other.value(),
    }
}

fn equality(op: BinaryOp, lhs: &AstNode, rhs: &AstNode, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    // Against a literal a path may lead nowhere: then neither `=` nor `!=` holds.
    for (of, literal) in [(lhs, rhs), (rhs, lhs)] {
        let Some(constant) = lower(literal, scope, &mut Guard::default()).filter(is_plain_scalar) else { continue };
        let mut inner = Guard::default();
        if let Some((there, value)) = soft(of, scope, &mut inner) {
            guard.extend(inner);
            let operator = if op == BinaryOp::Equal { "==" } else { "!=" };
            return Some(Json::Value(and(there, binary(operator, value, side(&constant)?))));
        }
    }
    let (left, right) = (lower(lhs, scope, guard)?, lower(rhs, scope, guard)?);
    if !is_plain_scalar(&left) && !is_plain_scalar(&right) {
        for side in [&left, &right] {
            if side.known_type().is_some_and(|known| matches!(known, Type::List | Type::Map)) {
                return None;
            }
            guard.need(is_scalar(&side.value()?));
        }
    }
    Some(Json::Value(binary(if op == BinaryOp::Equal { "==" } else { "!=" }, side(&left)?, side(&right)?)))
}

/// How `$string` prints a value, if it is a scalar; arrays and objects that are known are no exception.
fn string(json: &Json, guard: &mut Guard) -> Option<Ast> {
    match json {
        Json::Constant(Value::Array(_) | Value::Object(_)) => None,
        other => scalar_text(other, guard),
    }
}

fn function(name: &str, arguments: &[AstNode], scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    if name == "exists" {
        let [of] = arguments else { return None };
        return soft(of, scope, guard).map(|(there, _)| Json::Value(there));
    }
    if name == "merge" {
        let [AstNode::Array(items)] = arguments else { return None };
        let mut objects = items.iter().map(|item| lower(item, scope, guard)).collect::<Option<Vec<_>>>()?.into_iter();
        let first = objects.next()?;
        return objects.try_fold(first, |left, right| merged(&left, &right, guard));
    }
    let values: Vec<Json> = arguments.iter().map(|argument| lower(argument, scope, guard)).collect::<Option<_>>()?;
    let typed = |json: &Json, wanted: Type, guard: &mut Guard| -> Option<Ast> {
        guard.need_type(json, wanted)?;
        json.value()
    };
    Some(match (name, values.as_slice()) {
        ("string", [of]) => Json::Value(string(of, guard)?),
        ("count", [list]) => Json::Value(call("len", [typed(list, Type::List, guard)?])),
        ("not", [of]) => Json::Value(not(typed(of, Type::Bool, guard)?)),
        ("boolean", [of]) => Json::Value(typed(of, Type::Bool, guard)?),
        ("length", [of]) => Json::Value(call("len", [typed(of, Type::Text, guard)?])),
        ("uppercase" | "lowercase", [of]) => {
            let of = typed(of, Type::Text, guard)?;
            // Beyond ASCII, Unicode has rules that languages know in part.
            guard.need(binary("matches", of.clone(), Ast::Regex(r"^[\x00-\x7f]*$")));
            Json::Value(call(if name == "uppercase" { "upper" } else { "lower" }, [of]))
        }
        ("contains", [of, part]) => Json::Value(binary("contains", typed(of, Type::Text, guard)?, typed(part, Type::Text, guard)?)),
        ("split", [of, Json::Constant(Value::String(separator))]) if !separator.is_empty() => {
            Json::Value(call("split", [typed(of, Type::Text, guard)?, text(&**separator)]))
        }
        ("join", [list, Json::Constant(Value::String(separator))]) => {
            let list = typed(list, Type::List, guard)?;
            guard.need(each("all", list.clone(), is(Ast::Element, Type::Text)));
            Json::Value(call("join", [list, text(&**separator)]))
        }
        ("sum" | "max" | "min", [list]) => {
            let list = typed(list, Type::List, guard)?;
            guard.need(binary(">", call("len", [list.clone()]), Ast::Int(0)));
            guard.need(each("all", list.clone(), is(Ast::Element, Type::Number)));
            let of = match name {
                "sum" => "sum",
                "max" => "max",
                _ => "min",
            };
            if name == "sum" {
                guard.need(each("all", list.clone(), binary("==", call("floor", [Ast::Element]), Ast::Element)));
            }
            let result = call(of, [list]);
            if name == "sum" {
                guard.need(binary("<=", call("abs", [result.clone()]), Ast::Int(LARGEST)));
            }
            Json::Value(result)
        }
        ("number", [of]) => {
            let of = typed(of, Type::Text, guard)?;
            guard.need(binary("matches", of.clone(), Ast::Regex("^(?:0|-?[1-9][0-9]{0,14})$")));
            Json::Value(call("float", [of]))
        }
        ("parse", [of]) => {
            let of = typed(of, Type::Text, guard)?;
            guard.need(plain_text(of.clone()));
            let read = call("sprig.fromJson", [of]);
            guard.need(not(is(read.clone(), Type::Null)));
            Json::Value(read)
        }
        ("partition", [list, size]) => {
            let list = typed(list, Type::List, guard)?;
            Json::Value(call("sprig.chunk", [count(size, guard)?, list]))
        }
        ("range", [first, last, step]) => {
            let mut whole = |json: &Json| -> Option<Ast> { Some(cut(integer(json, guard)?)) };
            let (first, last, step) = (whole(first)?, whole(last)?, whole(step)?);
            if first.has_element() || step.has_element() {
                return None;
            }
            guard.need(binary("!=", step.clone(), Ast::Int(0)));
            let steps = binary("/", binary("-", last, first.clone()), step.clone());
            guard.need(binary(">=", steps.clone(), Ast::Int(0)));
            guard.need(binary("<", steps.clone(), Ast::Int(i64::try_from(RANGE).ok()?)));
            // One number comes without its array.
            let one = binary("<", steps.clone(), Ast::Int(1));
            let last = call("int", [call("floor", [steps])]);
            let each_one = binary("+", first.clone(), binary("*", Ast::Element, step));
            Json::Value(when(one, first, each("map", binary("..", Ast::Int(0), last), each_one)))
        }
        ("uuid", []) => Json::Value(call("sprig.uuidv4", [])),
        _ => return None,
    })
}
