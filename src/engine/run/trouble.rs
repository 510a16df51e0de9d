//! What keeps a lost run from being put right: remembered in the agent's state, and told in words that claim no more than
//! is known.

use super::{Supervisor, recover::MAX_RECOVERIES};
use crate::{
    domain::{
        message::Message,
        name::Name,
        run::Record,
        settlement::Publish,
        text::{cut, one_line},
    },
    store::{
        messages,
        state::{self, Loaded},
    },
    sys::error::is_disk_trouble,
};
use anyhow::Result;
use std::sync::atomic::Ordering;

/// The most of an error that is remembered, in characters.
const MAX_TROUBLE: usize = 500;

/// Remembers what a recovery failed with. It doesn't count if it was told to end, if the disk is full, or if it never came
/// to the run; the latter two may last, so that the human is told once.
pub(super) fn note(supervisor: &Supervisor<'_>, agent: &Name, before: u32, error: &anyhow::Error) -> Result<()> {
    supervisor.lock.secure()?;
    let paths = &supervisor.project.paths;
    let files = paths.agent(agent);
    let Loaded::State(mut state) = state::load(&files)? else { return Ok(()) };
    let stopped = supervisor.stop.load(Ordering::Relaxed);
    if state.is_idle() {
        return Ok(());
    }
    if stopped || is_disk_trouble(error) {
        state.recoveries = before;
    }
    if !stopped {
        state.trouble = Some(cut(&one_line(&format!("{error:#}")), MAX_TROUBLE));
    }
    state::save(&files, &state)?;
    if stopped || state.recoveries > before {
        return Ok(());
    }
    let run = state.run_id.unwrap_or_default();
    let message = Message::warning(
        format!("A run of {agent} can't be put right yet"),
        format!("Run {run} was cut off. Every tick tries to put it right; until then {agent} waits.\n\n{error:#}"),
    )
    .task(state.current_task.as_ref())
    .run(&run)
    .key(format!("trouble {run}"));
    messages::send(paths, &message, (supervisor.clock)()).map(drop)
}

/// Why a run is given up whose recoveries failed, and what is known of its work.
pub(super) fn why_given_up(trouble: Option<&str>, record: Option<&Record>) -> String {
    let what = match trouble {
        Some(trouble) => format!("it could not be put right in {MAX_RECOVERIES} attempts, at last: {trouble}"),
        None => format!("its recovery was cut off {MAX_RECOVERIES} times"),
    };
    match record.filter(|record| record.settlement.publish != Publish::Nothing) {
        Some(record) => {
            let branch = record.publication.as_ref().map(|publication| &publication.remote_branch);
            let where_to =
                branch.map_or_else(|| "its pull request".to_owned(), |name| format!("branch {name} of origin"));
            format!("{what}; its work was being published, look at {where_to} for how far that came")
        }
        None => format!("{what}; nothing was published"),
    }
}
