//! What claude is told: the instructions, the skills, the environment to look at by hand.
//!
//! Whatever others wrote is inserted as it is; the templates know how to fence it.

mod change;
mod queue;

use super::context::{HeldTask, Run};
use super::environment;
use super::session::Resumed;
use crate::domain::claude_files;
use crate::domain::config::{self, Config};
use crate::domain::job::Job;
use crate::domain::message::Message;
use crate::domain::name::Name;
use crate::domain::prompt::{self, Attempt, FailedVerify, PromptInput, ResumedView, Skill, TaskView};
use crate::domain::role::Role;
use crate::domain::run::Prepared;
use crate::domain::task::{self, Answer};
use crate::domain::verify::{Verdict, short};
use crate::engine::{curation, history};
use crate::exec::worktree::{INSTRUCTIONS, SKILLS};
use crate::store::messages;
use crate::sys::{atomic, dir, read};
use anyhow::Result;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// How many done and failed tasks, and answers, an agent is shown.
const LATELY: usize = 20;

/// Writes the instructions, the prompt, the skills and env.sh.
pub fn instruct(run: &Run<'_>, prepared: &Prepared, resumed: Option<&Resumed>) -> Result<()> {
    let skills = skills(run)?;
    let mut input = input(run, prepared, skills)?;
    input.resumed =
        resumed.map(|resumed| ResumedView { ended: resumed.ended.clone(), is_feedback: resumed.is_feedback });
    let text = render(run, &mut input)?;
    write_own(run, INSTRUCTIONS, &text)?;
    let text = match resumed {
        // Who goes on has read them before.
        Some(_) => {
            atomic::write(&run.files.prompt_anew(), text.as_bytes())?;
            prompt::render_resumed(&input)?
        }
        None => text,
    };
    tracing::debug!(bytes = text.len(), "prompt");
    atomic::write(&run.files.prompt(), text.as_bytes())?;
    write_skills(run, skills)?;
    atomic::write(&run.agent.env_sh(), environment::env_sh(run).as_bytes())
}

/// In the project's own frame, unless that can't be: then you are told, and the built-in one does.
fn render(run: &Run<'_>, input: &mut PromptInput) -> Result<String> {
    let error = match prompt::render(input) {
        Err(error) if input.frame.is_some() => error,
        rendered => return rendered,
    };
    input.frame = None;
    let text = prompt::render(input)?;
    let path = run.paths().frame();
    let body = format!(
        "{}: {error:#}.\n\nThe built-in frame is used meanwhile; `scheduler prompt show instructions` prints it.",
        path.display()
    );
    let message = Message::warning("The frame of the instructions can't be used", body).key(format!("frame {error:#}"));
    messages::send(run.paths(), &message, run.now())?;
    Ok(text)
}

fn input(run: &Run<'_>, prepared: &Prepared, skills: &[Skill]) -> Result<PromptInput> {
    let (paths, assignment) = (run.paths(), &run.assignment);
    let attempt = assignment.job.attempt();
    let built_in = prompt::built_in(assignment.role, assignment.focus.as_ref());
    let role_prompt = role_prompt(run, built_in.and_then(|text| text.name.parse().ok()))?;
    Ok(PromptInput {
        agent: assignment.agent.clone(),
        role: assignment.role,
        focus: assignment.focus.clone(),
        ports: assignment.ports,
        worktree: run.worktree.path().display().to_string(),
        branch: prepared.branch.clone(),
        base: Some(prepared.target.clone().unwrap_or_else(|| prepared.base.clone())),
        task: run.task.as_ref().map(|task| task_view(task, attempt, assignment.settings.max_attempts)),
        attempts: earlier_attempt(run, attempt).into_iter().collect(),
        verify: assignment
            .settings
            .verify
            .as_ref()
            .filter(|_| prepared.branch.is_some())
            .map(|verify| verify.command.clone()),
        failed_verify: failed_verify(run)?,
        answers: answers(run)?,
        resumed: None,
        global_instructions: read::read_linked_text(&paths.global_instructions())?,
        proposals: match assignment.job {
            Job::Propose => Some(curation::proposer_view(paths, &configuration(run)?, &assignment.agent, run.now())?),
            _ => None,
        },
        curation: match assignment.job {
            Job::Curate => {
                let (view, shown) = curation::curation_view(paths, &configuration(run)?)?;
                // For the tick that asks whether a curator has to see them again.
                curation::note_shown(&run.files, &shown)?;
                Some(view)
            }
            _ => None,
        },
        // Without any of the project's own the tool that calls them isn't offered.
        skills: if skills.iter().any(|skill| skill.own) { skills.to_vec() } else { Vec::new() },
        custom: assignment.custom.clone(),
        frame: read::read_linked_text(&paths.frame())?,
        test_paths: assignment.test_paths.clone(),
        queue: (assignment.role == Role::ProductManager).then(|| queue::view(run)).transpose()?,
        brings_settings: prepared.branch.is_some()
            && prepared.claude_files.iter().any(|path| !claude_files::is_note(path)),
        is_partial_clone: run.remotes()?.is_partial(),
        review: change::under_review(run, prepared)?,
        check: assignment.job.check().map(|due| change::check_view(run, due)),
        focus_prompt: built_in.filter(|_| role_prompt.is_none()).map(|text| text.text.to_owned()),
        role_prompt,
        delimiter: Uuid::new_v4().simple().to_string(),
    })
}

fn task_view(task: &HeldTask, attempt: u32, max_attempts: u32) -> TaskView {
    let (issue_text, text) = task::issue_text(&task.text);
    let (feedback, text) = task::feedback_text(&text);
    // What earlier runs and answers say stands above, in sections of its own.
    let text = task::without_answers(task::body(&task::without_outcome(&text)));
    TaskView { head: task.head.clone(), attempt, max_attempts, text, issue_text, feedback }
}

/// How the attempt before this one ended, as the task's file says.
fn earlier_attempt(run: &Run<'_>, attempt: u32) -> Option<Attempt> {
    let error = task::section(&run.task.as_ref()?.text, "Error")?;
    let (outcome, summary) = error.split_once('\n').unwrap_or((error, ""));
    let (outcome, summary) = (outcome.to_owned(), summary.trim().to_owned());
    Some(Attempt { attempt: attempt.saturating_sub(1).max(1), outcome, summary })
}

/// What `verify` said last of what the task has so far, if that speaks against it.
fn failed_verify(run: &Run<'_>) -> Result<Option<FailedVerify>> {
    let Some(task) = run.task() else { return Ok(None) };
    let known = history::of_task(run.project(), &task.id)?.into_iter().rev().find_map(|past| past.record.verified);
    Ok(known.filter(|verified| verified.verdict() == Verdict::Failed).map(|verified| FailedVerify {
        how: verified.work.to_string(),
        commit: short(&verified.work.commit).to_owned(),
        command: verified.command,
        tail: verified.work.tail,
    }))
}

/// What the user answered: about the task, as its file says; else to questions of this agent about no task.
fn answers(run: &Run<'_>) -> Result<Vec<Answer>> {
    if let Some(task) = &run.task {
        return Ok(task::answers(&task.text));
    }
    let asked = messages::questions(run.paths())?
        .into_iter()
        .filter(|listed| listed.message.task.is_none() && listed.message.from == run.assignment.agent.as_str());
    let answered = asked.filter_map(|listed| {
        Some(Answer { question: listed.stem, title: listed.message.title, text: listed.answer?.text })
    });
    let mut answers: Vec<_> = answered.take(LATELY).collect();
    answers.reverse();
    Ok(answers)
}

/// `prompts/<agent>.md`, else that of its role if this is the project's own, else `prompts/<focus>.md`; for a role whose built-in text needs no focus, that one's name.
fn role_prompt(run: &Run<'_>, built_in: Option<Name>) -> Result<Option<String>> {
    let assignment = &run.assignment;
    let custom = assignment.custom.as_ref().map(|custom| &custom.name);
    let names = [Some(&assignment.agent), custom, assignment.focus.as_ref(), built_in.as_ref()];
    for name in names.into_iter().flatten() {
        if let Some(text) = read::read_linked_text(&run.paths().prompt(name))? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// agents.yaml as it is now: what proposals are limited and scored by.
fn configuration(run: &Run<'_>) -> Result<Config> {
    let path = run.paths().config();
    let text = read::read_linked_text(&path)?.unwrap_or_default();
    config::read(&text).map(|(config, _)| config).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        anyhow::anyhow!("{}: {first}", path.display())
    })
}

/// The skills of a run: its role's and the project's own, every `<name>.md` in `.orchestrator/commands/`, as they are when they
/// are first asked for.
fn skills<'a>(run: &'a Run<'_>) -> Result<&'a [Skill]> {
    if let Some(known) = run.skills.get() {
        return Ok(known);
    }
    let folder = run.paths().commands_dir();
    let stem = |file: String| file.strip_suffix(".md")?.parse::<Name>().ok();
    let mut names: Vec<_> = dir::names(&folder)?.filter_map(stem).collect();
    names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    let mut own = Vec::new();
    for name in names {
        let text = read::read_linked_text(&folder.join(format!("{name}.md")))?;
        own.extend(text.map(|text| (name, text)));
    }
    Ok(run.skills.get_or_init(|| prompt::skills_of(run.assignment.role, own)))
}

/// Lays the skills into the worktree, and takes away those that are none any more.
fn write_skills(run: &Run<'_>, skills: &[Skill]) -> Result<()> {
    if let Some(obstacle) = write_own(run, &format!("{SKILLS}/.gitignore"), "*\n")? {
        return tell_of_obstacle(run, &obstacle);
    }
    for Skill { name, text, .. } in skills {
        write_own(run, &format!("{SKILLS}/{name}.md"), text)?;
    }
    let folder = run.worktree.path().join(SKILLS);
    let is_known =
        |file: &str| file.strip_suffix(".md").is_none_or(|name| skills.iter().any(|skill| skill.name == name));
    for file in dir::names(&folder)?.filter(|file| !is_known(file)) {
        atomic::remove(&folder.join(file))?;
    }
    Ok(())
}

/// Whether some of them are the project's own; what the others say is in the prompt.
pub fn has_own_skills(run: &Run<'_>) -> bool {
    skills(run).is_ok_and(|skills| skills.iter().any(|skill| skill.own))
}

fn tell_of_obstacle(run: &Run<'_>, obstacle: &Path) -> Result<()> {
    let place = obstacle.strip_prefix(run.worktree.path()).unwrap_or(obstacle).display();
    let body = format!(
        "The skills of agents belong into the folder {SKILLS} of a worktree, but {place} is a link or a file there. Nothing was \
         written through it: {} works without its skills.\n\nTake it out of the repository to get them back.",
        run.assignment.agent
    );
    let message = Message::warning("Skills can't be written", body).key(format!("skills {place}"));
    messages::send(run.paths(), &message, run.now())?;
    Ok(())
}

/// Writes a file of the run into the worktree, or returns what is in the way and leads elsewhere: the path is ours, but
/// what stands there may be anybody's.
fn write_own(run: &Run<'_>, name: &str, text: &str) -> Result<Option<PathBuf>> {
    // By way of another folder: what a kill leaves half-written here would be taken for work.
    let worktree = run.worktree.path();
    atomic::write_beneath(worktree.parent().unwrap_or(worktree), worktree, Path::new(name), text.as_bytes())
}
