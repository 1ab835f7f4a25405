use super::*;
use crate::source::span::FileId;
use proptest::prelude::*;

/// Embeds and gives the outer text of the value at a path of the inner document.
fn inner(text: &str, outer: &Node, path: &[&str]) -> (String, Node) {
    let file = SourceFile::new("f", text);
    let mut sink = Sink::default();
    let node = parse_json_in(outer, &file, &mut sink).unwrap_or_else(|| panic!("{text}: {:?}", sink.diagnostics));
    let span = node.path(path).expect("path").span;
    assert!(outer.span.contains(node.span), "{text}");
    (text[span.start as usize..span.end as usize].to_owned(), node)
}

fn yaml_root(text: &str) -> Node {
    let mut sink = Sink::default();
    yaml::parse(text, FileId(0), &mut sink).pop().unwrap_or_else(|| panic!("{text}: {:?}", sink.diagnostics))
}

#[test]
fn json_in_json() {
    let text = r#"{"d": "{\"\u00e4\":\"x\\n\\u0041\", \n\t\"b\": [1, \"\ud83d\ude00\"]}"}"#;
    let root = json::parse(text, FileId(0), &mut Sink::default()).expect("outer");
    let outer = root.get("d").expect("d");
    let (written, node) = inner(text, outer, &["ä"]);
    assert_eq!(written, r#"\"x\\n\\u0041\""#);
    assert_eq!(node.get("ä").and_then(Node::str), Some("x\nA"));
    let entry = node.entry("ä").expect("entry");
    assert_eq!(&text[entry.key_span.start as usize..entry.key_span.end as usize], r#"\"\u00e4\""#);
    assert_eq!(inner(text, outer, &["b"]).0, r#"[1, \"\ud83d\ude00\"]"#);
    assert_eq!(node.span.start, outer.span.start + 1);
    assert_eq!(node.span.end, outer.span.end - 1);
}

#[test]
fn json_in_json_in_json() {
    let deepest = serde_json::json!({"k": "v\"w", "n": 12});
    let middle = serde_json::json!({"m": deepest.to_string()});
    let text = serde_json::json!({"d": middle.to_string()}).to_string();
    let root = json::parse(&text, FileId(0), &mut Sink::default()).expect("outer");
    let (_, middle) = inner(&text, root.get("d").expect("d"), &["m"]);
    assert_eq!(inner(&text, middle.get("m").expect("m"), &["n"]).0, "12");
    assert_eq!(inner(&text, middle.get("m").expect("m"), &["k"]).0, r#"\\\"v\\\\\\\"w\\\""#);
}

#[test]
fn json_in_yaml() {
    for (text, written) in [
        ("d: |\n  {\n    \"a\": 1,\n\n    \"b\": \"ä x\"\n  }\n", "\"ä x\""),
        ("d: |\r\n  {\r\n    \"a\": 1,\r\n\r\n    \"b\": \"ä x\"\r\n  }\r\n", "\"ä x\""),
        ("q:\n - d: !Sub |2-\n     {\"a\": 1,\n\n      \"b\": \"ä x\"}\n   e: 1\n", "\"ä x\""),
        ("d: >\n  {\"a\": 1,\n   \n\n    \"b\":\n  \"ä\n  x\"\n  }\n\nz: 1\n", "\"ä\n  x\""),
        ("d: '{\"a\": \"it''s\",\n\n\n  \"b\": \"ä\n   x\"}'\n", "\"ä\n   x\""),
        ("d: \"{\\\"a\\\": 1, \\\n    \\\"b\\\": \\\"\\xe4  \n  x\\\"}\"\n", "\\\"\\xe4  \n  x\\\""),
    ] {
        let root = yaml_root(text);
        let outer = root.get("d").or_else(|| root.get("q").and_then(Node::array).and_then(|q| q[0].get("d"))).expect("d");
        let (found, node) = inner(text, outer, &["b"]);
        assert_eq!(found, written, "{text}");
        assert_eq!(node.get("b").and_then(Node::str), Some("ä x"), "{text}");
    }
}

#[test]
fn json_in_hcl() {
    for (token, decoded, written) in [
        (r#""{\"a\": \"$${x}\", \"b\": 12}""#, r#"{"a": "${x}", "b": 12}"#, "12"),
        ("<<EOF\n  {\n  \"a\": \"$${x}\",\n  \"b\": 12\n}\nEOF", "  {\n  \"a\": \"${x}\",\n  \"b\": 12\n}\n", "12"),
        ("<<-EOF\n    {\n\n      \"b\": 12\n    }\n  EOF", "{\n\n  \"b\": 12\n}\n", "12"),
        ("<<-EOF\r\n    {\r\n      \"b\": 12\r\n    }\r\n    EOF\r\n", "{\n  \"b\": 12\n}\n", "12"),
        ("<<-EOF\n    {\n      \"b\": 12\n    }\n    EOF", "{\n  \"b\": 12\n}", "12"),
    ] {
        let text = format!("x = {token}\n");
        let outer = Node::new(Span::new(FileId(0), 4, 4 + token.len()), Kind::String(decoded.into()));
        assert_eq!(inner(&text, &outer, &["b"]).0, written, "{token}");
    }
}

#[test]
fn an_unknown_notation_points_at_the_whole_string() {
    let text = "join('{', '}')";
    let outer = Node::new(Span::new(FileId(0), 0, text.len()), Kind::String("{\"b\": 1}".into()));
    assert_eq!(inner(text, &outer, &["b"]).0, text);
}

#[test]
fn diagnostics_point_into_the_outer_file() {
    let text = "d: |\n  {\n    \"a\": 1,\n  }\n";
    let (root, file) = (yaml_root(text), SourceFile::new("f", text));
    let mut sink = Sink::default();
    assert!(parse_json_in(root.get("d").expect("d"), &file, &mut sink).is_none());
    assert_eq!(sink.diagnostics[0].span.map(|s| s.start as usize), text.find(','));
    let text = r#"{"d": "{\"a\": 1, \"a\": 2}"}"#;
    let root = json::parse(text, FileId(0), &mut Sink::default()).expect("outer");
    let mut sink = Sink::default();
    assert!(parse_json_in(root.get("d").expect("d"), &SourceFile::new("f", text), &mut sink).is_some());
    assert_eq!(sink.diagnostics[0].span.map(|s| s.start as usize), text.rfind("\\\"a"));
    assert_eq!(sink.diagnostics[0].related[0].0.start as usize, text.find("\\\"a").expect("first"));
}

#[test]
fn yaml_in_json() {
    let text = r##"{"d": "a:\n  - b: \"q\"\n  - c", "two": "a\n---\nb", "none": "# c", "bad": "a: b: c"}"##;
    let root = json::parse(text, FileId(0), &mut Sink::default()).expect("outer");
    let file = SourceFile::new("f", text);
    let mut sink = Sink::default();
    let mut parse = |key: &str| parse_yaml_in(root.get(key).expect(key), &file, &mut sink);
    let node = parse("d").expect("d");
    let b = node.get("a").and_then(Node::array).and_then(|a| a[0].get("b")).expect("b");
    assert_eq!(&text[b.span.start as usize..b.span.end as usize], r#"\"q\""#);
    assert!(parse("two").is_none() && parse("none").is_none() && parse("bad").is_none());
    let at: Vec<Option<usize>> = sink.diagnostics.iter().map(|d| d.span.map(|s| s.start as usize)).collect();
    assert_eq!(at, [text.find("b\", \"none"), text.find(": c\"}")]);
}

proptest! {
    /// Any text that YAML reads from any notation is decoded here to the same text, so the map is exact.
    #[test]
    fn maps_of_yaml_scalars_are_exact(lines in proptest::collection::vec("[ ]{0,2}[a-zä']{0,3}[ ]{0,2}", 1..6), style in 0..5usize, crlf: bool) {
        let newline = if crlf { "\r\n" } else { "\n" };
        let body = lines.join(&format!("{newline}   "));
        let text = match style {
            0 => format!("k: |{newline}   {body}{newline}z: 1{newline}"),
            1 => format!("k: >{newline}   {body}{newline}z: 1{newline}"),
            2 => format!("k: '{}'{newline}", body.replace('\'', "''")),
            3 => format!("k: \"{body}\"{newline}"),
            _ => format!("k: |2{newline}   {body}{newline}z: 1{newline}"),
        };
        let mut sink = Sink::default();
        let documents = yaml::parse(&text, FileId(0), &mut sink);
        prop_assume!(documents.len() == 1);
        let node = documents[0].get("k").expect("k");
        prop_assume!(matches!(&node.kind, Kind::String(s) if !s.is_empty()));
        let map = OffsetMap::of(node, &SourceFile::new("f", text.as_str()));
        prop_assert!(map.pieces[0].inner_len < usize::MAX, "{:?} is not decoded to {:?}", &text, &node.kind);
        let Kind::String(decoded) = &node.kind else { unreachable!() };
        for (at, c) in decoded.char_indices().filter(|(_, c)| c.is_alphabetic()) {
            let written = text.get(map.start(at)..map.end(at + c.len_utf8()));
            prop_assert_eq!(written.map(str::to_owned), Some(c.to_string()));
        }
    }

    #[test]
    fn maps_of_json_strings_are_exact(value in "\\PC{0,20}|[\"\\\\\\n\\tä😀a]{0,20}") {
        let text = serde_json::to_string(&value).expect("text");
        let node = json::parse(&text, FileId(0), &mut Sink::default()).expect("string");
        let map = OffsetMap::of(&node, &SourceFile::new("f", text.as_str()));
        prop_assert_eq!(map.inner_len(), value.len());
        for (at, c) in value.char_indices() {
            let written = &text[map.start(at)..map.end(at + c.len_utf8())];
            prop_assert_eq!(serde_json::from_str::<String>(&format!("\"{written}\"")).expect("one escape"), c.to_string());
        }
    }
}
