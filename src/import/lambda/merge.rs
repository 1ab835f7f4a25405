//! Two states into one, where a condition is not known, and two states compared, where it is.
use super::state::{Cell, Content, DEPTH, Effect, Id, Item, Scope, State, same_val, unknown};
use crate::ir::value::{Unknown, Val, Value};
use crate::source::span::{Origins, Sourced};
use std::collections::BTreeMap;

/// Adds `origins` to what in `a` differs from `b`.
fn stamp_val(a: &mut Val, b: Option<&Val>, origins: &Origins) {
    if b.is_some_and(|b| same_val(a, b)) {
        return;
    }
    if let (Value::Map(entries), Some(Value::Map(others))) = (&mut a.value, b.map(|b| &b.value)) {
        for (key, value) in entries.iter_mut() {
            stamp_val(value, others.iter().find(|(other, _)| other.value == key.value).map(|(_, v)| v), origins);
        }
        if others.iter().all(|(other, _)| entries.iter().any(|(key, _)| key.value == other.value)) {
            return;
        }
    }
    a.origins.extend(origins);
}

/// What is known when either may be.
fn merge_val(a: &Val, b: &Val, why: &Unknown) -> Val {
    if same_val(a, b) {
        return a.clone().shaped_by(&b.origins);
    }
    if let (Value::Map(x), Value::Map(y)) = (&a.value, &b.value) {
        let mut out: Vec<(Sourced<String>, Val)> = Vec::new();
        for (key, value) in x {
            let merged = y.iter().find(|(k, _)| k.value == key.value).map(|(_, other)| merge_val(value, other, why));
            out.push((key.clone(), merged.unwrap_or_else(|| unknown(why).shaped_by(&value.all_origins()))));
        }
        for (key, value) in y.iter().filter(|(key, _)| x.iter().all(|(k, _)| k.value != key.value)) {
            out.push((key.clone(), unknown(why).shaped_by(&value.all_origins())));
        }
        return Val::new(Value::Map(out), a.origins.clone().with(&b.origins));
    }
    unknown(why).shaped_by(&a.all_origins()).shaped_by(&b.all_origins())
}

impl State {
    /// Adds `origins` to everything that `other`, the state after the branch not taken, has differently.
    pub(super) fn stamp(&mut self, other: &State, origins: &Origins) {
        let mut globals = std::mem::take(&mut self.globals);
        for (module, scope) in &mut globals {
            self.stamp_scope(scope, other, other.globals.get(module), origins);
        }
        self.globals = globals;
        let mut frames = std::mem::take(&mut self.frames);
        for (i, frame) in frames.iter_mut().enumerate() {
            self.stamp_scope(&mut frame.locals, other, other.frames.get(i).map(|f| &f.locals), origins);
        }
        self.frames = frames;
        for (i, effect) in self.effects.iter_mut().enumerate() {
            let twin = other.effects.get(i).filter(|twin| twin.kind.alike(&effect.kind));
            let twins = twin.map(|twin| twin.kind.vals()).unwrap_or_default();
            for (at, val) in effect.kind.vals_mut().into_iter().enumerate() {
                stamp_val(val, twins.get(at).copied(), origins);
            }
        }
        if self.effects.len() != other.effects.len() {
            self.control.extend(origins);
        }
    }

    fn stamp_scope(&mut self, scope: &mut Scope, other: &State, twin: Option<&Scope>, origins: &Origins) {
        for (name, item) in scope.iter_mut() {
            self.stamp_item(item, other, twin.and_then(|scope| scope.get(name)), origins, 0);
        }
    }

    pub(super) fn stamp_item(&mut self, item: &mut Item, other: &State, twin: Option<&Item>, origins: &Origins, depth: usize) {
        if depth > DEPTH || twin.is_some_and(|twin| self.same(item, other, twin)) {
            return;
        }
        if let (Item::Dict(id, _), Some(twin)) = (&*item, twin)
            && let Some(others) = other.entries(twin)
        {
            let id = *id;
            let mut entries = match self.cells.get_mut(id).map(|c| &mut c.content) {
                Some(Content::Dict(entries)) => std::mem::take(entries),
                _ => Vec::new(),
            };
            for (key, value) in &mut entries {
                let twin = others.iter().find(|(k, _)| k.value == key.value).map(|(_, v)| v);
                self.stamp_item(value, other, twin, origins, depth + 1);
            }
            let lacks = others.iter().any(|(k, _)| entries.iter().all(|(key, _)| key.value != k.value));
            if let Some(Content::Dict(place)) = self.cells.get_mut(id).map(|c| &mut c.content) {
                *place = entries;
            }
            if !lacks {
                return;
            }
        }
        item.shape(origins);
    }

    /// What is known when the run may have come by either way. Both have the same frames.
    pub(super) fn merge(&mut self, mut other: State, base: usize, why: &Unknown) {
        // Cells that only the other branch made get new numbers after ours.
        let shift = self.cells.len().saturating_sub(base);
        for cell in &mut other.cells {
            renumber_cell(cell, base, shift);
        }
        for scope in other.globals.values_mut().chain(other.frames.iter_mut().map(|f| &mut f.locals)) {
            for item in scope.values_mut() {
                renumber(item, base, shift);
            }
        }
        let mut theirs = std::mem::take(&mut other.cells);
        let added: Vec<Cell> = theirs.split_off(base.min(theirs.len()));
        self.cells.extend(added);
        let mut made = BTreeMap::new();
        for (id, cell) in theirs.into_iter().enumerate() {
            self.merge_cell(id, &cell, why, &mut made);
        }
        let mut globals = std::mem::take(&mut self.globals);
        for (module, scope) in other.globals {
            match globals.get_mut(&module) {
                Some(ours) => self.merge_scope(ours, scope, why, &mut made),
                None => {
                    globals.insert(module, scope);
                }
            }
        }
        self.globals = globals;
        let mut frames = std::mem::take(&mut self.frames);
        for (ours, theirs) in frames.iter_mut().zip(other.frames) {
            self.merge_scope(&mut ours.locals, theirs.locals, why, &mut made);
            for maybe in theirs.maybe.into_iter().skip(ours.maybe.len()) {
                let (mut item, why) = maybe;
                renumber(&mut item, base, shift);
                ours.maybe.push((item, why));
            }
        }
        self.frames = frames;
        self.merge_effects(other.effects, why);
        self.control.extend(&other.control);
        if self.conditional.is_none() {
            self.conditional = other.conditional;
        }
    }

    pub(super) fn merge_effects(&mut self, theirs: Vec<Effect>, why: &Unknown) {
        let shared = self.effects.iter().zip(&theirs).take_while(|(a, b)| a.span == b.span && a.kind.alike(&b.kind)).count();
        let alike = self.effects.len() == theirs.len() && self.effects.iter().zip(&theirs).all(|(a, b)| a.kind.alike(&b.kind));
        if alike {
            for (ours, theirs) in self.effects.iter_mut().zip(&theirs) {
                for (a, b) in ours.kind.vals_mut().into_iter().zip(theirs.kind.vals()) {
                    *a = merge_val(a, b, why);
                }
                if ours.conditional.is_none() {
                    ours.conditional.clone_from(&theirs.conditional);
                }
            }
            return;
        }
        self.effects.extend(theirs.into_iter().skip(shared));
        for effect in self.effects.iter_mut().skip(shared) {
            if effect.conditional.is_none() {
                effect.conditional = Some(why.clone());
            }
        }
    }

    fn merge_scope(&mut self, ours: &mut Scope, theirs: Scope, why: &Unknown, made: &mut BTreeMap<(Id, Id), Id>) {
        let lone: Vec<String> = ours.keys().filter(|name| !theirs.contains_key(*name)).cloned().collect();
        for (name, theirs) in theirs {
            let merged = match ours.get(&name) {
                Some(item) => {
                    let item = item.clone();
                    self.merge_item(&item, &theirs, why, made, 0)
                }
                None => Item::Scalar(unknown(why).shaped_by(&self.val(&theirs).all_origins())),
            };
            ours.insert(name, merged);
        }
        for name in lone {
            if let Some(item) = ours.get_mut(&name) {
                *item = Item::Scalar(unknown(why).shaped_by(&self.val(item).all_origins()));
            }
        }
    }

    /// Merges two items of this state.
    pub(super) fn merge_item(&mut self, a: &Item, b: &Item, why: &Unknown, made: &mut BTreeMap<(Id, Id), Id>, depth: usize) -> Item {
        match (a, b) {
            (Item::Dict(x, own), Item::Dict(y, theirs)) | (Item::List(x, own), Item::List(y, theirs)) if x == y => {
                let origins = own.clone().with(theirs);
                if matches!(a, Item::Dict(..)) { Item::Dict(*x, origins) } else { Item::List(*x, origins) }
            }
            _ if self.same(a, self, b) => a.clone().shaped_by(&b.origins()),
            (Item::Dict(x, own), Item::Dict(y, theirs)) if depth < DEPTH => {
                let origins = own.clone().with(theirs);
                if let Some(id) = made.get(&(*x, *y)) {
                    return Item::Dict(*id, origins);
                }
                let copy = self.cells.get(*x).cloned().unwrap_or(Cell {
                    content: Content::Dict(Vec::new()),
                    shaped: Origins::none(),
                    spoiled: None,
                });
                self.cells.push(copy);
                let id = self.cells.len() - 1;
                made.insert((*x, *y), id);
                if let Some(other) = self.cells.get(*y).cloned() {
                    self.merge_cell_within(id, &other, why, made, depth + 1);
                }
                Item::Dict(id, origins)
            }
            _ => {
                let origins = self.val(a).all_origins().with(&self.val(b).all_origins());
                Item::Scalar(unknown(why).shaped_by(&origins))
            }
        }
    }

    fn merge_cell(&mut self, id: Id, theirs: &Cell, why: &Unknown, made: &mut BTreeMap<(Id, Id), Id>) {
        self.merge_cell_within(id, theirs, why, made, 0);
    }

    fn merge_cell_within(&mut self, id: Id, theirs: &Cell, why: &Unknown, made: &mut BTreeMap<(Id, Id), Id>, depth: usize) {
        let Some(ours) = self.cells.get(id).cloned() else { return };
        let mut merged = ours.clone();
        merged.shaped.extend(&theirs.shaped);
        merged.spoiled = ours.spoiled.or_else(|| theirs.spoiled.clone());
        match (&ours.content, &theirs.content) {
            (Content::List(a), Content::List(b)) if a.len() == b.len() => {
                merged.content = Content::List(a.iter().zip(b).map(|(a, b)| self.merge_item(a, b, why, made, depth)).collect());
            }
            (Content::Dict(a), Content::Dict(b)) => {
                let mut entries = Vec::new();
                for (key, item) in a {
                    let item = match b.iter().find(|(k, _)| k.value == key.value) {
                        Some((_, other)) => self.merge_item(item, other, why, made, depth),
                        None => Item::Scalar(unknown(why).shaped_by(&self.val(item).all_origins())),
                    };
                    entries.push((key.clone(), item));
                }
                for (key, item) in b.iter().filter(|(key, _)| a.iter().all(|(k, _)| k.value != key.value)) {
                    entries.push((key.clone(), Item::Scalar(unknown(why).shaped_by(&self.val(item).all_origins()))));
                }
                merged.content = Content::Dict(entries);
            }
            _ => merged.spoiled = merged.spoiled.or_else(|| Some(why.clone())),
        }
        if let Some(place) = self.cells.get_mut(id) {
            *place = merged;
        }
    }
}

fn renumber(item: &mut Item, base: usize, shift: usize) {
    match item {
        Item::List(id, _) | Item::Dict(id, _) if *id >= base => *id += shift,
        Item::Method(receiver, _) => renumber(receiver, base, shift),
        _ => {}
    }
}

fn renumber_cell(cell: &mut Cell, base: usize, shift: usize) {
    match &mut cell.content {
        Content::List(items) => items.iter_mut().for_each(|item| renumber(item, base, shift)),
        Content::Dict(entries) => entries.iter_mut().for_each(|(_, item)| renumber(item, base, shift)),
    }
}
