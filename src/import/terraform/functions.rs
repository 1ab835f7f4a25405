//! Terraform's functions over values that may hold symbols (Terraform language, "Built-in Functions").
use super::eval::MAX_TEXT;
use super::operators::{index, known, number, pick, push, put, show, truth, unknowns};
use crate::ir::value::{Segment, Val, Value};
use crate::source::span::{Origins, Sourced};

/// Calls a function by its name. The error says why the result is not known.
///
/// # Errors
/// An argument is not known, does not fit, or the function is not one of those here.
pub fn call(name: &str, args: &[Val]) -> Result<Val, String> {
    for family in [casts, texts, lists, maps, choices] {
        if let Some(value) = family(name, args)? {
            return Ok(value);
        }
    }
    Err(format!("`{name}` is not evaluated by this version"))
}

fn all(args: &[Val]) -> Origins {
    args.iter().fold(Origins::none(), |all, v| all.with(&v.all_origins()))
}

fn bounded(text: String, args: &[Val]) -> Result<Val, String> {
    if text.len() > MAX_TEXT { Err("its text is too long".to_owned()) } else { Ok(Val::text(text, all(args))) }
}

/// From one type to another.
fn casts(name: &str, args: &[Val]) -> Result<Option<Val>, String> {
    let value: Result<Val, String> = match (name, args) {
        ("tostring", [v]) => Ok(match &v.value {
            Value::Number(_) | Value::Bool(_) => Val::text(v.literal().unwrap_or_default(), v.origins.clone()),
            _ => v.clone(),
        }),
        ("tonumber", [v]) => number(v).map(|n| Val::new(Value::Number(show(n)), v.origins.clone())).ok_or_else(|| unknowns(v)),
        ("tobool", [v]) => truth(v).map(|b| Val::new(Value::Bool(b), v.origins.clone())).ok_or_else(|| unknowns(v)),
        ("tolist" | "tomap" | "nonsensitive" | "sensitive", [v]) => Ok(v.clone()),
        ("toset" | "distinct", [v]) => {
            let mut items = items(v)?;
            if name == "toset" {
                items.sort_by_key(Val::display);
            }
            let mut seen: Vec<String> = Vec::new();
            items.retain(|item| {
                let text = item.display();
                let new = !seen.contains(&text);
                seen.push(text);
                new
            });
            Ok(Val::new(Value::List(items), v.origins.clone()))
        }
        _ => return Ok(None),
    };
    value.map(Some)
}

/// Functions of texts.
fn texts(name: &str, args: &[Val]) -> Result<Option<Val>, String> {
    let origins = || all(args);
    let scalar = |text: String| bounded(text, args);
    let value: Result<Val, String> = match (name, args) {
        ("lower", [v]) => scalar(text(v)?.to_lowercase()),
        ("upper", [v]) => scalar(text(v)?.to_uppercase()),
        ("title", [v]) => scalar(title(&text(v)?)),
        ("trimspace", [v]) => scalar(text(v)?.trim().to_owned()),
        ("chomp", [v]) => scalar(text(v)?.trim_end_matches(['\n', '\r']).to_owned()),
        ("trim", [v, cut]) => {
            let cut = text(cut)?;
            scalar(text(v)?.trim_matches(|c| cut.contains(c)).to_owned())
        }
        ("trimprefix", [v, cut]) => {
            let (v, cut) = (text(v)?, text(cut)?);
            scalar(v.strip_prefix(&cut).unwrap_or(&v).to_owned())
        }
        ("trimsuffix", [v, cut]) => {
            let (v, cut) = (text(v)?, text(cut)?);
            scalar(v.strip_suffix(&cut).unwrap_or(&v).to_owned())
        }
        ("basename", [v]) => scalar(text(v)?.rsplit('/').next().unwrap_or_default().to_owned()),
        ("dirname", [v]) => scalar(text(v)?.rsplit_once('/').map_or_else(|| ".".to_owned(), |(d, _)| d.to_owned())),
        ("replace", [v, from, to]) => {
            let (v, from, to) = (text(v)?, text(from)?, text(to)?);
            if from.len() > 1 && from.starts_with('/') && from.ends_with('/') {
                return Err("`replace` with a regular expression is not evaluated".to_owned());
            }
            let found = if from.is_empty() { v.chars().count() + 1 } else { v.matches(&from).count() };
            if found.saturating_mul(to.len()) > MAX_TEXT {
                return Err("its text is too long".to_owned());
            }
            scalar(v.replace(&from, &to))
        }
        ("substr", [v, offset, length]) => {
            let chars: Vec<char> = text(v)?.chars().collect();
            let count = i64::try_from(chars.len()).unwrap_or(i64::MAX);
            let mut start = index(offset).ok_or_else(|| unknowns(offset))?;
            let length = index(length).ok_or_else(|| unknowns(length))?;
            if start < 0 {
                start = (start + count).max(0);
            }
            let start = start.min(count);
            let end = if length < 0 { count } else { start.saturating_add(length).min(count) };
            scalar(chars.get(usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0)).unwrap_or(&[]).iter().collect())
        }
        ("split", [separator, v]) => {
            let (separator, v) = (text(separator)?, text(v)?);
            let list: Vec<Val> = if separator.is_empty() {
                v.chars().map(|c| Val::text(c, origins())).collect()
            } else {
                v.split(&separator).map(|p| Val::text(p, origins())).collect()
            };
            Ok(Val::new(Value::List(list), origins()))
        }
        ("join", [separator, lists @ ..]) => {
            let separator = text(separator)?;
            let mut out = Val::new(Value::Text(Vec::new()), origins());
            let mut length = 0;
            let mut first = true;
            for list in lists {
                for item in items(list)? {
                    if !first {
                        push(&mut out, &Val::text(separator.as_str(), Origins::none()), &mut length);
                    }
                    first = false;
                    push(&mut out, &item, &mut length);
                    if length > MAX_TEXT {
                        return Err("its text is too long".to_owned());
                    }
                }
            }
            Ok(out)
        }
        ("format", [pattern, values @ ..]) => format(&text(pattern)?, values, origins()),
        ("formatdate" | "timestamp" | "uuid", _) => Err(format!("`{name}` has another result in each run")),
        _ => return Ok(None),
    };
    value.map(Some)
}

/// Functions of lists.
fn lists(name: &str, args: &[Val]) -> Result<Option<Val>, String> {
    let origins = || all(args);
    let integer = |n: usize| Ok(Val::new(Value::Number(n.to_string()), origins()));
    let value: Result<Val, String> = match (name, args) {
        ("length", [v]) => match &v.value {
            Value::List(items) => integer(items.len()),
            Value::Map(entries) => integer(entries.len()),
            _ => integer(text(v)?.chars().count()),
        },
        ("element", [list, at]) => {
            let all = items(list)?;
            let position = index(at).ok_or_else(|| unknowns(at))?;
            let count = i64::try_from(all.len()).unwrap_or(0);
            if count == 0 {
                return Err("the list is empty".to_owned());
            }
            let chosen = usize::try_from(position.rem_euclid(count)).ok().and_then(|i| all.get(i));
            let shape = list.origins.clone().with(&at.origins);
            chosen.map(|v| v.clone().shaped_by(&shape)).ok_or_else(|| "there is no such element".to_owned())
        }
        ("lookup", [map, key, default @ ..]) => match pick(map, key) {
            Ok(found) if !matches!(map.value, Value::Symbol(_)) => Ok(found),
            Ok(_) => Err(unknowns(map)),
            Err(why) => match (&map.value, default) {
                (Value::Map(_), [default]) if key.literal().is_some() => {
                    Ok(default.clone().shaped_by(&map.origins).shaped_by(&key.origins))
                }
                _ => Err(why),
            },
        },
        ("concat", lists) => {
            let mut out = Vec::new();
            let mut shape = Origins::none();
            for list in lists {
                out.extend(items(list)?);
                shape.extend(&list.origins);
            }
            Ok(Val::new(Value::List(out), shape))
        }
        ("compact", [list]) => {
            let mut all = items(list)?;
            if let Some(unknown) = all.iter().find(|v| !known(v)) {
                return Err(unknowns(unknown));
            }
            all.retain(|v| !matches!(v.value, Value::Null) && v.literal().is_none_or(|t| !t.is_empty()));
            Ok(Val::new(Value::List(all), list.origins.clone()))
        }
        ("flatten", [list]) => {
            let mut out = Vec::new();
            let mut stack: Vec<Val> = items(list)?.into_iter().rev().collect();
            while let Some(next) = stack.pop() {
                match next.value {
                    Value::List(inner) => stack.extend(inner.into_iter().rev()),
                    _ => out.push(next),
                }
            }
            Ok(Val::new(Value::List(out), list.origins.clone()))
        }
        ("reverse", [list]) => {
            let mut all = items(list)?;
            all.reverse();
            Ok(Val::new(Value::List(all), list.origins.clone()))
        }
        ("sort", [list]) => {
            let mut all = items(list)?;
            if let Some(unknown) = all.iter().find(|v| v.literal().is_none()) {
                return Err(unknowns(unknown));
            }
            all.sort_by_key(Val::literal);
            Ok(Val::new(Value::List(all), list.origins.clone()))
        }
        ("contains", [list, wanted]) => {
            let all = items(list)?;
            if let Some(unknown) = all.iter().chain([wanted]).find(|v| !known(v)) {
                return Err(unknowns(unknown));
            }
            Ok(Val::new(Value::Bool(all.iter().any(|v| v.display() == wanted.display())), origins()))
        }
        _ => return Ok(None),
    };
    value.map(Some)
}

/// Functions of maps.
fn maps(name: &str, args: &[Val]) -> Result<Option<Val>, String> {
    let value: Result<Val, String> = match (name, args) {
        ("merge", maps) => {
            let mut out = Vec::new();
            let mut shape = Origins::none();
            for map in maps {
                if matches!(map.value, Value::Null) {
                    continue;
                }
                for (key, value) in map.map().ok_or_else(|| unknowns(map))? {
                    put(&mut out, key.clone(), value.clone());
                }
                shape.extend(&map.origins);
            }
            Ok(Val::new(Value::Map(out), shape))
        }
        ("keys" | "values", [map]) => {
            let mut entries = map.map().ok_or_else(|| unknowns(map))?.to_vec();
            entries.sort_by(|(a, _), (b, _)| a.value.cmp(&b.value));
            let list = entries.into_iter().map(|(k, v)| if name == "keys" { Val::text(k.value, k.origins) } else { v }).collect();
            Ok(Val::new(Value::List(list), map.origins.clone()))
        }
        ("zipmap", [keys, values]) => {
            let (keys, values) = (items(keys)?, items(values)?);
            let mut out = Vec::new();
            for (key, value) in keys.into_iter().zip(values) {
                let name = key.literal().ok_or_else(|| unknowns(&key))?;
                put(&mut out, Sourced::new(name, key.origins), value);
            }
            Ok(Val::new(Value::Map(out), Origins::none()))
        }
        _ => return Ok(None),
    };
    value.map(Some)
}

/// Choosing among values, arithmetic, and JSON.
fn choices(name: &str, args: &[Val]) -> Result<Option<Val>, String> {
    let origins = || all(args);
    let value: Result<Val, String> = match (name, args) {
        ("coalesce", values) => {
            for value in values {
                match value.literal() {
                    Some(text) if text.is_empty() => {}
                    Some(_) => return Ok(Some(value.clone())),
                    None if matches!(value.value, Value::Null) => {}
                    None => return Err(unknowns(value)),
                }
            }
            Err("every argument is null or empty".to_owned())
        }
        ("max" | "min", [first, rest @ ..]) => {
            let mut best = number(first).ok_or_else(|| unknowns(first))?;
            for value in rest {
                let value = number(value).ok_or_else(|| unknowns(value))?;
                best = if name == "max" { best.max(value) } else { best.min(value) };
            }
            Ok(Val::new(Value::Number(show(best)), origins()))
        }
        ("floor" | "ceil", [v]) => {
            let value = number(v).ok_or_else(|| unknowns(v))?;
            Ok(Val::new(Value::Number(show(if name == "floor" { value.floor() } else { value.ceil() })), origins()))
        }
        ("jsonencode", [v]) => {
            let mut out = Val::new(Value::Text(Vec::new()), v.all_origins());
            let mut length = 0;
            encode(v, &mut out, &mut length);
            if length > MAX_TEXT { Err("its text is too long".to_owned()) } else { Ok(out) }
        }
        _ => return Ok(None),
    };
    value.map(Some)
}

fn text(val: &Val) -> Result<String, String> {
    val.literal().ok_or_else(|| unknowns(val))
}

fn items(val: &Val) -> Result<Vec<Val>, String> {
    val.list().map(<[Val]>::to_vec).ok_or_else(|| unknowns(val))
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = true;
    for c in text.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        start = !c.is_alphanumeric();
    }
    out
}

/// `format` with the verbs `%s`, `%d`, `%v`, `%%` and `%0Nd`; others are not evaluated.
fn format(pattern: &str, values: &[Val], origins: Origins) -> Result<Val, String> {
    let mut out = Val::new(Value::Text(Vec::new()), origins);
    let mut length = 0;
    let mut values = values.iter();
    let mut rest = pattern;
    let mut literal = |out: &mut Val, text: &str| push(out, &Val::text(text, Origins::none()), &mut length);
    while let Some(at) = rest.find('%') {
        literal(&mut out, &rest[..at]);
        let verb = &rest[at + 1..];
        let end = verb.find(|c: char| !c.is_ascii_digit()).unwrap_or(verb.len());
        let width: usize = if end == 0 { 0 } else { verb[..end].parse().unwrap_or(usize::MAX) };
        let Some(letter) = verb[end..].chars().next() else { return Err(format!("`{pattern}` is not a format")) };
        rest = &verb[end + letter.len_utf8()..];
        match letter {
            '%' if end == 0 => literal(&mut out, "%"),
            's' | 'v' | 'd' => {
                let value = values.next().ok_or_else(|| "`format` has too few values".to_owned())?;
                if letter == 'v' && value.literal().is_none() && known(value) {
                    return Err("`%v` of a list or a map is not evaluated".to_owned());
                }
                if end == 0 {
                    let mut ignored = 0;
                    push(&mut out, value, &mut ignored);
                    continue;
                }
                let text = value.literal().ok_or_else(|| unknowns(value))?;
                if width > 1000 {
                    return Err("a field of `format` is too wide".to_owned());
                }
                let zero = verb.starts_with('0') && letter == 'd';
                literal(&mut out, &if zero { format!("{text:0>width$}") } else { format!("{text:>width$}") });
            }
            other => return Err(format!("the verb `%{other}` of `format` is not evaluated")),
        }
    }
    literal(&mut out, rest);
    Ok(out)
}

/// JSON as `jsonencode` writes it: keys sorted, no white space, `<`, `>` and `&` escaped.
fn encode(val: &Val, out: &mut Val, length: &mut usize) {
    let lit = |out: &mut Val, text: &str, length: &mut usize| push(out, &Val::text(text, Origins::none()), length);
    if *length > MAX_TEXT {
        return;
    }
    match &val.value {
        Value::Null => lit(out, "null", length),
        Value::Bool(_) | Value::Number(_) => lit(out, &val.literal().unwrap_or_default(), length),
        Value::Text(segments) => {
            lit(out, "\"", length);
            for segment in segments {
                match segment {
                    Segment::Literal(text) => lit(out, &escape(text), length),
                    Segment::Symbol(symbol) => push(out, &Val::new(Value::Symbol(symbol.clone()), Origins::none()), length),
                }
            }
            lit(out, "\"", length);
        }
        Value::Symbol(_) | Value::Unknown(_) => {
            lit(out, "\"", length);
            push(out, val, length);
            lit(out, "\"", length);
        }
        Value::List(items) => {
            lit(out, "[", length);
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    lit(out, ",", length);
                }
                encode(item, out, length);
            }
            lit(out, "]", length);
        }
        Value::Map(entries) => {
            let mut sorted: Vec<&(Sourced<String>, Val)> = entries.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.value.cmp(&b.value));
            lit(out, "{", length);
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                lit(out, if i > 0 { ",\"" } else { "\"" }, length);
                lit(out, &escape(&key.value), length);
                lit(out, "\":", length);
                encode(value, out, length);
            }
            lit(out, "}", length);
        }
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => unicode(&mut out, c),
            c if u32::from(c) < 0x20 => unicode(&mut out, c),
            c => out.push(c),
        }
    }
    out
}

fn unicode(out: &mut String, c: char) {
    let code = u32::from(c);
    out.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        out.push(char::from_digit((code >> shift) & 0xf, 16).unwrap_or('0'));
    }
}
