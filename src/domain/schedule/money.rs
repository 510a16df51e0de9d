//! What money and the account's usage limits leave for further runs.

use super::{Reason, Snapshot};
use crate::domain::billing::{self, Billing};
use crate::domain::config::{Agent, Config, Usd};
use crate::domain::time::Time;

/// Whether an agent starts only with a key in the environment of ticks. What another machine has of its own isn't known here.
pub fn needs_api_key(agent: &Agent) -> bool {
    let settings = &agent.settings;
    let has_own = || settings.env.keys().any(|name| billing::KEYS.contains(&name.as_str()));
    settings.billing == Billing::Api && agent.role.uses_claude() && settings.runner.is_none() && !has_own()
}

/// Whether runs have cost what they may; `given_usd` is what those may cost that this tick starts.
pub(super) fn budget_spent(config: &Config, snapshot: &Snapshot, given_usd: f64) -> Option<Reason> {
    let spent = |limit: Option<Usd<0>>, before: f64| {
        let spent_usd = before + given_usd;
        limit.map(Usd::get).filter(|limit| spent_usd >= *limit).map(|limit_usd| (spent_usd, limit_usd))
    };
    let day = spent(config.max_cost_usd_per_day, snapshot.spent_usd);
    let week = || spent(config.max_cost_usd_per_week, snapshot.week_usd);
    let of_day = day.map(|spent| (false, spent));
    let (of_week, (spent_usd, limit_usd)) = of_day.or_else(|| Some((true, week()?)))?;
    Some(Reason::BudgetSpent { spent_usd, limit_usd, of_week })
}

/// Whether the rest of a usage limit is kept for the user.
pub(super) fn quota_kept(config: &Config, snapshot: &Snapshot, agent: &Agent, now: Time) -> Option<Reason> {
    if agent.settings.billing == Billing::Api {
        return None;
    }
    let limit_percent = config.quota?.stop_at.get();
    let (window, state) = snapshot.quota.spent(limit_percent, agent.settings.claude_model.as_deref(), now)?;
    let (used_percent, until) = (state.used_percent, state.resets_at);
    Some(Reason::QuotaKept { window: window.to_owned(), used_percent, limit_percent, until })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config;
    use crate::domain::quota::Quota;
    use crate::domain::schedule::{AgentView, Decision, Standing, decide};
    use crate::domain::state::AgentState;
    use crate::domain::stream::RateLimit;
    use crate::domain::time;

    const NOW: &str = "2026-03-01T12:00:00Z";

    /// What becomes of a product manager under these keys.
    fn decided(keys: &str, prepare: impl FnOnce(&mut Snapshot)) -> Result<(), Reason> {
        let (config, _) = config::read(&format!("{keys}\nagents: [{{name: pm, role: product_manager}}]")).unwrap();
        let free = AgentView { standing: Standing::Free, state: AgentState::default() };
        let mut snapshot = Snapshot { agents: vec![free.into()], ..Snapshot::default() };
        prepare(&mut snapshot);
        match decide(&config, &snapshot, time::parse(NOW).unwrap()).remove(0) {
            Decision::Start(_) => Ok(()),
            Decision::Skip(reason) => Err(reason),
        }
    }

    #[test]
    fn a_day_and_a_week_have_their_budgets() {
        let day = |spent_usd, limit_usd| Err(Reason::BudgetSpent { spent_usd, limit_usd, of_week: false });
        let week = |spent_usd, limit_usd| Err(Reason::BudgetSpent { spent_usd, limit_usd, of_week: true });
        for (keys, today, in_week, expected) in [
            ("", 50.0, 500.0, Ok(())),
            ("max_cost_usd_per_day: 5", 4.5, 500.0, Ok(())),
            ("max_cost_usd_per_day: 5", 5.0, 5.0, day(5.0, 5.0)),
            ("max_cost_usd_per_week: 20", 5.0, 19.5, Ok(())),
            ("max_cost_usd_per_week: 20", 5.0, 20.5, week(20.5, 20.0)),
            ("max_cost_usd_per_day: 5\nmax_cost_usd_per_week: 20", 5.0, 20.0, day(5.0, 5.0)),
        ] {
            let found = decided(keys, |snapshot| (snapshot.spent_usd, snapshot.week_usd) = (today, in_week));
            assert_eq!(found, expected, "{keys}");
        }
    }

    #[test]
    fn the_rest_of_a_window_is_the_user_s() {
        let resets_at = time::parse("2026-03-01T14:00:00Z").unwrap();
        let mut quota = Quota::default();
        quota.note(&RateLimit {
            window: Some("five_hour".to_owned()),
            used_percent: Some(83),
            resets_at: Some(resets_at.timestamp()),
            ..RateLimit::default()
        });
        let kept = |limit_percent| {
            Err(Reason::QuotaKept { window: "five_hour".to_owned(), used_percent: 83, limit_percent, until: resets_at })
        };
        for (keys, requested, expected) in [
            ("", false, Ok(())),
            ("quota: {}", false, kept(80)),
            ("quota: {stop_at: 83}", false, kept(83)),
            ("quota: {stop_at: 84}", false, Ok(())),
            ("quota: {stop_at: 50}\ndefaults: {billing: api}", false, Ok(())),
            ("quota: {stop_at: 50}", true, Ok(())),
        ] {
            let found = decided(keys, |snapshot| {
                snapshot.quota = quota.clone();
                snapshot.requested = requested.then(|| "pm".parse().unwrap()).into_iter().collect();
            });
            assert_eq!(found, expected, "{keys}");
        }
    }
}
