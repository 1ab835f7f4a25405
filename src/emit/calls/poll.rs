//! A container that makes a call again and again until its answer says that something has ended.
//!
//! The script of the call is a subshell in it, `once`. Around it: the Retry of the call, the question whether it is made again (`AGAIN`, a program of jq over the
//! result), what the next request takes from the last result (`NEXT`, over the request), and the pause. What is there besides the result of the last call
//! is what the call itself leaves.
use super::variable;
use crate::emit::yaml::{Node, Writer};
use crate::ir::machine::{Operand, Retrier};
use crate::ir::poll::{Polls, Test, Update};
use crate::simulate::choice::{Comparison, Of, Wanted};
use crate::source::span::{Origins, Sourced};

/// The variables of a container that polls.
#[must_use]
pub fn variables(polls: &Polls, retry: &[Retrier], w: Writer) -> Vec<Node> {
    let mut pause = w.text(polls.seconds().to_string());
    for text in &polls.pauses {
        pause = pause.from(&text.origins);
    }
    let mut all = vec![variable(w, "AGAIN", w.text(again(polls)).from(&polls.origins)), variable(w, "PAUSE", pause)];
    if !polls.updates.is_empty() {
        all.push(variable(w, "NEXT", w.text(next(&polls.updates))));
    }
    if !retry.is_empty() {
        let mut origins = Origins::none();
        let value = w.text(retriers(retry, &mut origins)).from(&origins);
        all.push(variable(w, "RETRY", value));
    }
    all
}

/// A script that polls, of the script of its call: `start` holds its functions, `call` the rest.
#[must_use]
pub fn script(start: &str, call: &str, polls: &Polls, retry: &[Retrier]) -> String {
    let mut text = format!("{start}once() (\n");
    for line in call.lines() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    text.push_str(")\n");
    if !retry.is_empty() {
        text.push_str(RETRY);
    }
    text.push_str("while :; do\n");
    text.push_str(if retry.is_empty() { "  once || exit 1\n" } else { RETRIED });
    text.push_str("  jq -e \"$AGAIN\" result >/dev/null || break\n");
    if !polls.updates.is_empty() {
        text.push_str(
            "  REQUEST=$(printf '%s' \"$REQUEST\" | jq -c --slurpfile result result \"$NEXT\" 2>problem) || fail States.Runtime \"$(cat problem)\"\n",
        );
    }
    text.push_str("  sleep \"$PAUSE\"\ndone\n");
    text
}

/// The delay before the next attempt, and how many each retrier has had by then; fails where none takes the error, or has any left. Which errors `States.ALL` and
/// `States.TaskFailed` take: Amazon States Language, "Errors".
const RETRY: &str = r#"retry() {
  jq -ec --argjson taken "$taken" '.Error as $error | select($error != "States.Runtime") | $ENV.RETRY | fromjson | to_entries |
    map(select(.value.ErrorEquals | any(. == $error or . == "States.ALL" or (. == "States.TaskFailed" and $error != "States.Timeout")))) | first |
    select(.) | .key as $key | .value | ($taken[$key] // 0) as $had | select($had < .MaxAttempts) |
    [([.IntervalSeconds * pow(.BackoffRate; $had), .MaxDelaySeconds // infinite] | min), ($taken | .[$key] = $had + 1)]' error >delay
}
"#;

const RETRIED: &str = r#"  taken='[]'
  until once; do
    retry || exit 1
    sleep "$(jq '.[0]' delay)"
    taken=$(jq -c '.[1]' delay)
    rm error
  done
"#;

/// jq: whether the call is made again. A field that is missing ends it: the Choice says what that means.
fn again(polls: &Polls) -> String {
    let uses = |wanted: fn(&Test) -> bool| polls.rules.iter().any(|(test, _)| any(test, wanted));
    let mut text = String::new();
    if uses(|test| matches!(test, Test::Compare { .. })) {
        text.push_str(AT);
    }
    if uses(|test| matches!(test, Test::Equal { .. })) {
        text.push_str(LOOKUP);
    }
    let all_leave = polls.rules.iter().all(|(_, again)| !again);
    let body = if all_leave && polls.otherwise {
        let tests = polls.rules.iter().map(|(test, _)| test.clone()).collect();
        format!("{} | not", condition(&Test::Any(tests), false))
    } else if let ([(test, true)], false) = (polls.rules.as_slice(), polls.otherwise) {
        condition(test, false)
    } else {
        let rules: Vec<String> = polls.rules.iter().map(|(test, again)| format!("if {} then {again}", condition(test, false))).collect();
        format!("{} else {} end", rules.join(" el"), polls.otherwise)
    };
    format!("{text}try ({body}) catch false")
}

/// Fields that all must be there.
const AT: &str = "def at($path): reduce $path[] as $key (.; (if type == \"array\" then ($key | tonumber) else $key end) as $key | if has($key) then .[$key] else error(\"no \\($key)\") end); ";

/// A field as JSONata finds it (docs.jsonata.org, "Sequences"): of an array that of each element, and one alone for itself.
const LOOKUP: &str = "def lookup($key): if type == \"array\" then [.[] | lookup($key) | if type == \"array\" then .[] else . end] | if length == 0 then empty elif length == 1 then .[0] else . end \
     elif type == \"object\" and has($key) then .[$key] else empty end; ";

/// Nesting is bounded by the source layer's limit on depth.
fn any(test: &Test, wanted: fn(&Test) -> bool) -> bool {
    wanted(test)
        || match test {
            Test::All(inner) | Test::Any(inner) => inner.iter().any(|test| any(test, wanted)),
            Test::Not(inner) => any(inner, wanted),
            Test::Compare { .. } | Test::Equal { .. } => false,
        }
}

/// One field that is one of several words, if that is all.
fn words<'t>(tests: &'t [Test], at: &mut Option<&'t [String]>, words: &mut Vec<String>) -> Option<()> {
    for test in tests {
        match test {
            // Nesting is bounded by the source layer's limit on depth.
            Test::Any(inner) => self::words(inner, at, words)?,
            Test::Compare { at: field, operator, operand } if operator == "StringEquals" && at.is_none_or(|at| at == field) => {
                *at = Some(field);
                words.push(literal(operand));
            }
            _ => return None,
        }
    }
    Some(())
}

/// Nesting is bounded by the source layer's limit on depth.
fn condition(test: &Test, inside: bool) -> String {
    let joined = |inner: &[Test], word: &str, none: &str| {
        let tests: Vec<String> = inner.iter().map(|test| condition(test, true)).collect();
        match tests.len() {
            0 => none.to_owned(),
            1 => tests.join(""),
            _ if inside => format!("({})", tests.join(word)),
            _ => tests.join(word),
        }
    };
    let (mut at, mut equals) = (None, Vec::new());
    if let (Test::Any(inner), true) = (test, !inside)
        && words(inner, &mut at, &mut equals).is_some()
        && let Some(at) = at
    {
        return format!("at({}) | IN({})", path(at), equals.join(", "));
    }
    match test {
        Test::All(inner) => joined(inner, " and ", "true"),
        Test::Any(inner) => joined(inner, " or ", "false"),
        Test::Not(inner) => format!("({} | not)", condition(inner, false)),
        Test::Equal { at, operand } => {
            let path: Vec<String> = at.iter().map(|key| format!("lookup({})", json(key))).collect();
            format!("([{}] == [{}])", path.join(" | "), literal(operand))
        }
        Test::Compare { at, operator, operand } => {
            let value = format!("at({})", path(at));
            let expected = literal(operand);
            match Comparison::of_operator(operator) {
                Some(Comparison::Order(Of::Numeric, Wanted::Equals)) => format!("({value} == {expected})"),
                Some(Comparison::Order(Of::Numeric, wanted)) => {
                    let sign = match wanted {
                        Wanted::LessThan => "<",
                        Wanted::GreaterThan => ">",
                        Wanted::LessThanEquals => "<=",
                        Wanted::GreaterThanEquals | Wanted::Equals => ">=",
                    };
                    format!("({value} | type == \"number\" and . {sign} {expected})")
                }
                Some(Comparison::Order(..) | Comparison::StringMatches) => format!("({value} == {expected})"),
                Some(Comparison::IsPresent) => format!("((try ({value} | true) catch false) == {expected})"),
                Some(Comparison::IsNull) => format!("(({value} == null) == {expected})"),
                Some(Comparison::IsString) => format!("(({value} | type == \"string\") == {expected})"),
                Some(Comparison::IsNumeric) => format!("(({value} | type == \"number\") == {expected})"),
                Some(Comparison::IsBoolean) => format!("(({value} | type == \"boolean\") == {expected})"),
                // The pass takes no other.
                Some(Comparison::IsTimestamp) | None => "error".to_owned(),
            }
        }
    }
}

/// jq: the next request of the last one, `$result` being the answers.
fn next(updates: &[Update]) -> String {
    let set: Vec<String> = updates
        .iter()
        .map(|update| {
            let value = if update.from.is_empty() { "$result[0]".to_owned() } else { format!("($result[0] | at({}))", path(&update.from)) };
            if update.to.is_empty() { value } else { format!("setpath({}; {value})", path(&update.to)) }
        })
        .collect();
    let at = if updates.iter().any(|update| !update.from.is_empty()) { AT } else { "" };
    format!("{at}{}", set.join(" | "))
}

fn path(keys: &[String]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| json(key)).collect();
    format!("[{}]", keys.join(","))
}

/// A text as JSON and jq write it: jq's own `\(` is no escape of JSON, so none comes out. A brace doubled would be a tag to Argo.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace("{{", "{\\u007b").replace("}}", "}\\u007d")
}

fn literal(operand: &Operand) -> String {
    match operand {
        Operand::Text(text) | Operand::Path(text) => json(&text.value),
        Operand::Number(number) => number.value.clone(),
        Operand::Bool(value) => value.value.to_string(),
    }
}

/// The retriers as JSON, defaults written out (Amazon States Language, "Retrying after error").
fn retriers(retry: &[Retrier], origins: &mut Origins) -> String {
    let one = |retrier: &Retrier, origins: &mut Origins| {
        let mut number = |field: &Option<Sourced<String>>, default: &str| {
            if let Some(number) = field {
                origins.extend(&number.origins);
            }
            field.as_ref().map_or_else(|| default.to_owned(), |number| number.value.clone())
        };
        let (interval, most) = (number(&retrier.interval_seconds, "1"), number(&retrier.max_attempts, "3"));
        let rate = number(&retrier.backoff_rate, "2");
        let cap = retrier.max_delay_seconds.as_ref().map(|_| number(&retrier.max_delay_seconds, "0"));
        let cap = cap.map(|cap| format!(",\"MaxDelaySeconds\":{cap}")).unwrap_or_default();
        for error in &retrier.error_equals {
            origins.extend(&error.origins);
        }
        let names: Vec<String> = retrier.error_equals.iter().map(|error| json(&error.value)).collect();
        format!(
            "{{\"ErrorEquals\":[{}],\"IntervalSeconds\":{interval},\"MaxAttempts\":{most},\"BackoffRate\":{rate}{cap}}}",
            names.join(",")
        )
    };
    let all: Vec<String> = retry.iter().map(|retrier| one(retrier, origins)).collect();
    format!("[{}]", all.join(","))
}
