//! The README of the result: what was migrated, what needs a person, how to apply it.
//!
//! It is a template. Values that come from the source carry a mark through the rendering, which is taken out again line by
//! line, so that each line of the README has its origins like any other.
use super::argo_cd::Place;
use super::tree::{LineOrigin, OutFile};
use crate::config::Config;
use crate::ir::plan::Plan;
use crate::source::rules::emit::EMI107;
use crate::source::span::Origins;
use minijinja::{Environment, context};

const TEMPLATE: &str = include_str!("../../templates/README.md.j2");
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// What a run has to say, in the README's words.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    pub questions: Vec<Note>,
    pub refused: Vec<Note>,
    pub changed: Vec<Note>,
}

/// One thing to say.
#[derive(Clone, Debug)]
pub struct Note {
    pub message: String,
    /// `path:line`.
    pub place: String,
    pub help: Option<String>,
    /// The key of `emr2k8s.yaml` that answers it.
    pub answer: Option<String>,
    pub origins: Origins,
}

/// Gives values to a template that carry where they come from.
#[derive(Default)]
struct Marks(Vec<Origins>);

impl Marks {
    fn mark(&mut self, text: &str, origins: &Origins) -> String {
        let text: String = text.chars().filter(|c| !matches!(*c, OPEN | CLOSE)).map(|c| if c == '\n' { ' ' } else { c }).collect();
        self.0.push(origins.clone());
        format!("{OPEN}{}{CLOSE}{text}", self.0.len() - 1)
    }

    fn notes(&mut self, notes: &[Note]) -> Vec<minijinja::Value> {
        notes
            .iter()
            .map(|note| {
                context! {
                    message => self.mark(&note.message, &note.origins),
                    place => format!("`{}`", note.place),
                    help => note.help.as_ref().map(|h| sentence(h)),
                    answer => note.answer.clone(),
                }
            })
            .collect()
    }

    /// Takes the marks out of a rendered text.
    fn lines(&self, text: &str) -> Vec<(String, LineOrigin)> {
        text.lines()
            .map(|line| {
                let mut origins = Origins::none();
                let mut out = String::new();
                let mut rest = line;
                while let Some((before, after)) = rest.split_once(OPEN) {
                    out.push_str(before);
                    let Some((index, tail)) = after.split_once(CLOSE) else { break };
                    if let Some(marked) = index.parse::<usize>().ok().and_then(|i| self.0.get(i)) {
                        origins.extend(marked);
                    }
                    rest = tail;
                }
                out.push_str(rest);
                (out.trim_end().to_owned(), LineOrigin { rule: &EMI107, origins })
            })
            .collect()
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    match chars.next() {
        // A word in capitals, code or a name keeps its first letter.
        Some(first) => first.to_uppercase().collect::<String>() + chars.as_str(),
        None => String::new(),
    }
}

/// The README. A template that does not render is a defect, and the README says so instead of hiding it.
#[must_use]
pub fn readme(plan: &Plan, places: &[Place], config: &Config, notes: &Notes) -> OutFile {
    let mut marks = Marks::default();
    let pipelines: Vec<_> = plan
        .pipelines
        .iter()
        .map(|p| {
            let jobs: Vec<String> = p.jobs.iter().map(|j| marks.mark(&format!("`{}`", j.name.value), &j.name.origins)).collect();
            let here: Vec<String> =
                places.iter().filter(|x| x.pipeline == p.name.value).map(|x| format!("{}: `{}`", x.stage, x.namespace)).collect();
            context! {
                name => marks.mark(&p.name.value, &p.name.origins),
                file => p.file.clone(),
                jobs => if jobs.is_empty() { "none".to_owned() } else { jobs.join(", ") },
                places => here.join(", "),
            }
        })
        .collect();
    let registry = config.images.registry.as_deref().unwrap_or(super::repository::NO_REGISTRY);
    let tag = config.images.tag.as_deref().unwrap_or("1.0.0");
    let images: Vec<_> = plan
        .images
        .iter()
        .map(|i| {
            let files: Vec<String> = i.files.iter().map(|(location, _)| marks.mark(&format!("`{}`", location.value), &location.origins)).collect();
            context! { name => i.name.clone(), reference => format!("{registry}/{}:{tag}", i.name), files => files.join(", "), scala => i.spark.scala.clone(), java => i.spark.java.clone() }
        })
        .collect();
    let queues: Vec<String> = plan
        .queues
        .iter()
        .map(|q| {
            // Volcano's queues have no parents.
            let volcano = config.spark.scheduler.as_deref() == Some("volcano");
            let name = if volcano { q.name.value.rsplit('.').next().unwrap_or_default() } else { &q.name.value };
            marks.mark(&format!("`{name}`"), &q.name.origins)
        })
        .collect();
    let secrets: Vec<_> = plan
        .pipelines
        .iter()
        .filter_map(|p| {
            let keys: Vec<String> = p.jobs.iter().flat_map(|j| &j.secrets).map(|s| format!("`{}`", s.key)).collect();
            (!keys.is_empty()).then(|| context! { name => format!("{}-secrets", p.name.value), keys => keys.join(", ") })
        })
        .collect();
    let mut calls: Vec<String> = plan.pipelines.iter().flat_map(|p| &p.calls).map(|f| format!("`{}`", f.target.value)).collect();
    calls.sort_unstable();
    calls.dedup();
    let scheduler = match config.spark.scheduler.as_deref() {
        Some("none") => None,
        Some("volcano") => Some("Volcano"),
        _ => Some("YuniKorn"),
    };
    let values = context! {
        pipelines,
        questions => marks.notes(&notes.questions),
        refused => marks.notes(&notes.refused),
        changed => marks.notes(&notes.changed),
        scheduler => scheduler.filter(|_| !queues.is_empty()),
        queues => queues.join(", "),
        images,
        secrets,
        calls => calls.join(", "),
        input => plan.pipelines.iter().any(|p| p.reads_input),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let text =
        environment.render_str(TEMPLATE, values).unwrap_or_else(|error| format!("# README\n\nThe README could not be written: {error}"));
    OutFile { lines: marks.lines(&text) }
}
