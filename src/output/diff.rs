//! What a plan would write, as a unified diff that `git apply` and `patch -p1` take.
use super::error::OutputError;
use super::folder::Folder;
use super::plan::{Change, Plan, Status};
use crate::emit::tree::Tree;
use diffy::DiffOptions;
use std::fs;

/// The diff of each file that the plan creates, updates or removes; others have none.
///
/// # Errors
/// When a file on disk cannot be read.
pub fn diffs(folder: &Folder, plan: &Plan, tree: &Tree) -> Result<Vec<(String, String)>, OutputError> {
    let mut out = Vec::new();
    for change in &plan.changes {
        if let Some(text) = diff(folder, change, tree)? {
            out.push((change.path.clone(), text));
        }
    }
    Ok(out)
}

fn diff(folder: &Folder, change: &Change, tree: &Tree) -> Result<Option<String>, OutputError> {
    let new = tree.files.get(&change.path).map(crate::emit::tree::OutFile::text);
    let old = |folder: &Folder| {
        let path = folder.path(&change.path);
        fs::read(&path).map_err(OutputError::io("read", &path))
    };
    Ok(match change.status {
        Status::Created => Some(unified(None, new.as_deref().map(|text| ("b", text)), &change.path)),
        Status::Updated => {
            let before = String::from_utf8_lossy(&old(folder)?).into_owned();
            Some(unified(Some(&before), new.as_deref().map(|text| ("b", text)), &change.path))
        }
        Status::Removed => {
            let before = String::from_utf8_lossy(&old(folder)?).into_owned();
            Some(unified(Some(&before), None, &change.path))
        }
        Status::Unchanged | Status::Kept | Status::Conflict => None,
    })
}

fn unified(old: Option<&str>, new: Option<(&str, &str)>, path: &str) -> String {
    let mut options = DiffOptions::new();
    options.set_original_filename(if old.is_some() { format!("a/{path}") } else { "/dev/null".to_owned() });
    options.set_modified_filename(if new.is_some() { format!("b/{path}") } else { "/dev/null".to_owned() });
    options.create_patch(old.unwrap_or(""), new.map_or("", |(_, text)| text)).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::{migrate, plan_of};
    use super::*;

    #[test]
    fn only_what_would_be_written_is_shown() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n2\n"), ("gone", "x\n"), ("edited", "x\n")]);
        fs::write(temp.path().join("edited"), "mine\n").unwrap();
        let (folder, plan, tree) = plan_of(temp.path(), &[("a", "1\n3\n"), ("edited", "y\n"), ("new", "n\n")], false).unwrap();
        let shown = diffs(&folder, &plan, &tree).unwrap();
        let text: String = shown.iter().map(|(_, text)| text.as_str()).collect();
        insta::assert_snapshot!(text, @r"
        --- a/a
        +++ b/a
        @@ -1,2 +1,2 @@
         1
        -2
        +3
        --- a/gone
        +++ /dev/null
        @@ -1 +0,0 @@
        -x
        --- /dev/null
        +++ b/new
        @@ -0,0 +1 @@
        +n
        ");
    }
}
