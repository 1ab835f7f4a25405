//! The blocks of a module, sorted by what they declare, before anything is evaluated.
use crate::source::files::{self, Files};
use crate::source::node::{Entry, Kind, Node};
use crate::source::span::{FileId, Span};
use std::collections::BTreeMap;

/// What the importer may ask about files beside its module.
pub trait Context {
    /// A text file by its path relative to SRC.
    fn text(&self, path: &str) -> Option<(FileId, &str)>;
    /// Paths of the files directly in a folder relative to SRC, sorted.
    fn paths(&self, folder: &str) -> Vec<String>;
}

impl Context for Files {
    fn text(&self, path: &str) -> Option<(FileId, &str)> {
        let id = self.find(path)?;
        Some((id, &self.get(id).text))
    }

    fn paths(&self, folder: &str) -> Vec<String> {
        self.iter().filter(|(_, file)| file.folder() == folder).map(|(_, file)| file.path.clone()).collect()
    }
}

/// A `resource` or `data` block.
pub struct Resource<'a> {
    pub kind: &'a str,
    pub name: &'a str,
    pub name_span: Span,
    /// `aws_emr_cluster.x`, `data.aws_ami.x`
    pub address: String,
    pub body: &'a Node,
    /// From the first label to the closing brace.
    pub span: Span,
    pub data: bool,
}

/// A `variable` block, and the value that holds for the stage.
pub struct Variable<'a> {
    pub body: &'a Node,
    pub name_span: Span,
    /// The value of the last file that sets it, or else its default.
    pub value: Option<&'a Node>,
    /// Values that another one replaces, each with what replaced it.
    pub replaced: Vec<(&'a Node, String)>,
}

/// Any other block: its kind, its labels and its entry.
pub struct Other<'a> {
    pub kind: &'a str,
    pub labels: Vec<&'a str>,
    pub span: Span,
}

pub struct Index<'a> {
    /// The module's folder relative to SRC.
    pub folder: &'a str,
    pub variables: BTreeMap<&'a str, Variable<'a>>,
    pub locals: BTreeMap<&'a str, &'a Entry>,
    pub resources: Vec<Resource<'a>>,
    addresses: BTreeMap<String, usize>,
    pub others: Vec<Other<'a>>,
    /// What a second declaration of the same name replaces: the node, and the name.
    pub doubles: Vec<(&'a Node, String)>,
    /// Entries of files of values whose variable is not declared.
    pub undeclared: Vec<&'a Entry>,
    /// Whole files of values that this stage does not read: the root and the stage whose they are.
    pub foreign: Vec<(&'a Node, String)>,
    /// Every `.tf` root.
    pub roots: Vec<&'a Node>,
    /// Every file of the module, with its path relative to SRC.
    pub paths: Vec<(FileId, &'a str)>,
}

impl<'a> Index<'a> {
    pub fn new(folder: &'a str, sources: &[(FileId, &'a str, &'a Node)], stage: &str) -> Self {
        let mut index = Self {
            folder,
            variables: BTreeMap::new(),
            locals: BTreeMap::new(),
            resources: Vec::new(),
            addresses: BTreeMap::new(),
            others: Vec::new(),
            doubles: Vec::new(),
            undeclared: Vec::new(),
            foreign: Vec::new(),
            roots: Vec::new(),
            paths: sources.iter().map(|(id, path, _)| (*id, *path)).collect(),
        };
        let mut values: Vec<(u8, &'a str, &'a Node)> = Vec::new();
        for (_, path, root) in sources {
            match value_file(path, stage) {
                ValueFile::No => index.add(root),
                ValueFile::Read(rank) => values.push((rank, path, root)),
                ValueFile::Foreign(stage) => index.foreign.push((root, stage)),
            }
        }
        values.sort_by_key(|(rank, path, _)| (*rank, *path));
        for (_, path, root) in values {
            index.assign(path, root);
        }
        index
    }

    fn add(&mut self, root: &'a Node) {
        self.roots.push(root);
        let Kind::Object(entries) = &root.kind else { return };
        for entry in entries {
            let (labels, body) = labels(entry);
            match (&*entry.key, labels.as_slice()) {
                (key @ ("resource" | "data"), [(kind, first), (name, name_span)]) => {
                    let data = key == "data";
                    let address = if data { format!("data.{kind}.{name}") } else { format!("{kind}.{name}") };
                    self.addresses.entry(address.clone()).or_insert(self.resources.len());
                    let span = Span { start: first.start, ..entry.value.span };
                    self.resources.push(Resource { kind, name, name_span: *name_span, address, body, span, data });
                }
                ("variable", [(name, name_span)]) => {
                    let value = body.get("default");
                    let variable = Variable { body, name_span: *name_span, value, replaced: Vec::new() };
                    if let Some(before) = self.variables.insert(name, variable) {
                        self.doubles.push((before.body, format!("var.{name}")));
                    }
                }
                ("locals", []) => {
                    if let Kind::Object(entries) = &body.kind {
                        for entry in entries {
                            if let Some(before) = self.locals.insert(&entry.key, entry) {
                                self.doubles.push((&before.value, format!("local.{}", entry.key)));
                            }
                        }
                    }
                }
                (kind, labels) => {
                    self.others.push(Other { kind, labels: labels.iter().map(|(l, _)| *l).collect(), span: entry.value.span });
                }
            }
        }
    }

    /// Takes the values of a file; later files win.
    fn assign(&mut self, path: &str, root: &'a Node) {
        let file = path.rsplit('/').next().unwrap_or(path);
        let Kind::Object(entries) = &root.kind else { return };
        for entry in entries {
            if let Some(variable) = self.variables.get_mut(&*entry.key) {
                if let Some(before) = variable.value.replace(&entry.value) {
                    variable.replaced.push((before, format!("{file} sets `{}` to another value", entry.key)));
                }
            } else {
                self.undeclared.push(entry);
            }
        }
    }

    pub fn resource(&self, address: &str) -> Option<&Resource<'a>> {
        self.addresses.get(address).and_then(|at| self.resources.get(*at))
    }

    /// A path as the module writes it, relative to SRC: `path.module` is the module's folder.
    pub fn resolve(&self, path: &str) -> Option<String> {
        files::join(self.folder, path)
    }
}

enum ValueFile {
    No,
    Read(u8),
    /// Of another stage.
    Foreign(String),
}

/// Which file of values wins: `terraform.tfvars`, then `*.auto.tfvars` by name, then one that the command line names, each
/// over those before (Terraform language, "Input Variables", "Variable Definition Precedence"). A file named for the
/// stage is the one that the command line of that stage names.
fn value_file(path: &str, stage: &str) -> ValueFile {
    let file = path.rsplit('/').next().unwrap_or(path);
    let Some(stem) = file.strip_suffix(".tfvars").or_else(|| file.strip_suffix(".tfvars.json")) else { return ValueFile::No };
    if stem == "terraform" {
        ValueFile::Read(0)
    } else if stem.ends_with(".auto") {
        ValueFile::Read(1)
    } else if stem == stage {
        ValueFile::Read(2)
    } else {
        ValueFile::Foreign(stem.to_owned())
    }
}

/// The labels of a block and its body. A label's object starts where its key starts, a body starts with its brace.
pub fn labels(entry: &Entry) -> (Vec<(&str, Span)>, &Node) {
    let mut labels = Vec::new();
    let mut node = &entry.value;
    while let Kind::Object(entries) = &node.kind {
        match entries.as_slice() {
            [only] if only.key_span.start == node.span.start => {
                labels.push((&*only.key, only.key_span));
                node = &only.value;
            }
            _ => break,
        }
    }
    (labels, node)
}
