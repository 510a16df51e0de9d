//! `scheduler supervise`, `refresh`, `notify` and `housekeeping`: what ticks start, detached. Not for people.

use super::{Context, usage};
use crate::{
    domain::{name::Name, run::Assignment, time},
    engine::{
        housekeeping, notify,
        project::Project,
        refresh,
        run::{self, Supervisor, SupervisorLock},
    },
    exec::{detach, watch},
    logging,
    store::{logs, state},
    sys::{lock::Lock, read},
};
use anyhow::{Context as _, Result};

/// Arguments of `scheduler supervise`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Put right what a dead supervisor left, instead of carrying a new run
    #[arg(long)]
    recover: bool,
    /// The agent; its lock is the standard input
    agent: Name,
}

/// Carries one run, or recovers one.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let lock = detach::become_supervisor().context("supervise is started by ticks, with a lock as standard input")?;
    let project = Project::find(&context.dir)?;
    let agent = project.paths.agent(&args.agent);
    let lock = Lock::adopt(lock, &agent.lock())
        .map_err(|error| usage(format!("supervise is started by ticks, not by hand: {error:#}")))?;
    if debugged(&agent).unwrap_or(false) {
        logging::begin(logs::open(&project.paths.agent_log(&args.agent, &time::local_day(context.now)))?)?;
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

/// Whether the tick that assigned the run was started with `--debug`.
fn debugged(agent: &crate::store::paths::AgentPaths) -> Option<bool> {
    let state::Loaded::State(state) = state::load(agent).ok()? else { return None };
    let files = agent.run(state.run_id.as_deref()?).ok()?;
    read::read_json::<Assignment>(&files.assignment()).ok()?.map(|assignment| assignment.debug)
}

/// Asks GitHub for the open pull requests.
pub fn refresh(context: &Context) -> Result<()> {
    let lock = detach::become_supervisor().context("refresh is started by ticks, with a lock as standard input")?;
    let project = Project::find(&context.dir)?;
    let _lock = Lock::adopt(lock, &project.paths.refresh_lock())
        .map_err(|error| usage(format!("refresh is started by ticks, not by hand: {error:#}")))?;
    refresh::refresh(&project, &|| context.clock())
}

/// Notifies the human of new messages. What goes wrong stands in the log.
pub fn notify(context: &Context) -> Result<()> {
    let lock = detach::become_supervisor().context("notify is started by ticks, with a lock as standard input")?;
    let project = Project::find(&context.dir)?;
    let _lock = Lock::adopt(lock, &project.paths.notify_lock())
        .map_err(|error| usage(format!("notify is started by ticks, not by hand: {error:#}")))?;
    for failure in notify::notify(&project, &|| context.clock())? {
        context.warn(format!("{} notify: {failure}", time::to_text(context.clock())));
    }
    Ok(())
}

/// Tidies up; what is removed goes to the scheduler's log, which is the standard output.
pub fn housekeeping(context: &Context) -> Result<()> {
    let lock =
        detach::become_supervisor().context("housekeeping is started by ticks, with a lock as standard input")?;
    let project = Project::find(&context.dir)?;
    let _lock = Lock::adopt(lock, &project.paths.housekeeping_lock())
        .map_err(|error| usage(format!("housekeeping is started by ticks, not by hand: {error:#}")))?;
    let mut say = |what: &str| {
        // A log that can't be written to is no reason to stop.
        let _ = context.line(format!("{} housekeeping: {what}", time::to_text(context.clock())));
    };
    housekeeping::run(&project, &|| context.clock(), &mut say)
}
