//! `ItemReader`: a Map's items from a file on S3.
//!
//! The rules are those of "`ItemReader` (Map)" in the Step Functions Developer Guide (looked up in November 2026).
use super::error::EvalError;
use super::services::Services;
use super::value::{Object, Value};
use md5::{Digest, Md5};
use std::fmt::Write as _;
use std::sync::Arc;

/// How a file is read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ReaderConfig {
    /// `CSV`, `JSON`, `JSONL`, `MANIFEST` …
    pub input_type: String,
    /// `FIRST_ROW` or `GIVEN`.
    pub csv_header_location: Option<String>,
    pub csv_headers: Vec<String>,
    /// `COMMA`, `PIPE`, `SEMICOLON`, `SPACE`, `TAB`.
    pub csv_delimiter: Option<String>,
    /// A JSON pointer to the array in a JSON file.
    pub items_pointer: Option<String>,
    /// `NONE` or `LOAD_AND_FLATTEN`: what is made of a list of objects.
    pub transformation: Option<String>,
    /// `ATHENA_DATA` or `S3_INVENTORY`.
    pub manifest_type: Option<String>,
}

/// One item of a Map.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `$$.Map.Item.Key`, of what is an entry of an object.
    pub key: Option<Arc<str>>,
    pub value: Value,
    /// `$$.Map.Item.Source`: `STATE_DATA`, or where on S3 the item comes from ("Accessing execution data from the Context object", November 2026).
    pub source: Arc<str>,
}

impl Item {
    /// Items that the Map's input holds.
    #[must_use]
    pub fn of_state_data(values: Vec<Value>) -> Vec<Self> {
        Self::all(values, STATE_DATA)
    }

    /// The entries of an object that the Map's input holds.
    #[must_use]
    pub fn of_entries(object: &Object) -> Vec<Self> {
        Self::sourced(entries(object), STATE_DATA)
    }

    fn all(values: Vec<Value>, source: &str) -> Vec<Self> {
        Self::sourced(values.into_iter().map(|value| (None, value)).collect(), source)
    }

    fn sourced(items: Vec<Keyed>, source: &str) -> Vec<Self> {
        let source: Arc<str> = source.into();
        items.into_iter().map(|(key, value)| Self { key, value, source: Arc::clone(&source) }).collect()
    }

    /// What an iteration gets where nothing selects: the item, or an entry as `{"Key", "Value"}`.
    #[must_use]
    pub fn input(&self) -> Value {
        match &self.key {
            Some(key) => Value::object([("Key", Value::String(Arc::clone(key))), ("Value", self.value.clone())]),
            None => self.value.clone(),
        }
    }
}

const STATE_DATA: &str = "STATE_DATA";

/// A value, with its key where it is an entry of an object.
type Keyed = (Option<Arc<str>>, Value);

/// The keys and values of an object's entries.
fn entries(object: &Object) -> Vec<Keyed> {
    object.iter().map(|(key, value)| (Some(Arc::clone(key)), value.clone())).collect()
}

/// The error of a reader.
pub const FAILED: &str = "States.ItemReaderFailed";

fn failed(cause: impl Into<String>) -> EvalError {
    EvalError::new(FAILED, cause)
}

/// What lies where a reader looks.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The text of a file.
    File(String),
    /// The objects of a bucket, as a Map gets them.
    Listing(Vec<Value>),
    /// Keys and texts of the objects of a bucket.
    Files(Vec<(String, String)>),
}

/// Which of [`Found`] a reader is after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    File,
    Listing,
    Files,
}

impl Reading {
    /// What a reader with this resource and `Transformation` is after.
    #[must_use]
    pub fn of(resource: &str, transformation: Option<&str>) -> Self {
        match transformation {
            _ if !resource.ends_with(":s3:listObjectsV2") => Reading::File,
            Some("LOAD_AND_FLATTEN") => Reading::Files,
            _ => Reading::Listing,
        }
    }
}

/// Why what a reader is after cannot be read here; a lowercase fragment. `None`: it can.
#[must_use]
pub fn unread(config: &ReaderConfig, resource: &str) -> Option<String> {
    let reading = Reading::of(resource, config.transformation.as_deref());
    if reading == Reading::File && !resource.ends_with(":s3:getObject") {
        return Some(format!("`{resource}` is nothing that items are read by"));
    }
    if let Some(manifest) = &config.manifest_type {
        return Some(format!("a manifest of `{manifest}` names the files that hold the items"));
    }
    let known = reading == Reading::Listing || matches!(config.input_type.as_str(), "CSV" | "JSON" | "JSONL");
    (!known).then(|| format!("a file of the type `{}` is not read", config.input_type))
}

/// What a reader finds: the items of a file, the files of a bucket, or the items of those. `seconds` is when, since the Unix epoch.
///
/// # Errors
/// `States.ItemReaderFailed`: there is no such file, or it does not have the form that the configuration says.
pub fn read(
    config: &ReaderConfig,
    resource: &str,
    arguments: &Value,
    services: &mut dyn Services,
    seconds: i64,
) -> Result<Vec<Item>, EvalError> {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    let (bucket, key) = (text("Bucket"), text("Key"));
    let found = match Reading::of(resource, config.transformation.as_deref()) {
        Reading::File => {
            let missing = || failed(format!("there is no object s3://{bucket}/{key} in this simulation"));
            Found::File(services.object(bucket, key).ok_or_else(missing)?)
        }
        Reading::Files => Found::Files(services.objects(bucket, text("Prefix"))),
        Reading::Listing => {
            Found::Listing(services.objects(bucket, text("Prefix")).iter().map(|(key, text)| listed(key, text, seconds)).collect())
        }
    };
    found_items(config, arguments, found)
}

/// The items of what lies where a reader looks, which is where these arguments say.
///
/// # Errors
/// `States.ItemReaderFailed`: it does not have the form that the configuration says.
pub fn found_items(config: &ReaderConfig, arguments: &Value, found: Found) -> Result<Vec<Item>, EvalError> {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    let bucket = text("Bucket");
    match found {
        Found::Listing(objects) => Ok(Item::all(objects, &format!("S3://{bucket}"))),
        Found::Files(files) => {
            let mut all = Vec::new();
            for (key, text) in files {
                all.extend(Item::sourced(items(config, &text)?, &format!("S3://{bucket}/{key}")));
            }
            Ok(all)
        }
        Found::File(file) => match config.manifest_type.as_deref() {
            None => Ok(Item::sourced(items(config, &file)?, &format!("S3://{bucket}/{}", text("Key")))),
            Some(other) => Err(failed(format!("ManifestType {other} is not simulated"))),
        },
    }
}

/// An object as `ListObjectsV2` shows it to a Map. The tag of an object that was uploaded in one piece is its MD5.
fn listed(key: &str, text: &str, seconds: i64) -> Value {
    let mut tag = String::from("\"");
    for byte in Md5::digest(text) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    Value::object([
        ("Etag", Value::string(tag)),
        ("Key", Value::string(key)),
        ("LastModified", Value::int(seconds)),
        ("Size", Value::int(i64::try_from(text.len()).unwrap_or(i64::MAX))),
        ("StorageClass", Value::string("STANDARD")),
    ])
}

/// The items of a file, each with its key where it is an entry of an object.
///
/// # Errors
/// `States.ItemReaderFailed`: the file does not have the form that the configuration says.
pub fn items(config: &ReaderConfig, text: &str) -> Result<Vec<Keyed>, EvalError> {
    let plain = |values: Vec<Value>| values.into_iter().map(|value| (None, value)).collect();
    match config.input_type.as_str() {
        "CSV" => csv(config, text).map(plain),
        "JSON" => {
            let value = Value::parse(text).map_err(|_| failed("Attempting to map over non-iterable node."))?;
            let value = match &config.items_pointer {
                Some(pointer) => pointed(&value, pointer).ok_or_else(|| failed("Attempting to map over non-iterable node."))?,
                None => &value,
            };
            match value {
                Value::Array(items) => Ok(plain(items.to_vec())),
                // An object's entries are items too.
                Value::Object(object) => Ok(entries(object)),
                _ => Err(failed("Attempting to map over non-iterable node.")),
            }
        }
        "JSONL" => text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| Value::parse(line).map_err(|error| failed(format!("a line is not JSON: {error}"))))
            .collect::<Result<_, _>>()
            .map(plain),
        other => Err(failed(format!("InputType {other} is not simulated"))),
    }
}

fn pointed<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    pointer.split('/').skip(1).try_fold(value, |value, key| {
        let key = key.replace("~1", "/").replace("~0", "~");
        match value {
            Value::Object(object) => object.get(key.as_str()),
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    })
}

fn csv(config: &ReaderConfig, text: &str) -> Result<Vec<Value>, EvalError> {
    let delimiter = match config.csv_delimiter.as_deref() {
        None | Some("COMMA") => ',',
        Some("PIPE") => '|',
        Some("SEMICOLON") => ';',
        Some("SPACE") => ' ',
        Some("TAB") => '\t',
        Some(other) => return Err(failed(format!("CSVDelimiter {other} is not known"))),
    };
    let mut rows = rows(text, delimiter).into_iter();
    let headers =
        if config.csv_header_location.as_deref() == Some("GIVEN") { config.csv_headers.clone() } else { rows.next().unwrap_or_default() };
    for (index, header) in headers.iter().enumerate() {
        if headers[..index].contains(header) {
            return Err(failed("CSV headers cannot contain duplicates."));
        }
    }
    // A row shorter than the headers has empty texts, a longer one loses its rest.
    Ok(rows
        .map(|row| {
            let cells = row.into_iter().chain(std::iter::repeat(String::new()));
            let object: Object = headers.iter().map(|h| Arc::from(h.as_str())).zip(cells.map(Value::string)).collect();
            object.into()
        })
        .collect())
}

/// Rows of RFC 4180: a cell in double quotes may hold delimiters, line ends and doubled quotes. A line of nothing at all is no row.
/// A backslash escapes another one, a double quote and the delimiter; before anything else it is dropped.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row: Vec<String> = Vec::new();
    let mut cell = String::new();
    let (mut quoted, mut any) = (false, false);
    let mut characters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\' {
            any = true;
            if let Some(escaped) = characters.next_if(|next| matches!(next, '\\' | '"') || *next == delimiter) {
                cell.push(escaped);
            }
            continue;
        }
        if quoted {
            match character {
                '"' if characters.peek() == Some(&'"') => {
                    characters.next();
                    cell.push('"');
                }
                '"' => quoted = false,
                other => cell.push(other),
            }
            continue;
        }
        match character {
            '"' if cell.is_empty() => {
                quoted = true;
                any = true;
            }
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' => {
                if any {
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                any = false;
            }
            other => {
                any = true;
                if other == delimiter {
                    row.push(std::mem::take(&mut cell));
                } else {
                    cell.push(other);
                }
            }
        }
    }
    if any {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::script::Script;

    fn read(config: ReaderConfig, text: &str) -> String {
        match items(&config, text) {
            Ok(items) => Value::array(Item::sourced(items, "").iter().map(Item::input).collect()).to_json(),
            Err(error) => error.cause,
        }
    }

    fn of(input_type: &str) -> ReaderConfig {
        ReaderConfig { input_type: input_type.into(), ..ReaderConfig::default() }
    }

    #[test]
    fn csv_rows_are_cut_and_filled_to_the_headers() {
        let text = "a,b\r\n1,\"x, \"\"y\"\"\nz\",3\n2\n\n,\n";
        assert_eq!(read(of("CSV"), text), r#"[{"a":"1","b":"x, \"y\"\nz"},{"a":"2","b":""},{"a":"","b":""}]"#);
        assert_eq!(read(of("CSV"), "a,a\n1,2\n"), "CSV headers cannot contain duplicates.");
        let given = ReaderConfig { csv_header_location: Some("GIVEN".into()), csv_headers: vec!["h".into()], ..of("CSV") };
        assert_eq!(read(given, "1\n2"), r#"[{"h":"1"},{"h":"2"}]"#);
        assert_eq!(read(ReaderConfig { csv_delimiter: Some("PIPE".into()), ..of("CSV") }, "a|b\n1|2"), r#"[{"a":"1","b":"2"}]"#);
    }

    #[test]
    fn backslashes_escape_themselves_quotes_and_the_delimiter() {
        let text = "a|b\nC:\\\\x\\|y|\\n\\\"z\n";
        assert_eq!(read(ReaderConfig { csv_delimiter: Some("PIPE".into()), ..of("CSV") }, text), r#"[{"a":"C:\\x|y","b":"n\"z"}]"#);
    }

    #[test]
    fn a_bucket_is_listed_or_its_files_are_read() {
        let mut script = Script::default();
        script.add_object("b", "in/1.jsonl", "1\n2\n");
        script.add_object("b", "in/2.jsonl", "3\n");
        script.add_object("b", "other", "");
        let arguments = Value::parse(r#"{"Bucket": "b", "Prefix": "in/"}"#).expect("JSON");
        let mut list =
            |config: &ReaderConfig| super::read(config, "arn:aws:states:::s3:listObjectsV2", &arguments, &mut script, 7).expect("items");
        let listed = list(&ReaderConfig::default());
        assert_eq!(
            listed[0].value.to_json(),
            r#"{"Etag":"\"6ddb4095eb719e2a9f0a3f95677d24e0\"","Key":"in/1.jsonl","LastModified":7,"Size":4,"StorageClass":"STANDARD"}"#
        );
        assert_eq!((listed.len(), &*listed[0].source), (2, "S3://b"));
        let flat = list(&ReaderConfig { transformation: Some("LOAD_AND_FLATTEN".into()), ..of("JSONL") });
        let said: Vec<_> = flat.iter().map(|item| (item.value.to_json(), item.source.to_string())).collect();
        let file = |n: u8| format!("S3://b/in/{n}.jsonl");
        assert_eq!(said, [("1".into(), file(1)), ("2".into(), file(1)), ("3".into(), file(2))]);
    }

    #[test]
    fn what_cannot_be_read_is_known_before() {
        let (file, bucket) = ("arn:aws:states:::s3:getObject", "arn:aws:states:::s3:listObjectsV2");
        let list = ReaderConfig::default();
        for (config, resource) in [(of("CSV"), file), (of("JSONL"), file), (list, bucket)] {
            assert_eq!(unread(&config, resource), None);
        }
        let manifest = ReaderConfig { manifest_type: Some("ATHENA_DATA".into()), ..of("CSV") };
        let flat = ReaderConfig { transformation: Some("LOAD_AND_FLATTEN".into()), ..of("PARQUET") };
        for (config, resource) in
            [(of("PARQUET"), file), (of(""), file), (manifest, file), (flat, bucket), (of("CSV"), "arn:aws:states:::s3:headObject")]
        {
            assert!(unread(&config, resource).is_some(), "{config:?} {resource}");
        }
    }

    #[test]
    fn what_is_not_simulated_fails_and_says_so() {
        let mut script = Script::default();
        script.add_object("b", "k", "x");
        let mut said = |config: ReaderConfig, key: &str| {
            let arguments = Value::object([("Bucket", Value::string("b")), ("Key", Value::string(key))]);
            super::read(&config, "arn:aws:states:::s3:getObject", &arguments, &mut script, 0).expect_err("a failure")
        };
        for (config, key, cause) in [
            (of("JSON"), "nowhere", "there is no object s3://b/nowhere in this simulation"),
            (of("MANIFEST"), "k", "InputType MANIFEST is not simulated"),
            (of("PARQUET"), "k", "InputType PARQUET is not simulated"),
            (ReaderConfig { manifest_type: Some("ATHENA_DATA".into()), ..of("CSV") }, "k", "ManifestType ATHENA_DATA is not simulated"),
        ] {
            let error = said(config, key);
            assert_eq!((&*error.name, error.cause.as_str()), ("States.ItemReaderFailed", cause));
        }
    }

    #[test]
    fn json_and_lines_of_json() {
        assert_eq!(read(of("JSON"), "[1,{}]"), "[1,{}]");
        assert_eq!(read(of("JSON"), "3"), "Attempting to map over non-iterable node.");
        assert_eq!(read(of("JSONL"), "{\"a\":1}\n\n2\n"), r#"[{"a":1},2]"#);
        let pointer = ReaderConfig { items_pointer: Some("/x/0".into()), ..of("JSON") };
        assert_eq!(read(pointer, r#"{"x":[[7]]}"#), "[7]");
    }
}
