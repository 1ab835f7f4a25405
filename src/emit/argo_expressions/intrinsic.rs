//! Intrinsic functions that Argo can compute alike.
//!
//! What makes a text of an object is not among them: Argo's objects forget the order of their keys. Nor is `ArrayUnique`, whose order is that of Java's
//! hashes, MD5 and SHA-384, which Argo does not have, and the seeded `MathRandom`.
use super::ast::{Ast, RANGE, Type, all, and, at, binary, call as ast_call, concat, each, is, not, or, text, when};
use super::guard::{Guard, is_whole};
use super::json::Json;
use super::plain::{plain, plain_text};
use super::scope::Scope;
use crate::simulate::intrinsic::{ArgumentView, CallView, java_text};
use crate::simulate::value::Value;

/// Half of the 10,000 UTF-16 units that encoding and hashing take, since Argo counts characters.
const LONGEST: i64 = 5_000;
/// Integers of arithmetic are of 32 bits; the least of them is left to the pod.
const INT: i64 = 1 << 31;
/// What a text begins with that may be that of an array or an object.
const NESTED: &str = r"^[\x5b\x7b]";
/// What `States.StringToJson` makes null of.
const NULL: &str = r"^[ \x09\x0a\x0d]*(?:null[ \x09\x0a\x0d]*)?$";

/// The hashes that Argo knows.
const HASHES: [(&str, &str); 3] = [("SHA-1", "sprig.sha1sum"), ("SHA-256", "sprig.sha256sum"), ("SHA-512", "sprig.sha512sum")];

/// A call's value.
pub(super) fn call(call: CallView<'_>, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    if let Some(value) = call.constant() {
        return Some(Json::Constant(value));
    }
    let arguments = call.arguments();
    if call.name() == "Format" {
        return format(&arguments, scope, guard);
    }
    let mut values = Vec::with_capacity(arguments.len());
    for argument in &arguments {
        values.push(argument_value(argument, scope, guard)?);
    }
    match (call.name(), values.as_slice()) {
        ("Array", _) => Some(Json::list(values)),
        ("ArrayPartition", [list, size]) => {
            let list = typed(list, Type::List, guard)?;
            Some(Json::Value(ast_call("sprig.chunk", [count(size, guard)?, list])))
        }
        ("ArrayContains", [list, wanted]) => {
            let list = typed(list, Type::List, guard)?;
            let known = wanted.constant();
            let number = wanted.known_type() == Some(Type::Number);
            let wanted = scalar_text(wanted, guard)?;
            if wanted.has_element() {
                return None;
            }
            // An array or an object prints with a bracket in front; what does not is none of them.
            let scalars = each("all", list.clone(), is_scalar(&Ast::Element));
            match known {
                Some(Value::String(text)) if text.starts_with(['[', '{']) => guard.need(scalars),
                Some(_) => {}
                None if number => {}
                None => guard.need(or(not(binary("matches", wanted.clone(), Ast::Regex(NESTED))), scalars)),
            }
            Some(Json::Value(each("any", list, and(is_scalar(&Ast::Element), binary("==", text_of(Ast::Element), wanted)))))
        }
        ("ArrayRange", [from, to, step]) => {
            let Json::Constant(Value::Number(step)) = step else { return None };
            let step = step.as_i64().filter(|step| *step != 0 && step.abs() < INT)?;
            let (from, to) = (cut(integer(from, guard)?), cut(integer(to, guard)?));
            if from.has_element() {
                return None;
            }
            let steps = binary("/", binary("-", to, from.clone()), Ast::Int(step));
            guard.need(binary("<", steps.clone(), Ast::Int(i64::try_from(RANGE).ok()?)));
            let last = ast_call("int", [ast_call("floor", [steps])]);
            let offset = if step == 1 { Ast::Element } else { binary("*", Ast::Element, Ast::Int(step)) };
            Some(Json::Value(each("map", binary("..", Ast::Int(0), last), binary("+", from, offset))))
        }
        ("ArrayGetItem", [list, index]) => {
            let list = typed(list, Type::List, guard)?;
            let index = integer(index, guard)?;
            guard.need(at_least(&index, 0));
            guard.need(binary(">", ast_call("len", [list.clone()]), index.clone()));
            Some(Json::Value(at(list, cut(index))))
        }
        ("ArrayLength", [list]) => Some(Json::Value(ast_call("len", [typed(list, Type::List, guard)?]))),
        ("Base64Encode", [of]) => Some(Json::Value(ast_call("toBase64", [short_text(of, guard)?]))),
        ("Base64Decode", [of]) => {
            let of = short_text(of, guard)?;
            guard.need(binary("matches", of.clone(), Ast::Regex("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")));
            let decoded = ast_call("fromBase64", [of]);
            // Bytes that are no UTF-8 match as the replacement character.
            guard.need(not(binary("matches", decoded.clone(), Ast::Regex(r"\x{FFFD}"))));
            Some(Json::Value(decoded))
        }
        ("Hash", [data, algorithm]) => {
            let data = scalar_text(data, guard)?;
            guard.need(shorter(&data));
            if let Json::Constant(algorithm) = algorithm {
                let (_, function) = HASHES.into_iter().find(|(name, _)| Some(*name) == algorithm.as_str())?;
                return Some(Json::Value(ast_call(function, [data])));
            }
            let algorithm = typed(algorithm, Type::Text, guard)?;
            guard.need(binary("in", algorithm.clone(), Ast::List(HASHES.iter().map(|(name, _)| text(*name)).collect())));
            let hash = |function| ast_call(function, [data.clone()]);
            let [(_, last), others @ ..] = HASHES;
            let chosen =
                others.into_iter().fold(hash(last), |rest, (name, of)| when(binary("==", algorithm.clone(), text(name)), hash(of), rest));
            Some(Json::Value(chosen))
        }
        ("JsonMerge", [left, right, Json::Constant(deep)]) if *deep != Value::Bool(true) => merged(left, right, guard),
        ("StringToJson", [of]) => {
            let of = typed(of, Type::Text, guard)?;
            guard.need(plain_text(of.clone()));
            // Of what is no JSON, Sprig makes nil.
            let read = ast_call("sprig.fromJson", [of.clone()]);
            guard.need(or(not(is(read.clone(), Type::Null)), binary("matches", of, Ast::Regex(NULL))));
            Some(Json::Value(read))
        }
        ("JsonToString", [of]) => json_text(of, guard),
        ("MathRandom", [from, to]) => {
            let (from, to) = (cut(integer(from, guard)?), cut(integer(to, guard)?));
            match (&from, &to) {
                (Ast::Int(from), Ast::Int(to)) if from < to => {}
                (Ast::Int(_), Ast::Int(_)) => return None,
                _ => guard.need(binary("<", from.clone(), to.clone())),
            }
            Some(Json::Value(ast_call("sprig.randInt", [from, to])))
        }
        ("MathAdd", [left, right]) => {
            let (left, right) = (rounded(integer(left, guard)?), rounded(integer(right, guard)?));
            let sum = binary("+", left, right);
            guard.need(binary("<", ast_call("abs", [sum.clone()]), Ast::Int(INT)));
            Some(Json::Value(sum))
        }
        ("StringSplit", [of, Json::Constant(Value::String(delimiters))]) => {
            let of = typed(of, Type::Text, guard)?;
            let mut delimiters = delimiters.chars();
            let first = delimiters.next()?;
            let one = delimiters.filter(|other| *other != first).fold(of, |of, other| ast_call("replace", [of, text(other), text(first)]));
            Some(Json::Value(each("filter", ast_call("split", [one, text(first)]), binary("!=", Ast::Element, text("")))))
        }
        ("StringSplit", [of, delimiters]) => {
            let (of, delimiters) = (typed(of, Type::Text, guard)?, typed(delimiters, Type::Text, guard)?);
            if of.has_element() || delimiters.has_element() {
                return None;
            }
            guard.need(binary("!=", delimiters.clone(), text("")));
            let delimiters = ast_call("split", [delimiters, text("")]);
            let first = at(delimiters.clone(), Ast::Int(0));
            let replaced = ast_call("replace", [Ast::Raw("#acc".into()), Ast::Element, first.clone()]);
            let one = ast_call("reduce", [delimiters, replaced, of]);
            Some(Json::Value(each("filter", ast_call("split", [one, first]), binary("!=", Ast::Element, text("")))))
        }
        ("UUID", []) => Some(Json::Value(ast_call("sprig.uuidv4", []))),
        _ => None,
    }
}

fn argument_value(argument: &ArgumentView<'_>, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    match argument {
        ArgumentView::Text { value, .. } | ArgumentView::Literal(value) => Some(Json::Constant((*value).clone())),
        ArgumentView::Path(path) => scope.find(path, guard),
        ArgumentView::Call(inner) => call(*inner, scope, guard),
    }
}

/// The expression of a value that must have a type.
fn typed(json: &Json, wanted: Type, guard: &mut Guard) -> Option<Ast> {
    guard.need_type(json, wanted)?;
    json.value()
}

/// A number of 32 bits, which may have a fraction.
pub(super) fn integer(json: &Json, guard: &mut Guard) -> Option<Ast> {
    match json {
        Json::Constant(Value::Number(number)) => {
            let small = number.as_f64().abs() < 2_147_483_648.0;
            if small { json.value() } else { None }
        }
        _ => {
            let value = typed(json, Type::Number, guard)?;
            if !matches!(value, Ast::Call("len", _)) {
                guard.need(binary("<", ast_call("abs", [value.clone()]), Ast::Int(INT)));
            }
            Some(value)
        }
    }
}

/// A number as Argo's integer, which lengths and literals are already; what is behind the point is cut off, as Java does.
pub(super) fn cut(number: Ast) -> Ast {
    if matches!(number, Ast::Int(_) | Ast::Call("len" | "int", _)) { number } else { ast_call("int", [number]) }
}

/// A number rounded, halves upwards, as Java does.
fn rounded(number: Ast) -> Ast {
    if is_whole(&number) { number } else { ast_call("floor", [binary("+", number, Ast::Decimal("0.5".into()))]) }
}

/// A number above 0.
pub(super) fn count(json: &Json, guard: &mut Guard) -> Option<Ast> {
    let number = integer(json, guard)?;
    guard.need(at_least(&number, 1));
    Some(cut(number))
}

fn at_least(number: &Ast, least: i64) -> Ast {
    match number {
        Ast::Int(int) => Ast::Bool(*int >= least),
        other => binary(">=", other.clone(), Ast::Int(least)),
    }
}

fn shorter(text: &Ast) -> Ast {
    binary("<=", ast_call("len", [text.clone()]), Ast::Int(LONGEST))
}

fn short_text(json: &Json, guard: &mut Guard) -> Option<Ast> {
    let of = typed(json, Type::Text, guard)?;
    guard.need(shorter(&of));
    Some(of)
}

/// Neither an object nor an array.
pub(super) fn is_scalar(value: &Ast) -> Ast {
    match value.known_type() {
        Some(known) => Ast::Bool(!matches!(known, Type::List | Type::Map)),
        None => not(binary("in", ast_call("type", [value.clone()]), Ast::List(vec![text("map"), text("array")]))),
    }
}

/// How a scalar prints.
pub(super) fn text_of(value: Ast) -> Ast {
    match value.known_type() {
        Some(Type::Text) => value,
        Some(_) => ast_call("toJson", [value]),
        None => when(is(value.clone(), Type::Text), value.clone(), ast_call("toJson", [value])),
    }
}

/// How a value prints, if it is a scalar.
pub(super) fn scalar_text(json: &Json, guard: &mut Guard) -> Option<Ast> {
    if let Json::Constant(value) = json {
        return Some(text(java_text(value)));
    }
    let value = json.value()?;
    match is_scalar(&value) {
        Ast::Bool(false) => return None,
        condition => guard.need(condition),
    }
    Some(text_of(value))
}

fn format(arguments: &[ArgumentView<'_>], scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    let [ArgumentView::Text { written, .. }, rest @ ..] = arguments else { return None };
    let mut rest = rest.iter();
    let mut parts = Vec::new();
    let mut chars = written.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if matches!(chars.peek(), Some('{' | '}' | '\'' | '\\')) => parts.push(text(chars.next()?)),
            '{' if chars.peek() == Some(&'}') => {
                chars.next();
                let argument = rest.next()?;
                // What was read from JSON prints as JSON.
                if matches!(argument, ArgumentView::Call(inner) if inner.name() == "StringToJson") {
                    return None;
                }
                parts.push(scalar_text(&argument_value(argument, scope, guard)?, guard)?);
            }
            '{' | '}' => return None,
            other => parts.push(text(other)),
        }
    }
    rest.next().is_none().then(|| Json::Value(concat(parts)))
}

/// Two objects as one; the right one's fields count.
pub(super) fn merged(left: &Json, right: &Json, guard: &mut Guard) -> Option<Json> {
    let left_value = typed(left, Type::Map, guard)?;
    let right_value = typed(right, Type::Map, guard)?;
    if left_value.has_element() {
        return None;
    }
    let start = match left {
        Json::Root(root) => Ast::Fresh(*root),
        _ => ast_call("sprig.deepCopy", [left_value]),
    };
    let set = ast_call("sprig.set", [Ast::Raw("#acc".into()), at(Ast::Element, Ast::Int(0)), at(Ast::Element, Ast::Int(1))]);
    Some(Json::Value(ast_call("reduce", [ast_call("toPairs", [right_value]), set, start])))
}

/// A value's JSON text, where Argo writes it as Java does.
pub(super) fn json_text(of: &Json, guard: &mut Guard) -> Option<Json> {
    let value = of.value()?;
    if let Json::Root(root) = of {
        // The text itself, if it is as compact as can be: then its keys come once, and nothing is escaped that need not be.
        let source = Ast::Source(*root);
        guard.need(plain(*root));
        guard.need(not(binary("matches", source.clone(), Ast::Regex(r"\\u|[\x{2028}\x{2029}]"))));
        let written = ast_call("sprig.toRawJson", [Ast::Fresh(*root)]);
        guard.need(binary("==", ast_call("len", [written]), ast_call("len", [source.clone()])));
        return Some(Json::Value(source));
    }
    let written = ast_call("sprig.toRawJson", [value.clone()]);
    let flat = match value.known_type() {
        Some(Type::Map) => return None,
        Some(Type::List) => each("all", value, is_scalar(&Ast::Element)),
        Some(_) => Ast::Bool(true),
        None => {
            let list = all([is(value.clone(), Type::List), each("all", value.clone(), is_scalar(&Ast::Element))]);
            or(is_scalar(&value), list)
        }
    };
    guard.need(flat);
    guard.need(not(binary("contains", written.clone(), text("\\u"))));
    Some(Json::Value(written))
}
