//! Argo CD (argoproj.io/v1alpha1): `AppProject`, one Application for each pipeline and stage, and the Application of them.
use super::yaml::{Node, Writer};
use crate::config::Config;
use crate::source::rules::emit::{EMI105, EMI109};

const W: Writer = Writer(&EMI105);
/// Name of the project and of the Application of Applications.
pub const PROJECT: &str = "data-pipelines";
/// Argo CD's own namespace (Argo CD, "Getting Started").
const NAMESPACE: &str = "argocd";
const SERVER: &str = "https://kubernetes.default.svc";

/// A pipeline on a stage.
#[derive(Clone, Debug)]
pub struct Place {
    /// Name of the Application: unique.
    pub application: String,
    pub pipeline: String,
    pub stage: String,
    pub namespace: String,
    /// Kinds that its manifests hold: group and kind.
    pub crons: bool,
}

fn repository(config: &Config) -> Node {
    match &config.gitops.repository {
        Some(url) => W.text(url.clone()),
        None => Writer(&EMI109).text("https://git.invalid/gitops.git").comment("answer gitops.repository in emr2k8s.yaml"),
    }
}

fn source(config: &Config, path: &str) -> Node {
    let path = match config.gitops.path.as_deref().map(|p| p.trim_matches('/')) {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}/{path}"),
        _ => path.to_owned(),
    };
    W.map()
        .field("repoURL", repository(config))
        .text("targetRevision", config.gitops.revision.as_deref().unwrap_or("HEAD"))
        .text("path", path)
        .build()
}

fn metadata(name: &str) -> Node {
    W.map().text("name", name).text("namespace", NAMESPACE).build()
}

fn application(name: &str, project: &str, source: Node, namespace: &str, options: &[&str]) -> Node {
    let automated = W.flow(W.map().field("prune", W.bool(true)).field("selfHeal", W.bool(true)).build());
    let options = W.flow(W.list(options.iter().map(|o| W.text(*o)).collect()));
    W.map()
        .text("apiVersion", "argoproj.io/v1alpha1")
        .text("kind", "Application")
        .field("metadata", metadata(name))
        .field(
            "spec",
            W.map()
                .text("project", project)
                .field("source", source)
                .field("destination", W.map().text("server", SERVER).text("namespace", namespace).build())
                .field("syncPolicy", W.map().field("automated", automated).field("syncOptions", options).build())
                .build(),
        )
        .build()
}

/// The Application of Applications: everything in `apps/`.
#[must_use]
pub fn app_of_apps(config: &Config) -> Node {
    application(PROJECT, "default", source(config, "apps"), NAMESPACE, &["ServerSideApply=true"])
}

/// The Application of a pipeline on a stage.
#[must_use]
pub fn pipeline(config: &Config, place: &Place) -> Node {
    let path = format!("pipelines/{}/overlays/{}", place.pipeline, place.stage);
    application(&place.application, PROJECT, source(config, &path), &place.namespace, &["CreateNamespace=true", "ServerSideApply=true"])
}

/// The project: what may be deployed, from where, to where, and nothing else.
#[must_use]
pub fn project(config: &Config, places: &[Place]) -> Node {
    let mut namespaces: Vec<&str> = places.iter().map(|p| p.namespace.as_str()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    let destinations = namespaces.into_iter().map(|n| W.flow(W.map().text("server", SERVER).text("namespace", n).build())).collect();
    let kind = |group: &str, kind: &str| W.flow(W.map().text("group", group).text("kind", kind).build());
    let mut kinds = vec![kind("argoproj.io", "WorkflowTemplate")];
    if places.iter().any(|p| p.crons) {
        kinds.push(kind("argoproj.io", "CronWorkflow"));
    }
    kinds.extend([kind("", "ServiceAccount"), kind("rbac.authorization.k8s.io", "Role"), kind("rbac.authorization.k8s.io", "RoleBinding")]);
    W.map()
        .text("apiVersion", "argoproj.io/v1alpha1")
        .text("kind", "AppProject")
        .field("metadata", metadata(PROJECT))
        .field(
            "spec",
            W.map()
                .field("sourceRepos", W.list(vec![repository(config)]))
                .field("destinations", W.list(destinations))
                .field("clusterResourceWhitelist", W.list(vec![kind("", "Namespace").comment("CreateNamespace=true")]))
                .field("namespaceResourceWhitelist", W.list(kinds))
                .build(),
        )
        .build()
}
