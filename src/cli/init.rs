//! `scheduler init`: sets a project up, and says what to do next.

mod next;

use super::Context;
use crate::domain::billing::Billing;
use crate::engine::init::{self, Choices, Plan, PythonSystem};
use crate::engine::project::Project;
use crate::engine::timer::{Keeper, Place};
use crate::store::paths::Paths;
use anyhow::Result;
use std::path::Path;

/// Set up the git repository that the current directory belongs to
///
/// Makes .orchestrator/ with its configuration agents.yaml. Can be run again, after an update too: what you wrote or
/// changed is left as it is. What the Python system made in a project is taken over.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  scheduler init")]
pub struct Args {
    /// Ask nothing: install the skills, update .gitignore and replace the Python system's line in your crontab, unless told
    /// otherwise
    #[arg(short, long)]
    yes: bool,
    /// Install the management skills for Claude Code into .claude/commands/
    #[arg(long)]
    skills: bool,
    /// Don't install the management skills
    #[arg(long, conflicts_with = "skills")]
    no_skills: bool,
    /// Add what git is to ignore to .gitignore
    #[arg(long)]
    gitignore: bool,
    /// Don't touch .gitignore
    #[arg(long, conflicts_with = "gitignore")]
    no_gitignore: bool,
    /// Which pocket pays for claude, for the new agents.yaml; any: whatever claude finds
    #[arg(long, ignore_case = true)]
    billing: Option<Billing>,
}

/// Sets the project up and prints the next steps.
///
/// # Errors
/// Inside a run; outside a git repository, in one without a commit, in a place that can't be written: nothing is made.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    context.refuse_inside_run("init")?;
    if Project::find(&context.dir).is_ok() {
        context.project_of_user("init")?;
    }
    let root = init::find(&context.dir)?;
    context.line(format_args!("Setting up {}\n", root.display()))?;
    let python = PythonSystem::find(&root)?;
    let choices = choose(args, &root, context)?;
    let plan = Plan::new(&root, &choices)?;
    plan.check()?;
    plan.apply()?;
    report(&plan, &choices, context)?;
    take_over(&python, &root, args, context)?;
    warn_of_ignored_configuration(&root, context);
    if let Some((why, remedy)) = init::unclear_remote(&root)? {
        context.warn(format_args!("{why}: nothing is fetched or pushed before you {remedy}"));
    }
    next::print(&root, &plan, &python, context)
}

/// What the arguments leave open is asked on a terminal; without one, and with `-y`, it is yes.
fn choose(args: &Args, root: &Path, context: &Context) -> Result<Choices> {
    let decide = |yes: bool, no: bool, question: &str| match (yes, no) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ if args.yes || !context.interactive() => Ok(true),
        _ => context.ask(question, true),
    };
    Ok(Choices {
        skills: decide(args.skills, args.no_skills, "Install the skills /enqueue, /queue-status ... for Claude Code?")?,
        billing: match args.billing {
            Some(billing) => billing,
            None if args.yes || !context.interactive() || Paths::new(root).config().exists() => Billing::Any,
            None => context.choose("Which pocket pays for claude?", Billing::Any)?,
        },
        gitignore: decide(args.gitignore, args.no_gitignore, "Add the runtime files to .gitignore?")?,
    })
}

fn report(plan: &Plan, choices: &Choices, context: &Context) -> Result<()> {
    for line in plan.describe() {
        context.line(format_args!("  {line}"))?;
    }
    if !choices.skills {
        context.line("  skipped  the skills for Claude Code (--skills installs them)")?;
    }
    if !choices.gitignore {
        context.line("  skipped  .gitignore (--gitignore adds what git is to ignore)")?;
    }
    if plan.is_empty() {
        context.line("\nEverything was there already: nothing was changed.")?;
    }
    Ok(())
}

/// Takes over what the Python system left. Its line in the crontab, which is outside of the project, is replaced only where
/// that was said.
fn take_over(python: &PythonSystem, root: &Path, args: &Args, context: &Context) -> Result<()> {
    let lines = python.take_over(root)?;
    if !lines.is_empty() {
        context.line("\nTaken over from the Python system:\n")?;
    }
    lines.iter().try_for_each(|line| context.line(format_args!("  {line}")))?;
    let project = Project::find(root)?;
    let env = |name: &str| context.env(name);
    let Ok(place) = Place::new(&project, &context.program()?, &env) else { return Ok(()) };
    let Some(line) = place.python_line() else { return Ok(()) };
    context.line(format_args!("\nYour crontab runs the Python system here:\n\n  {line}\n"))?;
    let asks = !args.yes && context.interactive();
    if args.yes || (asks && context.ask("Replace that line by one that runs a tick every minute?", true)?) {
        return place.install(Keeper::Cron, &mut |done| context.line(done));
    }
    context.line("It is left as it is. Both must not run: `scheduler install cron` replaces it.")
}

fn warn_of_ignored_configuration(root: &Path, context: &Context) {
    if init::hides_configuration(root) {
        context.warn(
            "git ignores .orchestrator/agents.yaml, which is to be committed. `git check-ignore -v \
             .orchestrator/agents.yaml` names the rule: remove it.",
        );
    }
}
