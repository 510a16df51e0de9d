//! What may become of a proposal, and at whose hands: one table.

use super::ProposalState;
use crate::domain::words::words;

words! {
    "a transition"
    /// One step in the life of a proposal.
    pub enum Transition {
        /// It becomes a task.
        Promote = "promote",
        /// It is turned down for good.
        Reject = "reject",
        /// It is put off.
        Defer = "defer",
        /// It is to be judged again.
        Reactivate = "reactivate",
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    AgentsToo,
    TheUser,
}

use ProposalState::{Active, Deferred, Promoted, Rejected};

/// Every step that is allowed: from where, which, for whom, to where.
const ALLOWED: [(ProposalState, Transition, Who, ProposalState); 7] = [
    (Active, Transition::Promote, Who::AgentsToo, Promoted),
    (Active, Transition::Reject, Who::AgentsToo, Rejected),
    (Active, Transition::Defer, Who::AgentsToo, Deferred),
    (Deferred, Transition::Promote, Who::AgentsToo, Promoted),
    (Deferred, Transition::Reject, Who::AgentsToo, Rejected),
    (Deferred, Transition::Reactivate, Who::AgentsToo, Active),
    (Rejected, Transition::Reactivate, Who::TheUser, Active),
];

/// Where a step leads.
///
/// # Errors
/// Why it is not allowed, as the end of a sentence that begins with the proposal's id.
pub fn next(from: ProposalState, step: Transition, by_agent: bool) -> Result<ProposalState, String> {
    let mut possible = ALLOWED.iter().filter(|(state, ..)| *state == from);
    match possible.clone().find(|(_, allowed, ..)| *allowed == step) {
        Some((_, _, Who::TheUser, _)) if by_agent => Err(format!("is {from}: only the user may {step} it")),
        Some((.., to)) => Ok(*to),
        None => {
            let possible = possible.by_ref().filter(|(_, _, who, _)| !by_agent || *who == Who::AgentsToo);
            let possible: Vec<_> = possible.map(|(_, step, ..)| step.word()).collect();
            let possible = if possible.is_empty() { "nothing".to_owned() } else { possible.join(", ") };
            Err(format!("is {from} and can't be put through {step}; possible there: {possible}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transition() {
        use Transition::{Defer, Promote, Reactivate, Reject};
        let yes = Some;
        // For each state and step: where it leads the user, and an agent.
        for (from, step, user, agent) in [
            (Active, Promote, yes(Promoted), yes(Promoted)),
            (Active, Reject, yes(Rejected), yes(Rejected)),
            (Active, Defer, yes(Deferred), yes(Deferred)),
            (Active, Reactivate, None, None),
            (Promoted, Promote, None, None),
            (Promoted, Reject, None, None),
            (Promoted, Defer, None, None),
            (Promoted, Reactivate, None, None),
            (Deferred, Promote, yes(Promoted), yes(Promoted)),
            (Deferred, Reject, yes(Rejected), yes(Rejected)),
            (Deferred, Defer, None, None),
            (Deferred, Reactivate, yes(Active), yes(Active)),
            (Rejected, Promote, None, None),
            (Rejected, Reject, None, None),
            (Rejected, Defer, None, None),
            (Rejected, Reactivate, yes(Active), None),
        ] {
            assert_eq!(next(from, step, false).ok(), user, "the user: {from} {step}");
            assert_eq!(next(from, step, true).ok(), agent, "an agent: {from} {step}");
        }
        assert!(next(Rejected, Promote, false).unwrap_err().contains("possible there: reactivate"));
        assert!(next(Promoted, Reject, true).unwrap_err().contains("possible there: nothing"));
    }
}
