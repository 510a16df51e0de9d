//! What an engine says of a run, read from what the runner's `explain` prints: `STATE|REASON|JOB` as Slurm does, or the
//! engine's own words. Nothing at all means that it knows no such run.

use crate::domain::outcome::{Interruption, Outcome};
use crate::domain::text::{cut, one_line};

/// The most that is kept of what is said, in characters.
const MAX_WORDS: usize = 120;

/// How a run stands with its engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub standing: Standing,
    /// Why it is so, in the engine's words; empty if it doesn't say.
    pub reason: String,
    /// The engine's number of it.
    pub job: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits, runs, or is said to do something that isn't known here.
    Known,
    /// It has ended like this.
    Over(End),
    /// There is none.
    Unknown,
}

/// How the engine says that it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    TimeLimit,
    Preempted,
    Cancelled,
    NodeLost,
    /// By itself, well or not.
    Itself,
}

/// Slurm's words for jobs that have ended; others' are alike.
const ENDS: [(&str, End); 12] = [
    ("TIMEOUT", End::TimeLimit),
    ("DEADLINE", End::TimeLimit),
    ("PREEMPTED", End::Preempted),
    ("CANCELLED", End::Cancelled),
    ("REVOKED", End::Cancelled),
    ("NODE_FAIL", End::NodeLost),
    ("BOOT_FAIL", End::NodeLost),
    ("COMPLETED", End::Itself),
    ("FAILED", End::Itself),
    ("OUT_OF_MEMORY", End::Itself),
    ("LAUNCH_FAILED", End::Itself),
    ("RECONFIG_FAIL", End::Itself),
];

impl Explained {
    /// Reads what was printed. Of several runs of that name the one that goes on counts, else the last one.
    pub fn read(said: &str) -> Self {
        let lines = said.lines().map(str::trim).filter(|line| !line.is_empty()).map(Self::of_line);
        let unknown = Self { standing: Standing::Unknown, reason: String::new(), job: None };
        lines.fold(unknown, |found, line| if found.standing == Standing::Known { found } else { line })
    }

    fn of_line(line: &str) -> Self {
        let mut parts = line.split('|').map(str::trim);
        let (first, reason, job) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let word = first.split_whitespace().next().unwrap_or_default();
        let end = ENDS.iter().find(|(known, _)| word == *known).map(|(_, end)| *end);
        let reason = reason
            .map_or_else(|| line.to_owned(), |reason| if reason == "None" { String::new() } else { reason.to_owned() });
        Self {
            standing: end.map_or(Standing::Known, Standing::Over),
            reason: cut(&one_line(&reason), MAX_WORDS),
            job: job.filter(|job| !job.is_empty()).map(|job| cut(&one_line(job), MAX_WORDS)),
        }
    }

    /// What it means for a run that it has ended like this, unless it ended by itself.
    pub fn outcome(&self) -> Option<Outcome> {
        let by = match self.standing {
            Standing::Over(End::TimeLimit) => return Some(Outcome::TimedOut),
            Standing::Over(End::Preempted) => Interruption::Preempted,
            Standing::Over(End::Cancelled) => Interruption::Cancelled,
            Standing::Over(End::NodeLost) => Interruption::NodeLost,
            Standing::Over(End::Itself) | Standing::Known | Standing::Unknown => return None,
        };
        Some(Outcome::Interrupted { by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_engine_prints_is_understood_or_kept() {
        for (said, standing, reason, job) in [
            ("", Standing::Unknown, "", None),
            (" \n\n", Standing::Unknown, "", None),
            ("PENDING|Resources|4711\n", Standing::Known, "Resources", Some("4711")),
            ("RUNNING|None|4711\n", Standing::Known, "", Some("4711")),
            ("TIMEOUT|TimeLimit|9\n", Standing::Over(End::TimeLimit), "TimeLimit", Some("9")),
            ("CANCELLED by 0|None|9\n", Standing::Over(End::Cancelled), "", Some("9")),
            // A job that ended, and a second one of the same name that goes on.
            ("NODE_FAIL|NodeDown|9\nPENDING|BeginTime|9\n", Standing::Known, "BeginTime", Some("9")),
            ("PENDING|Priority|9\nFAILED|x|8\n", Standing::Known, "Priority", Some("9")),
            ("FAILED|a|8\nPREEMPTED|b|9\n", Standing::Over(End::Preempted), "b", Some("9")),
            ("waits for a volume\n", Standing::Known, "waits for a volume", None),
        ] {
            let expected = Explained { standing, reason: reason.to_owned(), job: job.map(str::to_owned) };
            assert_eq!(Explained::read(said), expected, "{said:?}");
        }
    }

    #[test]
    fn only_a_time_limit_is_the_run_s_own_fault() {
        let outcome = |said: &str| Explained::read(said).outcome();
        assert_eq!(outcome("TIMEOUT|TimeLimit|9"), Some(Outcome::TimedOut));
        for (said, by) in [
            ("PREEMPTED|None|9", Interruption::Preempted),
            ("CANCELLED|None|9", Interruption::Cancelled),
            ("NODE_FAIL|None|9", Interruption::NodeLost),
        ] {
            assert_eq!(outcome(said), Some(Outcome::Interrupted { by }), "{said}");
        }
        for said in ["", "COMPLETED|None|9", "FAILED|NonZeroExitCode|9", "RUNNING|None|9"] {
            assert_eq!(outcome(said), None, "{said}");
        }
    }
}
