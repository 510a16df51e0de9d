//! The run of a gatekeeper: where it stands, what it is shown, and what its end means for the pull request.
//!
//! A change from a fork is shown as text only: nothing of it is checked out, so that nothing of it can be executed.

use super::{
    Run, RunError,
    prepare::{FETCH, GH, shared},
};
use crate::{
    domain::{
        gate::{Check, DueCheck, Status},
        outcome::{Interruption, Outcome},
        prompt::{CheckView, ReviewTarget},
        run::{Prepared, Record},
        settlement::Tally,
        text::one_line,
    },
    exec::{
        git::{Git, GitError},
        github::GitHub,
        start_point::{self, PullRequestHead},
        worktree::SKILLS,
    },
    store::prs::{CheckRun, Prs},
    sys::read,
};
use anyhow::{Context, Result};

/// The most of a diff that is kept in a file.
const MAX_DIFF_FILE: usize = 8 << 20;
/// The file with the whole change from a fork, among the run's own files in the worktree.
const CHANGE_FILE: &str = "change.diff";

impl Run<'_> {
    /// Whether this run checks a pull request from a fork.
    pub(super) fn of_a_fork(&self) -> bool {
        self.assignment.job.check().is_some_and(|due| due.fork)
    }

    /// What reads inside the worktree and runs nothing, whatever is configured; and the role's own commands.
    pub(super) fn tools_for_a_fork(&self) -> Vec<String> {
        let commands =
            self.assignment.role.spec().commands.iter().map(|command| format!("Bash(scheduler {command}:*)"));
        ["Read(./**)", "Glob", "Grep", "Skill"].map(str::to_owned).into_iter().chain(commands).collect()
    }

    /// Fetches the head of the pull request; the run stands there, or where a fork's change begins.
    pub(super) fn find_change(&self, git: &Git, due: &DueCheck) -> Result<Prepared, RunError> {
        let number = due.pr;
        let meta = Prs::new(&self.project().paths).load(number)?;
        let meta = meta.filter(|meta| meta.status != Status::Closed).ok_or_else(superseded)?;
        let branch = (!due.fork).then_some(meta.branch.as_str());
        // Two that fetch the same head at once would be in each other's way.
        let lock = self.fetch_lock()?;
        let fetched = start_point::pull_request(git, number, branch, FETCH).map_err(anyhow::Error::from)?;
        drop(lock);
        let head = match fetched {
            PullRequestHead::Current(commit) => commit,
            PullRequestHead::LastKnown(commit, _) if commit == due.commit => commit,
            PullRequestHead::LastKnown(_, trouble) => return Err(no_head(number, trouble.words())),
            PullRequestHead::Missing(why) => return Err(no_head(number, &why)),
        };
        let base = match self.base_branch(git, &meta.base)? {
            Some(target) => shared(git, &head, &target)?,
            None => return Err(no_head(number, &format!("there is no branch {:?} to compare it with", meta.base))),
        };
        Ok(Prepared {
            branch: None,
            start: if due.fork { base.clone() } else { head.clone() },
            base,
            target: Some(meta.base),
            pull_request_branch: None,
            checked: Some(head),
        })
    }

    /// The branch that a pull request goes to, also one that the project isn't configured to fetch.
    fn base_branch(&self, git: &Git, name: &str) -> Result<Option<String>, RunError> {
        if let Some(commit) = start_point::branch(git, name).map_err(anyhow::Error::from)? {
            return Ok(Some(commit));
        }
        let _lock = self.fetch_lock()?;
        Ok(start_point::fetch_branch(git, name, FETCH).map_err(anyhow::Error::from)?)
    }

    /// What the author says of a pull request. That gh can't hand over this one text is no reason not to check.
    fn description_of(&self, number: u64) -> Result<String> {
        match GitHub::new(self.project().root(), GH).description(number) {
            Ok(said) => Ok(said.body.trim().to_owned()),
            Err(error) if error.is_of_one() => {
                tracing::warn!(number, "{error}");
                Ok("(its description can't be read)".to_owned())
            }
            Err(error) => Err(anyhow::anyhow!("{error}; {}", error.remedy())),
        }
    }

    /// The change as the instructions show it. That of a fork is also laid into a file.
    pub(super) fn change_to_check(&self, prepared: &Prepared, due: &DueCheck) -> Result<ReviewTarget> {
        let head = prepared.checked.clone().context("the commit to check isn't known")?;
        let meta = Prs::new(&self.project().paths).load(due.pr)?.context("the pull request isn't known any more")?;
        let git = self.worktree().git();
        let range = [prepared.base.as_str(), head.as_str(), "--"];
        let names = git.run(["diff", "--name-only", "-z", "--no-ext-diff"].into_iter().chain(range))?;
        let diff = match git.run(["diff", "--no-color", "--no-ext-diff", "--no-textconv"].into_iter().chain(range)) {
            Ok(output) => output.stdout,
            Err(GitError::TooMuchOutput(_)) => b"(larger than 64 MiB and not shown)\n".to_vec(),
            Err(error) => return Err(error.into()),
        };
        if due.fork {
            self.write_own(&change_file(), &text_of(&diff, MAX_DIFF_FILE))?;
        }
        let description = format!(
            "Title: {}\nAuthor: {}\nFrom branch: {}\nInto branch: {}\n\n{}",
            meta.title,
            meta.author,
            meta.branch,
            meta.base,
            self.description_of(due.pr)?
        );
        Ok(ReviewTarget {
            pr: Some(due.pr),
            head,
            base: prepared.base.clone(),
            description,
            changed_files: names.entries().iter().map(|path| one_line(path)).collect(),
            // The template shows the beginning and says how much more there is.
            diff: text_of(&diff, usize::MAX),
        })
    }

    /// What the template of a gatekeeper says of its check.
    pub(super) fn check_view(&self, due: &DueCheck) -> CheckView {
        CheckView {
            name: due.check.clone(),
            required: self.assignment.gatekeeper.required_checks.contains(&due.check),
            change_file: due.fork.then(change_file),
        }
    }

    /// What was recorded counts; what wasn't is due again.
    pub(super) fn settle_check(&self, record: &Record) -> Result<()> {
        let Some(due) = self.assignment.job.check() else { return Ok(()) };
        let prs = Prs::new(&self.project().paths);
        let run = Some(self.id());
        match read::read_json::<Check>(&self.files.check())? {
            Some(check) => prs.record(due.pr, &check, run).map(drop),
            None => {
                let at = CheckRun { pr: due.pr, check: &due.check, run: self.id() };
                prs.give_back(at, record.settlement.tally == Tally::Failure, self.assignment.settings.max_attempts)
            }
        }
    }

    /// How a person goes on with a check that is given up after this run.
    pub(super) fn way_out(&self, record: &Record) -> Option<String> {
        let due = self.assignment.job.check()?;
        let given_up =
            record.settlement.tally == Tally::Failure && due.attempt >= self.assignment.settings.max_attempts;
        let text = format!(
            "`scheduler agent run {}` tries it once more; `scheduler check record --pr {} --check {}` records what you see",
            self.assignment.agent, due.pr, due.check
        );
        given_up.then_some(text)
    }
}

fn change_file() -> String {
    format!("{SKILLS}/{CHANGE_FILE}")
}

fn text_of(diff: &[u8], max: usize) -> String {
    String::from_utf8_lossy(&diff[..diff.len().min(max)]).into_owned()
}

/// The pull request was closed since the tick: nobody is to blame.
fn superseded() -> RunError {
    RunError::Outcome(Outcome::Interrupted { by: Interruption::Demand })
}

fn no_head(number: u64, why: &str) -> RunError {
    let message = format!("pull request {number} can't be checked: {why}");
    RunError::Outcome(Outcome::LaunchFailed { message, everybody: false })
}
