//! How the files stand that an agent which looks for work goes by, in one word. None of them is opened.

use super::messages;
use super::paths::Paths;
use crate::domain::message::MessageType;
use crate::domain::name::Name;
use crate::domain::proposal::ProposalState;
use crate::domain::task::TaskState;
use anyhow::Result;
use rustix::fs::lstat;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// The queue, the proposals, questions with their answers, agents.yaml, and the agent's instructions.
///
/// # Errors
/// The directory of messages can't be read.
pub fn files(paths: &Paths, agent: &Name, focus: Option<&Name>) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    let mut add = |path: &Path| {
        let stat = lstat(path).ok().map(|stat| (stat.st_mtime, stat.st_mtime_nsec, stat.st_size));
        (path, stat).hash(&mut hasher);
    };
    TaskState::ALL.iter().for_each(|state| add(&paths.queue(*state)));
    ProposalState::ALL.iter().for_each(|state| add(&paths.proposals(*state)));
    [agent].into_iter().chain(focus).for_each(|name| add(&paths.prompt(name)));
    [paths.config(), paths.global_instructions()].iter().for_each(|path| add(path));
    let mut stems = messages::stems(paths)?;
    stems.retain(|stem| stem.starts_with(MessageType::Question.word()));
    stems.sort_unstable();
    stems.iter().for_each(|stem| add(&paths.message(stem)));
    Ok(format!("{:016x}", hasher.finish()))
}
