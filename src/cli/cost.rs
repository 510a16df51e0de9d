//! `scheduler cost`: what runs have cost, for whom, and what came of it.

use super::{Context, table};
use crate::domain::ledger::{By, Sum};
use crate::domain::text::counted;
use crate::domain::time;
use crate::engine::costs::{self, Costs};
use anyhow::Result;
use comfy_table::CellAlignment;

/// How many groups are shown, unless they are days or weeks.
const SOME: usize = 30;
/// The most columns of a name, where lines have an end.
const NAME: usize = 32;

/// Arguments of `scheduler cost`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What it is told for
    #[arg(long, value_enum, value_name = "GROUP", default_value = "agent")]
    by: By,
    /// Since when: 7d (today and the six days before), 12h, or a day as 2026-03-01; left out: since the first run
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints what runs have cost.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, _) = context.enter("cost")?;
    let since = args.since.as_deref().map(|text| context.since(text)).transpose()?;
    let costs = costs::costs(&project, args.by, since)?;
    if args.json { context.json(&costs) } else { context.line(told(&costs, context.width())) }
}

fn told(costs: &Costs, width: usize) -> String {
    let day = |since| format!(" since {} {}", time::local_day(since), time::of_day(since));
    let (since, total) = (costs.since.map_or(String::new(), day), &costs.total);
    if total.runs == 0 {
        return format!("no run has ended{since}");
    }
    let heading = costs.by.word().to_uppercase();
    let mut rows = table::new(&[&heading, "RUNS", "COST", "EACH", "FAILED", "COST OF FAILED"]);
    for column in rows.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let shown = if matches!(costs.by, By::Day | By::Week) { usize::MAX } else { SOME };
    rows.add_rows(costs.groups.iter().take(shown).map(|group| row(&group.name, &group.sum, width)));
    rows.add_row(row("all", total, width));
    let mut lines = vec![table::text(&rows, width), String::new()];
    let more = costs.groups.len().saturating_sub(shown);
    if more > 0 {
        lines.insert(1, format!("... and {more} more; --json has them all"));
    }
    if total.failed_cost_usd > 0.0 {
        let share = 100.0 * total.failed_cost_usd / total.cost_usd;
        lines.push(format!("Failed runs{since} took {share:.0} % of the cost."));
    }
    if let Some(each) = costs.cost_per_landed_pull_request_usd {
        let landed = counted(costs.landed_pull_requests, "pull request");
        lines.push(format!("{landed} landed{since}: ${each:.2} each, of all that was spent."));
    }
    let notional = total.notional_cost_usd;
    if notional > 0.0 {
        let what = if notional < total.cost_usd { format!("${notional:.2} of it is") } else { "It is all".to_owned() };
        lines.push(format!("{what} notional: a subscription pays."));
    }
    lines.join("\n").trim_end().to_owned()
}

fn row(name: &str, sum: &Sum, width: usize) -> [String; 6] {
    let each = sum.cost_usd / f64::from(u32::try_from(sum.runs).unwrap_or(u32::MAX));
    let [cost, each, failed] = [sum.cost_usd, each, sum.failed_cost_usd].map(|usd| format!("${usd:.2}"));
    [table::cell(name, NAME, width), sum.runs.to_string(), cost, each, sum.failed_runs.to_string(), failed]
}
