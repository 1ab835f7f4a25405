//! One machine with one input and one script, run by both interpreters.
use super::flow;
use emr2k8s::import::asl;
use emr2k8s::ir::control::{Block, Kind};
use emr2k8s::ir::machine::Machine;
use emr2k8s::pass::control::{Structured, Unstructured, structure};
use emr2k8s::simulate::engine::{self, Options, Outcome};
use emr2k8s::simulate::plan::Plan;
use emr2k8s::simulate::program::Program;
use emr2k8s::simulate::services::{Answer, Call, Fault, Services};
use emr2k8s::simulate::value::{Number, Value};
use emr2k8s::source::json;
use emr2k8s::source::sink::{Severity, Sink};
use emr2k8s::source::span::FileId;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// So many events end a run that has no end of its own.
const EVENTS: u64 = 100;

/// A machine in both forms.
pub struct Both {
    pub program: Program,
    pub plan: Plan,
    pub structured: Structured,
}

/// Why there are not both forms.
#[derive(Debug)]
pub enum Refused {
    /// Step Functions would not take the machine.
    Machine(String),
    TooDeep,
    /// What must not be.
    Defect(String),
}

pub fn import(text: &str) -> Result<(Machine, Vec<String>), String> {
    let mut sink = Sink::default();
    let Some(node) = json::parse(text, FileId(0), &mut sink) else { return Err("no JSON".into()) };
    let machine = asl::import(&node, FileId(0), "machine.asl.json", "machine", &mut sink);
    let errors = sink.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| format!("{}: {}", d.rule.code, d.message));
    Ok((machine, errors.collect()))
}

impl Both {
    pub fn of(text: &str) -> Result<Self, Refused> {
        let (machine, errors) = import(text).map_err(Refused::Machine)?;
        // What the linter alone refuses still runs, and must run alike.
        let program = Program::compile(&machine).map_err(|e| Refused::Machine(format!("{errors:?} {e:?}")))?;
        let structured = match structure(&machine.graph) {
            Ok(structured) => structured,
            Err(Unstructured::TooDeep(_)) => return Err(Refused::TooDeep),
            Err(other) => return Err(Refused::Defect(format!("{other:?}"))),
        };
        flow::difference(&machine.graph, &structured.body).map_err(Refused::Defect)?;
        let plan = Plan::compile("machine", program.timeout, &structured.body).map_err(|e| Refused::Defect(format!("{e:?}")))?;
        Ok(Self { program, plan, structured })
    }

    /// Runs both; what the machine did, and the difference if there is one.
    pub fn compare(&self, input: &Value, script: &Value) -> (Run, Option<String>) {
        let options = Options { trace: true, event_limit: EVENTS, ..Options::default() };
        let mut services = Recorder::new(script);
        let outcome = engine::run(&self.program, input.clone(), &mut services, &options);
        let machine = Run { outcome, calls: services.calls };
        let mut services = Recorder::new(script);
        let outcome = self.plan.run(input.clone(), &mut services, &options);
        let plan = Run { outcome, calls: services.calls };
        let difference = (machine != plan).then(|| machine.difference(&plan));
        (machine, difference)
    }
}

/// Kinds of statements, blocks inside states included.
pub fn statements(block: &Block, counted: &mut BTreeMap<&'static str, usize>) {
    for stmt in block {
        let name = match &stmt.kind {
            Kind::State(_) => "state",
            Kind::Choose { .. } => "choose",
            Kind::Try { .. } => "try",
            Kind::Scope { .. } => "scope",
            Kind::Loop { .. } => "loop",
            Kind::Leave(_) => "leave",
            Kind::Repeat(_) => "repeat",
            Kind::Return => "return",
            Kind::Dispatch { .. } => "dispatch",
            Kind::Request { .. } => "request",
        };
        *counted.entry(name).or_default() += 1;
        stmt.kind.blocks().into_iter().for_each(|block| statements(block, counted));
        if let Some(leaf) = stmt.kind.leaf() {
            leaf.inner.iter().for_each(|body| statements(&body.block, counted));
        }
    }
}

/// All that a run does that can be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub outcome: Outcome,
    pub calls: Vec<Called>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Called {
    pub state: String,
    pub input: Value,
    pub retries: u32,
    pub now: u64,
}

impl Run {
    fn difference(&self, other: &Run) -> String {
        let mut out = String::new();
        for (what, run) in [("machine", self), ("plan", other)] {
            let end = match &run.outcome.result {
                Ok(output) => output.to_json(),
                Err(failure) => format!("{failure:?}"),
            };
            let _ = writeln!(out, "{what}: {} at {}: {end}", run.outcome.status.name(), run.outcome.finished);
            let way: Vec<&str> = run.outcome.steps.iter().map(|step| &*step.state).collect();
            let _ = writeln!(out, "    way {}, {} calls", way.join(" "), run.calls.len());
        }
        out
    }
}

/// Answers from a script that begins anew when it is over, and writes down what it was asked.
pub struct Recorder<'s> {
    script: &'s Value,
    taken: BTreeMap<String, usize>,
    pub calls: Vec<Called>,
}

impl<'s> Recorder<'s> {
    pub fn new(script: &'s Value) -> Self {
        Self { script, taken: BTreeMap::new(), calls: Vec::new() }
    }
}

impl Services for Recorder<'_> {
    fn call(&mut self, call: &Call<'_>) -> Answer {
        self.calls.push(Called { state: call.state.to_owned(), input: call.input.clone(), retries: call.retries, now: call.now });
        let taken = self.taken.entry(call.state.to_owned()).or_default();
        let attempts = self.script.get(call.state).and_then(Value::as_array).unwrap_or_default();
        let Some(attempt) = attempts.get(*taken % attempts.len().max(1)) else {
            return Answer::Unknown(format!("nothing answers '{}'", call.state));
        };
        *taken += 1;
        let seconds = attempt.get("seconds").and_then(Value::as_number).and_then(Number::as_i64).unwrap_or_default();
        let text = |name: &str| attempt.get(name).and_then(Value::as_str);
        let result = match attempt.get("error") {
            Some(_) => Err(Fault { error: text("error").map(Into::into), cause: text("cause").map(str::to_owned) }),
            None => Ok(attempt.get("output").cloned().unwrap_or_default()),
        };
        Answer::After(u64::try_from(seconds).unwrap_or_default() * 1000, result)
    }
}
