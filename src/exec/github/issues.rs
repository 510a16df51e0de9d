//! Issues: the open ones with a label in one call, and what is said on one.

use super::{Comments, GhError, GitHub, with_marker};
use crate::domain::intake::Issue;
use crate::domain::pull_request::{Label, login};
use crate::domain::time::Time;
use serde::Deserialize;

const QUERY: &str = "--raw-field=query=query($owner:String!,$name:String!,$label:String!){repository(owner:$owner,name:$name){\
    issues(first:100,labels:[$label],states:[OPEN],orderBy:{field:CREATED_AT,direction:ASC}){pageInfo{hasNextPage} nodes{\
    number title url body lastEditedAt author{login} timelineItems(last:100,itemTypes:[LABELED_EVENT,RENAMED_TITLE_EVENT]){\
    nodes{__typename ...on LabeledEvent{createdAt actor{login} label{name}} ...on RenamedTitleEvent{createdAt}}}}}}}";
const COMMENTS: &str = r#"--jq={number,comments:[.comments[]|select(.viewerDidAuthor and (.body|contains("<!-- scheduler:")))|{viewerDidAuthor,body:.body[-500:]}]}"#;

/// The open issues with a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// The oldest first.
    pub issues: Vec<Issue>,
    /// Whether there are no others.
    pub complete: bool,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    repository: Repository,
}

#[derive(Deserialize)]
struct Repository {
    issues: Issues,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issues {
    page_info: PageInfo,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    number: u64,
    title: String,
    url: String,
    #[serde(default)]
    body: String,
    last_edited_at: Option<Time>,
    #[serde(default, deserialize_with = "login")]
    author: String,
    timeline_items: Timeline,
}

#[derive(Deserialize)]
struct Timeline {
    nodes: Vec<Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    created_at: Time,
    #[serde(default, deserialize_with = "login")]
    actor: String,
    label: Option<Label>,
}

impl Node {
    /// `None` if it isn't known who labelled it.
    fn issue(self, label: &str) -> Option<Issue> {
        let events = self.timeline_items.nodes;
        let renamed = events.iter().filter(|event| event.label.is_none()).map(|event| event.created_at).max();
        let is_it = |event: &Event| event.label.as_ref().is_some_and(|found| found.is(label));
        let labelled = events.into_iter().rfind(is_it)?;
        Some(Issue {
            number: self.number,
            title: self.title,
            url: self.url,
            author: self.author,
            body: self.body,
            edited_at: self.last_edited_at.max(renamed),
            labelled_by: labelled.actor,
            labelled_at: labelled.created_at,
        })
    }
}

impl GitHub {
    /// The open issues with this label, as many as one call tells of.
    ///
    /// # Errors
    /// gh's.
    pub fn labelled_issues(&self, label: &str) -> Result<Labelled, GhError> {
        let repository = &self.place()?.repository;
        let fields =
            [format!("owner={}", repository.owner), format!("name={}", repository.name), format!("label={label}")];
        let [owner, name, wanted] = fields.each_ref().map(|field| format!("--raw-field={field}"));
        let answer: Answer = self.json(&["api", "graphql", QUERY, &owner, &name, &wanted])?;
        let Issues { page_info, nodes } = answer.data.repository.issues;
        let issues = nodes.into_iter().filter_map(|node| node.issue(label)).collect();
        Ok(Labelled { issues, complete: !page_info.has_next_page })
    }

    /// Comments on an issue, unless this account has said that before.
    ///
    /// # Errors
    /// gh's, unless the comment is there all the same.
    pub fn comment_on_issue(&self, number: u64, body: &str, marker: &str) -> Result<(), GhError> {
        let said = || Ok(self.issue_comments(number)?.have(marker));
        if said()? {
            return Ok(());
        }
        let arguments = ["issue", "comment", &number.to_string(), "--body-file=-"];
        match self.call(&arguments, Some(&with_marker(&self.outgoing(body), marker))) {
            Err(error) => said().and_then(|said| if said { Ok(()) } else { Err(error) }),
            Ok(_) => Ok(()),
        }
    }

    fn issue_comments(&self, number: u64) -> Result<Comments, GhError> {
        self.own(self.json(&["issue", "view", &number.to_string(), "--json=number,comments", COMMENTS])?)
    }
}
