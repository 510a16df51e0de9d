//! Where in agents.yaml a value stands, as it is written in a complaint: `agents[1].role`.
//!
//! It is put into words only where something is wrong: a large file has thousands of places.

use std::fmt;

/// The place of a value, below those that hold it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

impl<'a> Place<'a> {
    /// The place of a key below this one.
    pub(super) fn key(&'a self, key: &'a str) -> Self {
        Self { above: Some(self), step: Step::Key(key) }
    }

    /// The place of an item of the list that stands here, counted from 0.
    pub(super) fn item(&'a self, index: usize) -> Self {
        Self { above: Some(self), step: Step::Item(index) }
    }
}

/// A place in words; that of the file itself is empty.
impl<'a> From<&'a str> for Place<'a> {
    fn from(words: &'a str) -> Self {
        Self { above: None, step: Step::Key(words) }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let top = |place: &&Place<'_>| place.above.is_none() && matches!(place.step, Step::Key(""));
        let above = self.above.filter(|above| !top(above));
        if let Some(above) = above {
            write!(f, "{above}")?;
        }
        match self.step {
            Step::Key(key) => write!(f, "{}{key}", if above.is_some() { "." } else { "" }),
            Step::Item(index) => write!(f, "[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_words() {
        let top = Place::from("");
        let agents = top.key("agents");
        let second = agents.item(1);
        let env = second.key("env");
        for (place, words) in
            [(top, ""), (agents, "agents"), (second, "agents[1]"), (env.key("PATH"), "agents[1].env.PATH")]
        {
            assert_eq!(place.to_string(), words);
        }
        let given = Place::from("limits.a");
        assert_eq!(given.key("max").to_string(), "limits.a.max");
    }
}
