//! The three tiers, and how a guard and its outputs are written.
use super::ast::{Ast, Printer, Root, and, binary, call, or, text, when};
use super::fail::{Failing, Failures};
use super::guard::Guard;
use super::json::Json;
use super::plain::{comparable, plain};
use crate::simulate::engine::PAYLOAD_LIMIT;

/// Where the texts are: Argo expressions, each holding together without parentheses (`inputs.parameters.state`). And what else a state may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The state document's JSON text.
    pub document: &'a str,
    /// The JSON text of one object with all variables.
    pub variables: &'a str,
    /// The JSON text of a task's result.
    pub result: &'a str,
    /// The JSON text of `{"Error", "Cause"}`.
    pub error: &'a str,
    /// The JSON text of the execution's input.
    pub input: &'a str,
    /// The name of the state machine, as it is.
    pub machine: &'a str,
    /// The JSON text of an array whose sum is how often the state was tried again; `None`: it is never.
    pub retries: Option<&'a str>,
}

impl Names<'_> {
    fn source(&self, root: Root) -> &str {
        match root {
            Root::Document => self.document,
            Root::Variables => self.variables,
            Root::Result => self.result,
            Root::Error => self.error,
            Root::Input => self.input,
        }
    }
}

/// How what a state computes is computed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tier {
    /// Known now: the texts themselves, by output.
    Folded(Vec<(&'static str, String)>),
    /// By Argo, where the guard holds.
    Expression(Fast),
    /// By the interpreter in a pod, always.
    Pod,
}

/// A translation: where `guard` is true, the interpreter succeeds and gives exactly these outputs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fast {
    /// An Argo expression that gives a boolean for every JSON text; `true` where nothing needs to be asked. Neither braces side by side nor `let`.
    pub guard: String,
    /// Argo expressions that give texts: JSON for `output`, `arguments`, `variables` and `items`, bare for `next`, `seconds`, `error` and `cause`. They do
    /// not fail where the guard holds; `let` may be in them, in parentheses.
    pub outputs: Vec<(&'static str, String)>,
    /// Where the interpreter fails, and how.
    pub failure: Option<Failure>,
}

/// A failure that is known: where `when` is true, the guard is not, and the interpreter fails with exactly `output`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// An Argo expression like a guard.
    pub when: String,
    /// An expression of the JSON text `{"Error", "Cause"}`. It may fail where `when` is false.
    pub output: String,
}

/// An output before it is written.
pub(super) enum Output {
    /// The limit on payloads holds for it.
    Payload(Json),
    /// JSON without a limit.
    Json(Json),
    /// An expression of a JSON text.
    Texts(Ast),
    /// An expression of a text that is no JSON.
    Text(Ast),
    /// The same, whose roots are only compared.
    Verdict(Ast),
}

/// JSON text in which no tag of Argo's can stand.
#[must_use]
pub fn escaped(json: &str) -> String {
    json.replace("{{", "{\\u007b")
}

/// The expression that escapes the JSON text that `json` gives, see [`escaped`].
#[must_use]
pub fn escaping(json: &str) -> String {
    format!("sprig.replace(\"{{\\x7b\", \"{{\\x5cu007b\", {json})")
}

/// A JSON text as an output gives it.
fn json_output(json: &Json) -> Option<Ast> {
    json.text().map(escaped_text)
}

fn escaped_text(json: Ast) -> Ast {
    match json {
        Ast::Text(json) => text(escaped(&json)),
        source @ Ast::Source(_) => source,
        other => call("sprig.replace", [text("{{"), text("{\\u007b"), other]),
    }
}

/// Puts a translation together. `None` among the outputs: it cannot be done.
pub(super) fn finish(names: &Names<'_>, guard: Guard, outputs: Vec<(&'static str, Option<Output>)>) -> Tier {
    try_finish(names, guard, outputs).unwrap_or(Tier::Pod)
}

/// The same for a part of which some failures are known.
pub(super) fn finish_or_fail(
    names: &Names<'_>,
    guard: Guard,
    outputs: Vec<(&'static str, Option<Output>)>,
    failures: Failures<'_>,
) -> Tier {
    match finish(names, guard, outputs) {
        Tier::Expression(fast) => Tier::Expression(Fast { failure: failure(names, failures.into_all()), ..fast }),
        other => other,
    }
}

fn failure(names: &Names<'_>, all: Vec<Failing>) -> Option<Failure> {
    let mut all = all.into_iter().rev();
    let Failing { when: condition, error, cause } = all.next()?;
    let (mut any, mut error, mut cause) = (condition, text(error), cause);
    for failing in all {
        error = when(failing.when.clone(), text(failing.error), error);
        cause = when(failing.when.clone(), failing.cause, cause);
        any = or(failing.when, any);
    }
    let mut known = Vec::new();
    let texts = Root::ALL.into_iter().filter(|root| any.parses(*root) || cause.parses(*root)).map(plain);
    let head = texts.fold(Ast::Bool(true), and).simplified(&mut known);
    let any = any.simplified(&mut known);
    let source = |root: Root| names.source(root).to_owned();
    let plain_printer = Printer { source: &source, outside: &|_| None, within: &|_| None };
    let json = call("toJson", [Ast::Map(vec![("Error".into(), error), ("Cause".into(), cause)])]);
    Some(Failure { when: print_guard(names, &plain_printer, head, &any), output: print_output(names, &escaped_text(json)) })
}

fn try_finish(names: &Names<'_>, guard: Guard, outputs: Vec<(&'static str, Option<Output>)>) -> Option<Tier> {
    let conditions = guard.ast();
    let mut written = Vec::new();
    let mut limits = Ast::Bool(true);
    for (name, output) in outputs {
        let (ast, verdict) = match output? {
            Output::Payload(json) => {
                limits = and(limits, limit(&json)?);
                (json_output(&json)?, false)
            }
            Output::Json(json) => (json_output(&json)?, false),
            Output::Texts(ast) => (escaped_text(ast), false),
            Output::Text(ast) => (ast, false),
            Output::Verdict(ast) => (ast, true),
        };
        written.push((name, ast, verdict));
    }
    let draws: usize = written.iter().map(|(_, ast, _)| ast.draws()).sum();
    if draws > 1 || conditions.draws() > 0 {
        return None;
    }
    if conditions == Ast::Bool(false) {
        return None;
    }
    if conditions == Ast::Bool(true) {
        let known: Option<Vec<_>> = written
            .iter()
            .map(|(name, ast, _)| match ast {
                Ast::Text(text) => Some((*name, text.clone())),
                _ => None,
            })
            .collect();
        if let Some(known) = known {
            return Some(Tier::Folded(known));
        }
    }
    let mut texts = Ast::Bool(true);
    for root in Root::ALL {
        // What a guard asks for by itself stands there already.
        let emitted = written.iter().any(|(_, ast, verdict)| !verdict && ast.writes(root));
        let read = emitted || conditions.parses(root) || written.iter().any(|(_, ast, _)| ast.parses(root));
        let asked = mentions_condition(&conditions, &plain(root));
        if emitted || asked {
            texts = and(texts, plain(root));
        } else if read {
            texts = and(texts, comparable(root));
        }
    }
    let head = and(texts, limits);
    let mut known = Vec::new();
    let head = head.simplified(&mut known);
    let conditions = conditions.simplified(&mut known);
    let source = |root: Root| names.source(root).to_owned();
    let plain_printer = Printer { source: &source, outside: &|_| None, within: &|_| None };
    let guard = print_guard(names, &plain_printer, head, &conditions);
    let outputs = written.iter().map(|(name, ast, _)| (*name, print_output(names, ast))).collect();
    Some(Tier::Expression(Fast { guard, outputs, failure: None }))
}

/// That what is written stays below the largest payload. An identity has no more than what came in.
pub(super) fn limit(json: &Json) -> Option<Ast> {
    let (growth, constants) = json.size();
    if growth == 0 || matches!(json, Json::Root(_)) {
        return Some(Ast::Bool(true));
    }
    // A character has at most four bytes.
    let most = PAYLOAD_LIMIT.checked_sub(constants)? / 4 / growth;
    let mut roots = Vec::new();
    let read = json.text()?;
    for root in Root::ALL {
        if read.parses(root) || mentions(&read, root) {
            roots.push(call("len", [Ast::Source(root)]));
        }
    }
    let lengths = roots.into_iter().reduce(|left, right| binary("+", left, right));
    Some(lengths.map_or(Ast::Bool(true), |lengths| binary("<", lengths, Ast::Int(i64::try_from(most).unwrap_or(i64::MAX)))))
}

fn mentions_condition(ast: &Ast, wanted: &Ast) -> bool {
    // What is asked in one case only stays there.
    ast == wanted || (!matches!(ast, Ast::If(..)) && ast.any_child(&|child| mentions_condition(child, wanted)))
}

fn mentions(ast: &Ast, root: Root) -> bool {
    *ast == Ast::Source(root) || ast.any_child(&|child| mentions(child, root))
}

fn print_guard(names: &Names<'_>, plain_printer: &Printer<'_>, head: Ast, conditions: &Ast) -> String {
    let parsed: Vec<Root> = Root::ALL.into_iter().filter(|root| conditions.reads(*root) > 0).collect();
    let reads: usize = parsed.iter().map(|root| conditions.reads(*root)).sum();
    if reads < 2 {
        return plain_printer.print(&and(head, conditions.clone()));
    }
    let source = |root: Root| names.source(root).to_owned();
    let outside = |root: Root| Some(if parsed.len() == 1 { "#".to_owned() } else { format!("#.{}", root.word()) });
    let printer = Printer { source: &source, outside: &outside, within: &|_| None };
    let bound = match parsed.as_slice() {
        [root] => format!("[fromJSON({})]", names.source(*root)),
        roots => {
            let entries: Vec<String> = roots.iter().map(|root| format!("\"{}\": fromJSON({})", root.word(), names.source(*root))).collect();
            format!("[{{{}}}]", entries.join(", "))
        }
    };
    let body = format!("all({bound}, {})", printer.print(conditions));
    let body = body.replace("}}", "} }");
    if head == Ast::Bool(true) { body } else { format!("{} and {body}", plain_printer.print(&head)) }
}

fn print_output(names: &Names<'_>, ast: &Ast) -> String {
    let bound: Vec<Root> = Root::ALL.into_iter().filter(|root| ast.reads(*root) > 1).collect();
    let source = |root: Root| names.source(root).to_owned();
    let name = |root: Root| bound.contains(&root).then(|| root.word().to_owned());
    let printer = Printer { source: &source, outside: &name, within: &name };
    let body = printer.print(ast);
    if bound.is_empty() {
        return if matches!(ast, Ast::If(..) | Ast::Binary(..) | Ast::Not(_)) { format!("({body})") } else { body };
    }
    let lets: String = bound.iter().map(|root| format!("let {} = fromJSON({}); ", root.word(), names.source(*root))).collect();
    format!("({lets}{body})")
}

#[cfg(test)]
mod tests;
