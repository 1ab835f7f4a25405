//! The releases of Apache Spark that jobs move to.
use super::table::rows;
use crate::source::sink::Verdict;
use std::sync::LazyLock;

/// The oldest Spark Operator that the output is made for.
pub const OPERATOR_FLOOR: &str = "2.5.2";

/// A Spark image, and what must match it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SparkRelease {
    /// `3.5.7`.
    pub spark: &'static str,
    /// `2.12`: jars must be built for it.
    pub scala: &'static str,
    /// `17`.
    pub java: &'static str,
    /// The Hadoop in the image; `hadoop-aws` must have the same version.
    pub hadoop: &'static str,
    /// The `aws-java-sdk-bundle` that this `hadoop-aws` was built with.
    pub aws_sdk_bundle: &'static str,
    /// Repository and tag.
    pub image: &'static str,
}

/// Where a Spark version moves to, and what that is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    pub release: &'static SparkRelease,
    pub verdict: Verdict,
    /// What a user must know, a lowercase fragment; empty when nothing.
    pub note: &'static str,
}

static RELEASES: LazyLock<Vec<SparkRelease>> = LazyLock::new(|| {
    rows::<6>(include_str!("data/spark_releases.tsv"))
        .map(|[spark, scala, java, hadoop, aws_sdk_bundle, image]| SparkRelease { spark, scala, java, hadoop, aws_sdk_bundle, image })
        .collect()
});

/// Every release that jobs can move to.
#[must_use]
pub fn spark_releases() -> &'static [SparkRelease] {
    &RELEASES
}

/// The release that jobs written for the Spark version `source` (`2.3.0`, `3.5.2-amzn-1`) move to. `None` for a text
/// that is no version, and for 1.x and 4.x: no image of this version runs such a job as it is.
#[must_use]
pub fn target_for(source: &str) -> Option<Target> {
    let mut parts = source.trim().split(['.', '-']);
    let major: u32 = parts.next()?.parse().ok()?;
    let minor: u32 = parts.next()?.parse().ok()?;
    let release = RELEASES.last()?;
    let (verdict, note) = match (major, minor) {
        (3, 5) => (Verdict::Equivalent, ""),
        (3, _) => (
            Verdict::Changed,
            "behaviour of Spark SQL differs between minor versions: read Spark's migration guide, or set spark.sql.legacy.*",
        ),
        (2, _) => (
            Verdict::Changed,
            "Spark 3 runs on Scala 2.12: build jars again; read Spark's migration guide for what Spark SQL does otherwise (dates, casts, errors on overflow)",
        ),
        _ => return None,
    };
    Some(Target { release, verdict, note })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_and_three_move_to_the_one_image() {
        for (source, verdict) in [("2.3.0", Verdict::Changed), ("3.0.1", Verdict::Changed), ("3.5.2-amzn-1", Verdict::Equivalent)] {
            let target = target_for(source).unwrap();
            assert_eq!((target.release.spark, target.verdict), ("3.5.7", verdict), "{source}");
            assert_eq!(target.release.image, "apache/spark:3.5.7-scala2.12-java17-ubuntu");
            assert_eq!((target.release.hadoop, target.release.aws_sdk_bundle), ("3.3.4", "1.12.262"));
        }
        for source in ["1.6.3", "4.0.2", "", "three", "99999999999999.1.1", "3"] {
            assert_eq!(target_for(source), None, "{source}");
        }
    }
}
