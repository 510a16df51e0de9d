use super::*;

const RUN: &str = "`scheduler agent run a`";

/// Every reason, as JSON, and what is said of it.
fn rows() -> Vec<(&'static str, &'static str, &'static str, String)> {
    let raise = |key: &str| format!("`scheduler limits set {key}=N` raises the limit");
    let row = |json, summary, explanation, remedy: &str| (json, summary, explanation, remedy.to_owned());
    vec![
        row(r#"{"reason": "paused"}"#, "paused", "paused in agents.yaml", "`scheduler agent resume a` lets it start"),
        row(
            r#"{"reason": "system_paused", "by_marker": true}"#,
            "everything is paused",
            "everything is paused (.orchestrator/paused)",
            "`scheduler resume` goes on",
        ),
        row(
            r#"{"reason": "system_paused", "by_marker": false}"#,
            "everything is paused",
            "everything is paused (paused: true in agents.yaml)",
            "`paused: false` in agents.yaml goes on",
        ),
        row(
            r#"{"reason": "not_in_model", "needs": "proposal"}"#,
            "only with model: proposal",
            "its role belongs to model: proposal",
            "`model: proposal` in agents.yaml has it started, and the roles of the other model not",
        ),
        row(
            r#"{"reason": "running", "since": "2026-03-01T09:50:00Z", "task": "TASK-1"}"#,
            "TASK-1 10 min",
            "at work on TASK-1, started 10 min ago",
            "`scheduler logs a -f` follows it, `scheduler agent stop a` ends it",
        ),
        row(
            r#"{"reason": "running", "since": null, "task": null}"#,
            "running",
            "at work",
            "`scheduler logs a -f` follows it, `scheduler agent stop a` ends it",
        ),
        row(
            r#"{"reason": "no_api_key"}"#,
            "no API key",
            "only the API may pay for it (billing: api), and ticks have no ANTHROPIC_API_KEY",
            "put ANTHROPIC_API_KEY=... into the cron line, before the program; or `scheduler agent set a billing=any`",
        ),
        row(
            r#"{"reason": "outside_hours", "until": "2026-03-01T21:00:00Z"}"#,
            "off hours, 11 h",
            "may not start before 2026-03-01T21:00:00Z (hours, days)",
            &format!("{RUN} starts it at the next tick all the same"),
        ),
        row(
            r#"{"reason": "unchanged", "last": "2026-03-01T08:00:00Z", "until": "2026-03-02T08:00:00Z"}"#,
            "nothing new, 22 h",
            "nothing has changed since its run 2 h ago, which created nothing: looks again at 2026-03-02T08:00:00Z at the latest",
            &format!("{RUN} has it look now; rescan_after in agents.yaml says how long it waits"),
        ),
        row(
            r#"{"reason": "recovering"}"#,
            "recovering",
            "its last run was interrupted and is being recovered",
            "nothing to do: its work is saved and its task put back",
        ),
        row(
            r#"{"reason": "untrusted", "since": "2026-03-01T10:24:00Z"}"#,
            "git's settings changed",
            "git's settings or hooks are not as you accepted them since 2026-03-01T10:24:00Z: nothing is fetched, pushed or \
             started",
            "`scheduler trust` shows what has changed, and accepts it",
        ),
        row(
            r#"{"reason": "unreadable"}"#,
            "state can't be read",
            "its state can't be read",
            "look at .orchestrator/agents/a/state.json, and at the message about it",
        ),
        row(
            r#"{"reason": "not_due", "due_at": "2026-03-01T10:24:00Z"}"#,
            "due in 24 min",
            "not due before 2026-03-01T10:24:00Z",
            &format!("{RUN} starts it at the next tick"),
        ),
        row(
            r#"{"reason": "branch_in_the_way", "branch": "the branch agent is in the way", "remedy": "rename it"}"#,
            "a branch is called agent",
            "the branch agent is in the way",
            "rename it",
        ),
        row(
            r#"{"reason": "backoff", "failures": 1, "until": "2026-03-01T10:24:00Z"}"#,
            "1 failure, again in 24 min",
            "failed, waits until 2026-03-01T10:24:00Z",
            &format!("`scheduler logs a` shows what happened; {RUN} tries again at the next tick"),
        ),
        row(
            r#"{"reason": "backoff", "failures": 3, "until": "2026-03-01T10:24:00Z"}"#,
            "3 failures, again in 24 min",
            "failed 3 times in a row, waits until 2026-03-01T10:24:00Z",
            &format!("`scheduler logs a` shows what happened; {RUN} tries again at the next tick"),
        ),
        row(
            r#"{"reason": "cooling_down", "until": "2026-03-01T10:24:00Z", "cause": "usage limit", "first": null}"#,
            "cooldown, 24 min",
            "waits until 2026-03-01T10:24:00Z: usage limit",
            &format!("once that is fixed, {RUN} tries at the next tick"),
        ),
        row(
            r#"{"reason": "cooling_down", "until": "2026-03-01T10:24:00Z", "cause": "usage limit", "first": "b"}"#,
            "b tries first",
            "waits for b, which tries first: usage limit",
            &format!("it follows as soon as b gets through; {RUN} starts it at the next tick"),
        ),
        row(
            r#"{"reason": "queue_full", "pending": 20, "limit": 20}"#,
            "queue full, 20 of 20",
            "the queue is full: 20 of 20 tasks (max_incoming)",
            &raise("max_incoming"),
        ),
        row(
            r#"{"reason": "no_task", "role": "test", "waiting": 0}"#,
            "no test task",
            "no test task",
            "`scheduler task add TITLE --role test` adds one",
        ),
        row(
            r#"{"reason": "no_task", "role": "test", "waiting": 3}"#,
            "no test task, 3 wait",
            "no test task can be claimed; 3 wait",
            "`scheduler task add TITLE --role test` adds one",
        ),
        row(
            r#"{"reason": "no_task", "role": "test", "waiting": 1, "unreadable": 2}"#,
            "no test task, 1 waits",
            "no test task can be claimed; 1 waits; 2 files can't be read",
            "`scheduler task add TITLE --role test` adds one",
        ),
        row(
            r#"{"reason": "overlaps", "role": "test", "tasks": 1, "prs": [7]}"#,
            "1 test task waits for #7",
            "1 test task waits for pull requests that the work would conflict with: #7",
            "merge or close #7; a task with `PRIORITY: P0` in its file waits for none",
        ),
        row(
            r#"{"reason": "overlaps", "role": "implement", "tasks": 3, "prs": [7, 9]}"#,
            "3 implement tasks wait for #7, #9",
            "3 implement tasks wait for pull requests that the work would conflict with: #7, #9",
            "merge or close #7, #9; a task with `PRIORITY: P0` in its file waits for none",
        ),
        row(
            r#"{"reason": "claims_full", "claimed": 5, "limit": 5}"#,
            "5 of 5 tasks claimed",
            "5 of 5 tasks are claimed (max_claimed)",
            &raise("max_claimed"),
        ),
        row(
            r#"{"reason": "prs_full", "open": 9, "limit": 9}"#,
            "9 of 9 PRs open",
            "9 of 9 pull requests are open or about to be (max_open_prs)",
            &format!("merge or close some; {}", raise("max_open_prs")),
        ),
        row(
            r#"{"reason": "proposals_full", "active": 5, "limit": 5}"#,
            "5 of 5 proposals wait",
            "5 of 5 of its proposals wait to be judged (proposal_limits)",
            "promote, reject or defer some (`scheduler proposal list`), or raise its proposal_limits in agents.yaml",
        ),
        row(
            r#"{"reason": "nothing_to_curate"}"#,
            "nothing to judge",
            "no proposal waits to be judged by an agent",
            "nothing to do: it starts once there is one",
        ),
        row(
            r#"{"reason": "python", "pid": 77, "since": "2026-03-01T09:57:00Z"}"#,
            "running 3 min, Python system",
            "at work for the Python system (process 77)",
            "nothing to do: it is started once that process has ended; `kill 77` ends it",
        ),
        row(
            r#"{"reason": "awaits_room", "waiting": 2, "pending": 20, "limit": 20}"#,
            "queue full, 20 of 20",
            "2 proposals wait for room in the queue: 20 of 20 tasks (max_incoming); none is new",
            &format!("{}; {RUN} has them judged again", raise("max_incoming")),
        ),
        row(
            r#"{"reason": "proposals_unreadable"}"#,
            "proposals can't be read",
            "the proposals can't be read",
            "`scheduler status` says why",
        ),
        row(
            r#"{"reason": "too_many_running", "running": 4, "limit": 4}"#,
            "4 of 4 runs under way",
            "4 of 4 runs are under way (max_running)",
            &raise("max_running"),
        ),
        row(
            r#"{"reason": "runner_full", "runner": "cluster", "running": 4, "limit": 4}"#,
            "cluster: 4 of 4 running",
            "4 of 4 runs of the runner cluster are under way (runners.cluster.max_running)",
            "raise max_running of cluster in agents.yaml, or give it another runner",
        ),
        row(
            r#"{"reason": "budget_spent", "spent_usd": 20.5, "limit_usd": 20.0}"#,
            "$20.50 of $20.00 spent",
            "today's runs cost $20.50 of $20.00 (max_cost_usd_per_day)",
            &format!("it goes on at local midnight; {}", raise("max_cost_usd_per_day")),
        ),
        row(
            r#"{"reason": "budget_spent", "spent_usd": 80.5, "limit_usd": 80.0, "of_week": true}"#,
            "$80.50 of $80.00 spent in 7 d",
            "the runs of seven days cost $80.50 of $80.00 (max_cost_usd_per_week)",
            &format!("at local midnight the oldest of these days is left out; {}", raise("max_cost_usd_per_week")),
        ),
        row(
            r#"{"reason": "quota_kept", "window": "seven_day_opus", "used_percent": 83, "limit_percent": 80, "until": "2026-03-01T12:00:00Z"}"#,
            "quota used to 83 %, 2 h",
            "83 % of what the account may use in seven days (opus) are used; from 80 % on the rest is yours (quota.stop_at)",
            "it goes on at 2026-03-01T12:00:00Z; `scheduler agent run a` starts it at the next tick all the same",
        ),
        row(
            r#"{"reason": "no_check_pending", "check": null, "given_up": 0}"#,
            "has no focus",
            "has no focus",
            "`focus: CHECK` in agents.yaml names the check that it makes",
        ),
        row(
            r#"{"reason": "no_check_pending", "check": "lint", "given_up": 0}"#,
            "nothing to check",
            "no pull request needs the check lint",
            "nothing to do: it starts once one does",
        ),
        row(
            r#"{"reason": "no_check_pending", "check": "lint", "given_up": 2}"#,
            "nothing to check, 2 given up",
            "no pull request needs the check lint; 2 were given up, see the messages",
            &format!("{RUN} tries one that was given up again"),
        ),
        row(
            r#"{"reason": "disabled"}"#,
            "gatekeepers are off",
            "gatekeepers are off",
            "`gatekeeper: {enabled: true}` in agents.yaml switches them on",
        ),
        row(
            r#"{"reason": "nothing_switched_on"}"#,
            "nothing is switched on for it",
            "gatekeepers, feedback, landing and intake are all off",
            "`pull_requests: {feedback: true}` in agents.yaml switches feedback on, `gatekeeper: {enabled: true}` gatekeepers, \
             `pull_requests: {merge: when_green}` landing, `intake: {}` intake",
        ),
        row(
            r#"{"reason": "prs_unknown"}"#,
            "asks for open PRs first",
            "GitHub is asked first which pull requests are open: there are branches of agents already",
            "the next tick knows the answer",
        ),
        row(
            r#"{"reason": "program_missing", "program": "claude"}"#,
            "claude is missing",
            "claude is not on PATH",
            "install it, or add its folder to the PATH of the timer (`scheduler doctor --cron` looks there): a starts at the \
             first tick that finds it",
        ),
    ]
}

#[test]
fn each_reason_has_its_words() {
    let now = time::parse("2026-03-01T10:00:00Z").unwrap();
    let mut without_row = all();
    for (json, summary, explanation, remedy) in rows() {
        let reason: Reason = serde_json::from_str(json).unwrap();
        // The zone is that of whoever runs this.
        let times = ["2026-03-01T10:24:00Z", "2026-03-01T12:00:00Z", "2026-03-01T21:00:00Z", "2026-03-02T08:00:00Z"];
        let local = |text: String, time: &str| text.replace(time, &time::local(time::parse(time).unwrap()));
        let in_zone = |text: &str| times.into_iter().fold(text.to_owned(), local);
        let (explanation, remedy) = (in_zone(explanation), in_zone(&remedy));
        assert_eq!(reason.words(&"a".parse().unwrap(), now), words(summary, explanation, remedy), "{json}");
        let written = serde_json::to_value(&reason).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(json).unwrap(), "its data is kept as it is");
        without_row.retain(|name| *name != written["reason"]);
    }
    assert!(without_row.is_empty(), "no row for {without_row:?}");
}

/// The names of all reasons that there are, as the derived reader lists them.
fn all() -> Vec<String> {
    let refused = serde_json::from_str::<Reason>(r#"{"reason": "?"}"#).unwrap_err().to_string();
    let (_, listed) = refused.split_once("expected one of ").unwrap();
    let names: Vec<_> = listed.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(names.len() > 15, "{refused}");
    names
}
