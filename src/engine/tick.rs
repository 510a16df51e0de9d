//! One tick: collect, decide, start, and be gone.
//!
//! It never waits for git, gh, claude or the network, and never settles a run.

use super::{
    collect::{self, AgentViews},
    configuration, curation, housekeeping, notify,
    project::Project,
    snapshot::{self, Taken},
    spawn::Spawner,
    start::{self, Start, Started},
};
use crate::{
    domain::{
        config::{self, Config, Problem},
        message::Message,
        name::Name,
        schedule::{self, Decided, Decision, Reason},
        time::{self, Time},
    },
    exec::clock::monotonic_now,
    store::{cache, messages, paths::Paths, proposals::Proposals},
    sys::lock::Lock,
};
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// How a tick is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The time.
    pub now: Time,
    /// Decide, and change nothing.
    pub dry_run: bool,
    /// Runs log what they do.
    pub debug: bool,
    /// The program itself, for supervisors.
    pub program: &'a Path,
}

/// What a tick did.
#[derive(Debug)]
pub enum Tick {
    /// Nothing: another one is under way.
    Busy,
    /// It collected, and started nothing: agents.yaml is wrong.
    Misconfigured {
        /// What is wrong in it.
        problems: Vec<Problem>,
        /// What was collected.
        crew: AgentViews,
    },
    /// Everything.
    Done(Box<Report>),
}

/// What there is to tell of a tick.
#[derive(Debug, Default)]
pub struct Report {
    /// Every agent with its decision, in the order of agents.yaml.
    pub decided: Vec<Decided>,
    /// Agents whose lost run is being put right.
    pub recovering: Vec<Name>,
    /// Tasks that nobody held and that were put back.
    pub released: Vec<Name>,
    /// What was done to proposals, a line each.
    pub changes: Vec<String>,
    /// What is odd in agents.yaml.
    pub warnings: Vec<Problem>,
    /// Files that were left alone.
    pub problems: Vec<String>,
    /// What couldn't be done.
    pub failures: Vec<String>,
}

/// `cache/last-tick.json`, but for its `decisions`.
#[derive(Debug, Serialize)]
struct LastTick<'a> {
    #[serde(with = "time::required")]
    time: Time,
    duration_ms: u64,
    problems: &'a [String],
}

/// Does one tick.
///
/// # Errors
/// The scheduler's lock or the folder of the agents can't be used, or the queue can't be read. What one agent's start
/// fails with is in the report.
pub fn tick(project: &Project, options: &Options<'_>) -> Result<Tick> {
    let begun = monotonic_now();
    let paths = &project.paths;
    let _lock = if options.dry_run {
        None
    } else {
        let Some(lock) = Lock::try_take(&paths.scheduler_lock())? else { return Ok(Tick::Busy) };
        Some(lock)
    };
    let spawner = Spawner { project, program: options.program, now: options.now };
    let mut crew = collect::collect(paths, (!options.dry_run).then_some(&spawner))?;
    let completed = if options.dry_run { None } else { complete(paths, options.now, &mut crew) };
    let configuration = configuration::read(paths)?;
    let (config, warnings) = match configuration.understand() {
        Ok(understood) => understood,
        Err(problems) => {
            if !options.dry_run {
                tell_once(project, &problems, options.now)?;
                // The rest of the file may be wrong and this still right: now it matters most.
                if configuration.text().and_then(config::notify).is_some() {
                    notify(&spawner)?;
                }
            }
            return Ok(Tick::Misconfigured { problems, crew });
        }
    };
    let mut taken = snapshot::take(paths, &config, &crew, options.now, !options.dry_run)?;
    taken.changes.splice(0..0, completed);
    let notifies = config.notify.is_some();
    let mut report = report(&config, taken, crew, warnings, options, &spawner);
    if !options.dry_run {
        if notifies && let Err(error) = notify(&spawner) {
            report.failures.push(format!("{error:#}"));
        }
        if let Err(error) = housekeeping(&spawner) {
            report.failures.push(format!("{error:#}"));
        }
        let last = LastTick {
            time: options.now,
            duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            problems: &[&report.problems[..], &report.failures].concat(),
        };
        if let Err(error) = cache::save_list(&paths.last_tick(), &last, "decisions", worth_telling(&report.decided)) {
            report.failures.push(format!("{error:#}"));
        }
    }
    Ok(Tick::Done(Box::new(report)))
}

/// What a tick decided, but for those that aren't due: in nearly every tick these are nearly all.
fn worth_telling(decided: &[Decided]) -> impl Iterator<Item = &Decided> {
    decided.iter().filter(|decided| !matches!(decided.decision, Decision::Skip(Reason::NotDue { .. })))
}

/// Completes a judgement of a proposal that was cut off; what it was.
fn complete(paths: &Paths, now: Time, crew: &mut AgentViews) -> Option<String> {
    match Proposals::new(paths).complete(now) {
        Ok(done) => done.as_ref().map(curation::describe),
        Err(error) => {
            crew.problems.push(format!("{error:#}"));
            None
        }
    }
}

/// Tells the human that agents.yaml is wrong: once, as long as the message lies there.
fn tell_once(project: &Project, problems: &[Problem], now: Time) -> Result<()> {
    let lines: Vec<_> = problems.iter().map(|problem| format!("- {problem}")).collect();
    let body = format!("{}\n\n{}", project.paths.config().display(), lines.join("\n"));
    let message =
        Message::error("agents.yaml is wrong, nothing is started", body).key(format!("config: {}", lines.join(" ")));
    messages::send(&project.paths, &message, now)?;
    Ok(())
}

fn report(
    config: &Config,
    taken: Taken,
    crew: AgentViews,
    warnings: Vec<Problem>,
    options: &Options<'_>,
    spawner: &Spawner<'_>,
) -> Report {
    let decisions = schedule::decide(config, &taken.snapshot, options.now);
    let mut report = Report {
        recovering: crew.recovering,
        released: taken.released,
        changes: taken.changes,
        warnings,
        problems: taken.problems,
        failures: crew.problems,
        ..Report::default()
    };
    for (position, (agent, decision)) in config.agents.iter().zip(decisions).enumerate() {
        let decision = match decision {
            Decision::Start(job) if !options.dry_run => {
                let start = Start { spawner, config, position, agent, job: &job, debug: options.debug };
                match start::start(&start) {
                    Ok(Started::Yes { on_record }) => {
                        report.failures.extend(on_record.err().map(|error| format!("{}: {error:#}", agent.name)));
                        Decision::Start(job)
                    }
                    Ok(Started::No(reason)) => Decision::Skip(reason),
                    Err(error) => {
                        report.failures.push(format!("{}: {error:#}", agent.name));
                        Decision::Skip(Reason::Recovering)
                    }
                }
            }
            decision => decision,
        };
        match &decision {
            Decision::Start(_) => tracing::debug!(agent = %agent.name, role = %agent.role, ?decision, "starts"),
            Decision::Skip(reason) => tracing::debug!(agent = %agent.name, role = %agent.role, "{reason}"),
        }
        report.decided.push(Decided { agent: agent.name.clone(), decision });
    }
    if taken.refresh && !options.dry_run {
        refresh(spawner, &mut report.failures);
    }
    report
}

/// Has the human told of new messages, unless that is under way.
fn notify(spawner: &Spawner<'_>) -> Result<()> {
    if notify::has_new(&spawner.project.paths)?
        && let Some(lock) = Lock::try_take(&spawner.project.paths.notify_lock())?
    {
        spawner.notify(lock)?;
    }
    Ok(())
}

/// Has old files tidied away, once a day.
fn housekeeping(spawner: &Spawner<'_>) -> Result<()> {
    let paths = &spawner.project.paths;
    if housekeeping::is_due(paths, spawner.now)?
        && let Some(lock) = Lock::try_take(&paths.housekeeping_lock())?
    {
        spawner.housekeeping(lock)?;
    }
    Ok(())
}

/// Has the open pull requests asked for, unless that is under way.
fn refresh(spawner: &Spawner<'_>, failures: &mut Vec<String>) {
    let started = Lock::try_take(&spawner.project.paths.refresh_lock())
        .and_then(|lock| lock.map(|lock| spawner.refresh(lock)).transpose());
    if let Err(error) = started {
        failures.push(format!("{error:#}"));
    }
}
