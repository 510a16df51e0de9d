//! An output without end: what is kept of it, and what is known of its run all the same.

use crate::support::Test;
use std::fs;
use std::os::unix::fs::MetadataExt;

/// Says 80 lines of a MiB, then its result.
const FLOOD: &str = "i=0; while [ $i -lt 80 ]; do long_line 1048000; i=$((i+1)); done
say 'Near the end.'; write note.txt x; commit Work; finish 'Said enough.'";

#[test]
fn a_flood_loses_its_middle_and_nothing_else() {
    let test = Test::with_implementer();
    test.claude.plays("implementer", &format!("say 'At the beginning.'; {FLOOD}"));
    test.tick_and_wait();
    assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
    let output = test.runs("impl-1")[0].join("output.jsonl");
    let size = fs::metadata(&output).unwrap().len();
    assert!((55 << 20..64 << 20).contains(&size), "{size}");
    let record = test.record("impl-1");
    assert_eq!(
        (record["output_dropped"].as_u64().unwrap() >> 20, record["usage"]["cost_usd"].as_f64()),
        (23, Some(0.01))
    );
    test.run(["task", "show", "TASK-1"]).ok().says("23 MiB in its middle were too much to keep");
    test.run(["logs", "impl-1"])
        .ok()
        .says("At the beginning.")
        .says("of the output were dropped")
        .says("Near the end.")
        .says("Said enough.");
}

#[test]
fn what_was_said_is_freed_while_it_goes_on() {
    let test = Test::with_implementer();
    test.claude.plays("implementer", &FLOOD.replace("say 'Near", "hang; say 'Near"));
    test.tick();
    let output = || test.runs("impl-1").first().map(|run| run.join("output.jsonl"));
    let meta = || output().and_then(|output| fs::metadata(output).ok());
    test.wait_until("the flood is over", || meta().is_some_and(|meta| meta.len() > 79 << 20));
    let probe = test.path("probe");
    fs::write(&probe, vec![b'x'; 1 << 20]).unwrap();
    let mut punch = test.program_command("fallocate");
    punch.args(["--punch-hole", "--length", "1MiB"]).arg(&probe);
    if punch.output().is_ok_and(|punched| punched.status.success()) {
        test.wait_until("its middle is freed", || meta().is_some_and(|meta| meta.blocks() * 512 < 66 << 20));
    }
    test.run(["agent", "stop", "impl-1"]).ok();
    test.wait_quiet();
    assert!(meta().unwrap().len() < 64 << 20);
}
