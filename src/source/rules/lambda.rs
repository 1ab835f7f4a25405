//! Rules of Lambda handlers.
crate::rules! {
    LAM101 "handler-not-found" r"A function's `handler` names a file or a function that is not among the sources.

`folder/file.name` means the function `name` in `folder/file.py`, relative to the deployment file. Without the
handler nothing is known of what the function does. Mend the name, or put the file where the handler says.";
    LAM102 "handler-language" r"A function's handler is not written in Python, and this version evaluates only Python.

Say in `emr2k8s.yaml` under `functions` what replaces the function.";
    LAM103 "value-not-known" r"A value that a handler puts into a job cannot be known from the sources.

emr2k8s evaluates handlers without running them. What depends on the event, on another system or on an expression
outside of the evaluated language stays unknown, and is never guessed. The message names the line and the expression;
answer the value in `emr2k8s.yaml`.";
    LAM104 "handler-not-recognised" r"What a handler does is not one of the actions that emr2k8s replaces.

Recognised are: a POST to Livy's `/batches`, a GET of a batch's state, EMR `add_job_flow_steps` and `run_job_flow`,
Step Functions `start_execution`, and messages to people. Say in `emr2k8s.yaml` under `functions` what replaces the
function.";
    LAM105 "handler-literal-absorbed" r"A literal of a handler is plumbing of the call that the target makes in another way.

Request headers, log texts, the name of the response's field: the job that replaces the call needs none of them.";
    LAM106 "error-handling-dropped" r"A handler catches the failure of its call and does something that the replacement does not do.

On Kubernetes a failed submission fails the workflow's node, and the workflow's retry strategy decides. If the
`except` block returns a value that a state tests for, or sends a message, do the same with the workflow.";
    LAM107 "check-dropped" r"A handler refuses some events before it makes its call, by a condition on values known only when it runs.

The replacement does not check. A wrong event is then found by the job, not before it.";
    LAM108 "branch-not-taken" r"A literal stands in a branch of a handler that no environment takes.

Every function that uses the handler was evaluated with its environment; none reaches this branch.";
    LAM109 "environment-not-read" r"An environment variable of a function is never read by its handler.

It has no effect, and nothing of it is translated.";
    LAM110 "message-not-carried" r"The text of a message that a handler sends to people is not translated.

That a message is sent is known, and to which kind of channel. Put the text into the notification that replaces it.";
    LAM111 "call-not-evaluated" r"A handler calls a function of which emr2k8s knows nothing, beside the call that is replaced.

Whatever that function does, the replacement does not do it. If something needs it, add a step to the workflow.";
}
