//! References between sources, and that every value of what they join is accounted for: small estates, each about one way of
//! writing a reference.
mod support;

use emr2k8s::compile::Compilation;
use emr2k8s::config::Config;
use emr2k8s::source::sink::{Disposition, Severity};
use std::fs;

/// Compiles files of these texts.
fn compiled(files: &[(&str, &str)]) -> Compilation {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let compilation = support::compiled_at(folder.path(), Config::default());
    assert_eq!(support::with_disposition(&compilation, Disposition::Unexplained), [""; 0]);
    compilation
}

/// The functions that the machines call, and whether they were found, in the order of the links.
fn called(compilation: &Compilation) -> Vec<(&str, bool)> {
    compilation.links.iter().filter(|link| link.kind == "function").map(|link| (link.to.as_str(), link.broken)).collect()
}

/// Codes of the messages, without those about the output as a whole.
fn codes(compilation: &Compilation) -> Vec<&str> {
    compilation.diagnostics.iter().map(|d| d.rule.code).filter(|code| !matches!(*code, "EMI109" | "LNK104" | "OUT009")).collect()
}

fn said<'c>(compilation: &'c Compilation, code: &str) -> Vec<&'c str> {
    compilation.diagnostics.iter().filter(|d| d.rule.code == code).map(|d| d.message.as_str()).collect()
}

const FUNCTION: &str = "resource \"aws_lambda_function\" \"f\" {\n  function_name = \"crane\"\n}\n";

/// A machine with one task, whose resource a Terraform expression gives.
fn templated(expression: &str) -> String {
    format!(
        "{FUNCTION}resource \"aws_sfn_state_machine\" \"m\" {{\n  name = \"m\"\n  definition = templatefile(\"${{path.module}}/m.json\", {{ Arn = {expression} }})\n}}\n"
    )
}

const TEMPLATE: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"${Arn}","Next":"B"},
  "B":{"Type":"Task","Resource":"arn:${Partition}:states:::sns:publish","Parameters":{"Subject":"x"},"End":true}}}"#;

#[test]
fn terraform_names_a_function_by_its_address() {
    for attribute in ["arn", "qualified_arn", "invoke_arn", "function_name"] {
        let module = templated(&format!("aws_lambda_function.f.{attribute}, Partition = data.aws_partition.p.partition"));
        let compilation = compiled(&[("a/main.tf", &module), ("a/m.json", TEMPLATE)]);
        if attribute != "function_name" {
            assert_eq!(called(&compilation), [("crane", false)], "{attribute}");
            assert!(support::tree(&compilation).contains("crane"), "{attribute}");
        }
        assert!(said(&compilation, "LNK102").is_empty() || attribute == "function_name", "{attribute}");
    }
    for definition in [
        "<<EOF\n{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":\"${aws_lambda_function.f.arn}\",\"End\":true}}}\nEOF\n",
        "jsonencode({StartAt=\"A\",States={A={Type=\"Task\",Resource=aws_lambda_function.f.arn,End=true}}})",
        "jsonencode({StartAt=\"A\",States={A={Type=\"Task\",Resource=\"arn:aws:states:::lambda:invoke\",Parameters={FunctionName=\"${aws_lambda_function.f.arn}:$LATEST\", \"Payload.$\"=\"$\"},End=true}}})",
    ] {
        let module = format!("{FUNCTION}resource \"aws_sfn_state_machine\" \"m\" {{\n  name = \"m\"\n  definition = {definition}\n}}\n");
        assert_eq!(called(&compiled(&[("main.tf", &module)])), [("crane", false)], "{definition}");
    }
}

/// An address means something in its own module only.
#[test]
fn a_function_of_another_module_is_not_meant() {
    let module = templated("aws_lambda_function.g.arn, Partition = \"aws\"");
    let other = FUNCTION.replace("\"f\"", "\"g\"");
    let compilation = compiled(&[("a/main.tf", &module), ("a/m.json", TEMPLATE), ("b/main.tf", &other)]);
    assert_eq!(called(&compilation), []);
    assert_eq!(said(&compilation, "LNK102").len(), 2);
}

/// The call of a function whose deployed name is not known is kept under its key, never under its address, and the name is asked for.
#[test]
fn the_name_of_a_function_that_is_not_known_is_asked_for() {
    let module = templated("aws_lambda_function.f.arn, Partition = \"aws\"").replace("\"crane\"", "\"crane-${random_id.x.hex}\"");
    let compilation = compiled(&[("main.tf", &module), ("m.json", TEMPLATE)]);
    assert_eq!(called(&compilation), [("f", false)]);
    assert!(said(&compilation, "LNK113").iter().any(|m| m.contains("whose deployed name the sources do not tell")));
    assert_eq!(said(&compilation, "PLN110").len(), 0);
    assert!(!support::tree(&compilation).contains("aws_lambda_function"));
}

/// A function that starts a machine is a trigger of the machine, also when Terraform gives it the ARN.
#[test]
fn the_arn_of_a_machine_leads_to_the_machine() {
    let module = r#"
resource "aws_sfn_state_machine" "m" {
  name       = "m"
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Wait", Seconds = 1, End = true } } })
}
resource "aws_lambda_function" "start" {
  function_name = "start"
  handler       = "start.handler"
  runtime       = "python3.12"
  filename      = data.archive_file.code.output_path
  environment {
    variables = { MACHINE = aws_sfn_state_machine.m.arn }
  }
}
resource "aws_cloudwatch_event_rule" "daily" {
  schedule_expression = "cron(0 5 * * ? *)"
}
resource "aws_cloudwatch_event_target" "daily" {
  rule = aws_cloudwatch_event_rule.daily.name
  arn  = aws_lambda_function.start.arn
}
data "archive_file" "code" {
  type       = "zip"
  source_dir = "${path.module}/src"
}
"#;
    let code = "import os\nimport boto3\n\n\ndef handler(event, context):\n    boto3.client(\"stepfunctions\").start_execution(stateMachineArn=os.environ[\"MACHINE\"])\n";
    let compilation = compiled(&[("main.tf", module), ("src/start.py", code)]);
    assert!(said(&compilation, "LNK106").is_empty());
    assert!(compilation.links.iter().any(|l| l.kind == "trigger" && l.to == "m"), "{:?}", compilation.links);
}

#[test]
fn serverless_names_a_function_by_its_key_or_its_resource() {
    for resource in [
        "{\"Fn::GetAtt\": [fetch-all_x, Arn]}",
        "!GetAtt fetch-all_x.Arn",
        "!GetAtt FetchDashallUnderscorexLambdaFunction.Arn",
        "{\"Fn::GetAtt\": [FetchDashallUnderscorexLambdaFunction, Arn]}",
        "!Sub '${FetchDashallUnderscorexLambdaFunction.Arn}'",
    ] {
        let service = format!(
            "service: s\nprovider: {{name: aws, runtime: python3.12}}\nfunctions:\n  fetch-all_x: {{handler: a.h}}\nstepFunctions:\n  stateMachines:\n    m:\n      definition:\n        StartAt: A\n        States:\n          A:\n            Type: Task\n            Resource: {resource}\n            End: true\n"
        );
        assert_eq!(called(&compiled(&[("serverless.yml", &service)])), [("s-default-fetch-all_x", false)], "{resource}");
    }
}

/// A call inside a piece that is not translated is a call.
#[test]
fn a_function_of_an_untranslated_piece_has_a_caller() {
    let service = r#"
service: s
provider: {name: aws, runtime: python3.12}
functions:
  inside: {handler: a.h}
  behind: {handler: a.h}
  alone: {handler: a.h}
stepFunctions:
  stateMachines:
    m:
      definition:
        StartAt: E
        States:
          E: {Type: Task, Resource: "arn:aws:states:::elasticmapreduce:addStep.sync", Next: M}
          M: {Type: Map, Iterator: {StartAt: A, States: {A: {Type: Task, Resource: {"Fn::GetAtt": [inside, Arn]}, End: true}}}, Next: B}
          B: {Type: Task, Resource: {"Fn::GetAtt": [behind, Arn]}, End: true}
"#;
    let compilation = compiled(&[("serverless.yml", service)]);
    let names = |code: &str| said(&compilation, code).iter().filter_map(|m| m.split('`').nth(1).map(str::to_owned)).collect::<Vec<_>>();
    assert_eq!(names("LNK112"), ["s-default-behind", "s-default-inside"]);
    assert_eq!(names("LNK102"), ["s-default-alone"]);
    let why = |key: &str| {
        let value = compilation.ledger.iter().find(|v| v.pointer == format!("/functions/{key}/handler")).unwrap();
        (value.disposition, value.rule.as_str())
    };
    assert_eq!(why("inside"), (Disposition::Ignored, "LNK112"));
    assert_eq!(why("alone"), (Disposition::Ignored, "LNK102"));
}

/// A service integration is there; it is not translated.
#[test]
fn a_service_integration_is_not_broken() {
    let machine = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::sns:publish","Next":"B"},"B":{"Type":"Task","Resource":"${What}","End":true}}}"#;
    let compilation = compiled(&[("m.asl.json", machine)]);
    let links: Vec<_> = compilation.links.iter().map(|l| (l.kind, l.to.as_str(), l.broken)).collect();
    assert_eq!(links, [("service", "sns:publish", false), ("resource", "${What}", true)]);
}

/// `REGION` is beside the stages, not one of them, because the address goes on below what it picks.
#[test]
fn a_plain_value_beside_the_maps_of_the_stages_is_no_stage() {
    let service = |address: &str| {
        format!(
            "service: s\nprovider: {{name: aws, runtime: python3.12, environment: {{S: \"${{file(./e.yml):{address}}}\"}}}}\nfunctions: {{f: {{handler: a.h}}}}\nstepFunctions: {{stateMachines: {{m: {{definition: {{StartAt: A, States: {{A: {{Type: Wait, Seconds: 1, End: true}}}}}}}}}}}}\n"
        )
    };
    let stages = |service: &str, values: &str| {
        let compilation = compiled(&[("serverless.yml", service), ("e.yml", values)]);
        compilation.stages.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let mut deeper = stages(&service("${opt:stage}.STAGE"), "prd: {STAGE: prd}\npet: ${self:custom.x}\nREGION: us-east-1\n");
    deeper.sort();
    assert_eq!(deeper, ["pet", "prd"]);
    let mut ends = stages(&service("${opt:stage}"), "prd: a\npet: b\n");
    ends.sort();
    assert_eq!(ends, ["pet", "prd"]);
}

#[test]
fn a_key_twice_in_an_object_of_terraform_is_a_warning() {
    let module = format!("{FUNCTION}locals {{\n  o = {{\n    a = 1\n    a = 2\n  }}\n}}\n");
    let compilation = compiled(&[("main.tf", &module)]);
    let found: Vec<_> = compilation.diagnostics.iter().filter(|d| d.rule.code == "SRC003").map(|d| d.severity).collect();
    assert_eq!(found, [Severity::Warning]);
    let ledger: Vec<_> = compilation.ledger.iter().filter(|v| v.pointer == "/locals/o/a").map(|v| v.rule.as_str()).collect();
    assert_eq!(ledger[0], "SRC003");
}

/// Fields of a cluster that are not known, or null, and classifications in a template of another file.
#[test]
fn values_of_a_cluster_that_lead_nowhere_have_a_reason() {
    let module = r#"
variable "rel" {}
variable "memory" { default = "4g" }
variable "none" { default = null }
resource "aws_emr_cluster" "c" {
  release_label       = var.rel
  configurations_json = templatefile("${path.module}/c.json.tpl", { Memory = var.memory, Open = var.rel })
}
resource "aws_emr_cluster" "d" {
  release_label  = try(coalesce(var.none, data.aws_emr_release_labels.x.release_labels), "")
  configurations = var.none
}
"#;
    let template = "[{\"Classification\": \"spark-defaults\", \"Properties\": {\"spark.executor.memory\": \"${Memory}\", \"spark.x\": \"${Open}\", \"spark.y\": \"z\"}}]";
    let compilation = compiled(&[("main.tf", module), ("c.json.tpl", template)]);
    assert!(codes(&compilation).contains(&"TF101"));
}

#[test]
fn an_empty_definition_is_a_question_about_its_variable() {
    let module = "variable \"definition\" { default = \"\" }\nresource \"aws_sfn_state_machine\" \"m\" {\n  name = \"m\"\n  definition = var.definition\n}\nresource \"aws_sfn_state_machine\" \"n\" {\n  name = \"n\"\n  definition = jsonencode({StartAt=\"A\",States={A={Type=\"Succeed\"}}})\n}\n";
    let compilation = compiled(&[("main.tf", module)]);
    assert_eq!(support::severities(&compilation, Severity::Error), 0);
    let question = compilation.diagnostics.iter().find(|d| d.rule.code == "TF113").unwrap();
    assert_eq!((question.severity, compilation.files.text(question.span.unwrap())), (Severity::Question, "\"definition\""));
}

/// Variables that a definition's values came through, some of them with no file behind them.
#[test]
fn variables_of_a_definition_are_accounted_for() {
    let service = r"
service: s
custom:
  names: ${file(./gone.json)}
  first: ${self:custom.names.first}
provider: {name: aws, runtime: python3.12}
stepFunctions:
  stateMachines:
    m:
      definition:
        Comment:
        StartAt: A
        States:
          A:
            Type: Task
            Resource: arn:aws:lambda:eu-west-1:1:function:${self:custom.first}
            End: true
";
    let compilation = compiled(&[("serverless.yml", service)]);
    assert_eq!(support::severities(&compilation, Severity::Error), 0);
    assert_eq!(said(&compilation, "ASL105"), ["`Comment` is null, but must be a string"]);
}

/// `$sum` of a machine that assigns a variable `sum` is the variable: no expression may take it for the function.
#[test]
fn a_variable_that_hides_a_function_is_left_to_the_pod() {
    let machine = |variable: &str| {
        format!(
            r#"{{"QueryLanguage":"JSONata","StartAt":"A","States":{{"A":{{"Type":"Pass","Assign":{{"{variable}":1}},"Next":"B"}},
               "B":{{"Type":"Pass","Output":{{"n":"{{% $sum($states.input.list) %}}"}},"Next":"C"}},"C":{{"Type":"Choice","Choices":[{{"Condition":"{{% $states.input.n > 1 %}}","Next":"D"}}],"Default":"D"}},"D":{{"Type":"Succeed"}}}}}}"#
        )
    };
    let guarded = |variable: &str| support::tree(&compiled(&[("m.asl.json", &machine(variable))])).matches("when: '{{=not (").count();
    assert!(guarded("total") > 0);
    assert_eq!(guarded("sum"), 0);
}
