//! Proposals that contradict each other: found, told once, and left to the user.

use super::support::{Test, proposals::architect};
use std::fs;

fn project() -> (Test, String, String) {
    let test = Test::new();
    test.config("model: proposal\nagents:\n  - {name: curator, role: curator, interval_seconds: 60}\n");
    let one = architect("Simplify the parser", "refactor", &["src/parse.rs"]).add(&test);
    let two = architect("Parse dates", "feature", &["./src/parse.rs", "src/date.rs"]).add(&test);
    (test, one, two)
}

#[test]
fn a_refactor_and_a_feature_over_one_file() {
    let (test, one, two) = project();
    test.run(["--dry-run"]).ok().says("no proposal waits to be judged by an agent");
    assert!(test.messages().is_empty() && test.proposals("active").len() == 2);
    test.tick_and_wait().says("contradict each other: deferred, see the message");
    assert_eq!(test.claude.count(), 0, "nothing is left to judge");
    assert_eq!((test.proposal_state(&one), test.proposal_state(&two)), ("deferred", "deferred"));
    let messages = test.messages_of("question");
    assert_eq!(messages.len(), 1);
    for part in [
        &one,
        &two,
        "`src/parse.rs`, `src/date.rs`",
        "score 0.",
        "## Trade-offs",
        &format!("{one} first: {two} is then built on the simpler code"),
        &format!("scheduler proposal promote {two}"),
    ] {
        assert!(messages[0].contains(part.trim()), "{part}\n{}", messages[0]);
    }
    // Once, whatever becomes of the message, and whatever time passes.
    fs::remove_dir_all(test.orchestrator("messages")).unwrap();
    test.later(400 * 86_400).tick_and_wait();
    assert!(test.messages().is_empty());
    assert_eq!(test.proposals("deferred").len(), 2, "only the user brings them back");
}

#[test]
fn a_person_decides() {
    let (test, one, two) = project();
    test.tick_and_wait();
    let stem = &test.messages().pop().unwrap().0;
    // An answer in words would reach nobody.
    test.run(["message", "reply", stem, "--body", "The first"])
        .code(2)
        .complains("is decided by judging")
        .complains(&format!("scheduler proposal promote {one}"));
    test.run(["proposal", "promote", &two]).ok();
    test.run(["message", "show", stem])
        .ok()
        .says(&format!("Decided: {two} was promoted. {one} stays deferred until you"));
    test.run(["proposal", "list"]).ok().says(&format!("{one} waits for you: promote, reject or reactivate it"));
    assert_eq!(test.run(["status", "--json"]).ok().json()["questions"], serde_json::json!([]));
    test.run(["proposal", "reactivate", &one]).ok();
    // The other one is decided: now it is like any other, and waits for the task over the same file.
    test.claude.plays("curator", &format!("run \"scheduler proposal promote {one}\"\nfinish Done"));
    test.later(60).tick_and_wait();
    assert_eq!(test.proposal_state(&one), "promoted");
    let tasks = test.queue("incoming");
    let blocked: Vec<_> = tasks.iter().filter_map(|task| test.task_line(task, "BLOCKED_BY")).collect();
    assert_eq!((tasks.len(), blocked.len()), (2, 1));
}

#[test]
fn told_again_when_one_has_changed() {
    let (test, one, two) = project();
    test.tick_and_wait();
    for id in [&one, &two] {
        test.run(["proposal", "reactivate", id]).ok();
    }
    test.later(60).tick_and_wait().says_not("contradict");
    assert_eq!((test.messages_of("question").len(), test.proposals("active").len()), (1, 2));
    test.run(["proposal", "list"]).ok().says("contradicts");
    let path = test.proposal_path("active", &one);
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("In short", "In other words")).unwrap();
    test.later(60).tick_and_wait().says("contradict each other");
    assert_eq!((test.messages_of("question").len(), test.proposals("deferred").len()), (2, 2));
}

#[test]
fn one_that_was_only_put_off_is_no_less_in_the_way() {
    let test = Test::new();
    test.config("model: proposal\nagents:\n  - {name: curator, role: curator, interval_seconds: 60}\n");
    let one = architect("Simplify the parser", "refactor", &["src/parse.rs"]).add(&test);
    test.run(["proposal", "defer", &one, "--reason", "later"]).ok();
    let two = architect("Parse dates", "feature", &["src/parse.rs"]).add(&test);
    test.tick_and_wait().says("contradict each other");
    assert_eq!((test.claude.count(), test.messages_of("question").len()), (0, 1));
    for id in [&one, &two] {
        assert!(test.proposal_state(id) == "deferred" && !test.proposal_text(id).contains("Revisit At"));
    }
}

#[test]
fn agents_may_not_decide() {
    let (test, one, two) = project();
    architect("Another", "debt", &[]).add(&test);
    let said = "\"$CLAUDE_CONFIG_DIR/debug/said\" 2>&1\n";
    let calls: String = [
        format!("promote {one}"),
        format!("reject {two} --reason no"),
        format!("reactivate {one}"),
        format!("defer {one} --reason later"),
    ]
    .iter()
    .map(|line| format!("scheduler proposal {line} >>{said}"))
    .collect();
    test.claude.plays("curator", &format!("{calls}finish Done"));
    test.tick_and_wait();
    let said = fs::read_to_string(test.notes("said")).unwrap();
    assert_eq!(said.matches("only the user may decide between them").count(), 3, "{said}");
    assert!(said.contains("possible there: promote, reject, reactivate"), "{said}");
    assert_eq!(test.proposals("deferred").len(), 2);
    let prompt = test.claude.only_call().prompt;
    assert!(
        !prompt.contains(&format!("### {one}")) && prompt.contains(&format!("{one} deferred: Simplify the parser"))
    );
}

#[test]
fn the_curator_marks_a_pair() {
    let test = Test::new();
    test.config("model: proposal\nagents:\n  - {name: curator, role: curator, interval_seconds: 60}\n");
    let one = architect("Remove the cache", "debt", &["src/cache.rs"]).add(&test);
    let two = architect("Cache more", "test", &["src/more.rs"]).add(&test);
    let line = format!("scheduler proposal conflict {one} {two} --reason 'One removes what the other needs.'");
    test.claude.plays("curator", &format!("run \"{line}\"\nrun \"{line}\" || say refused\nfinish Done"));
    test.tick_and_wait();
    let messages = test.messages_of("question");
    assert_eq!(messages.len(), 1);
    for part in ["One removes what the other needs. (marked by curator)", "**From:** scheduler"] {
        assert!(messages[0].contains(part), "{}", messages[0]);
    }
    assert_eq!(test.proposals("deferred").len(), 2);
    assert_eq!(test.record("curator")["settlement"]["tally"], "success");
    let output = fs::read_to_string(test.runs("curator")[0].join("output.jsonl")).unwrap();
    assert!(output.contains("was told of"), "the second time nothing is sent");
    test.run(["proposal", "show", &one]).ok().says(&format!("contradicts {two}: only the user may decide"));
}

#[test]
fn other_overlaps_are_only_shown() {
    let test = Test::new();
    test.config("model: proposal\nagents:\n  - {name: curator, role: curator, interval_seconds: 60}\n");
    let one = architect("Test the parser", "test", &["src/parse.rs"]).add(&test);
    let two = architect("Parse dates", "feature", &["src/parse.rs"]).add(&test);
    test.claude.plays("curator", &format!("run \"scheduler proposal promote {one}\"\nfinish Done"));
    test.tick_and_wait();
    let prompt = test.claude.only_call().prompt;
    assert!(prompt.contains(&format!("{two} (feature) names src/parse.rs too")), "{prompt}");
    assert!(test.messages().is_empty());
    assert_eq!((test.proposal_state(&one), test.proposal_state(&two)), ("promoted", "active"));
}
