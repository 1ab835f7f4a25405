//! The ledger: every value of every claimed file, and what became of it. Computed from the origins of the output and the
//! marks of the passes, never claimed.
use super::LedgerValue;
use super::documents::{Documents, Format};
use crate::emit::tree::Tree;
use crate::import::lambda::Modules;
use crate::ir::estate::Estate;
use crate::source::node::Scalar;
use crate::source::rules::plan::SEC103;
use crate::source::rules::source::SRC007;
use crate::source::secret::{self, Secrets, Text};
use crate::source::sink::{Diagnostic, Disposition, Mark, Sink};
use crate::source::span::{FileId, Origins, Span};
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

/// Adds to each line what shaped the values of definitions that it comes from, beside the places where these stand.
pub fn shape(tree: &mut Tree, estates: &[(String, Estate)]) {
    let mut shaped: BTreeMap<Span, Origins> = BTreeMap::new();
    for (place, origins) in estates.iter().flat_map(|(_, estate)| &estate.shaped) {
        shaped.entry(*place).or_default().extend(origins);
    }
    if shaped.is_empty() {
        return;
    }
    for (_, origin) in tree.files.values_mut().flat_map(|file| &mut file.lines) {
        let more: Vec<&Origins> = origin.origins.iter().filter_map(|span| shaped.get(&span)).collect();
        for origins in more {
            origin.origins.extend(origins);
        }
    }
}

/// What became of every scalar. Values of which nothing is known are reported.
#[must_use]
pub fn ledger(
    documents: &Documents,
    scalars: &[(FileId, Vec<Scalar>)],
    secrets: &Secrets,
    tree: &Tree,
    marks: &[Mark],
    sink: &mut Sink,
) -> Vec<LedgerValue> {
    let places = Places::new(tree, documents.files.len());
    let marks = Marks::new(marks, documents.files.len());
    let parts: Vec<(Vec<LedgerValue>, Vec<Diagnostic>)> = scalars
        .par_iter()
        .map(|(_, scalars)| {
            let mut problems = Vec::new();
            let values = scalars
                .iter()
                .zip(keys(scalars))
                .map(|(scalar, keys)| value(scalar, &keys, secrets, marks.closest(scalar.span), &places, &mut problems))
                .collect();
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

fn value(
    scalar: &Scalar,
    keys: &[String],
    secrets: &Secrets,
    mark: Option<&Mark>,
    places: &Places,
    problems: &mut Vec<Diagnostic>,
) -> LedgerValue {
    let outputs = places.of(scalar.span);
    let mut shown = secret::masked("", &scalar.value);
    for key in keys {
        shown = secret::masked(key, &shown);
    }
    let shown = secrets.mask(&shown).unwrap_or(shown);
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
    match mark {
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

/// Marks by file, in the order of their beginnings; of one beginning the shortest last, of equal ranges the most telling last.
struct Marks<'m> {
    by_file: Vec<Vec<&'m Mark>>,
    /// For each mark the furthest end of it and all before it.
    ends: Vec<Vec<u32>>,
}

impl<'m> Marks<'m> {
    fn new(marks: &'m [Mark], files: usize) -> Self {
        let mut by_file: Vec<Vec<&Mark>> = vec![Vec::new(); files];
        for mark in marks {
            by_file[mark.span.file.0 as usize].push(mark);
        }
        let telling = |mark: &Mark| match mark.disposition {
            Disposition::Absorbed => 2,
            Disposition::Unsupported => 1,
            _ => 0,
        };
        by_file.par_iter_mut().for_each(|list| {
            list.sort_by_key(|m| (m.span.start, std::cmp::Reverse(m.span.end), telling(m)));
            list.dedup();
        });
        let ends = by_file
            .iter()
            .map(|list| {
                let mut furthest = 0;
                list.iter()
                    .map(|m| {
                        furthest = furthest.max(m.span.end);
                        furthest
                    })
                    .collect()
            })
            .collect();
        Self { by_file, ends }
    }

    /// The mark that stands closest around a range.
    fn closest(&self, span: Span) -> Option<&'m Mark> {
        let (list, ends) = (&self.by_file[span.file.0 as usize], &self.ends[span.file.0 as usize]);
        let after = list.partition_point(|m| m.span.start <= span.start);
        (0..after).rev().take_while(|i| ends[*i] >= span.end).map(|i| list[i]).find(|m| m.span.contains(span))
    }
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

/// Every literal of the claimed files and of the scripts that must not be shown anywhere.
#[must_use]
pub fn secrets(documents: &Documents, scalars: &[(FileId, Vec<Scalar>)]) -> Secrets {
    let of_values = scalars.par_iter().flat_map_iter(|(_, list)| secrets_of(list));
    // What a script or a program says is no value of a tree; a literal of HCL may stand inside an expression.
    let claimed: BTreeSet<FileId> = scalars.iter().map(|(file, _)| *file).collect();
    let of_texts = documents.list.par_iter().filter_map(|document| match document.format {
        Format::Script => Some((document.file, Text::Words)),
        Format::Python | Format::Hcl if claimed.contains(&document.file) => Some((document.file, Text::Code)),
        _ => None,
    });
    let of_texts = of_texts.flat_map_iter(|(file, kind)| {
        let text = documents.files.get(file).text.clone();
        let found = secret::inside(&text, kind);
        found.into_iter().map(move |found| (text[found.range.clone()].to_owned(), Span::new(file, found.range.start, found.range.end)))
    });
    let mut found: Vec<(String, Span)> = of_values.chain(of_texts).collect();
    found.sort();
    found.dedup();
    Secrets::new(found)
}

/// The secrets of one file's values, each with the value's place.
fn secrets_of(scalars: &[Scalar]) -> Vec<(String, Span)> {
    let mut out = Vec::new();
    for (scalar, keys) in scalars.iter().zip(keys(scalars)) {
        for key in std::iter::once("").chain(keys.iter().map(String::as_str)) {
            out.extend(secret::find(key, &scalar.value).into_iter().map(|found| (scalar.value[found.range].to_owned(), scalar.span)));
        }
    }
    out
}

/// The names that each value stands under: its key, the flag before it in a list, the `name` beside a `value`, and the key
/// of the block of a `default`.
fn keys(scalars: &[Scalar]) -> Vec<Vec<String>> {
    /// Keys that say nothing of what stands under them.
    const VALUES: &[&str] = &["value", "default", "defaultvalue", "parametervalue", "stringvalue", "plain", "plaintext", "literal", "text"];
    const NAMES: &[&str] = &["name", "key", "variable", "parameterkey", "parametername"];
    let split = |pointer: &'_ str| pointer.rsplit_once('/').map(|(parent, last)| (parent.to_owned(), last.to_owned())).unwrap_or_default();
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    for scalar in scalars {
        let (parent, last) = split(&scalar.pointer);
        if NAMES.contains(&last.to_ascii_lowercase().as_str()) {
            named.entry(parent).or_insert_with(|| scalar.value.clone());
        }
    }
    let mut before: Option<(String, &str)> = None;
    let mut out = Vec::with_capacity(scalars.len());
    for scalar in scalars {
        let (parent, last) = split(&scalar.pointer);
        let mut keys = Vec::new();
        if last.bytes().all(|b| b.is_ascii_digit()) {
            if let Some((list, flag)) = &before
                && *list == parent
                && flag.starts_with('-')
                && !flag.contains('=')
            {
                keys.push((*flag).to_owned());
            }
        } else if VALUES.contains(&last.to_ascii_lowercase().as_str()) {
            keys.extend(named.get(&parent).cloned());
            // `Default` is also where a Choice goes on, and the key above it the name of a state.
            let states = scalar.pointer.contains("/States/");
            keys.extend(
                parent
                    .rsplit('/')
                    .filter(|_| !states)
                    .find(|part| !part.is_empty() && !part.bytes().all(|b| b.is_ascii_digit()))
                    .map(str::to_owned),
            );
        } else {
            keys.push(last);
        }
        before = Some((parent, scalar.value.as_str()));
        out.push(keys);
    }
    out
}

/// Takes secrets out of the output. What a line says then differs, so the place in the sources is told, once a file.
pub fn hide(tree: &mut Tree, secrets: &Secrets, sink: &mut Sink) -> BTreeSet<(String, u32)> {
    let mut masked = BTreeSet::new();
    if secrets.is_empty() {
        return masked;
    }
    for (path, file) in &mut tree.files {
        let mut told: BTreeSet<Option<Span>> = BTreeSet::new();
        for (number, (line, origin)) in (1_u32..).zip(&mut file.lines) {
            let Some(clean) = secrets.mask_line(line, &origin.origins) else { continue };
            *line = clean;
            masked.insert((path.clone(), number));
            let span = secrets.place(&origin.origins);
            if path != README && told.insert(span) {
                sink.report(
                    Diagnostic::changed(
                        &SEC103,
                        span,
                        format!("a secret would have come into `{path}`; `{}` stands in its place", secret::MASK),
                    )
                    .help("let what needs it read it from a Secret or use an AWS role, and rotate it: it lies in the sources"),
                );
            }
        }
    }
    masked
}

/// Values whose lines were changed by [`hide`] are not plainly emitted.
pub fn tell_masked(ledger: &mut [LedgerValue], masked: &BTreeSet<(String, u32)>, secrets: &Secrets) {
    for value in ledger {
        let hidden = value.value.contains(secret::MASK) && value.outputs.iter().any(|place| masked.contains(place));
        secrets.clean(&mut value.note);
        if hidden {
            SEC103.code.clone_into(&mut value.rule);
            value.note = format!("`{}` stands in its place", secret::MASK);
        }
    }
}
