//! The remotes of a repository, and what a failed conversation with one means: no network, no access, or something else.
//!
//! git has one exit code for all of them, so its words (in the C locale) are read. Never retries.

use thiserror::Error;

use crate::domain::remote::{Chosen, Repository, choose};
use crate::exec::git::{Git, GitError};

/// Why a remote could not be used, in git's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RemoteError {
    /// There is no way to it now; later there may be.
    #[error("{0}")]
    Offline(String),
    /// It refused who we are, or we could not say it without being asked.
    #[error("{0}")]
    Auth(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

const AUTH: &[&str] = &[
    "Permission denied (",
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "terminal prompts disabled",
    "Invalid username or",
    "returned error: 401",
    "returned error: 403",
    "Host key verification failed",
    "Write access to repository not granted",
    "Repository not found",
    "access denied",
];

const OFFLINE: &[&str] = &[
    "Could not resolve",
    "Temporary failure in name resolution",
    "Name or service not known",
    "nodename nor servname",
    "Connection refused",
    "Connection timed out",
    "Operation timed out",
    "Connection reset",
    "Connection closed by",
    "Network is unreachable",
    "No route to host",
    "Failed to connect",
    "Could not connect",
    "Empty reply from server",
    "unable to look up",
    "unable to connect",
    "kex_exchange_identification",
    "SSL_ERROR_SYSCALL",
    "gnutls_handshake",
    "Operation too slow",
    "RPC failed",
    "early EOF",
    "hung up unexpectedly",
    "unexpected disconnect",
    "returned error: 429",
    "returned error: 5",
];

/// Reads what git said on standard error.
pub fn classify(stderr: &str) -> RemoteError {
    let words = stderr.trim().to_owned();
    // A refused login also ends with "hung up unexpectedly", so it is looked for first.
    if AUTH.iter().any(|sign| stderr.contains(sign)) {
        RemoteError::Auth(words)
    } else if OFFLINE.iter().any(|sign| stderr.contains(sign)) {
        RemoteError::Offline(words)
    } else {
        RemoteError::Other(words)
    }
}

/// What the failure of a command that talks to a remote means; an error if git did not run at all.
/// A remote that doesn't answer in time is one that can't be reached.
pub fn remote_error(error: GitError) -> Result<RemoteError, GitError> {
    match error {
        GitError::Failed { ref stderr, .. } => Ok(classify(stderr)),
        GitError::TimedOut { .. } => Ok(RemoteError::Offline(error.to_string())),
        other => Err(other),
    }
}

/// The remotes of a repository, as it is configured, and the one that is used.
#[derive(Clone, Debug)]
pub struct Remotes {
    pub chosen: Chosen,
    settings: Vec<(String, String)>,
}

impl Remotes {
    /// Those of the repository of `git`; `wanted` is the one that agents.yaml names.
    pub fn read(git: &Git, wanted: Option<&str>) -> Result<Self, GitError> {
        let args = [
            "config",
            "-z",
            "--get-regexp",
            r"^(remote\..*\.(url|pushurl|fetch|promisor)|url\..*\.insteadof|core\.sshcommand|extensions\.partialclone)$",
        ];
        let answer = match git.try_run(args)? {
            answer if matches!(answer.status.code(), Some(0 | 1)) => answer,
            // What git says against its configuration.
            _ => git.run(args)?,
        };
        let settings = answer.settings();
        let mut names: Vec<String> = Vec::new();
        for (key, _) in &settings {
            let name = key.strip_prefix("remote.").and_then(|rest| rest.strip_suffix(".url"));
            names.extend(name.filter(|name| !names.iter().any(|known| known == name)).map(str::to_owned));
        }
        Ok(Self { chosen: choose(&names, wanted), settings })
    }

    /// The name of the remote that is used; where there is none, that of an earlier one.
    pub fn name(&self) -> &str {
        self.chosen.name()
    }

    /// Whether one is used.
    pub fn is_there(&self) -> bool {
        matches!(self.chosen, Chosen::One(_))
    }

    /// Whether contents that nobody needed so far are only at the remote.
    pub fn is_partial(&self) -> bool {
        self.settings.iter().any(|(key, _)| key.ends_with(".promisor") || key == "extensions.partialclone")
    }

    /// The repository that is pushed to, if it could be on a GitHub.
    pub fn repository(&self) -> Option<Repository> {
        let url = self.push_url();
        let rewritten = self.rewritten(url);
        Repository::of_urls([url].into_iter().chain(rewritten.as_deref()))
    }

    /// What git makes of an address: the longest beginning that stands for another one counts.
    fn rewritten(&self, url: &str) -> Option<String> {
        let rules = self.settings.iter().filter_map(|(key, from)| {
            let to = key.strip_prefix("url.")?.strip_suffix(".insteadof")?;
            Some((from, to, url.strip_prefix(from.as_str())?))
        });
        rules.max_by_key(|(from, ..)| from.len()).map(|(_, to, rest)| format!("{to}{rest}"))
    }

    /// Where is pushed to.
    pub(in crate::exec) fn push_url(&self) -> &str {
        self.values("pushurl").next().or_else(|| self.values("url").next()).unwrap_or_default()
    }

    /// What is fetched from the remote that is used.
    pub(in crate::exec) fn fetched(&self) -> impl Iterator<Item = &str> {
        self.values("fetch")
    }

    /// git for talking to it.
    pub fn network(&self, git: &Git) -> Git {
        git.clone().over_network(self.settings.iter().any(|(key, _)| key == "core.sshcommand"))
    }

    fn key(&self, setting: &str) -> String {
        format!("remote.{}.{setting}", self.name())
    }

    fn values(&self, setting: &str) -> impl Iterator<Item = &str> {
        let key = self.key(setting);
        self.settings.iter().filter(move |(known, _)| *known == key).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let offline = [
            "fatal: unable to access 'https://h/': Could not resolve host: h",
            "ssh: connect to host h port 22: Connection refused\nfatal: Could not read from remote repository.",
            "fatal: unable to access 'https://h/': The requested URL returned error: 503",
        ];
        let auth = [
            "git@h: Permission denied (publickey).\nfatal: the remote end hung up unexpectedly",
            "fatal: could not read Username for 'https://h': terminal prompts disabled",
            "remote: Permission to a/b denied to c.\nfatal: unable to access 'x': The requested URL returned error: 403",
        ];
        let other = ["fatal: '/gone' does not appear to be a git repository", ""];
        for text in offline {
            assert!(matches!(classify(text), RemoteError::Offline(_)), "{text}");
        }
        for text in auth {
            assert!(matches!(classify(text), RemoteError::Auth(_)), "{text}");
        }
        for text in other {
            assert!(matches!(classify(text), RemoteError::Other(_)), "{text}");
        }
    }

    #[test]
    fn a_remote_that_does_not_answer_is_offline() {
        let error = GitError::TimedOut { command: "fetch".into(), after: std::time::Duration::from_secs(1) };
        assert!(matches!(remote_error(error), Ok(RemoteError::Offline(_))));
        assert!(remote_error(GitError::NotFound).is_err());
    }
}
