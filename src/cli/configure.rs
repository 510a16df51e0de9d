//! Changes to agents.yaml for commands: KEY=VALUE, what each key takes, and the words for what came of it.

use super::{Context, usage};
use crate::domain::config::{Change, Kind, Step, kind};
use crate::domain::text::meant;
use crate::domain::time;
use crate::engine::configure::{self, Configured};
use crate::engine::project::Project;
use anyhow::Result;
use serde_yaml::Value;
use std::str::FromStr;

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
    /// The change that sets what is at the path, or takes it away; `None` if there is no such key.
    ///
    /// # Errors
    /// A list that can't be read.
    pub fn change(&self, path: Vec<Step>) -> Result<Option<Change>> {
        let Some(kind) = kind(&path).filter(|kind| *kind != Kind::Mapping) else { return Ok(None) };
        let value = match self.value.as_str() {
            "" => None,
            value => Some(typed(value, kind)?),
        };
        Ok(Some(Change { path, value }))
    }
}

/// A value as it was meant. Whether it fits is said when the file is read with it.
fn typed(text: &str, kind: Kind) -> Result<Value> {
    Ok(match kind {
        Kind::Plain => match serde_yaml::from_str(text) {
            Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
            _ => text.into(),
        },
        Kind::Seconds => time::parse_span(text).map_or_else(|| text.into(), Value::from),
        Kind::Text | Kind::Mapping => text.into(),
        Kind::List if text.starts_with('[') => serde_yaml::from_str::<Vec<String>>(text)
            .map_err(|_| usage(format!("{text:?} is no list: write [a, b]")))?
            .into(),
        Kind::List => vec![text].into(),
    })
}

/// `600`, `600s`, `10m`, `2h`, `1d` as a number of seconds.
///
/// # Errors
/// None of these.
pub fn seconds(text: &str) -> Result<i64, String> {
    time::parse_span(text).ok_or_else(|| format!("{text:?} is no span of time: write 600, 10m, 2h or 1d"))
}

/// The error for a key that isn't one of `keys`.
pub fn unknown_key(key: &str, keys: &[String]) -> anyhow::Error {
    match meant(key, keys.iter().map(String::as_str)) {
        Some(near) => usage(format!("there is no key {key}; did you mean {near}?")),
        None => usage(format!("there is no key {key}; there are {}", keys.join(", "))),
    }
}

/// Makes changes, all or none, and tells of them: `done` if they were made, else that nothing changes.
///
/// # Errors
/// A change is refused (exit code 2), or the file can't be written.
pub fn apply(context: &Context, project: &Project, changes: &[Change], done: &str) -> Result<()> {
    tell(context, project, configure::configure(project, changes)?, done)
}

/// Tells what came of changes.
///
/// # Errors
/// They were refused (exit code 2).
pub fn tell(context: &Context, project: &Project, configured: Configured, done: &str) -> Result<()> {
    match configured {
        Configured::Done => context.line(done),
        Configured::Unchanged => context.line(format!("{done} (unchanged)")),
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
            ("k=7", Kind::Plain, 7.into()),
            ("k=soon", Kind::Plain, "soon".into()),
            (" k = a=b ", Kind::Text, "a=b".into()),
            ("k=7", Kind::Text, "7".into()),
            ("k=2h", Kind::Seconds, 7_200.into()),
            ("k=soon", Kind::Seconds, "soon".into()),
            ("k=[a, 'b c']", Kind::List, vec!["a", "b c"].into()),
            ("k=claude", Kind::List, vec!["claude"].into()),
        ] {
            let setting: Setting = text.parse().unwrap();
            assert_eq!((setting.key.as_str(), typed(&setting.value, kind).unwrap()), ("k", value), "{text}");
        }
        assert!("k".parse::<Setting>().is_err() && "=v".parse::<Setting>().is_err());
        assert!(typed("[a, [b]]", Kind::List).is_err());
        let change = |text: &str| text.parse::<Setting>().unwrap().change(vec![Step::key("paused")]).unwrap();
        assert_eq!(change("paused=").unwrap().value, None);
        assert_eq!(change("paused=true").unwrap().value, Some(true.into()));
        let none: Setting = "k=1".parse().unwrap();
        assert_eq!(none.change(vec![Step::key("k")]).unwrap(), None);
    }
}
