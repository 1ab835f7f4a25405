//! What a run has to say: diagnostics, and the marks from which the ledger is made.
use super::rules::Rule;
use super::span::{Origins, Span};
use serde::Serialize;

/// How much a diagnostic weighs. `Error`: the input must be mended (exit code 2). `Question`: a person must answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Question,
    Note,
}

/// What a translation is worth, in rising order of concern.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Exact,
    Equivalent,
    Changed,
    Refused,
}

impl Verdict {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Exact => "exact",
            Verdict::Equivalent => "equivalent",
            Verdict::Changed => "changed",
            Verdict::Refused => "refused",
        }
    }
}

/// One thing to say about the sources.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    pub rule: &'static Rule,
    pub severity: Severity,
    pub verdict: Option<Verdict>,
    /// A lowercase fragment that names the thing in the user's words.
    pub message: String,
    pub span: Option<Span>,
    /// Other places that belong to it, each with a few words.
    pub related: Vec<(Span, String)>,
    /// What to do next.
    pub help: Option<String>,
    /// For a question: the key of `emr2k8s.yaml` that answers it, dotted (`images.registry`).
    pub answer: Option<String>,
}

impl Diagnostic {
    #[must_use]
    pub fn new(rule: &'static Rule, severity: Severity, span: Option<Span>, message: impl Into<String>) -> Self {
        Self { rule, severity, verdict: None, message: message.into(), span, related: Vec::new(), help: None, answer: None }
    }

    #[must_use]
    pub fn error(rule: &'static Rule, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Error, span.into(), message)
    }

    #[must_use]
    pub fn warning(rule: &'static Rule, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Warning, span.into(), message)
    }

    #[must_use]
    pub fn note(rule: &'static Rule, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Note, span.into(), message)
    }

    /// A question that a person must answer, under `answer` in `emr2k8s.yaml`.
    #[must_use]
    pub fn question(rule: &'static Rule, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Question, span.into(), message)
    }

    /// A translation with another mechanism and the same observable result.
    #[must_use]
    pub fn equivalent(rule: &'static Rule, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self { verdict: Some(Verdict::Equivalent), ..Self::note(rule, span, message) }
    }

    /// A translation whose result differs: `message` prints both sides.
    #[must_use]
    pub fn changed(rule: &'static Rule, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self { verdict: Some(Verdict::Changed), ..Self::warning(rule, span, message) }
    }

    /// Something that is not translated: what stands in its place fails loudly when it runs.
    #[must_use]
    pub fn refused(rule: &'static Rule, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self { verdict: Some(Verdict::Refused), ..Self::warning(rule, span, message) }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn answer(mut self, key: impl Into<String>) -> Self {
        self.answer = Some(key.into());
        self
    }

    #[must_use]
    pub fn related(mut self, span: impl Into<Option<Span>>, label: impl Into<String>) -> Self {
        if let Some(span) = span.into() {
            self.related.push((span, label.into()));
        }
        self
    }
}

/// What became of a source value. `Emitted` is not marked: it is computed from the origins of the output.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    Emitted,
    /// An idiom made it needless; the rule says which.
    Absorbed,
    /// It has no meaning on the target; the rule and note say why.
    Ignored,
    /// It has a meaning that this version does not translate.
    Unsupported,
    /// Nothing is known of it: a defect of emr2k8s.
    Unexplained,
}

/// A statement about every source value inside `span`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    pub span: Span,
    pub disposition: Disposition,
    pub rule: &'static Rule,
    /// Why, in a few words that a user would accept.
    pub note: String,
}

/// Collects what importers and passes have to say.
#[derive(Default, Debug)]
pub struct Sink {
    pub diagnostics: Vec<Diagnostic>,
    pub marks: Vec<Mark>,
}

impl Sink {
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Every value inside `span` is made needless by the idiom of `rule`.
    pub fn absorb(&mut self, span: Span, rule: &'static Rule, note: impl Into<String>) {
        self.marks.push(Mark { span, disposition: Disposition::Absorbed, rule, note: note.into() });
    }

    pub fn absorb_all(&mut self, origins: &Origins, rule: &'static Rule, note: &str) {
        for span in origins.iter() {
            self.absorb(span, rule, note);
        }
    }

    /// Every value inside `span` has no meaning on the target, because of `note`.
    pub fn ignore(&mut self, span: Span, rule: &'static Rule, note: impl Into<String>) {
        self.marks.push(Mark { span, disposition: Disposition::Ignored, rule, note: note.into() });
    }

    /// Every value inside `span` is not translated by this version.
    pub fn unsupported(&mut self, span: Span, rule: &'static Rule, note: impl Into<String>) {
        self.marks.push(Mark { span, disposition: Disposition::Unsupported, rule, note: note.into() });
    }

    pub fn append(&mut self, other: Sink) {
        self.diagnostics.extend(other.diagnostics);
        self.marks.extend(other.marks);
    }
}
