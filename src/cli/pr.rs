//! `scheduler pr list` and `scheduler pr show`: the pull requests and their checks. Neither changes anything.

use super::completions::Source;
use super::{Context, table};
use crate::domain::gate::{Check, Meta, Status, Verdict, verdict};
use crate::domain::name::Name;
use crate::domain::text::{cut, joined, one_line};
use crate::domain::time;
use crate::store::prs::Prs;
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

/// Arguments of `scheduler pr`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the pull requests that gatekeepers check
    #[command(after_help = "Example:\n  scheduler pr list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Also those that were merged or closed
        #[arg(long)]
        all: bool,
    },
    /// Show one pull request with what its checks found
    #[command(after_help = "Example:\n  scheduler pr show 7")]
    Show {
        /// Its number
        #[arg(add = Source::PullRequest)]
        number: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs one of the commands.
pub fn run(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::List { json, all } => {
            let (project, _) = context.enter("pr list")?;
            list(context, &Prs::new(&project.paths), *json, *all)
        }
        Command::Show { number, json } => {
            let (project, _) = context.enter("pr show")?;
            show(context, &Prs::new(&project.paths), *number, *json)
        }
    }
}

fn list(context: &Context, prs: &Prs<'_>, json: bool, all: bool) -> Result<()> {
    let known = prs.all()?;
    let metas: Vec<Meta> = known.metas.into_iter().filter(|meta| all || meta.status != Status::Closed).collect();
    for problem in &known.problems {
        context.warn(problem);
    }
    if json {
        return context.json(&serde_json::json!({ "pull_requests": metas }));
    }
    if metas.is_empty() {
        return context.line("no pull requests are known; a gatekeeper_coordinator looks for them");
    }
    let width = context.width();
    let mut rows = table::new(&["PR", "STATUS", "WAY", "CHECKS", "FIXES", "BRANCH", "TITLE"]);
    for meta in &metas {
        let checks: Vec<_> = meta.checks().map(|check| format!("{check} {}", meta.word(check))).collect();
        rows.add_row([
            &format!("#{}", meta.pr_number),
            &meta.status.to_string(),
            &meta.landing.way.as_ref().map_or("-".to_owned(), |way| table::cell(&way.to_string(), 24, width)),
            &checks.join(", "),
            &meta.fix_tasks.len().to_string(),
            &table::cell(&meta.branch, 24, width),
            &one_line(&meta.title),
        ]);
    }
    context.line(table::text(&rows, width))
}

fn show(context: &Context, prs: &Prs<'_>, number: u64, json: bool) -> Result<()> {
    let meta = prs.known(number)?;
    let (records, unreadable) = records(prs, &meta);
    for problem in &unreadable {
        context.warn(problem);
    }
    if json {
        return context.json(&WithRecords { meta: &meta, records: &records });
    }
    context.line(format!("#{} {}", meta.pr_number, one_line(&meta.title)))?;
    let draft = if meta.draft { ", draft" } else { "" };
    let fork = if meta.fork { ", from a fork" } else { "" };
    context.line(format!("Status   {}{draft}{fork}{}", meta.status, waiting(&meta)))?;
    if let Some(way) = &meta.landing.way {
        context.line(format!("Way      {way}"))?;
    }
    context.line(format!(
        "Branch   {} into {}, by {}",
        one_line(&meta.branch),
        one_line(&meta.base),
        one_line(&meta.author)
    ))?;
    context.line(format!("Head     {}", one_line(&meta.head_sha)))?;
    if let Some(at) = meta.last_checked {
        context.line(format!("Checked  {}", time::local(at)))?;
    }
    if let Some(failure) = &meta.failure {
        let (step, why) = (one_line(&failure.step), one_line(&failure.why));
        context.line(format!("Trouble  {step}: {why}; tried again after {}", time::local(failure.retry_at)))?;
    }
    for fix in &meta.fix_tasks {
        let back = if fix.withdrawn { ", taken back" } else { "" };
        context.line(format!("Fix task {} for {}{back}", fix.task, cut(&one_line(&fix.commit), 12)))?;
    }
    for check in meta.checks() {
        let kind = if meta.required_checks.contains(check) { "required" } else { "optional" };
        context.line(format!("\n{check}, {kind}: {}", meta.word(check)))?;
        if meta.result(check).is_some_and(|result| result.given_up) {
            context.line(format!(
                "Ended too often without a record. `scheduler agent run` with its gatekeeper's name tries it once more;\n\
                 `scheduler check record --pr {number} --check {check}` records what you see."
            ))?;
        }
        if let Some(record) = records.get(check) {
            let counts = !record.commit.is_empty() && record.commit == meta.head_sha;
            let old = if counts { "" } else { "(for an older commit, doesn't count)\n" };
            context.line(format!("{old}{}", record.to_text().trim()))?;
        }
    }
    Ok(())
}

/// What `pr show --json` says: `meta.json`, and what the checks found.
#[derive(Serialize)]
struct WithRecords<'a> {
    #[serde(flatten)]
    meta: &'a Meta,
    records: &'a BTreeMap<&'a Name, Check>,
}

/// What the checks of a pull request found, and what of that can't be read.
fn records<'m>(prs: &Prs<'_>, meta: &'m Meta) -> (BTreeMap<&'m Name, Check>, Vec<String>) {
    let (mut records, mut unreadable) = (BTreeMap::new(), Vec::new());
    for check in meta.checks() {
        match prs.check(meta.pr_number, check) {
            Ok(record) => records.extend(record.map(|record| (check, record))),
            Err(error) => unreadable.push(format!("{error:#}")),
        }
    }
    (records, unreadable)
}

fn waiting(meta: &Meta) -> String {
    match verdict(meta) {
        Verdict::Waiting(missing) if meta.status != Status::Closed => {
            format!(", waits for {}", joined(&missing))
        }
        _ => String::new(),
    }
}
