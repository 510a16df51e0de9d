//! The run of an implementer: what it is given, what its end means, and what comes of its work.

use crate::support::Test;

/// An origin, a `gh`, one implementer and one task for it.
fn project() -> Test {
    let test = Test::new();
    test.with_origin().agents(&[("impl-1", "implementer")]).task_for("TASK-1", "implement");
    test.github.install();
    test
}

#[test]
fn commits_are_pushed_and_a_pull_request_is_opened() {
    let test = project();
    test.claude.implements();
    let before = test.snapshot();
    test.tick_and_wait().says("impl-1: started with TASK-1").quiet();
    assert_eq!(test.task_state("TASK-1"), "done");
    let pull_request = test.github.only_pull_request();
    assert_eq!((pull_request.base.as_str(), pull_request.title.as_str()), ("main", "Work on TASK-1"));
    assert!(pull_request.body.contains("It is done.") && pull_request.body.contains("TASK-1"), "{pull_request:?}");
    assert!(!pull_request.draft);
    assert_eq!(test.pushed_branches(), [pull_request.head.as_str()]);
    assert!(pull_request.head.starts_with("agent/TASK-1-"), "{}", pull_request.head);
    assert_eq!(test.git(["show", &format!("{}:TASK-1.txt", pull_request.head)]), "work");
    assert!(test.task_text("TASK-1").contains("/pull/1"), "{}", test.task_text("TASK-1"));
    assert_eq!(test.task_line("TASK-1", "WORK_BRANCH"), Some(pull_request.head));
    assert_eq!(test.task_line("TASK-1", "ATTEMPTS").as_deref(), Some("1"));
    assert!(test.task_line("TASK-1", "COMPLETED_AT").is_some());
    assert!(test.messages().is_empty(), "{:?}", test.messages());
    test.assert_untouched(&before);
    let state = test.state("impl-1");
    assert_eq!((&state["phase"], &state["last_outcome"]), (&"idle".into(), &"finished".into()));
    assert_eq!((&state["total_runs"], &state["total_successes"]), (&1.into(), &1.into()));
}

#[test]
fn what_was_left_uncommitted_is_committed_for_it() {
    let test = project();
    test.claude.plays("implementer", "write work.txt work; finish 'Done.'");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let head = test.github.only_pull_request().head;
    assert_eq!(test.git(["show", &format!("{head}:work.txt")]), "work");
    assert!(test.git(["log", "-1", "--format=%s", &head]).contains("TASK-1: Work on TASK-1"));
    let names = test.git(["ls-tree", "-r", "--name-only", &head]);
    assert!(!names.contains(".agent-instructions.md") && !names.contains(".claude"), "{names}");
}

#[test]
fn without_a_change_the_attempt_counts_and_the_last_one_fails_the_task() {
    let test = project();
    test.claude.plays("implementer", "finish 'There was nothing to do.'");
    for attempt in 1..=3_u32 {
        test.tick_and_wait();
        assert_eq!((test.claude.count(), test.attempts("TASK-1")), (attempt as usize, attempt));
        assert_eq!(test.task_state("TASK-1"), if attempt < 3 { "incoming" } else { "failed" });
        test.later(7_200);
    }
    let text = test.task_text("TASK-1");
    assert!(text.contains("ended without a change, at attempt 3") && text.contains("output.jsonl"), "{text}");
    assert!(test.task_line("TASK-1", "FAILED_AT").is_some());
    let [message] = &test.messages_of("error")[..] else { panic!("{:?}", test.messages()) };
    assert!(message.contains("TASK-1") && message.contains("output.jsonl"), "{message}");
    assert!(test.github.pull_requests().is_empty() && test.pushed_branches().is_empty());
    test.tick_and_wait();
    assert_eq!(test.claude.count(), 3);
}

#[test]
fn the_next_attempt_goes_on_from_the_work_of_the_one_before() {
    let test = project();
    test.claude.plays("TASK-1.1", "write first.txt 1 && commit First; write loose.txt x; budget");
    test.claude.plays(
        "TASK-1.2",
        "cat first.txt loose.txt >/dev/null || finish 'Lost.'\nwrite second.txt 2 && commit Second; finish",
    );
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 1));
    assert!(test.github.pull_requests().is_empty());
    assert_eq!(test.task_line("TASK-1", "CLAIMED_BY"), None);
    assert_eq!(test.task_line("TASK-1", "RUN"), None);
    test.later(7_200).tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("done", 2));
    let head = test.github.only_pull_request().head;
    let names = test.git(["ls-tree", "--name-only", &head]);
    assert!(names.contains("first.txt") && names.contains("loose.txt") && names.contains("second.txt"), "{names}");
    let prompt = test.claude.last_call().prompt;
    assert!(prompt.contains("attempt 2 of 3") && prompt.contains("used up its budget"), "{prompt}");
}

#[test]
fn a_crash_counts_and_keeps_the_work() {
    for end in ["die KILL", "no_result 3", "no_result 0"] {
        let test = project();
        test.claude.plays("implementer", &format!("write half.txt x; {end}"));
        test.tick_and_wait();
        assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 1), "{end}");
        let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
        assert_eq!(test.git(["show", &format!("{branch}:half.txt")]), "x", "{end}");
        let state = test.state("impl-1");
        assert_eq!((&state["last_outcome"], &state["consecutive_failures"]), (&"crashed".into(), &1.into()), "{end}");
        test.tick_and_wait();
        assert_eq!(test.claude.count(), 1, "{end}: no pause after a failure");
    }
}

#[test]
fn a_question_holds_the_task_until_a_person_lets_it_go_on() {
    let test = project();
    let ask = "run \"scheduler message send --type question --task TASK-1 --title 'Which one?' --body 'A or B?'\"; finish Asked.";
    test.claude.plays("TASK-1.1", ask).plays("TASK-1.2", "write a.txt A && commit A; finish");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    let held = test.task_line("TASK-1", "WAITS_FOR").unwrap();
    let [(stem, text)] = &test.messages()[..] else { panic!("{:?}", test.messages()) };
    assert_eq!((&held, text.contains("**From:** impl-1")), (stem, true));
    test.later(7_200).tick_and_wait();
    assert_eq!(test.claude.count(), 1);
    test.run(["--dry-run"]).ok().says("no implement task can be claimed; 1 waits");
    let lines: Vec<_> = test.task_text("TASK-1").lines().map(str::to_owned).collect();
    let kept: Vec<_> = lines.into_iter().filter(|line| !line.starts_with("WAITS_FOR")).collect();
    std::fs::write(test.task_path("incoming", "TASK-1"), kept.join("\n")).unwrap();
    test.later(7_200).tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("done", 1));
}

#[test]
fn an_unknown_branch_fails_the_task_at_once() {
    let test = project();
    test.task("TASK-1", "# Work\n\nBRANCH: feature/none\n").tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.claude.count()), ("failed", 0));
    assert!(test.task_text("TASK-1").contains("there is no branch \"feature/none\""));
    assert_eq!(test.messages_of("error").len(), 1);
}

#[test]
fn the_branch_of_the_task_is_where_work_begins_and_is_meant_for() {
    let test = project();
    test.git(["checkout", "-q", "-b", "release/1"]);
    test.committed_file("only-here.txt", "x");
    test.git(["push", "-q", "origin", "release/1"]);
    test.git(["checkout", "-q", "main"]);
    test.task("TASK-1", "# Work\n\nBRANCH: release/1\n").claude.implements();
    test.tick_and_wait();
    let pull_request = test.github.only_pull_request();
    assert_eq!(pull_request.base, "release/1");
    assert_eq!(test.git(["show", &format!("{}:only-here.txt", pull_request.head)]), "x");
}

#[test]
fn work_begins_from_the_newest_state_of_origin() {
    let test = project();
    let other = test.root().join("other");
    test.git_in(test.root(), ["clone", "-q", "origin.git", "other"]);
    std::fs::write(other.join("news.txt"), "new").unwrap();
    test.git_in(&other, ["add", "."]);
    test.git_in(&other, ["-c", "user.name=O", "-c", "user.email=o@example.invalid", "commit", "-q", "-m", "News"]);
    test.git_in(&other, ["push", "-q"]);
    test.claude.implements();
    test.tick_and_wait();
    let head = test.github.only_pull_request().head;
    assert_eq!(test.git(["show", &format!("{head}:news.txt")]), "new");
    assert_eq!(test.git(["rev-list", "--count", &format!("origin/main..{head}")]), "1");
}

#[test]
fn claude_is_started_as_documented() {
    let test = project();
    test.set_env("GH_TOKEN", "secret").set_env("SSH_AUTH_SOCK", "/nowhere").set_env("CLAUDECODE", "1");
    test.agents_and(
        &[("impl-1", "implementer")],
        "defaults:\n  env: {COLOR: red}\n  claude_model: sonnet\n  max_turns: 7\n  max_cost_usd: 1.5\n",
    );
    test.file(".orchestrator/global-instructions.md", "Global words.\n");
    test.file(".orchestrator/prompts/impl-1.md", "Own words, {{ not_rendered }}.\n");
    test.file(".orchestrator/commands/implement.md", "My own skill\n");
    test.file(".orchestrator/commands/release-notes.md", "---\ndescription: A note for each change\n---\nWrite it.\n");
    test.file(".orchestrator/commands/review.md", "Not for this role.\n");
    test.claude.plays("implementer", "cp -r .claude/commands/scheduler \"$CLAUDE_CONFIG_DIR/debug/skills\"; cp .agent-instructions.md \"$CLAUDE_CONFIG_DIR/debug/\"\nrun 'git push origin HEAD:refs/heads/x'; write a x; finish");
    test.tick_and_wait();
    let call = test.claude.only_call();
    let worktree = test.orchestrator("agents/impl-1/worktree");
    assert_eq!(call.cwd, worktree);
    let expected = [
        ("AGENT_NAME", "impl-1"),
        ("AGENT_ID", "0"),
        ("AGENT_ROLE", "implementer"),
        ("TASK_ID", "TASK-1"),
        ("PARENT_PROJECT", test.dir().to_str().unwrap()),
        ("WORKTREE", worktree.to_str().unwrap()),
        ("SHARED_DIR", test.orchestrator("shared").to_str().unwrap()),
        ("AGENT_DEV_PORT", "41000"),
        ("AGENT_MCP_PORT", "41001"),
        ("AGENT_PW_WS_PORT", "41002"),
        ("COLOR", "red"),
    ]
    .map(|(name, value)| (name, Some(value.to_owned())));
    for (name, value) in expected {
        assert_eq!(call.env(name).map(str::to_owned), value, "{name}");
    }
    for name in ["GH_TOKEN", "SSH_AUTH_SOCK", "CLAUDECODE"] {
        assert_eq!(call.env(name), None, "{name}");
    }
    let run_id = test.record("impl-1")["run_id"].as_str().unwrap().to_owned();
    assert_eq!((call.env("RUN_ID"), call.flag("--session-id")), (Some(run_id.as_str()), Some(run_id.as_str())));
    assert_eq!((call.flag("--max-turns"), call.flag("--max-budget-usd")), (Some("7"), Some("1.5")));
    assert_eq!((call.flag("--model"), call.flag("--permission-mode")), (Some("sonnet"), Some("acceptEdits")));
    // Only the run's own programs come before those beside this one.
    let path = call.env("PATH").unwrap();
    assert!(path.split(':').take(2).any(|dir| std::path::Path::new(dir).join("scheduler").is_file()), "{path}");
    for words in ["Global words.", "Own words, {{ not_rendered }}.", "TASK-1", "Some context.", "41000"] {
        assert!(call.prompt.contains(words), "{words} is not in {}", call.prompt);
    }
    let read = |name: &str| std::fs::read_to_string(test.notes(name)).unwrap();
    assert_eq!(read(".agent-instructions.md"), call.prompt);
    assert_eq!((read("skills/implement.md").as_str(), read("skills/.gitignore").as_str()), ("My own skill\n", "*\n"));
    assert!(read("skills/send-message.md").contains("scheduler message send"));
    assert!(read("skills/release-notes.md").ends_with("Write it.\n") && !test.notes("skills/review.md").exists());
    for skill in
        ["implement`: My own skill. The project's own", "release-notes`: A note for each change. The project's own"]
    {
        assert!(call.prompt.contains(&format!("- `scheduler:{skill}")), "{skill} is not in {}", call.prompt);
    }
    assert_eq!(test.origin_tip("x"), None, "the agent could push");
}

#[test]
fn env_sh_is_private_and_can_be_sourced() {
    use std::os::unix::fs::PermissionsExt;
    let test = project();
    test.agents_and(&[("impl-1", "implementer")], "defaults:\n  env: {QUOTED: \"it's $(touch x) \\\"it\\\"\"}\n");
    test.claude.implements();
    test.tick_and_wait();
    let file = test.orchestrator("agents/impl-1/env.sh");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let mut shell = test.program_command("sh");
    shell.args(["-c", ". \"$1\"; echo \"$AGENT_NAME|$QUOTED|${RUN_ID-none}\"", "sh"]).arg(&file);
    let said = test.finish(shell).ok().stdout;
    assert_eq!(said, "impl-1|it's $(touch x) \"it\"|none\n");
    assert!(!test.path("x").exists());
}

#[test]
fn an_agent_may_call_only_the_commands_of_its_role_and_only_in_its_run() {
    let test = project();
    let script = "run \"scheduler task add --title Another --role implement\" && finish Allowed\n\
                  run \"scheduler task retry --all\" && finish Allowed\n\
                  run \"scheduler\" && finish Allowed\n\
                  run \"scheduler init -y\" && finish Allowed\n\
                  run \"scheduler task show TASK-1\" || finish Refused\n\
                  run \"scheduler message send --type info --title Hello --body There\" || finish Refused\n\
                  write a x; finish Good";
    test.claude.plays("implementer", script);
    test.tick_and_wait();
    assert!(test.task_text("TASK-1").contains("\nGood"), "{}", test.task_text("TASK-1"));
    assert_eq!(test.queue("incoming"), [] as [&str; 0]);
    let [(_, message)] = &test.messages()[..] else { panic!("{:?}", test.messages()) };
    assert!(message.contains("**From:** impl-1"), "{message}");
    let mark = test.claude.only_call().env.into_iter().find(|line| {
        line.ends_with(test.record("impl-1")["run_id"].as_str().unwrap()) && line.starts_with("SCHEDULER")
    });
    let (name, value) = mark.as_deref().and_then(|line| line.split_once('=')).unwrap();
    test.set_env(name, value);
    test.run(["task", "list"]).refuses().code(2).complains(name);
    test.run(["message", "send", "--type", "info", "--title", "Late", "--body", ""]).refuses().complains(name);
    assert_eq!(test.messages().len(), 1);
}

#[test]
fn mcp_config_names_the_only_servers_that_it_has() {
    let test = Test::with_implementer();
    test.file("servers.json", r#"{"mcpServers": {"my db": {"command": "db"}}}"#);
    test.agents_and(&[("impl-1", "implementer")], "defaults: {mcp_config: servers.json}");
    test.tick_and_wait();
    let call = test.claude.only_call();
    let file = call.flag("--mcp-config").unwrap();
    assert_eq!(std::fs::read(file).unwrap(), std::fs::read(test.path("servers.json")).unwrap());
    assert!(file.contains("/runs/") && call.args.contains(&"--strict-mcp-config".to_owned()), "{:?}", call.args);
    assert!(call.flag("--allowedTools").unwrap().split(',').any(|rule| rule == "mcp__my_db"), "{:?}", call.args);
    test.file("servers.json", "{}").task_for("TASK-2", "implement");
    test.later(60).tick_and_wait();
    assert_eq!((test.claude.count(), test.task_state("TASK-2"), test.attempts("TASK-2")), (1, "incoming", 0));
    let [told] = &test.messages_of("error")[..] else { panic!("{:?}", test.messages()) };
    assert!(told.contains("mcp_config in agents.yaml, servers.json: no object `mcpServers`"), "{told}");
}

#[test]
fn flags_that_claude_does_not_know_are_left_out_and_asked_for_once() {
    let test = Test::with_implementer();
    let asked = test.notes("asked").display().to_string();
    test.program(
        "older",
        &format!("#!/bin/sh\ncase $* in *--help) echo x >>'{asked}'; echo '  -p, --print  x'; exit 0 ;; esac\nexec claude \"$@\"\n"),
    );
    let config = "defaults: {command: [older], effort: high, fallback_model: haiku}";
    test.agents_and(&[("impl-1", "implementer")], config);
    test.tick_and_wait();
    test.task_for("TASK-2", "implement").later(60).tick_and_wait();
    for call in test.claude.calls() {
        assert!(call.flag("--tools").is_none() && call.flag("--allowedTools").is_some(), "{:?}", call.args);
        assert!(!call.args.iter().any(|arg| arg.starts_with("--exclude")), "{:?}", call.args);
        assert_eq!((call.flag("--effort"), call.flag("--fallback-model")), (None, None), "{:?}", call.args);
    }
    // What you have asked for isn't left out without a word.
    let told = test.messages_of("warning");
    let is_told = |what: &str| told.iter().filter(|text| text.contains(what)).count() == 1;
    assert!(is_told("`effort` of agents.yaml is left out") && is_told("`fallback_model` of agents.yaml"), "{told:?}");
    assert_eq!((test.claude.count(), std::fs::read_to_string(&asked).unwrap().as_str()), (2, "x\n"));
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-3", "implement").later(60).tick_and_wait();
    let call = test.claude.last_call();
    assert!(
        call.flag("--tools").is_some() && call.args.iter().any(|arg| arg.starts_with("--exclude")),
        "{:?}",
        call.args
    );
}
