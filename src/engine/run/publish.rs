//! What leaves the machine: the branch, its pull request, a review. Each step done twice does it once.
//!
//! What can't be published is no reason to lose or repeat the work: it is said, and how to go on.

use super::Run;
use crate::{
    domain::{
        run::{NewPullRequest, Publication, Record},
        shell,
    },
    engine::refresh,
    exec::{
        github::{CreateOutcome, GhError, GitHub, Posted, Pr, marker},
        push::{self, Push, PushOutcome},
    },
};
use anyhow::{Result, bail};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

/// How long a push may take, hooks included.
const PUSH: Duration = Duration::from_secs(600);
/// How long one call of gh may take.
const GH: Duration = Duration::from_secs(60);
/// After what pauses a server that can't be reached is tried again: no later run publishes this work.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// What was published.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// The sentences for the task's result.
    pub(super) lines: Vec<String>,
    /// What couldn't be done.
    pub(super) trouble: Option<PublishError>,
}

/// What couldn't be published, for a person.
#[derive(Debug)]
pub(super) struct PublishError {
    /// In a few words.
    pub(super) title: &'static str,
    /// What happened, and how to go on by hand.
    pub(super) text: String,
    /// Set where every run of the project meets the same: it is told once.
    pub(super) key: Option<&'static str>,
}

impl Run<'_> {
    /// Pushes the branch and sees to its pull request.
    pub(super) fn publish_work(&self, record: &Record, publication: &Publication) -> Result<Published> {
        let Some(tip) = record.tip.as_deref() else { return Ok(Published::default()) };
        let branch = &publication.remote_branch;
        let push = Push { branch, commit: tip, last: publication.pushed_before.as_deref() };
        let pushed = patiently(
            self.supervisor.stop,
            || push::push(&self.worktree(), push, PUSH),
            |pushed| matches!(pushed, Ok(PushOutcome::Offline(_))),
        )?;
        tracing::debug!(branch, ?pushed, "push");
        self.unless_cut_short(pushed.is_there() || pushed == PushOutcome::NoRemote)?;
        if !pushed.is_there() {
            return Ok(not_pushed(publication, &pushed));
        }
        let mut published = Published { lines: vec![format!("Branch `{branch}`, pushed")], trouble: None };
        if let Some(wanted) = &publication.pull_request {
            let created =
                self.ask(|github| github.create(branch, &wanted.base, &wanted.title, &wanted.body, wanted.draft));
            if let Ok(outcome) = &created {
                self.note_open(outcome.pr());
            }
            self.unless_cut_short(created.is_ok())?;
            pull_request(&mut published, branch, wanted, created);
        }
        Ok(published)
    }

    /// Calls GitHub.
    fn ask<T>(&self, call: impl Fn(&GitHub) -> Result<T, GhError>) -> Result<T, GhError> {
        let github = GitHub::new(self.project().root(), GH);
        patiently(self.supervisor.stop, || call(&github), |result| matches!(result, Err(GhError::Offline)))
    }

    /// Counts the pull request from now on, before the task stops being counted in its place.
    fn note_open(&self, pr: &Pr) {
        let now = (self.supervisor.clock)();
        let note = || refresh::note(self.project(), pr.number, &pr.title, &pr.head, now);
        let noted = if pr.is_open() { note() } else { Ok(()) };
        if let Err(error) = noted {
            tracing::warn!("{error:#}");
        }
    }

    /// Posts the recorded verdict as a review of the task's pull request.
    pub(super) fn publish_review(&self, record: &Record) -> Result<Published> {
        let mut published = Published::default();
        let number = self.task.as_ref().and_then(|task| task.head.pr);
        let (Some(number), Some(review)) = (number, &record.review) else { return Ok(published) };
        let mark = marker(&format!("review {}", self.id()));
        let posted = self.ask(|github| github.review(number, review.verdict, &review.to_text(), &mark));
        self.unless_cut_short(posted.is_ok())?;
        match posted {
            Ok(Posted::Review) => published.lines.push(format!("Posted as a review of #{number}")),
            Ok(Posted::Comment) => published.lines.push(format!("Posted as a comment on #{number}")),
            Ok(Posted::Already) => published.lines.push(format!("Posted on #{number}")),
            Err(error) => {
                published.lines.push(format!("Not posted on #{number}: {error}"));
                let text = format!(
                    "The verdict could not be posted on #{number}: {error}; {}\n\n{}",
                    error.remedy(),
                    review.to_text()
                );
                published.trouble = Some(PublishError { title: "A verdict is not posted", text, key: None });
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

/// Calls once, and again after pauses as long as it is `transient` and nobody asks this process to `stop`.
fn patiently<T>(stop: &AtomicBool, call: impl Fn() -> T, transient: impl Fn(&T) -> bool) -> T {
    let mut result = call();
    for pause in PAUSES {
        if !transient(&result) || stop.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(pause);
        result = call();
    }
    result
}

fn not_pushed(publication: &Publication, pushed: &PushOutcome) -> Published {
    let (advice, branch) = (pushed.advice(), &publication.branch);
    let target = shell::word(&format!("{branch}:refs/heads/{}", publication.remote_branch));
    let trouble = (*pushed != PushOutcome::NoRemote).then(|| PublishError {
        title: "Work is done but not pushed",
        text: format!(
            "The work is on branch `{branch}`, which was not pushed: {advice}\n\nBy hand: `git push origin {target}`"
        ),
        key: None,
    });
    Published { lines: vec![format!("Branch `{branch}` is here and was not pushed: {advice}")], trouble }
}

fn pull_request(
    published: &mut Published,
    branch: &str,
    wanted: &NewPullRequest,
    created: Result<CreateOutcome, GhError>,
) {
    match created {
        Ok(outcome) => {
            let pr = outcome.pr();
            published.lines.push(format!("Pull request {}", pr.url));
            if !pr.is_open() {
                let state = pr.state.to_lowercase();
                let text = format!("Branch `{branch}` has a pull request that is {state}: {}", pr.url);
                published.trouble =
                    Some(PublishError { title: "Work is pushed to a pull request that is over", text, key: None });
            }
        }
        Err(error) => {
            published.lines.push(format!("No pull request: {error}"));
            let by_hand = format!("gh pr create --head {} --base {}", shell::word(branch), shell::word(&wanted.base));
            let text = format!(
                "Branch `{branch}` is pushed, but no pull request could be opened: {error}; {}\n\nBy hand: `{by_hand}`",
                error.remedy()
            );
            // Elsewhere than on GitHub it is the same after every run, and no fault.
            let key = (error == GhError::ForeignRemote).then_some("no pull requests: foreign remote");
            published.trouble = Some(PublishError { title: "Work is pushed but has no pull request", text, key });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let calls = |answers: &[bool], stop| {
            let count = Cell::new(0);
            let call = || {
                count.set(count.get() + 1);
                answers[count.get() - 1]
            };
            (patiently(&AtomicBool::new(stop), call, |transient| *transient), count.get())
        };
        assert_eq!(calls(&[false], false), (false, 1));
        assert_eq!(calls(&[true, false], false), (false, 2));
        assert_eq!(calls(&[true], true), (true, 1), "a supervisor that is to end doesn't wait");
    }
}
