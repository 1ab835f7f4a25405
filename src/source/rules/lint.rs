//! Rules of a linter for the Amazon States Language: what a definition means beyond its fields.
//!
//! An error is what AWS refuses at `CreateStateMachine`; a warning or a note is what it accepts and users regret.
//!
//! Sources, looked up in November 2026: `ValidateStateMachineDefinitionDiagnostic` in the AWS Step Functions API reference;
//! "Passing data between states with variables", "Transforming data with JSONata", "Intrinsic functions for JSONPath
//! states", "Handling errors in Step Functions workflows", "Map state in Distributed mode" and its pages on `ItemReader`,
//! `ItemBatcher` and `ResultWriter`, and "Best practices for Step Functions" in the Developer Guide; the specification
//! (states-language.net); and refusals of AWS that localstack's tests record.
crate::rules! {
    ASL201 "invalid-path" r"A text in the place of a path is not JSONPath.

A path starts with `$` (the input), `$$` (the context object) or `$name` (a variable), and goes on with `.field`, `['field']`, `[0]`, `[*]`,
`..` or `[?(…)]`. A field with spaces or dots needs brackets and quotes. AWS refuses the definition. Correct the path.";
    ASL202 "no-reference-path" r"`ResultPath` is not a place in the input.

It says where the result is written, so it must name one field: `$`, `$.field` or `$['field'].inner`. Wildcards, filters, slices, `..`, the
context object (`$$`) and variables are no such place, and AWS refuses the definition. To keep a result in a variable, use
`Assign`.";
    ASL203 "invalid-intrinsic" r"A call of an intrinsic function cannot be read, or names a function that does not exist.

AWS refuses the definition (`must be a valid JSONPath or a valid intrinsic function call`). There are 18 functions, from `States.Array` to
`States.UUID`. An argument is a text in single quotes, a number, `true`, `false`, `null`, a path or another call. In a text, only `'`, `{`, `}` and the backslash can
follow a backslash; `\u0022` needs none.";
    ASL204 "intrinsic-arguments" r"An intrinsic function is called with the wrong number of arguments.

The state fails with `States.IntrinsicFailure` whenever it runs. Where `States.Format` has more or fewer `{}` than arguments, the same
happens. Correct the call.";
    ASL205 "intrinsic-out-of-place" r"An intrinsic function stands where only a path can.

Functions of `States.` work in keys that end in `.$` (of `Parameters`, `ResultSelector`, `ItemSelector`, `Assign`, `Credentials` and the parts of a
distributed Map) and in `ErrorPath` and `CausePath`. Compute the value in a Pass state before, and name its path here.";
    ASL206 "path-as-text" r"A text looks like a path or a function, but stands where it is plain text.

AWS accepts the definition and warns: `NO_DOLLAR` where the key lacks its `.$`, `NO_PATH` where the name of the field lacks its `Path`,
`PASS_RESULT_IS_STATIC` in the `Result` of a Pass state. The text itself is passed on, dollar sign and all. Add `.$` or `Path`, or use `Parameters` in place of
`Result`.";
    ASL207 "other-language-as-text" r"An expression of one query language stands in a state of the other.

`{% … %}` is evaluated only in states whose language is JSONata, and keys that end in `.$` only in those of JSONPath. In a JSONata state a path without `{%` and `%}` is a text too.
AWS passes them on as they are. Set `QueryLanguage`, or write the expression in the language of the state.";
    ASL210 "invalid-jsonata" r"A JSONata expression cannot be read.

A text or a bracket is not closed, an operator lacks its right side, or two values follow each other without an operator. AWS refuses the
definition.";
    ASL211 "states-out-of-place" r"`$states.result` or `$states.errorOutput` stands where there is none.

`$states.result` exists in `Output` and `Assign` of Task, Parallel and Map states; `$states.errorOutput` in `Output` and `Assign` of a catcher. AWS refuses the
definition (`Passing data between states with variables`). So it does where `$states` has no field of this name at all: it is `input`, `result`, `errorOutput` or
`context`.";
    ASL212 "eval-is-missing" r"`$eval` does not exist in Step Functions.

The state fails with `States.QueryEvaluationError`. To read JSON from a text, use `$parse`.";
    ASL213 "unassigned-variable" r"A variable is read that no state assigns.

`Assign` of a state, a rule or a catcher in the same `States`, or in those around it, must give it a value before. Otherwise the state fails when it
runs. A distributed Map does not see the variables around it: pass them with `ItemSelector` or `BatchInput`.";
    ASL214 "variable-name" r"The name of a variable is not allowed.

It starts with a letter, goes on with letters, digits and `_`, and has at most 80 characters. `states` is reserved, and a part of a variable (`x.y`, `x[2]`) cannot
be assigned. AWS refuses the definition.";
    ASL215 "variable-of-an-outer-scope" r"A branch or an item processor assigns a variable that the states around it assign too.

A variable that an inner scope assigns cannot have the name of one that an outer scope assigns on a way into it, the processor of a distributed Map included, and AWS
refuses the definition. What is assigned only after the state does not count. Rename one of them, or return the value with `Output` and assign it outside.";
    ASL216 "assign-is-no-object" r"`Assign` is not an object.

Each of its fields names a variable, so neither a text nor a JSONata expression can take its place. AWS refuses the definition. Write one field for each
variable.";
    ASL220 "unknown-resource" r"AWS does not know the `Resource` of a Task state.

It is the ARN of a Lambda function or an activity, or an integration: `arn:aws:states:::service:action`, with `.sync`, `.sync:2` or `.waitForTaskToken` where the service
offers it, or `arn:aws:states:::aws-sdk:service:action`. AWS refuses others (`The resource provided … is not recognized`). A warning where the text is
no ARN at all, since a tool may complete it when it deploys.";
    ASL221 "missing-parameter" r"A call of a service lacks a parameter that the service demands.

AWS refuses the definition (`The field 'X' is required but was missing`). Add it to `Parameters` or `Arguments`.";
    ASL222 "express-integration" r"An express workflow waits for a job or a callback.

Express state machines, and item processors with `ExecutionType: EXPRESS`, call services and go on: they take no `.sync`, no `.waitForTaskToken`, no
activities and no distributed Map. AWS refuses the definition. Make it a standard workflow.";
    ASL223 "callback-without-limit" r"A task waits for a callback or an activity worker, without a limit.

If nobody answers, it waits as long as the run may last: up to a year. Set `TimeoutSeconds`, or `HeartbeatSeconds` where the worker sends
heartbeats.";
    ASL224 "token-not-passed" r"A task waits for a callback and does not pass the token that answers it.

Whoever is to answer needs `$$.Task.Token` (`$states.context.Task.Token` in JSONata). Without it in `Parameters` or `Arguments` nobody can, and
the task waits until its timeout. Pass it.";
    ASL225 "lambda-errors-not-retried" r"A task calls a Lambda function and retries some errors, but none of the service itself.

Lambda fails now and then with `Lambda.ServiceException`, `Lambda.AWSLambdaException`, `Lambda.SdkClientException` or
`Lambda.TooManyRequestsException`; AWS advises every task to retry them. Add them to a retrier. A note, once for a state machine; a
task without any `Retry` is taken for one that shall not run twice.";
    ASL230 "unknown-error-name" r"`ErrorEquals` names an error of `States.` that does not exist.

Names that start with `States.` are those of the service; no other error has such a name, so this one never matches. Correct it.";
    ASL231 "handler-never-used" r"A retrier or catcher can never match.

The first one that matches an error handles it. Earlier ones name all the errors of this one, or `States.TaskFailed`, which matches every error but
`States.Timeout` and `States.QueryEvaluationError`. Move the narrower one before the wider, or remove it.";
    ASL232 "error-never-caught" r"A retrier or catcher names an error that it never sees.

`States.Runtime` always ends the run, whatever `Retry` and `Catch` say; nor does `States.ALL` match it, or `States.DataLimitExceeded`, which must be named. Some errors come from one kind of state only:
`States.BranchFailed` from Parallel, `States.ItemReaderFailed`, `States.ResultWriterFailed` and `States.ExceedToleratedFailureThreshold` from a distributed Map.";
    ASL233 "timeout-not-handled" r"A task has a timeout, and its handlers do not match it.

`States.TaskFailed` matches every error but `States.Timeout`. A task that has a `TimeoutSeconds` or `HeartbeatSeconds`, and handles only `States.TaskFailed`, still fails the run when
it times out. Add `States.Timeout`, or use `States.ALL`.";
    ASL234 "delay-limit-below-interval" r"`MaxDelaySeconds` is smaller than `IntervalSeconds`.

No wait can grow up to the limit: the first one is above it already. Raise `MaxDelaySeconds` or lower `IntervalSeconds`.";
    ASL240 "rule-never-matches" r"A rule of a Choice state can never match.

Rules are tried in order. An earlier rule matches whenever this one would, or its own conditions contradict each other. Correct or
remove it.";
    ASL241 "poll-without-end" r"A loop ends only when one thing happens, and nothing limits it.

It asks again until a value is there, without a count of attempts, a limit of time, a `TimeoutSeconds` of the state machine, or a way out for the
case that it fails. If the value never comes, the run goes on until it has 25,000 events or is a year old. Add a rule for failure, a
counter, or a `TimeoutSeconds`.";
    ASL250 "processor-config" r"`ProcessorConfig` lacks what its mode demands, or says what its mode does not use.

With `Mode: DISTRIBUTED`, `ExecutionType` must be `STANDARD` or `EXPRESS`; AWS refuses the definition without it. With `INLINE`, `ExecutionType` has no effect.";
    ASL251 "map-label" r"The `Label` of a distributed Map is not allowed.

Each has its own. It has 1 to 40 characters, and no white space, brackets, wildcards, control characters or any of `` \ ^ | ~ $ # % & , ; : / ` ``. AWS refuses the definition.";
    ASL252 "item-reader" r"The `ItemReader` of a distributed Map lacks or contradicts something.

It needs `Resource`: `arn:aws:states:::s3:getObject` or `arn:aws:states:::s3:listObjectsV2`. `ReaderConfig` has `InputType` (`CSV`, `JSON`, `JSONL`, `PARQUET` or `MANIFEST`) for an object;
for CSV, `CSVHeaderLocation` is `FIRST_ROW` or `GIVEN`, and `GIVEN` needs `CSVHeaders`; `MaxItems` is between 1 and 100,000,000 and excludes `MaxItemsPath`.";
    ASL253 "item-batcher" r"The `ItemBatcher` of a distributed Map lacks or contradicts something.

It needs `MaxItemsPerBatch` or `MaxInputBytesPerBatch` (or their `Path` forms), each a whole number from 1; a batch has at most 262,144 bytes.";
    ASL254 "result-writer" r"The `ResultWriter` of a distributed Map lacks or contradicts something.

It needs `Resource` (`arn:aws:states:::s3:putObject`) with `Bucket`, or a `WriterConfig`, whose `Transformation` is `NONE`, `COMPACT` or `FLATTEN` and whose `OutputType` is `JSON` or `JSONL`.";
    ASL260 "definition-too-large" r"The definition is larger than 1 MB.

AWS refuses it. Move parts into state machines of their own, and call them with `states:startExecution.sync:2`. A warning where the file is
not the definition itself, letter by letter: what is deployed may be smaller.";
    ASL261 "empty-name" r"The name of a state is empty.

No transition can name it sensibly, and AWS refuses the definition. Give the state a name of 1 to 80 characters, here and where it
is used.";
    ASL262 "machine-name" r"The name under which a state machine is deployed is not allowed.

It has 1 to 80 characters, and no white space, control characters, brackets, wildcards or any of `` # % \ ^ | ~ $ & , ; : / ` `` or quotes. AWS refuses it (`STATE_MACHINE_NAME_INVALID`,
`STATE_MACHINE_NAME_TOO_LONG`). Rename it.";
}
