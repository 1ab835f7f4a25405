//! Every expression of a state, with the place where it stands.
use crate::ir::machine::{
    Condition, FailText, Number, Operand, PathField, QueryLanguage, State, StateKind, Template, TemplateValue, WaitFor,
};
use crate::source::span::{Sourced, Span};

/// What may stand in a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A key that ends in `.$`: a path or an intrinsic function.
    Template,
    /// `ErrorPath`, `CausePath`: a path or an intrinsic function.
    PathOrFunction,
    Path,
    /// `ResultPath`: a place in the input.
    Reference,
    Jsonata,
}

/// One expression.
pub(super) struct Use<'m> {
    pub(super) text: &'m str,
    pub(super) span: Option<Span>,
    /// The field of the state in which it stands.
    pub(super) field: &'static str,
    pub(super) kind: Kind,
    /// Whether `$states.result` is known there.
    pub(super) result: bool,
    /// Whether `$states.errorOutput` is known there.
    pub(super) error: bool,
}

struct Collector<'m> {
    language: QueryLanguage,
    out: Vec<Use<'m>>,
}

/// The expressions of a state, not of the states inside it.
pub(super) fn of(state: &State) -> Vec<Use<'_>> {
    let mut all = Collector { language: state.query_language, out: Vec::new() };
    let works = matches!(state.kind, StateKind::Task(_) | StateKind::Parallel { .. } | StateKind::Map(_));
    let data = &state.data;
    all.path_field("InputPath", data.input_path.as_ref(), Kind::Path);
    all.path_field("ResultPath", data.result_path.as_ref(), Kind::Reference);
    all.path_field("OutputPath", data.output_path.as_ref(), Kind::Path);
    all.template("Parameters", data.parameters.as_ref());
    all.template("ResultSelector", data.result_selector.as_ref());
    all.template("Arguments", data.arguments.as_ref());
    all.results("Output", data.output.as_ref(), works, false);
    all.results("Assign", data.assign.as_ref(), works, false);
    for catcher in &state.catch {
        all.path_field("ResultPath", catcher.result_path.as_ref(), Kind::Reference);
        all.results("Output", catcher.output.as_ref(), false, true);
        all.results("Assign", catcher.assign.as_ref(), false, true);
    }
    all.kind(&state.kind);
    all.out
}

impl<'m> Collector<'m> {
    fn add(&mut self, field: &'static str, text: &'m str, span: Option<Span>, kind: Kind) {
        self.out.push(Use { text, span, field, kind, result: false, error: false });
    }

    fn sourced(&mut self, field: &'static str, text: &'m Sourced<String>, kind: Kind) {
        self.add(field, &text.value, text.span(), kind);
    }

    fn path_field(&mut self, field: &'static str, path: Option<&'m PathField>, kind: Kind) {
        if let Some(PathField::Path(path)) = path {
            self.sourced(field, path, kind);
        }
    }

    fn template(&mut self, field: &'static str, template: Option<&'m Template>) {
        self.results(field, template, false, false);
    }

    fn results(&mut self, field: &'static str, template: Option<&'m Template>, result: bool, error: bool) {
        let kind = if self.language == QueryLanguage::Jsonata { Kind::Jsonata } else { Kind::Template };
        for (text, span) in template.map(Template::expressions).unwrap_or_default() {
            self.out.push(Use { text, span: Some(span), field, kind, result, error });
        }
    }

    fn number(&mut self, field: &'static str, number: Option<&'m Number>) {
        match number {
            Some(Number::Path(path)) => self.sourced(field, path, Kind::Path),
            Some(Number::Jsonata(text)) => self.sourced(field, text, Kind::Jsonata),
            Some(Number::Literal(_)) | None => {}
        }
    }

    fn fail_text(&mut self, field: &'static str, text: Option<&'m FailText>) {
        match text {
            Some(FailText::Path(path)) => self.sourced(field, path, Kind::PathOrFunction),
            Some(FailText::Jsonata(text)) => self.sourced(field, text, Kind::Jsonata),
            Some(FailText::Literal(_)) | None => {}
        }
    }

    fn condition(&mut self, condition: &'m Condition) {
        match condition {
            Condition::And(inner, _) | Condition::Or(inner, _) => {
                for condition in inner {
                    self.condition(condition);
                }
            }
            Condition::Not(inner, _) => self.condition(inner),
            Condition::Compare { variable, operand, .. } => {
                self.sourced("Variable", variable, Kind::Path);
                if let Operand::Path(path) = operand {
                    self.sourced("the right side of the comparison", path, Kind::Path);
                }
            }
            Condition::Jsonata(text) => self.sourced("Condition", text, Kind::Jsonata),
            Condition::Invalid(_) => {}
        }
    }

    fn kind(&mut self, kind: &'m StateKind) {
        match kind {
            StateKind::Task(task) => {
                self.number("TimeoutSeconds", task.timeout_seconds.as_ref());
                self.number("HeartbeatSeconds", task.heartbeat_seconds.as_ref());
                self.template("Credentials", task.credentials.as_ref());
            }
            StateKind::Choice { rules, .. } => {
                for rule in rules {
                    self.condition(&rule.condition);
                    self.template("Assign", rule.assign.as_ref());
                    self.template("Output", rule.output.as_ref());
                }
            }
            StateKind::Wait(WaitFor::Seconds(number)) => self.number("Seconds", Some(number)),
            StateKind::Wait(WaitFor::Timestamp(number)) => self.number("Timestamp", Some(number)),
            StateKind::Fail(fail) => {
                self.fail_text("Error", fail.error.as_ref());
                self.fail_text("Cause", fail.cause.as_ref());
            }
            StateKind::Map(map) => {
                self.path_field("ItemsPath", map.items_path.as_ref(), Kind::Path);
                self.template("Items", map.items.as_ref());
                self.template("ItemSelector", map.item_selector.as_ref());
                for (field, part) in
                    [("ItemReader", &map.item_reader), ("ItemBatcher", &map.item_batcher), ("ResultWriter", &map.result_writer)]
                {
                    self.template(field, part.as_ref());
                    if let Some(part) = part {
                        self.path_texts(field, part);
                    }
                }
                self.number("MaxConcurrency", map.max_concurrency.as_ref());
                self.number("ToleratedFailureCount", map.tolerated_failure_count.as_ref());
                self.number("ToleratedFailurePercentage", map.tolerated_failure_percentage.as_ref());
            }
            StateKind::Pass { .. }
            | StateKind::Wait(WaitFor::Missing)
            | StateKind::Succeed
            | StateKind::Parallel { .. }
            | StateKind::Unknown(_) => {}
        }
    }

    /// `MaxItemsPath` and its like: texts under keys that end in `Path`, in the part itself and in its `ReaderConfig`.
    fn path_texts(&mut self, field: &'static str, part: &'m Template) {
        let TemplateValue::Map(entries) = &part.value else { return };
        for (key, value) in entries {
            match &value.value {
                TemplateValue::Text(text) if key.value.ends_with("Path") && text.starts_with('$') => {
                    self.add(field, text, Some(value.span), Kind::Path);
                }
                TemplateValue::Map(_) if key.value == "ReaderConfig" => self.path_texts(field, value),
                _ => {}
            }
        }
    }
}
