//! Making the project: its repository, its files, its agents and tasks; and telling whether it was touched.

use super::Test;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What `origin` is called: an address of GitHub, of which git makes the folder of the bare repository.
pub const GITHUB: &str = "git@github.com:acme/widgets.git";

/// What a run must leave alone: the main checkout and the refs that are not the scheduler's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    head: String,
    status: String,
    refs: String,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Test {
    /// One git command in the project, which must succeed; its stdout, trimmed at the end.
    #[track_caller]
    pub fn git<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        self.git_in(self.dir(), args)
    }

    /// One git command in any directory.
    #[track_caller]
    pub fn git_in<S: AsRef<std::ffi::OsStr>>(
        &self,
        dir: impl AsRef<Path>,
        args: impl IntoIterator<Item = S>,
    ) -> String {
        let mut command = self.program_command("git");
        command.args(args).current_dir(dir);
        self.finish(command).ok().stdout.trim_end().to_owned()
    }

    /// The folder of the bare repository behind `origin`.
    pub fn origin(&self) -> PathBuf {
        self.root().join("origin.git")
    }

    /// A commit that a ref names in `origin`; `None` if it has no such ref.
    pub fn origin_tip(&self, branch: &str) -> Option<String> {
        let name = format!("refs/heads/{branch}");
        let text = self.git_in(self.origin(), ["for-each-ref", "--format=%(objectname)", &name]);
        (!text.is_empty()).then_some(text)
    }

    /// The branches in `origin` that begin with `agent/`.
    pub fn pushed_branches(&self) -> Vec<String> {
        branches(&self.git_in(self.origin(), ["for-each-ref", "--format=%(refname:short)", "refs/heads/agent/"]))
    }

    /// The local branches that begin with `agent/`.
    pub fn agent_branches(&self) -> Vec<String> {
        branches(&self.git(["for-each-ref", "--format=%(refname:short)", "refs/heads/agent/"]))
    }

    /// A bare repository as `origin`, with `main` pushed and its default branch known.
    pub fn with_origin(&self) -> &Self {
        let origin = self.origin();
        let origin = origin.to_str().unwrap();
        self.git(["init", "-q", "--bare", "-b", "main", origin]);
        self.git(["config", &format!("url.{origin}.insteadOf"), GITHUB]);
        self.git(["remote", "add", "origin", GITHUB]);
        self.git(["push", "-q", "-u", "origin", "main"]);
        self.git(["remote", "set-head", "origin", "main"]);
        self
    }

    /// The submodule `lib`, from a repository beside the project, pushed.
    pub fn with_submodule(&self) -> &Self {
        let library = self.root().join("library");
        let library = library.to_str().unwrap();
        let person = ["-c", "user.name=P", "-c", "user.email=p@example.invalid"];
        self.git(["init", "-q", "-b", "main", library]);
        self.git_in(library, person.iter().chain(&["commit", "-q", "--allow-empty", "-m", "Library"]));
        self.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "lib"]);
        self.git(["commit", "-q", "-m", "Add a submodule"]);
        self.git(["push", "-q", "origin", "main"]);
        self
    }

    /// Writes a file of the project and its directories.
    pub fn file(&self, relative: &str, text: &str) -> &Self {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Writes a file and commits it.
    pub fn committed_file(&self, relative: &str, text: &str) -> &Self {
        self.file(relative, text);
        self.git(["add", "--", relative]);
        self.git(["commit", "-q", "-m", &format!("Add {relative}")]);
        self
    }

    /// agents.yaml as it stands, and the directories.
    pub fn config(&self, yaml: &str) -> &Self {
        for dir in ["agents", "messages", "commands"] {
            fs::create_dir_all(self.orchestrator(dir)).unwrap();
        }
        for state in super::queue::STATES {
            fs::create_dir_all(self.orchestrator(format!("shared/queue/{state}"))).unwrap();
        }
        self.file(".orchestrator/agents.yaml", yaml)
    }

    /// agents.yaml with these agents, NAME and ROLE, each due once a minute.
    pub fn agents(&self, agents: &[(&str, &str)]) -> &Self {
        self.agents_and(agents, "")
    }

    /// As [`Test::agents`], with further lines at the top level.
    pub fn agents_and(&self, agents: &[(&str, &str)], more: &str) -> &Self {
        let mut yaml = format!("model: task\n{}\nagents:\n", more.trim_end());
        for (name, role) in agents {
            yaml.push_str(&format!("  - name: {name}\n    role: {role}\n    interval_seconds: 60\n"));
        }
        self.config(&yaml)
    }

    /// The implementer isn't confined: it can do what the supervisor must then notice.
    pub fn unconfined(&self) -> &Self {
        self.agents_and(&[("impl-1", "implementer")], "defaults: {sandbox: {mode: off}}")
    }

    /// A task file in `incoming/`, as a person writes it.
    pub fn task(&self, id: &str, text: &str) -> &Self {
        self.file(&format!(".orchestrator/shared/queue/incoming/{id}.md"), text)
    }

    /// A whole task in `incoming/` for one task role: implement, test or review.
    pub fn task_for(&self, id: &str, role: &str) -> &Self {
        self.task(
            id,
            &format!(
                "# [{id}] Work on {id}\n\nROLE: {role}\nPRIORITY: P1\nCREATED: 2026-01-01T00:00:00Z\nCREATED_BY: human\n\n\
                 ## Context\nSome context.\n\n## Acceptance Criteria\n- [ ] It works\n"
            ),
        )
    }

    /// The main checkout as it is now, without the ignored files.
    pub fn snapshot(&self) -> Snapshot {
        let listed = self.git(["-c", "core.quotePath=false", "ls-files", "-co", "--exclude-standard"]);
        let read = |name: &str| (PathBuf::from(name), fs::read(self.path(name)).unwrap_or_default());
        let foreign = |line: &&str| {
            !["refs/heads/agent/", "refs/remotes/", "refs/salvage/", "refs/scheduler/"]
                .iter()
                .any(|own| line.contains(own))
        };
        let refs = self.git(["for-each-ref", "--format=%(refname) %(objectname)"]);
        Snapshot {
            head: fs::read_to_string(self.path(self.git(["rev-parse", "--git-path", "HEAD"]))).unwrap(),
            status: self.git(["status", "--porcelain"]),
            refs: refs.lines().filter(foreign).collect::<Vec<_>>().join("\n"),
            files: listed.lines().filter(|name| !name.starts_with(".orchestrator/")).map(read).collect(),
        }
    }

    /// The main checkout must be as it was.
    #[track_caller]
    pub fn assert_untouched(&self, before: &Snapshot) {
        let now = self.snapshot();
        assert_eq!(now.head, before.head, "HEAD of the main checkout was moved");
        assert_eq!(now.refs, before.refs, "refs that are not the scheduler's were changed");
        assert_eq!(now.status, before.status, "the status of the main checkout was changed");
        for (old, new) in before.files.iter().zip(&now.files) {
            assert_eq!(old, new, "a file of the main checkout was changed");
        }
        assert_eq!(now.files.len(), before.files.len(), "the main checkout has other files");
    }

    pub(super) fn make_repository(&self) {
        self.git(["init", "-q", "-b", "main"]);
        self.git(["config", "user.name", "Test Person"]);
        self.git(["config", "user.email", "person@example.invalid"]);
        fs::write(self.path("README.md"), "# A project\n").unwrap();
        // What `scheduler init` would write, in short: the runtime state is nothing to commit.
        let ignored = ["agents/", "messages/", "logs/", "cache/", "shared/", "paused", "*.lock"];
        let lines: String = ignored.iter().map(|entry| format!("/.orchestrator/{entry}\n")).collect();
        fs::write(self.path(".gitignore"), lines).unwrap();
        self.git(["add", "."]);
        self.git(["commit", "-q", "-m", "First commit"]);
    }
}

fn branches(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Every path under a directory, without the insides of worktrees.
pub fn tree(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    walk(dir, &mut |path| found.push(path.display().to_string()));
    found.sort();
    found
}

/// The short text files under a directory that explain a failure, each after its name.
pub fn telling_files(dir: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    walk(dir, &mut |path| {
        let tells =
            path.extension().is_some_and(|ending| ["md", "json", "log", "jsonl", "yaml"].iter().any(|e| ending == *e))
                && path.file_name().is_some_and(|name| name != "prompt.md");
        if tells && path.is_file() {
            let text = fs::read_to_string(path).unwrap_or_default();
            let end = text.char_indices().nth(3_000).map_or(text.len(), |(at, _)| at);
            texts.push(format!("==== {}\n{}", path.display(), &text[..end]));
        }
    });
    texts.sort();
    texts
}

fn walk(dir: &Path, each: &mut dyn FnMut(&Path)) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        each(&path);
        let is_dir = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir());
        if is_dir && path.file_name().is_some_and(|name| name != "worktree") {
            walk(&path, each);
        }
    }
}
