//! What a team looks like: before its first tick, at work, paused, and with proposals.

use super::assert_screens;
use crate::support::Test;
use std::fs;

const AGENTS: &str = "\
model: task
max_cost_usd_per_day: 20
max_running: 4
queue_limits: {max_incoming: 6, max_claimed: 2, max_open_prs: 2}
agents:
- {name: impl-1, role: implementer}
- {name: impl-2, role: implementer}
- {name: impl-3, role: implementer, paused: true}
- {name: test-1, role: tester}
- {name: review-1, role: reviewer}
- {name: pm-1, role: product_manager, interval_seconds: 3600}
";

/// Agents that have done nothing yet.
fn team() -> Test {
    let test = Test::new();
    test.now("2026-03-01T10:00:00Z").config(&format!("{AGENTS}defaults: {{sandbox: {{mode: off}}}}\n"));
    test
}

/// One agent runs, one failed three times, one is paused, the others find nothing; the queue is full.
fn at_work() -> Test {
    let test = team();
    test.claude.plays(
        "implementer",
        "say 'I look at the parser.'\nwrite a.txt b\nwhile [ ! -e \"$PARENT_PROJECT/go\" ]; do sleep 0.05; done\n\
         commit 'Split the parser' && finish 'The parser is split.'",
    );
    let failed_before = r#"{"phase": "idle", "last_started": "2026-03-01T09:56:00Z",
        "last_finished": "2026-03-01T09:58:00Z", "last_exit_code": 1, "last_outcome": "crashed",
        "consecutive_failures": 3, "total_runs": 5, "total_successes": 2, "total_failures": 3}"#;
    test.file(".orchestrator/agents/impl-2/state.json", failed_before);
    let explored = r#"{"phase": "idle", "last_started": "2026-03-01T09:30:00Z", "last_finished": "2026-03-01T09:34:00Z",
        "last_exit_code": 0, "last_outcome": "finished", "total_runs": 1, "total_successes": 1}"#;
    test.file(".orchestrator/agents/pm-1/state.json", explored);
    test.task("TASK-1", "# [TASK-1] Split the parser\n\nROLE: implement\nPRIORITY: P0\n\n## Context\nIt is long.\n");
    test.tick();
    test.wait_until("the run to have written", || {
        let output = test.runs("impl-1").last().map(|run| run.join("output.jsonl"));
        output.is_some_and(|output| fs::read_to_string(output).is_ok_and(|text| text.contains("created successfully")))
    });
    for (state, id, text) in [
        ("incoming", "TASK-2", "# [TASK-2] Say what is wrong with a file\n\nROLE: implement\nPRIORITY: P1\n"),
        ("incoming", "TASK-3", "# [TASK-3] Test the parser\n\nROLE: test\nBLOCKED_BY: TASK-1\n"),
        ("incoming", "TASK-4", "# [TASK-4] Which formats?\n\nROLE: implement\n"),
        ("incoming", "TASK-5", "# [TASK-5] No role of that name\n\nROLE: boss\n"),
        (
            "claimed",
            "TASK-6",
            "# [TASK-6] Dates without a zone\n\nROLE: review\nCLAIMED_BY: review-2\nCLAIMED_AT: 2026-03-01T09:20:00Z\n\
             ATTEMPTS: 2\n",
        ),
        (
            "failed",
            "TASK-7",
            "# [TASK-7] Read a gigabyte\n\nROLE: implement\nFAILED_AT: 2026-03-01T09:40:00Z\nATTEMPTS: 3\n\n\
             ## Error\n\nclaude used up its turns three times\n",
        ),
        ("done", "TASK-8", "# [TASK-8] Greet\n\nROLE: implement\nCOMPLETED_AT: 2026-03-01T09:00:00Z\n"),
    ] {
        test.file(&format!(".orchestrator/shared/queue/{state}/{id}.md"), text);
    }
    test.file(
        ".orchestrator/cache/open-prs.json",
        r#"{"asked_at": "2026-03-01T10:04:00Z", "error": null, "open": [
            {"number": 7, "title": "Greet", "head": "agent/TASK-8-20260301-090000"},
            {"number": 9, "title": "Read dates", "head": "agent/TASK-6-20260301-092000"}]}"#,
    );
    let ask =
        ["message", "send", "--type", "question", "--title", "JSON too?", "--body", "A or B?", "--task", "TASK-4"];
    test.run(ask).ok();
    test.later(120).run(["message", "send", "--type", "warning", "--title", "Tests are slow", "--body", "90 s."]).ok();
    test.later(180);
    test
}

/// Lets the run of [`at_work`] go to its end. How long it really took is no part of a screen.
fn end(test: &Test) {
    test.file("go", "");
    test.wait_quiet();
    let mut record = test.record("impl-1");
    record["usage"]["duration_seconds"] = 300.into();
    fs::write(test.runs("impl-1")[0].join("record.json"), record.to_string()).unwrap();
}

#[test]
fn before_the_first_tick() {
    assert_screens(
        &team(),
        "before-the-first-tick",
        &[
            "status",
            "why",
            "why impl-1",
            "logs impl-1",
            "task list",
            "proposal list",
            "message list",
            "pr list",
            "limits show",
            "--dry-run",
        ],
    );
}

#[test]
fn at_work_with_a_full_queue() {
    let test = at_work();
    let commands = [
        "status",
        "why",
        "why impl-1",
        "why impl-2",
        "why impl-3",
        "why TASK-3",
        "why TASK-4",
        "why TASK-5",
        "why TASK-7",
        "task list",
        "task show TASK-1",
        "task show TASK-7",
        "message list",
        "message show question",
        "agent list",
        "agent show impl-2",
        "logs impl-1",
        "--dry-run",
    ];
    assert_screens(&test, "at-work", &commands);
    test.run(["pause", "--reason", "Release"]).ok();
    test.later(7_200);
    assert_screens(&test, "paused", &["status", "--dry-run"]);
    end(&test);
    assert_screens(&test, "after-the-run", &["logs impl-1", "agent show impl-1", "task show TASK-1"]);
}

#[test]
fn a_tick_says_what_it_starts() {
    let test = team();
    test.claude.plays("default", "finish");
    test.task_for("TASK-1", "implement").task_for("TASK-2", "implement").task_for("TASK-3", "review");
    assert_screens(&test, "tick", &["--dry-run", ""]);
    test.wait_quiet();
    assert_screens(&test, "after-the-tick", &["--dry-run"]);
}

#[test]
fn with_proposals() {
    let test = team();
    test.config(
        "model: proposal\nproposal_limits:\n  architect: {max_active: 2}\nagents:\n\
         - {name: architect, role: proposer, focus: code_structure}\n- {name: curator, role: curator}\n\
         - {name: impl-1, role: implementer}\n",
    );
    for (state, id, title, category, more) in [
        ("active", "PROP-1", "Split the parser", "refactor", ""),
        ("active", "PROP-2", "Read dates without a zone", "feature", ""),
        ("deferred", "PROP-3", "Say what is wrong with a file", "feature", "**Deferred:** 2026-02-28T10:00:00Z\n"),
        ("rejected", "PROP-4", "Forty languages", "feature", "**Rejected:** 2026-02-28T10:00:00Z\n"),
    ] {
        let text = format!(
            "# {title}\n\n**ID:** {id}\n**Proposer:** architect\n**Category:** {category}\n**Complexity:** S\n\
             **Created:** 2026-02-27T10:00:00Z\n{more}\n## Summary\nIn short.\n\n## Rationale\nBecause of this.\n\n\
             ## Acceptance Criteria\n- [ ] It works\n\n## Relevant Files\n- src/parse.rs\n"
        );
        test.file(&format!(".orchestrator/shared/proposals/{state}/{id}.md"), &text);
    }
    let commands = ["proposal list", "proposal show PROP-1", "status", "why", "--dry-run"];
    assert_screens(&test, "proposals", &commands);
}
