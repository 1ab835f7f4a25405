//! One state: what all kinds share, and the kinds that have no file of their own.
use super::fields::{self, Kinds};
use super::handlers::head;
use super::reader::{Fields, Reader};
use super::template::Mode;
use crate::ir::machine::{Data, Fail, FailText, Next, Number, QueryLanguage, State, StateKind, Task, WaitFor};
use crate::source::node::{Entry, Kind};
use crate::source::rules::asl::{ASL104, ASL105, ASL106, ASL113, ASL114, ASL115, ASL116, ASL117, ASL125, ASL126, ASL127, ASL129};
use crate::source::sink::Diagnostic;
use crate::source::span::{Sourced, Span};

impl Reader<'_> {
    /// One entry of `States`.
    pub(super) fn state(&mut self, entry: &Entry) -> State {
        let mut state = State {
            name: Sourced::new(entry.key.to_string(), entry.key_span),
            comment: None,
            query_language: self.machine_language,
            query_language_span: None,
            kind: StateKind::Unknown(None),
            kind_span: None,
            next: None,
            data: Data::default(),
            retry: Vec::new(),
            catch: Vec::new(),
            span: entry.value.span,
        };
        if entry.key.chars().count() > fields::MAX_NAME {
            let message =
                format!("the name of a state has {} characters, but at most {} are allowed", entry.key.chars().count(), fields::MAX_NAME);
            self.sink.report(Diagnostic::error(&ASL106, entry.key_span, message).help("shorten the name, here and where it is used"));
        }
        let what = format!("state `{}`", entry.key);
        let Some(mut of) = self.fields(&entry.value, entry.key_span, &what) else { return state };
        let kind = self.kind(&mut of, &mut state);
        self.state_language(&mut of, &mut state);
        let language = state.query_language;
        fields::screen_state(self, &mut of, kind, language);
        state.comment = of.take("Comment").and_then(|e| self.comment(e));
        state.next = self.next(&mut of, kind);
        if let Some(entry) = of.take("Retry") {
            state.retry = self.retriers(entry, &what);
        }
        if let Some(entry) = of.take("Catch") {
            state.catch = self.catchers(entry, &what, language);
        }
        if let Some((name, _)) = kind {
            state.kind = self.kind_fields(name, &mut of, language);
        }
        state.data = self.data(&mut of, language);
        of.finish(self);
        state
    }

    /// `Type`: the kind by its name.
    fn kind(&mut self, of: &mut Fields<'_>, state: &mut State) -> Option<(&'static str, Kinds)> {
        let Some(entry) = of.take("Type") else {
            let report = Diagnostic::error(&ASL116, of.at, format!("{} has no `Type`", of.what));
            self.sink.report(report.help("add `Type`: Task, Pass, Choice, Wait, Succeed, Fail, Parallel or Map"));
            return None;
        };
        state.kind_span = Some(entry.value.span);
        let text = self.text(entry)?;
        let found = fields::KINDS.iter().find(|(name, _)| *name == text.value).copied();
        if found.is_none() {
            let report = Diagnostic::error(&ASL117, entry.value.span, format!("`{}` is no kind of state", text.value));
            self.sink.report(match fields::nearest(&text.value, fields::KINDS.iter().map(|(name, _)| *name)) {
                Some(near) => report.help(format!("did you mean `{near}`?")),
                None => report.help("it is one of Task, Pass, Choice, Wait, Succeed, Fail, Parallel and Map"),
            });
            state.kind = StateKind::Unknown(Some(text));
        }
        found
    }

    fn state_language(&mut self, of: &mut Fields<'_>, state: &mut State) {
        let Some(entry) = of.take("QueryLanguage") else { return };
        state.query_language_span = Some(entry.value.span);
        let Some(language) = self.query_language(entry) else { return };
        if language == QueryLanguage::JsonPath && self.machine_language == QueryLanguage::Jsonata {
            let message = format!("{} cannot use JSONPath in a state machine that uses JSONata", of.what);
            let help = "remove `QueryLanguage` of the state machine and set it on the states that use JSONata";
            self.sink.report(Diagnostic::error(&ASL104, entry.value.span, message).help(help));
        }
        state.query_language = language;
    }

    /// `Next` and `End` of a kind that goes on.
    fn next(&mut self, of: &mut Fields<'_>, kind: Option<(&str, Kinds)>) -> Option<Next> {
        let next = of.take("Next");
        let end = of.take("End");
        let ends = end.is_some_and(|entry| match (entry.value.bool(), entry.value.str()) {
            (Some(value), _) => value,
            (None, text) => {
                self.wrong_type(&entry.value, "End", "true");
                text == Some("true")
            }
        });
        if let Some(end) = end.filter(|end| !ends && end.value.bool() == Some(false)) {
            let report = match next {
                None => Diagnostic::error(&ASL115, end.value.span, format!("{} does not say what follows it: `End` is false", of.what))
                    .help("add `Next`, or write `End: true`"),
                Some(_) => Diagnostic::warning(&ASL114, end.value.span, "`End: false` beside `Next` says nothing").help("remove `End`"),
            };
            self.sink.ignore(end.value.span, report.rule, "`End: false` has no effect");
            self.sink.report(report);
        }
        if let Some(end) = end.filter(|end| !ends && end.value.bool().is_none()) {
            self.sink.unsupported(end.value.span, &ASL105, "`End` is neither true nor false");
        }
        if let (Some(next), Some(end), true) = (next, end, ends) {
            let report = Diagnostic::error(&ASL114, end.key_span, format!("{} has both `Next` and `End: true`", of.what))
                .related(next.key_span, "this one is read")
                .help("remove one of them");
            self.drop_value(&end.value, report);
        }
        if let Some(next) = next {
            return self.text(next).map(Next::State);
        }
        if let Some(end) = end {
            return ends.then_some(Next::End(end.value.span));
        }
        let goes_on = kind.is_some_and(|(name, _)| !matches!(name, "Choice" | "Succeed" | "Fail"));
        if goes_on {
            let report = Diagnostic::error(&ASL113, of.at, format!("{} does not say what follows it", of.what));
            self.sink.report(report.help("add `Next` with the name of a state, or `End: true`"));
        }
        None
    }

    fn data(&mut self, of: &mut Fields<'_>, language: QueryLanguage) -> Data {
        let mode = Mode::from(language);
        let mut template = |name: &str| of.take(name).map(|e| self.template(&e.value, mode));
        let parameters = template("Parameters");
        let result_selector = template("ResultSelector");
        let arguments = template("Arguments");
        let output = template("Output");
        let assign = template("Assign");
        let mut path = |name: &str| of.take(name).and_then(|e| self.path(e, true));
        Data {
            input_path: path("InputPath"),
            result_path: path("ResultPath"),
            output_path: path("OutputPath"),
            parameters,
            result_selector,
            arguments,
            output,
            assign,
        }
    }

    fn kind_fields(&mut self, kind: &str, of: &mut Fields<'_>, language: QueryLanguage) -> StateKind {
        match kind {
            "Task" => StateKind::Task(Box::new(self.task(of, language))),
            "Pass" => StateKind::Pass { result: of.take("Result").map(|e| self.template(&e.value, Mode::Literal)) },
            "Choice" => self.choice(of, language),
            "Wait" => StateKind::Wait(self.wait(of, language)),
            "Succeed" => StateKind::Succeed,
            "Fail" => StateKind::Fail(self.fail(of, language)),
            "Parallel" => self.parallel(of),
            "Map" => StateKind::Map(Box::new(self.map(of, language))),
            _ => StateKind::Unknown(None),
        }
    }

    fn task(&mut self, of: &mut Fields<'_>, language: QueryLanguage) -> Task {
        let resource = of.take("Resource");
        if resource.is_none() {
            let report = Diagnostic::error(&ASL126, of.at, format!("{} has no `Resource`", of.what));
            self.sink.report(report.help("add `Resource` with the ARN of what it runs"));
        }
        let resource = resource.and_then(|entry| self.value(&entry.value, "Resource"));
        let heartbeat_at = of.remaining().into_iter().find(|entry| &*entry.key == "HeartbeatSeconds").map(|entry| entry.value.span);
        let timeout_seconds = self.number_or_path(of, "TimeoutSeconds", language, 1, fields::MAX_SECONDS);
        let heartbeat_seconds = self.number_or_path(of, "HeartbeatSeconds", language, 1, fields::MAX_SECONDS);
        if let (Some(Number::Literal(timeout)), Some(Number::Literal(heartbeat))) = (&timeout_seconds, &heartbeat_seconds)
            && let (Ok(limit), Ok(beat)) = (timeout.value.parse::<u64>(), heartbeat.value.parse::<u64>())
            && beat >= limit
        {
            // "Task workflow state": the heartbeat must be shorter than the timeout.
            let message = format!("`HeartbeatSeconds` is {beat}, but must be smaller than `TimeoutSeconds`, {limit}");
            self.sink.report(Diagnostic::error(&ASL106, heartbeat_at, message).related(timeout.span(), "the timeout"));
        }
        let credentials = of.take("Credentials").map(|e| self.template(&e.value, language.into()));
        Task { resource, timeout_seconds, heartbeat_seconds, credentials, polls: None }
    }

    /// `Name` or `NamePath`.
    pub(super) fn number_or_path(
        &mut self,
        of: &mut Fields<'_>,
        name: &str,
        language: QueryLanguage,
        low: u64,
        high: u64,
    ) -> Option<Number> {
        let path = format!("{name}Path");
        let entry = self.one_of(of, &[name, &path])?;
        if *entry.key == *path { self.path_text(entry).map(Number::Path) } else { self.number(entry, language, low, high) }
    }

    fn wait(&mut self, of: &mut Fields<'_>, language: QueryLanguage) -> WaitFor {
        let given: Vec<Span> = of
            .remaining()
            .iter()
            .filter(|entry| matches!(&*entry.key, "Seconds" | "SecondsPath" | "Timestamp" | "TimestampPath"))
            .map(|entry| entry.key_span)
            .collect();
        let Some(first) = given.first() else {
            let report = Diagnostic::error(&ASL127, of.at, format!("{} does not say how long to wait", of.what));
            self.sink.report(report.help("add `Seconds`, `SecondsPath`, `Timestamp` or `TimestampPath`"));
            return WaitFor::Missing;
        };
        let mut order: Vec<&Entry> = of.remaining();
        order.retain(|entry| given.contains(&entry.key_span));
        for other in order.iter().skip(1) {
            let report = Diagnostic::error(&ASL127, other.key_span, format!("{} says twice how long to wait", of.what))
                .related(*first, "this one is read")
                .help("remove one of them");
            of.remove(&other.key);
            self.drop_value(&other.value, report);
        }
        let Some(entry) = order.first().and_then(|entry| of.take(&entry.key)) else { return WaitFor::Missing };
        match &*entry.key {
            "Seconds" => self.number(entry, language, 0, fields::MAX_SECONDS).map_or(WaitFor::Missing, WaitFor::Seconds),
            "SecondsPath" => self.path_text(entry).map_or(WaitFor::Missing, |path| WaitFor::Seconds(Number::Path(path))),
            "TimestampPath" => self.path_text(entry).map_or(WaitFor::Missing, |path| WaitFor::Timestamp(Number::Path(path))),
            _ => match self.text_or_jsonata(entry, language) {
                Some((text, true)) => WaitFor::Timestamp(Number::Jsonata(text)),
                Some((text, false)) => {
                    self.check_timestamp(entry, &text.value);
                    WaitFor::Timestamp(Number::Literal(text))
                }
                None => WaitFor::Missing,
            },
        }
    }

    fn fail(&mut self, of: &mut Fields<'_>, language: QueryLanguage) -> Fail {
        if !of.has("Error") && !of.has("ErrorPath") {
            let report = Diagnostic::warning(&ASL125, of.at, format!("{} fails the run without an error name", of.what));
            self.sink.report(report.help("add `Error`, and `Cause` with what a person should know"));
        }
        Fail { error: self.fail_text(of, "Error", language), cause: self.fail_text(of, "Cause", language) }
    }

    fn fail_text(&mut self, of: &mut Fields<'_>, name: &str, language: QueryLanguage) -> Option<FailText> {
        let path = format!("{name}Path");
        let entry = self.one_of(of, &[name, &path])?;
        if *entry.key == *path {
            return self.path_text(entry).map(FailText::Path);
        }
        let (text, expression) = self.text_or_jsonata(entry, language)?;
        Some(if expression { FailText::Jsonata(text) } else { FailText::Literal(text) })
    }

    fn parallel(&mut self, of: &mut Fields<'_>) -> StateKind {
        let mut branches = Vec::new();
        match of.take("Branches") {
            None => {
                let report = Diagnostic::error(&ASL129, of.at, format!("{} has no `Branches`", of.what));
                self.sink.report(report.help("add `Branches` with at least one branch"));
            }
            Some(entry) => {
                if matches!(&entry.value.kind, Kind::Array(items) if items.is_empty()) {
                    let report = Diagnostic::error(&ASL129, entry.value.span, format!("`Branches` of {} is empty", of.what));
                    self.drop_value(&entry.value, report.help("add at least one branch"));
                }
                for (at, node) in self.list(entry).iter().enumerate() {
                    let what = format!("branch {} of {}", at + 1, of.what);
                    branches.extend(self.inner_graph(node, head(node.span), &what));
                }
            }
        }
        StateKind::Parallel { branches }
    }
}
