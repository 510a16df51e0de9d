//! What came of a run: its outcome and its settlement, decided by its end and by what it left, and put on record before
//! anything is settled.

use super::confinement;
use super::context::Run;
use super::ended::Ended;
use super::evidence::{self, Left};
use super::{remote, session};
use crate::domain::last_answer;
use crate::domain::outcome::{self, End, Interruption, Outcome};
use crate::domain::run::{Assignment, NewPullRequest, Prepared, Publication, Record, Usage};
use crate::domain::session as session_of;
use crate::domain::settlement::{self, Publish, RunEnd, Settlement, Tally};
use crate::domain::task::Task;
use crate::domain::test_paths::TestPaths;
use crate::domain::text::{cut, one_line};
use crate::domain::time::Time;
use crate::domain::verify::Weakened;
use crate::exec::{start_point, weakened};
use crate::store::runs;
use crate::sys::{dir, read};
use anyhow::Result;
use std::ffi::{OsStr, OsString};
use std::fs;

/// The most of an agent's last words that is kept, in characters.
const MAX_REPORT: usize = 1_500;
/// The most of stderr that is read for the last words of a program that failed.
const MAX_STDERR: usize = 16 << 10;

/// A run whose record is on disk: settling it may be cut off anywhere and begun again.
pub struct Judged {
    record: Record,
}

impl Judged {
    /// A run that was judged before.
    pub fn on_record(run: &Run<'_>) -> Result<Option<Self>> {
        Ok(read::read_json(&run.files.record())?.map(|record| Self { record }))
    }

    pub fn put_on_record(run: &Run<'_>, record: Record) -> Result<Self> {
        runs::write_json(&run.files.record(), &record)?;
        Ok(Self { record })
    }

    pub fn record(&self) -> &Record {
        &self.record
    }
}

/// Saves the work and judges the run by what there is of it. Whether the work passes `verify` is for later.
pub fn judge(run: &Run<'_>, ended: Ended) -> Result<Record> {
    let now = run.now();
    remote::tidy(run)?;
    if !ended.is_abandoned {
        run.worktree.put_back_git_dir(&run.files.git_dir())?;
        // Nothing is lost where it can't be done.
        let _ = confinement::end(run).inspect_err(|error| tracing::warn!("{error:#}"));
    }
    let outcome = match &ended.outcome {
        Some(outcome) => outcome.clone(),
        None => classify(run, &ended, now)?,
    };
    let outcome = match (outcome, &ended.engine) {
        (Outcome::Interrupted { by: Interruption::Cancelled | Interruption::Signal }, Some(engine)) => engine.clone(),
        (outcome, _) => outcome,
    };
    let mut left =
        if ended.is_abandoned { evidence::of_branch(run, &ended)? } else { evidence::collect(run, &ended, &outcome)? };
    let session = session::left(run, &ended.facts, left.has_commits).filter(|_| !ended.is_abandoned);
    left.evidence.goes_on = session.as_ref().is_some_and(|left| left.progress && left.usable().is_ok());
    let usage = run.usage(&ended, now);
    let case = Case { assignment: &run.assignment, task: run.task(), ended, outcome, left, session, usage, now };
    let settlement = case.settlement(run.holds_task()?);
    tracing::debug!(outcome = case.outcome.word(), reason = settlement.reason, "judged");
    let hint = (settlement.tally == Tally::Failure).then(|| confinement::hint(run)).flatten();
    let weakened_tests = match (settlement.publish, &case.ended.prepared, &case.left.tip) {
        (Publish::Work, Some(prepared), Some(tip)) => weakened_tests(run, prepared, tip)?,
        _ => Vec::new(),
    };
    let mut record = Record { weakened_tests, ..case.record(settlement) };
    record.detail.extend(hint.map(|hint| format!("; {hint}")));
    Ok(record)
}

fn weakened_tests(run: &Run<'_>, prepared: &Prepared, tip: &str) -> Result<Vec<Weakened>> {
    let paths = TestPaths::new(&run.assignment.test_paths)?;
    weakened::tests(&run.worktree.git(), &compared_with(run, prepared, tip)?, tip, &paths)
}

/// The commit that a whole change is compared with: where it left the branch that it is meant for, else where the first attempt
/// began.
pub fn compared_with(run: &Run<'_>, prepared: &Prepared, tip: &str) -> Result<String> {
    let git = run.worktree.repository();
    let Some(target) = &prepared.target else { return Ok(prepared.base.clone()) };
    let Some(into) = start_point::branch(&git, run.remotes()?.name(), target)? else {
        return Ok(prepared.base.clone());
    };
    let found = git.try_run(["merge-base", tip, &into])?;
    Ok(Some(found.text())
        .filter(|found| found.len() == tip.len() && found != tip)
        .unwrap_or_else(|| prepared.base.clone()))
}

/// All that a run is judged by.
pub struct Case<'a> {
    pub assignment: &'a Assignment,
    pub task: Option<&'a Task>,
    pub ended: Ended,
    pub outcome: Outcome,
    pub left: Left,
    /// What it leaves to be gone on with.
    pub session: Option<session_of::Left>,
    pub usage: Usage,
    pub now: Time,
}

impl Case<'_> {
    /// What is to happen, given whether the run still has its task.
    pub fn settlement(&self, holds_task: bool) -> Settlement {
        settlement::settle(&RunEnd {
            job: &self.assignment.job,
            task: self.task.filter(|_| holds_task),
            max_attempts: self.assignment.settings.max_attempts,
            outcome: &self.outcome,
            evidence: &self.left.evidence,
            now: self.now,
        })
    }

    /// The record of the run.
    pub fn record(self, settlement: Settlement) -> Record {
        let Self { assignment, task, ended, outcome, left, session, usage, now } = self;
        let result = ended.facts.result.as_ref();
        let said = result.map(|result| {
            let answer = result.structured_output.as_ref();
            answer.and_then(last_answer::summary).unwrap_or_else(|| result.text())
        });
        let report = said.map(|said| cut(said.trim(), MAX_REPORT)).filter(|report| !report.is_empty());
        let prepared = ended.prepared.as_ref().filter(|_| settlement.publish == Publish::Work);
        let publication =
            prepared.zip(task).and_then(|(prepared, task)| publication(assignment, task, prepared, report.as_deref()));
        Record {
            run_id: assignment.run_id.clone(),
            detail: outcome.to_string(),
            publication,
            review: left.review,
            usage,
            exit_code: ended.exit.number(),
            base: ended.prepared.as_ref().map(|prepared| prepared.base.clone()),
            branch: ended.prepared.and_then(|prepared| prepared.branch),
            tip: left.tip,
            salvage: left.salvage,
            set_aside: left.set_aside,
            claude_files: left.claude_files,
            verified: None,
            weakened_tests: Vec::new(),
            session,
            output_dropped: left.output_dropped,
            attempt: task.map_or(0, |_| assignment.job.attempt()),
            started_at: assignment.assigned_at,
            finished_at: now,
            report,
            outcome,
            settlement,
        }
    }
}

/// What is to be pushed, and the pull request to open for it.
fn publication(assignment: &Assignment, task: &Task, prepared: &Prepared, report: Option<&str>) -> Option<Publication> {
    let branch = prepared.branch.clone()?;
    let remote_branch = prepared.pull_request_branch.clone().unwrap_or_else(|| branch.clone());
    let target = prepared.target.as_ref().filter(|_| task.pr.is_none());
    let pull_request = target.map(|base| NewPullRequest {
        base: base.clone(),
        title: cut(&one_line(&task.title), 200),
        body: report.unwrap_or("The agent left no description.").to_owned(),
        draft: assignment.draft_pull_requests,
        closes: task.issue,
    });
    Some(Publication { branch, remote_branch, pushed_before: None, pull_request })
}

fn classify(run: &Run<'_>, ended: &Ended, now: Time) -> Result<Outcome> {
    // Whatever stands in its place, the run is judged all the same.
    let stderr = read::read_tail(&run.files.stderr(), MAX_STDERR).unwrap_or_else(|error| {
        tracing::warn!("{error:#}");
        String::new()
    });
    Ok(outcome::classify(&End {
        exit: ended.exit,
        stopped: ended.stopped,
        result: ended.facts.result.as_ref(),
        rate_limit: ended.facts.rate_limit.as_ref(),
        api_retry: ended.facts.api_retry.as_ref(),
        began: fs::metadata(run.files.output()).is_ok_and(|output| output.len() > 0),
        stderr: &stderr,
        now,
        here: &zone_names(run.supervisor.environment.get(OsStr::new("TZ"))),
    }))
}

/// The names by which the local time zone may be called: by what TZ says, else by the system's setting.
fn zone_names(variable: Option<&OsString>) -> Vec<String> {
    let Some(variable) = variable.filter(|variable| !variable.is_empty()) else {
        let link = dir::link_target("/etc/localtime".as_ref()).unwrap_or_default();
        let name = link.to_string_lossy().split_once("zoneinfo/").map(|(_, name)| name.to_owned());
        return name.into_iter().collect();
    };
    let whole = variable.to_string_lossy().trim_start_matches(':').to_owned();
    // "CET-1CEST": what is written out is named by its first letters.
    let letters = whole.chars().take_while(char::is_ascii_alphabetic).collect();
    vec![letters, whole]
}
