//! The kill sweep: the program dies at every call that changes something, and nothing is lost or done twice.

use crate::{
    invariants::{self, Told},
    strace::Fault,
    subjects::Subject,
    sweep::{Swept, sweep},
};

/// Kills the subject at each of its points, or at `count` of them, and has ticks put everything right.
fn kill(subject: &Subject, count: usize) {
    let points: Vec<_> = subject.points().into_iter().filter(|point| !point.is_sync()).collect();
    sweep("kill", subject, &points, count, |point| {
        let (_, hit) = subject.traced().with(point, Fault::Kill);
        subject.stage.settle();
        invariants::check(subject, Told::Nothing);
        if hit.is_some() { Swept::Hit } else { Swept::Missed }
    });
}

#[test]
fn a_tick_that_starts_a_run() {
    kill(&Subject::tick(), 8);
}

#[test]
fn a_supervisor() {
    kill(&Subject::supervise(), 12);
}

#[test]
fn a_recovery() {
    kill(&Subject::recover(), 8);
}

#[test]
fn commands_on_tasks() {
    for subject in [Subject::add(), Subject::retry(), Subject::cancel()] {
        kill(&subject, 6);
    }
}
