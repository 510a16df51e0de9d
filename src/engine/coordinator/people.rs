//! Who is trusted: what GitHub says of an account, remembered for a while.

use super::Coordinator;
use crate::domain::permission::Permission;
use crate::domain::time::Time;
use crate::exec::github::GhError;
use crate::store::cache;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// For how long an answer counts, in minutes.
const LASTS: i64 = 60;

/// What was answered of one account.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answered {
    permission: Option<Permission>,
    at: Time,
}

impl Coordinator<'_> {
    /// Whether an account may do so much in the repository.
    pub(super) fn is_trusted(&self, login: &str, wanted: Permission) -> Result<bool, GhError> {
        let (path, now) = (self.project.paths.permissions(), (self.clock)());
        let mut known: BTreeMap<String, Answered> = cache::load(&path).unwrap_or_default();
        known.retain(|_, answered| answered.at <= now && now < answered.at + Duration::minutes(LASTS));
        if let Some(answered) = known.get(login) {
            return Ok(answered.permission >= Some(wanted));
        }
        let permission = self.github.permission(login)?;
        known.insert(login.to_owned(), Answered { permission, at: now });
        if let Err(error) = cache::save(&path, &known) {
            tracing::warn!("{error:#}");
        }
        Ok(permission >= Some(wanted))
    }
}
