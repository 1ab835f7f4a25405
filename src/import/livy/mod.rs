//! Livy batch payloads: the body of `POST /batches`, in a JSON file or built by a handler.
//!
//! Fields and types are those of the Apache Livy documentation, page "REST API", section "POST /batches" (looked up
//! November 2026). A payload is read as a [`Val`], so that a field may hold symbols and unknown values; those pass
//! through untouched, and only what is known to be wrong is reported.
//!
//! Livy reads the payload with Jackson (Apache Livy, `CreateBatchRequest`: `args: List[String]`, `executorCores: Option[Int]`), whose
//! reader of strings takes numbers and booleans as their text by default (jackson-databind, issues 3013 and 3613), so an
//! argument `1` is `"1"`. It takes no other type for a list or a number: such a payload is answered with an error and runs
//! nothing. The field then is unknown, with the reason, so that no job is made of what is left.
use crate::ir::job::Batch;
use crate::ir::value::{Val, Value};
use crate::source::node::{Kind, Node};
use crate::source::rules::job;
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{Origins, Sourced, Span};

/// What Livy documents a field to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Text,
    Texts,
    Count,
    Conf,
}

impl Shape {
    fn describe(self) -> &'static str {
        match self {
            Shape::Text => "a string",
            Shape::Texts => "a list of strings",
            Shape::Count => "an integer",
            Shape::Conf => "a map of keys to values",
        }
    }
}

/// Apache Livy, "REST API", "POST /batches", request body.
const FIELDS: &[(&str, Shape)] = &[
    ("file", Shape::Text),
    ("proxyUser", Shape::Text),
    ("className", Shape::Text),
    ("args", Shape::Texts),
    ("jars", Shape::Texts),
    ("pyFiles", Shape::Texts),
    ("files", Shape::Texts),
    ("driverMemory", Shape::Text),
    ("driverCores", Shape::Count),
    ("executorMemory", Shape::Text),
    ("executorCores", Shape::Count),
    ("numExecutors", Shape::Count),
    ("archives", Shape::Texts),
    ("queue", Shape::Text),
    ("name", Shape::Text),
    ("conf", Shape::Conf),
];

fn shape(name: &str) -> Option<Shape> {
    FIELDS.iter().find(|(field, _)| *field == name).map(|(_, shape)| *shape)
}

/// Whether these keys are a batch's: all documented, `file` and one that is neither `file` nor `name` among them.
fn keys_of_a_batch<'k>(mut keys: impl Iterator<Item = &'k str> + Clone) -> bool {
    let mut all = keys.clone();
    all.all(|key| shape(key).is_some()) && keys.clone().any(|key| key == "file") && keys.any(|key| key != "file" && key != "name")
}

/// Whether a JSON document is a Livy batch payload.
#[must_use]
pub fn looks_like(node: &Node) -> bool {
    match &node.kind {
        Kind::Object(entries) => {
            keys_of_a_batch(entries.iter().map(|e| &*e.key))
                && entries.iter().any(|e| &*e.key == "file" && matches!(e.value.kind, Kind::String(_)))
        }
        _ => false,
    }
}

/// Whether a value that a program builds is a Livy batch payload, by its keys alone.
#[must_use]
pub fn value_looks_like(val: &Val) -> bool {
    val.map().is_some_and(|entries| keys_of_a_batch(entries.iter().map(|(key, _)| key.value.as_str())))
}

/// Reads a JSON document that [`looks_like`] a batch.
pub fn from_node(node: &Node, sink: &mut Sink) -> Batch {
    let mut batch = from_val(&val_of(node), sink);
    batch.span = Some(node.span);
    batch
}

/// A node as a value: everything in it is read. The source layer bounds the nesting.
fn val_of(node: &Node) -> Val {
    node.mark_read();
    let value = match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(text) => Value::Number(text.to_string()),
        Kind::String(text) => return Val::text(text.to_string(), node.span),
        Kind::Array(items) => {
            // A list that is not empty is known by its items; an empty one is a scalar of the ledger.
            let origins = if items.is_empty() { node.origins() } else { Origins::none() };
            return Val::new(Value::List(items.iter().map(val_of).collect()), origins);
        }
        Kind::Object(entries) => {
            let origins = if entries.is_empty() { node.origins() } else { Origins::none() };
            let entries = entries.iter().map(|e| (Sourced::new(e.key.to_string(), e.key_span), val_of(&e.value))).collect();
            return Val::new(Value::Map(entries), origins);
        }
        Kind::Expr(expr) => return Val::unknown(expr.text(), "an expression that is not evaluated here", node.span),
    };
    Val::new(value, node.span)
}

/// Reads a payload that a program builds. What shaped the payload as a whole shapes its `file`, since it decides
/// whether there is this job.
pub fn from_val(val: &Val, sink: &mut Sink) -> Batch {
    let mut batch = Batch { span: val.all_origins().first(), ..Batch::default() };
    let Some(entries) = val.map() else {
        let (span, what) = (val.all_origins().first(), describe(val));
        sink.report(
            Diagnostic::error(&job::JOB106, span, format!("the payload of the batch is {what}, not an object"))
                .help("describe the job in `emr2k8s.yaml`"),
        );
        return batch;
    };
    for (at, (key, value)) in entries.iter().enumerate() {
        if entries.iter().skip(at + 1).any(|(later, _)| later.value == key.value) {
            ignore(value, &format!("a later `{}` replaces it", key.value), sink);
            continue;
        }
        let Some(shape) = shape(&key.value) else {
            unknown_field(key, value, sink);
            continue;
        };
        if matches!(value.value, Value::Null) {
            ignore(value, &format!("`{}` is null, which is as good as left out", key.value), sink);
            continue;
        }
        if shape == Shape::Conf {
            batch.conf = conf(key, value, sink);
            continue;
        }
        let value = checked(&key.value, shape, value, sink);
        let slot = match key.value.as_str() {
            "file" => &mut batch.file,
            "proxyUser" => &mut batch.proxy_user,
            "className" => &mut batch.class_name,
            "args" => &mut batch.args,
            "jars" => &mut batch.jars,
            "pyFiles" => &mut batch.py_files,
            "files" => &mut batch.files,
            "driverMemory" => &mut batch.driver_memory,
            "driverCores" => &mut batch.driver_cores,
            "executorMemory" => &mut batch.executor_memory,
            "executorCores" => &mut batch.executor_cores,
            "numExecutors" => &mut batch.num_executors,
            "archives" => &mut batch.archives,
            "queue" => &mut batch.queue,
            _ => &mut batch.name,
        };
        *slot = Some(value);
    }
    match &mut batch.file {
        Some(file) => {
            if file.literal().is_some_and(|text| names_no_file(&text)) {
                *file = no_file(file, sink);
            }
            file.origins.extend(&val.origins);
        }
        None => sink.report(
            Diagnostic::error(&job::JOB104, batch.span, "the batch has no `file`")
                .help("add `file`: the jar or Python file of the application"),
        ),
    }
    batch
}

/// Whether a location is empty or a folder: `s3://bucket`, `s3://bucket/jars/`.
fn names_no_file(location: &str) -> bool {
    let location = location.trim();
    let (rest, has_scheme) = location.split_once("://").map_or((location, false), |(_, rest)| (rest, true));
    let name = rest.rsplit('/').next().unwrap_or("");
    matches!(name, "" | "." | "..") || (has_scheme && !rest.contains('/'))
}

fn no_file(file: &Val, sink: &mut Sink) -> Val {
    let (span, written) = (file.origins.first(), file.display());
    sink.report(
        Diagnostic::error(&job::JOB104, span, format!("`file` is `{written}`, which names no file"))
            .help("write the location of the jar or Python file of the application"),
    );
    unsupported(file, &job::JOB104, "it names no file", sink);
    refused(file, "it names no file")
}

/// A value that Livy would not take, so that no job is made of the batch.
fn refused(value: &Val, why: &str) -> Val {
    match value.all_origins().first() {
        Some(span) => {
            let refused = Val::unknown(value.display().chars().take(60).collect::<String>(), why, span);
            Val { origins: value.all_origins(), ..refused }
        }
        // Nothing says where it stands. An object is taken for none of the fields.
        None => Val::new(Value::Map(Vec::new()), Origins::none()),
    }
}

fn ignore(value: &Val, note: &str, sink: &mut Sink) {
    for span in value.all_origins().iter() {
        sink.ignore(span, &job::JOB105, note);
    }
}

fn unsupported(value: &Val, rule: &'static crate::source::rules::Rule, note: &str, sink: &mut Sink) {
    for span in value.all_origins().iter() {
        sink.unsupported(span, rule, note);
    }
}

fn first(key: &Sourced<String>, value: &Val) -> Option<Span> {
    key.span().or_else(|| value.all_origins().first())
}

fn unknown_field(key: &Sourced<String>, value: &Val, sink: &mut Sink) {
    let name = &key.value;
    let near = FIELDS
        .iter()
        .map(|(field, _)| (strsim::damerau_levenshtein(&field.to_lowercase(), &name.to_lowercase().replace(['_', '-'], "")), *field))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    let help = match near {
        Some((_, field)) => format!("did you mean `{field}`?"),
        None => "remove it, or put a Spark property into `conf`".to_owned(),
    };
    sink.report(Diagnostic::warning(&job::JOB101, first(key, value), format!("Livy batches have no field `{name}`")).help(help));
    unsupported(value, &job::JOB101, &format!("`{name}` is not a field of a Livy batch"), sink);
}

fn describe(val: &Val) -> &'static str {
    match &val.value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::Text(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "an object",
        Value::Symbol(_) => "a value that is known only when it runs",
        Value::Unknown(_) => "a value that is not known",
    }
}

/// The value as Livy reads it for its field; where it cannot, that is reported and marked, and the value is unknown.
fn checked(name: &str, shape: Shape, value: &Val, sink: &mut Sink) -> Val {
    let coerced = |sink: &mut Sink| {
        let message = format!("`{name}` is {}, where Livy documents {}", describe(value), shape.describe());
        let span = value.origins.first();
        sink.report(Diagnostic::note(&job::JOB103, span, message).help(format!("write {}", shape.describe())));
    };
    match (shape, &value.value) {
        (_, Value::Symbol(_) | Value::Unknown(_)) | (Shape::Text, Value::Text(_)) => value.clone(),
        (Shape::Text, Value::Number(_) | Value::Bool(_)) => {
            coerced(sink);
            as_text(value)
        }
        (Shape::Count, Value::Number(text)) if is_count(text) => value.clone(),
        (Shape::Count, Value::Text(_)) => match value.literal() {
            None => value.clone(),
            Some(text) if is_count(text.trim()) => {
                coerced(sink);
                Val::new(Value::Number(text.trim().to_owned()), value.origins.clone())
            }
            Some(_) => wrong(name, shape, value, sink),
        },
        (Shape::Texts, Value::List(items)) => {
            if items.iter().any(|item| matches!(item.value, Value::List(_) | Value::Map(_) | Value::Null)) {
                return wrong(name, shape, value, sink);
            }
            for item in items.iter().filter(|item| matches!(item.value, Value::Number(_) | Value::Bool(_))) {
                let message = format!("`{name}` holds {}, where Livy documents a string: it is `\"{}\"`", describe(item), item.display());
                sink.report(Diagnostic::note(&job::JOB103, item.origins.first(), message).help("put it in quotes"));
            }
            Val::new(Value::List(items.iter().map(as_text).collect()), value.origins.clone())
        }
        _ => wrong(name, shape, value, sink),
    }
}

/// A number or a boolean as its text, anything else as it is.
fn as_text(value: &Val) -> Val {
    match (&value.value, value.literal()) {
        (Value::Number(_) | Value::Bool(_), Some(text)) => Val::text(text, value.origins.clone()),
        _ => value.clone(),
    }
}

/// Whether a text is a number that Scala's `Int` holds, and not below zero.
fn is_count(text: &str) -> bool {
    text.parse::<i32>().is_ok_and(|count| count >= 0)
}

fn wrong(name: &str, shape: Shape, value: &Val, sink: &mut Sink) -> Val {
    let written = match &value.value {
        Value::Text(_) | Value::Number(_) | Value::Bool(_) => format!(" (`{}`)", value.display()),
        Value::List(_) if shape == Shape::Texts => " with something else than strings in it".to_owned(),
        _ => String::new(),
    };
    let message = format!("`{name}` is {}{written}, where Livy takes {}", describe(value), shape.describe());
    sink.report(Diagnostic::error(&job::JOB102, value.all_origins().first(), message).help(format!("make it {}", shape.describe())));
    unsupported(value, &job::JOB102, &format!("`{name}` is not {}", shape.describe()), sink);
    refused(value, &format!("it is {}, where Livy takes {}", describe(value), shape.describe()))
}

fn conf(key: &Sourced<String>, value: &Val, sink: &mut Sink) -> Vec<(Sourced<String>, Val)> {
    let Some(entries) = value.map() else {
        let refused = wrong(&key.value, Shape::Conf, value, sink);
        return vec![(Sourced::new("spark.conf".to_owned(), key.origins.clone()), refused)];
    };
    let mut out: Vec<(Sourced<String>, Val)> = Vec::new();
    for (at, (name, entry)) in entries.iter().enumerate() {
        if entries.iter().skip(at + 1).any(|(later, _)| later.value == name.value) {
            ignore(entry, &format!("a later `{}` replaces it", name.value), sink);
            continue;
        }
        match entry.value {
            Value::Null => ignore(entry, &format!("`{}` is null, which is as good as left out", name.value), sink),
            Value::List(_) | Value::Map(_) => {
                let refused = wrong(&format!("conf.{}", name.value), Shape::Text, entry, sink);
                out.push((name.clone(), refused));
            }
            _ => out.push((name.clone(), entry.clone().shaped_by(&value.origins))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::node::Entry;
    use crate::source::span::FileId;

    fn span(at: usize) -> Span {
        Span::new(FileId(0), at, at + 1)
    }

    fn object(entries: Vec<(&str, Kind)>) -> Node {
        let entries = entries
            .into_iter()
            .enumerate()
            .map(|(i, (key, kind))| Entry { key: key.into(), key_span: span(i * 10), value: Node::new(span(i * 10 + 5), kind) })
            .collect();
        Node::new(span(0), Kind::Object(entries))
    }

    fn string(text: &str) -> Kind {
        Kind::String(text.into())
    }

    #[test]
    fn a_payload_is_known_by_its_keys() {
        assert!(looks_like(&object(vec![("file", string("a.jar")), ("className", string("A"))])));
        assert!(!looks_like(&object(vec![("file", string("a.jar"))])), "file alone may be anything");
        assert!(!looks_like(&object(vec![("file", string("a.jar")), ("name", string("x"))])));
        assert!(!looks_like(&object(vec![("file", Kind::Number("1".into())), ("queue", string("x"))])));
        assert!(!looks_like(&object(vec![("file", string("a")), ("queue", string("x")), ("colour", string("x"))])));
        assert!(!looks_like(&Node::new(span(0), Kind::Array(Vec::new()))));
    }

    #[test]
    fn every_field_lands_in_its_place() {
        let list = || Kind::Array(vec![Node::new(span(900), string("x"))]);
        let node = object(
            FIELDS
                .iter()
                .map(|(name, shape)| {
                    let kind = match shape {
                        Shape::Text => string(name),
                        Shape::Texts => list(),
                        Shape::Count => Kind::Number("3".into()),
                        Shape::Conf => Kind::Object(vec![Entry {
                            key: "spark.a".into(),
                            key_span: span(950),
                            value: Node::new(span(960), Kind::Bool(true)),
                        }]),
                    };
                    (*name, kind)
                })
                .collect(),
        );
        let mut sink = Sink::default();
        let batch = from_node(&node, &mut sink);
        assert_eq!(sink.diagnostics, vec![]);
        let text = |val: &Option<Val>| val.as_ref().and_then(Val::literal);
        assert_eq!(text(&batch.file).as_deref(), Some("file"));
        assert_eq!(text(&batch.proxy_user).as_deref(), Some("proxyUser"));
        assert_eq!(text(&batch.class_name).as_deref(), Some("className"));
        assert_eq!(text(&batch.driver_memory).as_deref(), Some("driverMemory"));
        assert_eq!(text(&batch.executor_memory).as_deref(), Some("executorMemory"));
        assert_eq!(text(&batch.queue).as_deref(), Some("queue"));
        assert_eq!(text(&batch.name).as_deref(), Some("name"));
        for count in [&batch.driver_cores, &batch.executor_cores, &batch.num_executors] {
            assert_eq!(text(count).as_deref(), Some("3"));
        }
        for texts in [&batch.args, &batch.jars, &batch.py_files, &batch.files, &batch.archives] {
            assert_eq!(texts.as_ref().and_then(Val::list).map(<[Val]>::len), Some(1));
        }
        assert_eq!(batch.conf.len(), 1);
        assert!(node.scalars().iter().all(|s| s.read));
    }

    #[test]
    fn wrong_fields_are_reported_and_marked() {
        let node = object(vec![
            ("file", string("a.jar")),
            ("executor_memory", string("1g")),
            ("args", string("a b")),
            ("numExecutors", string("two")),
            ("executorCores", string("2")),
            ("queue", Kind::Null),
            ("conf", Kind::Array(Vec::new())),
        ]);
        let mut sink = Sink::default();
        let batch = from_node(&node, &mut sink);
        let codes: Vec<_> = sink.diagnostics.iter().map(|d| d.rule.code).collect();
        assert_eq!(codes, ["JOB101", "JOB102", "JOB102", "JOB103", "JOB102"]);
        assert_eq!(sink.diagnostics[0].help.as_deref(), Some("did you mean `executorMemory`?"));
        assert!(sink.diagnostics[1].message.contains("`args` is a string (`a b`)"), "{}", sink.diagnostics[1].message);
        let unknown = |val: &Option<Val>| matches!(val, Some(Val { value: Value::Unknown(_), .. }));
        assert!(unknown(&batch.args) && unknown(&batch.num_executors) && batch.queue.is_none());
        assert!(batch.conf.iter().all(|(_, value)| matches!(value.value, Value::Unknown(_))) && batch.conf.len() == 1);
        assert_eq!(batch.executor_cores.and_then(|v| v.literal()).as_deref(), Some("2"));
        // Each scalar is either in the batch or marked.
        assert_eq!(sink.marks.len(), 5);
    }

    #[test]
    fn scalars_are_the_text_that_livy_makes_of_them() {
        let list = vec![string("a"), Kind::Number("1".into()), Kind::Number("2.50".into()), Kind::Bool(true)];
        let args = list.into_iter().enumerate().map(|(i, kind)| Node::new(span(500 + i), kind)).collect();
        let node = object(vec![("file", string("a.py")), ("args", Kind::Array(args)), ("name", Kind::Bool(false))]);
        let mut sink = Sink::default();
        let batch = from_node(&node, &mut sink);
        let texts: Vec<String> = batch.args.as_ref().and_then(Val::list).unwrap().iter().map(Val::display).collect();
        assert_eq!(texts, ["a", "1", "2.50", "true"]);
        assert!(batch.args.unwrap().list().unwrap().iter().all(|v| matches!(v.value, Value::Text(_))));
        assert_eq!(sink.diagnostics.iter().map(|d| d.rule.code).collect::<Vec<_>>(), ["JOB103"; 4]);
    }

    #[test]
    fn numbers_that_are_no_counts_refuse_the_job() {
        for number in ["1.5", "-1", "2147483648", "99999999999999999999", "1e3"] {
            let node = object(vec![("file", string("a.py")), ("executorCores", Kind::Number(number.into()))]);
            let mut sink = Sink::default();
            let batch = from_node(&node, &mut sink);
            assert!(matches!(batch.executor_cores, Some(Val { value: Value::Unknown(_), .. })), "{number}");
            assert_eq!(sink.diagnostics.iter().map(|d| d.rule.code).collect::<Vec<_>>(), ["JOB102"], "{number}");
        }
    }

    #[test]
    fn a_location_that_names_no_file_is_refused() {
        for (location, fine) in [
            ("", false),
            ("  ", false),
            ("s3://bucket", false),
            ("s3://bucket/jars/", false),
            ("/", false),
            ("jars/..", false),
            ("s3://bucket/a.jar", true),
            ("local:///opt/a.py", true),
            ("a.jar", true),
        ] {
            let node = object(vec![("file", string(location)), ("queue", string("q"))]);
            let mut sink = Sink::default();
            let batch = from_node(&node, &mut sink);
            assert_eq!(sink.diagnostics.is_empty(), fine, "{location}");
            assert_eq!(batch.file.and_then(|f| f.literal()).is_some(), fine, "{location}");
        }
    }

    #[test]
    fn a_payload_without_file_or_not_an_object_is_an_error() {
        let mut sink = Sink::default();
        from_val(&Val::new(Value::Map(Vec::new()), span(1)), &mut sink);
        from_val(&Val::text("x", span(2)), &mut sink);
        let codes: Vec<_> = sink.diagnostics.iter().map(|d| d.rule.code).collect();
        assert_eq!(codes, ["JOB104", "JOB106"]);
    }
}
