//! What a supervisor and its keeper know of each other: the files that change as long as they live, and what stands once and for all.
//!
//! It measures by this machine's clock, and what can't be read is as it was.

use crate::domain::runner::files::{ExitReport, Started, StartedBy};
use crate::domain::runner::heartbeat::{Heartbeat, beat_every};
use crate::exec::clock::monotonic_now;
use crate::exec::{machine, processes};
use crate::store::paths::RunPaths;
use crate::sys::{atomic, read};
use anyhow::Result;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::time::{Duration, Instant};

/// Both sides of the contact.
#[derive(Debug)]
pub struct Contact {
    begun: Instant,
    beat_every: Duration,
    /// When the lease was renewed last, and the number that it holds.
    renewed: Option<(Duration, u64)>,
    alive: Option<Heartbeat>,
    started: Option<Started>,
    /// It was started on this very machine.
    is_here: bool,
}

impl Contact {
    pub fn new(lease_seconds: u32) -> Self {
        let beat_every = beat_every(lease_seconds);
        Self { begun: monotonic_now(), beat_every, renewed: None, alive: None, started: None, is_here: false }
    }

    /// How long it has been watched.
    pub fn watched(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Tells the keeper that its supervisor lives, if it is time to.
    pub fn renew_lease(&mut self, files: &RunPaths) -> Result<()> {
        let now = self.watched();
        if self.renewed.is_some_and(|(at, _)| now.saturating_sub(at) < self.beat_every) {
            return Ok(());
        }
        let number = match self.renewed {
            Some((_, number)) => number,
            // Another supervisor's was the last one.
            None => read::read_text(&files.lease())?.and_then(|text| text.trim().parse().ok()).unwrap_or(0),
        };
        let number = number.wrapping_add(1);
        atomic::write_cache(&files.lease(), format!("{number}\n").as_bytes())?;
        self.renewed = Some((now, number));
        Ok(())
    }

    /// Who has started it, once anybody has.
    pub fn started(&mut self, files: &RunPaths) -> Option<&Started> {
        if self.started.is_none() {
            self.started = known(&files.started());
            self.is_here = self.started.as_ref().is_some_and(|started| {
                let here = machine::here().machine;
                started.by == StartedBy::Keeper
                    && (&started.host, &started.machine) == (&here.host, &here.id.unwrap_or_default())
            });
        }
        self.started.as_ref()
    }

    /// How long the keeper hasn't given a sign of life.
    pub fn silence(&mut self, files: &RunPaths) -> Duration {
        let now = self.watched();
        if self.started.as_ref().is_none_or(|started| started.by != StartedBy::Keeper) {
            return Duration::ZERO;
        }
        let alive = self.alive.get_or_insert_with(|| Heartbeat::new(now));
        alive.observe(read::read_text(&files.alive()).ok().flatten(), now);
        alive.silence(now)
    }

    /// Whether the keeper was a process of this very machine that is there no more.
    pub fn is_gone(&self) -> bool {
        self.is_here && self.started.as_ref().is_some_and(|keeper| !processes::is_alive(&keeper.process))
    }
}

/// How the keeper says that it ended.
pub fn report(files: &RunPaths) -> Option<ExitReport> {
    known(&files.exit())
}

/// What stands in a file, if it can be read.
fn known<T: DeserializeOwned>(path: &Path) -> Option<T> {
    read::read_json(path).unwrap_or_else(|error| {
        tracing::debug!("{error:#}");
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runner::files::Confined;
    use crate::domain::state::ProcessId;
    use crate::domain::time;
    use crate::store::paths::Paths;
    use std::fs;

    fn folder() -> (tempfile::TempDir, RunPaths) {
        let dir = tempfile::tempdir().unwrap();
        let run =
            Paths::new(dir.path()).agent(&"a".parse().unwrap()).run("0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f").unwrap();
        fs::create_dir_all(run.dir()).unwrap();
        (dir, run)
    }

    #[test]
    fn a_lease_goes_on_from_the_last_supervisor_s() {
        let (_dir, files) = folder();
        let mut contact = Contact::new(180);
        contact.renew_lease(&files).unwrap();
        contact.renew_lease(&files).unwrap();
        assert_eq!(fs::read_to_string(files.lease()).unwrap(), "1\n");
        Contact::new(180).renew_lease(&files).unwrap();
        assert_eq!(fs::read_to_string(files.lease()).unwrap(), "2\n");
    }

    #[test]
    fn what_is_half_there_is_not_there() {
        let (_dir, files) = folder();
        let mut contact = Contact::new(180);
        fs::write(files.started(), "{").unwrap();
        fs::write(files.exit(), "").unwrap();
        assert!(contact.started(&files).is_none() && report(&files).is_none());
        assert_eq!(contact.silence(&files), Duration::ZERO);
        let here = machine::here().machine;
        let host = here.host.clone();
        let process = processes::identity(std::process::id()).unwrap();
        let started = |process: ProcessId, host: &str| Started {
            by: StartedBy::Keeper,
            host: host.to_owned(),
            machine: here.id.clone().unwrap_or_default(),
            boot: process.boot.clone(),
            process,
            job: None,
            confined: Confined::Off,
            at: time::parse("2026-01-15T10:00:00Z").unwrap(),
        };
        for (process, host, is_gone) in [
            (process.clone(), host.as_str(), false),
            (ProcessId { start: "another".to_owned(), ..process.clone() }, host.as_str(), true),
            (ProcessId { boot: "another".to_owned(), ..process.clone() }, host.as_str(), true),
            (ProcessId { start: "another".to_owned(), ..process }, "elsewhere", false),
        ] {
            let mut contact = Contact::new(180);
            fs::write(files.started(), serde_json::to_vec(&started(process, host)).unwrap()).unwrap();
            assert!(contact.started(&files).is_some());
            assert_eq!(contact.is_gone(), is_gone, "{host}");
        }
    }
}
