//! What `migrate`, `diff` and `check` share: the compilation against the output folder.
use super::exit::{Exit, Failure};
use super::session::{self, BadAnswers, Session, SourceArgs};
use super::terminal::Terminal;
use crate::output::error::OutputError;
use crate::output::folder::Folder;
use crate::output::lock::Lock;
use crate::output::plan::{self, Difference, Plan, Status};
use crate::report::diagnostics::Prefix;
use crate::report::model::{RunReport, to_json};
use crate::source::rules::output::{OUT002, OUT003, OUT004, OUT006, OUT007};
use crate::source::sink::{Diagnostic, Severity, Verdict};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Options of the three.
#[derive(Args, Debug, Clone)]
pub struct RunArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// Folder of the GitOps repository
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Fail, and write nothing, when a translation has this verdict or a worse one (may be repeated)
    #[arg(long, value_name = "VERDICT")]
    pub deny: Vec<DeniedVerdict>,
}

/// A verdict on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum DeniedVerdict {
    Exact,
    Equivalent,
    Changed,
    Refused,
}

impl From<DeniedVerdict> for Verdict {
    fn from(denied: DeniedVerdict) -> Self {
        match denied {
            DeniedVerdict::Exact => Verdict::Exact,
            DeniedVerdict::Equivalent => Verdict::Equivalent,
            DeniedVerdict::Changed => Verdict::Changed,
            DeniedVerdict::Refused => Verdict::Refused,
        }
    }
}

/// A compilation against an output folder.
pub struct Run {
    pub session: Session,
    pub folder: Folder,
    /// The lock of the compilation alone.
    pub generated: Lock,
    pub plan: Plan,
    /// Those of the sources, then those of the output folder.
    pub diagnostics: Vec<Diagnostic>,
    /// Why nothing may be written, and what that means for the exit code.
    pub stop: Option<(String, Exit)>,
}

/// Prepares a run. With bad answers it reports them, in JSON on stdout when `json`, and gives `None`.
pub fn prepare(args: &RunArgs, json: bool, terminal: &Terminal) -> Result<Option<Run>, Failure> {
    // Before the compilation: a folder that cannot be used should not cost a long wait.
    let folder = Folder::open(&args.out, Some(&args.source.source)).map_err(|error| refuse(error, json, terminal))?;
    let session = match session::start(&args.source, Some(&args.out), terminal)? {
        Ok(session) => session,
        Err(BadAnswers(answers)) => {
            if json {
                let mut report = RunReport::of_diagnostics(&answers.diagnostics, &answers.files);
                report.summary.reason = Some("the answers cannot be used".to_owned());
                terminal.data(&to_json(&report))?;
            } else {
                session::say_diagnostics(&answers.diagnostics, &answers.files, &Prefix::default(), terminal);
            }
            return Ok(None);
        }
    };
    let mut diagnostics = session.compilation.diagnostics.clone();
    let generated = Lock::of(&session.compilation, session.options.clone());
    let broken = broken_sources(&folder, &session);
    let has_errors = session::exit_of(&diagnostics) == Exit::Mend;
    let plan =
        plan::plan(&folder, &session.compilation.tree, generated.clone(), has_errors).map_err(|error| refuse(error, json, terminal))?;
    for path in &broken {
        let message = format!("`{path}` shaped the output folder and can no longer be read");
        diagnostics.push(Diagnostic::error(&OUT007, None, message).help("mend the file, or delete or exclude it if it is meant to go"));
    }
    diagnostics.extend(folder_diagnostics(&plan));
    let stop = if broken.is_empty() {
        denied(&args.deny, &session.compilation.diagnostics).map(|reason| (reason, Exit::Differences))
    } else {
        Some(("a source that shaped the folder can no longer be read".to_owned(), Exit::Mend))
    };
    Ok(Some(Run { session, folder, generated, plan, diagnostics, stop }))
}

/// In JSON, a run that could not go on says so on stdout too.
pub fn refuse(error: OutputError, json: bool, terminal: &Terminal) -> Failure {
    let failure = Failure::from(error);
    if json {
        let mut report = RunReport::default();
        report.summary.reason = Some(failure.message.clone());
        // The failure itself is about to be said; a second one about stdout would hide it.
        let _ = terminal.data(&to_json(&report));
    }
    failure
}

impl Run {
    /// The exit code that the diagnostics and `--deny` mean.
    pub fn exit(&self) -> Exit {
        let stop = self.stop.as_ref().map_or(Exit::Done, |(_, exit)| *exit);
        session::exit_of(&self.diagnostics).max(stop)
    }

    /// The report in the shape of the JSON formats.
    pub fn report(&self) -> RunReport {
        let mut report = RunReport::new(&self.session.compilation, &self.diagnostics, Some(&self.plan), None);
        report.summary.reason = self.stop.as_ref().map(|(reason, _)| reason.clone());
        report
    }

    /// Says the diagnostics.
    pub fn say_diagnostics(&self, terminal: &Terminal) {
        session::say_diagnostics(&self.diagnostics, &self.session.compilation.files, &self.session.prefix, terminal);
    }
}

/// The first verdict that is denied, in words.
fn denied(deny: &[DeniedVerdict], diagnostics: &[Diagnostic]) -> Option<String> {
    let limit = deny.iter().map(|d| Verdict::from(*d)).min()?;
    let count = diagnostics.iter().filter(|d| d.verdict.is_some_and(|verdict| verdict >= limit)).count();
    let what = if count == 1 { "1 translation is".to_owned() } else { format!("{count} translations are") };
    let or_worse = if limit == Verdict::Refused { "" } else { " or worse" };
    (count > 0).then(|| format!("{what} {}{or_worse}, which `--deny` names", limit.name()))
}

/// Sources of the folder's lock that can no longer be read: they have an error of the source layer, or an error and no
/// importer claims them any more, or they cannot even be opened.
fn broken_sources(folder: &Folder, session: &Session) -> Vec<String> {
    let Some(lock) = &folder.lock else { return Vec::new() };
    let compilation = &session.compilation;
    let mut out = Vec::new();
    for path in lock.sources.keys() {
        let id = compilation.files.iter().find(|(_, file)| file.path == *path).map(|(id, _)| id);
        let claimed = id.is_some_and(|id| compilation.claimed.contains(&id));
        let broken = compilation.diagnostics.iter().filter(|d| d.severity == Severity::Error).any(|d| match d.span {
            Some(span) => Some(span.file) == id && (!claimed || d.rule.code.starts_with("SRC")),
            None => !claimed && d.message.contains(path.as_str()),
        });
        if broken {
            out.push(path.clone());
        }
    }
    out
}

/// What there is to say about files that are kept.
fn folder_diagnostics(plan: &Plan) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for change in &plan.changes {
        let path = &change.path;
        out.push(match (change.status, change.generated, change.difference) {
            (Status::Conflict, ..) => {
                let message = format!("`{path}` was edited by hand, and what is generated there has changed: it is kept");
                Diagnostic::warning(&OUT002, None, message)
                    .help("to have the generated text, delete the file and run `emr2k8s migrate` again")
            }
            (Status::Kept, true, _) => Diagnostic::note(&OUT003, None, format!("`{path}` was edited by hand: it is kept")),
            (Status::Kept, false, Some(Difference::Stale)) => {
                Diagnostic::note(&OUT006, None, format!("`{path}` is no longer generated, and is kept because the sources have errors"))
            }
            (Status::Kept, false, _) => {
                let message = format!("`{path}` was edited by hand and is no longer generated: it is kept");
                Diagnostic::warning(&OUT004, None, message).help("delete it if it is not needed any more")
            }
            _ => continue,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::rules::source::SRC005;

    #[test]
    fn a_verdict_is_denied_with_all_that_are_worse() {
        let found = [Diagnostic::changed(&SRC005, None, "x"), Diagnostic::note(&SRC005, None, "y")];
        assert!(denied(&[], &found).is_none());
        assert!(denied(&[DeniedVerdict::Refused], &found).is_none());
        for verdict in [DeniedVerdict::Changed, DeniedVerdict::Equivalent, DeniedVerdict::Exact] {
            assert!(denied(&[DeniedVerdict::Refused, verdict], &found).is_some(), "{verdict:?}");
        }
        let refused = [Diagnostic::refused(&SRC005, None, "x")];
        assert!(denied(&[DeniedVerdict::Changed], &refused).is_some());
    }
}
