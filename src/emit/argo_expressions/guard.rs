//! What must hold so that a translation is exact, in the order in which it may be asked.
use super::ast::{Ast, Type, and, binary, call, field, is, text};
use super::json::{Json, type_of};

/// Conditions; each may rely on those before it.
#[derive(Clone, Default, Debug)]
pub(super) struct Guard(Vec<Ast>);

impl Guard {
    pub(super) fn need(&mut self, condition: Ast) {
        match condition {
            Ast::Bool(true) => {}
            Ast::Binary("and", left, right) => {
                self.need(*left);
                self.need(*right);
            }
            condition => {
                // Of a value that has a type, one need not ask whether it is there.
                if let Ast::Binary("==", left, _) = &condition
                    && let Ast::Call("type", of) = &**left
                    && let [Ast::Field(parent, name)] = of.as_slice()
                {
                    let there = binary("in", text(name.as_str()), (**parent).clone());
                    self.0.retain(|known| *known != there);
                }
                if !self.0.contains(&condition) {
                    self.0.push(condition);
                }
            }
        }
    }

    /// That a value has a type. `None`: it cannot.
    pub(super) fn need_type(&mut self, json: &Json, wanted: Type) -> Option<()> {
        match json {
            Json::Constant(value) => (type_of(value) == wanted).then_some(()),
            Json::Partial(_) => None,
            _ => match json.known_type() {
                Some(known) => (known == wanted).then_some(()),
                None => {
                    let value = json.value()?;
                    if !may_be(&value, wanted) {
                        return None;
                    }
                    self.need(is(value, wanted));
                    Some(())
                }
            },
        }
    }

    /// That an object has a field.
    pub(super) fn need_field(&mut self, of: &Ast, name: &str) {
        let typed = |wanted: &Ast| {
            self.0.iter().any(|known| matches!(known, Ast::Binary("==", left, right) if matches!((&**left, &**right), (Ast::Call("type", of), Ast::Text(word)) if of.first() == Some(wanted) && word != "nil")))
        };
        if !typed(&field(of.clone(), name)) {
            self.need(binary("in", text(name), of.clone()));
        }
    }

    /// That a number has no fraction. `None`: it has one.
    pub(super) fn need_whole(&mut self, number: &Ast) -> Option<()> {
        if matches!(number, Ast::Decimal(_)) {
            return None;
        }
        if !is_whole(number) {
            self.need(binary("==", call("floor", [number.clone()]), number.clone()));
        }
        Some(())
    }

    pub(super) fn extend(&mut self, other: Guard) {
        for condition in other.0 {
            self.need(condition);
        }
    }

    /// All of it.
    pub(super) fn ast(self) -> Ast {
        self.0.into_iter().fold(Ast::Bool(true), and)
    }

    pub(super) fn conditions(&self) -> &[Ast] {
        &self.0
    }
}

/// Whether a number is an integer by the form of its expression. Sums of lists are made of integers only.
pub(super) fn is_whole(number: &Ast) -> bool {
    match number {
        Ast::Int(_) | Ast::Call("len" | "int" | "floor" | "sum" | "sprig.randInt", _) => true,
        Ast::Binary("+" | "-" | "*", left, right) => is_whole(left) && is_whole(right),
        Ast::Call("float", of) => of.iter().all(|of| of.known_type() != Some(Type::Number)),
        _ => false,
    }
}

/// Argo takes the type of a choice from one branch where the other is nil, and refuses what does not fit before it runs.
fn may_be(value: &Ast, wanted: Type) -> bool {
    match value {
        Ast::If(_, then, otherwise) => may_be(then, wanted) && may_be(otherwise, wanted),
        other => other.known_type().is_none_or(|known| known == wanted),
    }
}
