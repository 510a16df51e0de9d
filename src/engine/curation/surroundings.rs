//! What a score depends on beside the proposal: what is done, and what is under way in which files.

use crate::domain::name::Name;
use crate::domain::proposal::{Busy, Proposal, Surroundings, files};
use crate::domain::pull_request::task_of;
use crate::domain::task::TaskState;
use crate::engine::snapshot::OpenPrs;
use crate::store::paths::Paths;
use crate::store::proposals::Proposals;
use crate::store::queue::Queue;
use anyhow::Result;

/// The surroundings of some proposals. Open pull requests are known as far as the last refresh saw them.
///
/// # Errors
/// A directory can't be read.
pub fn surroundings<'a>(paths: &Paths, of: impl IntoIterator<Item = &'a Proposal>) -> Result<Surroundings> {
    let claimed = Proposals::new(paths).unfinished_tasks(&[TaskState::Claimed])?;
    let mut busy: Vec<Busy> = claimed.into_iter().map(|(_, busy)| busy).collect();
    busy.extend(pull_requests(paths));
    let mut done: Vec<Name> = of.into_iter().flat_map(|proposal| proposal.idea.depends_on.clone()).collect();
    done.retain(|id| is_done(paths, id));
    Ok(Surroundings { busy, done })
}

/// What the open pull requests change, as far as they are known: their files, and the texts of their tasks.
fn pull_requests(paths: &Paths) -> impl Iterator<Item = Busy> {
    OpenPrs::known(paths).into_iter().map(|pr| {
        let task = task_of(&pr.head).and_then(|id| Queue::new(paths).find(&id).ok().flatten());
        let mut busy =
            Busy::of_task(format!("pull request {}", pr.number), task.as_ref().map_or("", |task| &task.text));
        busy.files.extend(pr.files);
        busy
    })
}

/// Whether a task, or the task of a proposal, is done.
fn is_done(paths: &Paths, id: &Name) -> bool {
    let task = Proposals::new(paths).task_of(id).ok().flatten();
    task.is_some_and(|task| Queue::new(paths).exists(TaskState::Done, &task))
}

/// What else names the files of a proposal, a line each: other open proposals, unfinished tasks, open pull requests.
///
/// # Errors
/// A directory can't be read.
pub fn overlaps(paths: &Paths, proposal: &Proposal, open: &[Proposal]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let mut line = |what: String, shared: Vec<String>| {
        if !shared.is_empty() {
            lines.push(format!("{what} names {} too", shared.join(", ")));
        }
    };
    for other in open.iter().filter(|other| other.id != proposal.id) {
        let deferred = if other.judgement.is_some() { ", deferred" } else { "" };
        line(
            format!("{} ({}{deferred})", other.id, other.idea.category),
            files::shared(&proposal.idea.files, &other.idea.files),
        );
    }
    let unfinished = Proposals::new(paths).unfinished_tasks(&[TaskState::Incoming, TaskState::Claimed])?;
    for busy in unfinished.into_iter().map(|(_, busy)| busy).chain(pull_requests(paths)) {
        line(busy.label.clone(), busy.touches(&proposal.idea.files));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_of_a_branch() {
        for (head, task) in [
            ("agent/TASK-1-20240115-103000", Some("TASK-1")),
            ("agent/my-task-20240115-103000", Some("my-task")),
            ("agent/short", None),
            ("feature/TASK-1-20240115-103000", None),
            ("agent/ä-20240115-103000", None),
        ] {
            assert_eq!(task_of(head).as_ref().map(Name::as_str), task, "{head}");
        }
    }
}
