//! Expressions.
use super::flow::{Body, Callable, Evaluator, range};
use super::number::Num;
use super::state::{Frame, Item, Object};
use crate::ir::value::{Symbol, SymbolKind, Unknown, Val, Value};
use crate::source::span::{Origins, Sourced};
use ruff_python_ast::{Comprehension, Expr, ExprCall, ExprDict, ExprSubscript, Number};
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
            Expr::List(list) => self.sequence(&list.elts),
            Expr::Tuple(tuple) => self.sequence(&tuple.elts),
            Expr::Set(set) => self.sequence(&set.elts),
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
            Expr::ListComp(comp) => self.comprehend(&comp.generators, None, &comp.elt, false),
            Expr::SetComp(comp) => self.comprehend(&comp.generators, None, &comp.elt, false),
            Expr::Generator(comp) => self.comprehend(&comp.generators, None, &comp.elt, false),
            Expr::DictComp(comp) => self.comprehend(&comp.generators, comp.key.as_deref(), &comp.value, true),
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

    fn sequence(&mut self, elements: &'a [Expr]) -> Item {
        let mut items = Vec::new();
        let mut unknown = None;
        for element in elements {
            let value = self.expr(element);
            if element.is_starred_expr() {
                match self.iterate(&value) {
                    Some(more) => items.extend(more),
                    None => unknown = Some(self.why(range(element), "the items put in here are not known")),
                }
            } else {
                items.push(value);
            }
        }
        let list = self.state.list(items, Origins::none());
        if let Some(why) = unknown {
            self.state.spoil(&list, &why);
        }
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
            if let Some(name) = key_val.literal() {
                self.state.put(&out, Sourced::new(name, key_val.origins.clone()), value.shaped_by(&key_val.origins));
            } else {
                let why = self.why(range(key), "this key is not known");
                self.state.spoil(&out, &why);
            }
        }
        out
    }

    /// `dict.update`.
    pub(super) fn update(&mut self, dict: &Item, more: &Item, at: TextRange) {
        if let Some(entries) = self.state.entries(more).map(<[_]>::to_vec) {
            for (key, value) in entries {
                let value = value.shaped_by(&more.origins());
                self.state.put(dict, key, value);
            }
        } else {
            let why = self.why(at, "what is put into the dictionary here is not known");
            self.state.spoil(dict, &why);
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
            self.risks += u32::from(symbol.kind == SymbolKind::Event);
            let number = matches!(key_val.value, Value::Number(_));
            return Item::Scalar(Val::new(Value::Symbol(self.below(symbol, &name, number, at)), own));
        }
        self.risks += 1;
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

    fn comprehend(&mut self, generators: &'a [Comprehension], key: Option<&'a Expr>, element: &'a Expr, dict: bool) -> Item {
        let out = if dict { self.state.dict(Vec::new(), Origins::none()) } else { self.state.list(Vec::new(), Origins::none()) };
        let frame = Frame {
            module: self.frame().map(|f| f.module.clone()).unwrap_or_default(),
            parent: self.state.frames.len().checked_sub(1),
            ..Frame::default()
        };
        self.state.frames.push(frame);
        let mut shaping = Origins::none();
        self.generate(generators, key, element, &out, &mut shaping);
        self.state.frames.pop();
        out.shaped_by(&shaping)
    }

    /// `shaping` collects what decides which items there are.
    fn generate(&mut self, generators: &'a [Comprehension], key: Option<&'a Expr>, element: &'a Expr, out: &Item, shaping: &mut Origins) {
        let Some((generator, rest)) = generators.split_first() else {
            let key = key.map(|key| self.expr(key));
            let item = self.expr(element);
            match key {
                None => {
                    self.extend(out, vec![item], range(element));
                }
                Some(key) => {
                    let key = self.state.val(&key);
                    if let Some(name) = key.literal() {
                        self.state.put(out, Sourced::new(name, key.origins.clone()), item.shaped_by(&key.origins));
                    } else {
                        let why = self.why(range(element), "a key of this dictionary is not known");
                        self.state.spoil(out, &why);
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
        shaping.extend(&iterable.origins());
        for item in items {
            self.assign(&generator.target, item);
            let mut truth = Some(true);
            for test in &generator.ifs {
                let condition = self.expr(test);
                shaping.extend(&self.state.val(&condition).all_origins());
                match self.truth(&condition) {
                    Some(true) => {}
                    other => {
                        truth = other;
                        break;
                    }
                }
            }
            match truth {
                Some(true) => self.generate(rest, key, element, out, shaping),
                Some(false) => {}
                None => {
                    let why = self.condition(generator.ifs.first().map_or_else(|| range(element), range));
                    self.state.spoil(out, &why);
                    return;
                }
            }
        }
    }

    fn call(&mut self, call: &'a ExprCall) -> Item {
        let function = self.expr(&call.func);
        self.risks += u32::from(matches!(&function, Item::Scalar(_)));
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
            Item::Function(number) => self.invoke(number, &arguments, at),
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
        self.risks += 1;
        self.spoil_all(arguments, at, why);
        let vals: Vec<Val> = arguments.all().map(|item| self.state.val(item)).collect();
        let item = self.unknown(at, why);
        vals.iter().fold(item, |item, val| item.shaped_by(&val.all_origins()))
    }
}
