//! Rules of the Amazon States Language: what a definition says, and what AWS would say about it.
//!
//! Sources, looked up in November 2026: the specification (states-language.net); "State machine structure in Amazon States
//! Language", "Choice workflow state", "Map state input and output fields", "Handling errors in Step Functions
//! workflows" and "Transforming data with JSONata" in the AWS Step Functions Developer Guide; the field tables of
//! aws/amazon-states-language-service; and answers of `validate-state-machine-definition` that users recorded
//! (localstack#11978, aws-cdk#10530, cfn-lint#3616, floci#2735, floci#2968).
crate::rules! {
    ASL101 "unknown-field" r"A field that the Amazon States Language does not know.

AWS refuses a definition with an unknown field (`Field 'X' is not supported`), so most often it is a typing mistake, and
what it was meant to do is missing. Correct its name, or remove it. Nothing of it is translated.";
    ASL102 "field-not-allowed" r"A field of the Amazon States Language on a kind of state that does not take it.

`Retry` and `Catch`, for example, work on Task, Parallel and Map states only. AWS refuses such a definition. Move the field to
the state that is meant, or remove it. Nothing of it is translated.";
    ASL103 "wrong-query-language" r"A field of one query language on a state of the other.

`InputPath`, `Parameters`, `ResultSelector`, `ResultPath`, `OutputPath`, `Variable` and the fields that end in `Path` belong to
JSONPath; `Arguments`, `Output`, `Items` and `Condition` to JSONata. A state has the language that its own `QueryLanguage` names, or
else the state machine's, or else JSONPath; the language of a Map or Parallel state does not reach the states inside it.
AWS refuses such a definition. Set `QueryLanguage`, or use the other language's field.";
    ASL104 "query-language" r"`QueryLanguage` has a value or a place that AWS refuses.

It is `JSONPath` or `JSONata`, on the state machine or on a state. A state cannot go back to JSONPath when the state
machine says JSONata, and a branch or an item processor has no `QueryLanguage` of its own.";
    ASL105 "wrong-type" r"A field has a value of the wrong JSON type, such as a string where a number belongs.

AWS refuses such a definition. YAML is a frequent cause: `Seconds: '60'` is a string, `ErrorEquals: States.ALL` is not a list, and
an unquoted `2024-01-01T00:00:00Z` or `on` may not be the string that it looks like. emr2k8s keeps a scalar as it is written and drops a list or object of the wrong kind.";
    ASL106 "out-of-range" r"A number or a name is outside what the language allows.

Seconds and attempts are at most 99999999, `BackoffRate` is at least 1, `MaxDelaySeconds` is between 1 and 31622400,
percentages lie between 0 and 100, `JitterStrategy` is `FULL` or `NONE`, a Map's `Mode` is `INLINE` or `DISTRIBUTED`, and
the name of a state has at most 80 characters. Correct the value.";
    ASL107 "missing-field" r"A field that the language demands is not there.

Without it the state, retrier or catcher has no meaning, and AWS refuses the definition. Add it.";
    ASL108 "not-a-path" r"A field that takes a path holds a text that is none.

A path starts with `$`; where a function of the language is allowed, with `States.`. In a payload template, a key that ends in `.$` needs
such a text too. Write the path, or drop the `.$` to pass the text as it is.";
    ASL109 "conflicting-fields" r"Two fields of a state say the same thing in two ways, or contradict each other.

Examples are `Seconds` beside `SecondsPath`, `Error` beside `ErrorPath`, `ItemProcessor` beside `Iterator`, or two comparison operators in
one rule of a Choice state. AWS refuses it. emr2k8s reads the first of them; remove the others.";
    ASL110 "missing-start" r"A state machine, branch or item processor has no `StartAt`.

It would not be known where a run begins, and AWS refuses the definition. Add `StartAt` with the name of the first state.";
    ASL111 "undefined-state" r"`StartAt`, `Next` or `Default` names a state that is not there.

Names are compared letter by letter, case and spaces included, and a transition cannot leave its branch or item processor: the target
must be in the same `States`. AWS refuses the definition (`MISSING_TRANSITION_TARGET`). Correct the name.";
    ASL112 "unreachable-state" r"No path leads from `StartAt` to this state.

AWS refuses the definition (`State is not reachable`). Either a transition to the state was forgotten, or the state was,
when its last user went away. Add the transition or remove the state.";
    ASL113 "no-transition" r"A state has neither `Next` nor `End: true`.

It would not be known what follows it, and AWS refuses the definition. Add one of them.";
    ASL114 "two-transitions" r"A state has both `Next` and `End`.

With `End: true`, AWS refuses the definition; emr2k8s reads `Next`. With `End: false`, the field says nothing. Remove one of them.";
    ASL115 "end-is-false" r"`End: false` says nothing: only `End: true` ends a run.

A state that does not end the run needs `Next`. Remove `End`.";
    ASL116 "missing-type" r"A state has no `Type`.

Nothing can be translated of a state of an unknown kind, and AWS refuses the definition. Add `Type`.";
    ASL117 "unknown-type" r"`Type` is none of Task, Pass, Choice, Wait, Succeed, Fail, Parallel and Map.

Case counts: `task` is not `Task`. Correct it; until then, the fields of the state that depend on its kind are not translated.";
    ASL118 "no-states" r"`States` is empty, missing or not an object.

A state machine, branch or item processor needs at least one state.";
    ASL119 "never-ends" r"A run can get into states from which it can never end.

Where no state of a state machine or branch ends it (`End: true`, Succeed or Fail), AWS refuses the definition (`MISSING_END_STATE`).
Where only a part of the states cannot reach an end, AWS accepts it, and a run that gets there goes on until it times out or reaches
the limit of 25,000 events. Add the missing way out.";
    ASL120 "duplicate-state" r"Two states have the same name.

Names must be unique in the whole state machine, its branches and item processors included; AWS refuses the definition
(`DUPLICATE_STATE_NAME`). In one and the same `States`, the later one replaces the earlier. Rename one of them.";
    ASL121 "no-default" r"A Choice state has no `Default`.

A run in which no rule matches fails with `States.NoChoiceMatched`. That may be meant; a `Default` that leads to a Fail state with a
telling `Error` and `Cause` says so. emr2k8s keeps the behaviour.";
    ASL122 "no-choices" r"A Choice state has no rules.

`Choices` needs at least one rule; AWS refuses the definition without one.";
    ASL123 "rule-without-next" r"A rule of a Choice state does not say where it leads.

Each rule of `Choices` needs `Next`; the conditions inside `And`, `Or` and `Not` must not have one.";
    ASL124 "no-comparison" r"A rule of a Choice state compares nothing.

A rule in JSONPath has `And`, `Or`, `Not`, or a `Variable` and one comparison operator; a rule in JSONata has `Condition`. AWS refuses a
rule without one; emr2k8s does not translate it.";
    ASL125 "fail-without-error" r"A Fail state has no `Error`.

The run fails without an error name: no retrier or catcher can name it, and whoever reads the log learns little. Add `Error` and
`Cause`.";
    ASL126 "no-resource" r"A Task state has no `Resource`.

It would not be known what to run, and AWS refuses the definition.";
    ASL127 "no-duration" r"A Wait state does not say how long to wait, or says it more than once.

It needs exactly one of `Seconds`, `SecondsPath`, `Timestamp` and `TimestampPath`. AWS refuses the definition.";
    ASL128 "states-all-not-last" r"`States.ALL` matches every error, so what stands beside or after it is never used.

It must be alone in its `ErrorEquals`, and in the last retrier or catcher of its list; AWS refuses the definition
(`States.ALL must appear alone and at end of list`). Move it to the end.";
    ASL129 "no-branches" r"A Parallel state has no branches.

`Branches` needs at least one branch, each with `StartAt` and `States`.";
    ASL130 "no-processor" r"A Map state has no `ItemProcessor`.

It would not be known what to do with an item, and AWS refuses the definition. Add `ItemProcessor` (or `Iterator`, its old name).";
    ASL131 "inline-map" r"A field of the distributed Map on a Map state in inline mode.

`ItemReader`, `ItemBatcher`, `ResultWriter`, `Label` and the tolerated failures work only where `ProcessorConfig` has
`Mode: DISTRIBUTED`. Set the mode, or remove the field.";
    ASL132 "comment-in-condition" r"A comment inside a condition of a Choice state.

The comment of a rule is carried to the output; one inside `And`, `Or` or `Not` has no place there and changes nothing.";
    ASL133 "empty-list" r"An empty `Retry`, `Catch` or `ProcessorConfig`.

It has no effect, neither on AWS nor in the output. It can be removed.";
    ASL134 "replaced-value" r"A value that a later value of the same key replaces.

Readers of JSON and YAML take the last of several equal keys. The earlier value has no effect on AWS and none in the output. Remove it.";
    ASL135 "unread-function" r"A CloudFormation function stands where only a text can be read.

`!Ref`, `!GetAtt` and `!Sub` are read. For others, put the value into the definition, or pass it with
`DefinitionSubstitutions`.";
    ASL136 "broken-expression" r"A text opens a JSONata expression and does not close it, or the other way round.

An expression is the whole text: it starts with `{%` and ends with `%}`, with no spaces outside. AWS refuses a definition with half of it,
and takes one with spaces around it for a text (a warning). emr2k8s reads both as plain text.";
    ASL137 "not-a-timestamp" r"A `Timestamp` or the right side of a timestamp comparison is no point in time.

It must be a timestamp of RFC 3339 with a capital `T` and a zone: `2030-01-31T12:00:00Z`. AWS refuses the definition. YAML is a frequent
cause: quote the timestamp.";
}
