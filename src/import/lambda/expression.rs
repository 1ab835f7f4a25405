//! Expressions.
use super::flow::{Body, Callable, Evaluator, range};
use super::number::{Num, calculate};
use super::state::{Frame, Item, LONGEST_TEXT, Object};
use super::text::{self, Piece};
use crate::ir::value::{Segment, Symbol, SymbolKind, Unknown, Val, Value};
use crate::source::span::{Origins, Sourced};
use ruff_python_ast::{
    BoolOp, CmpOp, Comprehension, ConversionFlag, Expr, ExprBoolOp, ExprCall, ExprCompare, ExprDict, ExprFString, ExprIf, ExprSubscript,
    FStringPart, InterpolatedStringElement, InterpolatedStringElements, Number, Operator, UnaryOp,
};
use ruff_text_size::TextRange;

/// Arguments of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    pub positional: Vec<Item>,
    pub named: Vec<(String, Item)>,
    /// Why they are not all known: `*args` of something unknown.
    pub lost: Option<Unknown>,
}

impl Arguments {
    /// The argument at this place or of this name.
    pub(super) fn get(&self, at: usize, name: &str) -> Option<&Item> {
        self.positional.get(at).or_else(|| self.named(name))
    }

    pub(super) fn named(&self, name: &str) -> Option<&Item> {
        self.named.iter().find(|(key, _)| key == name).map(|(_, item)| item)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Item> {
        self.positional.iter().chain(self.named.iter().map(|(_, item)| item))
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn expr(&mut self, expr: &'a Expr) -> Item {
        if !self.enter() {
            return self.unknown(range(expr), "expressions nest too deep, or the evaluation takes too long");
        }
        let item = self.expression(expr);
        self.leave();
        item
    }

    fn scalar(&mut self, value: Value, at: TextRange) -> Item {
        let span = self.span(at);
        self.visit(span);
        Item::Scalar(Val::new(value, span))
    }

    fn expression(&mut self, expr: &'a Expr) -> Item {
        match expr {
            Expr::StringLiteral(literal) => {
                let mut origins = Origins::none();
                for part in &literal.value {
                    origins.add(self.span(part.range));
                }
                self.visit_all(&origins);
                Item::Scalar(Val::text(literal.value.to_str(), origins))
            }
            Expr::BytesLiteral(literal) => {
                let origins: Origins = literal.value.iter().map(|part| self.span(part.range)).collect();
                self.visit_all(&origins);
                let bytes: Vec<u8> = literal.value.bytes().collect();
                Item::Scalar(Val::text(String::from_utf8_lossy(&bytes), origins))
            }
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(int) => {
                    self.scalar(Value::Number(int.as_i64().map_or_else(|| int.to_string(), |i| i.to_string())), literal.range)
                }
                Number::Float(float) => self.scalar(Value::Number(Num::Float(*float).text()), literal.range),
                Number::Complex { .. } => self.unknown(literal.range, "complex numbers are not evaluated"),
            },
            Expr::BooleanLiteral(literal) => self.scalar(Value::Bool(literal.value), literal.range),
            Expr::NoneLiteral(literal) => self.scalar(Value::Null, literal.range),
            Expr::FString(string) => self.fstring(string),
            Expr::Name(name) => self.name(name.id.as_str(), name.range),
            Expr::List(list) => self.sequence(&list.elts, list.range),
            Expr::Tuple(tuple) => self.sequence(&tuple.elts, tuple.range),
            Expr::Set(set) => self.sequence(&set.elts, set.range),
            Expr::Dict(dict) => self.dict(dict),
            Expr::BinOp(_) => self.operators(expr),
            Expr::UnaryOp(unary) => {
                let operand = self.expr(&unary.operand);
                self.unary(unary.op, &operand, unary.range)
            }
            Expr::BoolOp(op) => self.bool_op(op),
            Expr::Compare(compare) => self.compare(compare),
            Expr::If(ternary) => self.ternary(ternary),
            Expr::Attribute(attribute) => {
                let receiver = self.expr(&attribute.value);
                self.attribute(receiver, attribute.attr.as_str(), attribute.range)
            }
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::Call(call) => self.call(call),
            Expr::Named(named) => {
                let item = self.expr(&named.value);
                self.assign(&named.target, item.clone());
                item
            }
            Expr::Lambda(lambda) => {
                let defaults = lambda.parameters.as_deref().map(|p| self.defaults(p)).unwrap_or_default();
                let callable = Callable {
                    module: self.frame().map(|f| f.module.clone()).unwrap_or_default(),
                    name: "lambda".to_owned(),
                    parameters: lambda.parameters.as_deref(),
                    body: Body::Lambda(&lambda.body),
                    defaults,
                    parent: self.enclosing(),
                    opaque: None,
                    span: self.span(lambda.range),
                };
                self.declare(callable)
            }
            Expr::ListComp(comp) => self.comprehend(&comp.generators, None, &comp.elt, comp.range, false),
            Expr::SetComp(comp) => self.comprehend(&comp.generators, None, &comp.elt, comp.range, false),
            Expr::Generator(comp) => self.comprehend(&comp.generators, None, &comp.elt, comp.range, false),
            Expr::DictComp(comp) => self.comprehend(&comp.generators, comp.key.as_deref(), &comp.value, comp.range, true),
            Expr::Starred(starred) => self.expr(&starred.value),
            Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_) => self.unknown(range(expr), "`await` and `yield` are not evaluated"),
            Expr::Slice(_) | Expr::TString(_) | Expr::EllipsisLiteral(_) | Expr::IpyEscapeCommand(_) => {
                self.unknown(range(expr), "this kind of expression is not evaluated")
            }
        }
    }

    fn name(&mut self, name: &str, at: TextRange) -> Item {
        if let Some(item) = self.lookup(name) {
            return item;
        }
        if super::external::is_builtin(name) {
            return Item::Path(format!("builtins.{name}"));
        }
        self.unknown(at, format!("nothing is known by the name `{name}`"))
    }

    fn sequence(&mut self, elements: &'a [Expr], at: TextRange) -> Item {
        let mut items = Vec::new();
        let mut lost = None;
        for element in elements {
            let item = self.expr(element);
            if element.is_starred_expr() {
                match self.iterate(&item) {
                    Some(more) => items.extend(more),
                    None => lost = Some(self.why(range(element), "the items put in here are not known")),
                }
            } else {
                items.push(item);
            }
        }
        let list = self.state.list(items, Origins::none());
        if let Some(why) = lost {
            self.state.spoil(&list, &why);
        }
        let _ = at;
        list
    }

    fn dict(&mut self, dict: &'a ExprDict) -> Item {
        let out = self.state.dict(Vec::new(), Origins::none());
        for item in &dict.items {
            let Some(key) = &item.key else {
                let more = self.expr(&item.value);
                self.update(&out, &more, range(&item.value));
                continue;
            };
            let key_item = self.expr(key);
            let value = self.expr(&item.value);
            let key_val = self.state.val(&key_item);
            match key_val.literal() {
                Some(name) => self.state.put(&out, Sourced::new(name, key_val.origins.clone()), value.shaped_by(&key_val.origins)),
                None => {
                    let why = self.why(range(key), "this key is not known");
                    self.state.spoil(&out, &why);
                }
            }
        }
        out
    }

    /// `dict.update`.
    pub(super) fn update(&mut self, dict: &Item, more: &Item, at: TextRange) {
        match self.state.entries(more).map(<[_]>::to_vec) {
            Some(entries) => {
                for (key, value) in entries {
                    let value = value.shaped_by(&more.origins());
                    self.state.put(dict, key, value);
                }
            }
            None => {
                let why = self.why(at, "what is put into the dictionary here is not known");
                self.state.spoil(dict, &why);
            }
        }
    }

    /// A chain of binary operators from the left, without recursion along the chain.
    fn operators(&mut self, expr: &'a Expr) -> Item {
        let mut links = Vec::new();
        let mut at = expr;
        while let Expr::BinOp(op) = at {
            links.push(op);
            at = &op.left;
        }
        let mut left = self.expr(at);
        for link in links.into_iter().rev() {
            let right = self.expr(&link.right);
            left = self.binary(link.op, &left, &right, link.range);
        }
        left
    }

    pub(super) fn binary(&mut self, op: Operator, left: &Item, right: &Item, at: TextRange) -> Item {
        if op == Operator::Add
            && let (Some(mut items), Some(more)) = (self.state.items(left), self.state.items(right))
        {
            items.extend(more);
            return self.state.list(items, left.origins().with(&right.origins()));
        }
        if op == Operator::BitOr && self.state.entries(left).is_some() && self.state.entries(right).is_some() {
            let out = self.state.dict(Vec::new(), left.origins());
            self.update(&out, left, at);
            self.update(&out, right, at);
            return out;
        }
        let (a, b) = (self.state.val(left), self.state.val(right));
        if op == Operator::Mod && matches!(a.value, Value::Text(_)) {
            return self.percent(&a, right, at);
        }
        let origins = a.all_origins().with(&b.all_origins());
        match (&a.value, &b.value) {
            (Value::Text(_), Value::Text(_) | Value::Symbol(_)) | (Value::Symbol(_), Value::Text(_)) if op == Operator::Add => {
                self.concat(&[&a, &b], &Origins::none(), at)
            }
            (Value::Number(x), Value::Number(y)) => match Num::read(x).zip(Num::read(y)).and_then(|(x, y)| calculate(op, x, y)) {
                Some(number) => Item::Scalar(Val::new(Value::Number(number.text()), origins)),
                None => self.unknown_of(at, &[&a, &b], "this calculation is not evaluated"),
            },
            (Value::Text(_), Value::Number(count)) | (Value::Number(count), Value::Text(_)) if op == Operator::Mult => {
                let text = if matches!(a.value, Value::Text(_)) { a.literal() } else { b.literal() };
                match text.zip(count.parse::<usize>().ok()) {
                    Some((text, count)) if text.len().saturating_mul(count) <= LONGEST_TEXT => {
                        Item::Scalar(Val::text(text.repeat(count), origins))
                    }
                    _ => self.unknown_of(at, &[&a, &b], "this repetition is not evaluated"),
                }
            }
            _ => self.unknown_of(at, &[&a, &b], "this operation is on something that is not known"),
        }
    }

    /// Texts one after the other.
    pub(super) fn concat(&mut self, parts: &[&Val], origins: &Origins, at: TextRange) -> Item {
        match text::concat(parts.iter().copied(), origins) {
            Ok(val) if text::length(&val) > LONGEST_TEXT => self.unknown(at, "the text becomes too long"),
            Ok(val) => {
                self.state.spend(text::length(&val) / 64);
                Item::Scalar(val)
            }
            Err((_, origins)) => self.unknown_of(at, parts, "a part of this text is not known").shaped_by(&origins),
        }
    }

    fn percent(&mut self, text: &Val, right: &Item, at: TextRange) -> Item {
        let values: Vec<Item> = match self.state.items(right) {
            Some(items) => items,
            None => vec![right.clone()],
        };
        let named = self.state.entries(right).map(<[_]>::to_vec);
        let pieces = text.literal().and_then(|literal| text::percent_pieces(&literal));
        self.fill(text, pieces, &values, named.as_deref().unwrap_or(&[]), at)
    }

    /// Puts values into the pieces of a format text.
    pub(super) fn fill(
        &mut self,
        text: &Val,
        pieces: Option<Vec<Piece>>,
        values: &[Item],
        named: &[(Sourced<String>, Item)],
        at: TextRange,
    ) -> Item {
        let all: Vec<Val> = values.iter().chain(named.iter().map(|(_, item)| item)).map(|item| self.state.val(item)).collect();
        let operands: Vec<&Val> = std::iter::once(text).chain(&all).collect();
        let Some(pieces) = pieces else { return self.unknown_of(at, &operands, "this format is not evaluated") };
        let mut parts = Vec::new();
        let mut next = 0;
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => parts.push(Val::text(literal, Origins::none())),
                Piece::Field(name, spec) => {
                    let found = if name.is_empty() {
                        next += 1;
                        values.get(next - 1)
                    } else if let Ok(index) = name.parse::<usize>() {
                        values.get(index)
                    } else {
                        named.iter().find(|(key, _)| key.value == name).map(|(_, item)| item)
                    };
                    let part = found.map(|item| self.state.val(item)).and_then(|val| text::formatted(&val, &spec));
                    match part {
                        Some(part) => parts.push(part),
                        None => {
                            return self.unknown_of(
                                at,
                                &operands,
                                "a value of this format is missing or formatted in a way that is not evaluated",
                            );
                        }
                    }
                }
            }
        }
        let parts: Vec<&Val> = parts.iter().collect();
        self.concat(&parts, &text.origins, at)
    }

    fn fstring(&mut self, string: &'a ExprFString) -> Item {
        let mut parts = Vec::new();
        for part in string.value.as_slice() {
            match part {
                FStringPart::Literal(literal) => {
                    let span = self.span(literal.range);
                    self.visit(span);
                    parts.push(Val::text(literal.value.to_string(), span));
                }
                FStringPart::FString(inner) => self.elements(&inner.elements, &mut parts),
            }
        }
        let parts: Vec<&Val> = parts.iter().collect();
        self.concat(&parts, &Origins::none(), string.range)
    }

    fn elements(&mut self, elements: &'a InterpolatedStringElements, parts: &mut Vec<Val>) {
        for element in elements.iter() {
            match element {
                InterpolatedStringElement::Literal(literal) => {
                    let span = self.span(literal.range);
                    self.visit(span);
                    parts.push(Val::text(literal.value.to_string(), span));
                }
                InterpolatedStringElement::Interpolation(field) => {
                    let item = self.expr(&field.expression);
                    let mut val = self.state.val(&item);
                    let plain = matches!(field.conversion, ConversionFlag::None | ConversionFlag::Str) && field.debug_text.is_none();
                    let mut spec = Some(Val::text("", Origins::none()));
                    if let Some(format) = &field.format_spec {
                        let mut inner = Vec::new();
                        self.elements(&format.elements, &mut inner);
                        spec = text::concat(inner.iter(), &Origins::none()).ok();
                    }
                    let spec_origins = spec.as_ref().map(|s| s.origins.clone()).unwrap_or_default();
                    let formatted = spec.and_then(|s| s.literal()).filter(|_| plain).and_then(|spec| text::formatted(&val, &spec));
                    match formatted {
                        Some(formatted) => val = formatted.shaped_by(&spec_origins),
                        None => {
                            let lost = self.unknown_of(field.range, &[&val], "this format is not evaluated");
                            val = self.state.val(&lost);
                        }
                    }
                    parts.push(val);
                }
            }
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: &Item, at: TextRange) -> Item {
        let val = self.state.val(operand);
        let number = match &val.value {
            Value::Number(text) => Num::read(text),
            _ => None,
        };
        match op {
            UnaryOp::Not => match self.truth(operand) {
                Some(truth) => Item::Scalar(Val::new(Value::Bool(!truth), val.all_origins())),
                None => self.unknown_of(at, &[&val], "this is known only when it runs"),
            },
            UnaryOp::USub => match number.and_then(|n| calculate(Operator::Sub, Num::Int(0), n)) {
                Some(number) => Item::Scalar(Val::new(Value::Number(number.text()), val.origins)),
                None => self.unknown_of(at, &[&val], "this is not a known number"),
            },
            UnaryOp::UAdd if number.is_some() => operand.clone(),
            UnaryOp::UAdd | UnaryOp::Invert => self.unknown_of(at, &[&val], "this operator is not evaluated"),
        }
    }

    /// Whether Python takes this as true, when that is known.
    pub(super) fn truth(&self, item: &Item) -> Option<bool> {
        match item {
            Item::Scalar(val) => match &val.value {
                Value::Null => Some(false),
                Value::Bool(value) => Some(*value),
                Value::Number(text) => Num::read(text).map(|n| !n.equals(Num::Int(0))),
                Value::Text(segments) => {
                    if segments.iter().any(|s| matches!(s, Segment::Literal(text) if !text.is_empty())) {
                        Some(true)
                    } else if segments.iter().any(|s| matches!(s, Segment::Symbol(_))) {
                        None
                    } else {
                        Some(false)
                    }
                }
                _ => None,
            },
            Item::List(..) => self.state.items(item).map(|items| !items.is_empty()),
            Item::Dict(..) => self.state.entries(item).map(|entries| !entries.is_empty()),
            Item::Function(_) | Item::Module(_) => Some(true),
            Item::Path(path) if path == "os.environ" => Some(true),
            _ => None,
        }
    }

    fn bool_op(&mut self, op: &'a ExprBoolOp) -> Item {
        let mut decided = Origins::none();
        let mut item = Item::none(Origins::none());
        for (i, value) in op.values.iter().enumerate() {
            item = self.expr(value);
            if i + 1 == op.values.len() {
                break;
            }
            match self.truth(&item) {
                // `and` ends at the first false value, `or` at the first true one.
                Some(truth) if truth == (op.op == BoolOp::Or) => break,
                Some(_) => decided.extend(&self.state.val(&item).all_origins()),
                None => {
                    // The rest is evaluated for what it shows.
                    let mut vals = vec![self.state.val(&item)];
                    for value in op.values.iter().skip(i + 1) {
                        let item = self.expr(value);
                        vals.push(self.state.val(&item));
                    }
                    let operands: Vec<&Val> = vals.iter().collect();
                    return self.unknown_of(op.range, &operands, "this is known only when it runs");
                }
            }
        }
        item.shaped_by(&decided)
    }

    fn ternary(&mut self, ternary: &'a ExprIf) -> Item {
        let condition = self.expr(&ternary.test);
        let origins = self.state.val(&condition).all_origins();
        match self.truth(&condition) {
            Some(true) => self.expr(&ternary.body).shaped_by(&origins),
            Some(false) => self.expr(&ternary.orelse).shaped_by(&origins),
            None => {
                let (a, b) = (self.expr(&ternary.body), self.expr(&ternary.orelse));
                let why = self.condition(range(&*ternary.test));
                self.state.merge_item(&a, &b, &why, &mut std::collections::BTreeMap::new(), 0)
            }
        }
    }

    fn compare(&mut self, compare: &'a ExprCompare) -> Item {
        let mut left = self.expr(&compare.left);
        let mut origins = self.state.val(&left).all_origins();
        let mut result = Some(true);
        let mut vals = vec![self.state.val(&left)];
        for (op, right) in compare.ops.iter().zip(&compare.comparators) {
            let right = self.expr(right);
            origins.extend(&self.state.val(&right).all_origins());
            vals.push(self.state.val(&right));
            let one = self.compare_one(*op, &left, &right);
            result = match (result, one) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            left = right;
        }
        match result {
            Some(truth) => Item::Scalar(Val::new(Value::Bool(truth), origins)),
            None => {
                let vals: Vec<&Val> = vals.iter().collect();
                self.unknown_of(compare.range, &vals, "this comparison is known only when it runs")
            }
        }
    }

    fn compare_one(&mut self, op: CmpOp, left: &Item, right: &Item) -> Option<bool> {
        match op {
            CmpOp::Eq | CmpOp::Is => self.equal(left, right),
            CmpOp::NotEq | CmpOp::IsNot => self.equal(left, right).map(|e| !e),
            CmpOp::In => self.contains(right, left),
            CmpOp::NotIn => self.contains(right, left).map(|c| !c),
            CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE => {
                let (a, b) = (self.state.val(left), self.state.val(right));
                let order = match (&a.value, &b.value) {
                    (Value::Number(x), Value::Number(y)) => Num::read(x)?.order(Num::read(y)?)?,
                    (Value::Text(_), Value::Text(_)) => a.literal()?.chars().cmp(b.literal()?.chars()),
                    _ => return None,
                };
                Some(match op {
                    CmpOp::Lt => order.is_lt(),
                    CmpOp::LtE => order.is_le(),
                    CmpOp::Gt => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
        }
    }

    pub(super) fn equal(&self, left: &Item, right: &Item) -> Option<bool> {
        equal_vals(&self.state.val(left), &self.state.val(right), 0)
    }

    fn contains(&mut self, holder: &Item, item: &Item) -> Option<bool> {
        let wanted = self.state.val(item);
        match holder {
            Item::Path(path) if path == "os.environ" => {
                let name = wanted.literal()?;
                let set = self.environment.iter().find(|(key, _)| key.value == name);
                self.read.insert(name.clone());
                if set.is_none() && super::external::set_by_aws(&name) { None } else { Some(set.is_some()) }
            }
            Item::List(..) => {
                let mut unsure = false;
                for other in self.state.items(holder)? {
                    match self.equal(&other, item) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => unsure = true,
                    }
                }
                if unsure { None } else { Some(false) }
            }
            Item::Dict(..) => {
                let name = wanted.literal()?;
                Some(self.state.entries(holder)?.iter().any(|(key, _)| key.value == name))
            }
            Item::Scalar(val) => match &val.value {
                Value::Text(segments) => {
                    let wanted = wanted.literal()?;
                    let found = segments.iter().any(|s| matches!(s, Segment::Literal(text) if text.contains(&wanted)));
                    let known = segments.iter().all(|s| matches!(s, Segment::Literal(_)));
                    if found || known { Some(found) } else { None }
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The items of something that is looped over, when they are known.
    pub(super) fn iterate(&mut self, item: &Item) -> Option<Vec<Item>> {
        if let Some(entries) = self.state.entries(item) {
            return Some(entries.iter().map(|(key, _)| Item::Scalar(Val::text(key.value.clone(), key.origins.clone()))).collect());
        }
        if let Item::Scalar(val) = item
            && matches!(val.value, Value::Text(_))
        {
            return Some(val.literal()?.chars().map(|c| Item::Scalar(Val::text(c, val.origins.clone()))).collect());
        }
        self.state.items(item)
    }

    pub(super) fn attribute(&mut self, receiver: Item, name: &str, at: TextRange) -> Item {
        match &receiver {
            Item::Path(path) => Item::Path(super::external::canonical(&format!("{path}.{name}"))),
            Item::Module(path) => match self.state.globals.get(path).and_then(|scope| scope.get(name)) {
                Some(item) => item.clone(),
                None => self.unknown(at, format!("`{path}` has no `{name}`")),
            },
            Item::Object(object, origins) => match (&**object, name) {
                (Object::Reply(call), "text" | "content" | "data" | "body") => {
                    Item::Object(std::rc::Rc::new(Object::ReplyText(*call)), origins.clone())
                }
                (Object::Reply(call), "status_code" | "status" | "code" | "ok" | "reason" | "headers" | "elapsed") => {
                    let symbol = self.state.reply(*call, &format!("#{name}"));
                    Item::Scalar(Val::new(Value::Symbol(symbol), origins.clone()))
                }
                _ => Item::Method(Box::new(receiver), name.to_owned()),
            },
            Item::Scalar(val) => match &val.value {
                Value::Symbol(symbol) if symbol.name == "context" && symbol.kind == SymbolKind::Reference => {
                    let span = self.span(at);
                    let symbol = Symbol { kind: SymbolKind::Reference, name: format!("context.{name}"), span };
                    Item::Scalar(Val::new(Value::Symbol(symbol), val.origins.clone()))
                }
                _ => Item::Method(Box::new(receiver), name.to_owned()),
            },
            _ => Item::Method(Box::new(receiver), name.to_owned()),
        }
    }

    fn subscript(&mut self, subscript: &'a ExprSubscript) -> Item {
        let holder = self.expr(&subscript.value);
        if let Expr::Slice(slice) = &*subscript.slice {
            let lower = slice.lower.as_deref().map(|e| self.expr(e));
            let upper = slice.upper.as_deref().map(|e| self.expr(e));
            let step = slice.step.as_deref().map(|e| self.expr(e));
            return self.slice(&holder, lower.as_ref(), upper.as_ref(), step.is_some(), subscript.range);
        }
        let key = self.expr(&subscript.slice);
        self.at_key(&holder, &key, subscript.range)
    }

    fn slice(&mut self, holder: &Item, lower: Option<&Item>, upper: Option<&Item>, step: bool, at: TextRange) -> Item {
        let mut origins = holder.origins();
        let mut bounds = [None, None];
        let mut known = !step;
        for (place, bound) in bounds.iter_mut().zip([lower, upper]) {
            if let Some(bound) = bound {
                let val = self.state.val(bound);
                origins.extend(&val.origins);
                *place = val.literal().and_then(|text| text.parse::<i64>().ok());
                known &= place.is_some();
            }
        }
        let window = |length: usize| -> (usize, usize) {
            let place = |bound: Option<i64>, default: usize| match bound {
                None => default,
                Some(b) if b < 0 => length.saturating_sub(usize::try_from(b.unsigned_abs()).unwrap_or(usize::MAX)),
                Some(b) => usize::try_from(b).unwrap_or(usize::MAX).min(length),
            };
            let start = place(bounds[0], 0);
            (start, place(bounds[1], length).max(start))
        };
        if known && let Some(items) = self.state.items(holder) {
            let (start, end) = window(items.len());
            let items = items.get(start..end).map(<[Item]>::to_vec).unwrap_or_default();
            return self.state.list(items, origins);
        }
        let val = self.state.val(holder);
        if known && let (Value::Text(_), Some(text)) = (&val.value, val.literal()) {
            let chars: Vec<char> = text.chars().collect();
            let (start, end) = window(chars.len());
            return Item::Scalar(Val::text(chars.get(start..end).map(|c| c.iter().collect::<String>()).unwrap_or_default(), origins));
        }
        self.unknown_of(at, &[&val], "this part is not known")
    }

    /// `holder[key]`.
    pub(super) fn at_key(&mut self, holder: &Item, key: &Item, at: TextRange) -> Item {
        let key_val = self.state.val(key);
        let own = holder.origins().with(&key_val.origins);
        if let Item::Path(path) = holder {
            if path == "os.environ" {
                return self.env(&key_val, None, true, at);
            }
            return self.unknown(at, format!("`{path}` is not evaluated"));
        }
        if let Some(entries) = self.state.entries(holder)
            && let Some(name) = key_val.literal()
        {
            return match entries.iter().find(|(k, _)| k.value == name) {
                Some((_, item)) => item.clone().shaped_by(&own),
                None => self.unknown(at, format!("the dictionary has no `{name}`")).shaped_by(&own),
            };
        }
        if let Some(items) = self.state.items(holder)
            && let Some(index) = key_val.literal().and_then(|text| text.parse::<isize>().ok())
        {
            let place = if index < 0 { items.len().checked_add_signed(index) } else { usize::try_from(index).ok() };
            return match place.and_then(|place| items.get(place)) {
                Some(item) => item.clone().shaped_by(&own),
                None => self.unknown(at, format!("the list has no item {index}")).shaped_by(&own),
            };
        }
        if let Item::Object(object, _) = holder {
            // boto3 answers with dictionaries; anything else has no items.
            return match (&**object, key_val.literal()) {
                (Object::Reply(call), Some(name)) => {
                    let symbol = self.state.reply(*call, "");
                    let symbol = self.below(&symbol, &name, matches!(key_val.value, Value::Number(_)), at);
                    Item::Scalar(Val::new(Value::Symbol(symbol), own))
                }
                _ => self.unknown(at, "this is read from something that is not known").shaped_by(&own),
            };
        }
        let val = self.state.val(holder);
        if let (Value::Symbol(symbol), Some(name)) = (&val.value, key_val.literal()) {
            let number = matches!(key_val.value, Value::Number(_));
            return Item::Scalar(Val::new(Value::Symbol(self.below(symbol, &name, number, at)), own));
        }
        self.unknown_of(at, &[&val, &key_val], "this is read from something that is not known")
    }

    /// The symbol of a field of a symbol, in ASL's notation.
    pub(super) fn below(&self, symbol: &Symbol, key: &str, number: bool, at: TextRange) -> Symbol {
        let plain =
            !key.is_empty() && !key.starts_with(|c: char| c.is_ascii_digit()) && key.chars().all(|c| c.is_alphanumeric() || c == '_');
        // The parts of Systems Manager's answer around the value say nothing.
        let name =
            if symbol.kind == SymbolKind::Reference && symbol.name.contains(':') && matches!(key, "Parameter" | "Value" | "SecretString") {
                symbol.name.clone()
            } else if number {
                format!("{}[{key}]", symbol.name)
            } else if plain {
                format!("{}.{key}", symbol.name)
            } else {
                format!("{}['{}']", symbol.name, key.replace('\\', "\\\\").replace('\'', "\\'"))
            };
        Symbol { kind: symbol.kind, name, span: self.span(at) }
    }

    fn comprehend(&mut self, generators: &'a [Comprehension], key: Option<&'a Expr>, element: &'a Expr, at: TextRange, dict: bool) -> Item {
        let out = if dict { self.state.dict(Vec::new(), Origins::none()) } else { self.state.list(Vec::new(), Origins::none()) };
        let frame = Frame {
            module: self.frame().map(|f| f.module.clone()).unwrap_or_default(),
            parent: self.state.frames.len().checked_sub(1),
            ..Frame::default()
        };
        self.state.frames.push(frame);
        self.generate(generators, key, element, &out, at);
        self.state.frames.pop();
        out
    }

    fn generate(&mut self, generators: &'a [Comprehension], key: Option<&'a Expr>, element: &'a Expr, out: &Item, at: TextRange) {
        let Some((generator, rest)) = generators.split_first() else {
            let key = key.map(|key| self.expr(key));
            let item = self.expr(element);
            match key {
                None => {
                    self.extend(out, vec![item], at);
                }
                Some(key) => {
                    let key = self.state.val(&key);
                    match key.literal() {
                        Some(name) => self.state.put(out, Sourced::new(name, key.origins.clone()), item.shaped_by(&key.origins)),
                        None => {
                            let why = self.why(at, "a key of this dictionary is not known");
                            self.state.spoil(out, &why);
                        }
                    }
                }
            }
            return;
        };
        let iterable = self.expr(&generator.iter);
        let Some(items) = self.iterate(&iterable).filter(|items| items.len() <= 500) else {
            let why = self.why(range(&generator.iter), "the items of this loop are not known");
            self.state.spoil(out, &why);
            return;
        };
        for item in items {
            self.assign(&generator.target, item);
            let mut truth = Some(true);
            for test in &generator.ifs {
                let condition = self.expr(test);
                match self.truth(&condition) {
                    Some(true) => {}
                    other => {
                        truth = other;
                        break;
                    }
                }
            }
            match truth {
                Some(true) => self.generate(rest, key, element, out, at),
                Some(false) => {}
                None => {
                    let why = self.condition(at);
                    self.state.spoil(out, &why);
                    return;
                }
            }
        }
    }

    fn call(&mut self, call: &'a ExprCall) -> Item {
        let function = self.expr(&call.func);
        let mut arguments = Arguments::default();
        for argument in &call.arguments.args {
            let item = self.expr(argument);
            if argument.is_starred_expr() {
                match self.iterate(&item) {
                    Some(items) => arguments.positional.extend(items),
                    None => arguments.lost = Some(self.why(range(argument), "these arguments are not known")),
                }
            } else {
                arguments.positional.push(item);
            }
        }
        for keyword in &call.arguments.keywords {
            let item = self.expr(&keyword.value);
            match &keyword.arg {
                Some(name) => arguments.named.push((name.to_string(), item)),
                None => match self.state.entries(&item).map(<[_]>::to_vec) {
                    Some(entries) => arguments.named.extend(entries.into_iter().map(|(key, item)| (key.value, item))),
                    None => arguments.lost = Some(self.why(range(&keyword.value), "these arguments are not known")),
                },
            }
        }
        let at = TextRange::new(call.range_start, call.arguments.range.end());
        match function {
            Item::Function(number) => self.invoke(number, arguments, at),
            Item::Path(path) => self.external(&path, &arguments, at),
            Item::Method(receiver, name) => self.method(&receiver, &name, &arguments, at),
            other => {
                let val = self.state.val(&other);
                let name = self.excerpt(range(&*call.func));
                self.unevaluated(at, &name);
                self.spoil_all(&arguments, at, "it was passed to a function that is not known");
                self.unknown_of(at, &[&val], "the function that is called here is not known")
            }
        }
    }

    pub(super) fn spoil_all(&mut self, arguments: &Arguments, at: TextRange, why: &str) {
        let why = self.why(at, why);
        for item in arguments.all() {
            self.state.spoil(item, &why);
        }
    }

    /// The call is not evaluated: its result is unknown, and so is what it may have changed.
    pub(super) fn give_up(&mut self, arguments: &Arguments, at: TextRange, why: &str) -> Item {
        self.spoil_all(arguments, at, why);
        let vals: Vec<Val> = arguments.all().map(|item| self.state.val(item)).collect();
        let item = self.unknown(at, why);
        vals.iter().fold(item, |item, val| item.shaped_by(&val.all_origins()))
    }
}

fn equal_vals(a: &Val, b: &Val, depth: usize) -> Option<bool> {
    if depth > 32 {
        return None;
    }
    match (&a.value, &b.value) {
        (Value::Unknown(_) | Value::Symbol(_), _) | (_, Value::Unknown(_) | Value::Symbol(_)) => None,
        (Value::Null, Value::Null) => Some(true),
        (Value::Bool(x), Value::Bool(y)) => Some(x == y),
        (Value::Number(x), Value::Number(y)) => Some(Num::read(x)?.equals(Num::read(y)?)),
        (Value::Text(_), Value::Text(_)) => match (a.literal(), b.literal()) {
            (Some(x), Some(y)) => Some(x == y),
            // A text that surely has characters is not the empty one.
            (Some(known), None) | (None, Some(known)) if known.is_empty() => {
                let other = if a.literal().is_some() { b } else { a };
                let Value::Text(segments) = &other.value else { return None };
                segments.iter().any(|s| matches!(s, Segment::Literal(t) if !t.is_empty())).then_some(false)
            }
            _ => None,
        },
        (Value::List(x), Value::List(y)) => {
            if x.len() != y.len() {
                return Some(false);
            }
            let mut all = Some(true);
            for (x, y) in x.iter().zip(y) {
                match equal_vals(x, y, depth + 1) {
                    Some(false) => return Some(false),
                    None => all = None,
                    Some(true) => {}
                }
            }
            all
        }
        (Value::Map(_), Value::Map(_)) => None,
        (Value::Bool(_), Value::Number(_)) | (Value::Number(_), Value::Bool(_)) => None,
        _ => Some(false),
    }
}
