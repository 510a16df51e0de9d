//! Where the project is: from any folder in it, a linked worktree of it, or a submodule of it.
//!
//! It only looks.

use crate::exec::repo::{self, Repository};
use crate::store::paths::Paths;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// The folder that makes a repository a project.
pub const DOT: &str = ".orchestrator";

/// A repository that is set up.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its files.
    pub paths: Paths,
    /// The git directory that all its worktrees share.
    pub common_dir: PathBuf,
}

impl Project {
    fn new(root: &Path, common_dir: PathBuf) -> Self {
        Self { paths: Paths::new(root), common_dir }
    }

    /// The main checkout's top folder.
    pub fn root(&self) -> &Path {
        self.paths.root()
    }

    /// Finds the project that `start` belongs to.
    ///
    /// # Errors
    /// `start` lies in no git repository, or in one that isn't set up.
    pub fn find(start: &Path) -> Result<Self> {
        let mut repository = None;
        for dir in start.ancestors() {
            let git = dir.join(".git");
            if git.is_dir() && dir.join(DOT).is_dir() {
                return Ok(Self::new(dir, git));
            }
            if git.exists() {
                repository.get_or_insert(dir);
                if let Some(project) = Self::through_git(dir)? {
                    return Ok(project);
                }
            }
        }
        match repository {
            Some(dir) => bail!("{} is not set up yet: run `scheduler init` there", dir.display()),
            None => {
                bail!("{} is not in a git repository: change to your project, or name it with -C DIR", start.display())
            }
        }
    }

    /// The project of a bare repository with linked worktrees only: the one of them that was set up.
    fn without_main_checkout(found: &Repository) -> Result<Option<PathBuf>> {
        let own = found.top_level.clone().filter(|root| is_home(root));
        Ok(match own {
            Some(own) => Some(own),
            None => repo::linked_worktrees(&found.common_dir)?.into_iter().find(|root| is_home(root)),
        })
    }

    /// The project that a worktree or submodule belongs to, as git knows it.
    fn through_git(dir: &Path) -> Result<Option<Self>> {
        let mut at = dir.to_owned();
        loop {
            let found = repo::discover(&at)?;
            // A linked worktree has its own copy of the committed files; the project is the main checkout.
            let home = match (found.linked_worktree, &found.main_checkout) {
                (_, None) => Self::without_main_checkout(&found)?,
                (true, Some(main)) => Some(main.clone()),
                (false, Some(_)) => found.top_level,
            };
            if let Some(root) = home.filter(|root| root.join(DOT).is_dir()) {
                return Ok(Some(Self::new(&root, found.common_dir)));
            }
            match found.superproject {
                Some(above) => at = above,
                None => return Ok(None),
            }
        }
    }
}

/// Whether a project was set up in this folder, not only its committed files checked out there.
fn is_home(root: &Path) -> bool {
    root.join(DOT).join("agents").is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    fn git(dir: &Path, args: &[&str]) {
        let mut git = Command::new("git");
        git.current_dir(dir).env("HOME", dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        git.args(["-c", "user.name=T", "-c", "user.email=t@localhost", "-c", "protocol.file.allow=always"]);
        assert!(git.args(args).output().unwrap().status.success(), "git {args:?}");
    }

    #[test]
    fn from_anywhere_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let (root, other) = (base.join("project"), base.join("other"));
        for repository in [&root, &other] {
            fs::create_dir_all(repository.join("sub/dir")).unwrap();
            git(repository, &["init", "-q", "-b", "main"]);
            git(repository, &["commit", "-q", "--allow-empty", "-m", "first"]);
        }
        assert!(Project::find(&root).unwrap_err().to_string().contains("scheduler init"));
        fs::create_dir(root.join(DOT)).unwrap();
        fs::write(root.join(DOT).join("agents.yaml"), "").unwrap();
        git(&root, &["add", "-A"]);
        git(&root, &["commit", "-q", "-m", "set up"]);
        let (worktree, module) = (root.join(DOT).join("agents/a/worktree"), root.join("tool"));
        git(&root, &["worktree", "add", "-q", "--detach", worktree.to_str().unwrap()]);
        git(&root, &["submodule", "--quiet", "add", other.to_str().unwrap(), "tool"]);
        assert!(worktree.join(DOT).is_dir());
        for start in [root.clone(), root.join("sub/dir"), worktree, module.join("sub")] {
            fs::create_dir_all(&start).unwrap();
            assert_eq!(Project::find(&start).unwrap().root(), root, "{}", start.display());
        }
        assert!(Project::find(&base).unwrap_err().to_string().contains("not in a git repository"));
    }

    #[test]
    fn in_a_bare_repository_with_worktrees_only() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let (bare, main, other) = (base.join(".bare"), base.join("main"), base.join("feature"));
        git(&base, &["init", "-q", "-b", "main", "seed"]);
        git(&base.join("seed"), &["commit", "-q", "--allow-empty", "-m", "first"]);
        git(&base, &["clone", "-q", "--bare", "seed", ".bare"]);
        git(&bare, &["worktree", "add", "-q", main.to_str().unwrap(), "main"]);
        fs::write(base.join(".git"), "gitdir: ./.bare\n").unwrap();
        fs::create_dir_all(main.join(DOT).join("agents")).unwrap();
        fs::write(main.join(DOT).join("agents.yaml"), "").unwrap();
        git(&main, &["add", "-A"]);
        git(&main, &["commit", "-q", "-m", "set up"]);
        git(&bare, &["worktree", "add", "-q", "-b", "feature", other.to_str().unwrap(), "main"]);
        let agent = main.join(DOT).join("agents/a/worktree");
        git(&bare, &["worktree", "add", "-q", "--detach", agent.to_str().unwrap()]);
        for start in [&main, &other, &agent, &base] {
            assert_eq!(Project::find(start).unwrap().root(), main, "{}", start.display());
        }
    }
}
