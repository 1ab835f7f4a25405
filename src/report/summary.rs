//! The last words of a run, for people.
use super::model::{RunReport, Summary};
use super::style::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, paint, plain};
use crate::output::check::Check;
use crate::output::plan::Status;
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

/// Counts on two or three lines; what is zero is left out.
#[must_use]
pub fn render(summary: &Summary) -> String {
    let mut out = String::new();
    let files = &summary.files;
    line(
        &mut out,
        "files",
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
    if let Some(reason) = &summary.reason {
        let _ = writeln!(out, "{} {reason}", paint(BOLD, "nothing was written:"));
    }
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
        assert_eq!(render(&summary), "");
        summary.files.created = 2;
        summary.severities.question = 1;
        summary.reason = Some("why".into());
        let text = anstream::adapter::strip_str(&render(&summary)).to_string();
        assert_eq!(text, "files: 2 created\ntranslation: 1 question\nnothing was written: why\n");
    }
}
