//! The project: its configuration, its worktrees, and what a tool in a worktree would pick up from above.

use super::Probe;
use crate::domain::config::{self, Config, Problem, Severity};
use crate::domain::name::Name;
use crate::domain::role::Role;
use crate::domain::state::{AgentState, Phase};
use crate::domain::text::{counted, one_line};
use crate::domain::{gate, prompt};
use crate::engine::beginning;
use crate::engine::project::Project;
use crate::engine::stop;
use crate::exec::processes;
use crate::exec::worktree::Worktree;
use crate::store::state::{self, Loaded};
use crate::store::{trusted, worktree_name};
use crate::sys::dir;
use crate::sys::lock::Lock;
use anyhow::Result;

/// What tools look for in every folder above: a worktree lies below the main checkout.
const INHERITED: [&str; 6] =
    ["node_modules", ".cargo/config.toml", ".eslintrc", ".eslintrc.json", ".eslintrc.js", ".npmrc"];

/// agents.yaml with its warnings, or what is wrong in it.
type Found = Result<(Config, Vec<Problem>), Vec<Problem>>;

/// What lies among the skills of the project and is none, because of its name.
fn skills(project: &Project) -> Result<Vec<Probe>> {
    let dir = project.paths.commands_dir();
    let is_skill = |file: &str| file.strip_suffix(".md").is_some_and(|name| name.parse::<Name>().is_ok());
    let others = dir::names(&dir)?.filter(|file| !file.starts_with('.') && !is_skill(file));
    let probe = |file: String| {
        let path = dir.join(one_line(&file)).display().to_string();
        Probe::warning(
            format!("{path}: no skill of agents"),
            "call it NAME.md, with letters, digits, '.', '_', '-' in NAME",
        )
    };
    Ok(others.map(probe).collect())
}

/// Looks at the project.
pub(super) fn probe(project: &Project, found: &Found) -> Result<Vec<Probe>> {
    let mut probes = Vec::new();
    let path = project.paths.config().display().to_string();
    let mut elsewhere = false;
    match found {
        Ok((config, warnings)) => {
            elsewhere = config.worktree_root.is_some();
            probes.push(Probe::ok(format!("{path}: {}", counted(config.agents.len(), "agent"))));
            let errors: Vec<_> = gate::unguarded(config).into_iter().map(gate::unguarded_words).collect();
            let warnings = warnings.iter().filter(|warning| !errors.contains(&warning.message));
            let said = warnings.map(|warning| Probe::warning(format!("{path}: {warning}"), "mend that line"));
            probes.extend(said);
            let unseen = beginning::unseen(project, config)?.into_iter();
            probes.extend(unseen.map(|file| Probe::warning(file.what, file.remedy)));
            probes.extend(checks(config));
            probes.extend(focuses(project, config));
            for agent in &config.agents {
                probes.extend(worktree(project, agent)?);
            }
        }
        Err(problems) => {
            let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
            probes
                .extend(errors.map(|error| Probe::error(format!("{path}: {error}"), "mend that line; nothing starts")));
        }
    }
    probes.extend(skills(project)?);
    probes.push(claude_md(project));
    if !elsewhere {
        probes.extend(inherited(project));
    }
    Ok(probes)
}

/// Required checks that nobody makes: more than a warning, for they hold up every pull request.
fn checks(config: &Config) -> Vec<Probe> {
    let missing = gate::unguarded(config).into_iter();
    missing
        .map(|check| {
            Probe::error(
                gate::unguarded_words(check),
                format!("add an agent with role: gatekeeper and focus: {check}, or take it out of required_checks"),
            )
        })
        .collect()
}

/// Agents whose focus nobody has described: they would be told no more than its name.
fn focuses(project: &Project, config: &Config) -> Vec<Probe> {
    let is_told = |agent: &config::Agent, focus: &Name| {
        let has_own = [&agent.name, focus].into_iter().any(|name| project.paths.prompt(name).exists());
        has_own || prompt::built_in(agent.role, Some(focus)).is_some()
    };
    let bound = config.agents.iter().filter(|agent| matches!(agent.role, Role::Proposer | Role::Gatekeeper));
    let untold =
        bound.filter_map(|agent| Some((agent, agent.focus.as_ref()?))).filter(|(agent, focus)| !is_told(agent, focus));
    untold
        .map(|(agent, focus)| {
            Probe::warning(
                format!("{}: there is no prompt for the focus {focus}", agent.name),
                format!("write {}, or choose one of `scheduler prompt list`", project.paths.prompt(focus).display()),
            )
        })
        .collect()
}

/// A worktree that is broken, or a run whose supervisor is gone.
fn worktree(project: &Project, agent: &config::Agent) -> Result<Option<Probe>> {
    let files = project.paths.agent(&agent.name);
    let name = &agent.name;
    let idle = match state::load(&files)? {
        Loaded::State(AgentState { supervisor: Some(id), phase, .. })
            if phase != Phase::Idle && processes::is_stopped(&id) =>
        {
            return Ok(Some(Probe::error(format!("{name}: its supervisor is stopped"), stop::going_on(&id))));
        }
        Loaded::State(state) => state.phase == Phase::Idle,
        Loaded::Corrupt(reason) => {
            let remedy = "the next tick sets it aside and begins anew";
            return Ok(Some(Probe::warning(format!("{name}: {reason}"), remedy)));
        }
    };
    let busy = files.lock().exists() && !Lock::is_free(&files.lock())?;
    let place = worktree_name::path(&files)?;
    if busy || !place.exists() {
        return Ok(None);
    }
    if !idle && trusted::hold(&project.paths).is_none() {
        return Ok(Some(Probe::warning(format!("{name}: its last run was interrupted"), "the next tick recovers it")));
    }
    let worktree = Worktree::new(&place, files.dir(), &project.common_dir);
    Ok(worktree
        .verify()
        .err()
        .map(|error| Probe::warning(format!("{name}: its worktree is broken: {error:#}"), "the next run mends it")))
}

fn claude_md(project: &Project) -> Probe {
    let root = project.root();
    let there = |name: &str| root.join(name).is_file();
    if there("CLAUDE.md") || there(".claude/CLAUDE.md") {
        Probe::ok("CLAUDE.md is there")
    } else if there("claude.md") {
        Probe::warning(
            "claude.md is not read here: Claude Code reads CLAUDE.md",
            "rename it: `git mv claude.md CLAUDE.md`",
        )
    } else {
        Probe::warning("there is no CLAUDE.md", "`scheduler init` prints the lines for it")
    }
}

/// What lies in the main checkout and would be taken for a worktree's own.
fn inherited(project: &Project) -> Vec<Probe> {
    let found = INHERITED.iter().filter(|name| project.root().join(name).exists());
    found
        .map(|name| {
            Probe::warning(
                format!("{name} of the main checkout is seen by tools in every worktree below it"),
                "have agents install their own (`worktree.setup` in agents.yaml), or keep the worktrees elsewhere (`worktree_root`)",
            )
        })
        .collect()
}
