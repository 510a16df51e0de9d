//! Changes to the text of agents.yaml that leave alone what they aren't about: comments, order, quoting, line ends.
//!
//! Each change is checked by reading the text before and after it: only what was meant may differ. What can't be done so
//! is refused, with the line to edit by hand.

mod check;

use super::{Problem, Severity, read};
use check::{is_only, line_of};
use serde_yaml::Value;
use std::fmt;
use yaml_edit::{Document, Mapping, Sequence, YamlFile, YamlNode};

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An item of a list, counted from 0.
    Item(usize),
    /// Behind the last item of a list.
    End,
}

impl Step {
    /// The value of a key.
    pub fn key(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What is changed. Mappings on the way that aren't there are made.
    pub path: Vec<Step>,
    /// What it is to say; `None` takes it away.
    pub value: Option<Value>,
}

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The file was wrong before.
    Broken(Vec<Problem>),
    /// The file would be wrong after it.
    Invalid(Vec<Problem>),
    /// It can't be made without changing something else.
    ByHand {
        /// The line to edit, counted from 1.
        line: usize,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = |problems: &[Problem], words: fn(&Problem) -> String| {
            let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
            errors.map(words).collect::<Vec<_>>().join("; ")
        };
        match self {
            Self::Broken(problems) => write!(f, "mend this first: {}", errors(problems, Problem::to_string)),
            // The line is one of a text that nobody has.
            Self::Invalid(problems) => {
                f.write_str(&errors(problems, |error| format!("{}: {}", error.key, error.message)))
            }
            Self::ByHand { line } => write!(
                f,
                "line {line}: this can't be changed without touching something else (an anchor, a merge or an unusual \
                 notation): edit that line by hand"
            ),
        }
    }
}

/// The text of agents.yaml after a change.
///
/// # Errors
/// [`Refusal`].
pub fn edit(text: &str, change: &Change) -> Result<String, Refusal> {
    read(text).map_err(Refusal::Broken)?;
    let after = changed(text, change).filter(|after| is_only(change, text, after));
    let after = after.ok_or_else(|| Refusal::ByHand { line: line_of(text, change) })?;
    read(&after).map_err(Refusal::Invalid)?;
    Ok(after)
}

/// Makes the change, well or badly; `None` where the notation leaves no place for it.
fn changed(text: &str, change: &Change) -> Option<String> {
    let bom = text.len() - text.trim_start_matches('\u{feff}').len();
    let file: YamlFile = text[bom..].parse().ok()?;
    let document = file.document()?;
    let (last, above) = change.path.split_last()?;
    match (last, &change.value) {
        (Step::Key(key), Some(value)) => set(&mapping_at(&document, above, true)?, key, value)?,
        (Step::Key(key), None) => drop(mapping_at(&document, above, false)?.remove(key)?),
        (Step::End, Some(value)) => list_at(&document, above)?.push(written(value)?.as_mapping()?),
        (Step::Item(index), None) => drop(list_at(&document, above)?.remove(*index)?),
        _ => return None,
    }
    let mut after = format!("{}{file}", &text[..bom]);
    if !text.ends_with('\n') {
        after.truncate(after.trim_end_matches(['\r', '\n']).len());
    }
    Some(after)
}

fn set(mapping: &Mapping, key: &str, value: &Value) -> Option<()> {
    match value {
        Value::String(text) => set_text(mapping, key, text),
        Value::Sequence(words) => {
            let list = Sequence::new_flow();
            words.iter().filter_map(Value::as_str).for_each(|word| list.push(word));
            mapping.set(key, list);
        }
        value => mapping.set(key, written(value)?.as_scalar()?),
    }
    Some(())
}

/// Sets a text in the kind of quotes that it had.
fn set_text(mapping: &Mapping, key: &str, text: &str) {
    let old = match mapping.get(key) {
        Some(YamlNode::Scalar(old)) => old.to_string(),
        _ => String::new(),
    };
    let quoted = match old.chars().next() {
        Some('"') => serde_json::to_string(text).ok(),
        Some('\'') if !text.contains(char::is_control) => Some(format!("'{}'", text.replace('\'', "''"))),
        _ => None,
    };
    match quoted.and_then(|quoted| quoted.parse::<Document>().ok()?.as_scalar()) {
        Some(scalar) => mapping.set(key, scalar),
        None => mapping.set(key, text),
    }
}

/// A value as YAML writes it.
fn written(value: &Value) -> Option<Document> {
    serde_yaml::to_string(value).ok()?.trim_end().parse().ok()
}

fn list_at(document: &Document, path: &[Step]) -> Option<Sequence> {
    let (last, above) = path.split_last()?;
    let Step::Key(key) = last else { return None };
    mapping_at(document, above, false)?.get_sequence(key)
}

/// The mapping at a path; with `make`, mappings that aren't there are made.
fn mapping_at(document: &Document, path: &[Step], make: bool) -> Option<Mapping> {
    let mut node = YamlNode::Mapping(document.as_mapping()?);
    for step in path {
        node = match (&node, step) {
            (YamlNode::Mapping(mapping), Step::Key(key)) => match mapping.get(key) {
                Some(node @ (YamlNode::Mapping(_) | YamlNode::Sequence(_))) => node,
                Some(YamlNode::Alias(_)) => return None,
                _ if make => {
                    let empty =
                        if mapping.is_flow_style() { Mapping::new_flow() } else { Mapping::new_pending_block() };
                    mapping.set(key, empty);
                    mapping.get(key)?
                }
                _ => return None,
            },
            (YamlNode::Sequence(list), Step::Item(index)) => list.get(*index)?,
            _ => return None,
        };
    }
    match node {
        YamlNode::Mapping(mapping) => Some(mapping),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
