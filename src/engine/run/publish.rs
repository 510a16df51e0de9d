//! What leaves the machine: the branch, its pull request, a review. Each step done twice does it once.
//!
//! What can't be published is no reason to lose or repeat the work: it is said, and how to go on.

use super::Run;
use crate::{
    domain::run::{Publication, Record},
    exec::{
        github::{CreateOutcome, GhError, GitHub, Posted},
        push::{self, Push, Pushed},
    },
};
use anyhow::{Result, bail};
use std::time::Duration;

/// How long a push may take, hooks included.
const PUSH: Duration = Duration::from_secs(600);
/// How long one call of gh may take.
const GH: Duration = Duration::from_secs(60);

/// What was published.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// The sentences for the task's result.
    pub(super) lines: Vec<String>,
    /// What a person has to do, if something couldn't be done.
    pub(super) trouble: Option<String>,
}

impl Run<'_> {
    /// Pushes the branch and sees to its pull request.
    pub(super) fn publish_work(&self, record: &Record, publication: &Publication) -> Result<Published> {
        let Some(tip) = record.tip.as_deref() else { return Ok(Published::default()) };
        let branch = &publication.remote_branch;
        let push = Push { branch, commit: tip, last: publication.pushed_before.as_deref() };
        let pushed = push::push(&self.worktree(), push, PUSH)?;
        tracing::debug!(branch, ?pushed, "push");
        self.unless_cut_short(pushed.is_there() || pushed == Pushed::NoRemote)?;
        let mut published = Published::default();
        if !pushed.is_there() {
            let advice = pushed.advice();
            published.lines.push(format!("Branch `{}` is here and was not pushed: {advice}", publication.branch));
            if pushed != Pushed::NoRemote {
                let by_hand = format!("git push origin {}:refs/heads/{branch}", publication.branch);
                published.trouble = Some(format!(
                    "The work is on branch `{}`, which was not pushed: {advice}\n\nBy hand: `{by_hand}`",
                    publication.branch
                ));
            }
            return Ok(published);
        }
        published.lines.push(format!("Branch `{branch}`, pushed"));
        if let Some(wanted) = &publication.pull_request {
            let github = GitHub::new(self.project().root(), GH);
            let created = github.create(branch, &wanted.base, &wanted.title, &wanted.body, wanted.draft);
            self.unless_cut_short(created.is_ok())?;
            pull_request(&mut published, branch, created);
        }
        Ok(published)
    }

    /// Posts the recorded verdict as a review of the task's pull request.
    pub(super) fn publish_review(&self, record: &Record) -> Result<Published> {
        let mut published = Published::default();
        let number = self.task.as_ref().and_then(|task| task.head.pr);
        let (Some(number), Some(review)) = (number, &record.review) else { return Ok(published) };
        let github = GitHub::new(self.project().root(), GH);
        let mark = format!("<!-- scheduler:review {} -->", self.id());
        let posted = github.review(number, review.verdict, &review.to_text(), &mark);
        self.unless_cut_short(posted.is_ok())?;
        match posted {
            Ok(Posted::Review) => published.lines.push(format!("Posted as a review of #{number}")),
            Ok(Posted::Comment) => published.lines.push(format!("Posted as a comment on #{number}")),
            Ok(Posted::Already) => published.lines.push(format!("Posted on #{number}")),
            Err(error) => {
                published.lines.push(format!("Not posted on #{number}: {error}"));
                published.trouble = Some(format!(
                    "The verdict could not be posted on #{number}: {error}; {}\n\n{}",
                    error.remedy(),
                    review.to_text()
                ));
            }
        }
        Ok(published)
    }

    /// A step that failed because this process was told to end is no failure: recovery does it again.
    fn unless_cut_short(&self, done: bool) -> Result<()> {
        if !done && self.is_stopped() {
            bail!("told to end while publishing; the next tick goes on with it");
        }
        Ok(())
    }
}

fn pull_request(published: &mut Published, branch: &str, created: Result<CreateOutcome, GhError>) {
    match created {
        Ok(outcome) => {
            let pr = outcome.pr();
            published.lines.push(format!("Pull request {}", pr.url));
            if !pr.is_open() {
                published.trouble = Some(format!(
                    "Branch `{branch}` has a pull request that is {}: {}",
                    pr.state.to_lowercase(),
                    pr.url
                ));
            }
        }
        Err(error) => {
            published.lines.push(format!("No pull request: {error}"));
            let by_hand = format!("gh pr create --head {branch}");
            published.trouble = Some(format!(
                "Branch `{branch}` is pushed, but no pull request could be opened: {error}; {}\n\nBy hand: `{by_hand}`",
                error.remedy()
            ));
        }
    }
}
