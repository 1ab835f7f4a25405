//! Structured control flow over a machine's states: the part of the plan IR that carries data.
//!
//! The leaves are states of the machine IR with their data flow as ASL means it; what is gone is the graph. A [`Block`] is statements one
//! after the other; a [`Kind::Scope`] can be left from inside to what stands behind it, a [`Kind::Loop`] can be
//! repeated from inside and is left by coming to its end. Nothing else jumps, so a block maps to a list of steps, and its
//! interpreter ([`crate::simulate::plan`]) is a walk over a tree.
use super::machine::State;
use std::sync::Arc;

/// A machine that carries data: its flow, and what of it is used.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the machine, and none excludes another")]
pub struct Control {
    /// The machine's own name.
    pub machine: String,
    pub body: Body,
    /// Whether any state assigns variables.
    pub variables: bool,
    /// Whether a variable has the name of a function of JSONata, and so hides it.
    pub hides_functions: bool,
    /// Whether there is a [`Kind::Dispatch`].
    pub irreducible: bool,
    /// Whether the execution's output is wanted.
    pub output: bool,
}

/// Marks the resource of a Task that runs a Spark job of the pipeline, by the job's name.
pub const JOB: &str = "spark:";

/// Marks the resource of a Task that calls nothing, before what it gives as JSON text.
pub const CONSTANT: &str = "constant:";

/// What a state gives that calls nothing, as JSON text.
#[must_use]
pub fn constant_of(state: &State) -> Option<String> {
    let super::machine::StateKind::Task(task) = &state.kind else { return None };
    task.resource.as_ref()?.literal()?.strip_prefix(CONSTANT).map(str::to_owned)
}

/// The Spark job that a state runs.
#[must_use]
pub fn job_of(state: &State) -> Option<String> {
    let super::machine::StateKind::Task(task) = &state.kind else { return None };
    task.resource.as_ref()?.literal()?.strip_prefix(JOB).map(str::to_owned)
}

/// Marks the resource of a Task that starts another machine of the estate, before its index and how it is started.
pub const NESTED: &str = "machine:";

/// A machine that a state starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nested {
    /// Its index in the estate, and so its pipeline's in the plan.
    pub machine: usize,
    pub starts: Starts,
}

/// How long the state that starts a machine lasts, and what it has as its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Starts {
    /// It goes on when the machine has started.
    GoesOn,
    /// It waits; input and output are texts in the result.
    Waits,
    /// It waits; input and output are values.
    WaitsForJson,
}

impl Starts {
    /// As a resource has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::GoesOn => "start",
            Self::Waits => "sync",
            Self::WaitsForJson => "sync2",
        }
    }
}

/// The machine that a state starts.
#[must_use]
pub fn nested_of(state: &State) -> Option<Nested> {
    let super::machine::StateKind::Task(task) = &state.kind else { return None };
    let text = task.resource.as_ref()?.literal()?;
    let (index, word) = text.strip_prefix(NESTED)?.split_once(':')?;
    let starts = [Starts::GoesOn, Starts::Waits, Starts::WaitsForJson].into_iter().find(|starts| starts.word() == word)?;
    Some(Nested { machine: index.parse().ok()?, starts })
}

/// Whether a Task calls nothing that lies outside: it runs a Spark job, starts a machine of the estate, or gives what is known.
#[must_use]
pub fn is_ours(state: &State) -> bool {
    job_of(state).is_some() || constant_of(state).is_some() || nested_of(state).is_some()
}

/// The flow of a machine, of a branch of Parallel or of an item processor.
#[derive(Clone, Debug, Default)]
pub struct Body {
    pub block: Block,
}

/// Statements, one after the other. To come to the end of the outermost block is to end the execution well.
pub type Block = Vec<Stmt>;

/// Names a [`Kind::Scope`] or a [`Kind::Loop`]; unique in a [`Body`].
pub type Label = usize;

#[derive(Clone, Debug)]
pub struct Stmt {
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    /// A state that goes on to the next statement. Fail is one too; nothing comes after it.
    State(Leaf),
    /// A Choice: a block for each rule, and for Default; without one, no match is a failure.
    Choose { state: Leaf, arms: Vec<Block>, default: Option<Block> },
    /// A state with catchers: a block for each, in their order. All go on to the next statement.
    Try { state: Leaf, handlers: Vec<Block> },
    /// Statements that [`Kind::Leave`] may end early.
    Scope { label: Label, body: Block },
    /// Statements that [`Kind::Repeat`] runs anew.
    Loop { label: Label, body: Block },
    /// Goes on behind the scope of that label.
    Leave(Label),
    /// Runs the loop of that label again from its start.
    Repeat(Label),
    /// Ends the body well.
    Return,
    /// Of an irreducible region: goes to the state that was asked for. The arms are by its entries, the request is what a
    /// [`Kind::Request`] said last.
    Dispatch { region: Label, arms: Vec<Block> },
    /// Says which arm of the region's dispatch is next.
    Request { region: Label, arm: usize },
}

/// A state, and the flow of the graphs inside it.
#[derive(Clone, Debug)]
pub struct Leaf {
    pub state: Arc<State>,
    /// Branches of a Parallel, the processor of a Map.
    pub inner: Vec<Body>,
}

impl Body {
    /// Every state, those of inner graphs too.
    #[must_use]
    pub fn leaves(&self) -> Vec<&Leaf> {
        fn walk<'b>(block: &'b [Stmt], all: &mut Vec<&'b Leaf>) {
            for stmt in block {
                if let Some(leaf) = stmt.kind.leaf() {
                    all.push(leaf);
                    leaf.inner.iter().for_each(|body| walk(&body.block, all));
                }
                stmt.kind.blocks().into_iter().for_each(|block| walk(block, all));
            }
        }
        let mut all = Vec::new();
        walk(&self.block, &mut all);
        all
    }
}

impl From<Kind> for Stmt {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl Kind {
    /// The blocks inside.
    #[must_use]
    pub fn blocks(&self) -> Vec<&Block> {
        match self {
            Kind::Choose { arms, default, .. } => arms.iter().chain(default).collect(),
            Kind::Try { handlers, .. } => handlers.iter().collect(),
            Kind::Scope { body, .. } | Kind::Loop { body, .. } => vec![body],
            Kind::Dispatch { arms, .. } => arms.iter().collect(),
            Kind::State(_) | Kind::Leave(_) | Kind::Repeat(_) | Kind::Return | Kind::Request { .. } => Vec::new(),
        }
    }

    #[must_use]
    pub fn leaf(&self) -> Option<&Leaf> {
        match self {
            Kind::State(leaf) | Kind::Choose { state: leaf, .. } | Kind::Try { state: leaf, .. } => Some(leaf),
            _ => None,
        }
    }
}
