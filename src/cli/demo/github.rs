//! The page of the pull request, read from the files in which the stand-in for gh keeps it.

use super::play::NUMBER;
use crate::sys::read;
use anyhow::Result;
use std::path::Path;

/// What the page shows.
#[derive(Clone, Debug)]
pub(super) struct PullRequest {
    pub(super) title: String,
    pub(super) draft: bool,
    pub(super) labels: Vec<String>,
    pub(super) comments: Vec<String>,
    pub(super) reviews: Vec<String>,
}

impl PullRequest {
    /// As it is now; `None` where there is none.
    pub(super) fn load(root: &Path) -> Result<Option<Self>> {
        let dir = root.join(format!("github/prs/{NUMBER}"));
        let text = |name: &str| read::read_text(&dir.join(name));
        let remarks = |kind: &str| -> Result<Vec<_>> {
            (1..).map_while(|at| text(&format!("{kind}/{at}/body")).transpose()).collect()
        };
        let Some(title) = text("title")? else { return Ok(None) };
        Ok(Some(Self {
            title,
            draft: text("draft")?.is_some_and(|word| word == "true"),
            labels: text("labels")?.unwrap_or_default().lines().map(str::to_owned).collect(),
            comments: remarks("comments")?,
            reviews: remarks("reviews")?,
        }))
    }
}
