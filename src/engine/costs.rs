//! What runs have cost, by the ledger, and how many pull requests have landed for it. It only reads.

use super::project::Project;
use crate::domain::ledger::{By, Group, Sum};
use crate::domain::time::Time;
use crate::store::ledger;
use crate::store::prs::Prs;
use anyhow::Result;
use serde::Serialize;

/// What runs have cost.
#[derive(Debug, Serialize)]
pub struct Costs {
    /// Those that ended since then; `None`: all.
    pub since: Option<Time>,
    pub by: By,
    #[serde(flatten)]
    pub total: Sum,
    /// How many pull requests of agents have landed since then, as far as a coordinator saw it.
    pub landed_pull_requests: usize,
    /// All that was spent, for each of them.
    pub cost_per_landed_pull_request_usd: Option<f64>,
    pub groups: Vec<Group>,
}

/// Adds up the ledger.
///
/// # Errors
/// A ledger, or the folder of the pull requests, can't be read.
pub fn costs(project: &Project, by: By, since: Option<Time>) -> Result<Costs> {
    let (groups, total) = ledger::sums(&project.paths, by, since)?.told();
    let all = Prs::new(&project.paths).all()?.metas.into_iter();
    let landed =
        all.filter_map(|meta| meta.landing.landed).filter(|landed| since.is_none_or(|since| since <= landed.at));
    let landed = landed.count();
    let each = u32::try_from(landed).ok().filter(|landed| *landed > 0).map(|landed| total.cost_usd / f64::from(landed));
    Ok(Costs { since, by, total, landed_pull_requests: landed, cost_per_landed_pull_request_usd: each, groups })
}
