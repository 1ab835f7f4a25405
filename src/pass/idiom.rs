//! The idiom of a Spark job: submit → wait → poll → choose.
//!
//! A function submits a Livy batch, a Wait lets time pass, a function reads the batch's state, and a Choice loops until
//! the state is final. On Kubernetes one resource does all of it: the SparkApplication, watched to its end. The match is a
//! proof, not a likeness: every state that is absorbed must have no effect and no reader outside the idiom, and every
//! final state of Livy must lead to one of two places.
use super::data::{input_base, invoke_payload, keeps_output, result_place};
use super::emr_cluster;
use super::emr_job;
use super::flow::{Dest, Edge, Flow};
use super::link::{Target, Targets};
use super::path::{Access, parse};
use crate::ir::estate::Estate;
use crate::ir::function::{Action, Function};
use crate::ir::job::Batch;
use crate::ir::machine::{Condition, Operand, State, StateKind, Template, TemplateValue};
use crate::ir::value::{Segment, SymbolKind, Val, Value};
use crate::source::span::{Origins, Span};

/// What a job is called where it runs, and the states that it goes through.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    pub noun: &'static str,
    /// Whether YARN runs it.
    pub yarn: bool,
    /// Not final; `works` is the one in which the job works.
    pub running: &'static [&'static str],
    pub works: &'static str,
    pub success: &'static str,
    /// Final, and not `success`.
    pub failed: &'static [&'static str],
}

/// A Livy batch (Apache Livy, "REST API", Session State; and `recovering`, Livy's `SessionState.scala`).
pub const BATCH: Words = Words {
    noun: "batch",
    yarn: true,
    running: &["not_started", "starting", "recovering", "idle", "running", "busy", "shutting_down"],
    works: "running",
    success: "success",
    failed: &["error", "dead", "killed"],
};

/// What a state submits.
pub struct Submission {
    pub batch: Batch,
    /// The function that does it.
    pub function: Option<usize>,
    pub words: &'static Words,
    /// Where in the result the job's id is; `None`: not there.
    pub id: Option<Access>,
    /// Whether the state ends when the job does.
    pub waits: bool,
    /// What else the request says, and where.
    pub remarks: Vec<(String, Span)>,
}

/// What a state asks of a job.
pub struct Question {
    pub function: Option<usize>,
    pub words: &'static Words,
    /// Where in its input the job's id is; `None`: in no plain field.
    pub id: Option<Access>,
    /// Where in the result the job's state is.
    pub status: Option<Access>,
}

/// A recognised job.
#[derive(Debug)]
pub struct Idiom<'m> {
    pub submit: usize,
    /// Wait, poll and choice states: everything absorbed besides the submission.
    pub absorbed: Vec<usize>,
    pub batch: Batch,
    pub functions: Vec<usize>,
    pub success: Edge,
    /// `None`: no failure of the job leads anywhere; the run ends as failed.
    pub failure: Option<Edge>,
    /// `None`: the state itself waits for the job's end.
    pub polling: Option<Polling<'m>>,
    /// What else the request says, and where.
    pub remarks: Vec<(String, Span)>,
    /// Whether YARN ran it.
    pub yarn: bool,
    /// Whether anybody waits for its end.
    pub watched: bool,
    /// Of a job that nobody waits for: whether the machine ends the cluster that it may still run on.
    pub cut_short: bool,
}

/// How the source waits for a job's end.
#[derive(Debug)]
pub struct Polling<'m> {
    /// What a job is called there.
    pub noun: &'static str,
    pub poll: usize,
    pub choice: &'m State,
    /// Final failures for which the source polls on for ever.
    pub polls_for_ever: Vec<&'static str>,
    /// What decides that: the Choice's Default.
    pub default_span: Option<Span>,
    /// Running states for which the source leaves the loop.
    pub leaves_early: Vec<&'static str>,
    /// Final failures that match no rule of a Choice without Default.
    pub unmatched: Vec<&'static str>,
    /// Seconds between two polls, as written.
    pub wait_seconds: Option<String>,
}

/// Why a submission is not such a job.
#[derive(Debug)]
pub struct Mismatch {
    pub why: String,
    pub span: Span,
}

/// Matches the idiom at a state that submits a job. `None` when the state does no such thing.
#[must_use]
pub fn at<'m>(
    flow: &Flow<'m>,
    submit: usize,
    targets: &Targets,
    estate: &Estate,
    predecessors: &[Vec<usize>],
) -> Option<Result<Idiom<'m>, Mismatch>> {
    let state = flow.states[submit].state;
    let submission = match submission(state, targets, estate)? {
        Ok(submission) => submission,
        Err(mismatch) => return Some(Err(mismatch)),
    };
    let matcher = Matcher { flow, targets, estate, predecessors };
    Some(if submission.waits || matcher.unwatched(submit, &submission) {
        matcher.waiting(submit, submission)
    } else {
        matcher.match_at(submit, submission)
    })
}

/// Whether a state submits a job that is understood.
#[must_use]
pub fn submits(state: &State, targets: &Targets, estate: &Estate) -> bool {
    submission(state, targets, estate).is_some_and(|found| found.is_ok())
}

fn submission(state: &State, targets: &Targets, estate: &Estate) -> Option<Result<Submission, Mismatch>> {
    if let Target::Service(service) = targets.get(state)? {
        return emr_job::submission(state, &service.value);
    }
    let (index, function) = function_of(state, targets, estate)?;
    let behaviour = function.behaviour.as_ref()?;
    let Action::SubmitBatch { batch, .. } = &behaviour.action else { return None };
    let id = response_place(&behaviour.returns, &|name| name.ends_with("id"));
    Some(Ok(Submission { batch: (**batch).clone(), function: Some(index), words: &BATCH, id, waits: false, remarks: Vec::new() }))
}

fn question(state: &State, targets: &Targets, estate: &Estate) -> Option<Question> {
    if let Target::Service(service) = targets.get(state)? {
        return emr_job::question(&service.value);
    }
    let (index, function) = function_of(state, targets, estate)?;
    let behaviour = function.behaviour.as_ref()?;
    let Action::ReadBatchState { id, .. } = &behaviour.action else { return None };
    let status = response_place(&behaviour.returns, &|name| name.ends_with("state"));
    Some(Question { function: Some(index), words: &BATCH, id: event_path(id), status })
}

fn function_of<'e>(state: &State, targets: &Targets, estate: &'e Estate) -> Option<(usize, &'e Function)> {
    match targets.get(state)? {
        Target::Function { index, .. } => Some((*index, &estate.functions[*index])),
        _ => None,
    }
}

struct Matcher<'a, 'm> {
    flow: &'a Flow<'m>,
    targets: &'a Targets,
    estate: &'a Estate,
    predecessors: &'a [Vec<usize>],
}

impl<'m> Matcher<'_, 'm> {
    fn state(&self, index: usize) -> &'m State {
        self.flow.states[index].state
    }

    fn mismatch<T>(&self, index: usize, why: impl Into<String>) -> Result<T, Mismatch> {
        let state = self.state(index);
        Err(Mismatch { why: why.into(), span: state.name.span().unwrap_or(state.span) })
    }

    /// The first state that reads inside what a job left. One that is about the cluster does nothing on Kubernetes, whatever it reads.
    fn reader_after(&self, from: &[Dest], of: usize, place: &Access) -> Option<(&'m State, Span)> {
        let readers = self.flow.after(from, of, place).readers.into_iter();
        let mut reads = readers.filter(|(state, read, _)| *read != Access::whole() && !emr_cluster::is(state, self.targets));
        reads.next().map(|(state, _, span)| (state, span))
    }

    /// A state that submits a job which nobody waits for: nobody takes its id, so nobody can.
    fn unwatched(&self, submit: usize, submission: &Submission) -> bool {
        let success = self.first_edge(submit);
        let Some(place) = result_place(self.state(submit)) else { return true };
        let readers = self.flow.after(&[success.to], submit, &place).readers;
        submission.function.is_none() && readers.iter().all(|(state, ..)| emr_cluster::is(state, self.targets))
    }

    /// Whether the end of a cluster may come while such a job runs.
    fn cut_short(&self, submit: usize) -> bool {
        let reached = self.flow.reachable(&[self.first_edge(submit).to]);
        let ends = |state: &State| match self.targets.get(state) {
            Some(Target::Service(service)) => ["terminate", "stopApplication", "delete"].iter().any(|word| service.value.contains(word)),
            _ => false,
        };
        self.flow.states.iter().zip(reached).any(|(flat, reached)| reached && emr_cluster::is(flat.state, self.targets) && ends(flat.state))
    }

    /// A state that ends when its job does.
    fn waiting(&self, submit: usize, submission: Submission) -> Result<Idiom<'m>, Mismatch> {
        let success = self.first_edge(submit);
        if let Some(place) = result_place(self.state(submit))
            && let Some((reader, span)) = self.reader_after(&[success.to], submit, &place)
        {
            let why = format!(
                "`{}` reads what the {} of `{}` left in the document, which a Spark job on Kubernetes does not have",
                reader.name.value,
                submission.words.noun,
                self.state(submit).name.value
            );
            return Err(Mismatch { why, span });
        }
        let functions = submission.function.into_iter().collect();
        Ok(Idiom {
            submit,
            absorbed: Vec::new(),
            batch: submission.batch,
            functions,
            success,
            failure: None,
            polling: None,
            remarks: submission.remarks,
            yarn: submission.words.yarn,
            watched: submission.waits,
            cut_short: !submission.waits && self.cut_short(submit),
        })
    }

    fn match_at(&self, submit: usize, submission: Submission) -> Result<Idiom<'m>, Mismatch> {
        let state = self.state(submit);
        let name = &state.name.value;
        let words = submission.words;
        let noun = words.noun;
        let Some(id_inside) = &submission.id else {
            return self.mismatch(submit, format!("`{name}` submits a {noun}, but what its function returns is not the {noun}'s id"));
        };
        let Some(id_place) = self.placed(submit, id_inside) else {
            return self.mismatch(
                submit,
                format!("`{name}` discards the {noun}'s id, or its ResultSelector or OutputPath does, so nothing can wait for the {noun}"),
            );
        };

        // Submission, waits, poll.
        let mut waits = Vec::new();
        let poll = self.skip_waits(self.first_edge(submit), &mut waits);
        let Dest::State(poll) = poll.to else {
            return self.mismatch(submit, format!("after `{name}` nothing reads the {noun}'s state"));
        };
        let Some(asked) = question(self.state(poll), self.targets, self.estate).filter(|asked| asked.words == words) else {
            return self.mismatch(
                submit,
                format!("`{}` follows the submission, and it is not known to read a {noun}'s state", self.state(poll).name.value),
            );
        };
        let Some(event_path) = &asked.id else {
            return self
                .mismatch(poll, format!("which {noun} `{}` asks for is not a plain field of its input", self.state(poll).name.value));
        };
        if self.event_place(poll, event_path).as_ref() != Some(&id_place) {
            return self
                .mismatch(poll, format!("`{}` asks for another {noun} than the one that `{name}` submitted", self.state(poll).name.value));
        }
        let Some(state_inside) = &asked.status else {
            return self.mismatch(poll, format!("what `{}` returns is not the {noun}'s state", self.state(poll).name.value));
        };
        let Some(status_place) = self.placed(poll, state_inside) else {
            return self.mismatch(
                poll,
                format!("`{}` discards the {noun}'s state, or its ResultSelector or OutputPath does", self.state(poll).name.value),
            );
        };
        if status_place.overlaps(&id_place) {
            return self.mismatch(
                poll,
                format!("`{}` overwrites the {noun}'s id, so the next poll would ask for nothing", self.state(poll).name.value),
            );
        }

        // The choice.
        let poll_next = self.first_edge(poll);
        let Dest::State(choice) = poll_next.to else {
            return self.mismatch(poll, format!("after `{}` nothing decides on the {noun}'s state", self.state(poll).name.value));
        };
        let choice_state = self.state(choice);
        let StateKind::Choice { default, .. } = &choice_state.kind else {
            return self.mismatch(choice, format!("`{}` follows the poll and is not a Choice", choice_state.name.value));
        };
        let default_span = default.as_ref().and_then(crate::source::span::Sourced::span);
        // Which way each status goes, over as many Choices on it as follow each other.
        let mut choices = vec![choice];
        let mut ways: Vec<(&str, Edge)> = Vec::new();
        for status in words.running.iter().chain([&words.success]).chain(words.failed).copied() {
            let Some(way) = self.way(choice, status, &status_place, &mut choices) else {
                return self.mismatch(choice, format!("`{}` decides on more than the {noun}'s state, or otherwise than by StringEquals, IsPresent, And, Or and Not, which this version does not read", choice_state.name.value));
            };
            ways.push((status, way));
        }
        let decide = |status: &str| ways.iter().find(|(known, edge)| *known == status && edge.to != Dest::Nowhere).map(|(_, edge)| edge);
        let mut loop_waits = waits.clone();
        let mut back_to_poll = |edge: &Edge| {
            let mut passed = Vec::new();
            let end = self.skip_waits(edge.clone(), &mut passed);
            let back = end.to == Dest::State(poll);
            if back {
                loop_waits.extend(passed);
            }
            back
        };

        let Some(success) = decide(words.success).cloned() else {
            return self.mismatch(choice, format!("`{}` has no way out for `{}`", choice_state.name.value, words.success));
        };
        if back_to_poll(&success) {
            return self.mismatch(choice, format!("`{}` polls on after `{}`", choice_state.name.value, words.success));
        }
        let mut leaves_early = Vec::new();
        for status in words.running {
            match decide(status) {
                Some(edge) if back_to_poll(edge) => {}
                _ => leaves_early.push(*status),
            }
        }
        if leaves_early.contains(&words.works) {
            return self.mismatch(choice, format!("`{}` leaves the loop while the {noun} is running", choice_state.name.value));
        }
        let mut failure: Option<Edge> = None;
        let (mut polls_for_ever, mut unmatched) = (Vec::new(), Vec::new());
        for status in words.failed {
            match decide(status) {
                None => unmatched.push(*status),
                Some(edge) if back_to_poll(edge) => polls_for_ever.push(*status),
                Some(edge) => match &mut failure {
                    None => failure = Some(edge.clone()),
                    Some(known) if self.flow.through(known).to == self.flow.through(edge).to => known.via.extend(&edge.via),
                    Some(_) => {
                        return self.mismatch(
                            choice,
                            format!(
                                "`{}` goes to different states after different failures, and the Spark Operator knows one failure only",
                                choice_state.name.value
                            ),
                        );
                    }
                },
            }
        }
        loop_waits.sort_unstable();
        loop_waits.dedup();

        // Nobody else comes into the middle.
        let inside: Vec<usize> = loop_waits.iter().copied().chain([poll]).chain(choices).collect();
        for index in &inside {
            if let Some(other) = self.predecessors[*index].iter().find(|p| **p != submit && !inside.contains(p)) {
                return self.mismatch(
                    *index,
                    format!("`{}` also leads to `{}`, past the submission", self.state(*other).name.value, self.state(*index).name.value),
                );
            }
            if !self.state(*index).catch.is_empty() {
                return self.mismatch(
                    *index,
                    format!("`{}` has a Catch, which this version does not translate inside a polling loop", self.state(*index).name.value),
                );
            }
            if keeps_output(self.state(*index)) {
                return self.mismatch(*index, format!("`{}` replaces the document with OutputPath", self.state(*index).name.value));
            }
        }
        // Nobody reads afterwards what the submission and the polls left.
        let mut exits = vec![success.to];
        exits.extend(failure.iter().map(|e| e.to));
        for left in [submit, poll] {
            let Some(place) = result_place(self.state(left)) else { continue };
            if let Some((reader, span)) = self.reader_after(&exits, submit, &place) {
                return Err(Mismatch {
                    why: format!(
                        "`{}` reads the {noun}'s id or state, or what came with them, which a Spark job on Kubernetes does not have",
                        reader.name.value
                    ),
                    span,
                });
            }
        }
        let wait_seconds = loop_waits.iter().find_map(|w| match &self.state(*w).kind {
            StateKind::Wait(crate::ir::machine::WaitFor::Seconds(crate::ir::machine::Number::Literal(s))) => Some(s.value.clone()),
            _ => None,
        });
        Ok(Idiom {
            submit,
            absorbed: inside,
            batch: submission.batch,
            functions: submission.function.into_iter().chain(asked.function).collect(),
            success,
            failure,
            remarks: submission.remarks,
            yarn: words.yarn,
            watched: true,
            cut_short: false,
            polling: Some(Polling {
                noun,
                poll,
                choice: choice_state,
                polls_for_ever,
                default_span,
                leaves_early,
                unmatched,
                wait_seconds,
            }),
        })
    }

    /// Where a status leads from a Choice, and on from Choices on the same status after it, which are added to `choices`; nowhere: no rule
    /// takes it. `None`: the first Choice decides on something else.
    fn way(&self, choice: usize, status: &str, place: &Access, choices: &mut Vec<usize>) -> Option<Edge> {
        let mut edge = self.chosen(choice, status, place)?;
        let mut passed = vec![choice];
        while let Dest::State(next) = edge.to {
            if passed.contains(&next) || !matches!(self.state(next).kind, StateKind::Choice { .. }) {
                break;
            }
            // One that asks for something else is no part of the loop.
            let Some(further) = self.chosen(next, status, place) else { break };
            passed.push(next);
            if !choices.contains(&next) {
                choices.push(next);
            }
            edge = Edge { to: further.to, via: further.via.with(&edge.via) };
        }
        Some(edge)
    }

    /// The edge that a Choice takes for a status; nowhere: no rule takes it. `None`: it decides on something else.
    fn chosen(&self, choice: usize, status: &str, place: &Access) -> Option<Edge> {
        let state = self.state(choice);
        let StateKind::Choice { rules, default } = &state.kind else { return None };
        let base = input_base(state)?;
        let holding = rules.iter().map(|rule| holds(&rule.condition, status, place, &base)).collect::<Option<Vec<bool>>>()?;
        let edges = &self.flow.states[choice].edges;
        let at = holding.iter().position(|holds| *holds).or(default.as_ref().map(|_| rules.len()));
        Some(at.and_then(|at| edges.get(at)).cloned().unwrap_or(Edge { to: Dest::Nowhere, via: Origins::none() }))
    }

    fn first_edge(&self, index: usize) -> Edge {
        self.flow.states[index].edges.first().cloned().unwrap_or(Edge { to: Dest::Nowhere, via: Origins::none() })
    }

    /// Follows an edge over Wait states that move no data.
    fn skip_waits(&self, mut edge: Edge, passed: &mut Vec<usize>) -> Edge {
        while let Dest::State(index) = edge.to {
            if !matches!(self.state(index).kind, StateKind::Wait(_)) || passed.contains(&index) {
                break;
            }
            passed.push(index);
            edge = self.first_edge(index);
        }
        edge
    }

    /// Where in the document a part of a state's result ends; `None` when the result is dropped or reshaped.
    fn placed(&self, index: usize, inside: &Access) -> Option<Access> {
        let state = self.state(index);
        if keeps_output(state) {
            return None;
        }
        let envelope = matches!(self.targets.get(state), Some(Target::Function { envelope: true, .. }));
        let result = if envelope { Access::Fields(vec!["Payload".into()]).join(inside) } else { inside.clone() };
        let result = match &state.data.result_selector {
            Some(selector) => selected(selector, &result)?,
            None => result,
        };
        match result_place(state)?.join(&result) {
            Access::Fields(fields) => Some(Access::Fields(fields)),
            _ => None,
        }
    }

    /// Where in the document a part of a function's event comes from.
    fn event_place(&self, index: usize, event: &Access) -> Option<Access> {
        let state = self.state(index);
        let base = input_base(state)?;
        let envelope = matches!(self.targets.get(state), Some(Target::Function { envelope: true, .. }));
        let template = if envelope { Some(invoke_payload(state)?) } else { state.data.parameters.as_ref() };
        let Some(mut template) = template else {
            return Some(base.join(event));
        };
        let Access::Fields(fields) = event else { return None };
        let mut fields = fields.as_slice();
        loop {
            if let TemplateValue::PathExpression(path) = &template.value {
                return Some(base.join(&parse(path)).join(&Access::Fields(fields.to_vec())));
            }
            let (first, rest) = fields.split_first()?;
            template = super::link::member(template, first)?;
            fields = rest;
        }
    }
}

/// Where a `ResultSelector` puts a part of the result: the field whose path is that part, or holds it.
fn selected(selector: &Template, part: &Access) -> Option<Access> {
    match &selector.value {
        TemplateValue::PathExpression(path) => {
            let (Access::Fields(from), Access::Fields(wanted)) = (parse(path), part) else { return None };
            wanted.strip_prefix(from.as_slice()).map(|rest| Access::Fields(rest.to_vec()))
        }
        TemplateValue::Map(entries) => {
            entries.iter().find_map(|(key, inner)| selected(inner, part).map(|rest| Access::Fields(vec![key.value.clone()]).join(&rest)))
        }
        _ => None,
    }
}

/// Where inside a returned value the response's field is that `wanted` accepts.
fn response_place(value: &Val, wanted: &dyn Fn(&str) -> bool) -> Option<Access> {
    match &value.value {
        Value::Symbol(symbol) if symbol.kind == SymbolKind::Response && wanted(&symbol.name) => Some(Access::whole()),
        Value::Text(segments) => match segments.as_slice() {
            [Segment::Symbol(symbol)] if symbol.kind == SymbolKind::Response && wanted(&symbol.name) => Some(Access::whole()),
            _ => None,
        },
        Value::Map(entries) => entries
            .iter()
            .find_map(|(key, inner)| response_place(inner, wanted).map(|place| Access::Fields(vec![key.value.clone()]).join(&place))),
        _ => None,
    }
}

/// The part of the event that a value is, whole: `$.jobId`.
fn event_path(value: &Val) -> Option<Access> {
    match &value.value {
        Value::Symbol(symbol) if symbol.kind == SymbolKind::Event => Some(parse(&symbol.name)),
        Value::Text(segments) => match segments.as_slice() {
            [Segment::Symbol(symbol)] if symbol.kind == SymbolKind::Event => Some(parse(&symbol.name)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a condition holds for a status that stands at its place; `None` when it is about anything else.
fn holds(condition: &Condition, status: &str, place: &Access, base: &Access) -> Option<bool> {
    match condition {
        Condition::Compare { variable, operator, operand } => {
            let asked = base.join(&parse(&variable.value));
            match (operator.value.as_str(), operand) {
                ("StringEquals", Operand::Text(text)) => (asked == *place).then(|| text.value == status),
                // The poll has just put the status there, and all that is around it.
                ("IsPresent", Operand::Bool(wanted)) => match (&asked, place) {
                    (Access::Fields(asked), Access::Fields(place)) => place.starts_with(asked).then_some(wanted.value),
                    _ => None,
                },
                _ => None,
            }
        }
        Condition::And(inner, _) | Condition::Or(inner, _) => {
            let all = inner.iter().map(|inner| holds(inner, status, place, base)).collect::<Option<Vec<bool>>>()?;
            Some(if matches!(condition, Condition::And(..)) { all.iter().all(|one| *one) } else { all.iter().any(|one| *one) })
        }
        Condition::Not(inner, _) => holds(inner, status, place, base).map(|one| !one),
        Condition::Jsonata(_) | Condition::Invalid(_) => None,
    }
}
