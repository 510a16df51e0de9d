//! What gatekeepers need of GitHub: all open pull requests in one call, and the steps of a verdict.
//!
//! Each step done twice does it once; the caller hands in what was said before, so that it is asked for once.

use super::{Comments, GhError, GitHub};
use crate::domain::pull_request::{Label, PullRequest};
use crate::domain::review::ReviewVerdict;
use crate::domain::text;
use serde::Deserialize;

/// The most of a description that is asked for, in characters; GitHub takes fewer.
const MAX_DESCRIPTION: usize = 200_000;
/// Takes labels from a pull request, and asks which it has then.
const REMOVE: &str = "query=mutation($pull:ID!,$labels:[ID!]!){removeLabelsFromLabelable(input:{labelableId:$pull,\
    labelIds:$labels}){labelable{...on PullRequest{labels(first:100){nodes{name}}}}}}";
/// The open pull requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPulls {
    /// Each of them.
    pub pulls: Vec<PullRequest>,
    /// Whether there are no others.
    pub complete: bool,
}

/// What the author says of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Description {
    /// `OPEN`, `CLOSED` or `MERGED`.
    pub state: String,
    /// Text of others; may be empty.
    #[serde(default)]
    pub body: String,
}

/// Whether GitHub took a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reviewed {
    /// It is there.
    Yes,
    /// Nobody may judge a pull request of his own account.
    Own,
}

impl GitHub {
    /// The open pull requests of this repository, the newest `limit` of them, in one call.
    ///
    /// # Errors
    /// gh's, or a head commit that is none.
    pub fn open_pulls(&self, limit: usize) -> Result<OpenPulls, GhError> {
        let pulls = self.list_open(limit)?;
        pulls.iter().try_for_each(check_head)?;
        Ok(OpenPulls { complete: pulls.len() < limit, pulls })
    }

    /// The description of a pull request, of a long one the beginning, and whether it is open.
    ///
    /// # Errors
    /// gh's.
    pub fn description(&self, number: u64) -> Result<Description, GhError> {
        let cut = format!("--jq={{number,state,body:.body[0:{MAX_DESCRIPTION}]}}");
        self.json(&["pr", "view", &number.to_string(), "--json=number,state,body", &cut])
    }

    /// Comments on a pull request, unless `said` has the marker.
    ///
    /// # Errors
    /// gh's, unless the comment is there all the same.
    pub fn comment_unless(&self, said: &Comments, number: u64, body: &str, marker: &str) -> Result<(), GhError> {
        if said.have(marker) {
            return Ok(());
        }
        self.comment_anew(number, body, marker).map(drop)
    }

    /// Approves, or requests changes, unless `said` has the marker.
    ///
    /// # Errors
    /// gh's, but that it is the account's own pull request is none.
    pub fn review_unless(
        &self,
        said: &Comments,
        number: u64,
        verdict: ReviewVerdict,
        body: &str,
        marker: &str,
    ) -> Result<Reviewed, GhError> {
        if said.have(marker) {
            return Ok(Reviewed::Yes);
        }
        match self.review_anew(number, verdict, body, marker) {
            Err(error) if error.is_own_pr() => Ok(Reviewed::Own),
            Err(error) => match self.comments(number) {
                Ok(said) if said.have(marker) => Ok(Reviewed::Yes),
                _ => Err(error),
            },
            Ok(()) => Ok(Reviewed::Yes),
        }
    }

    /// Makes a draft ready for review.
    ///
    /// # Errors
    /// gh's.
    pub fn ready(&self, number: u64) -> Result<(), GhError> {
        self.call(&["pr", "ready", &number.to_string()], None).map(drop)
    }

    /// Gives a pull request or an issue a label, which is created if the repository has none of that name.
    ///
    /// # Errors
    /// gh's, or an answer without the label.
    pub fn add_label(&self, number: u64, label: &str) -> Result<(), GhError> {
        let path = format!("repos/{}/issues/{}/labels", self.place()?.repository.path(), number);
        let field = format!("labels[]={label}");
        let has: Vec<Label> = self.json(&["api", "--method=POST", &path, "--raw-field", &field])?;
        if has.iter().any(|other| other.is(label)) { Ok(()) } else { Err(GhError::other("the label was not added")) }
    }

    /// Takes a label away that the list showed.
    ///
    /// # Errors
    /// As for [`GitHub::add_label`]; an answer that doesn't say that it is gone.
    pub fn remove_label(&self, pull: &PullRequest, label: &str) -> Result<(), GhError> {
        let Some(known) = pull.labels.iter().find(|other| other.is(label)) else { return Ok(()) };
        let (of_pull, label_id) = (format!("pull={}", pull.id), format!("labels[]={}", known.id));
        let fields = ["--raw-field", REMOVE, "--raw-field", &of_pull, "--raw-field", &label_id];
        let answer: serde_json::Value = self.json(&[&["api", "graphql"][..], &fields].concat())?;
        let left = answer.pointer("/data/removeLabelsFromLabelable/labelable/labels/nodes");
        match left.and_then(|nodes| Vec::<Label>::deserialize(nodes).ok()) {
            Some(left) if !left.iter().any(|other| other.is(label)) => Ok(()),
            _ => Err(GhError::other("the label was not removed")),
        }
    }
}

/// The head becomes part of markers, names and commands.
fn check_head(pull: &PullRequest) -> Result<(), GhError> {
    let PullRequest { number, head_sha, .. } = pull;
    if head_sha.len() >= 40 && head_sha.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(GhError::other(format!("the head of #{number} is {:?}, no commit", text::cut(head_sha, 80))))
}
