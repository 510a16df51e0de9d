//! What became of each agent in a tick, and what there is to say of one that has started nobody, in one line.

use super::{Decision, Reason};
use crate::domain::name::Name;
use crate::domain::text::counted;
use crate::domain::time::{self, Time};
use serde::Serialize;

/// How many reasons are given.
const SOME: usize = 2;

/// The agents' names with their decisions, as `cache/last-tick.json` holds them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decided {
    /// The agent.
    pub agent: Name,
    /// What became of it.
    pub decision: Decision,
}

/// Why nobody was started, and when the next one is due.
pub fn nothing_started(decided: &[Decided], now: Time) -> String {
    let skips = || {
        decided.iter().filter_map(|one| match &one.decision {
            Decision::Skip(reason) => Some((&one.agent, reason)),
            Decision::Start(_) => None,
        })
    };
    if let Some((agent, reason)) = skips().find(|(_, reason)| holds_everybody(reason)) {
        let words = reason.words(agent, now);
        return format!("nothing started: {}; {}", words.explanation, words.remedy);
    }
    let (mut parts, mut working, mut next) = (Vec::new(), 0, None::<(&Name, Time)>);
    for (agent, reason) in skips() {
        match reason {
            Reason::Running { .. } | Reason::Recovering => working += 1,
            Reason::NotDue { due_at } | Reason::Backoff { until: due_at, .. } => {
                next = next.filter(|(_, at)| at <= due_at).or(Some((agent, *due_at)));
            }
            _ => {
                let summary = reason.words(agent, now).summary;
                parts.extend((!parts.contains(&summary)).then_some(summary));
            }
        }
    }
    let more = parts.len().saturating_sub(SOME);
    parts.truncate(SOME);
    parts.extend((more > 0).then(|| format!("and {}", counted(more, "other reason"))));
    parts.splice(0..0, (working > 0).then(|| format!("{} at work", counted(working, "agent"))));
    let due = if parts.is_empty() { "nothing is due; next" } else { "next due" };
    parts.extend(
        next.map(|(agent, at)| format!("{due} is {agent} in {}, at {}", time::between(now, at), time::of_day(at))),
    );
    format!("nothing started: {} (`scheduler why` says more)", parts.join(", "))
}

/// Whether it keeps every agent from starting, so that nothing else needs to be said.
fn holds_everybody(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::Untrusted { .. }
            | Reason::SystemPaused { .. }
            | Reason::CoolingDown { .. }
            | Reason::BudgetSpent { .. }
            | Reason::ProgramMissing { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::role::TaskRole;
    use chrono::Duration;

    #[test]
    fn one_line_says_why_and_when() {
        let now = time::parse("2026-01-15T10:00:00Z").unwrap();
        let due = |minutes| Reason::NotDue { due_at: now + Duration::minutes(minutes) };
        let at = |minutes| time::of_day(now + Duration::minutes(minutes));
        let running = || Reason::Running { since: None, task: None, verifying: false };
        let none = |role: TaskRole| Reason::NoTask { role: role.word().parse().unwrap(), waiting: 0, unreadable: 0 };
        for (reasons, expected) in [
            (vec![due(9), due(4)], format!("nothing is due; next is b in 4 min, at {}", at(4))),
            (vec![running(), due(4)], format!("1 agent at work, next due is b in 4 min, at {}", at(4))),
            (
                vec![none(TaskRole::Test), none(TaskRole::Test), running(), running()],
                "2 agents at work, no test task".into(),
            ),
            (
                vec![none(TaskRole::Test), Reason::Paused, Reason::Unreadable, Reason::Disabled],
                "no test task, paused, and 2 other reasons".into(),
            ),
            (
                vec![due(1), Reason::SystemPaused { by_marker: true }],
                "everything is paused (.orchestrator/paused); `scheduler resume` goes on".into(),
            ),
        ] {
            let decided = reasons
                .into_iter()
                .zip(["a", "b", "c", "d"])
                .map(|(reason, name)| Decided { agent: name.parse().unwrap(), decision: Decision::Skip(reason) });
            let said = nothing_started(&decided.collect::<Vec<_>>(), now);
            let said = said.strip_suffix(" (`scheduler why` says more)").unwrap_or(&said);
            assert_eq!(said, format!("nothing started: {expected}"));
        }
    }
}
