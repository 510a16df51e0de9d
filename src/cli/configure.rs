//! Changes to agents.yaml for commands: KEY=VALUE, what each key takes, and the words for what came of it.

use super::{Context, usage};
use crate::{
    domain::{
        config::{Change, Step, Value},
        text::nearest,
        time,
    },
    engine::{
        configure::{self, Configured},
        project::Project,
    },
};
use anyhow::Result;
use std::str::FromStr;

/// What kind of value a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number or a truth value.
    Plain,
    /// Seconds; `10m` and `2h` are understood.
    Seconds,
    /// Text.
    Text,
    /// A list: `[a, b]`, or one word.
    List,
}

/// `KEY=VALUE` as it was typed.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The key, with those it stands below.
    pub key: String,
    /// The value; empty takes the key away.
    pub value: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok(Self { key: key.trim().to_owned(), value: value.trim().to_owned() })
            }
            _ => Err("write KEY=VALUE, or KEY= for its default".to_owned()),
        }
    }
}

impl Setting {
    /// The change that sets `key` of the mapping at `path`, or takes it away.
    ///
    /// # Errors
    /// A list or a span that can't be read.
    pub fn change(&self, path: Vec<Step>, key: &str, kind: Kind) -> Result<Change> {
        let key = key.to_owned();
        if self.value.is_empty() {
            return Ok(Change::Unset { path, key });
        }
        let value = match kind {
            Kind::Plain => Value::Plain(self.value.clone()),
            Kind::Seconds => Value::Plain(seconds(&self.value).unwrap_or_else(|_| self.value.clone())),
            Kind::Text => Value::Text(self.value.clone()),
            Kind::List => Value::List(list(&self.value)?),
        };
        Ok(Change::Set { path, key, value })
    }
}

/// `600`, `600s`, `10m`, `2h`, `1d` as a number of seconds.
///
/// # Errors
/// None of these.
pub fn seconds(text: &str) -> Result<String, String> {
    time::parse_span(text)
        .map(|seconds| seconds.to_string())
        .ok_or_else(|| format!("{text:?} is no span of time: write 600, 10m, 2h or 1d"))
}

fn list(text: &str) -> Result<Vec<String>> {
    if !text.starts_with('[') {
        return Ok(vec![text.to_owned()]);
    }
    serde_yaml::from_str(text).map_err(|_| usage(format!("{text:?} is no list: write [a, b]")))
}

/// The error for a key that isn't one of `keys`.
pub fn unknown_key(key: &str, keys: &[&str]) -> anyhow::Error {
    match nearest(key, keys.iter().copied()) {
        Some(near) => usage(format!("there is no key {key}; did you mean {near}?")),
        None => usage(format!("there is no key {key}; there are {}", keys.join(", "))),
    }
}

/// Makes changes, all or none, and tells of them: `done` if they were made, else that it was so already.
///
/// # Errors
/// A change is refused (exit code 2), or the file can't be written.
pub fn apply(context: &Context, project: &Project, changes: &[Change], done: &str) -> Result<()> {
    match configure::configure(project, changes)? {
        Configured::Done => context.line(done),
        Configured::Unchanged => context.line(format!("{done} (it was so already)")),
        Configured::Refused(refusal) => {
            Err(usage(format!("{}: {refusal}; nothing was changed", project.paths.config().display())))
        }
    }
}

/// The settings in words: `max_turns: 80, claude_model: its default`.
pub fn describe(settings: &[Setting]) -> String {
    let describe = |setting: &Setting| match setting.value.as_str() {
        "" => format!("{}: its default", setting.key),
        value => format!("{}: {value}", setting.key),
    };
    settings.iter().map(describe).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings() {
        for (text, kind, value) in [
            ("k=7", Kind::Plain, Value::Plain("7".to_owned())),
            (" k = a=b ", Kind::Text, Value::Text("a=b".to_owned())),
            ("k=2h", Kind::Seconds, Value::Plain("7200".to_owned())),
            ("k=soon", Kind::Seconds, Value::Plain("soon".to_owned())),
            ("k=[a, 'b c']", Kind::List, Value::List(vec!["a".to_owned(), "b c".to_owned()])),
            ("k=claude", Kind::List, Value::List(vec!["claude".to_owned()])),
        ] {
            let setting: Setting = text.parse().unwrap();
            let change = setting.change(Vec::new(), &setting.key, kind).unwrap();
            assert_eq!(change, Change::Set { path: Vec::new(), key: "k".to_owned(), value }, "{text}");
        }
        let unset: Setting = "k=".parse().unwrap();
        assert!(matches!(unset.change(Vec::new(), "k", Kind::Plain).unwrap(), Change::Unset { .. }));
        assert!("k".parse::<Setting>().is_err() && "=v".parse::<Setting>().is_err());
        let bad: Setting = "k=[a, [b]]".parse().unwrap();
        assert!(bad.change(Vec::new(), "k", Kind::List).is_err());
    }
}
