//! Arguments that take one of a few words: shells complete them, and what is none of them is refused in our own words.

use clap::{
    Arg, Command, Error, ValueEnum,
    builder::{PossibleValue, TypedValueParser},
};
use std::ffi::OsStr;

/// Reads one of a few words.
#[derive(Clone)]
pub(super) struct Words<T> {
    words: Vec<&'static str>,
    read: fn(&str) -> Result<T, String>,
}

/// One of these, by its word.
pub(super) fn words<T: ValueEnum>(all: impl IntoIterator<Item = T>, word: impl Fn(T) -> &'static str) -> Words<T> {
    Words { words: all.into_iter().map(word).collect(), read: |word| T::from_str(word, true) }
}

/// One of these words, as `read` understands it.
pub(super) fn words_read_by<T>(words: &[&'static str], read: fn(&str) -> Result<T, String>) -> Words<T> {
    Words { words: words.to_vec(), read }
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Words<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        self.read.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.words.iter().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{review::ReviewVerdict, role::Role};

    #[test]
    fn words_are_listed_and_read() {
        let command = Command::new("x");
        let verdicts = words(ReviewVerdict::ALL, ReviewVerdict::word);
        let listed: Vec<_> = verdicts.possible_values().unwrap().map(|value| value.get_name().to_owned()).collect();
        assert_eq!(listed, ["approve", "request-changes", "comment"]);
        assert_eq!(verdicts.parse_ref(&command, None, "approve".as_ref()).unwrap(), ReviewVerdict::Approve);
        let refused = verdicts.parse_ref(&command, None, "aprove".as_ref()).unwrap_err();
        assert!(refused.to_string().contains("did you mean approve?"), "{refused}");
        let roles = words(Role::ALL, Role::word);
        assert_eq!(roles.parse_ref(&command, None, "tester".as_ref()).unwrap(), Role::Tester);
        assert_eq!(roles.possible_values().unwrap().count(), Role::ALL.len());
    }
}
