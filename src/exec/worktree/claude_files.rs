//! What directs claude and lies in a worktree but in no commit, so that git may hide it. The user's is what the project's set-up
//! brought; what a run left would direct the next one, and is set aside before that.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use anyhow::Result;

use super::{Worktree, baseline, is_own_file, set_aside};
use crate::domain::claude_files::AT_TOP;
use crate::sys::atomic::{self, discard};
use crate::sys::read::read_json;

/// In the worktree's own git directory: the user's, each with what it was.
pub(super) const FILE: &str = "scheduler-claude-files";

/// Sets aside what isn't the user's, or isn't as it was. Whether there was anything.
pub(super) fn clear(worktree: &Worktree) -> Result<bool> {
    let found = untracked(worktree)?;
    let file = worktree.verify()?.join(FILE);
    let known: BTreeMap<String, String> = if found.is_empty() { None } else { read_json(&file)? }.unwrap_or_default();
    let is_known = |path: &PathBuf| {
        let was = known.get(&*path.to_string_lossy());
        was.is_some_and(|was| *was == baseline::of_file(&worktree.path().join(path)))
    };
    let strange: Vec<_> = found.iter().filter(|path| !is_known(path)).collect();
    for path in &strange {
        set_aside::move_to(worktree, path)?;
    }
    Ok(!strange.is_empty())
}

/// Takes what lies there now for the user's. A repository never is: nobody knows what it holds.
pub(super) fn remember(worktree: &Worktree) -> Result<()> {
    let is_file = |path: &PathBuf| !path.as_os_str().as_bytes().ends_with(b"/");
    let found = untracked(worktree)?.into_iter().filter(is_file);
    let found = found.map(|path| (path.to_string_lossy().into_owned(), baseline::of_file(&worktree.path().join(path))));
    let found: BTreeMap<_, _> = found.collect();
    let file = worktree.verify()?.join(FILE);
    if found.is_empty() { discard(&file).map(drop) } else { atomic::write(&file, &atomic::json(&found)?) }
}

/// The paths, ignored ones too; claude reads its settings at the top only.
fn untracked(worktree: &Worktree) -> Result<Vec<PathBuf>> {
    let args = ["ls-files", "-z", "--others", "--"];
    let listed = worktree.git().with_env("GIT_ICASE_PATHSPECS", "1").run(args.iter().chain(&AT_TOP))?.stdout;
    let paths = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    let paths = paths.map(|path| PathBuf::from(OsStr::from_bytes(path)));
    Ok(paths.filter(|path| !path.to_str().is_some_and(is_own_file)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::{TestProject, read_in, write};

    #[test]
    fn only_what_the_set_up_brought_stays() {
        let project = TestProject::plain();
        let aside = project.path().join("aside");
        let worktree = project.ready("a").setting_aside_to(&aside);
        let ignore = |lines: &str| write(&project.project().join(".git/info/exclude"), lines);
        let lay = |name: &str, text: &str| write(&worktree.path().join(name), text);
        ignore(".claude\nCLAUDE.local.md\n");
        lay(".claude/commands/scheduler/x.md", "ours");
        assert!(!clear(&worktree).unwrap());
        lay(".claude/settings.local.json", "the user's");
        lay("CLAUDE.local.md", "the user's");
        remember(&worktree).unwrap();
        assert!(!clear(&worktree).unwrap());
        lay("CLAUDE.local.md", "changed");
        lay(".claude/agents/x.md", "new");
        lay("dir/.claude/skills/x.md", "read when it is asked for");
        project.run_at(worktree.path(), &["init", "-q", ".claude/repo"]);
        assert!(clear(&worktree).unwrap());
        assert_eq!(set_aside::names(&aside), [".claude/agents/x.md", ".claude/repo/", "CLAUDE.local.md"]);
        assert_eq!(read_in(&worktree, ".claude/settings.local.json").as_deref(), Some("the user's"));
        assert_eq!(read_in(&worktree, ".claude/commands/scheduler/x.md").as_deref(), Some("ours"));
        assert!(!clear(&worktree).unwrap());
        remember(&worktree).unwrap();
        std::fs::remove_file(worktree.path().join(".claude/settings.local.json")).unwrap();
        remember(&worktree).unwrap();
        assert!(!worktree.verify().unwrap().join(FILE).exists());
    }
}
