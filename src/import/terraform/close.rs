//! Closing the ledger: what no translated value took gets the fate of what reads it.
use super::importer::Importer;
use super::index::{Index, Resource};
use super::table;
use crate::ir::estate::Found;
use crate::source::node::{Entry, Kind, Node};
use crate::source::rules::Rule;
use crate::source::rules::terraform::{TF101, TF103, TF104, TF105, TF106, TF107, TF109, TF110, TF112, TF117};
use crate::source::sink::{Diagnostic, Disposition};
use crate::source::span::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Every reference in the expressions at and below a node.
pub fn references(node: &Node) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    each_expression(node, &mut |expression, _| expression.tree().references(&mut out));
    out
}

fn each_expression<'a>(node: &'a Node, visit: &mut dyn FnMut(&'a crate::source::hcl::Expr, Span)) {
    match &node.kind {
        Kind::Array(items) => items.iter().for_each(|n| each_expression(n, visit)),
        Kind::Object(entries) => entries.iter().for_each(|e| each_expression(&e.value, visit)),
        Kind::Expr(expression) => visit(expression, node.span),
        _ => {}
    }
}

/// Load balancers and DNS records, each with the EMR cluster that it leads to: connected through references to each
/// other, in either direction, to one that refers to the cluster.
pub fn exposures(index: &Index<'_>) -> BTreeMap<String, String> {
    let exposing: Vec<&Resource<'_>> = index.resources.iter().filter(|r| !r.data && table::exposes(r.kind)).collect();
    let mut linked: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut out = BTreeMap::new();
    for resource in &exposing {
        for reference in references(resource.body) {
            let [kind, name, ..] = reference.as_slice() else { continue };
            let address = format!("{kind}.{name}");
            if kind == "aws_emr_cluster" {
                out.insert(resource.address.clone(), address);
            } else if table::exposes(kind) {
                linked.entry(resource.address.clone()).or_default().push(address.clone());
                linked.entry(address).or_default().push(resource.address.clone());
            }
        }
    }
    let mut open: Vec<String> = out.keys().cloned().collect();
    while let Some(address) = open.pop() {
        let Some(cluster) = out.get(&address).cloned() else { continue };
        for next in linked.get(&address).into_iter().flatten() {
            if !out.contains_key(next) {
                out.insert(next.clone(), cluster.clone());
                open.push(next.clone());
            }
        }
    }
    out
}

/// Spans with something about each, for asking which one contains a given span.
struct Cover<T> {
    spans: Vec<(Span, T)>,
    /// For each place the span up to there, of the same file, that ends last.
    last: Vec<usize>,
}

impl<T> Cover<T> {
    fn new(mut spans: Vec<(Span, T)>) -> Self {
        spans.sort_by_key(|(span, _)| *span);
        let mut last: Vec<usize> = Vec::with_capacity(spans.len());
        for (at, (span, _)) in spans.iter().enumerate() {
            let best = last.last().copied().filter(|i| spans[*i].0.file == span.file && spans[*i].0.end >= span.end);
            last.push(best.unwrap_or(at));
        }
        Self { spans, last }
    }

    fn find(&self, inner: Span) -> Option<&T> {
        let after = self.spans.partition_point(|(span, _)| (span.file, span.start) <= (inner.file, inner.start));
        let (span, payload) = self.spans.get(*self.last.get(after.checked_sub(1)?)?)?;
        span.contains(inner).then_some(payload)
    }

    fn has(&self, inner: Span) -> bool {
        self.find(inner).is_some()
    }
}

/// What became of one reader of a value.
#[derive(Clone)]
enum Reader {
    /// It is translated.
    Taken(String),
    Marked(Disposition, String, String),
}

/// Who reads what, and what became of the readers.
struct Readers<'a> {
    /// Expressions by what they refer to: `var.x`, `local.x`.
    sites: BTreeMap<String, Vec<Span>>,
    taken: Cover<()>,
    marks: Cover<(Disposition, String)>,
    owners: Cover<String>,
    locals: Cover<&'a str>,
}

impl Readers<'_> {
    /// Every reader of a name that is not a local itself, through locals.
    fn of(&self, name: &str) -> Vec<Reader> {
        let mut out = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            for site in self.sites.get(&name).into_iter().flatten() {
                let owner = || self.owners.find(*site).cloned().unwrap_or_else(|| "the module".to_owned());
                if let Some(local) = self.locals.find(*site) {
                    open.push(format!("local.{local}"));
                } else if self.taken.has(*site) {
                    out.push(Reader::Taken(owner()));
                } else if let Some((fate, why)) = self.marks.find(*site) {
                    out.push(Reader::Marked(*fate, why.clone(), owner()));
                } else {
                    out.push(Reader::Taken(owner()));
                }
            }
        }
        out
    }
}

type Verdict = (Disposition, &'static Rule, String);

/// The fate of what no translated value took, from its readers.
fn verdict(what: &str, readers: &[Reader]) -> Verdict {
    let taken = readers.iter().find_map(|r| match r {
        Reader::Taken(owner) => Some(owner),
        Reader::Marked(..) => None,
    });
    if let Some(owner) = taken {
        return (Disposition::Ignored, &TF107, format!("{owner} reads {what}, and takes another part of it or does not need it"));
    }
    let rank = |fate: Disposition| u8::from(fate == Disposition::Unsupported);
    let mut strongest: Option<(Disposition, &str, &str)> = None;
    let mut owners: BTreeSet<&str> = BTreeSet::new();
    for reader in readers {
        if let Reader::Marked(fate, why, owner) = reader {
            owners.insert(owner);
            if strongest.is_none_or(|(best, ..)| rank(*fate) > rank(best)) {
                strongest = Some((*fate, why, owner));
            }
        }
    }
    match strongest {
        None => (Disposition::Ignored, &TF107, format!("no resource of this module reads {what}")),
        Some((fate, why, owner)) => {
            let fate = if fate == Disposition::Unsupported { fate } else { Disposition::Ignored };
            let others = owners.len() - 1;
            let note = match others {
                0 => format!("only {owner} reads {what}: {why}"),
                1 => format!("{owner} and one more read {what}, and none is translated: {why}"),
                _ => format!("{owner} and {others} more read {what}, and none is translated: {why}"),
            };
            (fate, &TF106, note)
        }
    }
}

impl<'a> Importer<'a, '_> {
    /// Marks and reports everything that the resources left open.
    pub fn close(&mut self, sources: &[&'a Node], stage: &str) {
        self.blocks_of_terraform();
        self.doubles();
        self.describe_variables();
        let readers = self.readers();
        self.ask(&readers, stage);
        let index = self.index;
        for (name, entry) in &index.locals {
            let what = format!("`local.{name}`");
            self.settle(&readers, &entry.value, || verdict(&what, &readers.of(&format!("local.{name}"))));
        }
        for (name, variable) in &index.variables {
            let what = format!("`var.{name}`");
            let empty = matches!(&variable.body.kind, Kind::Object(entries) if entries.is_empty());
            if empty && variable.value.is_some() {
                let note = format!("declares {what}; its value stands in a file of values");
                self.settle(&readers, variable.body, || (Disposition::Ignored, &TF105, note));
            }
            for node in variable.value.into_iter().chain((empty && variable.value.is_none()).then_some(variable.body)) {
                self.settle(&readers, node, || verdict(&what, &readers.of(&format!("var.{name}"))));
            }
            for (node, why) in &variable.replaced {
                self.settle(&readers, node, || (Disposition::Ignored, &TF107, why.clone()));
            }
        }
        for entry in &index.undeclared {
            let note = format!("this module declares no variable `{}`", entry.key);
            self.settle(&readers, &entry.value, || (Disposition::Ignored, &TF107, note));
        }
        for (root, of) in &index.foreign {
            let note = format!("values for `{of}`; this run compiles `{stage}`");
            self.settle(&readers, root, || (Disposition::Ignored, &TF107, note));
        }
        self.sweep(sources);
    }

    fn put(&mut self, span: Span, (fate, rule, note): Verdict) {
        match fate {
            Disposition::Unsupported => self.sink.unsupported(span, rule, note),
            _ => self.sink.ignore(span, rule, note),
        }
    }

    /// Marks the scalars of a value that nothing took: all of it at once where that holds for all.
    fn settle(&mut self, readers: &Readers<'_>, node: &'a Node, verdict: impl FnOnce() -> Verdict) {
        let scalars = node.scalars();
        let open: Vec<Span> = scalars.iter().map(|s| s.span).filter(|s| !readers.taken.has(*s) && !readers.marks.has(*s)).collect();
        if open.is_empty() {
            return;
        }
        let verdict = verdict();
        if open.len() == scalars.len() {
            self.put(node.span, verdict);
        } else {
            for span in open {
                self.put(span, verdict.clone());
            }
        }
    }

    fn readers(&self) -> Readers<'a> {
        let mut sites: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        for root in &self.index.roots {
            each_expression(root, &mut |expression, span| {
                let mut found = Vec::new();
                expression.tree().references(&mut found);
                for reference in found {
                    if let [kind, name, ..] = reference.as_slice()
                        && matches!(kind.as_str(), "var" | "local")
                    {
                        sites.entry(format!("{kind}.{name}")).or_default().push(span);
                    }
                }
            });
        }
        // A `validation` of a variable reads the variable without using it.
        for variable in self.index.variables.values() {
            for list in sites.values_mut() {
                list.retain(|site| !variable.body.span.contains(*site));
            }
        }
        let owners = self.index.resources.iter().map(|r| (r.span, r.address.clone()));
        let others = self.index.others.iter().map(|o| {
            let mut name = vec![o.kind];
            name.extend(&o.labels);
            (o.span, format!("`{}`", name.join(" ")))
        });
        Readers {
            sites,
            taken: Cover::new(self.module.origins().iter().map(|s| (s, ())).collect()),
            marks: Cover::new(self.sink.marks.iter().map(|m| (m.span, (m.disposition, m.note.clone()))).collect()),
            owners: Cover::new(owners.chain(others).collect()),
            locals: Cover::new(self.index.locals.iter().map(|(name, entry)| (entry.value.span, *name)).collect()),
        }
    }

    /// Blocks that are no resources.
    fn blocks_of_terraform(&mut self) {
        let index = self.index;
        for block in &index.others {
            let why = match block.kind {
                "terraform" => "which version and providers Terraform needs, and where it keeps its state",
                "provider" => "how Terraform reaches the cloud; manifests are applied by kubectl or Argo CD",
                "output" => "what Terraform prints after it ran",
                "moved" | "removed" | "import" => "how Terraform's state changed; nothing that runs",
                "check" => "what Terraform checks after it ran",
                "module" => {
                    let name = block.labels.first().copied().unwrap_or("?");
                    let why = "the values that a `module` block passes are not followed by this version";
                    self.sink
                        .report(Diagnostic::refused(&TF109, block.span, format!("the call of the module `{name}` is not followed")).help(
                        "if its folder is below SRC, it is read with its own defaults: put the values into a `terraform.tfvars` beside it",
                    ));
                    self.sink.unsupported(block.span, &TF109, why);
                    let name = format!("module.{name}");
                    self.module.found.push(Found { kind: "Terraform module call".into(), name, span: block.span, why: why.into() });
                    continue;
                }
                other => {
                    self.sink.unsupported(block.span, &TF104, format!("this version does not know the block `{other}` of Terraform"));
                    continue;
                }
            };
            self.sink.ignore(block.span, &TF105, why);
        }
    }

    /// Names that are declared twice, of which the last counts here.
    fn doubles(&mut self) {
        let index = self.index;
        for (node, name) in &index.doubles {
            let message = format!("`{name}` is declared again further on");
            self.sink.report(Diagnostic::warning(&TF117, node.span, message).help("Terraform refuses such a module: remove one of them"));
            self.sink.ignore(node.span, &TF117, format!("another declaration of `{name}` counts"));
        }
    }

    /// Everything of a variable but its value.
    fn describe_variables(&mut self) {
        let index = self.index;
        for variable in index.variables.values() {
            let Kind::Object(entries) = &variable.body.kind else { continue };
            for entry in entries.iter().filter(|e| &*e.key != "default") {
                let why = match &*entry.key {
                    "description" => "words for people about the variable",
                    "type" | "nullable" | "validation" => "what values Terraform accepts; the value itself is what counts",
                    "sensitive" | "ephemeral" | "deprecated" => "what Terraform shows and keeps of the variable",
                    _ => "a setting of the variable for Terraform, not its value",
                };
                self.sink.ignore(entry.value.span, &TF105, why);
            }
        }
    }

    /// Questions and warnings about names that have no value, and files that are not there.
    fn ask(&mut self, readers: &Readers<'_>, stage: &str) {
        let index = self.index;
        for (name, sites) in self.eval.missing.borrow().iter() {
            let Some(variable) = index.variables.get(name.as_str()) else { continue };
            if self.asked.contains(name) {
                continue;
            }
            let reader =
                sites.iter().find_map(|s| readers.owners.find(*s)).map_or_else(String::new, |owner| format!(", and {owner} needs it"));
            let described = variable.body.get("description").and_then(Node::str).map(|d| format!(" ({d})")).unwrap_or_default();
            let staged = if stage.is_empty() { String::new() } else { format!(", or into `{stage}.tfvars` if it differs by stage") };
            let mut question =
                Diagnostic::question(&TF101, variable.name_span, format!("the variable `{name}`{described} has no value{reader}"))
                    .help(format!("write {name} = … into `terraform.tfvars` beside the module{staged}"));
            let mut seen = BTreeSet::new();
            for site in sites.iter().filter(|s| seen.insert(**s)).take(4) {
                question = question.related(*site, "needed here");
            }
            self.sink.report(question);
        }
        for (name, span) in self.eval.undeclared.borrow().iter() {
            let (kind, short) = name.split_once('.').unwrap_or(("", name));
            let names: Vec<&str> =
                if kind == "var" { index.variables.keys().copied().collect() } else { index.locals.keys().copied().collect() };
            let near = names.into_iter().map(|n| (strsim::damerau_levenshtein(n, short), n)).min().filter(|(d, n)| *d <= 2 && *d < n.len());
            let help = near.map_or_else(|| "declare it in this module".to_owned(), |(_, near)| format!("did you mean `{kind}.{near}`?"));
            self.sink.report(Diagnostic::warning(&TF112, *span, format!("`{name}` is declared nowhere in this module")).help(help));
        }
        for (path, span) in self.eval.lost.borrow().iter() {
            let from = if index.folder.is_empty() { "the folder that is migrated".to_owned() } else { format!("`{}`", index.folder) };
            self.sink.report(
                Diagnostic::warning(&TF110, *span, format!("the file `{path}` is not there")).help(format!("it is looked for from {from}")),
            );
        }
    }

    /// Empty files, blocks and lists say nothing, and are marked so where nothing else was said of them.
    fn sweep(&mut self, sources: &[&'a Node]) {
        let taken = Cover::new(self.module.origins().iter().map(|s| (s, ())).collect());
        let marks = Cover::new(self.sink.marks.iter().map(|m| (m.span, ())).collect());
        let mut open = Vec::new();
        for root in sources {
            empties(root, &mut open);
        }
        for span in open {
            if !taken.has(span) && !marks.has(span) {
                self.sink.ignore(span, &TF103, "it is empty and says nothing");
            }
        }
    }
}

fn empties(node: &Node, out: &mut Vec<Span>) {
    match &node.kind {
        Kind::Array(items) if items.is_empty() => out.push(node.span),
        Kind::Object(entries) if entries.is_empty() => out.push(node.span),
        Kind::Array(items) => items.iter().for_each(|n| empties(n, out)),
        Kind::Object(entries) => entries.iter().for_each(|Entry { value, .. }| empties(value, out)),
        _ => {}
    }
}
