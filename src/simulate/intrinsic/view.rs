//! Calls for those who translate them.
use super::{Argument, Call, Function, Inner};
use crate::simulate::path::{Env, Path};
use crate::simulate::value::Value;

/// A call of a function.
#[derive(Clone, Copy, Debug)]
pub struct CallView<'c>(&'c Inner);

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub enum ArgumentView<'c> {
    /// A text in quotes: what it means, and as written, which `States.Format` reads.
    Text {
        value: &'c Value,
        written: &'c str,
    },
    Literal(&'c Value),
    Path(&'c Path),
    Call(CallView<'c>),
}

impl Call {
    #[must_use]
    pub fn view(&self) -> CallView<'_> {
        CallView(&self.call)
    }
}

impl<'c> CallView<'c> {
    /// The function's name, without `States.`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.function.row().0
    }

    /// The value of a call that reads nothing and draws nothing by chance; `None` where it does, or fails.
    #[must_use]
    pub fn constant(self) -> Option<Value> {
        fn is_constant(call: &Inner) -> bool {
            let constant = |argument: &Argument| match argument {
                Argument::Text { .. } | Argument::Literal(_) => true,
                Argument::Path(_) => false,
                Argument::Call(inner) => is_constant(inner),
            };
            !matches!(call.function, Function::MathRandom | Function::Uuid) && call.arguments.iter().all(constant)
        }
        let env = Env { input: &Value::Null, context: &Value::Null, variables: &|_| None, random: &|| 0 };
        if is_constant(self.0) { self.0.evaluate(&env).ok() } else { None }
    }

    #[must_use]
    pub fn arguments(self) -> Vec<ArgumentView<'c>> {
        let view = |argument: &'c Argument| match argument {
            Argument::Text { value, written } => ArgumentView::Text { value, written },
            Argument::Literal(value) => ArgumentView::Literal(value),
            Argument::Path(path) => ArgumentView::Path(path),
            Argument::Call(call) => ArgumentView::Call(CallView(call)),
        };
        self.0.arguments.iter().map(view).collect()
    }
}
