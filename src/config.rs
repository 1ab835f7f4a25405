//! `emr2k8s.yaml`: the user's answers.
//!
//! A new answer is a field with its documentation (which becomes the schema's, so editors show it) and a line in the
//! `read` function below its struct. Both the list of keys for "did you mean" and the JSON Schema follow by themselves.
mod check;
mod load;
mod section;

pub use load::{Answers, FILE, default_path, load};

use schemars::JsonSchema;
use section::Section;
use std::collections::BTreeMap;

/// Every answer a user may give. What is not given keeps its default, or stays a question.
#[derive(Clone, PartialEq, Eq, Debug, Default, JsonSchema)]
#[schemars(default, deny_unknown_fields)]
pub struct Config {
    /// Glob patterns, relative to SRC, of files that are not looked at.
    pub exclude: Vec<String>,
    /// Stages to compile; empty: those that the sources name.
    pub stages: Vec<String>,
    /// The GitOps repository that the output becomes.
    pub gitops: Gitops,
    /// Images that the pipelines run.
    pub images: Images,
    /// Pipeline name → namespace, with `{stage}` and `{pipeline}` replaced. Default `{pipeline}-{stage}`.
    pub namespaces: Option<String>,
    /// Function name → what replaces it.
    pub functions: BTreeMap<String, FunctionAnswer>,
    /// Name of a placeholder in definitions (`Topic` for `${Topic}`) → what a deployment puts there, with `{stage}` replaced.
    pub placeholders: BTreeMap<String, String>,
    /// Source machine name → pipeline name.
    pub names: BTreeMap<String, String>,
    /// Pipeline name → schedule (five fields, UTC), for machines that the sources start in a way that cannot be kept.
    pub schedules: BTreeMap<String, String>,
    /// Spark settings of the target.
    pub spark: Spark,
    /// Whether a workflow has its execution's output as the output parameter `output`: `always`, or only where something reads it (`needed`, the default).
    #[schemars(extend("enum" = ["always", "needed", null]))]
    pub output: Option<String>,
    /// Whether what no expression of Argo's says exactly is evaluated by the runtime's pod (`allowed`, the default) or refused (`never`).
    #[schemars(extend("enum" = ["allowed", "never", null]))]
    pub runtime: Option<String>,
}

impl Config {
    fn read(keys: &mut Section<'_, '_>) -> Self {
        Self {
            exclude: keys.texts("exclude"),
            stages: keys.texts("stages"),
            gitops: keys.section("gitops", Gitops::read),
            images: keys.section("images", Images::read),
            namespaces: keys.text("namespaces"),
            functions: keys.sections("functions", FunctionAnswer::read),
            placeholders: keys.map("placeholders"),
            names: keys.map("names"),
            schedules: keys.checked_map("schedules", check::schedule),
            spark: keys.section("spark", Spark::read),
            output: keys.choice("output", &["always", "needed"]),
            runtime: keys.choice("runtime", &["allowed", "never"]),
        }
    }
}

/// The GitOps repository that the output becomes.
#[derive(Clone, PartialEq, Eq, Debug, Default, JsonSchema)]
#[schemars(default, deny_unknown_fields)]
pub struct Gitops {
    /// Its URL, for Argo CD.
    pub repository: Option<String>,
    /// Branch or tag. Default `HEAD`.
    pub revision: Option<String>,
    /// Folder of the output inside it. Default: its top.
    pub path: Option<String>,
}

impl Gitops {
    fn read(keys: &mut Section<'_, '_>) -> Self {
        Self { repository: keys.checked("repository", check::repository), revision: keys.text("revision"), path: keys.text("path") }
    }
}

/// Images that the pipelines run.
#[derive(Clone, PartialEq, Eq, Debug, Default, JsonSchema)]
#[schemars(default, deny_unknown_fields)]
pub struct Images {
    /// Registry and path before an image's name: `registry.example.com/spark`.
    pub registry: Option<String>,
    /// Tag of the built images. Default `1.0.0`.
    pub tag: Option<String>,
}

impl Images {
    fn read(keys: &mut Section<'_, '_>) -> Self {
        Self { registry: keys.checked("registry", check::registry), tag: keys.checked("tag", check::tag) }
    }
}

/// What replaces a Lambda function.
#[derive(Clone, PartialEq, Eq, Debug, Default, JsonSchema)]
#[schemars(default, deny_unknown_fields)]
pub struct FunctionAnswer {
    /// Keep calling the function in AWS, under this name or ARN.
    pub call: Option<String>,
}

impl FunctionAnswer {
    fn read(keys: &mut Section<'_, '_>) -> Self {
        Self { call: keys.text("call") }
    }
}

/// Spark settings of the target.
#[derive(Clone, PartialEq, Eq, Debug, Default, JsonSchema)]
#[schemars(default, deny_unknown_fields)]
pub struct Spark {
    /// Batch scheduler: `yunikorn` (default when the sources use queues), `volcano` or `none`.
    #[schemars(extend("enum" = ["yunikorn", "volcano", "none", null]))]
    pub scheduler: Option<String>,
    /// ARN of the IAM role that jobs take, by the annotation of IAM roles for service accounts.
    pub role: Option<String>,
}

impl Spark {
    fn read(keys: &mut Section<'_, '_>) -> Self {
        Self { scheduler: keys.choice("scheduler", &["yunikorn", "volcano", "none"]), role: keys.text("role") }
    }
}
