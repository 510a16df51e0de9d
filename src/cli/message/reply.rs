//! `scheduler message reply`.

use super::find;
use crate::cli::input::Given;
use crate::cli::{Context, input, usage};
use crate::domain::message::MessageType;
use crate::domain::proposal;
use crate::domain::task::TaskState;
use crate::engine::reply::{self, Reached};
use anyhow::Result;

/// Answers a question.
pub fn run(id: &str, body: &Given, context: &Context) -> Result<()> {
    let (project, _) = context.enter("message reply")?;
    let question = find(&project.paths, id)?;
    if question.message.kind != MessageType::Question {
        let kind = question.message.kind;
        return Err(usage(format!("{} is of type {kind}, not a question: nobody would read an answer", question.stem)));
    }
    if let Some([a, b]) = proposal::question_of(&question.message) {
        let ways = proposal::ways_to_decide([&a, &b]);
        return Err(usage(format!("{} is decided by judging, not by an answer in words:\n{ways}", question.stem)));
    }
    let text = input::said("--body", &body.strict(context)?, reply::MAX)?;
    let again = if question.answer.is_some() { ", in place of the earlier answer" } else { "" };
    let reached = reply::reply(&project, &question, &text, context.now)?;
    context.line(format!("{}: answered{again}", question.stem))?;
    match reached {
        Reached::Nobody => context
            .line(format!("{} reads it when it runs again, as long as the message lies there", question.message.from)),
        Reached::NoTask(task) => context.line(format!("{task}, which it was about, isn't there any more")),
        Reached::Task { id, state: TaskState::Incoming, waits_for: None } => {
            context.line(format!("{id}: goes on; its next run reads the answer first"))
        }
        Reached::Task { id, state: TaskState::Incoming, waits_for: Some(other) } => {
            context.line(format!("{id}: still waits for {other}"))
        }
        Reached::Task { id, state: TaskState::Claimed, .. } => {
            context.line(format!("{id}: is being worked on; a later run of it reads the answer"))
        }
        Reached::Task { id, state: state @ (TaskState::Done | TaskState::Failed), .. } => {
            context.line(format!("{id}: is in {state}; should it run again, it reads the answer"))
        }
    }
}
