//! Repositories of every kind, and agents of every kind at work in them: nothing that an agent wrote is lost, and nothing
//! is taken for its work that it didn't do.
//!
//! Each test plays every behaviour in a sample of the repositories with one kind of filter, or in all of them.

mod behaviour;
mod judge;
mod shape;

use crate::{sample, stage::Stage};
use behaviour::Behaviour;
use shape::{Filter, Shape};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The task that the behaviour is played for, and one whose run finds what that left.
const FIRST: &str = "TASK-1";
const SECOND: &str = "TASK-2";
/// The task of the tester.
const TESTS: &str = "TASK-3";
/// How many repositories each behaviour is played in, unless all are.
const SAMPLE: usize = 3;

/// Plays every behaviour in the repositories that have this filter, or a sample of both; all failures are told at the end.
#[track_caller]
fn play(filter: Filter) {
    let plays = if sample::is_full() { all() } else { chosen() };
    let plays: Vec<_> = plays.into_iter().filter(|(shape, _)| shape.filter == filter).collect();
    let (mut played, mut failures) = (0, Vec::new());
    for (shape, behaviours) in plays {
        // Made once, and put back before each agent.
        let stage = Stage::new(shape.make());
        for behaviour in behaviours {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| play_in(&stage, shape, behaviour))) {
                let why = panic.downcast_ref::<String>().map(String::as_str);
                let why = why.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                failures.push(format!("{behaviour:?} in {shape:?}\n{why}"));
                eprintln!("{}", failures[failures.len() - 1]);
                stage.test.tell();
                stage.test.end_all();
                stage.test.take_complaints();
            }
            played += 1;
            stage.restore();
        }
        eprintln!("{played} played, {} failed: {shape:?}", failures.len());
    }
    let of = Shape::all().iter().filter(|shape| shape.filter == filter).count() * Behaviour::ALL.len();
    sample::report(&format!("agents in repositories, filter {filter:?}"), played, of);
    assert!(failures.is_empty(), "{} of {played} plays\n{}", failures.len(), failures.join("\n\n"));
}

/// Everyone in every repository.
fn all() -> Vec<(Shape, Vec<Behaviour>)> {
    Shape::all().into_iter().map(|shape| (shape, Behaviour::ALL.to_vec())).collect()
}

/// Each behaviour in some: over all of them each property is there as often as not.
fn chosen() -> Vec<(Shape, Vec<Behaviour>)> {
    let behaviours = Behaviour::ALL.into_iter().cycle().map(|behaviour| vec![behaviour]);
    Shape::spread(SAMPLE * Behaviour::ALL.len(), sample::seed()).into_iter().zip(behaviours).collect()
}

fn play_in(stage: &Stage, shape: Shape, behaviour: Behaviour) {
    let test = &stage.test;
    let mut written = behaviour.prepare(test, shape, FIRST);
    if behaviour == Behaviour::Leaving {
        // Of most of this the role may do nothing.
        written.extend(behaviour.prepare(test, shape, TESTS));
    }
    test.claude.plays("default", "finish");
    test.task_for(FIRST, "implement").task_for(TESTS, "test");
    let before = test.snapshot();
    if behaviour == Behaviour::Orphaned {
        test.tick();
        let hangs = || test.leftovers().iter().any(|left| left.command == "sleep 600");
        test.wait_until("the agent has done its work", hangs);
        test.kill_supervisor("impl");
    }
    stage.settle();
    // What the first run left is cleared away for the second.
    test.task_for(SECOND, "implement");
    stage.settle();
    test.assert_untouched(&before);
    judge::nothing_is_lost(test, &written);
    match behaviour {
        Behaviour::Idle => judge::nothing_is_invented(test),
        Behaviour::Committing => judge::is_published(test, FIRST),
        _ => assert_ne!(test.task_state(FIRST), "claimed"),
    }
    judge::only_work_of(test, FIRST);
    assert!(["incoming", "failed"].contains(&test.task_state(SECOND)), "{}", test.task_text(SECOND));
    assert_eq!(test.take_complaints(), "", "a stand-in was called as no test expects");
    assert!(test.doubled_tasks().is_empty(), "in two directories: {:?}", test.doubled_tasks());
}

#[test]
fn without_a_filter() {
    play(Filter::None);
}

#[test]
fn with_a_filter_that_passes() {
    play(Filter::Passing);
}

#[test]
fn with_a_filter_that_refuses() {
    play(Filter::Failing);
}
