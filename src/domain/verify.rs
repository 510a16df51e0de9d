//! `verify`: the project's own command, which runs on what a run has committed before anything of it is pushed. What its end
//! means, and how that is told.
//!
//! What follows for the task is decided in [`super::settlement`].

use super::time::{self, Time};
use chrono::Duration;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many of its last lines are kept.
pub const LINES: usize = 100;
/// What a shell exits with that can't start a program, and what confines it that can't start the shell.
const NOT_STARTED: [i32; 3] = [125, 126, 127];

/// What runs, and for how long at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// The text for `sh -c`.
    pub command: String,
    pub timeout_seconds: u32,
}

/// How it ended on one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    pub commit: String,
    /// Negative for a signal; none where it was ended at its time limit.
    pub exit_code: Option<i32>,
    pub seconds: u64,
    /// The last lines that it printed.
    pub tail: String,
}

impl Trial {
    pub fn passed(&self) -> bool {
        self.exit_code == Some(0)
    }

    fn is_started(&self) -> bool {
        !self.exit_code.is_some_and(|code| NOT_STARTED.contains(&code))
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = time::span(i64::try_from(self.seconds).unwrap_or(i64::MAX));
        match self.exit_code {
            Some(0) => write!(f, "passed in {time}"),
            Some(code) if code < 0 => write!(f, "failed: ended by signal {} after {time}", -code),
            Some(code) => write!(f, "failed: exit code {code} after {time}"),
            None => write!(f, "failed: not done after {time}, its limit"),
        }
    }
}

/// What it says of the work of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    pub command: String,
    pub work: Trial,
    /// On the commit that the work is compared with; only tried where the work didn't pass.
    pub base: Option<Trial>,
}

/// What that comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Passed,
    /// Through the work: what it began from passes.
    Failed,
    /// What the work began from doesn't pass either.
    BaseFails,
    /// It can't be started, whatever the commit.
    NotStarted,
}

impl Verified {
    pub fn verdict(&self) -> Verdict {
        match &self.base {
            _ if self.work.passed() => Verdict::Passed,
            Some(base) if !base.is_started() && !self.work.is_started() => Verdict::NotStarted,
            Some(base) if !base.passed() => Verdict::BaseFails,
            _ => Verdict::Failed,
        }
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.verdict(), &self.base) {
            (Verdict::BaseFails, Some(base)) => {
                write!(f, "{}; so it does without this work, on {}", self.work, short(&base.commit))
            }
            (Verdict::NotStarted, _) => {
                let (code, last) = (self.work.exit_code.unwrap_or_default(), self.work.tail.lines().next_back());
                write!(f, "can't be started: exit code {code}: {}", last.unwrap_or_default())
            }
            _ => self.work.fmt(f),
        }
    }
}

/// A commit as people write it.
pub fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// What commits that work began from came to, lately: `cache/verified-bases.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bases(Vec<Base>);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Base {
    command: String,
    trial: Trial,
    at: Time,
}

impl Bases {
    /// As many are kept.
    const MOST: usize = 50;

    /// What this command said of this commit. What it depends on beside may change, so it holds for some hours only.
    pub fn known(&self, command: &str, commit: &str, now: Time) -> Option<&Trial> {
        let is_young = |base: &&Base| base.at <= now && now - base.at < Duration::hours(12);
        let found = self.0.iter().rev().find(|base| base.command == command && base.trial.commit == commit);
        found.filter(is_young).map(|base| &base.trial)
    }

    /// The same with one more, the oldest ones without. What couldn't be started is no news of the commit.
    #[must_use]
    pub fn with(mut self, command: &str, trial: &Trial, now: Time) -> Self {
        if trial.is_started() {
            self.0.retain(|base| base.command != command || base.trial.commit != trial.commit);
            self.0.push(Base { command: command.to_owned(), trial: trial.clone(), at: now });
            self.0.drain(..self.0.len().saturating_sub(Self::MOST));
        }
        self
    }
}

/// The last [`LINES`] of what a command printed.
pub fn last_lines(said: &str) -> String {
    let lines: Vec<_> = said.trim_end().lines().map(str::trim_end).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// A test file that has less in it than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weakened {
    pub path: String,
    /// Lines that are gone or changed; none of a file that can't be told by lines.
    pub removed: Option<u64>,
    /// The file itself is gone.
    pub deleted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(commit: &str, exit_code: Option<i32>) -> Trial {
        Trial { commit: commit.to_owned(), exit_code, seconds: 3, tail: "one\nsh: 1: mak: not found".to_owned() }
    }

    #[test]
    fn what_two_ends_come_to() {
        use Verdict::*;
        for (work, base, verdict, words) in [
            (Some(0), None, Passed, "passed in 3 s"),
            (Some(2), None, Failed, "failed: exit code 2 after 3 s"),
            (Some(2), Some(Some(0)), Failed, "failed: exit code 2 after 3 s"),
            (Some(-9), Some(Some(0)), Failed, "failed: ended by signal 9 after 3 s"),
            (None, Some(Some(0)), Failed, "failed: not done after 3 s, its limit"),
            (Some(2), Some(Some(1)), BaseFails, "exit code 2 after 3 s; so it does without this work, on 0123456789"),
            (Some(2), Some(None), BaseFails, "so it does without this work"),
            (Some(2), Some(Some(127)), BaseFails, "so it does without this work"),
            // The work itself removed what it calls.
            (Some(127), Some(Some(0)), Failed, "exit code 127"),
            (Some(127), Some(Some(1)), BaseFails, "exit code 127"),
            (Some(127), Some(Some(127)), NotStarted, "can't be started: exit code 127: sh: 1: mak: not found"),
            (Some(125), Some(Some(125)), NotStarted, "can't be started"),
        ] {
            let base = base.map(|code| trial("0123456789abcdef", code));
            let verified = Verified { command: "make".to_owned(), work: trial("tip", work), base };
            assert_eq!(verified.verdict(), verdict, "{verified:?}");
            assert!(verified.to_string().contains(words), "{verified} {words}");
        }
    }

    #[test]
    fn what_is_known_of_bases_grows_old() {
        let now = time::parse("2026-01-15T10:00:00Z").unwrap();
        let bases = Bases::default()
            .with("make", &trial("a", Some(1)), now)
            .with("make", &trial("a", Some(2)), now)
            .with("make", &trial("b", Some(127)), now);
        let code = |command: &str, commit: &str, hours| {
            bases.known(command, commit, now + Duration::hours(hours)).map(|trial| trial.exit_code.unwrap())
        };
        assert_eq!(code("make", "a", 1), Some(2));
        for (command, commit, hours) in [("make", "a", 12), ("make", "a", -1), ("test", "a", 1), ("make", "b", 1)] {
            assert_eq!(code(command, commit, hours), None, "{command} {commit} {hours}");
        }
        let many = (0..100).fold(bases, |bases, n| bases.with("make", &trial(&n.to_string(), Some(0)), now));
        assert_eq!((many.0.len(), many.known("make", "a", now)), (Bases::MOST, None));
    }

    #[test]
    fn the_last_lines_are_kept() {
        assert_eq!(last_lines("a\r\nb  \n\n"), "a\nb");
        let many: String = (0..200).map(|n| format!("{n}\n")).collect();
        let kept = last_lines(&many);
        assert_eq!((kept.lines().count(), kept.lines().next()), (LINES, Some("100")));
    }
}
