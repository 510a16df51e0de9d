//! The task that a proposal becomes.

use super::{Judgement, Proposal, ProposalVerdict};
use crate::domain::markdown::without_headings;
use crate::domain::name::Name;
use crate::domain::task::NewTask;

/// The task of a promoted proposal: its context, its criteria and its files. `None` for any other verdict.
pub fn task(proposal: &Proposal, judgement: &Judgement, blocked_by: &[Name], overlaps: &[Name]) -> Option<NewTask> {
    let ProposalVerdict::Promoted { role, priority, branch, .. } = &judgement.verdict else { return None };
    let idea = &proposal.idea;
    let mut parts = vec![idea.summary.clone(), idea.rationale.clone()];
    parts.extend(idea.benefits().map(|(label, said)| format!("{label}: {said}")));
    let (by, id) = (&idea.proposer, &proposal.id);
    parts.push(format!("Proposed by {by} as {id} ({}, complexity {}).", idea.category, idea.complexity));
    // A heading in a hand-written proposal would begin a section of the task.
    let parts = parts.iter().map(|part| without_headings(part).trim().to_owned());
    let parts = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>();
    Some(NewTask {
        title: idea.title.clone(),
        role: *role,
        priority: *priority,
        branch: branch.clone(),
        context: parts.join("\n\n"),
        criteria: idea.criteria.clone(),
        files: idea.files.clone(),
        blocked_by: blocked_by.to_vec(),
        overlaps: overlaps.to_vec(),
        created_by: judgement.by.clone(),
        proposal: Some(proposal.id.clone()),
        ..NewTask::default()
    })
}
