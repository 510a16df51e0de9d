//! What an agent asks of its supervisor, and under which names it lies in the folder of its run's requests.
//!
//! A request is the command line and all that it would read: whoever answers it opens nothing that the agent has named.

use super::name::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The variable in which a run's processes find the folder of their requests.
pub const REQUESTS: &str = "SCHEDULER_REQUESTS";

/// The most requests of one run that are answered.
pub const MAX_OF_RUN: u32 = 500;

/// The file that the supervisor holds a lock on as long as it answers.
pub const OPEN: &str = "open";

/// One call of `scheduler`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The words after `scheduler`.
    pub arguments: Vec<String>,
    /// What was read for the call, by the name under which its arguments have it; `-` is standard input.
    #[serde(default)]
    pub inputs: BTreeMap<String, Input>,
}

/// A text that a call was given in a file or on standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Whether there were such bytes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub garbled: bool,
    /// Where the file is, without links; none for standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Input {
    /// What was read from `place`.
    pub fn new(bytes: Vec<u8>, place: Option<String>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self { text, garbled: false, place },
            Err(error) => Self { text: String::from_utf8_lossy(error.as_bytes()).into_owned(), garbled: true, place },
        }
    }
}

/// The files of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The request, as long as nobody has taken it up.
    Asked,
    /// The same once the supervisor has: nobody takes it up again.
    Taken,
    /// What the command printed.
    Stdout,
    /// What it complained of.
    Stderr,
    /// Its exit code. The last file that is written: the answer is whole.
    Code,
}

impl Part {
    /// Those that the answer is made of.
    pub const ANSWER: [Self; 3] = [Self::Stdout, Self::Stderr, Self::Code];

    fn ending(self) -> &'static str {
        match self {
            Self::Asked => ".request",
            Self::Taken => ".taken",
            Self::Stdout => ".out",
            Self::Stderr => ".err",
            Self::Code => ".code",
        }
    }

    /// The name of this file of a request.
    pub fn of(self, id: &Name) -> String {
        format!("{id}{}", self.ending())
    }
}

/// The request that a file is, if it is one that waits.
pub fn asked(file: &str) -> Option<Name> {
    file.strip_suffix(Part::Asked.ending())?.parse().ok()
}

/// The exit code in its file; 1 for what is none.
pub fn exit_code(text: &str) -> u8 {
    text.trim().parse().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_names() {
        let id: Name = "0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f".parse().unwrap();
        assert_eq!(asked(&Part::Asked.of(&id)), Some(id.clone()));
        for other in [Part::Taken, Part::Stdout, Part::Stderr, Part::Code] {
            assert_eq!(asked(&other.of(&id)), None);
        }
        for name in ["", ".request", "..request", "../x.request", "a/b.request", ".tmp-x.request", OPEN, "-x.request"] {
            assert_eq!(asked(name), None, "{name:?}");
        }
        assert_eq!(["0\n", "2", "", "300", "x"].map(exit_code), [0, 2, 1, 1, 1]);
    }

    #[test]
    fn a_request_is_what_was_written() {
        let inputs = [
            ("-".to_owned(), Input::new(vec![b'a', 0xff], None)),
            ("f.md".to_owned(), Input::new("ü\n\"".into(), Some("/w/f.md".to_owned()))),
        ];
        let request = Request { arguments: vec!["task".to_owned(), "ü\"".to_owned()], inputs: inputs.into() };
        assert!(request.inputs["-"].garbled && !request.inputs["f.md"].garbled);
        let json = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<Request>(&json).unwrap(), request);
        for garbage in ["", "{}", "[]", "{\"arguments\": [1]}", "{\"arguments\": [], \"agent\": \"other\"}"] {
            assert!(serde_json::from_str::<Request>(garbage).is_err(), "{garbage}");
        }
    }
}
