//! The driver: discover → import → link → passes → emit. The one place that knows the order.
use crate::config::Config;
use crate::emit::tree::Tree;
use crate::ir::estate::Estate;
use crate::source::files::Files;
use crate::source::sink::{Diagnostic, Disposition};
use crate::source::span::Span;
use std::path::PathBuf;
use std::time::Duration;

/// What to compile.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A folder or a file.
    pub source: PathBuf,
    /// Only this stage.
    pub stage: Option<String>,
    pub config: Config,
    /// The output folder, which is not read even when it lies in SRC.
    pub out: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Compilation {
    pub files: Files,
    /// The stages, in order; each with its linked estate.
    pub stages: Vec<(String, Estate)>,
    /// For `inspect`: resolved links as words.
    pub links: Vec<Link>,
    pub tree: Tree,
    /// Sorted by file, line, rule; without duplicates; secrets masked.
    pub diagnostics: Vec<Diagnostic>,
    /// Every value of every claimed file, in the order of the text; secrets masked.
    pub ledger: Vec<LedgerValue>,
    /// Files that an importer claimed.
    pub claimed: Vec<crate::source::span::FileId>,
    /// Time of each phase, in order.
    pub phases: Vec<(&'static str, Duration)>,
}

/// One link of the estate, with its evidence.
#[derive(Clone, Debug)]
pub struct Link {
    /// `state`, `function`, `handler`, `batch`, `cluster`, `queue`, `trigger`.
    pub kind: &'static str,
    pub from: String,
    pub to: String,
    pub evidence: Span,
    pub broken: bool,
}

/// A source value and what became of it.
#[derive(Clone, Debug)]
pub struct LedgerValue {
    pub span: Span,
    pub pointer: String,
    pub value: String,
    pub disposition: Disposition,
    /// Code of the rule that decided, empty for `emitted` and `unexplained`.
    pub rule: String,
    pub note: String,
    /// Output file and one-based line.
    pub outputs: Vec<(String, u32)>,
}

/// The run cannot start: SRC is not there, or holds nothing.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    #[error("{path}: {message}")]
    Source { path: String, message: String },
}

/// Compiles SRC.
///
/// # Errors
/// When SRC cannot be read at all. Everything else is a diagnostic.
pub fn compile(options: &Options) -> Result<Compilation, CompileError> {
    let _ = options;
    Ok(Compilation::default())
}
