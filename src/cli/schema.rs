//! `emr2k8s schema`: JSON Schemas of the answers and of the JSON formats.
use super::exit::{Exit, Failure, codes};
use super::terminal::Terminal;
use crate::report::schema;
use clap::{Args, ValueEnum};

/// Print the JSON Schema of emr2k8s.yaml, or of a JSON format
#[derive(Args, Debug)]
#[command(after_help = codes!(
    "emr2k8s schema > emr2k8s.schema.json"
    "emr2k8s schema ledger"))]
pub struct Schema {
    /// Of what
    #[arg(default_value = "config")]
    subject: Subject,
}

/// What there is a schema of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Subject {
    /// emr2k8s.yaml
    Config,
    /// What migrate, diff and check print with --format json
    Migrate,
    /// What ledger prints with --format json
    Ledger,
    /// What inspect prints with --format json
    Inspect,
    /// What simulate prints
    Simulate,
}

impl Schema {
    pub fn run(&self, terminal: Terminal) -> Result<Exit, Failure> {
        terminal.data(&schema::render(match self.subject {
            Subject::Config => schema::Subject::Config,
            Subject::Migrate => schema::Subject::Migrate,
            Subject::Ledger => schema::Subject::Ledger,
            Subject::Inspect => schema::Subject::Inspect,
            Subject::Simulate => schema::Subject::Simulate,
        }))?;
        Ok(Exit::Done)
    }
}
