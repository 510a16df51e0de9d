//! What may be tidied away: which runs, logs and branches nobody needs any more.
//!
//! Nothing is removed here, and what holds unfinished work is never among it.

use super::time::Time;
use chrono::{Days, Duration, NaiveDate};

/// How many runs of each agent are kept in any case, the newest.
pub const RUNS_KEPT: usize = 20;

/// A run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    /// The run.
    pub id: String,
    /// Whether the agent's state names it: it is under way, or to be put right.
    pub current: bool,
    /// Whether repositories lie in it that were moved out of the worktree: they are nowhere else.
    pub holds_repositories: bool,
}

/// The runs of one agent that may go, of its `runs`, newest first; `is_named` tells whether a failed task or a message
/// names one.
pub fn surplus_runs<'a>(runs: &'a [RunFolder], is_named: &dyn Fn(&str) -> bool) -> Vec<&'a RunFolder> {
    let may_go = |run: &&RunFolder| !run.current && !run.holds_repositories && !is_named(&run.id);
    runs.iter().skip(RUNS_KEPT).filter(may_go).collect()
}

/// Whether a file in the folder of logs is one of ours, by its name alone, and older than `keep_days`. Whoever else
/// writes there looks after it himself.
pub fn is_old_log(file_name: &str, is_agent: &dyn Fn(&str) -> bool, today: NaiveDate, keep_days: u32) -> bool {
    let Some((stem, ending)) = file_name.rsplit_once('.') else { return false };
    let Some((writer, day)) = stem.len().checked_sub("-2024-01-15".len()).and_then(|at| stem.split_at_checked(at))
    else {
        return false;
    };
    let is_ours = match ending {
        "jsonl" => writer == "events",
        "log" => writer == "scheduler" || is_agent(writer),
        _ => false,
    };
    let day = day.strip_prefix('-').and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    let oldest = today.checked_sub_days(Days::new(keep_days.into()));
    is_ours && day.zip(oldest).is_some_and(|(day, oldest)| day < oldest)
}

/// A branch `agent/*` whose commits the default branch has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedBranch {
    /// Its name, without `refs/heads/`.
    pub name: String,
    /// Its commit.
    pub tip: String,
    /// Whether a worktree stands on it.
    pub checked_out: bool,
}

/// The branches that may go; `is_used` tells whether a task that isn't done names one.
pub fn surplus_branches<'a>(merged: &'a [MergedBranch], is_used: &dyn Fn(&str) -> bool) -> Vec<&'a MergedBranch> {
    merged.iter().filter(|branch| !branch.checked_out && !is_used(&branch.name)).collect()
}

/// Whether it is time to tidy up again: once a day. A time in the future was written under another clock.
pub fn is_due(last: Time, now: Time) -> bool {
    last > now || now - last >= Duration::days(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;

    #[test]
    fn the_newest_runs_and_those_that_are_needed_stay() {
        let run = |n: usize| RunFolder { id: format!("r{n}"), current: n == 22, holds_repositories: n == 23 };
        let runs: Vec<_> = (0..27).map(run).collect();
        let gone: Vec<_> = surplus_runs(&runs, &|id| id == "r24").iter().map(|run| run.id.as_str()).collect();
        assert_eq!(gone, ["r20", "r21", "r25", "r26"]);
        assert!(surplus_runs(&runs[..RUNS_KEPT], &|_| false).is_empty());
    }

    #[test]
    fn only_old_logs_of_our_own_go() {
        let today = NaiveDate::from_ymd_opt(2024, 1, 31).unwrap();
        for (name, old) in [
            ("scheduler-2024-01-16.log", true),
            ("scheduler-2024-01-17.log", false),
            ("scheduler-2024-02-17.log", false),
            ("impl-1-2023-12-01.log", true),
            ("events-2024-01-01.jsonl", true),
            ("events-2024-01-01.log", false),
            ("scheduler-2024-01-01.jsonl", false),
            ("notes-2024-01-01.log", false),
            ("cron.log", false),
            ("cron.log-2024-01-01", false),
            ("scheduler-2024-13-01.log", false),
            ("scheduler2024-01-01.log", false),
            ("2024-01-01.log", false),
            ("ä-024-01-01.log", false),
            ("", false),
        ] {
            assert_eq!(is_old_log(name, &|agent| agent == "impl-1", today, 14), old, "{name}");
        }
    }

    #[test]
    fn branches_in_use_stay() {
        let branch = |name: &str, checked_out| MergedBranch { name: name.to_owned(), tip: String::new(), checked_out };
        let merged = [branch("agent/a", false), branch("agent/b", true), branch("agent/c", false)];
        let gone = surplus_branches(&merged, &|name| name == "agent/c");
        assert_eq!(gone, [&merged[0]]);
    }

    #[test]
    fn once_a_day() {
        let at = |text: &str| time::parse(text).unwrap();
        let last = at("2024-01-15T10:00:00Z");
        for (now, due) in [
            ("2024-01-15T10:00:00Z", false),
            ("2024-01-16T09:59:59Z", false),
            ("2024-01-16T10:00:00Z", true),
            ("2024-01-15T09:59:59Z", true),
        ] {
            assert_eq!(is_due(last, at(now)), due, "{now}");
        }
    }
}
