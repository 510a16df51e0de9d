//! The conversation of a run: looked for among the records of earlier ones, and written down before claude is started.

use super::context::Run;
use crate::domain::run::{Prepared, Record};
use crate::domain::session::{self, Left, Session, UsedUp};
use crate::domain::settlement::Publish;
use crate::domain::stream::StreamFacts;
use crate::engine::history;
use crate::store::runs;
use crate::sys::read;
use anyhow::Result;

/// A conversation that goes on.
pub struct Resumed {
    pub session: Session,
    /// How the run before ended.
    pub ended: String,
    /// That run's work is the pull request that is to be mended.
    pub is_feedback: bool,
}

/// The conversation with which the run goes on, if there is one that it is worth for. It is written down.
pub fn choose(run: &Run<'_>, prepared: &Prepared) -> Result<Option<Resumed>> {
    let resumed = find(run, prepared)?;
    if let Some(resumed) = &resumed {
        runs::write_json(&run.files.session(), &resumed.session)?;
    }
    Ok(resumed)
}

/// The conversation of the run, as far as it is settled.
pub fn of(run: &Run<'_>) -> Session {
    read::read_json(&run.files.session()).ok().flatten().unwrap_or_else(|| Session::fresh(run.id()))
}

/// What the run leaves to go on with, once it is known what it used up. Nobody may still be at it.
pub fn left(run: &Run<'_>, facts: &StreamFacts, progress: bool) -> Option<Left> {
    let (session, worktree) = (of(run), run.worktree.path().to_owned());
    // Who was refused at once has still what was there before.
    let context = Some(facts.spent.context()).filter(|context| *context > 0).unwrap_or(session.earlier_context);
    (run.task().is_some() && context > 0).then_some(Left { session, worktree, context, progress })
}

fn find(run: &Run<'_>, prepared: &Prepared) -> Result<Option<Resumed>> {
    let Some(task) = run.task().filter(|_| !prepared.fork) else { return Ok(None) };
    let last = history::of_task(run.project(), &task.id)?.pop();
    let (record, is_feedback) = match last {
        Some(past) if past.agent != run.assignment.agent => return Ok(None),
        Some(past) => (Some(past.record), false),
        None => (publisher(run, prepared)?, true),
    };
    let Some(record) = record.filter(|record| task.retried_at.is_none_or(|at| at <= record.started_at)) else {
        return Ok(None);
    };
    let Some(left) = &record.session else { return Ok(None) };
    let ended = session::Ended {
        outcome: &record.outcome,
        step: record.settlement.task.as_ref(),
        left,
        used_up: UsedUp {
            usd: record.usage.cost_usd.unwrap_or_default(),
            tokens: record.usage.input_tokens.unwrap_or_default() + record.usage.output_tokens.unwrap_or_default(),
            is_estimate: record.usage.is_estimate,
        },
        at: record.finished_at,
        is_feedback,
    };
    match session::next(&ended, run.worktree.path(), run.now()) {
        Ok(session) => Ok(Some(Resumed { session, ended: record.settlement.reason, is_feedback })),
        Err(why) => {
            tracing::debug!(why, run = record.run_id, "the conversation isn't gone on with");
            Ok(None)
        }
    }
}

/// The run of this agent whose work is the pull request that its task is to mend.
fn publisher(run: &Run<'_>, prepared: &Prepared) -> Result<Option<Record>> {
    let Some(branch) = &prepared.pull_request_branch else { return Ok(None) };
    let records =
        runs::list(&run.agent)?.into_iter().filter_map(|run| read::read_json::<Record>(&run.record()).ok()?);
    let publishes = |record: &Record| {
        let publication = record.publication.as_ref().filter(|_| record.settlement.publish == Publish::Work);
        publication.is_some_and(|publication| publication.remote_branch == *branch)
    };
    Ok(records.into_iter().find(publishes))
}
