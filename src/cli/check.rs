//! `emr2k8s check`: is the output folder what the sources say?
use super::exit::{Exit, Failure, codes};
use super::run::{self, RunArgs};
use super::terminal::Terminal;
use crate::output::check;
use crate::report::diagnostics::Prefix;
use crate::report::model::{RunReport, to_json};
use crate::report::summary::{self, Tense};
use crate::report::{github, sarif};
use clap::{Args, ValueEnum};

/// Say whether the folder is what migrate would write, and write nothing
///
/// For CI: names each file that was edited, is outdated, missing or no longer generated, and each source that changed.
#[derive(Args, Debug)]
#[command(after_help = codes!(differences: "not in sync, or a translation has a verdict that --deny names";
    "emr2k8s check aws --out k8s"
    "emr2k8s check aws --out k8s --format github"
    "emr2k8s check aws --out k8s --format sarif > emr2k8s.sarif"))]
pub struct Check {
    #[command(flatten)]
    run: RunArgs,
    /// How to report it
    #[arg(long, default_value = "text")]
    format: Format,
}

/// Formats of `check`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

impl Check {
    pub fn run(&self, terminal: Terminal) -> Result<Exit, Failure> {
        let out = self.run.out.display().to_string();
        let render = |report: &RunReport, prefix: &Prefix| match self.format {
            Format::Text | Format::Json => to_json(report),
            Format::Github => github::render(&report.diagnostics, &report.files, prefix, &out),
            Format::Sarif => to_json(&sarif::render(&report.diagnostics, &report.files, prefix, &out)),
        };
        let machine: run::Machine<'_> = if self.format == Format::Text { None } else { Some(&render) };
        let Some(run) = run::prepare(&self.run, machine, terminal)? else { return Ok(Exit::Mend) };
        let found = check::check(&run.folder, &run.plan, &run.generated);
        let mut report = RunReport::new(&run.session.compilation, &run.diagnostics, Some(&run.plan), Some(&found));
        report.summary.reason = None;
        if let Some(render) = machine {
            terminal.data(&render(&report, &run.session.prefix))?;
        } else {
            run.say_diagnostics(terminal);
            terminal.data(&summary::differences(&report, &found))?;
            terminal.say(&summary::render(&report.summary, Tense::Would));
        }
        if let Some((reason, _)) = &run.stop {
            terminal.say(&format!("{reason}\n"));
        }
        let differences = if found.in_sync { Exit::Done } else { Exit::Differences };
        Ok(run.exit().max(differences))
    }
}
