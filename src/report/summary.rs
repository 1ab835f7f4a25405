//! The last words of a run, for people.
use super::model::{RunReport, Summary};
use super::style::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, paint, plain};
use crate::output::check::Check;
use crate::output::plan::{Difference, Status};
use std::fmt::Write as _;

/// A line for each file that is not as it should be; what is unchanged is not listed.
#[must_use]
pub fn changes(report: &RunReport) -> String {
    let mut out = String::new();
    for file in &report.files {
        let style = match file.status {
            Status::Unchanged => continue,
            Status::Created => GREEN,
            Status::Updated => CYAN,
            Status::Removed => YELLOW,
            Status::Kept => DIM,
            Status::Conflict => RED,
        };
        let _ = writeln!(out, "{} {}", paint(style, &format!("{:<8}", file.status.name())), plain(&file.path));
    }
    out
}

/// What `check` says on stdout: each file that differs and how, each source that changed.
#[must_use]
pub fn differences(report: &RunReport, check: &Check) -> String {
    let mut out = String::new();
    for file in &report.files {
        if let Some(difference) = file.difference {
            let _ = writeln!(out, "{} {}", paint(RED, &format!("{:<8}", difference.name())), plain(&file.path));
        }
    }
    for source in &check.sources {
        let _ = writeln!(out, "source {}: {}", source.change.name(), plain(&source.path));
    }
    if check.answers_changed {
        out.push_str("the answers in emr2k8s.yaml changed\n");
    }
    if let Some(stage) = &check.other_stage {
        let with = stage.as_ref().map_or("without --stage".to_owned(), |stage| format!("with --stage {}", plain(stage)));
        let _ = writeln!(out, "the folder was written {with}");
    }
    if check.unwritten {
        out.push_str("emr2k8s has not written the folder yet\n");
    }
    out.push_str(if check.in_sync { "in sync\n" } else { "not in sync\n" });
    out
}

/// A line for each file that was edited by hand: `migrate` keeps it, so it is in no diff, and `check` counts it.
#[must_use]
pub fn kept(report: &RunReport) -> String {
    let mut out = String::new();
    for file in report.files.iter().filter(|file| file.difference == Some(Difference::Edited)) {
        let _ = writeln!(out, "{} {}", paint(DIM, "kept, edited by hand:"), plain(&file.path));
    }
    out
}

/// Whether a run did what a summary counts, or would.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tense {
    Done,
    Would,
}

/// Counts on two or three lines; what is zero is left out. Where nothing was written, files are those that would be.
#[must_use]
pub fn render(summary: &Summary, tense: Tense) -> String {
    let mut out = String::new();
    if let Some(reason) = &summary.reason {
        let _ = writeln!(out, "{} {}", paint(BOLD, "nothing was written:"), plain(reason));
    }
    let files = &summary.files;
    let would = tense == Tense::Would || summary.reason.is_some();
    line(
        &mut out,
        if would { "files that would be" } else { "files" },
        &[
            ("created", files.created),
            ("updated", files.updated),
            ("removed", files.removed),
            ("kept", files.kept),
            ("in conflict", files.conflict),
            ("unchanged", files.unchanged),
        ],
    );
    let (verdicts, severities) = (&summary.verdicts, &summary.severities);
    line(
        &mut out,
        "translation",
        &[
            ("exact", verdicts.exact),
            ("equivalent", verdicts.equivalent),
            ("changed", verdicts.changed),
            ("refused", verdicts.refused),
            (if severities.question == 1 { "question" } else { "questions" }, severities.question),
            (if severities.error == 1 { "error" } else { "errors" }, severities.error),
        ],
    );
    line(&mut out, "source values", &summary.ledger.each());
    out
}

fn line(out: &mut String, title: &str, counts: &[(&str, usize)]) {
    let words: Vec<String> = counts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{n} {name}")).collect();
    if !words.is_empty() {
        let _ = writeln!(out, "{} {}", paint(BOLD, &format!("{title}:")), words.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_left_out() {
        let mut summary = Summary::default();
        assert_eq!(render(&summary, Tense::Done), "");
        summary.files.created = 2;
        summary.severities.question = 1;
        let text = |summary: &Summary, tense| anstream::adapter::strip_str(&render(summary, tense)).to_string();
        assert_eq!(text(&summary, Tense::Done), "files: 2 created\ntranslation: 1 question\n");
        assert_eq!(text(&summary, Tense::Would), "files that would be: 2 created\ntranslation: 1 question\n");
        summary.reason = Some("why".into());
        assert_eq!(text(&summary, Tense::Done), "nothing was written: why\nfiles that would be: 2 created\ntranslation: 1 question\n");
    }
}
