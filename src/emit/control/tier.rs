//! How a part of a state is computed: not at all, at compile time, by an expression, or by the runtime pod.
use crate::emit::argo_expressions::{self, Failure, Names, Tier as Found};
use crate::ir::machine::{Catcher, Data, Map, Number, PathField, QueryLanguage, State, StateKind, Template};
use crate::simulate::eval::safe;
use crate::simulate::program::{self, literal};

/// Where a node that computes has its data; `machine`: the state machine's name, `retries`: whether it counts how often the state was tried again.
#[derive(Clone, Copy)]
pub struct Around<'m> {
    pub machine: &'m str,
    pub retries: bool,
}

impl<'m> Around<'m> {
    fn names(self) -> Names<'m> {
        Names {
            document: "inputs.parameters.state",
            variables: "inputs.parameters.variables",
            result: "inputs.parameters.result",
            error: "inputs.parameters.error",
            input: EXECUTION_INPUT,
            machine: self.machine,
            retries: self.retries.then_some("inputs.parameters.retries"),
        }
    }
}

/// The execution's input, in a node that has it.
pub const EXECUTION_INPUT: &str = "inputs.parameters.input";

/// A translation as a tier; `rename`: what an output is called here.
fn translated(found: Found, rename: &dyn Fn(&str, String) -> (String, String)) -> Tier {
    match found {
        Found::Pod => Tier::Pod,
        Found::Folded(outputs) => {
            let outputs = outputs.into_iter().map(|(name, text)| rename(name, super::text::literal(&text))).collect();
            Tier::Expression { guard: "true".into(), outputs, failure: None }
        }
        Found::Expression(fast) => {
            let outputs = fast.outputs.into_iter().map(|(name, text)| rename(name, text)).collect();
            Tier::Expression { guard: fast.guard, outputs, failure: fast.failure }
        }
    }
}

fn same_name(name: &str, text: String) -> (String, String) {
    (name.to_owned(), text)
}

/// The cheapest way that is exact for every input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tier {
    /// What comes in goes out.
    Same,
    /// A JSON text known now.
    Folded(String),
    /// The error output that a catcher took, as it is.
    ErrorOutput,
    /// Expressions that are exact where the guard holds.
    Expression { guard: String, outputs: Vec<(String, String)>, failure: Option<Failure> },
    /// The runtime pod, always.
    Pod,
}

/// Whether a path is the whole of what it is applied to.
pub(super) fn whole(path: Option<&PathField>) -> bool {
    match path {
        None => true,
        Some(PathField::Path(path)) => path.value == "$",
        Some(PathField::Null(_)) => false,
    }
}

/// The `Output` of a state in JSONata that assigns nothing.
fn jsonata_output(data: &Data) -> Tier {
    match &data.output {
        None => Tier::Same,
        Some(output) if output.expressions().is_empty() => Tier::Folded(safe(&literal(output))),
        Some(_) => Tier::Pod,
    }
}

/// Pass and Succeed.
#[must_use]
pub fn pass(state: &State, around: Around<'_>) -> Tier {
    match plain_pass(state) {
        Tier::Pod => translated(argo_expressions::pass(state, &around.names()), &same_name),
        tier => tier,
    }
}

fn plain_pass(state: &State) -> Tier {
    let data = &state.data;
    if data.assign.is_some() {
        return Tier::Pod;
    }
    if state.query_language == QueryLanguage::Jsonata {
        return jsonata_output(data);
    }
    let result = match &state.kind {
        StateKind::Pass { result } => result.as_ref(),
        _ => None,
    };
    if !whole(data.output_path.as_ref()) {
        return Tier::Pod;
    }
    // The result is thrown away.
    if matches!(data.result_path, Some(PathField::Null(_)))
        && (result.is_some() || (data.parameters.is_none() && whole(data.input_path.as_ref())))
    {
        return Tier::Same;
    }
    if !whole(data.result_path.as_ref()) {
        return Tier::Pod;
    }
    match (result, &data.parameters) {
        (Some(result), _) if whole(data.input_path.as_ref()) => Tier::Folded(safe(&literal(result))),
        (None, Some(parameters)) if parameters.expressions().is_empty() && whole(data.input_path.as_ref()) => {
            Tier::Folded(safe(&literal(parameters)))
        }
        (None, None) if whole(data.input_path.as_ref()) => Tier::Same,
        _ => Tier::Pod,
    }
}

/// What a Task sends, or a Parallel gives to its branches.
#[must_use]
pub fn arguments(state: &State, around: Around<'_>) -> Tier {
    match plain_arguments(state) {
        Tier::Pod => translated(argo_expressions::arguments(state, &around.names()), &|_, text| ("output".to_owned(), text)),
        tier => tier,
    }
}

fn plain_arguments(state: &State) -> Tier {
    let data = &state.data;
    match state.sent() {
        Some(template) if template.expressions().is_empty() && whole(data.input_path.as_ref()) => Tier::Folded(safe(&literal(template))),
        None if whole(data.input_path.as_ref()) => Tier::Same,
        _ => Tier::Pod,
    }
}

/// What leaves a state that has a result: [`Tier::Same`] means the result itself.
#[must_use]
pub fn result(state: &State, around: Around<'_>) -> Tier {
    match plain_result(state) {
        Tier::Pod => translated(argo_expressions::result(state, &around.names()), &same_name),
        tier => tier,
    }
}

/// Whether what leaves a state with a result is the result.
#[must_use]
pub fn leaves_result(state: &State) -> bool {
    plain_result(state) == Tier::Same
}

fn plain_result(state: &State) -> Tier {
    let data = &state.data;
    if data.assign.is_some() {
        return Tier::Pod;
    }
    if state.query_language == QueryLanguage::Jsonata {
        return jsonata_output(data);
    }
    if data.result_selector.is_none() && whole(data.result_path.as_ref()) && whole(data.output_path.as_ref()) {
        return Tier::Same;
    }
    Tier::Pod
}

/// Whether a state with a result throws it away and leaves the document as it is.
#[must_use]
pub fn keeps_document(state: &State) -> bool {
    let data = &state.data;
    data.assign.is_none()
        && state.query_language == QueryLanguage::JsonPath
        && matches!(data.result_path, Some(PathField::Null(_)))
        && data.result_selector.is_none()
        && whole(data.output_path.as_ref())
}

/// What leaves a Wait: [`Tier::Same`] where it is what came in.
#[must_use]
pub fn waited(state: &State, around: Around<'_>) -> Tier {
    let data = &state.data;
    let plain = data.assign.is_none() && data.output.is_none() && whole(data.input_path.as_ref()) && whole(data.output_path.as_ref());
    if plain { Tier::Same } else { translated(argo_expressions::result(state, &around.names()), &same_name) }
}

/// A Choice.
#[must_use]
pub fn choose(state: &State, around: Around<'_>) -> Tier {
    translated(argo_expressions::choose(state, &around.names()), &same_name)
}

/// A Fail whose texts are data: `output` is a failure's JSON text.
#[must_use]
pub fn fail(state: &State, around: Around<'_>) -> Tier {
    match translated(argo_expressions::fail(state, &around.names()), &same_name) {
        Tier::Expression { guard, outputs, failure } => {
            let of = |wanted: &str| outputs.iter().find(|(name, _)| name == wanted).map_or("\"\"", |(_, text)| text.as_str());
            let json = format!(r#"toJson({{"Error": {}, "Cause": {}}})"#, of("error"), of("cause"));
            Tier::Expression { guard, outputs: vec![("output".into(), super::text::safe_json(&json))], failure }
        }
        other => other,
    }
}

/// A Wait whose time is data.
#[must_use]
pub fn wait(state: &State, around: Around<'_>) -> Tier {
    translated(argo_expressions::wait(state, &around.names()), &|_, text| ("output".to_owned(), format!("{text} + \"s\"")))
}

/// Whether the numbers of a Map are literals. Those that are data are checked where they are evaluated.
fn has_literal_numbers(map: &Map) -> bool {
    let literal = |number: &Option<Number>| matches!(number, None | Some(Number::Literal(_)));
    literal(&map.max_concurrency) && literal(&map.tolerated_failure_count) && literal(&map.tolerated_failure_percentage)
}

/// Where the reader of a Map reads.
#[must_use]
pub fn reader(state: &State, reader: &Template, around: Around<'_>) -> Tier {
    let StateKind::Map(map) = &state.kind else { return Tier::Pod };
    if !has_literal_numbers(map) || program::reader_limit(reader).is_none() {
        return Tier::Pod;
    }
    // It is evaluated as the template of a Pass would be.
    let place = program::place(reader).cloned();
    let (parameters, arguments) = if state.query_language == QueryLanguage::Jsonata { (None, place) } else { (place, None) };
    let data = Data { input_path: state.data.input_path.clone(), parameters, arguments, ..Data::default() };
    let kind = StateKind::Pass { result: None };
    self::arguments(&State { kind, data, retry: Vec::new(), catch: Vec::new(), ..state.clone() }, around)
}

/// The items of a Map, and in `variables` how many may fail.
#[must_use]
pub fn items(state: &State, around: Around<'_>) -> Tier {
    // Each item as a JSON text of its own, so that what is taken out is what was put in.
    let each = super::text::safe_json("toJson(#)");
    translated(argo_expressions::items(state, &around.names()), &|name, text| match name {
        // A Map assigns nothing before its items have run: the output is free for what is tolerated, as the pod's is.
        "tolerated" => ("variables".to_owned(), text),
        _ => ("output".to_owned(), format!("toJson(map(fromJSON({text}), {each}))")),
    })
}

/// What a catcher leaves. [`Tier::Folded`] with `error` means the error output itself.
#[must_use]
pub fn caught(state: &State, index: usize, catcher: &Catcher, around: Around<'_>) -> Tier {
    match plain_caught(state, catcher) {
        Tier::Pod => translated(argo_expressions::caught(state, index, &around.names()), &same_name),
        tier => tier,
    }
}

fn plain_caught(state: &State, catcher: &Catcher) -> Tier {
    if catcher.assign.is_some() {
        return Tier::Pod;
    }
    if state.query_language == QueryLanguage::Jsonata {
        return match &catcher.output {
            None => Tier::ErrorOutput,
            Some(_) => Tier::Pod,
        };
    }
    match &catcher.result_path {
        None => Tier::ErrorOutput,
        Some(PathField::Null(_)) => Tier::Same,
        Some(PathField::Path(path)) if path.value == "$" => Tier::ErrorOutput,
        Some(_) => Tier::Pod,
    }
}
