//! Machines run to their end: what states do together, and what no recording shows.
use super::*;
use crate::compile;
use crate::config::Config;
use crate::simulate::script::Script;

fn program(definition: &str) -> Program {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("machine.asl.json");
    std::fs::write(&source, definition).expect("written");
    let options = compile::Options { source, stage: None, config: Config::default(), out: None };
    let imported = compile::import(&options).expect("importable");
    Program::compile(imported.estate.machines.first().expect("a machine")).expect("a program")
}

fn value(text: &str) -> Value {
    Value::parse(text).expect("JSON")
}

fn outcome(definition: &str, input: &str, script: &mut Script) -> Outcome {
    run(&program(definition), value(input), script, &Options { trace: true, ..Options::default() })
}

/// How a run ends, in a line: the output's JSON, or `status error: cause`; and the seconds it took.
fn ends(definition: &str, input: &str, tasks: &str) -> (String, u64) {
    let mut script = Script::read(&value(tasks)).expect("a script");
    let outcome = outcome(definition, input, &mut script);
    let seconds = (outcome.finished - Options::default().start) / 1000;
    let said = match outcome.result {
        Ok(output) => output.to_json(),
        Err(failure) => {
            format!("{} {}: {}", outcome.status.name(), failure.error.as_deref().unwrap_or("-"), failure.cause.as_deref().unwrap_or("-"))
        }
    };
    (said, seconds)
}

fn end(definition: &str, input: &str, tasks: &str) -> String {
    ends(definition, input, tasks).0
}

/// A machine of one task `T` with these fields more, and states after it.
fn task(fields: &str, states: &str) -> String {
    format!(
        r#"{{"StartAt": "T", "States": {{"T": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true{fields}}}{states}}}}}"#
    )
}

fn fails(times: usize, error: &str) -> String {
    vec![format!(r#"{{"error": "{error}", "cause": "c"}}"#); times].join(", ")
}

#[test]
fn retries_wait_longer_and_longer_up_to_the_most() {
    let retry = r#", "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 4, "MaxDelaySeconds": 10}]"#;
    let tasks = format!(r#"{{"T": [{}, {{"output": "done"}}]}}"#, fails(4, "E"));
    // 3 + 6 + 10 + 10.
    assert_eq!(ends(&task(retry, ""), "{}", &tasks), ("\"done\"".into(), 29));
    let tasks = format!(r#"{{"T": [{}]}}"#, fails(5, "E"));
    assert_eq!(ends(&task(retry, ""), "{}", &tasks), ("FAILED E: c".into(), 29));
}

#[test]
fn the_first_retrier_that_names_the_error_counts_alone() {
    // The second would take E too, but the first is spent.
    let retry = r#", "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 1}, {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 100, "MaxAttempts": 9}]"#;
    assert_eq!(ends(&task(retry, ""), "{}", &format!(r#"{{"T": [{}]}}"#, fails(2, "E"))), ("FAILED E: c".into(), 1));
    // Each counts for itself.
    let tasks = format!(r#"{{"T": [{}, {}, {{"output": 1}}]}}"#, fails(1, "E"), fails(1, "F"));
    assert_eq!(ends(&task(retry, ""), "{}", &tasks), ("1".into(), 101));
    let never = r#", "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]"#;
    assert_eq!(ends(&task(never, ""), "{}", &format!(r#"{{"T": [{}]}}"#, fails(1, "E"))), ("FAILED E: c".into(), 0));
}

#[test]
fn a_full_jitter_waits_at_most_the_delay() {
    let retry = r#", "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 1000, "MaxAttempts": 1, "JitterStrategy": "FULL"}]"#;
    let (said, seconds) = ends(&task(retry, ""), "{}", &format!(r#"{{"T": [{}, {{"output": 1}}]}}"#, fails(1, "E")));
    assert_eq!(said, "1");
    assert!(seconds < 1000, "{seconds}");
}

#[test]
fn time_outs_are_no_failed_tasks() {
    let caught = |error: &str| {
        task(
            &format!(r#", "TimeoutSeconds": 20, "HeartbeatSeconds": 5, "Catch": [{{"ErrorEquals": ["{error}"], "Next": "C"}}]"#),
            r#", "C": {"Type": "Pass", "Result": "caught", "End": true}"#,
        )
    };
    let late = r#"{"T": [{"output": 1, "seconds": 6}]}"#;
    // No heartbeat comes before the result does.
    assert_eq!(ends(&caught("States.TaskFailed"), "{}", late), ("FAILED States.Timeout: -".into(), 5));
    assert_eq!(ends(&caught("States.HeartbeatTimeout"), "{}", late), ("\"caught\"".into(), 5));
    assert_eq!(ends(&caught("States.Timeout"), "{}", late), ("\"caught\"".into(), 5));
    assert_eq!(ends(&caught("States.ALL"), "{}", r#"{"T": [{"output": 1, "seconds": 5}]}"#), ("1".into(), 5));
}

#[test]
fn a_time_out_must_be_positive() {
    let said = end(&task(r#", "TimeoutSecondsPath": "$.t""#, ""), r#"{"t": 0}"#, r#"{"T": [{"output": 1}]}"#);
    assert!(said.starts_with("FAILED States.Runtime: ") && said.contains("positive integer"), "{said}");
}

#[test]
fn a_machine_ends_when_its_time_is_over() {
    let definition = r#"{"StartAt": "W", "TimeoutSeconds": 10, "States": {"W": {"Type": "Wait", "Seconds": 11, "End": true}}}"#;
    let outcome = outcome(definition, "{}", &mut Script::default());
    assert_eq!((outcome.status, outcome.finished - Options::default().start), (Status::TimedOut, 10_000));
    assert!(outcome.steps[0].end.is_none());
    assert_eq!(end(&definition.replace("11", "9"), "7", "{}"), "7");
}

#[test]
fn a_branch_that_fails_ends_those_that_wait() {
    let definition = r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "Slow", "States": {"Slow": {"Type": "Wait", "Seconds": 1000, "Next": "Never"}, "Never": {"Type": "Pass", "End": true}}},
        {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3, "Next": "F"}, "F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}]}}}"#;
    assert_eq!(ends(definition, "{}", "{}"), ("FAILED E: c".into(), 3));
    let caught = definition.replace(
        r#""End": true, "Branches""#,
        r#""Next": "A", "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.e", "Next": "A"}], "Branches""#,
    );
    let caught = caught.replace(r#""StartAt": "P", "States": {"#, r#""StartAt": "P", "States": {"A": {"Type": "Pass", "End": true}, "#);
    assert_eq!(ends(&caught, r#"{"x": 1}"#, "{}"), (r#"{"x":1,"e":{"Error":"E","Cause":"c"}}"#.into(), 3));
}

/// A Map over `$` whose items are `W`aited for and handed on.
fn map(fields: &str) -> String {
    format!(
        r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "End": true{fields}, "ItemProcessor": {{
            "StartAt": "W", "States": {{"W": {{"Type": "Wait", "Seconds": 10, "End": true}}}}}}}}}}}}"#
    )
}

#[test]
fn iterations_run_side_by_side_up_to_the_concurrency() {
    let items = |count: usize| Value::array((0..count).map(|n| Value::int(i64::try_from(n).expect("small"))).collect()).to_json();
    for (fields, count, seconds) in
        [(r#", "MaxConcurrency": 2"#, 5, 30), ("", 40, 10), ("", 41, 20), (r#", "MaxConcurrency": 1000"#, 41, 20), ("", 0, 0)]
    {
        assert_eq!(ends(&map(fields), &items(count), "{}"), (items(count), seconds), "{fields} {count}");
    }
    let distributed = map("")
        .replace(r#""ItemProcessor": {"#, r#""ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "#);
    assert_eq!(ends(&distributed, &items(41), "{}").1, 10);
}

/// A distributed Map over `$` in which items call `T`.
fn distributed(fields: &str) -> String {
    format!(
        r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "End": true{fields}, "ItemProcessor": {{
            "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
            "StartAt": "T", "States": {{"T": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true}}}}}}}}}}}}"#
    )
}

#[test]
fn failed_items_are_tolerated_up_to_the_limit_itself() {
    let tasks = |failed: usize| {
        let mut entries = vec![r#"{"output": 1}"#.to_owned(); 10 - failed];
        if failed > 0 {
            entries.insert(usize::from(failed < 10), fails(failed, "E"));
        }
        format!(r#"{{"T": [{}]}}"#, entries.join(", "))
    };
    let items = "[0,1,2,3,4,5,6,7,8,9]";
    let holds = |fields: &str, failed: usize| {
        let said = end(&distributed(fields), items, &tasks(failed));
        if said.starts_with('[') {
            return true;
        }
        assert_eq!(said, "FAILED States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold was exceeded");
        false
    };
    for (fields, most) in [
        ("", 0),
        (r#", "ToleratedFailureCount": 2"#, 2),
        (r#", "ToleratedFailurePercentage": 30"#, 3),
        (r#", "ToleratedFailurePercentage": 39"#, 3),
        (r#", "ToleratedFailurePercentage": 100"#, 10),
        (r#", "ToleratedFailureCount": 5, "ToleratedFailurePercentage": 10"#, 1),
    ] {
        assert!(holds(fields, most), "{fields}");
        assert!(most == 10 || !holds(fields, most + 1), "{fields}");
    }
    // An inline Map tolerates nothing, and its failure is the item's.
    let inline = distributed("").replace("DISTRIBUTED", "INLINE").replace(r#", "ExecutionType": "STANDARD""#, "");
    assert_eq!(end(&inline, items, &tasks(1)), "FAILED E: c");
}

#[test]
fn all_items_of_a_failed_batch_fail() {
    let batches = r#", "ItemBatcher": {"MaxItemsPerBatch": 4}, "ToleratedFailureCount": "#;
    let tasks = format!(r#"{{"T": [{}, {{"output": 1}}, {{"output": 1}}]}}"#, fails(1, "E"));
    let run = |most: usize| end(&distributed(&format!("{batches}{most}")), "[0,1,2,3,4,5,6,7,8,9]", &tasks);
    assert!(run(4).ends_with(",1,1]"));
    assert!(run(3).contains("States.ExceedToleratedFailureThreshold"));
}

#[test]
fn batches_are_cut_by_number_and_by_bytes() {
    let inputs = |batcher: &str, input: &str| {
        let fields = format!(r#", "ItemsPath": "$.items", "ItemBatcher": {batcher}"#);
        let mut script = Script::read(&value(&format!(r#"{{"T": [{}]}}"#, [r#"{"output": 1}"#; 9].join(", ")))).expect("a script");
        let outcome = outcome(&distributed(&fields), input, &mut script);
        match outcome.result {
            Ok(_) => outcome.steps[1..].iter().map(|step| step.input.to_json()).collect::<Vec<_>>().join(" "),
            Err(failure) => failure.cause.unwrap_or_default(),
        }
    };
    let input = r#"{"items": ["a", "b", "c"], "n": 2, "none": 0}"#;
    let two = r#"{"Items":["a","b"]} {"Items":["c"]}"#;
    assert_eq!(inputs(r#"{"MaxItemsPerBatch": 2}"#, input), two);
    assert_eq!(inputs(r#"{"MaxItemsPerBatchPath": "$.n"}"#, input), two);
    assert_eq!(inputs(r#"{"MaxInputBytesPerBatch": 7}"#, input), two);
    assert_eq!(
        inputs(r#"{"MaxItemsPerBatch": 3, "BatchInput": {"n.$": "$.n"}}"#, input),
        r#"{"BatchInput":{"n":2},"Items":["a","b","c"]}"#
    );
    assert!(inputs(r#"{"MaxItemsPerBatchPath": "$.none"}"#, input).contains("positive integer"));
}

#[test]
fn results_are_flattened_where_the_writer_wants_it() {
    let map = |config: &str| {
        format!(
            r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "End": true, "ResultWriter": {{"WriterConfig": {{{config}}}}}, "ItemProcessor": {{
                "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
                "StartAt": "P", "States": {{"P": {{"Type": "Pass", "End": true}}}}}}}}}}}}"#
        )
    };
    let run = |transformation: &str| {
        end(&map(&format!(r#""OutputType": "JSON", "Transformation": "{transformation}""#)), r#"[[1,[2]],3,{"a":[4]}]"#, "{}")
    };
    assert_eq!(run("FLATTEN"), r#"[1,[2],3,{"a":[4]}]"#);
    assert_eq!(run("COMPACT"), r#"[[1,[2]],3,{"a":[4]}]"#);
    let records = value(&run("NONE"));
    let first = &records.as_array().expect("records")[0];
    assert_eq!((first.get("Status"), first.get("Output")), (Some(&Value::string("SUCCEEDED")), Some(&Value::string("[1,[2]]"))));
}

#[test]
fn of_a_tolerated_failure_the_record_is_the_result() {
    let map = distributed(r#", "Label": "L", "ToleratedFailureCount": 1, "ResultWriter": {"WriterConfig": {"Transformation": "FLATTEN"}}"#);
    let tasks = format!(r#"{{"T": [{{"output": [1, 2]}}, {}, {{"output": 3}}]}}"#, fails(1, "E"));
    let results = value(&end(&map, r#"[0, {"x": 1}, 2]"#, &tasks));
    let results = results.as_array().expect("results");
    assert_eq!((results.len(), &results[1], &results[3]), (4, &Value::int(2), &Value::int(3)));
    let record = |field: &str| results[2].get(field).and_then(Value::as_str).unwrap_or_default();
    assert_eq!([record("Status"), record("Error"), record("Cause"), record("Input")], ["FAILED", "E", "c", r#"{"x":1}"#]);
    assert!(record("ExecutionArn").starts_with("arn:aws:states:us-east-1:111111111111:execution:machine/L:"));
}

#[test]
fn items_say_where_they_are_from() {
    let nested = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemSelector": {"outer.$": "$$.Map.Item"}, "ItemProcessor": {
        "StartAt": "N", "States": {"N": {"Type": "Map", "End": true, "ItemsPath": "$.outer.Value", "ItemSelector": {
            "outer.$": "$.outer.Index", "inner.$": "$$.Map.Item.Index", "source.$": "$$.Map.Item.Source"}, "ItemProcessor": {
            "StartAt": "L", "States": {"L": {"Type": "Pass", "End": true, "Parameters": {"own.$": "$$.Map.Item.Value", "in.$": "$"}}}}}}}}}}"#;
    assert_eq!(
        end(nested, r#"[["a"],["b"]]"#, "{}"),
        r#"[[{"own":"a","in":{"outer":0,"inner":0,"source":"STATE_DATA"}}],[{"own":"b","in":{"outer":1,"inner":0,"source":"STATE_DATA"}}]]"#
    );
}

#[test]
fn variables_reach_inwards_only() {
    let definition = r#"{"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "P"},
        "P": {"Type": "Parallel", "Next": "Z", "Branches": [
            {"StartAt": "B", "States": {"B": {"Type": "Pass", "Assign": {"y": "{% $x + 1 %}"}, "Next": "C"},
                "C": {"Type": "Pass", "Output": "{% $x + $y %}", "End": true}}},
            {"StartAt": "D", "States": {"D": {"Type": "Pass", "Output": "{% $exists($y) %}", "End": true}}}]},
        "Z": {"Type": "Pass", "Output": {"branches": "{% $states.input %}", "y": "{% $exists($y) %}"}, "End": true}}}"#;
    assert_eq!(end(definition, "{}", "{}"), r#"{"branches":[3,false],"y":false}"#);
    // What is assigned is seen by the next state, not by the fields beside it.
    let definition = r#"{"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"x": 2}, "Output": "{% $x %}", "Next": "C"},
        "C": {"Type": "Pass", "Output": "{% [$states.input, $x] %}", "End": true}}}"#;
    assert_eq!(end(definition, "{}", "{}"), "[1,2]");
}

#[test]
fn fails_and_waits_take_expressions() {
    let fail = r#"{"QueryLanguage": "JSONata", "StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "{% $states.input.e %}", "Cause": "{% 'by ' & $states.context.State.Name %}"}}}"#;
    assert_eq!(end(fail, r#"{"e": "E"}"#, "{}"), "FAILED E: by F");
    assert!(end(fail, r#"{"e": 1}"#, "{}").starts_with("FAILED States.QueryEvaluationError: "));
    let wait = r#"{"QueryLanguage": "JSONata", "StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": "{% $states.input.s * 2 %}", "Output": "{% $states.context.Execution.StartTime %}", "End": true}}}"#;
    assert_eq!(ends(wait, r#"{"s": 4}"#, "{}"), ("\"2026-01-01T00:00:00Z\"".into(), 8));
    let until = r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "TimestampPath": "$", "End": true}}}"#;
    assert_eq!(ends(until, "\"2026-01-01T00:01:00Z\"", "{}").1, 60);
    assert_eq!(ends(until, "\"2020-01-01T00:00:00Z\"", "{}").1, 0, "what is over is not waited for");
}

#[test]
fn a_token_is_there_only_where_the_task_waits_for_it() {
    let call = |resource: &str| {
        format!(
            r#"{{"StartAt": "T", "States": {{"T": {{"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage{resource}", "Parameters": {{"Token.$": "$$.Task.Token"}}, "End": true}}}}}}"#
        )
    };
    let sent = r#"{"T": [{"input": {"Token": "<token>"}, "output": 1}]}"#;
    let mut script = Script::read(&value(sent)).expect("a script");
    assert!(outcome(&call(".waitForTaskToken"), "{}", &mut script).result.is_ok());
    assert_eq!(script.differences, []);
    assert!(outcome(&call(""), "{}", &mut Script::read(&value(sent)).expect("a script")).result.is_err());
}

#[test]
fn any_json_is_an_input() {
    let pass = r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}"#;
    for input in ["null", "0", "-1.5", "\"x\"", "[]", "{}", "true", "[null]"] {
        assert_eq!(end(pass, input, "{}"), input);
    }
}

#[test]
fn payloads_and_histories_have_their_limits() {
    let fill = |bytes: usize| format!(r#"{{"T": [{{"output": "{}"}}]}}"#, "x".repeat(bytes - 2));
    assert_eq!(end(&task("", ""), "{}", &fill(PAYLOAD_LIMIT)).len(), PAYLOAD_LIMIT);
    assert!(end(&task("", ""), "{}", &fill(PAYLOAD_LIMIT + 1)).starts_with("FAILED States.DataLimitExceeded: "));
    let endless = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Wait", "Seconds": 1, "Next": "A"}}}"#;
    let said = end(endless, "{}", "{}");
    assert!(said.starts_with("FAILED States.Runtime: ") && said.contains("25000"), "{said}");
}

/// Each turn puts the data into forty objects more; it ends before a stack does.
#[test]
fn data_that_nests_ever_deeper_ends_the_run() {
    let wrap = |inner: &str| format!("{}{inner}{}", r#"{"a": "#.repeat(40), "}".repeat(40));
    let turns = |state: &str| {
        format!(
            r#"{{"StartAt": "W", "States": {{"W": {{"Type": "Pass", {state}, "Next": "C"}}, "E": {{"Type": "Succeed"}},
                "C": {{"Type": "Choice", "Choices": [{{"Variable": "$.b", "IsPresent": true, "Next": "E"}}], "Default": "W"}}}}}}"#
        )
    };
    let data = turns(&format!(r#""Parameters": {}"#, wrap(r#"{"x.$": "$"}"#)));
    let variables = turns(&format!(r#""Assign": {{"v": {}}}"#, wrap(r#"{"x.$": "$v"}"#)));
    let variables = variables.replace(
        r#""StartAt": "W", "States": {"#,
        r#""StartAt": "V", "States": {"V": {"Type": "Pass", "Assign": {"v": 1}, "Next": "W"}, "#,
    );
    for machine in [data, variables] {
        let said = end(&machine, "{}", "{}");
        assert!(said.starts_with("FAILED States.Runtime: ") && said.contains("levels deep"), "{said}");
    }
}

#[test]
fn a_task_without_a_result_says_so_and_nothing_catches_it() {
    let caught = task(r#", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]"#, r#", "C": {"Type": "Pass", "End": true}"#);
    assert_eq!(
        end(&caught, "{}", "{}"),
        "FAILED States.Runtime: An error occurred while executing the state 'T' (entered at the event id #2). The script has no result for attempt 1 of the task 'T'."
    );
}

#[test]
fn what_each_name_of_an_error_takes() {
    let caught = |raised: &str, named: &str| {
        let machine = task(
            &format!(r#", "Catch": [{{"ErrorEquals": ["{named}"], "Next": "C"}}]"#),
            r#", "C": {"Type": "Pass", "Result": "caught", "End": true}"#,
        );
        end(&machine, "{}", &format!(r#"{{"T": [{}]}}"#, fails(1, raised))) == "\"caught\""
    };
    for (raised, named, takes) in [
        ("E", "States.TaskFailed", true),
        ("States.DataLimitExceeded", "States.TaskFailed", true),
        ("States.Timeout", "States.TaskFailed", false),
        ("States.HeartbeatTimeout", "States.TaskFailed", false),
        ("States.QueryEvaluationError", "States.TaskFailed", false),
        ("States.QueryEvaluationError", "States.ALL", true),
        ("States.HeartbeatTimeout", "States.Timeout", true),
        ("States.HeartbeatTimeout", "States.HeartbeatTimeout", true),
        ("States.Timeout", "States.HeartbeatTimeout", false),
        ("E", "States.Timeout", false),
    ] {
        assert_eq!(caught(raised, named), takes, "{raised} {named}");
    }
}

#[test]
fn only_states_that_retry_count_their_retries() {
    let pass = r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"n.$": "$$.State.RetryCount"}, "End": true}}}"#;
    assert!(end(pass, "{}", "{}").contains("The JSONPath '$$.State.RetryCount' specified for the field 'n.$' could not be found"));
    let parallel = r#"{"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": {"Type": "Parallel", "Arguments": "{% $states.context.State.RetryCount %}",
        "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Succeed", "Output": "{% [$states.input, $exists($states.context.State.RetryCount)] %}"}}}], "End": true}}}"#;
    assert_eq!(end(parallel, "{}", "{}"), "[[0,false]]");
}

#[test]
fn a_result_that_fits_nowhere_is_caught_and_its_cause_names_no_state() {
    let fields = r#", "ResultPath": "$.a.b", "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "C"}]"#;
    let caught = task(fields, r#", "C": {"Type": "Pass", "End": true}"#);
    let plain = task(r#", "ResultPath": "$.a.b""#, "");
    let result = r#"{"T": [{"output": 1}]}"#;
    assert_eq!(end(&caught, r#"{"a": 5}"#, result), r#"{"a":5}"#);
    assert_eq!(end(&plain, r#"{"a": 5}"#, result), "FAILED States.ReferencePathConflict: Unable to apply step \"b\" to input {\"a\":5}");
    assert_eq!(end(&plain, "5", result), "FAILED States.ReferencePathConflict: Unable to apply ReferencePath $.a.b to input 5");
}

#[test]
fn a_distributed_map_takes_the_entries_of_an_object() {
    let map = |mode: &str, more: &str| {
        format!(
            r#"{{"QueryLanguage": "JSONata", "StartAt": "M", "States": {{"M": {{"Type": "Map", "Items": "{{% $states.input %}}"{more}, "End": true, "ItemProcessor": {{
                "ProcessorConfig": {{{mode}}}, "StartAt": "P", "States": {{"P": {{"Type": "Pass", "End": true}}}}}}}}}}}}"#
        )
    };
    let distributed = r#""Mode": "DISTRIBUTED", "ExecutionType": "STANDARD""#;
    let input = r#"{"x": 1, "y": [2]}"#;
    assert_eq!(end(&map(distributed, ""), input, "{}"), r#"[{"Key":"x","Value":1},{"Key":"y","Value":[2]}]"#);
    let selector = r#", "ItemSelector": "{% $states.context.Map.Item %}""#;
    assert_eq!(
        end(&map(distributed, selector), input, "{}"),
        r#"[{"Index":0,"Key":"x","Value":1,"Source":"STATE_DATA"},{"Index":1,"Key":"y","Value":[2],"Source":"STATE_DATA"}]"#
    );
    let refused = "returned an unexpected result type. Expected 'array', but was 'object'";
    assert!(end(&map(r#""Mode": "INLINE""#, ""), input, "{}").contains(refused));
    assert!(end(&map(distributed, r#", "ItemBatcher": {"MaxItemsPerBatch": 1}"#), input, "{}").contains(refused));
}

#[test]
fn a_limit_of_no_failures_is_as_none() {
    let tasks = format!(r#"{{"T": [{{"output": 1}}, {}, {{"output": 3}}]}}"#, fails(1, "E"));
    let run = |fields: &str| end(&distributed(fields), "[1,2,3]", &tasks);
    assert!(run(r#", "ToleratedFailureCount": 0, "ToleratedFailurePercentage": 50"#).starts_with('['));
    assert!(run(r#", "ToleratedFailureCount": 1, "ToleratedFailurePercentage": 0"#).starts_with('['));
    for none in [r#", "ToleratedFailureCount": 0"#, r#", "ToleratedFailurePercentage": 0"#] {
        assert!(run(none).contains("States.ExceedToleratedFailureThreshold"), "{none}");
    }
}

#[test]
fn what_an_expression_gives_a_wait_is_read_widely() {
    let wait = |field: &str| {
        format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "W", "States": {{"W": {{"Type": "Wait", {field}, "End": true}}}}}}"#)
    };
    assert_eq!(ends(&wait(r#""Timestamp": "{% '2026-01-01t00:01z' %}""#), "{}", "{}").1, 60);
    assert_eq!(ends(&wait(r#""Seconds": "{% 100000000 %}""#), "{}", "{}").1, 100_000_000);
}
