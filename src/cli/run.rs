//! What `migrate`, `diff` and `check` share: the compilation against the output folder.
use super::exit::{Exit, Failure};
use super::session::{self, BadAnswers, Session, SourceArgs};
use super::terminal::Terminal;
use crate::compile::Compilation;
use crate::output::error::OutputError;
use crate::output::folder::Folder;
use crate::output::lock::Lock;
use crate::output::plan::{self, Difference, Plan, Status};
use crate::report::diagnostics::Prefix;
use crate::report::model::RunReport;
use crate::source::files::Files;
use crate::source::rules::output::{OUT002, OUT003, OUT004, OUT006, OUT007, OUT008, OUT009};
use crate::source::sink::{Diagnostic, Severity, Verdict};
use crate::source::span::FileId;
use clap::{Args, ValueEnum};
use std::collections::{BTreeMap, BTreeSet};
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

/// A format for machines: it reports also what kept a run from starting. `None` where people read.
pub type Machine<'a> = Option<&'a dyn Fn(&RunReport, &Prefix) -> String>;

/// Prepares a run. With bad answers it reports them and gives `None`.
pub fn prepare(args: &RunArgs, machine: Machine<'_>, terminal: Terminal) -> Result<Option<Run>, Failure> {
    let refused = |error| refuse(error, machine, terminal);
    // Before the compilation: a folder that cannot be used should not cost a long wait.
    let folder = Folder::open(&args.out, Some(&args.source.source)).map_err(refused)?;
    let session = match session::start(&args.source, Some(&args.out), terminal)? {
        Ok(session) => session,
        Err(BadAnswers { answers, prefix }) => {
            match machine {
                Some(render) => {
                    let mut report = RunReport::of_diagnostics(&answers.diagnostics, &answers.files);
                    report.summary.reason = Some("the answers cannot be used".to_owned());
                    terminal.data(&render(&report, &prefix))?;
                }
                None => session::say_diagnostics(&answers.diagnostics, &answers.files, &prefix, terminal),
            }
            return Ok(None);
        }
    };
    Run::new(session, folder, &args.deny).map(Some).map_err(refused)
}

/// For machines, a run that could not go on is a report with one diagnostic; for people the failure alone says it.
pub fn refuse(error: OutputError, machine: Machine<'_>, terminal: Terminal) -> Failure {
    let failure = Failure::from(error);
    if let Some(render) = machine {
        let mut diagnostic = Diagnostic::error(&OUT008, None, failure.message.clone());
        diagnostic.help.clone_from(&failure.help);
        let mut report = RunReport::of_diagnostics(&[diagnostic], &Files::default());
        report.summary.reason = Some(failure.message.clone());
        // The failure itself is about to be said; a second one about stdout would hide it.
        let _ = terminal.data(&render(&report, &Prefix::default()));
    }
    failure
}

impl Run {
    fn new(session: Session, folder: Folder, deny: &[DeniedVerdict]) -> Result<Self, OutputError> {
        let mut diagnostics = session.compilation.diagnostics.clone();
        let generated = Lock::of(&session.compilation, session.options.clone());
        let broken = broken_sources(&folder, &session.compilation);
        let has_errors = session::exit_of(&diagnostics) == Exit::Mend;
        let plan = plan::plan(&folder, &session.compilation.tree, &generated, has_errors)?;
        for path in &broken {
            let message = format!("`{path}` shaped the output folder and can no longer be read");
            diagnostics.push(Diagnostic::error(&OUT007, None, message).help("mend the file, or delete or exclude it if it is meant to go"));
        }
        diagnostics.extend(folder_diagnostics(&plan));
        let nothing = session.compilation.tree.files.is_empty();
        if nothing && broken.is_empty() {
            let message = "the sources hold no state machine and no Livy batch: there is nothing to migrate";
            diagnostics.push(
                Diagnostic::error(&OUT009, None, message)
                    .help("`emr2k8s inspect SRC` says what was found; name the folder that holds the definitions"),
            );
        }
        let stop = if !broken.is_empty() {
            Some(("a source that shaped the folder can no longer be read".to_owned(), Exit::Mend))
        } else if nothing {
            Some(("there is nothing to migrate".to_owned(), Exit::Mend))
        } else {
            denied(deny, &session.compilation.diagnostics).map(|reason| (reason, Exit::Differences))
        };
        Ok(Self { session, folder, generated, plan, diagnostics, stop })
    }
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
    pub fn say_diagnostics(&self, terminal: Terminal) {
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
fn broken_sources(folder: &Folder, compilation: &Compilation) -> Vec<String> {
    let is_error = |d: &Diagnostic| d.severity == Severity::Error;
    let is_unread = |d: &Diagnostic| d.severity == Severity::Note && ["SRC001", "SRC002", "SRC004", "SRC006"].contains(&d.rule.code);
    let unread: Vec<&Diagnostic> = compilation.diagnostics.iter().filter(|d| is_error(d) || is_unread(d)).collect();
    let Some(lock) = folder.lock.as_ref().filter(|_| !unread.is_empty()) else { return Vec::new() };
    let ids: BTreeMap<&str, FileId> = compilation.files.iter().map(|(id, file)| (file.path.as_str(), id)).collect();
    let claimed: BTreeSet<FileId> = compilation.claimed.iter().copied().collect();
    let is_broken = |path: &str| {
        let id = ids.get(path).copied();
        let claimed = id.is_some_and(|id| claimed.contains(&id));
        let quoted = format!("`{path}`");
        // What is said of a file that is nobody's any more is a note; of one that shaped the folder it counts all the same.
        unread.iter().any(|d| match d.span {
            Some(span) => Some(span.file) == id && (!claimed || (is_error(d) && d.rule.code.starts_with("SRC"))),
            None => !claimed && d.message.contains(&quoted),
        })
    };
    lock.sources.keys().filter(|path| is_broken(path)).cloned().collect()
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
    use crate::output::plan::tests::{compilation, migrate};
    use crate::output::write;
    use crate::source::files::SourceFile;
    use crate::source::rules::asl::ALL as ASL;
    use crate::source::rules::source::{SRC001, SRC002, SRC005};
    use crate::source::span::Span;
    use std::fs;
    use std::path::Path;

    fn run(root: &Path, compilation: Compilation, deny: &[DeniedVerdict]) -> Run {
        let session = Session { compilation, prefix: Prefix::default(), options: crate::output::lock::LockOptions::default() };
        Run::new(session, Folder::open(root, None).unwrap(), deny).unwrap()
    }

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

    #[test]
    fn a_denied_verdict_stops_a_run_and_an_error_weighs_more() {
        let temp = tempfile::tempdir().unwrap();
        let mut found = compilation(&[("a", "1\n")]);
        found.diagnostics.push(Diagnostic::changed(&SRC005, None, "x"));
        let stopped = run(temp.path(), found, &[DeniedVerdict::Changed]);
        assert!(stopped.stop.is_some());
        assert_eq!(stopped.exit(), Exit::Differences);
        let mut found = compilation(&[("a", "1\n")]);
        found.diagnostics.extend([Diagnostic::changed(&SRC005, None, "x"), Diagnostic::error(&SRC005, None, "y")]);
        assert_eq!(run(temp.path(), found, &[DeniedVerdict::Changed]).exit(), Exit::Mend);
    }

    #[test]
    fn a_source_of_the_folder_that_breaks_stops_a_run() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n")]);
        let span = |compilation: &Compilation| {
            let id = compilation.files.iter().next().unwrap().0;
            Span::new(id, 0, 1)
        };
        // It does not parse, so nobody claims it.
        let mut broken = compilation(&[]);
        broken.claimed.clear();
        let at = span(&broken);
        broken.diagnostics.push(Diagnostic::error(&SRC002, at, "no JSON"));
        let stopped = run(temp.path(), broken, &[]);
        assert_eq!((stopped.stop.is_some(), stopped.exit()), (true, Exit::Mend));
        assert!(stopped.diagnostics.iter().any(|d| d.rule.code == "OUT007"));
        // It cannot even be opened.
        let mut gone = Compilation::default();
        gone.diagnostics.push(Diagnostic::error(&SRC001, None, "`in.json` cannot be read: permission denied"));
        assert!(run(temp.path(), gone, &[]).stop.is_some());
        // Another file is broken, or this one has an error of its meaning: the rest is written.
        let mut other = compilation(&[("a", "2\n")]);
        let id = other.files.add(SourceFile::new("other.json", "{"));
        let at = span(&other);
        other.diagnostics.push(Diagnostic::error(&SRC002, Span::new(id, 0, 1), "no JSON"));
        other.diagnostics.push(Diagnostic::error(ASL[0], at, "no such state"));
        let goes_on = run(temp.path(), other, &[]);
        assert_eq!((goes_on.stop.is_some(), goes_on.exit()), (false, Exit::Mend));
        // Deleted in good order, another remains.
        assert!(run(temp.path(), compilation(&[("b", "1\n")]), &[]).stop.is_none());
        // Nothing remains: more likely a wrong folder than an estate that is gone.
        let empty = run(temp.path(), Compilation::default(), &[]);
        assert_eq!((empty.stop.is_some(), empty.exit()), (true, Exit::Mend));
        assert!(empty.diagnostics.iter().any(|d| d.rule.code == "OUT009"));
    }

    #[test]
    fn edits_are_reported_as_long_as_they_stand() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n"), ("b", "1\n"), ("c", "1\n"), ("d", "1\n")]);
        for edited in ["a", "b", "c"] {
            fs::write(temp.path().join(edited), "mine\n").unwrap();
        }
        for _ in 0..2 {
            let mut next = compilation(&[("a", "1\n"), ("b", "2\n")]);
            next.diagnostics.push(Diagnostic::error(&SRC005, None, "x"));
            let run = run(temp.path(), next, &[]);
            let said: Vec<_> = run.diagnostics.iter().skip(1).map(|d| (d.rule.code, d.severity)).collect();
            let (note, warning) = (Severity::Note, Severity::Warning);
            assert_eq!(said, [("OUT003", note), ("OUT002", warning), ("OUT004", warning), ("OUT006", note)]);
            write::apply(&run.folder, &run.plan, &run.session.compilation.tree).unwrap();
        }
    }
}
