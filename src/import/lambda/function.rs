//! Functions and imports: what a name of the sources stands for, and what calling it does.
use super::expression::Arguments;
use super::flow::{Body, Callable, Evaluator, Flow, range};
use super::state::{Frame, Item};
use crate::source::span::{Origins, Sourced};
use ruff_python_ast::{Expr, Parameters, StmtFunctionDef};
use ruff_text_size::TextRange;

/// Decorators that leave what a function does as it is, by the start of their dotted names.
const HARMLESS: &[&str] =
    &["aws_lambda_powertools", "logging", "aws_xray_sdk", "functools", "datadog_lambda", "sentry_sdk", "builtins.staticmethod"];

impl<'a> Evaluator<'a> {
    pub(super) fn define(&mut self, def: &'a StmtFunctionDef) {
        let mut opaque = None;
        if def.is_async {
            opaque = Some(format!("`{}` is asynchronous", def.name));
        }
        for decorator in &def.decorator_list {
            let path = match self.expr(&decorator.expression) {
                Item::Path(path) => path,
                Item::Method(..) | Item::Scalar(_) => dotted(&decorator.expression).unwrap_or_default(),
                _ => String::new(),
            };
            let root = self.root_of(&path);
            if !HARMLESS.iter().any(|known| root.starts_with(known)) {
                opaque = Some(format!("`{}` is changed by the decorator `{}`", def.name, self.excerpt(range(&decorator.expression))));
            }
        }
        let defaults = self.defaults(&def.parameters);
        let callable = Callable {
            module: self.frame().map(|f| f.module.clone()).unwrap_or_default(),
            name: def.name.to_string(),
            parameters: Some(&def.parameters),
            body: Body::Block(&def.body),
            defaults,
            parent: self.enclosing(),
            opaque,
            span: self.span(def.range),
        };
        let item = self.declare(callable);
        self.assign_name(def.name.as_str(), item);
    }

    /// The full dotted name, when the first part is an imported library.
    fn root_of(&self, path: &str) -> String {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        match self.lookup(first) {
            Some(Item::Path(full)) => format!("{full}.{rest}"),
            _ => path.to_owned(),
        }
    }

    pub(super) fn enclosing(&self) -> Option<usize> {
        let top = self.frame().is_none_or(|f| f.top);
        if top { None } else { self.state.frames.len().checked_sub(1) }
    }

    pub(super) fn defaults(&mut self, parameters: &'a Parameters) -> Vec<(String, Item)> {
        let mut defaults = Vec::new();
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                let item = self.expr(default);
                defaults.push((parameter.parameter.name.to_string(), item));
            }
        }
        defaults
    }

    pub(super) fn import(&mut self, dotted: &str, alias: Option<&str>) {
        if let Some(path) = self.find_module(dotted, 0)
            && self.load(&path)
        {
            self.assign_name(alias.unwrap_or(dotted), Item::Module(path));
            return;
        }
        let first = dotted.split('.').next().unwrap_or(dotted);
        let (name, path) = match alias {
            Some(alias) => (alias, dotted),
            None => (first, first),
        };
        self.assign_name(name, Item::Path(super::external::canonical(path)));
    }

    pub(super) fn import_from(&mut self, module: &str, level: u32, name: &str, alias: &str) {
        let inner = if module.is_empty() { name.to_owned() } else { format!("{module}.{name}") };
        let submodule = self.find_module(&inner, level);
        let path = if module.is_empty() { None } else { self.find_module(module, level) };
        if let Some(path) = path
            && self.load(&path)
        {
            let scope = self.state.globals.get(&path).cloned().unwrap_or_default();
            if name == "*" {
                for (name, item) in scope.into_iter().filter(|(name, _)| !name.starts_with('_')) {
                    self.assign_name(&name, item);
                }
                return;
            }
            if let Some(item) = scope.get(name) {
                self.assign_name(alias, item.clone());
                return;
            }
        }
        if let Some(path) = submodule
            && self.load(&path)
        {
            self.assign_name(alias, Item::Module(path));
        } else {
            self.assign_name(alias, Item::Path(super::external::canonical(&inner)));
        }
    }

    /// Calls a function of the sources.
    pub(super) fn invoke(&mut self, number: usize, arguments: &Arguments, at: TextRange) -> Item {
        let Some(callable) = self.functions.get(number) else { return self.unknown(at, "the function is lost") };
        if let Some(why) = callable.opaque.clone() {
            let name = callable.name.clone();
            self.unevaluated(at, &name);
            return self.give_up(arguments, at, &why);
        }
        if let Some(why) = arguments.lost.clone() {
            return self.give_up(arguments, at, &why.why);
        }
        let (body, parameters, name) = (callable.body, callable.parameters, callable.name.clone());
        let mut frame = Frame { module: callable.module.clone(), parent: callable.parent, ..Frame::default() };
        frame.locals.extend(callable.defaults.iter().cloned());
        let mut positional = arguments.positional.iter().cloned();
        let mut named = arguments.named.clone();
        if let Some(parameters) = parameters {
            for parameter in parameters.posonlyargs.iter().chain(&parameters.args) {
                if let Some(item) = positional.next() {
                    frame.locals.insert(parameter.parameter.name.to_string(), item);
                }
            }
            let rest: Vec<Item> = positional.collect();
            if let Some(vararg) = &parameters.vararg {
                let list = self.state.list(rest, Origins::none());
                frame.locals.insert(vararg.name.to_string(), list);
            } else if !rest.is_empty() {
                return self.give_up(arguments, at, &format!("`{name}` is called with more arguments than it takes"));
            }
            for parameter in parameters.iter_non_variadic_params() {
                let wanted = parameter.parameter.name.as_str();
                if let Some(i) = named.iter().position(|(given, _)| given == wanted) {
                    frame.locals.insert(wanted.to_owned(), named.remove(i).1);
                }
                if !frame.locals.contains_key(wanted) {
                    return self.give_up(arguments, at, &format!("`{name}` is called without its argument `{wanted}`"));
                }
            }
            if let Some(kwarg) = &parameters.kwarg {
                let entries = named.drain(..).map(|(key, item)| (Sourced::new(key, item.origins()), item)).collect();
                let dict = self.state.dict(entries, Origins::none());
                frame.locals.insert(kwarg.name.to_string(), dict);
            }
        }
        if let Some((extra, _)) = named.first() {
            return self.give_up(arguments, at, &format!("`{name}` takes no argument `{extra}`"));
        }
        if !self.enter() {
            return self.unknown(at, "calls nest too deep, or the evaluation takes too long");
        }
        self.state.frames.push(frame);
        let flow = match body {
            Body::Block(stmts) => self.block(stmts),
            Body::Lambda(expr) => Flow::Return(self.expr(expr)),
        };
        let frame = self.state.frames.pop().unwrap_or_default();
        self.leave();
        let item = match flow {
            Flow::Return(item) => item,
            Flow::Raise => self.unknown(at, format!("`{name}` raises an exception, or its evaluation takes too long")),
            _ => Item::none(Origins::none()),
        };
        self.returned(item, frame.maybe)
    }
}

/// `a.b.c` as written.
fn dotted(expr: &Expr) -> Option<String> {
    let mut parts = Vec::new();
    let mut at = expr;
    loop {
        match at {
            Expr::Attribute(attribute) => {
                parts.push(attribute.attr.as_str());
                at = &attribute.value;
            }
            Expr::Call(call) => at = &call.func,
            Expr::Name(name) => {
                parts.push(name.id.as_str());
                parts.reverse();
                return Some(parts.join("."));
            }
            _ => return None,
        }
    }
}
