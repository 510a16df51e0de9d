//! The decisions of many ticks in a row, against a model of the queue with a clock of its own: whatever is added,
//! finishes, crashes, is paused or changed, and however the clock jumps, no limit is exceeded, nobody is passed over,
//! and every reason that is given is true.

mod day;
mod judge;
mod world;

use crate::sample;
use proptest::{prelude::*, test_runner::TestRunner};
use world::World;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A task is added: role, priority, and whether it waits for the one before it.
    Add(usize, u8, bool),
    /// A tick, so many seconds after the one before.
    Tick(i64),
    /// A run ends well or badly.
    Finish(usize, bool),
    /// A supervisor dies; the next tick starts its recovery, and the run counts for nothing.
    Crash(usize),
    /// The clock is set, or summer time begins or ends on a machine whose clock shows local time.
    Jump(i64),
    /// The machine sleeps for hours.
    Sleep(i64),
    /// The marker file comes or goes.
    Pause(bool),
    /// agents.yaml is another from now on.
    Configure(usize),
    /// Pull requests are merged, or opened by others.
    PullRequests(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0usize..3, 0u8..3, any::<bool>()).prop_map(|(role, priority, blocked)| Step::Add(role, priority, blocked)),
        10 => (1i64..90).prop_map(Step::Tick),
        6 => (0usize..8, any::<bool>()).prop_map(|(agent, good)| Step::Finish(agent, good)),
        2 => (0usize..8).prop_map(Step::Crash),
        1 => prop_oneof![Just(3_600), Just(-3_600), Just(-86_400), Just(7), -400_000i64..400_000].prop_map(Step::Jump),
        1 => (1i64..20).prop_map(Step::Sleep),
        1 => any::<bool>().prop_map(Step::Pause),
        1 => (0usize..world::CONFIGS.len()).prop_map(Step::Configure),
        1 => (0u32..8).prop_map(Step::PullRequests),
    ]
}

#[test]
fn any_course_of_events() {
    let cases = if sample::is_full() { 20_000 } else { 500 };
    let ticks = std::cell::Cell::new(0);
    let ran = TestRunner::new(sample::cases(cases)).run(&prop::collection::vec(step(), 1..120), |steps| {
        let mut world = World::new();
        for step in steps {
            ticks.set(ticks.get() + usize::from(matches!(step, Step::Tick(_))));
            world.take(&step).map_err(TestCaseError::fail)?;
        }
        world.everything_gets_done().map_err(TestCaseError::fail)
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
    sample::report("model, ticks", ticks.get(), ticks.get());
}
