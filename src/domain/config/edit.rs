//! Changes to the text of agents.yaml that leave alone what they aren't about: comments, order, quoting, line ends.
//!
//! Each change is checked by reading the text before and after it: only what was meant may differ. What can't be done so
//! is refused, with the line to edit by hand.

mod check;

use super::{Problem, Severity, read};
use check::{is_only, line_of};
use std::fmt;
use yaml_edit::{Document, Mapping, MappingBuilder, Scalar, Sequence, YamlFile, YamlNode};

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An item of a list, counted from 0.
    Item(usize),
}

impl Step {
    /// The value of a key.
    pub fn key(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// What a key is to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number, a truth value: a word that is written without quotes.
    Plain(String),
    /// Text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Sets a key of the mapping at the path; mappings on the way that aren't there are made.
    Set {
        /// Where the mapping is.
        path: Vec<Step>,
        /// The key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// Takes a key away, so that its default counts.
    Unset {
        /// Where the mapping is.
        path: Vec<Step>,
        /// The key.
        key: String,
    },
    /// Adds a mapping to the end of the list `agents`.
    AddAgent(Vec<(String, Value)>),
    /// Takes an item out of the list `agents`.
    RemoveAgent(usize),
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
    match change {
        Change::Set { path, key, value } => {
            let mapping = mapping_at(&document, path, true)?;
            match value {
                Value::Plain(word) => mapping.set(key, scalar(word)?),
                Value::Text(text) => set_text(&mapping, key, text),
                Value::List(words) => mapping.set(key, list(words)),
            }
        }
        Change::Unset { path, key } => {
            mapping_at(&document, path, false)?.remove(key)?;
        }
        Change::AddAgent(entries) => {
            let mut builder = MappingBuilder::new();
            for (key, value) in entries {
                builder = match value {
                    Value::Plain(word) => builder.pair(key, scalar(word)?),
                    Value::Text(text) => builder.pair(key, text),
                    Value::List(words) => builder.pair(key, list(words)),
                };
            }
            document.get_sequence("agents")?.push(builder.build_document().as_mapping()?);
        }
        Change::RemoveAgent(index) => {
            document.get_sequence("agents")?.remove(*index)?;
        }
    }
    let mut after = format!("{}{file}", &text[..bom]);
    if !text.ends_with('\n') {
        after.truncate(after.trim_end_matches(['\r', '\n']).len());
    }
    Some(after)
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
    match quoted.as_deref().and_then(scalar) {
        Some(scalar) => mapping.set(key, scalar),
        None => mapping.set(key, text),
    }
}

/// A scalar that is written so.
fn scalar(word: &str) -> Option<Scalar> {
    word.parse::<Document>().ok()?.as_scalar()
}

fn list(words: &[String]) -> Sequence {
    let list = Sequence::new_flow();
    for word in words {
        list.push(word);
    }
    list
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
