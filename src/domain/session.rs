//! The conversation with claude that a run begins, or goes on with where an earlier run of its task was cut short: when that
//! is worth it, and what a run of it costs by itself.
//!
//! It never opens a conversation. Its name is the id of the run that began it, so that no agent chooses one.

use super::outcome::{Blame, Interruption, Outcome};
use super::settlement::TaskStep;
use super::stream::ResultLine;
use super::time::Time;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How many runs one conversation may have.
pub const MAX_LEGS: u32 = 3;
/// The longest context that is gone on with, in tokens: half of what a model takes in. It is read anew once, at the price of a
/// fresh start with all that it looks up; beyond that, claude would soon shorten it, and lose what it was kept for.
pub const MAX_CONTEXT: u64 = 100_000;

/// How long a conversation is kept: what it knows of the code grows old.
fn max_age() -> Duration {
    Duration::hours(24)
}

/// `session.json`: the conversation of a run, written before its claude is started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its name.
    pub id: String,
    /// Which run of it this is, from 1.
    pub leg: u32,
    /// What the earlier ones used up, as it is on record.
    pub earlier: Vec<UsedUp>,
    /// How many the last request of theirs had.
    pub earlier_context: u64,
}

/// What one run of it used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsedUp {
    /// US dollars.
    pub usd: f64,
    /// Tokens read and written.
    pub tokens: u64,
    /// claude never said it.
    #[serde(default)]
    pub is_estimate: bool,
}

impl Session {
    /// The one that a run begins.
    pub fn fresh(run_id: &str) -> Self {
        Self { id: run_id.to_owned(), leg: 1, earlier: Vec::new(), earlier_context: 0 }
    }

    /// Whether it was begun by an earlier run.
    pub fn goes_on(&self) -> bool {
        self.leg > 1
    }

    /// What the run that ended with this line cost by itself. What claude says is of this run alone, in some versions, or of all
    /// whose end it could tell and of those that it had time to note before they were ended: how many tokens it names beside
    /// this run's own shows which are in it. Less than nothing where one of them was guessed too high: then it is put right here.
    pub fn own_cost(&self, result: &ResultLine) -> Option<f64> {
        let said = result.total_cost_usd?;
        let beside = result.session_tokens.map(|all| all.saturating_sub(result.usage.all()));
        let legs = || self.earlier.iter().take(MAX_LEGS as usize).enumerate();
        let told = legs().filter(|(_, leg)| !leg.is_estimate).fold(0, |all, (at, _)| all | 1 << at);
        let mut choices =
            (0..1_u32 << legs().count()).filter(|choice| *choice == 0 || choice & told == told).map(|choice| {
                let chosen = legs().filter(|(at, _)| choice >> at & 1 == 1);
                chosen.fold((0.0, 0), |(usd, tokens), (_, leg)| (usd + leg.usd, tokens + leg.tokens))
            });
        let inside = match beside {
            Some(beside) => choices.min_by_key(|(_, tokens)| tokens.abs_diff(beside)),
            None => choices.next_back().filter(|(usd, _)| *usd <= said),
        };
        // To a millionth, and nothing has no sign.
        Some(((said - inside.unwrap_or_default().0) * 1e6).round() / 1e6 + 0.0)
    }
}

/// What a run leaves to go on with; part of its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Left {
    #[serde(flatten)]
    pub session: Session,
    /// Where it worked: claude finds a conversation only there.
    pub worktree: PathBuf,
    /// How many tokens its last request had.
    pub context: u64,
    /// It moved the work on.
    pub progress: bool,
}

impl Left {
    /// Whether its conversation is one that can be gone on with at all, or why not.
    pub fn usable(&self) -> Result<(), &'static str> {
        match self.context {
            0 => Err("nothing was said in it"),
            MAX_CONTEXT.. => Err("it has grown too long"),
            _ if self.session.leg >= MAX_LEGS => Err("it has had its runs"),
            _ => Ok(()),
        }
    }
}

/// A run that may be gone on with.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    pub outcome: &'a Outcome,
    /// What became of its task.
    pub step: Option<&'a TaskStep>,
    pub left: &'a Left,
    pub used_up: UsedUp,
    pub at: Time,
    /// Its work is the pull request that is to be mended now.
    pub is_feedback: bool,
}

/// The conversation for a run in `worktree`; else why it begins a new one.
///
/// # Errors
/// Why.
pub fn next(ended: &Ended<'_>, worktree: &Path, now: Time) -> Result<Session, &'static str> {
    let Ended { left, at, .. } = *ended;
    let age = now - at;
    if age < Duration::zero() || age > max_age() {
        return Err("it is too old");
    }
    if left.worktree != worktree {
        return Err("it was had elsewhere");
    }
    left.usable()?;
    if !ended.is_feedback && !was_cut_short(ended.outcome, ended.step, left) {
        return Err("it came to its end");
    }
    let Session { id, leg, earlier, .. } = left.session.clone();
    let earlier = earlier.into_iter().chain([ended.used_up]).collect();
    Ok(Session { id, leg: leg + 1, earlier, earlier_context: left.context })
}

/// Whether a run ended in the middle of its work.
pub fn was_cut_short(outcome: &Outcome, step: Option<&TaskStep>, left: &Left) -> bool {
    match outcome {
        Outcome::UsageLimit { .. } => true,
        Outcome::ApiError { .. } => outcome.blame() == Blame::Everybody,
        // Where nothing is heard of it any more it may go on.
        Outcome::Interrupted { by } => *by != Interruption::Silence,
        Outcome::TurnLimit => left.progress,
        // It has asked.
        Outcome::Finished => matches!(step, Some(TaskStep::Requeue { waits_for: Some(_), .. })),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stream::Usage;
    use crate::domain::time;

    fn left(leg: u32) -> Left {
        let earlier = vec![UsedUp { usd: 0.5, tokens: 1_000, is_estimate: false }];
        let session = Session { leg, earlier, ..Session::fresh("s") };
        Left { session, worktree: "/w".into(), context: 50_000, progress: false }
    }

    #[test]
    fn what_was_cut_short_goes_on_where_it_is_worth_it() {
        let now = time::parse("2026-03-02T10:00:00Z").unwrap();
        let asked = TaskStep::Requeue { attempts: 0, returns: 0, waits_for: Some("question-1".to_owned()) };
        let error = |status| Outcome::ApiError { status, message: String::new() };
        let interrupted = |by| Outcome::Interrupted { by };
        let (fresh, moved) = (left(1), Left { progress: true, ..left(1) });
        let limit = Outcome::UsageLimit { until: None };
        for (outcome, step, left, hours, feedback, expected) in [
            (&limit, None, &fresh, 1, false, Ok(2)),
            (&limit, None, &left(2), 24, false, Ok(3)),
            (&limit, None, &left(3), 1, false, Err("it has had its runs")),
            (&limit, None, &fresh, 25, false, Err("it is too old")),
            (&limit, None, &fresh, -1, false, Err("it is too old")),
            (&limit, None, &Left { worktree: "/v".into(), ..left(1) }, 1, false, Err("it was had elsewhere")),
            (&limit, None, &Left { context: 0, ..left(1) }, 1, false, Err("nothing was said in it")),
            (&limit, None, &Left { context: MAX_CONTEXT, ..left(1) }, 1, false, Err("it has grown too long")),
            (&error(Some(529)), None, &fresh, 1, false, Ok(2)),
            (&error(None), None, &fresh, 1, false, Ok(2)),
            (&error(Some(400)), None, &fresh, 1, false, Err("it came to its end")),
            (&interrupted(Interruption::Loss), None, &fresh, 1, false, Ok(2)),
            (&interrupted(Interruption::Demand), None, &fresh, 1, false, Ok(2)),
            (&interrupted(Interruption::Silence), None, &fresh, 1, false, Err("it came to its end")),
            (&Outcome::TurnLimit, None, &moved, 1, false, Ok(2)),
            (&Outcome::TurnLimit, None, &fresh, 1, false, Err("it came to its end")),
            (&Outcome::Finished, Some(&asked), &fresh, 1, false, Ok(2)),
            (&Outcome::Finished, Some(&TaskStep::Done), &fresh, 1, false, Err("it came to its end")),
            (&Outcome::Finished, Some(&TaskStep::Done), &fresh, 1, true, Ok(2)),
            (&Outcome::Budget, None, &moved, 1, false, Err("it came to its end")),
            (&Outcome::Stalled, None, &moved, 1, false, Err("it came to its end")),
        ] {
            let at = now - Duration::hours(hours);
            let used_up = UsedUp { usd: 0.25, tokens: 10, is_estimate: false };
            let ended = Ended { outcome, step, left, used_up, at, is_feedback: feedback };
            let found = next(&ended, Path::new("/w"), now);
            assert_eq!(found.as_ref().map(|session| session.leg).map_err(|why| *why), expected, "{outcome:?} {left:?}");
            if let Ok(session) = found {
                assert_eq!((session.id.as_str(), session.earlier.last()), ("s", Some(&used_up)));
            }
        }
    }

    #[test]
    fn a_run_costs_what_is_new() {
        let earlier = |legs: &[(f64, u64, bool)]| Session {
            leg: 1 + u32::try_from(legs.len()).unwrap(),
            earlier: legs.iter().map(|&(usd, tokens, is_estimate)| UsedUp { usd, tokens, is_estimate }).collect(),
            ..Session::fresh("s")
        };
        let (fresh, second) = (earlier(&[]), earlier(&[(0.5, 12_000, false)]));
        let third = earlier(&[(0.5, 12_000, false), (0.125, 5_000, false)]);
        // Of the same size: which one is in it can't be told by the tokens.
        let first_killed = earlier(&[(0.5, 5_000, true), (0.125, 5_000, false)]);
        let second_killed = earlier(&[(0.125, 5_000, false), (0.5, 5_000, true)]);
        let both_killed = earlier(&[(0.5, 12_000, true), (0.125, 5_000, true)]);
        // What it says that it cost, its own tokens, those by models, what it cost.
        for (session, said, own, all, expected) in [
            (&fresh, 0.5, 100, Some(100), 0.5),
            (&fresh, 0.5, 100, None, 0.5),
            (&second, 0.75, 4_000, Some(16_100), 0.25),
            // A version that says no sums; a little more than its own is another model's.
            (&second, 0.75, 4_000, Some(4_000), 0.75),
            (&second, 0.75, 4_000, Some(4_900), 0.75),
            (&second, 0.75, 4_000, None, 0.25),
            (&second, 0.25, 4_000, None, 0.25),
            // Nothing was said.
            (&second, 0.5, 0, Some(12_000), 0.0),
            (&third, 0.75, 4_000, Some(21_000), 0.125),
            (&third, 0.75, 4_000, Some(4_000), 0.75),
            // Killed outright, it isn't in it; ended in order, it is, with what its messages didn't tell.
            (&first_killed, 0.25, 4_000, Some(9_000), 0.125),
            (&first_killed, 0.75, 4_000, Some(14_800), 0.125),
            (&first_killed, 0.25, 4_000, Some(4_000), 0.25),
            // What was guessed was too much: in the end the sum is claude's.
            (&first_killed, 0.25, 4_000, Some(14_000), -0.375),
            (&second_killed, 0.25, 4_000, Some(9_000), 0.125),
            (&second_killed, 0.75, 4_000, Some(14_800), 0.125),
            (&both_killed, 0.25, 4_000, Some(4_000), 0.25),
            (&both_killed, 0.25, 4_000, Some(9_000), 0.125),
            (&both_killed, 0.75, 4_000, Some(16_500), 0.25),
            (&both_killed, 0.75, 4_000, Some(21_500), 0.125),
        ] {
            let usage = Usage { input_tokens: own, ..Usage::default() };
            let result = ResultLine { total_cost_usd: Some(said), usage, session_tokens: all, ..ResultLine::default() };
            assert_eq!(session.own_cost(&result), Some(expected), "{said} {own} {all:?} {session:?}");
        }
        assert_eq!(third.own_cost(&ResultLine::default()), None);
    }
}
