//! `scheduler task add`.

use crate::support::Test;

fn project() -> Test {
    let test = Test::new();
    test.agents_and(&[("impl-1", "implementer")], "queue_limits: {max_incoming: 3}");
    test
}

/// Adds a task and returns its id.
#[track_caller]
fn add(test: &Test, args: &[&str]) -> String {
    let output = test.run([&["task", "add"], args].concat()).ok();
    output.stdout.split(':').next().unwrap().to_owned()
}

#[test]
fn writes_the_file_as_documented() {
    let test = project();
    test.now("2026-03-01T10:00:00Z");
    let first = add(&test, &["--title", "First", "--role", "implement"]);
    let id = add(
        &test,
        &[
            "--title",
            "Add validation",
            "--role=test",
            "--priority",
            "P0",
            "--branch",
            "main",
            "--context",
            "Why.",
            "--criterion",
            "One",
            "--criterion",
            "Two",
            "--blocked-by",
            &first,
        ],
    );
    let expected = format!(
        "# [{id}] Add validation\n\nROLE: test\nPRIORITY: P0\nBRANCH: main\nCREATED: 2026-03-01T10:00:00.001Z\n\
         CREATED_BY: human\nBLOCKED_BY: {first}\n\n## Context\n\nWhy.\n\n## Acceptance Criteria\n\n- [ ] One\n- [ ] Two\n"
    );
    assert_eq!(test.task_text(&id), expected);
    assert_eq!(test.task_line(&first, "PRIORITY").as_deref(), Some("P2"));
    assert!(id.len() == 13 && id.starts_with("TASK-") && id[5..].chars().all(|c| c.is_ascii_hexdigit()), "{id}");
}

#[test]
fn takes_the_context_from_a_file_or_standard_input() {
    let test = project();
    test.file("notes.md", "From a file.\n");
    let id = add(&test, &["--title", "T", "--role", "implement", "--context-file", "notes.md"]);
    assert!(test.task_text(&id).contains("From a file."));
    let args = ["task", "add", "--title", "T", "--role", "implement", "--context-file", "-"];
    test.run_with_input(args, "From input.\n").ok().says("TASK-");
    let texts: String = test.queue("incoming").iter().map(|id| test.task_text(id)).collect();
    assert!(texts.contains("From input."), "{texts}");
}

#[test]
fn refuses_above_the_limit_and_says_how_to_go_on() {
    let test = project();
    for _ in 0..3 {
        add(&test, &["--title", "T", "--role", "implement"]);
    }
    test.run(["task", "add", "--title", "T", "--role", "implement"])
        .refuses()
        .code(1)
        .complains("3 tasks are incoming or claimed")
        .complains("max_incoming")
        .complains("--force");
    assert_eq!(test.queue("incoming").len(), 3);
    add(&test, &["--title", "T", "--role", "implement", "--force"]);
    assert_eq!(test.queue("incoming").len(), 4);
}

#[test]
fn claimed_tasks_count_too() {
    let test = project();
    for name in ["claimed/TASK-a", "claimed/TASK-b", "incoming/TASK-c", "done/TASK-d", "failed/TASK-e"] {
        test.file(&format!(".orchestrator/shared/queue/{name}.md"), "# T\n");
    }
    test.run(["task", "add", "--title", "T", "--role", "implement"])
        .refuses()
        .complains("3 tasks are incoming or claimed");
    std::fs::remove_file(test.task_path("claimed", "TASK-b")).unwrap();
    add(&test, &["--title", "T", "--role", "implement"]);
}

#[test]
fn refuses_bad_input_and_changes_nothing() {
    let test = project();
    let long = "x".repeat(1_001);
    let cases: [(&[&str], &str); 9] = [
        (&["T", "--title", "T"], "cannot be used with"),
        (&["--role", "implement"], "TITLE"),
        (&["--title", "T", "--role", "implment"], "implement"),
        (&["--title", "T", "--role", "implement", "--priority", "P7"], "P0, P1, P2"),
        (&["--title", " \n ", "--role", "implement"], "--title"),
        (&["--title", &long, "--role", "implement"], "--title"),
        (&["--title", "T", "--role", "implement", "--branch", "a..b"], "not a branch name"),
        (&["--title", "T", "--role", "implement", "--blocked-by", "TASK-none"], "no such task"),
        (&["--title", "T", "--role", "implement", "--context-file", "none.md"], "none.md"),
    ];
    for (args, words) in cases {
        test.run([&["task", "add"], args].concat()).refuses().complains(words);
    }
    test.run_with_input(
        ["task", "add", "--title", "T", "--role", "implement", "--context-file", "-"],
        &"x".repeat((1 << 20) + 1),
    )
    .refuses()
    .complains("1 MiB");
    assert_eq!(test.queue("incoming"), [] as [&str; 0]);
}

#[test]
fn says_when_nobody_would_claim_it() {
    let test = project();
    test.run(["task", "add", "--title", "T", "--role", "review"])
        .ok()
        .complains("no agent in agents.yaml claims review");
    test.run(["task", "add", "--title", "T", "--role", "implement"]).ok().quiet();
}

#[test]
fn works_from_a_folder_of_the_project_and_from_a_worktree() {
    let test = project();
    test.file("src/deep/x", "");
    test.git(["worktree", "add", "-q", "--detach", "../linked"]);
    for dir in ["src/deep", "../linked"] {
        let mut command = test.command(["task", "add", "--title", "T", "--role", "implement"]);
        command.current_dir(test.path(dir));
        test.finish(command).ok();
    }
    assert_eq!(test.queue("incoming").len(), 2);
    test.git(["worktree", "remove", "--force", "../linked"]);
}
