//! The plays of `scheduler demo`: what the project is, who takes part, and what the stand-in for claude does in a run.
//!
//! A play is data. A further one is a further [`Play`] in [`PLAYS`]; nothing is carried out here.

mod gatekeepers;
mod proposals;
mod tasks;

use super::{name::Name, proposal::ProposalState};
use serde::Deserialize;

/// The play that is shown if none is named.
pub const TASKS: &Play = &tasks::PLAY;
/// The play of the proposal model.
pub const PROPOSALS: &Play = &proposals::PLAY;
/// The play of the gatekeepers.
pub const GATEKEEPERS: &Play = &gatekeepers::PLAY;
/// Every play.
pub const PLAYS: [&Play; 3] = [TASKS, PROPOSALS, GATEKEEPERS];

/// One play.
#[derive(Debug)]
pub struct Play {
    /// Its name, one word.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    /// The files of the project before anything happens: path and text.
    pub files: &'static [(&'static str, &'static str)],
    /// A pull request that is open when it begins. With one, `gh` is played too.
    pub pull_request: Option<&'static Offered>,
    /// agents.yaml, with `{command}` where the stand-in's command belongs.
    pub config: &'static str,
    /// What is done in runs. For each run the first scene that fits is played.
    pub scenes: &'static [Scene],
    /// With what it is over.
    pub goal: &'static [Goal],
    /// What has come of it, in a sentence or two.
    pub sum: &'static str,
    /// An agent whose files are worth a look afterwards.
    pub star: &'static str,
}

/// A pull request, a draft, that somebody has opened.
#[derive(Debug)]
pub struct Offered {
    /// Its title, and the message of its commit.
    pub title: &'static str,
    /// Its description.
    pub body: &'static str,
    /// Whose it is.
    pub author: &'static str,
    /// Its branch.
    pub branch: &'static str,
    /// The file that it changes, and the file's new text.
    pub file: (&'static str, &'static str),
}

/// The number of the pull request that is open when a play begins.
pub const NUMBER: u64 = 1;

/// A part of what a play leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The task of this title is done.
    Task(&'static str),
    /// The proposal of this title is in this state.
    Proposal(&'static str, ProposalState),
    /// The pull request passed its checks.
    Approved,
}

/// What one run does.
#[derive(Debug)]
pub struct Scene {
    /// The agent whose run it is.
    pub agent: &'static str,
    /// When it fits.
    pub cue: Cue,
    /// What is done, in this order.
    pub steps: &'static [Step],
    /// The last message.
    pub last: &'static str,
}

/// When a scene fits. A title is that of a task, or of a proposal where the agent deals with those.
#[derive(Debug)]
pub enum Cue {
    /// The run has the task of this title.
    Task(&'static str),
    /// There is none of this title yet.
    Missing(&'static str),
    /// There is one of this title and in this state.
    Is(&'static str, &'static str),
    /// There is one of the first title and in this state, and none of the second title yet.
    After(&'static str, &'static str, &'static str),
    /// The file of the worktree holds the text.
    PauseStatus(&'static str, &'static str),
    /// Always.
    Always,
}

/// One thing that is said or done. In its texts `{id}` and `{branch}` stand for what is the cue, and its branch, and a title
/// in braces for its id.
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

/// A task or a proposal as `list --json` shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Seen {
    /// Its id.
    pub id: Name,
    /// Its title.
    pub title: String,
    /// Where it is, in a word.
    pub state: String,
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
    /// The scene for a run of `agent` whose task has the title `own`, and what its cue is if `seen` has it. `holds` says
    /// whether a file of the worktree holds a text.
    pub fn scene<'a>(
        &self,
        agent: &str,
        own: Option<&str>,
        seen: &'a [Seen],
        holds: impl Fn(&str, &str) -> bool,
    ) -> Option<(&Scene, Option<&'a Seen>)> {
        let named = |title: &str| seen.iter().find(|seen| seen.title == title);
        let in_state = |title: &str, state: &str| named(title).filter(|seen| seen.state == state);
        self.scenes.iter().filter(|scene| scene.agent == agent).find_map(|scene| match scene.cue {
            Cue::Task(title) => (own == Some(title)).then_some((scene, named(title))),
            Cue::Missing(title) => named(title).is_none().then_some((scene, None)),
            Cue::Is(title, state) => in_state(title, state).map(|seen| (scene, Some(seen))),
            Cue::After(before, state, title) => {
                let cue = in_state(before, state)?;
                named(title).is_none().then_some((scene, Some(cue)))
            }
            Cue::PauseStatus(path, text) => holds(path, text).then_some((scene, None)),
            Cue::Always => Some((scene, None)),
        })
    }
}

/// The text with the cue's id and branch, and the ids of all that was seen, in place.
pub fn fill(text: &str, cue: Option<&Seen>, seen: &[Seen]) -> String {
    let id = cue.map_or("", |cue| cue.id.as_str());
    let branch = cue.and_then(|cue| cue.work_branch.as_deref()).unwrap_or_default();
    let text = text.replace("{id}", id).replace("{branch}", branch);
    seen.iter().fold(text, |text, seen| text.replace(&format!("{{{}}}", seen.title), seen.id.as_str()))
}

#[cfg(test)]
mod tests;
