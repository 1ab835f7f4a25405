//! A look at the output folder before anything is planned: is it ours, and is it safe to write in?
use super::error::OutputError;
use super::lock::{self, Lock};
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// Where new contents are staged, in the output folder. A run that was killed may leave it; the next one clears it away.
pub const STAGING: &str = ".emr2k8s-staging";

/// How many names of foreign files a refusal lists.
const NAMES: usize = 10;

/// The output folder as it is.
#[derive(Debug)]
pub struct Folder {
    pub root: PathBuf,
    /// Whether it is there.
    pub exists: bool,
    /// `None` when emr2k8s has not yet written here.
    pub lock: Option<Lock>,
    /// The lock's text on disk.
    pub lock_text: Option<String>,
}

/// What stands at a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Nothing,
    File,
    Folder,
    Symlink,
    /// A pipe, socket or device.
    Other,
}

impl Folder {
    /// Looks at `root`, and refuses it when it holds SRC, is a file, or holds files and no lock.
    ///
    /// # Errors
    /// See [`OutputError`].
    pub fn open(root: &Path, source: Option<&Path>) -> Result<Self, OutputError> {
        if let Some(source) = source {
            refuse_source(root, source)?;
        }
        let mut folder = Self { root: root.to_owned(), exists: false, lock: None, lock_text: None };
        match fs::metadata(root) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                refuse_dangling(root)?;
                return Ok(folder);
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => return Err(OutputError::IsFile(root.to_owned())),
            Err(error) => return Err(OutputError::io("read", root)(error)),
            Ok(meta) if !meta.is_dir() => return Err(OutputError::IsFile(root.to_owned())),
            Ok(_) => folder.exists = true,
        }
        let path = root.join(lock::FILE);
        match kind(&path)? {
            Kind::Nothing => {
                let (names, more) = foreign(root)?;
                if names.is_empty() { Ok(folder) } else { Err(OutputError::Foreign { folder: root.to_owned(), names, more }) }
            }
            Kind::File => {
                let bytes = fs::read(&path).map_err(OutputError::io("read", &path))?;
                let refuse = |why: String| OutputError::Lock { path: path.clone(), why };
                let text = String::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8".into()))?;
                folder.lock = Some(Lock::parse(&text).map_err(refuse)?);
                folder.lock_text = Some(text);
                Ok(folder)
            }
            Kind::Symlink => Err(OutputError::Symlinks { folder: root.to_owned(), names: vec![lock::FILE.to_owned()] }),
            Kind::Folder | Kind::Other => Err(OutputError::Blocked { folder: root.to_owned(), names: vec![lock::FILE.to_owned()] }),
        }
    }

    /// Where a path of the output lies on disk.
    #[must_use]
    pub fn path(&self, relative: &str) -> PathBuf {
        relative.split('/').fold(self.root.clone(), |path, part| path.join(part))
    }

    /// Whether a path is a symlink, or lies behind one that leaves the folder.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn is_behind_symlink(&self, relative: &str) -> Result<bool, OutputError> {
        let parts: Vec<&str> = relative.split('/').collect();
        let mut path = self.root.clone();
        for (i, part) in parts.iter().enumerate() {
            path.push(part);
            match kind(&path)? {
                Kind::Symlink if i + 1 == parts.len() => return Ok(true),
                Kind::Symlink => {
                    let root = fs::canonicalize(&self.root).map_err(OutputError::io("read", &self.root))?;
                    if !fs::canonicalize(&path).is_ok_and(|target| target.starts_with(&root)) {
                        return Ok(true);
                    }
                }
                Kind::Folder => {}
                Kind::Nothing | Kind::File | Kind::Other => return Ok(false),
            }
        }
        Ok(false)
    }
}

/// Refuses a path that is a link to nothing, or lies behind one.
fn refuse_dangling(root: &Path) -> Result<(), OutputError> {
    let there = |path: &&Path| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_ok();
    match root.ancestors().find(there) {
        Some(path) if kind(path)? == Kind::Symlink && fs::metadata(path).is_err() => {
            let target = fs::read_link(path).map_err(OutputError::io("read", path))?;
            Err(OutputError::DanglingLink { link: path.to_owned(), target, itself: path == root })
        }
        _ => Ok(()),
    }
}

/// What stands at a path; links are not followed.
///
/// # Errors
/// When the disk cannot be read.
pub fn kind(path: &Path) -> Result<Kind, OutputError> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => Ok(Kind::Symlink),
        Ok(meta) if meta.is_dir() => Ok(Kind::Folder),
        Ok(meta) if meta.is_file() => Ok(Kind::File),
        Ok(_) => Ok(Kind::Other),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Kind::Nothing),
        Err(error) => Err(OutputError::io("read", path)(error)),
    }
}

/// The first files in the folder, in the order of their paths, and whether there are more. `.git` and our own staging
/// folder do not count.
#[expect(clippy::disallowed_methods, reason = "the names are sorted")]
fn foreign(root: &Path) -> Result<(Vec<String>, bool), OutputError> {
    let mut names = Vec::new();
    let mut stack = vec![(root.to_owned(), String::new())];
    while let Some((path, name)) = stack.pop() {
        if name.is_empty() || kind(&path)? == Kind::Folder {
            let mut children = Vec::new();
            for entry in fs::read_dir(&path).map_err(OutputError::io("read", &path))? {
                let entry = entry.map_err(OutputError::io("read", &path))?;
                let child = entry.file_name().to_string_lossy().into_owned();
                if name.is_empty() && (child == ".git" || child == STAGING) {
                    continue;
                }
                let relative = if name.is_empty() { child } else { format!("{name}/{child}") };
                children.push((entry.path(), relative));
            }
            children.sort_by(|a, b| b.1.cmp(&a.1));
            stack.append(&mut children);
        } else if names.len() == NAMES {
            return Ok((names, true));
        } else {
            names.push(name);
        }
    }
    Ok((names, false))
}

fn refuse_source(out: &Path, source: &Path) -> Result<(), OutputError> {
    let Ok(source_real) = fs::canonicalize(source) else { return Ok(()) };
    if source_real.starts_with(real(out)) {
        return Err(OutputError::HoldsSource { out: out.to_owned(), source_path: source.to_owned() });
    }
    Ok(())
}

/// The real path of something that may not be there yet: that of its nearest ancestor which is, and the rest.
fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut rest = Vec::new();
    let mut current = absolute.as_path();
    loop {
        if let Ok(found) = fs::canonicalize(current) {
            let mut out = found;
            for part in rest.iter().rev() {
                match part {
                    Component::ParentDir => {
                        out.pop();
                    }
                    Component::CurDir => {}
                    other => out.push(other),
                }
            }
            return out;
        }
        let (Some(parent), Some(last)) = (current.parent(), current.components().next_back()) else { return absolute };
        rest.push(last);
        current = parent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_files_and_no_lock_is_refused_by_name() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("out");
        assert!(!Folder::open(&root, None).unwrap().exists);
        fs::create_dir_all(root.join(".git/objects")).unwrap();
        fs::write(root.join(".git/HEAD"), "x").unwrap();
        fs::create_dir_all(root.join("empty/deep")).unwrap();
        assert!(Folder::open(&root, None).unwrap().exists, ".git and empty folders are fine");
        for i in 0..12 {
            fs::write(root.join(format!("empty/f{i:02}")), "x").unwrap();
        }
        let Err(OutputError::Foreign { names, more, .. }) = Folder::open(&root, None) else { panic!("not refused") };
        assert_eq!(names.len(), 10);
        assert_eq!(names[0], "empty/f00");
        assert!(more);
    }

    #[test]
    fn sources_are_not_written_over() {
        let temp = tempfile::tempdir().unwrap();
        let source = temp.path().join("aws");
        fs::create_dir_all(source.join("deep")).unwrap();
        fs::write(source.join("deep/a.json"), "{}").unwrap();
        for (out, source) in [
            (source.clone(), source.clone()),
            (temp.path().to_owned(), source.clone()),
            (source.join("new/.."), source.clone()),
            (source.join("deep"), source.join("deep/a.json")),
        ] {
            assert!(matches!(Folder::open(&out, Some(&source)), Err(OutputError::HoldsSource { .. })), "{}", out.display());
        }
        for out in [source.join("k8s"), temp.path().join("aws2")] {
            assert!(Folder::open(&out, Some(&source)).is_ok(), "{}", out.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let link = temp.path().join("out");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        for (root, itself) in [(link.clone(), true), (link.join("deep/er"), false)] {
            let Err(OutputError::DanglingLink { link: named, target, itself: found }) = Folder::open(&root, None) else {
                panic!("not refused")
            };
            assert_eq!((named, target, found), (link.clone(), PathBuf::from("nowhere"), itself));
        }
        fs::create_dir(temp.path().join("nowhere")).unwrap();
        assert!(Folder::open(&link, None).unwrap().exists);
        assert!(Folder::open(&link.join("deep"), None).is_ok());
    }

    #[test]
    fn a_file_or_a_broken_lock_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(matches!(Folder::open(&file, None), Err(OutputError::IsFile(_))));
        assert!(matches!(Folder::open(&file.join("below"), None), Err(OutputError::IsFile(_))));
        let root = temp.path().join("out");
        fs::create_dir(&root).unwrap();
        fs::write(root.join(lock::FILE), [0xff, 0xfe]).unwrap();
        assert!(matches!(Folder::open(&root, None), Err(OutputError::Lock { .. })));
    }
}
