//! Reads typed values out of YAML and notes, with line and key, what is wrong.
//!
//! It knows kinds of values, not what the keys of agents.yaml mean.

use super::place::Place;
use crate::domain::{
    text::nearest,
    yaml::{Entry, Node, Value},
};
use std::{fmt, ops::RangeInclusive, str::FromStr};

/// Whether a problem keeps everything from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing starts.
    Error,
    /// It is only said.
    Warning,
}

/// One thing that is wrong in agents.yaml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether it keeps everything from starting.
    pub severity: Severity,
    /// The line, counted from 1.
    pub line: usize,
    /// The key with those it stands below: `agents[1].role`; empty for the file itself.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.key.is_empty() { "" } else { ": " };
        write!(f, "line {}: {}{colon}{}", self.line, self.key, self.message)
    }
}

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(super) struct Checker {
    pub(super) problems: Vec<Problem>,
    /// Every key that was asked for, with those it stands below: what the schema must have.
    #[cfg(test)]
    pub(super) asked: std::collections::BTreeSet<String>,
}

impl Checker {
    pub(super) fn error(&mut self, line: usize, place: impl fmt::Display, message: impl Into<String>) {
        self.problem(Severity::Error, line, place.to_string(), message.into());
    }

    pub(super) fn warning(&mut self, line: usize, place: impl fmt::Display, message: impl Into<String>) {
        self.problem(Severity::Warning, line, place.to_string(), message.into());
    }

    fn problem(&mut self, severity: Severity, line: usize, key: String, message: String) {
        self.problems.push(Problem { severity, line, key, message });
    }

    /// The entries of a mapping; an error and nothing if it is none.
    pub(super) fn section<'a>(&mut self, node: &'a Node<'_>, place: impl Into<Place<'a>>) -> Section<'a> {
        let place = place.into();
        let entries: &[_] = match &node.value {
            Value::Map(entries) => entries,
            _ if node.is_null() => &[],
            _ => {
                self.error(node.line, place, format!("must be a mapping of keys, not {}", node.describe()));
                &[]
            }
        };
        Section { place, line: node.line, entries, asked: Vec::with_capacity(20), missing: Vec::new() }
    }

    /// The items of a list; an error and nothing if it is none.
    pub(super) fn items<'a>(&mut self, node: &'a Node<'_>, place: Place<'_>) -> &'a [Node<'a>] {
        match &node.value {
            Value::List(items) => items,
            _ if node.is_null() => &[],
            _ => {
                self.error(node.line, place, format!("must be a list, not {}", node.describe()));
                &[]
            }
        }
    }

    pub(super) fn text<'a>(&mut self, node: &'a Node<'_>, place: Place<'_>) -> Option<&'a str> {
        match &node.value {
            Value::Scalar { text, .. } if !node.is_null() && !text.contains('\0') => Some(text),
            _ => {
                self.error(node.line, place, format!("must be text, not {}", node.describe()));
                None
            }
        }
    }

    fn boolean(&mut self, node: &Node<'_>, place: Place<'_>) -> Option<bool> {
        match &node.value {
            Value::Scalar { text, plain: true } if matches!(&**text, "true" | "True" | "TRUE") => Some(true),
            Value::Scalar { text, plain: true } if matches!(&**text, "false" | "False" | "FALSE") => Some(false),
            _ => {
                self.error(node.line, place, format!("must be true or false, not {}", node.describe()));
                None
            }
        }
    }

    pub(super) fn number<T>(
        &mut self,
        node: &Node<'_>,
        place: Place<'_>,
        range: &RangeInclusive<T>,
        kind: &str,
    ) -> Option<T>
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        let number = match &node.value {
            Value::Scalar { text, plain: true } if text.contains('_') => text.replace('_', "").parse().ok(),
            Value::Scalar { text, plain: true } => text.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            self.error(node.line, place, format!("must be {kind} from {low} to {high}, not {}", node.describe()));
        }
        number
    }
}

/// A mapping that is being read; it remembers what was asked for, so that the rest can be called unknown.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub(super) place: Place<'a>,
    pub(super) line: usize,
    entries: &'a [Entry<'a>],
    asked: Vec<&'static str>,
    missing: Vec<(&'static str, &'static str)>,
}

impl<'a> Section<'a> {
    /// The value of a key that is there and not null.
    pub(super) fn get(&mut self, key: &'static str) -> Option<&'a Node<'a>> {
        self.asked.push(key);
        self.entries.iter().find(|(name, _, _)| name == key).map(|(_, _, node)| node).filter(|node| !node.is_null())
    }

    /// Complains, once all keys are known, that a key is missing, unless a slip stands where it was meant.
    pub(super) fn misses(&mut self, key: &'static str, message: &'static str) {
        self.missing.push((key, message));
    }

    /// Every entry, for mappings whose keys are names.
    pub(super) fn entries(&self) -> &'a [Entry<'a>] {
        self.entries
    }

    /// The place of a key below this section.
    pub(super) fn key<'b>(&'b self, key: &'b str) -> Place<'b> {
        self.place.key(key)
    }

    pub(super) fn text(&mut self, check: &mut Checker, key: &'static str) -> Option<String> {
        let node = self.get(key)?;
        check.text(node, self.key(key)).map(str::to_owned)
    }

    pub(super) fn boolean(&mut self, check: &mut Checker, key: &'static str) -> Option<bool> {
        let node = self.get(key)?;
        check.boolean(node, self.key(key))
    }

    pub(super) fn whole(&mut self, check: &mut Checker, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let node = self.get(key)?;
        check.number(node, self.key(key), &range, "a whole number")
    }

    pub(super) fn amount(&mut self, check: &mut Checker, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let node = self.get(key)?;
        check.number(node, self.key(key), &range, "a number")
    }

    /// A word that has a type of its own.
    pub(super) fn word<T>(&mut self, check: &mut Checker, key: &'static str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let node = self.get(key)?;
        let place = self.key(key);
        match check.text(node, place)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                check.error(node.line, place, error.to_string());
                None
            }
        }
    }

    /// A list of words that have a type of their own.
    pub(super) fn words<T>(&mut self, check: &mut Checker, key: &'static str) -> Option<Vec<T>>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let node = self.get(key)?;
        let place = self.key(key);
        let items = check.items(node, place);
        let parsed = items.iter().enumerate().filter_map(|(index, item)| {
            let place = place.item(index);
            check
                .text(item, place)?
                .parse()
                .map_err(|error: T::Err| check.error(item.line, place, error.to_string()))
                .ok()
        });
        Some(parsed.collect())
    }

    /// Complains about every key that nobody asked for: an error if it looks like a slip, else a warning; and about what
    /// is missing.
    pub(super) fn finish(self, check: &mut Checker) {
        #[cfg(test)]
        check.asked.extend(self.asked.iter().map(|key| self.key(key).to_string()));
        let mut meant = Vec::new();
        for (name, line, _) in self.entries {
            if self.asked.contains(&&**name) {
                continue;
            }
            let key = self.key(name);
            match nearest(name, self.asked.iter().copied()) {
                Some(near) => {
                    meant.push(near);
                    check.error((*line).max(1), key, format!("unknown key; did you mean {near}?"));
                }
                None => check.warning((*line).max(1), key, "unknown key, ignored"),
            }
        }
        for (key, message) in self.missing.iter().filter(|(key, _)| !meant.contains(key)) {
            check.error(self.line, self.key(key), *message);
        }
    }
}
