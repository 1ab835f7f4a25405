//! The lock: what was generated, by which options, from which sources.
//!
//! It is JSON, so that any tool reads it, but laid out by hand: one line for each run of output lines that share a rule
//! and origins, so that a change in one manifest changes a few lines of the lock and `git` merges it well. It names no
//! path outside SRC and the output folder, no clock and no machine. `explain` works from it alone.
//!
//! A run of lines reads `COUNT RULE ORIGIN…`; an origin reads `FILE:START-END` or `FILE:LINE`, where FILE counts the
//! paths under `from` of the same output file from zero. A lock is input like any other: paths that leave the folder and
//! counts that do not fit are refused.
use super::hash;
use crate::compile::Compilation;
use crate::emit::tree::OutFile;
use crate::source::files::Files;
use crate::source::span::{FileId, Span};
use rayon::prelude::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Name of the lock in the output folder.
pub const FILE: &str = "emr2k8s.lock";

/// Version of the format. A reader refuses a higher one.
pub const FORMAT: u64 = 1;

/// What the lock holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lock {
    /// Version of emr2k8s that wrote it.
    pub version: String,
    pub options: LockOptions,
    /// Path relative to SRC → hash, of the files that contributed.
    pub sources: BTreeMap<String, String>,
    /// Path relative to the output folder → what was generated there.
    pub files: BTreeMap<String, LockedFile>,
}

/// Options that shaped the output.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub struct LockOptions {
    /// The stage filter.
    #[serde(default)]
    pub stage: Option<String>,
    /// Hash of the user's answers, when there were any.
    #[serde(default)]
    pub config: Option<String>,
}

/// A generated file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LockedFile {
    pub hash: String,
    pub runs: Vec<Run>,
}

/// Consecutive output lines with the same rule and origins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// How many lines; never zero.
    pub count: u32,
    /// Code of the rule that wrote them.
    pub rule: String,
    pub origins: Vec<Place>,
}

/// Lines of a source file, one-based, both ends included.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Relative to SRC.
    pub path: String,
    pub start: u32,
    pub end: u32,
}

/// What a line of the lock's own text is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// The frame: braces, versions, options.
    Frame,
    /// The hash of a source file.
    Source(String),
    /// The entry of an output file.
    File(String),
    /// A run of lines of an output file: first and last, one-based.
    Lines { file: String, first: u32, last: u32 },
}

impl Lock {
    /// The lock of a compilation.
    #[must_use]
    pub fn of(compilation: &Compilation, options: LockOptions) -> Self {
        // What an importer claimed, and whatever else a line comes from.
        let lines = compilation.tree.files.values().flat_map(|file| &file.lines);
        let mut contributed: BTreeSet<FileId> = lines.flat_map(|(_, origin)| origin.origins.iter().map(|span| span.file)).collect();
        contributed.extend(&compilation.claimed);
        let sources = contributed
            .par_iter()
            .map(|id| {
                let file = compilation.files.get(*id);
                (file.path.clone(), hash(file.text.as_bytes()))
            })
            .collect();
        let files = compilation.tree.files.par_iter().map(|(path, file)| (path.clone(), locked(file, &compilation.files))).collect();
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), options, sources, files }
    }

    /// The text of the lock.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        for (line, _) in self.lines() {
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// The lines of the text, and what each is about.
    #[must_use]
    pub fn lines(&self) -> Vec<(String, About)> {
        let mut out: Vec<(String, About)> = Vec::new();
        let frame = |out: &mut Vec<(String, About)>, text: String| out.push((text, About::Frame));
        frame(&mut out, "{".into());
        frame(&mut out, format!("  \"format\": {FORMAT},"));
        frame(&mut out, format!("  \"emr2k8s\": {},", quoted(&self.version)));
        let option = |value: &Option<String>| value.as_deref().map_or_else(|| "null".into(), quoted);
        frame(
            &mut out,
            format!("  \"options\": {{\"stage\": {}, \"config\": {}}},", option(&self.options.stage), option(&self.options.config)),
        );
        frame(&mut out, "  \"sources\": {".into());
        let last = self.sources.len().saturating_sub(1);
        for (i, (path, hash)) in self.sources.iter().enumerate() {
            out.push((format!("    {}: {}{}", quoted(path), quoted(hash), comma(i, last)), About::Source(path.clone())));
        }
        frame(&mut out, "  },".into());
        frame(&mut out, "  \"files\": {".into());
        let last = self.files.len().saturating_sub(1);
        for (i, (path, file)) in self.files.iter().enumerate() {
            file_lines(path, file, comma(i, last), &mut out);
        }
        frame(&mut out, "  }".into());
        frame(&mut out, "}".into());
        out
    }

    /// Reads a lock.
    ///
    /// # Errors
    /// Why the text is no lock, as a lowercase fragment.
    pub fn parse(text: &str) -> Result<Self, String> {
        let format: FormatOnly = serde_json::from_str(text).map_err(|e| json_reason(text, &e))?;
        match format.format {
            Some(FORMAT) => {}
            Some(newer) if newer > FORMAT => {
                return Err(format!("a newer emr2k8s wrote it (format {newer}, this version reads up to {FORMAT})"));
            }
            _ => return Err("it does not name its format".to_owned()),
        }
        let raw: RawLock = serde_json::from_str(text).map_err(|e| json_reason(text, &e))?;
        let mut files = BTreeMap::new();
        for (path, file) in raw.files {
            if !is_clean(&path) {
                return Err(format!("it names the path `{}`, which is not inside the folder", path.escape_debug()));
            }
            let mut runs = Vec::with_capacity(file.lines.len());
            for line in &file.lines {
                let run = parse_run(line, &file.from).ok_or_else(|| format!("`{}` is no run of lines", line.escape_debug()))?;
                runs.push(run);
            }
            files.insert(path, LockedFile { hash: file.hash, runs });
        }
        Ok(Self { version: raw.emr2k8s, options: raw.options, sources: raw.sources, files })
    }
}

/// What is kept of a generated file: equal neighbours are one run.
fn locked(file: &OutFile, sources: &Files) -> LockedFile {
    let mut runs: Vec<Run> = Vec::new();
    for (_, origin) in &file.lines {
        let mut origins: Vec<Place> = origin.origins.iter().map(|span| place(span, sources)).collect();
        origins.sort();
        origins.dedup();
        match runs.last_mut() {
            Some(last) if last.rule == origin.rule.code && last.origins == origins && last.count < u32::MAX => last.count += 1,
            _ => runs.push(Run { count: 1, rule: origin.rule.code.to_owned(), origins }),
        }
    }
    LockedFile { hash: hash(file.text().as_bytes()), runs }
}

impl LockedFile {
    /// How many lines were generated.
    #[must_use]
    pub fn line_count(&self) -> u64 {
        self.runs.iter().map(|run| u64::from(run.count)).sum()
    }

    /// The run that holds a one-based line.
    #[must_use]
    pub fn run(&self, line: u64) -> Option<&Run> {
        let mut end = 0u64;
        self.runs.iter().find(|run| {
            end += u64::from(run.count);
            line >= 1 && line <= end
        })
    }
}

/// Whether a path is relative with `/`, stays in the folder, and is not the lock itself.
fn is_clean(path: &str) -> bool {
    path != FILE && path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']))
}

#[derive(Deserialize)]
struct FormatOnly {
    #[serde(default)]
    format: Option<u64>,
}

#[derive(Deserialize)]
struct RawLock {
    emr2k8s: String,
    options: LockOptions,
    sources: BTreeMap<String, String>,
    files: BTreeMap<String, RawFile>,
}

#[derive(Deserialize)]
struct RawFile {
    hash: String,
    #[serde(default)]
    from: Vec<String>,
    lines: Vec<String>,
}

fn json_reason(text: &str, error: &serde_json::Error) -> String {
    if text.lines().any(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ")) {
        return "it holds the marks of a merge conflict".to_owned();
    }
    format!("line {}: it is not what emr2k8s wrote", error.line())
}

fn parse_run(line: &str, from: &[String]) -> Option<Run> {
    let mut words = line.split(' ');
    let count: u32 = words.next()?.parse().ok()?;
    let rule = words.next()?;
    if count == 0 || rule.is_empty() {
        return None;
    }
    let mut origins = Vec::new();
    for word in words {
        let (file, range) = word.split_once(':')?;
        let path = from.get(file.parse::<usize>().ok()?)?.clone();
        let (start, end) = range.split_once('-').unwrap_or((range, range));
        let (start, end) = (start.parse().ok()?, end.parse().ok()?);
        if start == 0 || end < start {
            return None;
        }
        origins.push(Place { path, start, end });
    }
    Some(Run { count, rule: rule.to_owned(), origins })
}

fn file_lines(path: &str, file: &LockedFile, comma_after: &str, out: &mut Vec<(String, About)>) {
    let about = || About::File(path.to_owned());
    let mut from: Vec<&str> = file.runs.iter().flat_map(|run| run.origins.iter().map(|place| place.path.as_str())).collect();
    from.sort_unstable();
    from.dedup();
    out.push((format!("    {}: {{", quoted(path)), about()));
    out.push((format!("      \"hash\": {},", quoted(&file.hash)), about()));
    let names = from.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    out.push((format!("      \"from\": [{names}],"), about()));
    out.push(("      \"lines\": [".to_owned(), about()));
    let last = file.runs.len().saturating_sub(1);
    let mut first = 1u32;
    for (i, run) in file.runs.iter().enumerate() {
        let mut text = format!("{} {}", run.count, run.rule);
        for place in &run.origins {
            let index = from.binary_search(&place.path.as_str()).unwrap_or_default();
            let _ = write!(text, " {index}:{}", place.start);
            if place.end != place.start {
                let _ = write!(text, "-{}", place.end);
            }
        }
        let end = first.saturating_add(run.count - 1);
        out.push((format!("        {}{}", quoted(&text), comma(i, last)), About::Lines { file: path.to_owned(), first, last: end }));
        first = end.saturating_add(1);
    }
    out.push(("      ]".to_owned(), about()));
    out.push((format!("    }}{comma_after}"), about()));
}

fn comma(i: usize, last: usize) -> &'static str {
    if i == last { "" } else { "," }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The lines of a span. Its end is exclusive: a span that takes its line end does not reach into the next line.
fn place(span: Span, files: &Files) -> Place {
    let file = files.get(span.file);
    let start = file.line(span.start);
    Place { path: file.path.clone(), start, end: file.line(span.end.saturating_sub(1)).max(start) }
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::compilation;
    use super::*;

    #[test]
    fn a_lock_reads_what_it_wrote() {
        let lock = Lock::of(&compilation(&[("a/b.yaml", "x: 1\ny: 2\n"), ("c \"d\".yaml", "z\n")]), LockOptions::default());
        let text = lock.render();
        assert!(text.ends_with("}\n"), "{text}");
        assert_eq!(Lock::parse(&text), Ok(lock.clone()));
        assert_eq!(lock.sources.keys().collect::<Vec<_>>(), ["in.json"]);
        let empty = Lock::of(&Compilation::default(), LockOptions { stage: Some("prod".into()), config: None });
        assert_eq!(Lock::parse(&empty.render()), Ok(empty));
    }

    #[test]
    fn every_line_of_a_file_has_its_run_and_no_other_has() {
        let lock = Lock::of(&compilation(&[("a.yaml", "x: 1\n\ny: 2\n")]), LockOptions::default());
        let file = &lock.files["a.yaml"];
        assert_eq!(file.line_count(), 3);
        for line in 1..=3 {
            let run = file.run(line).expect("a run");
            assert_eq!(run.origins, [Place { path: "in.json".into(), start: 2, end: 2 }]);
        }
        assert!(file.run(0).is_none() && file.run(4).is_none());
        assert_eq!(file.runs.len(), 1, "equal lines share a run");
    }

    #[test]
    fn what_is_no_lock_is_refused_with_its_reason() {
        let good = Lock::of(&compilation(&[("a.yaml", "x\n")]), LockOptions::default()).render();
        for (text, reason) in [
            (String::new(), "line 1"),
            ("{}".into(), "format"),
            (good.replace("\"format\": 1", "\"format\": 2"), "newer"),
            (good.replace("a.yaml", "../a.yaml"), "not inside"),
            (good.replace("a.yaml", "/etc/x"), "not inside"),
            (good.replace("1 EMI001 0:2", "1 EMI001 7:2"), "no run"),
            (good.replace("1 EMI001 0:2", "0 EMI001"), "no run"),
            (format!("<<<<<<< ours\n{good}"), "merge conflict"),
            (good[..good.len() / 2].to_owned(), "line"),
        ] {
            let error = Lock::parse(&text).expect_err(&text);
            assert!(error.contains(reason), "{error} / {reason}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_lock_survives_a_round_trip_and_no_text_breaks_the_reader(
            paths in proptest::collection::vec("[a-zé \"/.]{1,9}", 0..4),
            runs in proptest::collection::vec((1u32..5, "[A-Z]{3}[0-9]{3}", 0usize..4, 1u32..9, 0u32..9), 0..6),
            cut in 0usize..400,
        ) {
            let mut lock = Lock { version: "1".into(), ..Lock::default() };
            for (i, path) in paths.iter().enumerate().filter(|(_, path)| is_clean(path)) {
                lock.sources.insert(path.clone(), "h".into());
                let runs = runs.iter().map(|(count, rule, source, start, more)| Run {
                    count: *count,
                    rule: rule.clone(),
                    origins: paths.iter().take(*source).map(|path| Place { path: path.clone(), start: *start, end: start + more }).collect(),
                });
                lock.files.insert(path.clone(), LockedFile { hash: i.to_string(), runs: runs.collect() });
            }
            let text = lock.render();
            proptest::prop_assert_eq!(Lock::parse(&text), Ok(lock));
            let cut = text.char_indices().nth(cut).map_or(text.len(), |(i, _)| i);
            let _ = Lock::parse(&text[..cut]);
            let _ = Lock::parse(&format!("{}{}", &text[..cut], text.get(cut + 1..).unwrap_or("")));
        }
    }

    #[test]
    fn the_lines_of_the_lock_say_what_they_are_about() {
        let lock = Lock::of(&compilation(&[("a.yaml", "x\ny\n")]), LockOptions::default());
        let lines = lock.lines();
        assert!(lines.iter().any(|(text, about)| text.contains("in.json\": \"") && *about == About::Source("in.json".into())));
        assert!(lines.iter().any(|(_, about)| *about == About::Lines { file: "a.yaml".into(), first: 1, last: 2 }));
    }
}
