//! A filter whose program the timer doesn't find is named and told once.

use crate::support::Test;

#[test]
fn a_program_that_is_not_on_the_path() {
    let test = Test::with_implementer();
    test.git(["config", "filter.seal.clean", "no-such-sealer --clean"]);
    test.git(["config", "filter.seal.smudge", "no-such-sealer --smudge"]);
    test.committed_file(".gitattributes", "*.sealed filter=seal\n");
    test.git(["push", "-q", "origin", "main"]);
    test.run(["doctor", "--cron"]).says("filter seal").says("no-such-sealer is not on");
    for task in ["TASK-1", "TASK-2"] {
        test.task_for(task, "implement").later(120).tick_and_wait();
    }
    let told = test.messages_of("warning");
    assert!(told.len() == 1 && told[0].contains("no-such-sealer"), "{told:?}");
}

#[test]
fn a_program_that_only_the_user_s_own_path_has() {
    let test = Test::with_implementer();
    test.program("own-sealer", "#!/bin/sh\nexec cat\n");
    test.git(["config", "filter.seal.clean", "own-sealer --clean"]);
    test.git(["config", "filter.deep.smudge", "'/no such/folder/sealer' --smudge"]);
    std::fs::write(test.path(".git/info/attributes"), "*.sealed filter=seal\n*.deep filter=deep\n").unwrap();
    let deep = "filter deep, and its program /no such/folder/sealer is not on";
    test.run(["doctor"]).says_not("filter seal").says(deep);
    let under_cron = test.run(["doctor", "--cron"]).says(deep);
    under_cron.says("filter seal, and its program own-sealer is not on /usr/bin:/bin");
}
