//! `scheduler proposal promote`, `reject`, `defer`, `reactivate`, `conflict`. None goes without a reason.

use crate::cli::completions::Source;
use crate::cli::input::Given;
use crate::cli::{Context, config, enqueue, input};
use crate::domain::name::Name;
use crate::domain::proposal::{By, ProposalVerdict};
use crate::domain::role::TaskRole;
use crate::domain::task::Priority;
use crate::domain::text::joined;
use crate::domain::time;
use crate::engine::curation;
use crate::engine::project::Project;
use crate::store::proposals::{Proposals, TaskChoices};
use crate::store::queue::AddError;
use anyhow::{Result, bail};
use chrono::Duration;
use std::str::FromStr;

/// The longest reason, in characters.
const MAX_REASON: usize = 4_000;

/// Arguments of `scheduler proposal promote`.
#[derive(Debug, clap::Args)]
pub struct PromoteArgs {
    /// The proposal's id
    #[arg(add = Source::Proposal(super::OPEN))]
    id: Name,
    /// Who carries it out, if not who its category says
    #[arg(long, ignore_case = true)]
    role: Option<TaskRole>,
    /// How urgent it is, if not P1 for S and M, P2 for L and XL
    #[arg(long, ignore_case = true)]
    priority: Option<Priority>,
    /// The branch to start from and to merge into
    #[arg(long, allow_hyphen_values = true)]
    branch: Option<String>,
    /// Also beyond max_incoming; not for agents
    #[arg(long)]
    force: bool,
}

/// A length of time: `12h`, `7d`, `3w`.
#[derive(Clone, Debug)]
pub struct Span(Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no time to wait: write 12h, 7d or 3w, an hour to a year");
        let seconds = time::parse_span(text).filter(|seconds| (3_600..=366 * 86_400).contains(seconds));
        seconds.map(|seconds| Self(Duration::seconds(seconds))).ok_or_else(wrong)
    }
}

/// Who judges in which project.
fn judge(context: &Context, command: &str) -> Result<(Project, By)> {
    let (project, caller) = context.enter(command)?;
    Ok((project, caller.by()))
}

fn reason(given: &Given, context: &Context) -> Result<String> {
    input::said("--reason", &given.strict(context)?, MAX_REASON)
}

/// Makes a task of a proposal.
pub fn promote(args: &PromoteArgs, context: &Context) -> Result<()> {
    let (project, by) = judge(context, "proposal promote")?;
    if args.force && by.is_agent() {
        bail!("only the user may promote beyond max_incoming");
    }
    enqueue::check_branch(&project, args.branch.as_deref())?;
    let config = config::read(&project)?;
    let limit = (!args.force).then_some(config.queue_limits.max_incoming.get());
    let choices = TaskChoices { role: args.role, priority: args.priority, branch: args.branch.clone() };
    let proposals = Proposals::new(&project.paths);
    let id = proposals.id_of(&args.id)?;
    let done = match proposals.promote(&id, &choices, limit, &by, context.now) {
        Ok(done) => done,
        Err(full @ AddError::Full { .. }) if by.is_agent() => {
            bail!("{full}; {id} stays as it is: promote nothing more in this run")
        }
        Err(error) => return Err(enqueue::refusal(error)),
    };
    context.line(format!("{id}: promoted as {}, {} {}", done.task, done.role, done.priority))?;
    for missing in &done.missing {
        context.warn(format!("{id} depends on {missing}, which was rejected or isn't there any more"));
    }
    if !done.blocked_by.is_empty() {
        context.line(format!("{} waits for {}", done.task, joined(&done.blocked_by)))?;
    }
    enqueue::warn_if_unclaimed(context, &config, done.role.word());
    Ok(())
}

/// Turns a proposal down.
pub fn reject(id: &Name, why: &Given, context: &Context) -> Result<()> {
    let (project, by) = judge(context, "proposal reject")?;
    let verdict = ProposalVerdict::Rejected { reason: reason(why, context)? };
    let proposals = Proposals::new(&project.paths);
    let id = proposals.judge(&proposals.id_of(id)?, verdict, &by, context.now)?;
    context.line(format!("{id}: rejected"))
}

/// Puts a proposal off.
pub fn defer(id: &Name, why: &Given, time: &Span, context: &Context) -> Result<()> {
    let (project, by) = judge(context, "proposal defer")?;
    let until = context.now + time.0;
    let verdict = ProposalVerdict::Deferred { reason: reason(why, context)?, until: Some(until) };
    let proposals = Proposals::new(&project.paths);
    let id = proposals.judge(&proposals.id_of(id)?, verdict, &by, context.now)?;
    context.line(format!("{id}: deferred until {}", time::local(until)))
}

/// Brings a proposal back.
pub fn reactivate(id: &Name, context: &Context) -> Result<()> {
    let (project, by) = judge(context, "proposal reactivate")?;
    let proposals = Proposals::new(&project.paths);
    let id = &proposals.id_of(id)?;
    proposals.reactivate(id, &by, context.now)?;
    context.line(format!("{id}: active again"))
}

/// Marks two proposals that contradict each other.
pub fn conflict(ids: [&Name; 2], why: &Given, context: &Context) -> Result<()> {
    let (project, by) = judge(context, "proposal conflict")?;
    let why = input::line("--reason", &reason(why, context)?, MAX_REASON)?;
    let (config, proposals) = (config::read(&project)?, Proposals::new(&project.paths));
    let ids = [&proposals.id_of(ids[0])?, &proposals.id_of(ids[1])?];
    let message = curation::mark(&project.paths, &config, ids, &why, &by, context.now)?;
    context.line(format!("{} and {}: deferred until you decide; {}", ids[0], ids[1], message.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, hours) in [("12h", 12), ("7d", 168), ("3w", 504), ("366d", 8_784)] {
            assert_eq!(text.parse::<Span>().unwrap().0.num_hours(), hours);
        }
        for bad in ["", "7", "d", "0d", "-1d", "7m", "400d", "99999999999999999999d", "7ä"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }
}
