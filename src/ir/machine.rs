//! The machine IR: a state machine as the Amazon States Language means it, no field lost.
//!
//! A [`Machine`] is a [`Graph`] of named states; the branches of Parallel and the processor of Map are graphs of their own.
//! Expressions (paths, payload templates, JSONata) are kept as written, parsed as far as passes need, each with its span.
use super::value::Val;
use crate::source::span::{Sourced, Span};

mod spans;

/// A state machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The name under which it is deployed, or else the file's stem.
    pub name: Sourced<String>,
    /// Path of the file that defines it.
    pub file: String,
    /// Where the definition says what it is for.
    pub comment: Option<Sourced<String>>,
    pub version: Option<Sourced<String>>,
    /// Of the whole run, in seconds.
    pub timeout_seconds: Option<Sourced<String>>,
    pub query_language: QueryLanguage,
    /// Where the definition names the language.
    pub query_language_span: Option<Span>,
    pub graph: Graph,
    /// STANDARD or EXPRESS, where a deployment says so.
    pub machine_type: Option<Sourced<String>>,
    /// The template that deploys it, by its path, and its logical name there.
    pub deployed_by: Option<(String, String)>,
    /// What that template puts in place of placeholders.
    pub substitutions: Vec<Substitution>,
    /// The whole definition.
    pub span: Span,
}

impl Machine {
    /// The path from which names in the definition are looked up.
    #[must_use]
    pub fn place(&self) -> &str {
        self.deployed_by.as_ref().map_or(&self.file, |(template, _)| template)
    }
}

/// What a deployment puts in place of a placeholder.
#[derive(Clone, Debug)]
pub struct Substitution {
    /// The placeholder's name; without origins where it is a name of the template's own.
    pub name: Sourced<String>,
    pub value: Val,
    /// The text, where the sources tell: a literal, or a reference that leads to a function or a machine of the template.
    pub known: Option<String>,
    /// Whether the definition itself refers to the template's name.
    pub inherent: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum QueryLanguage {
    #[default]
    JsonPath,
    Jsonata,
}

/// States that refer to each other by name. In the order of the source.
#[derive(Clone, Debug)]
pub struct Graph {
    /// `None` when the source lacks it, which is reported.
    pub start_at: Option<Sourced<String>>,
    pub states: Vec<State>,
    /// The comment of a branch or an item processor; the whole machine's is in [`Machine::comment`].
    pub comment: Option<Sourced<String>>,
    pub span: Span,
}

impl Graph {
    #[must_use]
    pub fn state(&self, name: &str) -> Option<&State> {
        self.states.iter().find(|state| state.name.value == name)
    }
}

/// One state.
#[derive(Clone, Debug)]
pub struct State {
    pub name: Sourced<String>,
    pub comment: Option<Sourced<String>>,
    pub query_language: QueryLanguage,
    /// Where the state names its own language.
    pub query_language_span: Option<Span>,
    pub kind: StateKind,
    /// Where `Type` is; `None` when the source lacks it.
    pub kind_span: Option<Span>,
    /// Where control goes on success; `None` for Choice, Fail, Succeed, and when the source lacks it.
    pub next: Option<Next>,
    pub data: Data,
    pub retry: Vec<Retrier>,
    pub catch: Vec<Catcher>,
    /// The whole state, key not included.
    pub span: Span,
}

impl State {
    /// Whether it is a Task that ends when somebody sends its token back.
    #[must_use]
    pub fn waits_for_token(&self) -> bool {
        matches!(&self.kind, StateKind::Task(task) if task.resource.as_ref().is_some_and(|resource| resource.display().ends_with(".waitForTaskToken")))
    }
}

impl State {
    /// What the state says that it sends, in its query language.
    #[must_use]
    pub fn sent(&self) -> Option<&Template> {
        match self.query_language {
            QueryLanguage::JsonPath => self.data.parameters.as_ref(),
            QueryLanguage::Jsonata => self.data.arguments.as_ref(),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Next {
    /// `Next`.
    State(Sourced<String>),
    /// `End: true`.
    End(Span),
}

/// The fields that move data. `None`: not written, so the language's default holds.
#[derive(Clone, Debug, Default)]
pub struct Data {
    pub input_path: Option<PathField>,
    pub parameters: Option<Template>,
    pub result_selector: Option<Template>,
    pub result_path: Option<PathField>,
    pub output_path: Option<PathField>,
    /// JSONata.
    pub arguments: Option<Template>,
    pub output: Option<Template>,
    /// Variables; both query languages.
    pub assign: Option<Template>,
}

/// A path field: a path as written, or null (discard).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PathField {
    Null(Span),
    Path(Sourced<String>),
}

/// A payload template: JSON in which keys that end in `.$` (JSONPath) or texts in `{% %}` (JSONata) are expressions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    pub value: TemplateValue,
    pub span: Span,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TemplateValue {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    /// JSONPath: the text of a `key.$` field: a path `$…`, a context path `$$…` or an intrinsic call.
    PathExpression(String),
    /// JSONata between `{%` and `%}`.
    Jsonata(String),
    List(Vec<Template>),
    /// Keys without their `.$`.
    Map(Vec<(Sourced<String>, Template)>),
}

impl Template {
    /// Every expression inside, with its span.
    #[must_use]
    pub fn expressions(&self) -> Vec<(&str, Span)> {
        match &self.value {
            TemplateValue::PathExpression(text) | TemplateValue::Jsonata(text) => vec![(text, self.span)],
            TemplateValue::List(items) => items.iter().flat_map(Template::expressions).collect(),
            TemplateValue::Map(entries) => entries.iter().flat_map(|(_, t)| t.expressions()).collect(),
            _ => Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
pub enum StateKind {
    Task(Box<Task>),
    Pass {
        /// A literal result (JSONPath).
        result: Option<Template>,
    },
    Choice {
        rules: Vec<ChoiceRule>,
        default: Option<Sourced<String>>,
    },
    Wait(WaitFor),
    Succeed,
    Fail(Fail),
    Parallel {
        branches: Vec<Graph>,
    },
    Map(Box<Map>),
    /// A `Type` that ASL does not know, as written; reported.
    Unknown(Option<Sourced<String>>),
}

impl StateKind {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            StateKind::Task(_) => "Task",
            StateKind::Pass { .. } => "Pass",
            StateKind::Choice { .. } => "Choice",
            StateKind::Wait(_) => "Wait",
            StateKind::Succeed => "Succeed",
            StateKind::Fail(_) => "Fail",
            StateKind::Parallel { .. } => "Parallel",
            StateKind::Map(_) => "Map",
            StateKind::Unknown(name) => name.as_ref().map_or("(no Type)", |n| n.value.as_str()),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Task {
    /// The resource: an ARN or something that a deployment completes (`${FunctionArn}`); segments keep the symbols.
    pub resource: Option<Val>,
    pub timeout_seconds: Option<Number>,
    pub heartbeat_seconds: Option<Number>,
    /// `Credentials`, as a template.
    pub credentials: Option<Template>,
    /// How the call is made again until it says that something has ended; found by a pass.
    pub polls: Option<Box<super::poll::Polls>>,
}

impl Task {
    /// A Task with nothing but what it calls.
    #[must_use]
    pub fn of(resource: Option<Val>) -> Self {
        Self { resource, timeout_seconds: None, heartbeat_seconds: None, credentials: None, polls: None }
    }
}

/// A number that is literal, a path (`TimeoutSecondsPath`) or JSONata.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Number {
    Literal(Sourced<String>),
    Path(Sourced<String>),
    Jsonata(Sourced<String>),
}

#[derive(Clone, Debug)]
pub enum WaitFor {
    Seconds(Number),
    /// A literal timestamp, a path or JSONata.
    Timestamp(Number),
    Missing,
}

#[derive(Clone, Debug, Default)]
pub struct Fail {
    pub error: Option<FailText>,
    pub cause: Option<FailText>,
}

/// `Error` / `ErrorPath` / JSONata.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FailText {
    Literal(Sourced<String>),
    Path(Sourced<String>),
    Jsonata(Sourced<String>),
}

#[derive(Clone, Debug)]
pub struct Retrier {
    pub error_equals: Vec<Sourced<String>>,
    pub interval_seconds: Option<Sourced<String>>,
    pub max_attempts: Option<Sourced<String>>,
    pub backoff_rate: Option<Sourced<String>>,
    pub max_delay_seconds: Option<Sourced<String>>,
    pub jitter_strategy: Option<Sourced<String>>,
    pub comment: Option<Sourced<String>>,
    pub span: Span,
}

impl Retrier {
    /// Whether its delays are those that it says, and no part of them at random.
    #[must_use]
    pub fn waits_exactly(&self) -> bool {
        self.jitter_strategy.as_ref().is_none_or(|jitter| jitter.value == "NONE")
    }
}

#[derive(Clone, Debug)]
pub struct Catcher {
    pub error_equals: Vec<Sourced<String>>,
    pub next: Option<Sourced<String>>,
    pub result_path: Option<PathField>,
    pub output: Option<Template>,
    pub assign: Option<Template>,
    pub comment: Option<Sourced<String>>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct ChoiceRule {
    pub condition: Condition,
    pub next: Option<Sourced<String>>,
    pub assign: Option<Template>,
    pub output: Option<Template>,
    pub comment: Option<Sourced<String>>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Condition {
    And(Vec<Condition>, Span),
    Or(Vec<Condition>, Span),
    Not(Box<Condition>, Span),
    /// `Variable` against a literal or, for `…Path`, another path.
    Compare {
        variable: Sourced<String>,
        operator: Sourced<String>,
        operand: Operand,
    },
    Jsonata(Sourced<String>),
    /// Could not be read; reported.
    Invalid(Span),
}

/// The right side of a comparison: the literal as text (numbers and booleans as written), or a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operand {
    Text(Sourced<String>),
    Number(Sourced<String>),
    Bool(Sourced<bool>),
    Path(Sourced<String>),
}

#[derive(Clone, Debug)]
pub struct Map {
    pub processor: Option<Graph>,
    /// `ProcessorConfig` as written: `Mode`, `ExecutionType`.
    pub mode: Option<Sourced<String>>,
    pub execution_type: Option<Sourced<String>>,
    /// JSONPath: where the items are; JSONata: the items.
    pub items_path: Option<PathField>,
    pub items: Option<Template>,
    pub item_selector: Option<Template>,
    /// `ItemReader`, `ItemBatcher`, `ResultWriter` as written.
    pub item_reader: Option<Template>,
    pub item_batcher: Option<Template>,
    pub result_writer: Option<Template>,
    pub max_concurrency: Option<Number>,
    pub tolerated_failure_percentage: Option<Number>,
    pub tolerated_failure_count: Option<Number>,
    pub label: Option<Sourced<String>>,
    /// Whether the old names (`Iterator`, `Parameters`) were used.
    pub legacy: bool,
}
