//! Roles of the project's own: data in agents.yaml, from the task that is added for one to its result.

use crate::support::Test;

const ROLES: &str = "roles:
  documenter: {based_on: implementer, claims: document, may_change: [docs/**], max_turns: 7}
agents:
  - {name: impl-1, role: implementer, interval_seconds: 60}
  - {name: writer, role: documenter, interval_seconds: 60}
";

fn project() -> Test {
    let test = Test::new();
    test.with_origin().config(ROLES);
    test.github.install();
    test.file(".orchestrator/prompts/documenter.md", "Write for users.\n");
    test
}

#[test]
fn its_agent_takes_its_tasks_and_no_others() {
    let test = project();
    test.run(["task", "add", "--role", "document", "--title", "Describe it", "--criterion", "c"]).ok().quiet();
    let id = test.queue("incoming").pop().unwrap();
    test.claude.plays("writer", "mkdir -p docs; write docs/$TASK_ID.md x; finish Described");
    test.tick().says("writer: started").says_not("impl-1: started");
    test.wait_quiet();
    let call = test.claude.only_call();
    assert_eq!((call.env("AGENT_ROLE"), call.flag("--max-turns")), (Some("documenter"), Some("7")));
    for part in
        ["Write for users.", "Your task: Describe it", "This project calls your role **documenter**", "`docs/**`"]
    {
        assert!(call.prompt.contains(part), "{part}\n{}", call.prompt);
    }
    test.task("TASK-hand", "# By hand\n\nROLE: Document\n");
    test.later(60).tick_and_wait();
    assert_eq!((test.task_state(&id), test.task_state("TASK-hand")), ("done", "done"));
    let text = std::fs::read_to_string(test.task_path("done", "TASK-hand")).unwrap();
    assert!(text.contains("ROLE: implement\n") && text.contains("FOR_ROLE: document\n"), "{text}");
    test.run(["status"]).ok().says("documenter");
    assert_eq!(
        test.run(["task", "list", "--json"]).ok().json().to_string().matches("\"for_role\":\"document\"").count(),
        2
    );
}

#[test]
fn what_it_may_not_change_fails_the_task() {
    let test = project();
    test.task("TASK-1", "# Describe it\n\nROLE: document\n");
    test.claude.plays("writer", "write src.txt x; finish Described");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "failed");
    test.run(["why", "TASK-1"]).ok().says("changed what its role may not: src.txt");
}

#[test]
fn a_task_that_no_role_claims_is_told() {
    let test = project();
    test.run(["task", "add", "--role", "painting", "--title", "T", "--criterion", "c"])
        .code(2)
        .complains("use one of implement, test, review, document");
    test.task("TASK-1", "# Paint it\n\nROLE: painting\n");
    test.tick().says_not("started");
    test.run(["why", "TASK-1"])
        .ok()
        .says("\"painting\" is not a task role: use one of implement, test, review, document");
    assert!(test.last_tick()["problems"].to_string().contains("TASK-1: ROLE: "), "{}", test.last_tick());
    test.run(["agent", "add", "scribe", "--role", "documenter"]).ok();
    test.run(["agent", "add", "painter", "--role", "painter"]).code(2).complains("use one of product_manager");
}
