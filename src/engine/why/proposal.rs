//! What became of a proposal, and what it waits for.

use super::{Explanation, task};
use crate::domain::name::Name;
use crate::domain::proposal::{Proposal, ProposalState, ProposalVerdict};
use crate::domain::text::one_line;
use crate::domain::time::{self, Time};
use crate::engine::project::Project;
use crate::store::proposals::Proposals;
use anyhow::Result;

/// Explains a proposal; `None` if there is none of that name.
pub(super) fn explain(project: &Project, name: &Name, now: Time) -> Result<Option<Explanation>> {
    let proposals = Proposals::new(&project.paths);
    let Some(found) = proposals.called(name)? else { return Ok(None) };
    let (id, state) = (found.id, found.state);
    let proposal = match proposals.parsed(state, &id, &found.text) {
        Ok(proposal) => proposal,
        Err(bad) => return Ok(Some(Explanation::new(&id, super::left_alone(&id, &bad.problems)))),
    };
    let mut lines = Explanation::new(&id, format!("{id} {}", stands(state, &proposal, now)));
    lines.at(1, one_line(&proposal.idea.title));
    if let Some(reason) = proposal.reason() {
        lines.at(1, format!("because: {}", one_line(reason)));
    }
    match state {
        ProposalState::Promoted => {
            let about = task::explain(project, None, proposal.task(), now)?;
            about.into_iter().flat_map(|about| about.lines).for_each(|line| lines.at(line.depth + 1, line.text));
        }
        ProposalState::Active => {
            lines.at(1, format!("`scheduler proposal promote {id}` or `reject {id} --reason TEXT` decides"))
        }
        ProposalState::Deferred | ProposalState::Rejected => {
            lines.at(1, format!("`scheduler proposal reactivate {id}` brings it back"));
        }
    }
    Ok(Some(lines))
}

fn stands(state: ProposalState, proposal: &Proposal, now: Time) -> String {
    let judged = proposal.judgement.as_ref();
    let by = judged.map_or(String::new(), |judged| format!(" by {}", one_line(&judged.by)));
    let ago =
        judged.and_then(|judged| judged.at).map_or(String::new(), |at| format!(" {} ago", time::between(at, now)));
    match (state, judged.map(|judged| &judged.verdict)) {
        (ProposalState::Active, _) => "waits to be judged".to_owned(),
        (ProposalState::Promoted, _) => format!("was promoted{by}{ago}"),
        (ProposalState::Rejected, _) => format!("was rejected{by}{ago}"),
        (ProposalState::Deferred, Some(ProposalVerdict::Deferred { until: Some(until), .. })) => {
            format!("was deferred{by}{ago}, and comes back at {}", time::local(*until))
        }
        (ProposalState::Deferred, _) => format!("was deferred{by}{ago}, until you decide"),
    }
}
