//! `ItemReader`: a Map's items from a file on S3.
//!
//! The rules are those of "ItemReader (Map)" in the Step Functions Developer Guide (looked up in November 2026).
use super::error::EvalError;
use super::value::{Object, Value};
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
}

fn failed(cause: impl Into<String>) -> EvalError {
    EvalError::new("States.ItemReaderFailed", cause)
}

/// The items of a file.
///
/// # Errors
/// `States.ItemReaderFailed`: the file does not have the form that the configuration says.
pub fn items(config: &ReaderConfig, text: &str) -> Result<Vec<Value>, EvalError> {
    match config.input_type.as_str() {
        "CSV" => csv(config, text),
        "JSON" => {
            let value = Value::parse(text).map_err(|_| failed("Attempting to map over non-iterable node."))?;
            let value = match &config.items_pointer {
                Some(pointer) => pointed(&value, pointer).ok_or_else(|| failed("Attempting to map over non-iterable node."))?,
                None => &value,
            };
            match value {
                Value::Array(items) => Ok(items.to_vec()),
                // An object's entries are items too.
                Value::Object(object) => {
                    Ok(object.iter().map(|(key, value)| Value::object([("Key", Value::String(Arc::clone(key))), ("Value", value.clone())])).collect())
                }
                _ => Err(failed("Attempting to map over non-iterable node.")),
            }
        }
        "JSONL" => text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| Value::parse(line).map_err(|error| failed(format!("a line is not JSON: {error}"))))
            .collect(),
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
    let headers = if config.csv_header_location.as_deref() == Some("GIVEN") {
        config.csv_headers.clone()
    } else {
        rows.next().unwrap_or_default()
    };
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
            Value::Object(Arc::new(object))
        })
        .collect())
}

/// Rows of RFC 4180: a cell in double quotes may hold delimiters, line ends and doubled quotes. A line of nothing at all is no row.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row: Vec<String> = Vec::new();
    let mut cell = String::new();
    let (mut quoted, mut any) = (false, false);
    let mut characters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(character) = characters.next() {
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

    fn read(config: ReaderConfig, text: &str) -> String {
        match items(&config, text) {
            Ok(items) => Value::array(items).to_json(),
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
    fn json_and_lines_of_json() {
        assert_eq!(read(of("JSON"), "[1,{}]"), "[1,{}]");
        assert_eq!(read(of("JSON"), "3"), "Attempting to map over non-iterable node.");
        assert_eq!(read(of("JSONL"), "{\"a\":1}\n\n2\n"), r#"[{"a":1},2]"#);
        let pointer = ReaderConfig { items_pointer: Some("/x/0".into()), ..of("JSON") };
        assert_eq!(read(pointer, r#"{"x":[[7]]}"#), "[7]");
    }
}
