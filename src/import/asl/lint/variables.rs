//! Variables: their names, their scopes, and those that are read and never assigned.
//!
//! "Passing data between states with variables": a variable exists in a scope if any state of the scope assigns it; branches and
//! item processors see those around them and cannot assign a name of theirs that is assigned on a way into the state; a distributed Map sees none of them.
use super::jsonata::{Token, tokens};
use super::paths;
use super::uses::{self, Kind};
use super::{completed_later, inner};
use crate::import::asl::fields;
use crate::ir::machine::{Graph, Machine, Next, State, StateKind, Template, TemplateValue};
use crate::source::rules::lint::{ASL213, ASL214, ASL215, ASL216};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Sourced;
use std::collections::{BTreeMap, BTreeSet};

/// The longest name, in characters.
const LONGEST: usize = 80;

/// Functions of JSONata 2.0.6 and of Step Functions: as values, they are no variables.
const FUNCTIONS: &[&str] = &[
    "abs",
    "append",
    "assert",
    "average",
    "base64decode",
    "base64encode",
    "boolean",
    "ceil",
    "clone",
    "contains",
    "count",
    "decodeUrl",
    "decodeUrlComponent",
    "distinct",
    "each",
    "encodeUrl",
    "encodeUrlComponent",
    "error",
    "eval",
    "exists",
    "filter",
    "floor",
    "formatBase",
    "formatInteger",
    "formatNumber",
    "fromMillis",
    "hash",
    "join",
    "keys",
    "length",
    "lookup",
    "lowercase",
    "map",
    "match",
    "max",
    "merge",
    "millis",
    "min",
    "not",
    "now",
    "number",
    "pad",
    "parse",
    "parseInteger",
    "partition",
    "power",
    "random",
    "range",
    "reduce",
    "replace",
    "reverse",
    "round",
    "shuffle",
    "sift",
    "single",
    "sort",
    "split",
    "spread",
    "sqrt",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "toMillis",
    "trim",
    "type",
    "uppercase",
    "uuid",
    "zip",
];

/// More names than these are not searched for the nearest.
const FEW: usize = 200;

/// The variables of a scope, and the scopes around it.
struct Scope<'a, 'm> {
    own: BTreeMap<&'m str, &'m Sourced<String>>,
    graph: &'m Graph,
    outer: Option<&'a Scope<'a, 'm>>,
    /// The state of the outer scope that this one is inside of.
    within: Option<&'m State>,
    /// Whether it is the processor of a distributed Map, which does not see the scopes around it.
    apart: bool,
}

impl<'m> Scope<'_, 'm> {
    /// Where a variable is assigned that is seen from here.
    fn seen(&self, name: &str) -> Option<&'m Sourced<String>> {
        let outer = self.outer.filter(|_| !self.apart);
        self.own.get(name).copied().or_else(|| outer.and_then(|outer| outer.seen(name)))
    }

    /// Where a variable is assigned, here or further out, on a way that leads into this state: a scope inside it cannot assign it too. What is
    /// assigned only after the state is free (measured on AWS: iwamot/sfnx, `docs/design.md`, "States").
    fn taken(&self, name: &str, state: &'m State) -> Option<&'m Sourced<String>> {
        let own = self.own.contains_key(name).then(|| assigned_before(self.graph, state, name)).flatten();
        own.or_else(|| self.outer.zip(self.within).and_then(|(outer, within)| outer.taken(name, within)))
    }

    /// Where a variable is assigned, seen from here or not.
    fn anywhere(&self, name: &str) -> Option<&'m Sourced<String>> {
        self.own.get(name).copied().or_else(|| self.outer.and_then(|outer| outer.anywhere(name)))
    }
}

/// The transitions of a state, each with what it assigns.
fn transitions(state: &State) -> Vec<(&str, Option<&Template>)> {
    let own = state.data.assign.as_ref();
    let mut out = Vec::new();
    if let Some(Next::State(next)) = &state.next {
        out.push((next.value.as_str(), own));
    }
    if let StateKind::Choice { rules, default } = &state.kind {
        out.extend(rules.iter().filter_map(|rule| Some((rule.next.as_ref()?.value.as_str(), rule.assign.as_ref()))));
        out.extend(default.iter().map(|default| (default.value.as_str(), own)));
    }
    out.extend(state.catch.iter().filter_map(|catcher| Some((catcher.next.as_ref()?.value.as_str(), catcher.assign.as_ref()))));
    out
}

/// The assignment of a variable by a transition from which a state can be reached.
fn assigned_before<'m>(of: &'m Graph, state: &State, name: &str) -> Option<&'m Sourced<String>> {
    let mut sources: BTreeMap<&str, Vec<&'m State>> = BTreeMap::new();
    for source in &of.states {
        for (target, _) in transitions(source) {
            sources.entry(target).or_default().push(source);
        }
    }
    let mut reaching = BTreeSet::from([state.name.value.as_str()]);
    let mut left = vec![state.name.value.as_str()];
    while let Some(target) = left.pop() {
        for source in sources.get(target).into_iter().flatten() {
            if reaching.insert(&source.name.value) {
                left.push(&source.name.value);
            }
        }
    }
    let leading = of.states.iter().flat_map(transitions).filter(|(target, _)| reaching.contains(target));
    names(leading.filter_map(|(_, assign)| assign).collect()).find(|assigned| assigned.value == name)
}

pub(super) fn machine(machine: &Machine, sink: &mut Sink) {
    graph(&machine.graph, None, false, sink);
}

/// The templates that assign, in a state, but for its catchers'.
fn own_assigns(state: &State) -> Vec<&Template> {
    let mut out: Vec<&Template> = state.data.assign.iter().collect();
    if let StateKind::Choice { rules, .. } = &state.kind {
        out.extend(rules.iter().filter_map(|rule| rule.assign.as_ref()));
    }
    out
}

/// The templates that assign, in a state.
fn assigns(state: &State) -> Vec<&Template> {
    let mut out = own_assigns(state);
    out.extend(state.catch.iter().filter_map(|catcher| catcher.assign.as_ref()));
    out
}

/// The variables that templates assign.
fn names(templates: Vec<&Template>) -> impl Iterator<Item = &Sourced<String>> {
    let maps =
        templates.into_iter().filter_map(|template| if let TemplateValue::Map(entries) = &template.value { Some(entries) } else { None });
    maps.flatten().map(|(name, _)| name)
}

/// `outer`: the scope around this one, and the state of it that this one is inside of. `apart`: whether this is the processor of a distributed Map.
fn graph<'m>(of: &'m Graph, outer: Option<(&Scope<'_, 'm>, &'m State)>, apart: bool, sink: &mut Sink) {
    for assign in of.states.iter().flat_map(assigns) {
        let later = matches!(&assign.value, TemplateValue::Text(text) if completed_later(text));
        if !later && !matches!(assign.value, TemplateValue::Map(_)) {
            let report = Diagnostic::error(&ASL216, assign.span, "`Assign` is not an object: Step Functions refuses it");
            sink.report(report.help("write one field for each variable"));
        }
    }
    let mut own = BTreeMap::new();
    for name in of.states.iter().flat_map(|state| names(assigns(state))) {
        check_name(name, sink);
        if let Some(first) = outer.and_then(|(outer, state)| outer.taken(&name.value, state)) {
            let message = format!("the states around this scope assign `{}` too: Step Functions refuses it", name.value);
            let report = Diagnostic::error(&ASL215, name.span(), message).related(first.span(), "it is assigned here");
            sink.report(report.help("rename one of them, or return the value with `Output` and assign it outside"));
        }
        own.entry(name.value.as_str()).or_insert(name);
    }
    let (outer, within) = outer.unzip();
    inside(of, &Scope { own, graph: of, outer, within, apart }, sink);
}

/// The states of a scope, and the scopes inside it.
fn inside<'m>(of: &'m Graph, scope: &Scope<'_, 'm>, sink: &mut Sink) {
    for state in &of.states {
        read(state, scope, sink);
        let apart = matches!(&state.kind, StateKind::Map(map) if map.mode.as_ref().is_some_and(|mode| mode.value == "DISTRIBUTED"));
        for inner in inner(state) {
            graph(inner, Some((scope, state)), apart, sink);
        }
    }
}

fn check_name(name: &Sourced<String>, sink: &mut Sink) {
    let text = name.value.strip_suffix(".$").unwrap_or(&name.value);
    if completed_later(text) {
        return;
    }
    let count = text.chars().count();
    let why = if text == "states" {
        "the name is reserved".to_owned()
    } else if text.is_empty() {
        "the name is empty".to_owned()
    } else if count > LONGEST {
        format!("the name has {count} characters, but at most {LONGEST} are allowed")
    } else if text.contains(['.', '[']) {
        "a part of a variable cannot be assigned".to_owned()
    } else if !text.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        "a name starts with a letter".to_owned()
    } else if let Some(wrong) = text.chars().find(|c| !(c.is_alphanumeric() || *c == '_')) {
        format!("a name cannot have the character `{}`", wrong.escape_default())
    } else {
        return;
    };
    let report = Diagnostic::error(&ASL214, name.span(), format!("`{text}` cannot be assigned: {why}"));
    sink.report(report.help("use letters, digits and `_`"));
}

/// Reports the variables that a state reads and no state assigns.
fn read(state: &State, scope: &Scope<'_, '_>, sink: &mut Sink) {
    let mut said = BTreeSet::new();
    for found in uses::of(state) {
        if completed_later(found.text) {
            continue;
        }
        let names: Vec<&str> = match found.kind {
            Kind::Jsonata => free(found.text),
            Kind::Reference => Vec::new(), // that it takes no variable is said already
            Kind::Template | Kind::PathOrFunction if found.text.starts_with("States.") => {
                paths::intrinsic(found.text).map(|call| call.paths).unwrap_or_default().into_iter().filter_map(paths::variable_of).collect()
            }
            Kind::Template | Kind::PathOrFunction | Kind::Path => paths::variable_of(found.text).into_iter().collect(),
        };
        for name in names {
            if scope.seen(name).is_some() || name == "states" || !said.insert(name.to_owned()) {
                continue;
            }
            let report = Diagnostic::warning(&ASL213, found.span, format!("no state assigns the variable `${name}`"));
            sink.report(if let Some(elsewhere) = scope.anywhere(name) {
                let help = "a distributed Map does not see the variables around it: pass it with `ItemSelector`";
                report.related(elsewhere.span(), "it is assigned here").help(help)
            } else if let Some(near) = nearest(name, scope) {
                report.help(format!("did you mean `${near}`?"))
            } else {
                report.help("assign it with `Assign` in a state before")
            });
        }
    }
}

fn nearest<'m>(name: &str, scope: &Scope<'_, 'm>) -> Option<&'m str> {
    let mut names: Vec<&'m str> = scope.own.keys().copied().take(FEW).collect();
    let mut outer = scope.outer.filter(|_| !scope.apart);
    while let Some(scope) = outer {
        names.extend(scope.own.keys().take(FEW));
        outer = scope.outer.filter(|_| !scope.apart);
    }
    names.truncate(FEW);
    fields::nearest(name, names)
}

/// The variables that an expression reads and does not bind itself.
fn free(text: &str) -> Vec<&str> {
    let Ok(tokens) = tokens(text) else { return Vec::new() };
    let mut bound: BTreeSet<&str> = BTreeSet::new();
    let mut parameters: Vec<bool> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let previous = at.checked_sub(1).and_then(|at| tokens.get(at));
        match token {
            Token::Sign("(") => parameters.push(matches!(previous, Some(Token::Name("function" | "λ")))),
            Token::Sign(")") => {
                parameters.pop();
            }
            Token::Variable(name) => {
                let binds = parameters.last().copied().unwrap_or_default()
                    || tokens.get(at + 1) == Some(&Token::Sign(":="))
                    || matches!(previous, Some(Token::Sign("@" | "#")));
                if binds {
                    bound.insert(name);
                }
            }
            _ => {}
        }
    }
    let reads = tokens.iter().enumerate().filter_map(|(at, token)| match token {
        // A call is of a function, and an unknown one is the interpreter's to report.
        Token::Variable(name) if !matches!(*name, "" | "$") && tokens.get(at + 1) != Some(&Token::Sign("(")) => Some(*name),
        _ => None,
    });
    reads.filter(|name| !bound.contains(name) && !FUNCTIONS.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_an_expression_binds_are_not_free() {
        for (text, expected) in [
            ("$a + $b.c", vec!["a", "b"]),
            ("($x := $a; $x + 1)", vec!["a"]),
            ("$map($items, function($v, $i) { $v + $i + $n })", vec!["items", "n"]),
            ("x@$v#$i.($v = $i)", vec![]),
            ("$ & $$.a & $states.input", vec!["states"]),
            ("$map(a, $string)", vec![]),
            ("'$a' & \"$b\" /* $c */", vec![]),
        ] {
            assert_eq!(free(text), expected, "{text}");
        }
    }
}
