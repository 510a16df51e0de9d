//! Runs that the system confines: what is refused, what goes on working, and what is said of it.

use crate::support::Test;
use std::fs;

/// One confined implementer with a task, who may write where the stand-in keeps its record.
fn confined(keys: &str) -> Test {
    let test = Test::new();
    let stage = test.root().join("claude").display().to_string();
    test.with_origin()
        .agents_and(
            &[("impl-1", "implementer")],
            &format!("defaults: {{sandbox: {{mode: auto, write: [\"{stage}\"{keys}]}}}}"),
        )
        .task_for("TASK-1", "implement");
    test.github.install();
    test
}

/// Whether this system can confine at all; a test that needs it says so and ends.
fn can_confine(test: &Test) -> bool {
    let can = test.run(["doctor"]).stdout.contains("agents are confined");
    if !can {
        eprintln!("not tested: this system has no Landlock");
    }
    can
}

/// A scenario that notes in its commit which of these lines of shell succeeded.
fn attempts(lines: &[&str]) -> String {
    let line = |line: &&str| format!("if ({line}) >/dev/null 2>&1; then echo 'did {line}'; fi\n");
    let script: String = lines.iter().map(line).collect();
    format!("{{ {script}:; }} >notes.txt; git add notes.txt; commit notes && finish 'Done.'")
}

#[test]
fn a_run_reaches_its_worktree_and_little_else() {
    let test = confined("");
    if !can_confine(&test) {
        return;
    }
    fs::create_dir_all(test.root().join("home/.ssh")).unwrap();
    fs::write(test.root().join("home/.ssh/id"), "PRIVATE").unwrap();
    fs::write(test.root().join("home/.profile"), "").unwrap();
    let refused = [
        "echo x >>\"$ORCHESTRATOR_DIR/agents.yaml\"",
        "echo x >\"$ORCHESTRATOR_DIR/agents/impl-1/x\"",
        "echo x >\"$ORCHESTRATOR_DIR/agents/impl-1/runs/$RUN_ID/record.json\"",
        "echo x >\"$SHARED_DIR/queue/incoming/TASK-e.md\"",
        "cat \"$ORCHESTRATOR_DIR/agents.yaml\"",
        "echo x >>\"$PARENT_PROJECT/README.md\"",
        "cat \"$PARENT_PROJECT/README.md\"",
        "git config x.y z",
        "git tag t",
        "git update-ref refs/heads/main HEAD",
        "echo x >\"$(git rev-parse --git-common-dir)/hooks/pre-push\"",
        "echo x >>~/.profile",
        "cat ~/.ssh/id",
        "echo x >/tmp/scheduler-test-$$",
    ];
    let worked = [
        "cat ~/.profile",
        "f=$(mktemp) && echo x >\"$f\" && rm \"$f\"",
        "mkdir -p \"$XDG_CACHE_HOME/x\" && echo x >\"$XDG_CACHE_HOME/x/y\"",
        "git checkout -q -b agent/side && git commit -q --allow-empty -m side && git checkout -q -",
        "git log --oneline -1 && git status",
        "git commit -q --allow-empty -m one && git commit -q --amend --allow-empty -m two",
    ];
    test.claude.plays("implementer", &attempts(&[&refused[..], &worked].concat()));
    let before = test.snapshot();
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    test.assert_untouched(&before);
    let head = test.github.only_pull_request().head;
    let notes = test.git(["show", &format!("{head}:notes.txt")]);
    let expected: String = worked.iter().map(|line| format!("did {line}\n")).collect();
    assert_eq!(notes.trim_end(), expected.trim_end());
}

#[test]
fn what_the_sandbox_refused_is_named_with_the_key_that_widens_it() {
    let test = confined("");
    if !can_confine(&test) {
        return;
    }
    test.claude.plays("implementer", "mkdir /tmp/scheduler-test-x 2>>notes; say \"$(cat notes)\"; rm notes; exit 3");
    test.tick_and_wait();
    let record = test.record("impl-1");
    let detail = record["detail"].as_str().unwrap();
    assert!(detail.contains("/tmp/scheduler-test-x") && detail.contains("sandbox.write"), "{detail}");
    test.run(["logs", "impl-1"]).ok().says("sandbox.write");
}

#[test]
fn setup_is_confined_and_each_run_begins_without_temporary_files() {
    let test = confined("");
    if !can_confine(&test) {
        return;
    }
    let yaml = fs::read_to_string(test.orchestrator("agents.yaml")).unwrap();
    test.config(&format!(
        "{yaml}worktree: {{setup: 'touch \"$TMPDIR/left\"; touch ../outside || echo refused >made'}}\n"
    ));
    test.claude.plays("implementer", "[ ! -e \"$TMPDIR/left\" ] && cp made made.txt && commit made && finish 'Done.'");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    assert!(!test.orchestrator("agents/impl-1/outside").exists());
}

#[test]
fn a_program_that_is_not_there_is_told_as_without_a_sandbox() {
    // Where it is only looked for in the worktree, no tick can tell.
    let test = confined("");
    let agent = &[("impl-1", "implementer")];
    test.agents_and(agent, "defaults: {command: [bin/claude], sandbox: {mode: auto}}");
    test.tick_and_wait();
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    let record = test.record("impl-1");
    assert!(record["detail"].as_str().unwrap().contains("bin/claude is not on PATH"), "{record}");
}

#[test]
fn places_must_be_whole() {
    let test = Test::new();
    for (keys, words) in [
        ("mode: sometimes", "defaults.sandbox.mode: \"sometimes\" is not a mode"),
        ("write: [data]", "defaults.sandbox.write: \"data\" must be an absolute path, or begin with ~/"),
        ("ports: [0]", "defaults.sandbox.ports[0]: must be a whole number from 1 to 65535"),
    ] {
        test.agents_and(&[("impl-1", "implementer")], &format!("defaults: {{sandbox: {{{keys}}}}}"));
        test.run([] as [&str; 0]).code(2).complains(words);
    }
}

/// Does something whose programs find no Landlock, as in a kernel or a container without it.
#[cfg(target_os = "linux")]
fn without_landlock(act: impl FnOnce() + Send) {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    /// `landlock_create_ruleset` and the two calls after it, on every architecture.
    const CALLS: std::ops::RangeInclusive<i64> = 444..=446;
    const ENOSYS: u32 = 38;
    let rules = CALLS.map(|call| (call, Vec::new())).collect();
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(ENOSYS), arch).unwrap();
    let filter = BpfProgram::try_from(filter).unwrap();
    // The thread ends with the filter, which nothing takes away.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            apply_filter(&filter).unwrap();
            act();
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn without_landlock_runs_work_and_the_user_is_told_once() {
    let test = confined("");
    test.task_for("TASK-2", "implement");
    test.claude.plays("implementer", "touch \"$PARENT_PROJECT/seen\"; echo x >$TASK_ID; commit work && finish 'Done.'");
    without_landlock(|| {
        for task in ["TASK-1", "TASK-2"] {
            test.tick_and_wait();
            assert_eq!(test.task_state(task), "done");
            test.later(3600);
        }
        test.run(["doctor"]).says("agents work unconfined: ");
        test.run(["status"]).ok().says("unconfined");
    });
    assert!(test.path("seen").exists(), "it was confined");
    let told = test.messages().iter().filter(|(_, text)| text.contains("Agents work unconfined")).count();
    assert_eq!(told, 1);
}

#[cfg(target_os = "linux")]
#[test]
fn where_confinement_is_required_nobody_starts_without_it() {
    let test = confined("");
    let yaml = fs::read_to_string(test.orchestrator("agents.yaml")).unwrap();
    test.config(&yaml.replace("mode: auto", "mode: required"));
    test.claude.plays("implementer", "echo x >file; commit work && finish 'Done.'");
    without_landlock(|| drop(test.tick_and_wait()));
    assert_eq!((test.task_state("TASK-1"), test.attempts("TASK-1")), ("incoming", 0));
    let record = test.record("impl-1");
    assert!(record["detail"].as_str().unwrap().contains("sandbox.mode is required"), "{record}");
}
