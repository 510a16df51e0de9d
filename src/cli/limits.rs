//! `scheduler limits`: how much may happen at once, and how that is changed.

use super::{
    Context, config,
    configure::{self, Kind, Setting},
    table,
};
use crate::domain::config::{Change, ProposalLimits, QueueLimits, Step, Usd, Whole};
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

/// The keys, with the mapping that each stands in.
const KEYS: [(&str, Option<&str>); 5] = [
    ("max_incoming", Some("queue_limits")),
    ("max_claimed", Some("queue_limits")),
    ("max_open_prs", Some("queue_limits")),
    ("max_running", None),
    ("max_cost_usd_per_day", None),
];
const PROPOSALS: [&str; 2] = ["max_active", "max_per_run"];

/// Arguments of `scheduler limits`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show the limits
    #[command(after_help = "Example:\n  scheduler limits show")]
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change a limit in agents.yaml; `KEY=` takes it back to its default
    #[command(
        after_help = "Keys: max_incoming, max_claimed, max_open_prs, max_running, max_cost_usd_per_day, and for the \
        proposals of an agent NAME.max_active and NAME.max_per_run.\n\n\
        Examples:\n  scheduler limits set max_claimed=3\n  scheduler limits set max_running="
    )]
    Set {
        /// Which limit, and what it is to be
        #[arg(value_name = "KEY=VALUE", required = true)]
        settings: Vec<Setting>,
    },
}

#[derive(Serialize)]
struct Limits {
    #[serde(flatten)]
    queue: QueueLimits,
    max_running: Option<Whole<1, 10_000>>,
    max_cost_usd_per_day: Option<Usd<0>>,
    proposal_limits: BTreeMap<String, ProposalLimits>,
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::Show { json } => show(*json, context),
        Command::Set { settings } => set(settings, context),
    }
}

fn show(json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.reading("limits show")?;
    let config = config::read(&project)?;
    let proposals = config.proposal_limits.into_iter().map(|(name, limits)| (name.to_string(), limits));
    let limits = Limits {
        queue: config.queue_limits,
        max_running: config.max_running,
        max_cost_usd_per_day: config.max_cost_usd_per_day,
        proposal_limits: proposals.collect(),
    };
    if json {
        return context.json(&limits);
    }
    let none = || "no limit".to_owned();
    let mut rows = table::new(&["LIMIT", "IS", "MEANING"]);
    let mut row = |key: &str, value: String, meaning: &str| {
        rows.add_row([key, &value, meaning]);
    };
    row("max_incoming", limits.queue.max_incoming.to_string(), "tasks incoming and claimed together");
    row("max_claimed", limits.queue.max_claimed.to_string(), "tasks claimed");
    row("max_open_prs", limits.queue.max_open_prs.to_string(), "pull requests open from agent/* branches");
    row("max_running", limits.max_running.map_or_else(none, |limit| limit.to_string()), "runs at the same moment");
    let cost = limits.max_cost_usd_per_day.map_or_else(none, |limit| format!("${:.2}", limit.get()));
    row("max_cost_usd_per_day", cost, "cost of all runs of a local day");
    for (name, limits) in &limits.proposal_limits {
        row(&format!("{name}.max_active"), limits.max_active.to_string(), "its proposals waiting at the same time");
        row(&format!("{name}.max_per_run"), limits.max_per_run.to_string(), "its proposals in one run");
    }
    context.line(table::text(&rows))
}

fn set(settings: &[Setting], context: &Context) -> Result<()> {
    let (project, _) = context.writing("limits set")?;
    let changes: Vec<Change> = settings.iter().map(change).collect::<Result<_>>()?;
    configure::apply(context, &project, &changes, &configure::describe(settings))
}

fn change(setting: &Setting) -> Result<Change> {
    if let Some((key, section)) = KEYS.iter().find(|(key, _)| *key == setting.key) {
        return setting.change(section.iter().copied().map(Step::key).collect(), key, Kind::Plain);
    }
    let proposal = setting.key.rsplit_once('.').filter(|(_, key)| PROPOSALS.contains(key));
    let Some((name, key)) = proposal else {
        let keys: Vec<_> = KEYS.iter().map(|(key, _)| *key).collect();
        return Err(configure::unknown_key(&setting.key, &keys));
    };
    setting.change(vec![Step::key("proposal_limits"), Step::key(name)], key, Kind::Plain)
}
