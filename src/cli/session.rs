//! What the commands that read sources share: their options, the answers, the compilation, and how it is reported.
use super::exit::{Exit, Failure};
use super::terminal::Terminal;
use crate::compile::{Compilation, Options, compile};
use crate::config::{self, Answers};
use crate::output::lock::LockOptions;
use crate::report::diagnostics::{self, Prefix};
use crate::source::files::Files;
use crate::source::sink::{Diagnostic, Severity};
use clap::Args;
use std::path::{Path, PathBuf};

/// Which sources, and how they are read.
#[derive(Args, Debug, Clone)]
pub struct SourceArgs {
    /// Folder or file of the sources
    #[arg(value_name = "SRC")]
    pub source: PathBuf,
    /// Only this stage
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// Your answers [default: emr2k8s.yaml beside the sources]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// A compilation, and what is needed to report it.
pub struct Session {
    pub compilation: Compilation,
    pub prefix: Prefix,
    pub options: LockOptions,
}

/// The answers cannot be used; nothing was compiled.
pub struct BadAnswers(pub Box<Answers>);

/// Loads the answers and compiles. `out` is not read as a source.
pub fn start(args: &SourceArgs, out: Option<&Path>, terminal: &Terminal) -> Result<Result<Session, BadAnswers>, Failure> {
    let source = &args.source;
    if let Err(error) = std::fs::metadata(source) {
        let help = "name the folder or file of the sources";
        return Err(Failure::new(format!("the sources `{}` cannot be read: {}", source.display(), error.kind())).help(help));
    }
    let answers = config::load(source, args.config.as_deref());
    if answers.has_errors() {
        return Ok(Err(BadAnswers(Box::new(answers))));
    }
    say_diagnostics(&answers.diagnostics, &answers.files, &Prefix::default(), terminal);
    let options = Options { source: source.clone(), stage: args.stage.clone(), config: answers.config, out: out.map(Path::to_owned) };
    let progress = terminal.progress(format!("compiling {}", source.display()));
    let compilation = compile(&options)?;
    drop(progress);
    if terminal.verbose {
        for (phase, time) in &compilation.phases {
            terminal.insist(&format!("{:>8.1} ms  {phase}\n", time.as_secs_f64() * 1000.0));
        }
    }
    let options = LockOptions { stage: args.stage.clone(), config: answers.hash };
    Ok(Ok(Session { compilation, prefix: Prefix::new(source), options }))
}

/// For commands whose only format of diagnostics is text: says what is wrong with the answers.
pub fn start_or_say(args: &SourceArgs, terminal: &Terminal) -> Result<Option<Session>, Failure> {
    Ok(match start(args, None, terminal)? {
        Ok(session) => Some(session),
        Err(BadAnswers(answers)) => {
            say_diagnostics(&answers.diagnostics, &answers.files, &Prefix::default(), terminal);
            None
        }
    })
}

impl Session {
    /// Says what was found in the sources; gives the exit code that errors among it mean.
    pub fn say(&self, terminal: &Terminal) -> Exit {
        say_diagnostics(&self.compilation.diagnostics, &self.compilation.files, &self.prefix, terminal);
        exit_of(&self.compilation.diagnostics)
    }
}

/// Errors are for the user to mend.
pub fn exit_of(diagnostics: &[Diagnostic]) -> Exit {
    if diagnostics.iter().any(|d| d.severity == Severity::Error) { Exit::Mend } else { Exit::Done }
}

/// Diagnostics as text on stderr; of a quiet run only errors.
pub fn say_diagnostics(found: &[Diagnostic], files: &Files, prefix: &Prefix, terminal: &Terminal) {
    let shown: Vec<&Diagnostic> = found.iter().filter(|d| !terminal.quiet || d.severity == Severity::Error).collect();
    if !shown.is_empty() {
        terminal.insist(&diagnostics::render(&shown, files, prefix));
    }
}
