//! The estate as a graph in Graphviz's language: a cluster of states for each machine, and the links between things.
use super::inspect::{InspectReport, MachineEntry, StateEntry};
use std::collections::BTreeSet;
use std::fmt::Write as _;

#[must_use]
pub fn render(report: &InspectReport) -> String {
    let mut out = String::from("digraph estate {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for stage in &report.stages {
        for machine in &stage.machines {
            machine_dot(&stage.name, machine, &mut out);
        }
    }
    let mut nodes = BTreeSet::new();
    for link in &report.links {
        nodes.insert(link.from.as_str());
        nodes.insert(link.to.as_str());
    }
    for node in nodes {
        let _ = writeln!(out, "  {};", quote(node));
    }
    for link in &report.links {
        let style = if link.broken { ", style=dashed, color=red" } else { "" };
        let _ = writeln!(out, "  {} -> {} [label={}{style}];", quote(&link.from), quote(&link.to), quote(&link.kind));
    }
    out.push_str("}\n");
    out
}

fn machine_dot(stage: &str, machine: &MachineEntry, out: &mut String) {
    let name = format!("{stage}/{}", machine.name);
    let id = |state: &StateEntry| quote(&format!("{name}/{}/{}", state.within.as_deref().unwrap_or(""), state.name));
    // Graphviz draws a box around a subgraph only when its name begins with `cluster`.
    let _ = writeln!(out, "  subgraph {} {{\n    label={};", quote(&format!("cluster {name}")), quote(&machine.name));
    for state in &machine.states {
        let _ = writeln!(out, "    {} [label={}];", id(state), quote(&format!("{}\n{}", state.name, state.kind)));
    }
    for state in &machine.states {
        for next in &state.next {
            if let Some(target) = machine.states.iter().find(|s| s.name == *next && s.within == state.within) {
                let _ = writeln!(out, "    {} -> {};", id(state), id(target));
            }
        }
        // What is inside hangs below what is around it.
        let inside = match &state.within {
            Some(outer) => format!("{outer}/{}/", state.name),
            None => format!("{}/", state.name),
        };
        let mut branches = BTreeSet::new();
        for inner in &machine.states {
            let branch = inner.within.as_deref().and_then(|within| within.strip_prefix(&inside));
            if branch.is_some_and(|branch| branch.bytes().all(|b| b.is_ascii_digit()) && branches.insert(branch)) {
                let _ = writeln!(out, "    {} -> {} [style=dotted];", id(state), id(inner));
            }
        }
    }
    out.push_str("  }\n");
}

/// A quoted identifier ("The DOT Language", graphviz.org): only the quote needs an escape; backslashes are doubled so that
/// they do not form one of its label escapes.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', ""))
}

#[cfg(test)]
mod tests {
    use super::super::inspect::tests::sample;
    use super::*;

    #[test]
    fn names_are_quoted_and_branches_hang_below_their_state() {
        insta::assert_snapshot!(render(&InspectReport::new(&sample())), @r#"
        digraph estate {
          rankdir=LR;
          node [shape=box, fontname="sans-serif"];
          subgraph "cluster dev/nightly \"run\"" {
            label="nightly \"run\"";
            "dev/nightly \"run\"//A" [label="A\nTask"];
            "dev/nightly \"run\"//P" [label="P\nParallel"];
            "dev/nightly \"run\"/P/0/B" [label="B\nSucceed"];
            "dev/nightly \"run\"//A" -> "dev/nightly \"run\"//P";
            "dev/nightly \"run\"//P" -> "dev/nightly \"run\"/P/0/B" [style=dotted];
          }
          "function x";
          "machine nightly \"run\"";
          "machine nightly \"run\"" -> "function x" [label="state", style=dashed, color=red];
        }
        "#);
    }
}
