//! The driver: discover → import → link → passes → emit. The one place that knows the order.
#![expect(clippy::disallowed_types, reason = "phases are measured for `--verbose`; no time reaches the output")]
mod account;
mod documents;
mod estate;
mod pipelines;

use crate::config::Config;
use crate::emit::readme::{Note, Notes};
use crate::emit::repository::Planned;
use crate::emit::tree::Tree;
use crate::emit::{self};
use crate::ir::estate::Estate;
use crate::ir::plan::Plan;
use crate::pass::placeholders;
use crate::source::files::Files;
use crate::source::rules::emit::{EMI109, EMI110};
use crate::source::rules::plan::SIZ113;
use crate::source::secret::Secrets;
use crate::source::sink::{Diagnostic, Disposition, Severity, Sink, Verdict};
use crate::source::span::{FileId, Origins, Span};
use documents::Documents;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

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
    /// The sources, with the secrets that no report may show.
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
    pub claimed: Vec<FileId>,
    /// Time of each phase, in order.
    pub phases: Vec<(&'static str, Duration)>,
}

/// One link of the estate, with its evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// `function`, `handler`, `batch`, `cluster`, `queue`, `trigger`, `service` (an AWS service integration, which exists and is not
    /// translated), `resource` (of which the sources do not say what it is).
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
    /// Code of the rule that decided, empty for `emitted` (unless a secret was taken out) and `unexplained`.
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
/// When SRC cannot be read at all, or `--stage` names a stage that the sources do not know. Everything else is a diagnostic.
pub fn compile(options: &Options) -> Result<Compilation, CompileError> {
    let fail = |message: String| CompileError::Source { path: options.source.display().to_string(), message };
    if let Err(error) = std::fs::metadata(&options.source) {
        return Err(fail(format!("cannot be read: {error}")));
    }
    let mut phases = Phases::new();
    let mut sink = Sink::default();
    let config = &options.config;
    let documents = Documents::read(&options.source, &config.exclude, options.out.as_deref(), &mut sink);
    phases.end("read and parse");
    let common = estate::common(&documents, &mut sink);
    let known = estate::stages(&documents);
    let stages = stage_names(options, &known).map_err(fail)?;
    phases.end("import");

    let mut claimed = common.claimed.clone();
    let mut plans = Vec::new();
    let mut estates = Vec::new();
    let mut links = Vec::new();
    let mut names = pipelines::PipelineNames::default();
    let mut stage_labels = crate::pass::naming::Names::default();
    for stage in &stages {
        let mut estate = estate::of_stage(&documents, &common, stage, &known, &mut claimed, &mut sink);
        placeholders::fill(&mut estate.machines, &config.placeholders, stage);
        estate.shaped = placeholders::complete(&mut estate.machines, &mut sink);
        estate::add_created_clusters(&mut estate);
        phases.end("import of a stage");
        let (mut planned, stage_links) = pipelines::plan(&documents.files, &estate, config, stage, &mut names, &mut sink);
        planned.plan.stage = stage_labels.unique(&crate::pass::naming::label(stage, 30));
        phases.end("link and passes");
        plans.push(planned);
        links.extend(stage_links);
        estates.push((stage.clone(), estate));
    }
    links.sort_by(|a, b| (a.evidence, a.kind, &a.from, &a.to).cmp(&(b.evidence, b.kind, &b.from, &b.to)));
    links.dedup();
    Ok(finish(documents, plans, estates, links, claimed, sink, config, phases))
}

/// An estate as imported, before any pass.
pub struct Imported {
    pub files: Files,
    pub estate: Estate,
    pub diagnostics: Vec<Diagnostic>,
}

/// Imports SRC and does nothing with it: for commands that are about the source alone. Of several stages, the first.
///
/// # Errors
/// As [`compile`].
pub fn import(options: &Options) -> Result<Imported, CompileError> {
    let fail = |message: String| CompileError::Source { path: options.source.display().to_string(), message };
    if let Err(error) = std::fs::metadata(&options.source) {
        return Err(fail(format!("cannot be read: {error}")));
    }
    let mut sink = Sink::default();
    let documents = Documents::read(&options.source, &options.config.exclude, None, &mut sink);
    let common = estate::common(&documents, &mut sink);
    let known = estate::stages(&documents);
    let stages = stage_names(options, &known).map_err(fail)?;
    let mut claimed = common.claimed.clone();
    let stage = stages.first().map_or("", String::as_str);
    let estate = estate::of_stage(&documents, &common, stage, &known, &mut claimed, &mut sink);
    let (files, parsing) = documents.take_sinks();
    sink.append(parsing);
    Ok(Imported { files, estate, diagnostics: sink.diagnostics })
}

/// Emission, ledger, secrets: what needs all stages.
#[expect(clippy::too_many_arguments, reason = "the driver's second half; each is one result of the first")]
fn finish(
    documents: Documents,
    plans: Vec<Planned>,
    estates: Vec<(String, Estate)>,
    links: Vec<Link>,
    claimed: BTreeSet<FileId>,
    mut sink: Sink,
    config: &Config,
    mut phases: Phases,
) -> Compilation {
    let scalars = account::scalars(&documents, &claimed);
    let secrets = account::secrets(&documents, &scalars);
    questions_of_the_target(&plans.iter().map(|stage| &stage.plan).collect::<Vec<_>>(), config, &mut sink);
    tidy(&mut sink.diagnostics, &secrets);
    let notes = notes(&sink.diagnostics, &documents.files);
    let mut tree = emit::repository::emit(&plans, config, &notes);
    let known = sink.diagnostics.len();
    let mut masked = account::hide(&mut tree, &secrets, &mut sink);
    if sink.diagnostics.len() > known {
        // The README tells of it.
        tidy(&mut sink.diagnostics, &secrets);
        tree = emit::repository::emit(&plans, config, &self::notes(&sink.diagnostics, &documents.files));
        masked = account::hide(&mut tree, &secrets, &mut Sink::default());
    }
    account::shape(&mut tree, &estates);
    phases.end("emit");
    let mut unexplained = Sink::default();
    sink.marks.extend(documents.parse_marks());
    let mut ledger = account::ledger(&documents, &scalars, &secrets, &tree, &sink.marks, &mut unexplained);
    sink.append(unexplained);
    account::tell_masked(&mut ledger, &masked, &secrets);
    let (mut files, parsing) = documents.take_sinks();
    sink.append(parsing);
    tidy(&mut sink.diagnostics, &secrets);
    files.secrets = secrets;
    phases.end("ledger");
    Compilation {
        files,
        stages: estates,
        links,
        tree,
        diagnostics: sink.diagnostics,
        ledger,
        claimed: claimed.into_iter().collect(),
        phases: phases.list,
    }
}

/// The stages to compile: those of `--stage`, else of `emr2k8s.yaml`, else those that the sources name, else one.
fn stage_names(options: &Options, known: &[(FileId, Vec<String>)]) -> Result<Vec<String>, String> {
    let mut named: Vec<String> = Vec::new();
    for stage in known.iter().flat_map(|(_, stages)| stages) {
        if !named.contains(stage) {
            named.push(stage.clone());
        }
    }
    if let Some(unknown) = options.config.stages.iter().find(|stage| !named.is_empty() && !named.contains(stage)) {
        return Err(format!("emr2k8s.yaml asks for the stage `{unknown}`, which no source names; they name {}", named.join(", ")));
    }
    if !options.config.stages.is_empty() {
        named.clone_from(&options.config.stages);
    }
    if let Some(stage) = &options.stage {
        if !named.is_empty() && !named.contains(stage) {
            let who = if options.config.stages.is_empty() { "no source names" } else { "emr2k8s.yaml does not name" };
            return Err(format!("{who} the stage `{stage}`; known are {}", named.join(", ")));
        }
        return Ok(vec![stage.clone()]);
    }
    if named.is_empty() {
        named.push("default".to_owned());
    }
    Ok(named)
}

/// What the target needs to know and no source says.
fn questions_of_the_target(plans: &[&Plan], config: &Config, sink: &mut Sink) {
    if plans.iter().all(|plan| plan.pipelines.is_empty()) {
        return;
    }
    places_of_one_file(plans, sink);
    unheard_answers(plans, config, sink);
    if config.gitops.repository.is_none() {
        sink.report(
            Diagnostic::question(
                &EMI109,
                None,
                "the address of the GitOps repository is not known; Argo CD cannot fetch from the placeholder",
            )
            .answer("gitops.repository"),
        );
    }
    if config.images.registry.is_none() && plans.iter().any(|plan| !plan.images.is_empty()) {
        sink.report(
            Diagnostic::question(&EMI109, None, "the image registry is not known; no node can pull from the placeholder")
                .answer("images.registry"),
        );
    }
}

/// Answers about things that are not there: a slip in a name would otherwise be an answer that nobody hears.
fn unheard_answers(plans: &[&Plan], config: &Config, sink: &mut Sink) {
    let pipelines: BTreeSet<&str> = plans.iter().flat_map(|plan| &plan.pipelines).map(|p| p.name.value.as_str()).collect();
    for name in config.schedules.keys().filter(|name| !pipelines.contains(name.as_str())) {
        let known: Vec<&str> = pipelines.iter().copied().take(5).collect();
        sink.report(
            Diagnostic::warning(&EMI110, None, format!("emr2k8s.yaml answers `schedules.{name}`, and no pipeline has this name"))
                .help(format!("pipelines are {}", known.join(", "))),
        );
    }
    let chosen: BTreeSet<&str> = config.names.values().map(String::as_str).collect();
    for (source, name) in &config.names {
        let heard = pipelines.iter().any(|p| p.starts_with(name.as_str())) || !chosen.contains(name.as_str());
        if !heard {
            sink.report(
                Diagnostic::warning(&EMI110, None, format!("emr2k8s.yaml answers `names.{source}`, and no state machine has this name"))
                    .help("the key is the machine's own name as a label, which the README of the result lists"),
            );
        }
    }
}

/// A file that each stage takes from another place is baked into one image: which of them is a person's choice.
fn places_of_one_file(plans: &[&Plan], sink: &mut Sink) {
    let Some((first, rest)) = plans.split_first() else { return };
    for image in rest.iter().flat_map(|plan| &plan.images) {
        let Some(known) = first.images.iter().find(|i| i.name == image.name) else { continue };
        if known.spark != image.spark {
            sink.report(Diagnostic::changed(
                &SIZ113,
                image.origins.first(),
                format!(
                    "the stages run the image `{}` on Spark {} and {} → one image, on {}",
                    image.name, known.spark.spark, image.spark.spark, known.spark.spark
                ),
            ));
        }
        for (location, file) in &image.files {
            let other = known.files.iter().find(|(place, name)| name == file && place.value != location.value);
            if let Some((place, _)) = other {
                sink.report(
                    Diagnostic::changed(
                        &SIZ113,
                        location.span(),
                        format!("`{file}` came from `{}` and `{}`, one a stage → one file in the image `{}` of all stages", place.value, location.value, image.name),
                    )
                    .help("build the image from the file that is to run everywhere, or give each stage an image tag of its own in its overlay"),
                );
            }
        }
    }
}

/// Sorted, each once, without secrets.
fn tidy(diagnostics: &mut Vec<Diagnostic>, secrets: &Secrets) {
    if !secrets.is_empty() {
        for diagnostic in diagnostics.iter_mut() {
            let related = diagnostic.related.iter_mut().map(|(_, text)| text);
            for text in std::iter::once(&mut diagnostic.message).chain(&mut diagnostic.help).chain(related) {
                secrets.clean(text);
            }
        }
    }
    diagnostics.sort_by(|a, b| (a.span, a.rule.code, &a.message).cmp(&(b.span, b.rule.code, &b.message)));
    diagnostics.dedup_by(|a, b| a.span == b.span && a.rule.code == b.rule.code && a.message == b.message);
}

fn notes(diagnostics: &[Diagnostic], files: &Files) -> Notes {
    let mut notes = Notes::default();
    for diagnostic in diagnostics {
        let note = Note {
            message: diagnostic.message.clone(),
            place: diagnostic.span.map_or_else(|| "emr2k8s.yaml".to_owned(), |span| files.place(span)),
            help: diagnostic.help.clone(),
            answer: diagnostic.answer.clone(),
            origins: diagnostic.span.map(Origins::one).unwrap_or_default(),
        };
        match (diagnostic.severity, diagnostic.verdict) {
            (Severity::Question, _) => notes.questions.push(note),
            (_, Some(Verdict::Refused)) => notes.refused.push(note),
            (_, Some(Verdict::Changed)) => notes.changed.push(note),
            _ => {}
        }
    }
    notes
}

/// Measures phases; a phase that comes again is added up.
struct Phases {
    list: Vec<(&'static str, Duration)>,
    last: Instant,
}

impl Phases {
    fn new() -> Self {
        Self { list: Vec::new(), last: Instant::now() }
    }

    fn end(&mut self, name: &'static str) {
        let now = Instant::now();
        let took = now - self.last;
        self.last = now;
        match self.list.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += took,
            None => self.list.push((name, took)),
        }
    }
}
