//! Statements.
use super::flow::{Evaluator, Flow, Note, range};
use super::state::{Content, Item};
use crate::source::span::{Origins, Sourced};
use ruff_python_ast::visitor::source_order::{self, SourceOrderVisitor};
use ruff_python_ast::{ElifElseClause, ExceptHandler, Expr, Stmt, StmtFor, StmtTry, StmtWhile, StmtWith};
use std::collections::BTreeSet;

/// Items that a loop is followed for.
const LOOP: usize = 500;

impl<'a> Evaluator<'a> {
    pub(super) fn block(&mut self, stmts: &'a [Stmt]) -> Flow {
        if !self.enter() {
            return Flow::Raise;
        }
        let mut flow = Flow::Next;
        for stmt in stmts {
            flow = self.statement(stmt);
            if !matches!(flow, Flow::Next) {
                break;
            }
        }
        self.leave();
        flow
    }

    fn statement(&mut self, stmt: &'a Stmt) -> Flow {
        match stmt {
            Stmt::FunctionDef(def) => self.define(def),
            Stmt::ClassDef(def) => {
                let item = self.unknown(def.name.range, format!("`{}` is a class, and classes are not evaluated", def.name));
                self.assign_name(def.name.as_str(), item);
            }
            Stmt::Return(ret) => {
                let item = match &ret.value {
                    Some(value) => self.expr(value),
                    None => Item::none(Origins::none()),
                };
                return Flow::Return(item);
            }
            Stmt::Assign(assign) => {
                let item = self.expr(&assign.value);
                for target in &assign.targets {
                    self.assign(target, item.clone());
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let item = self.expr(value);
                    self.assign(&assign.target, item);
                }
            }
            Stmt::AugAssign(assign) => {
                let old = self.expr(&assign.target);
                let new = self.expr(&assign.value);
                // `list += list` changes the list itself.
                if let (Some(_), Some(more)) = (self.state.items(&old), self.state.items(&new)) {
                    self.extend(&old, more, assign.range);
                } else {
                    let item = self.binary(assign.op, &old, &new, assign.range);
                    self.assign(&assign.target, item);
                }
            }
            Stmt::Expr(expr) => {
                if !matches!(&*expr.value, Expr::StringLiteral(_)) {
                    self.expr(&expr.value);
                }
            }
            Stmt::If(branch) => return self.branches(&branch.test, &branch.body, &branch.elif_else_clauses),
            Stmt::For(each) => return self.each(each),
            Stmt::While(repeat) => return self.repeat(repeat),
            Stmt::With(with) => return self.with(with),
            Stmt::Try(attempt) => return self.attempt(attempt),
            Stmt::Raise(raise) => {
                if let Some(exc) = &raise.exc {
                    self.expr(exc);
                }
                return Flow::Raise;
            }
            Stmt::Break(_) => return Flow::Break,
            Stmt::Continue(_) => return Flow::Continue,
            Stmt::Delete(delete) => delete.targets.iter().for_each(|target| self.delete(target)),
            Stmt::Global(global) => {
                if let Some(frame) = self.state.frames.last_mut() {
                    frame.globals.extend(global.names.iter().map(ToString::to_string));
                }
            }
            Stmt::Nonlocal(names) => {
                for name in &names.names {
                    let item = self.unknown(name.range, "`nonlocal` is not evaluated");
                    self.assign_name(name.as_str(), item);
                }
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.import(alias.name.as_str(), alias.asname.as_ref().map(ruff_python_ast::Identifier::as_str));
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |m| m.as_str());
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    self.import_from(module, import.level, alias.name.as_str(), name);
                }
            }
            Stmt::Assert(assert) => {
                self.expr(&assert.test);
            }
            Stmt::Match(matching) => {
                self.expr(&matching.subject);
                let why = self.why(range(&*matching.subject), "`match` is not evaluated");
                for case in &matching.cases {
                    self.unfollowed(&case.body, &why);
                }
            }
            Stmt::TypeAlias(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
        Flow::Next
    }

    pub(super) fn assign(&mut self, target: &'a Expr, item: Item) {
        match target {
            Expr::Name(name) => self.assign_name(name.id.as_str(), item),
            Expr::Tuple(tuple) => self.unpack(&tuple.elts, &item, target),
            Expr::List(list) => self.unpack(&list.elts, &item, target),
            Expr::Starred(starred) => self.assign(&starred.value, item),
            Expr::Subscript(subscript) => {
                let holder = self.expr(&subscript.value);
                let key = self.expr(&subscript.slice);
                let key_val = self.state.val(&key);
                self.store(&holder, &key_val, item, target);
            }
            Expr::Attribute(attribute) => {
                // Sessions and clients take settings (`session.headers = …`); anything else is not followed.
                let holder = self.expr(&attribute.value);
                let why = self.why(range(target), "an attribute is set, which is not evaluated");
                self.state.spoil(&holder, &why);
            }
            _ => {}
        }
    }

    fn store(&mut self, holder: &Item, key: &crate::ir::value::Val, item: Item, target: &'a Expr) {
        let why = self.why(range(target), "the key of this assignment is not known");
        match (holder, key.literal()) {
            (Item::Dict(..), Some(name)) => {
                let item = item.shaped_by(&key.origins);
                self.state.put(holder, Sourced::new(name, key.origins.clone()), item);
            }
            (Item::List(..), Some(name)) => {
                let index: Option<isize> = name.parse().ok();
                let found = match (self.state.content(holder), index) {
                    (Some(Content::List(items)), Some(index)) => {
                        let at = if index < 0 { items.len().checked_add_signed(index) } else { usize::try_from(index).ok() };
                        at.and_then(|at| items.get_mut(at)).map(|place| *place = item)
                    }
                    _ => None,
                };
                if found.is_none() {
                    self.state.spoil(holder, &why);
                }
            }
            _ => self.state.spoil(holder, &why),
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], item: &Item, whole: &'a Expr) {
        match self.state.items(item) {
            Some(items) if items.len() == targets.len() && !targets.iter().any(Expr::is_starred_expr) => {
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item);
                }
            }
            _ => {
                let val = self.state.val(item);
                let lost = self.unknown_of(range(whole), &[&val], "what is unpacked here is not known");
                for target in targets {
                    self.assign(target, lost.clone());
                }
            }
        }
    }

    fn delete(&mut self, target: &'a Expr) {
        if let Expr::Subscript(subscript) = target {
            let holder = self.expr(&subscript.value);
            let key = self.expr(&subscript.slice);
            let key = self.state.val(&key);
            if self.state.remove(&holder, &key).is_none() {
                let why = self.why(range(target), "what is deleted here is not known, or not there");
                self.state.spoil(&holder, &why);
            }
        }
    }

    /// `if` and its `elif` and `else`.
    fn branches(&mut self, test: &'a Expr, body: &'a [Stmt], rest: &'a [ElifElseClause]) -> Flow {
        if !self.enter() {
            return Flow::Raise;
        }
        let condition = self.expr(test);
        let truth = self.truth(&condition);
        let origins = self.state.val(&condition).all_origins();
        let flow = self.follow(
            truth,
            &origins,
            range(test),
            |e| e.block(body),
            |e| match rest.split_first() {
                None => Flow::Next,
                Some((clause, rest)) => match &clause.test {
                    Some(test) => e.branches(test, &clause.body, rest),
                    None => e.block(&clause.body),
                },
            },
        );
        self.leave();
        flow
    }

    fn each(&mut self, each: &'a StmtFor) -> Flow {
        let iterable = self.expr(&each.iter);
        let Some(items) = self.iterate(&iterable).filter(|items| items.len() <= LOOP) else {
            let val = self.state.val(&iterable);
            let Item::Scalar(lost) = self.unknown_of(range(&*each.iter), &[&val], "the items of this loop are not known") else {
                return Flow::Next;
            };
            let why = super::flow::first_unknown(&lost).unwrap_or_else(|| self.why(range(&*each.iter), "not known"));
            self.assign(&each.target, Item::Scalar(lost));
            self.unfollowed(&each.body, &why);
            self.unfollowed(&each.orelse, &why);
            return Flow::Next;
        };
        let before = self.state.copy();
        let flow = self.turns(each, items);
        self.shaped_loop(flow, &before, &iterable.origins())
    }

    fn turns(&mut self, each: &'a StmtFor, items: Vec<Item>) -> Flow {
        for item in items {
            self.assign(&each.target, item);
            match self.block(&each.body) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Flow::Next,
                Flow::Lost(why) => {
                    self.unfollowed(&each.body, &why);
                    return Flow::Next;
                }
                flow => return flow,
            }
        }
        self.block(&each.orelse)
    }

    /// How often a loop ran shapes everything that it changed.
    fn shaped_loop(&mut self, mut flow: Flow, before: &super::state::State, origins: &Origins) -> Flow {
        if !origins.is_empty() {
            self.state.stamp(before, origins);
            if let Flow::Return(item) = &mut flow {
                self.state.stamp_item(item, before, None, origins, 0);
            }
        }
        flow
    }

    fn repeat(&mut self, repeat: &'a StmtWhile) -> Flow {
        let before = self.state.copy();
        let mut origins = Origins::none();
        let flow = self.rounds(repeat, &mut origins);
        self.shaped_loop(flow, &before, &origins)
    }

    fn rounds(&mut self, repeat: &'a StmtWhile, origins: &mut Origins) -> Flow {
        for _ in 0..LOOP {
            let condition = self.expr(&repeat.test);
            origins.extend(&self.state.val(&condition).all_origins());
            match self.truth(&condition) {
                Some(false) => return self.block(&repeat.orelse),
                Some(true) => match self.block(&repeat.body) {
                    Flow::Next | Flow::Continue => {}
                    Flow::Break => return Flow::Next,
                    Flow::Lost(why) => {
                        self.unfollowed(&repeat.body, &why);
                        return Flow::Next;
                    }
                    flow => return flow,
                },
                None => {
                    let why = self.condition(range(&*repeat.test));
                    self.unfollowed(&repeat.body, &why);
                    return Flow::Next;
                }
            }
            if self.fuel == 0 {
                break;
            }
        }
        let why = self.why(range(&*repeat.test), "this loop does not end while it is evaluated");
        self.unfollowed(&repeat.body, &why);
        Flow::Next
    }

    /// A block of which it is not known whether, or how often, it runs: its calls are found, and everything that it may
    /// change is no longer known.
    fn unfollowed(&mut self, body: &'a [Stmt], why: &crate::ir::value::Unknown) {
        let before = self.state.copy();
        if self.state.conditional.is_none() {
            self.state.conditional = Some(why.clone());
        }
        self.block(body);
        let after = std::mem::replace(&mut self.state, before);
        // Calls that were made keep their number; whether they are made is not known.
        let made = self.state.effects.len();
        self.state.effects.extend(after.effects.into_iter().skip(made));
        let mut changed = Changed::default();
        for stmt in body {
            changed.visit_stmt(stmt);
        }
        self.havoc(&changed.names, &changed.touched, why);
        if changed.leaves && self.state.conditional.is_none() {
            self.state.conditional = Some(why.clone());
        }
        if changed.returns {
            let item = Item::Scalar(super::state::unknown(why));
            if let Some(frame) = self.state.frames.last_mut() {
                frame.maybe.push((item, why.clone()));
            }
        }
    }

    fn with(&mut self, with: &'a StmtWith) -> Flow {
        for item in &with.items {
            let value = self.expr(&item.context_expr);
            if let Some(target) = &item.optional_vars {
                self.assign(target, value);
            }
        }
        self.block(&with.body)
    }

    fn attempt(&mut self, attempt: &'a StmtTry) -> Flow {
        let before = self.state.copy();
        let so_far = self.risks;
        let mut flow = self.block(&attempt.body);
        // Without a call, and with nothing that may fail when it runs, the handlers are never reached.
        let risky = self.risks > so_far && self.state.effects.len() == before.effects.len();
        let raised = matches!(flow, Flow::Raise);
        if raised && attempt.handlers.len() == 1 {
            // The body certainly raises: its handler runs.
            if let Some(ExceptHandler::ExceptHandler(handler)) = attempt.handlers.first() {
                if let Some(name) = &handler.name {
                    let item = self.unknown(name.range, "an exception is known only when it runs");
                    self.assign_name(name.as_str(), item);
                }
                flow = self.block(&handler.body);
            }
        } else {
            for ExceptHandler::ExceptHandler(handler) in &attempt.handlers {
                self.handler(handler, before.copy(), risky);
            }
            if matches!(flow, Flow::Next) {
                flow = self.block(&attempt.orelse);
            }
        }
        match self.block(&attempt.finalbody) {
            Flow::Next => flow,
            last => last,
        }
    }

    /// What a handler would do if the body raised. Where the body may raise without a call of its own, either way is
    /// possible; the failure of a call leaves nothing but a note.
    fn handler(&mut self, handler: &'a ruff_python_ast::ExceptHandlerExceptHandler, before: super::state::State, risky: bool) {
        let base = before.cells.len();
        let now = std::mem::replace(&mut self.state, before);
        let calls = self.state.effects.len();
        if let Some(name) = &handler.name {
            let item = self.unknown(name.range, "an exception is known only when it runs");
            self.assign_name(name.as_str(), item);
        }
        let flow = self.block(&handler.body);
        let after = std::mem::replace(&mut self.state, now);
        if risky {
            let why = self.why(handler.range, "what stands before this `except` may fail when it runs");
            match flow {
                Flow::Return(item) => self.maybe_returned(&item, after, &why),
                Flow::Next => self.state.merge(after, base, &why),
                _ => {}
            }
            return;
        }
        let what = match flow {
            _ if after.effects.len() > calls => Some("makes a call of its own"),
            Flow::Return(_) => Some("returns a value instead of failing"),
            Flow::Next => Some("goes on instead of failing"),
            _ => None,
        };
        if let Some(what) = what
            && self.quiet == 0
            && self.state.effects.len() > calls
        {
            self.notes.push(Note::Handler { span: self.span(handler.range), what: what.to_owned() });
        }
    }
}

/// What a block may change.
#[derive(Default)]
struct Changed {
    /// Names that it assigns.
    names: BTreeSet<String>,
    /// Names whose lists and dictionaries it may change.
    touched: BTreeSet<String>,
    /// Whether it may leave the function.
    leaves: bool,
    returns: bool,
}

impl<'a> SourceOrderVisitor<'a> for Changed {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Return(_) => (self.leaves, self.returns) = (true, true),
            Stmt::FunctionDef(def) => {
                self.names.insert(def.name.to_string());
                return;
            }
            _ => {}
        }
        source_order::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx.is_store() => {
                self.names.insert(name.id.to_string());
            }
            Expr::Subscript(subscript) if subscript.ctx.is_store() || subscript.ctx.is_del() => self.base(&subscript.value),
            Expr::Call(call) => {
                if let Expr::Attribute(attribute) = &*call.func {
                    self.base(&attribute.value);
                }
                for argument in call.arguments.args.iter().chain(call.arguments.keywords.iter().map(|k| &k.value)) {
                    self.base(argument);
                }
            }
            _ => {}
        }
        source_order::walk_expr(self, expr);
    }
}

impl Changed {
    fn base(&mut self, expr: &Expr) {
        let mut at = expr;
        loop {
            match at {
                Expr::Subscript(subscript) => at = &subscript.value,
                Expr::Attribute(attribute) => at = &attribute.value,
                Expr::Call(call) => at = &call.func,
                Expr::Name(name) => {
                    self.touched.insert(name.id.to_string());
                    return;
                }
                _ => return,
            }
        }
    }
}
