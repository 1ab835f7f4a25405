//! Options of the Java virtual machine that keep Java 17 from starting.
use super::table::rows;

/// Why Java 17 does not start with this option (`-XX:+UseConcMarkSweepGC`, `-XX:CMSInitiatingOccupancyFraction=70`);
/// `None` when it does, or when the text is no `-XX:` option.
#[must_use]
pub fn removed_in_java_17(option: &str) -> Option<&'static str> {
    let name = option.strip_prefix("-XX:")?;
    let name = name.strip_prefix(['+', '-']).unwrap_or(name);
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    // Options of the one removed collector go by its name, and there are too many to list.
    let reason =
        |wanted: &str| rows::<2>(include_str!("data/java_flags.tsv")).find(|[known, _]| *known == wanted).map(|[_, reason]| reason);
    reason(name).or_else(|| if name.starts_with("CMS") { reason("UseConcMarkSweepGC") } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_and_kept_options() {
        for option in ["-XX:+UseConcMarkSweepGC", "-XX:CMSInitiatingOccupancyFraction=70", "-XX:-UseParNewGC", "-XX:+PrintGCDateStamps"] {
            assert!(removed_in_java_17(option).is_some(), "{option}");
        }
        for option in ["-XX:+UseG1GC", "-Dx=-XX:+UseParNewGC", "-XX:MaxMetaspaceSize=256m", "-Xss4m", "", "-XX:"] {
            assert_eq!(removed_in_java_17(option), None, "{option}");
        }
    }
}
