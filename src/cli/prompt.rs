//! `scheduler prompt`: the built-in texts on what to look for, and how to make them one's own.

use super::completions::Source;
use super::{Context, config, table, usage};
use crate::domain::config::{Agent, Config};
use crate::domain::name::Name;
use crate::domain::prompt::{BUILT_IN, BuiltIn, FRAME};
use crate::domain::role::Role;
use crate::domain::text::nearest;
use crate::sys::atomic::{self, Published};
use anyhow::{Result, bail};
use serde::Serialize;
use std::path::Path;

/// Arguments of `scheduler prompt`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the built-in prompts
    #[command(after_help = "Example:\n  scheduler prompt list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a built-in prompt
    #[command(after_help = "Example:\n  scheduler prompt show test_quality")]
    Show {
        /// Its name
        #[arg(add = Source::Prompt)]
        name: String,
        /// The role that it is for, where several have one of that name
        #[arg(long)]
        role: Option<Role>,
    },
    /// Copy a built-in prompt to .orchestrator/prompts/, to be changed; `instructions` is the frame of all
    #[command(after_help = "Example:\n  scheduler prompt eject test_quality")]
    Eject {
        /// Its name
        #[arg(add = Source::Prompt)]
        name: String,
        /// The role that it is for, where several have one of that name
        #[arg(long)]
        role: Option<Role>,
    },
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    role: String,
    about: &'static str,
    /// The project's own file of that name, which replaces it.
    replaced_by: Option<String>,
}

/// What the frame of all roles' instructions is called.
const INSTRUCTIONS: &str = "instructions";

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::Show { name, .. } if name == INSTRUCTIONS => context.line(FRAME.trim_end()),
        Command::Eject { name, .. } if name == INSTRUCTIONS => eject_frame(context),
        Command::List { json } => list(*json, context),
        Command::Show { name, role } => context.line(find(name, *role)?.text.trim_end()),
        Command::Eject { name, role } => eject(find(name, *role)?, context),
    }
}

fn find(name: &str, role: Option<Role>) -> Result<&'static BuiltIn> {
    let name = name.trim_end_matches(".md");
    let fits = |text: &&BuiltIn| text.name.eq_ignore_ascii_case(name) && role.is_none_or(|role| role == text.role);
    let found: Vec<_> = BUILT_IN.iter().filter(fits).collect();
    match found[..] {
        [one] => Ok(one),
        [] => {
            let near = nearest(name, BUILT_IN.iter().map(|text| text.name));
            let hint = near.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
            Err(usage(format!("there is no built-in prompt of that name.{hint} See `scheduler prompt list`")))
        }
        _ => {
            let roles: Vec<_> = found.iter().map(|text| format!("--role {}", text.role)).collect();
            Err(usage(format!("there is more than one prompt {name}: say which, {}", roles.join(" or "))))
        }
    }
}

fn list(json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("prompt list")?;
    let config = config::read(&project).ok();
    let own = |text: &BuiltIn| -> Option<String> {
        let users = config.as_ref().map(|config| users(text, config)).unwrap_or_default();
        let names = text.name.parse::<Name>().into_iter().chain(users);
        let path = names.map(|name| project.paths.prompt(&name)).find(|path| path.exists())?;
        Some(path.display().to_string())
    };
    let mut listed: Vec<_> = BUILT_IN
        .iter()
        .map(|text| Listed { name: text.name, role: text.role.to_string(), about: text.about, replaced_by: own(text) })
        .collect();
    let frame = Some(project.paths.frame()).filter(|path| path.exists()).map(|path| path.display().to_string());
    let about = "The frame around them: a template";
    listed.push(Listed { name: INSTRUCTIONS, role: "every".to_owned(), about, replaced_by: frame });
    if json {
        return context.json(&serde_json::json!({ "prompts": listed }));
    }
    let mut rows = table::new(&["PROMPT", "ROLE", "YOURS", "ABOUT"]);
    for text in listed {
        rows.add_row([text.name, &text.role, if text.replaced_by.is_some() { "yes" } else { "" }, text.about]);
    }
    context.line(table::text(&rows, context.width()))
}

/// Copies one to where the project's own stand.
fn eject(text: &BuiltIn, context: &Context) -> Result<()> {
    let (project, _) = context.enter("prompt eject")?;
    let shared = BUILT_IN.iter().any(|other| other.name == text.name && other.role != text.role);
    let names = if shared { agents(text, &config::read(&project)?)? } else { vec![text.name.parse()?] };
    for name in &names {
        copy(&project.paths.prompt(name), text.text, context)?;
    }
    if shared {
        return Ok(());
    }
    let whose = if text.role == Role::Curator { "Every curator" } else { "Every agent with that focus" };
    context.line(format!("{whose} uses it; named after an agent, it is for that one alone."))
}

fn eject_frame(context: &Context) -> Result<()> {
    let (project, _) = context.enter("prompt eject")?;
    copy(&project.paths.frame(), FRAME, context)?;
    context
        .line("Every agent's instructions are made in it. It is a Jinja template: keep its blocks, which roles fill.")
}

fn copy(path: &Path, text: &str, context: &Context) -> Result<()> {
    match atomic::create_shared(path, text.as_bytes())? {
        Published::New => context.line(format!("{}: change it, and commit it", path.display())),
        Published::AlreadyExists => bail!("{} is there already and was left as it is", path.display()),
    }
}

/// The agents that use a text.
fn users(text: &BuiltIn, config: &Config) -> Vec<Name> {
    let uses = |agent: &&Agent| {
        let focus = agent.focus.as_ref().map(Name::as_str);
        agent.role == text.role && focus.is_some_and(|focus| focus.eq_ignore_ascii_case(text.name))
    };
    config.agents.iter().filter(uses).map(|agent| agent.name.clone()).collect()
}

/// The agents that use a text whose name means something else to other roles: a file of that name would reach those too.
fn agents(text: &BuiltIn, config: &Config) -> Result<Vec<Name>> {
    let names = users(text, config);
    if names.is_empty() {
        bail!(
            "{} means something else to other roles, so its file is named after the agent that uses it: \
             there is none yet with role: {} and focus: {}",
            text.name,
            text.role,
            text.name
        );
    }
    Ok(names)
}
