//! Why a task is where it is; what it waits for is followed to the end.

use super::{Explanation, Preview, agent::claim};
use crate::{
    domain::{
        name::Name,
        overview::{doing, in_short},
        role::Role,
        schedule::{self, Decision, Waiting},
        task::{self, Task, TaskState},
        text::one_line,
        time::{self, Time},
    },
    engine::project::Project,
    store::{
        messages,
        queue::{FoundTask, Queue},
    },
};
use anyhow::Result;

/// How far a chain of tasks that wait for each other is followed.
const DEPTH: usize = 6;

struct Teller<'a> {
    project: &'a Project,
    preview: Option<&'a Preview>,
    now: Time,
    claimed: Vec<Task>,
    seen: Vec<Name>,
}

/// Explains a task; `None` if there is none of that name.
pub(super) fn explain(
    project: &Project,
    preview: Option<&Preview>,
    name: Option<&Name>,
    now: Time,
) -> Result<Option<Explanation>> {
    let queue = Queue::new(&project.paths);
    let Some(found) = name.map(|name| queue.find(name)).transpose()?.flatten() else { return Ok(None) };
    let claimed = queue.good(TaskState::Claimed)?;
    let mut teller = Teller { project, preview, now, claimed, seen: vec![found.id.clone()] };
    let mut lines = Explanation { about: found.id.clone(), lines: Vec::new() };
    teller.tell(&found, 0, &mut lines)?;
    Ok(Some(lines))
}

impl Teller<'_> {
    fn tell(&mut self, found: &FoundTask, depth: usize, lines: &mut Explanation) -> Result<()> {
        let id = &found.id;
        let head = match task::parse(id, &found.text) {
            Ok(head) => head,
            Err(problems) => {
                lines.at(depth, format!("{id} is left alone: {}", problems.join("; ")));
                return Ok(());
            }
        };
        let ago = |at: Option<Time>| {
            at.map_or(String::new(), |at| format!(" {} ago", time::span((self.now - at).num_seconds())))
        };
        let section = |name: &str| task::section(&found.text, name).map(in_short).filter(|text| !text.is_empty());
        let because = |name: &str| section(name).map_or(String::new(), |text| format!(": {text}"));
        match found.state {
            TaskState::Done => lines.at(depth, format!("{id} was done{}{}", ago(head.completed_at), because("Result"))),
            TaskState::Failed if head.cancelled_at.is_some() => {
                lines.at(depth, format!("{id} was cancelled{}{}", ago(head.cancelled_at), because("Error")));
            }
            TaskState::Failed => {
                lines.at(depth, format!("{id} failed{}{}", ago(head.failed_at), because("Error")));
                lines.at(depth + 1, format!("`scheduler task retry {id}` gives it another try"));
            }
            TaskState::Claimed => self.claimed(&head, depth, lines),
            TaskState::Incoming => self.incoming(&head, depth, lines)?,
        }
        Ok(())
    }

    fn claimed(&self, head: &Task, depth: usize, lines: &mut Explanation) {
        lines.at(depth, format!("{}, is being worked on, attempt {}", claim(head, self.now), head.attempts.max(1)));
        let holder = self.preview.and_then(|preview| preview.views.named().into_iter().find(|(_, id)| *id == head.id));
        match holder {
            Some((agent, _)) => lines.at(depth + 1, format!("`scheduler logs {agent} -f` follows it")),
            None if self.preview.is_some() => lines.at(depth + 1, "no agent holds it: the next tick puts it back"),
            None => {}
        }
    }

    fn incoming(&mut self, head: &Task, depth: usize, lines: &mut Explanation) -> Result<()> {
        let queue = Queue::new(&self.project.paths);
        let is_in = |id: &Name, state| queue.exists(state, id);
        let named = self.preview.map(|preview| preview.views.named()).unwrap_or_default();
        let twice = [TaskState::Claimed, TaskState::Done, TaskState::Failed]
            .into_iter()
            .find(|state| queue.exists(*state, &head.id));
        if let Some(state) = twice {
            lines.at(depth, format!("{} is in incoming and in {state}: remove one of the two files", head.id));
            return Ok(());
        }
        match schedule::waiting(head, &is_in, &self.claimed, &named) {
            None => self.claimable(head, depth, lines),
            Some(Waiting::For(what)) => self.held(head, &what, depth, lines)?,
            Some(waiting @ Waiting::Blocked(_)) => {
                lines.at(depth, format!("{} {waiting}", head.id));
                if let Waiting::Blocked(ids) = waiting {
                    self.blockers(&queue, &ids, depth + 1, lines)?;
                }
            }
            Some(waiting @ Waiting::Named(_)) => {
                lines.at(depth, format!("{} {waiting}, whose run ends just now or is being put right", head.id));
            }
            Some(waiting @ Waiting::SameBranch(_)) => lines.at(depth, format!("{} {waiting}", head.id)),
        }
        Ok(())
    }

    fn blockers(&mut self, queue: &Queue<'_>, ids: &[Name], depth: usize, lines: &mut Explanation) -> Result<()> {
        for id in ids {
            if self.seen.contains(id) {
                lines
                    .at(depth, format!("{id} is part of a circle: none of it can begin before a BLOCKED_BY line goes"));
                continue;
            }
            self.seen.push(id.clone());
            match queue.find(id)? {
                None => lines.at(depth, format!("{id} isn't there: mend the BLOCKED_BY line")),
                Some(_) if depth > DEPTH => lines.at(depth, format!("{id}, and so on")),
                Some(found) => self.tell(&found, depth, lines)?,
            }
        }
        Ok(())
    }

    /// A question, or a hold that a person lifts.
    fn held(&self, head: &Task, what: &str, depth: usize, lines: &mut Explanation) -> Result<()> {
        let id = &head.id;
        let question = messages::questions(&self.project.paths)?.into_iter().find(|listed| listed.stem == what);
        match question {
            Some(question) => {
                let age = question
                    .time
                    .map_or(String::new(), |at| format!(", {} ago", time::span((self.now - at).num_seconds())));
                let (from, title) = (one_line(&question.message.from), one_line(&question.message.title));
                lines.at(depth, format!("{id} waits for the answer to a question of {from}{age}: {title}"));
                lines.at(depth + 1, format!("`scheduler message reply {what} --body 'TEXT'` answers it"));
            }
            None if what.starts_with("question-") => {
                lines.at(depth, format!("{id} waits for the answer to {what}, which was removed"));
                lines.at(depth + 1, format!("`scheduler task retry {id}` lets it go on"));
            }
            None => {
                let returns = if head.returns > 0 {
                    format!(" after it came back {} times", head.returns)
                } else {
                    String::new()
                };
                lines.at(depth, format!("{id} is held{returns} and waits for {what}"));
                lines.at(depth + 1, format!("`scheduler task retry {id}` lets it go on"));
            }
        }
        Ok(())
    }

    /// It could be claimed: what keeps those who would.
    fn claimable(&self, head: &Task, depth: usize, lines: &mut Explanation) {
        let Some(preview) = self.preview else {
            lines.at(depth, format!("{} could be claimed, but agents.yaml is wrong: nothing starts", head.id));
            return;
        };
        let claims = |role: Role| role.spec().claims == Some(head.role);
        let agents: Vec<_> =
            preview.config.agents.iter().zip(&preview.decisions).filter(|(agent, _)| claims(agent.role)).collect();
        if agents.is_empty() {
            lines.at(depth, format!("{} could be claimed, but no agent claims {} tasks", head.id, head.role));
            lines.at(depth + 1, "`scheduler agent add NAME --role ROLE` adds one");
            return;
        }
        let starts = agents
            .iter()
            .find(|(_, decision)| matches!(decision, Decision::Start(work) if work.task() == Some(&head.id)));
        if let Some((agent, _)) = starts {
            lines.at(depth, format!("{} is claimed at the next tick, by {}", head.id, agent.name));
            return;
        }
        lines.at(depth, format!("{} can be claimed and waits for an agent ({})", head.id, head.priority));
        for (agent, decision) in agents.into_iter().take(super::SOME) {
            let (_, brief) = doing(decision, &preview.views.view(&agent.name).state, self.now);
            lines.at(depth + 1, format!("{}: {brief}", agent.name));
        }
    }
}
