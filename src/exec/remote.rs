//! What a failed conversation with a remote means: no network, no access, or something else.
//!
//! git has one exit code for all of them, so its words (in the C locale) are read. Never retries.

use crate::exec::git::{Git, GitError};

/// Why a remote could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// There is no way to it now; later there may be.
    Offline(String),
    /// It refused who we are, or we could not say it without being asked.
    Auth(String),
    /// Anything else.
    Other(String),
}

impl Trouble {
    /// What git said.
    pub fn words(&self) -> &str {
        let (Self::Offline(words) | Self::Auth(words) | Self::Other(words)) = self;
        words
    }
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
pub fn classify(stderr: &str) -> Trouble {
    let words = stderr.trim().to_owned();
    // A refused login also ends with "hung up unexpectedly", so it is looked for first.
    if AUTH.iter().any(|sign| stderr.contains(sign)) {
        Trouble::Auth(words)
    } else if OFFLINE.iter().any(|sign| stderr.contains(sign)) {
        Trouble::Offline(words)
    } else {
        Trouble::Other(words)
    }
}

/// What the failure of a command that talks to a remote means; an error if git did not run at all.
/// A remote that doesn't answer in time is one that can't be reached.
pub fn trouble(error: GitError) -> Result<Trouble, GitError> {
    match error {
        GitError::Failed { ref stderr, .. } => Ok(classify(stderr)),
        GitError::TimedOut { .. } => Ok(Trouble::Offline(error.to_string())),
        other => Err(other),
    }
}

/// The remote called `origin`.
pub struct Origin {
    /// What is fetched from it, as it is configured.
    pub fetched: Vec<String>,
    /// git for talking to it.
    pub git: Git,
}

/// The remote called `origin` of the repository of `git`; `None` if there is none.
pub fn origin(git: &Git) -> Result<Option<Origin>, GitError> {
    let wanted = ["config", "-z", "--get-regexp", r"^(remote\.origin\.(url|pushurl|fetch)|core\.sshcommand)$"];
    let answer = match git.try_run(wanted)? {
        answer if matches!(answer.status.code(), Some(0 | 1)) => answer,
        // What git says against its configuration.
        _ => git.run(wanted)?,
    };
    let entries = answer.entries();
    let settings: Vec<_> = entries.iter().map(|entry| entry.split_once('\n').unwrap_or((entry, ""))).collect();
    if !settings.iter().any(|(key, _)| key.ends_with("url")) {
        return Ok(None);
    }
    let fetched = settings.iter().filter(|(key, _)| key.ends_with(".fetch")).map(|(_, spec)| (*spec).to_owned());
    let has_ssh_command = settings.iter().any(|(key, _)| key.starts_with("core."));
    Ok(Some(Origin { fetched: fetched.collect(), git: git.clone().over_network(has_ssh_command) }))
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
            assert!(matches!(classify(text), Trouble::Offline(_)), "{text}");
        }
        for text in auth {
            assert!(matches!(classify(text), Trouble::Auth(_)), "{text}");
        }
        for text in other {
            assert!(matches!(classify(text), Trouble::Other(_)), "{text}");
        }
    }

    #[test]
    fn a_remote_that_does_not_answer_is_offline() {
        let error = GitError::TimedOut { command: "fetch".into(), after: std::time::Duration::from_secs(1) };
        assert!(matches!(trouble(error), Ok(Trouble::Offline(_))));
        assert!(trouble(GitError::NotFound).is_err());
    }
}
