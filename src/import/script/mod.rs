//! Shell scripts: found, not read, but for the commands that start a state machine.
//!
//! A script is a program that is not translated. One thing in it belongs to the estate: `aws stepfunctions start-execution`
//! ("AWS CLI Command Reference", stepfunctions, looked up November 2026) says what starts a machine, and with which
//! input. Commands that run Spark (`spark-submit`, `aws emr add-steps`) are named with their lines, so that a person
//! finds them.
//!
//! `words` takes the text apart as a POSIX shell does, as far as words go: quotes, escapes, variables, comments,
//! here-documents, separators. Nothing is expanded that is not certain.
mod words;

use crate::ir::estate::Found;
use crate::ir::trigger::{Target, Trigger, TriggerKind};
use crate::ir::value::{Segment, Symbol, SymbolKind, Val, Value};
use crate::source::rules::job;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{FileId, Origins, Span};
use words::{Command, Part, Word};

/// Whether a file is a shell script: by its first line, or by its name.
#[must_use]
pub fn looks_like(text: &str, path: &str) -> bool {
    let first = text.lines().next().unwrap_or("");
    let shell = first.strip_prefix("#!").is_some_and(|line| {
        let program = |word: &str| matches!(word.rsplit('/').next(), Some("sh" | "bash" | "dash" | "ksh" | "zsh"));
        line.split_whitespace().take(3).any(program)
    });
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    shell || matches!(extension, Some("sh" | "bash")) && !first.starts_with("#!")
}

/// Finds the executions that a script starts, and says what else in it runs Spark.
pub fn scan(text: &str, file: FileId, path: &str, sink: &mut Sink) -> (Vec<Trigger>, Found) {
    let commands = words::commands(text);
    let mut triggers = Vec::new();
    let mut spark: Vec<(&str, usize)> = Vec::new();
    let variables = constants(&commands);
    for command in &commands {
        let names: Vec<Option<&str>> = command.words.iter().map(Word::plain).collect();
        let program = |i: usize| names.get(i).copied().flatten().and_then(|w| w.rsplit('/').next());
        let Some(at) = (0..names.len()).find(|i| matches!(program(*i), Some("aws" | "spark-submit"))) else { continue };
        if !(0..at).all(|i| is_prefix(&command.words[i])) {
            continue;
        }
        let line = line_of(text, command.start);
        if program(at) == Some("spark-submit") {
            spark.push(("spark-submit", line));
            continue;
        }
        let has = |group: &str, operation: &str| {
            names.iter().skip(at + 1).zip(names.iter().skip(at + 2)).any(|(a, b)| *a == Some(group) && *b == Some(operation))
        };
        if has("emr", "add-steps") {
            spark.push(("aws emr add-steps", line));
        } else if has("emr", "create-cluster") {
            spark.push(("aws emr create-cluster", line));
        } else if has("emr-serverless", "start-job-run") || has("emr-containers", "start-job-run") {
            spark.push(("start-job-run", line));
        } else if has("stepfunctions", "start-execution") || has("stepfunctions", "start-sync-execution") {
            triggers.extend(trigger(command, file, path, &variables, sink));
        }
    }
    let mut why = "shell scripts are not translated".to_owned();
    if !spark.is_empty() {
        let runs: Vec<String> = spark.iter().map(|(what, line)| format!("`{what}` on line {line}")).collect();
        why.push_str("; this one runs Spark: ");
        why.push_str(&runs.join(", "));
    }
    if !triggers.is_empty() {
        why.push_str("; the executions that it starts are");
    }
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    (triggers, Found { kind: "shell script".to_owned(), name, span: Span::new(file, 0, text.len()), why })
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
}

/// Words that may stand before a command: assignments, `sudo` and the like, and their options.
fn is_prefix(word: &Word) -> bool {
    match word.plain() {
        Some(text) => {
            matches!(text, "sudo" | "exec" | "time" | "nohup" | "command" | "env" | "then" | "do" | "else" | "if" | "!" | "{" | "(")
                || text.starts_with('-')
                || text.contains('=')
        }
        None => word.assigns().is_some(),
    }
}

/// Variables with one certain value: assigned once, outside of any block, by a line that holds nothing else.
fn constants(commands: &[Command]) -> Vec<(String, Word)> {
    let mut all: Vec<(String, Option<Word>)> = Vec::new();
    for command in commands {
        let words = command.words.as_slice();
        let exported = words.first().and_then(Word::plain).is_some_and(|w| matches!(w, "export" | "readonly"));
        let assignments = if exported { words.get(1..).unwrap_or_default() } else { words };
        let whole = command.at_margin && assignments.iter().all(|w| w.assigns().is_some());
        for word in assignments {
            if let Some((name, value)) = word.assigns() {
                all.push((name.to_owned(), if whole { Some(value) } else { None }));
            }
        }
        // `read X`, `for X in`, `local X`, `unset X` change variables, too.
        if let Some("read" | "for" | "local" | "declare" | "unset" | "select" | "printf" | "getopts") = words.first().and_then(Word::plain)
        {
            all.extend(words.iter().skip(1).filter_map(|w| w.plain().map(|name| (name.to_owned(), None))));
        }
    }
    let once = |name: &str| all.iter().filter(|(other, _)| other == name).count() == 1;
    all.iter().filter(|(name, _)| once(name)).filter_map(|(name, value)| value.clone().map(|value| (name.clone(), value))).collect()
}

/// A word as a value; variables of one certain value are put in.
fn val(word: &Word, file: FileId, variables: &[(String, Word)]) -> Val {
    let span = Span::new(file, word.start, word.end);
    let mut origins = Origins::one(span);
    let mut segments: Vec<Segment> = Vec::new();
    let push = |segments: &mut Vec<Segment>, segment: Segment| match (segments.last_mut(), segment) {
        (Some(Segment::Literal(text)), Segment::Literal(more)) => text.push_str(&more),
        (_, segment) => segments.push(segment),
    };
    for part in &word.parts {
        match part {
            Part::Literal(text) => push(&mut segments, Segment::Literal(text.clone())),
            Part::Variable(name) => {
                let known = variables.iter().find(|(known, _)| known == name).map(|(_, value)| value);
                match known.and_then(|value| value.literal().map(|text| (value, text))) {
                    Some((value, text)) => {
                        origins.add(Span::new(file, value.start, value.end));
                        push(&mut segments, Segment::Literal(text));
                    }
                    None => push(&mut segments, Segment::Symbol(Symbol { kind: SymbolKind::Env, name: name.clone(), span })),
                }
            }
            Part::Expansion(text) => push(&mut segments, Segment::Symbol(Symbol { kind: SymbolKind::Reference, name: text.clone(), span })),
        }
    }
    if segments.is_empty() {
        segments.push(Segment::Literal(String::new()));
    }
    Val::new(Value::Text(segments), origins)
}

fn trigger(command: &Command, file: FileId, path: &str, variables: &[(String, Word)], sink: &mut Sink) -> Option<Trigger> {
    let span = Span::new(file, command.start, command.end);
    let option = |name: &str| -> Option<Val> {
        for (i, word) in command.words.iter().enumerate() {
            if word.plain() == Some(name) {
                return command.words.get(i + 1).map(|word| val(word, file, variables));
            }
            if let Some(rest) = word.after(name).and_then(|rest| rest.after("=")) {
                return Some(val(&rest, file, variables));
            }
        }
        None
    };
    let Some(machine) = option("--state-machine-arn") else {
        sink.report(
            Diagnostic::warning(&job::JOB120, span, "`aws stepfunctions start-execution` without `--state-machine-arn`")
                .help("name the state machine, or remove the command"),
        );
        return None;
    };
    let input = option("--input").map(|input| match input.literal() {
        Some(text) if text.starts_with("file://") || text.starts_with("fileb://") => {
            let span = input.origins.first().unwrap_or(span);
            let symbol = Symbol { kind: SymbolKind::Reference, name: text, span };
            Val::new(Value::Symbol(symbol), input.origins)
        }
        _ => input,
    });
    let mut origins = Origins::one(span);
    origins.extend(&machine.origins);
    if let Some(input) = &input {
        origins.extend(&input.origins);
    }
    let kind = TriggerKind::Command { script: path.to_owned() };
    Some(Trigger { kind, target: Target::Machine(machine), input, enabled: None, span, origins })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(text: &str) -> (Vec<Trigger>, Found, Sink) {
        let mut sink = Sink::default();
        let (triggers, found) = scan(text, FileId(0), "boot/run.sh", &mut sink);
        (triggers, found, sink)
    }

    fn machine(trigger: &Trigger) -> &Val {
        match &trigger.target {
            Target::Machine(val) | Target::Function(val) => val,
        }
    }

    #[test]
    fn scripts_are_known_by_their_first_line_or_name() {
        for (text, path) in [("#!/bin/bash\n", "a"), ("#!/usr/bin/env bash\n", "b"), ("#! /bin/sh -e", "c"), ("echo", "x/a.sh")] {
            assert!(looks_like(text, path), "{text:?} {path}");
        }
        for (text, path) in [("#!/usr/bin/env python3\n", "a.sh"), ("", "bash"), ("#!/bin/node", "x"), ("x", "a.sh.txt")] {
            assert!(!looks_like(text, path), "{text:?} {path}");
        }
    }

    #[test]
    fn an_execution_is_found_with_its_exact_places() {
        let text = "#!/bin/bash\nset -x\nsleep 5 # aws stepfunctions start-execution --state-machine-arn no\nsudo aws --region eu-west-1 stepfunctions start-execution \\\n  --state-machine-arn arn:aws:states:eu:1:stateMachine:m \\\n  --input '{\"a\": {\"b\": \"c d\"}}'\necho done\n";
        let (triggers, found, sink) = run(text);
        assert_eq!((triggers.len(), sink.diagnostics.len()), (1, 0));
        let trigger = &triggers[0];
        assert_eq!(machine(trigger).literal().as_deref(), Some("arn:aws:states:eu:1:stateMachine:m"));
        let input = trigger.input.as_ref().expect("an input");
        assert_eq!(input.literal().as_deref(), Some("{\"a\": {\"b\": \"c d\"}}"));
        let at = |span: Span| &text[span.start as usize..span.end as usize];
        assert_eq!(input.origins.iter().map(at).collect::<Vec<_>>(), ["'{\"a\": {\"b\": \"c d\"}}'"]);
        assert_eq!(machine(trigger).origins.iter().map(at).collect::<Vec<_>>(), ["arn:aws:states:eu:1:stateMachine:m"]);
        assert!(at(trigger.span).starts_with("sudo aws") && at(trigger.span).ends_with("}}'"));
        assert!(found.why.contains("the executions that it starts are"));
        // The same words as the shell's own splitting.
        let plain = at(trigger.span).replace("\\\n", "");
        let words = shell_words::split(&plain).expect("words");
        assert_eq!(words.last(), input.literal().as_ref());
    }

    #[test]
    fn variables_are_put_in_only_when_they_are_certain() {
        let text = "ARN=arn:m\nexport DAY=\"mon\"\nif x; then\n  Q=1\nfi\nR=1\nR=2\naws stepfunctions start-execution --state-machine-arn=\"$ARN\" --input \"{\\\"d\\\": \\\"${DAY}\\\", \\\"q\\\": $Q, \\\"r\\\": $R, \\\"t\\\": $(date +%s)}\"\n";
        let (triggers, _, _) = run(text);
        assert_eq!(machine(&triggers[0]).literal().as_deref(), Some("arn:m"));
        assert_eq!(machine(&triggers[0]).origins.iter().count(), 2);
        let input = triggers[0].input.as_ref().expect("an input");
        assert_eq!(input.display(), "{\"d\": \"mon\", \"q\": ${Q}, \"r\": ${R}, \"t\": ${$(date +%s)}}");
        let (triggers, _, _) = run("aws stepfunctions start-execution --input file://x.json --state-machine-arn a");
        assert!(matches!(triggers[0].input.as_ref().map(|v| &v.value), Some(Value::Symbol(s)) if s.name == "file://x.json"));
    }

    #[test]
    fn what_is_not_a_command_is_not_found() {
        for text in [
            "echo aws stepfunctions start-execution --state-machine-arn a\n",
            "cat <<EOF\naws stepfunctions start-execution --state-machine-arn a\nEOF\n",
            "echo 'x\naws stepfunctions start-execution --state-machine-arn a\n'\n",
            "aws stepfunctions describe-execution --execution-arn a\n",
        ] {
            assert!(run(text).0.is_empty(), "{text}");
        }
        let (triggers, _, sink) = run("x && aws stepfunctions start-execution --input '{}'\n");
        assert!(triggers.is_empty());
        assert_eq!(sink.diagnostics[0].rule.code, "JOB120");
        assert_eq!(run("cat <<-'E F'\n\tx\n\tE F\naws stepfunctions start-execution --state-machine-arn a | jq .\n").0.len(), 1);
    }

    #[test]
    fn spark_commands_are_named_with_their_lines() {
        let (_, found, _) = run("#!/bin/sh\n/usr/bin/spark-submit --class A a.jar\naws emr add-steps --cluster-id j \\\n --steps x\n");
        assert_eq!(
            found.why,
            "shell scripts are not translated; this one runs Spark: `spark-submit` on line 2, `aws emr add-steps` on line 3"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(?s).{0,200}") {
            let _ = run(&text);
        }

        #[test]
        fn no_shell_like_text_panics(text in "[a$(){}'\"\\\\<E=;&| \n`#-]{0,60}") {
            let (_, found, _) = run(&format!("aws stepfunctions start-execution --input {text}"));
            prop_assert!(!found.why.is_empty());
        }
    }
}
