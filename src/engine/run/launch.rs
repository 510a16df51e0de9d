//! Starts claude and watches it to the end of its last process.

use super::{Run, RunError, supervisor_lock::LockStatus};
use crate::{
    domain::{
        message::Message,
        outcome::{Exit, Outcome, Stopped},
        role::{MayChange, NOT_FOR_RUNS},
        run::RUN_TAG,
        shell,
        state::AgentState,
        stream::StreamFacts,
    },
    exec::{
        claude::{self, Launch, StartError},
        stream::StreamReader,
        watch::{self, Limits},
    },
    store::messages,
    sys::atomic,
};
use anyhow::Result;
use std::{cell::Cell, path::Path, time::Duration};

/// How long claude may linger after its result.
const AFTER_RESULT: Duration = Duration::from_secs(60);
/// How long claude has to end in order once it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// How claude ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) stopped: Option<Stopped>,
    pub(super) facts: StreamFacts,
    pub(super) duration: Duration,
}

impl Run<'_> {
    /// Starts claude, puts its process on record, and waits.
    pub(super) fn launch(&self, state: &mut AgentState) -> Result<Ended, RunError> {
        let started = claude::start(&self.command()?).map_err(cannot_start)?;
        state.process = Some(started.id.clone());
        self.save(state)?;
        let settings = &self.assignment.settings;
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        let limits = Limits {
            timeout: seconds(settings.timeout_seconds),
            stall: Some(seconds(settings.stall_seconds)),
            // Not silence, however short a silence is allowed: it is judged by its result.
            after_result: AFTER_RESULT.min(seconds(settings.stall_seconds)),
            grace: GRACE,
        };
        let mut output = StreamReader::new(&self.files.output());
        let known = state.clone();
        let lifted = Cell::new(false);
        let stop = |facts: &StreamFacts| {
            if facts.answered && !lifted.replace(true) {
                self.lift_cooldown();
            }
            !self.keeps_its_place(&known) || self.is_stopped()
        };
        let watched = watch::watch(started, &limits, (RUN_TAG, self.id()), &stop, &mut output);
        tracing::debug!(?watched, "claude has ended");
        Ok(Ended {
            exit: watched.exit,
            stopped: watched.stopped,
            facts: output.facts().clone(),
            duration: watched.duration,
        })
    }

    /// Somebody who deletes the lock file under a run, or the agent's folder, is told, and what no second run may be
    /// without is put back. `false` if another run has begun meanwhile: then this one ends.
    fn keeps_its_place(&self, state: &AgentState) -> bool {
        let found = self.supervisor.lock.look();
        if !matches!(found, Ok(LockStatus::Taken)) && !self.agent.state().exists() {
            tracing::warn!("state.json was deleted");
            if let Err(error) = self.save(state) {
                tracing::warn!("{error:#}");
            }
        }
        let came = match found {
            Ok(LockStatus::Still) => return true,
            Ok(LockStatus::Renewed) => "The run goes on, and no second one is started beside it.",
            Ok(LockStatus::Taken) => {
                "Another run of the agent had taken the lock by then, so this one is ended. What it has changed lies in the \
                 worktree, and its task goes back to incoming."
            }
            Err(error) => {
                tracing::warn!("{error:#}");
                return true;
            }
        };
        tracing::warn!(?found, "the lock file was deleted or replaced");
        self.tell_of_lock(came);
        !matches!(found, Ok(LockStatus::Taken))
    }

    fn tell_of_lock(&self, came: &str) {
        let message = Message::warning(
            format!("The lock file of {} was deleted", self.assignment.agent),
            format!(
                "{} was deleted or replaced while a run was under way. {came} A lock ends by itself with its process: its \
                 file never needs to be deleted. To end a run, use `scheduler agent stop {}`.",
                self.agent.lock().display(),
                self.assignment.agent
            ),
        )
        .task(self.assignment.job.task())
        .run(self.id())
        .key(format!("lock {}", self.id()));
        if let Err(error) = messages::send(&self.project().paths, &message, (self.supervisor.clock)()) {
            tracing::warn!("{error:#}");
        }
    }

    fn command(&self) -> Result<Launch> {
        let settings = &self.assignment.settings;
        let gh = self.agent.dir().join("gh-config");
        atomic::ensure_dir(&gh)?;
        let writes = self.assignment.role.spec().may_change != MayChange::Nothing;
        let environment = self.supervisor.environment;
        let path = environment.get(std::ffi::OsStr::new("PATH")).cloned();
        Ok(Launch {
            command: settings.command.clone(),
            worktree: self.worktree_path(),
            prompt_file: self.files.prompt(),
            output_file: self.files.output(),
            stderr_file: self.files.stderr(),
            session_id: self.id().to_owned(),
            model: settings.claude_model.clone(),
            max_turns: settings.max_turns,
            max_budget_usd: settings.max_cost_usd,
            permission_mode: if writes { "acceptEdits" } else { "dontAsk" }.to_owned(),
            allowed_tools: self.allowed_tools(),
            only_tools: self.only_tools(),
            settings: self.guard(),
            disallowed_tools: self.disallowed_tools(),
            env: self.variables(),
            path,
            path_first: self.supervisor.program.parent().unwrap_or(Path::new("/")).to_owned(),
            mark: (RUN_TAG.to_owned(), self.id().to_owned()),
            allow_network_git: settings.allow_network_git && !self.of_a_fork(),
            empty_gh_config: gh,
            identity: self.worktree().git().fallback_identity().map_err(anyhow::Error::from)?,
        })
    }

    /// The tools that need no permission: Read, Skill, the role's or the configured ones, and the role's commands.
    fn allowed_tools(&self) -> Vec<String> {
        let spec = self.assignment.role.spec();
        if self.of_a_fork() {
            return self.tools_for_a_fork();
        }
        let configured = self.assignment.settings.allowed_tools.clone();
        let tools = configured.unwrap_or_else(|| spec.tools.iter().map(|tool| (*tool).to_owned()).collect());
        let commands = spec.commands.iter().map(|command| format!("Bash(scheduler {command}:*)"));
        ["Read", "Skill"].map(str::to_owned).into_iter().chain(tools).chain(commands).collect()
    }

    /// All tools that there are, for a role that is confined to them and whose tools nobody has widened.
    fn only_tools(&self) -> Vec<String> {
        let confined = self.is_confined().then_some(["Read", "Skill", "Bash"]);
        confined.into_iter().flatten().map(str::to_owned).collect()
    }

    fn is_confined(&self) -> bool {
        self.assignment.role.spec().confined && self.assignment.settings.allowed_tools.is_none()
    }

    /// Settings that have every line for the shell looked at first. Whatever goes wrong with that, the line doesn't run.
    fn guard(&self) -> Option<String> {
        let program = shell::word(&self.supervisor.program.display().to_string());
        let command = format!("{program} guard {} || exit 2", self.assignment.role);
        let hook = serde_json::json!({"type": "command", "command": command, "timeout": 30});
        let settings = serde_json::json!({"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [hook]}]}});
        self.is_confined().then(|| settings.to_string())
    }

    /// The tools that don't go with a run, unless the configuration allows one by name.
    fn disallowed_tools(&self) -> Vec<String> {
        let configured = self.assignment.settings.allowed_tools.as_deref().unwrap_or_default();
        let wanted = |tool: &&str| configured.iter().any(|own| own == tool);
        NOT_FOR_RUNS.into_iter().filter(|tool| !wanted(tool)).map(str::to_owned).collect()
    }

    /// The variables that tell the run who and where it is, and the configured ones.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let paths = &self.project().paths;
        let assignment = &self.assignment;
        let text = |path: &Path| path.display().to_string();
        let mut all: Vec<(&str, String)> = vec![
            ("AGENT_NAME", assignment.agent.to_string()),
            ("AGENT_ID", assignment.agent.to_string()),
            ("AGENT_ROLE", assignment.role.to_string()),
            ("RUN_ID", assignment.run_id.clone()),
            ("PARENT_PROJECT", text(paths.root())),
            ("WORKTREE", text(&self.worktree_path())),
            ("SHARED_DIR", text(&paths.shared())),
            ("ORCHESTRATOR_DIR", text(paths.dot())),
        ];
        let mut add = |name, value: Option<String>| all.extend(value.map(|value| (name, value)));
        add("AGENT_FOCUS", assignment.focus.as_ref().map(ToString::to_string));
        add("TASK_ID", assignment.job.task().map(ToString::to_string));
        let checked = assignment.job.check().map(|due| due.pr);
        let number = checked.or(self.task.as_ref().and_then(|task| task.head.pr));
        add("PR_NUMBER", number.map(|number| number.to_string()));
        add("AGENT_DEV_PORT", assignment.ports.map(|ports| ports.dev.to_string()));
        add("AGENT_MCP_PORT", assignment.ports.map(|ports| ports.mcp.to_string()));
        add("AGENT_PW_WS_PORT", assignment.ports.map(|ports| ports.playwright.to_string()));
        add("ORCHESTRATOR_DEBUG", assignment.debug.then(|| "1".to_owned()));
        let own = all.into_iter().map(|(name, value)| (name.to_owned(), value));
        own.chain(assignment.settings.env.clone()).collect()
    }
}

fn cannot_start(error: StartError) -> RunError {
    let everybody = !matches!(error, StartError::Other { .. });
    let message = match &error {
        StartError::NotFound { program } => format!(
            "{program} is not on PATH: install Claude Code, or add its folder to the PATH of the cron line, or name it \
             with `command` in agents.yaml"
        ),
        _ => error.to_string(),
    };
    RunError::Outcome(Outcome::LaunchFailed { message, everybody })
}
