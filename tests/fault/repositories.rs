//! Repositories of every kind, and agents of every kind at work in them: nothing that an agent wrote is lost, and nothing
//! is taken for its work that it didn't do.
//!
//! Each test plays one behaviour in a sample of the repositories, or in all of them.

mod behaviour;
mod judge;
mod shape;

use crate::{sample, stage::Stage};
use behaviour::Behaviour;
use shape::Shape;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The task that the behaviour is played for, and one whose run finds what that left.
const FIRST: &str = "TASK-1";
const SECOND: &str = "TASK-2";
/// The task of the tester.
const TESTS: &str = "TASK-3";
/// How many repositories each behaviour is played in, unless all are.
const SAMPLE: usize = 3;

/// Plays a behaviour in the repositories; all failures are told at the end.
#[track_caller]
fn play(behaviour: Behaviour) {
    let shapes = if sample::is_full() { Shape::all() } else { chosen(behaviour) };
    let mut failures = Vec::new();
    for shape in &shapes {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| play_in(*shape, behaviour))) {
            let why = panic.downcast_ref::<String>().map(String::as_str);
            let why = why.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            failures.push(format!("{behaviour:?} in {shape:?}\n{why}"));
        }
    }
    sample::report(&format!("repositories, {behaviour:?}"), shapes.len(), Shape::COUNT);
    assert!(failures.is_empty(), "{} of {} repositories\n{}", failures.len(), shapes.len(), failures.join("\n\n"));
}

/// Those of one behaviour. Over all behaviours each property is there as often as not.
fn chosen(behaviour: Behaviour) -> Vec<Shape> {
    let all = Shape::spread(SAMPLE * Behaviour::ALL.len(), sample::seed());
    all.into_iter().skip(behaviour as usize).step_by(Behaviour::ALL.len()).collect()
}

fn play_in(shape: Shape, behaviour: Behaviour) {
    let test = shape.make();
    let mut written = behaviour.prepare(&test, shape, FIRST);
    if behaviour == Behaviour::Leaving {
        // Of most of this the role may do nothing.
        written.extend(behaviour.prepare(&test, shape, TESTS));
    }
    test.claude.plays("default", "finish");
    test.task_for(FIRST, "implement").task_for(TESTS, "test");
    let before = test.snapshot();
    let stage = Stage::new(test);
    if behaviour == Behaviour::Orphaned {
        stage.test.tick();
        let hangs = || stage.test.leftovers().iter().any(|left| left.command == "sleep 600");
        stage.test.wait_until("the agent has done its work", hangs);
        stage.test.kill_supervisor("impl");
    }
    stage.settle();
    // What the first run left is cleared away for the second.
    stage.test.task_for(SECOND, "implement");
    stage.settle();
    let test = &stage.test;
    test.assert_untouched(&before);
    judge::nothing_is_lost(test, &written);
    match behaviour {
        Behaviour::Idle => judge::nothing_is_invented(test),
        Behaviour::Committing => judge::is_published(test, FIRST),
        _ => assert_ne!(test.task_state(FIRST), "claimed"),
    }
    judge::only_work_of(test, FIRST);
    assert!(["incoming", "failed"].contains(&test.task_state(SECOND)), "{}", test.task_text(SECOND));
}

#[test]
fn an_agent_that_does_nothing() {
    play(Behaviour::Idle);
}

#[test]
fn an_agent_that_commits() {
    play(Behaviour::Committing);
}

#[test]
fn an_agent_that_leaves_its_work_uncommitted() {
    play(Behaviour::Leaving);
}

#[test]
fn an_agent_that_stops_in_the_middle_of_a_merge() {
    play(Behaviour::Merging);
}

#[test]
fn an_agent_that_is_killed() {
    play(Behaviour::Killed);
}

#[test]
fn an_agent_that_loses_its_supervisor() {
    play(Behaviour::Orphaned);
}
