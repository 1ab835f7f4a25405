//! What Step Functions' JSONata must do, as recorded executions and jsonata-js 2.0.6 show it.
use super::engine::{Env, Expression, Failure};
use super::functions::{Entropy, java_random};
use super::template::{CompiledTemplate, Expected};
use crate::ir::machine::{Template, TemplateValue};
use crate::simulate::value::{Object, Value};
use crate::source::span::{FileId, Span};

const SPAN: Span = Span { file: FileId(0), start: 0, end: 0 };

fn json(text: &str) -> Value {
    Value::parse(text).expect("JSON")
}

fn with<T>(input: &str, variables: &str, act: impl FnOnce(&Env<'_>) -> T) -> T {
    let states = Value::object([("input", json(input))]);
    let Value::Object(variables) = json(variables) else { panic!("an object of variables") };
    let variables: &Object = &variables;
    act(&Env { states: &states, variables, now: 1_700_000_000_123, entropy: Entropy::of_seed(7) })
}

fn evaluate(text: &str, input: &str) -> Result<Option<String>, Failure> {
    let expression = Expression::parse(text).expect("an expression");
    with(input, r#"{"v":{"a":[1,2]},"n":5}"#, |env| Ok(expression.evaluate(env)?.map(|value| value.to_json())))
}

fn gives(text: &str, input: &str, result: &str) {
    assert_eq!(evaluate(text, input), Ok(Some(result.to_string())), "{text}");
}

fn fails(text: &str, message: &str) {
    let expression = Expression::parse(text).expect("an expression");
    let error = with("{}", "{}", |env| expression.evaluate_field(env, "Output/r")).expect_err(text);
    assert_eq!(&*error.name, "States.QueryEvaluationError");
    let lead = format!("The JSONata expression '{text}' specified for the field 'Output/r' ");
    assert_eq!(error.cause.strip_prefix(&lead), Some(message), "{}", error.cause);
}

#[test]
fn paths_do_as_jsonata_does_with_and_without_the_engine() {
    gives("$states.input.a", r#"{"a":[]}"#, "[]");
    gives("$states.input.a", r#"{"a":[[1]]}"#, "[[1]]");
    gives("$states.input.a.b", r#"{"a":[{"b":1},{"b":2}]}"#, "[1,2]");
    gives("$states.input.a.b", r#"{"a":[{"b":1}]}"#, "1");
    gives("$states.input.a", r#"{"a":null}"#, "null");
    gives("$v.a[1]", "{}", "2");
    gives("$states.input.z[0].a[]", r#"{"z":[{"a":1}]}"#, "[1]");
    gives("$states.input.a.x.%.%.b", r#"{"a":{"x":1},"b":5}"#, "5");
    for undefined in ["$states.input.q", "$states.input.a.b", "$states.result.x", "$nobody", "$v.a.b.c"] {
        assert_eq!(evaluate(undefined, r#"{"a":null}"#), Ok(None), "{undefined}");
    }
}

#[test]
fn numbers_come_back_as_java_takes_javascripts() {
    gives("$states.input", r#"{"a":1.0,"b":[2.5,1e3]}"#, r#"{"a":1,"b":[2.5,1000]}"#);
    gives("1.5 + 1.5", "{}", "3");
    gives("1/3", "{}", "0.3333333333333333");
    gives("1e21", "{}", "1.0E21");
    gives("[1/0, -1/0]", "{}", r#"["Infinity","-Infinity"]"#);
    // What no double holds passes through unharmed.
    gives("$states.input.id", r#"{"id":9007199254740993}"#, "9007199254740993");
    gives(r#"{"x": $states.input.id}"#, r#"{"id":9007199254740993}"#, r#"{"x":9007199254740993}"#);
    gives("$states.input.id - 1", r#"{"id":9007199254740999}"#, "9007199254741000");
    gives("$string(1e20)", "{}", "\"100000000000000000000\"");
}

#[test]
fn aws_functions_give_what_aws_recorded() {
    gives("$partition($states.input, 2)", "[0,1,2]", "[[0,1],[2]]");
    gives("$partition($states.input, 5)", "[0]", "[[0]]");
    gives("$range(0, 10, 3)", "{}", "[0,3,6,9]");
    gives("$range(1, 9, 9)", "{}", "1");
    gives("$range(-1.7, 2, 1)", "{}", "[-1,0,1,2]");
    gives("$range(5, 1, -2)", "{}", "[5,3,1]");
    gives("$parse($states.input)", r#""[1, 2, \"HelloWorld\"]""#, r#"[1,2,"HelloWorld"]"#);
    gives(r#"$hash("input", "SHA-1")"#, "{}", "\"140f86aae51ab9e1cda9b4254fe98a74eb54c1a1\"");
    gives("$random(42)", "{}", "0.7275636800328681");
    assert!((0.0..1.0).contains(&java_random(-1)));
    gives("$random() < 1 and $random() != $random()", "{}", "true");
    gives("$now()", "{}", "\"2023-11-14T22:13:20.123Z\"");
    gives("$now('[Y0001]') & $string($millis())", "{}", "\"20231700000000123\"");
    gives(r"$contains($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)", "{}", "true");
    gives("$sort($shuffle([3,1,2]))", "{}", "[1,2,3]");
}

#[test]
fn what_does_not_fit_aws_functions_is_as_measured() {
    let nothing = [
        "$partition([], 2)",
        "$partition([1], 0)",
        "$partition()",
        "$hash('a')",
        "$hash($nobody, 'MD5')",
        "$parse()",
        "$parse($nobody)",
        "$range(1, 2)",
        "$fromMillis('a')",
        "$decodeUrlComponent($nobody)",
    ];
    for text in nothing {
        assert_eq!(evaluate(text, "{}"), Ok(None), "{text}");
    }
    gives("$partition([1, 2])", "{}", "[[1,2]]");
    gives("$partition([])", "{}", "[[]]");
    gives("$partition([1, 2], 1.5)", "{}", "[[1],[2]]");
    gives(r#"$parse("{'a': ['it\\'s', \"b'\"], 'c\\\"': 1.5}")"#, "{}", r#"{"a":["it's","b'"],"c\"":1.5}"#);
    let signature = "does not match function signature";
    let fails_with = |text: &str, message: &str| fails(text, &format!("threw an error during evaluation. {message}"));
    fails_with("$partition('a', 1)", r#"T0412: Argument 1 of function "partition" must be an array of undefined"#);
    fails_with("$partition([1], -1)", "D3137: Second argument must be zero or greater");
    fails_with("$partition([1], 'a')", &format!(r#"T0410: Argument 2 of function "partition" {signature}"#));
    let known = "must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5";
    fails_with("$hash('a', 'SHA1')", &format!("D3137: Hash algorithm 'SHA1' {known}"));
    fails_with("$hash('a', $nobody)", &format!("D3137: Hash algorithm 'null' {known}"));
    fails_with("$hash()", &format!(r#"T0410: Argument 1 of function "hash" {signature}"#));
    for text in ["$parse('1e400')", r#"$parse('{"a": 1, "a": 1}')"#, "$parse('NaN')", "$parse(\"'a\")"] {
        assert!(evaluate(text, "{}").is_err(), "{text}");
    }
}

#[test]
fn texts_are_decoded_as_java_does() {
    gives("$decodeUrlComponent('a+b%20c%C3%A9')", "{}", "\"a b cé\"");
    gives("$decodeUrlComponent('%E6')", "{}", "\"\u{fffd}\"");
    gives("['x%2By'].$decodeUrlComponent()", "{}", "\"x+y\"");
    fails("$decodeUrlComponent('%zz')", r#"threw an error during evaluation. D3140: Malformed URL passed to $decodeUrlComponent(): "%zz""#);
    gives("$base64decode('YWJ')", "{}", "\"ab\"");
    fails("$base64decode('YW!J')", "threw an error during evaluation: Illegal base64 character 21");
    gives("$fromMillis(1.6)", "{}", "\"1970-01-01T00:00:00.001Z\"");
    gives("$fromMillis(-1.5)", "{}", "\"1969-12-31T23:59:59.999Z\"");
    gives("1700000000123.7 ~> $fromMillis('[H01]', 'utc')", "{}", "\"22\"");
    gives("$fromMillis(0, '[H01]', '+0130')", "{}", "\"01\"");
}

#[test]
fn chance_is_the_same_for_the_same_seed() {
    let text = "[$uuid(), $random(), $shuffle([1..9])]";
    assert_eq!(evaluate(text, "{}"), evaluate(text, "{}"));
}

#[test]
fn failures_speak_as_aws_does() {
    fails("$randomSeeded(1)", "threw an error during evaluation. T1006: Attempted to invoke a non-function");
    fails("$eval('1+1')", "threw an error during evaluation. T1006: Attempted to invoke a non-function");
    fails("$doesNotExist", "returned nothing (undefined).");
    fails("$fn := function($x){$x}", "returned an unsupported result type.");
    fails("$sum([1, 'a'])", "threw an error during evaluation. T0412: Argument 1 of function \"sum\" must be an array of \"numbers\"");
    fails("'x' ~> $abs()", "threw an error during evaluation. T0410: Argument 1 of function \"abs\" does not match function signature");
    fails(
        "($x := 'a'; [1, $x < 2])",
        "threw an error during evaluation. T2009: The values \"a\" and 2 either side of operator \"<\" must be of the same data type",
    );
    fails("1 + 'a'", "threw an error during evaluation. T2002: The right side of the \"+\" operator must evaluate to a number");
    fails("$number('abc')", "threw an error during evaluation. D3030: Unable to cast value to a number: \"abc\"");
    fails("$error('boo')", "threw an error during evaluation. D3137: boo");
}

#[test]
fn nothing_runs_without_end() {
    let memory = "threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage";
    for text in [
        "[1..873783] ~> $count()",
        "$range(1, 100000000, 1)",
        "$pad('x', 1000000000000)",
        "'x' ~> $pad(1000000000000)",
        "($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', 60)))",
        "$reduce([1..60], function($a, $i){[[$a], [$a]]}, 1)",
        "$string($reduce([1..60], function($a, $i){[[$a], [$a]]}, 1))",
        "$reduce([1..60], function($a, $i){$join([$a, $a])}, 'xx')",
        "$reduce([1..60], function($a, $i){$replace($a, 'x', $a)}, 'xx')",
        "$formatInteger(999999999999, 'I')",
        "($t := function(){ $reduce([1..60], function($a, $i){[[$a], [$a]]}, 1) }; $t() = $t())",
        "$distinct([$reduce([1..60], function($a, $i){[[$a], [$a]]}, 1), 1])",
    ] {
        fails(text, memory);
    }
    let stack = "threw an error during evaluation: Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.";
    fails("($f := function($x){ 1 + $f($x) }; $f(1))", stack);
    fails(&vec!["1"; 200].join("+"), stack);
    gives("[1..873782] ~> $count()", "{}", "873782");
    gives("($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', 22)))", "{}", "4194304");
    for nested in ["(", "[", "-", "{\"a\":", "$f("] {
        assert!(Expression::parse(&nested.repeat(50_000)).is_err(), "{nested}");
    }
    // A pattern that a backtracking matcher would never finish.
    gives("$exists($match($states.input, /(a+)+$/))", &format!("\"{}!\"", "a".repeat(5_000)), "false");
}

#[test]
fn guards_change_nothing_else() {
    gives("['a','b'].$pad(3, '#')", "{}", "[\"a##\",\"b##\"]");
    gives("'a' ~> $pad(-3, '-')", "{}", r#""--a""#);
    gives("$map(['a','b'], $pad(?, 2, '.'))", "{}", r#"["a.","b."]"#);
    gives("$map([1,'x',null], function($v){ $v & $nobody & '!' })", "{}", r#"["1!","x!","null!"]"#);
    gives(r#"$replace("68F", /(\d+)F/, function($m) { ($number($m.groups[0]) - 32) * 5/9 & "C" })"#, "{}", "\"20C\"");
    gives("$states.input.$formatInteger('w')", "5", "\"five\"");
    gives("$filter([1,2,3], function($v){ $v = $v.$ and $v in [2,3] and $v != 2 + 1 })", "{}", "2");
    gives("$distinct($map([1,1,2], function($v){ $v }))", "{}", "[1,2]");
    gives("$map([1,2], function($v){ $v.$string() & $string($v) })", "{}", r#"["11","22"]"#);
}

#[test]
fn texts_that_are_no_expression_are_refused_in_jsonatas_words() {
    for (text, code, message) in [
        ("1 +", "S0207", "Unexpected end of expression"),
        ("a[1,2)", "S0202", "Expected \"]\", got \",\""),
        ("\"unterminated", "S0101", "String literal must be terminated by a matching quote"),
        ("{\"a\":}", "S0211", "The symbol \"}\" cannot be used as a unary operator"),
        ("$match(\"a\", /abc", "S0302", "No terminating / in regular expression"),
        ("x := 1", "S0212", "The left side of := must be a variable name (start with $)"),
        ("$n ?? 1", "S0211", "The symbol \"?\" cannot be used as a unary operator"),
        ("$n ?: 1", "S0211", "The symbol \":\" cannot be used as a unary operator"),
    ] {
        let error = Expression::parse(text).expect_err(text);
        assert_eq!((error.code.as_deref(), error.message.as_str()), (Some(code), message), "{text}");
    }
    assert!(Expression::parse("$match('a', /(?=a)/)").expect("an expression").unsupported().is_some_and(|why| why.contains("look-ahead")));
    assert_eq!(Expression::parse("$match('a', /a+/i)").expect("an expression").unsupported(), None);
}

#[test]
fn reads_are_what_an_expression_can_see() {
    let reads = |text: &str| {
        let expression = Expression::parse(text).expect("an expression");
        let reads = expression.reads();
        let states: Vec<String> = reads.states.iter().map(|path| path.join(".")).collect();
        let variables: Vec<&str> = reads.variables.iter().map(String::as_str).collect();
        (states.join(" "), variables.join(" "))
    };
    let pair = |states: &str, variables: &str| (states.to_string(), variables.to_string());
    assert_eq!(reads("$states.input.a[x = $n].b & $states.result.c"), pair("input.a result.c", "n"));
    assert_eq!(reads("$map($list, function($x){ $x.a + $y })"), pair("", "list y"));
    assert_eq!(reads("($x := $y; $x + $z; $f := function(){ $f() })"), pair("", "y z"));
    // Bound only in one branch, or only later: may be the variable outside.
    assert_eq!(reads("($a ? ($b := 1) : 2; $b)"), pair("", "a b"));
    assert_eq!(reads("$lookup($states, 'input')"), pair("", ""));
    assert!(Expression::parse("$lookup($states, 'input')").expect("an expression").reads().all_of_states());
    assert!(Expression::parse("$states.input.a.%.b").expect("an expression").reads().all_of_states());
    let top = |text: &str| Expression::parse(text).expect("an expression").reads().top_level.iter().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(top("phone & $states.input.(a + b)[c = 1]{d: e}"), "phone");
    assert_eq!(top("$$.a & $ & $states.input[$ = 1]"), "$ $$");
    assert_eq!(
        Expression::parse("$states.input.a").expect("an expression").as_path(),
        Some(("states", &["input".to_string(), "a".to_string()][..]))
    );
}

fn jsonata(text: &str) -> Template {
    Template { value: TemplateValue::Jsonata(text.into()), span: SPAN }
}

#[test]
fn templates_name_the_place_that_fails() {
    let list = |items| Template { value: TemplateValue::List(items), span: SPAN };
    let number = Template { value: TemplateValue::Number("0.10".into()), span: SPAN };
    let template =
        CompiledTemplate::compile(&list(vec![number, jsonata(" $n "), list(vec![jsonata("$states.input.missing")])])).expect("expressions");
    let error = with("{}", r#"{"n":1}"#, |env| template.evaluate(env, "Output/values")).expect_err("undefined");
    assert_eq!(
        error.cause,
        "The JSONata expression '$states.input.missing' specified for the field 'Output/values[2][0]' returned nothing (undefined)."
    );
    let value = with(r#"{"missing":[]}"#, r#"{"n":1}"#, |env| template.evaluate(env, "Output")).expect("a value");
    assert_eq!(value.to_json(), "[0.1,1,[[]]]");
    assert_eq!(template.expressions().iter().map(|(way, _)| way.as_str()).collect::<Vec<_>>(), ["[1]", "[2][0]"]);
    assert_eq!(CompiledTemplate::compile(&jsonata("1 +")).expect_err("no expression").len(), 1);
}

#[test]
fn fields_that_want_a_type_say_so() {
    let items = CompiledTemplate::compile(&jsonata("{'foo': 'bar'}")).expect("an expression");
    let error = with("{}", "{}", |env| items.evaluate_typed(env, "Items", Expected::Array)).expect_err("no array");
    assert_eq!(
        error.cause,
        "The JSONata expression '{'foo': 'bar'}' specified for the field 'Items' returned an unexpected result type. Expected 'array', but was 'object' for value: {\"foo\":\"bar\"}"
    );
    let condition = Expression::parse("$states.input.a > 1").expect("an expression");
    assert_eq!(with(r#"{"a":2}"#, "{}", |env| condition.evaluate_condition(env, "Choices[0]/Condition")), Ok(true));
}

#[test]
fn expressions_go_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Expression>();
    shared::<CompiledTemplate>();
    shared::<Entropy>();
}
