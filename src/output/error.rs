//! Why an output folder cannot be used. All of these are for the user to mend (exit code 2); nothing was written.
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("the output folder `{}` is a file", .0.display())]
    IsFile(PathBuf),
    #[error("`{}` is a symbolic link to `{}`, where nothing is, so no output folder can be made {}", .link.display(), .target.display(), if *.itself { "there" } else { "behind it" })]
    DanglingLink { link: PathBuf, target: PathBuf, itself: bool },
    #[error("the output folder `{}` holds the sources `{}`, which a run could overwrite", .out.display(), .source_path.display())]
    HoldsSource { out: PathBuf, source_path: PathBuf },
    #[error("the folder `{}` holds files that emr2k8s did not write: {}", .folder.display(), list(.names, *.more))]
    Foreign { folder: PathBuf, names: Vec<String>, more: bool },
    #[error("these paths in `{}` have to be written, and hold something that emr2k8s did not write: {}", .folder.display(), list(.names, false))]
    Blocked { folder: PathBuf, names: Vec<String> },
    #[error("these paths in `{}` are symbolic links, or lie behind one that leaves the folder: {}", .folder.display(), list(.names, false))]
    Symlinks { folder: PathBuf, names: Vec<String> },
    #[error("the lock `{}` cannot be used: {}", .path.display(), .why)]
    Lock { path: PathBuf, why: String },
    #[error("cannot {} `{}`: {}", .action, .path.display(), reason(.cause))]
    Io { action: &'static str, path: PathBuf, cause: std::io::Error },
    #[error("{failure}; and putting the folder back as it was failed too: {rollback}; what was moved away lies in `{}`", .staging.display())]
    Rollback { failure: Box<OutputError>, rollback: String, staging: PathBuf },
}

impl OutputError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io { action, path, cause }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::IsFile(_) => Some("name a folder, or a path where nothing is yet, after `--out`"),
            Self::DanglingLink { .. } => {
                Some("make the folder that the link names, or remove the link, or name another folder after `--out`")
            }
            Self::HoldsSource { .. } => Some("name another folder after `--out`; a folder inside the sources is fine"),
            Self::Foreign { .. } => {
                Some("name an empty folder, one that is not there yet, or one that emr2k8s wrote (it has an `emr2k8s.lock`)")
            }
            Self::Blocked { .. } => Some("move them away, or give their content to emr2k8s by deleting them"),
            Self::Symlinks { .. } => Some("replace the links with files or folders: emr2k8s writes only inside the output folder"),
            Self::Lock { .. } => Some(
                "restore `emr2k8s.lock` from version control (in a merge conflict take either side) and run again; \
                 nothing was written",
            ),
            Self::Io { .. } => Some("nothing was changed: the folder is as it was before"),
            Self::Rollback { .. } => None,
        }
    }
}

fn list(names: &[String], more: bool) -> String {
    let mut out = String::new();
    for (i, name) in names.iter().enumerate() {
        let _ = write!(out, "{}`{name}`", if i == 0 { "" } else { ", " });
    }
    if more {
        out.push_str(" and more");
    }
    out
}

/// The words of an I/O error without the number that Rust adds, which differs between systems.
#[must_use]
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}
