//! What people say on a pull request: comments, reviews and threads, and the answers in threads.

use super::comments::plain;
use super::{GhError, GitHub, Nodes, with_marker};
use crate::domain::pull_request::{Remark, RemarkKind, Talk};
use serde::Deserialize;
use serde_json::Value;

/// The newest of each kind are asked for.
const TALK: &str = "query=query($owner:String!,$name:String!,$number:Int!){viewer{login}repository(owner:$owner,name:$name){\
    pullRequest(number:$number){\
    comments(last:60){nodes{id body isMinimized author{__typename login}}}\
    reviews(last:60){nodes{id body state author{__typename login}}}\
    reviewThreads(last:60){nodes{id isResolved path line originalLine comments(last:20){nodes{id body isMinimized author{__typename login}}}}}\
    }}}";
const ANSWER: &str = "query=mutation($thread:ID!,$text:String!){addPullRequestReviewThreadReply(input:{\
    pullRequestReviewThreadId:$thread,body:$text}){comment{id}}}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pull {
    comments: Nodes<Said>,
    reviews: Nodes<Said>,
    review_threads: Nodes<Thread>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    id: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_minimized: bool,
    #[serde(default)]
    state: String,
    author: Option<Author>,
}

#[derive(Default, Deserialize)]
struct Author {
    #[serde(rename = "__typename", default)]
    kind: String,
    #[serde(default)]
    login: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thread {
    id: String,
    is_resolved: bool,
    path: String,
    line: Option<u64>,
    original_line: Option<u64>,
    comments: Nodes<Said>,
}

impl GitHub {
    /// What was said on a pull request, the oldest first.
    ///
    /// # Errors
    /// gh's.
    pub fn talk(&self, number: u64) -> Result<Talk, GhError> {
        let repository = &self.place()?.repository;
        let (owner, name) = (format!("owner={}", repository.owner), format!("name={}", repository.name));
        let number = format!("number={number}");
        let fields = ["--raw-field", TALK, "--raw-field", &owner, "--raw-field", &name, "--field", &number];
        let answer: Value = self.json(&[&["api", "graphql"][..], &fields].concat())?;
        let unexpected = || GhError::other("gh gave an unexpected answer: what was said is not in it");
        let me = answer.pointer("/data/viewer/login").and_then(Value::as_str).ok_or_else(unexpected)?;
        let pull = answer.pointer("/data/repository/pullRequest").and_then(|pull| Pull::deserialize(pull).ok());
        Ok(pull.ok_or_else(unexpected)?.talk(plain(me)))
    }

    /// Answers in a thread. `marker` stands below the text, invisible: the caller has looked for it.
    ///
    /// # Errors
    /// gh's.
    pub fn answer_thread(&self, thread: &str, text: &str, marker: &str) -> Result<(), GhError> {
        let (thread, text) =
            (format!("thread={thread}"), format!("text={}", with_marker(&self.outgoing(text), marker)));
        let fields = ["--raw-field", ANSWER, "--raw-field", &thread, "--raw-field", &text];
        let answer: Value = self.json(&[&["api", "graphql"][..], &fields].concat())?;
        let id = answer.pointer("/data/addPullRequestReviewThreadReply/comment/id");
        if id.is_some_and(Value::is_string) { Ok(()) } else { Err(GhError::other("the answer was not added")) }
    }
}

impl Pull {
    fn talk(self, me: &str) -> Talk {
        let mut talk = Talk::default();
        talk.remarks.extend(self.comments.nodes.into_iter().map(|said| said.remark(RemarkKind::Comment, me)));
        for review in self.reviews.nodes {
            let kind = RemarkKind::Review(review.state.clone());
            talk.remarks.push(review.remark(kind, me));
        }
        for thread in self.review_threads.nodes {
            let line = thread.line.or(thread.original_line).map_or_else(String::new, |line| format!(":{line}"));
            let place = format!("{}{line}", thread.path);
            for said in thread.comments.nodes {
                let mark = said.body.trim_end().lines().next_back().unwrap_or_default().to_owned();
                let (id, is_resolved) = (thread.id.clone(), thread.is_resolved);
                let remark = said.remark(RemarkKind::Thread { id, place: place.clone(), is_resolved }, me);
                if remark.is_own {
                    talk.own_marks.push((thread.id.clone(), mark));
                }
                talk.remarks.push(remark);
            }
        }
        talk
    }
}

impl Said {
    fn remark(self, kind: RemarkKind, me: &str) -> Remark {
        let author = self.author.unwrap_or_default();
        let is_own = plain(&author.login) == me;
        // What an app is called some person may be called too.
        let is_hidden = self.is_minimized || author.kind == "Bot";
        Remark { id: self.id, author: author.login, body: self.body, kind, is_own, is_hidden }
    }
}
