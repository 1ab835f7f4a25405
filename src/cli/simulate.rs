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
use crate::report::style::{CYAN, YELLOW, paint, plain};
use crate::simulate::engine::{self, PAYLOAD_LIMIT};
use crate::simulate::program::Program;
use crate::simulate::script::Script;
use crate::simulate::timestamp;
use crate::simulate::value::Value;
use crate::source::sink::{Diagnostic, Severity};
use clap::Args;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Run a state machine as Step Functions would, with scripted task results
///
/// Waits take no time. Tasks take their results from --tasks, attempt by attempt:
/// {"STATE": [{"output": …} | {"error": "…", "cause": "…"}, …]}. An entry may say with `input` what the call must have sent
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
    /// When the execution starts [default: 2026-01-01T00:00:00Z]
    #[arg(long, value_name = "TIMESTAMP")]
    start: Option<String>,
    /// The execution's name [default: execution]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

impl Simulate {
    pub fn run(&self, terminal: Terminal) -> Result<Exit, Failure> {
        let options = Options { source: self.file.clone(), stage: None, config: Config::default(), out: None };
        let imported = compile::import(&options)?;
        let prefix = Prefix::new(&self.file);
        let machine = self.choose(&imported.estate.machines).inspect_err(|_| {
            say_diagnostics(&imported.diagnostics, &imported.files, &prefix, terminal);
        })?;
        // What is wrong with its neighbours in a folder does not keep a machine from running.
        let own = |d: &Diagnostic| d.span.is_some_and(|span| span.file == machine.span.file);
        let diagnostics: Vec<Diagnostic> = imported.diagnostics.into_iter().filter(own).collect();
        say_diagnostics(&diagnostics, &imported.files, &prefix, terminal);
        let program = Program::compile(machine).map_err(|errors| {
            let said: Vec<String> = errors
                .iter()
                .map(|error| match error.span {
                    Some(span) => format!("{}: {}", imported.files.place(span), error.message),
                    None => error.message.clone(),
                })
                .collect();
            Failure::new(format!("`{}` cannot run: {}", machine.name.value, said.join("; ")))
                .help("Step Functions would refuse this definition; mend it")
        })?;
        if diagnostics.iter().any(|d| d.severity == Severity::Error) {
            return Err(
                Failure::new(format!("`{}` has errors that Step Functions would refuse", machine.name.value)).help("mend them first")
            );
        }
        let input = match &self.input {
            Some(path) => read_json(path)?,
            None => Value::object([] as [(&str, Value); 0]),
        };
        if input.json_len() > PAYLOAD_LIMIT {
            let message =
                format!("the input has {} bytes; Step Functions starts no execution with more than {PAYLOAD_LIMIT}", input.json_len());
            return Err(Failure::new(message).help("leave large data on S3 and pass its place"));
        }
        let mut script = match &self.tasks {
            Some(path) => {
                let value = read_json(path)?;
                Script::read(&value).map_err(|error| Failure::new(format!("`{}`: {error}", path.display())))?
            }
            None => Script::default(),
        };
        self.warn_of_strangers(&script, &program, terminal);
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
        self.note_the_unused(&script, &program, terminal);
        Ok(if script.differences.is_empty() { Exit::Done } else { Exit::Differences })
    }

    /// Warns of entries of the script that no task can take.
    fn warn_of_strangers(&self, script: &Script, program: &Program, terminal: Terminal) {
        let kinds = program.kinds();
        for state in script.states() {
            let complaint = match kinds.get(state) {
                Some(&"Task") => continue,
                Some(kind) => format!("names `{state}`, a {kind} state, which calls nothing"),
                None => {
                    let tasks = kinds.iter().filter(|(_, kind)| **kind == "Task").map(|(name, _)| &**name);
                    let help = near(state, tasks).map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
                    format!("names `{state}`, which is no state of this machine{help}")
                }
            };
            terminal.say(&self.remark(YELLOW, "warning", &complaint));
        }
    }

    /// Notes results that no call took, which is no mistake: the run went another way.
    fn note_the_unused(&self, script: &Script, program: &Program, terminal: Terminal) {
        let kinds = program.kinds();
        for (state, taken, all) in script.unused() {
            if kinds.get(state) == Some(&"Task") {
                let said = format!("has {all} {} for `{state}`; {taken} taken", if all == 1 { "result" } else { "results" });
                terminal.say(&self.remark(CYAN, "note", &said));
            }
        }
    }

    /// A line on stderr about the script.
    fn remark(&self, colour: &str, title: &str, what: &str) -> String {
        let path = self.tasks.as_deref().unwrap_or(Path::new("-")).display().to_string();
        format!("{} `{}` {}\n", paint(colour, &format!("{title}:")), plain(&path), plain(what))
    }

    fn choose<'m>(&self, machines: &'m [Machine]) -> Result<&'m Machine, Failure> {
        let names = || machines.iter().map(|m| format!("`{}`", m.name.value)).collect::<Vec<_>>().join(", ");
        match (&self.machine, machines) {
            (_, []) => Err(Failure::new(format!("there is no state machine in `{}`", self.file.display()))
                .help("name a file with a definition in the Amazon States Language, or one that deploys it")),
            (Some(name), _) => machines.iter().find(|m| m.name.value == *name).ok_or_else(|| {
                let help = near(name, machines.iter().map(|m| m.name.value.as_str()))
                    .map_or_else(|| format!("there are {}", names()), |near| format!("did you mean `{near}`?"));
                Failure::new(format!("there is no state machine `{name}`")).help(help)
            }),
            (None, [machine]) => Ok(machine),
            (None, _) => Err(Failure::new("there are several state machines").help(format!("choose one with --machine: {}", names()))),
        }
    }
}

/// The name that is most like a word, if one is like it.
fn near<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|name| (strsim::damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase()), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .map(|(_, name)| name)
}

fn read_json(path: &Path) -> Result<Value, Failure> {
    let (name, bytes) = if path == Path::new("-") {
        let mut bytes = Vec::new();
        ("standard input".to_owned(), std::io::stdin().read_to_end(&mut bytes).map(|_| bytes))
    } else {
        (path.display().to_string(), std::fs::read(path))
    };
    let bytes = bytes.map_err(|error| Failure::new(format!("`{name}` cannot be read: {}", reason(&error))))?;
    // Editors on Windows begin a file with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(Failure::new(format!("`{name}` is empty")).help("an execution without input has the input `{}`"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = place(&bytes[..error.valid_up_to()]);
        Failure::new(format!("{name}:{line}:{column}: not UTF-8"))
    })?;
    let value = Value::parse_at(text)
        .map_err(|error| Failure::new(format!("{name}:{}:{}: not JSON: {}", error.line, error.column, error.message)))?;
    if value.has_infinite() {
        return Err(Failure::new(format!("`{name}` holds a number that is too large for a double")));
    }
    Ok(value)
}

/// Line and column, from 1, of what comes after a text.
fn place(before: &[u8]) -> (usize, usize) {
    let lines: Vec<&[u8]> = before.split(|byte| *byte == b'\n').collect();
    (lines.len(), String::from_utf8_lossy(lines.last().copied().unwrap_or_default()).chars().count() + 1)
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
