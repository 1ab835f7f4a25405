//! JSON Schemas of the answers and of the JSON formats. They are committed under `docs/schemas/`; a test holds them equal.
use super::inspect::InspectReport;
use super::model::{LedgerReport, RunReport, to_json};
use super::simulate::SimulateReport;
use crate::config::Config;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// What there is a schema of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// `emr2k8s.yaml`.
    Config,
    /// What `migrate`, `diff` and `check` print.
    Migrate,
    /// What `ledger` prints.
    Ledger,
    /// What `inspect` prints.
    Inspect,
    /// What `simulate` prints.
    Simulate,
}

impl Subject {
    pub const ALL: [Subject; 5] = [Subject::Config, Subject::Migrate, Subject::Ledger, Subject::Inspect, Subject::Simulate];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Subject::Config => "config",
            Subject::Migrate => "migrate",
            Subject::Ledger => "ledger",
            Subject::Inspect => "inspect",
            Subject::Simulate => "simulate",
        }
    }
}

/// The schema as text.
#[must_use]
pub fn render(subject: Subject) -> String {
    // Draft 7 is what the YAML language server knows best.
    let input = || SchemaSettings::draft07().into_generator();
    let output = || SchemaSettings::draft07().for_serialize().into_generator();
    let schema = match subject {
        Subject::Config => {
            let mut schema = input().into_root_schema_for::<Config>();
            if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
                properties.values_mut().for_each(allow_null);
            }
            schema
        }
        Subject::Migrate => output().into_root_schema_for::<RunReport>(),
        Subject::Ledger => output().into_root_schema_for::<LedgerReport>(),
        Subject::Inspect => output().into_root_schema_for::<InspectReport>(),
        Subject::Simulate => output().into_root_schema_for::<SimulateReport>(),
    };
    to_json(&schema)
}

/// `images:` with nothing below it is no answer, and no mistake: `emr2k8s init` writes it so.
fn allow_null(property: &mut Value) {
    let Some(object) = property.as_object_mut() else { return };
    if let Some(mut all) = object.remove("allOf") {
        if let Some(list) = all.as_array_mut() {
            list.push(serde_json::json!({"type": "null"}));
        }
        object.insert("anyOf".to_owned(), all);
    } else if let Some(kind @ ("object" | "array")) = object.get("type").and_then(Value::as_str) {
        let kinds = serde_json::json!([kind, "null"]);
        object.insert("type".to_owned(), kinds);
        if let Some(values) = object.get_mut("additionalProperties").filter(|values| values.get("$ref").is_some()) {
            *values = serde_json::json!({"anyOf": [values.clone(), {"type": "null"}]});
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Run with `EMR2K8S_BLESS=1` to write them anew.
    #[test]
    fn the_committed_schemas_are_those_of_the_code() {
        for subject in Subject::ALL {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schemas/{}.schema.json", subject.name()));
            let text = render(subject);
            if std::env::var_os("EMR2K8S_BLESS").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == text, "docs/schemas/{}.schema.json is outdated: run this test with EMR2K8S_BLESS=1", subject.name());
        }
    }
}
