//! What accounts may do in the repository.

use super::{GhError, GitHub};
use crate::domain::permission::Permission;
use serde::Deserialize;

#[derive(Deserialize)]
struct Answer {
    permission: String,
    /// Says more, unless it is a role of the organisation's own.
    #[serde(default)]
    role_name: String,
}

impl GitHub {
    /// What an account may do in the repository; `None`: nothing, or there is no such account.
    ///
    /// # Errors
    /// gh's.
    pub fn permission(&self, login: &str) -> Result<Option<Permission>, GhError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if login.is_empty() || !login.chars().all(plain) {
            return Ok(None);
        }
        let path = format!("repos/{}/collaborators/{login}/permission", self.place()?.repository.path());
        match self.json::<Answer>(&["api", &path]) {
            Ok(answer) => Ok([answer.role_name, answer.permission].iter().find_map(|word| word.parse().ok())),
            Err(GhError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
