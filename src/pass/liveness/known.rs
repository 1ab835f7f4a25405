//! What a document is known to be: an object, with these fields.
use crate::simulate::value::Value;
use std::collections::BTreeMap;

/// Nothing is noted deeper than this.
const DEEPEST: usize = 6;
/// With more fields than this only the outermost are noted.
const MOST: usize = 200;

/// What holds for a document on every way to where it stands. A field that is noted is there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// Always so where fields are noted.
    object: bool,
    fields: BTreeMap<String, Known>,
}

impl Known {
    /// An object with these fields.
    #[must_use]
    pub fn object(fields: impl IntoIterator<Item = (String, Known)>) -> Self {
        Self { object: true, fields: fields.into_iter().collect() }.bounded()
    }

    #[must_use]
    pub fn of(value: &Value) -> Self {
        let Some(object) = value.as_object() else { return Self::default() };
        Self::object(object.iter().map(|(name, value)| (name.to_string(), Self::of(value))))
    }

    #[must_use]
    pub fn is_object(&self) -> bool {
        self.object
    }

    /// What is known of a field; `None`: not even that it is there.
    #[must_use]
    pub fn below(&self, names: &[String]) -> Option<&Self> {
        names.iter().try_fold(self, |at, name| at.fields.get(name))
    }

    /// Whether every object around a field is one.
    #[must_use]
    pub fn takes(&self, names: &[String]) -> bool {
        (0..names.len()).all(|length| self.below(&names[..length]).is_some_and(Self::is_object))
    }

    /// Notes that a field is there.
    pub fn learn(&mut self, names: &[String]) {
        if names.len() > DEEPEST {
            return;
        }
        let mut at = self;
        for name in names {
            at.object = true;
            at = at.fields.entry(name.clone()).or_default();
        }
    }

    /// The same with another value at a place.
    #[must_use]
    pub fn with(mut self, names: &[String], value: Known) -> Self {
        if names.len() > DEEPEST {
            return Self { object: true, fields: BTreeMap::new() };
        }
        let mut at = &mut self;
        for name in names {
            at.object = true;
            at = at.fields.entry(name.clone()).or_default();
        }
        *at = value;
        self.bounded()
    }

    /// What both are known to be.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        let shared = self.fields.iter().filter_map(|(name, own)| Some((name.clone(), own.common(other.fields.get(name)?))));
        Self { object: self.object && other.object, fields: shared.collect() }
    }

    fn size(&self) -> usize {
        1 + self.fields.values().map(Self::size).sum::<usize>()
    }

    fn bounded(self) -> Self {
        fn cut(known: Known, depth: usize) -> Known {
            let fields = if depth == 0 {
                BTreeMap::new()
            } else {
                known.fields.into_iter().map(|(name, known)| (name, cut(known, depth - 1))).collect()
            };
            Known { object: known.object, fields }
        }
        let out = cut(self, DEEPEST);
        if out.size() > MOST { cut(out, 1) } else { out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn facts() {
        let mut known = Known::default();
        assert!(!known.is_object() && !known.takes(&names("a")));
        known.learn(&names("a.b"));
        assert!(known.takes(&names("a.x")) && known.takes(&names("x")) && !known.takes(&names("x.y")) && !known.takes(&names("a.b.c")));
        let other = Known::default().with(&names("a"), Known::of(&Value::parse(r#"{"c":1}"#).expect("JSON")));
        assert!(other.below(&names("a.c")).is_some());
        let common = known.common(&other);
        assert!(common.takes(&names("a.x")) && common.below(&names("a.b")).is_none());
        assert_eq!(known.common(&Known::default()), Known::default());
    }
}
