//! What the user changes in the main checkout while an agent is at work: everyday settings are no matter, what makes git run
//! or send something is shown and accepted first.

use crate::support::Test;

const WAITS: &str = "write a.txt one && commit 'First part' && touch $CLAUDE_CONFIG_DIR/debug/at-work && \
                     while [ ! -e ../../../../go ]; do rest 0.1; done; finish 'It is done.'";

/// The place of another repository: a relative one would be taken for a neighbour of the remote.
const LIBRARY: &str = "LIBRARY";

/// A run during which the user gives these commands to git.
fn during_a_run(commands: &[&[&str]]) -> Test {
    let test = Test::with_implementer();
    test.unconfined().file("../library/x.c", "int x;\n");
    let library = test.root().join("library");
    test.git_in(&library, ["init", "-q", "-b", "main"]);
    test.git_in(&library, ["add", "."]);
    test.git_in(&library, ["-c", "user.name=T", "-c", "user.email=t@example.invalid", "commit", "-q", "-m", "One"]);
    test.claude.plays("implementer", WAITS);
    test.tick();
    test.wait_until("claude to be at work", || test.notes("at-work").exists());
    for command in commands {
        test.git(command.iter().map(|word| if *word == LIBRARY { library.to_str().unwrap() } else { word }));
    }
    test.file(".git/info/exclude", "*.log\n").file("go", "");
    test.wait_until("the run to end", || test.leftovers().is_empty());
    test
}

#[test]
fn everyday_settings_are_no_matter() {
    let test = during_a_run(&[
        &["remote", "add", "fork", "../elsewhere.git"],
        &["remote", "set-url", "--push", "fork", "../other.git"],
        &["config", "alias.lg", "log --graph"],
        &["config", "pull.rebase", "true"],
        &["config", "user.name", "Another Name"],
        &["config", "maintenance.strategy", "incremental"],
        &["config", "submodule.library.url", LIBRARY],
        &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", LIBRARY, "library"],
        &["sparse-checkout", "set", "docs"],
        &["branch", "-q", "of-the-user"],
        &["push", "-q", "-u", "origin", "of-the-user"],
        &["config", "filter.lfs.clean", "git-lfs clean -- %f"],
        &["config", "filter.lfs.smudge", "git-lfs smudge -- %f"],
        &["config", "filter.lfs.process", "git-lfs filter-process"],
        &["config", "filter.lfs.required", "true"],
    ]);
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    assert_eq!(test.pushed_branches().len(), 1);
}

#[test]
fn what_makes_git_run_or_send_something_waits_for_the_user() {
    for (command, named) in [
        (["config", "filter.mine.clean", "cat"], "filter.mine.clean"),
        (["config", "filter.lfs.clean", "git-lfs clean -- %f; true"], "filter.lfs.clean"),
        (["config", "remote.origin.pushurl", "../elsewhere.git"], "remote.origin.pushurl"),
    ] {
        let test = during_a_run(&[&command]);
        assert_eq!(test.task_state("TASK-1"), "claimed", "{named}");
        assert!(test.messages_of("error").iter().any(|text| text.contains(named)), "{named}");
        assert_eq!(test.pushed_branches().len(), 0, "{named}");
    }
}
