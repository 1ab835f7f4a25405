//! How a run ends.
use crate::compile::CompileError;
use crate::output::error::OutputError;
use crate::output::explain::ExplainError;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

/// Exit codes; scripts rely on them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    Done = 0,
    /// Differences, or a verdict that `--deny` names.
    Differences = 1,
    /// Input or usage that the user must mend.
    Mend = 2,
    /// A defect of emr2k8s.
    Defect = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// What the exit codes are, for `--help`; `concat!` takes it.
macro_rules! codes {
    ($($examples:literal)*) => {
        concat!("Examples:\n", $("  ", $examples, "\n",)* "\nExit codes:\n  0  done\n  2  input or usage that you must mend\n  3  a defect of emr2k8s")
    };
    (differences: $meaning:literal; $($examples:literal)*) => {
        concat!(
            "Examples:\n", $("  ", $examples, "\n",)*
            "\nExit codes:\n  0  done\n  1  ", $meaning, "\n  2  input or usage that you must mend\n  3  a defect of emr2k8s"
        )
    };
}
pub(super) use codes;

/// Why a run could not go on: for the user to mend.
#[derive(Debug)]
pub struct Failure {
    pub message: String,
    pub help: Option<String>,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        Self { message: error.to_string(), help: error.help().map(str::to_owned) }
    }
}

impl From<CompileError> for Failure {
    fn from(error: CompileError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<ExplainError> for Failure {
    fn from(error: ExplainError) -> Self {
        let help = match &error {
            ExplainError::NoLock(_) => Some("name a file that `emr2k8s migrate` wrote, with its line: `out/README.md:1`".to_owned()),
            ExplainError::NotGenerated(_) => Some("files that emr2k8s did not write are left alone".to_owned()),
            ExplainError::OutOfRange { .. } => None,
            ExplainError::Output(error) => error.help().map(str::to_owned),
        };
        Self { message: error.to_string(), help }
    }
}

/// Runs something; a panic inside becomes [`Exit::Defect`] and a request for a report. With `RUST_BACKTRACE` the usual
/// message and stack trace come before it.
pub fn guard(run: impl FnOnce() -> Exit) -> Exit {
    let found = Arc::new(Mutex::new(String::new()));
    if std::env::var_os("RUST_BACKTRACE").is_none_or(|value| value == "0") {
        let note = Arc::clone(&found);
        panic::set_hook(Box::new(move |info| {
            let message = info.payload_as_str().unwrap_or("no message");
            let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
            if let Ok(mut note) = note.lock()
                && note.is_empty()
            {
                *note = format!("{message}{place}");
            }
        }));
    }
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let what = found.lock().map(|text| text.clone()).unwrap_or_default();
        let text = format!(
            "error: emr2k8s met a defect of its own{}{what}\n\
             help: please report it, with the command and, if you can, the sources; `RUST_BACKTRACE=1` shows where it happened\n",
            if what.is_empty() { "" } else { ": " },
        );
        // Nothing is left to be done when stderr is closed.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
        Exit::Defect
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_defect() {
        assert_eq!(guard(|| panic!("for the test")), Exit::Defect);
        assert_eq!(guard(|| Exit::Differences), Exit::Differences);
    }
}
