//! A clock that jumps far ahead and comes back: what today cost is still known, and the limits hold.

use crate::support::Test;
use std::fs;

#[test]
fn what_was_spent_today_is_still_known_after_a_jump_ahead_and_back() {
    let test = Test::with_implementer();
    let limit = "max_cost_usd_per_day: 0.02";
    test.agents_and(&[("impl-1", "implementer")], limit).task_for("TASK-2", "implement");
    test.claude.plays("implementer", "cost=0.03; write a.txt one && commit One && finish Done.");
    test.now("2026-03-01T10:00:00Z").tick_and_wait().says("impl-1: started");
    test.later(300).tick_and_wait();
    assert_eq!(test.claude.count(), 1, "the budget holds");
    let today = fs::read_dir(test.orchestrator("logs")).unwrap().flatten().map(|entry| entry.path());
    let today: Vec<_> = today.filter(|path| path.is_file()).collect();
    assert!(today.iter().any(|path| path.ends_with("events-2026-03-01.jsonl")), "{today:?}");

    // Nothing may start meanwhile: that would be another day's budget.
    test.agents_and(&[("impl-1", "implementer")], &format!("{limit}\npaused: true"));
    for time in ["2026-04-10T10:00:00Z", "2026-04-12T10:00:00Z"] {
        test.now(time).tick_and_wait();
        // It is written down before anything is removed.
        let stamp = test.orchestrator("cache/last-housekeeping.json");
        test.wait_until("the tidying of that day", || {
            fs::read_to_string(&stamp).is_ok_and(|stamp| stamp.contains(&time[..10]))
        });
        test.wait_until("no process", || test.leftovers().is_empty());
    }
    for log in &today {
        assert!(log.exists(), "{} is gone", log.display());
    }

    test.agents_and(&[("impl-1", "implementer")], limit);
    test.now("2026-03-01T10:10:00Z").tick_and_wait();
    assert_eq!(test.claude.count(), 1, "the budget holds after the jump, too");
    assert_eq!(test.run(["status", "--json"]).ok().json()["cost_today_usd"], 0.03);
    test.run(["--dry-run"]).ok().says("impl-1: today's runs cost $0.03 of $0.02");
}
