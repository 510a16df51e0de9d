//! Every decision about a run that is carried elsewhere, by what is seen of it.
//!
//! What isn't known is never taken for ended: only the keeper's report ends a run that began. One that hasn't begun is ended by
//! a tombstone, which no keeper passes.

use super::Runner;
use super::explained::{Explained, Standing};
use super::files::{ALREADY_STARTED, StartedBy};
use crate::domain::name::Name;
use crate::domain::outcome::{Exit, Interruption, Outcome};
use std::time::Duration;

/// How long the keeper has to end the run once it is told to, before the start command is asked to end.
const OBEYS_WITHIN: Duration = Duration::from_secs(20);
/// And then, before it is cancelled.
const ENDS_WITHIN: Duration = Duration::from_secs(30);
/// How long a run that the engine doesn't know may still appear there.
const APPEARS_WITHIN: Duration = Duration::from_secs(30);

/// The command that was started with the path of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starter {
    Running,
    Ended(Exit),
    /// Another supervisor started it, and it is gone.
    Gone,
}

/// What is seen of a run at one moment.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// Whether exit.json is there.
    pub ended: bool,
    /// Who made started.json.
    pub started: Option<StartedBy>,
    /// How long `alive` hasn't changed since it was first looked at.
    pub silent: Duration,
    /// Its keeper was on this very machine, and is there no more.
    pub gone: bool,
    /// How long ago it was handed to the runner.
    pub waited: Duration,
    pub starter: Starter,
    /// What the engine said last since it was handed over.
    pub explained: Option<&'a Explained>,
    /// Since when it is to be stopped.
    pub stopping: Option<Duration>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Look again.
    Wait,
    /// Nothing is heard of it for longer than its lease: say so, and look again.
    Doubt,
    /// Ask the start command to end.
    EndStarter,
    /// Have it cancelled.
    Cancel,
    /// See to it that it never begins.
    Bury(NeverBegan),
    /// It has ended.
    Ended,
    /// Its keeper is dead, and what it left can be ended from here.
    Lost,
    /// It can't be waited for any longer.
    Abandon,
}

/// Why a run never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeverBegan {
    /// It was to be stopped.
    Stopped,
    /// It waited too long.
    Queue,
    /// The start command failed.
    Refused,
    /// The start command was ended, or the engine has let go of it.
    Lost,
}

/// What is to be done about a run of which this is seen.
pub fn step(seen: &Seen<'_>, runner: &Runner) -> Step {
    if seen.ended {
        return Step::Ended;
    }
    match seen.started {
        Some(StartedBy::Keeper) => begun(seen, runner),
        // By an earlier supervisor, which had its reasons and didn't come to the end.
        Some(StartedBy::Supervisor) => Step::Bury(never_began(seen, runner).unwrap_or(NeverBegan::Lost)),
        None => never_began(seen, runner).map_or(Step::Wait, Step::Bury),
    }
}

fn begun(seen: &Seen<'_>, runner: &Runner) -> Step {
    let lease = Duration::from_secs(runner.lease_seconds.into());
    match seen.stopping {
        // Two signs, for machines may share what they are told apart by.
        _ if seen.gone && seen.silent >= lease / 2 => Step::Lost,
        _ if seen.silent >= lease * 2 => Step::Abandon,
        Some(since) if since >= ENDS_WITHIN => Step::Cancel,
        Some(since) if since >= OBEYS_WITHIN => Step::EndStarter,
        _ if seen.silent >= lease => Step::Doubt,
        _ => Step::Wait,
    }
}

/// Why a run that nobody has seen begin never will; `None` as long as it may.
fn never_began(seen: &Seen<'_>, runner: &Runner) -> Option<NeverBegan> {
    let is_known = |standing: Standing| seen.explained.is_some_and(|explained| explained.standing == standing);
    let is_over = matches!(seen.explained, Some(Explained { standing: Standing::Over(_), .. }));
    let has_vanished = is_over || is_known(Standing::Unknown) && seen.waited >= APPEARS_WITHIN;
    let why = match seen.starter {
        _ if seen.stopping.is_some() => NeverBegan::Stopped,
        Starter::Ended(Exit { code: Some(code), .. }) if code != 0 && code != i32::from(ALREADY_STARTED) => {
            NeverBegan::Refused
        }
        Starter::Ended(Exit { signal: Some(_), .. }) => NeverBegan::Lost,
        // Nobody else could tell of it.
        Starter::Gone if runner.explain.is_empty() => NeverBegan::Lost,
        Starter::Ended(_) | Starter::Gone if has_vanished => NeverBegan::Lost,
        _ if seen.waited >= Duration::from_secs(runner.queue_seconds.into()) => NeverBegan::Queue,
        _ => return None,
    };
    Some(why)
}

/// How a run ended that never began. `said` are the last words of the start command.
pub fn outcome_of_never_begun(why: NeverBegan, name: &Name, explained: Option<&Explained>, said: &str) -> Outcome {
    let interrupted = |by| Outcome::Interrupted { by };
    let down = |message: String| Outcome::RunnerDown { runner: name.clone(), message };
    match (why, explained.and_then(Explained::outcome)) {
        (NeverBegan::Stopped, _) => interrupted(Interruption::Demand),
        (NeverBegan::Queue, _) => interrupted(Interruption::Queue),
        (NeverBegan::Refused, _) => down(said.to_owned()),
        // A time that was over before it began is no fault of the run.
        (NeverBegan::Lost, Some(outcome)) if outcome != Outcome::TimedOut => outcome,
        (NeverBegan::Lost, _) => match explained.filter(|explained| explained.standing != Standing::Unknown) {
            Some(Explained { reason, .. }) if reason.is_empty() => {
                down(format!("it ended before anything of the run began: {said}"))
            }
            // What the start command said may only be that all is well.
            Some(Explained { reason, .. }) => {
                down(format!("it ended before anything of the run began ({reason}): {said}"))
            }
            None => interrupted(Interruption::Loss),
        },
    }
}

/// How a run ended that was given up.
pub fn outcome_of_abandoned(explained: Option<&Explained>) -> Outcome {
    let known = explained.and_then(Explained::outcome);
    known.unwrap_or(Outcome::Interrupted { by: Interruption::Silence })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(explain: bool) -> Runner {
        let explain = if explain { vec!["explain".to_owned()] } else { Vec::new() };
        Runner { explain, queue_seconds: 3_600, lease_seconds: 180, ..Runner::default() }
    }

    fn seen() -> Seen<'static> {
        let zero = Duration::ZERO;
        Seen {
            ended: false,
            started: None,
            silent: zero,
            gone: false,
            waited: zero,
            starter: Starter::Running,
            explained: None,
            stopping: None,
        }
    }

    fn exit(code: i32) -> Starter {
        Starter::Ended(Exit { code: Some(code), signal: None })
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_began_is_ended_by_its_keeper_s_report_only() {
        let begun = Seen { started: Some(StartedBy::Keeper), ..seen() };
        let killed = Starter::Ended(Exit { code: None, signal: Some(9) });
        let over = Explained::read("COMPLETED|None|1");
        for starter in [Starter::Running, exit(0), exit(1), exit(78), killed, Starter::Gone] {
            for explained in [None, Some(&over)] {
                for (silent, stopping, expected) in [
                    (0, None, Step::Wait),
                    (179, None, Step::Wait),
                    (180, None, Step::Doubt),
                    (359, None, Step::Doubt),
                    (360, None, Step::Abandon),
                    (0, Some(0), Step::Wait),
                    (0, Some(20), Step::EndStarter),
                    (200, Some(30), Step::Cancel),
                    (0, Some(3_000), Step::Cancel),
                    (360, Some(30), Step::Abandon),
                ] {
                    let seen = Seen {
                        starter,
                        explained,
                        silent: secs(silent),
                        stopping: stopping.map(secs),
                        ..begun.clone()
                    };
                    // Neither the queue's time nor anything else of a run that waits counts.
                    let seen = Seen { waited: secs(1_000_000), ..seen };
                    assert_eq!(step(&seen, &runner(true)), expected, "{seen:?}");
                    let is_lost = Seen { gone: true, ..seen.clone() };
                    assert_eq!(step(&is_lost, &runner(true)), if silent >= 90 { Step::Lost } else { expected });
                    assert_eq!(step(&Seen { ended: true, ..is_lost }, &runner(true)), Step::Ended);
                }
            }
        }
    }

    #[test]
    fn what_has_not_begun_waits_or_never_will() {
        let (pending, unknown) = (Explained::read("PENDING|Resources|1"), Explained::read(""));
        let failed = Explained::read("FAILED|NonZeroExitCode|1");
        let killed = Starter::Ended(Exit { code: None, signal: Some(9) });
        let bury = Step::Bury;
        for (starter, explained, explains, waited, expected) in [
            (Starter::Running, None, true, 0, Step::Wait),
            (Starter::Running, Some(&pending), true, 3_599, Step::Wait),
            (Starter::Running, Some(&pending), true, 3_600, bury(NeverBegan::Queue)),
            // As long as the start command is at it, an engine that doesn't know the run yet proves nothing.
            (Starter::Running, Some(&unknown), true, 100, Step::Wait),
            (exit(0), None, true, 100, Step::Wait),
            (exit(0), Some(&pending), true, 100, Step::Wait),
            (exit(0), Some(&unknown), true, 29, Step::Wait),
            (exit(0), Some(&unknown), true, 30, bury(NeverBegan::Lost)),
            (exit(0), Some(&failed), true, 1, bury(NeverBegan::Lost)),
            (exit(0), None, false, 3_599, Step::Wait),
            (exit(1), None, true, 0, bury(NeverBegan::Refused)),
            (exit(78), None, false, 0, bury(NeverBegan::Refused)),
            // It was started by somebody: started.json is on its way here.
            (exit(79), None, false, 0, Step::Wait),
            (killed, None, true, 0, bury(NeverBegan::Lost)),
            (Starter::Gone, None, false, 0, bury(NeverBegan::Lost)),
            (Starter::Gone, None, true, 100, Step::Wait),
            (Starter::Gone, Some(&pending), true, 100, Step::Wait),
            (Starter::Gone, Some(&unknown), true, 100, bury(NeverBegan::Lost)),
        ] {
            let seen = Seen { starter, explained, waited: secs(waited), ..seen() };
            assert_eq!(step(&seen, &runner(explains)), expected, "{seen:?}");
            let stopped = Seen { stopping: Some(secs(0)), ..seen.clone() };
            assert_eq!(step(&stopped, &runner(explains)), bury(NeverBegan::Stopped));
            let buried = Seen { started: Some(StartedBy::Supervisor), ..seen };
            assert!(matches!(step(&buried, &runner(explains)), Step::Bury(_)));
        }
    }

    #[test]
    fn every_end_has_a_name() {
        let name: Name = "cluster".parse().unwrap();
        let interrupted = |by| Outcome::Interrupted { by };
        let never = |why, said: &str| outcome_of_never_begun(why, &name, Some(&Explained::read(said)), "no route");
        assert_eq!(never(NeverBegan::Stopped, ""), interrupted(Interruption::Demand));
        assert_eq!(never(NeverBegan::Queue, "PENDING|Resources|1"), interrupted(Interruption::Queue));
        assert_eq!(never(NeverBegan::Lost, "CANCELLED|None|1"), interrupted(Interruption::Cancelled));
        assert_eq!(never(NeverBegan::Lost, "NODE_FAIL|None|1"), interrupted(Interruption::NodeLost));
        assert_eq!(never(NeverBegan::Lost, ""), interrupted(Interruption::Loss));
        for (why, said) in
            [(NeverBegan::Refused, ""), (NeverBegan::Lost, "FAILED|None|1"), (NeverBegan::Lost, "TIMEOUT|None|1")]
        {
            assert!(
                matches!(never(why, said), Outcome::RunnerDown { message, .. } if message.contains("no route")),
                "{said}"
            );
        }
        let told = |said| never(NeverBegan::Lost, said).to_string();
        assert!(told("FAILED|JobLaunchFailure|1").ends_with("began (JobLaunchFailure): no route"));
        assert!(told("FAILED|None|1").ends_with("began: no route"));
        let abandoned = |said: &str| outcome_of_abandoned(Some(&Explained::read(said)));
        assert_eq!(abandoned("TIMEOUT|TimeLimit|1"), Outcome::TimedOut);
        assert_eq!(abandoned("NODE_FAIL|None|1"), interrupted(Interruption::NodeLost));
        assert_eq!(abandoned("RUNNING|None|1"), interrupted(Interruption::Silence));
        assert_eq!(outcome_of_abandoned(None), interrupted(Interruption::Silence));
    }
}
