use super::*;
use crate::domain::outcome::Cooldown;
use crate::domain::{config, task, time};
use proptest::prelude::*;
use std::sync::Arc;

mod resumed;
mod runners;
mod waiting;

fn at(clock: &str) -> Time {
    time::parse(&format!("2024-01-15T{clock}Z")).unwrap()
}

fn config(text: &str) -> Config {
    config::read(text).unwrap().0
}

/// Two implementers, a tester, a reviewer and a product manager.
fn team(extra: &str) -> Config {
    let names =
        ["impl-1 implementer", "impl-2 implementer", "tester tester", "reviewer reviewer", "pm product_manager"];
    let agents: String = names
        .iter()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, role)| format!("- {{name: {name}, role: {role}, interval_seconds: 180}}\n"))
        .collect();
    config(&format!("{extra}\nagents:\n{agents}"))
}

fn view(last_started: Option<Time>) -> AgentView {
    AgentView { standing: Standing::Free, state: AgentState { last_started, ..AgentState::default() } }
}

fn snapshot(config: &Config, tasks: &[(&str, &str)]) -> Snapshot {
    let claimable = tasks.iter().map(|(id, text)| task::parse(&id.parse().unwrap(), text).unwrap()).collect();
    Snapshot {
        agents: config.agents.iter().map(|_| view(None).into()).collect(),
        incoming: u32::try_from(tasks.len()).unwrap(),
        claimable,
        ..Snapshot::default()
    }
}

fn words(config: &Config, snapshot: &Snapshot) -> String {
    let decisions = decide(config, snapshot, at("12:00:00"));
    assert_eq!(decisions.len(), config.agents.len());
    let word = |decision: &Decision| match decision {
        Decision::Start(Job::Task { id, attempt }) => format!("{id}#{attempt}"),
        Decision::Start(Job::Explore) => "explore".to_owned(),
        Decision::Start(Job::Check(due)) => format!("{}@{}#{}", due.check, due.pr, due.attempt),
        Decision::Start(Job::Coordinate) => "coordinate".to_owned(),
        Decision::Start(Job::Propose) => "propose".to_owned(),
        Decision::Start(Job::Curate) => "curate".to_owned(),
        Decision::Skip(reason) => format!("{reason:?}").split([' ', '{']).next().unwrap().to_owned(),
    };
    decisions.iter().map(word).collect::<Vec<_>>().join(" ")
}

const IMPLEMENT: &str = "# x";
const TEST: &str = "# x\nROLE: test\n";
const REVIEW: &str = "# x\nROLE: review\n";

#[test]
fn backpressure_counts_what_the_tick_gives_away() {
    let two = [("T1", IMPLEMENT), ("T2", IMPLEMENT), ("T3", TEST), ("T4", REVIEW)];
    for (extra, claimed, opening, prs, expected) in [
        ("", 0, 0, None, "T1#1 T2#1 T3#1 T4#1 explore"),
        ("queue_limits: {max_claimed: 3}", 0, 0, None, "T1#1 T2#1 T3#1 ClaimsFull explore"),
        ("queue_limits: {max_claimed: 3}", 2, 0, None, "T1#1 ClaimsFull ClaimsFull ClaimsFull explore"),
        ("queue_limits: {max_open_prs: 2}", 0, 0, Some(0), "T1#1 T2#1 PrsFull T4#1 explore"),
        ("queue_limits: {max_open_prs: 2}", 1, 1, Some(1), "PrsFull PrsFull PrsFull T4#1 explore"),
        ("queue_limits: {max_incoming: 4}", 0, 0, None, "T1#1 T2#1 T3#1 T4#1 QueueFull"),
        ("max_running: 2", 0, 0, None, "T1#1 T2#1 TooManyRunning TooManyRunning TooManyRunning"),
        ("max_cost_usd_per_day: 0", 0, 0, None, "BudgetSpent BudgetSpent BudgetSpent BudgetSpent BudgetSpent"),
        (
            "max_cost_usd_per_day: 3\ndefaults: {max_cost_usd: 2}",
            0,
            0,
            None,
            "T1#1 T2#1 BudgetSpent BudgetSpent BudgetSpent",
        ),
        ("paused: true", 0, 0, None, "SystemPaused SystemPaused SystemPaused SystemPaused SystemPaused"),
        ("model: proposal", 0, 0, None, "T1#1 T2#1 T3#1 T4#1 NotInModel"),
    ] {
        let config = team(extra);
        let mut snapshot = snapshot(&config, &two);
        (snapshot.claimed, snapshot.claimed_opening, snapshot.open_prs) = (claimed, opening, prs);
        assert_eq!(words(&config, &snapshot), expected, "{extra}");
    }
}

#[test]
fn proposers_and_curators() {
    let agents = "agents:\n- {name: a, role: proposer}\n- {name: b, role: proposer}\n- {name: c, role: curator}\n\
                  - {name: d, role: curator}\n";
    for (extra, active, to_judge, expected) in [
        ("", 0, 0, "propose propose NothingToCurate NothingToCurate"),
        ("", 4, 4, "propose propose curate NothingToCurate"),
        ("", 5, 1, "ProposalsFull propose curate NothingToCurate"),
        ("proposal_limits: {A: {max_active: 6}}", 5, 1, "propose propose curate NothingToCurate"),
        ("proposal_limits: {b: {max_per_run: 0}}", 1, 0, "propose ProposalsFull NothingToCurate NothingToCurate"),
        ("queue_limits: {max_incoming: 0}", 1, 1, "propose propose curate NothingToCurate"),
        ("max_running: 1", 1, 1, "propose TooManyRunning TooManyRunning TooManyRunning"),
        ("paused: true", 1, 1, "SystemPaused SystemPaused SystemPaused SystemPaused"),
    ] {
        let config = config(&format!("model: proposal\n{extra}\n{agents}"));
        let found = Snapshot { proposals: [("a".parse().unwrap(), active)].into(), to_judge, ..snapshot(&config, &[]) };
        assert_eq!(words(&config, &found), expected, "{extra} {active} {to_judge}");
        assert_eq!(needs(&config, &found, at("12:00:00")).proposals, extra != "paused: true");
    }
    // What was seen with a full queue isn't shown again, unless the user asks for it.
    let model = |limit: u32| config(&format!("model: proposal\nqueue_limits: {{max_incoming: {limit}}}\n{agents}"));
    for (limit, judged_before, requested, expected) in [
        (0, true, None, "propose propose AwaitsRoom NothingToCurate"),
        (0, false, None, "propose propose curate NothingToCurate"),
        (1, true, None, "propose propose curate NothingToCurate"),
        (0, true, Some("c"), "propose propose curate NothingToCurate"),
    ] {
        let config = model(limit);
        let requested = requested.iter().map(|name| name.parse().unwrap()).collect();
        let found = Snapshot { to_judge: 2, judged_before, requested, ..snapshot(&config, &[]) };
        assert_eq!(words(&config, &found), expected, "{limit} {judged_before}");
    }
    let unreadable = Snapshot { proposals_unreadable: true, to_judge: 1, ..snapshot(&model(1), &[]) };
    assert_eq!(words(&model(1), &unreadable), "ProposalsUnreadable ".repeat(4).trim());
    let config = config(agents);
    assert_eq!(words(&config, &snapshot(&config, &[])), "NotInModel NotInModel NotInModel NotInModel");
    assert!(!needs(&config, &snapshot(&config, &[]), at("12:00:00")).proposals);
}

#[test]
fn standing_and_state_hold_back() {
    let config = team("");
    let mut snapshot = snapshot(&config, &[("T1", IMPLEMENT), ("T2", IMPLEMENT), ("T3", TEST)]);
    Arc::make_mut(&mut snapshot.agents[0]).standing = Standing::Running;
    Arc::make_mut(&mut snapshot.agents[1]).standing = Standing::Recovering;
    snapshot.agents[2] = view(Some(at("11:59:00"))).into();
    Arc::make_mut(&mut snapshot.agents[3]).state.consecutive_failures = 1;
    Arc::make_mut(&mut snapshot.agents[3]).state.last_finished = Some(at("11:58:00"));
    Arc::make_mut(&mut snapshot.agents[4]).standing = Standing::Unreadable;
    assert_eq!(words(&config, &snapshot), "Running Recovering NotDue Backoff Unreadable");
}

#[test]
fn a_requested_run_waits_for_no_interval_but_for_everything_else() {
    let config = team("queue_limits: {max_claimed: 1}");
    let mut snapshot = snapshot(&config, &[("T1", IMPLEMENT), ("T2", IMPLEMENT), ("T3", TEST)]);
    snapshot.agents[1] = view(Some(at("11:59:00"))).into();
    Arc::make_mut(&mut snapshot.agents[4]).state.consecutive_failures = 5;
    Arc::make_mut(&mut snapshot.agents[4]).state.last_finished = Some(at("11:59:00"));
    assert_eq!(words(&config, &snapshot), "T1#1 NotDue ClaimsFull NoTask Backoff");
    snapshot.requested = ["IMPL-2", "pm"].map(|name| name.parse().unwrap()).into();
    assert_eq!(words(&config, &snapshot), "ClaimsFull T1#1 ClaimsFull NoTask explore");
    snapshot.cooldown = Some(Cooldown { until: at("12:30:00"), reason: String::new(), since: None, tries: 0 });
    assert_eq!(words(&config, &snapshot), "CoolingDown T1#1 CoolingDown CoolingDown explore");
    snapshot.paused = true;
    assert!(words(&config, &snapshot).starts_with("SystemPaused SystemPaused"));
}

#[test]
fn an_answered_question_holds_nothing() {
    let waiting_for = |text: &str| {
        let task = task::parse(&"t".parse().unwrap(), text).unwrap();
        waiting(&task, &|_, _| true, &[], &[])
    };
    assert_eq!(waiting_for("# x\nWAITS_FOR: q-1\n"), Some(Waiting::For("q-1".to_owned())));
    assert_eq!(waiting_for("# x\nWAITS_FOR: q-1\nANSWERED: q-2\n"), Some(Waiting::For("q-1".to_owned())));
    assert_eq!(waiting_for("# x\nWAITS_FOR: q-1\nANSWERED: q-2, q-1\n"), None);
}

#[test]
fn the_longest_overdue_chooses_first() {
    let config = team("");
    let mut snapshot = snapshot(&config, &[("T1", IMPLEMENT)]);
    snapshot.agents[0] = view(Some(at("11:50:00"))).into();
    snapshot.agents[1] = view(Some(at("11:40:00"))).into();
    assert!(words(&config, &snapshot).starts_with("NoTask T1#1"));
    snapshot.agents[0] = view(None).into();
    assert!(words(&config, &snapshot).starts_with("T1#1 NoTask"));
}

#[test]
fn due_points() {
    for (interval, last, due) in [
        (180, "11:57:30", true),
        (180, "11:57:31", false),
        (180, "12:00:01", true),
        (8, "11:59:54", true),
        (8, "11:59:55", false),
        (86_400, "11:00:00", false),
    ] {
        let config = config(&format!("agents:\n- {{name: a, role: product_manager, interval_seconds: {interval}}}"));
        let mut snapshot = snapshot(&config, &[]);
        snapshot.agents[0] = view(Some(at(last))).into();
        assert_eq!(words(&config, &snapshot) == "explore", due, "{interval} {last}");
    }
}

#[test]
fn backoff_doubles_up_to_an_hour() {
    for (failures, finished, waits) in [
        (1, "11:54:00", false),
        (1, "11:54:01", true),
        (2, "11:48:01", true),
        (9, "11:00:01", true),
        (9, "11:00:00", false),
    ] {
        let config = config("agents:\n- {name: a, role: product_manager, interval_seconds: 180}");
        let mut snapshot = snapshot(&config, &[]);
        Arc::make_mut(&mut snapshot.agents[0]).state.consecutive_failures = failures;
        Arc::make_mut(&mut snapshot.agents[0]).state.last_finished = Some(at(finished));
        assert_eq!(words(&config, &snapshot) == "Backoff", waits, "{failures} {finished}");
    }
}

#[test]
fn after_a_cooldown_one_goes_first() {
    let config = team("");
    let mut snapshot = snapshot(&config, &[("T1", IMPLEMENT), ("T2", IMPLEMENT)]);
    let cooldown = |until| Some(Cooldown { until: at(until), reason: "limit".to_owned(), since: None, tries: 0 });
    snapshot.cooldown = cooldown("12:00:01");
    assert_eq!(words(&config, &snapshot), "CoolingDown CoolingDown CoolingDown CoolingDown CoolingDown");
    snapshot.cooldown = cooldown("12:00:00");
    assert_eq!(words(&config, &snapshot), "T1#1 CoolingDown CoolingDown CoolingDown CoolingDown");
    // Who was under way before shows nothing; who began since does, and the others are told whom they wait for.
    snapshot.agents[0] = AgentView { standing: Standing::Running, ..view(Some(at("11:59:00"))) }.into();
    assert_eq!(words(&config, &snapshot), "Running T1#1 CoolingDown CoolingDown CoolingDown");
    Arc::make_mut(&mut snapshot.agents[0]).state.last_started = Some(at("12:00:00"));
    assert_eq!(words(&config, &snapshot), "Running CoolingDown CoolingDown CoolingDown CoolingDown");
    let Decision::Skip(reason) = decide(&config, &snapshot, at("12:00:00")).remove(1) else { panic!("it starts") };
    assert!(matches!(reason, Reason::CoolingDown { first: Some(first), .. } if first.as_str() == "impl-1"));
}

#[test]
fn rivals_for_one_branch_go_one_after_the_other() {
    let config = team("");
    let fix = "# x\nPR: 7\n";
    let found = snapshot(&config, &[("T1", fix), ("T2", fix), ("T3", "# x\nROLE: test\nPR: 7\n")]);
    assert_eq!(words(&config, &found), "T1#1 NoTask NoTask NoTask explore");
}

#[test]
fn waiting_reasons() {
    let parse = |id: &str, text: &str| task::parse(&id.parse().unwrap(), text).unwrap();
    let claimed = [parse("C1", "# x\nPR: 7\n")];
    let named = [("impl-1".parse().unwrap(), "T9".parse().unwrap())];
    let is_in = |id: &Name, state| {
        [("D1", crate::domain::task::TaskState::Done), ("I1", crate::domain::task::TaskState::Incoming)]
            .contains(&(id.as_str(), state))
    };
    for (id, text, expected) in [
        ("T1", "# x\nBLOCKED_BY: D1\n", None),
        ("T1", "# x\nBLOCKED_BY: D1, D2\n", Some("waits for D2")),
        // What is only in the way is so as long as it is incoming or claimed.
        ("T1", "# x\nBLOCKED_BY: D1, D2\nOVERLAPS: D2\n", None),
        ("T1", "# x\nBLOCKED_BY: D2, I1\nOVERLAPS: D2, I1\n", Some("waits for I1")),
        ("T1", "# x\nWAITS_FOR: question-1\n", Some("waits for question-1")),
        ("T9", "# x\n", Some("is still named by impl-1")),
        ("T1", "# x\nPR: 7\n", Some("waits for C1, which works on the same branch")),
        ("T1", "# x\nROLE: review\nPR: 7\n", None),
    ] {
        let found = waiting(&parse(id, text), &is_in, &claimed, &named).map(|waiting| waiting.to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    }
}

#[test]
fn who_waits_for_another_task_is_counted_whatever_else_it_waits_for() {
    let parse = |text: &&str| task::parse(&"T1".parse().unwrap(), text).unwrap();
    let is_in = |id: &Name, state| {
        [("D1", crate::domain::task::TaskState::Done), ("F1", crate::domain::task::TaskState::Failed)]
            .contains(&(id.as_str(), state))
    };
    for (text, expected) in [
        ("# x\n", 0),
        ("# x\nBLOCKED_BY: D1\n", 0),
        ("# x\nBLOCKED_BY: D1, F1\n", 1),
        ("# x\nBLOCKED_BY: F1\nWAITS_FOR: question-1\n", 1),
        ("# x\nBLOCKED_BY: F1\nOVERLAPS: F1\n", 0),
        ("# x\nWAITS_FOR: question-1\n", 0),
    ] {
        let tasks: Vec<_> = ["# free\n", text, text].iter().map(parse).collect();
        assert_eq!(blocked(&tasks, &is_in), expected * 2, "{text}");
    }
}

#[test]
fn claim_order_is_priority_then_age() {
    let parse = |(id, text): &(&str, &str)| task::parse(&id.parse().unwrap(), text).unwrap();
    let mut tasks: Vec<_> = [
        ("a", "# x\nPRIORITY: P2\nCREATED: 2024-01-01T00:00:00Z\n"),
        ("b", "# x\nPRIORITY: P1\nCREATED: 2024-01-02T00:00:00Z\n"),
        ("c", "# x\nPRIORITY: P1\nCREATED: 2024-01-01T00:00:00Z\n"),
        ("d", "# x\nPRIORITY: P0\n"),
    ]
    .iter()
    .map(parse)
    .collect();
    claim_order(&mut tasks);
    let order: Vec<_> = tasks.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(order, ["d", "c", "b", "a"]);
}

proptest! {
    /// Whatever the limits, what was there and what is given away never exceeds them, and no task is given twice.
    #[test]
    fn limits_hold(
        claimed in 0u32..6, max_claimed in 0u32..6, opening in 0u32..6, prs in 0u32..12, max_prs in 0u32..12,
        running in 1u32..6, tasks in 0usize..12,
    ) {
        let config = team(&format!(
            "queue_limits: {{max_claimed: {max_claimed}, max_open_prs: {max_prs}}}\nmax_running: {running}"
        ));
        let ids: Vec<String> = (0..tasks).map(|i| format!("T{i}")).collect();
        let tasks: Vec<_> = ids.iter().enumerate().map(|(i, id)| (id.as_str(), [IMPLEMENT, TEST, REVIEW][i % 3])).collect();
        let mut snapshot = snapshot(&config, &tasks);
        snapshot.claimed = claimed;
        snapshot.claimed_opening = opening.min(claimed);
        snapshot.open_prs = Some(prs);
        let decisions = decide(&config, &snapshot, at("12:00:00"));
        let mut started: Vec<_> = decisions.iter().filter_map(|decision| match decision {
            Decision::Start(Job::Task { id, .. }) => Some(id.clone()),
            _ => None,
        }).collect();
        let starts = decisions.iter().filter(|decision| matches!(decision, Decision::Start(_))).count();
        prop_assert!(starts <= running as usize);
        prop_assert!(claimed as usize + started.len() <= (max_claimed.max(claimed)) as usize);
        let new_prs = snapshot.claimable.iter().filter(|t| started.contains(&t.id) && queue::opens_pull_request(t)).count();
        let before = (prs + snapshot.claimed_opening) as usize;
        prop_assert!(before + new_prs <= before.max(max_prs as usize));
        let count = started.len();
        started.sort();
        started.dedup();
        prop_assert_eq!(started.len(), count);
    }
}

/// Gatekeepers for lint, lint and tests, one without focus, and a coordinator.
fn gatekeepers(extra: &str) -> Config {
    let agents: String = [", focus: lint", ", focus: lint", ", focus: tests", ""]
        .iter()
        .enumerate()
        .map(|(index, focus)| format!("- {{name: g{index}, role: gatekeeper{focus}}}\n"))
        .collect();
    config(&format!("{extra}\nagents:\n{agents}- {{name: c, role: gatekeeper_coordinator}}\n"))
}

#[test]
fn each_gatekeeper_gets_the_oldest_pull_request_that_needs_its_check() {
    let due = |words: &str| -> Vec<DueCheck> {
        let one = |word: &str| {
            let (check, rest) = word.split_once('@').unwrap();
            let (pr, attempt) = rest.split_once('#').unwrap();
            let (pr, attempt) = (pr.parse().unwrap(), attempt.parse().unwrap());
            DueCheck { pr, commit: "c".to_owned(), check: check.parse().unwrap(), attempt, fork: false, waits: false }
        };
        words.split_whitespace().map(one).collect()
    };
    let on = "gatekeeper: {enabled: true}";
    let none = "NoCheckPending";
    for (extra, checks, expected) in [
        ("", "lint@3#1", "Disabled Disabled Disabled Disabled NothingSwitchedOn".to_owned()),
        (on, "", format!("{none} {none} {none} {none} coordinate")),
        (on, "lint@3#1 tests@3#1", format!("lint@3#1 {none} tests@3#1 {none} coordinate")),
        (on, "lint@3#2 tests@3#1 lint@5#1 lint@9#1", format!("lint@3#2 lint@5#1 tests@3#1 {none} coordinate")),
        // Ended three times without a record: given up.
        (on, "lint@3#4 lint@5#3", format!("lint@5#3 {none} {none} {none} coordinate")),
        (on, "style@3#1", format!("{none} {none} {none} {none} coordinate")),
    ] {
        let config = gatekeepers(extra);
        let snapshot = Snapshot { due_checks: due(checks), ..snapshot(&config, &[]) };
        assert_eq!(needs(&config, &snapshot, at("12:00:00")).checks, !extra.is_empty());
        assert_eq!(words(&config, &snapshot), expected, "{extra} {checks}");
    }
    // The user asks the first one to run: it begins with what was given up, and else goes on as ever.
    let config = gatekeepers(on);
    for (checks, expected) in [("lint@5#1 lint@3#4", "lint@3#4"), ("lint@5#1", "lint@5#1")] {
        let requested = std::iter::once(config.agents[0].name.clone()).collect();
        let snapshot = Snapshot { due_checks: due(checks), requested, ..snapshot(&config, &[]) };
        assert_eq!(words(&config, &snapshot).split(' ').next(), Some(expected), "{checks}");
    }
    let config = gatekeepers(&format!("{on}\nmax_cost_usd_per_day: 1"));
    let snapshot = Snapshot { due_checks: due("lint@3#1"), spent_usd: 2.0, ..snapshot(&config, &[]) };
    assert_eq!(
        words(&config, &snapshot),
        "BudgetSpent BudgetSpent BudgetSpent BudgetSpent coordinate",
        "costs nothing"
    );
    let cooldown = Some(Cooldown { until: at("13:00:00"), reason: "x".to_owned(), since: None, tries: 0 });
    let snapshot = Snapshot { cooldown, spent_usd: 0.0, ..snapshot };
    assert!(words(&config, &snapshot).ends_with("CoolingDown coordinate"));
}
