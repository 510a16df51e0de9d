//! YAML as a tree in which everything knows its line, so that every complaint can name it.
//!
//! It knows nothing of what the keys mean.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::{borrow::Cow, collections::HashMap};

/// The most nodes a file may expand to; aliases could otherwise multiply without end.
const MAX_NODES: usize = 200_000;
/// The deepest nesting.
const MAX_DEPTH: usize = 32;

/// A value and the line that it begins on, counted from 1.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// Where it begins.
    pub line: usize,
    /// What it is.
    pub value: Value<'a>,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Text as written; `plain` if it had no quotes.
    Scalar {
        /// The text without quotes.
        text: Cow<'a, str>,
        /// Written without quotes, so that it may be a number, a truth value or null.
        plain: bool,
    },
    /// A list.
    List(Vec<Node<'a>>),
    /// A mapping, in order.
    Map(Vec<Entry<'a>>),
}

/// A key, its line, and what it stands for.
pub type Entry<'a> = (Cow<'a, str>, usize, Node<'a>);

/// What is wrong with the YAML itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl Node<'_> {
    /// Whether it is empty, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(&**text, "" | "~" | "null"))
    }

    /// What it is, for a message: `a list`, `a mapping`, or the text itself in quotes.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Scalar { text, .. } => format!("{:?}", super::text::cut(text, 60)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }

    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::List(items) => items.iter().map(Self::size).sum(),
            Value::Map(entries) => entries.iter().map(|(_, _, node)| node.size()).sum(),
        }
    }
}

/// A list or mapping that is being read.
struct Open<'a> {
    anchor: usize,
    line: usize,
    key: Option<(Cow<'a, str>, usize)>,
    value: Value<'a>,
}

/// Reads the one document of a file. An empty file is an empty mapping.
///
/// # Errors
/// The first thing that is no YAML, a key that stands twice in one mapping, an expansion without end.
pub fn parse(text: &str) -> Result<Node<'_>, SyntaxError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut builder = Builder { text, ..Builder::default() };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| SyntaxError {
            line: error.marker().line(),
            message: format!("not valid YAML: {}", error.info()),
        })?;
        builder.event(event, span)?;
    }
    Ok(builder.root.unwrap_or(Node { line: 1, value: Value::Map(Vec::new()) }))
}

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    open: Vec<Open<'a>>,
    anchors: HashMap<usize, Node<'a>>,
    root: Option<Node<'a>>,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let value = Value::Scalar { text: self.as_written(&text, span), plain: style == ScalarStyle::Plain };
                self.add(Node { line, value }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(anchor, line, Value::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(anchor, line, Value::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.add(Node { line: done.line, value: done.value }, done.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(mut node) => {
                    node.line = line;
                    self.add(node, 0)
                }
                None => error(line, "an alias names an anchor that isn't complete here"),
            },
            Event::DocumentStart(_) if self.root.is_some() => error(line, "a second document: keep one"),
            _ => Ok(()),
        }
    }

    /// The text of a scalar: what stands in the file where that is the same, which most do, a copy where not.
    fn as_written(&self, text: &str, span: Span) -> Cow<'a, str> {
        // The parser counts characters: behind one of several bytes the place is wrong, and then the text isn't the same.
        match self.text.get(span.start.index()..span.end.index()) {
            Some(written) if written == text => Cow::Borrowed(written),
            _ => Cow::Owned(text.to_owned()),
        }
    }

    fn open(&mut self, anchor: usize, line: usize, value: Value<'a>) -> Result<(), SyntaxError> {
        if self.open.len() >= MAX_DEPTH {
            return error(line, "nested too deeply");
        }
        self.open.push(Open { anchor, line, key: None, value });
        Ok(())
    }

    fn add(&mut self, node: Node<'a>, anchor: usize) -> Result<(), SyntaxError> {
        let line = node.line;
        self.nodes += node.size();
        if self.nodes > MAX_NODES {
            return error(line, "too large once its aliases are expanded");
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
            (Value::Map(entries), Some((key, key_line))) => merge_or_push(entries, key, key_line, node),
            (Value::Map(entries), None) => {
                let Value::Scalar { text, .. } = node.value else { return error(line, "a key must be a word") };
                if text != "<<" && entries.iter().any(|(key, at, _)| *key == text && *at > 0) {
                    return error(line, &format!("the key {text:?} stands there twice: keep one"));
                }
                parent.key = Some((text, line));
            }
            (Value::Scalar { .. }, _) => {}
        }
        Ok(())
    }
}

/// Adds an entry; `<<` brings in another mapping's entries, which those written here override.
fn merge_or_push<'a>(entries: &mut Vec<Entry<'a>>, key: Cow<'a, str>, line: usize, node: Node<'a>) {
    if key != "<<" {
        entries.retain(|(old, at, _)| *old != key || *at > 0);
        return entries.push((key, line, node));
    }
    let merged = match node.value {
        Value::List(items) => items,
        value => vec![Node { line: node.line, value }],
    };
    for (key, _, node) in merged
        .into_iter()
        .filter_map(|node| match node.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        })
        .flatten()
    {
        if !entries.iter().any(|(old, _, _)| *old == key) {
            // Line 0: brought in, so writing the key here is no repetition.
            entries.push((key, 0, node));
        }
    }
}

fn error<T>(line: usize, message: &str) -> Result<T, SyntaxError> {
    Err(SyntaxError { line, message: message.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys<'a>(node: &'a Node<'_>) -> Vec<(&'a str, usize)> {
        match &node.value {
            Value::Map(entries) => entries.iter().map(|(key, line, _)| (&**key, *line)).collect(),
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
    fn texts_are_what_yaml_says_and_copied_only_where_the_file_says_it_otherwise() {
        for (text, expected, is_copy) in [
            ("a: word", "word", false),
            ("a: two words # comment", "two words", false),
            ("a:\r\n  word\r\n", "word", false),
            ("a: two\n  lines", "two lines", true),
            ("a: 'it''s'", "it's", true),
            ("a: \"x\\ty\"", "x\ty", true),
            ("a: |\n  x\n  y\n", "x\ny\n", true),
            ("# über ß\na: größe", "größe", true),
            ("# ü\na: aa", "aa", true),
            ("\u{feff}a: word", "word", false),
            ("a:", "", false),
        ] {
            let node = parse(text).unwrap();
            let Value::Map(entries) = &node.value else { panic!("{text:?}") };
            let Value::Scalar { text: found, .. } = &entries[0].2.value else { panic!("{text:?}") };
            assert_eq!((&*entries[0].0, &**found), ("a", expected), "{text:?}");
            assert_eq!(matches!(found, Cow::Owned(_)), is_copy, "{text:?}");
        }
    }

    #[test]
    fn aliases_and_merges() {
        let node = parse("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n").unwrap();
        let Value::Map(entries) = &node.value else { panic!() };
        assert_eq!(keys(&entries[1].2), [("x", 0), ("y", 4)]);
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line, word) in [
            ("a: 1\nb: 2\na: 3\n", 3, "twice"),
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
