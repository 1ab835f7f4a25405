//! Every field of the language is read, on every kind of state that has it, and nothing is lost of what is wrong.
use super::super::fields::{KINDS, STATE};
use super::{read, said};
use crate::ir::machine::{FailText, Next, Number, Operand, PathField, StateKind, TemplateValue, WaitFor};
use serde_json::{Value, json};

/// Every field of JSONPath, on one machine.
fn path_machine() -> Value {
    json!({
        "Comment": "all of JSONPath", "Version": "1.0", "TimeoutSeconds": 3600, "QueryLanguage": "JSONPath", "StartAt": "T",
        "States": {
            "T": {
                "Type": "Task", "Comment": "a task", "QueryLanguage": "JSONPath", "Resource": "arn:aws:lambda:${Region}:x",
                "InputPath": "$.in", "OutputPath": null, "ResultPath": "$.r",
                "Parameters": {"a": 1, "b.$": "$.b", "c": [true, null, {"d.$": "States.UUID()"}], "e": {}, "f": []},
                "ResultSelector": {"x.$": "$.y"}, "Assign": {"v.$": "$.v"},
                "TimeoutSeconds": 60, "HeartbeatSeconds": 30, "Credentials": {"RoleArn": "arn:aws:iam::1:role/r"},
                "Retry": [{"ErrorEquals": ["A", "B"], "IntervalSeconds": 2, "MaxAttempts": 0, "BackoffRate": 1.5, "MaxDelaySeconds": 9,
                    "JitterStrategy": "FULL", "Comment": "again"}, {"ErrorEquals": ["States.ALL"]}],
                "Catch": [{"ErrorEquals": ["C"], "Next": "F", "ResultPath": null, "Assign": {"w": 1}, "Comment": "caught"},
                    {"ErrorEquals": ["States.ALL"], "Next": "F2"}],
                "Next": "T2"
            },
            "T2": {"Type": "Task", "Resource": "arn:x", "TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$.h", "Next": "P"},
            "P": {"Type": "Pass", "Result": {"k.$": "no path", "n": 1}, "InputPath": null, "OutputPath": "$", "ResultPath": "$",
                "Parameters": "text", "Assign": {}, "Next": "C"},
            "C": {
                "Type": "Choice", "InputPath": "$", "OutputPath": "$", "Assign": {"z": 0}, "Default": "W1",
                "Choices": [
                    {"Variable": "$.a", "StringEquals": "x", "Next": "W2", "Comment": "one", "Assign": {"q": "r"}},
                    {"And": [{"Variable": "$.b", "NumericLessThan": 1.50}, {"Or": [{"Variable": "$.c", "IsPresent": true},
                        {"Not": {"Variable": "$.d", "TimestampEqualsPath": "$.e"}}]}], "Next": "W3"},
                    {"Variable": "$.f", "StringMatches": "a*", "Next": "W4"}
                ]
            },
            "W1": {"Type": "Wait", "Seconds": 0, "InputPath": "$", "OutputPath": "$", "Assign": {"i": 1}, "Next": "Par"},
            "W2": {"Type": "Wait", "SecondsPath": "$.s", "Next": "Par"},
            "W3": {"Type": "Wait", "Timestamp": "2030-01-01T00:00:00Z", "Next": "Par"},
            "W4": {"Type": "Wait", "TimestampPath": "$.t", "Next": "Par"},
            "Par": {
                "Type": "Parallel", "InputPath": "$", "OutputPath": "$", "ResultPath": null, "Parameters": {"p": 1},
                "ResultSelector": {"s.$": "$[0]"}, "Assign": {"j": 1}, "Retry": [{"ErrorEquals": ["R"]}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "F"}], "Next": "M",
                "Branches": [{"Comment": "left", "StartAt": "L", "States": {"L": {"Type": "Succeed", "InputPath": "$", "OutputPath": "$",
                    "Comment": "done"}}}]
            },
            "M": {
                "Type": "Map", "InputPath": "$", "OutputPath": "$", "ResultPath": "$.m", "ResultSelector": {"m.$": "$"}, "Assign": {"k": 1},
                "ItemsPath": "$.items", "ItemSelector": {"v.$": "$$.Map.Item.Value"}, "MaxConcurrency": 4,
                "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN",
                    "CSVHeaders": ["a"], "MaxItemsPath": "$.max"}, "Parameters": {"Bucket.$": "$.b", "Key": "k"}},
                "ItemBatcher": {"MaxItemsPerBatch": 10, "MaxInputBytesPerBatch": 100, "BatchInput": {"c.$": "$.c"}},
                "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"},
                    "WriterConfig": {"OutputType": "JSON", "Transformation": "FLATTEN"}},
                "ToleratedFailureCount": 1, "ToleratedFailurePercentage": 5, "Label": "l",
                "ItemProcessor": {"Comment": "each", "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "I",
                    "States": {"I": {"Type": "Pass", "End": true}}},
                "Retry": [{"ErrorEquals": ["R"]}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "F"}], "Next": "M2"
            },
            "M2": {
                "Type": "Map", "Parameters": {"old.$": "$"}, "MaxConcurrencyPath": "$.c", "ToleratedFailureCountPath": "$.x",
                "ToleratedFailurePercentagePath": "$.y", "End": true,
                "Iterator": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "J", "States": {"J": {"Type": "Succeed"}}}
            },
            "F": {"Type": "Fail", "Error": "E", "Cause": "because", "Comment": "bad"},
            "F2": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}', $.c)"}
        }
    })
}

/// Every field of JSONata, on one machine.
fn jsonata_machine() -> Value {
    json!({
        "QueryLanguage": "JSONata", "StartAt": "T",
        "States": {
            "T": {"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:x", "Arguments": {"a": "{% $states.input.a %}", "b": 2},
                "Output": "{%$states.result%}", "Assign": {"v": "{% 1 %}"}, "TimeoutSeconds": "{% $t %}", "HeartbeatSeconds": 5,
                "Credentials": {"RoleArn": "{% $r %}"}, "Retry": [{"ErrorEquals": ["States.ALL"]}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "F", "Output": {"e": "{% $states.errorOutput %}"}, "Assign": {"x": 1}}],
                "Next": "C"},
            "C": {"Type": "Choice", "Output": 1, "Assign": {"c": 1}, "Default": "P", "Choices": [
                {"Condition": "{% $a = 1 %}", "Next": "P", "Output": {"o": 1}, "Assign": {"y": 2}, "Comment": "yes"},
                {"Condition": true, "Next": "W"}]},
            "P": {"Type": "Pass", "Output": [], "Assign": {"d": null}, "Next": "W"},
            "W": {"Type": "Wait", "Seconds": "{% $s %}", "Output": "x", "Assign": {"e": 1}, "Next": "W2"},
            "W2": {"Type": "Wait", "Timestamp": "{% $w %}", "Next": "Par"},
            "Par": {"Type": "Parallel", "Arguments": "{% $states.input %}", "Output": null, "Assign": {"f": 1}, "Next": "M",
                "Branches": [{"StartAt": "S", "States": {"S": {"Type": "Succeed", "Output": "{% 1 %}"}}}]},
            "M": {"Type": "Map", "Items": "{% $i %}", "ItemSelector": {"v": "{% 1 %}"}, "MaxConcurrency": "{% 2 %}", "Output": {}, "Assign": {"g": 1},
                "ToleratedFailureCount": "{% 1 %}", "ToleratedFailurePercentage": "{% 2 %}",
                "ItemReader": {"Resource": "arn:r", "Arguments": {"Bucket": "{% $b %}"}},
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "I",
                    "States": {"I": {"Type": "Pass", "End": true}}}, "End": true},
            "F": {"Type": "Fail", "Error": "{% $e %}", "Cause": "plain"}
        }
    })
}

#[test]
fn every_scalar_of_a_machine_with_every_field_is_in_the_ir() {
    for machine in [path_machine(), jsonata_machine()] {
        let read = read(&serde_json::to_string_pretty(&machine).unwrap());
        // Its values are made up, so the linter advises; but nothing is refused.
        assert_eq!(read.said_errors(), Vec::<String>::new());
        assert!(read.sink.marks.is_empty(), "{:?}", read.sink.marks);
        assert_eq!(read.lost(), Vec::<String>::new());
        let unread: Vec<_> = read.node.scalars().into_iter().filter(|scalar| !scalar.read).map(|scalar| scalar.pointer).collect();
        assert_eq!(unread, Vec::<String>::new());
    }
}

/// Guards the test above: a field that is added to the table must be added to the machines.
#[test]
fn the_two_machines_have_every_field_on_every_kind() {
    let mut seen = std::collections::BTreeSet::new();
    fn collect(graph: &Value, seen: &mut std::collections::BTreeSet<(String, String)>) {
        for state in graph["States"].as_object().unwrap().values() {
            for (field, value) in state.as_object().unwrap() {
                seen.insert((state["Type"].as_str().unwrap().to_owned(), field.clone()));
                match field.as_str() {
                    "Branches" => value.as_array().unwrap().iter().for_each(|branch| collect(branch, seen)),
                    "ItemProcessor" | "Iterator" => collect(value, seen),
                    _ => {}
                }
            }
        }
    }
    collect(&path_machine(), &mut seen);
    collect(&jsonata_machine(), &mut seen);
    // Fields that all kinds share are read in one place; one kind with them is enough.
    let shared = ["Comment", "QueryLanguage", "End", "Next"];
    for (field, kinds, _) in STATE {
        for (name, kind) in KINDS.iter().filter(|(_, kind)| kinds.has(*kind)) {
            assert!(
                shared.contains(field) || seen.contains(&((*name).to_owned(), (*field).to_owned())),
                "{name} without {field} ({kind:?})"
            );
        }
    }
}

#[test]
fn fields_mean_what_the_language_says() {
    let read = read(&path_machine().to_string());
    let state = |name: &str| read.machine.graph.state(name).unwrap();
    let task = state("T");
    assert!(matches!(&task.data.output_path, Some(PathField::Null(_))));
    assert!(matches!(&task.data.input_path, Some(PathField::Path(path)) if path.value == "$.in"));
    let StateKind::Task(kind) = &task.kind else { panic!("{:?}", task.kind) };
    assert_eq!(kind.resource.as_ref().unwrap().display(), "arn:aws:lambda:${Region}:x");
    assert_eq!(kind.resource.as_ref().unwrap().literal(), None);
    assert!(matches!(&kind.timeout_seconds, Some(Number::Literal(text)) if text.value == "60"));
    let expressions: Vec<&str> = task.data.parameters.as_ref().unwrap().expressions().into_iter().map(|(text, _)| text).collect();
    assert_eq!(expressions, ["$.b", "States.UUID()"]);
    assert_eq!(task.retry[0].backoff_rate.as_ref().unwrap().value, "1.5");
    assert_eq!(task.catch[1].error_equals[0].value, "States.ALL");
    assert!(matches!(&task.next, Some(Next::State(name)) if name.value == "T2"));
    // `Result` holds no expressions, whatever its keys look like.
    let StateKind::Pass { result: Some(result) } = &state("P").kind else { panic!() };
    let TemplateValue::Map(entries) = &result.value else { panic!() };
    assert_eq!(entries[0].0.value, "k.$");
    assert!(matches!(&entries[0].1.value, TemplateValue::Text(text) if text == "no path"));
    let StateKind::Choice { rules, .. } = &state("C").kind else { panic!() };
    let crate::ir::machine::Condition::And(parts, _) = &rules[1].condition else { panic!() };
    let crate::ir::machine::Condition::Compare { operand: Operand::Number(number), operator, .. } = &parts[0] else { panic!() };
    assert_eq!((operator.value.as_str(), number.value.as_str()), ("NumericLessThan", "1.5"));
    assert!(matches!(&state("W2").kind, StateKind::Wait(WaitFor::Seconds(Number::Path(path))) if path.value == "$.s"));
    let StateKind::Map(map) = &state("M2").kind else { panic!() };
    assert!(map.legacy && map.item_selector.is_some() && state("M2").data.parameters.is_none());
    assert!(matches!(&map.max_concurrency, Some(Number::Path(path)) if path.value == "$.c"));
    let StateKind::Fail(fail) = &state("F2").kind else { panic!() };
    assert!(matches!(&fail.error, Some(FailText::Path(path)) if path.value == "$.e"));
}

#[test]
fn jsonata_expressions_lose_their_brackets_only() {
    let read = read(&jsonata_machine().to_string());
    let state = |name: &str| read.machine.graph.state(name).unwrap();
    assert!(matches!(&state("T").data.output.as_ref().unwrap().value, TemplateValue::Jsonata(text) if text == "$states.result"));
    assert!(matches!(&state("W").kind, StateKind::Wait(WaitFor::Seconds(Number::Jsonata(text))) if text.value == "$s"));
    let StateKind::Fail(fail) = &state("F").kind else { panic!() };
    assert!(matches!(&fail.error, Some(FailText::Jsonata(text)) if text.value == "$e"));
    assert!(matches!(&fail.cause, Some(FailText::Literal(text)) if text.value == "plain"));
}

/// Each field on each kind of state that must not have it, and in the wrong language: one report, and the value is marked.
#[test]
fn a_field_in_the_wrong_place_is_reported_and_marked() {
    for (field, kinds, language) in STATE {
        for (name, kind) in KINDS {
            if !kinds.has(kind) {
                // The language in which the field itself would be right.
                let used = language.map_or("JSONPath", super::super::fields::language_name);
                let report = one_field(name, field, used);
                assert!(report.contains("ASL102"), "{field} on {name}: {report}");
            } else if let Some(language) = language {
                let other = if super::super::fields::language_name(*language) == "JSONPath" { "JSONata" } else { "JSONPath" };
                let report = one_field(name, field, other);
                assert!(report.contains("ASL103"), "{field} on {name} with {other}: {report}");
            }
        }
    }
}

fn one_field(kind: &str, field: &str, language: &str) -> String {
    let mut state = json!({"Type": kind});
    state[field] = json!(["the value"]);
    let text = json!({"QueryLanguage": language, "StartAt": "S", "States": {"S": state}}).to_string();
    let read = read(&text);
    assert_eq!(read.lost(), Vec::<String>::new(), "{text}");
    let value = read.node.scalars().into_iter().find(|scalar| scalar.value == "the value").unwrap();
    assert!(read.sink.marks.iter().any(|mark| mark.span.contains(value.span)), "{text}");
    said(&read.sink).into_iter().find(|line| line.contains(&format!("`{field}`"))).unwrap_or_default()
}

/// Replaces each value of `root` in turn by each of `others`, or removes it.
fn mutants(root: &Value, others: &[Value]) -> Vec<Value> {
    fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
        let inner: Vec<(String, &Value)> = match value {
            Value::Object(map) => map.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
            _ => Vec::new(),
        };
        for (key, value) in inner {
            let pointer = format!("{at}/{key}");
            pointers(value, &pointer, out);
            out.push(pointer);
        }
    }
    let mut all = Vec::new();
    pointers(root, "", &mut all);
    let mut out = Vec::new();
    for pointer in all {
        for other in others {
            let mut mutant = root.clone();
            *mutant.pointer_mut(&pointer).unwrap() = other.clone();
            out.push(mutant);
        }
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let mut mutant = root.clone();
        match mutant.pointer_mut(parent).unwrap() {
            Value::Object(map) => {
                map.shift_remove(&key.replace("~1", "/").replace("~0", "~"));
            }
            Value::Array(items) => {
                items.remove(key.parse().unwrap());
            }
            _ => {}
        }
        out.push(mutant);
    }
    out
}

/// The promise of the ledger, on broken input: whatever one value becomes, nothing is lost and nothing panics.
#[test]
fn nothing_is_lost_of_a_definition_with_one_wrong_value() {
    let others = [
        json!(null),
        json!(true),
        json!(-1.5),
        json!("odd"),
        json!("${P}"),
        json!("{% half"),
        json!([]),
        json!({}),
        json!([["in"]]),
        json!({"in": {"x.$": 1}}),
    ];
    let mut count = 0;
    for machine in [path_machine(), jsonata_machine()] {
        for mutant in mutants(&machine, &others) {
            let text = mutant.to_string();
            let read = read(&text);
            assert_eq!(read.lost(), Vec::<String>::new(), "{text}\n{:#?}", read.said());
            count += 1;
        }
    }
    assert!(count > 3000, "{count}");
}
