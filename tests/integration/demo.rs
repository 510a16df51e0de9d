//! `scheduler demo`: what it shows, that it needs nothing of the user's, and that it leaves nothing behind.

use crate::support::{Output, Test};
use std::{fs, path::PathBuf};

/// The folders of demos in this test's temporary directory.
fn folders(test: &Test) -> Vec<PathBuf> {
    let entries = fs::read_dir(test.root().join("tmp")).unwrap().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// No folder, no process, nothing in the home.
#[track_caller]
fn nothing_is_left(test: &Test) {
    assert_eq!(folders(test), Vec::<PathBuf>::new());
    assert!(test.leftovers().is_empty(), "{:?}", test.leftovers());
}

fn demo(test: &Test, args: &[&str]) -> Output {
    test.run(["demo"].iter().chain(args))
}

/// The texts, in this order.
#[track_caller]
fn tells(output: &Output, texts: &[&str]) {
    let mut rest = output.stdout.as_str();
    for text in texts {
        let at = rest.find(text).unwrap_or_else(|| panic!("{text:?} is missing or comes too early: {output}"));
        rest = &rest[at + text.len()..];
    }
}

#[track_caller]
fn fits_a_terminal(test: &Test, output: &Output) {
    let root = test.root().display().to_string();
    for line in output.stdout.lines().filter(|line| !line.starts_with(&root)) {
        assert!(line.chars().count() < 80, "wider than a terminal: {line}");
    }
}

#[test]
fn shows_the_whole_cycle_and_takes_it_away() {
    let test = Test::without_repository();
    test.without_program("claude");
    let output = demo(&test, &[]).ok().quiet();
    tells(
        &output,
        &[
            "Set-up\n",
            "Tick 1 ",
            "pm-agent      started to look for tasks\n",
            "$ scheduler task add --title 'Greet the world",
            "impl-agent    started with TASK-",
            "edits greet.sh\n",
            "done: work committed; ",
            "pushed agent/TASK-",
            "pm-agent      started to look for tasks\n",
            "What has come of it",
            "Branches of origin.git\n* ",
            " Test the greetings of greet.sh\n|         agent/TASK-",
            " Greet the world if no name is given\n|         agent/TASK-",
            " Set up scheduler\n|         main\n",
            "Files of the project",
            "    queue/\n      done/\n        TASK-",
            "removed again",
        ],
    );
    let output = output.says("→ 3 cases passed").says("done: reviewed; ").says_not("\x1b").says_not("packed-refs");
    fits_a_terminal(&test, &output);
    nothing_is_left(&test);
    assert!(fs::read_dir(test.root().join("home")).unwrap().next().is_none());
}

#[test]
fn shows_the_proposal_model() {
    let test = Test::without_repository();
    let output = demo(&test, &["--proposals", "--keep"]).ok().quiet();
    tells(
        &output,
        &[
            "feature-agent started to propose work\n",
            "$ scheduler proposal add --title 'Greet the world if no name is",
            "$ scheduler proposal add --title 'Greet in forty languages'",
            ": promoted as TASK-",
            "--reason 'Too large for",
            ": rejected\n",
            "impl-agent    started with TASK-",
            "done: work committed; ",
            "pushed agent/TASK-",
            "What has come of it",
            "Proposals\npromoted  PROP-",
            "deferred  PROP-",
            "deferred  PROP-",
            "rejected  PROP-",
            "Greet in forty languages\n",
        ],
    );
    let output = output
        .says("Forty languages were too many")
        .says(" contradict each other: ")
        .says("curator       started to judge proposals\n");
    fits_a_terminal(&test, &output);
    let [folder] = folders(&test).try_into().unwrap();
    let shared = folder.join("project/.orchestrator/shared");
    let rejected = fs::read_dir(shared.join("proposals/rejected")).unwrap().flatten().next().unwrap();
    let rejected = fs::read_to_string(rejected.path()).unwrap();
    assert!(rejected.contains("**Rejected By:** curator") && rejected.contains("Propose one language."), "{rejected}");
    let mut grep = test.program_command("grep");
    grep.args(["-rl", "Propose one language.", "--include=prompt.md"]).arg(folder.join("project/.orchestrator/agents"));
    test.finish(grep).ok().says("feature-agent");
    assert_eq!(fs::read_dir(shared.join("queue/done")).unwrap().count(), 1);
    assert!(test.leftovers().is_empty());
}

#[test]
fn shows_gatekeepers() {
    let test = Test::without_repository();
    test.github.install();
    let output = demo(&test, &["--gatekeepers"]).ok().quiet();
    tells(
        &output,
        &[
            "Pull request #1 of ada, a draft: Greet the world if no name is given\n",
            "coordinator   started to look at the pull requests\n",
            "lint-agent    started to check lint of #1\n",
            "→ Hello, README.md greet.sh Ada!\n",
            "$ scheduler check record --status failed",
            "→ recorded: lint of #1 failed, 1 issue\n",
            "impl-agent    started with TASK-pr1-",
            "pushed agent/greet-the-world\n",
            "→ Hello, * Ada!\n",
            "$ scheduler check record --status passed",
            "#1 is marked ready for review\n",
            "#1 is merged\n",
            "Pull request #1                                                          merged\n",
            "  2 comments, 2 reviews; labels: gatekeeper:passed\n",
            "* ",
            " Merge pull request #1\n",
            " Quote what is greeted\n",
            "removed again",
        ],
    );
    let output = output.says("#1 has a comment: ### ❌ Blocked: lint failed\n").says("the label gatekeeper:blocked\n");
    let output = output.says("#1 has the label gatekeeper:passed\n");
    fits_a_terminal(&test, &output);
    nothing_is_left(&test);
    assert!(test.github.calls().is_empty(), "the user's own gh was called");
}

#[test]
fn keeps_the_folder_if_asked() {
    let test = Test::without_repository();
    let output = demo(&test, &["--keep"]).ok().says("The folder is kept");
    let [folder] = folders(&test).try_into().unwrap();
    assert!(output.stdout.contains(&format!("cd {}/project", folder.display())), "{output}");
    let project = folder.join("project");
    let done = fs::read_dir(project.join(".orchestrator/shared/queue/done")).unwrap().count();
    assert_eq!(done, 3);
    let git = |args: &[&str]| test.git_in(&project, args);
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert_eq!(git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    let pushed = git(&["ls-remote", "--heads", "origin", "agent/*"]);
    assert_eq!(pushed.lines().count(), 2, "{pushed}");
    let tip = pushed.lines().find(|line| git(&["show", &format!("{}:", &line[..40])]).contains("tests/")).unwrap();
    assert!(git(&["show", &format!("{}:greet.sh", &tip[..40])]).contains("${1:-world}"));
    assert!(test.leftovers().is_empty());
}

#[test]
fn the_settings_of_the_user_play_no_part() {
    let test = Test::without_repository();
    let hooks = test.root().join("hooks");
    for hook in ["pre-commit", "pre-push", "post-checkout"] {
        let path = hooks.join(hook);
        fs::create_dir_all(&hooks).unwrap();
        test.program(hook, "#!/bin/sh\nexit 1\n");
        fs::rename(test.root().join("bin").join(hook), path).unwrap();
    }
    let config = format!(
        "[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = /nonexistent\n[core]\n\thooksPath = {}\n",
        hooks.display()
    );
    fs::write(test.root().join("home/.gitconfig"), config).unwrap();
    test.set_env("GIT_AUTHOR_NAME", "Somebody").set_env("GIT_DIR", "/nonexistent").set_env("GH_TOKEN", "x");
    test.github.install();
    demo(&test, &[]).ok().says_not("Somebody");
    assert!(test.github.calls().is_empty());
    test.unset_env("HOME");
    demo(&test, &[]).ok();
    nothing_is_left(&test);
}

#[test]
fn an_interruption_and_a_reader_that_goes_leave_nothing() {
    let test = Test::without_repository();
    let started = test.start(["demo"]);
    test.wait_until("a run", || test.leftovers().iter().any(|left| left.command.contains("supervise")));
    let pid = rustix::process::Pid::from_raw(started.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    started.wait().code(1).complains("interrupted");
    nothing_is_left(&test);
    let mut command = test.program_command("sh");
    command.args(["-c", "scheduler demo | head -3"]);
    let output = test.finish(command).ok().quiet();
    assert_eq!(output.stdout.lines().count(), 3);
    nothing_is_left(&test);
}

#[test]
fn refuses_where_it_cannot_be_played() {
    let test = Test::without_repository();
    test.set_env("SCHEDULER_RUN", "11111111-2222-4333-8444-555555555555");
    demo(&test, &[]).code(2).complains("inside a run");
    test.unset_env("SCHEDULER_RUN");
    demo(&test, &["--proposals", "--gatekeepers"]).code(2).complains("--gatekeepers");
    test.without_program("git");
    demo(&test, &[]).code(1).complains("git");
    nothing_is_left(&test);
}
