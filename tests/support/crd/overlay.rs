//! As much of kustomize as the output needs: resources, a namespace, labels, JSON patches. `tests/cluster` runs kustomize itself.
use super::manifest::documents;
use serde_json::Value;
use std::collections::BTreeMap;

/// The objects of the kustomization in a folder of the output; `files` are all files, by path with `/`.
///
/// # Errors
/// A file that is not there or cannot be read, a patch without a target or a place.
pub fn build(files: &BTreeMap<String, String>, folder: &str) -> Result<Vec<Value>, String> {
    build_at(files, folder, 8)
}

fn build_at(files: &BTreeMap<String, String>, folder: &str, depth: u8) -> Result<Vec<Value>, String> {
    let Some(depth) = depth.checked_sub(1) else { return Err(format!("{folder}: too deep")) };
    let path = format!("{folder}/kustomization.yaml");
    let kustomization = documents(files.get(&path).ok_or_else(|| format!("{path}: not there"))?)?.remove(0);
    let list = |key: &str| kustomization[key].as_array().cloned().unwrap_or_default();
    let mut objects = Vec::new();
    for resource in list("resources") {
        let target = join(folder, resource.as_str().unwrap_or_default());
        match files.get(&target) {
            Some(text) => objects.extend(documents(text).map_err(|e| format!("{target}: {e}"))?),
            None => objects.extend(build_at(files, &target, depth)?),
        }
    }
    for patch in list("patches") {
        let of_target = |object: &Value| object["kind"] == patch["target"]["kind"] && object["metadata"]["name"] == patch["target"]["name"];
        let mut hit = objects.iter_mut().filter(|o| of_target(o));
        let (Some(object), None) = (hit.next(), hit.next()) else { return Err(format!("{path}: a patch has not one target: {patch}")) };
        let operations = documents(patch["patch"].as_str().unwrap_or_default())?.remove(0);
        for operation in operations.as_array().ok_or("a patch is a list")? {
            let at = operation["path"].as_str().unwrap_or_default();
            let fields = operation.as_object().map(|o| o.keys().map(String::as_str).collect::<Vec<_>>());
            if operation["op"] != "replace" || fields.as_deref() != Some(&["op", "path", "value"]) {
                return Err(format!("{path}: {operation}"));
            }
            *object.pointer_mut(at).ok_or_else(|| format!("{path}: nothing at {at}"))? = operation["value"].clone();
        }
    }
    for object in &mut objects {
        if let Some(namespace) = kustomization["namespace"].as_str() {
            object["metadata"]["namespace"] = namespace.into();
        }
        for pairs in list("labels").iter().filter_map(|l| l["pairs"].as_object()) {
            for (key, value) in pairs {
                object["metadata"]["labels"][key] = value.clone();
            }
        }
    }
    Ok(objects)
}

/// A relative path from a folder, `..` resolved.
fn join(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in relative.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." | "" => {}
            other => parts.push(other),
        }
    }
    parts.join("/")
}
