//! Random states, one part at a time.
use super::random::Random;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Pass,
    Choose,
    Arguments,
    Result,
    Wait,
    Items,
    Fail,
    Caught,
    /// What leaves a Wait.
    Waited,
}

pub const PARTS: [Part; 9] =
    [Part::Pass, Part::Choose, Part::Arguments, Part::Result, Part::Wait, Part::Items, Part::Fail, Part::Caught, Part::Waited];

/// The variables that every machine has, with their texts.
pub fn variables(random: &mut Random, nasty: bool) -> String {
    let x = if nasty && random.one_in(3) { random.value(2, true) } else { "\"film\"".to_owned() };
    let nasty_number = nasty && random.one_in(2);
    format!(
        r#"{{"x":{x},"num":{},"list":[1,2,3],"obj":{{"k":"v","n":{}}},"set":{}}}"#,
        random.number(nasty_number),
        random.below(9),
        if nasty { random.value(1, true) } else { "\"old\"".to_owned() }
    )
}

pub const VARIABLES: [&str; 5] = ["x", "num", "list", "obj", "set"];

const PATHS: &[&str] = &[
    "$.name",
    "$.name",
    "$.count",
    "$.count",
    "$.flag",
    "$.nil",
    "$.words",
    "$.numbers",
    "$.items",
    "$.matrix",
    "$.when",
    "$.index",
    "$.a",
    "$.a.b",
    "$.a.n",
    "$.a.c.d",
    "$.a.list",
    "$.a.list[0]",
    "$.a.list[-1]",
    "$.items[0].id",
    "$.items[1].name",
    "$.items[*].id",
    "$.items[*]",
    "$.items[*].tags[0]",
    "$['x-y'].k",
    "$['größe']",
    "$.matrix[0][1]",
    "$.json",
    "$.b64",
    "$.number",
    "$",
    "$.nope",
    "$.a.nope.x",
    "$.words[7]",
    "$x",
    "$num",
    "$obj.k",
    "$list[1]",
    "$obj",
    "$.price",
    "$.price",
    "$.rates",
    "$.rates[1]",
    "$.mixed",
    "$$.State.Name",
    "$$.State.RetryCount",
    "$$.StateMachine.Name",
    "$$.Execution.Input",
    "$$.Execution.Input.d.name",
    "$$.Execution.Name",
];

/// Where other things can be found, in the result of a task and in an error.
fn path(random: &mut Random, item: bool) -> String {
    if item && random.one_in(2) {
        return random.pick(&["$$.Map.Item.Value", "$$.Map.Item.Index", "$$.Map.Item.Value.id", "$$.Map.Item.Value.name"]).to_owned();
    }
    random.pick(PATHS).to_owned()
}

fn of(random: &mut Random, paths: &[&str], literals: &[&str]) -> String {
    if random.one_in(3) && !literals.is_empty() { random.pick(literals).to_owned() } else { random.pick(paths).to_owned() }
}

fn call(random: &mut Random, depth: usize, item: bool) -> String {
    let text = |random: &mut Random| of(random, &["$.name", "$.a.b", "$x", "$.words[0]", "$['größe']", "$.a.c.d"], &["'film'", "'a b'"]);
    let number =
        |random: &mut Random| of(random, &["$.count", "$.a.n", "$num", "$.index", "$.price"], &["1", "2", "0", "-3", "1.5", "-0.5"]);
    let list = |random: &mut Random| {
        random
            .pick(&["$.words", "$.numbers", "$.a.list", "$.items", "$list", "$.matrix[0]", "$.items[*].id", "$.rates", "$.mixed"])
            .to_owned()
    };
    let any = |random: &mut Random| if depth > 0 && random.one_in(4) { call(random, depth - 1, item) } else { path(random, item) };
    match random.below(19) {
        0..=2 => {
            let template = random.pick(&[
                "{}",
                "id-{}",
                "{}/{}",
                "\\{{}\\} it\\'s",
                "is missing {}",
                "{} \\\\ {{}}".split(" {{}}").next().unwrap_or(""),
            ]);
            let count = template.matches("{}").count();
            let arguments: Vec<String> = (0..count).map(|_| any(random)).collect();
            format!("States.Format('{template}', {})", arguments.join(", "))
        }
        3 => format!("States.Array({}, {}, 'x')", any(random), any(random)),
        4 => format!("States.ArrayPartition({}, {})", list(random), number(random)),
        5 => {
            let wanted = match random.below(3) {
                0 => text(random),
                1 => number(random),
                _ => any(random),
            };
            format!("States.ArrayContains({}, {wanted})", list(random))
        }
        6 => format!("States.ArrayRange({}, {}, {})", number(random), number(random), random.pick(&["1", "2", "-1", "7", "$.index"])),
        7 => format!("States.ArrayGetItem({}, {})", list(random), of(random, &["$.index"], &["0", "1"])),
        8 => format!("States.ArrayLength({})", list(random)),
        9 => format!("States.JsonToString({})", any(random)),
        10 => format!("States.StringToJson({})", random.pick(&["$.json", "$.number", "$.name", "$.json", "$.blank"])),
        11 => format!("States.Base64Encode({})", text(random)),
        12 => format!("States.Base64Decode({})", random.pick(&["$.b64", "$.name"])),
        13 => format!("States.Hash({}, '{}')", any(random), random.pick(&["SHA-1", "SHA-256", "SHA-512", "MD5"])),
        14 => format!("States.MathAdd({}, {})", number(random), number(random)),
        15 => format!("States.StringSplit({}, '{}')", text(random), random.pick(&[",", ",;", " ", "."])),
        16 => format!("States.StringSplit({}, {})", text(random), random.pick(&["$.sep", "$.sep", "$.name", "$x"])),
        17 => match random.below(3) {
            // Where there is only one number to draw.
            0 => {
                let from = format!("States.ArrayLength({})", list(random));
                format!("States.MathRandom({from}, States.MathAdd({from}, 1.25))")
            }
            1 => {
                let from = number(random);
                format!("States.MathRandom({from}, {from})")
            }
            _ => format!("States.Hash({}, $.hash)", any(random)),
        },
        _ => format!(
            "States.JsonMerge({}, {}, false)",
            random.pick(&["$.a", "$", "$obj", "$['x-y']"]),
            random.pick(&["$.a.c", "$obj", "$['x-y']", "$"])
        ),
    }
}

/// JSON of a template whose keys may be expressions.
fn template(random: &mut Random, depth: usize, item: bool) -> String {
    let count = 1 + random.below(3);
    let entries: Vec<String> = (0..count)
        .map(|index| {
            let key = format!("k{index}{}", random.pick(&["", "-ö", "{{", "\\\""]));
            match random.below(6) {
                0 => format!(
                    "\"{key}\": {}",
                    random.pick(&["1", "1.50", "\"text\"", "null", "[1,{\"a\":\"b\"}]", "\"{{=1}}\"", "12345678901234567890"])
                ),
                1 if depth > 0 => format!("\"{key}\": {}", template(random, depth - 1, item)),
                2 | 3 => format!("\"{key}.$\": {}", quoted(&call(random, 1, item))),
                _ => format!("\"{key}.$\": {}", quoted(&path(random, item))),
            }
        })
        .collect();
    format!("{{{}}}", entries.join(", "))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn assign(random: &mut Random) -> String {
    let name = random.pick(&["set", "x"]);
    match random.below(3) {
        0 => format!(r#", "Assign": {{"{name}": 1}}"#),
        1 => format!(r#", "Assign": {{"{name}.$": {}}}"#, quoted(&call(random, 1, false))),
        _ => format!(r#", "Assign": {{"{name}.$": {}, "num.$": "$num"}}"#, quoted(&path(random, false))),
    }
}

fn maybe(random: &mut Random, times: usize, make: impl Fn(&mut Random) -> String) -> String {
    if random.one_in(times) { make(random) } else { String::new() }
}

fn input_path(random: &mut Random) -> String {
    maybe(random, 5, |random| {
        format!(r#", "InputPath": {}"#, random.pick(&["\"$\"", "null", "\"$.a\"", "\"$.items\"", "\"$obj\"", "\"$.name\""]))
    })
}

fn output_path(random: &mut Random) -> String {
    maybe(random, 6, |random| format!(r#", "OutputPath": {}"#, random.pick(&["\"$\"", "null", "\"$.a\"", "\"$.r\"", "\"$.name\""])))
}

fn result_path(random: &mut Random) -> String {
    maybe(random, 2, |random| {
        format!(
            r#", "ResultPath": {}"#,
            random.pick(&["\"$\"", "null", "\"$.r\"", "\"$.a.new\"", "\"$.p.q.r\"", "\"$['x-y']\"", "\"$.name\""])
        )
    })
}

fn comparison(random: &mut Random, depth: usize) -> String {
    if depth > 0 && random.one_in(4) {
        let inner = |random: &mut Random| format!("{{{}}}", comparison(random, depth - 1));
        return match random.below(3) {
            0 => format!(r#""And": [{}, {}]"#, inner(random), inner(random)),
            1 => format!(r#""Or": [{}, {}]"#, inner(random), inner(random)),
            _ => format!(r#""Not": {}"#, inner(random)),
        };
    }
    let variable = quoted(&path(random, false));
    let order = random.pick(&["Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"]);
    let test = match random.below(12) {
        0 | 1 => format!(r#""String{order}": {}"#, random.pick(&["\"film\"", "\"m\"", "\"größe\"", "\"😀\"", "\"is missing\""])),
        2 | 3 => format!(r#""Numeric{order}": {}"#, random.pick(&["1", "500", "-3", "1.5", "9007199254740993"])),
        4 => format!(r#""BooleanEquals": {}"#, random.pick(&["true", "false"])),
        5 => {
            return format!(
                r#""Variable": "$.when", "Timestamp{order}": {}"#,
                random.pick(&["\"2026-05-11T10:00:00Z\"", "\"2026-01-31T10:00:00.000Z\"", "\"2026-01-31T12:00:00+02:00\""])
            );
        }
        6 => format!(r#""StringMatches": {}"#, random.pick(&["\"*film*\"", "\"f*\"", "\"a\\\\*\"", "\"*\"", "\"{{.*\""])),
        7 => format!(
            r#""{}": {}"#,
            random.pick(&["IsNull", "IsString", "IsNumeric", "IsBoolean", "IsTimestamp"]),
            random.pick(&["true", "false"])
        ),
        8 => format!(r#""IsPresent": {}"#, random.pick(&["true", "false"])),
        9 => {
            // The idiom.
            let path = random.pick(&["$.a.b", "$.nope", "$.name", "$.a.nope.x"]);
            return format!(r#""And": [{{"Variable": "{path}", "IsPresent": true}}, {{"Variable": "{path}", "StringEquals": "film"}}]"#);
        }
        _ => {
            let kind = random.pick(&["String", "Numeric", "Boolean", "Timestamp"]);
            let order = if kind == "Boolean" { "Equals" } else { order };
            format!(
                r#""{kind}{order}Path": {}"#,
                quoted(random.pick(&["$.name", "$.count", "$.flag", "$.a.n", "$.when", "$x", "$num", "$.nope"]))
            )
        }
    };
    format!(r#""Variable": {variable}, {test}"#)
}

fn jsonata_path(random: &mut Random, root: &str) -> String {
    format!(
        "{root}.{}",
        random.pick(&[
            "name",
            "count",
            "flag",
            "nil",
            "words",
            "numbers",
            "items",
            "a",
            "a.b",
            "a.n",
            "a.c.d",
            "items[0].id",
            "items[-1].name",
            "nope",
            "a.nope.x",
            "`x-y`.k",
            "words[0]",
            "matrix",
            "index",
            "number",
            "json",
            "items.id",
            "nil.x",
            "price",
            "rates",
            "rates[0]",
        ])
    )
}

fn jsonata(random: &mut Random, depth: usize, roots: &[&str]) -> String {
    let root = random.pick(roots);
    if depth == 0 {
        return match random.below(5) {
            0 => random.pick(&["1", "2.5", "'film'", "true", "null", "-3", "[]", "{}", "1e3", "0.0001", "-1.25"]).to_owned(),
            1 => random
                .pick(&[
                    "$x",
                    "$num",
                    "$obj.k",
                    "$list",
                    "$list[1]",
                    "$obj",
                    "$states.context.StateMachine.Name",
                    "$states.context.State.RetryCount",
                ])
                .to_owned(),
            2 => random.pick(roots).to_owned(),
            _ => jsonata_path(random, root),
        };
    }
    let text = |random: &mut Random| match random.below(4) {
        0 => "'film'".to_owned(),
        1 => "$x".to_owned(),
        _ => format!("{root}.{}", random.pick(&["name", "a.b", "a.c.d", "words[0]"])),
    };
    let number = |random: &mut Random| match random.below(4) {
        0 => random.pick(&["1", "-2", "1000", "0", "2.5"]).to_owned(),
        1 => "$num".to_owned(),
        _ => format!("{root}.{}", random.pick(&["count", "a.n", "index", "price"])),
    };
    let list =
        |random: &mut Random| format!("{root}.{}", random.pick(&["words", "numbers", "items", "a.list", "matrix", "rates", "mixed"]));
    let flag = |random: &mut Random| match random.below(4) {
        0 => format!("{root}.flag"),
        1 => format!("{} = {}", jsonata_path(random, root), random.pick(&["'film'", "1", "true", "2.5", "null"])),
        2 => format!("{} {} {}", number(random), random.pick(&["<", "<=", ">", ">=", "=", "!="]), number(random)),
        _ => format!("$exists({})", jsonata_path(random, root)),
    };
    let inner = |random: &mut Random| jsonata(random, depth - 1, roots);
    match random.below(26) {
        0 | 1 => format!("{{'a': {}, 'b{{{{': {}}}", inner(random), inner(random)),
        2 => format!("[{}, {}]", inner(random), inner(random)),
        3 => format!("{} & '-' & {}", inner(random), text(random)),
        4 => format!("{} {} {}", number(random), random.pick(&["+", "-", "*"]), number(random)),
        5 => format!("{} ? {} : {}", flag(random), inner(random), inner(random)),
        6 => format!("{} {} {}", flag(random), random.pick(&["and", "or"]), flag(random)),
        7 => format!(
            "({} {} {}) {} $not({})",
            number(random),
            random.pick(&["<", ">"]),
            number(random),
            random.pick(&["and", "or"]),
            flag(random)
        ),
        8 => format!("$string({})", inner(random)),
        9 => format!("$count({})", list(random)),
        10 => format!("$uppercase({})", text(random)),
        11 => format!("$length({})", text(random)),
        12 => format!("$contains({}, {})", text(random), text(random)),
        13 => format!("$split({}, {})", text(random), random.pick(&["','", "' '"])),
        14 => format!("$join({}, ',')", list(random)),
        15 => format!("{}({})", random.pick(&["$sum", "$max", "$min"]), list(random)),
        16 => format!("$number({root}.number)"),
        17 => format!("$parse({root}.{})", random.pick(&["json", "number", "name", "blank"])),
        18 => format!("$partition({}, {})", list(random), number(random)),
        23 => format!("$range({}, {}, {})", number(random), number(random), number(random)),
        24 => format!("-{}", number(random)),
        19 => format!("$merge([{root}.a, $obj])"),
        20 => format!("{} {} {}", inner(random), random.pick(&["=", "!="]), random.pick(&["'film'", "1", "null"])),
        21 => format!("{} in {}", jsonata_path(random, root), random.pick(&["['film', 'reel', 1]", "['film', 'reel']", "[1, 2, 3]"])),
        22 => format!("{} {} 'm'", text(random), random.pick(&["<", ">="])),
        _ => flag(random),
    }
}

fn jsonata_field(random: &mut Random, roots: &[&str]) -> String {
    let depth = random.below(3);
    let expression = |random: &mut Random| quoted(&format!("{{% {} %}}", jsonata(random, depth, roots)));
    if random.one_in(3) {
        format!(r#"{{"k": {}, "c": 1.50, "l": [{}]}}"#, expression(random), expression(random))
    } else {
        expression(random)
    }
}

fn jsonata_assign(random: &mut Random, roots: &[&str]) -> String {
    maybe(random, 3, |random| format!(r#", "Assign": {{"set": {}}}"#, jsonata_field(random, roots)))
}

/// How many items of a Map run at once and how many may fail.
fn settings(random: &mut Random, jsonata: bool, distributed: bool) -> String {
    let mut fields = String::new();
    for name in ["MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"] {
        if !random.one_in(3) || (name != "MaxConcurrency" && !distributed) {
            continue;
        }
        let field = random.pick(&["most", "most", "index", "count", "price", "name", "nope"]);
        fields += &match random.below(3) {
            0 => format!(r#""{name}": {}, "#, random.pick(&["0", "1", "7"])),
            _ if jsonata => format!(r#""{name}": "{{% $states.input.{field} %}}", "#),
            _ => format!(r#""{name}Path": "$.{field}", "#),
        };
    }
    fields
}

/// The fields of a state whose `part` is tried, and how many rules a Choice has.
pub fn state(random: &mut Random, part: Part) -> (String, usize) {
    let jsonata_state = random.one_in(3);
    let language = if jsonata_state { r#""QueryLanguage": "JSONata", "# } else { "" };
    let input: &[&str] = &["$states.input"];
    let text = match (part, jsonata_state) {
        (Part::Pass, false) => {
            let (kind, result) = match random.below(5) {
                0 => ("Succeed", String::new()),
                1 => ("Pass", format!(r#", "Result": {}"#, random.value(2, true))),
                _ => ("Pass", maybe(random, 1, |random| format!(r#", "Parameters": {}"#, template(random, 1, false)))),
            };
            let place = if kind == "Pass" { result_path(random) } else { String::new() };
            let assign = if kind == "Pass" { maybe(random, 4, assign) } else { String::new() };
            format!(r#""Type": "{kind}"{result}{place}{}{}{assign}"#, input_path(random), output_path(random))
        }
        (Part::Pass, true) => {
            let output = maybe(random, 1, |random| format!(r#", "Output": {}"#, jsonata_field(random, input)));
            format!(r#""Type": "Pass"{output}{}"#, jsonata_assign(random, input))
        }
        (Part::Choose, false) => {
            let count = 1 + random.below(3);
            let rules: Vec<String> = (0..count)
                .map(|index| format!(r#"{{{}, "Next": "T{index}"{}}}"#, comparison(random, 2), maybe(random, 6, assign)))
                .collect();
            let default = if random.one_in(4) { String::new() } else { r#", "Default": "D""#.to_owned() };
            let text =
                format!(r#""Type": "Choice", "Choices": [{}]{default}{}{}"#, rules.join(", "), input_path(random), output_path(random));
            return (format!("{language}{text}"), count);
        }
        (Part::Choose, true) => {
            let count = 1 + random.below(3);
            let rules: Vec<String> = (0..count)
                .map(|index| {
                    let condition = loop {
                        let condition = jsonata(random, 1, input);
                        if condition.contains(['<', '>', '=']) || condition.starts_with("$exists") || condition.contains("flag") {
                            break condition;
                        }
                    };
                    let output = maybe(random, 3, |random| format!(r#", "Output": {}"#, jsonata_field(random, input)));
                    format!(
                        r#"{{"Condition": {}, "Next": "T{index}"{output}{}}}"#,
                        quoted(&format!("{{% {condition} %}}")),
                        jsonata_assign(random, input)
                    )
                })
                .collect();
            let default = if random.one_in(4) { String::new() } else { r#", "Default": "D""#.to_owned() };
            return (format!(r#"{language}"Type": "Choice", "Choices": [{}]{default}"#, rules.join(", ")), count);
        }
        (Part::Arguments, false) => {
            let parameters = maybe(random, 1, |random| format!(r#", "Parameters": {}"#, template(random, 1, false)));
            format!(r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f"{parameters}{}"#, input_path(random))
        }
        (Part::Arguments, true) => {
            format!(
                r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f", "Arguments": {}"#,
                jsonata_field(random, input)
            )
        }
        (Part::Result, false) => {
            let selector = maybe(random, 2, |random| format!(r#", "ResultSelector": {}"#, template(random, 1, false)));
            format!(
                r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f"{selector}{}{}{}"#,
                result_path(random),
                output_path(random),
                maybe(random, 4, assign)
            )
        }
        (Part::Result, true) => {
            let roots: &[&str] = &["$states.input", "$states.result", "$states.result"];
            format!(
                r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f", "Output": {}{}"#,
                jsonata_field(random, roots),
                jsonata_assign(random, roots)
            )
        }
        (Part::Wait, false) => {
            let field = match random.below(4) {
                0 => format!(r#""TimestampPath": "{}""#, random.pick(&["$.when", "$x", "$.name", "$.price", "$.mixed"])),
                1 if random.one_in(2) => r#""Seconds": 12"#.to_owned(),
                _ => format!(r#""SecondsPath": "{}""#, random.pick(&["$.seconds", "$.count", "$num", "$.a.n", "$.name", "$.price"])),
            };
            format!(r#""Type": "Wait", {field}{}"#, input_path(random))
        }
        (Part::Wait, true) => {
            let (field, value) = match random.below(4) {
                0 => ("Timestamp", random.pick(&["$states.input.when", "$x", "$states.input.name"])),
                _ => (
                    "Seconds",
                    random.pick(&["$states.input.seconds", "$states.input.count + 1", "$num", "$states.input.name", "$states.input.price"]),
                ),
            };
            format!(r#""Type": "Wait", "{field}": {}"#, quoted(&format!("{{% {value} %}}")))
        }
        (Part::Waited, false) => {
            format!(r#""Type": "Wait", "Seconds": 0{}{}{}"#, input_path(random), output_path(random), maybe(random, 2, assign))
        }
        (Part::Waited, true) => {
            let output = maybe(random, 1, |random| format!(r#", "Output": {}"#, jsonata_field(random, input)));
            format!(r#""Type": "Wait", "Seconds": 0{output}{}"#, jsonata_assign(random, input))
        }
        (Part::Items, language) => {
            let mode = random.pick(&["INLINE", "DISTRIBUTED\", \"ExecutionType\": \"STANDARD"]);
            let processor = settings(random, language, mode != "INLINE")
                + &format!(
                    r#""ItemProcessor": {{"ProcessorConfig": {{"Mode": "{mode}"}}, "StartAt": "I", "States": {{"I": {{"Type": "Pass", "End": true}}}}}}"#
                );
            if language {
                let selector = maybe(random, 2, |random| {
                    format!(r#", "ItemSelector": {}"#, jsonata_field(random, &["$states.input", "$states.context.Map.Item.Value"]))
                });
                let items = random.pick(&[
                    "$states.input.items",
                    "$states.input.words",
                    "[1, 2, $states.input.name]",
                    "$list",
                    "$states.input.name",
                ]);
                // Without `Items` it is the whole input, which may be no array.
                let items = if random.one_in(4) { String::new() } else { format!(r#", "Items": {}"#, quoted(&format!("{{% {items} %}}"))) };
                format!(r#""Type": "Map", {processor}{items}{selector}"#)
            } else {
                let selector = maybe(random, 2, |random| {
                    format!(r#", "{}": {}"#, random.pick(&["ItemSelector", "ItemSelector"]), template(random, 1, true))
                });
                let path = random.pick(&["$.items", "$.words", "$.numbers", "$.matrix", "$list", "$.items[*].tags", "$.name", "$.nope"]);
                format!(r#""Type": "Map", {processor}, "ItemsPath": "{path}"{selector}"#)
            }
        }
        (Part::Fail, false) => {
            let error = match random.below(3) {
                0 => r#", "Error": "Own.Error""#.to_owned(),
                1 => format!(
                    r#", "ErrorPath": {}"#,
                    quoted(random.pick(&["$.name", "$.a.b", "$x", "$.count", "States.Format('E-{}', $.name)"]))
                ),
                _ => String::new(),
            };
            let cause = match random.below(3) {
                0 => r#", "Cause": "it is missing""#.to_owned(),
                1 => format!(
                    r#", "CausePath": {}"#,
                    quoted(random.pick(&["$.name", "$.a.c.d", "States.Format('{} of {}', $.count, $x)", "$.nil"]))
                ),
                _ => String::new(),
            };
            format!(r#""Type": "Fail"{error}{cause}"#)
        }
        (Part::Fail, true) => format!(
            r#""Type": "Fail", "Error": "E", "Cause": {}"#,
            quoted(&format!(
                "{{% {} %}}",
                random.pick(&["$states.input.name & '!'", "'no ' & $states.input.count", "$states.input.count", "$x"])
            ))
        ),
        (Part::Caught, false) => format!(
            r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f", "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Z"{}{}}}]"#,
            result_path(random),
            maybe(random, 3, |random| format!(r#", "Assign": {{"set.$": "{}"}}"#, random.pick(&["$.Error", "$.Cause", "$", "$x"])))
        ),
        (Part::Caught, true) => {
            let roots: &[&str] = &["$states.input", "$states.errorOutput"];
            let output = maybe(random, 1, |random| {
                let expression = match random.below(3) {
                    0 => "{'error': $states.errorOutput.Error, 'input': $states.input}".to_owned(),
                    1 => "$states.errorOutput.Cause & '.'".to_owned(),
                    _ => jsonata(random, 1, roots),
                };
                format!(r#", "Output": {}"#, quoted(&format!("{{% {expression} %}}")))
            });
            format!(
                r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f", "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Z"{output}}}]"#
            )
        }
    };
    (format!("{language}{text}"), 0)
}
