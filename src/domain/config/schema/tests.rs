//! The committed schema is what the types say. `UPDATE_SCHEMA=1 cargo test the_schema` writes it anew.

use super::{Kind, SCHEMA, keys, kind};
use crate::domain::config::{Config, Step};
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};
use std::{env, fs};

#[test]
fn the_schema_is_that_of_the_types() {
    let inline = |settings: &mut SchemaSettings| settings.inline_subschemas = true;
    let settings = SchemaSettings::draft07().with(inline).with_transform(RecursiveTransform(for_editors));
    let schema = settings.into_generator().into_root_schema_for::<Config>();
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/agents.schema.json"), text).unwrap();
    } else {
        assert!(text == SCHEMA, "schema/agents.schema.json is out of date: UPDATE_SCHEMA=1 cargo test the_schema");
    }
}

/// Says it as an editor is best helped: slips are marked, a heading with nothing below it isn't, and nothing is said that
/// helps nobody.
fn for_editors(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    // What may be left out needn't be written as null.
    if let Some(Value::Array(choices)) = object.remove("anyOf") {
        let written = choices.into_iter().find(|choice| *choice != json!({"type": "null"}));
        for (key, value) in written.unwrap().as_object().unwrap() {
            if key != "description" {
                object.insert(key.clone(), value.clone());
            }
        }
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [kind] = types.as_slice() {
            let kind = kind.clone();
            object.insert("type".to_owned(), kind);
        }
    }
    // YAML takes a name of digits for a number.
    if object.contains_key("pattern") {
        object.insert("type".to_owned(), json!(["string", "integer"]));
    }
    if object.get("default").is_some_and(|default| default.is_null() || default.is_object() || *default == json!([])) {
        object.remove("default");
    }
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    if object.contains_key("properties") {
        object.insert("additionalProperties".to_owned(), false.into());
    }
    let kind = object.get("type").cloned().filter(|kind| kind == "object" || kind == "array");
    if let Some(kind) = kind.filter(|_| !object.contains_key("required") && !object.contains_key("minItems")) {
        object.insert("type".to_owned(), json!([kind, "null"]));
    }
}

#[test]
fn a_key_takes_what_its_type_says() {
    let agent = [Step::key("agents"), Step::Item(3)];
    let of_agent = |key: &str| kind(&[agent.as_slice(), &[Step::key(key)]].concat());
    for (key, expected) in [
        ("role", Kind::Text),
        ("claude_model", Kind::Text),
        ("interval_seconds", Kind::Seconds),
        ("max_turns", Kind::Plain),
        ("max_cost_usd", Kind::Plain),
        ("paused", Kind::Plain),
        ("allowed_tools", Kind::List),
        ("env", Kind::Mapping),
    ] {
        assert_eq!(of_agent(key), Some(expected), "{key}");
    }
    assert_eq!(of_agent("max_turn"), None);
    let variable = [agent.as_slice(), &[Step::key("env"), Step::key("X")]].concat();
    assert_eq!(kind(&variable), Some(Kind::Text));
    let limits = [Step::key("proposal_limits"), Step::key("a.b")];
    assert_eq!(keys(&limits), ["max_active", "max_per_run"]);
    assert_eq!(kind(&[limits.as_slice(), &[Step::key("max_active")]].concat()), Some(Kind::Plain));
    assert!(keys(&agent).contains(&"base_branch".to_owned()));
}
