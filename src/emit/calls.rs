//! Tasks that are not Spark: the same call, made from a container.
//!
//! A template takes the request as JSON text, exactly what ASL would send, in its parameter `input`. It gives `result`, what
//! ASL would have as the Task's result, and when the call fails `error`: `{"Error": …, "Cause": …}` under the names that Step
//! Functions gives them. The container is the AWS command line's own, which holds `sh`, `curl` and `jq` (aws/aws-cli, pull
//! request 9600 "(v2) Add extra utilities to Docker image"); the request comes to the script by the environment and is never part of its text.
//!
//! ASL names members by the accessors of AWS SDK for Java (`TaskDefinition`, `DbInstanceIdentifier`), the API in its own way
//! (`taskDefinition`, `DBInstanceIdentifier`). Where they differ, the script asks the command line for the shape of the request
//! (`--generate-cli-skeleton`) and renames along it; members of an answer are renamed by the naming rule. Keys of maps, which are
//! the user's, stay as they are.
pub mod poll;
pub mod s3;

use super::argo_workflows::AWS_CLI_IMAGE;
use super::yaml::{Node, Writer, Yaml};
use crate::facts::calls::{Action, CallResource, Integration, Pattern, Poll, Target, Unknown};
use crate::ir::machine::Retrier;
use crate::ir::poll::Polls;
use crate::source::rules::Rule;
use crate::source::rules::call::{CAL101, CAL102, CAL103, CAL104, CAL105, CAL106, CAL107, CAL108};
use crate::source::sink::Verdict;
use crate::source::span::Origins;

/// What becomes of a call: for the report, and for what stands in its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fate {
    pub rule: &'static Rule,
    pub verdict: Verdict,
    /// A lowercase fragment.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
}

/// What becomes of a call. Refused ones have no [`container`].
#[must_use]
pub fn fate(call: &CallResource) -> Fate {
    let changed = |rule, message: String| Fate { rule, verdict: Verdict::Changed, message, help: None };
    let refused = |rule, message: String, help: &str| Fate { rule, verdict: Verdict::Refused, message, help: Some(help.to_owned()) };
    match (&call.target, call.pattern) {
        (Target::Activity(arn), _) => refused(
            &CAL107,
            format!("workers ask Step Functions for the activity `{}`, which is not there on Kubernetes", last(arn)),
            "make the worker a container and name it in `emr2k8s.yaml`",
        ),
        (Target::Optimized(Integration { impossible: Some(why), resource, .. }), _) => {
            refused(&CAL108, format!("`{resource}` cannot be called from a container: {why}"), "replace the Task in `emr2k8s.yaml`")
        }
        (Target::Sdk(action), _) if action.streams() => refused(
            &CAL108,
            format!("`{}:{}` answers with a stream of events, which is no JSON", action.service.name, action.operation),
            "replace the Task in `emr2k8s.yaml`",
        ),
        (_, Pattern::TaskToken) => Fate {
            help: Some(
                "change whoever sends the token back: in place of `SendTaskSuccess` it runs `argo node set -n NAMESPACE WORKFLOW --phase Succeeded \
                 --output-parameter result=JSON --node-field-selector inputs.parameters.token.value=TOKEN`, where TOKEN is \
                 NAMESPACE/WORKFLOW/… (`emr2k8s explain CAL106`)"
                    .to_owned(),
            ),
            ..changed(&CAL106, "a token that Step Functions takes back → the name of a suspended step of the Workflow".to_owned())
        },
        (Target::Function(_), _) => changed(&CAL102, "Step Functions invokes the function → a container invokes it".to_owned()),
        (Target::Optimized(integration), Pattern::Sync | Pattern::Sync2) => {
            changed(&CAL103, format!("Step Functions waits for `{}` → a container starts the job and polls it", integration.resource))
        }
        (Target::Optimized(integration), _) if integration.command == "curl" => {
            changed(&CAL104, format!("Step Functions calls `{}` → a container calls it", integration.resource))
        }
        (Target::Optimized(integration), _) if integration.resource == "lambda:invoke" => {
            changed(&CAL102, "Step Functions invokes the function → a container invokes it".to_owned())
        }
        (Target::Optimized(integration), _) => {
            changed(&CAL101, format!("Step Functions calls `{}` → a container calls it", integration.resource))
        }
        (Target::Sdk(action), _) => {
            changed(&CAL101, format!("Step Functions calls `{}:{}` → a container calls it", action.service.name, action.operation))
        }
    }
}

/// What to say of a `Resource` that is not understood.
#[must_use]
pub fn unknown(resource: &str, why: &Unknown) -> Fate {
    let message = match why {
        Unknown::Form => format!("`{resource}` is no resource that Step Functions calls"),
        Unknown::Pattern => format!("`{resource}` asks for a way of waiting that the integration does not have"),
        Unknown::Service { name, .. } => format!("no integration `{name}` is known"),
    };
    let help = match why {
        Unknown::Service { near: Some(near), .. } => format!("did you mean `{near}`?"),
        _ => "mend the `Resource`, or replace the Task in `emr2k8s.yaml`".to_owned(),
    };
    Fate { rule: &CAL108, verdict: Verdict::Refused, message, help: Some(help) }
}

fn last(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// What a call does, as the name of a template.
#[must_use]
pub fn purpose(call: &CallResource) -> String {
    let name = match &call.target {
        Target::Function(_) => "lambda:invoke".to_owned(),
        Target::Activity(_) => "activity".to_owned(),
        Target::Optimized(integration) => integration.resource.to_owned(),
        Target::Sdk(action) => format!("{}:{}", action.service.name, action.operation),
    };
    crate::pass::naming::label(&name, 60)
}

/// The template that makes a call, whose answer is the Task's result; of a call that waits for its token the answer is what [`token_wait`] gets. `polls`: how the
/// call is made again, and the retriers of each.
///
/// # Errors
/// When the call cannot be made from a container; see [`fate`].
pub fn container(call: &CallResource, template: &str, origins: &Origins, polls: Option<(&Polls, &[Retrier])>) -> Result<Node, Fate> {
    let fate = fate(call);
    if fate.verdict == Verdict::Refused {
        return Err(fate);
    }
    let script = Script::of(call);
    let w = Writer(fate.rule);
    let mut variables = Vec::new();
    if let Some(region) = call.region() {
        variables.push(variable(w, "AWS_REGION", w.text(region)));
    }
    if !script.errors.is_empty() {
        variables.push(variable(w, "EXCEPTIONS", w.text(&script.errors)));
    }
    let mut inputs = vec![("input", "the request, JSON text")];
    if matches!(call.target, Target::Function(_)) {
        variables.push(variable(w, "FUNCTION", w.text("{{=inputs.parameters.function}}")));
        inputs.push(("function", "name or ARN"));
    }
    let mut text = script.text;
    if let Some((polls, retry)) = polls {
        inputs[0].1 = "the first request, JSON text";
        variables.extend(poll::variables(polls, retry, w));
        let (start, call) = text.split_at(script.start);
        text = poll::script(start, call, polls, retry);
    }
    Ok(requested(w, template, &inputs, variables, text, origins))
}

/// A variable of a container.
fn variable(w: Writer, name: &str, value: Node) -> Node {
    w.flow(w.map().text("name", name).field("value", value).build())
}

/// The template of a script that takes `input` as its request, and gives `result` or `error`. `inputs`: each with what it is; `more`: variables besides.
fn requested(w: Writer, template: &str, inputs: &[(&str, &str)], more: Vec<Node>, script: String, origins: &Origins) -> Node {
    let variables = [("REQUEST", REQUEST), ("AWS_DEFAULT_OUTPUT", "json")].into_iter();
    let variables = variables.map(|(name, value)| variable(w, name, w.text(value))).chain(more);
    let body = w
        .map()
        .text("image", AWS_CLI_IMAGE)
        .field("command", w.flow(w.list(vec![w.text("sh")])))
        .field("env", w.list(variables.collect()))
        .text("source", script)
        .build();
    let inputs = inputs.iter().map(|(name, about)| w.flow(w.map().text("name", *name).build()).comment(*about));
    let outputs = w.list(vec![output(w, "result", "null"), output(w, "error", "")]);
    w.map()
        .field("name", w.text(template).from(origins))
        .field("inputs", w.map().field("parameters", w.list(inputs.collect())).build())
        .field("outputs", w.map().field("parameters", outputs).build())
        .field("script", body)
        .build()
}

/// An output of a script: what stands in the file of that name.
fn output(w: Writer, name: &str, default: &str) -> Node {
    let from = w.map().text("path", format!("/tmp/emr2k8s/{name}")).text("default", default).build();
    w.map().text("name", name).field("valueFrom", w.flow(from)).build()
}

/// The parameter as it comes to the script: JSON text in which nothing is a tag to Argo or a variable to Kubernetes.
const REQUEST: &str = r#"{{=sprig.replace("$", "\\u0024", sprig.replace("{" + "{", "{\\u007b", inputs.parameters.input))}}"#;

/// The template of a step that waits for somebody to give it its output, in place of a task token. It takes `token`, by which that somebody names it;
/// and `duration` where `deadline`. It gives `result`, JSON text, which is empty when the time is over; and `error`, `{Error, Cause}` as JSON text, where the
/// step was made to fail.
#[must_use]
pub fn token_wait(template: &str, deadline: bool, origins: &Origins) -> Node {
    let w = Writer(&CAL106);
    let input = |name: &str| w.flow(w.map().text("name", name).build());
    let mut inputs = vec![input("token")];
    let mut suspend = w.map();
    if deadline {
        inputs.push(input("duration"));
        suspend = suspend.text("duration", "{{inputs.parameters.duration}}");
    }
    let output = |name: &str| {
        let supplied = w.map().field("supplied", w.flow(w.map().build())).text("default", "").build();
        w.map().text("name", name).field("valueFrom", w.flow(supplied)).build()
    };
    let name = w.text(template).from(origins).comment("goes on when its outputs are given: emr2k8s explain CAL106");
    let suspend = if deadline { suspend.build() } else { w.flow(suspend.build()) };
    w.map()
        .field("name", name)
        .field("inputs", w.map().field("parameters", w.list(inputs)).build())
        .field("outputs", w.map().field("parameters", w.list(vec![output("result"), output("error")])).build())
        .field("suspend", suspend)
        .build()
}

/// The token of a step, as an expression of the template that calls it: namespace, workflow, and the step's place in it.
#[must_use]
pub fn token(step: &str) -> String {
    format!(r#"workflow.namespace + "/" + workflow.name + "/" + node.name + {}"#, super::expression::literal(&format!(".{step}")))
}

/// The template that starts another machine of the estate: a Workflow from its WorkflowTemplate.
///
/// It takes `input`, the request's `Input` as JSON text. It gives, when the pattern waits, `phase` and `output` of the Workflow, JSON text,
/// and `message`; else `name`. It waits well for a Workflow that fails, because the outputs of a failed `resource` template are lost: the
/// caller looks at `phase`, and raises `States.TaskFailed`. `namespace`: where it runs, if not beside its caller; no owner reference crosses
/// namespaces (Kubernetes, "Owners and Dependents").
#[must_use]
pub fn nested(workflow_template: &str, namespace: Option<&str>, pattern: Pattern, template: &str, origins: &Origins) -> Node {
    let w = Writer(&CAL105);
    let waits = matches!(pattern, Pattern::Sync | Pattern::Sync2);
    let value = Node::new(w.0, Yaml::Raw(REQUEST_TEXT.to_owned()));
    let parameter = w.map().text("name", "input").field("value", value).build();
    let spec = w
        .map()
        .field("workflowTemplateRef", w.map().text("name", workflow_template).build())
        .field("arguments", w.map().field("parameters", w.list(vec![parameter])).build())
        .build();
    let manifest = w
        .map()
        .text("apiVersion", "argoproj.io/v1alpha1")
        .text("kind", "Workflow")
        .field(
            "metadata",
            w.map()
                .text("generateName", format!("{workflow_template}-"))
                .optional("namespace", namespace.map(|namespace| w.text(namespace)))
                .build(),
        )
        .field("spec", spec)
        .build();
    let mut resource = w.map().text("action", "create");
    if waits {
        if namespace.is_none() {
            resource = resource.field("setOwnerReference", w.bool(true));
        }
        resource = resource.text("successCondition", "status.phase in (Succeeded, Failed, Error)");
    }
    let output = |name: &str, path: &str| {
        let from = w.map().text("jsonPath", path).text("default", "").build();
        w.map().text("name", name).field("valueFrom", from).build()
    };
    let mut outputs = vec![output("name", "{.metadata.name}")];
    if waits {
        outputs.push(output("phase", "{.status.phase}"));
        outputs.push(output("message", "{.status.message}"));
        outputs.push(output("output", "{.status.outputs.parameters[?(@.name==\"output\")].value}"));
    }
    w.map()
        .field("name", w.text(template).from(origins))
        .field("inputs", w.map().field("parameters", w.list(vec![w.flow(w.map().text("name", "input").build())])).build())
        .field("outputs", w.map().field("parameters", w.list(outputs)).build())
        .field("resource", resource.field("manifest", w.block(manifest)).build())
        .build()
}

/// The parameter inside a manifest: a JSON text in the JSON text, which is YAML's double quotes.
const REQUEST_TEXT: &str = r#"{{=toJson(sprig.replace("{" + "{", "{\\u007b", inputs.parameters.input))}}"#;

struct Script {
    text: String,
    /// Bytes of the text that only say what functions there are.
    start: usize,
    /// The exceptions of the service's model, for the variable `EXCEPTIONS`.
    errors: String,
}

impl Script {
    fn of(call: &CallResource) -> Self {
        match &call.target {
            Target::Function(_) => Self::function(FUNCTION, FUNCTION_RESULT),
            Target::Activity(_) => Self { text: String::new(), start: 0, errors: String::new() },
            Target::Optimized(i) if i.command == "curl" => Self::web(i),
            Target::Optimized(i) if i.resource == "lambda:invoke" => {
                Self::function(&format!("{INVOKE}{OPTIONS}{INVOKE_CALL}"), INVOKE_RESULT)
            }
            Target::Optimized(i) => Self::optimized(i, call.pattern),
            Target::Sdk(action) => Self::sdk(action),
        }
    }

    fn function(request: &str, result: &str) -> Self {
        let errors = match CallResource::parse("arn:aws:states:::lambda:invoke") {
            Ok(CallResource { target: Target::Optimized(i), .. }) => java_1(i.errors),
            _ => String::new(),
        };
        let functions = format!("{START}{}", call_function("Lambda", "AWSLambdaException", true, true));
        let start = functions.len();
        let text = format!("{functions}{request}{FUNCTION_FAILED}{result}{}", finish("lambda"));
        Self { text, start, errors }
    }

    fn optimized(i: &Integration, pattern: Pattern) -> Self {
        let mut text = format!("{START}{}", call_function(i.prefix, i.base_exception, !i.errors.is_empty(), false));
        let start = text.len();
        let poll = i.poll.filter(|_| matches!(pattern, Pattern::Sync | Pattern::Sync2));
        text.push_str(&request_lines(i.command, i.camel, i.text, i.request));
        if i.resource == "elasticmapreduce:addStep" {
            text.push_str(ADD_STEP);
        } else if i.resource == "elasticmapreduce:cancelStep" {
            text.push_str(
                "call emr cancel-steps --cluster-id \"$(jq -r .ClusterId request)\" --step-ids \"$(jq -r '.StepIds[0]' request)\"\n",
            );
        } else {
            text.push_str(&format!("call {} --cli-input-json file://request --no-paginate\n", i.command));
        }
        if !i.fault.is_empty() && (poll.is_some() || i.resource != "ecs:runTask") {
            text.push_str(&format!("fault=$(jq -r '{}' answer)\ntest -z \"$fault\" || fail \"$fault\" \"$({} answer)\"\n", i.fault, CAUSE));
        }
        match &poll {
            None => {
                text.push_str(&result_lines(i.camel.then_some(MEMBER_1), i.maps, ".", " | . + {SdkHttpMetadata: {HttpStatusCode: 200}}"));
            }
            Some(poll) => text.push_str(&poll_lines(poll, i, pattern)),
        }
        text.push_str(&finish(i.resource.split(':').next().unwrap_or_default()));
        Self { text, start, errors: java_1(i.errors) }
    }

    fn sdk(action: &Action) -> Self {
        let service = action.service.command;
        let command = format!("{service} {}", action.command());
        // Members that take JSON as text: those that the optimized integrations have, which recorded executions show here too.
        let texts = match (service, action.operation.as_str()) {
            ("stepfunctions", "StartExecution" | "StartSyncExecution") => "Input",
            ("sqs", "SendMessage") => "MessageBody",
            ("sns", "Publish") => "Message",
            ("events", "PutEvents") => "Entries[].Detail",
            ("lambda", "Invoke") => "Payload",
            ("kinesis", "PutRecord") => "Data",
            _ => action.body().unwrap_or_default(),
        };
        let mut text = format!(
            "{START}{}",
            call_function(
                action.service.prefix,
                &format!("{}Exception", action.service.prefix),
                !action.service.errors.is_empty(),
                action.document().is_some()
            )
        );
        let start = text.len();
        // The command line takes no JSON for a call whose answer is a document: its members become options, whatever their letters.
        let document = action.document();
        text.push_str(&request_lines(&command, action.renames_request() && document.is_none(), texts, ""));
        let mut options = if document.is_some() { String::new() } else { " --cli-input-json file://request --no-paginate".to_owned() };
        if action.has_binary() {
            options.push_str(" --cli-binary-format raw-in-base64-out");
        }
        if let Some(body) = action.body() {
            let option = crate::facts::calls::command_name(body);
            text.push_str(&format!("jq -j '.{body} // \"\"' request >body\njq -c 'del(.{body})' request >rest && mv rest request\n"));
            // A function's payload is a text to the command line, and a body is a file's name.
            options.push_str(&format!(" --{option} {}", if service == "lambda" { "fileb://body" } else { "body" }));
        }
        if document.is_some() {
            text.push_str(OPTIONS);
        }
        text.push_str(&format!("call {command}{options}\n"));
        if let Some(member) = document {
            text.push_str(&format!("jq -c --rawfile document document '. + {{{member}: $document}}' answer >rest && mv rest answer\n"));
        }
        text.push_str(&result_lines(action.renames_answer().then_some(MEMBER_2), action.service.maps, ".", ""));
        text.push_str(&finish(&format!("aws-sdk:{}", action.service.name)));
        Self { text, start, errors: action.service.errors.to_owned() }
    }

    fn web(i: &Integration) -> Self {
        let http = i.resource == "http:invoke";
        let mut text = format!("{START}{}", if http { call_function("States.Http", "Connection", false, false) } else { String::new() });
        let start = text.len();
        text.push_str("printf '%s' \"$REQUEST\" >request\n");
        text.push_str(WEB_REQUEST);
        text.push_str(if http { HTTP_CONNECTION } else { API_SIGNATURE });
        text.push_str(&format!(
            "status=$(curl -sS --http1.1 -K curl.conf -D headers -o document -w '%{{http_code}}' 2>problem) ||\n  fail {} \"$(cat problem)\"\n",
            if http { "States.Http.Socket" } else { "ApiGateway.SdkClientException" }
        ));
        text.push_str(&format!(
            "touch document\ntest \"$status\" -lt 400 || fail \"{}.$status\" \"$(cat document)\"\n",
            if http { "States.Http.StatusCode" } else { "ApiGateway" }
        ));
        text.push_str(WEB_RESULT);
        text.push_str(&finish(i.resource.split(':').next().unwrap_or_default()));
        Self { text, start, errors: String::new() }
    }
}

/// The names of AWS SDK for Java 1.x: an exception keeps the letters of its code (`KMSAccessDeniedException`).
fn java_1(errors: &str) -> String {
    let names: Vec<&str> = errors
        .split_ascii_whitespace()
        .map(|pair| match pair.split_once('=') {
            Some((code, _)) if code.ends_with("Exception") => code,
            _ => pair,
        })
        .collect();
    names.join(" ")
}

/// Where the script works, and how it fails. A Cause may hold 32,768 characters (AWS Step Functions API
/// Reference, `SendTaskFailure`), a termination message 4096 bytes (Kubernetes, "Determine the Reason for Pod Failure").
const START: &str = r#"mkdir -p /tmp/emr2k8s && cd /tmp/emr2k8s || exit 1
fail() {
  printf '%s' "$2" | head -c 32768 | jq -Rsc --arg Error "$1" '{$Error, Cause: .}' >error
  printf '%s: %s' "$1" "$2" | head -c 4096 >/dev/termination-log
  exit 1
}
"#;

/// A call, and the names of its failures: exceptions of the service's model by themselves, others by the base exception; what never
/// reached the service is the SDK's own; and what the command line refuses to send is `States.Runtime`, but for a missing member, which the
/// service would have refused.
fn call_function(prefix: &str, base: &str, errors: bool, options: bool) -> String {
    let name = if errors {
        format!(r#"(($ENV.EXCEPTIONS | split(" ") | map(split("=") | {{(.[0]): .[-1]}}) | add)[.code] // "{base}")"#)
    } else {
        format!("\"{base}\"")
    };
    let aws = if options { r#"xargs -0 -x aws "$@" <options"# } else { r#"aws "$@""# };
    format!(
        r#"call() {{
  {aws} >answer 2>problem || {{
    jq -Rs 'capture("An error occurred \\((?<code>[^)]*)\\) when calling the [^ ]+ operation( \\([^)]*\\))?: (?<cause>[\\s\\S]*?)\\s*$") //
      {{cause: sub("^\\s+"; "") | sub("\\s+$"; "")}}' problem >failure
    fail "$(jq -r 'if .code then "{prefix}." + {name}
      elif .cause | test("Missing required parameter") then "{prefix}.{base}"
      elif .cause | test("Parameter validation failed|Error parsing parameter|Unknown options|[Ii]nvalid type|error: ") then "States.Runtime"
      else "{prefix}.SdkClientException" end' failure)" "$(jq -r .cause failure)"
  }}
  test -s answer || echo '{{}}' >answer
}}
"#
    )
}

/// Members as AWS SDK for Java 1.x names them.
const MEMBER_1: &str = "def member: (.[:1] | ascii_upcase) + .[1:];";

/// Members as AWS SDK for Java 2.x names them: of capitals in a row only the first and the last stay.
const MEMBER_2: &str = r#"def member: if test("^[A-Z]{2}") then capture("^(?<a>.)(?<b>[A-Z]*?)(?<c>|[A-Z][a-z].*|[^A-Z].*)$") | .a + (.b | ascii_downcase) + .c
  else (.[:1] | ascii_upcase) + .[1:] end;"#;

/// From the parameter to the file `request`.
fn request_lines(command: &str, renames: bool, texts: &str, change: &str) -> String {
    let mut text = String::new();
    let mut steps = Vec::new();
    if !texts.is_empty() {
        let path = texts.replace("[]", "[]?");
        steps.push(format!("(.{path} | select(. != null and type != \"string\")) |= tojson"));
    }
    // A member that is null is one that is not set.
    steps.push("walk(if type == \"object\" then with_entries(select(.value != null)) else . end)".to_owned());
    if !change.is_empty() {
        steps.push(change.to_owned());
    }
    if renames {
        text.push_str(&format!("aws {command} --generate-cli-skeleton >shape\n"));
        steps.push("named($shape[0])".to_owned());
    }
    let (option, definition) = if renames { (" --slurpfile shape shape", NAMED) } else { ("", "") };
    text.push_str(&format!(
        "printf '%s' \"$REQUEST\" | jq -c{option} '{definition}{}' >request 2>problem || fail States.Runtime \"$(cat problem)\"\n",
        steps.join(" |\n  ")
    ));
    text
}

/// jq: the members of a value as a shape names them, whatever their letters. A map's only member in a shape is `KeyName`.
const NAMED: &str = r#"def named($shape):
  if type == "object" and ($shape | type) == "object" then
    if ($shape | keys) == ["KeyName"] then map_values(named($shape.KeyName))
    else with_entries((.key | ascii_downcase) as $key | ([$shape | keys[] | select(ascii_downcase == $key)][0] // .key) as $name |
      {key: $name, value: (.value | named($shape[$name]))}) end
  elif type == "array" and ($shape | type) == "array" then map(named($shape[0])) else . end;
"#;

/// jq: an answer with its members as ASL names them. `maps` are those that hold keys of the user.
fn pascal(member: &str, maps: &str) -> (String, &'static str) {
    let kinds: Vec<String> = maps
        .split_ascii_whitespace()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, kind)| format!("\"{name}\": \"{kind}\""))
        .collect();
    if kinds.is_empty() {
        return (member.to_owned(), "walk(if type == \"object\" then with_entries(.key |= member) else . end)");
    }
    let definition = format!(
        "{member}\n\
         def maps: {{{}}};\n\
         def pascal($kind):\n  \
         if $kind == \"d\" then .\n  \
         elif type == \"array\" then map(pascal($kind | ltrimstr(\"l\")))\n  \
         elif type != \"object\" then .\n  \
         elif $kind[:1] == \"m\" or $kind == \"?\" then map_values(pascal($kind[1:]))\n  \
         else with_entries(.key as $key | {{key: ($key | member), value: (.value | pascal(maps[$key] // \"\"))}}) end;",
        kinds.join(", ")
    );
    (definition, "pascal(\"\")")
}

/// From the file `answer` to the file `result`.
fn result_lines(member: Option<&str>, maps: &str, part: &str, addition: &str) -> String {
    let Some(member) = member else { return format!("jq -c '{part}{addition}' answer >result\n") };
    let (definition, rename) = pascal(member, maps);
    let select = if part == "." { String::new() } else { format!("{part} | ") };
    format!("jq -c '{definition}\n{select}{rename}{addition}' answer >result\n")
}

/// Polls until the job has ended, and makes its result.
fn poll_lines(poll: &Poll, i: &Integration, pattern: Pattern) -> String {
    let failure =
        if poll.failure.is_empty() { String::new() } else { format!("  {}) failed=yes; break ;;\n", poll.failure.replace(' ', " | ")) };
    let mut text = format!(
        "jq -c --slurpfile request request '$request[0] as $request | {}' answer >poll\n\
         export AWS_MAX_ATTEMPTS=10 failed=no\n\
         while call {} --cli-input-json file://poll; do\n  \
         case $(jq -r '{}' answer) in\n  {}) break ;;\n{failure}  esac\n  sleep 5\ndone\n",
        poll.request,
        poll.command,
        poll.state,
        poll.success.replace(' ', " | "),
    );
    let part = if poll.command == "stepfunctions describe-execution" {
        "del(.redriveCount, .redriveStatus, .redriveStatusReason)"
    } else {
        poll.result
    };
    let opened = if pattern == Pattern::Sync2 { OPENED } else { "" };
    text.push_str(&result_lines(i.camel.then_some(MEMBER_1), i.maps, part, opened));
    text.push_str("test $failed = no || fail States.TaskFailed \"$(cat result)\"\n");
    text
}

/// jq: input and output of an execution as JSON.
const OPENED: &str = " | (.Input, .Output | select(type == \"string\")) |= fromjson";

/// The answer as JSON text, as a Cause has it.
const CAUSE: &str = "jq -c .";

/// A result may hold 262,144 bytes (AWS Step Functions Developer Guide, "Service quotas"), and so may an output of Argo.
fn finish(kind: &str) -> String {
    format!(
        "test \"$(wc -c <result)\" -le 262144 || {{ rm result; fail States.DataLimitExceeded \\\n  \"The state/task '{kind}' returned a result with a \
         size exceeding the maximum number of bytes service limit.\"; }}\n"
    )
}

/// A function by its ARN, in the variable `FUNCTION`, takes the request as it is.
const FUNCTION: &str = r#"printf '%s' "$REQUEST" >body
printf '%s\0' "--function-name=$FUNCTION" document >options
call lambda invoke --payload fileb://body --cli-read-timeout 900
"#;

const FUNCTION_RESULT: &str = r#"if test -s document; then cat document; else echo '""'; fi >result
"#;

/// A payload that is a text is JSON already. A function may run for 15 minutes (AWS Lambda, "Quotas").
const INVOKE: &str = r#"printf '%s' "$REQUEST" | jq -j '.Payload | if . == null then empty elif type == "string" then . else tojson end' >body
printf '%s' "$REQUEST" | jq -c 'del(.Payload) | with_entries(select(.value != null))' >request 2>problem || fail States.Runtime "$(cat problem)"
"#;

const INVOKE_CALL: &str = "call lambda invoke --payload fileb://body --cli-read-timeout 900\n";

/// The members of the request as options, for `xargs`: named as botocore's `xform_name` does; and the file for the document. A request
/// cannot set an option of the command line itself, nor have it read a file.
const OPTIONS: &str = r#"jq -j 'def option: gsub("(?<a>.)(?<b>[A-Z][a-z]+)"; "\(.a)-\(.b)") | gsub("(?<a>[a-z0-9])(?<b>[A-Z])"; "\(.a)-\(.b)") | ascii_downcase;
  (to_entries[] | (.key | option) as $option | (.value | if type == "string" then . else tojson end) as $value |
    if $option | test("^(cli-.*|endpoint-url|profile|region|output|query|debug|color|ca-bundle|no-.*|version)$") then error("The field \"\(.key)\" is not supported")
    elif $value | test("^fileb?://") then error("The field \"\(.key)\" names a file")
    elif .value == true then "--\($option)" elif .value == false then "--no-\($option)" else "--\($option)=\($value)" end),
  "document" | . + "\u0000"' request >options 2>problem || fail States.Runtime "$(cat problem)"
"#;

/// The call ends well when the function fails, and says so in its answer.
const FUNCTION_FAILED: &str = r#"if jq -e 'has("FunctionError")' answer >answered; then
  name=$(jq -Rrs '(try fromjson catch null | objects | .errorType) // empty' document)
  test -n "$name" || fail Lambda.Unknown \
    "The cause could not be determined because Lambda did not return an error type. Returned payload: $(cat document)"
  fail "$name" "$(cat document)"
fi
"#;

const INVOKE_RESULT: &str = r#"jq -c --rawfile document document '. + {Payload: ($document | if . == "" then . else try fromjson catch . end)} +
  {SdkHttpMetadata: {HttpStatusCode: .StatusCode}}' answer >result
"#;

/// The command line has a step of its own form: of type `CUSTOM_JAR`, with properties as a text.
const ADD_STEP: &str = r#"jq -c '[.Step | {Type: "CUSTOM_JAR", Name, ActionOnFailure: (.ActionOnFailure // "CONTINUE"), Jar: .HadoopJarStep.Jar,
  Args: (.HadoopJarStep.Args // []), MainClass: .HadoopJarStep.MainClass,
  Properties: (.HadoopJarStep.Properties // [] | map("\(.Key)=\(.Value)") | join(","))} | with_entries(select(.value != null and .value != ""))]' request >steps
call emr add-steps --cluster-id "$(jq -r .ClusterId request)" --steps file://steps
jq -c '{StepId: .StepIds[0]}' answer >rest && mv rest answer
"#;

/// The options of `curl`, in a file: what a request holds is no part of a command.
const WEB_REQUEST: &str = r#"jq -c 'if .RequestBody == null then empty else .RequestBody end' request | tr -d '\n' >body
jq -r 'def text: if type == "string" then . else tojson end;
  def each: to_entries[] | .key as $key | (.value | if type == "array" then .[] else . end | text) | [$key, .];
  (.ApiEndpoint | if test("^https?://") then . else "https://" + . end) as $host |
  ([$host, .Stage, (.Path | if . then ltrimstr("/") else . end) | values] | join("/")) as $url |
  ([.QueryParameters // {} | each | map(@uri) | join("=")] | join("&")) as $query |
  "url = \(if $query == "" then $url else "\($url)?\($query)" end | tojson)",
  "request = \(.Method // "GET" | tojson)",
  (.Headers // {} | each | "header = \(join(": ") | tojson)"),
  (select(.RequestBody != null) | "data-binary = \"@body\"",
    (select([.Headers // {} | keys[] | ascii_downcase] | index("content-type") | not) | "header = \"Content-Type: application/json\""))' request >curl.conf
"#;

const API_SIGNATURE: &str = r#"if jq -e '.AuthType // "NO_AUTH" | . != "NO_AUTH"' request >signed; then
  eval "$(aws configure export-credentials --format env)"
  {
    printf 'aws-sigv4 = "aws:amz:%s:execute-api"\n' "$(jq -r '.ApiEndpoint | split(".")[2]' request)"
    printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
    test -z "$AWS_SESSION_TOKEN" || printf 'header = "X-Amz-Security-Token: %s"\n' "$AWS_SESSION_TOKEN"
  } >>curl.conf
fi
"#;

/// The credentials of an EventBridge connection are a secret in Secrets Manager.
const HTTP_CONNECTION: &str = r#"connection=$(jq -r '.Authentication.ConnectionArn // .InvocationConfig.ConnectionArn | split("/")[1]' request)
call events describe-connection --name "$connection"
mv answer connection
call secretsmanager get-secret-value --secret-id "$(jq -r .SecretArn connection)"
case $(jq -r .AuthorizationType connection) in
API_KEY) jq -r --slurpfile connection connection '.SecretString | fromjson |
  "header = \("\($connection[0].AuthParameters.ApiKeyAuthParameters.ApiKeyName): \(.api_key_value)" | tojson)"' answer >>curl.conf ;;
BASIC) jq -r '.SecretString | fromjson | "user = \("\(.username):\(.password)" | tojson)"' answer >>curl.conf ;;
*) fail States.Runtime "emr2k8s: the connection $connection authorizes by OAuth, which this call does not" ;;
esac
"#;

const WEB_RESULT: &str = r#"jq -c -n --rawfile document document --rawfile headers headers --arg status "$status" '
  ($headers | split("\r\n\r\n") | map(select(. != "")) | last | split("\r\n")) as $lines |
  {Headers: (reduce ($lines[1:][] | capture("^(?<name>[^:]*): ?(?<value>.*)$")) as $h ({}; .[$h.name] += [$h.value])),
   ResponseBody: ($document | if . == "" then . else try fromjson catch . end),
   StatusCode: ($status | tonumber), StatusText: ($lines[0] | capture("^[^ ]* [0-9]* ?(?<text>.*)$").text)}' >result
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::yaml::write;

    fn of(resource: &str) -> CallResource {
        CallResource::parse(resource).unwrap_or_else(|why| panic!("{resource}: {why:?}"))
    }

    fn yaml(resource: &str) -> String {
        let node = container(&of(resource), "task", &Origins::none(), None).unwrap_or_else(|fate| panic!("{resource}: {fate:?}"));
        write(&[], &CAL101, &[node]).text()
    }

    #[test]
    fn a_call_is_a_template_with_its_interface() {
        let text = yaml("arn:aws:states:::sqs:sendMessage");
        let document: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).expect("YAML");
        assert_eq!(document["inputs"]["parameters"][0]["name"], "input");
        assert_eq!(document["outputs"]["parameters"][0]["valueFrom"]["default"], "null");
        assert_eq!(document["outputs"]["parameters"][1]["valueFrom"]["path"], "/tmp/emr2k8s/error");
        let source = document["script"]["source"].as_str().expect("a script");
        assert!(source.contains("call sqs send-message --cli-input-json file://request"), "{source}");
        // Argo looks for tags in the script, and the request is none of its text.
        assert!(!source.contains("{{") && source.contains("\"$REQUEST\""), "{source}");
        let request = document["script"]["env"][0]["value"].as_str().expect("a value");
        let inner = request.strip_prefix("{{=").and_then(|r| r.strip_suffix("}}")).expect("a tag");
        assert!(!inner.contains("{{") && !inner.contains("}}"), "{inner}");
    }

    #[test]
    fn a_function_is_a_parameter_of_its_call() {
        let (one, other) =
            (yaml("arn:aws:lambda:eu-west-1:123456789012:function:a"), yaml("arn:aws:lambda:eu-west-1:123456789012:function:b"));
        assert!(one == other && one.contains("name: FUNCTION, value: \"{{=inputs.parameters.function}}\""), "{one}");
    }

    #[test]
    fn no_script_holds_a_tag() {
        for resource in [
            "arn:aws:states:::lambda:invoke",
            "arn:aws:states:::ecs:runTask.sync",
            "arn:aws:states:::states:startExecution.sync:2",
            "arn:aws:states:::apigateway:invoke",
            "arn:aws:states:::http:invoke",
            "arn:aws:states:::elasticmapreduce:addStep.sync",
            "arn:aws:states:::aws-sdk:s3:getObject",
            "arn:aws:states:::aws-sdk:s3:putObject",
            "arn:aws:states:::aws-sdk:dynamodb:query",
            "arn:aws:lambda:eu-west-1:123456789012:function:it's",
        ] {
            let script = Script::of(&of(resource)).text;
            assert!(!script.contains("{{") && script.contains("$REQUEST") && script.contains(">result"), "{resource}: {script}");
        }
    }

    #[test]
    fn renaming_is_there_only_where_names_differ() {
        let plain = Script::of(&of("arn:aws:states:::glue:startJobRun.sync")).text;
        assert!(!plain.contains("skeleton") && !plain.contains("pascal") && plain.contains("SUCCEEDED) break"), "{plain}");
        let camel = Script::of(&of("arn:aws:states:::batch:submitJob.sync")).text;
        assert!(camel.contains("aws batch submit-job --generate-cli-skeleton") && camel.contains("\"tags\": \"m\""), "{camel}");
        assert!(!Script::of(&of("arn:aws:states:::batch:submitJob")).text.contains("describe-jobs"));
    }

    #[test]
    fn names_of_errors_are_those_of_the_integration() {
        let optimized = Script::of(&of("arn:aws:states:::dynamodb:putItem"));
        assert!(optimized.text.contains("\"DynamoDB.\"") && optimized.text.contains("\"AmazonDynamoDBException\""), "{}", optimized.text);
        assert!(optimized.errors.split(' ').any(|e| e == "ConditionalCheckFailedException"));
        let sdk = Script::of(&of("arn:aws:states:::aws-sdk:dynamodb:putItem"));
        assert!(sdk.text.contains("\"DynamoDb.\"") && sdk.text.contains("\"DynamoDbException\""), "{}", sdk.text);
        assert_eq!(
            java_1("KMSDisabledException=KmsDisabledException NotFound=NotFoundException"),
            "KMSDisabledException NotFound=NotFoundException"
        );
    }

    #[test]
    fn what_cannot_be_called_is_refused_with_a_way_out() {
        for resource in [
            "arn:aws:states:eu-west-1:123456789012:activity:approve",
            "arn:aws:states:::eks:runJob.sync",
            "arn:aws:states:::elasticmapreduce:createCluster.sync",
            "arn:aws:states:::aws-sdk:kinesis:subscribeToShard",
        ] {
            let fate = container(&of(resource), "task", &Origins::none(), None).expect_err(resource);
            assert!(fate.verdict == Verdict::Refused && fate.help.is_some(), "{fate:?}");
        }
        let token = fate(&of("arn:aws:states:::sqs:sendMessage.waitForTaskToken"));
        assert!(token.verdict == Verdict::Changed && token.rule == &CAL106 && token.help.is_some());
        assert!(container(&of("arn:aws:states:::sqs:sendMessage.waitForTaskToken"), "task", &Origins::none(), None).is_ok());
        let why = CallResource::parse("arn:aws:states:::sqs:sendMesage").expect_err("no such action");
        assert_eq!(unknown("arn:aws:states:::sqs:sendMesage", &why).help.as_deref(), Some("did you mean `sqs:sendMessage`?"));
    }

    #[test]
    fn a_nested_machine_is_a_workflow_from_its_template() {
        let waits = write(&[], &CAL105, &[nested("load", None, Pattern::Sync2, "start-load", &Origins::none())]).text();
        let document: serde_yaml_ng::Value = serde_yaml_ng::from_str(&waits).expect("YAML");
        let manifest = document["resource"]["manifest"].as_str().expect("a manifest");
        assert!(manifest.contains("name: load\n") && manifest.contains("generateName: load-"), "{manifest}");
        assert!(manifest.contains("value: {{=toJson("), "{manifest}");
        assert_eq!(document["resource"]["successCondition"], "status.phase in (Succeeded, Failed, Error)");
        let goes_on = write(&[], &CAL105, &[nested("load", None, Pattern::RequestResponse, "start-load", &Origins::none())]).text();
        assert!(!goes_on.contains("successCondition") && !goes_on.contains("setOwnerReference"), "{goes_on}");
    }

    #[test]
    fn a_token_is_a_suspended_step() {
        let yaml = |deadline| write(&[], &CAL106, &[token_wait("approve", deadline, &Origins::none())]).text();
        let document: serde_yaml_ng::Value = serde_yaml_ng::from_str(&yaml(true)).expect("YAML");
        assert_eq!(document["suspend"]["duration"], "{{inputs.parameters.duration}}");
        for (at, name) in ["result", "error"].into_iter().enumerate() {
            let output = &document["outputs"]["parameters"][at];
            assert!(
                output["name"] == name && output["valueFrom"]["supplied"].is_mapping() && output["valueFrom"]["default"] == "",
                "{output:?}"
            );
        }
        assert!(!yaml(false).contains("duration") && yaml(false).contains("name: token"), "{}", yaml(false));
        assert_eq!(token("approve"), r#"workflow.namespace + "/" + workflow.name + "/" + node.name + ".approve""#);
    }
}
