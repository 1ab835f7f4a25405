//! EMR's configuration classifications.
use super::properties::Scope;
use super::table::{near, rows};
use std::sync::LazyLock;

/// What becomes of a classification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Treatment {
    /// Each property by itself, looked up in this scope of [`properties`](super::properties).
    Properties(Scope),
    /// All of it is made needless; why.
    Absorb(&'static str),
    /// All of it has no meaning on the target; why.
    Ignore(&'static str),
    /// All of it is not translated; why.
    Unsupported(&'static str),
}

static CLASSIFICATIONS: LazyLock<Vec<(&'static str, Treatment)>> = LazyLock::new(|| {
    rows::<3>(include_str!("data/classifications.tsv"))
        .filter_map(|[name, treatment, reason]| {
            let treatment = match treatment {
                "absorb" => Treatment::Absorb(reason),
                "ignore" => Treatment::Ignore(reason),
                "unsupported" => Treatment::Unsupported(reason),
                scope => Treatment::Properties(Scope::named(scope)?),
            };
            Some((name, treatment))
        })
        .collect()
});

/// What becomes of the classification of this name. `None` when EMR has no such classification.
#[must_use]
pub fn classification(name: &str) -> Option<Treatment> {
    CLASSIFICATIONS.iter().find(|(known, _)| *known == name).map(|(_, treatment)| *treatment)
}

/// The classification that a name which EMR does not know was meant to be.
#[must_use]
pub fn near_classification(name: &str) -> Option<&'static str> {
    near(name, CLASSIFICATIONS.iter().map(|(known, _)| *known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_understood_and_has_a_reason() {
        let lines = rows::<3>(include_str!("data/classifications.tsv")).count();
        assert_eq!(CLASSIFICATIONS.len(), lines);
        assert!(lines > 150);
        for (name, treatment) in CLASSIFICATIONS.iter() {
            match treatment {
                Treatment::Properties(_) => {}
                Treatment::Absorb(why) | Treatment::Ignore(why) | Treatment::Unsupported(why) => {
                    assert!(why.len() > 10, "{name}");
                }
            }
        }
    }

    #[test]
    fn known_and_near() {
        assert_eq!(classification("core-site"), Some(Treatment::Properties(Scope::Hadoop)));
        assert_eq!(classification("spark-defaults"), Some(Treatment::Properties(Scope::Spark)));
        assert_eq!(classification("core_site"), None);
        assert_eq!(near_classification("core_site"), Some("core-site"));
        assert_eq!(near_classification("spark-default"), Some("spark-defaults"));
        assert_eq!(near_classification("completely-different"), None);
    }
}
