//! `scheduler prompt`: the built-in texts on what to look for, and how to make them one's own.

use super::{
    Context,
    caller::{Access, authorize},
    table, usage,
};
use crate::{
    domain::{
        name::Name,
        prompt::{BUILT_IN, BuiltIn},
        role::Role,
        text::nearest,
    },
    engine::project::Project,
    store::atomic::{self, Published},
};
use anyhow::{Result, bail};
use serde::Serialize;

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
        name: String,
        /// The role that it is for, where several have one of that name
        #[arg(long)]
        role: Option<Role>,
    },
    /// Copy a built-in prompt to .orchestrator/prompts/, to be changed
    #[command(after_help = "Example:\n  scheduler prompt eject test_quality")]
    Eject {
        /// Its name
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

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::List { json } => list(*json, context),
        Command::Show { name, role } => context.line(find(name, *role)?.text.trim_end()),
        Command::Eject { name, role } => eject(find(name, *role)?, context),
    }
}

fn find(name: &str, role: Option<Role>) -> Result<&'static BuiltIn> {
    let name = name.trim_end_matches(".md");
    let fits = |text: &&BuiltIn| text.name.eq_ignore_ascii_case(name) && role.is_none_or(|role| role == text.role);
    BUILT_IN.iter().find(fits).ok_or_else(|| {
        let hint = nearest(name, BUILT_IN.iter().map(|text| text.name)).map(|near| format!(" Did you mean {near}?"));
        usage(format!(
            "there is no built-in prompt of that name.{} See `scheduler prompt list`",
            hint.unwrap_or_default()
        ))
    })
}

fn list(json: bool, context: &Context) -> Result<()> {
    let project = Project::find(&context.dir)?;
    authorize(context, &project, "prompt list", Access::Read)?;
    let own = |text: &BuiltIn| -> Option<String> {
        let path = project.paths.prompt(&text.name.parse::<Name>().ok()?);
        path.exists().then(|| path.display().to_string())
    };
    let listed: Vec<_> = BUILT_IN
        .iter()
        .map(|text| Listed { name: text.name, role: text.role.to_string(), about: text.about, replaced_by: own(text) })
        .collect();
    if json {
        return context.json(&listed);
    }
    let mut rows = table::new(&["PROMPT", "ROLE", "YOURS", "ABOUT"]);
    for text in listed {
        rows.add_row([text.name, &text.role, if text.replaced_by.is_some() { "yes" } else { "" }, text.about]);
    }
    context.line(table::text(&rows))
}

/// Copies one to where the project's own stand.
fn eject(text: &BuiltIn, context: &Context) -> Result<()> {
    let project = Project::find(&context.dir)?;
    authorize(context, &project, "prompt eject", Access::Write)?;
    let path = project.paths.prompt(&text.name.parse()?);
    match atomic::create_new(&path, text.text.as_bytes())? {
        Published::New => {
            context.line(format!("{}: change it, and commit it", path.display()))?;
            context.line("Every agent with that focus uses it; named after an agent, it is for that one alone.")
        }
        Published::AlreadyExists => bail!("{} is there already and was left as it is", path.display()),
    }
}
