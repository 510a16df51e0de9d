//! `scheduler supervise`, `refresh`, `notify`, `heartbeat`, `write-report`, `let-go` and `housekeeping`: what ticks start, detached.

use super::{Context, report, usage};
use crate::domain::name::Name;
use crate::domain::run::Assignment;
use crate::domain::time;
use crate::engine::project::Project;
use crate::engine::run::{self, Supervisor, SupervisorLock};
use crate::engine::{heartbeat, housekeeping, let_go, machine, notify, refresh};
use crate::exec::{detach, stale_ref_locks, watch};
use crate::logging;
use crate::store::paths::{AgentPaths, Paths};
use crate::store::state;
use crate::sys::lock::Lock;
use crate::sys::read;
use anyhow::{Context as _, Result};
use std::path::PathBuf;

/// Arguments of `scheduler supervise`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Recover the run of a supervisor that died, instead of carrying a new one
    #[arg(long)]
    recover: bool,
    /// The agent; its lock is the standard input
    agent: Name,
}

/// Carries one run, or recovers one.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, lock) = take_over(context, "supervise", |paths| paths.agent(&args.agent).lock())?;
    let agent = project.paths.agent(&args.agent);
    if debugged(&agent).unwrap_or(false) {
        logging::begin(&project.paths.agent_log(&args.agent, &time::local_day(context.now)))?;
    }
    tracing::debug!(agent = %args.agent, recover = args.recover, "supervisor");
    let stop = watch::stop_on_signals()?;
    let clock = || context.clock();
    let program = context.program()?;
    let supervisor = Supervisor {
        project: &project,
        lock: SupervisorLock::new(lock, agent.lock()),
        clock: &clock,
        stop: &stop,
        environment: context.environment(),
        program: &program,
    };
    let result =
        if args.recover { run::recover(&supervisor, &args.agent) } else { run::supervise(&supervisor, &args.agent) };
    if let Err(error) = &result {
        tracing::error!("{error:#}");
    }
    result.with_context(|| args.agent.to_string())
}

/// The project, and the lock that a tick has handed over as the standard input of this process.
fn take_over(context: &Context, command: &str, path: impl Fn(&Paths) -> PathBuf) -> Result<(Project, Lock)> {
    let lock = detach::become_supervisor()
        .with_context(|| format!("{command} is started by ticks, with a lock as standard input"))?;
    let project = Project::find(&context.dir)?;
    let lock = Lock::adopt(lock, &path(&project.paths))
        .map_err(|error| usage(format!("{command} is started by ticks, not by hand: {error:#}")))?;
    let paths = project.paths.clone();
    stale_ref_locks::spare(move || machine::oldest_run_elsewhere(&paths));
    Ok((project, lock))
}

/// Whether the tick that assigned the run was started with `--debug`.
fn debugged(agent: &AgentPaths) -> Option<bool> {
    let state::Loaded::State(state) = state::load(agent).ok()? else { return None };
    let files = agent.run(state.run_id.as_deref()?).ok()?;
    read::read_json::<Assignment>(&files.assignment()).ok()?.map(|assignment| assignment.debug)
}

/// Asks GitHub for the open pull requests.
pub fn refresh(context: &Context) -> Result<()> {
    let (project, _lock) = take_over(context, "refresh", Paths::refresh_lock)?;
    refresh::refresh(&project, &|| context.clock())
}

/// Notifies the user of new messages. What goes wrong is in the log.
pub fn notify(context: &Context) -> Result<()> {
    let (project, _lock) = take_over(context, "notify", Paths::notify_lock)?;
    for failure in notify::notify(&project, &|| context.clock())? {
        context.warn(format!("{} notify: {failure}", time::to_text(context.clock())));
    }
    Ok(())
}

/// Tells a watchdog elsewhere that ticks go on. What goes wrong is in the log.
pub fn heartbeat(context: &Context) -> Result<()> {
    let (project, _lock) = take_over(context, "heartbeat", Paths::heartbeat_lock)?;
    if let Err(error) = heartbeat::beat(&project, &|| context.clock()) {
        context.warn(format!("{} heartbeat: {error:#}", time::to_text(context.clock())));
    }
    Ok(())
}

/// Writes the page anew. What goes wrong is in the log.
pub fn write_report(context: &Context) -> Result<()> {
    let (project, _lock) = take_over(context, "write-report", Paths::report_lock)?;
    if let Err(error) = report::refresh(&project, context.clock()) {
        context.warn(format!("{} report: {error:#}", time::to_text(context.clock())));
    }
    Ok(())
}

/// Cancels runs that have ended once more.
pub fn let_go(context: &Context) -> Result<()> {
    let (project, _lock) = take_over(context, "let-go", Paths::let_go_lock)?;
    let_go::run(&project, context.environment(), context.clock(), &mut log(context, "let-go"))
}

/// Tidies up.
pub fn housekeeping(context: &Context) -> Result<()> {
    let (project, _lock) = take_over(context, "housekeeping", Paths::housekeeping_lock)?;
    housekeeping::run(&project, &|| context.clock(), &mut log(context, "housekeeping"))
}

/// Writes to the scheduler's log, which is the standard output.
fn log<'a>(context: &'a Context, command: &'a str) -> impl FnMut(&str) + 'a {
    move |what| {
        // A log that can't be written to is no reason to stop.
        let _ = context.line(format!("{} {command}: {what}", time::to_text(context.clock())));
    }
}
