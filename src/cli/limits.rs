//! `scheduler limits`: how much may happen at once, and how that is changed.

use super::completions::Source;
use super::configure::{self, Setting};
use super::{Context, config, table};
use crate::domain::config::{Change, ProposalLimits, QueueLimits, Step, Usd, Whole, keys};
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

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
        after_help = "Keys: those that `scheduler limits show` lists, and for the proposals of an agent NAME.max_active and \
        NAME.max_per_run.\n\n\
        Examples:\n  scheduler limits set max_claimed=3\n  scheduler limits set max_running="
    )]
    Set {
        /// Which limit, and what it is to be
        #[arg(value_name = "KEY=VALUE", required = true, add = Source::Limit)]
        settings: Vec<Setting>,
    },
}

#[derive(Serialize)]
struct Limits {
    #[serde(flatten)]
    queue: QueueLimits,
    max_running: Option<Whole<1, 10_000>>,
    max_cost_usd_per_day: Option<Usd<0>>,
    max_cost_usd_per_week: Option<Usd<0>>,
    max_cost_usd_per_task: Option<Usd<0>>,
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
    let (project, _) = context.enter("limits show")?;
    let config = config::read(&project)?;
    let proposals = config.proposal_limits.into_iter().map(|(name, limits)| (name.to_string(), limits));
    let limits = Limits {
        queue: config.queue_limits,
        max_running: config.max_running,
        max_cost_usd_per_day: config.max_cost_usd_per_day,
        max_cost_usd_per_week: config.max_cost_usd_per_week,
        max_cost_usd_per_task: config.max_cost_usd_per_task,
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
    for (key, limit, meaning) in [
        ("max_cost_usd_per_day", limits.max_cost_usd_per_day, "cost of all runs of a local day"),
        ("max_cost_usd_per_week", limits.max_cost_usd_per_week, "cost of all runs of seven local days"),
        ("max_cost_usd_per_task", limits.max_cost_usd_per_task, "cost of the runs of a task"),
    ] {
        row(key, limit.map_or_else(none, |limit| format!("${:.2}", limit.get())), meaning);
    }
    for (name, limits) in &limits.proposal_limits {
        row(&format!("{name}.max_active"), limits.max_active.to_string(), "its proposals waiting at the same time");
        row(&format!("{name}.max_per_run"), limits.max_per_run.to_string(), "its proposals in one run");
    }
    context.line(table::text(&rows, context.width()))
}

fn set(settings: &[Setting], context: &Context) -> Result<()> {
    let (project, _) = context.enter("limits set")?;
    let changes: Vec<Change> = settings.iter().map(change).collect::<Result<_>>()?;
    configure::apply(context, &project, &changes, &configure::describe(settings))
}

/// What is called a limit: what `queue_limits` and `proposal_limits` hold, and at the top what begins so.
fn change(setting: &Setting) -> Result<Change> {
    let key = &setting.key;
    let [queue, top] = names();
    let path = match key.rsplit_once('.') {
        Some((agent, limit)) => vec![Step::key("proposal_limits"), Step::key(agent), Step::key(limit)],
        None if top.contains(key) => vec![Step::key(key)],
        None => vec![Step::key("queue_limits"), Step::key(key)],
    };
    setting.change(path)?.ok_or_else(|| configure::unknown_key(key, &[queue, top].concat()))
}

/// The limits that are set by these names: those of the queue, and those at the top of agents.yaml.
pub(super) fn names() -> [Vec<String>; 2] {
    let mut top = keys(&[]);
    top.retain(|key| key.starts_with("max_"));
    [keys(&[Step::key("queue_limits")]), top]
}
