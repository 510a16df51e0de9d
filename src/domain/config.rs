//! What agents.yaml says: these types are its definition.
//!
//! A key is a field here, with what may be written as its type and what it means as its doc comment. Reading, the
//! explanation of what is wrong, and the schema are derived from it. Nothing here opens the file.

mod check;
mod claude_args;
mod edit;
mod explain;
mod heartbeat;
mod inbox;
mod intake;
mod notify;
mod part;
mod pull_requests;
mod report;
mod roles;
mod runners;
mod sandbox;
mod schema;
mod settings;
mod span;
mod tree;
mod values;
mod verify;

pub use edit::{Change, Refusal, Step, edit};
pub use heartbeat::Heartbeat;
pub use inbox::Inbox;
pub use intake::Intake;
pub use notify::Notify;
pub use part::{notify, report};
pub use pull_requests::{Merge, MergeMethod, PullRequests, RepositoryPath};
pub use report::Report;
pub use schema::{Kind, SCHEMA, keys, kind};
pub use settings::{AGENT_KEYS, RunSettings};
pub use values::{Seconds, Usd, Weight, Whole};

use super::name::Name;
use super::role::{CustomRole, Model, Role};
use super::runner::Runner;
use check::Finding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(
        title = "agents.yaml of scheduler",
        extend("required" = ["agents"]),
        extend("$comment" = "Written by `scheduler init`, which brings it up to date: changes made here are lost.")
    )
)]
#[serde(default)]
pub struct Config {
    /// Which way work comes into being: `task`: a product manager creates tasks. `proposal`: proposers suggest, a curator
    /// promotes.
    pub model: Model,
    /// Nothing starts; runs under way end as usual.
    pub paused: bool,
    /// The most runs at the same moment. Left out: no limit.
    pub max_running: Option<Whole<1, 10_000>>,
    /// No run starts once the runs of the local day have cost this, in US dollars. Left out: no limit.
    pub max_cost_usd_per_day: Option<Usd<0>>,
    /// The same of the last seven local days, today among them. Left out: no limit.
    pub max_cost_usd_per_week: Option<Usd<0>>,
    /// A task isn't claimed any more once its runs have cost this, in US dollars. Left out: no limit.
    pub max_cost_usd_per_task: Option<Usd<0>>,
    /// How much of a subscription's usage limits is left to you. Left out: nothing.
    pub quota: Option<Quota>,
    /// Globs of the files that testers may change. Replaces the built-in list of usual names.
    #[serde(default = "usual_test_paths", deserialize_with = "values::globs")]
    #[cfg_attr(test, schemars(with = "Vec<values::Text>"))]
    pub test_paths: Vec<String>,
    /// What matters most, as words or globs of paths: proposals that fit score higher.
    #[serde(deserialize_with = "values::priorities")]
    #[cfg_attr(test, schemars(with = "Vec<values::Text>"))]
    pub priorities: Vec<String>,
    /// How long files in logs/ are kept.
    pub log_retention_days: Whole<1, 36_500, 14>,
    /// What a worktree of an agent gets before the agent starts.
    pub worktree: Worktree,
    /// What must pass on the work of an agent before it is pushed.
    verify: verify::Keys,
    /// A folder outside the project that holds the worktrees, so that tools that search parent folders don't find the main
    /// checkout. Absolute, below ~/, or from the top of the project.
    #[serde(deserialize_with = "values::filled")]
    #[cfg_attr(test, schemars(with = "Option<values::Text>"))]
    pub worktree_root: Option<String>,
    /// The git remote to fetch from and to push to. Left out: origin, else the only one there is.
    #[serde(deserialize_with = "values::filled")]
    #[cfg_attr(test, schemars(with = "Option<values::Text>"))]
    pub remote: Option<String>,
    /// Backpressure on tasks and pull requests.
    pub queue_limits: QueueLimits,
    /// Backpressure on proposals, by the name of the proposer.
    #[serde(deserialize_with = "values::once")]
    pub proposal_limits: BTreeMap<Name, ProposalLimits>,
    /// How much a proposer's word counts, by its name. Left out: 1.0.
    #[serde(deserialize_with = "values::once")]
    pub voice_weights: BTreeMap<Name, Weight>,
    /// The weights of the five factors of a proposal's score.
    pub curator_scoring: CuratorScoring,
    /// Checks of pull requests.
    pub gatekeeper: Gatekeeper,
    /// The pull requests that agents open.
    pub pull_requests: PullRequests,
    /// Issues that become tasks. Left out: none does.
    pub intake: Option<Intake>,
    /// A program that is told of every new message, as JSON on its standard input.
    pub notify: Option<Notify>,
    /// Files in .orchestrator/inbox/ that ticks carry out: answers, tasks, pause, resume. Left out: none is.
    pub inbox: Option<Inbox>,
    /// Called by ticks, every five minutes at most, so that a watchdog elsewhere learns when they stop: an address, or a command
    /// as a list.
    pub heartbeat: Option<Heartbeat>,
    /// Ticks have the page of `scheduler report` written anew. Left out: they don't.
    pub report: Option<Report>,
    /// Where runs can be started instead of on this machine, by a name of your choice.
    #[serde(deserialize_with = "runners::read")]
    #[cfg_attr(test, schemars(with = "BTreeMap<Name, runners::Keys>"))]
    pub runners: BTreeMap<Name, Runner>,
    /// Roles of the project's own, by a name of your choice, each based on a built-in one.
    #[serde(deserialize_with = "values::once")]
    roles: BTreeMap<Name, settings::RoleKeys>,
    /// For every agent; an agent may set each of them for itself.
    defaults: settings::Defaults,
    /// The agents. The position in this list decides an agent's ports.
    #[serde(rename = "agents")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    entries: Vec<settings::Entry>,
    /// What `agents` and `defaults` come to, in the order of the file.
    #[serde(skip)]
    pub agents: Vec<Agent>,
}

/// `worktree`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Worktree {
    /// A shell command, run in a new worktree, and again when it is changed here. Example: npm ci
    #[serde(deserialize_with = "values::filled")]
    #[cfg_attr(test, schemars(with = "Option<values::Text>"))]
    pub setup: Option<String>,
    /// Patterns, as in .gitignore, of files that git ignores and that are copied from the main checkout. The file
    /// .worktreeinclude is read too.
    #[serde(deserialize_with = "values::patterns")]
    #[cfg_attr(test, schemars(with = "Vec<values::Text>"))]
    pub include: Vec<String>,
    /// The longest that setup may take.
    pub timeout_seconds: Seconds<1, 86_400, 600>,
}

/// What the worktrees of the agents get before a run, and where they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worktrees {
    #[serde(flatten)]
    pub each: Worktree,
    /// The folder that holds the worktrees; `None`: each agent's own.
    pub root: Option<String>,
}

/// `quota`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Quota {
    /// No run starts while so many per cent of a window, such as five hours or seven days, are used.
    pub stop_at: Whole<1, 100, 80>,
}

/// `queue_limits`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct QueueLimits {
    /// A task is created only while fewer are incoming and claimed together.
    pub max_incoming: Whole<0, 100_000, 20>,
    /// A task is claimed only while fewer are.
    pub max_claimed: Whole<0, 100_000, 5>,
    /// A task is claimed only while fewer pull requests from agent/* are open.
    pub max_open_prs: Whole<0, 100_000, 10>,
}

/// One entry of `proposal_limits`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ProposalLimits {
    /// The most active proposals at the same time.
    pub max_active: Whole<0, 100_000, 5>,
    /// The most that one run may add.
    pub max_per_run: Whole<0, 100_000, 2>,
}

/// `curator_scoring`: weights that need not add up to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CuratorScoring {
    /// Fits the priorities of the project.
    pub priority_alignment: Weight<30>,
    /// Makes the code simpler.
    pub complexity_reduction: Weight<25>,
    /// How little can go wrong.
    pub risk: Weight<15>,
    /// What it builds on is done.
    pub dependencies_met: Weight<15>,
    /// Whose idea it is.
    pub voice_weight: Weight<15>,
}

/// `gatekeeper`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Gatekeeper {
    /// Whether pull requests are checked at all.
    pub enabled: bool,
    /// Whether a pull request that passed gets an approving review.
    pub auto_approve: bool,
    /// Checks that must pass.
    #[serde(deserialize_with = "values::list")]
    pub required_checks: Vec<Name>,
    /// Checks that are reported and block nothing.
    #[serde(deserialize_with = "values::list")]
    pub optional_checks: Vec<Name>,
    /// Whether pull requests from forks are checked too; their code is never executed.
    pub include_forks: bool,
    /// Fix tasks for one pull request before you are asked.
    pub max_fix_rounds: Whole<0, 1_000, 3>,
}

impl Default for Gatekeeper {
    fn default() -> Self {
        let names = |words: [&str; 2]| words.iter().filter_map(|word| word.parse().ok()).collect();
        Self {
            enabled: false,
            auto_approve: false,
            required_checks: names(["lint", "tests"]),
            optional_checks: names(["style", "architecture"]),
            include_forks: false,
            max_fix_rounds: Whole::default(),
        }
    }
}

/// One configured worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    pub name: Name,
    /// Its role; of one of `roles`, the built-in one that it is based on.
    pub role: Role,
    /// That one of `roles`.
    pub custom: Option<CustomRole>,
    pub focus: Option<Name>,
    pub interval_seconds: u32,
    pub paused: bool,
    pub settings: RunSettings,
}

/// Whether a problem keeps everything from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing starts.
    Error,
    /// It is only said.
    Warning,
}

/// One thing that is wrong in agents.yaml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// The line, counted from 1.
    pub line: usize,
    /// The key with those it stands below: `agents[1].role`; empty for the file itself.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.key.is_empty() { "" } else { ": " };
        write!(f, "line {}: {}{colon}{}", self.line, self.key, self.message)
    }
}

/// Files that count as tests unless `test_paths` says otherwise.
fn usual_test_paths() -> Vec<String> {
    let paths = [
        "**/test/**",
        "**/tests/**",
        "**/__tests__/**",
        "**/spec/**",
        "**/e2e/**",
        "**/testdata/**",
        "**/fixtures/**",
        "**/*{_,.,-}{test,tests,spec}.*",
        "**/*{Test,Tests,Spec}.*",
        "**/test_*",
        "**/tests.*",
        "**/conftest.py",
    ];
    paths.map(str::to_owned).to_vec()
}

/// The proposers that the four usual focuses come with.
const VOICE_WEIGHTS: [(&str, Weight); 4] = [
    ("plan-reader", Weight::hundredths(150)),
    ("architect", Weight::hundredths(120)),
    ("test-checker", Weight::hundredths(100)),
    ("app-designer", Weight::hundredths(80)),
];

/// Reads the text of agents.yaml. Beside the configuration come the warnings.
///
/// # Errors
/// Everything that is wrong, errors and warnings, in the order of the file.
pub fn read(text: &str) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    match read_plain(text) {
        Some((config, findings)) if findings.is_empty() => Ok((config, Vec::new())),
        plain => explain::explain(text, plain),
    }
}

/// The configuration with what its keys together make wrong, where each by itself is known and right.
type Plain = (Config, Vec<Finding>);

fn read_plain(text: &str) -> Option<Plain> {
    let (mut is_known, mut findings) = (true, Vec::new());
    let yaml = serde_yaml::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let config: Config = serde_ignored::deserialize(yaml, |_| is_known = false).ok()?;
    is_known.then(|| (config.complete(&mut |finding| findings.push(finding)), findings))
}

impl Config {
    /// Brings together what was read key by key, and says what is wrong in it as a whole.
    fn complete(mut self, say: &mut dyn FnMut(Finding)) -> Self {
        roles::check(&self.roles, say);
        check::agents(&self, say);
        check::runners(&self, say);
        self.defaults.verify = std::mem::take(&mut self.defaults.verify).or_of(&self.verify);
        let entries = std::mem::take(&mut self.entries);
        self.agents = entries.into_iter().filter_map(|entry| entry.agent(&self.roles, &self.defaults)).collect();
        self.notify = self.notify.filter(|notify| !notify.command.is_empty());
        for (name, weight) in VOICE_WEIGHTS {
            if let Ok(name) = name.parse() {
                self.voice_weights.entry(name).or_insert(weight);
            }
        }
        check::gatekeeper(&self, say);
        self
    }

    /// Whether a coordinator has anything to do.
    pub fn has_coordinator_work(&self) -> bool {
        self.gatekeeper.enabled || self.pull_requests.is_active() || self.intake.is_some()
    }

    pub fn worktrees(&self) -> Worktrees {
        Worktrees { each: self.worktree.clone(), root: self.worktree_root.clone() }
    }

    /// How the runs of an agent are started, unless on this machine.
    pub fn runner_of(&self, agent: &Agent) -> Option<&Runner> {
        self.runners.get(agent.settings.runner.as_ref()?)
    }

    /// How many proposals this proposer may have.
    pub fn limits_of(&self, proposer: &Name) -> ProposalLimits {
        self.proposal_limits.get(proposer).copied().unwrap_or_default()
    }

    /// The agent of that name, with its position in the file.
    pub fn agent(&self, name: &Name) -> Option<(usize, &Agent)> {
        self.agents.iter().enumerate().find(|(_, agent)| agent.name == *name)
    }
}

#[cfg(test)]
mod tests;
