//! The instructions that an agent gets: one document, rendered from the role's template.
//!
//! Text of users and outsiders is inserted, never rendered; what outsiders wrote stands between tags that
//! carry a random delimiter. It reads no file and no clock: all there is to say is handed in.

mod focus;
mod render;
mod skills;
mod view;

pub use focus::built_in;
pub use render::render;
pub use skills::skills;
pub use view::{
    Answer, Attempt, CheckView, FailedTask, Feedback, OpenPullRequest, PromptInput, QueueView, QueuedTask,
    ReviewTarget, TaskView,
};

#[cfg(test)]
mod tests;
