//! Releases of EMR and the software in them.
use super::table::{near, rows};
use std::sync::LazyLock;

/// One release. A version is `None` where AWS's pages do not give it, or the release has no such software.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EmrRelease {
    /// `emr-5.13.0`.
    pub label: &'static str,
    /// The Apache version that AWS's build starts from: `3.5.2`, for `3.5.2-amzn-0`.
    pub spark: Option<&'static str>,
    pub hadoop: Option<&'static str>,
    /// `2.12.15`.
    pub scala: Option<&'static str>,
    /// The default, as a major version: `8`.
    pub java: Option<&'static str>,
    /// The versions installed, as AWS lists them: `2.7, 3.7`.
    pub python: Option<&'static str>,
    /// The version that `pyspark` takes unless told otherwise.
    pub python_default: Option<&'static str>,
    pub livy: Option<&'static str>,
}

impl EmrRelease {
    /// The Scala that jars of this release's Spark are built for: `2.11` in 5.x ("Spark is now compiled for Scala 2.11",
    /// notes of 5.0.0), `2.12` in 6.x ("Scala 2.12 is used with Apache Spark", notes of 6.0.0) and 7.x. `None` for 4.x.
    #[must_use]
    pub fn scala_binary(&self) -> Option<&'static str> {
        if let Some((binary, _)) = self.scala.and_then(|version| version.rsplit_once('.')) {
            return Some(binary);
        }
        match self.label.strip_prefix("emr-")?.split('.').next()? {
            "5" => Some("2.11"),
            "6" | "7" => Some("2.12"),
            _ => None,
        }
    }
}

static RELEASES: LazyLock<Vec<EmrRelease>> = LazyLock::new(|| {
    let some = |text: &'static str| (!text.is_empty()).then_some(text);
    rows::<8>(include_str!("data/emr_releases.tsv"))
        .map(|[label, spark, hadoop, scala, java, python, python_default, livy]| EmrRelease {
            label,
            spark: some(spark),
            hadoop: some(hadoop),
            scala: some(scala),
            java: some(java),
            python: some(python),
            python_default: some(python_default),
            livy: some(livy),
        })
        .collect()
});

/// Every release known, oldest first.
#[must_use]
pub fn emr_releases() -> &'static [EmrRelease] {
    &RELEASES
}

/// The release of a label such as `emr-5.13.0`.
#[must_use]
pub fn emr_release(label: &str) -> Option<&'static EmrRelease> {
    RELEASES.iter().find(|release| release.label == label)
}

/// The known label closest to one that is not known: a slip of the keyboard, or the newest patch of the same minor
/// version.
#[must_use]
pub fn near_release(label: &str) -> Option<&'static str> {
    if emr_release(label).is_some() {
        return None;
    }
    let trimmed = label.trim().to_ascii_lowercase();
    let with_prefix = if trimmed.starts_with("emr-") { trimmed } else { format!("emr-{}", trimmed.trim_start_matches("emr")) };
    if let Some(release) = emr_release(&with_prefix) {
        return Some(release.label);
    }
    if let Some((minor, _)) = with_prefix.rsplit_once('.')
        && let Some(release) = RELEASES.iter().rev().find(|r| r.label.strip_prefix(minor).is_some_and(|rest| rest.starts_with('.')))
    {
        return Some(release.label);
    }
    near(&with_prefix, RELEASES.iter().map(|r| r.label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_releases_of_the_article_and_of_today() {
        let old = emr_release("emr-5.13.0").unwrap();
        assert_eq!((old.spark, old.hadoop, old.java, old.livy), (Some("2.3.0"), Some("2.8.3"), Some("8"), Some("0.4.0")));
        assert_eq!(old.scala_binary(), Some("2.11"));
        assert_eq!(emr_release("emr-spark-8.0.0").unwrap().scala_binary(), Some("2.13"));
        assert_eq!(emr_release("emr-4.0.0").unwrap().scala_binary(), None);
        let new = emr_release("emr-7.10.0").unwrap();
        assert_eq!((new.spark, new.hadoop, new.scala, new.java), (Some("3.5.5"), Some("3.4.1"), Some("2.12.18"), Some("17")));
        assert_eq!(emr_release("emr-9.9.9"), None);
    }

    #[test]
    fn labels_are_unique_and_versions_look_like_versions() {
        for release in emr_releases().iter().filter(|r| r.scala.is_some()) {
            let stated = release.scala_binary();
            let by_label = EmrRelease { scala: None, ..*release }.scala_binary();
            assert!(by_label.is_none() || by_label == stated, "{release:?}");
        }
        let labels: BTreeSet<&str> = emr_releases().iter().map(|r| r.label).collect();
        assert_eq!(labels.len(), emr_releases().len());
        assert!(labels.len() > 140);
        for release in emr_releases() {
            assert!(release.label.starts_with("emr-"), "{release:?}");
            for version in [release.spark, release.hadoop, release.scala, release.livy].into_iter().flatten() {
                assert_eq!(version.split('.').filter(|part| part.parse::<u32>().is_ok()).count(), 3, "{release:?}");
            }
        }
    }

    #[test]
    fn near_misses() {
        assert_eq!(near_release("5.13.0"), Some("emr-5.13.0"));
        assert_eq!(near_release("EMR-5.13.0"), Some("emr-5.13.0"));
        assert_eq!(near_release("emr-5.13.9"), Some("emr-5.13.1"));
        assert_eq!(near_release("emr-5.13.0"), None);
        assert_eq!(near_release("something"), None);
        assert_eq!(near_release(""), None);
    }
}
