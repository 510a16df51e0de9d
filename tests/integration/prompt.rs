//! `scheduler prompt`: the built-in prompts.

use super::support::Test;
use std::fs;

#[test]
fn listed_shown_and_ejected() {
    let test = Test::new();
    test.config(
        "model: proposal\nagents:\n  - {name: guard, role: proposer, focus: security}\n  \
         - {name: odd, role: proposer, focus: bananas}\n",
    );
    for name in ["test_quality", "code_structure", "features", "plans", "security", "documentation", "curator"] {
        test.run(["prompt", "list"]).ok().says(name).quiet();
    }
    // Two roles have one of that name, and a file of that name would replace both: it is named after its agent.
    for command in ["show", "eject"] {
        test.run(["prompt", command, "security"]).code(2).complains("--role proposer or --role gatekeeper");
    }
    let security = |command| test.run(["prompt", command, "security", "--role", "proposer"]);
    let shown = security("show").ok().says("Secrets in the repository").stdout;
    security("eject").ok().says("prompts/guard.md");
    let path = test.orchestrator("prompts/guard.md");
    assert_eq!(fs::read_to_string(&path).unwrap(), shown);
    fs::write(&path, "mine").unwrap();
    security("eject").refuses().complains("left as it is");
    test.run(["prompt", "eject", "security", "--role", "gatekeeper"]).refuses().complains("there is none yet");
    test.run(["prompt", "eject", "curator"]).ok().says("Every curator uses it");
    fs::remove_file(test.orchestrator("prompts/curator.md")).unwrap();
    assert!(test.run(["doctor"]).stdout.contains("odd: there is no prompt for the focus bananas"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    let json = &test.run(["prompt", "list", "--json"]).ok().json()["prompts"];
    let yours: Vec<_> = json.as_array().unwrap().iter().filter(|one| !one["replaced_by"].is_null()).collect();
    assert_eq!((yours.len(), &yours[0]["role"]), (1, &"proposer".into()));
    test.set_env("COLUMNS", "80");
    for line in test.run(["prompt", "list"]).ok().stdout.lines() {
        assert!(line.trim_end().chars().count() <= 80, "{line}");
    }
    let frame = test.run(["prompt", "show", "instructions"]).ok().says("{% block rules %}").stdout;
    test.run(["prompt", "eject", "instructions"]).ok().says("prompts/instructions.md.j2");
    assert_eq!(fs::read_to_string(test.orchestrator("prompts/instructions.md.j2")).unwrap(), frame);
    test.run(["prompt", "eject", "instructions"]).refuses().complains("left as it is");
    test.run(["prompt", "show", "sekurity"]).code(2).complains("Did you mean security?");
    test.run(["prompt", "eject", "../../x"]).code(2).complains("no built-in prompt");
}

#[test]
fn an_ejected_frame_is_used_and_a_broken_one_told_of() {
    let test = Test::with_implementer();
    test.run(["prompt", "eject", "instructions"]).ok();
    let path = test.orchestrator("prompts/instructions.md.j2");
    let frame = fs::read_to_string(&path).unwrap();
    fs::write(&path, frame.replace("## Your role", "## What you are here for")).unwrap();
    test.tick_and_wait();
    assert!(test.claude.only_call().prompt.contains("## What you are here for"));
    fs::write(&path, frame.replace("{% block job %}", "{% block jobs %}").replace("## Your role", "## Lost")).unwrap();
    test.task_for("TASK-2", "implement").later(120).tick_and_wait();
    assert!(test.claude.calls()[1].prompt.contains("## Your role"));
    test.run(["message", "list"]).ok().says("The frame of the instructions can't be used");
}
