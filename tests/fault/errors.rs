//! The error sweep: the system refuses one call that changes something. The command says what and what to do, and
//! leaves the queue as it was or as it was to be; a supervisor comes to an orderly end, and ticks finish the work.

use crate::{
    invariants::{self, Told},
    strace::{Fault, Point},
    subjects::{End, Subject, TASK},
    support::{Output, Test},
    sweep::{Swept, sweep},
};

/// Every error that is injected, with words of the remedy that must be named.
const ERRORS: [(&str, &str); 5] = [
    ("ENOSPC", "free some space"),
    ("EIO", "check that disk"),
    ("EROFS", "mount that disk writable"),
    ("EACCES", "the right to it"),
    ("EMFILE", "ulimit -n"),
];

/// A call and the error that it fails with.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub point: Point,
    pub error: &'static str,
    remedy: &'static str,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.error, self.point)
    }
}

/// The errors that a system gives for a call.
pub fn refusals(points: &[Point]) -> Vec<Refusal> {
    let mut all = Vec::new();
    for point in points {
        let fits = |error: &str| match point.call.as_str() {
            "open" | "openat" => true,
            "write" | "pwrite64" | "writev" | "fsync" | "fdatasync" => matches!(error, "ENOSPC" | "EIO"),
            _ if point.is_spawn() => false,
            _ => error != "EMFILE",
        };
        let fitting = ERRORS.into_iter().filter(|(error, _)| fits(error));
        all.extend(fitting.map(|(error, remedy)| Refusal { point: point.clone(), error, remedy }));
    }
    all
}

/// A temporary file that can't be removed, or a copy of the permissions: the command has done its work.
pub fn is_harmless(point: &Point) -> bool {
    point.call.starts_with("unlink") && point.args.contains("/.tmp-")
}

/// A command that a person or cron has started.
fn refuse_command(subject: &Subject, count: usize) {
    let before = subject.stage.test.task_text(TASK);
    sweep("refuse", subject, &refusals(&subject.points()), count, |refusal| {
        let (output, hit) = subject.traced().with(&refusal.point, Fault::Error(refusal.error));
        let test = &subject.stage.test;
        if hit.is_some() && !is_harmless(&refusal.point) {
            says_so(&output, test, refusal);
        }
        is_not_between(subject.end, test, &before);
        subject.stage.settle();
        invariants::check(subject, Told::Anything);
        if hit.is_some() { Swept::Hit } else { Swept::Missed }
    });
}

pub fn says_so(output: &Output, test: &Test, refusal: &Refusal) {
    assert!(matches!(output.code, Some(1 | 2)), "the exit code of {output}");
    assert!(!output.stderr.contains("panicked"), "a panic: {output}");
    assert!(output.stderr.contains(test.dir().to_str().unwrap()), "no path is named: {output}");
    assert!(output.stderr.contains(refusal.remedy), "no remedy is named: {output}");
}

/// Right after the command: the queue is as before, or as the command was to make it.
fn is_not_between(end: End, test: &Test, before: &str) {
    invariants::queue(test).unwrap_or_else(|why| panic!("{why}"));
    let (state, text) = (test.task_state(TASK), test.task_text(TASK));
    let moved_with = |line: &str| text.contains(&format!("\n{line}: "));
    let after = match end {
        End::WorkIsDone | End::WorkIsDoneAndRestAside => state != "incoming" && moved_with("RUN"),
        // What is written down to be done is as good as done: the next tick or call does it.
        End::PromotedOrActive => {
            let written_down = test.orchestrator("shared/proposals/unfinished.json").exists();
            let settled = if written_down { Ok(()) } else { invariants::promoted_or_active(test) };
            return settled.unwrap_or_else(|why| panic!("{why}"));
        }
        End::CarriedOut => text.contains("\n## Answers\n"),
        End::OneMoreOrNot | End::MendedOnce | End::LandedOnce | End::SetUp => false,
        End::FailedOrIncoming => match state {
            "incoming" => moved_with("RETRIED_AT"),
            _ => moved_with("CANCELLED_AT"),
        },
    };
    let is_before = text == before && state != "claimed";
    assert!(is_before || after, "{TASK} is in {state}, neither as before nor as after:\n{text}");
}

/// A supervisor: nobody sees its exit code.
fn refuse_supervisor(subject: &Subject, count: usize) {
    sweep("refuse", subject, &refusals(&subject.points()), count, |refusal| {
        let (output, hit) = subject.traced().with(&refusal.point, Fault::Error(refusal.error));
        assert!(matches!(output.code, Some(0..=2)), "the exit code of {output}");
        assert!(!output.stderr.contains("panicked"), "a panic: {output}");
        invariants::queue(&subject.stage.test).unwrap_or_else(|why| panic!("{why}"));
        subject.stage.settle();
        invariants::check(subject, Told::Anything);
        if hit.is_some() { Swept::Hit } else { Swept::Missed }
    });
}

#[test]
fn a_tick_that_starts_a_run() {
    refuse_command(&Subject::tick(), 5);
}

#[test]
fn a_supervisor() {
    refuse_supervisor(&Subject::supervise(), 6);
}

#[test]
fn a_recovery() {
    refuse_supervisor(&Subject::recover(), 4);
}

#[test]
fn with_a_submodule() {
    refuse_supervisor(&Subject::supervise_with_submodule(), 5);
    refuse_supervisor(&Subject::recover_with_submodule(), 3);
}

#[test]
fn a_promotion() {
    refuse_command(&Subject::promote(), 6);
}

#[test]
fn commands_on_tasks() {
    for subject in [Subject::add(), Subject::retry(), Subject::cancel()] {
        refuse_command(&subject, 5);
    }
}

#[test]
fn a_tick_that_finds_files_in_the_inbox() {
    refuse_command(&Subject::inbox(), 8);
}
