//! Discovery: which files there are, and what each of them is, told by its content.
//!
//! Texts are read and looked at in parallel. A JSON or YAML file is parsed when it holds a word that one of the importers
//! looks for, or when another file refers to it; all others are not this tool's business, and a slip in one of them is
//! nobody's error. Where a file does not parse and no other file refers to it, its ending and its words say whose business
//! it was: see [`Documents::take_sinks`].
use crate::import;
use crate::import::lambda::PythonModule;
use crate::source::files::{Files, SourceFile};
use crate::source::node::Node;
use crate::source::sink::{Diagnostic, Mark, Severity, Sink};
use crate::source::span::{FileId, Span};
use crate::source::{hcl, json, load, yaml};
use rayon::prelude::*;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Whether another file refers to it.
    wanted: AtomicBool,
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
                let mut document = Document {
                    file: *id,
                    format: Format::Other,
                    nodes: OnceLock::new(),
                    wanted: AtomicBool::new(false),
                    python: OnceLock::new(),
                };
                document.format = document.recognise(files.get(*id));
                document
            })
            .collect();
        Self { files, list }
    }

    /// Why a document that no importer claims could not even be looked at: it does not parse, and nothing in it says that it
    /// belongs to an estate.
    #[must_use]
    pub fn unreadable(&self, document: &Document) -> Option<(Span, &'static str)> {
        let file = self.files.get(document.file);
        let (_, sink) = document.nodes.get().filter(|_| document.is_foreign(file))?;
        let error = foreign_note(file, sink)?;
        let why = if is_template(&file.text) {
            "a template of another tool, which completes it: it is neither JSON nor YAML as it is"
        } else {
            "it does not parse, and nothing in it says that it belongs to an estate"
        };
        Some((error.span?, why))
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

    /// What parsing had to say, of every document that an importer claimed or that looks like one of its own.
    ///
    /// A document that was parsed only to see what it is, and that turned out to be nobody's, has no errors: where it did
    /// not parse it is a note when its ending is one that an importer reads, and nothing otherwise.
    pub fn take_sinks(self) -> (Files, Sink) {
        let mut all = Sink::default();
        for document in self.list {
            let foreign = document.is_foreign(self.files.get(document.file));
            if let Some((_, sink)) = document.nodes.into_inner() {
                if foreign {
                    all.diagnostics.extend(foreign_note(self.files.get(document.file), &sink));
                } else {
                    all.append(sink);
                }
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

    /// Whether nobody has a use for it: no importer claims it, no other file refers to it, and it holds nothing that only a
    /// file of an estate holds.
    fn is_foreign(&self, file: &SourceFile) -> bool {
        self.format == Format::Data
            && !self.wanted.load(Ordering::Relaxed)
            && !(load::is_claimable(&file.path) && has_strong_marker(&file.text))
    }

    fn recognise(&self, file: &SourceFile) -> Format {
        match language(&file.path, &file.text) {
            Language::Hcl => {
                self.nodes(file);
                Format::Hcl
            }
            Language::Python => Format::Python,
            Language::Json | Language::Yaml => {
                if !WORDS.iter().any(|word| file.text.contains(word)) && !may_be_batch(&file.text) {
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

/// Whether a text may be a Livy payload without any of the words that stand in nothing else.
fn may_be_batch(text: &str) -> bool {
    text.contains("\"file\"") && ["\"args\"", "\"conf\"", "\"jars\"", "\"queue\"", "\"archives\""].iter().any(|word| text.contains(word))
}

/// Words that together are found in nothing but a file that an importer reads.
fn has_strong_marker(text: &str) -> bool {
    const MARKERS: &[&[&str]] = &[
        &["StartAt", "States"],
        &["service", "provider:"],
        &["\"service\"", "\"provider\""],
        &["AWSTemplateFormatVersion"],
        &["Classification", "Properties"],
        &["ReleaseLabel", "Instance"],
        &["\"file\"", "\"className\""],
    ];
    MARKERS.iter().any(|words| words.iter().all(|word| text.contains(word)))
}

/// Whether the text holds the marks of Go, Jinja or Mustache templates.
fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// The first error of a document that is nobody's, as a note.
fn foreign_note(file: &SourceFile, sink: &Sink) -> Option<Diagnostic> {
    let error = sink.diagnostics.iter().find(|d| d.severity == Severity::Error).filter(|_| load::is_claimable(&file.path))?;
    let (what, help) = if is_template(&file.text) {
        (" is a template of another tool and is not read", "if it belongs to the estate, migrate what that tool writes")
    } else {
        (" does not parse and is not read", "mend it if it belongs to the estate, or leave it out with `exclude`")
    };
    let message = format!("`{}`{what}: {}", file.path, error.message);
    Some(Diagnostic { severity: Severity::Note, verdict: None, help: Some(help.to_owned()), message, ..error.clone() })
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
        Some(_) if !matches!(extension(path).as_str(), "" | "asl" | "tpl" | "template") => Language::Other,
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
        let document = self.get(id);
        document.wanted.store(true, Ordering::Relaxed);
        self.nodes(document).first()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostics(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("folder");
        for (path, text) in files {
            std::fs::write(folder.path().join(path), text).expect("file");
        }
        let mut sink = Sink::default();
        let documents = Documents::read(folder.path(), &[], None, &mut sink);
        let (_, parsing) = documents.take_sinks();
        sink.append(parsing);
        sink.diagnostics.iter().map(|d| format!("{:?} {}", d.severity, d.message)).collect()
    }

    #[test]
    fn a_slip_in_a_file_that_is_nobodys_is_no_error() {
        let prose = "service:\n\n   $ serverless create: x: y\n\"service\"\n";
        for name in ["README.rst", "sf.bk", "x.toml"] {
            assert_eq!(diagnostics(&[(name, prose)]), [] as [&str; 0], "{name}");
        }
        let helm = "{{- if .Values.on -}}\nspec:\n  service: {{ .x }}\n{{- end }}\n";
        let said = diagnostics(&[("ingress.yaml", helm)]);
        assert!(said.len() == 1 && said[0].starts_with("Note `ingress.yaml` is a template of another tool"), "{said:?}");
        let said = diagnostics(&[("x.json", "{\"service\": ")]);
        assert!(said.len() == 1 && said[0].starts_with("Note `x.json` does not parse"), "{said:?}");
    }

    #[test]
    fn a_slip_in_a_file_of_an_estate_is_an_error() {
        for (name, text) in [
            ("a.json", "{\"StartAt\": \"A\", \"States\": {"),
            ("serverless.yml", "service: x\nprovider: [\n"),
            ("serverless.yml", "service: x\nprovider: {{ y }}: [\n"),
            ("t.yaml", "AWSTemplateFormatVersion: x\nResources: [\n"),
            ("c.json", "[{\"Classification\": \"x\", \"Properties\": }]"),
        ] {
            let said = diagnostics(&[(name, text)]);
            assert!(said.iter().any(|d| d.starts_with("Error")), "{name}: {said:?}");
        }
    }
}
