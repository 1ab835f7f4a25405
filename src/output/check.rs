//! Whether the output folder is what the sources say, and which sources changed since it was written.
use super::folder::Folder;
use super::lock::Lock;
use super::plan::Plan;
use schemars::JsonSchema;
use serde::Serialize;

/// What a check found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// Every file is what it should be.
    pub in_sync: bool,
    /// Sources that changed since the folder was written, in the order of their paths.
    pub sources: Vec<SourceChange>,
    /// The folder was never written by emr2k8s.
    pub unwritten: bool,
    /// The stage filter with which the folder was written, when this run's is another.
    pub other_stage: Option<Option<String>>,
    /// The answers in `emr2k8s.yaml` changed.
    pub answers_changed: bool,
}

/// A source file that is not as it was when the folder was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct SourceChange {
    /// Relative to SRC.
    pub path: String,
    pub change: Kind,
}

/// How a source file changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Changed,
    /// It contributes now, and did not then.
    Added,
    /// It contributed then, and does not now.
    Gone,
}

impl Kind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Changed => "changed",
            Kind::Added => "added",
            Kind::Gone => "gone",
        }
    }
}

/// Judges a plan. `generated` is the lock of the compilation.
#[must_use]
pub fn check(folder: &Folder, plan: &Plan, generated: &Lock) -> Check {
    let Some(lock) = &folder.lock else {
        return Check { in_sync: false, sources: Vec::new(), unwritten: true, other_stage: None, answers_changed: false };
    };
    let mut sources: Vec<SourceChange> = Vec::new();
    for (path, hash) in &generated.sources {
        match lock.sources.get(path) {
            None => sources.push(SourceChange { path: path.clone(), change: Kind::Added }),
            Some(before) if before != hash => sources.push(SourceChange { path: path.clone(), change: Kind::Changed }),
            Some(_) => {}
        }
    }
    let gone = lock.sources.keys().filter(|path| !generated.sources.contains_key(*path));
    sources.extend(gone.map(|path| SourceChange { path: path.clone(), change: Kind::Gone }));
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Check {
        // The lock names each source by its hash, so a source that changed makes at least the lock outdated.
        in_sync: plan.is_in_sync() && sources.is_empty(),
        sources,
        unwritten: false,
        other_stage: (lock.options.stage != generated.options.stage).then(|| lock.options.stage.clone()),
        answers_changed: lock.options.config != generated.options.config,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lock::LockOptions;
    use super::super::plan::tests::{compilation, migrate, plan_of};
    use super::*;

    #[test]
    fn changed_sources_are_named_and_break_sync() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n")]);
        let (folder, plan, _) = plan_of(temp.path(), &[("a", "1\n")], false).unwrap();
        let mut now = Lock::of(&compilation(&[("a", "1\n")]), LockOptions::default());
        assert_eq!(check(&folder, &plan, &now).sources, []);
        assert!(check(&folder, &plan, &now).in_sync);
        now.sources.insert("in.json".into(), "other".into());
        now.sources.insert("more.json".into(), "x".into());
        let found = check(&folder, &plan, &now);
        assert!(!found.in_sync);
        assert_eq!(
            found.sources.iter().map(|s| (s.path.as_str(), s.change)).collect::<Vec<_>>(),
            [("in.json", Kind::Changed), ("more.json", Kind::Added)]
        );
        now.sources.clear();
        assert_eq!(check(&folder, &plan, &now).sources[0].change, Kind::Gone);
    }

    #[test]
    fn an_outdated_or_edited_file_breaks_sync() {
        let temp = tempfile::tempdir().unwrap();
        migrate(temp.path(), &[("a", "1\n")]);
        let judge = |files: &[(&str, &str)]| {
            let (folder, plan, _) = plan_of(temp.path(), files, false).unwrap();
            check(&folder, &plan, &Lock::of(&compilation(files), LockOptions::default())).in_sync
        };
        assert!(judge(&[("a", "1\n")]));
        assert!(!judge(&[("a", "2\n")]));
        assert!(!judge(&[]));
        std::fs::write(temp.path().join("a"), "mine").unwrap();
        assert!(!judge(&[("a", "1\n")]));
    }
}
