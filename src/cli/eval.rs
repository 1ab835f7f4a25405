//! `emr2k8s eval`: what a workflow's runtime pod runs.
use super::exit::{Exit, Failure, codes};
use super::terminal::Terminal;
use crate::output::error::reason;
use crate::simulate::eval::{Unevaluated, evaluate, safe};
use crate::simulate::value::Value;
use clap::Args;
use std::path::{Path, PathBuf};

/// Evaluate one part of one state, as Step Functions would: what a workflow's small pod runs
///
/// The request is a JSON object that the workflow writes. What it gives goes into files: output, variables, next, and error
/// where the evaluation fails as the Amazon States Language means it.
#[derive(Args, Debug)]
#[command(after_help = codes!(
    differences: "the evaluation failed; the file `error` and the termination message say how";
    "emr2k8s eval"
    "emr2k8s eval --request request.json --out results"))]
pub struct Eval {
    /// The request
    #[arg(long, value_name = "FILE", env = "EMR2K8S_REQUEST")]
    request: Option<PathBuf>,
    /// Folder for the results
    #[arg(long, value_name = "DIR", env = "EMR2K8S_OUT", default_value = "/tmp/emr2k8s")]
    out: PathBuf,
}

impl Eval {
    pub fn run(&self, terminal: Terminal) -> Result<Exit, Failure> {
        let path = self.request.clone().unwrap_or_else(|| {
            let folder = std::env::var_os("EMR2K8S_IN").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
            folder.join("request.json")
        });
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::new(format!("the request `{}` cannot be read: {}", path.display(), reason(&error))))?;
        let request = Value::parse(&text).map_err(|error| Failure::new(format!("the request is not JSON: {error}")))?;
        let (millis, seed) = now_and_chance();
        std::fs::create_dir_all(&self.out)
            .map_err(|error| Failure::new(format!("`{}` cannot be made: {}", self.out.display(), reason(&error))))?;
        match evaluate(&request, millis, seed) {
            Ok(evaluated) => {
                for (name, text) in [("output", evaluated.output), ("variables", evaluated.variables), ("next", evaluated.next)] {
                    if let Some(text) = text {
                        write(&self.out.join(name), &text)?;
                    }
                }
                Ok(Exit::Done)
            }
            Err(Unevaluated::Failed(failure)) => {
                write(&self.out.join("error"), &safe(&failure.output()))?;
                let message: Vec<&str> = [failure.error.as_deref(), failure.cause.as_deref()].into_iter().flatten().collect();
                let message = message.join(": ");
                terminal.insist(&format!("{message}\n"));
                let log = std::env::var_os("EMR2K8S_TERMINATION_LOG").map_or_else(|| PathBuf::from("/dev/termination-log"), PathBuf::from);
                // Where there is no kubelet there is no such file.
                let _ = std::fs::write(log, message);
                Ok(Exit::Differences)
            }
            Err(Unevaluated::Bad(message)) => Err(Failure::new(message)),
        }
    }
}

/// The time in milliseconds since the Unix epoch, and a seed: what a running execution has, and a compiler must not.
#[expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a pod evaluates for one run, at its time")]
fn now_and_chance() -> (u64, u64) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    (millis, millis ^ u64::from(now.subsec_nanos()).rotate_left(32) ^ u64::from(std::process::id()).rotate_left(48))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::new(format!("`{}` cannot be written: {}", path.display(), reason(&error))))
}
