//! `emr2k8s explain`: a rule's page, or where a line of the output comes from.
use super::exit::{Exit, Failure, codes};
use super::terminal::Terminal;
use crate::output::explain::{self, Explanation, State};
use crate::output::hash;
use crate::output::lock::{About, Lock, Place};
use crate::report::excerpt;
use crate::report::sarif::first_paragraph;
use crate::report::style::{BOLD, CYAN, DIM, YELLOW, paint, plain};
use crate::source::files::SourceFile;
use crate::source::rules;
use clap::Args;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Lines of a source that are shown for one origin.
const SHOWN_LINES: u32 = 3;

/// Explain a diagnostic's code, or where a line of the output comes from
///
/// A line is answered from the `emr2k8s.lock` above the file. The text of the source lines is shown when the sources are
/// found near the folder, or named with --source.
#[derive(Args, Debug)]
#[command(after_help = codes!(
    "emr2k8s explain SRC002"
    "emr2k8s explain k8s/README.md:1"
    "emr2k8s explain k8s/pipelines/nightly/base/kustomization.yaml:3 --source aws"))]
pub struct Explain {
    /// Code of a rule, or a file of the output with a line
    #[arg(value_name = "CODE|FILE:LINE")]
    what: String,
    /// Where the sources are
    #[arg(long, value_name = "SRC")]
    source: Option<PathBuf>,
}

impl Explain {
    pub fn run(&self, terminal: &Terminal) -> Result<Exit, Failure> {
        if let Some(rule) = rules::find(&self.what) {
            terminal.data(&format!("{} {}\n\n{}\n", paint(BOLD, rule.code), rule.name, rule.doc.trim()))?;
            return Ok(Exit::Done);
        }
        let Some((file, line)) = file_and_line(&self.what) else { return Err(self.unknown()) };
        let (folder, path) = explain::find_folder(Path::new(file))?;
        let found = explain::explain(&folder, &path, line)?;
        let empty = Lock::default();
        let lock = folder.lock.as_ref().unwrap_or(&empty);
        let source = match &self.source {
            Some(source) if source.is_file() => source.parent().map(Path::to_owned),
            Some(source) => Some(source.clone()),
            None => explain::find_source(&folder.root, lock),
        };
        terminal.data(&render(&found, lock, source.as_deref()))?;
        Ok(Exit::Done)
    }

    fn unknown(&self) -> Failure {
        if Path::new(&self.what).exists() {
            return Failure::new(format!("`{}` is a file; which line of it?", self.what)).help(format!("write `{}:1`", self.what));
        }
        let upper = self.what.to_uppercase();
        let near = rules::all().into_iter().map(|rule| (strsim::levenshtein(rule.code, &upper), rule.code)).min();
        let failure = Failure::new(format!("`{}` is neither a rule's code nor FILE:LINE", self.what));
        match near {
            Some((1..=2, code)) => failure.help(format!("did you mean `{code}`?")),
            _ => failure.help("codes look like `SRC002`, lines like `k8s/README.md:1`"),
        }
    }
}

/// `FILE:LINE`, or `FILE:LINE:COLUMN` as editors copy it.
fn file_and_line(text: &str) -> Option<(&str, u64)> {
    let (file, last) = text.rsplit_once(':')?;
    let number = last.parse().ok()?;
    if let Some((shorter, line)) = file.rsplit_once(':')
        && let Ok(line) = line.parse()
        && !Path::new(file).exists()
    {
        return Some((shorter, line));
    }
    (!file.is_empty()).then_some((file, number))
}

fn render(found: &Explanation, lock: &Lock, source: Option<&Path>) -> String {
    let mut out = format!("{}\n", paint(BOLD, &format!("{}:{}", plain(&found.path), found.line)));
    if let Some(text) = &found.text {
        let _ = writeln!(out, "{}", format!("  {}", plain(text)).trim_end());
    }
    match found.state {
        State::AsGenerated => {}
        State::Edited if found.about.is_some() => {
            let _ = writeln!(out, "{} the lock was edited by hand", paint(YELLOW, "note:"));
        }
        State::Edited => {
            let what = if found.rule.is_some() {
                "the file was edited by hand since it was generated; what follows is said of this line as it was generated"
            } else {
                "the file was edited by hand since it was generated, and had no such line then"
            };
            let _ = writeln!(out, "{} {what}", paint(YELLOW, "note:"));
        }
        State::Missing => {
            let _ = writeln!(out, "{} the file is not there; `emr2k8s migrate` writes it again", paint(YELLOW, "note:"));
        }
    }
    if let Some(code) = &found.rule {
        match rules::find(code) {
            Some(rule) => {
                let _ = writeln!(out, "\n{} {}\n  {}", paint(CYAN, rule.code), rule.name, first_paragraph(rule.doc));
            }
            None => {
                let _ =
                    writeln!(out, "\n{} (another version of emr2k8s, {}, has this rule)", paint(CYAN, &plain(code)), plain(&lock.version));
            }
        }
    }
    if let Some(about) = found.about.as_ref().and_then(about_words) {
        let _ = writeln!(out, "\n  {about}");
    }
    if found.rule.is_some() && found.about.is_none() && found.origins.is_empty() {
        out.push_str("\nno value of the sources shaped this line: the rule alone wrote it\n");
    }
    if !found.origins.is_empty() {
        out.push_str("\nfrom\n");
        let mut sources = Sources { root: source, lock, files: BTreeMap::new() };
        for place in &found.origins {
            sources.show(place, &mut out);
        }
    }
    out
}

fn about_words(about: &About) -> Option<String> {
    match about {
        About::Frame => None,
        About::Source(path) => Some(format!("the hash of the source `{}`, by which a check knows that it changed", plain(path))),
        About::File(path) => Some(format!("what was generated as `{}`", plain(path))),
        About::Lines { file, first, last } if first == last => Some(format!("where line {first} of `{}` comes from", plain(file))),
        About::Lines { file, first, last } => Some(format!("where lines {first} to {last} of `{}` come from", plain(file))),
    }
}

/// The source files that are shown.
struct Sources<'a> {
    root: Option<&'a Path>,
    lock: &'a Lock,
    files: BTreeMap<String, Option<SourceFile>>,
}

impl Sources<'_> {
    fn show(&mut self, place: &Place, out: &mut String) {
        let range = if place.start == place.end { place.start.to_string() } else { format!("{}-{}", place.start, place.end) };
        let root = self.root;
        let file = self.files.entry(place.path.clone()).or_insert_with(|| {
            let text = std::fs::read_to_string(root?.join(&place.path)).ok()?;
            Some(SourceFile::new(place.path.as_str(), text.strip_prefix('\u{feff}').unwrap_or(&text)))
        });
        let changed =
            file.as_ref().is_some_and(|f| self.lock.sources.get(&place.path).is_some_and(|known| hash(f.text.as_bytes()) != *known));
        let note = if changed { "  (changed since)" } else { "" };
        let shown = match root {
            Some(root) if file.is_some() => root.join(&place.path).display().to_string(),
            _ => place.path.clone(),
        };
        let shown = shorten(&shown);
        let _ = writeln!(out, "  {}:{range}{note}", plain(&shown));
        let Some(file) = file else { return };
        let last = place.end.min(place.start.saturating_add(SHOWN_LINES - 1));
        let width = last.to_string().len();
        for number in place.start..=last {
            if let Some(text) = excerpt::line(file, number) {
                let _ = writeln!(out, "    {} {}", paint(DIM, &format!("{number:>width$} |")), text.trim_end());
            }
        }
        if place.end > last {
            let _ = writeln!(out, "    {}", paint(DIM, &format!("{:>width$} |", "…")));
        }
    }
}

/// A path below the working folder as one relative to it.
fn shorten(path: &str) -> String {
    let here = std::env::current_dir().and_then(std::fs::canonicalize);
    match here.ok().and_then(|here| Path::new(path).strip_prefix(here).ok().map(Path::to_owned)) {
        Some(short) => short.display().to_string(),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_may_carry_a_column() {
        assert_eq!(file_and_line("a/b.yaml:12"), Some(("a/b.yaml", 12)));
        assert_eq!(file_and_line("a/b.yaml:12:7"), Some(("a/b.yaml", 12)));
        for wrong in ["a", "a:", "a:x", ":1", "a:-1"] {
            assert_eq!(file_and_line(wrong), None, "{wrong}");
        }
    }
}
