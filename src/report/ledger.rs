//! The ledger for people: a block for each file, a line for each value.
use super::model::{LedgerEntry, LedgerReport};
use super::style::{BOLD, DIM, GREEN, RED, YELLOW, paint, plain};
use std::fmt::Write as _;

/// Longest value, pointer or note that is shown whole, in characters.
const WIDTH: usize = 60;

#[must_use]
pub fn render(report: &LedgerReport) -> String {
    let mut out = String::new();
    let mut rest = report.values.as_slice();
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|value| value.file == first.file).count();
        let (block, after) = rest.split_at(count);
        rest = after;
        let _ = writeln!(out, "{}", paint(BOLD, &plain(&first.file)));
        let rows: Vec<[String; 3]> = block.iter().map(|v| [v.line.to_string(), cut(&v.pointer), cut(&v.value)]).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        for (value, [line, pointer, text]) in block.iter().zip(&rows) {
            let style = match value.disposition {
                "emitted" | "absorbed" => GREEN,
                "ignored" => DIM,
                "unsupported" => YELLOW,
                _ => RED,
            };
            let pad = |text: &str, width: usize| " ".repeat(width - text.chars().count());
            let _ = writeln!(
                out,
                "  {}{line}  {pointer}{}  {text}{}  {}{}",
                pad(line, widths[0]),
                pad(pointer, widths[1]),
                pad(text, widths[2]),
                paint(style, value.disposition),
                fate(value),
            );
        }
        out.push('\n');
    }
    let counts: Vec<String> = report.summary.each().iter().map(|(name, count)| format!("{count} {name}")).collect();
    let _ = writeln!(out, "{}", counts.join(", "));
    out
}

/// Where a value went, or which rule decided and why.
fn fate(value: &LedgerEntry) -> String {
    let mut out = String::new();
    if !value.rule.is_empty() {
        let _ = write!(out, " {}", value.rule);
    }
    if !value.note.is_empty() {
        let _ = write!(out, ": {}", plain(&value.note));
    }
    if let Some(first) = value.outputs.first() {
        let _ = write!(out, " → {}:{}", plain(&first.file), first.line);
        if value.outputs.len() > 1 {
            let _ = write!(out, " and {} more", value.outputs.len() - 1);
        }
    }
    out
}

/// The end of a pointer and the start of a value matter most; both are cut at the end, which keeps columns narrow.
fn cut(text: &str) -> String {
    let text = plain(text);
    if text.chars().count() <= WIDTH {
        return text;
    }
    let mut out: String = text.chars().take(WIDTH - 1).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::{Compilation, LedgerValue};
    use crate::source::files::SourceFile;
    use crate::source::sink::Disposition;
    use crate::source::span::Span;

    fn sample() -> Compilation {
        let mut compilation = Compilation::default();
        let a = compilation.files.add(SourceFile::new("a.json", "1\n2\n"));
        let b = compilation.files.add(SourceFile::new("b.json", "1\n"));
        let value = |file, at, disposition, rule: &str, note: &str, outputs: &[(&str, u32)]| LedgerValue {
            span: Span::new(file, at, at + 1),
            pointer: format!("/x/{at}"),
            value: "v\n".repeat(40 * usize::from(at > 0) + 1),
            disposition,
            rule: rule.into(),
            note: note.into(),
            outputs: outputs.iter().map(|(f, l)| ((*f).to_owned(), *l)).collect(),
        };
        compilation.ledger = vec![
            value(a, 0, Disposition::Emitted, "", "", &[("out.yaml", 3), ("out.yaml", 4)]),
            value(a, 2, Disposition::Ignored, "SRC005", "no use on Kubernetes", &[]),
            value(b, 0, Disposition::Unexplained, "", "", &[]),
        ];
        compilation
    }

    #[test]
    fn values_are_grouped_by_file_and_aligned() {
        let text = render(&LedgerReport::new(&sample(), &[]));
        insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false}, { insta::assert_snapshot!("report_ledger", anstream::adapter::strip_str(&text).to_string()) });
    }

    #[test]
    fn only_chosen_dispositions_are_listed_and_all_are_counted() {
        let report = LedgerReport::new(&sample(), &[Disposition::Ignored]);
        assert_eq!(report.values.len(), 1);
        assert_eq!((report.values[0].line, report.values[0].disposition), (2, "ignored"));
        assert_eq!((report.summary.emitted, report.summary.unexplained), (1, 1));
    }
}
