use super::super::ast::{Type, all, at, each, field, is, not, or, when};
use super::*;

const NAMES: Names<'static> = Names { document: "s", variables: "v", result: "r", error: "e", input: "i", machine: "m", retries: None };

fn printed(ast: &Ast) -> String {
    print_output(&NAMES, ast)
}

#[test]
fn texts_can_stand_in_a_tag_and_in_a_manifest() {
    for (of, expression) in [
        ("film", r#""film""#),
        ("say \"hi\"", r#"'say "hi"'"#),
        ("both ' and \"", r#""both ' and \x22""#),
        ("{{=1}} }}}", r#""{\x7b=1}\x7d }\x7d\x7d""#),
        ("back\\slash\n\u{1}", r#""back\x5cslash\n\x01""#),
        ("it is missing, variable not in env", r#""it is \x6dissing, variable \x6eot in env""#),
    ] {
        assert_eq!(printed(&text(of)), expression);
    }
}

#[test]
fn operators_keep_their_operands() {
    let name = |name: &str| field(Ast::Element, name);
    let (a, b, c) = (name("a"), name("b"), name("c"));
    let minus = |left: &Ast, right: &Ast| binary("-", left.clone(), right.clone());
    assert_eq!(printed(&minus(&a, &minus(&b, &c))), "(#.a - (#.b - #.c))");
    assert_eq!(printed(&minus(&minus(&a, &b), &c)), "(#.a - #.b - #.c)");
    assert_eq!(printed(&and(or(a.clone(), b.clone()), c.clone())), "((#.a or #.b) and #.c)");
    assert_eq!(printed(&not(and(a.clone(), b.clone()))), "(not (#.a and #.b))");
    assert_eq!(printed(&when(a.clone(), when(b.clone(), c.clone(), Ast::Nil), Ast::Int(-1))), "(#.a ? (#.b ? #.c : nil) : -1)");
    assert_eq!(printed(&at(field(a, "x-y"), Ast::Int(-1))), r#"#.a["x-y"][-1]"#);
    assert_eq!(printed(&each("map", b, Ast::Map(vec![("k".into(), Ast::Element)]))), r#"map(#.b, ({"k": #}))"#);
    let nested = Ast::Map(vec![("a".into(), Ast::Map(vec![("b".into(), c)]))]);
    assert!(!printed(&nested).contains("}}"));
}

#[test]
fn a_guard_asks_each_thing_once_and_in_order() {
    let document = Ast::Parsed(Root::Document);
    let mut guard = Guard::default();
    for _ in 0..2 {
        guard.need_type(&Json::Value(document.clone()), Type::Map).expect("possible");
        guard.need_field(&document, "a");
        guard.need(is(field(document.clone(), "a"), Type::Text));
    }
    let tier = finish(&NAMES, guard, vec![("output", Some(Output::Json(Json::Value(field(document, "a")))))]);
    let Tier::Expression(fast) = tier else { panic!("{tier:?}") };
    let (head, conditions) = fast.guard.split_once("all(").expect("a binding");
    assert!(head.starts_with("s matches `"), "{head}");
    assert_eq!(conditions, r#"[fromJSON(s)], type(#) == "map" and type(#.a) == "string")"#);
    assert_eq!(fast.outputs, [("output", r#"sprig.replace("{\x7b", "{\x5cu007b", toJson(fromJSON(s).a))"#.to_owned())]);
}

#[test]
fn what_is_known_is_folded_and_what_cannot_be_is_refused() {
    let constant = Json::string("{{workflow.name}}");
    let tier = finish(&NAMES, Guard::default(), vec![("output", Some(Output::Payload(constant)))]);
    assert_eq!(tier, Tier::Folded(vec![("output", r#""{\u007bworkflow.name}}""#.to_owned())]));
    assert_eq!(finish(&NAMES, Guard::default(), vec![("output", None)]), Tier::Pod);
    // Two draws would not be the same.
    let uuid = || Some(Output::Json(Json::Value(call("sprig.uuidv4", []))));
    assert_eq!(finish(&NAMES, Guard::default(), vec![("output", uuid()), ("variables", uuid())]), Tier::Pod);
    assert!(matches!(finish(&NAMES, Guard::default(), vec![("output", uuid())]), Tier::Expression(_)));
    assert_eq!(all([]), Ast::Bool(true));
}
