//! Which variables of an environment hold secrets, which of them an agent gets all the same, and their
//! values, which are never published.

use std::borrow::Cow;
use std::fmt;

/// What the value of a variable is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// It must not be read by others.
    Secret,
    /// It leads to one, or goes with one.
    Way,
}

/// Variables that let a process act in the user's name, in upper case; `*` at an end stands for anything.
const TABLE: [(&str, Kind); 18] = [
    ("*_TOKEN", Kind::Secret),
    ("*SECRET*", Kind::Secret),
    ("*_API_KEY", Kind::Secret),
    ("*_APIKEY", Kind::Secret),
    ("*ACCESS_KEY*", Kind::Secret),
    ("*PRIVATE_KEY*", Kind::Secret),
    ("*PASSWORD*", Kind::Secret),
    ("*PASSPHRASE*", Kind::Secret),
    ("*_PASSWD", Kind::Secret),
    ("*_PAT", Kind::Secret),
    ("*_CREDENTIALS", Kind::Way),
    ("AWS_*", Kind::Way),
    ("AZURE_*", Kind::Way),
    ("KUBECONFIG", Kind::Way),
    ("DOCKER_AUTH_CONFIG", Kind::Secret),
    ("SSH_AUTH_SOCK", Kind::Way),
    ("SSH_AGENT_PID", Kind::Way),
    ("SSH_ASKPASS", Kind::Way),
];

/// What git and gh use: given to an agent that may use the user's credentials.
const GIT: [&str; 8] = [
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "SSH_ASKPASS",
    "GIT_SSH",
];

/// claude's own, without which it can't work.
const OF_CLAUDE: [&str; 2] = ["ANTHROPIC_*", "CLAUDE_*"];

/// What claude needs beside them where it talks to a model through a cloud: the variable that says so, and the others.
const CLOUDS: [(&str, &str); 3] = [
    ("CLAUDE_CODE_USE_BEDROCK", "AWS_*"),
    ("CLAUDE_CODE_USE_VERTEX", "GOOGLE_*"),
    ("CLAUDE_CODE_USE_FOUNDRY", "AZURE_*"),
];

/// A value shorter than this may be anything.
const SHORTEST: usize = 8;

/// Of these names those that are kept from an agent: all that the table has, but for what is passed by name, what claude
/// needs, and, `with_git`, what git and gh use.
pub fn withheld<'a>(names: &'a [Cow<'_, str>], passed: &'a [String], with_git: bool) -> impl Iterator<Item = &'a str> {
    let clouds = CLOUDS.iter().filter(|(switch, _)| names.iter().any(|name| name == switch)).map(|(_, needed)| *needed);
    let needed: Vec<&str> = OF_CLAUDE.into_iter().chain(clouds).collect();
    names.iter().map(Cow::as_ref).filter(move |name| {
        let is_of_git = GIT.contains(name);
        (is_of_git || kind(name).is_some())
            && !passed.iter().any(|passed| passed == name)
            && !needed.iter().any(|needed| fits(needed, name))
            && !(with_git && is_of_git)
    })
}

/// Whether a variable of this name holds a secret itself.
pub fn is_secret(name: &str) -> bool {
    kind(name) == Some(Kind::Secret)
}

/// Values that are taken out of everything published.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// The secrets among these variables, claude's own too. What may be a common word or a path is none.
    pub fn of<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let is_secret = |name: &str, value: &str| {
            kind(name) == Some(Kind::Secret)
                && value.len() >= SHORTEST
                && !value.starts_with('/')
                && !value.bytes().all(|byte| byte.is_ascii_lowercase())
        };
        let mut values: Vec<_> =
            variables.filter(|(name, value)| is_secret(name, value)).map(|(_, value)| value).collect();
        // One may be part of another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values.into_iter().map(str::to_owned).collect())
    }

    /// The text with `***` in place of each.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, value| text.replace(value.as_str(), "***"))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

/// Takes `user:password@` out of every URL.
pub fn without_passwords(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let authority = part.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(part.len());
        let host = part[..authority].rfind('@').map_or(0, |at| at + 1);
        clean.push_str("://");
        clean.push_str(&part[host..]);
    }
    clean
}

fn kind(name: &str) -> Option<Kind> {
    let name = name.to_ascii_uppercase();
    TABLE.iter().find(|(pattern, _)| fits(pattern, &name)).map(|(_, kind)| *kind)
}

fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) => name.contains(pattern.trim_matches('*')),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_from_an_agent() {
        for (names, passed, with_git, expected) in [
            ("GH_TOKEN GIT_SSH SSH_AUTH_SOCK PATH", "", false, "GH_TOKEN GIT_SSH SSH_AUTH_SOCK"),
            ("GH_TOKEN GIT_SSH SSH_AUTH_SOCK NPM_TOKEN", "", true, "NPM_TOKEN"),
            (
                "AWS_PROFILE DB_PASSWORD npm_token MY_SECRETS X_API_KEY A_SECRET_KEY",
                "X_API_KEY",
                false,
                "AWS_PROFILE DB_PASSWORD npm_token MY_SECRETS A_SECRET_KEY",
            ),
            ("ANTHROPIC_API_KEY CLAUDE_CODE_OAUTH_TOKEN", "", false, ""),
            ("CLAUDE_CODE_USE_BEDROCK AWS_PROFILE AZURE_X", "", false, "AZURE_X"),
            ("HOME LANG TOKENIZERS_PARALLELISM MAX_TOKENS KEYBOARD PWD", "", false, ""),
        ] {
            let split = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let (names, passed) = (split(names).into_iter().map(Cow::from).collect::<Vec<_>>(), split(passed));
            assert_eq!(withheld(&names, &passed, with_git).collect::<Vec<_>>().join(" "), expected, "{names:?}");
        }
    }

    #[test]
    fn values_are_hidden_unless_they_may_be_a_common_word() {
        let variables = [
            ("GH_TOKEN", "tok_author"),
            ("ANTHROPIC_API_KEY", "tok_author-2"),
            ("DB_PASSWORD", "postgres"),
            ("A_SECRET", "x1"),
            ("B_SECRET", "/run/secrets/b"),
            ("AWS_REGION", "eu-central-1"),
        ];
        let secrets = Secrets::of(variables.into_iter());
        let text = "tok_author tok_author-2 postgres x1 /run/secrets/b eu-central-1";
        assert_eq!(secrets.hide(text), "*** *** postgres x1 /run/secrets/b eu-central-1");
        assert!(!format!("{secrets:?}").contains("tok"));
    }
}
