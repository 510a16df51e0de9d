//! What a change to agents.yaml must come to, worked out on its values; and whether a text comes to that.

use super::{Change, Step};
use crate::domain::config::tree;
use serde_yaml::{Mapping, Value};

/// Whether the change, and nothing else, leads from one text to another.
pub(super) fn is_only(change: &Change, before: &str, after: &str) -> bool {
    let wanted = values(before).and_then(|before| expected(before, change));
    wanted.is_some() && wanted == values(after) && kept_comments(before, after, change)
}

/// What a text says, with what it merges in by `<<`. The order of keys means nothing.
fn values(text: &str) -> Option<Value> {
    let mut values: Value = serde_yaml::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    values.apply_merge().ok()?;
    Some(values)
}

/// The values after a change; `None` if the path leads nowhere.
fn expected(mut root: Value, change: &Change) -> Option<Value> {
    let (last, above) = change.path.split_last()?;
    let holder = above.iter().try_fold(&mut root, |value, step| match step {
        Step::Key(key) => Some(made(value)?.entry(key.as_str().into()).or_insert(Value::Null)),
        Step::Item(index) => value.as_sequence_mut()?.get_mut(*index),
        Step::End => None,
    })?;
    match (last, change.value.clone()) {
        (Step::Key(key), Some(value)) => drop(made(holder)?.insert(key.as_str().into(), value)),
        (Step::Key(key), None) => drop(made(holder)?.remove(key.as_str())?),
        (Step::End, Some(value)) => holder.as_sequence_mut()?.push(value),
        (Step::Item(index), None) => {
            let list = holder.as_sequence_mut().filter(|list| *index < list.len())?;
            list.remove(*index);
        }
        _ => return None,
    }
    Some(root)
}

/// The mapping that a value is, or is made where there is nothing.
fn made(value: &mut Value) -> Option<&mut Mapping> {
    if value.is_null() {
        *value = Mapping::new().into();
    }
    value.as_mapping_mut()
}

/// The line to edit by hand for a change.
pub(super) fn line_of(text: &str, change: &Change) -> usize {
    let Ok(root) = tree::parse(text) else { return 1 };
    let (mut node, mut line) = (&root, 1);
    for step in &change.path {
        let Some((inside, at)) = node.inside(step) else { break };
        (node, line) = (inside, at);
    }
    line
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
    let mut rest = new.iter();
    change.value.is_none() || old.iter().all(|comment| rest.any(|kept| kept.ends_with(comment.as_str())))
}
