//! Rules of job payloads (Livy batches) and of commands in scripts that start something.
crate::rules! {
    JOB101 "unknown-batch-field" r"A Livy batch payload has a field that `POST /batches` does not document.

Livy's REST API names sixteen fields. A field outside of them has no documented effect, so nothing of it reaches the
Kubernetes job; it is most often a misspelt name. Correct the name, or remove the field.";
    JOB102 "batch-field-type" r"A field of a Livy batch payload has a type that Livy cannot read.

`args: 'a b'` instead of a list is the usual case. The field is not translated; mend the payload.";
    JOB103 "batch-field-coerced" r"A field of a Livy batch payload is a text where Livy documents a number, or the reverse.

The value is taken as the documented type when its text allows it (`'2'` as 2). Write the documented type to be sure.";
    JOB104 "batch-without-file" r"A Livy batch payload has no `file`, which is the one field that Livy requires.

Without the application's file there is no job to translate. Add `file`, or answer it in `emr2k8s.yaml`.";
    JOB105 "batch-field-without-effect" r"A value of a Livy batch payload has no effect.

A field that is `null` is as good as left out, and of two equal keys the last one counts.";
    JOB106 "not-a-batch" r"A payload that should be a Livy batch is not an object.

It is built from something that cannot be known from the sources. Describe the job in `emr2k8s.yaml`.";
    JOB120 "start-execution-without-machine" r"A script runs `aws stepfunctions start-execution` without `--state-machine-arn`, or cannot be read.

The AWS command line requires the option. The command starts nothing that could be linked to a state machine; mend
the script.";
}
