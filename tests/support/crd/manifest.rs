//! Manifests as a reader that is not ours sees them: `serde_yaml_ng` stands on libyaml, as `PyYAML` does and, in Go, the reader of
//! kubectl and of Argo CD.
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Number, Value};

/// The documents of a YAML text.
///
/// # Errors
/// What the reader says; and keys that are no texts, tags, and numbers that JSON does not know.
pub fn documents(text: &str) -> Result<Vec<Value>, String> {
    serde_yaml_ng::Deserializer::from_str(text)
        .map(|document| {
            // Read as YAML first: it refuses duplicate keys, which a read as JSON would drop.
            serde_yaml_ng::Value::deserialize(document).map_err(|e| e.to_string()).and_then(json)
        })
        .collect()
}

fn json(yaml: serde_yaml_ng::Value) -> Result<Value, String> {
    use serde_yaml_ng::Value as Yaml;
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::String(text) => Value::String(text),
        Yaml::Number(number) => {
            let whole = number.as_i64().map(Number::from).or_else(|| number.as_u64().map(Number::from));
            let number =
                whole.or_else(|| number.as_f64().and_then(Number::from_f64)).ok_or_else(|| format!("{number} is no JSON number"))?;
            Value::Number(number)
        }
        Yaml::Sequence(list) => Value::Array(list.into_iter().map(json).collect::<Result<_, _>>()?),
        Yaml::Mapping(map) => {
            let mut out = Map::new();
            for (key, value) in map {
                let Yaml::String(key) = key else { return Err(format!("the key {key:?} is no text")) };
                out.insert(key, json(value)?);
            }
            Value::Object(out)
        }
        Yaml::Tagged(tagged) => return Err(format!("the tag {}", tagged.tag)),
    })
}

/// The manifests inside the `resource` templates of a workflow: (template's name, manifest).
///
/// Argo fills template tags in before it reads the manifest. Here the workflow's name becomes the longest that Argo generates
/// for the template, that of a schedule's run, an argument from the
/// input a JSON text, every other tag `1`, which is a number where the tag stands without quotes and a text where it stands in quotes.
///
/// # Errors
/// When a manifest is no YAML of one document.
pub fn resource_manifests(workflow: &Value) -> Result<Vec<(String, Value)>, String> {
    let run = format!("{}-1794000000", workflow["metadata"]["name"].as_str().unwrap_or_default());
    let tag = Regex::new(r"(?s)\{\{.*?\}\}").expect("compiles");
    let templates = workflow.pointer("/spec/templates").or_else(|| workflow.pointer("/spec/workflowSpec/templates"));
    let mut out = Vec::new();
    for template in templates.and_then(Value::as_array).into_iter().flatten() {
        let Some(manifest) = template.pointer("/resource/manifest").and_then(Value::as_str) else { continue };
        let name = template["name"].as_str().unwrap_or_default().to_owned();
        let filled = manifest.replace("{{workflow.name}}", &run);
        // A step passes a part of the execution's input as JSON text of a string.
        let filled = filled.lines().map(|line| {
            let json = line.trim_start();
            if json.starts_with("- {{inputs.") || json.starts_with("value: {{=") {
                tag.replace_all(line, "\"1\"").into_owned()
            } else {
                line.to_owned()
            }
        });
        let filled = filled.collect::<Vec<_>>().join("\n");
        let filled = tag.replace_all(&filled, "1");
        let mut read = documents(&filled).map_err(|e| format!("template {name}: {e}"))?;
        match (read.pop(), read.is_empty()) {
            (Some(document), true) => out.push((name, document)),
            _ => return Err(format!("template {name}: not one document")),
        }
    }
    Ok(out)
}

/// What argo lint asks of a workflow's templates beyond the schema: names that occur once, and no step or entrypoint that names
/// none of them.
pub fn loose_ends(workflow: &Value) -> Vec<String> {
    let Some(templates) = workflow.pointer("/spec/templates").and_then(Value::as_array) else { return Vec::new() };
    let names: Vec<&str> = templates.iter().filter_map(|t| t["name"].as_str()).collect();
    let mut problems = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            problems.push(format!("two templates are named {name}"));
        }
    }
    let steps =
        templates.iter().flat_map(|t| t["steps"].as_array().into_iter().flatten()).flat_map(|group| group.as_array().into_iter().flatten());
    let called = steps.filter(|step| step.get("templateRef").is_none()).map(|step| step["template"].as_str().unwrap_or_default());
    for name in called.chain([workflow["spec"]["entrypoint"].as_str().unwrap_or_default()]) {
        // A name that is computed: each that it may be, behind the first `?`.
        if let Some((_, either)) = name.strip_prefix("{{=").and_then(|expression| expression.split_once(" ? ")) {
            for one in either.split('"').skip(1).step_by(2).filter(|one| !names.contains(one)) {
                problems.push(format!("no template is named {one:?}"));
            }
            continue;
        }
        if !names.contains(&name) {
            problems.push(format!("no template is named {name:?}"));
        }
    }
    for template in templates {
        let own: Vec<&Value> =
            template["steps"].as_array().into_iter().flatten().flat_map(|g| g.as_array().into_iter().flatten()).collect();
        for (index, step) in own.iter().enumerate() {
            if own[..index].iter().any(|earlier| earlier["name"] == step["name"]) {
                problems.push(format!("two steps of {} are named {}", template["name"], step["name"]));
            }
        }
    }
    problems
}
