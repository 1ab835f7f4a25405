//! Rules of calls: Tasks that are not Spark, made from a container.
crate::rules! {
    CAL101 "call" r"A Task that calls an AWS service: a container with the AWS command line makes the same call under the pod's role.

*ASL has* a service integration (`arn:aws:states:::sqs:sendMessage`) or an action of the SDK (`arn:aws:states:::aws-sdk:s3:getObject`). *It becomes* a
template with the parameter `input`, the request as JSON text, and the outputs `result`, the answer in ASL's letters, and `error`, `{Error, Cause}` in
ASL's names. *What changes:* `SdkHttpMetadata` holds `HttpStatusCode` alone and `SdkResponseMetadata` is not there; a Cause is the service's message
without `(Service: …; Request ID: …)`; dates are texts as the command line writes them (`2026-11-24T10:00:00+00:00`); the service account needs the
permissions that the state machine's role has; a request may be 128 KiB long, which is what Linux gives an environment variable.";
    CAL102 "function" r"A Task that invokes a Lambda function.

*ASL has* the function's ARN, whose answer is the result, or `lambda:invoke`, whose result is `{ExecutedVersion, Payload, StatusCode, SdkHttpMetadata}`.
*It becomes* a container that runs `aws lambda invoke`. A function that fails gives the type of its exception as Error and its answer as Cause, and
`Lambda.Unknown` where it names no type. *What changes* is what CAL101 says. To have no Lambda at all, name what replaces the function
in `emr2k8s.yaml` under `functions`.";
    CAL103 "job-of-a-service" r"A Task that starts a job of an AWS service and waits for its end: `.sync`.

*ASL has* `glue:startJobRun.sync`, `ecs:runTask.sync`, `batch:submitJob.sync`, `athena:startQueryExecution.sync`, and so on. *It becomes* a container that
starts the job and asks for its state every five seconds. The result is what the service says of the ended job, in ASL's letters; a job that ends badly fails
as `States.TaskFailed` with that as Cause. *What changes* beside CAL101: a workflow that is stopped, or a time-out, does not stop the job, which Step
Functions tries to do. An ECS task succeeds when every container of it ends with 0; Step Functions looks at essential ones only, which
the answer does not name.";
    CAL104 "web-call" r"A Task that calls an API: `apigateway:invoke` or `http:invoke`.

*It becomes* a container that calls it with `curl`, signed with the pod's role where `AuthType` says so. The result is `{Headers, ResponseBody, StatusCode,
StatusText}`, an answer of 400 or more fails as `ApiGateway.403` or `States.Http.StatusCode.403`. The credentials of an EventBridge connection are read
from its secret, which the pod's role must be allowed to do: those of API keys and of names with passwords. *What changes:* a connection with OAuth fails
when it runs and says so; parameters that the connection adds to each call, and `Transform`, are not applied.";
    CAL105 "nested-machine" r"A Task that starts another state machine of the estate.

*It becomes* a Workflow made from that machine's WorkflowTemplate, with its `input`. With `.sync:2` the result's `Output` is JSON, with `.sync` a text. *What
changes:* `ExecutionArn` is the Workflow's name, `Name` from the request is not used, dates are Kubernetes' own, and a failure's Cause holds the Workflow's
message in place of the execution's Error and Cause. A machine that is not among the sources is started where it is, in AWS, and polled: see CAL103.";
    CAL106 "task-token" r#"A Task that waits until somebody sends its token back: `.waitForTaskToken`.

Only Step Functions takes its tokens back, so whoever sends them must be changed. *It becomes* the same call, with a token that names the Workflow and the step
(`NAMESPACE/WORKFLOW/NODE`), and a step that is suspended until somebody gives it its outputs. In place of `SendTaskSuccess`:

```sh
IFS=/ read -r namespace workflow node <<EOF
$TOKEN
EOF
argo node set -n "$namespace" "$workflow" --phase Succeeded --node-field-selector "inputs.parameters.token.value=$TOKEN" \
  --output-parameter "result=$(printf '%s' "$OUTPUT" | jq -Rs .)"
```

In place of `SendTaskFailure` it is `--phase Failed` and the output parameter `error`, `{"Error": …, "Cause": …}`. (`jq -Rs` puts the JSON text between quotes, because the command takes outer quotes
away.) The Argo Server has the same as HTTP: `PUT /api/v1/workflows/NAMESPACE/WORKFLOW/set` with `nodeFieldSelector`, `phase` and `outputParameters`. *What changes:* the callee; `SendTaskHeartbeat` has no
counterpart; and of a step that is made to fail without `error` the error is `States.TaskFailed`. `TimeoutSeconds` counts as before, and its end is `States.Timeout`. If the callee cannot be changed, keep this one Task as a
small state machine in AWS and start that: see CAL103."#;
    CAL107 "activity" r"A Task that is an activity: workers ask Step Functions for it.

There is nothing on Kubernetes that such a worker could ask. It is refused: the step fails when it runs. Make the worker's code a container
that reads `input` and writes its result, and name it in `emr2k8s.yaml`; or keep the activity behind a small state machine in AWS and start that.";
    CAL108 "no-such-call" r"A Task whose call cannot be made from a container, or whose `Resource` names nothing that is known.

The message says which, and what to do instead. The step fails when it runs.";
}
