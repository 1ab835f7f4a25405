//! The ledger: every value of every claimed file, and what became of it. Computed from the origins of the output and the
//! marks of the passes, never claimed.
use super::LedgerValue;
use super::documents::{Documents, Format};
use crate::emit::tree::Tree;
use crate::import::lambda::Modules;
use crate::source::node::Scalar;
use crate::source::rules::source::SRC007;
use crate::source::secret;
use crate::source::sink::{Diagnostic, Disposition, Mark, Sink};
use crate::source::span::{FileId, Span};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The README says what happened to values; it is not where they go.
const README: &str = "README.md";

/// Every scalar of the claimed files.
#[must_use]
pub fn scalars(documents: &Documents, claimed: &BTreeSet<FileId>) -> Vec<(FileId, Vec<Scalar>)> {
    claimed
        .par_iter()
        .map(|file| {
            let document = documents.get(*file);
            let scalars = if document.format == Format::Python {
                Modules::get(documents, &documents.files.get(*file).path)
                    .map(crate::import::lambda::PythonModule::scalars)
                    .unwrap_or_default()
            } else {
                // A value that an alias repeats stands once in the text.
                let mut seen: BTreeMap<Span, usize> = BTreeMap::new();
                let mut out: Vec<Scalar> = Vec::new();
                for scalar in documents.nodes(document).iter().flat_map(crate::source::node::Node::scalars) {
                    match seen.get(&scalar.span) {
                        Some(index) => out[*index].read |= scalar.read,
                        None => {
                            seen.insert(scalar.span, out.len());
                            out.push(scalar);
                        }
                    }
                }
                out
            };
            (*file, scalars)
        })
        .collect()
}

/// What became of every scalar. Values of which nothing is known are reported.
#[must_use]
pub fn ledger(documents: &Documents, scalars: &[(FileId, Vec<Scalar>)], tree: &Tree, marks: &[Mark], sink: &mut Sink) -> Vec<LedgerValue> {
    let places = Places::new(tree, documents.files.len());
    let mut by_file: Vec<Vec<&Mark>> = vec![Vec::new(); documents.files.len()];
    for mark in marks {
        by_file[mark.span.file.0 as usize].push(mark);
    }
    let parts: Vec<(Vec<LedgerValue>, Vec<Diagnostic>)> = scalars
        .par_iter()
        .map(|(_, scalars)| {
            let mut problems = Vec::new();
            // A document in a Terraform module may be made from a template, whose values stand in another file.
            let marks = |scalar: &Scalar| &by_file[scalar.span.file.0 as usize];
            let values = scalars.iter().map(|scalar| value(scalar, marks(scalar), &places, &mut problems)).collect();
            (values, problems)
        })
        .collect();
    let mut out = Vec::new();
    for (values, problems) in parts {
        out.extend(values);
        sink.diagnostics.extend(problems);
    }
    out
}

fn value(scalar: &Scalar, marks: &[&Mark], places: &Places, problems: &mut Vec<Diagnostic>) -> LedgerValue {
    let outputs = places.of(scalar.span);
    let key = scalar.pointer.rsplit('/').next().unwrap_or("");
    let shown = if secret::reason(key, &scalar.value).is_some() { secret::MASK.to_owned() } else { scalar.value.clone() };
    let mut out = LedgerValue {
        span: scalar.span,
        pointer: scalar.pointer.clone(),
        value: shown,
        disposition: Disposition::Emitted,
        rule: String::new(),
        note: String::new(),
        outputs,
    };
    if !out.outputs.is_empty() {
        return out;
    }
    // The closest mark speaks; of equal ones the most telling.
    let rank = |m: &Mark| {
        (
            m.span.len(),
            match m.disposition {
                Disposition::Absorbed => 0,
                Disposition::Unsupported => 1,
                _ => 2,
            },
        )
    };
    match marks.iter().filter(|m| m.span.contains(scalar.span)).min_by_key(|m| rank(m)) {
        Some(mark) => {
            out.disposition = mark.disposition;
            mark.rule.code.clone_into(&mut out.rule);
            out.note.clone_from(&mark.note);
        }
        None => {
            out.disposition = Disposition::Unexplained;
            let read = if scalar.read { "it was read and reached nothing" } else { "it was not read" };
            problems.push(
                Diagnostic::warning(&SRC007, scalar.span, format!("nothing is known of `{}`: {read}", scalar.pointer))
                    .help("this is a defect of emr2k8s: please report it with the file"),
            );
        }
    }
    out
}

/// Output lines by the source ranges that shaped them.
struct Places {
    /// For each file: range and place, sorted.
    by_file: Vec<Vec<(u32, u32, usize, u32)>>,
    paths: Vec<String>,
}

impl Places {
    fn new(tree: &Tree, files: usize) -> Self {
        let mut by_file: Vec<Vec<(u32, u32, usize, u32)>> = vec![Vec::new(); files];
        let mut paths = Vec::new();
        for (path, file) in &tree.files {
            if path == README {
                continue;
            }
            for (number, (_, origin)) in (1_u32..).zip(&file.lines) {
                for span in origin.origins.iter() {
                    by_file[span.file.0 as usize].push((span.start, span.end, paths.len(), number));
                }
            }
            paths.push(path.clone());
        }
        by_file.par_iter_mut().for_each(|list| {
            list.sort_unstable();
            list.dedup();
        });
        Self { by_file, paths }
    }

    /// Places that a scalar, or a part of it, shaped.
    fn of(&self, span: Span) -> Vec<(String, u32)> {
        let list = &self.by_file[span.file.0 as usize];
        let first = list.partition_point(|(start, ..)| *start < span.start);
        let mut out: Vec<(usize, u32)> = list[first..]
            .iter()
            .take_while(|(start, ..)| *start < span.end || (span.is_empty() && *start == span.start))
            .filter(|(_, end, ..)| *end <= span.end)
            .map(|(_, _, path, line)| (*path, *line))
            .collect();
        out.sort_unstable();
        out.dedup();
        out.into_iter().map(|(path, line)| (self.paths[path].clone(), line)).collect()
    }
}

/// Literals that must not be shown anywhere, longest first.
#[must_use]
pub fn secrets(scalars: &[(FileId, Vec<Scalar>)]) -> Vec<String> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    for scalar in scalars.iter().flat_map(|(_, list)| list) {
        let key = scalar.pointer.rsplit('/').next().unwrap_or("");
        if secret::reason(key, &scalar.value).is_some() {
            found.insert(scalar.value.trim().to_owned());
        } else if let Some((key, value)) = scalar.value.split_once('=')
            && secret::reason(key.trim_start_matches('-'), value).is_some()
        {
            found.insert(value.trim().to_owned());
        }
    }
    let mut out: Vec<String> = found.into_iter().filter(|s| s.len() >= 4).collect();
    out.sort_by_key(|s| std::cmp::Reverse(s.len()));
    out
}

/// The text without any of the secrets.
#[must_use]
pub fn masked(text: &str, secrets: &[String]) -> Option<String> {
    let mut out: Option<String> = None;
    for secret in secrets {
        let current = out.as_deref().unwrap_or(text);
        if current.contains(secret.as_str()) {
            out = Some(current.replace(secret.as_str(), secret::MASK));
        }
    }
    out
}
