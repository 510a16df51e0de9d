//! The stand-in for `claude`: flags, permissions, and every way to end.

use crate::support::{Output, Test};
use serde_json::Value;
use std::process::Command;

const HEADLESS: [&str; 4] = ["-p", "--output-format", "stream-json", "--verbose"];

fn claude(test: &Test, args: &[&str]) -> Command {
    let mut command = test.program_command("claude");
    command.args(args).env("AGENT_ROLE", "implementer").env("TASK_ID", "TASK-1");
    command
}

fn play(test: &Test, scenario: &str) -> Output {
    play_with(test, scenario, &HEADLESS)
}

fn play_with(test: &Test, scenario: &str, args: &[&str]) -> Output {
    test.claude.plays("default", scenario);
    let mut shell = test.program_command("sh");
    shell.args(["-c", "printf '%s' 'the prompt' | claude \"$@\"", "sh"]).args(args).env("AGENT_ROLE", "implementer");
    test.finish(shell)
}

fn lines(output: &Output) -> Vec<Value> {
    output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn last_result(output: &Output) -> Option<Value> {
    lines(output).into_iter().rev().find(|line| line["type"] == "result")
}

#[test]
fn a_good_run_speaks_stream_json() {
    let test = Test::new();
    let output = play(&test, "say 'a \"quoted\" \\ line\nand\t\"another\"'\nrun 'echo hi'\nfinish 'All done: ü.'").ok();
    let lines = lines(&output);
    assert_eq!((&lines[0]["type"], &lines[0]["subtype"]), (&"system".into(), &"init".into()));
    assert_eq!(lines[0]["cwd"], test.dir().to_str().unwrap());
    assert_eq!(lines[1]["message"]["content"][0]["text"], "a \"quoted\" \\ line\nand\t\"another\"");
    assert_eq!(lines[2]["message"]["content"][0]["name"], "Bash");
    assert_eq!(lines[3]["message"]["content"][0]["content"], "hi");
    let result = last_result(&output).unwrap();
    assert_eq!((&result["subtype"], &result["is_error"]), (&"success".into(), &false.into()));
    assert_eq!((&result["terminal_reason"], &result["result"]), (&"completed".into(), &"All done: ü.".into()));
    for key in ["num_turns", "session_id", "total_cost_usd", "usage", "modelUsage", "duration_ms", "permission_denials"]
    {
        assert!(!result[key].is_null(), "{key}");
    }
}

#[test]
fn it_ends_in_every_recorded_way() {
    let cases = [
        ("turn_limit", Some(1), "error_max_turns", true, "max_turns"),
        ("budget", Some(1), "error_max_budget_usd", true, "budget_exhausted"),
        ("api_error 529 overloaded_error Overloaded", Some(1), "success", true, "api_error"),
        ("refused", Some(1), "success", true, "api_error"),
        ("usage_limit 1767225600", Some(1), "success", true, "api_error"),
        ("prompt_too_long", Some(1), "success", true, "prompt_too_long"),
        ("aborted", Some(0), "error_during_execution", true, "aborted_tools"),
        ("two_results", Some(0), "success", false, "completed"),
        ("no_result 0", Some(0), "", false, ""),
        ("stderr_only 1 'cannot start'", Some(1), "", false, ""),
        ("die KILL", None, "", false, ""),
        ("die TERM", None, "", false, ""),
    ];
    for (scenario, code, subtype, is_error, reason) in cases {
        let test = Test::new();
        // The shell around it would turn a death by signal into an exit code.
        test.claude.plays("default", scenario);
        std::fs::write(test.root().join("prompt"), "the prompt").unwrap();
        let mut command = test.program_command("sh");
        command
            .args(["-c", "exec claude \"$@\" <\"$PROMPT\"", "sh"])
            .args(HEADLESS)
            .env("PROMPT", test.root().join("prompt"));
        let output = test.finish(command);
        assert_eq!(output.code, code, "{scenario}: {output}");
        match last_result(&output) {
            Some(result) => {
                assert_eq!(
                    (&result["subtype"], &result["is_error"]),
                    (&subtype.into(), &is_error.into()),
                    "{scenario}"
                );
                assert_eq!(result["terminal_reason"], reason, "{scenario}");
            }
            None => assert_eq!(subtype, "", "{scenario}: no result line"),
        }
    }
}

#[test]
fn a_term_ends_it_and_what_its_bash_tool_runs() {
    let test = Test::new();
    test.claude.plays("default", "run 'sleep 300'; finish");
    std::fs::write(test.root().join("prompt"), "the prompt").unwrap();
    let mut command = test.program_command("sh");
    command.args(["-c", "exec claude \"$@\" --allowedTools Bash <\"$PROMPT\" >/dev/null", "sh"]).args(HEADLESS);
    let mut child = command.env("PROMPT", test.root().join("prompt")).spawn().unwrap();
    test.wait_until("the tool to run", || test.leftovers().iter().any(|left| left.command == "sleep 300"));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    test.wait_quiet();
}

#[test]
fn flags_are_taken_or_refused_as_recorded() {
    let uuid = "0c8a2b5e-5a3f-4c7e-9d43-1f0a6f2b7c11";
    let good: [&[&str]; 4] = [
        &["--max-turns", "5", "--permission-mode", "acceptEdits", "--add-dir", "/tmp", "--max-budget-usd", "1.5"],
        &["--session-id", uuid, "--model=x", "--settings", "{}", "--append-system-prompt", "be brief"],
        &["--allowedTools", "Read,Bash(git:*)", "--disallowedTools", "WebFetch", "--fallback-model", "y"],
        &["--permission-mode=dontAsk", "--tools", "Read,Write", "--strict-mcp-config", "--setting-sources", "user"],
    ];
    for args in good {
        let test = Test::new();
        play_with(&test, "finish", &[&HEADLESS, args].concat()).ok();
    }
    let bad: [(&[&str], &str); 7] = [
        (&["-p", "--output-format", "stream-json"], "requires --verbose"),
        (&["-p", "--permission-mode", "wild"], "--permission-mode"),
        (&["-p", "--max-turns", "none"], "--max-turns"),
        (&["-p", "--max-turns"], "argument missing"),
        (&["-p", "--session-id", "7"], "Must be a valid UUID"),
        (&["-p", "--frobnicate"], "unknown option '--frobnicate'"),
        (&["--verbose"], "Input must be provided"),
    ];
    for (args, text) in bad {
        let test = Test::new();
        let output = play_with(&test, "finish", args).code(1).complains(text);
        assert_eq!(output.stdout, "", "no JSON: {args:?}");
        test.take_complaints();
    }
}

#[test]
fn a_session_id_serves_once_in_a_directory() {
    let test = Test::new();
    let args = [&HEADLESS[..], &["--session-id", "0c8a2b5e-5a3f-4c7e-9d43-1f0a6f2b7c11"]].concat();
    play_with(&test, "finish", &args).ok();
    play_with(&test, "finish", &args).code(1).complains("already in use");
}

#[test]
fn an_empty_prompt_is_refused() {
    let test = Test::new();
    test.claude.plays("default", "finish");
    let output = test.finish(claude(&test, &HEADLESS)).code(1).complains("Input must be provided");
    assert_eq!(output.stdout, "");
}

#[test]
fn only_what_is_allowed_is_done() {
    let cases: [(&[&str], &str, bool); 18] = [
        (&[], "write note.txt x", false),
        (&[], "run 'git status'", true),
        (&[], "run 'git commit --allow-empty -m x'", false),
        (&["--permission-mode", "acceptEdits"], "write note.txt x", true),
        (&["--permission-mode", "acceptEdits"], "edit README.md x", true),
        (&["--permission-mode", "acceptEdits"], "write ../note.txt x", false),
        (&["--permission-mode", "acceptEdits"], "write \"$HOME/note.txt\" x", false),
        (&["--permission-mode", "acceptEdits"], "write .claude/settings.json x", false),
        (&["--allowedTools", "Write"], "write \"$HOME/note.txt\" x", true),
        (&["--allowedTools", "Write"], "edit README.md x", false),
        (&["--allowedTools", "Bash"], "run 'true; X=1 true | cat'", true),
        (&["--allowedTools", "Bash(git:*)"], "run 'git add -A && git commit --allow-empty -m \"a; b\"'", true),
        (&["--allowedTools", "Bash(git *)"], "run 'git log -1'", true),
        (&["--allowedTools", "Bash(git:*)"], "run 'gitk'", false),
        (&["--allowedTools", "Bash(git:*)"], "run 'X=1 git log'", false),
        (&["--allowedTools", "Bash(git:*)"], "run 'git log; true'", false),
        (&["--allowedTools", "Bash(git:*)"], "run 'cd / && git log'", false),
        (&["--allowedTools", "Bash(git log:*),Bash(true)"], "run 'true && git log -1'", true),
    ];
    for (args, step, allowed) in cases {
        let test = Test::new();
        let output = play_with(&test, &format!("{step}\nfinish"), &[&HEADLESS, args].concat()).ok();
        let denials = last_result(&output).unwrap()["permission_denials"].as_array().unwrap().len();
        assert_eq!(denials, usize::from(!allowed), "{args:?} {step}: {output}");
    }
}

#[test]
fn what_is_not_offered_does_not_exist() {
    let test = Test::new();
    let args = [&HEADLESS[..], &["--tools", "Read,Bash", "--allowedTools", "Write"]].concat();
    let output = play_with(&test, "run 'git status'; write inside.txt x; finish", &args)
        .ok()
        .says("No such tool available: Write");
    assert!(output.stdout.contains(r#""tools":["Read","Bash"]"#) && !test.path("inside.txt").exists());
    assert_eq!(last_result(&output).unwrap()["permission_denials"], serde_json::json!([]));
}

#[test]
fn a_path_rule_confines_writing() {
    let test = Test::new();
    let rule = format!("Edit(/{}/**)", test.dir().display());
    let args = [&HEADLESS[..], &["--allowedTools", &rule]].concat();
    let output = play_with(&test, "write inside.txt x; write \"$HOME/outside.txt\" x; finish", &args).ok();
    assert!(test.path("inside.txt").is_file());
    assert!(!test.root().join("home/outside.txt").exists());
    let result = last_result(&output).unwrap();
    assert_eq!(result["permission_denials"][0]["tool_name"], "Write");
}

#[test]
fn scenarios_are_chosen_by_task_agent_role_and_start() {
    let test = Test::new();
    for (who, text) in
        [("TASK-9", "task"), ("worker", "agent"), ("tester", "role"), ("tester.2", "second"), ("default", "else")]
    {
        test.claude.plays(who, &format!("finish '{text}'"));
    }
    let said = |variables: &[(&str, &str)]| {
        let mut shell = test.program_command("sh");
        shell.args(["-c", "echo prompt | claude -p"]).envs(variables.iter().copied());
        last_result(&test.finish(shell).ok()).unwrap()["result"].as_str().unwrap().to_owned()
    };
    assert_eq!(said(&[("TASK_ID", "TASK-9"), ("AGENT_NAME", "worker"), ("AGENT_ROLE", "tester")]), "task");
    assert_eq!(said(&[("TASK_ID", "TASK-8"), ("AGENT_NAME", "worker"), ("AGENT_ROLE", "tester")]), "agent");
    assert_eq!(said(&[("AGENT_ROLE", "tester")]), "role");
    assert_eq!(said(&[("AGENT_ROLE", "tester")]), "second");
    assert_eq!(said(&[("AGENT_ROLE", "tester")]), "role");
    assert_eq!(said(&[]), "else");
    let calls = test.claude.calls();
    assert_eq!((calls.len(), calls[0].prompt.as_str()), (6, "prompt\n"));
    assert_eq!(calls[0].env("TASK_ID"), Some("TASK-9"));
    assert_eq!(calls[0].cwd, test.dir());
}

#[test]
fn a_call_without_scenario_fails_the_test() {
    let test = Test::new();
    let mut shell = test.program_command("sh");
    shell.args(["-c", "echo prompt | claude -p"]);
    test.finish(shell).code(1);
    assert!(test.take_complaints().contains("no scenario"));
}
