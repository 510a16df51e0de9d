//! `scheduler doctor`: each finding has its remedy, and an error its exit code.

use crate::support::Test;

fn test() -> Test {
    let test = Test::new();
    test.agents(&[("impl", "implementer")]);
    test.github.install();
    test.program("claude", "#!/bin/sh\necho '2.1.330 (Claude Code)'\n");
    test
}

#[test]
fn a_project_in_order_has_no_error() {
    let test = test();
    test.tick();
    let output = test.run(["doctor"]).ok();
    output.says("ok      claude: 2.1.330").says("ok      git: ").says("agents.yaml: 1 agent");
    let findings = test.run(["doctor", "--json"]).ok().json();
    let findings = findings["findings"].as_array().unwrap();
    assert!(findings.len() > 6, "{findings:?}");
    assert!(findings.iter().all(|finding| finding["level"] == "ok" || finding["remedy"].is_string()), "{findings:?}");
}

#[test]
fn errors_name_their_remedy() {
    let test = test();
    test.without_program("claude");
    test.file(".orchestrator/commands/My skill.md", "x");
    let doctor = test.run(["doctor"]).code(1).says("ERROR   claude is not on").says("npm install");
    doctor.says("commands/My skill.md: no skill of agents").says("call it NAME.md");
    test.config("agents:\n- name: a\n  rolle: tester\n");
    test.run(["doctor"]).code(1).says("line 3: agents[0].rolle: unknown key; did you mean role?");
}

#[test]
fn a_required_check_that_nobody_does_is_an_error() {
    let test = test();
    test.agents_and(&[("impl", "implementer")], "gatekeeper: {enabled: true, required_checks: [lint]}\n");
    let nobody = "no agent is a gatekeeper with focus: lint, so no pull request can pass";
    let doctor = test.run(["doctor"]).code(1).says("ERROR   ").says("focus: lint, or take it out");
    assert_eq!(doctor.stdout.matches(nobody).count(), 1, "{doctor}");
    test.run(["status"]).ok().says("PROBLEMS").says(nobody);
    test.tick().complains(nobody);
    test.agents_and(&[("impl", "implementer")], "gatekeeper: {enabled: false, required_checks: [lint]}\n");
    test.run(["doctor"]).ok().says_not(nobody);
    test.run(["status"]).ok().says_not(nobody);
}

#[test]
fn what_is_configured_to_carry_runs_is_looked_at() {
    let test = test();
    test.without_program("claude");
    test.file("bin/agent.sh", "#!/bin/sh\n");
    let agents = |commands: [&str; 3]| {
        let mut yaml = "agents:\n".to_owned();
        for (number, command) in commands.iter().enumerate() {
            yaml.push_str(&format!("- {{name: a{number}, role: tester, command: [{command}]}}\n"));
        }
        test.config(&format!("{yaml}- {{name: c, role: gatekeeper_coordinator}}\n"));
    };
    let own = test.root().join("bin/carrier");
    let own = own.to_str().unwrap();
    agents(["carrier, --fast", "carrier", own]);
    test.run(["doctor"])
        .code(1)
        .says("ERROR   carrier (`command` of a0, a1) is not on")
        .says("(`command` of a2) is not there");
    test.program("carrier", "#!/bin/sh\ntouch \"$0.called\"\n");
    test.run(["doctor"])
        .ok()
        .says("ok      carrier (`command` of a0, a1)")
        .says_not("claude: no sign")
        .says_not("claude is not");
    assert!(!test.root().join("bin/carrier.called").exists(), "it was called");
    agents(["bin/agent.sh", "carrier", "claude"]);
    test.run(["doctor"]).code(1).says("bin/agent.sh (`command` of a0) is not executable").says("claude is not on");
}

#[test]
fn what_worktrees_would_pick_up_is_named() {
    let test = test();
    test.file("node_modules/x/index.js", "");
    test.run(["doctor"]).ok().says("node_modules of the main checkout is seen by tools");
}

#[test]
fn under_cron_the_bare_path_counts() {
    let test = test();
    test.run(["doctor", "--cron"]).code(1).says("claude is not on /usr/bin:/bin");
}
