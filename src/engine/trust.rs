//! Whether git may be used: whether all that makes it run or send something is as the user accepted it.
//!
//! What changed while no agent could have changed it is the user's, and is accepted silently. Else everything is held back:
//! nothing is fetched, pushed or started, and runs that have ended wait to be judged, until the user has accepted it.

mod runs;

pub use runs::{Asker, Before, Confinement, after_run, before_run};

use super::configuration;
use super::project::Project;
use crate::domain::message::Message;
use crate::domain::text::cut;
use crate::domain::time::Time;
use crate::domain::trust::{Change, Fingerprint, Hold, Trusted, diff};
use crate::exec::fingerprint::{self, Places};
use crate::exec::git::Git;
use crate::exec::remote::Remotes;
use crate::store::{messages, trusted};
use anyhow::Result;
use std::path::Path;

/// How what is there now differs from what was accepted.
#[derive(Debug)]
pub struct Difference {
    pub accepted_at: Option<Time>,
    /// What is there now.
    pub found: Fingerprint,
    pub changes: Vec<Change>,
    pub hold: Option<Hold>,
}

/// Looks for differences. It changes nothing, and runs nothing that anybody could have put there.
///
/// # Errors
/// git can't be run, or the project's files can't be read.
pub fn difference(project: &Project, home: Option<&Path>) -> Result<Difference> {
    let config = configuration::read(&project.paths)?.understand().ok();
    let wanted = config.and_then(|(config, _)| config.remote);
    // What can't be understood was written by nobody who may: it counts as nothing accepted.
    let known = trusted::load(&project.paths).unwrap_or_default();
    let (found, changes) = compare(project, home, wanted.as_deref(), known.as_ref())?;
    Ok(Difference {
        accepted_at: known.map(|known| known.accepted_at),
        found,
        changes,
        hold: trusted::hold(&project.paths),
    })
}

/// Accepts what is there for the user who has seen it.
///
/// # Errors
/// It can't be written down.
pub fn accept(project: &Project, seen: Difference, now: Time) -> Result<()> {
    trusted::accept(&project.paths, seen.found, now)
}

/// What is there now, and how it differs from what is `known`.
fn compare(
    project: &Project,
    home: Option<&Path>,
    wanted: Option<&str>,
    known: Option<&Trusted>,
) -> Result<(Fingerprint, Vec<Change>)> {
    let git = Git::in_repository(&project.common_dir);
    let known = known.map(|known| &known.fingerprint);
    let places = Places { common_dir: &project.common_dir, root: project.root(), home, known };
    let found = fingerprint::read(&git, &places)?;
    if found.unreadable.is_some() {
        let changes = diff(&Fingerprint::default(), &found, "origin");
        return Ok((found, changes));
    }
    let changes = match known.filter(|known| **known != found) {
        Some(known) => diff(known, &found, Remotes::read(&git, wanted)?.name()),
        None => Vec::new(),
    };
    Ok((found, changes))
}

/// Tells the user, once for all runs that come upon the same.
fn tell(project: &Project, changes: &[Change], now: Time) -> Result<()> {
    let lines: Vec<_> = changes.iter().map(|change| format!("- {change}")).collect();
    let body = format!(
        "Something that makes git run a program, or send something, is not as you accepted it, and an agent that was not \
         confined was at work meanwhile:\n\n{}\n\nNothing is fetched, pushed or started until you have looked at it. Tasks \
         wait, and nothing is lost.\n\n- If it was you: `scheduler trust` shows it and accepts it.\n- If it wasn't: put it \
         back as it was, before you use git here yourself. Then `scheduler trust` lets agents go on.",
        lines.join("\n")
    );
    let message = Message::error("What git trusts was changed: nothing starts until you have looked", body);
    let key = cut(&format!("trust: {}", lines.join(" ")), 300);
    messages::send(&project.paths, &message.key(key), now).map(drop)
}
