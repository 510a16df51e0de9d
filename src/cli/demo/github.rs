//! The stand-in for gh, and the GitHub that it talks to: one pull request, kept in a file of the demo's folder.
//!
//! It knows the calls that a coordinator and a run of a task make, and refuses any other.

use super::stage::RUN_TAG;
use crate::{
    cli::{Context, input, usage},
    domain::demo::{NUMBER, Offered},
    exec::git::Git,
    sys::{atomic, read},
};
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Who is logged in.
const ACCOUNT: &str = "demo";

/// Arguments of `scheduler demo-gh`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What gh is given
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// The pull request, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PullRequest {
    pub(super) title: String,
    body: String,
    author: String,
    branch: String,
    pub(super) draft: bool,
    pub(super) labels: Vec<String>,
    pub(super) comments: Vec<String>,
    pub(super) reviews: Vec<String>,
}

/// The file of the pull request.
fn file(root: &Path) -> PathBuf {
    root.join("pull-request.json")
}

impl PullRequest {
    /// Opens it.
    pub(super) fn open(root: &Path, offered: &Offered) -> Result<()> {
        let text = str::to_owned;
        Self {
            title: text(offered.title),
            body: text(offered.body),
            author: text(offered.author),
            branch: text(offered.branch),
            draft: true,
            labels: Vec::new(),
            comments: Vec::new(),
            reviews: Vec::new(),
        }
        .save(root)
    }

    /// As it is now; `None` where there is none.
    pub(super) fn load(root: &Path) -> Result<Option<Self>> {
        read::read_json(&file(root))
    }

    fn save(&self, root: &Path) -> Result<()> {
        atomic::write_cache(&file(root), &atomic::json(self)?)
    }

    /// Every field that gh may be asked for.
    fn fields(&self, root: &Path) -> Result<Value> {
        let head = Git::in_repository(&root.join("origin.git")).commit(&format!("refs/heads/{}", self.branch))?;
        let said = |body: &String| json!({"body": body, "viewerDidAuthor": true, "author": {"login": ACCOUNT}});
        let bodies = |all: &[String]| all.iter().map(said).collect::<Vec<_>>();
        Ok(json!({
            "id": "pull-request", "number": NUMBER, "state": "OPEN", "url": format!("https://github.com/demo/greet/pull/{NUMBER}"),
            "title": self.title, "body": self.body, "author": {"login": self.author}, "isDraft": self.draft,
            "headRefName": self.branch, "headRefOid": head, "baseRefName": "main", "isCrossRepository": false,
            "labels": self.label_nodes(),
            "comments": bodies(&self.comments), "reviews": bodies(&self.reviews),
        }))
    }

    fn label_nodes(&self) -> Vec<Value> {
        self.labels.iter().map(|name| json!({"id": name, "name": name})).collect()
    }
}

/// Answers one call.
///
/// # Errors
/// Outside a demo; a call that it doesn't know; the file of the pull request can't be read or written.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let root = context.env(RUN_TAG).map(PathBuf::from);
    let known = root.as_deref().map(PullRequest::load).transpose()?.flatten();
    let (Some(root), Some(mut pull)) = (root, known) else {
        return Err(usage("demo-gh is called by the runs of `scheduler demo --gatekeepers`"));
    };
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    match words[..] {
        ["pr", "list", ..] => {
            let other = |word: &&str| word.strip_prefix("--head=").is_some_and(|head| head != pull.branch);
            let listed = if words.iter().any(other) { Vec::new() } else { vec![pull.fields(&root)?] };
            return context.json(&listed);
        }
        ["pr", "view", number, ..] if number == NUMBER.to_string() => return context.json(&pull.fields(&root)?),
        ["pr", "comment", _, "--body-file=-"] => pull.comments.push(input::text_or_stdin("-")?),
        ["pr", "review", _, _, "--body-file=-"] => pull.reviews.push(input::text_or_stdin("-")?),
        ["pr", "ready", _] => pull.draft = false,
        ["api", _, "--method=POST", _, "--raw-field", field] => {
            let label = field.strip_prefix("labels[]=").context("a field that is no label")?.to_owned();
            if !pull.labels.contains(&label) {
                pull.labels.push(label);
            }
            context.json(&pull.label_nodes())?;
        }
        ["api", _, "graphql", "--raw-field=query={viewer{login}}"] => {
            return context.json(&json!({"data": {"viewer": {"login": ACCOUNT}}}));
        }
        ["api", _, "graphql", "--raw-field", _, "--raw-field", _, "--raw-field", field] => {
            let label = field.strip_prefix("labels[]=").context("a field that is no label")?;
            pull.labels.retain(|known| *known != label);
            let left = json!({"labelable": {"labels": {"nodes": pull.label_nodes()}}});
            context.json(&json!({"data": {"removeLabelsFromLabelable": left}}))?;
        }
        _ => bail!("the gh of the demo doesn't know `gh {}`", words.join(" ")),
    }
    pull.save(&root)
}
