//! Rules of the passes: what becomes of control flow, data and jobs.
crate::rules! {
    PLN101 "spark-job" r"submit → wait → poll → choose is one Spark job.

A function submits a Livy batch, a Wait lets time pass, a function reads the batch's state, and a Choice loops until the
state is final. On Kubernetes the SparkApplication resource does all of it: Argo creates it and watches it to its end. The
functions, the waits and the polls have no counterpart and need none. The match is a proof: no state inside has an effect or
a reader outside, and every final state of Livy leads to success or to one failure.";
    PLN102 "polls-for-ever" r"A Choice polls on for ever after a final state of the batch.

Livy's `error`, `dead` and `killed` are final. When no rule of the Choice names one of them, its Default waits and asks
again, until the execution times out. On Kubernetes every failure of the application ends the wait, and goes where the named
failures go.";
    PLN103 "leaves-early" r"A Choice leaves the polling loop while the batch may still run.

States such as `starting` are not final, and the source treats them as an outcome. On Kubernetes the job is watched to its end.";
    PLN104 "failed-submission" r"A submission that fails for good is a failed job.

In the source an error of the submitting function that no Catch handles ends the execution at once. On Kubernetes submission
and run are one resource, so the handler of a failed job runs for a failed submission too.";
    PLN105 "pass-without-reader" r"A state that only moves data which nothing reads is not needed.";
    PLN106 "one-branch-parallel" r"A Parallel with one branch is that branch.

It runs nothing beside it and waits for it; its result is an array that nothing reads.";
    PLN107 "poll-to-watch" r"Polling becomes the operator's watch.

The source asks every so many seconds; Argo looks at the resource every five seconds (its default), so a pipeline goes on
sooner after a job's end. Nothing else can be observed of it.";
    PLN110 "state-not-translated" r"A state is not translated by this version.

A step stands in its place that fails when it runs and says why, so that no run can look complete. What comes after it is not
translated either. Replace the step by hand, or leave the machine where it is.";
    PLN111 "loop-not-translated" r"A loop that is not a job's polling loop is not translated by this version.

A step stands in its place that fails when it runs and says why.";
    PLN112 "data-not-translated" r"A state reads what another one wrote, and this version does not carry it.

Only the execution's input is passed on. A step stands in its place that fails when it runs and says why.";
    PLN113 "called-in-place" r"A Lambda function stays where it is and is called with the pod's AWS role.

emr2k8s does not rewrite functions that do anything else than driving Spark. The call is the same `lambda:InvokeFunction`;
the pod's role must allow it. Say under `functions` in `emr2k8s.yaml` what replaces it.";
    PLN115 "retry" r"A Retry of ASL becomes the target's.

For a submission it is `onSubmissionFailureRetries` of the SparkApplication, so the job itself never runs twice; for a call it
is the template's `retryStrategy`, on every failure.";
    PLN116 "result-without-reader" r"A result that nothing reads is not carried.

The state document is taken apart: only parts that something later reads are passed on.";
    PLN117 "behind-a-refusal" r"States that a run could only reach through a piece that is not translated are not translated either.";
    PLN118 "branches-run-to-their-end" r"When one branch fails, the others still run to their end.

Step Functions stops the other branches of a Parallel at the first failure; Argo's parallel steps end when all have ended, and
then the run fails.";
    PLN119 "idiom-not-proven" r"A submission looks like a Spark job, and the proof fails.

The message says which part does not fit. A step stands in its place that fails when it runs and says why.";
    PLN120 "unreachable" r"No run reaches this state, so nothing is emitted for it.";
    PLN121 "end-of-run" r"A run that reaches this succeeds; the workflow's end says the same.";
    PLN122 "deployment-detail" r"A setting of the state machine resource that configures Step Functions itself, which does not run any more.";
    PLN123 "execution-timeout" r"The timeout of the execution becomes the workflow's `activeDeadlineSeconds`.";
    PLN124 "replaced-function" r"The function drives Spark through Livy; the SparkApplication takes its place.

Its role, memory, timeout, network and packaging belong to a Lambda that no longer exists; its headers, log lines and endpoint
to a call that is not made.";

    PLN126 "comment-without-place" r"A comment of the source on something that has no line of its own in the output.";

    PLN127 "text-that-argo-reads" r"A text of the source looks like a tag of Argo Workflows.

Argo reads every text of a template for `{{…}}`, also in what it has put in before. In a job's manifest a tag that Argo knows would be
evaluated, so such a job is refused; in the message of a failure the braces are set apart.";

    SIZ101 "memory" r"A container of YARN and a pod of Kubernetes are not the same size.

YARN adds Spark's overhead (10 % of the heap, at least 384 MiB, unless set) to the heap and rounds up to a multiple of
`yarn.scheduler.minimum-allocation-mb`; the pod gets heap and overhead exactly. What ran in the rounding is killed on Kubernetes:
raise `memoryOverhead` where a job needs it.";
    SIZ102 "cores" r"Cores are now reserved.

The capacity scheduler of EMR counts memory only (`DefaultResourceCalculator`), so YARN put more executors on a node than it has
cores for. A pod requests its cores, and waits until a node has them.";
    SIZ103 "default-size" r"The payload does not say a size, so EMR's own default held, which depends on the instance type.

Spark's default stands in the output. Set the size that the jobs really had.";
    SIZ104 "dynamic-allocation" r"EMR turns dynamic allocation on unless the configuration turns it off.

On Kubernetes there is no external shuffle service, so executors that hold shuffle data are kept (shuffle tracking).";
    SIZ105 "queue" r"A YARN queue becomes a queue of YuniKorn with the same full name.

The queue has to be defined in YuniKorn's configuration. Set `spark.scheduler` in `emr2k8s.yaml` to `volcano` or `none` for another
scheduler.";
    SIZ106 "spark-version" r"The Spark of the EMR release and the Spark of the image differ.

The Spark Operator runs Spark 3 and 4 images; Spark 2 has no image that it supports. Between Spark 2 and 3 the Scala version changes
too, so a jar must be rebuilt for the Scala version that the message names. Read Spark's migration guides for the versions in between.";
    SIZ107 "baked-in-application" r"The application is part of the image.

On EMR each run fetched the jar from S3, so an upload was a release. Now the image is built with the jar in it: a release is a new
image tag, and every run of a tag is the same.";
    SIZ108 "unknown-value" r"A value of the payload cannot be known from the sources.

It names the line and the expression. Give the value, or write the job's field by hand.";
    SIZ109 "livy-field" r"A field of the Livy batch has no counterpart, because Kubernetes does it otherwise.";
    SIZ110 "s3-scheme" r"`s3://` was EMRFS on EMR; the image has Hadoop's S3A, mapped to the same scheme.

Paths in arguments and code keep working.";
    SIZ111 "cluster-setting" r"A setting of the EMR cluster that its jobs relied on.

The configuration classifications of the cluster become `sparkConf` and `hadoopConf` of each job.";
    SIZ112 "bad-size" r"A size or number of the payload is not one that Spark reads.";

    SIZ113 "one-image-of-all-stages" r"Each stage took the application from a place of its own, and the stages share one image.

An image is built once and goes from stage to stage; two buckets could hold two builds. Choose the file that is to run everywhere, or patch
the image's tag in the overlays.";

    SIZ114 "second-attempt" r"A failed job is not started again.

YARN starts an application whose master fails a second time, unless `spark.yarn.maxAppAttempts` or the cluster says otherwise, so a job that
failed for a passing reason often ended well on EMR, and one that writes twice wrote twice. On Kubernetes the driver runs once.";

    LNK101 "cluster-of-a-batch" r"Which EMR cluster a batch runs on.

The endpoint of Livy rarely says it. When the sources hold one cluster with Livy, it is that one; when they hold several, the nearest
by folder, and the message says so.";
    LNK103 "missing-function" r"A state calls a function that the sources do not define.

The call is kept: it runs where it is, with the pod's AWS role. If the name is wrong, mend it; if the function is to be replaced, say so
under `functions` in `emr2k8s.yaml`.";
    LNK104 "started-by-hand" r"Nothing in the sources starts this machine on its own.

The WorkflowTemplate is submitted by hand (`argo submit --from workflowtemplate/NAME`) until `schedules` in `emr2k8s.yaml` gives a schedule.";
    LNK105 "started-by-a-command" r"A command in a script starts this machine.

Scripts are not translated. A cluster that starts its own pipeline has no counterpart on Kubernetes, where nothing boots for a run: give
the pipeline a schedule in `emr2k8s.yaml`, or submit it where the command stood.";
    LNK106 "unknown-target" r"A trigger starts something that the sources do not define.";
    LNK107 "definition-not-found" r"A deployment names a definition that is not there.";
    LNK108 "trigger-not-translated" r"A trigger of this kind is not translated by this version.";
    LNK109 "configuration-of-a-cluster" r"Which configuration file a cluster uses is not written in the sources.

One EMR configuration file lies beside it, so its settings are used. Say otherwise by giving the variable a value.";

    LNK102 "function-without-caller" r"No state machine of the sources calls this function.

It is not touched: it stays in AWS as it is. Functions that only served the replaced ones can be removed with them.";

    LNK113 "function-without-a-name" r"A state calls a function of a template that gives it no name: CloudFormation makes one up when it deploys the stack.

The call is kept under the function's name in the template, and fails until it has the right one. Give the function a name in the template, or look the name up
(`aws cloudformation describe-stack-resources`) and say it under `functions` in `emr2k8s.yaml`.";

    LNK112 "function-of-an-untranslated-piece" r"States that are not translated call this function, and no others.

It is not touched: it stays in AWS as it is. Whoever replaces those states by hand decides whether it is still called.";

    CLU101 "cluster-itself" r"A setting of the EMR cluster itself, which does not exist any more.";
    CLU102 "instance-groups" r"Instance groups are not translated to node pools by this version.

Pods run on the nodes that the Kubernetes cluster has. Size its node groups so that a driver and its executors fit; keep spot for what was
spot.";
    CLU103 "bootstrap-action" r"A bootstrap action is a script that EMR ran on every node, and this version does not read scripts.

What it installs for Spark jobs belongs into their image; what it sets up for EMR has no counterpart.";
    CLU104 "cluster-step" r"A step of a cluster is not translated by this version.

When it submits a Spark job, write a pipeline for it; when it prepares the cluster, it has no counterpart.";

    CLU105 "queue-shares" r"What a queue may use is not translated by this version.

YARN's capacity scheduler gives queues shares of the cluster, in percent; YuniKorn gives them quotas in cores and memory. Define the queues
that the jobs name in YuniKorn's configuration, with quotas that fit your nodes.";

    SEC101 "secret-literal" r"A literal in the sources is a secret.

It never reaches the output. The job reads it from an environment variable that comes from a Kubernetes Secret, which a person has to
create. The literal in the sources should be considered leaked: rotate it.";
    SEC102 "secret-in-configuration" r"A Spark property holds a secret, and Spark has no way to read that property from a Secret.

The job is not emitted. Move the credential to the pod's AWS role, to Hadoop's credential provider, or to an environment variable that the
application reads.";

    SEC103 "secret-taken-out" r"A text of the sources holds a secret, and would have brought it into the output.

`<secret>` stands in its place, so what the line does or says differs from the source: a call passes on another value, a message names no
credential. Let what needs the credential read it from a Secret or through its AWS role, and rotate it: it lies in the sources.";

    PLN128 "states-as-steps" r"The states of a machine that carries data are the steps of the workflow.

The document flows from step to step as a parameter, as JSON text. What a state computes is an expression where that is exact, and else the runtime's small pod, which holds the
interpreter itself.";
    PLN129 "too-large" r"The workflow of a machine would be more than a cluster takes.

Argo ends a workflow whose templates call each other about 100 levels deep, and Kubernetes takes objects of 1 MiB. A Workflow keeps every template that it has called, and once more those of the
WorkflowTemplate that it was made from. What has more than the 200 templates that Argo's definition of a WorkflowTemplate takes becomes several of them, but the Workflow holds them all. Split the machine into several.";
    PLN130 "irreducible-loop" r"A loop that is entered at several states has no nested form.

Its entries become the arms of a dispatch inside a loop: a step says which one is next, and the loop goes there. The same states run in the same order.";

    PLN131 "items-on-s3" r"A Map reads its items from S3, batches them, or writes its results there.

*It becomes* a container with the AWS command line that fetches the file or the list, and the runtime's pod that makes items of it: CSV, JSON, JSON Lines, lists of objects, in batches where the
Map has an `ItemBatcher`. The pod also makes the files of a `ResultWriter`, manifest included, and a container puts them. Both containers have the pod's role, which needs what the state
machine's role may do. *What changes:* all goes through parameters of the workflow, so what is read may have 128 KiB as JSON text, and what is written 512 KiB. More is not cut: the state fails as
`States.ItemReaderFailed` or `States.ResultWriterFailed` and says so. A workflow itself may have 1 MiB, compressed, and keeps the items many times: text such as rows of a CSV file fits (2,000 rows with 172 KB were run
through), but of texts that do not compress, as hashes, 48 KiB may already be too much; Argo then says that the workflow is longer than allowed, or nothing. `MapRunArn` and the ARNs in records name no region; a record's dates are the time when the results were written; a Map that fails writes nothing. For more data let
a job read it: that is what Spark is for.

*Refused* are Parquet files, and manifests of Athena and of S3 inventories: a step stands in their place that fails when it runs and says why. Read the items in a Task before the Map.";

    PLN132 "evaluated-by-pod" r"What a state computes is evaluated by the runtime's pod.

The pod runs the interpreter itself, which is held to outcomes that AWS recorded, so the result is the same; it takes a pod's start. Where an expression of Argo's is exact under a guard, the pod only runs when
the guard does not hold. `runtime: never` in `emr2k8s.yaml` refuses such states instead.";

    PLN133 "placeholder-in-data" r"A state sends or holds a text that a deployment completes, and the sources do not say with what.

`${Topic}` is filled in by CloudFormation, SAM, Terraform or the Serverless Framework. Sent as it stands it would be wrong without a sign, so the machine is not translated with its data.
Say under `placeholders` in `emr2k8s.yaml` what it is, or write the value into the definition.";

    PLN134 "retry-jitter" r"`JitterStrategy: FULL` spreads retries over time; Argo's backoff has no chance in it.

The workflow waits the whole delay. Where many executions retry at once against one service, they do so together.";
    PLN135 "branches-run-on" r"What runs side by side under a Retry or Catch runs to its end when one part fails.

Step Functions stops the other branches or items. In the workflow a failure that something handles is a value, and the others are not stopped by it; the handler runs when all have ended. The outcome
is the same, what the others have done meanwhile may not be. A Map with `MaxConcurrency: 1` stops.";
    PLN136 "not-carried" r"A setting of a state that the workflow does not have: a heartbeat, a deadline or a
concurrency that is data, a role for one call, records of items whose failure is tolerated.";

    PLN137 "no-result-of-a-job" r"A Spark job on Kubernetes leaves nothing in the state document.

On EMR the id and the state of a batch, a step or a cluster stood there. No path reads them, which is proven; a function or a service that takes the whole document gets it without them.";

    PLN138 "no-cluster" r"A state creates, changes or ends the cluster that jobs run on.

On Kubernetes there is none: the SparkApplication brings its own pods. The state does nothing, and a Catch that leads to the end of the cluster leads to what comes after it. What the cluster's request says of Spark
goes to its jobs. Where something else reads the cluster's name, it finds `kubernetes`.";

    PLN142 "unwatched-job" r"A state submits a job, and no state waits for its end or takes its id.

The workflow creates the SparkApplication and goes on. The job does not belong to the workflow, so it runs on when the workflow has ended or is deleted, as it did on EMR;
only the end of an EMR cluster stops such a job, and there is none on Kubernetes. Use the `.sync` form of the call if the machine was meant to wait.";

    PLN143 "waits-for-the-data" r"States that are translated only where the whole machine is translated with its data, which another problem prevents.

Nothing is wrong with these states. Mend what is said of the machine first, and they are translated too.";

    PLN139 "request-of-a-job" r"The request of a job on EMR says more than which application runs with what.

A role, a deadline, attempts, destinations of logs, other classifications than `spark-defaults`: what has a place on Kubernetes has it elsewhere, and is not set from here. `spark.role` in `emr2k8s.yaml`
is the role of drivers and executors.";

    PLN140 "unread-data" r"What a state leaves in the document is read by nothing that runs after it, so it is not put there.

A result behind a `ResultPath` that no later state looks at is thrown away, as `ResultPath: null` does; a Pass that makes only such a value does nothing; results of branches and items that nobody reads
are not collected. At the end of a run nothing is read, unless another machine of the estate takes the output, or `output: always` in `emr2k8s.yaml` asks for it. It is done only where it is
proven that the field could not fail: the document is an object on every way there, and every path of a selector leads somewhere. Whatever sends the whole document, or may fail with a message that quotes
it, reads all of it.

*What is lost* is one failure: a document of more than 256 KiB fails with `States.DataLimitExceeded`, and without data that nobody reads it may stay below that. What a call gives is held to the
limit as before.";

    PLN141 "poll-in-one-container" r"A call that is made again and again until its answer says that something has ended.

Step Functions calls, chooses and waits, turn by turn. One container does it: it makes the call, and as long as the Choice would lead back to it, it pauses and calls again. What it gives is
the last answer, on which the Choice then decides. The requests, their order and the outcome are the same; a Retry of the call is made by the container too, and counts anew with each call.
A loop in which anything else happens stays a loop of the workflow.";

    SEC104 "secret-of-spark-itself" r"Spark on Kubernetes makes the secret of an application itself.

`spark.authenticate.secret` is shared by everything that reads the cluster's configuration. On Kubernetes Spark generates one for each
application and hands it to the executors, so the property is not carried.";

    DOC101 "schedule" r"A schedule of AWS becomes a CronWorkflow.

AWS counts in UTC, so does the CronWorkflow. `rate(…)` counts from the moment it was created on AWS; a cron expression counts from the hour.";
    DOC102 "schedule-not-translated" r"A schedule cannot be written as a cron expression of Kubernetes.";
}
