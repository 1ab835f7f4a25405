use super::*;

/// Evaluates `path` on `document`; the message where it fails.
fn find(path: &str, document: &str) -> String {
    let document = Value::parse(document).expect("JSON");
    let context = Value::parse(r#"{"Execution":{"Id":"arn"}}"#).expect("JSON");
    let variables = |name: &str| (name == "list").then(|| Value::array(vec![Value::int(1), Value::int(2)]));
    let env = Env { input: &document, context: &context, variables: &variables, random: &|| 0 };
    match Path::parse(path).expect(path).evaluate(&env) {
        Ok(value) => value.to_json(),
        Err(error) => error.cause,
    }
}

const STORE: &str = r#"{"book":[{"title":"A","price":8.95,"tags":["x","y"]},{"title":"B","price":12.99,"isbn":"1"},{"title":"C","price":22,"isbn":"2","tags":[]}],
    "limit":10,"x-y":1,"größe":2,"n":null,"arr":[1,2,3,4,5],"mixed":[1,"1",true,null,{"a":1}]}"#;

#[test]
fn names_and_indexes() {
    for (path, value) in [
        ("$.x-y", "1"),
        ("$.größe", "2"),
        ("$['x-y']", "1"),
        ("$[\"x-y\"]", "1"),
        ("$.n", "null"),
        ("$.book[-1].title", "\"C\""),
        ("$['limit','x-y']", r#"{"limit":10,"x-y":1}"#),
        ("$.arr[0, 2, 9]", "[1,3]"),
        ("$.arr[1:3]", "[2,3]"),
        ("$.arr[-2:]", "[4,5]"),
        ("$.arr[:-3]", "[1,2]"),
        ("$.arr[-3:-1]", "[3,4]"),
        ("$.arr[(@.length-1)]", "5"),
        ("$$.Execution.Id", "\"arn\""),
        ("$list[1]", "2"),
        ("$list", "[1,2]"),
    ] {
        assert_eq!(find(path, STORE), value, "{path}");
    }
}

#[test]
fn a_name_is_taken_with_its_backslashes() {
    assert_eq!(find(r#"$['Test\""Name"']"#, r#"{"Test\\\"\"Name\"":7}"#), "7");
}

#[test]
fn indefinite_paths_give_arrays() {
    for (path, value) in [
        ("$..price", "[8.95,12.99,22]"),
        ("$.book[*].isbn", r#"["1","2"]"#),
        ("$.book[*]['title','price']", r#"[{"title":"A","price":8.95},{"title":"B","price":12.99},{"title":"C","price":22}]"#),
        ("$..book[1].title", "[\"B\"]"),
        ("$..nope", "[]"),
        ("$.limit[*]", "[]"),
        ("$[?(@.a)]", "[]"),
    ] {
        assert_eq!(find(path, STORE), value, "{path}");
    }
}

#[test]
fn filters() {
    for (filter, titles) in [
        ("@.price < 10", "A"),
        ("@.price > $.limit && @.price<20", "B"),
        ("@.price < 10 || @.isbn == '2'", "AC"),
        ("!(@.price < 10)", "BC"),
        ("@.isbn", "BC"),
        ("!@.isbn", "A"),
        ("@.isbn == 1", "B"),
        ("@.isbn == null", ""),
        ("@.isbn != '1'", "AC"),
        ("@.title =~ /a/i", "A"),
        ("@.title =~ /[BC]/", "BC"),
        ("@.title in ['A', \"C\"]", "AC"),
        ("@.title nin ['A','C']", "B"),
        ("@.tags size 2", "A"),
        ("@.tags empty true", "C"),
        ("@.tags contains 'y'", "A"),
        ("@.tags subsetof ['x','y','z']", "AC"),
        ("@.tags anyof ['x']", "A"),
        ("@.tags noneof ['x']", "C"),
        ("@.tags.length() > 1", "A"),
        ("@['price'] >= 22", "C"),
        ("'B' == @.title", "B"),
    ] {
        let titles: Vec<String> = titles.chars().map(|title| format!("\"{title}\"")).collect();
        assert_eq!(find(&format!("$.book[?({filter})].title"), STORE), format!("[{}]", titles.join(",")), "{filter}");
    }
    assert_eq!(find("$.mixed[?(@ == 1)]", STORE), "[1,\"1\"]");
    assert_eq!(find("$.book[?(@.title==B)].price", STORE), "[12.99]");
    assert_eq!(find("$.a[?(@.k == AB_C && @.t == true)].n", r#"{"a":[{"k":"AB_C","t":true,"n":1},{"k":"AB","t":true,"n":2}]}"#), "[1]");
    assert_eq!(find("$.[?(@.title)]", r#"[{"title":"A"},{"name":"B"}]"#), r#"[{"title":"A"}]"#);
}

#[test]
fn functions() {
    for (path, value) in [
        ("$.arr.length()", "5"),
        ("$.arr.sum()", "15.0"),
        ("$.arr.avg()", "3.0"),
        ("$.arr.min()", "1.0"),
        ("$.arr.max()", "5.0"),
        ("$.arr.stddev()", "1.4142135623730951"),
        ("$.arr.first()", "1"),
        ("$.arr.last()", "5"),
        ("$.arr.index(1)", "2"),
        ("$.arr.append(6)", "[1,2,3,4,5,6]"),
        ("$.book[1].keys()", r#"["title","price","isbn"]"#),
        ("$.book[0].tags.concat('z')", "\"xyz\""),
        ("$..price.sum()", "43.94"),
    ] {
        assert_eq!(find(path, STORE), value, "{path}");
    }
}

/// The sentences are those that AWS recorded, or those of Jayway's library.
#[test]
fn what_is_missing_is_said_as_aws_says_it() {
    for (path, message) in [
        ("$.no.such.path", "Invalid path '$.no.such.path' : Missing property in path $['no']"),
        ("$.no", "Invalid path '$.no' : No results for path: $['no']"),
        ("$$.no", "Invalid path '$$.no' : No results for path: $['no']"),
        ("$.arr[9]", "Invalid path '$.arr[9]' : No results for path: $['arr'][9]"),
        ("$.limit[0]", "Invalid path '$.limit[0]' : Filter: [0] can only be applied to arrays. Current context is: 10"),
        ("$.arr[9].a", "Invalid path '$.arr[9].a' : No results for path: $['arr'][9]['a']"),
        ("$.n[0]", "Invalid path '$.n[0]' : The path $['n'] is null"),
    ] {
        assert_eq!(find(path, STORE), message, "{path}");
    }
    assert!(
        find("$.limit.x", STORE)
            .contains("Expected to find an object with property ['x'] in path $['limit'] but found 'java.lang.Integer'")
    );
}

#[test]
fn what_is_no_path_is_refused() {
    for text in [
        "",
        "x",
        "$.",
        "$..",
        "$...a",
        "$.a b",
        "$[",
        "$['a'",
        "$['a' 'b']",
        "$.a[x]",
        "$.a[:]",
        "$.a[?(@.b)",
        "$.a.nope()",
        "$a-b",
        "$1",
        "$.a[?(@.b =)]",
    ] {
        assert!(Path::parse(text).is_err(), "{text}");
    }
    let deep = format!("$[?({}@.a{})]", "(".repeat(10_000), ")".repeat(10_000));
    assert!(Path::parse(&deep).is_err());
}

fn write(path: &str, document: &str) -> String {
    let document = Value::parse(document).expect("JSON");
    match ReferencePath::parse(path).expect(path).write(&document, Value::int(7)) {
        Ok(value) => value.to_json(),
        Err(error) => format!("{}: {}", error.name, error.cause),
    }
}

#[test]
fn a_result_is_written_to_its_place() {
    for (path, document, value) in [
        ("$", r#"{"a":1}"#, "7"),
        ("$.b", r#"{"a":1}"#, r#"{"a":1,"b":7}"#),
        ("$.a", r#"{"a":1,"b":2}"#, r#"{"a":7,"b":2}"#),
        ("$.x.y['z 1']", "{}", r#"{"x":{"y":{"z 1":7}}}"#),
        ("$.a[1].b", r#"{"a":[0,{"c":1}]}"#, r#"{"a":[0,{"c":1,"b":7}]}"#),
        ("$[0]", "[1,2]", "[7,2]"),
        ("$.b", "[1]", "States.ReferencePathConflict: Unable to apply step \"b\" to input [1]"),
        ("$.a.b", "\"text\"", "States.ReferencePathConflict: Unable to apply ReferencePath $.a.b to input \"text\""),
        ("$.a.b", r#"{"a":"text"}"#, "States.ReferencePathConflict: Unable to apply step \"b\" to input {\"a\":\"text\"}"),
        ("$.a[2]", r#"{"a":[1]}"#, "States.ReferencePathConflict: Unable to apply step \"[2]\" to input {\"a\":[1]}"),
    ] {
        assert_eq!(write(path, document), value, "{path} {document}");
    }
    for text in ["$.a[*]", "$..a", "$.a[0,1]", "$.a[-1]", "$['a','b']", "$.a[?(@.b)]", "$.a.length()"] {
        assert!(ReferencePath::parse(text).is_err(), "{text}");
    }
}

#[test]
fn items_are_read_from_their_place() {
    let input = Value::parse(r#"{"a":{"b":[1]}}"#).expect("JSON");
    let variables = |name: &str| (name == "items").then(|| Value::array(vec![]));
    let env = Env { input: &input, context: &Value::Null, variables: &variables, random: &|| 0 };
    let read = |path: &str| match ReferencePath::parse(path).expect(path).read(&env) {
        Ok(value) => value.to_json(),
        Err(error) => format!("{}: {}", error.name, error.cause),
    };
    assert_eq!(read("$.a.b"), "[1]");
    assert_eq!(read("$items"), "[]");
    assert_eq!(read("$.a.c"), "States.ReferencePathConflict: Unable to apply step \"c\" to input {\"a\":{\"b\":[1]}}");
}

/// What Jayway's library does and nobody would guess; compared with version 2.9.
#[test]
fn quirks_of_the_library() {
    for (path, value) in [
        // `!` before a path that is compared is read over.
        ("$.book[?(!@.title == 'A')].title", "[\"A\"]"),
        // `||` without blanks belongs to the name.
        ("$.book[?(@.zzz||@.title)].title", "[]"),
        // Nothing passes a filter whose operator has a side that it cannot take.
        ("$.book[?(!(@.isbn anyof ['1']))].title", "[]"),
        ("$.book[?(!(@.isbn noneof 'x'))].title", "[]"),
        // A function behind a deep scan is that of the document.
        ("$..book.keys()", r#"["book","limit","x-y","größe","n","arr","mixed"]"#),
        ("$..book.length()", "3"),
        // A name may follow a bracket without a dot.
        ("$['book'][0]title", "\"A\""),
    ] {
        assert_eq!(find(path, STORE), value, "{path}");
    }
}
