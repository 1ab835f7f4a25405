//! From the file to [`Config`].
use super::Config;
use super::section::Section;
use crate::source::files::{Files, SourceFile};
use crate::source::rules::output::CFG003;
use crate::source::sink::{Diagnostic, Severity, Sink};
use crate::source::yaml;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Name of the file beside the sources.
pub const FILE: &str = "emr2k8s.yaml";

/// The answers, and what there is to say about their file.
#[derive(Debug, Default)]
pub struct Answers {
    pub config: Config,
    /// The file, when there is one.
    pub path: Option<PathBuf>,
    /// Its text's hash.
    pub hash: Option<String>,
    /// Holds that file only; spans of `diagnostics` point into it.
    pub files: Files,
    pub diagnostics: Vec<Diagnostic>,
}

impl Answers {
    /// Whether the answers cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Where the answers stand for a SRC: in it, or beside it when it is a file.
#[must_use]
pub fn default_path(source: &Path) -> PathBuf {
    if source.is_dir() { source.join(FILE) } else { source.parent().unwrap_or(Path::new("")).join(FILE) }
}

/// Loads the answers: from `explicit`, or from beside the sources, where the file may be missing.
#[must_use]
pub fn load(source: &Path, explicit: Option<&Path>) -> Answers {
    let path = explicit.map_or_else(|| default_path(source), Path::to_owned);
    // Beside the sources it is named as every source is: relative to SRC.
    let name = explicit.map_or_else(|| FILE.to_owned(), |path| path.display().to_string());
    let refuse = |message: String, help: &str| Answers {
        diagnostics: vec![Diagnostic::error(&CFG003, None, message).help(help)],
        path: Some(path.clone()),
        ..Answers::default()
    };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && explicit.is_none() => return Answers::default(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return refuse(format!("the answers `{name}` are not there"), "`emr2k8s init SRC` writes a new file");
        }
        Err(error) => return refuse(format!("the answers `{name}` cannot be read: {}", error.kind()), "mend its permissions"),
    };
    let hash = blake3::hash(&bytes).to_hex().to_string();
    match String::from_utf8(bytes) {
        Ok(text) => Answers { path: Some(path), hash: Some(hash), ..read(&name, &text) },
        Err(_) => refuse(format!("the answers `{name}` are not UTF-8"), "save the file as UTF-8"),
    }
}

/// Reads the text of a file of answers.
fn read(name: &str, text: &str) -> Answers {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut files = Files::default();
    let id = files.add(SourceFile::new(name, text));
    let mut sink = Sink::default();
    let documents = yaml::parse(text, id, &mut sink);
    if let Some(second) = documents.get(1) {
        sink.report(
            Diagnostic::error(&CFG003, second.span, "the answers are one document, and here a second one begins").help("remove the `---`"),
        );
    }
    let config = Section::open(documents.first(), String::new(), &mut sink, Config::read);
    sink.diagnostics.sort_by_key(|d| d.span.map(|span| span.start));
    Answers { config, path: None, hash: None, files, diagnostics: sink.diagnostics }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let answers = read("emr2k8s.yaml", text);
        let show = |d: &Diagnostic| {
            let at = d.span.map(|span| answers.files.text(span).to_owned()).unwrap_or_default();
            format!("{} {} [{at}] {}", d.rule.code, d.message, d.help.as_deref().unwrap_or(""))
        };
        answers.diagnostics.iter().map(show).collect()
    }

    #[test]
    fn every_key_is_read() {
        let text = "\
# yaml-language-server: $schema=x
exclude: ['*.bak', 'old/**']
stages: dev
gitops: {repository: https://git.example.com/x, revision: main, path: k8s}
images: {registry: registry.example.com/spark, tag: 3.5}
namespaces: '{pipeline}'
functions:
  send-mail: {call: mailer}
placeholders: {Topic: 'arn:aws:sns:eu-west-1:1:t-{stage}'}
names: {a: b}
schedules: {a: 0 3 * * *}
spark: {scheduler: volcano, role: 'arn:aws:iam::1:role/x'}
output: always
runtime: never
";
        let answers = read("emr2k8s.yaml", text);
        assert_eq!(messages(text), [] as [&str; 0]);
        let config = answers.config;
        assert_eq!(config.exclude, ["*.bak", "old/**"]);
        assert_eq!(config.stages, ["dev"]);
        assert_eq!(config.gitops.revision.as_deref(), Some("main"));
        assert_eq!(config.images.tag.as_deref(), Some("3.5"));
        assert_eq!(config.functions["send-mail"].call.as_deref(), Some("mailer"));
        assert_eq!(config.placeholders["Topic"], "arn:aws:sns:eu-west-1:1:t-{stage}");
        assert_eq!((config.names["a"].as_str(), config.schedules["a"].as_str()), ("b", "0 3 * * *"));
        assert_eq!(config.spark.scheduler.as_deref(), Some("volcano"));
        assert_eq!((config.output.as_deref(), config.runtime.as_deref()), (Some("always"), Some("never")));
        // Every key of the schema appears above: a key that is documented and never read would be a trap.
        let schema: serde_json::Value =
            serde_json::from_str(&crate::report::schema::render(crate::report::schema::Subject::Config)).unwrap();
        for key in schema["properties"].as_object().unwrap().keys() {
            assert!(text.contains(&format!("{key}:")), "{key} is not tested");
        }
    }

    #[test]
    fn an_empty_file_and_empty_sections_are_no_answers() {
        for text in ["", "# only a comment\n", "images:\n  # registry: x\nstages:\nnames:\nfunctions:\n  mail:\n"] {
            assert_eq!(messages(text), [] as [&str; 0], "{text}");
            assert_eq!(read("x", text).config, Config::default());
        }
    }

    #[test]
    fn slips_are_reported_where_they_stand() {
        let text = "imagse: {registry: x}\nimages: {registri: y, tag: [1], zzz: 1}\nstages: {a: b}\nnames: [a]\ngitops: main\nspark: {scheduler: yunicorn}\nnamespaces: true\n";
        insta::assert_snapshot!(messages(text).join("\n"), @r"
        CFG001 there is no key `imagse` [imagse] did you mean `images`?
        CFG001 there is no key `registri` below `images` [registri] did you mean `registry`?
        CFG002 `images.tag` takes a text, and is an array [[1]] write a text
        CFG001 there is no key `zzz` below `images` [zzz] known keys: registry, tag
        CFG002 `stages` takes a list of texts, and is an object [{a: b}] write `stages: [one, two]`
        CFG002 `names` takes names and values, and is an array [[a]] write `name: value` lines, indented below it
        CFG002 `gitops` takes keys and values, and is a string [main] write `key: value` lines, indented below it
        CFG002 `spark.scheduler` takes one of `yunikorn`, `volcano`, `none`, and is `yunicorn` [yunicorn] did you mean `yunikorn`?
        CFG002 `namespaces` takes a text, and is a boolean [true] put the word in quotes if it is meant as a text
        ");
    }

    #[test]
    fn values_that_nothing_could_use_are_reported_where_they_stand() {
        let text =
            "schedules:\n  nightly: 99 99 * * *\n  good: 0 3 * * *\nimages: {registry: my registry, tag: 'a b'}\ngitops: {repository: x}\n";
        insta::assert_snapshot!(messages(text).join("\n"), @r"
        CFG002 `schedules.nightly` cannot be `99 99 * * *` [99 99 * * *] the minute `99` is not between 0 and 59
        CFG002 `images.registry` cannot be `my registry` [my registry] the name of an image has no spaces
        CFG002 `images.tag` cannot be `a b` ['a b'] a tag has no spaces
        CFG002 `gitops.repository` cannot be `x` [x] write an address that Argo CD can fetch from: `https://git.example.com/data/pipelines.git`
        ");
        assert_eq!(read("x", text).config.schedules.len(), 1);
    }

    #[test]
    fn what_is_no_map_or_more_than_one_document_is_refused() {
        assert_eq!(
            messages("[a]")[0],
            "CFG002 the file takes keys and values, and is an array [[a]] write `key: value` lines, indented below it"
        );
        assert!(messages("stages: a\n---\nstages: b\n")[0].contains("second"));
        assert!(!messages("a: [").is_empty());
    }

    #[test]
    fn a_missing_file_matters_only_when_it_was_named() {
        let temp = tempfile::tempdir().unwrap();
        assert!(!load(temp.path(), None).has_errors());
        assert!(load(temp.path(), Some(&temp.path().join("x.yaml"))).has_errors());
        std::fs::write(temp.path().join(FILE), [0xff]).unwrap();
        assert!(load(temp.path(), None).has_errors());
        let file = temp.path().join("a.json");
        std::fs::write(&file, "{}").unwrap();
        std::fs::write(temp.path().join(FILE), "stages: [x]").unwrap();
        assert_eq!(load(&file, None).config.stages, ["x"], "beside a SRC that is a file");
    }
}
