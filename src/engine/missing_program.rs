//! Agents that would start although the program that does their work isn't there. It is looked for only then: an idle tick
//! looks for nothing.

use crate::domain::config::{Agent, Config};
use crate::domain::message::Message;
use crate::domain::name::Name;
use crate::domain::schedule::{Decided, Decision, Reason};
use crate::domain::text::joined;
use crate::domain::time::Time;
use crate::exec::programs;
use crate::store::paths::Paths;
use crate::store::{cache, messages};
use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Where is looked.
#[derive(Clone, Copy, Debug)]
pub enum Look<'a> {
    /// On this search path.
    On(&'a str),
    /// Nowhere: what the last tick has found counts, which had the search path of the timer.
    AsLastTick,
}

/// `cache/last-tick.json`, as far as it is read here.
#[derive(Default, Deserialize)]
pub(super) struct LastTick {
    decisions: Vec<LastDecision>,
}

#[derive(Deserialize)]
struct LastDecision {
    agent: Name,
    decision: Value,
}

impl LastDecision {
    fn missing(&self) -> Option<&str> {
        self.decision.get("skip").filter(|skip| skip["reason"] == "program_missing")?["program"].as_str()
    }
}

impl LastTick {
    pub fn read(paths: &Paths) -> Self {
        cache::load(&paths.last_tick()).unwrap_or_default()
    }

    /// Whether an agent wasn't started because this program isn't there.
    pub fn misses(&self, program: &str) -> bool {
        self.decisions.iter().any(|last| last.missing() == Some(program))
    }

    fn missing(&self, agent: &Name) -> Option<String> {
        self.decisions.iter().find(|last| last.agent == *agent)?.missing().map(str::to_owned)
    }
}

/// Skips those that would start in vain.
pub(super) fn skip(paths: &Paths, config: &Config, decisions: &mut [Decision], look: Look<'_>) {
    if !decisions.iter().any(|decision| matches!(decision, Decision::Start(_))) {
        return;
    }
    let last = match look {
        Look::On(_) => LastTick::default(),
        Look::AsLastTick => LastTick::read(paths),
    };
    for (agent, decision) in config.agents.iter().zip(decisions) {
        let missing = match (&*decision, look) {
            (Decision::Skip(_), _) => None,
            (Decision::Start(_), Look::On(search_path)) => missing(agent, search_path),
            (Decision::Start(_), Look::AsLastTick) => last.missing(&agent.name),
        };
        if let Some(program) = missing {
            *decision = Decision::Skip(Reason::ProgramMissing { program });
        }
    }
}

/// The program of an agent that isn't there. What a runner starts is elsewhere, and a relative path is looked up in a worktree.
fn missing(agent: &Agent, search_path: &str) -> Option<String> {
    let settings = &agent.settings;
    let program = settings.command.first().filter(|_| agent.role.uses_claude() && settings.runner.is_none())?;
    let search_path = settings.env.get("PATH").map_or(search_path, String::as_str);
    let is_there = match program.contains('/') {
        true => !program.starts_with('/') || Path::new(program).is_file(),
        false => programs::folder_of(program, search_path).is_some(),
    };
    (!is_there).then(|| program.clone())
}

/// Tells the user, once for each program.
pub(super) fn tell(paths: &Paths, decided: &[Decided], search_path: &str, now: Time) -> Result<()> {
    let missing = |one: &Decided| match &one.decision {
        Decision::Skip(Reason::ProgramMissing { program }) => Some(program.clone()),
        _ => None,
    };
    let programs: BTreeSet<_> = decided.iter().filter_map(missing).collect();
    for program in programs {
        let agents = joined(decided.iter().filter(|one| missing(one).as_ref() == Some(&program)).map(|one| &one.agent));
        let body = format!(
            "{program} is not on PATH, which is {search_path} for ticks. Not started because of it: {agents}.\n\nInstall \
             Claude Code, or add its folder to the PATH of the cron line, or name it with `command` in agents.yaml. They \
             start at the first tick that finds it; no task was touched."
        );
        let message = Message::error(format!("{program} is missing: nothing that needs it is started"), body);
        messages::send(paths, &message.key(format!("program {program}")), now)?;
    }
    Ok(())
}
