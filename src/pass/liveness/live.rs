//! What is read of a document: nothing, or a tree of its fields.
use std::collections::BTreeMap;

/// Deeper than this all of a field counts as read: in a loop that selects from the document, paths would grow with every turn.
const DEEPEST: usize = 12;
/// With more fields than this all of the document counts as read.
const MOST: usize = 400;

/// The part of a document that somebody reads from some place on.
///
/// Two documents are *alike* for it if nothing is read; or if they are equal; or if not all is read, both are objects, and every field of the tree is in
/// both or in none, and alike. So a field that is in the tree counts with its kind and with its being there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Live(Option<Tree>);

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Tree {
    all: bool,
    fields: BTreeMap<String, Tree>,
}

impl Live {
    #[must_use]
    pub fn nothing() -> Self {
        Self(None)
    }

    #[must_use]
    pub fn all() -> Self {
        Self(Some(Tree::all()))
    }

    /// Whether it is an object, and what it is where it is none.
    #[must_use]
    pub fn kind() -> Self {
        Self(Some(Tree::default()))
    }

    /// All of one field.
    #[must_use]
    pub fn field(names: &[String]) -> Self {
        Self::all().under(names)
    }

    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    /// Adds what somebody else reads. Gives whether that is more.
    pub fn add(&mut self, other: &Live) -> bool {
        let Some(other) = &other.0 else { return false };
        let Some(tree) = &mut self.0 else {
            self.0 = Some(other.clone());
            return true;
        };
        let more = tree.add(other);
        if more && tree.size() > MOST {
            *tree = Tree::all();
        }
        more
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: &Live) -> Self {
        self.add(other);
        self
    }

    /// Whether a field or a part of it is read, or whether it is there.
    #[must_use]
    pub fn holds(&self, names: &[String]) -> bool {
        !self.below(names).is_nothing()
    }

    /// What is read of a field.
    #[must_use]
    pub fn below(&self, names: &[String]) -> Self {
        let mut at = self.0.as_ref();
        for name in names {
            at = match at {
                Some(tree) if tree.all => return Self::all(),
                Some(tree) => tree.fields.get(name),
                None => return Self::nothing(),
            };
        }
        Self(at.cloned())
    }

    /// The same of a document in which something took the field's place. The objects around it still must be some.
    #[must_use]
    pub fn without(&self, names: &[String]) -> Self {
        fn cut(tree: &mut Tree, names: &[String]) {
            let Some((first, rest)) = names.split_first() else { return };
            if rest.is_empty() {
                tree.fields.remove(first);
            } else if let Some(inner) = tree.fields.get_mut(first) {
                cut(inner, rest);
            }
        }
        let mut out = self.clone();
        if let Some(tree) = &mut out.0 {
            cut(tree, names);
        }
        out
    }

    /// The same of a document that has this one as a field.
    #[must_use]
    pub fn under(self, names: &[String]) -> Self {
        let Some(tree) = self.0 else { return self };
        let out = names.iter().rev().fold(tree, |tree, name| Tree { all: false, fields: BTreeMap::from([(name.clone(), tree)]) });
        Self(Some(out.bounded(0)))
    }
}

impl Tree {
    fn all() -> Self {
        Self { all: true, fields: BTreeMap::new() }
    }

    fn add(&mut self, other: &Tree) -> bool {
        if self.all {
            return false;
        }
        if other.all {
            *self = Self::all();
            return true;
        }
        let mut more = false;
        for (name, tree) in &other.fields {
            match self.fields.get_mut(name) {
                Some(own) => more |= own.add(tree),
                None => {
                    self.fields.insert(name.clone(), tree.clone());
                    more = true;
                }
            }
        }
        more
    }

    fn size(&self) -> usize {
        1 + self.fields.values().map(Tree::size).sum::<usize>()
    }

    fn bounded(mut self, depth: usize) -> Self {
        if depth >= DEEPEST {
            return Self::all();
        }
        self.fields = self.fields.into_iter().map(|(name, tree)| (name, tree.bounded(depth + 1))).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str) -> Vec<String> {
        path.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn trees() {
        let mut live = Live::nothing();
        assert!(!live.holds(&names("a")));
        assert!(live.add(&Live::field(&names("a.b"))));
        assert!(!live.add(&Live::field(&names("a.b"))));
        assert!(!live.add(&Live::field(&names("a.b.c"))));
        assert!(live.holds(&names("a")) && live.holds(&names("a.b.c")) && !live.holds(&names("a.x")));
        assert_eq!(live.without(&names("a.b")), Live::kind().under(&names("a")));
        assert_eq!(live.without(&names("a")), Live::kind());
        assert_eq!(live.below(&names("a")), Live::field(&names("b")));
        assert!(live.add(&Live::all()));
        assert!(live.holds(&names("anything")));
        assert_eq!(live.without(&names("a")), Live::all());
    }

    #[test]
    fn paths_do_not_grow_without_end() {
        let mut live = Live::field(&names("a"));
        for _ in 0..1000 {
            let deeper = live.clone().under(&names("o"));
            live.add(&deeper);
        }
        let deeper = live.clone().under(&names("o"));
        assert!(!live.add(&deeper));
    }
}
