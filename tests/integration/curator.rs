//! The curator: when it runs, what it is told, what it may do, and what comes of its judgements.

use super::support::{Test, proposals::architect};
use std::fs;

fn project(more: &str) -> Test {
    let test = Test::new();
    test.config(&format!(
        "model: proposal\n{more}\nagents:\n  - {{name: curator, role: curator, interval_seconds: 60}}\n"
    ));
    test
}

#[test]
fn runs_only_with_something_to_judge() {
    let test = project("");
    test.tick_and_wait();
    assert_eq!(test.claude.count(), 0);
    assert_eq!(test.last_tick()["decisions"][0]["decision"]["skip"]["reason"], "nothing_to_curate");
    let id = architect("One", "debt", &[]).add(&test);
    test.run(["proposal", "defer", &id, "--reason", "later"]).ok();
    test.tick_and_wait();
    assert_eq!(test.claude.count(), 0, "what is deferred isn't there to be judged");
}

#[test]
fn judgements_in_the_last_answer_count_where_none_was_recorded() {
    let test = project("");
    let judged = architect("Judged", "debt", &[]).add(&test);
    let named = architect("Named", "feature", &[]).add(&test);
    let both = |first: &str, second: &str| {
        format!(
            r#"{{"summary":"Two.","judgements":[{{"id":"{judged}","judgement":"{first}","reason":"a"}},{{"id":"{named}","judgement":"{second}","reason":"Nobody asked for it"}}]}}"#
        )
    };
    test.claude.plays(
        "curator",
        &format!("run 'scheduler proposal defer {judged} --reason later'; answer '{}'", both("reject", "reject")),
    );
    test.tick_and_wait();
    assert_eq!((test.proposal_state(&judged), test.proposal_state(&named)), ("deferred", "rejected"));
    assert!(test.proposal_text(&named).contains("**Rejected By:** curator\n"));
    assert_eq!(test.state("curator")["total_successes"], 1);
}

#[test]
fn promotes_and_rejects_with_feedback() {
    let test = project(
        "queue_limits: {max_incoming: 3}\npriorities: ['src/**']\n\
         curator_scoring: {priority_alignment: 0.4, complexity_reduction: 0.15}",
    );
    let good = architect("Good", "debt", &["src/a.rs"]).with(&["--complexity-reduction", "Less"]).add(&test);
    let bad = architect("Bad", "feature", &[]).add(&test);
    test.claude.plays(
        "curator",
        &format!(
            "run \"scheduler proposal promote {good}\"\nrun \"scheduler proposal reject {bad} --reason 'Nobody asked for it.'\"\n\
             finish 'One of each.'"
        ),
    );
    test.tick_and_wait().says("curator: started to judge proposals");
    let call = test.claude.only_call();
    assert_eq!((call.flag("--permission-mode"), call.flag("--tools")), (Some("dontAsk"), Some("Read,Bash")));
    let allowed = call.flag("--allowedTools").unwrap();
    assert!(
        !allowed.contains("Grep")
            && !allowed.contains("Glob")
            && allowed.contains("Bash(scheduler proposal promote:*)")
    );
    assert!(call.flag("--settings").unwrap().contains(" guard curator || exit 2"));
    for part in [
        "The queue has room for 3 more tasks (0 of 3",
        &format!("### {good}: score"),
        "priority_alignment 0.80 x 0.40: fits the priority src/**",
        "complexity_reduction 0.90 x 0.15",
        "Because of this",
        "Judge each proposal by what it brings",
    ] {
        assert!(call.prompt.contains(part), "{part}\n{}", call.prompt);
    }
    assert!(call.prompt.find(&format!("### {good}")) < call.prompt.find(&format!("### {bad}")), "the best comes first");
    assert_eq!((test.proposal_state(&good), test.proposal_state(&bad)), ("promoted", "rejected"));
    assert!(test.proposal_text(&bad).contains("**Rejected By:** curator\n"));
    assert!(test.proposal_text(&bad).contains("**Rejection Reason:** |\n  Nobody asked for it.\n"));
    let task = test.queue("incoming").pop().unwrap();
    assert_eq!(test.task_line(&task, "CREATED_BY").as_deref(), Some("curator"));
    let record = test.record("curator");
    assert!(record["settlement"]["reason"].as_str().unwrap().contains("2 proposals judged"), "{record}");
}

#[test]
fn with_a_full_queue_it_is_told_and_may_not_promote() {
    let test = project("queue_limits: {max_incoming: 0}");
    let id = architect("One", "debt", &[]).add(&test);
    test.claude.plays("curator", &format!("run \"scheduler proposal promote {id}\"\nfinish Done"));
    test.tick_and_wait();
    let prompt = test.claude.only_call().prompt;
    assert!(prompt.contains("The queue is full (0 of 0 places are taken): promote nothing."), "{prompt}");
    assert_eq!((test.proposal_state(&id), test.queue("incoming").len()), ("active", 0));
    assert_eq!(test.record("curator")["settlement"]["tally"], "success", "there was nothing that it could have done");
    let output = fs::read_to_string(test.runs("curator")[0].join("output.jsonl")).unwrap();
    assert!(output.contains("the queue is full") && output.contains("promote nothing more in this run"));
    // It isn't asked again before something is new, or there is room.
    test.later(61).tick_and_wait();
    assert_eq!(test.claude.count(), 1);
    test.run(["why", "curator"])
        .says("1 proposal waits for room in the queue: 0 of 0 tasks (max_incoming); none is new");
    architect("Two", "debt", &[]).add(&test);
    test.later(61).tick_and_wait();
    assert_eq!(test.claude.count(), 2);
}

#[test]
fn judging_nothing_is_a_failure() {
    let test = project("");
    architect("One", "debt", &[]).add(&test);
    test.claude.plays("curator", "finish 'All fine.'");
    test.tick_and_wait();
    assert_eq!(test.record("curator")["settlement"]["tally"], "failure");
    test.later(61).tick_and_wait();
    assert_eq!(test.claude.count(), 1, "it waits longer after a failure");
}

#[test]
fn what_it_may_not_call_is_refused() {
    let test = project("");
    let id = architect("One", "debt", &[]).add(&test);
    let said = "\"$CLAUDE_CONFIG_DIR/debug/said\" 2>&1\n";
    let calls: String = [
        "proposal add --title t --category debt --complexity S --summary s --rationale r --criterion c".to_owned(),
        format!("proposal promote {id} --force"),
        "task add --title x --role implement".to_owned(),
        format!("proposal reject {id} --reason ' '"),
        "prompt eject curator".to_owned(),
        // Without the run tag it is not the user either.
        format!("proposal promote {id} --force # unmarked"),
    ]
    .iter()
    .map(|line| match line.strip_suffix(" # unmarked") {
        Some(line) => format!("(env -u SCHEDULER_RUN scheduler {line}) >>{said}"),
        None => format!("scheduler {line} >>{said}"),
    })
    .collect();
    test.claude.plays("curator", &format!("{calls}finish Done"));
    test.tick_and_wait();
    let said = fs::read_to_string(test.notes("said")).unwrap();
    assert_eq!(said.matches("the role curator may not call").count(), 3, "{said}");
    assert_eq!(said.matches("only the user may promote beyond").count(), 2, "{said}");
    assert!(said.contains("--reason must say something"), "{said}");
    assert_eq!(test.proposal_state(&id), "active");
}

#[test]
fn the_guard_lets_one_command_pass_and_no_other() {
    let test = project("");
    let ask = |command: &str| {
        let call = serde_json::json!({"tool_name": "Bash", "tool_input": {"command": command}});
        test.run_with_input(["guard", "curator"], &call.to_string())
    };
    ask("scheduler proposal show PROP-1").ok().quiet();
    ask("scheduler proposal reject PROP-1 --reason - <<'EOF'\nToo large; really.\nEOF").ok();
    for line in ["ls", "grep -rn x .", "git log", "scheduler proposal list; ls", "scheduler task list", "cat \"$HOME\""]
    {
        ask(line).code(2).complains("one `scheduler` command per call");
    }
    test.run_with_input(["guard", "curator"], "{}").code(2).complains("not understood");
    test.run_with_input(["guard", "nobody"], "").code(2);
}
