//! Names that come from outside and become parts of paths: agents, tasks, proposals, checks.
//!
//! A [`Name`] that exists is safe to join to a path, to print and to put into a branch name.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;

/// The longest name in bytes.
pub const MAX_LEN: usize = 64;

/// Agent names that would collide with the program's own log files.
pub const RESERVED: [&str; 2] = ["scheduler", "events"];

/// A checked name: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}` without `..`.
///
/// Two names that differ only in case are equal, since file systems may hold them to be.
#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(
        description = "Letters, digits, '.', '_', '-'.",
        extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    )
)]
pub struct Name(String);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{:?} is not a name: use 1 to {MAX_LEN} letters, digits, '.', '_' or '-', beginning with a letter or digit, without '..'",
    super::text::cut(.0, 80)
)]
pub struct InvalidName(String);

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        text.to_owned().try_into()
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= MAX_LEN
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !text.contains("..")
}

impl TryFrom<String> for Name {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        if is_name(&text) { Ok(Self(text)) } else { Err(InvalidName(text)) }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
        text.parse().map_err(E::custom)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Name {}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        for (own, others) in self.0.bytes().zip(other.0.bytes()) {
            // Folding is for the few that differ as they are.
            if own != others && !own.eq_ignore_ascii_case(&others) {
                return own.to_ascii_lowercase().cmp(&others.to_ascii_lowercase());
            }
        }
        self.0.len().cmp(&other.0.len())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let mut bytes = [0; MAX_LEN];
        let own = self.0.as_bytes();
        let bytes = &mut bytes[..own.len()];
        bytes.copy_from_slice(own);
        bytes.make_ascii_lowercase();
        state.write(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_and_refuses() {
        for good in ["a", "TASK-a1b2c3d4", "impl-agent-1", "v1.2_x", &"x".repeat(64)] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        let too_long = "x".repeat(65);
        for bad in ["", "-x", ".x", "a..b", "a/b", "a b", "é", "--help", "$(x)", "a\n", &too_long] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn case_does_not_distinguish() {
        let (a, b): (Name, Name) = ("TASK-ab".parse().unwrap(), "task-AB".parse().unwrap());
        assert_eq!(a, b);
        assert_eq!(a.cmp(&b), Ordering::Equal);
        let mut names: Vec<Name> = ["b", "A-2", "a-10", "A", "a_1", "B1"].map(|name| name.parse().unwrap()).into();
        names.sort();
        assert_eq!(names.iter().map(Name::as_str).collect::<Vec<_>>(), ["A", "a-10", "A-2", "a_1", "b", "B1"]);
        let set: std::collections::HashSet<_> = [a, b].into();
        assert_eq!(set.len(), 1);
    }
}
