//! Where everything is: every path under `.orchestrator/` is built here and nowhere else.
//!
//! It only joins words, and never looks. What comes from outside is a checked [`Name`] or UUID before it is joined.

/// One function for each fixed name, which joins it to the directory that another function names.
macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident = $dir:ident / $file:expr;)+) => {
        $($(#[$doc])* pub fn $name(&self) -> PathBuf {
            self.$dir().join($file)
        })+
    };
}

mod agent;

pub(super) use agent::STATE;
pub use agent::{AgentPaths, RunPaths};

use crate::domain::name::Name;
use crate::domain::proposal::ProposalState;
use crate::domain::task::TaskState;
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

    /// The folder of a trial of a runner, named by a UUID.
    pub fn probe(&self, id: &str) -> PathBuf {
        self.cache().join(format!("probe-{id}"))
    }

    /// The prompt of an agent or a focus.
    pub fn prompt(&self, name: &Name) -> PathBuf {
        self.prompts_dir().join(format!("{name}.{MARKDOWN}"))
    }

    /// The project's own frame of all instructions.
    pub fn frame(&self) -> PathBuf {
        self.prompts_dir().join("instructions.md.j2")
    }

    /// The request for a run of one agent.
    pub fn run_request(&self, name: &Name) -> PathBuf {
        self.run_requests().join(name.as_str())
    }

    /// The paths of one agent.
    pub fn agent(&self, name: &Name) -> AgentPaths {
        AgentPaths::new(self.agents_dir().join(name.as_str()))
    }

    /// The message file of that stem, as [`crate::domain::message::Message::stem`] builds it.
    pub(super) fn message(&self, stem: &str) -> PathBuf {
        self.messages().join(format!("{stem}.{MARKDOWN}"))
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

    /// The line of each run of a local year.
    pub fn ledger(&self, year: i32) -> PathBuf {
        self.dot.join(format!("ledger-{year}.jsonl"))
    }

    /// What the ledger of a year adds up to.
    pub fn known_ledger(&self, year: i32) -> PathBuf {
        self.cache().join(format!("ledger-{year}.json"))
    }

    /// Until when nobody starts with this runner.
    pub fn runner_cooldown(&self, runner: &Name) -> PathBuf {
        self.cache().join(format!("cooldown-{runner}.json"))
    }

    /// The directory of tasks in a state.
    pub fn queue(&self, state: TaskState) -> PathBuf {
        self.shared().join("queue").join(state.word())
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

    paths! {
        /// The configuration.
        config = dot / "agents.yaml";
        /// Optional text for the instructions of every agent.
        global_instructions = dot / "global-instructions.md";
        /// The directory of the project's own skills for agents.
        commands_dir = dot / "commands";
        /// The directory of prompts.
        prompts_dir = dot / "prompts";
        /// The marker that holds everything while it exists.
        paused_marker = dot / "paused";
        /// What makes git run or send something, as the user accepted it last.
        trusted = dot / "trusted.json";
        /// There while that is otherwise and nobody has accepted it.
        untrusted = dot / "untrusted.json";
        /// The directory of requests that an agent be run at the next tick.
        run_requests = dot / "run-requests";
        /// The directory with one directory per agent.
        agents_dir = dot / "agents";
        /// The directory of messages to the user.
        messages = dot / "messages";
        /// The directory of files that others drop for ticks to carry out.
        inbox = dot / "inbox";
        /// Those that were refused.
        inbox_refused = inbox / "refused";
        /// Which of them were dealt with.
        inbox_dealt = dot / "inbox.json";
        /// The directory of logs.
        logs = dot / "logs";
        /// The directory of what can be computed again.
        cache = dot / "cache";
        /// What the last tick decided.
        last_tick = cache / "last-tick.json";
        /// The last known count of open pull requests.
        open_prs = cache / "open-prs.json";
        /// What GitHub said of accounts.
        permissions = cache / "permissions.json";
        /// The pull requests that gatekeepers look after and that aren't closed, by number.
        gated_prs = cache / "gated-prs.json";
        /// Which messages the user was notified of.
        notified = cache / "notified.json";
        /// When git last fetched.
        last_fetch = cache / "last-fetch.json";
        /// Where the user's refs stood when loose objects were last packed.
        packed = cache / "packed.json";
        /// What `verify` said of commits that work began from.
        verified_bases = cache / "verified-bases.json";
        /// What the last look at the proposals found.
        known_proposals = cache / "proposals.json";
        /// The proposals that the last curation has seen.
        last_curation = cache / "last-curation.json";
        /// The runs of other machines that have ended and are cancelled once more.
        ended_elsewhere = cache / "ended-elsewhere";
        /// When old files were last tidied away.
        last_housekeeping = cache / "last-housekeeping.json";
        /// When the user was last sent a summary of the day.
        last_summary = cache / "last-summary.json";
        /// When ticks last said that they go on.
        last_heartbeat = cache / "last-heartbeat.json";
        /// When ticks last had the page written.
        last_report = cache / "last-report.json";
        /// When the last task was added.
        last_added = cache / "last-added";
        /// What the last tick that complained has complained of.
        complaints = cache / "complaints.json";
        /// Which flags the installed versions of claude know.
        claude_flags = cache / "claude-flags.json";
        /// Until when nobody starts.
        cooldown = cache / "cooldown.json";
        /// How much of the account's usage limits is used.
        quota = cache / "quota.json";
        /// When the user last said to have seen all finished work.
        seen = dot / "seen";
        /// The JSON Schema of the configuration, for editors.
        config_schema = dot / "agents.schema.json";
        /// Held for the whole of a tick.
        scheduler_lock = dot / "scheduler.lock";
        /// Held for milliseconds around changes of `shared/`.
        store_lock = dot / "store.lock";
        /// Held for the whole of a git fetch.
        fetch_lock = dot / "fetch.lock";
        /// Held while runs that have ended are cancelled once more.
        let_go_lock = dot / "let-go.lock";
        /// Held while old files are tidied away.
        housekeeping_lock = dot / "housekeeping.lock";
        /// Held while a watchdog elsewhere is told that ticks go on.
        heartbeat_lock = dot / "heartbeat.lock";
        /// Held while the page is written for ticks.
        report_lock = dot / "report.lock";
        /// Held for the whole of a refresh of the open pull requests.
        refresh_lock = dot / "refresh.lock";
        /// Held while the user is notified of new messages.
        notify_lock = dot / "notify.lock";
        /// What agents and users share: the queue, proposals, pull requests.
        shared = dot / "shared";
        /// The directory with one directory per pull request.
        prs_dir = shared / "prs";
        /// The issues that became tasks.
        issues = shared / "issues.json";
        /// What runs couldn't tell GitHub of their work.
        unpublished = shared / "unpublished.json";
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
