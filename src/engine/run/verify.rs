//! Has the work of a run verified before anything of it is pushed: `verify` of agents.yaml runs on the commit that would be
//! published and, where that doesn't pass, on the one that the work is compared with.
//!
//! It runs as the agent did, confined and without credentials, on what the commits hold: what lay beside them is saved by then.
//! What it leaves in the worktree is nobody's work. Cut off, it begins anew, from `unverified.json`.

use super::confinement;
use super::context::{Run, RunError};
use super::environment;
use super::judge::{Judged, compared_with};
use crate::domain::outcome::{Interruption, Outcome};
use crate::domain::role::MayChange;
use crate::domain::run::{Assignment, Prepared, Record};
use crate::domain::sandbox::denial;
use crate::domain::settlement::{self, Evidence, Publish, RunEnd};
use crate::domain::shell;
use crate::domain::state::{AgentState, Phase};
use crate::domain::task::Task;
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::domain::verify::{Bases, Trial, Verdict, Verified, Verify, last_lines};
use crate::engine::trust;
use crate::exec::clock::monotonic_now;
use crate::exec::programs::folder_of;
use crate::exec::setup::{self, End, Setup};
use crate::store::{cache, runs};
use crate::sys::{atomic, read};
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

/// The most that is read of what it printed, in bytes.
const MAX_SAID: usize = 16 << 10;

/// What came of running it.
enum Tried {
    Ended(Trial),
    /// The run is to end.
    Stopped,
    /// What git trusts isn't as the user accepted it any more.
    Held,
}

/// A run that was judged before and not verified to the end.
pub fn unfinished(run: &Run<'_>) -> Result<Option<Record>> {
    read::read_json(&run.files.unverified())
}

/// Puts a run on record, once its work is verified if it is to be published; `None` if that waits for the user's trust.
pub fn verify(run: &Run<'_>, mut record: Record, state: &mut AgentState) -> Result<Option<Judged>> {
    let due = run.assignment.settings.verify.as_ref().filter(|_| record.settlement.publish == Publish::Work);
    let (Some(verify), Some(tip)) = (due, record.tip.clone()) else {
        return Judged::put_on_record(run, record).map(Some);
    };
    let mut is_stopped = false;
    if run.holds_task()? {
        state.phase = Phase::Verifying;
        run.save(state)?;
        match both(run, verify, &tip, &mut record, state)? {
            Some(Tried::Held) => return Ok(None),
            Some(Tried::Stopped) => is_stopped = true,
            Some(Tried::Ended(_)) | None => {}
        }
        stand(run, &tip)?;
        // Nothing is lost where it can't be done.
        let _ = confinement::end(run).inspect_err(|error| tracing::warn!("{error:#}"));
        run.supervisor.lock.secure()?;
    }
    let task = if run.holds_task()? { run.task() } else { None };
    let mut record = amended(&run.assignment, task, record, is_stopped, run.now());
    record.detail.extend(hint(run, &record).map(|hint| format!("; {hint}")));
    Judged::put_on_record(run, record).map(Some)
}

/// Tries the work, then what it is compared with, as far as that is needed and isn't known. What kept it from coming to an end.
fn both(
    run: &Run<'_>,
    verify: &Verify,
    tip: &str,
    record: &mut Record,
    state: &mut AgentState,
) -> Result<Option<Tried>> {
    let work = match record.verified.take() {
        Some(verified) => verified.work,
        None => {
            runs::write_json(&run.files.unverified(), record)?;
            match attempt(run, verify, tip, &run.files.verify_log(), state)? {
                Tried::Ended(trial) => trial,
                other => return Ok(Some(other)),
            }
        }
    };
    let verified = record.verified.insert(Verified { command: verify.command.clone(), work, base: None });
    if verified.work.passed() {
        return Ok(None);
    }
    runs::write_json(&run.files.unverified(), record)?;
    let prepared: Prepared = read::read_json(&run.files.prepared())?.context("where the run worked isn't known")?;
    let (base, path, now) = (compared_with(run, &prepared, tip)?, run.paths().verified_bases(), run.now());
    let known: Bases = cache::load(&path).unwrap_or_default();
    let trial = match known.known(&verify.command, &base, now) {
        Some(known) => known.clone(),
        None => match attempt(run, verify, &base, &run.files.verify_base_log(), state)? {
            Tried::Ended(trial) => {
                let known: Bases = cache::load(&path).unwrap_or_default();
                cache::save(&path, &known.with(&verify.command, &trial, now))?;
                trial
            }
            other => return Ok(Some(other)),
        },
    };
    if let Some(verified) = &mut record.verified {
        verified.base = Some(trial);
    }
    Ok(None)
}

/// Runs it once, on one commit.
fn attempt(run: &Run<'_>, verify: &Verify, commit: &str, log: &Path, state: &mut AgentState) -> Result<Tried> {
    let worktree = &run.worktree;
    worktree.ensure(commit)?;
    stand(run, commit)?;
    // Whatever it leaves there is cleared by the next stand, also if this process dies meanwhile.
    worktree.begin_set_up()?;
    atomic::discard(log)?;
    let call = Setup {
        command: verify.command.clone(),
        worktree: worktree.path().to_owned(),
        log: log.to_owned(),
        environment: environment::of(run, false)?,
        timeout: Duration::from_secs(u64::from(verify.timeout_seconds)),
    };
    worktree.keep_git_dir(&run.files.git_dir())?;
    let begun = monotonic_now();
    let end = setup::run(&call, run.supervisor.stop, |process| {
        state.process = Some(process);
        run.save(state)
    });
    let seconds = begun.elapsed().as_secs();
    // Before git is asked anything else.
    if !trust::after_run(&run.asker())? {
        return Ok(Tried::Held);
    }
    worktree.put_back_git_dir(&run.files.git_dir())?;
    let exit_code = match end? {
        End::Stopped => return Ok(Tried::Stopped),
        End::Exit(status) => status.code().or(status.signal().map(|signal| -signal)),
        End::TimedOut => None,
    };
    tracing::debug!(commit, ?exit_code, seconds, "verify");
    Ok(Tried::Ended(Trial { commit: commit.to_owned(), exit_code, seconds, tail: said(log, &verify.command)? }))
}

fn stand(run: &Run<'_>, commit: &str) -> Result<()> {
    for warning in run.worktree.stand_detached(commit)? {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// The last lines that it printed itself.
fn said(log: &Path, command: &str) -> Result<String> {
    let log = read::read_tail(log, MAX_SAID)?;
    let said = log.strip_prefix(&format!("$ {command}\n")).unwrap_or(&log);
    // The last line says how it ended.
    Ok(last_lines(&printable(said.trim_end().rsplit_once('\n').map_or("", |(said, _)| said))))
}

/// What the user may do about a failure that the sandbox brought about.
fn hint(run: &Run<'_>, record: &Record) -> Option<String> {
    let verified = record.verified.as_ref().filter(|verified| verified.verdict() == Verdict::Failed)?;
    if run.files.profile().exists() { denial::hint(&verified.work.tail) } else { None }
}

/// The record now that its work was verified, or that this came to no end. `task`: as long as it is the run's own.
pub fn amended(assignment: &Assignment, task: Option<&Task>, record: Record, is_stopped: bool, now: Time) -> Record {
    let (mut record, evidence) = (record, Evidence::default());
    let outcome = match &record.verified {
        _ if is_stopped => Some(Outcome::Interrupted { by: Interruption::Demand }),
        Some(verified) if verified.verdict() == Verdict::NotStarted => {
            Some(Outcome::launch_failed(format!("verify {verified}"), true))
        }
        _ => None,
    };
    if let Some(outcome) = outcome {
        record.detail = outcome.to_string();
        record.outcome = outcome;
    }
    let end = RunEnd {
        job: &assignment.job,
        task,
        max_attempts: assignment.settings.max_attempts,
        outcome: &record.outcome,
        evidence: &evidence,
        now,
    };
    let settlement = match &record.verified {
        Some(verified) if !is_stopped => settlement::verified(&end, verified, record.settlement.clone()),
        _ => settlement::settle(&end),
    };
    Record { settlement, ..record }
}

/// Asked before anything begins: nobody is paid for work that can't be verified then.
pub fn can_start(run: &Run<'_>) -> Result<(), RunError> {
    let writes = run.assignment.role.spec().may_change != MayChange::Nothing && run.assignment.job.task().is_some();
    let settings = &run.assignment.settings;
    let program = settings.verify.as_ref().filter(|_| writes).and_then(|verify| shell::program(&verify.command));
    let inherited =
        || run.supervisor.environment.get(OsStr::new("PATH")).map(|path| path.to_string_lossy().into_owned());
    let search_path = settings.env.get("PATH").cloned().or_else(inherited).unwrap_or_default();
    match program {
        Some(program) if !Path::new(program).is_file() && folder_of(program, &search_path).is_none() => {
            Err(RunError::launch_of_all(format!(
                "verify in agents.yaml can't be started: {program} is not on PATH ({search_path}): install it, or add its folder to \
                 the PATH of the timer, or mend `verify`"
            )))
        }
        _ => Ok(()),
    }
}
