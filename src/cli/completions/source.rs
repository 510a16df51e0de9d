//! What the values of arguments are chosen from, as far as that stands in the project.
//!
//! However many there are, few files are opened. What can't be read isn't offered, and nothing is said of it.

use crate::cli::{Context, agent, config, limits};
use crate::domain::config::Config;
use crate::domain::message::MessageType;
use crate::domain::name::Name;
use crate::domain::prompt::BUILT_IN;
use crate::domain::proposal::ProposalState;
use crate::domain::role::Role;
use crate::domain::run::Assignment;
use crate::domain::task::{Task, TaskState};
use crate::domain::text::{cut, one_line};
use crate::domain::time;
use crate::engine::project::Project;
use crate::store::prs::Prs;
use crate::store::state_dirs::{State, StateDirs};
use crate::store::{messages, runs};
use crate::sys::read;
use clap::builder::ArgExt;
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};
use std::ffi::OsStr;
use std::fmt::Display;

/// More are never offered, nor opened: of the rest, the newest.
const MOST: usize = 200;
/// The longest explanation, in characters.
const HELP: usize = 60;

/// What a value is one of. An argument says so with `add`.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    Agent,
    Task(&'static [TaskState]),
    /// A task that has failed or is held.
    TaskToRetry,
    Proposal(&'static [ProposalState]),
    /// What work may depend on.
    Work,
    /// Whatever `scheduler why` explains.
    Anything,
    Message,
    /// A question without an answer.
    Question,
    /// A run of the agent that the command line names.
    Run,
    Role,
    TaskRole,
    Runner,
    Check,
    PullRequest,
    Prompt,
    /// `KEY=` of an agent.
    AgentKey,
    /// `KEY=` of a limit.
    Limit,
    File,
    Folder,
}

impl ArgExt for Source {}

/// Where somebody asks.
pub struct Asking {
    pub context: Context,
    /// The agent that is named on the command line.
    pub agent: Option<Name>,
}

impl Source {
    /// Those that begin as the word that is to be completed.
    pub fn candidates(self, asking: &Asking, begun: &OsStr) -> Vec<CompletionCandidate> {
        let paths = match self {
            Self::File => Some(PathCompleter::file()),
            Self::Folder => Some(PathCompleter::dir()),
            _ => None,
        };
        let mut found = match (paths, begun.to_str()) {
            (Some(paths), _) => paths.complete(begun),
            (None, Some(begun)) => self.of_project(asking, begun).unwrap_or_default(),
            (None, None) => Vec::new(),
        };
        found.retain(|candidate| candidate.get_value().to_str().is_some_and(is_plain));
        found
    }

    fn of_project(self, asking: &Asking, begun: &str) -> Option<Vec<CompletionCandidate>> {
        use ProposalState::{Active, Deferred};
        use TaskState::{Claimed, Incoming};
        let project = &asking.context.project_of_user("completion").ok()?;
        let config = || config::read(project).ok();
        let mut found = Found { project, begun: begun.to_ascii_lowercase(), candidates: Vec::new() };
        match self {
            Self::Agent => found.agents(&config()?),
            Self::Task(states) => found.tasks(states, |_, _| true),
            Self::TaskToRetry => {
                found
                    .tasks(&[TaskState::Failed, Incoming], |state, task| state != Incoming || task.held_by().is_some());
            }
            Self::Proposal(states) => found.proposals(states),
            Self::Work => {
                found.tasks(&[Incoming, Claimed], |_, _| true);
                found.proposals(&[Active, Deferred]);
            }
            Self::Anything => {
                config().iter().for_each(|config| found.agents(config));
                found.tasks(&TaskState::ALL, |_, _| true);
                found.proposals(&ProposalState::ALL);
                found.pull_requests("PR-");
            }
            Self::Message => found.messages(false),
            Self::Question => found.messages(true),
            Self::Run => found.runs(asking.agent.as_ref()?),
            Self::Role => {
                Role::ALL.iter().for_each(|role| found.add(role.word(), || None));
                found.each(config()?.own_roles());
            }
            Self::TaskRole => found.each(config()?.task_roles()),
            Self::Runner => found.each(config()?.runners.keys()),
            Self::Check => {
                let gatekeeper = config()?.gatekeeper;
                found.each(gatekeeper.required_checks.iter().chain(&gatekeeper.optional_checks));
            }
            Self::PullRequest => found.pull_requests(""),
            Self::Prompt => BUILT_IN.iter().for_each(|text| found.add(text.name, || Some(text.about.to_owned()))),
            Self::AgentKey => found.keys(&agent::settable_keys()),
            Self::Limit => found.keys(&limits::names().concat()),
            Self::File | Self::Folder => {}
        }
        Some(found.candidates)
    }
}

struct Found<'a> {
    project: &'a Project,
    /// In lower case.
    begun: String,
    candidates: Vec<CompletionCandidate>,
}

impl Found<'_> {
    fn begins(&self, value: &str) -> bool {
        value.get(..self.begun.len()).is_some_and(|start| start.eq_ignore_ascii_case(&self.begun))
    }

    fn add(&mut self, value: &str, help: impl FnOnce() -> Option<String>) {
        if self.begins(value) {
            self.push(value, help);
        }
    }

    fn push(&mut self, value: &str, help: impl FnOnce() -> Option<String>) {
        if self.candidates.len() < MOST {
            let help = help().map(|help| cut(&one_line(&help), HELP).into());
            self.candidates.push(CompletionCandidate::new(value).help(help));
        }
    }

    fn each(&mut self, values: impl IntoIterator<Item = impl Display>) {
        values.into_iter().for_each(|value| self.add(&value.to_string(), || None));
    }

    /// As far as they aren't whole already: then their value is next.
    fn keys(&mut self, keys: &[String]) {
        let keys = keys.iter().map(|key| format!("{key}="));
        let keys: Vec<_> = keys.filter(|key| *key != self.begun).collect();
        self.each(keys);
    }

    fn agents(&mut self, config: &Config) {
        for agent in &config.agents {
            let paused = if agent.paused { ", paused" } else { "" };
            self.add(agent.name.as_str(), || Some(format!("{}{paused}", agent.role_name())));
        }
    }

    fn tasks(&mut self, states: &[TaskState], wanted: fn(TaskState, &Task) -> bool) {
        self.files(states, |state, task: Task| wanted(state, &task).then_some(task.title));
    }

    fn proposals(&mut self, states: &[ProposalState]) {
        self.files(states, |_, proposal| Some(proposal.idea.title));
    }

    /// Those in these states that have a title.
    fn files<S: State + Display>(&mut self, states: &[S], title: impl Fn(S, S::Item) -> Option<String>) {
        let files = StateDirs::<S>::new(&self.project.paths);
        for &state in states {
            let mut ids = files.newest(state, usize::MAX).unwrap_or_default();
            let bare = |id: &Name| id.as_str().trim_start_matches(S::PREFIX).trim_start_matches('-').to_owned();
            ids.retain(|id| self.begins(id.as_str()) || self.begins(&bare(id)));
            ids.truncate(MOST);
            for id in ids {
                let item = files.these(state, vec![id.clone()]).pop().and_then(Result::ok);
                if let Some(title) = item.and_then(|item| title(state, item)) {
                    self.push(id.as_str(), || Some(format!("{state}: {title}")));
                }
            }
        }
    }

    fn messages(&mut self, only_open: bool) {
        let question = MessageType::Question.word();
        let mut stems = messages::stems(&self.project.paths).unwrap_or_default();
        stems.retain(|stem| self.begins(stem) && (!only_open || stem.starts_with(question)));
        // The type comes first, then the time.
        stems.sort_by(|a, b| b.split_once('-').map(|(_, time)| time).cmp(&a.split_once('-').map(|(_, time)| time)));
        for stem in stems.into_iter().take(MOST) {
            let Ok(Some(listed)) = messages::load(&self.project.paths, stem) else { continue };
            if !only_open || listed.answer.is_none() {
                self.add(&listed.stem, || Some(listed.message.title));
            }
        }
    }

    fn runs(&mut self, agent: &Name) {
        for files in runs::list(&self.project.paths.agent(agent)).unwrap_or_default() {
            let Some(id) = files.dir().file_name().and_then(OsStr::to_str) else { continue };
            self.add(id, || {
                let assignment: Assignment = read::read_json(&files.assignment()).ok().flatten()?;
                let task = assignment.job.task().map_or(String::new(), |task| format!(", {task}"));
                Some(format!("{}{task}", time::local(assignment.assigned_at)))
            });
        }
    }

    fn pull_requests(&mut self, before: &str) {
        let prs = Prs::new(&self.project.paths);
        for number in prs.numbers().unwrap_or_default().into_iter().rev() {
            self.add(&format!("{before}{number}"), || Some(prs.load(number).ok().flatten()?.title));
        }
    }
}

/// Whether a shell takes it as one word, as it stands, and the program as no option.
fn is_plain(value: &str) -> bool {
    !value.starts_with('-') && value.chars().all(|c| c.is_alphanumeric() || "._-/=~+,@".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_one_word_is_offered() {
        for good in ["TASK-1", "max_turns=", "src/main.rs", "~/Übung", "question-20260115-143000-why"] {
            assert!(is_plain(good), "{good:?}");
        }
        for bad in ["--all", "-", "a b", "a\nb", "a\u{1b}[31m", "$(x)", "a;b", "*", "`x`", "a\u{202e}b", "'"] {
            assert!(!is_plain(bad), "{bad:?}");
        }
    }
}
