//! The GitOps repository as a whole: which file holds what.
use super::argo_cd::{self, Place};
use super::argo_workflows::{self, Settings};
use super::stages::{self, Patch};
use super::tree::{OutFile, Tree};
use super::yaml::{self, Node};
use super::{control, docker, kustomize, rbac, readme, split};
use crate::config::Config;
use crate::ir::plan::{Pipeline, Plan};
use crate::pass::naming::Names;
use crate::source::rules::argo::{ARG101, ARG111};
use crate::source::rules::emit::{EMI103, EMI104, EMI105};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Where images are found when nobody said: nowhere.
pub const NO_REGISTRY: &str = "registry.invalid";

/// The plan of a stage, and those WorkflowTemplates of its pipelines that are made already, by the pipelines' names: whether a machine that carries data
/// can be a workflow is known only when it is one.
#[derive(Debug, Default)]
pub struct Planned {
    pub plan: Plan,
    pub workflows: BTreeMap<String, Node>,
}

/// Everything that is written, from the plans of all stages; a pipeline has the same name in each. `notes`: what the README
/// says about the run.
#[must_use]
pub fn emit(stages: &[Planned], config: &Config, notes: &readme::Notes) -> Tree {
    let mut tree = Tree::default();
    let all = union(stages.iter().map(|stage| &stage.plan));
    if all.pipelines.is_empty() {
        return tree;
    }
    let names: Vec<&str> = all.pipelines.iter().map(|p| p.name.value.as_str()).collect();
    let by_name: Vec<BTreeMap<&str, &Pipeline>> =
        stages.iter().map(|stage| stage.plan.pipelines.iter().map(|p| (p.name.value.as_str(), p)).collect()).collect();
    let callers: Vec<BTreeMap<&str, Vec<&str>>> = stages.iter().map(|stage| callers(&stage.plan)).collect();
    let parts: Vec<Part> = names
        .par_iter()
        .map(|name| {
            let here =
                stages.iter().zip(&by_name).zip(&callers).filter_map(|((stage, of), callers)| Some((stage, *of.get(name)?, callers)));
            let templates = here.clone().map(|(stage, p, _)| template(stage, p, config)).collect();
            let callers: Vec<&[&str]> = here.clone().map(|(_, _, callers)| callers.get(name).map_or(&[][..], Vec::as_slice)).collect();
            let here: Vec<(&Plan, &Pipeline)> = here.map(|(stage, p, _)| (&stage.plan, p)).collect();
            let taken = |name: &str| names.contains(&name);
            pipeline(&here, &callers, templates, &taken, config)
        })
        .collect();
    let mut places = Vec::new();
    for (files, here) in parts {
        places.extend(here);
        for (path, file) in files {
            add(&mut tree, path, file);
        }
    }
    let mut applications = Names::default();
    for taken in ["project", "app-of-apps", argo_cd::PROJECT] {
        applications.unique(taken);
    }
    for place in &mut places {
        place.application = applications.unique(&format!("{}-{}", place.pipeline, place.stage));
        let path = format!("apps/{}.yaml", place.application);
        add(&mut tree, path, yaml::write(&[], &EMI105, &[argo_cd::pipeline(config, place)]));
    }
    add(&mut tree, "apps/project.yaml".to_owned(), yaml::write(&[], &EMI105, &[argo_cd::project(config, &places)]));
    let head = vec!["Apply this one by hand, once: Argo CD then keeps everything in apps/ in sync, this file too.".to_owned()];
    add(&mut tree, "apps/app-of-apps.yaml".to_owned(), yaml::write(&head, &EMI105, &[argo_cd::app_of_apps(config)]));
    for image in &all.images {
        add(&mut tree, format!("images/{}/Dockerfile", image.name), docker::dockerfile(image));
    }
    let readme = readme::readme(&all, &places, config, notes);
    add(&mut tree, "README.md".to_owned(), readme);
    tree
}

/// Everything of all stages, each once, in the order of its first appearance: pipelines, images and queues by name. An image
/// that is filled from another place in each stage names all of them.
fn union<'p>(plans: impl Iterator<Item = &'p Plan>) -> Plan {
    let mut all = Plan::default();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for plan in plans {
        for pipeline in &plan.pipelines {
            match seen.get(pipeline.name.value.as_str()) {
                // A stage may have a job that another refuses.
                Some(index) => {
                    let known: &mut Pipeline = &mut all.pipelines[*index];
                    let new = pipeline.jobs.iter().filter(|job| !known.jobs.iter().any(|k| k.name.value == job.name.value)).cloned();
                    let new: Vec<_> = new.collect();
                    known.jobs.extend(new);
                    let new = pipeline.calls.iter().filter(|call| !known.calls.iter().any(|k| k.name == call.name)).cloned();
                    let new: Vec<_> = new.collect();
                    known.calls.extend(new);
                    known.reads_input |= pipeline.reads_input;
                }
                None => {
                    seen.insert(&pipeline.name.value, all.pipelines.len());
                    all.pipelines.push(pipeline.clone());
                }
            }
        }
        for image in &plan.images {
            match all.images.iter_mut().find(|known| known.name == image.name) {
                Some(known) => {
                    for file in &image.files {
                        match known.files.iter_mut().find(|(location, _)| location.value == file.0.value) {
                            Some((location, _)) => location.origins.extend(&file.0.origins),
                            None => known.files.push(file.clone()),
                        }
                    }
                }
                None => all.images.push(image.clone()),
            }
        }
        for queue in &plan.queues {
            match all.queues.iter_mut().find(|known| known.name.value == queue.name.value) {
                Some(known) => known.name.origins.extend(&queue.name.origins),
                None => all.queues.push(queue.clone()),
            }
        }
    }
    all
}

/// Paths are made of labels that naming keeps unique. Should one be taken all the same, that is a defect which must not lose a
/// file in silence: the run ends with it.
fn add(tree: &mut Tree, path: String, file: OutFile) {
    let added = tree.add(path, file);
    assert!(added.is_ok(), "two files of the output have the path {added:?}");
}

/// How an image is named in a manifest.
#[must_use]
pub fn reference(config: &Config, image: &str) -> String {
    let registry = config.images.registry.as_deref().unwrap_or(NO_REGISTRY).trim_end_matches('/');
    format!("{registry}/{image}:{}", config.images.tag.as_deref().unwrap_or("1.0.0"))
}

fn scheduler<'c>(config: &'c Config, pipeline: &Pipeline) -> Option<&'c str> {
    match config.spark.scheduler.as_deref() {
        Some("none") => None,
        Some(name) => Some(name),
        None => pipeline.jobs.iter().any(|j| j.queue.is_some()).then_some("yunikorn"),
    }
}

fn template(stage: &Planned, pipeline: &Pipeline, config: &Config) -> Node {
    if let Some(made) = stage.workflows.get(&pipeline.name.value) {
        return made.clone();
    }
    let settings =
        Settings { images: &stage.plan.images, reference: &|image| reference(config, image), scheduler: scheduler(config, pipeline) };
    if let Some(control) = &pipeline.control {
        let image = reference(config, "emr2k8s");
        let started = &stage.plan.pipelines;
        let nested = |machine: usize| Some(place(config, &stage.plan.stage, &pipeline.name.value, &started.get(machine)?.name.value));
        let settings = control::Settings { runtime_image: &image, call: &argo_workflows::task_call, nested: &nested, jobs: &settings };
        return control::workflow_template(pipeline, control, &settings).document;
    }
    argo_workflows::workflow_template(pipeline, &settings)
}

/// The namespace of a pipeline on a stage: `{pipeline}-{stage}` unless the user says otherwise, a DNS label.
#[must_use]
pub fn namespace(config: &Config, pipeline: &str, stage: &str) -> String {
    let pattern = config.namespaces.as_deref().unwrap_or("{pipeline}-{stage}");
    crate::pass::naming::label(&pattern.replace("{pipeline}", pipeline).replace("{stage}", stage), 63)
}

/// Where the Workflow of a pipeline is made that another one starts.
#[must_use]
pub fn place(config: &Config, stage: &str, caller: &str, started: &str) -> control::nested::Place {
    let there = namespace(config, started, stage);
    let namespace = (there != namespace(config, caller, stage)).then_some(there);
    control::nested::Place { template: started.to_owned(), namespace }
}

/// For each pipeline of a stage that others start, those others, all by name.
fn callers(plan: &Plan) -> BTreeMap<&str, Vec<&str>> {
    let mut callers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for caller in &plan.pipelines {
        let name = caller.name.value.as_str();
        for started in caller.starts().into_iter().filter_map(|machine| plan.pipelines.get(machine)) {
            let known = callers.entry(&started.name.value).or_default();
            if known.last() != Some(&name) {
                known.push(name);
            }
        }
    }
    callers
}

/// The files of one pipeline, and where it is deployed.
type Part = (Vec<(String, OutFile)>, Vec<Place>);

/// `callers`: those that start it, in each stage; `taken`: whether a pipeline has that name.
fn pipeline(
    stages: &[(&Plan, &Pipeline)],
    callers: &[&[&str]],
    templates: Vec<Node>,
    taken: &dyn Fn(&str) -> bool,
    config: &Config,
) -> Part {
    let Some((_, first)) = stages.first() else { return (Vec::new(), Vec::new()) };
    let name = first.name.value.clone();
    let root = format!("pipelines/{name}");
    let mut files = Vec::new();
    let mut base = vec!["rbac.yaml".to_owned()];
    files.push((
        format!("{root}/base/rbac.yaml"),
        yaml::write(
            &[],
            &EMI103,
            &rbac::manifests(
                &stages.iter().map(|(_, p)| *p).collect::<Vec<_>>(),
                starts_beside(stages, config),
                config.spark.role.as_deref(),
            ),
        ),
    ));

    let mut patches: Vec<Vec<(String, String, Vec<Patch>)>> = vec![Vec::new(); stages.len()];
    let mut own: Vec<Vec<String>> = vec![Vec::new(); stages.len()];
    let head = vec![format!("From {}.", first.file)];
    match stages::merge(templates) {
        Ok((node, stage_patches)) => {
            let (parts, stage_patches) = parts(node, &stage_patches, &name, taken);
            for (number, part) in parts.iter().enumerate() {
                let file = part_file(number);
                files.push((format!("{root}/base/{file}"), yaml::write(&head, &ARG101, std::slice::from_ref(&part.document))));
                base.push(file);
            }
            for (i, lists) in stage_patches.into_iter().enumerate() {
                patches[i].extend(lists.into_iter().map(|(name, list)| ("WorkflowTemplate".to_owned(), name, list)));
            }
        }
        Err(templates) => {
            for (i, ((plan, _), node)) in stages.iter().zip(templates).enumerate() {
                for (number, part) in parts(node, &[], &name, taken).0.iter().enumerate() {
                    let file = part_file(number);
                    let path = format!("{root}/overlays/{}/{file}", plan.stage);
                    files.push((path, yaml::write(&head, &ARG101, std::slice::from_ref(&part.document))));
                    own[i].push(file);
                }
            }
        }
    }
    for (i, (plan, _)) in stages.iter().enumerate() {
        let here = namespace(config, &name, &plan.stage);
        let others: Vec<(&str, String)> =
            callers[i].iter().map(|caller| (*caller, namespace(config, caller, &plan.stage))).filter(|(_, there)| *there != here).collect();
        if !others.is_empty() {
            own[i].push("callers.yaml".to_owned());
            let path = format!("{root}/overlays/{}/callers.yaml", plan.stage);
            files.push((path, yaml::write(&[], &EMI103, &rbac::callers(&name, &others))));
        }
    }
    crons(stages, &root, &mut base, &mut own, &mut patches, &mut files);
    files.push((format!("{root}/base/kustomization.yaml"), yaml::write(&[], &EMI104, &[kustomize::base(&base)])));
    let mut places = Vec::new();
    for (i, (plan, p)) in stages.iter().enumerate() {
        let namespace = namespace(config, &name, &plan.stage);
        let mut resources = vec!["../../base".to_owned()];
        resources.extend(own[i].iter().cloned());
        let node = kustomize::overlay(&name, &plan.stage, &namespace, &resources, &patches[i]);
        files.push((format!("{root}/overlays/{}/kustomization.yaml", plan.stage), yaml::write(&[], &EMI104, &[node])));
        places.push(Place {
            application: String::new(),
            pipeline: name.clone(),
            stage: plan.stage.clone(),
            namespace,
            crons: !p.schedules.is_empty(),
        });
    }
    (files, places)
}

/// The file of a WorkflowTemplate of a pipeline, counted from 0.
fn part_file(number: usize) -> String {
    if number == 0 { "workflow-template.yaml".to_owned() } else { format!("workflow-template-{}.yaml", number + 1) }
}

/// For each stage the patches of each WorkflowTemplate, by its name.
type PartPatches = Vec<Vec<(String, Vec<Patch>)>>;

/// The WorkflowTemplates of a pipeline, and the patches of the whole as patches of each.
fn parts(whole: Node, patches: &[Vec<Patch>], name: &str, taken: &dyn Fn(&str) -> bool) -> (Vec<split::Part>, PartPatches) {
    let mut names = vec![name.to_owned()];
    let parts = split::split(whole, |number| {
        let numbered = format!("{name}-{number}");
        let mut wanted = crate::pass::naming::shorten(&numbered, 63, &numbered);
        while taken(&wanted) || names.contains(&wanted) {
            wanted = crate::pass::naming::shorten(&format!("{wanted}-templates"), 63, &format!("{wanted}-templates"));
        }
        names.push(wanted.clone());
        wanted
    });
    let place: BTreeMap<usize, (usize, usize)> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, of)| of.templates.iter().enumerate().map(move |(at, index)| (*index, (part, at))))
        .collect();
    let of_stage = |list: &Vec<Patch>| {
        let mut lists: Vec<(String, Vec<Patch>)> = names.iter().map(|name| (name.clone(), Vec::new())).collect();
        for patch in list {
            let inside = patch.path.strip_prefix(TEMPLATES).and_then(|rest| rest.split_once('/'));
            let moved = inside.and_then(|(index, rest)| Some((place.get(&index.parse().ok()?)?, rest)));
            let (part, path) =
                moved.map_or_else(|| (0, patch.path.clone()), |((part, at), rest)| (*part, format!("{TEMPLATES}{at}/{rest}")));
            lists[part].1.push(Patch { path, value: patch.value.clone() });
        }
        lists
    };
    let patches = patches.iter().map(of_stage).collect();
    (parts, patches)
}

/// Where the pointer of a patch of a template begins.
const TEMPLATES: &str = "/spec/templates/";

/// Whether a pipeline starts another one in its own namespace.
fn starts_beside(stages: &[(&Plan, &Pipeline)], config: &Config) -> bool {
    stages.iter().any(|(plan, pipeline)| {
        let started = pipeline.starts().into_iter().filter_map(|machine| plan.pipelines.get(machine));
        let name = &pipeline.name.value;
        started.into_iter().any(|other| place(config, &plan.stage, name, &other.name.value).namespace.is_none())
    })
}

fn crons(
    stages: &[(&Plan, &Pipeline)],
    root: &str,
    base: &mut Vec<String>,
    own: &mut [Vec<String>],
    patches: &mut [Vec<(String, String, Vec<Patch>)>],
    files: &mut Vec<(String, OutFile)>,
) {
    if stages.iter().all(|(_, p)| p.schedules.is_empty()) {
        return;
    }
    let same_names = stages.iter().all(|(_, p)| {
        p.schedules.len() == stages[0].1.schedules.len()
            && p.schedules.iter().zip(&stages[0].1.schedules).all(|(a, b)| a.name.value == b.name.value)
    });
    let merged: Option<Vec<(Node, Vec<Vec<Patch>>)>> = same_names
        .then(|| {
            (0..stages[0].1.schedules.len())
                .map(|i| {
                    let nodes: Vec<Node> = stages.iter().map(|(_, p)| argo_workflows::cron_workflow(p, &p.schedules[i])).collect();
                    stages::merge(nodes).ok()
                })
                .collect()
        })
        .flatten();
    match merged {
        Some(merged) => {
            base.push("cron-workflows.yaml".to_owned());
            let mut nodes = Vec::new();
            for (i, (node, stage_patches)) in merged.into_iter().enumerate() {
                nodes.push(node);
                for (stage, list) in stage_patches.into_iter().enumerate() {
                    patches[stage].push(("CronWorkflow".to_owned(), stages[0].1.schedules[i].name.value.clone(), list));
                }
            }
            files.push((format!("{root}/base/cron-workflows.yaml"), yaml::write(&[], &ARG111, &nodes)));
        }
        None => {
            for (i, (plan, p)) in stages.iter().enumerate() {
                if p.schedules.is_empty() {
                    continue;
                }
                own[i].push("cron-workflows.yaml".to_owned());
                let nodes: Vec<Node> = p.schedules.iter().map(|s| argo_workflows::cron_workflow(p, s)).collect();
                files.push((format!("{root}/overlays/{}/cron-workflows.yaml", plan.stage), yaml::write(&[], &ARG111, &nodes)));
            }
        }
    }
}
