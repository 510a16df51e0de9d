//! Why a task is where it is; what it waits for is followed to the end.

use super::agent::claim;
use super::{Explanation, Preview, SOME, left_alone};
use crate::domain::config::{Agent, Usd};
use crate::domain::name::Name;
use crate::domain::schedule::{Decision, Waiting};
use crate::domain::task::{self, Task, TaskState};
use crate::domain::text::one_line;
use crate::domain::time::{self, Time};
use crate::engine::overview::{activity, first_line};
use crate::engine::project::Project;
use crate::engine::snapshot::{self, OpenPrs};
use crate::store::listing::in_two_places;
use crate::store::messages;
use crate::store::queue::{FoundTask, Queue};
use anyhow::Result;

/// How far a chain of tasks that wait for each other is followed.
const DEPTH: usize = 6;

struct Explainer<'a> {
    project: &'a Project,
    preview: Option<&'a Preview>,
    now: Time,
    claimed: Vec<Task>,
    seen: Vec<Name>,
    lines: Explanation,
}

/// Explains a task; `None` if there is none of that name.
pub(super) fn explain(
    project: &Project,
    preview: Option<&Preview>,
    name: Option<&Name>,
    now: Time,
) -> Result<Option<Explanation>> {
    let queue = Queue::new(&project.paths);
    let Some(found) = name.map(|name| queue.called(name)).transpose()?.flatten() else { return Ok(None) };
    let claimed = queue.good(TaskState::Claimed)?;
    let lines = Explanation { about: found.id.clone(), lines: Vec::new() };
    let mut explainer = Explainer { project, preview, now, claimed, seen: vec![found.id.clone()], lines };
    explainer.explain(&found, 0)?;
    Ok(Some(explainer.lines))
}

impl Explainer<'_> {
    fn add(&mut self, depth: usize, text: impl Into<String>) {
        self.lines.at(depth, text);
    }

    /// ` 5 min ago`, or nothing if it isn't known when.
    fn ago(&self, at: Option<Time>) -> String {
        at.map_or(String::new(), |at| format!(" {} ago", time::between(at, self.now)))
    }

    fn explain(&mut self, found: &FoundTask, depth: usize) -> Result<()> {
        let id = &found.id;
        let head = match task::parse(id, &found.text) {
            Ok(head) => head,
            Err(problems) => {
                self.add(depth, left_alone(id, &problems));
                return Ok(());
            }
        };
        let because = |name: &str| {
            let text = task::section(&found.text, name).map(first_line).filter(|text| !text.is_empty());
            text.map_or(String::new(), |text| format!(": {text}"))
        };
        match found.state {
            TaskState::Done => {
                self.add(depth, format!("{id} was done{}{}", self.ago(head.completed_at), because("Result")));
            }
            TaskState::Failed if head.cancelled_at.is_some() => {
                self.add(depth, format!("{id} was cancelled{}{}", self.ago(head.cancelled_at), because("Error")));
            }
            TaskState::Failed => {
                self.add(depth, format!("{id} failed{}{}", self.ago(head.failed_at), because("Error")));
                self.add(depth + 1, format!("`scheduler task retry {id}` gives it another try"));
            }
            TaskState::Claimed => self.claimed(&head, depth),
            TaskState::Incoming => self.incoming(&head, depth)?,
        }
        Ok(())
    }

    fn claimed(&mut self, head: &Task, depth: usize) {
        self.add(depth, format!("{}, is being worked on, attempt {}", claim(head, self.now), head.attempts.max(1)));
        let Some(preview) = self.preview else { return };
        match preview.views.named().into_iter().find(|(_, id)| *id == head.id) {
            Some((agent, _)) => self.add(depth + 1, format!("`scheduler logs {agent} -f` follows it")),
            None => self.add(depth + 1, "no agent holds it: the next tick puts it back"),
        }
    }

    fn incoming(&mut self, head: &Task, depth: usize) -> Result<()> {
        let (id, queue) = (&head.id, Queue::new(&self.project.paths));
        let named = self.preview.map(|preview| preview.views.named()).unwrap_or_default();
        let others = [TaskState::Claimed, TaskState::Done, TaskState::Failed];
        if let Some(state) = others.into_iter().find(|state| queue.exists(*state, id)) {
            self.add(depth, in_two_places(id, TaskState::Incoming, state));
            return Ok(());
        }
        let open = OpenPrs::known(&self.project.paths);
        let budget = self.preview.and_then(|preview| preview.config.max_cost_usd_per_task).map(Usd::get);
        let Some(waiting) = snapshot::waiting(&queue, head, &self.claimed, &named, &open, budget) else {
            self.claimable(head, depth);
            return Ok(());
        };
        match &waiting {
            Waiting::For(what) => self.held(head, what, depth)?,
            Waiting::Named(_) => {
                self.add(depth, format!("{id} {waiting}, whose run ends just now or is being recovered"));
            }
            Waiting::SameBranch(_) => self.add(depth, format!("{id} {waiting}")),
            Waiting::OverBudget { .. } => {
                self.add(depth, format!("{id} {waiting}"));
                let raise = "`scheduler limits set max_cost_usd_per_task=N` raises that of all tasks";
                self.add(depth + 1, format!("`scheduler task retry {id}` gives it a new budget; {raise}"));
            }
            Waiting::Overlaps { .. } => {
                self.add(depth, format!("{id} {waiting}"));
                self.add(
                    depth + 1,
                    "it can be claimed once that is merged or closed, or with `PRIORITY: P0` in its file",
                );
            }
            Waiting::Blocked(ids) => {
                self.add(depth, format!("{id} {waiting}"));
                self.blockers(&queue, ids, depth + 1)?;
            }
        }
        Ok(())
    }

    fn blockers(&mut self, queue: &Queue<'_>, ids: &[Name], depth: usize) -> Result<()> {
        for id in ids {
            if self.seen.contains(id) {
                let circle = "is part of a circle: none of it can begin before a BLOCKED_BY line goes";
                self.add(depth, format!("{id} {circle}"));
                continue;
            }
            self.seen.push(id.clone());
            match queue.find(id)? {
                None => self.add(depth, format!("{id} isn't there: correct the BLOCKED_BY line")),
                Some(_) if depth > DEPTH => self.add(depth, format!("{id}, and so on")),
                Some(found) => self.explain(&found, depth)?,
            }
        }
        Ok(())
    }

    /// A question, or a hold that the user lifts.
    fn held(&mut self, head: &Task, what: &str, depth: usize) -> Result<()> {
        let id = &head.id;
        let question = messages::questions(&self.project.paths)?.into_iter().find(|listed| listed.stem == what);
        if let Some(question) = question {
            let age = question.time.map_or(String::new(), |at| format!(", {} ago", time::between(at, self.now)));
            let (from, title) = (one_line(&question.message.from), one_line(&question.message.title));
            self.add(depth, format!("{id} waits for the answer to a question of {from}{age}: {title}"));
            self.add(depth + 1, format!("`scheduler message reply {what} --body 'TEXT'` answers it"));
            return Ok(());
        }
        if what.starts_with("question-") {
            self.add(depth, format!("{id} waits for the answer to {what}, which was removed"));
        } else {
            let returns = match head.returns {
                0 => String::new(),
                returns => format!(" after it came back {returns} times"),
            };
            self.add(depth, format!("{id} is held{returns} and waits for {what}"));
        }
        self.add(depth + 1, format!("`scheduler task retry {id}` lets it go on"));
        Ok(())
    }

    /// It could be claimed: what keeps those who would.
    fn claimable(&mut self, head: &Task, depth: usize) {
        let id = &head.id;
        let Some(preview) = self.preview else {
            self.add(depth, format!("{id} could be claimed, but agents.yaml is wrong: nothing starts"));
            return;
        };
        let claims = |agent: &Agent| agent.claims().is_some_and(|claims| head.is_for(&claims));
        let decided = preview.config.agents.iter().zip(&preview.decisions);
        let agents: Vec<_> = decided.filter(|(agent, _)| claims(agent)).collect();
        let takes_it = |decision: &Decision| matches!(decision, Decision::Start(job) if job.task() == Some(id));
        if let Some((agent, _)) = agents.iter().find(|(_, decision)| takes_it(decision)) {
            self.add(depth, format!("{id} is claimed at the next tick, by {}", agent.name));
        } else if let Err(why) = preview.config.task_role(head.role_name()) {
            self.add(depth, format!("{id} is left alone: ROLE: {why}"));
        } else if agents.is_empty() {
            self.add(depth, format!("{id} could be claimed, but no agent claims {} tasks", head.role_name()));
            self.add(depth + 1, "`scheduler agent add NAME --role ROLE` adds one");
        } else {
            self.add(depth, format!("{id} can be claimed and waits for an agent ({})", head.priority));
            for (agent, decision) in agents.into_iter().take(SOME) {
                let (_, summary) = activity(&agent.name, decision, self.now);
                self.add(depth + 1, format!("{}: {summary}", agent.name));
            }
        }
    }
}
