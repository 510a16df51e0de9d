//! What an agent that looks for work had before its eyes: as long as that is the same, looking again would be for nothing.

use super::time::Time;
use chrono::Duration;
use serde::{Deserialize, Serialize};

/// As it was when a run began that ended well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explored {
    /// The queue, the proposals, the answers and its instructions, in one word.
    pub files: String,
    /// The branch that it looked at, and its commit.
    pub branch: Option<String>,
    pub commit: String,
}

/// Whether a run that began at `last` and saw `then` is worth none now. What it created itself is a change of `files`.
/// `files` and `commit` say how things are, the latter only asked for where all else is the same.
pub fn is_unchanged(
    then: &Explored,
    last: Time,
    rescan_after: u32,
    now: Time,
    files: &dyn Fn() -> Option<String>,
    commit: &dyn Fn(&str) -> Option<String>,
) -> bool {
    let is_fresh = last <= now && now < last + Duration::seconds(rescan_after.into());
    is_fresh
        && files().as_ref() == Some(&then.files)
        && then.branch.as_ref().is_some_and(|branch| commit(branch).as_ref() == Some(&then.commit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;

    #[test]
    fn a_look_is_worth_it_once_something_has_changed() {
        let at = |clock: &str| time::parse(&format!("2026-03-02T{clock}Z")).unwrap();
        let then = Explored { files: "f".to_owned(), branch: Some("main".to_owned()), commit: "c".to_owned() };
        for (now, files, commit, expected) in [
            ("10:05:00", Some("f"), Some("c"), true),
            ("10:59:59", Some("f"), Some("c"), true),
            ("11:00:00", Some("f"), Some("c"), false),
            ("09:59:59", Some("f"), Some("c"), false),
            ("10:05:00", Some("g"), Some("c"), false),
            ("10:05:00", None, Some("c"), false),
            ("10:05:00", Some("f"), Some("d"), false),
            ("10:05:00", Some("f"), None, false),
        ] {
            let owned = |word: Option<&str>| word.map(str::to_owned);
            let commit_of = |branch: &str| owned(commit).filter(|_| branch == "main");
            let unchanged = is_unchanged(&then, at("10:00:00"), 3_600, at(now), &|| owned(files), &commit_of);
            assert_eq!(unchanged, expected, "{now} {files:?} {commit:?}");
        }
        let detached = Explored { branch: None, ..then };
        assert!(!is_unchanged(&detached, at("10:00:00"), 3_600, at("10:05:00"), &|| owned_f(), &|_| owned_f()));
    }

    fn owned_f() -> Option<String> {
        Some("f".to_owned())
    }
}
