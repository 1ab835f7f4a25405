//! `emr2k8s.yaml`: the user's answers.
use std::collections::BTreeMap;

/// Every answer a user may give. What is not given keeps its default, or stays a question.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Glob patterns, relative to SRC, of files that are not looked at.
    pub exclude: Vec<String>,
    /// Stages to compile; empty: those that the sources name.
    pub stages: Vec<String>,
    pub gitops: Gitops,
    pub images: Images,
    /// Pipeline name → namespace, with `{stage}` and `{pipeline}` replaced. Default `{pipeline}-{stage}`.
    pub namespaces: Option<String>,
    /// Function name → what replaces it.
    pub functions: BTreeMap<String, FunctionAnswer>,
    /// Source machine name → pipeline name.
    pub names: BTreeMap<String, String>,
    /// Pipeline name → schedule (five fields, UTC), for machines that the sources start in a way that cannot be kept.
    pub schedules: BTreeMap<String, String>,
    pub spark: Spark,
}

/// The GitOps repository that the output becomes.
#[derive(Clone, Debug, Default)]
pub struct Gitops {
    /// Its URL, for Argo CD.
    pub repository: Option<String>,
    /// Branch or tag. Default `HEAD`.
    pub revision: Option<String>,
    /// Folder of the output inside it. Default: its top.
    pub path: Option<String>,
}

/// Images that the pipelines run.
#[derive(Clone, Debug, Default)]
pub struct Images {
    /// Registry and path before an image's name: `registry.example.com/spark`.
    pub registry: Option<String>,
    /// Tag of the built images. Default `1.0.0`.
    pub tag: Option<String>,
}

/// What replaces a Lambda function.
#[derive(Clone, Debug, Default)]
pub struct FunctionAnswer {
    /// Keep calling the function in AWS, under this name or ARN.
    pub call: Option<String>,
}

/// Spark settings of the target.
#[derive(Clone, Debug, Default)]
pub struct Spark {
    /// Batch scheduler: `yunikorn` (default when the sources use queues), `volcano` or `none`.
    pub scheduler: Option<String>,
    /// ARN of the IAM role that jobs take, by pod identity annotation.
    pub role: Option<String>,
}
