//! `emr2k8s simulate`: one execution of a state machine, with scripted task results, in virtual time.
use super::exit::{Exit, Failure, codes};
use super::session::say_diagnostics;
use super::terminal::Terminal;
use crate::compile::{self, Options};
use crate::config::Config;
use crate::ir::machine::Machine;
use crate::output::error::reason;
use crate::report::diagnostics::Prefix;
use crate::report::model::to_json;
use crate::report::simulate::SimulateReport;
use crate::simulate::engine;
use crate::simulate::program::Program;
use crate::simulate::script::Script;
use crate::simulate::timestamp;
use crate::simulate::value::Value;
use crate::source::sink::Severity;
use clap::Args;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Run a state machine as Step Functions would, with scripted task results
///
/// Waits take no time. Tasks take their results from --tasks, attempt by attempt:
/// {"<state>": [{"output": …} | {"error": "…", "cause": "…"}, …]}. An entry may say with `input` what the call must have sent
/// (`<…>` in a text stands for any text), and with `seconds` how long it takes.
#[derive(Args, Debug)]
#[command(after_help = codes!(
    differences: "a call sent something else than the script's `input`";
    "emr2k8s simulate machine.asl.json --input input.json --tasks tasks.json"
    "emr2k8s simulate machine.asl.json --trace | jq '.trace[].state'"
    "emr2k8s simulate template.yaml --machine Nightly --input -"))]
pub struct Simulate {
    /// The definition, or a file or folder that holds it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The execution's input, a JSON file; `-`: standard input [default: {}]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Results and faults of tasks, a JSON file
    #[arg(long, value_name = "FILE")]
    tasks: Option<PathBuf>,
    /// Also print the path taken, with data before and after each state
    #[arg(long)]
    trace: bool,
    /// Which machine, where there are several
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// Folder of the files that a Map's `ItemReader` finds on S3, as `<bucket>/<key>`
    #[arg(long, value_name = "DIR")]
    objects: Option<PathBuf>,
    /// When the execution starts
    #[arg(long, value_name = "TIMESTAMP")]
    start: Option<String>,
    /// The execution's name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

impl Simulate {
    pub fn run(&self, terminal: Terminal) -> Result<Exit, Failure> {
        let options = Options { source: self.file.clone(), stage: None, config: Config::default(), out: None };
        let imported = compile::import(&options)?;
        let prefix = Prefix::new(&self.file);
        say_diagnostics(&imported.diagnostics, &imported.files, &prefix, terminal);
        let machine = self.choose(&imported.estate.machines)?;
        let program = Program::compile(machine).map_err(|errors| {
            let said: Vec<String> = errors
                .iter()
                .map(|error| match error.span {
                    Some(span) => format!("{}: {}", imported.files.place(span), error.message),
                    None => error.message.clone(),
                })
                .collect();
            Failure::new(format!("`{}` cannot run: {}", machine.name.value, said.join("; "))).help("Step Functions would refuse this definition; mend it")
        })?;
        if imported.diagnostics.iter().any(|d| d.severity == Severity::Error) {
            return Err(Failure::new(format!("`{}` has errors that Step Functions would refuse", machine.name.value)).help("mend them first"));
        }
        let input = match &self.input {
            Some(path) => read_json(path)?,
            None => Value::object([] as [(&str, Value); 0]),
        };
        let mut script = match &self.tasks {
            Some(path) => {
                let value = read_json(path)?;
                Script::read(&value).map_err(|error| Failure::new(format!("`{}`: {error}", path.display())))?
            }
            None => Script::default(),
        };
        if let Some(folder) = &self.objects {
            add_objects(&mut script, folder)?;
        }
        let mut options = engine::Options { trace: self.trace, ..engine::Options::default() };
        if let Some(name) = &self.name {
            options.execution.clone_from(name);
        }
        if let Some(start) = &self.start {
            options.start = timestamp::parse(start)
                .and_then(|nanos| u64::try_from(nanos / 1_000_000).ok())
                .ok_or_else(|| Failure::new(format!("`{start}` is not a timestamp")).help("write it as 2026-11-24T00:00:00Z"))?;
        }
        let outcome = engine::run(&program, input, &mut script, &options);
        terminal.data(&to_json(&SimulateReport::new(&outcome, &script.differences, self.trace)))?;
        Ok(if script.differences.is_empty() { Exit::Done } else { Exit::Differences })
    }

    fn choose<'m>(&self, machines: &'m [Machine]) -> Result<&'m Machine, Failure> {
        let names = || machines.iter().map(|m| format!("`{}`", m.name.value)).collect::<Vec<_>>().join(", ");
        match (&self.machine, machines) {
            (_, []) => Err(Failure::new(format!("there is no state machine in `{}`", self.file.display()))
                .help("name a file with a definition in the Amazon States Language, or one that deploys it")),
            (Some(name), _) => machines
                .iter()
                .find(|m| m.name.value == *name)
                .ok_or_else(|| Failure::new(format!("there is no state machine `{name}`")).help(format!("there are {}", names()))),
            (None, [machine]) => Ok(machine),
            (None, _) => Err(Failure::new("there are several state machines").help(format!("choose one with --machine: {}", names()))),
        }
    }
}

fn read_json(path: &Path) -> Result<Value, Failure> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.map_err(|error| Failure::new(format!("`{}` cannot be read: {}", path.display(), reason(&error))))?;
    Value::parse(&text).map_err(|error| Failure::new(format!("`{}` is not JSON: {error}", path.display())))
}

fn add_objects(script: &mut Script, folder: &Path) -> Result<(), Failure> {
    for entry in ignore::WalkBuilder::new(folder).standard_filters(false).sort_by_file_path(Ord::cmp).build() {
        let entry = entry.map_err(|error| Failure::new(format!("`{}`: {error}", folder.display())))?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_string_lossy().replace('\\', "/");
        if let Some((bucket, key)) = relative.split_once('/') {
            let text = std::fs::read_to_string(entry.path())
                .map_err(|error| Failure::new(format!("`{}` cannot be read: {}", entry.path().display(), reason(&error))))?;
            script.add_object(bucket, key, text);
        }
    }
    Ok(())
}
