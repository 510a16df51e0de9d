//! What claude is told: the instructions, the skills, the environment to look at by hand.
//!
//! Whatever others wrote is inserted as it is; the templates know how to fence it.

use super::Run;
use crate::{
    domain::{
        config::{self, Config},
        name::Name,
        prompt::{
            self, Answer, Attempt, BuiltIn, CurationView, FailedTask, OpenPullRequest, PromptInput, QueueView,
            QueuedTask, ReviewTarget, TaskView,
        },
        role::{Role, TaskRole},
        run::{Job, Prepared},
        shell,
        task::{self, Task, TaskState},
    },
    engine::{curation, snapshot::OpenPrs},
    exec::worktree::{INSTRUCTIONS, SKILLS},
    store::{cache, messages, queue::Queue},
    sys::{atomic, read},
};
use anyhow::Result;
use std::fmt::Write as _;
use uuid::Uuid;

/// How many done and failed tasks, and answers, a product manager is shown.
const LATELY: usize = 20;
/// The most of a diff that is read; the template shows less.
const MAX_DIFF: usize = 256 << 10;

impl Run<'_> {
    /// Writes the instructions, the prompt, the skills and env.sh.
    pub(super) fn instruct(&self, prepared: &Prepared) -> Result<()> {
        let text = prompt::render(&self.input(prepared)?)?;
        tracing::debug!(bytes = text.len(), "prompt");
        atomic::write(&self.files.prompt(), text.as_bytes())?;
        self.write_own(INSTRUCTIONS, &text)?;
        self.skills()?;
        atomic::write_private(&self.agent.env_sh(), self.env_sh().as_bytes())
    }

    fn input(&self, prepared: &Prepared) -> Result<PromptInput> {
        let paths = &self.project().paths;
        let assignment = &self.assignment;
        let attempt = assignment.job.attempt();
        let now = (self.supervisor.clock)();
        let explores = assignment.role == Role::ProductManager;
        let role_prompt = self.role_prompt()?;
        let has_own = role_prompt.is_some();
        Ok(PromptInput {
            agent: assignment.agent.clone(),
            role: assignment.role,
            focus: assignment.focus.clone(),
            ports: assignment.ports,
            worktree: self.worktree_path().display().to_string(),
            branch: prepared.branch.clone(),
            base: Some(prepared.target.clone().unwrap_or_else(|| prepared.base.clone())),
            task: self.task.as_ref().map(|task| TaskView {
                id: task.head.id.clone(),
                title: task.head.title.clone(),
                role: task.head.role,
                priority: task.head.priority,
                attempt,
                max_attempts: assignment.settings.max_attempts,
                // What earlier runs and answers say stands above, in sections of its own.
                text: task::without_answers(task::body(&task::without_outcome(&task.text))),
            }),
            attempts: self.earlier_attempts(attempt),
            answers: self.answers()?,
            feedback: Vec::new(),
            global_instructions: read::read_linked_text(&paths.global_instructions())?,
            role_prompt,
            proposals: match assignment.job {
                Job::Propose => Some(curation::proposer_view(paths, &self.configuration()?, &assignment.agent, now)?),
                _ => None,
            },
            curation: match assignment.job {
                Job::Curate => Some(self.curation_view()?),
                _ => None,
            },
            test_paths: assignment.test_paths.clone(),
            queue: if explores { Some(self.queue_view()?) } else { None },
            review: match self.assignment.job.check() {
                Some(due) => Some(self.change_to_check(prepared, due)?),
                None => self.review_target(prepared)?,
            },
            check: self.assignment.job.check().map(|due| self.check_view(due)),
            focus_prompt: if has_own { None } else { self.focus_prompt() },
            delimiter: Uuid::new_v4().simple().to_string(),
        })
    }

    /// How the attempt before this one ended, as the task's file says.
    fn earlier_attempts(&self, attempt: u32) -> Vec<Attempt> {
        let error = self.task.as_ref().and_then(|task| task::section(&task.text, "Error"));
        let one = error.map(|error| {
            let (outcome, summary) = error.split_once('\n').unwrap_or((error, ""));
            let summary = summary.trim().to_owned();
            Attempt { attempt: attempt.saturating_sub(1).max(1), outcome: outcome.to_owned(), summary }
        });
        one.into_iter().collect()
    }

    /// What a person answered: about the task, as its file says; else to questions of this agent about no task.
    fn answers(&self) -> Result<Vec<Answer>> {
        if let Some(task) = &self.task {
            let all = task::answers(&task.text).into_iter();
            return Ok(all.map(|answer| Answer { question: answer.title, answer: answer.text }).collect());
        }
        let asked = messages::questions(&self.project().paths)?
            .into_iter()
            .filter(|listed| listed.message.task.is_none() && listed.message.from == self.assignment.agent.as_str());
        let answered =
            asked.filter_map(|listed| Some(Answer { question: listed.message.title, answer: listed.answer?.text }));
        let mut answers: Vec<_> = answered.take(LATELY).collect();
        answers.reverse();
        Ok(answers)
    }

    /// `prompts/<agent>.md`, else `prompts/<focus>.md`; for a role whose built-in text needs no focus, that one's name.
    fn role_prompt(&self) -> Result<Option<String>> {
        let built_in = self.built_in().and_then(|text| text.name.parse().ok());
        let names = [Some(&self.assignment.agent), self.assignment.focus.as_ref(), built_in.as_ref()];
        for name in names.into_iter().flatten() {
            if let Some(text) = read::read_linked_text(&self.project().paths.prompt(name))? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    fn focus_prompt(&self) -> Option<String> {
        self.built_in().map(|text| text.text.to_owned())
    }

    fn built_in(&self) -> Option<&'static BuiltIn> {
        prompt::built_in(self.assignment.role, self.assignment.focus.as_ref())
    }

    /// What a curator judges; which these are is noted for the tick that asks whether it has to see them again.
    fn curation_view(&self) -> Result<CurationView> {
        let (view, shown) = curation::curation_view(&self.project().paths, &self.configuration()?)?;
        curation::note_shown(&self.files, &shown)?;
        Ok(view)
    }

    /// agents.yaml as it is now: what proposals are limited and scored by.
    fn configuration(&self) -> Result<Config> {
        let text = read::read_linked_text(&self.project().paths.config())?.unwrap_or_default();
        config::read(&text).map(|(config, _)| config).map_err(|problems| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            anyhow::anyhow!("{}: {first}", self.project().paths.config().display())
        })
    }

    fn queue_view(&self) -> Result<QueueView> {
        let queue = Queue::new(&self.project().paths);
        let mut view = QueueView {
            pending: usize::try_from(queue.pending()?).unwrap_or(usize::MAX),
            limit: usize::try_from(self.assignment.max_incoming).unwrap_or(usize::MAX),
            tasks: Vec::new(),
            open_prs: self.open_prs(),
            failed: Vec::new(),
        };
        for state in [TaskState::Incoming, TaskState::Claimed] {
            view.tasks.extend(queue.heads(state)?.into_iter().flatten().map(|task| line(task, state)));
        }
        for id in queue.newest(TaskState::Done, LATELY)? {
            let Some(text) = queue.read(TaskState::Done, &id)? else { continue };
            view.tasks.extend(task::parse(&id, &text).ok().map(|task| line(task, TaskState::Done)));
        }
        for id in queue.newest(TaskState::Failed, LATELY)? {
            let Some(text) = queue.read(TaskState::Failed, &id)? else { continue };
            view.failed.extend(failed(id, &text));
        }
        Ok(view)
    }

    fn open_prs(&self) -> Vec<OpenPullRequest> {
        let known = cache::load::<OpenPrs>(&self.project().paths.open_prs()).and_then(|prs| prs.open);
        let prs = known.unwrap_or_default().into_iter();
        prs.map(|pr| OpenPullRequest { number: pr.number, title: pr.title, head: pr.head }).collect()
    }

    fn review_target(&self, prepared: &Prepared) -> Result<Option<ReviewTarget>> {
        let Some(task) = self.task.as_ref().filter(|task| task.head.role == TaskRole::Review) else { return Ok(None) };
        if prepared.start == prepared.base {
            return Ok(None);
        }
        let git = self.worktree().git();
        let range = [prepared.base.as_str(), prepared.start.as_str(), "--"];
        let names = git.run(["diff", "--name-only", "-z", "--no-ext-diff"].into_iter().chain(range))?;
        let diff = git.run(["diff", "--no-color", "--no-ext-diff", "--no-textconv"].into_iter().chain(range))?.stdout;
        Ok(Some(ReviewTarget {
            pr: task.head.pr,
            head: prepared.start.clone(),
            base: prepared.base.clone(),
            description: String::new(),
            changed_files: names.entries(),
            diff: String::from_utf8_lossy(&diff[..diff.len().min(MAX_DIFF)]).into_owned(),
        }))
    }

    /// The role's skills, each overridden by a file of its name in `.orchestrator/commands/`.
    fn skills(&self) -> Result<()> {
        self.write_own(&format!("{SKILLS}/.gitignore"), "*\n")?;
        for (name, text) in prompt::skills(self.assignment.role) {
            let own = read::read_linked_text(&self.project().paths.commands_dir().join(name))?;
            self.write_own(&format!("{SKILLS}/{name}"), own.as_deref().unwrap_or(text))?;
        }
        Ok(())
    }

    /// The run's environment for a person to source. What marks the run's own processes is left out.
    fn env_sh(&self) -> String {
        let mut text = "# The environment of this agent's last run, to be sourced in a shell.\n".to_owned();
        for (name, value) in self.variables() {
            if name != "RUN_ID" {
                let _ = writeln!(text, "export {name}={}", shell::word(&value));
            }
        }
        text
    }
}

fn line(task: Task, state: TaskState) -> QueuedTask {
    QueuedTask { id: task.id, title: task.title, role: task.role, priority: task.priority, state }
}

fn failed(id: Name, text: &str) -> Option<FailedTask> {
    let task = task::parse(&id, text).ok()?;
    let reason = task::section(text, "Error").and_then(|error| error.lines().next()).unwrap_or_default().to_owned();
    Some(FailedTask { id, title: task.title, reason })
}
