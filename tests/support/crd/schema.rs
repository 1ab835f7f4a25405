//! Schemas by kind, and what of a manifest they refuse.
use regex::Regex;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One bundle of schemas: equal subschemas are kept once, in `shared`.
struct Bundle {
    shared: Vec<Value>,
    kinds: Map<String, Value>,
}

/// Every schema that the tests know.
pub struct Schemas {
    bundles: Vec<Bundle>,
    /// `ObjectMeta`: the schema of a custom resource leaves `metadata` to the API server.
    metadata: Value,
    patterns: BTreeMap<String, Regex>,
}

impl Schemas {
    /// The bundles below `tests/data/crds`.
    pub fn load() -> Self {
        let own = include_str!("../../data/crds/kubernetes.json");
        let custom = include_str!("../../data/crds/schemas.json");
        Self::of(&[own, custom])
    }

    /// Bundles as JSON texts; the first shared subschema of the first one is `ObjectMeta`.
    pub fn of(texts: &[&str]) -> Self {
        let bundles: Vec<Bundle> = texts
            .iter()
            .map(|text| {
                let mut value: Value = serde_json::from_str(text).expect("a bundle is JSON");
                let Value::Array(shared) = value["shared"].take() else { panic!("`shared` is a list") };
                let Value::Object(kinds) = value["kinds"].take() else { panic!("`kinds` is a map") };
                Bundle { shared, kinds }
            })
            .collect();
        let metadata = bundles[0].shared.first().cloned().unwrap_or_else(|| serde_json::json!({"type": "object"}));
        let mut patterns = BTreeMap::new();
        for bundle in &bundles {
            for schema in bundle.shared.iter().chain(bundle.kinds.values()) {
                collect_patterns(schema, &mut patterns);
            }
        }
        Self { bundles, metadata, patterns }
    }

    /// What is wrong with a manifest: `path: problem`, empty when nothing is.
    pub fn problems(&self, manifest: &Value) -> Vec<String> {
        let text = |key: &str| manifest[key].as_str().unwrap_or_default();
        let kind = format!("{}/{}", text("apiVersion"), text("kind"));
        let Some((bundle, schema)) = self.bundles.iter().find_map(|b| b.kinds.get(&kind).map(|schema| (b, schema))) else {
            return vec![format!("{kind}: no schema for this kind")];
        };
        let mut check = Check { schemas: self, bundle, problems: Vec::new() };
        check.value(schema, manifest, "");
        if let Some(metadata) = manifest.get("metadata") {
            let mut own = Check { schemas: self, bundle: &self.bundles[0], problems: Vec::new() };
            own.value(&self.metadata, metadata, "metadata");
            check.problems.extend(own.problems);
            if kind.starts_with("kustomize.") {
                // Kustomize reads no name.
            } else if metadata.get("name").is_none() && metadata.get("generateName").is_none() {
                check.problems.push("metadata: neither name nor generateName".to_owned());
            }
        } else if !kind.starts_with("kustomize.") {
            check.problems.push("metadata: missing".to_owned());
        }
        check.problems.sort();
        check.problems.dedup();
        check.problems
    }
}

fn collect_patterns(schema: &Value, patterns: &mut BTreeMap<String, Regex>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(pattern)) = map.get("pattern") {
                patterns.entry(pattern.clone()).or_insert_with(|| Regex::new(pattern).expect("a pattern compiles"));
            }
            map.values().for_each(|part| collect_patterns(part, patterns));
        }
        Value::Array(list) => list.iter().for_each(|part| collect_patterns(part, patterns)),
        _ => {}
    }
}

struct Check<'a> {
    schemas: &'a Schemas,
    bundle: &'a Bundle,
    problems: Vec<String>,
}

impl Check<'_> {
    fn problem(&mut self, path: &str, text: impl std::fmt::Display) {
        let path = if path.is_empty() { "(whole)" } else { path };
        self.problems.push(format!("{path}: {text}"));
    }

    fn value(&mut self, schema: &Value, value: &Value, path: &str) {
        let bundle = self.bundle;
        let schema = match schema["$ref"].as_u64() {
            Some(number) => &bundle.shared[usize::try_from(number).expect("small")],
            None => schema,
        };
        if value.is_null() {
            // The API server drops a null only where a default stands in for it; an emitter has no reason to write one.
            if schema["nullable"] != true {
                self.problem(path, "null");
            }
            return;
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            self.problem(path, format_args!("{value} is none of {}", Value::Array(allowed.clone())));
        }
        let int_or_string = schema["x-kubernetes-int-or-string"] == true;
        let expected = schema["type"].as_str();
        let fits = match expected {
            _ if int_or_string => value.is_string() || is_integer(value),
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => is_integer(value),
            Some("number") => value.is_number(),
            Some(other) => panic!("type {other} in a schema"),
            None => true,
        };
        if !fits {
            let expected = if int_or_string { "integer or string" } else { expected.unwrap_or_default() };
            self.problem(path, format_args!("{value} is no {expected}"));
            return;
        }
        match value {
            Value::Object(map) => self.object(schema, map, path),
            Value::Array(list) => self.array(schema, list, path),
            Value::String(text) => self.text(schema, text, path),
            Value::Number(_) => self.number(schema, value, path),
            _ => {}
        }
    }

    fn object(&mut self, schema: &Value, map: &Map<String, Value>, path: &str) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(name) {
                self.problem(path, format_args!("`{name}` is missing"));
            }
        }
        let properties = schema["properties"].as_object();
        // An object without any description of its fields is `metadata`, which has a check of its own.
        let open = schema["x-kubernetes-preserve-unknown-fields"] == true
            || schema["additionalProperties"] == true
            || (properties.is_none() && schema.get("additionalProperties").is_none() && path == "metadata");
        for (key, value) in map {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            if let Some(part) = properties.and_then(|p| p.get(key)) {
                self.value(part, value, &path);
            } else if schema["additionalProperties"].is_object() {
                self.value(&schema["additionalProperties"], value, &path);
            } else if !open {
                self.problem(&path, "unknown field");
            }
        }
        if schema["x-kubernetes-embedded-resource"] == true {
            for name in ["apiVersion", "kind", "metadata"] {
                if !map.contains_key(name) {
                    self.problem(path, format_args!("`{name}` is missing"));
                }
            }
        }
    }

    fn array(&mut self, schema: &Value, list: &[Value], path: &str) {
        self.bounds(schema, ["minItems", "maxItems"], list.len(), path, "items");
        for (index, value) in list.iter().enumerate() {
            self.value(&schema["items"], value, &format!("{path}[{index}]"));
        }
        let keys: Vec<&str> = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let unique = match schema["x-kubernetes-list-type"].as_str() {
            Some("set") => true,
            Some("map") => !keys.is_empty(),
            _ => false,
        };
        if unique {
            let identity =
                |value: &Value| if keys.is_empty() { value.clone() } else { keys.iter().map(|key| value[*key].clone()).collect() };
            for (index, value) in list.iter().enumerate() {
                if list[..index].iter().any(|earlier| identity(earlier) == identity(value)) {
                    self.problem(path, format_args!("{} occurs twice", identity(value)));
                }
            }
        }
    }

    fn text(&mut self, schema: &Value, text: &str, path: &str) {
        self.bounds(schema, ["minLength", "maxLength"], text.chars().count(), path, "characters");
        if let Some(pattern) = schema["pattern"].as_str()
            && !self.schemas.patterns[pattern].is_match(text)
        {
            self.problem(path, format_args!("{text:?} does not match {pattern}"));
        }
    }

    fn number(&mut self, schema: &Value, value: &Value, path: &str) {
        let number = value.as_f64().unwrap_or(f64::NAN);
        let (low, high) = match schema["format"].as_str() {
            Some("int32") => (f64::from(i32::MIN), f64::from(i32::MAX)),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let low = schema["minimum"].as_f64().map_or(low, |own| own.max(low));
        let high = schema["maximum"].as_f64().map_or(high, |own| own.min(high));
        if !(low..=high).contains(&number) {
            self.problem(path, format_args!("{value} is not in {low}..{high}"));
        }
    }

    fn bounds(&mut self, schema: &Value, [low, high]: [&str; 2], size: usize, path: &str, unit: &str) {
        let size = size as u64;
        if schema[low].as_u64().is_some_and(|low| size < low) || schema[high].as_u64().is_some_and(|high| size > high) {
            self.problem(path, format_args!("{size} {unit}, outside {low} or {high}"));
        }
    }
}

/// `1.0` is refused, as the API server's decoder does for an integer field.
fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64()
}
