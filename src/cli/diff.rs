//! `emr2k8s diff`: what `migrate` would write.
use super::exit::{Exit, Failure, codes};
use super::migrate::Format;
use super::run::{self, RunArgs};
use super::terminal::Terminal;
use crate::output::diff::diffs;
use crate::report::model::to_json;
use crate::report::{style, summary};
use clap::Args;
use std::collections::BTreeMap;

/// Show what migrate would write, and write nothing
///
/// A unified diff that `git apply` takes. Files that you edited are kept by migrate, so they are not in it.
#[derive(Args, Debug)]
#[command(after_help = codes!(differences: "migrate would write something, or a translation has a verdict that --deny names";
    "emr2k8s diff aws --out k8s"
    "emr2k8s diff aws --out k8s | delta"))]
pub struct Diff {
    #[command(flatten)]
    run: RunArgs,
    /// How to show it
    #[arg(long, default_value = "text")]
    format: Format,
}

impl Diff {
    pub fn run(&self, terminal: &Terminal) -> Result<Exit, Failure> {
        let json = self.format == Format::Json;
        let Some(run) = run::prepare(&self.run, json, terminal)? else { return Ok(Exit::Mend) };
        let found = diffs(&run.folder, &run.plan, &run.session.compilation.tree).map_err(|error| run::refuse(error, json, terminal))?;
        let mut report = run.report();
        if json {
            let mut by_path: BTreeMap<String, String> = found.into_iter().collect();
            for file in &mut report.files {
                file.diff = by_path.remove(&file.path);
            }
            terminal.data(&to_json(&report))?;
        } else {
            run.say_diagnostics(terminal);
            for (_, text) in &found {
                terminal.data(&style::diff(text))?;
            }
            terminal.say(&summary::render(&report.summary));
        }
        let differences = if run.plan.has_effects() { Exit::Differences } else { Exit::Done };
        Ok(run.exit().max(differences))
    }
}
