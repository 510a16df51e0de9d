//! The steps of a judgement. Each is done once: what an earlier try has done already is left as it is.

use super::unfinished::BlockedProposal;
use super::{Proposals, Unfinished};
use crate::domain::name::Name;
use crate::domain::proposal::{self, Judgement, KnownConflict, Proposal, ProposalState, ProposalVerdict};
use crate::domain::time::Time;
use crate::store::messages;
use crate::store::queue::Queue;
use crate::sys::atomic::{self, Moved, Rewritten};
use anyhow::Result;

impl Proposals<'_> {
    /// Every step of it; what is done already is not done again.
    pub(super) fn carry_out(&self, what: &Unfinished, now: Time) -> Result<()> {
        match what {
            Unfinished::Judge { id, from, judgement, blocked_by, overlaps } => {
                let to = judgement.verdict.state();
                let edit = |text: &str, proposal: &Proposal| {
                    proposal::with_judgement(text, Some(judgement), &proposal.conflicts)
                };
                let Some(judged) = self.edit(id, *from, to, edit)? else { return Ok(()) };
                if let (Some(task), Some(new)) =
                    (judged.task(), proposal::task(&judged, judgement, blocked_by, overlaps))
                {
                    // Whether it is there already or is created now is all the same.
                    Queue::new(self.paths).add_as(task, &new, judgement.at.unwrap_or(now))?;
                }
                self.settle_questions(&judged, to, now)?;
                self.relocate(id, *from, to)
            }
            Unfinished::Reactivate { id, from } => self.reactivate_step(id, *from, now),
            Unfinished::Conflict { ids: [a, b], judgement } => self.conflict_step(a, b, judgement),
        }
    }

    /// The task that completing a judgement adds to the queue, with its text; `None` if it adds none.
    pub fn task_to_come(&self, what: &Unfinished, now: Time) -> Option<(Name, String)> {
        let Unfinished::Judge { id, judgement, blocked_by, overlaps, .. } = what else { return None };
        let ProposalVerdict::Promoted { task, .. } = &judgement.verdict else { return None };
        let new = proposal::task(&self.get(id).ok()?.proposal, judgement, blocked_by, overlaps)?;
        let is_new = Queue::new(self.paths).find(task).is_ok_and(|found| found.is_none());
        is_new.then(|| (task.clone(), new.to_text(task, judgement.at.unwrap_or(now))))
    }

    /// Brings one back. Who brings back both of a pair that was marked finds that they can be had together.
    fn reactivate_step(&self, id: &Name, from: ProposalState, now: Time) -> Result<()> {
        let mut ended = Vec::new();
        if let Some(found) = self.get_in(from, id).ok().flatten() {
            for known in &found.proposal.conflicts {
                let Some(other) = self.get_in(ProposalState::Active, &known.with).ok().flatten() else { continue };
                if proposal::is_only_marked(&found.proposal, &other.proposal) {
                    self.edit(&known.with, ProposalState::Active, ProposalState::Active, |text, other| {
                        proposal::with_judgement(text, other.judgement.as_ref(), &without(other, &[id]))
                    })?;
                    ended.push(known.with.clone());
                }
            }
        }
        let ended: Vec<_> = ended.iter().collect();
        let edit = |text: &str, proposal: &Proposal| proposal::with_judgement(text, None, &without(proposal, &ended));
        let Some(back) = self.edit(id, from, ProposalState::Active, edit)? else { return Ok(()) };
        self.settle_questions(&back, ProposalState::Active, now)?;
        self.relocate(id, from, ProposalState::Active)
    }

    fn conflict_step(&self, a: &Name, b: &Name, judgement: &Judgement) -> Result<()> {
        let open = [ProposalState::Active, ProposalState::Deferred];
        let mut found = Vec::new();
        for id in [a, b] {
            let state = open.into_iter().find(|&state| self.exists(state, id));
            let one = state.map(|state| self.get_in(state, id)).transpose()?.flatten();
            found.extend(one.map(|one| (id, one.state, one.proposal.fingerprint)));
        }
        // One of them decided meanwhile: there is nothing left to choose between.
        let [(_, _, print_a), (_, _, print_b)] = found[..] else { return Ok(()) };
        for ((id, state, own), (with, other)) in found.iter().zip([(b, print_b), (a, print_a)]) {
            let known = KnownConflict { with: with.clone(), own: *own, other };
            let edit = |text: &str, proposal: &Proposal| {
                let mut conflicts = without(proposal, &[&known.with]);
                conflicts.push(known.clone());
                proposal::with_judgement(text, Some(judgement), &conflicts)
            };
            if self.edit(id, *state, ProposalState::Deferred, edit)?.is_some() {
                self.relocate(id, *state, ProposalState::Deferred)?;
            }
        }
        Ok(())
    }

    /// Notes in the questions about a contradiction that they are decided, now that one side is judged or back.
    fn settle_questions(&self, judged: &Proposal, to: ProposalState, now: Time) -> Result<()> {
        if judged.conflicts.is_empty() {
            return Ok(());
        }
        for question in messages::questions(self.paths)?.into_iter().filter(|listed| listed.answer.is_none()) {
            let Some(ids) = proposal::question_of(&question.message) else { continue };
            let Some(other) = ids.iter().find(|other| **other != judged.id).filter(|_| ids.contains(&judged.id)) else {
                continue;
            };
            let now_is = if to == ProposalState::Active { "is active again".to_owned() } else { format!("was {to}") };
            let still = match self.whereabouts(other) {
                Some(ProposalState::Deferred) => format!(
                    " {other} stays deferred until you promote, reject or reactivate it: `scheduler proposal show {other}`"
                ),
                _ => String::new(),
            };
            messages::answer(&question, &format!("Decided: {} {now_is}.{still}", judged.id), now)?;
        }
        Ok(())
    }

    /// Edits a proposal where it is; `None` if it isn't there any more, or is where it is to go.
    fn edit(
        &self,
        id: &Name,
        from: ProposalState,
        to: ProposalState,
        edit: impl Fn(&str, &Proposal) -> String,
    ) -> Result<Option<Proposal>> {
        let (here, there) = (self.path(from, id), self.path(to, id));
        if from != to && atomic::is_taken(&here, &there) {
            if self.exists(from, id) {
                return Err(BlockedProposal::in_two_places(id, [from, to]).into());
            }
            return Ok(None);
        }
        let mut problems = Vec::new();
        let rewritten = atomic::rewrite(&here, |text| match proposal::parse(id, text) {
            Ok(proposal) => Some(edit(text, &proposal)),
            Err(found) => {
                problems = found;
                None
            }
        })?;
        match rewritten {
            Rewritten::Gone => Ok(None),
            Rewritten::Unchanged(_) if !problems.is_empty() => {
                Err(BlockedProposal::unreadable(&here, &problems).into())
            }
            Rewritten::Written(text) | Rewritten::Unchanged(text) => Ok(proposal::parse(id, &text).ok()),
        }
    }

    fn relocate(&self, id: &Name, from: ProposalState, to: ProposalState) -> Result<()> {
        if from == to {
            return Ok(());
        }
        match atomic::move_no_replace(&self.path(from, id), &self.path(to, id))? {
            // Not there: the user was quicker, and that counts.
            Moved::Done | Moved::NotFound => Ok(()),
            Moved::AlreadyExists => Err(BlockedProposal::in_two_places(id, [from, to]).into()),
        }
    }
}

/// The contradictions of a proposal but those with these.
fn without(proposal: &Proposal, ids: &[&Name]) -> Vec<KnownConflict> {
    proposal.conflicts.iter().filter(|known| !ids.contains(&&known.with)).cloned().collect()
}
