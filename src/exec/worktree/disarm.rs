//! Repositories of submodules: a run may write their settings, by which git would start programs for this program, with its
//! credentials, or work on other files. Only what is harmless stays of them, before git looks inside.
//!
//! Commits, refs, index and files stay. Which repositories are looked into is for others to decide.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::{Worktree, link, own_git_dir};
use crate::domain::git_settings::is_dangerous;
use crate::domain::system_trouble::tells_of_system;
use crate::sys::atomic::{self, discard, discard_dir};
use crate::sys::read::read_text;

/// What git refuses to read.
const UNREADABLE: &str = "[\n";

/// Disarms the repository to which `dot_git`, inside the worktree, leads. `false`: it lies elsewhere, or has its settings from
/// elsewhere, and nothing may be done in it.
pub(super) fn through(worktree: &Worktree, dot_git: &Path) -> Result<bool> {
    let is_folder = fs::symlink_metadata(dot_git).is_ok_and(|meta| meta.is_dir());
    let named = if is_folder { Some(dot_git.to_owned()) } else { link::read_link(dot_git) };
    let Some(git_dir) = named.and_then(|place| place.canonicalize().ok()) else { return Ok(false) };
    let (top, modules) = (worktree.path.canonicalize()?, worktree.verify()?.canonicalize()?.join("modules"));
    let is_inside = |above: &PathBuf| git_dir.starts_with(above) && git_dir != *above;
    if dot_git.is_symlink() || ![top, modules].iter().any(is_inside) || git_dir.join("commondir").exists() {
        return Ok(false);
    }
    git_directory(worktree, &git_dir)?;
    Ok(true)
}

/// Leaves of the settings in this git directory what can't make git run or send anything, or work elsewhere.
pub(super) fn git_directory(worktree: &Worktree, git_dir: &Path) -> Result<()> {
    own_git_dir::remove_links(git_dir, &worktree.common_dir.join("git-crypt"));
    let (config, own) = (git_dir.join("config"), git_dir.join("config.worktree"));
    for file in [&config, &own] {
        match fs::symlink_metadata(file) {
            Ok(meta) if meta.is_dir() => drop(discard_dir(file)?),
            Ok(_) if file == &own => drop(discard(file)?),
            _ => {}
        }
    }
    let Some(before) = read_text(&config).unwrap_or_else(|_| Some(String::new())) else { return Ok(()) };
    // Of one file git follows no includes.
    let list = ["config", "-z", "--list", "--file"].map(AsRef::as_ref);
    let listed = worktree.repository().try_run(list.into_iter().chain([config.as_os_str()]))?;
    let after = if listed.status.success() {
        let kept = listed.settings().into_iter().filter(|(key, value)| is_harmless(key, value));
        kept.filter_map(|(key, value)| line(&key, &value)).collect()
    } else {
        ensure!(!tells_of_system(&listed.stderr), "cannot read {}: {}", config.display(), listed.stderr.trim());
        format!("{UNREADABLE}{}", before.trim_start_matches(UNREADABLE))
    };
    if after == before { Ok(()) } else { atomic::write(&config, after.as_bytes()) }
}

fn is_harmless(key: &str, value: &str) -> bool {
    if key.starts_with("remote.") && key.ends_with(".url") {
        // "program::address" is for a program.
        return !value.contains("::") && !value.starts_with('-');
    }
    // They name a remote, too.
    let is_partial = key == "extensions.partialclone" || key.starts_with("remote.") && key.ends_with(".promisor");
    is_partial || !is_dangerous(key, value, None)
}

/// A setting as a file of git's has it. Of one without a value git says "true".
fn line(key: &str, value: &str) -> Option<String> {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let (section, rest) = key.split_once('.')?;
    let (head, name) = match rest.rsplit_once('.') {
        Some((sub, name)) => (format!("{section} \"{}\"", escaped(sub)), name),
        None => (section.to_owned(), rest),
    };
    Some(format!("[{head}]\n\t{name} = \"{}\"\n", escaped(value).replace('\n', "\\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::TestProject;

    #[test]
    fn only_harmless_settings_stay() {
        let project = TestProject::plain();
        let worktree = project.ready("a");
        let inside = worktree.path().join("sub");
        project.run_at(worktree.path(), &["init", "-q", "sub"]);
        let config = inside.join(".git/config");
        let kept = [
            ("remote.origin.url", "https://example.com/a \"b\" \\"),
            ("remote.two words.fetch", "+refs/heads/*:refs/remotes/two/*"),
            ("branch.main.merge", "refs/heads/main"),
            ("user.name", "A\nB; # C"),
        ];
        let gone = [
            ("remote.other.url", "ext::evil"),
            ("remote.origin.uploadpack", "evil"),
            ("core.worktree", "/"),
            ("core.fsmonitor", "evil"),
            ("filter.x.clean", "evil"),
            ("include.path", "/evil"),
        ];
        for (key, value) in kept.iter().chain(&gone) {
            project.run_at(worktree.path(), &["config", "-f", config.to_str().unwrap(), key, value]);
        }
        assert!(through(&worktree, &inside.join(".git")).unwrap());
        let all = worktree.inner_git(&inside).run(["config", "-z", "--local", "--list"]).unwrap().settings();
        for (key, value) in kept {
            assert!(all.contains(&(key.to_owned(), value.to_owned())), "{key}: {all:?}");
        }
        assert!(!gone.iter().any(|(gone, _)| all.iter().any(|(key, _)| key == gone)), "{all:?}");
        let first = fs::read(&config).unwrap();
        assert!(through(&worktree, &inside.join(".git")).unwrap());
        assert_eq!(fs::read(&config).unwrap(), first);
    }

    #[test]
    fn what_leads_elsewhere_is_not_touched() {
        let project = TestProject::plain();
        let worktree = project.ready("a");
        let (inside, theirs) = (worktree.path().join("sub"), project.project().join(".git"));
        let before = fs::read(theirs.join("config")).unwrap();
        fs::create_dir(&inside).unwrap();
        let link = inside.join(".git");
        atomic::write(&link, format!("gitdir: {}\n", theirs.display()).as_bytes()).unwrap();
        assert!(!through(&worktree, &link).unwrap());
        discard(&link).unwrap();
        std::os::unix::fs::symlink(&theirs, &link).unwrap();
        assert!(!through(&worktree, &link).unwrap());
        discard(&link).unwrap();
        project.run_at(worktree.path(), &["init", "-q", "sub"]);
        atomic::write(&link.join("commondir"), theirs.as_os_str().as_encoded_bytes()).unwrap();
        assert!(!through(&worktree, &link).unwrap());
        assert_eq!(fs::read(theirs.join("config")).unwrap(), before);
    }
}
