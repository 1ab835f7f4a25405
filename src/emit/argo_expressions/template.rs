//! Payload templates with paths and intrinsic functions.
use super::ast::{Ast, Type, call, is, not, text};
use super::guard::Guard;
use super::intrinsic;
use super::json::Json;
use super::scope::Scope;
use crate::ir::machine::{Template, TemplateValue};
use crate::simulate::path::Root;
use crate::simulate::program::literal;
use crate::simulate::template::Expression;
use crate::simulate::value::Value;

/// A template's value.
pub(super) fn fill(template: &Template, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    Some(match &template.value {
        TemplateValue::PathExpression(text) => expression(&Expression::parse(text).ok()?, scope, guard)?,
        TemplateValue::List(items) => Json::list(items.iter().map(|item| fill(item, scope, guard)).collect::<Option<_>>()?),
        TemplateValue::Map(entries) => {
            Json::object(entries.iter().map(|(key, value)| Some((key.value.clone(), fill(value, scope, guard)?))).collect::<Option<_>>()?)
        }
        // Without meaning in this language.
        TemplateValue::Jsonata(text) => Json::Constant(Value::string(text.as_str())),
        TemplateValue::Null | TemplateValue::Bool(_) | TemplateValue::Number(_) | TemplateValue::Text(_) => {
            Json::Constant(literal(template))
        }
    })
}

/// What `key.$` holds.
pub(super) fn expression(expression: &Expression, scope: &Scope<'_>, guard: &mut Guard) -> Option<Json> {
    match expression {
        Expression::Path(path) => {
            let found = scope.find(path, guard)?;
            // Of a null input not even `$` can be taken.
            if path.root == Root::Input {
                match &found {
                    Json::Root(root) => guard.need(not(super::ast::binary("==", call("trim", [Ast::Source(*root)]), text("null")))),
                    Json::Constant(Value::Null) if found == scope.input => return None,
                    Json::Value(ast) if found == scope.input => guard.need(not(is(ast.clone(), Type::Null))),
                    _ => {}
                }
            }
            Some(found)
        }
        Expression::Call(call) => intrinsic::call(call.view(), scope, guard),
    }
}
