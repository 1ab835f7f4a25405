//! Machines, inputs and scripts at random.
//!
//! The document that runs through a machine mostly has one shape, `{n, m, s, b, xs, o: {…}}`, so that paths lead somewhere; what breaks the shape
//! (an error that replaces it, a result that is a number) comes seldom, and makes the failures. A counter, a variable of the graph, grows with nearly every
//! state, and Choices compare it, so that most loops end; the others are cut by the limit of events.
use super::random::Random;
use serde_json::{Map, Value, json};

/// Which graphs are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Mostly forward, some ways back: the loops of real machines.
    Forward,
    /// Any state may go to any other.
    Free,
    /// Loops with two ways in.
    Irreducible,
    /// Loops inside loops, left from the innermost.
    Nested,
}

pub const SHAPES: [Shape; 4] = [Shape::Forward, Shape::Free, Shape::Irreducible, Shape::Nested];

const ERRORS: [&str; 6] = ["E1", "E2", "Custom.Error", "Lambda.TooManyRequestsException", "States.TaskFailed", "States.Timeout"];
const CAUGHT: [&str; 8] = [
    "E1",
    "E2",
    "Custom.Error",
    "Lambda.TooManyRequestsException",
    "States.TaskFailed",
    "States.Timeout",
    "States.QueryEvaluationError",
    "States.ExceedToleratedFailureThreshold",
];
const RESOURCES: [&str; 5] = [
    "arn:aws:states:::lambda:invoke",
    "arn:aws:lambda:us-east-1:111111111111:function:f",
    "arn:aws:states:::glue:startJobRun.sync",
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "arn:aws:states:::aws-sdk:s3:headObject",
];

/// A machine's text and the tasks in it.
pub struct Generated {
    pub machine: Value,
    pub tasks: Vec<String>,
}

pub fn machine(random: &mut Random, shape: Shape) -> Generated {
    let jsonata = random.percent(35);
    let mut generator = Generator { random, jsonata, names: 0, tasks: Vec::new(), variables: Vec::new() };
    let size = *generator.random.pick(&[2, 3, 4, 5, 6, 7, 8, 9, 12, 20]);
    let size = if shape == Shape::Irreducible { size.max(4) } else { size };
    let mut machine = generator.graph(shape, size, 0);
    let top = machine.as_object_mut().expect("an object");
    if jsonata {
        top.insert("QueryLanguage".into(), json!("JSONata"));
    }
    if generator.random.percent(4) {
        let seconds = generator.random.between(1, 30);
        top.insert("TimeoutSeconds".into(), json!(seconds));
    }
    let tasks = generator.tasks;
    Generated { machine, tasks }
}

pub fn input(random: &mut Random) -> Value {
    if random.percent(2) {
        return random.pick(&[json!({}), json!(7), json!(["a"]), json!({"n": "text", "xs": 3})]).clone();
    }
    let mut document = document(random);
    document["o"] = self::document(random);
    document
}

fn document(random: &mut Random) -> Value {
    let items: Vec<Value> = (0..random.below(4))
        .map(|_| {
            if random.percent(70) {
                json!(random.below(9))
            } else {
                json!({"n": random.below(5), "m": 1, "s": "item", "b": true, "xs": []})
            }
        })
        .collect();
    json!({
        "n": random.below(8),
        "m": random.below(4),
        "s": *random.pick(&["red", "green", "E1", "*"]),
        "b": random.percent(50),
        "xs": items,
    })
}

/// What tasks answer: a list of attempts for each, begun again when it is over. A task that is left out cannot be called.
pub fn script(random: &mut Random, tasks: &[String]) -> Value {
    let calm = random.percent(40);
    let mut script = Map::new();
    for task in tasks {
        if random.percent(1) {
            continue;
        }
        let attempts: Vec<Value> = (0..random.between(1, 4)).map(|_| attempt(random, calm)).collect();
        script.insert(task.clone(), Value::Array(attempts));
    }
    Value::Object(script)
}

fn attempt(random: &mut Random, calm: bool) -> Value {
    let mut attempt = Map::new();
    if random.percent(if calm { 10 } else { 45 }) {
        attempt.insert("error".into(), json!(*random.pick(&ERRORS)));
        if random.percent(70) {
            attempt.insert("cause".into(), json!(format!("cause {}", random.below(9))));
        }
    } else {
        let output = match random.below(20) {
            0 => random.pick(&[json!(5), json!("text"), Value::Null, json!([1, 2]), json!({})]).clone(),
            _ => input(random),
        };
        attempt.insert("output".into(), output);
    }
    if random.percent(30) {
        attempt.insert("seconds".into(), json!(random.below(9)));
    }
    Value::Object(attempt)
}

struct Generator<'r> {
    random: &'r mut Random,
    /// Whether the whole machine is in JSONata.
    jsonata: bool,
    names: usize,
    tasks: Vec<String>,
    /// The counters that can be seen, the graph's own last.
    variables: Vec<String>,
}

/// Where a graph's states may go.
struct Ways {
    shape: Shape,
    names: Vec<String>,
    at: usize,
    /// A Choice goes to both of the others, the second goes to the third, the third, a Choice, back to the second.
    two_ways_in: Option<[usize; 3]>,
}

impl Generator<'_> {
    fn graph(&mut self, shape: Shape, size: usize, depth: usize) -> Value {
        let counter = format!("c{}", self.names);
        let names: Vec<String> = (0..=size)
            .map(|_| {
                self.names += 1;
                format!("S{}", self.names)
            })
            .collect();
        self.variables.push(counter.clone());
        let mut states = Map::new();
        // The first sets the counter. Nothing goes back to it.
        let mut first = json!({"Type": "Pass", "Assign": {counter: 0}});
        let entry = if shape == Shape::Free && self.random.percent(30) { self.random.between(1, size) } else { 1 };
        first["Next"] = json!(names[entry]);
        states.insert(names[0].clone(), first);
        let two_ways_in = (shape == Shape::Irreducible && size > 3).then(|| {
            let one = self.random.between(1, size - 3);
            let other = self.random.between(one + 1, size - 2);
            [one, other, self.random.between(other + 1, size - 1)]
        });
        let mut ways = Ways { shape, names, at: 0, two_ways_in };
        for at in 1..=size {
            ways.at = at;
            let state = self.state(&ways, depth);
            states.insert(ways.names[at].clone(), state);
        }
        self.variables.pop();
        if let Some(places) = ways.two_ways_in {
            let [_, second, third] = places.map(|at| ways.names[at].clone());
            for (at, target) in places.into_iter().zip([&second, &third, &second]) {
                let state = &mut states[&ways.names[at]];
                match state.get_mut("Choices") {
                    Some(choices) => choices[0]["Next"] = json!(target),
                    None => {
                        let state = state.as_object_mut().expect("a state");
                        if state.shift_remove("End").is_some() || state.contains_key("Next") {
                            state.insert("Next".into(), json!(target));
                        }
                    }
                }
            }
            states[&ways.names[places[0]]]["Default"] = json!(third);
            // The loop is left by a way that is not the one back.
            let out = &mut states[&ways.names[places[2]]];
            out["Default"] = json!(ways.names[size]);
        }
        let mut graph = Map::new();
        graph.insert("StartAt".into(), json!(ways.names[0]));
        graph.insert("States".into(), Value::Object(states));
        Value::Object(graph)
    }

    fn target(&mut self, ways: &Ways) -> String {
        let back = match ways.shape {
            Shape::Forward => 15,
            Shape::Nested => 35,
            Shape::Free => 50,
            Shape::Irreducible => 45,
        };
        self.some_state(ways, back)
    }

    /// A state, an earlier one (or this one) in so many of a hundred.
    fn some_state(&mut self, ways: &Ways, back: usize) -> String {
        let last = ways.names.len() - 1;
        let at = if ways.at < last && !self.random.percent(back) {
            // Mostly near.
            let reach = if self.random.percent(60) { ways.at + 2 } else { last };
            self.random.between(ways.at + 1, reach.min(last))
        } else if ways.shape == Shape::Nested {
            self.random.between(1, ways.at)
        } else {
            self.random.between(1, last)
        };
        ways.names[at].clone()
    }

    /// Mostly a later state: the first rule of a Choice is the way out of loops.
    fn forward(&mut self, ways: &Ways) -> String {
        let last = ways.names.len() - 1;
        if ways.at == last || self.random.percent(20) {
            return self.target(ways);
        }
        let at = self.random.between(ways.at + 1, last);
        ways.names[at].clone()
    }

    /// `Next` or `End`.
    fn go_on(&mut self, ways: &Ways, state: &mut Map<String, Value>) {
        let last = ways.names.len() - 1;
        let ends = if ways.at == last { 92 } else { 6 };
        if self.random.percent(ends) {
            state.insert("End".into(), json!(true));
        } else {
            // Seldom back: a loop without a Choice does not end.
            let target = self.some_state(ways, if ways.shape == Shape::Free { 12 } else { 6 });
            state.insert("Next".into(), json!(target));
        }
    }

    fn state(&mut self, ways: &Ways, depth: usize) -> Value {
        let own = self.jsonata || self.random.percent(30);
        let mut state = Map::new();
        // What a graph is made of decides its shape: without Choices there is no loop that ends.
        let choices = match ways.shape {
            Shape::Forward => 25,
            Shape::Free | Shape::Nested => 35,
            Shape::Irreducible => 50,
        };
        let roll = self.random.below(100);
        let last = ways.at == ways.names.len() - 1;
        let kind = if last {
            // Else most graphs would have no end.
            *self.random.pick(&["Pass", "Pass", "Task", "Succeed", "Fail"])
        } else if ways.two_ways_in.is_some_and(|[one, _, other]| ways.at == one || ways.at == other) || roll < choices {
            "Choice"
        } else {
            let rare = self.random.percent(35);
            *self.random.pick(match (depth, rare) {
                (0..=2, true) => &["Parallel", "Map", "Task", "Fail", "Succeed", "Wait"][..],
                _ => &["Pass", "Pass", "Pass", "Task", "Task", "Task", "Wait"][..],
            })
        };
        state.insert("Type".into(), json!(kind));
        if own && !self.jsonata {
            state.insert("QueryLanguage".into(), json!("JSONata"));
        }
        match kind {
            "Pass" => self.pass(own, &mut state),
            "Task" => self.task(own, ways, &mut state),
            "Wait" => self.wait(own, &mut state),
            "Choice" => {
                self.choice(own, ways, &mut state);
                return Value::Object(state);
            }
            "Succeed" => {
                self.ends(own, &mut state);
                return Value::Object(state);
            }
            "Fail" => {
                self.fail(own, &mut state);
                return Value::Object(state);
            }
            "Parallel" => self.parallel(own, ways, depth, &mut state),
            _ => self.map(own, ways, depth, &mut state),
        }
        self.go_on(ways, &mut state);
        Value::Object(state)
    }

    fn inner(&mut self, depth: usize) -> Value {
        let size = self.random.between(1, if depth == 0 { 4 } else { 2 });
        let shape = *self.random.pick(&SHAPES);
        self.graph(shape, size, depth + 1)
    }

    /// The counter of this graph grows.
    fn count(&mut self, own: bool, state: &mut Map<String, Value>, share: usize) {
        if !self.random.percent(share) {
            return;
        }
        let counter = self.variables.last().expect("a graph").clone();
        let assign = if own {
            json!({counter.clone(): format!("{{% ${counter} + 1 %}}")})
        } else {
            json!({format!("{counter}.$"): format!("States.MathAdd(${counter}, 1)")})
        };
        state.insert("Assign".into(), assign);
    }

    fn paths(&mut self, state: &mut Map<String, Value>) {
        if self.random.percent(4) {
            let path = self.random.pick(&[json!("$.o"), json!("$.o"), json!(null), json!("$")]).clone();
            state.insert("InputPath".into(), path);
        }
        if self.random.percent(3) {
            let path = self.random.pick(&[json!("$.o"), json!("$"), json!(null)]).clone();
            state.insert("OutputPath".into(), path);
        }
    }

    fn ends(&mut self, own: bool, state: &mut Map<String, Value>) {
        if own {
            if self.random.percent(50) {
                state.insert("Output".into(), json!({"n": "{% $states.input.n %}", "at": "{% $states.context.State.Name %}"}));
            }
        } else {
            self.paths(state);
        }
    }

    fn pass(&mut self, own: bool, state: &mut Map<String, Value>) {
        self.count(own, state, 85);
        if own {
            let output = match self.random.below(6) {
                0 | 1 => Some(json!("{% $merge([$states.input, {'n': $states.input.n + 1}]) %}")),
                2 => Some(
                    json!({"n": "{% $states.input.n - 1 %}", "m": 2, "s": "green", "b": "{% $states.input.n > 3 %}", "xs": [1, {"n": 1}], "o": "{% $states.input.o %}"}),
                ),
                _ => None,
            };
            if let Some(output) = output {
                state.insert("Output".into(), output);
            }
            return;
        }
        self.paths(state);
        match self.random.below(7) {
            0 | 1 => {
                state.insert(
                    "Parameters".into(),
                    json!({"n.$": "States.MathAdd($.n, 1)", "m.$": "$.m", "s.$": "$.s", "b": false, "xs.$": "$.xs", "o.$": "$.o"}),
                );
            }
            2 => {
                state.insert("Result".into(), json!("green"));
                state.insert("ResultPath".into(), json!("$.s"));
            }
            3 => {
                state.insert("Result".into(), json!(true));
                state.insert("ResultPath".into(), json!("$.b"));
            }
            4 => {
                state.insert("Result".into(), json!([3, 4]));
                state.insert("ResultPath".into(), self.random.pick(&[json!("$.xs"), json!("$.o.xs"), json!(null)]).clone());
            }
            _ => {}
        }
    }

    fn wait(&mut self, own: bool, state: &mut Map<String, Value>) {
        self.count(own, state, 80);
        let seconds = self.random.below(6);
        let (name, value) = match (self.random.below(5), own) {
            (0, true) => ("Seconds", json!("{% $states.input.m %}")),
            (0, false) => ("SecondsPath", json!("$.m")),
            (1, _) => {
                ("Timestamp", json!(*self.random.pick(&["2026-01-01T00:00:07Z", "2025-01-01T00:00:00Z", "2026-01-01T00:00:02.500Z"])))
            }
            _ => ("Seconds", json!(seconds)),
        };
        state.insert(name.into(), value);
        if !own {
            self.paths(state);
        }
    }

    fn fail(&mut self, own: bool, state: &mut Map<String, Value>) {
        let error = *self.random.pick(&ERRORS);
        match (self.random.below(4), own) {
            (0, true) => {
                state.insert("Error".into(), json!("{% $states.input.s %}"));
            }
            (0, false) => {
                state.insert("ErrorPath".into(), json!("$.s"));
                state.insert("CausePath".into(), json!("States.Format('n is {}', $.n)"));
            }
            (1, _) => {}
            _ => {
                state.insert("Error".into(), json!(error));
                state.insert("Cause".into(), json!("as asked"));
            }
        }
    }

    fn names_of_errors(&mut self) -> Vec<&'static str> {
        (0..self.random.between(1, 2)).map(|_| *self.random.pick(&CAUGHT)).collect()
    }

    fn handlers(&mut self, own: bool, ways: &Ways, state: &mut Map<String, Value>) {
        let mut retriers = Vec::new();
        if self.random.percent(40) {
            let all = self.random.percent(40);
            for _ in 0..self.random.between(usize::from(!all), 2) {
                let errors = self.names_of_errors();
                retriers.push(self.retrier(&errors));
            }
            if all {
                retriers.push(self.retrier(&["States.ALL"]));
            }
            state.insert("Retry".into(), Value::Array(retriers));
        }
        let mut catchers = Vec::new();
        if self.random.percent(60) {
            let all = self.random.percent(70);
            for _ in 0..self.random.between(usize::from(!all), 2) {
                let errors = self.names_of_errors();
                catchers.push(self.catcher(&errors, own, ways));
            }
            if all {
                catchers.push(self.catcher(&["States.ALL"], own, ways));
            }
            state.insert("Catch".into(), Value::Array(catchers));
        }
    }

    fn retrier(&mut self, errors: &[&str]) -> Value {
        let mut retrier = json!({"ErrorEquals": errors, "MaxAttempts": self.random.below(4)});
        if self.random.percent(50) {
            retrier["IntervalSeconds"] = json!(self.random.between(1, 4));
        }
        if self.random.percent(30) {
            retrier["BackoffRate"] = self.random.pick(&[json!(1), json!(1.5), json!(3)]).clone();
        }
        if self.random.percent(20) {
            retrier["MaxDelaySeconds"] = json!(self.random.between(5, 8));
        }
        if self.random.percent(15) {
            retrier["JitterStrategy"] = json!("FULL");
        }
        retrier
    }

    fn catcher(&mut self, errors: &[&str], own: bool, ways: &Ways) -> Value {
        let target = self.target(ways);
        let mut catcher = json!({"ErrorEquals": errors, "Next": target});
        let fields = catcher.as_object_mut().expect("an object");
        self.count(own, fields, 75);
        if own {
            if self.random.percent(85) {
                fields.insert("Output".into(), json!("{% $merge([$states.input, {'e': $states.errorOutput.Error}]) %}"));
            }
        } else if self.random.percent(90) {
            fields.insert("ResultPath".into(), self.random.pick(&[json!("$.err"), json!("$.err"), json!("$.o.err"), json!(null)]).clone());
        }
        catcher
    }

    fn task(&mut self, own: bool, ways: &Ways, state: &mut Map<String, Value>) {
        self.tasks.push(ways.names[ways.at].clone());
        let resource = *self.random.pick(&RESOURCES);
        state.insert("Resource".into(), json!(resource));
        self.count(own, state, 85);
        if self.random.percent(40) {
            state.insert("TimeoutSeconds".into(), json!(self.random.between(2, 6)));
            if self.random.percent(30) {
                state.insert("HeartbeatSeconds".into(), json!(1));
            }
        }
        let token = resource.ends_with("Token");
        if own {
            if token || self.random.percent(50) {
                let mut arguments = json!({"n": "{% $states.input.n %}", "by": "{% $states.context.State.Name & '!' %}"});
                if token {
                    arguments["token"] = json!("{% $states.context.Task.Token %}");
                }
                state.insert("Arguments".into(), arguments);
            }
            match self.random.below(4) {
                0 => {}
                1 => {
                    state.insert("Output".into(), json!("{% $merge([$states.input, {'n': $states.result.n}]) %}"));
                }
                _ => {
                    state.insert("Output".into(), json!("{% $states.input %}"));
                }
            }
        } else {
            self.paths(state);
            if token || self.random.percent(50) {
                let mut parameters = json!({"n.$": "$.n", "retry.$": "$$.State.RetryCount"});
                if token {
                    parameters["token.$"] = json!("$$.Task.Token");
                }
                state.insert("Parameters".into(), parameters);
            }
            if self.random.percent(20) {
                state.insert("ResultSelector".into(), json!({"n.$": "$.n"}));
            }
            if self.random.percent(75) {
                state.insert("ResultPath".into(), self.random.pick(&[json!("$.t"), json!("$.o.t"), json!(null)]).clone());
            }
        }
        self.handlers(own, ways, state);
    }

    fn choice(&mut self, own: bool, ways: &Ways, state: &mut Map<String, Value>) {
        let mut rules = Vec::new();
        for _ in 0..self.random.between(1, 3) {
            let mut rule = if own { json!({"Condition": format!("{{% {} %}}", self.condition())}) } else { self.comparison(2) };
            let target = if rules.is_empty() { self.forward(ways) } else { self.target(ways) };
            rule["Next"] = json!(target);
            let fields = rule.as_object_mut().expect("an object");
            self.count(own, fields, 80);
            if own && self.random.percent(15) {
                fields.insert("Output".into(), json!("{% $merge([$states.input, {'m': 1}]) %}"));
            }
            rules.push(rule);
        }
        state.insert("Choices".into(), Value::Array(rules));
        if self.random.percent(88) {
            let target = self.target(ways);
            state.insert("Default".into(), json!(target));
            self.count(own, state, 80);
        }
        if !own {
            self.paths(state);
        }
    }

    fn counter(&mut self) -> String {
        // Mostly the graph's own: one from outside does not change here.
        if self.random.percent(85) {
            return self.variables.last().expect("a graph").clone();
        }
        self.random.pick(&self.variables).clone()
    }

    fn comparison(&mut self, depth: usize) -> Value {
        if depth > 0 && self.random.percent(20) {
            let (one, other) = (self.comparison(depth - 1), self.comparison(depth - 1));
            return match self.random.below(3) {
                0 => json!({"And": [one, other]}),
                1 => json!({"Or": [one, other]}),
                _ => json!({"Not": one}),
            };
        }
        let counter = format!("${}", self.counter());
        let most = self.random.below(6);
        match self.random.below(14) {
            0..=6 => json!({"Variable": counter, "NumericGreaterThan": most}),
            7 => json!({"Variable": counter, "NumericLessThan": most}),
            8 => json!({"Variable": "$.n", "NumericEquals": most}),
            9 => json!({"Variable": "$.n", "NumericLessThanPath": "$.m"}),
            10 => json!({"Variable": "$.b", "BooleanEquals": true}),
            11 => json!({"Variable": "$.s", "StringMatches": *self.random.pick(&["r*", "g*", "\\*"])}),
            12 => json!({"Variable": *self.random.pick(&["$.err", "$.t", "$.e"]), "IsPresent": true}),
            _ => json!({"And": [{"Variable": "$.err.Error", "IsPresent": true}, {"Variable": "$.err.Error", "StringEquals": "E1"}]}),
        }
    }

    fn condition(&mut self) -> String {
        let counter = self.counter();
        let most = self.random.below(6);
        match self.random.below(11) {
            0..=5 => format!("${counter} > {most}"),
            6 => format!("${counter} < {most}"),
            7 => format!("$states.input.n = {most}"),
            8 => "$states.input.b = true".to_owned(),
            9 => format!("$exists($states.input.e) or ${counter} > {most}"),
            _ => format!("$states.input.s = 'red' and ${counter} <= {most}"),
        }
    }

    fn parallel(&mut self, own: bool, ways: &Ways, depth: usize, state: &mut Map<String, Value>) {
        let branches: Vec<Value> = (0..self.random.between(1, 3)).map(|_| self.inner(depth)).collect();
        state.insert("Branches".into(), Value::Array(branches));
        self.count(own, state, 85);
        self.collected(own, state);
        if !own {
            self.paths(state);
            if self.random.percent(15) {
                state.insert("Parameters".into(), json!({"n.$": "$.n", "m": 1, "s": "red", "b": true, "xs": [1], "o": {"n": 1, "xs": []}}));
            }
        }
        self.handlers(own, ways, state);
    }

    /// What becomes of the results of branches and items. Seldom all of them: they would grow with every round of a loop.
    fn collected(&mut self, own: bool, state: &mut Map<String, Value>) {
        if own {
            let output = match self.random.below(10) {
                0 => return,
                1 | 2 => json!("{% $merge([$states.input, {'n': $states.result[0].n}]) %}"),
                _ => json!("{% $merge([$states.input, {'k': $count($states.result)}]) %}"),
            };
            state.insert("Output".into(), output);
            return;
        }
        match self.random.below(10) {
            0 => return,
            1 | 2 => {
                state.insert("ResultPath".into(), Value::Null);
                return;
            }
            3 => {
                state.insert("ResultSelector".into(), json!({"k.$": "$[*].n"}));
            }
            _ => {
                state.insert("ResultSelector".into(), json!({"k.$": "States.ArrayLength($)"}));
            }
        }
        state.insert("ResultPath".into(), self.random.pick(&[json!("$.p"), json!("$.o.p")]).clone());
    }

    fn map(&mut self, own: bool, ways: &Ways, depth: usize, state: &mut Map<String, Value>) {
        let distributed = self.random.percent(12);
        // A child execution sees no variables from outside.
        let outer = if distributed { std::mem::take(&mut self.variables) } else { Vec::new() };
        let mut processor = self.inner(depth);
        if distributed {
            self.variables = outer;
        }
        processor["ProcessorConfig"] =
            if distributed { json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}) } else { json!({"Mode": "INLINE"}) };
        state.insert("ItemProcessor".into(), processor);
        self.count(own, state, 85);
        self.collected(own, state);
        if self.random.percent(60) {
            state.insert("MaxConcurrency".into(), json!(self.random.below(4)));
        }
        if distributed && self.random.percent(60) {
            let (name, most) = *self.random.pick(&[("ToleratedFailureCount", 3), ("ToleratedFailurePercentage", 101)]);
            state.insert(name.into(), json!(self.random.below(most)));
        }
        let selected = self.random.percent(85);
        if own {
            state.insert("Items".into(), self.random.pick(&[json!("{% $states.input.xs %}"), json!([1, 2, {"n": 1}])]).clone());
            if selected {
                let item = "{% $merge([$states.input, {'n': $states.context.Map.Item.Index, 'item': $states.context.Map.Item.Value}]) %}";
                state.insert("ItemSelector".into(), json!(item));
            }
        } else {
            self.paths(state);
            state.insert("ItemsPath".into(), json!("$.xs"));
            if selected {
                state.insert(
                    "ItemSelector".into(),
                    json!({"n.$": "$$.Map.Item.Index", "item.$": "$$.Map.Item.Value", "m.$": "$.m", "s.$": "$.s", "b.$": "$.b", "xs": [1], "o": {"n": 2, "xs": []}}),
                );
            }
        }
        self.handlers(own, ways, state);
    }
}
