//! Both readings agree: what the plain one takes, the explanation takes for the same and says the same of; and what the plain
//! one refuses, the explanation has something to say of, unless only the explanation knows the notation.
//!
//! The keys come from the schema, so a new one is tried too.

use crate::domain::config::explain::explain;
use crate::domain::config::{SCHEMA, read, read_plain};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// What fits some key, and what fits none, as YAML writes it in one line.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "7", "0", "-1", "+5", "1.5", "1.", ".5", "1e3", "0x10", "0o17", "0b1", "-0", ".inf", "-.inf", ".nan", "NaN",
    "99999999999999999999", "18446744073709551616", "1e400", "100000", "100001", "0.001", "0.01", "true", "false",
    "True", "FALSE", "yes", "on", "y", "'true'", "'5'", "\"5\"", "''", "\"\"", "' '", "\"\\0\"", "\"a\\nb\"", "a b",
    "a", "'A'", "é", "..", "a..b", "a/b", "-x", "2024-01-01", "1:30", "<<", "=", "task", "proposal", "Task",
    "implementer", "tester", "gatekeeper", "'curator'", "[]", "[a]", "[a, b]", "[1, true, 1.10]", "['a', a]", "[a, A]",
    "[[a]]", "[{a: b}]", "['']", "[' ']", "['src/[']", "[\"a\\nb\"]", "[.inf]", "{}", "{a: b}", "{a: 1, b: 2}",
    "{a: 1, A: 2}", "{1A: x}", "{a: {}}", "{a: {max_active: 1}}", "{a: [1]}", "{x: 0.5, y: 100}", "{A: true, B: 1e3}",
    "{'a': \"b\"}", "{a: 1, a: 2}", "!x a", "!!str 5", "!!int '5'", "!!bool 'true'", "!!null ''", "!!seq [a]",
    "!!map {}", "!!set {a}", "! 5", "&v 5", "*v", "&w opus", "*w", "&l [claude]", "*l", "|-\n    text", ">\n    5",
    "\"two\n    lines\"", "two\n    lines", "? a", "@a", "%a", "`a`", "[a", "{a", "'a", "- a", "a: b", "\"\\x\"",
    "\"\\u263a\"", "\t5", "5 # c", "_", "1_", "0x", "0x_1", "+", "1e", "1__0", "_1", "infinity", "inf",
    "0xFFFFFFFFFFFFFFFFF",
];

/// Notations that only the explanation takes: nothing for a default, a mapping that is merged in, digits in groups.
const OTHER_NOTATIONS: &[&str] =
    &["", "~", "null", "Null", "NULL", "[~]", "{a: ~}", "1_000", "!!null", "~ # c", "#a", "007", "0_7", "!!float 5"];

/// Where the schema describes a section, an agent for `agents`, or the whole file.
fn pointer_of(section: &str) -> String {
    match section {
        "" => String::new(),
        "agents" => "/properties/agents/items".to_owned(),
        section => format!("/properties/{section}"),
    }
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// The keys of a mapping, and two that there are none of.
fn keys(pointer: &str) -> Vec<String> {
    let schema = schema();
    let properties = schema.pointer(pointer).and_then(|mapping| mapping["properties"].as_object()).unwrap();
    properties.keys().cloned().chain(["colour".to_owned(), "max_turn".to_owned()]).collect()
}

/// The keys that hold a mapping of known keys.
fn sections() -> Vec<String> {
    let schema = schema();
    let properties = schema["properties"].as_object().unwrap();
    properties.iter().filter(|(_, key)| key.get("properties").is_some()).map(|(key, _)| key.clone()).collect()
}

/// Lines of a mapping: each key once, but for a few.
fn entries(pointer: &str, values: Vec<&'static str>) -> impl Strategy<Value = Vec<(String, &'static str)>> + use<> {
    (vec((select(keys(pointer)), select(values)), 0..6), 0..40).prop_map(|(mut entries, twice)| {
        if twice > 0 {
            entries.sort();
            entries.dedup_by(|one, other| one.0 == other.0);
        }
        entries
    })
}

/// A file, of which every part may be odd.
fn file(values: Vec<&'static str>) -> impl Strategy<Value = String> {
    let in_values = values.clone();
    let section = select(sections()).prop_flat_map(move |section| {
        let entries = entries(&pointer_of(&section), in_values.clone());
        (Just(section), entries, any::<bool>())
    });
    let agents = vec((entries(&pointer_of("agents"), values.clone()), 0..12u8, any::<bool>()), 0..4);
    (entries("", values), vec(section, 0..3), agents).prop_map(|(top, sections, agents)| {
        let mut text = String::new();
        let mut used = vec!["agents".to_owned()];
        for (section, entries, is_block) in sections {
            if !used.contains(&section) {
                text += &format!("{section}:{}\n", mapping(&entries, "  ", is_block));
                used.push(section);
            }
        }
        for (key, value) in top.iter().filter(|(key, _)| !used.contains(key)) {
            text += &format!("{key}: {value}\n");
        }
        text += "agents:\n";
        for (index, (mut entries, oddity, is_block)) in agents.into_iter().enumerate() {
            if oddity > 0 {
                entries.retain(|(key, _)| key != "name" && key != "role");
                let name: &'static str = ["'1'", "a-1", "b.2", "c"][index];
                entries.insert(0, ("name".to_owned(), name));
                entries.insert(1, ("role".to_owned(), "implementer"));
            }
            text += &format!("-{}\n", mapping(&entries, "  ", is_block).replacen("\n ", "", usize::from(is_block)));
        }
        text
    })
}

fn mapping(entries: &[(String, &str)], indent: &str, is_block: bool) -> String {
    if is_block && !entries.is_empty() {
        entries.iter().map(|(key, value)| format!("\n{indent}{key}: {value}")).collect()
    } else {
        let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        format!(" {{{}}}", entries.join(", "))
    }
}

fn check(text: &str, is_plain: bool) -> Result<(), TestCaseError> {
    match (read_plain(text), explain(text, None)) {
        (Some(_), explained) => prop_assert_eq!(read(text), explained, "\n{}", text),
        (None, Ok((_, warnings))) if is_plain => {
            prop_assert!(!warnings.is_empty(), "only the plain reading refuses it:\n{}", text);
        }
        (None, _) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_valid_is_so_for_both(text in file(VALUES.to_vec())) {
        check(&text, true)?;
    }

    #[test]
    fn other_notations_are_read_alike_where_both_know_them(text in file([VALUES, OTHER_NOTATIONS].concat())) {
        check(&text, false)?;
    }
}

#[test]
fn each_value_of_each_key_is_valid_for_both_or_for_none() {
    let mut wrong = Vec::new();
    let mut taken = 0;
    let agent = "agents: [{name: a, role: tester}]\n";
    let sections = sections();
    for (value, is_plain) in
        VALUES.iter().map(|value| (value, true)).chain(OTHER_NOTATIONS.iter().map(|value| (value, false)))
    {
        for section in ["", "agents"].into_iter().chain(sections.iter().map(String::as_str)) {
            for key in
                keys(&pointer_of(section)).iter().filter(|key| *key != "agents" && *key != "name" && *key != "role")
            {
                let text = match section {
                    "agents" => format!("agents:\n- name: a\n  role: tester\n  {key}: {value}\n"),
                    "" => format!("{agent}{key}: {value}\n"),
                    section => format!("{agent}{section}:\n  {key}: {value}\n"),
                };
                taken += usize::from(read_plain(&text).is_some());
                if let Err(error) = check(&text, is_plain) {
                    wrong.push(format!("{key}: {value:?}: {error}"));
                }
            }
        }
    }
    assert!(taken > 300, "{taken}");
    assert!(wrong.is_empty(), "{}: {:#?}", wrong.len(), wrong);
}
