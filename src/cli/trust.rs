//! `scheduler trust`: what makes git run or send something and is not as it was accepted, and its acceptance.

use super::Context;
use super::view::{Line, Tone};
use crate::domain::text::counted;
use crate::domain::time::{self, Time};
use crate::domain::trust::{CONTENT, Change};
use crate::engine::trust::{self, Difference};
use anyhow::{Result, bail};
use serde::Serialize;
use std::path::Path;

/// Arguments of `scheduler trust`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  scheduler trust\n  scheduler trust --yes")]
pub struct Args {
    /// Accept it without being asked
    #[arg(short, long, conflicts_with = "json")]
    yes: bool,
    /// Print JSON, and accept nothing
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    accepted_at: Option<Time>,
    /// Whether everything is held back.
    held: bool,
    held_since: Option<Time>,
    changes: &'a [Change],
}

/// Shows the difference, and accepts it if the user says so.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let home = context.env("HOME").map(Path::new);
    if args.json {
        let (project, _) = context.enter("trust")?;
        let Difference { accepted_at, changes, hold, .. } = &trust::difference(&project, home)?;
        let held_since = hold.as_ref().and_then(|hold| hold.since);
        return context.json(&Shown { accepted_at: *accepted_at, held: hold.is_some(), held_since, changes });
    }
    let (project, _) = context.enter("trust")?;
    let difference = trust::difference(&project, home)?;
    show(context, &difference)?;
    let is_held = difference.hold.is_some();
    let has_changed = !difference.changes.is_empty();
    if difference.found.unreadable.is_some() {
        bail!("mend git's configuration first");
    }
    if has_changed && !args.yes {
        if !context.interactive() {
            bail!("nothing was accepted: `scheduler trust --yes` accepts it");
        }
        if !context.ask("Was that you, and is it to be accepted?", false)? {
            return context
                .line("Nothing was accepted. Put it back as it was, then `scheduler trust` lets agents go on.");
        }
    }
    let is_first = difference.accepted_at.is_none();
    trust::accept(&project, difference, context.now)?;
    match (has_changed || is_first, is_held) {
        (true, true) => context.line("Accepted: agents go on with the next tick."),
        (true, false) => context.line("Accepted."),
        (false, true) => context.line("Agents go on with the next tick."),
        (false, false) => Ok(()),
    }
}

fn show(context: &Context, difference: &Difference) -> Result<()> {
    let Difference { accepted_at, changes, hold, .. } = difference;
    let at = accepted_at.map_or_else(|| "never".to_owned(), |at| format!("on {}", time::local(at)));
    if let Some(hold) = hold {
        let since = hold.since.map_or(String::new(), |since| format!(" since {}", time::local(since)));
        let run = hold.run.as_deref().map_or(String::new(), |run| format!(", found by run {run}"));
        let agent = hold.agent.as_ref().map_or(String::new(), |agent| format!(" of {agent}"));
        context.line(format!("Nothing is fetched, pushed or started{since}{run}{agent}."))?;
    }
    if changes.is_empty() {
        return context.line(match accepted_at {
            Some(_) => format!("What makes git run or send something is as it was accepted {at}."),
            None => "Nothing was accepted so far; what is there now will be.".to_owned(),
        });
    }
    let what = counted(changes.len(), "change");
    context.line(format!("{what} to what makes git run or send something (accepted {at}):"))?;
    let mut lines = Vec::new();
    for Change { place, key, old, new } in changes {
        let key = if key == CONTENT { "the whole file" } else { key };
        lines.push(Line::empty());
        lines.push(Line::new(key, Tone::Strong).and(" in ", Tone::Dim).and(place, Tone::Plain));
        for (word, value, tone) in [("was", old, Tone::Plain), ("is ", new, Tone::Warn)] {
            let (value, tone) = value.as_deref().map_or(("(not there)", Tone::Dim), |value| (value, tone));
            lines.push(Line::new(&format!("  {word}: "), Tone::Dim).and(value, tone));
        }
    }
    lines.push(Line::empty());
    context.lines(&lines)
}
