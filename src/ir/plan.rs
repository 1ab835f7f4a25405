//! The plan IR: what will run on Kubernetes, in blocks, without a word of any target's API.
use super::job::SparkJob;
use crate::source::span::{Origins, Sourced, Span};

/// One pipeline: what becomes a WorkflowTemplate and what it needs.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// A DNS label, unique in the estate.
    pub name: Sourced<String>,
    /// What the source says that it is for.
    pub description: Option<Sourced<String>>,
    /// Path of the file that it comes from.
    pub file: String,
    /// Where its definition stands: the same in every stage.
    pub definition: Span,
    pub body: Block,
    /// In place of `body`, where the machine carries data.
    pub control: Option<super::control::Control>,
    /// The jobs that `Run` statements name, in the order of their first use.
    pub jobs: Vec<SparkJob>,
    /// Functions that are called where they are, in the order of their first use.
    pub calls: Vec<Function>,
    /// Whether anything reads the execution's input.
    pub reads_input: bool,
    pub schedules: Vec<Schedule>,
    /// Folder names of the images that its jobs use.
    pub images: Vec<String>,
    /// Seconds after which the whole run fails.
    pub timeout_seconds: Option<Sourced<String>>,
    pub origins: Origins,
}

impl Pipeline {
    /// Machines (by their index in the estate) that a step of it starts.
    #[must_use]
    pub fn starts(&self) -> Vec<usize> {
        let leaves = self.control.iter().flat_map(|control| control.body.leaves());
        leaves.filter_map(|leaf| super::control::nested_of(&leaf.state)).map(|nested| nested.machine).collect()
    }

    /// Whether a step of it calls AWS.
    #[must_use]
    pub fn calls_aws(&self) -> bool {
        let calls = |leaf: &&super::control::Leaf| match &leaf.state.kind {
            super::machine::StateKind::Task(_) => !super::control::is_ours(&leaf.state),
            // On S3.
            super::machine::StateKind::Map(map) => map.item_reader.is_some() || map.result_writer.is_some(),
            _ => false,
        };
        !self.calls.is_empty() || self.control.as_ref().is_some_and(|control| control.body.leaves().iter().any(calls))
    }

    /// The same pipeline with nothing in it yet that runs; it reads its input.
    #[must_use]
    pub fn without_flow(&self) -> Self {
        Self { body: Block::new(), control: None, jobs: Vec::new(), calls: Vec::new(), reads_input: true, ..self.clone() }
    }
}

/// Statements, one after the other.
pub type Block = Vec<Stmt>;

#[derive(Clone, Debug)]
pub struct Stmt {
    /// A DNS label from the source's own name, unique in the pipeline: what a person sees in the UI.
    pub name: String,
    pub kind: StmtKind,
    /// What the source says about it.
    pub comment: Option<Sourced<String>>,
    pub origins: Origins,
}

#[derive(Clone, Debug)]
pub enum StmtKind {
    /// Runs a Spark job to its end.
    Run {
        job: String,
        on_failure: OnFailure,
    },
    /// Calls a function that stays where it is.
    Call {
        function: String,
        payload: Payload,
        on_failure: OnFailure,
    },
    Wait {
        seconds: Sourced<u64>,
    },
    /// Ends the run as failed, with ASL's Error and Cause.
    Raise {
        error: Option<Sourced<String>>,
        cause: Option<Sourced<String>>,
    },
    /// Branches side by side; all must succeed.
    Fork {
        branches: Vec<Block>,
    },
    /// What this version does not translate: fails when it runs, and says why.
    Refused {
        why: String,
    },
}

#[derive(Clone, Debug)]
pub enum OnFailure {
    /// The run ends as failed.
    Raise,
    /// What runs then. `falls_through`: whether what follows the job runs after it (else the block ends in a raise).
    Handle { block: Block, falls_through: bool },
    /// What runs on success is here too, because the two paths do not meet again.
    Split { success: Block, failure: Block },
}

/// What a call sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payload {
    /// JSON text known now.
    Literal(Sourced<String>),
    /// A part of the execution's input: a path in ASL's notation, `$` for all of it.
    Input(Sourced<String>),
}

/// A function called where it is.
#[derive(Clone, Debug)]
pub struct Function {
    /// A DNS label.
    pub name: String,
    /// Name or ARN, as the call needs it.
    pub target: Sourced<String>,
    /// Why a person may care: "called and defined nowhere".
    pub remark: Option<String>,
    pub retry: Option<Retry>,
    /// Seconds after which a call fails.
    pub timeout_seconds: Option<Sourced<u64>>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Retry {
    /// Runs after the first.
    pub limit: Sourced<u32>,
    pub interval_seconds: Sourced<u32>,
    pub factor: Option<Sourced<u32>>,
    pub max_seconds: Option<Sourced<u32>>,
}

/// A time trigger in Kubernetes' notation.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// A DNS label of at most 52 characters.
    pub name: Sourced<String>,
    /// Five fields, UTC.
    pub cron: Sourced<String>,
    /// The execution's input as JSON text.
    pub input: Option<Sourced<String>>,
    pub suspended: Option<Sourced<bool>>,
    pub origins: Origins,
}

/// An image to be built: Spark with the application baked in.
#[derive(Clone, Debug)]
pub struct Image {
    /// Folder under `images/` and repository name: a DNS label.
    pub name: String,
    pub spark: SparkRelease,
    /// Application files baked in: source location and file name.
    pub files: Vec<(Sourced<String>, String)>,
    /// EMR's release that it comes from, where it is known.
    pub from_release: Option<Sourced<String>>,
    pub python: bool,
    pub origins: Origins,
}

/// A Spark release and the libraries that belong to it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SparkRelease {
    pub spark: String,
    pub scala: String,
    pub java: String,
    pub hadoop: String,
    /// Maven coordinates of the AWS SDK that this Hadoop's S3A was built with.
    pub aws_sdk: String,
    /// Repository and tag of the base image.
    pub image: String,
}

/// All that is to be emitted for one stage.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The stage's name as a DNS label, unique among the stages: what folders and objects are called.
    pub stage: String,
    pub pipelines: Vec<Pipeline>,
    pub images: Vec<Image>,
    pub queues: Vec<Queue>,
}

/// A queue that jobs are submitted to.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Full name with dots: `root.main`.
    pub name: Sourced<String>,
}
