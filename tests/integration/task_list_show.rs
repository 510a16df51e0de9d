//! `scheduler task list` and `scheduler task show`: they only look.

use crate::support::Test;

fn project() -> Test {
    let test = Test::new();
    test.config("agents: [{name: impl-1, role: implementer}]")
        .task_for("TASK-b", "implement")
        .task_for("TASK-a", "test");
    test.task("TASK-c", "# Blocked\n\nBLOCKED_BY: TASK-a, TASK-x\n");
    test.file(
        ".orchestrator/shared/queue/claimed/TASK-d.md",
        "# Claimed\n\nCLAIMED_BY: impl-1\nCLAIMED_AT: 2026-03-01T09:00:00Z\nATTEMPTS: 2\n",
    );
    test.file(".orchestrator/shared/queue/failed/TASK-e.md", "# Failed\n\nROLE: review\n");
    test.now("2026-03-01T10:00:00Z");
    test
}

#[test]
fn the_table_shows_every_state() {
    let test = project();
    let table = test.run(["task", "list"]).ok().quiet().stdout;
    let row = |id: &str| table.lines().find(|line| line.contains(id)).unwrap_or_else(|| panic!("{id}: {table}"));
    for (id, words) in [
        ("TASK-a", ["incoming", "test"]),
        ("TASK-b", ["P1", "Work on TASK-b"]),
        ("TASK-d", ["claimed", "Claimed"]),
        ("TASK-e", ["failed", "review"]),
    ] {
        for word in words {
            assert!(row(id).contains(word), "{word} is not in {}", row(id));
        }
    }
}

#[test]
fn json_has_every_field() {
    let test = project();
    let json = test.run(["task", "list", "--json"]).ok().json();
    let find = |id: &str| json["tasks"].as_array().unwrap().iter().find(|task| task["id"] == id).unwrap().clone();
    assert_eq!((&find("TASK-c")["state"], &find("TASK-c")["blocked_by"][1]), (&"incoming".into(), &"TASK-x".into()));
    assert_eq!(
        (&find("TASK-d")["attempts"], &find("TASK-d")["claimed_at"]),
        (&2.into(), &"2026-03-01T09:00:00Z".into())
    );
    assert_eq!(find("TASK-a")["priority"], "P1");
}

#[test]
fn an_empty_queue_says_how_to_begin() {
    let test = Test::new();
    test.config("agents: [{name: impl-1, role: implementer}]");
    test.run(["task", "list"]).ok().says("scheduler task add");
    assert_eq!(test.run(["task", "list", "--json"]).ok().json()["tasks"], serde_json::json!([]));
}

#[test]
fn show_says_where_it_is_and_what_it_waits_for() {
    let test = project();
    test.run(["task", "show", "TASK-b"]).ok().says("incoming, ").says("Some context.").says_not("waits");
    test.run(["task", "show", "TASK-c"]).ok().says("waits for TASK-a, TASK-x");
    test.run(["task", "show", "TASK-d"]).ok().says("claimed by impl-1, 60 min ago").says("ATTEMPTS: 2");
    test.run(["task", "show", "task-B"]).ok().says("Some context.");
    test.run(["task", "show", "TASK-none"]).refuses().code(1).complains("task list");
    test.run(["task", "show", "../../agents"]).refuses().code(2);
}

#[test]
fn looking_changes_nothing() {
    let test = project();
    let look = || {
        let mut find = test.program_command("find");
        find.args([".orchestrator", "-printf", "%p %T@ %s\n"]);
        test.finish(find).ok().stdout
    };
    let before = look();
    for args in [
        &["task", "list"][..],
        &["task", "list", "--json"],
        &["task", "show", "TASK-b"],
        &["message", "list"],
        &["status"],
        &["--dry-run"],
    ] {
        test.run(args).ok();
    }
    assert_eq!(look(), before);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let test = project();
    let mut shell = test.program_command("sh");
    shell.args(["-c", "scheduler task list | head -n 1; scheduler task show TASK-b | true"]);
    test.finish(shell).ok().quiet();
}
