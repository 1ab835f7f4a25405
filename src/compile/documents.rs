//! Discovery: which files there are, and what each of them is, told by its content.
//!
//! Texts are read and looked at in parallel. A JSON or YAML file is parsed when it holds a word that one of the importers
//! looks for, or when another file refers to it; all others are not this tool's business, and a slip in one of them is
//! nobody's error.
use crate::import;
use crate::import::lambda::PythonModule;
use crate::source::files::{Files, SourceFile};
use crate::source::node::Node;
use crate::source::rules::source::SRC005;
use crate::source::sink::{Diagnostic, Mark, Sink};
use crate::source::span::{FileId, Span};
use crate::source::{hcl, json, load, yaml};
use rayon::prelude::*;
use std::path::Path;
use std::sync::OnceLock;

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    StateMachine,
    Serverless,
    Classifications,
    Cluster,
    LivyBatch,
    CloudFormation,
    Hcl,
    Script,
    Python,
    /// JSON or YAML that no importer claims.
    Data,
    /// Nothing that is looked at.
    Other,
}

/// One file, parsed when somebody needs it.
#[derive(Debug)]
pub struct Document {
    pub file: FileId,
    pub format: Format,
    nodes: OnceLock<(Vec<Node>, Sink)>,
    python: OnceLock<(Option<PythonModule>, Sink)>,
}

/// All files of a run.
#[derive(Debug, Default)]
pub struct Documents {
    pub files: Files,
    pub list: Vec<Document>,
}

/// Words that make a JSON or YAML file worth parsing.
const WORDS: &[&str] = &[
    "StartAt",
    "\"States\"",
    "States:",
    "service:",
    "\"service\"",
    "Classification",
    "ReleaseLabel",
    "InstanceGroups",
    "InstanceFleets",
    "JobFlowRole",
    "className",
    "executorMemory",
    "numExecutors",
    "driverMemory",
    "pyFiles",
    "executorCores",
    "proxyUser",
    "AWSTemplateFormatVersion",
    "AWS::",
];

impl Documents {
    /// Reads everything under SRC.
    #[must_use]
    pub fn read(source: &Path, exclude: &[String], skip: Option<&Path>, sink: &mut Sink) -> Self {
        let root = load::root(source);
        let paths = load::discover(source, exclude, skip, sink);
        let read: Vec<Result<Option<SourceFile>, Box<Diagnostic>>> =
            paths.par_iter().map(|path| if worth_reading(path) { load::read(&root, path) } else { Ok(None) }).collect();
        let mut files = Files::default();
        for result in read {
            match result {
                Ok(Some(file)) => {
                    files.add(file);
                }
                Ok(None) => {}
                Err(diagnostic) => sink.report(*diagnostic),
            }
        }
        let ids: Vec<FileId> = files.iter().map(|(id, _)| id).collect();
        let list = ids
            .par_iter()
            .map(|id| {
                let mut document = Document { file: *id, format: Format::Other, nodes: OnceLock::new(), python: OnceLock::new() };
                document.format = document.recognise(files.get(*id));
                document
            })
            .collect();
        Self { files, list }
    }

    #[must_use]
    pub fn get(&self, file: FileId) -> &Document {
        &self.list[file.0 as usize]
    }

    /// Every document of a format, in the order of the paths.
    pub fn of(&self, format: Format) -> impl Iterator<Item = &Document> {
        self.list.iter().filter(move |d| d.format == format)
    }

    /// The trees of a document.
    #[must_use]
    pub fn nodes<'d>(&self, document: &'d Document) -> &'d [Node] {
        document.nodes(self.files.get(document.file))
    }

    /// The values of which parsing said that they do not count.
    #[must_use]
    pub fn parse_marks(&self) -> Vec<Mark> {
        let parsed = self.list.iter().filter_map(|document| document.nodes.get());
        parsed.flat_map(|(_, sink)| sink.marks.iter().cloned()).collect()
    }

    /// What parsing had to say, of every document that an importer claimed or that looked like one of its own.
    pub fn take_sinks(self) -> (Files, Sink) {
        let mut all = Sink::default();
        for document in self.list {
            if let Some((_, sink)) = document.nodes.into_inner() {
                all.append(sink);
            }
            if let Some((_, sink)) = document.python.into_inner() {
                all.append(sink);
            }
        }
        (self.files, all)
    }
}

impl Document {
    fn nodes<'d>(&'d self, file: &SourceFile) -> &'d [Node] {
        &self
            .nodes
            .get_or_init(|| {
                let mut sink = Sink::default();
                let nodes = match language(&file.path, &file.text) {
                    Language::Json => json::parse(&file.text, self.file, &mut sink).into_iter().collect(),
                    Language::Yaml => yaml::parse(&file.text, self.file, &mut sink),
                    Language::Hcl => hcl::parse(&file.text, self.file, &mut sink).into_iter().collect(),
                    _ => Vec::new(),
                };
                (nodes, sink)
            })
            .0
    }

    fn recognise(&self, file: &SourceFile) -> Format {
        match language(&file.path, &file.text) {
            Language::Hcl => {
                self.nodes(file);
                Format::Hcl
            }
            Language::Python => Format::Python,
            Language::Json | Language::Yaml => {
                if !WORDS.iter().any(|word| file.text.contains(word)) {
                    return Format::Data;
                }
                self.nodes(file).first().map_or(Format::Data, format_of)
            }
            Language::Other => {
                if import::script::looks_like(&file.text, &file.path) {
                    Format::Script
                } else {
                    Format::Other
                }
            }
        }
    }
}

fn format_of(node: &Node) -> Format {
    if import::asl::looks_like(node) {
        Format::StateMachine
    } else if import::serverless::looks_like(node) {
        Format::Serverless
    } else if is_cloudformation(node) {
        Format::CloudFormation
    } else if import::emr::looks_like_configurations(node) {
        Format::Classifications
    } else if import::emr::looks_like_cluster(node) {
        Format::Cluster
    } else if import::livy::looks_like(node) {
        Format::LivyBatch
    } else {
        Format::Data
    }
}

/// A template: `Resources` whose members have a `Type` with colons (AWS CloudFormation User Guide, "Template anatomy").
fn is_cloudformation(node: &Node) -> bool {
    use crate::source::node::Kind;
    let Some(Node { kind: Kind::Object(resources), .. }) = node.get("Resources") else { return false };
    resources.iter().any(|r| matches!(r.value.get("Type"), Some(Node { kind: Kind::String(t), .. }) if t.contains("::")))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Json,
    Yaml,
    Hcl,
    Python,
    Other,
}

fn extension(path: &str) -> String {
    path.rsplit('/').next().unwrap_or("").rsplit_once('.').map_or(String::new(), |(_, e)| e.to_ascii_lowercase())
}

/// By the ending where it is one that means something, else by how the text begins.
fn language(path: &str, text: &str) -> Language {
    match extension(path).as_str() {
        "yaml" | "yml" => return Language::Yaml,
        "tf" | "tfvars" | "hcl" => return Language::Hcl,
        "py" => return Language::Python,
        "sh" | "bash" | "md" | "rs" | "go" | "java" | "scala" | "js" | "ts" | "rb" | "css" | "html" | "txt" | "csv" | "sql" => {
            return Language::Other;
        }
        _ => {}
    }
    match text.trim_start().chars().next() {
        Some('{' | '[') => Language::Json,
        _ if extension(path) == "json" => Language::Json,
        Some(_) if WORDS[..4].iter().any(|word| text.contains(word)) && !text.starts_with("#!") => Language::Yaml,
        _ => Language::Other,
    }
}

/// Files that no importer can have a use for are not opened.
fn worth_reading(path: &str) -> bool {
    !matches!(
        extension(path).as_str(),
        "jar"
            | "zip"
            | "gz"
            | "tgz"
            | "tar"
            | "png"
            | "jpg"
            | "jpeg"
            | "gif"
            | "svg"
            | "pdf"
            | "csv"
            | "parquet"
            | "orc"
            | "avro"
            | "class"
            | "so"
            | "exe"
            | "whl"
            | "pyc"
            | "woff"
            | "woff2"
            | "ttf"
            | "ico"
            | "mp4"
            | "lock"
            | "md"
            | "scala"
            | "java"
            | "go"
            | "rs"
            | "css"
            | "html"
            | "ipynb"
    )
}

impl import::serverless::Context for Documents {
    fn document(&self, path: &str) -> Option<&Node> {
        let id = self.files.find(path)?;
        self.nodes(self.get(id)).first()
    }

    fn paths(&self) -> Vec<&str> {
        self.files.iter().map(|(_, file)| file.path.as_str()).collect()
    }
}

impl import::lambda::Modules for Documents {
    fn get(&self, path: &str) -> Option<&PythonModule> {
        let id = self.files.find(path)?;
        let document = Documents::get(self, id);
        if document.format != Format::Python {
            return None;
        }
        document
            .python
            .get_or_init(|| {
                let mut sink = Sink::default();
                let module = import::lambda::parse(&self.files.get(id).text, id, &mut sink);
                (module, sink)
            })
            .0
            .as_ref()
    }
}

/// Says of a CloudFormation template which of its resources matter here and are not read by this version.
pub fn report_cloudformation(node: &Node, path: &str, file: FileId, sink: &mut Sink, found: &mut Vec<crate::ir::estate::Found>) {
    use crate::source::node::Kind;
    const MATTER: &[&str] = &[
        "AWS::StepFunctions::StateMachine",
        "AWS::Serverless::StateMachine",
        "AWS::EMR::Cluster",
        "AWS::EMR::Step",
        "AWS::EMRServerless::Application",
        "AWS::EMRContainers::VirtualCluster",
        "AWS::EMR::InstanceGroupConfig",
        "AWS::EMR::InstanceFleetConfig",
    ];
    let Some(Node { kind: Kind::Object(resources), .. }) = node.get("Resources") else { return };
    for resource in resources {
        let Some(Node { kind: Kind::String(kind), span, .. }) = resource.value.get("Type") else { continue };
        if MATTER.contains(&&**kind) {
            sink.report(
                Diagnostic::refused(
                    &SRC005,
                    *span,
                    format!("`{}` is a {kind} in a CloudFormation template, which this version does not read", resource.key),
                )
                .help("migrate the definition file that it names, or what the template becomes when it is deployed"),
            );
        }
    }
    found.push(crate::ir::estate::Found {
        kind: "CloudFormation template".to_owned(),
        name: path.to_owned(),
        span: Span::new(file, 0, 0),
        why: "this version has no CloudFormation importer".to_owned(),
    });
}
