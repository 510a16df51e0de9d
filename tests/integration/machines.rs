//! Ticks on one machine: another one refuses, says where they run, and takes no run for lost. Which machine it was is written into
//! the files here, for a test has but one.

use crate::support::Test;
use serde_json::{Value, json};
use std::fs;

const OTHER: &str =
    r#"{"host":"desk-9","id":"00000000000000000000000000000009","boot":"11111111-1111-4111-8111-111111111111"}"#;

fn note(test: &Test) -> Value {
    serde_json::from_str(&fs::read_to_string(test.orchestrator("scheduler.lock")).unwrap()).unwrap()
}

/// The ticks ran on the machine that is described until now.
fn ticks_ran_on(test: &Test, machine: &str) {
    let mut owner: Value = serde_json::from_str(machine).unwrap();
    owner["booted"] = 1.into();
    test.file(".orchestrator/scheduler.lock", &format!("{owner}\n"));
}

/// The other machine carries a run of the agent; its lock looks free here.
fn carries_a_run(test: &Test, agent: &str) {
    let mut state = test.state(agent);
    state["phase"] = "running".into();
    state["run_id"] = "0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f".into();
    state["machine"] = serde_json::from_str(OTHER).unwrap();
    state["supervisor"] = json!({"pid": 1, "start": "1", "boot": state["machine"]["boot"]});
    test.file(&format!(".orchestrator/agents/{agent}/state.json"), &state.to_string());
}

#[test]
fn a_tick_elsewhere_refuses_and_names_the_machine() {
    let test = Test::with_implementer();
    ticks_ran_on(&test, OTHER);
    let before = test.snapshot();
    for command in [&[][..], &["--dry-run"], &["task", "retry", "--all"]] {
        test.run(command).refuses().complains("run on desk-9").complains("scheduler adopt --here");
    }
    assert_eq!(test.claude.count(), 0);
    test.assert_untouched(&before);
    test.run(["status", "--json"]).ok().says(r#""ticks_on": "desk-9""#);
    test.run(["doctor"]).says("run on desk-9, not here");
    test.run(["adopt"]).code(2);
    test.run(["adopt", "--here"]).ok().says("no longer on desk-9");
    test.run(["adopt", "--here"]).ok().says("(unchanged)");
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done");
    test.run(["status", "--json"]).ok().says_not("ticks_on");
}

#[test]
fn a_machine_with_another_name_or_after_a_reboot_is_the_same() {
    let test = Test::with_implementer();
    test.tick_and_wait();
    let here = note(&test);
    for (key, value) in [("host", "laptop.cafe.example"), ("boot", "11111111-1111-4111-8111-111111111111"), ("id", "")]
    {
        let mut other = here.clone();
        other[key] = if value.is_empty() { Value::Null } else { value.into() };
        ticks_ran_on(&test, &other.to_string());
        test.later(60).tick_and_wait();
        assert_eq!(note(&test)["host"], here["host"], "{key}");
    }
    for broken in ["", "{", "held by nobody\n"] {
        test.file(".orchestrator/scheduler.lock", broken);
        test.later(60).tick_and_wait();
        assert_eq!(note(&test)["host"], here["host"], "{broken:?}");
    }
}

#[test]
fn an_emptied_lock_file_moves_the_ticks_nowhere() {
    let test = Test::with_implementer();
    test.tick_and_wait();
    let last: Value =
        serde_json::from_str(&fs::read_to_string(test.orchestrator("cache/last-tick.json")).unwrap()).unwrap();
    assert_eq!(last["machine"], note(&test));
    let mut owner: Value = serde_json::from_str(OTHER).unwrap();
    owner["booted"] = 1.into();
    test.file(".orchestrator/cache/last-tick.json", &json!({"time": last["time"], "machine": owner}).to_string());
    for note in [None, Some(""), Some("{")] {
        match note {
            Some(note) => drop(test.file(".orchestrator/scheduler.lock", note)),
            None => fs::remove_file(test.orchestrator("scheduler.lock")).unwrap(),
        }
        // Later than what is taken for the same complaint, which is made once.
        test.later(1_200).run([] as [&str; 0]).refuses().complains("run on desk-9");
        test.run(["doctor"]).says("run on desk-9, not here");
    }
    test.run(["adopt", "--here"]).ok().says("no longer on desk-9");
    test.later(60).tick_and_wait();
    test.run(["status", "--json"]).ok().says_not("ticks_on");
}

#[test]
fn a_run_of_another_machine_is_not_taken_for_lost() {
    let test = Test::with_implementer();
    test.tick_and_wait();
    carries_a_run(&test, "impl-1");
    // Whoever empties the lock's file moves the ticks to no other machine, but to that of the last tick.
    for note in [None, Some("")] {
        if let Some(note) = note {
            test.file(".orchestrator/scheduler.lock", note);
        }
        test.later(3_600).tick().says_not("recovering");
        assert_eq!(test.state("impl-1")["phase"], "running", "{note:?}");
    }
    test.run(["agent", "stop", "impl-1"]).refuses().complains("carried by desk-9");
    ticks_ran_on(&test, OTHER);
    test.run(["adopt", "--here"])
        .refuses()
        .complains("a run of impl-1 may be under way on desk-9")
        .complains("--force");
    test.run([] as [&str; 0]).refuses().complains("run on desk-9");
    test.run(["adopt", "--here", "--force"]).ok().says("no longer on desk-9");
    test.tick_and_wait();
    assert_eq!(test.state("impl-1")["phase"], "idle");
}
