//! The words for what money and usage limits keep from starting.

use super::words::{Words, raise, words};
use crate::domain::name::Name;
use crate::domain::quota;

pub(super) fn budget_spent(spent_usd: f64, limit_usd: f64, of_week: bool) -> Words {
    let (brief, runs, key, then) = match of_week {
        false => ("", "today's runs", "max_cost_usd_per_day", "it goes on at local midnight"),
        true => (
            " in 7 d",
            "the runs of seven days",
            "max_cost_usd_per_week",
            "at local midnight the oldest of these days is left out",
        ),
    };
    let spent = format!("${spent_usd:.2} of ${limit_usd:.2}");
    words(format!("{spent} spent{brief}"), format!("{runs} cost {spent} ({key})"), format!("{then}; {}", raise(key)))
}

/// `until`: when the window begins anew, and how long that is.
pub(super) fn quota_kept(agent: &Name, window: &str, (used, limit): (u32, u32), until: (String, String)) -> Words {
    let (until, span) = until;
    let time = quota::words(window);
    words(
        format!("quota used to {used} %, {span}"),
        format!(
            "{used} % of what the account may use in {time} are used; from {limit} % on the rest is yours (quota.stop_at)"
        ),
        format!("it goes on at {until}; `scheduler agent run {agent}` starts it at the next tick all the same"),
    )
}
