//! `worktree` and `worktree_root`: what the worktrees of the agents get before a run, and where they are.

use super::check::{Checker, Section};
use serde::{Deserialize, Serialize};

/// `worktree` and `worktree_root`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worktrees {
    /// A command for `sh -c`, run in a new worktree.
    pub setup: Option<String>,
    /// The longest that it may take.
    pub timeout_seconds: u32,
    /// Patterns of ignored files that are copied from the main checkout.
    pub include: Vec<String>,
    /// The folder that holds the worktrees; `None`: each agent's own.
    pub root: Option<String>,
}

impl Default for Worktrees {
    fn default() -> Self {
        Self { setup: None, timeout_seconds: 600, include: Vec::new(), root: None }
    }
}

/// Reads both keys.
pub(super) fn read(check: &mut Checker, top: &mut Section<'_>) -> Worktrees {
    let mut worktrees = Worktrees { root: filled(check, top, "worktree_root"), ..Worktrees::default() };
    if let Some(node) = top.get("worktree") {
        let mut section = check.section(node, "worktree");
        worktrees.setup = filled(check, &mut section, "setup");
        if let Some(seconds) = section.whole(check, "timeout_seconds", 1..=86_400) {
            worktrees.timeout_seconds = seconds;
        }
        worktrees.include = section.words(check, "include").unwrap_or_default();
        if let Some(pattern) = worktrees.include.iter().find(|pattern| pattern.contains(['\n', '\r'])) {
            let message = format!("{pattern:?} has a line break: list each pattern by itself");
            check.error(section.line, section.key("include"), message);
        }
        section.finish(check);
    }
    worktrees
}

/// A text that says something.
fn filled(check: &mut Checker, section: &mut Section<'_>, key: &'static str) -> Option<String> {
    let text = section.text(check, key)?;
    if text.trim().is_empty() {
        check.error(section.line, section.key(key), "is empty: fill it in, or leave the line out");
        return None;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config;

    const AGENTS: &str = "agents: [{name: a, role: tester}]\n";

    #[test]
    fn are_read() {
        let (config, _) = config::read(AGENTS).unwrap();
        assert_eq!(config.worktrees, Worktrees::default());
        let text =
            "worktree: {setup: npm ci, include: [.env, 'config/*.key'], timeout_seconds: 5}\nworktree_root: ~/trees\n";
        let (config, warnings) = config::read(&format!("{text}{AGENTS}")).unwrap();
        assert_eq!(warnings, []);
        let expected = Worktrees {
            setup: Some("npm ci".to_owned()),
            timeout_seconds: 5,
            include: vec![".env".to_owned(), "config/*.key".to_owned()],
            root: Some("~/trees".to_owned()),
        };
        assert_eq!(config.worktrees, expected);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, expected) in [
            ("worktree: {setup: ''}", "worktree.setup: is empty"),
            ("worktree_root: ' '", "worktree_root: is empty"),
            ("worktree: {include: [\"a\\nb\"]}", "worktree.include: \"a\\nb\" has a line break"),
            ("worktree: {timeout_seconds: 0}", "worktree.timeout_seconds: must be a whole number from 1 to 86400"),
            ("worktree: {setpu: make}", "worktree.setpu: unknown key; did you mean setup?"),
            ("worktree: npm ci", "worktree: must be a mapping"),
        ] {
            let problems = config::read(&format!("{text}\n{AGENTS}")).unwrap_err();
            assert!(problems.iter().any(|problem| problem.to_string().contains(expected)), "{text}: {problems:?}");
        }
    }
}
