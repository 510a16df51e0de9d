//! `scheduler`: one tick.

use super::said::Said;
use super::{Context, Usage, usage};
use crate::domain::config::{Problem, Severity};
use crate::domain::gate::DueCheck;
use crate::domain::job::Job;
use crate::domain::schedule::{self, Decided, Decision};
use crate::domain::time;
use crate::engine::beginning::{self, Unseen};
use crate::engine::preview::Misconfigured;
use crate::engine::project::Project;
use crate::engine::tick::{self, Options, Report, Tick};
use crate::logging;
use anyhow::Result;
use std::mem;

/// Runs one tick and prints what it started and changed; with `--debug` or `--dry-run`, every decision.
pub fn run(dry_run: bool, context: &Context) -> Result<()> {
    context.refuse_inside_run("a tick")?;
    let project = Project::find(&context.dir)?;
    if context.debug && !dry_run {
        logging::begin(&project.paths.scheduler_log(&time::local_day(context.now)))?;
        log_environment(context);
    }
    let search_path = context.env("PATH").unwrap_or_default();
    let by_hand = !dry_run && context.on_terminal();
    let is_first = by_hand && !project.paths.last_tick().exists();
    let mut said = Said::new(context, by_hand || dry_run);
    let done = if dry_run {
        tick::dry_run(&project, context.now, search_path)
    } else {
        let (program, env) = (context.program()?, |name: &str| context.env(name));
        tick::tick(&project, &Options { now: context.now, debug: context.debug, program: &program, env: &env })
    };
    let code = match done {
        Ok(Tick::Busy) => {
            tracing::debug!("another tick is under way");
            if context.debug || by_hand {
                said.line("another tick is under way; nothing was done")?;
            }
            None
        }
        Ok(Tick::Misconfigured(Misconfigured { problems, views })) => {
            views.recoveries().try_for_each(|recovery| said.line(recovery))?;
            said.complain(misconfigured(&project, &problems));
            Some(2)
        }
        Ok(Tick::Done(report)) => {
            if dry_run || is_first {
                for Unseen { what, remedy } in beginning::unseen(&project, &report.config)? {
                    said.complain(format!("{what}: {remedy}"));
                }
            }
            print(&mut said, &project, &report, dry_run)?;
            if by_hand {
                says_more(&said, &report)?;
            }
            let has_failed = !report.notes.failures.is_empty();
            // As in the tick: nobody needs it any more.
            mem::forget(report);
            has_failed.then_some(1)
        }
        Err(error) => {
            said.complain(format!("{error:#}"));
            Some(if error.is::<Usage>() { 2 } else { 1 })
        }
    };
    said.end(&project, code)
}

/// The first error in agents.yaml, as exit code 2.
pub fn misconfigured(project: &Project, problems: &[Problem]) -> anyhow::Error {
    let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    let more = match errors.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let first = errors.first().map(ToString::to_string).unwrap_or_default();
    usage(format!("{}: {first}{more}", project.paths.config().display()))
}

fn print(said: &mut Said<'_>, project: &Project, report: &Report, dry_run: bool) -> Result<()> {
    let now = said.context.now;
    let talkative = said.context.debug || dry_run;
    // A check that nobody makes holds up every pull request.
    for warning in report.warnings.iter().filter(|warning| talkative || warning.key.starts_with("gatekeeper.")) {
        said.complain(format!("{}: {warning}", project.paths.config().display()));
    }
    report.notes.changes.iter().try_for_each(|change| said.line(change))?;
    for Decided { agent, decision } in &report.decided {
        match decision {
            Decision::Start(job) => {
                let verb = if dry_run { "would start" } else { "started" };
                said.line(format!("{agent}: {verb} {}", purpose(job)))?;
            }
            Decision::Skip(reason) if talkative => {
                said.line(format!("{agent}: {}", reason.words(agent, now).explanation))?;
            }
            Decision::Skip(_) => {}
        }
    }
    report.notes.problems.iter().chain(&report.notes.failures).for_each(|problem| said.complain(problem));
    Ok(())
}

/// What whoever called it by hand wants to know beside: how to follow what was started, or why nothing was.
fn says_more(said: &Said<'_>, report: &Report) -> Result<()> {
    let starts = |one: &&Decided| matches!(one.decision, Decision::Start(_));
    match report.decided.iter().find(starts) {
        Some(Decided { agent, .. }) => {
            said.line(format!("follow it with `scheduler logs {agent} -f`, all of it with `scheduler top`"))
        }
        None if said.context.debug => Ok(()),
        None => said.line(schedule::nothing_started(&report.decided, said.context.now)),
    }
}

fn purpose(job: &Job) -> String {
    let attempt = if job.attempt() > 1 { format!(", attempt {}", job.attempt()) } else { String::new() };
    match job {
        Job::Task { id, .. } => format!("with {id}{attempt}"),
        Job::Explore => "to look for tasks".to_owned(),
        Job::Check(DueCheck { pr, check, .. }) => format!("to check {check} of #{pr}{attempt}"),
        Job::Coordinate => "to look at the pull requests".to_owned(),
        Job::Propose => "to propose work".to_owned(),
        Job::Curate => "to judge proposals".to_owned(),
    }
}

/// Names only: values may be secret.
fn log_environment(context: &Context) {
    let names: Vec<_> = context.environment().keys().map(|name| name.to_string_lossy()).collect();
    tracing::debug!(dir = %context.dir.display(), environment = names.join(" "), "tick");
}
