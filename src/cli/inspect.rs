//! `emr2k8s inspect`: the estate as found.
use super::exit::{Exit, Failure, codes};
use super::session::{self, SourceArgs};
use super::terminal::Terminal;
use crate::report::inspect::InspectReport;
use crate::report::model::to_json;
use crate::report::{inspect_dot, inspect_text};
use clap::{Args, ValueEnum};

/// Show the estate as found: machines, jobs, clusters, functions, triggers, links
#[derive(Args, Debug)]
#[command(after_help = codes!(
    "emr2k8s inspect aws"
    "emr2k8s inspect aws --format dot | dot -Tsvg > estate.svg"))]
pub struct Inspect {
    #[command(flatten)]
    source: SourceArgs,
    /// How to show it
    #[arg(long, default_value = "text")]
    format: Format,
}

/// Formats of `inspect`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
    /// Graphviz
    Dot,
}

impl Inspect {
    pub fn run(&self, terminal: &Terminal) -> Result<Exit, Failure> {
        let Some(session) = session::start_or_say(&self.source, terminal)? else { return Ok(Exit::Mend) };
        let exit = session.say(terminal);
        let report = InspectReport::new(&session.compilation);
        terminal.data(&match self.format {
            Format::Text => inspect_text::render(&report),
            Format::Json => to_json(&report),
            Format::Dot => inspect_dot::render(&report),
        })?;
        Ok(exit)
    }
}
