use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Node {
    let mut sink = Sink::default();
    let mut documents = parse(text, FileId(0), &mut sink);
    assert!(sink.diagnostics.is_empty(), "{text}: {:?}", sink.diagnostics);
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

fn fails(text: &str) -> Diagnostic {
    let mut sink = Sink::default();
    assert!(parse(text, FileId(0), &mut sink).is_empty(), "{text} parses");
    assert_eq!(sink.diagnostics.len(), 1, "{text}");
    sink.diagnostics.remove(0)
}

fn slice(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

/// The written text of the value at a path.
fn written<'a>(text: &'a str, root: &Node, path: &[&str]) -> &'a str {
    slice(text, root.path(path).expect("path").span)
}

#[test]
fn spans_are_the_text_of_each_value() {
    let text = "# c\nä: 'x''y' # c\nb:\n  - \"q\\n\"\n  - plain\n    more\n\n# c\nc: {d: [1, 2], e: }\nf:\ng: &n !Sub t\nh:   true\n";
    let root = read(text);
    assert_eq!(slice(text, root.span), text[4..].trim_end());
    assert_eq!(slice(text, root.entry("ä").expect("key").key_span), "ä");
    assert_eq!(written(text, &root, &["ä"]), "'x''y'");
    assert_eq!(root.get("ä").and_then(Node::str), Some("x'y"));
    assert_eq!(written(text, &root, &["b"]), "- \"q\\n\"\n  - plain\n    more");
    let items = root.get("b").and_then(Node::array).expect("array");
    assert_eq!((slice(text, items[0].span), slice(text, items[1].span)), ("\"q\\n\"", "plain\n    more"));
    assert_eq!(items[1].str(), Some("plain more"));
    assert_eq!(written(text, &root, &["c"]), "{d: [1, 2], e: }");
    assert_eq!(written(text, &root, &["c", "d"]), "[1, 2]");
    assert!(root.path(&["c", "e"]).is_some_and(Node::is_null));
    assert!(root.get("f").is_some_and(|f| f.is_null() && f.span.is_empty()));
    assert_eq!(written(text, &root, &["g"]), "t");
    assert_eq!(root.get("g").and_then(|g| g.tag.as_deref()), Some("!Sub"));
    assert_eq!(root.get("h").and_then(Node::bool), Some(true));
}

#[test]
fn block_scalars_span_from_their_indicator() {
    for (text, block, value) in [
        ("a: |\n  x\n   y\n\n  z\n\n\nb: 1\n", "|\n  x\n   y\n\n  z", "x\n y\n\nz\n"),
        ("a: !Sub |- # a | b\n  x\nb: 1\n", "|- # a | b\n  x", "x"),
        ("a: # c | d\n  >+\n  x\n  y\n\nb: 1\n", ">+\n  x\n  y", "x y\n\n"),
        ("# | c\na: |2\r\n    x\r\n  y\r\n", "|2\r\n    x\r\n  y", "  x\ny\n"),
        ("a|b: 1\na: |\n\n\n", "|", ""),
    ] {
        let root = read(text);
        assert_eq!(written(text, &root, &["a"]), block);
        assert_eq!(root.get("a").and_then(Node::str), Some(value));
    }
}

#[test]
fn tags_are_kept_as_written() {
    let text = "a: !Ref X\nb: !GetAtt\n  - x\n  - y\nc: !Ref 12\nd: !!str 12\ne: !!int \"12\"\nf: !Join ['', [!Sub '${a}', b]]\ng: ! 12\nh: !If {x: 1}\n";
    let root = read(text);
    let tag = |key: &str| root.get(key).and_then(|n| n.tag.as_deref());
    assert_eq!(
        (tag("a"), tag("b"), tag("d"), tag("f"), tag("h")),
        (Some("!Ref"), Some("!GetAtt"), Some("!!str"), Some("!Join"), Some("!If"))
    );
    assert_eq!(root.get("c").and_then(Node::str), Some("12"));
    assert_eq!(root.get("d").and_then(Node::str), Some("12"));
    assert_eq!(root.get("e").and_then(Node::number), Some("12"));
    assert_eq!(root.get("g").and_then(Node::str), Some("12"));
    assert_eq!(written(text, &root, &["b"]), "- x\n  - y");
}

#[test]
fn plain_scalars_follow_the_core_schema() {
    for text in ["0", "-1", "+1", "0x1F", "0o17", "1.5", ".5", "1.", "1e3", "-1.5E-3", "010"] {
        assert!(matches!(resolve(text), Kind::Number(ref n) if &**n == text), "{text}");
    }
    for text in [
        "yes",
        "No",
        "on",
        "off",
        "y",
        "1_000",
        "0b1",
        "2012-10-17",
        "1:30",
        ".",
        "-",
        "+",
        "1e",
        "0x",
        "e3",
        ".inf",
        ".nan",
        "1.2.3",
        "nULL",
        "tRUE",
    ] {
        assert!(matches!(resolve(text), Kind::String(_)), "{text}");
    }
    for text in ["~", "null", "Null", "NULL", ""] {
        assert!(matches!(resolve(text), Kind::Null), "{text}");
    }
    assert_eq!(read("a: \"true\"").get("a").and_then(Node::str), Some("true"));
    assert_eq!(read("a: '1'").get("a").and_then(Node::str), Some("1"));
}

#[test]
fn aliases_are_copies_with_the_spans_of_the_anchor() {
    let text = "a: &x {q: 1}\nb: *x\nc: [*x, *x]\n";
    let root = read(text);
    let (a, b) = (root.path(&["a", "q"]).expect("a"), root.path(&["b", "q"]).expect("b"));
    assert_eq!(a.span, b.span);
    assert_eq!(slice(text, b.span), "1");
    assert_eq!(written(text, &root, &["c"]), "[*x, *x]");
    assert_eq!(slice(text, root.span), text.trim_end());
    assert_eq!(read("&k a: 1\nb: *k\n").get("b").and_then(Node::str), Some("a"));
}

#[test]
fn merge_keys_give_way_to_own_keys() {
    let text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  first: 0\n  <<: [*x, *y]\n  a: 9\nw: {<<: *x, b: 8}\nq: {'<<': 1}\n";
    let root = read(text);
    let z: Vec<(&str, &str)> =
        root.get("z").and_then(Node::object).expect("z").iter().map(|e| (&*e.key, e.value.number().expect("number"))).collect();
    assert_eq!(z, [("first", "0"), ("b", "2"), ("c", "4"), ("a", "9")]);
    let w: Vec<&str> = root.get("w").and_then(Node::object).expect("w").iter().map(|e| &*e.key).collect();
    assert_eq!(w, ["a", "b"]);
    assert_eq!(root.path(&["q", "<<"]).and_then(Node::number), Some("1"));
}

#[test]
fn merged_values_that_are_lost_are_named() {
    let mut sink = Sink::default();
    parse("<<: {a: 1}\na: 2\n", FileId(0), &mut sink);
    assert_eq!(sink.diagnostics.iter().map(|d| (d.rule.code, d.span.map(|s| s.start))).collect::<Vec<_>>(), [("SRC003", Some(5))]);
    let mut sink = Sink::default();
    let documents = parse("<<: text\na: 2\n", FileId(0), &mut sink);
    assert_eq!(sink.diagnostics[0].message, "`<<` merges a mapping or a list of mappings, and this is a string");
    assert!(documents[0].get("<<").is_some());
}

#[test]
fn duplicate_keys_are_kept_and_reported() {
    let mut sink = Sink::default();
    let documents = parse("a: 1\nb: 2\n\"a\": 3\n", FileId(0), &mut sink);
    assert_eq!(documents[0].get("a").and_then(Node::number), Some("3"));
    assert_eq!(documents[0].object().map(<[Entry]>::len), Some(3));
    assert_eq!((sink.diagnostics[0].rule.code, sink.diagnostics[0].span), ("SRC003", Some(Span::new(FileId(0), 10, 13))));
}

#[test]
fn bombs_are_errors() {
    for bomb in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        format!("{}1", (0..200).map(|i| format!("{}a:\n", " ".repeat(i))).collect::<String>()),
        format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1)),
        format!("a0: &a0 [x, x]\n{}", (1..40).map(|i| format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}]\n", i - 1)).collect::<String>()),
        format!("a: &a '{}'\nb: [{}]\n", "x".repeat(1_000_000), "*a, ".repeat(100)),
    ] {
        assert_eq!(fails(&bomb).rule.code, "SRC004", "{bomb:.40}");
    }
    let deep = (1..130).map(|i| format!("a{i}: &a{i} [*a{}]\n", i - 1)).collect::<String>();
    assert_eq!(fails(&format!("a0: &a0 1\n{deep}")).rule.code, "SRC004");
    read(&format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH)));
    assert_eq!(fails("a: &a [*a]\n").message, "alias `*a` stands inside the node that it names");
}

#[test]
fn lone_dashes_are_read() {
    let text = "a: !Split [-, x]\nb: [x, -]\nc: 'a [-, b'\nd: !Select [0, !Split [-, y]]\n";
    let root = read(text);
    let a = root.get("a").and_then(Node::array).expect("a");
    assert_eq!((a[0].str(), slice(text, a[0].span), a[1].str()), (Some("-"), "-", Some("x")));
    assert_eq!(root.get("b").and_then(Node::array).and_then(|b| b[1].str()), Some("-"));
    assert_eq!(root.get("c").and_then(Node::str), Some("a [-, b"));
}

#[test]
fn tabs_are_named_where_they_are() {
    for (text, at) in [("a:\n\tb: 1\n", 3), ("a:\n  b: 1\n\tc: 2\n", 10), ("a:\r\n  - x\r\n \t- y: 1\r\n", 12), ("x: |\n\ty\n", 5)] {
        let diagnostic = fails(text);
        assert_eq!((diagnostic.rule.code, diagnostic.span.map(|s| s.start)), ("SRC006", Some(at)), "{text:?} {diagnostic:?}");
    }
}

#[test]
fn errors_say_what_and_where() {
    for (text, at, message) in [
        ("a: 1\nb: *.jar\n", 8, "alias `*.jar` names no anchor before it"),
        ("a: 1\nb: @x\n", 8, "a value cannot begin with `@`"),
        ("a: \"x\n", 3, "the string that is opened here is never closed"),
        ("a: b: c\n", 4, "a `:` where no key can be"),
        ("a: 1\nb 2\nc: 3\n", 5, "`b 2` is neither `key: value` nor part of the value before"),
        ("- a\nb: 1\n", 4, "an item that begins with `- ` was expected here"),
        ("- a\n- !GetAZs !Ref X\n", 14, "a second tag, `!Ref`, on one value"),
        ("a: - b\n", 3, "a `- ` where no list can begin"),
        ("? [a]\n: b\n", 2, "a key that is a collection"),
        ("a: {{ x }}\n", 4, "a key that is a collection"),
        ("a: [1, 2\nb: 3\n", 10, "a `,` or the closing bracket was expected here"),
    ] {
        let diagnostic = fails(text);
        assert_eq!((diagnostic.message.as_str(), diagnostic.span.map(|s| s.start)), (message, Some(at)), "{text}");
        assert_eq!(diagnostic.rule.code, "SRC002");
        assert!(diagnostic.help.is_some());
    }
}

#[test]
fn documents_and_line_ends() {
    let mut sink = Sink::default();
    let text = "---\r\na: 1\r\n---\r\n# nothing\r\n---\r\nb:\r\n  - x\r\n  - |\r\n    q\r\n    r\r\n...\r\n";
    let documents = parse(text, FileId(0), &mut sink);
    assert_eq!(documents.len(), 2);
    let items = documents[1].get("b").and_then(Node::array).expect("b");
    assert_eq!((items[1].str(), slice(text, items[1].span)), (Some("q\nr\n"), "|\r\n    q\r\n    r"));
    assert!(parse("# only a comment\n", FileId(0), &mut sink).is_empty());
    assert!(sink.diagnostics.is_empty());
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,60}|[\\[\\]{}\"':,&*!|>#?%@a1 \\n\\t\\r<ä-]{0,60}") {
        let mut sink = Sink::default();
        let documents = parse(&text, FileId(0), &mut sink);
        for span in sink.diagnostics.iter().filter_map(|d| d.span).chain(documents.iter().flat_map(Node::scalars).map(|s| s.span)) {
            prop_assert!(text.get(span.start as usize..span.end as usize).is_some(), "{:?} of {:?}", span, text);
        }
    }
}
