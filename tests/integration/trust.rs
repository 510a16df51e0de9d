//! `scheduler trust`: what could make git run or send something, changed while an agent could have done it, is neither used
//! nor taken for the user's.

use crate::support::Test;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

const WORK: &str = "write a.txt one && commit 'First part'";

/// A run whose agent, which isn't confined, does its work and this.
fn after(act: &str) -> Test {
    let test = Test::with_implementer();
    test.unconfined().file(
        "../evil.sh",
        "#!/bin/sh\necho ran by ${SCHEDULER_RUN:-nobody} with ${GH_TOKEN:-nothing} >>\"$(dirname \"$0\")/ran\"\ncat\n",
    );
    fs::set_permissions(test.root().join("evil.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    test.set_env("GH_TOKEN", "ghp_secret").set_env("EVIL", test.root().join("evil.sh").to_str().unwrap());
    test.claude.plays("implementer", &format!("{WORK} && {act} && finish 'It is done.'"));
    test.tick();
    test.wait_until("the run to end", || test.leftovers().is_empty());
    test
}

/// What the planted program wrote down.
fn ran(test: &Test) -> String {
    fs::read_to_string(test.root().join("ran")).unwrap_or_default()
}

fn held(test: &Test) -> serde_json::Value {
    test.run(["trust", "--json"]).ok().json()
}

#[test]
fn what_an_agent_plants_is_never_run_and_waits_for_the_user() {
    let attributes =
        "mkdir -p \"$PARENT_PROJECT/.git/info\" && echo '* filter=x' >\"$PARENT_PROJECT/.git/info/attributes\"";
    for (act, key) in [
        ("git config core.sshCommand \"$EVIL\"".to_owned(), "core.sshcommand"),
        ("git config remote.origin.uploadpack \"$EVIL\"".to_owned(), "remote.origin.uploadpack"),
        (format!("git config filter.x.clean \"$EVIL\" && {attributes} && touch f"), "filter.x.clean"),
        ("git config --global include.path \"$HOME/more\"".to_owned(), "include.path"),
        ("cp \"$EVIL\" \"$PARENT_PROJECT/.git/hooks/pre-push\"".to_owned(), "content"),
        ("git config branch.main.remote \"ext::$EVIL\"".to_owned(), "branch.main.remote"),
    ] {
        let test = after(&act);
        assert_eq!(test.task_state("TASK-1"), "claimed", "{act}");
        let shown = held(&test);
        assert_eq!(shown["held"], true, "{act}: {shown}");
        assert!(shown["changes"].as_array().unwrap().iter().any(|change| change["key"] == key), "{act}: {shown}");
        // Neither a tick nor a recovery nor another agent uses it.
        test.task_for("TASK-2", "implement");
        for _ in 0..2 {
            test.later(120).tick();
            test.wait_until("the tick's processes to end", || test.leftovers().is_empty());
        }
        assert_eq!((ran(&test).as_str(), test.claude.count()), ("", 1), "{act}");
        assert_eq!(test.pushed_branches().len(), 0, "{act}");
        assert_eq!(test.messages_of("error").len(), 1, "{act}");
        test.run(["why", "impl-1"]).ok().says("scheduler trust");
    }
}

#[test]
fn what_the_user_accepts_goes_on_where_it_stopped() {
    let test = after("git config core.pager cat");
    test.run(["trust"]).code(1).says("core.pager").says("is : cat").complains("trust --yes");
    assert_eq!(held(&test)["held"], true);
    test.run(["trust", "--yes"]).ok().says("agents go on");
    assert_eq!(held(&test)["held"], false);
    test.later(120).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    assert_eq!((test.claude.count(), test.pushed_branches().len()), (1, 1));
    test.run(["trust"]).ok().says("as it was accepted");
}

#[test]
fn what_the_user_puts_back_needs_no_acceptance() {
    let test = after("git config core.pager cat");
    test.git(["config", "--unset", "core.pager"]);
    test.run(["trust"]).ok().says("Agents go on");
    test.later(120).tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
}

#[test]
fn what_changes_while_no_agent_is_at_work_is_the_user_s() {
    let test = Test::with_implementer();
    test.git(["config", "core.pager", "less"]);
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    test.git(["config", "core.pager", "more"]);
    test.task_for("TASK-2", "implement").later(120).tick_and_wait();
    assert_eq!(test.task_state("TASK-2"), "done", "{}", test.task_text("TASK-2"));
    assert_eq!((held(&test)["held"].as_bool(), test.messages_of("error").len()), (Some(false), 0));
    assert_eq!(fs::metadata(test.orchestrator("trusted.json")).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn what_changes_during_a_confined_run_is_the_user_s() {
    let test = Test::with_implementer();
    let stage = test.root().join("claude").display().to_string();
    let sandbox = format!("defaults: {{sandbox: {{mode: auto, write: [\"{stage}\"]}}}}");
    test.agents_and(&[("impl-1", "implementer")], &sandbox);
    if !test.run(["doctor"]).stdout.contains("agents are confined") {
        eprintln!("not tested: this system has no Landlock");
        return;
    }
    test.committed_file(".husky/pre-push", "#!/bin/sh\n");
    fs::set_permissions(test.path(".husky/pre-push"), fs::Permissions::from_mode(0o755)).unwrap();
    test.git(["config", "core.hooksPath", ".husky"]);
    let go = format!("touch '{stage}/at-work' && while [ ! -e '{stage}/go' ]; do rest 0.1; done");
    let plant = "git config core.pager evil; ";
    test.claude.plays("implementer", &format!("{WORK} && {go}; {plant} finish 'It is done.'"));
    test.tick();
    test.wait_until("claude to be at work", || test.root().join("claude/at-work").exists());
    test.git(["config", "core.editor", "vi"]);
    test.file("../claude/go", "").wait_quiet();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    assert_eq!((test.pushed_branches().len(), test.messages_of("error").len()), (1, 0));
    let known = fs::read_to_string(test.orchestrator("trusted.json")).unwrap();
    assert!(known.contains("core.editor") && !known.contains("evil"), "{known}");
}

#[test]
fn no_agent_accepts_anything() {
    let test = Test::with_implementer();
    test.claude
        .plays("implementer", "run 'scheduler trust --yes; env -u SCHEDULER_RUN scheduler trust --yes' && finish x");
    test.tick_and_wait();
    let output = fs::read_to_string(test.runs("impl-1")[0].join("output.jsonl")).unwrap();
    assert_eq!(output.matches("may not call").count(), 2, "{output}");
}

#[test]
fn refs_that_a_run_moved_are_told_with_what_they_were() {
    let test = Test::with_implementer();
    test.unconfined().git(["tag", "v1"]);
    let old = test.git(["rev-parse", "main"]);
    test.claude.plays(
        "implementer",
        &format!(
            "{WORK} && git update-ref refs/heads/main HEAD && git tag -f v1 && \
             env -u GIT_CONFIG_COUNT git push -q origin HEAD:main && finish 'It is done.'"
        ),
    );
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let mut told = test.messages_of("warning");
    told.retain(|text| text.contains("moved what isn't its own"));
    assert_eq!(told.len(), 1, "{told:?}");
    for line in [
        format!("- the branch main was moved to {}", test.git(["rev-parse", "main"])),
        format!("`git update-ref refs/heads/main {old}` puts it back"),
        format!("`git update-ref refs/tags/v1 {old}` puts it back"),
        "- the remote branch origin/main was moved".to_owned(),
        format!(" origin {old}:refs/heads/main` puts that back"),
    ] {
        assert!(told[0].contains(&line), "{line}\n{}", told[0]);
    }
}

#[test]
fn what_the_user_does_to_refs_during_a_run_is_not_told() {
    let test = Test::with_implementer();
    test.git(["branch", "other"]);
    let go = "touch $CLAUDE_CONFIG_DIR/debug/at-work && while [ ! -e ../../../../go ]; do rest 0.1; done";
    test.claude.plays("implementer", &format!("{WORK} && {go} && finish 'It is done.'"));
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    test.committed_file("of-the-user.txt", "mine").git(["push", "-q", "origin", "main"]);
    test.git(["branch", "-D", "-q", "other"]);
    test.git(["tag", "mine"]);
    test.file("go", "").wait_quiet();
    assert_eq!(test.task_state("TASK-1"), "done");
    assert_eq!(test.messages_of("warning"), Vec::<String>::new());
}

#[test]
fn a_hook_tests_the_work_without_credentials() {
    let test = Test::with_implementer();
    test.set_env("GH_TOKEN", "ghp_secret");
    test.program("hook", "#!/bin/sh\necho \"tests are red, ${GH_TOKEN:-no token}, $AGENT_NAME\" >&2; exit 1\n");
    fs::create_dir_all(test.path(".git/hooks")).unwrap();
    fs::rename(test.root().join("bin/hook"), test.path(".git/hooks/pre-push")).unwrap();
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    let told = test.messages_of("warning");
    assert!(told.len() == 1 && told[0].contains("tests are red, no token, impl-1"), "{told:?}");
    assert!(test.pushed_branches().is_empty());
}

#[test]
fn the_hook_of_git_lfs_uploads_as_the_user() {
    let test = Test::with_implementer();
    test.set_env("GH_TOKEN", "ghp_secret");
    test.program("git-lfs", "#!/bin/sh\n{ echo \"$*\"; echo \"${GH_TOKEN:-no token}\"; cat; } >\"$0.told\"\n");
    let hook = "#!/bin/sh\ncommand -v git-lfs >/dev/null 2>&1 || { echo >&2 \"no git-lfs\"; exit 2; }\ngit lfs pre-push \"$@\"\n";
    test.program("hook", hook);
    fs::create_dir_all(test.path(".git/hooks")).unwrap();
    fs::rename(test.root().join("bin/hook"), test.path(".git/hooks/pre-push")).unwrap();
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.pushed_branches().len()), ("done", 1));
    let told = fs::read_to_string(test.root().join("bin/git-lfs.told")).unwrap();
    let lines: Vec<_> = told.lines().collect();
    assert!(
        lines[0].starts_with("pre-push origin ") && lines[1] == "ghp_secret" && lines[2].ends_with(&"0".repeat(40)),
        "{told}"
    );
}

#[test]
fn a_pipe_in_place_of_the_settings_holds_nobody_up_for_long() {
    let test = after("rm \"$PARENT_PROJECT/.git/config\" && mkfifo \"$PARENT_PROJECT/.git/config\"");
    assert_eq!((test.task_state("TASK-1"), test.messages_of("error").len()), ("claimed", 1));
    fs::remove_file(test.path(".git/config")).unwrap();
}
