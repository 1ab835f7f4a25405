//! `emr2k8s migrate`: writes the GitOps repository.
use super::exit::{Exit, Failure, codes};
use super::run::{self, RunArgs};
use super::terminal::Terminal;
use crate::output::plan::Status;
use crate::output::write;
use crate::report::model::to_json;
use crate::report::summary::{self, Tense};
use clap::{Args, ValueEnum};

/// Write the GitOps repository
///
/// Files that you edited are kept. A source that cannot be read is left out: the rest is written, nothing is removed, and the
/// run ends with 2. Nothing at all is written when a write fails, when a source that shaped the folder can no longer be read,
/// or when --deny names a verdict.
#[derive(Args, Debug)]
#[command(after_help = codes!(differences: "a translation has a verdict that --deny names; nothing was written";
    "emr2k8s migrate aws --out k8s"
    "emr2k8s migrate aws --out k8s --stage prod --deny changed"
    "emr2k8s migrate aws --out k8s --format json | jq .summary"))]
pub struct Migrate {
    #[command(flatten)]
    run: RunArgs,
    /// How to report what was done
    #[arg(long, default_value = "text")]
    format: Format,
}

/// Formats of `migrate` and `diff`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

impl Format {
    pub fn machine<'a>(self) -> run::Machine<'a> {
        match self {
            Format::Text => None,
            Format::Json => Some(&|report, _| to_json(report)),
        }
    }
}

impl Migrate {
    pub fn run(&self, terminal: Terminal) -> Result<Exit, Failure> {
        let machine = self.format.machine();
        let Some(run) = run::prepare(&self.run, machine, terminal)? else { return Ok(Exit::Mend) };
        let mut report = run.report();
        if run.stop.is_none() {
            write::apply(&run.folder, &run.plan, &run.session.compilation.tree).map_err(|error| run::refuse(error, machine, terminal))?;
            report.summary.in_sync = run.plan.changes.iter().all(|c| !matches!(c.status, Status::Kept | Status::Conflict));
            report.summary.written = run.plan.has_effects() || run.plan.lock_text.is_some();
        }
        if machine.is_some() {
            terminal.data(&to_json(&report))?;
        } else {
            run.say_diagnostics(terminal);
            if run.stop.is_none() {
                terminal.data(&summary::changes(&report))?;
            }
            terminal.say(&summary::render(&report.summary, Tense::Done));
        }
        Ok(run.exit())
    }
}
