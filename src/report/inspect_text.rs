//! The estate for people: what there is, grouped by kind, each with its place.
use super::inspect::{InspectReport, StageEntry};
use super::style::{BOLD, DIM, RED, paint, plain};
use std::fmt::Write as _;

#[must_use]
pub fn render(report: &InspectReport) -> String {
    let mut out = String::new();
    if report.stages.is_empty() {
        out.push_str("nothing was found that emr2k8s reads\n");
    }
    for stage in &report.stages {
        let _ = writeln!(out, "{}", paint(BOLD, &format!("stage {}", plain(&stage.name))));
        stage_text(stage, &mut out);
    }
    if !report.links.is_empty() {
        let _ = writeln!(out, "{}", paint(BOLD, "links"));
        for link in &report.links {
            let broken = match (link.broken, link.kind.as_str()) {
                (true, _) => paint(RED, "  broken: not found"),
                (false, "service") => "  not translated".to_owned(),
                _ => String::new(),
            };
            let words = format!("{}: {} → {}", link.kind, plain(&link.from), plain(&link.to));
            let _ = writeln!(out, "  {words}{broken}  {}", at(&link.file, link.line));
        }
    }
    out
}

fn stage_text(stage: &StageEntry, out: &mut String) {
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = writeln!(out, "  {title}");
            for line in lines {
                let _ = writeln!(out, "    {line}");
            }
        }
    };
    let mut machines = Vec::new();
    for machine in &stage.machines {
        let count = match machine.states.len() {
            1 => "1 state".to_owned(),
            n => format!("{n} states"),
        };
        machines.push(format!("{}  {count}  {}", plain(&machine.name), at(&machine.file, machine.line)));
        for state in &machine.states {
            let depth = state.within.as_deref().map_or(0, |within| within.split('/').count() / 2);
            let next = if state.next.is_empty() { String::new() } else { format!(" → {}", plain(&state.next.join(", "))) };
            let resource = state.resource.as_deref().map(|r| format!("  {}", paint(DIM, &plain(r)))).unwrap_or_default();
            machines.push(format!("{}{} {}{next}{resource}", "  ".repeat(depth + 1), state.kind, plain(&state.name)));
        }
    }
    section("machines", machines);
    let jobs = stage.jobs.iter().map(|job| {
        let what = job.class_name.as_ref().or(job.application.as_ref()).or(job.name.as_ref()).map_or("(unknown)", String::as_str);
        let place = match (&job.file, job.line) {
            (Some(file), Some(line)) => format!("  {}", at(file, line)),
            _ => String::new(),
        };
        format!("{}  from {}{place}", plain(what), plain(&job.from))
    });
    section("jobs", jobs.collect());
    let clusters = stage.clusters.iter().map(|cluster| {
        let groups = cluster.groups.iter().map(|group| {
            let count = group.count.as_deref().unwrap_or("?");
            format!("{} {count} × {}{}", group.role, group.instance_types.join(" | "), if group.spot { " spot" } else { "" })
        });
        let release = cluster.release.as_deref().unwrap_or("(no release)");
        let groups = groups.collect::<Vec<_>>().join(", ");
        plain(&format!("{}  {release}  {groups}", cluster.name.as_ref().unwrap_or(&cluster.reference)))
            + "  "
            + &at(&cluster.file, cluster.line)
    });
    section("clusters", clusters.collect());
    let functions = stage.functions.iter().map(|function| {
        let action = function.action.as_deref().unwrap_or("not read");
        format!("{}  {}  {}", plain(&function.name), plain(action), at(&function.file, function.line))
    });
    section("functions", functions.collect());
    let triggers =
        stage.triggers.iter().map(|t| format!("{} {} → {}  {}", t.kind, plain(&t.detail), plain(&t.target), at(&t.file, t.line)));
    section("triggers", triggers.collect());
    let found = stage.found.iter().map(|f| format!("{} {}: {}  {}", plain(&f.kind), plain(&f.name), plain(&f.why), at(&f.file, f.line)));
    section("found, not translated", found.collect());
}

fn at(file: &str, line: u32) -> String {
    paint(DIM, &format!("{}:{line}", plain(file)))
}

#[cfg(test)]
mod tests {
    use super::super::inspect::tests::sample;
    use super::*;

    #[test]
    fn the_estate_is_grouped() {
        let text = render(&InspectReport::new(&sample()));
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string(), @r#"
        stage dev
          machines
            nightly "run"  3 states  m.json:1
              Task A → P  arn:aws:lambda:x
              Parallel P
                Succeed B
          jobs
            s3://a/x.jar  from file m.json  m.json:2
        links
          state: machine nightly "run" → function x  broken: not found  m.json:2
        "#);
    }
}
