//! Handlers from the outside: sources and an environment in, a behaviour out.
use super::{Modules, PythonModule, evaluate, mark_unvisited, not_known, not_recognised, parse, unvisited};
use crate::ir::function::{Action, Behaviour, Function};
use crate::ir::job::Batch;
use crate::ir::value::{SymbolKind, Val, Value};
use crate::source::files::{Files, SourceFile};
use crate::source::sink::{Disposition, Sink};
use crate::source::span::{FileId, Sourced, Span};
use proptest::prelude::*;
use std::collections::BTreeMap;

struct Sources {
    files: Files,
    modules: BTreeMap<String, PythonModule>,
}

impl Modules for Sources {
    fn get(&self, path: &str) -> Option<&PythonModule> {
        self.modules.get(path)
    }
}

impl Sources {
    /// File 0 is the deployment file, whose offsets stand for the environment.
    fn new(files: &[(&str, &str)]) -> Self {
        let mut all = Files::default();
        all.add(SourceFile::new("deploy.yml", "x".repeat(1000)));
        let mut modules = BTreeMap::new();
        for (path, text) in files {
            let id = all.add(SourceFile::new(*path, *text));
            if let Some(module) = parse(text, id, &mut Sink::default()) {
                modules.insert((*path).to_owned(), module);
            }
        }
        Self { files: all, modules }
    }

    fn run(&self, handler: &str, environment: &[(&str, &str)]) -> (Behaviour, Sink) {
        let mut sink = Sink::default();
        let behaviour = evaluate(handler, &function(environment), self, &mut sink).expect("a behaviour");
        (behaviour, sink)
    }

    /// The texts of these spans.
    fn texts(&self, spans: impl IntoIterator<Item = Span>) -> Vec<String> {
        spans.into_iter().filter(|s| s.file != FileId(0)).map(|s| self.files.text(s).to_owned()).collect()
    }
}

fn env_span(at: usize) -> Span {
    Span::new(FileId(0), at * 10, at * 10 + 5)
}

fn function(environment: &[(&str, &str)]) -> Function {
    Function {
        logical: Sourced::new("job".into(), env_span(90)),
        name: None,
        service: None,
        runtime: Some(Sourced::new("python3.12".into(), env_span(91))),
        handler: None,
        folder: "fn".into(),
        environment: environment
            .iter()
            .enumerate()
            .map(|(i, (key, value))| (Sourced::new((*key).to_owned(), env_span(i)), Val::text(*value, env_span(i))))
            .collect(),
        span: env_span(99),
        plumbing: Vec::new(),
        behaviour: None,
    }
}

fn one(text: &str, environment: &[(&str, &str)]) -> (Behaviour, Sink, Sources) {
    let sources = Sources::new(&[("fn/h.py", text)]);
    let (behaviour, sink) = sources.run("h.handler", environment);
    (behaviour, sink, sources)
}

fn batch(behaviour: &Behaviour) -> &Batch {
    match &behaviour.action {
        Action::SubmitBatch { batch, .. } => batch,
        other => panic!("not a batch: {other:?}"),
    }
}

fn why(behaviour: &Behaviour) -> &str {
    match &behaviour.action {
        Action::Unknown { why } => why,
        other => panic!("recognised: {other:?}"),
    }
}

fn literal(val: Option<&Val>) -> String {
    val.map_or_else(|| "(none)".to_owned(), |v| v.literal().unwrap_or_else(|| v.display()))
}

fn args(batch: &Batch) -> Vec<String> {
    batch.args.as_ref().and_then(Val::list).unwrap_or_default().iter().map(|v| literal(Some(v))).collect()
}

/// Every literal of the handlers is used by the job, absorbed, or in a branch that was not taken; never two of them.
fn closes(sources: &Sources, path: &str, behaviour: &Behaviour) {
    let module = sources.get(path).expect("module");
    let batch = batch(behaviour);
    let mut used = Vec::new();
    let vals = [&batch.file, &batch.proxy_user, &batch.class_name, &batch.args, &batch.jars, &batch.py_files, &batch.files, &batch.queue];
    let more =
        [&batch.driver_memory, &batch.driver_cores, &batch.executor_memory, &batch.executor_cores, &batch.num_executors, &batch.name];
    for val in vals.into_iter().chain(more).flatten() {
        used.extend(val.all_origins().iter());
    }
    for (key, val) in &batch.conf {
        used.extend(key.origins.iter());
        used.extend(val.all_origins().iter());
    }
    let dead: Vec<Span> = unvisited(module, &[behaviour]).iter().map(|s| s.span).collect();
    for scalar in module.scalars() {
        let fates = [used.contains(&scalar.span), behaviour.plumbing.contains(&scalar.span), dead.contains(&scalar.span)];
        assert_eq!(fates.iter().filter(|f| **f).count(), 1, "{} `{}`: used, plumbing, dead: {fates:?}", scalar.pointer, scalar.value);
    }
}

const DICT: &str = r#"
import json, os
import requests

CLASS = "org.example.Load"

def handler(event, context):
    """Submits the load."""
    payload = {
        "file": "s3://lib/" + os.environ["JAR"],
        "className": CLASS,
        "numExecutors": int(os.environ["N"]),
        "executorMemory": os.environ["MEM"],
        "args": ["--day", event["day"], "s3://in/%s/x" % event["region"]["name"]],
        "conf": {"spark.sql.shuffle.partitions": 8 * 25},
    }
    print("payload", payload)
    response = requests.post(os.environ["LIVY"] + "/batches", json=payload, headers={"X-Requested-By": "me"}, verify=False)
    response.raise_for_status()
    return response.json()["id"]
"#;
const DICT_ENV: &[(&str, &str)] = &[("JAR", "a.jar"), ("N", "4"), ("MEM", "2g"), ("LIVY", "http://livy:8998"), ("UNUSED", "x")];

#[test]
fn a_dictionary_becomes_a_batch() {
    let (behaviour, sink, sources) = one(DICT, DICT_ENV);
    assert_eq!(sink.diagnostics, vec![]);
    let batch = batch(&behaviour);
    assert_eq!(literal(batch.file.as_ref()), "s3://lib/a.jar");
    assert_eq!(literal(batch.class_name.as_ref()), "org.example.Load");
    assert_eq!(batch.num_executors.as_ref().map(|v| &v.value), Some(&Value::Number("4".into())));
    assert_eq!(args(batch), ["--day", "${$.day}", "s3://in/${$.region.name}/x"]);
    assert_eq!(batch.conf.len(), 1);
    assert_eq!(literal(Some(&batch.conf[0].1)), "200");
    assert!(matches!(&behaviour.returns.value, Value::Symbol(s) if s.kind == SymbolKind::Response && s.name == "response.id"));
    let file = batch.file.as_ref().map(|v| sources.texts(v.origins.iter())).unwrap_or_default();
    assert_eq!(file, ["\"file\"", "\"s3://lib/\"", "\"JAR\""]);
    assert!(batch.file.as_ref().is_some_and(|v| v.origins.iter().any(|s| s == env_span(0))));
    closes(&sources, "fn/h.py", &behaviour);
    // The endpoint is plumbing; the variable that nobody reads is said to be so.
    assert!(behaviour.plumbing.contains(&env_span(3)));
    assert!(sink.marks.iter().any(|m| m.span == env_span(4) && m.disposition == Disposition::Ignored));
}

const BRANCH: &str = r#"
from botocore.vendored import requests
import json, os

def handler(event, context):
    if os.environ['extra'] == "":
        d = {'queue': os.environ['queue'], 'file': '{a}/{b}'.format(a=os.environ['lib'], b='x.jar'), 'args': [os.environ['one']]}
    else:
        d = {'queue': os.environ['queue'], 'file': '{a}/{b}'.format(a=os.environ['lib'], b='x.jar'), 'args': [os.environ['one'], os.environ['extra']]}
    r = requests.post(os.environ['url'], json=d)
    return json.loads(r.text).get('id')
"#;

#[test]
fn a_known_condition_shapes_only_what_differs() {
    let env = |extra| [("extra", extra), ("queue", "main"), ("lib", "s3://l"), ("one", "1"), ("url", "https://livy/batches")];
    let (first, sink, sources) = one(BRANCH, &env(""));
    assert_eq!(sink.diagnostics, vec![]);
    assert_eq!(args(batch(&first)), ["1"]);
    let origins = |behaviour: &Behaviour| {
        let batch = batch(behaviour);
        let args = batch.args.as_ref().map(Val::all_origins).unwrap_or_default();
        let queue = batch.queue.as_ref().map(Val::all_origins).unwrap_or_default();
        (args.iter().any(|s| s == env_span(0)), queue.iter().any(|s| s == env_span(0)))
    };
    assert_eq!(origins(&first), (true, false));
    let condition: Vec<String> = sources.texts(batch(&first).args.as_ref().map(Val::all_origins).unwrap_or_default().iter());
    assert!(condition.contains(&"\"\"".to_owned()) && condition.contains(&"'extra'".to_owned()), "{condition:?}");
    closes(&sources, "fn/h.py", &first);
    let (second, _, _) = one(BRANCH, &env("Leone"));
    assert_eq!(args(batch(&second)), ["1", "Leone"]);
    assert_eq!(origins(&second), (true, false));
    let mut marks = Sink::default();
    mark_unvisited(sources.get("fn/h.py").expect("module"), &[&first], &mut marks);
    assert!(!marks.marks.is_empty() && marks.marks.iter().all(|m| m.disposition == Disposition::Ignored && m.rule.code == "LAM108"));
    // What neither function comes by is nothing, what one comes by is its own branch.
    let module = sources.get("fn/h.py").expect("module");
    assert!(!unvisited(module, &[&first]).is_empty());
    assert!(unvisited(module, &[&first, &second]).is_empty());
}

#[test]
fn helpers_of_the_package_are_followed() {
    let sources = Sources::new(&[
        (
            "fn/jobs/load.py",
            "from helper import submit, DEFAULTS\nimport jobs.names as names\ndef run(e, _):\n    return submit(dict(DEFAULTS, className=names.MAIN), queue='high')\n",
        ),
        ("fn/jobs/names.py", "MAIN = 'a.B'\n"),
        (
            "fn/jobs/helper.py",
            "import requests, os\nDEFAULTS = {'file': 's3://x/y.py', 'executorCores': 2}\ndef submit(body, queue='low', *, retries=3):\n    body['queue'] = queue\n    body.update({'name': 'n'})\n    with requests.Session() as s:\n        return s.post(f\"{os.environ['L']}/batches\", data=__import_json(body)).json()['id']\ndef __import_json(b):\n    import json\n    return json.dumps(b)\n",
        ),
    ]);
    let (behaviour, sink) = sources.run("jobs/load.run", &[("L", "http://l")]);
    assert_eq!(sink.diagnostics, vec![]);
    let batch = batch(&behaviour);
    assert_eq!(
        [&batch.file, &batch.executor_cores, &batch.class_name, &batch.queue, &batch.name].map(|v| literal(v.as_ref())),
        ["s3://x/y.py", "2", "a.B", "high", "n"]
    );
}

#[test]
fn f_strings_and_defaults_are_evaluated() {
    let text = "import os, requests\nenv = os.environ\ndef handler(event, context):\n    q = env.get('QUEUE', 'default')\n    n = int(os.getenv('N') or '3')\n    jars = [f's3://b/{j.strip()}' for j in env['JARS'].split(',') if j]\n    r = requests.post(f'{env[\"LIVY\"]}/batches', json={'file': f\"s3://b/{env['STAGE'].lower()}/{n:03d}.jar\", 'queue': q, 'jars': jars, 'numExecutors': n, 'driverMemory': '4g' if n > 2 else '1g', 'args': ['a'] + [str(x) for x in range(2)]})\n    return {'id': r.json().get('id')}\n";
    let (behaviour, sink, sources) = one(text, &[("JARS", "a.jar, b.jar"), ("LIVY", "http://l"), ("STAGE", "PRO")]);
    assert_eq!(sink.diagnostics, vec![]);
    let batch = batch(&behaviour);
    assert_eq!(
        [&batch.file, &batch.queue, &batch.num_executors, &batch.driver_memory].map(|v| literal(v.as_ref())),
        ["s3://b/pro/003.jar", "default", "3", "4g"]
    );
    assert_eq!(literal(batch.jars.as_ref()), "[s3://b/a.jar, s3://b/b.jar]");
    assert_eq!(args(batch), ["a", "0", "1"]);
    assert!(behaviour.returns.get("id").is_some_and(|v| v.display() == "${response.id}"));
    closes(&sources, "fn/h.py", &behaviour);
}

#[test]
fn urllib_and_http_client_are_requests() {
    let urllib = "import json, os, urllib.request\ndef handler(event, context):\n    body = json.dumps({'file': 'a.py', 'queue': 'q'}).encode('utf-8')\n    req = urllib.request.Request(os.environ['U'], data=body, headers={'a': 'b'}, method='POST')\n    req.add_header('c', 'd')\n    with urllib.request.urlopen(req, timeout=5) as res:\n        return json.loads(res.read().decode())['id']\n";
    let client = "import json\nfrom http.client import HTTPConnection\ndef handler(event, context):\n    c = HTTPConnection('livy', 8998)\n    c.request('POST', '/batches', json.dumps({'file': 'a.py', 'queue': 'q'}), {'Content-Type': 'application/json'})\n    return json.loads(c.getresponse().read())['id']\n";
    let pool = "import json, urllib3\nhttp = urllib3.PoolManager()\ndef handler(event, context):\n    r = http.request('POST', 'http://livy:8998/batches', body=json.dumps({'file': 'a.py', 'queue': 'q'}))\n    return json.loads(r.data)['id']\n";
    for text in [urllib, client, pool] {
        let (behaviour, sink, sources) = one(text, &[("U", "http://livy:8998/batches")]);
        assert_eq!(sink.diagnostics, vec![]);
        assert_eq!(literal(batch(&behaviour).queue.as_ref()), "q");
        assert!(
            matches!(&behaviour.action, Action::SubmitBatch { endpoint, .. } if endpoint.literal().as_deref() == Some("http://livy:8998/batches"))
        );
        assert_eq!(behaviour.returns.display(), "${response.id}");
        closes(&sources, "fn/h.py", &behaviour);
    }
}

#[test]
fn a_batch_state_is_read_in_several_ways() {
    let returns = ["json.loads(r.text).get('state')", "r.json()['state']", "{'state': r.json()['state'], 'id': job}"];
    let urls = ["os.environ['U'] + '/' + str(job)", "f\"{os.environ['U']}/{job}/state\"", "'%s/%s' % (os.environ['U'], job)"];
    for returned in returns {
        for url in urls {
            let text = format!("import json, os, requests\ndef handler(job, ctx):\n    r = requests.get({url})\n    return {returned}\n");
            let (behaviour, _, _) = one(&text, &[("U", "https://livy/batches")]);
            let Action::ReadBatchState { endpoint, id } = &behaviour.action else { panic!("{:?}", behaviour.action) };
            assert_eq!((endpoint.display().as_str(), id.display().as_str()), ("https://livy/batches", "${$}"));
        }
    }
    let (behaviour, _, _) = one(
        "import os, requests\ndef handler(e, ctx):\n    return requests.get(os.environ['U'] + '/' + str(e['id'])).json()['log']\n",
        &[("U", "https://livy/batches")],
    );
    assert!(why(&behaviour).contains("is not the batch's state"), "{}", why(&behaviour));
    // The endpoint is not among the sources.
    let (behaviour, _, _) = one(
        "import os, requests\ndef handler(e, ctx):\n    return requests.get(os.environ['U'] + '/' + str(e['id'])).json()['state']\n",
        &[],
    );
    assert!(matches!(&behaviour.action, Action::ReadBatchState { id, .. } if id.display() == "${$.id}"));
}

#[test]
fn what_is_not_known_says_which_line_and_expression() {
    let text = "import requests, datetime\ndef handler(event, context):\n    day = datetime.date.today().isoformat()\n    n = compute(event)\n    return requests.post('http://l/batches', json={'file': 'a.jar', 'numExecutors': n, 'args': [day, 'x']}).json()['id']\n";
    let (behaviour, sink, sources) = one(text, &[]);
    let batch = batch(&behaviour);
    let Some(Value::Unknown(unknown)) = batch.num_executors.as_ref().map(|v| &v.value) else { panic!("known") };
    let question = not_known("job", "numExecutors", unknown, &sources.files);
    assert_eq!(question.rule.code, "LAM103");
    assert!(question.message.contains("`compute` (fn/h.py:4)"), "{}", question.message);
    let Some(Value::Unknown(day)) = batch.args.as_ref().and_then(Val::list).and_then(<[Val]>::first).map(|v| &v.value) else {
        panic!("known")
    };
    assert!(day.expression.contains("datetime.date.today()") && day.why.contains("differs from run to run"), "{day:?}");
    assert!(sink.diagnostics.iter().any(|d| d.rule.code == "LAM111" && d.message.contains("compute")));
}

#[test]
fn a_branch_on_the_event_is_not_guessed() {
    let text = "import requests\ndef handler(event, context):\n    d = {'file': 'a.jar', 'queue': 'q'}\n    if event['big']:\n        d['executorMemory'] = '8g'\n        d['queue'] = 'large'\n    else:\n        d['executorMemory'] = '1g'\n        d['queue'] = 'q'\n    if event.get('name'):\n        d['name'] = 'x'\n    return requests.post('http://l/batches', json=d).json()['id']\n";
    let (behaviour, _, _) = one(text, &[]);
    let batch = batch(&behaviour);
    assert_eq!(literal(batch.file.as_ref()), "a.jar");
    for val in [&batch.executor_memory, &batch.queue, &batch.name] {
        assert!(
            matches!(val.as_ref().map(|v| &v.value), Some(Value::Unknown(u)) if u.why.contains("line 4") || u.why.contains("line 10")),
            "{val:?}"
        );
    }
    let two = "import requests\ndef handler(event, context):\n    if event['action'] == 'submit':\n        return requests.post('http://l/batches', json={'file': 'a.jar', 'queue': 'q'}).json()['id']\n    return requests.get('http://l/batches/' + event['id']).json()['state']\n";
    let (behaviour, _, _) = one(two, &[]);
    assert!(why(&behaviour).contains("event['action'] == 'submit'"), "{}", why(&behaviour));
    let question = not_recognised(&function(&[]), &behaviour).expect("a question");
    assert_eq!((question.rule.code, question.related.len()), ("LAM104", 2));
    // The same payload either way is no question.
    let same = "import requests\ndef handler(event, context):\n    if event['x']:\n        d = {'file': 'a.jar', 'queue': 'q'}\n    else:\n        d = {'file': 'a.jar', 'queue': 'q'}\n    requests.post('http://l/batches', json=d)\n";
    assert_eq!(literal(super::tests::batch(&one(same, &[]).0).queue.as_ref()), "q");
}

#[test]
fn calls_in_loops_and_early_returns_are_uncertain() {
    for text in [
        "import requests\ndef handler(event, context):\n    for x in event['all']:\n        requests.post('http://l/batches', json={'file': 'a.jar', 'queue': x})\n",
        "import requests, time\ndef handler(event, context):\n    while True:\n        s = requests.get('http://l/batches/' + event['id']).json()['state']\n        if s == 'success':\n            break\n        time.sleep(5)\n    return s\n",
        "import requests\ndef handler(event, context):\n    if not event.get('go'):\n        return None\n    return requests.post('http://l/batches', json={'file': 'a.jar', 'queue': 'q'}).json()['id']\n",
    ] {
        let (behaviour, _, _) = one(text, &[]);
        assert!(why(&behaviour).contains("whether it makes a"), "{}", why(&behaviour));
        assert!(behaviour.plumbing.is_empty());
        let module = parse(text, FileId(1), &mut Sink::default()).expect("module");
        let mut marks = Sink::default();
        mark_unvisited(&module, &[&behaviour], &mut marks);
        assert_eq!(marks.marks.len(), module.scalars().len());
        assert!(marks.marks.iter().all(|m| m.disposition == Disposition::Unsupported));
    }
}

#[test]
fn guards_and_error_handlers_are_remarked() {
    let text = "import requests, logging\nlog = logging.getLogger(__name__)\nlog.setLevel(logging.INFO)\ndef handler(event, context):\n    if 'day' not in event:\n        raise ValueError('day is missing')\n    try:\n        r = requests.post('http://l/batches', json={'file': 'a.jar', 'queue': 'q'})\n        if r.status_code != 201:\n            raise Exception('bad: ' + r.text)\n        return r.json()['id']\n    except requests.exceptions.RequestException as e:\n        log.error('failed %s', e)\n        return -1\n";
    let (behaviour, sink, sources) = one(text, &[]);
    let codes: Vec<&str> = sink.diagnostics.iter().map(|d| d.rule.code).collect();
    assert_eq!(codes, ["LAM107", "LAM106"], "{:?}", sink.diagnostics);
    assert_eq!(behaviour.returns.display(), "${response.id}");
    closes(&sources, "fn/h.py", &behaviour);
}

#[test]
fn an_exception_before_the_call_leaves_either_value_possible() {
    let text = "import os, requests\ndef handler(event, context):\n    try:\n        n = int(event['n'])\n    except (KeyError, ValueError):\n        n = 4\n    try:\n        m = os.environ['M']\n    except KeyError:\n        m = '1g'\n    return requests.post('http://l/batches', json={'file': 'a.jar', 'numExecutors': n, 'executorMemory': m}).json()['id']\n";
    let (behaviour, _, _) = one(text, &[("M", "2g")]);
    let batch = batch(&behaviour);
    assert!(matches!(batch.num_executors.as_ref().map(|v| &v.value), Some(Value::Unknown(u)) if u.why.contains("may fail")), "{batch:?}");
    assert_eq!(literal(batch.executor_memory.as_ref()), "2g");
}

#[test]
fn boto3_calls_are_recognised() {
    let steps = "import boto3, os\nemr = boto3.client('emr', region_name='eu-west-1')\ndef handler(event, context):\n    step = {'Name': 'load', 'ActionOnFailure': 'CONTINUE', 'HadoopJarStep': {'Jar': 'command-runner.jar', 'Args': ['spark-submit', os.environ['F']]}}\n    return emr.add_job_flow_steps(JobFlowId=event['ClusterId'], Steps=[step])['StepIds'][0]\n";
    let (behaviour, sink, _) = one(steps, &[("F", "s3://a.py")]);
    assert_eq!(sink.diagnostics, vec![]);
    let Action::AddSteps { cluster, steps } = &behaviour.action else { panic!("{:?}", behaviour.action) };
    assert_eq!(cluster.display(), "${$.ClusterId}");
    assert_eq!(
        literal(Some(steps)),
        "[{Name: load, ActionOnFailure: CONTINUE, HadoopJarStep: {Jar: command-runner.jar, Args: [spark-submit, s3://a.py]}}]"
    );
    assert_eq!(behaviour.returns.display(), "${response.StepIds[0]}");
    let start = "import boto3, json, os\ndef handler(event, context):\n    boto3.client('stepfunctions').start_execution(stateMachineArn=os.environ['ARN'], input=json.dumps({'day': event['detail']['day-of']}))\n";
    let (behaviour, _, _) = one(start, &[("ARN", "arn:aws:states:eu-west-1:1:stateMachine:m")]);
    let Action::StartExecution { machine, input } = &behaviour.action else { panic!("{:?}", behaviour.action) };
    assert_eq!(literal(Some(machine)), "arn:aws:states:eu-west-1:1:stateMachine:m");
    assert_eq!(input.display(), "{day: ${$.detail['day-of']}}");
    let other = "import boto3\ndef handler(e, c):\n    boto3.client('s3').put_object(Bucket='b', Key='k')\n";
    assert!(why(&one(other, &[]).0).contains("s3.put_object"));
    let parameter = "import boto3, requests\ndef handler(e, c):\n    u = boto3.client('ssm').get_parameter(Name='/livy/url')['Parameter']['Value']\n    return requests.post(u + '/batches', json={'file': 'a', 'queue': 'q'}).json()['id']\n";
    assert!(
        matches!(&one(parameter, &[]).0.action, Action::SubmitBatch { endpoint, .. } if endpoint.display() == "${ssm:/livy/url}/batches")
    );
}

#[test]
fn messages_to_people_are_recognised() {
    for (text, channel) in [
        (
            "import requests, json\ndef handler(e, c):\n    requests.post('https://hooks.slack.com/services/T/B/x', data=json.dumps({'text': 'Job failed: ' + e['cause']}))\n",
            "Slack webhook",
        ),
        (
            "import os, urllib3\ndef handler(e, c):\n    urllib3.PoolManager().request('POST', os.environ['SLACK_WEBHOOK_URL'], body='{\"text\": \"x\"}')\n",
            "Slack webhook",
        ),
        (
            "import requests\ndef handler(e, c):\n    requests.post('https://x.webhook.office.com/webhookb2/1', json={'text': 'x'})\n",
            "Microsoft Teams webhook",
        ),
        ("import boto3\ndef handler(e, c):\n    boto3.client('sns').publish(TopicArn='arn', Message='x')\n", "Amazon SNS"),
        (
            "from slack_sdk import WebClient\ndef handler(e, c):\n    WebClient(token='t').chat_postMessage(channel='#a', text='x')\n",
            "Slack",
        ),
    ] {
        let (behaviour, sink, sources) = one(text, &[]);
        assert!(matches!(&behaviour.action, Action::Notify { channel: found } if found == channel), "{:?}", behaviour.action);
        // Each literal is plumbing or marked, not both.
        for scalar in sources.get("fn/h.py").expect("module").scalars() {
            let marked = sink.marks.iter().any(|m| m.span == scalar.span);
            assert!(marked != behaviour.plumbing.contains(&scalar.span), "{}", scalar.value);
        }
    }
}

#[test]
fn wrong_handlers_are_reported() {
    let sources = Sources::new(&[("fn/h.py", "def handle(e, c):\n    pass\n")]);
    let (behaviour, sink) = sources.run("missing.handler", &[]);
    assert!(why(&behaviour).contains("fn/missing.py"));
    assert_eq!(sink.diagnostics[0].rule.code, "LAM101");
    let (_, sink) = sources.run("h.handler", &[]);
    assert_eq!(sink.diagnostics[0].help.as_deref(), Some("did you mean `handle`?"));
    let mut node = function(&[]);
    node.runtime = Some(Sourced::new("nodejs20.x".into(), env_span(1)));
    let mut sink = Sink::default();
    let behaviour = evaluate("h.handler", &node, &sources, &mut sink).expect("a behaviour");
    assert!(why(&behaviour).contains("nodejs20.x"));
    assert_eq!(sink.diagnostics[0].rule.code, "LAM102");
    assert!(evaluate("handler", &function(&[]), &sources, &mut sink).is_none());
    assert!(why(&sources.run("h.handle", &[]).0).contains("makes no call"));
    assert!(why(&sources.run("../../h.handle", &[]).0).contains("not found"));
}

#[test]
fn an_unknown_function_may_have_changed_what_it_got() {
    let text = "import requests, lib\ndef handler(e, c):\n    d = {'file': 'a.jar', 'queue': 'q'}\n    lib.touch(d)\n    requests.post('http://l/batches', json=d)\n";
    assert!(why(&one(text, &[]).0).contains("`lib.touch` is not evaluated"), "{}", why(&one(text, &[]).0));
}

#[test]
fn hostile_programs_end() {
    for text in [
        "def handler(e, c):\n    return handler(e, c)\n".to_owned(),
        "def f(n):\n    return f(n + 1) + f(n + 2)\ndef handler(e, c):\n    return f(0)\n".to_owned(),
        "def handler(e, c):\n    a = []\n    a.append(a)\n    b = {}\n    b['b'] = b\n    return [a, b, str(a), a == a]\n".to_owned(),
        "def handler(e, c):\n    x = 'a'\n    while True:\n        x = x + x\n".to_owned(),
        "def handler(e, c):\n    a = [1]\n    for i in range(400):\n        a = a + a\n    return a\n".to_owned(),
        "def handler(e, c):\n    x = [[[[i for i in range(400)] for i in range(400)] for i in range(400)] for i in range(400)]\n"
            .to_owned(),
        format!("def handler(e, c):\n    return {}e{}\n", "[".repeat(200), "]".repeat(200)),
        format!("def handler(e, c):\n    return e{}\n", "['a']".repeat(200)),
        format!(
            "def handler(e, c):\n{}",
            (1..60).fold(String::new(), |all, i| all + &" ".repeat(i * 2) + "if e:\n") + &" ".repeat(130) + "pass\n"
        ),
        format!(
            "def handler(e, c):\n{}    return x\n",
            "    if e['a']:\n        x = {'a': {'b': [1]}}\n    else:\n        x = {'a': {'b': [2]}}\n".repeat(60)
        ),
        "import h\nfrom h import *\ndef handler(e, c):\n    return h.handler(e, c)\n".to_owned(),
    ] {
        let (behaviour, _, _) = one(&text, &[]);
        assert!(matches!(behaviour.action, Action::Unknown { .. }));
    }
}

/// A handler, its environment, and literals that do not move.
type Mutated = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

/// Handlers for the mutation of their literals, with their environments, and the literals of conditions that decide
/// something, though this mutation decides it alike.
const MUTATED: &[Mutated] = &[
    (DICT, DICT_ENV, &[]),
    (BRANCH, &[("extra", ""), ("queue", "main"), ("lib", "s3://l"), ("one", "1"), ("url", "https://livy/batches")], &[]),
    (BRANCH, &[("extra", "Leone"), ("queue", "main"), ("lib", "s3://l"), ("one", "1"), ("url", "https://livy/batches")], &["\"\""]),
    (
        "import os, json, urllib.request as u\nBASE = {'queue': 'a', 'conf': {'spark.x': 'y'}}\ndef size(kind, default='2g'):\n    sizes = {'big': '8g', 'small': '1g'}\n    return sizes.get(kind, default)\ndef handler(event, context):\n    body = dict(BASE, file='s3://' + '/'.join(['a', 'b.jar']))\n    if os.environ['KIND'] in ('big', 'small'):\n        body['executorMemory'] = size(os.environ['KIND'])\n    elif os.environ['KIND'].startswith('x'):\n        body['executorMemory'] = size('none', default='3g')\n    for key in ['driverMemory']:\n        body[key] = '%s%s' % (2 * 2, 'g')\n    body['args'] = [f'{n}-{event[\"day\"]}' for n in range(3) if n != 1]\n    body['name'] = 'n' if len(os.environ['KIND']) > 3 else 'm'\n    print('sending')\n    r = u.urlopen(u.Request(os.environ['L'] + '/batches', json.dumps(body).encode(), {'h': 'v'}))\n    return json.loads(r.read())['id']\n",
        &[("KIND", "big"), ("L", "http://l")],
        &["'small'", "3"],
    ),
    (
        r"
import os, requests
PREFIX = 'spark.'
LEVEL = os.environ.get('LEVEL', 'low')
def conf(**extra):
    out = {}
    for key, value in extra.items():
        if value == 'skip':
            continue
        out[PREFIX + key] = value
    out.setdefault('spark.z', 'zz')
    return out
def handler(event, context):
    def path(name):
        return BUCKET + '/' + name
    BUCKET = 's3://' + os.environ['B'].split('/')[0]
    args = []
    for _ in range(2):
        args.append('again')
    i = 0
    while i < 2:
        args += [str(i)]
        i += 1
    body = {'unused': 'x', 'file': path('a.py'), 'queue': os.environ.get('Q') or 'spare'}
    del body['unused']
    name = body.pop('gone', 'fallback')
    body.update(name=name, args=args[1:], conf=conf(a='1', b='skip'))
    if LEVEL == 'low' and not os.environ.get('MISSING'):
        body['driverMemory'] = '1g'
    try:
        body['executorMemory'] = {'low': '1g', 'high': '4g'}[LEVEL]
    except KeyError:
        body['executorMemory'] = '2g'
    resp = requests.request('POST', url='http://l/batches', json={k: v for k, v in body.items() if v != 'drop'})
    if resp.status_code >= 400:
        raise RuntimeError('failed: ' + resp.text)
    return resp.json()['id']
",
        &[("B", "bucket/x"), ("LEVEL", "low"), ("Q", "")],
        &["'LEVEL'", "'/'", "'Q'", "'gone'", "'MISSING'", "'drop'"],
    ),
];

/// What a run says of the job: everything but where it comes from.
fn says(behaviour: &Behaviour, sink: &Sink) -> Option<String> {
    let Action::SubmitBatch { batch, .. } = &behaviour.action else { return None };
    let mut out = Vec::new();
    let vals = [&batch.file, &batch.class_name, &batch.args, &batch.queue, &batch.driver_memory, &batch.executor_memory];
    for val in vals.into_iter().chain([&batch.num_executors, &batch.name]) {
        out.push(literal(val.as_ref()));
    }
    out.extend(batch.conf.iter().map(|(key, val)| format!("{}={}", key.value, val.display())));
    out.extend(sink.diagnostics.iter().map(|d| d.message.clone()));
    Some(out.join("\n"))
}

#[test]
fn a_changed_literal_changes_the_job_exactly_when_the_ledger_says_so() {
    for (text, environment, unmoved) in MUTATED {
        let mut idle: Vec<String> = Vec::new();
        let (behaviour, sink, sources) = one(text, environment);
        let before = says(&behaviour, &sink).expect("a batch");
        closes(&sources, "fn/h.py", &behaviour);
        let module = sources.get("fn/h.py").expect("module");
        let dead: Vec<Span> = unvisited(module, &[&behaviour]).iter().map(|s| s.span).collect();
        for scalar in module.scalars() {
            let (start, end) = (scalar.span.start as usize, scalar.span.end as usize);
            let written = &text[start..end];
            let new = match written {
                "True" => "False".to_owned(),
                "False" => "True".to_owned(),
                "None" => "0".to_owned(),
                _ if written.ends_with(['"', '\'']) => format!("{}x{}", &written[..written.len() - 1], &written[written.len() - 1..]),
                _ => format!("{written}1"),
            };
            let mutant = format!("{}{new}{}", &text[..start], &text[end..]);
            let (after, sink, _) = one(&mutant, environment);
            let said = says(&after, &sink);
            let place = format!("{} {written} -> {new}", scalar.pointer);
            if dead.contains(&scalar.span) {
                assert_eq!(said.as_deref(), Some(before.as_str()), "a literal that is never reached: {place}");
            } else if behaviour.plumbing.contains(&scalar.span) {
                assert!(said.is_none_or(|said| said == before), "a literal of the plumbing: {place}");
            } else if said.as_deref() == Some(before.as_str()) {
                idle.push(written.to_owned());
            }
        }
        for (i, (key, value)) in environment.iter().enumerate() {
            let mut changed = environment.to_vec();
            let new = format!("{value}1");
            changed[i].1 = &new;
            let (after, sink, _) = one(text, &changed);
            if behaviour.plumbing.contains(&env_span(i)) || !behaviour.visited.contains(&env_span(i)) {
                assert!(says(&after, &sink).is_none_or(|said| said == before), "a variable of the plumbing: {key}");
            }
        }
        assert_eq!(idle, *unmoved, "literals of the job whose change does not show");
    }
}

/// Programs of this grammar are valid Python more often than not.
fn program() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "event",
        "'a'",
        "1",
        "None",
        "True",
        "os.environ['A']",
        "event['x']",
        "d",
        "l",
        "f(1)",
        "d['a']",
        "l[0]",
        "json.dumps(d)",
        "{'a': 1, **d}",
        "[x for x in l]",
        "'{}'.format(l)",
        "f'{d}'",
        "requests.post('http://l/batches', json=d)",
        "event.get('b')",
        "d.get('a', l)",
        "(lambda q: q)(d)",
        "d.items()",
        "str(event)",
        "-1",
    ]);
    let expr = (atom.clone(), prop::sample::select(vec!["+", "==", "and", "or", "in", "%", "*", "if event else"]), atom)
        .prop_map(|(a, op, b)| format!("{a} {op} {b}"));
    let line = (expr, 0..14_usize).prop_map(|(e, kind)| match kind {
        0 => format!("d = {e}"),
        1 => format!("if {e}:\n        l.append({e})\n    else:\n        d['k'] = {e}"),
        2 => format!("for x in {e}:\n        d = x\n        if {e}: break"),
        3 => format!("while {e}:\n        l = {e}\n        continue"),
        4 => format!("try:\n        l = {e}\n    except Exception as e:\n        return {e}\n    finally:\n        d = {e}"),
        5 => format!("if event:\n        return {e}"),
        6 => format!("d['k'] = {e}"),
        7 => format!("a, b = {e}"),
        8 => format!("l += {e}"),
        9 => format!("with {e} as w:\n        d.update({e})"),
        10 => format!("def f(x, y=({e})):\n        return {e}"),
        11 => format!("del d[{e}]"),
        12 => format!("d, l = l, [d, {e}]"),
        _ => format!("f({e})"),
    });
    prop::collection::vec(line, 1..8).prop_map(|lines| {
        format!("import os, json, requests\ndef handler(event, context):\n    d = {{}}\n    l = [d]\n    f = print\n    {}\n    return requests.post('http://l/batches', json=d)\n", lines.join("\n    "))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_program_panics(text in program()) {
        let sources = Sources::new(&[("fn/h.py", &text)]);
        let mut sink = Sink::default();
        let _ = evaluate("h.handler", &function(&[("A", "b")]), &sources, &mut sink);
    }

    #[test]
    fn no_text_panics(text in "(?s).{0,120}") {
        let text = format!("def handler(event, context):\n    return {text}\n");
        let sources = Sources::new(&[("fn/h.py", &text)]);
        let mut sink = Sink::default();
        let _ = evaluate("h.handler", &function(&[("A", "b")]), &sources, &mut sink);
    }
}
