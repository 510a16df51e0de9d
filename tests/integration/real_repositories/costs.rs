//! Whatever way a run ends: its turns, tokens and cost are counted, and today's budget sees them.
#![cfg(target_os = "linux")]

use crate::recovery::{AGENT, HANGS, TASK, hanging, kill_all};
use std::fs;

#[test]
fn a_run_that_recovery_gives_up_on_has_cost_something() {
    for file in ["record.json", "assignment.json", "prepared.json"] {
        let test = hanging(HANGS);
        kill_all(&test);
        let run = test.runs(AGENT)[0].clone();
        fs::write(run.join(file), "{").unwrap();
        for _ in 0..4 {
            test.tick();
            test.wait_until("no process", || test.leftovers().is_empty());
        }
        assert_eq!(test.task_state(TASK), "failed", "{file}");
        // Three messages of the model, at the price of a large one.
        let status = test.run(["status", "--json"]).ok().json();
        let cost = status["cost_today_usd"].as_f64().unwrap();
        assert!((cost - 0.049_875).abs() < 1e-6, "{file}: {cost}");
        let [line] = &test.ledger()[..] else { panic!("{file}: {:?}", test.ledger()) };
        assert_eq!((line["turns"].as_u64(), line["output_tokens"].as_u64()), (Some(3), Some(750)), "{file}: {line}");
        if file != "assignment.json" {
            let usage = &test.record(AGENT)["usage"];
            assert_eq!((usage["turns"].as_u64(), usage["is_estimate"].as_bool()), (Some(3), Some(true)), "{file}");
        }
    }
}

#[test]
fn a_run_that_dies_without_its_result_has_cost_something() {
    let test = crate::support::Test::with_implementer();
    test.claude.plays("implementer", "say one; say two; die KILL");
    test.tick_and_wait();
    let usage = &test.record(AGENT)["usage"];
    assert_eq!((usage["turns"].as_u64(), usage["input_tokens"].as_u64()), (Some(2), Some(13_000)), "{usage}");
    assert_eq!(test.run(["status", "--json"]).ok().json()["cost_today_usd"], usage["cost_usd"]);
}
