//! The interpreter of a machine: one state after the other, branches side by side in virtual time.
//!
//! Every state enters the history as AWS would write it, because error texts name events by their number ("entered at the event id
//! #4"). A state's data flow, its retries and what catches its errors are here; what each type of state does is in the modules below.
mod map;
mod outcome;
mod parallel;
mod task;
#[cfg(test)]
mod tests;

pub use outcome::{Failure, Outcome, Status, Step, StepEnd};

use super::clock::{Clock, Millis};
use super::error::EvalError;
use super::jsonata::Entropy;
use super::parts::{self, Moved};
use super::program::{Graph, Kind, Program, Retrier, State};
use super::scope::{Scope, Variables};
use super::services::{Fault, Services};
use super::timestamp;
use super::value::{MOST_LEVELS, Object, Value};
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
    /// The most events of a history: [`EVENT_LIMIT`], or fewer where endless runs are to end soon.
    pub event_limit: u64,
}

impl Default for Options {
    /// 2026-01-01, one seed: the same run each time.
    fn default() -> Self {
        Self { start: 1_767_225_600_000, execution: "execution".into(), trace: false, seed: 1, event_limit: EVENT_LIMIT }
    }
}

/// Runs a machine to its end.
pub fn run(program: &Program, input: Value, services: &mut dyn Services, options: &Options) -> Outcome {
    run_with(&program.name, program.timeout, input, services, options, Work::Graph(&program.graph))
}

/// What an execution runs.
pub(super) enum Work<'w> {
    Graph(&'w Graph),
    Body(&'w super::plan::Body),
}

/// Runs something to its end.
pub(super) fn run_with(
    name: &Arc<str>,
    timeout: Option<Millis>,
    input: Value,
    services: &mut dyn Services,
    options: &Options,
    work: Work<'_>,
) -> Outcome {
    let clock = Clock::starting_at(options.start);
    let (status, result, states, steps) = {
        let run = Run {
            execution: execution(name, &input, options),
            machine: Value::object([
                ("Id", Value::string(format!("arn:aws:states:us-east-1:111111111111:stateMachine:{name}"))),
                ("Name", Value::String(Arc::clone(name))),
            ]),
            clock: clock.clone(),
            services: RefCell::new(services),
            events: Cell::new(0),
            random: Entropy::of_seed(options.seed),
            steps: options.trace.then(|| RefCell::new(Vec::new())),
            states: Cell::new(0),
            map_runs: Cell::new(0),
            event_limit: options.event_limit,
        };
        let history = History::new();
        history.add(1);
        let frame = Frame { history: &history, item: None, depth: 0 };
        let result = clock.block_on(async {
            let work = match work {
                Work::Graph(graph) => run.graph(graph, input, Variables::default(), &frame),
                Work::Body(body) => run.body(body, input, Variables::default(), &frame),
            };
            let Some(timeout) = timeout else { return Some(work.await) };
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
        (status, result, run.states.get(), run.steps.as_ref().map(RefCell::take).unwrap_or_default())
    };
    Outcome { status, result, states, finished: clock.now(), steps }
}

fn execution(machine: &str, input: &Value, options: &Options) -> Value {
    let arn = format!("arn:aws:states:us-east-1:111111111111:execution:{machine}:{}", options.execution);
    Value::object([
        ("Id", Value::string(arn)),
        ("Input", input.clone()),
        ("Name", Value::string(options.execution.as_str())),
        ("RoleArn", Value::string("arn:aws:iam::111111111111:role/execution")),
        ("StartTime", Value::string(timestamp::format(options.start))),
    ])
}

/// Everything that is the same for the whole run.
pub(super) struct Run<'r> {
    clock: Clock,
    services: RefCell<&'r mut (dyn Services + 'r)>,
    execution: Value,
    machine: Value,
    /// Calls made so far: what task tokens and such are numbered by.
    events: Cell<u64>,
    random: Entropy,
    steps: Option<RefCell<Vec<Step>>>,
    states: Cell<u64>,
    map_runs: Cell<u64>,
    event_limit: u64,
}

/// The history of one execution: the number of its last event. A child of a distributed Map has its own.
pub(super) struct History(Cell<u64>);

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
pub(super) struct Frame<'f> {
    history: &'f History,
    /// `$$.Map.Item`, inside a Map.
    item: Option<Value>,
    depth: usize,
}

/// Which way a state is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// As its `Next` or `End` says.
    On,
    /// By the rule of that index.
    Rule(usize),
    Default,
    /// By the catcher of that index.
    Caught(usize),
}

/// The graphs inside a state, in the form in which they are run.
#[derive(Clone, Copy)]
pub(super) enum Inner<'i> {
    Graphs,
    /// Of a plan.
    Bodies(&'i [super::plan::Body]),
}

impl Run<'_> {
    /// Runs states until one ends.
    pub(super) fn graph<'a>(
        &'a self,
        graph: &'a Graph,
        input: Value,
        variables: Variables,
        frame: &'a Frame<'a>,
    ) -> LocalBoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let (mut at, mut input, mut variables) = (graph.start, input, variables);
            loop {
                let Some(state) = graph.states.get(at) else {
                    return Err(Failure::new("States.Runtime", Some("a state is missing".into())));
                };
                let (way, output) = self.state(state, Inner::Graphs, input, &mut variables, frame).await?;
                let next = match (way, &state.kind) {
                    (Way::Caught(index), _) => state.catch.get(index).map(|catcher| catcher.next),
                    (Way::Rule(index), Kind::Choice { rules, .. }) => rules.get(index).map(|rule| rule.next),
                    (Way::Default, Kind::Choice { default, .. }) => *default,
                    _ => state.next,
                };
                match next {
                    Some(next) => (at, input) = (next, output),
                    None => return Ok(output),
                }
            }
        })
    }

    /// The graph of that index inside a state.
    fn inner<'a>(
        &'a self,
        state: &'a State,
        inner: Inner<'a>,
        index: usize,
        input: Value,
        variables: Variables,
        frame: &'a Frame<'a>,
    ) -> LocalBoxFuture<'a, Result<Value, Failure>> {
        let graph = match (&state.kind, inner) {
            (_, Inner::Bodies(bodies)) => return self.body(&bodies[index], input, variables, frame),
            (Kind::Parallel(branches), _) => &branches[index],
            (Kind::Map(map), _) => &map.processor,
            _ => return Box::pin(async { Err(Failure::new("States.Runtime", Some("there is no graph inside".into()))) }),
        };
        self.graph(graph, input, variables, frame)
    }

    pub(super) async fn state(
        &self,
        state: &State,
        inner: Inner<'_>,
        raw: Value,
        variables: &mut Variables,
        frame: &Frame<'_>,
    ) -> Result<(Way, Value), Failure> {
        self.states.set(self.states.get() + 1);
        let entered = frame.history.add(1);
        if entered > self.event_limit {
            let cause = format!("The execution reached the maximum number of history events ({}).", self.event_limit);
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
            let visit = Visit { state, inner, frame, entered, context, retries };
            let failure = match self.visit(&visit, &raw, variables).await {
                Ok(left) => break Ok(left),
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
            let Some(catcher) = state.catch.iter().position(|catcher| failure.is_one_of(&catcher.errors)) else { break Err(failure) };
            let moved = parts::caught(state, catcher, &self.scope(&visit, &raw, variables), &failure.output());
            // A cause may quote the document, and grow with each turn of a loop.
            let moved = moved.and_then(shallow).map_err(|error| visit.failure(error));
            break moved.and_then(|moved| {
                let output = self.limited(&state.name, moved.output)?;
                Ok((Way::Caught(catcher), Moved { output, ..moved }))
            });
        };
        if let (Some(steps), Some(step)) = (&self.steps, step)
            && let Some(step) = steps.borrow_mut().get_mut(step)
        {
            step.left(&result.as_ref().map(|(_, moved)| &moved.output), self.clock.now(), retries);
        }
        let (way, moved) = result?;
        frame.history.add(1);
        if let Some(Value::Object(assigned)) = moved.assigned {
            let all = Arc::make_mut(variables);
            for (name, value) in assigned.iter() {
                all.insert(Arc::clone(name), value.clone());
            }
        }
        Ok((way, moved.output))
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
    async fn visit(&self, visit: &Visit<'_>, raw: &Value, variables: &Variables) -> Result<(Way, Moved), Failure> {
        let state = visit.state;
        let scope = self.scope(visit, raw, variables);
        let lift = |error: EvalError| visit.failure(error);
        let (way, moved) = match &state.kind {
            Kind::Pass { .. } | Kind::Succeed => (Way::On, parts::passed(state, &scope).map_err(lift)?),
            Kind::Fail { .. } => {
                let [error, cause] = parts::raised(state, &scope).map_err(lift)?;
                return Err(Failure { error: error.map(Arc::from), cause, heartbeat: false, fatal: false });
            }
            Kind::Wait(_) => {
                self.clock.sleep(parts::waited(state, &scope).map_err(lift)?).await;
                let input = parts::input(state, &scope).map_err(lift)?;
                (Way::On, parts::settled(state, &self.scope(visit, raw, variables), input).map_err(lift)?)
            }
            Kind::Choice { .. } => {
                let (chosen, moved) = parts::chosen(state, &scope).map_err(lift)?;
                let way = match chosen {
                    parts::Chosen::Rule(index) => Way::Rule(index),
                    parts::Chosen::Default => Way::Default,
                };
                (way, moved)
            }
            Kind::Task(task) => {
                let result = self.task(visit, task, &scope).await?;
                (Way::On, parts::settled(state, &self.scope(visit, raw, variables), result).map_err(lift)?)
            }
            Kind::Parallel(branches) => {
                let arguments = parts::arguments(state, &scope).map_err(lift)?;
                let result = self.parallel(visit, branches.len(), &arguments, variables).await?;
                (Way::On, parts::settled(state, &self.scope(visit, raw, variables), result).map_err(lift)?)
            }
            Kind::Map(map) => {
                let result = self.map(visit, map, &scope, variables).await?;
                (Way::On, parts::settled(state, &self.scope(visit, raw, variables), result).map_err(lift)?)
            }
        };
        let moved = shallow(moved).map_err(lift)?;
        let output = self.limited(&state.name, moved.output)?;
        Ok((way, Moved { output, ..moved }))
    }

    /// A payload, unless it is too large.
    fn limited(&self, label: &str, output: Value) -> Result<Value, Failure> {
        limited(label, output).map_err(|error| Failure::new(&error.name, Some(error.cause)))
    }

    fn scope<'s>(&'s self, visit: &'s Visit<'_>, input: &'s Value, variables: &'s Variables) -> Scope<'s> {
        Scope { input, context: &visit.context, variables, result: None, error_output: None, random: &self.random, now: self.clock.now() }
    }

    /// The context object.
    fn context(&self, state: &State, frame: &Frame<'_>, entered_at: &str, retries: u32) -> Value {
        let mut context = Object::new();
        context.insert("Execution".into(), self.execution.clone());
        context.insert("StateMachine".into(), self.machine.clone());
        context.insert("State".into(), parts::state_context(state, entered_at, i64::from(retries)));
        if let Some(item) = &frame.item {
            context.insert("Map".into(), Value::object([("Item", item.clone())]));
        }
        context.into()
    }

    fn fault(fault: Fault) -> Failure {
        Failure { error: fault.error, cause: fault.cause, heartbeat: false, fatal: false }
    }
}

/// What leaves a state, unless it nests too deep.
///
/// # Errors
/// `States.Runtime`, in words of our own: none of AWS's are known.
pub fn shallow(moved: Moved) -> Result<Moved, EvalError> {
    let levels = moved.assigned.as_ref().map_or(0, Value::levels).max(moved.output.levels());
    if levels > MOST_LEVELS {
        return Err(EvalError::runtime(format!("The data of the state nests {levels} levels deep, and at most {MOST_LEVELS} are read.")));
    }
    Ok(moved)
}

/// A payload, unless it is too large; `label` is what AWS calls the state or task.
///
/// # Errors
/// `States.DataLimitExceeded`, whose cause has no lead-in.
pub fn limited(label: &str, output: Value) -> Result<Value, EvalError> {
    if output.json_len() > PAYLOAD_LIMIT {
        let cause = format!("The state/task '{label}' returned a result with a size exceeding the maximum number of bytes service limit.");
        return Err(EvalError::new("States.DataLimitExceeded", cause));
    }
    Ok(output)
}

/// One attempt of one state.
struct Visit<'v> {
    state: &'v State,
    inner: Inner<'v>,
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
        let lead = if error.speaks_for_itself() {
            String::new()
        } else {
            format!("An error occurred while executing the state '{}' (entered at the event id #{}). ", self.state.name, self.entered)
        };
        let fatal = &*error.name == "States.Runtime";
        Failure { error: Some(error.name), cause: Some(lead + &error.cause), heartbeat: false, fatal }
    }
}
