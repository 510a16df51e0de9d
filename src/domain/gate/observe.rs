//! How what GitHub says of a pull request is taken over into what is remembered.

use super::meta::Meta;
use super::verdict::standing;
use crate::domain::config::Gatekeeper;
use crate::domain::pull_request::PullRequest;
use crate::domain::text::{cut, one_line};
use crate::domain::time::Time;

/// The longest title, branch or account that is kept, in characters.
const LINE_MAX: usize = 300;

impl Meta {
    /// Takes over what GitHub says and the configuration asks for. What doesn't differ is left as it is.
    pub fn observe(&mut self, seen: &PullRequest, gate: &Gatekeeper, now: Time) {
        let line = |text: &str| cut(&one_line(text), LINE_MAX);
        self.pr_number = seen.number;
        self.title = line(&seen.title);
        self.branch = line(&seen.branch);
        self.base = line(&seen.base);
        self.author = line(&seen.author);
        self.head_sha.clone_from(&seen.head_sha);
        (self.draft, self.fork) = (seen.draft, seen.fork);
        self.required_checks.clone_from(&gate.required_checks);
        self.optional_checks.clone_from(&gate.optional_checks);
        self.created_at.get_or_insert(now);
        // The head is known anew: what was recorded is about it, or about an older one.
        self.check_results.values_mut().for_each(|result| result.ahead = false);
        self.status = standing(self);
    }
}
