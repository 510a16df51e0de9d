use super::{
    SCHEMA,
    validate::{resolve, validate},
};
use crate::domain::{
    config::{
        check::{Checker, Severity},
        read::config,
    },
    role::Role,
    yaml,
};
use serde_json::Value;
use std::collections::BTreeSet;

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// Every place in the schema with the schema of its value; the name of an agent is `NAME`.
fn places(schema: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    let mut open = vec![(String::new(), schema.clone())];
    while let Some((path, here)) = open.pop() {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let properties = here.get("properties").and_then(Value::as_object).into_iter().flatten();
        let children = properties.map(|(key, child)| (below(key), child));
        let any = here.get("additionalProperties").filter(|any| any.is_object()).map(|any| (below("NAME"), any));
        let items = here.get("items").map(|items| (format!("{path}[0]"), items));
        let all: Vec<_> = children.chain(any).chain(items).collect();
        open.extend(all.into_iter().map(|(path, child)| (path, resolve(schema, child).clone())));
        places.push((path, here));
    }
    places
}

/// A configuration that holds this one value, and besides only what must be there.
fn with(path: &str, value: &str) -> String {
    let agent = "name: a, role: tester";
    match path.strip_prefix("agents[0].") {
        Some("name") => format!("agents: [{{name: {value}, role: tester}}]"),
        Some("role") => format!("agents: [{{name: a, role: {value}}}]"),
        Some(key) => format!("agents: [{{{agent}, {}}}]", nested(key, value)),
        None => format!("{{{}, agents: [{{{agent}}}]}}", nested(path, value)),
    }
}

fn nested(path: &str, value: &str) -> String {
    let (outer, key) = path.rsplit_once('.').unwrap_or(("", path));
    let entry = match key.strip_suffix("[0]") {
        Some(list) => format!("{list}: [{value}]"),
        None => format!("{key}: {value}"),
    };
    if outer.is_empty() { entry } else { nested(outer, &format!("{{{entry}}}")) }
}

/// What reading says of a text, and which keys it asked for: `section.key`.
fn read(text: &str) -> (Vec<String>, BTreeSet<String>) {
    let mut check = Checker::default();
    config(&mut check, &yaml::parse(text).unwrap());
    let bad = check
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error || problem.message.contains("unknown"));
    (bad.map(ToString::to_string).collect(), check.asked)
}

/// A value that fits a schema.
fn sample(root: &Value, schema: &Value) -> String {
    let schema = resolve(root, schema);
    if let Some(words) = schema.get("enum") {
        return words[0].as_str().unwrap().to_owned();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap();
    match kind {
        "string" => "x".to_owned(),
        "boolean" => "true".to_owned(),
        "integer" | "number" => schema["maximum"].to_string(),
        "array" => format!("[{}]", sample(root, &schema["items"])),
        "object" => "{}".to_owned(),
        other => panic!("{other}"),
    }
}

#[test]
fn every_key_of_the_schema_is_read() {
    let schema = schema();
    for (path, here) in places(&schema) {
        if path.is_empty() || path.starts_with("agents[0]") && !path.contains('.') || path == "agents" {
            continue;
        }
        let text = with(&path, &sample(&schema, &here));
        assert_eq!(read(&text).0, Vec::<String>::new(), "schema/agents.schema.json has it, but not read.rs: {text}");
        assert_eq!(validate(&schema, &yaml::parse(&text).unwrap()), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn every_key_that_is_read_is_in_the_schema() {
    let everything = "{worktree: {}, queue_limits: {}, proposal_limits: {NAME: {}}, voice_weights: {}, curator_scoring: {}, \
                      gatekeeper: {}, notify: {}, defaults: {}, agents: [{name: a, role: tester}]}";
    let known: BTreeSet<String> = places(&schema()).into_iter().map(|(path, _)| path).collect();
    let asked = read(everything).1;
    assert!(asked.len() > 40, "{asked:?}");
    let missing: Vec<_> = asked.difference(&known).collect();
    assert!(missing.is_empty(), "read.rs knows these, but schema/agents.schema.json doesn't: {missing:?}");
    // A section that the text above leaves out would hide its keys.
    for (path, here) in places(&schema()) {
        let section = here.get("properties").is_some() && !path.is_empty();
        assert!(!section || everything.contains(path.rsplit(['.', '[']).next_back().unwrap()), "add {path} above");
    }
}

#[test]
fn the_limits_are_the_same() {
    let schema = schema();
    let mut limits = 0;
    for (path, here) in places(&schema) {
        for (keyword, step) in [("minimum", -1.0), ("maximum", 1.0)] {
            let Some(limit) = here.get(keyword).and_then(Value::as_f64) else { continue };
            limits += 1;
            assert_eq!(read(&with(&path, &limit.to_string())).0, Vec::<String>::new(), "{path} {keyword}");
            let beyond = with(&path, &(limit + step).to_string());
            assert_eq!(read(&beyond).0.len(), 1, "{path} {keyword}: {beyond}");
            assert_eq!(validate(&schema, &yaml::parse(&beyond).unwrap()).len(), 1, "{path} {keyword}: {beyond}");
        }
    }
    assert!(limits > 30, "{limits}");
}

#[test]
fn the_roles_are_the_same() {
    let schema = schema();
    let words = schema.pointer("/properties/agents/items/properties/role/enum").unwrap().as_array().unwrap();
    let words: BTreeSet<_> = words.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
    assert_eq!(words, Role::ALL.iter().map(Role::to_string).collect());
}

#[test]
fn the_configuration_that_init_writes_is_valid() {
    let text = include_str!("../../../../templates/agents.yaml");
    assert_eq!(validate(&schema(), &yaml::parse(text).unwrap()), Vec::<String>::new());
}

#[test]
fn what_is_wrong_is_found() {
    for (text, found) in [
        ("agents: []", "minItems"),
        ("{}", "required"),
        ("agents: [{name: a}]", "required"),
        ("agents: [{name: '../a', role: tester}]", "pattern"),
        ("agents: [{name: a, role: painter}]", "enum"),
        ("agents: [{name: a, role: tester, colour: red}]", "unknown"),
        ("agents: [{name: a, role: tester, env: {1A: x}}]", "propertyNames"),
        ("agents: [{name: a, role: tester, max_turns: '5'}]", "type"),
        ("agents: [{name: a, role: tester, max_turns: 0.5}]", "type"),
    ] {
        let problems = validate(&schema(), &yaml::parse(text).unwrap());
        assert!(problems.iter().any(|problem| problem.contains(found)), "{text}: {problems:?}");
    }
}
