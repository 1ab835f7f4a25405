//! What becomes of each file, before anything is written.
//!
//! Three versions of a file meet: what the lock says was generated, what is on disk, and what this compilation generates.
//! Their hashes decide; bytes are compared, so a changed line end is an edit.
//!
//! | lock | disk | generated | status |
//! |---|---|---|---|
//! | – | – | G | created |
//! | – | G | G | unchanged (ours from now on) |
//! | – | other | G | the run is refused: not ours |
//! | L | – | G | created again |
//! | L | G | G | unchanged |
//! | L | L | G | updated |
//! | G | other | G | kept: edited by hand |
//! | L | other | G | conflict: edited by hand and outdated; kept, and the lock keeps L, so it is said again until mended |
//! | L | – | – | forgotten |
//! | L | L | – | removed |
//! | L | other | – | kept: edited by hand and no longer generated |
use super::error::OutputError;
use super::folder::{Folder, Kind, kind};
use super::hash;
use super::lock::{self, Lock};
use crate::emit::tree::Tree;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// What a run does, or would do, with a file of the output folder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Written where nothing was.
    Created,
    /// Written over what an earlier run generated.
    Updated,
    /// As it should be.
    Unchanged,
    /// Deleted: no longer generated, and not edited.
    Removed,
    /// Left alone: edited by hand, and what is generated there has not changed; or held back because of errors.
    Kept,
    /// Left alone: edited by hand, and what is generated there has changed.
    Conflict,
}

impl Status {
    /// Every status, in the order of a summary.
    pub const ALL: [Status; 6] = [Status::Created, Status::Updated, Status::Unchanged, Status::Removed, Status::Kept, Status::Conflict];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Created => "created",
            Status::Updated => "updated",
            Status::Unchanged => "unchanged",
            Status::Removed => "removed",
            Status::Kept => "kept",
            Status::Conflict => "conflict",
        }
    }
}

/// How a file on disk differs from what it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Difference {
    /// Changed by hand since it was generated.
    Edited,
    /// As an earlier run generated it, which is not what the sources say now.
    Outdated,
    /// Not there.
    Missing,
    /// There, and no longer generated.
    Stale,
}

impl Difference {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Difference::Edited => "edited",
            Difference::Outdated => "outdated",
            Difference::Missing => "missing",
            Difference::Stale => "stale",
        }
    }

    /// What is wrong, and what to do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Difference::Edited => {
                "was edited by hand: move the edit into the sources or `emr2k8s.yaml`, or delete the file and run `emr2k8s migrate`"
            }
            Difference::Outdated => "is not what the sources say now: run `emr2k8s migrate`",
            Difference::Missing => "is missing: run `emr2k8s migrate`",
            Difference::Stale => "is no longer generated: run `emr2k8s migrate`",
        }
    }
}

/// One file of the plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Relative to the output folder.
    pub path: String,
    pub status: Status,
    /// How the disk differs; `None` for unchanged.
    pub difference: Option<Difference>,
    /// Whether this compilation generates the file.
    pub generated: bool,
}

/// What a run does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order of the paths.
    pub changes: Vec<Change>,
    /// The lock to write.
    pub lock: Lock,
    /// Its text, when it differs from the one on disk.
    pub lock_text: Option<String>,
}

impl Plan {
    /// How many files have a status.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.changes.iter().filter(|change| change.status == status).count()
    }

    /// Whether carrying it out would write, move or delete a file other than the lock.
    #[must_use]
    pub fn has_effects(&self) -> bool {
        self.changes.iter().any(|c| matches!(c.status, Status::Created | Status::Updated | Status::Removed))
    }

    /// Whether every file on disk is what it should be.
    #[must_use]
    pub fn is_in_sync(&self) -> bool {
        self.changes.iter().all(|c| c.status == Status::Unchanged)
    }
}

/// Compares lock, disk and compilation. `generated` is the lock of the compilation; with `hold_removals` (the sources have
/// errors) nothing is removed.
///
/// # Errors
/// When a path that has to be written holds something foreign or is a symlink, or the disk cannot be read.
pub fn plan(folder: &Folder, tree: &Tree, generated: &Lock, hold_removals: bool) -> Result<Plan, OutputError> {
    let empty = BTreeMap::new();
    let locked = folder.lock.as_ref().map_or(&empty, |lock| &lock.files);
    let paths: BTreeSet<&String> = locked.keys().chain(generated.files.keys()).collect();
    let mut changes = Vec::with_capacity(paths.len());
    let mut new_lock = generated.clone();
    let (mut blocked, mut symlinks) = (Vec::new(), Vec::new());
    let mut folders_in_the_way = Vec::new();
    for path in paths {
        let full = folder.path(path);
        if folder.is_behind_symlink(path)? {
            symlinks.push(path.clone());
            continue;
        }
        let disk = match kind(&full)? {
            Kind::File => Some(hash(&fs::read(&full).map_err(OutputError::io("read", &full))?)),
            Kind::Folder if generated.files.contains_key(path) => {
                folders_in_the_way.push(path.clone());
                None
            }
            Kind::Other if generated.files.contains_key(path) => {
                blocked.push(path.clone());
                continue;
            }
            _ => None,
        };
        let ours = generated.files.get(path).map(|file| file.hash.as_str());
        let before = locked.get(path);
        let (status, difference) = match (before.map(|file| file.hash.as_str()), disk.as_deref(), ours) {
            (_, None, Some(_)) => (Status::Created, Some(Difference::Missing)),
            (_, Some(disk), Some(ours)) if disk == ours => (Status::Unchanged, None),
            (None, Some(_), Some(_)) => {
                blocked.push(path.clone());
                continue;
            }
            (Some(before), Some(disk), Some(_)) if disk == before => (Status::Updated, Some(Difference::Outdated)),
            (Some(before), Some(_), Some(ours)) if ours == before => (Status::Kept, Some(Difference::Edited)),
            (Some(_), Some(_), Some(_)) => (Status::Conflict, Some(Difference::Edited)),
            (Some(before), Some(disk), None) if disk == before && hold_removals => (Status::Kept, Some(Difference::Stale)),
            (Some(before), Some(disk), None) if disk == before => (Status::Removed, Some(Difference::Stale)),
            (Some(_), Some(_), None) => (Status::Kept, Some(Difference::Edited)),
            (_, None, None) | (None, _, None) => continue,
        };
        // What is kept although it is not what would be generated stays in the lock as it was, so that it is still known
        // to be edited the next time.
        if (status == Status::Conflict || (status == Status::Kept && ours.is_none()))
            && let Some(before) = before
        {
            new_lock.files.insert(path.clone(), before.clone());
        }
        changes.push(Change { path: path.clone(), status, difference, generated: ours.is_some() });
    }
    for path in folders_in_the_way {
        if !is_emptied(folder, &path, &changes)? {
            blocked.push(path);
        }
    }
    blocked.extend(files_in_the_way(folder, tree, &changes)?);
    if !symlinks.is_empty() {
        return Err(OutputError::Symlinks { folder: folder.root.clone(), names: symlinks });
    }
    if !blocked.is_empty() {
        blocked.sort();
        blocked.dedup();
        return Err(OutputError::Blocked { folder: folder.root.clone(), names: blocked });
    }
    let text = new_lock.render();
    let lock_text = (folder.lock_text.as_ref() != Some(&text)).then_some(text);
    Ok(Plan { changes, lock: new_lock, lock_text })
}

/// Whether every file below a folder is removed by this run, so that a file can take its place.
#[expect(clippy::disallowed_methods, reason = "a question about all of them")]
fn is_emptied(folder: &Folder, path: &str, changes: &[Change]) -> Result<bool, OutputError> {
    let mut stack = vec![path.to_owned()];
    while let Some(relative) = stack.pop() {
        let full = folder.path(&relative);
        if kind(&full)? == Kind::Folder {
            for entry in fs::read_dir(&full).map_err(OutputError::io("read", &full))? {
                let entry = entry.map_err(OutputError::io("read", &full))?;
                stack.push(format!("{relative}/{}", entry.file_name().to_string_lossy()));
            }
        } else if !changes.iter().any(|c| c.path == relative && c.status == Status::Removed) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Files that stand where a folder has to be, and are not removed by this run. The lock's own name counts too.
fn files_in_the_way(folder: &Folder, tree: &Tree, changes: &[Change]) -> Result<Vec<String>, OutputError> {
    let mut parents = BTreeSet::new();
    for path in tree.files.keys() {
        let mut rest = path.as_str();
        while let Some((parent, _)) = rest.rsplit_once('/') {
            if !parents.insert(parent.to_owned()) {
                break;
            }
            rest = parent;
        }
    }
    let mut out = Vec::new();
    for parent in parents {
        let in_the_way = matches!(kind(&folder.path(&parent))?, Kind::File | Kind::Other);
        if in_the_way && !changes.iter().any(|c| c.path == parent && c.status == Status::Removed) {
            out.push(parent);
        }
    }
    if tree.files.contains_key(lock::FILE) {
        out.push(lock::FILE.to_owned());
    }
    Ok(out)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::lock::LockOptions;
    use super::super::write::apply;
    use super::*;
    use crate::compile::Compilation;
    use crate::emit::tree::{LineOrigin, OutFile};
    use crate::source::files::SourceFile;
    use crate::source::rules::emit::EMI001;
    use crate::source::span::{Origins, Span};
    use std::path::Path;

    /// A compilation with these output files, all from line 2 of `in.json`.
    pub(crate) fn compilation(files: &[(&str, &str)]) -> Compilation {
        let mut out = Compilation::default();
        let id = out.files.add(SourceFile::new("in.json", "{\n\"a\": 1\n}\n"));
        out.claimed.push(id);
        for (path, text) in files {
            let origin = LineOrigin { rule: &EMI001, origins: Origins::one(Span::new(id, 2, 8)) };
            let lines = text.lines().map(|line| (line.to_owned(), origin.clone())).collect();
            out.tree.add(*path, OutFile { lines }).unwrap();
        }
        out
    }

    pub(crate) fn plan_of(root: &Path, files: &[(&str, &str)], hold: bool) -> Result<(Folder, Plan, Tree), OutputError> {
        let compilation = compilation(files);
        let folder = Folder::open(root, None)?;
        let lock = Lock::of(&compilation, LockOptions::default());
        let plan = plan(&folder, &compilation.tree, &lock, hold)?;
        Ok((folder, plan, compilation.tree))
    }

    pub(crate) fn migrate(root: &Path, files: &[(&str, &str)]) -> Vec<(String, Status)> {
        let (folder, plan, tree) = plan_of(root, files, false).unwrap();
        apply(&folder, &plan, &tree).unwrap();
        plan.changes.iter().map(|c| (c.path.clone(), c.status)).collect()
    }

    fn statuses(found: &[(String, Status)]) -> Vec<(&str, Status)> {
        found.iter().map(|(path, status)| (path.as_str(), *status)).collect()
    }

    #[test]
    fn every_status_comes_about() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("out");
        let first = [("a", "1\n"), ("b", "1\n"), ("c", "1\n"), ("d", "1\n"), ("e", "1\n"), ("f/g", "1\n"), ("h", "1\n")];
        assert!(migrate(&root, &first).iter().all(|(_, status)| *status == Status::Created));
        for edited in ["c", "d", "e"] {
            fs::write(root.join(edited), "mine\n").unwrap();
        }
        fs::remove_file(root.join("h")).unwrap();
        let second = [("a", "1\n"), ("b", "2\n"), ("c", "1\n"), ("d", "2\n"), ("h", "1\n"), ("n", "1\n")];
        let expected = vec![
            ("a", Status::Unchanged),
            ("b", Status::Updated),
            ("c", Status::Kept),
            ("d", Status::Conflict),
            ("e", Status::Kept),
            ("f/g", Status::Removed),
            ("h", Status::Created),
            ("n", Status::Created),
        ];
        assert_eq!(statuses(&migrate(&root, &second)), expected);
        for edited in ["c", "d", "e"] {
            assert_eq!(fs::read_to_string(root.join(edited)).unwrap(), "mine\n");
        }
        assert_eq!(fs::read_to_string(root.join("b")).unwrap(), "2\n");
        assert!(!root.join("f").exists(), "an emptied folder goes");
        // Again: what was written is unchanged; edits are still kept and the conflict still said.
        let again = migrate(&root, &second);
        let of = |path: &str| again.iter().find(|(p, _)| p == path).map(|(_, s)| *s);
        assert_eq!(
            (of("b"), of("c"), of("d"), of("e"), of("f/g")),
            (Some(Status::Unchanged), Some(Status::Kept), Some(Status::Conflict), Some(Status::Kept), None)
        );
        // Taking the generated text ends the conflict; deleting the stale file ends its being kept.
        fs::remove_file(root.join("d")).unwrap();
        fs::remove_file(root.join("e")).unwrap();
        let again = migrate(&root, &second);
        assert!(again.contains(&("d".into(), Status::Created)) && !again.iter().any(|(p, _)| p == "e"));
    }

    #[test]
    fn a_changed_line_end_is_an_edit() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n")]);
        fs::write(temp.path().join("a"), "1\r\n").unwrap();
        assert_eq!(migrate(temp.path(), &[("a", "1\n")]), [("a".to_owned(), Status::Kept)]);
    }

    #[test]
    fn a_foreign_file_in_the_way_is_refused_and_others_are_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n")]);
        fs::write(temp.path().join("notes.txt"), "mine").unwrap();
        assert_eq!(migrate(temp.path(), &[("a", "1\n")]).len(), 1);
        fs::write(temp.path().join("b"), "mine").unwrap();
        fs::write(temp.path().join("c"), "mine").unwrap();
        fs::create_dir(temp.path().join("d")).unwrap();
        fs::write(temp.path().join("d/x"), "mine").unwrap();
        let wanted = [("a", "2\n"), ("b", "1\n"), ("c/d", "1\n"), ("d", "1\n")];
        let Err(OutputError::Blocked { names, .. }) = plan_of(temp.path(), &wanted, false) else { panic!("not refused") };
        assert_eq!(names, ["b", "c", "d"]);
        assert_eq!(fs::read_to_string(temp.path().join("a")).unwrap(), "1\n");
    }

    #[test]
    fn a_file_and_a_folder_of_ours_may_change_places() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a/b", "1\n"), ("c", "1\n")]);
        migrate(temp.path(), &[("a", "1\n"), ("c/d", "1\n")]);
        assert_eq!(fs::read_to_string(temp.path().join("a")).unwrap(), "1\n");
        assert_eq!(fs::read_to_string(temp.path().join("c/d")).unwrap(), "1\n");
    }

    #[test]
    fn errors_hold_removals_back() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n"), ("b", "1\n")]);
        let (folder, plan, tree) = plan_of(temp.path(), &[("a", "2\n")], true).unwrap();
        apply(&folder, &plan, &tree).unwrap();
        assert!(temp.path().join("b").exists());
        assert_eq!(migrate(temp.path(), &[("a", "2\n")])[1], ("b".to_owned(), Status::Removed));
    }

    #[cfg(unix)]
    #[test]
    fn symlinks_are_refused() {
        use std::os::unix::fs::symlink;
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("out");
        migrate(&root, &[("a", "1\n")]);
        fs::create_dir(temp.path().join("elsewhere")).unwrap();
        symlink(temp.path().join("elsewhere"), root.join("away")).unwrap();
        let refused = |files: &[(&str, &str)]| match plan_of(&root, files, false) {
            Err(OutputError::Symlinks { names, .. }) => names,
            other => panic!("not refused: {other:?}"),
        };
        assert_eq!(refused(&[("a", "1\n"), ("away/b", "1\n")]), ["away/b"]);
        fs::create_dir(root.join("inside")).unwrap();
        symlink(root.join("inside"), root.join("alias")).unwrap();
        assert!(plan_of(&root, &[("a", "1\n"), ("alias/b", "1\n")], false).is_ok());
        fs::rename(root.join("a"), root.join("real")).unwrap();
        symlink(root.join("real"), root.join("a")).unwrap();
        assert_eq!(refused(&[("a", "1\n")]), ["a"]);
    }
}
