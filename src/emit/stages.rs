//! One base and its overlays from the manifests of each stage.
//!
//! Emitters write a stage at a time and know nothing of the others. Here the results are laid side by side: what is equal in
//! all stages is the base; a scalar that differs is patched by the overlay, or, inside the manifest of a `resource`
//! template, which no patch can reach, becomes a parameter of the WorkflowTemplate whose value the overlay patches.
use super::yaml::{Field, Node, Writer, Yaml};
use crate::source::rules::emit::EMI108;
use crate::source::span::Origins;

/// A patch of one value: a JSON pointer and the value for a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    pub path: String,
    pub value: Node,
}

/// What the stages share, and what each changes.
///
/// # Errors
/// The stages themselves when their shapes differ, so that no patch says it plainly.
pub fn merge(mut stages: Vec<Node>) -> Result<(Node, Vec<Vec<Patch>>), Vec<Node>> {
    if stages.len() == 1
        && let Some(only) = stages.pop()
    {
        return Ok((only, vec![Vec::new()]));
    }
    merged(&stages).ok_or(stages)
}

fn merged(stages: &[Node]) -> Option<(Node, Vec<Vec<Patch>>)> {
    let (first, rest) = stages.split_first()?;
    let mut merger = Merger { patches: vec![Vec::new(); stages.len()], parameters: Vec::new() };
    let rest: Vec<&Node> = rest.iter().collect();
    let mut base = merger.node(first, &rest, &mut Vec::new(), None)?;
    let parameters = std::mem::take(&mut merger.parameters);
    if !parameters.is_empty() {
        let offset = declare(&mut base, &parameters)?;
        for (index, parameter) in parameters.into_iter().enumerate() {
            for (stage, value) in parameter.values.into_iter().enumerate() {
                let path = format!("/spec/arguments/parameters/{}/value", offset + index);
                merger.patches[stage].push(Patch { path, value });
            }
        }
    }
    Some((base, merger.patches))
}

/// A value inside a manifest that differs between stages.
struct Parameter {
    name: String,
    values: Vec<Node>,
}

struct Merger {
    patches: Vec<Vec<Patch>>,
    parameters: Vec<Parameter>,
}

impl Merger {
    /// `template`: the name of the template whose manifest this is part of, when it is.
    fn node(&mut self, first: &Node, rest: &[&Node], path: &mut Vec<String>, template: Option<&str>) -> Option<Node> {
        let mut merged = first.clone();
        for other in rest {
            merged.origins.extend(&other.origins);
        }
        merged.yaml = match &first.yaml {
            Yaml::Map(fields) => {
                let others: Option<Vec<&Vec<Field>>> =
                    rest.iter().map(|n| if let Yaml::Map(f) = &n.yaml { Some(f) } else { None }).collect();
                let others = others?;
                if others.iter().any(|o| o.len() != fields.len() || o.iter().zip(fields).any(|(a, b)| a.key != b.key)) {
                    return None;
                }
                let mut out = Vec::with_capacity(fields.len());
                for (i, field) in fields.iter().enumerate() {
                    let values: Vec<&Node> = others.iter().map(|o| &o[i].value).collect();
                    path.push(field.key.replace('~', "~0").replace('/', "~1"));
                    let value = self.node(&field.value, &values, path, template)?;
                    path.pop();
                    out.push(Field { key: field.key.clone(), value });
                }
                Yaml::Map(out)
            }
            Yaml::List(items) => {
                let others: Option<Vec<&Vec<Node>>> =
                    rest.iter().map(|n| if let Yaml::List(l) = &n.yaml { Some(l) } else { None }).collect();
                let others = others?;
                if others.iter().any(|o| o.len() != items.len()) {
                    return None;
                }
                let mut out = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    let values: Vec<&Node> = others.iter().map(|o| &o[i]).collect();
                    let name = template_name(item).map(str::to_owned);
                    path.push(i.to_string());
                    let value = self.node(item, &values, path, name.as_deref().or(template))?;
                    path.pop();
                    out.push(value);
                }
                Yaml::List(out)
            }
            Yaml::Flow(inner) => {
                let whole = Node { yaml: (**inner).clone(), ..first.clone() };
                let others: Option<Vec<Node>> = rest
                    .iter()
                    .map(|n| if let Yaml::Flow(i) = &n.yaml { Some(Node { yaml: (**i).clone(), ..(*n).clone() }) } else { None })
                    .collect();
                let others = others?;
                Yaml::Flow(Box::new(self.node(&whole, &others.iter().collect::<Vec<_>>(), path, template)?.yaml))
            }
            Yaml::Block(inner) => {
                let whole = Node { yaml: (**inner).clone(), ..first.clone() };
                let others: Option<Vec<Node>> = rest
                    .iter()
                    .map(|n| if let Yaml::Block(i) = &n.yaml { Some(Node { yaml: (**i).clone(), ..(*n).clone() }) } else { None })
                    .collect();
                let others = others?;
                let start = path.len();
                path.push("\0manifest".to_owned());
                let merged = self.node(&whole, &others.iter().collect::<Vec<_>>(), path, template)?;
                path.truncate(start);
                Yaml::Block(Box::new(merged.yaml))
            }
            scalar => {
                if rest.iter().all(|n| n.yaml == *scalar) {
                    scalar.clone()
                } else if let Some(at) = path.iter().position(|p| p == "\0manifest") {
                    let inside = path[at + 1..].to_vec();
                    self.parameter(first, rest, &inside, template?)
                } else {
                    // The base holds the first stage's value, and every overlay says its own.
                    for (stage, value) in std::iter::once(first).chain(rest.iter().copied()).enumerate() {
                        let mut value = value.clone();
                        value.comment = None;
                        self.patches[stage].push(Patch { path: format!("/{}", path.join("/")), value });
                    }
                    scalar.clone()
                }
            }
        };
        Some(merged)
    }

    /// A parameter in place of a value inside a manifest. Texts are in quotes there, numbers are not.
    fn parameter(&mut self, first: &Node, rest: &[&Node], path: &[String], template: &str) -> Yaml {
        let values: Vec<Node> = std::iter::once(first)
            .chain(rest.iter().copied())
            .map(|node| {
                let text = match &node.yaml {
                    Yaml::Int(value) => value.to_string(),
                    Yaml::Bool(value) => value.to_string(),
                    Yaml::Text(text) | Yaml::Raw(text) | Yaml::Tagged(text) => text.clone(),
                    _ => String::new(),
                };
                Node { yaml: Yaml::Text(text), origins: node.origins.clone(), rule: &EMI108, comment: None, spaced: false }
            })
            .collect();
        let field: Vec<&str> = path.iter().map(String::as_str).filter(|p| !matches!(*p, "spec" | "metadata")).collect();
        let wanted = crate::pass::naming::label(&format!("{template}-{}", field.join("-")), 63);
        let same = |p: &&Parameter| {
            p.values.iter().zip(&values).all(|(a, b)| a.yaml == b.yaml) && p.name.rsplit('-').next() == wanted.rsplit('-').next()
        };
        let name = match self.parameters.iter().find(same) {
            Some(known) => known.name.clone(),
            None => {
                let mut name = wanted.clone();
                let mut number = 1;
                while self.parameters.iter().any(|p| p.name == name) {
                    number += 1;
                    name = format!("{wanted}-{number}");
                }
                self.parameters.push(Parameter { name: name.clone(), values });
                name
            }
        };
        let numeric = matches!(first.yaml, Yaml::Int(_) | Yaml::Bool(_));
        let plain = |p: &Parameter| p.values.iter().all(|v| matches!(&v.yaml, Yaml::Text(t) if !t.contains(['"', '\\', '\n', '{'])));
        let is_plain = self.parameters.iter().find(|p| p.name == name).is_some_and(plain);
        if numeric || !is_plain {
            // Not quoted: a number as it is, a difficult text as the JSON text that YAML reads too.
            Yaml::Raw(if numeric {
                format!("{{{{workflow.parameters.{name}}}}}")
            } else {
                format!("{{{{=toJson(workflow.parameters[\"{name}\"])}}}}")
            })
        } else {
            Yaml::Tagged(format!("{{{{workflow.parameters.{name}}}}}"))
        }
    }
}

/// The name of a template in the list of a WorkflowTemplate.
fn template_name(item: &Node) -> Option<&str> {
    item.get("resource")?;
    item.get("name")?.as_text()
}

/// Declares parameters in `spec.arguments.parameters`; returns the index of the first.
fn declare(base: &mut Node, parameters: &[Parameter]) -> Option<usize> {
    let w = Writer(&EMI108);
    let entries: Vec<Node> = parameters
        .iter()
        .map(|p| {
            let origins: Origins = p.values.iter().flat_map(|v| v.origins.iter().collect::<Vec<_>>()).collect();
            let first = p.values.first().map_or(Yaml::Text(String::new()), |v| v.yaml.clone());
            w.map().text("name", p.name.clone()).field("value", Node::new(&EMI108, first).from(&origins)).build()
        })
        .collect();
    let Yaml::Map(fields) = &mut base.yaml else { return None };
    let spec = fields.iter_mut().find(|f| f.key == "spec")?;
    let Yaml::Map(spec) = &mut spec.value.yaml else { return None };
    if let Some(arguments) = spec.iter_mut().find(|f| f.key == "arguments") {
        let Yaml::Map(arguments) = &mut arguments.value.yaml else { return None };
        let Yaml::List(list) = &mut arguments.iter_mut().find(|f| f.key == "parameters")?.value.yaml else { return None };
        let offset = list.len();
        list.extend(entries);
        return Some(offset);
    }
    let arguments = w.map().field("parameters", w.list(entries)).build();
    let at = spec.iter().position(|f| f.key == "templates").unwrap_or(spec.len());
    spec.insert(at, Field { key: "arguments".into(), value: arguments });
    Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::rules::emit::EMI001;

    const W: Writer = Writer(&EMI001);

    fn template(memory: &str, instances: i64, schedule: &str) -> Node {
        let manifest = W
            .map()
            .field("spec", W.map().field("driver", W.map().text("memory", memory).field("instances", W.int(instances)).build()).build())
            .build();
        let job = W.map().text("name", "job").field("resource", W.map().field("manifest", W.block(manifest)).build()).build();
        W.map().field("spec", W.map().text("schedule", schedule).field("templates", W.list(vec![job])).build()).build()
    }

    fn shown(node: &Node) -> String {
        super::super::yaml::write(&[], &EMI001, std::slice::from_ref(node)).text()
    }

    #[test]
    fn equal_stages_need_no_patch() {
        let (base, patches) = merge(vec![template("1g", 1, "x"), template("1g", 1, "x")]).unwrap();
        assert_eq!(base, template("1g", 1, "x"));
        assert!(patches.iter().all(Vec::is_empty));
    }

    #[test]
    fn differences_become_parameters_and_patches() {
        let (base, patches) = merge(vec![template("1g", 1, "x"), template("2g", 4, "y")]).unwrap();
        let text = shown(&base);
        assert!(text.contains("memory: \"{{workflow.parameters.job-driver-memory}}\""), "{text}");
        assert!(text.contains("instances: {{workflow.parameters.job-driver-instances}}\n"), "{text}");
        let seen: Vec<(String, String)> = patches[1].iter().map(|p| (p.path.clone(), shown(&p.value).trim().to_owned())).collect();
        assert_eq!(
            seen,
            [
                ("/spec/schedule".to_owned(), "\"y\"".to_owned()),
                ("/spec/arguments/parameters/0/value".to_owned(), "2g".to_owned()),
                ("/spec/arguments/parameters/1/value".to_owned(), "\"4\"".to_owned()),
            ]
        );
        assert_eq!(patches[0].len(), 3);
    }

    #[test]
    fn other_shapes_do_not_merge() {
        let other = W.map().field("spec", W.map().text("schedule", "x").build()).build();
        assert!(merge(vec![template("1g", 1, "x"), other]).is_err());
    }
}
