//! What ends a run or keeps one from starting: time, silence, money.

use crate::support::Test;
use std::time::Duration;

fn project(defaults: &str) -> Test {
    let test = Test::new();
    test.agents_and(&[("impl-1", "implementer")], &format!("defaults: {{{defaults}}}"));
    test.task_for("TASK-1", "implement");
    test
}

#[test]
fn a_run_that_takes_too_long_is_ended_and_its_work_kept() {
    let test = project("timeout_seconds: 4");
    test.claude.plays("implementer", "write half.txt x; chatter");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 1));
    assert_eq!(test.state("impl-1")["last_outcome"], "timed_out");
    let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    assert_eq!(test.git(["show", &format!("{branch}:half.txt")]), "x");
    assert!(test.task_text("TASK-1").contains("timeout_seconds"), "{}", test.task_text("TASK-1"));
}

#[test]
fn a_silent_run_is_ended() {
    let test = project("stall_seconds: 2");
    test.claude.plays("implementer", "hang");
    test.tick_and_wait();
    assert_eq!((test.attempts("TASK-1"), test.state("impl-1")["last_outcome"].as_str()), (1, Some("stalled")));
}

#[test]
fn a_talkative_run_is_not_taken_for_a_silent_one() {
    let test = project("stall_seconds: 6");
    test.claude.plays("implementer", "for i in 1 2 3 4 5 6 7 8; do say more; rest 1; done; write a x; finish");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
}

#[test]
fn what_ignores_the_end_is_killed_with_all_its_processes() {
    let test = project("timeout_seconds: 1");
    test.claude.plays("implementer", "ignore_term; setsid sleep 500 & say started; while :; do sleep 1; done");
    test.tick();
    test.wait_at_most(Duration::from_secs(120), "the run to end", || {
        test.state("impl-1")["last_outcome"] == "timed_out" && test.leftovers().is_empty()
    });
}

#[test]
fn the_budget_of_the_day_stops_everything() {
    let test = project("max_attempts: 9");
    test.agents_and(&[("impl-1", "implementer"), ("pm", "product_manager")], "max_cost_usd_per_day: 0.02");
    test.claude.plays("implementer", "cost=0.03; finish").plays("product_manager", "cost=0.00; finish");
    test.now("2026-03-01T10:00:00Z").tick_and_wait();
    assert_eq!(test.claude.count(), 2);
    test.later(7_200).tick_and_wait().quiet();
    assert_eq!(test.claude.count(), 2);
    test.run(["--dry-run"])
        .ok()
        .says("impl-1: today's runs cost $0.03 of $0.02 (max_cost_usd_per_day)")
        .says("pm: today's runs cost");
    test.run(["status"]).ok().says("Cost today  $0.03 of $0.02");
    // The day ends at midnight of the local zone, three hours before that of UTC.
    test.now("2026-03-01T20:59:00Z").run(["--dry-run"]).ok().says("today's runs cost");
    test.now("2026-03-01T21:01:00Z").tick_and_wait();
    // One only: it is counted with what such runs have cost.
    assert_eq!(test.claude.count(), 3);
}

#[test]
fn runs_at_once_are_limited() {
    let test = project("max_attempts: 9");
    test.agents_and(
        &[("impl-1", "implementer"), ("impl-2", "implementer"), ("impl-3", "implementer")],
        "max_running: 2",
    );
    for id in ["TASK-1", "TASK-2", "TASK-3"] {
        test.task_for(id, "implement");
    }
    test.claude.plays("implementer", "until [ -e \"$HOME/go\" ]; do rest 0.1; done; write \"$TASK_ID\" x; finish");
    test.tick();
    test.wait_until("two to run", || test.claude.count() == 2);
    test.later(120).tick();
    test.run(["--dry-run"]).ok().says("impl-3: 2 of 2 runs are under way (max_running)");
    std::fs::write(test.root().join("home/go"), "").unwrap();
    test.wait_quiet();
    assert_eq!(test.queue("done").len(), 2);
    test.later(120).tick_and_wait();
    assert_eq!(test.queue("done").len(), 3);
}

#[test]
fn a_cost_that_was_not_told_counts_with_the_limit_of_the_run_else_with_the_dearest() {
    for (defaults, first, runs) in [
        // Nothing is known of either run: 0.40 + 0.40, and a third would be too many.
        ("max_cost_usd: 0.4", "die KILL", 2),
        // The first said 0.3; the others, which said nothing, are taken to have cost that too.
        ("claude_model: x", "cost=0.3; turn_limit", 3),
    ] {
        let test = project(defaults);
        let more = format!("defaults: {{{defaults}, max_attempts: 9}}\nmax_cost_usd_per_day: 0.75");
        test.agents_and(&[("impl-1", "implementer")], &more).now("2026-03-01T10:00:00Z");
        test.claude.plays("TASK-1.1", first).plays("TASK-1", "die KILL");
        for _ in 0..runs {
            test.tick_and_wait();
            assert!(test.record("impl-1")["usage"]["duration_seconds"].is_u64());
            test.later(300);
        }
        assert_eq!(test.claude.count(), runs, "{defaults}");
        test.later(900).tick_and_wait();
        assert_eq!(test.claude.count(), runs, "{defaults}");
        test.run(["--dry-run"]).ok().says("of $0.75 (max_cost_usd_per_day)");
    }
}

#[test]
fn a_run_under_way_counts_with_the_limit_that_it_was_started_with() {
    let test = project("max_cost_usd: 0.6");
    test.claude.plays("TASK-1", "touch $CLAUDE_CONFIG_DIR/debug/at-work; hang");
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    // Its agent is not even configured any more.
    test.agents_and(&[("impl-2", "implementer")], "max_cost_usd_per_day: 0.5");
    test.later(300).run(["--dry-run"]).ok().says("impl-2: today's runs cost $0.60 of $0.50");
    test.run(["agent", "stop", "impl-1"]).ok();
    test.wait_quiet();
}

#[test]
fn max_attempts_is_how_often_a_task_is_tried() {
    let test = project("max_attempts: 1");
    test.claude.plays("TASK-1.1", "die TERM").plays("TASK-1.2", "turn_limit");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    test.later(120).tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("failed", 1));
    assert_eq!(test.messages_of("error").len(), 1);
}

#[test]
fn failures_make_an_agent_wait_longer_and_a_row_of_five_is_told_once() {
    let test = Test::new();
    test.agents(&[("pm", "product_manager")]).now("2026-03-01T02:00:00Z");
    test.claude.plays("product_manager", "turn_limit");
    // Twice its minute after the first failure, then four times, at most an hour.
    for (run, wait) in [120, 240, 480, 960, 1_920, 3_600, 3_600].into_iter().enumerate() {
        test.tick_and_wait();
        assert_eq!(test.claude.count(), run + 1);
        assert_eq!(test.messages_of("error").len(), usize::from(run >= 4), "after {} failures", run + 1);
        test.later(wait - 10).run(["--dry-run"]).ok().says("pm: failed");
        test.later(20);
    }
    let [message] = &test.messages_of("error")[..] else { panic!("{:?}", test.messages()) };
    assert!(message.contains("failed 5 times in a row") && message.contains("used up its turns"), "{message}");
    test.claude.plays("product_manager", "finish");
    test.tick_and_wait();
    assert_eq!(test.state("pm")["consecutive_failures"], 0);
}
