//! The receipt in the description of a pull request: written with it, and brought up to date.

use super::{GhError, GitHub};
use crate::domain::receipt::{self, Row};
use serde::Deserialize;

#[derive(Deserialize)]
struct Description {
    #[serde(default)]
    body: String,
    #[serde(rename = "isDraft")]
    is_draft: bool,
}

impl GitHub {
    /// A text of agents, what it closes, and a receipt below it. No mark of theirs passes for one of ours.
    pub(super) fn with_receipt(&self, body: &str, closes: Option<u64>, rows: &[Row]) -> String {
        let closes = closes.map_or(String::new(), |issue| format!("\n\nCloses #{issue}\n"));
        let body = self.outgoing(body) + &closes;
        receipt::with_rows(&body, &self.fit(rows)).unwrap_or(body)
    }

    /// Writes rows into the receipt of a pull request, over those of the same words; done again, it does nothing. One without a
    /// receipt isn't ours, and is left as it is. `is_ready`: it isn't to be a draft any more if it is one because its receipt says
    /// that `verify` fails. Returns whether it says so now.
    ///
    /// # Errors
    /// gh's; the description would be too long.
    pub fn update_receipt(&self, number: u64, rows: &[Row], is_ready: bool) -> Result<bool, GhError> {
        let now = self.described(number)?;
        if !receipt::is_in(&now.body) {
            return Ok(false);
        }
        // First: afterwards nobody would know.
        if is_ready && now.is_draft && receipt::is_red(&now.body) {
            self.ready(number)?;
        }
        let Some(body) = receipt::with_rows(&now.body, &self.fit(rows)) else {
            return Err(GhError::other("its description has no room for a receipt"));
        };
        let is_red = receipt::is_red(&body);
        if body == now.body.replace("\r\n", "\n") {
            return Ok(is_red);
        }
        let path = format!("repos/{}/pulls/{number}", self.place()?.repository.path());
        // Not `gh pr edit`, which asks for more than GitHub answers.
        let arguments = ["api", "--method=PATCH", &path, "--field=body=@-", "--jq={number}"];
        match self.call(&arguments, Some(&body)) {
            Ok(_) => Ok(is_red),
            // Whatever the reply was, what can be seen counts.
            Err(error) => match self.described(number) {
                Ok(now) if now.body.replace("\r\n", "\n") == body => Ok(is_red),
                _ => Err(error),
            },
        }
    }

    fn described(&self, number: u64) -> Result<Description, GhError> {
        self.json(&["pr", "view", &number.to_string(), "--json=number,state,body,isDraft"])
    }

    fn fit(&self, rows: &[Row]) -> Vec<Row> {
        rows.iter().map(|row| row.clone().map(|text| self.outgoing(text))).collect()
    }
}
