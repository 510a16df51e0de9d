//! Pull requests for gatekeepers, and what is known of them.

use super::Test;
use serde_json::Value;
use std::fs;

/// A coordinator and gatekeepers for the two required checks.
pub const AGENTS: &str = "agents:
- {name: coordinator, role: gatekeeper_coordinator, interval_seconds: 60}
- {name: linter, role: gatekeeper, focus: lint, interval_seconds: 60}
- {name: checker, role: gatekeeper, focus: tests, interval_seconds: 60}
";

impl Test {
    /// An origin, a `gh`, and gatekeepers with further lines below `gatekeeper:`.
    pub fn gated(more: &str) -> Self {
        Self::gated_with(more, AGENTS)
    }

    /// As [`Test::gated`], with agents of one's own.
    pub fn gated_with(more: &str, agents: &str) -> Self {
        let test = Self::new();
        let gate = format!(
            "gatekeeper:\n  enabled: true\n  required_checks: [lint, tests]\n  optional_checks: [style]\n{more}"
        );
        test.with_origin().config(&format!("{gate}\n{agents}"));
        test.github.install();
        test
    }

    /// A pull request of somebody else's from a new branch with one commit; its number.
    pub fn pull_request(&self, branch: &str) -> u64 {
        self.push_commit(branch, "main", "Change");
        self.github.open(branch, "main", &format!("Work on {branch}"))
    }

    /// A commit on top of `from`, pushed to `branch` of origin as somebody else would; its id.
    pub fn push_commit(&self, branch: &str, from: &str, message: &str) -> String {
        let tree = self.git(["rev-parse", &format!("{from}^{{tree}}")]);
        let commit = self.git(["commit-tree", &tree, "-p", from, "-m", message]);
        self.git(["push", "-q", "--force", "origin", &format!("{commit}:refs/heads/{branch}")]);
        commit
    }

    /// What is known of a pull request; null if it isn't.
    pub fn meta(&self, number: u64) -> Value {
        let path = self.orchestrator(format!("shared/prs/PR-{number}/meta.json"));
        fs::read_to_string(path).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    }

    /// A tick a minute later, and everything that it started to its end.
    pub fn next(&self) -> super::Output {
        self.later(60).tick_and_wait()
    }

    /// The gatekeepers `linter` and `checker` record these statuses from now on.
    pub fn they_record(&self, lint: &str, tests: &str) -> &Self {
        for (agent, status) in [("linter", lint), ("checker", tests)] {
            let issue = if status == "failed" { "--issue \"high|README.md:1|Broken by $AGENT_NAME\"" } else { "" };
            let command =
                format!("scheduler check record --status {status} --summary \"$AGENT_NAME says {status}\" {issue}");
            self.claude.plays(agent, &format!("run '{command}' && finish 'Checked.'"));
        }
        self
    }
}
