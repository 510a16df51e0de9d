//! The environment in which a run's processes work: without the user's credentials, and with no way to push.
//!
//! What counts as a credential is decided elsewhere.

use super::confine::{self, Confiner};
use super::git::LOCAL;
use crate::domain::config::RunSettings;
use crate::domain::runner::environment::Environment;
use anyhow::{Result, anyhow};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

/// Variables of the parent that say it is itself a session of claude.
const NESTING: [&str; 2] = ["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT"];

const PATH: &str = "PATH";

/// Where pushes go: git looks for a helper of this name, finds none, and names it in its error.
const NO_PUSH: &str = "url.publishing-is-left-to-scheduler::.pushInsteadOf";

/// What a run's processes have in their environment beside what is inherited.
#[derive(Clone, Debug)]
pub struct RunEnvironment {
    /// Variables added last, over all others.
    pub env: Vec<(String, String)>,
    /// The inherited variables that are kept from the run.
    pub withheld: Vec<OsString>,
    /// The `PATH` of this process.
    pub path: Option<OsString>,
    /// The folders put first on `PATH`: what a confined run is to call instead of others, then that of our own binary.
    pub path_first: Vec<PathBuf>,
    /// The variable (name, value) that only this run's processes carry.
    pub tag: (String, String),
    /// Leaves the ways to publish as they are.
    pub allow_network_git: bool,
    /// An empty folder, in which gh finds no account.
    pub empty_gh_config: PathBuf,
    /// The list of what git is to ignore, in place of the user's.
    pub excludes_file: Option<PathBuf>,
    /// Name and mail address for commits, where git knows none.
    pub identity: Option<(String, String)>,
    /// Where git stops looking for a repository: temporary files lie below the main checkout.
    pub ceiling: Option<PathBuf>,
    /// What confines these processes, if they are.
    pub confinement: Option<Confiner>,
}

impl RunEnvironment {
    /// A command that runs `program` in it.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = confine::command(self.confinement.as_ref(), program);
        self.apply(&mut command);
        command
    }

    pub(super) fn apply(&self, command: &mut Command) {
        for name in self.removed() {
            command.env_remove(name);
        }
        let set = self.set();
        // Values may be secret.
        tracing::debug!(variables = ?set.iter().map(|(name, _)| name).collect::<Vec<_>>(), "environment of the run");
        command.envs(set);
    }

    /// The same for another machine, with what this one would hand on.
    ///
    /// # Errors
    /// A value that isn't UTF-8.
    pub fn for_elsewhere(
        &self,
        inherited: &BTreeMap<OsString, OsString>,
        settings: &RunSettings,
    ) -> Result<Environment> {
        let text = |name: &str, value: OsString| {
            value.into_string().map_err(|value| anyhow!("{name} is not UTF-8: {}", value.display()))
        };
        let set = self.set().into_iter().filter(|(name, _)| name != PATH);
        let own = Environment {
            set: set.map(|(name, value)| text(&name, value).map(|value| (name, value))).collect::<Result<_>>()?,
            unset: self.removed().map(|name| name.to_string_lossy().into_owned()).collect(),
            path_first: self.path_first.clone(),
            path: text(PATH, self.path.clone().unwrap_or_default())?,
            pass: settings.pass_env.clone(),
            billing: settings.billing,
            allow_network_git: self.allow_network_git,
            ..Environment::default()
        };
        Ok(own.inheriting(inherited))
    }

    /// What is taken out: also what would mislead a process in a worktree about who it runs under, and which repository
    /// git is to use.
    fn removed(&self) -> impl Iterator<Item = &OsStr> {
        let misleading = [NESTING.as_slice(), LOCAL, &["GIT_CEILING_DIRECTORIES"]].into_iter().flatten();
        misleading.map(OsStr::new).chain(self.withheld.iter().map(OsString::as_os_str))
    }

    /// Where programs are looked for.
    pub fn search_path(&self) -> OsString {
        let first = self.path_first.iter().map(|folder| folder.as_os_str());
        first.chain(self.path.as_deref().filter(|rest| !rest.is_empty())).collect::<Vec<_>>().join(OsStr::new(":"))
    }

    fn set(&self) -> Vec<(String, OsString)> {
        let mut set: Vec<(String, OsString)> = vec![
            (PATH.to_owned(), self.search_path()),
            ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS".to_owned(), "1".into()),
            ("GIT_TERMINAL_PROMPT".to_owned(), "0".into()),
            (self.tag.0.clone(), self.tag.1.clone().into()),
        ];
        // Nobody is there to unlock a key, and the user's signature is not the agent's to give.
        let mut config = vec![("commit.gpgsign", "false"), ("tag.gpgsign", "false")];
        if let Some((name, mail)) = &self.identity {
            config.extend([("user.name", name.as_str()), ("user.email", mail.as_str())]);
        }
        if let Some(file) = self.excludes_file.as_ref().and_then(|file| file.to_str()) {
            config.push(("core.excludesFile", file));
        }
        if self.confinement.is_some() {
            // What they write is out of reach: git would fail at them, or complain after each commit.
            config.extend([("gc.auto", "0"), ("maintenance.auto", "false"), ("rerere.enabled", "false")]);
        }
        if let Some(ceiling) = &self.ceiling {
            set.push(("GIT_CEILING_DIRECTORIES".to_owned(), ceiling.clone().into()));
        }
        if !self.allow_network_git {
            set.push(("GH_CONFIG_DIR".to_owned(), self.empty_gh_config.clone().into()));
            set.push(("GIT_SSH_COMMAND".to_owned(), "false".into()));
            // Empty, it stops git from asking any program for a password, whatever is configured.
            set.push(("GIT_ASKPASS".to_owned(), "".into()));
            // An empty helper clears the list of helpers, an empty prefix fits every address.
            config.extend([("credential.helper", ""), (NO_PUSH, "")]);
        }
        set.push(("GIT_CONFIG_COUNT".to_owned(), config.len().to_string().into()));
        for (at, (key, value)) in config.into_iter().enumerate() {
            set.push((format!("GIT_CONFIG_KEY_{at}"), key.into()));
            set.push((format!("GIT_CONFIG_VALUE_{at}"), value.into()));
        }
        set.extend(self.env.iter().map(|(name, value)| (name.clone(), value.into())));
        set
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::path::Path;

    /// The environment of a test's run; `dir/gh` is the empty folder.
    pub fn environment(dir: &Path) -> RunEnvironment {
        RunEnvironment {
            env: Vec::new(),
            withheld: vec!["GH_TOKEN".into()],
            path: std::env::var_os("PATH"),
            path_first: vec![dir.join("bin")],
            tag: ("RUN_TAG_OF_TEST".to_owned(), uuid::Uuid::new_v4().to_string()),
            allow_network_git: false,
            empty_gh_config: dir.join("gh"),
            excludes_file: None,
            identity: None,
            ceiling: None,
            confinement: None,
        }
    }

    #[test]
    fn it_offers_no_way_to_publish() {
        let closed = environment(Path::new("/tmp"));
        let names = |of: &RunEnvironment| of.set().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        for name in ["GH_TOKEN", "CLAUDECODE", "GIT_DIR", "GIT_CONFIG_PARAMETERS"] {
            assert!(closed.removed().any(|removed| removed == name), "{name}");
        }
        assert!(names(&closed).contains(&"GH_CONFIG_DIR".to_owned()));
        let open = RunEnvironment { allow_network_git: true, ..closed };
        for name in ["GH_CONFIG_DIR", "GIT_SSH_COMMAND", "GIT_ASKPASS"] {
            assert!(!names(&open).contains(&name.to_owned()), "{name}");
        }
        // Commits are never signed: nobody is there to unlock a key.
        assert!(open.set().contains(&("GIT_CONFIG_COUNT".to_owned(), "2".into())));
        assert!(open.set().contains(&("GIT_CONFIG_KEY_0".to_owned(), "commit.gpgsign".into())));
        let known = RunEnvironment { identity: Some(("A".to_owned(), "a@example.invalid".to_owned())), ..open };
        assert!(known.set().contains(&("GIT_CONFIG_COUNT".to_owned(), "4".into())));
    }
}
