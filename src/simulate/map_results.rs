//! What a distributed Map leaves: its results, or files of them on S3 and where they are.
//!
//! The forms are those of "`ResultWriter` (Map)" in the Step Functions Developer Guide (looked up in November 2026).
use super::clock::Millis;
use super::engine::Failure;
use super::program::Map;
use super::timestamp;
use super::value::Value;

/// The error of a writer.
pub const FAILED: &str = "States.ResultWriterFailed";

/// A run of a Map's items, by which its files are named.
#[derive(Clone, Debug)]
pub struct MapRun {
    pub arn: String,
    pub id: String,
}

/// A child execution, by which its record is made.
#[derive(Clone, Debug)]
pub struct Child<'c> {
    /// Region and account of its ARNs.
    pub account: &'c str,
    /// What stands between `stateMachine:` or `execution:` and its name.
    pub machine: &'c str,
    pub name: String,
    pub began: Millis,
    pub ended: Millis,
}

impl Child<'_> {
    /// Its record (Transformation NONE; of one that failed there are Error and Cause in place of its output).
    #[must_use]
    pub fn record(self, input: &Value, result: &Result<Value, Failure>) -> Value {
        let arn = |kind: &str| format!("arn:aws:states:{}:{kind}:{}", self.account, self.machine);
        let included = || Value::object([("Included", Value::Bool(true))]);
        let mut fields = Vec::new();
        if let Err(failure) = result {
            let said = [("Cause", failure.cause.as_deref()), ("Error", failure.error.as_deref())];
            fields.extend(said.into_iter().filter_map(|(field, text)| Some((field, Value::string(text?)))));
        }
        fields.extend([
            ("ExecutionArn", Value::string(format!("{}:{}", arn("execution"), self.name))),
            ("Input", Value::string(input.to_json())),
            ("InputDetails", included()),
            ("Name", Value::string(self.name)),
        ]);
        let (status, redrive) = match result {
            Ok(output) => {
                fields.extend([("Output", Value::string(output.to_json())), ("OutputDetails", included())]);
                ("SUCCEEDED", "NOT_REDRIVABLE")
            }
            Err(_) => ("FAILED", "REDRIVABLE"),
        };
        fields.extend([("RedriveCount", Value::int(0)), ("RedriveStatus", Value::string(redrive))]);
        if result.is_ok() {
            fields.push(("RedriveStatusReason", Value::string("Execution is SUCCEEDED and cannot be redriven")));
        }
        fields.extend([
            ("StartDate", Value::string(timestamp::format(self.began))),
            ("StateMachineArn", Value::string(arn("stateMachine"))),
            ("Status", Value::string(status)),
            ("StopDate", Value::string(timestamp::format(self.ended))),
        ]);
        Value::object(fields)
    }
}

/// What a child execution left.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// As `Transformation` wants it: the output, or the record.
    pub value: Value,
    pub succeeded: bool,
}

/// The outcome of a child under a Map's `WriterConfig`. Of one that failed the record stays, whatever the `Transformation`; without a word, files
/// on S3 hold records, and the state's result outputs.
#[must_use]
pub fn outcome(map: &Map, child: Child<'_>, input: &Value, result: Result<Value, Failure>) -> Outcome {
    let records = match map.transformation.as_deref() {
        Some(transformation) => transformation == "NONE",
        None => map.writer.is_some(),
    };
    match result {
        Ok(value) if !records => Outcome { value, succeeded: true },
        result => Outcome { value: child.record(input, &result), succeeded: result.is_ok() },
    }
}

/// The results as a `WriterConfig` without a place on S3 wants them: as they are, or arrays among them taken apart.
#[must_use]
pub fn transformed(results: Vec<Value>, transformation: Option<&str>) -> Value {
    Value::array(flat(results, transformation))
}

fn flat(results: Vec<Value>, transformation: Option<&str>) -> Vec<Value> {
    if transformation != Some("FLATTEN") {
        return results;
    }
    let flat = results.into_iter().flat_map(|result| match result {
        Value::Array(items) => items.to_vec(),
        other => vec![other],
    });
    flat.collect()
}

impl MapRun {
    /// The folder of the run's files: below `Prefix`.
    fn folder(&self, arguments: &Value) -> String {
        let prefix = arguments.get("Prefix").and_then(Value::as_str).filter(|prefix| !prefix.is_empty());
        prefix.map_or_else(|| self.id.clone(), |prefix| format!("{prefix}/{}", self.id))
    }

    /// What the state has for a result. `arguments`: where the files are.
    #[must_use]
    pub fn details(&self, arguments: &Value) -> Value {
        let bucket = arguments.get("Bucket").cloned().unwrap_or_default();
        let key = Value::string(format!("{}/manifest.json", self.folder(arguments)));
        let details = Value::object([("Bucket", bucket), ("Key", key)]);
        Value::object([("MapRunArn", Value::string(self.arn.as_str())), ("ResultWriterDetails", details)])
    }

    /// The files, `{"Key", "Body"}`: the results by status and, last, the manifest that names them. A status that no child has gets no file.
    #[must_use]
    pub fn files(&self, map: &Map, arguments: &Value, outcomes: Vec<Outcome>) -> Vec<Value> {
        let folder = self.folder(arguments);
        let mut files = Vec::new();
        let file = |key: String, body: String| Value::object([("Key", Value::string(key)), ("Body", Value::string(body))]);
        let (succeeded, failed): (Vec<Outcome>, Vec<Outcome>) = outcomes.into_iter().partition(|outcome| outcome.succeeded);
        let mut of_status = |status: &str, outcomes: Vec<Outcome>, transformation: Option<&str>| {
            if outcomes.is_empty() {
                return Value::array(Vec::new());
            }
            let values = flat(outcomes.into_iter().map(|outcome| outcome.value).collect(), transformation);
            let (end, body) = if map.lines {
                ("jsonl", values.iter().map(|value| format!("{}\n", value.to_json())).collect())
            } else {
                ("json", Value::array(values).to_json())
            };
            let key = format!("{folder}/{status}_0.{end}");
            let size = Value::int(i64::try_from(body.len()).unwrap_or(i64::MAX));
            let named = Value::object([("Key", Value::string(key.as_str())), ("Size", size)]);
            files.push(file(key, body));
            Value::array(vec![named])
        };
        let failed = of_status("FAILED", failed, None);
        let succeeded = of_status("SUCCEEDED", succeeded, map.transformation.as_deref());
        let manifest = Value::object([
            ("DestinationBucket", arguments.get("Bucket").cloned().unwrap_or_default()),
            ("MapRunArn", Value::string(self.arn.as_str())),
            ("ResultFiles", Value::object([("FAILED", failed), ("PENDING", Value::array(Vec::new())), ("SUCCEEDED", succeeded)])),
        ]);
        files.push(file(format!("{folder}/manifest.json"), manifest.to_json()));
        files
    }
}

#[cfg(test)]
mod tests {
    use crate::simulate::eval::{Evaluated, Unevaluated, evaluate};
    use crate::simulate::value::Value;

    fn asked(part: &str, state: &str, rest: &str) -> Result<Evaluated, Unevaluated> {
        let request = format!(r#"{{"part":"{part}","name":"M","machine":"m","state":{state},"document":{{"b":"bucket"}}{rest}}}"#);
        evaluate(&Value::parse(&request).expect("JSON"), 1_000, 7)
    }

    fn written(config: &str, outcomes: &str) -> (Value, Value) {
        let state = format!(
            r#"{{"Type":"Map","Label":"L","ResultWriter":{{"Resource":"arn:aws:states:::s3:putObject","Parameters":{{"Bucket.$":"$.b","Prefix":"p"}}{config}}}}}"#
        );
        let evaluated = asked("written", &state, &format!(r#","items":["1","2"],"outcomes":{outcomes}"#)).expect("evaluated");
        let parse = |text: Option<String>| Value::parse(&text.expect("an output")).expect("JSON");
        (parse(evaluated.output), parse(evaluated.variables))
    }

    fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
        path.iter().try_fold(value, |value, name| value.get(name)).and_then(Value::as_str).expect("a text")
    }

    #[test]
    fn results_go_to_files_by_status_and_a_manifest_names_them() {
        let (output, put) = written("", r#"["=[3]","-{\"Error\":\"E\",\"Cause\":\"C\"}"]"#);
        let key = text(&output, &["ResultWriterDetails", "Key"]);
        let folder = key.strip_suffix("/manifest.json").expect("a manifest");
        let run = folder.strip_prefix("p/").expect("the prefix");
        assert_eq!(text(&output, &["MapRunArn"]), format!("arn:aws:states:local:111111111111:mapRun:m/L:{run}"));
        assert_eq!((text(&output, &["ResultWriterDetails", "Bucket"]), text(&put, &["Bucket"])), ("bucket", "bucket"));
        let files = put.get("Files").and_then(Value::as_array).expect("files");
        let keys: Vec<&str> = files.iter().map(|file| text(file, &["Key"])).collect();
        assert_eq!(keys, [format!("{folder}/FAILED_0.json"), format!("{folder}/SUCCEEDED_0.json"), key.to_owned()]);
        let body = |at: usize| Value::parse(text(&files[at], &["Body"])).expect("JSON");
        // Without a word they are records.
        let record = |at: usize| body(at).as_array().expect("records")[0].clone();
        assert_eq!((text(&record(0), &["Error"]), text(&record(0), &["Cause"]), text(&record(0), &["Input"])), ("E", "C", "2"));
        assert_eq!((text(&record(1), &["Output"]), text(&record(1), &["Input"])), ("[3]", "1"));
        let listed = body(2).get("ResultFiles").cloned().expect("files");
        let size = text(&files[1], &["Body"]).len();
        let wanted = format!(r#"[{{"Key":"{folder}/SUCCEEDED_0.json","Size":{size}}}]"#);
        assert_eq!(listed.get("SUCCEEDED").map(Value::to_json), Some(wanted));
        assert_eq!(listed.get("PENDING").map(Value::to_json).as_deref(), Some("[]"));
    }

    #[test]
    fn a_transformation_is_of_what_succeeded() {
        let body = |config: &str, outcomes: &str| {
            let (_, put) = written(&format!(r#","WriterConfig":{config}"#), outcomes);
            let files = put.get("Files").and_then(Value::as_array).expect("files").to_vec();
            (text(&files[0], &["Key"]).rsplit('/').next().unwrap_or_default().to_owned(), text(&files[0], &["Body"]).to_owned())
        };
        let both = r#"["=[3]","=\"{{\""]"#;
        assert_eq!(body(r#"{"Transformation":"FLATTEN"}"#, both), ("SUCCEEDED_0.json".into(), r#"[3,"{{"]"#.into()));
        let lines = r#"{"Transformation":"COMPACT","OutputType":"JSONL"}"#;
        assert_eq!(body(lines, both), ("SUCCEEDED_0.jsonl".into(), "[3]\n\"{{\"\n".into()));
        let (name, failed) = body(lines, r#"["=1","-{\"Error\":\"E\",\"Cause\":\"\"}"]"#);
        assert!(name == "FAILED_0.jsonl" && failed.contains(r#""Status":"FAILED""#), "{name} {failed}");
    }

    #[test]
    fn items_are_made_of_what_was_found() {
        let map = |resource: &str, config: &str| {
            format!(
                r#"{{"Type":"Map","ItemReader":{{"Resource":"arn:aws:states:::s3:{resource}","Parameters":{{"Bucket.$":"$.b","Key":"k"}},"ReaderConfig":{config}}}}}"#
            )
        };
        let csv = map("getObject", r#"{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","MaxItems":1}"#);
        assert_eq!(asked("reader", &csv, "").expect("a place").output.as_deref(), Some(r#"{"Bucket":"bucket","Key":"k"}"#));
        let items = |state: &str, found: &str| match asked("items", state, &format!(r#","found":{found}"#)) {
            Ok(evaluated) => evaluated.output.expect("items"),
            Err(Unevaluated::Failed(failure)) => failure.error.as_deref().unwrap_or_default().to_owned(),
            Err(Unevaluated::Bad(message)) => message,
        };
        assert_eq!(items(&csv, r#""a\n{{\n2\n""#), r#"["{\"a\":\"{\\u007b\"}"]"#);
        assert_eq!(items(&map("listObjectsV2", "{}"), r#"[{"Key":"x"}]"#), r#"["{\"Key\":\"x\"}"]"#);
        let flat = map("listObjectsV2", r#"{"InputType":"JSONL","Transformation":"LOAD_AND_FLATTEN"}"#);
        assert_eq!(items(&flat, r#"[{"Key":"x","Body":"1\n2"},{"Key":"y","Body":"3"}]"#), r#"["1","2","3"]"#);
        // A failure of the reader has no place in the history before it.
        assert_eq!(items(&csv, "null"), "States.ItemReaderFailed");
        let negative = csv.replace(r#""MaxItems":1"#, r#""MaxItems":-1"#);
        assert!(
            matches!(asked("reader", &negative, ""), Err(Unevaluated::Failed(f)) if f.cause.as_deref() == Some("field MaxItems must be positive"))
        );
    }
}
