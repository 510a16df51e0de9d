//! `scheduler review record`: a reviewer's verdict.

use super::input::Given;
use super::{Context, input, usage};
use crate::domain::review::{Issue, Review, ReviewVerdict};
use crate::domain::text::counted;
use crate::store::runs;
use anyhow::{Result, bail};

/// The longest summary, in characters.
const MAX_SUMMARY: usize = 20_000;
/// The most findings of one review.
const MAX_ISSUES: usize = 100;

/// Arguments of `scheduler review`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Record the verdict of the review that this run is for; a later one replaces it
    #[command(
        after_help = "Example:\n  scheduler review record --verdict request-changes --summary 'One bug' \\\n    \
        --issue 'high|src/parse.rs:42|An empty line panics'"
    )]
    Record(RecordArgs),
}

/// Arguments of `scheduler review record`.
#[derive(Debug, clap::Args)]
pub struct RecordArgs {
    /// The verdict on the change as a whole
    #[arg(long, ignore_case = true)]
    verdict: ReviewVerdict,
    /// The reasons, in a few sentences; - for standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = Given::text)]
    summary: Given,
    /// One finding: 'severity|file:line|text'; repeatable
    #[arg(long = "issue", value_name = "ISSUE", allow_hyphen_values = true)]
    issues: Vec<Issue>,
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    let Command::Record(args) = command;
    let (_, caller) = context.enter("review record")?;
    let Some(agent) = caller.agent() else {
        bail!("a verdict belongs to the run of a reviewer; you review on the pull request itself");
    };
    let summary = input::said("--summary", &args.summary.strict(context)?, MAX_SUMMARY)?;
    input::at_most("--issue", &args.issues, MAX_ISSUES, "keep the gravest")?;
    if args.verdict == ReviewVerdict::RequestChanges && args.issues.is_empty() {
        return Err(usage("request-changes needs at least one --issue 'severity|file:line|text'"));
    }
    let review = Review { verdict: args.verdict, summary, issues: args.issues.clone() };
    runs::write_json(&agent.files.review(), &review)?;
    context.line(format!("recorded: {}, {}", review.verdict, counted(review.issues.len(), "issue")))
}
