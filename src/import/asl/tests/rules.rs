//! Each rule speaks where it should, with words that name the thing, and keeps silent beside it.
use super::{Read, read};
use crate::ir::machine::{Next, Operand, StateKind};
use crate::source::rules::asl::ALL;
use crate::source::sink::{Disposition, Severity};
use std::collections::BTreeSet;

/// States from a short text: `S` first.
fn states(states: &str) -> String {
    format!(r#"{{"StartAt": "S", "States": {{{states}}}}}"#)
}

/// A machine, and the code, severity and a part of the message (or help) of what is said of it.
fn cases() -> Vec<(String, &'static str, Severity, &'static str)> {
    use Severity::{Error, Warning};
    let end = r#""End": true"#;
    let succeed = r#""Z": {"Type": "Succeed"}"#;
    let task = |fields: &str| states(&format!(r#""S": {{"Type": "Task", "Resource": "arn:x", "End": true, {fields}}}"#));
    let choice = |fields: &str| states(&format!(r#""S": {{"Type": "Choice", "Default": "Z", {fields}}}, {succeed}"#));
    let rule = |rule: &str| choice(&format!(r#""Choices": [{{"Next": "Z", {rule}}}]"#));
    let map = |fields: &str| {
        states(&format!(
            r#""S": {{"Type": "Map", "End": true, {fields}, "ItemProcessor": {{"StartAt": "I", "States": {{"I": {{"Type": "Succeed"}}}}}}}}"#
        ))
    };
    vec![
        (task(r#""Retyr": []"#), "ASL101", Error, "did you mean `Retry`?"),
        (task(r#""Retry": [{"ErrorEquals": ["A"], "MaxAttempt": 1}]"#), "ASL101", Error, "did you mean `MaxAttempts`?"),
        (format!(r#"{{"StartAt": "S", "Timeout": 1, "States": {{"S": {{"Type": "Pass", {end}}}}}}}"#), "ASL101", Error, "`Timeout`"),
        (rule(r#""Variable": "$.a", "StringEqual": "x""#), "ASL101", Error, "did you mean `StringEquals`?"),
        (map(r#""ItemBatcher": {"MaxItems": 1}"#), "ASL101", Warning, "`MaxItems`"),
        (states(r#""S": {"Type": "Pass", "End": true, "Retry": []}"#), "ASL102", Error, "Task, Parallel and Map"),
        (states(r#""S": {"Type": "Map", "End": true, "TimeoutSeconds": 1}"#), "ASL102", Error, "it works on Task states"),
        (task(r#""Arguments": {}"#), "ASL103", Error, "set `QueryLanguage` to `JSONata`"),
        (task(r#""QueryLanguage": "JSONata", "ResultPath": "$.a""#), "ASL103", Error, "`ResultPath` belongs to JSONPath"),
        (rule(r#""Condition": "{% true %}""#), "ASL103", Error, "`Condition` belongs to JSONata"),
        (task(r#""QueryLanguage": "JSONPATH""#), "ASL104", Error, "did you mean `JSONPath`?"),
        (
            r#"{"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Pass", "QueryLanguage": "JSONPath", "End": true}}}"#
                .into(),
            "ASL104",
            Error,
            "cannot use JSONPath",
        ),
        (task(r#""TimeoutSeconds": "60""#), "ASL105", Error, "`TimeoutSeconds` is a string, but must be a number"),
        (task(r#""Retry": {"ErrorEquals": ["A"]}"#), "ASL105", Error, "`Retry` is an object, but must be a list"),
        (task(r#""Catch": [{"ErrorEquals": "A", "Next": "S"}]"#), "ASL105", Error, "`ErrorEquals` is a string"),
        (rule(r#""Variable": "$.a", "BooleanEquals": "true""#), "ASL105", Error, "must be true or false"),
        (states(r#""QueryLanguage": "JSONata", "S": {"Type": "Succeed"}"#), "ASL105", Error, "move `QueryLanguage` out of `States`"),
        (task(r#""TimeoutSeconds": 0"#), "ASL106", Error, "between 1 and 99999999"),
        (task(r#""TimeoutSeconds": 1.5"#), "ASL106", Error, "`TimeoutSeconds` is 1.5"),
        (map(r#""ToleratedFailurePercentage": 100.5"#), "ASL106", Error, "between 0 and 100"),
        (task(r#""TimeoutSeconds": 5, "HeartbeatSeconds": 5"#), "ASL106", Error, "must be smaller than `TimeoutSeconds`, 5"),
        (task(r#""Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]"#), "ASL106", Error, "at least 1"),
        (task(r#""Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "full"}]"#), "ASL106", Error, "did you mean `FULL`?"),
        (
            states(&format!(r#""S": {{"Type": "Pass", "Next": "{0}"}}, "{0}": {{"Type": "Succeed"}}"#, "n".repeat(81))),
            "ASL106",
            Error,
            "81 characters",
        ),
        (task(r#""Retry": [{"MaxAttempts": 1}]"#), "ASL107", Error, "retrier 1 of state `S` has no `ErrorEquals`"),
        (task(r#""Retry": [{"ErrorEquals": []}]"#), "ASL107", Error, "matches no error"),
        (task(r#""Catch": [{"ErrorEquals": ["A"]}]"#), "ASL107", Error, "catcher 1 of state `S` has no `Next`"),
        (r#"{"StartAt": "S"}"#.into(), "ASL107", Error, "the state machine has no `States`"),
        (task(r#""ResultPath": "result""#), "ASL108", Error, "`ResultPath` is no path"),
        (task(r#""Parameters": {"a.$": "b"}"#), "ASL108", Error, "rename the key to `a`"),
        (task(r#""Parameters": {"a.$": 1}"#), "ASL108", Error, "`a.$` is a number"),
        (task(r#""TimeoutSeconds": 1, "TimeoutSecondsPath": "$.t""#), "ASL109", Error, "both `TimeoutSeconds` and `TimeoutSecondsPath`"),
        (rule(r#""Variable": "$.a", "StringEquals": "x", "IsNull": true"#), "ASL109", Error, "both `StringEquals` and `IsNull`"),
        (format!(r#"{{"States": {{"S": {{"Type": "Pass", {end}}}}}}}"#), "ASL110", Error, "the state machine has no `StartAt`"),
        (states(r#""S": {"Type": "Pass", "Next": "Finish"}, "Finsh": {"Type": "Succeed"}"#), "ASL111", Error, "did you mean `Finsh`?"),
        (states(r#""s": {"Type": "Succeed"}"#), "ASL111", Error, "did you mean `s`?"),
        (task(r#""Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Nowhere"}]"#), "ASL111", Error, "no state `Nowhere`"),
        (
            states(
                r#""S": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Out"}}}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Out"}]}, "Out": {"Type": "Succeed"}"#,
            ),
            "ASL111",
            Error,
            "cannot enter or leave a branch",
        ),
        (states(r#""S": {"Type": "Succeed"}, "Lost": {"Type": "Succeed"}"#), "ASL112", Error, "nothing leads to state `Lost`"),
        (
            map(r#""ToleratedFailureCount": 1, "ItemSelector": {}"#)
                .replace(r#""I": {"Type""#, r#""Lost": {"Type": "Succeed"}, "I": {"Type""#),
            "ASL112",
            Error,
            "`Lost`",
        ),
        (states(r#""S": {"Type": "Pass"}"#), "ASL113", Error, "state `S` does not say what follows it"),
        (
            states(&format!(r#""S": {{"Type": "Pass", "Next": "Z", "End": true}}, {succeed}"#)),
            "ASL114",
            Error,
            "both `Next` and `End: true`",
        ),
        (states(&format!(r#""S": {{"Type": "Pass", "Next": "Z", "End": false}}, {succeed}"#)), "ASL114", Warning, "says nothing"),
        (states(r#""S": {"Type": "Pass", "End": false}"#), "ASL115", Error, "`End` is false"),
        (states(r#""S": {"End": true}"#), "ASL116", Error, "state `S` has no `Type`"),
        (states(r#""S": {"Type": "task", "End": true}"#), "ASL117", Error, "did you mean `Task`?"),
        (r#"{"StartAt": "S", "States": {}}"#.into(), "ASL118", Error, "`States` of the state machine is empty"),
        (
            states(r#""S": {"Type": "Pass", "Next": "T"}, "T": {"Type": "Pass", "Next": "S"}"#),
            "ASL119",
            Error,
            "no state of the state machine ends it",
        ),
        (
            choice(r#""Choices": [{"Variable": "$.a", "IsNull": true, "Next": "L"}]"#).replace(
                succeed,
                &format!(r#"{succeed}, "L": {{"Type": "Wait", "Seconds": 1, "Next": "L2"}}, "L2": {{"Type": "Pass", "Next": "L"}}"#),
            ),
            "ASL119",
            Warning,
            "gets to state `L` never ends",
        ),
        (states(r#""S": {"Type": "Pass", "End": true}, "S": {"Type": "Succeed"}"#), "ASL120", Error, "state `S` is defined twice"),
        (map(r#""ItemSelector": {}"#).replace(r#""I""#, r#""S""#), "ASL120", Error, "two states have the name `S`"),
        (rule(r#""Variable": "$.a", "IsNull": true"#).replace(r#""Default": "Z","#, ""), "ASL121", Warning, "States.NoChoiceMatched"),
        (choice(r#""Choices": []"#), "ASL122", Error, "`Choices` of state `S` is empty"),
        (choice(r#""Comment": "none""#), "ASL122", Error, "state `S` has no `Choices`"),
        (
            rule(r#""Variable": "$.a", "IsNull": true"#).replace(r#"{"Next": "Z", "#, "{"),
            "ASL123",
            Error,
            "rule 1 of state `S` has no `Next`",
        ),
        (rule(r#""Not": {"Variable": "$.a", "IsNull": true, "Next": "Z"}"#), "ASL123", Error, "no place inside a condition"),
        (rule(r#""Variable": "$.a""#), "ASL124", Error, "no comparison operator"),
        (rule(r#""StringEquals": "a""#), "ASL124", Error, "no `Variable`"),
        (rule(r#""And": []"#), "ASL124", Error, "`And` is empty"),
        (states(r#""S": {"Type": "Fail"}"#), "ASL125", Warning, "without an error name"),
        (states(r#""S": {"Type": "Task", "End": true}"#), "ASL126", Error, "state `S` has no `Resource`"),
        (states(r#""S": {"Type": "Wait", "End": true}"#), "ASL127", Error, "how long to wait"),
        (states(r#""S": {"Type": "Wait", "Seconds": 1, "TimestampPath": "$.t", "End": true}"#), "ASL127", Error, "says twice"),
        (task(r#""Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]"#), "ASL128", Error, "this retrier is never used"),
        (task(r#""Retry": [{"ErrorEquals": ["A", "States.ALL"]}]"#), "ASL128", Error, "is not alone"),
        (states(r#""S": {"Type": "Parallel", "End": true, "Branches": []}"#), "ASL129", Error, "is empty"),
        (states(r#""S": {"Type": "Map", "End": true}"#), "ASL130", Error, "has no `ItemProcessor`"),
        (map(r#""Label": "x""#), "ASL131", Warning, "`Label` has no effect in an inline Map"),
        (states(r#""S": {"Type": "Wait", "Timestamp": "tomorrow", "End": true}"#), "ASL137", Error, "`Timestamp` is no timestamp"),
        (rule(r#""Variable": "$.a", "TimestampEquals": "2030-01-31""#), "ASL137", Error, "`TimestampEquals` is no timestamp"),
        (task(r#""Parameters": {"a": 1, "a.$": "$.a"}"#), "ASL109", Error, "give the same field"),
        (task(r#""Parameters": {"a": {"Fn::Join": ["", ["x"]]}}"#), "ASL135", Warning, "not evaluated"),
        (task(r#""QueryLanguage": "JSONata", "Output": "{% $x""#), "ASL136", Error, "half a JSONata expression"),
        (task(r#""QueryLanguage": "JSONata", "Output": " {% $x %} ""#), "ASL136", Warning, "spaces around"),
    ]
}

fn speaks(read: &Read, code: &str, severity: Severity, words: &str) -> bool {
    read.sink.diagnostics.iter().any(|report| {
        report.rule.code == code
            && report.severity == severity
            && (report.message.contains(words) || report.help.as_ref().is_some_and(|help| help.contains(words)))
    })
}

#[test]
fn each_rule_speaks() {
    for (text, code, severity, words) in cases() {
        let read = read(&text);
        assert!(speaks(&read, code, severity, words), "{code} {words}\n{text}\n{:#?}", read.sink.diagnostics);
        assert_eq!(read.lost(), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn each_rule_has_a_test() {
    let mut tested: BTreeSet<&str> = cases().into_iter().map(|(_, code, ..)| code).collect();
    // These mark and do not report; tested below.
    tested.extend(["ASL132", "ASL133", "ASL134"]);
    for rule in ALL {
        assert!(tested.contains(rule.code), "{}", rule.code);
        assert!(rule.doc.len() > 40, "{}", rule.code);
    }
}

/// What is said of a mistake points at it.
#[test]
fn reports_point_into_the_text() {
    for (text, code, ..) in cases() {
        for report in &read(&text).sink.diagnostics {
            let span = report.span.unwrap_or_else(|| panic!("{code}: {} has no place", report.message));
            assert!(span.start < span.end && (span.end as usize) <= text.len(), "{code}: {span:?}");
            assert!(report.message.chars().next().is_some_and(|c| !c.is_uppercase()), "{}", report.message);
        }
    }
}

#[test]
fn a_single_mistake_is_reported_once() {
    for text in [
        states(r#""S": {"Type": "Pass", "Next": "Gone"}, "T": {"Type": "Succeed"}"#).replace(r#""Gone""#, r#""Gone", "Comment": "x""#),
        r#"{"States": {"S": {"Type": "Pass", "End": true}}}"#.to_owned(),
        states(r#""S": {"Type": "task", "Resource": "arn:x", "Next": "Z"}, "Z": {"Type": "Succeed"}"#),
        states(r#""S": {"Type": "Pass"}"#),
    ] {
        let errors = read(&text).said_errors();
        let unreachable = errors.iter().filter(|line| !line.starts_with("ASL112")).count();
        assert_eq!(unreachable, 1, "{text}\n{errors:?}");
    }
}

#[test]
fn the_machine_is_read_on_after_a_mistake() {
    let read = read(&states(
        r#""S": {"Type": "Wait", "Seconds": "5", "Next": "C"}, "C": {"Type": "Choice", "Default": "S", "Choices":
        [{"Variable": "$.a", "BooleanEquals": "yes", "Next": "S"}, 7, {"Variable": "$.a", "NumericEquals": 1, "Next": "E"}]},
        "E": {"Type": "Pass", "End": "true"}"#,
    ));
    assert_eq!(read.machine.graph.states.len(), 3);
    assert!(matches!(&read.machine.graph.states[0].next, Some(Next::State(name)) if name.value == "C"));
    let StateKind::Choice { rules, default } = &read.machine.graph.states[1].kind else { panic!() };
    assert_eq!((rules.len(), default.as_ref().map(|d| d.value.as_str())), (2, Some("S")));
    let crate::ir::machine::Condition::Compare { operand: Operand::Text(text), .. } = &rules[0].condition else { panic!() };
    assert_eq!(text.value, "yes");
    assert!(matches!(read.machine.graph.states[2].next, Some(Next::End(_))));
}

#[test]
fn placeholders_stand_for_numbers_and_names() {
    let read = read(&states(
        r#""S": {"Type": "Task", "Resource": "${Arn}", "TimeoutSeconds": "${Timeout}", "Next": "${Next}"}, "Other": {"Type": "Succeed"}"#,
    ));
    assert_eq!(read.said(), Vec::<String>::new());
    assert_eq!(read.lost(), Vec::<String>::new());
}

#[test]
fn what_changes_nothing_is_marked_as_ignored() {
    let read = read(&states(
        r#""S": {"Type": "Task", "Resource": "arn:x", "Retry": [], "Next": "C", "Next": "D"}, "D": {"Type": "Choice", "Default": "E", "Choices": [
        {"Not": {"Variable": "$.a", "IsNull": true, "Comment": "inner"}, "Next": "E"}]}, "E": {"Type": "Succeed"}"#,
    ));
    assert_eq!(read.said(), Vec::<String>::new());
    let marks: Vec<_> = read.sink.marks.iter().map(|mark| (mark.rule.code, mark.disposition)).collect();
    assert_eq!(marks, [("ASL134", Disposition::Ignored), ("ASL133", Disposition::Ignored), ("ASL132", Disposition::Ignored)]);
    assert_eq!(read.lost(), Vec::<String>::new());
}

#[test]
fn state_machines_are_told_from_other_documents() {
    let like = |text: &str| {
        let mut sink = crate::source::sink::Sink::default();
        super::super::looks_like(&crate::source::json::parse(text, super::FILE, &mut sink).unwrap())
    };
    assert!(like(r#"{"StartAt": "S", "States": {}}"#));
    assert!(like(r#"{"States": {"A": {"Type": "Pass"}}}"#));
    for text in [
        r#"{"States": {}}"#,
        r#"{"States": {"A": {}}}"#,
        r#"{"States": ["Berlin"]}"#,
        r#"{"StartAt": "S"}"#,
        "[]",
        "1",
        r#"{"Resources": {}}"#,
    ] {
        assert!(!like(text), "{text}");
    }
}

/// A definition inside a template: functions by tag and by name are references, others are not read in silence.
#[test]
fn cloudformation_functions_are_references() {
    let text = r#"
StartAt: S
States:
  S:
    Type: Task
    Resource: !GetAtt Fn.Arn
    Parameters:
      Topic: !Ref Topic
      Name: !Sub "${Prefix}-x"
      Arn: !GetAtt [Db, Arn]
      Long: {"Fn::GetAtt": [Db, Name]}
      Data: {"Ref": x}
      Other: !Join ["", [a, b]]
    Next: T
  T:
    Type: Task
    Resource: {"Fn::If": [A, b, c]}
    TimeoutSeconds: !Ref Timeout
    End: true
"#;
    let mut sink = crate::source::sink::Sink::default();
    let nodes = crate::source::yaml::parse(text, super::FILE, &mut sink);
    let machine = super::import(&nodes[0], super::FILE, "m.yaml", "m", &mut sink);
    assert_eq!(super::lost(&nodes[0], &machine, &sink), Vec::<String>::new());
    let codes: Vec<&str> = sink.diagnostics.iter().map(|report| report.rule.code).collect();
    assert_eq!(codes, ["ASL135", "ASL135"], "{:#?}", sink.diagnostics);
    let StateKind::Task(task) = &machine.graph.states[0].kind else { panic!() };
    let resource = task.resource.as_ref().unwrap();
    assert!(resource.literal().is_none());
    assert_eq!(resource.display(), "${Fn.Arn}");
    let Some(parameters) = &machine.graph.states[0].data.parameters else { panic!() };
    let crate::ir::machine::TemplateValue::Map(entries) = &parameters.value else { panic!() };
    let text = |key: &str| match &entries.iter().find(|(name, _)| name.value == key).unwrap().1.value {
        crate::ir::machine::TemplateValue::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!([text("Topic"), text("Name"), text("Arn"), text("Long")], ["${Topic}", "${Prefix}-x", "${Db.Arn}", "${Db.Name}"]);
    assert!(text("Data").starts_with("Map"), "a payload may well have a field `Ref`");
    let StateKind::Task(second) = &machine.graph.states[1].kind else { panic!() };
    assert!(matches!(second.resource.as_ref().unwrap().value, crate::ir::value::Value::Unknown(_)));
}

/// A hostile definition costs time in proportion to its size.
#[test]
#[expect(clippy::disallowed_types, reason = "the test is about time")]
fn many_fields_states_and_slips_do_not_cost_the_square() {
    let unknown: String = (0..20_000).map(|at| format!(r#""f{at}": 1, "#)).collect();
    let states: String = (0..20_000).map(|at| format!(r#", "s{at}": {{"Type": "Pass", "Next": "s{}"}}"#, at + 1)).collect();
    let text = format!(r#"{{"StartAt": "S", "States": {{"S": {{{unknown}"Type": "Pass", "Next": "s0"}}{states}}}}}"#);
    let started = std::time::Instant::now();
    let read = read(&text);
    assert!(read.sink.diagnostics.len() > 20_000);
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
}

/// The language of a Map does not reach the states inside it, and the processor has none of its own (floci#2968).
#[test]
fn states_inside_a_map_have_the_language_of_the_machine() {
    let text = states(
        r#""S": {"Type": "Map", "QueryLanguage": "JSONata", "Items": "{% $states.input.x %}", "End": true, "ItemProcessor":
        {"QueryLanguage": "JSONata", "StartAt": "I", "States": {"I": {"Type": "Pass", "Output": 1, "End": true}}}}"#,
    );
    let read = read(&text);
    let codes: Vec<&str> = read.sink.diagnostics.iter().map(|report| report.rule.code).collect();
    assert_eq!(codes, ["ASL104", "ASL103"], "{:#?}", read.sink.diagnostics);
    let StateKind::Map(map) = &read.machine.graph.states[0].kind else { panic!() };
    let inner = &map.processor.as_ref().unwrap().states[0];
    assert_eq!(inner.query_language, crate::ir::machine::QueryLanguage::JsonPath);
    assert_eq!(read.machine.graph.states[0].query_language, crate::ir::machine::QueryLanguage::Jsonata);
}
