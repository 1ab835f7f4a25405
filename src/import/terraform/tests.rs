//! Whole modules: what is taken, what is asked, and that nothing is lost.
use super::*;
use crate::ir::cluster::Role;
use crate::ir::trigger::{Target, TriggerKind};
use crate::ir::value::{Segment, Val, Value};
use crate::source::files::{Files, SourceFile};
use crate::source::hcl;
use crate::source::node::Scalar;
use crate::source::sink::{Disposition, Severity};
use crate::source::span::Span;

struct Fixture {
    files: Files,
    folder: String,
    nodes: Vec<(FileId, String, Node)>,
}

impl Fixture {
    /// Files by path; `.tf` and `.tfvars` of `folder` are the module.
    fn new(folder: &str, texts: &[(&str, &str)]) -> Self {
        let mut texts = texts.to_vec();
        texts.sort_unstable();
        let mut files = Files::default();
        let mut nodes = Vec::new();
        for (path, text) in texts {
            let id = files.add(SourceFile::new(path, text));
            if path.ends_with(".tf") || path.ends_with(".tfvars") {
                let mut sink = Sink::default();
                let node = hcl::parse(text, id, &mut sink).unwrap_or_else(|| panic!("{path}: {:?}", sink.diagnostics));
                nodes.push((id, path.to_owned(), node));
            }
        }
        Self { files, folder: folder.to_owned(), nodes }
    }

    fn import(&self, stage: &str) -> (Module<'_>, Sink) {
        let list: Vec<(FileId, &str, &Node)> = self.nodes.iter().map(|(id, path, node)| (*id, path.as_str(), node)).collect();
        let mut sink = Sink::default();
        let module = import(&self.folder, &list, stage, &self.files, &mut sink);
        let open = self.open(&module, &sink);
        assert!(open.is_empty(), "not in the ledger: {open:#?}");
        assert!(sink.marks.iter().all(|m| !m.note.is_empty()));
        (module, sink)
    }

    /// Scalars that are in no origin and no mark.
    fn open(&self, module: &Module<'_>, sink: &Sink) -> Vec<String> {
        let origins: Vec<Span> = module.origins().iter().collect();
        let covered = |s: &Scalar| origins.iter().any(|o| o.contains(s.span)) || sink.marks.iter().any(|m| m.span.contains(s.span));
        let scalars = self.nodes.iter().flat_map(|(_, _, node)| node.scalars());
        scalars.filter(|s| !covered(s)).map(|s| format!("{} {}", self.files.place(s.span), s.pointer)).collect()
    }

    /// Fate and note of the mark around the first place of a text.
    fn mark(&self, sink: &Sink, path: &str, text: &str) -> (Disposition, String) {
        let id = self.files.find(path).unwrap();
        let at = self.files.get(id).text.find(text).unwrap_or_else(|| panic!("{text}"));
        let span = Span::new(id, at, at + text.len());
        let mark = sink.marks.iter().find(|m| m.span.contains(span)).unwrap_or_else(|| panic!("no mark around {text}"));
        (mark.disposition, mark.note.clone())
    }
}

fn one(text: &str) -> Fixture {
    Fixture::new("m", &[("m/main.tf", text)])
}

/// The value of `log_uri` of a cluster, where a test puts the expression it is about.
fn value_of(expression: &str, rest: &str) -> Val {
    let fixture = one(&format!("resource \"aws_emr_cluster\" \"c\" {{\n  log_uri = {expression}\n}}\n{rest}"));
    let (module, _) = fixture.import("");
    module.clusters[0].log_uri.clone().unwrap()
}

fn shown(expression: &str, rest: &str) -> String {
    value_of(expression, rest).display()
}

const CLUSTER: &str = r#"
provider "aws" {
  region = "eu-west-9"
}
resource "aws_emr_cluster" "jobs" {
  name          = "${var.team}-jobs"
  release_label = var.release
  applications  = ["Spark", "Livy"]
  service_role  = var.role
  security_configuration = "strict"
  configurations_json = jsonencode([
    {
      Classification = "spark-defaults"
      Properties     = { "spark.executor.memory" = "4g", "spark.x" = var.team }
    },
    { Classification = "spark-env", Configurations = [{ Classification = "export", Properties = { A = "b" } }] }
  ])
  master_instance_group {
    instance_type = "m5.xlarge"
  }
  core_instance_group {
    instance_type  = local.types["core"]
    instance_count = 2 + 1
    bid_price      = "0.30"
    ebs_config {
      size = 64
      type = "gp3"
    }
  }
  ec2_attributes {
    key_name  = var.key
    subnet_id = element(var.subnets, 1)
    instance_profile = "prof"
  }
  bootstrap_action {
    name = "setup"
    path = "s3://b/setup.sh"
    args = ["--a", var.team]
  }
  step {
    name              = "copy"
    action_on_failure = "CONTINUE"
    hadoop_jar_step {
      jar  = "command-runner.jar"
      args = ["bash", "-c", "aws s3 cp s3://b/x.sh /tmp/; /tmp/x.sh"]
    }
  }
  step {
    name              = "second"
    action_on_failure = "CANCEL_AND_WAIT"
    hadoop_jar_step {
      jar        = "s3://b/app.jar"
      main_class = "a.B"
    }
  }
  lifecycle {
    ignore_changes = [step]
  }
  tags = { Owner = var.team }
}
resource "aws_emr_instance_group" "task" {
  cluster_id     = aws_emr_cluster.jobs.id
  instance_type  = "m5.large"
  instance_count = 4
}
locals {
  types = { core = "r5.large", other = "r5.xlarge" }
}
"#;

const VARIABLES: &str = r#"
variable "team" {
  description = "who owns it"
}
variable "release" {
  type    = string
  default = "emr-5.30.0"
}
variable "role" {}
variable "key" { default = "k" }
variable "subnets" {
  default = ["s-1", "s-2"]
}
variable "unused" { default = 555 }
"#;

#[test]
fn a_cluster_is_read_with_the_origin_of_every_value() {
    let fixture = Fixture::new(
        "m",
        &[("m/a.tf", CLUSTER), ("m/v.tf", VARIABLES), ("m/terraform.tfvars", "team = \"red\"\nrelease = \"emr-6.1.0\"\n")],
    );
    let (module, sink) = fixture.import("");
    let cluster = &module.clusters[0];
    assert_eq!(cluster.reference, "aws_emr_cluster.jobs");
    let name = cluster.name.as_ref().unwrap();
    assert_eq!(name.literal().as_deref(), Some("red-jobs"));
    let texts: Vec<&str> = name.origins.iter().map(|s| fixture.files.text(s)).collect();
    assert!(texts.contains(&"\"red\"") && texts.contains(&"\"${var.team}-jobs\""), "{texts:?}");
    assert_eq!(cluster.release_label.as_ref().unwrap().literal().as_deref(), Some("emr-6.1.0"));
    assert_eq!(cluster.applications.iter().map(Val::display).collect::<Vec<_>>(), ["Spark", "Livy"]);
    assert_eq!(cluster.classifications.len(), 2);
    assert_eq!(cluster.classifications[0].properties[1].1.literal().as_deref(), Some("red"));
    assert_eq!(cluster.classifications[1].nested[0].name.value, "export");
    let groups: Vec<_> = cluster
        .groups
        .iter()
        .map(|g| (g.role, g.instance_types[0].display(), g.count.as_ref().map(Val::display), g.bid_price.is_some()))
        .collect();
    assert_eq!(
        groups,
        [
            (Role::Master, "m5.xlarge".to_owned(), None, false),
            (Role::Core, "r5.large".to_owned(), Some("3".to_owned()), true),
            (Role::Task, "m5.large".to_owned(), Some("4".to_owned()), false)
        ]
    );
    assert_eq!(cluster.bootstrap_actions[0].args[1].display(), "red");
    assert_eq!(cluster.steps.len(), 2);
    assert_eq!(cluster.steps[0].args[2].display(), "aws s3 cp s3://b/x.sh /tmp/; /tmp/x.sh");
    assert_eq!(cluster.steps[1].main_class.as_ref().unwrap().display(), "a.B");

    assert_eq!(fixture.mark(&sink, "m/v.tf", "\"emr-5.30.0\"").1, "terraform.tfvars sets `release` to another value");
    let (fate, why) = fixture.mark(&sink, "m/v.tf", "\"k\"");
    assert_eq!(fate, Disposition::Ignored);
    assert!(why.starts_with("only aws_emr_cluster.jobs reads `var.key`: a key for logging in"), "{why}");
    assert_eq!(fixture.mark(&sink, "m/v.tf", "555").1.as_str(), "no resource of this module reads `var.unused`");
    assert_eq!(fixture.mark(&sink, "m/a.tf", "\"strict\"").0, Disposition::Unsupported);
    assert!(fixture.mark(&sink, "m/a.tf", "\"r5.xlarge\"").1.contains("takes another part"));
    assert!(fixture.mark(&sink, "m/v.tf", "\"s-2\"").1.contains("machines stood"));
    assert!(fixture.mark(&sink, "m/v.tf", "{}").1.starts_with("only aws_emr_cluster.jobs reads `var.role`"));
    // `role` has no value, and nothing translated needs one.
    assert!(sink.diagnostics.iter().all(|d| d.severity != Severity::Question), "{:?}", sink.diagnostics);
}

#[test]
fn a_variable_without_a_value_is_asked_for_once_and_keeps_its_place() {
    let fixture = one(
        "variable \"t\" {}\nvariable \"u\" {\n  description = \"logs\"\n}\nresource \"aws_emr_cluster\" \"c\" {\n  name = \"a-${var.t}-b${var.t}\"\n  log_uri = var.u\n}\n",
    );
    let (module, sink) = fixture.import("prod");
    let Value::Text(segments) = &module.clusters[0].name.as_ref().unwrap().value else { panic!() };
    assert!(matches!(&segments[..], [Segment::Literal(a), Segment::Symbol(s), Segment::Literal(b), Segment::Symbol(_)]
        if a == "a-" && s.name == "var.t" && b == "-b"));
    let questions: Vec<_> = sink.diagnostics.iter().filter(|d| d.severity == Severity::Question).collect();
    assert_eq!(questions.len(), 2);
    assert_eq!(questions[0].rule.code, "TF101");
    assert_eq!(fixture.files.text(questions[0].span.unwrap()), "\"t\"");
    assert!(questions[1].message.contains("(logs)") && questions[1].help.as_ref().unwrap().contains("prod.tfvars"));
}

#[test]
fn values_of_a_stage_win_and_those_of_others_do_not_count() {
    let fixture = Fixture::new(
        "m",
        &[
            ("m/main.tf", "variable \"x\" { default = \"d\" }\nresource \"aws_emr_cluster\" \"c\" {\n  name = var.x\n}\n"),
            ("m/terraform.tfvars", "x = \"t\"\n"),
            ("m/z.auto.tfvars", "x = \"auto\"\n"),
            ("m/prod.tfvars", "x = \"p\"\n"),
            ("m/dev.tfvars", "x = \"v\"\ny = 1\n"),
        ],
    );
    let name = |stage: &str| fixture.import(stage).0.clusters[0].name.as_ref().unwrap().display();
    assert_eq!(name("prod"), "p");
    assert_eq!(name("dev"), "v");
    assert_eq!(name(""), "auto");
    let (_, sink) = fixture.import("prod");
    assert_eq!(fixture.mark(&sink, "m/dev.tfvars", "\"v\"").1, "values for `dev`; this run compiles `prod`");
}

#[test]
fn expressions_are_evaluated() {
    for (expression, expected) in [
        ("upper(\"a\")", "A"),
        ("join(\"-\", concat([\"a\"], [\"b\", \"c\"]))", "a-b-c"),
        ("element(split(\",\", \"a,b,c\"), 4)", "b"),
        ("merge({ a = 1 }, { a = 2, b = 3 })[\"a\"]", "2"),
        ("lookup({ a = \"x\" }, \"z\", \"default\")", "default"),
        ("format(\"%s-%03d%%\", \"q\", 7)", "q-007%"),
        ("replace(\"a.b.c\", \".\", \"-\")", "a-b-c"),
        ("true ? \"yes\" : var.nothing", "yes"),
        ("[for k, v in { a = 1, b = 2 } : \"${k}=${v}\" if v > 1][0]", "b=2"),
        ("{ for x in [\"p\", \"q\"] : x => upper(x) }.q", "Q"),
        ("[{ n = \"a\" }, { n = \"b\" }][*].n", "[a, b]"),
        ("length([1, 2, 3]) * 2 + 1", "7"),
        ("jsonencode({ b = [1, true, null], a = \"x\\\"<\" })", "{\"a\":\"x\\\"\\u003c\",\"b\":[1,true,null]}"),
        ("\"${path.module}/x\"", "./x"),
        ("tostring(5) == \"5\" && !false", "true"),
        ("substr(\"hello\", 1, -1)", "ello"),
        ("<<-EOT\n    a\n    %{ if true ~}\n    b\n    %{ endif ~}\n  EOT", "a\nb\n"),
        ("aws_s3_bucket.b.arn", "${aws_s3_bucket.b.arn}"),
        ("aws_s3_bucket.b.bucket", "logs-${random_id.r.dec}"),
        ("local.deep.list[1].x", "there"),
        ("coalesce(\"\", null, \"c\")", "c"),
    ] {
        let rest = "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"logs-${random_id.r.dec}\"\n}\nresource \"random_id\" \"r\" {\n  byte_length = 4\n}\nlocals {\n  deep = { list = [1, { x = \"there\" }] }\n}\nvariable \"nothing\" {}\n";
        assert_eq!(shown(expression, rest), expected, "{expression}");
    }
}

#[test]
fn what_cannot_be_evaluated_says_why() {
    for (expression, why) in [
        ("local.a", "refers to itself"),
        ("filebase64(\"x\")", "not evaluated"),
        ("file(\"gone.txt\")", "`gone.txt` is not there"),
        ("file(\"../../etc/passwd\")", "outside"),
        ("var.undeclared", "declared nowhere"),
        ("upper(var.empty)", "`var.empty`, which has no value"),
        ("[1, 2][5]", "no element 5"),
        ("timestamp()", "another result in each run"),
        ("local.big30", "too large"),
        ("local.nest90", "too deep"),
    ] {
        let mut rest = "locals {\n  a = local.b\n  b = local.a\n}\nvariable \"empty\" {}\nlocals {\n  big0 = \"x\"\n".to_owned();
        for i in 0..30 {
            rest.push_str(&format!("  big{} = [local.big{i}, local.big{i}]\n", i + 1));
        }
        rest.push_str("  nest0 = 1\n");
        for i in 0..90 {
            rest.push_str(&format!("  nest{} = {}local.nest{i}{}\n", i + 1, "[".repeat(40), "]".repeat(40)));
        }
        rest.push_str("}\n");
        let value = value_of(expression, &rest);
        let (_, reason) = importer::unknown(&value).unwrap_or_else(|| panic!("{expression} is {}", one(&value)));
        assert!(reason.contains(why), "{expression}: {reason}");
    }
    fn one(value: &Val) -> String {
        eval::one_line(&value.display())
    }
}

#[test]
fn a_state_machine_names_its_file_below_the_module() {
    let fixture = Fixture::new(
        "a/m",
        &[
            (
                "a/m/main.tf",
                "resource \"aws_sfn_state_machine\" \"s\" {\n  name = \"${var.n}\"\n  role_arn = \"r\"\n  type = \"STANDARD\"\n  definition = \"${file(\"${path.module}/../code/step.json\")}\"\n}\nvariable \"n\" {}\n",
            ),
            ("a/m/terraform.tfvars", "n = \"nightly\"\n"),
            ("a/code/step.json", "{}"),
        ],
    );
    let (module, sink) = fixture.import("");
    let deployment = &module.deployments[0];
    assert_eq!(deployment.name.display(), "nightly");
    assert_eq!(deployment.definition_file.as_ref().unwrap().value, "a/code/step.json");
    assert_eq!(fixture.mark(&sink, "a/m/main.tf", "\"r\"").0, Disposition::Unsupported);
}

#[test]
fn a_definition_in_the_module_is_embedded_with_the_places_of_its_parts() {
    let text = "resource \"aws_sfn_state_machine\" \"s\" {\n  definition = jsonencode({\n    StartAt = \"A\"\n    States = { A = { Type = \"Task\", Resource = aws_lambda_function.f.arn, End = true, Comment = local.c } }\n  })\n}\nlocals { c = \"note\" }\n";
    let fixture = one(text);
    let (module, _) = fixture.import("");
    let machine = &module.inline_machines[0];
    assert_eq!(machine.name.display(), "s");
    let start = machine.document.get("StartAt").unwrap();
    assert_eq!(start.str(), Some("A"));
    assert_eq!(fixture.files.text(start.span), "\"A\"");
    let state = machine.document.path(&["States", "A"]).unwrap();
    assert_eq!(state.get("Resource").unwrap().str(), Some("${aws_lambda_function.f.arn}"));
    assert_eq!(state.get("End").unwrap().bool(), Some(true));
    assert_eq!(fixture.files.text(state.get("Comment").unwrap().span), "local.c");
    assert_eq!(fixture.files.text(state.entry("Type").unwrap().key_span), "Type");
}

#[test]
fn a_definition_as_text_keeps_its_places() {
    let main = "variable \"wait\" { default = 60 }\nresource \"aws_sfn_state_machine\" \"s\" {\n  name = \"n\"\n  definition = <<-EOT\n    {\n      \"StartAt\": \"A\",\n      \"Seconds\": ${var.wait},\n      \"Arn\": \"${aws_lambda_function.f.arn}\"\n    }\n  EOT\n}\nresource \"aws_emr_cluster\" \"c\" {\n  configurations_json = <<EOF\n[{\"Classification\": \"spark\", \"Properties\": {\"k\": \"v\"}}]\nEOF\n}\n";
    let fixture = one(main);
    let (module, _) = fixture.import("");
    let document = module.inline_machines[0].document;
    let text = |key: &str| fixture.files.text(document.get(key).unwrap().span);
    assert_eq!(text("StartAt"), "\"A\"");
    assert_eq!(document.get("Seconds").unwrap().number(), Some("60"));
    assert_eq!(document.get("Arn").unwrap().str(), Some("${aws_lambda_function.f.arn}"));
    let classification = &module.clusters[0].classifications[0];
    assert_eq!((classification.name.value.as_str(), classification.properties[0].1.display().as_str()), ("spark", "v"));
    assert_eq!(fixture.files.text(classification.properties[0].1.origins.first().unwrap()), "\"v\"");
}

#[test]
fn a_template_file_is_filled_in_and_points_into_itself() {
    let fixture = Fixture::new(
        "m",
        &[
            (
                "m/main.tf",
                "resource \"aws_sfn_state_machine\" \"s\" {\n  definition = templatefile(\"s.tpl\", { fn = \"poll\", list = [\"x\", \"y\"] })\n}\n",
            ),
            (
                "m/s.tpl",
                "{\"StartAt\": \"A\", \"F\": \"${fn}-1\", \"L\": [%{ for i, x in list }${i > 0 ? \",\" : \"\"}\"${x}\"%{ endfor }]}",
            ),
        ],
    );
    let (module, _) = fixture.import("");
    let machine = &module.inline_machines[0];
    assert_eq!(machine.template.as_deref(), Some("m/s.tpl"));
    assert_eq!(machine.document.get("F").unwrap().str(), Some("poll-1"));
    let start = machine.document.get("StartAt").unwrap();
    assert_eq!((fixture.files.get(start.span.file).path.as_str(), fixture.files.text(start.span)), ("m/s.tpl", "\"A\""));
    assert_eq!(machine.document.get("L").unwrap().array().unwrap()[1].str(), Some("y"));
}

#[test]
fn a_slip_in_a_definition_is_reported_where_it_is() {
    let fixture = one("resource \"aws_sfn_state_machine\" \"s\" {\n  definition = <<EOF\n{\n  \"StartAt\": oops\n}\nEOF\n}\n");
    let (module, sink) = fixture.import("");
    assert!(module.inline_machines.is_empty());
    let slip = sink.diagnostics.iter().find(|d| d.rule.code == "SRC002").unwrap();
    assert_eq!(fixture.files.place(slip.span.unwrap()), "m/main.tf:4");
}

#[test]
fn a_definition_that_is_not_known_is_refused() {
    let fixture = one("resource \"aws_sfn_state_machine\" \"s\" {\n  name = \"n\"\n  definition = file(\"nowhere.json\")\n}\n");
    let (module, sink) = fixture.import("");
    assert!(module.deployments.is_empty() && module.inline_machines.is_empty());
    assert_eq!(module.found[0].name, "aws_sfn_state_machine.s");
    let codes: Vec<_> = sink.diagnostics.iter().map(|d| d.rule.code).collect();
    assert!(codes.contains(&"TF113") && codes.contains(&"TF110"), "{codes:?}");
}

#[test]
fn configurations_that_are_not_known_are_asked_for_with_the_file_that_lies_there() {
    let main = "variable \"conf\" {}\nresource \"aws_emr_cluster\" \"c\" {\n  configurations = file(var.conf)\n}\n";
    let json = "[{\"Classification\": \"spark\"}]";
    let fixture = Fixture::new("m", &[("m/main.tf", main), ("m/conf.json", json), ("m/other.json", "{}")]);
    let (module, sink) = fixture.import("");
    assert_eq!(module.clusters[0].configurations_file.as_ref().and_then(Val::literal), None, "it is not guessed");
    let questions: Vec<_> = sink.diagnostics.iter().filter(|d| d.severity == Severity::Question).collect();
    assert_eq!(questions.len(), 1, "one question, not two: {questions:?}");
    assert_eq!(questions[0].rule.code, "TF114");
    let help = questions[0].help.as_ref().unwrap();
    assert!(help.contains("conf = \"conf.json\"") && !help.contains("other"), "{help}");

    let fixture = Fixture::new("m", &[("m/main.tf", main), ("m/conf.json", json), ("m/terraform.tfvars", "conf = \"./conf.json\"\n")]);
    let (module, _) = fixture.import("");
    assert_eq!(module.clusters[0].configurations_file.as_ref().unwrap().display(), "conf.json");
}

#[test]
fn a_function_and_its_schedule_are_read() {
    let fixture = Fixture::new(
        "m",
        &[(
            "m/main.tf",
            r#"
data "archive_file" "zip" {
  type        = "zip"
  source_dir  = "${path.module}/src/app"
  output_path = "x.zip"
}
resource "aws_lambda_function" "poll" {
  function_name = "poll-livy"
  filename      = data.archive_file.zip.output_path
  handler       = "app.main"
  runtime       = "python3.12"
  role          = aws_iam_role.r.arn
  timeout       = 30
  environment {
    variables = {
      HOST = "livy"
      ARN  = aws_sfn_state_machine.s.arn
    }
  }
}
resource "aws_iam_role" "r" {
  assume_role_policy = jsonencode({ Version = "2012-10-17" })
}
resource "aws_sfn_state_machine" "s" {
  name       = "nightly"
  definition = jsonencode({ StartAt = "A", States = {} })
}
resource "aws_cloudwatch_event_rule" "r" {
  name                = "every-night"
  schedule_expression = "cron(0 3 * * ? *)"
  is_enabled          = false
}
resource "aws_cloudwatch_event_target" "t" {
  rule     = aws_cloudwatch_event_rule.r.name
  arn      = aws_sfn_state_machine.s.arn
  role_arn = aws_iam_role.r.arn
  input    = jsonencode({ day = "today" })
}
resource "aws_scheduler_schedule" "hourly" {
  schedule_expression = "rate(1 hour)"
  state = "ENABLED"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_lambda_function.poll.arn
    role_arn = "x"
  }
}
resource "aws_cloudwatch_event_rule" "failed" {
  event_pattern = jsonencode({ source = ["aws.emr"] })
}
resource "aws_cloudwatch_event_target" "mail" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = aws_sns_topic.t.arn
}
"#,
        )],
    );
    let (module, _) = fixture.import("");
    let function = &module.functions[0];
    assert_eq!(function.name.as_ref().unwrap().value, "poll-livy");
    assert_eq!(function.folder, "m/src/app");
    assert_eq!(function.environment[0].1.display(), "livy");
    assert_eq!(function.environment[1].1.display(), "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:nightly");
    let [night, hour] = &module.triggers[..] else { panic!("{:?}", module.triggers) };
    assert!(matches!(&night.kind, TriggerKind::Schedule(v) if v.display() == "cron(0 3 * * ? *)"));
    assert!(matches!(&night.target, Target::Machine(v) if v.display() == "nightly"));
    assert_eq!(night.input.as_ref().unwrap().display(), "{\"day\":\"today\"}");
    assert_eq!(night.enabled.as_ref().unwrap().display(), "false");
    assert!(matches!(&hour.target, Target::Function(v) if v.display() == "poll"));
    assert_eq!(hour.enabled.as_ref().unwrap().display(), "true");
    let found: Vec<_> = module.found.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(found, ["aws_iam_role.r", "aws_cloudwatch_event_rule.failed", "aws_cloudwatch_event_target.mail"]);
}

#[test]
fn load_balancers_are_ignored_only_when_they_lead_to_a_cluster() {
    let fixture = one(r#"
resource "aws_alb" "emr" {
  subnets = var.nets
}
resource "aws_alb_listener" "l" {
  load_balancer_arn = aws_alb.emr.arn
}
resource "aws_lb_target_group_attachment" "a" {
  listener  = aws_alb_listener.l.arn
  target_id = aws_emr_cluster.c.master_public_dns
}
resource "aws_lb" "shop" {
  subnets = var.nets
}
resource "aws_lb" "other" {
  name = var.only
}
resource "aws_emr_cluster" "c" {
  name = "c"
}
variable "nets" { default = ["n"] }
variable "only" { default = "o" }
"#);
    let (module, sink) = fixture.import("");
    let fate = |name: &str| {
        sink.marks
            .iter()
            .find(|m| {
                let found = module.found.iter().find(|f| f.name == name).unwrap();
                found.span.contains(m.span)
            })
            .unwrap()
    };
    assert_eq!(fate("aws_alb.emr").disposition, Disposition::Ignored);
    assert!(fate("aws_alb.emr").note.contains("aws_emr_cluster.c"));
    assert_eq!(fate("aws_lb.shop").disposition, Disposition::Unsupported);
    let (disposition, why) = fixture.mark(&sink, "m/main.tf", "[\"n\"]");
    assert_eq!(disposition, Disposition::Unsupported, "the strongest of its readers");
    assert!(why.contains("and one more read"), "{why}");
    assert!(fixture.mark(&sink, "m/main.tf", "\"o\"").1.starts_with("only aws_lb.other reads `var.only`"));
}

#[test]
fn repetition_is_followed_only_to_one_instance() {
    let fixture = one(r#"
resource "aws_emr_cluster" "once" {
  count = var.on ? 1 : 0
  name  = "once-${count.index}"
}
resource "aws_emr_cluster" "never" {
  count = 0
  name  = "never"
}
resource "aws_emr_cluster" "many" {
  for_each = toset(["a", "b"])
  name     = each.key
}
resource "aws_emr_cluster" "dyn" {
  name = "d"
  dynamic "step" {
    for_each = [1]
    content {
      name = "x"
    }
  }
}
variable "on" { default = true }
"#);
    let (module, sink) = fixture.import("");
    let names: Vec<_> = module.clusters.iter().map(|c| c.name.as_ref().unwrap().display()).collect();
    assert_eq!(names, ["once-0", "d"]);
    assert_eq!(sink.diagnostics.iter().filter(|d| d.rule.code == "TF108").count(), 2);
}

#[test]
fn unknown_things_are_named_with_a_near_miss() {
    let fixture = one(r#"
resource "aws_emr_cluster" "c" {
  servce_role = "x"
  name        = var.tem
}
variable "team" { default = 1 }
module "m" {
  source = "./x"
}
resource "foo_bar" "b" {
  x = 1
}
weird "thing" {
  y = 2
}
resource "aws_emr_instance_group" "g" {
  cluster_id = "j-1"
}
"#);
    let (module, sink) = fixture.import("");
    let helps: Vec<_> = sink.diagnostics.iter().filter_map(|d| d.help.as_deref()).collect();
    assert!(helps.contains(&"did you mean `service_role`?"), "{helps:?}");
    assert!(helps.contains(&"did you mean `var.team`?"), "{helps:?}");
    let found: Vec<_> = module.found.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(found, ["foo_bar.b", "aws_emr_instance_group.g", "module.m"]);
}

#[test]
fn empty_and_odd_files_close_too() {
    let fixture = Fixture::new(
        "",
        &[
            (
                "main.tf",
                "resource \"x\" {\n  a = 1\n}\nlocals {}\nterraform {}\nvariable \"v\" {\n  validation {\n    condition = var.v != 1\n    error_message = \"e\"\n  }\n}\noutput \"o\" { value = var.v }\nlocals {\n  a = local.b\n  b = local.a\n}\n",
            ),
            ("terraform.tfvars", ""),
            ("x.auto.tfvars", "nope = { a = [], b = {} }\nv = [1, { c = null }]\n"),
        ],
    );
    let (_, sink) = fixture.import("");
    assert!(fixture.mark(&sink, "x.auto.tfvars", "[1").1.starts_with("only `output o` reads `var.v`"));
    assert_eq!(fixture.mark(&sink, "x.auto.tfvars", "{ a").1, "this module declares no variable `nope`");
}

proptest::proptest! {
    #[test]
    fn any_module_closes(pieces in proptest::collection::vec(0_usize..12, 0..12), values in proptest::collection::vec(0_usize..12, 12)) {
        let expressions = ["var.a", "local.l", "[var.b, 1]", "\"x-${var.a}\"", "file(var.b)", "aws_emr_cluster.c0.name", "{ k = local.m }",
            "jsonencode(local.l)", "[for x in var.b : x]", "null", "true", "upper(local.l)"];
        let mut text = String::new();
        for (at, piece) in pieces.iter().enumerate() {
            let e = expressions[values[at]];
            text.push_str(&match piece {
                0 => format!("variable \"a\" {{\n  default = {at}\n}}\n"),
                1 => "variable \"b\" {}\n".to_owned(),
                2 => format!("locals {{\n  l = {e}\n}}\n"),
                3 => format!("locals {{\n  m = {e}\n}}\n"),
                4 => format!("resource \"aws_emr_cluster\" \"c{at}\" {{\n  name = {e}\n  tags = {e}\n  configurations_json = {e}\n  step {{\n    name = {e}\n  }}\n}}\n"),
                5 => format!("resource \"aws_sfn_state_machine\" \"s{at}\" {{\n  name = {e}\n  definition = {e}\n}}\n"),
                6 => format!("resource \"aws_lambda_function\" \"f{at}\" {{\n  function_name = {e}\n  timeout = {e}\n  environment {{\n    variables = {e}\n  }}\n}}\n"),
                7 => format!("resource \"aws_scheduler_schedule\" \"h{at}\" {{\n  schedule_expression = {e}\n  target {{\n    arn = aws_lambda_function.f0.arn\n    input = {e}\n  }}\n}}\n"),
                8 => format!("resource \"aws_s3_bucket\" \"b{at}\" {{\n  bucket = {e}\n}}\n"),
                9 => format!("output \"o{at}\" {{\n  value = {e}\n}}\n"),
                10 => format!("resource \"aws_emr_cluster\" \"n{at}\" {{\n  count = {e}\n  applications = {e}\n}}\n"),
                _ => format!("resource \"aws_emr_instance_group\" \"g{at}\" {{\n  cluster_id = aws_emr_cluster.c0.id\n  instance_type = {e}\n}}\n"),
            });
        }
        let fixture = Fixture::new("m", &[("m/main.tf", &text), ("m/terraform.tfvars", "b = [\"q\", { z = 1 }]\n")]);
        let list: Vec<(FileId, &str, &Node)> = fixture.nodes.iter().map(|(id, path, node)| (*id, path.as_str(), node)).collect();
        let mut sink = Sink::default();
        let module = import("m", &list, "", &fixture.files, &mut sink);
        let open = fixture.open(&module, &sink);
        proptest::prop_assert!(open.is_empty(), "{}\n{:?}", text, open);
    }
}
