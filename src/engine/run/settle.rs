//! Carries out what the record says, step by step. Every step done again does nothing, and the state comes last.

use super::context::Run;
use super::judge::Judged;
use super::plan::{Effort, Folder, Section, Settling, Step, TaskMove};
use super::publish::{self, Published};
use crate::domain::explored::Explored;
use crate::domain::ledger::Entry;
use crate::domain::outcome::{Cooldown, Outcome};
use crate::domain::quota::Quota;
use crate::domain::run::{Prepared, Record};
use crate::domain::state::AgentState;
use crate::domain::task::{self, Edit, Task, TaskState, key};
use crate::engine::{curation, history};
use crate::exec::stream;
use crate::store::prs::Prs;
use crate::store::queue::{Queue, Settled};
use crate::store::{cache, events, ledger, messages};
use crate::sys::{atomic, read};
use anyhow::Result;
use std::path::Path;

pub fn settle(run: &Run<'_>, judged: &Judged, state: AgentState) -> Result<()> {
    let record = judged.record();
    let folder = folder(run, record)?;
    // No step was taken before, unless a recovery takes them.
    let is_again = state.recoveries > 0;
    for log in [run.files.output(), run.files.stderr()] {
        if let Err(error) = stream::shorten(&log) {
            tracing::warn!("{error:#}");
        }
    }
    let settling = Settling { assignment: &run.assignment, task: run.task(), record, folder: &folder };
    let mut published = Published::default();
    for step in settling.steps(state) {
        tracing::debug!(?step, "settling");
        carry_out(run, &settling, step, is_again, &mut published)?;
    }
    Ok(())
}

fn carry_out(
    run: &Run<'_>,
    settling: &Settling<'_>,
    step: Step<'_>,
    is_again: bool,
    published: &mut Published,
) -> Result<()> {
    let (paths, record) = (run.paths(), settling.record);
    match step {
        Step::Push(publication, commit) => publish::push(run, publication, commit, published)?,
        Step::OpenPullRequest(branch, wanted, receipt) => {
            publish::open_pull_request(run, branch, &wanted, &receipt, published)?;
        }
        Step::UpdateReceipt { pr, rows, is_ready } => publish::update_receipt(run, pr, &rows, is_ready, published)?,
        Step::PostReview(number, review) => publish::post_review(run, number, review, published)?,
        Step::Send(message) => drop(messages::send(paths, &message, record.finished_at)?),
        Step::Report(mut message) => {
            message.body.extend(published.lines.iter().map(|line| format!("\n{line}\n")));
            messages::send(paths, &message, record.finished_at)?;
        }
        Step::MoveTask(step) => move_task(run, step, published)?,
        Step::AddTask(id, new) => Prs::new(paths).add_base_task(&id, &new, record.finished_at)?,
        Step::NoteCancelled(task, work) => Queue::new(paths).note_cancelled(task, run.id(), &work)?,
        Step::RecordCheck(due, check) => {
            let recorded = Prs::new(paths).record(due.pr, check, Some(run.id()))?;
            if recorded.meta.missed(&due.check) >= run.assignment.settings.max_attempts {
                messages::send(paths, &settling.missed(due, &check.commit), record.finished_at)?;
            }
        }
        Step::ReturnCheck { due, charged } => {
            Prs::new(paths).give_back(due, run.id(), charged, run.assignment.settings.max_attempts)?;
        }
        Step::NoteCuration => curation::note_judged(paths, &run.files)?,
        Step::CoolDown(cooldown) => {
            // Another run may know of a cause that lasts longer.
            let path = match &record.outcome {
                Outcome::RunnerDown { runner, .. } => paths.runner_cooldown(runner),
                _ => paths.cooldown(),
            };
            let known: Option<Cooldown> = cache::load(&path);
            let next = cooldown.clone().after(known.as_ref(), record.started_at, &record.outcome);
            if let Some(next) = next {
                cache::save(&path, &next)?;
            }
        }
        Step::LiftCooldown => lift_cooldown(run),
        Step::NoteQuota(seen) => {
            let known: Quota = cache::load(&paths.quota()).unwrap_or_default();
            cache::save(&paths.quota(), &known.with(seen, record.finished_at))?;
        }
        Step::Enter(entry) => {
            let pull_request = entry.pull_request.or(published.pull_request);
            ledger::append(paths, &Entry { pull_request, ..entry }, is_again)?;
        }
        Step::Log(event) => events::append(paths, &event)?,
        Step::Release(state) => {
            run.supervisor.lock.secure()?;
            run.save(&state)?;
        }
    }
    for error in published.errors.drain(..) {
        messages::send(paths, &settling.publish_error(&error), record.finished_at)?;
    }
    Ok(())
}

/// What the run's folder holds beside the record.
fn folder(run: &Run<'_>, record: &Record) -> Result<Folder> {
    let files = &run.files;
    let has_text = |path: &Path| path.metadata().is_ok_and(|file| file.len() > 0);
    // What never came to speak has said why elsewhere, if at all.
    let logs = [files.output(), files.stderr(), files.setup_log()];
    Ok(Folder {
        set_aside: files.set_aside(),
        log: logs.into_iter().find(|log| has_text(log)).unwrap_or_else(|| files.dir().to_owned()),
        verify_log: files.verify_log(),
        check: run.assignment.job.check().map_or(Ok(None), |_| read::read_json(&files.check()))?,
        criteria: run.task.as_ref().map(|task| task::criteria(&task.text)).unwrap_or_default(),
        effort: run
            .task()
            .filter(|_| record.publication.is_some())
            .map_or(Ok(Effort::default()), |task| effort(run, task, record))?,
        explored: match &run.assignment.explored {
            Some(files) => explored(run, files)?,
            None => None,
        },
        is_confined: files.profile().exists(),
    })
}

fn explored(run: &Run<'_>, files: &str) -> Result<Option<Explored>> {
    let prepared: Option<Prepared> = read::read_json(&run.files.prepared())?;
    let explored =
        |prepared: Prepared| Explored { files: files.to_owned(), branch: prepared.target, commit: prepared.start };
    Ok(prepared.map(explored))
}

/// What its runs took so far, this one included.
fn effort(run: &Run<'_>, task: &Task, record: &Record) -> Result<Effort> {
    let known = history::of_task(run.project(), &task.id)?;
    let others = known.iter().map(|past| &past.record).filter(|past| past.run_id != record.run_id);
    Ok(others.chain([record]).fold(Effort::default(), |sum, record| Effort {
        runs: sum.runs + 1,
        turns: sum.turns + record.usage.turns.unwrap_or_default(),
        cost_usd: sum.cost_usd + record.usage.cost_usd.unwrap_or_default(),
    }))
}

fn move_task(run: &Run<'_>, step: TaskMove<'_>, published: &Published) -> Result<()> {
    let TaskMove { task, to, mut edit, section, result } = step;
    let said = published.lines.join("\n");
    let result: Vec<_> = published.pull_request.map(|pr| format!("#{pr}")).into_iter().chain(result).collect();
    if to != TaskState::Incoming {
        edit = edit.set(key::RESULT, result.join(", "));
    }
    edit = match section {
        Section::None => edit,
        Section::Result(text) => edit.section("Result", &[said, text].join("\n")),
        // What it begins with is why.
        Section::Error(text) => edit.section("Error", &[text, said].join("\n")),
    };
    if let Some(pr) = published.pull_request.filter(|_| to == TaskState::Failed) {
        // Another try goes on with it.
        edit = edit.set(key::PR, pr);
    }
    let after = if to == TaskState::Incoming { Edit::new().unclaim() } else { Edit::new() };
    match Queue::new(run.paths()).settle(task, run.id(), to, &edit, &after)? {
        Settled::Done => tracing::debug!(%task, %to, "settled"),
        other => tracing::warn!(%task, ?other, "the task is not this run's any more and was left alone"),
    }
    Ok(())
}

/// This run got through: if it began since the cooldown did, the others may follow.
pub fn lift_cooldown(run: &Run<'_>) {
    lift(run, &run.paths().cooldown());
}

/// The same of its runner, once that has started it.
pub fn lift_cooldown_of_runner(run: &Run<'_>) {
    if let Some(runner) = &run.assignment.settings.runner {
        lift(run, &run.paths().runner_cooldown(runner));
    }
}

fn lift(run: &Run<'_>, path: &Path) {
    let known: Option<Cooldown> = cache::load(path);
    if known.is_some_and(|known| known.is_tried_by(run.assignment.assigned_at))
        && let Err(error) = atomic::remove(path)
    {
        tracing::warn!("{error:#}");
    }
}
