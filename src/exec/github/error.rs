//! Why a call of gh failed, told from its exit code and text: it says so in no other way.

use thiserror::Error;

use crate::domain::text;
use crate::exec::command::CommandError;

/// Most of gh's own words that are kept, in bytes.
const MAX_STDERR: usize = 2000;

/// Why a call of gh failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GhError {
    #[error("gh is not installed")]
    NotInstalled,
    #[error("gh is not logged in")]
    NotLoggedIn,
    #[error("GitHub refuses the token")]
    BadToken,
    #[error("the repository has no remote")]
    NoRemote,
    #[error("no remote of the repository is on GitHub")]
    ForeignRemote,
    #[error("GitHub's rate limit is reached")]
    RateLimited,
    /// It can't be reached or is out of order.
    #[error("GitHub can't be reached")]
    Offline,
    #[error("gh didn't answer in time")]
    TimedOut,
    /// There is none, or the account may not see it.
    #[error("GitHub knows no such pull request or repository")]
    NotFound,
    /// Anything else, in gh's last words.
    #[error("gh failed: {stderr}")]
    Other { stderr: String },
}

/// Words of gh, in lower case, and what they mean. The first that fits counts.
const WORDS: [(&str, GhError); 22] = [
    ("rate limit", GhError::RateLimited),
    ("bad credentials", GhError::BadToken),
    ("no git remotes found", GhError::NoRemote),
    ("none of the git remotes", GhError::ForeignRemote),
    // The advice of some of the errors above, too.
    ("gh auth login", GhError::NotLoggedIn),
    ("could not resolve to a", GhError::NotFound),
    ("no pull requests found", GhError::NotFound),
    ("error connecting to", GhError::Offline),
    ("could not resolve host", GhError::Offline),
    ("no such host", GhError::Offline),
    ("connection refused", GhError::Offline),
    ("connection reset", GhError::Offline),
    ("network is unreachable", GhError::Offline),
    ("no route to host", GhError::Offline),
    ("dial tcp", GhError::Offline),
    ("dial unix", GhError::Offline),
    ("i/o timeout", GhError::Offline),
    ("tls handshake", GhError::Offline),
    ("temporary failure in name resolution", GhError::Offline),
    (": eof", GhError::Offline),
    ("unexpected eof", GhError::Offline),
    ("unexpected end of json", GhError::Offline),
];

/// What stands before the number of an HTTP status; the second is how some versions of gh put it where they write.
const STATUS: [&str; 2] = ["http ", "status code: "];

/// Words with which GitHub says that it won't take what it has understood.
const REFUSED: [&str; 7] = [
    "http 422",
    "status code: 422",
    "unprocessable",
    "not permitted",
    "not accessible",
    "not have permission",
    "must have write access",
];

impl GhError {
    /// What exit code and text of a failed call mean.
    pub(super) fn classify(code: Option<i32>, stderr: &str) -> Self {
        let words = stderr.to_lowercase();
        let known = WORDS.into_iter().find(|(word, _)| words.contains(word)).map(|(_, error)| error);
        match known.or_else(|| Self::of_status(status(&words)?)) {
            Some(error) => error,
            None if code == Some(4) => Self::NotLoggedIn,
            None => Self::other(stderr),
        }
    }

    fn of_status(status: u16) -> Option<Self> {
        match status {
            401 => Some(Self::BadToken),
            404 => Some(Self::NotFound),
            429 => Some(Self::RateLimited),
            500..=599 => Some(Self::Offline),
            _ => None,
        }
    }

    pub(super) fn other(stderr: impl AsRef<str>) -> Self {
        Self::Other { stderr: text::tail(stderr.as_ref().trim(), MAX_STDERR).to_owned() }
    }

    /// What you can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotInstalled => "install the GitHub CLI (https://cli.github.com), and see that cron's PATH has it",
            Self::NotLoggedIn => "run `gh auth login`, or set GH_TOKEN where the scheduler is started",
            Self::BadToken => "run `gh auth refresh` or `gh auth login`, or renew GH_TOKEN",
            Self::NoRemote => "add the repository on GitHub: `git remote add origin <address>`",
            Self::ForeignRemote => {
                "pull requests need a remote on GitHub; for a server of your own run `gh auth login -h <host>`"
            }
            Self::RateLimited => "wait until the limit is lifted; `gh api rate_limit` says when",
            Self::Offline => "check the network and https://www.githubstatus.com",
            Self::TimedOut => "check the network",
            Self::NotFound => "check the number, and that the account of `gh auth status` may see the repository",
            Self::Other { .. } => {
                "run the same in the project by hand, beginning with `gh pr list`, to see what gh wants"
            }
        }
    }

    /// Whether the same call may succeed later without you doing anything.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::RateLimited | Self::Offline | Self::TimedOut)
    }

    /// Whether it is about what was asked for, so that a call about another pull request may well succeed.
    pub fn is_of_one(&self) -> bool {
        matches!(self, Self::NotFound | Self::Other { .. })
    }

    /// Whether GitHub has understood and won't do it, however often it is asked.
    pub fn is_refusal(&self) -> bool {
        REFUSED.iter().any(|words| self.says(words))
    }

    /// Whether GitHub has answered, and has no such thing or won't do it now.
    pub(super) fn is_answer(&self) -> bool {
        *self == Self::NotFound
            || self.is_refusal()
            || ["http 403", "http 409", "http 410"].iter().any(|words| self.says(words))
    }

    pub(super) fn is_draft_refused(&self) -> bool {
        self.says("draft pull requests are not supported")
    }

    pub(super) fn is_own_pr(&self) -> bool {
        self.says("your own pull request")
    }

    fn says(&self, words: &str) -> bool {
        matches!(self, Self::Other { stderr } if stderr.to_lowercase().contains(words))
    }
}

/// The HTTP status that a text in lower case names.
fn status(words: &str) -> Option<u16> {
    let number = |rest: &str| rest.get(..3)?.parse().ok();
    STATUS.iter().find_map(|before| words.split(before).skip(1).find_map(number))
}

impl From<CommandError> for GhError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound { .. } => Self::NotInstalled,
            CommandError::TimedOut { .. } => Self::TimedOut,
            CommandError::Io { .. } => Self::other(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_gh() {
        let table = [
            (4, "To get started with GitHub CLI, please run:  gh auth login", GhError::NotLoggedIn),
            (4, "", GhError::NotLoggedIn),
            (
                1,
                "HTTP 401: Bad credentials (https://api.github.com/graphql)\nTry authenticating with:  gh auth login",
                GhError::BadToken,
            ),
            (1, "no git remotes found", GhError::NoRemote),
            (
                1,
                "none of the git remotes configured for this repository point to a known GitHub host. To tell gh about a \
                 new GitHub host, please use `gh auth login`",
                GhError::ForeignRemote,
            ),
            (1, "HTTP 403: API rate limit exceeded for user ID 1.", GhError::RateLimited),
            (1, "HTTP 429: Too Many Requests", GhError::RateLimited),
            (1, "GraphQL: Could not resolve to a PullRequest with the number of 9. (x)", GhError::NotFound),
            (1, "error connecting to api.github.com\ncheck your internet connection", GhError::Offline),
            (
                1,
                "Post \"https://api.github.com/graphql\": dial tcp: lookup api.github.com: no such host",
                GhError::Offline,
            ),
            (1, "HTTP 502: Bad Gateway", GhError::Offline),
            (1, "gh: HTTP 502", GhError::Offline),
            (1, "gh: Not Found (HTTP 404)", GhError::NotFound),
            (
                1,
                "failed to create review: non-200 OK status code: 500 Internal Server Error body: \"{}\"",
                GhError::Offline,
            ),
            (1, "non-200 OK status code: 503 Service Unavailable body: \"\"", GhError::Offline),
            (1, "failed to create review: non-200 OK status code: 404 Not Found body: \"{}\"", GhError::NotFound),
            (1, "non-200 OK status code: 429 Too Many Requests body: \"{}\"", GhError::RateLimited),
            (1, "non-200 OK status code: 401 Unauthorized body: \"{}\"", GhError::BadToken),
            (1, "Post \"https://api.github.com/graphql\": EOF", GhError::Offline),
            (1, "  something new\n", GhError::other("something new")),
        ];
        for (code, stderr, expected) in table {
            assert_eq!(GhError::classify(Some(code), stderr), expected, "{stderr}");
            assert!(!expected.remedy().is_empty());
        }
    }

    #[test]
    fn what_github_wont_do_is_told_from_what_went_wrong() {
        for (stderr, refusal) in [
            ("failed to create review: GraphQL: Unprocessable Entity (addPullRequestReview)", true),
            ("GraphQL: Resource not accessible by personal access token (addPullRequestReview)", true),
            ("failed to create review: non-200 OK status code: 422 Unprocessable Entity body: \"{}\"", true),
            ("failed to create review: non-200 OK status code: 500 Internal Server Error body: \"{}\"", false),
            ("failed to create review: non-200 OK status code: 404 Not Found body: \"{}\"", false),
            ("something new", false),
        ] {
            assert_eq!(GhError::classify(Some(1), stderr).is_refusal(), refusal, "{stderr}");
        }
    }
}
