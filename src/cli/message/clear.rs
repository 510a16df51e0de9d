//! `scheduler message clear`.

use crate::cli::{Context, usage};
use crate::domain::message::MessageType;
use crate::domain::text::counted;
use crate::domain::time;
use crate::store::messages::{self, Listed};
use anyhow::Result;

/// Arguments of `scheduler message clear`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only those sent longer ago than this: 1h, 7d
    #[arg(long, value_name = "SPAN", default_value = "24h")]
    older_than: String,
    /// Only those of this type
    #[arg(long = "type", value_name = "TYPE", ignore_case = true)]
    kind: Option<MessageType>,
    /// However new they are, unanswered questions too
    #[arg(long, conflicts_with = "older_than")]
    all: bool,
}

/// Removes messages.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, _) = context.enter("message clear")?;
    let seconds = match time::parse_span(&args.older_than) {
        Some(0) => return Err(usage("--older-than must be longer than nothing; --all removes every message")),
        Some(seconds) => seconds,
        None => return Err(usage(format!("--older-than {:?} is no span of time: write 1h or 7d", args.older_than))),
    };
    let is_old = |listed: &Listed| listed.time.is_some_and(|time| (context.now - time).num_seconds() > seconds);
    let is_open = |listed: &Listed| listed.message.kind == MessageType::Question && listed.answer.is_none();
    let (mut removed, mut kept) = (0, 0);
    for listed in messages::list(&project.paths)?.0 {
        if args.kind.is_some_and(|kind| listed.message.kind != kind) || !(args.all || is_old(&listed)) {
            continue;
        }
        if is_open(&listed) && !args.all {
            kept += 1;
        } else if messages::remove(&listed)? {
            removed += 1;
        }
    }
    context.line(format!("{} removed", counted(removed, "message")))?;
    if kept > 0 {
        let (kept, were) = (counted(kept, "unanswered question"), if kept == 1 { "was" } else { "were" });
        context.line(format!("{kept} {were} kept: `scheduler message reply` answers, --all removes"))?;
    }
    Ok(())
}
