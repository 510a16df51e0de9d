//! What a worktree gets before a run (`worktree` in agents.yaml, `.worktreeinclude`), and where it is (`worktree_root`).

use crate::support::Test;
use std::{fs, path::PathBuf};

/// A project that ignores .env, with an implementer and two tasks.
fn project(more: &str) -> Test {
    let test = Test::new();
    test.committed_file(
        ".gitignore",
        "/.orchestrator/*\n!/.orchestrator/agents.yaml\n.env\n/deps/\n.worktreeinclude\n",
    );
    test.agents_and(&[("impl-1", "implementer")], more).task_for("TASK-1", "implement").task_for("TASK-2", "implement");
    test.claude.implements();
    test
}

/// One tick a while later, with everything that it starts.
fn next(test: &Test) {
    test.later(120).tick_and_wait();
}

fn worktree(test: &Test) -> PathBuf {
    test.orchestrator("agents/impl-1/worktree")
}

/// The log of the newest run's preparation.
fn log(test: &Test) -> String {
    fs::read_to_string(test.runs("impl-1").pop().unwrap().join("setup.log")).unwrap_or_default()
}

#[test]
fn a_new_worktree_is_set_up_once_and_files_are_copied_each_time() {
    let setup =
        "mkdir -p deps && echo \"$AGENT_NAME\" >> deps/log && echo trash > README.md && echo x > stray && cat .env";
    let test = project(&format!("worktree: {{setup: '{setup}', include: [.env]}}"));
    test.file(".env", "KEY=1\n");
    let before = test.snapshot();
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let deps = worktree(&test).join("deps/log");
    assert_eq!(fs::read_to_string(&deps).unwrap(), "impl-1\n");
    let first = log(&test);
    assert!(first.starts_with("copied .env\n$ mkdir") && first.contains("\nKEY=1\n"), "{first}");
    // What it did to files that git knows, or could come to know, is no work of the agent.
    let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
    assert_eq!(test.git(["diff", "--name-only", "main", &branch]), "TASK-1.txt");
    test.assert_untouched(&before);

    test.file(".env", "KEY=2\n").file(".worktreeinclude", "/deps/own\n").file("deps/own", "own");
    next(&test);
    assert_eq!(test.task_state("TASK-2"), "done");
    assert_eq!(fs::read_to_string(&deps).unwrap(), "impl-1\n", "it was set up again");
    assert_eq!(fs::read_to_string(worktree(&test).join(".env")).unwrap(), "KEY=2\n");
    assert_eq!(fs::read_to_string(worktree(&test).join("deps/own")).unwrap(), "own");
    assert_eq!(log(&test), "copied .env\ncopied deps/own\n");

    test.agents_and(&[("impl-1", "implementer")], "worktree: {setup: 'echo again >> deps/log'}")
        .task_for("TASK-3", "implement");
    next(&test);
    assert_eq!(fs::read_to_string(&deps).unwrap(), "impl-1\nagain\n");
    // A new worktree is new, whatever the old one had.
    fs::remove_dir_all(worktree(&test)).unwrap();
    test.agents_and(&[("impl-1", "implementer")], "worktree: {setup: 'mkdir -p deps && echo new > deps/log'}");
    test.task_for("TASK-4", "implement");
    next(&test);
    fs::remove_dir_all(worktree(&test)).unwrap();
    test.task_for("TASK-5", "implement");
    next(&test);
    assert_eq!(fs::read_to_string(&deps).unwrap(), "new\n");
}

#[test]
fn a_set_up_that_fails_costs_no_attempt_and_names_its_log() {
    for (setup, reason) in [
        ("setup: 'echo no such package >&2; exit 4'", "failed: exit code 4: no such package; "),
        ("setup: 'sleep 300', timeout_seconds: 1", "failed: it took longer than 1 s; "),
    ] {
        let test = project(&format!("worktree: {{{setup}}}"));
        test.tick_and_wait();
        assert_eq!(test.claude.count(), 0);
        assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
        let record = test.record("impl-1");
        let detail = record["detail"].as_str().unwrap();
        assert!(detail.contains(reason) && detail.contains("setup.log"), "{detail}");
        // Mended, it goes on.
        test.agents_and(&[("impl-1", "implementer")], "worktree: {setup: 'true'}");
        test.later(7200).tick_and_wait();
        assert_eq!(test.task_state("TASK-1"), "done");
    }
}

#[test]
fn worktrees_can_be_elsewhere_and_move_with_their_unsaved_work() {
    let test = project("");
    test.tick_and_wait();
    assert!(worktree(&test).is_dir() && !worktree(&test).is_symlink());
    fs::write(worktree(&test).join("unsaved"), "work").unwrap();

    let root = test.root().join("home/trees");
    test.agents_and(&[("impl-1", "implementer")], "worktree_root: ~/trees");
    next(&test);
    assert_eq!(test.task_state("TASK-2"), "done", "{}", test.task_text("TASK-2"));
    let place = fs::read_link(worktree(&test)).unwrap();
    assert!(place.starts_with(&root) && place.ends_with("impl-1"), "{place:?}");
    let call = test.claude.last_call();
    assert_eq!((call.cwd.as_path(), call.env("WORKTREE")), (place.as_path(), place.to_str()));
    let saved = test.git(["for-each-ref", "--format=%(refname)", "refs/salvage"]);
    assert_eq!(test.git(["show", &format!("{}:unsaved", saved.lines().next().unwrap())]), "work");
    assert_eq!(test.git(["worktree", "list", "--porcelain"]).matches("worktree ").count(), 2);
    // Commands called there find the project.
    let mut command = test.command(["task", "list"]);
    command.current_dir(&place);
    test.finish(command).ok().says("TASK-1");

    fs::write(place.join("unsaved too"), "work").unwrap();
    test.agents(&[("impl-1", "implementer")]).task_for("TASK-3", "implement");
    next(&test);
    assert_eq!(test.task_state("TASK-3"), "done");
    assert!(!worktree(&test).is_symlink() && !place.exists());
    let saved = test.git(["for-each-ref", "--format=%(refname)", "refs/salvage"]);
    assert!(saved.lines().any(|name| test.git(["ls-tree", "--name-only", name]).contains("unsaved too")), "{saved}");
}

#[test]
fn a_root_that_will_not_do_is_refused() {
    let test = project("worktree_root: trees");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "incoming");
    let detail = test.record("impl-1")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("worktree_root in agents.yaml leads into the project"), "{detail}");

    // A link of the user's to something that is no worktree: nothing of it is touched.
    let test = project("worktree_root: ../trees");
    let own = test.root().join("home/own");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("file"), "mine").unwrap();
    fs::create_dir_all(test.orchestrator("agents/impl-1")).unwrap();
    std::os::unix::fs::symlink(&own, worktree(&test)).unwrap();
    test.tick_and_wait();
    let detail = test.record("impl-1")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("is no worktree: remove the link"), "{detail}");
    assert_eq!(fs::read_to_string(own.join("file")).unwrap(), "mine");
}

#[test]
fn a_copy_of_the_project_leaves_the_worktree_of_the_first_alone() {
    let test = project("worktree_root: ../trees");
    test.tick_and_wait();
    let place = fs::read_link(worktree(&test)).unwrap();
    fs::write(place.join("unsaved"), "work").unwrap();
    let copy = test.root().join("copy");
    let mut command = test.program_command("cp");
    command.args(["-a", "--"]).arg(test.dir()).arg(&copy);
    test.finish(command).ok();
    test.later(120);
    let mut tick = test.command([] as [&str; 0]);
    tick.current_dir(&copy);
    test.finish(tick).ok().says("impl-1: started with TASK-2");
    test.wait_quiet();
    assert_eq!(fs::read_to_string(place.join("unsaved")).unwrap(), "work");
    let own = fs::read_link(copy.join(".orchestrator/agents/impl-1/worktree")).unwrap();
    assert_ne!(own, place);
    assert!(copy.join(".orchestrator/shared/queue/done/TASK-2.md").exists());
    assert_eq!(test.git_in(&place, ["rev-parse", "--show-toplevel"]), place.to_str().unwrap());
}

#[test]
fn neither_the_set_up_command_nor_the_agent_gets_secrets() {
    let names = ["GH_TOKEN", "SSH_AUTH_SOCK", "AWS_PROFILE", "NPM_TOKEN", "X_API_KEY", "ANTHROPIC_API_KEY"];
    let test = project("worktree: {setup: env}\ndefaults: {pass_env: [NPM_TOKEN]}");
    for name in names {
        test.set_env(name, "value-of-it");
    }
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let (call, log) = (test.claude.last_call(), log(&test));
    for name in names {
        let given = ["NPM_TOKEN", "ANTHROPIC_API_KEY"].contains(&name);
        assert_eq!(call.env(name).is_some(), given, "{name}");
        assert_eq!(log.lines().any(|line| line == format!("{name}=value-of-it")), given, "{name}: {log}");
    }
    assert!(log.contains("\nAGENT_NAME=impl-1\n"), "{log}");
}
