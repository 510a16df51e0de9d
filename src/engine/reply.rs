//! Brings the user's answer to where the next run reads it: into the file of the task, then into that of the question.
//!
//! Cut in between, the question still counts as unanswered, and the same answer given again completes it.

use super::project::Project;
use crate::domain::name::Name;
use crate::domain::task::{self, Answer, Edit, TaskState, key};
use crate::domain::time::Time;
use crate::store::messages::{self, Listed};
use crate::store::queue::Queue;
use anyhow::{Result, bail};

/// The longest answer, in characters: it stands in a task's file and in every later run's instructions.
pub const MAX: usize = 20_000;
/// How often a task may be moved while an answer is brought to it.
const TRIES: u32 = 5;

/// Whom an answer has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// The question names no task.
    Nobody,
    /// The question names a task that isn't there.
    NoTask(String),
    /// The answer stands in the file of the task.
    Task {
        /// The task.
        id: Name,
        /// Where it is.
        state: TaskState,
        /// What it still waits for.
        waits_for: Option<String>,
    },
}

/// Answers a question.
///
/// # Errors
/// The queue or the message can't be read or written; the message was removed meanwhile.
pub fn reply(project: &Project, question: &Listed, text: &str, now: Time) -> Result<Reached> {
    let reached = to_task(project, question, text)?;
    if !messages::answer(question, text, now)? {
        bail!("{} was removed meanwhile; what the task says of the answer stands", question.path.display());
    }
    Ok(reached)
}

fn to_task(project: &Project, question: &Listed, text: &str) -> Result<Reached> {
    let Some(named) = &question.message.task else { return Ok(Reached::Nobody) };
    let Ok(id) = named.parse::<Name>() else { return Ok(Reached::NoTask(named.clone())) };
    let answer =
        Answer { question: question.stem.clone(), title: question.message.title.clone(), text: text.trim().to_owned() };
    let queue = Queue::new(&project.paths);
    for _ in 0..TRIES {
        let Some(found) = queue.find(&id)? else { return Ok(Reached::NoTask(named.clone())) };
        let head = task::parse(&found.id, &found.text).ok();
        let waits_for = head.as_ref().and_then(|task| task.held_by()).map(str::to_owned);
        let edit = Edit::new().answer(answer.clone());
        let (edit, waits_for) = match waits_for {
            Some(what) if what == question.stem => match another(project, question)? {
                Some(other) => (edit.set(key::WAITS_FOR, &other), Some(other)),
                None => (edit, None),
            },
            other => (edit, other),
        };
        if queue.amend(found.state, &found.id, &edit)? {
            return Ok(Reached::Task { id: found.id, state: found.state, waits_for });
        }
    }
    bail!("{id} is being moved again and again; try once more")
}

/// Another unanswered question about the same task.
fn another(project: &Project, question: &Listed) -> Result<Option<String>> {
    let open = messages::questions(&project.paths)?.into_iter().find(|other| {
        other.answer.is_none() && other.stem != question.stem && other.message.task == question.message.task
    });
    Ok(open.map(|other| other.stem))
}
