//! What claude says of the account's limits.

use super::get;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The state of the account's limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// `allowed`, `allowed_warning` or `rejected`.
    pub status: String,
    /// When the limit is lifted, in seconds since 1970.
    pub resets_at: Option<i64>,
    /// Which limit: `five_hour`, `seven_day`, `seven_day_opus` ...
    pub window: Option<String>,
    /// How much of it is used, in per cent.
    pub used_percent: Option<u32>,
}

impl RateLimit {
    /// Whether requests are refused until the reset.
    pub fn is_rejected(&self) -> bool {
        self.status == "rejected"
    }

    /// From claude's `rate_limit_event`.
    pub(super) fn read(value: &Value) -> Self {
        let info = value.get("rate_limit_info").unwrap_or(value);
        Self {
            status: get(info, "status"),
            resets_at: info.get("resetsAt").and_then(Value::as_f64).map(seconds),
            window: get(info, "rateLimitType"),
            used_percent: info.get("utilization").and_then(Value::as_f64).map(percent),
        }
    }
}

/// Seconds since 1970 from a number of seconds or, when it is too large for that, of milliseconds.
fn seconds(number: f64) -> i64 {
    let seconds = if number > 1e11 { number / 1000.0 } else { number };
    #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
    {
        seconds as i64
    }
}

/// Whole per cents from a fraction; what is too large for one is in per cent already.
fn percent(number: f64) -> u32 {
    let percent = if number > 2.0 { number } else { number * 100.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
    {
        (percent + 1e-9) as u32
    }
}
