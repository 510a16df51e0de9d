//! Checks YAML by a JSON Schema, as far as the schema of agents.yaml goes: what it doesn't know, it refuses to judge.

use crate::domain::{
    name::Name,
    yaml::{Entry, Node, Value as Yaml},
};
use serde_json::Value;

/// What is wrong, a line for each.
pub(super) fn validate(schema: &Value, node: &Node) -> Vec<String> {
    let mut found = Vec::new();
    Validator { root: schema, found: &mut found }.node(schema, node, "");
    found
}

/// The schema that a `$ref` leads to, else the schema itself.
pub(super) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref") {
        None => schema,
        Some(target) => {
            // Beside a reference everything else is ignored by the book.
            let beside = schema.as_object().unwrap().keys();
            assert!(
                beside.into_iter().all(|key| ["$ref", "description", "default"].contains(&key.as_str())),
                "{schema}"
            );
            root.pointer(target.as_str().unwrap().trim_start_matches('#')).unwrap_or_else(|| panic!("{target}"))
        }
    }
}

struct Validator<'a> {
    root: &'a Value,
    found: &'a mut Vec<String>,
}

impl Validator<'_> {
    fn node(&mut self, schema: &Value, node: &Node, path: &str) {
        for (keyword, rule) in resolve(self.root, schema).as_object().unwrap() {
            let holds = match (keyword.as_str(), &node.value) {
                ("$schema" | "$comment" | "title" | "description" | "default" | "definitions" | "properties", _) => {
                    true
                }
                ("type", _) => types(rule).any(|wanted| is(node, wanted)),
                ("enum", Yaml::Scalar { text, .. }) => rule.as_array().unwrap().iter().any(|word| *word == **text),
                ("enum", _) => false,
                ("minimum", _) => number(node).is_none_or(|number| number >= rule.as_f64().unwrap()),
                ("maximum", _) => number(node).is_none_or(|number| number <= rule.as_f64().unwrap()),
                ("pattern", Yaml::Scalar { text, .. }) => fits(text, rule),
                ("minItems", Yaml::List(items)) => items.len() as u64 >= rule.as_u64().unwrap(),
                ("required", Yaml::Map(entries)) => {
                    rule.as_array().unwrap().iter().all(|key| entries.iter().any(|(name, _, _)| *key == **name))
                }
                ("propertyNames", Yaml::Map(entries)) => {
                    let pattern = &resolve(self.root, rule)["pattern"];
                    entries.iter().all(|(name, _, _)| fits(name, pattern))
                }
                ("additionalProperties", Yaml::Map(_)) => true,
                ("items", Yaml::List(items)) => {
                    for (index, item) in items.iter().enumerate() {
                        self.node(rule, item, &format!("{path}[{index}]"));
                    }
                    true
                }
                ("pattern" | "minItems" | "required" | "propertyNames" | "additionalProperties" | "items", _) => true,
                (other, _) => panic!("the keyword {other} is not known here"),
            };
            if !holds {
                self.found.push(format!("line {}: {path}: {keyword} {rule}", node.line));
            }
        }
        if let Yaml::Map(entries) = &node.value {
            self.entries(resolve(self.root, schema), entries, path);
        }
    }

    fn entries(&mut self, schema: &Value, entries: &[Entry<'_>], path: &str) {
        for (name, line, node) in entries {
            let path = format!("{path}.{name}");
            let known = schema.get("properties").and_then(|properties| properties.get(&**name));
            match known.or_else(|| schema.get("additionalProperties")) {
                Some(Value::Bool(false)) => self.found.push(format!("line {line}: {path}: unknown")),
                Some(schema) => self.node(schema, node, &path),
                None => {}
            }
        }
    }
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    let one = rule.as_str().into_iter();
    one.chain(rule.as_array().into_iter().flatten().map(|word| word.as_str().unwrap()))
}

fn is(node: &Node, wanted: &str) -> bool {
    let plain = match &node.value {
        Yaml::List(_) => return wanted == "array",
        Yaml::Map(_) => return wanted == "object",
        Yaml::Scalar { text, plain } => plain.then_some(&**text),
    };
    let boolean = matches!(plain, Some("true" | "false"));
    match wanted {
        "null" => node.is_null(),
        "boolean" => boolean,
        "integer" => number(node).is_some_and(|number| number.fract() == 0.0),
        "number" => number(node).is_some(),
        "string" => !node.is_null() && !boolean && number(node).is_none(),
        "array" | "object" => false,
        other => panic!("the type {other} is not known here"),
    }
}

fn number(node: &Node) -> Option<f64> {
    match &node.value {
        Yaml::Scalar { text, plain: true } => text.parse().ok(),
        _ => None,
    }
}

/// The two patterns of the schema, without a library for patterns.
fn fits(text: &str, pattern: &Value) -> bool {
    match pattern.as_str().unwrap() {
        "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" => text.parse::<Name>().is_ok(),
        "^[A-Za-z_][A-Za-z0-9_]*$" => {
            !text.starts_with(|c: char| c.is_ascii_digit())
                && !text.is_empty()
                && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        }
        other => panic!("the pattern {other} is not known here"),
    }
}
