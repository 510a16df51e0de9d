//! What a change to agents.yaml must come to, worked out on the tree of values; and whether a text comes to that.

use super::{Change, Step, Value};
use crate::domain::yaml::{Node, Value as Tree};
use std::borrow::Cow;

/// The tree after a change; `None` if the path leads nowhere.
pub(super) fn expected<'a>(before: &Node<'a>, change: &'a Change) -> Option<Node<'a>> {
    let mut root = before.clone();
    match change {
        Change::Set { path, key, value } => {
            let Tree::Map(entries) = &mut at(&mut root, path)?.value else { return None };
            let node = node(value);
            match entries.iter_mut().find(|(name, _, _)| name == key) {
                Some((_, _, old)) => *old = node,
                None => entries.push((key.into(), 1, node)),
            }
        }
        Change::Unset { path, key } => {
            let Tree::Map(entries) = &mut at(&mut root, path)?.value else { return None };
            let index = entries.iter().position(|(name, _, _)| name == key)?;
            entries.remove(index);
        }
        Change::AddAgent(entries) => {
            let Tree::List(agents) = &mut at(&mut root, &[Step::key("agents")])?.value else { return None };
            let entries = entries.iter().map(|(key, value)| (key.into(), 1, node(value))).collect();
            agents.push(Node { line: 1, value: Tree::Map(entries) });
        }
        Change::RemoveAgent(index) => {
            let Tree::List(agents) = &mut at(&mut root, &[Step::key("agents")])?.value else { return None };
            if *index >= agents.len() {
                return None;
            }
            agents.remove(*index);
        }
    }
    Some(root)
}

fn node(value: &Value) -> Node<'_> {
    let scalar = |text, plain| Node { line: 1, value: Tree::Scalar { text: Cow::Borrowed(text), plain } };
    match value {
        Value::Plain(word) => scalar(word, true),
        Value::Text(text) => scalar(text, false),
        Value::List(words) => {
            Node { line: 1, value: Tree::List(words.iter().map(|word| scalar(word, false)).collect()) }
        }
    }
}

/// The node at a path; a mapping that isn't there, or is empty, is made.
fn at<'a, 't>(root: &'a mut Node<'t>, path: &[Step]) -> Option<&'a mut Node<'t>> {
    let mut node = root;
    for step in path {
        if node.is_null() {
            node.value = Tree::Map(Vec::new());
        }
        node = match (&mut node.value, step) {
            (Tree::Map(entries), Step::Key(key)) => {
                let index = entries.iter().position(|(name, _, _)| name == key).unwrap_or_else(|| {
                    entries.push((key.clone().into(), 1, Node { line: 1, value: Tree::Map(Vec::new()) }));
                    entries.len() - 1
                });
                &mut entries[index].2
            }
            (Tree::List(items), Step::Item(index)) => items.get_mut(*index)?,
            _ => return None,
        };
    }
    if node.is_null() {
        node.value = Tree::Map(Vec::new());
    }
    Some(node)
}

/// Whether two trees say the same; the order of keys means nothing. Numbers are compared by value.
pub(super) fn same(a: &Node<'_>, b: &Node<'_>) -> bool {
    match (&a.value, &b.value) {
        (Tree::Scalar { text, plain }, Tree::Scalar { text: other, plain: other_plain }) => {
            let number = |text: &str| text.replace('_', "").parse::<f64>().ok();
            let equal =
                text == other || (*plain && *other_plain && number(text).is_some_and(|n| Some(n) == number(other)));
            // Text without quotes is still text, unless it would be read as nothing.
            equal && (plain == other_plain || a.is_null() == b.is_null())
        }
        (Tree::List(a), Tree::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Tree::Map(a), Tree::Map(b)) => {
            let other = |key: &str| b.iter().find(|(name, _, _)| name == key);
            a.len() == b.len()
                && a.iter().all(|(key, _, node)| other(key).is_some_and(|(_, _, other)| same(node, other)))
        }
        _ => false,
    }
}

/// The line that a person would edit to make the change.
pub(super) fn line_of(root: &Node<'_>, change: &Change) -> usize {
    let agents = [Step::key("agents")];
    let (path, key): (Vec<Step>, Option<&str>) = match change {
        Change::Set { path, key, .. } | Change::Unset { path, key } => (path.clone(), Some(key.as_str())),
        Change::AddAgent(_) => (agents.to_vec(), None),
        Change::RemoveAgent(index) => ([agents.as_slice(), &[Step::Item(*index)]].concat(), None),
    };
    let steps = path.iter().cloned().chain(key.map(Step::key));
    let (mut node, mut line) = (root, 1);
    for step in steps {
        let inside = match (&node.value, &step) {
            (Tree::Map(entries), Step::Key(key)) => {
                entries.iter().find(|(name, _, _)| name == key).map(|(_, line, node)| (node, *line))
            }
            (Tree::List(items), Step::Item(index)) => items.get(*index).map(|node| (node, node.line)),
            _ => None,
        };
        let Some((inside, at)) = inside else { break };
        // Line 0: brought in by a merge, so that what is to be edited is the mapping around it.
        line = if at == 0 { line } else { at };
        node = inside;
    }
    line
}

/// Whether every comment is still there, apart from those inside what was taken out.
///
/// A `#` inside quotes counts as a comment too, so an old value with one is left to a person to replace.
pub(super) fn kept_comments(before: &str, after: &str, change: &Change) -> bool {
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
