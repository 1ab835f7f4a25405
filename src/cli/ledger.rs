//! `emr2k8s ledger`: every source value and what became of it.
use super::exit::{Exit, Failure, codes};
use super::migrate::Format;
use super::session::{self, SourceArgs};
use super::terminal::Terminal;
use crate::report::ledger;
use crate::report::model::{LedgerReport, to_json};
use crate::source::sink;
use clap::{Args, ValueEnum};

/// List every value of the sources and what became of it
#[derive(Args, Debug)]
#[command(after_help = codes!(
    "emr2k8s ledger aws"
    "emr2k8s ledger aws --only unsupported --only ignored"
    "emr2k8s ledger aws --format json | jq '.values[] | select(.file == \"job.json\")'"))]
pub struct Ledger {
    #[command(flatten)]
    source: SourceArgs,
    /// How to show it
    #[arg(long, default_value = "text")]
    format: Format,
    /// Only values of which this became (may be repeated)
    #[arg(long, value_name = "DISPOSITION")]
    only: Vec<Disposition>,
}

/// A disposition on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Disposition {
    Emitted,
    Absorbed,
    Ignored,
    Unsupported,
    Unexplained,
}

impl From<Disposition> for sink::Disposition {
    fn from(disposition: Disposition) -> Self {
        match disposition {
            Disposition::Emitted => sink::Disposition::Emitted,
            Disposition::Absorbed => sink::Disposition::Absorbed,
            Disposition::Ignored => sink::Disposition::Ignored,
            Disposition::Unsupported => sink::Disposition::Unsupported,
            Disposition::Unexplained => sink::Disposition::Unexplained,
        }
    }
}

impl Ledger {
    pub fn run(&self, terminal: &Terminal) -> Result<Exit, Failure> {
        let Some(session) = session::start_or_say(&self.source, terminal)? else { return Ok(Exit::Mend) };
        let exit = session.say(terminal);
        let only: Vec<sink::Disposition> = self.only.iter().map(|d| (*d).into()).collect();
        let report = LedgerReport::new(&session.compilation, &only);
        terminal.data(&match self.format {
            Format::Text => ledger::render(&report),
            Format::Json => to_json(&report),
        })?;
        Ok(exit)
    }
}
