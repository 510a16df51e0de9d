//! What a change to agents.yaml must come to, worked out on its values; and whether a text comes to that.

use super::{Change, Step, Value};
use crate::domain::config::tree::{self, Node};
use serde_yaml::{Mapping, Value as Yaml};

/// Whether the change, and nothing else, leads from one text to another.
pub(super) fn is_only(change: &Change, before: &str, after: &str) -> bool {
    let wanted = values(before).and_then(|before| expected(before, change));
    wanted.is_some() && wanted == values(after) && kept_comments(before, after, change)
}

/// What a text says, with what it merges in by `<<`. The order of keys means nothing.
fn values(text: &str) -> Option<Yaml> {
    let mut values: Yaml = serde_yaml::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    values.apply_merge().ok()?;
    Some(values)
}

/// The values after a change; `None` if the path leads nowhere.
fn expected(mut root: Yaml, change: &Change) -> Option<Yaml> {
    match change {
        Change::Set { path, key, value } => drop(at(&mut root, path)?.insert(key.as_str().into(), yaml(value))),
        Change::Unset { path, key } => drop(at(&mut root, path)?.remove(key.as_str())?),
        Change::AddAgent(entries) => {
            let agent: Mapping = entries.iter().map(|(key, value)| (key.as_str().into(), yaml(value))).collect();
            root.get_mut("agents")?.as_sequence_mut()?.push(agent.into());
        }
        Change::RemoveAgent(index) => {
            let agents = root.get_mut("agents")?.as_sequence_mut()?;
            agents.get(*index)?;
            agents.remove(*index);
        }
    }
    Some(root)
}

fn yaml(value: &Value) -> Yaml {
    match value {
        Value::Plain(word) => serde_yaml::from_str(word).unwrap_or_else(|_| word.as_str().into()),
        Value::Text(text) => text.as_str().into(),
        Value::List(words) => words.iter().map(String::as_str).map(Yaml::from).collect(),
    }
}

/// The mapping at a path; mappings that aren't there, or are empty, are made.
fn at<'a>(root: &'a mut Yaml, path: &[Step]) -> Option<&'a mut Mapping> {
    let mut value = root;
    for step in path {
        value = match step {
            Step::Key(key) => made(value)?.entry(key.as_str().into()).or_insert(Yaml::Null),
            Step::Item(index) => value.as_sequence_mut()?.get_mut(*index)?,
        };
    }
    made(value)
}

fn made(value: &mut Yaml) -> Option<&mut Mapping> {
    if value.is_null() {
        *value = Mapping::new().into();
    }
    value.as_mapping_mut()
}

/// The line to edit by hand for a change.
pub(super) fn line_of(text: &str, change: &Change) -> usize {
    let agents = || Step::key("agents");
    let steps: Vec<Step> = match change {
        Change::Set { path, key, .. } | Change::Unset { path, key } => {
            path.iter().cloned().chain([Step::key(key)]).collect()
        }
        Change::AddAgent(_) => vec![agents()],
        Change::RemoveAgent(index) => vec![agents(), Step::Item(*index)],
    };
    let Ok(root) = tree::parse(text) else { return 1 };
    let (mut node, mut line) = (&root, 1);
    for step in steps {
        let Some((inside, at)) = inside(node, &step) else { break };
        (node, line) = (inside, at);
    }
    line
}

fn inside<'a>(node: &'a Node, step: &Step) -> Option<(&'a Node, usize)> {
    match (&node.value, step) {
        (tree::Value::Map(entries), Step::Key(key)) => {
            entries.iter().find(|entry| entry.key == *key).map(|entry| (&entry.value, entry.line))
        }
        (tree::Value::List(items), Step::Item(index)) => items.get(*index).map(|item| (item, item.line)),
        _ => None,
    }
}

/// Whether every comment is still there, apart from those inside what was taken out.
///
/// A `#` inside quotes counts as a comment too, so an old value with one is left to be replaced by hand.
fn kept_comments(before: &str, after: &str, change: &Change) -> bool {
    let comments = |text: &str| -> Vec<String> {
        let comment = |line: &str| {
            let at = if line.trim_start().starts_with('#') { line.find('#') } else { line.find(" #").map(|at| at + 1) };
            at.map(|at| line[at..].trim_end().to_owned())
        };
        text.lines().filter_map(comment).collect()
    };
    let (old, new) = (comments(before), comments(after));
    let takes_out = matches!(change, Change::RemoveAgent(_) | Change::Unset { .. });
    let mut rest = new.iter();
    takes_out || old.iter().all(|comment| rest.any(|kept| kept.ends_with(comment.as_str())))
}
