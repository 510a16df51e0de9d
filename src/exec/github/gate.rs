//! What gatekeepers need of GitHub: all open pull requests in one call, and the steps of a verdict.
//!
//! Each step done twice does it once; the caller hands in what was said before, so that it is asked for once.

use super::{Comments, GhError, GitHub, login};
use crate::domain::{gate::Seen, review::ReviewVerdict, text};
use serde::Deserialize;

/// The most of a description that is asked for, in characters; GitHub takes fewer.
const MAX_DESCRIPTION: usize = 200_000;
/// Takes labels from a pull request, and asks which it has then.
const REMOVE: &str = "query=mutation($pull:ID!,$labels:[ID!]!){removeLabelsFromLabelable(input:{labelableId:$pull,\
    labelIds:$labels}){labelable{...on PullRequest{labels(first:100){nodes{name}}}}}}";
const LIST_FIELDS: &str =
    "id,number,url,title,author,headRefName,headRefOid,baseRefName,isDraft,labels,isCrossRepository";

/// The open pull requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPulls {
    /// Each of them.
    pub pulls: Vec<Pull>,
    /// Whether there are no others.
    pub complete: bool,
}

/// An open pull request, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// What is known of it.
    pub seen: Seen,
    /// Its page.
    pub url: String,
    id: String,
    labels: Vec<Label>,
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    number: u64,
    #[serde(default)]
    url: String,
    #[serde(default)]
    title: String,
    #[serde(default, deserialize_with = "login")]
    author: String,
    head_ref_name: String,
    head_ref_oid: String,
    base_ref_name: String,
    #[serde(default)]
    is_draft: bool,
    #[serde(default)]
    labels: Vec<Label>,
    is_cross_repository: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Label {
    #[serde(default)]
    id: String,
    name: String,
}

impl Label {
    /// GitHub knows no two labels that differ only in case.
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

impl GitHub {
    /// The open pull requests of this repository, the newest `limit` of them, in one call.
    ///
    /// # Errors
    /// gh's, or a head commit that is none.
    pub fn open_pulls(&self, limit: usize) -> Result<OpenPulls, GhError> {
        let (limit_option, fields) = (format!("--limit={limit}"), format!("--json={LIST_FIELDS}"));
        let listed: Vec<Listed> = self.json(&["pr", "list", "--state=open", &limit_option, &fields])?;
        let complete = listed.len() < limit;
        let pulls: Result<Vec<Pull>, GhError> = listed.into_iter().map(pull).collect();
        Ok(OpenPulls { pulls: pulls?, complete })
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

    /// Gives a pull request a label, which is created if the repository has none of that name.
    ///
    /// # Errors
    /// gh's, a page that is not on a GitHub, or an answer without the label.
    pub fn add_label(&self, pull: &Pull, label: &str) -> Result<(), GhError> {
        let (host, path) = pull.issue()?;
        let field = format!("labels[]={label}");
        let has: Vec<Label> =
            self.json(&["api", &host, "--method=POST", &format!("{path}/labels"), "--raw-field", &field])?;
        if has.iter().any(|other| other.is(label)) { Ok(()) } else { Err(GhError::other("the label was not added")) }
    }

    /// Takes a label away that the list showed.
    ///
    /// # Errors
    /// As for [`GitHub::add_label`]; an answer that doesn't say that it is gone.
    pub fn remove_label(&self, pull: &Pull, label: &str) -> Result<(), GhError> {
        let Some(known) = pull.labels.iter().find(|other| other.is(label)) else { return Ok(()) };
        let (host, of_pull, label_id) =
            (host(&pull.url)?, format!("pull={}", pull.id), format!("labels[]={}", known.id));
        let fields = ["--raw-field", REMOVE, "--raw-field", &of_pull, "--raw-field", &label_id];
        let answer: serde_json::Value = self.json(&[&["api", &host, "graphql"][..], &fields].concat())?;
        let left = answer.pointer("/data/removeLabelsFromLabelable/labelable/labels/nodes");
        match left.and_then(|nodes| Vec::<Label>::deserialize(nodes).ok()) {
            Some(left) if !left.iter().any(|other| other.is(label)) => Ok(()),
            _ => Err(GhError::other("the label was not removed")),
        }
    }
}

impl Pull {
    /// The option that names the host, and the path of the pull request as an issue.
    ///
    /// gh's own placeholders follow the default account, which may be on another host than the repository.
    fn issue(&self) -> Result<(String, String), GhError> {
        let [host, owner, repository] = place(&self.url)?;
        Ok((format!("--hostname={host}"), format!("repos/{owner}/{repository}/issues/{}", self.seen.number)))
    }
}

/// The option that names the host of a pull request's page.
pub(super) fn host(url: &str) -> Result<String, GhError> {
    place(url).map(|[host, ..]| format!("--hostname={host}"))
}

/// Host, owner and repository of a pull request's page.
fn place(url: &str) -> Result<[&str; 3], GhError> {
    let parts: Vec<&str> = url.strip_prefix("https://").unwrap_or_default().split('/').collect();
    let plain = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
    };
    match parts.as_slice() {
        [host, owner, repository, "pull", _] if [host, owner, repository].iter().all(|part| plain(part)) => {
            Ok([host, owner, repository])
        }
        _ => Err(GhError::other(format!("{:?} is not the page of a pull request", text::cut(url, 200)))),
    }
}

fn pull(listed: Listed) -> Result<Pull, GhError> {
    let sha = &listed.head_ref_oid;
    // It becomes part of markers, names and commands.
    if sha.len() < 40 || !sha.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(GhError::other(format!("the head of #{} is {:?}, no commit", listed.number, text::cut(sha, 80))));
    }
    let seen = Seen {
        number: listed.number,
        title: listed.title,
        author: listed.author,
        branch: listed.head_ref_name,
        head_sha: listed.head_ref_oid,
        base: listed.base_ref_name,
        draft: listed.is_draft,
        fork: listed.is_cross_repository,
        labels: listed.labels.iter().map(|label| label.name.clone()).collect(),
    };
    Ok(Pull { seen, url: listed.url, id: listed.id, labels: listed.labels })
}
