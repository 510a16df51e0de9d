//! `inbox`: whose files in `.orchestrator/inbox/` are carried out.

use super::values::Variable;
use crate::domain::secrets;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::borrow::Cow;

/// `inbox`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["token_env"])))]
pub struct Inbox {
    /// The name of the variable, in the environment of ticks, with the token that a file begins with. One that agents don't get.
    #[serde(deserialize_with = "withheld")]
    #[cfg_attr(test, schemars(with = "Variable"))]
    pub token_env: String,
}

fn withheld<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let Variable(name) = Variable::deserialize(deserializer)?;
    if secrets::withheld(&[Cow::from(name.as_str())], &[], false).next().is_none() {
        let message =
            format!("agents would get {name}: choose a name that ends in _TOKEN, such as SCHEDULER_INBOX_TOKEN");
        return Err(D::Error::custom(message));
    }
    Ok(name)
}
