//! `scheduler proposal promote`, `reject`, `defer`, `reactivate` by a person; what is cut off, and what time brings.

use super::support::{Test, proposals::architect};
use std::fs;

fn configure(test: &Test, more: &str, agents: &[(&str, &str)]) {
    let agents: String = agents.iter().map(|(name, role)| format!("  - {{name: {name}, role: {role}}}\n")).collect();
    test.config(&format!("model: proposal\n{more}\nagents:\n{agents}"));
}

fn project() -> Test {
    let test = Test::new();
    configure(&test, "", &[("curator", "curator"), ("impl", "implementer"), ("tests", "tester")]);
    test.run(["pause"]).ok();
    test
}

#[test]
fn promotion_makes_the_task() {
    let test = project();
    test.task_for("TASK-first", "implement");
    fs::write(test.task_path("incoming", "TASK-first"), "# x\n\n## Context\nMend ./src/a.rs\n").unwrap();
    let id = architect("Test the parser", "test", &["src/a.rs"]).add(&test);
    let output = test.run(["proposal", "promote", &id, "--priority", "P0"]).ok();
    let task = test.queue("incoming").into_iter().find(|task| task != "TASK-first").unwrap();
    output.says(&format!("{id}: promoted as {task}, test P0")).says(&format!("{task} waits for TASK-first")).quiet();
    for (line, value) in
        [("ROLE", "test"), ("PRIORITY", "P0"), ("PROPOSAL", &id), ("BLOCKED_BY", "TASK-first"), ("CREATED_BY", "human")]
    {
        assert_eq!(test.task_line(&task, line).as_deref(), Some(value), "{line}");
    }
    let text = test.task_text(&task);
    assert!(
        text.contains("Because of this") && text.contains("- [ ] It works") && text.contains("- src/a.rs"),
        "{text}"
    );
    assert_eq!(test.proposal_state(&id), "promoted");
    assert!(test.proposal_text(&id).contains(&format!("**Task ID:** {task}\n")));
    test.run(["proposal", "promote", &id]).refuses().complains(&format!("is promoted already, as {task}"));
    test.run(["proposal", "reject", &id, "--reason", "x"]).refuses().complains("is promoted already");
}

#[test]
fn a_full_queue_takes_no_more() {
    let test = project();
    configure(&test, "queue_limits: {max_incoming: 1}", &[("curator", "curator")]);
    let (one, two) = (architect("One", "debt", &[]).add(&test), architect("Two", "debt", &[]).add(&test));
    test.run(["proposal", "promote", &one]).ok().complains("no agent in agents.yaml claims implement tasks");
    test.run(["proposal", "promote", &two]).refuses().complains("the queue is full").complains("--force");
    assert_eq!((test.proposal_state(&two), test.queue("incoming").len()), ("active", 1));
    test.run(["proposal", "promote", &two, "--force"]).ok();
}

#[test]
fn no_judgement_without_a_reason() {
    let test = project();
    let id = architect("One", "debt", &[]).add(&test);
    for line in [
        &["reject", &id][..],
        &["reject", &id, "--reason", " "],
        &["reject", &id, "--reason", "..."],
        &["defer", &id],
        &["defer", &id, "--reason", ""],
        &["defer", &id, "--reason", "later", "--for", "soon"],
        &["conflict", &id, &id],
        &["promote", &id, "--branch", "--evil"],
    ] {
        test.run(["proposal"].iter().chain(line)).code(2);
    }
    test.run(["proposal", "conflict", &id, &id, "--reason", "x"]).refuses().complains("can't contradict itself");
    assert_eq!(test.proposal_state(&id), "active");
}

#[test]
fn deferred_ones_come_back_and_rejected_ones_go() {
    let test = project();
    test.run(["resume"]).ok();
    configure(&test, "proposal_limits: {prop: {max_active: 0}}", &[("prop", "proposer")]);
    let (soon, never) = (architect("Soon", "debt", &[]).add(&test), architect("Never", "test", &[]).add(&test));
    test.run(["proposal", "defer", &soon, "--reason", "after the release", "--for", "2d"]).ok().says("deferred until");
    test.run(["proposal", "reject", &never, "--reason", "no"]).ok();
    test.run(["proposal", "defer", &soon, "--reason", "again"])
        .refuses()
        .complains("possible there: promote, reject, reactivate");
    test.later(86_400);
    test.tick();
    assert_eq!(test.proposal_state(&soon), "deferred");
    test.later(86_400);
    test.run(["--dry-run"]).ok();
    assert_eq!(test.proposal_state(&soon), "deferred");
    test.tick().says(&format!("{soon}: back in active, its time is over"));
    assert_eq!(test.proposal_state(&soon), "active");
    assert!(!test.proposal_text(&soon).contains("Deferral"));
    test.later(87 * 86_400);
    test.tick();
    assert_eq!(test.proposal_state(&never), "rejected");
    test.run(["proposal", "reactivate", &never]).ok();
    test.run(["proposal", "reject", &never, "--reason", "still no"]).ok();
    test.later(91 * 86_400);
    let old = test.run(["proposal", "list", "--state", "rejected", "--json"]).ok().json();
    assert_eq!(old["proposals"].as_array().unwrap().len(), 1);
    test.tick_and_wait();
    assert!(test.proposals("rejected").is_empty());
}

/// Whoever is due, paused or not: time goes on, and what can't be done is no trouble of other agents.
#[test]
fn one_file_in_two_places_stops_nobody() {
    let test = project();
    let (twice, soon) = (architect("Twice", "debt", &[]).add(&test), architect("Soon", "debt", &[]).add(&test));
    for id in [&twice, &soon] {
        test.run(["proposal", "defer", id, "--reason", "later", "--for", "1d"]).ok();
    }
    fs::copy(test.proposal_path("deferred", &twice), test.proposal_path("active", &twice)).unwrap();
    test.later(86_400);
    let output = test.tick().says(&format!("{soon}: back in active, its time is over"));
    assert!(output.stderr.contains("remove one of the two files"), "{}", output.stderr);
    assert!(!test.orchestrator("shared/proposals/unfinished.json").exists());
    test.run(["proposal", "promote", &twice]).refuses().complains("remove one of the two files");
    test.run(["proposal", "reject", &soon, "--reason", "no"]).ok();
    assert_eq!(test.last_tick()["decisions"].as_array().unwrap().len(), 3);
    let problems = test.run(["status", "--json"]).ok().json()["problems"].to_string();
    assert!(problems.contains("remove one of the two files"), "{problems}");
}

/// What was written down and then cut off, the next tick completes, whoever is due, and the one after does nothing.
#[test]
fn the_next_tick_completes_a_promotion() {
    let test = project();
    let id = architect("One", "debt", &[]).add(&test);
    let what = format!(
        r#"{{"judge": {{"id": "{id}", "from": "active", "blocked_by": [], "judgement": {{"by": "curator",
        "at": "2026-01-01T00:00:00Z", "run": null, "verdict":
        {{"is": "promoted", "task": "TASK-12345678", "role": "implement", "priority": "P1", "branch": null}}}}}}}}"#
    );
    fs::write(test.orchestrator("shared/proposals/unfinished.json"), what).unwrap();
    test.run(["--dry-run"]).ok();
    assert_eq!(test.proposal_state(&id), "active");
    test.tick().says(&format!("{id}: promoted, completed"));
    assert_eq!((test.proposal_state(&id), test.queue("incoming")), ("promoted", vec!["TASK-12345678".to_owned()]));
    test.tick().says_not(&id);
    assert_eq!(test.queue("incoming").len(), 1);
    assert!(!test.orchestrator("shared/proposals/unfinished.json").exists());
}
