//! What becomes of attributes and resources that have no place in the IR, and why.
//!
//! Attribute names are those of the Terraform AWS provider's documentation: the registry pages "Resource:" of `aws_emr_cluster`,
//! `aws_emr_instance_group`, `aws_emr_instance_fleet`, `aws_sfn_state_machine`, `aws_lambda_function`,
//! `aws_cloudwatch_event_rule`, `aws_cloudwatch_event_target` and `aws_scheduler_schedule` (November 2026), and the older names
//! of `aws_emr_cluster` in provider 1.x.
use crate::source::sink::Disposition;
use Disposition::{Ignored, Unsupported};

/// An attribute by its path below the resource, its fate, and the reason.
pub type Attribute = (&'static str, Disposition, &'static str);

const SSH: &str = "a key for logging in to EMR's machines; nobody logs in to a pod with it";
const NETWORK: &str = "where EMR's machines stood in the account's network; pods run where the Kubernetes nodes are";
const GROUPS: &str = "what these security groups open to the jobs is not known here: allow the same to the Kubernetes nodes or pods";
const MANAGED: &str = "rules between EMR's own machines; pods of a job talk to each other inside the cluster";
const ROLE: &str = "IAM roles are later work: the pod's role is a question of its own";
const TAGS: &str = "tags of AWS resources are not yet carried over as labels";
const DISKS: &str = "disks of EMR's machines; the local storage of executors is not yet sized from them";
const SCALING: &str = "EMR's scaling of machines is not yet translated to the scaling of executors or nodes";
const FLEET: &str = "how EMR buys machines for a fleet is not translated; the nodes' autoscaler has its own settings";
const LAMBDA_NETWORK: &str = "what the function reaches through this network is not translated";

pub const EMR_CLUSTER: &[Attribute] = &[
    ("additional_info", Unsupported, "undocumented settings of EMR, which this version does not know"),
    ("auto_termination_policy", Ignored, "ends an idle cluster; on Kubernetes nothing is left running between jobs"),
    ("autoscaling_role", Ignored, "the role of EMR's scaling of machines; no EMR service acts on Kubernetes"),
    ("configurations.source", Unsupported, "the block form of configurations is not read"),
    ("core_instance_fleet", Unsupported, FLEET),
    ("core_instance_group.autoscaling_policy", Unsupported, SCALING),
    ("core_instance_group.ebs_config", Unsupported, DISKS),
    ("custom_ami_id", Unsupported, "what that machine image holds is not known here: put it in the Spark image"),
    ("ebs_root_volume_size", Ignored, "the root disk of EMR's machines; a pod's root file system comes with its image"),
    ("ec2_attributes.additional_master_security_groups", Unsupported, GROUPS),
    ("ec2_attributes.additional_slave_security_groups", Unsupported, GROUPS),
    ("ec2_attributes.emr_managed_master_security_group", Ignored, MANAGED),
    ("ec2_attributes.emr_managed_slave_security_group", Ignored, MANAGED),
    ("ec2_attributes.instance_profile", Unsupported, ROLE),
    ("ec2_attributes.key_name", Ignored, SSH),
    ("ec2_attributes.service_access_security_group", Ignored, "lets EMR's service reach its machines; no EMR service acts on Kubernetes"),
    ("ec2_attributes.subnet_id", Ignored, NETWORK),
    ("ec2_attributes.subnet_ids", Ignored, NETWORK),
    ("instance_group.autoscaling_policy", Unsupported, SCALING),
    ("instance_group.ebs_config", Unsupported, DISKS),
    (
        "keep_job_flow_alive_when_no_steps",
        Ignored,
        "no cluster waits between jobs on Kubernetes: each job brings its own driver and executors",
    ),
    ("kerberos_attributes", Unsupported, "Kerberos is not translated; if the jobs read secured services, they need their own keytabs"),
    ("list_steps_states", Ignored, "which steps Terraform lists when it refreshes its state"),
    ("log_encryption_kms_key_id", Unsupported, "encryption of the logs is not translated: set it on the bucket"),
    ("master_instance_fleet", Unsupported, FLEET),
    ("master_instance_group.autoscaling_policy", Unsupported, SCALING),
    ("master_instance_group.ebs_config", Unsupported, DISKS),
    ("os_release_label", Ignored, "the Amazon Linux release of EMR's machines; a pod brings its own in the image"),
    ("placement_group_config", Ignored, "how AWS spreads EMR's master machines; there are none on Kubernetes"),
    ("region", Unsupported, "the region of the cluster is not yet carried over to the jobs' S3 settings"),
    ("scale_down_behavior", Ignored, "how EMR takes machines away; Kubernetes drains its nodes by its own rules"),
    ("security_configuration", Unsupported, "encryption and authentication of an EMR security configuration are not translated"),
    ("service_role", Ignored, "EMR's own role; no EMR service acts on Kubernetes"),
    ("step.hadoop_jar_step.properties", Unsupported, "Java properties of a step are not translated"),
    ("step_concurrency_level", Unsupported, "how many steps run at once is not yet translated"),
    ("tags", Unsupported, TAGS),
    ("tags_all", Unsupported, TAGS),
    ("termination_protection", Ignored, "keeps the cluster's machines from being ended; no cluster is left to protect"),
    ("unhealthy_node_replacement", Ignored, "EMR replaces sick machines with it; Kubernetes reschedules pods by itself"),
    ("visible_to_all_users", Ignored, "who sees the cluster in EMR; on Kubernetes that is a matter of its RBAC"),
];

pub const EMR_GROUP: &[Attribute] = &[
    ("autoscaling_policy", Unsupported, SCALING),
    (
        "configurations_json",
        Unsupported,
        "classifications of one instance group are not translated: on Kubernetes a job has one configuration",
    ),
    ("ebs_config", Unsupported, DISKS),
    ("ebs_optimized", Ignored, "a setting of EC2 machines' disks; the nodes have their own"),
    ("status", Ignored, "what EMR reports, not a setting"),
    ("region", Ignored, "the region of the cluster it belongs to"),
];

pub const EMR_FLEET: &[Attribute] = &[
    ("instance_type_configs", Unsupported, FLEET),
    ("launch_specifications", Unsupported, FLEET),
    ("target_on_demand_capacity", Unsupported, FLEET),
    ("target_spot_capacity", Unsupported, FLEET),
    ("region", Ignored, "the region of the cluster it belongs to"),
];

pub const STATE_MACHINE: &[Attribute] = &[
    ("role_arn", Unsupported, ROLE),
    (
        "logging_configuration",
        Unsupported,
        "Step Functions' execution log is not translated; Argo keeps the logs of a workflow's pods by its own settings",
    ),
    ("tracing_configuration", Unsupported, "X-Ray tracing is not translated"),
    ("encryption_configuration", Unsupported, "encryption of the execution's data is not translated"),
    ("publish", Ignored, "versions of a state machine; a GitOps repository keeps the versions"),
    ("version_description", Ignored, "describes a version of a state machine; a GitOps repository keeps the versions"),
    ("name_prefix", Unsupported, "Terraform makes a new name from it in each deployment: give the machine a name"),
    ("region", Ignored, "where Step Functions runs it; the workflow runs in the Kubernetes cluster"),
    ("tags", Unsupported, TAGS),
    ("tags_all", Unsupported, TAGS),
];

pub const LAMBDA: &[Attribute] = &[
    ("architectures", Unsupported, "which processor the function needs is not translated"),
    ("code_signing_config_arn", Ignored, "checks the deployment of a Lambda; the function's code stays what it is"),
    ("dead_letter_config", Unsupported, "where Lambda puts failed events is not translated"),
    ("file_system_config", Unsupported, "a mounted file system is not translated"),
    ("image_config", Unsupported, "a function from an image is not read"),
    ("image_uri", Unsupported, "a function from an image is not read"),
    ("logging_config", Unsupported, "where Lambda writes its log is not translated"),
    ("snap_start", Ignored, "makes a Lambda start faster; nothing of what it does"),
    ("tags", Unsupported, TAGS),
    ("tags_all", Unsupported, TAGS),
    ("vpc_config", Unsupported, LAMBDA_NETWORK),
];

/// Attributes of a function that only configure the Lambda, whatever its code does.
pub const LAMBDA_PLUMBING: &[&str] = &[
    "code_sha256",
    "description",
    "ephemeral_storage",
    "filename",
    "kms_key_arn",
    "layers",
    "memory_size",
    "package_type",
    "publish",
    "region",
    "replace_security_groups_on_destroy",
    "replacement_security_group_ids",
    "reserved_concurrent_executions",
    "role",
    "s3_bucket",
    "s3_key",
    "s3_object_version",
    "skip_destroy",
    "source_code_hash",
    "source_kms_key_arn",
    "timeout",
    "tracing_config",
];

pub const EVENT_RULE: &[Attribute] = &[
    ("description", Ignored, "words for people; the schedule says the same"),
    ("event_bus_name", Ignored, "the bus that carries the event; a schedule needs none"),
    ("event_pattern", Unsupported, "events other than schedules are later work"),
    ("force_destroy", Ignored, "how Terraform removes the rule"),
    ("name", Ignored, "the name of the rule; the schedule is named for what it starts"),
    ("name_prefix", Ignored, "the name of the rule; the schedule is named for what it starts"),
    ("region", Ignored, "where EventBridge keeps the rule; the schedule is kept in the Kubernetes cluster"),
    ("role_arn", Unsupported, ROLE),
    ("tags", Unsupported, TAGS),
    ("tags_all", Unsupported, TAGS),
];

pub const EVENT_TARGET: &[Attribute] = &[
    ("dead_letter_config", Unsupported, "where EventBridge puts events that it cannot deliver is not translated"),
    ("event_bus_name", Ignored, "the bus that carries the event; a schedule needs none"),
    ("force_destroy", Ignored, "how Terraform removes the target"),
    ("input_path", Unsupported, "a part of the event as input is not translated"),
    ("input_transformer", Unsupported, "an input made of the event is not translated"),
    ("region", Ignored, "where EventBridge keeps the rule; the schedule is kept in the Kubernetes cluster"),
    ("retry_policy", Unsupported, "how often EventBridge tries to deliver is not translated"),
    ("role_arn", Unsupported, ROLE),
    ("target_id", Ignored, "a name inside the rule; nothing else uses it"),
];

pub const SCHEDULE: &[Attribute] = &[
    ("action_after_completion", Unsupported, "what happens after the last run of a schedule is not translated"),
    ("description", Ignored, "words for people; the schedule says the same"),
    ("end_date", Unsupported, "the end of a schedule is not translated"),
    ("flexible_time_window", Ignored, "how late EventBridge may start it; a CronWorkflow starts it on time"),
    ("group_name", Ignored, "the group that holds the schedule in AWS"),
    ("kms_key_arn", Ignored, "encrypts the schedule in AWS; it is kept in the Kubernetes cluster"),
    ("name", Ignored, "the name of the schedule in AWS; here it is named for what it starts"),
    ("name_prefix", Ignored, "the name of the schedule in AWS; here it is named for what it starts"),
    ("region", Ignored, "where EventBridge keeps the schedule; it is kept in the Kubernetes cluster"),
    ("schedule_expression_timezone", Unsupported, "time zones of schedules are not yet translated: the schedule would run in UTC"),
    ("start_date", Unsupported, "the start of a schedule is not translated"),
    ("target.dead_letter_config", Unsupported, "where EventBridge puts events that it cannot deliver is not translated"),
    ("target.retry_policy", Unsupported, "how often EventBridge tries to deliver is not translated"),
    ("target.role_arn", Unsupported, ROLE),
];

/// Meta-arguments of every resource (Terraform language, "Resource Blocks", meta-arguments).
pub const META: &[Attribute] = &[
    ("connection", Ignored, "how Terraform reaches a machine"),
    ("depends_on", Ignored, "the order in which Terraform creates resources"),
    ("lifecycle", Ignored, "when Terraform replaces the resource"),
    ("provider", Ignored, "with which account Terraform creates the resource"),
    ("provisioner", Unsupported, "a command that Terraform runs is not translated"),
    ("timeouts", Ignored, "how long Terraform waits for the resource"),
];

const STAYS: &str = "stays where it is in AWS, and jobs and functions keep using it by its name";
const ACCOUNT_NETWORK: &str = "the network of the AWS account, which stays as it is; pods use the Kubernetes cluster's";
const EC2: &str = "EC2 machines are not an input of this version; Kubernetes brings its own nodes";
const KUBERNETES: &str = "it is for Kubernetes already: go on applying it as before";
const SECRETS: &str = "secrets and parameters are not carried into the Kubernetes cluster by this version";
const HTTP: &str = "HTTP and other event sources that start a pipeline are later work";

/// Resource types by prefix; the longest that fits holds. A type that is in no row is not known to this version.
const RESOURCES: &[Attribute] = &[
    ("archive_", Ignored, "packs files for an upload; what is in them is read for itself"),
    ("aws_acm_", Ignored, "a certificate, which stays in AWS for what still uses it"),
    ("aws_api_gateway", Unsupported, HTTP),
    ("aws_apigatewayv2", Unsupported, HTTP),
    ("aws_athena_", Ignored, STAYS),
    ("aws_autoscaling_", Unsupported, EC2),
    ("aws_cloudwatch_event_", Unsupported, "events other than schedules are later work"),
    (
        "aws_cloudwatch_log_",
        Ignored,
        "a log group for AWS services, which stays; the logs of pods go where the Kubernetes cluster sends them",
    ),
    ("aws_cloudwatch_metric_alarm", Unsupported, "alarms are later work"),
    ("aws_codebuild_", Unsupported, "builds and their pipelines are not an input of this version"),
    ("aws_codepipeline", Unsupported, "builds and their pipelines are not an input of this version"),
    ("aws_db_", Ignored, STAYS),
    ("aws_dynamodb_", Ignored, STAYS),
    ("aws_ecr_", Ignored, STAYS),
    ("aws_efs_", Ignored, STAYS),
    ("aws_eip", Ignored, ACCOUNT_NETWORK),
    ("aws_eks_", Ignored, KUBERNETES),
    ("aws_emr_managed_scaling_policy", Unsupported, SCALING),
    ("aws_emr_security_configuration", Unsupported, "encryption and authentication of an EMR security configuration are not translated"),
    ("aws_emr_studio", Unsupported, "EMR Studio is not an input of this version"),
    ("aws_emrcontainers_", Unsupported, "EMR on EKS is later work"),
    ("aws_emrserverless_", Unsupported, "EMR Serverless is later work"),
    ("aws_glue_catalog_", Ignored, STAYS),
    ("aws_glue_", Unsupported, "Glue jobs and crawlers are not an input of this version"),
    ("aws_iam_", Unsupported, ROLE),
    ("aws_iam_service_linked_role", Ignored, "lets an AWS service act in the account; no AWS service runs the jobs"),
    ("aws_instance", Unsupported, EC2),
    ("aws_internet_gateway", Ignored, ACCOUNT_NETWORK),
    ("aws_key_pair", Ignored, SSH),
    ("aws_kinesis_", Ignored, STAYS),
    ("aws_kms_", Ignored, "a key, which stays in AWS for what it encrypts"),
    ("aws_lambda_", Unsupported, "this part of a Lambda's deployment is not translated"),
    ("aws_lambda_permission", Ignored, "lets an AWS service call the function; the workflow calls what it needs itself"),
    ("aws_launch_", Unsupported, EC2),
    ("aws_nat_gateway", Ignored, ACCOUNT_NETWORK),
    ("aws_network_", Ignored, ACCOUNT_NETWORK),
    ("aws_rds_", Ignored, STAYS),
    ("aws_redshift_", Ignored, STAYS),
    ("aws_route", Ignored, ACCOUNT_NETWORK),
    ("aws_s3_", Ignored, "stays where it is: jobs keep reading s3:// paths"),
    ("aws_s3_bucket_notification", Unsupported, HTTP),
    ("aws_scheduler_", Unsupported, "this part of EventBridge Scheduler is not translated"),
    ("aws_secretsmanager_", Unsupported, SECRETS),
    ("aws_security_group", Ignored, ACCOUNT_NETWORK),
    ("aws_sfn_", Unsupported, "activities, aliases and versions of state machines are not translated"),
    ("aws_sns_", Ignored, STAYS),
    ("aws_sqs_", Ignored, STAYS),
    ("aws_ssm_", Unsupported, SECRETS),
    ("aws_subnet", Ignored, ACCOUNT_NETWORK),
    ("aws_vpc", Ignored, ACCOUNT_NETWORK),
    ("azurerm_", Unsupported, "Azure is not a source of this version"),
    ("azurerm_hdinsight_", Unsupported, "HDInsight is not a source of this version"),
    ("google_", Unsupported, "Google Cloud is not a source of this version"),
    ("google_dataproc_", Unsupported, "Dataproc as a source is later work"),
    ("helm_", Ignored, KUBERNETES),
    ("kubectl_", Ignored, KUBERNETES),
    ("kubernetes_", Ignored, KUBERNETES),
    ("local_", Unsupported, "a file that Terraform writes is not read"),
    ("null_resource", Unsupported, "a command that Terraform runs is not translated"),
    ("random_", Ignored, "a value that Terraform draws once and keeps in its state, to make names unique"),
    ("terraform_data", Unsupported, "a command that Terraform runs is not translated"),
    ("time_", Ignored, "makes Terraform wait; nothing that runs later"),
    ("tls_", Unsupported, SECRETS),
];

/// The fate of resources of a type, and why.
#[must_use]
pub fn resource(kind: &str) -> (Disposition, &'static str) {
    RESOURCES
        .iter()
        .filter(|(prefix, ..)| kind.starts_with(prefix))
        .max_by_key(|(prefix, ..)| prefix.len())
        .map_or((Unsupported, "no importer of this version knows this type of resource"), |(_, fate, why)| (*fate, *why))
}

/// Whether a type only gives a web page or a name to something: a load balancer, a DNS record.
#[must_use]
pub fn exposes(kind: &str) -> bool {
    ["aws_alb", "aws_lb", "aws_elb", "aws_route53_"].iter().any(|prefix| kind.starts_with(prefix))
}

/// The row of a path, or whether rows exist below it.
pub enum Row {
    Fate(Disposition, &'static str),
    Below,
    None,
}

#[must_use]
pub fn row(table: &[Attribute], path: &str) -> Row {
    if let Some((_, fate, why)) = table.iter().find(|(name, ..)| *name == path) {
        return Row::Fate(*fate, why);
    }
    if table.iter().any(|(name, ..)| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))) { Row::Below } else { Row::None }
}
