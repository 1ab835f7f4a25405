//! The interpreter of a machine: one state after the other, branches side by side in virtual time.
//!
//! Every state enters the history as AWS would write it, because error texts name events by their number ("entered at the event id
//! #4"). A state's data flow, its retries and what catches its errors are here; what each type of state does is in the modules below.
mod map;
mod outcome;
mod parallel;
mod task;
mod wait;

pub use outcome::{Failure, Outcome, Status, Step, StepEnd};

use super::clock::{Clock, Millis};
use super::error::EvalError;
use super::jsonata::Expected;
use super::program::{Condition, Graph, Kind, Operand, Payload, Program, Retrier, Scalar, State};
use super::jsonata::Entropy;
use super::scope::{Scope, Variables};
use super::services::{Fault, Services};
use super::timestamp;
use super::value::{Object, Value};
use crate::ir::machine::QueryLanguage;
use futures_util::future::{Either, LocalBoxFuture, select};
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::sync::Arc;

/// The largest payload of a state in bytes of UTF-8 (Step Functions' quotas, "Maximum input or output size for a task, state, or execution", November 2026).
pub const PAYLOAD_LIMIT: usize = 262_144;
/// The most events of an execution's history (the same page).
pub const EVENT_LIMIT: u64 = 25_000;

/// How a run is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// When the execution starts.
    pub start: Millis,
    /// `$$.Execution.Name`.
    pub execution: String,
    /// Whether [`Outcome::steps`] is filled.
    pub trace: bool,
    pub seed: u64,
}

impl Default for Options {
    /// 2026-01-01, one seed: the same run each time.
    fn default() -> Self {
        Self { start: 1_767_225_600_000, execution: "execution".into(), trace: false, seed: 1 }
    }
}

/// Runs a machine to its end.
pub fn run(program: &Program, input: Value, services: &mut dyn Services, options: &Options) -> Outcome {
    let clock = Clock::starting_at(options.start);
    let run = Run {
        execution: execution(program, &input, options),
        machine: Value::object([
            ("Id", Value::string(format!("arn:aws:states:us-east-1:111111111111:stateMachine:{}", program.name))),
            ("Name", Value::String(Arc::clone(&program.name))),
        ]),
        clock: clock.clone(),
        services: RefCell::new(services),
        events: Cell::new(0),
        random: Entropy::of_seed(options.seed),
        steps: options.trace.then(|| RefCell::new(Vec::new())),
        states: Cell::new(0),
        map_runs: Cell::new(0),
    };
    let history = History::new();
    history.add(1);
    let frame = Frame { history: &history, item: None, depth: 0 };
    let work = run.graph(&program.graph, input, Variables::default(), &frame);
    let result = clock.block_on(async {
        let Some(timeout) = program.timeout else { return Some(work.await) };
        match select(work, pin!(clock.sleep(timeout))).await {
            Either::Left((result, _)) => Some(result),
            Either::Right(_) => None,
        }
    });
    let (status, result) = match result {
        Some(Some(Ok(value))) => (Status::Succeeded, Ok(value)),
        Some(Some(Err(failure))) => (Status::Failed, Err(failure)),
        Some(None) => (Status::TimedOut, Err(Failure::new("States.Timeout", None))),
        None => (Status::Failed, Err(Failure::new("States.Runtime", Some("the run waits for nothing".into())))),
    };
    Outcome {
        status,
        result,
        states: run.states.get(),
        finished: clock.now(),
        steps: run.steps.map(RefCell::into_inner).unwrap_or_default(),
    }
}

fn execution(program: &Program, input: &Value, options: &Options) -> Value {
    let arn = format!("arn:aws:states:us-east-1:111111111111:execution:{}:{}", program.name, options.execution);
    Value::object([
        ("Id", Value::string(arn)),
        ("Input", input.clone()),
        ("Name", Value::string(options.execution.as_str())),
        ("RoleArn", Value::string("arn:aws:iam::111111111111:role/execution")),
        ("StartTime", Value::string(timestamp::format(options.start))),
    ])
}

/// Everything that is the same for the whole run.
struct Run<'r> {
    clock: Clock,
    services: RefCell<&'r mut dyn Services>,
    execution: Value,
    machine: Value,
    /// Calls made so far: what task tokens and such are numbered by.
    events: Cell<u64>,
    random: Entropy,
    steps: Option<RefCell<Vec<Step>>>,
    states: Cell<u64>,
    map_runs: Cell<u64>,
}

/// The history of one execution: the number of its last event. A child of a distributed Map has its own.
struct History(Cell<u64>);

impl History {
    fn new() -> Self {
        Self(Cell::new(0))
    }

    /// Adds events; the number of the last.
    fn add(&self, events: u64) -> u64 {
        self.0.set(self.0.get() + events);
        self.0.get()
    }
}

/// Where a graph runs.
struct Frame<'f> {
    history: &'f History,
    /// `$$.Map.Item`, inside a Map.
    item: Option<Value>,
    depth: usize,
}

/// Where a state leads.
enum Exit {
    Next(usize, Value),
    End(Value),
}

/// A state's result before its data flow is done, or its end.
enum Turn {
    /// A value to which ResultSelector, ResultPath, Output … apply.
    Result(Value),
    /// A Choice that has decided.
    Chosen(usize, Value),
}

impl<'r> Run<'r> {
    /// Runs states until one ends.
    fn graph<'a>(&'a self, graph: &'a Graph, input: Value, variables: Variables, frame: &'a Frame<'a>) -> LocalBoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let (mut at, mut input, mut variables) = (graph.start, input, variables);
            loop {
                let Some(state) = graph.states.get(at) else {
                    return Err(Failure::new("States.Runtime", Some("a state is missing".into())));
                };
                match self.state(state, input, &mut variables, frame).await? {
                    Exit::Next(next, output) => (at, input) = (next, output),
                    Exit::End(output) => return Ok(output),
                }
            }
        })
    }

    async fn state(&self, state: &State, raw: Value, variables: &mut Variables, frame: &Frame<'_>) -> Result<Exit, Failure> {
        self.states.set(self.states.get() + 1);
        let entered = frame.history.add(1);
        if entered > EVENT_LIMIT {
            let cause = format!("The execution reached the maximum number of history events ({EVENT_LIMIT}).");
            return Err(Failure::new("States.Runtime", Some(cause)));
        }
        let step = self.steps.as_ref().map(|steps| {
            let mut steps = steps.borrow_mut();
            steps.push(Step::entered(state, &raw, entered, self.clock.now(), frame.depth));
            steps.len() - 1
        });
        let entered_at = timestamp::format(self.clock.now());
        let mut retries: u32 = 0;
        let mut taken = vec![0; state.retry.len()];
        let result = loop {
            let context = self.context(state, frame, &entered_at, retries);
            let visit = Visit { state, frame, entered, context, retries };
            let mut assigned = None;
            let failure = match self.visit(&visit, &raw, variables, &mut assigned).await {
                Ok(exit) => break Ok((exit, assigned)),
                Err(failure) => failure,
            };
            if let Some((index, retrier)) = state.retry.iter().enumerate().find(|(_, retrier)| failure.is_one_of(&retrier.errors))
                && taken[index] < retrier.max_attempts
            {
                self.clock.sleep(self.delay(retrier, taken[index])).await;
                taken[index] += 1;
                retries += 1;
                continue;
            }
            let Some(catcher) = state.catch.iter().find(|catcher| failure.is_one_of(&catcher.errors)) else { break Err(failure) };
            break self.caught(&visit, catcher, &failure, &raw, variables).map(|(output, assigned)| (Exit::Next(catcher.next, output), assigned));
        };
        if let (Some(steps), Some(step)) = (&self.steps, step)
            && let Some(step) = steps.borrow_mut().get_mut(step)
        {
            step.left(&result.as_ref().map(|(exit, _)| exit), self.clock.now(), retries);
        }
        let (exit, assigned) = result?;
        frame.history.add(1);
        if let Some(Value::Object(assigned)) = assigned {
            let all = Arc::make_mut(variables);
            for (name, value) in assigned.iter() {
                all.insert(Arc::clone(name), value.clone());
            }
        }
        Ok(exit)
    }

    /// The delay before a retry, where `taken` of this retrier's are over.
    fn delay(&self, retrier: &Retrier, taken: u32) -> Millis {
        let mut seconds = retrier.interval * retrier.backoff.powi(i32::try_from(taken).unwrap_or(i32::MAX));
        if let Some(most) = retrier.max_delay {
            seconds = seconds.min(most);
        }
        if retrier.full_jitter {
            seconds *= self.random.unit();
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        let millis = (seconds * 1000.0) as Millis;
        millis
    }

    /// One attempt of a state: from its raw input to where it leads.
    async fn visit(&self, visit: &Visit<'_>, raw: &Value, variables: &Variables, assigned: &mut Option<Value>) -> Result<Exit, Failure> {
        let state = visit.state;
        let scope = self.scope(visit, raw, variables);
        let lift = |error: EvalError| visit.failure(error);
        let path_language = state.language == QueryLanguage::JsonPath;
        let input = if path_language { scope.path(&state.input_path).map_err(lift)? } else { raw.clone() };
        let scope = scope.with_input(&input);
        let turn = match &state.kind {
            Kind::Succeed => Turn::Result(input.clone()),
            Kind::Pass { result: Some(result) } => Turn::Result(result.clone()),
            Kind::Pass { result: None } if path_language => Turn::Result(scope.payload_or(state.arguments.as_ref(), &input).map_err(lift)?),
            Kind::Pass { result: None } => Turn::Result(input.clone()),
            Kind::Fail { error, cause } => return Err(self.fail(visit, &scope, error.as_ref(), cause.as_ref())?),
            Kind::Wait(wait) => {
                let duration = wait::duration(wait, &scope, self.clock.now()).map_err(lift)?;
                self.clock.sleep(duration).await;
                Turn::Result(input.clone())
            }
            Kind::Choice { rules, default } => {
                let (next, payload, assign) = {
                    let mut found = None;
                    for rule in rules {
                        if Self::condition(&rule.condition, &scope).map_err(lift)? {
                            found = Some((rule.next, rule.output.as_ref(), rule.assign.as_ref()));
                            break;
                        }
                    }
                    let otherwise = default.map(|next| (next, state.output.as_ref(), state.assign.as_ref()));
                    found.or(otherwise).ok_or_else(|| {
                        lift(EvalError::runtime("Failed to transition out of the state. The state does not point to a next state."))
                    })?
                };
                let output = scope.payload_or(payload, &input).map_err(lift)?;
                *assigned = assign.map(|assign| scope.payload(assign)).transpose().map_err(lift)?;
                Turn::Chosen(next, output)
            }
            Kind::Task(task) => Turn::Result(self.task(visit, task, &scope).await?),
            Kind::Parallel(branches) => {
                let arguments = scope.payload_or(state.arguments.as_ref(), &input).map_err(lift)?;
                Turn::Result(self.parallel(visit, branches, &arguments, variables).await?)
            }
            Kind::Map(map) => Turn::Result(self.map(visit, map, &scope, variables).await?),
        };
        match turn {
            Turn::Chosen(next, output) => {
                let output = if path_language { scope.with_input(&output).path(&state.output_path).map_err(lift)? } else { output };
                self.limited(visit, output).map(|output| Exit::Next(next, output))
            }
            Turn::Result(result) => {
                let output = self.output(visit, &scope, raw, result, assigned).map_err(lift)?;
                let output = self.limited(visit, output)?;
                Ok(state.next.map_or_else(|| Exit::End(output.clone()), |next| Exit::Next(next, output.clone())))
            }
        }
    }

    /// What leaves a state that has a result.
    fn output(&self, visit: &Visit<'_>, scope: &Scope<'_>, raw: &Value, result: Value, assigned: &mut Option<Value>) -> Result<Value, EvalError> {
        let state = visit.state;
        let produces = matches!(state.kind, Kind::Task(_) | Kind::Parallel(_) | Kind::Map(_));
        if state.language == QueryLanguage::Jsonata {
            let scope = Scope { result: produces.then_some(&result), ..scope.with_input(raw) };
            *assigned = state.assign.as_ref().map(|assign| scope.payload(assign)).transpose()?;
            return scope.payload_or(state.output.as_ref(), &result);
        }
        let result = match &state.result_selector {
            Some(selector) if produces => scope.with_input(&result).payload(selector)?,
            _ => result,
        };
        let result_scope = scope.with_input(&result);
        *assigned = state.assign.as_ref().map(|assign| result_scope.payload(assign)).transpose()?;
        let combined = match &state.kind {
            // Neither has a ResultPath.
            Kind::Succeed | Kind::Wait(_) => result,
            _ => match &state.result_path {
                None => raw.clone(),
                Some(path) => path.write(raw, result.clone())?,
            },
        };
        scope.with_input(&combined).path(&state.output_path)
    }

    /// A payload, unless it is too large.
    fn limited(&self, visit: &Visit<'_>, output: Value) -> Result<Value, Failure> {
        self.limited_as(&visit.state.name, output)
    }

    fn limited_as(&self, label: &str, output: Value) -> Result<Value, Failure> {
        if output.json_len() > PAYLOAD_LIMIT {
            let cause = format!("The state/task '{label}' returned a result with a size exceeding the maximum number of bytes service limit.");
            return Err(Failure::new("States.DataLimitExceeded", Some(cause)));
        }
        Ok(output)
    }

    fn caught(
        &self,
        visit: &Visit<'_>,
        catcher: &super::program::Catcher,
        failure: &Failure,
        raw: &Value,
        variables: &Variables,
    ) -> Result<(Value, Option<Value>), Failure> {
        let error_output = failure.output();
        let scope = Scope { error_output: Some(&error_output), ..self.scope(visit, raw, variables) };
        let lift = |error: EvalError| visit.failure(error);
        if visit.state.language == QueryLanguage::Jsonata {
            let assigned = catcher.assign.as_ref().map(|assign| scope.payload(assign)).transpose().map_err(lift)?;
            return Ok((scope.payload_or(catcher.output.as_ref(), &error_output).map_err(lift)?, assigned));
        }
        let assign = catcher.assign.as_ref().map(|assign| scope.with_input(&error_output).payload(assign));
        let assigned = assign.transpose().map_err(lift)?;
        let output = match &catcher.result_path {
            None => raw.clone(),
            Some(path) => path.write(raw, error_output.clone()).map_err(lift)?,
        };
        Ok((output, assigned))
    }

    /// The failure that a Fail state raises; an error when its own fields cannot be evaluated.
    fn fail(&self, visit: &Visit<'_>, scope: &Scope<'_>, error: Option<&Scalar>, cause: Option<&Scalar>) -> Result<Failure, Failure> {
        let text = |scalar: Option<&Scalar>, field: &str| -> Result<Option<String>, Failure> {
            let Some(scalar) = scalar else { return Ok(None) };
            let named = if matches!(scalar, Scalar::Path { .. }) { format!("{field}Path") } else { field.to_owned() };
            match scope.scalar(scalar, &named, Expected::String).map_err(|error| visit.failure(error))? {
                Value::String(text) => Ok(Some(text.to_string())),
                other => Err(visit.failure(wait::wrong_type(scalar, &named, "string", &other))),
            }
        };
        let error = text(error, "Error")?;
        Ok(Failure { error: error.map(Arc::from), cause: text(cause, "Cause")?, heartbeat: false, fatal: false })
    }

    fn condition(condition: &Condition, scope: &Scope<'_>) -> Result<bool, EvalError> {
        match condition {
            Condition::And(all) => {
                for condition in all {
                    if !Self::condition(condition, scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Or(any) => {
                for condition in any {
                    if Self::condition(condition, scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::Not(condition) => Ok(!Self::condition(condition, scope)?),
            Condition::Jsonata { expression, field } => Ok(scope.jsonata(expression, field, Expected::Boolean)? == Value::Bool(true)),
            Condition::Compare { variable, comparison, operand } => {
                let find = |path: &super::path::Path| {
                    scope.with_paths(|env| path.evaluate(env)).map_err(|_| {
                        EvalError::runtime(format!("Invalid path '{}': The choice state's condition path references an invalid value.", path.text()))
                    })
                };
                let found = find(variable);
                if *comparison == super::choice::Comparison::IsPresent {
                    let operand = match operand {
                        Operand::Literal(value) => value.clone(),
                        Operand::Path(path) => find(path)?,
                    };
                    return Ok(comparison.holds(found.ok().as_ref(), &operand));
                }
                let found = found?;
                match operand {
                    Operand::Literal(value) => Ok(comparison.holds(Some(&found), value)),
                    Operand::Path(path) => Ok(comparison.holds(Some(&found), &find(path)?)),
                }
            }
        }
    }

    fn scope<'s>(&'s self, visit: &'s Visit<'_>, input: &'s Value, variables: &'s Variables) -> Scope<'s> {
        Scope { input, context: &visit.context, variables, result: None, error_output: None, random: &self.random, now: self.clock.now() }
    }

    /// The context object.
    fn context(&self, state: &State, frame: &Frame<'_>, entered_at: &str, retries: u32) -> Value {
        let mut context = Object::new();
        context.insert("Execution".into(), self.execution.clone());
        context.insert("StateMachine".into(), self.machine.clone());
        context.insert(
            "State".into(),
            Value::object([
                ("Name", Value::String(Arc::clone(&state.name))),
                ("EnteredTime", Value::string(entered_at)),
                ("RetryCount", Value::int(i64::from(retries))),
            ]),
        );
        if let Some(item) = &frame.item {
            context.insert("Map".into(), Value::object([("Item", item.clone())]));
        }
        Value::Object(Arc::new(context))
    }

    /// A context with one entry more (`Task`, `Map`).
    fn context_with(context: &Value, name: &str, value: Value) -> Value {
        let mut object = context.as_object().cloned().unwrap_or_default();
        object.insert(name.into(), value);
        Value::Object(Arc::new(object))
    }

    fn fault(fault: Fault) -> Failure {
        Failure { error: fault.error, cause: fault.cause, heartbeat: false, fatal: false }
    }

    /// A payload of the given field must be of one type in JSONPath's `…Path` and JSONata alike.
    fn payload_json(payload: Option<&Payload>, scope: &Scope<'_>, default: &Value, visit: &Visit<'_>) -> Result<Value, Failure> {
        scope.payload_or(payload, default).map_err(|error| visit.failure(error))
    }
}

/// One attempt of one state.
struct Visit<'v> {
    state: &'v State,
    frame: &'v Frame<'v>,
    /// The number of the event that entered the state.
    entered: u64,
    context: Value,
    retries: u32,
}

impl Visit<'_> {
    /// An evaluation error as the state's failure, in AWS's words.
    fn failure(&self, error: EvalError) -> Failure {
        // An evaluation that fails is an event of its own where the state goes on to a handler.
        if &*error.name == "States.QueryEvaluationError" {
            self.frame.history.add(1);
        }
        let lead = format!("An error occurred while executing the state '{}' (entered at the event id #{}). ", self.state.name, self.entered);
        let fatal = &*error.name == "States.Runtime";
        Failure { error: Some(error.name), cause: Some(lead + &error.cause), heartbeat: false, fatal }
    }
}
