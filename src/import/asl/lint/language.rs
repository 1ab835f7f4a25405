//! Expressions of one query language in a state of the other: plain text there.
use super::{completed_later, paths};
use crate::import::asl::reader;
use crate::ir::machine::{FailText, QueryLanguage, State, StateKind, Template, TemplateValue};
use crate::source::rules::lint::ASL207;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::Span;

pub(super) fn state(state: &State, sink: &mut Sink) {
    let language = state.query_language;
    for template in templates(state) {
        walk(template, language, sink);
    }
    if let (StateKind::Fail(fail), QueryLanguage::JsonPath) = (&state.kind, language) {
        for text in [&fail.error, &fail.cause] {
            if let Some(FailText::Literal(text)) = text
                && let Some(span) = text.span()
            {
                jsonata_in_path(&text.value, span, sink);
            }
        }
    }
}

/// The templates of a state whose expressions are evaluated.
fn templates(state: &State) -> Vec<&Template> {
    let data = &state.data;
    let mut out: Vec<&Template> =
        [&data.parameters, &data.result_selector, &data.arguments, &data.output, &data.assign].into_iter().flatten().collect();
    match &state.kind {
        StateKind::Choice { rules, .. } => out.extend(rules.iter().flat_map(|rule| [&rule.assign, &rule.output]).flatten()),
        StateKind::Map(map) => out.extend([&map.items, &map.item_selector].into_iter().flatten()),
        _ => {}
    }
    out.extend(state.catch.iter().flat_map(|catcher| [&catcher.output, &catcher.assign]).flatten());
    out
}

fn walk(template: &Template, language: QueryLanguage, sink: &mut Sink) {
    match &template.value {
        TemplateValue::Text(text) => match language {
            QueryLanguage::JsonPath => jsonata_in_path(text, template.span, sink),
            QueryLanguage::Jsonata => path_in_jsonata(text, template.span, sink),
        },
        TemplateValue::List(items) => items.iter().for_each(|item| walk(item, language, sink)),
        TemplateValue::Map(entries) => {
            for (key, value) in entries {
                let expression = language == QueryLanguage::Jsonata && key.value.ends_with(".$");
                if let TemplateValue::Text(text) = &value.value
                    && expression
                    && (text.starts_with('$') || text.starts_with("States."))
                {
                    let message =
                        format!("`{}` is no expression in a state that uses JSONata: the key is `{}` itself", key.value, key.value);
                    let plain = key.value.trim_end_matches(".$");
                    sink.report(
                        Diagnostic::warning(&ASL207, key.span(), message).help(format!("write `{plain}` with a text in `{{% … %}}`")),
                    );
                    continue;
                }
                walk(value, language, sink);
            }
        }
        _ => {}
    }
}

fn jsonata_in_path(text: &str, span: Span, sink: &mut Sink) {
    if reader::jsonata(text).is_some() {
        let report = Diagnostic::warning(&ASL207, span, format!("`{text}` is a text in a state that uses JSONPath"));
        sink.report(report.help("set `QueryLanguage` of the state to `JSONata`"));
    }
}

fn path_in_jsonata(text: &str, span: Span, sink: &mut Sink) {
    if !completed_later(text) && (text.starts_with("$states.") || paths::looks_like_path(text)) {
        let report = Diagnostic::warning(&ASL207, span, format!("`{text}` is a text in a state that uses JSONata"));
        sink.report(report.help(if text.starts_with("$states.") {
            format!("write `{{% {text} %}}`")
        } else {
            "write an expression, such as `{% $states.input.field %}`".to_owned()
        }));
    }
}
