//! `scheduler report`: one page about what happened and what waits, for any browser.

mod page;
mod section;

use super::completions::Source;
use super::{Context, usage};
use crate::domain::report::render;
use crate::domain::time::{self, Time};
use crate::engine::project::Project;
use crate::engine::report;
use anyhow::{Context as _, Result};
use page::Page;
use std::path::{Path, PathBuf};

/// What it is about where nobody says.
const SINCE: &str = "7d";

/// Arguments of `scheduler report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Since when: 7d (today and the six days before), 12h, or a day as 2026-03-01
    #[arg(long, value_name = "TIME", default_value = SINCE)]
    since: String,
    /// Where it is written; -: to the standard output; left out: `report.path`, else .orchestrator/report.html
    #[arg(short, long, value_name = "FILE", add = Source::File)]
    output: Option<PathBuf>,
    /// Show it in the browser
    #[arg(long)]
    open: bool,
}

/// Writes the page.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, _) = context.enter("report")?;
    let since = context.since(&args.since)?;
    let is_piped = args.output.as_deref() == Some(Path::new("-"));
    if is_piped && args.open {
        return Err(usage("--open: a browser can't show the standard output; leave out `-o -`"));
    }
    let text = text(&project, since, context.now)?;
    if is_piped {
        return context.styled(text.trim_end());
    }
    let path = match &args.output {
        Some(path) => std::path::absolute(path).with_context(|| path.display().to_string())?,
        None => report::place(&project),
    };
    report::write(&path, &text)?;
    context.line(path.display())?;
    if args.open { report::open(&path) } else { Ok(()) }
}

/// Has ticks' page written.
pub fn refresh(project: &Project, now: Time) -> Result<()> {
    let since = time::parse_since(SINCE, now).unwrap_or(now);
    report::refresh(project, now, || text(project, since, now))
}

fn text(project: &Project, since: Time, now: Time) -> Result<String> {
    render(&Page::of(&report::facts(project, since, now)?)?)
}
