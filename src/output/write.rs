//! Carries a plan out: all of it, or nothing.
//!
//! New contents are staged in a folder of a fixed name inside the output folder (the same file system, so that renames
//! are atomic); what they replace is moved there first. Every step is noted, and undone in reverse when a later one fails.
//! The lock comes last. A run that is killed midway leaves generated files only, each whole; the next run finds those that
//! are new already as they should be, those that are gone missing, and writes what is left.
use super::error::OutputError;
use super::folder::{Folder, Kind, STAGING, kind};
use super::hash;
use super::lock;
use super::plan::{Plan, Status};
use crate::emit::tree::Tree;
use std::fs;
use std::path::{Path, PathBuf};

/// A step that was done.
enum Done {
    /// A folder was made.
    Made(PathBuf),
    /// An empty folder was removed.
    Removed(PathBuf),
    /// A file was moved.
    Moved { from: PathBuf, to: PathBuf },
}

/// Writes what the plan says. After an error the folder is as it was before.
///
/// # Errors
/// When the disk refuses a step.
pub fn apply(folder: &Folder, plan: &Plan, tree: &Tree) -> Result<(), OutputError> {
    if !plan.has_effects() && plan.lock_text.is_none() {
        return Ok(());
    }
    let staging = folder.root.join(STAGING);
    let mut writer = Writer { folder, staging, done: Vec::new(), moved: 0 };
    let result = writer.clear_staging().and_then(|()| writer.run(plan, tree));
    match result {
        Ok(()) => {
            // The work is done; a staging folder that cannot be deleted does no harm, the next run tries again.
            let _ = fs::remove_dir_all(&writer.staging);
            Ok(())
        }
        Err(failure) => Err(writer.roll_back(failure)),
    }
}

struct Writer<'a> {
    folder: &'a Folder,
    staging: PathBuf,
    done: Vec<Done>,
    /// Files moved away so far; names them in the staging folder.
    moved: usize,
}

impl<'a> Writer<'a> {
    fn clear_staging(&self) -> Result<(), OutputError> {
        match kind(&self.staging)? {
            Kind::Nothing => Ok(()),
            Kind::Folder => fs::remove_dir_all(&self.staging).map_err(OutputError::io("clear", &self.staging)),
            _ => fs::remove_file(&self.staging).map_err(OutputError::io("clear", &self.staging)),
        }
    }

    fn run(&mut self, plan: &Plan, tree: &Tree) -> Result<(), OutputError> {
        let (new, old) = (self.staging.join("new"), self.staging.join("old"));
        self.make_folders(&new)?;
        self.make_folders(&old)?;
        let writes: Vec<&str> =
            plan.changes.iter().filter(|c| matches!(c.status, Status::Created | Status::Updated)).map(|c| c.path.as_str()).collect();
        // Everything that may run out of space happens before anything in the folder moves.
        for (i, path) in writes.iter().enumerate() {
            if let Some(file) = tree.files.get(*path) {
                let staged = new.join(i.to_string());
                fs::write(&staged, file.text()).map_err(OutputError::io("write", &staged))?;
                if let Ok(meta) = fs::metadata(self.folder.path(path)) {
                    // A mode that a person set on the file survives; where that is not possible the default will do.
                    let _ = fs::set_permissions(&staged, meta.permissions());
                }
            }
        }
        let staged_lock = new.join("lock");
        if let Some(text) = &plan.lock_text {
            fs::write(&staged_lock, text).map_err(OutputError::io("write", &staged_lock))?;
        }
        for change in plan.changes.iter().filter(|c| c.status == Status::Removed) {
            let path = self.folder.path(&change.path);
            self.put_away(&path, self.locked(&change.path))?;
            self.prune(&path)?;
        }
        for (i, path) in writes.iter().enumerate() {
            let target = self.folder.path(path);
            if let Some(parent) = target.parent() {
                self.make_folders(parent)?;
            }
            self.put_away(&target, self.locked(path))?;
            self.move_file(&new.join(i.to_string()), &target)?;
        }
        if plan.lock_text.is_some() {
            let target = self.folder.root.join(lock::FILE);
            let known = self.folder.lock_text.as_ref().map(|text| hash(text.as_bytes()));
            self.put_away(&target, known.as_deref())?;
            self.move_file(&staged_lock, &target)?;
        }
        Ok(())
    }

    /// Makes a folder and those above it.
    fn make_folders(&mut self, path: &Path) -> Result<(), OutputError> {
        let mut missing = Vec::new();
        let mut current = path;
        while !current.as_os_str().is_empty() && kind(current)? == Kind::Nothing {
            missing.push(current.to_owned());
            match current.parent() {
                Some(parent) => current = parent,
                None => break,
            }
        }
        for folder in missing.into_iter().rev() {
            fs::create_dir(&folder).map_err(OutputError::io("make the folder", &folder))?;
            self.done.push(Done::Made(folder));
        }
        Ok(())
    }

    /// The hash of what we generated at a path.
    fn locked(&self, path: &str) -> Option<&'a str> {
        self.folder.lock.as_ref().and_then(|lock| lock.files.get(path)).map(|file| file.hash.as_str())
    }

    /// Moves what stands at a path into the staging folder, if anything does. It has to be what we generated: a file that
    /// somebody edited or put there after the plan was made ends the run, and so does a folder that is not empty.
    fn put_away(&mut self, path: &Path, expected: Option<&str>) -> Result<(), OutputError> {
        match kind(path)? {
            Kind::Nothing => Ok(()),
            Kind::Folder => {
                // Only empty folders below can be left here; they were not worth a file in the plan.
                self.remove_empty(path)
            }
            _ => {
                let to = self.staging.join("old").join(self.moved.to_string());
                self.moved += 1;
                self.move_file(path, &to)?;
                // Looked at only now, when nobody can change it any more.
                let found = fs::read(&to).map_err(OutputError::io("read", path))?;
                if expected.is_none_or(|expected| hash(&found) != expected) {
                    let cause = std::io::Error::other("somebody changed it during this run; run again");
                    return Err(OutputError::io("replace", path)(cause));
                }
                Ok(())
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "all of them are removed")]
    fn remove_empty(&mut self, path: &Path) -> Result<(), OutputError> {
        let mut folders = vec![path.to_owned()];
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            for entry in fs::read_dir(&folder).map_err(OutputError::io("read", &folder))? {
                folders.push(entry.map_err(OutputError::io("read", &folder))?.path());
            }
        }
        for folder in folders.into_iter().rev() {
            fs::remove_dir(&folder).map_err(OutputError::io("put a file in the place of", &folder))?;
            self.done.push(Done::Removed(folder));
        }
        Ok(())
    }

    fn move_file(&mut self, from: &Path, to: &Path) -> Result<(), OutputError> {
        fs::rename(from, to).map_err(OutputError::io("write", to))?;
        self.done.push(Done::Moved { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    /// Removes the folders above a removed file that are empty now.
    #[expect(clippy::disallowed_methods, reason = "whether there is any")]
    fn prune(&mut self, path: &Path) -> Result<(), OutputError> {
        let mut current = path.parent();
        while let Some(folder) = current.filter(|folder| *folder != self.folder.root) {
            let mut entries = fs::read_dir(folder).map_err(OutputError::io("read", folder))?;
            if entries.next().is_some() {
                break;
            }
            fs::remove_dir(folder).map_err(OutputError::io("remove", folder))?;
            self.done.push(Done::Removed(folder.to_owned()));
            current = folder.parent();
        }
        Ok(())
    }

    /// Undoes what was done, the last first.
    fn roll_back(&mut self, failure: OutputError) -> OutputError {
        let mut problem = None;
        let mut made = Vec::new();
        while let Some(step) = self.done.pop() {
            let result = match &step {
                // Folders go after the staging folder, which lies in one of them.
                Done::Made(path) => {
                    made.push(path.clone());
                    continue;
                }
                Done::Removed(path) => fs::create_dir(path).map_err(|e| (path.clone(), e)),
                Done::Moved { from, to } => fs::rename(to, from).map_err(|e| (from.clone(), e)),
            };
            if let Err((path, error)) = result {
                problem.get_or_insert_with(|| format!("`{}`: {error}", path.display()));
            }
        }
        if let Some(rollback) = problem {
            return OutputError::Rollback { failure: Box::new(failure), rollback, staging: self.staging.clone() };
        }
        let _ = fs::remove_dir_all(&self.staging);
        for folder in made {
            let _ = fs::remove_dir(folder);
        }
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::{migrate, plan_of};
    use super::*;
    use std::collections::BTreeMap;

    /// Every path of a folder with its bytes; folders end with `/`.
    #[expect(clippy::disallowed_methods, reason = "collected in order")]
    fn picture(root: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut out = BTreeMap::new();
        let mut stack = vec![root.to_owned()];
        while let Some(path) = stack.pop() {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if path.is_dir() {
                out.insert(format!("{name}/"), Vec::new());
                stack.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            } else {
                out.insert(name, fs::read(&path).unwrap());
            }
        }
        out
    }

    #[test]
    fn a_failed_run_leaves_the_folder_as_it_was() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("out");
        migrate(&root, &[("a", "1\n"), ("gone/x", "1\n"), ("m", "1\n")]);
        let wanted = [("a", "2\n"), ("k/l", "1\n"), ("m", "2\n"), ("z", "1\n")];
        let (folder, plan, tree) = plan_of(&root, &wanted, false).unwrap();
        // After the plan was made, somebody puts a folder with a file where the last file must go.
        fs::create_dir_all(root.join("z")).unwrap();
        fs::write(root.join("z/mine"), "mine").unwrap();
        let before = picture(&root);
        let error = apply(&folder, &plan, &tree).unwrap_err();
        assert!(error.to_string().contains('z'), "{error}");
        assert_eq!(picture(&root), before);
        fs::remove_dir_all(root.join("z")).unwrap();
        apply(&folder, &plan, &tree).unwrap();
        assert_eq!(fs::read_to_string(root.join("k/l")).unwrap(), "1\n");
        assert!(!root.join("gone").exists() && !root.join(STAGING).exists());
    }

    #[test]
    fn an_edit_during_the_run_is_not_lost() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n"), ("b", "1\n")]);
        for (path, wanted) in
            [("b", &[("a", "2\n"), ("b", "2\n")][..]), ("b", &[("a", "2\n")]), ("c", &[("a", "2\n"), ("b", "1\n"), ("c", "1\n")])]
        {
            let (folder, plan, tree) = plan_of(temp.path(), wanted, false).unwrap();
            let before = fs::read(temp.path().join(path)).ok();
            fs::write(temp.path().join(path), "mine\n").unwrap();
            assert!(apply(&folder, &plan, &tree).is_err(), "{path}");
            assert_eq!(fs::read_to_string(temp.path().join(path)).unwrap(), "mine\n");
            assert_eq!(fs::read_to_string(temp.path().join("a")).unwrap(), "1\n");
            match before {
                Some(bytes) => fs::write(temp.path().join(path), bytes).unwrap(),
                None => fs::remove_file(temp.path().join(path)).unwrap(),
            }
        }
    }

    #[test]
    fn a_failed_first_run_leaves_no_folder() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("deep/out");
        let (folder, plan, tree) = plan_of(&root, &[("a", "1\n")], false).unwrap();
        fs::write(temp.path().join("deep"), "a file in the way").unwrap();
        assert!(apply(&folder, &plan, &tree).is_err());
        assert_eq!(picture(temp.path()).len(), 2, "the folder and the file in the way");
    }

    #[test]
    fn leftovers_of_a_killed_run_are_cleared() {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir_all(temp.path().join(STAGING).join("new")).unwrap();
        fs::write(temp.path().join(STAGING).join("new/0"), "old").unwrap();
        migrate(temp.path(), &[("a", "1\n")]);
        assert!(!temp.path().join(STAGING).exists());
    }

    #[test]
    fn a_run_without_changes_touches_nothing() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n")]);
        let modified = |name: &str| fs::metadata(temp.path().join(name)).unwrap().modified().unwrap();
        let before = (modified("a"), modified(lock::FILE));
        migrate(temp.path(), &[("a", "1\n")]);
        assert_eq!((modified("a"), modified(lock::FILE)), before);
    }
}
