//! Paths for those who translate them.
use super::{Path, Step};

/// A step of a path that names one place, or all elements of an array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlainStep<'p> {
    Name(&'p str),
    Index(i64),
    /// `[*]`, `.*`.
    Every,
}

impl Path {
    /// The steps; `None` where one is of another kind.
    #[must_use]
    pub fn plain_steps(&self) -> Option<Vec<PlainStep<'_>>> {
        fn plain(step: &Step) -> Option<PlainStep<'_>> {
            match step {
                Step::Names(names) => match names.as_slice() {
                    [name] => Some(PlainStep::Name(name)),
                    _ => None,
                },
                Step::Indexes(indexes) => match indexes.as_slice() {
                    [index] => Some(PlainStep::Index(*index)),
                    _ => None,
                },
                Step::Wildcard => Some(PlainStep::Every),
                Step::Slice(..) | Step::Scan | Step::Filter(_) | Step::Call(..) => None,
            }
        }
        self.steps.steps.iter().map(plain).collect()
    }
}
