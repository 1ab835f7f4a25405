use super::*;
use crate::source::span::{FileId, Sourced, Span};

fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn template(value: TemplateValue) -> Template {
    Template { value, span: span() }
}

fn map(entries: Vec<(&str, TemplateValue)>) -> TemplateValue {
    let entry = |(key, value): (&str, TemplateValue)| (Sourced::new(key.to_owned(), span()), template(value));
    TemplateValue::Map(entries.into_iter().map(entry).collect())
}

fn path(text: &str) -> TemplateValue {
    TemplateValue::PathExpression(text.to_owned())
}

fn fill(value: TemplateValue, input: &str) -> String {
    let input = Value::parse(input).expect("JSON");
    let env = Env { input: &input, context: &Value::Null, variables: &|_| None, random: &|| 0 };
    match CompiledTemplate::compile(&template(value)).expect("template").evaluate(&env) {
        Ok(value) => value.to_json(),
        Err(error) => format!("{}: {}", error.name, error.cause),
    }
}

#[test]
fn expressions_are_replaced_and_the_rest_stays() {
    let value = map(vec![
        ("constant", TemplateValue::List(vec![template(TemplateValue::Number("1.0".into())), template(TemplateValue::Text("$.x".into()))])),
        ("inner", map(vec![("x", path("$.x")), ("y", TemplateValue::Null)])),
        ("list", TemplateValue::List(vec![template(map(vec![("sum", path("States.MathAdd($.x, 1)"))]))])),
    ]);
    assert_eq!(fill(value, r#"{"x":2}"#), r#"{"constant":[1.0,"$.x"],"inner":{"x":2,"y":null},"list":[{"sum":3}]}"#);
}

#[test]
fn messages_name_the_field() {
    assert_eq!(
        fill(map(vec![("outer", map(vec![("value", path("$.no"))]))]), r#"{"a":1}"#),
        "States.Runtime: The JSONPath '$.no' specified for the field 'value.$' could not be found in the input '{\"a\":1}'"
    );
    assert_eq!(
        fill(map(vec![("v", path("States.Format('{}', $.no)"))]), r#"{"a":1}"#),
        "States.Runtime: The function 'States.Format('{}', $.no)' had the following error: The JsonPath argument for the field '$.no' could not be \
         found in the input '{\"a\":1}'"
    );
}

#[test]
fn beyond_the_end_of_an_array_is_null() {
    assert_eq!(fill(map(vec![("v", path("$.a[5]"))]), r#"{"a":[1]}"#), r#"{"v":null}"#);
    assert_eq!(fill(map(vec![("v", path("$.a[5].b"))]), r#"{"a":[1]}"#), r#"{"v":null}"#);
}

#[test]
fn what_cannot_be_read_is_said_once() {
    let problem = CompiledTemplate::compile(&template(map(vec![("v", path("$.a["))]))).expect_err("no path");
    assert!(problem.starts_with("`$.a[`"), "{problem}");
}

#[test]
fn an_input_of_null_has_no_paths() {
    let problem = "States.Runtime: Unable to apply Path transformation to null or empty input.";
    assert_eq!(fill(map(vec![("v", path("$"))]), "null"), problem);
    assert_eq!(fill(map(vec![("v", path("$.a.b"))]), "null"), problem);
    assert_eq!(fill(map(vec![("v", path("$.a"))]), r#"{"a":null}"#), r#"{"v":null}"#);
}
