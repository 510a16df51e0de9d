//! `scheduler`: one tick.

use super::{Context, usage};
use crate::domain::config::{Problem, Severity};
use crate::domain::gate::DueCheck;
use crate::domain::job::Job;
use crate::domain::schedule::{Decided, Decision};
use crate::domain::time;
use crate::engine::preview::Misconfigured;
use crate::engine::project::Project;
use crate::engine::tick::{self, Options, Report, Tick};
use crate::logging;
use anyhow::{Result, bail};

/// Runs one tick and prints what it started and changed; with `--debug` or `--dry-run`, every decision.
pub fn run(dry_run: bool, context: &Context) -> Result<()> {
    context.refuse_inside_run("a tick")?;
    let project = Project::find(&context.dir)?;
    if context.debug && !dry_run {
        logging::begin(&project.paths.scheduler_log(&time::local_day(context.now)))?;
        log_environment(context);
    }
    let done = if dry_run {
        tick::dry_run(&project, context.now)
    } else {
        let (program, env) = (context.program()?, |name: &str| context.env(name));
        tick::tick(&project, &Options { now: context.now, debug: context.debug, program: &program, env: &env })
    };
    match done? {
        Tick::Busy => {
            tracing::debug!("another tick is under way");
            if context.debug {
                context.line("another tick is under way; nothing was done")?;
            }
            Ok(())
        }
        Tick::Misconfigured(Misconfigured { problems, views }) => {
            views.recoveries().try_for_each(|recovery| context.line(recovery))?;
            Err(misconfigured(&project, &problems))
        }
        Tick::Done(report) => print(context, &project, &report, dry_run),
    }
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

fn print(context: &Context, project: &Project, report: &Report, dry_run: bool) -> Result<()> {
    let talkative = context.debug || dry_run;
    // A check that nobody makes holds up every pull request: that is said at each tick.
    for warning in report.warnings.iter().filter(|warning| talkative || warning.key.starts_with("gatekeeper.")) {
        context.warn(format!("{}: {warning}", project.paths.config().display()));
    }
    report.notes.changes.iter().try_for_each(|change| context.line(change))?;
    for Decided { agent, decision } in &report.decided {
        match decision {
            Decision::Start(job) => {
                let verb = if dry_run { "would start" } else { "started" };
                context.line(format!("{agent}: {verb} {}", purpose(job)))?;
            }
            Decision::Skip(reason) if talkative => {
                context.line(format!("{agent}: {}", reason.words(agent, context.now).explanation))?;
            }
            Decision::Skip(_) => {}
        }
    }
    for problem in &report.notes.problems {
        context.warn(problem);
    }
    let Some((last, others)) = report.notes.failures.split_last() else { return Ok(()) };
    for failure in others {
        context.warn(failure);
    }
    bail!("{last}")
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
