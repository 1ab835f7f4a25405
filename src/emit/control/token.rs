//! A Task that ends when somebody sends its token back: the call, then a suspended step.
//!
//! The token names that step. Whoever has it gives the step its outputs, which makes it go on ([`calls::token_wait`]). A failure that is sent and a
//! time that is over are errors like those of a call.
use super::block::{Cursor, Mode, leaf_origins};
use super::leaf::{Part, call_step};
use super::template::{Step, Template};
use super::tier;
use super::{Emitter, text};
use crate::emit::calls;
use crate::ir::control::Leaf;
use crate::ir::machine::{Number, StateKind};

impl Emitter<'_> {
    pub(super) fn task_with_token(&mut self, leaf: &Leaf, base: &str, cursor: &mut Cursor, mode: Mode) {
        let state = &leaf.state;
        let StateKind::Task(task) = &state.kind else { return };
        let before = cursor.document.clone();
        let call = cursor.names.unique(base);
        let answer = cursor.names.unique(&format!("{base}-answer"));
        let token = calls::token(&answer);
        let tier = tier::arguments(state, self.around(cursor));
        let part = Part { extra: vec![("token", token.clone())], ..Part::of("arguments", leaf, tier) };
        let arguments = self.text_of(&part, &format!("{base}-input"), cursor, mode);
        let template = self.call_template(leaf, base);
        self.call(leaf, call_step(leaf, &call, &template, arguments), cursor, mode);
        // The time that the call took counts.
        let seconds = match &task.timeout_seconds {
            Some(Number::Literal(seconds)) => seconds.value.parse::<u64>().ok(),
            _ => None,
        };
        let node = calls::token_wait("", seconds.is_some(), &leaf_origins(leaf));
        let waiting = self.share(&answer, "answer", Template::ready("", node));
        // A failure is told by the step behind it.
        let mut step = Step { parameters: vec![("token".into(), token)], goes_on: true, ..Step::new(&answer, &waiting) };
        if let Some(seconds) = seconds {
            let called = format!("(date(steps[\"{call}\"].finishedAt) - date(steps[\"{call}\"].startedAt)).Seconds()");
            step.parameters.push(("duration".into(), format!("string(max(1, {seconds} - int({called}))) + \"s\"")));
        }
        step.origins = leaf_origins(leaf);
        cursor.push(step);
        let result = text::output(&answer, "result");
        let next = text::ended(&answer, &format!("(({result} ?? \"\") == \"\" ? \"error\" : \"\")"));
        let error = answer_error(&answer);
        if mode.soft {
            cursor.may_exit(next, Some(error));
        } else {
            let name = cursor.names.unique(&format!("{base}-failed"));
            let fail = self.fail_step(name, error, Some(format!("{next} == \"error\"")));
            cursor.push(fail);
        }
        let result = text::safe_json(&format!("({result} ?? \"null\")"));
        self.settle(leaf, base, result, &before, cursor, mode);
    }
}

/// The error of an answer: as it was given, either part of it may be missing; or the time is over.
fn answer_error(step: &str) -> String {
    let own = format!("({} ?? \"\")", text::output(step, "error"));
    let given = format!(r#"toJson({{"Error": fromJSON({own}).Error ?? "", "Cause": fromJSON({own}).Cause ?? ""}})"#);
    let other = |error: &str| text::literal(&format!(r#"{{"Error":"{error}","Cause":""}}"#));
    text::safe_json(&format!(
        "({own} != \"\" ? {given} : steps[\"{step}\"].status == \"Succeeded\" ? {} : {})",
        other("States.Timeout"),
        other("States.TaskFailed")
    ))
}
