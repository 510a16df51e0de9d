//! The plays of `scheduler demo`: what the project is, who takes part, and what the stand-in for claude does in a run.
//!
//! A play is data. A further one is a further [`Play`] in [`PLAYS`]; nothing is carried out here.

mod tasks;

use super::{name::Name, role::Role, task::TaskState};
use serde::Deserialize;

/// Every play; the first is the one that is shown if none is named.
pub const PLAYS: [&Play; 1] = [&tasks::PLAY];

/// One play.
#[derive(Debug)]
pub struct Play {
    /// Its name, one word.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    /// The files of the project before anything happens: path and text.
    pub files: &'static [(&'static str, &'static str)],
    /// agents.yaml, with `{command}` where the stand-in's command belongs.
    pub config: &'static str,
    /// What is done in runs. For each run the first scene that fits is played.
    pub scenes: &'static [Scene],
    /// The titles of the tasks with which it is over, once they are done.
    pub goal: &'static [&'static str],
}

/// What one run does.
#[derive(Debug)]
pub struct Scene {
    /// Whose run.
    pub role: Role,
    /// When it fits.
    pub cue: Cue,
    /// What is done, in this order.
    pub steps: &'static [Step],
    /// The last message.
    pub last: &'static str,
}

/// When a scene fits.
#[derive(Debug)]
pub enum Cue {
    /// The run has the task of this title.
    Task(&'static str),
    /// There is no task of this title yet.
    Missing(&'static str),
    /// The first is done, and there is no task of the second title yet.
    Done(&'static str, &'static str),
    /// Always.
    Always,
}

/// One thing that is said or done. In its texts `{id}` and `{branch}` stand for the task that is the cue, and its branch.
#[derive(Debug)]
pub enum Step {
    /// Words of the agent.
    Say(&'static str),
    /// A file of the worktree is read.
    Read(&'static str),
    /// In a file of the worktree, the first text is replaced by the second.
    Edit(&'static str, &'static str, &'static str),
    /// A file of the worktree is written.
    Write(&'static str, &'static str),
    /// A program is run in the worktree; no shell is in between.
    Run(&'static [&'static str]),
}

/// A task as `scheduler task list --json` shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Seen {
    /// Its id.
    pub id: Name,
    /// Its title.
    pub title: String,
    /// Where it is.
    pub state: TaskState,
    /// The branch that holds its work.
    #[serde(default)]
    pub work_branch: Option<String>,
}

/// The play of this name.
pub fn play(name: &str) -> Option<&'static Play> {
    PLAYS.into_iter().find(|play| play.name == name)
}

/// The title of the task in a prompt, if it names one.
pub fn title_in(prompt: &str) -> Option<&str> {
    prompt.lines().find_map(|line| line.strip_prefix("## Your task: ")).map(str::trim)
}

impl Play {
    /// The scene for a run of `role` whose task has the title `own`, and the task that is its cue if `tasks` holds it.
    pub fn scene<'a>(&self, role: Role, own: Option<&str>, tasks: &'a [Seen]) -> Option<(&Scene, Option<&'a Seen>)> {
        let named = |title: &str| tasks.iter().find(|task| task.title == title);
        self.scenes.iter().filter(|scene| scene.role == role).find_map(|scene| match scene.cue {
            Cue::Task(title) => (own == Some(title)).then_some((scene, named(title))),
            Cue::Missing(title) => named(title).is_none().then_some((scene, None)),
            Cue::Done(before, title) => {
                let done = named(before).filter(|task| task.state == TaskState::Done)?;
                named(title).is_none().then_some((scene, Some(done)))
            }
            Cue::Always => Some((scene, None)),
        })
    }
}

/// The text with the cue's id and branch in place.
pub fn fill(text: &str, cue: Option<&Seen>) -> String {
    let id = cue.map_or("", |task| task.id.as_str());
    let branch = cue.and_then(|task| task.work_branch.as_deref()).unwrap_or_default();
    text.replace("{id}", id).replace("{branch}", branch)
}

#[cfg(test)]
mod tests;
