//! The end of every process that a demo has started, whatever state it was left in.

use super::stage::{RUN_TAG, Stage};
use crate::{
    engine::collect,
    exec::processes::{self, Family, Grace},
    store::{
        paths::AgentPaths,
        state::{self, Loaded},
    },
    sys::lock::Lock,
};
use anyhow::{Result, bail};
use std::{collections::HashSet, thread, time::Duration};

/// How often is looked whether a supervisor has ended: together longer than one may take.
const LOOKS: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(20);
const GRACE: Duration = Duration::from_secs(1);

/// Asks the supervisors to end, waits for them, and ends what is left.
///
/// # Errors
/// The files of the demo can't be read; a process that can't be ended.
pub(super) fn end_all(stage: &Stage) -> Result<()> {
    let mut asked = HashSet::new();
    for _ in 0..LOOKS {
        let mut busy = false;
        for agent in agents(stage) {
            if Lock::is_free(&agent.lock())? {
                continue;
            }
            busy = true;
            if let Loaded::State(state) = state::load(&agent)?
                && let Some(supervisor) = state.supervisor
                && asked.insert(supervisor.pid)
            {
                processes::terminate(&supervisor);
            }
        }
        if !busy && Lock::is_free(&stage.paths().refresh_lock())? {
            break;
        }
        thread::sleep(PAUSE);
    }
    let root = stage.root.display().to_string();
    let family = Family { leader: None, mark: Some((RUN_TAG, &root)), own_descendants: false };
    let left = processes::end(&family, &Grace::new(GRACE)).left;
    if !left.is_empty() {
        bail!("processes of the demo can't be ended: {left:?}");
    }
    Ok(())
}

/// Every agent that has a folder.
fn agents(stage: &Stage) -> Vec<AgentPaths> {
    let paths = stage.paths();
    collect::folders(&paths).into_iter().flatten().map(|name| paths.agent(&name)).collect()
}
