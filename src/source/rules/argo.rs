//! Rules of the Argo Workflows emitter.
crate::rules! {
    ARG101 "workflow-template" r"The WorkflowTemplate that a state machine becomes.

Its entrypoint is a list of steps in the order in which the source runs its states.";
    ARG102 "input" r"The execution's input, as start-execution took it: one parameter that holds JSON text.

It is there when something in the pipeline reads it.";
    ARG103 "step" r"A step: a state of the source, under its own name.";
    ARG104 "failure-handler" r"What runs when a job or a call fails.

The step is allowed to fail, and the steps behind it look at its status: those of the handler run when it did not succeed. A handler that ends
in a failure needs no other condition, because nothing after it runs.";
    ARG105 "job" r"A `resource` template: creates the SparkApplication and waits for its end.

Argo owns the application (`setOwnerReference`), so deleting the workflow deletes it; the conditions name the only final states that the
operator has.";
    ARG106 "function-call" r"A container that calls a Lambda function with the pod's AWS role and prints its answer.

`aws lambda invoke` ends well even when the function fails, so the call looks for `FunctionError` in the answer and fails with it.";
    ARG107 "fail" r"Ends the run as failed with ASL's Error and Cause, without a pod.

A step that never runs, and an output whose expression fails: the node's message is `Error: Cause`.";
    ARG108 "wait" r"A Wait state: Argo suspends for the duration, without a pod.";
    ARG109 "parallel" r"Branches side by side: steps of one group.";
    ARG110 "refusal" r"Stands in place of a state that is not translated: fails when it runs, and says why.";
    ARG111 "cron-workflow" r"A schedule of the source: submits the WorkflowTemplate.

`concurrencyPolicy: Allow`, because EventBridge starts an execution whether or not the one before has ended.";
    ARG112 "timeout" r"The timeout of the whole execution.";
    ARG113 "runtime" r"The runtime pod: evaluates a part of a state exactly as Step Functions does, where no expression of Argo's is exact.

It runs `emr2k8s eval` from the image that `emr2k8s` itself is built into, takes a request as an artifact and writes what it is asked for into files.";
    ARG114 "retry" r"A Retry with one retrier: Argo's own `retryStrategy`.

`limit` is `MaxAttempts`, `backoff` is `IntervalSeconds`, `BackoffRate` and `MaxDelaySeconds`. Which errors are retried is read from the message of the failed container, which
ends in `Error: Cause`.";
    ARG115 "further-templates" r"Templates that one WorkflowTemplate has no room for: Argo's definition takes 200.

They stand in a WorkflowTemplate of their own, which has no entrypoint, and are called by `templateRef`. In them `workflow.parameters` are those of the workflow that runs.";
}
