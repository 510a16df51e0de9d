//! Landing: what is green is merged, one after the other on each base, and how far each is is noted. Each step done again does
//! nothing: a merge names the head commit, and what is merged is not among the open ones any more.

use super::verdicts::At;
use super::{Coordinator, StepError};
use crate::domain::config::Merge;
use crate::domain::gate::Meta;
use crate::domain::landing::{self, Candidate, Hold, Landed, Stage, Turn, Updated, Way};
use crate::domain::pull_request::{Base, Ours, PullRequest, mends_branch};
use crate::engine::run::{Merged, Tip};
use crate::exec::github::OpenPulls;
use anyhow::Result;
use std::collections::BTreeSet;

/// How many that are ready are looked at in one run.
const TRIED: usize = 5;

/// What happened to the turn of one that is ready.
enum Tried {
    /// It was merged, or brought up to date.
    Done,
    /// Another one may go on.
    Not,
}

impl Coordinator<'_> {
    /// Notes how far each is, then lands what can be.
    pub(super) fn land(
        &self,
        known: &[(&PullRequest, Meta)],
        ours: &Ours,
        open: &OpenPulls,
    ) -> Result<(), (u64, StepError)> {
        let mut of_agents = Vec::new();
        for (pull, meta) in known.iter().filter(|(pull, _)| pull.is_of_agent()) {
            let failed = |error: anyhow::Error| (pull.number, StepError::from(error));
            // What was carried out since counts.
            let Some(meta) = self.prs().load(meta.pr_number).map_err(failed)? else { continue };
            let head = ours.heads.get(&pull.number).filter(|head| head.commit == meta.head_sha);
            let head = head.and_then(|head| Some((head, ours.base_of(head)?)));
            let way = landing::way(&meta, self.gate.enabled, head, self.pull_requests.merge);
            let meta = self.prs().note_landing(pull.number, |landing| landing.way = Some(way)).map_err(failed)?;
            of_agents.extend(head.map(|(head, base)| (*pull, meta, head, base)));
        }
        if self.pull_requests.merge == Merge::Off {
            return Ok(());
        }
        let bases: BTreeSet<&str> = of_agents.iter().map(|(_, _, head, _)| head.base.as_str()).collect();
        for name in bases {
            let Some(base) = ours.bases.get(name) else { continue };
            let on_base = of_agents.iter().filter(|(_, _, head, _)| head.base == name);
            let candidates: Vec<Candidate<'_>> = on_base
                .map(|(pull, meta, head, _)| Candidate { meta, head, mends_base: mends_branch(&pull.branch, name) })
                .collect();
            self.land_on(name, base, &candidates, known, open)?;
        }
        Ok(())
    }

    fn land_on(
        &self,
        name: &str,
        base: &Base,
        candidates: &[Candidate<'_>],
        known: &[(&PullRequest, Meta)],
        open: &OpenPulls,
    ) -> Result<(), (u64, StepError)> {
        let now = (self.clock)();
        for one in candidates.iter().filter(|one| one.head.auto_merge) {
            self.keep_auto(one).map_err(|error| (one.meta.pr_number, error))?;
        }
        let own =
            |error: anyhow::Error| (candidates.first().map_or(0, |one| one.meta.pr_number), StepError::from(error));
        let last = self.last_landing(name).map_err(own)?;
        let (turn, ready) = landing::turn(candidates, base, last, now);
        let first = ready.first().map(|one| one.meta.pr_number);
        let waits = match turn {
            Turn::Wait(Hold::Red) => {
                let number = candidates.first().map_or(0, |one| one.meta.pr_number);
                self.mend_base(name, base, open).map_err(|error| (number, error))?;
                format!("{name} to be green again")
            }
            Turn::Wait(Hold::Pending) => format!("the checks of {name}, on which something landed"),
            Turn::Of(number) => format!("#{number}, which lands first"),
            Turn::Next => {
                let pull_of = |one: &Candidate<'_>| known.iter().find(|(pull, _)| pull.number == one.meta.pr_number);
                let tries: Vec<_> = ready.iter().take(TRIED).filter_map(|one| Some((one, pull_of(one)?.0))).collect();
                self.take_turn(base, &tries)?;
                first.map_or(String::new(), |first| format!("#{first}, which lands first"))
            }
        };
        for one in candidates {
            let is_first = turn == Turn::Next && Some(one.meta.pr_number) == first;
            let is_ready = one.meta.landing.way.as_ref().is_some_and(|way| way.stage == Stage::Landing);
            if is_ready && !is_first && !one.head.auto_merge {
                self.note_waits(one, &waits).map_err(|error| (one.meta.pr_number, error.into()))?;
            }
        }
        Ok(())
    }

    fn note_waits(&self, one: &Candidate<'_>, waits_for: &str) -> Result<()> {
        let way = Way { stage: Stage::Landing, waits_for: waits_for.to_owned() };
        self.prs().note_landing(one.meta.pr_number, |landing| landing.way = Some(way)).map(drop)
    }

    /// The first that contains its base is merged; where none does, the first is brought up to date.
    fn take_turn(&self, base: &Base, ready: &[(&Candidate<'_>, &PullRequest)]) -> Result<(), (u64, StepError)> {
        for up_to_date in [true, false] {
            for (one, pull) in ready.iter().filter(|(one, _)| !one.head.auto_merge) {
                let at = |error| (pull.number, error);
                let contains = (self.contains)(Tip::Of(pull), &base.commit).map_err(|error| at(error.into()))?;
                if contains != Some(up_to_date) {
                    continue;
                }
                let tried = if up_to_date { self.merge_now(one, base) } else { self.update(one, pull, base) };
                if matches!(tried.map_err(at)?, Tried::Done) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn merge_now(&self, one: &Candidate<'_>, base: &Base) -> Result<Tried, StepError> {
        let (number, commit) = (one.meta.pr_number, &one.head.commit);
        // An admin's own merge would pass the rules of the branch.
        let auto = base.rule.is_some() || matches!(one.head.merge_state.as_str(), "BLOCKED" | "BEHIND");
        if auto {
            self.prs().note_landing(number, |landing| landing.auto = Some(commit.clone()))?;
        }
        self.github.merge(number, commit, self.pull_requests.merge_method, auto).at("merge")?;
        tracing::info!(number, %commit, auto, "merged");
        self.note_waits(one, if auto { "GitHub to merge it" } else { "its base to have it" })?;
        Ok(Tried::Done)
    }

    fn update(&self, one: &Candidate<'_>, pull: &PullRequest, base: &Base) -> Result<Tried, StepError> {
        match (self.merge)(pull, &one.head.base)? {
            Merged::Pushed => {
                let updated = Updated { base: base.commit.clone(), at: (self.clock)() };
                let way = Way { stage: Stage::Checks, waits_for: "checks, since it was brought up to date".to_owned() };
                self.prs().note_landing(pull.number, |landing| {
                    landing.updated = Some(updated);
                    landing.way = Some(way);
                })?;
                Ok(Tried::Done)
            }
            Merged::Conflict(files) => {
                self.note_waits(one, &format!("a conflict in {} files to be resolved", files.len()))?;
                Ok(Tried::Not)
            }
            Merged::NotNow(why) => {
                tracing::warn!(number = pull.number, why, "not brought up to date");
                Ok(Tried::Not)
            }
        }
    }

    /// GitHub merges one by itself only as it was when it was told to.
    fn keep_auto(&self, one: &Candidate<'_>) -> Result<(), StepError> {
        let (number, ours) = (one.meta.pr_number, one.meta.landing.auto.as_ref());
        match ours {
            Some(commit) if *commit != one.head.commit => {
                self.github.disable_auto_merge(number).at("merge")?;
                self.prs().note_landing(number, |landing| landing.auto = None)?;
                Ok(())
            }
            _ => Ok(self.note_waits(one, "GitHub to merge it")?),
        }
    }

    /// When something last landed on a base.
    fn last_landing(&self, base: &str) -> Result<Option<crate::domain::time::Time>> {
        let all = self.prs().all()?.metas.into_iter().filter(|meta| meta.base == base);
        Ok(all.filter_map(|meta| meta.landing.landed.map(|landed| landed.at)).max())
    }

    /// Whether one that isn't open any more needs no more looks: it was closed, or it has landed, which is noted.
    pub(super) fn is_over(&self, meta: &Meta) -> Result<bool> {
        if meta.fork || !meta.branch.starts_with("agent/") {
            return Ok(true);
        }
        let ended = match self.github.ended(meta.pr_number) {
            Ok(ended) => ended,
            Err(error) => return Ok(error.is_of_one() && !matches!(error, crate::exec::github::GhError::Other { .. })),
        };
        let Some(commit) = ended.merged() else { return Ok(ended.state != "OPEN") };
        if (self.contains)(Tip::Branch(&meta.base), commit)? != Some(true) {
            return Ok(false);
        }
        let landed = Landed { commit: commit.to_owned(), at: (self.clock)() };
        self.prs().note_landing(meta.pr_number, |landing| {
            landing.landed = Some(landed);
            landing.way = Some(Way { stage: Stage::Landed, waits_for: String::new() });
        })?;
        Ok(true)
    }
}
