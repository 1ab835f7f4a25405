//! emr2k8s: a compiler that moves Spark estates from AWS EMR to Kubernetes.
//!
//! It reads what a team keeps in its repository (Step Functions, Lambda handlers, Livy payloads, Serverless and Terraform
//! files, EMR configurations) and writes a GitOps repository for Argo Workflows, the Spark Operator and Argo CD.
//! [`compile::compile`] is the whole way; [`cli`] is a thin layer over it.
//!
//! # The way of a value
//! ```text
//! files ──[source]──▶ nodes ──[import]──▶ Estate ──[pass]──▶ Plan ──[emit]──▶ Tree ──[output]──▶ files, diff, verdict
//!        spans, read marks     machines, jobs,      blocks,        lines with          lock
//!                              functions, clusters  sized jobs     rule and origins
//! ```
//! Each floor uses those below it and none above. An importer does not know what its findings become, an emitter does not
//! know where they came from, and [`compile`] alone knows the order. `docs/architecture.md` describes the floors;
//! the rest of this page is about what lies between them.
//!
//! # Two intermediate representations
//! A state machine is a graph in which any state may lead to any other, around one JSON document that every state
//! may read and rewrite. A workflow that a platform engineer would write has nothing of that: a few jobs one after the other, side by side
//! where the source has it, something to do when one fails. One representation cannot hold both without lying about one of them, so there are two.
//!
//! **The machine IR** ([`ir::machine`], and around it [`ir::function`], [`ir::job`], [`ir::cluster`], [`ir::trigger`],
//! joined in [`ir::estate::Estate`]) holds what the *source* says, no field lost:
//! states in the order of the text, paths and payload templates as written, retriers and catchers, Lambda functions with what their handlers
//! were found to do. It is not simplified, not even where the simplification is obvious, because every rule about it
//! ("AWS refuses this", "this state is unreachable") is a rule about the text. What is not known yet is not a hole: a
//! [`ir::value::Val`] is a text of literal and symbolic segments, and what nobody can evaluate is a
//! [`ir::value::Value::Unknown`] with the expression and the reason, which later becomes a question to a person.
//!
//! **The plan IR** ([`ir::plan`]) holds what will *run*, without a word of any target's API: a
//! [`ir::plan::Pipeline`] is a block of statements ([`Run`](ir::plan::StmtKind::Run), [`Call`](ir::plan::StmtKind::Call),
//! [`Wait`](ir::plan::StmtKind::Wait), [`Fork`](ir::plan::StmtKind::Fork), [`Raise`](ir::plan::StmtKind::Raise),
//! [`Refused`](ir::plan::StmtKind::Refused)), each `Run` naming an [`ir::job::SparkJob`] with cores and memory in
//! Kubernetes' units. There is no state document in it and no jump. What a statement needs of the execution's input it names by
//! path; all else has been decided or shown to have no reader.
//!
//! A block nests; a graph does not. That is why the plan is easy to emit (a block is a list of steps), easy to read, and why making
//! one takes a proof.
//!
//! A machine whose states work on data keeps them: [`ir::control`] has the same states in nested blocks, each with its data flow as ASL
//! means it, and [`emit::control`] carries the document from step to step. `docs/architecture.md` says when which of the two is used.
//!
//! # From one to the other
//! 1. **Link** ([`pass::link`]): which function a Task calls, which handler that is, and what the handler does. A name that
//!    nothing defines stays, as a broken link with the line that says it.
//! 2. **Flow** ([`pass::flow`]): states with their transitions, one-branch Parallels opened, and for each state what it
//!    reads of the state document and what it writes ([`pass::data`]).
//! 3. **Idioms** ([`pass::idiom`]): groups of states that one thing on the target replaces.
//! 4. **Structure** ([`pass::structure`]): what is left becomes blocks. Where a step has two outcomes, its immediate post-dominator is where
//!    they meet again. A loop that no idiom took has no block in this version and is refused.
//! 5. **Sizing** ([`pass::sizing`], [`pass::settings`], [`pass::cluster`]): payload, cluster configuration and the release's
//!    defaults become resources; [`pass::images`] says which Spark runs; [`pass::secret`] takes credentials out.
//!
//! A pass never deletes in silence. What it drops it marks in the [`source::sink::Sink`], and every decision that
//! changes what a user would see is a diagnostic with a [`source::sink::Verdict`]. Where it can prove nothing it refuses: the statement
//! [`Refused`](ir::plan::StmtKind::Refused) fails when it runs and says why, so a refusal never looks like a success.
//!
//! # How a pass proves an idiom
//! On EMR, a Spark job in a state machine is usually four states: a function submits a Livy batch and returns its id, a Wait
//! passes time, a function reads the batch's state, a Choice loops until it is final. On Kubernetes it is one resource that is watched to
//! its end. The four states look alike everywhere, but likeness is not enough: take away a state that somebody else needed
//! and the output is wrong without a trace. [`pass::idiom::at`] therefore shows, or gives a [`pass::idiom::Mismatch`] that names
//! the state and the reason:
//! - the value that the poll sends is the very id that the submission returned: the path that the submission writes is the path that the poll
//!   reads, followed through `ResultPath`, `InputPath` and the handlers' own returns;
//! - the Choice decides on the batch's state and on nothing else;
//! - every one of Livy's states has a known fate: those that mean "running" lead back to the poll, `success` to one place, and
//!   `error`, `dead` and `killed` to at most one other. One that polls for ever, as `killed` often does, is reported and ends as a failure;
//! - nobody enters in the middle: the absorbed states have no predecessor outside;
//! - nobody reads the id or the state afterwards, on any path from either exit.
//!
//! # How origins reach the ledger
//! Every scalar of a source file has a [`source::span::Span`], every value in either IR the set of spans that
//! shaped it ([`source::span::Origins`], carried by [`source::span::Sourced`]), every node of an output document the union of
//! those that it was made of, and every written line a rule and its origins ([`emit::tree::LineOrigin`]).
//! Values are joined, never copied without their origins: the text `"{base}/{name}"` filled in by a handler has the spans of the format
//! string and of both environment entries.
//!
//! The ledger is then computed. A scalar whose span lies among the origins of an output line is *emitted*, there. One under a mark
//! is *absorbed*, *ignored* or *unsupported*, by that rule. One with neither is *unexplained*: a defect of this program, reported as one.
//! A second check stands against marks that cover too much: the tests change every scalar of an input, one at a time, and each change must
//! show in the output, in a diagnostic or in the ledger.
//!
//! # An example
//! A machine of six states, and the function behind its first:
//! ```text
//! Load            Task    function load       ResultPath $.id       → Load Wait
//! Load Wait       Wait    60 s                                      → Load Status
//! Load Status     Task    function status     InputPath $.id, ResultPath $.status  → Load Done?
//! Load Done?      Choice  error, dead → Alert; success → end; Default → Load Wait
//! Alert           Task    function notify     InputPath $.message   → Failed
//! Failed          Fail    Error "load", Cause "job failed"
//!
//! def handler(event, context):                    # function load; environment: jar = s3://lake/app.jar, cores = 2
//!     r = requests.post(os.environ["livy"], json={"file": os.environ["jar"], "executorCores": int(os.environ["cores"])})
//!     return r.json()["id"]
//! ```
//! The handler is evaluated symbolically: its action is *submits a batch*, with the file and the cores that the environment gives,
//! and it returns the symbol *the response's `id`*. `$.id` is written by `Load`, read by `Load Status` and by nobody else; `$.status` is read by the
//! Choice alone; `killed` matches no rule and falls to the Default. So the proof succeeds, with one remark, and the plan is:
//! ```text
//! run load                      on failure: call notify with input $.message
//!                                           raise "load: job failed"
//! ```
//! `Load Wait`, `Load Status` and `Load Done?` are absorbed, each value by the rule that says so (`equivalent`: the operator's watch replaces the
//! poll; `changed`: `killed` polled for ever and is now a failure). `$.message` comes from the execution's input, so the pipeline keeps its
//! parameter `input`; had nobody read it, there would be none. The emitted line `cores: 2` has three origins, the environment entry, the handler's
//! expression and the key of the payload, and `emr2k8s explain` on that line prints them.
//!
//! Had a later state read `$.status`, the proof would have failed at that state. The submission is then refused by name, and the other
//! pipelines of the estate come out as if nothing had happened.
#![forbid(unsafe_code)]
// Nothing that a user feeds in may panic. Indexing is not denied: indices of an IR's arenas and spans of a text come from
// that arena and that text.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::get_unwrap, clippy::panic, clippy::todo, clippy::unimplemented, clippy::exit)]
// Nothing that differs between runs or machines (clippy.toml names each with its reason).
#![deny(clippy::disallowed_methods, clippy::disallowed_types, clippy::iter_over_hash_type)]
// Data on stdout and words on stderr go through `cli::terminal`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod cli;
pub mod compile;
pub mod config;
pub mod emit;
pub mod facts;
pub mod import;
pub mod ir;
pub mod output;
pub mod pass;
pub mod report;
pub mod simulate;
pub mod source;
