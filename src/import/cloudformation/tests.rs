use super::template::Template;
use super::{Definition, import, wanted};
use crate::source::files::SourceFile;
use crate::source::node::Node;
use crate::source::sink::Sink;
use crate::source::span::FileId;

fn parsed(text: &str) -> Node {
    let mut sink = Sink::default();
    let node = crate::source::yaml::parse(text, FileId(0), &mut sink).into_iter().next().expect("a document");
    assert!(sink.diagnostics.is_empty(), "{:?}", sink.diagnostics);
    node
}

/// Values of `V` in a template with a few things to refer to.
fn shown(value: &str) -> String {
    let text = format!(
        "Parameters:\n  P: {{Type: String, Default: p}}\n  Q: {{Type: String}}\n  S: {{Type: String, Default: hush, NoEcho: true}}\n  K: {{Type: 'AWS::SSM::Parameter::Value<String>', Default: /key}}\n  E: {{Type: String, Default: ''}}\n\
         Mappings:\n  M: {{a: {{b: mapped}}}}\n\
         Resources:\n  T: {{Type: 'AWS::DynamoDB::Table', Properties: {{TableName: !Sub '${{P}}-table'}}}}\n  U: {{Type: 'AWS::DynamoDB::Table'}}\n  L: {{Type: 'AWS::DynamoDB::Table', Properties: {{TableName: !Ref L}}}}\n\
         V: {value}\n"
    );
    let root = parsed(&text);
    let template = Template::new(&root);
    template.value(root.get("V").expect("V")).display()
}

#[test]
fn functions_give_what_the_template_tells() {
    for (value, text) in [
        ("!Ref P", "p"),
        ("{Ref: P}", "p"),
        ("!Sub 'a/${P}/${!kept}'", "a/p/${kept}"),
        ("!Sub ['${A}-${P}', {A: !Ref P}]", "p-p"),
        ("{'Fn::Join': ['-', [a, !Ref P, 3]]}", "a-p-3"),
        ("!Select [1, [a, !Ref P]]", "p"),
        ("!FindInMap [M, a, b]", "mapped"),
        ("!Ref T", "p-table"),
        ("{a: [!Ref P, true]}", "{a: [p, true]}"),
    ] {
        assert_eq!(shown(value), text, "{value}");
    }
}

#[test]
fn what_only_the_deployment_knows_stays_a_symbol() {
    for (value, text) in [
        ("!Ref Q", "${Q}"),
        ("!Ref S", "${S}"),
        ("!Ref K", "${K}"),
        ("!Ref E", "${E}"),
        ("!Ref U", "${U}"),
        ("!Ref L", "${L}"),
        ("!GetAtt T.Arn", "${T.Arn}"),
        ("!GetAtt [T, Arn]", "${T.Arn}"),
        ("!Sub 'arn:${AWS::Partition}:x:${T.Arn}'", "arn:${AWS::Partition}:x:${T.Arn}"),
        ("!ImportValue x", "${Fn::ImportValue x}"),
        ("!If [A, b, c]", "${Fn::If A b c}"),
        ("!FindInMap [M, a, c]", "${Fn::FindInMap M a c}"),
        ("!Select [7, [a]]", "${Fn::Select 7 [a]}"),
    ] {
        assert_eq!(shown(value), text, "{value}");
    }
}

fn machine(properties: &str) -> (String, Vec<String>) {
    let text = format!(
        "Resources:\n  F: {{Type: 'AWS::Serverless::Function', Properties: {{Handler: a.b}}}}\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n{properties}\n"
    );
    let root = parsed(&text);
    assert!(wanted(&root));
    let file = SourceFile::new("stacks/t.yaml", text.as_str());
    let mut sink = Sink::default();
    let imported = import(&root, &file, &mut sink);
    let found = imported.machines.first().map_or_else(
        || "none".to_owned(),
        |machine| match &machine.definition {
            Definition::File(path) => format!("file {}", path.value),
            Definition::Inline(node) => format!("inline {}", node.get("StartAt").and_then(Node::scalar_text).unwrap_or_default()),
            Definition::Built(node, _) => format!("built {}", node.get("StartAt").and_then(Node::scalar_text).unwrap_or_default()),
            Definition::Missing => "missing".to_owned(),
        },
    );
    (found, sink.diagnostics.iter().map(|one| one.rule.code.to_owned()).collect())
}

#[test]
fn definitions_are_found_however_they_are_written() {
    let json = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"${F.Arn}","End":true}}}"#;
    for (properties, found) in [
        ("      DefinitionUri: m.asl.json".to_owned(), "file stacks/m.asl.json"),
        ("      DefinitionUri: ../m.asl.json".to_owned(), "file m.asl.json"),
        (format!("      DefinitionString: '{json}'"), "inline A"),
        (format!("      DefinitionString: !Sub '{json}'"), "inline A"),
        (format!("      DefinitionString: {{'Fn::Sub': ['{json}', {{x: y}}]}}"), "built A"),
        (
            r#"      DefinitionString: {'Fn::Join': ['', ['{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"', !GetAtt F.Arn, '","End":true}}}']]}"#.to_owned(),
            "built A",
        ),
        ("      Definition: {StartAt: A, States: {A: {Type: Succeed}}}".to_owned(), "inline A"),
    ] {
        assert_eq!(machine(&properties), (found.to_owned(), Vec::new()), "{properties}");
    }
}

#[test]
fn a_definition_that_is_not_there_is_refused() {
    for properties in [
        "      DefinitionUri: {Bucket: b, Key: k}",
        "      DefinitionUri: /absolute.json",
        "      DefinitionS3Location: {Bucket: b, Key: k}",
        "      DefinitionString: !ImportValue elsewhere",
        "      StateMachineName: alone",
    ] {
        assert_eq!(machine(properties), ("none".to_owned(), vec!["CFN107".to_owned()]), "{properties}");
    }
    let (found, codes) = machine("      DefinitionString: '{\"StartAt\": '");
    assert_eq!(found, "none");
    assert!(codes.contains(&"CFN107".to_owned()) && codes.contains(&"SRC002".to_owned()), "{codes:?}");
}

#[test]
fn a_template_without_machines_is_not_read() {
    assert!(!wanted(&parsed("Resources:\n  B: {Type: 'AWS::S3::Bucket'}\n")));
    assert!(wanted(&parsed("Resources:\n  F: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: f}}\n")));
    assert!(!wanted(&parsed("Resources:\n  F: {Type: 'AWS::Lambda::Function'}\n")));
}
