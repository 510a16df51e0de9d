//! Whether what a message complains of is over: somebody has mended it, or it has passed. It only looks.

use super::missing_program::LastTick;
use super::project::Project;
use super::{configuration, snapshot};
use crate::domain::message::MessageType;
use crate::domain::name::Name;
use crate::domain::task::TaskState;
use crate::exec::repo;
use crate::store::messages::Listed;
use crate::store::queue::Queue;

/// What is asked once for all messages.
pub struct Mended<'a> {
    project: &'a Project,
    is_configured: bool,
    last_tick: LastTick,
    branch_in_the_way: bool,
}

impl<'a> Mended<'a> {
    pub fn new(project: &'a Project) -> Self {
        let found = configuration::read(&project.paths).ok();
        Self {
            project,
            is_configured: found.is_some_and(|found| found.understand().is_ok()),
            last_tick: LastTick::read(&project.paths),
            branch_in_the_way: repo::branch_in_the_way(&project.common_dir, &snapshot::remote(&project.paths))
                .is_some(),
        }
    }

    /// Whether it is over, as far as that can be told.
    pub fn is_mended(&self, listed: &Listed) -> bool {
        let message = &listed.message;
        if !matches!(message.kind, MessageType::Error | MessageType::Warning) {
            return false;
        }
        let key = message.key.as_deref().unwrap_or_default();
        match key.split_once([':', ' ']) {
            Some(("config", _)) => self.is_configured,
            Some(("program", program)) => !self.last_tick.misses(program),
            Some(("branch", _)) => !self.branch_in_the_way,
            _ => message.task.as_ref().and_then(|task| task.parse().ok()).is_some_and(|task| self.is_done(&task)),
        }
    }

    fn is_done(&self, task: &Name) -> bool {
        Queue::new(&self.project.paths).exists(TaskState::Done, task)
    }
}
