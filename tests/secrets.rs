//! Promise 7: no secret of the sources reaches anything that leaves, whatever it stands in; and what is no secret stays readable.
mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The secrets that were planted, each with its place.
#[derive(Default)]
struct Planted(Vec<(String, String)>);

impl Planted {
    /// A password that is like no other.
    fn password(&mut self, place: &str) -> String {
        let word = format!("Zq7{:03}xW9kV", self.0.len());
        self.remember(place, word)
    }

    /// A form of a credential with a number in it: `#` is replaced by three digits.
    fn form(&mut self, place: &str, form: &str) -> String {
        let word = form.replace('#', &format!("{:03}", self.0.len()));
        self.remember(place, word)
    }

    fn remember(&mut self, place: &str, word: String) -> String {
        self.0.push((place.to_owned(), word.clone()));
        word
    }

    /// Those that a text tells.
    fn told(&self, place: &str, text: &str) -> Vec<String> {
        let lines =
            |word: &str| text.lines().find(|line| line.contains(word)).map(|line| line.trim().chars().take(200).collect::<String>());
        self.0.iter().filter_map(|(of, word)| lines(word).map(|line| format!("{of} in {place}: {line}"))).collect()
    }
}

const ACCESS_KEY: &str = "AKIAQWERTYUIOPASD#";
const SECRET_KEY: &str = "wJ4lrXUtnF3MIK7MDENGbP9RfiCYzz5ECR8T8#";
const GITHUB: &str = "ghp_#abcdefghijklmnopqrstuvwxyzABCDEF9";
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx#IiwibmFtZSJ9.SflKxwRJSMeKKF2QT4fwpM#";
const HOOK: &str = "hooks.slack.com/services/T0AB#/B0AB00/XXyyZZ11aa#";

/// What must stay readable: no secret, however near.
const READABLE: &[&str] = &[
    "s3://lake-2024/Films/v2/DailyRun/part-0001/",
    "--tokenizer",
    "standard-tokenizer",
    "--max-tokens",
    "4096",
    "--password-policy",
    "strict-2024",
    "--secret-name",
    "db-credentials-of-films",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:films/db-AbCdEf",
    "/etc/films/password.properties",
    "com.example.auth.TokenProvider",
    "jdbc:mysql://db.films.internal/films?user=reader&password=",
];

/// An estate with a secret in every kind of place.
fn write(root: &Path) -> Planted {
    let mut planted = Planted::default();
    batch(root, &mut planted);
    batch_with_configuration(root, &mut planted);
    machines(root, &mut planted);
    terraform(root, &mut planted);
    script(root, &mut planted);
    serverless(root, &mut planted);
    planted
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn batch(root: &Path, planted: &mut Planted) {
    let mut args: Vec<String> = Vec::new();
    for flag in [
        "--password",
        "--token",
        "--passwd",
        "--secret-key",
        "--apiKey",
        "--client_secret",
        "--access-key-id",
        "--credentials",
        "-p",
        "--pwd",
        "--db-pw",
    ] {
        args.push(flag.to_owned());
        args.push(planted.password(&format!("argument after {flag}")));
    }
    for (before, after) in [
        ("--pwd=", ""),
        ("PASSWORD=", ""),
        ("jdbc:mysql://db.films.internal/films?user=reader&password=", "&ssl=true"),
        ("jdbc:mysql://db/films?user=reader&pwd=", ""),
        ("jdbc:sqlserver://db;user=a;password=", ";encrypt=true"),
        ("jdbc:oracle:thin:scott/", "@//db:1521/films"),
        ("Server=db;Pwd=", ";Database=films"),
        ("{\"password\":\"", "\",\"x\":1}"),
        ("user:", "@host"),
        ("mongodb://reader:", "@host/films"),
        ("https://films.blob.core.windows.net/x?sv=1&sig=", "&se=2"),
        ("Endpoint=sb://films/;SharedAccessKeyName=all;SharedAccessKey=", "="),
        ("Authorization: Bearer ", ""),
        ("-Ddb.password=", " -Dx=1"),
    ] {
        args.push(format!("{before}{}{after}", planted.password(&format!("argument {before}"))));
    }
    args.push(format!("Authorization: Basic {}", planted.form("basic", "dXNlcjpwYXNz#d29yZA==")));
    for (name, form) in [("access key", ACCESS_KEY), ("secret key", SECRET_KEY), ("github", GITHUB), ("jwt", JWT)] {
        args.push(planted.form(&format!("argument that is a {name}"), form));
    }
    args.push(format!("https://{}", planted.form("argument that is a hook", HOOK)));
    args.extend(READABLE[..READABLE.len() - 1].iter().map(|text| (*text).to_owned()));
    let args = serde_json::to_string_pretty(&args).unwrap();
    put(
        root,
        "batch/films.json",
        &format!("{{\"file\": \"s3://lake-2024/code/films.jar\", \"className\": \"films.Load\", \"args\": {args}}}\n"),
    );
}

fn batch_with_configuration(root: &Path, planted: &mut Planted) {
    let mut conf = String::new();
    for key in ["spark.authenticate.secret", "spark.redis.auth", "spark.hadoop.fs.s3a.secret.key", "spark.executorEnv.SLACK_TOKEN"] {
        let _ = write!(conf, "\"{key}\": \"{}\", ", planted.password(key));
    }
    let java = planted.password("java options");
    put(
        root,
        "batch/configured.json",
        &format!(
            "{{\"file\": \"s3://lake-2024/code/x.jar\", \"className\": \"films.X\", \"conf\": {{{conf}\"spark.driver.extraJavaOptions\": \"-Ddb.password={java}\"}}}}\n"
        ),
    );
}

fn machines(root: &Path, planted: &mut Planted) {
    let mut p = |place: &str| planted.password(&format!("machine: {place}"));
    let text = format!(
        r#"{{
  "Comment": "password={} for tests",
  "StartAt": "Call",
  "States": {{
    "Call": {{
      "Type": "Task",
      "Comment": "the token is {}",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {{"FunctionName": "films-tell", "Payload": {{"api_token": "{}", "text": "jdbc:x://h;pwd={}", "maxTokens": 4096}}}},
      "Next": "Lost"
    }},
    "Lost": {{"Type": "Fail", "Error": "Lost", "Cause": "{{\"password\": \"{}\"}}"}}
  }}
}}
"#,
        p("comment"),
        p("comment of a state"),
        p("payload"),
        p("text of the payload"),
        p("cause"),
    );
    put(root, "machine/tell.asl.json", &text);
    let error = planted.form("machine: error", GITHUB);
    let cause = planted.form("machine: hook in a cause", HOOK);
    let text =
        format!(r#"{{"StartAt": "Lost", "States": {{"Lost": {{"Type": "Fail", "Error": "E {error}", "Cause": "see https://{cause}"}}}}}}"#);
    put(root, "machine/lost.asl.json", &text);
}

fn terraform(root: &Path, planted: &mut Planted) {
    let mut p = |place: &str| planted.password(&format!("terraform: {place}"));
    let text = format!(
        r#"
variable "db_password" {{
  description = "the password, for example {}"
  default     = "{}"
}}

resource "aws_emr_cluster" "films" {{
  name          = "films-${{var.db_password}}"
  release_label = "emr-6.15.0"
  applications  = ["Spark", "Livy"]
  service_role  = "EMR_DefaultRole"
  tags          = {{ api_token = "{}" }}
  configurations_json = jsonencode([{{
    Classification = "hive-site"
    Properties     = {{ "javax.jdo.option.ConnectionPassword" = "{}" }}
  }}])

  bootstrap_action {{
    path = "s3://lake-2024/code/prepare.sh"
    name = "prepare"
    args = ["--password", "{}"]
  }}

  step {{
    name              = "load"
    action_on_failure = "CONTINUE"
    hadoop_jar_step {{
      jar  = "command-runner.jar"
      args = ["spark-submit", "--class", "films.Load", "s3://lake-2024/code/films.jar", "--token", "{}"]
    }}
  }}
}}

resource "aws_db_instance" "films" {{
  password = "{}"
}}

resource "aws_lambda_function" "tell" {{
  function_name = "films-tell"
  handler       = "tell.handler"
  runtime       = "python3.9"
  filename      = "tell.zip"
  environment {{
    variables = {{ MY_SECRET = "{}", PGPASS = "{}", DB_PWD = "{}" }}
  }}
}}
"#,
        p("description"),
        p("default"),
        p("tag"),
        p("configuration"),
        p("bootstrap"),
        p("step"),
        p("database"),
        p("MY_SECRET"),
        p("PGPASS"),
        p("DB_PWD"),
    );
    put(root, "terraform/main.tf", &text);
    put(root, "terraform/terraform.tfvars", &format!("db_password = \"{}\"\n", p("tfvars")));
}

fn script(root: &Path, planted: &mut Planted) {
    let mut p = |place: &str| planted.password(&format!("script: {place}"));
    let text = format!(
        "#!/bin/bash\nexport DB_PASSWORD={}\ncurl -u bob:{} https://films\ncurl -X POST -d '{{\"file\":\"s3://lake-2024/a.jar\",\"className\":\"a.B\",\"args\":[\"--password\",\"{}\"]}}' http://livy:8998/batches\nspark-submit --class a.B s3://lake-2024/c.jar --password {}\naws stepfunctions start-execution --state-machine-arn arn:aws:states:eu-west-1:123456789012:stateMachine:tell --input '{{\"password\":\"{}\"}}'\n",
        p("export"),
        p("curl"),
        p("payload"),
        p("spark-submit"),
        p("input"),
    );
    put(root, "scripts/start.sh", &text);
}

fn serverless(root: &Path, planted: &mut Planted) {
    let hook = planted.form("serverless: hook", HOOK);
    let mut p = |place: &str| planted.password(&format!("serverless: {place}"));
    let text = format!(
        r#"service: films

provider:
  name: aws
  runtime: python3.10
  environment:
    GLOBAL_TOKEN: {}

custom:
  dbpw: {}

functions:
  submit:
    name: films-submit
    description: "the password {}"
    handler: h/submit.handler
    environment:
      LIVY: https://bob:{}@livy.films.internal/batches
      DB_PASSWORD: ${{self:custom.dbpw}}
      HOOK: https://{hook}
      SHAPE: plain
  status:
    name: films-status
    handler: h/status.handler
    environment:
      LIVY: https://livy.films.internal/batches

stepFunctions:
  stateMachines:
    load:
      name: films-load
      events:
        - schedule:
            rate: cron(0 1 * * ? *)
            input: {{token: "{}", day: "monday"}}
      definition:
        StartAt: Submit
        States:
          Submit: {{Type: Task, Resource: "arn:aws:lambda:eu-west-1:123456789012:function:films-submit", ResultPath: "$.id", Next: Pause}}
          Pause: {{Type: Wait, Seconds: 30, Next: Ask}}
          Ask: {{Type: Task, Resource: "arn:aws:lambda:eu-west-1:123456789012:function:films-status", InputPath: "$.id", ResultPath: "$.st", Next: Over}}
          Over:
            Type: Choice
            Choices:
              - {{Variable: "$.st", StringEquals: success, Next: Good}}
              - {{Variable: "$.st", StringEquals: dead, Next: Bad}}
              - {{Variable: "$.st", StringEquals: error, Next: Bad}}
              - {{Variable: "$.st", StringEquals: killed, Next: Bad}}
            Default: Pause
          Good: {{Type: Succeed}}
          Bad: {{Type: Fail, Error: Bad, Cause: "password: {}"}}
"#,
        p("environment of all"),
        p("custom"),
        p("description"),
        p("endpoint"),
        p("input of a schedule"),
        p("cause"),
    );
    put(root, "sls/serverless.yml", &text);
    let header = planted.password("python: header");
    let mut p = |place: &str| planted.password(&format!("python: {place}"));
    let text = format!(
        r#"import os
import requests

TOKEN = "{}"


def handler(event, context):
    data = {{
        "file": "s3://lake-2024/code/submit.jar",
        "className": "films.Submit",
        "args": ["--pw", os.environ["DB_PASSWORD"], "--token", TOKEN, "--password", "{}", os.environ["HOOK"], "--shape", os.environ["SHAPE"]],
    }}
    r = requests.post(os.environ["LIVY"], json=data, headers={{"Authorization": "Bearer {header}"}}, auth=("bob", "{}"))
    return r.json()["id"]
"#,
        p("constant"),
        p("argument"),
        p("auth"),
    );
    put(root, "sls/h/submit.py", &text);
    put(
        root,
        "sls/h/status.py",
        "import os\nimport requests\n\n\ndef handler(event, context):\n    return requests.get(os.environ[\"LIVY\"] + \"/\" + str(event)).json()[\"state\"]\n",
    );
}

/// What a command says, on both streams.
fn run(folder: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_emr2k8s")).args(args).current_dir(folder).output().unwrap();
    assert_ne!(output.status.code(), Some(101), "{args:?} panicked");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Everything that leaves, by its place: the folder, what every command says in every format, and what `explain` says of
/// every line.
fn everything(folder: &Path, source: &str) -> Vec<(String, String)> {
    let mut said = Vec::new();
    let commands: &[(&str, &[&str])] = &[
        ("inspect", &["text", "json", "dot"]),
        ("ledger", &["text", "json"]),
        ("diff", &["text", "json"]),
        ("check", &["text", "json", "github", "sarif"]),
        ("migrate", &["json", "text"]),
    ];
    for (command, formats) in commands {
        for format in *formats {
            let mut args = vec![*command, source, "--format", format];
            if !matches!(*command, "inspect" | "ledger") {
                args.extend(["--out", "k8s"]);
            }
            let text = run(folder, &args);
            assert!(text.len() > 100, "{args:?} says {text}");
            said.push((args.join(" "), text));
        }
    }
    let files = support::files(&folder.join("k8s"));
    assert!(files.len() > 5);
    let mut lines: Vec<String> = Vec::new();
    for (path, bytes) in files {
        let text = String::from_utf8(bytes).unwrap();
        // The lock is long, and all of its lines are alike.
        let step = if path.ends_with(".lock") { 11 } else { 1 };
        lines.extend((1..=text.lines().count()).step_by(step).map(|number| format!("k8s/{path}:{number}")));
        said.push((path, text));
    }
    let explained: Vec<(String, String)> = std::thread::scope(|scope| {
        let parts: Vec<_> = lines
            .chunks(lines.len().div_ceil(4))
            .map(|part| {
                scope.spawn(move || {
                    part.iter().map(|at| (format!("explain {at}"), run(folder, &["explain", at, "--source", source]))).collect::<Vec<_>>()
                })
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    said.extend(explained);
    said
}

#[test]
fn no_planted_secret_is_told() {
    let temp = tempfile::tempdir().unwrap();
    let planted = write(&temp.path().join("aws"));
    assert!(planted.0.len() >= 60, "{}", planted.0.len());
    let said = everything(temp.path(), "aws");
    let told: Vec<String> = said.iter().flat_map(|(place, text)| planted.told(place, text)).collect();
    assert!(told.is_empty(), "{} places tell secrets:\n{}", told.len(), told[..told.len().min(60)].join("\n"));
    // What is no secret is still there.
    let output: String =
        said.iter().filter(|(place, _)| place.ends_with("workflow-template.yaml")).map(|(_, text)| text.as_str()).collect();
    for text in READABLE {
        assert!(output.contains(text), "`{text}` is not in the output:\n{output}");
    }
    // A secret of an argument is a variable, in its place.
    for text in [
        "jdbc:mysql://db/films?user=reader&pwd=$(",
        "Server=db;Pwd=$(",
        "jdbc:oracle:thin:scott/$(",
        ";Database=films",
        "{\"password\":\"$(",
    ] {
        // However the writer quotes it.
        assert!(output.replace("\\\"", "\"").contains(text), "`{text}` is not in the output:\n{output}");
    }
}

/// A line that lost a secret says something else than the source: that is told, and the ledger does not call it emitted alone.
#[test]
fn a_line_without_its_secret_is_told() {
    let temp = tempfile::tempdir().unwrap();
    let mut planted = Planted::default();
    machines(temp.path(), &mut planted);
    let compilation = support::compiled_at(temp.path(), emr2k8s::config::Config::default());
    let told: Vec<String> = compilation
        .diagnostics
        .iter()
        .filter(|d| d.rule.code == "SEC103")
        .map(|d| format!("{} {}", compilation.files.place(d.span.unwrap()), d.message))
        .collect();
    for part in ["machine/lost.asl.json:1 ", "machine/tell.asl.json:2 ", "machine/tell.asl.json:9 "] {
        assert!(told.iter().any(|line| line.starts_with(part) && line.contains("workflow-template.yaml")), "{part}: {told:#?}");
    }
    for value in compilation.ledger.iter().filter(|v| v.value.contains("<secret>") && !v.outputs.is_empty()) {
        assert_eq!(value.rule, "SEC103", "{value:?}");
    }
}

/// A word that is also something else is taken out only where it stands for the secret.
#[test]
fn a_common_password_does_not_break_the_output() {
    let temp = tempfile::tempdir().unwrap();
    put(
        temp.path(),
        "films.json",
        r#"{"file": "s3://lake/spark.jar", "className": "spark.Load", "args": ["--password", "spark", "--mode", "spark", "s3://lake/spark/"]}"#,
    );
    let compilation = support::compiled_at(temp.path(), emr2k8s::config::Config::default());
    let output = support::tree(&compilation);
    for text in ["kind: SparkApplication", "s3://lake/spark/", "mainClass: spark.Load"] {
        assert!(output.contains(text), "`{text}`:\n{output}");
    }
    assert!(output.contains("- \"$(FILMS_ARGUMENT_2)\""), "{output}");
}

/// Masking is one pass over each text, however many secrets there are.
#[test]
fn many_secrets_take_no_longer() {
    let temp = tempfile::tempdir().unwrap();
    let mut planted = Planted::default();
    let args: Vec<String> = (0..2_000).flat_map(|i| ["--password".to_owned(), planted.form("", &format!("Zq{i}x#W9kV"))]).collect();
    put(
        temp.path(),
        "films.json",
        &format!("{{\"file\": \"s3://lake/a.jar\", \"className\": \"a.B\", \"args\": {}}}", serde_json::to_string(&args).unwrap()),
    );
    let started = std::time::Instant::now();
    let compilation = support::compiled_at(temp.path(), emr2k8s::config::Config::default());
    let output = support::tree(&compilation);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    assert_eq!(planted.told("the output", &output), Vec::<String>::new());
}
