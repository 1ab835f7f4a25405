//! A WorkflowTemplate with more templates than Argo's definition of one takes, as several.
//!
//! Run on the controller: a template that is called by reference sees the parameters of the workflow that it runs in, and finds the templates of its own
//! WorkflowTemplate by their names, also where the name is an expression. So the parts need neither arguments nor an entrypoint.
//!
//! The Workflow keeps the WorkflowTemplate that it was made from (`status.storedWorkflowTemplateSpec`), and besides every template that it has called
//! (`status.storedTemplates`), the first one's too. So all templates together are bounded, and what stands in the first part counts twice.
use super::yaml::{Field, Node, Writer, Yaml};
use crate::source::rules::argo::ARG115;
use std::collections::BTreeMap;

/// The largest object that etcd takes (Kubernetes and Argo, "Offloading Large Workflows").
pub const MOST_BYTES: usize = 1_048_576;

/// The most templates that Argo's definition of a WorkflowTemplate takes (`spec.templates`, `maxItems`, since 4.0; tried on the API server).
pub const MOST_TEMPLATES: usize = 200;

/// A WorkflowTemplate of those that a pipeline becomes.
#[derive(Debug)]
pub struct Part {
    pub document: Node,
    /// Where its templates stood in the whole.
    pub templates: Vec<usize>,
}

/// The bytes of templates that a Workflow holds when all have run, or at least a little less, if they are more than a cluster takes.
#[must_use]
pub fn too_large(document: &Node) -> Option<usize> {
    let templates = templates(document);
    let entry = entry(document, templates).map_or(0, |entry| templates[entry].json_bytes());
    let stored = entry + templates.iter().map(Node::json_bytes).sum::<usize>();
    (stored > MOST_BYTES).then_some(stored)
}

/// The WorkflowTemplates of a pipeline, the one with the entrypoint first; `name`: what the second, third … is called, from 2 on. Whoever calls a template
/// stands before it, so that only templates of later parts are called by reference.
#[must_use]
pub fn split(mut document: Node, mut name: impl FnMut(usize) -> String) -> Vec<Part> {
    let bytes: Vec<usize> = templates(&document).iter().map(Node::json_bytes).collect();
    let total: usize = bytes.iter().sum();
    if bytes.len() <= MOST_TEMPLATES && 2 * total <= MOST_BYTES {
        return vec![Part { document, templates: (0..bytes.len()).collect() }];
    }
    let mut parts: Vec<Vec<usize>> = vec![Vec::new()];
    let mut first_bytes = 0;
    for unit in units(&document, templates(&document)) {
        let more: usize = unit.iter().map(|index| bytes[*index]).sum();
        let first = parts.len() == 1;
        let Some(part) = parts.last_mut() else { continue };
        let full = part.len() + unit.len() > MOST_TEMPLATES || (first && total + first_bytes + more > MOST_BYTES);
        if full && !part.is_empty() {
            parts.push(unit);
        } else {
            first_bytes += more;
            part.extend(unit);
        }
    }
    let Some(all) = templates_of(&mut document).map(std::mem::take) else { return vec![Part { document, templates: Vec::new() }] };
    let own = name_of(&document).unwrap_or_default().to_owned();
    let names: Vec<String> = (1..=parts.len()).map(|number| if number == 1 { own.clone() } else { name(number) }).collect();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    for (part, indexes) in parts.iter().enumerate() {
        place.extend(indexes.iter().filter_map(|index| Some((template_name(&all[*index])?.to_owned(), part))));
    }
    let mut all: Vec<Option<Node>> = all.into_iter().map(Some).collect();
    let mut out = Vec::new();
    for (part, indexes) in parts.into_iter().enumerate() {
        let mut here: Vec<Node> = indexes.iter().filter_map(|index| all[*index].take()).collect();
        for template in &mut here {
            calls_mut(template, &mut |field| {
                if let Yaml::Text(called) = &field.value.yaml
                    && let Some(there) = place.get(called).filter(|there| **there != part)
                {
                    *field = reference(&names[*there], called);
                }
            });
        }
        let w = Writer(&ARG115);
        let document = if part == 0 {
            let mut first = document.clone();
            if let Some(list) = templates_of(&mut first) {
                *list = here;
            }
            first
        } else {
            let list = w.list(here).spaced();
            w.map()
                .text("apiVersion", "argoproj.io/v1alpha1")
                .text("kind", "WorkflowTemplate")
                .field("metadata", w.map().text("name", &names[part]).build())
                .field("spec", w.map().field("templates", list).build())
                .build()
        };
        out.push(Part { document, templates: indexes });
    }
    out
}

fn reference(part: &str, template: &str) -> Field {
    let w = Writer(&ARG115);
    Field { key: "templateRef".into(), value: w.flow(w.map().text("name", part).text("template", template).build()) }
}

/// Templates in an order in which callers come first, those together that cannot be apart: an expression names templates of its own WorkflowTemplate.
fn units(document: &Node, templates: &[Node]) -> Vec<Vec<usize>> {
    let names: BTreeMap<&str, usize> =
        templates.iter().enumerate().filter_map(|(index, node)| Some((template_name(node)?, index))).collect();
    let calls: Vec<Calls> = templates.iter().map(|template| Calls::of(template, &names)).collect();
    // After all that it calls comes a template: that order backwards. What a template calls first is looked at last, so that it comes next.
    let mut finished = Vec::new();
    let mut seen = vec![false; templates.len()];
    for from in entry(document, templates).into_iter().chain(0..templates.len()) {
        let mut open = vec![(from, 0)];
        if std::mem::replace(&mut seen[from], true) {
            continue;
        }
        while let Some((at, done)) = open.last_mut() {
            let called = &calls[*at].all;
            if *done == called.len() {
                finished.push(*at);
                open.pop();
                continue;
            }
            let next = called[called.len() - 1 - *done];
            *done += 1;
            if !std::mem::replace(&mut seen[next], true) {
                open.push((next, 0));
            }
        }
    }
    finished.reverse();
    // What the entrypoint does not reach was finished last.
    let start = entry(document, templates).and_then(|entry| finished.iter().position(|index| *index == entry)).unwrap_or(0);
    finished.rotate_left(start);
    let mut taken = vec![false; templates.len()];
    let mut units = Vec::new();
    for index in finished {
        let together = std::iter::once(index).chain(calls[index].by_expression.iter().copied());
        let unit: Vec<usize> = together.filter(|index| !std::mem::replace(&mut taken[*index], true)).collect();
        if !unit.is_empty() {
            units.push(unit);
        }
    }
    units
}

/// What a template calls.
struct Calls {
    all: Vec<usize>,
    by_expression: Vec<usize>,
}

impl Calls {
    fn of(template: &Node, names: &BTreeMap<&str, usize>) -> Self {
        let mut of = Self { all: Vec::new(), by_expression: Vec::new() };
        calls(template, &mut |called| {
            if let Some(index) = names.get(called) {
                of.all.push(*index);
            } else if called.starts_with("{{=") {
                let named = called.split('"').filter_map(|part| names.get(part).copied());
                of.by_expression.extend(named.clone());
                of.all.extend(named);
            }
        });
        of
    }
}

fn get_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.yaml {
        Yaml::Map(fields) => fields.iter_mut().find(|field| field.key == key).map(|field| &mut field.value),
        _ => None,
    }
}

fn name_of(document: &Node) -> Option<&str> {
    document.get("metadata")?.get("name")?.as_text()
}

fn template_name(template: &Node) -> Option<&str> {
    template.get("name")?.as_text()
}

fn templates(document: &Node) -> &[Node] {
    match document.get("spec").and_then(|spec| spec.get("templates")).map(|list| &list.yaml) {
        Some(Yaml::List(items)) => items,
        _ => &[],
    }
}

fn templates_of(document: &mut Node) -> Option<&mut Vec<Node>> {
    match &mut get_mut(get_mut(document, "spec")?, "templates")?.yaml {
        Yaml::List(items) => Some(items),
        _ => None,
    }
}

fn entry(document: &Node, templates: &[Node]) -> Option<usize> {
    let entry = document.get("spec")?.get("entrypoint")?.as_text()?;
    templates.iter().position(|template| template_name(template) == Some(entry))
}

/// The texts that stand for templates in the steps of one.
fn calls<'n>(template: &'n Node, found: &mut dyn FnMut(&'n str)) {
    fn walk<'n>(yaml: &'n Yaml, found: &mut dyn FnMut(&'n str)) {
        match yaml {
            Yaml::List(items) => items.iter().for_each(|item| walk(&item.yaml, found)),
            Yaml::Flow(inner) => walk(inner, found),
            Yaml::Map(fields) => fields.iter().filter(|f| f.key == "template").filter_map(|f| f.value.as_text()).for_each(found),
            _ => {}
        }
    }
    if let Some(steps) = template.get("steps") {
        walk(&steps.yaml, found);
    }
}

/// The same fields, to be changed.
fn calls_mut(template: &mut Node, change: &mut dyn FnMut(&mut Field)) {
    fn walk(yaml: &mut Yaml, change: &mut dyn FnMut(&mut Field)) {
        match yaml {
            Yaml::List(items) => items.iter_mut().for_each(|item| walk(&mut item.yaml, change)),
            Yaml::Flow(inner) => walk(inner, change),
            Yaml::Map(fields) => fields.iter_mut().filter(|field| field.key == "template").for_each(change),
            _ => {}
        }
    }
    if let Some(steps) = get_mut(template, "steps") {
        walk(&mut steps.yaml, change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::rules::emit::EMI001;

    const W: Writer = Writer(&EMI001);

    fn steps(name: &str, called: &[&str]) -> Node {
        let groups = called.iter().map(|called| W.list(vec![W.map().text("name", "step").text("template", *called).build()])).collect();
        W.map().text("name", name).field("steps", W.list(groups)).build()
    }

    fn document(templates: Vec<Node>) -> Node {
        let spec = W.map().text("entrypoint", "main").field("templates", W.list(templates)).build();
        W.map().field("metadata", W.map().text("name", "etl").build()).field("spec", spec).build()
    }

    fn names(part: &Part) -> Vec<&str> {
        templates(&part.document).iter().filter_map(template_name).collect()
    }

    #[test]
    fn what_fits_is_one() {
        let whole = document(vec![steps("b", &[]), steps("main", &["b"])]);
        let parts = split(whole.clone(), |_| unreachable!("one part"));
        assert_eq!((parts.len(), &parts[0].document, parts[0].templates.as_slice()), (1, &whole, &[0, 1][..]));
    }

    #[test]
    fn callers_come_first_and_loops_stay_together() {
        let calls: Vec<String> = (0..250).map(|i| format!("t{i}")).collect();
        let called: Vec<&str> = calls.iter().map(String::as_str).chain(["loop"]).collect();
        // Templates of blocks stand before those that call them, as the emitter writes them.
        let mut all = vec![steps("turn", &["fail"]), steps("loop", &[r#"{{=level == "0" ? "turn" : "loop"}}"#])];
        all.extend(calls.iter().map(|name| steps(name, if name == "t249" { &["fail", "turn"][..] } else { &["fail"][..] })));
        all.push(steps("fail", &[]));
        all.insert(0, steps("main", &called));
        let parts = split(document(all), |number| format!("etl-{number}"));
        assert_eq!(parts.len(), 2);
        assert_eq!((names(&parts[0])[0], names(&parts[0]).len(), names(&parts[0])[1]), ("main", 200, "t0"));
        assert!(names(&parts[1]).windows(2).any(|pair| pair == ["loop", "turn"]), "{:?}", names(&parts[1]));
        assert_eq!(names(&parts[1]).last(), Some(&"fail"));
        let shown = |part: &Part| super::super::yaml::write(&[], &EMI001, std::slice::from_ref(&part.document)).text();
        let (first, second) = (shown(&parts[0]), shown(&parts[1]));
        assert!(first.contains("templateRef: {name: etl-2, template: fail}") && first.contains("template: t198\n"), "{first}");
        assert!(!second.contains("templateRef") && second.contains("  name: etl-2\n") && !second.contains("entrypoint"), "{second}");
        let mut indexes: Vec<usize> = parts.iter().flat_map(|part| part.templates.clone()).collect();
        indexes.sort_unstable();
        assert_eq!(indexes, (0..254).collect::<Vec<_>>());
    }

    #[test]
    fn what_the_workflow_holds_twice_is_small_where_all_is_large() {
        let long = "x".repeat(8_000);
        let all: Vec<Node> = (0..100).map(|i| W.map().text("name", format!("t{i}")).text("script", &long).build()).collect();
        let called: Vec<String> = (0..100).map(|i| format!("t{i}")).collect();
        let called: Vec<&str> = called.iter().map(String::as_str).collect();
        let whole = document(std::iter::once(steps("main", &called)).chain(all).collect());
        assert_eq!(too_large(&whole), None);
        let parts = split(whole, |number| format!("etl-{number}"));
        let bytes = |part: &Part| templates(&part.document).iter().map(Node::json_bytes).sum::<usize>();
        assert!(parts.len() == 2 && 2 * bytes(&parts[0]) + bytes(&parts[1]) <= MOST_BYTES, "{}", bytes(&parts[0]));
        let one = W.map().text("name", "main").text("script", "x".repeat(600_000)).build();
        assert!(too_large(&document(vec![one])).is_some_and(|bytes| bytes > 1_200_000));
    }
}
