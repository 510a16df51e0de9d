//! Where everything is: every path under `.orchestrator/` is built here and nowhere else.
//!
//! It only joins words, and never looks. What comes from outside is a checked [`Name`] or UUID before it is joined.

mod agent;

pub(super) use agent::STATE;
pub use agent::{AgentPaths, RunPaths};

use crate::domain::{name::Name, proposal::ProposalState, task::TaskState};
use std::path::{Path, PathBuf};

/// The ending of task and message files.
pub const MARKDOWN: &str = "md";

/// The paths of one project.
#[derive(Clone, Debug)]
pub struct Paths {
    root: PathBuf,
    dot: PathBuf,
}

/// A day as [`crate::domain::time::local_day`] writes it; whatever else is in the text is dropped.
fn day_word(day: &str) -> String {
    day.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect()
}

impl Paths {
    /// The paths of the project whose main checkout is `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), dot: root.join(".orchestrator") }
    }

    /// The main checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `.orchestrator/`
    pub fn dot(&self) -> &Path {
        &self.dot
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.dot.join("agents.yaml")
    }

    /// Optional text for the instructions of every agent.
    pub fn global_instructions(&self) -> PathBuf {
        self.dot.join("global-instructions.md")
    }

    /// The directory of skills that replace the built-in ones.
    pub fn commands_dir(&self) -> PathBuf {
        self.dot.join("commands")
    }

    /// The directory of prompts.
    pub fn prompts_dir(&self) -> PathBuf {
        self.dot.join("prompts")
    }

    /// The prompt of an agent or a focus.
    pub fn prompt(&self, name: &Name) -> PathBuf {
        self.prompts_dir().join(format!("{name}.{MARKDOWN}"))
    }

    /// The marker that holds everything while it exists.
    pub fn paused_marker(&self) -> PathBuf {
        self.dot.join("paused")
    }

    /// The directory of requests that an agent be run at the next tick.
    pub fn run_requests(&self) -> PathBuf {
        self.dot.join("run-requests")
    }

    /// The request for a run of one agent.
    pub fn run_request(&self, name: &Name) -> PathBuf {
        self.run_requests().join(name.as_str())
    }

    /// The directory with one directory per agent.
    pub fn agents_dir(&self) -> PathBuf {
        self.dot.join("agents")
    }

    /// The paths of one agent.
    pub fn agent(&self, name: &Name) -> AgentPaths {
        AgentPaths::new(self.agents_dir().join(name.as_str()))
    }

    /// The directory of messages to the user.
    pub fn messages(&self) -> PathBuf {
        self.dot.join("messages")
    }

    /// The message file of that stem, as [`crate::domain::message::Message::stem`] builds it.
    pub(super) fn message(&self, stem: &str) -> PathBuf {
        self.messages().join(format!("{stem}.{MARKDOWN}"))
    }

    /// The directory of logs.
    pub fn logs(&self) -> PathBuf {
        self.dot.join("logs")
    }

    /// The log of an agent on a local day, `YYYY-MM-DD`.
    pub fn agent_log(&self, name: &Name, day: &str) -> PathBuf {
        self.logs().join(format!("{name}-{}.log", day_word(day)))
    }

    /// The log of the ticks on a local day, `YYYY-MM-DD`.
    pub fn scheduler_log(&self, day: &str) -> PathBuf {
        self.logs().join(format!("scheduler-{}.log", day_word(day)))
    }

    /// The event log of a local day, `YYYY-MM-DD`.
    pub fn events_file(&self, day: &str) -> PathBuf {
        self.logs().join(format!("events-{}.jsonl", day_word(day)))
    }

    /// The directory of what can be computed again.
    pub fn cache(&self) -> PathBuf {
        self.dot.join("cache")
    }

    /// What the last tick decided.
    pub fn last_tick(&self) -> PathBuf {
        self.cache().join("last-tick.json")
    }

    /// The last known count of open pull requests.
    pub fn open_prs(&self) -> PathBuf {
        self.cache().join("open-prs.json")
    }

    /// The pull requests that gatekeepers look after and that aren't closed, by number.
    pub fn gated_prs(&self) -> PathBuf {
        self.cache().join("gated-prs.json")
    }

    /// Which messages the user was notified of.
    pub fn notified(&self) -> PathBuf {
        self.cache().join("notified.json")
    }

    /// When git last fetched.
    pub fn last_fetch(&self) -> PathBuf {
        self.cache().join("last-fetch.json")
    }

    /// What the last look at the proposals found.
    pub fn known_proposals(&self) -> PathBuf {
        self.cache().join("proposals.json")
    }

    /// The proposals that the last curation has seen.
    pub fn last_curation(&self) -> PathBuf {
        self.cache().join("last-curation.json")
    }

    /// When old files were last tidied away.
    pub fn last_housekeeping(&self) -> PathBuf {
        self.cache().join("last-housekeeping.json")
    }

    /// Until when nobody starts.
    pub fn cooldown(&self) -> PathBuf {
        self.cache().join("cooldown.json")
    }

    /// The JSON Schema of the configuration, for editors.
    pub fn config_schema(&self) -> PathBuf {
        self.dot.join("agents.schema.json")
    }

    /// Held for the whole of a tick.
    pub fn scheduler_lock(&self) -> PathBuf {
        self.dot.join("scheduler.lock")
    }

    /// Held for milliseconds around changes of `shared/`.
    pub fn store_lock(&self) -> PathBuf {
        self.dot.join("store.lock")
    }

    /// Held for the whole of a git fetch.
    pub fn fetch_lock(&self) -> PathBuf {
        self.dot.join("fetch.lock")
    }

    /// Held while old files are tidied away.
    pub fn housekeeping_lock(&self) -> PathBuf {
        self.dot.join("housekeeping.lock")
    }

    /// Held for the whole of a refresh of the open pull requests.
    pub fn refresh_lock(&self) -> PathBuf {
        self.dot.join("refresh.lock")
    }

    /// Held while the user is notified of new messages.
    pub fn notify_lock(&self) -> PathBuf {
        self.dot.join("notify.lock")
    }

    /// What agents and users share: the queue, proposals, pull requests.
    pub fn shared(&self) -> PathBuf {
        self.dot.join("shared")
    }

    /// The directory of tasks in a state.
    pub fn queue(&self, state: TaskState) -> PathBuf {
        self.shared().join("queue").join(state.word())
    }

    /// The directory with one directory per pull request.
    pub fn prs_dir(&self) -> PathBuf {
        self.shared().join("prs")
    }

    /// What is remembered of a pull request.
    pub fn pr_meta(&self, number: u64) -> PathBuf {
        self.pr_dir(number).join("meta.json")
    }

    /// The last record of a check of a pull request.
    pub fn pr_check(&self, number: u64, check: &Name) -> PathBuf {
        self.pr_dir(number).join("checks").join(format!("{check}.{MARKDOWN}"))
    }

    fn pr_dir(&self, number: u64) -> PathBuf {
        self.prs_dir().join(format!("PR-{number}"))
    }

    /// The directory of proposals in a state.
    pub fn proposals(&self, state: ProposalState) -> PathBuf {
        self.shared().join("proposals").join(state.word())
    }

    /// The file of a proposal in a state.
    pub fn proposal(&self, state: ProposalState, id: &Name) -> PathBuf {
        self.proposals(state).join(format!("{id}.{MARKDOWN}"))
    }

    /// The judgement that is being carried out; there only while one is, or if it was cut off.
    pub fn unfinished_judgement(&self) -> PathBuf {
        self.shared().join("proposals").join("unfinished.json")
    }

    /// The file of a task in a state.
    pub fn task(&self, state: TaskState, id: &Name) -> PathBuf {
        self.queue(state).join(format!("{id}.{MARKDOWN}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_where_people_look_for_them() {
        let paths = Paths::new(Path::new("/p"));
        let name: Name = "impl-1".parse().unwrap();
        let id: Name = "TASK-1".parse().unwrap();
        let run = "0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f";
        let agent = paths.agent(&name);
        for (path, expected) in [
            (paths.config(), "agents.yaml"),
            (paths.config_schema(), "agents.schema.json"),
            (paths.prompt(&name), "prompts/impl-1.md"),
            (agent.state(), "agents/impl-1/state.json"),
            (agent.run(run).unwrap().record(), &format!("agents/impl-1/runs/{run}/record.json")),
            (paths.task(TaskState::Claimed, &id), "shared/queue/claimed/TASK-1.md"),
            (paths.proposal(ProposalState::Active, &id), "shared/proposals/active/TASK-1.md"),
            (paths.agent_log(&name, "2024-01-15"), "logs/impl-1-2024-01-15.log"),
            (paths.scheduler_log("2024-01-15"), "logs/scheduler-2024-01-15.log"),
            (paths.events_file("../2024-01-15/x"), "logs/events-2024-01-15.jsonl"),
            (paths.open_prs(), "cache/open-prs.json"),
            (paths.pr_meta(7), "shared/prs/PR-7/meta.json"),
            (paths.pr_check(7, &name), "shared/prs/PR-7/checks/impl-1.md"),
        ] {
            assert_eq!(path, Path::new("/p/.orchestrator").join(expected));
        }
    }
}
