//! Landlock: a process gives up rights for itself and its children. It needs no privilege.

use super::{NotStarted, Support};
use crate::domain::sandbox::profile::{Ports, Profile};
use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, NetPort, RestrictionStatus, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, Scope, path_beneath_rules,
};
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
use std::convert::Infallible;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;

/// The newest rules that are asked for; the kernel takes those of them that it knows.
const NEWEST: ABI = ABI::V6;
/// Before it, a file that may not be written could be emptied.
const OLDEST: ABI = ABI::V3;

/// How much this kernel holds: tried in a thread, which alone is confined and then ends.
pub fn support() -> Support {
    let tried = thread::scope(|scope| scope.spawn(|| restrict(&Profile::default())).join());
    match tried {
        Ok(Ok(status)) => held(status.landlock),
        Ok(Err(error)) => Support::Unavailable(error.to_string()),
        Err(_) => Support::Unavailable("a thread can't be confined".to_owned()),
    }
}

/// Does something in a thread that is confined.
pub fn in_thread<T: Send>(profile: &Profile, act: impl FnOnce() -> T + Send) -> Result<T, String> {
    let confined = || restrict(profile).map(|_| act()).map_err(|error| error.to_string());
    let done = thread::scope(|scope| scope.spawn(confined).join());
    done.unwrap_or_else(|_| Err("a thread can't be confined".to_owned()))
}

fn held(status: LandlockStatus) -> Support {
    match status {
        LandlockStatus::Available { effective_abi, .. } if effective_abi >= NEWEST => Support::Full,
        LandlockStatus::Available { effective_abi: ABI::V3, .. } => {
            Support::Partial("signals, abstract sockets and TCP ports (Linux 6.12 holds them)")
        }
        LandlockStatus::Available { effective_abi, .. } if effective_abi > OLDEST => {
            Support::Partial("signals and abstract sockets (Linux 6.12 holds them)")
        }
        LandlockStatus::Available { .. } => {
            Support::Unavailable("the Landlock of this kernel is too old: Linux 6.2 or later is needed".to_owned())
        }
        LandlockStatus::NotEnabled => {
            Support::Unavailable("Landlock is switched off: add it to `lsm=` on the kernel's command line".to_owned())
        }
        LandlockStatus::NotImplemented => {
            Support::Unavailable("this kernel has no Landlock, or this system forbids its use".to_owned())
        }
    }
}

/// Confines this thread.
fn restrict(profile: &Profile) -> Result<RestrictionStatus, RulesetError> {
    let mut rules = Ruleset::default().handle_access(AccessFs::from_all(NEWEST))?.scope(Scope::from_all(NEWEST))?;
    if profile.ports.is_some() {
        rules = rules.handle_access(AccessNet::from_all(NEWEST))?;
    }
    let mut rules = rules
        .create()?
        .add_rules(path_beneath_rules(&profile.read, AccessFs::from_read(NEWEST)))?
        .add_rules(path_beneath_rules(&profile.write, AccessFs::from_all(NEWEST)))?;
    if let Some(Ports { connect, bind }) = &profile.ports {
        for (ports, access) in [(connect, AccessNet::ConnectTcp), (bind, AccessNet::BindTcp)] {
            rules = rules.add_rules(ports.iter().map(|port| Ok::<_, RulesetError>(NetPort::new(*port, access))))?;
        }
    }
    rules.restrict_self()
}

/// By these, which only root has, the memory of every process is open, and the environment of the supervisor with it.
const OPENING_OTHERS: [CapabilitySet; 2] = [CapabilitySet::PERFMON, CapabilitySet::SYS_ADMIN];

/// Confines this process, which must have one thread, and turns it into the program. It only comes back if it fails.
pub fn become_confined(profile: &Profile, command: &mut Command) -> Result<Infallible, NotStarted> {
    let cannot = |why: &str| NotStarted(format!("it cannot be confined: {why}"));
    let status = restrict(profile).map_err(|error| cannot(&error.to_string()))?;
    if let Some(why) = held(status.landlock).missing() {
        return Err(cannot(why));
    }
    for capability in OPENING_OTHERS {
        // Who isn't root has none to lose.
        let _ = remove_capability_from_bounding_set(capability);
    }
    let error = command.exec();
    Err(NotStarted(format!("cannot start {}: {error}", command.get_program().display())))
}
