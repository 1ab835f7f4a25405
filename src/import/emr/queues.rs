//! The queues of YARN's capacity scheduler.
//!
//! A property is `yarn.scheduler.capacity.<path>.<leaf>`, and both may have dots: `root.etl.nightly` and
//! `accessible-node-labels.CORE.capacity`. Which dots belong to the path is known from the `queues` properties, which
//! declare every queue below its parent.
use crate::facts::{self, Scope};
use crate::ir::value::Val;
use crate::source::span::Sourced;
use std::collections::BTreeMap;

pub(super) const PREFIX: &str = "yarn.scheduler.capacity.";

/// A queue as the capacity scheduler has it. Values are texts as written: capacities in percent of the parent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct YarnQueue {
    /// From the root: `root.etl.nightly`.
    pub path: String,
    /// The last part, from the `queues` property that declares it; for `root`, where its own properties stand.
    pub name: Sourced<String>,
    /// The parent's path; `None` for `root`.
    pub parent: Option<String>,
    pub capacity: Option<Sourced<String>>,
    pub maximum_capacity: Option<Sourced<String>>,
    /// `acl_submit_applications`: users and groups, or `*`.
    pub submit_acl: Option<Sourced<String>>,
    /// `RUNNING` or `STOPPED`.
    pub state: Option<Sourced<String>>,
    /// `default-node-label-expression`, where it is not empty.
    pub default_node_label: Option<Sourced<String>>,
}

impl YarnQueue {
    fn new(path: String, name: Sourced<String>, parent: Option<String>) -> Self {
        Self { path, name, parent, capacity: None, maximum_capacity: None, submit_acl: None, state: None, default_node_label: None }
    }
}

/// Where a property of a queue belongs.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Place<'a> {
    /// A declared queue's path, and the leaf.
    Declared(&'a str, &'a str),
    /// A queue that no `queues` property lists.
    Undeclared(&'a str),
}

/// The queues, while they are collected.
#[derive(Default)]
pub(super) struct Queues {
    /// In the order of the `queues` properties, parents before children.
    list: Vec<YarnQueue>,
}

impl Queues {
    /// The queues that these properties declare: names are what follows [`PREFIX`].
    pub fn declared<'a>(properties: impl Iterator<Item = (&'a str, &'a Val)>) -> Self {
        let mut children: BTreeMap<&str, (&Val, Vec<String>)> = BTreeMap::new();
        for (name, value) in properties {
            if let (Some(path), Some(text)) = (name.strip_suffix(".queues"), value.literal()) {
                let names = text.split(',').map(|n| n.trim().to_owned()).filter(|n| !n.is_empty() && !n.contains('.')).collect();
                children.insert(path, (value, names));
            }
        }
        let mut out = Self::default();
        // Breadth first from the root; every path is longer than its parent's, so this ends.
        let mut front = vec!["root".to_owned()];
        while !front.is_empty() {
            let mut next = Vec::new();
            for parent in front {
                let Some((value, names)) = children.remove(parent.as_str()) else { continue };
                for name in names {
                    let path = format!("{parent}.{name}");
                    if out.list.iter().any(|q| q.path == path) {
                        continue;
                    }
                    out.list.push(YarnQueue::new(path.clone(), Sourced::new(name, value.origins.clone()), Some(parent.clone())));
                    next.push(path);
                }
            }
            front = next;
        }
        out
    }

    /// Whether a queue has its name from this value.
    pub fn named_by(&self, value: &Val) -> bool {
        let Some(span) = value.origins.first() else { return false };
        self.list.iter().any(|q| q.name.origins.iter().any(|origin| origin == span))
    }

    /// Splits what follows [`PREFIX`] in a property that begins with `root.`.
    pub fn place<'a>(&self, rest: &'a str) -> Place<'a> {
        let declared = |path: &str| path == "root" || self.list.iter().any(|q| q.path == path);
        let dots: Vec<usize> = rest.match_indices('.').map(|(at, _)| at).collect();
        let Some(dot) = dots.iter().rev().copied().find(|dot| declared(&rest[..*dot])) else {
            return Place::Undeclared(rest);
        };
        let leaf = &rest[dot + 1..];
        if facts::property(Scope::Queue, leaf, None).is_some() {
            return Place::Declared(&rest[..dot], leaf);
        }
        // A known leaf further to the right: what stands between is a queue that nobody declared.
        let further = dots.iter().copied().filter(|d| *d > dot);
        for deeper in further {
            if facts::property(Scope::Queue, &rest[deeper + 1..], None).is_some() {
                return Place::Undeclared(&rest[..deeper]);
            }
        }
        Place::Declared(&rest[..dot], leaf)
    }

    /// Sets a part of a queue: the target of the table's row.
    pub fn set(&mut self, path: &str, part: &str, value: Sourced<String>) {
        // Only the root is declared by nothing.
        let at = self.list.iter().position(|q| q.path == path).unwrap_or_else(|| {
            let name = Sourced::new(path.to_owned(), value.origins.clone());
            self.list.insert(0, YarnQueue::new(path.to_owned(), name, None));
            0
        });
        let Some(queue) = self.list.get_mut(at) else { return };
        let slot = match part {
            "capacity" => &mut queue.capacity,
            "maximum-capacity" => &mut queue.maximum_capacity,
            "acl" => &mut queue.submit_acl,
            "state" => &mut queue.state,
            "label" => &mut queue.default_node_label,
            _ => return,
        };
        *slot = Some(value);
    }

    pub fn finish(self) -> Vec<YarnQueue> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::span::{FileId, Span};

    fn queues(list: &[(&str, &str)]) -> Queues {
        let values: Vec<(&str, Val)> = list.iter().map(|(n, v)| (*n, Val::text(*v, Span::new(FileId(0), 0, 1)))).collect();
        Queues::declared(values.iter().map(|(n, v)| (*n, v)))
    }

    #[test]
    fn paths_and_leaves_with_dots() {
        let queues = queues(&[("root.queues", "etl, adhoc"), ("root.etl.queues", "nightly")]);
        assert_eq!(queues.list.iter().map(|q| q.path.as_str()).collect::<Vec<_>>(), ["root.etl", "root.adhoc", "root.etl.nightly"]);
        assert_eq!(queues.place("root.etl.nightly.capacity"), Place::Declared("root.etl.nightly", "capacity"));
        assert_eq!(
            queues.place("root.etl.accessible-node-labels.CORE.capacity"),
            Place::Declared("root.etl", "accessible-node-labels.CORE.capacity")
        );
        assert_eq!(queues.place("root.capacity"), Place::Declared("root", "capacity"));
        assert_eq!(queues.place("root.other.capacity"), Place::Undeclared("root.other"));
        assert_eq!(queues.place("root.etl.capcity"), Place::Declared("root.etl", "capcity"));
        assert_eq!(queues.place("root."), Place::Declared("root", ""));
    }

    #[test]
    fn a_queue_that_lists_itself_does_not_go_on_for_ever() {
        let queues = queues(&[("root.queues", "root,a,a,,b.c"), ("root.root.queues", "root")]);
        assert_eq!(queues.list.len(), 3);
    }
}
