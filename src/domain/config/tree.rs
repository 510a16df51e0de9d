//! agents.yaml as a tree in which everything knows its line, so that every complaint can name it.
//!
//! It knows nothing of what the keys mean.

use super::{Problem, Severity, Step};
use crate::domain::text::cut;
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::HashMap;

/// The most nodes a file may expand to; aliases could otherwise multiply without end.
const MAX_NODES: usize = 200_000;
/// The deepest nesting.
const MAX_DEPTH: usize = 32;

/// A value and the line that it begins on, counted from 1.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub line: usize,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Text without its quotes; `plain` if it had none, or a tag says so: it may be a number, a truth value or null.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    /// The line of the key.
    pub line: usize,
    /// Brought in by `<<`: writing the key here as well is no repetition.
    is_merged: bool,
    pub value: Node,
}

impl Node {
    /// Whether it is empty, `~` or `null`.
    pub fn is_null(&self) -> bool {
        let null = ["", "~", "null", "Null", "NULL"];
        matches!(&self.value, Value::Scalar { text, plain: true } if null.contains(&text.as_str()))
    }

    /// What it is, for a message: `a list`, `a mapping`, or the text itself in quotes.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Scalar { text, .. } => format!("{:?}", cut(text, 60)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }

    /// What a step leads to, with its line: that of the key, where it has one.
    pub fn inside(&self, step: &Step) -> Option<(&Self, usize)> {
        match (&self.value, step) {
            (Value::Map(entries), Step::Key(key)) => {
                entries.iter().find(|entry| entry.key == *key).map(|entry| (&entry.value, entry.line))
            }
            (Value::List(items), Step::Item(index)) => items.get(*index).map(|item| (item, item.line)),
            _ => None,
        }
    }

    /// The value of a key that is there and not null.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.inside(&Step::key(key)).map(|(value, _)| value).filter(|value| !value.is_null())
    }

    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::List(items) => items.iter().map(Self::size).sum(),
            Value::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
        }
    }
}

/// Reads the one document of a file. An empty file is an empty mapping.
///
/// # Errors
/// The first thing that is no YAML, a key that stands twice in one mapping, an expansion without end.
pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
        let (event, span) =
            event.map_err(|error| problem(error.marker().line(), &format!("not valid YAML: {}", error.info())))?;
        let line = span.start.line();
        builder.event(event, line)?;
    }
    Ok(builder.root.unwrap_or(Node { line: 1, value: Value::Map(Vec::new()) }))
}

fn problem(line: usize, message: &str) -> Problem {
    Problem { severity: Severity::Error, line, key: String::new(), message: message.to_owned() }
}

/// A list or mapping that is being read.
struct Open {
    anchor: usize,
    line: usize,
    key: Option<(String, usize)>,
    value: Value,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, line: usize) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = match tag {
                    Some(tag) if ["int", "float"].contains(&tag.suffix.as_str()) => true,
                    Some(tag) if ["str", "!"].contains(&tag.suffix.as_str()) => false,
                    _ => style == ScalarStyle::Plain,
                };
                let value = Value::Scalar { text: text.into_owned(), plain };
                self.add(Node { line, value }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(anchor, line, Value::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(anchor, line, Value::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.add(Node { line: done.line, value: done.value }, done.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => self.add(Node { line, value: node.value.clone() }, 0),
                None => Err(problem(line, "an alias names an anchor that isn't complete here")),
            },
            Event::DocumentStart(_) if self.root.is_some() => Err(problem(line, "a second document: keep one")),
            _ => Ok(()),
        }
    }

    fn open(&mut self, anchor: usize, line: usize, value: Value) -> Result<(), Problem> {
        if self.open.len() >= MAX_DEPTH {
            return Err(problem(line, "nested too deeply"));
        }
        self.open.push(Open { anchor, line, key: None, value });
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        let line = node.line;
        self.nodes += node.size();
        if self.nodes > MAX_NODES {
            return Err(problem(line, "too large once its aliases are expanded"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut parent.value, parent.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some((key, line))) if key == "<<" => merge(entries, line, node),
            (Value::Map(entries), Some((key, line))) => {
                entries.retain(|old| old.key != key);
                entries.push(Entry { key, line, is_merged: false, value: node });
            }
            (Value::Map(entries), None) => {
                let Value::Scalar { text, .. } = node.value else { return Err(problem(line, "a key must be a word")) };
                if entries.iter().any(|entry| entry.key == text && !entry.is_merged) {
                    return Err(problem(line, &format!("duplicate key {text:?}: keep one")));
                }
                parent.key = Some((text, line));
            }
            (Value::Scalar { .. }, _) => {}
        }
        Ok(())
    }
}

/// Brings in the entries of another mapping, or of several, which those written here override.
fn merge(entries: &mut Vec<Entry>, line: usize, node: Node) {
    match node.value {
        Value::Map(merged) => {
            for entry in merged {
                if entries.iter().all(|old| old.key != entry.key) {
                    entries.push(Entry { line, is_merged: true, ..entry });
                }
            }
        }
        Value::List(mappings) => mappings.into_iter().for_each(|mapping| merge(entries, line, mapping)),
        Value::Scalar { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(node: &Node) -> Vec<(&str, usize)> {
        match &node.value {
            Value::Map(entries) => entries.iter().map(|entry| (entry.key.as_str(), entry.line)).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn lines_are_known_in_every_style() {
        for text in ["a: 1\n\n'b': [x, y]\n", "{a: 1,\n\n \"b\": [x, y]}", "a: 1\r\n\r\nb:\r\n- x\r\n- y\r\n"] {
            let node = parse(text).unwrap();
            assert_eq!(keys(&node), [("a", 1), ("b", 3)], "{text:?}");
        }
        assert!(keys(&parse("").unwrap()).is_empty());
        assert!(parse("~").unwrap().is_null());
    }

    #[test]
    fn texts_are_what_yaml_says() {
        for (text, expected) in [
            ("a: word", "word"),
            ("a: two words # comment", "two words"),
            ("a:\r\n  word\r\n", "word"),
            ("a: two\n  lines", "two lines"),
            ("a: 'it''s'", "it's"),
            ("a: \"x\\ty\"", "x\ty"),
            ("a: |\n  x\n  y\n", "x\ny\n"),
            ("# über ß\na: größe", "größe"),
            ("\u{feff}a: word", "word"),
            ("a:", ""),
        ] {
            let node = parse(text).unwrap();
            let Value::Map(entries) = &node.value else { panic!("{text:?}") };
            let Value::Scalar { text: found, .. } = &entries[0].value.value else { panic!("{text:?}") };
            assert_eq!((entries[0].key.as_str(), found.as_str()), ("a", expected), "{text:?}");
        }
    }

    #[test]
    fn aliases_and_merges() {
        let node = parse("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n").unwrap();
        assert_eq!(keys(node.get("use").unwrap()), [("x", 3), ("y", 4)]);
        let node = parse("- &a {x: 1}\n- &b {x: 2, y: 2}\n- {<<: [*a, *b], z: 3}\n").unwrap();
        let x = node.inside(&Step::Item(2)).unwrap().0.get("x").unwrap();
        assert_eq!(x.describe(), "\"1\"");
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line, word) in [
            ("a: 1\nb: 2\na: 3\n", 3, "duplicate key"),
            ("a: [1,\nb", 2, ""),
            ("a: 1\n---\nb: 2\n", 2, "second document"),
            ("? [a]\n: b\n", 1, "key must be a word"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains(word), "{text:?}: {error:?}");
            assert!(error.line.abs_diff(line) <= 1, "{text:?}: {error:?}");
        }
    }

    #[test]
    fn bombs_are_refused() {
        let mut bomb = "a0: &a0 [x]\n".to_owned();
        for i in 1..40 {
            bomb.push_str(&format!("a{i}: &a{i} [*a{}, *a{0}, *a{0}]\n", i - 1));
        }
        assert!(parse(&bomb).unwrap_err().message.contains("too large"));
        assert!(parse(&"[".repeat(1_000)).is_err());
    }
}
