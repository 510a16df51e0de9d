//! The run of a product manager: it sees what exists, creates tasks with a command, and changes nothing.

use crate::support::Test;

fn project() -> Test {
    let test = Test::new();
    test.with_origin().agents(&[("pm", "product_manager")]);
    test.github.install();
    test
}

#[test]
fn it_creates_tasks_in_its_own_name() {
    let test = project();
    test.claude.plays(
        "product_manager",
        "run \"scheduler task add --title 'Mend it' --role implement --priority P1 --criterion 'It works' --context-file - <<'END'\nWhy and where.\nEND\n\"; \
         run \"scheduler task add --title 'Mend it' --role implement --priority P1 --criterion 'It works' --context 'Why and where.'\"; finish 'One task.'",
    );
    let before = test.snapshot();
    test.tick_and_wait().says("pm: started to look for tasks");
    let ids = test.queue("incoming");
    assert!(!ids.is_empty());
    for id in ids {
        assert_eq!(test.task_line(&id, "CREATED_BY").as_deref(), Some("pm"));
        assert_eq!(test.task_line(&id, "PRIORITY").as_deref(), Some("P1"));
        let text = test.task_text(&id);
        assert!(
            text.contains("Mend it") && text.contains("Why and where.") && text.contains("- [ ] It works"),
            "{text}"
        );
    }
    test.assert_untouched(&before);
    assert_eq!(test.state("pm")["total_successes"], 1);
}

#[test]
fn it_sees_the_queue_the_open_pull_requests_and_what_failed() {
    let test = project();
    test.task("TASK-wait", "# Waiting work\n\nROLE: test\n");
    test.file(
        ".orchestrator/shared/queue/failed/TASK-fail.md",
        "# Failed work\n\nFAILED_AT: 2026-01-01T00:00:00Z\n\n## Error\n\nIt was impossible.\n",
    );
    test.file(".orchestrator/shared/queue/done/TASK-done.md", "# Finished work\n");
    let asked = "2026-01-01T00:00:00Z";
    test.file(".orchestrator/cache/open-prs.json", &format!("{{\"asked_at\":\"{asked}\",\"open\":[{{\"number\":7,\"title\":\"Open work\",\"head\":\"agent/x\"}}],\"error\":null}}"));
    test.claude.plays("product_manager", "finish 'Nothing to do.'");
    test.tick_and_wait();
    let prompt = test.claude.only_call().prompt;
    for words in ["Waiting work", "Failed work", "It was impossible.", "Finished work", "Open work", "1 of 20 places"] {
        assert!(prompt.contains(words), "{words} is not in {prompt}");
    }
}

#[test]
fn it_may_call_only_what_it_needs() {
    let test = project();
    test.claude.plays(
        "product_manager",
        "run 'git status' || finish Refused; run \"scheduler task list\" || finish Refused\n\
         run 'touch x' && finish Allowed; write y z && finish Allowed; run \"scheduler task cancel X --reason y\" && finish Allowed\n\
         finish Good",
    );
    test.tick_and_wait();
    assert_eq!(test.record("pm")["report"], "Good");
    assert_eq!(test.claude.only_call().flag("--permission-mode"), Some("dontAsk"));
}

#[test]
fn the_limit_of_the_queue_binds_it() {
    let test = project();
    test.agents_and(&[("pm", "product_manager")], "queue_limits: {max_incoming: 2}");
    let add = "run \"scheduler task add --title T --role implement\"";
    test.claude.plays("product_manager", &format!("{add}; {add}; {add} && finish Allowed; run \"scheduler task add --title T --role implement --force\" && finish Allowed; finish Refused"));
    test.tick_and_wait();
    assert_eq!((test.queue("incoming").len(), test.record("pm")["report"].as_str()), (2, Some("Refused")));
    test.later(7_200).tick_and_wait().quiet();
    assert_eq!(test.claude.count(), 1);
    test.run(["--dry-run"]).ok().says("pm: the queue is full: 2 of 2 tasks (max_incoming)");
}

#[test]
fn what_it_commits_or_leaves_is_not_published() {
    let test = project();
    test.claude.plays(
        "product_manager",
        "echo x >mine.txt; git add mine.txt; git -c user.name=x -c user.email=x@x commit -qm Mine; finish",
    );
    let before = test.snapshot();
    test.tick_and_wait();
    test.assert_untouched(&before);
    assert!(test.pushed_branches().is_empty() && test.agent_branches().is_empty());
    assert!(!test.git(["rev-list", "--all", "--", "mine.txt"]).is_empty(), "the work is lost");
}
