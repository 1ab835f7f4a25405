//! Each rule of the linter speaks of a machine that breaks it, and keeps silent of one that just does not.
use super::{Read, read};
use crate::source::rules::lint::ALL;
use crate::source::sink::Severity::{self, Error, Note, Warning};
use std::collections::BTreeSet;

/// States from a short text: `S` first.
fn states(states: &str) -> String {
    format!(r#"{{"StartAt": "S", "States": {{{states}}}}}"#)
}

fn jsonata(states: &str) -> String {
    format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "S", "States": {{{states}}}}}"#)
}

fn pass(fields: &str) -> String {
    states(&format!(r#""S": {{"Type": "Pass", "End": true, {fields}}}"#))
}

fn task(fields: &str) -> String {
    states(&format!(r#""S": {{"Type": "Task", "Resource": "arn:x", "Next": "Z", {fields}}}, "Z": {{"Type": "Succeed"}}"#))
}

/// A task of an integration: what follows `arn:aws:states:::`.
fn call(resource: &str, fields: &str) -> String {
    states(&format!(r#""S": {{"Type": "Task", "Resource": "arn:aws:states:::{resource}", "End": true{fields}}}"#))
}

fn choice(rules: &str) -> String {
    states(&format!(r#""S": {{"Type": "Choice", "Default": "Z", "Choices": [{rules}]}}, "Z": {{"Type": "Succeed"}}"#))
}

fn rule(condition: &str) -> String {
    format!(r#"{{{condition}, "Next": "Z"}}"#)
}

fn expression(text: &str) -> String {
    jsonata(&format!(r#""S": {{"Type": "Task", "Resource": "arn:x", "Arguments": "{{% {text} %}}", "End": true}}"#))
}

/// A distributed Map with these fields; `config` is what `ProcessorConfig` has.
fn map(config: &str, fields: &str) -> String {
    states(&format!(
        r#""S": {{"Type": "Map", "End": true, {fields} "ItemProcessor": {{"ProcessorConfig": {{{config}}}, "StartAt": "I", "States": {{"I": {{"Type": "Succeed"}}}}}}}}"#
    ))
}

fn distributed(fields: &str) -> String {
    map(r#""Mode": "DISTRIBUTED", "ExecutionType": "STANDARD""#, &format!("{fields},"))
}

/// A distributed Map as a state inside another.
const DEEP: &str = r#"{"Type": "Map", "End": true, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "J", "States": {"J": {"Type": "Succeed"}}}}"#;

/// Two branches around a scope: what `S` and the state inside it have.
fn nested(outer: &str, inside: &str) -> String {
    states(&format!(
        r#""S": {{"Type": "Pass", {outer} "Next": "P"}}, "P": {{"Type": "Parallel", "End": true, "Branches": [{{"StartAt": "I", "States": {{"I": {{"Type": "Pass", {inside} "End": true}}}}}}]}}"#
    ))
}

/// A distributed Map with a label; its item processor has a state of its own name.
fn labelled(label: &str, then: &str) -> String {
    let inner = if then.contains("Next") { "I" } else { "J" };
    format!(
        r#"{{"Type": "Map", "Label": "{label}", {then}, "ItemProcessor": {{"ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, "StartAt": "{inner}", "States": {{"{inner}": {{"Type": "Succeed"}}}}}}}}"#
    )
}

/// A loop that polls, with these rules; `head` is what the machine has.
fn poll(head: &str, rules: &str, default: &str) -> String {
    format!(
        r#"{{{head} "StartAt": "A", "States": {{
        "A": {{"Type": "Task", "Resource": "arn:x", "Next": "C"}},
        "C": {{"Type": "Choice", {default} "Choices": [{rules}]}},
        "W": {{"Type": "Wait", "Seconds": 5, "Next": "A"}},
        "F": {{"Type": "Fail", "Error": "E"}}, "Z": {{"Type": "Pass", "Next": "F"}}}}}}"#
    )
}

/// A rule, how it weighs, what it says (or helps with), a machine that breaks it and one that just does not.
type Case = (&'static str, Severity, &'static str, String, String);

fn cases() -> Vec<Case> {
    let mut out = expressions();
    out.extend(variables());
    out.extend(tasks());
    out.extend(handlers());
    out.extend(control());
    out.extend(maps());
    out
}

fn expressions() -> Vec<Case> {
    vec![
        ("ASL201", Error, "it ends with a dot", pass(r#""InputPath": "$.""#), pass(r#""InputPath": "$.a""#)),
        ("ASL201", Error, "needs quotes", pass(r#""Parameters": {"a.$": "$.x[y]"}"#), pass(r#""Parameters": {"a.$": "$.x['y']"}"#)),
        (
            "ASL201",
            Error,
            "has a space",
            choice(&rule(r#""Variable": "$.a b", "IsNull": true"#)),
            choice(&rule(r#""Variable": "$['a b']", "IsNull": true"#)),
        ),
        (
            "ASL201",
            Error,
            "`ItemReader`",
            distributed(r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"MaxItemsPath": "$.a["}}"#),
            distributed(r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"MaxItemsPath": "$.a"}}"#),
        ),
        ("ASL202", Error, "many places", pass(r#""ResultPath": "$.a[*]""#), pass(r#""ResultPath": "$.a[0]""#)),
        ("ASL202", Error, "context object", pass(r#""ResultPath": "$$.a""#), pass(r#""ResultPath": "$['$$']""#)),
        (
            "ASL202",
            Error,
            "`Assign`",
            task(r#""Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$x", "Next": "Z"}]"#),
            task(r#""Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.x", "Next": "Z"}]"#),
        ),
        (
            "ASL203",
            Error,
            "did you mean `States.Format`?",
            pass(r#""Parameters": {"a.$": "States.Fromat('{}', $.a)"}"#),
            pass(r#""Parameters": {"a.$": "States.Format('{}', $.a)"}"#),
        ),
        // Refused by AWS (a record of localstack's tests): an escaped double quote in a text.
        (
            "ASL203",
            Error,
            "is no escape",
            pass(r#""Parameters": {"a.$": "States.StringToJson('\\\"x\\\"')"}"#),
            pass(r#""Parameters": {"a.$": "States.StringToJson('\"x\"')"}"#),
        ),
        (
            "ASL204",
            Warning,
            "takes 2 arguments",
            pass(r#""Parameters": {"a.$": "States.Hash('a')"}"#),
            pass(r#""Parameters": {"a.$": "States.Hash('a', 'MD5')"}"#),
        ),
        (
            "ASL204",
            Warning,
            "has 2 `{}`",
            states(r#""S": {"Type": "Fail", "Error": "E", "CausePath": "States.Format('{} {}', $.a)"}"#),
            states(r#""S": {"Type": "Fail", "Error": "E", "CausePath": "States.Format('{} {}', $.a, $.b)"}"#),
        ),
        (
            "ASL205",
            Error,
            "takes a path, but no function",
            pass(r#""InputPath": "States.Array(1)""#),
            pass(r#""Parameters": {"a.$": "States.Array(1)"}"#),
        ),
        (
            "ASL206",
            Warning,
            "`.$`",
            pass(r#""Parameters": {"a": "$.x"}"#),
            pass(r#""Parameters": {"a": "$5.00", "b": "$.", "c": "Costs $.50"}"#),
        ),
        ("ASL206", Warning, "evaluates nothing", pass(r#""Result": {"a.$": "$.x"}"#), pass(r#""Result": {"a": "x"}"#)),
        (
            "ASL206",
            Warning,
            "use `CausePath`",
            states(r#""S": {"Type": "Fail", "Error": "E", "Cause": "$.cause"}"#),
            states(r#""S": {"Type": "Fail", "Error": "E", "CausePath": "$.cause"}"#),
        ),
        (
            "ASL206",
            Warning,
            "use `StringEqualsPath`",
            choice(&rule(r#""Variable": "$.a", "StringEquals": "$.b""#)),
            choice(&rule(r#""Variable": "$.a", "StringEqualsPath": "$.b""#)),
        ),
        (
            "ASL207",
            Warning,
            "a state that uses JSONPath",
            pass(r#""Parameters": {"a": ["{% 1 %}"]}"#),
            pass(r#""Result": {"a": ["{% 1 %}"]}"#),
        ),
        (
            "ASL207",
            Warning,
            "write `{% $states.input.a %}`",
            jsonata(r#""S": {"Type": "Pass", "End": true, "Output": {"a": "$states.input.a"}}"#),
            jsonata(r#""S": {"Type": "Pass", "End": true, "Output": {"a": "{% $states.input.a %}", "b": "$5"}}"#),
        ),
        (
            "ASL207",
            Warning,
            "the key is `a.$` itself",
            jsonata(r#""S": {"Type": "Pass", "End": true, "Output": {"a.$": "$.b"}}"#),
            jsonata(r#""S": {"Type": "Pass", "End": true, "Output": {"a.$": "5 US"}}"#),
        ),
        (
            "ASL207",
            Warning,
            "a state that uses JSONPath",
            states(r#""S": {"Type": "Fail", "Error": "E", "Cause": "{% $c %}"}"#),
            states(r#""S": {"Type": "Fail", "Error": "E", "Cause": "{% c"}"#),
        ),
        ("ASL210", Error, "is not closed", expression("$sum((1)"), expression("$sum((1))")),
        ("ASL210", Error, "nothing after `+`", expression("$states.input.a +"), expression("$states.input.a + 1")),
        ("ASL210", Error, "it is empty", expression(""), expression("{}")),
        ("ASL211", Error, "no `$states.result` in `Arguments`", expression("$states.result"), expression("'$states.result'")),
        (
            "ASL211",
            Error,
            "a catcher only",
            jsonata(r#""S": {"Type": "Pass", "End": true, "Output": "{% $states.errorOutput %}"}"#),
            jsonata(
                r#""S": {"Type": "Task", "Resource": "arn:x", "End": true, "Output": "{% $states.result %}",
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z", "Output": "{% $states.errorOutput %}"}]}, "Z": {"Type": "Succeed"}"#,
            ),
        ),
        (
            "ASL211",
            Error,
            "Task, Parallel and Map states",
            jsonata(r#""S": {"Type": "Pass", "End": true, "Output": "{% $states.result %}"}"#),
            jsonata(r#""S": {"Type": "Pass", "End": true, "Output": "{% $states.input.result %}"}"#),
        ),
        ("ASL211", Error, "did you mean `input`?", expression("$states.inputs"), expression("$states.input")),
        ("ASL212", Warning, "`$parse`", expression("$eval('1')"), expression("$parse('1')")),
    ]
}

fn variables() -> Vec<Case> {
    vec![
        (
            "ASL213",
            Warning,
            "did you mean `$count`?",
            nested(r#""Assign": {"count": 1},"#, r#""Parameters": {"a.$": "$cuont.x"},"#),
            nested(r#""Assign": {"count": 1},"#, r#""Parameters": {"a.$": "$count.x"},"#),
        ),
        (
            "ASL213",
            Warning,
            "no state assigns the variable `$b`",
            pass(r#""Assign": {"a": 1}, "Parameters": {"x.$": "States.Array($a, $b)"}"#),
            pass(r#""Assign": {"a": 1}, "Parameters": {"x.$": "States.Array($a, $.b)"}"#),
        ),
        ("ASL213", Warning, "`$gone`", expression("$gone + 1"), expression("($gone := 1; $gone + 1)")),
        (
            "ASL213",
            Warning,
            "pass it with `ItemSelector`",
            distributed(r#""Assign": {"x": 1}"#).replace(r#"{"Type": "Succeed"}"#, r#"{"Type": "Succeed", "InputPath": "$x"}"#),
            distributed(r#""Assign": {"x": 1}"#)
                .replace(r#"{"Type": "Succeed"}"#, r#"{"Type": "Pass", "InputPath": "$x", "Assign": {"x": 1}, "End": true}"#),
        ),
        ("ASL214", Error, "reserved", pass(r#""Assign": {"states": 1}"#), pass(r#""Assign": {"states_": 1, "größe2": 1}"#)),
        ("ASL214", Error, "a part of a variable", pass(r#""Assign": {"x.y.$": "$.a"}"#), pass(r#""Assign": {"x_y.$": "$.a"}"#)),
        ("ASL214", Error, "starts with a letter", pass(r#""Assign": {"1x": 1}"#), pass(r#""Assign": {"x1": 1}"#)),
        (
            "ASL214",
            Error,
            "81 characters",
            pass(&format!(r#""Assign": {{"{}": 1}}"#, "v".repeat(81))),
            pass(&format!(r#""Assign": {{"{}": 1}}"#, "v".repeat(80))),
        ),
        (
            "ASL215",
            Error,
            "the states around this scope",
            nested(r#""Assign": {"x": 1},"#, r#""Assign": {"x": 1},"#),
            nested(r#""Assign": {"x": 1},"#, r#""Assign": {"y": 1},"#),
        ),
        // Accepted by AWS: what is assigned only after the state does not count, by the state itself or a catcher.
        (
            "ASL215",
            Error,
            "the states around this scope",
            nested(r#""Assign": {"x": 1},"#, r#""Assign": {"x": 1},"#),
            nested("", r#""Assign": {"x": 1},"#).replace(r#""Branches""#, r#""Assign": {"x": 1}, "Branches""#),
        ),
        (
            "ASL215",
            Error,
            "the states around this scope",
            nested(r#""Assign": {"x": 1},"#, r#""Assign": {"x": 1},"#),
            nested("", r#""Assign": {"x": 1},"#)
                .replace(r#""Branches""#, r#""Catch": [{"ErrorEquals": ["States.ALL"], "Next": "T", "Assign": {"x": 1}}], "Branches""#)
                .replace(r#""S": {"#, r#""T": {"Type": "Succeed"}, "S": {"#),
        ),
        (
            "ASL216",
            Error,
            "is not an object",
            jsonata(r#""S": {"Type": "Pass", "End": true, "Assign": "{% {'a': 1} %}"}"#),
            jsonata(r#""S": {"Type": "Pass", "End": true, "Assign": {"a": "{% {'a': 1} %}"}}"#),
        ),
    ]
}

fn tasks() -> Vec<Case> {
    let token = r#", "TimeoutSeconds": 9, "Parameters": {"QueueUrl": "q", "MessageBody": {"T.$": "$$.Task.Token"}}"#;
    let express = |resource: &str| {
        map(r#""Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS""#, "")
            .replace(r#"{"Type": "Succeed"}"#, &format!(r#"{{"Type": "Task", "Resource": "arn:aws:states:::{resource}", "End": true}}"#))
    };
    vec![
        (
            "ASL220",
            Warning,
            "is no ARN",
            states(r#""S": {"Type": "Task", "Resource": "createToken", "End": true}"#),
            states(r#""S": {"Type": "Task", "Resource": "${CreateToken}", "End": true}"#),
        ),
        (
            "ASL220",
            Error,
            "cannot be an expression",
            jsonata(r#""S": {"Type": "Task", "Resource": "{% $arn %}", "End": true}"#),
            jsonata(r#""S": {"Type": "Task", "Resource": "arn:x", "End": true}"#),
        ),
        // Refused by AWS (a record of localstack's tests).
        ("ASL220", Error, "no action `query`", call("dynamodb:query", ""), call("aws-sdk:dynamodb:query", "")),
        ("ASL220", Error, "did you mean `putItem`?", call("dynamodb:putitem", ""), call("dynamodb:putItem", "")),
        ("ASL220", Error, "cannot wait", call("aws-sdk:s3:getObject.sync", ""), call("aws-sdk:s3:getObject", "")),
        (
            "ASL220",
            Error,
            "did you mean `.waitForTaskToken`?",
            call("sqs:sendMessage.waitForTasktoken", ""),
            call("sqs:sendMessage.waitForTaskToken", token),
        ),
        ("ASL220", Error, "cannot wait with `.sync:3`", call("glue:startJobRun.sync:3", ""), call("glue:startJobRun.sync", "")),
        (
            "ASL221",
            Error,
            "lacks `MessageBody`",
            call("sqs:sendMessage", r#", "Parameters": {"QueueUrl": "q"}"#),
            call("sqs:sendMessage", r#", "Parameters": {"QueueUrl": "q", "MessageBody.$": "$"}"#),
        ),
        (
            "ASL221",
            Error,
            "lacks `RoleArn`",
            task(r#""Credentials": {"Role": "arn:y"}"#),
            task(r#""Credentials": {"RoleArn.$": "$.role"}"#),
        ),
        ("ASL222", Error, "cannot use `.sync`", express("glue:startJobRun.sync"), express("glue:startJobRun")),
        (
            "ASL222",
            Error,
            "cannot have a distributed Map",
            map(r#""Mode": "DISTRIBUTED", "ExecutionType": "STANDARD""#, "")
                .replace(r#""STANDARD""#, r#""EXPRESS""#)
                .replace(r#"": {"I": {"Type": "Succeed"}"#, &format!(r#"": {{"I": {DEEP}"#)),
            map(r#""Mode": "DISTRIBUTED", "ExecutionType": "STANDARD""#, "")
                .replace(r#"": {"I": {"Type": "Succeed"}"#, &format!(r#"": {{"I": {DEEP}"#)),
        ),
        (
            "ASL223",
            Warning,
            "up to a year",
            call("sqs:sendMessage.waitForTaskToken", r#", "Parameters": {"QueueUrl": "q", "MessageBody": {"T.$": "$$.Task.Token"}}"#),
            call("sqs:sendMessage.waitForTaskToken", token),
        ),
        (
            "ASL223",
            Warning,
            "an activity worker",
            states(r#""S": {"Type": "Task", "Resource": "arn:aws:states:eu-west-1:1:activity:a", "End": true}"#),
            states(r#""S": {"Type": "Task", "Resource": "arn:aws:states:eu-west-1:1:activity:a", "HeartbeatSeconds": 5, "End": true}"#),
        ),
        (
            "ASL224",
            Warning,
            "does not pass the token",
            call("sqs:sendMessage.waitForTaskToken", &token.replace("$$.Task.Token", "$.token")),
            call("sqs:sendMessage.waitForTaskToken", token),
        ),
        (
            "ASL225",
            Note,
            "retries, but not the errors of Lambda itself",
            call("lambda:invoke", r#", "Parameters": {"FunctionName": "f"}, "Retry": [{"ErrorEquals": ["Mine"]}]"#),
            call("lambda:invoke", r#", "Parameters": {"FunctionName": "f"}, "Retry": [{"ErrorEquals": ["Lambda.ServiceException"]}]"#),
        ),
    ]
}

fn handlers() -> Vec<Case> {
    let retry = |names: &str| task(&format!(r#""Retry": [{{"ErrorEquals": [{names}]}}]"#));
    let catches = |first: &str, second: &str| {
        task(&format!(r#""Catch": [{{"ErrorEquals": [{first}], "Next": "Z"}}, {{"ErrorEquals": [{second}], "Next": "Z"}}]"#))
    };
    vec![
        (
            "ASL230",
            Warning,
            "did you mean `States.Timeout`?",
            retry(r#""States.TimeOut""#),
            retry(r#""States.Timeout", "States.Http.StatusCode.404""#),
        ),
        (
            "ASL230",
            Warning,
            "no error has the name `States.Mine`",
            task(r#""Catch": [{"ErrorEquals": ["States.Mine"], "Next": "Z"}]"#),
            task(r#""Catch": [{"ErrorEquals": ["States.Mine"], "Next": "Z"}]"#)
                .replace(r#"{"Type": "Succeed"}"#, r#"{"Type": "Fail", "Error": "States.Mine"}"#),
        ),
        ("ASL231", Warning, "this catcher is never used", catches(r#""A", "B""#, r#""B""#), catches(r#""A", "B""#, r#""B", "C""#)),
        (
            "ASL231",
            Warning,
            "matches all its errors",
            catches(r#""States.TaskFailed""#, r#""A""#),
            catches(r#""States.TaskFailed""#, r#""States.Timeout""#),
        ),
        (
            "ASL231",
            Warning,
            "matches all its errors",
            catches(r#""States.TaskFailed""#, r#""A""#),
            catches(r#""States.TaskFailed""#, r#""States.QueryEvaluationError""#),
        ),
        ("ASL232", Warning, "always ends the run", retry(r#""States.Runtime""#), retry(r#""States.DataLimitExceeded""#)),
        (
            "ASL232",
            Warning,
            "a task never fails",
            retry(r#""States.BranchFailed""#),
            states(
                r#""S": {"Type": "Parallel", "End": true, "Retry": [{"ErrorEquals": ["States.BranchFailed"]}],
                "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}]}"#,
            ),
        ),
        (
            "ASL233",
            Warning,
            "does not match `States.Timeout`",
            task(r#""TimeoutSeconds": 5, "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Z"}]"#),
            task(r#""TimeoutSeconds": 5, "Catch": [{"ErrorEquals": ["States.TaskFailed", "States.Timeout"], "Next": "Z"}]"#),
        ),
        (
            "ASL234",
            Warning,
            "`IntervalSeconds`, is already 9",
            task(r#""Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 9, "MaxDelaySeconds": 8}]"#),
            task(r#""Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 9, "MaxDelaySeconds": 9}]"#),
        ),
    ]
}

fn control() -> Vec<Case> {
    let is = |value: &str| rule(&format!(r#""Variable": "$.a", "StringEquals": "{value}""#));
    let number = |operator: &str, value: &str| rule(&format!(r#""Variable": "$.a", "{operator}": {value}"#));
    let both = |first: &str, second: &str| {
        rule(&format!(r#""And": [{{"Variable": "$.a", "StringEquals": "{first}"}}, {{"Variable": "{second}", "StringEquals": "y"}}]"#))
    };
    let either = rule(r#""Or": [{"Variable": "$.a", "StringEquals": "x"}, {"Variable": "$.b", "IsPresent": true}]"#);
    let done = r#"{"Variable": "$.s", "StringEquals": "DONE", "Next": "Z"}"#;
    let failed = r#"{"Variable": "$.s", "StringEquals": "FAILED", "Next": "F"}"#;
    let counted = r#"{"Variable": "$.n", "NumericGreaterThan": 9, "Next": "F"}"#;
    let wait = r#""Default": "W","#;
    let broken = poll("", done, wait);
    let mut out = vec![
        ("ASL240", Warning, "an earlier one", choice(&format!("{}, {}", is("x"), is("x"))), choice(&format!("{}, {}", is("x"), is("y")))),
        (
            "ASL240",
            Warning,
            "an earlier one",
            choice(&format!("{}, {}", number("NumericGreaterThan", "5"), number("NumericGreaterThanEquals", "6"))),
            choice(&format!("{}, {}", number("NumericGreaterThan", "5"), number("NumericGreaterThanEquals", "5"))),
        ),
        (
            "ASL240",
            Warning,
            "an earlier one",
            choice(&format!("{}, {}", number("NumericLessThan", "5"), number("NumericLessThan", "5.0"))),
            choice(&format!("{}, {}", number("NumericLessThan", "5"), number("NumericGreaterThan", "4"))),
        ),
        ("ASL240", Warning, "an earlier one", choice(&format!("{either}, {}", is("x"))), choice(&format!("{}, {either}", is("x")))),
        (
            "ASL240",
            Warning,
            "an earlier one",
            choice(&format!("{}, {}", is("x"), both("x", "$.b"))),
            choice(&format!("{}, {}", both("x", "$.b"), is("x"))),
        ),
        ("ASL240", Warning, "two values at once", choice(&both("x", "$.a")), choice(&both("y", "$.a"))),
    ];
    for limited in [
        poll("", &format!("{done}, {failed}"), wait),
        poll("", &format!("{done}, {counted}"), wait),
        poll(r#""TimeoutSeconds": 60,"#, done, wait),
        poll("", r#"{"Variable": "$.s", "StringEquals": "RUNNING", "Next": "W"}"#, r#""Default": "Z","#),
        poll("", &format!(r#"{done}, {{"Variable": "$.s", "StringEquals": "RUNNING", "Next": "W"}}"#), ""),
        poll("", r#"{"Not": {"Variable": "$.s", "StringEquals": "RUNNING"}, "Next": "Z"}"#, wait),
    ] {
        out.push(("ASL241", Warning, "the loop around state `C`", broken.clone(), limited));
    }
    out.push(("ASL260", Error, "1048577 bytes", sized(1_048_577), sized(1_048_576)));
    out.push((
        "ASL261",
        Error,
        "empty name",
        states(r#""S": {"Type": "Pass", "Next": ""}, "": {"Type": "Succeed"}"#),
        states(r#""S": {"Type": "Succeed"}"#),
    ));
    out
}

/// A machine of so many bytes.
fn sized(bytes: usize) -> String {
    let with = |comment: &str| format!(r#"{{"Comment": "{comment}", "StartAt": "S", "States": {{"S": {{"Type": "Succeed"}}}}}}"#);
    with(&"x".repeat(bytes - with("").len()))
}

fn maps() -> Vec<Case> {
    let reader = |config: &str| {
        distributed(&format!(r#""ItemReader": {{"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {{{config}}}}}"#))
    };
    vec![
        (
            "ASL250",
            Error,
            "does not say its `ExecutionType`",
            map(r#""Mode": "DISTRIBUTED""#, ""),
            map(r#""Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS""#, ""),
        ),
        ("ASL250", Warning, "no effect", map(r#""Mode": "INLINE", "ExecutionType": "EXPRESS""#, ""), map(r#""Mode": "INLINE""#, "")),
        (
            "ASL251",
            Error,
            "41 characters",
            distributed(&format!(r#""Label": "{}""#, "l".repeat(41))),
            distributed(&format!(r#""Label": "{}""#, "l".repeat(40))),
        ),
        ("ASL251", Error, "the character `?`", distributed(r#""Label": "a?""#), distributed(r#""Label": "a-b_c.1""#)),
        (
            "ASL251",
            Error,
            "another Map has the `Label`",
            states(&format!(r#""S": {}, "U": {}"#, labelled("L", r#""Next": "U""#), labelled("L", r#""End": true"#))),
            states(&format!(r#""S": {}, "U": {}"#, labelled("L", r#""Next": "U""#), labelled("M", r#""End": true"#))),
        ),
        ("ASL251", Error, "is empty", distributed(r#""Label": """#), distributed(r#""Label": "a""#)),
        (
            "ASL252",
            Error,
            "no `Resource`",
            distributed(r#""ItemReader": {"Parameters": {}}"#),
            distributed(r#""ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {}}"#),
        ),
        (
            "ASL252",
            Warning,
            "reads no items",
            distributed(r#""ItemReader": {"Resource": "arn:aws:states:::s3:putObject"}"#),
            reader(r#""InputType": "JSON""#),
        ),
        ("ASL252", Warning, "did you mean `JSONL`?", reader(r#""InputType": "JSONLL""#), reader(r#""InputType": "JSONL""#)),
        (
            "ASL252",
            Error,
            "`CSVHeaders` gives no headers",
            reader(r#""InputType": "CSV", "CSVHeaderLocation": "GIVEN""#),
            reader(r#""InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"]"#),
        ),
        ("ASL252", Error, "from 1 to 100000000", reader(r#""MaxItems": 0"#), reader(r#""MaxItems": 100000000"#)),
        (
            "ASL252",
            Error,
            "say the same thing twice",
            reader(r#""MaxItems": 1, "MaxItemsPath": "$.a""#),
            reader(r#""MaxItemsPath": "$.a""#),
        ),
        (
            "ASL253",
            Error,
            "how large a batch is",
            distributed(r#""ItemBatcher": {"BatchInput": {}}"#),
            distributed(r#""ItemBatcher": {"MaxItemsPerBatch": 1}"#),
        ),
        (
            "ASL253",
            Error,
            "from 1 to 262144",
            distributed(r#""ItemBatcher": {"MaxInputBytesPerBatch": 262145}"#),
            distributed(r#""ItemBatcher": {"MaxInputBytesPerBatch": 262144}"#),
        ),
        (
            "ASL254",
            Error,
            "neither `Resource` nor `WriterConfig`",
            distributed(r#""ResultWriter": {"Parameters": {}}"#),
            distributed(r#""ResultWriter": {"WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"}}"#),
        ),
        (
            "ASL254",
            Warning,
            "did you mean `FLATTEN`?",
            distributed(r#""ResultWriter": {"WriterConfig": {"Transformation": "FLATEN"}}"#),
            distributed(r#""ResultWriter": {"WriterConfig": {"Transformation": "FLATTEN"}}"#),
        ),
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
fn each_rule_speaks_and_keeps_silent() {
    let mut problems = Vec::new();
    for (code, severity, words, broken, sound) in cases() {
        let short = |text: &str| text.chars().take(600).collect::<String>();
        let bad = read(&broken);
        if !speaks(&bad, code, severity, words) {
            problems.push(format!("{code} does not say {words}: {}\n  {:?}", short(&broken), bad.said()));
        }
        let good = read(&sound);
        if good.sink.diagnostics.iter().any(|report| report.rule.code == code) {
            problems.push(format!("{code} is said of a sound machine: {}\n  {:?}", short(&sound), good.said()));
        }
        for report in &bad.sink.diagnostics {
            let span = report.span.unwrap_or_else(|| panic!("{code}: {} has no place", report.message));
            assert!(span.start < span.end && (span.end as usize) <= broken.len(), "{code}: {span:?}");
            assert!(report.message.chars().next().is_some_and(|c| !c.is_uppercase()), "{}", report.message);
        }
        assert_eq!(bad.lost(), Vec::<String>::new(), "{}", short(&broken));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn each_rule_has_a_case() {
    let mut tested: BTreeSet<&str> = cases().into_iter().map(|(code, ..)| code).collect();
    tested.insert("ASL262"); // said when a deployment has named the machine; tested below
    for rule in ALL {
        assert!(tested.contains(rule.code), "{}", rule.code);
        assert!(rule.doc.len() > 100, "{}", rule.code);
    }
}

/// A share of tolerated failures may be a fraction.
#[test]
fn percentages_are_numbers() {
    for (share, errors) in [("12.5", 0), ("100", 0), ("100.5", 1), ("-1", 1), (r#""${Share}""#, 0), (r#""1""#, 1)] {
        let read = read(&distributed(&format!(r#""ToleratedFailurePercentage": {share}"#)));
        assert_eq!(read.said_errors().len(), errors, "{share} {:?}", read.said());
        assert_eq!(read.lost(), Vec::<String>::new(), "{share}");
    }
}

/// What an express state machine cannot do is said when its type is known.
#[test]
fn the_type_of_the_machine_counts() {
    let mut read = read(&call("glue:startJobRun.sync", ""));
    let before = read.sink.diagnostics.len();
    for (kind, said) in [("STANDARD", 0), ("EXPRESS", 1)] {
        read.machine.machine_type = Some(crate::source::span::Sourced::new(kind.to_owned(), read.node.span));
        crate::import::asl::deployed(&read.machine, &mut read.sink);
        assert_eq!(read.sink.diagnostics.len() - before, said, "{kind}");
    }
}

#[test]
fn the_name_of_the_machine_counts() {
    let mut read = read(&call("glue:startJobRun", ""));
    for (name, words) in [
        ("orders-${Stage}", None),
        (&*"n".repeat(80), None),
        (&*"n".repeat(81), Some("81 characters")),
        ("a b", Some("the character ` `")),
        ("", Some("empty")),
    ] {
        read.machine.name = crate::source::span::Sourced::new(name.to_owned(), read.node.span);
        read.sink.diagnostics.clear();
        crate::import::asl::deployed(&read.machine, &mut read.sink);
        match words {
            Some(words) => assert!(speaks(&read, "ASL262", Error, words), "{name}"),
            None => assert!(read.sink.diagnostics.is_empty(), "{name}"),
        }
    }
}

/// A text that a deployment completes is not judged.
#[test]
fn placeholders_are_not_judged() {
    let text = states(
        r#""S": {"Type": "Task", "Resource": "arn:aws:states:::${Service}:${Action}.sync", "InputPath": "${Path}", "ResultPath": "$.${Name}[*]",
        "Parameters": {"a.$": "States.${F}(", "b.$": "$.${x y}"}, "Retry": [{"ErrorEquals": ["States.${E}"]}], "End": true}"#,
    );
    let said: Vec<String> = read(&text).said().into_iter().filter(|line| line.starts_with("ASL2")).collect();
    assert_eq!(said, Vec::<String>::new());
}

/// Hostile sizes cost time in proportion, and no stack.
#[test]
#[expect(clippy::disallowed_types, reason = "the test is about time")]
fn large_machines_do_not_cost_the_square() {
    let rules: Vec<String> = (0..20_000).map(|at| rule(&format!(r#""Variable": "$.a{at}", "StringEquals": "x""#))).collect();
    let long = format!(r#"{{"a.$": "{}"}}"#, "States.Array(".repeat(50_000));
    let path = format!(r#""$.a{}""#, "[".repeat(200_000));
    let text = states(&format!(
        r#""S": {{"Type": "Choice", "Default": "Z", "Choices": [{}]}}, "Z": {{"Type": "Pass", "Parameters": {long}, "InputPath": {path}, "End": true}}"#,
        rules.join(",")
    ));
    let assigned: Vec<String> = (0..10_000).map(|at| format!(r#""v{at}": 1"#)).collect();
    let branches: Vec<String> = (0..10_000)
        .map(|at| format!(r#"{{"StartAt": "B{at}", "States": {{"B{at}": {{"Type": "Pass", "InputPath": "$w{at}", "End": true}}}}}}"#))
        .collect();
    let scopes = states(&format!(
        r#""S": {{"Type": "Parallel", "Assign": {{{}}}, "End": true, "Branches": [{}]}}"#,
        assigned.join(","),
        branches.join(",")
    ));
    let started = std::time::Instant::now();
    let _ = read(&text);
    let _ = read(&scopes);
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}
