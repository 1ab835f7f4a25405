//! Machines that start other machines of the estate.
//!
//! What is started is migrated too, so the call must not go to AWS: it starts a Workflow from the other machine's WorkflowTemplate. The link is the ARN's name; of
//! several machines with that name the one that shares the longest folder path with the caller is meant, and of equals none.
use super::link::{Target, Targets, member};
use crate::ir::control::{NESTED, Nested, Starts};
use crate::ir::estate::Estate;
use crate::ir::machine::{Graph, Machine, PathField, State, StateKind, Task, Template, TemplateValue};
use crate::ir::value::Val;
use std::collections::BTreeSet;

/// The machine that a state starts, by its index in the estate, and how.
#[must_use]
pub fn started(state: &State, targets: &Targets, estate: &Estate, caller: &Machine) -> Option<Nested> {
    let Some(Target::Service(service)) = targets.get(state) else { return None };
    let starts = match service.value.as_str() {
        "states:startExecution" | "aws-sdk:sfn:startExecution" => Starts::GoesOn,
        "states:startExecution.sync" => Starts::Waits,
        "states:startExecution.sync:2" => Starts::WaitsForJson,
        _ => return None,
    };
    let TemplateValue::Text(arn) = &member(state.sent()?, "StateMachineArn")?.value else { return None };
    if let Some(index) = of_template(arn, estate, caller) {
        return Some(Nested { machine: index, starts });
    }
    let (_, name) = arn.split_once(":stateMachine:")?;
    let name = name.split(':').next().unwrap_or(name);
    let shared = |machine: &Machine| machine.file.split('/').zip(caller.file.split('/')).take_while(|(a, b)| a == b).count();
    let named = || estate.machines.iter().enumerate().filter(|(_, machine)| machine.name.value == name);
    let nearest = named().map(|(_, machine)| shared(machine)).max()?;
    let mut found = named().filter(|(_, machine)| shared(machine) == nearest);
    let (index, _) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    Some(Nested { machine: index, starts })
}

/// The machine that the caller's own template deploys under a name: `${Name}`, `${Name.Arn}`.
fn of_template(arn: &str, estate: &Estate, caller: &Machine) -> Option<usize> {
    let (template, _) = caller.deployed_by.as_ref()?;
    let name = crate::import::asl::referred(arn)?;
    estate
        .machines
        .iter()
        .position(|machine| machine.deployed_by.as_ref().is_some_and(|(path, logical)| path == template && logical == name))
}

/// Machines (by index) whose output somebody takes who waits for them.
#[must_use]
pub fn outputs_taken(estate: &Estate, targets: &dyn Fn(&Machine) -> Targets) -> BTreeSet<usize> {
    let mut taken = BTreeSet::new();
    for machine in &estate.machines {
        let states = super::carried::states(&machine.graph);
        if !states.iter().any(|state| starts_any(state)) {
            continue;
        }
        let targets = targets(machine);
        for state in states {
            let discards = matches!(state.data.result_path, Some(PathField::Null(_)));
            if let Some(nested) = started(state, &targets, estate, machine)
                && nested.starts != Starts::GoesOn
                && !discards
            {
                taken.insert(nested.machine);
            }
        }
    }
    taken
}

fn starts_any(state: &State) -> bool {
    let StateKind::Task(task) = &state.kind else { return false };
    task.resource.as_ref().is_some_and(|resource| resource.display().contains("startExecution"))
}

/// Names the machine in each Task that starts one, in place of the call. Of what is sent only the input is left. Nesting is bounded by the
/// source layer's limit on depth.
pub fn rewrite(graph: &mut Graph, targets: &Targets, estate: &Estate, caller: &Machine) {
    for state in &mut graph.states {
        if let Some(nested) = started(state, targets, estate, caller) {
            for template in [&mut state.data.parameters, &mut state.data.arguments].into_iter().flatten() {
                if let Template { value: TemplateValue::Map(entries), .. } = template {
                    entries.retain(|(key, _)| key.value == "Input");
                }
            }
            if let StateKind::Task(task) = &mut state.kind {
                let Task { timeout_seconds, .. } = &**task;
                let origins = task.resource.as_ref().map(|resource| resource.origins.clone()).unwrap_or_default();
                let resource = Some(Val::text(format!("{NESTED}{}:{}", nested.machine, nested.starts.word()), origins));
                **task = Task { timeout_seconds: timeout_seconds.clone(), ..Task::of(resource) };
            }
            continue;
        }
        match &mut state.kind {
            StateKind::Parallel { branches } => branches.iter_mut().for_each(|branch| rewrite(branch, targets, estate, caller)),
            StateKind::Map(map) => map.processor.iter_mut().for_each(|processor| rewrite(processor, targets, estate, caller)),
            _ => {}
        }
    }
}
