//! ServiceAccounts, Roles and `RoleBindings` of a pipeline.
use super::yaml::{Node, Writer};
use crate::ir::plan::Pipeline;
use crate::source::rules::emit::EMI103;

const W: Writer = Writer(&EMI103);

/// Everything that a pipeline's identities need in any of its stages: the workflow's, and the driver's when there are Spark jobs. `role`: the AWS
/// role that pods take, where the user gave it. `starts`: whether it starts another pipeline in its own namespace.
#[must_use]
pub fn manifests(stages: &[&Pipeline], starts: bool, role: Option<&str>) -> Vec<Node> {
    let Some(pipeline) = stages.first() else { return Vec::new() };
    let name = pipeline.name.value.as_str();
    let driver = format!("{name}-spark");
    let has_jobs = stages.iter().any(|p| !p.jobs.is_empty());
    let has_calls = stages.iter().any(|p| p.calls_aws());
    let mut out = vec![account(name, role.filter(|_| has_calls))];
    let mut rules = vec![rule("argoproj.io", &["workflowtaskresults"], &["create", "patch"])];
    if starts {
        rules.push(rule("argoproj.io", &["workflows"], &["create", "get"]));
    }
    if has_jobs {
        out.push(account(&driver, role));
        rules.push(rule("sparkoperator.k8s.io", &["sparkapplications"], &["create", "get"]));
    }
    out.push(self::role(name, rules));
    if has_jobs {
        let resources = ["pods", "services", "configmaps", "persistentvolumeclaims"];
        out.push(self::role(
            &driver,
            vec![rule("", &resources, &["create", "get", "list", "watch", "patch", "delete", "deletecollection"])],
        ));
    }
    out.push(binding(name));
    if has_jobs {
        out.push(binding(&driver));
    }
    out.into_iter().map(|node| node.from(&pipeline.name.origins)).collect()
}

/// What lets other pipelines, by name and namespace, start this one in its namespace.
#[must_use]
pub fn callers(name: &str, others: &[(&str, String)]) -> Vec<Node> {
    let role = format!("{name}-callers");
    let subjects = others.iter().map(|(caller, namespace)| {
        W.flow(W.map().text("kind", "ServiceAccount").text("name", *caller).text("namespace", namespace.clone()).build())
    });
    let binding = W
        .map()
        .text("apiVersion", "rbac.authorization.k8s.io/v1")
        .text("kind", "RoleBinding")
        .field("metadata", W.map().text("name", role.clone()).build())
        .field(
            "roleRef",
            W.flow(W.map().text("apiGroup", "rbac.authorization.k8s.io").text("kind", "Role").text("name", role.clone()).build()),
        )
        .field("subjects", W.list(subjects.collect()))
        .build();
    vec![self::role(&role, vec![rule("argoproj.io", &["workflows"], &["create", "get"])]), binding]
}

fn account(name: &str, role: Option<&str>) -> Node {
    let metadata = W.map().text("name", name);
    let metadata = match role {
        Some(role) => metadata.field("annotations", W.map().text("eks.amazonaws.com/role-arn", role).build()),
        None => metadata,
    };
    W.map().text("apiVersion", "v1").text("kind", "ServiceAccount").field("metadata", metadata.build()).build()
}

fn list(words: &[&str]) -> Node {
    W.flow(W.list(words.iter().map(|word| W.text(*word)).collect()))
}

fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> Node {
    W.map().field("apiGroups", list(&[group])).field("resources", list(resources)).field("verbs", list(verbs)).build()
}

fn role(name: &str, rules: Vec<Node>) -> Node {
    W.map()
        .text("apiVersion", "rbac.authorization.k8s.io/v1")
        .text("kind", "Role")
        .field("metadata", W.map().text("name", name).build())
        .field("rules", W.list(rules))
        .build()
}

fn binding(name: &str) -> Node {
    let role = W.map().text("apiGroup", "rbac.authorization.k8s.io").text("kind", "Role").text("name", name).build();
    let subject = W.flow(W.map().text("kind", "ServiceAccount").text("name", name).build());
    W.map()
        .text("apiVersion", "rbac.authorization.k8s.io/v1")
        .text("kind", "RoleBinding")
        .field("metadata", W.map().text("name", name).build())
        .field("roleRef", W.flow(role))
        .field("subjects", W.list(vec![subject]))
        .build()
}
