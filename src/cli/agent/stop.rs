//! `scheduler agent stop`.

use crate::cli::Context;
use crate::domain::name::Name;
use crate::domain::outcome::Outcome;
use crate::domain::run::Record;
use crate::domain::settlement::TaskStep;
use crate::engine::spawn::Spawner;
use crate::engine::stop::{self, Stopped};
use anyhow::{Result, bail};

/// Ends the run of an agent and tells what became of it.
pub fn run(name: &Name, context: &Context) -> Result<()> {
    let (project, _) = context.enter("agent stop")?;
    let Some(agent) = stop::find(&project, name)? else {
        bail!("{name} has never run; `scheduler status` lists the agents");
    };
    let program = context.program()?;
    let spawner = Spawner { project: &project, program: &program, now: context.now };
    match stop::stop(&spawner, &agent)? {
        Stopped::NoRun => context.line(format!("{agent}: no run is under way")),
        Stopped::Ended(record) => tell(context, &agent, record.as_ref().as_ref()),
        Stopped::Publishing(record) => {
            context.line(format!("{agent}: its run has ended ({}); its work is being published", record.detail))?;
            context.line(format!("{agent}: that was cut short; the next tick goes on with it"))
        }
        Stopped::Silent(place) => {
            bail!(
                "{agent}: its run was asked to end, but isn't heard of: {}; none begins beside it before that",
                place.words(context.clock())
            )
        }
        Stopped::StillEnding => {
            bail!("{agent}: its run was asked to end and is still at it; `scheduler status` shows when it has ended")
        }
    }
}

/// What became of the run, and where its work is.
fn tell(context: &Context, agent: &Name, record: Option<&Record>) -> Result<()> {
    let Some(record) = record else { return context.line(format!("{agent}: its run has ended")) };
    let task = match &record.settlement.task {
        Some(TaskStep::Requeue { .. }) if matches!(record.outcome, Outcome::Interrupted { .. }) => {
            "; its task is back in incoming"
        }
        Some(TaskStep::Requeue { .. }) => "; its task is back in incoming, with the reason",
        Some(TaskStep::Done) => "; its task is done",
        Some(TaskStep::Failed) => "; its task failed",
        None => "",
    };
    context.line(format!("{agent}: its run has ended ({}){task}", record.detail))?;
    if let (Some(branch), true) = (&record.branch, record.has_work()) {
        context.line(format!("{agent}: its work is on branch {branch}"))?;
    }
    for salvage in &record.salvage {
        context.line(format!("{agent}: set aside in {salvage}"))?;
    }
    if let Some(TaskStep::Requeue { waits_for: None, .. }) = &record.settlement.task {
        context.line(format!(
            "{agent}: the next tick that is due starts it again; `scheduler agent pause {agent}` keeps it from that"
        ))?;
    }
    Ok(())
}
