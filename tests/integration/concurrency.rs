//! Many at the same moment: ticks, tasks added, claims.

use crate::support::{Output, Started, Test};
use std::process::Command;

/// Starts the commands so that they begin together: each waits in a shell for one file.
fn together(test: &Test, count: usize, line: &str) -> Vec<Output> {
    let script = format!("until [ -e \"$HOME/now\" ]; do sleep 0.01; done; exec {line}");
    let all: Vec<Started> = (0..count)
        .map(|_| {
            let mut shell: Command = test.program_command("sh");
            shell.args(["-c", &script]);
            test.start_any(shell)
        })
        .collect();
    std::fs::write(test.root().join("home/now"), "").unwrap();
    let outputs = all.into_iter().map(|started| started.wait().ok()).collect();
    std::fs::remove_file(test.root().join("home/now")).unwrap();
    outputs
}

#[test]
fn fifty_ticks_start_each_due_agent_once() {
    let test = Test::new();
    test.agents_and(
        &[("impl-1", "implementer"), ("impl-2", "implementer"), ("impl-3", "implementer"), ("pm", "product_manager")],
        "queue_limits: {max_claimed: 2}",
    );
    for id in ["TASK-1", "TASK-2", "TASK-3"] {
        test.task_for(id, "implement");
    }
    test.claude.plays("product_manager", "until [ -e \"$HOME/go\" ]; do rest 0.1; done; finish");
    test.claude.plays("implementer", "until [ -e \"$HOME/go\" ]; do rest 0.1; done; write \"$TASK_ID\" x; finish");
    let outputs = together(&test, 50, "scheduler");
    let said: String = outputs.iter().map(|output| output.stdout.as_str()).collect();
    // After the time: date, clock and zone.
    let mut lines: Vec<_> = said.lines().filter_map(|line| line.splitn(4, ' ').nth(3)).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["impl-1: started with TASK-1", "impl-2: started with TASK-2", "pm: started to look for tasks"]);
    assert!(outputs.iter().all(|output| output.stderr.is_empty()), "{outputs:#?}");
    assert_eq!((test.queue("claimed").len(), test.queue("incoming").len()), (2, 1));
    test.wait_until("all to run", || test.claude.count() == 3);
    // Those under way hold the place.
    test.later(120);
    together(&test, 10, "scheduler");
    assert_eq!(test.queue("claimed").len(), 2);
    std::fs::write(test.root().join("home/go"), "").unwrap();
    test.wait_quiet();
    assert_eq!((test.claude.count(), test.queue("done").len()), (3, 2));
}

#[test]
fn tasks_added_at_the_same_moment_stop_at_the_limit() {
    let test = Test::new();
    test.agents_and(&[("impl-1", "implementer")], "queue_limits: {max_incoming: 7}");
    let line = "scheduler task add --title T --role implement || true";
    let outputs = together(&test, 20, &format!("sh -c '{line}'"));
    let added = outputs.iter().filter(|output| output.stdout.starts_with("TASK-")).count();
    let refused = outputs.iter().filter(|output| output.stderr.contains("the queue is full")).count();
    assert_eq!((added, refused, test.queue("incoming").len()), (7, 13, 7));
}

#[test]
fn claims_never_exceed_the_limit_while_tasks_come_and_go() {
    let test = Test::new();
    let agents: Vec<String> = (0..6).map(|n| format!("impl-{n}")).collect();
    let agents: Vec<_> = agents.iter().map(|name| (name.as_str(), "implementer")).collect();
    test.agents_and(&agents, "queue_limits: {max_claimed: 3}");
    for n in 0..6 {
        test.task_for(&format!("TASK-{n}"), "implement");
    }
    test.claude.implements();
    let mut most = 0;
    test.wait_until("every task to be done", || {
        test.later(120);
        let ticks: Vec<_> = (0..4).map(|_| test.start([] as [&str; 0])).collect();
        most = most.max(test.queue("claimed").len());
        for tick in ticks {
            tick.wait().ok();
        }
        most = most.max(test.queue("claimed").len());
        test.queue("done").len() == 6
    });
    test.wait_quiet();
    assert!((1..=3).contains(&most), "{most} were claimed at once");
    assert_eq!(test.claude.count(), 6);
}
