//! The run of a tester: test files only, and a report is a result too.

use crate::support::Test;

fn project() -> Test {
    let test = Test::new();
    test.with_origin().agents(&[("tester-1", "tester")]).task_for("TASK-1", "test");
    test.github.install();
    test
}

#[test]
fn new_tests_become_a_pull_request() {
    let test = project();
    test.claude.plays("tester", "write tests/new_test.py 'def test(): pass' && commit Tests; finish 'Added a test.'");
    test.tick_and_wait().says("tester-1: started with TASK-1");
    assert_eq!(test.task_state("TASK-1"), "done");
    let head = test.github.only_pull_request().head;
    assert_eq!(test.git(["show", &format!("{head}:tests/new_test.py")]), "def test(): pass");
}

#[test]
fn a_report_without_changes_is_a_result() {
    let test = project();
    test.claude.plays("tester", "finish 'All 12 tests pass.'");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    assert!(test.task_text("TASK-1").contains("All 12 tests pass."), "{}", test.task_text("TASK-1"));
    assert!(test.github.pull_requests().is_empty() && test.pushed_branches().is_empty());
}

#[test]
fn nothing_at_all_costs_an_attempt() {
    let test = project();
    test.claude.plays("tester", "result_line success false completed ',\"result\":\"\"'; exit 0");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 1));
}

#[test]
fn a_change_outside_the_test_files_fails_the_task_and_keeps_the_work() {
    for change in
        ["write src/code.rs x && commit Code", "write src/code.rs x", "run 'git mv README.md src.md' && commit Moved"]
    {
        let test = project();
        test.claude.plays("tester", &format!("write tests/a_test.py x; {change}; finish 'Done.'"));
        test.tick_and_wait();
        assert_eq!(test.task_state("TASK-1"), "failed", "{change}");
        let text = test.task_text("TASK-1");
        assert!(text.contains("changed what its role may not"), "{change}: {text}");
        assert!(test.pushed_branches().is_empty() && test.github.pull_requests().is_empty(), "{change}");
        let branch = test.task_line("TASK-1", "WORK_BRANCH").unwrap();
        assert_eq!(test.git(["show", &format!("{branch}:tests/a_test.py")]), "x", "{change}");
        assert_eq!(test.messages_of("error").len(), 1, "{change}");
    }
}

#[test]
fn test_paths_say_what_test_files_are() {
    let test = project();
    test.agents_and(&[("tester-1", "tester")], "test_paths: ['checks/**']");
    test.claude.plays("tester", "write checks/a.txt x && commit Checks; finish");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
}
