//! What the fields of a state see.
use super::ast::{Ast, Root, call, text};
use super::guard::Guard;
use super::json::Json;
use super::path::find;
use super::tier::Names;
use crate::simulate::path::{Path, PlainStep, Root as Start};

/// Where paths and expressions start.
#[derive(Clone, Debug)]
pub(super) struct Scope<'s> {
    /// The state's name.
    pub state: &'s str,
    pub names: &'s Names<'s>,
    /// `$` and `$states.input`.
    pub input: Json,
    /// `$states.result`.
    pub result: Option<Json>,
    /// `$states.errorOutput`.
    pub error: Option<Json>,
    /// `$$.Map.Item`: index and value.
    pub item: Option<(Json, Json)>,
    /// Whether there is `$$.Task.Token`, in the parameter `token`.
    pub token: bool,
}

impl<'s> Scope<'s> {
    pub(super) fn of(state: &'s str, input: Json, names: &'s Names<'s>) -> Self {
        Self { state, names, input, result: None, error: None, item: None, token: false }
    }

    pub(super) fn with_input(&self, input: Json) -> Self {
        Self { input, ..self.clone() }
    }

    /// The context object, as far as a workflow knows it.
    pub(super) fn context(&self) -> Json {
        // AWS writes milliseconds; a workflow's are not kept.
        let start = Ast::Raw("workflow.creationTimestamp.RFC3339".into());
        let execution = vec![
            ("Input", Json::Root(Root::Input)),
            ("Name", Json::Value(Ast::Raw("workflow.name".into()))),
            ("StartTime", Json::Value(call("sprig.replace", [text("Z"), text(".000Z"), start]))),
        ];
        // Without a Retry, whether there is such a count depends on the kind of the state.
        let retries =
            self.names.retries.map(|retries| ("RetryCount", Json::Value(call("sum", [Ast::Raw(format!("fromJSON({retries})"))]))));
        let mut context = vec![
            ("Execution", Json::Partial(execution)),
            ("StateMachine", Json::Partial(vec![("Name", Json::string(self.names.machine))])),
            ("State", Json::Partial([("Name", Json::string(self.state))].into_iter().chain(retries).collect())),
        ];
        if let Some((index, value)) = &self.item {
            let item = match index {
                Json::Partial(_) => Json::Partial(vec![("Value", value.clone())]),
                index => Json::object(vec![("Index".into(), index.clone()), ("Value".into(), value.clone())]),
            };
            context.push(("Map", Json::Object(vec![("Item".into(), item)])));
        }
        if self.token {
            context.push(("Task", Json::Object(vec![("Token".into(), Json::Value(Ast::Raw("inputs.parameters.token".into())))])));
        }
        Json::Partial(context)
    }

    /// Where a path starts, and its steps from there.
    pub(super) fn start<'p>(&self, path: &'p Path) -> Option<(Json, Vec<PlainStep<'p>>)> {
        let steps = path.plain_steps()?;
        match &path.root {
            Start::Input => Some((self.input.clone(), steps)),
            Start::Context => Some((self.context(), steps)),
            Start::Variable(_) => Some((Json::Root(Root::Variables), self.variable_steps(path)?)),
        }
    }

    fn variable_steps<'p>(&self, path: &'p Path) -> Option<Vec<PlainStep<'p>>> {
        let Start::Variable(name) = &path.root else { return None };
        let mut steps = vec![PlainStep::Name(name)];
        steps.extend(path.plain_steps()?);
        Some(steps)
    }

    /// What a path finds.
    pub(super) fn find(&self, path: &Path, guard: &mut Guard) -> Option<Json> {
        let (from, steps) = self.start(path)?;
        match find(&from, &steps, guard)? {
            Json::Partial(_) => None,
            found => Some(found),
        }
    }
}
