//! The idiom of a poll: call → choose → wait → call again, until the answer says that something has ended.
//!
//! As a loop of the workflow each turn would be a pod, a suspension and a decision. As one Task the container calls until the Choice would go on. The match is a proof:
//! the loop is nothing but the call, the Choice and Waits of known length; whether it goes round again depends on the answer alone; and each request is
//! either the first one or known from the answer before it. The Choice stays behind the call and decides where the machine goes on.
use super::carried::FUNCTION;
use super::data::{caught_place, input_base, keeps_output, result_place, template_reads, traced};
use super::flow::{Dest, Flow};
use super::link::Targets;
use super::path::{Access, parse};
use crate::facts::calls::{CallResource, Pattern, Target};
use crate::ir::control::is_ours;
use crate::ir::estate::Estate;
use crate::ir::machine::{
    ChoiceRule, Condition, Graph, Number, Operand, PathField, QueryLanguage, State, StateKind, Task, Template, TemplateValue, WaitFor,
};
use crate::ir::poll::{Polls, Test, Update, seconds};
use crate::simulate::choice::Comparison;
use crate::simulate::jsonata::Expression;
use crate::simulate::jsonata::ast::{AstNode, BinaryOp, PathStep};
use crate::source::rules::plan::PLN141;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced};
use std::collections::BTreeSet;

/// Turns each poll of a graph, and of the graphs inside it, into one Task. Nesting is bounded by the source layer's limit on depth.
pub fn rewrite(graph: &mut Graph, targets: &Targets, estate: &Estate, sink: &mut Sink) {
    let flow = Flow::separate(graph, targets, estate);
    let predecessors = flow.predecessors();
    let matcher = Matcher { flow: &flow, predecessors: &predecessors };
    let found: Vec<Found> = (0..flow.states.len()).filter_map(|index| matcher.at(index)).collect();
    let entries: Vec<usize> = match flow.start.to {
        Dest::State(index) => vec![index],
        _ => Vec::new(),
    };
    for poll in &found {
        let call = &graph.states[poll.call].name;
        let choice = &graph.states[poll.choice].name;
        let message = format!(
            "`{}` is called every {} s until `{}` goes on, each time from the workflow → one container calls until then",
            call.value,
            poll.polls.seconds(),
            choice.value
        );
        let at = call.span().unwrap_or(graph.states[poll.call].span);
        sink.report(Diagnostic::equivalent(&PLN141, at, message).related(choice.span(), "what decides"));
    }
    let mut unused = BTreeSet::new();
    for Found { call, choice, polls, waits, back, default } in found {
        // A Wait through which nobody else comes is over with the loop.
        for wait in &waits {
            let inside = |before: &usize| *before == choice || waits.contains(before);
            if !entries.contains(wait) && predecessors[*wait].iter().all(inside) {
                unused.insert(*wait);
            }
        }
        if let StateKind::Task(task) = &mut graph.states[call].kind {
            task.polls = Some(Box::new(polls));
        }
        if let StateKind::Choice { rules, default: otherwise } = &mut graph.states[choice].kind {
            without(rules, &back);
            if default {
                *otherwise = None;
            }
        }
    }
    for index in &unused {
        sink.absorb(graph.states[*index].span, &PLN141, "the pause of a poll, which the container that polls makes");
    }
    without(&mut graph.states, &unused);
    for state in &mut graph.states {
        match &mut state.kind {
            StateKind::Parallel { branches } => branches.iter_mut().for_each(|branch| rewrite(branch, targets, estate, sink)),
            StateKind::Map(map) => map.processor.iter_mut().for_each(|processor| rewrite(processor, targets, estate, sink)),
            _ => {}
        }
    }
}

/// Takes out what stands at these places.
fn without<T>(all: &mut Vec<T>, places: &BTreeSet<usize>) {
    let mut at = 0..;
    all.retain(|_| at.next().is_none_or(|at| !places.contains(&at)));
}

/// A poll: its states by index, and what goes back: rules of the Choice by index, and whether its Default.
struct Found {
    call: usize,
    choice: usize,
    polls: Polls,
    waits: BTreeSet<usize>,
    back: BTreeSet<usize>,
    default: bool,
}

struct Matcher<'a, 'm> {
    flow: &'a Flow<'m>,
    predecessors: &'a [Vec<usize>],
}

impl<'m> Matcher<'_, 'm> {
    fn state(&self, index: usize) -> &'m State {
        self.flow.states[index].state
    }

    fn at(&self, call: usize) -> Option<Found> {
        let state = self.state(call);
        let StateKind::Task(task) = &state.kind else { return None };
        if !is_plain_call(state, task) {
            return None;
        }
        let Dest::State(choice) = self.flow.states[call].edges.first()?.to else { return None };
        let chooser = self.state(choice);
        let StateKind::Choice { rules, default } = &chooser.kind else { return None };
        // Another answer than this call's would be decided on without its ways back.
        if self.predecessors[choice].iter().any(|before| *before != call) || self.flow.start.to == Dest::State(choice) {
            return None;
        }
        if !leaves_alone(chooser, rules) {
            return None;
        }
        let edges = &self.flow.states[choice].edges;
        let ways: Vec<Option<Pause>> = edges.iter().map(|edge| self.back(edge.to, call)).collect();
        let (by_rule, otherwise) = ways.split_at(rules.len().min(ways.len()));
        let mut pauses = ways.iter().flatten();
        let pause = pauses.next()?;
        if pause.seconds() == 0 || pauses.any(|other| other.seconds() != pause.seconds()) || ways.iter().all(Option::is_some) {
            return None;
        }
        let place = Place::of(state)?;
        let mut origins = Origins::none();
        let mut tests = Vec::new();
        for (rule, way) in rules.iter().zip(by_rule) {
            let test = match &rule.condition {
                Condition::Jsonata(text) => jsonata(text, &place)?,
                condition => comparison(condition, &place)?,
            };
            origins.extend(&rule.condition.spans());
            if let (Some(_), Some(next)) = (way, &rule.next) {
                origins.extend(&next.origins);
            }
            tests.push((test, way.is_some()));
        }
        let default_back = default.is_some() && otherwise.first().is_some_and(Option::is_some);
        if let (true, Some(name)) = (default_back, default) {
            origins.extend(&name.origins);
        }
        let updates = updates(state, &place)?;
        if !self.handlers_see_nothing(call, &place) || !retries_only_the_call(state) {
            return None;
        }
        let waits = ways.iter().flatten().flat_map(|pause| pause.waits.iter().copied()).collect();
        let polls = Polls { rules: tests, otherwise: default_back, pauses: pause.texts.clone(), updates, origins };
        let back = by_rule.iter().enumerate().filter(|(_, way)| way.is_some()).map(|(index, _)| index).collect();
        Some(Found { call, choice, polls, waits, back, default: default_back })
    }

    /// The Waits on the way back to the call, if that is where it leads.
    fn back(&self, from: Dest, call: usize) -> Option<Pause> {
        let mut pause = Pause::default();
        let mut to = from;
        loop {
            let Dest::State(index) = to else { return None };
            if index == call {
                return Some(pause);
            }
            let state = self.state(index);
            let StateKind::Wait(WaitFor::Seconds(Number::Literal(seconds))) = &state.kind else { return None };
            seconds.value.parse::<u64>().ok()?;
            let data = &state.data;
            let moves = data.input_path.is_some() || data.output_path.is_some() || data.output.is_some() || data.assign.is_some();
            if moves || !pause.waits.insert(index) {
                return None;
            }
            pause.texts.push(seconds.clone());
            to = self.flow.states[index].edges.first()?.to;
        }
    }

    /// Whether no handler can tell by the document which turn failed.
    fn handlers_see_nothing(&self, call: usize, place: &Place<'_>) -> bool {
        let state = self.state(call);
        let handlers = self.flow.states[call].edges.iter().skip(1);
        state.catch.iter().zip(handlers).all(|(catcher, edge)| {
            if state.query_language == QueryLanguage::Jsonata {
                return catcher.output.is_none() && catcher.assign.is_none();
            }
            let changed = if place.output.is_some() { Access::whole() } else { Access::Fields(place.at.clone()) };
            let after = self.flow.after(&[edge.to], call, &changed);
            catcher.assign.is_none()
                && (caught_place(catcher, state) == Some(Access::whole()) || (after.readers.is_empty() && !after.to_end))
        })
    }
}

/// The Waits between a Choice and the call.
#[derive(Default)]
struct Pause {
    texts: Vec<Sourced<String>>,
    waits: BTreeSet<usize>,
}

impl Pause {
    fn seconds(&self) -> u64 {
        seconds(&self.texts)
    }
}

/// Whether a Task is a call that is answered at once, under settings that a container which calls many times keeps.
fn is_plain_call(state: &State, task: &Task) -> bool {
    let literal = task.resource.as_ref().and_then(crate::ir::value::Val::literal);
    let at_once = literal.is_some_and(|text| {
        text.starts_with(FUNCTION)
            || CallResource::parse(&text)
                .is_ok_and(|call| call.pattern == Pattern::RequestResponse && !matches!(call.target, Target::Activity(_)))
    });
    at_once
        && !is_ours(state)
        && task.timeout_seconds.is_none()
        && task.heartbeat_seconds.is_none()
        && state.data.assign.is_none()
        && state.data.output.is_none()
}

/// Whether a Choice only decides.
fn leaves_alone(state: &State, rules: &[ChoiceRule]) -> bool {
    let data = &state.data;
    let whole = |path: &Option<PathField>| !matches!(path, Some(path) if !matches!(path, PathField::Path(path) if path.value == "$"));
    whole(&data.input_path)
        && whole(&data.output_path)
        && data.output.is_none()
        && data.assign.is_none()
        && rules.iter().all(|rule| rule.assign.is_none() && rule.output.is_none())
}

/// Where the answer of a call goes.
struct Place<'s> {
    /// Fields of the document, before `OutputPath`.
    at: Vec<String>,
    selector: Option<&'s Template>,
    /// Fields that `OutputPath` takes.
    output: Option<Vec<String>>,
}

/// What a part of the document is to a call's answer.
enum Relation {
    /// Not touched by it.
    Apart,
    /// It stands there in the answer.
    Inside(Vec<String>),
    /// The answer stands there in it.
    Around(Vec<String>),
}

impl<'s> Place<'s> {
    fn of(state: &'s State) -> Option<Self> {
        if state.query_language == QueryLanguage::Jsonata {
            return Some(Self { at: Vec::new(), selector: None, output: None });
        }
        let Access::Fields(at) = result_place(state)? else { return None };
        let output = match &state.data.output_path {
            Some(PathField::Path(path)) if keeps_output(state) => match parse(&path.value) {
                Access::Fields(fields) => Some(fields),
                _ => return None,
            },
            Some(PathField::Null(_)) => return None,
            _ => None,
        };
        Some(Self { at, selector: state.data.result_selector.as_ref(), output })
    }

    /// A part of the document that the call leaves. `None`: it is not known.
    fn relation(&self, part: &[String]) -> Option<Relation> {
        let part: Vec<String> = self.output.iter().flatten().chain(part).cloned().collect();
        if let Some(inside) = part.strip_prefix(self.at.as_slice()) {
            let answer = match self.selector {
                None => inside.to_vec(),
                Some(selector) => match traced(selector, &Access::whole(), inside)? {
                    Access::Fields(fields) => fields,
                    _ => return None,
                },
            };
            return Some(Relation::Inside(answer));
        }
        if self.output.is_some() {
            // The document shrinks from turn to turn.
            return None;
        }
        match self.at.strip_prefix(part.as_slice()) {
            Some(rest) if self.selector.is_none() => Some(Relation::Around(rest.to_vec())),
            Some(_) => None,
            None => Some(Relation::Apart),
        }
    }

    /// Whether the call may change this part.
    fn touches(&self, part: &Access) -> bool {
        self.output.is_some() || part.overlaps(&Access::Fields(self.at.clone()))
    }
}

/// A rule of a Choice as a condition on the answer. Nesting is bounded by the source layer's limit on depth.
fn comparison(condition: &Condition, place: &Place<'_>) -> Option<Test> {
    let all = |conditions: &[Condition]| conditions.iter().map(|c| comparison(c, place)).collect::<Option<Vec<_>>>();
    Some(match condition {
        Condition::And(conditions, _) => Test::All(all(conditions)?),
        Condition::Or(conditions, _) => Test::Any(all(conditions)?),
        Condition::Not(condition, _) => Test::Not(Box::new(comparison(condition, place)?)),
        Condition::Compare { variable, operator, operand } => {
            let Access::Fields(fields) = parse(&variable.value) else { return None };
            let Relation::Inside(at) = place.relation(&fields)? else { return None };
            let simple = match Comparison::of_operator(&operator.value)? {
                Comparison::Order(of, wanted) => {
                    use crate::simulate::choice::{Of, Wanted};
                    matches!((of, wanted), (Of::String | Of::Boolean, Wanted::Equals) | (Of::Numeric, _))
                }
                Comparison::StringMatches => matches!(operand, Operand::Text(text) if !text.value.contains(['*', '\\'])),
                Comparison::IsTimestamp => false,
                _ => true,
            };
            if !simple || matches!(operand, Operand::Path(_)) {
                return None;
            }
            Test::Compare { at, operator: operator.value.clone(), operand: operand.clone() }
        }
        _ => return None,
    })
}

/// A condition of JSONata on the answer, where it only compares fields of it with words.
fn jsonata(text: &Sourced<String>, place: &Place<'_>) -> Option<Test> {
    // A call in JSONPath puts its answer somewhere; this one is the whole document.
    if !(place.at.is_empty() && place.selector.is_none() && place.output.is_none()) {
        return None;
    }
    node(Expression::parse(&text.value).ok()?.ast())
}

/// Nesting is bounded by the parser's limit on depth.
fn node(ast: &AstNode) -> Option<Test> {
    match ast {
        AstNode::Block(inner) => match inner.as_slice() {
            [one] => node(one),
            _ => None,
        },
        AstNode::Function { name, args, is_builtin: true } if name == "not" => match args.as_slice() {
            [one] => Some(Test::Not(Box::new(node(one)?))),
            _ => None,
        },
        AstNode::Binary { op, lhs, rhs } => match op {
            BinaryOp::And => Some(Test::All(vec![node(lhs)?, node(rhs)?])),
            BinaryOp::Or => Some(Test::Any(vec![node(lhs)?, node(rhs)?])),
            BinaryOp::Equal | BinaryOp::NotEqual => {
                let test = match (fields(lhs), fields(rhs)) {
                    (Some(at), None) => Test::Equal { at, operand: word(rhs)? },
                    (None, Some(at)) => Test::Equal { at, operand: word(lhs)? },
                    _ => return None,
                };
                Some(if *op == BinaryOp::Equal { test } else { Test::Not(Box::new(test)) })
            }
            BinaryOp::In => {
                let (at, AstNode::Array(words)) = (fields(lhs)?, &**rhs) else { return None };
                let any = words.iter().map(|w| Some(Test::Equal { at: at.clone(), operand: word(w)? }));
                Some(Test::Any(any.collect::<Option<_>>()?))
            }
            _ => None,
        },
        _ => None,
    }
}

/// `$states.input.a.b`: the fields.
fn fields(ast: &AstNode) -> Option<Vec<String>> {
    let AstNode::Path { steps } = ast else { return None };
    if !steps.iter().all(|step| step.stages.is_empty() && crate::simulate::jsonata::reads::plain(step)) {
        return None;
    }
    let name = |step: &PathStep| match &step.node {
        AstNode::Name(name) => Some(name.clone()),
        _ => None,
    };
    let [PathStep { node: AstNode::Variable(states), .. }, input, rest @ ..] = steps.as_slice() else { return None };
    if states != "states" || name(input)? != "input" || rest.is_empty() {
        return None;
    }
    rest.iter().map(name).collect()
}

fn word(ast: &AstNode) -> Option<Operand> {
    match ast {
        AstNode::String(text) => Some(Operand::Text(Sourced::new(text.clone(), Origins::none()))),
        AstNode::Boolean(value) => Some(Operand::Bool(Sourced::new(*value, Origins::none()))),
        _ => None,
    }
}

/// What the next request takes from the answer. `None`: it is not known what the next request is.
fn updates(state: &State, place: &Place<'_>) -> Option<Vec<Update>> {
    if state.query_language == QueryLanguage::Jsonata {
        return match &state.data.arguments {
            None => Some(vec![Update { to: Vec::new(), from: Vec::new() }]),
            Some(arguments) => arguments.expressions().into_iter().all(|(text, _)| stays(text)).then(Vec::new),
        };
    }
    // A request of nothing but `{}`.
    let Some(base) = input_base(state) else {
        return state.data.parameters.as_ref().is_none_or(|p| p.expressions().is_empty()).then(Vec::new);
    };
    let mut found = Vec::new();
    let whole = Template { value: TemplateValue::PathExpression("$".to_owned()), span: state.span };
    collect(state.data.parameters.as_ref().unwrap_or(&whole), &base, place, &mut Vec::new(), false, &mut found)?;
    Some(found)
}

/// Whether an expression gives in each turn what it gave in the first.
fn stays(text: &str) -> bool {
    const VARIES: &[&str] = &["now", "millis", "random", "uuid", "shuffle", "eval"];
    let Ok(expression) = Expression::parse(text) else { return false };
    let reads = expression.reads();
    let kept = |path: &Vec<String>| match path.as_slice() {
        [context, part, ..] => context == "context" && matches!(part.as_str(), "Execution" | "StateMachine" | "Map"),
        _ => false,
    };
    reads.states.iter().all(kept) && !reads.functions.iter().any(|name| VARIES.contains(&name.as_str()))
}

/// Nesting is bounded by the source layer's limit on depth.
fn collect(
    template: &Template,
    base: &Access,
    place: &Place<'_>,
    to: &mut Vec<String>,
    in_list: bool,
    found: &mut Vec<Update>,
) -> Option<()> {
    match &template.value {
        TemplateValue::Map(entries) => {
            for (key, value) in entries {
                to.push(key.value.clone());
                collect(value, base, place, to, in_list, found)?;
                to.pop();
            }
        }
        TemplateValue::List(items) => {
            for item in items {
                collect(item, base, place, to, true, found)?;
            }
        }
        TemplateValue::PathExpression(text) => {
            if text.contains("$$") && !["$$.Execution", "$$.StateMachine", "$$.Map"].iter().any(|kept| text.starts_with(kept)) {
                return None;
            }
            if text == "$" || text.starts_with("$.") || text.starts_with("$[") {
                let Access::Fields(part) = base.join(&parse(text)) else {
                    let reads = template_reads(template, base);
                    return reads.iter().all(|(read, _)| !place.touches(read)).then_some(());
                };
                let update = match place.relation(&part)? {
                    Relation::Apart => return Some(()),
                    Relation::Inside(from) => Update { to: to.clone(), from },
                    Relation::Around(below) => Update { to: to.iter().cloned().chain(below).collect(), from: Vec::new() },
                };
                // Of an element of a list no path is kept.
                if in_list {
                    return None;
                }
                found.push(update);
            } else if !text.starts_with('$') {
                let varies = text.contains("States.UUID") || text.contains("States.MathRandom");
                if varies || template_reads(template, base).iter().any(|(read, _)| place.touches(read)) {
                    return None;
                }
            }
        }
        _ => {}
    }
    Some(())
}

/// Whether nothing but the call can fail in a way that a Retry of its state would take, so that the container can make it.
fn retries_only_the_call(state: &State) -> bool {
    if state.retry.is_empty() {
        return true;
    }
    let whole = |number: &Option<Sourced<String>>| number.as_ref().is_none_or(|n| n.value.parse::<f64>().is_ok());
    let written = state.retry.iter().all(|retrier| {
        whole(&retrier.interval_seconds)
            && whole(&retrier.backoff_rate)
            && whole(&retrier.max_attempts)
            && whole(&retrier.max_delay_seconds)
            && retrier.waits_exactly()
    });
    let expressions = state.sent().map(Template::expressions).unwrap_or_default();
    let data = &state.data;
    // A field that was read is of an object, and into that a result can be put.
    let reads_a_field =
        expressions.iter().any(|(text, _)| text.starts_with("$.")) || input_base(state).is_some_and(|base| base != Access::whole());
    let into_an_object = result_place(state).is_none_or(|place| place == Access::whole()) || reads_a_field;
    written && data.result_selector.is_none() && !keeps_output(state) && (state.query_language == QueryLanguage::Jsonata || into_an_object)
}
