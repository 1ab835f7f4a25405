//! Operators, conditions and formatted texts.
use super::flow::{Evaluator, range};
use super::number::{Num, calculate};
use super::state::{Item, LONGEST_TEXT};
use super::text::{self, Piece};
use crate::ir::value::{Segment, Val, Value};
use crate::source::span::{Origins, Sourced};
use ruff_python_ast::{
    BoolOp, CmpOp, ConversionFlag, Expr, ExprBoolOp, ExprCompare, ExprFString, ExprIf, FStringPart, InterpolatedStringElement,
    InterpolatedStringElements, Operator, UnaryOp,
};
use ruff_text_size::TextRange;

impl<'a> Evaluator<'a> {
    /// A chain of binary operators from the left, without recursion along the chain.
    pub(super) fn operators(&mut self, expr: &'a Expr) -> Item {
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

    pub(super) fn fstring(&mut self, string: &'a ExprFString) -> Item {
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
        for element in elements {
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
                    if let Some(formatted) = formatted {
                        val = formatted.shaped_by(&spec_origins);
                    } else {
                        let lost = self.unknown_of(field.range, &[&val], "this format is not evaluated");
                        val = self.state.val(&lost);
                    }
                    parts.push(val);
                }
            }
        }
    }

    pub(super) fn unary(&mut self, op: UnaryOp, operand: &Item, at: TextRange) -> Item {
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

    pub(super) fn bool_op(&mut self, op: &'a ExprBoolOp) -> Item {
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

    pub(super) fn ternary(&mut self, ternary: &'a ExprIf) -> Item {
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

    pub(super) fn compare(&mut self, compare: &'a ExprCompare) -> Item {
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
        if let Some(truth) = result {
            Item::Scalar(Val::new(Value::Bool(truth), origins))
        } else {
            let vals: Vec<&Val> = vals.iter().collect();
            self.unknown_of(compare.range, &vals, "this comparison is known only when it runs")
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
}

fn equal_vals(a: &Val, b: &Val, depth: usize) -> Option<bool> {
    if depth > 32 {
        return None;
    }
    match (&a.value, &b.value) {
        (Value::Unknown(_) | Value::Symbol(_), _)
        | (_, Value::Unknown(_) | Value::Symbol(_))
        | (Value::Map(_), Value::Map(_))
        | (Value::Bool(_), Value::Number(_))
        | (Value::Number(_), Value::Bool(_)) => None,
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
        _ => Some(false),
    }
}
