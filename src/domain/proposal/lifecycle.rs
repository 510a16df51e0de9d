//! What may become of a proposal, and at whose hands.

use super::ProposalState::{self, Active, Deferred, Promoted, Rejected};

impl ProposalState {
    /// What is done to a proposal that gets there.
    fn verb(self) -> &'static str {
        match self {
            Active => "reactivate",
            Promoted => "promote",
            Deferred => "defer",
            Rejected => "reject",
        }
    }
}

/// Whether a proposal may go from one state to another.
///
/// # Errors
/// Why not, as the end of a sentence that begins with the proposal's id.
pub fn may_become(from: ProposalState, to: ProposalState, by_agent: bool) -> Result<(), String> {
    let possible: &[ProposalState] = match from {
        Active => &[Promoted, Rejected, Deferred],
        Deferred => &[Promoted, Rejected, Active],
        Rejected => &[Active],
        Promoted => &[],
    };
    let is_the_users = from == Rejected && by_agent;
    match (possible.contains(&to), is_the_users) {
        (true, false) => Ok(()),
        (true, true) => Err(format!("is {from}: only the user may {} it", to.verb())),
        (false, _) => {
            let possible: Vec<_> = possible.iter().filter(|_| !is_the_users).map(|to| to.verb()).collect();
            let possible = if possible.is_empty() { "nothing".to_owned() } else { possible.join(", ") };
            Err(format!("is {from} and can't be put through {}; possible there: {possible}", to.verb()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transition() {
        // For each state and the one to be reached: whether the user may, and an agent.
        for (from, to, user, agent) in [
            (Active, Promoted, true, true),
            (Active, Rejected, true, true),
            (Active, Deferred, true, true),
            (Active, Active, false, false),
            (Promoted, Promoted, false, false),
            (Promoted, Rejected, false, false),
            (Promoted, Deferred, false, false),
            (Promoted, Active, false, false),
            (Deferred, Promoted, true, true),
            (Deferred, Rejected, true, true),
            (Deferred, Deferred, false, false),
            (Deferred, Active, true, true),
            (Rejected, Promoted, false, false),
            (Rejected, Rejected, false, false),
            (Rejected, Deferred, false, false),
            (Rejected, Active, true, false),
        ] {
            assert_eq!(may_become(from, to, false).is_ok(), user, "the user: {from} {to}");
            assert_eq!(may_become(from, to, true).is_ok(), agent, "an agent: {from} {to}");
        }
        assert!(may_become(Rejected, Promoted, false).unwrap_err().contains("possible there: reactivate"));
        assert!(may_become(Promoted, Rejected, true).unwrap_err().contains("possible there: nothing"));
    }
}
