//! Evaluation of a module's expressions over what its files say.
//!
//! What a deployment alone knows (`aws_s3_bucket.x.arn`, a data source, a variable without a value) stays a symbol with its
//! name; what this evaluator cannot do is [`Value::Unknown`] with the reason. Depth and work are bounded, so that locals which
//! refer to each other in circles, or double at each step, end in an `Unknown` and not in a full stack or memory.
use super::functions;
use super::index::{Context, Index};
use super::operators;
use crate::ir::value::{Segment, Symbol, SymbolKind, Val, Value};
use crate::source::hcl::{Binary, Part, Step, Tree, TreeKind};
use crate::source::node::{Kind, Node};
use crate::source::span::{Origins, Sourced, Span};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// Nested evaluations beyond which a value is not known.
const MAX_DEPTH: u32 = 160;
/// Evaluations per value of a translated attribute beyond which it is not known.
const FUEL: u32 = 200_000;
/// Bytes of a computed text beyond which it is not known.
pub const MAX_TEXT: usize = 4 << 20;

pub struct Evaluator<'i, 'a> {
    pub index: &'i Index<'a>,
    pub context: &'i dyn Context,
    depth: Cell<u32>,
    fuel: Cell<u32>,
    /// Variables without a value that a translated value needs, and where.
    pub missing: RefCell<BTreeMap<String, Vec<Span>>>,
    /// Names that are declared nowhere.
    pub undeclared: RefCell<BTreeMap<String, Span>>,
    /// Files that are not there.
    pub lost: RefCell<BTreeMap<String, Span>>,
}

/// Variables of `for` expressions and of `templatefile`.
#[derive(Clone, Copy)]
pub struct Scope<'s> {
    pub entries: &'s [(&'s str, &'s Val)],
    pub outer: Option<&'s Scope<'s>>,
}

/// A piece of an evaluated template: a literal and where it stands, or the value of an interpolation.
pub struct Piece {
    pub value: Val,
    pub literal: Option<Span>,
}

impl<'i, 'a> Evaluator<'i, 'a> {
    pub fn new(index: &'i Index<'a>, context: &'i dyn Context) -> Self {
        Self {
            index,
            context,
            depth: Cell::new(0),
            fuel: Cell::new(FUEL),
            missing: RefCell::default(),
            undeclared: RefCell::default(),
            lost: RefCell::default(),
        }
    }

    /// The value of a node, its origins being every range that shaped it.
    pub fn node(&self, node: &Node) -> Val {
        if self.depth.get() == 0 {
            self.fuel.set(FUEL);
        }
        self.inner(node)
    }

    fn inner(&self, node: &Node) -> Val {
        node.mark_read();
        self.deeper(node.span, || self.node_kind(node))
    }

    /// Runs an evaluation one level deeper, within the limits of depth and work.
    fn deeper(&self, span: Span, evaluate: impl FnOnce() -> Val) -> Val {
        let depth = self.depth.get();
        if depth >= MAX_DEPTH {
            return Val::unknown(self.text(span), "it refers to itself, or is nested too deep", span);
        }
        if !self.spend() {
            return Val::unknown(self.text(span), "it is too large to be evaluated", span);
        }
        self.depth.set(depth + 1);
        let value = evaluate();
        self.depth.set(depth);
        value
    }

    fn node_kind(&self, node: &Node) -> Val {
        let value = match &node.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(text) => Value::Number(text.to_string()),
            Kind::String(text) => Value::Text(vec![Segment::Literal(text.to_string())]),
            Kind::Array(items) => {
                let origins = if items.is_empty() { node.origins() } else { Origins::none() };
                return Val::new(Value::List(items.iter().map(|item| self.inner(item)).collect()), origins);
            }
            Kind::Object(entries) => {
                let origins = if entries.is_empty() { node.origins() } else { Origins::none() };
                let mut map: Vec<(Sourced<String>, Val)> = Vec::with_capacity(entries.len());
                for entry in entries {
                    operators::put(&mut map, Sourced::new(entry.key.to_string(), entry.key_span), self.inner(&entry.value));
                }
                return Val::new(Value::Map(map), origins);
            }
            Kind::Expr(expr) => return self.tree(expr.tree(), None).shaped_by(&node.origins()),
        };
        Val::new(value, node.span)
    }

    fn spend(&self) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0
    }

    pub fn tree(&self, tree: &Tree, scope: Option<&Scope<'_>>) -> Val {
        self.deeper(tree.span, || self.kind(tree, scope))
    }

    /// The source text of a span, on one line and shortened.
    pub fn text(&self, span: Span) -> String {
        self.raw(span).map_or_else(|| "…".to_owned(), one_line)
    }

    fn unknown(&self, tree: &Tree, why: impl Into<String>, origins: &Origins) -> Val {
        Val::unknown(self.text(tree.span), why, tree.span).shaped_by(origins)
    }

    fn kind(&self, tree: &Tree, scope: Option<&Scope<'_>>) -> Val {
        let span = tree.span;
        match &tree.kind {
            TreeKind::Null => Val::new(Value::Null, span),
            TreeKind::Bool(value) => Val::new(Value::Bool(*value), span),
            TreeKind::Number(text) => Val::new(Value::Number(text.to_string()), span),
            TreeKind::Text(text) => Val::text(&**text, span),
            TreeKind::List(items) => {
                let origins = if items.is_empty() { Origins::one(span) } else { Origins::none() };
                Val::new(Value::List(items.iter().map(|item| self.tree(item, scope)).collect()), origins)
            }
            TreeKind::Object(entries) => {
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let key = self.tree(key, scope);
                    let Some(name) = key.literal() else {
                        return self.unknown(tree, format!("the key {} is not known", key.display()), &key.all_origins());
                    };
                    operators::put(&mut map, Sourced::new(name, key.origins), self.tree(value, scope));
                }
                Val::new(Value::Map(map), if entries.is_empty() { Origins::one(span) } else { Origins::none() })
            }
            TreeKind::Template(parts) => self.parts(parts, span, scope),
            TreeKind::Name(_) => self.reference(tree, tree, &[], scope),
            TreeKind::Path(head, steps) => self.reference(tree, head, steps, scope),
            TreeKind::Call { name, arguments, expand } => self.call(tree, name, arguments, *expand, scope),
            TreeKind::If(parts) => {
                let [condition, yes, no] = &**parts;
                let condition = self.tree(condition, scope);
                match operators::truth(&condition) {
                    Some(taken) => self.tree(if taken { yes } else { no }, scope).shaped_by(&condition.all_origins()),
                    None => {
                        let why = format!("its condition depends on {}", operators::unknowns(&condition));
                        self.unknown(tree, why, &condition.all_origins())
                    }
                }
            }
            TreeKind::Not(inner) => {
                let inner = self.tree(inner, scope);
                match operators::truth(&inner) {
                    Some(value) => Val::new(Value::Bool(!value), inner.origins),
                    None => self.unknown(tree, operators::unknowns(&inner), &inner.all_origins()),
                }
            }
            TreeKind::Negate(inner) => {
                let inner = self.tree(inner, scope);
                match operators::number(&inner) {
                    Some(value) => Val::new(Value::Number(operators::show(-value)), inner.origins),
                    None => self.unknown(tree, operators::unknowns(&inner), &inner.all_origins()),
                }
            }
            TreeKind::Binary(left, operator, right) => self.binary(tree, left, *operator, right, scope),
            TreeKind::For { .. } => self.each(tree, scope),
        }
    }

    fn binary(&self, tree: &Tree, left: &Tree, operator: Binary, right: &Tree, scope: Option<&Scope<'_>>) -> Val {
        let left = self.tree(left, scope);
        let right = self.tree(right, scope);
        let origins = left.all_origins().with(&right.all_origins());
        match operators::binary(&left, operator, &right) {
            Some(value) => Val::new(value, origins),
            None => {
                let why = if operators::known(&left) && operators::known(&right) {
                    "the operator does not fit its operands".to_owned()
                } else {
                    let unknown = if operators::known(&left) { &right } else { &left };
                    format!("it depends on {}", operators::unknowns(unknown))
                };
                self.unknown(tree, why, &origins)
            }
        }
    }

    /// A string template. One that is a single interpolation has the value of that, whatever its type.
    pub fn parts(&self, parts: &[Part], span: Span, scope: Option<&Scope<'_>>) -> Val {
        if let [Part::Value(only)] = parts {
            return self.tree(only, scope);
        }
        let mut out = Val::new(Value::Text(Vec::new()), span);
        let mut length = 0;
        let whole = self.walk(parts, scope, &mut |piece| {
            operators::push(&mut out, &piece.value, &mut length);
            length <= MAX_TEXT
        });
        if !whole {
            return Val::unknown(self.text(span), "its text is too long", span);
        }
        out
    }

    /// Evaluates a template piece by piece, in the order of the result. `false` when `emit` stopped it, or the work was too much.
    pub fn walk(&self, parts: &[Part], scope: Option<&Scope<'_>>, emit: &mut dyn FnMut(Piece) -> bool) -> bool {
        for part in parts {
            if !self.spend() {
                return false;
            }
            let going = match part {
                Part::Text(text, span) => emit(Piece { value: Val::text(&**text, *span), literal: Some(*span) }),
                Part::Value(tree) => emit(Piece { value: self.tree(tree, scope), literal: None }),
                Part::If { condition, then, otherwise } => {
                    let value = self.tree(condition, scope);
                    let empty = Val::new(Value::Text(Vec::new()), value.all_origins());
                    match operators::truth(&value) {
                        Some(taken) => {
                            emit(Piece { value: empty, literal: None }) && self.walk(if taken { then } else { otherwise }, scope, emit)
                        }
                        None => {
                            let value = self.unknown(condition, operators::unknowns(&value), &value.all_origins());
                            emit(Piece { value, literal: None })
                        }
                    }
                }
                Part::For { key, value, over, body } => {
                    let collection = self.tree(over, scope);
                    match operators::pairs(&collection) {
                        Some(pairs) => pairs.iter().all(|(k, v)| {
                            let entries = [(&**value, v), (key.as_deref().unwrap_or(""), k)];
                            self.walk(body, Some(&Scope { entries: &entries, outer: scope }), emit)
                        }),
                        None => {
                            let value = self.unknown(over, operators::unknowns(&collection), &collection.all_origins());
                            emit(Piece { value, literal: None })
                        }
                    }
                }
            };
            if !going {
                return false;
            }
        }
        true
    }

    fn each(&self, tree: &Tree, scope: Option<&Scope<'_>>) -> Val {
        let TreeKind::For { key, value, over, key_result, result, condition, grouping } = &tree.kind else {
            return self.unknown(tree, "it is not a `for`", &Origins::none());
        };
        let collection = self.tree(over, scope);
        let Some(pairs) = operators::pairs(&collection) else {
            let why = format!("it goes over {}", operators::unknowns(&collection));
            return self.unknown(tree, why, &collection.all_origins());
        };
        let mut list = Vec::new();
        let mut map: Vec<(Sourced<String>, Val)> = Vec::new();
        for (k, v) in &pairs {
            let entries = [(&**value, v), (key.as_deref().unwrap_or(""), k)];
            let inner = Scope { entries: &entries, outer: scope };
            let mut shaped = Origins::none();
            if let Some(condition) = condition {
                let condition = self.tree(condition, Some(&inner));
                shaped = condition.all_origins();
                match operators::truth(&condition) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return self.unknown(tree, operators::unknowns(&condition), &shaped),
                }
            }
            let item = self.tree(result, Some(&inner)).shaped_by(&shaped);
            let Some(key_result) = key_result else {
                list.push(item);
                continue;
            };
            let name = self.tree(key_result, Some(&inner));
            let Some(text) = name.literal() else {
                return self.unknown(tree, operators::unknowns(&name), &name.all_origins());
            };
            if !grouping {
                operators::put(&mut map, Sourced::new(text, name.origins), item);
            } else if let Some(Value::List(items)) = map.iter_mut().find(|(k, _)| k.value == text).map(|(_, v)| &mut v.value) {
                items.push(item);
            } else {
                map.push((Sourced::new(text, name.origins), Val::new(Value::List(vec![item]), Origins::none())));
            }
        }
        let value = if key_result.is_some() { Value::Map(map) } else { Value::List(list) };
        Val::new(value, tree.span)
    }

    fn call(&self, tree: &Tree, name: &str, arguments: &[Tree], expand: bool, scope: Option<&Scope<'_>>) -> Val {
        if matches!(name, "try" | "can") {
            return self.attempt(tree, name, arguments, scope);
        }
        let mut values: Vec<Val> = arguments.iter().map(|a| self.tree(a, scope)).collect();
        if expand && let Some(last) = values.pop() {
            match last.value {
                Value::List(items) => values.extend(items.into_iter().map(|v| v.shaped_by(&last.origins))),
                _ => return self.unknown(tree, operators::unknowns(&last), &last.all_origins()),
            }
        }
        match name {
            "file" => self.file(tree, &values),
            "templatefile" => self.template_file(tree, &values),
            _ => match functions::call(name, &values) {
                Ok(value) => value.shaped_by(&Origins::one(tree.span)),
                Err(why) => {
                    let origins = values.iter().fold(Origins::none(), |all, v| all.with(&v.all_origins()));
                    self.unknown(tree, why, &origins)
                }
            },
        }
    }

    /// `try` takes the first argument that is known; one that is known only after a deployment is not an error, so it stops there.
    fn attempt(&self, tree: &Tree, name: &str, arguments: &[Tree], scope: Option<&Scope<'_>>) -> Val {
        if let (true, Some(first)) = (name == "try", arguments.first()) {
            let value = self.tree(first, scope);
            if operators::known(&value) {
                return value;
            }
            return self.unknown(tree, operators::unknowns(&value), &value.all_origins());
        }
        self.unknown(tree, "`can` is not evaluated", &Origins::none())
    }

    /// The path of a `file` or `templatefile` relative to SRC, where it is known and something is there.
    pub fn file_path(&self, argument: &Val, span: Span) -> Result<String, String> {
        let Some(written) = argument.literal() else {
            return Err(format!("the path depends on {}", operators::unknowns(argument)));
        };
        let path = self.index.resolve(&written).ok_or_else(|| format!("`{written}` is outside the folder that is migrated"))?;
        if self.context.text(&path).is_some() {
            return Ok(path);
        }
        self.lost.borrow_mut().entry(written.clone()).or_insert(span);
        Err(format!("the file `{written}` is not there"))
    }

    fn file(&self, tree: &Tree, values: &[Val]) -> Val {
        let [path] = values else { return self.unknown(tree, "`file` takes one path", &Origins::none()) };
        match self.file_path(path, tree.span) {
            Ok(found) => match self.context.text(&found) {
                Some((id, text)) => Val::text(text, Span::new(id, 0, text.len())).shaped_by(&path.all_origins()),
                None => self.unknown(tree, "the file is not there", &path.all_origins()),
            },
            Err(why) => self.unknown(tree, why, &path.all_origins()),
        }
    }

    fn template_file(&self, tree: &Tree, values: &[Val]) -> Val {
        let [path, variables] = values else { return self.unknown(tree, "`templatefile` takes a path and a map", &Origins::none()) };
        let origins = path.all_origins();
        let found = match self.file_path(path, tree.span) {
            Ok(found) => found,
            Err(why) => return self.unknown(tree, why, &origins),
        };
        match self.template_parts(&found) {
            Ok((parts, span)) => {
                let entries: Vec<(&str, &Val)> = variables.map().unwrap_or(&[]).iter().map(|(k, v)| (k.value.as_str(), v)).collect();
                let scope = Scope { entries: &entries, outer: None };
                self.parts(&parts, span, Some(&scope)).shaped_by(&origins).shaped_by(&variables.all_origins())
            }
            Err(why) => self.unknown(tree, why, &origins),
        }
    }

    /// The parsed template of a file and the span of its whole text.
    pub fn template_parts(&self, path: &str) -> Result<(Vec<Part>, Span), String> {
        let (id, text) = self.context.text(path).ok_or_else(|| format!("the file `{path}` is not there"))?;
        let parts = crate::source::hcl::template(text, id).map_err(|(message, _)| format!("`{path}` is not a template: {message}"))?;
        Ok((parts, Span::new(id, 0, text.len())))
    }

    fn reference(&self, tree: &Tree, head: &Tree, steps: &[Step], scope: Option<&Scope<'_>>) -> Val {
        let TreeKind::Name(name) = &head.kind else {
            let value = self.tree(head, scope);
            return self.steps(tree, value, steps, scope);
        };
        let mut at = scope;
        while let Some(found) = at {
            if let Some((_, value)) = found.entries.iter().find(|(n, _)| *n == &**name) {
                return self.steps(tree, (*value).clone(), steps, scope);
            }
            at = found.outer;
        }
        let attribute = |at: usize| match steps.get(at) {
            Some(Step::Attribute(name)) => Some(&**name),
            _ => None,
        };
        match (&**name, attribute(0)) {
            ("var", Some(variable)) => self.steps(tree, self.variable(tree, variable), &steps[1..], scope),
            ("local", Some(local)) => match self.index.locals.get(local) {
                Some(entry) => {
                    let value = self.named(tree, &entry.value);
                    self.steps(tree, value, &steps[1..], scope)
                }
                None => self.no_such(tree, &format!("local.{local}")),
            },
            ("path", Some("module" | "root" | "cwd")) if steps.len() == 1 => Val::text(".", tree.span),
            ("count", Some("index")) if steps.len() == 1 => Val::new(Value::Number("0".into()), tree.span),
            (_, None) => self.symbol(tree, scope, head, steps),
            (kind, Some(name)) => {
                let (address, used) = if kind == "data" {
                    match attribute(1) {
                        Some(second) => (format!("data.{name}.{second}"), 2),
                        None => return self.symbol(tree, scope, head, steps),
                    }
                } else {
                    (format!("{kind}.{name}"), 1)
                };
                self.resource(tree, head, &address, &steps[used..], scope, steps)
            }
        }
    }

    /// An attribute of a resource when its block says what it is, and else the symbol.
    fn resource(&self, tree: &Tree, head: &Tree, address: &str, rest: &[Step], scope: Option<&Scope<'_>>, all: &[Step]) -> Val {
        let symbol = || self.symbol(tree, scope, head, all);
        let Some(resource) = self.index.resource(address) else { return symbol() };
        let rest = match rest.split_first() {
            Some((Step::Index(_), after)) => after,
            _ => rest,
        };
        let Some((Step::Attribute(attribute), after)) = rest.split_first() else { return symbol() };
        let single = !matches!(&resource.body.kind, Kind::Object(entries)
            if entries.iter().any(|e| matches!(&*e.key, "count" | "for_each")) || entries.iter().filter(|e| *e.key == **attribute).count() != 1);
        if resource.kind == "aws_sfn_state_machine" && !resource.data && matches!(&**attribute, "arn" | "id") && after.is_empty() {
            let name = resource.body.get("name").map(|node| self.named(tree, node));
            return name.filter(|name| name.literal().is_some()).map_or_else(symbol, |name| machine_arn(tree.span, name));
        }
        let Some(node) = resource.body.get(attribute).filter(|_| single) else { return symbol() };
        let value = self.named(tree, node);
        let value = self.steps(tree, value, after, scope);
        if matches!(value.value, Value::Unknown(_) | Value::Null) { symbol() } else { value }
    }

    /// The value of another node of the module, which a reference names.
    fn named(&self, tree: &Tree, node: &Node) -> Val {
        self.inner(node).shaped_by(&Origins::one(tree.span))
    }

    fn variable(&self, tree: &Tree, name: &str) -> Val {
        let Some(variable) = self.index.variables.get(name) else { return self.no_such(tree, &format!("var.{name}")) };
        if let Some(node) = variable.value {
            return self.named(tree, node);
        }
        self.missing.borrow_mut().entry(name.to_owned()).or_default().push(tree.span);
        let mut origins = Origins::one(tree.span);
        if matches!(&variable.body.kind, Kind::Object(entries) if entries.is_empty()) {
            variable.body.mark_read();
            origins.add(variable.body.span);
        }
        let symbol = Symbol { kind: SymbolKind::Reference, name: format!("var.{name}"), span: tree.span };
        Val::new(Value::Symbol(symbol), origins)
    }

    fn no_such(&self, tree: &Tree, name: &str) -> Val {
        self.undeclared.borrow_mut().entry(name.to_owned()).or_insert(tree.span);
        Val::unknown(name, format!("`{name}` is declared nowhere in this module"), tree.span)
    }

    fn symbol(&self, tree: &Tree, scope: Option<&Scope<'_>>, head: &Tree, steps: &[Step]) -> Val {
        let mut name = match &head.kind {
            TreeKind::Name(name) => name.to_string(),
            _ => self.text(head.span),
        };
        let mut origins = Origins::one(tree.span);
        for step in steps {
            match step {
                Step::Attribute(attribute) => {
                    name.push('.');
                    name.push_str(attribute);
                }
                Step::Index(index) => {
                    let index = self.tree(index, scope);
                    origins.extend(&index.all_origins());
                    name.push('[');
                    name.push_str(&index.display());
                    name.push(']');
                }
                Step::Splat => name.push_str("[*]"),
            }
        }
        Val::new(Value::Symbol(Symbol { kind: SymbolKind::Reference, name, span: tree.span }), origins)
    }

    fn steps(&self, tree: &Tree, mut value: Val, steps: &[Step], scope: Option<&Scope<'_>>) -> Val {
        for (at, step) in steps.iter().enumerate() {
            let index = match step {
                Step::Attribute(name) => Val::text(&**name, tree.span),
                Step::Index(index) => self.tree(index, scope),
                Step::Splat => {
                    let rest = &steps[at + 1..];
                    let items = match value.value {
                        Value::List(items) => items,
                        Value::Null => Vec::new(),
                        Value::Symbol(_) | Value::Unknown(_) => {
                            return self.unknown(tree, operators::unknowns(&value), &value.origins);
                        }
                        other => vec![Val::new(other, value.origins.clone())],
                    };
                    let list = items.into_iter().map(|item| self.steps(tree, item, rest, scope)).collect();
                    return Val::new(Value::List(list), value.origins);
                }
            };
            value = match operators::pick(&value, &index) {
                Ok(value) => value,
                Err(why) => return self.unknown(tree, why, &value.all_origins()),
            };
        }
        value
    }
}

/// The ARN of a state machine (`arn:<partition>:states:<region>:<account>:stateMachine:<name>`, AWS Step Functions, "Resource types
/// defined by AWS Step Functions", looked up November 2026), of which the deployment knows the account and the region.
fn machine_arn(span: Span, name: Val) -> Val {
    let symbol = |name: &str| Segment::Symbol(Symbol { kind: SymbolKind::Reference, name: name.to_owned(), span });
    let text = |text: &str| Segment::Literal(text.to_owned());
    let mut segments = vec![text("arn:"), symbol("AWS::Partition"), text(":states:"), symbol("AWS::Region"), text(":")];
    let end = format!(":stateMachine:{}", name.literal().unwrap_or_default());
    segments.extend([symbol("AWS::AccountId"), text(&end)]);
    Val::new(Value::Text(segments), name.origins)
}

/// Text on one line, of at most 80 characters.
pub fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words,
    }
}
