use super::*;

/// Evaluates `expression` on `input`; the message where it fails.
fn call(expression: &str, input: &str) -> String {
    let input = Value::parse(input).expect("JSON");
    let context = Value::parse(r#"{"Execution":{"Name":"n-1"}}"#).expect("JSON");
    let env = Env { input: &input, context: &context, variables: &|_| Some(Value::int(5)), random: &|| 41 };
    match Call::parse(expression).unwrap_or_else(|problem| panic!("{expression}: {problem}")).evaluate(&env) {
        Ok(value) => value.to_json(),
        Err(error) => error.cause,
    }
}

/// The sentence for arguments that do not fit.
fn unfit(expression: &str, input: &str) {
    let name = expression.split('(').next().unwrap_or_default();
    assert_eq!(
        call(expression, input),
        format!("The function '{expression}' had the following error: Invalid arguments in {name}"),
        "{expression}"
    );
}

#[test]
fn format_prints_as_java_does() {
    let input = r#"{"s":"x","n":1,"d":1.50,"e":1e10,"b":true,"z":null,"o":{"Arg1":1,"Arg2":[],"s":"t"},"json":"\"x\"","t":"<{}>"}"#;
    for (expression, text) in [
        ("States.Format('{} {} {} {} {} {}', $.s, $.n, $.d, $.e, $.b, $.z)", "x 1 1.5 1.0E10 true null"),
        ("States.Format('{}', $.o)", "{Arg1=1, Arg2=[], s=t}"),
        (r"States.Format('\{\} \'{}\' \\', $.s)", r"{} 'x' \\"),
        ("States.Format('{}', '{}')", "{}"),
        ("States.Format($.t, $.n)", "<1>"),
        ("States.Format('{}-{}', $$.Execution.Name, $variable)", "n-1-5"),
        ("States.Format('{}', States.StringToJson($.json))", "\\\"x\\\""),
        ("States.Format('a,b) c')", "a,b) c"),
        ("States.Format( '{}' , 'é' )", "é"),
    ] {
        assert_eq!(call(expression, input), format!("\"{text}\""), "{expression}");
    }
    for (expression, problem) in [
        ("States.Format('{} {}', $.n)", "Invalid arguments in States.Format: number of arguments do not match the occurrences of {}."),
        ("States.Format('{}', $.n, 1)", "Invalid arguments in States.Format: number of arguments do not match the occurrences of {}."),
        ("States.Format('{', $.n)", "Invalid template in States.Format: matching '}' not found for '{'."),
        ("States.Format('{}', $.no)", "The JsonPath argument for the field '$.no' could not be found in the input '{\"n\":1}'"),
        (
            "States.Format('{}', States.Format('{}', $.no.x))",
            "The JsonPath argument for the field '$.no.x' could not be found in the input '{\"n\":1}'",
        ),
        ("States.Format('{}', $.n[0])", "Filter: [0] can only be applied to arrays. Current context is: 1"),
    ] {
        assert_eq!(call(expression, r#"{"n":1}"#), format!("The function '{expression}' had the following error: {problem}"));
    }
}

#[test]
fn arrays() {
    let input = r#"{"a":[1,2,3,4,5],"e":[],"mixed":[true,false,true,null,null],"pairs":[[1,2],[2,1],[1,2]],"objects":[{"a":1,"b":2},{"b":2,"a":1}],"texts":["true","9"]}"#;
    for (expression, value) in [
        ("States.Array()", "[]"),
        ("States.Array('a', 1, 1.0, null, true, $.e)", r#"["a",1,1.0,null,true,[]]"#),
        ("States.ArrayPartition($.a, 2)", "[[1,2],[3,4],[5]]"),
        ("States.ArrayPartition($.a, 2.6)", "[[1,2],[3,4],[5]]"),
        ("States.ArrayPartition($.e, 2)", "[]"),
        ("States.ArrayContains($.pairs, States.Array(2, 1))", "true"),
        ("States.ArrayContains($.texts, true)", "true"),
        ("States.ArrayContains($.a, '6')", "false"),
        ("States.ArrayRange(1, 9, 2)", "[1,3,5,7,9]"),
        ("States.ArrayRange(5, 1, -2)", "[5,3,1]"),
        ("States.ArrayRange(5.4, -0.6, -2.4)", "[5,3,1]"),
        ("States.ArrayRange(5, 1, 1)", "[]"),
        ("States.ArrayGetItem($.a, 1.9)", "2"),
        ("States.ArrayGetItem($.e, 9)", "null"),
        ("States.ArrayLength($.a)", "5"),
        ("States.ArrayUnique($.a)", "[1,2,3,4,5]"),
        ("States.ArrayUnique($.mixed)", "[null,false,true]"),
        ("States.ArrayUnique($.pairs)", "[[2,1],[1,2]]"),
        ("States.ArrayUnique($.objects)", r#"[{"a":1,"b":2}]"#),
        ("States.ArrayUnique(States.Array(1, '1', 1, '01'))", r#"[1,"1","01"]"#),
        ("States.ArrayLength(States.ArrayRange(1, 1000, 1))", "1000"),
    ] {
        assert_eq!(call(expression, input), value, "{expression}");
    }
    for expression in [
        "States.ArrayPartition($.a, 0)",
        "States.ArrayPartition($.a, 0.6)",
        "States.ArrayPartition($.a, '2')",
        "States.ArrayRange(1, 1001, 1)",
        "States.ArrayRange(1, 2, 0.4)",
        "States.ArrayGetItem($.a, 5)",
        "States.ArrayGetItem($.a, -1)",
        "States.ArrayLength('x')",
        "States.ArrayUnique(null)",
        "States.ArrayContains('x', 'x')",
    ] {
        unfit(expression, input);
    }
}

#[test]
fn numbers_and_chance() {
    for (expression, value) in [
        ("States.MathAdd(-1.5, 0)", "-1"),
        ("States.MathAdd(-1.49, -1.5)", "-2"),
        ("States.MathAdd(-0.5, 0.5)", "1"),
        ("States.MathAdd(3.5, 0)", "4"),
        ("States.MathAdd(2147483646, 1)", "2147483647"),
        ("States.MathRandom(1, 11)", "2"),
        ("States.MathRandom(0, 999, 3)", "239"),
        ("States.MathRandom(0, 10, 42)", "0"),
        ("States.UUID()", "\"00000000-0000-4029-8000-000000000029\""),
    ] {
        assert_eq!(call(expression, "{}"), value, "{expression}");
    }
    for expression in [
        "States.MathAdd(2147483647, 1)",
        "States.MathAdd(3000000000, 1)",
        "States.MathAdd('1', 1)",
        "States.MathRandom(1, 1)",
        "States.MathRandom(1.4, 1.6)",
        "States.MathRandom(1, 10, 'seed')",
    ] {
        unfit(expression, "{}");
    }
}

#[test]
fn texts_and_json() {
    let input = r#"{"blank":" ","json":" {\"a\": [1.0]} ","left":{"a":{"x":1},"b":2},"right":{"a":{"y":1},"c":3}}"#;
    for (expression, value) in [
        ("States.StringToJson($.blank)", "null"),
        ("States.StringToJson('')", "null"),
        ("States.StringToJson($.json)", r#"{"a":[1.0]}"#),
        ("States.JsonToString($.left)", r#""{\"a\":{\"x\":1},\"b\":2}""#),
        ("States.JsonMerge($.left, $.right, false)", r#"{"a":{"y":1},"b":2,"c":3}"#),
        ("States.StringSplit('1.2+3,,4', '.+,')", r#"["1","2","3","4"]"#),
        ("States.StringSplit(',,', ',')", "[]"),
        ("States.StringSplit('abc', '')", r#"["abc"]"#),
        ("States.Base64Encode('Data to encode')", "\"RGF0YSB0byBlbmNvZGU=\""),
        ("States.Base64Encode('hé')", "\"aMOp\""),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "\"Data to encode\""),
        ("States.Base64Decode(' YWJjZA== ')", "\"abcd\""),
        ("States.Base64Decode('YWJj!ZA')", "\"abcd\""),
        ("States.Hash('input data', 'MD5')", "\"812f45842bc6d66ee14572ce20db8e86\""),
        ("States.Hash('input data', 'SHA-1')", "\"aaff4a450a104cd177d28d18d74485e8cae074b7\""),
        ("States.Hash('input data', 'SHA-256')", "\"b4a697a057313163aee33cd8d40c66e9f0f177e00cac2de32475ffff6169c3e3\""),
    ] {
        assert_eq!(call(expression, input), value, "{expression}");
    }
    for expression in [
        "States.StringToJson('{')",
        "States.StringToJson(1)",
        "States.JsonMerge($.left, $.right, true)",
        "States.JsonMerge($.left, 'x', false)",
        "States.StringSplit(1, ',')",
        "States.Base64Encode(1)",
        "States.Hash('x', 'SHA256')",
    ] {
        unfit(expression, input);
    }
    let long = format!(r#"{{"s":"{}"}}"#, "a".repeat(10_001));
    unfit("States.Hash($.s, 'MD5')", &long);
    unfit("States.Base64Encode($.s)", &long);
}

#[test]
fn what_is_no_call_is_refused() {
    for text in [
        "States.Nope()",
        "States.Format",
        "States.Format(",
        "States.Format()",
        "States.MathAdd(1)",
        "States.MathAdd(1, 2, 3)",
        "States.ArrayLength($.a, )",
        "States.Format('x)",
        r#"States.Format('\"{}\"', 'x')"#,
        r"States.Base64Decode('YWJj\nZA==')",
        "States.UUID() x",
        "States.Array(x)",
        "States.Array(1 2)",
    ] {
        assert!(Call::parse(text).is_err(), "{text}");
    }
    let nested = |depth: usize| format!("{}1{}", "States.Array(".repeat(depth), ")".repeat(depth));
    assert!(Call::parse(&nested(10)).is_ok());
    assert!(Call::parse(&nested(11)).is_err());
}

#[test]
fn paths_end_at_their_own_brackets() {
    let input = r#"{"a":[{"n":"x,y)","v":1}],"x,y":2}"#;
    assert_eq!(call("States.Array($.a[?(@.n == 'x,y)')].v, $['x,y'], $.a.length())", input), "[[1],2,1]");
    assert_eq!(Call::parse("States.Array($.a, States.Array($$.b))").expect("call").paths().len(), 2);
}
