//! The evaluator: what it carries from statement to statement, and how it follows conditions.
use super::module::{Modules, PythonModule};
use super::state::{Frame, Item, State, unknown};
use crate::ir::value::{Unknown, Val, Value};
use crate::source::files::join;
use crate::source::span::{Origins, Sourced, Span};
use ruff_python_ast::{Expr, Parameters, Stmt};
use ruff_text_size::{Ranged, TextRange};
use std::collections::{BTreeMap, BTreeSet};

/// Statements and expressions of one evaluation; a loop over a long list ends here.
const FUEL: u32 = 60_000;
/// Values built and cells copied in one evaluation.
const WORK: u64 = 500_000;
/// Of a branch that is evaluated only to see what it would have changed.
const FUEL_ASIDE: u32 = 4_000;
/// Nesting of expressions, blocks and calls together: each level is a few frames of the stack.
const DEPTH: u32 = 90;

/// How a block ends.
#[derive(Clone, Debug)]
pub(super) enum Flow {
    Next,
    Return(Item),
    Raise,
    Break,
    Continue,
    /// Whether the loop goes on cannot be known.
    Lost(Unknown),
}

/// A function of the sources.
pub(super) struct Callable<'a> {
    pub module: String,
    pub name: String,
    pub parameters: Option<&'a Parameters>,
    pub body: Body<'a>,
    pub defaults: Vec<(String, Item)>,
    /// The frame that encloses a nested function.
    pub parent: Option<usize>,
    /// Why it cannot be evaluated.
    pub opaque: Option<String>,
    pub span: Span,
}

#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    Block(&'a [Stmt]),
    Lambda(&'a Expr),
}

/// Something that a person should know about the run.
pub(super) enum Note {
    /// An event is refused before a call is made.
    Guard { span: Span, condition: String },
    /// The failure of a call is handled in a way that is lost.
    Handler { span: Span, what: String },
    /// A call of which nothing is known.
    Call { span: Span, what: String },
}

pub(super) struct Evaluator<'a> {
    pub modules: &'a dyn Modules,
    pub environment: &'a [(Sourced<String>, Val)],
    /// Folder in which Python finds modules, relative to SRC.
    pub root: &'a str,
    pub state: State,
    pub functions: Vec<Callable<'a>>,
    /// Literals and environment values that were evaluated.
    pub visited: BTreeSet<Span>,
    /// Environment variables that were read, whatever became of them.
    pub read: BTreeSet<String>,
    pub notes: Vec<Note>,
    /// Above zero while a branch is evaluated aside: nothing of it is noted.
    pub quiet: u32,
    pub fuel: u32,
    pub depth: u32,
    /// Evaluations so far that may raise an exception when it runs: fields of the event, conversions, the unknown.
    pub risks: u32,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(modules: &'a dyn Modules, environment: &'a [(Sourced<String>, Val)], root: &'a str) -> Self {
        Self {
            modules,
            environment,
            root,
            state: State::default(),
            functions: Vec::new(),
            visited: BTreeSet::new(),
            read: BTreeSet::new(),
            notes: Vec::new(),
            quiet: 0,
            fuel: FUEL,
            depth: 0,
            risks: 0,
        }
    }

    /// Counts a step down; `false` when the evaluation has to stop here. Pair with [`Self::leave`] when `true`.
    pub(super) fn enter(&mut self) -> bool {
        if self.fuel == 0 || self.depth >= DEPTH || self.state.spent.get() > WORK {
            return false;
        }
        self.fuel -= 1;
        self.depth += 1;
        true
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn frame(&self) -> Option<&Frame> {
        self.state.frames.last()
    }

    pub(super) fn module(&self) -> Option<&'a PythonModule> {
        self.modules.get(&self.frame()?.module)
    }

    pub(super) fn span(&self, range: TextRange) -> Span {
        self.module().map_or_else(|| Span::new(crate::source::span::FileId(0), 0, 0), |m| m.span(range))
    }

    fn line(&self, range: TextRange) -> u32 {
        self.module().map_or(0, |m| m.line(range))
    }

    pub(super) fn excerpt(&self, range: TextRange) -> String {
        self.module().map(|m| m.excerpt(range)).unwrap_or_default()
    }

    /// Notes that a literal was evaluated.
    pub(super) fn visit(&mut self, span: Span) {
        if self.quiet == 0 {
            self.visited.insert(span);
        }
    }

    pub(super) fn visit_all(&mut self, origins: &Origins) {
        for span in origins.iter() {
            self.visit(span);
        }
    }

    pub(super) fn why(&self, range: TextRange, why: impl Into<String>) -> Unknown {
        Unknown { expression: self.excerpt(range), why: why.into(), span: self.span(range) }
    }

    pub(super) fn unknown(&self, range: TextRange, why: impl Into<String>) -> Item {
        Item::Scalar(unknown(&self.why(range, why)))
    }

    /// Unknown because an operand is: the operand's reason stands, and its origins stay.
    pub(super) fn unknown_of(&self, range: TextRange, operands: &[&Val], why: &str) -> Item {
        let reason = operands.iter().find_map(|v| first_unknown(v)).unwrap_or_else(|| self.why(range, why));
        let mut val = unknown(&reason);
        for operand in operands {
            val.origins.extend(&operand.all_origins());
        }
        Item::Scalar(val)
    }

    /// Why something depends on a condition: its line and what it asks.
    pub(super) fn condition(&self, range: TextRange) -> Unknown {
        let why = format!("it depends on the condition of line {}, which is known only when it runs", self.line(range));
        self.why(range, why)
    }

    /// Evaluates in a copy of the state, without a trace; the copy's end is returned.
    fn aside(&mut self, run: impl FnOnce(&mut Self) -> Flow) -> (Flow, State) {
        let before = self.state.copy();
        let fuel = self.fuel;
        self.fuel = fuel.min(FUEL_ASIDE);
        let given = self.fuel;
        self.quiet += 1;
        let flow = run(self);
        self.quiet -= 1;
        self.fuel = fuel - (given - self.fuel);
        (flow, std::mem::replace(&mut self.state, before))
    }

    /// Follows a condition: `truth` known or not, `origins` of the condition, and what either way does.
    pub(super) fn follow(
        &mut self,
        truth: Option<bool>,
        origins: &Origins,
        test: TextRange,
        yes: impl FnOnce(&mut Self) -> Flow,
        no: impl FnOnce(&mut Self) -> Flow,
    ) -> Flow {
        match truth {
            Some(true) => {
                let (flow, other) = self.aside(no);
                let taken = yes(self);
                self.decide(taken, &flow, &other, origins)
            }
            Some(false) => {
                let (flow, other) = self.aside(yes);
                let taken = no(self);
                self.decide(taken, &flow, &other, origins)
            }
            None => {
                let why = self.condition(test);
                let before = self.state.copy();
                let base = before.cells.len();
                let first = yes(self);
                let after_first = std::mem::replace(&mut self.state, before);
                let second = no(self);
                self.join_flows(first, after_first, second, base, &why, test)
            }
        }
    }

    fn decide(&mut self, mut taken: Flow, flow: &Flow, other: &State, origins: &Origins) -> Flow {
        let alike = std::mem::discriminant(&taken) == std::mem::discriminant(flow);
        if !alike && !matches!(taken, Flow::Break | Flow::Continue) {
            self.state.control.extend(origins);
        }
        if matches!(taken, Flow::Break | Flow::Continue) || matches!(flow, Flow::Break | Flow::Continue) {
            // Whether the rest of a loop's body runs shapes whatever the rest would do: all of it.
            self.state.stamp(&State::default(), origins);
        } else {
            self.state.stamp(other, origins);
        }
        if let Flow::Return(item) = &mut taken {
            let twin = match flow {
                Flow::Return(twin) => Some(twin),
                _ => None,
            };
            self.state.stamp_item(item, other, twin, origins, 0);
        }
        taken
    }

    /// Both ways are possible: `self.state` is after the second.
    fn join_flows(&mut self, first: Flow, after_first: State, second: Flow, base: usize, why: &Unknown, test: TextRange) -> Flow {
        match (first, second) {
            (Flow::Raise, Flow::Raise) => Flow::Raise,
            (Flow::Raise, flow) => {
                self.guard(test, &after_first);
                flow
            }
            (flow, Flow::Raise) => {
                let after_second = std::mem::replace(&mut self.state, after_first);
                self.guard(test, &after_second);
                flow
            }
            (Flow::Return(a), Flow::Return(b)) => {
                let second = std::mem::replace(&mut self.state, after_first);
                let (a, b) = (self.state.val(&a), second.val(&b));
                self.state.merge(second, base, why);
                let (a, b) = (self.state.item(a), self.state.item(b));
                Flow::Return(self.state.merge_item(&a, &b, why, &mut BTreeMap::new(), 0))
            }
            (Flow::Return(item), flow) => {
                self.maybe_returned(&item, after_first, why);
                flow
            }
            (flow, Flow::Return(item)) => {
                let second = std::mem::replace(&mut self.state, after_first);
                self.maybe_returned(&item, second, why);
                flow
            }
            (Flow::Lost(why), _) | (_, Flow::Lost(why)) => {
                self.state.merge(after_first, base, &why);
                Flow::Lost(why)
            }
            (Flow::Break, Flow::Break) => {
                self.state.merge(after_first, base, why);
                Flow::Break
            }
            (Flow::Continue, Flow::Continue) => {
                self.state.merge(after_first, base, why);
                Flow::Continue
            }
            (Flow::Next, Flow::Next) => {
                let second = std::mem::replace(&mut self.state, after_first);
                self.state.merge(second, base, why);
                Flow::Next
            }
            (Flow::Next | Flow::Break | Flow::Continue, Flow::Next | Flow::Break | Flow::Continue) => {
                self.state.merge(after_first, base, why);
                Flow::Lost(why.clone())
            }
        }
    }

    /// The run may have ended here by an exception.
    fn guard(&mut self, test: TextRange, raised: &State) {
        if self.quiet == 0 && self.state.effects.is_empty() && raised.effects.is_empty() {
            self.notes.push(Note::Guard { span: self.span(test), condition: self.excerpt(test) });
        }
    }

    /// The function may have returned `item`, after calls of its own.
    pub(super) fn maybe_returned(&mut self, item: &Item, then: State, why: &Unknown) {
        let val = then.val(item);
        self.state.merge_effects(then.effects, why);
        let item = self.state.item(val);
        if self.state.conditional.is_none() {
            self.state.conditional = Some(why.clone());
        }
        if let Some(frame) = self.state.frames.last_mut() {
            frame.maybe.push((item, why.clone()));
        }
    }

    /// Ends a function: its value, and those it may have returned before.
    pub(super) fn returned(&mut self, item: Item, maybe: Vec<(Item, Unknown)>) -> Item {
        let mut out = item;
        for (other, why) in maybe {
            out = self.state.merge_item(&out, &other, &why, &mut BTreeMap::new(), 0);
        }
        out
    }

    /// Path of a module of the sources: from the root, or beside the importing module.
    pub(super) fn find_module(&self, dotted: &str, level: u32) -> Option<String> {
        let relative = dotted.replace('.', "/");
        let here = self.frame().map_or("", |f| f.module.as_str());
        let here = here.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folders: Vec<String> = if level > 0 {
            let up = "../".repeat(level as usize - 1);
            join(here, &up).into_iter().collect()
        } else {
            vec![self.root.to_owned(), here.to_owned()]
        };
        folders
            .iter()
            .flat_map(|folder| [join(folder, &format!("{relative}.py")), join(folder, &format!("{relative}/__init__.py"))])
            .flatten()
            .find(|path| self.modules.get(path).is_some())
    }

    /// Runs the top level of a module once.
    pub(super) fn load(&mut self, path: &str) -> bool {
        if self.state.globals.contains_key(path) {
            return true;
        }
        let Some(module) = self.modules.get(path) else { return false };
        if !self.enter() {
            return false;
        }
        let mut scope = BTreeMap::new();
        let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".py");
        scope.insert("__name__".to_owned(), Item::Scalar(Val::text(stem, Origins::none())));
        self.state.globals.insert(path.to_owned(), scope);
        self.state.frames.push(Frame { module: path.to_owned(), top: true, ..Frame::default() });
        self.block(module.body());
        self.state.frames.pop();
        self.leave();
        true
    }

    /// Declares a function or a lambda.
    pub(super) fn declare(&mut self, callable: Callable<'a>) -> Item {
        self.functions.push(callable);
        Item::Function(self.functions.len() - 1)
    }

    /// Names assigned and things changed in a block: after a loop that cannot be followed, none of them is known.
    pub(super) fn havoc(&mut self, names: &BTreeSet<String>, touched: &BTreeSet<String>, why: &Unknown) {
        for name in touched {
            if let Some(item) = self.lookup(name) {
                self.state.spoil(&item, why);
            }
        }
        for name in names {
            match self.lookup(name) {
                Some(item @ (Item::List(..) | Item::Dict(..))) => self.state.spoil(&item, why),
                Some(Item::Path(_) | Item::Module(_) | Item::Function(_) | Item::Object(..) | Item::Method(..)) => {}
                Some(Item::Scalar(val)) => {
                    let item = Item::Scalar(unknown(why).shaped_by(&val.origins));
                    self.assign_name(name, item);
                }
                None => self.assign_name(name, Item::Scalar(unknown(why))),
            }
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Option<Item> {
        let frame = self.frame()?;
        let mut at = Some(frame);
        let mut hops = 0;
        while let Some(frame) = at {
            if let Some(item) = frame.locals.get(name) {
                return Some(item.clone());
            }
            hops += 1;
            at = if hops > 16 { None } else { frame.parent.and_then(|i| self.state.frames.get(i)) };
        }
        self.state.globals.get(&frame.module)?.get(name).cloned()
    }

    pub(super) fn assign_name(&mut self, name: &str, item: Item) {
        let Some(frame) = self.state.frames.last_mut() else { return };
        if frame.top || frame.globals.contains(name) {
            self.state.globals.entry(frame.module.clone()).or_default().insert(name.to_owned(), item);
        } else {
            frame.locals.insert(name.to_owned(), item);
        }
    }
}

/// The first unknown inside a value.
pub(super) fn first_unknown(val: &Val) -> Option<Unknown> {
    match &val.value {
        Value::Unknown(unknown) => Some(unknown.clone()),
        Value::List(items) => items.iter().find_map(first_unknown),
        Value::Map(entries) => entries.iter().find_map(|(_, v)| first_unknown(v)),
        _ => None,
    }
}

/// Range of anything with one.
pub(super) fn range(node: &impl Ranged) -> TextRange {
    node.range()
}
