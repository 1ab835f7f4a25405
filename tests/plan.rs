//! A structured plan does what its machine does: machines, inputs and scripts of task results at random, run by both interpreters.
//!
//! Both share what a state does with data (`simulate::engine`), so what is proven here is where control goes: that structuring
//! (`pass::control`) keeps every way through every graph, and that a plan's interpreter goes it. Compared is all that can be seen: status,
//! output, error and cause, every visit of a state with its input, output, times and retries, every call of a task in its order.
//! The interpreter of machines itself is held to AWS's recordings (`tests/conformance.rs`).
//!
//! The seeds are fixed. `EMR2K8S_PLAN_MACHINES` sets how many machines there are, `EMR2K8S_PLAN_SEED` where the seeds begin. A case that differs is made small
//! and written to `fixtures/plan/`, whose cases are run each time.
#[path = "plan/case.rs"]
mod case;
#[path = "plan/flow.rs"]
mod flow;
#[path = "plan/generate.rs"]
mod generate;
#[path = "plan/live.rs"]
mod live;
#[path = "plan/random.rs"]
mod random;
#[path = "plan/shrink.rs"]
mod shrink;

use case::{Both, Refused, Run};
use emr2k8s::simulate::engine::Status;
use emr2k8s::simulate::value::Value;
use generate::SHAPES;
use random::Random;
use rayon::prelude::*;
use shrink::Case;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// 100,000 runs.
const MACHINES: u64 = 5_000;
const RUNS: usize = 20;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is not a number")))
}

/// What was seen, by name.
#[derive(Default)]
struct Seen(BTreeMap<String, u64>);

impl Seen {
    fn add(&mut self, what: impl Into<String>) {
        self.add_many(what, 1);
    }

    fn add_many(&mut self, what: impl Into<String>, count: u64) {
        *self.0.entry(what.into()).or_default() += count;
    }

    fn merge(mut self, other: Self) -> Self {
        for (what, count) in other.0 {
            self.add_many(what, count);
        }
        self
    }

    fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    fn run(&mut self, run: &Run) {
        self.add("runs");
        let outcome = &run.outcome;
        self.add_many("states", outcome.states);
        self.add_many("calls", run.calls.len() as u64);
        match (&outcome.result, outcome.status) {
            (Ok(_), _) => self.add("runs that succeed"),
            (Err(_), Status::TimedOut) => self.add("runs that time out"),
            (Err(failure), _) => {
                self.add("runs that fail");
                let limit = failure.cause.as_deref().is_some_and(|cause| cause.contains("maximum number of history events"));
                self.add(if limit {
                    "runs cut by the limit".to_owned()
                } else {
                    format!("error {}", failure.error.as_deref().unwrap_or("none"))
                });
            }
        }
        let mut steps: Vec<&str> = Vec::new();
        for step in &outcome.steps {
            self.add(format!("visits of {}", step.kind));
            if step.depth > 1 {
                self.add("visits two levels down");
            }
            match &step.end {
                None => self.add("visits given up"),
                Some(end) if end.retries > 0 => self.add("visits with retries"),
                Some(_) => {}
            }
            steps.push(&step.state);
        }
        let caught = |output: &Value| output.get("e").or(output.get("err")).or(output.get("o").and_then(|o| o.get("err"))).is_some();
        if outcome.steps.iter().any(|step| caught(&step.input)) {
            self.add("runs that catch");
        }
        if outcome.steps.iter().any(|step| step.end.as_ref().is_some_and(|end| end.retries > 0)) {
            self.add("runs that retry");
        }
        let visits = steps.len();
        steps.sort_unstable();
        steps.dedup();
        if steps.len() < visits {
            self.add("runs that repeat a state");
        }
        if outcome.finished > outcome.steps.first().map_or(0, |step| step.entered) {
            self.add("runs that take time");
        }
    }
}

/// A case that differs.
struct Failing {
    seed: u64,
    case: Case,
    said: String,
}

/// One machine with its runs.
fn machine(seed: u64) -> (Seen, Option<Failing>) {
    let mut random = Random::of_seed(seed);
    let shape = SHAPES[usize::try_from(seed % 4).expect("fits")];
    let generated = generate::machine(&mut random, shape);
    let mut seen = Seen::default();
    let failing = |input: &serde_json::Value, script: &serde_json::Value, said: String| {
        Some(Failing { seed, case: Case { machine: generated.machine.clone(), input: input.clone(), script: script.clone() }, said })
    };
    let both = match Both::of(&generated.machine.to_string()) {
        Ok(both) => both,
        Err(Refused::TooDeep) => {
            seen.add("machines too deep");
            return (seen, None);
        }
        Err(Refused::Machine(said)) => {
            return (seen, failing(&serde_json::json!({}), &serde_json::json!({}), format!("not a machine: {said}")));
        }
        Err(Refused::Defect(said)) => return (seen, failing(&serde_json::json!({}), &serde_json::json!({}), said)),
    };
    seen.add("machines");
    seen.add(format!("machines {shape:?}"));
    if generated.machine.get("QueryLanguage").is_some() {
        seen.add("machines all in JSONata");
    }
    let irreducible = !both.structured.irreducible.is_empty();
    if irreducible {
        seen.add("machines irreducible");
        seen.add(format!("machines {shape:?} irreducible"));
        seen.add_many("irreducible loops", both.structured.irreducible.len() as u64);
    }
    let mut counted = BTreeMap::new();
    case::statements(&both.structured.body.block, &mut counted);
    for (name, count) in counted {
        seen.add_many(format!("statements {name}"), count as u64);
        seen.add(format!("machines with {name}"));
    }
    for _ in 0..RUNS {
        let input = generate::input(&mut random);
        let script = generate::script(&mut random, &generated.tasks);
        let (run, difference) = both.compare(&input.clone().into(), &script.clone().into());
        seen.run(&run);
        if irreducible {
            seen.add("runs of irreducible machines");
        }
        if let Some(said) = difference {
            return (seen, failing(&input, &script, said));
        }
    }
    (seen, None)
}

fn fails(case: &Case) -> bool {
    match Both::of(&case.machine.to_string()) {
        Ok(both) => both.compare(&case.input.clone().into(), &case.script.clone().into()).1.is_some(),
        Err(Refused::Defect(_)) => true,
        Err(_) => false,
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plan")
}

/// Makes it small, and keeps it.
fn keep(failing: &Failing) -> String {
    let small = shrink::shrink(failing.case.clone(), &fails);
    let file = fixtures().join(format!("seed-{}.json", failing.seed));
    let text = serde_json::json!({"machine": small.machine, "input": small.input, "script": small.script});
    std::fs::write(&file, serde_json::to_string_pretty(&text).expect("JSON") + "\n").expect("written");
    format!("seed {}: {}\n  kept as {}\n{}", failing.seed, failing.said, file.display(), serde_json::to_string(&text).expect("JSON"))
}

/// Least (or, for what is unwanted, most) shares in a thousand, so that a change of the generator cannot make the test look at nothing.
fn not_blind(seen: &Seen) {
    let share = |what: &str, of: &str| seen.of(what) * 1_000 / seen.of(of).max(1);
    let least = [
        ("runs", "runs that succeed", 300),
        ("runs", "runs that fail", 300),
        ("runs", "runs that catch", 50),
        ("runs", "runs that retry", 25),
        ("runs", "runs that repeat a state", 150),
        ("runs", "runs that take time", 200),
        ("runs", "runs that time out", 1),
        ("runs", "runs of irreducible machines", 200),
        ("runs", "error States.Timeout", 20),
        ("runs", "error States.TaskFailed", 15),
        ("runs", "error States.Runtime", 50),
        ("runs", "error States.QueryEvaluationError", 5),
        ("runs", "error States.ExceedToleratedFailureThreshold", 1),
        ("runs", "calls", 800),
        ("states", "visits of Pass", 200),
        ("states", "visits of Choice", 200),
        ("states", "visits of Task", 80),
        ("states", "visits of Wait", 30),
        ("states", "visits of Succeed", 15),
        ("states", "visits of Fail", 15),
        ("states", "visits of Parallel", 7),
        ("states", "visits of Map", 7),
        ("states", "visits two levels down", 10),
        ("states", "visits with retries", 6),
        ("states", "visits given up", 1),
        ("machines", "machines all in JSONata", 250),
        ("machines", "machines with try", 350),
        ("machines", "machines with choose", 500),
        ("machines", "machines with scope", 350),
        ("machines", "machines with loop", 450),
        ("machines", "machines with return", 80),
        ("machines", "machines with dispatch", 200),
        ("machines Irreducible", "machines Irreducible irreducible", 650),
    ];
    let most = [("runs", "runs cut by the limit", 200), ("machines", "machines too deep", 5)];
    let less = least.into_iter().filter(|(of, what, least)| share(what, of) < *least);
    let more = most.into_iter().filter(|(of, what, most)| share(what, of) > *most);
    let wrong: Vec<String> =
        less.chain(more).map(|(of, what, wanted)| format!("{what}: {} of 1,000 {of}, not {wanted}", share(what, of))).collect();
    assert!(wrong.is_empty(), "the generated cases look at too little:\n{}", wrong.join("\n"));
}

#[test]
fn plans_do_what_their_machines_do() {
    let (first, count) = (number("EMR2K8S_PLAN_SEED", 0), number("EMR2K8S_PLAN_MACHINES", MACHINES));
    // The evaluator of JSONata takes a new stack for every expression where less than its reserve is left of a thread's own.
    let pool = rayon::ThreadPoolBuilder::new().stack_size(32 << 20).build().expect("threads");
    let machines = || {
        (first..first + count)
            .into_par_iter()
            .map(|seed| {
                let (seen, failing) = machine(seed);
                (seen, failing.into_iter().collect::<Vec<_>>())
            })
            .reduce(Default::default, |(seen, mut failing), (more, mut others)| {
                failing.append(&mut others);
                (seen.merge(more), failing)
            })
    };
    let (seen, failing) = pool.install(machines);
    for (what, count) in &seen.0 {
        eprintln!("{count:>9} {what}");
    }
    if count >= MACHINES {
        not_blind(&seen);
    }
    let said: Vec<String> = failing.iter().take(3).map(keep).collect();
    assert!(failing.is_empty(), "{} of {count} machines differ:\n{}", failing.len(), said.join("\n"));
}

#[test]
fn kept_cases_do_what_their_machines_do() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(fixtures()).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let value: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON");
        let both = Both::of(&value["machine"].to_string()).unwrap_or_else(|refused| panic!("{}: {refused:?}", path.display()));
        let (_, difference) = both.compare(&value["input"].clone().into(), &value["script"].clone().into());
        assert_eq!(difference, None, "{}", path.display());
    }
}
