//! Licences and sources of all dependencies, held against `deny.toml` with nothing but cargo.
use std::collections::BTreeSet;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The texts of the list `key = [ … ]` of `deny.toml`.
fn listed(key: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(format!("{ROOT}/deny.toml")).unwrap();
    let start = text.find(&format!("\n{key} = [")).unwrap_or_else(|| panic!("deny.toml has no list `{key}`"));
    let list: String = text[start..].lines().skip(1).map(|line| line.split('#').next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let list = match list.split_once("= [") {
        Some((_, list)) => list.to_owned(),
        None => list,
    };
    let list = list.split(']').next().unwrap_or_default().to_owned();
    list.split(',').map(|item| item.trim().trim_matches('"').to_owned()).filter(|item| !item.is_empty()).collect()
}

fn packages() -> Vec<serde_json::Value> {
    let metadata = |offline: &[&str]| {
        Command::new(env!("CARGO"))
            .args(["metadata", "--locked", "--format-version", "1"])
            .args(offline)
            .current_dir(ROOT)
            .output()
            .expect("cargo starts")
    };
    // Crates of other systems are fetched only when somebody asks for them.
    let mut output = metadata(&["--offline"]);
    if !output.status.success() {
        output = metadata(&[]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Ways to satisfy an SPDX expression (`A OR B`, `A AND B`, brackets, and the old `A/B`): sets of licences.
fn ways(expression: &str) -> Vec<BTreeSet<String>> {
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words: Vec<&str> = text.split_whitespace().rev().collect();
    let ways = any(&mut words);
    assert!(words.is_empty(), "`{expression}` is no SPDX expression");
    ways
}

fn any(words: &mut Vec<&str>) -> Vec<BTreeSet<String>> {
    let mut ways = all(words);
    while words.last() == Some(&"OR") {
        words.pop();
        ways.extend(all(words));
    }
    ways
}

fn all(words: &mut Vec<&str>) -> Vec<BTreeSet<String>> {
    let mut ways = one(words);
    while words.last() == Some(&"AND") {
        words.pop();
        let right = one(words);
        ways = ways.iter().flat_map(|left| right.iter().map(move |right| left.union(right).cloned().collect())).collect();
    }
    ways
}

fn one(words: &mut Vec<&str>) -> Vec<BTreeSet<String>> {
    let word = words.pop().expect("a licence");
    if word == "(" {
        let ways = any(words);
        assert_eq!(words.pop(), Some(")"));
        return ways;
    }
    let mut licence = word.to_owned();
    if words.last() == Some(&"WITH") {
        words.pop();
        licence = format!("{licence} WITH {}", words.pop().expect("an exception"));
    }
    vec![BTreeSet::from([licence])]
}

#[test]
fn every_dependency_has_a_licence_that_deny_toml_allows_and_none_is_allowed_in_vain() {
    let allowed = listed("allow");
    assert!(allowed.contains("Apache-2.0"), "deny.toml was not read: {allowed:?}");
    let (mut refused, mut needed) = (Vec::new(), BTreeSet::new());
    for package in packages() {
        let name = format!("{} {}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        let Some(licence) = package["license"].as_str() else {
            refused.push(format!("{name}: no licence"));
            continue;
        };
        let fitting: Vec<_> = ways(licence).into_iter().filter(|way| way.is_subset(&allowed)).collect();
        match fitting.as_slice() {
            [] => refused.push(format!("{name}: {licence}")),
            // Apache-2.0 and MIT are there anyway; another is needed where nothing else will do.
            fitting => needed.extend(
                fitting.iter().min_by_key(|way| way.iter().filter(|l| *l != "MIT" && *l != "Apache-2.0").count()).cloned().unwrap(),
            ),
        }
    }
    assert_eq!(refused, Vec::<String>::new(), "licences that deny.toml does not allow");
    let vain: Vec<_> = allowed.difference(&needed).filter(|licence| *licence != "Apache-2.0").collect();
    assert!(vain.is_empty(), "no dependency needs {vain:?}: remove it from deny.toml");
}

#[test]
fn every_dependency_comes_from_the_registry() {
    let strangers: Vec<String> = packages()
        .iter()
        .filter(|package| package["name"] != "emr2k8s" && package["source"] != REGISTRY)
        .map(|package| format!("{}: {}", package["name"], package["source"]))
        .collect();
    assert_eq!(strangers, Vec::<String>::new());
    assert_eq!(listed("allow-registry"), BTreeSet::from(["https://github.com/rust-lang/crates.io-index".to_owned()]));
}

#[test]
fn an_expression_gives_its_ways() {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(ways("(MIT OR Apache-2.0) AND Unicode-3.0"), vec![set(&["MIT", "Unicode-3.0"]), set(&["Apache-2.0", "Unicode-3.0"])]);
    assert_eq!(ways("Unlicense/MIT"), vec![set(&["Unlicense"]), set(&["MIT"])]);
    assert_eq!(ways("A AND B OR C"), vec![set(&["A", "B"]), set(&["C"])]);
    assert_eq!(ways("Apache-2.0 WITH LLVM-exception"), vec![set(&["Apache-2.0 WITH LLVM-exception"])]);
}
