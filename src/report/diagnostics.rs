//! Diagnostics as text: a title, the place, the line it points at, and what to do.
use super::excerpt::{Excerpt, Excerpts};
use super::style::plain;
use crate::source::files::Files;
use crate::source::sink::{Diagnostic, Severity, Verdict};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// How paths of source files are shown: as the user would type them.
#[derive(Clone, Debug, Default)]
pub struct Prefix(PathBuf);

impl Prefix {
    /// The prefix for SRC as given on the command line; for a file it is the file's folder. An absolute path inside the
    /// working folder is shown relative to it.
    #[must_use]
    pub fn new(source: &Path) -> Self {
        let folder = if source.is_dir() { source } else { source.parent().unwrap_or(Path::new("")) };
        let folder = match std::env::current_dir() {
            Ok(here) => folder.strip_prefix(here).unwrap_or(folder),
            Err(_) => folder,
        };
        Self(folder.components().filter(|c| !matches!(c, std::path::Component::CurDir)).collect())
    }

    /// The path of a source file, with `/`.
    #[must_use]
    pub fn show(&self, path: &str) -> String {
        let mut out = plain(&self.0.display().to_string());
        if !out.is_empty() && !out.ends_with('/') {
            out.push('/');
        }
        out.push_str(&plain(path));
        out
    }
}

/// The diagnostics, each followed by an empty line.
#[must_use]
pub fn render(diagnostics: &[&Diagnostic], files: &Files, prefix: &Prefix) -> String {
    // On all cores: what is kept of a file's excerpts serves all, for many speak of the same line.
    let excerpts = Excerpts::new(files);
    let pieces: Vec<String> = diagnostics
        .par_chunks(256)
        .map(|piece| {
            let renderer = Renderer::styled().term_width(usize::from(u16::MAX));
            let mut out = String::new();
            for diagnostic in piece {
                out.push_str(&one(diagnostic, files, prefix, &excerpts, &renderer));
                out.push_str("\n\n");
            }
            out
        })
        .collect();
    pieces.concat()
}

/// What a diagnostic is called: its verdict where that matters more than its severity.
#[must_use]
pub fn label(diagnostic: &Diagnostic) -> &'static str {
    match (diagnostic.severity, diagnostic.verdict) {
        (Severity::Error, _) => "error",
        (Severity::Question, _) => "question",
        (_, Some(verdict)) => verdict.name(),
        (Severity::Warning, None) => "warning",
        (Severity::Note, None) => "note",
    }
}

fn level(diagnostic: &Diagnostic) -> Level<'static> {
    let level = match (diagnostic.severity, diagnostic.verdict) {
        (Severity::Error, _) => Level::ERROR,
        (Severity::Question, _) => Level::INFO,
        (Severity::Warning, _) | (_, Some(Verdict::Changed | Verdict::Refused)) => Level::WARNING,
        (Severity::Note, _) => Level::NOTE,
    };
    level.with_name(label(diagnostic))
}

fn one(diagnostic: &Diagnostic, files: &Files, prefix: &Prefix, excerpts: &Excerpts<'_>, renderer: &Renderer) -> String {
    let mut places = Vec::new();
    if let Some(span) = diagnostic.span {
        places.push((prefix.show(&files.get(span.file).path), excerpts.of(span), AnnotationKind::Primary, String::new()));
    }
    for (span, words) in &diagnostic.related {
        places.push((prefix.show(&files.get(span.file).path), excerpts.of(*span), AnnotationKind::Context, plain(words)));
    }
    let mut group = Group::with_title(level(diagnostic).primary_title(plain(&diagnostic.message)).id(diagnostic.rule.code));
    for (path, excerpt, kind, words) in &places {
        group = place(group, path, excerpt, *kind, words);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(plain(help)));
    }
    let said = |answer: &&String| diagnostic.help.as_ref().is_some_and(|help| help.contains(&format!("`{answer}`")));
    if let Some(answer) = diagnostic.answer.as_ref().filter(|answer| !said(answer)) {
        group = group.element(Level::HELP.with_name("answer").message(format!("`{}` in emr2k8s.yaml", plain(answer))));
    }
    without_empty_origins(&renderer.render(&[group]))
}

/// A snippet without a path is preceded by a line that only holds `:::`, where the path would be; it says nothing.
fn without_empty_origins(text: &str) -> String {
    let lines = text.split('\n').filter(|line| !(line.contains(":::") && anstream::adapter::strip_str(line).to_string().trim() == ":::"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The path and position, then the line. The position is given by itself, because that of a cropped line is not the file's.
fn place<'a>(group: Group<'a>, path: &'a str, excerpt: &'a Excerpt, kind: AnnotationKind, words: &'a str) -> Group<'a> {
    let annotation = kind.span(excerpt.span.clone());
    let annotation = if words.is_empty() { annotation } else { annotation.label(words) };
    group
        .element(Origin::path(path).line(excerpt.line as usize).char_column(excerpt.column as usize))
        .element(Snippet::<Annotation<'_>>::source(excerpt.text.as_str()).line_start(excerpt.line as usize).annotation(annotation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::files::SourceFile;
    use crate::source::rules::source::{SRC002, SRC003};
    use crate::source::span::Span;

    fn text(diagnostic: &Diagnostic, files: &Files) -> String {
        let text = render(&[diagnostic], files, &Prefix("aws".into()));
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_diagnostic_shows_its_places_and_what_to_do() {
        let mut files = Files::default();
        let a = files.add(SourceFile::new("x/a.json", "{\n  \"Next\": \"B\"\n}\n"));
        let b = files.add(SourceFile::new("b.json", "{\"password\": \"hunter2\", \"B\": 1}"));
        let diagnostic = Diagnostic::changed(&SRC003, Span::new(a, 12, 15), "the state `B` is not there")
            .related(Span::new(b, 24, 27), "this is near")
            .help("write `C`")
            .answer("names.b");
        insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false}, { insta::assert_snapshot!("report_diagnostic", text(&diagnostic, &files)) });
    }

    proptest::proptest! {
        #[test]
        fn any_diagnostic_can_be_shown(
            text in r"(.|\n|\r\n|\t|e\u{301}|\u{1f469}\u{200d}\u{1f52c}|漢|[a漢]{60}){0,30}",
            spans in proptest::collection::vec((0u32..900, 0u32..300), 1..4),
            message in ".{0,20}",
        ) {
            let mut files = Files::default();
            let id = files.add(SourceFile::new("a", text));
            let spans: Vec<Span> = spans.iter().map(|(start, length)| Span { file: id, start: *start, end: start + length }).collect();
            let mut diagnostic = Diagnostic::error(&SRC003, spans[0], message.as_str());
            for span in &spans {
                diagnostic = diagnostic.related(*span, message.as_str());
            }
            let shown = render(&[&diagnostic], &files, &Prefix::default());
            proptest::prop_assert!(shown.contains("SRC003"));
        }
    }

    #[test]
    fn a_diagnostic_without_a_place_is_a_title() {
        let diagnostic = Diagnostic::question(&SRC002, None, "where to?\nthere");
        insta::assert_snapshot!(text(&diagnostic, &Files::default()), @"question[SRC002]: where to? there");
    }
}
