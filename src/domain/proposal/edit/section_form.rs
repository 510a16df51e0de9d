//! A judgement as a section of its own, `## Rejection` or `## Deferral` with `### Reason` in it, as users and agents of the
//! Python system write it. It is only read.

use crate::domain::markdown::{field, sections};
use crate::domain::proposal::ProposalState;

const NAMES: [(&str, ProposalState); 2] =
    [("Rejection", ProposalState::Rejected), ("Deferral", ProposalState::Deferred)];

/// Where it begins, with the rule above it: it is the last section of the file.
pub(super) fn begin(text: &str) -> Option<usize> {
    let (name, range) = sections(text).pop()?;
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let above = text[..range.start].trim_end();
    let above_rule = above.strip_suffix("---").filter(|rest| rest.ends_with('\n'));
    Some(above_rule.map_or(range.start, str::len))
}

/// What was decided there, and why: what stands below the last heading, but for the fields.
pub(super) fn read(block: &str) -> Option<(ProposalState, String)> {
    let (name, range) = sections(block).pop()?;
    let (_, state) = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let said = &block[range];
    let reason = said.split_once("\n### Reason").map_or(said, |(_, reason)| reason);
    let lines = reason.lines().skip(1).map(str::trim_end).filter(|line| field(line).is_none());
    Some((*state, lines.collect::<Vec<_>>().join("\n").trim().to_owned()))
}
