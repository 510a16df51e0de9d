//! Answers what the agent asks while its run is under way: each request by a short-lived process of its own, which acts in
//! this agent's name because it was given the agent's lock. Here nothing of a request is read.

use super::context::{Run, RunError};
use super::supervisor_lock::SupervisorLock;
use crate::domain::name::Name;
use crate::domain::request::MAX_OF_RUN;
use crate::domain::run::Assignment;
use crate::exec::processes::run_apart;
use crate::exec::{clock, command};
use crate::store::paths::RunPaths;
use crate::store::requests::{self, Requests};
use crate::sys::arrivals::Arrivals;
use anyhow::{Context, Result, anyhow, bail};
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How often to look for requests where the system doesn't tell of them.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long one answer may take, longer than a change of the queue waits for another; and once the run is to end.
const LIMIT: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(2));
/// How long, all together, what was asked before the end is still answered after it; and once the run is to end.
const REMAINING: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(4));
/// Who renames files to and fro in the folder doesn't keep the supervisor busy.
const PAUSE: Duration = Duration::from_millis(50);
/// A thread that only starts programs.
const STACK: usize = 256 << 10;

/// Answers requests as long as `work` takes, then those that are still there, and closes the folder.
pub fn answering<T>(run: &Run<'_>, work: impl FnOnce(&Bell<'_>) -> T) -> Result<T, RunError> {
    let answerer = Answerer::new(run)?;
    let (heard, rung) = io::pipe().context("cannot answer requests")?;
    let bell = Bell { run: &run.files, rung };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("requests".to_owned()).stack_size(STACK);
        thread.spawn_scoped(scope, move || answerer.serve(heard)).context("cannot answer requests")?;
        let done = work(&bell);
        drop(bell);
        Ok(done)
    })
}

/// Wakes who answers. Of what other machines write no system tells: who looks at their run anyway looks for requests, too.
pub struct Bell<'a> {
    run: &'a RunPaths,
    rung: PipeWriter,
}

impl Bell<'_> {
    /// Rings if anything waits.
    pub fn look(&self) {
        if requests::any_waits(self.run) {
            // It is heard, or nobody answers any more.
            let _ = (&self.rung).write(&[0]);
        }
    }
}

struct Answerer<'a> {
    requests: Requests,
    arrivals: Arrivals,
    program: &'a Path,
    root: &'a Path,
    assignment: &'a Assignment,
    lock: &'a SupervisorLock,
    stop: &'a AtomicBool,
    /// How many may still be answered.
    left: u32,
}

impl<'a> Answerer<'a> {
    fn new(run: &'a Run<'a>) -> Result<Self> {
        let supervisor = run.supervisor;
        Ok(Self {
            requests: Requests::open(&run.files)?,
            arrivals: Arrivals::of(&run.files.requests(), LOOK_EVERY),
            program: supervisor.program,
            root: supervisor.project.root(),
            assignment: &run.assignment,
            lock: &supervisor.lock,
            stop: supervisor.stop,
            left: MAX_OF_RUN,
        })
    }

    /// Until the bell is gone, and then what waits.
    fn serve(mut self, mut bell: PipeReader) {
        let mut vain_looks = 0;
        while !self.arrivals.wait(None, Some(bell.as_fd())) || bell.read(&mut [0; 64]).is_ok_and(|rung| rung > 0) {
            self.arrivals.forget();
            vain_looks = if self.answer_waiting(&|| true) { 0 } else { vain_looks + 1 };
            // One is due to what the answers themselves have moved; and looks by the clock are seldom enough.
            if vain_looks > 1 && self.arrivals.is_told() {
                thread::sleep(PAUSE);
            }
        }
        let (end, limit) = (clock::monotonic_now(), self.unless_stopped(REMAINING));
        while self.answer_waiting(&|| end.elapsed() < limit) {}
    }

    fn unless_stopped(&self, (limit, stopped): (Duration, Duration)) -> Duration {
        if self.stop.load(Ordering::Relaxed) { stopped } else { limit }
    }

    /// Answers those that wait now, one after the other, as long as `goes_on`. Whether there was any.
    fn answer_waiting(&mut self, goes_on: &dyn Fn() -> bool) -> bool {
        let waiting = self.requests.waiting().unwrap_or_else(|error| {
            tracing::debug!("{error:#}");
            Vec::new()
        });
        waiting.iter().filter(|id| goes_on() && self.answer(id)).count() > 0
    }

    /// Answers one, whatever becomes of it, unless it was withdrawn.
    fn answer(&mut self, id: &Name) -> bool {
        match self.requests.take(id) {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                tracing::debug!("{error:#}");
                return false;
            }
        }
        let code = self.outcome(id).unwrap_or_else(|error| {
            tracing::warn!(%id, "a request isn't answered: {error:#}");
            1
        });
        if let Err(error) = self.requests.answer(id, code) {
            tracing::warn!(%id, "{error:#}");
        }
        true
    }

    fn outcome(&mut self, id: &Name) -> Result<u8> {
        let (stdout, mut stderr) = self.requests.outputs(id)?;
        let done = match self.left.checked_sub(1) {
            None => Err(anyhow!("a run may ask {MAX_OF_RUN} times: this one has")),
            Some(left) => {
                self.left = left;
                self.carry_out(id, stdout, stderr.try_clone()?)
            }
        };
        done.or_else(|why| {
            writeln!(stderr, "scheduler: {why:#}")?;
            Ok(1)
        })
    }

    /// Has the command done that was asked for, and returns its exit code.
    fn carry_out(&self, id: &Name, stdout: File, stderr: File) -> Result<u8> {
        let Assignment { run_id, agent, role, .. } = self.assignment;
        let mut command = Command::new(self.program);
        command.arg("-C").arg(self.root).args(["answer", "--run", run_id, "--role", role.word()]);
        command.args(["--request", id.as_str(), "--", agent.as_str()]);
        command.stdin(self.lock.duplicate()?).stdout(stdout).stderr(stderr);
        let is_enough = |so_far: Duration| so_far >= self.unless_stopped(LIMIT);
        let status = run_apart(&mut command, &is_enough).context("the answer can't be begun")?;
        let Some(status) = status else {
            bail!("this took too long and was stopped: look whether it is done before you ask again");
        };
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        code.with_context(|| {
            format!("this ended with {}: look whether it is done before you ask again", command::describe(status))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::Job;
    use crate::domain::request::Part;
    use crate::domain::role::Role;
    use crate::domain::run::tests::assignment;
    use crate::store::paths::Paths;
    use crate::sys::lock::Lock;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_request_of_which_no_system_tells_is_answered_when_the_bell_rings() {
        let dir = tempfile::tempdir().unwrap();
        let assignment = assignment(Role::Implementer, Job::Explore);
        let agent = Paths::new(dir.path()).agent(&assignment.agent);
        let (files, lock) = (agent.run(&assignment.run_id).unwrap(), agent.lock());
        let answerer = Answerer {
            requests: Requests::open(&files).unwrap(),
            arrivals: Arrivals::of(dir.path(), Duration::from_secs(600)),
            program: Path::new("true"),
            root: dir.path(),
            assignment: &assignment,
            lock: &SupervisorLock::new(Lock::try_take(&lock).unwrap().unwrap(), lock),
            stop: &AtomicBool::new(false),
            left: 2,
        };
        let (heard, rung) = io::pipe().unwrap();
        let bell = Bell { run: &files, rung };
        thread::scope(|scope| {
            scope.spawn(move || answerer.serve(heard));
            bell.look();
            for n in 1..=2 {
                let id = format!("id-{n}").parse::<Name>().unwrap();
                let at = |part: Part| files.requests().join(part.of(&id));
                fs::write(at(Part::Asked), "").unwrap();
                bell.look();
                let begun = clock::monotonic_now();
                while !at(Part::Code).exists() {
                    assert!(begun.elapsed() < Duration::from_secs(60), "request {n}");
                    thread::sleep(Duration::from_millis(5));
                }
            }
            drop(bell);
        });
    }

    #[test]
    fn so_many_are_answered_and_none_for_longer_than_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let assignment = assignment(Role::Implementer, Job::Explore);
        let agent = Paths::new(dir.path()).agent(&assignment.agent);
        let (files, lock) = (agent.run(&assignment.run_id).unwrap(), agent.lock());
        let (program, hangs) = (dir.path().join("program"), dir.path().join("hangs"));
        fs::write(&program, format!("#!/bin/sh\n[ ! -e '{}' ] || sleep 60\necho \"$*\"; exit 7\n", hangs.display()))
            .unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let stop = AtomicBool::new(false);
        let mut answerer = Answerer {
            requests: Requests::open(&files).unwrap(),
            arrivals: Arrivals::of(&files.requests(), LOOK_EVERY),
            program: &program,
            root: dir.path(),
            assignment: &assignment,
            lock: &SupervisorLock::new(Lock::try_take(&lock).unwrap().unwrap(), lock),
            stop: &stop,
            left: 2,
        };
        assert!(Requests::open(&files).is_err(), "only one process answers");
        let id = |n: u32| format!("id-{n}").parse::<Name>().unwrap();
        let at = |part: Part, n| files.requests().join(part.of(&id(n)));
        let ask = |n| fs::write(at(Part::Asked, n), "").unwrap();
        let answer = |part, n| fs::read_to_string(at(part, n)).unwrap();
        assert!(!answerer.answer_waiting(&|| true));
        ask(1);
        assert!(!answerer.answer_waiting(&|| false) && answerer.answer_waiting(&|| true));
        assert_eq!(answer(Part::Code, 1), "7\n");
        let expected = format!("-C {} answer --run {} --role implementer", dir.path().display(), assignment.run_id);
        assert_eq!(answer(Part::Stdout, 1), format!("{expected} --request id-1 -- agent-1\n"));
        assert!(!at(Part::Taken, 1).exists() && !at(Part::Asked, 1).exists());
        // The run is to end: no answer holds it up.
        fs::write(hangs, "").unwrap();
        stop.store(true, Ordering::Relaxed);
        ask(2);
        assert!(answerer.answer_waiting(&|| true));
        assert!(answer(Part::Stderr, 2).contains("took too long") && answer(Part::Code, 2) == "1\n");
        ask(3);
        assert!(answerer.answer_waiting(&|| true));
        assert!(answer(Part::Stderr, 3).contains("may ask 500 times"), "{}", answer(Part::Stderr, 3));
    }
}
