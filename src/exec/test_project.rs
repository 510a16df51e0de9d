//! A project with its own home for the tests of this layer: nothing of the machine's git configuration is seen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::exec::git::Git;
use crate::exec::worktree::Worktree;

/// A scratch folder with a project that has one commit.
pub struct TestProject {
    dir: tempfile::TempDir,
    root: PathBuf,
}

/// Makes `git` blind for what is configured on this machine.
pub fn hermetic(git: Git, root: &Path) -> Git {
    git.with_env("HOME", root.join("home"))
        .with_env("XDG_CONFIG_HOME", root.join("home"))
        .with_env("GIT_CONFIG_NOSYSTEM", "1")
        .with_env("GIT_CONFIG_GLOBAL", "/dev/null")
}

impl TestProject {
    /// A project on branch `main` with the file `f` in one commit, no remote and no identity.
    pub fn plain() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("project")).unwrap();
        fs::create_dir_all(root.join("home")).unwrap();
        let scratch = Self { dir, root };
        scratch.run(&["init", "-q", "-b", "main"]);
        scratch.write("f", "one\n");
        scratch.commit_all("first");
        scratch
    }

    /// The same with a bare `origin` that has `main`.
    pub fn with_origin() -> Self {
        let scratch = Self::plain();
        let origin = scratch.origin();
        scratch.run(&["init", "-q", "--bare", "-b", "main", origin.to_str().unwrap()]);
        scratch.run(&["remote", "add", "origin", origin.to_str().unwrap()]);
        scratch.run(&["push", "-q", "origin", "main"]);
        scratch.run(&["remote", "set-head", "origin", "main"]);
        scratch
    }

    /// The scratch folder itself.
    pub fn path(&self) -> &Path {
        debug_assert!(self.dir.path().exists());
        &self.root
    }

    /// The project's main checkout.
    pub fn project(&self) -> PathBuf {
        self.root.join("project")
    }

    /// The bare repository beside it.
    pub fn origin(&self) -> PathBuf {
        self.root.join("origin.git")
    }

    /// git in the project, without an identity.
    pub fn git(&self) -> Git {
        self.git_at(&self.project())
    }

    /// The same in another folder.
    pub fn git_at(&self, directory: &Path) -> Git {
        hermetic(Git::at(directory), &self.root)
    }

    /// The project's refs, without a working tree.
    pub fn refs(&self) -> Git {
        hermetic(Git::in_repository(&self.project().join(".git")), &self.root)
    }

    /// Runs git in the project, with an identity, and returns what it wrote.
    pub fn run(&self, args: &[&str]) -> String {
        self.run_at(&self.project(), args)
    }

    /// The same as [`TestProject::run`] in another folder.
    pub fn run_at(&self, directory: &Path, args: &[&str]) -> String {
        let git = self.git_at(directory).with_config("protocol.file.allow=always");
        let git = ["AUTHOR", "COMMITTER"].iter().fold(git, |git, role| {
            git.with_env(format!("GIT_{role}_NAME"), "tester").with_env(format!("GIT_{role}_EMAIL"), "t@example.com")
        });
        git.text(args).unwrap()
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        write(&self.project().join(name), text);
    }

    /// Commits everything in the project; the new commit.
    pub fn commit_all(&self, message: &str) -> String {
        self.commit_all_at(&self.project(), message)
    }

    /// The same in another folder.
    pub fn commit_all_at(&self, directory: &Path, message: &str) -> String {
        self.run_at(directory, &["add", "-A"]);
        self.run_at(directory, &["commit", "-q", "--allow-empty", "-m", message]);
        self.run_at(directory, &["rev-parse", "HEAD"])
    }

    /// Gives the project a hook.
    pub fn hook(&self, name: &str, script: &str) {
        write_program(&self.project().join(".git/hooks").join(name), script);
    }

    /// The worktree of agent `name`, which need not be there.
    pub fn worktree(&self, name: &str) -> Worktree {
        self.worktree_of(name, &self.project())
    }

    /// The same beside another checkout of the project.
    pub fn worktree_of(&self, name: &str, checkout: &Path) -> Worktree {
        let agent = checkout.join("agents").join(name);
        let mut worktree = Worktree::new(&agent.join("worktree"), &agent, &self.project().join(".git"));
        for (name, value) in [("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")] {
            worktree = worktree.with_env(name, value);
        }
        worktree.with_env("HOME", self.root.join("home"))
    }

    /// The same, created and standing on the new branch `agent/<name>` at `main`.
    pub fn ready(&self, name: &str) -> Worktree {
        let worktree = self.worktree(name);
        let main = self.main();
        worktree.ensure(&main).unwrap();
        let branch = format!("agent/{name}");
        worktree.stand_on_branch(&branch, &main).unwrap();
        worktree
    }

    /// The commit at which `main` stands.
    pub fn main(&self) -> String {
        self.run(&["rev-parse", "main"])
    }

    /// The branch that is checked out in a worktree; `HEAD` if it is detached.
    pub fn branch_of(&self, worktree: &Worktree) -> String {
        self.run_at(worktree.path(), &["rev-parse", "--abbrev-ref", "HEAD"])
    }

    /// Everything about the main checkout that a run must never change.
    pub fn checkout_state(&self) -> String {
        let index = fs::read(self.project().join(".git/index")).unwrap_or_default();
        format!(
            "{}\n{}\n{}\n{index:?}",
            fs::read_to_string(self.project().join(".git/HEAD")).unwrap(),
            self.run(&["for-each-ref", "refs/heads", "--exclude=refs/heads/agent/*"]),
            self.run(&["status", "--porcelain", "--", ".", ":!agents"]),
        )
    }
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Writes a shell script and the folders above it. Another process writes it: were it open for writing here, a sibling's
/// fork could keep it from being executed.
pub fn write_program(path: &Path, script: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$2\" >\"$1\" && chmod 755 \"$1\"", "sh"]).arg(path).arg(script);
    assert!(shell.status().unwrap().success(), "{}", path.display());
}

/// The text of a file in a worktree, if it is there.
pub fn read_in(worktree: &Worktree, name: &str) -> Option<String> {
    fs::read_to_string(worktree.path().join(name)).ok()
}
