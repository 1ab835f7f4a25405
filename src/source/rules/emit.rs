//! Rules of the emitters: what wrote a line of the output.
crate::rules! {
    EMI001 "manifest" r"A line that every manifest of its kind has: `apiVersion`, `kind`, names, and the structure that the API asks for.";
    EMI101 "spark-application" r"A field of the SparkApplication that a job becomes.

The manifest stands inside the `resource` template of Argo that creates it: Argo owns it (`setOwnerReference`), watches
`status.applicationState.state`, and ends with it. `COMPLETED` and `FAILED` are the operator's only final states.";
    EMI102 "s3a" r"`s3://` paths keep working: Hadoop's S3A file system is registered for the scheme `s3` too.

On EMR the scheme belonged to EMRFS. The image has the `hadoop-aws` that belongs to its Hadoop. Credentials come from the
SDK's default chain, which knows the pod's AWS role.";
    EMI103 "service-accounts" r"Two identities: the workflow submits and watches jobs; Spark's driver makes its executors and holds the AWS role.

Argo's executor writes `workflowtaskresults`, and needs `create` and `get` on what its resource templates make. Spark's driver creates and
deletes pods, services, config maps and volume claims of its executors. Neither needs more.";
    EMI104 "kustomize" r"A kustomization: `base` holds what all stages share, an overlay says where a stage runs and what differs there.";
    EMI105 "argo-cd" r"Argo CD: a project that says what may go where, one Application for each pipeline and stage, and an Application of Applications.";
    EMI106 "image" r"A line of the Dockerfile of an image that Spark jobs run.

Spark, Scala, Java and Hadoop are those of the image that the table of Spark releases names for the EMR release; `hadoop-aws` and the AWS SDK are
the versions that belong to this Hadoop; the application is baked in.";
    EMI107 "readme" r"A line of the README of the result.";
    EMI108 "stage-parameter" r"A value that differs between stages.

Inside a SparkApplication it is a parameter of the WorkflowTemplate, whose value each overlay sets; elsewhere the overlay patches it.";
    EMI109 "placeholder" r"Something that a person must answer: an address that no machine has (`.invalid`, RFC 2606) stands in its place, so that
nothing can work by accident. The report names the key of `emr2k8s.yaml` that answers it.";
    EMI110 "unheard-answer" r"An answer in `emr2k8s.yaml` is about something that the sources do not have.

It has no effect. Mend its key: `schedules` has names of pipelines, `names` names of state machines.";
}
