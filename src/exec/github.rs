//! GitHub, through the `gh` program: pull requests, comments, reviews.
//!
//! Every call has a time limit, and every call that creates something looks first and again after a lost reply, so that
//! doing it twice does it once. All calls speak of one repository, and without one none is made: gh never guesses. It never
//! decides what is published, and never asks anybody anything.

mod ci;
mod comments;
mod error;
mod gate;
mod issues;
mod landing;
mod ours;
mod people;
mod place;
mod receipt;
mod talk;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::outgoing::outgoing;
use crate::domain::pull_request::PullRequest;
use crate::domain::receipt::Row;
use crate::domain::review::ReviewVerdict;
use crate::domain::run::NewPullRequest;
use crate::domain::secrets::Secrets;
use crate::domain::text;
use crate::exec::command::{self, Grace};

pub use comments::{Comments, marker};
pub use error::GhError;
pub use gate::{OpenPulls, Reviewed};
pub use place::Place;

const MAX_OUTPUT: usize = 8 << 20;
/// A list, as the query language gives it.
#[derive(Deserialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

/// GitHub takes 65,536 characters of text and 256 of a title.
const MAX_BODY: usize = 60_000;
const MAX_TITLE: usize = 250;
const FIELDS: &str = "--json=id,number,state,url,title,author,headRefName,headRefOid,headRepositoryOwner,baseRefName,isDraft,isCrossRepository,labels";
/// Variables that would change the repository, the form of the output or the noise on stderr.
const FOREIGN: [&str; 8] =
    ["GH_REPO", "GH_DEBUG", "GH_FORCE_TTY", "CLICOLOR_FORCE", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "DEBUG"];

/// How a text was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It had been there already.
    Already,
    /// As a review.
    Review,
    /// As a comment.
    Comment,
}

/// One repository on GitHub.
#[derive(Clone, Debug)]
pub struct GitHub {
    program: PathBuf,
    checkout: PathBuf,
    place: Result<Place, GhError>,
    secrets: Secrets,
    timeout: Duration,
}

impl GitHub {
    /// Calls `gh` in `checkout`, each time for `timeout` at most; where there is no place, not at all.
    pub fn new(checkout: impl Into<PathBuf>, place: Result<Place, GhError>, timeout: Duration) -> Self {
        Self { program: "gh".into(), checkout: checkout.into(), place, secrets: Secrets::default(), timeout }
    }

    /// The repository that the pull requests are in, or why there is none.
    pub fn place(&self) -> Result<&Place, GhError> {
        self.place.as_ref().map_err(Clone::clone)
    }

    /// The same, which publishes none of these values.
    pub fn hiding(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    /// The open pull requests of this repository whose branch begins with `agent/`, among the newest `limit` open ones.
    pub fn open_agent_prs(&self, limit: usize) -> Result<Vec<PullRequest>, GhError> {
        let open = self.list_open(limit)?;
        Ok(open.into_iter().filter(PullRequest::is_of_agent).collect())
    }

    fn list_open(&self, limit: usize) -> Result<Vec<PullRequest>, GhError> {
        self.list(&["pr", "list", "--state=open", &format!("--limit={limit}"), FIELDS])
    }

    fn list(&self, arguments: &[&str]) -> Result<Vec<PullRequest>, GhError> {
        let found: Vec<PullRequest> = self.json(arguments)?;
        let place = self.place()?;
        Ok(found.into_iter().map(|pr| place.seen(pr)).collect())
    }

    /// The pull request of a branch of this repository: the open one, else the newest; `None` if there never was one.
    pub fn find_by_head(&self, branch: &str) -> Result<Option<PullRequest>, GhError> {
        let head = format!("--head={branch}");
        let found = self.list(&["pr", "list", "--state=all", "--limit=50", &head, FIELDS])?;
        let own = found.into_iter().filter(|pr| pr.branch == branch && !pr.fork);
        Ok(own.max_by_key(|pr| (pr.is_open(), pr.number)))
    }

    /// Opens a pull request from `head`, which has been pushed, unless that branch has or had one, in whatever state.
    ///
    /// Where drafts aren't offered it opens a plain one. Its text ends with the receipt.
    pub fn create(&self, head: &str, wanted: &NewPullRequest, receipt: &[Row]) -> Result<PullRequest, GhError> {
        let NewPullRequest { base, title, body, draft, closes } = wanted;
        let body = &self.with_receipt(body, *closes, receipt);
        if let Some(pr) = self.find_by_head(head)? {
            return Ok(pr);
        }
        let result = match self.create_once(head, base, title, body, *draft) {
            Err(error) if *draft && error.is_draft_refused() => self.create_once(head, base, title, body, false),
            other => other,
        };
        // Whatever the reply was, what can be seen counts.
        match (self.find_by_head(head), result) {
            (Ok(Some(pr)), _) => Ok(pr),
            (_, Err(error)) | (Err(error), Ok(())) => Err(error),
            (Ok(None), Ok(())) => Err(GhError::other("the pull request was opened but can't be found")),
        }
    }

    fn create_once(&self, head: &str, base: &str, title: &str, body: &str, draft: bool) -> Result<(), GhError> {
        let head = format!("--head={}", self.place()?.head(head));
        let base = format!("--base={base}");
        let title = format!("--title={}", text::cut(&self.outgoing(&text::one_line(title)), MAX_TITLE));
        let mut arguments = vec!["pr", "create", &head, &base, &title, "--body-file=-"];
        if draft {
            arguments.push("--draft");
        }
        self.call(&arguments, Some(body)).map(drop)
    }

    fn comment_anew(&self, number: u64, body: &str, marker: &str) -> Result<Posted, GhError> {
        let arguments = ["pr", "comment", &number.to_string(), "--body-file=-"];
        let result = self.call(&arguments, Some(&with_marker(&self.outgoing(body), marker))).map(drop);
        self.despite_lost_reply(result, number, marker, Posted::Comment)
    }

    /// Reviews a pull request, unless a comment or review with this marker is there. `marker` is put below the text,
    /// invisible: `<!-- scheduler:… -->`.
    ///
    /// Nobody may judge a pull request of his own account: where GitHub refuses, the text becomes a comment.
    pub fn review(&self, number: u64, verdict: ReviewVerdict, body: &str, marker: &str) -> Result<Posted, GhError> {
        if self.has_marker(number, marker)? {
            return Ok(Posted::Already);
        }
        match self.review_anew(number, verdict, body, marker) {
            Err(error) if error.is_own_pr() => self.comment_anew(number, body, marker),
            result => self.despite_lost_reply(result, number, marker, Posted::Review),
        }
    }

    fn review_anew(&self, number: u64, verdict: ReviewVerdict, body: &str, marker: &str) -> Result<(), GhError> {
        let verdict = match verdict {
            ReviewVerdict::Approve => "--approve",
            ReviewVerdict::RequestChanges => "--request-changes",
            ReviewVerdict::Comment => "--comment",
        };
        let arguments = ["pr", "review", &number.to_string(), verdict, "--body-file=-"];
        self.call(&arguments, Some(&with_marker(&self.outgoing(body), marker))).map(drop)
    }

    /// All text that is published is partly of agents: here none is forgotten.
    fn outgoing(&self, text: &str) -> String {
        outgoing(text, &self.secrets)
    }

    /// A pull request as it is now.
    pub fn head_of(&self, number: u64) -> Result<PullRequest, GhError> {
        let pr = self.json(&["pr", "view", &number.to_string(), FIELDS])?;
        Ok(self.place()?.seen(pr))
    }

    fn despite_lost_reply(
        &self,
        result: Result<(), GhError>,
        number: u64,
        marker: &str,
        posted: Posted,
    ) -> Result<Posted, GhError> {
        match result {
            Ok(()) => Ok(posted),
            Err(_) if self.has_marker(number, marker).unwrap_or(false) => Ok(posted),
            Err(error) => Err(error),
        }
    }

    fn has_marker(&self, number: u64, marker: &str) -> Result<bool, GhError> {
        Ok(self.comments(number)?.have(marker))
    }

    fn json<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T, GhError> {
        let output = self.call(arguments, None)?;
        serde_json::from_str(&output).map_err(|error| GhError::other(format!("gh gave an unexpected answer: {error}")))
    }

    fn call(&self, arguments: &[&str], stdin: Option<&str>) -> Result<String, GhError> {
        self.call_for(arguments, stdin, MAX_OUTPUT)
    }

    /// The same, with an answer of so many bytes at most.
    fn call_for(&self, arguments: &[&str], stdin: Option<&str>, max: usize) -> Result<String, GhError> {
        let arguments = self.place()?.addressed(arguments);
        let mut call = Command::new(&self.program);
        call.args(&arguments).current_dir(&self.checkout);
        for name in FOREIGN {
            call.env_remove(name);
        }
        for (name, value) in [
            ("GH_PROMPT_DISABLED", "1"),
            ("NO_COLOR", "1"),
            ("GH_PAGER", "cat"),
            ("GH_NO_UPDATE_NOTIFIER", "1"),
            ("GH_NO_EXTENSION_UPDATE_NOTIFIER", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("LC_ALL", "C"),
        ] {
            call.env(name, value);
        }
        tracing::debug!(arguments = ?&arguments[..2], "gh");
        let captured = command::run_with(&mut call, stdin.map(str::as_bytes), self.timeout, Grace::Network, max)?;
        if captured.truncated {
            return Err(GhError::other(format!("gh gave an answer of more than {} MiB", max >> 20)));
        }
        if captured.status.success() {
            Ok(String::from_utf8_lossy(&captured.stdout).into_owned())
        } else {
            Err(GhError::classify(captured.status.code(), &String::from_utf8_lossy(&captured.stderr)))
        }
    }
}

/// The marker stands on a line of its own and is left whole, however long the text is.
fn with_marker(body: &str, marker: &str) -> String {
    format!("{}\n\n{marker}\n", text::cut(body.trim_end(), MAX_BODY))
}
