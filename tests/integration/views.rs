//! `scheduler status`, `why` and `logs`: what goes on is plain to see, and looking changes nothing.

use crate::support::{Output, Test, proposals::architect};
use std::fs;

fn project() -> Test {
    let test = Test::new();
    test.now("2026-03-01T10:00:00Z");
    test.agents(&[("impl-1", "implementer"), ("test-1", "tester")]);
    test
}

const WAITS: &str =
    "while [ ! -e \"$PARENT_PROJECT/go\" ]; do sleep 0.05; done\nwrite a.txt b && commit 'B' && finish 'Done.'";

/// Starts a run that goes on until the file `go` is there.
fn busy(test: &Test) {
    test.claude.plays("implementer", WAITS);
    test.task_for("TASK-1", "implement").tick().says("impl-1: started");
    test.wait_until("claude's first words", || {
        test.runs("impl-1")
            .last()
            .is_some_and(|run| fs::metadata(run.join("output.jsonl")).is_ok_and(|meta| meta.len() > 0))
    });
}

fn end(test: &Test) {
    test.file("go", "");
    test.wait_quiet();
}

fn status(test: &Test) -> Output {
    test.run(["status"])
}

/// Every file under `.orchestrator/` with its size and time.
fn everything(test: &Test) -> Vec<String> {
    let mut command = test.program_command("find");
    command.args([".orchestrator", "-type", "f", "-not", "-path", "*/worktree/*", "-printf", "%p %s %T@\n"]);
    let mut lines: Vec<_> = test.finish(command).ok().stdout.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn an_empty_project_and_a_late_tick() {
    let test = project();
    status(&test).ok().says("Last tick   never").says("0 of 20 waiting or claimed").says("no implement task").quiet();
    test.tick_and_wait();
    test.later(45);
    status(&test).ok().says("Last tick   45 s ago").says_not("LATE");
    test.later(7_200);
    status(&test).ok().says("2 h ago: LATE").says("scheduler doctor");
    test.run(["pause", "--reason", "Release"]).ok();
    status(&test).ok().says("Paused").says("Release").says("everything is paused");
}

#[test]
fn one_screen_of_eighty_columns_whatever_it_shows() {
    let test = project();
    let title =
        "漢字 a very long title that goes on and on, far beyond what fits into eighty columns of a terminal \u{1b}[31m";
    for number in 1..8 {
        let text = format!("# {title}\n\nFAILED_AT: 2026-03-01T09:00:00Z\n\n## Error\n\n{title}\n");
        test.file(&format!(".orchestrator/shared/queue/failed/TASK-very-long-name-of-a-task-{number}.md"), &text);
        let claimed =
            format!("# {title}\n\nCLAIMED_BY: an-agent-with-a-very-long-name\nCLAIMED_AT: 2026-03-01T08:00:00Z\n");
        test.file(&format!(".orchestrator/shared/queue/claimed/T-{number}.md"), &claimed);
    }
    let prs =
        r##"{"asked_at":"2026-03-01T09:59:00Z","open":[{"number":7,"title":"T","head":"agent/x"}],"error":null}"##;
    test.file(".orchestrator/cache/open-prs.json", &prs.replace("\"T\"", &format!("{:?}", &title[..100])));
    test.run(["message", "send", "--type", "question", "--title", title, "--body", ""]).ok();
    let [id, deferred] = ["plan-task", "test"].map(|category| architect(title, category, &[]).add(&test));
    let text = test.proposal_text(&id).replace("architect", "an-agent-with-a-very-long-name");
    fs::write(test.proposal_path("active", &id), text).unwrap();
    test.run(["proposal", "defer", &deferred, "--reason", "Later"]).ok();
    test.task_for("TASK-1", "implement").task("TASK-2", "# x\nBLOCKED_BY: TASK-1\n");
    // In a pipe nothing is cut.
    assert!(status(&test).ok().stdout.contains("beyond what fits into eighty columns of a terminal"));
    test.set_env("COLUMNS", "80");
    let list = test.run(["proposal", "list"]).ok().quiet().stdout;
    assert!(list.contains("plan-task"), "{list}");
    let shown = status(&test).ok().quiet().stdout;
    for line in shown.lines().chain(list.lines()) {
        let columns: usize = line.chars().map(|c| if c > '\u{2e80}' { 2 } else { 1 }).sum();
        assert!(columns <= 80, "{columns} columns: {line:?}");
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
    for text in
        ["CLAIMED", "FAILED", "PULL REQUEST", "#7", "QUESTION", "... and 2 more tasks", "1 active", "1 of 10, 60 s ago"]
    {
        assert!(shown.contains(text), "{text} is missing in\n{shown}");
    }
    assert!(shown.lines().count() < 60, "{shown}");
}

#[test]
fn tasks_that_wait_for_others_are_counted() {
    let test = project();
    test.task_for("TASK-1", "implement").task("TASK-2", "# x\nBLOCKED_BY: TASK-1\n");
    let blocked = || test.run(["status", "--json"]).ok().json()["queue"]["blocked"].as_u64();
    status(&test).ok().says("Blocked     1 of 2 incoming waits for another task");
    assert_eq!(blocked(), Some(1));
    test.task("TASK-3", "# x\nBLOCKED_BY: TASK-1, TASK-2\n");
    status(&test).ok().says("Blocked     2 of 3 incoming wait for another task");
    fs::rename(test.task_path("incoming", "TASK-1"), test.task_path("done", "TASK-1")).unwrap();
    assert_eq!(blocked(), Some(1));
    fs::rename(test.task_path("incoming", "TASK-2"), test.task_path("done", "TASK-2")).unwrap();
    status(&test).ok().says_not("Blocked");
    assert_eq!(blocked(), Some(0));
}

#[test]
fn proposals_that_cannot_be_read_are_named_and_not_counted() {
    for model in ["task", "proposal"] {
        let test = Test::new();
        test.config(&format!("model: {model}\nagents:\n  - {{name: impl-1, role: implementer}}\n"));
        let good = architect("Split the parser", "refactor", &["src/parse.rs"]).add(&test);
        for (state, id) in [("active", "PROP-2"), ("deferred", "PROP-3")] {
            test.file(&format!(".orchestrator/shared/proposals/{state}/{id}.md"), "# x\n\n**Category:** chore\n");
        }
        let shown = status(&test).ok().says("1 active, 0 deferred, 0 promoted, 0 rejected").stdout;
        for (id, times) in [("PROP-2", 1), ("PROP-3", 1), (good.as_str(), 0)] {
            assert_eq!(shown.matches(&format!("{id}.md: ")).count(), times, "{model}: {shown}");
        }
        assert_eq!(test.run(["status", "--json"]).ok().json()["problems"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn status_as_json_has_everything() {
    let test = project();
    busy(&test);
    test.task("TASK-2", "# Wrong\nROLE: boss\n");
    let before = everything(&test);
    let json = test.run(["status", "--json"]).ok().quiet().json();
    assert_eq!(everything(&test), before, "status wrote something");
    assert_eq!(json["agents"][0]["doing"], "running");
    assert_eq!((&json["agents"][0]["current_task"], &json["late"]), (&"TASK-1".into(), &false.into()));
    assert_eq!(json["agents"][1]["reason"]["reason"], "no_task");
    assert_eq!((&json["queue"]["claimed"], &json["queue"]["limits"]["max_claimed"]), (&1.into(), &5.into()));
    assert_eq!(json["queue"]["claimed_tasks"][0]["claimed_by"], "impl-1");
    status(&test).ok().says("TASK-1").says("ROLE: \"boss\"").quiet();
    end(&test);
}

#[test]
fn a_broken_configuration_hides_nothing_else() {
    let test = project();
    busy(&test);
    fs::write(test.orchestrator("agents.yaml"), "paused: 7\nagents: []\n").unwrap();
    status(&test).code(2).says("impl-1").says("CLAIMED").says("PROBLEMS").complains("agents.yaml");
    test.run(["why", "impl-1"]).code(2).complains("line 1");
    test.run(["why", "TASK-1"]).ok().says("by impl-1");
    end(&test);
}

#[test]
fn colour_only_on_a_terminal() {
    let test = project();
    let coloured = |more: &[(&str, &str)]| {
        let mut command = test.program_command("script");
        command.args(["-qec", "scheduler status", "/dev/null"]).env("TERM", "xterm").envs(more.iter().copied());
        test.finish(command).ok().stdout.contains("\u{1b}[")
    };
    test.set_env("TERM", "xterm");
    assert!(!status(&test).ok().stdout.contains('\u{1b}'));
    if std::process::Command::new("script").arg("--version").output().is_ok() {
        test.program("script", "#!/bin/sh\nexec /usr/bin/script \"$@\"\n");
        assert!(coloured(&[]) && !coloured(&[("NO_COLOR", "1")]) && !coloured(&[("TERM", "dumb")]));
    }
}

#[test]
fn a_thousand_agents_and_ten_thousand_tasks_are_looked_at_at_once() {
    let test = Test::new();
    let agents: Vec<_> = (0..1_000).map(|number| format!("agent-{number}")).collect();
    let agents: Vec<_> = agents.iter().map(|name| (name.as_str(), "implementer")).collect();
    test.agents(&agents);
    for name in agents.iter().map(|(name, _)| name) {
        test.file(&format!(".orchestrator/agents/{name}/state.json"), r#"{"last_started": "2026-03-01T10:00:00Z"}"#);
    }
    for number in 0..10_000 {
        fs::write(test.task_path("done", &format!("TASK-{number}")), "# x\n").unwrap();
    }
    test.now("2026-03-01T10:00:10Z");
    let fastest =
        (0..3).map(|_| status(&test).ok().says("10000 done").says("and 970 more agents").elapsed).min().unwrap();
    // Generous: a build without optimisation, on a machine that does other things.
    assert!(fastest.as_secs_f64() < 10.0, "{fastest:?}");
}

#[test]
fn why_explains_agents() {
    let test = project();
    busy(&test);
    test.run(["why", "impl-1"])
        .ok()
        .says("impl-1 (implementer) is at work on TASK-1")
        .says("scheduler logs impl-1 -f")
        .quiet();
    test.run(["why", "test-1"]).ok().says("no test task").says("no other task with ROLE: test");
    test.task("TASK-2", "# Two\nROLE: test\nBLOCKED_BY: TASK-1\n");
    test.run(["why", "test-1"]).ok().says("TASK-2 waits for TASK-1");
    test.run(["limits", "set", "max_claimed=1"]).ok();
    test.task_for("TASK-3", "test");
    test.later(7_200);
    test.run(["why", "test-1"])
        .ok()
        .says("1 of 1 tasks are claimed")
        .says("TASK-1, for 2 h, by impl-1")
        .says("limits set");
    test.run(["agent", "pause", "test-1"]).ok();
    test.run(["why", "TEST-1"]).ok().says("agent resume test-1");
    test.run(["why"]).ok().says("impl-1 (implementer)").says("test-1 (tester)");
    test.run(["why", "tset-1"]).code(1).complains("did you mean test-1");
    end(&test);
    test.run(["why", "impl-1"]).ok().says("no implement task");
    let json = &test.run(["why", "impl-1", "--json"]).ok().json()["explanations"];
    assert_eq!((&json[0]["about"], &json[0]["lines"][0]["depth"]), (&"impl-1".into(), &0.into()));
}

#[test]
fn why_follows_a_task_to_what_it_waits_for() {
    let test = project();
    test.task("TASK-a", "# A\nBLOCKED_BY: TASK-b\n").task("TASK-b", "# B\nBLOCKED_BY: TASK-c, TASK-gone\n");
    test.file(
        ".orchestrator/shared/queue/failed/TASK-c.md",
        "# C\n\nFAILED_AT: 2026-03-01T08:00:00Z\n\n## Error\n\nNo such branch\n",
    );
    let why = test.run(["why", "TASK-a"]).ok().quiet().stdout;
    let expected = "TASK-a waits for TASK-b\n  TASK-b waits for TASK-c, TASK-gone\n    TASK-c failed 2 h ago: No such branch\n      \
        `scheduler task retry TASK-c` gives it another try\n    TASK-gone isn't there: correct the BLOCKED_BY line\n";
    assert_eq!(why, expected);
    test.task("TASK-x", "# X\nBLOCKED_BY: TASK-y\n").task("TASK-y", "# Y\nBLOCKED_BY: TASK-x\n");
    test.run(["why", "TASK-x"]).ok().says("circle");
    test.task("TASK-w", "# W\nROLE: boss\n").task("TASK-h", "# H\nWAITS_FOR: a person\nRETURNS: 5\n");
    test.run(["why", "TASK-w"]).ok().says("left alone").says("boss");
    test.run(["why", "TASK-h"]).ok().says("came back 5 times").says("task retry TASK-h");
    test.task_for("TASK-r", "review");
    test.run(["why", "TASK-r"]).ok().says("no agent claims review tasks").says("agent add");
    test.task_for("TASK-q", "test");
    test.run(["why", "TASK-q"]).ok().says("claimed at the next tick, by test-1");
    let args = ["message", "send", "--type", "question", "--title", "Case Z?", "--body", "", "--task", "TASK-q"];
    test.run(args).ok();
    test.run(["why", "TASK-q"]).ok().says("a question of human").says("Case Z?").says("message reply question-");
    test.run(["message", "clear", "--all"]).ok();
    test.run(["why", "TASK-q"]).ok().says("which was removed").says("task retry TASK-q");
}

#[test]
fn logs_tell_runs_and_follow_one_to_its_end() {
    let test = project();
    test.run(["logs", "impl-1"]).ok().says("had no run yet");
    test.run(["logs", "imp-1"]).code(1).complains("did you mean impl-1");
    busy(&test);
    test.run(["logs", "impl-1"]).ok().says("impl-1: TASK-1, attempt 1").says("goes on").quiet();
    let following = test.start(["logs", "impl-1", "-f"]);
    end(&test);
    following.wait().ok().says("turns, $").says("task done").quiet();
    let first = test.runs("impl-1")[0].file_name().unwrap().to_str().unwrap().to_owned();
    test.claude.plays("TASK-2", "write c.txt d && commit C && finish 'The second one.'");
    test.task_for("TASK-2", "implement").later(120).tick_and_wait();
    test.run(["logs", "impl-1"]).ok().says("TASK-2").says("The second one.").says("> Write").says_not("TASK-1");
    test.run(["logs", "impl-1", "--run", &first[..8]]).ok().says("TASK-1").says_not("TASK-2");
    test.run(["logs", "impl-1", "--run", "../../x"]).code(1).complains("had no run");
    test.run(["logs", "impl-1", "-f"]).ok().says("task done");
}
