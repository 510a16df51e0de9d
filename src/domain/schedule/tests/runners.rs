//! The limit of a runner, counted from states, and its cooldown.

use super::*;

const RUNNERS: &str =
    "runners: {cluster: {kind: slurm, max_running: 2}, desk: {kind: ssh, host: desk}}\ndefaults: {runner: cluster}";

fn carried(runner: Option<&str>) -> AgentView {
    let state = AgentState { runner: runner.map(|name| name.parse().unwrap()), ..AgentState::default() };
    AgentView { standing: Standing::Running, state }
}

#[test]
fn runs_are_counted_by_their_own_runner() {
    let views = [Some("cluster"), Some("desk"), None, Some("cluster")].map(carried);
    let counts: Vec<_> = running_of(&views).into_iter().map(|(name, count)| format!("{name} {count}")).collect();
    assert_eq!(counts, ["cluster 2", "desk 1"]);
    assert!(running_of(&[]).is_empty());
}

#[test]
fn a_runner_takes_as_many_as_it_may() {
    let config = team(RUNNERS);
    for (running, expected) in [
        (0, "T1#1 T2#1 RunnerFull RunnerFull RunnerFull"),
        (1, "T1#1 RunnerFull RunnerFull RunnerFull RunnerFull"),
        (2, "RunnerFull RunnerFull RunnerFull RunnerFull RunnerFull"),
        (9, "RunnerFull RunnerFull RunnerFull RunnerFull RunnerFull"),
    ] {
        let mut snapshot = snapshot(&config, &[("T1", IMPLEMENT), ("T2", IMPLEMENT), ("T3", TEST), ("T4", REVIEW)]);
        snapshot.running_of.insert("cluster".parse().unwrap(), running);
        assert_eq!(words(&config, &snapshot), expected, "{running}");
    }
    let desk = team(&RUNNERS.replace("runner: cluster", "runner: desk"));
    let mut snapshot = snapshot(&desk, &[("T1", IMPLEMENT)]);
    snapshot.running_of = [("cluster".parse().unwrap(), 9), ("desk".parse().unwrap(), 9)].into();
    assert!(words(&desk, &snapshot).starts_with("T1#1 "), "one without a limit takes all");
}

#[test]
fn the_cooldown_of_a_runner_is_for_its_agents_only() {
    let mut config = team("");
    let runner: Name = "cluster".parse().unwrap();
    // All but the first.
    for agent in &mut config.agents[1..] {
        agent.settings.runner = Some(runner.clone());
    }
    let mut snapshot = snapshot(&config, &[("T1", IMPLEMENT), ("T2", IMPLEMENT)]);
    for (until, expected) in [
        ("12:00:01", "T1#1 CoolingDown CoolingDown CoolingDown CoolingDown"),
        // One of them goes first.
        ("12:00:00", "T1#1 T2#1 CoolingDown CoolingDown CoolingDown"),
    ] {
        let cooldown = Cooldown { until: at(until), reason: "down".to_owned(), since: None, tries: 0 };
        snapshot.runner_cooldowns.insert(runner.clone(), cooldown);
        assert_eq!(words(&config, &snapshot), expected);
    }
}
