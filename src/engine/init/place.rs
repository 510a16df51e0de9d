//! Which project is meant: the main checkout of the outermost repository that the directory belongs to.

use crate::exec::repo;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

/// The folder to set up. Of a linked worktree it is the main checkout, of a submodule the project around it.
///
/// # Errors
/// No repository, a bare one, one without a commit.
pub fn find(dir: &Path) -> Result<PathBuf> {
    let here = repo::discover(dir)?;
    let Some(root) = here.candidates()?.pop() else {
        bail!("{} is a bare repository: run this in a checkout of it", dir.display());
    };
    let project = repo::discover(&root).with_context(|| format!("the project around {}", dir.display()))?;
    if !project.has_commit {
        bail!(
            "{} has no commit yet, and agents begin from one: `git add -A && git commit --allow-empty -m 'First commit'`, \
             then run this again",
            root.display()
        );
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    fn git(dir: &Path, args: &[&str]) {
        let settings =
            ["user.name=t", "user.email=t@example.com", "protocol.file.allow=always", "init.defaultBranch=main"];
        let mut command = Command::new("git");
        for setting in settings {
            command.args(["-c", setting]);
        }
        let output = command.args(args).current_dir(dir).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn repository(dir: &Path) -> PathBuf {
        fs::create_dir_all(dir).unwrap();
        git(dir, &["init", "-q"]);
        git(dir, &["commit", "-q", "--allow-empty", "-m", "first"]);
        dir.canonicalize().unwrap()
    }

    #[test]
    fn finds_the_project_from_anywhere_in_it() {
        let temp = tempfile::tempdir().unwrap();
        let tool = repository(&temp.path().join("tool"));
        let root = repository(&temp.path().join("project with blank"));
        git(&root, &["submodule", "--quiet", "add", tool.to_str().unwrap(), "orchestrator"]);
        git(&root, &["commit", "-q", "-m", "second"]);
        git(&root, &["worktree", "add", "-q", "--detach", "../linked"]);
        fs::create_dir_all(root.join("orchestrator/src/deep")).unwrap();
        for dir in
            [&*root, &root.join("orchestrator"), &root.join("orchestrator/src/deep"), &temp.path().join("linked")]
        {
            assert_eq!(find(dir).unwrap(), root, "{}", dir.display());
        }
    }

    #[test]
    fn says_why_there_is_nothing_to_set_up() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        for name in ["none", "empty", "bare"] {
            fs::create_dir(at(name)).unwrap();
        }
        git(&at("empty"), &["init", "-q"]);
        git(&at("bare"), &["init", "-q", "--bare"]);
        for (name, word) in [("none", "git init"), ("empty", "no commit"), ("bare", "bare repository")] {
            let error = format!("{:#}", find(&at(name)).unwrap_err());
            assert!(error.contains(word) && !error.contains("fatal"), "{name}: {error}");
        }
    }
}
