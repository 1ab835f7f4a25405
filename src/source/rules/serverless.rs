//! Rules of the Serverless Framework importer.
crate::rules! {
    SLS101 "undefined-variable" r"A variable such as `${self:custom.x}` names something that the file does not define for this stage.

The Serverless Framework refuses to deploy such a file (version 3) or deploys an empty value (version 1). The value stays
unknown, and whatever needs it becomes a question. Define it for the stage, give the variable a default
(`${self:custom.x, 'value'}`), or mend its name.";
    SLS102 "endless-variable" r"A variable refers to itself, directly or through others, or its resolution grows beyond every bound.

It has no value. Break the circle at one of the places that the message names.";
    SLS103 "unreadable-variable" r"A text looks like a variable, and is not one that emr2k8s can read: it is not closed, or its source is unknown.

Close it, quote a text default (`'dev'`), or write the value that a plugin would put in its place.";
    SLS104 "option-without-value" r"A variable reads a command-line option (`${opt:x}`) that has no default.

emr2k8s knows the option `stage` alone. The value becomes a parameter of the output. Give the variable a default to fix it.";
    SLS105 "custom-variable-syntax" r"`provider.variableSyntax` changes how variables are written.

The default notation `${source:address}` is read whatever it says; variables in another notation stay as they are written.
Rewrite them, as version 3 of the framework asks for too.";
    SLS106 "environment-default" r"A variable reads an environment variable of the deploying machine that has a default, and the default was taken.

emr2k8s does not read the environment, so that its output is the same everywhere. If the variable is set where the
service is deployed, write that value into the file instead.";
    SLS107 "other-stage" r"A value belongs to another stage than the one that was compiled.

It appears in that stage's output. Compile that stage too, or drop the value when the stage is gone.";
    SLS108 "unread-value" r"A value is not read by any function or state machine of the stage that was compiled.

It configures a plugin, or is left over. Nothing of the output depends on it.";
    SLS109 "unknown-key" r"A key that this part of a Serverless Framework file does not have.

It may belong to a plugin, or be misspelt; the framework ignores it or warns. It is not translated. Mend the name, or
translate by hand what the plugin does with it.";
    SLS110 "framework-setting" r"A setting of the Serverless Framework itself, or of the deployment through CloudFormation.

Kubernetes knows no such deployment: the output is applied by Argo CD or `kubectl`. Nothing replaces it.";
    SLS111 "plugin" r"A plugin of the Serverless Framework.

Known plugins have a reason beside them in the ledger. What an unknown one does to the service is not known: look at its
documentation, and translate by hand what it adds.";
    SLS112 "cloudformation-resource" r"A CloudFormation resource, output or override in the `resources` section.

It is listed as found, and not translated. Keep it in a CloudFormation stack of its own, or create its equivalent by hand.";
    SLS113 "other-provider" r"The service is deployed to another cloud than AWS.

Nothing of it is translated.";
    SLS114 "event-input" r"An event passes a part of itself on (`inputPath`, `inputTransformer`), or more than a schedule on Kubernetes can.

The workflow is started without it. Give the schedule a constant `input`, or read the time inside the workflow.";
    SLS115 "api-setting" r"A setting of API Gateway: authorisation, CORS, request templates, usage plans.

The trigger itself is kept. Configure the same in the ingress or gateway before the Argo Events webhook.";
    SLS116 "schedule-time-zone" r"A schedule of EventBridge Scheduler has a time zone.

Set `timezone` on the CronWorkflow; without it the schedule is read as UTC.";
    SLS117 "unexpected-shape" r"A value has another type than this place of the file takes.

Nothing of it is translated. Mend it as the message says.";
    SLS118 "overridden-value" r"A value of `provider`, or a key that occurs twice, is replaced by a more special or later one.

The framework takes the latter, and so does emr2k8s.";
    SLS119 "state-machine-setting" r"A setting of the state machine's deployment on AWS: its IAM role, tags, logging, tracing, retention.

A workflow runs under its own Kubernetes service account, and its logs and metrics are gathered in the cluster.";
    SLS120 "missing-definition" r"A state machine has no definition, or its definition is in a file that was not found.

The machine is not translated. Add the file to the sources, or mend its path.";
    SLS121 "lambda-setting" r"A setting of AWS Lambda that nothing takes over: the service has no function, or the function's calls go elsewhere.

A setting that serves a function is absorbed with the function.";
    SLS122 "event-label" r"A name, a description or a role of the EventBridge rule behind an event.

The output's schedule or event source is named for the workflow that it starts and runs under that workflow's account.";
    SLS123 "function-destination" r"A function sends the outcome of its asynchronous calls to another function, queue or topic.

That is not translated: decide what receives the outcome on Kubernetes.";
    SLS124 "machine-alarm" r"An alarm or a notification about a state machine.

The monitoring of the output alerts on failed workflows; where this one notifies must be configured by hand.";
    SLS125 "function-image" r"A function is a container image, so there is no handler to read.

What it does is not known. Say in `emr2k8s.yaml` what replaces it.";
    SLS126 "empty-value" r"A place of the file holds nothing: null, an empty list or an empty object.

It says nothing, and nothing is lost by leaving it out.";
}
