//! What is said of a reason, in its three parts.

/// What is said of a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// A few words, for a column of a table: times are spans from now.
    pub summary: String,
    /// The reason as the rest of a sentence about the agent.
    pub explanation: String,
    /// What the user can do about it, or what will happen without it.
    pub remedy: String,
}

pub(super) fn words(summary: impl Into<String>, explanation: impl Into<String>, remedy: impl Into<String>) -> Words {
    Words { summary: summary.into(), explanation: explanation.into(), remedy: remedy.into() }
}

/// How the user raises a limit.
pub(super) fn raise(key: &str) -> String {
    format!("`scheduler limits set {key}=N` raises the limit")
}
