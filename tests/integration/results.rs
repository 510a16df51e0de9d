//! Where results are found, and what follows from them.

use crate::support::{Test, proposals::architect};

#[test]
fn finished_work_is_listed_and_shown_with_the_commands_to_look_at_it() {
    let test = Test::with_implementer();
    test.tick_and_wait();
    test.task_for("TASK-2", "test");
    assert_eq!(test.task_line("TASK-1", "RESULT").as_deref(), Some("#1, work done"));
    test.run(["task", "list", "--state", "done"]).ok().says("#1, work done").says_not("TASK-2");
    test.run(["task", "list", "--role", "test"]).ok().says("TASK-2").says_not("TASK-1");
    test.run(["task", "list", "--agent", "impl-1"]).ok().says("TASK-1").says_not("TASK-2");
    test.run(["task", "list", "--agent", "nobody"]).ok().says("no such tasks");
    let shown =
        test.run(["task", "show", "task-1"]).ok().says("To look at its work:").says("gh pr view 1 --web").stdout;
    let diff = shown.lines().find(|line| line.starts_with("  git diff ")).unwrap_or_else(|| panic!("{shown}"));
    let mut shell = test.program_command("sh");
    shell.args(["-c", diff]).current_dir(test.dir());
    assert!(test.finish(shell).ok().stdout.contains("+++ b/"), "{diff}");
    let done = &test.run(["status", "--json"]).ok().json()["queue"]["done_tasks"];
    assert_eq!((&done[0]["id"], &done[0]["pull_request"]), (&"TASK-1".into(), &1.into()));
}

#[test]
fn a_review_that_asks_for_changes_without_a_pull_request_goes_on_with_the_branch() {
    let test = Test::new();
    test.agents(&[("review-1", "reviewer")]);
    test.git(["branch", "feature"]);
    test.task("TASK-1", "# Look at it\n\nROLE: review\nBRANCH: feature\nPRIORITY: P1\n");
    test.claude.plays(
        "default",
        "run \"scheduler review record --verdict request-changes --summary 'Too long' --issue 'high|a.rs:1|Split it'\"; finish",
    );
    test.tick_and_wait();
    assert_eq!(test.task_line("TASK-1", "RESULT").as_deref(), Some("request-changes"));
    let new = test.queue("incoming");
    let [id] = &new[..] else { panic!("{new:?}") };
    let text = test.task_text(id);
    for part in
        ["Mend what a review found: Look at it", "ROLE: implement", "PRIORITY: P1", "BRANCH: feature", "Split it"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let messages = test.messages();
    let asks =
        messages.iter().filter(|(_, text)| text.contains("A review asks for changes") && text.contains(id.as_str()));
    assert_eq!(asks.count(), 1, "{messages:?}");
}

#[test]
fn an_agent_takes_what_it_has_done_to_its_new_name() {
    let test = Test::with_implementer();
    test.config("agents:\n- {name: impl-1, role: implementer, interval_seconds: 1m} # mine\n");
    test.tick_and_wait();
    test.run(["agent", "rename", "impl-1", "backend"]).ok().says("impl-1: is called backend now");
    let yaml = std::fs::read_to_string(test.orchestrator("agents.yaml")).unwrap();
    assert!(yaml.contains("name: backend") && yaml.contains("# mine"), "{yaml}");
    test.run(["agent", "show", "backend"]).ok().says("every 60 s").says("1: 1 good");
    test.task_for("TASK-2", "implement").later(120).tick_and_wait();
    assert_eq!((test.task_state("TASK-2"), test.state("backend")["total_runs"].as_u64()), ("done", Some(2)));
    test.run(["agent", "rename", "impl-1", "x"]).code(1).complains("there is no agent impl-1");
    test.run(["agent", "rename", "backend", "../x"]).code(2);
}

#[test]
fn names_may_be_shortened_where_they_are_unique() {
    let test = Test::new();
    test.agents(&[("impl-1", "implementer")]);
    test.task("TASK-a1b2c3d4", "# One\n").task("TASK-a1ffffff", "# Two\n");
    test.run(["task", "show", "a1b"]).ok().says("# One");
    test.run(["why", "task-a1b"]).ok().says("TASK-a1b2c3d4");
    test.run(["task", "cancel", "a1", "--reason", "x"]).code(1).complains("begins more than one name");
    let id = architect("Split the parser", "refactor", &[]).add(&test);
    test.run(["why", &id]).ok().says("waits to be judged").says("Split the parser");
    test.run(["proposal", "reject", &id[..9], "--reason", "No second caller"]).ok().says("rejected");
    test.run(["why", &id]).ok().says("was rejected by human").says("No second caller");
}

#[test]
fn tasks_of_one_second_are_begun_in_the_order_in_which_they_were_added() {
    let test = Test::new();
    test.now("2026-03-01T10:00:00Z").agents(&[("impl-1", "implementer")]);
    let added: Vec<_> = (0..6)
        .map(|number| {
            let said = test.run(["task", "add", &format!("Task {number}")]).ok().stdout;
            said.split(':').next().unwrap().to_owned()
        })
        .collect();
    test.run(["--dry-run"]).ok().says(&format!("impl-1: would start with {}", added[0]));
    let claimed = test.task_path("incoming", &added[0]);
    std::fs::remove_file(claimed).unwrap();
    test.run(["--dry-run"]).ok().says(&format!("impl-1: would start with {}", added[1]));
}

#[test]
fn what_was_mended_is_marked() {
    let test = Test::new();
    test.config("agents: 7\n");
    test.run([] as [&str; 0]).code(2);
    test.run(["message", "list"]).ok().says("agents.yaml is wrong").says_not("(mended)");
    test.agents(&[("impl-1", "implementer")]);
    test.run(["message", "list"]).ok().says("(mended) agents.yaml is wrong");
    assert_eq!(test.run(["message", "list", "--json"]).ok().json()["messages"][0]["mended"], true);
}
