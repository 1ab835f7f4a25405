//! Where something is: a byte range of a source file, and sets of such ranges.
use std::fmt;

/// Number of a file in [`Files`](super::files::Files).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileId(pub u32);

/// A byte range `start..end` of a file. For an embedded document it is the range in the *outer* file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// Offsets that do not fit (files are limited to 64 MiB before) saturate.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// Whether `inner` lies in this range (equal ranges included).
    #[must_use]
    pub fn contains(self, inner: Span) -> bool {
        self.file == inner.file && self.start <= inner.start && inner.end <= self.end
    }

    #[must_use]
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// The set of source ranges that shaped a value: sorted, without duplicates.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origins(Vec<Span>);

impl Origins {
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn one(span: Span) -> Self {
        Self(vec![span])
    }

    pub fn add(&mut self, span: Span) {
        if let Err(at) = self.0.binary_search(&span) {
            self.0.insert(at, span);
        }
    }

    pub fn extend(&mut self, other: &Origins) {
        for span in &other.0 {
            self.add(*span);
        }
    }

    /// The union of both.
    #[must_use]
    pub fn with(mut self, other: &Origins) -> Self {
        self.extend(other);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = Span> + '_ {
        self.0.iter().copied()
    }

    #[must_use]
    pub fn first(&self) -> Option<Span> {
        self.0.first().copied()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Span> for Origins {
    fn from(span: Span) -> Self {
        Self::one(span)
    }
}

impl FromIterator<Span> for Origins {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let mut spans: Vec<Span> = spans.into_iter().collect();
        spans.sort_unstable();
        spans.dedup();
        Self(spans)
    }
}

impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|s| format!("{}:{}..{}", s.file.0, s.start, s.end))).finish()
    }
}

/// A value and the source ranges that shaped it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sourced<T> {
    pub value: T,
    pub origins: Origins,
}

impl<T> Sourced<T> {
    pub fn new(value: T, origins: impl Into<Origins>) -> Self {
        Self { value, origins: origins.into() }
    }

    /// The first place this value comes from; what a diagnostic about it points at.
    pub fn span(&self) -> Option<Span> {
        self.origins.first()
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: f(self.value), origins: self.origins }
    }

    pub fn as_ref(&self) -> Sourced<&T> {
        Sourced { value: &self.value, origins: self.origins.clone() }
    }
}
