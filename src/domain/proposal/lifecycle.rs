//! What may become of a proposal, and at whose hands: one table.

use super::ProposalState;
use std::fmt;

/// One step in the life of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It becomes a task.
    Promote,
    /// It is turned down for good.
    Reject,
    /// It is put off.
    Defer,
    /// It is to be judged again.
    Reactivate,
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Promote => "promote",
            Self::Reject => "reject",
            Self::Defer => "defer",
            Self::Reactivate => "reactivate",
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Anybody,
    Person,
}

use ProposalState::{Active, Deferred, Promoted, Rejected};

/// Every step that is allowed: from where, which, for whom, to where.
const ALLOWED: [(ProposalState, Transition, Who, ProposalState); 7] = [
    (Active, Transition::Promote, Who::Anybody, Promoted),
    (Active, Transition::Reject, Who::Anybody, Rejected),
    (Active, Transition::Defer, Who::Anybody, Deferred),
    (Deferred, Transition::Promote, Who::Anybody, Promoted),
    (Deferred, Transition::Reject, Who::Anybody, Rejected),
    (Deferred, Transition::Reactivate, Who::Anybody, Active),
    (Rejected, Transition::Reactivate, Who::Person, Active),
];

/// Where a step leads.
///
/// # Errors
/// Why it is not allowed, as the end of a sentence that begins with the proposal's id.
pub fn next(from: ProposalState, step: Transition, by_agent: bool) -> Result<ProposalState, String> {
    let row = ALLOWED.iter().find(|(state, allowed, _, _)| (*state, *allowed) == (from, step));
    match row {
        Some((_, _, Who::Person, _)) if by_agent => Err(format!("is {from}: only a person may {step} it")),
        Some((_, _, _, to)) => Ok(*to),
        None => {
            let possible: Vec<_> = ALLOWED
                .iter()
                .filter(|(state, _, who, _)| *state == from && !(by_agent && *who == Who::Person))
                .map(|(_, step, _, _)| step.to_string())
                .collect();
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
        // For each state and step: where it leads a person, and an agent.
        for (from, step, person, agent) in [
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
            assert_eq!(next(from, step, false).ok(), person, "a person: {from} {step}");
            assert_eq!(next(from, step, true).ok(), agent, "an agent: {from} {step}");
        }
        assert!(next(Rejected, Promote, false).unwrap_err().contains("possible there: reactivate"));
        assert!(next(Promoted, Reject, true).unwrap_err().contains("possible there: nothing"));
    }
}
