//! One tick: reconcile, look, decide, apply, and be gone.
//!
//! It never waits for git, gh, claude or the network, and never settles a run.

use super::missing_program::{self, Look};
use super::notes::Notes;
use super::preview::{self, Misconfigured, Preview, Steps};
use super::project::Project;
use super::spawn::Spawner;
use super::start::{self, Start};
use super::{
    Env, collect, configuration, heartbeat, housekeeping, inbox, let_go, machine, notify, refresh, report, summary,
};
use crate::domain::billing;
use crate::domain::config::{self, Config, Notify, Problem};
use crate::domain::message::Message;
use crate::domain::schedule::{Decided, Decision, Reason};
use crate::domain::time::Time;
use crate::exec::clock::monotonic_now;
use crate::store::paths::Paths;
use crate::store::{cache, events, ledger, messages};
use crate::sys::lock::Lock;
use anyhow::Result;
use serde::Serialize;
use std::mem;
use std::path::Path;
use std::time::Instant;

/// How a tick is to be done.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    pub now: Time,
    /// Runs log what they do.
    pub debug: bool,
    /// The program itself, for supervisors.
    pub program: &'a Path,
    pub env: Env<'a>,
}

/// What a tick did.
#[derive(Debug)]
pub enum Tick {
    /// Nothing: another one is under way.
    Busy,
    /// It recovered what was lost and started nothing: agents.yaml is wrong.
    Misconfigured(Misconfigured),
    /// Everything.
    Done(Box<Report>),
}

/// What there is to say of a tick.
#[derive(Debug)]
pub struct Report {
    /// Every agent with its decision, in the order of agents.yaml.
    pub decided: Vec<Decided>,
    pub config: Config,
    /// What is odd in agents.yaml.
    pub warnings: Vec<Problem>,
    pub notes: Notes,
}

/// `cache/last-tick.json`, but for its `decisions`.
#[derive(Debug, Serialize)]
struct LastTick<'a> {
    time: Time,
    duration_ms: u64,
    api_key: bool,
    machine: &'a machine::Owner,
    problems: &'a [String],
}

/// Does one tick.
///
/// # Errors
/// The ticks run on another machine; the scheduler's lock or the folder of the agents can't be used, or the queue can't be read. What one agent's start
/// fails with is in the report.
pub fn tick(project: &Project, options: &Options<'_>) -> Result<Tick> {
    let (begun, paths, now) = (monotonic_now(), &project.paths, options.now);
    let Some(lock) = Lock::try_take(&paths.scheduler_lock())? else { return Ok(Tick::Busy) };
    let owner = machine::keep(&lock, paths)?;
    let spawner = Spawner { project, program: options.program, now };
    let mut views = collect::collect(paths)?;
    collect::recover(&mut views, &spawner);
    let configuration = configuration::read(paths)?;
    let has_api_key = || billing::KEYS.iter().any(|name| (options.env)(name).is_some());
    let search_path = (options.env)("PATH").unwrap_or_default();
    let look = Look::On(search_path);
    let inbox = |config: &Config| inbox::carry_out(project, config, options.env, now);
    let steps = Steps { has_api_key: &has_api_key, inbox: &inbox, look, reconcile: |plan| plan.apply() };
    let found = match preview::decide(project, views, &configuration, &steps, now)? {
        Ok(found) => found,
        Err(misconfigured) => {
            send_once(project, &misconfigured.problems, now)?;
            // The rest of the file may be wrong and this still right: now it matters most.
            if let Some(wanted) = configuration.text().and_then(config::notify) {
                notify(&spawner, &wanted)?;
            }
            if let Some(wanted) = configuration.text().and_then(config::report) {
                write_report(&spawner, &wanted)?;
            }
            return Ok(Tick::Misconfigured(misconfigured));
        }
    };
    let Preview { config, warnings, views, snapshot, decisions, notes, refresh, far_ledger, .. } = found;
    if let Some(branch) = &snapshot.branch_in_the_way {
        tell_of_branch(paths, branch, now)?;
    }
    let mut report = Report { decided: Vec::new(), config, warnings, notes };
    report.start(decisions, &spawner, options.debug);
    let told = missing_program::tell(paths, &report.decided, search_path, now);
    report.notes.failure(told);
    if far_ledger {
        report.notes.failure(ledger::keep(paths, now));
    }
    let may_use_git = snapshot.untrusted.is_none();
    let waits = |decision: &Decided| matches!(decision.decision, Decision::Skip(Reason::Unchanged { .. }));
    let looks = report.decided.iter().any(waits) && refresh::is_stale(paths, now);
    let notes = &mut report.notes;
    if (refresh || looks) && may_use_git {
        notes.failure(spawner.once("refresh", &paths.refresh_lock()));
    }
    if let Some(wanted) = &report.config.notify {
        notes.failure(notify(&spawner, wanted));
    }
    if report.config.heartbeat.is_some() && heartbeat::is_due(paths, now) {
        notes.failure(spawner.once("heartbeat", &paths.heartbeat_lock()));
    }
    if let Some(wanted) = &report.config.report {
        notes.failure(write_report(&spawner, wanted));
    }
    if !report.config.runners.is_empty() {
        notes.failure(let_go(&spawner));
    }
    if may_use_git {
        notes.failure(tidy_up(&spawner));
    }
    let saved = save(paths, &report, has_api_key(), &owner, now, begun);
    report.notes.failure(saved);
    // The program is over in a moment, and the system takes a thousand agents back sooner than they are taken apart here.
    mem::forget((snapshot, views));
    Ok(Tick::Done(Box::new(report)))
}

/// What a tick would do now. It needs no lock and changes nothing.
///
/// # Errors
/// The ticks run on another machine; or as for [`preview::preview`].
pub fn dry_run(project: &Project, now: Time, search_path: &str) -> Result<Tick> {
    machine::refuse_elsewhere(&project.paths)?;
    let Preview { config, warnings, decisions, notes, .. } =
        match preview::with_programs(project, now, Look::On(search_path))? {
            Ok(preview) => preview,
            Err(misconfigured) => return Ok(Tick::Misconfigured(misconfigured)),
        };
    let agents = config.agents.iter().map(|agent| agent.name.clone()).zip(decisions);
    let decided = agents.map(|(agent, decision)| Decided { agent, decision }).collect();
    Ok(Tick::Done(Box::new(Report { decided, config, warnings, notes })))
}

impl Report {
    /// Starts the agents that are to be started, and notes what became of each.
    fn start(&mut self, decisions: Vec<Decision>, spawner: &Spawner<'_>, debug: bool) {
        let Self { decided, config, notes, .. } = self;
        for (position, (agent, mut decision)) in config.agents.iter().zip(decisions).enumerate() {
            let name = &agent.name;
            if let Decision::Start(job) = &decision {
                match start::start(&Start { spawner, config, position, agent, job, debug }) {
                    Ok(Ok(event)) => notes.failure(events::append(&spawner.project.paths, &event)),
                    Ok(Err(reason)) => decision = Decision::Skip(reason),
                    Err(error) => {
                        notes.failures.push(format!("{name}: {error:#}"));
                        decision = Decision::Skip(Reason::Recovering);
                    }
                }
            }
            match &decision {
                Decision::Start(_) => tracing::debug!(agent = %name, role = %agent.role, ?decision, "starts"),
                Decision::Skip(reason) => {
                    tracing::debug!(agent = %name, role = %agent.role, "{}", reason.words(name, spawner.now).explanation);
                }
            }
            decided.push(Decided { agent: name.clone(), decision });
        }
    }
}

/// Keeps what was decided, but for the agents that aren't due: in nearly every tick these are nearly all.
fn save(
    paths: &Paths,
    report: &Report,
    api_key: bool,
    machine: &machine::Owner,
    now: Time,
    begun: Instant,
) -> Result<()> {
    let last = LastTick {
        time: now,
        duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        api_key,
        machine,
        problems: &[&report.notes.problems[..], &report.notes.failures].concat(),
    };
    let due = |one: &&Decided| !matches!(one.decision, Decision::Skip(Reason::NotDue { .. }));
    cache::save_list(&paths.last_tick(), &last, "decisions", report.decided.iter().filter(due))
}

/// Tells the user that agents.yaml is wrong: once, as long as the message is there.
fn send_once(project: &Project, problems: &[Problem], now: Time) -> Result<()> {
    let lines: Vec<_> = problems.iter().map(|problem| format!("- {problem}")).collect();
    let body = format!("{}\n\n{}", project.paths.config().display(), lines.join("\n"));
    let message =
        Message::error("agents.yaml is wrong, nothing is started", body).key(format!("config: {}", lines.join(" ")));
    messages::send(&project.paths, &message, now)?;
    Ok(())
}

/// Tells the user, once, that a branch stands where agents' branches belong.
fn tell_of_branch(paths: &Paths, (branch, remedy): &(String, String), now: Time) -> Result<()> {
    let body = format!("No task that makes commits is claimed meanwhile: {branch}.\n\nTo go on, {remedy}.");
    let message = Message::error("Rename the branch called agent", body).key("branch in the way");
    messages::send(paths, &message, now).map(drop)
}

/// Has the user notified of new messages, and of the day.
fn notify(spawner: &Spawner<'_>, wanted: &Notify) -> Result<()> {
    let paths = &spawner.project.paths;
    if summary::due_now(paths, wanted, spawner.now)?.is_some() || notify::has_new(paths)? {
        spawner.once("notify", &paths.notify_lock())
    } else {
        Ok(())
    }
}

/// Has the page written anew, now and then.
fn write_report(spawner: &Spawner<'_>, wanted: &config::Report) -> Result<()> {
    let paths = &spawner.project.paths;
    if report::is_due(paths, wanted, spawner.now) { spawner.once("write-report", &paths.report_lock()) } else { Ok(()) }
}

/// Has runs of other machines that have ended cancelled once more.
fn let_go(spawner: &Spawner<'_>) -> Result<()> {
    let paths = &spawner.project.paths;
    if let_go::is_due(paths)? { spawner.once("let-go", &paths.let_go_lock()) } else { Ok(()) }
}

/// Has old files tidied away, once a day.
fn tidy_up(spawner: &Spawner<'_>) -> Result<()> {
    let paths = &spawner.project.paths;
    if housekeeping::is_due(paths, spawner.now)? {
        spawner.once("housekeeping", &paths.housekeeping_lock())
    } else {
        Ok(())
    }
}
