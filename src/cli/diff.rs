//! `emr2k8s diff`: what `migrate` would write.
use super::exit::{Exit, Failure, codes};
use super::migrate::Format;
use super::run::{self, RunArgs};
use super::terminal::Terminal;
use crate::output::diff::diffs;
use crate::report::model::to_json;
use crate::report::style;
use crate::report::summary::{self, Tense};
use clap::Args;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::IsTerminal;

/// Show what migrate would write, and write nothing
///
/// A unified diff that `git apply` takes. Files that you edited are kept by migrate, so they are not in it: they are named on
/// stderr and are no difference here, while check counts each of them as one.
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
    pub fn run(&self, terminal: Terminal) -> Result<Exit, Failure> {
        let machine = self.format.machine();
        let Some(run) = run::prepare(&self.run, machine, terminal)? else { return Ok(Exit::Mend) };
        let found = diffs(&run.folder, &run.plan, &run.session.compilation.tree).map_err(|error| run::refuse(error, machine, terminal))?;
        let mut report = run.report();
        if machine.is_some() {
            let mut by_path: BTreeMap<String, String> = found.into_iter().collect();
            for file in &mut report.files {
                file.diff = by_path.remove(&file.path);
            }
            terminal.data(&to_json(&report))?;
        } else {
            run.say_diagnostics(terminal);
            // A file or a pipe gets every byte, so that the diff can be applied; a terminal nothing that it would obey.
            let seen = std::io::stdout().is_terminal();
            for (_, text) in &found {
                let text = if seen { Cow::Owned(style::plain_lines(text)) } else { Cow::Borrowed(text.as_str()) };
                terminal.data(&style::diff(&text))?;
            }
            terminal.say(&summary::kept(&report));
            terminal.say(&summary::render(&report.summary, Tense::Would));
        }
        let differences = if run.plan.has_effects() { Exit::Differences } else { Exit::Done };
        Ok(run.exit().max(differences))
    }
}
