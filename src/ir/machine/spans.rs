//! Which source values a machine, or a part of it, holds: the origins that the ledger and the passes account with.
//!
//! Only the ranges of values and keys are collected, never the range of a whole state or rule: a value that no field
//! holds must not pass for accounted because it stands inside something that one does.
use super::{
    Catcher, ChoiceRule, Condition, Data, FailText, Graph, Machine, Map, Next, Number, Operand, PathField, Retrier, State, StateKind,
    Template, TemplateValue, WaitFor,
};
use crate::ir::value::Val;
use crate::source::span::{Origins, Sourced, Span};

impl Machine {
    /// The range of every value and key that this machine holds.
    #[must_use]
    pub fn spans(&self) -> Origins {
        let mut out = Collector::default();
        for text in [&self.comment, &self.version, &self.timeout_seconds, &self.machine_type] {
            out.maybe(text.as_ref());
        }
        out.sourced(&self.name);
        out.0.extend(self.query_language_span);
        out.graph(&self.graph);
        out.finish()
    }
}

impl Graph {
    /// The range of every value and key of this graph and the graphs inside its states.
    #[must_use]
    pub fn spans(&self) -> Origins {
        let mut out = Collector::default();
        out.graph(self);
        out.finish()
    }
}

impl State {
    /// The range of every value and key of this state, its name and the graphs inside it included.
    #[must_use]
    pub fn spans(&self) -> Origins {
        let mut out = Collector::default();
        out.state(self);
        out.finish()
    }
}

impl Template {
    /// The range of every value and key of this template.
    #[must_use]
    pub fn spans(&self) -> Origins {
        let mut out = Collector::default();
        out.template(self);
        out.finish()
    }
}

impl Condition {
    /// The range of every value of this condition.
    #[must_use]
    pub fn spans(&self) -> Origins {
        let mut out = Collector::default();
        out.condition(self);
        out.finish()
    }
}

impl ChoiceRule {
    /// The range of every value of this rule.
    #[must_use]
    pub fn spans(&self) -> Origins {
        let mut out = Collector::default();
        out.rule(self);
        out.finish()
    }
}

/// Collects first and sorts once: adding to [`Origins`] one by one would cost the square of the machine's size.
#[derive(Default)]
struct Collector(Vec<Span>);

impl Collector {
    fn finish(self) -> Origins {
        self.0.into_iter().collect()
    }

    fn sourced<T>(&mut self, value: &Sourced<T>) {
        self.0.extend(value.origins.iter());
    }

    fn maybe<T>(&mut self, value: Option<&Sourced<T>>) {
        if let Some(value) = value {
            self.sourced(value);
        }
    }

    fn graph(&mut self, graph: &Graph) {
        self.maybe(graph.start_at.as_ref());
        self.maybe(graph.comment.as_ref());
        for state in &graph.states {
            self.state(state);
        }
    }

    fn state(&mut self, state: &State) {
        self.sourced(&state.name);
        self.maybe(state.comment.as_ref());
        self.0.extend(state.query_language_span);
        self.0.extend(state.kind_span);
        match &state.next {
            Some(Next::State(name)) => self.sourced(name),
            Some(Next::End(span)) => self.0.push(*span),
            None => {}
        }
        self.data(&state.data);
        for retrier in &state.retry {
            self.retrier(retrier);
        }
        for catcher in &state.catch {
            self.catcher(catcher);
        }
        self.kind(&state.kind);
    }

    fn data(&mut self, data: &Data) {
        for path in [&data.input_path, &data.result_path, &data.output_path] {
            self.path(path.as_ref());
        }
        for template in [&data.parameters, &data.result_selector, &data.arguments, &data.output, &data.assign] {
            self.maybe_template(template.as_ref());
        }
    }

    fn kind(&mut self, kind: &StateKind) {
        match kind {
            StateKind::Task(task) => {
                if let Some(resource) = &task.resource {
                    self.val(resource);
                }
                self.number(task.timeout_seconds.as_ref());
                self.number(task.heartbeat_seconds.as_ref());
                self.maybe_template(task.credentials.as_ref());
            }
            StateKind::Pass { result } => self.maybe_template(result.as_ref()),
            StateKind::Choice { rules, default } => {
                for rule in rules {
                    self.rule(rule);
                }
                self.maybe(default.as_ref());
            }
            StateKind::Wait(WaitFor::Seconds(number) | WaitFor::Timestamp(number)) => self.number(Some(number)),
            StateKind::Wait(WaitFor::Missing) | StateKind::Succeed => {}
            StateKind::Fail(fail) => {
                for text in [&fail.error, &fail.cause] {
                    if let Some(FailText::Literal(text) | FailText::Path(text) | FailText::Jsonata(text)) = text {
                        self.sourced(text);
                    }
                }
            }
            StateKind::Parallel { branches } => {
                for branch in branches {
                    self.graph(branch);
                }
            }
            StateKind::Map(map) => self.map(map),
            StateKind::Unknown(name) => self.maybe(name.as_ref()),
        }
    }

    fn map(&mut self, map: &Map) {
        if let Some(processor) = &map.processor {
            self.graph(processor);
        }
        for text in [&map.mode, &map.execution_type, &map.label] {
            self.maybe(text.as_ref());
        }
        self.path(map.items_path.as_ref());
        for template in [&map.items, &map.item_selector, &map.item_reader, &map.item_batcher, &map.result_writer] {
            self.maybe_template(template.as_ref());
        }
        for number in [&map.max_concurrency, &map.tolerated_failure_percentage, &map.tolerated_failure_count] {
            self.number(number.as_ref());
        }
    }

    fn retrier(&mut self, retrier: &Retrier) {
        for name in &retrier.error_equals {
            self.sourced(name);
        }
        for text in [
            &retrier.interval_seconds,
            &retrier.max_attempts,
            &retrier.backoff_rate,
            &retrier.max_delay_seconds,
            &retrier.jitter_strategy,
            &retrier.comment,
        ] {
            self.maybe(text.as_ref());
        }
    }

    fn catcher(&mut self, catcher: &Catcher) {
        for name in &catcher.error_equals {
            self.sourced(name);
        }
        self.maybe(catcher.next.as_ref());
        self.maybe(catcher.comment.as_ref());
        self.path(catcher.result_path.as_ref());
        self.maybe_template(catcher.output.as_ref());
        self.maybe_template(catcher.assign.as_ref());
    }

    fn rule(&mut self, rule: &ChoiceRule) {
        self.condition(&rule.condition);
        self.maybe(rule.next.as_ref());
        self.maybe(rule.comment.as_ref());
        self.maybe_template(rule.assign.as_ref());
        self.maybe_template(rule.output.as_ref());
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::And(parts, _) | Condition::Or(parts, _) => {
                for part in parts {
                    self.condition(part);
                }
            }
            Condition::Not(part, _) => self.condition(part),
            Condition::Compare { variable, operator, operand } => {
                self.sourced(variable);
                self.sourced(operator);
                match operand {
                    Operand::Text(text) | Operand::Number(text) | Operand::Path(text) => self.sourced(text),
                    Operand::Bool(value) => self.sourced(value),
                }
            }
            Condition::Jsonata(text) => self.sourced(text),
            // What could not be read is reported and marked, not held.
            Condition::Invalid(_) => {}
        }
    }

    fn number(&mut self, number: Option<&Number>) {
        if let Some(Number::Literal(text) | Number::Path(text) | Number::Jsonata(text)) = number {
            self.sourced(text);
        }
    }

    fn path(&mut self, path: Option<&PathField>) {
        match path {
            Some(PathField::Null(span)) => self.0.push(*span),
            Some(PathField::Path(text)) => self.sourced(text),
            None => {}
        }
    }

    fn maybe_template(&mut self, template: Option<&Template>) {
        if let Some(template) = template {
            self.template(template);
        }
    }

    fn template(&mut self, template: &Template) {
        match &template.value {
            TemplateValue::List(items) if !items.is_empty() => {
                for item in items {
                    self.template(item);
                }
            }
            TemplateValue::Map(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    self.sourced(key);
                    self.template(value);
                }
            }
            _ => self.0.push(template.span),
        }
    }

    fn val(&mut self, value: &Val) {
        self.0.extend(value.all_origins().iter());
    }
}

impl State {
    /// The ranges of this state's own values, without those of the graphs inside it.
    #[must_use]
    pub fn own_spans(&self) -> Origins {
        let inner: Vec<Span> = match &self.kind {
            StateKind::Parallel { branches } => branches.iter().map(|b| b.span).collect(),
            StateKind::Map(map) => map.processor.iter().map(|p| p.span).collect(),
            _ => Vec::new(),
        };
        self.spans().iter().filter(|span| !inner.iter().any(|graph| graph.contains(*span))).collect()
    }

    /// The ranges of the fields that move data: paths, selectors, JSONata's Output and Assign. Not the payload.
    #[must_use]
    pub fn data_spans(&self) -> Origins {
        let mut out = Collector::default();
        let payload = matches!(self.kind, StateKind::Task(_));
        let data = Data {
            input_path: self.data.input_path.clone().filter(|_| !payload),
            parameters: self.data.parameters.clone().filter(|_| !payload),
            arguments: self.data.arguments.clone().filter(|_| !payload),
            ..self.data.clone()
        };
        out.data(&data);
        out.finish()
    }
}
