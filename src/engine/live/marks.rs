//! Whether anything has changed on disk, asked without opening a file.

use crate::{
    domain::{overview::Overview, proposal::ProposalState, task::TaskState},
    store::paths::Paths,
};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::MetadataExt,
    path::PathBuf,
};

/// A number that becomes another one when a file or folder changes that an overview is made from.
pub(super) fn of(paths: &Paths, day: &str, known: Option<&Overview>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let folders = [paths.run_requests(), paths.agents_dir(), paths.messages(), paths.prs_dir()];
    let files = [
        paths.config(),
        paths.paused_marker(),
        paths.last_tick(),
        paths.open_prs(),
        paths.gated_prs(),
        paths.cooldown(),
        paths.events_file(day),
    ];
    let queue = TaskState::ALL.map(|state| paths.queue(state));
    let proposals = ProposalState::ALL.map(|state| paths.proposals(state));
    let agents = known.iter().flat_map(|known| &known.agents).map(|agent| paths.agent(&agent.name).state());
    for path in folders.into_iter().chain(files).chain(queue).chain(proposals).chain(agents) {
        mark(path, &mut hasher);
    }
    hasher.finish()
}

/// What the file system says of a path; a link counts as what it leads to.
fn mark(path: PathBuf, hasher: &mut DefaultHasher) {
    match fs::metadata(path) {
        Ok(meta) => (meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.len()).hash(hasher),
        Err(_) => 0_u8.hash(hasher),
    }
}
