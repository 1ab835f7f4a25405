//! The keys that each part of a file may have, and what they are for.
//!
//! Source: "Serverless.yml Reference" of the Serverless Framework, versions 1 to 3, and the schema and documentation of
//! the plugin serverless-step-functions; read November 2026.

/// What a key is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    /// It is read where it matters.
    Read,
    /// It configures Lambda functions as such: absorbed with them.
    Lambda,
    /// It has no meaning on Kubernetes, for this reason.
    Ignored(&'static str),
    /// It configures API Gateway.
    Gateway,
    /// It has a meaning that is not translated.
    Unsupported(&'static str),
}

pub(super) type Table = &'static [(&'static str, Use)];

const FRAMEWORK: Use = Use::Ignored("it configures the Serverless Framework itself");
const STACK: Use = Use::Ignored("it configures the deployment through CloudFormation");

pub(super) fn find(table: Table, key: &str) -> Option<Use> {
    table.iter().find(|(name, _)| *name == key).map(|(_, use_)| *use_)
}

pub(super) const TOP: Table = &[
    ("service", Use::Read),
    ("provider", Use::Read),
    ("functions", Use::Read),
    ("custom", Use::Read),
    ("params", Use::Read),
    ("stages", Use::Read),
    ("resources", Use::Read),
    ("stepFunctions", Use::Read),
    ("plugins", Use::Read),
    ("package", Use::Lambda),
    ("layers", Use::Lambda),
    ("frameworkVersion", FRAMEWORK),
    ("configValidationMode", FRAMEWORK),
    ("useDotenv", Use::Ignored("emr2k8s reads no environment; variables of it are symbols or their defaults")),
    ("variablesResolutionMode", FRAMEWORK),
    ("unresolvedVariablesNotificationMode", FRAMEWORK),
    ("enableLocalInstallationFallback", FRAMEWORK),
    ("disabledDeprecations", FRAMEWORK),
    ("deprecationNotificationMode", FRAMEWORK),
    ("projectDir", FRAMEWORK),
    ("licenseKey", FRAMEWORK),
    ("app", FRAMEWORK),
    ("org", FRAMEWORK),
    ("tenant", FRAMEWORK),
    ("console", FRAMEWORK),
    ("dashboard", FRAMEWORK),
    ("build", FRAMEWORK),
    ("state", FRAMEWORK),
    ("outputs", FRAMEWORK),
];

pub(super) const PROVIDER: Table = &[
    ("name", Use::Read),
    ("stage", Use::Read),
    ("runtime", Use::Read),
    ("environment", Use::Read),
    ("variableSyntax", Use::Read),
    ("region", Use::Lambda),
    ("memorySize", Use::Lambda),
    ("timeout", Use::Lambda),
    ("vpc", Use::Lambda),
    ("tags", Use::Lambda),
    ("role", Use::Lambda),
    ("iam", Use::Lambda),
    ("iamRoleStatements", Use::Lambda),
    ("iamManagedPolicies", Use::Lambda),
    ("rolePermissionsBoundary", Use::Lambda),
    ("kmsKeyArn", Use::Lambda),
    ("awsKmsKeyArn", Use::Lambda),
    ("logRetentionInDays", Use::Lambda),
    ("logDataProtectionPolicy", Use::Lambda),
    ("logs", Use::Lambda),
    ("tracing", Use::Lambda),
    ("layers", Use::Lambda),
    ("architecture", Use::Lambda),
    ("versionFunctions", Use::Lambda),
    ("lambdaHashingVersion", Use::Lambda),
    ("runtimeManagement", Use::Lambda),
    ("ecr", Use::Lambda),
    ("fileSystemConfig", Use::Lambda),
    ("disableDefaultOutputExportNames", STACK),
    ("stackName", STACK),
    ("stackTags", STACK),
    ("stackPolicy", STACK),
    ("stackParameters", STACK),
    ("deploymentBucket", STACK),
    ("deploymentPrefix", STACK),
    ("deploymentMethod", STACK),
    ("notificationArns", STACK),
    ("rollbackConfiguration", STACK),
    ("disableRollback", STACK),
    ("cfnRole", STACK),
    ("profile", STACK),
    ("credentials", STACK),
    ("apiGateway", Use::Gateway),
    ("httpApi", Use::Gateway),
    ("apiName", Use::Gateway),
    ("apiKeys", Use::Gateway),
    ("usagePlan", Use::Gateway),
    ("endpointType", Use::Gateway),
    ("vpcEndpointIds", Use::Gateway),
    ("resourcePolicy", Use::Gateway),
    ("websocketsApiName", Use::Gateway),
    ("websocketsApiRouteSelectionExpression", Use::Gateway),
    ("websocketsDescription", Use::Gateway),
    ("websocket", Use::Gateway),
    ("alb", Use::Unsupported("a load balancer that calls functions is not translated")),
    ("cloudFront", Use::Unsupported("CloudFront is not translated")),
    ("eventBridge", Use::Ignored("it says how the framework deploys EventBridge rules")),
    ("s3", Use::Unsupported("a bucket that the service creates is not translated")),
];

pub(super) const FUNCTION: Table = &[
    ("handler", Use::Read),
    ("image", Use::Read),
    ("name", Use::Read),
    ("runtime", Use::Read),
    ("environment", Use::Read),
    ("events", Use::Read),
    ("destinations", Use::Read),
    ("url", Use::Read),
    ("description", Use::Lambda),
    ("role", Use::Lambda),
    ("memorySize", Use::Lambda),
    ("timeout", Use::Lambda),
    ("vpc", Use::Lambda),
    ("layers", Use::Lambda),
    ("package", Use::Lambda),
    ("tags", Use::Lambda),
    ("reservedConcurrency", Use::Lambda),
    ("provisionedConcurrency", Use::Lambda),
    ("concurrency", Use::Lambda),
    ("tracing", Use::Lambda),
    ("onError", Use::Lambda),
    ("kmsKeyArn", Use::Lambda),
    ("awsKmsKeyArn", Use::Lambda),
    ("disableLogs", Use::Lambda),
    ("logRetentionInDays", Use::Lambda),
    ("logDataProtectionPolicy", Use::Lambda),
    ("logs", Use::Lambda),
    ("architecture", Use::Lambda),
    ("ephemeralStorageSize", Use::Lambda),
    ("fileSystemConfig", Use::Lambda),
    ("maximumEventAge", Use::Lambda),
    ("maximumRetryAttempts", Use::Lambda),
    ("snapStart", Use::Lambda),
    ("runtimeManagement", Use::Lambda),
    ("versionFunction", Use::Lambda),
    ("condition", Use::Lambda),
    ("dependsOn", Use::Lambda),
    // Of plugins: Python packaging, a role for each function, keeping functions warm.
    ("module", Use::Lambda),
    ("iamRoleStatements", Use::Lambda),
    ("iamRoleStatementsName", Use::Lambda),
    ("iamRoleStatementsInherit", Use::Lambda),
    ("iamPermissionsBoundary", Use::Lambda),
    ("warmup", Use::Lambda),
    ("alarms", Use::Unsupported("an alarm about a function is not translated")),
];

const ROLE: Use = Use::Ignored("the workflow runs under its own Kubernetes service account");
const LOGS: Use = Use::Ignored("the cluster gathers the workflow's logs and metrics");
const ALARM: Use = Use::Unsupported("the output's own monitoring watches the workflow; where this one notifies is not translated");

pub(super) const MACHINE: Table = &[
    ("id", Use::Read),
    ("name", Use::Read),
    ("type", Use::Read),
    ("definition", Use::Read),
    ("events", Use::Read),
    ("role", ROLE),
    ("iamRoleStatements", ROLE),
    ("tags", Use::Ignored("they tag the AWS resource")),
    ("inheritGlobalTags", Use::Ignored("it tags the AWS resource")),
    ("dependsOn", STACK),
    ("retain", STACK),
    ("useExactVersion", Use::Ignored("a workflow calls no Lambda versions")),
    ("loggingConfig", LOGS),
    ("tracingConfig", LOGS),
    ("encryptionConfig", Use::Ignored("it encrypts what Step Functions stores")),
    ("alarms", ALARM),
    ("notifications", ALARM),
];

/// The properties of `AWS::StepFunctions::StateMachine` in the `resources` section.
pub(super) const MACHINE_RESOURCE: Table = &[
    ("StateMachineName", Use::Read),
    ("StateMachineType", Use::Read),
    ("Definition", Use::Read),
    ("DefinitionString", Use::Read),
    ("DefinitionSubstitutions", Use::Unsupported("values that CloudFormation puts into the definition are not followed")),
    ("DefinitionS3Location", Use::Unsupported("a definition in a bucket is not read")),
    ("RoleArn", ROLE),
    ("Tags", Use::Ignored("they tag the AWS resource")),
    ("LoggingConfiguration", LOGS),
    ("TracingConfiguration", LOGS),
    ("EncryptionConfiguration", Use::Ignored("it encrypts what Step Functions stores")),
];

/// Plugins whose whole effect is known, and what becomes of it.
pub(super) const PLUGINS: &[(&str, &str)] = &[
    ("serverless-step-functions", "its section `stepFunctions` is read"),
    ("serverless-pseudo-parameters", "its parameters are read"),
    ("serverless-stage-manager", "its list of stages is read"),
    ("serverless-python-requirements", "it packages Lambda code"),
    ("serverless-plugin-include-dependencies", "it packages Lambda code"),
    ("serverless-ruby-layer", "it packages Lambda code"),
    ("serverless-webpack", "it packages Lambda code"),
    ("serverless-esbuild", "it packages Lambda code"),
    ("serverless-bundle", "it packages Lambda code"),
    ("serverless-plugin-typescript", "it packages Lambda code"),
    ("serverless-offline", "it runs functions on a developer's machine"),
    ("serverless-dotenv-plugin", "emr2k8s reads no environment"),
    ("serverless-prune-plugin", "it removes old Lambda versions"),
    ("serverless-plugin-warmup", "it keeps Lambda functions warm"),
    ("serverless-iam-roles-per-function", "it makes a role for each Lambda function"),
    ("serverless-plugin-tracing", "it configures X-Ray for Lambda functions"),
    ("serverless-deployment-bucket", "it configures the deployment through CloudFormation"),
    ("serverless-plugin-split-stacks", "it configures the deployment through CloudFormation"),
];

/// Keys of `custom` that plugins read, and what becomes of them.
pub(super) const CUSTOM: &[(&str, &str)] = &[
    ("stages", "it lists the stages, and each is compiled"),
    ("pythonRequirements", "it configures the packaging of Lambda code"),
    ("rubyLayer", "it configures the packaging of Lambda code"),
    ("webpack", "it configures the packaging of Lambda code"),
    ("esbuild", "it configures the packaging of Lambda code"),
    ("bundle", "it configures the packaging of Lambda code"),
    ("serverless-offline", "it runs functions on a developer's machine"),
    ("dotenv", "emr2k8s reads no environment"),
    ("prune", "it removes old Lambda versions"),
    ("warmup", "it keeps Lambda functions warm"),
    ("serverless-iam-roles-per-function", "it makes a role for each Lambda function"),
    ("deploymentBucket", "it configures the deployment through CloudFormation"),
    ("splitStacks", "it configures the deployment through CloudFormation"),
];

/// Types of `CloudFormation` resources that only serve Lambda functions.
pub(super) const LAMBDA_RESOURCES: &[&str] = &[
    "AWS::Lambda::Alias",
    "AWS::Lambda::CodeSigningConfig",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
];

/// Keys of the `resources` section beside `Resources`.
pub(super) const RESOURCE_SECTIONS: &[(&str, &str)] = &[
    ("Outputs", "an output of the CloudFormation stack: what imports it must learn the value elsewhere"),
    ("extensions", "an override of what the framework generates for CloudFormation"),
    ("Parameters", "a parameter of the CloudFormation stack"),
    ("Conditions", "a condition of the CloudFormation stack"),
    ("Mappings", "a mapping of the CloudFormation stack"),
    ("Rules", "a rule of the CloudFormation stack"),
    ("Metadata", "metadata of the CloudFormation stack"),
    ("Transform", "a transform of the CloudFormation stack"),
    ("Description", "the description of the CloudFormation stack"),
    ("AWSTemplateFormatVersion", "the version of the CloudFormation template"),
];
