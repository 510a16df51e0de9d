//! Which machine the ticks of a project run on, and who carries a run: no other machine meddles, for locks may not reach from
//! one to the other, and a process can be seen and signalled only where it is.
//!
//! The ticks' machine is noted in the file of their lock, which each tick holds anyway, and with what the last tick did, for whoever
//! empties or deletes the lock's file.

use super::collect;
use crate::domain::machine::{Here, Machine};
use crate::domain::name::Name;
use crate::domain::runner::files::{Started, StartedBy};
use crate::domain::state::AgentState;
use crate::exec::machine;
use crate::store::cache;
use crate::store::paths::{AgentPaths, Paths};
use crate::store::state::{self, Loaded};
use crate::sys::lock::{self, Lock};
use crate::sys::read;
use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What is noted of the machine of the ticks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Owner {
    #[serde(flatten)]
    machine: Machine,
    booted: i64,
}

impl Owner {
    fn of(here: Here) -> Self {
        Self { machine: here.machine, booted: here.booted }
    }

    /// Whether it is this very boot of this machine, as far as its name and the time tell: what nearly every tick finds.
    fn is_here_by_name(&self) -> bool {
        self.machine.host == machine::host() && (self.booted - machine::booted()).abs() <= 1
    }

    fn is_here(&self, here: &Here, paths: &Paths) -> bool {
        here.is(&self.machine, modified(&paths.last_tick()))
    }
}

/// Makes sure that the ticks run here, for a tick that holds their lock: the first one decides where that is.
///
/// # Errors
/// They run on another machine; or the system's.
pub fn keep(lock: &Lock, paths: &Paths) -> Result<Owner> {
    let noted = parse(lock.note());
    if let Some(owner) = noted.as_ref().filter(|owner| owner.is_here_by_name()) {
        return Ok(owner.clone());
    }
    let here = machine::here();
    if let Some(owner) = noted.or_else(|| of_last_tick(paths)).filter(|owner| !owner.is_here(&here, paths)) {
        bail!("{}", refusal(&owner.machine.host, &here));
    }
    note(lock, paths, here)
}

/// The machine on which the ticks run, if it is another one.
pub fn elsewhere(paths: &Paths) -> Option<String> {
    let noted = parse(lock::note_at(&paths.scheduler_lock())).or_else(|| of_last_tick(paths));
    let owner = noted.filter(|owner| !owner.is_here_by_name())?;
    (!owner.is_here(&machine::here(), paths)).then_some(owner.machine.host)
}

/// Refuses what only the machine of the ticks may do.
///
/// # Errors
/// They run on another one.
pub fn refuse_elsewhere(paths: &Paths) -> Result<()> {
    match elsewhere(paths) {
        Some(host) => bail!("{}", refusal(&host, &machine::here())),
        None => Ok(()),
    }
}

/// The machine that carries the run of an agent, if it is another one: its lock may only look free, and its processes can't
/// be seen.
pub fn carrier(agent: &AgentPaths, state: &AgentState) -> Option<String> {
    let carrier = state.machine.as_ref().filter(|_| !state.is_idle())?;
    let output = state.run_id.as_deref().and_then(|run| agent.run(run).ok()).map(|run| run.output());
    let seen = modified(&agent.state()).max(output.and_then(|output| modified(&output)));
    (!machine::here().is(carrier, seen)).then(|| carrier.host.clone())
}

/// When the oldest of the runs that live on other machines began there, in seconds since the epoch.
pub fn oldest_run_elsewhere(paths: &Paths) -> Option<i64> {
    let here = machine::here();
    let begun = |name: Name| {
        let agent = paths.agent(&name);
        let Loaded::State(state) = state::load(&agent).ok()? else { return None };
        let files = agent.run(state.run_id.as_deref()?).ok()?;
        let started: Started = read::read_json(&files.started()).ok()??;
        let lives = started.by == StartedBy::Keeper && !files.exit().exists();
        let id = Some(started.machine).filter(|id| !id.is_empty());
        let machine = Machine { host: started.host, id, boot: started.boot };
        (lives && !here.is(&machine, modified(&files.alive()))).then(|| started.at.timestamp())
    };
    collect::folders(paths).ok()?.into_iter().filter_map(begun).min()
}

/// Where the ticks ran before, and whose runs go on elsewhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Adopted {
    /// None if they ran here, or nowhere yet.
    pub from: Option<String>,
    /// Runs that another machine still carries: they go on there.
    pub carried: Vec<Name>,
}

/// Has the ticks run here from now on. Runs that another machine carries are in the way, for nobody here can tell whether they
/// live; with `force` those whose lock is free are taken for dead, and recovered by the next tick.
///
/// # Errors
/// A tick is under way; runs are in the way; the system's.
pub fn adopt(paths: &Paths, force: bool) -> Result<Adopted> {
    let Some(lock) = Lock::try_take(&paths.scheduler_lock())? else {
        bail!("a tick is under way: try again when it has ended");
    };
    let here = machine::here();
    let noted = parse(lock.note()).or_else(|| of_last_tick(paths));
    let from = noted.filter(|owner| !owner.is_here(&here, paths)).map(|owner| owner.machine.host);
    let mut carried = Vec::new();
    for name in collect::folders(paths)? {
        let agent = paths.agent(&name);
        let Loaded::State(state) = state::load(&agent)? else { continue };
        // A state of before machines were on record.
        let is_of_owner = || state.machine.is_none() && from.is_some();
        if !state.is_idle() && (is_of_owner() || carrier(&agent, &state).is_some()) {
            carried.push(name);
        }
    }
    carried.sort();
    if let Some((first, others)) = carried.split_first().filter(|_| !force) {
        let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
        let host = from.as_deref().unwrap_or("another machine");
        bail!(
            "a run of {first}{more} may be under way on {host}: let it end there, or end it there with `scheduler agent stop \
             {first}`. If {host} is off, `scheduler adopt --here --force` has its runs recovered here"
        );
    }
    let mut alive = Vec::new();
    for name in carried {
        if !take_for_dead(&paths.agent(&name))? {
            alive.push(name);
        }
    }
    note(&lock, paths, here)?;
    Ok(Adopted { from, carried: alive })
}

/// Lets the next tick recover a run whatever machine carried it; `false` if its supervisor holds the lock.
fn take_for_dead(agent: &AgentPaths) -> Result<bool> {
    let Some(_lock) = Lock::try_take(&agent.lock())? else { return Ok(false) };
    if let Loaded::State(state) = state::load(agent)? {
        state::save(agent, &AgentState { machine: None, ..state })?;
    }
    Ok(true)
}

fn parse(note: Option<String>) -> Option<Owner> {
    serde_json::from_str(&note?).ok()
}

/// Where the last tick was.
fn of_last_tick(paths: &Paths) -> Option<Owner> {
    #[derive(Deserialize)]
    struct LastTick {
        machine: Owner,
    }
    cache::load(&paths.last_tick()).map(|LastTick { machine }| machine)
}

fn note(lock: &Lock, paths: &Paths, here: Here) -> Result<Owner> {
    let owner = Owner::of(here);
    lock.set_note(&serde_json::to_string(&owner)?, &paths.scheduler_lock())?;
    Ok(owner)
}

fn refusal(host: &str, here: &Here) -> String {
    let here = &here.machine.host;
    let here = if here == host { "another one of that name".to_owned() } else { here.clone() };
    format!(
        "the ticks of this project run on {host}, and this is {here}: do it there, or move them with `scheduler adopt --here`"
    )
}

/// When a file was last written to, in seconds since the epoch.
fn modified(path: &Path) -> Option<i64> {
    fs::symlink_metadata(path).ok().map(|file| file.mtime())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::state::Phase;
    use crate::sys::atomic;

    #[test]
    fn runs_elsewhere_are_those_that_were_begun_there_and_have_not_ended() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        let agent = paths.agent(&"a".parse().unwrap());
        let run = "0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f";
        let files = agent.run(run).unwrap();
        state::save(
            &agent,
            &AgentState { run_id: Some(run.to_owned()), phase: Phase::Running, ..AgentState::default() },
        )
        .unwrap();
        let here = machine::here().machine;
        let started = |by: &str, machine: &Machine| {
            let (host, id, boot) = (&machine.host, &machine.id, &machine.boot);
            let process = serde_json::json!({"pid": 1, "start": "1", "boot": boot});
            let at = "1970-01-02T00:00:00Z";
            let json = serde_json::json!({"by": by, "host": host, "machine": id.clone().unwrap_or_default(), "boot": boot,
                "process": process, "job": null, "confined": "off", "at": at});
            atomic::write(&files.started(), json.to_string().as_bytes()).unwrap();
        };
        let other = Machine { host: "node1".to_owned(), id: Some("9".repeat(32)), boot: "another".to_owned() };
        assert_eq!(oldest_run_elsewhere(&paths), None, "not begun");
        // A machine without an id can't be told from a renamed one.
        let expected = here.id.is_some().then_some(86_400);
        for (by, machine, expected) in
            [("keeper", &here, None), ("supervisor", &other, None), ("keeper", &other, expected)]
        {
            started(by, machine);
            assert_eq!(oldest_run_elsewhere(&paths), expected, "{by}");
        }
        atomic::write(&files.exit(), b"{}").unwrap();
        assert_eq!(oldest_run_elsewhere(&paths), None, "ended");
    }

    #[test]
    fn the_first_tick_decides_and_a_new_name_is_noted() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        let lock = Lock::try_take(&paths.scheduler_lock()).unwrap().unwrap();
        let owner = || parse(lock.note()).unwrap();
        keep(&lock, &paths).unwrap();
        let here = owner();
        assert!(here.is_here_by_name() && elsewhere(&paths).is_none());
        let renamed = Machine { host: "other-name".to_owned(), ..here.machine.clone() };
        let noted = Owner { machine: renamed, booted: here.booted };
        lock.set_note(&serde_json::to_string(&noted).unwrap(), &paths.scheduler_lock()).unwrap();
        keep(&lock, &paths).unwrap();
        assert_eq!(owner().machine, here.machine);
    }
}
