//! One remote for everything: `origin`, else the only one, else the one that agents.yaml names.

use super::push_elsewhere;
use crate::support::Test;

#[test]
fn the_only_remote_is_used_whatever_its_name() {
    let test = Test::with_implementer();
    test.git(["remote", "rename", "origin", "central"]);
    let theirs = push_elsewhere(&test, "main", "new.txt");
    test.tick_and_wait();
    let branch = test.pushed_branches().pop().expect("nothing was pushed");
    assert_eq!(test.git(["rev-parse", &format!("{branch}~1")]), theirs);
    assert!(test.task_text("TASK-1").contains(&format!("Branch `{branch}`, pushed")));
    test.run(["doctor"]).says("fetched from and pushed to central");
}

#[test]
fn of_several_the_user_names_one() {
    let test = Test::with_implementer();
    test.git(["remote", "rename", "origin", "central"]);
    test.git(["remote", "add", "mine", "../mine.git"]);
    let theirs = push_elsewhere(&test, "main", "new.txt");
    test.run(["init", "-y"]).ok().complains("several remotes (central, mine)").complains("`remote: NAME`");
    test.run(["doctor"]).says("several remotes (central, mine) and none is called origin");
    test.tick_and_wait();
    assert!(test.task_text("TASK-1").contains("was not pushed: there are several remotes"));
    test.agents_and(&[("impl-1", "implementer")], "remote: central").task_for("TASK-2", "implement");
    test.later(120).tick_and_wait();
    let branch = test.pushed_branches().pop().expect("nothing was pushed");
    assert_eq!(test.git(["rev-parse", &format!("{branch}~1")]), theirs);
    test.run(["init", "-y"]).ok().quiet();
    test.agents_and(&[("impl-1", "implementer")], "remote: gone");
    test.run(["doctor"]).says("there is no remote \"gone\"");
}

#[test]
fn a_remote_that_the_user_adds_during_a_run_doesn_t_keep_it_from_being_pushed() {
    let test = Test::with_implementer();
    test.git(["remote", "rename", "origin", "central"]);
    test.claude
        .plays("implementer", "write a.txt one && commit 'One' && git remote add fork ../fork.git && finish Done.");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.pushed_branches().len()), ("done", 1));
}
