use super::*;
use crate::ir::function::Function;
use crate::ir::trigger::{Target, Trigger, TriggerKind};
use crate::ir::value::{Symbol, SymbolKind, Val, Value};
use crate::source::files::{Files, SourceFile};
use crate::source::node::Node;
use crate::source::rules::serverless as rules;
use crate::source::sink::{Disposition, Sink};
use crate::source::span::Span;
use crate::source::{json, yaml};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Files of a test, the first of them the Serverless file.
struct Sources {
    files: Files,
    documents: BTreeMap<String, Node>,
    path: String,
}

impl Sources {
    fn new(texts: &[(&str, &str)]) -> Self {
        let (mut files, mut documents, mut sink) = (Files::default(), BTreeMap::new(), Sink::default());
        for (path, text) in texts {
            let id = files.add(SourceFile::new(*path, *text));
            let node = match path.rsplit_once('.') {
                Some((_, "json")) => json::parse(text, id, &mut sink),
                _ => yaml::parse(text, id, &mut sink).into_iter().next(),
            };
            documents.insert((*path).to_owned(), node.unwrap_or_else(|| panic!("{path}: {:?}", sink.diagnostics)));
        }
        Self { files, documents, path: texts[0].0.to_owned() }
    }

    fn one(text: &str) -> Self {
        Self::new(&[("svc/serverless.yml", text)])
    }

    fn import(&self, stage: &str) -> (Service<'_>, Sink) {
        let mut sink = Sink::default();
        let service = import(&self.documents[&self.path], &self.path, stage, &self.documents, &mut sink);
        (service, sink)
    }

    fn stages(&self) -> Vec<String> {
        stages(&self.documents[&self.path], &self.path, &self.documents).into_iter().map(|stage| stage.value).collect()
    }

    /// The texts at the origins of a value.
    fn texts(&self, value: &Val) -> Vec<&str> {
        value.origins.iter().map(|span| self.files.text(span)).collect()
    }

    fn said(&self, sink: &Sink) -> Vec<(&'static str, String)> {
        sink.diagnostics.iter().map(|d| (d.rule.code, d.span.map_or("", |span| self.files.text(span)).to_owned())).collect()
    }

    /// The one mark over a text, as disposition, code and note.
    fn mark_of<'s>(&self, sink: &'s Sink, text: &str) -> (Disposition, &'static str, &'s str) {
        let marks: Vec<_> = sink.marks.iter().filter(|mark| self.files.text(mark.span).contains(text)).collect();
        let mark = marks.first().unwrap_or_else(|| panic!("no mark over {text}"));
        (mark.disposition, mark.rule.code, &mark.note)
    }

    /// The scalars that reached no IR value, no plumbing and no mark.
    fn unaccounted(&self, stage: &str) -> Vec<String> {
        let (service, sink) = self.import(stage);
        let mut known: BTreeSet<Span> = BTreeSet::new();
        service.functions.iter().for_each(|function| of_function(function, &mut known));
        service.triggers.iter().for_each(|trigger| of_trigger(trigger, &mut known));
        for machine in &service.machines {
            for value in [&machine.id, &machine.name, &machine.machine_type].into_iter().flatten() {
                known.extend(value.all_origins().iter());
            }
            known.extend(machine.tree().iter().flat_map(|tree| tree.scalars()).map(|scalar| scalar.span));
            known.extend(machine.shaped.iter().flat_map(|(_, origins)| origins.iter()));
            match &machine.definition {
                DefinitionSource::Text(value) => known.extend(value.all_origins().iter()),
                DefinitionSource::File { reference, .. } => known.extend(reference.iter()),
                _ => {}
            }
            machine.triggers.iter().for_each(|trigger| of_trigger(trigger, &mut known));
        }
        let claimed = service.documents.iter().chain([&self.path]).collect::<BTreeSet<_>>();
        let mut out = Vec::new();
        for path in claimed {
            for scalar in self.documents[path].scalars() {
                let marked = sink.marks.iter().any(|mark| mark.span.contains(scalar.span));
                if !marked && !known.contains(&scalar.span) {
                    out.push(format!("{path}{} = {}", scalar.pointer, scalar.value));
                }
            }
        }
        assert!(sink.marks.iter().all(|mark| !mark.note.is_empty()), "a mark without a reason");
        out
    }
}

fn of_function(function: &Function, known: &mut BTreeSet<Span>) {
    for text in [&function.name, &function.service, &function.runtime, &function.handler].into_iter().flatten() {
        known.extend(text.origins.iter());
    }
    known.extend(function.logical.origins.iter());
    known.extend(function.plumbing.iter().copied());
    known.extend(function.environment.iter().flat_map(|(_, value)| value.all_origins().iter().collect::<Vec<_>>()));
}

fn of_trigger(trigger: &Trigger, known: &mut BTreeSet<Span>) {
    known.extend(trigger.origins.iter());
    known.extend([&trigger.input, &trigger.enabled].into_iter().flatten().flat_map(|v| v.all_origins().iter().collect::<Vec<_>>()));
}

fn env<'f>(function: &'f Function, key: &str) -> &'f Val {
    function.environment.iter().find(|(k, _)| k.value == key).map_or_else(|| panic!("no {key}"), |(_, value)| value)
}

fn text(value: &Val) -> String {
    value.literal().unwrap_or_else(|| panic!("{value:?}"))
}

const SMALL: &str = "
service: orders
provider:
  name: aws
  runtime: python3.9
  stage: ${opt:stage, self:custom.fallback}
  memorySize: 128
  environment: {SHARED: all, OWN: provider, GONE: x}
custom:
  fallback: test
  lake: {test: s3://lake-test, prod: s3://lake-prod}
  cores: {test: 1, prod: 4}
functions:
  load-data:
    handler: src/load.handler
    environment:
      LAKE: ${self:custom.lake.${self:provider.stage}}/in
      CORES: ${self:custom.cores.${opt:stage, self:provider.stage}}
      OWN: function
      GONE: null
";

#[test]
fn values_carry_every_place_that_shaped_them() {
    let sources = Sources::one(SMALL);
    let (service, sink) = sources.import("prod");
    assert!(sink.diagnostics.is_empty(), "{:?}", sources.said(&sink));
    let function = &service.functions[0];
    let lake = env(function, "LAKE");
    assert_eq!(text(lake), "s3://lake-prod/in");
    assert_eq!(
        sources.texts(lake),
        ["${opt:stage, self:custom.fallback}", "s3://lake-prod", "${self:custom.lake.${self:provider.stage}}/in"]
    );
    // A whole value keeps its type.
    assert_eq!(env(function, "CORES").value, Value::Number("4".into()));
    assert_eq!(text(env(function, "OWN")), "function");
    assert_eq!(text(env(function, "SHARED")), "all");
    assert!(function.environment.iter().all(|(key, _)| key.value != "GONE"));
    assert_eq!(function.handler.as_ref().map(|h| h.value.as_str()), Some("src/load.handler"));
    assert_eq!(function.folder, "svc");

    let name = function.name.as_ref().expect("a name");
    assert_eq!(name.value, "orders-prod-load-data");
    let places: Vec<&str> = name.origins.iter().map(|span| sources.files.text(span)).collect();
    assert_eq!(places, ["orders", "${opt:stage, self:custom.fallback}", "load-data"]);
    assert!(function.plumbing.iter().any(|span| sources.files.text(*span) == "128"));
}

#[test]
fn other_stages_and_leftovers_are_told_apart() {
    let sources = Sources::one(&format!("{SMALL}  # end\n").replace("  fallback: test", "  fallback: test\n  unused: {deep: [left over]}"));
    let (_, sink) = sources.import("prod");
    assert_eq!(sources.mark_of(&sink, "s3://lake-test"), (Disposition::Ignored, "SLS107", "belongs to stage `test`"));
    assert_eq!(
        sources.mark_of(&sink, "left over"),
        (Disposition::Ignored, "SLS108", "no function or state machine of this stage reads it")
    );
    // The default of a stage that is not compiled is not read.
    assert_eq!(sources.mark_of(&sink, "provider"), (Disposition::Ignored, "SLS118", "the function `load-data` sets its own `OWN`"));
    assert_eq!(sources.unaccounted("prod"), Vec::<String>::new());
    assert_eq!(sources.unaccounted("test"), Vec::<String>::new());
    assert_eq!(sources.unaccounted("no-such-stage"), Vec::<String>::new());
}

#[test]
fn stages_in_order_of_appearance() {
    assert_eq!(Sources::one(SMALL).stages(), ["test", "prod"]);
    let of = |text: &str| Sources::one(text).stages();
    assert_eq!(of("service: a\nprovider: {name: aws, stage: blue}\n"), ["blue"]);
    assert_eq!(of("service: a\nprovider: {name: aws, stage: \"${opt:stage, 'green'}\"}\n"), ["green"]);
    // Nothing speaks of a stage; a map that is not indexed by it says nothing.
    assert_eq!(
        of("service: a-${sls:stage}\nprovider: {name: aws}\ncustom: {x: {dev: 1, prod: 2}, y: '${self:custom.x.dev}'}\n"),
        Vec::<String>::new()
    );
    // A fallback beside the stage is no stage; a key around the stage is peeled.
    let fallback = "
service: a
provider: {name: aws, stage: \"${opt:stage}\"}
custom:
  x: {one: 1, default: 2}
  y: {two-eu: 1, two-us: 2, three-eu: 3}
  stages: [four, '${opt:other}']
params: {default: {p: 1}, five: {p: 2}}
functions:
  f:
    handler: h
    environment:
      A: ${self:custom.x.${self:provider.stage}, self:custom.x.default}
      B: ${self:custom.y.${sls:stage}-eu}
";
    assert_eq!(of(fallback), ["one", "two", "three", "four", "five"]);
    // `provider.stage` decides before the literal after it.
    assert_eq!(
        of("service: a\nprovider: {name: aws, stage: live}\ncustom: {s: \"${opt:stage, self:provider.stage, 'never'}\"}\n"),
        ["live"]
    );
    // A map in another file, and files named for the stage.
    let files = Sources::new(&[
        (
            "a/serverless.yml",
            "service: a\nprovider: {name: aws}\ncustom: {c: '${file(../conf/${opt:stage}.yml):k}', d: '${file(map.json):x.${opt:stage}}'}\n",
        ),
        ("a/map.json", r#"{"x": {"uat": 1}}"#),
        ("conf/qa.yml", "k: 1"),
        ("conf/deep.x.yml", "k: 1"),
    ]);
    assert_eq!(files.stages(), ["qa", "uat"]);
}

#[test]
fn sources_of_variables() {
    let sources = Sources::new(&[
        (
            "svc/serverless.yml",
            "
service: {name: s}
provider: {name: aws, region: eu-west-1}
params: {default: {level: info, size: small}, prod: {level: error}}
custom:
  map: {a: {b: [10, 20]}}
  list: ${self:custom.map.a.b}
  name: conf
  nothing: null
functions:
  f:
    handler: h
    environment:
      LIST: ${self:custom.list.1}
      CONF: ${file(./${self:custom.name}.json):deep.list.0}
      UP: ${file(../top.yml):v}
      FALL: ${opt:nope, self:custom.nope, file(./none.yml):x, self:custom.nothing, 'last, really'}
      NUMBER: ${opt:nope, 7}
      BOOL: ${opt:nope, true}
      INNER: ${opt:nope, ${self:custom.name}}
      QUOTED: ${opt:nope, '${self:custom.name}-x'}
      LEVEL: ${param:level}-${param:size}
      ENV: ${env:HOME_OF_X}
      ENVD: ${env:OTHER, 'fallback'}
      OPT: ${opt:color}
      SSM: ${ssm:/path/to~true}
      CF: x-${cf(eu-west-1):stack.Out}
      ACCOUNT: arn:${aws:accountId}:${AWS::Region}
      STAGE: ${self:provider.stage}/${sls:stage}/${opt:stage}
      SERVICE: ${self:service}
      FLAG: ${strToBool(${opt:nope, 'false'})}
      JS: ${file(./x.js):y}
      ESCAPED: \\${self:x}
      REF: !Ref Table
      SUB: !Sub '${Bucket}-${self:custom.name}-${AWS::AccountId}-${!literal}'
      JOIN: {'Fn::Join': [':', [a, {Ref: B}, c]]}
      ATT: {'Fn::GetAtt': [Queue, Arn]}
",
        ),
        ("svc/conf.json", r#"{"deep": {"list": ["found"]}}"#),
        ("top.yml", "v: above-${self:custom.name}\n"),
    ]);
    let (service, sink) = sources.import("prod");
    let function = &service.functions[0];
    for (key, expected) in [
        ("LIST", "20"),
        ("CONF", "found"),
        ("UP", "above-conf"),
        ("FALL", "last, really"),
        ("NUMBER", "7"),
        ("BOOL", "true"),
        ("INNER", "conf"),
        ("QUOTED", "conf-x"),
        ("LEVEL", "error-small"),
        ("ENVD", "fallback"),
        ("STAGE", "prod/prod/prod"),
        ("SERVICE", "s"),
        ("FLAG", "false"),
        ("ESCAPED", "${self:x}"),
    ] {
        assert_eq!(text(env(function, key)), expected, "{key}");
    }
    for (key, shown) in [
        ("ENV", "${HOME_OF_X}"),
        ("OPT", "${opt:color}"),
        ("SSM", "${ssm:/path/to~true}"),
        ("CF", "x-${cf(eu-west-1):stack.Out}"),
        ("ACCOUNT", "arn:${aws:accountId}:${AWS::Region}"),
        ("REF", "${Table}"),
        ("SUB", "${Bucket}-conf-${AWS::AccountId}-${literal}"),
        ("JOIN", "a:${B}:c"),
        ("ATT", "${Queue.Arn}"),
    ] {
        assert_eq!(env(function, key).display(), shown, "{key}");
    }
    assert!(matches!(&env(function, "ENV").value, Value::Symbol(Symbol { kind: SymbolKind::Env, .. })));
    assert!(matches!(&env(function, "JS").value, Value::Unknown(unknown) if unknown.why.contains("x.js")));
    let said = sources.said(&sink);
    assert_eq!(said.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["SLS106", "SLS104"], "{said:?}");
    let list = env(function, "LIST");
    assert_eq!(sources.texts(list), ["20", "${self:custom.map.a.b}", "${self:custom.list.1}"]);
    assert_eq!(service.documents, ["svc/conf.json", "top.yml"]);
    assert_eq!(sources.unaccounted("prod"), Vec::<String>::new());
}

#[test]
fn undefined_variables_say_where_and_what_was_meant() {
    let sources = Sources::one(
        "
service: s
provider: {name: aws, stage: \"${opt:stage, 'dev'}\"}
custom: {endpoint: {dev: x}, scalar: 3}
functions:
  f:
    handler: h
    environment:
      A: ${self:custom.endpiont.dev}
      B: ${self:custom.endpoint.${self:provider.stage}}
      C: ${self:custom.scalar.deep}
      D: ${file(none.yml):x}
      E: ${opt:x, dev}
      F: ${self:custom.endpoint
      G: a${self:custom.endpoint}b
      H: ${slef:custom.endpoint}
      I: ${HOME:-/root}
",
    );
    let (service, sink) = sources.import("prod");
    let by = |key: &str| {
        let span = env(&service.functions[0], key).origins.iter().last();
        sink.diagnostics.iter().find(|d| d.span == span).unwrap_or_else(|| panic!("{key}: {:?}", sources.said(&sink)))
    };
    assert_eq!(by("A").help.as_deref(), Some("did you mean `endpoint`?"));
    assert_eq!(by("B").message, "`custom.endpoint` has no value for stage `prod`");
    assert_eq!(by("C").message, "`custom.scalar` is a number, so it has no `deep`");
    assert!(by("D").message.contains("svc/none.yml"));
    assert_eq!(by("E").rule.code, "SLS104");
    assert_eq!(by("F").rule.code, "SLS103");
    assert_eq!(by("G").rule.code, "SLS117");
    assert_eq!(by("H").help.as_deref(), Some("did you mean `self`?"));
    assert!(by("I").message.contains("`HOME` is not a source"));
    for key in ["A", "B", "C", "D", "G"] {
        assert!(matches!(env(&service.functions[0], key).value, Value::Unknown(_)), "{key}");
    }
}

#[test]
fn circles_and_bombs_end() {
    let circle = Sources::one(
        "
service: s
provider: {name: aws}
custom: {a: '${self:custom.b}', b: 'x${self:custom.a}', all: '${self:}', sub: {'Fn::Sub': '${self:custom.sub}'}}
functions: {f: {handler: h, environment: {A: '${self:custom.a}', ALL: '${self:custom.all}', SUB: '${self:custom.sub}'}}}
",
    );
    let (service, sink) = circle.import("dev");
    assert!(matches!(env(&service.functions[0], "A").value, Value::Unknown(_)));
    assert!(sink.diagnostics.iter().any(|d| d.rule.code == "SLS102" && !d.related.is_empty()));
    assert_eq!(circle.unaccounted("dev"), Vec::<String>::new());

    let mut bomb = String::from("service: s\nprovider: {name: aws}\ncustom:\n  v0: aaaaaaaaaa\n");
    for level in 1..40 {
        let _ = write!(
            bomb,
            "  v{level}: ${{self:custom.v{0}}}${{self:custom.v{0}}}\n  l{level}: [\"${{self:custom.l{0}}}\", \"${{self:custom.l{0}}}\"]\n",
            level - 1
        );
    }
    bomb.push_str("  l0: [x]\nfunctions: {f: {handler: h, environment: {A: '${self:custom.v39}', B: '${self:custom.l39}'}}}\n");
    let (_, sink) = Sources::one(&bomb).import("dev");
    assert!(sink.diagnostics.iter().any(|d| d.rule.code == "SLS102"));

    // A long chain, and a deep nesting in one text, on a small stack.
    let mut chain = String::from("service: s\nprovider: {name: aws}\ncustom:\n  v0: x\n");
    for level in 1..500 {
        let _ = writeln!(chain, "  v{level}: ${{self:custom.v{}}}", level - 1);
    }
    let nested = format!("{}x{}", "${self:custom.".repeat(200), "}".repeat(200));
    let _ = writeln!(chain, "functions: {{f: {{handler: h, environment: {{A: '${{self:custom.v499}}', B: '{nested}'}}}}}}");
    let (_, sink) = Sources::one(&chain).import("dev");
    assert!(sink.diagnostics.iter().any(|d| d.rule.code == "SLS102"));
}

#[test]
fn schedules_and_other_events() {
    let sources = Sources::one(
        "
service: s
provider: {name: aws}
custom: {often: rate(5 minutes), rates: ['cron(0 1 * * ? *)', rate(1 hour)], on: true}
functions:
  f:
    handler: h
    events:
      - schedule: ${self:custom.often}
      - schedule: {rate: '${self:custom.rates}', enabled: '${self:custom.on}', input: {a: 1}, name: n, description: d}
      - schedule: {rate: rate(1 day), timezone: Europe/Paris, inputPath: $.x, colour: red}
      - http: GET things/{id}
      - http: {path: /p, method: post, cors: true}
      - httpApi: '*'
      - sqs: arn:aws:sqs:eu-west-1:1:q
      - s3: {bucket: b, event: 's3:ObjectCreated:*'}
      - eventBridge: {schedule: rate(2 hours), input: {b: 2}}
      - eventBridge: {pattern: {source: [x]}, inputTransformer: {inputTemplate: t}}
      - alexaSkill
      - stream: {arn: {'Fn::GetAtt': [T, StreamArn]}, batchSize: 5}
",
    );
    let (service, sink) = sources.import("dev");
    let shown: Vec<String> = service
        .triggers
        .iter()
        .map(|trigger| match &trigger.kind {
            TriggerKind::Schedule(rate) => format!("schedule {}", rate.display()),
            TriggerKind::Http { method, path } => format!("http {} {}", method.display(), path.display()),
            TriggerKind::Event(name) => name.clone(),
            TriggerKind::Command { .. } => panic!("a command"),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "schedule rate(5 minutes)",
            "schedule cron(0 1 * * ? *)",
            "schedule rate(1 hour)",
            "schedule rate(1 day)",
            "http GET things/{id}",
            "http post /p",
            "http * *",
            "sqs",
            "s3",
            "schedule rate(2 hours)",
            "eventBridge",
            "alexaSkill",
            "stream",
        ]
    );
    assert!(service.triggers.iter().all(|t| matches!(&t.target, Target::Function(name) if text(name) == "f")));
    let second = &service.triggers[1];
    assert_eq!(second.enabled.as_ref().map(|e| e.value.clone()), Some(Value::Bool(true)));
    assert_eq!(second.input.as_ref().map(Val::display).as_deref(), Some("{a: 1}"));
    let codes: Vec<&str> = sources.said(&sink).iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["SLS116", "SLS114", "SLS109", "SLS114"]);
    assert_eq!(sources.unaccounted("dev"), Vec::<String>::new());
}

#[test]
fn state_machines_keep_their_definition() {
    let sources = Sources::new(&[
        (
            "svc/serverless.yml",
            "
service: s
provider: {name: aws}
plugins: [serverless-step-functions]
custom: {table: 't-${sls:stage}', retry: [{ErrorEquals: [States.ALL]}]}
stepFunctions:
  validate: true
  stateMachines:
    inline:
      name: in-${sls:stage}
      type: STANDARD
      role: arn:aws:iam::1:role/r
      tags: {a: b}
      events: [{schedule: rate(1 day)}]
      definition:
        StartAt: A
        States:
          A: {Type: Task, Resource: {'Fn::GetAtt': [f, Arn]}, Parameters: {T: '${self:custom.table}', S: !Sub 'arn:${X}:${sls:stage}'}, Retry: '${self:custom.retry}', End: true}
    plain: {definition: {StartAt: B, States: {B: {Type: Succeed}}}}
    file: {definition: '${file(m.asl.json)}'}
    part: {definition: '${file(all.yml):machines.one}'}
    text: {definition: '{\"StartAt\": \"C\"}'}
    lost: {definition: '${file(lost.json)}'}
    none: {name: x}
  activities: [act]
resources:
  Resources:
    Raw:
      Type: AWS::StepFunctions::StateMachine
      Properties: {StateMachineName: raw, RoleArn: r, DefinitionString: '{}'}
    Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: '${self:custom.table}-q'}}
functions: {f: {handler: h}}
",
        ),
        ("svc/all.yml", "machines: {one: {StartAt: D, States: {D: {Type: Pass, Result: '${self:custom.table}', End: true}}}}\nother: unread\n"),
        ("svc/m.asl.json", r#"{"StartAt": "E", "States": {"E": {"Type": "Succeed"}}}"#),
    ]);
    let (service, sink) = sources.import("dev");
    let machine = |key: &str| service.machines.iter().find(|m| m.logical.value == key).unwrap_or_else(|| panic!("{key}"));
    let inline = machine("inline");
    assert!(matches!(inline.definition, DefinitionSource::Inline(_)));
    assert_eq!(inline.name.as_ref().map(text).as_deref(), Some("in-dev"));
    assert_eq!(inline.triggers.len(), 1);
    let state = inline.tree().and_then(|tree| tree.path(&["States", "A"])).expect("the state");
    assert_eq!(state.path(&["Parameters", "T"]).and_then(Node::str), Some("t-dev"));
    assert_eq!(state.path(&["Parameters", "S"]).and_then(Node::str), Some("arn:${X}:dev"));
    assert_eq!(state.path(&["Parameters", "S"]).and_then(|n| n.tag.as_deref()), Some("!Sub"));
    assert!(state.path(&["Resource", "Fn::GetAtt"]).is_some());
    let retried =
        state.get("Retry").and_then(Node::array).expect("a list")[0].get("ErrorEquals").and_then(Node::array).expect("a list")[0].span;
    assert_eq!(sources.files.text(retried), "States.ALL");
    let shaped = inline.shaped.iter().find(|(span, _)| *span == retried).expect("shaped by the reference");
    assert_eq!(shaped.1.iter().map(|span| sources.files.text(span)).collect::<Vec<_>>(), ["States.ALL", "'${self:custom.retry}'"]);

    assert!(machine("plain").resolved.is_none() && machine("plain").tree().is_some());
    assert!(matches!(&machine("file").definition, DefinitionSource::File { path, whole: true, .. } if path == "svc/m.asl.json"));
    assert!(matches!(&machine("part").definition, DefinitionSource::File { path, whole: false, .. } if path == "svc/all.yml"));
    assert_eq!(machine("part").tree().and_then(|t| t.path(&["States", "D", "Result"])).and_then(Node::str), Some("t-dev"));
    assert!(matches!(&machine("text").definition, DefinitionSource::Text(value) if text(value).contains("StartAt")));
    assert!(matches!(machine("lost").definition, DefinitionSource::Missing));
    assert_eq!(machine("Raw").name.as_ref().map(text).as_deref(), Some("raw"));
    assert_eq!(service.found.iter().map(|f| f.kind.as_str()).collect::<Vec<_>>(), ["Step Functions activity", "AWS::SQS::Queue"]);
    let codes: BTreeSet<&str> = sources.said(&sink).iter().map(|(code, _)| *code).collect();
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), ["SLS101", "SLS120"]);
    assert_eq!(sources.unaccounted("dev"), Vec::<String>::new());
}

/// Every kind of thing that a file may hold, so that the ledger is seen to close.
const FULL: &str = r#"
service: full
frameworkVersion: '3'
configValidationMode: error
useDotenv: true
org: acme
variablesResolutionMode: 20210326
colour: ${self:custom.paint}
provider:
  name: aws
  runtime: python3.9
  stage: ${opt:stage, 'dev'}
  region: ${opt:region, 'eu-west-1'}
  profile: p
  memorySize: 512
  timeout: 30
  stackName: st
  deploymentBucket: {name: bucket, blockPublicAccess: true}
  variableSyntax: "\\${([ ~:a-zA-Z0-9._,\\-\\/\\(\\)]+?)}"
  versionFunctions: false
  vpc: ${self:custom.vpc.${self:provider.stage}}
  tags: {team: '${self:custom.team}', empty: {}}
  iam: {role: {statements: [{Effect: Allow, Action: ['s3:*'], Resource: '*'}]}}
  apiGateway: {minimumCompressionSize: 1}
  environment: {LEVEL: info, TEAM: '${self:custom.team}', NONE: null}
  tracing: {lambda: true}
  shape: round
package: {individually: true, exclude: ['./**'], patterns: []}
plugins: [serverless-step-functions, serverless-python-requirements, serverless-secret-sauce]
layers: {common: {path: layer}}
params: {default: {size: s}, dev: {size: m}, prod: {size: l}}
custom:
  vpc:
    dev: {securityGroupIds: [sg-1], subnetIds: [subnet-1]}
    prod: {securityGroupIds: [sg-2], subnetIds: [subnet-2]}
  team: data
  paint: green
  pythonRequirements: {zip: true, list: [a, []]}
  twice: 1
  twice: 2
  stages: [dev, prod]
functions:
  - one:
      handler: src/one.handler
      name: ${self:service}-one-${param:size}
      description: does one thing
      role: arn:aws:iam::1:role/one
      memorySize: 1024
      reservedConcurrency: 2
      layers: [{Ref: CommonLambdaLayer}]
      package: {include: ['src/**']}
      onError: arn:aws:sns:eu-west-1:1:t
      destinations: {onFailure: two}
      environment: ${file(env.yml):one}
      memroySize: 3
      events:
        - schedule: {rate: [rate(1 hour)], enabled: false, inputTransformer: {inputTemplate: x}}
        - sns: {topicName: t, filterPolicy: {pet: [dog]}}
        - http: {path: a, method: get, authorizer: {name: x}}
  - ${file(functions.yml)}
stepFunctions:
  stateMachines:
    flow:
      id: Flow
      name: flow-${self:provider.stage}
      type: EXPRESS
      loggingConfig: {level: ALL}
      alarms: {topics: {ok: x}, metrics: [executionsFailed]}
      dependsOn: [x]
      events:
        - http: {path: f, method: POST, action: StartExecution}
        - cloudwatchEvent: {event: {source: [aws.s3]}, input: '{}', description: d}
      definition: {StartAt: A, States: {A: {Type: Task, Resource: {'Fn::GetAtt': [one, Arn]}, End: true}}}
      wrong: 1
  noOutput: true
  other: 2
resources:
  - Resources:
      Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: 'b-${self:custom.team}'}}
      Permission: {Type: 'AWS::Lambda::Permission', Properties: {Action: invoke}}
      Broken: [not, an, object]
  - Outputs: {X: {Value: 1}}
    extensions: {L: {Properties: {RetentionInDays: 30}}}
    Nonsense: 1
"#;

fn full() -> Sources {
    Sources::new(&[
        ("serverless.yml", FULL),
        ("env.yml", "one: {A: '1', SIZE: '${param:size}'}\nunused: 3\n"),
        ("functions.yml", "two: {image: 'x:1', url: true}\nthree: null\nfour: 4\n"),
    ])
}

#[test]
fn the_ledger_closes() {
    for stage in ["dev", "prod", "elsewhere"] {
        assert_eq!(full().unaccounted(stage), Vec::<String>::new(), "{stage}");
    }
    let sources = full();
    assert_eq!(sources.stages(), ["dev", "prod"]);
    let (service, sink) = sources.import("dev");
    let keys: Vec<&str> = service.functions.iter().map(|f| f.logical.value.as_str()).collect();
    assert_eq!(keys, ["one", "two"]);
    assert_eq!(service.functions[0].name.as_ref().map(|n| n.value.as_str()), Some("full-one-m"));
    assert_eq!(text(env(&service.functions[0], "SIZE")), "m");
    // Provider settings, through their variables, go to every function; those of the other stage do not.
    for function in &service.functions {
        let plumbing: Vec<&str> = function.plumbing.iter().map(|span| sources.files.text(*span)).collect();
        assert!(plumbing.contains(&"sg-1") && !plumbing.contains(&"sg-2"), "{plumbing:?}");
    }
    assert_eq!(sources.mark_of(&sink, "sg-2").1, rules::SLS107.code);
    assert_eq!(sources.mark_of(&sink, "serverless-secret-sauce").0, Disposition::Unsupported);
    let typo = sink.diagnostics.iter().find(|d| d.message.contains("memroySize")).expect("a diagnostic");
    assert_eq!(typo.help.as_deref(), Some("did you mean `memorySize`?"));
}

#[test]
fn other_files_are_left_alone() {
    let looks = |text: &str| looks_like(&Sources::one(text).documents["svc/serverless.yml"]);
    assert!(looks("service: a\nprovider: {name: aws}\n"));
    assert!(looks("service: {name: a}\nprovider: aws\n"));
    for text in
        ["service: a\n", "provider: {name: aws}\n", "service: [a]\nprovider: {name: aws}\n", "service: a\nprovider: {x: y}\n", "[]", "a"]
    {
        assert!(!looks(text), "{text}");
    }
    let google = Sources::one("service: a\nprovider: {name: google}\nfunctions: {f: {handler: h}}\n");
    let (service, sink) = google.import("dev");
    assert!(service.functions.is_empty());
    assert_eq!(google.said(&sink), [("SLS113", "google".to_owned())]);
    assert_eq!(google.unaccounted("dev"), Vec::<String>::new());
}

#[test]
fn wrong_shapes_are_said() {
    for part in [
        "functions: text",
        "functions: {f: text}",
        "functions: {f: null}",
        "functions: {f: {events: 3}}",
        "functions: {f: {events: [3, null, {}, []]}}",
        "functions: {f: {events: [{schedule: null}, {schedule: {}}, {http: []}, {sqs: null}]}}",
        "functions: {f: {environment: [a]}}",
        "functions: {f: {environment: {A: {}, B: [], C: {d: 1}}}}",
        "functions: '${ssm:/x}'",
        "functions: ['${file(none.yml)}', {}, []]",
        "stepFunctions: {stateMachines: [3]}",
        "stepFunctions: {stateMachines: {m: {definition: 3}}}",
        "stepFunctions: {stateMachines: {m: {definition: null}}}",
        "stepFunctions: {stateMachines: {m: {definition: []}}}",
        "stepFunctions: 1",
        "resources: x",
        "resources: {Resources: {A: {}, B: {Type: 3}, C: {Type: {}}}}",
        "plugins: {modules: [a], localPath: b}",
        "plugins: x",
        "package: []",
        "custom: x",
        "layers: {}",
    ] {
        let sources = Sources::one(&format!("service: s\nprovider: {{name: aws, environment: {{A: 1}}}}\n{part}\n"));
        assert_eq!(sources.unaccounted("dev"), Vec::<String>::new(), "{part}");
    }
}

/// Values that a place of a file is not made for.
const NASTY: [&str; 14] = [
    "null",
    "[]",
    "{}",
    "3",
    "true",
    "[a, [b, {c: d}]]",
    "{a: {b: c}}",
    "'${self:}'",
    "'${self:custom}'",
    "'${self:custom.vpc.${opt:stage}}'",
    "'${file(env.yml)}'",
    "'${env:X}'",
    "'${self:custom.nothing.at.all}'",
    "!Ref X",
];

/// The full-featured file with one scalar replaced.
fn replaced(scalar: usize, by: &str) -> Sources {
    let original = full();
    let scalars = original.documents["serverless.yml"].scalars();
    let span = scalars[scalar % scalars.len()].span;
    let text = format!("{}{by}{}", &FULL[..span.start as usize], &FULL[span.end as usize..]);
    let others = ["env.yml", "functions.yml"].map(|path| {
        let id = original.files.find(path).or_else(|| original.files.iter().find(|(_, file)| file.path == path).map(|(id, _)| id));
        original.files.get(id.expect("a file of the test")).text.to_string()
    });
    Sources::new(&[("serverless.yml", &text), ("env.yml", &others[0]), ("functions.yml", &others[1])])
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 64, ..Default::default() })]
    #[test]
    fn the_ledger_closes_over_nonsense(scalar in 0..10_000_usize, nasty in 0..NASTY.len()) {
        let sources = replaced(scalar, NASTY[nasty]);
        proptest::prop_assert_eq!(sources.unaccounted("dev"), Vec::<String>::new());
    }
}
