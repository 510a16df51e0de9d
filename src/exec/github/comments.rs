//! What this account has said on a pull request. What others say counts for nothing: anybody can write a marker.

use super::{GhError, GitHub};
use crate::domain::pull_request::login;
use serde::Deserialize;

/// How every marker begins.
const BEGIN: &str = "<!-- scheduler:";
const FIELDS: &str = "--json=number,state,comments,reviews";
/// Only the ends of texts with a marker, which stands last: a long talk needn't be read.
const ENDS: &str = r#"--jq={
comments:[.comments[]|select(.viewerDidAuthor and (.body|contains("<!-- scheduler:")))|{viewerDidAuthor,body:.body[-500:]}],
reviews:[.reviews[]|select(.body|contains("<!-- scheduler:"))|{author,body:.body[-500:]}]}"#;

/// What makes a comment findable, invisible for readers.
pub fn marker(key: &str) -> String {
    format!("{BEGIN}{key} -->")
}

/// What this account said on a pull request, comments and reviews.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comments {
    own: Vec<String>,
}

impl Comments {
    /// Whether a comment or review of this account ends with the marker: elsewhere it is part of what is said.
    pub fn have(&self, marker: &str) -> bool {
        self.own.iter().any(|text| text.trim_end().lines().next_back() == Some(marker))
    }
}

#[derive(Deserialize)]
pub(super) struct Said {
    comments: Vec<Comment>,
    #[serde(default)]
    reviews: Vec<Review>,
}

#[derive(Deserialize)]
struct Comment {
    body: String,
    #[serde(rename = "viewerDidAuthor")]
    own: bool,
}

#[derive(Deserialize)]
struct Review {
    body: String,
    #[serde(default, deserialize_with = "login")]
    author: String,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    viewer: Viewer,
}

#[derive(Deserialize)]
struct Viewer {
    login: String,
}

impl GitHub {
    /// What this account said on a pull request so far, as far as it carries a marker.
    ///
    /// # Errors
    /// gh's.
    pub fn comments(&self, number: u64) -> Result<Comments, GhError> {
        self.own(self.json(&["pr", "view", &number.to_string(), FIELDS, ENDS])?)
    }

    /// What of this is this account's.
    pub(super) fn own(&self, said: Said) -> Result<Comments, GhError> {
        let own = said.comments.into_iter().filter(|comment| comment.own).map(|comment| comment.body);
        let mut own: Vec<String> = own.collect();
        let reviews: Vec<Review> = said.reviews.into_iter().filter(|review| review.body.contains(BEGIN)).collect();
        if !reviews.is_empty() {
            // Of a review gh doesn't say whether it is ours.
            let me = self.account()?;
            own.extend(reviews.into_iter().filter(|review| plain(&review.author) == me).map(|review| review.body));
        }
        Ok(Comments { own })
    }

    /// The account that gh acts for.
    pub fn account(&self) -> Result<String, GhError> {
        let answer: Answer = self.json(&["api", "graphql", "--raw-field=query={viewer{login}}"])?;
        Ok(plain(&answer.data.viewer.login).to_owned())
    }
}

/// An app is named with and without this ending.
pub(super) fn plain(login: &str) -> &str {
    login.strip_suffix("[bot]").unwrap_or(login)
}
