//! Proposers: when they run, what they are told, and what they may do.

use super::support::{Test, proposals::architect};

const ADD: &str = "scheduler proposal add --title 'Idea N' --category debt --complexity S --summary s --rationale r \
                   --criterion c --file src/fileN.rs";

fn add(n: usize) -> String {
    format!("run \"{}\"", ADD.replace('N', &n.to_string()))
}

fn project(more: &str) -> Test {
    let test = Test::new();
    test.config(&format!(
        "model: proposal\n{more}\nagents:\n  - {{name: architect, role: proposer, focus: code_structure, interval_seconds: 60}}\n"
    ));
    test
}

#[test]
fn a_run_proposes_in_its_own_name() {
    let test = project("");
    let before = test.snapshot();
    test.claude.plays("architect", &format!("{}\nwrite notes.txt hello\nfinish 'One idea.'", add(1)));
    test.tick_and_wait().says("architect: started to propose work");
    let call = test.claude.only_call();
    assert_eq!(call.flag("--permission-mode"), Some("dontAsk"));
    for part in
        ["with the focus **code_structure**", "harder to change than it need be", "You may add 2 more in this run"]
    {
        assert!(call.prompt.contains(part), "{part}\n{}", call.prompt);
    }
    let id = test.proposals("active").pop().unwrap();
    let text = test.proposal_text(&id);
    let run = call.env("RUN_ID").unwrap();
    assert!(text.contains("**Proposer:** architect\n") && text.contains(&format!("**Run:** {run}\n")), "{text}");
    let record = test.record("architect");
    assert_eq!(record["settlement"]["tally"], "success");
    assert!(record["settlement"]["reason"].as_str().unwrap().contains("1 proposal added"), "{record}");
    assert!(test.agent_branches().is_empty(), "a proposer leaves no branch");
    test.assert_untouched(&before);
}

#[test]
fn a_flood_is_held_at_max_per_run() {
    let test = project("proposal_limits: {architect: {max_active: 40, max_per_run: 3}}");
    let flood: String = (0..50).map(|n| add(n) + " || say refused\n").collect();
    test.claude.plays("architect", &format!("{flood}finish Done"));
    test.tick_and_wait();
    assert_eq!(test.proposals("active").len(), 3);
    let runs = test.runs("architect");
    let output = std::fs::read_to_string(runs[0].join("output.jsonl")).unwrap();
    assert_eq!(output.matches("this run has added 3 proposals and may add no more than 3").count(), 47);
    // The next run may add again.
    test.later(60).tick_and_wait();
    assert_eq!(test.proposals("active").len(), 6);
}

#[test]
fn at_its_limit_it_does_not_run() {
    let test = project("proposal_limits: {architect: {max_active: 1}}");
    architect("One", "debt", &[]).add(&test);
    test.tick_and_wait();
    assert_eq!(test.claude.count(), 0);
    let tick = test.last_tick();
    let skip = &tick["decisions"][0]["decision"]["skip"];
    assert_eq!((&skip["reason"], &skip["active"], &skip["limit"]), (&"proposals_full".into(), &1.into(), &1.into()));
}

#[test]
fn it_is_told_of_its_rejections() {
    let test = project("");
    let mine = architect("Split the parser into modules", "refactor", &["src/parse.rs"]).add(&test);
    let old = architect("An old idea", "debt", &[]).add(&test);
    test.run(["proposal", "reject", &old, "--reason", "forgotten by now"]).ok();
    test.later(31 * 86_400);
    test.run(["proposal", "reject", &mine, "--reason", "It has 80 lines only."]).ok();
    let open = architect("Still open", "debt", &["src/open.rs"]).add(&test);
    test.claude.plays(
        "architect",
        "run \"scheduler proposal add --title 'Splitting the parser into modules' --category refactor --complexity S \
         --summary s --rationale r --criterion c --file ./src/parse.rs\"\n\
         run \"scheduler proposal list --state rejected --mine\"\nfinish Nothing",
    );
    test.tick_and_wait();
    let prompt = test.claude.only_call().prompt;
    for part in ["It has 80 lines only.", &mine, &format!("{open} active: Still open (src/open.rs)")] {
        assert!(prompt.contains(part), "{part}\n{prompt}");
    }
    assert!(!prompt.contains("forgotten by now"));
    let output = std::fs::read_to_string(test.runs("architect")[0].join("output.jsonl")).unwrap();
    assert!(output.contains("was this idea, and was rejected") && output.matches("It has 80 lines only.").count() >= 2);
    assert_eq!(test.proposals("active"), [open]);
    assert_eq!(test.record("architect")["settlement"]["tally"], "success", "proposing nothing is fine");
}

#[test]
fn it_may_not_judge_nor_speak_for_others() {
    let test = project("");
    let id = architect("One", "debt", &[]).add(&test);
    let call = |line: &str| {
        format!(
            "scheduler proposal {line} >>\"$CLAUDE_CONFIG_DIR/debug/said\" 2>&1; echo $? >>\"$CLAUDE_CONFIG_DIR/debug/said\"\n"
        )
    };
    let calls: String = [
        format!("promote {id}"),
        format!("reject {id} --reason x"),
        format!("defer {id} --reason x"),
        "add --title t --category debt --complexity S --summary s --rationale r --criterion c --proposer boss"
            .to_owned(),
        "add --title t --category debt --complexity S --summary s --rationale r --criterion c --force".to_owned(),
    ]
    .iter()
    .map(|line| call(line))
    .collect();
    // Not through the Bash tool: even what gets past its rules is refused.
    test.claude.plays("architect", &format!("{calls}finish Done"));
    test.tick_and_wait();
    let said = std::fs::read_to_string(test.notes("said")).unwrap();
    assert_eq!(said.matches("the role proposer may not call").count(), 3, "{said}");
    assert_eq!(said.matches("leave out --proposer and --force").count(), 2, "{said}");
    assert_eq!(said.lines().filter(|line| *line == "1").count(), 5, "{said}");
    assert_eq!(test.proposals("active"), [id]);
}

#[test]
fn its_prompt_can_be_replaced() {
    let test = project("");
    test.claude.plays("architect", "finish Nothing");
    test.committed_file(".orchestrator/prompts/code_structure.md", "Mind the parser only.");
    test.tick_and_wait();
    let prompt = test.claude.last_call().prompt;
    assert!(prompt.contains("Mind the parser only.") && !prompt.contains("harder to change than it need be"));
    test.file(".orchestrator/prompts/architect.md", "Mind the printer.");
    test.later(60).tick_and_wait();
    let prompt = test.claude.last_call().prompt;
    assert!(prompt.contains("Mind the printer.") && !prompt.contains("Mind the parser only."));
}
