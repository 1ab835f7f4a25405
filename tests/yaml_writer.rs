//! What `emit::yaml` writes, read by a YAML reader that is not ours: every text comes back as the same text.
//!
//! The reader knows YAML 1.2's words only, so a second judge holds YAML 1.1's: kubectl and Argo CD read with Go's
//! sigs.k8s.io/yaml, and people with `PyYAML`, for whom `on` is true and `12:30:45` a number.
#![expect(clippy::expect_used, reason = "a test ends with its first wrong assumption")]
#[path = "support/crd/manifest.rs"]
#[expect(dead_code, reason = "only the reader is used here")]
mod manifest;

use emr2k8s::emit::yaml::{Node, Writer, scalar, write};
use emr2k8s::source::rules::emit::EMI001;
use proptest::prelude::*;
use regex::Regex;
use serde_json::{Value, json};

const W: Writer = Writer(&EMI001);

/// Texts that some reader takes for something else, or for nothing.
const NASTY: &[&str] = &[
    "",
    " ",
    "  lead",
    "trail ",
    "\t",
    "\ttab",
    "tab\t",
    "a\tb",
    "\n",
    "a\n",
    "a\nb",
    "a\n\n",
    "\na",
    " a\nb",
    "a\n b",
    "a\n\tb",
    "a \nb",
    "a\r\nb",
    "\r",
    "on",
    "On",
    "ON",
    "off",
    "no",
    "No",
    "yes",
    "y",
    "n",
    "Y",
    "N",
    "true",
    "True",
    "TRUE",
    "false",
    "null",
    "Null",
    "NULL",
    "~",
    "none",
    "None",
    "nan",
    ".nan",
    ".NaN",
    ".inf",
    "-.inf",
    "+.INF",
    "inf",
    "=",
    "<<",
    "0",
    "-0",
    "+1",
    "-1",
    "1_000",
    "1__0",
    "_1",
    "0x1f",
    "0X1F",
    "0o17",
    "017",
    "08",
    "0b101",
    "1e3",
    "1E3",
    "1e",
    "1.e3",
    "1.",
    ".5",
    "-.5",
    "1.5",
    "1.5e-3",
    "1_0.5",
    "6.02e+23",
    "12:30:45",
    "1:30",
    "190:20:30.15",
    "2001-01-01",
    "2001-1-1",
    "2001-01-01T00:00:00Z",
    "2001-01-01 00:00:00",
    "2001-12-14t21:59:43.10-05:00",
    "3.5.7",
    "1.2.3.4",
    "5m",
    "1g",
    "1e3g",
    "0xzz",
    "12e4d",
    "1d",
    "1f",
    "e3",
    "-",
    "--",
    "---",
    "--- a",
    "...",
    "- a",
    "? a",
    ": a",
    "a: b",
    "a:",
    "a :b",
    "a#b",
    "a #b",
    "#a",
    "# a",
    "&a",
    "*a",
    "!a",
    "!!str a",
    "|",
    ">",
    "|-",
    "%a",
    "@a",
    "`a",
    "'a'",
    "\"a\"",
    "a'b",
    "a\"b",
    "\\",
    "a\\b",
    "\\n",
    "{",
    "}",
    "[",
    "]",
    "{a}",
    "[a]",
    "{a: b}",
    "a,b",
    "a, b",
    ",",
    "{{x}}",
    "{{=1+1}}",
    "a {{x}} b",
    "{{workflow.name}}-x",
    "$x",
    "${x}",
    "$(x)",
    "\0",
    "\u{1}",
    "\u{7}",
    "\u{1b}[0m",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "a\u{feff}b",
    "\u{fffe}",
    "\u{ffff}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{10ffff}",
    "é",
    "ñandú",
    "日本語",
    "😀",
    "a😀b",
    "\u{202e}abc",
    "\u{200b}",
    "a\u{301}",
    "a\n\u{2028}b",
    "\u{fffe}\n",
    "a\n\u{ffff}b",
    "a\n😀",
    "a\n# b\n---\n...\n%c",
    "a:\n- b\n",
    "s3://b/k",
    "arn:aws:s3:::b",
    "10:20",
    "key: |\n  text",
    "*",
    "&",
    "?",
    "!",
    "@",
    "=a",
    "<<a",
    "a=",
    "-a",
    "+a",
    "a?",
    "a b: c",
    "a:b",
    "a::b",
    "a - b",
    "a -b",
];

/// A document that holds a text wherever the writer can put one, and what a reader has to find.
fn everywhere(text: &str) -> (Node, Value) {
    let pair = || W.map().text("k", text).text(text, "v").text("z", "end").build();
    let list = || W.list(vec![W.text(text), W.text("end")]);
    let node = W
        .map()
        .field("map", pair())
        .field("list", list())
        .field("maps", W.list(vec![pair(), list()]))
        .field("flow", W.flow(pair()))
        .field("flows", W.flow(list()))
        .field("noted", W.text(text).comment("a note"))
        .field("block", W.block(pair()))
        .text("z", "end")
        .build();
    let mut pairs = serde_json::Map::new();
    for (key, value) in [("k", text), (text, "v"), ("z", "end")] {
        pairs.insert(key.to_owned(), value.into());
    }
    let pairs = Value::Object(pairs);
    let want = json!({
        "map": pairs, "list": [text, "end"], "maps": [pairs, [text, "end"]], "flow": pairs, "flows": [text, "end"], "noted": text, "block": pairs, "z": "end",
    });
    (node, want)
}

fn comes_back(text: &str) -> Result<(), String> {
    // As a key beside `k` and `z` these would be duplicates, which is the caller's fault.
    if text == "k" || text == "z" {
        return Ok(());
    }
    let (node, want) = everywhere(text);
    let written = write(&["a head".to_owned()], &EMI001, &[node.clone(), node]).text();
    let mut read = manifest::documents(&written).map_err(|e| format!("{text:?}: {e} in\n{written}"))?;
    for document in &mut read {
        let block = document["block"].as_str().ok_or("the block is a text")?.to_owned();
        document["block"] = manifest::documents(&block).map_err(|e| format!("{text:?} in a block: {e} in\n{written}"))?.remove(0);
    }
    if read == [want.clone(), want.clone()] { Ok(()) } else { Err(format!("{text:?}: want {want}\nread {read:?}\nfrom\n{written}")) }
}

/// Whether a plain scalar means something else than its text in YAML 1.1 (yaml.org/type, 2005, and a little wider where
/// Go's reader or `PyYAML` is).
fn has_a_meaning_in_yaml_1_1(plain: &str) -> bool {
    let pattern = r"(?x)^(?:
        y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF
        | ~ | null | Null | NULL |
        | [-+]?0b[01_]+ | [-+]?0o?[0-7_]+ | [-+]?[0-9][0-9_]* | [-+]?0[xX][0-9a-fA-F_]+ | [-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+
        | [-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)? | [-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?
        | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
        | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
        | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\ \t]+[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]*)?(?:[\ \t]*(?:Z|[-+][0-9:]+))?)?
        | = | <<
    )$";
    Regex::new(pattern).expect("compiles").is_match(plain)
}

#[test]
fn the_second_judge_knows_what_yaml_1_1_reads() {
    for text in [
        "on",
        "no",
        "1_000",
        "0x1f",
        "1e3",
        "~",
        "",
        "=",
        "<<",
        "2001-01-01",
        "12:30:45",
        "190:20:30.15",
        ".5",
        "017",
        "0o17",
        "-.inf",
        "1.",
    ] {
        assert!(has_a_meaning_in_yaml_1_1(text), "{text}");
    }
    for text in ["once", "3.5.7", "5m", "0xzz", "a", "s3://b/k", "1g", "12:99:00x"] {
        assert!(!has_a_meaning_in_yaml_1_1(text), "{text}");
    }
}

#[test]
fn nasty_texts_come_back() {
    let wrong: Vec<String> = NASTY.iter().filter_map(|text| comes_back(text).err()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), NASTY.len(), wrong.join("\n"));
}

#[test]
fn no_plain_scalar_means_something_else_in_yaml_1_1() {
    for text in NASTY {
        let written = scalar(text);
        assert!(written.starts_with('"') || !has_a_meaning_in_yaml_1_1(&written), "{text:?} is written as {written}");
    }
}

/// libyaml and Go read `{k: a?}`; `PyYAML`'s own reader does not.
#[test]
fn a_question_mark_is_quoted_between_braces() {
    let node = W.map().field("a", W.flow(W.list(vec![W.text("a?"), W.text("b?c")]))).build();
    assert_eq!(write(&[], &EMI001, &[node]).text(), "a: [\"a?\", \"b?c\"]\n");
}

/// Whatever a file is called, the comment that names it stays one.
#[test]
fn a_head_of_several_lines_stays_a_comment() {
    for name in ["a\nb: c", "a\r\nb: c", "a\u{85}b: c", "a\u{2028}b: c", "a\rb: c", "a\0b"] {
        let written = write(&[format!("From {name}.")], &EMI001, &[W.map().text("k", "v").build()]).text();
        assert_eq!(manifest::documents(&written), Ok(vec![json!({"k": "v"})]), "{written:?}");
    }
}

/// Texts out of the pieces that have meanings, and any others.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(NASTY).prop_map(str::to_owned),
        "[0-9a-fA-FxXoObBeE_+.:-]{0,8}",
        "[ \t\n#:,&*!|>'\"%@`{}\\[\\]?=<~-]{0,4}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_comes_back(text in texts()) {
        comes_back(&text).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn every_plain_scalar_is_a_text_in_yaml_1_1(text in texts()) {
        let written = scalar(&text);
        prop_assert!(written.starts_with('"') || !has_a_meaning_in_yaml_1_1(&written), "{:?} is written as {}", text, written);
    }
}
