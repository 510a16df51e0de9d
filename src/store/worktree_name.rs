//! What the folder of an agent's worktree is called. Once one had to be left to a run that may still live, the next is called
//! otherwise: nobody gets into it by the path of the old one.
//!
//! It makes and moves no worktree.

use super::paths::AgentPaths;
use crate::sys::{atomic, dir, read};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// What follows the usual name, before the first part of a run's id: of a worktree that was left to this run, and of the agent's
/// own from then on.
const LEFT: &str = ".left-";
const AFTER: &str = ".after-";

/// The agent's worktree in its folder, or the link to it.
///
/// # Errors
/// What tells its name can't be read, or names no run.
pub fn path(agent: &AgentPaths) -> Result<PathBuf> {
    Ok(agent.dir().join(format!("worktree{}", suffix(agent)?)))
}

/// What follows the usual name of the agent's worktree.
///
/// # Errors
/// As for [`path`].
pub fn suffix(agent: &AgentPaths) -> Result<String> {
    let run = read::read_text(&agent.left_to())?.map(|run| agent.run(run.trim())).transpose()?;
    let id = run.as_ref().and_then(|run| run.dir().file_name()).unwrap_or_default().to_string_lossy();
    Ok(if id.is_empty() { String::new() } else { [AFTER, first_part(&id)].concat() })
}

/// From now on the agent's worktree is called after this run, to which the one before was left.
///
/// # Errors
/// The system's.
pub fn change(agent: &AgentPaths, run: &str) -> Result<()> {
    let link = path(agent)?;
    if dir::link_target(&link).is_some() {
        atomic::remove(&link)?;
    }
    atomic::write(&agent.left_to(), format!("{run}\n").as_bytes())
}

/// Where a worktree is left to a run: beside its place.
pub fn left(place: &Path, run: &str) -> PathBuf {
    place.with_file_name([&start_of_left(place), first_part(run)].concat())
}

/// How the names of the worktrees begin that were left where this one is.
pub fn start_of_left(place: &Path) -> String {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let usual = name.rsplit_once(AFTER).map_or(&*name, |(usual, _)| usual);
    [usual, LEFT].concat()
}

fn first_part(run: &str) -> &str {
    run.split('-').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::paths::Paths;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn each_that_is_left_gives_the_next_another_name() {
        let dir = tempfile::tempdir().unwrap();
        let agent = Paths::new(dir.path()).agent(&"a".parse().unwrap());
        fs::create_dir_all(agent.dir()).unwrap();
        let name = || path(&agent).unwrap().file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(name(), "worktree");
        symlink("/elsewhere", agent.dir().join("worktree")).unwrap();
        for run in ["0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f", "1190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f"] {
            let first = &run[..8];
            let aside = agent.dir().join(format!("worktree.left-{first}"));
            assert_eq!(left(&path(&agent).unwrap(), run), aside);
            // Done again, it changes nothing.
            for _ in 0..2 {
                change(&agent, run).unwrap();
                assert_eq!(name(), format!("worktree.after-{first}"));
                assert_eq!(left(&path(&agent).unwrap(), run), aside);
            }
        }
        assert!(!agent.dir().join("worktree").is_symlink());
        fs::write(agent.left_to(), "../x").unwrap();
        assert!(path(&agent).is_err());
    }
}
