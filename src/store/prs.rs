//! What is known of pull requests: one directory each, with `meta.json` and the files of the checks.
//!
//! Every change is one step under the store's lock, and writes nothing if nothing differs. A `meta.json` that can't be
//! understood, perhaps one of a later version, is left alone. What counts as a verdict is for others to know.

mod fix_tasks;

use super::paths::Paths;
use crate::domain::config::Gatekeeper;
use crate::domain::gate::{
    self, CarriedOut, Check, CheckResult, CheckStatus, DueCheck, Meta, Missed, Status, VerdictFailure,
};
use crate::domain::landing::Landing;
use crate::domain::name::Name;
use crate::domain::pull_request::{Feedback, PullRequest};
use crate::domain::time::Time;
use crate::sys::{atomic, dir, read};
use anyhow::{Context, Result};

/// The pull requests of one project.
#[derive(Clone, Copy, Debug)]
pub struct Prs<'a> {
    paths: &'a Paths,
}

/// Every pull request that can be read.
#[derive(Clone, Debug, Default)]
pub struct All {
    /// By number.
    pub metas: Vec<Meta>,
    /// What can't be read, and why.
    pub problems: Vec<String>,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The pull request afterwards.
    pub meta: Meta,
    /// Whether it counts.
    pub taken: Taken,
}

/// Whether a record counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is the result of the check.
    Counts,
    /// It was kept, but it is about another commit than the head that is known.
    Kept,
    /// It was left out: the user or another run has the check now.
    Left,
}

impl<'a> Prs<'a> {
    /// The pull requests of the project with these paths.
    pub fn new(paths: &'a Paths) -> Self {
        Self { paths }
    }

    /// The numbers of all pull requests that were ever seen, ascending.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn numbers(&self) -> Result<Vec<u64>> {
        let names = dir::names(&self.paths.prs_dir())?;
        let mut numbers: Vec<u64> = names.filter_map(|name| name.strip_prefix("PR-")?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// What is known of a pull request; `None` if it was never seen.
    ///
    /// # Errors
    /// Its `meta.json` can't be read or understood.
    pub fn load(&self, number: u64) -> Result<Option<Meta>> {
        let path = self.paths.pr_meta(number);
        let meta: Option<Meta> = read::read_json(&path)?;
        match meta {
            Some(meta) if meta.pr_number != number => {
                anyhow::bail!("{} is about pull request {}: move it away", path.display(), meta.pr_number)
            }
            meta => Ok(meta),
        }
    }

    /// Every pull request that was ever seen.
    ///
    /// # Errors
    /// The directory can't be read. A file that can't be is among the problems.
    pub fn all(&self) -> Result<All> {
        Ok(self.these(&self.numbers()?))
    }

    /// The pull requests with these numbers.
    pub fn these(&self, numbers: &[u64]) -> All {
        let mut all = All::default();
        for number in numbers {
            match self.load(*number) {
                Ok(meta) => all.metas.extend(meta),
                Err(error) => all.problems.push(format!("{error:#}")),
            }
        }
        all
    }

    /// The last record of a check; `None` if there is none.
    ///
    /// # Errors
    /// Its file can't be read, or is no check.
    pub fn check(&self, number: u64, check: &Name) -> Result<Option<Check>> {
        let path = self.paths.pr_check(number, check);
        let Some(text) = read::read_text(&path)? else { return Ok(None) };
        gate::parse(check, &text).map(Some).with_context(|| format!("{} is no check: move it away", path.display()))
    }

    /// Takes over what GitHub says of an open pull request.
    ///
    /// # Errors
    /// As for [`Prs::load`]; the store's lock, or the system's.
    pub fn observe(&self, pull: &PullRequest, gate: &Gatekeeper, now: Time) -> Result<Meta> {
        let _lock = crate::store::lock(self.paths)?;
        let before = self.load(pull.number)?;
        let mut meta = before.clone().unwrap_or_default();
        meta.observe(pull, gate, now);
        self.save(before.as_ref(), meta)
    }

    /// Notes that a pull request was merged or closed.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn close(&self, number: u64) -> Result<()> {
        self.change(number, |meta| meta.status = Status::Closed).map(drop)
    }

    /// Notes that a run begins a check; whether the check is still due for that commit.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn begin(&self, due: &DueCheck, run: &str, now: Time) -> Result<bool> {
        let mut begun = false;
        self.change(due.pr, |meta| {
            let recorded = meta.result(&due.check).is_some_and(|result| result.status.is_recorded());
            begun = meta.status != Status::Closed && meta.head_sha == due.commit && !recorded;
            if begun {
                let result = CheckResult {
                    status: CheckStatus::Running,
                    summary: String::new(),
                    time: Some(now),
                    commit: due.commit.clone(),
                    run: Some(run.to_owned()),
                    attempts: due.attempt,
                    given_up: false,
                    ahead: false,
                    missed: None,
                    more: more(meta, &due.check),
                };
                meta.check_results.insert(due.check.clone(), result);
                meta.status = gate::standing(meta);
            }
        })?;
        Ok(begun)
    }

    /// Notes that a run ended without a record: the check is due again, and the attempt counts if it is `charged`. After
    /// `max` attempts that count it is given up.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn give_back(&self, due: &DueCheck, run: &str, charged: bool, max: u32) -> Result<()> {
        let change = |meta: &mut Meta| {
            let result = meta.check_results.get_mut(&due.check);
            let ours =
                |result: &&mut CheckResult| result.status == CheckStatus::Running && result.run.as_deref() == Some(run);
            if let Some(result) = result.filter(ours) {
                result.status = CheckStatus::Pending;
                result.attempts = result.attempts.saturating_sub(u32::from(!charged));
                result.given_up = result.attempts >= max;
                if meta.status != Status::Closed {
                    meta.status = gate::standing(meta);
                }
            }
        };
        self.change(due.pr, change).map(drop)
    }

    /// Records a check: its file, and `meta.json`. A run records only what it has begun: once the user has recorded the
    /// check, or another run has begun it, it is left as it is. Recording it again changes nothing.
    ///
    /// # Errors
    /// As for [`Prs::observe`]; the pull request was never seen.
    pub fn record(&self, number: u64, check: &Check, run: Option<&str>) -> Result<Recorded> {
        let text = check.to_text();
        read::check_size("the check", text.as_bytes())?;
        let _lock = crate::store::lock(self.paths)?;
        let before = self.known(number)?;
        let mut meta = before.clone();
        let earlier = meta.check_results.get(&check.name);
        if run.is_some() && earlier.is_some_and(|earlier| earlier.run.as_deref() != run) {
            return Ok(Recorded { meta: before, taken: Taken::Left });
        }
        let counts = check.commit == meta.head_sha;
        // Begun for the head that is still known, and found another: that one is newer.
        let began = |earlier: &&CheckResult| run.is_some() && earlier.commit == meta.head_sha;
        let missed = match earlier.filter(began) {
            Some(earlier) if !counts => Some(Missed { head: meta.head_sha.clone(), attempts: earlier.attempts }),
            _ => earlier.and_then(|earlier| earlier.missed.clone()),
        };
        let ahead = !counts
            && earlier.is_some_and(|earlier| {
                earlier.commit == meta.head_sha || (earlier.ahead && earlier.commit == check.commit)
            });
        let path = self.paths.pr_check(number, &check.name);
        if read::read_text(&path)?.as_deref() != Some(text.as_str()) {
            atomic::write(&path, text.as_bytes())?;
        }
        let result = CheckResult {
            status: check.status,
            summary: check.summary.clone(),
            time: Some(check.time),
            commit: check.commit.clone(),
            run: run.map(str::to_owned),
            attempts: earlier.filter(|earlier| earlier.commit == check.commit).map_or(1, |earlier| earlier.attempts),
            given_up: false,
            ahead,
            missed,
            more: more(&meta, &check.name),
        };
        meta.check_results.insert(check.name.clone(), result);
        meta.last_checked = Some(check.time);
        if meta.status != Status::Closed {
            meta.status = gate::standing(&meta);
        }
        let taken = if counts { Taken::Counts } else { Taken::Kept };
        Ok(Recorded { meta: self.save(Some(&before), meta)?, taken })
    }

    /// Notes what was carried out on GitHub, and whether a change request of ours stands there now.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn note_carried_out(&self, number: u64, carried_out: &CarriedOut, changes_requested: bool) -> Result<Meta> {
        self.change(number, |meta| {
            let more = meta.carried_out.take().map(|earlier| earlier.more).unwrap_or_default();
            meta.carried_out = Some(CarriedOut { more, ..carried_out.clone() });
            meta.changes_requested = changes_requested;
            meta.failure = None;
        })
    }

    /// Notes that the result of an optional check was reported after the verdict.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn note_reported(&self, number: u64, check: &Name) -> Result<Meta> {
        self.change(number, |meta| {
            if let Some(carried_out) = &mut meta.carried_out {
                carried_out.reported.insert(check.clone());
            }
        })
    }

    /// Notes what keeps a verdict from being carried out, or that nothing does.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn note_failure(&self, number: u64, failure: Option<&VerdictFailure>) -> Result<Meta> {
        self.change(number, |meta| meta.failure = failure.cloned())
    }

    /// Changes what is remembered of feedback.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn note_feedback(&self, number: u64, change: impl FnOnce(&mut Feedback)) -> Result<Meta> {
        self.change(number, |meta| change(&mut meta.feedback))
    }

    /// Changes what is remembered of its way to its base.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn note_landing(&self, number: u64, change: impl FnOnce(&mut Landing)) -> Result<Meta> {
        self.change(number, |meta| change(&mut meta.landing))
    }

    /// Notes that the threads that a task was about have their answer, or never get one.
    ///
    /// # Errors
    /// As for [`Prs::observe`].
    pub fn note_answered(&self, number: u64, task: &Name) -> Result<Meta> {
        self.change(number, |meta| {
            let about =
                meta.fix_tasks.iter_mut().filter(|made| made.task == *task).filter_map(|made| made.about.as_mut());
            about.for_each(|about| about.is_answered = true);
        })
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Meta)) -> Result<Meta> {
        let _lock = crate::store::lock(self.paths)?;
        let before = self.known(number)?;
        let mut meta = before.clone();
        change(&mut meta);
        self.save(Some(&before), meta)
    }

    /// As [`Prs::load`], of one that was seen.
    ///
    /// # Errors
    /// It was never seen, or as for [`Prs::load`].
    pub fn known(&self, number: u64) -> Result<Meta> {
        self.load(number)?.with_context(|| {
            format!("pull request {number} is not known here; `scheduler pr list` lists those that are")
        })
    }

    fn save(&self, before: Option<&Meta>, meta: Meta) -> Result<Meta> {
        if before != Some(&meta) {
            atomic::write(&self.paths.pr_meta(meta.pr_number), &atomic::json(&meta)?)?;
        }
        Ok(meta)
    }
}

/// The fields of a later version that stand at a check.
fn more(meta: &Meta, check: &Name) -> serde_json::Map<String, serde_json::Value> {
    meta.check_results.get(check).map(|result| result.more.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
