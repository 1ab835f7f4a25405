//! What a run of a handler knows: variables, lists and dictionaries, and the calls made so far.
use crate::ir::value::{Segment, Symbol, SymbolKind, Unknown, Val, Value};
use crate::source::span::{Origins, Sourced, Span};
use std::cell::Cell as Counter;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Number of a list or dictionary in the heap.
pub(super) type Id = usize;

/// How deep lists and dictionaries are looked into; a list that holds itself has no end.
pub(super) const DEPTH: usize = 32;

/// A Python object.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// `None`, a boolean, a number, a text, a symbol or something unknown; never a list or a map.
    Scalar(Val),
    List(Id, Origins),
    Dict(Id, Origins),
    /// A function of the sources: its number.
    Function(usize),
    /// A module of the sources: its path.
    Module(String),
    /// Something of a library, by its dotted name.
    Path(String),
    Object(Rc<Object>, Origins),
    /// An attribute that is called: the receiver and the name.
    Method(Box<Item>, String),
}

/// What libraries make.
#[derive(Clone, Debug)]
pub(super) enum Object {
    /// A client of boto3: the service.
    Client(Val),
    /// `http.client.HTTPSConnection`: the address up to the path.
    Connection(Val),
    /// `urllib.request.Request`.
    Request { url: Val, method: Option<Val>, body: Option<Val> },
    /// The response of a call: its number.
    Reply(usize),
    /// The text or the bytes of a response.
    ReplyText(usize),
    /// The text that `json.dumps` made of a value.
    Json(Val),
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    List(Vec<Item>),
    Dict(Vec<(Sourced<String>, Item)>),
}

/// A list or dictionary, what decided which items it has, and why its content is not known, when it is not.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub content: Content,
    pub shaped: Origins,
    pub spoiled: Option<Unknown>,
}

/// A call to another system.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    pub kind: EffectKind,
    pub span: Span,
    /// Why it is not known whether the call is made.
    pub conditional: Option<Unknown>,
}

#[derive(Clone, Debug)]
pub(super) enum EffectKind {
    Http {
        method: Val,
        url: Val,
        body: Option<Val>,
    },
    /// Service, operation, named arguments as a map.
    Aws {
        service: Val,
        operation: String,
        arguments: Val,
    },
    /// A client library of a chat: which, and the message's arguments.
    Chat {
        channel: String,
        arguments: Val,
    },
}

impl EffectKind {
    pub(super) fn vals(&self) -> Vec<&Val> {
        match self {
            EffectKind::Http { method, url, body } => [Some(method), Some(url), body.as_ref()].into_iter().flatten().collect(),
            EffectKind::Aws { service, arguments, .. } => vec![service, arguments],
            EffectKind::Chat { arguments, .. } => vec![arguments],
        }
    }

    pub(super) fn vals_mut(&mut self) -> Vec<&mut Val> {
        match self {
            EffectKind::Http { method, url, body } => [Some(method), Some(url), body.as_mut()].into_iter().flatten().collect(),
            EffectKind::Aws { service, arguments, .. } => vec![service, arguments],
            EffectKind::Chat { arguments, .. } => vec![arguments],
        }
    }

    /// Whether both are the same kind of call, whatever the arguments.
    pub(super) fn alike(&self, other: &EffectKind) -> bool {
        match (self, other) {
            (EffectKind::Http { method: a, body: x, .. }, EffectKind::Http { method: b, body: y, .. }) => {
                same_val(a, b) && x.is_some() == y.is_some()
            }
            (EffectKind::Aws { service: a, operation: x, .. }, EffectKind::Aws { service: b, operation: y, .. }) => {
                same_val(a, b) && x == y
            }
            (EffectKind::Chat { channel: a, .. }, EffectKind::Chat { channel: b, .. }) => a == b,
            _ => false,
        }
    }
}

pub(super) type Scope = BTreeMap<String, Item>;

/// A function that runs, or the top level of a module.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    pub module: String,
    /// Assignments go to the module's variables.
    pub top: bool,
    pub locals: Scope,
    /// Names declared `global`.
    pub globals: BTreeSet<String>,
    /// Number of the frame whose variables are seen too.
    pub parent: Option<usize>,
    /// What was returned under a condition that is not known.
    pub maybe: Vec<(Item, Unknown)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub cells: Vec<Cell>,
    pub globals: BTreeMap<String, Scope>,
    pub frames: Vec<Frame>,
    pub effects: Vec<Effect>,
    /// Why it is not known whether this point is reached.
    pub conditional: Option<Unknown>,
    /// Known conditions without which this point would not be reached.
    pub control: Origins,
    /// Values built and cells copied so far, by all copies of this state together.
    pub spent: Rc<Counter<u64>>,
}

/// Longest list, dictionary (entries) and text (bytes) that are followed.
pub(super) const LONGEST: usize = 4_096;
pub(super) const LONGEST_TEXT: usize = 65_536;

/// Whether both are the same value, wherever they come from.
pub(super) fn same_val(a: &Val, b: &Val) -> bool {
    match (&a.value, &b.value) {
        (Value::Text(x), Value::Text(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_segment(x, y)),
        (Value::List(x), Value::List(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_val(x, y)),
        (Value::Map(x), Value::Map(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|((k, x), (l, y))| k.value == l.value && same_val(x, y))
        }
        (Value::Symbol(x), Value::Symbol(y)) => same_symbol(x, y),
        (x, y) => x == y,
    }
}

fn same_segment(a: &Segment, b: &Segment) -> bool {
    match (a, b) {
        (Segment::Symbol(a), Segment::Symbol(b)) => same_symbol(a, b),
        (a, b) => a == b,
    }
}

fn same_symbol(a: &Symbol, b: &Symbol) -> bool {
    a.kind == b.kind && a.name == b.name
}

pub(super) fn unknown(why: &Unknown) -> Val {
    Val::new(Value::Unknown(why.clone()), why.span)
}

impl Item {
    pub(super) fn none(origins: impl Into<Origins>) -> Self {
        Item::Scalar(Val::new(Value::Null, origins))
    }

    /// Adds origins to the item itself.
    pub(super) fn shaped_by(mut self, origins: &Origins) -> Self {
        self.shape(origins);
        self
    }

    pub(super) fn shape(&mut self, origins: &Origins) {
        match self {
            Item::Scalar(val) => val.origins.extend(origins),
            Item::List(_, own) | Item::Dict(_, own) | Item::Object(_, own) => own.extend(origins),
            Item::Function(_) | Item::Module(_) | Item::Path(_) | Item::Method(..) => {}
        }
    }

    /// The origins of the item itself.
    pub(super) fn origins(&self) -> Origins {
        match self {
            Item::Scalar(val) => val.origins.clone(),
            Item::List(_, own) | Item::Dict(_, own) | Item::Object(_, own) => own.clone(),
            Item::Method(receiver, _) => receiver.origins(),
            Item::Function(_) | Item::Module(_) | Item::Path(_) => Origins::none(),
        }
    }
}

/// The name of the response of a call: `response`, `response2` …
pub(super) fn response(call: usize) -> String {
    if call == 0 { "response".to_owned() } else { format!("response{}", call + 1) }
}

impl State {
    pub(super) fn list(&mut self, mut items: Vec<Item>, origins: impl Into<Origins>) -> Item {
        let spoiled = (items.len() > LONGEST).then(|| Unknown {
            expression: "a list".to_owned(),
            why: format!("it has more than {LONGEST} items"),
            span: no_span(),
        });
        items.truncate(LONGEST);
        self.spend(items.len());
        self.cells.push(Cell { content: Content::List(items), shaped: Origins::none(), spoiled });
        Item::List(self.cells.len() - 1, origins.into())
    }

    pub(super) fn dict(&mut self, entries: Vec<(Sourced<String>, Item)>, origins: impl Into<Origins>) -> Item {
        self.cells.push(Cell { content: Content::Dict(entries), shaped: Origins::none(), spoiled: None });
        Item::Dict(self.cells.len() - 1, origins.into())
    }

    /// Counts work that is not a step of the program.
    pub(super) fn spend(&self, work: usize) {
        self.spent.set(self.spent.get().saturating_add(work as u64));
    }

    /// A copy to go back to.
    pub(super) fn copy(&self) -> State {
        self.spend(self.cells.len() + self.frames.len());
        self.clone()
    }

    /// The items of a list whose content is known.
    pub(super) fn items(&self, item: &Item) -> Option<Vec<Item>> {
        match item {
            Item::List(id, _) => match self.cells.get(*id)? {
                Cell { content: Content::List(items), spoiled: None, .. } => Some(items.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The entries of a dictionary whose content is known.
    pub(super) fn entries(&self, item: &Item) -> Option<&[(Sourced<String>, Item)]> {
        match item {
            Item::Dict(id, _) => match self.cells.get(*id)? {
                Cell { content: Content::Dict(entries), spoiled: None, .. } => Some(entries),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn content(&mut self, item: &Item) -> Option<&mut Content> {
        match item {
            Item::List(id, _) | Item::Dict(id, _) => self.cells.get_mut(*id).map(|cell| &mut cell.content),
            _ => None,
        }
    }

    /// Notes what decided which items a list or dictionary has.
    pub(super) fn shape_content(&mut self, item: &Item, origins: &Origins) {
        if let Item::List(id, _) | Item::Dict(id, _) = item
            && let Some(cell) = self.cells.get_mut(*id)
        {
            cell.shaped.extend(origins);
        }
    }

    /// Takes a key out of a dictionary; `None` when it does not have it.
    pub(super) fn remove(&mut self, item: &Item, key: &Val) -> Option<Item> {
        let name = key.literal()?;
        let Some(Content::Dict(entries)) = self.content(item) else { return None };
        let at = entries.iter().position(|(known, _)| known.value == name)?;
        let (known, removed) = entries.remove(at);
        self.shape_content(item, &key.origins.clone().with(&known.origins));
        Some(removed)
    }

    /// Sets a key of a dictionary.
    pub(super) fn put(&mut self, item: &Item, key: Sourced<String>, value: Item) {
        if let Some(Content::Dict(entries)) = self.content(item) {
            match entries.iter_mut().find(|(k, _)| k.value == key.value) {
                Some(entry) => *entry = (key, value),
                None => entries.push((key, value)),
            }
        }
    }

    /// The content of this list or dictionary, and of all inside it, is no longer known.
    pub(super) fn spoil(&mut self, item: &Item, why: &Unknown) {
        self.spoil_within(item, why, 0);
    }

    fn spoil_within(&mut self, item: &Item, why: &Unknown, depth: usize) {
        let (Item::List(id, _) | Item::Dict(id, _)) = item else { return };
        let Some(cell) = self.cells.get_mut(*id) else { return };
        if cell.spoiled.is_some() || depth > DEPTH {
            return;
        }
        cell.spoiled = Some(why.clone());
        let inner: Vec<Item> = match &cell.content {
            Content::List(items) => items.clone(),
            Content::Dict(entries) => entries.iter().map(|(_, v)| v.clone()).collect(),
        };
        for item in inner {
            self.spoil_within(&item, why, depth + 1);
        }
    }

    /// An item as a value.
    pub(super) fn val(&self, item: &Item) -> Val {
        let mut budget = 2 * LONGEST;
        let val = self.val_within(item, 0, &mut budget);
        self.spend(2 * LONGEST - budget);
        val
    }

    fn val_within(&self, item: &Item, depth: usize, budget: &mut usize) -> Val {
        let opaque = |what: &str| Val::new(nothing(what), Origins::none());
        *budget = budget.saturating_sub(1);
        if depth > DEPTH || *budget == 0 {
            return opaque("a structure that is too large");
        }
        match item {
            Item::Scalar(val) => val.clone(),
            Item::List(id, origins) | Item::Dict(id, origins) => {
                let Some(cell) = self.cells.get(*id) else { return opaque("a lost structure") };
                let value = match &cell.content {
                    Content::List(items) => Value::List(items.iter().map(|i| self.val_within(i, depth + 1, budget)).collect()),
                    Content::Dict(entries) => {
                        Value::Map(entries.iter().map(|(k, i)| (k.clone(), self.val_within(i, depth + 1, budget))).collect())
                    }
                };
                let val = Val::new(value, origins.clone().with(&cell.shaped));
                match &cell.spoiled {
                    Some(why) => unknown(why).shaped_by(&val.all_origins()),
                    None => val,
                }
            }
            Item::Function(_) => opaque("a function"),
            Item::Module(name) | Item::Path(name) | Item::Method(_, name) => opaque(name),
            Item::Object(object, origins) => match &**object {
                Object::Reply(call) => Val::new(Value::Symbol(self.reply(*call, "#reply")), origins.clone()),
                Object::ReplyText(call) => Val::new(Value::Symbol(self.reply(*call, "#text")), origins.clone()),
                Object::Json(val) => super::text::json(val).map_or_else(
                    || opaque("a JSON text").shaped_by(&val.all_origins()).shaped_by(origins),
                    |text| Val::text(text, val.all_origins().with(origins)),
                ),
                Object::Client(_) => opaque("a client of AWS"),
                Object::Connection(_) => opaque("a connection"),
                Object::Request { .. } => opaque("a request"),
            },
        }
    }

    /// A value as an item of its own.
    pub(super) fn item(&mut self, val: Val) -> Item {
        match val.value {
            Value::List(items) => {
                let items = items.into_iter().map(|v| self.item(v)).collect();
                self.list(items, val.origins)
            }
            Value::Map(entries) => {
                let entries = entries.into_iter().map(|(k, v)| (k, self.item(v))).collect();
                self.dict(entries, val.origins)
            }
            _ => Item::Scalar(val),
        }
    }

    /// A symbol of a call's response: the name of the response, and what of it.
    pub(super) fn reply(&self, call: usize, suffix: &str) -> Symbol {
        let span = self.effects.get(call).map_or_else(no_span, |effect| effect.span);
        Symbol { kind: SymbolKind::Response, name: format!("{}{suffix}", response(call)), span }
    }

    pub(super) fn same(&self, a: &Item, other: &State, b: &Item) -> bool {
        match (a, b) {
            (Item::Path(a), Item::Path(b)) | (Item::Module(a), Item::Module(b)) => a == b,
            (Item::Function(a), Item::Function(b)) => a == b,
            (Item::Method(a, x), Item::Method(b, y)) => x == y && self.same(a, other, b),
            (Item::Object(a, _), Item::Object(b, _)) if Rc::ptr_eq(a, b) => true,
            (Item::Object(a, _), Item::Object(b, _)) => format!("{a:?}") == format!("{b:?}"),
            (Item::List(..), Item::List(..)) | (Item::Dict(..), Item::Dict(..)) | (Item::Scalar(_), Item::Scalar(_)) => {
                same_val(&self.val(a), &other.val(b))
            }
            _ => false,
        }
    }
}

fn no_span() -> Span {
    Span::new(crate::source::span::FileId(0), 0, 0)
}

fn nothing(what: &str) -> Value {
    Value::Unknown(Unknown { expression: what.to_owned(), why: "this is not a value that can be written".to_owned(), span: no_span() })
}
