//! The services that a Task's `Resource` can name, and the call of the AWS command line that each is.
//!
//! Two tables: the optimized integrations, which have their own names of errors and their own results, and the services
//! of AWS SDK integrations, of which every action is one call.
use super::table::{near, rows};
use std::sync::LazyLock;

/// How Step Functions waits for the service (AWS Step Functions Developer Guide, "Discover service integration patterns").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// Goes on when the call is answered.
    RequestResponse,
    /// `.sync`: goes on when the job has ended.
    Sync,
    /// `.sync:2`: so too, and the nested execution's output is JSON.
    Sync2,
    /// `.waitForTaskToken`: goes on when somebody sends the token back.
    TaskToken,
}

/// An optimized integration: a row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Integration {
    /// `sqs:sendMessage`.
    pub resource: &'static str,
    /// Why there is no such call from a container.
    pub impossible: Option<&'static str>,
    /// Service and command of the AWS command line; `curl` where it has none.
    pub command: &'static str,
    /// What stands before the dot in the names of its errors.
    pub prefix: &'static str,
    /// The exception that the service's other failures are named by.
    pub base_exception: &'static str,
    /// Members that take any JSON value as its text: jq paths without their first dot.
    pub text: &'static str,
    /// jq: the API's request from ASL's.
    pub request: &'static str,
    /// jq: the name of a failure that a well answered call holds.
    pub fault: &'static str,
    pub poll: Option<Poll>,
    /// The API writes its members with a small first letter, and ASL with a capital.
    pub camel: bool,
    /// The exceptions of the service's model; see [`Sdk::errors`].
    pub errors: &'static str,
    /// Members that hold keys of the user; see [`Sdk::maps`].
    pub maps: &'static str,
}

/// What `.sync` polls until the job has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Poll {
    /// Service and command of the AWS command line.
    pub command: &'static str,
    /// jq over the answer to the call: the request.
    pub request: &'static str,
    /// jq over the poll's answer: the state.
    pub state: &'static str,
    /// States separated by blanks.
    pub success: &'static str,
    /// States separated by blanks; may be empty.
    pub failure: &'static str,
    /// jq over the last answer: the result.
    pub result: &'static str,
}

/// A service of AWS SDK integrations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sdk {
    /// As ASL names it: `sfn`, `cloudwatchlogs`.
    pub name: &'static str,
    /// As the AWS command line names it.
    pub command: &'static str,
    pub prefix: &'static str,
    requests: &'static str,
    answers: &'static str,
    bodies: &'static str,
    documents: &'static str,
    blobs: &'static str,
    streams: &'static str,
    /// The exceptions of the service's model, separated by blanks: `Code`, or `Code=Exception` where they differ.
    pub errors: &'static str,
    /// Members of answers that hold keys of the user, separated by blanks: `member=kind`, the kind a letter a level: `m` the
    /// keys of a map, `l` a list; `d` any JSON, `?` a map in one answer and not in another.
    pub maps: &'static str,
}

/// An action of a service of AWS SDK integrations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Action {
    pub service: Sdk,
    /// As the API names it: `PutItem`.
    pub operation: String,
}

/// What a Task's `Resource` calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A function by its ARN, name or partial ARN: its answer is the result.
    Function(String),
    /// Workers poll it for tasks: its ARN.
    Activity(String),
    Optimized(Integration),
    Sdk(Action),
}

/// A Task's `Resource`, understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallResource {
    pub target: Target,
    pub pattern: Pattern,
}

/// Why a `Resource` is not understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unknown {
    /// It has no form that Step Functions takes.
    Form,
    /// No such service or action, and the name that may be meant.
    Service { name: String, near: Option<&'static str> },
    /// The integration has no such pattern: `.sync` of a service without jobs.
    Pattern,
}

/// Services whose API writes `taskDefinition` where ASL has `TaskDefinition`.
const CAMEL: &[&str] = &["stepfunctions", "batch", "ecs", "codebuild", "emr-containers", "emr-serverless", "eks", "bedrock"];

static SDK: LazyLock<Vec<Sdk>> = LazyLock::new(|| {
    rows::<11>(include_str!("data/sdk_services.tsv"))
        .map(|[name, command, prefix, requests, answers, bodies, documents, blobs, streams, errors, maps]| Sdk {
            name,
            command,
            prefix,
            requests,
            answers,
            bodies,
            documents,
            blobs,
            streams,
            errors,
            maps,
        })
        .collect()
});

static INTEGRATIONS: LazyLock<Vec<Integration>> = LazyLock::new(|| {
    rows::<13>(include_str!("data/service_integrations.tsv"))
        .map(|[resource, command, prefix, base, text, request, fault, describe, asks, state, success, failure, result]| {
            let service = command.split(' ').next().unwrap_or_default();
            let model = SDK.iter().find(|s| s.command == service);
            Integration {
                resource,
                impossible: command.strip_prefix('!'),
                command,
                prefix,
                base_exception: base,
                text,
                request,
                fault,
                poll: (!describe.is_empty()).then_some(Poll { command: describe, request: asks, state, success, failure, result }),
                camel: CAMEL.contains(&service),
                errors: model.map_or("", |s| s.errors),
                maps: model.map_or("", |s| s.maps),
            }
        })
        .collect()
});

/// Every optimized integration, in the order of the table.
#[must_use]
pub fn integrations() -> &'static [Integration] {
    &INTEGRATIONS
}

impl CallResource {
    /// Reads a Task's `Resource`.
    ///
    /// # Errors
    /// When it is no resource that Step Functions takes, or names a service that no table has.
    pub fn parse(resource: &str) -> Result<Self, Unknown> {
        let parts: Vec<&str> = resource.splitn(6, ':').collect();
        let [arn, partition, service, region, _, rest] = parts.as_slice() else { return Err(Unknown::Form) };
        if *arn != "arn" || partition.is_empty() {
            return Err(Unknown::Form);
        }
        match *service {
            "lambda" if rest.starts_with("function:") => {
                Ok(Self { target: Target::Function(resource.to_owned()), pattern: Pattern::RequestResponse })
            }
            "states" if rest.starts_with("activity:") => {
                Ok(Self { target: Target::Activity(resource.to_owned()), pattern: Pattern::RequestResponse })
            }
            "states" if region.is_empty() => integration(rest),
            _ => Err(Unknown::Form),
        }
    }

    /// The region that the resource itself names.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        let (Target::Function(arn) | Target::Activity(arn)) = &self.target else { return None };
        arn.split(':').nth(3).filter(|region| !region.is_empty())
    }
}

fn integration(rest: &str) -> Result<CallResource, Unknown> {
    let (action, pattern) = [(".sync:2", Pattern::Sync2), (".sync", Pattern::Sync), (".waitForTaskToken", Pattern::TaskToken)]
        .into_iter()
        .find_map(|(ending, pattern)| Some((rest.strip_suffix(ending)?, pattern)))
        .unwrap_or((rest, Pattern::RequestResponse));
    if let Some(sdk) = action.strip_prefix("aws-sdk:") {
        let (name, action) = sdk.split_once(':').ok_or(Unknown::Form)?;
        let service = SDK
            .iter()
            .find(|s| s.name == name)
            .ok_or_else(|| Unknown::Service { name: name.to_owned(), near: near(name, SDK.iter().map(|s| s.name)) })?;
        let mut letters = action.chars();
        let first = letters.next().filter(char::is_ascii_lowercase).ok_or(Unknown::Form)?;
        if !action.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(Unknown::Form);
        }
        if matches!(pattern, Pattern::Sync | Pattern::Sync2) {
            return Err(Unknown::Pattern);
        }
        let operation = format!("{}{}", first.to_ascii_uppercase(), letters.as_str());
        return Ok(CallResource { target: Target::Sdk(Action { service: *service, operation }), pattern });
    }
    let found = INTEGRATIONS
        .iter()
        .find(|i| i.resource == action)
        .ok_or_else(|| Unknown::Service { name: action.to_owned(), near: near(action, INTEGRATIONS.iter().map(|i| i.resource)) })?;
    let waits = matches!(pattern, Pattern::Sync | Pattern::Sync2);
    if waits && found.poll.is_none() && found.impossible.is_none() || pattern == Pattern::Sync2 && action != "states:startExecution" {
        return Err(Unknown::Pattern);
    }
    Ok(CallResource { target: Target::Optimized(*found), pattern })
}

impl Action {
    /// The command of the AWS command line: `put-item`.
    #[must_use]
    pub fn command(&self) -> String {
        command_name(&self.operation)
    }

    /// Whether ASL names a member of the request otherwise than the API.
    #[must_use]
    pub fn renames_request(&self) -> bool {
        listed(self.service.requests, &self.operation)
    }

    /// Whether ASL names a member of the answer otherwise than the API.
    #[must_use]
    pub fn renames_answer(&self) -> bool {
        listed(self.service.answers, &self.operation)
    }

    /// The member that is the body of the request, which the command line reads from a file.
    #[must_use]
    pub fn body(&self) -> Option<&'static str> {
        pairs(self.service.bodies).find(|(operation, _)| *operation == self.operation).map(|(_, member)| member)
    }

    /// The member that is the body of the answer, which the command line writes into a file.
    #[must_use]
    pub fn document(&self) -> Option<&'static str> {
        pairs(self.service.documents).find(|(operation, _)| *operation == self.operation).map(|(_, member)| member)
    }

    /// Whether the request has binary members: ASL gives them as text.
    #[must_use]
    pub fn has_binary(&self) -> bool {
        listed(self.service.blobs, &self.operation)
    }

    /// Whether request or answer is a stream of events, which is no JSON text.
    #[must_use]
    pub fn streams(&self) -> bool {
        listed(self.service.streams, &self.operation)
    }
}

/// Whether an operation is in a list: `A B`, or `* -A` for all but some.
fn listed(list: &str, operation: &str) -> bool {
    let mut words = list.split_ascii_whitespace();
    if list.starts_with('*') { words.all(|word| word.strip_prefix('-') != Some(operation)) } else { words.any(|word| word == operation) }
}

fn pairs(list: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    list.split_ascii_whitespace().filter_map(|pair| pair.split_once('='))
}

/// The name of a command or option: words in small letters with dashes, as botocore's `xform_name` makes them
/// (`DescribeDBInstances` → `describe-db-instances`).
#[must_use]
pub fn command_name(name: &str) -> String {
    /// Words whose capitals are their own (found by comparing every operation of botocore's models with its `xform_name`).
    const WORDS: &[(&str, &str)] = &[("iSCSI", "Iscsi"), ("OTel", "Otel"), ("WhatsApp", "Whatsapp"), ("HITsFor", "HitsFor")];
    let name = WORDS.iter().fold(name.to_owned(), |name, (word, plain)| name.replace(word, plain));
    let mut letters: Vec<char> = name.chars().collect();
    // A plural of an acronym is one word: `GetFooARNs` → `get-foo-arns`.
    let plural = letters.len() > 2
        && letters.last() == Some(&'s')
        && letters.get(letters.len() - 2).is_some_and(char::is_ascii_uppercase)
        && letters.get(letters.len() - 3).is_some_and(char::is_ascii_uppercase);
    if plural && let Some(last) = letters.last_mut() {
        *last = 'S';
    }
    let mut out = String::with_capacity(name.len() + 8);
    for (i, &c) in letters.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| letters.get(i)).copied();
        let after = letters.get(i + 1).copied();
        if let Some(before) = before
            && c.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || before.is_ascii_digit() || after.is_some_and(|a| a.is_ascii_lowercase()))
        {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn optimized(resource: &str) -> (Integration, Pattern) {
        match CallResource::parse(resource) {
            Ok(CallResource { target: Target::Optimized(i), pattern }) => (i, pattern),
            other => panic!("{resource}: {other:?}"),
        }
    }

    fn action(resource: &str) -> Action {
        match CallResource::parse(resource) {
            Ok(CallResource { target: Target::Sdk(action), .. }) => action,
            other => panic!("{resource}: {other:?}"),
        }
    }

    #[test]
    fn every_row_is_whole() {
        let names: BTreeSet<&str> = INTEGRATIONS.iter().map(|i| i.resource).collect();
        assert_eq!(names.len(), INTEGRATIONS.len());
        for i in INTEGRATIONS.iter() {
            assert!(i.resource.split_once(':').is_some_and(|(s, a)| !s.is_empty() && !a.is_empty()), "{}", i.resource);
            if let Some(why) = i.impossible {
                assert!(why.len() > 30, "{}", i.resource);
                continue;
            }
            assert!(!i.prefix.is_empty() && !i.base_exception.is_empty(), "{}", i.resource);
            assert!(i.command == "curl" || i.command.split(' ').count() == 2, "{}", i.resource);
            // The parsers of our scripts take these apart at quotes and blanks.
            assert!(![i.text, i.request, i.fault].iter().any(|t| t.contains('\'')), "{}", i.resource);
            if let Some(poll) = i.poll {
                assert!(!poll.request.is_empty() && poll.state.starts_with('.') && !poll.success.is_empty() && !poll.result.is_empty());
                assert!(!poll.request.contains('\'') && !poll.state.contains('\'') && !poll.result.contains('\''), "{}", i.resource);
            }
            if i.command != "curl" && !i.command.starts_with("emr ") {
                assert!(!i.errors.is_empty() || i.resource.starts_with("sagemaker"), "{}", i.resource);
            }
        }
        let services: BTreeSet<&str> = SDK.iter().map(|s| s.name).collect();
        assert_eq!(services.len(), SDK.len());
        assert!(SDK.len() > 400 && SDK.iter().all(|s| !s.command.is_empty() && !s.prefix.is_empty()));
    }

    #[test]
    fn resources_are_taken_apart() {
        assert_eq!(optimized("arn:aws:states:::sqs:sendMessage").1, Pattern::RequestResponse);
        assert_eq!(optimized("arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken").1, Pattern::TaskToken);
        assert_eq!(optimized("arn:aws:states:::states:startExecution.sync:2").1, Pattern::Sync2);
        let (ecs, pattern) = optimized("arn:aws:states:::ecs:runTask.sync");
        assert!(ecs.camel && pattern == Pattern::Sync && ecs.poll.is_some_and(|p| p.command == "ecs describe-tasks"));
        assert!(!optimized("arn:aws:states:::dynamodb:putItem").0.camel);
        let function = CallResource::parse("arn:aws:lambda:eu-west-1:123456789012:function:load:live").expect("a function");
        assert_eq!(function.region(), Some("eu-west-1"));
        assert!(matches!(
            CallResource::parse("arn:aws:states:eu-west-1:123456789012:activity:approve"),
            Ok(CallResource { target: Target::Activity(_), .. })
        ));
    }

    #[test]
    fn what_is_not_known_is_said() {
        for text in
            ["", "load", "arn:aws:s3:::bucket", "arn:aws:states:::aws-sdk:s3", "arn:aws:states:::aws-sdk:s3:GetObject", "a:b:c:d:e:f"]
        {
            assert_eq!(CallResource::parse(text), Err(Unknown::Form), "{text}");
        }
        assert_eq!(CallResource::parse("arn:aws:states:::sqs:sendMessage.sync"), Err(Unknown::Pattern));
        assert_eq!(CallResource::parse("arn:aws:states:::glue:startJobRun.sync:2"), Err(Unknown::Pattern));
        assert_eq!(CallResource::parse("arn:aws:states:::aws-sdk:s3:getObject.sync"), Err(Unknown::Pattern));
        assert_eq!(
            CallResource::parse("arn:aws:states:::sqs:sendMesage"),
            Err(Unknown::Service { name: "sqs:sendMesage".to_owned(), near: Some("sqs:sendMessage") })
        );
        assert_eq!(
            CallResource::parse("arn:aws:states:::aws-sdk:secretmanager:listSecrets"),
            Err(Unknown::Service { name: "secretmanager".to_owned(), near: Some("secretsmanager") })
        );
    }

    #[test]
    fn actions_of_the_sdk() {
        let get = action("arn:aws:states:::aws-sdk:s3:getObject");
        assert_eq!((get.service.command, get.command().as_str(), get.service.prefix), ("s3api", "get-object", "S3"));
        assert_eq!(get.document(), Some("Body"));
        assert_eq!(action("arn:aws:states:::aws-sdk:s3:putObject").body(), Some("Body"));
        let start = action("arn:aws:states:::aws-sdk:sfn:startExecution");
        assert!(start.renames_request() && start.renames_answer() && start.service.command == "stepfunctions");
        let list = action("arn:aws:states:::aws-sdk:secretsmanager:listSecrets");
        assert!(!list.renames_request() && list.service.prefix == "SecretsManager");
        assert_eq!(action("arn:aws:states:::aws-sdk:dynamodb:putItem").service.prefix, "DynamoDb");
        assert!(action("arn:aws:states:::aws-sdk:kinesis:subscribeToShard").streams());
        assert!(action("arn:aws:states:::aws-sdk:kinesis:putRecord").has_binary());
        assert!(action("arn:aws:states:::aws-sdk:dynamodb:query").service.maps.contains("Items=lm"));
        assert_eq!(action("arn:aws:states:::aws-sdk:cloudwatchlogs:putLogEvents").service.prefix, "CloudWatchLogs");
    }

    #[test]
    fn commands_are_named_as_the_command_line_names_them() {
        for (name, command) in [
            ("PutItem", "put-item"),
            ("DescribeDBInstances", "describe-db-instances"),
            ("ListObjectsV2", "list-objects-v2"),
            ("CreateHITType", "create-hit-type"),
            ("GetBucketAcl", "get-bucket-acl"),
            ("ModifyVpcEndpoint", "modify-vpc-endpoint"),
            ("DescribeVPCs", "describe-vpcs"),
            ("CreateCachediSCSIVolume", "create-cached-iscsi-volume"),
            ("SendWhatsAppMessage", "send-whatsapp-message"),
        ] {
            assert_eq!(command_name(name), command);
        }
    }
}
