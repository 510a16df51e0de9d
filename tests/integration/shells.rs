//! `scheduler completions` and `scheduler man`: made from the same definitions as the help.

use crate::support::Test;
use std::fs;

#[test]
fn completions_know_commands_and_words() {
    let test = Test::without_repository();
    for shell in ["bash", "zsh", "fish"] {
        let script = test.run(["completions", shell]).ok().quiet().says("top").says("add").stdout;
        for word in ["implement", "gatekeeper_coordinator", "request-changes", "P0", "question", "plan-task"] {
            assert!(script.contains(word), "{shell} doesn't know {word}");
        }
        assert!(!script.contains("supervise"), "{shell} offers what is not for people");
    }
    test.run(["completions", "tcsh"]).code(2).complains("bash, zsh, fish");
}

#[test]
fn manual_pages_go_into_a_folder_that_is_made() {
    let test = Test::without_repository();
    test.run(["man", "--dir", "new/man1"]).ok().says("pages written to /").says("new/man1");
    let page = fs::read_to_string(test.path("new/man1/scheduler-task-add.1")).unwrap();
    assert!(page.contains(".SH EXAMPLES") && page.contains("\\-\\-blocked\\-by"), "{page}");
    test.run(["man", "task", "add"]).ok().says("scheduler\\-task\\-add");
    test.run(["man", "task", "ad"]).code(2).complains("no command \"task ad\"");
}
