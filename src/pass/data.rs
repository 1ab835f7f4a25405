//! What a state reads of the state document and what it writes into it.
use super::link::{Target, Targets, member};
use super::path::{Access, parse, reads as reads_of};
use crate::ir::estate::Estate;
use crate::ir::function::Action;
use crate::ir::machine::{
    Condition, FailText, Number, Operand, PathField, QueryLanguage, State, StateKind, Template, TemplateValue, WaitFor,
};
use crate::ir::value::{Segment, SymbolKind, Val, Value};
use crate::source::span::Span;

/// The effects of one state on the document.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// Parts of the document, absolute, and where the source reads them.
    pub reads: Vec<(Access, Span)>,
    /// Parts that are replaced. The whole document when a result takes its place.
    pub writes: Vec<Access>,
    /// Those of them that are replaced where the state succeeds.
    pub success: Vec<Access>,
}

/// Where a catcher puts the error output; `None` where it discards it.
#[must_use]
pub fn caught_place(catcher: &crate::ir::machine::Catcher, state: &State) -> Option<Access> {
    if state.query_language == QueryLanguage::Jsonata {
        return Some(Access::whole());
    }
    match &catcher.result_path {
        None => Some(Access::whole()),
        Some(PathField::Null(_)) => None,
        Some(PathField::Path(path)) => Some(parse(&path.value)),
    }
}

/// The part of the document that a state takes as its input; `None` when it discards it.
#[must_use]
pub fn input_base(state: &State) -> Option<Access> {
    match &state.data.input_path {
        None => Some(Access::whole()),
        Some(PathField::Null(_)) => None,
        Some(PathField::Path(path)) => Some(parse(&path.value)),
    }
}

/// Whether `OutputPath` takes more than the whole away.
#[must_use]
pub fn keeps_output(state: &State) -> bool {
    state.data.output_path.is_some() && !matches!(&state.data.output_path, Some(PathField::Path(path)) if path.value == "$")
}

/// Where a state puts its result; `None` when it discards it.
#[must_use]
pub fn result_place(state: &State) -> Option<Access> {
    match &state.data.result_path {
        None => Some(Access::whole()),
        Some(PathField::Null(_)) => None,
        Some(PathField::Path(path)) => Some(parse(&path.value)),
    }
}

/// Reads and writes of a state. `targets` says what its tasks call.
#[must_use]
pub fn effects(state: &State, targets: &Targets, estate: &Estate) -> Effects {
    let mut effects = Effects::default();
    if state.query_language == QueryLanguage::Jsonata {
        let mut effects = jsonata_effects(state);
        effects.success.clone_from(&effects.writes);
        effects.writes.extend(state.catch.iter().filter_map(|catcher| caught_place(catcher, state)));
        return effects;
    }
    let base = input_base(state);
    let data = &state.data;
    if let (Some(base), Some(template)) = (&base, &data.parameters) {
        effects.reads.extend(template_reads(template, base));
    }
    let parameters_given = data.parameters.is_some();
    match &state.kind {
        StateKind::Task(task) => {
            if let (Some(base), false) = (&base, parameters_given) {
                match task_event_reads(targets.get(state), estate) {
                    Some(paths) => effects.reads.extend(paths.into_iter().map(|path| (base.join(&path), state.span))),
                    None => effects.reads.push((base.clone(), state.span)),
                }
            }
            for number in [&task.timeout_seconds, &task.heartbeat_seconds].into_iter().flatten() {
                effects.reads.extend(number_reads(number, base.as_ref()));
            }
            effects.writes.extend(result_place(state));
        }
        StateKind::Pass { result } => {
            let makes = result.is_some() || parameters_given || data.input_path.is_some();
            if makes {
                if !parameters_given
                    && result.is_none()
                    && let Some(base) = &base
                {
                    effects.reads.push((base.clone(), state.span));
                }
                effects.writes.extend(result_place(state));
            } else if data.result_path.is_some() {
                effects.reads.push((Access::whole(), state.span));
                effects.writes.extend(result_place(state));
            }
        }
        StateKind::Choice { rules, .. } => {
            if let Some(base) = &base {
                for rule in rules {
                    effects.reads.extend(condition_reads(&rule.condition, base));
                }
            }
        }
        StateKind::Wait(wait) => match wait {
            WaitFor::Seconds(number) | WaitFor::Timestamp(number) => effects.reads.extend(number_reads(number, base.as_ref())),
            WaitFor::Missing => {}
        },
        StateKind::Fail(fail) => {
            for text in [&fail.error, &fail.cause].into_iter().flatten() {
                if let (FailText::Path(path), Some(base)) = (text, &base) {
                    effects.reads.extend(expression_reads(&path.value, base).into_iter().map(|a| (a, path.span().unwrap_or(state.span))));
                }
            }
        }
        StateKind::Parallel { branches } => {
            if let (Some(base), false) = (&base, parameters_given) {
                for branch in branches {
                    let reads = exposed_reads(branch, targets, estate);
                    effects.reads.extend(reads.into_iter().map(|(path, span)| (base.join(&path), span)));
                }
            }
            effects.writes.extend(result_place(state));
        }
        StateKind::Map(map) => {
            if let Some(base) = &base {
                map_reads(map, base, state.span, &mut effects.reads);
            }
            effects.writes.extend(result_place(state));
        }
        StateKind::Succeed | StateKind::Unknown(_) => {}
    }
    let flows_through = matches!(state.kind, StateKind::Choice { .. } | StateKind::Wait(_) | StateKind::Succeed);
    if flows_through && data.input_path.is_some() {
        effects.reads.extend(base.iter().map(|base| (base.clone(), state.span)));
        effects.writes.push(Access::whole());
    }
    if let Some(path) = &data.output_path {
        // It selects from the document as the state leaves it.
        if let PathField::Path(path) = path {
            effects.reads.push((reads_of(&path.value), path.span().unwrap_or(state.span)));
        }
        effects.writes.push(Access::whole());
    }
    if let Some(base) = base.as_ref().filter(|_| !matches!(state.kind, StateKind::Task(_) | StateKind::Parallel { .. } | StateKind::Map(_)))
    {
        // What a state with a result assigns comes from its result.
        let rules = match &state.kind {
            StateKind::Choice { rules, .. } => rules.as_slice(),
            _ => &[],
        };
        for template in data.assign.iter().chain(rules.iter().filter_map(|rule| rule.assign.as_ref())) {
            effects.reads.extend(template_reads(template, base));
        }
    }
    effects.success.clone_from(&effects.writes);
    effects.writes.extend(state.catch.iter().filter_map(|catcher| caught_place(catcher, state)));
    effects
}

/// What a branch reads of the document that it is given: not what it reads where another document has taken that one's place. Nesting is bounded by the
/// source layer's limit on depth.
fn exposed_reads(branch: &crate::ir::machine::Graph, targets: &Targets, estate: &Estate) -> Vec<(Access, Span)> {
    let by_name: std::collections::BTreeMap<&str, &State> = branch.states.iter().map(|state| (state.name.value.as_str(), state)).collect();
    let mut seen = std::collections::BTreeSet::new();
    let mut work: Vec<&str> = branch.start_at.iter().map(|name| name.value.as_str()).collect();
    let mut reads = Vec::new();
    while let Some(name) = work.pop() {
        let Some(state) = by_name.get(name).filter(|_| seen.insert(name)) else { continue };
        let effects = effects(state, targets, estate);
        reads.extend(effects.reads);
        if !effects.success.contains(&Access::whole()) {
            if let Some(crate::ir::machine::Next::State(next)) = &state.next {
                work.push(&next.value);
            }
            if let StateKind::Choice { rules, default } = &state.kind {
                work.extend(rules.iter().filter_map(|rule| rule.next.as_ref()).chain(default).map(|next| next.value.as_str()));
            }
        }
        let caught = state.catch.iter().filter(|catcher| caught_place(catcher, state) != Some(Access::whole()));
        work.extend(caught.filter_map(|catcher| catcher.next.as_ref()).map(|next| next.value.as_str()));
    }
    reads
}

/// The items, what each is given besides, and numbers: an item's graph sees nothing else of the document.
fn map_reads(map: &crate::ir::machine::Map, base: &Access, at: Span, reads: &mut Vec<(Access, Span)>) {
    match &map.items_path {
        _ if map.item_reader.is_some() => {}
        None => reads.push((base.clone(), at)),
        Some(PathField::Null(_)) => {}
        Some(PathField::Path(path)) => reads.push((base.join(&reads_of(&path.value)), path.span().unwrap_or(at))),
    }
    let templates = [&map.item_selector, &map.item_reader, &map.item_batcher, &map.result_writer];
    for template in templates.into_iter().flatten() {
        reads.extend(template_reads(template, base));
    }
    for number in [&map.max_concurrency, &map.tolerated_failure_count, &map.tolerated_failure_percentage].into_iter().flatten() {
        reads.extend(number_reads(number, Some(base)));
    }
}

/// A JSONata state reads the whole input as soon as one of its expressions may, and replaces the document by its output.
fn jsonata_effects(state: &State) -> Effects {
    let mut effects = Effects::default();
    let data = &state.data;
    let templates = [&data.arguments, &data.output, &data.assign].into_iter().flatten();
    let mut reads = templates.flat_map(Template::expressions).any(|(text, _)| reads_input(text));
    match &state.kind {
        StateKind::Choice { rules, .. } => reads |= !rules.is_empty(),
        StateKind::Task(_) => {
            // Without Arguments the whole input is the argument.
            reads |= data.arguments.is_none();
            effects.writes.push(Access::whole());
        }
        StateKind::Parallel { .. } | StateKind::Map(_) => {
            reads = true;
            effects.writes.push(Access::whole());
        }
        StateKind::Wait(WaitFor::Seconds(number) | WaitFor::Timestamp(number)) => reads |= !matches!(number, Number::Literal(_)),
        StateKind::Fail(fail) => {
            reads |= [&fail.error, &fail.cause].into_iter().flatten().any(|t| !matches!(t, FailText::Literal(_)));
        }
        _ => {}
    }
    if data.output.is_some() {
        effects.writes.push(Access::whole());
    }
    let caught = state.catch.iter().flat_map(|catcher| catcher.output.iter().chain(&catcher.assign));
    reads |= caught.flat_map(Template::expressions).any(|(text, _)| reads_input(text));
    if reads {
        effects.reads.push((Access::whole(), state.span));
    }
    effects
}

/// Whether an expression of JSONata may read the state's input.
fn reads_input(text: &str) -> bool {
    mentions(text, &[".context", ".result", ".errorOutput"])
}

/// Whether an expression of JSONata may read the state's result.
#[must_use]
pub fn mentions_result(text: &str) -> bool {
    mentions(text, &[".context", ".input", ".errorOutput"])
}

/// Whether an expression has `$states` for anything but these parts of it (Amazon States Language, "Reserved variable: $states").
fn mentions(text: &str, but: &[&str]) -> bool {
    text.match_indices("$states").any(|(at, name)| {
        let rest = text[at + name.len()..].trim_start();
        !but.iter().any(|other| rest.starts_with(other))
    })
}

/// Which parts of its event a task's function reads, when its handler is understood; `None`: it may read all of it.
fn task_event_reads(target: Option<&Target>, estate: &Estate) -> Option<Vec<Access>> {
    let Some(Target::Function { index, .. }) = target else { return None };
    let behaviour = estate.functions[*index].behaviour.as_ref()?;
    let mut reads = Vec::new();
    match &behaviour.action {
        Action::SubmitBatch { batch, endpoint } => {
            let fields = [
                &batch.file,
                &batch.proxy_user,
                &batch.class_name,
                &batch.args,
                &batch.jars,
                &batch.py_files,
                &batch.files,
                &batch.driver_memory,
                &batch.driver_cores,
                &batch.executor_memory,
                &batch.executor_cores,
                &batch.num_executors,
                &batch.archives,
                &batch.queue,
                &batch.name,
            ];
            for value in fields.into_iter().flatten().chain(batch.conf.iter().map(|(_, v)| v)).chain([endpoint]) {
                event_symbols(value, &mut reads)?;
            }
            Some(reads)
        }
        Action::ReadBatchState { endpoint, id } => {
            event_symbols(endpoint, &mut reads)?;
            event_symbols(id, &mut reads)?;
            Some(reads)
        }
        _ => None,
    }
}

/// Collects the event's parts that shape a value; `None` when something in it is not known.
fn event_symbols(value: &Val, out: &mut Vec<Access>) -> Option<()> {
    match &value.value {
        Value::Symbol(symbol) if symbol.kind == SymbolKind::Event => out.push(parse(&symbol.name)),
        Value::Text(segments) => {
            for segment in segments {
                if let Segment::Symbol(symbol) = segment
                    && symbol.kind == SymbolKind::Event
                {
                    out.push(parse(&symbol.name));
                }
            }
        }
        Value::List(items) => {
            for item in items {
                event_symbols(item, out)?;
            }
        }
        Value::Map(entries) => {
            for (_, item) in entries {
                event_symbols(item, out)?;
            }
        }
        Value::Unknown(_) => return None,
        _ => {}
    }
    Some(())
}

fn number_reads(number: &Number, base: Option<&Access>) -> Vec<(Access, Span)> {
    match (number, base) {
        (Number::Path(path), Some(base)) => {
            let span = path.span();
            expression_reads(&path.value, base).into_iter().filter_map(|a| span.map(|s| (a, s))).collect()
        }
        _ => Vec::new(),
    }
}

/// What the expressions of a template read.
#[must_use]
pub fn template_reads(template: &Template, base: &Access) -> Vec<(Access, Span)> {
    template
        .expressions()
        .into_iter()
        .flat_map(|(text, span)| expression_reads(text, base).into_iter().map(move |access| (access, span)))
        .collect()
}

/// Where in the document a part of what a template builds comes from; `None` where that is no plain part of it.
#[must_use]
pub fn traced(template: &Template, base: &Access, fields: &[String]) -> Option<Access> {
    match &template.value {
        TemplateValue::PathExpression(path) if path.starts_with('$') => {
            Some(base.join(&parse(path)).join(&Access::Fields(fields.to_vec())))
        }
        TemplateValue::PathExpression(text) => {
            let call = crate::simulate::intrinsic::Call::parse(text).ok()?;
            let (first, rest) = fields.split_first()?;
            let argument = (call.view().name() == "Array").then(|| call.view().arguments().into_iter().nth(first.parse().ok()?))??;
            match argument {
                crate::simulate::intrinsic::ArgumentView::Path(path) => {
                    Some(base.join(&parse(path.text())).join(&Access::Fields(rest.to_vec())))
                }
                _ => None,
            }
        }
        TemplateValue::List(items) => {
            let (first, rest) = fields.split_first()?;
            traced(items.get(first.parse::<usize>().ok()?)?, base, rest)
        }
        TemplateValue::Map(_) => {
            let (first, rest) = fields.split_first()?;
            traced(member(template, first)?, base, rest)
        }
        _ => None,
    }
}

/// Paths inside an expression: a path itself, or an intrinsic function's arguments.
fn expression_reads(text: &str, base: &Access) -> Vec<Access> {
    if text.starts_with('$') {
        return vec![base.join(&reads_of(text))];
    }
    let mut reads = Vec::new();
    let mut rest = text;
    let mut quoted = false;
    while let Some(at) = rest.find(['$', '\'', '\\']) {
        match rest.as_bytes()[at] {
            b'\\' => {
                // An escaped character inside a text literal.
                let skip = rest[at + 1..].chars().next().map_or(1, |c| 1 + c.len_utf8());
                rest = &rest[at + skip..];
            }
            b'\'' => {
                quoted = !quoted;
                rest = &rest[at + 1..];
            }
            _ if quoted => rest = &rest[at + 1..],
            _ => {
                let path = &rest[at..];
                let mut depth = 0_usize;
                let mut in_text = false;
                let end = path
                    .char_indices()
                    .find(|(_, c)| {
                        match c {
                            '\'' => in_text = !in_text,
                            '[' if !in_text => depth += 1,
                            ']' if !in_text => depth = depth.saturating_sub(1),
                            ',' | ')' | ' ' if !in_text && depth == 0 => return true,
                            _ => {}
                        }
                        false
                    })
                    .map_or(path.len(), |(i, _)| i);
                reads.push(base.join(&reads_of(&path[..end])));
                rest = &path[end..];
            }
        }
    }
    reads
}

fn condition_reads(condition: &Condition, base: &Access) -> Vec<(Access, Span)> {
    match condition {
        Condition::And(inner, _) | Condition::Or(inner, _) => inner.iter().flat_map(|c| condition_reads(c, base)).collect(),
        Condition::Not(inner, _) => condition_reads(inner, base),
        Condition::Compare { variable, operand, .. } => {
            let mut reads: Vec<(Access, Span)> = variable.span().map(|s| (base.join(&reads_of(&variable.value)), s)).into_iter().collect();
            if let Operand::Path(path) = operand
                && let Some(span) = path.span()
            {
                reads.push((base.join(&reads_of(&path.value)), span));
            }
            reads
        }
        Condition::Jsonata(text) => text.span().map(|s| (Access::whole(), s)).into_iter().collect(),
        Condition::Invalid(_) => Vec::new(),
    }
}

/// The payload of an invocation through `lambda:invoke`.
#[must_use]
pub fn invoke_payload(state: &State) -> Option<&Template> {
    state.data.parameters.as_ref().and_then(|p| member(p, "Payload"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intrinsic_arguments_are_reads() {
        let base = parse("$.in");
        assert_eq!(
            expression_reads("States.Format('{} $.no', $.a, States.Array($.b['x,y'], 'it\\'s $.no'))", &base),
            vec![parse("$.in.a"), parse("$.in.b['x,y']"),]
        );
        assert_eq!(expression_reads("$.a", &base), vec![parse("$.in.a")]);
        assert_eq!(expression_reads("$$.Execution.Id", &base), vec![Access::Context]);
    }
}
