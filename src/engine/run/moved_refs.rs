//! Tells the user of refs that a run has moved though they aren't its own.

use super::context::Run;
use crate::domain::message::Message;
use crate::domain::shell;
use crate::engine::collect;
use crate::engine::trust::Before;
use crate::exec::moved_refs::{self, Moved};
use crate::store::{messages, worktree_name};
use crate::sys::read;
use anyhow::Result;

/// Tells of them, each with its old value, in one message.
pub fn tell(run: &Run<'_>) -> Result<()> {
    let Some(before) = read::read_json::<Before>(&run.files.before())? else { return Ok(()) };
    let agents = collect::folders(run.paths())?.into_iter().map(|name| worktree_name::path(&run.paths().agent(&name)));
    let agents: Vec<_> = agents.filter_map(|worktree| worktree.ok()?.canonicalize().ok()).collect();
    let moved = moved_refs::by_run(&run.worktree, &before.refs, &agents)?;
    if moved.is_empty() {
        return Ok(());
    }
    let agent = &run.assignment.agent;
    let lines: Vec<_> = moved.iter().map(described).collect();
    let body = format!(
        "During run {} of {agent} these were moved to a commit that the run made, or that nobody knows of. Agents have no \
         business there; if it was you, there is nothing to do.\n\n{}",
        run.id(),
        lines.join("\n")
    );
    let message = Message::warning(format!("A run of {agent} moved what isn't its own"), body);
    let message = message.task(run.assignment.job.task()).run(run.id()).key(format!("refs {}", run.id()));
    messages::send(run.paths(), &message, run.now()).map(drop)
}

/// One of them, and how it is put back.
fn described(moved: &Moved) -> String {
    let Moved { name, old, new } = moved;
    let was = old.as_ref().map_or_else(|| "it wasn't there".to_owned(), |old| format!("it was {old}"));
    let word = shell::word;
    let remote = name.strip_prefix("refs/remotes/").and_then(|rest| rest.split_once('/'));
    let (what, back) = match (remote, old) {
        (Some((remote, branch)), old) => {
            let source = old.as_deref().unwrap_or_default();
            let (short, target) = (format!("{remote}/{branch}"), word(&format!("{source}:refs/heads/{branch}")));
            let lease = word(&format!("--force-with-lease={branch}:{new}"));
            let back = format!(
                "If `git ls-remote {} {}` shows {new}, it was pushed there; `git push {lease} {} {target}` puts that back",
                word(remote),
                word(branch),
                word(remote)
            );
            (format!("the remote branch {short}"), back)
        }
        (None, old) => {
            let kind = ["refs/heads/", "refs/tags/"].into_iter().zip(["the branch", "the tag"]);
            let mut short = kind.filter_map(|(prefix, kind)| Some(format!("{kind} {}", name.strip_prefix(prefix)?)));
            let old = old.as_deref().unwrap_or_default();
            let back = format!("`git update-ref {} {old}` puts it back", word(name));
            (short.next().unwrap_or_else(|| name.clone()), back)
        }
    };
    format!("- {what} was moved to {new}; {was}. {back}.")
}
