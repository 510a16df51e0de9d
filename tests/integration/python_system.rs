//! A directory that the Python system made: every kind of its files is read where it lies, and nothing is lost.

use crate::support::Test;
use std::fs;
use std::process::Command;

const AGENTS: &str = "model: proposal\n\nqueue_limits:\n  max_incoming: 20\n  max_claimed: 5\n  max_open_prs: 10\n\n\
    voice_weights:\n  architect: 1.2\n\ngatekeeper:\n  enabled: true\n  auto_approve: false\n  required_checks: [lint]\n  optional_checks: [style]\n\n\
    agents:\n  - name: architect\n    role: proposer\n    focus: code_structure\n    interval_seconds: 86400\n\n  \
    - name: impl-agent-1\n    role: implementer\n    interval_seconds: 180\n\n  \
    - name: lint-checker\n    role: gatekeeper\n    focus: lint\n    interval_seconds: 600\n\n  \
    - name: coordinator\n    role: gatekeeper_coordinator\n    interval_seconds: 300\n";

const TASK: &str = "ROLE: implement\nPRIORITY: P1\nBRANCH: main\nCREATED: 2026-01-29T14:30:00.123456\nCREATED_BY: pm-agent\n\n\
    ## Context\nWhy it matters.\n\n## Acceptance Criteria\n- [ ] It works\n";

/// A project with such a directory; nobody has run `scheduler init` in it.
fn project() -> Test {
    let test = Test::new();
    test.with_origin().config(AGENTS);
    test.github.install();
    test.now("2026-02-01T12:00:00Z");
    for agent in ["impl-agent-1", "architect"] {
        state(&test, agent, "false", "null", "2026-02-01T11:59:30.123456Z");
    }
    let task = |state: &str, id: &str, title: &str, more: &str| {
        test.file(
            &format!(".orchestrator/shared/queue/{state}/TASK-{id}.md"),
            &format!("# [TASK-{id}] {title}\n\n{TASK}{more}"),
        );
    };
    let claimed = "\nCLAIMED_BY: impl-agent-1\nCLAIMED_AT: 2026-01-29T15:00:00.5\n";
    task("incoming", "a1b2c301", "Waits", "");
    task("claimed", "a1b2c302", "Was cut off", claimed);
    task(
        "done",
        "a1b2c303",
        "Was done",
        &format!("{claimed}\nCOMPLETED_AT: 2026-01-29T16:00:00\n\n## Result\nPR #7 created\n"),
    );
    let failed = "\nFAILED_AT: 2026-01-29T17:00:00\n\n## Error\n```\nClaude timed out\nafter 600 s\n```\n";
    task("failed", "a1b2c304", "Has failed", &format!("{claimed}{failed}"));
    let proposal = |state: &str, id: &str, more: &str| {
        test.file(
            &format!(".orchestrator/shared/proposals/{state}/PROP-{id}.md"),
            &format!(
                "# Proposal: Idea {id}\n\n**ID:** PROP-{id}\n**Proposer:** architect\n**Category:** refactor\n**Complexity:** M\n\
                 **Created:** 2026-01-29T14:30:00.123456\n\n## Summary\nOne line.\n\n## Rationale\nWhy.\n\n## Acceptance Criteria\n- [ ] x\n\n\
                 ## Relevant Files\n- src/{id}.rs\n{more}"
            ),
        );
    };
    proposal("active", "00000001", "");
    proposal("promoted", "00000002", "\n---\n**Promoted:** 2026-01-29T15:00:00Z\n**Task:** TASK-a1b2c301\n");
    proposal(
        "deferred",
        "00000003",
        "\n**Deferred At:** 2026-01-29T15:00:00.5\n**Deferral Reason:** After the release\n",
    );
    proposal(
        "rejected",
        "00000004",
        "\n**Rejected By:** curator\n**Rejected At:** 2026-01-29T15:00:00.5\n**Rejection Reason:** |\n  Too broad.\n  \n  Begin with one file.\n",
    );
    proposal(
        "rejected",
        "00000005",
        "\n---\n## Rejection\n\n**Rejected:** 2026-01-29T15:00:00Z\n**Rejected By:** curator\n\n### Reason\n\nIs done in another way.\n",
    );
    test.file(
        ".orchestrator/shared/prs/PR-7/meta.json",
        r#"{"pr_number": 7, "title": "A change", "branch": "feature", "base": "main", "author": "someone", "status": "blocked",
            "created_at": "2026-01-29T14:34:14.557000", "last_checked": "2026-01-29T15:34:14.557000", "required_checks": ["lint"],
            "optional_checks": [], "check_results": {"lint": {"status": "failed", "summary": "2 lint errors", "time": "2026-01-29T15:34:14.557000"}},
            "fix_task": "TASK-a1b2c301"}"#,
    );
    test.file(
        ".orchestrator/shared/prs/PR-7/checks/lint.md",
        "# ❌ Lint Check\n\n**Status:** failed\n**Time:** 2026-01-29T15:34:14.557000\n**Summary:** 2 lint errors\n\n## Issues\n\n\
         - **error** `src/a.rs:7`: Unused\n- **warning** `src/b.rs`: Long\n",
    );
    test.file(
        ".orchestrator/messages/question-20260129-143000-Which-one-.md",
        "# ❓ Which one?\n\n**Type:** question\n**Time:** 2026-01-29T14:30:00.5\n**From:** impl-agent-1\n**Task:** a1b2c304\n\n---\n\nA or B?",
    );
    test
}

fn state(test: &Test, agent: &str, running: &str, pid: &str, started: &str) {
    test.file(
        &format!(".orchestrator/agents/{agent}/state.json"),
        &format!(
            "{{\n  \"running\": {running},\n  \"pid\": {pid},\n  \"last_started\": \"{started}\",\n  \"last_finished\": null,\n  \
             \"last_exit_code\": 0,\n  \"consecutive_failures\": 0,\n  \"total_runs\": 42,\n  \"total_successes\": 40,\n  \"total_failures\": 2,\n  \
             \"current_task\": null,\n  \"extra\": {{}}\n}}"
        ),
    );
}

#[test]
fn every_kind_of_file_is_read() {
    let test = project();
    let agents = test.run(["status", "--json"]).ok().json()["agents"].clone();
    let of = |name: &str| agents.as_array().unwrap().iter().find(|agent| agent["name"] == name).unwrap().clone();
    for agent in ["impl-agent-1", "architect"] {
        let known = of(agent);
        assert_eq!(
            (&known["total_runs"], &known["total_successes"], &known["total_failures"]),
            (&42.into(), &40.into(), &2.into())
        );
        assert_eq!(known["last_started"], "2026-02-01T11:59:30.123456Z");
        assert_eq!(known["reason"]["reason"], "not_due");
    }
    test.run(["task", "show", "TASK-a1b2c302"]).ok().says("impl-agent-1");
    test.run(["why", "TASK-a1b2c304"]).ok().says("Claude timed out").says_not("```");
    test.run(["why", "TASK-a1b2c303"]).ok().says("PR #7 created");
    test.run(["task", "list", "--state", "done"]).ok().says("PR #7 created");
    let shown = |id: &str| test.run(["proposal", "show", id, "--json"]).ok().json();
    assert_eq!(shown("PROP-00000002")["judgement"]["verdict"]["task"], "TASK-a1b2c301");
    assert_eq!(shown("PROP-00000003")["judgement"]["verdict"]["reason"], "After the release");
    assert_eq!(shown("PROP-00000004")["judgement"]["verdict"]["reason"], "Too broad.\n\nBegin with one file.");
    assert_eq!(shown("PROP-00000005")["judgement"]["verdict"]["reason"], "Is done in another way.");
    test.run(["message", "list", "--json"]).ok().says("TASK-a1b2c304");
    test.run(["pr", "show", "7"]).ok().says("A change").says("high").says("src/a.rs:7").says("medium");
}

#[test]
fn a_process_that_is_at_work_is_waited_for() {
    let test = project();
    test.claude.implements();
    let mut process = Command::new("sleep").arg("600").spawn().unwrap();
    // Not before the process has begun by the machine's own clock.
    state(&test, "impl-agent-1", "true", &process.id().to_string(), "2099-01-01T00:00:00.5");
    test.now("2026-02-01T12:10:00Z");
    test.tick().says_not("impl-agent-1");
    let words = format!("at work for the Python system (process {})", process.id());
    test.run(["why", "impl-agent-1"]).ok().says(&words);
    test.run(["status", "--json"]).ok().says("\"reason\": \"python\"");
    test.run(["agent", "stop", "impl-agent-1"]).code(1).complains(&format!("kill {}", process.id()));
    assert_eq!((test.task_state("TASK-a1b2c302"), test.claude.count()), ("claimed", 0));
    process.kill().unwrap();
    process.wait().unwrap();
    test.later(60).tick().says("TASK-a1b2c302: back in incoming");
    test.wait_quiet();
    let state = test.state("impl-agent-1");
    assert_eq!(
        (&state["phase"], &state["total_runs"], &state["total_successes"]),
        (&"idle".into(), &43.into(), &41.into())
    );
    let done = test.queue("done");
    assert!(done.contains(&"TASK-a1b2c301".to_owned()) || done.contains(&"TASK-a1b2c302".to_owned()), "{done:?}");
}

/// The files that hold what was said and done, with their contents.
fn kept(test: &Test) -> Vec<(String, Vec<u8>)> {
    let mut find = test.program_command("find");
    find.args([".orchestrator/shared", ".orchestrator/messages", ".orchestrator/agents.yaml", "-type", "f"]);
    let listed = test.finish(find).ok().stdout;
    listed.lines().map(|name| (name.to_owned(), fs::read(test.path(name)).unwrap())).collect()
}

#[test]
fn init_takes_it_over_once() {
    let test = project();
    test.file("orchestrator/orchestrator/scheduler.py", "");
    let block = "# Orchestrator\n# Orchestrator runtime files\n.orchestrator/agents/\n.orchestrator/messages/\n\
                 .orchestrator/shared/queue/claimed/\n.orchestrator/shared/queue/failed/\n.orchestrator/shared/proposals/\n\
                 .orchestrator/scheduler.lock\n.agent-instructions.md\n";
    test.committed_file(".gitignore", &format!("/target\n\n{block}"));
    test.git(["add", "."]);
    test.git(["commit", "-q", "-m", "The queue too"]);
    test.program(
        "crontab",
        "#!/bin/sh\ncase $1 in -l) cat \"$HOME/crontab\" ;; *) cat \"$1\" > \"$HOME/crontab\" ;; esac\n",
    );
    let crontab = test.root().join("home/crontab");
    let line = format!(
        "* * * * * cd '{}' && python orchestrator/orchestrator/scheduler.py >> /l 2>&1\n",
        test.dir().display()
    );
    fs::write(&crontab, format!("MAILTO=me\n{line}")).unwrap();
    let worktree = test.orchestrator("agents/impl-agent-1/worktree");
    test.git(["worktree", "add", "-q", "-b", "agent/a1b2c302-20260129-150000", worktree.to_str().unwrap()]);
    fs::write(worktree.join("unfinished.txt"), "half of it\n").unwrap();
    let before = kept(&test);

    let said = test.run(["init"]).ok();
    for words in [
        "Taken over from the Python system:",
        "agents         architect, impl-agent-1: times and totals are kept",
        "tasks          1 incoming, 1 claimed, 1 done, 1 failed",
        "proposals      1 active, 1 promoted, 1 deferred, 2 rejected",
        "pull requests  1",
        "messages       1",
        "9 lines of the Python system replaced by 7",
        "It is left as it is",
        "git rm -r -q orchestrator",
        "git rm -r -q --cached .orchestrator/shared",
    ] {
        assert!(said.stdout.contains(words), "{words}\n{}", said.stdout);
    }
    assert_eq!(kept(&test), before);
    let ignored = fs::read_to_string(test.path(".gitignore")).unwrap();
    assert!(ignored.starts_with("/target\n\n# scheduler") && !ignored.contains("scheduler.lock"), "{ignored}");
    let state = test.state("impl-agent-1");
    assert_eq!(
        (&state["phase"], &state["total_runs"], &state["running"]),
        (&"idle".into(), &42.into(), &serde_json::Value::Null)
    );
    assert!(fs::read_to_string(&crontab).unwrap().contains(&line));
    test.run(["doctor"]).says("the Python system still runs here, too");

    test.run(["init", "-y"]).ok().says_not("Taken over").says("your crontab has this line now");
    let new = fs::read_to_string(&crontab).unwrap();
    assert!(new.starts_with("MAILTO=me\n# scheduler: ") && !new.contains("scheduler.py"), "{new}");
    test.run(["init", "-y"]).ok().says("nothing was changed").says_not("crontab has");
    assert_eq!((kept(&test), fs::read_to_string(&crontab).unwrap()), (before, new));

    test.claude.implements();
    test.now("2026-02-01T12:10:00Z").tick_and_wait();
    assert_eq!(test.state("impl-agent-1")["total_runs"], 43);
    assert!(test.git(["log", "--all", "-p", "--format="]).contains("half of it"), "what lay in the worktree is saved");
}
