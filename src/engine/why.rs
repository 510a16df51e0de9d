//! Explains, in a few lines, why an agent or a task is where it is. It only reads.
//!
//! The reasons are those of the decision that the next tick would make, so that they are never out of date.

mod agent;
mod proposal;
mod pull_request;
mod task;

use super::preview::{self, Misconfigured, Preview};
use super::project::Project;
use crate::domain::config::Problem;
use crate::domain::name::Name;
use crate::domain::time::Time;
use anyhow::Result;
use serde::Serialize;

/// How many things of one kind are named.
const SOME: usize = 5;

/// A sentence, and how far it is indented below the one that it explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// 0 for the answer itself.
    pub depth: usize,
    /// The sentence.
    pub text: String,
}

/// Why something is as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The agent, the task or the pull request.
    pub about: Name,
    /// The reasoning, the answer first.
    pub lines: Vec<Sentence>,
}

impl Explanation {
    fn new(about: &Name, answer: impl Into<String>) -> Self {
        Self { about: about.clone(), lines: vec![Sentence { depth: 0, text: answer.into() }] }
    }

    fn at(&mut self, depth: usize, text: impl Into<String>) {
        self.lines.push(Sentence { depth, text: text.into() });
    }

    /// Adds the first few of many sentences, and how many there are beside them.
    fn some(&mut self, texts: Vec<String>) {
        let rest = texts.len().saturating_sub(SOME);
        for text in texts.into_iter().take(SOME) {
            self.at(1, text);
        }
        if rest > 0 {
            self.at(1, format!("... and {rest} more"));
        }
    }
}

/// What there is to say of a task that can't be understood.
fn left_alone(id: &Name, problems: &[String]) -> String {
    format!("{id} is left alone: {}", problems.join("; "))
}

/// What can be explained of a name.
#[derive(Debug)]
pub enum Answer {
    /// It is an agent, a task, or both.
    Explained(Vec<Explanation>),
    /// It is neither; agents and tasks that there are.
    Unknown(Vec<Name>),
    /// agents.yaml is wrong: nothing starts before that is corrected.
    Misconfigured(Vec<Problem>),
}

/// Explains what is neither an agent nor a task.
fn other(project: &Project, name: &Name, now: Time) -> Result<Option<Explanation>> {
    Ok(match pull_request::explain(project, name, now)? {
        Some(about) => Some(about),
        None => proposal::explain(project, name, now)?,
    })
}

/// Explains an agent, a task, a proposal, a pull request (`PR-7`), or without a name every agent in one line.
///
/// # Errors
/// The queue, the messages or the folder of the agents can't be read.
pub fn why(project: &Project, name: Option<&Name>, now: Time) -> Result<Answer> {
    let preview = match preview::preview(project, now)? {
        Ok(preview) => preview,
        Err(Misconfigured { problems, .. }) => {
            let task = task::explain(project, None, name, now)?;
            let about = match name {
                Some(name) if task.is_none() => other(project, name, now)?,
                _ => task,
            };
            return Ok(about.map_or(Answer::Misconfigured(problems), |about| Answer::Explained(vec![about])));
        }
    };
    let agents = &preview.config.agents;
    let Some(name) = name else {
        return Ok(Answer::Explained(
            (0..agents.len()).map(|at| agent::in_one_line(project, &preview, at, now)).collect(),
        ));
    };
    let agent = preview.config.agent(name).map(|(at, _)| agent::explain(project, &preview, at, now)).transpose()?;
    let task = task::explain(project, Some(&preview), Some(name), now)?;
    let mut explained: Vec<_> = agent.into_iter().chain(task).collect();
    if explained.is_empty() {
        explained.extend(other(project, name, now)?);
    }
    if explained.is_empty() {
        return Ok(Answer::Unknown(agents.iter().map(|agent| agent.name.clone()).collect()));
    }
    Ok(Answer::Explained(explained))
}
