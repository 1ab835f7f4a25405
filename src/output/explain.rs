//! Where a line of an output file comes from, answered from the lock and the disk.
use super::error::OutputError;
use super::folder::Folder;
use super::hash;
use super::lock::{self, About, Lock, Place};
use crate::source::rules::output::OUT001;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are looked at, at most, to find the sources.
const SEARCH_LIMIT: usize = 2_000;
/// Folders above the output folder in whose neighbourhood the sources are looked for.
const SEARCH_ABOVE: usize = 4;
/// Sources by which a folder is judged.
const SEARCH_SAMPLE: usize = 20;

/// What is known of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// Relative to the output folder.
    pub path: String,
    /// One-based.
    pub line: u64,
    /// The line on disk; `None` when the file is not there.
    pub text: Option<String>,
    /// Code of the rule that wrote it; `None` when it was added by hand.
    pub rule: Option<String>,
    pub origins: Vec<Place>,
    pub state: State,
    /// What a line of the lock itself is about.
    pub about: Option<About>,
}

/// The state of the file on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    AsGenerated,
    Edited,
    Missing,
}

/// Why a line cannot be explained; the user's to mend.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    #[error("no `emr2k8s.lock` in the folder of `{0}` or above it")]
    NoLock(String),
    #[error("`{0}` was not written by emr2k8s: its lock does not name the file")]
    NotGenerated(String),
    #[error("`{path}` has {}, and line {line} is not one of them", lines(*.count))]
    OutOfRange { path: String, line: u64, count: u64 },
    #[error(transparent)]
    Output(#[from] OutputError),
}

fn lines(count: u64) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

/// Finds the output folder of a file: the nearest one above it that holds a lock. Gives the folder and the file's path in it.
///
/// # Errors
/// When there is none, or its lock cannot be used.
pub fn find_folder(file: &Path) -> Result<(Folder, String), ExplainError> {
    let shown = || file.display().to_string();
    let absolute = std::path::absolute(file).map_err(|_| ExplainError::NoLock(shown()))?;
    // Only the folder is made real: the file itself may be a link, and may be missing.
    let real = match (absolute.parent().and_then(|parent| fs::canonicalize(parent).ok()), absolute.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => absolute,
    };
    for root in real.ancestors().skip(1) {
        if root.join(lock::FILE).is_file() {
            let parts = real.strip_prefix(root).unwrap_or(&real).components();
            let path = parts.map(|c| c.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("/");
            return Ok((Folder::open(root, None)?, path));
        }
    }
    Err(ExplainError::NoLock(shown()))
}

/// Explains a one-based line of a file of the output folder.
///
/// # Errors
/// When the file is not ours or has no such line.
pub fn explain(folder: &Folder, path: &str, line: u64) -> Result<Explanation, ExplainError> {
    let empty = Lock::default();
    let lock = folder.lock.as_ref().unwrap_or(&empty);
    let disk = match fs::read(folder.path(path)) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(OutputError::io("read", &folder.path(path))(error).into()),
    };
    let text = disk.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let nth = |text: &str| usize::try_from(line).ok().and_then(|n| text.lines().nth(n.checked_sub(1)?)).map(str::to_owned);
    let count = |text: &str| text.lines().count() as u64;
    if path == lock::FILE {
        let text = text.unwrap_or_default();
        let out_of_range = || ExplainError::OutOfRange { path: path.to_owned(), line, count: count(&text) };
        let shown = nth(&text).ok_or_else(out_of_range)?;
        let index = usize::try_from(line - 1).unwrap_or(usize::MAX);
        // Only a lock laid out as we write it can be told line by line.
        let about = lock.lines().get(index).filter(|(own, _)| *own == shown).map_or(About::Frame, |(_, about)| about.clone());
        let origins = match &about {
            About::Frame | About::File(_) => Vec::new(),
            About::Source(source) => vec![Place { path: source.clone(), start: 1, end: 1 }],
            About::Lines { file, first, .. } => {
                lock.files.get(file).and_then(|f| f.run(u64::from(*first))).map(|run| run.origins.clone()).unwrap_or_default()
            }
        };
        let state = if lock.render() == text { State::AsGenerated } else { State::Edited };
        let rule = Some(OUT001.code.to_owned());
        return Ok(Explanation { path: path.to_owned(), line, text: Some(shown), rule, origins, state, about: Some(about) });
    }
    let Some(file) = lock.files.get(path) else { return Err(ExplainError::NotGenerated(path.to_owned())) };
    let state = match &disk {
        None => State::Missing,
        Some(bytes) if hash(bytes) == file.hash => State::AsGenerated,
        Some(_) => State::Edited,
    };
    let lines = text.as_deref().map_or(file.line_count(), count);
    if line == 0 || line > lines {
        return Err(ExplainError::OutOfRange { path: path.to_owned(), line, count: lines });
    }
    let run = file.run(line);
    Ok(Explanation {
        path: path.to_owned(),
        line,
        text: text.as_deref().and_then(nth),
        rule: run.map(|run| run.rule.clone()),
        origins: run.map(|run| run.origins.clone()).unwrap_or_default(),
        state,
        about: None,
    })
}

/// Finds the folder of the sources, which the lock does not name, so that it is the same wherever it is written: the one in
/// the neighbourhood of the output folder that holds the lock's sources, most of them as they were.
#[must_use]
pub fn find_source(root: &Path, lock: &Lock) -> Option<PathBuf> {
    let sample: Vec<(&String, &String)> = lock.sources.iter().take(SEARCH_SAMPLE).collect();
    if sample.is_empty() {
        return None;
    }
    let mut best: Option<(usize, PathBuf)> = None;
    let mut looked = 0;
    for above in root.ancestors().skip(1).take(SEARCH_ABOVE) {
        let mut level = vec![above.to_owned()];
        for _ in 0..3 {
            let mut below = Vec::new();
            for folder in level {
                looked += 1;
                if looked > SEARCH_LIMIT {
                    return best.map(|(_, path)| path);
                }
                match score(&folder, &sample) {
                    Some(score) if score == sample.len() => return Some(folder),
                    Some(score) if best.as_ref().is_none_or(|(known, _)| score > *known) => best = Some((score, folder.clone())),
                    _ => {}
                }
                below.extend(children(&folder, root));
            }
            level = below;
        }
        if above.join(".git").exists() {
            break;
        }
    }
    best.map(|(_, path)| path)
}

/// How many sources are as they were; `None` when not all are there.
fn score(folder: &Path, sample: &[(&String, &String)]) -> Option<usize> {
    let mut same = 0;
    for (path, _) in sample {
        if !folder.join(path).is_file() {
            return None;
        }
    }
    for (path, known) in sample {
        let text = fs::read(folder.join(path)).ok()?;
        same += usize::from(hash(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text)) == **known);
    }
    Some(same)
}

/// Folders below that may hold sources, in order; links are not followed.
#[expect(clippy::disallowed_methods, reason = "sorted below")]
fn children(folder: &Path, out: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.') && entry.file_name() != "node_modules")
        .map(|entry| entry.path())
        .filter(|path| path != out)
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::migrate;
    use super::*;

    fn ask(root: &Path, file: &str, line: u64) -> Result<Explanation, ExplainError> {
        let (folder, path) = find_folder(&root.join(file))?;
        explain(&folder, &path, line)
    }

    #[test]
    fn every_line_of_every_file_is_explained_and_no_other() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("out");
        migrate(&root, &[("a/b.yaml", "x: 1\n\ny: 2\n"), ("empty", "")]);
        for line in 1..=3 {
            let found = ask(&root, "a/b.yaml", line).unwrap();
            assert_eq!((found.rule.as_deref(), found.state), (Some("EMI001"), State::AsGenerated));
            assert_eq!(found.origins, [Place { path: "in.json".into(), start: 2, end: 2 }]);
        }
        assert_eq!(ask(&root, "a/../a/b.yaml", 2).unwrap().text.as_deref(), Some(""));
        for line in [0, 4, u64::MAX] {
            let error = ask(&root, "a/b.yaml", line).unwrap_err().to_string();
            assert!(error.contains("3 lines"), "{error}");
        }
        assert!(ask(&root, "empty", 1).unwrap_err().to_string().contains("0 lines"));
        let lock_lines = fs::read_to_string(root.join(lock::FILE)).unwrap().lines().count() as u64;
        let abouts: Vec<_> = (1..=lock_lines).map(|line| ask(&root, lock::FILE, line).unwrap().about.unwrap()).collect();
        assert!(abouts.contains(&About::Source("in.json".into())));
        assert!(abouts.contains(&About::Lines { file: "a/b.yaml".into(), first: 1, last: 3 }));
        assert!(ask(&root, lock::FILE, lock_lines + 1).is_err());
        fs::write(root.join("notes"), "mine").unwrap();
        assert!(matches!(ask(&root, "notes", 1), Err(ExplainError::NotGenerated(_))));
        assert!(matches!(ask(temp.path(), "x", 1), Err(ExplainError::NoLock(_))));
    }

    #[test]
    fn edits_and_missing_files_are_told() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n"), ("b", "1\n")]);
        fs::write(temp.path().join("a"), "1\n2\n").unwrap();
        fs::remove_file(temp.path().join("b")).unwrap();
        let added = ask(temp.path(), "a", 2).unwrap();
        assert_eq!((added.state, added.rule), (State::Edited, None));
        let gone = ask(temp.path(), "b", 1).unwrap();
        assert_eq!((gone.state, gone.text, gone.rule.is_some()), (State::Missing, None, true));
    }

    #[test]
    fn the_sources_are_found_by_their_content() {
        let temp = tempfile::tempdir().unwrap();
        // Deep enough that nothing beside the temporary folder is looked at.
        let root = temp.path().join("far/away/from/repo/k8s");
        migrate(&root, &[("a", "1\n")]);
        let (folder, _) = find_folder(&root.join("a")).unwrap();
        let lock = folder.lock.unwrap();
        assert_eq!(find_source(&folder.root, &lock), None);
        let put = |name: &str, text: &str| {
            fs::create_dir_all(folder.root.join("..").join(name)).unwrap();
            fs::write(folder.root.join("..").join(name).join("in.json"), text).unwrap();
        };
        put("aaa", "{}");
        put("deep/aws", "{\n\"a\": 1\n}\n");
        assert!(find_source(&folder.root, &lock).unwrap().ends_with("repo/deep/aws"));
        put("deep/aws", "{ }");
        assert!(find_source(&folder.root, &lock).unwrap().ends_with("aaa"), "all changed: the first that has them");
    }
}
