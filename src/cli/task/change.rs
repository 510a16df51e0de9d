//! `scheduler task retry` and `scheduler task cancel`.

use crate::{
    cli::{Context, config, usage},
    domain::{
        name::Name,
        settlement::A_PERSON,
        task::{self, Edit, TaskState, key},
        text::one_line,
        time,
    },
    engine::{collect, project::Project, stop},
    store::{
        queue::{Queue, Shift},
        state::{self, Loaded},
    },
};
use anyhow::{Result, bail};

/// Gives one failed or held task another try, or every one but those that were cancelled.
pub fn retry(id: Option<&Name>, force: bool, context: &Context) -> Result<()> {
    let (project, _) = context.writing("task retry")?;
    let limit = if force { None } else { Some(config::read(&project)?.queue_limits.max_incoming.get()) };
    let queue = Queue::new(&project.paths);
    let Some(id) = id else { return retry_all(&queue, limit, context) };
    let Some(found) = queue.find(id)? else { bail!("there is no task {id}; `scheduler task list` lists them") };
    let edit = fresh(context);
    match found.state {
        TaskState::Failed => match queue.retry(&found.id, &edit, limit)? {
            Shift::Done { .. } => context.line(format!("{}: back in incoming", found.id)),
            other => bail!("{}", refusal(&found.id, &other)),
        },
        TaskState::Incoming => {
            let held = task::parse(&found.id, &found.text).is_ok_and(|task| task.waits_for.is_some());
            if !held || !queue.amend(TaskState::Incoming, &found.id, &edit)? {
                bail!("{} is in incoming and waits for nothing that retry could lift", found.id);
            }
            context.line(format!("{}: waits for nothing any more", found.id))
        }
        state => bail!("{} is in {state}: only failed tasks, and held ones in incoming, can be retried", found.id),
    }
}

fn retry_all(queue: &Queue<'_>, limit: Option<u32>, context: &Context) -> Result<()> {
    let mut count = 0;
    for id in queue.list(TaskState::Failed)?.ids {
        let Some(text) = queue.read(TaskState::Failed, &id)? else { continue };
        if task::parse(&id, &text).is_ok_and(|task| task.cancelled_at.is_some()) {
            context.line(format!("{id}: was cancelled, left alone"))?;
            continue;
        }
        match queue.retry(&id, &fresh(context), limit)? {
            Shift::Done { .. } => {
                count += 1;
                context.line(format!("{id}: back in incoming"))?;
            }
            full @ Shift::Full { .. } => bail!("{}; {count} tasks were put back before", refusal(&id, &full)),
            other => context.warn(refusal(&id, &other)),
        }
    }
    for head in queue.good(TaskState::Incoming)?.into_iter() {
        // Those that wait for an answer still wait for it.
        if head.held_by() == Some(A_PERSON) && queue.amend(TaskState::Incoming, &head.id, &fresh(context))? {
            count += 1;
            context.line(format!("{}: waits for nothing any more", head.id))?;
        }
    }
    if count == 0 { context.line("no failed or held task to retry") } else { Ok(()) }
}

/// The header of a task that begins anew; its branch and what went wrong stay for the next attempt.
fn fresh(context: &Context) -> Edit {
    let keys = [key::ATTEMPTS, key::RETURNS, key::WAITS_FOR, key::FAILED_AT, key::CANCELLED_AT];
    Edit::new().clear(&keys).unclaim().set(key::RETRIED_AT, time::to_text(context.now))
}

fn refusal(id: &Name, shift: &Shift) -> String {
    match shift {
        Shift::Full { pending, limit } => format!(
            "{id}: the queue is full, {pending} of {limit} (max_incoming); wait, raise the limit in agents.yaml, or use --force"
        ),
        Shift::Exists(state) => format!("{id} is in {state} too: remove one of the two files"),
        Shift::Gone | Shift::NotOurs | Shift::Done { .. } => format!("{id} was moved meanwhile; look again"),
    }
}

/// Gives up a task: first it is failed, then a run that has it is stopped.
pub fn cancel(id: &Name, reason: &str, context: &Context) -> Result<()> {
    let (project, _) = context.writing("task cancel")?;
    let reason = one_line(reason);
    if reason.is_empty() {
        return Err(usage("--reason must say why"));
    }
    let queue = Queue::new(&project.paths);
    let Some(found) = queue.find(id)? else { bail!("there is no task {id}; `scheduler task list` lists them") };
    // RUN stays: by it the run that is stopped finds the file, to name the work that it saved.
    let edit = Edit::new().clear(&[key::CLAIMED_BY, key::CLAIMED_AT]);
    let edit = edit.set(key::CANCELLED_AT, time::to_text(context.now));
    let edit = edit.section("Error", &format!("Cancelled: {reason}"));
    match queue.cancel(&found.id, &edit)? {
        Shift::Done { from, .. } => {
            context.line(format!("{}: cancelled", found.id))?;
            if from == TaskState::Claimed { stop_run(&project, &found.id, context) } else { Ok(()) }
        }
        Shift::Gone => bail!("{} is in {}: only incoming and claimed tasks can be cancelled", found.id, found.state),
        other => bail!("{}", refusal(&found.id, &other)),
    }
}

/// Asks the supervisor of the run that has the task to end; it saves the work and lets the agent go.
fn stop_run(project: &Project, id: &Name, context: &Context) -> Result<()> {
    for name in collect::folders(&project.paths)? {
        let files = project.paths.agent(&name);
        let Loaded::State(state) = state::load(&files)? else { continue };
        if state.current_task.as_ref() != Some(id) {
            continue;
        }
        if stop::ask(&files, &state)? {
            context.line(format!("{name}: its run is being stopped"))?;
        }
    }
    Ok(())
}
