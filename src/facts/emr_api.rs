//! The members of EMR's API and what becomes of each.
use super::table::{near, rows};
use std::sync::LazyLock;

/// What becomes of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// The importer takes it into the IR.
    Take,
    /// Its own members have fates: those of this shape.
    Into(&'static str),
    Absorb(&'static str),
    Ignore(&'static str),
    Unsupported(&'static str),
}

static MEMBERS: LazyLock<Vec<(&'static str, &'static str, Fate)>> = LazyLock::new(|| {
    rows::<4>(include_str!("data/emr_api.tsv"))
        .filter_map(|[shape, member, action, argument]| {
            let fate = match action {
                "take" => Fate::Take,
                "into" => Fate::Into(argument),
                "absorb" => Fate::Absorb(argument),
                "ignore" => Fate::Ignore(argument),
                "unsupported" => Fate::Unsupported(argument),
                _ => return None,
            };
            Some((shape, member, fate))
        })
        .collect()
});

/// The fate of a member of a shape. `None` when the shape has no such member.
#[must_use]
pub fn member(shape: &str, name: &str) -> Option<Fate> {
    MEMBERS.iter().find(|(s, m, _)| *s == shape && *m == name).map(|(_, _, fate)| *fate)
}

/// The member of the shape that an unknown name was meant to be.
#[must_use]
pub fn near_member(shape: &str, name: &str) -> Option<&'static str> {
    near(name, MEMBERS.iter().filter(|(s, _, _)| *s == shape).map(|(_, m, _)| *m))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_is_understood_unique_and_has_a_reason() {
        let all: Vec<[&str; 4]> = rows::<4>(include_str!("data/emr_api.tsv")).collect();
        assert_eq!(MEMBERS.len(), all.len());
        let unique: BTreeSet<(&str, &str)> = MEMBERS.iter().map(|(s, m, _)| (*s, *m)).collect();
        assert_eq!(unique.len(), all.len());
        for (shape, name, fate) in MEMBERS.iter() {
            match fate {
                Fate::Take => {}
                Fate::Into(inner) => assert!(MEMBERS.iter().any(|(s, _, _)| s == inner), "{shape}.{name}"),
                Fate::Absorb(why) | Fate::Ignore(why) | Fate::Unsupported(why) => assert!(why.len() > 15, "{shape}.{name}"),
            }
        }
    }

    #[test]
    fn near_members() {
        assert_eq!(member("RunJobFlow", "ReleaseLabel"), Some(Fate::Take));
        assert_eq!(near_member("RunJobFlow", "ReleaseLable"), Some("ReleaseLabel"));
        assert_eq!(near_member("Instances", "Ec2SubnetID"), Some("Ec2SubnetId"));
    }
}
