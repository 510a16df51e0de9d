//! What the Python system has left in a project, and how init takes it over: the states of its agents become ours, what its
//! skills, its lines in `.gitignore` and its line in the crontab said is ours by then. All else is read where it lies.

use crate::domain::name::Name;
use crate::domain::proposal::ProposalState;
use crate::domain::state::AgentState;
use crate::domain::task::TaskState;
use crate::domain::text::joined;
use crate::engine::collect;
use crate::exec::git::Git;
use crate::store::paths::Paths;
use crate::store::prs::Prs;
use crate::store::queue::Queue;
use crate::store::state_dirs::{State, StateDirs};
use crate::store::{messages, state};
use crate::sys::lock::Lock;
use anyhow::Result;
use std::path::Path;

/// Its program, from the top of the project.
const PROGRAM: &str = "orchestrator/orchestrator/scheduler.py";

/// What of it is there.
#[derive(Debug, Default)]
pub struct PythonSystem {
    /// The agents whose states it wrote.
    agents: Vec<Name>,
    /// Those for which a process of it is at work, with its number.
    at_work: Vec<(Name, u32)>,
    /// Its program is in the project.
    program: bool,
    /// Files that it left to git and that are not to be there.
    tracked: bool,
}

impl PythonSystem {
    /// Looks for it.
    ///
    /// # Errors
    /// The folder of the agents can't be read.
    pub fn find(root: &Path) -> Result<Self> {
        let paths = Paths::new(root);
        let mut found = Self { program: root.join(PROGRAM).is_file(), ..Self::default() };
        for name in collect::folders(&paths)? {
            let Some(state) = state::load_python(&paths.agent(&name)) else { continue };
            match state.python_pid.filter(|_| collect::is_python_at_work(&state)) {
                Some(pid) => found.at_work.push((name, pid)),
                None => found.agents.push(name),
            }
        }
        found.agents.sort();
        found.at_work.sort();
        if paths.dot().is_dir() {
            let runtime = ["agents", "messages", "shared"].map(|dir| format!(".orchestrator/{dir}"));
            let question = ["ls-files", "-z", "--"].map(str::to_owned);
            found.tracked =
                Git::at(root).run(question.into_iter().chain(runtime)).is_ok_and(|listed| !listed.entries().is_empty());
        }
        Ok(found)
    }

    fn has_states(&self) -> bool {
        !self.agents.is_empty() || !self.at_work.is_empty()
    }

    /// Makes the states ours, and says a line each what was taken over; nothing if there are no states of its.
    ///
    /// # Errors
    /// A state can't be written, or the queue not be read.
    pub fn take_over(&self, root: &Path) -> Result<Vec<String>> {
        let paths = Paths::new(root);
        for name in &self.agents {
            let files = paths.agent(name);
            // Where somebody else has it, it is read as it is until the next run.
            let Some(_lock) = Lock::try_take(&files.lock())? else { continue };
            if let Some(state) = state::load_python(&files).filter(|state| !collect::is_python_at_work(state)) {
                state::save(&files, &AgentState { python_pid: None, ..state })?;
            }
        }
        if !self.has_states() {
            return Ok(Vec::new());
        }
        let mut lines = Vec::new();
        if !self.agents.is_empty() {
            lines.push(format!("agents         {}: times and totals are kept", joined(&self.agents)));
        }
        for (name, pid) in &self.at_work {
            lines.push(format!("at work        {name}, in process {pid}: it is started once that has ended"));
        }
        let queue = counts(&Queue::new(&paths), &TaskState::ALL)?;
        let proposals = counts(&StateDirs::new(&paths), &ProposalState::ALL)?;
        let number = |count: usize| Some(count.to_string()).filter(|_| count > 0);
        let prs = number(Prs::new(&paths).numbers()?.len());
        let messages = number(messages::stems(&paths)?.len());
        let all = [("tasks", queue), ("proposals", proposals), ("pull requests", prs), ("messages", messages)];
        lines.extend(all.into_iter().filter_map(|(what, said)| Some(format!("{what:<14} {}", said?))));
        Ok(lines)
    }

    /// What is left to be done by hand, with its commands.
    pub fn leftovers(&self, git: &str) -> Option<String> {
        let mut commands = Vec::new();
        if self.tracked {
            commands.push(format!("{git} rm -r -q --cached .orchestrator/shared .orchestrator/agents .orchestrator/messages --ignore-unmatch"));
        }
        if self.program {
            commands.push(format!("{git} rm -r -q orchestrator"));
        }
        (!commands.is_empty())
            .then(|| format!("Take out of git what is no longer to be there:\n\n  {}", commands.join("\n  ")))
    }
}

/// `1 incoming, 2 done`; nothing if there is none.
fn counts<S: State + std::fmt::Display>(files: &StateDirs<'_, S>, states: &[S]) -> Result<Option<String>> {
    let mut said = Vec::new();
    for state in states {
        let count = files.list(*state)?.ids.len();
        said.extend((count > 0).then(|| format!("{count} {state}")));
    }
    Ok((!said.is_empty()).then(|| said.join(", ")))
}
