//! A verdict that an agent gave in its last answer and nowhere else is asked for in its name, like all that it asks.

use super::context::Run;
use crate::domain::job::Job;
use crate::domain::last_answer;
use crate::domain::name::Name;
use crate::domain::proposal::ProposalState;
use crate::domain::stream::StreamFacts;
use crate::store::proposals::Proposals;
use crate::store::requests;
use anyhow::Result;
use std::collections::BTreeSet;

/// Puts the requests into the folder of the run, which is then answered to its end.
pub fn hand_in(run: &Run<'_>, facts: &StreamFacts) -> Result<()> {
    let result = facts.result.as_ref().filter(|result| !result.is_error);
    let Some(answer) = result.and_then(|result| result.structured_output.as_ref()) else { return Ok(()) };
    if run.files.review().exists() || run.files.check().exists() {
        return Ok(());
    }
    let open: BTreeSet<Name> = match run.assignment.job {
        // What was judged by a command is active no more.
        Job::Curate => {
            let active = Proposals::new(run.paths()).good(ProposalState::Active)?;
            active.into_iter().map(|proposal| proposal.id).collect()
        }
        _ => BTreeSet::new(),
    };
    let asked = last_answer::requests(run.assignment.role, answer, &|id| open.contains(id));
    for (at, request) in asked.iter().enumerate() {
        tracing::debug!(?request, "a verdict of the last answer");
        requests::put(&run.files, &format!("last-answer-{at}").parse()?, request)?;
    }
    Ok(())
}

/// Whether there is something to be handed in.
pub fn is_there(facts: &StreamFacts) -> bool {
    facts.result.as_ref().is_some_and(|result| !result.is_error && result.structured_output.is_some())
}
