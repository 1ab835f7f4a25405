//! A state machine made ready to run: names resolved to indexes, paths and expressions parsed once.
use super::choice::Comparison;
use super::clock::Millis;
use super::jsonata;
use super::path::{Path, ReferencePath};
use super::template;
use super::timestamp;
use super::value::{Number, Value};
use crate::ir::machine::{self, FailText, PathField, QueryLanguage, StateKind, Template, TemplateValue, WaitFor};
use crate::source::span::{Sourced, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Kind {
    /// The state's `Type`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Pass { .. } => "Pass",
            Kind::Task(_) => "Task",
            Kind::Choice { .. } => "Choice",
            Kind::Wait(_) => "Wait",
            Kind::Succeed => "Succeed",
            Kind::Fail { .. } => "Fail",
            Kind::Parallel(_) => "Parallel",
            Kind::Map(_) => "Map",
        }
    }
}

/// A machine that can run.
#[derive(Debug)]
pub struct Program {
    pub name: Arc<str>,
    pub timeout: Option<Millis>,
    pub graph: Graph,
}

/// States that refer to each other by index.
#[derive(Debug)]
pub struct Graph {
    pub start: usize,
    pub states: Vec<State>,
}

#[derive(Debug)]
pub struct State {
    pub name: Arc<str>,
    pub language: QueryLanguage,
    pub kind: Kind,
    /// `None`: the execution (or the branch) ends here.
    pub next: Option<usize>,
    pub input_path: PathUse,
    pub output_path: PathUse,
    /// Where the result goes. `None`: nowhere (`ResultPath: null`).
    pub result_path: Option<ReferencePath>,
    pub result_selector: Option<Payload>,
    /// `Parameters` or `Arguments`.
    pub arguments: Option<Payload>,
    pub output: Option<Payload>,
    pub assign: Option<Payload>,
    pub retry: Vec<Retrier>,
    pub catch: Vec<Catcher>,
}

/// `InputPath`, `OutputPath`.
#[derive(Debug)]
pub enum PathUse {
    /// Not written, or `$`.
    Whole,
    /// `null`: an empty object.
    Nothing,
    Path(Path),
}

/// A payload template of either language.
#[derive(Debug)]
pub enum Payload {
    Path(template::CompiledTemplate),
    /// `field` is what messages call it.
    Jsonata {
        template: jsonata::CompiledTemplate,
        field: Arc<str>,
    },
}

/// A scalar field: literal, `…Path` or JSONata.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "made once a machine")]
pub enum Scalar {
    Literal(Value),
    Path { text: Arc<str>, expression: template::Expression },
    Jsonata(jsonata::Expression),
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "made once a machine")]
pub enum Kind {
    Pass { result: Option<Value> },
    Task(Box<Task>),
    Choice { rules: Vec<Rule>, default: Option<usize> },
    Wait(Wait),
    Succeed,
    Fail { error: Option<Scalar>, cause: Option<Scalar> },
    Parallel(Vec<Graph>),
    Map(Box<Map>),
}

#[derive(Debug)]
pub struct Task {
    pub resource: Resource,
    pub timeout: Option<Scalar>,
    pub heartbeat: Option<Scalar>,
}

/// What a task calls, as far as the order of events and the texts of errors depend on it.
#[derive(Debug)]
pub struct Resource {
    /// As the definition has it.
    pub text: Arc<str>,
    /// `lambda` of `arn:aws:states:::lambda:invoke`, else the whole resource: what `States.DataLimitExceeded` names.
    pub label: Arc<str>,
    /// `.sync`, `.waitForTaskToken`: one event more.
    pub submitted: bool,
    pub wait_for_token: bool,
}

#[derive(Debug)]
pub struct Rule {
    pub condition: Condition,
    pub next: usize,
    pub output: Option<Payload>,
    pub assign: Option<Payload>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "made once a machine")]
pub enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare { variable: Path, comparison: Comparison, operand: Operand },
    Jsonata { expression: jsonata::Expression, field: Arc<str> },
}

#[derive(Debug)]
pub enum Operand {
    Literal(Value),
    Path(Path),
}

#[derive(Debug)]
pub enum Wait {
    Seconds(Scalar),
    Timestamp(Scalar),
}

#[derive(Debug)]
pub struct Map {
    pub processor: Graph,
    pub distributed: bool,
    pub items_path: Option<ReferencePath>,
    pub items: Option<Payload>,
    /// `ItemSelector`, or the old `Parameters`.
    pub selector: Option<Payload>,
    pub reader: Option<Reader>,
    pub batcher: Option<Batcher>,
    /// Where a `ResultWriter` writes to. `None`: the results stay in the state.
    pub writer: Option<Payload>,
    /// `Transformation` of its `WriterConfig`: `NONE`, `COMPACT` or `FLATTEN`.
    pub transformation: Option<Arc<str>>,
    /// Whether its `OutputType` is JSON Lines.
    pub lines: bool,
    pub max_concurrency: Option<Scalar>,
    pub tolerated_count: Option<Scalar>,
    pub tolerated_percentage: Option<Scalar>,
    pub label: Option<Arc<str>>,
}

#[derive(Debug)]
pub struct Reader {
    pub resource: Arc<str>,
    pub arguments: Option<Payload>,
    pub config: super::reader::ReaderConfig,
    pub max_items: Option<Scalar>,
}

#[derive(Debug)]
pub struct Batcher {
    pub max_items: Option<Scalar>,
    pub max_bytes: Option<Scalar>,
    pub batch_input: Option<Payload>,
}

#[derive(Debug)]
pub struct Retrier {
    pub errors: Vec<Arc<str>>,
    pub interval: f64,
    pub max_attempts: u32,
    pub backoff: f64,
    pub max_delay: Option<f64>,
    pub full_jitter: bool,
}

#[derive(Debug)]
pub struct Catcher {
    pub errors: Vec<Arc<str>>,
    pub next: usize,
    pub result_path: Option<ReferencePath>,
    pub output: Option<Payload>,
    pub assign: Option<Payload>,
}

/// Why a machine cannot run: what Step Functions would refuse when the machine is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// A lowercase fragment.
    pub message: String,
    pub span: Option<Span>,
}

impl Program {
    /// Makes a machine ready to run.
    ///
    /// # Errors
    /// Everything that keeps it from running.
    pub fn compile(machine: &machine::Machine) -> Result<Self, Vec<CompileError>> {
        let mut compiler = Compiler { errors: Vec::new(), alone: false };
        let graph = compiler.graph(&machine.graph);
        let timeout = machine.timeout_seconds.as_ref().and_then(|s| s.value.parse::<u64>().ok()).map(|s| s.saturating_mul(1000));
        if compiler.errors.is_empty() {
            Ok(Self { name: machine.name.value.as_str().into(), timeout, graph })
        } else {
            Err(compiler.errors)
        }
    }

    /// The names and types of all states, those of branches included.
    #[must_use]
    pub fn kinds(&self) -> BTreeMap<&str, &'static str> {
        fn add<'g>(graph: &'g Graph, kinds: &mut BTreeMap<&'g str, &'static str>) {
            for state in &graph.states {
                kinds.insert(&state.name, state.kind.name());
                match &state.kind {
                    Kind::Parallel(branches) => branches.iter().for_each(|branch| add(branch, kinds)),
                    Kind::Map(map) => add(&map.processor, kinds),
                    _ => {}
                }
            }
        }
        let mut kinds = BTreeMap::new();
        add(&self.graph, &mut kinds);
        kinds
    }

    /// How many states there are, those of branches included.
    #[must_use]
    pub fn states(&self) -> usize {
        fn count(graph: &Graph) -> usize {
            let inner = |state: &State| match &state.kind {
                Kind::Parallel(branches) => branches.iter().map(count).sum(),
                Kind::Map(map) => count(&map.processor),
                _ => 0,
            };
            graph.states.iter().map(|state| 1 + inner(state)).sum()
        }
        count(&self.graph)
    }
}

impl State {
    /// Makes one state ready, away from its graph: transitions are not resolved, graphs inside are.
    ///
    /// # Errors
    /// Everything that keeps it from running.
    pub fn compile(state: &machine::State) -> Result<Self, Vec<CompileError>> {
        let mut compiler = Compiler { errors: Vec::new(), alone: true };
        let compiled = compiler.state(&Names::new(), state);
        match compiled {
            Some(compiled) if compiler.errors.is_empty() => Ok(compiled),
            _ => Err(compiler.errors),
        }
    }
}

struct Compiler {
    errors: Vec<CompileError>,
    /// Whether states lead nowhere.
    alone: bool,
}

type Names<'g> = BTreeMap<&'g str, usize>;

impl Compiler {
    fn refuse(&mut self, message: impl Into<String>, span: Option<Span>) {
        self.errors.push(CompileError { message: message.into(), span });
    }

    /// The value, or the error noted.
    fn take<T>(&mut self, result: Result<T, String>, span: Option<Span>) -> Option<T> {
        result.map_err(|message| self.refuse(message, span)).ok()
    }

    fn graph(&mut self, graph: &machine::Graph) -> Graph {
        let mut names: Names<'_> = BTreeMap::new();
        for (index, state) in graph.states.iter().enumerate() {
            names.insert(&state.name.value, index);
        }
        let start = match &graph.start_at {
            Some(start) => self.target(&names, start),
            None => {
                self.refuse("there is no StartAt", Some(graph.span));
                0
            }
        };
        let states = graph.states.iter().filter_map(|state| self.state(&names, state)).collect();
        Graph { start, states }
    }

    fn target(&mut self, names: &Names<'_>, name: &Sourced<String>) -> usize {
        names.get(name.value.as_str()).copied().unwrap_or_else(|| {
            if self.alone {
                return 0;
            }
            self.refuse(format!("there is no state `{}` here", name.value), name.origins.first());
            0
        })
    }

    fn state(&mut self, names: &Names<'_>, state: &machine::State) -> Option<State> {
        let language = state.query_language;
        let data = &state.data;
        let kind = self.kind(names, state)?;
        let next = match &state.next {
            Some(machine::Next::State(name)) => Some(self.target(names, name)),
            Some(machine::Next::End(_)) => None,
            None => {
                if !self.alone && !matches!(state.kind, StateKind::Choice { .. } | StateKind::Succeed | StateKind::Fail(_)) {
                    self.refuse(format!("state `{}` has neither Next nor End", state.name.value), Some(state.span));
                }
                None
            }
        };
        Some(State {
            name: state.name.value.as_str().into(),
            language,
            kind,
            next,
            input_path: self.path_use(data.input_path.as_ref()),
            output_path: self.path_use(data.output_path.as_ref()),
            result_path: self.reference(data.result_path.as_ref()),
            result_selector: self.payload(language, data.result_selector.as_ref(), "ResultSelector"),
            arguments: match (&data.parameters, &data.arguments) {
                (Some(parameters), _) if language == QueryLanguage::JsonPath => self.payload(language, Some(parameters), "Parameters"),
                (_, arguments) => self.payload(language, arguments.as_ref(), "Arguments"),
            },
            output: self.payload(language, data.output.as_ref(), "Output"),
            assign: self.payload(language, data.assign.as_ref(), "Assign"),
            retry: state.retry.iter().map(|retrier| self.retrier(retrier)).collect(),
            catch: state.catch.iter().enumerate().filter_map(|(index, catcher)| self.catcher(names, language, index, catcher)).collect(),
        })
    }

    fn kind(&mut self, names: &Names<'_>, state: &machine::State) -> Option<Kind> {
        Some(match &state.kind {
            StateKind::Pass { result } => Kind::Pass { result: result.as_ref().map(literal) },
            StateKind::Task(task) => {
                let text = task.resource.as_ref().map(crate::ir::value::Val::display).unwrap_or_default();
                Kind::Task(Box::new(Task {
                    resource: Resource::of(&text),
                    timeout: task.timeout_seconds.as_ref().and_then(|n| self.number(n, "TimeoutSeconds")),
                    heartbeat: task.heartbeat_seconds.as_ref().and_then(|n| self.number(n, "HeartbeatSeconds")),
                }))
            }
            StateKind::Choice { rules, default } => Kind::Choice {
                rules: rules.iter().enumerate().filter_map(|(index, rule)| self.rule(names, state.query_language, index, rule)).collect(),
                default: default.as_ref().map(|name| self.target(names, name)),
            },
            StateKind::Wait(WaitFor::Seconds(number)) => Kind::Wait(Wait::Seconds(self.number(number, "Seconds")?)),
            StateKind::Wait(WaitFor::Timestamp(number)) => Kind::Wait(Wait::Timestamp(self.timestamp(number)?)),
            StateKind::Wait(WaitFor::Missing) => {
                self.refuse(format!("wait state `{}` says neither how long nor until when", state.name.value), Some(state.span));
                return None;
            }
            StateKind::Succeed => Kind::Succeed,
            StateKind::Fail(fail) => {
                Kind::Fail { error: self.fail_text(fail.error.as_ref(), "Error"), cause: self.fail_text(fail.cause.as_ref(), "Cause") }
            }
            StateKind::Parallel { branches } => Kind::Parallel(branches.iter().map(|branch| self.graph(branch)).collect()),
            StateKind::Map(map) => Kind::Map(Box::new(self.map(state, map)?)),
            StateKind::Unknown(name) => {
                let name = name.as_ref().map_or_else(String::new, |n| n.value.clone());
                self.refuse(
                    format!("state `{}` has the Type `{name}`, which the language does not know", state.name.value),
                    Some(state.span),
                );
                return None;
            }
        })
    }

    fn path(&mut self, path: &Sourced<String>) -> Option<Path> {
        let parsed = Path::parse(&path.value);
        self.take(parsed, path.origins.first())
    }

    fn path_use(&mut self, field: Option<&PathField>) -> PathUse {
        match field {
            None => PathUse::Whole,
            Some(PathField::Null(_)) => PathUse::Nothing,
            Some(PathField::Path(path)) if path.value == "$" => PathUse::Whole,
            Some(PathField::Path(path)) => self.path(path).map_or(PathUse::Whole, PathUse::Path),
        }
    }

    fn reference(&mut self, field: Option<&PathField>) -> Option<ReferencePath> {
        match field {
            None => ReferencePath::parse("$").ok(),
            Some(PathField::Null(_)) => None,
            Some(PathField::Path(path)) => {
                let parsed = ReferencePath::parse(&path.value);
                self.take(parsed, path.origins.first())
            }
        }
    }

    fn payload(&mut self, language: QueryLanguage, template: Option<&Template>, field: &str) -> Option<Payload> {
        let template = template?;
        match language {
            QueryLanguage::JsonPath => {
                let compiled = template::CompiledTemplate::compile(template);
                self.take(compiled, Some(template.span)).map(Payload::Path)
            }
            QueryLanguage::Jsonata => {
                let compiled = jsonata::CompiledTemplate::compile(template);
                match compiled {
                    Ok(template) => Some(Payload::Jsonata { template, field: field.into() }),
                    Err(errors) => {
                        for (span, error) in errors {
                            self.refuse(format!("{field}: {}", error.message), Some(span));
                        }
                        None
                    }
                }
            }
        }
    }

    fn path_scalar(&mut self, path: &Sourced<String>) -> Option<Scalar> {
        let parsed = template::Expression::parse(&path.value);
        let text = path.value.as_str().into();
        self.take(parsed, path.origins.first()).map(|expression| Scalar::Path { text, expression })
    }

    fn jsonata(&mut self, text: &Sourced<String>, field: &str) -> Option<jsonata::Expression> {
        let parsed = jsonata::Expression::parse(&text.value).map_err(|error| format!("{field}: {}", error.message));
        self.take(parsed, text.origins.first())
    }

    fn number(&mut self, number: &machine::Number, field: &str) -> Option<Scalar> {
        match number {
            machine::Number::Literal(text) => Some(Scalar::Literal(Value::Number(Number::of_text(&text.value)))),
            machine::Number::Path(path) => self.path_scalar(path),
            machine::Number::Jsonata(text) => self.jsonata(text, field).map(Scalar::Jsonata),
        }
    }

    fn timestamp(&mut self, number: &machine::Number) -> Option<Scalar> {
        match number {
            machine::Number::Literal(text) => {
                if timestamp::parse(&text.value).is_none() {
                    self.refuse(format!("`{}` is not a timestamp", text.value), text.origins.first());
                }
                Some(Scalar::Literal(Value::string(text.value.as_str())))
            }
            other => self.number(other, "Timestamp"),
        }
    }

    fn fail_text(&mut self, text: Option<&FailText>, field: &str) -> Option<Scalar> {
        match text? {
            FailText::Literal(text) => Some(Scalar::Literal(Value::string(text.value.as_str()))),
            FailText::Path(path) => self.path_scalar(path),
            FailText::Jsonata(text) => self.jsonata(text, field).map(Scalar::Jsonata),
        }
    }

    fn rule(&mut self, names: &Names<'_>, language: QueryLanguage, index: usize, rule: &machine::ChoiceRule) -> Option<Rule> {
        let Some(next) = &rule.next else {
            self.refuse("a rule of a Choice has no Next", Some(rule.span));
            return None;
        };
        Some(Rule {
            condition: self.condition(&rule.condition, index)?,
            next: self.target(names, next),
            output: self.payload(language, rule.output.as_ref(), &format!("Choices[{index}]/Output")),
            assign: self.payload(language, rule.assign.as_ref(), &format!("Choices[{index}]/Assign")),
        })
    }

    fn condition(&mut self, condition: &machine::Condition, index: usize) -> Option<Condition> {
        Some(match condition {
            machine::Condition::And(all, _) => Condition::And(all.iter().filter_map(|c| self.condition(c, index)).collect()),
            machine::Condition::Or(any, _) => Condition::Or(any.iter().filter_map(|c| self.condition(c, index)).collect()),
            machine::Condition::Not(not, _) => Condition::Not(Box::new(self.condition(not, index)?)),
            machine::Condition::Jsonata(text) => {
                let field = format!("Choices[{index}]/Condition");
                Condition::Jsonata { expression: self.jsonata(text, &field)?, field: field.into() }
            }
            machine::Condition::Compare { variable, operator, operand } => {
                let Some(comparison) = Comparison::of_operator(&operator.value) else {
                    self.refuse(format!("the operator `{}` is not known", operator.value), operator.origins.first());
                    return None;
                };
                let operand = match operand {
                    machine::Operand::Text(text) => Operand::Literal(Value::string(text.value.as_str())),
                    machine::Operand::Number(text) => Operand::Literal(Value::Number(Number::of_text(&text.value))),
                    machine::Operand::Bool(value) => Operand::Literal(Value::Bool(value.value)),
                    machine::Operand::Path(path) => Operand::Path(self.path(path)?),
                };
                Condition::Compare { variable: self.path(variable)?, comparison, operand }
            }
            machine::Condition::Invalid(span) => {
                self.refuse("a condition cannot be read", Some(*span));
                return None;
            }
        })
    }

    fn retrier(&mut self, retrier: &machine::Retrier) -> Retrier {
        let mut number = |text: &Option<Sourced<String>>, default: f64, name: &str| match text {
            None => default,
            Some(text) => text.value.parse().unwrap_or_else(|_| {
                self.refuse(format!("`{}` is not a number for {name}", text.value), text.origins.first());
                default
            }),
        };
        // Defaults: the Developer Guide's "Handling errors in Step Functions workflows", Retry examples, November 2026.
        let max_attempts = number(&retrier.max_attempts, 3.0, "MaxAttempts");
        Retrier {
            interval: number(&retrier.interval_seconds, 1.0, "IntervalSeconds"),
            backoff: number(&retrier.backoff_rate, 2.0, "BackoffRate"),
            max_delay: retrier.max_delay_seconds.is_some().then(|| number(&retrier.max_delay_seconds, 0.0, "MaxDelaySeconds")),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
            max_attempts: max_attempts as u32,
            full_jitter: retrier.jitter_strategy.as_ref().is_some_and(|s| s.value == "FULL"),
            errors: retrier.error_equals.iter().map(|e| e.value.as_str().into()).collect(),
        }
    }

    fn catcher(&mut self, names: &Names<'_>, language: QueryLanguage, index: usize, catcher: &machine::Catcher) -> Option<Catcher> {
        let Some(next) = &catcher.next else {
            self.refuse("a Catch has no Next", Some(catcher.span));
            return None;
        };
        Some(Catcher {
            errors: catcher.error_equals.iter().map(|e| e.value.as_str().into()).collect(),
            next: self.target(names, next),
            result_path: self.reference(catcher.result_path.as_ref()),
            output: self.payload(language, catcher.output.as_ref(), &format!("Catch[{index}]/Output")),
            assign: self.payload(language, catcher.assign.as_ref(), &format!("Catch[{index}]/Assign")),
        })
    }

    fn map(&mut self, state: &machine::State, map: &machine::Map) -> Option<Map> {
        let language = state.query_language;
        let Some(processor) = &map.processor else {
            self.refuse(format!("map state `{}` has no ItemProcessor", state.name.value), Some(state.span));
            return None;
        };
        let items_path = match &map.items_path {
            Some(field @ PathField::Path(_)) => self.reference(Some(field)),
            _ => None,
        };
        Some(Map {
            processor: self.graph(processor),
            distributed: map.mode.as_ref().is_some_and(|mode| mode.value == "DISTRIBUTED"),
            items_path,
            items: self.payload(language, map.items.as_ref(), "Items"),
            selector: self.payload(language, map.item_selector.as_ref(), "ItemSelector"),
            reader: map.item_reader.as_ref().map(|reader| self.reader(language, reader)),
            batcher: map.item_batcher.as_ref().map(|batcher| self.batcher(language, batcher)),
            writer: map.result_writer.as_ref().and_then(|writer| self.payload(language, place(writer), "Arguments")),
            transformation: map.result_writer.as_ref().and_then(|writer| writer_config(writer, "Transformation")).map(Into::into),
            lines: map.result_writer.as_ref().and_then(|writer| writer_config(writer, "OutputType")) == Some("JSONL"),
            max_concurrency: map.max_concurrency.as_ref().and_then(|n| self.number(n, "MaxConcurrency")),
            tolerated_count: map.tolerated_failure_count.as_ref().and_then(|n| self.number(n, "ToleratedFailureCount")),
            tolerated_percentage: map.tolerated_failure_percentage.as_ref().and_then(|n| self.number(n, "ToleratedFailurePercentage")),
            label: map.label.as_ref().map(|label| label.value.as_str().into()),
        })
    }

    fn reader(&mut self, language: QueryLanguage, reader: &Template) -> Reader {
        let config = entry(reader, "ReaderConfig");
        Reader {
            resource: reader_resource(reader).into(),
            arguments: self.payload(language, place(reader), "ItemReader/Arguments"),
            config: reader_config(reader),
            max_items: config.and_then(|config| self.entry_scalar(config, "MaxItems", "ItemReader/ReaderConfig/MaxItems")),
        }
    }

    fn batcher(&mut self, language: QueryLanguage, batcher: &Template) -> Batcher {
        Batcher {
            max_items: self.entry_scalar(batcher, "MaxItemsPerBatch", "ItemBatcher/MaxItemsPerBatch"),
            max_bytes: self.entry_scalar(batcher, "MaxInputBytesPerBatch", "ItemBatcher/MaxInputBytesPerBatch"),
            batch_input: self.payload(language, entry(batcher, "BatchInput"), "ItemBatcher/BatchInput"),
        }
    }

    /// `X`, `XPath` or `X` in JSONata of a sub-object that the machine IR keeps as written.
    fn entry_scalar(&mut self, template: &Template, name: &str, field: &str) -> Option<Scalar> {
        if let Some(path) = entry(template, &format!("{name}Path")) {
            let text = text_of(path)?;
            return self.path_scalar(&Sourced::new(text.to_owned(), path.span));
        }
        let value = entry(template, name)?;
        match &value.value {
            TemplateValue::Jsonata(text) => self.jsonata(&Sourced::new(text.clone(), value.span), field).map(Scalar::Jsonata),
            _ => Some(Scalar::Literal(literal(value))),
        }
    }
}

impl Resource {
    fn of(text: &str) -> Self {
        let service = text.split(":states:::").nth(1);
        let label = service.map_or(text, |service| service.split(':').next().unwrap_or(service));
        let wait_for_token = text.ends_with(".waitForTaskToken");
        Self {
            text: text.into(),
            label: label.into(),
            submitted: wait_for_token || text.ends_with(".sync") || text.ends_with(".sync:2"),
            wait_for_token,
        }
    }

    /// Whether the call is one of the service integrations, not a function's or an activity's ARN.
    #[must_use]
    pub fn is_integration(&self) -> bool {
        self.text != self.label
    }
}

/// `Resource` of an `ItemReader`.
#[must_use]
pub fn reader_resource(reader: &Template) -> &str {
    entry(reader, "Resource").and_then(text_of).unwrap_or_default()
}

/// `ReaderConfig` of an `ItemReader`.
#[must_use]
pub fn reader_config(reader: &Template) -> super::reader::ReaderConfig {
    let config = entry(reader, "ReaderConfig");
    let text = |name: &str| config.and_then(|c| entry(c, name)).and_then(text_of).map(str::to_owned);
    let headers = config.and_then(|c| entry(c, "CSVHeaders")).map(literal);
    super::reader::ReaderConfig {
        input_type: text("InputType").unwrap_or_default(),
        csv_header_location: text("CSVHeaderLocation"),
        csv_headers: headers
            .as_ref()
            .and_then(Value::as_array)
            .map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default(),
        csv_delimiter: text("CSVDelimiter"),
        items_pointer: text("ItemsPointer"),
        transformation: text("Transformation"),
        manifest_type: text("ManifestType"),
    }
}

/// `MaxItems` of an `ItemReader` as far as it is a literal: the number, or that there is none; `None` where it is data.
#[must_use]
pub fn reader_limit(reader: &Template) -> Option<Option<i64>> {
    let Some(config) = entry(reader, "ReaderConfig") else { return Some(None) };
    match (entry(config, "MaxItemsPath"), entry(config, "MaxItems").map(|t| &t.value)) {
        (None, None) => Some(None),
        (None, Some(TemplateValue::Number(text))) => text.parse().ok().filter(|most| *most >= 0).map(Some),
        _ => None,
    }
}

/// Where an `ItemReader` reads from and a `ResultWriter` writes to: `Parameters`, `Arguments`.
#[must_use]
pub fn place(part: &Template) -> Option<&Template> {
    entry(part, "Parameters").or_else(|| entry(part, "Arguments"))
}

/// A text of a `ResultWriter`'s `WriterConfig`.
#[must_use]
pub fn writer_config<'t>(writer: &'t Template, name: &str) -> Option<&'t str> {
    entry(entry(writer, "WriterConfig")?, name).and_then(text_of)
}

/// Whether a `ResultWriter` makes something else of the results than what the items gave.
#[must_use]
pub fn changes_results(writer: &Template) -> bool {
    place(writer).is_some() || writer_config(writer, "Transformation").is_some_and(|transformation| transformation != "COMPACT")
}

/// A template's entry.
fn entry<'t>(template: &'t Template, name: &str) -> Option<&'t Template> {
    match &template.value {
        TemplateValue::Map(entries) => entries.iter().rev().find(|(key, _)| key.value == name).map(|(_, value)| value),
        _ => None,
    }
}

fn text_of(template: &Template) -> Option<&str> {
    match &template.value {
        TemplateValue::Text(text) | TemplateValue::PathExpression(text) => Some(text),
        _ => None,
    }
}

/// A template without expressions as a value; expressions in it are their texts.
#[must_use]
pub fn literal(template: &Template) -> Value {
    match &template.value {
        TemplateValue::Null => Value::Null,
        TemplateValue::Bool(value) => Value::Bool(*value),
        TemplateValue::Number(text) => Value::Number(Number::of_text(text)),
        TemplateValue::Text(text) | TemplateValue::PathExpression(text) => Value::string(text.as_str()),
        TemplateValue::Jsonata(text) => Value::string(format!("{{%{text}%}}")),
        TemplateValue::List(items) => Value::array(items.iter().map(literal).collect()),
        TemplateValue::Map(entries) => Value::object(entries.iter().map(|(key, value)| {
            let dollar = if matches!(value.value, TemplateValue::PathExpression(_)) { ".$" } else { "" };
            (format!("{}{dollar}", key.value), literal(value))
        })),
    }
}
