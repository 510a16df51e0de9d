//! What a run has used up: what claude said at its end, else what its messages and earlier runs tell. No run is without it.
//!
//! It reads, and counts nothing against any limit.

use super::ended::Ended;
use crate::domain::run::Usage;
use crate::domain::session::Session;
use crate::domain::stream::{ResultLine, StreamFacts};
use crate::domain::time::Time;
use crate::exec::stream;
use crate::store::ledger;
use crate::store::paths::{Paths, RunPaths};
use crate::sys::read;
use std::time::Duration;

/// What a run of which this is known used up. `at_most` is its own limit.
pub fn of(paths: &Paths, files: &RunPaths, ended: &Ended, at_most: Option<f64>, now: Time) -> Usage {
    let began = files.output().metadata().is_ok_and(|output| output.len() > 0);
    let session = read::read_json(&files.session()).ok().flatten();
    let measured = measured(&ended.facts, ended.duration, session.as_ref());
    let recent = || ledger::spent(paths, now).ok().map(|spent| spent.max_recent_usd);
    let cost = measured.cost_usd.or_else(|| if began { at_most.or_else(recent) } else { None });
    Usage { cost_usd: cost, ..measured }
}

/// The same of a run of which nothing but its folder is left.
pub fn of_lost(paths: &Paths, files: &RunPaths, now: Time) -> Usage {
    let facts = stream::read_facts(&files.output()).unwrap_or_default();
    of(paths, files, &Ended { facts, ..Ended::default() }, None, now)
}

fn measured(facts: &StreamFacts, duration: Duration, session: Option<&Session>) -> Usage {
    let result = facts.result.as_ref();
    let said = |result: &ResultLine| session.map_or(result.total_cost_usd, |session| session.own_cost(result));
    let (turns, tokens) = facts.spent.with_result(result).unzip();
    Usage {
        turns,
        cost_usd: result.and_then(said).or_else(|| facts.spent.estimate()),
        is_estimate: result.is_none_or(|result| result.total_cost_usd.is_none()),
        input_tokens: tokens
            .map(|usage| usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens),
        output_tokens: tokens.map(|usage| usage.output_tokens),
        cache_read_tokens: tokens.map(|usage| usage.cache_read_input_tokens),
        cache_write_tokens: tokens.map(|usage| usage.cache_creation_input_tokens),
        model: facts.model.clone(),
        payer: facts.payer(),
        quota: facts.quota.clone(),
        duration_seconds: duration.as_secs(),
    }
}
