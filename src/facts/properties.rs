//! What becomes of the properties of Spark, Hadoop, YARN and Livy on the way from YARN to Kubernetes.
//!
//! A lookup takes the first row whose name is equal, and failing that the row whose pattern has the most literal
//! characters; a row with a condition counts only when the value meets it.
use super::table::{near, rows};
use crate::source::sink::Verdict;
use std::sync::LazyLock;

/// Which program reads a property.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// `spark-defaults`, `--conf`, a Livy batch's `conf`.
    Spark,
    /// The `spark` classification of EMR.
    EmrSpark,
    /// All of Hadoop's files, which Hadoop reads as one: core-site, emrfs-site, hdfs-site, yarn-site, mapred-site,
    /// capacity-scheduler.
    Hadoop,
    /// A property of one queue of the capacity scheduler, without what stands before: `maximum-capacity`.
    Queue,
    /// `livy-conf`.
    Livy,
    /// Environment variables of `spark-env`.
    Env,
    /// `spark-hive-site`.
    Hive,
}

impl Scope {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "spark" => Self::Spark,
            "emr-spark" => Self::EmrSpark,
            "hadoop" => Self::Hadoop,
            "queue" => Self::Queue,
            "livy" => Self::Livy,
            "env" => Self::Env,
            "hive" => Self::Hive,
            _ => return None,
        })
    }
}

/// What becomes of a property.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// It goes on as it is.
    Keep,
    /// It goes on as it is, and a field of the `SparkApplication` takes it from there: which one.
    Field(&'static str),
    /// It goes on under this name.
    Rename(String),
    /// Another property stands for it.
    Set {
        name: &'static str,
        value: &'static str,
    },
    /// Options of the Java virtual machine: they go on but for those that Java 17 does not know.
    JavaOptions,
    /// It names the queue, or is a part of one: which.
    Queue(&'static str),
    /// It says how often an application is started at most.
    Attempts,
    Absorb,
    Ignore,
    Unsupported,
    /// The Spark Operator refuses it.
    Refuse,
}

/// The answer of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disposition {
    pub action: Action,
    /// `None`: exact.
    pub verdict: Option<Verdict>,
    /// A lowercase fragment; empty for what is kept.
    pub reason: &'static str,
    /// Whether a row names the property in full, so that its spelling is known to be right.
    pub named: bool,
}

struct Row {
    scope: Scope,
    name: &'static str,
    when: &'static str,
    action: &'static str,
    target: &'static str,
    verdict: Option<Verdict>,
    reason: &'static str,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    rows::<7>(include_str!("data/properties.tsv"))
        .filter_map(|[scope, name, when, action, target, verdict, reason]| {
            let verdict = match verdict {
                "equivalent" => Some(Verdict::Equivalent),
                "changed" => Some(Verdict::Changed),
                _ => None,
            };
            Some(Row { scope: Scope::named(scope)?, name, when, action, target, verdict, reason })
        })
        .collect()
});

/// What becomes of the property `name`; `value` is its value where that is known. `None` when no row fits.
#[must_use]
pub fn property(scope: Scope, name: &str, value: Option<&str>) -> Option<Disposition> {
    let fits = |row: &&Row| row.scope == scope && meets(row.when, value);
    if let Some(row) = ROWS.iter().filter(fits).find(|row| row.name == name) {
        return disposition(row, name);
    }
    let mut best: Option<&Row> = None;
    for row in ROWS.iter().filter(fits).filter(|row| matches(row.name, name).is_some()) {
        if best.is_none_or(|b| row.name.len() > b.name.len()) {
            best = Some(row);
        }
    }
    disposition(best?, name)
}

/// The property of this scope that a name which no row holds in full was meant to be.
#[must_use]
pub fn near_property(scope: Scope, name: &str) -> Option<&'static str> {
    let names = || ROWS.iter().filter(move |row| row.scope == scope && !row.name.contains('*')).map(|row| row.name);
    // In another case only.
    if let Some(same) = names().find(|known| known.eq_ignore_ascii_case(name)) {
        return (same != name).then_some(same);
    }
    // The last word is the one that tells siblings apart (`minExecutors`, `maxExecutors`), so a slip must be small there.
    let found = near(name, names())?;
    let (last, known) = (last_word(name), last_word(found));
    let small = if last == known { true } else { strsim::osa_distance(last, known) <= if last.len() > 8 { 2 } else { 1 } };
    small.then_some(found)
}

fn last_word(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn disposition(row: &Row, name: &str) -> Option<Disposition> {
    let action = match row.action {
        "keep" => Action::Keep,
        "field" => Action::Field(row.target),
        "rename" => {
            let rest = matches(row.name, name).unwrap_or_default();
            Action::Rename(row.target.replacen('*', rest, 1))
        }
        "set" => {
            let (name, value) = row.target.split_once('=')?;
            Action::Set { name, value }
        }
        "java" => Action::JavaOptions,
        "queue" => Action::Queue(row.target),
        "attempts" => Action::Attempts,
        "absorb" => Action::Absorb,
        "ignore" => Action::Ignore,
        "unsupported" => Action::Unsupported,
        "refuse" => Action::Refuse,
        _ => return None,
    };
    Some(Disposition { action, verdict: row.verdict, reason: row.reason, named: row.name == name })
}

/// Whether a value meets a condition: `=text` in any case, `^beginning`, or none. An unknown value meets none but none.
fn meets(when: &str, value: Option<&str>) -> bool {
    if let Some(wanted) = when.strip_prefix('=') {
        return value.is_some_and(|value| value.trim().eq_ignore_ascii_case(wanted));
    }
    if let Some(beginning) = when.strip_prefix('^') {
        return value.is_some_and(|value| value.trim_start().starts_with(beginning));
    }
    true
}

/// What the one `*` of a pattern stands for in `name`; the empty text where there is no `*` and both are equal.
fn matches<'a>(pattern: &str, name: &'a str) -> Option<&'a str> {
    match pattern.split_once('*') {
        Some((before, after)) => name.strip_prefix(before)?.strip_suffix(after),
        None => (pattern == name).then_some(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn action(scope: Scope, name: &str, value: &str) -> Action {
        property(scope, name, Some(value)).unwrap().action
    }

    #[test]
    fn every_row_is_understood() {
        assert_eq!(ROWS.len(), rows::<7>(include_str!("data/properties.tsv")).count());
        for row in ROWS.iter() {
            let found = disposition(row, row.name).unwrap_or_else(|| panic!("{}: {}", row.name, row.action));
            assert!(row.when.is_empty() || row.when.starts_with(['=', '^']), "{}", row.name);
            assert!(row.name.matches('*').count() <= 1, "{}", row.name);
            let silent =
                matches!(found.action, Action::Keep | Action::Field(_) | Action::JavaOptions | Action::Queue(_) | Action::Attempts);
            assert!(silent || row.reason.len() > 10, "{}", row.name);
            assert!(!row.reason.ends_with('.'), "{}", row.name);
            if let Action::Rename(name) = found.action {
                assert!(!name.is_empty(), "{}", row.name);
            }
        }
    }

    #[test]
    fn every_conditional_row_can_be_reached_and_every_name_has_an_answer_for_any_value() {
        for (at, row) in ROWS.iter().enumerate() {
            let shadow =
                ROWS[..at].iter().find(|r| r.scope == row.scope && r.name == row.name && (r.when.is_empty() || r.when == row.when));
            assert!(shadow.is_none(), "{} {} is never reached", row.name, row.when);
        }
    }

    #[test]
    fn spark_properties() {
        assert_eq!(
            action(Scope::Spark, "spark.yarn.executor.memoryOverhead", "1g"),
            Action::Rename("spark.executor.memoryOverhead".into())
        );
        assert_eq!(action(Scope::Spark, "spark.yarn.appMasterEnv.STAGE", "x"), Action::Rename("spark.kubernetes.driverEnv.STAGE".into()));
        assert_eq!(action(Scope::Spark, "spark.blacklist.timeout", "1h"), Action::Rename("spark.excludeOnFailure.timeout".into()));
        assert_eq!(action(Scope::Spark, "spark.dynamicAllocation.enabled", "False"), Action::Absorb);
        assert_eq!(action(Scope::Spark, "spark.dynamicAllocation.enabled", "true"), Action::Field("spec.dynamicAllocation.enabled"));
        assert_eq!(property(Scope::Spark, "spark.dynamicAllocation.enabled", None).unwrap().verdict, None);
        assert_eq!(action(Scope::Spark, "spark.kubernetes.container.image", "x"), Action::Refuse);
        assert_eq!(action(Scope::Spark, "spark.sql.something.new", "x"), Action::Keep);
        assert_eq!(property(Scope::Spark, "sparc.master", Some("yarn")), None);
        assert_eq!(action(Scope::Spark, "spark.eventLog.dir", "hdfs:///var/log/spark/apps"), Action::Unsupported);
        assert_eq!(action(Scope::Spark, "spark.eventLog.dir", "s3://logs/spark"), Action::Keep);
    }

    #[test]
    fn hadoop_properties() {
        assert_eq!(action(Scope::Hadoop, "fs.s3.canned.acl", "BucketOwnerFullControl"), Action::Rename("fs.s3a.acl.default".into()));
        assert_eq!(action(Scope::Hadoop, "fs.s3.consistent.metadata.read.capacity", "50"), Action::Absorb);
        assert_eq!(action(Scope::Hadoop, "fs.s3.someOption", "1"), Action::Unsupported);
        assert_eq!(action(Scope::Hadoop, "my.own.property", "1"), Action::Keep);
        assert_eq!(
            action(Scope::Hadoop, "fs.s3.enableServerSideEncryption", "true"),
            Action::Set { name: "fs.s3a.encryption.algorithm", value: "AES256" }
        );
        assert_eq!(action(Scope::Queue, "accessible-node-labels.CORE.capacity", "100"), Action::Absorb);
        assert_eq!(action(Scope::Queue, "accessible-node-labels.CORE.capacity", "40"), Action::Unsupported);
    }

    #[test]
    fn near_misses() {
        assert_eq!(near_property(Scope::Queue, "accesible-node-labels"), Some("accessible-node-labels"));
        assert_eq!(near_property(Scope::Hadoop, "yarn.acl.enabled"), Some("yarn.acl.enable"));
        assert_eq!(near_property(Scope::Spark, "spark.executor.memoryoverhead"), Some("spark.executor.memoryOverhead"));
        assert_eq!(near_property(Scope::Spark, "spark.executer.memory"), Some("spark.executor.memory"));
        assert_eq!(near_property(Scope::Spark, "spark.executor.memory"), None);
        assert_eq!(near_property(Scope::Spark, "spark.my.company.setting"), None);
    }

    proptest! {
        #[test]
        fn any_name_and_value_has_an_answer_or_none(name in ".{0,60}", value in ".{0,30}") {
            for scope in [Scope::Spark, Scope::EmrSpark, Scope::Hadoop, Scope::Queue, Scope::Livy, Scope::Env, Scope::Hive] {
                let found = property(scope, &name, Some(&value));
                if matches!(scope, Scope::Hadoop | Scope::Livy | Scope::Env | Scope::Hive) {
                    prop_assert!(found.is_some());
                }
                let _ = near_property(scope, &name);
            }
        }
    }
}
