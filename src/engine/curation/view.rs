//! What the prompts of a proposer and a curator say of the proposals.

use super::{overlaps, surroundings};
use crate::domain::config::Config;
use crate::domain::name::Name;
use crate::domain::prompt::{CurationView, JudgedProposal, OwnProposal, ProposerView};
use crate::domain::proposal::{self, Proposal, ProposalState};
use crate::domain::time::Time;
use crate::store::paths::Paths;
use crate::store::proposals::Proposals;
use crate::store::queue::Queue;
use anyhow::Result;
use chrono::Duration;

/// How long a proposer is reminded of its rejections and shown its promotions, in days.
const REMINDED_DAYS: i64 = 30;

/// The most bytes of proposals that a curator is shown whole: more would not be read.
const MAX_SHOWN: usize = 300_000;

/// What `proposer` must know to propose nothing twice.
///
/// # Errors
/// A directory can't be read.
pub fn proposer_view(paths: &Paths, config: &Config, proposer: &Name, now: Time) -> Result<ProposerView> {
    let proposals = Proposals::new(paths);
    let own = |state| -> Result<Vec<Proposal>> {
        let all = proposals.good(state)?.into_iter();
        Ok(all.filter(|proposal| proposal.idea.proposer == *proposer).collect())
    };
    let recent = |proposal: &Proposal| {
        let at = proposal.judgement.as_ref().and_then(|judgement| judgement.at);
        at.is_none_or(|at| at > now - Duration::days(REMINDED_DAYS))
    };
    let active = own(ProposalState::Active)?;
    let limits = config.limits_of(proposer);
    let count = u32::try_from(active.len()).unwrap_or(u32::MAX);
    let promoted = own(ProposalState::Promoted)?.into_iter().filter(recent).collect();
    let shown = [
        (ProposalState::Active, active),
        (ProposalState::Deferred, own(ProposalState::Deferred)?),
        (ProposalState::Promoted, promoted),
    ];
    let lines = shown.iter().flat_map(|(state, proposals)| proposals.iter().map(|one| line(one, *state)));
    let rejected = own(ProposalState::Rejected)?;
    let rejected = rejected.iter().filter(|one| recent(one)).map(|one| line(one, ProposalState::Rejected));
    Ok(ProposerView {
        room: limits.max_per_run.get().min(limits.max_active.get().saturating_sub(count)),
        own: lines.collect(),
        rejected: rejected.collect(),
    })
}

/// What a curator judges, the highest score first, and which these are, with their fingerprints.
///
/// # Errors
/// A directory can't be read.
pub fn curation_view(paths: &Paths, config: &Config) -> Result<(CurationView, Vec<(Name, u64)>)> {
    let proposals = Proposals::new(paths);
    let (active, deferred) = proposals.open()?;
    let around = surroundings(paths, &active)?;
    let open = [&active[..], &deferred].concat();
    let mut others: Vec<_> = deferred.iter().map(|one| line(one, ProposalState::Deferred)).collect();
    let (mut scored, mut shown) = (Vec::new(), Vec::new());
    let mut note = None;
    for one in &active {
        if !proposal::partners(one, &active, &deferred).is_empty() {
            others.push(line(one, ProposalState::Active));
            continue;
        }
        let score = proposal::score(one, config, &around);
        note = note.or(score.note.clone());
        shown.push((one.id.clone(), one.fingerprint));
        let judged = JudgedProposal {
            id: one.id.clone(),
            score: format!("{:.2}", score.total),
            factors: score.factors.iter().map(ToString::to_string).collect(),
            overlaps: overlaps(paths, one, &open)?,
            text: proposals.get(&one.id)?.text,
        };
        scored.push((score.total, judged, one));
    }
    scored.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
    let (mut whole, mut more, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (_, judged, one) in scored {
        bytes += judged.text.len();
        if bytes <= MAX_SHOWN {
            whole.push(judged);
        } else {
            more.push(line(one, ProposalState::Active));
        }
    }
    let view = CurationView {
        pending: Queue::new(paths).pending()?,
        limit: config.queue_limits.max_incoming.get(),
        note,
        proposals: whole,
        more,
        others,
    };
    Ok((view, shown))
}

fn line(proposal: &Proposal, state: ProposalState) -> OwnProposal {
    OwnProposal {
        id: proposal.id.clone(),
        state,
        title: proposal.idea.title.clone(),
        files: proposal.idea.files.join(", "),
        reason: proposal.reason().unwrap_or_default().to_owned(),
    }
}
