//! Which agent gets a task whose conversation goes on.

use super::*;

/// Two implementers, the first of which goes on with T2.
#[test]
fn a_task_is_kept_for_the_agent_that_goes_on_with_it() {
    let mine = "# x\nRESUMED_BY: impl-1\n";
    let config = team("");
    let with = |tasks: &[(&str, &str)], first: AgentView| {
        let mut snapshot = snapshot(&config, tasks);
        snapshot.agents[0] = first.into();
        let found = words(&config, &snapshot);
        found.split(' ').take(2).collect::<Vec<_>>().join(" ")
    };
    let both = [("T1", IMPLEMENT), ("T2", mine)];
    let failed = AgentState { consecutive_failures: 3, last_finished: Some(at("11:59:00")), ..AgentState::default() };
    for (tasks, first, expected) in [
        (&both[..], view(None), "T2#1 T1#1"),
        (&[("T1", "# x\nPRIORITY: P0\n"), ("T2", mine)], view(None), "T1#1 T2#1"),
        (&[("T2", mine)], view(None), "T2#1 NoTask"),
        // It is due within minutes.
        (&[("T2", mine)], view(Some(at("11:59:00"))), "NotDue NoTask"),
        (&both, view(Some(at("11:59:00"))), "NotDue T1#1"),
        // It runs, or may not for long: another one begins anew.
        (&[("T2", mine)], AgentView { standing: Standing::Running, ..view(None) }, "Running T2#1"),
        (&[("T2", mine)], AgentView { standing: Standing::Free, state: failed.clone() }, "Backoff T2#1"),
        (&[("T2", "# x\nRESUMED_BY: gone\n")], view(Some(at("11:59:00"))), "NotDue T2#1"),
        (&[("T2", "# x\nRESUMED_BY: tester\n")], view(None), "T2#1 NoTask"),
        (&[("T2", "# x\nRESUMED_BY: ../x\n")], view(None), "T2#1 NoTask"),
    ] {
        assert_eq!(with(tasks, first), expected, "{tasks:?}");
    }
}
