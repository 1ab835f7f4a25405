//! A poll in one container does what the loop of the source does: the same requests, the same pauses, the same end.
//!
//! Machines that poll, at random: where the answer goes, what the Choice asks, what the next request takes from the last answer, both query languages, retries, handlers. The loop is run by the
//! interpreter. So is the machine in which a container polls, whose script is run by `sh` and `jq`, with an `aws` that answers from the same list and a
//! `sleep` that only writes down how long. Without `jq` the test says that it was skipped.
use emr2k8s::emit::argo_workflows::task_call;
use emr2k8s::emit::yaml::{Node, Yaml};
use emr2k8s::import::asl;
use emr2k8s::ir::estate::Estate;
use emr2k8s::ir::machine::{Machine, StateKind};
use emr2k8s::pass::link::Targets;
use emr2k8s::pass::poll;
use emr2k8s::simulate::engine::{self, Options};
use emr2k8s::simulate::program::Program;
use emr2k8s::simulate::services::{Answer, Call, Fault, Services};
use emr2k8s::simulate::value::Value;
use emr2k8s::source::json;
use emr2k8s::source::sink::Sink;
use emr2k8s::source::span::FileId;
use rayon::prelude::*;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "support/node.rs"]
mod node;
#[path = "plan/random.rs"]
mod random;
use node::{field, text};
use random::Random;

const MACHINES: u64 = 120;

/// What the call answers, turn by turn: a value, or the code of an exception.
type Answers = Vec<Result<serde_json::Value, &'static str>>;

/// An answer with a word in it.
type Shape = fn(serde_json::Value) -> serde_json::Value;

struct Case {
    machine: serde_json::Value,
    input: serde_json::Value,
    answers: Answers,
}

fn case(random: &mut Random) -> Case {
    let jsonata = random.percent(25);
    // The word that ends the poll is somewhere in the answer.
    let shapes: [(&str, Shape); 4] = [
        ("Status", |word| json!({"Id": "r-1", "Status": word})),
        ("Run.State", |word| json!({"Id": "r-1", "Run": {"State": word, "Id": "r-1"}})),
        ("Runs[0].State", |word| json!({"Id": "r-1", "Runs": [{"State": word}, {"State": "other"}]})),
        ("Odd-name.State", |word| json!({"Id": "r-1", "Odd-name": {"State": word}})),
    ];
    let (field, shape) = *random.pick(if jsonata { &shapes[..2] } else { &shapes[..] });
    let words = [json!("RUNNING"), json!("PENDING"), json!("DONE"), json!("FAILED"), json!(1), json!(null), json!({"a": 1})];
    let mut answers: Answers = Vec::new();
    for _ in 0..random.between(0, 5) {
        if random.percent(8) {
            answers.push(Ok(json!({"Id": "r-1"})));
        }
        answers.push(if random.percent(40) {
            Err(*random.pick(&["ThrottlingException", "ConflictException", "NoSuchThing"]))
        } else {
            Ok(shape(random.pick(&words[..2]).clone()))
        });
    }
    let strange = random.percent(15);
    answers.push(if random.percent(15) {
        Err("ConflictException")
    } else {
        Ok(shape(random.pick(if strange { &words[2..] } else { &words[2..4] }).clone()))
    });
    if random.percent(10) {
        answers.push(Ok(json!({"Id": "r-1"})));
    }
    answers.push(Ok(shape(json!("DONE"))));
    if jsonata { in_jsonata(random, field, answers) } else { in_jsonpath(random, field, answers) }
}

fn retry(random: &mut Random) -> serde_json::Value {
    let mut retriers = Vec::new();
    if random.percent(60) {
        retriers.push(json!({"ErrorEquals": ["Glue.ThrottlingException"], "IntervalSeconds": random.between(1, 4), "MaxAttempts": random.between(0, 2), "BackoffRate": 1.5}));
    }
    if random.percent(60) {
        retriers.push(json!({"ErrorEquals": [*random.pick(&["States.ALL", "States.TaskFailed", "Glue.ConflictException"])], "MaxDelaySeconds": 3, "MaxAttempts": random.between(1, 2)}));
    }
    retriers.into()
}

fn in_jsonpath(random: &mut Random, field: &str, answers: Answers) -> Case {
    let status = if field.starts_with("Odd") { "['Odd-name'].State".to_owned() } else { format!(".{field}") };
    // Where the answer goes, what stands there of it, and what the request takes.
    let (mut call, at) = match random.below(6) {
        0 => (json!({"Parameters": {"RunId.$": "$.Id"}}), "$".to_owned()),
        1 => (json!({"Parameters": {"RunId.$": "$.Id", "Name": "x"}, "ResultPath": "$.got"}), "$.got".to_owned()),
        2 => (json!({"Parameters": {"RunId.$": "$.got.Id"}, "ResultPath": "$.got"}), "$.got".to_owned()),
        3 => (json!({"Parameters": {"All.$": "$", "Deep": {"Id.$": "$.got.Id"}}, "ResultPath": "$.got"}), "$.got".to_owned()),
        4 => (json!({"Parameters": {"RunId.$": "$.Id"}, "ResultPath": "$.got", "OutputPath": "$.got"}), "$".to_owned()),
        _ => (json!({"InputPath": "$.Id", "Parameters": {"RunId.$": "$"}, "ResultPath": "$.deep.er"}), "$.deep.er".to_owned()),
    };
    let mut variable = format!("{at}{status}");
    if random.percent(20) {
        call["ResultSelector"] = json!({"said": {"by.$": format!("${status}"), "id.$": "$.Id"}});
        variable = format!("{at}.said.by");
        if at == "$" {
            // Of the selected document the id is elsewhere.
            call["Parameters"] = json!({"RunId.$": "$.said.id"});
        }
    }
    let equals = |word: &str| json!({"Variable": variable, "StringEquals": word});
    let mut rules = Vec::new();
    match random.below(6) {
        0 => rules.push(with(equals("DONE"), "Done")),
        5 => {
            rules.push(with(json!({"Variable": variable, "IsPresent": false}), "Pause"));
            rules.push(with(json!({"Or": [equals("RUNNING"), equals("PENDING")]}), "Pause"));
        }
        1 => {
            rules.push(with(json!({"Or": [equals("DONE"), equals("READY")]}), "Done"));
            rules.push(with(equals("FAILED"), "Raise"));
        }
        2 => {
            rules.push(with(json!({"Or": [equals("RUNNING"), equals("PENDING")]}), "Pause"));
            rules.push(with(equals("DONE"), "Done"));
        }
        3 => rules.push(with(json!({"Not": equals("DONE")}), "Pause")),
        _ => {
            rules.push(with(
                json!({"And": [{"Variable": variable, "IsPresent": true}, {"Variable": variable, "IsString": true}, equals("PENDING")]}),
                "Pause",
            ));
            rules.push(with(json!({"Variable": variable, "IsNull": true}), "Raise"));
            rules.push(with(json!({"Variable": variable, "NumericGreaterThan": 0}), "Raise"));
            rules.push(with(json!({"Variable": variable, "StringMatches": "RUNNING"}), "Long"));
        }
    }
    let back = rules.iter().any(|rule| rule["Next"] == "Pause");
    let otherwise = if back { *random.pick(&["Done", "Raise", ""]) } else { "Pause" };
    let mut choice = json!({"Type": "Choice", "Choices": rules});
    if !otherwise.is_empty() {
        choice["Default"] = json!(otherwise);
    }
    let retry = retry(random);
    if random.percent(70) {
        call["Retry"] = retry;
    }
    if random.percent(40) {
        call["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Next": "Handle"}]);
    }
    let input = json!({"Id": "r-1", "got": {"Id": "r-1"}, "deep": {}, "said": {"id": "r-0"}});
    Case { machine: machine(random, call, choice, &json!({})), input, answers }
}

fn in_jsonata(random: &mut Random, field: &str, answers: Answers) -> Case {
    let value = format!("$states.input.{field}");
    let (first, second) = match random.below(4) {
        0 => (format!("{{% {value} = 'DONE' %}}"), None),
        1 => (format!("{{% {value} = 'DONE' or {value} = \"READY\" %}}"), Some(format!("{{% $not({value} != 'FAILED') %}}"))),
        2 => (format!("{{% {value} in ['RUNNING', 'PENDING'] %}}"), Some(format!("{{% {value} = 'DONE' %}}"))),
        _ => (format!("{{% ({value} = 'RUNNING') or {value} = 'PENDING' %}}"), None),
    };
    let back = first.contains("RUNNING");
    let mut rules = vec![with(json!({"Condition": first}), if back { "Pause" } else { "Done" })];
    rules.extend(second.map(|second| with(json!({"Condition": second}), if back { "Done" } else { "Raise" })));
    let mut choice = json!({"Type": "Choice", "Choices": rules});
    if !back || random.percent(50) {
        choice["Default"] = json!(if back { "Raise" } else { "Pause" });
    }
    let mut call = json!({"Arguments": {"RunId": "{% $id %}", "Of": "{% $states.context.Execution.Name & '-x' %}"}});
    if random.percent(60) {
        call["Retry"] = retry(random);
    }
    if random.percent(40) {
        call["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Next": "Handle"}]);
    }
    Case { machine: machine(random, call, choice, &json!({"QueryLanguage": "JSONata"})), input: json!({"Id": "r-1"}), answers }
}

fn with(mut rule: serde_json::Value, next: &str) -> serde_json::Value {
    rule["Next"] = json!(next);
    rule
}

fn machine(random: &mut Random, mut call: serde_json::Value, choice: serde_json::Value, more: &serde_json::Value) -> serde_json::Value {
    call["Type"] = json!("Task");
    call["Resource"] = json!("arn:aws:states:::aws-sdk:glue:getJobRun");
    call["Next"] = json!("Which");
    let mut first = json!({"Type": "Pass", "Next": random.pick(&["Pause", "Ask"])});
    if more["QueryLanguage"] == "JSONata" {
        first["Assign"] = json!({"id": "{% $states.input.Id %}"});
    }
    let mut out = json!({"StartAt": "First", "States": {
        "First": first,
        "Pause": {"Type": "Wait", "Seconds": 20, "Next": "Ask"},
        "Long": {"Type": "Wait", "Seconds": 5, "Next": "Long2"},
        "Long2": {"Type": "Wait", "Seconds": 15, "Next": "Ask"},
        "Ask": call,
        "Which": choice,
        "Raise": {"Type": "Fail", "Error": "Failed"},
        "Handle": {"Type": "Pass", "End": true},
        "Done": {"Type": "Pass", "End": true}
    }});
    if let Some(language) = more.get("QueryLanguage") {
        out["QueryLanguage"] = language.clone();
    }
    out
}

fn import(machine: &serde_json::Value) -> Machine {
    let mut sink = Sink::default();
    let node = json::parse(&machine.to_string(), FileId(0), &mut sink).expect("JSON");
    asl::import(&node, FileId(0), "machine.asl.json", "machine", &mut sink)
}

/// All that can be seen of a run.
#[derive(Debug, PartialEq)]
struct Seen {
    end: String,
    finished: u64,
    requests: Vec<String>,
}

fn run(program: &Program, input: &serde_json::Value, services: &mut dyn Services) -> (String, u64) {
    let input = Value::parse(&input.to_string()).expect("JSON");
    let outcome = engine::run(program, input, services, &Options { event_limit: 500, ..Options::default() });
    let end = match &outcome.result {
        Ok(output) => output.to_json(),
        Err(failure) => format!("{:?}: {:?}", failure.error, failure.cause.as_ref().map(|cause| plain(cause))),
    };
    (end, outcome.finished)
}

/// A cause without the number of the event, which the loop's turns count.
fn plain(cause: &str) -> String {
    match (cause.find("(entered at the event id #"), cause.find("). ")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &cause[..from], &cause[to..]),
        _ => cause.to_owned(),
    }
}

/// The loop: each call gets the next answer.
struct Loop<'a> {
    answers: &'a Answers,
    requests: Vec<String>,
}

impl Services for Loop<'_> {
    fn call(&mut self, call: &Call<'_>) -> Answer {
        let at = self.requests.len().min(self.answers.len() - 1);
        self.requests.push(call.input.to_json());
        Answer::After(
            0,
            match &self.answers[at] {
                Ok(value) => Ok(Value::parse(&value.to_string()).expect("JSON")),
                Err(code) => Err(fault(code)),
            },
        )
    }
}

fn fault(code: &str) -> Fault {
    // As the script names them: what the model of the service does not know is its base exception.
    let name = if code == "NoSuchThing" { "Glue.GlueException".to_owned() } else { format!("Glue.{code}") };
    Fault { error: Some(name.as_str().into()), cause: Some("because".to_owned()) }
}

/// The container: its script runs for real.
struct Container<'a> {
    answers: &'a Answers,
    template: Node,
    folder: PathBuf,
    requests: Vec<String>,
}

impl Services for Container<'_> {
    fn call(&mut self, call: &Call<'_>) -> Answer {
        let folder = &self.folder;
        let script = field(&self.template, "script");
        let source = text(field(script, "source"))
            .replace("/tmp/emr2k8s", &folder.join("work").display().to_string())
            .replace("/dev/termination-log", &folder.join("message").display().to_string());
        let mut command = Command::new("sh");
        command.arg("-c").arg(source).env("PATH", format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default()));
        let Yaml::List(variables) = &field(script, "env").yaml else { panic!("no variables") };
        for variable in variables {
            command.env(text(field(variable, "name")), text(field(variable, "value")));
        }
        let _ = fs::remove_dir_all(folder.join("work"));
        command.env("REQUEST", call.input.to_json()).env("FOLDER", folder);
        let ended = command.output().expect("sh runs");
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        self.requests.extend(read("requests").lines().map(str::to_owned));
        let slept: f64 = read("sleeps").lines().filter_map(|line| line.parse::<f64>().ok()).sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few minutes")]
        let slept = (slept * 1000.0) as u64;
        fs::write(folder.join("requests"), "").and_then(|()| fs::write(folder.join("sleeps"), "")).expect("written");
        assert!(read("calls").lines().count() <= self.answers.len() + 60, "polls on");
        let answer = if ended.status.success() {
            Ok(Value::parse(&read("work/result")).expect("a result"))
        } else {
            let error: serde_json::Value =
                serde_json::from_str(&read("work/error")).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ended.stderr)));
            Err(Fault { error: error["Error"].as_str().map(Into::into), cause: error["Cause"].as_str().map(str::to_owned) })
        };
        Answer::After(slept, answer)
    }
}

/// Programs that stand in the way of the script: `aws` and `sleep`.
fn programs(folder: &Path, answers: &Answers) {
    fs::create_dir_all(folder.join("answers")).expect("a folder");
    for (at, answer) in answers.iter().enumerate() {
        let (name, text) = match answer {
            Ok(value) => ("ok", value.to_string()),
            Err(code) => ("error", format!("\nAn error occurred ({code}) when calling the GetJobRun operation: because\n")),
        };
        fs::write(folder.join("answers").join(format!("{at}.{name}")), text).expect("written");
    }
    let last = answers.len() - 1;
    let aws = format!(
        "#!/bin/sh\ncat request >>\"$FOLDER/requests\"\nn=$(wc -l <\"$FOLDER/calls\")\necho >>\"$FOLDER/calls\"\ntest \"$n\" -le {last} || n={last}\n\
         if test -f \"$FOLDER/answers/$((n)).ok\"; then cat \"$FOLDER/answers/$((n)).ok\"; else cat \"$FOLDER/answers/$((n)).error\" >&2; exit 254; fi\n"
    );
    // A poll that never ends is seen, not waited for.
    let sleep = "#!/bin/sh\necho \"$1\" >>\"$FOLDER/sleeps\"\ntest \"$(wc -l <\"$FOLDER/calls\")\" -le 60 || kill $PPID\n".to_owned();
    for (name, text) in [("aws", aws), ("sleep", sleep)] {
        fs::write(folder.join(name), text).expect("written");
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).expect("set");
    }
    for name in ["calls", "requests", "sleeps"] {
        fs::write(folder.join(name), "").expect("written");
    }
}

/// Both runs of a machine; `None` where it is no poll to the pass.
fn both(seed: u64, folder: &Path) -> (Case, Option<(Seen, Seen)>) {
    let mut random = Random::of_seed(seed);
    let case = case(&mut random);
    let mut machine = import(&case.machine);
    let program = Program::compile(&machine).unwrap_or_else(|why| panic!("{}: {why:?}", case.machine));
    let mut services = Loop { answers: &case.answers, requests: Vec::new() };
    let (end, finished) = run(&program, &case.input, &mut services);
    let looped = Seen { end, finished, requests: services.requests };
    let mut sink = Sink::default();
    poll::rewrite(&mut machine.graph, &Targets::default(), &Estate::default(), &mut sink);
    let polled = machine.graph.states.iter_mut().find(|state| matches!(&state.kind, StateKind::Task(task) if task.polls.is_some()));
    let Some(polled) = polled else { return (case, None) };
    let template = task_call("ask", polled);
    polled.retry.clear();
    let program = Program::compile(&machine).unwrap_or_else(|why| panic!("{}: {why:?}", case.machine));
    programs(folder, &case.answers);
    let mut services = Container { answers: &case.answers, template, folder: folder.to_owned(), requests: Vec::new() };
    let (end, finished) = run(&program, &case.input, &mut services);
    let requests = services.requests.iter().map(|text| Value::parse(text).expect("JSON").to_json()).collect();
    let seen = Seen { end, finished, requests };
    (case, Some((looped, seen)))
}

#[test]
fn a_container_polls_as_the_loop_does() {
    if Command::new("jq").arg("--version").output().is_err() {
        eprintln!("SKIPPED: polls are not run, because there is no jq here");
        return;
    }
    let folder = std::env::temp_dir().join(format!("emr2k8s-polls-{}", std::process::id()));
    let results: Vec<(bool, bool)> = (0..MACHINES)
        .into_par_iter()
        .map(|seed| {
            let own = folder.join(seed.to_string());
            let (case, runs) = both(seed, &own);
            let Some((looped, polled)) = runs else { return (false, false) };
            // Two numbers are the same that are written otherwise.
            assert_eq!(looped, polled, "seed {seed}: {}\ninput {}\nanswers {:?}", case.machine, case.input, case.answers);
            (true, looped.requests.len() > 1)
        })
        .collect();
    let _ = fs::remove_dir_all(&folder);
    let (matched, turned) = (results.iter().filter(|r| r.0).count(), results.iter().filter(|r| r.1).count());
    assert!(matched > 75 && turned > 50, "{matched} of {MACHINES} are polls, {turned} with several calls");
}

/// A poll that is one, for the table below.
fn simple() -> serde_json::Value {
    json!({"StartAt": "Pause", "States": {
        "Pause": {"Type": "Wait", "Seconds": 20, "Next": "Ask"},
        "Ask": {
            "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:glue:getJobRun", "Parameters": {"RunId.$": "$.Id"},
            "ResultPath": "$.got", "Next": "Which"
        },
        "Which": {"Type": "Choice", "Choices": [{"Variable": "$.got.Status", "StringEquals": "DONE", "Next": "Done"}], "Default": "Pause"},
        "Done": {"Type": "Pass", "End": true}
    }})
}

fn is_poll(machine: &serde_json::Value) -> bool {
    let mut machine = import(machine);
    let mut sink = Sink::default();
    poll::rewrite(&mut machine.graph, &Targets::default(), &Estate::default(), &mut sink);
    machine.graph.states.iter().any(|state| matches!(&state.kind, StateKind::Task(task) if task.polls.is_some()))
}

#[test]
fn what_a_container_cannot_do_stays_a_loop() {
    assert!(is_poll(&simple()));
    let table: &[(&str, &str, serde_json::Value)] = &[
        ("a pause that is data", "/States/Pause", json!({"Type": "Wait", "SecondsPath": "$.pause", "Next": "Ask"})),
        ("no pause", "/States/Pause/Seconds", json!(0)),
        ("a step between", "/States/Pause", json!({"Type": "Pass", "Result": 1, "ResultPath": "$.n", "Next": "Ask"})),
        ("a pause that moves data", "/States/Pause/OutputPath", json!("$.got")),
        ("a deadline for each call", "/States/Ask/TimeoutSeconds", json!(30)),
        ("a variable", "/States/Ask/Assign", json!({"n.$": "$.Status"})),
        ("a request of its own time", "/States/Ask/Parameters", json!({"At.$": "$$.State.EnteredTime"})),
        ("a request of its own name", "/States/Ask/Parameters", json!({"Id.$": "States.UUID()"})),
        ("a request that is computed from the answer", "/States/Ask/Parameters", json!({"Id.$": "States.Format('{}', $.got.Id)"})),
        ("a request that looks for something in the answer", "/States/Ask/Parameters", json!({"Id.$": "$.got[?(@.a == 1)]"})),
        ("a call that waits itself", "/States/Ask/Resource", json!("arn:aws:states:::glue:startJobRun.sync")),
        ("an answer that nobody sees", "/States/Ask/ResultPath", json!(null)),
        ("a decision on something else", "/States/Which/Choices/0/Variable", json!("$.other")),
        ("a decision by a pattern", "/States/Which/Choices/0", json!({"Variable": "$.got.Status", "StringMatches": "D*", "Next": "Done"})),
        ("a decision by order", "/States/Which/Choices/0", json!({"Variable": "$.got.Status", "StringGreaterThan": "D", "Next": "Done"})),
        ("a decision that keeps something", "/States/Which/Choices/0/Assign", json!({"n": 1})),
        ("no way out", "/States/Which/Choices/0/Next", json!("Pause")),
        ("another way to the decision", "/StartAt", json!("Which")),
        ("a random delay", "/States/Ask/Retry", json!([{"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL"}])),
        (
            "a handler that sees which turn it was",
            "/States/Ask/Catch",
            json!([{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Done"}]),
        ),
    ];
    for (what, pointer, value) in table {
        let mut machine = simple();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        match machine.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => machine.pointer_mut(parent).expect("there")[key] = value.clone(),
        }
        assert!(!is_poll(&machine), "{what}");
    }
}
