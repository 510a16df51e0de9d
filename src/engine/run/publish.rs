//! What leaves the machine: the branch, its pull request, a review. Each step done twice does it once.
//!
//! What can't be published is no reason to lose or repeat the work: it is said, and how to go on.

use super::context::Run;
use super::environment;
use crate::domain::pull_request::PullRequest;
use crate::domain::receipt::Row;
use crate::domain::review::Review;
use crate::domain::run::{Assignment, NewPullRequest, Publication};
use crate::domain::shell;
use crate::domain::system_trouble::tells_of_system;
use crate::domain::task::TaskState;
use crate::domain::unpublished::{News, Unpublished};
use crate::engine::coordinator::NO_PULL_REQUEST;
use crate::engine::{refresh, trust};
use crate::exec::github::{GhError, GitHub, Posted, marker};
use crate::exec::pre_push::Hooks;
use crate::exec::push::{self, Push, PushOutcome};
use crate::store::queue::Queue;
use crate::store::unpublished;
use anyhow::{Result, bail};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long a push may take, and its hook before it.
const PUSH: Duration = Duration::from_secs(600);
/// After what pauses a server that can't be reached is tried again: no later run publishes this work.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// What was published.
#[derive(Debug, Default)]
pub struct Published {
    /// The sentences for the task's result.
    pub lines: Vec<String>,
    /// What couldn't be published, to be told.
    pub errors: Vec<PublishError>,
    /// The pull request of the work.
    pub pull_request: Option<u64>,
    /// The commit that the remote branch has, once it has the work.
    pushed: Option<String>,
}

/// What couldn't be published.
#[derive(Debug)]
pub struct PublishError {
    /// In a few words.
    pub title: &'static str,
    /// What happened, and how the user goes on by hand.
    pub text: String,
    /// Set where every run of the project meets the same: it is told once.
    pub key: Option<&'static str>,
}

impl Published {
    fn failed(&mut self, title: &'static str, text: String) {
        self.errors.push(PublishError { title, text, key: None });
    }
}

/// Pushes the work branch.
pub fn push(run: &Run<'_>, publication: &Publication, commit: &str, published: &mut Published) -> Result<()> {
    if !is_ours(run)? {
        return Ok(());
    }
    if !trust::before_run(&run.asker())? {
        bail!("what git trusts has changed: the work is pushed once `scheduler trust` has accepted it");
    }
    let Publication { branch, remote_branch, pushed_before, .. } = publication;
    let remotes = run.remotes()?;
    let environment = environment::of(run, false)?;
    let hooks = Hooks { root: run.project().root(), environment, log: run.files.hook_log(), stop: run.supervisor.stop };
    let push = Push { branch: remote_branch, commit, last: pushed_before.as_deref() };
    let pushed = patiently(
        run.supervisor.stop,
        || push::push(&run.worktree, remotes, push, &hooks, PUSH),
        |pushed| matches!(pushed, Ok(PushOutcome::Offline(_))),
    )?;
    tracing::debug!(branch, ?pushed, "push");
    unless_cut_short(run, pushed.is_there() || matches!(pushed, PushOutcome::NoRemote(_)))?;
    if pushed.is_there() {
        published.pushed = Some(commit.to_owned());
        published.lines.push(format!("Branch `{remote_branch}`, pushed"));
        return Ok(());
    }
    let advice = pushed.advice();
    if matches!(pushed, PushOutcome::Failed(_)) {
        unless_of_system(&advice)?;
    }
    published.lines.push(format!("Branch `{branch}` is here and was not pushed: {advice}"));
    if matches!(pushed, PushOutcome::NoRemote(_)) {
        let text = format!("{advice}\n\n`scheduler task show ID` has the commands to look at the work of a task.");
        let title = "Work stays on its branches: nothing is pushed";
        published.errors.push(PublishError { title, text, key: Some("no remote") });
    } else {
        let target = shell::word(&format!("{branch}:refs/heads/{remote_branch}"));
        let text = format!(
            "The work is on branch `{branch}`, which was not pushed: {advice}\n\nBy hand: `git push {} {target}`",
            shell::word(remotes.name())
        );
        published.failed("Work is done but not pushed", text);
    }
    Ok(())
}

/// Sees to it that the branch, once it is pushed, has its pull request.
pub fn open_pull_request(
    run: &Run<'_>,
    branch: &str,
    wanted: &NewPullRequest,
    receipt: &[Row],
    published: &mut Published,
) -> Result<()> {
    let Some(commit) = published.pushed.clone() else { return Ok(()) };
    let created = ask(run, |github| github.create(branch, wanted, receipt));
    unless_cut_short(run, created.is_ok())?;
    match created {
        Ok(pr) => {
            note_open(run, &pr);
            published.pull_request = Some(pr.number);
            published.lines.push(format!("Pull request {}", pr.url));
            if !pr.is_open() {
                let state = pr.state.to_lowercase();
                let text = format!("Branch `{branch}` has a pull request that is {state}: {}", pr.url);
                published.failed("Work is pushed to a pull request that is over", text);
            }
        }
        Err(error) => {
            unless_of_system(&error.to_string())?;
            published.lines.push(format!("{NO_PULL_REQUEST}{error}"));
            let github = run.github();
            let place = github.place().ok();
            let to = place.map_or_else(String::new, |place| format!(" --repo {}", place.repository));
            let head = place.map_or_else(|| branch.to_owned(), |place| place.head(branch));
            let by_hand =
                format!("gh pr create{to} --head {} --base {}", shell::word(&head), shell::word(&wanted.base));
            let remedy = error.remedy();
            let news =
                News::PullRequest { branch: branch.to_owned(), wanted: wanted.clone(), receipt: receipt.to_vec() };
            let again = keep(run, commit, news, &error)?;
            let text = format!(
                "Branch `{branch}` is pushed, but no pull request could be opened: {error}; {remedy}{again}\n\nBy hand: `{by_hand}`"
            );
            // What is the same after every run is told once.
            let key = match error {
                GhError::ForeignRemote => Some("no pull requests: foreign remote"),
                GhError::NotInstalled => Some("no pull requests: no gh"),
                _ => None,
            };
            published.errors.push(PublishError { title: "Work is pushed but has no pull request", text, key });
        }
    }
    Ok(())
}

/// Brings the receipt of the pull request up to date, once the work is pushed to it.
pub fn update_receipt(run: &Run<'_>, pr: u64, rows: &[Row], is_ready: bool, published: &mut Published) -> Result<()> {
    let Some(commit) = published.pushed.clone() else { return Ok(()) };
    let updated = ask(run, |github| github.update_receipt(pr, rows, is_ready));
    unless_cut_short(run, updated.is_ok())?;
    published.lines.push(format!("Pull request #{pr}"));
    if let Err(error) = updated {
        unless_of_system(&error.to_string())?;
        let remedy = error.remedy();
        let again = keep(run, commit, News::Receipt { pr, rows: rows.to_vec(), is_ready }, &error)?;
        let text = format!(
            "The work is pushed to pull request #{pr}, but its description doesn't say so: {error}; {remedy}{again}\n\nIf it is a draft only \
             because `verify` failed: `gh pr ready {pr}`"
        );
        published.failed("The receipt of a pull request is out of date", text);
    }
    Ok(())
}

/// Keeps what GitHub couldn't be told for the coordinator, if one is at work and that has a point. Says so in a sentence.
fn keep(run: &Run<'_>, commit: String, news: News, error: &GhError) -> Result<&'static str> {
    let Assignment { gatekeeper, pull_requests, job, .. } = &run.assignment;
    let is_pointless = error.is_refusal() || matches!(error, GhError::NoRemote | GhError::ForeignRemote);
    if is_pointless || !(gatekeeper.enabled || pull_requests.is_active()) {
        return Ok("");
    }
    let left = Unpublished { run: run.id().to_owned(), task: job.task().cloned(), commit, news, refused: 0 };
    unpublished::keep(run.paths(), left)?;
    Ok(".\n\nThe coordinator of pull requests tries it again.")
}

/// Posts the recorded verdict as a review of the task's pull request.
pub fn post_review(run: &Run<'_>, number: u64, review: &Review, published: &mut Published) -> Result<()> {
    if !is_ours(run)? {
        return Ok(());
    }
    let (text, mark) = (review.to_text(), marker(&format!("review {}", run.id())));
    let posted = ask(run, |github| github.review(number, review.verdict, &text, &mark));
    unless_cut_short(run, posted.is_ok())?;
    let line = match posted {
        Ok(Posted::Review) => format!("Posted as a review of #{number}"),
        Ok(Posted::Comment) => format!("Posted as a comment on #{number}"),
        Ok(Posted::Already) => format!("Posted on #{number}"),
        Err(error) => {
            unless_of_system(&error.to_string())?;
            let remedy = error.remedy();
            let text = format!("The verdict could not be posted on #{number}: {error}; {remedy}\n\n{text}");
            published.failed("A verdict is not posted", text);
            format!("Not posted on #{number}: {error}")
        }
    };
    published.lines.push(line);
    Ok(())
}

/// Whether the task is this run's: held, or done by it and only to be settled once more.
fn is_ours(run: &Run<'_>) -> Result<bool> {
    let Some(id) = run.assignment.job.task() else { return Ok(true) };
    let queue = Queue::new(run.paths());
    for state in [TaskState::Claimed, TaskState::Done] {
        if queue.run_of(state, id)?.as_deref() == Some(run.id()) {
            return Ok(true);
        }
    }
    tracing::warn!("the task was taken from the run: nothing is published");
    Ok(false)
}

/// Counts the pull request from now on, before the task stops being counted in its place.
fn note_open(run: &Run<'_>, pr: &PullRequest) {
    let note = || refresh::note(run.project(), run.remotes()?, pr, run.now());
    let noted = if pr.is_open() { note() } else { Ok(()) };
    if let Err(error) = noted {
        tracing::warn!("{error:#}");
    }
}

/// A step that failed because this process was told to end is no failure: recovery does it again.
fn unless_cut_short(run: &Run<'_>, done: bool) -> Result<()> {
    if !done && run.is_stopped() {
        bail!("told to end while publishing; the next tick goes on with it");
    }
    Ok(())
}

/// So is one that the system failed: recovery does it once there is room.
fn unless_of_system(said: &str) -> Result<()> {
    if tells_of_system(said) { bail!("cannot publish: {said}") } else { Ok(()) }
}

fn ask<T>(run: &Run<'_>, call: impl Fn(&GitHub) -> Result<T, GhError>) -> Result<T, GhError> {
    let github = run.github();
    patiently(run.supervisor.stop, || call(&github), |result| matches!(result, Err(GhError::Offline)))
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
