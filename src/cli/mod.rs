//! Floor 5: the command line. One file a command: its flags, one call into the library, an exit code.
//!
//! Data goes to stdout, everything else to stderr. Exit codes are in [`exit`], and in every `--help`. A panic is a defect
//! of ours: it is caught here, asks for a report, and ends with code 3.
mod check;
mod completions;
mod diff;
mod eval;
mod exit;
mod explain;
mod init;
mod inspect;
mod ledger;
mod man;
mod migrate;
mod run;
mod schema;
mod session;
mod simulate;
mod terminal;

use clap::{Args, CommandFactory, Parser, Subcommand};
use exit::{Exit, Failure};
use std::process::ExitCode;
use terminal::Terminal;

/// Moves Spark estates from AWS EMR to Kubernetes.
///
/// Reads the Step Functions, Livy batches, Lambda handlers, Serverless and Terraform files that a team keeps in its
/// repository, and writes a GitOps repository for Argo Workflows and the Spark Operator. Every line of it knows where it
/// comes from, and every value of the sources ends in a ledger.
#[derive(Parser, Debug)]
#[command(
    name = "emr2k8s",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = concat!(
        "Examples:\n",
        "  emr2k8s migrate aws --out k8s           write the GitOps repository\n",
        "  emr2k8s check aws --out k8s             in CI: is it what the sources say?\n",
        "  emr2k8s explain k8s/README.md:1         where does this line come from?\n\n",
        "Exit codes:\n",
        "  0  done\n",
        "  1  differences, or a verdict that --deny names\n",
        "  2  input or usage that you must mend\n",
        "  3  a defect of emr2k8s"
    )
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Args, Debug, Clone, Copy)]
struct Global {
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Also say how long each phase took
    #[arg(short, long, global = true, help_heading = "Output")]
    verbose: bool,
    /// When to use colours; `auto`: on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: terminal::Color,
}

#[derive(Subcommand, Debug)]
enum Command {
    Migrate(migrate::Migrate),
    Diff(diff::Diff),
    Check(check::Check),
    Inspect(inspect::Inspect),
    Ledger(ledger::Ledger),
    Simulate(simulate::Simulate),
    Explain(explain::Explain),
    Eval(eval::Eval),
    Init(init::Init),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    exit::guard(|| {
        let cli = match Cli::try_parse() {
            Ok(cli) => cli,
            // Help and version are printed on stdout, usage errors on stderr; a closed pipe is not our concern.
            Err(error) => {
                let _ = error.print();
                return if error.use_stderr() { Exit::Mend } else { Exit::Done };
            }
        };
        let terminal = Terminal::new(cli.global.color, cli.global.quiet, cli.global.verbose);
        dispatch(&cli.command, terminal).unwrap_or_else(|failure| {
            terminal.complain(&failure);
            Exit::Mend
        })
    })
    .into()
}

fn dispatch(command: &Command, terminal: Terminal) -> Result<Exit, Failure> {
    match command {
        Command::Migrate(command) => command.run(terminal),
        Command::Diff(command) => command.run(terminal),
        Command::Check(command) => command.run(terminal),
        Command::Inspect(command) => command.run(terminal),
        Command::Ledger(command) => command.run(terminal),
        Command::Simulate(command) => command.run(terminal),
        Command::Explain(command) => command.run(terminal),
        Command::Eval(command) => command.run(terminal),
        Command::Init(command) => command.run(terminal),
        Command::Schema(command) => command.run(terminal),
        Command::Completions(command) => command.run(terminal),
        Command::Man(command) => command.run(terminal),
    }
}

/// The command line as clap knows it, for manual pages, completions and docs.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed_and_every_command_shows_examples() {
        super::command().debug_assert();
        for command in super::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:") && help.contains(&format!("emr2k8s {}", command.get_name())), "{}", command.get_name());
            assert!(help.contains("Exit codes:"), "{}", command.get_name());
        }
    }
}
