//! `scheduler status`.

use crate::support::Test;

#[test]
fn it_shows_ticks_agents_queue_and_cost() {
    let test = Test::new();
    test.agents_and(&[("impl-1", "implementer"), ("tester-1", "tester")], "max_cost_usd_per_day: 20")
        .task_for("TASK-1", "implement");
    test.now("2026-03-01T10:00:00Z").run(["status"]).ok().says("never: start `scheduler` from cron");
    test.claude.plays("default", "cost=1.25; write a x; finish");
    test.tick_and_wait();
    test.task_for("TASK-2", "implement");
    let said = test.later(60).run(["status"]).ok().quiet();
    said.says("Last tick   60 s ago")
        .says("Cost today  $1.25 of $20.00")
        .says("1 incoming, 0 claimed (limits: 20 both, 5 claimed), 1 done, 0 failed")
        .says("finished, 60 s ago")
        .says("no test task");
    test.later(3_600).run(["status"]).ok().says("LATE: is cron running?");
}

#[test]
fn it_shows_what_runs_and_what_holds_everything() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.claude.plays("default", "until [ -e \"$HOME/go\" ]; do rest 0.1; done; write a x; finish");
    test.tick();
    test.run(["status"]).ok().says("running TASK-1").says("0 incoming, 1 claimed");
    std::fs::write(test.root().join("home/go"), "").unwrap();
    test.wait_quiet();
    test.file(".orchestrator/paused", "").run(["status"]).ok().says("Paused");
}

#[test]
fn it_says_when_the_pull_requests_are_not_known() {
    let test = Test::new();
    test.with_origin().agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement").claude.implements();
    test.run(["status"]).ok().says("Open PRs    not known yet");
    test.tick_and_wait();
    test.run(["status"]).ok().says("Open PRs    not known: ").says("cli.github.com");
    test.github.install().open("agent/other", "main", "Other");
    test.task_for("TASK-2", "implement").later(120).tick_and_wait();
    test.run(["status"]).ok().says("Open PRs    2 of 10");
}
