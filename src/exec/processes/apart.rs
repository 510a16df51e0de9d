//! Programs of ours that run below a supervisor while a run is under way: they are none of the run's processes, and are
//! neither ended with it nor waited for in its name.

use crate::exec::clock::monotonic_now;
use crate::exec::command::Awaited;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often one asks whether to wait any longer.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Those that run now. Whoever looks for processes to end holds it from before they look: one is never seen unlisted.
static APART: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// The numbers of those that run now, fixed as long as this is held.
pub(super) fn running() -> MutexGuard<'static, Vec<u32>> {
    APART.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a program off the list at the end of the call that runs it.
struct Listed(u32);

impl Drop for Listed {
    fn drop(&mut self) {
        running().retain(|pid| *pid != self.0);
    }
}

/// Runs a program to its end in a process group of its own, or until `is_enough`, asked now and then how long it has run, says
/// so: then its group is killed, and there is no status.
pub fn run_apart(command: &mut Command, is_enough: &dyn Fn(Duration) -> bool) -> io::Result<Option<ExitStatus>> {
    let (child, _listed) = {
        let mut running = running();
        let child = command.process_group(0).spawn()?;
        running.push(child.id());
        let listed = Listed(child.id());
        (child, listed)
    };
    let (begun, pid) = (monotonic_now(), Pid::from_child(&child));
    let mut child = Awaited::new(child);
    loop {
        match child.wait(LOOK_EVERY)? {
            Some(status) => return Ok(Some(status)),
            None if is_enough(begun.elapsed()) => break,
            None => {}
        }
    }
    // Not yet waited for, so that the number of its group is its own.
    let _ = kill_process_group(pid, Signal::KILL);
    while child.wait(LOOK_EVERY)?.is_none() {}
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::{Family, Grace, end, members};
    use super::*;
    use std::process::Stdio;

    #[test]
    fn what_runs_apart_is_not_ended_with_a_run() {
        let dir = tempfile::tempdir().unwrap();
        let (up, down) = (dir.path().join("up"), dir.path().join("down"));
        let waits = format!("touch '{}'; while [ ! -e '{}' ]; do sleep 0.02; done", up.display(), down.display());
        let mut program = Command::new("sh");
        program.args(["-c", &format!("({waits}) & wait; exit 3")]).env("APART_TEST", "1").stdin(Stdio::null());
        let family = Family { tag: Some(("APART_TEST", "1")), ..Family::default() };
        std::thread::scope(|scope| {
            let ended = scope.spawn(|| run_apart(&mut program, &|so_far| so_far > Duration::from_secs(30)));
            while !up.exists() && !ended.is_finished() {
                std::thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(members(&family), []);
            assert_eq!(end(&family, &Grace::on_demand()).killed, 0);
            std::fs::write(down, "").unwrap();
            assert_eq!(ended.join().unwrap().unwrap().and_then(|status| status.code()), Some(3));
        });
        assert_eq!(run_apart(Command::new("sleep").arg("60"), &|_| true).unwrap(), None);
        assert!(!running().iter().any(|pid| super::super::identity(*pid).is_none()));
    }
}
