//! The definition of a name that is nearest to a place.
//!
//! Several repositories can lie in one SRC, so of several definitions with one name the one counts whose file shares the
//! longest folder path with the place that says the name; of equals the first. Each definition is entered under every folder
//! above it, so a look-up costs the depth of the place and not the number of definitions.
use std::collections::BTreeMap;

/// Definitions by name and folder.
#[derive(Default, Debug)]
pub struct Near {
    names: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    first: usize,
    count: usize,
}

/// What a look-up finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nearest {
    pub index: usize,
    /// How many definitions are equally near, this one included.
    pub equals: usize,
}

impl Near {
    /// Enters definition `index` of `name` in the file at `path`. Indices must rise.
    pub fn insert(&mut self, name: &str, path: &str, index: usize) {
        let folders = self.names.entry(name.to_owned()).or_default();
        for folder in above(path) {
            match folders.get_mut(folder) {
                Some(entry) => entry.count += 1,
                None => {
                    folders.insert(folder.to_owned(), Entry { first: index, count: 1 });
                }
            }
        }
    }

    /// The definition of `name` nearest to the file at `place`.
    #[must_use]
    pub fn find(&self, name: &str, place: &str) -> Option<Nearest> {
        let folders = self.names.get(name)?;
        above(place).find_map(|folder| folders.get(folder)).map(|entry| Nearest { index: entry.first, equals: entry.count })
    }

    /// The definitions of `name` in the folder of the file at `place`, or below it.
    #[must_use]
    pub fn beside(&self, name: &str, place: &str) -> Option<Nearest> {
        let folder = above(place).next()?;
        self.names.get(name)?.get(folder).map(|entry| Nearest { index: entry.first, equals: entry.count })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}

/// The folders of a file, from its own up to the top, which is the empty text.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let current = rest?;
        let folder = current.rsplit_once('/').map_or("", |(folder, _)| folder);
        rest = if current.contains('/') { Some(folder) } else { None };
        Some(folder)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_definition_wins() {
        let mut near = Near::default();
        for (index, path) in ["a/x/serverless.yml", "b/x/serverless.yml", "b/y/serverless.yml", "top.yml"].into_iter().enumerate() {
            near.insert("f", path, index);
        }
        let found = |place: &str| near.find("f", place).map(|n| (n.index, n.equals));
        assert_eq!(found("b/step.json"), Some((1, 2)));
        assert_eq!(found("b/y/z/step.json"), Some((2, 1)));
        assert_eq!(found("c/step.json"), Some((0, 4)));
        assert_eq!(found("step.json"), Some((0, 4)));
        assert_eq!(near.find("g", "step.json"), None);
        assert_eq!(near.beside("f", "a/x/other.tf").map(|n| n.index), Some(0));
        assert_eq!(near.beside("f", "a/x/z/other.tf"), None);
    }
}
