//! Which of claude's tools a run is offered, what they may be used on, and what of the worktree claude itself acts on.

use super::claude_files::is_note;
use super::job::Job;
use super::mcp::PREFIX;
use super::role::{MayChange, Role};
use super::run::{Assignment, Prepared};
use super::sandbox::secret_places::SECRET_PLACES;
use super::shell;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The tools of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tools {
    /// All of claude's own that there are.
    pub offered: Vec<String>,
    /// Rules for what needs no permission: reading, skills, the role's or the configured tools, the role's commands.
    pub allowed: Vec<String>,
    /// Rules for what is refused whatever is allowed.
    pub denied: Vec<String>,
    /// Whether the MCP servers of the user and the project are there.
    pub mcp_servers: bool,
    /// The file with those that it has instead.
    pub mcp_config: Option<PathBuf>,
    /// Whether the project's own settings, skills and notes hold, as they stand in the worktree.
    pub project_settings: bool,
    /// Settings of the run, over all others.
    pub settings: Map<String, Value>,
}

/// The tools of a run in the worktree that was `prepared`; `program` is this program. A confined role has no skills, which
/// only say what its instructions say, unless there are some of the user's own for it.
pub fn of_run(assignment: &Assignment, prepared: &Prepared, own_skills: bool, program: &Path) -> Tools {
    let (role, spec) = (assignment.role, assignment.role.spec());
    // A fork's change is read, and nothing of it is run, whatever is configured.
    let configured = assignment.settings.allowed_tools.as_deref().filter(|_| !prepared.fork);
    let tools = match configured {
        Some(configured) => configured.to_vec(),
        None => spec
            .tools
            .iter()
            .filter(|tool| !(prepared.fork && **tool == "Bash"))
            .map(|tool| (*tool).to_owned())
            .collect(),
    };
    // Who has widened the tools of a role has lifted its confinement.
    let confined = spec.confined && configured.is_none();
    let skills = !confined || own_skills;
    let judges = spec.may_change == MayChange::Nothing && matches!(assignment.job, Job::Task { .. } | Job::Check(_));
    // Of a fork nothing is checked out. A note directs a model: those who change code need the project's own, while who
    // judges a change takes none from it.
    let directs = |path: &String| judges || !is_note(path);
    Tools {
        offered: offered(&tools, skills),
        allowed: allowed(role, &tools, skills),
        denied: SECRET_PLACES.iter().chain(&[CREDENTIALS_OF_CLAUDE]).map(|place| never_read(place)).collect(),
        mcp_servers: !judges && tools.iter().any(|tool| tool.starts_with(PREFIX)),
        mcp_config: None,
        project_settings: prepared.fork || !prepared.claude_files.iter().any(directs),
        settings: settings(role, confined, judges, program),
    }
}

/// The names of the tools: what has none needn't be refused when it is called, and costs no tokens.
fn offered(tools: &[String], skills: bool) -> Vec<String> {
    let names =
        tools.iter().map(|tool| tool.split('(').next().unwrap_or(tool)).filter(|name| !name.starts_with(PREFIX));
    let mut offered: Vec<String> = Vec::new();
    let always = ["Read", "Skill", "Bash"].into_iter().filter(|name| skills || *name != "Skill");
    for name in always.chain(names) {
        // The rule for Edit covers Write.
        let with = (name == "Edit").then_some("Write");
        for name in [name].into_iter().chain(with) {
            if !offered.iter().any(|known| known == name) {
                offered.push(name.to_owned());
            }
        }
    }
    offered
}

/// No rule names Glob and Grep: so they stay where the rule for Read lets them, and in the worktree where that has no path.
fn allowed(role: Role, tools: &[String], skills: bool) -> Vec<String> {
    let reading = if tools.iter().any(|tool| tool == "Bash") { "Read" } else { "Read(./**)" };
    let tools = tools.iter().filter(|tool| !["Glob", "Grep"].contains(&tool.as_str())).cloned();
    let commands = role.spec().commands.iter().map(|command| format!("Bash(scheduler {command}:*)"));
    let always = [reading, "Skill"].into_iter().filter(|name| skills || *name != "Skill");
    always.map(str::to_owned).chain(tools).chain(commands).collect()
}

/// claude itself needs them, its model doesn't.
const CREDENTIALS_OF_CLAUDE: &str = ".claude/.credentials.json";

/// The rule that keeps tools out of a place of the user's home. It holds for Glob and Grep, and for commands that name it.
fn never_read(place: &str) -> String {
    format!("Read(~/{place}{})", if place.ends_with('/') { "**" } else { "" })
}

/// What is checked out for a judgement may hold anybody's programs, so none of the project's hooks runs there. A confined
/// role has every line for the shell checked first; whatever goes wrong with that, the line doesn't run.
fn settings(role: Role, confined: bool, judges: bool, program: &Path) -> Map<String, Value> {
    let mut settings = Map::new();
    // The list of claude's own skills is read in every turn, and none of them is for agents.
    settings.insert("disableBundledSkills".to_owned(), true.into());
    // Nor do they note anything for other runs but in their work.
    settings.insert("autoMemoryEnabled".to_owned(), false.into());
    if role.spec().may_change == MayChange::Nothing {
        // How to commit, and what git says of the worktree.
        settings.insert("includeGitInstructions".to_owned(), false.into());
    }
    if judges {
        settings.insert("disableAllHooks".to_owned(), true.into());
    }
    if confined {
        let program = shell::word(&program.display().to_string());
        let hook = json!({"type": "command", "command": format!("{program} guard {role} || exit 2"), "timeout": 30});
        settings.insert("hooks".to_owned(), json!({"PreToolUse": [{"matcher": "Bash", "hooks": [hook]}]}));
    }
    settings
}

#[cfg(test)]
mod tests;
