//! `emr2k8s init`: a new `emr2k8s.yaml` with every open question in it.
use super::exit::{Exit, Failure, codes};
use super::session::{self, SourceArgs};
use super::terminal::Terminal;
use crate::config;
use crate::report::answers;
use crate::report::schema::{self, Subject};
use clap::Args;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Write emr2k8s.yaml beside the sources, with every open question in it
///
/// A file that is there is not overwritten. The JSON Schema is written beside it, so that editors complete keys.
#[derive(Args, Debug)]
#[command(after_help = codes!("emr2k8s init aws"))]
pub struct Init {
    /// Folder or file of the sources
    #[arg(value_name = "SRC")]
    source: PathBuf,
    /// Only questions of this stage
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
}

impl Init {
    pub fn run(&self, terminal: &Terminal) -> Result<Exit, Failure> {
        let path = config::default_path(&self.source);
        let taken = || {
            let help = "answer in that file, or move it away first";
            Failure::new(format!("`{}` is there already and is not overwritten", path.display())).help(help)
        };
        if std::fs::symlink_metadata(&path).is_ok() {
            return Err(taken());
        }
        let args = SourceArgs { source: self.source.clone(), stage: self.stage.clone(), config: None };
        let Some(session) = session::start_or_say(&args, terminal)? else { return Ok(Exit::Mend) };
        let (text, count) = answers::render(&session.compilation.diagnostics, &session.compilation.files);
        let failed = |path: &Path, error: &std::io::Error| Failure::new(format!("cannot write `{}`: {}", path.display(), error.kind()));
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(taken()),
            Err(error) => return Err(failed(&path, &error)),
        };
        file.write_all(text.as_bytes()).map_err(|error| failed(&path, &error))?;
        let schema = path.with_file_name(answers::SCHEMA_FILE);
        std::fs::write(&schema, schema::render(Subject::Config)).map_err(|error| failed(&schema, &error))?;
        let questions = if count == 1 { "1 open question".to_owned() } else { format!("{count} open questions") };
        terminal.say(&format!("wrote {} with {questions}\n", path.display()));
        // Its questions are in the file; errors still have to be seen.
        let errors: Vec<_> =
            session.compilation.diagnostics.iter().filter(|d| d.severity == crate::source::sink::Severity::Error).cloned().collect();
        session::say_diagnostics(&errors, &session.compilation.files, &session.prefix, terminal);
        Ok(session::exit_of(&session.compilation.diagnostics))
    }
}
