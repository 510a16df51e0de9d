//! What may be tidied away: which runs, logs and branches nobody needs any more.
//!
//! Nothing is removed here, and what holds unfinished work is never among it.

use super::time::Time;
use chrono::{Days, Duration, NaiveDate};

/// How many runs of each agent are kept in any case, the newest.
pub const RUNS_KEPT: usize = 20;

/// How many logs of each writer are kept in any case, the newest: a clock that jumps ahead makes all of them old at once.
pub const LOGS_KEPT: usize = 7;

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

/// The files in the folder of logs that may go, of `names`: those of ours, by their names alone, older than `keep_days` and
/// not among the newest [`LOGS_KEPT`] of their writer. Whoever else writes there looks after it himself.
pub fn old_logs<'a>(
    names: &'a [String],
    is_agent: &dyn Fn(&str) -> bool,
    today: NaiveDate,
    keep_days: u32,
) -> Vec<&'a String> {
    let Some(oldest) = today.checked_sub_days(Days::new(keep_days.into())) else { return Vec::new() };
    let mut ours: Vec<_> = names.iter().filter_map(|name| Some((written(name, is_agent)?, name))).collect();
    // The newest of each writer first.
    ours.sort_by(|((one, a), _), ((other, b), _)| one.cmp(other).then(b.cmp(a)));
    let of_writers = ours.chunk_by(|((one, _), _), ((other, _), _)| one == other);
    let surplus = of_writers.flat_map(|logs| logs.iter().skip(LOGS_KEPT));
    surplus.filter(|((_, day), _)| *day < oldest).map(|(_, name)| *name).collect()
}

/// Who wrote a log of ours, with its ending, and on which day.
fn written<'a>(file_name: &'a str, is_agent: &dyn Fn(&str) -> bool) -> Option<((&'a str, &'a str), NaiveDate)> {
    let (stem, ending) = file_name.rsplit_once('.')?;
    let (writer, day) = stem.split_at_checked(stem.len().checked_sub("-2024-01-15".len())?)?;
    let is_ours = match ending {
        "jsonl" => writer == "events",
        "log" => writer == "scheduler" || is_agent(writer),
        _ => false,
    };
    let day = NaiveDate::parse_from_str(day.strip_prefix('-')?, "%Y-%m-%d").ok()?;
    is_ours.then_some(((writer, ending), day))
}

/// A branch `agent/*` whose work the default branch has.
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
    fn logs_that_are_old_go_by_their_names() {
        let today = NaiveDate::from_ymd_opt(2024, 1, 31).unwrap();
        // Newer ones of every writer, so that the others are beyond those that are kept.
        let newer = (20..27).flat_map(|day| {
            ["scheduler", "impl-1"]
                .map(|writer| format!("{writer}-2024-01-{day}.log"))
                .into_iter()
                .chain([format!("events-2024-01-{day}.jsonl")])
        });
        let newer: Vec<_> = newer.collect();
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
            let names: Vec<_> = newer.iter().cloned().chain([name.to_owned()]).collect();
            let gone = old_logs(&names, &|agent| agent == "impl-1", today, 14);
            assert_eq!(gone.contains(&&name.to_owned()), old, "{name}");
            assert!(gone.len() <= 1, "{gone:?}");
        }
    }

    #[test]
    fn the_newest_logs_stay_whatever_the_clock_says() {
        let names: Vec<_> = (1..=9).map(|day| format!("events-2024-01-0{day}.jsonl")).collect();
        let in_years = NaiveDate::from_ymd_opt(2034, 1, 1).unwrap();
        assert_eq!(old_logs(&names, &|_| false, in_years, 1), ["events-2024-01-02.jsonl", "events-2024-01-01.jsonl"]);
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
