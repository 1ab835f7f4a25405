//! The estate of one stage: what all importers found, joined.
use super::documents::{Documents, Format};
use crate::import::{asl, cloudformation, emr, lambda, livy, script, serverless, terraform};
use crate::ir::estate::{Deployment, Estate, Found};
use crate::ir::function::Function;
use crate::ir::machine::Machine;
use crate::ir::trigger::{Target, Trigger};
use crate::ir::value::Val;
use crate::source::files::SourceFile;
use crate::source::node::Node;
use crate::source::rules::plan::{LNK107, PLN122};
use crate::source::sink::{Diagnostic, Sink};
use crate::source::span::{FileId, Sourced, Span};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What the sources say whatever the stage.
#[derive(Debug, Default)]
pub struct Common {
    /// Machines that stand alone in a file, by that file.
    machines: Vec<(FileId, Machine)>,
    estate: Estate,
    pub claimed: BTreeSet<FileId>,
}

/// Reads what does not depend on a stage.
#[must_use]
pub fn common(documents: &Documents, sink: &mut Sink) -> Common {
    let parts: Vec<(Common, Sink)> = documents.list.par_iter().map(|document| one(documents, document)).collect();
    let mut common = Common::default();
    for (part, messages) in parts {
        common.machines.extend(part.machines);
        common.claimed.extend(part.claimed);
        let estate = part.estate;
        common.estate.clusters.extend(estate.clusters);
        common.estate.configurations.extend(estate.configurations);
        common.estate.batches.extend(estate.batches);
        common.estate.triggers.extend(estate.triggers);
        common.estate.machines.extend(estate.machines);
        common.estate.deployments.extend(estate.deployments);
        common.estate.functions.extend(estate.functions);
        common.estate.found.extend(estate.found);
        sink.append(messages);
    }
    common
}

fn one(documents: &Documents, document: &super::documents::Document) -> (Common, Sink) {
    let mut common = Common::default();
    let mut sink = Sink::default();
    let file = documents.files.get(document.file);
    let node = || documents.nodes(document).first();
    let mut claim = true;
    match document.format {
        Format::StateMachine => {
            if let Some(node) = node() {
                common.machines.push((document.file, asl::import(node, document.file, &file.path, &stem(&file.path), &mut sink)));
            }
        }
        Format::Classifications => {
            if let Some(node) = node() {
                common.estate.configurations.push(emr::import_configurations(node, &file.path, &mut sink));
            }
        }
        Format::Cluster => {
            if let Some(node) = node() {
                common.estate.clusters.push(emr::import_cluster(node, &file.path, &mut sink));
            }
        }
        Format::LivyBatch => {
            if let Some(node) = node() {
                common.estate.batches.push((file.path.clone(), livy::from_node(node, &mut sink)));
            }
        }
        Format::CloudFormation => {
            if let Some(node) = node() {
                claim = cloudformation::wanted(node);
                if claim {
                    template(node, file, &mut common.estate, &mut sink);
                } else {
                    common.estate.found.push(cloudformation::left(node, file, &mut sink));
                }
            }
        }
        Format::Script => {
            let (triggers, found) = script::scan(&file.text, document.file, &file.path, &mut sink);
            common.estate.triggers.extend(triggers);
            common.estate.found.push(found);
            claim = false;
        }
        _ => {
            if let Some((span, why)) = documents.unreadable(document) {
                common.estate.found.push(Found { kind: "file".to_owned(), name: file.path.clone(), span, why: why.to_owned() });
            }
            claim = false;
        }
    }
    if claim {
        common.claimed.insert(document.file);
    }
    (common, sink)
}

/// What a CloudFormation template adds.
fn template(node: &Node, file: &SourceFile, estate: &mut Estate, sink: &mut Sink) {
    let imported = cloudformation::import(node, file, sink);
    for one in imported.machines {
        let deployed_by = Some((file.path.clone(), one.logical.value.clone()));
        let name = one.name.unwrap_or_else(|| one.logical.clone());
        let mut inline = |node: &Node, sink: &mut Sink| {
            let mut machine = asl::import(node, node.span.file, &file.path, &name.value, sink);
            machine.name.clone_from(&name);
            machine.machine_type.clone_from(&one.machine_type);
            machine.deployed_by.clone_from(&deployed_by);
            machine.substitutions.clone_from(&one.substitutions);
            asl::deployed(&machine, sink);
            estate.machines.push(machine);
        };
        match one.definition {
            cloudformation::Definition::File(path) => estate.deployments.push(Deployment {
                name: Val::text(name.value, name.origins),
                definition_file: Some(path),
                machine_type: one.machine_type,
                deployed_by,
                substitutions: one.substitutions,
                span: one.span,
            }),
            cloudformation::Definition::Inline(node) => inline(node, sink),
            cloudformation::Definition::Built(node, origins) => {
                sink.absorb_all(&origins, &PLN122, "the definition's text, read as a state machine");
                inline(&node, sink);
            }
            cloudformation::Definition::Missing => {}
        }
    }
    estate.functions.extend(imported.functions);
    estate.triggers.extend(imported.triggers);
    estate.found.extend(imported.found);
}

/// The name of a machine whose file alone names it: the file's stem, or its folder's when the stem says only what kind of
/// file it is.
fn stem(path: &str) -> String {
    const GENERIC: &[&str] = &[
        "statemachine",
        "statemachines",
        "state-machine",
        "state_machine",
        "stepfunction",
        "stepfunctions",
        "step-function",
        "step_function",
        "step",
        "definition",
        "workflow",
        "workflows",
        "main",
        "index",
        "asl",
        "sfn",
        "src",
        "code",
        "resources",
        "template",
        "machine",
        "typescript",
        "python",
        "typscript",
        "sam",
        "cdk",
        "lib",
    ];
    for part in path.rsplit('/') {
        let name = part.split('.').next().unwrap_or(part);
        if !name.is_empty() && !GENERIC.contains(&name.to_ascii_lowercase().as_str()) {
            return name.to_owned();
        }
    }
    path.rsplit('/').next().and_then(|f| f.split('.').next()).filter(|s| !s.is_empty()).unwrap_or("machine").to_owned()
}

/// The stages that the sources name, in order of appearance, with the files that know each.
#[must_use]
pub fn stages(documents: &Documents) -> Vec<(FileId, Vec<String>)> {
    documents
        .list
        .par_iter()
        .filter(|d| d.format == Format::Serverless)
        .filter_map(|document| {
            let node = documents.nodes(document).first()?;
            let path = &documents.files.get(document.file).path;
            let names = serverless::stages(node, path, documents).into_iter().map(|s| s.value).collect();
            Some((document.file, names))
        })
        .collect()
}

/// The estate of a stage. `known`: which stages each deployment file knows; a file that knows others and not this one does not
/// deploy to it.
#[must_use]
pub fn of_stage(
    documents: &Documents,
    common: &Common,
    stage: &str,
    known: &[(FileId, Vec<String>)],
    claimed: &mut BTreeSet<FileId>,
    sink: &mut Sink,
) -> Estate {
    let mut estate = common.estate.clone();
    let services: Vec<(Part, Sink)> = known
        .par_iter()
        .filter(|(_, stages)| stages.is_empty() || stages.iter().any(|s| s == stage))
        .map(|(file, _)| {
            let mut sink = Sink::default();
            (service(documents, *file, stage, &mut sink), sink)
        })
        .collect();
    let modules: Vec<(Part, Sink)> = modules(documents)
        .par_iter()
        .map(|(folder, files)| {
            let mut sink = Sink::default();
            (module(documents, folder, files, stage, &mut sink), sink)
        })
        .collect();
    // A definition file that a deployment takes is not a machine of its own as well.
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut named: Vec<(String, Machine)> = Vec::new();
    for (part, messages) in services.into_iter().chain(modules) {
        sink.append(messages);
        claimed.extend(part.claimed);
        taken.extend(part.taken);
        named.extend(part.machines);
        estate.functions.extend(part.functions);
        estate.triggers.extend(part.triggers);
        estate.clusters.extend(part.clusters);
        estate.deployments.extend(part.deployments);
        estate.found.extend(part.found);
    }
    let by_file: BTreeMap<&str, &Machine> = common.machines.iter().map(|(file, m)| (documents.files.get(*file).path.as_str(), m)).collect();
    for deployment in &estate.deployments {
        let Some(path) = &deployment.definition_file else { continue };
        match by_file.get(path.value.as_str()) {
            Some(machine) => {
                taken.insert(path.value.clone());
                sink.absorb_all(&path.origins, &PLN122, "names the definition, which is the pipeline");
                let machine = deployed(machine, deployment);
                if machine.machine_type.is_some() {
                    asl::deployed(&machine, sink);
                }
                estate.machines.push(machine);
            }
            None => {
                let given = deployment.substitutions.iter().flat_map(|one| one.value.all_origins().iter().collect::<Vec<_>>());
                let kind = deployment.machine_type.iter().flat_map(|kind| kind.origins.iter());
                let all: Vec<Span> = path.origins.iter().chain(deployment.name.all_origins().iter()).chain(given).chain(kind).collect();
                for span in all {
                    sink.unsupported(span, &LNK107, "belongs to a state machine whose definition was not found or cannot be read");
                }
                sink.report(
                    Diagnostic::warning(
                        &LNK107,
                        path.span(),
                        format!(
                            "the definition `{}` of this state machine was not found among the sources, or is not one that can be read",
                            path.value
                        ),
                    )
                    .help(
                        "mend what is said of the file, put it where the deployment looks for it, or migrate from the folder that holds it",
                    ),
                );
            }
        }
    }
    for (file, machine) in &common.machines {
        if !taken.contains(&documents.files.get(*file).path) {
            estate.machines.push(machine.clone());
        }
    }
    estate.machines.extend(named.into_iter().map(|(_, machine)| machine));
    estate.machines.sort_by_key(|m| (m.span, m.name.value.clone()));
    behaviours(documents, &mut estate, claimed, sink);
    let callers = callers(documents, &estate, claimed);
    estate.found.extend(callers);
    estate
}

/// Python files that run Spark jobs and that no function's handler is in: nothing says when they run, so they are listed.
fn callers(documents: &Documents, estate: &Estate, claimed: &BTreeSet<FileId>) -> Vec<Found> {
    const CALLS: &[(&str, &str)] = &[
        ("run_job_flow", "calls EMR's `run_job_flow`"),
        ("add_job_flow_steps", "calls EMR's `add_job_flow_steps`"),
        ("client(\"emr\"", "uses boto3's client of EMR"),
        ("client('emr'", "uses boto3's client of EMR"),
        ("/batches", "posts to Livy's `/batches`"),
    ];
    let is_handler = |path: &str| {
        let stem = path.strip_suffix(".py").unwrap_or(path);
        estate.functions.iter().filter_map(|f| f.handler.as_ref()?.value.rsplit_once('.')).any(|(module, _)| {
            let module = module.trim_start_matches("./");
            [module.to_owned(), module.replace('.', "/")].iter().any(|m| stem == m || stem.ends_with(&format!("/{m}")))
        })
    };
    let python = documents.of(Format::Python).filter(|d| !claimed.contains(&d.file));
    python
        .filter_map(|document| {
            let file = documents.files.get(document.file);
            let (at, word, what) = CALLS.iter().find_map(|(word, what)| file.text.find(word).map(|at| (at, word, what)))?;
            (!is_handler(&file.path)).then(|| Found {
                kind: "Python file".to_owned(),
                name: file.path.clone(),
                span: Span::new(document.file, at, at + word.len()),
                why: format!("{what}; no deployment file names it as a handler"),
            })
        })
        .collect()
}

/// A machine under the name of its deployment.
fn deployed(machine: &Machine, deployment: &Deployment) -> Machine {
    let mut machine = machine.clone();
    if let Some(name) = deployment.name.sourced() {
        machine.name = name;
    } else {
        // The file's own name stands in; the question for the variable was asked.
        machine.name.origins.extend(&deployment.name.all_origins());
    }
    machine.machine_type.clone_from(&deployment.machine_type);
    machine.deployed_by.clone_from(&deployment.deployed_by);
    machine.substitutions.clone_from(&deployment.substitutions);
    machine
}

/// What one deployment file or module adds.
#[derive(Default)]
struct Part {
    machines: Vec<(String, Machine)>,
    /// Definition files that were read as part of this.
    taken: Vec<String>,
    functions: Vec<Function>,
    triggers: Vec<Trigger>,
    clusters: Vec<crate::ir::cluster::Cluster>,
    deployments: Vec<Deployment>,
    found: Vec<Found>,
    claimed: Vec<FileId>,
}

fn service(documents: &Documents, file: FileId, stage: &str, sink: &mut Sink) -> Part {
    let mut part = Part::default();
    let document = documents.get(file);
    let path = &documents.files.get(file).path;
    let Some(node) = documents.nodes(document).first() else { return part };
    part.claimed.push(file);
    let service = serverless::import(node, path, stage, documents, sink);
    for document in &service.documents {
        part.claimed.extend(documents.files.find(document));
    }
    for definition in &service.machines {
        let Some(tree) = definition.tree() else { continue };
        let fallback =
            service.name.as_ref().map_or_else(|| definition.logical.value.clone(), |s| format!("{}-{}", s.value, definition.logical.value));
        let at = definition.span.file;
        // What the variables in it went through; the values themselves are the machine's.
        for (place, origins) in &definition.shaped {
            for span in origins.iter().filter(|span| span != place) {
                sink.absorb(span, &PLN122, "a value of a definition is made from it");
            }
        }
        let mut machine = match &definition.definition {
            serverless::DefinitionSource::File { path, .. } => {
                part.taken.push(path.clone());
                asl::import(tree, tree.span.file, path, &fallback, sink)
            }
            _ => asl::import(tree, at, path, &fallback, sink),
        };
        machine.name = definition
            .name
            .as_ref()
            .and_then(Val::sourced)
            .unwrap_or_else(|| Sourced::new(definition.logical.value.clone(), definition.logical.origins.clone()));
        machine.machine_type = definition.machine_type.as_ref().and_then(Val::sourced);
        asl::deployed(&machine, sink);
        let name = machine.name.clone();
        part.machines.push((definition.logical.value.clone(), machine));
        part.triggers.extend(definition.triggers.iter().cloned().map(|mut trigger| {
            trigger.target = Target::Machine(Val::text(name.value.clone(), name.origins.clone()));
            trigger
        }));
    }
    part.functions = service.functions;
    part.triggers.extend(service.triggers);
    part.found = service.found;
    part
}

/// The folders that hold Terraform, with their files.
fn modules(documents: &Documents) -> Vec<(String, Vec<FileId>)> {
    let mut folders: BTreeMap<String, Vec<FileId>> = BTreeMap::new();
    for document in documents.of(Format::Hcl) {
        let file = documents.files.get(document.file);
        if file.path.ends_with(".tf") || file.path.ends_with(".tfvars") {
            folders.entry(file.folder().to_owned()).or_default().push(document.file);
        }
    }
    folders.into_iter().filter(|(_, files)| files.iter().any(|f| documents.files.get(*f).path.ends_with(".tf"))).collect()
}

fn module(documents: &Documents, folder: &str, files: &[FileId], stage: &str, sink: &mut Sink) -> Part {
    let mut part = Part::default();
    let nodes: Vec<(FileId, &str, &Node)> = files
        .iter()
        .filter_map(|file| Some((*file, documents.files.get(*file).path.as_str(), documents.nodes(documents.get(*file)).first()?)))
        .collect();
    part.claimed.extend(nodes.iter().map(|(file, _, _)| *file));
    let module = terraform::import(folder, &nodes, stage, &documents.files, sink);
    for span in module.also.iter() {
        sink.absorb(span, &PLN122, "shapes a value of this module and is no value itself");
    }
    for inline in module.inline_machines {
        let file = inline.span.file;
        let path = documents.files.get(file).path.clone();
        let name = inline.name.literal().unwrap_or_else(|| inline.resource.to_owned());
        let mut machine = asl::import(inline.document, file, &path, &name, sink);
        if let Some(name) = inline.name.sourced() {
            machine.name = name;
        } else {
            for span in inline.name.all_origins().iter() {
                sink.unsupported(span, &PLN122, "the machine's name is not known; its pipeline has the resource's");
            }
        }
        if let Some(template) = &inline.template {
            part.taken.push(template.clone());
            part.claimed.extend(documents.files.find(template));
        }
        sink.absorb_all(&inline.origins, &PLN122, "the definition's text, read as a state machine");
        part.machines.push((name, machine));
    }
    part.functions = module.functions;
    part.triggers = module.triggers;
    part.clusters = module.clusters;
    part.deployments = module.deployments;
    part.found = module.found;
    part
}

/// Evaluates every handler.
fn behaviours(documents: &Documents, estate: &mut Estate, claimed: &mut BTreeSet<FileId>, sink: &mut Sink) {
    let results: Vec<(Option<crate::ir::function::Behaviour>, Sink)> = estate
        .functions
        .par_iter()
        .map(|function| {
            let mut sink = Sink::default();
            let behaviour = function.handler.as_ref().and_then(|h| lambda::evaluate(&h.value, function, documents, &mut sink));
            (behaviour, sink)
        })
        .collect();
    for (function, (behaviour, messages)) in estate.functions.iter_mut().zip(results) {
        if let Some(behaviour) = &behaviour {
            let spans: BTreeSet<FileId> = behaviour.visited.iter().map(|span: &Span| span.file).chain([behaviour.span.file]).collect();
            claimed.extend(spans.into_iter().filter(|f| documents.get(*f).format == Format::Python));
        }
        function.behaviour = behaviour;
        sink.marks.extend(messages.marks);
        estate.function_remarks.push(messages.diagnostics);
    }
    // Literals that no function came by: each module with the functions whose handlers ran through it.
    let mut by_module: BTreeMap<FileId, Vec<&crate::ir::function::Behaviour>> = BTreeMap::new();
    for behaviour in estate.functions.iter().filter_map(|f| f.behaviour.as_ref()) {
        let files: BTreeSet<FileId> = behaviour.visited.iter().map(|span| span.file).chain([behaviour.span.file]).collect();
        for file in files {
            by_module.entry(file).or_default().push(behaviour);
        }
    }
    for (file, behaviours) in by_module {
        if let Some(module) = lambda::Modules::get(documents, &documents.files.get(file).path) {
            lambda::mark_unvisited(module, &behaviours, sink);
        }
    }
}

/// Adds the clusters that machines create themselves, whose placeholders have been filled by then.
pub fn add_created_clusters(estate: &mut Estate) {
    let created = estate.machines.iter().flat_map(asl::clusters).collect::<Vec<_>>();
    for cluster in created {
        // One definition may be deployed several times.
        if !estate.clusters.iter().any(|known| known.span == cluster.span && known.reference == cluster.reference) {
            estate.clusters.push(cluster);
        }
    }
}
