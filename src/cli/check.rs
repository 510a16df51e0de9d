//! `scheduler check record`: what a gatekeeper found in a pull request.

use super::completions::Source;
use super::input::Given;
use super::{Context, input, usage};
use crate::domain::gate::{Check, CheckStatus};
use crate::domain::name::Name;
use crate::domain::review::Issue;
use crate::domain::run::Prepared;
use crate::domain::text::{counted, joined};
use crate::engine::authorization::AgentCaller;
use crate::store::prs::{Prs, Taken};
use crate::store::runs;
use crate::sys::read;
use anyhow::{Context as _, Result, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::Path;

/// The longest summary, in characters.
const MAX_SUMMARY: usize = 2_000;
/// The longest details, in bytes.
const MAX_DETAILS: usize = 100_000;
/// The most findings of one check.
const MAX_ISSUES: usize = 100;
/// The longest finding, in characters.
const MAX_ISSUE: usize = 4_000;

/// Arguments of `scheduler check`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Record the result of the check that this run is for; a later one replaces it
    ///
    /// You can record any check of a known pull request, for its head commit, by naming both.
    #[command(after_help = "Example:\n  scheduler check record --status failed --summary 'Two lint errors' \\\n    \
        --issue 'high|src/parse.rs:42|Unused variable'\n  \
        scheduler check record --pr 7 --check lint --status passed \\\n    --summary 'A false alarm'")]
    Record(RecordArgs),
}

/// Arguments of `scheduler check record`.
#[derive(Debug, clap::Args)]
pub struct RecordArgs {
    /// The result
    #[arg(long, value_parser = PossibleValuesParser::new(CheckStatus::RECORDED.map(CheckStatus::word)).try_map(|word| word.parse::<CheckStatus>()))]
    status: CheckStatus,
    /// What was found, in one line
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    summary: String,
    /// A file with more, markdown; - for standard input
    #[arg(long, value_name = "F", value_parser = Given::file, add = Source::File)]
    details_file: Option<Given>,
    /// One finding: 'severity|file:line|text'; repeatable
    #[arg(long = "issue", value_name = "ISSUE", allow_hyphen_values = true)]
    issues: Vec<Issue>,
    /// The pull request; not for agents
    #[arg(long, value_name = "N", requires = "check", add = Source::PullRequest)]
    pr: Option<u64>,
    /// Which check; not for agents
    #[arg(long, value_name = "NAME", requires = "pr", add = Source::Check)]
    check: Option<Name>,
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    let Command::Record(args) = command;
    let (project, caller) = context.enter("check record")?;
    let prs = Prs::new(&project.paths);
    let agent = caller.agent();
    let (number, name, commit) = match agent {
        Some(agent) => of_the_run(agent, args, context)?,
        None => of_the_user(&prs, args)?,
    };
    let check = record(args, name, commit, context)?;
    if let Some(agent) = agent {
        runs::write_json(&agent.files.check(), &check)?;
    }
    let recorded = prs.record(number, &check, agent.map(|agent| agent.assignment.run_id.as_str()))?;
    let issues = counted(check.issues.len(), "issue");
    let what = format!("{} of #{number} {}, {issues}", check.name, check.status);
    context.line(match recorded.taken {
        Taken::Counts => format!("recorded: {what}"),
        Taken::Kept => {
            format!("recorded: {what}; it is about another commit than the head that is known, and doesn't count")
        }
        Taken::Left => {
            format!("not recorded: {what}; the user has recorded this check meanwhile, or another run is at it")
        }
    })
}

/// The pull request, check and commit that the user names.
fn of_the_user(prs: &Prs<'_>, args: &RecordArgs) -> Result<(u64, Name, String)> {
    let (Some(number), Some(name)) = (args.pr, args.check.clone()) else {
        return Err(usage("name the pull request and the check: --pr N --check NAME"));
    };
    let meta = prs.known(number)?;
    if !meta.checks().any(|wanted| *wanted == name) {
        let wanted = joined(meta.checks());
        return Err(usage(format!("--check {name}: the checks of #{number} are {wanted}")));
    }
    Ok((number, name, meta.head_sha))
}

/// The pull request, check and commit that a run is for.
fn of_the_run(agent: &AgentCaller, args: &RecordArgs, context: &Context) -> Result<(u64, Name, String)> {
    let Some(due) = agent.assignment.job.check() else { bail!("this run is not for a check") };
    if args.pr.is_some() {
        bail!("a gatekeeper records the check of its own run: leave out --pr and --check");
    }
    let details = args.details_file.as_ref().map(|file| file.read(context)).transpose()?;
    if let Some(place) = details.and_then(|details| details.place) {
        // What is recorded becomes public: nothing from outside the change belongs there.
        let worktree = std::fs::canonicalize(&agent.worktree).context("the worktree can't be found")?;
        if !Path::new(&place).starts_with(&worktree) {
            bail!("--details-file {place} is outside of the worktree: use - and standard input");
        }
    }
    let prepared: Option<Prepared> = read::read_json(&agent.files.prepared())?;
    let commit = prepared.and_then(|prepared| prepared.checked).context("the run has no commit to check")?;
    Ok((due.pr, due.check.clone(), commit))
}

fn record(args: &RecordArgs, name: Name, commit: String, context: &Context) -> Result<Check> {
    let summary = input::line("--summary", &args.summary, MAX_SUMMARY)?;
    input::at_most("--issue", &args.issues, MAX_ISSUES, "keep the gravest")?;
    for issue in &args.issues {
        input::line("--issue", &issue.text, MAX_ISSUE)?;
    }
    if args.status == CheckStatus::Failed && args.issues.iter().all(|issue| issue.place.is_empty()) {
        return Err(usage("failed needs at least one --issue 'severity|file:line|text' that names a file"));
    }
    let details = args.details_file.as_ref().map(|file| file.lossy(context)).transpose()?.unwrap_or_default();
    if details.len() > MAX_DETAILS {
        return Err(usage(format!("the details have more than {MAX_DETAILS} bytes: keep the end")));
    }
    Ok(Check {
        name,
        status: args.status,
        commit,
        time: context.clock(),
        summary,
        details,
        issues: args.issues.clone(),
    })
}
