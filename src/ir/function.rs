//! A Lambda function: how it is deployed, and what its handler does.
use super::job::Batch;
use super::value::Val;
use crate::source::span::{Sourced, Span};

/// A function as a deployment file defines it, for one stage.
#[derive(Clone, Debug)]
pub struct Function {
    /// The key in the deployment file (`get-livy-status`).
    pub logical: Sourced<String>,
    /// The deployed name (`devfest-get-livy-status`), where it is known.
    pub name: Option<Sourced<String>>,
    /// The service or stack that defines it.
    pub service: Option<Sourced<String>>,
    pub runtime: Option<Sourced<String>>,
    /// `module/path.function` as written.
    pub handler: Option<Sourced<String>>,
    /// Folder that `handler` is relative to, relative to SRC.
    pub folder: String,
    /// The whole environment: the provider's, overlaid by the function's.
    pub environment: Vec<(Sourced<String>, Val)>,
    /// Whole definition.
    pub span: Span,
    /// Values of the definition that only configure the Lambda itself (role, memory, timeout, VPC, packaging, its
    /// name and handler), whatever it does: when the function is replaced, they are absorbed.
    pub plumbing: Vec<Span>,
    /// What the handler does, once it was evaluated.
    pub behaviour: Option<Behaviour>,
}

/// What a handler does, for one environment.
#[derive(Clone, Debug)]
pub struct Behaviour {
    pub action: Action,
    /// Why it is classified so: places and words ("posts to an address that ends in /batches").
    pub evidence: Vec<(Span, String)>,
    /// Source values (literals of the handler, environment values) that this action makes needless once it is replaced:
    /// headers, log texts, the endpoint.
    pub plumbing: Vec<Span>,
    /// What the handler returns, as far as it is known.
    pub returns: Val,
    /// Every literal and environment value that the evaluation came by, used or not. What no function that shares the
    /// handler came by stands in a branch that is never taken.
    pub visited: Vec<Span>,
    /// The handler's function definition.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Action {
    /// POST …/batches: `batch` is the payload, `returns_id` whether the return value is the batch's id.
    SubmitBatch {
        batch: Box<Batch>,
        endpoint: Val,
    },
    /// GET …/batches/{id}[/state]: `id` is a symbol of the event; the state is what `returns` holds.
    ReadBatchState {
        endpoint: Val,
        id: Val,
    },
    /// boto3 emr `add_job_flow_steps`: the steps as written.
    AddSteps {
        cluster: Val,
        steps: Val,
    },
    /// boto3 stepfunctions `start_execution`.
    StartExecution {
        machine: Val,
        input: Val,
    },
    /// Sends a message to people (a chat webhook, SNS, mail).
    Notify {
        channel: String,
    },
    Unknown {
        why: String,
    },
}
