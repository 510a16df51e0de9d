//! The kill sweep: the program dies at every call that changes something, and nothing is lost or done twice.

use crate::{
    invariants::{self, Told},
    strace::{Fault, Point},
    subjects::{PROPOSAL, Subject},
    support::Test,
    sweep::{Swept, sweep},
};

/// Kills the subject at each of its points, or at `count` of them, and has ticks put everything right.
fn kill(subject: &Subject, count: usize) {
    kill_and(subject, "kill", count, |_| ());
}

/// As [`kill`], with something done before the first tick.
fn kill_and(subject: &Subject, name: &str, count: usize, next: impl Fn(&Test)) {
    kill_at(subject, name, subject.points(), count, next);
}

fn kill_at(subject: &Subject, name: &str, points: Vec<Point>, count: usize, next: impl Fn(&Test)) {
    let points: Vec<_> = points.into_iter().filter(|point| !point.is_sync()).collect();
    sweep(name, subject, &points, count, |point| {
        let (_, hit) = subject.traced().with(point, Fault::Kill);
        next(&subject.stage.test);
        subject.settle();
        invariants::check(subject, if subject.tells() { Told::Anything } else { Told::Nothing });
        if hit.is_some() { Swept::Hit } else { Swept::Missed }
    });
}

#[test]
fn a_tick_that_starts_a_run() {
    kill(&Subject::tick(), 5);
}

#[test]
fn a_supervisor() {
    kill(&Subject::supervise(), 6);
}

#[test]
fn a_supervisor_of_a_run_elsewhere() {
    let subject = Subject::supervise_elsewhere();
    let files = ["launch.json", "remote.json", "lease", "runner.log", "started.json", "state.json", "record.json"];
    let is_meant =
        |point: &Point| files.iter().any(|file| point.args.contains(&format!("/{file}"))) || point.is_spawn();
    let points = subject.points().into_iter().filter(is_meant).collect();
    kill_at(&subject, "kill", points, 6, |_| ());
    kill(&Subject::recover_elsewhere(), 2);
}

#[test]
fn a_keeper_that_nobody_stands_behind() {
    kill(&Subject::keep(), 3);
}

#[test]
fn while_work_is_verified() {
    let subject = Subject::supervise_with_verify();
    let named = |point: &Point, file: &str| point.call.starts_with("rename") && point.args.contains(file);
    let points: Vec<_> = subject.points().into_iter().skip_while(|point| !named(point, "/unverified.json")).collect();
    let record = points.iter().position(|point| named(point, "/record.json")).unwrap();
    kill_at(&subject, "kill", points[..=record].to_vec(), 4, |_| ());
}

#[test]
fn a_recovery() {
    kill(&Subject::recover(), 4);
}

#[test]
fn with_a_submodule() {
    kill(&Subject::supervise_with_submodule(), 5);
    kill(&Subject::recover_with_submodule(), 3);
}

#[test]
fn a_promotion_that_a_tick_completes() {
    kill(&Subject::promote(), 6);
}

#[test]
fn a_promotion_that_the_next_call_completes() {
    kill_and(&Subject::promote(), "kill and call again", 6, |test| {
        test.run(["proposal", "promote", PROPOSAL]);
        assert_eq!(test.proposal_state(PROPOSAL), "promoted");
    });
}

#[test]
fn a_coordinator_that_lands() {
    kill(&Subject::land(), 4);
}

#[test]
fn a_coordinator() {
    kill(&Subject::coordinate(), 5);
}

#[test]
fn commands_on_tasks() {
    for subject in [Subject::add(), Subject::retry(), Subject::cancel()] {
        kill(&subject, 4);
    }
}

#[test]
fn a_tick_that_finds_files_in_the_inbox() {
    kill(&Subject::inbox(), 8);
}
