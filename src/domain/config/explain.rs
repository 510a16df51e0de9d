//! What is wrong in agents.yaml, every problem with its line and its key.
//!
//! The file is read once more into the very same types, but out of a tree that knows lines. What doesn't fit its type is
//! told and left out, then it is read again, until all that is left fits. So nothing is said here of any key.

mod scalar;

use super::check::Finding;
use super::tree::{self, Entry, Node, Value};
use super::{Config, Plain, Problem, Severity, Step};
use crate::domain::text::nearest;
use crate::domain::words::unknown;
use scalar::{Number, number, truth};
use serde::de::{self, Deserialize, DeserializeSeed, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::{fmt, slice};

/// The configuration with its warnings; `plain` is what the plain reading found, if it took every key by itself.
///
/// # Errors
/// Errors and warnings, in the order of the file.
pub(super) fn explain(text: &str, plain: Option<Plain>) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    let root = tree::parse(text).map_err(|problem| vec![problem])?;
    let explanation = Explanation::default();
    let mut add = |finding| explanation.add(&root, finding);
    let config = match plain {
        // It is not read again: only the lines are missing.
        Some((config, findings)) => {
            findings.into_iter().for_each(add);
            config
        }
        None => explanation.read::<Config>(&root).complete(&mut add),
    };
    let mut problems = explanation.problems.into_inner();
    problems.sort_by_key(|problem| problem.line);
    let is_wrong = problems.iter().any(|problem| problem.severity == Severity::Error);
    if is_wrong { Err(problems) } else { Ok((config, problems)) }
}

/// What was found so far.
#[derive(Default)]
struct Explanation {
    problems: RefCell<Vec<Problem>>,
    /// Values that were told and are left out.
    refused: RefCell<HashSet<*const Node>>,
    /// Mappings whose unknown keys, and values whose wrong kind, were told.
    told: RefCell<HashSet<*const Node>>,
    /// Keys that others were probably meant to be, with those they stand below.
    meant: RefCell<HashSet<String>>,
    /// Items in which nothing is left to be told, so that many wrong ones don't take the square of the time.
    done: RefCell<HashSet<*const Node>>,
    skipped: Cell<bool>,
}

impl Explanation {
    fn read<'de, T: Deserialize<'de> + Default>(&self, root: &Node) -> T {
        let root = Place { node: root, path: String::new(), explanation: self };
        loop {
            self.skipped.set(false);
            match T::deserialize(root.clone()) {
                Ok(whole) if !self.skipped.get() => return whole,
                Ok(_) => self.done.borrow_mut().clear(),
                Err(Fault::Told) => {}
                Err(fault) => {
                    root.refuse(root.node.line, fault);
                    return T::default();
                }
            }
        }
    }

    fn tell(&self, severity: Severity, line: usize, key: &str, message: &str) {
        self.problems.borrow_mut().push(Problem { severity, line, key: key.to_owned(), message: message.to_owned() });
    }

    /// Adds what several keys together make wrong. It stands in the mapping or list that holds them.
    fn add(&self, root: &Node, finding: Finding) {
        let Finding { severity, agent, key, message, is_missing, unknown } = finding;
        let item = agent.and_then(|index| Some((index, root.get("agents")?.inside(&Step::Item(index))?.0)));
        let (holder, path) = match item {
            Some((index, item)) => (item, format!("agents[{index}].{key}")),
            None => (root, key.to_owned()),
        };
        let section = key.split('.').next().and_then(|key| root.get(key)).filter(|_| agent.is_none());
        if is_missing {
            let is_there =
                holder.get(key).is_some_and(|node| !matches!(&node.value, Value::List(items) if items.is_empty()));
            if is_there || self.meant.borrow().contains(&path) {
                return;
            }
        }
        if let Some((section, name)) = &unknown
            && root.get(section).is_some_and(|named| named.get(name.as_str()).is_some())
        {
            return;
        }
        let named_at = unknown.and_then(|_| holder.inside(&Step::key(key))).map(|(_, line)| line);
        self.tell(severity, named_at.unwrap_or(section.unwrap_or(holder).line), &path, &message);
    }
}

/// Why a value doesn't fit.
#[derive(Debug)]
enum Fault {
    /// It is told already.
    Told,
    /// What it must be.
    Kind(String),
    /// What is wrong with it, a line for each.
    Other(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Kind(expected.to_string())
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Kind(expected.to_string())
    }
}

/// A value with its path: what a type is read from.
#[derive(Clone)]
struct Place<'a> {
    node: &'a Node,
    path: String,
    explanation: &'a Explanation,
}

impl<'a> Place<'a> {
    fn key(&self, entry: &'a Entry) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Place { node: &entry.value, path: format!("{}{dot}{}", self.path, entry.key), ..*self }
    }

    /// Tells what is wrong, unless it is told, and leaves the value out from now on.
    fn refuse(&self, line: usize, fault: Fault) -> Fault {
        let message = match fault {
            Fault::Told => return Fault::Told,
            Fault::Kind(kind) => format!("must be {kind}, not {}", self.node.describe()),
            Fault::Other(message) => message,
        };
        for message in message.lines() {
            self.explanation.tell(Severity::Error, line, &self.path, message);
        }
        self.explanation.refused.borrow_mut().insert(self.node);
        Fault::Told
    }

    fn refuse_here(&self, fault: Fault) -> Fault {
        self.refuse(self.node.line, fault)
    }

    fn is_told(&self) -> bool {
        !self.explanation.told.borrow_mut().insert(self.node)
    }

    /// Tells that a value is of another kind. It is taken for an empty one.
    fn is_no(&self, kind: &str) {
        if !self.node.is_null() && !self.is_told() {
            let message = format!("must be {kind}, not {}", self.node.describe());
            self.explanation.tell(Severity::Error, self.node.line, &self.path, &message);
        }
    }

    fn entries(&self, leave_null: bool) -> Entries<'_> {
        let entries: &[Entry] = match &self.node.value {
            Value::Map(entries) => entries,
            _ => {
                self.is_no("a mapping of keys");
                &[]
            }
        };
        Entries { place: self, rest: entries.iter(), value: None, leave_null }
    }

    /// Tells the keys that aren't known: an error if one looks like a slip, else a warning.
    fn unknown_keys(&self, known: &[&'static str]) {
        let Value::Map(entries) = &self.node.value else { return };
        if self.is_told() {
            return;
        }
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let (severity, message) = match nearest(&entry.key, known.iter().copied()) {
                Some(near) => {
                    let dot = if self.path.is_empty() { "" } else { "." };
                    self.explanation.meant.borrow_mut().insert(format!("{}{dot}{near}", self.path));
                    (Severity::Error, format!("unknown key; did you mean {near}?"))
                }
                None => (Severity::Warning, "unknown key, ignored".to_owned()),
            };
            self.explanation.tell(severity, entry.line, &self.key(entry).path, &message);
        }
    }
}

impl<'de> de::Deserializer<'de> for Place<'_> {
    type Error = Fault;

    /// Numbers ask for anything, and what may be one of two kinds.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let number = match &self.node.value {
            Value::Scalar { text, plain: true } => number(text),
            _ => None,
        };
        let result = match number {
            Some(Number::Whole(number)) => visitor.visit_u64(number),
            Some(Number::Other(number)) => visitor.visit_f64(number),
            None => match &self.node.value {
                Value::Scalar { text, .. } if !self.node.is_null() => visitor.visit_str(text),
                Value::List(items) => visitor.visit_seq(Items { place: &self, rest: items.iter().enumerate() }),
                _ => Err(de::Error::invalid_type(Unexpected::Other(""), &visitor)),
            },
        };
        result.map_err(|fault| self.refuse_here(fault))
    }

    /// Text that YAML takes for nothing else.
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Scalar { text, plain } if !*plain || truth(text).is_none() && number(text).is_none() => {
                self.deserialize_str(visitor)
            }
            _ => Err(self.refuse_here(Fault::Kind("text".to_owned()))),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let truth = match &self.node.value {
            Value::Scalar { text, plain: true } => truth(text),
            _ => None,
        };
        match truth {
            Some(truth) => visitor.visit_bool(truth),
            None => Err(self.refuse_here(Fault::Kind("true or false".to_owned()))),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => visitor.visit_str(text),
            _ => Err(Fault::Kind("text".to_owned())),
        }
        .map_err(|fault| self.refuse_here(fault))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.node.is_null() {
            visitor.visit_none().map_err(|fault| self.refuse_here(fault))
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let items: &[Node] = match &self.node.value {
            Value::List(items) => items,
            _ => {
                self.is_no("a list");
                &[]
            }
        };
        visitor.visit_seq(Items { place: &self, rest: items.iter().enumerate() })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(self.entries(true))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.unknown_keys(keys);
        visitor.visit_map(self.entries(false))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Scalar { text, .. } if words.contains(&text.as_str()) => {
                visitor.visit_enum(text.as_str().into_deserializer())
            }
            Value::Scalar { text, .. } => {
                let kind = format!("a {}", name.to_lowercase());
                Err(Fault::Other(match words {
                    [one, other] => format!("{text:?} is not {kind}: use {one} or {other}"),
                    _ => unknown(&kind, text, words),
                }))
            }
            _ => Err(Fault::Kind("text".to_owned())),
        }
        .map_err(|fault| self.refuse_here(fault))
    }

    /// What no key asks for is told as unknown, whatever it is.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct identifier
    }
}

/// The entries of a mapping.
struct Entries<'a> {
    place: &'a Place<'a>,
    rest: slice::Iter<'a, Entry>,
    value: Option<&'a Entry>,
    /// A key that stands for nothing is left out, so that its default counts.
    leave_null: bool,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let refused = &self.place.explanation.refused;
        let is_left = |entry: &&Entry| {
            !refused.borrow().contains(&std::ptr::from_ref(&entry.value)) && (self.leave_null || !entry.value.is_null())
        };
        self.value = self.rest.by_ref().find(is_left);
        let Some(entry) = self.value else { return Ok(None) };
        let key = seed.deserialize(entry.key.as_str().into_deserializer());
        key.map(Some).map_err(|fault| self.place.key(entry).refuse(entry.line, fault))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(entry) = self.value.take() else { return Err(de::Error::custom("a value without a key")) };
        let place = self.place.key(entry);
        // What a type has against a list as a whole is said of the mapping that holds it, against a mapping of its key.
        let Value::Map(entries) = &entry.value.value else {
            return seed.deserialize(place.clone()).map_err(|fault| place.refuse(self.place.node.line, fault));
        };
        let is_refused =
            |entry: &Entry| self.place.explanation.refused.borrow().contains(&std::ptr::from_ref(&entry.value));
        seed.deserialize(place.clone()).map_err(|fault| match fault {
            Fault::Told => Fault::Told,
            // What is missing now was there.
            _ if entries.iter().any(is_refused) => {
                self.place.explanation.refused.borrow_mut().insert(place.node);
                Fault::Told
            }
            fault => place.refuse(entry.line, fault),
        })
    }
}

/// The items of a list.
struct Items<'a> {
    place: &'a Place<'a>,
    rest: std::iter::Enumerate<slice::Iter<'a, Node>>,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Explanation { refused, done, skipped, .. } = self.place.explanation;
        for (index, item) in self.rest.by_ref() {
            if refused.borrow().contains(&std::ptr::from_ref(item)) {
                continue;
            }
            if done.borrow().contains(&std::ptr::from_ref(item)) {
                skipped.set(true);
                continue;
            }
            let place = Place { node: item, path: format!("{}[{index}]", self.place.path), ..*self.place };
            let value = seed.deserialize(place.clone()).map_err(|fault| place.refuse_here(fault))?;
            if matches!(item.value, Value::Map(_)) {
                done.borrow_mut().insert(item);
            }
            return Ok(Some(value));
        }
        Ok(None)
    }
}
