//! Jobs of EMR in machines of all shapes: what a reader of a job's or a cluster's traces does to the translation.
//!
//! Each case is a machine `C` (creates a cluster) → `J` (a step) → what the case adds. It says which rule must speak, with which verdict, and what the
//! workflow must hold or must not.
mod support;

use emr2k8s::compile::Compilation;
use emr2k8s::config::Config;
use emr2k8s::source::sink::Verdict;
use serde_json::{Value, json};

fn create(more: Value) -> Value {
    with(
        json!({
            "Type": "Task", "Resource": "arn:aws:states:::elasticmapreduce:createCluster.sync",
            "Parameters": {"Name": "c", "ReleaseLabel": "emr-7.1.0", "Instances": {}},
            "ResultPath": "$.cluster", "Next": "J"
        }),
        more,
    )
}

fn step(args: Value, more: Value) -> Value {
    let args_key = if args.is_string() { "Args.$" } else { "Args" };
    with(
        json!({
            "Type": "Task", "Resource": "arn:aws:states:::elasticmapreduce:addStep.sync",
            "Parameters": {
                "ClusterId.$": "$.cluster.ClusterId",
                "Step": {"Name": "s", "HadoopJarStep": {"Jar": "command-runner.jar", args_key: args}}
            },
            "ResultPath": "$.job", "Next": "D"
        }),
        more,
    )
}

/// A job whose argument is data.
fn plain(more: Value) -> Value {
    step(json!("States.Array('spark-submit', 's3://b/app.jar', $.day)"), more)
}

fn with(mut base: Value, more: Value) -> Value {
    for (key, value) in more.as_object().expect("an object") {
        base[key] = value.clone();
    }
    base
}

fn tell(message: &str) -> Value {
    json!({"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message.$": message}, "End": true})
}

fn compiled(states: Value) -> Compilation {
    let start = if states.get("C").is_some() { "C" } else { "J" };
    let machine = json!({"StartAt": start, "States": states});
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("m.asl.json"), machine.to_string()).expect("a file");
    support::compiled_at(folder.path(), Config::default())
}

fn workflow(compilation: &Compilation) -> String {
    let all = compilation.tree.files.iter().filter(|(path, _)| path.ends_with("/workflow-template.yaml"));
    all.map(|(_, file)| file.text()).collect()
}

fn says(compilation: &Compilation, rule: &str, verdict: Verdict) -> bool {
    compilation.diagnostics.iter().any(|one| one.rule.code == rule && one.verdict == Some(verdict))
}

fn has_job(compilation: &Compilation) -> bool {
    workflow(compilation).contains("kind: SparkApplication")
}

/// A reader of what a job leaves is a refusal, wherever it stands and however it reads.
#[test]
fn readers_of_a_jobs_result_are_refused() {
    let choose = json!({"Type": "Choice", "Choices": [{"Variable": "$.Step.Status.State", "StringEquals": "COMPLETED", "Next": "E"}], "Default": "E"});
    let end = json!({"Type": "Succeed"});
    for (what, more) in [
        ("a message", json!({"D": tell("$.job.Step.Id")})),
        ("a filter", json!({"D": tell("$.job.Step[?(@.a == 1)]")})),
        ("an intrinsic", json!({"D": tell("States.Format('{}', $.job.StepId)")})),
        ("an OutputPath", json!({"D": {"Type": "Pass", "OutputPath": "$.job", "Next": "F"}, "F": choose, "E": end})),
        (
            "a flow-through InputPath",
            json!({"D": {"Type": "Wait", "Seconds": 1, "InputPath": "$.job", "Next": "F"}, "F": choose, "E": end}),
        ),
        ("an Assign", json!({"D": {"Type": "Pass", "Assign": {"id.$": "$.job.StepId"}, "Next": "E"}, "E": tell("$id")})),
        (
            "a handler in JSONata",
            json!({"D": {"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": {"QueueUrl": "q", "MessageBody": "b"}, "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.input.job.StepId %}", "Next": "E"}], "End": true}, "E": end}),
        ),
        (
            "the job itself, the next time",
            json!({"J": plain(json!({"Parameters": {"ClusterId.$": "$.cluster.ClusterId", "Step": {"HadoopJarStep": {"Jar": "command-runner.jar", "Args.$": "States.Array('spark-submit', 's3://b/app.jar', $.job.StepId)"}}}})), "D": {"Type": "Choice", "Choices": [{"Variable": "$.again", "BooleanEquals": true, "Next": "J"}], "Default": "E"}, "E": end}),
        ),
    ] {
        let states = with(json!({"C": create(json!({})), "J": plain(json!({}))}), more);
        let compilation = compiled(states);
        assert!(says(&compilation, "PLN119", Verdict::Refused), "{what}: {}", support::diagnostics(&compilation));
        assert!(!has_job(&compilation), "{what}: the job stands in a workflow that lacks what is read");
    }
}

/// What somebody else has overwritten meanwhile is read by nobody.
#[test]
fn what_is_overwritten_is_not_read() {
    let fetch = |catch: Value| {
        with(
            json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "q", "MessageBody": "b"}, "ResultPath": "$.job", "Next": "E"}),
            catch,
        )
    };
    for (what, fetch) in [
        ("a result", fetch(json!({}))),
        ("a result, with a handler", fetch(json!({"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "F"}]}))),
    ] {
        let states =
            json!({"C": create(json!({})), "J": plain(json!({})), "D": fetch, "E": tell("$.job.MessageId"), "F": {"Type": "Fail"}});
        let compilation = compiled(states);
        assert!(
            has_job(&compilation) && support::verdicts(&compilation, Verdict::Refused) == 0,
            "{what}: {}",
            support::diagnostics(&compilation)
        );
    }
}

/// The document that `OutputPath` takes is what goes on.
#[test]
fn an_output_path_of_a_job_holds() {
    let states = json!({"J": plain(json!({"ResultPath": null, "OutputPath": "$.config"})), "D": tell("$.name")});
    let compilation = compiled(states);
    assert!(workflow(&compilation).contains("OutputPath"), "{}", workflow(&compilation));
}

#[test]
fn only_the_retrier_that_takes_a_failed_job_runs_it_again() {
    let retry = |retry: Value| {
        let states = json!({"J": plain(json!({"ResultPath": null, "Retry": retry})), "D": {"Type": "Succeed"}});
        workflow(&compiled(states))
    };
    let none = json!({"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 0});
    let all = json!({"ErrorEquals": ["States.ALL"], "MaxAttempts": 3});
    assert!(!retry(json!([none, all])).contains("onFailureRetries"));
    assert!(!retry(json!([{"ErrorEquals": ["ElasticMapReduce.ThrottlingException"], "MaxAttempts": 5}])).contains("onFailureRetries"));
    let throttled = json!({"ErrorEquals": ["Throttled"], "MaxAttempts": 9});
    assert!(retry(json!([throttled, all])).contains("onFailureRetries: 3"));
}

#[test]
fn what_is_said_of_a_cluster_has_a_name_or_is_refused() {
    let cases = [
        ("the name in a message", create(json!({})), plain(json!({})), tell("$.cluster.ClusterId"), Some(("PLN138", Verdict::Changed))),
        (
            "the name in the job's own arguments",
            create(json!({})),
            step(json!("States.Array('spark-submit', 's3://b/app.jar', $.cluster.ClusterId)"), json!({})),
            json!({"Type": "Succeed"}),
            Some(("PLN138", Verdict::Changed)),
        ),
        (
            "an address",
            create(json!({})),
            plain(json!({})),
            tell("$.cluster.Cluster.MasterPublicDnsName"),
            Some(("PLN119", Verdict::Refused)),
        ),
        (
            "a selector's address",
            create(json!({"ResultSelector": {"dns.$": "$.Cluster.MasterPublicDnsName"}})),
            plain(json!({})),
            tell("$.cluster.dns"),
            Some(("PLN119", Verdict::Refused)),
        ),
        (
            "a request that is data",
            create(json!({"Parameters": null})),
            plain(json!({})),
            json!({"Type": "Succeed"}),
            Some(("PLN110", Verdict::Refused)),
        ),
        (
            "steps of its own",
            create(json!({"Parameters": {"Name": "c", "Steps": [{"Name": "s"}]}})),
            plain(json!({})),
            json!({"Type": "Succeed"}),
            Some(("PLN110", Verdict::Refused)),
        ),
        (
            "a release that is data",
            create(json!({"Parameters": {"Name": "c", "ReleaseLabel.$": "$.release"}})),
            plain(json!({})),
            json!({"Type": "Succeed"}),
            Some(("PLN138", Verdict::Changed)),
        ),
        (
            "a foreign cluster",
            create(json!({})),
            plain(json!({})),
            json!({"Type": "Task", "Resource": "arn:aws:states:::elasticmapreduce:terminateCluster", "Parameters": {"ClusterId.$": "$.other"}, "End": true}),
            Some(("PLN138", Verdict::Changed)),
        ),
    ];
    for (what, create, job, then, wanted) in cases {
        let mut states = json!({"C": create, "J": job, "D": then});
        if states["C"]["Parameters"].is_null() {
            states["C"].as_object_mut().expect("a state").remove("Parameters");
        }
        let compilation = compiled(states);
        let (rule, verdict) = wanted.expect("a rule");
        assert!(says(&compilation, rule, verdict), "{what}: {}", support::diagnostics(&compilation));
        let whole = support::verdicts(&compilation, Verdict::Refused) == 0;
        assert_eq!(whole, verdict != Verdict::Refused, "{what}: {}", support::diagnostics(&compilation));
        assert_eq!(has_job(&compilation), whole, "{what}");
    }
}

/// Words of a job that are known are in its manifest and nowhere else: not in what is computed for the others.
#[test]
fn known_words_are_not_computed() {
    for args in [
        json!("States.Array('spark-submit', 's3://b/app.jar', '--flavour', 'pistachio', $.day)"),
        json!(["spark-submit", "s3://b/app.jar", "--flavour", "pistachio"]),
    ] {
        let states = json!({"J": step(args, json!({"ResultPath": null})), "D": {"Type": "Choice", "Choices": [{"Variable": "$.day", "IsPresent": true, "Next": "E"}], "Default": "E"}, "E": {"Type": "Succeed"}});
        let compilation = compiled(states);
        assert!(has_job(&compilation), "{}", support::diagnostics(&compilation));
        assert_eq!(workflow(&compilation).matches("pistachio").count(), 1, "{}", workflow(&compilation));
    }
}

/// A step that is no `spark-submit`, or one that cannot be read, says why, and each of several does.
#[test]
fn what_is_no_job_says_why() {
    for (args, why) in [
        (json!(["hive-script", "--run"]), "runs `hive-script`"),
        (json!(["spark-submit", "--class", "a.B"]), "names no application"),
        (json!("$.words"), "number is known only when it runs"),
        (json!("States.Array('spark-submit', 's3://b/a.jar', '--password', States.Format('hunter3Yq7{}', $.x))"), "builds a secret"),
    ] {
        let states = json!({"J": step(args, json!({})), "D": plain(json!({"Next": "E"})), "E": {"Type": "Succeed"}});
        let compilation = compiled(states);
        let text = support::diagnostics(&compilation);
        assert!(text.contains(why), "{why}: {text}");
        assert!(!workflow(&compilation).contains("hunter3Yq7"));
    }
}

fn submit(more: Value) -> Value {
    with(
        json!({
            "Type": "Task", "Resource": "arn:aws:states:::emr-serverless:startJobRun",
            "Parameters": {"ApplicationId": "a", "JobDriver": {"SparkSubmit": {"EntryPoint": "s3://b/app.jar", "SparkSubmitParameters": "--class a.B"}}},
            "ResultPath": "$.run", "Next": "D"
        }),
        more,
    )
}

/// A job that nobody waits for is created, and outlives its workflow.
#[test]
fn a_job_that_nobody_waits_for_is_not_watched() {
    let end = json!({"Type": "Succeed"});
    for (what, states) in [
        ("at the end", json!({"J": submit(json!({})), "D": end})),
        ("without a result", json!({"J": submit(json!({"ResultPath": null})), "D": tell("$.name")})),
        ("beside other data", json!({"J": submit(json!({})), "D": tell("$.name")})),
        ("a step", json!({"J": plain(json!({"Resource": "arn:aws:states:::elasticmapreduce:addStep"})), "D": end})),
    ] {
        let compilation = compiled(states);
        let text = workflow(&compilation);
        assert!(says(&compilation, "PLN142", Verdict::Equivalent), "{what}: {}", support::diagnostics(&compilation));
        assert!(
            has_job(&compilation) && support::verdicts(&compilation, Verdict::Refused) == 0,
            "{what}: {}",
            support::diagnostics(&compilation)
        );
        assert!(!text.contains("setOwnerReference") && !text.contains("successCondition"), "{what}: {text}");
    }
}

/// Who has the job's id may wait for it.
#[test]
fn a_job_whose_id_somebody_takes_is_refused() {
    for (what, d) in [
        ("a part", tell("$.run.JobRunId")),
        ("the whole document", tell("$")),
        ("a function", json!({"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:1:function:f", "End": true})),
    ] {
        let compilation = compiled(json!({"J": submit(json!({})), "D": d}));
        assert!(says(&compilation, "PLN119", Verdict::Refused) && !has_job(&compilation), "{what}: {}", support::diagnostics(&compilation));
    }
}

/// The end of its cluster stopped a step that nobody waited for; there is no such end on Kubernetes.
#[test]
fn a_job_that_its_clusters_end_stopped_runs_on() {
    let states = json!({
        "C": create(json!({})),
        "J": plain(json!({"Resource": "arn:aws:states:::elasticmapreduce:addStep"})),
        "D": {"Type": "Task", "Resource": "arn:aws:states:::elasticmapreduce:terminateCluster", "Parameters": {"ClusterId.$": "$.cluster.ClusterId"}, "End": true}
    });
    let compilation = compiled(states);
    assert!(has_job(&compilation) && says(&compilation, "PLN142", Verdict::Changed), "{}", support::diagnostics(&compilation));
}

/// A state about the cluster does nothing on Kubernetes, so what it would have read of a job nobody misses.
#[test]
fn the_end_of_a_cluster_reads_nothing() {
    let states = json!({
        "J": submit(json!({"Resource": "arn:aws:states:::emr-serverless:startJobRun.sync", "ResultPath": "$"})),
        "D": {"Type": "Task", "Resource": "arn:aws:states:::emr-serverless:stopApplication.sync", "Parameters": {"ApplicationId.$": "$.ApplicationId"}, "ResultPath": null, "End": true}
    });
    let compilation = compiled(states);
    assert!(has_job(&compilation) && !says(&compilation, "PLN119", Verdict::Refused), "{}", support::diagnostics(&compilation));
}

fn polled(choices: Value) -> Value {
    let states = json!({
        "J": submit(json!({"Resource": "arn:aws:states:::aws-sdk:emrserverless:startJobRun", "Next": "P"})),
        "P": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:emrserverless:getJobRun", "Parameters": {"ApplicationId": "a", "JobRunId.$": "$.run.JobRunId"}, "ResultPath": "$.seen", "Next": "D"},
        "W": {"Type": "Wait", "Seconds": 20, "Next": "P"},
        "E": {"Type": "Succeed"},
        "F": {"Type": "Fail"}
    });
    with(states, choices)
}

fn is(state: &str) -> Value {
    json!({"Variable": "$.seen.JobRun.State", "StringEquals": state})
}

/// Several Choices that ask for one status after each other are one decision, and what the poll has just written is there.
#[test]
fn a_chain_of_choices_on_a_status_is_one() {
    let present = json!({"Variable": "$.seen", "IsPresent": true});
    for (what, choices) in [
        (
            "two Choices",
            json!({
                "D": {"Type": "Choice", "Choices": [with(json!({"And": [present, {"Or": [is("SUCCESS")]}]}), json!({"Next": "E"}))], "Default": "G"},
                "G": {"Type": "Choice", "Choices": [with(json!({"Or": [is("CANCELLED"), is("FAILED")]}), json!({"Next": "F"}))], "Default": "W"}
            }),
        ),
        (
            "Not",
            json!({"D": {"Type": "Choice", "Choices": [
                with(is("SUCCESS"), json!({"Next": "E"})),
                with(json!({"And": [{"Not": is("FAILED")}, {"Not": is("CANCELLED")}]}), json!({"Next": "W"}))
            ], "Default": "F"}}),
        ),
    ] {
        let compilation = compiled(polled(choices));
        assert!(
            has_job(&compilation) && support::verdicts(&compilation, Verdict::Refused) == 0,
            "{what}: {}",
            support::diagnostics(&compilation)
        );
        assert!(!says(&compilation, "PLN102", Verdict::Changed), "{what}: {}", support::diagnostics(&compilation));
    }
    // A Choice on something else is no part of the loop, nor is one that others come to.
    for (what, choices) in [
        (
            "another question",
            json!({
                "D": {"Type": "Choice", "Choices": [with(is("SUCCESS"), json!({"Next": "E"}))], "Default": "G"},
                "G": {"Type": "Choice", "Choices": [{"Variable": "$.patience", "NumericGreaterThan": 3, "Next": "F"}], "Default": "W"}
            }),
        ),
        (
            "what is not there",
            json!({"D": {"Type": "Choice", "Choices": [with(json!({"And": [{"Variable": "$.other", "IsPresent": true}, is("SUCCESS")]}), json!({"Next": "E"}))], "Default": "W"}}),
        ),
    ] {
        let compilation = compiled(polled(choices));
        assert!(says(&compilation, "PLN119", Verdict::Refused) && !has_job(&compilation), "{what}: {}", support::diagnostics(&compilation));
    }
}

/// Where one job keeps a machine from being translated with its data, that is said, and once what waits for it.
#[test]
fn the_cause_is_said_first_and_its_consequences_once() {
    let choose = |wanted: u8, next: &str| json!({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": wanted, "Next": next}], "Default": "G"});
    let states = json!({"C": choose(1, "J"), "J": step(json!(["hive-script"]), json!({})), "D": choose(2, "G"), "G": {"Type": "Succeed"}});
    let compilation = compiled(states);
    let text = support::diagnostics(&compilation);
    assert!(says(&compilation, "PLN119", Verdict::Refused) && says(&compilation, "PLN143", Verdict::Refused), "{text}");
    assert!(!says(&compilation, "PLN110", Verdict::Refused), "{text}");
}
